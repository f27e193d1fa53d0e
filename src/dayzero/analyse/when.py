"""When each endpoint came to each patient, from rows of endpoints: days of its parts, whichever came first.

The same endpoints as in `dayzero.analyse.endpoints`, and two of engraftment, read from the rows that cohorts are kept
as (`dayzero.analyse.rows`) instead of from a course. So days may be shifted to randomisation, moved to visits and
censored before anything is counted.

Engraftment counts for everybody the chart can answer for: who never fell below the threshold has no day and is left
out; death competes, and so does relapse after a graft that never took.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dayzero.analyse.endpoints import ENDPOINTS, NON_MALIGNANT, PARTS, Endpoint
from dayzero.analyse.groups import EVENT, LEFT, RIVAL
from dayzero.errors import SpecError
from dayzero.records.chart import Floats
from dayzero.spec import Plan
from dayzero.units import nearest

if TYPE_CHECKING:
    import polars as pl

ENGRAFTED = {"neutrophil_engraftment": "neutrophils_0.5", "platelet_engraftment": "platelets_20"}
COMPARABLE: Mapping[str, Endpoint] = {
    **ENDPOINTS,
    "neutrophil_engraftment": Endpoint("neutrophil engraftment", ("neutrophil_engraftment",)),
    "platelet_engraftment": Endpoint("platelets 20 without transfusion", ("platelet_engraftment",)),
}
"""Every endpoint that arms can be compared on."""

WANTED = frozenset(ENGRAFTED)
"""Endpoints that are good to have."""

Days = Mapping[str, Floats]
"""First day of each part, (patients,); inf for who never had it. Death may be before day 0."""


class First(NamedTuple):
    """The first of an endpoint's parts, its rivals, or the end of follow-up; (patients,) each."""

    day: Floats
    kind: NDArray[np.int64]


def part_days(rows: pl.DataFrame) -> dict[str, Floats]:
    """The day of every part of every endpoint, from rows."""
    days = {part: _filled(rows[f"{part}_day"]) for part in PARTS}
    for name, rule in ENGRAFTED.items():
        recovered = rows[f"{rule}_status"].to_numpy() == "recovered"
        days[name] = np.where(recovered, _filled(rows[f"{rule}_day"]), np.inf)
    return days


def has_day(rows: pl.DataFrame, name: str) -> NDArray[np.bool_]:
    """Patients an endpoint can be told of: for engraftment those whose counts fell below the threshold."""
    if name not in ENGRAFTED:
        return np.ones(rows.height, dtype=bool)
    return rows[f"{ENGRAFTED[name]}_status"].is_in(["recovered", "not_yet", "competing"]).to_numpy()


def first_of(days: Days, name: str, until: Floats | float) -> First:
    """What came first to each patient up to a day (patients,), and which kind it is; of one day, death comes last."""
    endpoint = COMPARABLE[name]
    order = sorted((*endpoint.parts, *endpoint.rivals), key=lambda part: part == "death")
    when = np.array([days[part] for part in order])
    first, at = when.min(axis=0), when.argmin(axis=0)
    kind = np.where(np.array([part in endpoint.parts for part in order])[at], EVENT, RIVAL)
    return First(np.minimum(first, until), np.where(first <= until, kind, LEFT))


def comparable(plans: tuple[Plan, ...]) -> tuple[str, ...]:
    """Endpoints that mean something under every one of some plans."""
    foreign = all(plan.allogeneic for plan in plans)
    cancer = all(plan.patient.diagnosis not in NON_MALIGNANT for plan in plans)
    return tuple(name for name, endpoint in COMPARABLE.items()
                 if (foreign or not endpoint.allogeneic) and (cancer or not endpoint.malignant))  # fmt: skip


def check_name(name: str, plans: tuple[Plan, ...], where: str, field: str) -> None:
    """Refuse an endpoint that there is not, or that means nothing under these plans."""
    known = comparable(plans)
    if name in known:
        return
    if name in COMPARABLE:
        got = f"{name}, which these plans have not"
        raise SpecError(where, field, got, "an endpoint of these patients", "take it away")
    advice = nearest(name, COMPARABLE)
    raise SpecError(where, field, repr(name), f"one of {', '.join(known)}", advice)


def _filled(column: pl.Series) -> Floats:
    return column.cast(float).fill_null(np.inf).to_numpy()
