"""A checked step: places along the way to the goal are simulated, and the best of them is taken.

The whole way first (or the part asked for), then half of it and so on, until a shorter way is no better than the best
that lowered the misfit.
A goal that overshoots, because figures bend or chance entered the slopes, so costs a few simulations and does no harm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

SHORTER = 0.5
MOST = 4  # places a walk looks at


class Place(NamedTuple):
    """A place that was simulated: rows in units of their tolerance, nan where there is no figure, and the misfit."""

    x: np.ndarray
    z: np.ndarray
    misfit: float


class Tried(NamedTuple):
    """A part of the way, the misfit that was foretold there and the one that was simulated."""

    fraction: float
    foretold: float
    misfit: float


def walk(start: Place, goal: np.ndarray, look: Callable[[np.ndarray, float], Place],
         foretell: Callable[[np.ndarray], float], fraction: float = 1.0) -> tuple[Place, list[Tried]]:  # fmt: skip
    """The best place on the way from the start, which is the start itself where none is better, and what was tried."""
    best, tried = start, list[Tried]()
    for _ in range(MOST):
        x = start.x + fraction * (goal - start.x)
        place = look(x, fraction)
        tried.append(Tried(fraction, foretell(x), place.misfit))
        if place.misfit < best.misfit:
            best = place
        elif best is not start:
            break
        fraction *= SHORTER
    return best, tried
