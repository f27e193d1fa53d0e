"""Lymphocytes, serotherapy, disease and alloreactivity, each by itself: their files run on plain numbers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dayzero.biology import alloreactivity, disease, lymphocytes, serotherapy

AGES = (1, 5, 10, 15, 20, 45, 70)
NOBODY = (0.0, 0.0)


def numbers(file: Any, **covariates: Any) -> SimpleNamespace:
    """Typical parameters, constants and covariates of one patient, as the engine would pass them."""
    own = {name: parameter.typical for name, parameter in file.PARAMETERS.items()}
    used = dict(dict.fromkeys(file.USES if hasattr(file, "USES") else (), 0.0), **covariates)
    derived = file.derive(SimpleNamespace(**own), SimpleNamespace(**used)) if hasattr(file, "derive") else {}
    return SimpleNamespace(**(own | used | derived))


def host(age: float, **more: Any) -> SimpleNamespace:
    doses = ("graft_cd3_per_kg", "graft_naive_t_per_kg", "graft_treg_per_kg", "graft_nk_per_kg", "graft_b_per_kg")
    grafts = dict.fromkeys((*doses, "graft_is_cord"), NOBODY)
    return numbers(lymphocytes, age_years=age, **(grafts | more))


def calm(**changed: Any) -> SimpleNamespace:
    """A quiet day: marrow at rest, no drug, no attack."""
    quiet = dict.fromkeys(lymphocytes.NEEDS, 0.0) | {
        "multipotent_output": (1.0, 0.0), "infused": NOBODY, "immune_attack": NOBODY,
        "surviving_t_cell": 1.0, "surviving_treg": 1.0, "surviving_b_cell": 1.0, "surviving_nk_cell": 1.0,
    }  # fmt: skip
    return SimpleNamespace(**(quiet | changed))


def flat(state: Any) -> np.ndarray:
    return np.array([x for part in state for x in (flat(part) if isinstance(part, tuple) else [float(part)])])


@pytest.mark.parametrize("age", AGES)
def test_a_healthy_person_of_any_age_stands_still(age: float) -> None:
    p = host(age)
    rates = lymphocytes.rates(lymphocytes.start(p, 2), p, calm())
    assert np.max(np.abs(flat(rates))) < 1e-9


@pytest.mark.parametrize("age", AGES)
def test_naive_cells_never_need_a_negative_renewal(age: float) -> None:
    p = host(age)
    assert 0 <= p.naive_renewal <= p.naive_loss


def test_a_child_has_the_naive_cells_of_reference_values() -> None:
    expected = {2: 1500, 5: 900, 15: 500}
    for age, count in expected.items():
        assert host(age).naive_health == pytest.approx(count, rel=0.15)


def test_set_points_fall_with_age() -> None:
    values = [host(age).naive_health for age in AGES]
    assert values == sorted(values, reverse=True)


def expanded(age: float, days: int, **day: Any) -> Any:
    """A host emptied of lymphocytes, with a graft's worth, left to fill up (Euler, quarter days)."""
    p = host(age, graft_cd3_per_kg=(0.0, 2.5e8), graft_naive_t_per_kg=(0.0, 1e8), graft_treg_per_kg=(0.0, 1e7))
    y = lymphocytes.start(p, 2)
    y = y._replace(cells=tuple(lymphocytes.Cells(*(0.0 for _ in c)) for c in y.cells))
    y = lymphocytes.jump(y, p, calm(infused=(0.0, 1.0)))
    s = calm(multipotent_output=(0.0, 1.0), **day)
    step = 0.25
    for _ in range(int(days / step)):
        rates = lymphocytes.rates(y, p, s)
        y = moved(y, rates, step)
    return lymphocytes.signals(y, p)


def moved(y: Any, rates: Any, step: float) -> Any:
    if isinstance(y, tuple):
        parts = [moved(a, b, step) for a, b in zip(y, rates, strict=True)]
        return type(y)(*parts) if hasattr(y, "_fields") else tuple(parts)
    return y + step * rates


def test_a_calcineurin_inhibitor_and_steroid_slow_the_return_of_t_cells() -> None:
    free, slowed = expanded(45, 60), expanded(45, 60, calcineurin=1.0, steroid_mg_per_kg=1.0)
    assert slowed["cd4"] < free["cd4"] and slowed["cd8"] < free["cd8"]


def test_children_make_new_naive_cells_faster_than_the_old() -> None:
    assert expanded(5, 365)["naive_cd4"] > 3 * expanded(60, 365)["naive_cd4"]


def after(cord: float, days: int) -> Any:
    """Blood of an adult with a graft of few naive T cells, cord blood or not, under a calcineurin inhibitor."""
    doses = {"graft_cd3_per_kg": (0.0, 5e6), "graft_naive_t_per_kg": (0.0, 4.5e6), "graft_treg_per_kg": (0.0, 2e5)}
    p = host(40, **doses, graft_is_cord=(0.0, cord))
    y = lymphocytes.start(p, 2)
    y = y._replace(cells=tuple(lymphocytes.Cells(*(0.0 for _ in c)) for c in y.cells))
    y = lymphocytes.jump(y, p, calm(infused=(0.0, 1.0)))
    s = calm(multipotent_output=(0.0, 1.0), calcineurin=1.0)
    for _ in range(4 * days):
        y = moved(y, lymphocytes.rates(y, p, s), 0.25)
    return lymphocytes.signals(y, p)


def test_as_many_naive_cells_of_cord_blood_give_more_cd4_and_fewer_cd8_than_an_adults() -> None:
    cord, adult = after(1.0, 80), after(0.0, 80)
    assert cord["cd4"] > 1.5 * adult["cd4"] and cord["cd8"] < 0.5 * adult["cd8"]


def test_cord_blood_makes_more_nk_and_b_cells() -> None:
    cord, adult = after(1.0, 180), after(0.0, 180)
    assert cord["b_cells"] > 1.2 * adult["b_cells"] and cord["nk_cells"] > 1.2 * adult["nk_cells"]


def test_more_of_the_emerging_b_cells_live_while_b_cells_are_few() -> None:
    p = host(40)
    y = lymphocytes.start(p, 2)

    def arriving(share: float) -> float:
        own = y.cells[0]._replace(b=share * p.b_health)
        rates = lymphocytes.rates(y._replace(cells=(own, y.cells[1])), p, calm())
        return rates.cells[0].b + p.b_loss * own.b

    assert arriving(0.0) > 1.5 * arriving(1.0) and arriving(1.5) == pytest.approx(arriving(1.0))


def test_graft_versus_host_disease_delays_b_cells_and_the_thymus() -> None:
    well, ill = expanded(30, 180), expanded(30, 180, gvhd_damage=0.4)
    assert ill["b_cells"] < 0.9 * well["b_cells"] and ill["naive_cd4"] < well["naive_cd4"]


@pytest.mark.parametrize("cord", (0.0, 1.0))
def test_globulin_slows_the_t_cells_of_every_graft(cord: float) -> None:
    doses = {"graft_cd3_per_kg": (0.0, 2e7), "graft_naive_t_per_kg": (0.0, 1e7), "graft_treg_per_kg": (0.0, 1e6)}
    p = host(40, **doses, graft_is_cord=(0.0, cord))
    y = lymphocytes.jump(lymphocytes.start(p, 2), p, calm(infused=(0.0, 1.0)))
    free, slowed = (lymphocytes.rates(y, p, calm(antibody_on_t_cell=loss)).cells[1] for loss in (0.0, 0.1))
    assert all(getattr(slowed, name) < getattr(free, name) for name in ("naive_cd4", "memory_cd4", "cd8", "treg"))


def test_globulin_lasts_longer_where_there_are_few_cells_to_bind_it() -> None:
    p = numbers(serotherapy)
    y = serotherapy.State(5.0, 0.0)
    doses = dict.fromkeys(serotherapy.NEEDS, 0.0)
    few, many = (serotherapy.rates(y, p, SimpleNamespace(**(doses | {"t_cells": t}))) for t in (0.01, 1.0))
    assert many.globulin < few.globulin < 0


def patient(**covariates: Any) -> SimpleNamespace:
    told = {"hla_mismatch": NOBODY, "donor_is_self": NOBODY, "graft_is_cord": NOBODY, "disease_aml": 1.0,
            "disease_remission": 1.0, "frailty": 1.0}  # fmt: skip
    return numbers(disease, **(told | covariates))


def test_measurable_and_active_disease_start_with_more_cells() -> None:
    clean = patient().burden_start
    residual = patient(disease_remission=0.0, disease_mrd=1.0).burden_start
    active = patient(disease_remission=0.0, disease_active=1.0).burden_start
    assert clean < residual < active


def test_a_patient_without_malignant_disease_has_no_burden() -> None:
    p = patient(disease_aml=0.0, disease_remission=0.0, disease_aplastic=1.0)
    assert p.burden_start == 0.0 and p.resistant_start == 0.0
    assert disease.signals(disease.start(p, 2), p)["autoimmune_attack"] > 0


def quiet_disease(**changed: Any) -> SimpleNamespace:
    calm = dict.fromkeys(disease.NEEDS, 0.0) | {
        "immune_attack": NOBODY, "killers_by_origin": (1.0, 1.0), "infused": NOBODY, "surviving_disease": 1.0,
        "surviving_t_cell": 1.0, "t_cells_by_origin": NOBODY, "sensitive_chance": 0.5, "resistant_chance": 0.5,
    }  # fmt: skip
    return SimpleNamespace(**(calm | changed))


def test_the_graft_holds_back_disease_and_calcineurin_inhibitor_holds_back_the_graft() -> None:
    p = patient()
    y = disease.start(p, 2)
    growth = [disease.rates(y, p, quiet_disease(**s)).sensitive for s in (
        {"killers_by_origin": (1.0, 0.0)}, {"calcineurin": 1.0}, {})]  # fmt: skip
    assert growth[0] > growth[1] > growth[2]


def test_the_patients_own_cells_have_no_effect_on_the_disease() -> None:
    p = patient(donor_is_self=(0.0, 1.0))
    y = disease.start(p, 2)
    with_killers, without = (disease.rates(y, p, quiet_disease(killers_by_origin=(0.0, k))) for k in (1.0, 0.0))
    assert with_killers.sensitive == without.sensitive > 0


def response(**given: float) -> tuple[float, float]:
    """Growth of the disease and the hazard of death after relapse, 30 days after it was found, at a burden of 1e11."""
    p = patient()
    y = disease.start(p, 2)._replace(sensitive=0.1, relapsed=1.0, until_relapse=200.0, since_relapse=30.0, watched=1.0)
    y = disease.jump(y, p, quiet_disease(**given))
    s = quiet_disease(killers_by_origin=(0.0, 0.5))
    return float(disease.rates(y, p, s).sensitive), float(disease.hazards(y, p, s)["relapse_death"])


def held_back(**donor: tuple[float, float]) -> float:
    """Loss of visible disease to a donor's killers, growth taken off."""
    p = patient(**donor)
    return p.growth - float(disease.rates(disease.start(p, 2), p, quiet_disease()).sensitive / p.burden_start)


def test_killers_that_see_foreign_hla_and_those_of_cord_blood_hold_disease_better() -> None:
    matched, half, cord = held_back(), held_back(hla_mismatch=(0.0, 4.0)), held_back(graft_is_cord=(0.0, 1.0))
    assert 1.1 * matched < half < 1.6 * matched < cord
    assert held_back(donor_is_self=(0.0, 1.0), hla_mismatch=(0.0, 4.0)) < 0.01 * matched


def test_donor_lymphocytes_at_relapse_can_turn_its_course() -> None:
    """They work although the disease has exhausted those before them, and less burden is less death."""
    untreated, treated = response(), response(donor_lymphocytes_per_kg=1e7)
    assert treated[0] < untreated[0] and untreated[0] > 0
    p = patient()
    y = disease.start(p, 2)._replace(relapsed=1.0, until_relapse=200.0)
    dying = [disease.hazards(y._replace(sensitive=b), p, quiet_disease())["relapse_death"] for b in (1e-6, 0.03, 1.0)]
    assert dying == sorted(dying) and dying[0] < 1e-3 * dying[2]


def pace(**covariates: Any) -> float:
    """Hazard of death after relapse relative to AML of an adult of 50 in the 2010s."""
    return float(patient(**covariates).relapse_pace)


def test_death_after_relapse_is_slower_in_slow_disease_in_the_fit_and_in_later_decades() -> None:
    other = {"disease_aml": 0.0, "disease_remission": 0.0, "disease_mrd": 1.0}
    assert pace() == pytest.approx(1)
    assert pace(**other, disease_myeloma=1.0) < 0.5 < pace(**other, disease_aggressive_lymphoma=1.0) < 1
    assert pace(frailty=0.35) < 0.7 < 1.3 < pace(frailty=2.0)
    assert pace(relapse_treatment=-2.0) > 1.3 > 1 > pace(relapse_treatment=1.0)
    then, now = (pace(**other, disease_myeloma=1.0, relapse_treatment=t) for t in (-2.0, 0.0))
    assert then / now > pace(relapse_treatment=-2.0)


def test_disease_of_higher_risk_starts_larger_grows_faster_and_is_held_back_less() -> None:
    low, high = patient(disease_risk=-1.0), patient(disease_risk=1.0)
    assert low.burden_start < high.burden_start and low.growth < high.growth
    assert low.graft_effect / low.growth > high.graft_effect / high.growth


def test_slow_diseases_differ_more_between_patients_than_acute_leukemia() -> None:
    usual = {"disease_aml": 0.0, "disease_remission": 0.0, "disease_mrd": 1.0}
    spread = {}
    for group in ("aml", "myeloma"):
        told = usual | {f"disease_{group}": 1.0}
        p = patient(**told)
        fast = disease.derive(SimpleNamespace(**vars(p) | {"growth_spread": 2.0}), p)
        spread[group] = fast["growth"] / p.growth
    assert spread["aml"] == pytest.approx(2) and spread["myeloma"] > 3


def test_maintenance_drugs_differ_and_act_on_their_diseases_only() -> None:
    taken = {drug: patient(**{f"maintenance_by_{drug}": 1.0}).maintenance_taken for drug in disease.DRUGS}
    assert len(set(taken.values())) > 2 and patient().maintenance_taken == 0
    growth = {}
    for drug in disease.DRUGS:
        p = patient(**{f"maintenance_by_{drug}": 1.0})
        s = quiet_disease(killers_by_origin=NOBODY, maintenance=1.0)
        growth[drug] = float(disease.rates(disease.start(p, 2), p, s).sensitive)
    assert growth["tki"] < growth["flt3_inhibitor"] < growth["hypomethylating"]


def test_the_attack_of_aplastic_anemia_returns_only_with_the_patients_t_cells() -> None:
    p = patient(disease_aml=0.0, disease_remission=0.0, disease_aplastic=1.0)
    y = disease.start(p, 2)._replace(autoimmunity=0.1)
    none, some, many = (
        disease.rates(y, p, quiet_disease(t_cells_by_origin=(t, 0.0))).autoimmunity for t in (0.0, 100.0, 1000.0)
    )
    assert none == 0 < some < many


def test_few_cells_can_die_out_and_many_cannot() -> None:
    cell = 1e-12
    assert disease._by_chance(2 * cell, 0.05) == 0.0
    assert disease._by_chance(5e9 * cell, 0.05) == 5e9 * cell


def donor(**covariates: Any) -> SimpleNamespace:
    told = {
        "hla_mismatch": NOBODY, "donor_is_unrelated": NOBODY, "donor_is_self": NOBODY, "graft_is_cord": NOBODY,
        "donor_specific_antibody": NOBODY, "graft_naive_t_per_kg": (0.0, 1e8), "graft_is_blood": (0.0, 1.0),
        "graft_stem": (0.0, 1.0),
        "precursor_luck": (0.5, 0.5), "weight_kg": 70.0, "frailty": 1.0, "donor_female": NOBODY,
        "donor_lymphocytes_naive": 0.5,
    }  # fmt: skip
    return numbers(alloreactivity, **(told | covariates))


def test_mismatch_unrelatedness_and_naive_cells_bring_precursors() -> None:
    sibling = donor().graft_effectors[1]
    assert donor(donor_is_unrelated=(0.0, 1.0)).graft_effectors[1] > sibling
    assert donor(hla_mismatch=(0.0, 1.0)).graft_effectors[1] > sibling
    assert donor(graft_naive_t_per_kg=(0.0, 1e5)).graft_effectors[1] < sibling / 500


def test_a_woman_gives_a_man_more_precursors_and_a_man_in_a_woman_meets_more() -> None:
    """Minor antigens of the Y chromosome, in the direction in which they are foreign."""
    woman = (0.0, 1.0)
    assert donor(male=1.0, donor_female=woman).graft_effectors[1] > donor(male=1.0).graft_effectors[1]
    assert donor(donor_female=woman).graft_effectors[1] == donor(male=1.0).graft_effectors[1]
    assert donor().host_start > donor(donor_female=woman).host_start == donor(male=1.0, donor_female=woman).host_start


def test_mobilisation_of_the_donor_leaves_the_hosts_precursors_alone() -> None:
    assert donor(graft_is_blood=NOBODY).host_start == donor().host_start
    assert donor(graft_is_blood=NOBODY).graft_effectors[1] > donor().graft_effectors[1]


def test_the_patients_own_cells_bring_no_precursor_and_meet_none() -> None:
    p = donor(donor_is_self=(0.0, 1.0))
    assert p.graft_effectors == (0.0, 0.0) and p.host_start == 0.0
    attack = alloreactivity.signals(alloreactivity.start(p, 2), p)["immune_attack"]
    assert attack == (0.0, 0.0)


def test_units_attack_each_other_and_the_host_but_not_themselves() -> None:
    p = numbers(
        alloreactivity, hla_mismatch=(0.0, 2.0, 2.0), donor_is_unrelated=(0.0, 1.0, 1.0),
        donor_is_self=(0.0, 0.0, 0.0), graft_is_cord=(0.0, 1.0, 1.0), donor_specific_antibody=(0.0, 0.0, 0.0),
        graft_naive_t_per_kg=(0.0, 4e6, 4e6), graft_is_blood=(0.0, 0.0, 0.0), precursor_luck=(0.5, 0.5, 0.5),
        weight_kg=70.0, frailty=1.0, donor_female=(0.0, 0.0, 0.0),
        graft_stem=(0.0, 1.0, 1.0),
    )  # fmt: skip
    y = alloreactivity.start(p, 3)
    host_cells, first, second = y.cells
    y = y._replace(cells=(host_cells._replace(effectors=0.0), first._replace(effectors=10.0), second))
    on_host, on_first, on_second = alloreactivity.signals(y, p)["immune_attack"]
    assert on_host > on_second > 0 and on_first == 0.0


def test_regulatory_cells_hold_effectors_back() -> None:
    p = donor()
    y = alloreactivity.start(p, 2)
    y = y._replace(cells=(y.cells[0], y.cells[1]._replace(effectors=1.0)))
    cells = {"t_cells_by_origin": (0.0, 500.0), "stem_cells": (0.5, 0.5), "resting_graft": (0.0, 0.0)}
    quiet = dict.fromkeys(alloreactivity.NEEDS, 0.0) | cells
    with_treg, without = (
        alloreactivity.rates(y, p, SimpleNamespace(**(quiet | {"treg_by_origin": (0.0, treg)}))) for treg in (45.0, 0.0)
    )
    assert with_treg.cells[1].effectors < without.cells[1].effectors
