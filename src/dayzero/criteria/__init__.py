"""The field's definitions as functions of charts and inputs; every answer names its definition and source.

Definitions for research and education; no answer is a treatment instruction.
"""

from dayzero.criteria.antibodies import dsa_level
from dayzero.criteria.b_leader import hla_b_leader, hla_b_leader_pair
from dayzero.criteria.body_size import abw25, bmi, bsa_dubois, bsa_mosteller, ibw_devine
from dayzero.criteria.candidates import rank_donors
from dayzero.criteria.chart_engraftment_syndrome import engraftment_syndrome_of
from dayzero.criteria.chart_failure import primary_graft_failure_of
from dayzero.criteria.chart_function import poor_graft_function_of, secondary_graft_failure_of
from dayzero.criteria.chart_gvhd import DailyGrades, acute_gvhd, daily_grades
from dayzero.criteria.chart_gvhd_treatment import steroid_refractory_of
from dayzero.criteria.chart_indices import ctcae_of, easix_of
from dayzero.criteria.chart_infection import cmv_significant_of, cmv_trigger_of, febrile_neutropenia_of
from dayzero.criteria.chart_microangiopathy import microangiopathy_of
from dayzero.criteria.chart_outcome import acute_gvhd_of, crfs_of, grfs_of, nonrelapse_mortality, relapse_or_death
from dayzero.criteria.chart_vod import vod_of
from dayzero.criteria.chart_vod_editions import vod_by, vod_severity_of
from dayzero.criteria.chimerism import chimerism_category, chimerism_of
from dayzero.criteria.chronic_gvhd import cgvhd_global_nih2014, cgvhd_steroid_dependent, cgvhd_steroid_refractory
from dayzero.criteria.comorbidity import hct_ci, hct_ci_age, hct_ci_hepatic, hct_ci_pulmonary
from dayzero.criteria.cord import cord_dose, cord_search_filter
from dayzero.criteria.counts import ctcae_neutropenia, ctcae_thrombocytopenia, transfusion_trigger
from dayzero.criteria.disease_risk import dri_refined
from dayzero.criteria.donor_choice import donor_rank
from dayzero.criteria.donor_pair import abo_mismatch, cmv_serostatus, sex_mismatch
from dayzero.criteria.dpb1 import dpb1_tce_group, dpb1_tce_match
from dayzero.criteria.ebmt_score import ebmt_score
from dayzero.criteria.ebmt_stage import ebmt_stage
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
    limit_day,
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
from dayzero.criteria.haplo import haplo_check
from dayzero.criteria.hla_match import hla_match, hla_match_cord
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
from dayzero.criteria.performance import performance_status
from dayzero.criteria.regimens import regimen_totals
from dayzero.criteria.reported_outcomes import fact_subscale, fact_totals
from dayzero.criteria.result import Definition, Finding, Judgement
from dayzero.criteria.schedules import abatacept_schedule, mtx_schedule, ptcy_schedule
from dayzero.criteria.status import Status, status_of
from dayzero.criteria.tci import tci_category, tci_score
from dayzero.criteria.vaccines import vaccine_due
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
    "Status",
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
    "chimerism_of",
    "cmv_clinically_significant",
    "cmv_preemptive_drug",
    "cmv_preemptive_trigger",
    "cmv_serostatus",
    "cmv_significant_of",
    "cmv_trigger_of",
    "competing_risk_status",
    "conditioning_intensity",
    "cord_dose",
    "cord_search_filter",
    "crfs",
    "crfs_of",
    "ctcae_neutropenia",
    "ctcae_of",
    "ctcae_thrombocytopenia",
    "cytopenic_lineages",
    "daily_grades",
    "defibrotide_course",
    "dli_gvhd_risk_band",
    "donor_rank",
    "dpb1_tce_group",
    "dpb1_tce_match",
    "dri_refined",
    "dsa_level",
    "easix",
    "easix_of",
    "ebmt_score",
    "ebmt_stage",
    "engraftment_syndrome_maiolino",
    "engraftment_syndrome_of",
    "engraftment_syndrome_spitzer",
    "fact_subscale",
    "fact_totals",
    "febrile_neutropenia",
    "febrile_neutropenia_of",
    "grade_of_stages",
    "grfs",
    "grfs_of",
    "haplo_check",
    "hct_ci",
    "hct_ci_age",
    "hct_ci_hepatic",
    "hct_ci_pulmonary",
    "hla_b_leader",
    "hla_b_leader_pair",
    "hla_match",
    "hla_match_cord",
    "ibw_devine",
    "judge",
    "letermovir_dose",
    "limit_day",
    "liver_stage",
    "lower_gut_stage",
    "microangiopathy_of",
    "mtx_schedule",
    "neutrophil_engraftment",
    "nonrelapse_mortality",
    "observed_grade",
    "performance_status",
    "platelet_engraftment",
    "platelet_recovery",
    "poor_graft_function",
    "poor_graft_function_of",
    "primary_graft_failure",
    "primary_graft_failure_of",
    "ptcy_schedule",
    "rank_donors",
    "regimen_totals",
    "relapse_or_death",
    "secondary_graft_failure",
    "secondary_graft_failure_of",
    "sex_mismatch",
    "skin_stage",
    "status_of",
    "steroid_refractory_of",
    "tatma_harmonised_2023",
    "tatma_high_risk",
    "tci_category",
    "tci_score",
    "tnc_dose",
    "transfusion_trigger",
    "vaccine_due",
    "vod_baltimore",
    "vod_by",
    "vod_ebmt_adult_2016",
    "vod_ebmt_adult_2023",
    "vod_ebmt_paediatric_2018",
    "vod_modified_seattle",
    "vod_of",
    "vod_severity_adult_2016",
    "vod_severity_of",
    "vod_severity_paediatric_2018",
]
