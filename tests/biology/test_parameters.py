"""Parameters: everything a reader may ask of a number stands beside it, and no number stands anywhere else."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

import pytest

import dayzero
from dayzero.module import Parameter, Status
from dayzero.simulation.assemble import standard_body
from dayzero.simulation.covariates import COVARIATE_STREAMS
from dayzero.simulation.laboratory import ASSAYS
from dayzero.spec.population import VARIABLE_FIELDS

SOURCE = Path(dayzero.__file__).parent
FILES = sorted(f for folder in ("biology", "clinic") for f in (SOURCE / folder).glob("*.py"))
PLAIN = (-1, 0, 1, 2)
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
    streams = [p.stream for p in BODY.parameters().values() if p.stream is not None]
    assert len(streams) == len(set(streams))
    assert all(100 <= stream <= 999 for stream in streams)
    assert all(p.between_patient > 0 for p in BODY.parameters().values() if p.stream is not None)


def test_each_assay_hazard_and_covariate_has_its_own_stream() -> None:
    for streams in (
        [assay.stream for assay in ASSAYS.values()],
        [hazard.stream for _, _, hazard in BODY.hazards],
        list(COVARIATE_STREAMS.values()),
    ):
        assert len(streams) == len(set(streams))
        assert all(0 < stream < 1000 for stream in streams)
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


def typed_numbers(file: Path) -> list[str]:
    """Number literals of a file that stand outside a parameter, as "line: number"."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    making, found = makers(tree), []

    def walk(node: ast.AST) -> None:
        if _called(node) in making or _is_named_in_clinic(node, file):
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
