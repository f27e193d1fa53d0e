"""Veno-occlusive disease read from a chart, for every patient at once: Baltimore, which is EBMT 2016 to day 21.

Bilirubin of 2 mg/dL or more and two of painful hepatomegaly, weight gain over 5 %, ascites, on one day. Conventions of
this project: a reading stands for its day and the next few (``carry_days``); weight gain is that of the chart, or else
of the weights, from the last one up to day 0; ascites from ``ascites_from`` on; charts hold no hepatomegaly, so that
bilirubin with one other sign is ``possible``; days without bilirubin show nothing. After day 21 the same signs are late
onset (EBMT 2016; its histology and ultrasound are not on charts).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dayzero.criteria.result import Judgement
from dayzero.criteria.signs import DAYS, carried, every_key, first_day, last_reading, reaching, rows_of
from dayzero.criteria.vod import BALTIMORE, BILIRUBIN_MG_DL, CLASSICAL_DAYS, WEIGHT_GAIN_PCT
from dayzero.records.chart import Chart, Column, Floats, empty_column


def vod_of(chart: Chart, *, by_day: int = CLASSICAL_DAYS, carry_days: int = 3, ascites_from: float = 0.25) -> Judgement:
    """Veno-occlusive disease of every patient up to a day.

    Columns: ``status`` (``classical``, ``late_onset``, ``possible``, ``none``, or ``not_evaluable`` where bilirubin was
    not measured), ``day`` (first day the criteria are met), ``possible_day`` (first day they may be),
    ``documented_day`` (first event ``vod``), ``note``.

    >>> signs = {"bilirubin": ([0, 0], [10, 12], [1.0, 3.0]), "weight_gain": ([0], [12], [7.0]),
    ...          "ascites": ([0], [11], [0.5])}
    >>> row = vod_of(Chart.from_columns(signs, ["A"])).rows()[0]
    >>> row["status"], row["day"]
    ('classical', 12)
    """
    bilirubin = reaching(chart.column("bilirubin"), BILIRUBIN_MG_DL)
    gain = reaching(weight_gains(chart), np.nextafter(WEIGHT_GAIN_PCT, np.inf))
    fluid = reaching(chart.measurements.get("ascites", empty_column()), ascites_from)
    keys = every_key((bilirubin, gain, fluid))
    low, high = np.array([carried(one, keys, carry_days) for one in (bilirubin, gain, fluid)]).transpose(1, 0, 2)
    seen = ~np.isnan(low[0])
    low, high = np.where(np.isnan(low), 0.0, low), np.where(np.isnan(high), 1.0, high)
    patient, day = keys // DAYS, keys % DAYS
    in_time = seen & (day <= by_day)
    sure = in_time & (low[0] == 1) & (low[1] + low[2] == 2)
    may_be = in_time & (high[0] == 1) & (high[1] + high[2] >= 1)
    met, possible = (first_day(patient, day, rows, len(chart)) for rows in (sure, may_be))
    judged = ~np.isnan(first_day(patient, day, in_time, len(chart)))
    columns: dict[str, NDArray[Any]] = {
        "status": np.select(
            [~judged, met <= CLASSICAL_DAYS, ~np.isnan(met), ~np.isnan(possible)],
            ["not_evaluable", "classical", "late_onset", "possible"],
            "none",
        ),
        "day": met,
        "possible_day": possible,
        "documented_day": _documented(chart),
        "note": np.select(
            [~judged, np.isnan(met) & ~np.isnan(possible)],
            ["bilirubin not measured", "a sign that was not read, or the liver, decides"],
            "",
        ),
    }
    settings = {"by_day": by_day, "carry_days": carry_days, "ascites_from": ascites_from}
    return Judgement(BALTIMORE, chart.patients, columns, settings)


def weight_gains(chart: Chart) -> Column:
    """Weight gain in percent as measured, and from the weights of those for whom it was not; sorted as in a chart."""
    measured = chart.measurements.get("weight_gain", empty_column())
    weight = chart.column("weight")
    baseline, _ = last_reading(weight, np.zeros(len(chart)))
    baseline[measured.patient] = np.nan
    gain: Floats = 100 * (weight.value / baseline[weight.patient] - 1)
    derived = rows_of(Column(weight.patient, weight.day, gain, weight.limit), (weight.day > 0) & ~np.isnan(gain))
    if not len(derived.day):
        return measured
    order = np.argsort(np.r_[measured.patient, derived.patient], kind="stable")  # of one patient all are of one kind
    return Column(
        np.r_[measured.patient, derived.patient][order],
        np.r_[measured.day, derived.day][order],
        np.r_[measured.value, derived.value][order],
        np.r_[measured.limit, derived.limit][order],
    )


def _documented(chart: Chart) -> Floats:
    events = chart.events.get("vod", empty_column())
    return first_day(events.patient, events.day, events.day >= 0, len(chart))
