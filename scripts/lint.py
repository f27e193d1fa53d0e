"""Style, types and the import contract."""

import sys

from setup import PYTHON, run

CHECKS = (
    ("-m", "ruff", "check"),
    ("-m", "ruff", "format", "--check"),
    ("-m", "pyright", "--pythonpath", str(PYTHON)),
    ("-c", "import sys; from importlinter.cli import lint_imports_command as c; sys.exit(c())"),
)

if __name__ == "__main__":
    sys.exit(max(run(*check, groups=("dev",)) for check in CHECKS))
