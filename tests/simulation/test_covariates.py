"""Who a virtual patient is: drawn around the plan, each field by itself, and dosed by size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dayzero.module import COVARIATES, DISEASE_GROUPS
from dayzero.simulation.assemble import standard_body
from dayzero.simulation.covariates import covariates, disease_group, draw, fat_free_mass
from dayzero.simulation.dosing import Rule, dosing_weight, rule_for
from dayzero.simulation.prepare import differences
from dayzero.simulation.streams import patient_key
from dayzero.spec import Plan, Population
from dayzero.spec.population import VARIABLE_FIELDS
from dayzero.spec.vocabulary import DIAGNOSES, STATUSES
from simulation.wards import prepared, random_plans

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


def person(plan: Plan | str, patients: int = MANY, typical: bool = False) -> dict[str, Any]:
    """Covariates of patients of a plan."""
    plan = Plan.load(plan)
    return covariates(plan, KEY[:patients], 1 + len(plan.donors), typical)


def test_comorbidity_comes_in_whole_points_and_karnofsky_in_tens() -> None:
    points = drawn("patient.hct_ci", kind="normal", mean=2, sd=1.5, low=0, high=9)
    score = drawn("patient.karnofsky", kind="uniform", low=55, high=100)
    assert set(range(7)) <= set(points) <= set(range(10))
    assert set(score) == {60.0, 70.0, 80.0, 90.0, 100.0}
    assert set(drawn("patient.hct_ci", kind="empirical", values=[0, 0, 3])) == {0.0, 3.0}


def test_shares_of_serology_donor_sex_and_residual_disease_are_those_asked_for() -> None:
    asked = {"cmv_recipient_fraction": 0.6, "cmv_donor_fraction": 0.4, "female_donor_fraction": 0.3,
             "mrd_fraction": 0.25}  # fmt: skip
    who = person(PLAN.but(population=asked))
    assert who["cmv_recipient"].mean() == pytest.approx(0.6, abs=0.03)
    assert who["donor_cmv"][1].mean() == pytest.approx(0.4, abs=0.03)
    assert who["donor_female"][1].mean() == pytest.approx(0.3, abs=0.03)
    assert who["disease_mrd"].mean() == pytest.approx(0.25, abs=0.03)
    assert np.all(who["disease_remission"] + who["disease_mrd"] == 1)
    pairs = np.corrcoef([who["cmv_recipient"], who["donor_cmv"][1], who["donor_female"][1], who["disease_mrd"]])
    assert np.all(np.abs(pairs - np.eye(4)) < 0.05)


@pytest.mark.parametrize("typical", [True, False])
def test_without_a_share_the_plans_own_answer_holds(typical: bool) -> None:
    for yes in (True, False):
        sex = "female" if yes else "male"
        plan = PLAN.but(patient={"cmv_seropositive": yes, "mrd_positive": yes, "hct_ci": 4, "karnofsky": 70},
                        donor={"cmv_seropositive": not yes, "sex": sex})  # fmt: skip
        who = person(plan, 50, typical)
        assert np.all(who["cmv_recipient"] == yes) and np.all(who["donor_cmv"][1] == (not yes))
        assert np.all(who["donor_female"][1] == yes) and np.all(who["disease_mrd"] == yes)
        assert np.all(who["hct_ci"] == 4) and np.all(who["karnofsky"] == 70)


def test_the_typical_patient_is_the_plans_own_whatever_the_shares() -> None:
    all_yes = dict.fromkeys(
        ("cmv_recipient_fraction", "cmv_donor_fraction", "female_donor_fraction", "mrd_fraction"), 1
    )
    who = person(PLAN.but(population=all_yes, donor={"sex": "male"}), 20, typical=True)
    assert not who["cmv_recipient"].any() and not who["donor_cmv"][1].any()
    assert not who["donor_female"][1].any() and not who["disease_mrd"].any()


def test_asking_for_a_share_moves_no_other_draw() -> None:
    one, two = person(PLAN), person(PLAN.but(population={"cmv_recipient_fraction": 0.5, "mrd_fraction": 0.5}))
    moved = {name for name in one if not np.array_equal(np.asarray(one[name]), np.asarray(two[name]))}
    assert moved == {"cmv_recipient", "disease_mrd", "disease_remission"}


def test_an_autologous_donor_is_the_patient() -> None:
    plan = Plan.load("auto-mel200-myeloma").but(population={"cmv_recipient_fraction": 0.5, "cmv_donor_fraction": 1})
    who = person(plan)
    assert np.array_equal(who["donor_cmv"][1], who["cmv_recipient"]) and 0 < who["cmv_recipient"].mean() < 1
    assert np.array_equal(who["donor_female"][1], 1 - who["male"])
    assert np.all(who["donor_is_self"][1] == 1) and np.all(who["hla_mismatch"][1] == 0)
    assert np.all(who["allogeneic"] == 0) and np.all(person("aml-sibling-pbsc")["allogeneic"] == 1)


@pytest.mark.parametrize(
    ("donor", "source", "mismatched", "unrelated"),
    [
        ({"kind": "matched_sibling"}, "marrow", 0, 0),
        ({"kind": "matched_unrelated"}, "marrow", 0, 1),
        ({"kind": "mismatched_unrelated"}, "marrow", 1, 1),
        ({"kind": "mismatched_unrelated", "hla_matched": 9, "hla_of": 10}, "marrow", 0.8, 1),
        ({"kind": "haploidentical"}, "marrow", 4, 0),
        ({"kind": "haploidentical", "hla_matched": 5, "hla_of": 10}, "marrow", 4, 0),
        ({"kind": "cord_unrelated"}, "cord", 2, 1),
        ({"kind": "cord_unrelated", "hla_matched": 5, "hla_of": 8}, "cord", 3, 1),
        ({"kind": "syngeneic"}, "marrow", 0, 0),
    ],
    ids=str,
)
def test_mismatches_are_counted_of_eight(donor: dict[str, Any], source: str, mismatched: float, unrelated: int) -> None:
    plan = Plan.load({**PLAN.plain(), "donor": donor, "graft": {"source": source}})
    who = person(plan, 3)
    assert np.all(who["hla_mismatch"][0] == 0)
    assert who["hla_mismatch"][1] == pytest.approx([mismatched] * 3)
    assert np.all(who["donor_is_unrelated"][1] == unrelated)


def test_the_host_and_a_missing_second_donor_bring_no_cells() -> None:
    who = covariates(PLAN, KEY[:3], 3)
    for name in (n for n in COVARIATES if n.startswith(("graft_", "donor_", "hla_"))):
        for origin in (0, 2):
            assert np.all(who[name][origin] == (name == "donor_is_self")), name  # nobody is foreign


def test_two_cord_units_have_each_their_own_cells_and_sex() -> None:
    plan = Plan.load("double-cord")
    who = person(plan, 200)
    assert who["graft_cd3_per_kg"][2] == pytest.approx([3e6 * plan.grafts[1].viable_fraction] * 200)
    assert np.all(who["donor_female"][2] == 1)
    assert 0 < who["donor_female"][1].mean() < 1


@pytest.mark.parametrize("diagnosis", DIAGNOSES)
def test_every_disease_has_one_group_and_one_burden_class_at_most(diagnosis: str) -> None:
    assert f"disease_{disease_group(diagnosis)}" in COVARIATES  # pyright: ignore[reportArgumentType]
    for status in STATUSES:
        who = person(PLAN.but(patient={"diagnosis": diagnosis, "status": status}), 2)
        assert sum(who[f"disease_{group}"][0] for group in DISEASE_GROUPS) == 1
        burden = who["disease_remission"][0] + who["disease_mrd"][0] + who["disease_active"][0]
        assert burden == (status != "not_applicable")


@pytest.mark.parametrize(
    ("diagnosis", "group"),
    [("mpn", "cml"), ("myelofibrosis", "cml"), ("cll", "indolent_lymphoma"), ("aplastic_anemia", "aplastic"),
     ("other_malignant", "aggressive_lymphoma"), ("thalassemia", "other"), ("sickle_cell_disease", "other"),
     ("myeloma", "myeloma")],
)  # fmt: skip
def test_a_diagnosis_belongs_to_its_group(diagnosis: str, group: str) -> None:
    assert disease_group(diagnosis) == group  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("told", "burden"),
    [
        ({"status": "remission_1"}, "remission"),
        ({"status": "remission_2_or_later", "mrd_positive": False}, "remission"),
        ({"status": "remission_1", "mrd_positive": True}, "mrd"),
        ({"status": "partial_remission"}, "mrd"),
        ({"status": "stable"}, "mrd"),
        ({"status": "chronic_phase"}, "mrd"),
        ({"status": "active", "mrd_positive": True}, "active"),
        ({"status": "untreated"}, "active"),
        ({"status": "blast_phase"}, "active"),
        ({"status": "accelerated_phase"}, "active"),
    ],
    ids=str,
)
def test_status_and_residual_disease_make_the_burden(told: dict[str, Any], burden: str) -> None:
    who = person(PLAN.but(patient=told), 1)
    assert [name for name in ("remission", "mrd", "active") if who[f"disease_{name}"][0]] == [burden]


def test_residual_disease_is_drawn_in_remission_only() -> None:
    for status in ("active", "partial_remission", "not_applicable"):
        plan = PLAN.but(patient={"status": status})
        one, two = person(plan, 50), person(plan.but(population={"mrd_fraction": 1}), 50)
        for name in ("disease_remission", "disease_mrd", "disease_active"):
            assert np.array_equal(one[name], two[name])


@pytest.mark.parametrize(
    ("risk", "number"), [(None, 0), ("low", -1), ("intermediate", 0), ("high", 1), ("very_high", 2)]
)
def test_the_risk_group_is_a_number_about_intermediate(risk: str | None, number: int) -> None:
    assert person(PLAN.but(patient={"disease_risk": risk}), 1)["disease_risk"][0] == number


def test_a_spread_of_t_cells_scales_naive_and_regulatory_ones_alike() -> None:
    spread = {"fields": {"graft.cd3_per_kg": {"kind": "lognormal", "cv": 0.4, "relative": True}}}
    who = person(PLAN.but(population=spread))
    doses = PLAN.graft.doses()
    shares = [who[f"graft_{subset}_per_kg"][1] / doses[subset] for subset in ("cd3", "naive_t", "treg")]
    assert np.allclose(shares[0], shares[1]) and np.allclose(shares[0], shares[2])
    assert np.std(shares[0]) > 0.2 and np.median(shares[0]) == pytest.approx(1, abs=0.03)
    for other in ("cd34", "nk", "b"):
        assert np.all(who[f"graft_{other}_per_kg"][1] == doses[other])


def test_cells_are_counted_after_manipulation_and_thawing() -> None:
    graft = {"log10_depletion": {"cd3": 4, "b": 2}, "cryopreserved": True, "viability": 0.5, "cd34_per_kg": 6e6}
    who = person(PLAN.but(graft=graft), 2)
    doses = Plan.load("aml-sibling-pbsc").graft.doses()
    assert who["graft_cd34_per_kg"][1] == pytest.approx([3e6] * 2)
    assert who["graft_cd3_per_kg"][1] == pytest.approx([doses["cd3"] * 0.5e-4] * 2)
    assert who["graft_treg_per_kg"][1] == pytest.approx([doses["treg"] * 0.5e-4] * 2)
    assert who["graft_b_per_kg"][1] == pytest.approx([doses["b"] * 0.5e-2] * 2)
    assert who["graft_nk_per_kg"][1] == pytest.approx([doses["nk"] * 0.5] * 2)


def test_any_plan_makes_finite_people_with_every_covariate() -> None:
    for plan in random_plans(25):
        who = person(plan, 40)
        for name, signal in COVARIATES.items():
            values = np.asarray(who[name])
            assert values.shape == ((1 + len(plan.donors), 40) if signal.per_origin else (40,)), name
            assert np.all(np.isfinite(values)), name
        t_cells, parts = who["graft_cd3_per_kg"], (who["graft_naive_t_per_kg"], who["graft_treg_per_kg"])
        for o in range(1 + len(plan.donors)):
            assert np.all(parts[0][o] + parts[1][o] <= t_cells[o] * (1 + 1e-9))


@pytest.mark.parametrize("name", [n for n, p in standard_body().parameters().items() if p.between_patient])
def test_a_parameter_varies_about_its_typical_value_as_wide_as_it_says(name: str) -> None:
    parameter = standard_body().parameters()[name]
    value = parameter.typical * differences([parameter], KEY)[0]
    assert np.median(value) == pytest.approx(parameter.typical, rel=0.05 * max(1, 3 * parameter.between_patient))
    assert np.log(value).std() == pytest.approx(np.sqrt(np.log1p(parameter.between_patient**2)), rel=0.06)


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
