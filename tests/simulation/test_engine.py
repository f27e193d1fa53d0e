"""The engine: nobody's course depends on neighbours, block, order, or what the plan leaves out."""

from __future__ import annotations

import gc
import weakref

import jax
import numpy as np
import pytest

from dayzero.criteria import judge
from dayzero.simulation import cohort as cohort_file
from dayzero.simulation import engine_jax
from dayzero.simulation.assemble import assemble
from dayzero.simulation.cohort import RECORDED, Course
from dayzero.simulation.engine_jax import BLOCK_SIZES, block_size, program
from dayzero.simulation.observe import observe
from dayzero.spec import Plan
from simulation.wards import CALM, TRUE, calm, differing, library_plans, prepared, random_plans, run

PEOPLE = 40
precisions = pytest.mark.parametrize("precision", ["float32", "float64"])
ENDPOINTS = ("neutrophils_0.5_day", "platelets_20_day", "platelets_50_day")


@pytest.fixture(scope="module", params=["float32", "float64"])
def cohort(request: pytest.FixtureRequest) -> Course:
    """Forty patients in one block of 128."""
    return run("aml-sibling-pbsc", PEOPLE, precision=request.param)


def again(cohort: Course, **how: object) -> Course:
    """The same run asked for in another way."""
    plan, people = how.pop("plan", "aml-sibling-pbsc"), how.pop("people", PEOPLE)
    return run(plan, people, precision=cohort.record["precision"], **how)


@pytest.mark.parametrize("size", [1, 3, 5, 7, 13])
def test_patients_asked_for_in_parts_have_the_courses_of_the_whole(cohort: Course, size: int) -> None:
    for at in range(0, PEOPLE, 8 * size):  # every eighth part: parts do not know of one another
        people = range(at, min(at + size, PEOPLE))
        part = again(cohort, people=people)
        for name, value in part.values.items():
            assert np.array_equal(value, cohort.values[name][people]), name


@pytest.mark.parametrize("size", [3, 7, 13, 16])
def test_the_size_of_a_block_changes_no_bit(cohort: Course, size: int) -> None:
    assert differing(cohort, again(cohort, block=size)) == []


def test_the_number_of_cores_changes_no_bit(cohort: Course) -> None:
    assert differing(cohort, again(cohort, block=16, cores=1)) == []


def test_the_order_of_patients_changes_no_bit(cohort: Course) -> None:
    order = np.random.default_rng(0).permutation(PEOPLE)
    shuffled = again(cohort, people=order)
    assert all(np.array_equal(cohort.values[n][order], v) for n, v in shuffled.values.items())


def test_a_neighbour_admitted_earlier_changes_no_bit_from_admission_on(cohort: Course) -> None:
    early = Plan.load("aml-sibling-pbsc").but(
        conditioning={"drugs": [{"drug": "fludarabine", "days": [-25], "dose_mg_per_m2": 30}]}
    )
    mixed = again(cohort, plan=[Plan.load("aml-sibling-pbsc")] * 8 + [early], people=range(9))
    assert mixed.days[0] < cohort.days[0]
    assert differing(cohort, mixed, slice(8)) == []


def test_a_neighbour_with_two_donors_changes_no_bit() -> None:
    plan = Plan.load("aml-sibling-pbsc")
    alone, mixed = run(plan, 8), run([plan] * 8 + [Plan.load("double-cord")])
    assert differing(alone, mixed, slice(8)) == []


@pytest.mark.parametrize(
    "unused",
    [
        {"population": {"fields": {"donor.age_years": {"kind": "fixed"}}}},
        {"population": {"fields": {"graft.tnc_per_kg": {"kind": "lognormal", "cv": 0.3}}}},
        {"prophylaxis": {"sirolimus": {}}},
        {"prophylaxis": {"abatacept": {}}},
        {"name": "another name"},
    ],
    ids=lambda edit: str(*edit.values()),
)
def test_what_does_not_act_changes_no_bit(cohort: Course, unused: dict) -> None:
    plan = Plan.load("aml-sibling-pbsc").but(**unused)
    assert differing(cohort, again(cohort, plan=plan, people=8), slice(8)) == []


def test_the_same_patient_meets_the_same_chance_in_two_arms() -> None:
    plan = calm("aml-sibling-pbsc")
    other = plan.but(graft={"source": "marrow"})
    one, two = run(plan, 16), run(other, 16)
    for name in ("age_years", "weight_kg", "male", "major_abo_mismatch"):
        assert np.array_equal(one.covariates[name], two.covariates[name])
    noise = [c.reported_hemoglobin[:, 0] / c.hemoglobin[:, 0] for c in (one, two)]
    assert np.array_equal(*noise)


def test_another_seed_gives_other_people(cohort: Course) -> None:
    other = again(cohort, people=8, seed=2)
    assert not np.isin(other.covariates["weight_kg"], cohort.covariates["weight_kg"]).any()


def test_random_plans_cause_at_most_one_compilation() -> None:
    some = random_plans(50)
    with_one, with_two = ([p for p in some if len(p.donors) == n] for n in (1, 2))
    assert len(with_one) >= 10
    assert len(with_two) >= 2
    for alike in (with_one, with_two):
        run(alike[:1], days=5)
        before = engine_jax.compilations
        for plan in alike:
            run([plan], days=20)
        run(alike * 2, days=40, block=16)
        assert engine_jax.compilations == before


def test_a_kept_program_cannot_be_taken_for_that_of_another_body(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs are kept by the identity of their body, which must not be given to another while they live."""
    body = assemble()
    kept = weakref.ref(body)
    monkeypatch.setattr(cohort_file, "standard_body", lambda own=body: own)
    run("aml-sibling-pbsc", 2, 5)
    monkeypatch.undo()
    del body
    gc.collect()
    assert kept() is not None


def test_blocks_have_three_sizes() -> None:
    assert [block_size(n) for n in (1, 16, 17, 128, 129, 1024, 5000)] == [16, 16, 128, 128, 1024, 1024, 1024]
    assert BLOCK_SIZES == (16, 128, 1024)


@precisions
def test_a_program_computes_in_its_own_precision_only(precision: str) -> None:
    made = program(prepared("aml-sibling-pbsc"), precision=precision, size=16, recording=RECORDED)
    own, foreign = ("f32[", "f64[") if precision == "float32" else ("f64[", None)
    text = made.advance.as_text()
    assert own in text
    assert foreign is None or foreign not in text


@precisions
def test_a_run_leaves_the_precision_of_jax_alone(precision: str) -> None:
    for chosen in (False, True):
        with jax.enable_x64(chosen):
            course = run("aml-sibling-pbsc", 2, 5, precision=precision)
            assert jax.config.jax_enable_x64 is chosen
            assert course.neutrophils.dtype == precision


def test_a_user_working_in_double_precision_gets_the_same_single_precision_course() -> None:
    plain = run("aml-sibling-pbsc", 4, 30)
    with jax.enable_x64(True):
        assert differing(plain, run("aml-sibling-pbsc", 4, 30)) == []


def test_single_and_double_precision_agree_where_the_ward_decides_nothing() -> None:
    plans = [p.but(care=CALM) for p in library_plans() if len(p.donors) == 1]
    single, double = run(plans, days=100), run(plans, days=100, precision="float64")
    for name in TRUE:
        most = np.maximum(np.abs(double.values[name]).max(axis=1, keepdims=True), 1e-9)
        assert np.max(np.abs(single.values[name] - double.values[name]) / most) < 1e-4, name


@pytest.mark.parametrize("plan", ["auto-mel200-myeloma", "aml-sibling-pbsc", "haplo-pbsc-ptcy"])
def test_single_and_double_precision_give_the_same_engraftment_days(plan: str) -> None:
    rows = [judge(observe(run(plan, 128, 60, precision=kind))).rows() for kind in ("float32", "float64")]
    for endpoint in ENDPOINTS:
        one, two = (np.array([np.inf if r[endpoint] is None else r[endpoint] for r in table]) for table in rows)
        same = (one == two) | (np.abs(np.where(np.isfinite(one), one, 0) - np.where(np.isfinite(two), two, 0)) <= 1)
        assert same.mean() >= 0.98, endpoint


def test_twice_the_steps_a_day_move_no_count_by_one_percent() -> None:
    plans = [p.but(care=CALM) for p in library_plans() if len(p.donors) == 1]
    coarse, fine = run(plans, days=60, typical=True), run(plans, days=60, typical=True, steps_per_day=20)
    for name in ("neutrophils", "platelets", "hemoglobin"):
        most = fine.values[name].max(axis=1, keepdims=True)
        assert np.max(np.abs(coarse.values[name] - fine.values[name]) / most) < 0.01, name


def test_typical_patients_are_alike() -> None:
    course = run(calm("aml-sibling-pbsc"), 16, typical=True)
    for name in TRUE:
        assert np.all(course.values[name] == course.values[name][:1]), name
    assert len(np.unique(course.reported_hemoglobin[:, 0])) > 1  # the laboratory still measures


def test_progress_rises_to_one() -> None:
    for days, patients in ((7, 4), (80, 4), (135, 20)):
        told: list[float] = []
        run("aml-sibling-pbsc", patients, days, block=16, cores=2, progress=told.append)
        assert told == sorted(told)
        assert told[-1] == 1.0
