"""Comorbidity before transplant: the HCT-CI, its lung and liver items, and the composite with age.

Sorror 2005, doi:10.1182/blood-2005-05-2004; coding guide Sorror 2013, Blood 121(15):2854; with age Sorror 2014,
doi:10.1200/JCO.2013.53.8157. Definitions were read in two reprints, the weights in public calculators that cite the
papers. The item of an earlier cancer is a solid tumor in 2005 and any malignancy in 2013.

====== ======================= ========================================================================================
points item                    there when
====== ======================= ========================================================================================
1      arrhythmia              atrial fibrillation or flutter, sick sinus, ventricular arrhythmia, ever
1      cardiac                 coronary disease, heart failure, infarction, or ejection fraction of 50 % or less
1      ibd                     Crohn's disease or ulcerative colitis
1      diabetes                insulin or an oral drug needed; diet alone does not count
1      cerebrovascular         transient ischemic attack or stroke
1      psychiatric             depression or anxiety with consult or treatment at transplant
1      hepatic_mild            see `hct_ci_hepatic`
1      obesity                 body mass index over 35; children: 95th percentile for age or more
1      infection               antimicrobial treatment before, during and after the start of conditioning
2      rheumatologic           lupus, rheumatoid arthritis, polymyositis, mixed connective tissue disease, polymyalgia
2      peptic_ulcer            treatment needed
2      renal_moderate_severe   creatinine over 2 mg/dL (177 umol/L), dialysis, or an earlier kidney transplant
2      pulmonary_moderate      see `hct_ci_pulmonary`
3      prior_malignancy        treated at any time; not non-melanoma skin cancer (2005: ``prior_solid_tumor`` only)
3      heart_valve             except mitral prolapse without symptoms
3      pulmonary_severe        see `hct_ci_pulmonary`
3      hepatic_moderate_severe see `hct_ci_hepatic`
====== ======================= ========================================================================================
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from dayzero.criteria.entry import answer, chosen, within
from dayzero.criteria.logic import reaches
from dayzero.criteria.result import Definition, Finding
from dayzero.errors import InputError

_SOURCE = "Sorror 2005, doi:10.1182/blood-2005-05-2004; Sorror 2013, Blood 121(15):2854"
_HCT_CI = Definition("hct_ci", "by the edition asked for", _SOURCE, verified=True)
_PULMONARY = Definition("hct_ci_pulmonary", "2005", _SOURCE, verified=True)
_HEPATIC = Definition("hct_ci_hepatic", "2005", _SOURCE, verified=True)
_AGE = Definition("hct_ci_age", "2014", "Sorror 2014, doi:10.1200/JCO.2013.53.8157", verified=True)

POINTS = {
    "arrhythmia": 1, "cardiac": 1, "ibd": 1, "diabetes": 1, "cerebrovascular": 1, "psychiatric": 1, "hepatic_mild": 1,
    "obesity": 1, "infection": 1, "rheumatologic": 2, "peptic_ulcer": 2, "renal_moderate_severe": 2,
    "pulmonary_moderate": 2, "prior_malignancy": 3, "prior_solid_tumor": 3, "heart_valve": 3, "pulmonary_severe": 3,
    "hepatic_moderate_severe": 3,
}  # fmt: skip
_ONE_OF = {  # items of which the worse counts alone
    "pulmonary_moderate": "pulmonary", "pulmonary_severe": "pulmonary",
    "hepatic_mild": "hepatic", "hepatic_moderate_severe": "hepatic",
    "prior_malignancy": "malignancy", "prior_solid_tumor": "malignancy",
}  # fmt: skip
_SPELLINGS = {item: item for item in POINTS} | {
    "inflammatory_bowel_disease": "ibd", "crohn": "ibd", "ulcerative_colitis": "ibd",
    "heart_valve_disease": "heart_valve", "valve": "heart_valve", "obese": "obesity", "stroke": "cerebrovascular",
    "psychiatric_disturbance": "psychiatric", "rheumatological": "rheumatologic", "ulcer": "peptic_ulcer",
    "renal": "renal_moderate_severe", "renal_moderate_or_severe": "renal_moderate_severe",
    "hepatic_severe": "hepatic_moderate_severe", "hepatic_moderate": "hepatic_moderate_severe",
    "hepatic_moderate_or_severe": "hepatic_moderate_severe", "malignancy": "prior_malignancy",
    "prior_cancer": "prior_malignancy", "solid_tumor": "prior_solid_tumor", "prior_tumor": "prior_solid_tumor",
}  # fmt: skip
EDITIONS = ("2005", "2013")
HIGHEST = 26  # everything there, the worse of lung and of liver

_SEVERE_PCT, _NORMAL_PCT = 65.0, 80.0
_DYSPNEA = {"none": 0, "slight_activity": 2, "at_rest": 3}
_BREATHS = {word: word for word in _DYSPNEA} | {
    "no": "none", "rest": "at_rest", "on_slight_activity": "slight_activity", "slight_exertion": "slight_activity",
}  # fmt: skip
_AGE_LIMIT = 40


def hct_ci(
    *, present: Collection[str] | None, unknown: Collection[str] | None = (), version: str | int | None = None
) -> Finding:
    """Comorbidity index HCT-CI: the points of the items that are there, and its group.

    ``present``, ``unknown``: items of the table above; an item in neither was looked for and is not there, and
    ``present`` of None says that nobody looked. With unknown items ``score`` is a lower bound, ``max_possible`` the
    upper one, and ``group`` and ``max_group`` belong to them: low 0, intermediate 1 or 2, high 3 or more.
    ``version``: 2005 or 2013; without it an earlier malignancy counts as in 2013, and the note says so. In 2005 it
    counts for sure only as ``prior_solid_tumor``.

    >>> hct_ci(present=["diabetes"], unknown=["pulmonary_severe"]).values["max_possible"]
    4
    """
    edition = None if version is None else str(version)
    if edition is not None and edition not in EDITIONS:
        raise InputError("hct_ci", "version", repr(version), " or ".join(EDITIONS), "name the edition of the item")
    there, open_items = _items("present", present or ()), _items("unknown", unknown or ())
    if present is None:
        open_items = set(POINTS)
    both = sorted(there & open_items)
    if both:
        raise InputError("hct_ci", "unknown", repr(both[0]), "an item not said to be present", "name it only once")
    is_doubtful = edition == "2005" and "prior_malignancy" in there
    sure = there - {"prior_malignancy"} if is_doubtful else there
    low, high = _sum(sure), _sum(there | open_items)
    values = {
        "score": low,
        "group": _group(low),
        "complete": low == high,
        "max_possible": high,
        "max_group": _group(high),
    }
    note = "whether the earlier malignancy was a solid tumor is not known" if is_doubtful and low < high else ""
    if edition is None and "prior_malignancy" in there | open_items:
        note = "any earlier malignancy counts, as in 2013; in 2005 only a solid tumor did"
    inputs = {"present": sorted(there), "unknown": sorted(open_items), "version": edition}
    return _HCT_CI.find(values, inputs, complete=low == high, note=note, version=edition or "2013")


def _items(field: str, written: Collection[str]) -> set[str]:
    if isinstance(written, str):
        raise InputError("hct_ci", field, repr(written), "a list of items", f'write ["{written}"]')
    return {chosen("hct_ci", field, item, _SPELLINGS) for item in written}


def _sum(items: Iterable[str]) -> int:
    counted: dict[str, int] = {}
    for item in items:
        name = _ONE_OF.get(item, item)
        counted[name] = max(counted.get(name, 0), POINTS[item])
    return sum(counted.values())


def _group(score: int) -> str:
    return "low" if score == 0 else "intermediate" if score <= 2 else "high"


def hct_ci_pulmonary(
    *,
    dlco_pct: float | None = None,
    fev1_pct: float | None = None,
    dyspnea: str | None = "none",
    oxygen: bool | None = False,
) -> Finding:
    """Points of the lung: 0, 2 moderate, 3 severe; the worst of diffusion, FEV1, breathlessness and oxygen decides.

    Severe: DLCO (corrected for hemoglobin) or FEV1 of 65 percent of predicted or less, breathlessness at rest, oxygen
    needed. Moderate: up to 80 percent, or breathlessness on slight activity; a value between 65 and 66 is moderate by
    convention. ``dyspnea``: none, slight_activity, at_rest; it and oxygen, where they are not named, were not there.

    >>> hct_ci_pulmonary(dlco_pct=65, fev1_pct=90)["points"]
    3
    >>> hct_ci_pulmonary(dlco_pct=None, fev1_pct=70).values
    {'points': None, 'at_least': 2, 'at_most': 3}
    """
    rule = "hct_ci_pulmonary"
    inputs = {"dlco_pct": dlco_pct, "fev1_pct": fev1_pct, "dyspnea": dyspnea, "oxygen": oxygen}
    breath = None if dyspnea is None else _DYSPNEA[chosen(rule, "dyspnea", dyspnea, _BREATHS)]
    needs_oxygen = answer(rule, "oxygen", oxygen)
    choices = [
        _lung_points(within(rule, dlco_pct, 0, 250, dlco_pct="percent of predicted")),
        _lung_points(within(rule, fev1_pct, 0, 250, fev1_pct="percent of predicted")),
        (0, 2, 3) if breath is None else (breath,),
        (0, 3) if needs_oxygen is None else (3 * needs_oxygen,),
    ]
    return _worst(_PULMONARY, choices, inputs)


def _lung_points(percent: float | None) -> tuple[int, ...]:
    if percent is None:
        return 0, 2, 3
    return (3,) if percent <= _SEVERE_PCT else (2,) if percent <= _NORMAL_PCT else (0,)


def hct_ci_hepatic(
    *,
    bilirubin_x_uln: float | None = None,
    ast_alt_x_uln: float | None = None,
    cirrhosis: bool | None = False,
    chronic_hepatitis: bool | None = False,
) -> Finding:
    """Points of the liver: 0, 1 mild, 3 moderate or severe.

    Moderate or severe: cirrhosis, bilirubin over 1.5 times or transaminases (the higher of AST and ALT) over 2.5 times
    the upper limit of normal. Mild: chronic hepatitis, or either of them over the limit. Cirrhosis and hepatitis,
    where they are not named, were not there.

    >>> hct_ci_hepatic(bilirubin_x_uln=1.2, ast_alt_x_uln=0.8, cirrhosis=False)["points"]
    1
    """
    rule = "hct_ci_hepatic"
    inputs = {
        "bilirubin_x_uln": bilirubin_x_uln, "ast_alt_x_uln": ast_alt_x_uln, "cirrhosis": cirrhosis,
        "chronic_hepatitis": chronic_hepatitis,
    }  # fmt: skip
    bilirubin = within(rule, bilirubin_x_uln, 0, 1000, bilirubin_x_uln="times the upper limit of normal")
    enzymes = within(rule, ast_alt_x_uln, 0, 1000, ast_alt_x_uln="times the upper limit of normal")
    is_cirrhotic = answer(rule, "cirrhosis", cirrhosis)
    has_hepatitis = answer(rule, "chronic_hepatitis", chronic_hepatitis)
    choices = [
        _liver_points(bilirubin, 1.5),
        _liver_points(enzymes, 2.5),
        (0, 3) if is_cirrhotic is None else (3 * is_cirrhotic,),
        (0, 1) if has_hepatitis is None else (1 * has_hepatitis,),
    ]
    return _worst(_HEPATIC, choices, inputs)


def _liver_points(times_uln: float | None, severe_over: float) -> tuple[int, ...]:
    if times_uln is None:
        return 0, 1, 3
    return (3,) if times_uln > severe_over else (1,) if times_uln > 1 else (0,)


def _worst(rule: Definition, choices: Iterable[tuple[int, ...]], inputs: Mapping[str, object]) -> Finding:
    """The highest of what each sign may be worth, with its bounds."""
    each = list(choices)
    low, high = max(min(one) for one in each), max(max(one) for one in each)
    return rule.find({"points": low if low == high else None, "at_least": low, "at_most": high}, inputs)


def hct_ci_age(*, hct_ci: int | None = None, age_years: float | None = None) -> Finding:
    """HCT-CI with a point for an age of 40 years or more, and its band: 0-2, 3-4, >=5.

    >>> hct_ci_age(hct_ci=4, age_years=61).values["band"]
    '>=5'
    """
    inputs = {"hct_ci": hct_ci, "age_years": age_years}
    points = within("hct_ci_age", hct_ci, 0, HIGHEST, hct_ci="whole points")
    if points is not None and points != int(points):
        raise InputError("hct_ci_age", "hct_ci", repr(hct_ci), "whole points", "give the index without age")
    is_older = reaches(within("hct_ci_age", age_years, 0, 130, age_years="years"), _AGE_LIMIT)
    low = int(points or 0) + (is_older is True)
    high = int(HIGHEST if points is None else points) + (is_older is not False)
    bands = {_band(low), _band(high)}
    values = {
        "score": low if low == high else None,
        "band": bands.pop() if len(bands) == 1 else None,
        "at_least": low,
        "at_most": high,
    }
    return _AGE.find(values, inputs)


def _band(score: int) -> str:
    return "0-2" if score <= 2 else "3-4" if score <= 4 else ">=5"
