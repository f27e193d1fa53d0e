"""Members of what a fit leaves uncertain: draws from its Laplace posterior, in pairs about the fitted values."""

from __future__ import annotations

import numpy as np

from dayzero.analyse.calibrate.fit import Fitted
from dayzero.analyse.calibrate.free import bounds
from dayzero.analyse.calibrate.solve import covariance

MEMBERS = 64


def members(fitted: Fitted, count: int = MEMBERS) -> np.ndarray:
    """Places of members, (members, parameters), within the plausible ranges; each second one mirrors the one before."""
    low, high = bounds(fitted.plan.free)
    root = np.linalg.cholesky(covariance(fitted.linear))
    drawn = np.random.default_rng(fitted.plan.seed).standard_normal((-(-count // 2), len(fitted.x))) @ root.T
    pairs = np.stack([drawn, -drawn], axis=1).reshape(-1, len(fitted.x))[:count]
    return np.clip(fitted.x + pairs, low, high)


def widths(fitted: Fitted) -> np.ndarray:
    """Posterior standard deviation over prior one, of every parameter."""
    return np.sqrt(np.diag(covariance(fitted.linear)))
