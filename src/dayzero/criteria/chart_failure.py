"""Primary graft failure read from a chart, for every patient at once.

ASTCT: neutrophils under 0.5e9/L by day 30 (cord 42), with pancytopenia. The definition does not say how pancytopenia is
read from a chart of a transfused patient; here (convention of this project): platelets have not recovered to 20e9/L
without transfusion by the limit, and in the seven days up to it hemoglobin was under 8 g/dL or red cells were given.
Missing: the graft is not known, the chart ends before the limit, death, relapse or a second graft came before it, or a
count that decides was not measured.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dayzero.criteria.engraftment import neutrophil_engraftment, platelet_engraftment
from dayzero.criteria.graft_failure import ANC_LIMIT, FAILURE, limit_day
from dayzero.criteria.recovery import BELOW, classify
from dayzero.criteria.result import Judgement
from dayzero.records.chart import Chart, Column, Floats, Integers

_HB_LIMIT, _PLATELET_LIMIT = 8.0, 20.0
_WINDOW = 7
_LATE = "neutrophils were late, but not with pancytopenia"
_NO, _MISSING, _YES = 0, 1, 2  # the lower of two is "all of", the higher "any of"

Answers = NDArray[np.int64]


def failed_by_chart(chart: Chart, neutrophils: Judgement, platelets: Judgement) -> NDArray[Any]:
    """True, False or None for each patient, shape (patients,).

    ``neutrophils``: engraftment at 0.5e9/L; ``platelets``: engraftment at 20e9/L, both of this chart.
    """
    early, late = (_failed(chart, neutrophils, platelets, _limits(chart, unknown)) for unknown in ("PBSC", "cord"))
    return np.array([False, None, True], object)[np.where(early == late, early, _MISSING)]


def primary_graft_failure_of(chart: Chart) -> Judgement:
    """Primary graft failure of every patient, by ASTCT as a chart shows it (see above).

    Columns: ``status`` (``graft_failure``, ``none``, ``not_evaluable``), ``day`` (the limit), ``note``.

    >>> counts = {"neutrophils": ([0] * 4, [9, 10, 11, 12], [0.1, 0.6, 0.9, 1.2])}
    >>> primary_graft_failure_of(Chart.from_columns(counts, ["A"])).rows()[0]["status"]
    'none'
    """
    neutrophils, platelets = neutrophil_engraftment(chart, 0.5), platelet_engraftment(chart, 20)
    failed = failed_by_chart(chart, neutrophils, platelets)
    is_failed, is_missing = failed == True, failed == None  # noqa: E711, E712
    limit = _limits(chart, "cord")
    late = (neutrophils.status == "not_yet") | (neutrophils.day > limit)
    columns: dict[str, NDArray[Any]] = {
        "status": np.select([is_missing, is_failed], ["not_evaluable", "graft_failure"], "none"),
        "day": np.where(is_failed, limit, np.nan),
        "note": np.select([is_missing, ~is_failed & late], [_why(chart, neutrophils, limit), _LATE], ""),
    }
    return Judgement(replace(FAILURE, version="ASTCT"), chart.patients, columns)


def _why(chart: Chart, neutrophils: Judgement, limit: Floats) -> NDArray[Any]:
    """Why primary failure is not judged, in words."""
    rival = np.min([chart.first_event(kind) for kind in ("death", "second_graft", "relapse")], axis=0)
    short = _last_day(chart.column("neutrophils"), len(chart)) < limit
    return np.select(
        [neutrophils.status == "not_evaluable", rival < limit, short],
        ["neutrophil engraftment is not known", "death, relapse or a second graft came before the limit",
         "neutrophils were not followed to the limit (day 30, cord 42)"],
        "platelets, hemoglobin or transfusions up to the limit, or the graft, are not on the chart",
    )  # fmt: skip


def _failed(chart: Chart, neutrophils: Judgement, platelets: Judgement, limit: Floats) -> Answers:
    taken = _reached(neutrophils, limit)
    column = chart.column("neutrophils")
    last = _last_row(column, limit, len(chart))
    low_at_limit = np.zeros(len(chart), bool)
    low_at_limit[last >= 0] = classify(column, ANC_LIMIT)[last[last >= 0]] == BELOW
    followed = _last_day(column, len(chart)) >= limit
    rival = np.min([chart.first_event(kind) for kind in ("death", "second_graft", "relapse")], axis=0)
    is_known = followed & (rival >= limit) & low_at_limit & (taken == _NO)
    failed = np.where(is_known, _pancytopenia(chart, platelets, limit), _MISSING)
    return np.where(taken == _YES, _NO, failed)


def _limits(chart: Chart, unknown: str) -> Floats:
    """The limit of each patient; where the graft is not known, that of ``unknown``."""
    days = {kind: limit_day("ASTCT", kind or unknown) for kind in set(chart.graft)}
    return np.array([days[kind] for kind in chart.graft], float)


def _reached(judged: Judgement, limit: Floats) -> Answers:
    """Whether the count surely came back by the limit, or never fell."""
    latest = np.where(judged.status == "not_evaluable", judged["interval_high"], judged.day)
    yes = (judged.status == "never_below") | (latest <= limit)
    missing = (judged.status == "not_evaluable") & ~(judged["interval_low"] > limit)
    return np.where(yes, _YES, np.where(missing, _MISSING, _NO))


def _pancytopenia(chart: Chart, platelets: Judgement, limit: Floats) -> Answers:
    return np.minimum(_thrombocytopenia(chart, platelets, limit), _anaemia(chart, limit))


def _thrombocytopenia(chart: Chart, platelets: Judgement, limit: Floats) -> Answers:
    not_reached = 2 - _reached(platelets, limit)
    seen_low = _any_within(chart.column("platelets"), limit, len(chart), _PLATELET_LIMIT)
    return np.where(not_reached == _MISSING, np.where(seen_low, _YES, _MISSING), not_reached)


def _anaemia(chart: Chart, limit: Floats) -> Answers:
    hemoglobin = chart.column("hemoglobin")
    low = _any_within(hemoglobin, limit, len(chart), _HB_LIMIT)
    transfused = _any_within(chart.column("red_cell_transfusion"), limit, len(chart), None)
    measured = _any_within(hemoglobin, limit, len(chart), None)
    surely_not = measured & chart.transfusions_recorded
    return np.where(low | transfused, _YES, np.where(surely_not, _NO, _MISSING))


def _any_within(column: Column, limit: Floats, patients: int, below: float | None) -> NDArray[np.bool_]:
    """Whether a row lies in the seven days up to the limit, and under a value if one is given."""
    day_limit = limit[column.patient]
    rows = (column.day <= day_limit) & (column.day > day_limit - _WINDOW)
    if below is not None:
        rows &= classify(column, below) == BELOW
    found = np.zeros(patients, bool)
    found[column.patient[rows]] = True
    return found


def _last_row(column: Column, limit: Floats, patients: int) -> Integers:
    """The row of each patient's last reading from day 0 up to the limit, -1 where there is none."""
    rows = np.flatnonzero((column.day >= 0) & (column.day <= limit[column.patient]))
    last = np.full(patients, -1)
    last[column.patient[rows]] = rows  # rows are in order of day: the last one stays
    return last


def _last_day(column: Column, patients: int) -> Floats:
    last = np.full(patients, -np.inf)
    last[column.patient] = column.day
    return last
