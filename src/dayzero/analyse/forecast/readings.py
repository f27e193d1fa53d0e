"""What a patient's chart tells a forecast: which readings count, how much, and what is strange about them.

Readings of the fall are left out: it is the conditioning's and says little of the rise. Counts before day 5 are
therefore not used. A run of readings below the detection limit says once what its last day says, because an error of
the model in aplasia lasts from day to day; for the same reason an exact count weighs less than an independent one.
These settings are not fitted to any patient.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dayzero.analyse.forecast.plans import gcsf_since
from dayzero.criteria.recovery import ABOVE, BELOW, classify
from dayzero.errors import ChartError, InputError
from dayzero.records.chart import Chart, Column, Floats, Integers, Limits, Series

FIRST_USED = 5
AFTER_TRANSFUSION = 3  # days in which a platelet count is partly the donor's
LOWEST = 0.1  # 1e9/L; a count written as 0 lies below this
RAPID = 20.0  # fold rise in a day that no marrow makes


class Kind(NamedTuple):
    """How a quantity is compared: on the scale ln(value + offset) or, for a share, of its odds."""

    signal: str
    offset: float
    spread: tuple[float, ...]  # standard deviations of the model's error, each as likely beforehand
    weight: float  # of one exact reading, against an independent one
    rises: bool = False  # whether the rise may be faster or slower than the twin's


KINDS: dict[str, Kind] = {
    "leukocytes": Kind("leukocytes", 0.1, (0.3, 0.5), 0.5, rises=True),
    "neutrophils": Kind("neutrophils", 0.1, (0.3, 0.5), 0.5, rises=True),
    "platelets": Kind("platelets", 10.0, (0.3, 0.5), 0.25),
    "donor_chimerism_myeloid": Kind("myeloid_donor_fraction", 0.02, (0.5, 1.0), 0.5),
}


class Readings(NamedTuple):
    """Readings of one quantity that count: day, value, limit (-1: below), weight; each has shape (n,)."""

    quantity: str
    days: Integers
    values: Floats
    limits: Limits
    weights: Floats


class Told(NamedTuple):
    """All that a chart tells up to a day.

    ``below``: last day on which neutrophils were certainly under 0.5, -inf if none. ``notes``: what is strange or
    missing, a sentence each. ``gcsf``: since when G-CSF is given, None where the chart tells of none.
    """

    readings: tuple[Readings, ...]
    below: float
    notes: tuple[str, ...]
    gcsf: int | None = None


def told_by(chart: Chart, patient: str, day: int) -> Told:
    """The readings of one patient up to a day, and what is strange about them."""
    series = {name: _until(chart.series(patient, name), day) for name in KINDS}
    notes = [*_strange(series, day), *_missing(series, chart, patient, day)]
    used = []
    for name, kind in KINDS.items():
        seen = _usable(chart, patient, name, series)
        if len(seen.days):
            used.append(Readings(name, *_counted(seen, kind)))
    return Told(tuple(used), _last_below(series), tuple(notes), gcsf_since(chart, patient, day))


def check_day(chart: Chart, patient: str, day: int | None) -> int:
    """The day to forecast from: the one given, or that of the last count; one sentence where it cannot be used."""
    if day is None:
        last = [s.days[-1] for s in (chart.series(patient, name) for name in KINDS) if len(s.days)]
        day = int(max(last)) if last else 0
    if isinstance(day, bool) or not isinstance(day, (int, np.integer)) or not -30 <= day <= 365:
        expected = "a whole number of days from infusion, -30 to 365"
        raise InputError("forecast", "day", repr(day), expected, "count days from the infusion, which is day 0")
    if not any(name in chart.measurements for name in KINDS):
        expected = f"one of {', '.join(KINDS)}"
        raise ChartError("chart", "quantity", "no count a forecast can use", expected, "add the patient's counts")
    return int(day)


def _until(series: Series, day: int) -> Series:
    kept = series.days <= day
    return Series(series.days[kept], series.values[kept], series.limits[kept])


def _usable(chart: Chart, patient: str, name: str, series: dict[str, Series]) -> Series:
    """Readings from day 5 on; neutrophils bounded only by the white cells of that day add nothing to them."""
    seen = series[name]
    kept = (seen.days >= FIRST_USED) & (seen.limits <= 0)
    if name == "neutrophils":
        kept &= (seen.limits == 0) | ~np.isin(seen.days, series["leukocytes"].days)
    if name == "platelets":
        given = chart.series(patient, "platelet_transfusion").days if "platelet_transfusion" in chart.events else []
        for at in given:
            kept &= (seen.days < at) | (seen.days >= at + AFTER_TRANSFUSION)
    return Series(seen.days[kept], seen.values[kept], seen.limits[kept])


def _counted(seen: Series, kind: Kind) -> tuple[Integers, Floats, Limits, Floats]:
    """Days, values, limits and weights; a zero becomes 'below 0.1'."""
    blood_cells = kind.signal in ("leukocytes", "neutrophils")
    zero = (seen.values <= 0) & (seen.limits == 0) & blood_cells
    limits = np.where(zero, -1, seen.limits).astype(np.int8)
    values = np.where(zero, LOWEST, seen.values)
    again = np.r_[(limits[1:] < 0) & (limits[:-1] < 0), False]
    weights = np.where(again, 0.0, np.where(limits < 0, 1.0, kind.weight))
    kept = weights > 0
    return seen.days[kept], values[kept], limits[kept], weights[kept]


def _last_below(series: dict[str, Series]) -> float:
    """Last day from 0 on with neutrophils, or all white cells, certainly under 0.5."""
    last = -np.inf
    for name in ("neutrophils", "leukocytes"):
        seen = series[name]
        rows = Column(np.zeros(len(seen.days), np.int64), seen.days, seen.values, seen.limits)
        low = seen.days[(classify(rows, 0.5) == BELOW) & (seen.days >= 0)]
        last = max(last, float(low[-1])) if len(low) else last
    return last


def _strange(series: dict[str, Series], day: int) -> list[str]:
    """Sentences about readings that do not fit together; the forecast is made all the same."""
    notes = []
    white, own = series["leukocytes"], series["neutrophils"]
    both, at, there = np.intersect1d(own.days, white.days, return_indices=True)
    more = (own.values[at] > white.values[there] + 0.2) & (own.limits[at] == 0) & (white.limits[there] == 0)
    if more.any():
        notes.append(f"more neutrophils than white cells on {_listed(both[more])}: one of the two is wrong")
    for name in ("leukocytes", "neutrophils", "platelets"):
        seen = series[name]
        kept = (seen.days >= 0) & (seen.limits == 0) & (seen.values > 0)
        days, values = seen.days[kept], seen.values[kept]
        jump = (np.diff(days) == 1) & (values[1:] > RAPID * np.maximum(values[:-1], 0.5))
        if jump.any():
            notes.append(f"{name} more than {RAPID:g} times those of the day before on {_listed(days[1:][jump])}")
    state = classify(Column(np.zeros(len(own.days), np.int64), own.days, own.values, own.limits), 0.5)
    if day >= 14 and len(own.days) and ((state == ABOVE) | (own.days < 0)).all():
        notes.append("neutrophils never below 0.5: nothing to recover from")
    return notes


def _missing(series: dict[str, Series], chart: Chart, patient: str, day: int) -> list[str]:
    notes = []
    counts = [series[name].days for name in ("leukocytes", "neutrophils")]
    last = max((int(days[-1]) for days in counts if len(days)), default=None)
    if last is None:
        notes.append("no white-cell or neutrophil count up to this day: the forecast is the plan's alone")
    elif day - last > 3:
        notes.append(f"the last count is {day - last} days old")
    if len(series["platelets"].days) and not chart.transfusions_recorded[chart.index(patient)]:
        notes.append("platelet transfusions not recorded: platelet counts may hold transfused cells")
    return notes


def _listed(days: Integers) -> str:
    shown = ", ".join(str(day) for day in days[:5])
    return f"day {shown}" + (" and later" if len(days) > 5 else "")
