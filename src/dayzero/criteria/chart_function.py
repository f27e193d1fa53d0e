"""Grafts that fail later or work poorly, read from a chart, for every patient at once.

Definitions as in `dayzero.criteria.graft_failure`. A chart cannot exclude every other cause of low counts, so that
both answers are ``possible`` at most: the counts are there, and somebody has to say that nothing else explains them.
Conventions of this project: a relapse up to the low counts explains them; so does, for the three low days, an infection
or ganciclovir within a week before; a count stands for seven days; gaps of more than 14 days end a spell.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dayzero.criteria.chart_engraftment_syndrome import INFECTIONS
from dayzero.criteria.engraftment import neutrophil_engraftment
from dayzero.criteria.graft_failure import ANC_LIMIT, LOSS_PCT, POOR, SECONDARY_FAILURE
from dayzero.criteria.recovery import ABOVE, BELOW, Daily, daily
from dayzero.criteria.result import Judgement
from dayzero.criteria.signs import (
    DAYS,
    Levels,
    counted,
    every_key,
    first_day,
    last_reading,
    listed,
    rows_of,
    seen_at,
    under,
)
from dayzero.records.chart import Chart, Floats, Integers, empty_column

_LIMITS = {"hemoglobin": 7.0, "neutrophils": ANC_LIMIT, "platelets": 20.0}
_CHIMERISM = ("donor_chimerism", "donor_chimerism_myeloid")
_CARRY_DAYS, _GAP_DAYS, _LONG_DAYS, _FROM_DAY, _EXPLAINED_DAYS = 7, 14, 14, 28, 7
_RUN = 3


def secondary_graft_failure_of(chart: Chart) -> Judgement:
    """Three consecutive days of neutrophils under 0.5e9/L after they had come back, of every patient.

    Columns: ``status`` (``possible``: seen, and no cause of it on the chart; ``explained``; ``none``;
    ``not_evaluable``), ``day`` (first of the three), ``note``. Never recovered: none, it is primary. Three low
    measurements with days between them leave it open, unless a cause is on the chart.

    >>> days = [9, 12, 13, 14, 40, 41, 42]
    >>> counts = {"neutrophils": ([0] * 7, days, [0.1, 0.6, 0.9, 1.2, 0.4, 0.2, 0.1])}
    >>> row = secondary_graft_failure_of(Chart.from_columns(counts, ["A"])).rows()[0]
    >>> row["status"], row["day"]
    ('possible', 40)
    """
    count, engrafted = len(chart), neutrophil_engraftment(chart)
    seen = daily(chart.column("neutrophils"), ANC_LIMIT, chart.first_event("second_graft"))
    after = seen.day > engrafted.day[seen.patient]
    sure = after & (seen.state == BELOW)
    may = after & (seen.state != ABOVE)
    met = first_day(seen.patient, seen.day, _run(seen.patient, seen.day, sure, 2), count)
    open_day = first_day(seen.patient, seen.day, _run(seen.patient, seen.day, may, np.inf), count)
    day = np.where(np.isnan(met), open_day, met)
    is_met, is_open = ~np.isnan(met), np.isnan(met) & ~np.isnan(open_day)
    cause = _causes(chart, day)
    judged = engrafted.status != "not_evaluable"
    columns: dict[str, NDArray[Any]] = {
        "status": np.select(
            [~judged, (is_met | is_open) & (cause != ""), is_met, is_open],
            ["not_evaluable", "explained", "possible", "not_evaluable"],
            "none",
        ),
        "day": np.where(is_met & judged, met, np.nan),
        "note": np.select(
            [~judged, (is_met | is_open) & (cause != ""), is_met, is_open],
            ["engraftment is not known", cause, "low again; the cause is not on the chart",
             "low again, but not measured on three consecutive days"],
            _read_to(seen, count),
        ),
    }  # fmt: skip
    return Judgement(replace(SECONDARY_FAILURE, version="three days"), chart.patients, columns)


def _read_to(seen: Daily, count: int) -> NDArray[np.str_]:
    last = np.zeros(count, np.int64)
    last[seen.patient] = seen.day  # rows are in order of day: the last one stays
    return np.char.add("neutrophils measured to day ", last.astype(str))


def _run(patient: Integers, day: Integers, low: NDArray[np.bool_], span: float) -> NDArray[np.bool_]:
    """Where three readings in a row are low, the last so many days after the first at most."""
    starts = np.zeros(len(low), bool)
    if len(low) >= _RUN:
        near = (patient[2:] == patient[:-2]) & (day[2:] - day[:-2] <= span)
        starts[:-2] = low[:-2] & low[1:-1] & low[2:] & near
    return starts


def _causes(chart: Chart, day: Floats) -> NDArray[np.str_]:
    """What on the chart explains low neutrophils from a day of each patient on, "" for nothing."""
    words = np.full(len(chart), "", "<U40")
    for kind in (*INFECTIONS, "antiviral"):
        events = chart.events.get(kind, empty_column())
        apart = day[events.patient] - events.day
        near = events.patient[(apart >= -2) & (apart <= _EXPLAINED_DAYS)]
        words[near] = f"explained by {kind.replace('_', ' ')}"
    words[chart.first_event("relapse") <= day] = "explained by relapse"
    return words


def poor_graft_function_of(chart: Chart) -> Judgement:
    """Two or three cytopenias for more than two weeks after day 28 with donor cells over 5 %, of every patient.

    Columns: ``status`` (``possible``, ``none``, ``not_evaluable``), ``day`` (first of the spell), ``note``. Low:
    hemoglobin under 7 g/dL, neutrophils under 0.5, platelets under 20e9/L; transfusion lifts them, so that a spell may
    be missed in transfused patients.

    >>> on = [0] * 3, [40, 50, 58]
    >>> counts = {"neutrophils": (*on, [0.3] * 3), "platelets": (*on, [9] * 3), "hemoglobin": (*on, [6.5] * 3),
    ...           "donor_chimerism": ([0], [40], [99])}
    >>> poor_graft_function_of(Chart.from_columns(counts, ["A"])).rows()[0]["day"]
    40
    """
    count = len(chart)
    levels = [under(chart.column(name), limit, _FROM_DAY + 1) for name, limit in _LIMITS.items()]
    keys = every_key(levels)
    low, high = counted([seen_at(one, keys, _CARRY_DAYS) for one in levels])
    sure, may = _spells(keys, low >= 2, count), _spells(keys, high >= 2, count)
    chimerism = _donor(chart, may)
    relapsed = chart.first_event("relapse") <= np.where(np.isnan(may), -np.inf, may)
    lost = chimerism <= LOSS_PCT
    is_seen = ~np.isnan(sure) & ~lost & ~relapsed
    is_open = ~np.isnan(may) & ~lost & ~relapsed
    unmeasured = {name: _unmeasured(one, count) for name, one in zip(_LIMITS, levels, strict=True)}
    none_measured = np.all(list(unmeasured.values()), axis=0)
    missing = listed({**unmeasured, "chimerism": np.isnan(chimerism) & ~np.isnan(may)}, "not measured after day 28: ")
    known = ~np.isnan(chimerism)
    columns: dict[str, NDArray[Any]] = {
        "status": np.select(
            [none_measured, is_seen & known, is_open], ["not_evaluable", "possible", "not_evaluable"], "none"
        ),
        "day": np.where(is_seen & known, sure, np.nan),
        "note": np.select(
            [none_measured, is_seen & known, is_open & (missing != ""), is_open, lost & ~np.isnan(may)],
            ["no count was measured after day 28", "low counts; that nothing else explains them is not on the chart",
             missing, "counts were not measured often enough", "donor cells of 5 % or less: graft failure instead"],
            "",
        ),
    }  # fmt: skip
    return Judgement(POOR, chart.patients, columns, {"limits": dict(_LIMITS)})


def _spells(keys: Integers, rows: NDArray[np.bool_], count: int) -> Floats:
    """First day of the first spell of more than 14 days, shape (patients,); nan where there is none."""
    patient, day = keys // DAYS, keys % DAYS
    at = np.flatnonzero(rows)
    own, when = patient[at], day[at]
    joins = (np.diff(at) == 1) & (np.diff(own) == 0) & (np.diff(when) <= _GAP_DAYS)
    starts = np.flatnonzero(np.r_[True, ~joins]) if len(at) else at
    ends = np.r_[starts[1:], len(at)] - 1 if len(at) else at
    long = when[ends] - when[starts] > _LONG_DAYS
    return first_day(own[starts], when[starts], long, count)


def _donor(chart: Chart, spell: Floats) -> Floats:
    """Donor share last measured up to four weeks into the spell, nan where there is none."""
    share, on = np.full(len(chart), np.nan), np.full(len(chart), -np.inf)
    for name in _CHIMERISM:
        column = chart.column(name)
        value, day = last_reading(rows_of(column, column.day >= 0), spell + 2 * _GAP_DAYS)
        newer = day > on
        share[newer], on[newer] = value[newer], day[newer]
    return share


def _unmeasured(levels: Levels, count: int) -> NDArray[np.bool_]:
    return np.bincount(levels.key // DAYS, minlength=count) == 0
