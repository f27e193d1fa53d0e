"""Run dayzero as `python -m dayzero`."""

from dayzero.present.cli import main

if __name__ == "__main__":
    main()
