"""Injury of small vessels: thrombotic microangiopathy after transplant, and the EASIX index.

TA-TMA: harmonised criteria of 2023 (Schoettler 2023, as tabulated in PMC11882261, Table 3). EASIX: Luft 2020,
doi:10.1038/s41409-019-0703-1; units doi:10.1038/s41409-024-02267-6.
"""

from __future__ import annotations

import math

from dayzero.criteria.gvhd import GRADES
from dayzero.criteria.logic import all_of, any_of, enough, opposite, reaches
from dayzero.criteria.result import Definition, Finding
from dayzero.errors import InputError
from dayzero.units import convert, nearest

_TATMA_SOURCE = "Schoettler 2023 harmonised criteria, as tabulated in PMC11882261, Table 3"
TATMA = Definition("tatma_harmonised_2023", "harmonised 2023", _TATMA_SOURCE, verified=True)
_HIGH_RISK = Definition("tatma_high_risk", "harmonised 2023", _TATMA_SOURCE, verified=True)
EASIX = Definition("easix", "Luft 2020", "Luft 2020, doi:10.1038/s41409-019-0703-1", verified=True)

NEEDED, _TIMEPOINTS = 4, 2
HIGH_EASIX = 3.0


def tatma_harmonised_2023(
    *,
    anemia: bool | None = None,
    thrombocytopenia: bool | None = None,
    ldh_gt_uln: bool | None = None,
    schistocytes: bool | None = None,
    hypertension: bool | None = None,
    sc5b9_ge_uln: bool | None = None,
    rupcr_ge_1: bool | None = None,
    within_14_days: bool | None = None,
    timepoints: int | None = None,
    biopsy: bool | None = False,
    aiha_or_prca: bool | None = False,
) -> Finding:
    """Biopsy of kidney or gut, or at least four of seven within 14 days at two consecutive time points.

    ``anemia`` and ``thrombocytopenia`` as the criteria word them; ``sc5b9_ge_uln``: terminal complement complex at the
    upper limit of normal or over; ``rupcr_ge_1``: protein to creatinine in random urine, 1 mg/mg or more. Autoimmune
    hemolysis or pure red cell aplasia excludes it; a biopsy or an exclusion that is not named was not there.

    >>> seen = dict(anemia=True, thrombocytopenia=True, ldh_gt_uln=True, schistocytes=True, hypertension=None)
    >>> tatma_harmonised_2023(**seen, sc5b9_ge_uln=None, rupcr_ge_1=None, within_14_days=True, timepoints=2)["tatma"]
    True
    """
    inputs = locals()
    signs = (anemia, thrombocytopenia, ldh_gt_uln, schistocytes, hypertension, sc5b9_ge_uln, rupcr_ge_1)
    clinical = all_of(enough(NEEDED, *signs), within_14_days, reaches(timepoints, _TIMEPOINTS))
    tatma = all_of(any_of(biopsy, clinical), opposite(aiha_or_prca))
    return TATMA.find({"tatma": tatma, "signs": sum(sign is True for sign in signs)}, inputs)


def tatma_high_risk(
    *,
    sc5b9_x_uln: float | None = None,
    rupcr: float | None = None,
    ldh_x_uln: float | None = None,
    agvhd_grade: str | None = None,
    infection: bool | None = None,
    organ_dysfunction: bool | None = None,
) -> Finding:
    """Whether a TA-TMA is of high risk: any one of six.

    sC5b-9 at the upper limit of normal or over, protein to creatinine in urine of 1 mg/mg or more, LDH twice its limit
    or more, acute GVHD II-IV, infection, organ dysfunction at the same time.

    >>> tatma_high_risk(sc5b9_x_uln=0.8, rupcr=0.1, ldh_x_uln=2.0, agvhd_grade="0", infection=False,
    ...                 organ_dysfunction=False)["high_risk"]
    True
    """
    if agvhd_grade is not None and agvhd_grade not in GRADES:
        expected, advice = ", ".join(GRADES), nearest(agvhd_grade, GRADES)
        raise InputError("tatma_high_risk", "agvhd_grade", repr(agvhd_grade), expected, advice)
    inputs = locals()
    high = any_of(
        reaches(sc5b9_x_uln, 1),
        reaches(rupcr, 1),
        reaches(ldh_x_uln, 2),
        None if agvhd_grade is None else GRADES.index(agvhd_grade) >= 2,
        infection,
        organ_dysfunction,
    )
    return _HIGH_RISK.find({"high_risk": high}, inputs)


def easix(
    *,
    ldh_u_l: float | None = None,
    creatinine: float | None = None,
    platelets: float | None = None,
    creatinine_unit: str = "mg/dL",
) -> Finding:
    """EASIX, LDH (U/L) x creatinine (mg/dL) / platelets (1e9/L), and its logarithm to base 2.

    ``high_pre``: 3 or more, the cut tested prospectively before conditioning. Without platelets it is not defined.

    >>> easix(ldh_u_l=200, creatinine=1.0, platelets=100).values
    {'easix': 2.0, 'log2_easix': 1.0, 'high_pre': False}
    """
    in_mg = None if creatinine is None else convert(float(creatinine), "creatinine", creatinine_unit)
    inputs = {"ldh_u_l": ldh_u_l, "creatinine": in_mg, "platelets": platelets}
    if ldh_u_l is None or in_mg is None or not platelets:
        note = "no platelets: not defined" if platelets == 0 else ""
        return EASIX.find({"easix": None, "log2_easix": None, "high_pre": None}, inputs, note=note)
    value = ldh_u_l * in_mg / platelets
    log2 = math.log2(value) if value > 0 else None
    return EASIX.find({"easix": value, "log2_easix": log2, "high_pre": value >= HIGH_EASIX}, inputs)
