"""How severe veno-occlusive disease is: EBMT 2016 in adults, EBMT 2018 in children.

Adults: doi:10.1038/bmt.2016.130. The weight row of the reprint that was read is plainly misprinted and was restored
(under 5 %, 5 to under 10 % twice, 10 % and more). Conventions of this project: a criterion counts for its own category
and every milder one; where two categories share a row, for the more severe; "any day" counts for none. Children:
doi:10.1038/bmt.2017.161, table read in PMC6020812.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dayzero.criteria.logic import enough, reaches
from dayzero.criteria.result import Definition, Finding
from dayzero.errors import InputError
from dayzero.units import nearest

_ADULT = Definition("vod_severity_adult_2016", "EBMT 2016", "Mohty 2016, doi:10.1038/bmt.2016.130", verified=True)
_CHILD = Definition(
    "vod_severity_paediatric_2018", "EBMT 2018", "Corbacioglu 2018, doi:10.1038/bmt.2017.161; PMC6020812", verified=True
)

SEVERITIES = ("mild", "moderate", "severe", "very_severe")
_WORST = len(SEVERITIES) - 1
_ASCITES = ("none", "minimal", "moderate", "paracentesis")
_UPGRADE = 2

Levels = Sequence[tuple[int, int]]  # lowest and highest severity that each criterion may stand for


def vod_severity_adult_2016(
    *,
    days_since_first_symptom: float | None = None,
    bilirubin_mg_dl: float | None = None,
    transaminases_x_normal: float | None = None,
    weight_gain_pct: float | None = None,
    creatinine_x_baseline: float | None = None,
    bilirubin_doubling_48h: bool | None = False,
    risk_factors: int | None = 0,
    mod: bool | None = False,
) -> Finding:
    """Severity in adults: the highest category that two criteria reach, ``mild`` to ``very_severe``.

    Two or more risk factors raise mild and moderate by one; ``mod``, dysfunction of several organs, is very severe.
    Doubling, risk factors and organ dysfunction that are not named were not there.

    >>> vod_severity_adult_2016(days_since_first_symptom=6, bilirubin_mg_dl=3.5, transaminases_x_normal=1.5,
    ...                         weight_gain_pct=4, creatinine_x_baseline=1.0)["severity"]
    'moderate'
    """
    inputs = locals()
    criteria: Levels = [
        _falling(days_since_first_symptom, (7, 4)),
        _rising(bilirubin_mg_dl, (3, 5, 8)),
        _severe_if(bilirubin_doubling_48h),
        _over(transaminases_x_normal, (2, 5, 8)),
        _weight(weight_gain_pct),
        _rising(creatinine_x_baseline, (1.2, 1.5, 2)),
    ]
    low, high = (_second_highest([one[end] for one in criteria]) for end in (0, 1))
    is_raised = reaches(risk_factors, _UPGRADE)
    low = low + 1 if is_raised is True and low < 2 else low
    high = high + 1 if is_raised is not False and high < 2 else high
    low, high = (_WORST if mod is True else low), (high if mod is False else _WORST)
    return _ADULT.find(_between("severity", low, high), inputs)


def vod_severity_paediatric_2018(
    *,
    alt_x_normal: float | None = None,
    refractory_thrombocytopenia_days: float | None = None,
    bilirubin_mg_dl: float | None = None,
    gfr: float | None = None,
    ascites: str | None = "none",
    bilirubin_doubling_48h: bool | None = False,
    oxygen_l_min: float | None = 0.0,
    ventilation: bool | None = False,
) -> Finding:
    """Severity in children: ``base``, the most severe category of any criterion, and ``severity`` after the upgrade.

    ``ascites``: none, minimal, moderate or paracentesis; ``gfr`` in mL/min. Two of liver tests, refractory
    thrombocytopenia, bilirubin and ascites at the severe level make it very severe. What is not named was not there.

    >>> vod_severity_paediatric_2018(alt_x_normal=6, refractory_thrombocytopenia_days=7, bilirubin_mg_dl=1.5,
    ...                              gfr=90).values["severity"]
    'very_severe'
    """
    inputs = locals()
    if ascites is not None and ascites not in _ASCITES:
        advice = nearest(ascites, _ASCITES)
        raise InputError("vod_severity_paediatric_2018", "ascites", repr(ascites), ", ".join(_ASCITES), advice)
    fluid = (0, 2) if ascites is None else _exactly(max(_ASCITES.index(ascites) - 1, 0))
    marked: Levels = [
        _capped(_over(alt_x_normal, (2, 5))),
        _capped(_rising(refractory_thrombocytopenia_days, (3, 7))),
        _jaundice(bilirubin_mg_dl),
        fluid,
    ]
    others: Levels = [
        _severe_if(bilirubin_doubling_48h),
        _filtration(gfr),
        _oxygen(oxygen_l_min, ventilation),
    ]
    base_low, base_high = (max(one[end] for one in [*marked, *others]) for end in (0, 1))
    severe = [True if low >= 2 else False if high < 2 else None for low, high in marked]
    upgraded = enough(_UPGRADE, *severe)
    low = _WORST if upgraded is True else base_low
    high = base_high if upgraded is False else _WORST
    values = {**_between("severity", low, high), **_between("base", base_low, base_high)}
    return _CHILD.find(values, inputs)


def _between(name: str, low: int, high: int) -> Mapping[str, str | None]:
    ends = {f"{name}_at_least": SEVERITIES[low], f"{name}_at_most": SEVERITIES[high]}
    return {name: SEVERITIES[low] if low == high else None, **ends}


def _second_highest(levels: list[int]) -> int:
    """The highest level that at least two criteria reach."""
    return sorted(levels)[-2]


def _exactly(level: int) -> tuple[int, int]:
    return level, level


def _severe_if(sign: bool | None) -> tuple[int, int]:
    return (0, 2) if sign is None else _exactly(2 if sign else 0)


def _rising(value: float | None, limits: Sequence[float]) -> tuple[int, int]:
    """How many limits a value is at or over."""
    return (0, len(limits)) if value is None else _exactly(sum(value >= limit for limit in limits))


def _over(value: float | None, limits: Sequence[float]) -> tuple[int, int]:
    return (0, len(limits)) if value is None else _exactly(sum(value > limit for limit in limits))


def _falling(value: float | None, limits: Sequence[float]) -> tuple[int, int]:
    """How many limits a value is at or under."""
    return (0, len(limits)) if value is None else _exactly(sum(value <= limit for limit in limits))


def _weight(gain_pct: float | None) -> tuple[int, int]:
    return (0, _WORST) if gain_pct is None else _exactly(3 if gain_pct >= 10 else 2 if gain_pct >= 5 else 0)


def _jaundice(bilirubin: float | None) -> tuple[int, int]:
    return _severe_if(reaches(bilirubin, 2))


def _filtration(gfr: float | None) -> tuple[int, int]:
    return (0, _WORST) if gfr is None else _exactly(sum(gfr < limit for limit in (60, 30, 15)))


def _oxygen(litres: float | None, ventilation: bool | None) -> tuple[int, int]:
    if ventilation:
        return _exactly(_WORST)
    low, high = _severe_if(None if litres is None else litres > 2)
    return low, _WORST if ventilation is None else high


def _capped(level: tuple[int, int]) -> tuple[int, int]:
    return min(level[0], 2), min(level[1], 2)
