"""The shape of the house: data flows one way, and what is not needed is not imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "dayzero"
HEAVY = ("jax", "matplotlib", "polars", "pandas", "scipy", "numba", "llvmlite", "xarray", "lifelines", "nicegui")


def imported_by(statement: str) -> set[str]:
    """Top-level names of the modules that a fresh interpreter has after a statement."""
    asked = f"import sys; {statement}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=60)
    return set(ran.stdout.split())


def test_imports_keep_the_contracts(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from importlinter.cli import lint_imports

    monkeypatch.chdir(ROOT)
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True, no_logo=True)
    told = capsys.readouterr().out
    assert status == 0, told
    assert "0 broken" in told


@pytest.mark.parametrize("statement", ["import dayzero", "import dayzero.spec", "from dayzero.spec import Plan"])
def test_specs_are_written_without_an_engine(statement: str) -> None:
    assert imported_by(statement).isdisjoint(HEAVY)


@pytest.mark.parametrize("module", ["dayzero.errors", "dayzero.module", "dayzero.units"])
def test_the_ground_floor_imports_nothing_heavy(module: str) -> None:
    assert imported_by(f"import {module}").isdisjoint({*HEAVY, "pydantic"})


@pytest.mark.parametrize("package", ["biology", "clinic"])
def test_biology_and_wards_are_written_without_an_array_library(package: str) -> None:
    """An engine brings its own; the files themselves hold equations of one patient."""
    for file in (SOURCE / package).glob("*.py"):
        lines = file.read_text(encoding="utf-8").splitlines()
        imports = [line for line in lines if line.startswith(("import ", "from "))]
        foreign = [i for i in imports if i.split()[1].split(".")[0] not in {"__future__", "typing", "dayzero"}]
        assert foreign == [], file.name


def test_files_are_short() -> None:
    long = {f.relative_to(SOURCE): n for f in SOURCE.rglob("*.py") if (n := len(f.read_text().splitlines())) > 400}
    assert not {f: n for f, n in long.items() if f.parts[0] in ("biology", "clinic", "simulation", "spec")}
