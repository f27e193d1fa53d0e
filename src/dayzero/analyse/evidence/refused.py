"""Metrics that cannot be simulated, each with why; said before the first scored run."""

from __future__ import annotations

from collections.abc import Mapping

_QUESTIONNAIRE = "questionnaire scores are not in the model; its quality-of-life index has no published mapping to them"
_GIVEN = "not given by the ward of the model"
_VIRUS = "single viruses of this group are not told apart in the model"
_TREATMENT = "outcome of second-line treatment, whose arms the model does not hold"
_SEVERITY = "charts do not hold the severity of chronic GVHD by organ"
_CUT = "a cut-point found by searching one data set; not a property of a cohort"
_MEASURED = "the quantity is not reported by the laboratory of the model"
_FEW = "a property of single cells or of products, not of patients"

REFUSED: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "factbmt_mean_baseline_pts",
            "factbmt_mean_day14_pts",
            "factbmt_meandiff_day14_pts",
            "fact_fwb_median_12mo_pts",
            "fact_fwb_median_1mo_pts",
            "fact_fwb_median_baseline_pts",
            "fact_pwb_median_12mo_pts",
            "fact_pwb_median_1mo_pts",
            "fact_pwb_median_baseline_pts",
            "leecgvhdscore_mean_5y_pts",
            "rr_working_5y_bm_vs_pb",
        ),
        _QUESTIONNAIRE,
    ),
    **dict.fromkeys(
        (
            "ivantibiotics_crude_pct",
            "tpn_crude_pct",
        ),
        _GIVEN,
    ),
    **dict.fromkeys(
        (
            "adenovirus_crude_any_pct",
            "hhv6enceph_crude_any_pct",
            "ebv_dnaemia_cuminc_1y_pct",
            "hemcystitis_viral_cuminc_day90_pct",
            "rr_ebvinfection_atg",
            "infectiousdeathshare_bacterial_crude_any_pct",
            "infectiousdeathshare_fungal_crude_any_pct",
            "infectiousdeathshare_parasitic_crude_any_pct",
            "infectiousdeathshare_viral_crude_any_pct",
        ),
        _VIRUS,
    ),
    **dict.fromkeys(
        (
            "sragvhd_bat_orr_day28_pct",
            "sragvhd_ffs_6mo_pct",
            "sragvhd_os_6mo_pct",
            "sragvhd_os_median_months",
            "sragvhd_rux_orr_day28_pct",
            "srcgvhd_ffs_36mo_pct",
            "hr_ffs_rux_vs_bat",
            "agvhd_sirolimus_orr_day28_pct",
            "dli_molecularremission_crude_any_pct",
            "vodmof_cr_day100_pct",
            "vodmof_os_day100_pct",
            "lateagvhd_orr_day28_pct",
        ),
        _TREATMENT,
    ),
    **dict.fromkeys(("cgvhd_mild_share_pct", "cgvhd_moderate_share_pct", "cgvhd_severe_share_pct"), _SEVERITY),
    **dict.fromkeys(
        (
            "cd4_survival_cutpoint_per_ul_day100",
            "cd4_survival_cutpoint_per_ul_day180",
            "cd4_survival_cutpoint_per_ul_early",
            "busulfan_optimum_auc_perdose_uMmin",
            "busulfan_optimum_cauc_mghl",
            "cd34_threshold_engraftment_e6_per_kg",
            "cd34_top_quartile_cut_e6_per_kg",
        ),
        _CUT,
    ),
    **dict.fromkeys(
        (
            "reticulocyte_engraftment_median_day",
            "erythrocyte_recovery_cuminc_day100_pct",
            "donor_rbc_first_detection_median_day",
            "anc500_day_corr_cfc",
            "anc500_day_corr_tnc",
            "anc500_hr_low_vs_high_tnc_3p5e7",
            "healthy_sjtrec_mid_copies_per_ml",
            "monocyte_recovery_hr_cd34_ge3",
            "lymphocyte_recovery_hr_cd34_ge3",
            "rbc_recovery_hr_cd34_ge3",
            "prca_pct_major_abo",
            "trec_cd4_corr_patient_age_1y",
            "marrow_b_precursor_fold_agvhd_vs_none",
            "cd4ir_hr_per_unit_atg_auc_after_ucb",
            "severe_infection_hr_no_thymic_recovery_12mo",
            "igg_trough_median_g_per_l_early",
            "igg_trough_median_g_per_l_intermediate",
            "igg_trough_median_g_per_l_late",
            "cd4_recovery_day100_or_ptcy_vs_cni_upper",
        ),
        _MEASURED,
    ),
    **dict.fromkeys(
        (
            "homing_fraction_marrow_4h_pct",
            "scid_repopulating_cell_one_in_n_mnc",
            "cell_turnover_e12_per_day",
            "cd34_viable_recovery_after_thaw_pct",
        ),
        _FEW,
    ),
    **dict.fromkeys(
        (
            "anc500_or_day14_splenectomy_vs_normal",
            "anc500_or_day21_splenectomy_vs_normal",
            "plt_or_day28_splenectomy_vs_normal",
        ),
        "removal of the spleen is not in the spec",
    ),
    **dict.fromkeys(
        ("granulocyte_supply_after_ablation_days", "plt_disappearance_after_ablation_days"),
        "an experiment without infusion; tested in tests/biology instead",
    ),
    "anc500_hr_haplocord_vs_sucb": "a haploidentical and a cord graft on one day are not in the spec",
    "anc500_hr_viable_cd34_dominant_unit": "viability of each unit is not kept patient by patient",
    "later_engraftment_given_wbc_lt100_day14_pct": "white cells are not counted by the laboratory of the model",
    "febrile_neutropenia_mean_days": "days of fever are kept as signs on visits, not counted daily",
    "plt_units_ratio_per_neutropenic_day": "a regression on days of neutropenia",
    "rbc_units_ratio_per_neutropenic_day": "a regression on days of neutropenia",
    "hr_nrm_per5calendaryears": "calendar time changes many things at once",
    "hr_efsevent_per_year_age": "a slope per year of age",
    "hr_nrm_sr_vs_ss_agvhd": "courses of steroid response are not told apart",
    "rr_trm_agvhd_highrisk": "the Minnesota risk score needs organ stages at onset that are not kept",
    "rr_infectiondensity_day100_mac_vs_ric": "densities count every episode; first ones are kept",
    "rr_relapse_after1y_ivbucy_vs_cytbi": "late relapses alone are too few for a ratio",
    "dah_cuminc_1y_pct": "alveolar haemorrhage is not in the model",
    "mucositis34_duration_median_days": "grades of mucositis are not kept daily",
    "toxicity35_crude_any_pct": "toxicity grades by organ are not kept",
    "agvhd_sd_crude_any_pct": "courses of steroid response are not told apart",
    "agvhd_sr_crude_any_pct": "courses of steroid response are not told apart",
    "agvhd_ss_crude_any_pct": "courses of steroid response are not told apart",
    "deathshare_graftfailure_crude_any_pct": "deaths of graft failure are counted under their immediate cause",
    "bleeding_contributing_death_crude_day60_pct": "a death has one cause; bleeding as a contributor is not kept",
    "agvhd_gut_crude_any_pct": "organs at any stage by day are not kept; the grade is",
    "agvhd_liver_crude_any_pct": "organs at any stage by day are not kept; the grade is",
    "agvhd_onset_gut_crude_pct": "organs at onset are not kept; the grade is",
    "agvhd_onset_liver_crude_pct": "organs at onset are not kept; the grade is",
    "agvhd_onset_skin_crude_pct": "organs at onset are not kept; the grade is",
}
