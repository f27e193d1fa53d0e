"""Effects of parameters on rows: averaged over rounds, then shared by rows of a family as far as these agree.

The effects of one round carry much chance. Those of several rounds are averaged, later ones counting more; those of
one parameter on the rows of a family are taken as normal about a mean of the family, on a scale on which rows compare
(points of p (1 - p) for shares, parts of the value for days and levels). Mean and spread are estimated by moments
(DerSimonian and Laird), the mean pulled to 0 as far as it is chance (Breiman's garrote, Technometrics 1995;37:373), and
each row's own effect to the mean. A row that has no fellows is pulled to 0 alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

import numpy as np

from dayzero.analyse.calibrate.emulate import Told
from dayzero.analyse.calibrate.targets import Target

FADING = 0.6  # weight of a round relative to the one after it
PULL = 2.0  # squared chance errors by which a mean effect is pulled to 0
LEAST_SHARE = 0.02


def averaged(rounds: Sequence[Mapping[str, Told]], names: Sequence[str], id_: str) -> tuple[np.ndarray, np.ndarray]:
    """Mean effects on a row over the rounds that tell of them, and chance errors; inf where none does."""
    total, weight, variance = (np.zeros(len(names)) for _ in range(3))
    for age, told in enumerate(row[id_] for row in reversed(rounds) if id_ in row):
        if not isfinite(told.noise) or not told.effects:
            continue
        known = np.array([name in told.effects for name in names])
        effect = np.array([told.effects.get(name, 0.0) for name in names])
        w = FADING**age * known
        total, weight, variance = total + w * effect, weight + w, variance + (w * max(told.noise, 1e-12)) ** 2
    safe = np.where(weight > 0, weight, 1.0)
    return total / safe, np.where(weight > 0, np.sqrt(variance) / safe, np.inf)


def effects(rounds: Sequence[Mapping[str, Told]], targets: Sequence[Target], names: Sequence[str]) -> np.ndarray:
    """Effect of every parameter on every row, (rows, parameters), on the scale of distances."""
    latest = {id_: told for row in rounds for id_, told in row.items()}
    pools: dict[str, list[int]] = {}
    for at, target in enumerate(targets):
        pools.setdefault(target.pool, []).append(at)
    out = np.zeros((len(targets), len(names)))
    for rows in pools.values():
        found = [averaged(rounds, names, targets[at].id) for at in rows]
        size = np.array([_size(targets[at], latest.get(targets[at].id)) for at in rows])[:, None]
        own, chance = np.array([e for e, _ in found]) / size, np.array([c for _, c in found]) / size
        out[rows] = size * shared(own, chance)
    return out


def shared(own: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Effects on rows of one family, (rows, parameters), pulled to their mean and that to 0."""
    known = np.isfinite(chance)
    precision = np.where(known, 1 / np.where(known, chance, 1.0) ** 2, 0.0)
    sums = precision.sum(axis=0)
    count = known.sum(axis=0)
    safe = np.where(sums > 0, sums, 1.0)
    mean = (precision * own).sum(axis=0) / safe
    excess = (precision * (own - mean) ** 2).sum(axis=0) - np.maximum(count - 1, 0)
    left = sums - (precision**2).sum(axis=0) / safe
    spread = np.where((count > 1) & (left > 0), np.maximum(excess, 0) / np.where(left > 0, left, 1.0), 0.0)
    weight = np.where(known, 1 / (np.where(known, chance, 1.0) ** 2 + spread), 0.0)
    whole = weight.sum(axis=0)
    mean = (weight * own).sum(axis=0) / np.where(whole > 0, whole, 1.0)
    squared = np.where(mean == 0, 1.0, mean**2) * np.where(whole > 0, whole, 1.0)
    mean = mean * np.maximum(0.0, 1 - PULL / squared)
    trust = spread / (spread + np.where(known, chance, np.inf) ** 2)
    return mean + np.where(known, trust, 0.0) * (np.where(known, own, 0.0) - mean)


def _size(target: Target, told: Told | None) -> float:
    """The unit in which effects on a row compare with those on its fellows."""
    at = target.value if told is None or not isfinite(told.value) else told.value
    if target.scale == "pct":
        share = min(max(at / 100, LEAST_SHARE), 1 - LEAST_SHARE)
        return 100 * share * (1 - share)
    return 1.0 if target.scale == "ratio" else max(abs(at), 1e-9)
