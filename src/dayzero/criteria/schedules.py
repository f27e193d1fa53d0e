"""Days and doses of drugs against GVHD.

Sources: methotrexate 15 mg/m2 d+1, 10 mg/m2 d+3, +6, +11 (MGH handbook), cord variants doi:10.1007/s00277-020-03937-3;
post-transplant cyclophosphamide doi:10.1038/s41409-021-01378-8, Table 3; abatacept 10 mg/kg d-1, +5, +14, +28 (ABA2),
its 1000 mg ceiling and the doses under six years recalled from the label.
"""

from __future__ import annotations

from collections.abc import Sequence

from dayzero.criteria.result import Definition, Finding
from dayzero.errors import InputError
from dayzero.units import nearest

_MTX = Definition("mtx_schedule", "by arm", "MGH handbook; doi:10.1007/s00277-020-03937-3", verified=True)
_PTCY = Definition("ptcy_schedule", "EBMT 2021", "doi:10.1038/s41409-021-01378-8, Table 3", verified=True)
_ABATACEPT = Definition("abatacept_schedule", "ABA2", "ABA2 trial; abatacept label (US)", verified=True)

_MTX_DAYS = (1, 3, 6, 11)
#: Arm -> doses in mg/m2, and whether the arm was read in a source.
_MTX_ARMS = {
    "15/10/10/10": ((15, 10, 10, 10), True),
    "15/10/10": ((15, 10, 10), True),
    "5/5/5": ((5, 5, 5), True),
    "5/5/5/5": ((5, 5, 5, 5), False),
}
_PTCY_MG_PER_KG = 50.0
_MMF_STOP_DAY = 35
_ABATACEPT_DAYS = (-1, 5, 14, 28)
_ABATACEPT_MAX_MG = 1000.0
_ABATACEPT_YOUNGEST, _ABATACEPT_FULL_AGE = 2, 6


def mtx_schedule(*, bsa_m2: float | None = None, arm: str = "15/10/10/10") -> Finding:
    """Methotrexate after transplant; ``arm`` gives the doses in mg/m2.

    >>> mtx_schedule(bsa_m2=1.8, arm="15/10/10/10")["doses_mg"]
    [27.0, 18.0, 18.0, 18.0]
    """
    if arm not in _MTX_ARMS:
        raise InputError("mtx_schedule", "arm", repr(arm), ", ".join(_MTX_ARMS), nearest(arm, _MTX_ARMS))
    per_m2, verified = _MTX_ARMS[arm]
    doses = None if bsa_m2 is None else [dose * bsa_m2 for dose in per_m2]
    values = {"days": list(_MTX_DAYS[: len(per_m2)]), "doses_mg": doses}
    inputs = {"bsa_m2": bsa_m2, "arm": arm}
    return _MTX.find(values, inputs, complete=doses is not None, verified=verified)


def ptcy_schedule(*, dosing_weight_kg: float | None = None, days: Sequence[int] = (3, 4)) -> Finding:
    """Cyclophosphamide after transplant, 50 mg/kg a day; calcineurin inhibitor and mycophenolate start the day after.

    No immunosuppressant, steroids included, from day 0 until 24 h after the last dose.

    >>> ptcy_schedule(dosing_weight_kg=70)["dose_mg"]
    3500.0
    """
    dose = None if dosing_weight_kg is None else _PTCY_MG_PER_KG * dosing_weight_kg
    start = max(days) + 1
    values = {
        "days": list(days),
        "dose_mg": dose,
        "cni_start_day": start,
        "mmf_start_day": start,
        "mmf_stop_day": _MMF_STOP_DAY,
    }
    inputs = {"dosing_weight_kg": dosing_weight_kg, "days": tuple(days)}
    return _PTCY.find(values, inputs, complete=dose is not None, verified=tuple(days) == (3, 4))


def abatacept_schedule(*, weight_kg: float | None = None, age_years: float | None = None) -> Finding:
    """Abatacept: 10 mg/kg (at most 1000 mg) from six years on; 15 then 12 mg/kg from two to under six; else missing.

    >>> abatacept_schedule(weight_kg=70, age_years=40)["dose_mg"]
    700.0
    """
    inputs = {"weight_kg": weight_kg, "age_years": age_years}
    doses = _abatacept_doses(weight_kg, age_years)
    single = doses[0] if doses and len(set(doses)) == 1 else None
    is_capped = weight_kg is not None and 10.0 * weight_kg > _ABATACEPT_MAX_MG
    is_adult_rule = age_years is not None and age_years >= _ABATACEPT_FULL_AGE
    note = "not licensed under two years" if age_years is not None and age_years < _ABATACEPT_YOUNGEST else ""
    return _ABATACEPT.find(
        {"days": list(_ABATACEPT_DAYS), "dose_mg": single, "doses_mg": doses},
        inputs,
        complete=doses is not None,
        verified=is_adult_rule and not is_capped,
        note=note,
    )


def _abatacept_doses(weight_kg: float | None, age_years: float | None) -> list[float] | None:
    if weight_kg is None or age_years is None or age_years < _ABATACEPT_YOUNGEST:
        return None
    if age_years >= _ABATACEPT_FULL_AGE:
        return [min(10.0 * weight_kg, _ABATACEPT_MAX_MG)] * len(_ABATACEPT_DAYS)
    later = min(12.0 * weight_kg, _ABATACEPT_MAX_MG)
    return [min(15.0 * weight_kg, _ABATACEPT_MAX_MG), *([later] * (len(_ABATACEPT_DAYS) - 1))]
