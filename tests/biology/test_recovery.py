"""What a transplant physician expects of counts: source, dose, prophylaxis, growth factor and blood group."""

from __future__ import annotations

import numpy as np
import pytest

from dayzero.simulation.course import Course
from dayzero.spec import Plan
from simulation.wards import CALM, calm, first_day, prepared, run

GIVEN = {"start_day": 5, "dose_ug_per_kg": 5}


def test_more_stem_cells_bring_neutrophils_and_platelets_back_earlier() -> None:
    plan = calm("aml-sibling-pbsc")
    doses = (1e6, 2e6, 4e6, 8e6, 1.4e7, 2e7)
    course = run([plan.but(graft={"cd34_per_kg": dose}) for dose in doses], typical=True)
    for quantity, level in (("neutrophils", 0.5), ("platelets", 20), ("platelets", 50)):
        day = first_day(course, quantity, level)
        assert np.all(np.diff(day) <= 0), quantity
        assert day[0] > day[-1], quantity
    at_14 = course.at(14, "neutrophils")
    assert np.all(np.diff(at_14) > 0)


def test_cord_blood_brings_platelets_later_than_mobilised_blood() -> None:
    plans = ("all-sibling-pbsc-cytbi", "all-sibling-marrow-cytbi", "cord-single-cytbiflu")
    course = run([calm(plan) for plan in plans], days=180, typical=True)
    for quantity, level in (("neutrophils", 0.5), ("platelets", 50)):
        blood, marrow, cord = first_day(course, quantity, level)
        assert blood < marrow < cord, quantity
    assert 40 <= first_day(course, "platelets", 50)[2] < np.inf


@pytest.mark.parametrize("source", ["haplo-pbsc-ptcy", "haplo-marrow-ptcy"])
def test_cyclophosphamide_after_infusion_delays_counts_and_spares_stem_cells(source: str) -> None:
    plan = calm(source)
    course = run([plan, plan.but(prophylaxis={"post_cyclophosphamide": None})], days=90, typical=True)
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
    course = run([still.but(care={"gcsf": GIVEN}), still], days=120, typical=True)
    given, not_given = first_day(course, "neutrophils", 0.5)
    assert 1 <= not_given - given <= 8
    for level in (20, 50):
        days = first_day(course, "platelets", level)
        assert abs(days[0] - days[1]) <= 1


def test_growth_factor_from_day_one_is_at_least_as_fast_as_from_day_five() -> None:
    """A count that is still falling on day 1 does not end filgrastim for good."""
    plan = Plan.load("auto-mel200-myeloma").but(care=CALM)
    course = run([plan.but(care={"gcsf": {**GIVEN, "start_day": day}}) for day in (1, 5)], typical=True)
    early, usual = first_day(course, "neutrophils", 0.5)
    assert early <= usual


def test_major_blood_group_mismatch_delays_red_cells() -> None:
    plan = calm("aml-sibling-pbsc").but(patient={"blood_group": "O"})
    course = run([plan.but(donor={"blood_group": group}) for group in ("O", "A")], days=365, typical=True)
    assert list(course.covariates["major_abo_mismatch"]) == [0, 1]
    hemoglobin = course.hemoglobin
    assert course.at(60, "hemoglobin")[0] - course.at(60, "hemoglobin")[1] > 0.5
    assert np.all(hemoglobin[1] <= hemoglobin[0] * (1 + 1e-5))
    assert abs(course.at(365, "hemoglobin")[0] - course.at(365, "hemoglobin")[1]) < 0.5
    assert np.array_equal(course.neutrophils[0], course.neutrophils[1])


def test_the_other_direction_of_mismatch_delays_nothing() -> None:
    plan = calm("aml-sibling-pbsc").but(patient={"blood_group": "A"})
    course = run([plan.but(donor={"blood_group": group}) for group in ("A", "O")], typical=True)
    assert np.array_equal(course.hemoglobin[0], course.hemoglobin[1])


def test_two_cord_units_both_contribute() -> None:
    both = calm("double-cord")
    empty = {"cd34_per_kg": 0}
    course = run([both, both.but(second_graft=empty), both.but(graft=empty)], days=90, typical=True)
    ready = prepared(both)
    assert [bool(n[0] > 0) for n in ready.numbers["stem_cells"]["graft_stem"]] == [False, True, True]
    counts, clones = course.at(21, "neutrophils"), course.at(60, "clones")
    chimerism = course.at(21, "myeloid_donor_fraction")
    assert chimerism[0] > 0.9
    assert counts[0] > counts[1]
    assert clones[0] > clones[1]
    assert counts[0] > counts[2] > 0.1 * counts[0]
    assert clones[0] > clones[2] > 0.1 * clones[0]


def test_a_boost_counts_even_where_the_first_graft_was_empty() -> None:
    plan = calm("aml-sibling-pbsc").but(graft={"cd34_per_kg": 0})
    boost = plan.but(second_graft={"source": "mobilised_blood", "cd34_per_kg": 5e6, "infusion_day": 1})
    course = run([plan, boost], typical=True)
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
    course = run([plan, plan.but(**against)], typical=True)
    counts = course.at(14, "neutrophils")
    assert counts[1] < counts[0]


def test_marrow_collected_after_growth_factor_recovers_faster() -> None:
    plan = calm("aml-sibling-marrow")
    course = run([plan, plan.but(graft={"gcsf_primed": True})], typical=True)
    assert first_day(course, "neutrophils", 0.5)[1] <= first_day(course, "neutrophils", 0.5)[0]
    for day in (18, 21, 24):
        usual, primed = course.at(day, "neutrophils")
        assert primed > usual


def test_every_plan_of_the_library_recovers(library: Course) -> None:
    """Neutrophils in the second to sixth week, platelets within three months."""
    names = [plan["name"] for plan in library.record["plans"]]
    neutrophils, platelets = first_day(library, "neutrophils", 0.5), first_day(library, "platelets", 20)
    for name, anc, count in zip(names, neutrophils, platelets, strict=True):
        assert anc == 0 or 7 < anc <= 42, name  # 0: never below
        assert count <= 90, name
