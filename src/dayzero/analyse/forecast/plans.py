"""What the plan may have been where only the graft is known: every combination of common regimens and care.

None of it is weighted by any outcome: each combination counts alike. Regimens and prophylaxis are those of the
library; growth factor none or from day 1, 5 or 7 is the range read in doi:10.1016/j.bbmt.2020.08.013. Where the chart
tells since when growth factor is given, that day takes the place of what was planned or guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from dayzero.errors import InputError
from dayzero.records.chart import Chart
from dayzero.spec import Plan
from dayzero.units import nearest

_GCSF: tuple[dict[str, Any] | None, ...] = (None, {"start_day": 1}, {"start_day": 5}, {"start_day": 7})
_ABLATIVE = ("bu4-cy", "flu-bu4", "flu-mel140", "bu-mel-flu", "cy-tbi12", "flu-bu2")
_EARLIEST = -10  # the first day a plan may begin growth factor on
_ADDED = ("cni-mtx", "cni-mini-mtx", "cni-mmf", "ptcy-cni-mmf")
_KNOWN: dict[str, tuple[str, tuple[str, ...], tuple[str, ...], tuple[float | None, ...]]] = {
    "PBSC": ("aml-sibling-pbsc", _ABLATIVE, _ADDED, (None,)),
    "BM": ("aml-sibling-marrow", _ABLATIVE, _ADDED, (None,)),
    "TCD": ("cd34-selected-pbsc", ("tbi1375-tt-flu", "tbi1375-tt-cy", "bu-mel-flu", "flu-mel140"),
            ("atg-alone", "none"), (None,)),
    "cord": ("cord-single-cytbiflu", ("cy-tbi-flu-cord", "flu-cy-tbi2-cord"), ("cni-mmf-cord",), (1e5, 2e5, 4e5)),
}  # fmt: skip


def plans_for_graft(graft: str) -> list[Plan]:
    """The plans that a patient of whom only the graft is known may have had.

    >>> len(plans_for_graft("TCD"))
    32
    """
    if graft not in _KNOWN:
        raise InputError("forecast", "graft", repr(graft), f"one of {', '.join(_KNOWN)}", nearest(graft, _KNOWN))
    base, regimens, prophylaxes, doses = _KNOWN[graft]
    plan = Plan.load(base)
    combined = product(regimens, prophylaxes, doses, _GCSF)
    return [_one(plan, regimen, prophylaxis, dose, gcsf) for regimen, prophylaxis, dose, gcsf in combined]


def _one(plan: Plan, regimen: str, prophylaxis: str, dose: float | None, gcsf: dict[str, Any] | None) -> Plan:
    growth = "without G-CSF" if gcsf is None else f"G-CSF from day {gcsf['start_day']}"
    name = f"{plan.graft.source}, {regimen}, {prophylaxis}, {growth}"
    cells = {} if dose is None else {"graft": {"cd34_per_kg": dose}}
    return plan.but(name=name, conditioning=regimen, prophylaxis=prophylaxis, care={"gcsf": gcsf}, **cells)


def gcsf_since(chart: Chart, patient: str, day: int) -> int | None:
    """First day up to `day` on which the chart tells of G-CSF; None where it tells of none.

    A chart that is silent of G-CSF does not say that none was given.
    """
    if "gcsf" not in chart.events:
        return None
    given = chart.series(patient, "gcsf")
    seen = given.days[(given.days <= day) & (given.days >= _EARLIEST) & ~(given.values == 0)]
    return int(seen[0]) if len(seen) else None


def as_given(plans: Sequence[Plan], since: int | None) -> list[Plan]:
    """The plans with G-CSF from the day it was first given, each that comes out alike once; as they are for None.

    >>> len(as_given(plans_for_graft("TCD"), 3))
    8
    """
    if since is None:
        return list(plans)
    return list({plan.sha256(): plan for plan in (_with_gcsf(plan, since) for plan in plans)}.values())


def _with_gcsf(plan: Plan, since: int) -> Plan:
    if plan.care.gcsf is not None and plan.care.gcsf.start_day == since:
        return plan
    name = plan.name.split(", G-CSF from")[0].removesuffix(", without G-CSF")
    return plan.but(name=f"{name}, G-CSF from day {since}", care={"gcsf": {"start_day": since}})
