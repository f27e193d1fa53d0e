"""Day-0 forecasts of 131 children from their covariates, against a regression on the same; and what separates them.

A regression has seen when other children of this centre recovered; the twins have seen none of them. The second table
takes the two apart: how far the twins' level is off, how wide a child's own distribution is against how far children
were from their own median, and what share of the differences between children the covariates tell, to twins and
regression alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import spearmanr
from validation.children import ENDPOINTS, children, plan_of

from dayzero import simulate
from dayzero.analyse.forecast.days import Days
from dayzero.analyse.forecast.pool import BATCHES, drawn_parameters
from dayzero.analyse.forecast.rounds import Case, Row
from dayzero.analyse.forecast.score import scores
from dayzero.criteria import judge
from dayzero.simulation.observe import observe

Lines = list[list[object]]


def paediatric(twins: int) -> tuple[Lines, Lines]:
    """Scores of the day-0 forecasts of 131 children against a regression on the same covariates, and why."""
    from sklearn.linear_model import LinearRegression, RidgeCV
    from sklearn.model_selection import KFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows = children()
    days = _children_days(rows, twins)
    x = np.array([_covariates(child) for child in rows])
    lines = [["endpoint", "method", "children", "rank correlation", "mean error", "CRPS", "inside 50 %", "inside 90 %"]]
    for name, (column, _) in ENDPOINTS.items():
        seen = np.array([float(child[column]) if child[column] else np.nan for child in rows])
        known = np.flatnonzero(np.isfinite(seen))
        y = np.log(seen[known])
        model = make_pipeline(StandardScaler(), RidgeCV(alphas=np.logspace(-1, 3, 13)))
        guessed = cross_val_predict(model, x[known], y, cv=KFold(10, shuffle=True, random_state=0))
        own = [days[name][i] for i in known]
        middles = np.log([[one.quantile(0.5) or 200] for one in own])
        scaled = cross_val_predict(LinearRegression(), middles, y, cv=KFold(10, shuffle=True, random_state=0))
        for method, told in (("twins of the child", own),
                             ("their median, scaled on the other children", _with_residuals(scaled, y)),
                             ("regression on the same covariates", _with_residuals(guessed, y))):  # fmt: skip
            cases = [Case(int(seen[i]), int(seen[i]), str(i), str(i), "all") for i in known]
            score = scores([Row(method, 0, case, one) for case, one in zip(cases, told, strict=True)])[0]
            middle = [one.quantile(0.5) or 200 for one in told]
            rho = spearmanr(middle, seen[known]).statistic
            lines.append([name, method, len(known), f"{rho:.2f}", f"{score.error:.2f}", f"{score.crps:.2f}",
                          *(inside(score.coverage[level], score.limits[level]) for level in (0.5, 0.9))])  # fmt: skip
    return lines, _why(rows, days)


def _with_residuals(guessed: np.ndarray, true: np.ndarray) -> list[Days]:
    """Distribution of each child's day: the guess in logarithms, and how far the other children's were off."""
    off = true - guessed
    return [Days.of(np.clip(np.rint(np.exp(g + np.delete(off, i))), 1, 200), np.ones(len(off) - 1), 200)
            for i, g in enumerate(guessed)]  # fmt: skip


def _children_days(rows: Sequence[Mapping[str, str]], twins: int) -> dict[str, list[Days]]:
    """Each child's distribution of days over its own twins who recover, uncertainty of parameters included."""
    plans = [plan_of(dict(child)) for child in rows]
    each = max(twins // BATCHES, 2)
    found: dict[str, list[np.ndarray]] = {name: [] for name in ENDPOINTS}
    for batch, parameters in enumerate(drawn_parameters(BATCHES, 1)):
        repeated = [plan for plan in plans for _ in range(each)]
        numbers = np.arange(len(repeated)) + batch * len(repeated)
        judged = judge(observe(simulate(repeated, numbers, days=200, seed=1, parameters=parameters)))
        for name, (_, column) in ENDPOINTS.items():
            found[name].append(judged[column].reshape(len(rows), each))
    whole = {name: np.concatenate(parts, axis=1) for name, parts in found.items()}
    return {name: [Days.of(own, np.isfinite(own), 200) for own in table] for name, table in whole.items()}


def _covariates(child: Mapping[str, str]) -> list[float]:
    number = lambda text, other: float(text) if text not in ("", "?") else other  # noqa: E731
    return [float(child["stem_cell_source"] == "bone_marrow"), np.log(number(child["CD34_x1e6_per_kg"], 9.0)),
            np.log(number(child["CD3_x1e8_per_kg"], 4.0)), float(child["recipient_age"]), float(child["donor_age"]),
            number(child["recipient_body_mass"], 35.0)]  # fmt: skip


def _why(rows: Sequence[Mapping[str, str]], days: Mapping[str, Sequence[Days]]) -> Lines:
    """Level and spread by endpoint and source, of children who recovered."""
    lines: Lines = [["endpoint", "graft", "children", "median, real", "median, twins", "real days over twins' median",
                     "spread around it (log)", "a child's own twins (log)"]]  # fmt: skip
    for name, (column, _) in ENDPOINTS.items():
        for source in ("peripheral_blood", "bone_marrow"):
            here = [i for i, child in enumerate(rows) if child["stem_cell_source"] == source and child[column]
                    and days[name][i].quantile(0.5) is not None]  # fmt: skip
            seen = np.array([float(rows[i][column]) for i in here])
            middle = np.array([days[name][i].quantile(0.5) for i in here], float)
            off = np.log(seen / middle)
            own = np.mean([_log_spread(days[name][i]) for i in here])
            lines.append([name, source.replace("_", " "), len(here), f"{np.median(seen):.0f}",
                          f"{np.median(middle):.0f}", f"{np.exp(np.median(off)):.2f}", f"{np.std(off):.2f}",
                          f"{own:.2f}"])  # fmt: skip
    return lines


def _log_spread(told: Days) -> float:
    """Standard deviation of the logarithm of the day, given that it comes."""
    day = np.arange(1, told.horizon + 1)
    weight = told.probability[1:] / told.probability[1:].sum()
    middle = float(weight @ np.log(day))
    return float(np.sqrt(weight @ (np.log(day) - middle) ** 2))


def inside(share: float, limits: tuple[float, float]) -> str:
    """Coverage in percent, marked where outside its binomial limits."""
    return f"{100 * share:.0f} %" + ("" if limits[0] <= share <= limits[1] else " (out)")
