"""Estimators of published figures, as functions of facts: incidences, survivals, medians, shares, ratios.

A `Measure` names the facts it needs, how long patients must be followed, and the estimator in words. Its ``figure``
takes one table of facts an arm (name -> (patients,)) and gives one number. Followed to the horizon by everybody, an
Aalen-Johansen incidence is the share that had the event first, and a Kaplan-Meier survival the share free of it; both
go through `dayzero.analyse.survival` all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dayzero.analyse.survival import DayCounts, cumulative_incidence, kaplan_meier
from dayzero.records.chart import Floats

Facts = Mapping[str, Floats]
INFUSION = "infusion"
FEWEST = 20  # patients in a subgroup, below which no figure is given


@dataclass(frozen=True)
class Measure:
    """How a published figure is computed from a simulated cohort.

    Parameters
    ----------
    figure : facts of one arm (or of two, for a contrast) -> the number.
    needs : names of the facts.
    last : last day patients are followed to.
    estimator : in words; zero: time zero, in words.
    scale : pct, days, ratio, level: how distances are measured.
    sides : edits of the two arms of a contrast (see `evidence.contrasts`); empty for a single arm.
    remarks : what the figure leaves out.
    """

    figure: Callable[..., float]
    needs: tuple[str, ...]
    last: int
    estimator: str
    scale: str = "pct"
    zero: str = INFUSION
    sides: tuple[Mapping[str, Any], ...] = ()
    remarks: tuple[str, ...] = field(default=())


def first_of(facts: Facts, names: Sequence[str]) -> Floats:
    """Day of whichever comes first, (patients,)."""
    return np.min([facts[name] for name in names], axis=0)


def counts(event: Floats, rival: Floats, last: int) -> DayCounts:
    """Day counts to a horizon; on one day the event comes before its rival."""
    is_event = (event <= rival) & (event <= last)
    is_rival = ~is_event & (rival <= last)
    day = np.minimum(np.minimum(event, rival), last)
    kind = np.where(is_event, "event", np.where(is_rival, "rival", ""))
    known = day >= 0
    return DayCounts.of(day[known], kind[known], kinds=("event", "rival"))


def share_with(event: Floats, rival: Floats, last: int) -> float:
    """Cumulative incidence at a horizon, percent.

    >>> share_with(np.array([5.0, np.inf, 9.0]), np.array([np.inf, 3.0, 20.0]), 10)
    66.66666666666667
    """
    if len(event) == 0:
        return np.nan
    curve = cumulative_incidence(counts(np.maximum(event, 0), rival, last), "event")
    return 100 * float(curve.estimate[-1])


def incidence(event: str | Sequence[str], rivals: Sequence[str], last: int, **more: Any) -> Measure:
    """Cumulative incidence of an event with what competes with it."""
    parts = (event,) if isinstance(event, str) else tuple(event)

    def figure(facts: Facts) -> float:
        rival = first_of(facts, rivals) if rivals else np.full(len(facts[parts[0]]), np.inf)
        return share_with(first_of(facts, parts), rival, last)

    told = f"Aalen-Johansen; {', '.join(rivals) or 'nothing'} competing"
    return Measure(figure, (*parts, *rivals), last, told, **more)


def survival(parts: Sequence[str], last: int, **more: Any) -> Measure:
    """Kaplan-Meier share free of every part at a horizon."""

    def figure(facts: Facts) -> float:
        day = first_of(facts, parts)
        kept = day >= 0
        curve = kaplan_meier(counts(day[kept], np.full(int(kept.sum()), np.inf), last))
        return 100 * float(curve.estimate[-1])

    return Measure(figure, tuple(parts), last, f"Kaplan-Meier; event {', '.join(parts)}", **more)


def median_survival(parts: Sequence[str], last: int, landmark: int, unit: float) -> Measure:
    """Median time free of every part, among who is free at a landmark, from the landmark."""

    def figure(facts: Facts) -> float:
        day = first_of(facts, parts)
        kept = day[day > landmark] - landmark
        return float(np.median(np.minimum(kept, last))) / unit

    zero = INFUSION if not landmark else f"day {landmark}, of those free of events"
    return Measure(figure, tuple(parts), last + landmark, "Kaplan-Meier median", "days", zero)


def median_day(event: str, last: int, over_all: bool = False, mean: bool = False, unit: float = 1.0) -> Measure:
    """Median (or mean) day of an event: over those who had it, or over all (who had not, later than any)."""

    def figure(facts: Facts) -> float:
        day = facts[event]
        had = day[(day > 0) & (day <= last)]
        if over_all:
            late = np.where(day <= last, day, np.inf)
            return float(np.median(late)) / unit if np.isfinite(np.median(late)) else last / unit
        return float(np.mean(had) if mean else np.median(had)) / unit if len(had) else np.nan

    kind = "mean" if mean else "median"
    told = f"{kind} over all patients" if over_all else f"{kind} over those who had it"
    return Measure(figure, (event,), last, told, "days")


def share(
    needs: Sequence[str],
    last: int,
    test: Callable[[Facts], Any],
    told: str,
    of: Callable[[Facts], Any] | None = None,
    **more: Any,
) -> Measure:
    """Percentage of patients (of those in ``of``) who pass a test."""

    def figure(facts: Facts) -> float:
        passed = np.asarray(test(facts), dtype=float)
        kept = np.isfinite(passed) if of is None else np.asarray(of(facts), bool) & np.isfinite(passed)
        return 100 * float(passed[kept].mean()) if kept.sum() >= FEWEST else np.nan

    return Measure(figure, tuple(needs), last, told, **more)


def value(
    needs: Sequence[str], last: int, figure: Callable[[Facts], Any], told: str, scale: str = "level", **more: Any
) -> Measure:
    """Any other figure of one arm."""
    return Measure(lambda facts: float(figure(facts)), tuple(needs), last, told, scale, **more)


def typical(name: str, last: int, scale: float = 1.0, mean: bool = False) -> Measure:
    """Median (or mean) of a fact over those in whom it is known."""
    pick = np.nanmean if mean else np.nanmedian
    told = f"{'mean' if mean else 'median'} of the living"
    return value([name], last, lambda f: scale * float(pick(np.where(np.isfinite(f[name]), f[name], np.nan))), told)


def hazard_ratio(first: tuple[Floats, Floats], second: tuple[Floats, Floats], last: int) -> float:
    """Ratio of hazards of two groups by observed and expected events of the log-rank test (Peto and Pike).

    Each group: day of the event and day of what ends the count, inf where it did not happen.

    >>> slow, fast = np.arange(2.0, 42), np.arange(1.0, 41) / 2 // 1 + 1
    >>> none = np.full(40, np.inf)
    >>> hazard_ratio((fast, none), (slow, none), 60) > 1
    True
    """
    tables = [counts(event, rival, last) for event, rival in (first, second)]
    length = max(len(t.censored) for t in tables)
    if min(t.patients for t in tables) < FEWEST:
        return np.nan
    padded = [(_padded(t.row("event"), length), _padded(t.at_risk, length)) for t in tables]
    (events_a, risk_a), (events_b, risk_b) = padded
    both, risk = events_a + events_b, np.maximum(risk_a + risk_b, 1)
    expected_a, expected_b = (both * risk_a / risk).sum(), (both * risk_b / risk).sum()
    observed_a, observed_b = events_a.sum(), events_b.sum()
    if min(observed_a, observed_b) == 0:
        return float((observed_a + 0.5) / expected_a / ((observed_b + 0.5) / expected_b))
    return float(observed_a / expected_a / (observed_b / expected_b))


def _padded(row: Any, length: int) -> Any:
    return np.concatenate([row, np.zeros(length - len(row), dtype=row.dtype)])


def rate_ratio(event: Floats, ends: Floats, exposed: Floats, last: int, start: int = 0) -> float:
    """Ratio of event rates with and without a time-dependent exposure, stratified by month.

    >>> day, never = np.array([50.0] * 30 + [np.inf] * 60 + [50.0] * 10), np.full(100, np.inf)
    >>> float(rate_ratio(day, never, np.where(np.arange(100) < 50, 1.0, np.inf), 100))
    3.5
    """
    if (exposed < np.minimum(np.minimum(event, ends), last)).sum() < FEWEST:
        return np.nan
    top = bottom = 0.0
    for low in range(start, last, 30):
        high = min(low + 30, last)
        stop = np.minimum(np.minimum(event, ends), high)
        time_on = np.clip(stop - np.maximum(exposed, low), 0, None)
        time_off = np.clip(np.minimum(stop, exposed) - low, 0, None)
        here = (event > low) & (event <= high) & (event <= ends)
        on, off = float((here & (exposed < event)).sum()), float((here & (exposed >= event)).sum())
        all_time = time_on.sum() + time_off.sum()
        if all_time > 0:
            top += on * time_off.sum() / all_time
            bottom += off * time_on.sum() / all_time
    return top / bottom if bottom > 0 else np.nan
