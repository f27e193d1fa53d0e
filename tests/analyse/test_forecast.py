"""Forecasts: calibrated on simulated patients, narrower with more data, and plain about what they cannot use."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import kstest

from dayzero.analyse.forecast.days import Days, absolute_error, covered, crps, fall_in
from dayzero.analyse.forecast.experience import Experience, recovered_between
from dayzero.analyse.forecast.forecast import Forecast, forecast
from dayzero.analyse.forecast.plans import as_given, gcsf_since, plans_for_graft
from dayzero.analyse.forecast.pool import Pool, make_pool
from dayzero.analyse.forecast.posterior import RATES, followed, recovery_days, reported, sampled, weigh
from dayzero.analyse.forecast.readings import told_by
from dayzero.analyse.forecast.rounds import engraftment
from dayzero.errors import ChartError, InputError
from dayzero.records import Chart
from dayzero.spec import Plan

PLAN = "aml-sibling-pbsc"
LIMIT = 0.1


@pytest.fixture(scope="module")
def pool() -> Pool:
    return make_pool(PLAN, 400, seed=5)


@pytest.fixture(scope="module")
def patients(pool: Pool) -> tuple[Chart, np.ndarray]:
    """Charts of patients drawn from another pool by the forecast's own model, and the day each recovered."""
    other = make_pool(PLAN, 400, seed=6)
    alone = weigh(other, told_by(chart_of([6], [0.1]), "A", -1), -1)
    chosen = sampled(alone, 110, seed=9)
    day = recovery_days(other)[chosen[0], chosen[1]]
    kept = np.isfinite(day) & ~other.never_low[chosen[0]] & ~np.isfinite(other.died[chosen[0]])
    chosen, day = tuple(index[kept] for index in chosen), day[kept]
    seen = reported("leukocytes", followed(other, "leukocytes", chosen), seed=4)
    use = (other.days >= 0) & (other.days <= 40)
    row, column = np.nonzero(np.broadcast_to(use, seen.shape))
    value = seen[row, column]
    limit = np.where(value < LIMIT, -1, 0)
    names = [f"P{i}" for i in range(len(day))]
    made = {"leukocytes": (row, other.days[column], np.maximum(value, LIMIT), limit)}
    return Chart.from_columns(made, names), day


def chart_of(days, white, own=None, **extra) -> Chart:
    zeros = [0] * len(days)
    counts = {"leukocytes": (zeros, days, white)} | ({} if own is None else {"neutrophils": (zeros, days, own)})
    return Chart.from_columns(counts | extra, ["A"], graft="PBSC")


def told(chart: Chart, pool: Pool, **options) -> Forecast:
    return forecast(chart, pool=pool, **options)


def day_forecasts(chart: Chart, true: np.ndarray, pool: Pool, day: int) -> list[tuple[Days, int]]:
    """Forecasts from a day of those not yet recovered."""
    at_risk = [(name, int(when)) for name, when in zip(chart.patients, true, strict=True) if when > day]
    return [(quick(chart, pool, name, day).after(day), when) for name, when in at_risk]


def quick(chart: Chart, pool: Pool, name: str, day: int) -> Days:
    """The day of neutrophil recovery alone, without fans and the rest."""
    weighed = weigh(pool, told_by(chart, name, day), day)
    return engraftment(weighed, weighed.weights)


def test_days_of_simulated_patients_fall_evenly_in_their_forecasts(patients, pool: Pool) -> None:
    """Simulation-based calibration: randomised ranks are uniform, before readings and after."""
    chart, true = patients
    chance = np.random.default_rng(3)
    for day in (5, 10, 14):
        made = day_forecasts(chart, true, pool, day)
        below = [np.r_[0.0, np.cumsum(one.probability)] for one, _ in made]
        low, high = ([b[when + step] for b, (_, when) in zip(below, made, strict=True)] for step in (0, 1))
        ranks = chance.uniform(low, high)
        assert len(ranks) > 50
        assert kstest(ranks, "uniform").pvalue > 0.01, day
        tenths = np.sum([fall_in(one, when, tenths=5) for one, when in made], axis=0)
        assert tenths.sum() == pytest.approx(len(made))
        assert tenths.min() > 0.08 * len(made)


def test_coverage_of_simulated_patients_is_nominal(patients, pool: Pool) -> None:
    made = day_forecasts(*patients, pool, 10)
    for level, slack in ((0.5, 0.14), (0.9, 0.09)):
        assert np.mean([covered(one, level, when) for one, when in made]) == pytest.approx(level, abs=slack)


def test_more_readings_narrow_the_interval_and_lower_the_score_on_average(patients, pool: Pool) -> None:
    chart, true = patients
    late = [(name, int(when)) for name, when in zip(chart.patients, true, strict=True) if when > 13]
    widths, scores = [], []
    for day in (0, 7, 10, 13):
        days = [quick(chart, pool, name, day) for name, _ in late]
        ends = [one.interval(0.9) for one in days]
        widths.append(np.mean([60 if high is None else high for _, high in ends]) - np.mean([low for low, _ in ends]))
        scores.append(np.mean([crps(one, when) for one, (_, when) in zip(days, late, strict=True)]))
    assert widths[0] >= widths[1] - 0.3 and widths[1] > widths[2] > widths[3]
    assert scores[0] > scores[2] > scores[3]


def test_twins_know_more_than_the_plan_alone(patients, pool: Pool) -> None:
    chart, true = patients
    own, before = [], []
    for name, when in zip(chart.patients, true, strict=True):
        if when > 12:
            own.append(crps(quick(chart, pool, name, 12).after(12), int(when)))
            before.append(crps(quick(chart, pool, name, 0).after(12), int(when)))
    assert np.mean(own) < 0.95 * np.mean(before)


def test_white_cells_that_rise_bring_the_day_nearer_than_those_that_stay_away(pool: Pool) -> None:
    days = [8, 9, 10, 11, 12]
    rising = told(chart_of(days, ["0.1", "0.1", "0.2", "0.3", "0.45"]), pool).neutrophils
    limits = Chart.from_columns({"leukocytes": ([0] * 5, days, [0.1] * 5, [-1] * 5)}, ["A"], graft="PBSC")
    absent = told(limits, pool).neutrophils
    assert (rising.quantile(0.5) or 99) + 2 <= (absent.quantile(0.5) or 99)
    assert rising.by(12) == absent.by(12) == 0  # white cells under 0.5 leave no room for 0.5 of neutrophils


def test_a_zero_and_a_reading_below_a_limit_say_the_same(pool: Pool) -> None:
    days = [9, 10, 11]
    zero = chart_of(days, [0.0, 0.0, 0.0])
    limited = Chart.from_columns({"leukocytes": ([0] * 3, days, [0.1] * 3, [-1] * 3)}, ["A"], graft="PBSC")
    for one, other in zip(told_by(zero, "A", 11).readings, told_by(limited, "A", 11).readings, strict=True):
        np.testing.assert_array_equal(one.values, other.values)
        np.testing.assert_array_equal(one.limits, other.limits)
        assert one.days.tolist() == [11]  # a run below the limit is counted once
    assert told(zero, pool).neutrophils.quantile(0.5) == told(limited, pool).neutrophils.quantile(0.5)


def test_days_without_a_reading_are_passed_over(pool: Pool) -> None:
    every, some = chart_of([9, 10, 11], [0.1, 0.2, 0.3]), chart_of([9, 11], [0.1, 0.3])
    middles = [told(chart, pool).neutrophils.quantile(0.5) or 0 for chart in (every, some)]
    assert abs(middles[0] - middles[1]) <= 1


def test_what_comes_later_is_not_looked_at(pool: Pool) -> None:
    known, whole = chart_of([9, 10], [0.1, 0.2]), chart_of([9, 10, 14, 15, 16], [0.1, 0.2, 2, 4, 6])
    first, second = (told(chart, pool, day=10).as_dict() for chart in (known, whole))
    assert first == second


def test_recovery_already_seen_is_told_as_certain(pool: Pool) -> None:
    one = told(chart_of([9, 12, 13, 14], [0.2, 1, 2, 4], [0.1, 0.6, 1.2, 3.0]), pool)
    assert one.neutrophils.quantile(0.5) == 12 and one.neutrophils.interval(0.9) == (12, 12)
    assert one.failure[28] == 0
    assert any("already recovered" in note for note in one.notes)


def test_strange_readings_are_said_and_forecast_all_the_same(pool: Pool) -> None:
    one = told(chart_of([8, 9, 10], [0.1, 0.2, 0.3], [0.1, 3.0, 0.2]), pool)
    assert any("more neutrophils than white cells on day 9" in note for note in one.notes)
    assert told(chart_of([8, 9], [0.1, 12.0]), pool).notes
    old = told(chart_of([6], [0.1]), pool, day=12)
    assert any("6 days old" in note for note in old.notes)


def test_counts_unlike_any_twin_lean_on_the_plan_and_say_so(pool: Pool) -> None:
    odd = chart_of(list(range(5, 25)), [0.45, 0.02] * 10)
    one = told(odd, dataclasses.replace(pool))
    assert np.isfinite(one.neutrophils.probability).all()
    assert one.effective >= 100
    assert one.tempered < 1 and any("leans on the plan" in note for note in one.notes)


def test_a_forecast_repeats_and_keeps_what_it_was_made_of(pool: Pool) -> None:
    chart = chart_of([9, 10], [0.1, 0.2])
    first, again = told(chart, pool).as_dict(), told(chart, pool).as_dict()
    assert first == again
    assert len(first["record"]["inputs_sha256"]) == 64
    assert first["before_any_reading"]["neutrophils_0.5"] != first["neutrophils_0.5"]
    assert "not a medical device" in first["disclaimer"]
    other = told(chart_of([9, 10], [0.1, 0.3]), pool).as_dict()
    assert other["record"]["inputs_sha256"] != first["record"]["inputs_sha256"]


def test_earlier_patients_move_the_forecast_and_none_leave_it_as_it_is(pool: Pool) -> None:
    chart = chart_of([5], [0.1])
    plain = told(chart, pool).neutrophils.quantile(0.5) or 0
    early = told(chart, pool, experience=Experience(((11, 11),) * 20)).neutrophils
    assert early.quantile(0.5) == 11 < plain
    assert told(chart, pool, experience=Experience(())).neutrophils.quantile(0.5) == plain


def test_experience_reads_only_the_patients_and_the_graft_asked_for() -> None:
    counts = {"neutrophils": ([0, 0, 0, 0, 1, 1, 1, 1], [8, 12, 13, 14] * 2, [0.1, 1, 1, 1] * 2)}
    chart = Chart.from_columns(counts, ["A", "B"], graft=["PBSC", "BM"])
    assert recovered_between(chart) == [(12, 12), (12, 12)]
    assert len(Experience.of(chart, graft="BM")) == 1
    assert len(Experience.of(chart, patients=["A"], graft="BM")) == 0


def test_growth_factor_of_the_chart_decides_which_plans_the_twins_had() -> None:
    events = {"gcsf": ([0, 0, 0], [3, 4, 9])}
    counts = {"leukocytes": ([0, 0], [6, 8], [0.1, 0.1])}
    chart = Chart.from_columns(counts, ["A"], events, graft="TCD")
    assert gcsf_since(chart, "A", 2) is None  # nothing later is looked at
    assert gcsf_since(chart, "A", 8) == 3
    plans = as_given(plans_for_graft("TCD"), 3)
    assert {plan.care.gcsf.start_day for plan in plans if plan.care.gcsf} == {3} and len(plans) == 8
    assert as_given(plans_for_graft("TCD"), None) == plans_for_graft("TCD")
    own = forecast(chart, PLAN, twins=120)
    assert own.plans[0][0].endswith("G-CSF from day 3")
    assert any(note == "G-CSF given since day 3" for note in own.notes)
    silent = forecast(Chart.from_columns(counts, ["A"], graft="TCD"), PLAN, twins=120)
    assert silent.record["inputs_sha256"] != own.record["inputs_sha256"]


def test_twins_whose_growth_factor_began_nearest_to_the_patients_carry_the_weight() -> None:
    with_it, later = (plan_with({"start_day": day}) for day in (2, 9))
    several = make_pool([plan_with(None), with_it, later], 120, seed=5)
    counts = {"leukocytes": ([0, 0], [6, 8], [0.1, 0.1])}
    made = told(Chart.from_columns(counts, ["A"], {"gcsf": ([0], [3])}), several)
    assert [name for name, _ in made.plans] == ["from 2"]
    assert any("the twins got it from day 2" in note for note in made.notes)
    assert len(told(Chart.from_columns(counts, ["A"]), several).plans) == 3
    without = make_pool(plan_with(None), 120, seed=5)
    one = told(Chart.from_columns(counts, ["A"], {"gcsf": ([0], [3])}), without)
    assert any("the twins got none" in note for note in one.notes)


def plan_with(gcsf: dict[str, int] | None) -> Plan:
    name = "none" if gcsf is None else f"from {gcsf['start_day']}"
    return Plan.load(PLAN).but(name=name, care={"gcsf": gcsf})


@pytest.mark.parametrize(("options", "word"), [
    ({"day": 300}, "day"), ({"day": -400}, "day"), ({"day": 2.5}, "day"), ({"patient": "nobody"}, "nobody"),
])  # fmt: skip
def test_what_cannot_be_used_is_refused_by_name(pool: Pool, options: dict, word: str) -> None:
    with pytest.raises(InputError, match=word):
        told(chart_of([9], [0.1]), pool, **options)


def test_a_chart_without_counts_or_with_impossible_ones_is_refused(pool: Pool) -> None:
    with pytest.raises(ChartError, match="no count"):
        told(Chart.from_columns({"hemoglobin": ([0], [9], [8.0])}, ["A"]), pool)
    with pytest.raises(ChartError, match="leukocytes"):
        chart_of([9], [-1.0])


def test_pools_and_plans_out_of_range_are_refused() -> None:
    with pytest.raises(InputError, match="twins"):
        make_pool(PLAN, 3)
    with pytest.raises(InputError, match="graft"):
        plans_for_graft("liver")
    with pytest.raises(InputError, match="no graft in the chart"):
        forecast(Chart.from_columns({"leukocytes": ([0], [9], [0.1])}, ["A"]))


def test_a_stretched_twin_recovers_later_and_a_steeper_one_on_the_same_day(pool: Pool) -> None:
    days = recovery_days(pool)
    known = np.isfinite(days[:, 0])
    assert (np.diff(days[known], axis=1) >= 0).all() and days[known, 0].mean() < days[known, -1].mean() - 3
    twin = np.flatnonzero(known)[:20]
    same = np.full(20, 2)
    slow, fast = (followed(pool, "neutrophils", (twin, same, np.full(20, r))) for r in (0, len(RATES) - 1))
    at = (days[twin, 2] - pool.days[0]).astype(int)
    np.testing.assert_allclose(slow[np.arange(20), at], fast[np.arange(20), at])
    assert (fast[np.arange(20), at - 3] < 0.2 * slow[np.arange(20), at - 3]).all()


def test_scores_of_known_forecasts() -> None:
    sure, even = Days.of([10], [1], 20), Days.of([9, 11], [1, 1], 20)
    assert crps(sure, 13) == absolute_error(sure, 13) == 3
    assert crps(sure, 10) == 0
    assert crps(even, 9) == pytest.approx(0.5)
    assert crps(even, 9, 11) == pytest.approx((0.5 + 0.5 + 0.5) / 3)
    never = Days.of([np.inf, 10], [1, 1], 20)
    assert never.never == 0.5 and never.quantile(0.9) is None and never.interval(0.9) == (10, None)
    assert crps(never, 10) == pytest.approx(11 * 0.25)
    assert covered(Days.of(np.arange(1, 101), np.ones(100), 100), 0.9, 50) == 1
    assert covered(sure, 0.5, 10) == pytest.approx(0.5)  # the rank is anywhere in the one day
    assert even.after(9).probability[11] == 1
