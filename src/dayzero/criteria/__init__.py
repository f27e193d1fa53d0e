"""The field's definitions as functions of charts and inputs; every answer names its definition and source.

Definitions for research and education; no answer is a treatment instruction.
"""

from dayzero.criteria.body_size import abw25, bmi, bsa_dubois, bsa_mosteller, ibw_devine
from dayzero.criteria.chart_gvhd import DailyGrades, acute_gvhd, daily_grades
from dayzero.criteria.chart_outcome import acute_gvhd_of, grfs_of, nonrelapse_mortality, relapse_or_death
from dayzero.criteria.chart_vod import vod_of
from dayzero.criteria.chimerism import chimerism_category
from dayzero.criteria.chronic_gvhd import cgvhd_global_nih2014, cgvhd_steroid_dependent, cgvhd_steroid_refractory
from dayzero.criteria.counts import ctcae_neutropenia, ctcae_thrombocytopenia, transfusion_trigger
from dayzero.criteria.donor_pair import abo_mismatch, cmv_serostatus, sex_mismatch
from dayzero.criteria.endothelium import easix, tatma_harmonised_2023, tatma_high_risk
from dayzero.criteria.engraftment import (
    anc_from_differential,
    anc_recovery,
    neutrophil_engraftment,
    platelet_engraftment,
    platelet_recovery,
)
from dayzero.criteria.engraftment_syndrome import engraftment_syndrome_maiolino, engraftment_syndrome_spitzer
from dayzero.criteria.exposure import busulfan_exposure
from dayzero.criteria.graft_dose import tnc_dose
from dayzero.criteria.graft_failure import (
    cytopenic_lineages,
    poor_graft_function,
    primary_graft_failure,
    secondary_graft_failure,
)
from dayzero.criteria.gvhd import (
    agvhd_grade_magic,
    agvhd_ibmtr_index,
    agvhd_stage_magic,
    grade_of_stages,
    liver_stage,
    lower_gut_stage,
    observed_grade,
    skin_stage,
)
from dayzero.criteria.gvhd_treatment import (
    agvhd_ruxolitinib_refractory,
    agvhd_steroid_dependent,
    agvhd_steroid_refractory,
)
from dayzero.criteria.infection import (
    cmv_clinically_significant,
    cmv_preemptive_drug,
    cmv_preemptive_trigger,
    defibrotide_course,
    dli_gvhd_risk_band,
    febrile_neutropenia,
    letermovir_dose,
)
from dayzero.criteria.intensity import conditioning_intensity
from dayzero.criteria.judge import judge
from dayzero.criteria.outcome import competing_risk_status, crfs, grfs
from dayzero.criteria.regimens import regimen_totals
from dayzero.criteria.result import Definition, Finding, Judgement
from dayzero.criteria.schedules import abatacept_schedule, mtx_schedule, ptcy_schedule
from dayzero.criteria.vod import (
    vod_baltimore,
    vod_ebmt_adult_2016,
    vod_ebmt_adult_2023,
    vod_ebmt_paediatric_2018,
    vod_modified_seattle,
)
from dayzero.criteria.vod_severity import vod_severity_adult_2016, vod_severity_paediatric_2018

__all__ = [
    "DailyGrades",
    "Definition",
    "Finding",
    "Judgement",
    "abatacept_schedule",
    "abo_mismatch",
    "abw25",
    "acute_gvhd",
    "acute_gvhd_of",
    "agvhd_grade_magic",
    "agvhd_ibmtr_index",
    "agvhd_ruxolitinib_refractory",
    "agvhd_stage_magic",
    "agvhd_steroid_dependent",
    "agvhd_steroid_refractory",
    "anc_from_differential",
    "anc_recovery",
    "bmi",
    "bsa_dubois",
    "bsa_mosteller",
    "busulfan_exposure",
    "cgvhd_global_nih2014",
    "cgvhd_steroid_dependent",
    "cgvhd_steroid_refractory",
    "chimerism_category",
    "cmv_clinically_significant",
    "cmv_preemptive_drug",
    "cmv_preemptive_trigger",
    "cmv_serostatus",
    "competing_risk_status",
    "conditioning_intensity",
    "crfs",
    "ctcae_neutropenia",
    "ctcae_thrombocytopenia",
    "cytopenic_lineages",
    "daily_grades",
    "defibrotide_course",
    "dli_gvhd_risk_band",
    "easix",
    "engraftment_syndrome_maiolino",
    "engraftment_syndrome_spitzer",
    "febrile_neutropenia",
    "grade_of_stages",
    "grfs",
    "grfs_of",
    "ibw_devine",
    "judge",
    "letermovir_dose",
    "liver_stage",
    "lower_gut_stage",
    "mtx_schedule",
    "neutrophil_engraftment",
    "nonrelapse_mortality",
    "observed_grade",
    "platelet_engraftment",
    "platelet_recovery",
    "poor_graft_function",
    "primary_graft_failure",
    "ptcy_schedule",
    "regimen_totals",
    "relapse_or_death",
    "secondary_graft_failure",
    "sex_mismatch",
    "skin_stage",
    "tatma_harmonised_2023",
    "tatma_high_risk",
    "tnc_dose",
    "transfusion_trigger",
    "vod_baltimore",
    "vod_ebmt_adult_2016",
    "vod_ebmt_adult_2023",
    "vod_ebmt_paediatric_2018",
    "vod_modified_seattle",
    "vod_of",
    "vod_severity_adult_2016",
    "vod_severity_paediatric_2018",
]
