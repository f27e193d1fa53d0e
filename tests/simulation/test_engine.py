"""The engine: nobody's course depends on neighbours, block, order, or what the plan leaves out."""

from __future__ import annotations

import gc
import weakref

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dayzero.biology import conditioning, graft
from dayzero.criteria import judge
from dayzero.simulation import engine_jax, engine_vector
from dayzero.simulation.cohort import TRUE, Course
from dayzero.simulation.engine_jax import program
from dayzero.simulation.integrate import over_a_day
from dayzero.simulation.observe import observe
from dayzero.spec import Plan
from simulation.wards import (
    NOTHING_GIVEN,
    calm,
    differing,
    library_plans,
    prepared,
    random_plans,
    run,
    silent,
    uneventful,
)

SERONEGATIVE = {"cmv_recipient_fraction": 0, "cmv_donor_fraction": 0}
PEOPLE = 24
precisions = pytest.mark.parametrize("precision", ["float32", "float64"])
LEAST = {"disease_burden": 1e6, "gvh_effectors": 1e-3, "hvg_effectors": 1e-3}  # amounts below which chance decides
ENDPOINTS = ("neutrophils_0.5_day", "platelets_20_day", "platelets_50_day")


@pytest.fixture(scope="module", params=["float32", "float64"])
def cohort(request: pytest.FixtureRequest) -> Course:
    """Two dozen patients in one block of 128."""
    return run("aml-sibling-pbsc", PEOPLE, precision=request.param)


def again(cohort: Course, **how: object) -> Course:
    """The same run asked for in another way."""
    plan, people = how.pop("plan", "aml-sibling-pbsc"), how.pop("people", PEOPLE)
    return run(plan, people, precision=cohort.record["precision"], **how)


@pytest.mark.parametrize("size", [1, 3, 5, 7, 13])
def test_patients_asked_for_in_parts_have_the_courses_of_the_whole(cohort: Course, size: int) -> None:
    for at in range(0, PEOPLE, 4 * size):  # every fourth part: parts do not know of one another
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


def test_a_neighbour_with_two_donors_changes_last_bits_at_most() -> None:
    """A second donor is another program, in which other products and sums may be fused."""
    plan = Plan.load("aml-sibling-pbsc")
    alone, mixed = run(plan, 8), run([plan] * 8 + [Plan.load("double-cord")])
    for name in differing(alone, mixed, slice(8)):
        assert name in TRUE, name
        assert np.allclose(alone.values[name], mixed.values[name][:8, -len(alone.days) :], rtol=1e-5, atol=1e-12), name


@pytest.mark.parametrize(
    "unused",
    [
        {"population": {"fields": {"donor.age_years": {"kind": "fixed"}}}},
        {"population": {"fields": {"graft.tnc_per_kg": {"kind": "lognormal", "cv": 0.3}}}},
        {"care": {"letermovir": {}}, "population": SERONEGATIVE},
        {"care": {"donor_lymphocytes": {"planned_days": [300]}}},
        {"care": {"maintenance": {"drug": "flt3_inhibitor", "start_day": 200}}},
        {"care": {"rescue_graft": {"day": 100}}},
        {"care": {"boost": {"from_day": 100}}},
        {"care": {"laboratory": {"marrow_days": [200], "subset_days": [200]}}},
        {"prophylaxis": {"sirolimus": {"start_day": 60}}},
        {"prophylaxis": {"abatacept": {"days": [100]}}},
        {"name": "another name"},
    ],
    ids=lambda edit: str(*list(edit.values())[:1]),
)
def test_what_does_not_act_changes_no_bit(cohort: Course, unused: dict) -> None:
    """Not yet, not in these patients, or never: letermovir in the seronegative, lymphocytes on day 300, ..."""
    plan = Plan.load("aml-sibling-pbsc")
    usual = cohort if "population" not in unused else again(cohort, plan=plan.but(population=unused["population"]))
    assert differing(usual, again(cohort, plan=plan.but(**unused), people=8), slice(8)) == []


def test_what_acts_changes_the_course(cohort: Course) -> None:
    """So that the test above is not passed by a program that is deaf."""
    for acting in ({"prophylaxis": {"sirolimus": {}}}, {"prophylaxis": {"abatacept": {}}}, {"care": {"steroids": None}},
                   {"care": {"letermovir": {}}, "population": {"cmv_recipient_fraction": 1}}):  # fmt: skip
        assert differing(cohort, again(cohort, plan=Plan.load("aml-sibling-pbsc").but(**acting), people=8), slice(8))


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
        before = engine_vector.compilations
        for plan in alike:
            run([plan], days=20)
        run(alike * 2, days=40, block=16)
        assert engine_vector.compilations == before


def test_a_kept_program_cannot_be_taken_for_that_of_another_body() -> None:
    """Programs are kept by the identity of their body, which must not be given to another while they live."""
    body = silent(conditioning, graft)
    kept = weakref.ref(body)
    program(prepared("aml-sibling-pbsc", body=body), precision="float32", size=16, recording=("alive",), body=body)
    del body
    gc.collect()
    assert kept() is not None


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
    """Nor chance: every threshold that a last bit could cross is out of reach."""
    plans = [p.but(care=NOTHING_GIVEN) for p in library_plans() if len(p.donors) == 1]
    single, double = (uneventful(plans, days=100, precision=kind) for kind in ("float32", "float64"))
    for name in TRUE:
        most = np.maximum(np.abs(double.values[name]).max(axis=1, keepdims=True), LEAST.get(name, 1e-9))
        limit = 2e-4 if name == "gvh_effectors" else 1e-4  # they grow a thousandfold from a few cells
        assert np.max(np.abs(single.values[name] - double.values[name]) / most) < limit, name


@pytest.mark.parametrize("plan", ["auto-mel200-myeloma", "aml-sibling-pbsc", "haplo-pbsc-ptcy"])
def test_single_and_double_precision_give_the_same_engraftment_days_and_deaths(plan: str) -> None:
    courses = [run(plan, 128, 60, block=16, precision=kind) for kind in ("float32", "float64")]
    rows = [judge(observe(course)).rows() for course in courses]
    for endpoint in ENDPOINTS:
        one, two = (np.array([np.inf if r[endpoint] is None else r[endpoint] for r in table]) for table in rows)
        same = (one == two) | (np.abs(np.where(np.isfinite(one), one, 0) - np.where(np.isfinite(two), two, 0)) <= 1)
        assert same.mean() >= 0.98, endpoint
    one, two = (course.deaths()[0] for course in courses)
    assert (one == two).mean() >= 0.98


def test_a_day_in_twice_the_steps_is_sixteen_times_as_exact() -> None:
    """How near the usual steps are to the truth in the whole body is for other solvers to say (`test_peers`)."""
    with jax.enable_x64(True):
        y = {"a": jnp.asarray(1.0), "b": (jnp.asarray(2.0),)}
        rates = lambda y: {"a": -1.7 * y["a"], "b": (y["a"] - 0.4 * y["b"][0],)}  # noqa: E731
        fine = over_a_day(rates, y, 512)["b"][0]
        coarse, twice = (abs(float(over_a_day(rates, y, steps)["b"][0] - fine)) for steps in (16, 32))
    assert coarse / twice == pytest.approx(16, rel=0.1)


def test_the_steps_asked_for_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def compiling(*shape: object) -> None:
        asked.append(shape[-1])
        raise InterruptedError

    monkeypatch.setattr(engine_jax, "_compile", compiling)
    for steps in (13, 29):
        with pytest.raises(InterruptedError):
            run("aml-sibling-pbsc", 2, 5, steps_per_day=steps, engine="jax")
    assert asked == [13, 29]


def test_typical_patients_to_whom_nothing_happens_are_alike() -> None:
    """But for the last cells of a disease, which live or die by chance, and for the noise of the laboratory."""
    course = uneventful(calm("aplastic-anemia-sibling-marrow"), 16, typical=True)
    for name in TRUE:
        assert np.all(course.values[name] == course.values[name][:1]), name
    assert len(np.unique(course.reported_hemoglobin[:, 0])) > 1  # the laboratory still measures


def test_progress_rises_to_one() -> None:
    for days, patients in ((7, 4), (80, 4), (135, 20)):
        told: list[float] = []
        run("aml-sibling-pbsc", patients, days, block=16, cores=2, progress=told.append)
        assert told == sorted(told)
        assert told[-1] == 1.0
