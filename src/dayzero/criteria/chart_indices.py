"""Indices and grades of counts read from a chart, for every patient at once: EASIX, and CTCAE of low counts.

Both by the definitions of `dayzero.criteria.endothelium` and `dayzero.criteria.counts`. Conventions of this project:
EASIX needs its three readings on one day; the lowest platelets and the highest LDH and creatinine of a day count;
before day 0 the first day with all three stands for "before conditioning".
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dayzero.criteria.counts import (
    NEUTROPENIA,
    NEUTROPENIA_LIMITS,
    THROMBOCYTOPENIA,
    THROMBOCYTOPENIA_LIMITS,
)
from dayzero.criteria.endothelium import EASIX, HIGH_EASIX
from dayzero.criteria.result import Judgement
from dayzero.criteria.signs import DAYS, bounds, first_day, listed
from dayzero.errors import InputError
from dayzero.records.chart import FIRST_DAY, Chart, Column, Floats, Integers
from dayzero.units import nearest

_COUNTS = {
    "neutrophils": (NEUTROPENIA, NEUTROPENIA_LIMITS),
    "platelets": (THROMBOCYTOPENIA, THROMBOCYTOPENIA_LIMITS),
}
_EASIX_OF = ("ldh", "creatinine", "platelets")


def easix_of(chart: Chart) -> Judgement:
    """EASIX of every patient: before conditioning, last, highest.

    Columns: ``status`` (``high``: 3 or more before conditioning, ``not_high``, ``calculated`` where there is only a
    later one, ``not_evaluable``), ``pre`` with ``pre_day``, ``last`` with ``last_day``, ``highest`` with
    ``highest_day``, ``day`` of the first of these,
    ``note``. Readings given as limits are left out.

    >>> readings = {"ldh": ([0], [-8], [300]), "creatinine": ([0], [-8], [1.2]), "platelets": ([0], [-8], [90])}
    >>> row = easix_of(Chart.from_columns(readings, ["A"])).rows()[0]
    >>> row["pre"], row["status"]
    (4.0, 'high')
    """
    count = len(chart)
    (key_of_ldh, ldh), (key_of_cr, creatinine), (key_of_plt, platelets) = (
        _each_day(chart.column(name), lowest=name == "platelets") for name in _EASIX_OF
    )
    keys = np.intersect1d(np.intersect1d(key_of_ldh, key_of_cr, True), key_of_plt, True)
    pairs = ((key_of_ldh, ldh), (key_of_cr, creatinine), (key_of_plt, platelets))
    top, mid, low = (values[np.searchsorted(own, keys)] for own, values in pairs)
    defined = low > 0
    keys, index = keys[defined], top[defined] * mid[defined] / low[defined]
    patient, day = keys // DAYS, keys % DAYS + FIRST_DAY
    early = np.flatnonzero(day < 0)[::-1]
    pre, last, most = (_Picked(count) for _ in range(3))
    pre.put(patient[early], index[early], day[early])  # rows are in order of day: the first is written last and stays
    last.put(patient, index, day)
    order = np.lexsort((-day, index))
    most.put(patient[order], index[order], day[order])
    has_pre, has_any = ~np.isnan(pre.value), ~np.isnan(last.value)
    unmeasured = {name: np.bincount(chart.column(name).patient, minlength=count) == 0 for name in _EASIX_OF}
    missing = listed({"LDH" if name == "ldh" else name: flags for name, flags in unmeasured.items()})
    columns: dict[str, NDArray[Any]] = {
        "status": np.select(
            [has_pre & (pre.value >= HIGH_EASIX), has_pre, has_any], ["high", "not_high", "calculated"], "not_evaluable"
        ),
        "pre": pre.value,
        "pre_day": pre.day,
        "last": last.value,
        "last_day": last.day,
        "highest": most.value,
        "highest_day": most.day,
        "day": np.where(has_pre, pre.day, last.day),
        "note": np.select(
            [has_pre, has_any, missing != ""],
            ["", "not measured before day 0: high or not is not judged", missing],
            "LDH, creatinine and platelets were never measured on one day",
        ),
    }
    return Judgement(EASIX, chart.patients, columns)


class _Picked:
    """One value and its day a patient; what is put later stays."""

    def __init__(self, count: int) -> None:
        self.value, self.day = np.full(count, np.nan), np.full(count, np.nan)

    def put(self, patient: Integers, value: Floats, day: Integers) -> None:
        self.value[patient] = value
        self.day[patient] = day


def _each_day(column: Column, *, lowest: bool) -> tuple[Integers, Floats]:
    """Keys and the lowest or highest exact reading of each patient and day, days before 0 among them."""
    exact = column.limit == 0
    keys = column.patient[exact] * DAYS + column.day[exact] - FIRST_DAY
    value = column.value[exact] * (-1 if lowest else 1)
    if not len(keys):
        return keys, value
    starts = np.flatnonzero(np.r_[True, np.diff(keys) != 0])
    return keys[starts], np.maximum.reduceat(value, starts) * (-1 if lowest else 1)


def ctcae_of(chart: Chart, count: str = "neutrophils", *, lln: float | None = None) -> Judgement:
    """CTCAE grade of low ``neutrophils`` or ``platelets`` by day, of every patient from day 0 on.

    Columns: ``status`` (worst grade in words: ``grade 4`` ..., ``grade 0 or 1`` where the laboratory's lower limit of
    normal, ``lln``, is not given, ``not_evaluable``), ``grade``, ``day`` (first day of it), ``days_grade_3`` and
    ``days_grade_4`` (measured days), ``last`` (grade on the last day measured), ``note``. The lower of two readings of
    a day counts; a reading given as a limit counts for the mildest grade it allows.

    >>> chart = Chart.from_columns({"neutrophils": ([0, 0, 0], [5, 6, 9], [0.7, 0.1, 3.0])}, ["A"])
    >>> row = ctcae_of(chart).rows()[0]
    >>> row["status"], row["day"], row["days_grade_3"], row["last"]
    ('grade 4', 6, 1, None)
    """
    if count not in _COUNTS:
        raise InputError("ctcae_of", "count", repr(count), ", ".join(_COUNTS), nearest(count, _COUNTS))
    rule, limits = _COUNTS[count]
    column, patients = chart.column(count), len(chart)
    rows = column.day >= 0
    patient, day, highest = column.patient[rows], column.day[rows], bounds(column)[1][rows]
    starts = np.flatnonzero(np.r_[True, (np.diff(patient) != 0) | (np.diff(day) != 0)]) if len(day) else day
    value = np.minimum.reduceat(highest, starts) if len(day) else highest
    patient, day = patient[starts], day[starts]
    grade = 1.0 + np.sum([value < limit for limit in limits], axis=0)
    mild = np.full(len(value), np.nan) if lln is None else np.where(value < lln, 1.0, 0.0)
    known = np.where(grade > 1, grade, mild)
    worst, last = np.full(patients, np.nan), np.full(patients, np.nan)
    np.fmax.at(worst, patient, known)
    last[patient] = known
    measured = np.bincount(patient, minlength=patients) > 0
    words = np.array([f"grade {at}" for at in range(5)])[np.nan_to_num(worst).astype(int)]
    columns: dict[str, NDArray[Any]] = {
        "status": np.select([~measured, np.isnan(worst)], ["not_evaluable", "grade 0 or 1"], words),
        "grade": worst,
        "day": first_day(patient, day, known == worst[patient], patients),
        **{f"days_grade_{at}": np.bincount(patient[known == at], minlength=patients).astype(float) for at in (3, 4)},
        "last": last,
        "note": np.where(measured, "", f"not measured from day 0 on: {count}"),
    }
    return Judgement(rule, chart.patients, columns, {"count": count, "lln": lln})
