"""Survival and cumulative incidence from whole days: counted once, exact, and mergeable.

All that the estimators need of a cohort is how many patients had each event, and how many were censored, on each day.
Such counts are integers: cohorts computed apart, or in any order, add up to the same bits. Who has an event on a day
was still at risk that day; who is censored on a day leaves after the day's events.

Sources: Kaplan and Meier, J Am Stat Assoc 1958;53:457; Aalen and Johansen, Scand J Stat 1978;5:141; Greenwood 1926;
delta variance of the cumulative incidence, Marubini and Valsecchi 1995, chapter 10; Brookmeyer and Crowley, Biometrics
1982;38:29; log(-log) intervals, Kalbfleisch and Prentice 2002.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dayzero.criteria.result import Judgement
from dayzero.errors import ChartError, InputError
from dayzero.records.chart import Chart, Floats, Integers

CENSORED = ""
ENGRAFTMENT = "engraftment"
COUNT_OF_RULE = {"anc_recovery": "neutrophils", "platelet_recovery": "platelets"}

_TIE = 1e-9  # products of fractions: 0.5 is reached when it is missed by rounding only


class Median(NamedTuple):
    """The median day and its interval; nan where the curve or its band does not get that far."""

    day: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class DayCounts:
    """Events of each kind and censorings on each day from 0.

    Parameters
    ----------
    kinds : what may happen, in alphabetical order; each patient meets one of them at most.
    events : (kinds, days) int64, patients with each event on each day.
    censored : (days,) int64, patients followed to that day without any.

    Examples
    --------
    >>> here = DayCounts.of([3, 5, 5], ["death", "", "relapse"])
    >>> both = here + DayCounts.of([2], ["death"])
    >>> both.kinds, both.patients, both.at_risk.tolist()
    (('death', 'relapse'), 4, [4, 4, 4, 3, 2, 2])
    """

    kinds: tuple[str, ...]
    events: Integers
    censored: Integers

    @classmethod
    def of(cls, day: ArrayLike, kind: ArrayLike, kinds: tuple[str, ...] = ()) -> DayCounts:
        """Counts of a cohort: each patient's last day (patients,) and what happened on it, ``""`` for censored.

        ``kinds`` names events to keep a row for even where nobody had them.
        """
        days, what = _whole_days(day), np.asarray(kind, dtype=str).reshape(-1)
        if len(days) != len(what):
            raise InputError("survival", "kind", f"{len(what)} kinds", f"{len(days)}, one a patient", "give each one")
        names = tuple(sorted({*kinds, *what.tolist()} - {CENSORED}))
        length = int(days.max()) + 1 if len(days) else 0
        rows = [np.bincount(days[what == name], minlength=length) for name in (*names, CENSORED)]
        table = np.array(rows, dtype=np.int64)
        return cls(names, table[:-1], table[-1])

    def __add__(self, other: DayCounts) -> DayCounts:
        """Both cohorts together."""
        names = tuple(sorted({*self.kinds, *other.kinds}))
        events = np.zeros((len(names), max(len(self.censored), len(other.censored))), dtype=np.int64)
        censored = np.zeros(events.shape[1], dtype=np.int64)
        for part in (self, other):
            rows = [names.index(kind) for kind in part.kinds]
            events[rows, : part.events.shape[1]] += part.events
            censored[: len(part.censored)] += part.censored
        return DayCounts(names, events, censored)

    @property
    def patients(self) -> int:
        """How many patients were counted."""
        return int(self.events.sum() + self.censored.sum())

    @property
    def at_risk(self) -> Integers:
        """Patients still waiting on the morning of each day, (days,)."""
        leaving = self.events.sum(axis=0) + self.censored
        return self.patients - np.cumsum(leaving) + leaving

    def row(self, kind: str) -> Integers:
        """Events of one kind by day, (days,)."""
        if kind not in self.kinds:
            expected = f"one of {', '.join(self.kinds) or 'no kind at all'}"
            raise InputError("survival", "kind", repr(kind), expected, "name an event that was counted")
        return self.events[self.kinds.index(kind)]


@dataclass(frozen=True, eq=False)
class Curve:
    """An estimate by day with its pointwise interval; every array has shape (days,), day 0 first.

    ``rising`` tells a cumulative incidence from a survival. Beyond the last day the curve is not known.
    """

    days: Integers
    at_risk: Integers
    estimate: Floats
    variance: Floats
    low: Floats
    high: Floats
    rising: bool

    def at(self, day: int) -> tuple[float, float, float]:
        """Estimate, low and high at the end of a day; nan outside the days followed."""
        if not 0 <= day < len(self.days):
            return np.nan, np.nan, np.nan
        return float(self.estimate[day]), float(self.low[day]), float(self.high[day])

    def median(self) -> Median:
        """First day on which half have had the event, and the days on which the band's edges pass one half."""
        early, late = (self.high, self.low) if self.rising else (self.low, self.high)
        return Median(*(self._passes(edge) for edge in (self.estimate, early, late)))

    def _passes(self, edge: Floats) -> float:
        beyond = edge >= 0.5 - _TIE if self.rising else edge <= 0.5 + _TIE
        return float(self.days[np.argmax(beyond)]) if beyond.any() else np.nan


def kaplan_meier(counts: DayCounts, level: float = 0.95) -> Curve:
    """The share still free of every event, by day (Kaplan-Meier; Greenwood variance).

    ::

        S(t) = prod (1 - d/n),   Var S(t) = S(t)^2 sum d / (n (n - d)),   zero once S is zero

    Examples
    --------
    >>> kaplan_meier(DayCounts.of([1, 2, 2, 3], ["death", "death", "", "death"])).estimate.tolist()
    [1.0, 0.75, 0.5, 0.0]
    """
    at_risk, died = counts.at_risk.astype(np.float64), counts.events.sum(axis=0)
    survival = np.cumprod(1.0 - _share(died, at_risk))
    variance = survival**2 * np.cumsum(_share(died, at_risk * (at_risk - died)))
    return _curve(counts, survival, variance, level, rising=False)


def cumulative_incidence(counts: DayCounts, kind: str, level: float = 0.95) -> Curve:
    """The share that has had one kind of event by each day, the others competing (Aalen-Johansen; delta variance).

    ::

        F(t)     = sum S(s-1) d_k / n
        Var F(t) = sum (F(t) - F(s))^2 d / (n (n - d)) + sum S(s-1)^2 d_k (n - d_k) / n^3
                   - 2 sum (F(t) - F(s)) S(s-1) d_k / n^2                                      over days s <= t

    Without censoring the variance is F (1 - F) / n. The incidences of all kinds and the survival sum to one.

    Examples
    --------
    >>> counts = DayCounts.of([1, 2, 3, 4], ["relapse", "death", "relapse", ""])
    >>> cumulative_incidence(counts, "relapse").estimate.tolist()
    [0.0, 0.25, 0.25, 0.5, 0.5]
    """
    at_risk, any_kind, this = counts.at_risk.astype(np.float64), counts.events.sum(axis=0), counts.row(kind)
    survival = np.cumprod(1.0 - _share(any_kind, at_risk))
    before = np.concatenate([[1.0], survival[:-1]])[: len(survival)]
    incidence = np.cumsum(before * _share(this, at_risk))
    leaving = _share(any_kind, at_risk * (at_risk - any_kind))  # zero where all leave: F stays, the term vanishes
    chance = before**2 * _share(this * (at_risk - this), at_risk**3)
    mixed = before * _share(this, at_risk**2)
    square, line = np.cumsum(leaving), np.cumsum(leaving * incidence + mixed)
    rest = np.cumsum(leaving * incidence**2 + 2 * mixed * incidence + chance)
    variance = np.maximum(incidence**2 * square - 2 * incidence * line + rest, 0.0)
    return _curve(counts, incidence, variance, level, rising=True)


def engraftment_counts(judged: Judgement, chart: Chart) -> DayCounts:
    """Day counts of time to engraftment: ``engraftment``, and the events that compete with it.

    Patients judged ``not_yet`` are censored on the day of their last count. Those ``never_below`` or ``not_evaluable``
    have no time to engraftment and are left out.

    Examples
    --------
    >>> from dayzero.criteria.engraftment import neutrophil_engraftment
    >>> chart = Chart.from_columns({"neutrophils": ([0, 0, 0, 0], [9, 10, 11, 12], [0.1, 0.6, 0.9, 1.2])}, ["A"])
    >>> cumulative_incidence(engraftment_counts(neutrophil_engraftment(chart), chart), "engraftment").median().day
    10.0
    """
    quantity = COUNT_OF_RULE.get(judged.definition.rule)
    if quantity is None or judged.patients != chart.patients:
        raise ChartError("survival", "judgement", judged.definition.rule, "an engraftment judged on this chart",
                         "judge this chart with neutrophil_engraftment or platelet_engraftment")  # fmt: skip
    rivals = tuple(str(kind) for kind in judged.settings.get("competing", ()))  # pyright: ignore[reportGeneralTypeIssues]
    when = np.array([chart.first_event(kind) for kind in rivals]).reshape(len(rivals), len(chart))
    last = np.zeros(len(chart))
    readings = chart.column(quantity)
    np.maximum.at(last, readings.patient, readings.day)
    status = judged.status
    day, kind = np.where(status == "recovered", judged.day, last), np.full(len(chart), CENSORED, dtype=object)
    kind[status == "recovered"] = ENGRAFTMENT
    for at in np.flatnonzero(status == "competing"):
        first = int(np.argmin(when[:, at]))
        day[at], kind[at] = when[first, at], rivals[first]
    known = np.isin(status, ("recovered", "not_yet", "competing"))
    return DayCounts.of(day[known], kind[known], kinds=(ENGRAFTMENT, *rivals))


def _whole_days(day: ArrayLike) -> Integers:
    given = np.asarray(day, dtype=np.float64).reshape(-1)
    wrong = ~(np.isfinite(given) & (given >= 0) & (given == np.floor(given)))
    if wrong.any():
        advice = "count from the start of follow-up; leave out who has no day"
        raise InputError("survival", "day", f"{given[wrong][0]:g}", "whole days from 0", advice)
    return given.astype(np.int64)


def _share(part: NDArray[Any], whole: Floats) -> Floats:
    """part / whole, zero where there is nobody left."""
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def _curve(counts: DayCounts, estimate: NDArray[Any], variance: NDArray[Any], level: float, *, rising: bool) -> Curve:
    low, high = _interval(estimate, variance, level)
    over = estimate >= 1 - _TIE if rising else estimate <= _TIE  # no formula once everybody had the event:
    if over.any():  # the edge of the day before stays
        at = int(np.argmax(over))
        edge = low if rising else high
        edge[at:] = edge[at - 1] if at else 1.0 - estimate[0]
    return Curve(np.arange(len(estimate)), counts.at_risk, estimate, variance, low, high, rising)


def _interval(estimate: NDArray[Any], variance: NDArray[Any], level: float) -> tuple[Floats, Floats]:
    """The log(-log) interval, p^exp(-+ z se / (p log p)); closed where p is 0 or 1."""
    inside: NDArray[np.bool_] = (estimate > _TIE) & (estimate < 1 - _TIE)
    p = np.where(inside, estimate, 0.5)
    width = NormalDist().inv_cdf(0.5 + level / 2) * np.sqrt(variance) / np.abs(p * np.log(p))
    low, high = p ** np.exp(width), p ** np.exp(-width)
    return np.where(inside, low, estimate), np.where(inside, high, estimate)
