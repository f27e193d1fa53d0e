"""What happens to a patient: the same in every plan until plans differ, nothing after death, nothing for no cause."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dayzero.biology import alloreactivity
from dayzero.module import ORDER_SIGNALS
from dayzero.simulation.assemble import standard_body
from dayzero.simulation.cohort import EVENTS, RECORDED, TRUE
from dayzero.simulation.course import Course
from dayzero.simulation.observe import observe
from dayzero.spec import Plan
from simulation.wards import NOTHING_HAPPENS, block_of, carried, differing, leaves, library_plans, run

BODY = standard_body()
HAZARDS = {name: hazard for _, name, hazard in BODY.hazards}
HARSH = {"mortality.other_death_late": 1e-3, "infection.bacteremia_fatality": 0.4, "infection.bacteremia_rate": 0.1}

VIREMIC = {"infection.cmv_rate": 0.1}


@pytest.fixture(scope="module")
def dying() -> Course:
    """Sixty-four transplants of which many end in death, of one cause or another."""
    plans = [Plan.load(name) for name in ("haplo-pbsc-ptcy", "all-sibling-pbsc-cytbi", "aml-unrelated-flubu2-atg",
                                          "cord-single-cytbiflu")]  # fmt: skip
    return run([plan for plan in plans for _ in range(16)], days=100, block=16, parameters=HARSH)


def dead_from(course: Course) -> list[tuple[int, int]]:
    """Row of each patient who dies, and the column of the first morning after."""
    return [(row, int(np.argmax(died))) for row, died in enumerate(~course.living) if died.any()]


def test_after_death_nothing_that_is_recorded_changes(dying: Course) -> None:
    gone = dead_from(dying)
    assert 8 < len(gone) < 56
    for name in RECORDED:
        value = dying.values[name]
        moves = [row for row, after in gone if np.any(value[row, after:] != value[row, after])]
        assert moves == [], name


def test_after_death_nothing_happens_and_nothing_is_given(dying: Course) -> None:
    for row, after in dead_from(dying):
        for name in (*EVENTS, *ORDER_SIGNALS, "died_of", "alive"):
            assert not dying.values[name][row, after:].any(), name
    events = dying.events()
    day = dict(zip(dying.patients.tolist(), dying.deaths()[0].tolist(), strict=True))
    assert all(when <= day[who] for who, when in zip(events["patient"].tolist(), events["day"].tolist(), strict=True))
    chart = observe(dying)
    for name in (*chart.measurements, *chart.events):
        column = chart.column(name)
        assert np.all(column.day <= dying.deaths()[0][column.patient]), name


def test_a_death_is_told_once_with_its_cause_on_the_last_day_of_life(dying: Course) -> None:
    day, cause = dying.deaths()
    for row in range(len(dying)):
        told = np.flatnonzero(dying.died_of[row])
        assert len(told) == np.isfinite(day[row])
        if len(told):
            assert dying.days[told[0]] == day[row] == dying.days[dying.living[row]][-1]
            assert dying.values[f"event_{cause[row]}"][row, told[0]] == 1
            assert HAZARDS[cause[row]].fatal != "never"
    assert len(set(cause[np.isfinite(day)])) > 2
    always = [name for name, hazard in HAZARDS.items() if hazard.fatal == "always"]
    for name in always:
        assert not np.any(dying.values[f"event_{name}"].any(axis=1) & ~np.isfinite(day)), name


def test_what_cannot_recur_happens_once(dying: Course) -> None:
    for name, hazard in HAZARDS.items():
        if not hazard.recurrent:
            assert dying.values[f"event_{name}"].sum(axis=1).max() <= 1, name
    assert dying.event_bacteremia.sum(axis=1).max() > 1


@pytest.mark.parametrize(
    ("from_day", "other"),
    [
        (60, {"prophylaxis": {"calcineurin": {"taper_start_day": 60, "stop_day": 90}}}),
        (30, {"prophylaxis": {"mycophenolate": {"start_day": 30, "stop_day": 60}}}),
        (40, {"care": {"donor_lymphocytes": {"planned_days": [40], "cd3_per_kg": 1e7}}}),
        (20, {"second_graft": {"source": "mobilised_blood", "cd34_per_kg": 2e6, "infusion_day": 20}}),
        (14, {"prophylaxis": {"abatacept": {"days": [14]}}}),
        (6, {"prophylaxis": {"post_cyclophosphamide": {"days": [6]}}}),
        (30, {"care": {"laboratory": {"daily_until_day": 29, "thrice_weekly_until_day": 29}}}),
        (21, {"care": {"letermovir": {"start_day": 21}}, "population": {"cmv_recipient_fraction": 1}}),
    ],
    ids=lambda value: str(next(iter(value.values()))) if isinstance(value, dict) else str(value),
)
def test_two_plans_that_differ_from_a_day_on_are_one_until_then(from_day: int, other: dict[str, Any]) -> None:
    """Every value, report, order and event before that day bit for bit, and the true values of its morning."""
    plan = Plan.load("aml-sibling-pbsc").but(population=other.get("population", {}))
    one, two = run(plan, 16, 75), run(plan.but(**other), 16, 75)
    before = one.days < from_day
    for name in RECORDED:
        assert np.array_equal(one.values[name][:, before], two.values[name][:, before]), name
    for name in TRUE:
        assert np.array_equal(one.at(from_day, name), two.at(from_day, name)), name
    assert differing(one, two)


def test_letermovir_changes_nothing_for_patients_without_cmv() -> None:
    """The seronegative live the same course to the last bit; the carriers, who are given it, do not."""
    plan = Plan.load("aml-sibling-pbsc").but(population={"cmv_recipient_fraction": 0.5, "cmv_donor_fraction": 0.5})
    off, on = (run(plan.but(care={"letermovir": given}), 48, 100, block=16, parameters=VIREMIC) for given in (None, {}))
    carrier = off.covariates["cmv_recipient"] > 0
    assert 12 < carrier.sum() < 36
    assert differing(off, on, ~carrier) == []
    assert not on.letermovir[~carrier].any()
    assert on.letermovir[carrier].any(axis=1).mean() > 0.9
    assert differing(off, on, carrier)
    assert on.event_cmv_reactivation[carrier].sum() < off.event_cmv_reactivation[carrier].sum()
    assert np.any(off.event_cmv_reactivation[~carrier])  # CMV of their donors, which is left alone


SELF = ("auto-mel200-myeloma", "auto-beam-lymphoma")
OF_ALLOREACTIVITY = ("gvh_effectors", "hvg_effectors", "skin_damage", "gut_damage", "liver_damage", "gvhd_damage",
                     "chronic_gvhd", "event_chronic_gvhd_onset", "event_acute_gvhd_death", "event_chronic_gvhd_death",
                     "steroid_mg_per_kg", "ruxolitinib")  # fmt: skip


def own_cells() -> list[Plan]:
    """Sixteen transplants of a patient's own cells, or of a twin's, some given what only others need."""
    plans = [Plan.load(name) for name in SELF]
    twin = Plan.load("aml-sibling-pbsc").but(donor={"kind": "syngeneic"})
    plans += [twin, twin.but(prophylaxis="none")]
    return plans * 4


def test_the_patients_own_cells_and_those_of_a_twin_attack_nothing() -> None:
    """Not little: exactly nothing, in every effector, damage, memory and attack, whatever else happens."""
    plans = own_cells()
    course = run(plans, days=200)
    for name in OF_ALLOREACTIVITY:
        assert not course.values[name].any(), name
    ready = block_of(plans, 200)
    p = SimpleNamespace(**ready.numbers["alloreactivity"])
    for passing in carried(ready).chunks:
        y = passing.state["alloreactivity"]
        for cells in y.cells:
            assert not np.any(cells.effectors)
        acute, chronic = passing.state["acute_gvhd"], passing.state["chronic_gvhd"]
        parts = (
            acute.skin,
            acute.gut,
            acute.liver,
            acute.wasting,
            y.newcomers,
            chronic.memory,
            chronic.chronic,
            chronic.fibrosis_laid,
        )
        assert not any(np.any(part) for part in parts)
        told = alloreactivity.signals(y, p)
        assert not any(np.any(attack) for attack in told["immune_attack"])
        assert not np.any(told["graft_activity"])
    for name in ("chronic_gvhd_onset", "alloreactive_flare", "acute_gvhd_death", "chronic_gvhd_death"):
        assert not np.any(passing.fates[name].risk), name


def test_a_donor_who_is_not_there_is_not_foreign() -> None:
    """A place for a second donor, which a neighbour in the block has, brings nothing against anyone."""
    plan = Plan.load("aml-sibling-pbsc")
    two, three = (block_of([plan] * 8 + more, 20) for more in ([plan] * 8, [Plan.load("double-cord")] * 8))
    for name, value in leaves(
        two.numbers["alloreactivity"] | two.numbers["disease"] | two.numbers["infection"]
    ).items():
        other = leaves(three.numbers["alloreactivity"] | three.numbers["disease"] | three.numbers["infection"])[name]
        assert np.array_equal(value[:8], other[:8]), name


def test_where_every_rate_is_nothing_nothing_can_happen() -> None:
    """`NOTHING_HAPPENS`, which many tests lean on, names every hazard there is: nobody comes near a threshold."""
    plans = [plan for plan in library_plans() if len(plan.donors) == 1]
    plans += plans[: 16 - len(plans)]
    end = carried(block_of(plans, 100, parameters=NOTHING_HAPPENS)).chunks[-1]
    assert [name for name in HAZARDS if np.any(end.fates[name].risk)] == []
    assert end.alive.all()
