"""Plans, runs and readings that the tests of the simulation are written in."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cache
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings

from dayzero.errors import DomainWarning
from dayzero.simulation.assemble import standard_body
from dayzero.simulation.cohort import Course, simulate
from dayzero.simulation.prepare import Prepared, admission_day, prepare
from dayzero.spec import Plan, library_names
from spec.strategies import plans

CALM = {"gcsf": None, "platelet_transfusion": None, "red_cell_transfusion": None}
NO_CELLS = {"graft": {"cd34_per_kg": 0}}
TRUE = (
    "neutrophils",
    "monocytes",
    "platelets",
    "hemoglobin",
    "myeloid_donor_fraction",
    "stem_donor_fraction",
    "clones",
)


def run(plan: Plan | str | Sequence[Plan], patients: int | Sequence[int] = 16, days: int = 60, **how: Any) -> Course:
    """`simulate`, silent where a plan leaves the evidence; one patient for each of several plans."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DomainWarning)
        several = not isinstance(plan, (Plan, str))
        return simulate(plan, range(len(plan)) if several and patients == 16 else patients, days, **how)


def calm(plan: Plan | str) -> Plan:
    """The plan without transfusions and without G-CSF."""
    return Plan.load(plan).but(care=CALM)


@cache
def library_plans() -> tuple[Plan, ...]:
    """Every plan of the library."""
    return tuple(Plan.load(name) for name in library_names("plan"))


@cache
def random_plans(count: int) -> tuple[Plan, ...]:
    """Random valid plans, always the same ones."""
    found: list[Plan] = []

    @settings(
        derandomize=True, max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(plans())
    def collect(plan: Plan) -> None:
        found.append(plan)

    collect()
    return tuple(found[:count])


def prepared(plan: Plan | str, patients: int = 1, **how: Any) -> Prepared:
    """Prepared numbers of typical patients of a plan, from admission to day 31 at least."""
    plan = Plan.load(plan)
    first_day = admission_day(plan)
    told = {"seed": 1, "first_day": first_day, "days": 32 - first_day, "origins": 1 + len(plan.donors), "typical": True}
    return prepare(standard_body(), plan, range(patients), **(told | how))


def first_day(course: Course, quantity: str, at_least: float) -> np.ndarray:
    """First of three days in a row at a level, after a day below it; inf where there is none, 0 if never below."""
    days, value = course.days, course.values[quantity]
    found = np.full(len(course), np.inf)
    for row, counts in enumerate(value):
        below = np.flatnonzero((counts < at_least) & (days >= 0))
        if not len(below):
            found[row] = 0
            continue
        high = np.convolve(counts >= at_least, np.ones(3), "valid") == 3
        after = [at for at in np.flatnonzero(high) if at > below[0]]
        if after:
            found[row] = days[after[0]]
    return found


def differing(one: Course, other: Course, rows: Any = slice(None)) -> list[str]:
    """Quantities of `other` that are not bit for bit those of `one` in these rows, on the days of `one`."""
    at = int(one.days[0] - other.days[0])
    columns = slice(at, at + len(one.days))
    return [n for n, v in one.values.items() if v[rows].tobytes() != other.values[n][rows, columns].tobytes()]


def copied(file: ModuleType, **changed: Any) -> SimpleNamespace:
    """A copy of a biology or policy file with something in it replaced."""
    return SimpleNamespace(**{**vars(file), **changed})
