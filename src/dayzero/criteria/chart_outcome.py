"""First events of every patient of a chart, ready to be counted by `dayzero.analyse.survival`.

Each answer has a ``day`` and a ``kind``, "" for censored, as ``DayCounts.of(day, kind)`` takes them::

    judged = relapse_or_death(chart)
    known = judged.status != "not_evaluable"
    DayCounts.of(judged.day[known], judged["kind"][known])

A patient is followed to the last day on which anything was measured or happened. An event that is not on the chart did
not happen. Conventions of this project: events of one day count in the order relapse, death, with GVHD before both;
chronic GVHD needs systemic treatment from the first day on which a steroid or ruxolitinib was given, counted from the
day it was found moderate or severe, or from its onset where a chart tells the severity of nobody; where a chart records
neither drug of anybody, from that day itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dayzero.criteria.chart_gvhd import DailyGrades, acute_gvhd
from dayzero.criteria.outcome import COMPETING_RISKS, CRFS, GRFS
from dayzero.criteria.result import Definition, Judgement
from dayzero.errors import InputError
from dayzero.records.chart import Chart, Floats, Integers, empty_column, last_of
from dayzero.units import DEATH_CAUSES, EVENTS, nearest

_FREE = Definition("relapse_or_death", "practice", "relapse-free survival: first of relapse and death", verified=True)
_NRM = Definition("nonrelapse_mortality", "practice", COMPETING_RISKS.citation, verified=True)
SYSTEMIC = ("steroid", "ruxolitinib")
MODERATE = "moderate_chronic_gvhd"
_DISEASE = next(code for code, word in DEATH_CAUSES.items() if word == "disease")
_DAYS = 2**17
_GRADES = {"I-IV": "day", "II-IV": "day_ii_iv", "III-IV": "day_iii_iv"}


def relapse_or_death(chart: Chart, *, by_day: int | None = None) -> Judgement:
    """First of relapse and death for every patient; ``kind``: ``relapse``, ``death`` or "" for censored.

    Columns: ``status`` (``event``, ``censored``, ``not_evaluable`` where nothing was seen from day 0 on), ``day``,
    ``kind``, ``note``. ``by_day``: follow-up ends there at the latest.

    >>> chart = Chart.from_columns({"neutrophils": ([0, 1], [90, 60], [3, 3])}, ["A", "B"], {"relapse": ([0], [80])})
    >>> [(row["day"], row["kind"]) for row in relapse_or_death(chart).rows()]
    [(80, 'relapse'), (60, None)]
    """
    days = {"relapse": _first(chart, "relapse"), "death": _first(chart, "death")}
    return _judged(_FREE, chart, days, (), by_day)


def nonrelapse_mortality(chart: Chart, *, by_day: int | None = None) -> Judgement:
    """Death without relapse for every patient; relapse competes, and so does a death written as one of the disease.

    Columns as in `relapse_or_death`, ``kind`` being ``nonrelapse_death`` or ``relapse``, ``status`` also ``competing``,
    and ``cause`` of a nonrelapse death in words, "" where none is written.

    >>> chart = Chart.from_columns({}, ["A", "B"], {"death": ([0, 1], [80, 90], [2, 2]), "relapse": ([1], [50])})
    >>> [(row["day"], row["kind"], row["cause"]) for row in nonrelapse_mortality(chart).rows()]
    [(80, 'nonrelapse_death', 'infection'), (50, 'relapse', None)]
    """
    death, cause = _first(chart, "death"), np.zeros(len(chart))
    deaths = chart.events.get("death", empty_column())
    cause[deaths.patient[::-1]] = np.nan_to_num(deaths.value[::-1])  # the first of a patient is written last and stays
    relapse = np.minimum(_first(chart, "relapse"), np.where(cause == _DISEASE, death, np.inf))
    judged = _judged(_NRM, chart, {"relapse": relapse, "nonrelapse_death": death}, ("relapse",), by_day)
    died = judged["kind"] == "nonrelapse_death"
    words = np.array([DEATH_CAUSES.get(code, "") for code in cause.astype(int).tolist()], str)
    return Judgement(_NRM, chart.patients, {**judged.columns, "cause": np.where(died, words, "")}, judged.settings)


def grfs_of(
    chart: Chart,
    *,
    by_day: int | None = None,
    acute_by_day: int = 100,
    source: str = "signs",
    weight_kg: ArrayLike | None = None,
    chronic: str = "treated",
    graded: DailyGrades | None = None,
) -> Judgement:
    """GVHD-free, relapse-free survival of every patient.

    Columns as in `relapse_or_death`, ``kind`` being ``agvhd_iii_iv``, ``cgvhd``, ``relapse`` or ``death``.
    ``acute_by_day``, ``source``, ``weight_kg`` and ``graded`` as in `acute_gvhd`; ``chronic``: ``treated`` (see above)
    or ``any``.
    Where acute GVHD is not evaluable the patient is not, unless another event came by day 7.

    >>> chart = Chart.from_columns({"platelets": ([0], [400], [90])}, ["A"], {"acute_gvhd": ([0, 0], [30, 41], [2, 3])})
    >>> grfs_of(chart, source="documented").rows()[0]["day"]
    41
    """
    acute = acute_gvhd(chart, acute_by_day, source=source, weight_kg=weight_kg, graded=graded)
    days = {
        "agvhd_iii_iv": np.where(np.isnan(acute["day_iii_iv"]), np.inf, acute["day_iii_iv"]),
        "cgvhd": _chronic(chart, chronic),
        "relapse": _first(chart, "relapse"),
        "death": _first(chart, "death"),
    }
    judged = _judged(GRFS, chart, days, (), by_day)
    columns = _without(judged.columns, acute, days["agvhd_iii_iv"])
    settings = {**judged.settings, "acute_by_day": acute_by_day, "source": source, "chronic": chronic}
    return Judgement(GRFS, chart.patients, columns, settings)


def crfs_of(chart: Chart, *, by_day: int | None = None) -> Judgement:
    """Survival free of relapse and of moderate or severe chronic GVHD, of every patient.

    Columns as in `relapse_or_death`, ``kind`` also ``cgvhd``. Where a chart tells of nobody that chronic GVHD was found
    moderate or severe (`cgvhd_global_nih2014`), a patient in whom it came first is not evaluable; the others are.

    >>> chart = Chart.from_columns({}, ["A", "B"], {"death": ([0, 1], [80, 90]), "chronic_gvhd": ([1], [60])})
    >>> [row["status"] for row in crfs_of(chart).rows()]
    ['event', 'not_evaluable']
    """
    moderate = {"cgvhd": _first(chart, MODERATE)} if MODERATE in chart.events else {}
    days = {**moderate, "relapse": _first(chart, "relapse"), "death": _first(chart, "death")}
    judged = _judged(CRFS, chart, days, (), by_day)
    hidden = (_first(chart, "chronic_gvhd") < judged.day) & (not moderate)
    columns = {
        "status": np.where(hidden, "not_evaluable", judged.status),
        "day": np.where(hidden, np.nan, judged.day),
        "kind": np.where(hidden, "", judged["kind"]),
        "note": np.where(hidden, "the severity of chronic GVHD is not on the chart", judged.note),
    }
    return Judgement(CRFS, chart.patients, columns, judged.settings)


def acute_gvhd_of(
    chart: Chart,
    grades: str = "II-IV",
    by_day: int = 100,
    *,
    source: str = "signs",
    weight_kg: ArrayLike | None = None,
    competing: Collection[str] = ("death",),
    censoring: Collection[str] = (),
) -> Judgement:
    """Onset of acute GVHD for every patient, with what competes or censors as stated.

    Columns as in `nonrelapse_mortality` without ``cause``; ``kind`` is ``acute_gvhd`` or the event that competed.
    ``grades``: I-IV, II-IV or III-IV.

    >>> chart = Chart.from_columns({"platelets": ([0], [400], [90])}, ["A"], {"acute_gvhd": ([0, 0], [30, 41], [2, 3])})
    >>> acute_gvhd_of(chart, source="documented").rows()[0]["day"]
    30
    """
    if grades not in _GRADES:
        raise InputError("acute_gvhd_of", "grades", repr(grades), ", ".join(_GRADES), nearest(grades, _GRADES))
    acute = acute_gvhd(chart, by_day, source=source, weight_kg=weight_kg)
    onset = acute[_GRADES[grades]]
    onset = np.where(np.isnan(onset), np.inf, onset)
    others = {kind: _first(chart, kind) for kind in (*competing, *censoring)}
    judged = _judged(COMPETING_RISKS, chart, {"acute_gvhd": onset, **others}, competing, by_day, censoring)
    columns = _without(judged.columns, acute, onset)
    settings = {**judged.settings, "grades": grades, "source": source}
    return Judgement(COMPETING_RISKS, chart.patients, columns, settings)


def _first(chart: Chart, kind: str) -> Floats:
    """Day of the first event from day 0 on, inf where there is none or charts do not know the kind."""
    if kind not in EVENTS:
        raise InputError("chart", "event", repr(kind), "a known event", nearest(kind, EVENTS))
    column = chart.events.get(kind, empty_column())
    first = np.full(len(chart), np.inf)
    kept = column.day >= 0
    np.minimum.at(first, column.patient[kept], column.day[kept])
    return first


def _chronic(chart: Chart, which: str) -> Floats:
    """Day from which chronic GVHD counts."""
    if which not in ("treated", "any"):
        raise InputError("grfs_of", "chronic", repr(which), "treated or any", nearest(which, ("treated", "any")))
    onset = _first(chart, MODERATE if which == "treated" and MODERATE in chart.events else "chronic_gvhd")
    given = [chart.events[drug] for drug in SYSTEMIC if drug in chart.events]
    if which == "any" or not given:
        return onset
    ill = np.flatnonzero(np.isfinite(onset))
    keys = np.unique(np.concatenate([column.patient * _DAYS + column.day for column in given]))
    at = np.searchsorted(keys, ill * _DAYS + onset[ill].astype(np.int64))
    next_dose = np.append(keys, np.iinfo(np.int64).max)[at] - ill * _DAYS
    treated = np.full(len(chart), np.inf)
    treated[ill] = np.where(next_dose < _DAYS // 2, next_dose, np.inf)
    return treated


def followed_to(chart: Chart) -> Floats:
    """Last day on which anything was measured or happened, shape (patients,); -inf where there is none."""
    last = chart.last_day()
    for column in chart.events.values():
        last = np.maximum(last, last_of(column, len(chart)))
    return last


def _judged(
    rule: Definition,
    chart: Chart,
    days: Mapping[str, Floats],
    competing: Collection[str],
    by_day: int | None,
    censoring: Collection[str] = (),
) -> Judgement:
    """The first of the events of each patient; on one day the one named first."""
    names = np.array([*days, ""])
    end = np.minimum(followed_to(chart), np.inf if by_day is None else by_day)
    table = np.array(list(days.values()))
    which: Integers = np.argmin(table, axis=0)
    when = table.min(axis=0)
    happened = when <= end
    censors = happened & np.isin(names[which], list(censoring))
    known = happened | (end >= 0)
    kind = np.where(happened & ~censors, names[which], "")
    is_rival = np.isin(kind, list(competing)) & (kind != "")
    word = np.where(is_rival, "competing", np.where(kind == "", "censored", "event"))
    columns: dict[str, NDArray[Any]] = {
        "status": np.where(known, word, "not_evaluable"),
        "day": np.where(known, np.where(happened, when, end), np.nan),
        "kind": kind,
        "note": np.where(known, "", "nothing was seen from day 0 on"),
    }
    settings: dict[str, object] = {"by_day": by_day, "competing": tuple(competing), "censoring": tuple(censoring)}
    return Judgement(rule, chart.patients, columns, settings)


def _without(columns: Mapping[str, NDArray[Any]], acute: Judgement, onset: Floats) -> dict[str, NDArray[Any]]:
    """The same, patients taken out whose acute GVHD nobody could have told before their event or end."""
    early = (columns["kind"] != "") & (columns["day"] <= 7)
    is_open = acute.status == "not_evaluable"
    unknown = is_open & (onset != columns["day"]) & ~early
    told = ~is_open & (columns["note"] == "")
    return {
        "status": np.where(unknown, "not_evaluable", columns["status"]),
        "day": np.where(unknown, np.nan, columns["day"]),
        "kind": np.where(unknown, "", columns["kind"]),
        "note": np.where(unknown | told, acute.note, columns["note"]),
    }
