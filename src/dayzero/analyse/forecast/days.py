"""When something will happen, as a probability for each day; and how such a forecast is scored."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from dayzero.errors import InputError
from dayzero.records.chart import Floats

LEVELS = (0.5, 0.9)


@dataclass(frozen=True, eq=False)
class Days:
    """The distribution of a day.

    Parameters
    ----------
    probability : (horizon + 1,) probability of each day from 0 to the horizon.
    never : probability that it has not happened by then.

    >>> soon = Days.of([10, 11, 11, 12], [1, 1, 1, 1], 20)
    >>> soon.quantile(0.5), soon.interval(0.5), soon.by(11)
    (11, (10, 11), 0.75)
    """

    probability: Floats
    never: float

    @classmethod
    def of(cls, days: ArrayLike, weights: ArrayLike, horizon: int) -> Days:
        """From days (inf: never) and weights of any one shape, at least one of them above zero."""
        day, weight = np.ravel(np.asarray(days, float)), np.ravel(np.asarray(weights, float))
        here = (day <= horizon) & (weight > 0)
        told = np.bincount(day[here].astype(int), weights=weight[here], minlength=horizon + 1)
        whole = float(weight[weight > 0].sum())
        if not whole > 0:
            raise InputError("forecast", "weights", "nothing above zero", "at least one possible day", "widen the pool")
        return cls(told / whole, max(0.0, 1.0 - float(told.sum()) / whole))

    @property
    def horizon(self) -> int:
        """The last day told apart."""
        return len(self.probability) - 1

    def by(self, day: int) -> float:
        """Probability that it happens by the end of a day."""
        return float(self.probability[: max(day + 1, 0)].sum())

    def quantile(self, share: float) -> int | None:
        """First day by which it has happened with that probability; None where that is never."""
        reached = np.cumsum(self.probability) >= share - 1e-9
        return int(reached.argmax()) if reached.any() else None

    def interval(self, level: float) -> tuple[int | None, int | None]:
        """Central interval; None for an end beyond the horizon."""
        return self.quantile((1 - level) / 2), self.quantile((1 + level) / 2)

    def after(self, day: int) -> Days:
        """The same, given that it has not happened by a day; the day after where nothing else is left."""
        left = self.probability.copy()
        left[: day + 1] = 0.0
        whole = float(left.sum()) + self.never
        if not whole > 1e-12:
            left[min(day + 1, self.horizon)] = whole = 1.0
        return Days(left / whole, self.never / whole)

    def as_dict(self) -> dict[str, object]:
        """Median, intervals and probabilities, for machines."""
        ends = {f"interval_{round(100 * level)}": list(self.interval(level)) for level in LEVELS}
        shown = {str(day): round(float(p), 6) for day, p in enumerate(self.probability) if p >= 5e-7}
        return {"median": self.quantile(0.5), **ends, "never": round(self.never, 6), "horizon": self.horizon,
                "probability": shown}  # fmt: skip


def crps(forecast: Days, low: int, high: int | None = None) -> float:
    """Continuous ranked probability score in days, 0 at best, of a day that lies from `low` to `high`.

    The mean over the days of the interval, each as likely; days beyond the horizon count as the day after it. Of a
    point forecast it is the absolute error.

    Source: Gneiting and Raftery 2007 (J Am Stat Assoc 102:359).

    >>> crps(Days.of([10, 12], [1, 1], 20), 10)
    0.5
    """
    below = np.cumsum(forecast.probability)
    days = np.arange(forecast.horizon + 1)
    happened = [np.sum((below - (days >= true)) ** 2) for true in range(low, (low if high is None else high) + 1)]
    return float(np.mean(happened))


def absolute_error(forecast: Days, low: int, high: int | None = None) -> float:
    """Distance of the median from the day, in days; the mean over the days it may have been."""
    median = forecast.quantile(0.5)
    middle = forecast.horizon + 1 if median is None else median
    return float(np.mean([abs(middle - true) for true in range(low, (low if high is None else high) + 1)]))


def covered(forecast: Days, level: float, low: int, high: int | None = None) -> float:
    """Whether the central interval holds the day, 0 to 1: the expected share of the randomised rank inside it.

    A day is a whole number, so an interval of whole days holds more than its level; the rank, drawn evenly within the
    probability of the day itself, does not.

    Source: Czado, Gneiting and Held 2009 (Biometrics 65:1254).
    """
    first, last = (1 - level) / 2, (1 + level) / 2
    return float(np.mean([_share(*ends, first, last) for ends in _ranks(forecast, low, high)]))


def _ranks(forecast: Days, low: int, high: int | None) -> list[tuple[float, float]]:
    """Between which ranks each possible day lies in its forecast."""
    below = np.r_[0.0, np.cumsum(forecast.probability), 1.0]
    last = forecast.horizon + 1
    return [
        (float(below[min(true, last)]), float(below[min(true, last) + 1]))
        for true in range(low, (low if high is None else high) + 1)
    ]


def _share(bottom: float, top: float, first: float, last: float) -> float:
    if top - bottom < 1e-12:
        return float(first <= bottom < last or (last >= 1.0 <= bottom))
    return max(0.0, min(top, last) - max(bottom, first)) / (top - bottom)


def fall_in(forecast: Days, low: int, high: int | None = None, tenths: int = 10) -> Floats:
    """Share of the day's rank in each tenth of its forecast, (tenths,): on average even where calibrated."""
    edges = np.linspace(0, 1, tenths + 1)
    ranks = _ranks(forecast, low, high)
    shares = [[_share(*ends, *cell) for cell in pairwise(edges)] for ends in ranks]
    return np.mean(shares, axis=0)
