"""Transplant conditioning intensity (TCI): a weight for each component, added up.

Spyridonidis 2020, doi:10.1038/s41409-020-0803-y, with an erratum doi:10.1038/s41409-020-0835-3. The groups (low 1-2,
intermediate 2.5-3.5, high 4-6) were read; the weights are recalled, from neither the table nor the erratum, and ship
as not verified. Amounts between two published rows have no weight: the score is bounded there.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nextafter

from dayzero.criteria.entry import spelled, within
from dayzero.criteria.result import Definition, Finding
from dayzero.errors import InputError
from dayzero.units import nearest

_SOURCE = "Spyridonidis 2020, doi:10.1038/s41409-020-0803-y; erratum doi:10.1038/s41409-020-0835-3"
_SCORE = Definition("tci_score", "2020", _SOURCE, verified=False)
_CATEGORY = Definition("tci_category", "2020", _SOURCE, verified=True)

_GROUPS = (("low", 1.0, 2.0), ("intermediate", 2.5, 3.5), ("high", 4.0, 6.0))
_DECIMALS = 6  # three days of 3.2 mg/kg are 9.6


def _up_to(amount: float) -> tuple[float, float]:
    """The amount itself still has the lower weight."""
    return amount, nextafter(amount, inf)


def _under(amount: float) -> tuple[float, float]:
    """The amount itself has the higher weight already."""
    return nextafter(amount, 0), amount


@dataclass(frozen=True)
class _Component:
    """One component: its spellings, units (as many of it in one of the table's), steps and weights.

    A step is the highest amount of the lower weight and the lowest of the higher one; no total dose is over ``most``.
    """

    names: tuple[str, ...]
    units: dict[str, float]
    steps: tuple[tuple[float, float], ...]
    weights: tuple[float, ...]
    most: float

    def possible(self, amount: float) -> set[float]:
        """Weights an amount may have: one, or two where it lies between the published rows."""
        found = {self.weights[0]} if amount else {0.0}
        for (last, first), weight in zip(self.steps, self.weights[1:], strict=True):
            if amount >= first:
                found = {weight}
            elif amount > last:
                found = found | {weight}
        return found


_MG_KG, _MG_M2 = {"mg_kg": 1.0}, {"mg_m2": 1.0}
_G_M2 = {"g_m2": 1.0, "mg_m2": 1000.0}
_BUSULFAN = {"iv_mg_kg": 1.0, "oral_mg_kg": 1.25, "po_mg_kg": 1.25}
_COMPONENTS = (
    _Component(("tbi",), {"gy": 1.0, "cgy": 100.0}, ((5, 6), (8, 9)), (1, 2, 3), 20),
    _Component(("bu", "busulfan"), _BUSULFAN, ((6.4, 9.6), (9.6, 12.8)), (1, 2, 3), 40),
    _Component(("treo", "treosulfan"), _G_M2, ((30, 36), (36, 42)), (1, 2, 3), 100),
    _Component(("mel", "melphalan"), _MG_M2, (_under(140), _under(200)), (1, 2, 3), 500),
    _Component(("thiotepa", "tt", "thio"), _MG_KG, (_under(10), _under(20)), (0.5, 1, 1.5), 50),
    _Component(("flu", "fludarabine"), _MG_M2, (_up_to(160),), (0.5, 1), 500),
    _Component(("clo", "clofarabine"), _MG_M2, (_up_to(150),), (0.5, 1), 500),
    _Component(("cy", "cyclophosphamide"), _MG_KG, (_under(90),), (0.5, 1), 400),
    _Component(("carmustine", "bcnu"), _MG_M2, ((250, 280), (310, 350)), (0.5, 1, 1.5), 1500),
    _Component(("cytarabine", "arac", "ara_c"), _G_M2, (_under(6),), (0.5, 1), 100),
    _Component(("etoposide", "vp16", "vp_16"), _MG_KG, (_under(50),), (0.5, 1), 200),
)
_NOT_SCORED = _Component(
    ("ptcy", "post_transplant_cy", "atg", "atg_thymoglobulin", "atg_grafalon", "atg_horse", "alemtuzumab"),
    {"mg_kg": 1.0, "mg": 1.0, "mg_m2": 1.0}, (), (0,), 10_000,
)  # fmt: skip
_ENTRIES = {
    f"{name}_{unit}": (component, per)
    for component in (*_COMPONENTS, _NOT_SCORED)
    for name in component.names
    for unit, per in component.units.items()
}
_NAMES = [f"{one.names[0]}_{next(iter(one.units))}" for one in _COMPONENTS]
_NO_ROUTE = ("bu_mg_kg", "busulfan_mg_kg")
_HIGHEST = sum(one.weights[-1] for one in _COMPONENTS)


def tci_score(**doses: float | None) -> Finding:
    """TCI score of total doses before day 0, and its category; weights not verified.

    A dose is named by drug and unit: ``tbi_gy`` (fractionated), ``bu_iv_mg_kg``, ``bu_oral_mg_kg``, ``treo_g_m2``,
    ``mel_mg_m2``, ``thiotepa_mg_kg``, ``flu_mg_m2``, ``clo_mg_m2``, ``cy_mg_kg``, ``carmustine_mg_m2``,
    ``cytarabine_g_m2``, ``etoposide_mg_kg``; or by the drug's full name. None: not known; what is not named was not
    given. ``ptcy_mg_kg``, ``atg_mg_kg`` and ``alemtuzumab_mg`` do not score. Where a dose is missing
    or lies between the published rows, ``at_least`` and ``at_most`` bound the score.

    >>> tci_score(flu_mg_m2=150, bu_iv_mg_kg=12.8).values
    {'tci': 3.5, 'category': 'intermediate', 'at_least': 3.5, 'at_most': 3.5}
    """
    amounts: dict[str, float | None] = {}
    for entry, dose in doses.items():
        component, per = _entry(entry)
        given = within("tci_score", dose, 0, component.most * per, **{entry: "a total dose"})
        before = amounts.get(component.names[0], 0.0)
        amounts[component.names[0]] = None if before is None or given is None else before + given / per
    choices = [_weights(one, amounts[one.names[0]]) for one in _COMPONENTS if one.names[0] in amounts]
    low, high = sum(min(one) for one in choices), sum(max(one) for one in choices)
    groups = {_group(low), _group(high)}
    values = {
        "tci": low if low == high else None,
        "category": groups.pop() if len(groups) == 1 else None,
        "at_least": low,
        "at_most": high,
    }
    is_between = any(len(one) > 1 and 0 not in one for one in choices)
    note = "a dose lies between the published rows" if is_between else _outside(low, high)
    return _SCORE.find(values, dict(doses), note=note)


def tci_category(*, tci: float | None = None) -> Finding:
    """Group of a TCI score: low 1-2, intermediate 2.5-3.5, high 4-6; outside the published groups there is none.

    >>> tci_category(tci=3.5)["category"]
    'intermediate'
    """
    score = within("tci_category", tci, 0, _HIGHEST, tci="a score in halves")
    if score is None:
        return _CATEGORY.find({"category": None}, {"tci": tci})
    if score * 2 != int(score * 2):
        raise InputError("tci_category", "tci", repr(tci), "whole and half points", "add up the weights again")
    group = _group(score)
    return _CATEGORY.find({"category": group}, {"tci": tci}, complete=True, note=_outside(score, score))


def _entry(written: str) -> tuple[_Component, float]:
    name = spelled(written)
    if name not in _ENTRIES:
        advice = nearest(name, _ENTRIES)
        if name in _NO_ROUTE:
            advice = "say how it is given: bu_iv_mg_kg or bu_oral_mg_kg"
        elif not advice.startswith("did you mean"):
            advice = nearest("", _NAMES)
        raise InputError("tci_score", written, "an unknown dose", "a drug with its unit", advice)
    return _ENTRIES[name]


def _weights(component: _Component, amount: float | None) -> set[float]:
    if amount is None:
        return {0.0, component.weights[-1]}
    return component.possible(round(amount, _DECIMALS))


def _group(score: float) -> str | None:
    return next((name for name, first, last in _GROUPS if first <= score <= last), None)


def _outside(*scores: float) -> str:
    is_outside = any(_group(score) is None for score in scores)
    return "the published groups run from 1 to 6" if is_outside else ""
