"""All that the tables of a cohort need of it, in whole numbers: counted part by part, added in any order.

A tally holds, under fixed names, integer arrays whose shapes depend on the plan and the days followed, never on the
patients. Two tallies of one plan add up, number by number, to the tally of all their patients::

    endpoint.NAME    (kinds + 1, days)   events of each kind and censorings by day (`survival.DayCounts`)
    engraftment      (kinds + 1, days)   the same of neutrophil engraftment
    status.NAME      (statuses,)         what became of each recovery
    value.NAME       (points,)           patients by value, on the scale of `VALUES`
    fan.NAME         (days, points)      living patients by day and value, on the scale of `FANS`
    life.NAME        (horizons, 2)       sum and sum of squares of days alive, and of quality-adjusted life
    deaths           (causes + 1, 2)     of each cause, and of those after a relapse
    patients         (4,)                all, transplanted, with primary graft failure, known to have failed or not
    transfused       (1,)                patients who were given platelets
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from dayzero.analyse.endpoints import ENDPOINTS, countable, outcome_counts
from dayzero.analyse.outcomes import horizons
from dayzero.analyse.scales import Scale
from dayzero.analyse.summary import EARLY, lowest, units_given
from dayzero.analyse.survival import ENGRAFTMENT, DayCounts, engraftment_counts
from dayzero.criteria import Judgement
from dayzero.criteria.engraftment import neutrophil_engraftment
from dayzero.records import Chart
from dayzero.records.chart import Integers
from dayzero.simulation.course import Course

STATUSES = ("recovered", "never_below", "not_yet", "competing", "not_evaluable")
RECOVERIES = ("neutrophils_0.5", "neutrophils_1.0", "platelets_20", "platelets_50")
WAITING = ("death", ENGRAFTMENT, "second_graft")  # kinds of `engraftment_counts`
LONGEST = 3650
_WHOLE = Scale(0, LONGEST, LONGEST + 1)
_UNITS = Scale(0, 1024, 4097)  # quarters of a unit: children get parts of one
_PERCENT = Scale(0, 100, 1001)

# One number a patient, and the scale it is counted on.
VALUES: Mapping[str, Scale] = {
    **{f"{name}_day": _WHOLE for name in RECOVERIES},
    "days_below_0.5": _WHOLE,
    "days_below_0.1": _WHOLE,
    "lowest_neutrophils": Scale(1e-4, 100, 2001, logarithmic=True),
    "lowest_platelets": Scale(0.1, 2000, 2001, logarithmic=True),
    "lowest_hemoglobin": Scale(0, 25, 1001),
    "platelet_units": _UNITS,
    "red_cell_units": _UNITS,
    "myeloid_chimerism_28": _PERCENT,
    "myeloid_chimerism_100": _PERCENT,
}

# Quantities whose spread over living patients is kept day by day.
FANS: Mapping[str, Scale] = {
    "neutrophils": Scale(1e-3, 100, 201, logarithmic=True),
    "monocytes": Scale(1e-3, 100, 201, logarithmic=True),
    "platelets": Scale(0.1, 2000, 201, logarithmic=True),
    "hemoglobin": Scale(0, 25, 251),
    "cd4": Scale(1e-4, 10, 201, logarithmic=True),
    "cd8": Scale(1e-4, 10, 201, logarithmic=True),
    "b_cells": Scale(1e-4, 10, 201, logarithmic=True),
    "nk_cells": Scale(1e-4, 10, 201, logarithmic=True),
    "myeloid_donor_fraction": Scale(0, 1, 201),
    "t_donor_fraction": Scale(0, 1, 201),
    "quality_of_life": Scale(0, 1, 201),
}

FINENESS = 2**14  # quality-adjusted years are summed in whole 16,384ths: sums of squares fit for 3e8 patients


@dataclass(frozen=True, eq=False)
class Tally:
    """Integer counts of a cohort by name; ``first`` and ``last`` are the days its courses begin and end."""

    first: int
    last: int
    counts: Mapping[str, Integers]

    def __getitem__(self, name: str) -> Integers:
        return self.counts[name]

    def __contains__(self, name: str) -> bool:
        return name in self.counts

    def __add__(self, other: Tally) -> Tally:
        """Both cohorts together; of one plan and as many days."""
        return replace(self, counts={name: array + other.counts[name] for name, array in self.counts.items()})

    def day_counts(self, name: str) -> DayCounts:
        """The events by day of an endpoint, or of engraftment, up to the last day anything happened."""
        kinds = WAITING if name == ENGRAFTMENT else kinds_of(name)
        table = self.counts[ENGRAFTMENT if name == ENGRAFTMENT else f"endpoint.{name}"]
        used = np.flatnonzero(table.any(axis=0))
        table = table[:, : used[-1] + 1 if len(used) else 0]
        return DayCounts(kinds, table[:-1], table[-1])

    def endpoints(self) -> tuple[str, ...]:
        """The endpoints that were counted, in the order of `ENDPOINTS`."""
        return tuple(name for name in ENDPOINTS if f"endpoint.{name}" in self.counts)

    def packed(self) -> str:
        """The tally as text, for a file's own notes; equal tallies give equal text."""
        kept = io.BytesIO()
        small = {name: array.astype(np.min_scalar_type(array.max(initial=0))) for name, array in self.counts.items()}
        np.savez_compressed(kept, days=np.array([self.first, self.last]), **small)  # type: ignore[arg-type]
        return base64.b85encode(kept.getvalue()).decode()

    @classmethod
    def unpacked(cls, text: str) -> Tally:
        """A tally from its text."""
        with np.load(io.BytesIO(base64.b85decode(text)), allow_pickle=False) as kept:
            first, last = kept["days"].tolist()
            return cls(first, last, {name: kept[name].astype(np.int64) for name in kept.files if name != "days"})


def kinds_of(name: str) -> tuple[str, ...]:
    """What may happen to a patient of an endpoint, in the order of its counts."""
    endpoint = ENDPOINTS[name]
    return tuple(sorted(endpoint.parts if endpoint.survival else (name, *endpoint.rivals)))


def tally(course: Course, chart: Chart, judged: Judgement) -> Tally:
    """The counts of a course; `chart` and `judged` are its own (`observe`, `judge`)."""
    last = int(course.days[-1])
    counts: dict[str, Integers] = {f"endpoint.{name}": _by_day(outcome_counts(course, name, judgement=judged), last)
              for name in countable(course)}  # fmt: skip
    counts[ENGRAFTMENT] = _by_day(engraftment_counts(neutrophil_engraftment(chart), chart), last)
    for name in RECOVERIES:
        statuses = judged[f"{name}_status"]
        counts[f"status.{name}"] = np.array([np.count_nonzero(statuses == status) for status in STATUSES])
    counts |= {f"value.{name}": VALUES[name].count(value) for name, value in values(course, chart, judged).items()}
    living = course.living
    counts |= {f"fan.{name}": scale.count_by_day(course.values[name], living) for name, scale in FANS.items()}
    counts |= {f"life.{name}": np.array([_moments(sums) for sums in by_day]) for name, by_day in _life(course)}
    counts |= {"deaths": _deaths(course), "patients": _patients(course, judged)}
    counts["transfused"] = np.array([np.sum(units_given(course, "platelet_units") > 0)], dtype=np.int64)
    return Tally(int(course.days[0]), last, counts)


def values(course: Course, chart: Chart, judged: Judgement) -> dict[str, np.ndarray]:
    """One number a patient for each of `VALUES`, (patients,); nan or inf where there is none."""
    found = {f"{name}_day": np.where(judged[f"{name}_status"] == "recovered", judged[f"{name}_day"], np.nan)
             for name in RECOVERIES}  # fmt: skip
    found |= {name: judged[name] for name in ("days_below_0.5", "days_below_0.1")}
    found |= {f"lowest_{name}": lowest(course, name) for name in EARLY}
    found |= {name: units_given(course, name) for name in ("platelet_units", "red_cell_units")}
    measured = chart.column("donor_chimerism_myeloid")
    for day in (28, 100):
        on = measured.day == day
        found[f"myeloid_chimerism_{day}"] = share = np.full(len(course), np.nan)
        share[measured.patient[on]] = measured.value[on]
    return found


def _by_day(counts: DayCounts, last: int) -> Integers:
    table = np.zeros((len(counts.kinds) + 1, last + 1), dtype=np.int64)
    rows = np.vstack([counts.events, counts.censored])
    table[:, : rows.shape[1]] = rows
    return table


def quality_years(course: Course, day: int) -> Integers:
    """Quality-adjusted life over the mornings 1 to a day, in whole parts of a year (`FINENESS`), (patients,)."""
    until = (course.days >= 1) & (course.days <= day)
    quality = np.where(course.living, course.values["quality_of_life"], 0.0)[:, until]
    return np.rint(quality.sum(axis=1, dtype=np.float64) / 365.25 * FINENESS).astype(np.int64)


def _life(course: Course) -> Iterator[tuple[str, list[Integers]]]:
    """Days alive and quality-adjusted life of the transplanted to each horizon."""
    died = course.deaths()[0]
    days, counted = horizons(int(course.days[-1])), died >= 0
    yield "days_alive", [np.minimum(died[counted], day).astype(np.int64) for day in days]
    yield "days_at_home", [days_at_home(course, day)[counted] for day in days]
    yield "quality_adjusted_years", [quality_years(course, day)[counted] for day in days]


def days_at_home(course: Course, day: int) -> Integers:
    """Mornings 1 to a day that each patient is alive and out of hospital."""
    here = (course.days >= 1) & (course.days <= day)
    return (course.living & (course.in_hospital == 0))[:, here].sum(axis=1).astype(np.int64)


def _moments(sums: Integers) -> tuple[int, int]:
    return int(sums.sum()), int((sums * sums).sum())


def _deaths(course: Course) -> Integers:
    """Deaths after the infusion by cause, the unknown last; all of them, and those after a relapse."""
    died, cause = course.deaths()
    counted = np.isfinite(died) & (died >= 0)
    after = course.first_day("event_relapse") <= died
    names = [*course.record["causes"], "unknown"]
    return np.array([[np.sum(counted & (cause == name)), np.sum(counted & (cause == name) & after)] for name in names])


def _patients(course: Course, judged: Judgement) -> Integers:
    answers = judged["primary_graft_failure"]
    failed, known = (sum(answer is not None and test(answer) for answer in answers) for test in (bool, lambda _: True))
    return np.array([len(course), np.sum(course.deaths()[0] >= 0), failed, known])
