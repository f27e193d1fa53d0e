"""Acute graft-versus-host disease read from a chart, for every patient at once.

Stages come from ``rash``, ``bilirubin`` and ``stool_volume``, grades from `dayzero.criteria.gvhd`. Conventions of this
project: a reading stands for its day and the next few (``carry_days``) until it is read again; of two readings of a day
the higher counts; charts hold no upper gut and no bullae, so that a chart's grade has none; what something else wholly
explains is left out as in `observed_grade`: stool read before day 14, everything before day 7, and a spell of bilirubin
of 2 mg/dL or more in which an event ``vod`` falls, or that begins within seven days of one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dayzero.criteria.gvhd import (
    FIRST_DAY,
    FIRST_GUT_DAY,
    GRADE,
    GRADES,
    grade_of_stages,
    liver_stage,
    lower_gut_stage,
    skin_stage,
)
from dayzero.criteria.result import Judgement
from dayzero.criteria.signs import DAYS, Levels, bounds, by_day_highest, carried, every_key, first_day, highest, rows_of
from dayzero.errors import InputError
from dayzero.records.chart import Chart, Column, Floats, Integers, empty_column
from dayzero.units import nearest

QUANTITY = {"skin": "rash", "liver": "bilirubin", "lower_gut": "stool_volume"}
SOURCES = ("signs", "documented")
_HIGHEST = (3.0, 4.0, 3.0)  # that these signs can reach
_HIGH_BILIRUBIN = 2.0
_VOD_DAYS = 7
_PUT_DOWN = "high bilirubin was put down to veno-occlusive disease"

Flags = NDArray[np.bool_]


class DailyGrades(NamedTuple):
    """One row for each patient and day, from day 7 on, on which a sign was read. Each array has shape (n,).

    Stages and ``grade`` are nan where missing; ``at_least`` is the grade of what is known.
    """

    patient: Integers
    day: Integers
    skin: Floats
    liver: Floats
    lower_gut: Floats
    grade: Floats
    at_least: Floats


def daily_grades(chart: Chart, *, weight_kg: ArrayLike | None = None, carry_days: int = 7) -> DailyGrades:
    """Stages and MAGIC grade by patient and day.

    ``weight_kg``: of each patient or of all; children up to 50 kg are staged by mL of stool a kg; None: adults.

    >>> signs = {"rash": ([0, 0], [20, 21], [60, 60]), "bilirubin": ([0, 0], [20, 22], [1.0, 4.0]),
    ...          "stool_volume": ([0], [20], [0.0])}
    >>> daily_grades(Chart.from_columns(signs, ["A"])).grade.tolist()
    [2.0, 2.0, 3.0]
    """
    if carry_days < 0:
        raise InputError("daily_grades", "carry_days", str(carry_days), "zero days or more", "0 for the day itself")
    stages = _staged(chart, weight_kg)
    keys = every_key(stages)
    patient, day = keys // DAYS, keys % DAYS
    low, high = np.array([carried(one, keys, carry_days) for one in stages]).transpose(1, 0, 2)
    # before day 14 the gut is left out, which is not missing
    low[2], high[2] = (np.where(day < FIRST_GUT_DAY, 0.0, stage[2]) for stage in (low, high))
    at_least = grade_of_stages(*np.where(np.isnan(low), 0.0, low))
    at_most = grade_of_stages(*np.where(np.isnan(high), np.array(_HIGHEST)[:, None], high))
    known = np.where(low == high, low, np.nan)
    grade = np.where(at_least == at_most, at_least, np.nan)
    return DailyGrades(patient, day, known[0], known[1], known[2], grade, at_least)


def acute_gvhd(
    chart: Chart,
    by_day: int = 100,
    *,
    source: str = "signs",
    weight_kg: ArrayLike | None = None,
    carry_days: int = 7,
    graded: DailyGrades | None = None,
) -> Judgement:
    """Acute GVHD of every patient up to a day: highest MAGIC grade, days of onset, organs.

    ``source``: ``signs`` grades rash, bilirubin and stool; ``documented`` takes the events ``acute_gvhd`` as written.
    ``graded``: the daily grades of this chart, where there are already.
    Columns: ``status`` (``acute_gvhd``, ``none``, ``not_evaluable``), ``grade`` (highest, "0" to "IV"), ``at_least``
    (highest grade of what is known, 0 to 4), ``day`` (onset of any grade), ``day_ii_iv``, ``day_iii_iv``, highest stage
    of ``skin``, ``liver``, ``lower_gut`` and their names in ``organs``, ``followed_to`` (last day a sign was read),
    ``note``. By signs, a patient is not evaluable where one was never read, unless what is known is grade IV or, for
    the gut, death came before day 14; on days on which one of the signs was not read, the others are graded.

    >>> signs = {"rash": ([0, 0], [20, 21], [10, 60]), "bilirubin": ([0, 0], [20, 22], [1.0, 4.0]),
    ...          "stool_volume": ([0], [20], [0.0])}
    >>> row = acute_gvhd(Chart.from_columns(signs, ["A"])).rows()[0]
    >>> row["grade"], row["day"], row["day_ii_iv"], row["day_iii_iv"], row["organs"]
    ('III', 20, 21, 22, 'skin, liver')
    """
    if source not in SOURCES:
        raise InputError("acute_gvhd", "source", repr(source), " or ".join(SOURCES), nearest(source, SOURCES))
    settings = {"by_day": by_day, "source": source, "carry_days": carry_days, "weight_kg": weight_kg}
    if source == "documented":
        columns = _documented(chart, by_day)
    else:
        daily = daily_grades(chart, weight_kg=weight_kg, carry_days=carry_days) if graded is None else graded
        columns = _by_signs(chart, by_day, daily)
        columns["note"] = np.where(_has_vod(chart) & (columns["note"] == ""), _PUT_DOWN, columns["note"])
    return Judgement(GRADE, chart.patients, columns, settings)


def _by_signs(chart: Chart, by_day: int, graded: DailyGrades) -> dict[str, NDArray[Any]]:
    rows, count = graded.day <= by_day, len(chart)
    patient, day, grade = graded.patient[rows], graded.day[rows], graded.at_least[rows]
    signs = (graded.skin, graded.liver, np.where(graded.day < FIRST_GUT_DAY, np.nan, graded.lower_gut))
    stages = {name: highest(patient, sign[rows], count) for name, sign in zip(QUANTITY, signs, strict=True)}
    at_least = highest(patient, grade, count)
    unread = {name: np.isnan(stage) for name, stage in stages.items()}
    unread["lower_gut"] &= chart.first_event("death") >= FIRST_GUT_DAY
    known = ~np.any(list(unread.values()), axis=0) | (at_least == len(GRADES) - 1)
    followed = highest(patient, day.astype(float), count)
    notes = _notes(unread, known, at_least)
    return _columns(patient, day, grade, known, stages, followed, notes)


def _documented(chart: Chart, by_day: int) -> dict[str, NDArray[Any]]:
    count, written = len(chart), chart.events.get("acute_gvhd", empty_column())
    rows = (written.day >= 0) & (written.day <= by_day)
    patient, day, amount = written.patient[rows], written.day[rows], written.value[rows]
    ungraded = np.zeros(count, bool)
    ungraded[patient[np.isnan(amount)]] = True
    grade = np.where(np.isnan(amount), 1.0, np.floor(amount))
    known = ~ungraded | (highest(patient, grade, count) == len(GRADES) - 1)
    notes = np.where(known, "", "a grade was not written")
    nothing = np.full(count, np.nan)
    stages = dict.fromkeys(QUANTITY, nothing)
    columns = _columns(patient, day, grade, known, stages, nothing, notes)
    return columns | {"at_least": np.nan_to_num(columns["at_least"])}


def _columns(
    patient: Integers,
    day: Integers,
    grade: Floats,
    known: Flags,
    stages: dict[str, Floats],
    followed: Floats,
    notes: NDArray[np.str_],
) -> dict[str, NDArray[Any]]:
    """One entry a patient from the grades by patient and day."""
    count = len(known)
    at_least = highest(patient, grade, count)
    onset = {name: first_day(patient, day, grade >= least, count) for name, least in
             (("day", 1), ("day_ii_iv", 2), ("day_iii_iv", 3))}  # fmt: skip
    return {
        "status": np.where(known, np.where(at_least > 0, "acute_gvhd", "none"), "not_evaluable"),
        "grade": np.where(known, np.array(GRADES)[np.nan_to_num(at_least).astype(int)], ""),
        "at_least": at_least,
        **onset,
        **stages,
        "organs": _organs(stages),
        "followed_to": followed,
        "note": notes,
    }


def _staged(chart: Chart, weight_kg: ArrayLike | None) -> list[Levels]:
    """Stages of skin, liver and lower gut by patient and day, what is left out staged 0 or dropped."""
    rash, bilirubin, stool = (chart.column(name) for name in QUANTITY.values())
    stool = rows_of(stool, stool.day >= FIRST_GUT_DAY)
    weight = None if weight_kg is None else np.broadcast_to(np.asarray(weight_kg, float), (len(chart),))[stool.patient]
    skin = [skin_stage(value) for value in bounds(rash)]
    liver = [np.where(_explained(chart, bilirubin), 0.0, liver_stage(value)) for value in bounds(bilirubin)]
    gut = [lower_gut_stage(value, weight) for value in bounds(stool)]
    return [
        by_day_highest(one, pair[0], pair[1], FIRST_DAY)
        for one, pair in ((rash, skin), (bilirubin, liver), (stool, gut))
    ]


def _explained(chart: Chart, bilirubin: Column) -> Flags:
    """Readings of a spell of high bilirubin that a documented veno-occlusive disease explains."""
    documented = chart.events.get("vod")
    explained = np.zeros(len(bilirubin.day), bool)
    if documented is None or not len(explained):
        return explained
    high = bilirubin.value >= _HIGH_BILIRUBIN
    is_new = np.r_[True, (np.diff(bilirubin.patient) != 0) | (np.diff(high) != 0)]
    starts = np.flatnonzero(is_new)
    spell = np.cumsum(is_new) - 1
    ends = np.r_[starts[1:], len(high)] - 1
    key = bilirubin.patient * DAYS + bilirubin.day
    events = documented.patient * DAYS + documented.day
    first = np.searchsorted(events, key[starts] - _VOD_DAYS, side="left")
    beyond = np.searchsorted(events, key[ends], side="right")
    return high & (beyond > first)[spell]


def _has_vod(chart: Chart) -> Flags:
    """Patients in whom a high bilirubin was put down to veno-occlusive disease."""
    bilirubin, found = chart.column("bilirubin"), np.zeros(len(chart), bool)
    found[bilirubin.patient[_explained(chart, bilirubin)]] = True
    return found


def _organs(stages: dict[str, Floats]) -> NDArray[np.str_]:
    names = [name.replace("_", " ") for name in stages]
    involved = np.array(list(stages.values())).T >= 1
    return np.array([", ".join(name for name, is_in in zip(names, row, strict=True) if is_in) for row in involved], str)


def _notes(unread: dict[str, Flags], known: Flags, at_least: Floats) -> NDArray[np.str_]:
    """Which sign was never read, and what the others show."""
    notes = np.full(len(known), "", object)
    for at in np.flatnonzero(~known):
        said = "not read: " + ", ".join(QUANTITY[name] for name, is_unread in unread.items() if is_unread[at])
        notes[at] = said if np.isnan(at_least[at]) else f"{said}; at least grade {GRADES[int(at_least[at])]}"
    return notes.astype(str)
