"""Make `.venv` beside this folder and install dayzero in it, with the tested versions. Standard library only."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".venv"
PYTHON = HOME / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
GROUPS = {"run": (), "dev": ("pytest", "pytest-xdist", "hypothesis", "ruff", "pyright", "import-linter", "jsonschema",
                             "towncrier", "xarray", "distributed", "python-libsbml", "fhir.resources", "py-ard",
                             "copasi-basico", "nicegui", "fastapi", "httpx", "playwright",
                             "axe-playwright-python", "schemathesis"),
          "docs": ("sphinx", "myst-parser", "pydata-sphinx-theme"),
          "measure": ("scikit-learn",),
          "bench": ("numba", "diffrax", "libroadrunner", "copasi-basico")}  # fmt: skip


def ready(*groups: str) -> Path:
    """The environment's Python, with dayzero and the tools of the named groups installed."""
    if sys.version_info < (3, 11):  # noqa: UP036  the script may be met by an older Python
        sys.exit(
            f"dayzero needs Python 3.11 or newer; this is {sys.version.split()[0]}. Run the script with a newer one."
        )
    wanted = [*sorted({"run", *groups}), _stamp()]
    mark = HOME / "dayzero-ready.txt"
    have = set(mark.read_text().split()) if mark.exists() else set()
    if set(wanted) <= have and PYTHON.exists():
        return PYTHON
    if not PYTHON.exists():
        _create()
    kept = {name for name in have if name in GROUPS} | {"run", *groups}
    tools = [tool for group in sorted(kept) for tool in GROUPS[group]]
    print(f"Installing dayzero in {HOME.name} (once; a minute or two) ...", flush=True)
    _install(["-e", str(ROOT), *tools])
    mark.write_text("\n".join([*sorted(kept), _stamp()]))
    return PYTHON


def _stamp() -> str:
    """Changes when what must be installed changes."""
    parts = [(ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt")]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def _create() -> None:
    try:
        venv.create(HOME, with_pip=True)
    except (subprocess.CalledProcessError, SystemExit):
        venv.create(HOME, with_pip=False, clear=True)  # a Python without ensurepip: this Python's pip installs for it


def _install(packages: list[str]) -> None:
    own = subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0
    pip = [PYTHON, "-m", "pip"] if own else [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    command = [
        *pip,
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-c",
        str(ROOT / "constraints.txt"),
        *packages,
    ]
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        sys.exit("Installation failed; the lines above say why. A working network connection to PyPI is needed once.")


def run(*command: str | Path, groups: tuple[str, ...] = ()) -> int:
    """Run a command with the environment's Python; its exit status."""
    return subprocess.run([ready(*groups), *command], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    ready("dev")
