"""Forecasts of real patients, scored: MSK counts, children, visits in Sao Paulo, busulfan. Writes one page.

Nothing fitted on any of these patients is in the model or in the forecast's settings; whatever is learned from other
patients leaves the scored person out. `--quick` takes few twins and leaves gradient boosting out.
"""

from __future__ import annotations

import csv
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr
from validation.children import ENDPOINTS, children, plan_of
from validation.forecast_baselines import EnsembleSmoother, Regressions

from dayzero import DomainWarning, simulate
from dayzero.analyse.busulfan import Given, Size, busulfan_fit
from dayzero.analyse.forecast.days import Days
from dayzero.analyse.forecast.forecast import forecast
from dayzero.analyse.forecast.plans import plans_for_graft
from dayzero.analyse.forecast.pool import HORIZON, Pool, make_pool
from dayzero.analyse.forecast.posterior import followed, reported, sampled, weigh
from dayzero.analyse.forecast.readings import told_by
from dayzero.analyse.forecast.rounds import (
    ALONE,
    BEFORE,
    DAYS,
    EARLIER,
    MEDIAN,
    OWN,
    Case,
    Row,
    cases_of,
    rounds,
)
from dayzero.analyse.forecast.score import crps_ratio, scores
from dayzero.criteria import judge
from dayzero.records import Chart
from dayzero.simulation.observe import observe

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
PAGE = ROOT / "docs" / "measurements" / "forecast.md"
RIDGE, BOOSTED, SMOOTHER = "regression on the counts", "gradient boosting on the counts", "twins moved by regression"
BASELINES = (MEDIAN, EARLIER, RIDGE, BOOSTED)
GRAFTS = ("all", "TCD", "PBSC", "BM", "cord")
CHILD_TWINS = 96


def msk(twins: int, quick: bool) -> tuple[list[Row], float]:
    """Rows of every method, and seconds a forecast of the twins takes once its pool is there."""
    chart = Chart.read(DATA / "msk-daily-counts")
    pools = {graft: make_pool(plans_for_graft(graft), twins) for graft in sorted({c.graft for c in cases_of(chart)})}
    learned = Regressions(chart)
    methods = {SMOOTHER: EnsembleSmoother(chart, pools), RIDGE: learned.ridge}
    methods |= {} if quick else {BOOSTED: learned.boosting}
    rows = rounds(chart, methods=methods, pools=pools)
    start = time.perf_counter()
    for case in cases_of(chart)[:10]:
        forecast(chart, patient=case.patient, day=10, pool=pools[case.graft])
    return rows, (time.perf_counter() - start) / 10


def msk_tables(rows: Sequence[Row]) -> tuple[str, str, str]:
    """Scores over all grafts, CRPS by graft, and ratios against each baseline."""
    told = scores(rows)
    methods = list(dict.fromkeys(row.method for row in rows))
    whole = [["day", "patients", "method", "mean error", "CRPS", "inside 50 %", "inside 90 %"]]
    for day in DAYS:
        for one in (s for m in methods for s in told if (s.method, s.day, s.graft) == (m, day, "all")):
            whole.append([day, one.patients, one.method, f"{one.error:.2f}", f"{one.crps:.2f}",
                          *(_inside(one.coverage[level], one.limits[level]) for level in (0.5, 0.9))])  # fmt: skip
    grafts = [["day", "graft", "patients", *methods]]
    for day in DAYS:
        for graft in GRAFTS[1:]:
            own = {s.method: s for s in told if s.day == day and s.graft == graft}
            if own:
                grafts.append([day, graft, own[OWN].patients, *(f"{own[m].crps:.2f}" for m in methods)])
    ratios = [["day", "graft", *(f"against {name}" for name in BASELINES if name in methods)]]
    for day in DAYS:
        here = {row.case.graft for row in rows if row.day == day}
        for graft in (name for name in GRAFTS if name == "all" or name in here):
            ratios.append([day, graft, *(_ratio(rows, name, day, graft) for name in BASELINES if name in methods)])
    return _table(whole), _table(grafts), _table(ratios)


def _ratio(rows: Sequence[Row], against: str, day: int, graft: str) -> str:
    middle, low, high = crps_ratio(rows, OWN, against, day, graft)
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def _inside(share: float, limits: tuple[float, float]) -> str:
    return f"{100 * share:.0f} %" + ("" if limits[0] <= share <= limits[1] else " (out)")


def verdict(rows: Sequence[Row]) -> str:
    """Against the best baseline of each day, over all grafts: better by how much, or beaten."""
    told = {(s.method, s.day): s.crps for s in scores(rows) if s.graft == "all"}
    lines = []
    for day in DAYS:
        best = min((name for name in BASELINES if (name, day) in told), key=lambda name: told[name, day])
        ratio, low, high = crps_ratio(rows, OWN, best, day)
        aim = "aim of 15 % met" if ratio <= 0.85 else "aim of 15 % not met" if day >= 7 else "no aim set"
        word = "better than" if ratio < 1 else "**beaten by**"
        lines.append(f"- day {day}: {word} the best baseline ({best}), CRPS ratio {ratio:.2f} "
                     f"({low:.2f} to {high:.2f}); {aim}")  # fmt: skip
    return "\n".join(lines)


def second_centre(twins: int) -> str:
    """Scores and ratios of the same rounds on the Sao Paulo cohort, whose scores were not looked at during design."""
    rows = rounds(Chart.read(DATA / "heidrich-allo-visits"), twins=twins)
    lines = [["day", "patients", "CRPS", "of earlier patients", "ratio", "inside 50 %", "inside 90 %"]]
    told = {(s.method, s.day): s for s in scores(rows) if s.graft == "all"}
    for day in DAYS:
        own = told[OWN, day]
        lines.append([day, own.patients, f"{own.crps:.2f}", f"{told[EARLIER, day].crps:.2f}",
                      _ratio(rows, EARLIER, day, "all"),
                      *(_inside(own.coverage[level], own.limits[level]) for level in (0.5, 0.9))])  # fmt: skip
    return _table(lines)


def paediatric(twins: int) -> str:
    """Day-0 forecasts of 131 children from their covariates against a regression on the same."""
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
                          *(_inside(score.coverage[level], score.limits[level]) for level in (0.5, 0.9))])  # fmt: skip
    return _table(lines)


def _with_residuals(guessed: np.ndarray, true: np.ndarray) -> list[Days]:
    """Distribution of each child's day: the guess in logarithms, and how far the other children's were off."""
    off = true - guessed
    return [Days.of(np.clip(np.rint(np.exp(g + np.delete(off, i))), 1, 200), np.ones(len(off) - 1), 200)
            for i, g in enumerate(guessed)]  # fmt: skip


def _children_days(rows: Sequence[Mapping[str, str]], twins: int) -> dict[str, list[Days]]:
    """Each child's distribution of days over its own twins who recover, uncertainty of parameters included."""
    from dayzero.analyse.forecast.pool import BATCHES, drawn_parameters

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


def visits(twins: int) -> str:
    """Neutrophils and platelets at the next visit within the horizon, against the last value and the cohort's own."""
    chart = Chart.read(DATA / "heidrich-allo-visits")
    pools: dict[str, Pool] = {}
    found: dict[tuple[str, str], list[float]] = {}
    inside: dict[str, list[bool]] = {}
    for name in ("neutrophils", "platelets"):
        pairs = [(patient, *pair) for patient in chart.patients for pair in _pairs(chart, patient, name)]
        for patient, now, then, last, true in pairs:
            graft = str(chart.graft[chart.index(patient)])
            pool = pools.setdefault(graft, make_pool(plans_for_graft(graft), twins))
            weighed = weigh(pool, told_by(chart, patient, now), now)
            course = reported(name, followed(pool, name, sampled(weighed, 1000, 1)), 1)[:, int(then - pool.days[0])]
            others = np.array([p[4] for p in pairs if p[0] != patient and abs(p[2] - then) < 15] or [last])
            inside.setdefault(name, []).append(bool(np.quantile(course, 0.05) <= true <= np.quantile(course, 0.95)))
            samples = {"twins": course, "last value": np.array([last]), "other patients' next visit": others}
            for method, sample in samples.items():
                found.setdefault((name, method), []).append(_log_crps(sample, true))
    lines = [["count", "method", "visits", "CRPS of log10", "twins' 90 % interval holds"]]
    for (name, method), score in found.items():
        held = f"{100 * np.mean(inside[name]):.0f} %" if method == "twins" else ""
        lines.append([name, method, len(score), f"{np.mean(score):.3f}", held])
    return _table(lines)


def _pairs(chart: Chart, patient: str, name: str) -> list[tuple[int, int, float, float]]:
    """(day, next day, value, next value) of visits from day 5 on, next ones exact and before the horizon."""
    seen = chart.series(patient, name)
    kept = [(int(d), float(v), int(m)) for d, v, m in zip(seen.days, seen.values, seen.limits, strict=True) if d >= 5]
    return [(a[0], b[0], a[1], b[1]) for a, b in pairwise(kept)
            if b[0] < HORIZON and b[2] == 0 and b[1] > 0]  # fmt: skip


def _log_crps(sample: np.ndarray, true: float) -> float:
    x, y = np.log10(np.maximum(sample, 1e-3)), np.log10(true)
    return float(np.mean(np.abs(x - y)) - 0.5 * np.mean(np.abs(x[:, None] - x[None, :])))


def busulfan() -> str:
    """Exposure of the first dose told from the test dose, against area under the first dose's own levels."""
    test, first = (_courses(DATA / "busulfan-pk" / f"{name}_dose.csv") for name in ("test", "first"))
    methods: dict[str, list[float]] = {"posterior of the test dose": [], "area of the test dose, in proportion": [],
                                       "body surface alone": []}  # fmt: skip
    held = []
    for name in sorted(set(test) & set(first)):
        (given, levels, surface), (own, seen, _) = test[name], first[name]
        fit, dose, truth = busulfan_fit(given, levels, Size.of_surface(surface)), own[0].dose_mg, _area(seen)
        middle, low, high = fit.auc_of(dose)
        held.append(low <= truth <= high)
        for method, told in zip(methods, (middle, dose / given[0].dose_mg * _area(levels), dose / fit.size.clearance),
                                strict=True):  # fmt: skip
            methods[method].append(told / truth - 1)
    lines = [["method", "patients", "bias", "RMSE", "within 20 %", "90 % interval holds"]]
    for method, errors in methods.items():
        e = np.array(errors)
        lines.append([method, len(e), f"{100 * e.mean():+.1f} %", f"{100 * np.sqrt((e**2).mean()):.1f} %",
                      f"{(np.abs(e) <= 0.2).sum()} of {len(e)}",
                      f"{sum(held)} of {len(held)}" if method.startswith("posterior") else ""])  # fmt: skip
    return _table(lines)


def _courses(path: Path) -> dict[str, tuple[list[Given], list[tuple[float, float]], float]]:
    found: dict[str, tuple[list[Given], list[tuple[float, float]], float]] = {}
    with path.open() as stream:
        for row in csv.DictReader(stream):
            given, levels, _ = found.setdefault(row["patient"], ([], [], float(row["bsa_m2"])))
            hour = float(row["time_min"]) / 60
            if row["evid"] == "1":
                dose = float(row["dose_mg"])
                given.append(Given(hour, dose, dose / float(row["rate_mg_per_min"]) / 60))
            else:
                levels.append((hour, float(row["conc_mg_per_L"])))
    return found


def _area(levels: Sequence[tuple[float, float]]) -> float:
    """Trapezoids from zero, and the tail of the line through the logarithms of the last three levels."""
    t, c = np.array([(0.0, 0.0), *levels]).T
    slope = -np.polyfit(t[-3:], np.log(c[-3:]), 1)[0]
    return float(np.trapezoid(c, t) + c[-1] / slope)


def _table(lines: Sequence[Sequence[object]]) -> str:
    rows = [" | ".join(map(str, cells)) for cells in (lines[0], ["---"] * len(lines[0]), *lines[1:])]
    return "\n".join(f"| {row} |" for row in rows)


def main(quick: bool) -> None:
    """Measure, print, write the page."""
    from validation.forecast_page import TEXT

    warnings.simplefilter("ignore", DomainWarning)
    twins = 600 if quick else 3000
    rows, seconds = msk(twins, quick)
    whole, grafts, ratios = msk_tables(rows)
    parts = {"whole": whole, "grafts": grafts, "ratios": ratios, "verdict": verdict(rows), "twins": f"{twins:,}",
             "seconds": f"{seconds:.2f}", "busulfan": busulfan(), "second": second_centre(twins),
             "visits": visits(twins), "children": paediatric(24 if quick else CHILD_TWINS), "before": BEFORE,
             "own": OWN, "alone": ALONE}  # fmt: skip
    text = TEXT.format(**parts)
    print(text)
    if not quick:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main("--quick" in sys.argv)
