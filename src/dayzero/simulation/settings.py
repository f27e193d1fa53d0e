"""From the standard of care to the numbers that ward policies and laboratory act by, one value a patient.

A policy that is switched off never triggers: its first day lies beyond every course, its threshold out of reach.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dayzero.simulation.laboratory import ASSAYS
from dayzero.spec import Plan

NEVER = 1e6  # day beyond every course
OUT_OF_REACH = 1e12  # level that no count and no load comes to
NO_GRADE = 9  # grade of graft-versus-host disease that there is not


def settings_of(plan: Plan, person: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """What policies and laboratory take from the care spec.

    Parameters
    ----------
    plan : the plan. person : covariates, by name, (patients,) each or a tuple of them over origins.
    """
    values = {
        "weight_kg": person["weight_kg"],
        **_blood(plan, person["weight_kg"]),
        **_infection(plan, person["cmv_recipient"] > 0),
        **_graft_versus_host(plan),
        **_cells(plan, person["graft_cd34_per_kg"][1]),
        "defibrotide_on": plan.care.defibrotide,
        "hospital_discharge_anc": plan.care.hospital.discharge_anc_1e9_per_l,
        "hospital_earliest_day": plan.care.hospital.earliest_day,
        "hospital_well_days": plan.care.hospital.well_days,
        "hospital_least_stay": plan.care.hospital.least_stay_days,
        **_limits(plan),
    }
    return {name: value + np.zeros(person["weight_kg"].shape) for name, value in values.items()}


def _blood(plan: Plan, weight_kg: np.ndarray) -> dict[str, Any]:
    care, gcsf = plan.care, plan.care.gcsf
    platelets, red_cells = care.platelet_transfusion, care.red_cell_transfusion
    given = platelets is not None and platelets.trigger_1e9_per_l > 0  # a trigger of 0 is never, in fever as well
    return {
        "gcsf_start_day": gcsf.start_day if gcsf else NEVER,
        "gcsf_dose": gcsf.dose_ug_per_kg if gcsf else 0.0,
        "gcsf_stop_anc": gcsf.stop_anc_1e9_per_l if gcsf else NEVER,
        "gcsf_stop_after": gcsf.stop_after_days if gcsf else NEVER,
        "gcsf_least_days": gcsf.least_days if gcsf else NEVER,
        "platelet_trigger": platelets.trigger_1e9_per_l if platelets else 0.0,
        "platelet_trigger_in_fever": platelets.febrile_trigger_1e9_per_l * given if platelets else 0.0,
        "platelet_units": np.minimum(platelets.units, platelets.most_units_per_kg * weight_kg) if platelets else 0.0,
        "platelet_interval": platelets.min_interval_days if platelets else NEVER,
        "red_cell_trigger": red_cells.trigger_g_per_dl if red_cells else 0.0,
        "red_cell_units": np.minimum(red_cells.units, red_cells.most_units_per_kg * weight_kg) if red_cells else 0.0,
        "red_cell_interval": red_cells.min_interval_days if red_cells else NEVER,
    }


def _infection(plan: Plan, seropositive: np.ndarray) -> dict[str, Any]:
    care, quinolone, azole = plan.care, plan.care.quinolone, plan.care.mould_azole
    letermovir, preemptive, immunoglobulin = care.letermovir, care.preemptive, care.immunoglobulin
    return {
        "quinolone_start_day": quinolone.start_day if quinolone else NEVER,
        "quinolone_stop_anc": quinolone.stop_anc_1e9_per_l if quinolone else 0.0,
        "azole_in_neutropenia": azole.during_neutropenia if azole else 0.0,
        "azole_on_steroids": azole.during_steroids and plan.allogeneic if azole else 0.0,
        "letermovir_start_day": np.where(seropositive, letermovir.start_day, NEVER) if letermovir else NEVER,
        "letermovir_stop_day": np.where(seropositive, letermovir.stop_day, NEVER) if letermovir else NEVER,
        "preemptive_threshold": preemptive.threshold_iu_per_ml if preemptive else OUT_OF_REACH,
        "preemptive_least_days": preemptive.least_days if preemptive else 0.0,
        "foscarnet_below_anc": preemptive.foscarnet_before_anc_1e9_per_l if preemptive else 0.0,
        "immunoglobulin_trigger": immunoglobulin.trigger_g_per_l if immunoglobulin else 0.0,
        "immunoglobulin_interval": immunoglobulin.interval_days if immunoglobulin else NEVER,
    }


def _graft_versus_host(plan: Plan) -> dict[str, Any]:
    care, ruxolitinib = plan.care, plan.care.ruxolitinib
    steroids = plan.care.steroids if plan.allogeneic else None  # nobody takes a patient's own cells for the cause
    return {
        "steroid_start_grade": steroids.start_grade if steroids else NO_GRADE,
        "steroid_dose": steroids.dose_mg_per_kg if steroids else 0.0,
        "steroid_dose_grade_two": steroids.dose_grade_two_mg_per_kg if steroids else 0.0,
        "steroid_hold_days": steroids.hold_days if steroids else 0.0,
        "steroid_taper": steroids.taper_per_day if steroids else 0.0,
        "steroid_refractory_days": steroids.refractory_after_days if steroids else NEVER,
        "steroid_chronic_dose": steroids.chronic_dose_mg_per_kg if steroids else 0.0,
        "ruxolitinib_on": care.ruxolitinib is not None,
        "ruxolitinib_least_days": ruxolitinib.least_days if ruxolitinib else 0.0,
        "calcineurin_holds": care.calcineurin_hold_in_gvhd,
    }


def _cells(plan: Plan, first_cd34_per_kg: np.ndarray) -> dict[str, Any]:
    lymphocytes, boost = plan.care.donor_lymphocytes, plan.care.boost
    rescue, maintenance = plan.care.rescue_graft, plan.care.maintenance
    return {
        "dli_day_1": _day(lymphocytes.planned_days, 1) if lymphocytes else NEVER,
        "dli_day_2": _day(lymphocytes.planned_days, 2) if lymphocytes else NEVER,
        "dli_day_3": _day(lymphocytes.planned_days, 3) if lymphocytes else NEVER,
        "dli_day_4": _day(lymphocytes.planned_days, 4) if lymphocytes else NEVER,
        "dli_cd3_per_kg": lymphocytes.cd3_per_kg if lymphocytes else 0.0,
        "dli_escalation": lymphocytes.escalation if lymphocytes else 1.0,
        "dli_t_chimerism_below": lymphocytes.on_t_chimerism_below_percent or 0.0 if lymphocytes else 0.0,
        "dli_on_relapse": lymphocytes.on_relapse if lymphocytes else 0.0,
        "dli_interval": lymphocytes.interval_days if lymphocytes else NEVER,
        "dli_most_doses": lymphocytes.most_doses if lymphocytes else 0.0,
        "boost_share": _share(boost.cd34_per_kg, first_cd34_per_kg) if boost else 0.0,
        "boost_from_day": boost.from_day if boost else NEVER,
        "boost_anc": boost.anc_1e9_per_l if boost else 0.0,
        "boost_platelets": boost.platelets_1e9_per_l if boost else 0.0,
        "boost_interval": boost.interval_days if boost else NEVER,
        "rescue_day": rescue.day if rescue else NEVER,
        "rescue_share": _share(rescue.cd34_per_kg, first_cd34_per_kg) if rescue else 0.0,
        "maintenance_start_day": maintenance.start_day if maintenance else NEVER,
        "maintenance_stop_day": maintenance.stop_day if maintenance else NEVER,
    }


def _limits(plan: Plan) -> dict[str, Any]:
    laboratory = plan.care.laboratory
    return {
        **{f"limit_{name}": assay.limit for name, assay in ASSAYS.items()},
        "limit_neutrophils": laboratory.anc_detection_limit_1e9_per_l,
        "limit_platelets": laboratory.platelet_detection_limit_1e9_per_l,
        "limit_donor_chimerism_myeloid": laboratory.chimerism_detection_limit_percent,
        "limit_donor_chimerism_t_cell": laboratory.chimerism_detection_limit_percent,
    }


def _day(planned: tuple[int, ...], number: int) -> float:
    """Day of a planned infusion, counted from 1."""
    return planned[number - 1] if number <= len(planned) else NEVER


def _share(cd34_per_kg: float, first_cd34_per_kg: np.ndarray) -> np.ndarray:
    """Cells as a share of the patient's own first graft; none where that held none."""
    return np.where(first_cd34_per_kg > 0, cd34_per_kg / np.maximum(first_cd34_per_kg, 1.0), 0.0)
