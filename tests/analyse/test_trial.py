"""Trials on virtual patients: who enters which arm and when, what the trial sees, and what comes of it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dayzero.analyse import pool
from dayzero.analyse.effects import RATIOS
from dayzero.analyse.enrolment import enrol, followed_to, from_start, screened_values
from dayzero.analyse.trial import TrialResult, trial
from dayzero.errors import SpecError
from dayzero.spec import Trial
from spec.test_trial import small

PAIR = [{"name": "blood", "plan": "aml-sibling-pbsc"}, {"name": "marrow", "but": {"graft": {"source": "marrow"}}}]


def protocol(**more: object) -> Trial:
    how = {"follow_up": {"days": 60}, "replicates": 4, "null_replicates": 200, "size": 32,
           "endpoints": [{"name": "neutrophil_engraftment", "role": "primary", "day": 28},
                         {"name": "overall_survival"}, {"name": "graft_failure", "measure": "binary"},
                         {"name": "bacteremia", "measure": "difference", "day": 30},
                         {"name": "relapse_free_survival", "measure": "restricted_mean"}]}  # fmt: skip
    return Trial.load(small(**how | more))


@pytest.fixture(scope="module")
def result() -> TrialResult:
    return trial(protocol(sizes=[16, 64], interim={"days": [400]}))


def test_everybody_is_one_person_in_one_arm_only(result: TrialResult) -> None:
    who = result.world.enrolled
    assert len(np.unique(who.people)) == len(who.people) == 4 * 32
    assert np.array_equal(result.world.rows["patient"].to_numpy(), who.people)
    counts = result.world.where(32)
    assert [np.bincount(who.arm[counts.replicate == number]).tolist() for number in range(4)] == [[16, 16]] * 4


def test_marrow_engrafts_later_and_the_ratio_says_so(result: TrialResult) -> None:
    row = result["neutrophil_engraftment"]
    assert row.effects[0].high < 1
    assert all(level.percent > 85 for level in row.levels)
    assert sum(level.patients for level in row.levels) <= 4 * 32
    assert result.power.power > 0.5 and result.power.trials == 4
    assert 0 <= result.power.type_one < 0.12


def test_effects_are_told_on_their_own_scale(result: TrialResult) -> None:
    for row in result.estimates:
        gap = row.effects[0]
        if np.isfinite(gap.value):
            assert gap.low <= gap.value <= gap.high
        assert (gap.value > 0) or row.measure not in RATIOS or np.isnan(gap.value)
    assert result["relapse_free_survival"].unit == "days"


def test_other_sizes_are_cut_from_the_same_people(result: TrialResult) -> None:
    own = [row for row in result.characteristics if row.name == "neutrophil_engraftment"]
    assert [(row.size, row.trials) for row in own] == [(16, 8), (32, 4), (64, 2)]
    assert own[0].error > own[1].error > own[2].error


def test_looks_come_in_order_and_spend_no_more_than_the_error(result: TrialResult) -> None:
    looks = result.looks
    assert looks is not None and looks.days == (400, 790)
    assert 0 < looks.information[0] < looks.information[1] == 1
    assert looks.boundary[0] > looks.boundary[1] > 1.9
    assert sum(looks.stopped) == pytest.approx(looks.power)
    assert looks.type_one < 0.12 and looks.expected_day <= 790


def test_the_result_is_plain_data_and_the_same_again(result: TrialResult) -> None:
    told = json.dumps(result.as_dict(), allow_nan=False)
    again = trial(protocol(sizes=[16, 64], interim={"days": [400]}))
    assert json.dumps(again.as_dict(), allow_nan=False) == told
    other = trial(protocol(), seed=9)
    assert not np.array_equal(other.world.rows["weight_kg"].to_numpy(), result.world.rows["weight_kg"].to_numpy())


def test_a_trial_goes_on_from_the_pieces_it_has(tmp_path, monkeypatch) -> None:
    trial(protocol(), folder=tmp_path)
    kept = sorted(tmp_path.glob("*.parquet"))
    assert len(kept) == 2
    kept[0].unlink()
    followed, own = [], pool.simulate
    monkeypatch.setattr(pool, "simulate", lambda *how, **more: followed.append(how) or own(*how, **more))
    trial(protocol(), folder=tmp_path)
    assert len(followed) == 1 and sorted(tmp_path.glob("*.parquet")) == kept


def test_a_trial_of_the_same_arm_twice_finds_nothing_and_its_interval_holds_zero() -> None:
    same = [{"name": "one", "plan": "aml-sibling-pbsc"}, {"name": "two", "but": {}}]
    found = trial(protocol(arms=same, replicates=8))
    row = found["neutrophil_engraftment"].effects[0]
    assert row.low < 1 < row.high


def test_an_ensemble_runs_the_whole_trial_with_each_parameter_set() -> None:
    found = trial(protocol(ensemble=[{"graft.lodging": 0.1}, {"graft.lodging": 0.4}], null_replicates=0))
    own = [member[0].levels[0].percent for member in found.ensemble]
    assert len(own) == 2 and np.isnan(found.power.type_one)


def test_parameter_sets_may_be_given_beside_the_protocol() -> None:
    sets = [{"graft.lodging": 0.1}, {"graft.lodging": 0.4}]
    inside = trial(protocol(ensemble=sets, null_replicates=0))
    beside = trial(protocol(null_replicates=0), parameters=sets)
    assert beside.ensemble == inside.ensemble
    one = trial(protocol(null_replicates=0), parameters=sets[0])
    assert one.estimates == beside.ensemble[0]
    assert one.record["parameters"] == sets[0]
    with pytest.raises(SpecError, match=r"graft\.lodgin"):
        trial(protocol(), parameters={"graft.lodgin": 0.1})


def test_only_those_within_the_limits_enter_and_who_is_looked_at_is_counted() -> None:
    plan = protocol(eligibility=[{"covariate": "age_years", "low": 50}, {"covariate": "hct_ci_age", "high": 2},
                                 {"covariate": "cmv_recipient", "low": 1}])  # fmt: skip
    who = enrol(plan, 200, 50)
    values = screened_values(plan.arms[0].plan, plan.seed, who.people)
    assert values["age_years"].min() >= 50 and values["hct_ci_age"].max() <= 2 and values["cmv_recipient"].all()
    assert who.screened > 200
    everybody = screened_values(plan.arms[0].plan, plan.seed, np.arange(who.screened))
    score, age = everybody["hct_ci"], everybody["age_years"]
    assert np.array_equal(everybody["hct_ci_age"], score + (age >= 40))


def test_a_limit_that_no_virtual_patient_meets_is_told_with_what_there_is() -> None:
    with pytest.raises(SpecError, match="none of 20000 virtual patients meets, expected one within 18") as problem:
        trial(protocol(eligibility=[{"covariate": "age_years", "low": 80}]))
    assert problem.value.field == "eligibility[0]"


def test_arms_are_balanced_in_every_stratum_of_every_trial_and_blocks_are_unforeseeable() -> None:
    plan = protocol(stratification=[{"covariate": "age_years", "cuts": [40, 55]}], block=2,
                    arms=[*PAIR, {"name": "few", "allocation": 2, "but": {"graft": {"cd34_per_kg": 2e6}}}])  # fmt: skip
    who = enrol(plan, 4000, 100)
    trials = np.arange(4000) // 100
    assert set(who.stratum) == {0, 1, 2}
    for number in range(5):
        for stratum in range(3):
            here = np.bincount(who.arm[(trials == number) & (who.stratum == stratum)], minlength=3)
            assert abs(here[2] - here[:2].sum()) <= 4 and abs(here[0] - here[1]) <= 2
    assert np.bincount(who.arm) / 4000 == pytest.approx([0.25, 0.25, 0.5], abs=0.02)
    first = who.arm[::100]
    assert 0.3 < np.mean(first == 2) < 0.7


def test_patients_come_in_evenly_after_a_ramp() -> None:
    who = enrol(protocol(accrual={"days": 400, "ramp_days": 200}), 20_000, 100)
    assert who.entry.min() >= 0 and who.entry.max() < 400
    assert np.mean(who.entry < 200) == pytest.approx(1 / 3, abs=0.02)
    assert np.mean(who.entry < 100) == pytest.approx(1 / 12, abs=0.01)


def test_losses_are_as_many_in_a_year_as_was_said() -> None:
    who = enrol(protocol(follow_up={"days": 60, "lost_per_year": 0.2}), 20_000, 100)
    assert np.mean(who.lost < 365.25) == pytest.approx(0.2, abs=0.01)


def waiting(**more: object) -> Trial:
    before = {"median_days": 20, "never_infused": 0.25, "died": 0.5, "relapsed": 0.25}
    return protocol(before_infusion=before, analysis={"population": "intention_to_treat"}, **more)


def test_who_is_never_infused_counts_from_randomisation_with_what_became_of_them() -> None:
    plan = waiting()
    who = enrol(plan, 4000, 100)
    gone = np.isfinite(who.leaves)
    assert gone.mean() == pytest.approx(0.25, abs=0.02)
    assert np.median(who.delay) == pytest.approx(20, abs=1) and (who.leaves <= who.delay)[gone].all()
    shares = [np.mean(who.fate[gone] == fate) for fate in ("death", "relapse", "withdrawal")]
    assert shares == pytest.approx([0.5, 0.25, 0.25], abs=0.04)
    days = from_start(plan, who, {"death": np.full(4000, 10.0), "relapse": np.full(4000, 5.0)})
    assert (days["death"] - who.delay == 10)[~gone].all() and (days["relapse"] - who.delay == 5)[~gone].all()
    died, relapsed = who.fate == "death", who.fate == "relapse"
    assert (days["death"] == who.leaves)[died].all() and np.isinf(days["relapse"][died]).all()
    assert (days["relapse"] == who.leaves)[relapsed].all() and (days["death"] >= days["relapse"])[relapsed].all()
    until = followed_to(plan, who)
    assert (until <= who.leaves)[who.fate == "withdrawal"].all()


def test_of_those_infused_nobody_who_never_was_is_analysed() -> None:
    before = {"median_days": 20, "never_infused": 0.25}
    whole, infused = (trial(protocol(before_infusion=before, analysis={"population": who}, null_replicates=0))
                      for who in ("intention_to_treat", "infused"))  # fmt: skip
    told = [sum(level.patients for level in one["overall_survival"].levels) for one in (whole, infused)]
    gone = np.isfinite(whole.world.enrolled.leaves).sum()
    assert told[0] == 128 and told[1] == 128 - gone
    assert whole["overall_survival"].levels[0].percent < infused["overall_survival"].levels[0].percent


def test_an_analysis_counts_only_who_has_entered_and_as_far_as_it_goes() -> None:
    plan = protocol(follow_up={"days": 60, "after_last_entry": 30}, accrual={"days": 100})
    who = enrol(plan, 500, 50)
    assert plan.last_day == 130
    assert np.array_equal(followed_to(plan, who), np.minimum(60, 130 - who.entry))
    look = followed_to(plan, who, 40.0)
    assert (look[who.entry > 40] < 0).all() and (look[who.entry == 0] == 40).all()


def test_events_seen_at_visits_only_move_to_the_next_one_that_is_kept_but_not_past_death() -> None:
    plan = protocol(visits={"days": [20, 40, 60], "missed": 0.5, "assessed": ["chronic_gvhd"]})
    who = enrol(plan, 4000, 50)
    day = np.full(4000, 25.0)
    days = {"chronic_gvhd": day, "death": np.where(np.arange(4000) % 2, 45.0, np.inf), "relapse": day}
    seen = from_start(plan, who, days)
    living, dead = seen["chronic_gvhd"][::2], seen["chronic_gvhd"][1::2]
    assert set(living) == {40.0, 60.0, np.inf} and set(dead) == {40.0, 45.0}
    assert [np.mean(living == when) for when in (40, 60)] == pytest.approx([0.5, 0.25], abs=0.04)
    assert np.array_equal(seen["relapse"], day)


def test_a_trial_too_small_for_its_arms_is_refused() -> None:
    arms = [PAIR[0], {**PAIR[1], "allocation": 10}]
    with pytest.raises(SpecError, match="empty"):
        for seed in range(50):
            trial(protocol(arms=arms, size=10, replicates=1, block=1, null_replicates=0, seed=seed,
                           follow_up={"days": 7}, endpoints=[{"name": "overall_survival"}]))  # fmt: skip


def test_the_error_of_tests_on_patients_of_one_arm_is_what_was_asked_for() -> None:
    """Trials without effect are drawn from simulated patients: small p come as often as they may."""
    plan = protocol(replicates=8, null_replicates=2000, size=60,
                    endpoints=[{"name": "neutrophil_engraftment", "day": 28},
                               {"name": "bacteremia"}, {"name": "bacteremia", "measure": "hazard_ratio"}])  # fmt: skip
    for row in trial(plan).characteristics:
        assert 0.03 <= row.type_one <= 0.07, row.measure
