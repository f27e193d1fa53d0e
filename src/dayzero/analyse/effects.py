"""The effect of an arm on an endpoint, by each of the measures a protocol may name, for many trials at once.

==============================  =====================================================================================
hazard_ratio                    Cox, log-rank test; with rivals, of the cause (rivals censor)
subdistribution_hazard_ratio    Fine-Gray, Gray's test; rivals stay at risk
difference                      of survival or cumulative incidence at a day, percent points, normal test
restricted_mean                 difference of mean event-free days to a day, normal test
binary                          difference of shares that had it by a day, among those known, percent points
==============================  =====================================================================================

The interval of a binary difference is Newcombe's (1998, Stat Med 17:873, method 10), its test the pooled z.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dayzero.analyse.competing import fine_gray
from dayzero.analyse.groups import EVENT, LEFT, Z95, Effect, GroupCounts, difference, free_of_event, incidence
from dayzero.analyse.groups import restricted_mean as mean_to
from dayzero.analyse.groups import share as part
from dayzero.analyse.hazards import cox
from dayzero.analyse.when import COMPARABLE, First
from dayzero.records.chart import Floats, Integers

RATIOS = ("hazard_ratio", "subdistribution_hazard_ratio")


@dataclass(frozen=True)
class Where:
    """Where each patient belongs: replicate, stratum, arm, (patients,) each; and how many of each there are."""

    replicate: Integers
    stratum: Integers
    arm: Integers
    replicates: int
    strata: int
    arms: int

    def only(self, rows: NDArray[np.bool_] | Integers) -> Where:
        """Some of the patients."""
        return Where(self.replicate[rows], self.stratum[rows], self.arm[rows], self.replicates, self.strata, self.arms)

    def pooled(self) -> Where:
        """All replicates as one trial."""
        return Where(np.zeros_like(self.replicate), self.stratum, self.arm, 1, self.strata, self.arms)

    def counts(self, first: First) -> GroupCounts:
        """The events of an endpoint by day."""
        day = np.maximum(first.day, 0).astype(np.int64)
        return GroupCounts.of(day, first.kind, self.arm, arms=self.arms, stratum=self.stratum, strata=self.strata,
                              replicate=self.replicate, replicates=self.replicates)  # fmt: skip


def usual_measure(name: str) -> str:
    """How arms are compared on an endpoint when a protocol does not say."""
    endpoint = COMPARABLE[name]
    return "subdistribution_hazard_ratio" if endpoint.rivals and not endpoint.survival else "hazard_ratio"


def levels(name: str, counts: GroupCounts, day: int) -> tuple[Floats, Floats]:
    """Percent of each arm by a day, event-free for a survival, else with the event; and its standard error."""
    curves = free_of_event(counts.either()) if COMPARABLE[name].survival else incidence(counts)
    value, variance = curves.at(day)
    return 100 * value, 100 * np.sqrt(variance)


def effect(name: str, measure: str, counts: GroupCounts, day: int) -> Effect:
    """The effect of every arm against the first; ratios as logarithms, shares in percent points."""
    endpoint = COMPARABLE[name]
    if measure == "hazard_ratio":
        return cox(counts.of_cause())
    if measure == "subdistribution_hazard_ratio":
        return fine_gray(counts)
    if measure == "restricted_mean":
        return difference(*mean_to(counts if endpoint.survival else counts.either(), day))
    value, error = levels(name, counts, day)
    return difference(value, error**2)


class Shares:
    """Those who had an endpoint by a day, of those of whom it is known, by replicate and arm."""

    def __init__(self, first: First, where: Where, day: int) -> None:
        shape = (where.replicates, where.arms)
        known = (first.day >= day) | (first.kind != LEFT)
        had = (first.kind == EVENT) & (first.day <= day)
        place = where.replicate * where.arms + where.arm
        self.of = np.bincount(place[known], minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)
        self.had = np.bincount(place[had], minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)

    def effect(self) -> Effect:
        """Differences against the first arm in percent points, the standard error unpooled, the test pooled."""
        from scipy.special import ndtr

        p, n = part(self.had, self.of), self.of
        spread = part(p * (1 - p), n)
        gap, error = p[:, 1:] - p[:, :1], np.sqrt(spread[:, 1:] + spread[:, :1])
        both = part(self.had[:, 1:] + self.had[:, :1], n[:, 1:] + n[:, :1])
        pooled = np.sqrt(
            both * (1 - both) * (part(np.ones_like(n[:, 1:]), n[:, 1:]) + part(np.ones_like(n[:, :1]), n[:, :1]))
        )
        z = part(gap, pooled)
        return Effect(100 * gap, 100 * error, (2 * ndtr(-np.abs(z))).min(axis=1))

    def interval(self) -> tuple[Floats, Floats]:
        """Newcombe's interval of the differences, percent points."""
        p = part(self.had, self.of)
        low, high = wilson(self.had, self.of)
        gap = p[:, 1:] - p[:, :1]
        down = np.sqrt((p[:, 1:] - low[:, 1:]) ** 2 + (high[:, :1] - p[:, :1]) ** 2)
        up = np.sqrt((high[:, 1:] - p[:, 1:]) ** 2 + (p[:, :1] - low[:, :1]) ** 2)
        return 100 * (gap - down), 100 * (gap + up)


def wilson(had: Floats, of: Floats) -> tuple[Floats, Floats]:
    """Wilson's 95 % interval of a share; 0 to 1 where nobody is counted."""
    n = np.maximum(of, 1e-9)
    p, z2 = had / n, Z95**2
    centre, half = (p + z2 / (2 * n)) / (1 + z2 / n), Z95 * np.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    low, high = np.clip(centre - half, 0.0, 1.0), np.clip(centre + half, 0.0, 1.0)
    return np.where(of > 0, low, 0.0), np.where(of > 0, high, 1.0)
