"""No dead parameter: each one changes what a plan prepares, or the course of some patient.

The patients differ on purpose: old donors, children, cord blood, antibodies, fibrosis, every drug.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from biology.test_exposure import ANTIBODIES, given
from dayzero.biology import conditioning, graft
from dayzero.module import ORDER_SIGNALS
from dayzero.simulation.assemble import standard_body
from dayzero.simulation.cohort import RECORDED
from dayzero.simulation.mixed import _stacked
from dayzero.simulation.prepare import Prepared, _individuals
from dayzero.spec import Plan, Population
from dayzero.spec.vocabulary import DIAGNOSES, DRUGS
from simulation.wards import block_of, carried, leaves, prepared, silent

CHANGES = (1.5, 1 / 1.5)  # the second for ceilings, which bind on their way down
LEAST = 1e-6  # relative change of a prepared number
BODY = standard_body()
ALONE = silent(conditioning, graft)
PARAMETERS = tuple(BODY.parameters())
OF_CONDITIONING = [name for name in PARAMETERS if name.startswith("conditioning.")]
OF_ORGANS = [name for name in PARAMETERS if not name.startswith("conditioning.")]


def changed(name: str, fold: float) -> dict[str, float]:
    """A parameter set in which one typical value is another."""
    return {name: BODY.parameters()[name].typical * fold}


@cache
def everything(diagnosis: str) -> Plan:
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
                 "prior_inotuzumab_or_gemtuzumab": True, "diagnosis": diagnosis},
        prophylaxis={"methotrexate": {}}, population=Population(),
    )  # fmt: skip


@cache
def effects(diagnosis: str, **parameters: float) -> dict[str, np.ndarray]:
    """What the kill table sends on: daily signals, and the constants that other organs read."""
    ready = prepared(everything(diagnosis), body=ALONE, overrides=parameters)
    read = {name: ready.numbers["conditioning"][name] for name in ALONE.organ("conditioning").constants}
    return {name: value for name, value in (ready.daily | read).items() if not isinstance(value, tuple)}


@pytest.mark.parametrize("name", OF_CONDITIONING)
def test_a_parameter_of_conditioning_changes_what_a_day_does(name: str) -> None:
    _, _, group = name.partition("sensitivity_")
    diagnosis = group if group in DIAGNOSES else "all"
    usual, other = effects(diagnosis), effects(diagnosis, **changed(name, CHANGES[0]))
    assert any(np.max(np.abs(other[k] - usual[k]) / np.maximum(np.abs(usual[k]), 1e-30)) > LEAST for k in usual)


# What makes things happen to sixteen patients in sixteen weeks that else happen to one in a hundred in a year.
TROUBLE = {
    "infection.bacteremia_rate": 0.1, "infection.mould_rate": 0.02, "infection.cmv_rate": 0.5,
    "infection.cmv_disease_rate": 0.2, "infection.respiratory_rate": 0.02, "infection.viral_rate": 0.05,
    "infection.ebv_rate": 0.3, "infection.late_rate": 0.003, "organ_toxicity.syndrome_hazard": 100.0,
    "liver.vod_hazard": 0.2, "lung.pneumonia_hazard": 0.3, "lung.failure_hazard": 0.2,
    "kidney.microangiopathy_hazard": 0.05, "kidney.cystitis_hazard": 0.5, "kidney.injury_hazard": 0.3,
    "chronic_gvhd.chronic_onset": 0.3, "chronic_gvhd.flares": 0.3, "alloreactivity.steroid_sensitivity": 0.1,
    "disease.burden_own": 0.95, "disease.growth_spread": 1.2, "disease.relapse_burden": 10.0,
    "mortality.years_spared": 1.0,
    **{name: 0.02 for name in BODY.parameters() if name.endswith("_fatality")},
}  # fmt: skip
ILL = {
    "age_years": 62,
    "sex": "female",
    "karnofsky": 70,
    "hct_ci": 4,
    "disease_risk": "high",
    "pulmonary_disease": True,
    "cmv_seropositive": True,
    "liver_iron_or_hepatitis": True,
    "prior_treatment_lines": 3,
}
EVERY_DRUG_AFTER = {"mycophenolate": {}, "sirolimus": {}, "abatacept": {}, "methotrexate": {}}


def inherited(diagnosis: str) -> dict[str, Any]:
    """Edits of a patient with a disease that is no cancer."""
    return {"diagnosis": diagnosis, "status": "not_applicable", "disease_risk": None}


@cache
def patients() -> tuple[Plan, ...]:
    """Sixteen patients who between them meet every equation."""
    adult, auto = Plan.load("aml-sibling-pbsc"), Plan.load("auto-mel200-myeloma")
    marrow, cord = Plan.load("all-sibling-marrow-cytbi"), Plan.load("double-cord")
    haplo, mild = Plan.load("haplo-marrow-ptcy"), Plan.load("nma-flu-tbi2")
    unrelated = Plan.load("aml-unrelated-flubu2-atg")
    sick = {"status": "active"}
    serotherapy = [given(drug, [-3]) for drug in ANTIBODIES]
    earlier = {"care": {"relapse_treatment": "1990s", "supportive_care": "1990s"}}
    people = (
        adult.but(donor={"age_years": 55}, prophylaxis=EVERY_DRUG_AFTER, patient=ILL),
        marrow.but(graft={"gcsf_primed": True}, patient={"mrd_positive": True, "sex": "male"}, donor={"sex": "female"},
                   care={"maintenance": {"drug": "tki", "start_day": 40}}),
        cord.but(patient={"age_years": 3, "weight_kg": 12, "height_cm": 90, **sick}, population=Population(),
                 care={"platelet_transfusion": {"trigger_1e9_per_l": 100, "units": 6, "most_units_per_kg": 1}}),
        haplo.but(patient={"cmv_seropositive": True, "disease_risk": "high", "diagnosis": "all", **sick},
                  donor={"cmv_seropositive": True},
                  care={"letermovir": {}}),
        mild.but(care={"gcsf": {"dose_ug_per_kg": 30},
                       "donor_lymphocytes": {"planned_days": (20, 60), "cd3_per_kg": 1e7},
                       "maintenance": {"drug": "flt3_inhibitor", "start_day": 30}}),
        adult.but(donor={"blood_group": "A", "cmv_seropositive": True},
                  patient={"blood_group": "O", "diagnosis": "mds", "status": "stable"},
                  care={"maintenance": {"drug": "hypomethylating", "start_day": 14},
                        "immunoglobulin": {"trigger_g_per_l": 10},
                        "boost": {"from_day": 20, "anc_1e9_per_l": 5, "platelets_1e9_per_l": 150}}),
        adult.but(donor={"age_years": 80}, patient={"diagnosis": "mds", **sick}, conditioning="flu-tbi2"),
        unrelated.but(donor={"donor_specific_antibody": True}, population=Population(),
                      patient={"cmv_seropositive": True, "age_years": 14, **inherited("sickle_cell_disease")},
                      prophylaxis={"serotherapy": serotherapy}, conditioning={"drugs": []}),
        adult.but(patient={"marrow_fibrosis": True, "diagnosis": "cml", "status": "blast_phase"}, prophylaxis="none",
                  conditioning="flu-tbi2"),
        mild.but(patient={"diagnosis": "indolent_lymphoma", **sick}),
        mild.but(patient={"diagnosis": "aggressive_lymphoma", **sick}, care={"steroids": None}),
        mild.but(patient={"diagnosis": "myeloma", **sick}),
        mild.but(patient={"diagnosis": "hodgkin_lymphoma", **sick}, care={"preemptive": {"threshold_iu_per_ml": 50}}),
        auto.but(patient={"splenomegaly": True, "sex": "female", "prior_treatment_lines": 0, **sick},
                 care={"cryotherapy": True, "palifermin": True, "maintenance": {"drug": "lenalidomide",
                                                                              "start_day": 14}}),
        unrelated.but(donor={"kind": "mismatched_unrelated", "hla_matched": 7, "hla_of": 8, "sex": "female"},
                      patient={"cmv_seropositive": True, "weight_kg": 45, "height_cm": 160,
                               **inherited("thalassemia")}),
        Plan.load("aplastic-anemia-sibling-marrow").but(patient={"prior_treatment_lines": 1},
                                                        care={"red_cell_transfusion": None}),
    )  # fmt: skip
    return tuple(plan.but(**earlier) for plan in people)


DAYS, TOGETHER = 100, 8  # variants of the sixteen patients that fill a block of 128


@cache
def usual() -> Prepared:
    return block_of(patients(), DAYS, typical=True, parameters=TROUBLE)


def told(variants: Sequence[Mapping[str, float]]) -> list[dict[str, np.ndarray]]:
    """All that the engine records and carries of the sixteen patients, and what it could tell, by parameter set."""
    ready, size = usual(), len(patients())
    sets = [*variants, *[variants[-1]] * (TOGETHER - len(variants))]
    numbers = [_individuals(BODY, ready.key, ready.person, TROUBLE | dict(changed), True) for changed in sets]
    whole = _stacked([replace(ready, numbers=own) for own in numbers])
    lived = carried(whole)
    found = {name: value for i, passing in enumerate(lived.chunks) for name, value in leaves(passing, f"{i}").items()}
    found |= {"recorded": lived.recorded}
    for i, passing in enumerate(lived.chunks):
        found |= beside(passing.state, whole, f"{i}")
    assert all(np.all(np.isfinite(value)) for value in found.values())
    return [
        {name: value[..., i * size : (i + 1) * size] for name, value in found.items()} for i in range(len(variants))
    ]


def beside(state: Mapping[str, Any], ready: Prepared, place: str) -> dict[str, np.ndarray]:
    """What else can be asked of these states: each organ's own signals, and how likely an onset would be a death."""
    found: dict[str, Any] = {}
    for organ in BODY.living:
        p = SimpleNamespace(**ready.numbers[organ.name])
        if organ.gives:
            found |= leaves(organ.file.signals(state[organ.name], p), f"{place}.signals")
        if hasattr(organ.file, "fatality"):
            found |= leaves(organ.file.fatality(state[organ.name], p, None), f"{place}.fatal")
    return {name: value + 0 * ready.person["weight_kg"] for name, value in found.items()}


@cache
def as_usual() -> dict[str, np.ndarray]:
    return told([{}])[0]


def dead(names: Sequence[str], fold: float) -> list[str]:
    """Those parameters whose change nobody notices."""
    unnoticed = []
    for at in range(0, len(names), TOGETHER):
        some = names[at : at + TOGETHER]
        found = told([{name: (TROUBLE.get(name) or BODY.parameters()[name].typical) * fold} for name in some])
        unnoticed += [name for name, other in zip(some, found, strict=True)
                      if all(value.tobytes() == as_usual()[k].tobytes() for k, value in other.items())]  # fmt: skip
    return unnoticed


@pytest.mark.parametrize("organ", [o.name for o in BODY.organs if o.name != "conditioning"])
def test_every_parameter_of_an_organ_changes_the_course(organ: str) -> None:
    """What is recorded or could be, states, memories and risks behind it, or the chance that an event is a death."""
    names = [name for name in PARAMETERS if name.startswith(f"{organ}.")]
    for fold in CHANGES:
        names = dead(names, fold)
    assert names == []


def test_everything_happens_to_some_of_the_sixteen_patients() -> None:
    """What acts only after an event could not show otherwise; deaths need not come, their risk is carried."""
    recorded = as_usual()["recorded"]
    happened = {name for name in RECORDED if recorded[:, RECORDED.index(name)].any()}
    deaths = {name for _, name, hazard in BODY.hazards if hazard.fatal == "always"} | {"second_cancer"}
    assert {name for _, name, _ in BODY.hazards if f"event_{name}" not in happened} <= deaths
    assert set(ORDER_SIGNALS) <= happened
    assert recorded[-1, RECORDED.index("alive")].mean() > 0.5


def test_every_parameter_is_tried() -> None:
    assert len(OF_CONDITIONING) + len(OF_ORGANS) == len(PARAMETERS) > 600
