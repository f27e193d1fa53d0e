"""What holds of every course: health stands still, nothing is negative, nothing is lost, nothing is not a number."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dayzero.biology import alloreactivity, graft, lymphocytes
from dayzero.simulation.assemble import standard_body
from dayzero.simulation.cohort import TRUE, Course
from dayzero.spec import Plan, Population
from simulation.wards import (
    HEALTHY,
    NOTHING_HAPPENS,
    block_of,
    carried,
    leaves,
    library_plans,
    prepared,
    random_plans,
    run,
    uneventful,
)

STILL = {"erythropoiesis.visit_loss": 0.0}  # blood tests cost blood; a healthy host loses none
HAZARDS = tuple(name for _, name, _ in standard_body().hazards)
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
    return uneventful(plan, 128, 1000, STILL, block=16)


@pytest.mark.parametrize("name", TRUE)
def test_a_healthy_host_stands_still_for_a_thousand_days(stable: Course, name: str) -> None:
    value = stable.values[name]
    start = value[:, :1]
    assert np.all(np.abs(value - start) <= 1e-3 * np.abs(start))


def test_healthy_people_differ(stable: Course) -> None:
    for name in ("neutrophils", "platelets", "hemoglobin", "cd4", "nk_cells", "igg", "quality_of_life"):
        assert stable.values[name][:, 0].std() > 0.01 * stable.values[name][:, 0].mean(), name


def test_a_healthy_host_needs_nothing_and_nothing_happens(stable: Course) -> None:
    assert {len(column) for column in stable.events().values()} == {0}


# What does not stand still in a healthy host from the first day, and why.
MOVES = {
    "mortality.years": "a clock",
    "infection.line": "a central line, in place at admission, is taken out",
    "infection.stirring": "CMV of a carrier is never wholly silent, and starts from silence",
    "infection.taught": "immunity of donor T cells to CMV, of which there are none here",
    "organ_toxicity.settled": "starts where no count of neutrophils is news, and comes down to the count there is",
    "stem_cells.cells.1.multipotent_quality": "quality of donor cells, of which there are none here",
    "stem_cells.cells.1.committed_quality": "the same",
}


@pytest.fixture(scope="module")
def healthy_states() -> list[dict[str, np.ndarray]]:
    """Every state of every organ, on admission and every 16 days for a thousand days; 16 people from 1 to 70 years."""
    plans = [
        healthy(*person).but(patient={"cmv_seropositive": carrier}) for carrier in (True, False) for person in AGES
    ]
    plans += [healthy().but(patient={"sex": "female"}), healthy(12, 40, 150)]
    ready = block_of(plans, 1000, parameters=NOTHING_HAPPENS | STILL)
    return [leaves(passing.state) for passing in carried(ready).chunks]


def test_no_state_of_a_healthy_host_drifts_in_a_thousand_days(healthy_states: list[dict[str, np.ndarray]]) -> None:
    """By a thousandth of itself, or of its unit where health has none of it."""
    start = healthy_states[0]
    assert len(start) > 130
    assert set(MOVES) <= set(start)
    for name, value in start.items():
        allowed = 1e-3 * np.where(value == 0, 1.0, np.abs(value))
        if name not in MOVES:
            assert all(np.all(np.abs(later[name] - value) <= allowed) for later in healthy_states), name


def test_what_moves_in_a_healthy_host_does_so_for_its_reason(healthy_states: list[dict[str, np.ndarray]]) -> None:
    first, half, last = healthy_states[0], healthy_states[len(healthy_states) // 2], healthy_states[-1]
    days = 16 * (len(healthy_states) - 1)
    assert last["mortality.years"] == pytest.approx(days / 365.25, rel=1e-3)
    assert np.all(last["infection.line"] < 0.05 * first["infection.line"])
    assert all(np.all(later["infection.stirring"] < 0.02) for later in healthy_states)
    for name in ("infection.stirring", "organ_toxicity.settled"):
        assert last[name] == pytest.approx(half[name], rel=1e-3, abs=1e-3), name
    assert not any(np.any(value) for name, value in last.items() if name.startswith("stem_cells.cells.1.")
                   and name not in MOVES)  # fmt: skip


def test_health_stands_still_at_every_age() -> None:
    course = uneventful([healthy(*person) for person in AGES], days=365, typical=True, parameters=STILL)
    for name in TRUE:
        value = course.values[name]
        assert np.all(np.abs(value - value[:, :1]) <= 1e-3 * value[:, :1]), name
    assert np.all(np.diff(course.hemoglobin[:5, 0]) > 0)
    assert np.all(np.diff(course.naive_cd4[:, 0]) < 0)


def test_a_healthy_host_regains_the_blood_taken_for_tests() -> None:
    """The steady state attracts: it is not only a point at which rates cancel."""
    course = uneventful(healthy(), 4, 365, typical=True)
    lost = 1 - course.at(30, "hemoglobin") / course.hemoglobin[:, 0]
    assert np.all(lost > 0.01)
    assert np.all(course.at(365, "hemoglobin") > 0.995 * course.hemoglobin[:, 0])


def test_a_healthy_host_recovers_from_a_little_of_a_drug() -> None:
    drug = {"drugs": [{"drug": "melphalan", "days": [-1], "dose_mg_per_m2": 30}]}
    course = uneventful(healthy().but(conditioning=drug), 4, 730, typical=True, parameters=STILL)
    for name in ("neutrophils", "platelets", "hemoglobin", "nk_cells", "igg", "quality_of_life"):
        value = course.values[name]
        assert value.min() < 0.97 * value[0, 0], name
        assert np.all(np.abs(value[:, -1] / value[:, 0] - 1) < 0.05), name


@pytest.fixture(scope="module")
def watched() -> Course:
    """A year of 128 healthy people to whom anything may happen."""
    return run(Plan.load("auto-mel200-myeloma").but(**HEALTHY), 128, 365, block=16)


def test_healthy_people_live_and_stay_well(watched: Course) -> None:
    """Of all that can happen little does: infection of the line, rarely another, deaths as in the population."""
    happened = {name: float(watched.values[f"event_{name}"].any(axis=1).mean()) for name in HAZARDS}
    never = ("vod", "vod_death", "lung_injury_syndrome", "microangiopathy", "engraftment_syndrome", "relapse",
             "chronic_gvhd_onset", "acute_gvhd_death", "lymphoproliferation", "mould", "bleeding",
             "neutropenic_fever")  # fmt: skip
    assert [name for name in never if happened[name]] == []
    assert {name for name in set(HAZARDS) if happened[name] > 0.08} <= {"bacteremia"}
    deaths, _ = watched.deaths()
    assert np.isfinite(deaths).mean() < 0.06


def test_healthy_people_are_spared_what_needs_a_lack_of_immunity(watched: Course) -> None:
    assert not watched.values["event_cmv_disease"].any()


@pytest.fixture(scope="module", params=["float32", "float64"])
def random(request: pytest.FixtureRequest) -> Course:
    """Two years of random valid plans, one patient each, sixteen to a block."""
    return run(random_plans(48), days=730, block=16, precision=request.param)


def test_random_plans_give_finite_numbers_that_are_not_negative(random: Course) -> None:
    for name, value in random.values.items():
        least = -60 if name == "reported_weight_gain" else 0  # weight may also be lost
        rows = np.flatnonzero(~(np.isfinite(value) & (value >= least)).all(axis=1))
        assert len(rows) == 0, f"{name}: {random_plans(48)[rows[0]].conditioning.totals()}"


def test_random_plans_keep_shares_within_one_and_counts_within_life(random: Course) -> None:
    for name in ("myeloid_donor_fraction", "stem_donor_fraction", "t_donor_fraction", "skin_damage", "gut_damage",
                 "liver_damage", "gvhd_damage", "quality_of_life", "alive"):  # fmt: skip
        assert not np.any(random.values[name] > 1 + 1e-6), name
    assert np.all(random.reported_donor_chimerism_myeloid <= 100)
    assert random.neutrophils.max() < 200
    assert random.hemoglobin.max() < 40
    assert random.cd4.max() < 20
    for name, value in random.values.items():
        if name.startswith("event_"):
            assert np.all((value == 0) | (value == 1)), name
    assert set(np.unique(random.ward_gvhd_grade)) <= {0, 1, 2, 3, 4}


def test_the_library_gives_finite_numbers(library: Course) -> None:
    assert all(np.all(np.isfinite(value)) for value in library.values.values())


def test_autologous_and_unmade_grafts_have_no_donor() -> None:
    course = run(healthy(), 4)
    assert np.all(course.t_donor_fraction == 0)
    assert np.all(course.myeloid_donor_fraction == 0)
    assert np.all(course.stem_donor_fraction == 0)


def test_no_cell_of_a_graft_is_lost_or_made_on_its_way() -> None:
    p = SimpleNamespace(**prepared("double-cord").numbers["graft"])
    y = graft.State((graft.Bag(0.0, 0.0), graft.Bag(0.7, 0.2), graft.Bag(0.1, 0.6)))
    inflow, change = graft.signals(y, p)["homing"], graft.rates(y, p, None)
    for entering, bag in zip(inflow, change.cells, strict=True):
        assert np.allclose(bag.lodged + bag.waking, -entering)
    infused = graft.jump(y, p, SimpleNamespace(infused=(0.0, 1.0, 0.5), boost=0.25))
    assert [bag.lodged for bag in infused.cells] == [0.0, 1.95, 0.6]


def at_rest(organ: ModuleType, **changed: Any) -> SimpleNamespace:
    """Signals of a day on which nothing is given: all that survives survives whole."""
    body = standard_body()
    quiet = {name: 1.0 if name.startswith("surviving_") else (0.0, 0.0) if body.signals[name].per_origin else 0.0
             for name in organ.NEEDS}  # fmt: skip
    return SimpleNamespace(**quiet | changed)


@pytest.mark.parametrize("organ", [lymphocytes, alloreactivity], ids=lambda file: file.__name__)
def test_no_lymphocyte_of_a_graft_is_lost_made_or_counted_twice(organ: ModuleType) -> None:
    """Infused at once or in parts a graft brings the same cells, and on a day without one nothing comes or goes."""
    name = organ.__name__.rpartition(".")[2]
    p = SimpleNamespace(**prepared("aml-sibling-pbsc").numbers[name])
    before = organ.start(p, 2)
    whole = organ.jump(before, p, at_rest(organ, infused=(0.0, 1.0)))
    half = at_rest(organ, infused=(0.0, 0.5))
    parts = organ.jump(organ.jump(before, p, half), p, half)
    kept = organ.jump(before, p, at_rest(organ))
    for place, value in leaves(before.cells).items():
        if not place.endswith("responsiveness"):  # that of the newest cells
            assert leaves(whole.cells)[place] == pytest.approx(leaves(parts.cells)[place]), place
        assert np.array_equal(leaves(kept.cells)[place], value), place
    brought = p.graft_naive[1] + p.graft_memory[1] + p.graft_cd8[1] if organ is lymphocytes else p.graft_effectors[1]
    cells = whole.cells[1]
    arrived = cells.naive_cd4 + cells.memory_cd4 + cells.cd8 if organ is lymphocytes else cells.effectors
    assert arrived == pytest.approx(brought) and np.all(brought > 0)
    assert all(np.array_equal(a, b) for a, b in zip(whole.cells[0], before.cells[0], strict=True))


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
