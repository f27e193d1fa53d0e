"""Forecast every patient of a cohort as on given days, each from its own past alone, and compare with what came.

A round is a day; its risk set holds the patients whose neutrophils had not recovered by then, and every method is told
that. Whole persons are left out wherever something is learned from others: a person with two transplants lends
neither to the other. The truth is the day judged from the whole chart, or the days between which it must lie.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from dayzero.analyse.forecast.days import Days
from dayzero.analyse.forecast.experience import Experience, recovered_between
from dayzero.analyse.forecast.plans import plans_for_graft
from dayzero.analyse.forecast.pool import HORIZON, TWINS, Pool, make_pool
from dayzero.analyse.forecast.posterior import Candidates, recovery_days, weigh
from dayzero.analyse.forecast.readings import told_by
from dayzero.errors import ChartError
from dayzero.records.chart import Chart, Floats
from dayzero.spec import Plan

DAYS = (0, 5, 7, 10, 12)
OWN, ALONE, BEFORE = "twins and earlier patients", "twins alone", "twins, no readings"
MEDIAN, EARLIER = "median of the graft", "earlier patients, not yet engrafted"


class Case(NamedTuple):
    """One patient of a risk set: days between which recovery lies, name, person, graft."""

    low: int
    high: int
    patient: str
    person: str
    graft: str


class Row(NamedTuple):
    """One forecast beside its truth."""

    method: str
    day: int
    case: Case
    forecast: Days


Method = Callable[[int, Case, Sequence[Case]], Days]


def cases_of(chart: Chart) -> list[Case]:
    """The patients whose day of recovery is known, or bounded."""
    cases = []
    for name, graft, span in zip(chart.patients, chart.graft, recovered_between(chart), strict=True):
        if span is not None and graft is not None:
            cases.append(Case(*span, name, name.split("@")[0], graft))
    if not cases:
        expected = "a cohort whose grafts are known and whose neutrophils recovered"
        raise ChartError("chart", "patients", "none that can be scored", expected, "give charts with their graft")
    return cases


def left_out(chart: Chart) -> dict[str, str]:
    """Patients who cannot be scored, and why."""
    judged = zip(chart.patients, chart.graft, recovered_between(chart), strict=True)
    return {name: "graft not known" if graft is None else "no recovery of neutrophils seen"
            for name, graft, span in judged if graft is None or span is None}  # fmt: skip


def rounds(
    chart: Chart,
    plan: Plan | str | None = None,
    *,
    days: Sequence[int] = DAYS,
    twins: int = TWINS,
    seed: int = 1,
    methods: Mapping[str, Method] | None = None,
    others: Chart | None = None,
    pools: Mapping[str, Pool] | None = None,
    progress: Callable[[float], None] | None = None,
) -> list[Row]:
    """Every method's forecast of every patient of every risk set.

    Parameters
    ----------
    plan : of all patients; left out, the common plans of each one's graft.
    methods : further methods by name: (day, case, other cases) to a distribution.
    others : earlier patients to learn from, besides the other patients of the chart.
    pools : graft -> twins, made already.
    """
    cases = cases_of(chart)
    earlier = [] if others is None else cases_of(others)
    if pools is None:
        pools = {graft: make_pool(plans_for_graft(graft) if plan is None else plan, twins, seed=seed)
                 for graft in sorted({case.graft for case in cases})}  # fmt: skip
    rows: list[Row] = []
    todo = [(day, case) for day in days for case in cases if case.low > day]
    for at, (day, case) in enumerate(todo):
        rest = [*earlier, *(other for other in cases if other.person != case.person)]
        forecasts = _twins(chart, pools[case.graft], day, case, rest)
        if rest:  # nobody else, nothing to learn from
            forecasts |= {MEDIAN: graft_median(day, case, rest), EARLIER: not_yet(day, case, rest)}
        forecasts |= {name: method(day, case, rest) for name, method in (methods or {}).items()}
        rows += [Row(name, day, case, told.after(day)) for name, told in forecasts.items()]
        if progress is not None:
            progress((at + 1) / len(todo))
    return rows


def _twins(chart: Chart, pool: Pool, day: int, case: Case, rest: Sequence[Case]) -> dict[str, Days]:
    told = told_by(chart, case.patient, day)
    same = Experience(tuple((other.low, other.high) for other in rest if other.graft == case.graft))
    with_others, alone = weigh(pool, told, day, same.tilt(pool)), weigh(pool, told, day)
    return {
        OWN: engraftment(with_others, with_others.weights),
        ALONE: engraftment(alone, alone.weights),
        BEFORE: engraftment(alone, alone.prior),
    }


def engraftment(weighed: Candidates, weights: Floats) -> Days:
    """Day of neutrophil recovery over the candidates that survive to it and were ever low."""
    pool, day = weighed.pool, recovery_days(weighed.pool)
    counted = (np.isfinite(day) | ~np.isfinite(pool.died)[:, None]) & ~pool.never_low[:, None]
    return Days.of(day, weights.sum(axis=2) * counted, pool.horizon)


def graft_median(day: int, case: Case, rest: Sequence[Case]) -> Days:
    """The median day of earlier patients with the same graft, as a certainty."""
    same = [(other.low + other.high) / 2 for other in rest if other.graft == case.graft]
    middle = float(np.median(same or [(other.low + other.high) / 2 for other in rest] or [day + 1]))
    return Days.of([max(round(middle), day + 1)], [1.0], HORIZON)


def not_yet(day: int, case: Case, rest: Sequence[Case]) -> Days:
    """Kaplan-Meier of earlier patients with the same graft, given that the day has not come.

    All of them recovered on a known day, or within known days over which each is spread evenly, so the estimate is
    their distribution; where none is left after the day, the other grafts' is taken.
    """
    for chosen in ([other for other in rest if other.graft == case.graft], list(rest)):
        days = [d for other in chosen for d in range(other.low, other.high + 1)]
        weights = [1 / (other.high - other.low + 1) for other in chosen for _ in range(other.low, other.high + 1)]
        if any(d > day for d in days):
            return Days.of(days, weights, HORIZON).after(day)
    return Days.of([day + 1], [1.0], HORIZON)
