"""Stages and grades of acute graft-versus-host disease.

MAGIC stages (Harris 2016, doi:10.1016/j.bbmt.2015.09.001, read as NBK577669 Table 4; guidance Blood 2015;126(23):3154)
and the MAGIC grade, a pattern table rather than a maximum: IV stage 4 of skin, liver or lower gut; III liver or lower
gut 2-3; II skin 3, liver 1, upper gut 1 or lower gut 1; I skin 1-2 alone. IBMTR index: Rowlings 1997.

The functions after `observed_grade` judge one case and say what is missing. Those up to it work elementwise on numbers,
arrays and scalars traced by an engine, so that a ward policy and a chart are graded by the same lines. In them a value
that is missing (nan) makes a stage and a grade missing.

Conventions of this project:

- readings between the printed classes: bilirubin 2 to 3 mg/dL is stage 1, over 3 to 6 stage 2, over 6 to 15 stage 3;
- the share of skin alone cannot tell erythroderma from bullae: from it the skin stage is at most 3;
- `observed_grade` leaves out a sign that something else wholly explains: the gut counts only from day +14 on (before
  that it is mucositis), the liver not while veno-occlusive disease is documented, nothing before day +7. MAGIC itself
  does not lower a stage for another cause, and very early disease is missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product

from dayzero.criteria.logic import agreed
from dayzero.criteria.result import Definition, Finding
from dayzero.elementwise import maximum, where
from dayzero.errors import InputError
from dayzero.module import Number
from dayzero.units import nearest

STAGE = Definition(
    "agvhd_stage_magic",
    "MAGIC 2016",
    "Harris 2016, doi:10.1016/j.bbmt.2015.09.001, read as NBK577669 Table 4; Blood 2015;126(23):3154",
    verified=True,
)
GRADE = Definition(
    "agvhd_grade_magic",
    "MAGIC 2016",
    "Harris 2016, doi:10.1016/j.bbmt.2015.09.001, grade table as transcribed in public calculator source",
    verified=True,
)
_IBMTR = Definition("agvhd_ibmtr_index", "IBMTR 1997", "Rowlings 1997; Cahn 2005", verified=True)

GRADES = ("0", "I", "II", "III", "IV")
ADULT_KG = 50.0  # heavier than this: stool in mL a day, otherwise in mL a kg and day
FIRST_DAY, FIRST_GUT_DAY = 7, 14
_ASKED = {
    "skin": ("bsa_pct", "bullae_desquamation_bsa_pct"),
    "liver": ("bilirubin_mg_dl",),
    "lower_gi": (
        "weight_kg", "stool_ml_day", "stool_ml_kg_day", "episodes_day", "grossly_bloody", "severe_pain"
    ),
    "upper_gi": ("persistent_nausea_vomiting_anorexia",),
}  # fmt: skip
_SKIN, _ANY, _UPPER = range(5), range(5), range(2)


def skin_stage(rash_percent: Number) -> Number:
    """Stage 0 to 3 from the share of the body surface with active erythema, percent.

    >>> [float(skin_stage(share)) for share in (0, 24, 25, 50, 51)]
    [0.0, 1.0, 2.0, 2.0, 3.0]
    """
    stage = where(rash_percent > 0, 1.0, 0.0)
    stage = where(rash_percent >= 25, 2.0, stage)
    return where(rash_percent > 50, 3.0, stage) + 0.0 * rash_percent


def liver_stage(bilirubin: Number) -> Number:
    """Stage 0 to 4 from bilirubin, mg/dL.

    >>> [float(liver_stage(value)) for value in (1.9, 2.0, 3.1, 6.1, 15.1)]
    [0.0, 1.0, 2.0, 3.0, 4.0]
    """
    stage = where(bilirubin >= 2, 1.0, 0.0)
    stage = where(bilirubin > 3, 2.0, stage)
    stage = where(bilirubin > 6, 3.0, stage)
    return where(bilirubin > 15, 4.0, stage) + 0.0 * bilirubin


def lower_gut_stage(stool_ml_per_day: Number, weight_kg: Number | None = None) -> Number:
    """Stage 0 to 3 from the stool of a day, mL; up to 50 kg by mL a kg, heavier or without a weight the adult scale.

    Stage 4 (severe pain, ileus, gross blood) is not a matter of volume.

    >>> float(lower_gut_stage(600)), float(lower_gut_stage(600, weight_kg=20))
    (1.0, 2.0)
    """
    adult = _stool_stage(stool_ml_per_day, 500.0, 1000.0, 1500.0)
    if weight_kg is None:
        return adult
    child = _stool_stage(stool_ml_per_day / weight_kg, 10.0, 20.0, 30.0)
    return where(weight_kg > ADULT_KG, adult, child)


def _stool_stage(stool: Number, first: float, second: float, third: float) -> Number:
    stage = where(stool >= first, 1.0, 0.0)
    stage = where(stool >= second, 2.0, stage)
    return where(stool > third, 3.0, stage) + 0.0 * stool


def grade_of_stages(skin: Number, liver: Number, lower_gut: Number, upper_gut: Number = 0) -> Number:
    """MAGIC grade 0 to 4 from the stages of the organs.

    >>> float(grade_of_stages(3, 0, 0)), float(grade_of_stages(0, 2, 0)), float(grade_of_stages(0, 0, 0, upper_gut=1))
    (2.0, 3.0, 2.0)
    """
    inner = maximum(liver, lower_gut)
    grade = where(skin >= 1, 1.0, 0.0)
    grade = where(skin >= 3, 2.0, grade)
    grade = where(maximum(inner, upper_gut) >= 1, 2.0, grade)
    grade = where(inner >= 2, 3.0, grade)
    return where(maximum(inner, skin) >= 4, 4.0, grade) + 0.0 * (skin + liver + lower_gut + upper_gut)


def observed_grade(
    rash: Number, bilirubin: Number, stool_volume: Number, weight_kg: Number | None, day: Number, vod_known: Number
) -> Number:
    """Grade 0 to 4 of what a day's report shows: rash %, bilirubin mg/dL, stool mL a day; no upper gut in it.

    ``vod_known``: 1 while veno-occlusive disease is documented. Left out (see above): the gut before day 14, the liver
    while ``vod_known``, everything before day 7.

    >>> [float(observed_grade(30, 4.0, 1200, 70, day, vod)) for day, vod in ((5, 0), (10, 0), (10, 1), (20, 1))]
    [0.0, 3.0, 1.0, 3.0]
    """
    liver = where(vod_known > 0.5, 0.0, liver_stage(bilirubin))
    gut = where(day >= FIRST_GUT_DAY, lower_gut_stage(stool_volume, weight_kg), 0.0)
    return where(day >= FIRST_DAY, grade_of_stages(skin_stage(rash), liver, gut), 0.0)


def agvhd_stage_magic(
    *,
    organ: str,
    bsa_pct: float | None = None,
    bullae_desquamation_bsa_pct: float | None = 0.0,
    bilirubin_mg_dl: float | None = None,
    weight_kg: float | None = None,
    stool_ml_day: float | None = None,
    stool_ml_kg_day: float | None = None,
    episodes_day: float | None = None,
    grossly_bloody: bool | None = False,
    severe_pain: bool | None = False,
    persistent_nausea_vomiting_anorexia: bool | None = None,
) -> Finding:
    """Stage 0 to 4 of ``skin``, ``liver``, ``lower_gi`` or ``upper_gi`` (0 or 1).

    Bullae, gross blood and pain that are not named were not there; None says that nobody looked, and leaves the stage
    missing where they decide. ``severe_pain``: opioids needed and performance affected, with or without ileus; ileus
    without it is no stage. Of stool volume and episodes the higher stage counts.

    >>> agvhd_stage_magic(organ="liver", bilirubin_mg_dl=6.0)["stage"]
    2
    >>> agvhd_stage_magic(organ="lower_gi", weight_kg=20, stool_ml_day=650)["stage"]
    3
    """
    given = locals()
    if organ not in _ASKED:
        raise InputError("agvhd_stage_magic", "organ", repr(organ), ", ".join(_ASKED), nearest(organ, _ASKED))
    inputs = {"organ": organ} | {name: given[name] for name in _ASKED[organ]}
    for name, value in inputs.items():
        if isinstance(value, int | float) and not value >= 0:
            raise InputError("agvhd_stage_magic", name, f"{value:g}", "zero or more", "leave out what was not measured")
    if organ == "skin":
        stage = _skin(bsa_pct, bullae_desquamation_bsa_pct)
    elif organ == "liver":
        stage = None if bilirubin_mg_dl is None else int(liver_stage(bilirubin_mg_dl))
    elif organ == "upper_gi":
        stage = None if persistent_nausea_vomiting_anorexia is None else int(persistent_nausea_vomiting_anorexia)
    else:
        by_count = _lower_gut(weight_kg, stool_ml_day, stool_ml_kg_day, episodes_day)
        signs = (grossly_bloody, severe_pain)
        stage = 4 if True in signs else None if None in signs else by_count
    return STAGE.find({"stage": stage}, inputs)


def _skin(share: float | None, bullae: float | None) -> int | None:
    if share is None:
        return None
    stage = int(skin_stage(share))
    if stage < 3:
        return stage
    return None if bullae is None else 4 if bullae > 5 else 3


def _lower_gut(weight: float | None, volume: float | None, per_kg: float | None, episodes: float | None) -> int | None:
    if weight is not None:
        return _by_scale(weight > ADULT_KG, weight, volume, per_kg, episodes)
    return agreed([_by_scale(is_adult, None, volume, per_kg, episodes) for is_adult in (True, False)])


def _by_scale(
    is_adult: bool, weight: float | None, volume: float | None, per_kg: float | None, episodes: float | None
) -> int | None:
    """The higher of volume and episodes; missing when neither can be read on this scale."""
    stages: list[int] = []
    if episodes is not None:
        first, second, third = (3, 5, 7) if is_adult else (4, 7, 10)
        stages.append(int(_stool_stage(episodes, first, second, third)))
    if is_adult and volume is None and per_kg is not None and weight is not None:
        volume = per_kg * weight
    if not is_adult and per_kg is None and volume is not None and weight is not None:
        per_kg = volume / weight
    if is_adult and volume is not None:
        stages.append(int(lower_gut_stage(volume)))
    if not is_adult and per_kg is not None:
        stages.append(int(lower_gut_stage(per_kg, weight_kg=1.0)))
    return max(stages, default=None)


def agvhd_grade_magic(
    *, skin: int | None = None, liver: int | None = None, upper_gi: int | None = None, lower_gi: int | None = None
) -> Finding:
    """MAGIC grade, "0" to "IV", from the stages of the four organs.

    An organ not assessed leaves the grade missing unless no stage of it could change the answer; ``at_least`` and
    ``at_most`` bound it.

    >>> agvhd_grade_magic(skin=3, liver=0, upper_gi=0, lower_gi=0)["grade"]
    'II'
    >>> agvhd_grade_magic(skin=2, liver=None, upper_gi=0, lower_gi=0).values
    {'grade': None, 'at_least': 'I', 'at_most': 'IV'}
    """
    given = {"skin": skin, "liver": liver, "lower_gi": lower_gi, "upper_gi": upper_gi}
    ranges = (_SKIN, _ANY, _ANY, _UPPER)
    possible = sorted({int(grade_of_stages(*stages)) for stages in _possible("agvhd_grade_magic", given, ranges)})
    low, high = GRADES[possible[0]], GRADES[possible[-1]]
    values = {"grade": low if low == high else None, "at_least": low, "at_most": high}
    return GRADE.find(values, given, note="" if low == high else "an organ was not assessed")


def agvhd_ibmtr_index(*, skin: int | None = None, liver: int | None = None, gut: int | None = None) -> Finding:
    """IBMTR severity index: A skin stage 1 alone, B highest stage 2, C highest 3, D any 4; "0" without disease.

    Liver or gut stage 1 is B.

    >>> agvhd_ibmtr_index(skin=2, liver=0, gut=0)["index"]
    'B'
    """
    given = {"skin": skin, "liver": liver, "gut": gut}
    possible = {_ibmtr(stages) for stages in _possible("agvhd_ibmtr_index", given, (_SKIN, _ANY, _ANY))}
    values = {"index": agreed(possible), "at_least": min(possible), "at_most": max(possible)}
    return _IBMTR.find(values, given)


def _ibmtr(stages: tuple[int, ...]) -> str:
    worst = max(stages)
    return "A" if stages == (1, 0, 0) else ("0", "B", "B", "C", "D")[worst]


def _possible(rule: str, given: Mapping[str, int | None], ranges: Iterable[range]) -> Iterable[tuple[int, ...]]:
    """Every combination of stages that what is given allows."""
    choices: list[Iterable[int]] = []
    for (name, stage), allowed in zip(given.items(), ranges, strict=True):
        if stage is not None and stage not in allowed:
            expected = f"a whole stage, 0 to {allowed[-1]}"
            raise InputError(rule, name, repr(stage), expected, "leave None where the organ was not assessed")
        choices.append(allowed if stage is None else [stage])
    return product(*choices)
