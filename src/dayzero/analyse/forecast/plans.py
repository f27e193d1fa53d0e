"""What the plan may have been where only the graft is known: every combination of common regimens and care.

None of it is weighted by any outcome: each combination counts alike. Regimens and prophylaxis are those of the
library; growth factor none or from day 1, 5 or 7 is the range read in doi:10.1016/j.bbmt.2020.08.013.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from dayzero.errors import InputError
from dayzero.spec import Plan
from dayzero.units import nearest

_GCSF: tuple[dict[str, Any] | None, ...] = (None, {"start_day": 1}, {"start_day": 5}, {"start_day": 7})
_ABLATIVE = ("bu4-cy", "flu-bu4", "flu-mel140", "bu-mel-flu", "cy-tbi12", "flu-bu2")
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
