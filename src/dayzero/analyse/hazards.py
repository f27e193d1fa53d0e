"""Log-rank test and Cox model of the arms of many trials side by side, exact on whole days.

With arms as the only covariate both need but the counts by day (`groups`), so a thousand trials take one pass; a
library would fit them one after another. Strata share the ratio, not the hazard.

::

    log-rank    U_a = sum d_a - d n_a / n,     V_ab = sum d (n - d) / (n - 1)  (n_a / n) (1[a = b] - n_b / n)
    Cox         partial likelihood with ties after Efron, Newton's method, ratios against the first arm

Sources: Mantel 1966, Cancer Chemother Rep 50:163; Cox 1972, J R Stat Soc B 34:187; Efron 1977, J Am Stat Assoc 72:557.
Agreement with R's ``survival`` is tested to nine digits.
"""

from __future__ import annotations

import numpy as np

from dayzero.analyse.groups import Effect, GroupCounts, share, wald
from dayzero.records.chart import Floats

STEPS = 30
FAR = 12.0  # a log hazard ratio beyond which an arm has no event, or the other none: not estimable


def log_rank(counts: GroupCounts) -> tuple[Floats, Floats]:
    """Chi-square statistic and p of no difference between arms in the hazard of the event, (replicates,) each."""
    from scipy.special import chdtri

    score, variance = _scores(counts)
    p = wald(score, variance)
    return chdtri(score.shape[-1], p), p


def signed_log_rank(counts: GroupCounts) -> Floats:
    """Standard normal statistic of two arms, positive where the second has more events than expected, (replicates,)."""
    score, variance = _scores(counts)
    return share(score[..., 0], np.sqrt(variance[..., 0, 0]))


def _scores(counts: GroupCounts) -> tuple[Floats, Floats]:
    own, risk = counts.events[..., 0, :].astype(np.float64), counts.at_risk.astype(np.float64)
    died, n = own.sum(axis=2), risk.sum(axis=2)
    part = share(risk, n[:, :, None])[:, :, 1:]
    score = (own[:, :, 1:] - died[:, :, None] * part).sum(axis=(1, -1))
    spread = share(died * (n - died), n - 1)
    variance = -np.einsum("rst,rsat,rsbt->rab", spread, part, part)
    variance += np.einsum("rst,rsat,ab->rab", spread, part, np.eye(part.shape[2]))
    return score, variance


def cox(counts: GroupCounts) -> Effect:
    """Log hazard ratio of each arm against the first, its standard error, and the log-rank p.

    Examples
    --------
    >>> two = GroupCounts.of(day=[1, 3, 4, 2, 5, 6], kind=[1, 1, 1, 1, 1, 0], arm=[0, 0, 0, 1, 1, 1], arms=2)
    >>> round(float(cox(two).value[0, 0]), 4)
    -1.3945
    """
    own, risk = _days_with_events(counts)
    beta = np.zeros((own.shape[0], own.shape[2] - 1))
    for _ in range(STEPS):
        score, information = _efron(own, risk, beta)
        step = _solved(information, score)
        beta = np.clip(beta + np.clip(step, -1.0, 1.0), -FAR - 1, FAR + 1)
        if np.abs(step[np.abs(beta) < FAR]).max(initial=0.0) < 1e-11:
            break
    information = _efron(own, risk, beta)[1]
    covariance = _inverse(information)
    far = np.asarray((np.abs(beta) >= FAR).any(axis=-1) | ~np.isfinite(covariance).all(axis=(-2, -1)))
    error = np.sqrt(np.einsum("raa->ra", covariance))
    gone = far[:, None]
    return Effect(np.where(gone, np.nan, beta), np.where(gone, np.nan, error), log_rank(counts)[1])


def _days_with_events(counts: GroupCounts) -> tuple[Floats, Floats]:
    """Events and patients at risk on the days that have events, of each replicate and stratum its own, padded."""
    own, risk = counts.events[..., 0, :], counts.at_risk
    none = ~own.any(axis=2)
    most = int((~none).sum(axis=-1).max(initial=0))
    days = np.argsort(none, axis=-1, kind="stable")[..., None, :most]
    taken = [np.take_along_axis(table, days, axis=-1).astype(np.float64) for table in (own, risk)]
    return taken[0], taken[1]


def _efron(own: Floats, risk: Floats, beta: Floats) -> tuple[Floats, Floats]:
    """Score and information of the partial likelihood, (replicates, arms - 1) and that twice."""
    weight = np.exp(np.concatenate([np.zeros_like(beta[:, :1]), beta], axis=1))[:, None, :, None]
    died, waiting, dying = own.sum(axis=2), risk * weight, own * weight
    score, information = own[:, :, 1:].sum(axis=(1, -1)), np.zeros((*beta.shape, beta.shape[1]))
    for tie in range(int(died.max(initial=0))):
        here = died > tie
        gone = share(np.where(here, tie, 0.0), died)[:, :, None]
        left = waiting - gone * dying
        part = share(left, left.sum(axis=2, keepdims=True))[:, :, 1:] * here[:, :, None]
        score = score - part.sum(axis=(1, -1))
        information += np.einsum("rsat,ab->rab", part, np.eye(part.shape[2])) - np.einsum("rsat,rsbt->rab", part, part)
    return score, information


def _solved(matrix: Floats, vector: Floats) -> Floats:
    step = np.einsum("rab,rb->ra", _inverse(matrix), vector)
    return np.where(np.isfinite(step), step, 0.0)


def _inverse(matrix: Floats) -> Floats:
    """Inverse of each matrix; nan where there is none."""
    sound = np.linalg.det(matrix) > 1e-300
    safe = np.where(sound[:, None, None], matrix, np.eye(matrix.shape[-1]))
    return np.where(sound[:, None, None], np.linalg.inv(safe), np.nan)
