"""The step of a fit: least squares against rows and priors, robust, wary of chance in the slopes, within bounds.

::

    minimise   sum_r w_r rho((T_r + G_r dx - y_r) / s_r) + |x + dx|^2 + sum_j c_j dx_j^2
    within     low <= x + dx <= high,   |dx_j| <= radius

rho is Huber's, squares up to `BEND`. x counts prior standard deviations, so the second term is the prior; T are
simulated figures, y published ones, s their tolerances with the Monte-Carlo error, w the weights. c is what chance in
the slopes adds on average: the summed squares, over rows, of the chance errors of a parameter's slopes. What remains
uncertain is the inverse of the curvature (Laplace).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import lsq_linear

BEND = 2.0  # tolerances from which a row pulls no harder
ITERATIONS = 25


@dataclass(frozen=True)
class Linear:
    """Rows about a place, linear in parameters, in units of their tolerance.

    Parameters
    ----------
    x : the place, (parameters,). z : (simulated - published) / tolerance there, (rows,).
    slopes : change of z per prior standard deviation, (rows, parameters). chance : the error of each slope.
    weights : (rows,).
    """

    x: np.ndarray
    z: np.ndarray
    slopes: np.ndarray
    chance: np.ndarray
    weights: np.ndarray

    def at(self, x: np.ndarray) -> np.ndarray:
        """z at another place."""
        return self.z + self.slopes @ (x - self.x)

    def only(self, rows: np.ndarray) -> Linear:
        """Some of the rows."""
        return Linear(self.x, self.z[rows], self.slopes[rows], self.chance[rows], self.weights[rows])


def huber(z: np.ndarray) -> np.ndarray:
    """Squares up to `BEND`, straight lines beyond."""
    size = np.abs(z)
    return np.where(size <= BEND, z * z, 2 * BEND * size - BEND * BEND)


def misfit(x: np.ndarray, z: np.ndarray, weights: np.ndarray) -> float:
    """Rows and prior."""
    return float((weights * huber(z)).sum() + x @ x)


def _pull(z: np.ndarray) -> np.ndarray:
    return np.minimum(1.0, BEND / np.maximum(np.abs(z), 1e-12))


def step(rows: Linear, low: np.ndarray, high: np.ndarray, radius: float = np.inf) -> np.ndarray:
    """The place to go to by the linear rows."""
    least, most = np.maximum(low, rows.x - radius), np.minimum(high, rows.x + radius)
    most = np.maximum(most, least + 1e-9)
    x = np.clip(rows.x, least, most)
    for _ in range(ITERATIONS):
        pulled = rows.weights * _pull(rows.at(x))
        wary = np.sqrt(pulled @ rows.chance**2)
        root = np.sqrt(pulled)[:, None]
        matrix = np.vstack([root * rows.slopes, np.eye(len(x)), np.diag(wary)])
        aim = np.concatenate([root[:, 0] * (rows.slopes @ rows.x - rows.z), np.zeros(len(x)), wary * rows.x])
        found = lsq_linear(matrix, aim, bounds=(least, most), method="bvls" if len(x) < 30 else "trf").x
        if np.abs(found - x).max() < 1e-4:
            return found
        x = found
    return x


def covariance(rows: Linear) -> np.ndarray:
    """What the rows leave uncertain about `rows.x`, in prior standard deviations."""
    pulled = (rows.weights * _pull(rows.z))[:, None] * rows.slopes
    return np.linalg.inv(np.eye(len(rows.x)) + rows.slopes.T @ pulled)


def informing(rows: Linear) -> np.ndarray:
    """How much each row alone narrows each parameter: information it adds, (rows, parameters)."""
    return (rows.weights * _pull(rows.z))[:, None] * rows.slopes**2
