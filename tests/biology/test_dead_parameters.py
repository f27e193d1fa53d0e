"""No dead parameter: each one changes what a plan prepares, or the course of some patient.

The patients differ on purpose: old donors, children, cord blood, antibodies, fibrosis, every drug.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from biology.test_exposure import given
from dayzero.simulation.assemble import standard_body
from dayzero.simulation.cohort import Course
from dayzero.spec import Plan, Population
from dayzero.spec.vocabulary import DRUGS
from simulation.wards import differing, prepared, run

CHANGES = (1.5, 1 / 1.5)  # the second for ceilings, which bind on their way down
LEAST = 1e-6  # relative change of a prepared number
BODY = standard_body()
PARAMETERS = tuple(BODY.parameters())
OF_CONDITIONING = [name for name in PARAMETERS if name.startswith("conditioning.")]
OF_ORGANS = [name for name in PARAMETERS if not name.startswith("conditioning.")]


def changed(name: str, fold: float) -> dict[str, float]:
    """A parameter set in which one typical value is another."""
    return {name: BODY.parameters()[name].typical * fold}


@cache
def everything() -> Plan:
    """A plan that gives every drug and both fields, each on a day of its own, to a patient with every risk."""
    drugs = [given(drug, [-30 + i]) for i, drug in enumerate(DRUGS)]
    drugs += [
        given("busulfan", [-15, -14], route="oral"),
        given("busulfan", [-13, -12], target_cumulative_auc_mg_h_per_l=60),
        given("cyclophosphamide", [-11]),
    ]
    fields = [{"days": [-10], "fraction_gy": 2}, {"field": "total_lymphoid", "days": [-8], "fraction_gy": 2}]
    return Plan.load("haplo-pbsc-ptcy").but(
        conditioning={"drugs": drugs, "irradiation": fields},
        patient={"age_years": 3, "weight_kg": 15, "height_cm": 95, "liver_iron_or_hepatitis": True,
                 "prior_inotuzumab_or_gemtuzumab": True},
        prophylaxis={"methotrexate": {}}, population=Population(),
    )  # fmt: skip


@cache
def effects(**parameters: float) -> dict[str, np.ndarray]:
    """What the kill table sends on: daily signals, and the constants that other organs read."""
    ready = prepared(everything(), overrides=parameters)
    read = {name: ready.numbers[o.name][name] for o in BODY.living for name in o.uses if name == "tissue_risk"}
    return {name: value for name, value in (ready.daily | read).items() if not isinstance(value, tuple)}


@pytest.mark.parametrize("name", OF_CONDITIONING)
def test_a_parameter_of_conditioning_changes_what_a_day_does(name: str) -> None:
    usual, other = effects(), effects(**changed(name, CHANGES[0]))
    assert any(np.max(np.abs(other[k] - usual[k]) / np.maximum(np.abs(usual[k]), 1e-30)) > LEAST for k in usual)


@cache
def patients() -> tuple[Plan, ...]:
    """Sixteen patients who between them meet every equation."""
    adult, auto = Plan.load("aml-sibling-pbsc"), Plan.load("auto-mel200-myeloma")
    marrow, cord = Plan.load("all-sibling-marrow-cytbi"), Plan.load("cord-single-cytbiflu")
    haplo, mild = Plan.load("haplo-marrow-ptcy"), Plan.load("nma-flu-tbi2")
    mismatched: dict[str, Any] = {"donor": {"blood_group": "A"}, "patient": {"blood_group": "O"}}
    return (
        adult, auto, marrow, cord, haplo, mild,
        adult.but(**mismatched),
        adult.but(donor={"age_years": 55}),
        adult.but(donor={"age_years": 80}),
        adult.but(donor={"donor_specific_antibody": True}),
        adult.but(patient={"marrow_fibrosis": True}),
        marrow.but(graft={"gcsf_primed": True}),
        auto.but(patient={"sex": "female", "prior_treatment_lines": 0}),
        cord.but(patient={"age_years": 3, "weight_kg": 12, "height_cm": 90}, population=Population(),
                 care={"platelet_transfusion": {"trigger_1e9_per_l": 100, "units": 6, "most_units_per_kg": 1}}),
        mild.but(care={"gcsf": {"dose_ug_per_kg": 30}}),
        Plan.load("aplastic-anemia-sibling-marrow").but(care={"red_cell_transfusion": None}),
    )  # fmt: skip


@cache
def usual_course() -> Course:
    return run(patients(), days=60, typical=True)


@pytest.mark.parametrize("name", OF_ORGANS)
def test_a_parameter_of_an_organ_changes_the_course(name: str) -> None:
    for fold in CHANGES:
        course = run(patients(), days=60, typical=True, parameters=changed(name, fold))
        assert all(np.all(np.isfinite(value)) for value in course.values.values())
        if differing(usual_course(), course):
            return
    pytest.fail(f"{name} changes no quantity of any patient")


def test_every_parameter_is_tried() -> None:
    assert len(OF_CONDITIONING) + len(OF_ORGANS) == len(PARAMETERS) > 200
