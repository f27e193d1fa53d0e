"""What has already happened by the day of a forecast, judged from the chart by the field's definitions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dayzero.criteria import neutrophil_engraftment, platelet_engraftment
from dayzero.records.chart import Chart


class Known(NamedTuple):
    """Days of recovery already seen, None where not; last day with platelets under 20, -inf if none; sentences."""

    neutrophils: int | None
    platelets: int | None
    platelets_below: float
    words: tuple[str, ...]


def chart_until(chart: Chart, patient: str, day: int) -> Chart:
    """The chart of one patient as it stood on a day: nothing later is in it."""
    own = chart.patient(patient)
    kept = {name: column.day <= day for name, column in {**own.measurements, **own.events}.items()}
    measurements = {
        name: (c.patient[kept[name]], c.day[kept[name]], c.value[kept[name]], c.limit[kept[name]])
        for name, c in own.measurements.items()
    }
    events = {name: (c.patient[kept[name]], c.day[kept[name]], c.value[kept[name]]) for name, c in own.events.items()}
    return Chart.from_columns(measurements, own.patients, events, own.graft, own.transfusions_recorded)


def known_of(chart: Chart, patient: str, day: int) -> Known:
    """Recovery judged from the counts up to a day."""
    then = chart_until(chart, patient, day)
    neutrophils, words = _day(neutrophil_engraftment(then).rows()[0], "neutrophils 0.5")
    platelets, more = _day(platelet_engraftment(then, 20).rows()[0], "platelets 20")
    counts = then.series(patient, "platelets")
    low = counts.days[(counts.values < 20) & (counts.days >= 0)]
    below = float(low[-1]) if len(low) else -np.inf
    died = then.first_event("death")[0]
    gone = (f"died on day {died:.0f}: there is nothing to forecast",) if np.isfinite(died) else ()
    return Known(neutrophils, platelets, below, (*words, *more, *gone))


def _day(row: dict[str, object], name: str) -> tuple[int | None, tuple[str, ...]]:
    day = row["day"]
    if row["status"] != "recovered" or not isinstance(day, (int, float)):
        return None, ()
    return int(day), (f"{name} already recovered, on day {day:.0f}",)
