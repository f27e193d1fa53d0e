"""Veno-occlusive disease (sinusoidal obstruction syndrome) by five published definitions.

Modified Seattle: by day 20, two of bilirubin over 2 mg/dL, hepatomegaly or pain under the right ribs, weight gain over
2 %. Baltimore: by day 21, bilirubin of 2 or more and two of painful hepatomegaly, weight gain over 5 %, ascites. Tables
read in doi:10.3748/wjg.v25.i28.3753. EBMT, adults 2016: doi:10.1038/bmt.2016.130; children 2018:
doi:10.1038/bmt.2017.161; adults 2023: doi:10.1038/s41409-023-01992-8, table read on the manufacturer's clinical page.

A sign of None was not looked for. Signs must have no other cause. A category of None with ``complete`` true says that
no category is met.
"""

from __future__ import annotations

from dayzero.criteria.logic import above, all_of, any_of, enough, reaches
from dayzero.criteria.result import Definition, Finding

SEATTLE = Definition("vod_modified_seattle", "modified Seattle", "doi:10.3748/wjg.v25.i28.3753", verified=True)
BALTIMORE = Definition("vod_baltimore", "Baltimore", "doi:10.3748/wjg.v25.i28.3753", verified=True)
ADULT_2016 = Definition("vod_ebmt_adult_2016", "EBMT 2016", "Mohty 2016, doi:10.1038/bmt.2016.130", verified=True)
CHILD_2018 = Definition(
    "vod_ebmt_paediatric_2018", "EBMT 2018", "Corbacioglu 2018, doi:10.1038/bmt.2017.161", verified=True
)
ADULT_2023 = Definition(
    "vod_ebmt_adult_2023",
    "EBMT 2023",
    "Mohty 2023, doi:10.1038/s41409-023-01992-8; table as on the manufacturer's clinical page",
    verified=True,
)

SEATTLE_DAYS, CLASSICAL_DAYS = 20, 21
BILIRUBIN_MG_DL, WEIGHT_GAIN_PCT = 2.0, 5.0
_HVPG_MMHG = 10.0


def vod_modified_seattle(
    *,
    bilirubin_mg_dl: float | None = None,
    hepatomegaly_or_ruq_pain: bool | None = None,
    weight_gain_pct: float | None = None,
    day: int | None = None,
) -> Finding:
    """Modified Seattle criteria: two of three by day 20.

    >>> vod_modified_seattle(bilirubin_mg_dl=2.1, hepatomegaly_or_ruq_pain=False, weight_gain_pct=2.5, day=10)["vod"]
    True
    """
    inputs = locals()
    signs = enough(2, above(bilirubin_mg_dl, 2), hepatomegaly_or_ruq_pain, above(weight_gain_pct, 2))
    vod = all_of(_by(day, SEATTLE_DAYS), signs)
    return SEATTLE.find({"vod": vod}, inputs, days=_days(vod, day))


def vod_baltimore(
    *,
    bilirubin_mg_dl: float | None = None,
    painful_hepatomegaly: bool | None = None,
    weight_gain_pct: float | None = None,
    ascites: bool | None = None,
    day: int | None = None,
) -> Finding:
    """Baltimore criteria: bilirubin of 2 mg/dL or more and two of three signs by day 21.

    >>> vod_baltimore(bilirubin_mg_dl=2.0, painful_hepatomegaly=True, weight_gain_pct=6, ascites=False, day=12)["vod"]
    True
    """
    inputs = locals()
    vod = all_of(_by(day, CLASSICAL_DAYS), _baltimore(bilirubin_mg_dl, painful_hepatomegaly, weight_gain_pct, ascites))
    return BALTIMORE.find({"vod": vod}, inputs, days=_days(vod, day))


def vod_ebmt_adult_2016(
    *,
    bilirubin_mg_dl: float | None = None,
    painful_hepatomegaly: bool | None = None,
    weight_gain_pct: float | None = None,
    ascites: bool | None = None,
    day: int | None = None,
    histology: bool | None = None,
    us_or_hvpg_evidence: bool | None = None,
) -> Finding:
    """EBMT 2016 in adults: ``classical`` to day 21 (Baltimore), ``late_onset`` after it, None where neither is met.

    Late onset: the Baltimore signs, or histology, or two of the four signs with evidence of the portal circulation
    (``us_or_hvpg_evidence``).

    >>> signs = {"bilirubin_mg_dl": 1.0, "painful_hepatomegaly": True, "weight_gain_pct": 7, "ascites": False}
    >>> vod_ebmt_adult_2016(**signs, day=30, histology=False, us_or_hvpg_evidence=True)["vod"]
    'late_onset'
    """
    inputs = locals()
    signs = (bilirubin_mg_dl, painful_hepatomegaly, weight_gain_pct, ascites)
    early = all_of(_by(day, CLASSICAL_DAYS), _baltimore(*signs))
    late = all_of(
        above(day, CLASSICAL_DAYS),
        any_of(_baltimore(*signs), histology, all_of(enough(2, *_four(*signs)), us_or_hvpg_evidence)),
    )
    return ADULT_2016.find(
        {"vod": "classical" if early else "late_onset" if late else None},
        inputs,
        complete=any_of(early, late) is not None,
        days=_days(any_of(early, late), day),
    )


def vod_ebmt_paediatric_2018(
    *,
    refractory_thrombocytopenia: bool | None = None,
    weight_gain_pct: float | None = None,
    weight_up_3_days_despite_diuretics: bool | None = None,
    hepatomegaly: bool | None = None,
    ascites: bool | None = None,
    bilirubin_rising_3_days: bool | None = None,
    bilirubin_ge2_within_72h: bool | None = None,
    day: int | None = None,
) -> Finding:
    """EBMT 2018 in children: two of five signs, on any day.

    Thrombocytopenia that consumes at least one transfusion a day; weight up on three days in spite of diuretics or over
    5 %; a liver larger, or ascites more, than at baseline; bilirubin rising on three days or 2 mg/dL within 72 hours.

    >>> vod_ebmt_paediatric_2018(refractory_thrombocytopenia=None, weight_gain_pct=0, hepatomegaly=True, ascites=True,
    ...                          weight_up_3_days_despite_diuretics=False, bilirubin_rising_3_days=False,
    ...                          bilirubin_ge2_within_72h=False)["vod"]
    True
    """
    inputs = locals()
    vod = enough(
        2,
        refractory_thrombocytopenia,
        any_of(weight_up_3_days_despite_diuretics, above(weight_gain_pct, WEIGHT_GAIN_PCT)),
        hepatomegaly,
        ascites,
        any_of(bilirubin_rising_3_days, bilirubin_ge2_within_72h),
    )
    return CHILD_2018.find({"vod": vod}, inputs, days=_days(vod, day))


def vod_ebmt_adult_2023(
    *,
    bilirubin_mg_dl: float | None = None,
    painful_hepatomegaly: bool | None = None,
    weight_gain_pct: float | None = None,
    ascites: bool | None = None,
    us_or_elastography_suggestive: bool | None = None,
    day: int | None = None,
    histology: bool | None = False,
    hvpg_mmhg: float | None = None,
) -> Finding:
    """EBMT 2023 in adults: the highest of ``proven``, ``clinical`` and ``probable``, or None.

    ``onset``: ``classical`` to day 21, then ``late``. Proven: histology, or a pressure gradient of 10 mmHg or more;
    neither is done as a rule, and what is not named was not done. Clinical: Baltimore signs. Probable: two of the four
    signs and imaging. ``at_least``: what is sure.

    >>> vod_ebmt_adult_2023(bilirubin_mg_dl=1.2, painful_hepatomegaly=True, weight_gain_pct=6, ascites=False,
    ...                     us_or_elastography_suggestive=False, day=15)["category"]
    'probable'
    """
    inputs = locals()
    signs = (bilirubin_mg_dl, painful_hepatomegaly, weight_gain_pct, ascites)
    ladder: dict[str, bool | None] = {
        "proven": any_of(histology, False if hvpg_mmhg is None else hvpg_mmhg >= _HVPG_MMHG),
        "clinical": _baltimore(*signs),
        "probable": enough(2, *_four(*signs), us_or_elastography_suggestive),
    }
    sure = next((name for name, met in ladder.items() if met), None)
    possible = next((name for name, met in ladder.items() if met is not False), None)
    is_known = sure == possible
    onset = None if day is None or possible is None else "classical" if day <= CLASSICAL_DAYS else "late"
    return ADULT_2023.find(
        {"category": sure if is_known else None, "at_least": sure, "onset": onset},
        inputs,
        complete=is_known,
        days=_days(sure is not None, day),
    )


def _four(
    bilirubin: float | None, painful_hepatomegaly: bool | None, weight_gain: float | None, ascites: bool | None
) -> tuple[bool | None, ...]:
    return (
        reaches(bilirubin, BILIRUBIN_MG_DL),
        painful_hepatomegaly,
        above(weight_gain, WEIGHT_GAIN_PCT),
        ascites,
    )


def _baltimore(
    bilirubin: float | None, painful_hepatomegaly: bool | None, weight_gain: float | None, ascites: bool | None
) -> bool | None:
    jaundice, *others = _four(bilirubin, painful_hepatomegaly, weight_gain, ascites)
    return all_of(jaundice, enough(2, *others))


def _by(day: int | None, limit: int) -> bool | None:
    return None if day is None else day <= limit


def _days(met: bool | None, day: int | None) -> tuple[int, ...]:
    return (day,) if met and day is not None else ()
