"""Parameters: everything a reader may ask of a number stands beside it, and no number stands anywhere else."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

import pytest

import dayzero
from dayzero.analyse.calibrate.emulate import HOURS, SIDES
from dayzero.module import Parameter, Status
from dayzero.simulation import streams
from dayzero.simulation.assemble import standard_body
from dayzero.simulation.covariates import COVARIATE_STREAMS
from dayzero.simulation.laboratory import ASSAYS
from dayzero.spec.population import VARIABLE_FIELDS

SOURCE = Path(dayzero.__file__).parent
FILES = sorted(f for folder in ("biology", "clinic") for f in (SOURCE / folder).glob("*.py"))
PLAIN = (-1, 0, 1, 2)
MOST_ORIGINS = 3  # host and two donors
BODY = standard_body()
every_parameter = pytest.mark.parametrize("name", BODY.parameters())


@every_parameter
def test_a_parameter_carries_unit_source_and_status(name: str) -> None:
    parameter = BODY.parameters()[name]
    assert parameter.unit.strip() and parameter.source.strip() and parameter.meaning.strip()
    assert parameter.status in get_args(Status)
    assert parameter.uncertainty >= 0 and parameter.between_patient >= 0


@pytest.mark.parametrize("name", [n for n, p in BODY.parameters().items() if (p.low, p.high) != (None, None)])
def test_the_plausible_range_holds_the_typical_value(name: str) -> None:
    parameter = BODY.parameters()[name]
    if parameter.low is not None:
        assert parameter.low <= parameter.typical
    if parameter.high is not None:
        assert parameter.typical <= parameter.high


def test_a_parameter_that_varies_needs_a_stream() -> None:
    with pytest.raises(ValueError, match="stream"):
        Parameter(1.0, "1", "a number", "assumed", "here", between_patient=0.1)


def test_each_stream_draws_one_parameter() -> None:
    numbers = every_stream()["parameters"]
    assert len(numbers) == len(set(numbers))
    assert all(100 <= number <= 999 for number in numbers)
    assert all(p.between_patient > 0 for p in BODY.parameters().values() if p.stream is not None)


def every_stream() -> dict[str, list[int]]:
    """The numbers of all random streams, by what they draw; each may be used once in the whole model."""
    hazards = [hazard for _, _, hazard in BODY.hazards]
    return {
        "parameters": [p.stream for p in BODY.parameters().values() if p.stream is not None],
        "laboratory": [streams.LABORATORY_NOISE + assay.stream for assay in ASSAYS.values()],
        "thresholds": [streams.HAZARD_THRESHOLD + hazard.stream for hazard in hazards],
        "covariates": [streams.COVARIATE + place for place in COVARIATE_STREAMS.values()],
        "fatality": [streams.FATALITY + hazard.stream for hazard in hazards if hazard.fatal == "drawn"],
        "small numbers": [streams.SMALL_NUMBERS + kind + i for kind in (0, 10) for i in range(MOST_ORIGINS)],
        "chance": [streams.CHANCE + number for organ in BODY.organs for number in organ.chance.values()],
        "calibration": [streams.CALIBRATION + kind for kind in (SIDES, HOURS)],
    }


def test_each_assay_hazard_covariate_and_chance_has_its_own_stream() -> None:
    for kind, numbers in every_stream().items():
        assert len(numbers) > 1, kind
        assert len(numbers) == len(set(numbers)), kind
        assert len({number // 1000 for number in numbers}) == 1, kind
    together = [number for numbers in every_stream().values() for number in numbers]
    assert len(together) == len(set(together))
    assert set(VARIABLE_FIELDS) <= set(COVARIATE_STREAMS)


def makers(tree: ast.Module) -> set[str]:
    """Names of the functions of a file that make parameters, `Parameter` itself among them."""
    made = {"Parameter"}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(_called(n) == "Parameter" for n in ast.walk(node)):
            made.add(node.name)
    return made


def _called(node: ast.AST) -> str | None:
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else None


def _is_named_in_clinic(node: ast.AST, file: Path) -> bool:
    """`LONG_AGO = -1000.0`: a policy may name a number that means "never yet"; biology may not."""
    return file.parent.name == "clinic" and isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "LONG_AGO"


def _draws(node: ast.AST) -> bool:
    """The number of a random stream is a name, not a quantity: in ``Hazard(..., stream=20)``, in ``CHANCE``."""
    if isinstance(node, ast.keyword) and node.arg == "stream":
        return isinstance(node.value, ast.Constant)
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "CHANCE"


def typed_numbers(file: Path) -> list[str]:
    """Number literals of a file that stand outside a parameter, as "line: number"."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    making, found = makers(tree), []

    def walk(node: ast.AST) -> None:
        if _called(node) in making or _is_named_in_clinic(node, file) or _draws(node):
            return
        if isinstance(node, ast.Constant) and type(node.value) in (int, float, complex) and node.value not in PLAIN:
            found.append(f"{node.lineno}: {node.value}")
        for child in ast.iter_child_nodes(node):
            walk(child)

    walk(tree)
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}/{f.stem}")
def test_no_number_stands_outside_a_parameter(file: Path) -> None:
    assert typed_numbers(file) == []


def test_a_typed_number_is_found(tmp_path: Path) -> None:
    file = tmp_path / "organ.py"
    file.write_text("A = Parameter(3.5, '1')\ndef rates(y, p):\n    return 0.7 * y - p.x ** 3 + 2 * y\n")
    assert typed_numbers(file) == ["3: 0.7", "3: 3"]


def test_the_number_of_a_stream_is_none(tmp_path: Path) -> None:
    file = tmp_path / "organ.py"
    file.write_text("H = {'fall': Hazard('a fall', stream=20)}\nCHANCE = {'luck': 40}\nC = f(stream=0.3 + p)\n")
    assert typed_numbers(file) == ["3: 0.3"]
