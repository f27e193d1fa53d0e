"""Gray's test and the Fine-Gray model of the arms of many trials side by side, exact on whole days.

Both compare cumulative incidences, the hazard of the subdistribution that keeps who had a rival event at risk::

    Gray        z_a = sum d_a - R_a dG / R,   R_a = n_a (1 - F_a(t-)) / S_a(t-),  with Gray's variance (rho = 0)
    Fine-Gray   R_a(t) = n_a(t) + sum_{s<t} rivals_a(s) C(t-) / C(s-),   C the share not censored, all arms together

The variance of the Fine-Gray ratio is the sandwich that knows C is an estimate. Ties as in Breslow's.

Gray's variance fails where nearly all have the event and an arm runs empty before the others, as in engraftment: its
pooled incidence passes 1, its correction for ties leaves 0 to 1, and the statistic may come out negative (in R as
here). Such a trial is tested by the score of the Fine-Gray model instead, which tests the same.

Sources: Gray 1988, Ann Stat 16:1141; Fine and Gray 1999, J Am Stat Assoc 94:496. Agreement with R's ``cmprsk`` is
tested.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dayzero.analyse.groups import Effect, GroupCounts, share, wald
from dayzero.analyse.hazards import FAR, STEPS
from dayzero.records.chart import Floats


def gray_test(counts: GroupCounts) -> tuple[Floats, Floats]:
    """Gray's chi-square statistic of equal cumulative incidences and its p, (replicates,) each; strata add up.

    Where his variance fails both are nan.
    """
    from scipy.special import chdtri

    score, variance, sound = _gray_scores(counts)
    p = np.where(sound, wald(score, variance), np.nan)
    return chdtri(score.shape[-1], p), p


def incidence_test(counts: GroupCounts) -> Floats:
    """p of equal cumulative incidences, (replicates,): Gray's, or the Fine-Gray score's where his variance fails."""
    p = gray_test(counts)[1]
    failed = np.isnan(p)
    if failed.any():
        p[failed] = score_test(GroupCounts(counts.events[failed], counts.censored[failed]))
    return p


def _gray_scores(counts: GroupCounts) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Gray's score of every arm but the first, its variance, both summed over strata, and where that is sound."""
    own, rival = (counts.events[..., k, :].astype(np.float64) for k in (0, 1))
    risk = counts.at_risk.astype(np.float64)
    alive = np.cumprod(1.0 - share(own + rival, risk), axis=-1)
    before = _before(alive, 1.0)
    had = np.cumsum(before * share(own, risk), axis=-1)
    h = np.where(risk > 0, share(risk, before), 0.0)
    waiting = h * (1.0 - _before(had, 0.0))
    died, all_waiting = own.sum(axis=2, keepdims=True), waiting.sum(axis=2, keepdims=True)
    score = (own - waiting * share(died, all_waiting)).sum(axis=(1, -1))[:, 1:]
    return score, *_gray_variance(own, rival, risk, alive, before, h)


def _gray_variance(
    own: Floats, rival: Floats, risk: Floats, alive: NDArray[Any], before: Floats, h: Floats
) -> tuple[Floats, NDArray[np.bool_]]:
    """The variance of the scores under equal incidences, letters as in Gray 1988, section 2; and where it is one."""
    died, whole = own.sum(axis=2, keepdims=True), h.sum(axis=2, keepdims=True)
    pooled = np.cumsum(share(died, whole), axis=-1)
    free = 1.0 - _before(pooled, 0.0)
    part = share(h, whole)
    a = np.einsum("rskt,ki->rsikt", h, np.eye(h.shape[2])) - np.einsum("rsit,rskt->rsikt", h, part)
    c = np.cumsum(a * share(died, np.maximum(whole * free, 0.0))[:, :, None], axis=-1)
    rest = c[..., -1:] - c
    fall = share(1.0 - pooled, alive)
    lack = np.where(alive > 0, 1.0 - fall, 1.0)
    tied = np.where(died > 1, 1.0 - share(died - 1, whole * before - 1), 1.0)
    fitting = ((tied >= 0) & (tied <= 1)) | (risk == 0)
    sound = fitting.all(axis=(1, 2, 3)) & ((free > 0) | (died == 0)).all(axis=(1, 2, 3))
    own_part = np.where(risk > 0, tied * share(before * died, whole * risk), 0.0)
    rival_tied = np.where(rival > 1, 1.0 - share(rival - 1, risk - 1), 1.0)
    rival_part = rival_tied * share(before**2 * rival, risk**2)
    first = a + lack[:, :, None] * rest
    second = fall[:, :, None] * rest
    variance = np.einsum("rsikt,rsjkt,rskt->rij", first, first, own_part)
    variance += np.einsum("rsikt,rsjkt,rskt->rij", second, second, rival_part)
    return variance[:, 1:, 1:], sound


def score_test(counts: GroupCounts) -> Floats:
    """p of the Fine-Gray model's score where no arm differs, (replicates,), robust variance, summed over strata."""
    replicates, strata, arms = counts.events.shape[:3]
    apart = GroupCounts(counts.events.reshape(-1, 1, *counts.events.shape[2:]),
                        counts.censored.reshape(-1, 1, *counts.censored.shape[2:]))  # fmt: skip
    at = _at_risk(apart)
    none = np.zeros((replicates * strata, arms - 1))
    score = _score(at.own, _parts(at, none)[0]).reshape(replicates, strata, -1).sum(axis=1)
    spread = _spread(at, none).reshape(replicates, strata, arms - 1, arms - 1).sum(axis=1)
    return wald(score, spread)


class _AtRisk(NamedTuple):
    """What Fine-Gray counts, (replicates, arms, days); ``free`` is the share not censored before each day."""

    own: Floats
    rival: Floats
    left: Floats
    risk: Floats
    weighed: Floats
    free: Floats


def _at_risk(counts: GroupCounts) -> _AtRisk:
    own, rival = (counts.events[:, 0, :, k].astype(np.float64) for k in (0, 1))
    risk, left = counts.at_risk[:, 0].astype(np.float64), counts.censored[:, 0].astype(np.float64)
    free = np.cumprod(1.0 - share(left.sum(axis=1), risk.sum(axis=1)), axis=-1)
    free = _before(free, 1.0)[:, None]
    weighed = risk + free * _before(np.cumsum(share(rival, free), axis=-1), 0.0)
    return _AtRisk(own, rival, left, risk, weighed, free)


def fine_gray(counts: GroupCounts) -> Effect:
    """Log ratio of subdistribution hazards of each arm against the first, its standard error, and p of no difference.

    Strata are put together for the ratio, as in ``cmprsk``; the test (`incidence_test`) keeps them.
    """
    at = _at_risk(counts.together())
    beta = np.zeros((len(at.own), at.own.shape[1] - 1))
    for _ in range(STEPS):
        part, _ = _parts(at, beta)
        step = np.linalg.solve(_safe(_information(at.own, part)), _score(at.own, part)[..., None])[..., 0]
        beta = np.clip(beta + np.clip(step, -1.0, 1.0), -FAR - 1, FAR + 1)
        if np.abs(step[np.abs(beta) < FAR]).max(initial=0.0) < 1e-11:
            break
    information = _information(at.own, _parts(at, beta)[0])
    bread = np.linalg.inv(_safe(information))
    variance = np.einsum("raa->ra", bread @ _spread(at, beta) @ bread)
    error = np.sqrt(np.where(variance >= 0, variance, np.nan))
    none = np.linalg.det(information) <= 1e-300
    lost = (np.abs(beta) >= FAR).any(axis=-1, keepdims=True) | ~np.isfinite(error) | none[:, None]
    return Effect(np.where(lost, np.nan, beta), np.where(lost, np.nan, error), incidence_test(counts))


def _parts(at: _AtRisk, beta: Floats) -> tuple[Floats, Floats]:
    """Each arm's part of those at risk, and the baseline hazard of each day."""
    weight = np.exp(np.concatenate([np.zeros_like(beta[:, :1]), beta], axis=1))[..., None]
    whole = (at.weighed * weight).sum(axis=1, keepdims=True)
    return share(at.weighed * weight, whole), share(at.own.sum(axis=1, keepdims=True), whole)


def _score(own: Floats, part: Floats) -> Floats:
    return (own - own.sum(axis=1, keepdims=True) * part).sum(axis=-1)[:, 1:]


def _information(own: Floats, part: Floats) -> Floats:
    died, p = own.sum(axis=1), part[:, 1:]
    return np.einsum("rt,rat,ab->rab", died, p, np.eye(p.shape[1])) - np.einsum("rt,rat,rbt->rab", died, p, p)


def _safe(matrix: Floats) -> Floats:
    sound = np.linalg.det(matrix) > 1e-300
    return np.where(sound[:, None, None], matrix, np.eye(matrix.shape[-1]))


def _spread(at: _AtRisk, beta: Floats) -> Floats:
    """Variance of the score: each patient's influence depends on arm, last day and what happened on it."""
    part, hazard = _parts(at, beta)
    relative = np.exp(np.concatenate([np.zeros_like(beta[:, :1]), beta], axis=1))[:, :, None, None]
    away = np.eye(at.own.shape[1])[None, :, 1:, None] - part[:, None, 1:]  # own covariate less the mean at risk
    flow = away * relative * hazard[:, :, None]
    lived = np.cumsum(flow, axis=-1)
    carried = np.cumsum((flow * at.free[:, :, None])[..., ::-1], axis=-1)[..., ::-1]  # from each day on
    after = np.concatenate([carried[..., 1:], np.zeros_like(carried[..., :1])], axis=-1)
    entered = _before(np.cumsum(share(at.rival, at.free), axis=-1), 0.0)  # rivals of earlier days, as weighed later
    moved = np.einsum("rat,rapt->rpt", entered, carried)
    waiting, gone = at.risk.sum(axis=1)[:, None], at.left.sum(axis=1)[:, None]
    per_patient = share(moved, waiting)
    drift = np.cumsum(per_patient * share(gone, waiting), axis=-1)[:, None]
    influence = (
        (away - lived - drift, at.own),
        (-lived - share(after, at.free[:, :, None]) - drift, at.rival),
        (-lived + per_patient[:, None] - drift, at.left),
    )
    parts = [np.einsum("rapt,raqt,rat->rpq", how, how, many) for how, many in influence]
    return parts[0] + parts[1] + parts[2]


def _before(curve: NDArray[Any], first: float) -> Floats:
    """The curve as it stood before each day."""
    return np.concatenate([np.full_like(curve[..., :1], first), curve[..., :-1]], axis=-1)
