"""The whole course against published figures: cohorts of 2,000, judged as the papers judged theirs.

The body runs as one system: every row comes out of the same equations and the same parameter values, and a stratum
differs from another only through its plan. Rows whose figure was used to set a parameter are marked calibrated;
agreement there is no prediction. Writes docs/measurements/whole-course.md. `--quick` takes 256 patients.
"""

# ruff: noqa: E501  one finding stands on one line

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dayzero import Course, DomainWarning, Plan, simulate
from dayzero.analyse.endpoints import outcome_counts
from dayzero.analyse.evidence.registry import registry
from dayzero.analyse.survival import cumulative_incidence, kaplan_meier

PAGE = Path(__file__).resolve().parent.parent / "docs" / "measurements" / "whole-course.md"
FIT, NEW = "calibrated", "predicted"
Measure = Callable[[Course], float]


@dataclass(frozen=True)
class Claim:
    """One published figure: what it says, the cohort, how it is measured, the band it should fall in, and its role."""

    row: str
    says: str
    cohort: str
    measure: Measure
    low: float
    high: float
    role: str
    against: str = ""  # the cohort of a contrast: the figure is measure(cohort, against)


def incidence(name: str, day: int) -> Measure:
    """Cumulative incidence by a day, percent, with its competing risks."""
    return lambda c: 100 * cumulative_incidence(outcome_counts(c, name), name).at(day)[0]


def survival(name: str, day: int) -> Measure:
    """Kaplan-Meier estimate at a day, percent."""
    return lambda c: 100 * kaplan_meier(outcome_counts(c, name)).at(day)[0]


def median_survival(name: str) -> Measure:
    """Median, days."""
    return lambda c: kaplan_meier(outcome_counts(c, name)).median().day


def median(quantity: str, day: int, scale: float = 1.0) -> Measure:
    """Median of the living on a day."""
    return lambda c: scale * float(np.median(_living(c, quantity, day)))


def share(quantity: str, day: int, low: float, high: float = np.inf) -> Measure:
    """Percentage of the living whose value lies between two levels on a day."""
    return lambda c: 100 * float(np.mean(_between(_living(c, quantity, day), low, high)))


def failure(day: int) -> Measure:
    """Patients alive and free of relapse whose neutrophils never recovered to 0.5 or are not the donor's, percent."""

    def measure(c: Course) -> float:
        at = int(day - c.days[0])
        up = (c.neutrophils >= 0.5) & (c.days >= 14) & (c.days <= day)  # before, counts of mild conditioning still fall
        alive = c.living[:, at] & ~np.isin(np.arange(len(c)), np.nonzero(c.first_day("event_relapse") <= day)[0])
        return 100 * float(np.mean(alive & (~up.any(axis=1) | (c.myeloid_donor_fraction[:, at] < 0.05))))

    return measure


def lost(day: int) -> Measure:
    """Patients alive on a day with less than 5 % donor myeloid cells, percent of the living."""
    return share("myeloid_donor_fraction", day, -1, 0.05)


def after(day: int, horizon: int) -> Measure:
    """GVHD (acute II-IV or chronic) after a day among those free of it, alive and in remission then, percent by a later day."""

    def measure(c: Course) -> float:
        grade = np.where(c.living & (c.days < day), c.ward_gvhd_grade, 0).max(axis=1)
        had = (grade >= 2) | (c.first_day("event_chronic_gvhd_onset") < day) | (c.first_day("event_relapse") < day)
        free = c.living[:, int(day - c.days[0])] & ~had
        later = np.minimum(
            c.first_day("ward_gvhd_grade", 2, since=day), c.first_day("event_chronic_gvhd_onset", since=day)
        )
        return 100 * float(np.mean(later[free] <= horizon))

    return measure


def kept_alive(start: int, end: int) -> Measure:
    """Survival to a late day of those alive and in remission on an early one, percent."""

    def measure(c: Course) -> float:
        well = c.living[:, int(start - c.days[0])] & (c.first_day("event_relapse") > start)
        return 100 * float(np.mean(c.living[well, int(end - c.days[0])]))

    return measure


def relapses_per_year(day: int) -> Measure:
    """Relapses per patient-year at risk to a day."""

    def measure(c: Course) -> float:
        relapse, (died, _) = c.first_day("event_relapse"), c.deaths()
        at_risk = np.clip(np.minimum(np.minimum(relapse, died), day), 0, None)
        return float(np.sum(relapse <= np.minimum(died, day)) / (at_risk.sum() / 365.25))

    return measure


def donor_t_before_gvhd(c: Course) -> float:
    """Donor T cells at day 28 of those with acute GVHD later, less those of the others, percent points."""
    later = np.isfinite(c.first_day("ward_gvhd_grade", 2, since=29))
    donor = 100 * c.t_donor_fraction[:, int(28 - c.days[0])]
    return float(np.median(donor[later]) - np.median(donor[~later]))


def _living(c: Course, quantity: str, day: int) -> np.ndarray:
    at = int(day - c.days[0])
    return c.values[quantity][c.living[:, at], at]


def _between(values: np.ndarray, low: float, high: float) -> np.ndarray:
    return (values >= low) & (values < high)


def index_group(group: str) -> list[Plan]:
    """Patients of a group of the disease risk index: its diseases and stages, half of them after full conditioning."""
    full, reduced = Plan.load("aml-sibling-pbsc"), Plan.load("mds-unrelated-flumel-cni-mtx")
    found = []
    for row in registry()["diagnosis"]["disease_risk_index"][group]:
        who = {"disease_risk": None, "mrd_positive": None} | {k: v for k, v in row.items() if k != "share"}
        leukemia = who["diagnosis"] in ("aml", "all") and str(who["status"]).startswith("remission")
        told = {"patient": who, "care": "allo-2000s", "population": {"mrd_fraction": 0.25 if leukemia else None}}
        found += [base.but(**told) for _ in range(round(100 * row["share"])) for base in (full, reduced)]
    return found


def plans() -> dict[str, tuple[Plan | list[Plan], int]]:
    """Cohorts by name: the plan, or those dealt out to patients in turn, and how many days."""
    load = Plan.load
    pbsc, marrow = load("aml-sibling-pbsc"), load("aml-sibling-marrow")
    ric, mud = load("mds-unrelated-flumel-cni-mtx"), {"kind": "matched_unrelated", "age_years": 28}
    old = "allo-1990s"
    ctn_mac = pbsc.but(donor=mud, conditioning="flu-bu4", patient={"age_years": 52}, population={"mrd_fraction": 0.3})
    child = {"age_years": 5, "weight_kg": 18, "height_cm": 108, "hct_ci": 0}
    grown = {"fields": {"patient.age_years": None}, "female_fraction": None}
    points = lambda n: {"fields": {"patient.hct_ci": {"kind": "empirical", "values": n}}}  # noqa: E731
    saa = load("aplastic-anemia-sibling-marrow")
    tcd = load("cd34-selected-pbsc")
    return {
        "sibling blood": (pbsc, 740),
        "sibling marrow": (marrow, 740),
        "8/8 blood": (pbsc.but(donor=mud), 400),
        "8/8 marrow": (marrow.but(donor=mud), 400),
        "7/8 blood": (pbsc.but(donor={"kind": "mismatched_unrelated", "age_years": 28}), 200),
        "8/8 blood ATG": (pbsc.but(donor=mud, prophylaxis="cni-mtx-atg"), 200),
        "8/8 blood abatacept": (pbsc.but(donor=mud, prophylaxis="cni-mtx-abatacept"), 200),
        "sibling blood ATLG": (pbsc.but(prophylaxis="cni-mtx-atlg"), 740),
        "RIC Tac/MTX": (ric, 740),
        "RIC PTCy": (ric.but(prophylaxis="ptcy-cni-mmf", care="ptcy"), 740),
        "haplo marrow": (load("haplo-marrow-ptcy"), 740),
        "haplo blood": (load("haplo-pbsc-ptcy"), 400),
        "MAC 0901": (ctn_mac, 1500),
        "RIC 0901": (ctn_mac.but(conditioning="flu-bu2"), 1500),
        "cord": (load("cord-single-cytbiflu"), 740),
        "child marrow": (marrow.but(patient=child, population=grown), 740),
        "child cord": (load("cord-single-cytbiflu").but(patient=child, population=grown), 400),
        "NMA": (load("nma-flu-tbi2"), 740),
        "CD34-selected": (tcd, 400),
        **{f"DRI {g.replace('_', ' ')}": (index_group(g), 740) for g in ("low", "intermediate", "high", "very_high")},
        "HCT-CI 0": (ctn_mac.but(care="allo-2000s", population=points([0])), 740),
        "HCT-CI 1-2": (ctn_mac.but(care="allo-2000s", population=points([1, 2])), 740),
        "HCT-CI 3+": (ctn_mac.but(care="allo-2000s", population=points([3, 4, 5])), 740),
        "sibling blood 1990s": (pbsc.but(care=old), 400),
        "R+ no letermovir": (pbsc.but(population={"cmv_recipient_fraction": 1.0}), 120),
        "R+ letermovir": (pbsc.but(population={"cmv_recipient_fraction": 1.0}, care="allo-2020s"), 120),
        "Cy/TBI": (load("all-sibling-pbsc-cytbi"), 200),
        "RIC FluBu2": (load("aml-unrelated-flubu2-atg"), 200),
        "SAA young": (saa.but(patient={"age_years": 15}, population={"fields": {"patient.age_years": None}}), 740),
        "SAA older": (saa.but(patient={"age_years": 40}, population={"fields": {"patient.age_years": None}}), 740),
        "SAA no ATG": (saa.but(conditioning={"base": "cy200-atg", "drugs": [
            {"drug": "cyclophosphamide", "days": [-5, -4, -3, -2], "dose_mg_per_kg": 50}]}), 200),
        "MEL200": (load("auto-mel200-myeloma"), 1500),
        "ten years": (pbsc.but(care="allo-2000s"), 3650),
        **{f"DLI {dose:g}": (tcd.but(care={"donor_lymphocytes": {"planned_days": [90], "cd3_per_kg": dose}}), 460)
           for dose in (5e6, 5e7, 1.5e8)},
        **{f"Bu {auc}": (pbsc.but(conditioning=_busulfan(auc)), 370) for auc in (60, 90, 120)},
    }  # fmt: skip


def _busulfan(auc: float) -> dict[str, Any]:
    """Bu4/Cy with busulfan adjusted to a cumulative exposure, mg h/L."""
    return {"base": "bu4-cy", "drugs": [
        {"drug": "busulfan", "days": [-7, -6, -5, -4], "dose_mg_per_kg": 3.2 * auc / 90, "target_cumulative_auc_mg_h_per_l": auc},
        {"drug": "cyclophosphamide", "days": [-3, -2], "dose_mg_per_kg": 60}]}  # fmt: skip


def ratio(measure: Measure) -> Callable[[Course, Course], float]:
    """The figure of one cohort over that of another."""
    return lambda a, b: measure(a) / max(measure(b), 1e-9)


def crude_hazard_ratio(name: str, day: int) -> Callable[[Course, Course], float]:
    """Ratio of cumulative cause-specific hazards to a day (Nelson-Aalen)."""

    def hazard(c: Course) -> float:
        counts = outcome_counts(c, name)
        events, at_risk = counts.row(name)[: day + 1], np.maximum(counts.at_risk[: day + 1], 1)
        return float(np.sum(events / at_risk))

    return lambda a, b: hazard(a) / max(hazard(b), 1e-9)


def claims() -> list[Claim]:
    """The table, in the order of the model's own validation list."""
    cd4, year = "cd4", 365
    two, three, chronic = "acute_gvhd_2_4", "acute_gvhd_3_4", "chronic_gvhd"
    nrm, relapse = "non_relapse_mortality", "relapse"
    per_ul = 1000.0
    table: list[tuple[Any, ...]] = [
        ("7", "adult, blood: NK/uL at day 30 (normal by a month)", "sibling blood", median("nk_cells", 30, per_ul), 100, 350, FIT),
        ("7", "CD4/uL at day 30 (109 in unrelated recipients)", "sibling blood", median(cd4, 30, per_ul), 60, 160, FIT),
        ("7", "CD4/uL at day 100", "sibling blood", median(cd4, 100, per_ul), 120, 300, FIT),
        ("7", "CD4/uL at day 180 (above 200 by 3-6 months)", "sibling blood", median(cd4, 180, per_ul), 180, 350, FIT),
        ("7", "CD4/uL at a year", "sibling blood", median(cd4, year, per_ul), 220, 450, FIT),
        ("7", "naive CD4/uL at two years (below 100)", "sibling blood", median("naive_cd4", 730, per_ul), 15, 100, FIT),
        ("7", "CD8 over CD4 at day 100 (above 1)", "sibling blood",
         lambda c: median("cd8", 100)(c) / median(cd4, 100)(c), 1, 4, FIT),
        ("7", "B/uL at day 100 (few)", "sibling blood", median("b_cells", 100, per_ul), 0, 90, FIT),
        ("7", "B/uL at a year", "sibling blood", median("b_cells", year, per_ul), 100, 350, FIT),
        ("7", "child of 5, marrow: CD4/uL at two years (normal)", "child marrow", median(cd4, 730, per_ul), 500, 1400, NEW),
        ("7", "CD4 above 109/uL at day 30, blood, % (64)", "8/8 blood", share(cd4, 30, 0.109), 50, 78, NEW),
        ("7", "the same, marrow, % (32)", "8/8 marrow", share(cd4, 30, 0.109), 20, 45, FIT),
        ("8", "cord: CD4/uL at day 100 (slower than blood)", "cord", median(cd4, 100, per_ul), 20, 120, FIT),
        ("8", "cord: NK/uL at day 60 (fast)", "cord", median("nk_cells", 60, per_ul), 120, 600, NEW),
        ("8", "cord: B/uL at day 180 (fast)", "cord", median("b_cells", 180, per_ul), 50, 400, NEW),
        ("9", "NMA: patients whose neutrophils never fall below 0.1, %", "NMA",
         lambda c: 100 * float(np.mean(c.neutrophils[:, c.days <= 40].min(axis=1) > 0.1)), 50, 100, FIT),
        ("9", "NMA: mixed myeloid chimerism (5-95 %) at day 28, %", "NMA",
         share("myeloid_donor_fraction", 28, 0.05, 0.95), 40, 100, FIT),
        ("9", "NMA: median donor myeloid at day 84, %", "NMA", median("myeloid_donor_fraction", 84, 100), 75, 100, FIT),
        ("9", "NMA: graft lost by a year, %", "NMA", lost(365), 1, 12, FIT),
        ("9", "NMA: donor T cells at day 28, % points more before acute GVHD (more)", "NMA", donor_t_before_gvhd, 0, 100, FIT),
        ("10", "primary failure, MAC blood, % (2.5)", "8/8 blood", failure(28), 0.5, 5, FIT),
        ("10", "primary failure, MAC marrow, % (7.3)", "8/8 marrow", failure(28), 4, 11, FIT),
        ("10", "primary failure, haploidentical marrow, PTCy, % (6)", "haplo marrow", failure(28), 2, 12, FIT),
        ("11", "acute GVHD II-IV, sibling blood, % (34-39)", "sibling blood", incidence(two, 100), 30, 44, FIT),
        ("11", "III-IV, 8/8, CNI/MTX, % (14.8)", "8/8 blood", incidence(three, 100), 10, 20, FIT),
        ("11", "III-IV, 8/8 with abatacept, % (6.8)", "8/8 blood abatacept", incidence(three, 100), 3.5, 11.5, FIT),
        ("11", "III-IV, 7/8, % (30.2)", "7/8 blood", incidence(three, 100), 20, 40, FIT),
        ("11", "III-IV, haplo marrow PTCy, day 180, % (4)", "haplo marrow", incidence(three, 180), 2, 7, FIT),
        ("11", "II-IV, 8/8 with ATG, %", "8/8 blood ATG", incidence(two, 100), 20, 38, FIT),
        ("12", "chronic GVHD at a year, sibling blood, % (65)", "sibling blood", incidence(chronic, year), 50, 72, FIT),
        ("12", "chronic GVHD at a year, sibling marrow, % (53)", "sibling marrow", incidence(chronic, year), 38, 60, FIT),
        ("12", "sibling blood with ATLG, two years, % (32)", "sibling blood ATLG", incidence(chronic, 730), 22, 47, FIT),
        ("12", "sibling blood, two years, % (69)", "sibling blood", incidence(chronic, 730), 58, 81, FIT),
        ("13", "GRFS at a year, RIC PTCy, % (52.7)", "RIC PTCy", survival("grfs", year), 45, 60, FIT),
        ("13", "GRFS at a year, RIC Tac/MTX, % (34.9)", "RIC Tac/MTX", survival("grfs", year), 28, 42, FIT),
        ("13", "relapse at a year: PTCy over Tac/MTX (1)", "RIC PTCy", ratio(incidence(relapse, year)), 0.7, 1.4, NEW,
         "RIC Tac/MTX"),
        ("14", "TRM at four years, MAC, % (25.1)", "MAC 0901", incidence(nrm, 1460), 18.5, 33, FIT),
        ("14", "TRM at four years, RIC, % (9.9)", "RIC 0901", incidence(nrm, 1460), 5.9, 16, FIT),
        ("14", "relapse hazard ratio, RIC over MAC (4.06)", "RIC 0901", crude_hazard_ratio(relapse, 1460), 2.59, 6.35, FIT,
         "MAC 0901"),
        ("15", "overall survival at two years, low risk, % (64)", "DRI low", survival("overall_survival", 730), 57, 75, FIT),
        ("15", "intermediate risk, % (51)", "DRI intermediate", survival("overall_survival", 730), 46, 62, FIT),
        ("15", "high risk, % (34)", "DRI high", survival("overall_survival", 730), 28, 44, FIT),
        ("15", "very high risk, % (24)", "DRI very high", survival("overall_survival", 730), 18, 32, FIT),
        ("15", "NMA: relapses per patient-year at risk (0.26-0.37 standard risk)", "NMA", relapses_per_year(730), 0.2, 0.45, FIT),
        ("16", "GVHD within a year of 5e6 CD3/kg donor lymphocytes, % (21)", "DLI 5e+06", after(90, 455), 12, 32, FIT),
        ("16", "the same, 5e7, % (45)", "DLI 5e+07", after(90, 455), 32, 58, FIT),
        ("16", "the same, 1.5e8, % (55)", "DLI 1.5e+08", after(90, 455), 42, 68, FIT),
        ("17", "NRM at a year: busulfan 120 over 90 mg h/L (more)", "Bu 120", ratio(incidence(nrm, year)), 1.05, 4, NEW, "Bu 90"),
        ("17", "relapse at a year: busulfan 60 over 90 mg h/L (more)", "Bu 60", ratio(incidence(relapse, year)), 1.05, 4, NEW, "Bu 90"),
        ("18", "VOD after Bu4/Cy, % (8-10)", "sibling blood", incidence("vod", 100), 5, 12, FIT),
        ("18", "VOD after Cy/TBI, % (5-7)", "Cy/TBI", incidence("vod", 100), 3.5, 9, FIT),
        ("18", "VOD after Flu/Bu2, % (1-2)", "RIC FluBu2", incidence("vod", 100), 0.3, 3.5, FIT),
        ("18", "IPS by day 120, MAC, 1990s, % (8.4)", "sibling blood 1990s", incidence("lung_injury_syndrome", 120), 3, 11, FIT),
        ("18", "invasive mould at a year, 1990s, % (10.3)", "sibling blood 1990s", incidence("mould_infection", year), 6, 15, FIT),
        ("18", "CMV by day 100, R+ without letermovir, % (41)", "R+ no letermovir", incidence("cmv_infection", 100), 33, 50, FIT),
        ("18", "CMV by day 100, R+ on letermovir, % (14)", "R+ letermovir", incidence("cmv_infection", 100), 8, 22, FIT),
        ("19", "NRM at two years, HCT-CI 0, % (15)", "HCT-CI 0", incidence(nrm, 730), 11, 19, FIT),
        ("19", "NRM at two years, HCT-CI 1-2, % (21)", "HCT-CI 1-2", incidence(nrm, 730), 17, 26, FIT),
        ("19", "NRM at two years, HCT-CI 3+, % (27-41)", "HCT-CI 3+", incidence(nrm, 730), 24, 41, FIT),
        ("20", "ten-year survival of those well at two years, % (85)", "ten years", kept_alive(730, 3650), 80, 92, FIT),
        ("21", "aplastic anemia, 15 y, survival at two years, % (90)", "SAA young", survival("overall_survival", 730), 82, 97, FIT),
        ("21", "aplastic anemia, 40 y, % (74)", "SAA older", survival("overall_survival", 730), 65, 86, FIT),
        ("21", "aplastic anemia without ATG: graft lost by day 180, more than with, ratio", "SAA no ATG",
         ratio(lost(180)), 1, np.inf, FIT, "SAA older"),
        ("23", "MEL200: TRM at 100 days, % (below 3)", "MEL200", incidence(nrm, 100), 0, 3, FIT),
        ("23", "MEL200: relapse-free survival, median days (33 months)", "MEL200",
         median_survival("relapse_free_survival"), 730, 1300, FIT),
        ("-", "relapse at two years, sibling blood CR1, % (25-35)", "sibling blood", incidence(relapse, 730), 20, 36, FIT),
        ("-", "NRM at two years, sibling blood, % (15, EBMT CR1)", "sibling blood", incidence(nrm, 730), 10, 20, FIT),
        ("-", "NRM at two years, haplo marrow NMA, % (11)", "haplo marrow", incidence(nrm, 730), 6, 16, FIT),
        ("-", "bacteremia by day 30, sibling blood, %", "sibling blood", incidence("bacteremia", 30), 14, 30, FIT),
    ]  # fmt: skip
    return [Claim(*row) for row in table]


def main(patients: int) -> None:
    """Simulate every cohort once, measure every row, write the page."""
    warnings.simplefilter("ignore", DomainWarning)
    cohorts, rows, wanted = plans(), claims(), {}
    for claim in rows:
        wanted.setdefault(claim.cohort, []).append(claim)
    needed = {c.against for c in rows if c.against}
    kept: dict[str, Course] = {}
    found: dict[str, float] = {}
    for name in needed:
        wanted.setdefault(name, [])
    order = sorted(wanted, key=lambda name: name not in needed)
    for name in order:
        plan, days = cohorts[name]
        numbers = list(range(patients))
        dealt = [plan[i % len(plan)] for i in numbers] if isinstance(plan, list) else plan
        course = simulate(dealt, numbers, days)
        for claim in wanted[name]:
            two = (course, kept[claim.against]) if claim.against else (course,)
            found[claim.says + claim.cohort] = claim.measure(*two)
            value, ok = found[claim.says + claim.cohort], "inside"
            if not claim.low <= value <= claim.high:
                ok = "OUTSIDE"
            print(f"{claim.row:3} {claim.says:66} {value:8.4g}  {claim.low:g} to {claim.high:g}  {ok}", flush=True)
        if name in needed:
            kept[name] = course
    PAGE.write_text(page(rows, found, patients), encoding="utf-8")


def page(rows: list[Claim], found: dict[str, float], patients: int) -> str:
    """The page: what it is, the table, the score."""
    lines = []
    inside: dict[str, list[bool]] = {FIT: [], NEW: []}
    for claim in rows:
        value = found[claim.says + claim.cohort]
        ok = claim.low <= value <= claim.high
        inside[claim.role].append(ok)
        high = "-" if np.isinf(claim.high) else f"{claim.high:g}"
        verdict = "inside" if ok else "**outside**"
        lines.append(
            f"| {claim.row} | {claim.says} | {value:.3g} | {claim.low:g} to {high} | {claim.role} | {verdict} |"
        )
    score = "; ".join(f"{role}: {sum(ok)} of {len(ok)}" for role, ok in inside.items())
    return HEAD.format(patients=f"{patients:,}") + "\n".join(lines) + f"\n\nRows inside their band: {score}.\n"


HEAD = """# The whole course against published figures

Cohorts of {patients} virtual patients; the body runs as one system, and a cohort differs from another only through its
plan. Numbers in the first column are those of the model's validation list. *Calibrated* rows set a parameter, by one of
the staged fits or by hand, or were in view when one was chosen: agreement there is calibration. *Predicted* rows were
not used. Bands are the published
interval where there is one, otherwise a range a reader would accept. What falls outside stays in the table.

| row | finding | simulated | band | role | |
|---|---|---|---|---|---|
"""

if __name__ == "__main__":
    main(256 if "--quick" in sys.argv else 2000)
