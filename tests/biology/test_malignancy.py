"""What disease does to marrow and to the outcome: crowding, kill by exposure, growth of slow and fast diseases."""

from __future__ import annotations

import ast
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import dayzero
from biology.test_immunity import numbers, quiet_disease
from dayzero.biology import disease, granulopoiesis
from dayzero.spec import Plan, Population
from simulation.wards import CALM, NO_CELLS, arms, prepared

UNTREATED: dict[str, Any] = {"conditioning": "none", "prophylaxis": "none", "care": CALM, **NO_CELLS}
FULL = {"disease.burden_active": 12.0, "disease.burden_most_active": 12.0}


def sick(diagnosis: str, status: str) -> Plan:
    told = {"diagnosis": diagnosis, "status": status, "prior_treatment_lines": 0}
    return Plan.load("aml-sibling-pbsc").but(patient=told, population=Population(), **UNTREATED)


def test_a_marrow_full_of_leukemia_makes_few_neutrophils_and_platelets() -> None:
    course = arms([sick("aml", "active"), sick("aml", "remission_1")], 60, parameters=FULL)
    assert course.neutrophils[0, -1] < 1 and course.platelets[0, -1] < 50
    assert course.neutrophils[1, 0] > 2 and course.platelets[1, 0] > 150


@pytest.mark.parametrize("plan", [("mds", "active"), ("aplastic_anemia", "untreated")], ids=lambda plan: plan[0])
def test_patients_with_a_failing_marrow_are_admitted_with_low_counts(plan: tuple[str, str]) -> None:
    course = arms([sick(*plan), sick("aml", "remission_1")], 10)
    for lineage in ("neutrophils", "platelets", "hemoglobin"):
        assert course.values[lineage][0, 0] < 0.7 * course.values[lineage][1, 0], lineage


def kill(**conditioning: Any) -> float:
    """Log10 kill of the disease by the whole conditioning."""
    plan = Plan.load("aml-sibling-pbsc").but(conditioning=conditioning, population=Population())
    ready = prepared(plan)
    return float(-np.log10(ready.daily["surviving_disease"][: -ready.first_day, 0]).sum())


def test_exposure_to_busulfan_and_dose_of_irradiation_decide_what_is_left_of_the_disease() -> None:
    targets = [
        kill(drugs=[{"drug": "busulfan", "days": [-7, -6, -5, -4], "dose_mg_per_kg": 3.2,
                     "target_cumulative_auc_mg_h_per_l": auc}], irradiation=[])
        for auc in (60, 90, 120)
    ]  # fmt: skip
    rays = [
        kill(drugs=[], irradiation=[{"days": [-4, -3, -2], "fraction_gy": gy, "fractions_per_day": 2}])
        for gy in (1, 1.5, 2)
    ]
    for told in (targets, rays):
        assert told == sorted(told) and told[-1] > 1.3 * told[0] > 0


@pytest.mark.parametrize("group", disease.GROUPS)
def test_the_grafts_effect_is_scaled_to_growth_so_that_slow_diseases_come_back_too(group: str) -> None:
    told = {"hla_mismatch": (0.0, 0.0), "donor_is_self": (1.0, 0.0), "graft_is_cord": (0.0, 0.0),
            f"disease_{group}": 1.0, "disease_mrd": 1.0, "frailty": 1.0}  # fmt: skip
    p = numbers(disease, **told)
    y = disease.start(p, 2)
    alone, early = (
        disease.rates(y, p, quiet_disease(killers_by_origin=(0.0, k), calcineurin=1.0)).sensitive / y.sensitive
        for k in (0.0, 0.4)
    )
    assert 0 < early < alone == pytest.approx(p.growth, rel=0.2)
    assert 0.4 < early / alone < 1


def test_an_antiviral_halves_granulopoiesis_and_cyclophosphamide_the_attack_on_stem_cells() -> None:
    plan = Plan.load("aplastic-anemia-sibling-marrow").but(population=Population())
    p = SimpleNamespace(**prepared(plan).numbers["granulopoiesis"])
    y = granulopoiesis.start(p, 2)
    y = y._replace(cells=tuple(c._replace(dividing_1=0 * c.dividing_1) for c in y.cells))
    s = dict.fromkeys(granulopoiesis.NEEDS, 0.0) | {"gcsf_level": 1.0, "committed_output": (1.0, 0.0),
                                                   "homing": (0.0, 0.0)}  # fmt: skip
    free, given = (
        granulopoiesis.rates(y, p, SimpleNamespace(**s | {"antiviral": a})).cells[0].dividing_1 for a in (0.0, 1.0)
    )
    assert given == pytest.approx(0.5 * free)
    p = numbers(
        disease,
        hla_mismatch=(0.0, 0.0),
        donor_is_self=(1.0, 0.0),
        graft_is_cord=(0.0, 0.0),
        disease_aplastic=1.0,
        frailty=1.0,
    )
    y = disease.start(p, 2)
    treated = disease.jump(y, p, quiet_disease(surviving_t_cell=0.05)).autoimmunity
    assert treated == pytest.approx(0.05)
    assert disease.rates(y, p, quiet_disease(antibody_on_t_cell=0.5)).autoimmunity < -0.4


def test_no_regimen_class_and_no_kind_of_donor_decides_anything_in_the_body() -> None:
    """Intensity acts through doses; MAC, RIC and NMA are words of trials."""
    for file in (Path(dayzero.__file__).parent / "biology").glob("*.py"):
        words = {n.id for n in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(n, ast.Name)}
        words |= {n.attr for n in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(n, ast.Attribute)}
        assert not {w for w in words if w.lower() in ("mac", "ric", "nma", "intensity", "regimen")}, file.name
