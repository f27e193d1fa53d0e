"""Why forecasts of real patients are as good as they are: what counts tell, real and virtual, and from how many others.

Three tables of the page of `validation.forecast`: how near to recovery white cells begin to climb; how well a day's
white cells rank the days of recovery; and the same rounds where each person may learn from a quarter of the others
only, as in a centre that begins to keep records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import spearmanr

from dayzero.analyse.forecast.pool import Pool
from dayzero.analyse.forecast.rounds import OWN, Case, Method, Row, cases_of, rounds
from dayzero.analyse.forecast.score import crps_ratio, scores
from dayzero.records import Chart

GRAFTS = ("TCD", "PBSC", "BM", "cord")
LAGS = (1, 2, 3, 5, 8)
DAYS = (5, 7, 10, 12)
BELOW = 0.05  # 1e9/L, in the place of a count below the limit
QUARTERS = 4
FEWEST = 4
LATEST = 40

Lines = list[list[object]]


def climb(chart: Chart, pools: Mapping[str, Pool]) -> Lines:
    """White cells so many days before recovery: geometric mean, real / twins who recover within a day of that day."""
    lines: Lines = [["graft", *(f"{lag} days before" for lag in LAGS)]]
    for graft in GRAFTS:
        cases = [case for case in cases_of(chart) if case.graft == graft and case.low == case.high > 5]
        lines.append([graft, *(_pair(chart, pools[graft], cases, lag) for lag in LAGS)])
    return lines


def _pair(chart: Chart, pool: Pool, cases: Sequence[Case], lag: int) -> str:
    own, twins = [], []
    for case in cases:
        white = _white(chart, case.patient, case.low - lag)
        near = np.abs(pool.neutrophil_day - case.low) <= 1
        if case.low - lag >= 3 and white is not None and near.any():
            own.append(np.log(white))
            counts = pool.counts["leukocytes"][near, case.low - lag - int(pool.days[0])]
            twins.append(np.log(np.maximum(counts, BELOW)).mean())
    return "" if len(own) < FEWEST else f"{np.exp(np.mean(own)):.2f} / {np.exp(np.mean(twins)):.2f}"


def ranks(chart: Chart, pools: Mapping[str, Pool]) -> Lines:
    """Rank correlation of a day's white cells with the day of recovery, of those not yet recovered: real / twins."""
    lines: Lines = [["graft", *(f"day {day}" for day in DAYS)]]
    for graft in GRAFTS:
        cases = [case for case in cases_of(chart) if case.graft == graft]
        lines.append([graft, *(_ranked(chart, pools[graft], cases, day) for day in DAYS)])
    return lines


def _ranked(chart: Chart, pool: Pool, cases: Sequence[Case], day: int) -> str:
    told = [(_white(chart, case.patient, day), case.low + case.high) for case in cases if case.low > day]
    own = [(white, when) for white, when in told if white is not None]
    when = pool.neutrophil_day
    risk = (when > day) & (when <= LATEST) & ~pool.never_low
    if len(own) < FEWEST or len({white for white, _ in own}) < 2 or risk.sum() < FEWEST:
        return ""
    twins = np.maximum(pool.counts["leukocytes"][risk, day - int(pool.days[0])], BELOW)
    seen, came = np.array(own).T
    return f"{spearmanr(seen, came).statistic:+.2f} / {spearmanr(twins, when[risk]).statistic:+.2f}"


def _white(chart: Chart, patient: str, day: int) -> float | None:
    seen = chart.series(patient, "leukocytes")
    at = np.flatnonzero(seen.days == day)
    if not len(at):
        return None
    return BELOW if seen.limits[at[0]] < 0 else max(float(seen.values[at[0]]), BELOW)


def few_others(chart: Chart, pools: Mapping[str, Pool], methods: Mapping[str, Method]) -> list[Row]:
    """The rounds with persons dealt at random into quarters; each may learn from the own quarter only."""
    persons = sorted({case.person for case in cases_of(chart)})
    dealt = np.random.default_rng(0).permutation(len(persons)) % QUARTERS
    quarter = dict(zip(persons, dealt, strict=True))
    rows: list[Row] = []
    for number in range(QUARTERS):
        names = [name for name in chart.patients if quarter.get(name.split("@")[0]) == number]
        rows += rounds(only(chart, names), days=(0, *DAYS), pools=pools, methods=methods)
    return rows


def only(chart: Chart, names: Sequence[str]) -> Chart:
    """The chart of some patients, counts alone."""
    at = {chart.index(name): place for place, name in enumerate(names)}
    counts = {}
    for quantity, column in chart.measurements.items():
        kept = np.isin(column.patient, list(at))
        patient = np.array([at[int(row)] for row in column.patient[kept]], np.int64)
        counts[quantity] = (patient, column.day[kept], column.value[kept], column.limit[kept])
    return Chart.from_columns(counts, list(names), graft=[chart.graft[chart.index(name)] for name in names])


def few_table(rows: Sequence[Row], baselines: Sequence[str]) -> Lines:
    """CRPS of twins and of the best baseline of each day, their ratio, and coverage."""
    told = {(one.method, one.day): one for one in scores(rows) if one.graft == "all"}
    lines: Lines = [["day", "patients", OWN, "best baseline", "its CRPS", "ratio", "inside 50 %", "inside 90 %"]]
    for day in (0, *DAYS):
        own = told[OWN, day]
        best = min((told[name, day] for name in baselines if (name, day) in told), key=lambda one: one.crps)
        middle, low, high = crps_ratio(rows, OWN, best.method, day)
        lines.append([day, own.patients, f"{own.crps:.2f}", best.method, f"{best.crps:.2f}",
                      f"{middle:.2f} ({low:.2f} to {high:.2f})",
                      *(f"{100 * own.coverage[level]:.0f} %" for level in (0.5, 0.9))])  # fmt: skip
    return lines
