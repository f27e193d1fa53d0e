"""The table a clinician expects of a cohort: engraftment, nadirs, transfusions, chimerism, failure, with intervals.

Recovery, neutropenia, chimerism and failure are judged from the chart, by the same criteria as for real patients;
nadirs and transfusions are those of the true course.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dayzero.criteria import Judgement, judge
from dayzero.errors import SpecError
from dayzero.records import Chart
from dayzero.simulation.course import Course
from dayzero.simulation.observe import observe

NEEDED = ("neutrophils", "platelets", "hemoglobin", "platelet_units", "red_cell_units", "reported_neutrophils",
          "reported_platelets", "reported_hemoglobin")  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One line: a median over patients with its 90 % range, or a percentage with its 95 % interval.

    ``patients`` counts those the figure is about; ``low`` and ``high`` bound the range or interval.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    patients: int
    note: str = ""


@dataclass(frozen=True)
class Summary:
    """Rows of the clinician's table, and the record of the run."""

    rows: tuple[Row, ...]
    record: Mapping[str, Any] = field(repr=False)

    def __getitem__(self, name: str) -> Row:
        return next(row for row in self.rows if row.name == name)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"rows": [vars(row) for row in self.rows], "run": dict(self.record)}

    def __str__(self) -> str:
        width = max(len(row.name) for row in self.rows)
        lines = [f"{row.name:{width}}  {written(row):>24}  {row.unit:14} {_counted(row)}" for row in self.rows]
        return "\n".join(line.rstrip() for line in lines)


def written(row: Row) -> str:
    """The figure with its range, as printed."""
    if row.value is None:
        return "-"
    digits = 0 if abs(row.value) >= 10 or row.unit in ("day", "days", "units") else 2 if abs(row.value) < 1 else 1
    shown = f"{row.value:.{digits}f}"
    return shown if row.low is None else f"{shown} ({row.low:.{digits}f} to {row.high:.{digits}f})"


def _counted(row: Row) -> str:
    return f"n = {row.patients}" + (f"; {row.note}" if row.note else "")


def summary(course: Course, judgement: Judgement | None = None) -> Summary:
    """The clinician's table of a simulated cohort.

    Days are medians of those who recovered, with the range of the middle 90 % of patients; shares carry Wilson's
    95 % interval. Criteria are judged from the chart (`observe`), as in `dayzero.criteria.judge`.

    Examples
    --------
    >>> from dayzero.simulation.cohort import simulate
    >>> table = summary(simulate("auto-mel200-myeloma", patients=16, days=60))
    >>> table["neutrophils 0.5"].unit
    'day'
    """
    missing = [name for name in NEEDED if name not in course.values]
    if missing:
        advice = "simulate again without recording="
        raise SpecError("summary", "course", f"no {missing[0]} recorded", "the standard recording", advice)
    chart = observe(course)
    judged = judge(chart) if judgement is None else judgement
    rows = [*_recoveries(judged), *_neutropenia(judged), *_nadirs(course), *_transfusions(course)]
    rows += [*_chimerism(course, chart), *_failure(judged, course)]
    return Summary(tuple(rows), course.record)


def _recoveries(judged: Judgement) -> list[Row]:
    names = {"neutrophils 0.5": "neutrophils_0.5", "neutrophils 1.0": "neutrophils_1.0",
             "platelets 20": "platelets_20", "platelets 50": "platelets_50"}  # fmt: skip
    return [_recovery(name, judged[f"{key}_day"], judged[f"{key}_status"]) for name, key in names.items()]


def _recovery(name: str, day: np.ndarray, status: np.ndarray) -> Row:
    never = int(np.sum(status == "never_below"))
    waiting = int(np.sum(status == "not_yet"))
    told = [f"{never} never below"] * bool(never) + [f"{waiting} not yet"] * bool(waiting)
    return _middle(name, day[status == "recovered"], "day", "; ".join(told))


def _middle(name: str, values: np.ndarray, unit: str, note: str = "") -> Row:
    """Median and the range of the middle 90 % of patients."""
    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    if known.size == 0:
        return Row(name, None, None, None, unit, 0, note)
    low, middle, high = np.percentile(known, [5, 50, 95])
    return Row(name, float(middle), float(low), float(high), unit, int(known.size), note)


def _share(name: str, true: int, of: int, note: str = "") -> Row:
    """A percentage of patients with Wilson's 95 % interval."""
    if of == 0:
        return Row(name, None, None, None, "% of patients", 0, note)
    z, p = 1.959964, true / of
    centre = (p + z * z / (2 * of)) / (1 + z * z / of)
    half = z * np.sqrt(p * (1 - p) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return Row(name, 100 * p, float(100 * max(centre - half, 0)), float(100 * min(centre + half, 1)),
               "% of patients", of, note)  # fmt: skip


def _neutropenia(judged: Judgement) -> list[Row]:
    return [
        _middle("days with neutrophils below 0.5", judged["days_below_0.5"], "days"),
        _middle("days with neutrophils below 0.1", judged["days_below_0.1"], "days"),
    ]


def _nadirs(course: Course) -> list[Row]:
    early = (course.days >= 0) & (course.days <= 28)
    lowest = lambda name: course.values[name][:, early].min(axis=1)  # noqa: E731
    return [
        _middle("lowest neutrophils, day 0-28", lowest("neutrophils"), "1e9/L", "true count"),
        _middle("lowest platelets, day 0-28", lowest("platelets"), "1e9/L", "true count"),
        _middle("lowest hemoglobin, day 0-28", lowest("hemoglobin"), "g/dL", "true value"),
    ]


def _transfusions(course: Course) -> list[Row]:
    return [
        _middle("platelet units", course.platelet_units.sum(axis=1), "units"),
        _middle("red-cell units", course.red_cell_units.sum(axis=1), "units"),
        _share("any platelet transfusion", int(np.sum(course.platelet_units.sum(axis=1) > 0)), len(course)),
    ]


def _chimerism(course: Course, chart: Chart) -> list[Row]:
    if "donor_chimerism_myeloid" not in chart.measurements:
        return []
    measured = chart.column("donor_chimerism_myeloid")
    name = "myeloid donor chimerism, day {}"
    return [
        _middle(name.format(day), measured.value[measured.day == day], "%")
        for day in (28, 100)
        if np.any(measured.day == day)
    ]


def _failure(judged: Judgement, course: Course) -> list[Row]:
    answers = judged["primary_graft_failure"]
    known = np.array([answer is not None for answer in answers])
    failed = int(sum(bool(answer) for answer in answers if answer is not None))
    note = "ASTCT; without rejection"
    return [_share("primary graft failure", failed, int(known.sum()), note)]
