"""Metrics that follow no pattern, each with its estimator."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dayzero.analyse.evidence.builders import (
    Build,
    after_lymphocytes,
    after_relapse,
    after_severe,
    alive_after,
    bacteremia_rate,
    by_cd4,
    dose_correlation,
    dose_slope,
    failure_share,
    fixed,
    hazard_by_dose,
    median_onset,
    never_below,
    of_mean_curve,
    severe_at_onset,
    share_of_deaths,
    soon_after,
    steroid_share,
)
from dayzero.analyse.evidence.measures import incidence, median_day, share, typical, value
from dayzero.analyse.evidence.parameters import HEALTHY, TURNOVER

SPECIAL: Mapping[str, Build] = {
    "anc500_day_ratio_per_doubling_cd34": dose_slope("anc500"),
    "plt50_day_ratio_per_doubling_cd34": dose_slope("plt50"),
    "anc500_day_corr_cd34": fixed(
        value(["anc500", "cov:graft_cd34_per_kg"], 120, dose_correlation, "Pearson, log dose", "level")
    ),
    "anc500_recovery_hr_cd34_ge3": hazard_by_dose("anc500", 3e6),
    "plt_recovery_hr_cd34_ge3": hazard_by_dose("plt20", 3e6),
    "anc500_hr_low_vs_high_cd34_1p4e5": hazard_by_dose("anc500", 1.4e5, True),
    "anc500_neutropenia_duration_days": fixed(
        value(
            ["below:0.5"],
            100,
            lambda f: np.median(f["below:0.5"]),
            "median days below 0.5 from conditioning on",
            "days",
        )
    ),
    "hospitaldischarge_median_days": fixed(median_day("discharge", 150)),
    "hospitalstay_median_days": fixed(median_day("stay", 150)),
    "daysaliveouthospital_median_day100_days": fixed(
        value(["home:100"], 100, lambda f: np.median(f["home:100"]), "median, the dead included", "days")
    ),
    "anc500_onset_neutropenia_median_day": median_onset("onset_below:neutrophils:0.5"),
    "myeloablation_median_day": median_onset("onset_below:neutrophils:0.5"),
    "plt25_onset_thrombocytopenia_median_day": median_onset("onset_below:platelets:25"),
    "anc_nadir_not_below_100_pct": never_below("neutrophils", 0.100001),
    "anc_nadir_not_below_500_pct": never_below("neutrophils", 0.5),
    "plt_nadir_not_below_20_pct": never_below("platelets", 20.0),
    "wbc_below_100_mean_days": fixed(
        value(
            ["white_below:0.1"],
            60,
            lambda f: np.mean(f["white_below:0.1"]),
            "mean days, white cells as the sum of true subsets",
            "days",
        )
    ),
    "graft_failure_primary_pct": failure_share("primary"),
    "graft_failure_secondary_pct": failure_share("secondary"),
    "graft_failure_any_pct": failure_share("any"),
    "durable_engraftment_pct": failure_share("any", True),
    "initial_engraftment_pct": fixed(incidence("anc500", ("death",), 42)),
    "scd_graft_failure_day100_pct": failure_share("any"),
    "poor_graft_function_pct": fixed(incidence("poor_function", ("death",), 365)),
    "secondary_plt_failure_pct": fixed(
        share(
            ["late_fall:platelets:20"],
            180,
            lambda f: np.isfinite(f["late_fall:platelets:20"]),
            "platelets below 20 after day 28 in who had recovered",
        )
    ),
    "full_donor_chimerism_ge95_pct": fixed(
        share(
            ["level:donor_chimerism_myeloid:100"],
            100,
            lambda f: np.where(
                np.isnan(f["level:donor_chimerism_myeloid:100"]), np.nan, f["level:donor_chimerism_myeloid:100"] >= 95
            ),
            "donor myeloid cells 95 % or more at day 100, of the living",
        )
    ),
    "scd_full_donor_day100_pct": fixed(
        share(
            ["level:donor_chimerism_myeloid:100"],
            100,
            lambda f: np.where(
                np.isnan(f["level:donor_chimerism_myeloid:100"]), np.nan, f["level:donor_chimerism_myeloid:100"] >= 95
            ),
            "at day 100",
        )
    ),
    "scd_mixed_donor_day100_pct": fixed(
        share(
            ["level:donor_chimerism_myeloid:100"],
            100,
            lambda f: np.where(
                np.isnan(f["level:donor_chimerism_myeloid:100"]),
                np.nan,
                (f["level:donor_chimerism_myeloid:100"] < 95) & (f["level:donor_chimerism_myeloid:100"] >= 5),
            ),
            "at day 100",
        )
    ),
    "full_donor_chimerism_ever_pct": fixed(
        share(
            ["level:donor_chimerism_myeloid:100", "level:donor_chimerism_myeloid:365"],
            365,
            lambda f: np.where(
                np.isnan(f["level:donor_chimerism_myeloid:100"]),
                np.nan,
                np.fmax(f["level:donor_chimerism_myeloid:100"], f["level:donor_chimerism_myeloid:365"]) >= 95,
            ),
            "at day 100 or a year",
        )
    ),
    "tcell_complete_donor_day90to120_pct": fixed(
        share(
            ["level:donor_chimerism_t_cell:100"],
            100,
            lambda f: np.where(
                np.isnan(f["level:donor_chimerism_t_cell:100"]), np.nan, f["level:donor_chimerism_t_cell:100"] >= 95
            ),
            "at day 100",
        )
    ),
    "hsc_engrafted_longterm_number": fixed(typical("level:clones:365", 365)),
    "cd4_gt50_twice_by_day100_pct": fixed(
        share(
            ["cd4_ir_100", "death"],
            100,
            lambda f: np.where(f["death"] <= 100, np.nan, f["cd4_ir_100"] <= 100),
            "two counts above 50/uL in a row by day 100, of the living",
        )
    ),
    "cd4_gt500_median_day": fixed(median_day("rise:cd4:0.5", 1095, over_all=True)),
    "os_12mo_pct_by_cd4_day30": by_cd4("death", True),
    "trm_12mo_pct_by_cd4_day30": by_cd4("nrm", False),
    "nk_mean_per_ul_first_year": fixed(
        value(
            [f"level:nk_cells:{d}" for d in (30, 60, 100, 180, 365)],
            365,
            lambda f: 1000 * np.nanmean([np.nanmean(f[f"level:nk_cells:{d}"]) for d in (30, 60, 100, 180, 365)]),
            "mean of five visits",
        )
    ),
    "hypogammaglobulinaemia_1y_pct": fixed(
        share(
            ["level:igg:365"],
            365,
            lambda f: np.where(np.isnan(f["level:igg:365"]), np.nan, f["level:igg:365"] < 6),
            "IgG below 6 g/L at a year, of the living",
        )
    ),
    "plt_mean_nadir_e9_per_l": of_mean_curve(lambda days, mean: float(mean.min()), "level"),
    "plt_mean_nadir_day": of_mean_curve(lambda days, mean: float(days[mean.argmin()]), "days"),
    "plt_mean_back_above_50_day": of_mean_curve(
        lambda days, mean: float(days[mean.argmin() :][np.argmax(mean[mean.argmin() :] > 50)]), "days"
    ),
    "plt_transfusion_days_median": fixed(
        value(
            ["given:platelet:-10:100"],
            100,
            lambda f: np.median(f["given:platelet:-10:100"]),
            "median days with a transfusion by day 100",
            "level",
        )
    ),
    "plt_transfusions_mean": fixed(
        value(["given:platelet:-10:100"], 100, lambda f: np.mean(f["given:platelet:-10:100"]), "mean by day 100")
    ),
    "plt_transfusions_mean_day200": fixed(
        value(["given:platelet:-10:200"], 200, lambda f: np.mean(f["given:platelet:-10:200"]), "mean by day 200")
    ),
    "rbc_transfusions_mean_day200": fixed(
        value(["given:red_cell:-10:200"], 200, lambda f: np.mean(f["given:red_cell:-10:200"]), "mean by day 200")
    ),
    "rbc_units_estimated_first_year": fixed(
        value(["units:red_cell:-10:365"], 365, lambda f: np.mean(f["units:red_cell:-10:365"]), "mean")
    ),
    "rbc_median_inpatient_units": fixed(typical("units:red_cell:-10:35", 35)),
    "hb_below_8_pct": fixed(
        share(["lowest:hemoglobin:0:60"], 60, lambda f: f["lowest:hemoglobin:0:60"] < 8, "ever by day 60")
    ),
    "hb_normal_1y_pct": fixed(
        share(
            ["level:hemoglobin:365"],
            365,
            lambda f: np.where(np.isnan(f["level:hemoglobin:365"]), np.nan, f["level:hemoglobin:365"] >= 12),
            "12 g/dL or more, of the living",
        )
    ),
    "anclt100_prevalence_day15_pct": fixed(
        share(
            ["level:neutrophils:15"],
            15,
            lambda f: np.where(np.isnan(f["level:neutrophils:15"]), np.nan, f["level:neutrophils:15"] <= 0.100001),
            "of the living",
        )
    ),
    "anclt100_prevalence_day26_pct": fixed(
        share(
            ["level:neutrophils:26"],
            26,
            lambda f: np.where(np.isnan(f["level:neutrophils:26"]), np.nan, f["level:neutrophils:26"] <= 0.100001),
            "of the living",
        )
    ),
    "bsi_preengraft_crude_pct": fixed(incidence("early_bacteremia", ("death",), 100)),
    "progression_g1_to_g24_cuminc_pct": fixed(
        share(
            ["acute_gvhd_1_4", "acute_gvhd_2_4"],
            180,
            lambda f: np.where(np.isfinite(f["acute_gvhd_1_4"]), np.isfinite(f["acute_gvhd_2_4"]), np.nan),
            "of those with acute GVHD",
        )
    ),
    "bsi_neutropenia_cuminc_pct": fixed(incidence("early_bacteremia", ("death", "anc500"), 100)),
    "bsi_rate_neutropenia_per1000d": bacteremia_rate(0, 1000),
    "bsi_hazard_neutropenia_d0to5_per1000d": bacteremia_rate(0, 5),
    "bsi_hazard_neutropenia_d5to10_per1000d": bacteremia_rate(5, 10),
    "bsi_hazard_neutropenia_d10to15_per1000d": bacteremia_rate(10, 15),
    "bsi_hazard_neutropenia_d15to25_per1000d": bacteremia_rate(15, 25),
    "bsi_hazard_neutropenia_d25plus_per1000d": bacteremia_rate(25, 1000),
    "bsi_mortality_crude_day7_pct": fixed(
        share(
            ["event:bacteremia", "death"],
            180,
            lambda f: soon_after(f, "death", "event:bacteremia", 7),
            "dead within 7 days of the first",
            zero="onset",
        )
    ),
    "death_neutropenia_nobsi_cuminc_pct": fixed(
        share(
            ["anc500", "death", "event:bacteremia"],
            100,
            lambda f: (f["death"] <= np.minimum(f["anc500"], 100)) & (f["event:bacteremia"] > f["death"]),
            "before recovery, without bacteremia",
        )
    ),
    "agvhd_onset_median_days": fixed(median_day("acute_gvhd_2_4", 180)),
    "lateagvhd_crude_any_pct": fixed(
        incidence(
            ("late_acute",),
            ("death",),
            365,
            remarks=("what lasts from before day 100 is left out", "a year is taken: a quarter came after day 204"),
        )
    ),
    "lateagvhd_onset_median_days": fixed(median_day("late_acute", 365)),
    "agvhd_steroidstart_median_days": fixed(median_day("steroid_start", 180)),
    "agvhd_onset_grade34_crude_pct": severe_at_onset(),
    "cmv_reactivation_onset_median_days": fixed(median_day("cmv_dna", 180)),
    "hemcystitis_onset_median_days": fixed(median_day("event:hemorrhagic_cystitis", 180)),
    "agvhd_steroid_orr_day28_pct": steroid_share(lambda change: change < 0, "grade lower 28 days on"),
    "agvhd_steroid_cr_day28_pct": steroid_share(lambda change: change == -9, "no signs 28 days on"),
    "agvhd_steroid_noresponse_day28_pct": steroid_share(
        lambda change: change >= 0, "grade no lower 28 days on, or dead"
    ),
    "agvhd_os_9mo_pct": alive_after("acute_gvhd_2_4", 274, 180),
    "lateagvhd_os_2y_pct": alive_after("late_acute", 730, 365),
    "cgvhd_os_2y_pct": alive_after("chronic_gvhd", 730, 730),
    "nrm_agvhd34_any_pct": after_severe("nrm", "of those with grade III-IV"),
    "os_agvhd34_any_pct": after_severe("death", "alive, of those with grade III-IV", True),
    "infectiousdeath_time_median_months": fixed(median_day("infection_death", 1826, unit=30.4375)),
    "postrelapse_os_median_months": fixed(
        value(
            ["relapse", "death"],
            1826,
            lambda f: after_relapse(f) / 30.4375,
            "median from relapse",
            "days",
            zero="relapse",
        )
    ),
    "death_crude_inpatient_pct": fixed(incidence("death", (), 35)),
    "dli_gvhd_cuminc_1y_pct": fixed(
        share(
            ["acute_gvhd_2_4", "chronic_gvhd", "death", "relapse", "late_acute"],
            545,
            lambda f: after_lymphocytes(f),
            "GVHD in the year after day 180, of those alive in remission and free of it",
            zero="donor lymphocytes on day 180",
        )
    ),
    "deathshare_relapse_crude_any_pct": share_of_deaths(0),
    "deathshare_infection_crude_any_pct": share_of_deaths(1),
    "deathshare_gvhd_crude_any_pct": share_of_deaths(2),
    "deathshare_multiorganfailure_crude_any_pct": share_of_deaths(3),
    "deathshare_othertrm_crude_any_pct": share_of_deaths(3, 4, 6),
    "deathshare_secondcancer_crude_any_pct": share_of_deaths(5),
    **HEALTHY,
    **TURNOVER,
}
