"""Conditioning and serotherapy: exposure to a dose, and what it kills."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from biology.test_organ_toxicity import live
from dayzero.biology import serotherapy
from dayzero.biology.conditioning import CLASSES, DRUGS, drug_kill, exposure
from dayzero.simulation.prepare import Prepared
from dayzero.spec import Plan, Population
from dayzero.spec.vocabulary import DRUGS as KNOWN
from dayzero.spec.vocabulary import SEROTHERAPY_DRUGS as ANTIBODIES
from simulation.wards import prepared

CHEMOTHERAPY = tuple(drug for drug in KNOWN if drug not in ANTIBODIES)

ADULT = {"age_years": 45, "sex": "male", "weight_kg": 75, "height_cm": 175, "creatinine_clearance_ml_per_min": 100}
DOSES = {
    "busulfan": ("dose_mg_per_kg", 3.2), "melphalan": ("dose_mg_per_m2", 70),
    "cyclophosphamide": ("dose_mg_per_kg", 30), "fludarabine": ("dose_mg_per_m2", 30),
    "thiotepa": ("dose_mg_per_kg", 5),
    "treosulfan": ("dose_mg_per_m2", 10000), "carmustine": ("dose_mg_per_m2", 150),
    "etoposide": ("dose_mg_per_m2", 200), "cytarabine": ("dose_mg_per_m2", 200), "clofarabine": ("dose_mg_per_m2", 30),
    "atg_thymoglobulin": ("dose_mg_per_kg", 2.5), "atg_grafalon": ("dose_mg_per_kg", 10),
    "atg_horse": ("dose_mg_per_kg", 30), "alemtuzumab": ("dose_mg", 10),
}  # fmt: skip


def given(drug: str, days: list[int], amount: float | None = None, **more: Any) -> dict[str, Any]:
    """A drug course at its usual daily dose, or another."""
    field, usual = DOSES[drug]
    return {"drug": drug, "days": days, field: usual if amount is None else amount, **more}


NO_PROPHYLAXIS: dict[str, Any] = dict.fromkeys(("calcineurin", "mycophenolate", "sirolimus", "methotrexate",
                                                "post_cyclophosphamide", "abatacept"))  # fmt: skip


def conditioned(
    *drugs: dict[str, Any], patient: dict[str, Any] | None = None, rays: tuple = (), **more: Any
) -> Prepared:
    """Prepared numbers of a typical adult given these drugs and fields."""
    plan = Plan.load("aml-sibling-pbsc").but(
        patient=ADULT | (patient or {}), conditioning={"drugs": list(drugs), "irradiation": list(rays)},
        prophylaxis="none", population=Population(), **more,
    )  # fmt: skip
    return prepared(plan)


def log_kill(ready: Prepared) -> dict[str, float]:
    """Log10 kill of the whole course by class."""
    return {name: float(-np.log10(ready.daily[f"surviving_{name}"][:, 0]).sum()) for name in CLASSES}


def auc(drug: str, total: float, fractions: int, patient: dict[str, Any] | None = None, **how: Any) -> float:
    """Cumulative exposure to a total dose, read back from the kill that the plan prepares."""
    ready = conditioned(given(drug, list(range(-fractions - 1, -1)), total / fractions, **how), patient=patient)
    slope = ready.numbers["conditioning"][f"{drug}_on_committed"][0]
    return log_kill(ready)["committed"] / slope


def test_every_drug_of_the_vocabulary_is_a_row_of_the_kill_table_or_an_antibody() -> None:
    assert set(CHEMOTHERAPY) | {"methotrexate"} == set(DRUGS)
    assert {f"{drug}_dose" for drug in ANTIBODIES} == set(serotherapy.DAILY)


def test_fludarabine_exposure_is_that_of_its_active_part() -> None:
    assert 26 <= auc("fludarabine", 160, 4) <= 34
    assert auc("fludarabine", 160, 4, {"creatinine_clearance_ml_per_min": 50}) > 1.2 * auc("fludarabine", 160, 4)


def test_busulfan_and_melphalan_exposures_are_those_reported() -> None:
    assert 70 <= auc("busulfan", 12.8, 4) <= 110
    assert 10 <= auc("melphalan", 200, 1) <= 18
    assert auc("busulfan", 12.8, 4, route="oral") == pytest.approx(0.8 * auc("busulfan", 12.8, 4), rel=0.1)


@pytest.mark.parametrize("target", [40.0, 60.0, 80.0, 100.0])
def test_busulfan_with_a_target_reaches_it(target: float) -> None:
    assert auc("busulfan", 12.8, 4, target_cumulative_auc_mg_h_per_l=target) == pytest.approx(target, rel=1e-6)


def test_a_target_below_the_first_dose_takes_nothing_back() -> None:
    first = auc("busulfan", 3.2, 1)
    assert auc("busulfan", 12.8, 4, target_cumulative_auc_mg_h_per_l=5) == pytest.approx(first, rel=1e-6)


def test_a_small_child_clears_busulfan_faster_per_kilogram_than_an_adult_and_an_infant_less() -> None:
    def clearance(age: float, weight: float, height: float) -> float:
        ready = conditioned(patient={"age_years": age, "weight_kg": weight, "height_cm": height})
        return ready.numbers["conditioning"]["busulfan_cl"][0] / weight

    infant, child, adult = clearance(0.3, 6, 62), clearance(4, 16, 102), clearance(45, 75, 175)
    assert infant < child
    assert child > 1.15 * adult


@pytest.mark.parametrize("drug", [d for d in CHEMOTHERAPY if d != "busulfan"])
def test_splitting_a_dose_over_days_changes_no_log_kill(drug: str) -> None:
    usual = DOSES[drug][1]
    at_once, split = (log_kill(conditioned(course)) for course in (
        given(drug, [-4], usual), given(drug, [-6, -5, -4, -3], usual / 4)))  # fmt: skip
    assert split == pytest.approx(at_once)
    assert at_once["t_cell"] > 0


def test_splitting_busulfan_changes_it_only_by_the_clearance_of_later_days() -> None:
    at_once, split = auc("busulfan", 12.8, 1), auc("busulfan", 12.8, 4)
    assert at_once <= split <= 1.1 * at_once


@pytest.mark.parametrize("other", ["fludarabine", "thiotepa", "cyclophosphamide"])
def test_the_order_of_drugs_changes_no_log_kill(other: str) -> None:
    ahead = conditioned(given("melphalan", [-6]), given(other, [-3, -2]))
    behind = conditioned(given(other, [-6, -5]), given("melphalan", [-2]))
    assert log_kill(ahead) == pytest.approx(log_kill(behind))


def test_cyclophosphamide_kills_more_after_busulfan_than_before() -> None:
    after = log_kill(conditioned(given("busulfan", [-7, -6]), given("cyclophosphamide", [-3, -2])))
    before = log_kill(conditioned(given("cyclophosphamide", [-7, -6]), given("busulfan", [-3, -2])))
    assert after["committed"] > before["committed"]
    assert after["t_cell"] > before["t_cell"]


def test_smaller_fractions_of_the_same_irradiation_kill_less() -> None:
    rays = ({"days": [-5, -4, -3], "fraction_gy": 4, "fractions_per_day": 1},
            {"days": [-5, -4, -3], "fraction_gy": 2, "fractions_per_day": 2},
            {"days": [-5, -4, -3], "fraction_gy": 1, "fractions_per_day": 4})  # fmt: skip
    kills = [log_kill(conditioned(rays=(field,))) for field in rays]
    for name in CLASSES:
        assert kills[0][name] > kills[1][name] > kills[2][name], name


def test_a_lymphoid_field_spares_marrow_and_not_lymphocytes() -> None:
    body, lymphoid = (log_kill(conditioned(rays=({"field": field, "days": [-2], "fraction_gy": 4},)))
                      for field in ("total_body", "total_lymphoid"))  # fmt: skip
    assert lymphoid["stem"] < 0.5 * body["stem"]
    assert lymphoid["t_cell"] == pytest.approx(body["t_cell"])


@pytest.mark.parametrize("drug", CHEMOTHERAPY)
def test_more_of_a_drug_leaves_no_class_better_off_in_an_unheard_of_combination(drug: str) -> None:
    rest = [given(d, [-8 - i], DOSES[d][1] / 10) for i, d in enumerate(KNOWN) if d != drug]
    rays = ({"days": [-2], "fraction_gy": 1},)
    kills = [log_kill(conditioned(*rest, given(drug, [-6, -5], DOSES[drug][1] * fold), rays=rays))
             for fold in (0.1, 0.5, 1.0)]  # fmt: skip
    for less, more in pairwise(kills):
        assert all(more[name] >= less[name] for name in CLASSES)
        assert more["t_cell"] > less["t_cell"]


def test_what_survives_is_a_share() -> None:
    ready = conditioned(*(given(d, [-3, -2]) for d in KNOWN), rays=({"days": [-2], "fraction_gy": 15},))
    for name, value in ready.daily.items():
        if name.startswith(("surviving_", "mucosal", "endothelial")):
            assert np.all((value >= 0) & (value <= 1)), name


def test_two_drugs_on_one_day_kill_as_on_two_days() -> None:
    together = conditioned(given("melphalan", [-3]), given("thiotepa", [-3]))
    apart = conditioned(given("melphalan", [-3]), given("thiotepa", [-4]))
    assert log_kill(together) == pytest.approx(log_kill(apart))


def test_an_unknown_class_is_simply_not_killed() -> None:
    p = SimpleNamespace(marrow_sensitivity=1.0, cytarabine_on_t_cell=0.1, bsa_m2=2.0)
    killed = drug_kill(p, "cytarabine", exposure(p, "cytarabine", 20.0))
    assert killed == dict.fromkeys(("t_cell", "treg", "effector"), pytest.approx(1.0))  # T cells all three


def antibody_levels(drug: str, days: list[int], amount: float | None = None, t_cells: float = 1.0, **how: Any) -> Any:
    """T, B and NK-cell loss a day of each morning from day -12 to 60, where T cells stay as many."""
    plan = Plan.load("aml-sibling-pbsc").but(
        patient=ADULT, conditioning={"drugs": [], "irradiation": []}, population=Population(),
        prophylaxis={**NO_PROPHYLAXIS, "serotherapy": [given(drug, days, amount)]}, **how,
    )  # fmt: skip
    ready = prepared(plan, first_day=-12, days=80)
    p = SimpleNamespace(**{name: value[0] for name, value in ready.numbers["serotherapy"].items()})
    dose = {name: ready.daily[name][:, 0] for name in serotherapy.DAILY}
    course = live(serotherapy, p, lambda day: {"t_cells": t_cells} | {n: d[day + 12] for n, d in dose.items()}, -12, 60)
    return [serotherapy.signals(y, p) for y in course.states]


def loss(levels: Any, on: str = "t_cell", since: int = -12) -> float:
    """Log10 loss of a class from a day on."""
    return sum(day[f"antibody_on_{on}"] for day in levels[since + 12 :]) / np.log(10)


@pytest.mark.parametrize("drug", ANTIBODIES)
def test_an_antibody_depletes_lymphocytes_by_its_dose_up_to_a_pace_and_nothing_else(drug: str) -> None:
    ready = conditioned(given(drug, [-5, -4, -3]))
    assert all(kill == 0 for kill in log_kill(ready).values())
    for on in ("t_cell", "b_cell", "nk_cell"):
        one, two = (loss(antibody_levels(drug, [-3], DOSES[drug][1] * fold), on) for fold in (1, 2))
        assert 0 < 1.3 * one < two < 2 * one
        small, double = (loss(antibody_levels(drug, [-3], 1e-4 * DOSES[drug][1] * fold), on) for fold in (1, 2))
        assert double == pytest.approx(2 * small, rel=1e-3)


@pytest.mark.parametrize("drug", ANTIBODIES)
def test_an_antibody_is_given_by_weight_wherever_the_plan_writes_it(drug: str) -> None:
    course = given(drug, [-3, -2])
    before = conditioned(course).daily[f"{drug}_dose"]
    plan = Plan.load("aml-sibling-pbsc").but(
        patient=ADULT, conditioning={"drugs": [], "irradiation": []}, population=Population(),
        prophylaxis={**NO_PROPHYLAXIS, "serotherapy": [course]},
    )  # fmt: skip
    after = prepared(plan).daily[f"{drug}_dose"]
    assert before.sum() == pytest.approx(after.sum())
    per_kg = 2 * DOSES[drug][1] / (ADULT["weight_kg"] if DOSES[drug][0] == "dose_mg" else 1)
    assert before.sum() == pytest.approx(per_kg)


def test_splitting_an_antibody_over_days_changes_its_effect_only_by_the_days_between() -> None:
    at_once, split = (loss(antibody_levels("atg_thymoglobulin", days, 6 / len(days))) for days in ([-3], [-3, -2, -1]))
    assert split == pytest.approx(at_once, rel=0.1)


@pytest.mark.parametrize("drug", ANTIBODIES)
def test_an_antibody_given_before_infusion_still_meets_the_graft(drug: str) -> None:
    early, late = (loss(antibody_levels(drug, [day]), since=0) for day in (-9, -1))
    assert late > early > 0.05 * late


@pytest.mark.parametrize("drug", [d for d in ANTIBODIES if d != "alemtuzumab"])
def test_the_fewer_t_cells_bind_a_globulin_the_longer_it_depletes(drug: str) -> None:
    many, few = (loss(antibody_levels(drug, [-3], t_cells=count), since=0) for count in (1.5, 0.05))
    assert few > 1.2 * many
