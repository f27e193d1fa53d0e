"""What a forecast of the twins is measured against: regressions on the counts so far, and a second way to use twins.

Each learns from the other persons alone, tuned by cross-validation among them. Features are those a physician reads
off a chart: graft, the last white cells and neutrophils, their change over two and four days, and how long white cells
have been under 0.15. The target is the logarithm of the days still to go; residuals of the cross-validation make the
distribution.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dayzero.analyse.forecast.days import Days
from dayzero.analyse.forecast.experience import Experience
from dayzero.analyse.forecast.pool import HORIZON, Pool
from dayzero.analyse.forecast.posterior import followed, recovery_days, sampled, weigh
from dayzero.analyse.forecast.readings import KINDS, Told, told_by
from dayzero.analyse.forecast.rounds import Case, not_yet
from dayzero.records import Chart

GRAFTS = ("TCD", "PBSC", "BM", "cord")
LOWEST = 0.05
FOLDS = 5
FEWEST = 10
MEMBERS = 1500
RIDGES = (1.0, 3.0, 10.0, 30.0)
BOOSTED = ({"n_estimators": 40, "max_depth": 2}, {"n_estimators": 80, "max_depth": 3})


class Regressions:
    """Ridge and gradient boosting on the counts so far, as methods of `rounds`."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        self.features = cache(self._features)

    def ridge(self, day: int, case: Case, rest: Sequence[Case]) -> Days:
        """Linear regression with a penalty chosen by cross-validation."""
        models = [make_pipeline(StandardScaler(), Ridge(alpha=alpha)) for alpha in RIDGES]
        return self._told(models, day, case, rest)

    def boosting(self, day: int, case: Case, rest: Sequence[Case]) -> Days:
        """Gradient-boosted trees, size chosen by cross-validation."""
        fixed = {"learning_rate": 0.1, "min_samples_leaf": 4, "subsample": 0.7, "random_state": 0}
        return self._told([GradientBoostingRegressor(**fixed, **size) for size in BOOSTED], day, case, rest)

    def _told(self, models: Sequence, day: int, case: Case, rest: Sequence[Case]) -> Days:
        others = [other for other in rest if other.low > day]
        if len(others) < FEWEST:  # too few for a regression
            return not_yet(day, case, rest)
        x = np.array([self.features(other.patient, other.graft, day) for other in others])
        y = np.log(np.array([(other.low + other.high) / 2 for other in others]) - day)
        folds = KFold(FOLDS, shuffle=True, random_state=0)
        tried = [(model, cross_val_predict(model, x, y, cv=folds)) for model in models]
        model, guessed = min(tried, key=lambda pair: float(np.mean((pair[1] - y) ** 2)))
        middle = float(model.fit(x, y).predict([self.features(case.patient, case.graft, day)])[0])
        return _smooth(day + np.exp(middle + y - guessed), day)

    def _features(self, patient: str, graft: str, day: int) -> tuple[float, ...]:
        white, own = (self.chart.series(patient, name) for name in ("leukocytes", "neutrophils"))
        now = _last(white, day)
        low = (white.days >= 0) & (white.days <= day) & ((white.limits < 0) | (white.values < 0.15))
        changes = (now - _last(white, day - 2), now - _last(white, day - 4))
        return (*(float(graft == name) for name in GRAFTS), now, _last(own, day), *changes, float(low.sum()))


def _last(series, day: int) -> float:
    """Logarithm of the last count up to a day; half the limit where below it."""
    until = series.days <= day
    if not until.any():
        return float(np.log(LOWEST))
    value, limit = series.values[until][-1], series.limits[until][-1]
    return float(np.log(max(value / 2 if limit < 0 else value, LOWEST)))


def _smooth(days: np.ndarray, day: int) -> Days:
    """A distribution of whole days after a day, each spread a little over its neighbours."""
    middle = np.clip(np.rint(days), day + 1, HORIZON)
    spread = [(middle + step, share) for step, share in ((-1, 0.2), (0, 0.6), (1, 0.2))]
    when = np.concatenate([np.clip(at, day + 1, HORIZON) for at, _ in spread])
    return Days.of(when, np.concatenate([np.full(len(at), share) for at, share in spread]), HORIZON)


class EnsembleSmoother:
    """Twins moved by linear regression on the readings (an ensemble Kalman smoother of the day), not weighed.

    Source: Evensen 2003 (Ocean Dynamics 53:343); Beaumont, Zhang and Balding 2002 (Genetics 162:2025) for adjusting a
    sample by regression.
    """

    def __init__(self, chart: Chart, pools: dict[str, Pool]) -> None:
        self.chart, self.pools = chart, pools

    def __call__(self, day: int, case: Case, rest: Sequence[Case]) -> Days:
        pool = self.pools[case.graft]
        told = told_by(self.chart, case.patient, day)
        learned = Experience(tuple((other.low, other.high) for other in rest if other.graft == case.graft))
        prior = weigh(pool, Told((), told.below, ()), day, learned.tilt(pool))
        chosen = sampled(prior, MEMBERS, 1)
        when = recovery_days(pool)[chosen[0], chosen[1]]
        kept = np.isfinite(when) & (when > day)
        if kept.sum() < 50 or not told.readings:
            return Days.of(np.where(when > day, when, day + 1), np.ones(len(when)), HORIZON)
        return Days.of(self._moved(pool, told, chosen, when, kept, day), np.ones(int(kept.sum())), HORIZON)

    def _moved(self, pool: Pool, told: Told, chosen, when: np.ndarray, kept: np.ndarray, day: int) -> np.ndarray:
        noise = np.random.default_rng(1)
        seen, expected, error = [], [], []
        for readings in told.readings:
            kind = KINDS[readings.quantity]
            course = followed(pool, kind.signal, chosen)[kept][:, (readings.days - pool.days[0]).astype(int)]
            value = np.where(readings.limits < 0, readings.values / 2, readings.values)
            seen.append(np.log(value + kind.offset))
            expected.append(np.log(course + kind.offset))
            error.append(np.full(len(value), kind.spread[-1] / np.sqrt(kind.weight)))
        z, x, sd = np.concatenate(seen), np.concatenate(expected, axis=1), np.concatenate(error)
        y = np.log(when[kept] - day)
        perturbed = x + sd * noise.standard_normal(x.shape)
        centred = x - x.mean(axis=0)
        gain = np.linalg.solve(centred.T @ centred / len(x) + np.diag(sd**2), centred.T @ (y - y.mean()) / len(x))
        return np.clip(np.ceil(day + np.exp(y + (z - perturbed) @ gain)), day + 1, HORIZON)
