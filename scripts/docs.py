"""Build the documentation into docs/_build/html; warnings are errors."""

import sys

from setup import run

if __name__ == "__main__":
    sys.exit(
        run("-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "docs", "docs/_build/html", groups=("docs",))
    )
