"""Arms of many trials side by side: counts by day, and the curves and areas below them.

Arms compared on whole days need no patient by patient table: every estimator here, and those of `hazards` and
`competing`, is a function of how many had the event, a competing event, or left, on each day in each arm. Replicates
of a trial are one more axis of the same array, so a thousand trials are analysed in one go.

Sources: as in `dayzero.analyse.survival`; restricted mean, Royston and Parmar 2013, BMC Med Res Methodol 13:152.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dayzero.records.chart import Floats, Integers

LEFT, EVENT, RIVAL = 0, 1, 2
Decimals = NDArray[Any]  # of 64 bits; NumPy's own types lose that on the way
Z95 = 1.959963984540054


class Effect(NamedTuple):
    """A contrast against the first arm with its standard error, (replicates, arms - 1) each, and a test, (replicates,).

    Ratios are kept as logarithms. Where nothing can be said, everything is nan; the test's p is then 1.
    """

    value: Floats
    error: Floats
    p: Floats

    def interval(self, level_z: float = Z95) -> tuple[Floats, Floats]:
        """Low and high of the normal interval, on the scale of ``value``."""
        return self.value - level_z * self.error, self.value + level_z * self.error


@dataclass(frozen=True, eq=False)
class GroupCounts:
    """Events, rival events and censorings by day.

    Parameters
    ----------
    events : (replicates, strata, arms, 2, days) int64, the event and what competes with it.
    censored : (replicates, strata, arms, days) int64.

    Examples
    --------
    >>> two = GroupCounts.of(day=[1, 2, 2, 3], kind=[1, 0, 1, 1], arm=[0, 0, 1, 1], arms=2)
    >>> two.at_risk[0, 0].tolist()
    [[2, 2, 1, 0], [2, 2, 2, 1]]
    """

    events: Integers
    censored: Integers

    @classmethod
    def of(
        cls, day: ArrayLike, kind: ArrayLike, arm: ArrayLike, *, arms: int, stratum: ArrayLike = 0, strata: int = 1,
        replicate: ArrayLike = 0, replicates: int = 1,
    ) -> GroupCounts:  # fmt: skip
        """Counts of patients: last day (patients,), `LEFT`, `EVENT` or `RIVAL` on it, and where each belongs."""
        when = np.asarray(day, dtype=np.int64)
        length = int(when.max(initial=0)) + 1
        shape = (replicates, strata, arms, 3, length)
        place = np.broadcast_arrays(replicate, stratum, arm, kind, when)
        flat = np.ravel_multi_index(tuple(np.asarray(axis, dtype=np.int64) for axis in place), shape)
        table = np.bincount(flat.ravel(), minlength=int(np.prod(shape))).reshape(shape)
        return cls(table[..., 1:, :], table[..., 0, :])

    @property
    def at_risk(self) -> Integers:
        """Patients still waiting on each morning, (replicates, strata, arms, days)."""
        leaving = self.events.sum(axis=-2) + self.censored
        return leaving.sum(axis=-1, keepdims=True) - np.cumsum(leaving, axis=-1) + leaving

    def together(self) -> GroupCounts:
        """The same patients without strata."""
        return GroupCounts(self.events.sum(axis=1, keepdims=True), self.censored.sum(axis=1, keepdims=True))

    def either(self) -> GroupCounts:
        """The event and its rivals as one event, as of a survival."""
        joined = self.events.sum(axis=-2, keepdims=True)
        return GroupCounts(np.concatenate([joined, np.zeros_like(joined)], axis=-2), self.censored)

    def of_cause(self) -> GroupCounts:
        """Rival events as censorings: what a cause-specific hazard is of."""
        own = self.events.copy()
        own[..., 1, :] = 0
        return GroupCounts(own, self.censored + self.events[..., 1, :])


class Curves(NamedTuple):
    """An estimate by day with its variance, (replicates, arms, days)."""

    estimate: Decimals
    variance: Decimals

    def at(self, day: int) -> tuple[Decimals, Decimals]:
        """Estimate and variance at the end of a day, (replicates, arms); the last known beyond it."""
        last = min(day, self.estimate.shape[-1] - 1)
        return self.estimate[..., last], self.variance[..., last]


def free_of_event(counts: GroupCounts) -> Curves:
    """Kaplan-Meier share free of the event, Greenwood variance; strata are put together."""
    died, risk = _event_and_risk(counts)
    survival = np.cumprod(1.0 - share(died, risk), axis=-1)
    return Curves(survival, survival**2 * np.cumsum(share(died, risk * (risk - died)), axis=-1))


def incidence(counts: GroupCounts) -> Curves:
    """Aalen-Johansen incidence of the event, its rivals competing, delta variance; strata are put together."""
    own, risk = _event_and_risk(counts)
    both = counts.events.sum(axis=(1, -2)).astype(np.float64)
    survival = np.cumprod(1.0 - share(both, risk), axis=-1)
    before = np.concatenate([np.ones_like(survival[..., :1]), survival[..., :-1]], axis=-1)
    curve = np.cumsum(before * share(own, risk), axis=-1)
    leaving, mixed = share(both, risk * (risk - both)), before * share(own, risk**2)
    chance = before**2 * share(own * (risk - own), risk**3)
    square, line = np.cumsum(leaving, axis=-1), np.cumsum(leaving * curve + mixed, axis=-1)
    rest = np.cumsum(leaving * curve**2 + 2 * mixed * curve + chance, axis=-1)
    return Curves(curve, np.maximum(curve**2 * square - 2 * curve * line + rest, 0.0))


def restricted_mean(counts: GroupCounts, until: int) -> tuple[Floats, Floats]:
    """Mean days free of the event up to a day, and its variance, (replicates, arms).

    ::

        mu = sum S(t),   Var mu = sum A(t)^2 d / (n (n - d)),   A(t) the area from t on
    """
    died, risk = (padded(table, until + 1) for table in _event_and_risk(counts))
    survival = np.cumprod(1.0 - share(died, risk), axis=-1)[..., :until]
    whole = survival.sum(axis=-1)
    rest = whole[..., None] - np.cumsum(survival, axis=-1) + survival
    died, risk = died[..., :until], risk[..., :until]
    return whole, (rest**2 * share(died, risk * (risk - died))).sum(axis=-1)


def difference(value: Floats, variance: Floats) -> Effect:
    """Each arm less the first, from independent estimates (replicates, arms), with a normal test over all arms."""
    gap = value[..., 1:] - value[..., :1]
    error = np.sqrt(variance[..., 1:] + variance[..., :1])
    covariance = variance[..., :1, None] + np.einsum("...a,ab->...ab", variance[..., 1:], np.eye(gap.shape[-1]))
    return Effect(gap, np.where(error > 0, error, np.nan), wald(gap, covariance))


def wald(value: Floats, covariance: Floats) -> Floats:
    """p of a chi-square test that all of a vector are zero, (...); 1 where the covariance is singular or not known."""
    from scipy.special import chdtrc

    known = np.asarray(np.isfinite(value).all(axis=-1) & np.isfinite(covariance).all(axis=(-2, -1)))
    known = known & (np.linalg.det(np.where(known[..., None, None], covariance, 0.0)) > 0)
    safe = np.where(known[..., None, None], covariance, np.eye(value.shape[-1]))
    gap = np.where(known[..., None], value, 0.0)
    statistic = np.einsum("...a,...a->...", gap, np.linalg.solve(safe, gap[..., None])[..., 0])
    return np.where(known, chdtrc(value.shape[-1], statistic), 1.0)


def share(part: NDArray[np.floating], whole: NDArray[np.floating]) -> Floats:
    """part / whole, zero where there is nobody left."""
    return np.divide(part, whole, out=np.zeros(np.broadcast_shapes(part.shape, whole.shape)), where=whole > 0)


def padded(table: Floats, length: int) -> Floats:
    """The same with days of nothing behind, up to a number of days."""
    more = max(length - table.shape[-1], 0)
    return np.pad(table, [(0, 0)] * (table.ndim - 1) + [(0, more)])


def _event_and_risk(counts: GroupCounts) -> tuple[Floats, Floats]:
    own = counts.events[..., 0, :].sum(axis=1).astype(np.float64)
    return own, counts.at_risk.sum(axis=1).astype(np.float64)
