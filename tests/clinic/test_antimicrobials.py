"""Antimicrobials and organ support, morning by morning, with reports given by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from dayzero.clinic import antimicrobials as ward
from dayzero.clinic import supportive
from dayzero.module import Orders

NEVER = 1e6
CARE = SimpleNamespace(
    weight_kg=70.0, quinolone_start_day=-1, quinolone_stop_anc=0.5, azole_in_neutropenia=0, azole_on_steroids=1,
    letermovir_start_day=5, letermovir_stop_day=100, preemptive_threshold=1000.0, preemptive_least_days=14,
    foscarnet_below_anc=0.5, immunoglobulin_trigger=4.0, immunoglobulin_interval=28, defibrotide_on=1,
)  # fmt: skip
WELL = {
    "neutrophils": 3.0, "igg": 8.0, "cmv_dna": 0.0, "cmv_tested": 0.0, "rash": 0.0, "bilirubin": 0.6,
    "stool_volume": 100.0, "onset_vod": 0.0, "onset_chronic_gvhd_moderate": 0.0, "fresh": 1.0,
}  # fmt: skip
Mornings = dict[int, dict[str, float]]


def ordered(changes: Mornings, last: int, first: int = 0, usual: dict[str, float] | None = None, policy: Any = ward,
            **care: float) -> dict[int, Orders]:  # fmt: skip
    """Orders by day; reports are those of a well patient but for what ``usual`` and ``changes`` name."""
    memory, orders = policy.start(), {}
    settings = SimpleNamespace(**(vars(CARE) | care))
    for day in range(first, last + 1):
        seen = SimpleNamespace(**(WELL | (usual or {}) | changes.get(day, {})))
        orders[day], memory = policy.decide(memory, seen, float(day), settings)
    return orders


def days_of(drug: str, orders: dict[int, Orders]) -> list[int]:
    assert all(float(getattr(given, drug)) in (0, 1) for given in orders.values())
    return [day for day, given in orders.items() if getattr(given, drug)]


def span(first: int, last: int, **report: float) -> Mornings:
    return {day: dict(report) for day in range(first, last + 1)}


def cmv(*tests: tuple[int, float]) -> Mornings:
    return {day: {"cmv_tested": 1.0, "cmv_dna": load} for day, load in tests}


def test_a_well_patient_is_given_letermovir_and_nothing_else() -> None:
    orders = ordered({}, 110)
    assert days_of("letermovir", orders) == list(range(5, 100))
    assert all(sum(map(float, given)) == given.letermovir for given in orders.values())


def test_letermovir_that_never_starts_is_never_given() -> None:
    assert days_of("letermovir", ordered({}, 110, letermovir_start_day=NEVER)) == []


# neutropenia


def test_quinolone_is_given_in_neutropenia_and_stops_on_recovery() -> None:
    low = span(3, 12, neutrophils=0.1)
    assert days_of("quinolone", ordered(low, 20)) == list(range(3, 13))


def test_quinolone_waits_for_its_day() -> None:
    assert days_of("quinolone", ordered({}, 4, -5, {"neutrophils": 0.1})) == list(range(-1, 5))
    assert days_of("quinolone", ordered({}, 4, -5, {"neutrophils": 0.1}, quinolone_start_day=NEVER)) == []


def test_without_a_report_the_last_one_holds() -> None:
    stale = span(4, 8, neutrophils=3.0, fresh=0.0)
    assert days_of("quinolone", ordered({3: {"neutrophils": 0.1}} | stale, 12)) == list(range(3, 9))


def test_an_azole_in_neutropenia_is_a_choice() -> None:
    low = span(3, 12, neutrophils=0.1)
    assert days_of("mould_azole", ordered(low, 20)) == []
    assert days_of("mould_azole", ordered(low, 20, azole_in_neutropenia=1)) == list(range(3, 13))


# graft-versus-host disease


@pytest.mark.parametrize("sign", [{"rash": 60.0}, {"bilirubin": 4.0}, {"stool_volume": 800.0}])
def test_an_azole_is_given_for_two_months_after_gvhd_of_grade_two(sign: dict[str, float]) -> None:
    assert days_of("mould_azole", ordered(span(30, 40, **sign), 120)) == list(range(30, 100))


def test_an_azole_is_not_given_for_grade_one_or_where_the_ward_does_without() -> None:
    assert days_of("mould_azole", ordered(span(30, 40, rash=30.0), 120)) == []
    assert days_of("mould_azole", ordered(span(30, 40, rash=60.0), 120, azole_on_steroids=0)) == []


def test_diarrhea_and_jaundice_in_neutropenia_are_not_taken_for_gvhd() -> None:
    ill = span(14, 18, neutrophils=0.1, stool_volume=1800.0, bilirubin=5.0)
    assert days_of("mould_azole", ordered(ill, 40)) == []
    assert days_of("mould_azole", ordered(span(14, 18, neutrophils=0.1, rash=70.0), 40))


def test_jaundice_of_vod_is_not_taken_for_gvhd_until_it_has_gone() -> None:
    jaundice = span(20, 30, bilirubin=5.0)
    known = jaundice | {20: {"bilirubin": 5.0, "onset_vod": 1.0}}
    assert days_of("mould_azole", ordered(jaundice, 40)) != []
    assert days_of("mould_azole", ordered(known, 40)) == []
    assert days_of("mould_azole", ordered(known | span(35, 36, bilirubin=5.0), 40)) == list(range(35, 41))


def test_moderate_chronic_gvhd_calls_for_an_azole_for_nine_months() -> None:
    orders = ordered({150: {"onset_chronic_gvhd_moderate": 1.0}}, 450)
    assert days_of("mould_azole", orders) == list(range(150, 420))


# cytomegalovirus


def test_cmv_is_treated_from_the_test_above_the_threshold() -> None:
    tests = cmv((28, 400.0), (35, 1500.0), (42, 3000.0), (49, 200.0), (56, 0.0), (63, 0.0))
    orders = ordered(tests, 70)
    assert days_of("antiviral", orders) == list(range(35, 56))
    assert days_of("foscarnet", orders) == []


def test_a_load_on_a_day_without_a_test_is_not_seen() -> None:
    assert days_of("antiviral", ordered(span(30, 40, cmv_dna=1e5), 60)) == []


def test_cmv_is_treated_for_its_least_days() -> None:
    tests = cmv((35, 1500.0), (38, 0.0), (41, 0.0), (44, 0.0), (50, 0.0))
    assert days_of("antiviral", ordered(tests, 60)) == list(range(35, 49))


def test_one_positive_test_among_negatives_prolongs_treatment() -> None:
    tests = cmv((35, 1500.0), (42, 0.0), (49, 1500.0), (56, 0.0), (63, 0.0))
    assert days_of("antiviral", ordered(tests, 70)) == list(range(35, 63))


def test_cmv_that_returns_is_treated_again() -> None:
    tests = cmv((35, 1500.0), (42, 0.0), (49, 0.0), (70, 2000.0), (77, 0.0), (84, 0.0))
    assert days_of("antiviral", ordered(tests, 100)) == [*range(35, 49), *range(70, 84)]


def test_foscarnet_takes_the_place_of_ganciclovir_while_neutrophils_are_low() -> None:
    tests = cmv((14, 1500.0), (21, 1500.0), (28, 0.0), (35, 0.0))
    orders = ordered({day: {"neutrophils": 0.2} | tests.get(day, {}) for day in range(10, 20)} | span(20, 50) | {
        day: report for day, report in tests.items() if day >= 20}, 50)  # fmt: skip
    assert days_of("foscarnet", orders) == list(range(14, 20))
    assert days_of("antiviral", orders) == list(range(20, 35))


def test_treatment_ends_where_nobody_tests_any_longer() -> None:
    assert days_of("antiviral", ordered(cmv((175, 5000.0)), 260, 170)) == list(range(175, 203))


def test_a_threshold_beyond_any_load_means_never() -> None:
    orders = ordered(cmv((35, 1e5), (42, 1e5)), 60, preemptive_threshold=1e12)
    assert days_of("antiviral", orders) == []


# immunoglobulin, defibrotide


def test_immunoglobulin_is_given_once_an_interval() -> None:
    assert days_of("immunoglobulin", ordered({}, 100, usual={"igg": 3.0})) == [0, 28, 56, 84]
    assert days_of("immunoglobulin", ordered({}, 100, usual={"igg": 4.0})) == []
    assert days_of("immunoglobulin", ordered({}, 100, usual={"igg": 3.0}, immunoglobulin_trigger=0.0)) == []


def test_immunoglobulin_waits_for_a_report() -> None:
    stale = span(0, 9, fresh=0.0)
    assert days_of("immunoglobulin", ordered(stale, 20, usual={"igg": 3.0})) == [10]


def test_defibrotide_is_given_for_three_weeks_from_the_diagnosis_of_vod() -> None:
    vod = {17: {"onset_vod": 1.0}}
    assert days_of("defibrotide", ordered(vod, 60, policy=supportive)) == list(range(17, 38))
    assert days_of("defibrotide", ordered(vod, 60, policy=supportive, defibrotide_on=0)) == []
    assert days_of("defibrotide", ordered({}, 60, policy=supportive)) == []


# the shape of the files


@pytest.mark.parametrize("policy", [ward, supportive], ids=lambda policy: policy.__name__)
def test_a_policy_needs_no_more_than_it_says(policy: Any) -> None:
    seen = SimpleNamespace(fresh=1.0, **{name: WELL[name] for name in policy.SEES})
    settings = SimpleNamespace(**{name: getattr(CARE, name) for name in policy.SETTINGS})
    orders, memory = policy.decide(policy.start(), seen, 1.0, settings)
    assert isinstance(orders, Orders) and type(memory) is type(policy.start())


def test_an_engine_traces_it_to_the_same_orders() -> None:
    changes = cmv((14, 1500.0), (28, 0.0), (35, 0.0)) | span(16, 20, neutrophils=0.1) | span(30, 32, rash=60.0)
    plain = ordered(changes, 60, usual={"igg": 3.0})
    reports = {
        name: jnp.asarray([(WELL | {"igg": 3.0} | changes.get(d, {}))[name] for d in range(61)]) for name in WELL
    }

    def step(memory: Any, morning: Any) -> tuple[Any, Any]:
        day, seen = morning
        orders, memory = ward.decide(memory, SimpleNamespace(**seen), day, CARE)
        return memory, jax.tree.map(lambda x: x + 0.0 * day, orders)

    begin = jax.tree.map(jnp.float32, ward.start())
    traced = jax.lax.scan(step, begin, (jnp.arange(61, dtype=jnp.float32), reports))[1]
    for name in Orders._fields:
        assert [float(x) for x in getattr(traced, name)] == [float(getattr(given, name)) for given in plain.values()]
