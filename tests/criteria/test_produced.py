"""What criteria read of a chart, and what a simulated chart holds of it: a matrix of criterion, inputs and makers."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import dayzero
from dayzero.simulation.course import Course
from dayzero.simulation.laboratory import ASSAYS
from dayzero.simulation.observe import observe
from dayzero.simulation.occurrences import GIVEN, HAPPENED
from dayzero.units import EVENTS, QUANTITIES

FOLDER = Path(dayzero.__file__).parent / "criteria"
OF_CHARTS = sorted(FOLDER.glob("chart_*.py")) + [
    FOLDER / f"{name}.py" for name in ("engraftment", "chimerism", "judge")
]

# Written into the chart by `simulation.observe` beside reports, orders and hazards.
WRITTEN = {"death", "infusion", "second_graft", "boost", "acute_gvhd", "cmv_treatment", "cmv_infection"}
# What a body does not make, and what stands in for it.
NOT_MADE = {
    "ast": "ALT stands for both transaminases",
    "weight": "weight gain is charted instead",
    "donor_chimerism": "myeloid and T-cell chimerism are measured apart",
}
# Signs that no criterion reads: the ward acts on them, or they are shown.
FOR_THE_WARD = {"igg", "cd4", "cd8", "nk_cells", "b_cells", "monocytes", "fev1", "disease_burden", "albumin"}


def inputs(file: Path) -> set[str]:
    """Quantities and kinds of event that a file names."""
    named = {n.value for n in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
             if isinstance(n, ast.Constant) and isinstance(n.value, str)}  # fmt: skip
    return named & (set(QUANTITIES) | set(EVENTS))


def made() -> set[str]:
    """What a simulated chart can hold."""
    return set(ASSAYS) | set(GIVEN) | set(HAPPENED) | WRITTEN


@pytest.mark.parametrize("file", OF_CHARTS, ids=lambda file: file.stem)
def test_what_a_criterion_reads_is_produced_or_known_to_be_missing(file: Path) -> None:
    assert inputs(file) <= made() | set(NOT_MADE)


def test_every_sign_that_is_produced_is_read_by_a_criterion_or_by_the_ward() -> None:
    read = set().union(*(inputs(file) for file in FOLDER.glob("*.py")))
    assert set(ASSAYS) - read == FOR_THE_WARD


def test_nothing_is_called_missing_that_is_made_or_that_nobody_reads() -> None:
    read = set().union(*(inputs(file) for file in OF_CHARTS))
    assert not set(NOT_MADE) & made()
    assert set(NOT_MADE) <= read


def test_a_simulated_chart_holds_what_is_said_to_be_produced(library: Course) -> None:
    chart = observe(library)
    assert set(chart.measurements) == set(ASSAYS)
    assert set(chart.events) <= made()
