"""From a pool of twins and one patient's readings to weights: which twins the patient resembles.

A candidate is a twin with its time stretched and its rise made steeper. With x the twin's true count, T its day of
recovery, s the stretch and r the added rate of rise::

    model of a count      ln(x(t / s)) - r min(max(T s - t, 0), 8)
    exact reading y       ln(y + a) normal around ln(model + a), standard deviation sigma
    reading "< c"         probability that ln(y + a) lies under ln(c + a)

The stretch is log-normal around 1. The added rate leaves T where it is: real counts climb faster out of deeper
aplasia than the model's, by a rate that differs between patients. It and sigma are unknown, each of a few values as
likely beforehand. Where fewer than `FEWEST` candidates would be left, all readings are made to weigh less until that
many are (tempering), and the forecast says so.

Source: tempered importance weights: Del Moral, Doucet and Jasra 2006 (J R Stat Soc B 68:411); candidates moved a
little in time play the part of its kernel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr

from dayzero.analyse.forecast.pool import Pool
from dayzero.analyse.forecast.readings import KINDS, Kind, Readings, Told
from dayzero.records.chart import Floats

STRETCHES = (0.8, 0.9, 1.0, 1.12, 1.25)
STRETCH_SPREAD = 0.12
RATES = (0.0, 0.15, 0.3, 0.5, 0.8)  # per day
LONGEST_RISE = 8.0  # days
FEWEST = 200.0
TAIL = 12.0  # one reading costs no more than this, so that a slip of the pen does not decide


@dataclass(frozen=True, eq=False)
class Candidates:
    """Every twin at every stretch and rate: arrays (twins, stretches, rates), or of a shape that spreads to it.

    ``recovered``: day of neutrophil recovery, inf for never. ``prior``, ``weights``: summing to 1. ``tempered``: the
    power the readings were given, 1 where all of them counted in full. ``effective``: candidates that carry the
    weight.
    """

    pool: Pool
    recovered: Floats
    prior: Floats
    weights: Floats
    tempered: float
    effective: float


def recovery_days(pool: Pool) -> Floats:
    """Day of neutrophil recovery of every twin at every stretch, (twins, stretches)."""
    return np.ceil(pool.crossing[:, None] * np.array(STRETCHES)[None, :] - 1e-9)


def prior_weights(pool: Pool) -> Floats:
    """(twins, stretches, rates), summing to 1, before anything is known."""
    log = np.log(STRETCHES)
    bell = np.exp(-0.5 * (log / STRETCH_SPREAD) ** 2)
    shape = (len(pool), len(STRETCHES), len(RATES))
    one = np.broadcast_to(bell[None, :, None], shape)
    return one / one.sum()


def weigh(pool: Pool, told: Told, day: int, tilt: Floats | None = None) -> Candidates:
    """Weigh the candidates by what is known on a day.

    Parameters
    ----------
    tilt : (twins, stretches) factor from other patients' experience, None for none.
    """
    recovered, prior = recovery_days(pool), prior_weights(pool)
    if tilt is not None:
        prior = prior * tilt[:, :, None]
    prior = prior / prior.sum()
    known = prior * ((pool.died > max(day, 0)) & _given_alike(pool, told.gcsf))[:, None, None]
    if np.isfinite(told.below):
        known = known * ((recovered > told.below) & ~pool.never_low[:, None])[:, :, None]
    if not known.sum() > 0:
        known = prior
    likelihood = _likelihood(pool, told, recovered)
    power, weights, effective = _tempered(known / known.sum(), likelihood)
    return Candidates(pool, recovered, prior, weights, power, effective)


def _given_alike(pool: Pool, gcsf: int | None) -> np.ndarray:
    """Twins whose plan begins G-CSF nearest to the day it was given; all of them where none is told or planned."""
    days = np.array([np.inf if plan.care.gcsf is None else plan.care.gcsf.start_day for plan in pool.plans])
    if gcsf is None or not np.isfinite(days).any():
        return np.ones(len(pool), bool)
    apart = np.abs(days - gcsf)[pool.plan]
    return apart == apart.min()


def sampled(candidates: Candidates, size: int, seed: int, prior: bool = False) -> tuple[np.ndarray, ...]:
    """Twin, stretch and rate index of `size` candidates drawn by weight (systematic resampling), each (size,)."""
    weights = (candidates.prior if prior else candidates.weights).ravel()
    start = np.random.default_rng([seed, 2]).random()
    places = (np.arange(size) + start) / size
    at = np.minimum(np.searchsorted(np.cumsum(weights), places), len(weights) - 1)
    return np.unravel_index(at, candidates.weights.shape)


def followed(pool: Pool, name: str, chosen: tuple[np.ndarray, ...]) -> Floats:
    """Course of a count in the chosen candidates, stretched and steepened, (chosen, days)."""
    twin, stretch, rate = chosen
    days = pool.days.astype(float)
    scale = np.array(STRETCHES)[stretch]
    level = _at(np.log(np.maximum(pool.counts[name], 1e-4))[twin], days[0], _back(days, scale))
    if name in ("neutrophils", "leukocytes"):
        until = np.clip(recovery_days(pool)[twin, stretch][:, None] - days[None, :], 0.0, LONGEST_RISE)
        level = level - np.where(days >= 0, np.array(RATES)[rate][:, None] * until, 0.0)
    return np.exp(level)


def reported(name: str, course: Floats, seed: int) -> Floats:
    """What the laboratory may report of a candidate's course, (chosen, days): the course, off by the model's error.

    Each candidate is off by the same error all the time, of a spread that is itself unknown.
    """
    kind = next((kind for kind in KINDS.values() if kind.signal == name), None)
    if kind is None or _is_share(kind):
        return course
    chance = np.random.default_rng([seed, 3])
    sigma = np.array(kind.spread)[chance.integers(len(kind.spread), size=len(course))]
    off = np.exp(sigma * chance.standard_normal(len(course)))[:, None]
    return np.maximum((course + kind.offset) * off - kind.offset, 0.0)


def _back(days: Floats, scale: Floats) -> Floats:
    """The twin's own day at each of the patient's days, (scales, days)."""
    return np.where(days > 0, days / scale[:, None], days)


def _at(rows: Floats, first: float, when: Floats) -> Floats:
    """Rows (n, days) read between mornings, at their own times (n, wanted), or at the same times (1, wanted)."""
    last = rows.shape[1] - 1
    place = np.clip(when - first, 0.0, float(last))
    low = np.minimum(place.astype(int), last - 1)
    share = place - low
    if len(when) == 1:
        return rows[:, low[0]] * (1 - share) + rows[:, low[0] + 1] * share
    take = np.take_along_axis
    return take(rows, low, axis=1) * (1 - share) + take(rows, low + 1, axis=1) * share


def _likelihood(pool: Pool, told: Told, recovered: Floats) -> Floats:
    """Log-likelihood of every candidate, averaged over the unknown spread, (twins, stretches, rates)."""
    spreads = 2
    total = np.zeros((spreads, len(pool), len(STRETCHES), len(RATES)))
    for readings in told.readings:
        kind = KINDS[readings.quantity]
        rows = np.maximum(pool.counts[kind.signal], 1e-4)
        rows = rows if _is_share(kind) else np.log(rows)
        for s, stretch in enumerate(STRETCHES):
            when = _back(readings.days.astype(float), np.array([stretch]))
            level = _at(rows, float(pool.days[0]), when)
            until = np.clip(recovered[:, s, None] - readings.days[None, :], 0.0, LONGEST_RISE)
            for r, rate in enumerate(RATES if kind.rises else (0.0,)):
                off = _distance(kind, readings, level - rate * until if kind.rises else level)
                for k, sigma in enumerate(kind.spread):
                    total[k, :, s, r if kind.rises else slice(None)] += _told(readings, off / sigma, sigma, kind)
    top = total.max(axis=0)
    return top + np.log(np.mean(np.exp(total - top), axis=0))


def _is_share(kind: Kind) -> bool:
    return kind.signal == "myeloid_donor_fraction"


def _distance(kind: Kind, readings: Readings, level: Floats) -> Floats:
    """Reading less model on the scale of comparison, (twins, readings)."""
    if _is_share(kind):
        odds = lambda share: np.log((share + kind.offset) / (1 - share + kind.offset))  # noqa: E731
        return odds(readings.values / 100.0) - odds(np.clip(level, 0.0, 1.0))
    return np.log(readings.values + kind.offset) - np.log(np.exp(level) + kind.offset)


def _told(readings: Readings, z: Floats, sigma: float, kind: Kind) -> Floats:
    """Log-likelihood of all readings of a quantity, (twins,) or (twins, 1) where it does not depend on the rate."""
    exact = -0.5 * np.minimum(z * z, TAIL) - np.log(sigma)
    each = np.where(readings.limits < 0, np.maximum(log_ndtr(z), -TAIL), exact)
    summed = (each * readings.weights).sum(axis=1)
    return summed if kind.rises else summed[:, None]


def _tempered(prior: Floats, likelihood: Floats) -> tuple[float, Floats, float]:
    """The greatest power of the likelihood that leaves enough candidates, the weights and their effective number."""
    most = 1.0 / float((prior**2).sum())
    wanted = min(FEWEST, 0.5 * most)
    centred = likelihood - likelihood[prior > 0].max()

    def at(power: float) -> tuple[Floats, float]:
        weights = prior * np.exp(np.minimum(power * centred, 0.0))
        weights = weights / weights.sum()
        return weights, 1.0 / float((weights**2).sum())

    weights, effective = at(1.0)
    if effective >= wanted:
        return 1.0, weights, effective
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if at(middle)[1] >= wanted else (low, middle)
    weights, effective = at(low)
    return low, weights, effective
