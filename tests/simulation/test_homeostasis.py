"""What holds of every course: health stands still, nothing is negative, nothing is lost, nothing is not a number."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from biology.test_marrow import HEALTHY
from dayzero.biology import graft
from dayzero.simulation.assemble import standard_body
from dayzero.simulation.cohort import Course
from dayzero.spec import Plan, Population
from simulation.wards import TRUE, library_plans, prepared, random_plans, run

STILL = {"erythropoiesis.visit_loss": 0.0}  # blood tests cost blood; a healthy host loses none
AGES = ((1, 10, 76), (5, 19, 110), (10, 32, 138), (15, 56, 168), (20, 70, 175), (45, 75, 175), (70, 75, 172))


def healthy(age: float = 45, weight: float = 75, height: float = 175) -> Plan:
    """An untreated patient without conditioning, graft, growth factor or transfusion."""
    body = {"age_years": age, "weight_kg": weight, "height_cm": height}
    edits = HEALTHY | {"patient": HEALTHY["patient"] | body, "population": Population()}
    return Plan.load("auto-mel200-myeloma").but(**edits)


@pytest.fixture(scope="module")
def stable() -> Course:
    """A thousand days of 128 healthy people who differ in everything that differs between patients."""
    plan = Plan.load("auto-mel200-myeloma").but(**HEALTHY)
    return run(plan, 128, 1000, parameters=STILL)


@pytest.mark.parametrize("name", TRUE)
def test_a_healthy_host_stands_still_for_a_thousand_days(stable: Course, name: str) -> None:
    value = stable.values[name]
    start = value[:, :1]
    assert np.all(np.abs(value - start) <= 1e-3 * np.abs(start))


def test_healthy_people_differ(stable: Course) -> None:
    for name in ("neutrophils", "platelets", "hemoglobin"):
        assert stable.values[name][:, 0].std() > 0.01 * stable.values[name][:, 0].mean()


def test_a_healthy_host_needs_nothing_and_nothing_happens(stable: Course) -> None:
    assert {len(column) for column in stable.events().values()} == {0}


def test_health_stands_still_at_every_age() -> None:
    course = run([healthy(*person) for person in AGES], days=365, typical=True, parameters=STILL)
    for name in ("neutrophils", "platelets", "hemoglobin"):
        value = course.values[name]
        assert np.all(np.abs(value - value[:, :1]) <= 1e-3 * value[:, :1]), name
    assert np.all(np.diff(course.hemoglobin[:5, 0]) > 0)


def test_a_healthy_host_regains_the_blood_taken_for_tests() -> None:
    """The steady state attracts: it is not only a point at which rates cancel."""
    course = run(healthy(), 4, 365, typical=True)
    lost = 1 - course.at(30, "hemoglobin") / course.hemoglobin[:, 0]
    assert np.all(lost > 0.01)
    assert np.all(course.at(365, "hemoglobin") > 0.995 * course.hemoglobin[:, 0])


def test_a_healthy_host_recovers_from_a_little_of_a_drug() -> None:
    drug = {"drugs": [{"drug": "melphalan", "days": [-1], "dose_mg_per_m2": 30}]}
    course = run(healthy().but(conditioning=drug), 4, 730, typical=True, parameters=STILL)
    for name in ("neutrophils", "platelets", "hemoglobin"):
        value = course.values[name]
        assert value.min() < 0.95 * value[0, 0]
        assert np.all(np.abs(value[:, -1] / value[:, 0] - 1) < 0.05), name


@pytest.fixture(scope="module")
def random() -> Course:
    """Random valid plans, one patient each, sixteen to a block."""
    return run(random_plans(64), days=60, block=16)


def test_random_plans_give_finite_numbers_that_are_not_negative(random: Course) -> None:
    for name, value in random.values.items():
        rows = np.flatnonzero(~(np.isfinite(value) & (value >= 0)).all(axis=1))
        assert len(rows) == 0, f"{name}: {random_plans(64)[rows[0]].conditioning.totals()}"


def test_random_plans_keep_shares_within_one_and_counts_within_life(random: Course) -> None:
    for name in ("myeloid_donor_fraction", "stem_donor_fraction"):
        assert not np.any(random.values[name] > 1 + 1e-6)
    assert np.all(random.reported_donor_chimerism_myeloid <= 100)
    assert random.neutrophils.max() < 200
    assert random.hemoglobin.max() < 40
    assert np.all((random.event_bleeding == 0) | (random.event_bleeding == 1))


def test_the_library_gives_finite_numbers(library: Course) -> None:
    assert all(np.all(np.isfinite(value)) for value in library.values.values())


def test_autologous_and_unmade_grafts_have_no_donor() -> None:
    course = run(healthy(), 4)
    assert np.all(course.myeloid_donor_fraction == 0)
    assert np.all(course.stem_donor_fraction == 0)


def test_no_cell_of_a_graft_is_lost_or_made_on_its_way() -> None:
    p = SimpleNamespace(**prepared("double-cord").numbers["graft"])
    y = graft.State((graft.Bag(0.0, 0.0), graft.Bag(0.7, 0.2), graft.Bag(0.1, 0.6)))
    inflow, change = graft.signals(y, p)["homing"], graft.rates(y, p, None)
    for entering, bag in zip(inflow, change.cells, strict=True):
        assert np.allclose(bag.lodged + bag.waking, -entering)
    infused = graft.jump(y, p, SimpleNamespace(infused=(0.0, 1.0, 0.5)))
    assert [bag.lodged for bag in infused.cells] == [0.0, 1.7, 0.6]


def test_a_graft_is_infused_once_and_a_boost_in_proportion() -> None:
    boost = {"source": "mobilised_blood", "cd34_per_kg": 2.5e6, "infusion_day": 12}
    ready = prepared(Plan.load("aml-sibling-pbsc").but(graft={"cd34_per_kg": 5e6}, second_graft=boost))
    given = ready.daily["infused"][1][:, 0]
    assert {int(day) + ready.first_day: given[day] for day in np.flatnonzero(given)} == {0: 1.0, 12: 0.5}
    assert not ready.daily["infused"][0].any()


@pytest.mark.parametrize("plan", [p.name for p in library_plans()])
def test_every_prepared_number_of_the_library_is_finite(plan: str) -> None:
    ready = prepared(plan, 16, typical=False)
    for organ in standard_body().organs:
        for name, value in ready.numbers[organ.name].items():
            assert np.all(np.isfinite(value)), f"{organ.name}.{name}"
    assert all(np.all(np.isfinite(value)) for value in ready.daily.values())
