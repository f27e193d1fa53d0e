"""Operating characteristics of a trial: how often it finds what is there, and what is not; by endpoint and size.

==================  ===============================================================================================
power               share of trials whose p is below alpha, with Wilson's interval for so many trials
type I error        the same where all arms are drawn from the first arm's patients
coverage            share of trials whose 95 % interval holds the effect over all patients together
expected, spread    mean and standard deviation of the effect over trials; the mean standard error beside it
==================  ===============================================================================================

Trials without effect are drawn with replacement from the first arm's patients and shared out at random: given those
patients there is no effect at all, whatever else is true of them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dayzero.analyse.effects import Shares, Where, effect, wilson
from dayzero.analyse.enrolment import generator
from dayzero.analyse.estimates import Estimates, day_of, measure_of, scaled
from dayzero.analyse.groups import EVENT, Effect
from dayzero.analyse.looks import boundaries
from dayzero.analyse.outcomes import known
from dayzero.analyse.when import First
from dayzero.records.chart import Floats, Integers
from dayzero.spec.trial_parts import TrialEndpoint

if TYPE_CHECKING:
    from dayzero.analyse.trial import World

CELLS = 4_000_000  # day counts held at once: replicates are analysed so many at a time


class Characteristic(NamedTuple):
    """How a trial of a size does on an endpoint; shares between 0 and 1, the effect on the scale it is told on."""

    name: str
    label: str
    measure: str
    size: int
    trials: int
    power: float
    power_low: float
    power_high: float
    expected: float
    spread: float
    error: float
    coverage: float
    type_one: float
    type_one_low: float
    type_one_high: float
    null_trials: int

    def as_dict(self) -> dict[str, Any]:
        """Plain data; numbers not known are null."""
        return {name: known(value) for name, value in self._asdict().items()}


class Looks(NamedTuple):
    """Interim looks at the primary endpoint and the final analysis, in order.

    ``information`` is the expected share of events; ``boundary`` the |z| that stops; ``stopped`` the share of trials
    that stop at each look for a difference; ``power`` of the whole design, ``type_one`` of it without effect.
    """

    days: tuple[int, ...]
    information: tuple[float, ...]
    boundary: tuple[float, ...]
    stopped: tuple[float, ...]
    power: float
    type_one: float
    expected_day: float
    expected_patients: float

    def as_dict(self) -> dict[str, Any]:
        """Plain data; numbers not known are null."""
        return {name: list(value) if isinstance(value, tuple) else known(value)
                for name, value in self._asdict().items()}  # fmt: skip


def characteristics(world: World, found: tuple[Estimates, ...]) -> tuple[Characteristic, ...]:
    """Every endpoint at the trial's own size, and the primary one at every other size."""
    trial = world.trial
    rows = [_one(world, endpoint, truth, trial.size)
            for endpoint, truth in zip(trial.endpoints, found, strict=True)]  # fmt: skip
    primary = trial.endpoints.index(trial.primary)
    own: list[Characteristic] = []
    for size in sorted(set(trial.sizes) - {trial.size}):
        if size <= len(world.enrolled.people):
            own.append(_one(world, trial.primary, found[primary], size))
    first = sorted([rows.pop(primary), *own], key=lambda row: row.size)
    return (*first, *rows)


def _one(world: World, endpoint: TrialEndpoint, truth: Estimates, size: int) -> Characteristic:
    measure, alpha = measure_of(endpoint), world.trial.analysis.alpha
    where = world.where(size)
    first, counts = world.first(endpoint)
    counts = counts & (where.replicate >= 0)
    seen = _effects(world, endpoint, First(first.day[counts], first.kind[counts]), where.only(counts))
    told, low, high = seen.value[:, 0], *(edge[:, 0] for edge in seen.interval())
    fine = np.isfinite(told)
    middle = np.log(truth.effects[0].value) if scaled(measure, np.zeros(1))[0] == 1 else truth.effects[0].value
    inside = (low[fine] <= middle) & (middle <= high[fine])
    power = float(np.mean(seen.p < alpha))
    null = null_p(world, endpoint, size)
    wrong = float(np.mean(null < alpha)) if len(null) else np.nan
    mean = float(scaled(measure, np.array([told[fine].mean()]))[0]) if fine.any() else np.nan
    return Characteristic(
        truth.name, truth.label, measure, size, len(seen.p), power, *_wilson(power, len(seen.p)), mean,
        spread=float(told[fine].std(ddof=1)) if fine.sum() > 1 else np.nan,
        error=float(np.sqrt(np.mean(seen.error[fine, 0] ** 2))) if fine.any() else np.nan,
        coverage=float(inside.mean()) if len(inside) else np.nan,
        type_one=wrong, null_trials=len(null),
        **dict(zip(("type_one_low", "type_one_high"), _wilson(np.nan_to_num(wrong), len(null)), strict=True)),
    )  # fmt: skip


def _wilson(rate: float, trials: int) -> tuple[float, float]:
    """Wilson's interval of a share of so many trials."""
    low, high = wilson(np.array([rate * trials]), np.array([float(trials)]))
    return float(low[0]), float(high[0])


def _effects(world: World, endpoint: TrialEndpoint, first: First, where: Where) -> Effect:
    """The effect in every replicate, so many at a time as fit."""
    measure, day = measure_of(endpoint), day_of(world, endpoint)
    if measure == "binary":
        return Shares(first, where, day).effect()
    step = max(1, CELLS // (where.strata * where.arms * (world.trial.follow_up.days + 1) * 4))
    order = np.argsort(where.replicate, kind="stable")
    edges = np.searchsorted(where.replicate[order], np.arange(0, where.replicates + step, step))
    parts: list[Effect] = []
    for number, (start, stop) in enumerate(pairwise(edges)):
        rows = order[start:stop]
        many = min(step, where.replicates - number * step)
        replicate, stratum, arm = where.replicate[rows] - number * step, where.stratum[rows], where.arm[rows]
        here = Where(replicate, stratum, arm, many, where.strata, where.arms)
        parts.append(effect(endpoint.name, measure, here.counts(First(first.day[rows], first.kind[rows])), day))
    return Effect(*(np.concatenate([getattr(part, name) for part in parts]) for name in Effect._fields))


def _null_trials(world: World, size: int) -> tuple[Integers, Where]:
    """Trials whose arms are all drawn from the first arm's patients: rows of patients, and where they belong."""
    trial, rng = world.trial, generator(world.trial.seed, "null")
    own = np.flatnonzero(world.enrolled.arm == 0)
    many = trial.null_replicates
    rows = rng.choice(own, size=many * size, replace=True)
    shares = np.repeat(np.arange(len(trial.arms)), [arm.allocation for arm in trial.arms])
    pattern = np.resize(shares, size)
    arm = rng.permuted(np.tile(pattern, (many, 1)), axis=1).ravel()
    own_where = world.where(size)
    stratum = own_where.stratum[rows]
    return rows, Where(np.repeat(np.arange(many), size), stratum, arm, many, own_where.strata, own_where.arms)


def null_p(world: World, endpoint: TrialEndpoint, size: int) -> Floats:
    """The p of each trial without effect."""
    if not world.trial.null_replicates:
        return np.empty(0)
    rows, where = _null_trials(world, size)
    first, counts = world.first(endpoint)
    kept = counts[rows]
    rows = rows[kept]
    return _effects(world, endpoint, First(first.day[rows], first.kind[rows]), where.only(kept)).p


def looks_of(world: World) -> Looks | None:
    """How the looks at the primary endpoint do; None where there are none."""
    trial = world.trial
    if trial.interim is None:
        return None
    days = (*trial.interim.days, trial.last_day)
    endpoint = trial.primary
    seen = [world.first(endpoint, float(day)) for day in days]
    events = np.array([np.sum(first.kind[counts] == EVENT) for first, counts in seen], dtype=np.float64)
    information = events / max(events[-1], 1.0)
    edges = boundaries(np.maximum(information, 1e-6), trial.analysis.alpha, trial.interim.spending)
    where = world.where(trial.size)
    full = where.replicate >= 0
    stop = _stops(world, endpoint, seen, edges, np.flatnonzero(full), where.only(full))
    rate = np.array([np.mean(stop == look) for look in range(len(days))])
    type_one = np.nan
    if trial.null_replicates:
        rows, nulls = _null_trials(world, trial.size)
        type_one = float(np.mean(_stops(world, endpoint, seen, edges, rows, nulls) < len(days)))
    ended = np.append(np.array(days, dtype=np.float64), trial.last_day)[stop]
    entered = [float(np.mean(world.enrolled.entry <= day)) * trial.size for day in (*days, trial.last_day)]
    return Looks(days, tuple(information.tolist()), tuple(edges.tolist()), tuple(rate.tolist()),
                 float(np.mean(stop < len(days))), type_one, float(ended.mean()),
                 float(np.array(entered)[stop].mean()))  # fmt: skip


def _stops(world: World, endpoint: TrialEndpoint, seen: list[tuple[First, np.ndarray]], edges: Floats, rows: Integers,
           where: Where) -> Integers:  # fmt: skip
    """The look at which each trial stops, or how many there are where none does, (trials,)."""
    from scipy.special import ndtri

    stop = np.full(where.replicates, len(edges))
    for look in reversed(range(len(edges))):
        first, counts = seen[look]
        kept = counts[rows]
        at = rows[kept]
        p = _effects(world, endpoint, First(first.day[at], first.kind[at]), where.only(kept)).p
        beyond = -ndtri(np.clip(p, 1e-300, 1.0) / 2) >= edges[look]
        stop = np.where(beyond, look, stop)
    return stop
