"""The bed, morning by morning, with reports given by hand, and days at home of whole cohorts."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from dayzero.analyse.outcomes import outcomes
from dayzero.clinic import hospital as ward
from dayzero.spec import Plan
from simulation.wards import run

CARE = SimpleNamespace(hospital_discharge_anc=0.5, hospital_earliest_day=10, hospital_well_days=2,
                       hospital_least_stay=5, weight_kg=70.0)  # fmt: skip
WELL = {"neutrophils": 2.0, "temperature": 36.8, "oxygen_need": 0.0, "rash": 0.0, "bilirubin": 0.6,
        "stool_volume": 150.0, "fresh": 1.0, **dict.fromkeys(ward.SERIOUS, 0.0)}  # fmt: skip


def inside(
    changes: dict[int, dict[str, float]], usual: dict[str, float] | None = None, last_day: int = 40
) -> list[int]:
    """Days in hospital from day 1; reports are those of a well patient but for the days that ``changes`` names."""
    memory, days = ward.start(), []
    for day in range(1, last_day + 1):
        seen = SimpleNamespace(**(WELL | (usual or {}) | changes.get(day, {})))
        orders, memory = ward.decide(memory, seen, float(day), CARE)
        assert sum(map(float, orders)) == 0
        days += [day] if memory.inside else []
    return days


def test_a_well_patient_goes_home_after_two_mornings_from_the_earliest_day() -> None:
    assert inside({}) == list(range(1, 11))


def test_nobody_goes_home_before_neutrophils_are_back() -> None:
    low = {day: {"neutrophils": 0.4} for day in range(1, 18)}
    assert inside(low) == list(range(1, 19))
    assert inside({}, usual={"neutrophils": 0.4}) == list(range(1, 41))


def test_fever_and_oxygen_keep_a_patient_in() -> None:
    assert inside({day: {"temperature": 38.2} for day in range(8, 15)})[-1] == 15
    assert inside({day: {"oxygen_need": 2.0} for day in range(8, 15)})[-1] == 15


def test_a_serious_event_brings_a_patient_back_for_the_least_stay() -> None:
    assert inside({20: {"onset_bacteremia": 1.0}}) == [*range(1, 11), *range(20, 26)]


def test_severe_gvhd_brings_a_patient_back_until_it_is_better() -> None:
    severe = {day: {"stool_volume": 1200.0} for day in range(25, 32)}
    assert inside(severe) == [*range(1, 11), *range(25, 37)]


def test_counts_and_signs_are_known_from_reports_only() -> None:
    unseen = {day: {"temperature": 39.0, "neutrophils": 0.1, "fresh": 0.0} for day in range(8, 15)}
    assert inside(unseen) == inside({})


def test_gentle_conditioning_costs_fewer_days_in_hospital() -> None:
    outpatients = {"hospital": {"earliest_day": 0}}
    gentle = Plan.load("nma-flu-tbi2").but(care=outpatients)
    full = Plan.load("aml-sibling-pbsc").but(care=outpatients)
    mild, harsh = (run(plan, 64, 100) for plan in (gentle, full))
    stay = [c.in_hospital[:, c.days >= 1].sum(axis=1).mean() for c in (mild, harsh)]
    assert stay[0] < 0.7 * stay[1]
    table = {(m.name, m.day): m.value for m in outcomes(mild, 100).means}
    assert table["days_at_home", 100] < table["days_alive", 100] - 0.5
    home = (mild.living & (mild.in_hospital == 0))[:, (mild.days >= 1) & (mild.days <= 100)].sum(axis=1)
    assert np.isclose(table["days_at_home", 100], home[mild.deaths()[0] >= 0].mean())
