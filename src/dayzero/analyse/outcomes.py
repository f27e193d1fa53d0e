"""The outcomes of a cohort: survival, competing risks, days of life and causes of death, with intervals.

Survivals are Kaplan-Meier estimates, incidences Aalen-Johansen ones; what each endpoint is and what competes with it
stands in `dayzero.analyse.endpoints`. Intervals tell the chance of so many patients, not what is unknown of the model.

Days alive and quality-adjusted life are means over patients to a day, over the mornings 1 to that day (dead: 0)::

    days alive = sum of mornings alive,     days at home = those of them out of hospital,
    quality-adjusted years = sum of quality of life over them / 365.25
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dayzero.analyse.endpoints import ENDPOINTS, countable, named, outcome_counts
from dayzero.analyse.survival import Curve, DayCounts, Median, cumulative_incidence, kaplan_meier
from dayzero.criteria import Judgement, judge
from dayzero.errors import InputError, SpecError
from dayzero.records.chart import Floats, Integers
from dayzero.simulation.course import Course
from dayzero.simulation.observe import observe
from dayzero.simulation.occurrences import CAUSE_GROUPS

if TYPE_CHECKING:
    from dayzero.analyse.large import Cohort

HORIZONS = (100, 180, 365, 730, 1095, 1825, 3650)
YEAR = 365.25
LEVEL_TAIL = 0.025
CAUSE_WORDS = {"relapse_death": "the disease itself", "acute_gvhd_death": "acute GVHD", "bacteremia": "bacteremia",
               "chronic_gvhd_death": "chronic GVHD", "mould": "invasive mould infection", "cmv_disease": "CMV disease",
               "other_death": "other transplant mortality", "background_death": "unrelated to the transplant",
               "vod_death": "VOD"}  # fmt: skip


class Estimate(NamedTuple):
    """An estimate by the end of a day, in percent, with its 95 % interval."""

    day: int
    percent: float
    low: float
    high: float
    events: int
    at_risk: int


class Mean(NamedTuple):
    """A mean over patients to a day, with its 95 % interval."""

    name: str
    label: str
    day: int
    value: float
    low: float
    high: float
    unit: str
    patients: int


class Deaths(NamedTuple):
    """How many died of one cause, and of those how many after a relapse."""

    cause: str
    label: str
    group: str
    deaths: int
    after_relapse: int


@dataclass(frozen=True, eq=False)
class Line:
    """One endpoint: its estimates at the days asked for, and the counts they come from.

    ``median`` is that of a survival, None for an incidence; nan where it was not reached.
    """

    name: str
    label: str
    competing: tuple[str, ...]
    patients: int
    estimates: tuple[Estimate, ...]
    median: Median | None
    counts: DayCounts = field(repr=False)

    def at(self, day: int) -> Estimate:
        """The estimate of one of the days."""
        found = next((estimate for estimate in self.estimates if estimate.day == day), None)
        if found is None:
            told = ", ".join(str(estimate.day) for estimate in self.estimates)
            raise InputError("outcomes", "day", f"{day}", f"one of {told}", "ask for that day: outcomes(course, [...])")
        return found


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What became of a cohort.

    Parameters
    ----------
    days : the days of the estimates.
    lines : one an endpoint, survivals first.
    means : days alive and quality-adjusted years.
    deaths : causes to the last day, the most frequent first.
    patients, not_transplanted : who counts, and who died before the infusion.
    """

    days: tuple[int, ...]
    lines: tuple[Line, ...]
    means: tuple[Mean, ...]
    deaths: tuple[Deaths, ...]
    patients: int
    not_transplanted: int
    record: Mapping[str, Any] = field(repr=False)

    def __getitem__(self, name: str) -> Line:
        """The endpoint of that name."""
        return named(self.lines, "outcomes", name)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON; numbers not known are null."""
        return {
            "days": list(self.days), "patients": self.patients, "not_transplanted": self.not_transplanted,
            "endpoints": [_plain_line(line) for line in self.lines],
            "means": [{k: known(v) for k, v in mean._asdict().items()} for mean in self.means],
            "deaths": [cause._asdict() for cause in self.deaths],
        }  # fmt: skip

    def __str__(self) -> str:
        width = max(len(line.label) for line in self.lines)
        head = f"{'':{width}}" + "".join(f"{f'day {day}':>18}" for day in self.days)
        rows = [f"{line.label:{width}}" + "".join(f"{shown(e):>18}" for e in line.estimates) for line in self.lines]
        return "\n".join([head, *rows])


def shown(estimate: Estimate) -> str:
    """An estimate as printed: percent with its interval."""
    percent, low, high = (f"{value:.{int(value < 9.95)}f}" for value in estimate[1:4])
    return f"{percent} ({low}-{high})"


def outcomes(
    course: Course | Cohort, horizon: int | Sequence[int] | None = None, judgement: Judgement | None = None
) -> Outcomes:
    """The outcomes of a simulated cohort, of any size, at one or several days from infusion.

    Parameters
    ----------
    horizon : days to tell the outcomes of; left out, day 100 and the last usual ones (half a year, whole years) the
        course reaches, or its last day.
    judgement : of the course's own chart, where there is one already.

    Raises
    ------
    SpecError : deaths were not recorded. InputError : a day the course does not reach.

    Examples
    --------
    >>> from dayzero.simulation.cohort import simulate
    >>> table = outcomes(simulate("auto-mel200-myeloma", patients=16, days=100))
    >>> table.days, table["overall_survival"].patients
    ((100,), 16)
    """
    if not isinstance(course, Course):
        return course.outcomes(horizon)
    names = countable(course)
    if "overall_survival" not in names:
        advice = "simulate again without recording="
        raise SpecError("outcomes", "course", "no deaths recorded", "the standard recording", advice)
    days = days_told(int(course.days[-1]), horizon)
    judged = judge(observe(course)) if judgement is None and "graft_failure" in names else judgement
    lines = tuple(line_of(name, outcome_counts(course, name, judgement=judged), days) for name in names)
    died = course.deaths()[0]
    return Outcomes(days, lines, tuple(_means(course, days)), _causes(course), int((died >= 0).sum()),
                    int((died < 0).sum()), course.record)  # fmt: skip


def horizons(last: int) -> tuple[int, ...]:
    """The usual days that a course to a last day reaches, or that day."""
    return tuple(day for day in HORIZONS if day <= last) or (last,)


def days_told(last: int, horizon: int | Sequence[int] | None) -> tuple[int, ...]:
    """The days asked for, of a course to a last day; left out, the first and the last two usual ones."""
    if horizon is None:
        usual = horizons(last)
        return tuple(dict.fromkeys((usual[0], *usual[-2:])))
    several = isinstance(horizon, (Sequence, np.ndarray)) and not isinstance(horizon, str)
    asked: list[Any] = list(horizon) if several else [horizon]  # type: ignore[arg-type]
    for day in asked or [None]:
        whole = isinstance(day, (int, np.integer)) and not isinstance(day, bool)
        if not whole or not 0 <= day <= last:
            raise InputError("outcomes", "horizon", f"{day!r}", f"whole days of 0 to {last}", "simulate more days")
    return tuple(dict.fromkeys(int(day) for day in asked))


def curve_of(name: str, counts: DayCounts) -> Curve:
    """The estimate of an endpoint by day: a survival, or an incidence with its competing events."""
    return kaplan_meier(counts) if ENDPOINTS[name].survival else cumulative_incidence(counts, name)


def line_of(name: str, counts: DayCounts, days: tuple[int, ...]) -> Line:
    """An endpoint at some days, from its counts."""
    endpoint = ENDPOINTS[name]
    rivals = () if endpoint.survival else tuple(kind for kind in counts.kinds if kind != name)
    if not counts.patients:
        return Line(name, endpoint.label, rivals, 0, (), None, counts)
    curve = curve_of(name, counts)
    happened = np.cumsum(counts.events.sum(axis=0) if endpoint.survival else counts.row(name))
    estimates = tuple(_estimate(curve, happened, day) for day in days)
    median = curve.median() if endpoint.survival else None
    return Line(name, endpoint.label, rivals, counts.patients, estimates, median, counts)


def _estimate(curve: Curve, happened: Integers, day: int) -> Estimate:
    at = min(day, len(curve.days) - 1)  # nobody is followed further once all had it
    waiting = int(curve.at_risk[day]) if day < len(curve.days) else 0
    value, low, high = curve.at(at)
    if not happened[at]:  # exact (Clopper and Pearson): of n patients none had it
        most = 1 - LEVEL_TAIL ** (1 / curve.at_risk[0])
        low, high = (0.0, most) if curve.rising else (1 - most, 1.0)
    return Estimate(day, 100 * value, 100 * low, 100 * high, int(happened[at]), waiting)


def _means(course: Course, days: tuple[int, ...]) -> list[Mean]:
    living = course.living[course.deaths()[0] >= 0]
    told: list[tuple[str, str, str, Floats]] = [("days_alive", "days alive", "days", living.astype(np.float64))]
    if "in_hospital" in course.values:
        home = living & (course.values["in_hospital"][course.deaths()[0] >= 0] == 0)
        told.append(("days_at_home", "days alive and out of hospital", "days", home.astype(np.float64)))
    if "quality_of_life" in course.values:
        quality = np.where(living, course.values["quality_of_life"][course.deaths()[0] >= 0], 0.0)
        told.append(("quality_adjusted_years", "quality-adjusted life", "years", quality / YEAR))
    found = []
    for name, label, unit, table in told:
        for day in days:
            sums = table[:, (course.days >= 1) & (course.days <= day)].sum(axis=1)
            mean, error = float(sums.mean()), float(sums.std(ddof=1) / np.sqrt(len(sums))) if len(sums) > 1 else np.nan
            found.append(Mean(name, label, day, mean, mean - 1.96 * error, mean + 1.96 * error, unit, len(sums)))
    return found


def _causes(course: Course) -> tuple[Deaths, ...]:
    died, cause = course.deaths()
    relapsed = course.first_day("event_relapse") if "event_relapse" in course.values else np.full(len(course), np.inf)
    rows = []
    for name in sorted(set(cause[np.isfinite(died) & (died >= 0)].tolist())):
        here = (cause == name) & np.isfinite(died) & (died >= 0)
        rows.append((name, int(here.sum()), int((relapsed[here] <= died[here]).sum())))
    return deaths_of(rows)


def deaths_of(rows: Sequence[tuple[str, int, int]]) -> tuple[Deaths, ...]:
    """Causes of death with how many died of each and how many of those after a relapse, the most frequent first."""
    words = {name: CAUSE_WORDS.get(name, ENDPOINTS[name].label if name in ENDPOINTS else name.replace("_", " "))
             for name, _, _ in rows}  # fmt: skip
    told = [Deaths(name, words[name], CAUSE_GROUPS.get(name, "other"), died, after) for name, died, after in rows]
    return tuple(sorted(told, key=lambda row: (-row.deaths, row.cause)))


def known(value: Any) -> Any:
    """A number as plain data, None where it is not known."""
    if isinstance(value, (float, np.floating)):
        return None if np.isnan(value) else float(value)
    return value


def _plain_line(line: Line) -> dict[str, Any]:
    told = {"name": line.name, "label": line.label, "patients": line.patients, "competing": list(line.competing),
            "estimator": "Kaplan-Meier" if ENDPOINTS[line.name].survival else "Aalen-Johansen"}  # fmt: skip
    rows = [estimate._asdict() | {k: known(getattr(estimate, k)) for k in ("percent", "low", "high")}
            for estimate in line.estimates]  # fmt: skip
    median = None if line.median is None else {k: known(v) for k, v in line.median._asdict().items()}
    return told | {"estimates": rows} | ({} if median is None else {"median": median})
