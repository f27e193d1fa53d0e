"""The tests. Arguments go to pytest."""

import sys

from setup import run

if __name__ == "__main__":
    sys.exit(run("-m", "pytest", *sys.argv[1:], groups=("dev",)))
