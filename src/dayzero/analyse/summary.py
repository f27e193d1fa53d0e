"""The table a clinician expects of a cohort: engraftment, nadirs, transfusions, chimerism, outcomes, with intervals.

Recovery, neutropenia, chimerism and failure are judged from the chart, by the same criteria as for real patients;
nadirs and transfusions are those of the true course, while the patient lives. Outcomes (survival, relapse, GVHD,
infections, organ toxicity; `dayzero.analyse.outcomes`) are told from day 100 on, where deaths were recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from dayzero.analyse.endpoints import named
from dayzero.analyse.outcomes import Outcomes, known, outcomes
from dayzero.analyse.survival import DayCounts, cumulative_incidence, engraftment_counts
from dayzero.criteria import Judgement, judge
from dayzero.criteria.engraftment import neutrophil_engraftment
from dayzero.errors import SpecError
from dayzero.records import Chart
from dayzero.simulation.course import Course
from dayzero.simulation.observe import observe

if TYPE_CHECKING:
    from dayzero.analyse.large import Cohort

NEEDED = ("neutrophils", "platelets", "hemoglobin", "platelet_units", "red_cell_units", "reported_neutrophils",
          "reported_platelets", "reported_hemoglobin")  # fmt: skip
# Whose lowest values are told, with unit and note.
EARLY = {
    "neutrophils": ("1e9/L", "true count"),
    "platelets": ("1e9/L", "true count"),
    "hemoglobin": ("g/dL", "true value"),
}
RANGE = (5, 50, 95)  # percentiles told
FIRST_OUTCOMES = 100  # day from which outcomes are told


@dataclass(frozen=True)
class Row:
    """One line: a median over patients with its 90 % range, or a percentage with its 95 % interval.

    ``patients`` counts those the figure is about; ``low`` and ``high`` bound the range or interval; ``part`` is that of
    the table: course or outcome.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    patients: int
    note: str = ""
    part: str = "course"


@dataclass(frozen=True)
class Summary:
    """Rows of the clinician's table, the outcomes where the course is long enough, and the record of the run."""

    rows: tuple[Row, ...]
    record: Mapping[str, Any] = field(repr=False)
    outcomes: Outcomes | None = None

    def __getitem__(self, name: str) -> Row:
        return named(self.rows, "summary", name)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        told = {} if self.outcomes is None else {"outcomes": self.outcomes.as_dict()}
        return {"rows": [vars(row) for row in self.rows], **told, "run": dict(self.record)}

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


def summary(course: Course | Cohort, judgement: Judgement | None = None) -> Summary:
    """The clinician's table of a simulated cohort, of any size.

    Days are medians of those who recovered, with the range of the middle 90 % of patients; shares carry Wilson's
    95 % interval. Criteria are judged from the chart (`observe`), as in `dayzero.criteria.judge`.

    Examples
    --------
    >>> from dayzero.simulation.cohort import simulate
    >>> table = summary(simulate("auto-mel200-myeloma", patients=16, days=60))
    >>> table["neutrophils 0.5"].unit
    'day'
    """
    if not isinstance(course, Course):
        return course.summary()
    missing = [name for name in NEEDED if name not in course.values]
    if missing:
        advice = "simulate again without recording="
        raise SpecError("summary", "course", f"no {missing[0]} recorded", "the standard recording", advice)
    chart = observe(course)
    judged = judge(chart) if judgement is None else judgement
    rows = [*_recoveries(judged), *_engrafted(course, chart), *_neutropenia(judged), *_nadirs(course)]
    rows += [*_transfusions(course), *_chimerism(course, chart), *_failure(judged, course)]
    if course.days[-1] < FIRST_OUTCOMES or not {"alive", "died_of"} & set(course.values):
        return Summary(tuple(rows), course.record)
    became = outcomes(course, judgement=judged)
    return Summary((*rows, *outcome_rows(became)), course.record, became)


def _recoveries(judged: Judgement) -> list[Row]:
    names = {"neutrophils 0.5": "neutrophils_0.5", "neutrophils 1.0": "neutrophils_1.0",
             "platelets 20": "platelets_20", "platelets 50": "platelets_50"}  # fmt: skip
    return [_recovery(name, judged[f"{key}_day"], judged[f"{key}_status"]) for name, key in names.items()]


def _recovery(name: str, day: np.ndarray, status: np.ndarray) -> Row:
    never, waiting, died = (int(np.sum(status == kind)) for kind in ("never_below", "not_yet", "competing"))
    return _middle(name, day[status == "recovered"], "day", recovery_note(never, waiting, died))


def recovery_note(never: int, waiting: int, died: int) -> str:
    """Who of the patients has no day of recovery, in words."""
    told = [f"{never} never below"] * bool(never) + [f"{waiting} not yet"] * bool(waiting)
    told += [f"{died} died or had another graft first"] * bool(died)
    return "; ".join(told)


def _engrafted(course: Course, chart: Chart) -> list[Row]:
    """Cumulative incidence of neutrophil engraftment by day 28 (cord 42), death and a second graft competing."""
    counts = engraftment_counts(neutrophil_engraftment(chart), chart)
    return engrafted_rows(counts, "cord" in chart.graft, int(course.days[-1]))


def engrafted_rows(counts: DayCounts, cord: bool, last: int) -> list[Row]:
    """The same from the counts of engraftment by day."""
    by = 42 if cord else 28
    if last < by or not counts.patients:
        return []
    curve = cumulative_incidence(counts, "engraftment")
    share, low, high = (100 * value for value in curve.at(min(by, len(curve.days) - 1)))
    return [Row(f"neutrophils 0.5 by day {by}", share, low, high, "% of patients", counts.patients, "death competes")]


def _middle(name: str, values: np.ndarray, unit: str, note: str = "") -> Row:
    """Median and the range of the middle 90 % of patients."""
    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    if known.size == 0:
        return Row(name, None, None, None, unit, 0, note)
    low, middle, high = np.percentile(known, RANGE)
    return Row(name, float(middle), float(low), float(high), unit, int(known.size), note)


def share_row(name: str, true: int, of: int, note: str = "") -> Row:
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
    return [_middle(f"lowest {name}, day 0-28", lowest(course, name), *told) for name, told in EARLY.items()]


def lowest(course: Course, name: str) -> np.ndarray:
    """Lowest true value from day 0 to 28 while the patient lived, (patients,); inf where there is none."""
    early = (course.days >= 0) & (course.days <= 28)
    return np.where(course.living[:, early], course.values[name][:, early], np.inf).min(axis=1)


def units_given(course: Course, name: str) -> np.ndarray:
    """Units of platelets or red cells given while the patient lived, (patients,)."""
    return np.where(course.living, course.values[name], 0).sum(axis=1)


def _transfusions(course: Course) -> list[Row]:
    platelets = units_given(course, "platelet_units")
    return [
        _middle("platelet units", platelets, "units"),
        _middle("red-cell units", units_given(course, "red_cell_units"), "units"),
        share_row("any platelet transfusion", int(np.sum(platelets > 0)), len(course)),
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
    return [share_row("primary graft failure", failed, int(known.sum()), note)]


def outcome_rows(became: Outcomes) -> list[Row]:
    """Each endpoint and mean at the last of the days; acute GVHD at the first, which is day 100."""
    first, last = became.days[0], became.days[-1]
    rows = []
    for line in became.lines:
        rivals = " and ".join(kind.replace("_", " ") for kind in line.competing)
        note = f"{rivals} competing" if rivals else ""
        for at in line.estimates:
            if at.day == (first if line.name.startswith("acute_gvhd") else last):
                name = f"{line.label}, day {at.day}"
                percent, low, high = (known(value) for value in at[1:4])
                rows.append(Row(name, percent, low, high, "% of patients", line.patients, note, "outcome"))
    means = [mean for mean in became.means if mean.day == last]
    return rows + [
        Row(f"{m.label} to day {m.day}", m.value, known(m.low), known(m.high), m.unit, m.patients, "mean", "outcome")
        for m in means
    ]
