"""The same virtual patients under two plans: differences, who gains, what is exact, and what pairing is worth."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dayzero.analyse import pool
from dayzero.analyse.compare import Comparison, compare
from dayzero.analyse.endpoints import countable, outcome_times
from dayzero.analyse.groups import EVENT, LEFT
from dayzero.analyse.pool import Group, follow
from dayzero.analyse.rows import patient_rows
from dayzero.analyse.shared_fate import cell, fates
from dayzero.analyse.when import First, comparable, first_of, has_day, part_days
from dayzero.criteria import judge
from dayzero.errors import SpecError
from dayzero.simulation.observe import observe
from dayzero.spec import Plan
from simulation.wards import run

PLAN = "aml-sibling-pbsc"


@pytest.fixture(scope="module")
def marrow() -> Comparison:
    plan = Plan.load(PLAN)
    return compare(plan, plan.but(graft={"source": "marrow"}), patients=96, days=100, seed=4)


def test_a_plan_compared_with_itself_differs_by_exactly_zero() -> None:
    found = compare(PLAN, PLAN, patients=32, days=60)
    for row in found.pairs[0].contrasts:
        assert (row.difference, row.error, row.low, row.high) == (0, 0, 0, 0), row.name
    for row in found.pairs[0].fates:
        assert row.gained.shared == row.lost.shared == 0
        assert row.days_between == 0 or np.isnan(row.days_between)


def test_marrow_costs_days_of_neutropenia_and_pairs_know_it_better(marrow: Comparison) -> None:
    row = marrow["days_below_0.5"]
    assert 2 < row.low < row.difference < row.high < 8
    assert row.gain > 2
    x, y = (rows["days_below_0.5"].to_numpy().astype(float) for rows in marrow.rows)
    assert row.difference == pytest.approx((y - x).mean())
    assert row.error == pytest.approx((y - x).std(ddof=1) / np.sqrt(len(x)))
    assert row.gain == pytest.approx((x.var(ddof=1) + y.var(ddof=1)) / (y - x).var(ddof=1))


def test_shares_are_those_of_each_plan_alone(marrow: Comparison) -> None:
    row = marrow["overall_survival"]
    for rows, share in zip(marrow.rows, (row.first, row.second), strict=True):
        died = rows["death_day"].cast(float).fill_null(np.inf).to_numpy()
        assert share == pytest.approx(100 * np.mean(died[died >= 0] > 100))


def test_most_patients_engraft_later_with_marrow_under_shared_fate(marrow: Comparison) -> None:
    told = {row.name: row for row in marrow.pairs[0].fates}["neutrophil_engraftment"]
    assert told.later > 90 > 10 > told.earlier
    assert 2 < told.days_between < 8
    assert told.both + told.neither + told.gained.shared + told.lost.shared == pytest.approx(100)


def test_the_table_of_patients_holds_both_plans_side_by_side(marrow: Comparison) -> None:
    table = marrow.table()
    assert table.height == 96
    assert {"patient", "age_years", "death_day_plan_1", "death_day_plan_2"} <= set(table.columns)
    assert table["patient"].to_list() == list(range(96))


def test_the_result_is_plain_data_without_nan(marrow: Comparison) -> None:
    told = json.loads(json.dumps(marrow.as_dict(), allow_nan=False))
    assert [plan["name"] for plan in told["plans"]] == [PLAN, f"{PLAN}, modified"]
    assert told["pairs"][0]["contrasts"] and told["pairs"][0]["fates"]


def test_the_bounds_hold_what_any_fate_could_be() -> None:
    rng = np.random.default_rng(2)
    for _ in range(200):
        had = rng.random((2, 40)) < rng.random((2, 1))
        p, q = had.mean(axis=1)
        found = cell(float((had[0] & ~had[1]).mean()), float(p), float(q))
        assert found.least - 1e-9 <= found.shared <= found.most + 1e-9
        assert found.least - 1e-9 <= found.independent <= found.most + 1e-9


def test_an_event_avoided_is_gained_and_an_engraftment_avoided_is_lost() -> None:
    a = First(np.array([10.0, 10.0, 50.0, 50.0]), np.array([EVENT, EVENT, EVENT, LEFT]))
    b = First(np.array([60.0, 12.0, 40.0, 60.0]), np.array([LEFT, EVENT, EVENT, LEFT]))
    everybody = np.ones(4, dtype=bool)
    relapse, taken = (fates(name, a, b, everybody, 60) for name in ("relapse", "neutrophil_engraftment"))
    assert (relapse.gained.shared, relapse.lost.shared) == (25, 0)
    assert (taken.gained.shared, taken.lost.shared) == (0, 25)
    assert (relapse.both, relapse.neither, relapse.earlier, relapse.later) == (50, 25, 50, 50)


def test_days_read_from_rows_are_those_read_from_the_course(library) -> None:
    chart = observe(library)
    judged = judge(chart)
    days = part_days(patient_rows(library, chart, judged))
    last = float(library.days[-1])
    for name in countable(library):
        told = outcome_times(library, name, judgement=judged)
        found = first_of(days, name, last)
        kept = told.counted
        assert np.array_equal(found.day[kept], told.day[kept]), name
        assert np.array_equal(found.kind[kept] == LEFT, told.kind[kept] == ""), name


def test_who_never_fell_below_the_threshold_has_no_day_of_engraftment() -> None:
    course = run("nma-flu-tbi2", 16, 40)
    chart = observe(course)
    rows = patient_rows(course, chart, judge(chart))
    never = rows["neutrophils_0.5_status"].to_numpy() == "never_below"
    assert never.any() and not has_day(rows, "neutrophil_engraftment")[never].any()
    assert has_day(rows, "relapse").all()


def test_endpoints_of_one_s_own_cells_have_no_gvhd() -> None:
    plans = (Plan.load("auto-beam-lymphoma"), Plan.load("auto-beam-lymphoma"))
    assert "relapse" in comparable(plans) and "grfs" not in comparable(plans)


def test_the_interval_over_the_model_is_kept_apart() -> None:
    plan = Plan.load("auto-mel200-myeloma")
    other = plan.but(graft={"cd34_per_kg": 8e6})
    sets = [{"graft.lodging": 0.1}, {"graft.lodging": 0.4}]
    found = compare(plan, other, patients=32, days=40, ensemble=sets)
    row = found["days_below_0.5"]
    assert found.ensemble == 2 and row.model is not None and row.model[0] < row.model[1]
    alone = compare(plan, other, patients=32, days=40)["days_below_0.5"]
    assert row[:-1] == alone[:-1] and alone.model is None


def test_a_list_of_parameter_sets_is_an_ensemble_and_one_set_replaces_the_models_own() -> None:
    plan = Plan.load("auto-mel200-myeloma")
    other = plan.but(graft={"cd34_per_kg": 8e6})
    sets = [{"graft.lodging": 0.1}, {"graft.lodging": 0.4}]
    listed = compare(plan, other, patients=16, days=30, parameters=sets)["days_below_0.5"]
    assert listed == compare(plan, other, patients=16, days=30, ensemble=sets)["days_below_0.5"]
    one = compare(plan, other, patients=16, days=30, parameters=sets[0])
    assert one["days_below_0.5"].first != listed.first
    assert (one["days_below_0.5"].model, one.record["parameters"]) == (None, sets[0])


def test_pieces_that_are_there_are_not_followed_again(tmp_path, monkeypatch) -> None:
    group = Group(Plan.load("auto-mel200-myeloma"), np.arange(16), 30, 1)
    (made,) = follow([group], tmp_path)
    kept = next(tmp_path.glob("*.parquet"))
    monkeypatch.setattr(pool, "simulate", lambda *_, **__: pytest.fail("followed again"))
    (again,) = follow([group], tmp_path)
    assert again.equals(made)
    monkeypatch.undo()
    kept.write_bytes(kept.read_bytes()[:50])
    (mended,) = follow([group], tmp_path)
    assert mended.equals(made)


@pytest.mark.parametrize(
    ("how", "field"),
    [({"patients": 0}, "patients"), ({"days": 0}, "days"), ({"seed": -1}, "seed"),
     ({"ensemble": [{"graft.lodgin": 1.0}]}, "parameters.graft.lodgin")],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_before_any_work(how: dict, field: str) -> None:
    with pytest.raises(SpecError) as problem:
        compare(PLAN, PLAN, **how)
    assert problem.value.field == field


def test_one_plan_alone_is_no_comparison() -> None:
    with pytest.raises(SpecError, match="two or more"):
        compare(PLAN)
