"""Interim looks: how much of the error is spent by each, and the boundaries that follow.

The error spent by a share t of the information is a function of t alone (Lan and DeMets 1983, Biometrika 70:659)::

    O'Brien-Fleming like   4 - 4 Phi(z / sqrt t), z the upper quantile of alpha / 4
    Pocock like            alpha ln(1 + (e - 1) t)

Boundaries of the two-sided statistic follow by integrating the density of the sum of increments from look to look over
what was not stopped (Armitage, McPherson and Rowe 1969, J R Stat Soc A 132:235).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dayzero.records.chart import Floats

POINTS = 2001
WIDEST = 8.0


def spent(information: Floats, alpha: float, spending: str) -> Floats:
    """Two-sided error spent by each share of the information, (looks,)."""
    from scipy.special import ndtr, ndtri

    t = np.clip(np.asarray(information, dtype=np.float64), 1e-9, 1.0)
    if spending == "pocock":
        return alpha * np.log1p((np.e - 1) * t)
    return 4 - 4 * ndtr(ndtri(1 - alpha / 4) / np.sqrt(t))


def boundaries(information: Sequence[float] | Floats, alpha: float = 0.05, spending: str = "obrien_fleming") -> Floats:
    """The |z| at which each look stops, (looks,); the last share of the information is the final analysis.

    Examples
    --------
    >>> boundaries([0.5, 1.0]).round(3).tolist()
    [2.963, 1.969]
    """
    t = np.asarray(information, dtype=np.float64)
    budget = np.diff(np.concatenate([[0.0], spent(t, alpha, spending)]))
    found: list[float] = []
    grid, density = np.zeros(1), np.ones(1)  # of the score S = z sqrt(t), a Brownian motion
    for look, (at, allowed) in enumerate(zip(t, budget, strict=True)):
        step = np.sqrt(at - (t[look - 1] if look else 0.0))
        found.append(_edge(grid, density, step, np.sqrt(at), max(allowed, 1e-15)))
        edge = min(found[-1], WIDEST) * np.sqrt(at)
        inside = np.linspace(-edge, edge, POINTS)
        density = _moved(grid, density, inside, step)
        grid = inside
    return np.array(found)


def _edge(grid: Floats, density: Floats, step: float, root: float, allowed: float) -> float:
    """The |z| beyond which the chance of arriving is what is allowed."""
    from scipy.optimize import brentq

    def beyond(z: float) -> float:
        return _outside(grid, density, step, z * root) - allowed

    return WIDEST if beyond(WIDEST) > 0 else float(brentq(beyond, 0.0, WIDEST, xtol=1e-10))  # type: ignore[arg-type]


def _outside(grid: Floats, density: Floats, step: float, edge: float) -> float:
    from scipy.special import ndtr

    out = ndtr((grid - edge) / step) + ndtr((-edge - grid) / step)
    return float(out[0]) if len(grid) == 1 else float(np.trapezoid(density * out, grid))


def _moved(grid: Floats, density: Floats, to: Floats, step: float) -> Floats:
    kernel = np.exp(-0.5 * ((to[:, None] - grid[None, :]) / step) ** 2) / (step * np.sqrt(2 * np.pi))
    return kernel[:, 0] if len(grid) == 1 else np.trapezoid(kernel * density, grid, axis=1)
