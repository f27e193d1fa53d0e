"""Typical values replaced for each patient: the same as replacing them for all, block by block, engine by engine."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dayzero.analyse.large import simulate_many
from dayzero.errors import DomainWarning, SpecError
from dayzero.simulation.cohort import simulate
from dayzero.simulation.course import Course
from dayzero.simulation.repeat import repeat
from simulation.wards import run

PLAN = "aml-sibling-pbsc"
NAME = "granulopoiesis.mucosal_demand"
TWO = (5.0, 12.0)


def halves(**options: Any) -> tuple[Course, Course]:
    """Everybody with the first value, and everybody with the second."""
    first, second = (run(PLAN, 20, 14, parameters={NAME: value}, **options) for value in TWO)
    return first, second


@pytest.mark.parametrize("engine", ["vector", "jax"])
def test_a_value_for_each_patient_is_that_value_for_all_read_patient_by_patient(engine: str) -> None:
    whose = np.arange(20) % 2
    mixed = run(PLAN, 20, 14, parameters={NAME: np.array(TWO)[whose]}, engine=engine, block=16)
    for at, one in enumerate(halves(engine=engine, block=16)):
        rows = whose == at
        assert np.array_equal(mixed.neutrophils[rows], one.neutrophils[rows])
        assert not np.array_equal(mixed.neutrophils[~rows], one.neutrophils[~rows])


def test_patients_of_several_plans_keep_their_own_values() -> None:
    plans = [PLAN, "auto-mel200-myeloma"] * 2
    mixed = run(plans, [0, 0, 1, 1], 14, parameters={NAME: [5.0, 12.0, 12.0, 5.0]})
    for at, (plan, number, value) in enumerate(zip(plans, [0, 0, 1, 1], [5.0, 12.0, 12.0, 5.0], strict=True)):
        alone = run(plan, [number], 14, parameters={NAME: value})
        day = mixed.days >= alone.days[0]
        assert np.allclose(mixed.neutrophils[at][day], alone.neutrophils[0], rtol=1e-4)


def test_members_are_dealt_out_by_the_number_of_the_patient() -> None:
    dealt = run(PLAN, [7, 2, 4], 10, parameters={NAME: {"members": list(TWO)}})
    first, second = (run(PLAN, [7, 2, 4], 10, parameters={NAME: value}) for value in TWO)
    assert np.array_equal(dealt.neutrophils[0], second.neutrophils[0])
    assert np.array_equal(dealt.neutrophils[1:], first.neutrophils[1:])


@pytest.mark.parametrize("value", [[5.0, 12.0, 8.0], {"members": [5.0, 12.0]}], ids=["list", "members"])
def test_a_run_with_values_of_its_patients_repeats_from_its_record(value: Any) -> None:
    course = run(PLAN, 3, 10, parameters={NAME: value})
    again = repeat(json.loads(json.dumps(course.record)))
    assert np.array_equal(again.neutrophils, course.neutrophils)
    assert again.record["parameters"] == course.record["parameters"]


def test_some_of_the_patients_keep_their_values() -> None:
    course = run(PLAN, 3, 10, parameters={NAME: [5.0, 12.0, 8.0]})
    assert course.only([2, 0]).record["parameters"] == {NAME: [8.0, 5.0]}


def test_a_large_cohort_deals_members_out_as_a_small_one_does(tmp_path: Path) -> None:
    parameters = {NAME: {"members": [5.0, 8.0, 12.0]}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DomainWarning)
        cohort = simulate_many(PLAN, tmp_path / "all", 8, 40, chunk=3, parameters=parameters, workers=1)
        whole = simulate_many(PLAN, tmp_path / "once", 8, 40, chunk=8, parameters=parameters, workers=1)
        others = simulate_many(PLAN, tmp_path / "none", 8, 40, chunk=8, workers=1)
    assert cohort.table_digest() == whole.table_digest() != others.table_digest()


def test_a_large_cohort_takes_no_list_of_values(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="one value for each patient"):
        simulate_many(PLAN, tmp_path / "new", 8, 40, parameters={NAME: [2.0] * 8})


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([2.0, 3.0], "2 values"),
        ([2.0, -1.0, 2.0], "-1.0"),
        ([2.0, float("nan"), 2.0], "nan"),
        ({"members": []}, "members"),
        ({"member": [2.0]}, "members"),
        ({"members": [2.0, "x"]}, "'x'"),
        ("much", "'much'"),
    ],
)
def test_values_that_cannot_be_used_are_one_sentence(value: Any, said: str) -> None:
    with pytest.raises(SpecError) as problem:
        simulate(PLAN, 3, 5, parameters={NAME: value})
    assert said in str(problem.value) and "\n" not in str(problem.value)
