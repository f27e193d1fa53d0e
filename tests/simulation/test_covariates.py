"""Who a virtual patient is: drawn around the plan, each field by itself, and dosed by size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dayzero.simulation.assemble import standard_body
from dayzero.simulation.covariates import draw, fat_free_mass
from dayzero.simulation.dosing import Rule, dosing_weight, rule_for
from dayzero.simulation.prepare import individual
from dayzero.simulation.streams import patient_key
from dayzero.spec import Plan, Population
from dayzero.spec.population import VARIABLE_FIELDS
from simulation.wards import prepared

MANY = 5_000
KEY = patient_key(1, np.arange(MANY))
PLAN = Plan.load("aml-sibling-pbsc").but(population=Population())


def drawn(field: str, **spread: Any) -> np.ndarray:
    return draw(PLAN.but(population={"fields": {field: spread}}), KEY)[field]


def test_without_a_spread_everyone_is_the_plans_patient() -> None:
    values = draw(PLAN, KEY)
    assert all(np.all(values[field] == PLAN.value_of(field)) for field in VARIABLE_FIELDS)


def test_letting_a_second_field_vary_moves_no_draw_of_the_first() -> None:
    age = {"patient.age_years": {"kind": "normal", "sd": 5, "low": 18, "high": 66}}
    weight = {"patient.weight_kg": {"kind": "lognormal", "cv": 0.2}}
    one, two = (draw(PLAN.but(population={"fields": fields}), KEY) for fields in (age, age | weight))
    assert np.array_equal(one["patient.age_years"], two["patient.age_years"])
    assert len(np.unique(two["patient.weight_kg"])) > 0.9 * MANY


def test_spreads_have_the_centre_and_width_they_were_given() -> None:
    normal = drawn("patient.age_years", kind="normal", sd=4)
    assert (normal.mean(), normal.std()) == pytest.approx((45, 4), rel=0.05)
    lognormal = drawn("graft.cd34_per_kg", kind="lognormal", cv=0.4)
    assert np.median(lognormal) == pytest.approx(5e6, rel=0.03)
    assert lognormal.std() / lognormal.mean() == pytest.approx(0.4, rel=0.06)
    uniform = drawn("patient.age_years", kind="uniform", low=20, high=60)
    assert (uniform.min(), uniform.max()) == pytest.approx((20, 60), abs=0.1)
    assert set(drawn("patient.age_years", kind="empirical", values=[30, 40])) == {30.0, 40.0}


@pytest.mark.parametrize("kind", [{"kind": "normal", "sd": 20}, {"kind": "lognormal", "cv": 0.5}], ids=str)
def test_a_truncated_spread_is_drawn_inside_its_limits_without_a_pile_at_them(kind: dict[str, Any]) -> None:
    age = drawn("patient.age_years", **kind, low=30, high=60)
    assert np.all((age >= 30) & (age <= 60))
    assert np.mean((age == 30) | (age == 60)) < 0.01


@pytest.mark.parametrize("field", VARIABLE_FIELDS)
def test_a_drawn_value_keeps_the_limits_of_its_field(field: str) -> None:
    low, high = VARIABLE_FIELDS[field]
    value = drawn(field, kind="normal", sd=0.9, relative=True)
    assert np.all((value >= low) & (value <= high))


def test_shares_of_women_and_of_mismatch_are_those_asked_for() -> None:
    plan = PLAN.but(population={"female_fraction": 0.3, "major_abo_mismatch_fraction": 0.2})
    person = prepared(plan, 4000, typical=False).person
    assert 1 - person["male"].mean() == pytest.approx(0.3, abs=0.03)
    assert person["major_abo_mismatch"].mean() == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize("name", [n for n, p in standard_body().parameters().items() if p.between_patient])
def test_a_parameter_varies_about_its_typical_value_as_wide_as_it_says(name: str) -> None:
    parameter = standard_body().parameters()[name]
    value = individual(parameter, KEY)
    assert np.median(value) == pytest.approx(parameter.typical, rel=0.05 * max(1, 3 * parameter.between_patient))
    assert np.log(value).std() == pytest.approx(np.sqrt(np.log1p(parameter.between_patient**2)), rel=0.06)
    assert np.all(individual(parameter, KEY, typical=True) == parameter.typical)
    assert np.allclose(individual(parameter, KEY, 2 * parameter.typical), 2 * value)


def test_fat_free_mass_is_that_of_ordinary_people() -> None:
    man, woman = fat_free_mass(75.0, 175.0, 45.0, 1.0), fat_free_mass(62.0, 163.0, 45.0, 0.0)
    assert 55 < man < 62
    assert 38 < woman < 46
    assert np.all(fat_free_mass(np.array([10.0, 32.0]), np.array([76.0, 138.0]), np.array([1.0, 10.0]), 1.0) < [10, 32])


@pytest.mark.parametrize(
    ("rule", "weight", "height", "age", "by"),
    [
        ("adjusted", 75, 175, 45, 70.5),
        ("adjusted", 60, 175, 45, 60),
        ("adjusted", 120, 175, 45, 82.8),
        ("adjusted", 20, 110, 6, 20),
        ("adjusted", 60, 145, 45, 60),
        ("lower", 110, 175, 45, 70.5),
        ("thiotepa", 120, 175, 45, 90.3),
        ("thiotepa", 80, 175, 45, 80),
        ("actual", 120, 175, 45, 120),
    ],
)
def test_each_drug_is_dosed_by_its_weight(rule: Rule, weight: int, height: int, age: int, by: float) -> None:
    person = {"weight_kg": np.array(float(weight)), "height_cm": np.array(float(height)), "male": 1.0, "age_years": age}
    assert dosing_weight(person, rule) == pytest.approx(by, rel=0.01)


def test_cyclophosphamide_of_aplastic_anemia_is_dosed_by_the_lower_weight() -> None:
    assert [rule_for("cyclophosphamide", total) for total in (120, 200)] == ["adjusted", "lower"]
    assert [rule_for(drug) for drug in ("busulfan", "thiotepa", "melphalan")] == ["adjusted", "thiotepa", "actual"]
