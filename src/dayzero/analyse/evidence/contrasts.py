"""Effects of one thing on another: hazard, risk and odds ratios between two arms, or within one by time or landmark.

Two arms are paired (same patient numbers and seed) and differ only in the words of the contrast: in a stratum column
written "A vs B", A over B; otherwise in the edits of `SIDES`. Within one arm an exposure counts from its day.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from dayzero.analyse.evidence.measures import Facts, Measure, first_of, hazard_ratio, rate_ratio, share_with
from dayzero.analyse.evidence.rows import Finding

# Outcome of an effect -> facts of the event, and what ends the count.
OUTCOMES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], int]] = {
    "death": (("death",), (), 1095),
    "os": (("death",), (), 1095),
    "nrm": (("nrm",), ("relapse",), 1095),
    "trm": (("nrm",), ("relapse",), 1095),
    "relapse": (("relapse",), ("death",), 1095),
    "pfs": (("relapse", "death"), (), 1500),
    "lfsfailure": (("relapse", "death"), (), 1095),
    "grfsevent": (("grfs",), (), 365),
    "efsevent": (("graft_failure", "death"), (), 1095),
    "agvhd": (("acute_gvhd_2_4",), ("death",), 100),
    "cgvhd": (("chronic_gvhd",), ("death",), 1095),
    "graftfailure": (("graft_failure",), ("relapse", "death"), 180),
    "ptld": (("event:lymphoproliferation",), ("death",), 730),
    "cardiacearly": (("event:heart_failure",), ("death",), 100),
    "nonengraftment": (("graft_failure",), ("death",), 100),
    "anc500": (("anc500",), ("death",), 60),
}

Side = Mapping[str, Any]


def words(**replaced: str) -> Side:
    """The arm with other words in its stratum."""
    return {"words": replaced}


def plan(**edits: Any) -> Side:
    """The arm with sections of its plan edited."""
    return {"plan": edits}


SIDES: Mapping[str, tuple[Side, Side]] = {
    "hr_death_wk24_letermovir": (words(modifiers="CMV R+; letermovir"), words(modifiers="CMV R+; placebo")),
    "hr_death_hctci3": (words(modifiers="HCT-CI >=3"), words(modifiers="HCT-CI 0")),
    "hr_death_hctci_3_4_vs_0": (words(modifiers="HCT-CI 3-4"), words(modifiers="HCT-CI 0")),
    "hr_death_hctci_5plus_vs_0": (words(modifiers="HCT-CI 5plus"), words(modifiers="HCT-CI 0")),
    "hr_death_buauc_ge59": (
        words(modifiers="Bu cumulative AUC >=59.5 mg*h/L"),
        words(modifiers="Bu cumulative AUC <59.5 mg*h/L"),
    ),
    "hr_death_donor40_vs_younger": (words(modifiers="donor >=40 y"), words(modifiers="donor <=39 y")),
    "hr_efsevent_haplo_vs_msd": (words(donor="haplo"), words(donor="MSD")),
    "hr_efsevent_mmud_vs_msd": (words(donor="MMUD"), words(donor="MSD")),
    "hr_efsevent_mud_vs_msd": (words(donor="MUD"), words(donor="MSD")),
    "hr_efsevent_ric_vs_nma": (words(conditioning="RIC"), words(conditioning="NMA")),
    "hr_efsevent_age13plus": (
        words(age_group="adult", modifiers="age 16-25"),
        words(age_group="child", modifiers="age <=6"),
    ),
    "hr_pfs_len_vs_placebo": (words(modifiers="lenalidomide"), words(modifiers="placebo")),
    "rr_ptld_atg": (words(prophylaxis="CNI-based + ATG"), words(prophylaxis="CNI-based no ATG")),
    "graft_failure_rr_hlamm": (words(donor="MMUD"), words(donor="MUD")),
    "graft_failure_rr_nonmalig": (
        words(population="nonmalignant diseases"),
        words(population="hematologic malignancies"),
    ),
    "graft_failure_rr_ric": (words(conditioning="RIC"), words(conditioning="MAC")),
    "graft_failure_rr_tcd": (words(graft="CD34-selected PBSC"), words(graft="PBSC")),
    "graft_failure_or_bm_tnc_le_2p4e8": (
        plan(graft={"cd34_per_kg": 1.5e6, "tnc_per_kg": 1.8e8}),
        plan(graft={"cd34_per_kg": 2.8e6, "tnc_per_kg": 3.4e8}),
    ),
    "graft_failure_fold_mpn_vs_acute_leukaemia": (
        words(population="myelofibrosis"),
        words(population="acute leukaemia"),
    ),
    "nonengraftment_hr_bm_vs_pbsc": (words(graft="BM"), words(graft="PBSC")),
    "nonengraftment_hr_ric_vs_mac": (words(conditioning="RIC"), words(conditioning="MAC")),
    "anc500_hr_ucb_vs_bm": (words(graft="sUCB", donor="UCB"), words(graft="BM")),
    "anc500_hr_cryo_vs_fresh": (plan(graft={"cryopreserved": True}), plan(graft={"cryopreserved": False})),
    "plt_hr_cryo_vs_fresh": (plan(graft={"cryopreserved": True}), plan(graft={"cryopreserved": False})),
    "anc500_day_difference_gcsf": (words(gcsf="yes"), words(gcsf="no")),
    "hsc_engrafted_fold_old_vs_young_donor": (plan(donor={"age_years": 58}), plan(donor={"age_years": 30})),
    **{
        f"{count}_or_day{day}_splenomegaly_vs_normal": (
            plan(patient={"splenomegaly": True}),
            plan(patient={"splenomegaly": False}),
        )
        for count in ("anc500", "plt")
        for day in (14, 21, 28)
    },
    "thrombocytopenia_after_d28_or_nma_vs_mac": (words(conditioning="NMA"), words(conditioning="MAC")),
    "cd4_naive_ratio_pbsc_vs_bm": (words(graft="PBSC"), words(graft="BM")),
    "cd4_memory_ratio_pbsc_vs_bm": (words(graft="PBSC"), words(graft="BM")),
    "cd4_recovery_day100_or_pbsc_vs_bm": (words(graft="PBSC"), words(graft="BM")),
    "definite_infection_rate_ratio_bm_vs_pbsc": (words(graft="BM"), words(graft="PBSC")),
}


def _levels(a: Facts, b: Facts, name: str) -> float:
    return float(np.nanmedian(a[name]) / np.nanmedian(b[name]))


def _odds(first: float, second: float) -> float:
    p, q = (min(max(x / 100, 1e-4), 1 - 1e-4) for x in (first, second))
    return p / (1 - p) / (q / (1 - q))


def _percent(test: Any) -> float:
    return 100 * float(np.mean(test))


# Figures of two arms that are no hazard ratio: facts needed, last day, estimator, scale.
TWO_ARMS: Mapping[str, tuple[Callable[[Facts, Facts], float], tuple[str, ...], int, str, str]] = {
    "anc500_day_difference_gcsf": (
        lambda a, b: float(np.median(b["anc500"]) - np.median(a["anc500"])),
        ("anc500",),
        60,
        "days later without, medians",
        "days",
    ),
    "hsc_engrafted_fold_old_vs_young_donor": (
        lambda a, b: _levels(b, a, "level:clones:365"),
        ("level:clones:365",),
        365,
        "young over old, medians at a year",
        "ratio",
    ),
    "cd4_naive_ratio_pbsc_vs_bm": (
        lambda a, b: _levels(a, b, "level:naive_cd4:100"),
        ("level:naive_cd4:100",),
        100,
        "medians at day 100",
        "ratio",
    ),
    "cd4_memory_ratio_pbsc_vs_bm": (
        lambda a, b: float(
            np.nanmedian(a["level:cd4:100"] - a["level:naive_cd4:100"])
            / np.nanmedian(b["level:cd4:100"] - b["level:naive_cd4:100"])
        ),
        ("level:cd4:100", "level:naive_cd4:100"),
        100,
        "medians at day 100",
        "ratio",
    ),
    "cd4_recovery_day100_or_pbsc_vs_bm": (
        lambda a, b: _odds(_percent(a["level:cd4:100"] > 0.2), _percent(b["level:cd4:100"] > 0.2)),
        ("level:cd4:100",),
        100,
        "odds of CD4 above 200/uL",
        "ratio",
    ),
    "definite_infection_rate_ratio_bm_vs_pbsc": (
        lambda a, b: _rate(a) / max(_rate(b), 1e-9),
        ("event:bacteremia", "event:mould_infection", "death"),
        365,
        "first infections per day at risk",
        "ratio",
    ),
    "thrombocytopenia_after_d28_or_nma_vs_mac": (
        lambda a, b: _odds(
            _percent(np.isfinite(a["late_fall:platelets:20"])), _percent(np.isfinite(b["late_fall:platelets:20"]))
        ),
        ("late_fall:platelets:20",),
        180,
        "odds of platelets below 20 after day 28",
        "ratio",
    ),
    **{
        f"{count}_or_day{day}_splenomegaly_vs_normal": (
            lambda a, b, f=fact, d=day: _odds(_percent(a[f] <= d), _percent(b[f] <= d)),
            (fact,),
            60,
            f"odds of recovery by day {day}",
            "ratio",
        )
        for count, fact in (("anc500", "anc500"), ("plt", "plt20"))
        for day in (14, 21, 28)
    },
}


def _rate(facts: Facts) -> float:
    first = np.minimum(facts["event:bacteremia"], facts["event:mould_infection"])
    risk = np.minimum(np.minimum(first, facts["death"]), 365).sum()
    return float((first <= np.minimum(facts["death"], 365)).sum() / max(risk, 1.0))


# Effects of an exposure within one arm: event, ends, exposure from its day, last day, first day.
WITHIN: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], int, int]] = {
    "hr_relapse_gvhd_all": (("relapse",), ("death",), ("acute_gvhd_1_4", "chronic_gvhd"), 1095, 0),
    "or_relapse_agvhd_all": (("relapse",), ("death",), ("acute_gvhd_2_4",), 1095, 0),
    "hr_nrm_agvhd34_all": (("nrm",), ("relapse",), ("acute_gvhd_3_4",), 730, 0),
    "rr_death_cmvreact_aml": (("death",), (), ("cmv_dna",), 1095, 100),
    "rr_nrm_bsi_postengraft": (("nrm",), ("relapse",), ("late_bacteremia",), 365, 0),
    "rr_nrm_bsi_preengraft": (("nrm",), ("relapse",), ("early_bacteremia",), 365, 0),
    "hr_ia_highdosesteroid": (("event:mould_infection",), ("death",), ("steroid_start",), 365, 0),
    "rr_deathday100_anclt100_after_day26": (("death",), (), ("late_fall:neutrophils:0.1",), 100, 26),
    "os_hr_no_cd4ir_by_day100": (("death",), (), ("no_cd4_ir",), 1095, 100),
}


def contrast(finding: Finding) -> Measure | None:
    """The measure of an effect, or None where the name is no effect that is known."""
    name = finding.metric
    if name == "hr_trm_noresponse_day28":
        return _by_response()
    if name in WITHIN:
        return _within(*WITHIN[name])
    sides = SIDES.get(name) or _sides_of_words(finding)
    if name in TWO_ARMS and sides:
        figure, needs, last, told, scale = TWO_ARMS[name]
        return Measure(figure, needs, last, told, scale, sides=sides)
    outcome = _outcome(name)
    if outcome is None or not sides:
        return None
    event, ends, usual = OUTCOMES[outcome]
    last = 100 if "day100" in name else 168 if "wk24" in name else usual
    return _between(event, ends, last, sides, name, 100 if name == "hr_pfs_len_vs_placebo" else 0)


def _outcome(name: str) -> str | None:
    if name.startswith("graft_failure_"):
        return "graftfailure"
    if name.startswith(("anc500_hr", "plt_hr")):
        return "anc500"
    found = re.match(r"(?:hr|rr|or)_([a-z]+)|(nonengraftment)", name)
    named = (found.group(1) or found.group(2)) if found else ""
    return named if named in OUTCOMES else None


def _sides_of_words(finding: Finding) -> tuple[Side, Side] | None:
    columns = ("donor", "graft", "conditioning", "prophylaxis", "modifiers")
    return ({}, {}) if any(re.search(r"\svs\.?\s", getattr(finding, c)) for c in columns) else None


def _between(
    event: tuple[str, ...], ends: tuple[str, ...], last: int, sides: tuple[Side, Side], name: str, landmark: int
) -> Measure:
    if name.startswith("plt_hr"):
        event = ("plt20",)
    is_share = name.startswith(("rr_", "or_", "graft_failure_"))

    def days(facts: Facts) -> tuple[Any, Any]:
        day = first_of(facts, event)
        rival = first_of(facts, ends) if ends else np.full(len(day), np.inf)
        kept = np.minimum(day, rival) > landmark if landmark else np.ones(len(day), bool)
        return day[kept] - landmark, rival[kept] - landmark

    def figure(a: Facts, b: Facts) -> float:
        if not is_share:
            return hazard_ratio(days(a), days(b), last)
        first, second = (max(share_with(*days(side), last), 0.05) for side in (a, b))
        return _odds(first, second) if "or_" in name[:18] else first / second

    told = "ratio of incidences" if is_share else "ratio of hazards by the log-rank test (Peto and Pike), paired arms"
    zero = "infusion" if not landmark else f"day {landmark}, of those free of events"
    return Measure(figure, (*event, *ends), last + landmark, told, "ratio", zero, sides)


def _within(event: tuple[str, ...], ends: tuple[str, ...], exposure: tuple[str, ...], last: int, start: int) -> Measure:
    def figure(facts: Facts) -> float:
        rival = first_of(facts, ends) if ends else np.full(len(facts[event[0]]), np.inf)
        return rate_ratio(first_of(facts, event), rival, first_of(facts, exposure), last, start)

    return Measure(
        figure, (*event, *ends, *exposure), last, "ratio of rates, the exposure counted from its day", "ratio"
    )


def _by_response() -> Measure:
    """Non-relapse mortality of who did not respond to steroids over who did, from the day 28 of treatment."""

    def figure(facts: Facts) -> float:
        zero = facts["steroid_start"] + 28
        known = np.isfinite(facts["steroid_response"]) & (facts["death"] > zero) & (facts["relapse"] > zero)
        failed = facts["steroid_response"] >= 0
        sides = [
            (facts["nrm"][at] - zero[at], facts["relapse"][at] - zero[at]) for at in (known & failed, known & ~failed)
        ]
        return hazard_ratio(sides[0], sides[1], 365)

    needs = ("steroid_start", "steroid_response", "death", "relapse", "nrm")
    return Measure(figure, needs, 730, "ratio of hazards by the log-rank test", "ratio", "day 28 of steroids")
