"""What a transplant physician expects of counts: source, dose, prophylaxis, growth factor and blood group."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dayzero.simulation.course import Course
from dayzero.spec import Plan
from simulation.wards import CALM, PEACE, arms, calm, first_day, library_plans, prepared, uneventful

GIVEN = {"start_day": 5, "dose_ug_per_kg": 5}


def test_more_stem_cells_bring_neutrophils_and_platelets_back_earlier() -> None:
    plan = calm("aml-sibling-pbsc")
    doses = (1e6, 2e6, 4e6, 8e6, 1.4e7, 2e7)
    course = arms([plan.but(graft={"cd34_per_kg": dose}) for dose in doses])
    for quantity, level in (("neutrophils", 0.5), ("platelets", 20), ("platelets", 50)):
        day = first_day(course, quantity, level)
        assert np.all(np.diff(day) <= 0), quantity
        assert day[0] > day[-1], quantity
    at_14 = course.at(14, "neutrophils")
    assert np.all(np.diff(at_14) > 0)


def test_cord_blood_brings_platelets_later_than_mobilised_blood() -> None:
    plans = ("all-sibling-pbsc-cytbi", "all-sibling-marrow-cytbi", "cord-single-cytbiflu")
    course = arms([calm(plan) for plan in plans], 180)
    for quantity, level in (("neutrophils", 0.5), ("platelets", 50)):
        blood, marrow, cord = first_day(course, quantity, level)
        assert blood < marrow < cord, quantity
    assert 40 <= first_day(course, "platelets", 50)[2] < np.inf


@pytest.mark.parametrize("source", ["haplo-pbsc-ptcy", "haplo-marrow-ptcy"])
def test_cyclophosphamide_after_infusion_delays_counts_and_spares_stem_cells(source: str) -> None:
    """By itself: where donor cells attack nothing, so that it prevents nothing that costs counts either."""
    plan = calm(source)
    course = arms([plan, plan.but(prophylaxis={"post_cyclophosphamide": None})], 90, parameters=PEACE)
    for quantity, level in (("neutrophils", 0.5), ("platelets", 50)):
        given, not_given = first_day(course, quantity, level)
        assert np.isfinite(given), quantity
        assert not_given == 0 or 1 <= given - not_given <= 14, quantity  # 0: never below
        assert (course.values[quantity] < level).sum(axis=1)[0] > (course.values[quantity] < level).sum(axis=1)[1]
    clones = course.at(90, "clones")
    assert clones[0] > 0.5 * clones[1]


def test_cyclophosphamide_after_infusion_kills_cycling_cells_and_hardly_stem_cells() -> None:
    ready = prepared("haplo-pbsc-ptcy")
    logs = {k.removeprefix("surviving_"): -np.log10(v[3 - ready.first_day, 0]) for k, v in ready.daily.items()
            if k.startswith("surviving_")}  # fmt: skip
    for cycling in ("multipotent", "committed", "granulocytic", "megakaryoblast", "erythroid"):
        assert 0.3 <= logs[cycling] <= 0.6, cycling
    for spared in ("stem", "short_term"):
        assert logs[spared] < 0.2, spared
    assert logs["niche"] == 0


@pytest.mark.parametrize("plan", ["auto-mel200-myeloma", "aml-sibling-pbsc", "haplo-pbsc-ptcy", "cord-single-cytbiflu"])
def test_growth_factor_brings_neutrophils_earlier_and_leaves_platelets(plan: str) -> None:
    still = Plan.load(plan).but(care=CALM)
    course = arms([still.but(care={"gcsf": GIVEN}), still], 120)
    given, not_given = first_day(course, "neutrophils", 0.5)
    assert 1 <= not_given - given <= 8
    for level in (20, 50):
        days = first_day(course, "platelets", level)
        assert abs(days[0] - days[1]) <= (3 if plan.startswith("cord") else 1)


def test_growth_factor_from_day_one_is_at_least_as_fast_as_from_day_five() -> None:
    """A count that is still falling on day 1 does not end filgrastim for good."""
    plan = Plan.load("auto-mel200-myeloma").but(care=CALM)
    course = arms([plan.but(care={"gcsf": {**GIVEN, "start_day": day}}) for day in (1, 5)])
    early, usual = first_day(course, "neutrophils", 0.5)
    assert early <= usual


def test_major_blood_group_mismatch_delays_red_cells() -> None:
    plan = calm("aml-sibling-pbsc").but(patient={"blood_group": "O"})
    course = arms([plan.but(donor={"blood_group": group}) for group in ("O", "A")], 365)
    assert list(course.covariates["major_abo_mismatch"]) == [0, 1]
    hemoglobin = course.hemoglobin
    assert course.at(60, "hemoglobin")[0] - course.at(60, "hemoglobin")[1] > 0.5
    assert np.all(hemoglobin[1] <= hemoglobin[0] * (1 + 1e-5))
    assert abs(course.at(365, "hemoglobin")[0] - course.at(365, "hemoglobin")[1]) < 0.5
    assert np.array_equal(course.neutrophils[0], course.neutrophils[1])


def test_the_other_direction_of_mismatch_delays_nothing() -> None:
    plan = calm("aml-sibling-pbsc").but(patient={"blood_group": "A"})
    course = arms([plan.but(donor={"blood_group": group}) for group in ("A", "O")])
    assert np.array_equal(course.hemoglobin[0], course.hemoglobin[1])


def cord_units(**how: Any) -> Course:
    """Two cord units together, the first alone, the second alone."""
    both, empty = calm("double-cord"), {"cd34_per_kg": 0}
    return arms([both, both.but(second_graft=empty), both.but(graft=empty)], 120, **how)


def test_two_cord_units_both_contribute() -> None:
    """Where neither attacks the other their cells add up."""
    course = cord_units(parameters=PEACE)
    ready = prepared(calm("double-cord"))
    assert [bool(n[0] > 0) for n in ready.numbers["stem_cells"]["graft_stem"]] == [False, True, True]
    assert course.at(21, "myeloid_donor_fraction")[0] > 0.9
    for name, day in (("neutrophils", 28), ("clones", 60)):
        both, first, second = course.at(day, name)
        assert both > first > 0.1 * both, name
        assert both > second > 0.1 * both, name
    both, first, second = first_day(course, "platelets", 20)
    assert both <= min(first, second)


def test_two_cord_units_attack_each_other_which_costs_platelets_and_not_neutrophils() -> None:
    """Later than the better unit alone, as in the trial of one against two (Wagner 2014, N Engl J Med 371:1685)."""
    course = cord_units()
    both, first, second = first_day(course, "neutrophils", 0.5)
    assert both <= min(first, second) + 1
    both, first, second = first_day(course, "platelets", 50)
    assert both > min(first, second)


def test_a_boost_counts_even_where_the_first_graft_was_empty() -> None:
    plan = calm("aml-sibling-pbsc").but(graft={"cd34_per_kg": 0})
    boost = plan.but(second_graft={"source": "mobilised_blood", "cd34_per_kg": 5e6, "infusion_day": 1})
    course = arms([plan, boost])
    assert course.at(45, "neutrophils")[0] < 0.2
    assert course.at(45, "neutrophils")[1] > 0.5


@pytest.mark.parametrize(
    "against",
    [
        {"donor": {"donor_specific_antibody": True}},
        {"patient": {"marrow_fibrosis": True}},
        {"patient": {"splenomegaly": True}},
        {"graft": {"viability": 0.5}},
    ],
    ids=lambda edit: str(*edit.values()),
)
def test_what_costs_cells_delays_engraftment(against: dict) -> None:
    plan = calm("aml-sibling-pbsc")
    course = arms([plan, plan.but(**against)])
    counts = course.at(14, "neutrophils")
    assert counts[1] < counts[0]


def test_marrow_collected_after_growth_factor_recovers_faster() -> None:
    plan = calm("aml-sibling-marrow")
    course = arms([plan, plan.but(graft={"gcsf_primed": True})])
    assert first_day(course, "neutrophils", 0.5)[1] <= first_day(course, "neutrophils", 0.5)[0]
    for day in (18, 21, 24):
        usual, primed = course.at(day, "neutrophils")
        assert primed > usual


def test_every_plan_of_the_library_recovers() -> None:
    """Neutrophils in the second to sixth week, platelets within three months, in a patient to whom nothing happens."""
    plans = library_plans()
    course = arms(plans, 120)
    neutrophils, platelets = first_day(course, "neutrophils", 0.5), first_day(course, "platelets", 20)
    for plan, anc, count in zip(plans, neutrophils, platelets, strict=True):
        assert anc == 0 or 7 < anc <= 42, plan.name  # 0: never below
        assert count <= 90 or len(plan.donors) == 2, plan.name


def test_platelets_recover_after_two_cord_units() -> None:
    """Half of such patients have 50e9/L by three months (Wagner 2014, N Engl J Med 371:1685), 20e9/L before that."""
    course = uneventful("double-cord", 32, 120)
    assert np.median(first_day(course, "platelets", 20)) <= 84
    assert np.median(first_day(course, "platelets", 50)) <= 120


def test_patients_of_the_library_who_live_recover(library: Course) -> None:
    """Whatever happens to them; platelets of two cord units may take longer than a hundred days."""
    names = [plan["name"] for plan in library.record["plans"]]
    neutrophils, platelets = first_day(library, "neutrophils", 0.5), first_day(library, "platelets", 20)
    for name, anc, count, died in zip(names, neutrophils, platelets, library.deaths()[0], strict=True):
        assert anc <= 45 or died < np.inf, name
        assert count < np.inf or died < np.inf or name == "double-cord", name
