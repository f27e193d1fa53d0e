"""Severity of chronic graft-versus-host disease, and when steroids fail in it.

Global severity: NIH 2014 (Jagasia 2015, PMC4329079; thresholds in Blood 2010;116(21):220; counting rules NCI Thesaurus
C225388). Steroid failure: Schoemans 2018, doi:10.1038/s41409-018-0204-7, as restated on a manufacturer's disease page.
That the disease is there (a diagnostic sign, or a distinctive one confirmed) is for the caller to say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import product

from dayzero.criteria.logic import all_of, any_of, opposite, reaches
from dayzero.criteria.result import Definition, Finding
from dayzero.errors import InputError
from dayzero.units import nearest

SEVERITY = Definition(
    "cgvhd_global_nih2014",
    "NIH 2014",
    "Jagasia 2015, PMC4329079; Blood 2010;116(21):220; NCI Thesaurus C225388",
    verified=True,
)
_STEROIDS = "Schoemans 2018, doi:10.1038/s41409-018-0204-7, as restated on a manufacturer's disease page"
_REFRACTORY = Definition("cgvhd_steroid_refractory", "EBMT-NIH-CIBMTR 2018", _STEROIDS, verified=True)
_DEPENDENT = Definition("cgvhd_steroid_dependent", "EBMT-NIH-CIBMTR 2018", _STEROIDS, verified=True)

SEVERITIES = ("none", "mild", "moderate", "severe")
ORGANS = ("skin", "mouth", "eyes", "gi", "liver", "joints", "genital")
_JOINTS = ("joints_fascia", "joints/fascia", "fascia")  # one organ
_SKIN_SCORES = ("skin_extent", "skin_features")
_SCORES = range(4)
_FEV1 = (80.0, 60.0, 40.0)  # under each: one score more


def cgvhd_global_nih2014(
    *,
    organs: Mapping[str, int | None] | None,
    lung: int | None = None,
    lung_fev1_pct: float | None = None,
    explained: Collection[str] = (),
) -> Finding:
    """NIH global severity from organ scores 0 to 3: none, mild, moderate, severe.

    ``organs``: skin (or skin_extent and skin_features, of which the higher counts), mouth, eyes, gi, liver, joints,
    genital; joints and fascia are one organ. An organ that is not named is not involved, None says it was not
    assessed (``organs`` of None: none was). ``lung_fev1_pct``, percent of predicted, decides before the symptom score
    ``lung`` where it is given. ``explained``: organs wholly explained by another documented cause, which do not
    count. Missing, with ``at_least`` and ``at_most``, where what was not assessed could change the answer.

    >>> cgvhd_global_nih2014(organs={"skin": 1, "mouth": 1}, lung=0)["global_severity"]
    'mild'
    >>> cgvhd_global_nih2014(organs={"skin": 1, "mouth": 1}, lung=0, lung_fev1_pct=55)["global_severity"]
    'severe'
    """
    known = (*ORGANS, *_SKIN_SCORES, "lung")
    organs = dict.fromkeys(ORGANS) if organs is None else {_organ(name): score for name, score in organs.items()}
    explained = tuple(_organ(name) for name in explained)
    for name in (*organs, *explained):
        if name not in known or (name == "lung" and name in organs):
            advice = "give the lung by itself" if name == "lung" else nearest(name, known)
            raise InputError("cgvhd_global_nih2014", "organs", repr(name), ", ".join(ORGANS), advice)
    for name, score in {**organs, "lung": lung}.items():
        if score is not None and score not in _SCORES:
            raise InputError("cgvhd_global_nih2014", name, repr(score), "a score 0 to 3", "None: not assessed")
    inputs = {"organs": dict(organs), "lung": lung, "lung_fev1_pct": lung_fev1_pct, "explained": explained}
    breath = lung if lung_fev1_pct is None else sum(lung_fev1_pct < limit for limit in _FEV1)
    choices = [_choices(score) for name, score in organs.items() if name not in (*_SKIN_SCORES, *explained)]
    skin = [_choices(organs[name]) for name in _SKIN_SCORES if name in organs and "skin" not in explained]
    if skin:
        choices.append(sorted({max(scores) for scores in product(*skin)}))
    air = [0] if "lung" in explained else _choices(breath)
    # severity rises with every score: the lowest and the highest of each organ bound it
    low, high = (_severity([end(scores) for scores in choices], end(air)) for end in (min, max))
    values = {
        "global_severity": SEVERITIES[low] if low == high else None,
        "at_least": SEVERITIES[low],
        "at_most": SEVERITIES[high],
    }
    return SEVERITY.find(values, inputs, note="" if low == high else "an organ was not assessed")


def _organ(name: str) -> str:
    return "joints" if name in _JOINTS else name


def _choices(score: int | None) -> list[int]:
    return list(_SCORES) if score is None else [score]


def _severity(scores: Iterable[int], lung: int) -> int:
    given = list(scores)
    involved = sum(score > 0 for score in [*given, lung])
    if max(given, default=0) >= 3 or lung >= 2:
        return 3
    if involved >= 3 or max(given, default=0) == 2 or lung == 1:
        return 2
    return 1 if involved else 0


def cgvhd_steroid_refractory(
    *,
    prednisone_mg_kg_day: float | None = None,
    weeks: float | None = None,
    progression: bool | None = None,
    improved: bool | None = None,
    every_other_day: bool = False,
    progression_weeks: float = 1,
    no_improvement_weeks: float = 4,
) -> Finding:
    """Progression on prednisone of 1 mg/kg a day for 1-2 weeks, or no improvement on 0.5 mg/kg for 1-2 months.

    ``every_other_day``: the amount is that of every other day (1 mg/kg stands for 0.5 a day). The two windows are
    settings, by default the shorter of what is published.

    >>> cgvhd_steroid_refractory(prednisone_mg_kg_day=1.0, weeks=2, progression=True, improved=False)["refractory"]
    True
    """
    inputs = locals()
    dose = prednisone_mg_kg_day
    if dose is not None and every_other_day:
        dose = dose / 2
    got_worse = all_of(progression, reaches(dose, 1.0), reaches(weeks, progression_weeks))
    no_better = all_of(opposite(improved), reaches(dose, 0.5), reaches(weeks, no_improvement_weeks))
    return _REFRACTORY.find({"refractory": any_of(got_worse, no_better)}, inputs)


def cgvhd_steroid_dependent(
    *,
    lowest_mg_kg_day: float | None = None,
    failed_tapers: int | None = None,
    weeks_between: float | None = None,
    every_other_day: bool = False,
) -> Finding:
    """Prednisone could not go below 0.25 mg/kg a day (0.5 every other day) in two attempts at least 8 weeks apart.

    >>> cgvhd_steroid_dependent(lowest_mg_kg_day=0.3, failed_tapers=2, weeks_between=9)["dependent"]
    True
    """
    inputs = locals()
    limit = 0.5 if every_other_day else 0.25
    dependent = all_of(reaches(lowest_mg_kg_day, limit), reaches(failed_tapers, 2), reaches(weeks_between, 8))
    return _DEPENDENT.find({"dependent": dependent}, inputs)
