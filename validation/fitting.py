"""A small tool of the staged fits: damped Gauss-Newton on log parameters with a pull towards where they started.

Every stage simulates scenarios with common random numbers, turns what it finds into residuals, and moves the logarithm
of a few parameters within their bounds. The Jacobian is by finite differences, one run a parameter; a step is kept when
it lowers the misfit. Nothing here knows of biology.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

STEP = 0.15  # change of a log parameter for its column of the Jacobian


@dataclass(frozen=True)
class Free:
    """A parameter that may move: its start, bounds, and the SD of the pull towards the start (in logarithms)."""

    start: float
    low: float
    high: float
    pull: float = 0.7


def logit(share: float, patients: int) -> float:
    """Log odds of a simulated share, half a patient away from none and all."""
    kept = min(max(share, 0.5 / patients), 1 - 0.5 / patients)
    return float(np.log(kept / (1 - kept)))


def fit(
    residuals: Callable[[Mapping[str, float]], np.ndarray],
    free: Mapping[str, Free],
    rounds: int = 4,
    told: Callable[[str], None] = print,
) -> dict[str, float]:
    """Parameters that lower the squared misfit, pull included; tells of every round."""
    names = list(free)
    start = np.log([free[n].start for n in names])
    low, high = (np.log([getattr(free[n], end) for n in names]) for end in ("low", "high"))
    pulls = np.array([free[n].pull for n in names])

    def whole(x: np.ndarray) -> np.ndarray:
        values = dict(zip(names, np.exp(x).tolist(), strict=True))
        return np.concatenate([residuals(values), (x - start) / pulls])

    x, damping = np.clip(start, low, high), 1.0
    current = whole(x)
    told(f"start: {current @ current:.1f}")
    for number in range(rounds):
        began = time.time()
        columns = []
        for i in range(len(names)):
            step = STEP if x[i] + STEP <= high[i] else -STEP
            moved = x.copy()
            moved[i] += step
            columns.append((whole(moved) - current) / step)
        jacobian = np.array(columns).T
        for _ in range(5):
            change = np.linalg.solve(jacobian.T @ jacobian + damping * np.eye(len(names)), -jacobian.T @ current)
            tried = np.clip(x + np.clip(change, -0.7, 0.7), low, high)
            found = whole(tried)
            if found @ found < current @ current:
                x, current, damping = tried, found, damping / 3
                break
            damping *= 4
        values = ", ".join(f"{n.split('.')[-1]} {v:.3g}" for n, v in zip(names, np.exp(x), strict=True))
        told(f"round {number + 1}: {current @ current:.1f} ({time.time() - began:.0f} s) {values}")
    return dict(zip(names, np.exp(x).tolist(), strict=True))
