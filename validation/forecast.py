"""Forecasts of real patients, scored: MSK counts, children, visits in Sao Paulo, busulfan. Writes one page.

Nothing fitted on any of these patients is in the model or in the forecast's settings; whatever is learned from other
patients leaves the scored person out. `--quick` takes few twins and leaves gradient boosting out.
"""

from __future__ import annotations

import csv
import sys
import time
import warnings
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from validation.forecast_baselines import EnsembleSmoother, Regressions
from validation.forecast_children import inside, paediatric
from validation.forecast_outlook import outlook_table
from validation.forecast_why import climb, few_others, few_table, ranks

from dayzero import DomainWarning
from dayzero.analyse.busulfan import Given, Size, busulfan_fit
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
    Row,
    cases_of,
    rounds,
)
from dayzero.analyse.forecast.score import crps_ratio, scores
from dayzero.records import Chart

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
PAGE = ROOT / "docs" / "measurements" / "forecast.md"
RIDGE, BOOSTED, SMOOTHER = "regression on the counts", "gradient boosting on the counts", "twins moved by regression"
BASELINES = (MEDIAN, EARLIER, RIDGE, BOOSTED)
GRAFTS = ("all", "TCD", "PBSC", "BM", "cord")
CHILD_TWINS = 96


def msk(twins: int, quick: bool) -> tuple[list[Row], float, dict[str, str]]:
    """Rows of every method, seconds a forecast of the twins takes once its pool is there, and why they are so good."""
    chart = Chart.read(DATA / "msk-daily-counts")
    pools = {graft: make_pool(plans_for_graft(graft), twins) for graft in sorted({c.graft for c in cases_of(chart)})}
    learned = Regressions(chart)
    methods = {SMOOTHER: EnsembleSmoother(chart, pools), RIDGE: learned.ridge}
    methods |= {} if quick else {BOOSTED: learned.boosting}
    rows = rounds(chart, methods=methods, pools=pools)
    start = time.perf_counter()
    for case in cases_of(chart)[:10]:
        forecast(chart, patient=case.patient, day=10, pool=pools[case.graft])
    seconds = (time.perf_counter() - start) / 10
    few = few_others(chart, pools, {name: method for name, method in methods.items() if name != SMOOTHER})
    return rows, seconds, {"climb": _table(climb(chart, pools)), "ranks": _table(ranks(chart, pools)),
                           "few": _table(few_table(few, BASELINES))}  # fmt: skip


def msk_tables(rows: Sequence[Row]) -> tuple[str, str, str]:
    """Scores over all grafts, CRPS by graft, and ratios against each baseline."""
    told = scores(rows)
    methods = list(dict.fromkeys(row.method for row in rows))
    whole = [["day", "patients", "method", "mean error", "CRPS", "inside 50 %", "inside 90 %"]]
    for day in DAYS:
        for one in (s for m in methods for s in told if (s.method, s.day, s.graft) == (m, day, "all")):
            whole.append([day, one.patients, one.method, f"{one.error:.2f}", f"{one.crps:.2f}",
                          *(inside(one.coverage[level], one.limits[level]) for level in (0.5, 0.9))])  # fmt: skip
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
                      *(inside(own.coverage[level], own.limits[level]) for level in (0.5, 0.9))])  # fmt: skip
    return _table(lines)


def visits(twins: int) -> str:
    """Neutrophils and platelets at the next visit within the horizon, against the last value and the cohort's own."""
    chart = Chart.read(DATA / "heidrich-allo-visits")
    pools: dict[str, Pool] = {}
    found: dict[tuple[str, str], list[float]] = {}
    held: dict[str, list[bool]] = {}
    off: dict[str, list[float]] = {}
    for name in ("neutrophils", "platelets"):
        pairs = [(patient, *pair) for patient in chart.patients for pair in _pairs(chart, patient, name)]
        for patient, now, then, last, true in pairs:
            graft = str(chart.graft[chart.index(patient)])
            if graft not in pools:
                pools[graft] = make_pool(plans_for_graft(graft), twins)
            pool = pools[graft]
            weighed = weigh(pool, told_by(chart, patient, now), now)
            course = reported(name, followed(pool, name, sampled(weighed, 1000, 1)), 1)[:, int(then - pool.days[0])]
            others = np.array([p[4] for p in pairs if p[0] != patient and abs(p[2] - then) < 15] or [last])
            held.setdefault(name, []).append(bool(np.quantile(course, 0.05) <= true <= np.quantile(course, 0.95)))
            off.setdefault(name, []).append(float(np.log10(true / np.median(course))))
            samples = {"twins": course, "last value": np.array([last]), "other patients' next visit": others}
            for method, sample in samples.items():
                found.setdefault((name, method), []).append(_log_crps(sample, true))
    lines = [["count", "method", "visits", "CRPS of log10", "90 % interval holds", "real over median",
              "spread around it, log10"]]  # fmt: skip
    for (name, method), score in found.items():
        own = (f"{100 * np.mean(held[name]):.0f} %", f"{10 ** np.median(off[name]):.2f}", f"{np.std(off[name]):.2f}")
        lines.append([name, method, len(score), f"{np.mean(score):.3f}", *(own if method == "twins" else ("",) * 3)])
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
    rows, seconds, why = msk(twins, quick)
    scored, apart = paediatric(48 if quick else CHILD_TWINS)
    whole, grafts, ratios = msk_tables(rows)
    parts = {"whole": whole, "grafts": grafts, "ratios": ratios, "verdict": verdict(rows), "twins": f"{twins:,}",
             "seconds": f"{seconds:.2f}", "busulfan": busulfan(), "second": second_centre(twins),
             "visits": visits(twins), "children": _table(scored), "children_why": _table(apart), "before": BEFORE,
             "own": OWN, "alone": ALONE, "outlook": _table(outlook_table(DATA / "klein-moeschberger", twins)),
             **why}  # fmt: skip
    text = TEXT.format(**parts)
    print(text)
    if not quick:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main("--quick" in sys.argv)
