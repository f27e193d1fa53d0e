"""Counts on a fixed scale: how many patients had each value, and the quantiles of them.

A value counts for the nearest point of its scale, what lies beyond an end for that end. Counts of cohorts computed
apart add up to those of both together. Quantiles are those of the points (linear between neighbours in order, as NumPy
does): whole numbers on a scale of whole numbers are exact, anything else is right within half a step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dayzero.records.chart import Floats, Integers


@dataclass(frozen=True)
class Scale:
    """Points that values are counted at.

    Parameters
    ----------
    low, high : first and last point.
    points : how many, evenly spaced; on a logarithmic scale in the logarithm.

    Examples
    --------
    >>> days = Scale(0, 10, 11)
    >>> days.percentiles(days.count([1, 2, 2, 9]), [50, 100]).tolist()
    [2.0, 9.0]
    """

    low: float
    high: float
    points: int
    logarithmic: bool = False

    def at(self) -> Floats:
        """The points, (points,)."""
        if self.logarithmic:
            return np.geomspace(self.low, self.high, self.points)
        return np.linspace(self.low, self.high, self.points)

    def place(self, values: ArrayLike) -> Integers:
        """Number of the nearest point of each value."""
        given = np.asarray(values, dtype=np.float64)
        if self.logarithmic:
            share = np.log(np.maximum(given, self.low) / self.low) / np.log(self.high / self.low)
        else:
            share = (given - self.low) / (self.high - self.low)
        return np.rint(np.clip(share, 0, 1) * (self.points - 1)).astype(np.int64)

    def count(self, values: ArrayLike) -> Integers:
        """How many of the values lie at each point, (points,); those not known are left out."""
        given = np.asarray(values, dtype=np.float64)
        return np.bincount(self.place(given[np.isfinite(given)]), minlength=self.points)

    def count_by_day(self, values: NDArray[np.floating], counted: NDArray[np.bool_]) -> Integers:
        """The same day by day, (days, points), of (patients, days) values where `counted`."""
        days = values.shape[1]
        placed = self.place(values) + np.arange(days) * self.points
        return np.bincount(placed[counted], minlength=days * self.points).reshape(days, self.points)

    def percentiles(self, counts: Integers, percents: Sequence[float]) -> Floats:
        """Percentiles of what was counted at the points, (percents,); nan of nothing."""
        below, points = np.cumsum(counts), self.at()
        if not below[-1]:
            return np.full(len(percents), np.nan)
        place = np.asarray(percents, dtype=np.float64) / 100 * (below[-1] - 1)
        early, late = (points[np.searchsorted(below, at, side="right")] for at in (np.floor(place), np.ceil(place)))
        return early + (late - early) * (place - np.floor(place))
