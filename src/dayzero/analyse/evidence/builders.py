"""Estimators of metrics that follow no pattern, shared by several of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dayzero.analyse.evidence.measures import Facts, Measure, hazard_ratio, incidence, share, value
from dayzero.analyse.evidence.rows import Finding

LEAST_DAYS = 300  # patient-days below which no rate is given
Build = Callable[[Finding], Measure]


def fixed(measure: Measure) -> Build:
    return lambda finding: measure


def never_below(quantity: str, level: float) -> Build:
    name = f"lowest:{quantity}:0:60"
    return fixed(share([name], 60, lambda f: f[name] >= level, "share whose count never fell below"))


def median_onset(event: str) -> Build:
    """Median day, which may lie before the infusion, over those who had it."""
    told = "median over those who had it, days before infusion counting"
    return fixed(value([event], 60, lambda f: np.median(f[event][np.isfinite(f[event])]), told, "days"))


def soon_after(facts: Facts, event: str, start: str, days: float) -> Any:
    """Of those with a start: whether the event came within days of it."""
    return np.where(np.isfinite(facts[start]), facts[event] <= facts[start] + days, np.nan)


def alive_after(start: str, days: int, last: int) -> Build:
    return fixed(
        share(
            [start, "death"],
            last + days,
            lambda f: np.where(f[start] <= last, f["death"] > f[start] + days, np.nan),
            f"alive {days} days after onset",
            zero="onset",
        )
    )


def dose_slope(event: str) -> Build:
    def figure(facts: Facts) -> float:
        day, dose = facts[event], facts["cov:graft_cd34_per_kg"]
        known = np.isfinite(day) & (day > 0) & (dose > 0)
        return float(np.exp(np.polyfit(np.log2(dose[known]), np.log(day[known]), 1)[0]))

    return fixed(value([event, "cov:graft_cd34_per_kg"], 120, figure, "log-log slope on CD34 dose", "ratio"))


def hazard_by_dose(event: str, cut: float, low_over_high: bool = False) -> Build:
    def figure(facts: Facts) -> float:
        high = facts["cov:graft_cd34_per_kg"] >= cut
        first, second = (~high, high) if low_over_high else (high, ~high)
        sides = [(facts[event][mask], facts["death"][mask]) for mask in (first, second)]
        return hazard_ratio(sides[0], sides[1], 120)

    needs = [event, "death", "cov:graft_cd34_per_kg"]
    return fixed(value(needs, 120, figure, f"hazards of recovery either side of {cut:g} CD34 cells/kg", "ratio"))


def dose_correlation(facts: Facts) -> float:
    day, dose = facts["anc500"], facts["cov:graft_cd34_per_kg"]
    known = np.isfinite(day) & (day > 0) & (dose > 0)
    return float(np.corrcoef(np.log(dose[known]), day[known])[0, 1])


def failure_share(kind: str, kept: bool = False) -> Build:
    names = {"any": "graft_failure", "primary": "primary_failure", "secondary": "secondary_failure"}
    last = 365 if kind != "primary" else 60
    made = incidence(names[kind], ("relapse", "death") if kind != "primary" else (), last)
    if not kept:
        return fixed(made)
    return fixed(Measure(lambda f: 100 - made.figure(f), made.needs, last, f"100 less {kind} failure", "pct"))


def share_of_deaths(*groups: int) -> Build:
    return fixed(
        share(
            ["cause"],
            1826,
            lambda f: np.where(np.isnan(f["cause"]), np.nan, np.isin(f["cause"], groups)),
            "share of all deaths by day 1826, relapse before death counting as the disease",
        )
    )


def of_mean_curve(figure: Callable[[np.ndarray, np.ndarray], float], unit: str) -> Build:
    days = np.arange(0, 31)
    names = [f"level:platelets:{day}" for day in days]

    def found(facts: Facts) -> float:
        mean = np.array([np.nanmean(facts[name]) for name in names])
        return figure(days, mean)

    return fixed(value(names, 30, found, "of the daily mean", unit))


def bacteremia_rate(first: int, last: int) -> Build:
    def figure(facts: Facts) -> float:
        onset, end = facts["onset_below:neutrophils:0.5"], np.minimum(facts["anc500"], facts["death"])
        event = facts["event:bacteremia"]
        lo, hi = np.maximum(onset, 0) + first, np.minimum(np.minimum(end, np.maximum(onset, 0) + last), 100)
        time = np.clip(np.minimum(hi, event) - lo, 0, None).sum()
        return 1000 * float(((event > lo) & (event <= hi)).sum()) / time if time >= LEAST_DAYS else np.nan

    needs = ["onset_below:neutrophils:0.5", "anc500", "death", "event:bacteremia"]
    return fixed(value(needs, 100, figure, "first bacteremias per 1,000 days of neutropenia"))


def severe_at_onset(*grades: str) -> Build:
    return fixed(
        share(
            ["acute_gvhd_1_4", "acute_gvhd_3_4"],
            180,
            lambda f: np.where(
                np.isfinite(f["acute_gvhd_1_4"]), f["acute_gvhd_3_4"] <= f["acute_gvhd_1_4"] + 1, np.nan
            ),
            "share of those with acute GVHD whose first grade is III-IV",
        )
    )


def steroid_share(test: Callable[[Any], Any], told: str) -> Build:
    return fixed(
        share(
            ["steroid_response"],
            210,
            lambda f: np.where(np.isnan(f["steroid_response"]), np.nan, test(f["steroid_response"])),
            told,
            zero="start of steroids",
        )
    )


def after_severe(event: str, told: str, kept: bool = False) -> Build:
    return fixed(
        share(
            ["acute_gvhd_3_4", event],
            730,
            lambda f: np.where(f["acute_gvhd_3_4"] <= 180, (f[event] <= 730) != kept, np.nan),
            told,
        )
    )


def by_cd4(event: str, kept: bool) -> Build:
    name = "level:cd4:30"
    return fixed(
        share(
            [name, event],
            365,
            lambda f: np.where(np.isnan(f[name]), np.nan, (f[event] <= 365) != kept),
            "by a year among those alive at day 30",
        )
    )


def after_relapse(facts: Facts) -> float:
    had = facts["relapse"] <= 1095
    return float(np.median(np.minimum(facts["death"][had], 1826) - facts["relapse"][had])) if had.sum() else np.nan


def after_lymphocytes(facts: Facts) -> Any:
    had = np.minimum(facts["acute_gvhd_2_4"], facts["chronic_gvhd"])
    free = (had > 180) & (np.minimum(facts["death"], facts["relapse"]) > 180)
    later = np.minimum(np.minimum(facts["late_acute"], facts["chronic_gvhd"]), facts["acute_gvhd_2_4"])
    return np.where(free, later <= 545, np.nan)
