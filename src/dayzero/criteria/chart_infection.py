"""Fever in neutropenia and cytomegalovirus read from a chart, for every patient at once.

Febrile neutropenia (IDSA, as in `dayzero.criteria.infection`): 38.3 Celsius or more while neutrophils are under
0.5e9/L or fall there within 48 hours. Conventions of this project: a count stands for its day and two more; whether it
falls is read from the next count within two days, and from 1.0e9/L on it is not expected to where there is none; 38.0
to under 38.3 is ``possible``, because charts do not hold how long it lasted.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dayzero.criteria.infection import CS_CMVI, FEVER, FEVER_LASTING, FEVER_ONCE, NEUTROPENIA, TRIGGER
from dayzero.criteria.result import Judgement
from dayzero.criteria.signs import DAYS, Levels, Seen, by_day_highest, first_day, highest, reaching, seen_at, under
from dayzero.errors import InputError
from dayzero.records.chart import Chart, Floats, Integers, empty_column

COUNT_DAYS = 2  # a neutrophil count stands so long, and is expected to fall so far ahead
_NOT_FALLING = 1.0


def febrile_neutropenia_of(chart: Chart) -> Judgement:
    """Febrile neutropenia of every patient, from day 0 on.

    Columns: ``status`` (``febrile_neutropenia``, ``possible``, ``none``, ``not_evaluable``), ``day`` (first),
    ``possible_day``, ``days`` (on how many days), ``highest`` (temperature on them), ``documented_day`` (first event
    ``neutropenic_fever``), ``note``. None: temperature was read in neutropenia and never high, or neutrophils never
    were low.

    >>> readings = {"temperature": ([0, 0], [7, 8], [38.6, 37.0]), "neutrophils": ([0, 0], [6, 9], [0.1, 0.1])}
    >>> row = febrile_neutropenia_of(Chart.from_columns(readings, ["A"])).rows()[0]
    >>> row["status"], row["day"], row["days"]
    ('febrile_neutropenia', 7, 1)
    """
    count, temperature = len(chart), chart.column("temperature")
    fever, warm = reaching(temperature, FEVER_ONCE), reaching(temperature, FEVER_LASTING)
    keys = fever.key
    patient, day = keys // DAYS, keys % DAYS
    low = neutropenic_at(chart, keys)
    sure, may = (fever.low == 1) & low.sure, (warm.high == 1) & low.may
    met, possible = first_day(patient, day, sure, count), first_day(patient, day, may, count)
    heat = by_day_highest(temperature, temperature.value, temperature.value, 0).low
    top = highest(patient[sure], heat[sure], count)
    inside = _has(patient, low.sure, count)
    counts = chart.column("neutrophils")
    counted = _has(counts.patient, counts.day >= 0, count)
    fell = _has(counts.patient, (counts.day >= 0) & ((counts.value < NEUTROPENIA) | (counts.limit < 0)), count)
    read = _has(patient, np.ones(len(keys), bool), count)
    is_none = counted & read & (inside | ~fell)
    is_met, is_possible = ~np.isnan(met), ~np.isnan(possible)
    columns: dict[str, NDArray[Any]] = {
        "status": np.select(
            [is_met, is_possible & counted, is_none], ["febrile_neutropenia", "possible", "none"], "not_evaluable"
        ),
        "day": met,
        "possible_day": np.where(counted, possible, np.nan),
        "days": np.bincount(patient[sure], minlength=count).astype(float),
        "highest": top,
        "documented_day": first_event(chart, "neutropenic_fever"),
        "note": np.select(
            [~read, ~counted, is_met, is_possible, ~is_none],
            [
                "not measured: temperature",
                "not measured: neutrophils",
                "",
                "fever under 38.3, or a count not known: how long it lasted and whether neutrophils fell decide",
                "temperature was not read while neutrophils were low",
            ],
            "",
        ),
    }
    return Judgement(FEVER, chart.patients, columns, {"count_days": COUNT_DAYS})


def neutropenic_at(chart: Chart, keys: Integers) -> Seen:
    """Whether neutrophils are under 0.5e9/L, or will be within two days, at each key of patient and day."""
    column = chart.column("neutrophils")
    low = under(column, NEUTROPENIA)
    now, soon = seen_at(low, keys, COUNT_DAYS), _ahead(low, keys)
    ample = seen_at(reaching(column, _NOT_FALLING), keys, COUNT_DAYS)
    will = soon.may & (soon.read | ~ample.sure)
    return Seen(now.sure | soon.sure, now.may | will, now.read | soon.read)


def _ahead(levels: Levels, keys: Integers) -> Seen:
    """The next reading after each key, if it comes within two days."""
    if not len(levels.key):
        return Seen(np.zeros(len(keys), bool), np.ones(len(keys), bool), np.zeros(len(keys), bool))
    at = np.minimum(np.searchsorted(levels.key, keys, side="right"), len(levels.key) - 1)
    gap = levels.key[at] - keys
    read = (gap > 0) & (gap <= COUNT_DAYS) & (levels.key[at] // DAYS == keys // DAYS)
    return Seen(read & (levels.low[at] == 1), ~read | (levels.high[at] == 1), read)


def cmv_trigger_of(chart: Chart, threshold_iu_ml: float | None) -> Judgement:
    """First viral load of every patient that reaches the ward's threshold for pre-emptive treatment, IU/mL.

    Without a threshold nothing is judged, but the load is told. Columns: ``status`` (``start``, ``none``,
    ``not_evaluable``), ``day``, ``detected_day`` (first load over the limit of detection), ``highest``, ``note``.

    >>> loads = {"cmv_dna": ([0, 0], [30, 37], [150.0, 4000.0])}
    >>> cmv_trigger_of(Chart.from_columns(loads, ["A"]), 1000).rows()[0]["day"]
    37
    """
    if threshold_iu_ml is not None and not threshold_iu_ml > 0:
        got = f"{threshold_iu_ml:g}"
        raise InputError("cmv_trigger_of", "threshold_iu_ml", got, "more than 0 IU/mL", "name the ward's threshold")
    loads, count = chart.column("cmv_dna"), len(chart)
    after = loads.day >= 0
    found = after & (loads.limit >= 0) & (loads.value > 0)
    measured = _has(loads.patient, after, count)
    limit = np.inf if threshold_iu_ml is None else threshold_iu_ml
    reached = reaching(loads, limit)
    met = first_day(reached.key // DAYS, reached.key % DAYS, reached.low == 1, count)
    open_day = first_day(reached.key // DAYS, reached.key % DAYS, reached.high == 1, count)
    is_met, is_open = ~np.isnan(met), ~np.isnan(open_day)
    known = measured & (threshold_iu_ml is not None)
    columns: dict[str, NDArray[Any]] = {
        "status": np.where(known & is_met, "start", np.where(known & ~is_open, "none", "not_evaluable")),
        "day": met,
        "detected_day": first_day(loads.patient, loads.day, found, count),
        "highest": highest(loads.patient[found], loads.value[found], count),
        "note": np.select(
            [~measured, ~known, ~is_met & is_open],
            ["not measured: CMV DNA", "the ward's threshold is not given", "a load given only as a limit decides"],
            "",
        ),
    }
    return Judgement(TRIGGER, chart.patients, columns, {"threshold_iu_ml": threshold_iu_ml})


def cmv_significant_of(chart: Chart) -> Judgement:
    """Clinically significant cytomegalovirus infection: disease, or the start of pre-emptive treatment.

    Columns: ``status`` (``significant``, ``none``, ``not_evaluable``), ``day``, ``kind`` (``cmv_treatment`` or
    ``cmv_disease``), ``note``. A patient without an event is judged where CMV DNA was measured or where the chart holds
    such an event of anybody.

    >>> chart = Chart.from_columns({}, ["A"], {"cmv_treatment": ([0], [41])})
    >>> cmv_significant_of(chart).rows()[0]["kind"]
    'cmv_treatment'
    """
    kinds = ("cmv_disease", "cmv_treatment")
    days = np.array([first_event(chart, kind) for kind in kinds])
    day = np.fmin.reduce(days)
    has = ~np.isnan(day)
    written = any(kind in chart.events for kind in kinds)
    loads = chart.column("cmv_dna")
    known = has | written | _has(loads.patient, loads.day >= 0, len(chart))
    columns: dict[str, NDArray[Any]] = {
        "status": np.where(has, "significant", np.where(known, "none", "not_evaluable")),
        "day": day,
        "kind": np.where(has, np.where(days[0] == day, kinds[0], kinds[1]), ""),
        "note": np.where(known, "", "not measured: CMV DNA; no record of CMV disease or treatment"),
    }
    return Judgement(CS_CMVI, chart.patients, columns)


def first_event(chart: Chart, kind: str) -> Floats:
    """Day of the first event of a kind from day 0 on, nan where there is none."""
    events = chart.events.get(kind, empty_column())
    return first_day(events.patient, events.day, events.day >= 0, len(chart))


def _has(patient: Integers, rows: NDArray[np.bool_], count: int) -> NDArray[np.bool_]:
    found = np.zeros(count, bool)
    found[patient[rows]] = True
    return found
