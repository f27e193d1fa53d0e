"""Transplant-associated thrombotic microangiopathy read from a chart, for every patient at once.

Harmonised criteria of 2023, as in `dayzero.criteria.endothelium`: four of seven signs at two consecutive time points
within 14 days. Conventions of this project: a time point is a day on which LDH was measured, and other readings stand
for seven days. Anemia: hemoglobin 1 g/dL or more under its highest of the 14 days before, or red cells given in them
after neutrophils came back. Thrombocytopenia: platelets given in the 14 days before after platelets came back; no
platelets of 20e9/L by day 28; or half or less of the highest of the 14 days before, once they had reached 50e9/L.
Hypertension: systolic 140 mmHg or more; under it the diastolic pressure, not on charts, decides. Charts hold neither
schistocytes nor complement.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dayzero.criteria.chart_engraftment_syndrome import first_neutrophils
from dayzero.criteria.endothelium import NEEDED, TATMA
from dayzero.criteria.engraftment import platelet_engraftment
from dayzero.criteria.result import Judgement
from dayzero.criteria.signs import (
    DAYS,
    Levels,
    Seen,
    bounds,
    by_day_highest,
    carried,
    counted,
    first_day,
    highest,
    reaching,
    seen_at,
    unread,
)  # fmt: skip
from dayzero.records.chart import Chart, Column, Floats, Integers, empty_column

APART_DAYS, CARRY_DAYS = 14, 7
_HB_FALL, _SYSTOLIC, _PROTEIN, _PLATELETS_BACK_BY = 1.0, 140.0, 1.0, 28


def microangiopathy_of(chart: Chart, *, upper_limits: Mapping[str, float] | None = None) -> Judgement:
    """Microangiopathy of every patient, from day 0 on.

    Columns: ``status`` (``tma``, ``none``, ``not_evaluable``), ``day`` (first of the two time points), ``signs`` (most
    that surely were there at once), ``documented_day`` (event ``microangiopathy``), ``note``. ``upper_limits``: of
    ``ldh``, U/L; without it LDH is one of the signs that are not known.

    >>> on = [0, 0, 0], [60, 70, 74]
    >>> signs = {"ldh": (*on, [200, 700, 800]), "hemoglobin": (*on, [10.0, 8.0, 7.5]),
    ...          "systolic_pressure": (*on, [120, 160, 170]), "urine_protein": (*on, [0.1, 1.5, 2.0])}
    >>> microangiopathy_of(Chart.from_columns(signs, ["A"]), upper_limits={"ldh": 250}).rows()[0]["day"]
    70
    """
    count, limit = len(chart), (upper_limits or {}).get("ldh")
    ldh = chart.column("ldh")
    keys = reaching(ldh, 0.0).key
    signs = [
        _anemia(chart, keys),
        _thrombocytopenia(chart, keys),
        unread(len(keys)) if limit is None else seen_at(reaching(ldh, np.nextafter(limit, np.inf)), keys, 0),
        _hypertension(chart, keys),
        seen_at(reaching(chart.column("urine_protein"), _PROTEIN), keys, CARRY_DAYS),
        unread(len(keys)),  # schistocytes
        unread(len(keys)),  # terminal complement complex
    ]
    sure, may = counted(signs)
    patient, day = keys // DAYS, keys % DAYS
    met = first_day(patient, day, _twice(keys, sure >= NEEDED), count)
    may_be = ~np.isnan(first_day(patient, day, _twice(keys, may >= NEEDED), count))
    measured = np.bincount(patient, minlength=count) > 0
    written = chart.events.get("microangiopathy", empty_column())
    most = highest(patient, sure.astype(float), count)
    told = "schistocytes and complement are not on charts" + ("" if limit else "; the upper limit of LDH is not given")
    columns: dict[str, NDArray[Any]] = {
        "status": np.select([~np.isnan(met), ~measured | may_be], ["tma", "not_evaluable"], "none"),
        "day": met,
        "signs": most,
        "documented_day": first_day(written.patient, written.day, written.day >= 0, count),
        "note": np.select([~np.isnan(met), ~measured, may_be], ["", "not measured: LDH", told], ""),
    }
    return Judgement(TATMA, chart.patients, columns, {"upper_limits": dict(upper_limits or {})})


def _twice(keys: Integers, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where a time point and the next one both show it, 14 days apart at most."""
    both = np.zeros(len(keys), bool)
    same = keys[1:] // DAYS == keys[:-1] // DAYS
    both[:-1] = rows[:-1] & rows[1:] & same & (np.diff(keys) <= APART_DAYS)
    return both


def _anemia(chart: Chart, keys: Integers) -> Seen:
    hemoglobin = chart.column("hemoglobin")
    low, high = bounds(hemoglobin)
    lows, highs = by_day_highest(hemoglobin, -high, -low, 0), by_day_highest(hemoglobin, low, high, 0)
    now_high, now_low = (-one for one in carried(lows, keys, CARRY_DAYS))  # the lower reading of a day counts now
    before_low, before_high = _highest_before(highs, keys)
    fell, may_have = before_low - now_high >= _HB_FALL, ~(before_high - now_low < _HB_FALL)
    given, recorded = _given(chart, "red_cell_transfusion", keys)
    back = first_neutrophils(chart)[keys // DAYS] <= keys % DAYS
    return Seen(fell | (given & back), may_have | (given & back) | ~recorded & back, ~np.isnan(now_low))


def _thrombocytopenia(chart: Chart, keys: Integers) -> Seen:
    patient, day = keys // DAYS, keys % DAYS
    platelets = chart.column("platelets")
    twenty, fifty = (platelet_engraftment(chart, limit) for limit in (20, 50))
    given, recorded = _given(chart, "platelet_transfusion", keys)
    again = given & (twenty.day[patient] <= day)
    late = day >= _PLATELETS_BACK_BY
    never = late & (twenty.status[patient] == "not_yet") | (late & (twenty.day[patient] > day))
    low, high = bounds(platelets)
    lows, highs = by_day_highest(platelets, -high, -low, 0), by_day_highest(platelets, low, high, 0)
    now_high, now_low = (-one for one in carried(lows, keys, CARRY_DAYS))
    before_low, before_high = _highest_before(highs, keys)
    full = fifty.day[patient] <= day
    maybe_full = full | (fifty.status[patient] == "not_evaluable") | (fifty.status[patient] == "never_below")
    halved, may_be_halved = full & (now_high <= before_low / 2), maybe_full & ~(now_low > before_high / 2)
    unsure = ~recorded | ((twenty.status[patient] == "not_evaluable") & late)
    return Seen(again | never | halved, again | never | may_be_halved | unsure, ~np.isnan(now_low))


def _hypertension(chart: Chart, keys: Integers) -> Seen:
    seen = seen_at(reaching(chart.column("systolic_pressure"), _SYSTOLIC), keys, CARRY_DAYS)
    return Seen(seen.sure, np.ones(len(keys), bool), seen.read)


def _highest_before(levels: Levels, keys: Integers) -> tuple[Floats, Floats]:
    """The highest level of the 14 days before each key, the key's own day not among them; nan where not read."""
    low, high = np.full(len(keys), np.nan), np.full(len(keys), np.nan)
    if not len(levels.key):
        return low, high
    for back in range(1, APART_DAYS + 1):
        at = np.minimum(np.searchsorted(levels.key, keys - back), len(levels.key) - 1)
        same = (levels.key[at] == keys - back) & (keys % DAYS >= back)
        low = np.fmax(low, np.where(same, levels.low[at], np.nan))
        high = np.fmax(high, np.where(same, levels.high[at], np.nan))
    return low, high


def _given(chart: Chart, kind: str, keys: Integers) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether a transfusion was given in the 14 days up to each key, and whether transfusions are recorded."""
    events: Column = chart.column(kind)
    after = events.day >= 0
    own = events.patient[after] * DAYS + events.day[after]
    since = np.maximum(keys - APART_DAYS, keys - keys % DAYS)
    given = np.searchsorted(own, keys, side="right") > np.searchsorted(own, since)
    return given, chart.transfusions_recorded[keys // DAYS] | given
