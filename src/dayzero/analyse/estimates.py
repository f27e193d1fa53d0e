"""What a trial estimates: the level of each arm, the effect on each endpoint, and the same beside published figures.

Over all replicates together the chance of the simulation is small, so these are what the trial is expected to find.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dayzero.analyse.effects import RATIOS, Shares, effect, levels, usual_measure
from dayzero.analyse.groups import EVENT, LEFT, Z95, Effect, free_of_event, incidence
from dayzero.analyse.outcomes import known
from dayzero.analyse.when import COMPARABLE, First
from dayzero.records.chart import Floats
from dayzero.spec.trial_parts import Published as Figure
from dayzero.spec.trial_parts import TrialEndpoint

if TYPE_CHECKING:
    from dayzero.analyse.trial import World

UNITS = {"difference": "% points", "binary": "% points", "restricted_mean": "days"}


class Level(NamedTuple):
    """One arm: percent by the day with its 95 % interval, patients and events by then."""

    arm: str
    percent: float
    low: float
    high: float
    patients: int
    events: int


class Gap(NamedTuple):
    """One arm against the first: the effect with its 95 % interval, on the scale it is told on."""

    arm: str
    value: float
    low: float
    high: float


class Estimates(NamedTuple):
    """One endpoint over all replicates: levels, effects, and the p of one trial of that size."""

    name: str
    label: str
    role: str
    measure: str
    unit: str
    day: int
    levels: tuple[Level, ...]
    effects: tuple[Gap, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data; numbers not known are null."""
        told = self._asdict() | {"levels": [_plain(row) for row in self.levels]}
        return told | {"effects": [_plain(row) for row in self.effects]}


class Published(NamedTuple):
    """A published figure with its interval, and the simulated one with its own."""

    endpoint: str
    label: str
    measure: str
    arm: str
    day: int
    value: float
    low: float | None
    high: float | None
    simulated: float
    simulated_low: float
    simulated_high: float
    source: str
    verified: str
    note: str

    @property
    def inside(self) -> bool | None:
        """Whether the simulated figure is inside the published interval; None where none was published."""
        return None if self.low is None or self.high is None else bool(self.low <= self.simulated <= self.high)

    def as_dict(self) -> dict[str, Any]:
        """Plain data; numbers not known are null."""
        return _plain(self) | {"inside": self.inside}


def day_of(world: World, endpoint: TrialEndpoint) -> int:
    """The day an endpoint's estimates are of."""
    return world.trial.follow_up.days if endpoint.day is None else endpoint.day


def measure_of(endpoint: TrialEndpoint) -> str:
    """How arms are compared on an endpoint."""
    return endpoint.measure or usual_measure(endpoint.name)


def scaled(measure: str, value: Floats) -> Floats:
    """An effect on the scale it is told on: ratios as ratios."""
    return np.exp(value) if measure in RATIOS else value


def estimates(world: World) -> tuple[Estimates, ...]:
    """Every endpoint over all patients together."""
    return tuple(_one(world, endpoint) for endpoint in world.trial.endpoints)


def _one(world: World, endpoint: TrialEndpoint) -> Estimates:
    name, day, measure = endpoint.name, day_of(world, endpoint), measure_of(endpoint)
    first, counts = world.first(endpoint)
    where = world.where(len(counts)).only(counts)
    here = First(first.day[counts], first.kind[counts])
    table = where.counts(here)
    value, error = (array[0] for array in levels(name, table, day))
    happened = np.array([np.sum((where.arm == arm) & (here.kind == EVENT) & (here.day <= day))
                         for arm in range(where.arms)])  # fmt: skip
    patients = np.bincount(where.arm, minlength=where.arms)
    arms = [arm.name for arm in world.trial.arms]
    told = tuple(Level(arm, *_clipped(v, e), int(n), int(d))
                 for arm, v, e, n, d in zip(arms, value, error, patients, happened, strict=True))  # fmt: skip
    if measure == "binary":
        shares = Shares(here, where, day)
        found, (low, high) = shares.effect(), shares.interval()
    else:
        found = effect(name, measure, table, day)
        low, high = found.interval()
    gaps = tuple(Gap(arm, *(float(scaled(measure, array[0, i])) for array in (found.value, low, high)))
                 for i, arm in enumerate(arms[1:]))  # fmt: skip
    return Estimates(name, COMPARABLE[name].label, endpoint.role, measure, UNITS.get(measure, ""), day, told, gaps)


def published(world: World) -> tuple[Published, ...]:
    """Every published figure beside the simulated one."""
    return tuple(_beside(world, figure) for figure in world.trial.published)


def _beside(world: World, figure: Figure) -> Published:
    day = figure.day or world.trial.follow_up.days
    arms = [arm.name for arm in world.trial.arms]
    at = arms.index(figure.arm) if figure.arm else 1
    if figure.measure in ("median_day", "median_ratio"):
        label, middle = figure.endpoint.replace("_", " "), _median(world, figure.endpoint, at)
        if figure.measure == "median_ratio":
            middle = _over(middle, _median(world, figure.endpoint, 0))
    else:
        label, middle = COMPARABLE[figure.endpoint].label, _figure(world, figure, at, day)
    return Published(figure.endpoint, label, figure.measure, arms[at], day, figure.value, figure.low, figure.high,
                     *middle, figure.source, figure.verified, figure.note)  # fmt: skip


def _figure(world: World, figure: Figure, at: int, day: int) -> tuple[float, float, float]:
    first, counts = world.first(TrialEndpoint(name=figure.endpoint))
    where = world.where(len(counts)).only(counts)
    here = First(first.day[counts], first.kind[counts])
    if "ratio" in figure.measure and figure.day is not None:  # of the events by that day
        here = First(np.minimum(here.day, day), np.where(here.day <= day, here.kind, LEFT))
    table = where.counts(here)
    if figure.measure == "level":
        value, error = levels(figure.endpoint, table, day)
        return _clipped(value[0, at], error[0, at])
    found: Effect = effect(figure.endpoint, figure.measure, table, day)
    low, high = found.interval()
    told = [float(scaled(figure.measure, array[0, at - 1])) for array in (found.value, low, high)]
    return told[0], told[1], told[2]


def _median(world: World, rule: str, arm: int) -> tuple[float, float, float]:
    """Median day of recovery of those who recovered, with the interval of the order statistics."""
    own = world.rows.filter(world.enrolled.arm == arm)
    days = np.sort(own.filter(own[f"{rule}_status"] == "recovered")[f"{rule}_day"].to_numpy().astype(np.float64))
    if not len(days):
        return np.nan, np.nan, np.nan
    half = Z95 * np.sqrt(len(days)) / 2
    low, high = (int(np.clip(np.rint(len(days) / 2 + s * half), 0, len(days) - 1)) for s in (-1, 1))
    return float(np.median(days)), float(days[low]), float(days[high])


def _over(own: tuple[float, float, float], first: tuple[float, float, float]) -> tuple[float, float, float]:
    """One median over another, with the interval of their ratio by the spread of their logarithms."""
    ratio = own[0] / first[0]
    wide = np.sqrt(sum(np.log(one[2] / one[1]) ** 2 for one in (own, first))) / 2
    return ratio, float(ratio * np.exp(-wide)), float(ratio * np.exp(wide))


def curves(world: World, endpoint: TrialEndpoint) -> list[tuple[str, Floats, Floats, Floats]]:
    """Each arm's curve over all patients: name, percent by day, its standard error, patients at risk by day."""
    first, counts = world.first(endpoint)
    where = world.where(len(counts)).only(counts)
    table = where.counts(First(first.day[counts], first.kind[counts])).together()
    found = free_of_event(table.either()) if COMPARABLE[endpoint.name].survival else incidence(table)
    risk = table.at_risk[0, 0].astype(np.float64)
    return [(arm.name, 100 * found.estimate[0, i], 100 * np.sqrt(found.variance[0, i]), risk[i])
            for i, arm in enumerate(world.trial.arms)]  # fmt: skip


def _clipped(value: Any, error: Any) -> tuple[float, float, float]:
    low, high = float(value - Z95 * error), float(value + Z95 * error)
    return float(value), max(low, 0.0), min(high, 100.0)


def _plain(row: Any) -> dict[str, Any]:
    return {name: known(value) for name, value in row._asdict().items()}
