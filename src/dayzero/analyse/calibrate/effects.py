"""Effects of parameters on rows: averaged over rounds, cleared of chance, corrected by every place that was simulated.

The effects of one round carry much chance; those of several are averaged, later ones counting more. Each is then pulled
to 0 as far as it is chance (Breiman's garrote, Technometrics 1995;37:373): e (1 - s^2 / e^2), and 0 within its chance
error s. What remains of chance is told to the step, which goes less far where it is large (`solve`). Sharing effects
among rows of a family foretold simulated steps worse than this: transplants differ more in what moves them.

A simulated place tells more than the effects that led there: by how much a row moved on the way. As effects are normal
about what was found, with their chance errors, the ways make them more exact (`corrected`, Bayes' rule), and a figure
that did not go where it was foretold leads the next step astray no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dayzero.analyse.calibrate.emulate import Moved

FADING = 0.6  # weight of a round relative to the one after it
JUMPS = 0.1  # tolerances by which a row moves by chance on any way


def averaged(rounds: Sequence[Mapping[str, Moved]], names: Sequence[str], id_: str) -> tuple[np.ndarray, np.ndarray]:
    """Mean effects on a row over the rounds that tell of them, and chance errors; 0 and 0 where none does."""
    total, weight, variance = (np.zeros(len(names)) for _ in range(3))
    for age, row in enumerate(told[id_] for told in reversed(rounds) if id_ in told):
        w = FADING**age * np.array([name in row.effects for name in names])
        total = total + w * np.array([row.effects.get(name, 0.0) for name in names])
        weight, variance = weight + w, variance + (w * np.array([row.noise.get(name, 0.0) for name in names])) ** 2
    safe = np.where(weight > 0, weight, 1.0)
    return total / safe, np.sqrt(variance) / safe


def cleared(effects: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Effects pulled to 0 as far as they are chance."""
    return effects * np.maximum(0.0, 1 - chance**2 / np.where(effects == 0, 1.0, effects) ** 2)


def effects_on(rounds: Sequence[Mapping[str, Moved]], rows: Sequence[str],
               names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Effect of every parameter on every row and its chance error, (rows, parameters), on the scale of distances."""
    found = [averaged(rounds, names, id_) for id_ in rows]
    chance = np.array([error for _, error in found]).reshape(len(rows), len(names))
    return cleared(np.array([own for own, _ in found]).reshape(chance.shape), chance), chance


def corrected(slopes: np.ndarray, chance: np.ndarray, ways: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """Slopes after what rows did on some ways, all in tolerances.

    ``ways``: (ways, parameters), in prior deviations. ``moved``: change of every row, (rows, ways); nan if not known.
    """
    known = np.isfinite(moved)
    own = np.where(known[..., None], ways, 0.0)  # a way on which a row's figure is not known tells nothing of it
    shared = own * chance[:, None, :] ** 2
    spread = shared @ own.transpose(0, 2, 1) + JUMPS**2 * np.eye(len(ways))
    surprise = np.where(known, moved - slopes @ ways.T, 0.0)
    return slopes + np.einsum("rwp,rw->rp", shared, np.linalg.solve(spread, surprise[..., None])[..., 0])
