"""Busulfan exposure: the same dose area in the units different centres use.

1 mg h/L = 1000 / 246.3 x 60 = 243.6 uM min (molar mass 246.3 g/mol). Over one dosing interval AUC = Css x interval.
Cumulative target with fludarabine 160 mg/m2: 85-95 mg h/L (doi:10.1038/s41409-021-01378-8, Table 1); Css 900 +/- 100
ng/mL every 6 h (BMT CTN 0901, NCT01339910). Doses adjust in proportion.
"""

from __future__ import annotations

from dayzero.criteria.result import Definition, Finding
from dayzero.errors import InputError

_BUSULFAN = Definition(
    "busulfan_exposure",
    "linear kinetics",
    "molar mass 246.3 g/mol; doi:10.1038/s41409-021-01378-8, Table 1; NCT01339910",
    verified=True,
)
UM_MIN_PER_MG_H_L = 1000 / 246.3 * 60
NG_ML_PER_MG_L = 1000.0


def busulfan_exposure(
    *,
    auc_mg_h_l: float | None = None,
    auc_um_min: float | None = None,
    css_ng_ml: float | None = None,
    interval_h: float | None = None,
    doses: int | None = None,
    cumulative_target_mg_h_l: float | None = None,
    daily_doses: int | None = None,
    dose_mg: float | None = None,
    auc_observed_mg_h_l: float | None = None,
    auc_target_mg_h_l: float | None = None,
    auc: float | None = None,
) -> Finding:
    """Convert, add up, split or adjust busulfan exposure; only what the inputs determine is answered.

    One dose may be given as ``auc_mg_h_l``, ``auc_um_min`` or ``css_ng_ml`` with ``interval_h``; ``doses`` gives the
    cumulative area. ``per_dose_auc_mg_h_l`` is the share of each dose in a cumulative target, or else the area of the
    one dose. An ``auc`` without unit, interval and number is refused: nothing follows from "AUC 5000".

    >>> round(busulfan_exposure(css_ng_ml=900, interval_h=6, doses=16)["cumulative_auc_mg_h_l"], 1)
    86.4
    >>> busulfan_exposure(dose_mg=224, auc_observed_mg_h_l=18.0, auc_target_mg_h_l=22.5)["next_dose_mg"]
    280.0
    """
    inputs = {name: value for name, value in locals().items() if value is not None}
    for name, value in inputs.items():
        if value <= 0:
            raise InputError("busulfan_exposure", name, f"{value:g}", "more than zero", "leave it out if missing")
    one = _one_dose(auc_mg_h_l, auc_um_min, css_ng_ml, interval_h)
    target = _ratio(cumulative_target_mg_h_l, daily_doses)
    each = one if target is None else target
    change = _ratio(auc_target_mg_h_l, auc_observed_mg_h_l)
    steady = _ratio(one, interval_h)
    values = {
        "auc_mg_h_l": one,
        "auc_um_min": _times(one, UM_MIN_PER_MG_H_L),
        "css_ng_ml": _times(steady, NG_ML_PER_MG_L) if css_ng_ml is None else css_ng_ml,
        "cumulative_auc_mg_h_l": _times(one, doses),
        "cumulative_auc_um_min": _times(_times(one, doses), UM_MIN_PER_MG_H_L),
        "per_dose_auc_mg_h_l": each,
        "per_dose_auc_um_min": _times(each, UM_MIN_PER_MG_H_L),
        "next_dose_mg": _times(dose_mg, change),
    }
    note = "" if auc is None else "an AUC without unit, dosing interval and number of doses says nothing: refused"
    answered = [value for value in values.values() if value is not None]
    return _BUSULFAN.find(values, inputs, complete=bool(answered) and auc is None, note=note)


def _one_dose(mg_h_l: float | None, um_min: float | None, css: float | None, interval_h: float | None) -> float | None:
    if mg_h_l is not None:
        return mg_h_l
    if um_min is not None:
        return um_min / UM_MIN_PER_MG_H_L
    return _times(None if css is None else css / NG_ML_PER_MG_L, interval_h)


def _times(value: float | None, factor: float | None) -> float | None:
    return None if value is None or factor is None else value * factor


def _ratio(value: float | None, by: float | None) -> float | None:
    return None if value is None or by is None else value / by
