"""Whether acute graft-versus-host disease failed steroids, read from a chart, for every patient at once.

Definition and windows as in `dayzero.criteria.gvhd_treatment`: on prednisone of 2 mg/kg, progression from day 3 on, no
improvement by day 7, no complete response after more than 28 days. Conventions of this project: the course begins with
the first dose of 2 mg/kg or more from onset on, and ends before a gap of more than three days; its first stage of each
organ is that of the day it began; worse: an organ higher than then, on days of the full dose; better: one lower and
none higher, on the first day staged from day 7 on and within a week; complete: all of stage 0, on the first day staged
after day 28 and within two weeks. What happens on a taper is dependence, which is not judged here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dayzero.criteria.chart_gvhd import DailyGrades, acute_gvhd, daily_grades
from dayzero.criteria.gvhd_treatment import FULL_DOSE, REFRACTORY
from dayzero.criteria.result import Judgement
from dayzero.criteria.signs import DAYS, first_day
from dayzero.records.chart import Chart, Column, Floats, empty_column

WORSE_FROM, BETTER_BY, COMPLETE_BY = 3, 7, 28
_LOOK_DAYS = {BETTER_BY: 7, COMPLETE_BY + 1: 14}
_GAP_DAYS = 3
_ROUNDING = 1e-6  # doses written in another unit or precision

Flags = NDArray[np.bool_]


class _Course(NamedTuple):
    """First day, last full-dose day and last day of the first course of each patient; nan where there is none."""

    start: Floats
    full_to: Floats
    end: Floats


def steroid_refractory_of(
    chart: Chart, *, weight_kg: ArrayLike | None = None, carry_days: int = 7, graded: DailyGrades | None = None
) -> Judgement:
    """Refractoriness of acute GVHD to the first course of full-dose steroids, of every patient.

    Columns: ``status`` (``refractory``, ``not_refractory``, ``not_treated``, ``no_gvhd``, ``not_evaluable``), ``day``
    (first day a rule is met), ``kind`` (``progression``, ``no_improvement``, ``no_complete_response``), ``start`` of
    the course, ``note``. ``graded``: the daily grades of this chart, where there are already.

    >>> on = [0] * 8, list(range(20, 28))
    >>> signs = {"rash": (*on, [60] * 8), "bilirubin": (*on, [1.0] * 8), "stool_volume": (*on, [0.0] * 8)}
    >>> chart = Chart.from_columns(signs, ["A"], {"steroid": (*on, [2.0] * 8)})
    >>> steroid_refractory_of(chart).rows()[0]["kind"]
    'no_improvement'
    """
    count = len(chart)
    graded = daily_grades(chart, weight_kg=weight_kg, carry_days=carry_days) if graded is None else graded
    acute = acute_gvhd(chart, weight_kg=weight_kg, carry_days=carry_days, graded=graded)
    steroid = chart.events.get("steroid", empty_column())
    course = _course(steroid, acute.day, count)
    found = _failures(graded, course, count)
    days = np.array(list(found.values()))
    day = np.fmin.reduce(days)
    kinds = np.array([*found, ""])
    which = np.where(np.isnan(day), len(found), np.argmax(days == day, axis=0))
    treated, is_met = ~np.isnan(course.start), ~np.isnan(day)
    looked = _looked_at(graded, course, count)
    no_dose = np.zeros(count, bool)
    no_dose[steroid.patient[np.isnan(steroid.value)]] = True
    ill = acute.status == "acute_gvhd"
    cases = [
        (ill & is_met, "refractory", ""),
        (ill & (not len(steroid.day)), "not_evaluable", "no record of steroids"),
        (ill & ~treated & no_dose, "not_evaluable", "a dose of steroid was not written"),
        (ill & ~treated, "not_treated", ""),
        (ill & ~looked, "not_evaluable", "organs were not staged about day 7 of the steroid"),
        (ill, "not_refractory", ""),
        (acute.status == "none", "no_gvhd", ""),
    ]
    flags, words, notes = zip(*cases, strict=True)
    columns: dict[str, NDArray[Any]] = {
        "status": np.select(list(flags), list(words), "not_evaluable"),
        "day": np.where(ill, day, np.nan),
        "kind": np.where(ill, kinds[which], ""),
        "start": course.start,
        "note": np.select([*flags, np.ones(count, bool)], [*notes, "acute GVHD is not evaluable"], ""),
    }
    columns["note"] = np.where(columns["note"] == "", acute.note, columns["note"])
    settings = {"carry_days": carry_days, "progression_days": WORSE_FROM, "no_improvement_days": BETTER_BY,
                "complete_response_days": COMPLETE_BY}  # fmt: skip
    return Judgement(REFRACTORY, chart.patients, columns, settings)


def _course(steroid: Column, onset: Floats, count: int) -> _Course:
    full = steroid.value >= FULL_DOSE - _ROUNDING
    begins = full & (steroid.day >= onset[steroid.patient])
    start = first_day(steroid.patient, steroid.day, begins, count)
    inside = steroid.day >= start[steroid.patient]
    patient, day, high = steroid.patient[inside], steroid.day[inside], full[inside]
    same = np.r_[False, np.diff(patient) == 0] if len(patient) else np.zeros(0, bool)
    broken = same & np.r_[False, np.diff(day) > _GAP_DAYS] if len(patient) else same
    stops = first_day(patient, day, broken, count)
    lowered = first_day(patient, day, ~high, count)
    own = day < np.where(np.isnan(stops), np.inf, stops)[patient]
    end, full_to = np.full(count, np.nan), np.full(count, np.nan)
    np.fmax.at(end, patient[own], day[own].astype(float))
    at_full = own & (day < np.where(np.isnan(lowered), np.inf, lowered)[patient])
    np.fmax.at(full_to, patient[at_full], day[at_full].astype(float))
    return _Course(start, full_to, end)


def _failures(graded: DailyGrades, course: _Course, count: int) -> dict[str, Floats]:
    """First day of each kind of failure, shape (patients,); nan where there is none."""
    patient, day = graded.patient, graded.day
    now = np.array([graded.skin, graded.liver, graded.lower_gut])
    then = _stages_on(graded, now, course.start, count)[:, patient]
    since = day - course.start[patient]
    with np.errstate(invalid="ignore"):
        worse = (now > then).any(axis=0)
        lower = (now < then).any(axis=0)
        unwell = (now > 0).any(axis=0)
    staged: Flags = ~np.any(np.isnan([*now, *then]), axis=0)
    progression = worse & (since >= WORSE_FROM) & (day <= course.full_to[patient] + 1)
    no_better = _first_look(graded, course, staged, BETTER_BY) & ~(lower & ~worse) & unwell
    no_better &= course.full_to[patient] >= course.start[patient] + BETTER_BY - 1
    not_complete = _first_look(graded, course, staged, COMPLETE_BY + 1) & unwell
    return {
        "progression": first_day(patient, day, progression, count),
        "no_improvement": first_day(patient, day, no_better, count),
        "no_complete_response": first_day(patient, day, not_complete, count),
    }


def _stages_on(graded: DailyGrades, now: Floats, start: Floats, count: int) -> Floats:
    """Stages of each organ on the day the course began, shape (organs, patients); nan where not staged."""
    keys = graded.patient * DAYS + graded.day
    stages = np.full((len(now), count), np.nan)
    who = np.flatnonzero(~np.isnan(start))
    if len(keys) and len(who):
        wanted = who * DAYS + start[who].astype(np.int64)
        at = np.maximum(np.searchsorted(keys, wanted, side="right") - 1, 0)
        fresh = (keys[at] <= wanted) & (keys[at] // DAYS == who) & (wanted - keys[at] <= 1)
        stages[:, who[fresh]] = now[:, at[fresh]]
    return stages


def _first_look(graded: DailyGrades, course: _Course, staged: Flags, after: int) -> Flags:
    """The first staged day from a day of the course on, within some days and while the course goes on."""
    patient, day = graded.patient, graded.day
    since = day - course.start[patient]
    rows = staged & (since >= after) & (since < after + _LOOK_DAYS[after]) & (day <= course.end[patient] + _GAP_DAYS)
    first = first_day(patient, day, rows, len(course.start))
    return rows & (day == first[patient])


def _looked_at(graded: DailyGrades, course: _Course, count: int) -> Flags:
    staged: Flags = ~np.any(np.isnan([graded.skin, graded.liver, graded.lower_gut]), axis=0)
    found = np.zeros(count, bool)
    found[graded.patient[_first_look(graded, course, staged, BETTER_BY)]] = True
    return found
