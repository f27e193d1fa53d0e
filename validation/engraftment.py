"""The engraftment table: cohorts of 2,000 against published targets, judged from their charts.

Rows that were targets of the scenario fit (`scenario_fit.py`), or bear on the same figures of the same transplants,
are marked calibrated: agreement there is no prediction. The structural tests (a graft without stem cells, 2 % of stem
cells, Cy/TBI without cells) stand in tests/biology.
Writes docs/measurements/validation.md. `--quick` takes 200 patients.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dayzero import Course, DomainWarning, Plan, judge, observe, simulate
from dayzero.criteria import Judgement
from dayzero.simulation.assemble import standard_body

PAGE = Path(__file__).resolve().parent.parent / "docs" / "measurements" / "validation.md"
NO_GCSF = {"gcsf": None}


@dataclass(frozen=True)
class Claim:
    """One published finding: what it says, the cohort, the figure, the band it should fall in, and its role."""

    row: str
    says: str
    plan: Plan
    figure: str
    low: float
    high: float
    role: str
    days: int = 120


def claims() -> list[Claim]:
    """The table, in the order of the model's own validation list."""
    load = Plan.load
    mel, beam = load("auto-mel200-myeloma"), load("auto-beam-lymphoma")
    blood, marrow = load("aml-sibling-pbsc").but(care=NO_GCSF), load("aml-sibling-marrow").but(care=NO_GCSF)
    cord = load("cord-single-cytbiflu")
    dose = lambda plan, cells: plan.but(graft={"cd34_per_kg": cells})  # noqa: E731
    anc, p20, p50 = "neutrophils_0.5_day", "platelets_20_day", "platelets_50_day"
    fit, new = "calibrated", "predicted"
    five = dose(mel, 5e6)
    return [
        Claim("1", "MEL200, 5e6 CD34/kg, filgrastim d+5: ANC 0.5", five, anc, 10.5, 12.5, fit),
        Claim("1", "the same: platelets 20", five, p20, 11.5, 14.5, fit),
        Claim("1", "the same: platelets 50", five, p50, 14.5, 16.5, fit),
        Claim("1", "BEAM, autologous blood: ANC 0.5 (Schmitz 1996: 11)", beam, anc, 9.5, 12.5, fit),
        Claim("1", "the same: platelets 20 (16)", beam, p20, 14.5, 17.5, fit),
        Claim("2", "MEL200, 2e6 CD34/kg: ANC 0.5", dose(mel, 2e6), anc, 11.5, 13.5, fit),
        Claim("2", "the same: platelets 20", dose(mel, 2e6), p20, 14.5, 16.5, fit),
        Claim("2", "MEL200, 12e6 CD34/kg: ANC 0.5", dose(mel, 12e6), anc, 9.5, 11.5, fit),
        Claim("3", "allogeneic blood, MAC, MTX: ANC 0.5 (14-15; Couban 19)", blood, anc, 14, 19, fit),
        Claim("3", "the same: platelets 20", blood, p20, 16, 20, fit),
        Claim("3", "allogeneic marrow, MAC, MTX: ANC 0.5 (19; Couban 23)", marrow, anc, 19, 23, fit),
        Claim("3", "the same: platelets 20 (25-27; Couban 22)", marrow, p20, 22, 27, fit),
        Claim("4", "single cord: ANC 0.5", cord, anc, 22, 27, fit, 240),
        Claim("4", "the same: platelets 20 after day 45", cord, p20, 45, 75, fit, 240),
        Claim("4", "the same, platelets 50 (COBLT, children: 174; the fit aimed at 90)", cord, p50, 120, 220, fit, 365),
        Claim("5", "MEL200 without cells: ANC 0.5", dose(mel, 0).but(care=NO_GCSF), anc, 26, 42, fit),
        Claim("6", "allogeneic blood: last red-cell transfusion, median day", blood, "last_red_cells", 28, 56, new),
        Claim(
            "22",
            "stem-cell clones contributing at day 100, donor of 30 y",
            blood.but(donor={"age_years": 30}),
            "clones",
            5e3,
            3e4,
            "input",
        ),
        Claim(
            "22",
            "the same, donor of 60 y: ratio to 30 y about a tenth",
            blood.but(donor={"age_years": 60}),
            "clones_ratio",
            0.05,
            0.3,
            "input",
        ),
        Claim("Bishop", "filgrastim saves days of ANC 0.5 (4)", dose(blood, 5e6), "gcsf_gain", 2.5, 5.5, fit),
        Claim("Bishop", "filgrastim moves platelets 20 (0)", dose(blood, 5e6), "gcsf_platelets", -1.5, 1.5, fit),
        Claim("Bolwell", "methotrexate costs days of ANC 0.5, marrow (7)", marrow, "mtx_cost", 4.5, 9.5, fit),
        Claim("dose", "ANC days per CD34 doubling, blood (0.945)", blood, "anc_slope", 0.914, 0.98, fit),
        Claim("dose", "platelet 50 days per CD34 doubling, blood (0.807)", blood, "plt_slope", 0.721, 0.881, fit),
        Claim(
            "NMA",
            "Flu/TBI 2 Gy: transfused platelets, % (Weissinger: 23)",
            load("nma-flu-tbi2"),
            "any_platelets",
            11,
            38,
            new,
        ),
        Claim(
            "haplo", "haploidentical marrow, PTCy, RIC: ANC 0.5 (15-16)", load("haplo-marrow-ptcy"), anc, 14, 17.5, fit
        ),
        Claim("haplo", "the same: platelets 20 (24)", load("haplo-marrow-ptcy"), p20, 22, 27, fit),
    ]


def cohort(plan: Plan, patients: int, days: int) -> Course:
    """A cohort, domain warnings set aside: the page says what is beyond the evidence."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DomainWarning)
        return simulate(plan, patients, days, seed=2024)


def median(judged: Judgement, column: str) -> float:
    """Median day of those who recovered."""
    return float(np.nanmedian(judged[column]))


def _difference(column: str, other: Callable[[Plan], Plan], sign: float = 1.0) -> Callable[[Plan, int, int], float]:
    def measured(plan: Plan, patients: int, days: int) -> float:
        here, there = (judge(observe(cohort(p, patients, days)))[column] for p in (plan, other(plan)))
        return sign * float(np.nanmedian(here) - np.nanmedian(there))

    return measured


def _slope(column: str) -> Callable[[Plan, int, int], float]:
    def measured(plan: Plan, patients: int, days: int) -> float:
        wide = {"graft.cd34_per_kg": {"kind": "lognormal", "median": 1e7, "cv": 0.8, "low": 2e6, "high": 4e7}}
        course = cohort(plan.but(graft={"cd34_per_kg": 1e7}, population={"fields": wide}), patients, days)
        day, dose = judge(observe(course))[column], course.covariates["graft_cd34_per_kg"]
        known = np.isfinite(day)
        return float(np.exp(np.polyfit(np.log2(dose[known]), np.log(day[known]), 1)[0]))

    return measured


def _last_red_cells(plan: Plan, patients: int, days: int) -> float:
    course = cohort(plan, patients, days)
    given = course.red_cell_units > 0
    last = np.where(given.any(axis=1), course.days[::-1][np.argmax(given[:, ::-1], axis=1)], course.days[0])
    return float(np.median(last))


def _clones(plan: Plan, patients: int, days: int) -> float:
    return float(np.median(cohort(plan, patients, days).at(100, "clones")))


def _with_gcsf(plan: Plan) -> Plan:
    return plan.but(care={"gcsf": {"start_day": 5}})


MEASURES: dict[str, Callable[[Plan, int, int], float]] = {
    "last_red_cells": _last_red_cells,
    "clones": _clones,
    "clones_ratio": lambda plan, n, days: _clones(plan, n, days) / _clones(plan.but(donor={"age_years": 30}), n, days),
    "gcsf_gain": _difference("neutrophils_0.5_day", _with_gcsf),
    "gcsf_platelets": _difference("platelets_20_day", _with_gcsf),
    "mtx_cost": _difference("neutrophils_0.5_day", lambda p: p.but(prophylaxis={"methotrexate": None})),
    "anc_slope": _slope("neutrophils_0.5_day"),
    "plt_slope": _slope("platelets_50_day"),
    "any_platelets": lambda plan, n, days: 100 * float(np.mean(cohort(plan, n, days).platelet_units.sum(axis=1) > 0)),
}

TEXT = """# Engraftment against published figures

Cohorts of {patients} virtual patients of the library's plans, judged from their charts by the criteria used for real
patients; medians of those who recovered. A row marked *calibrated* was a target of the scenario fit
(`validation/scenario_fit.py`): agreement there is calibration. *Predicted* rows were not used. *Input* rows repeat a
parameter or the range it was taken from. Bands: the published interval where there is one, otherwise the range of
published medians.

{table}

Fitted values at the edge of their plausible range, where the fit would go further: {edge}.

{passed} of {total} rows inside their band; predicted rows alone: {passed_new} of {total_new}.
"""


def at_the_edge() -> list[str]:
    """Fitted parameters within 1 % of an end of their plausible range."""
    near = lambda value, end: end is not None and abs(value - end) <= 0.01 * abs(end)  # noqa: E731
    known = standard_body().parameters().items()
    return [f"`{n}`" for n, p in known if p.status == "fitted" and (near(p.typical, p.low) or near(p.typical, p.high))]


def main() -> None:
    """Measure every claim, print the table, write the page unless `--quick`."""
    quick = "--quick" in sys.argv
    patients = 200 if quick else 2000
    lines, score = [], []
    for claim in claims():
        if claim.figure in MEASURES:
            found = MEASURES[claim.figure](claim.plan, patients, claim.days)
        else:
            found = median(judge(observe(cohort(claim.plan, patients, claim.days))), claim.figure)
        good = claim.low <= found <= claim.high
        score.append((good, claim.role))
        shown = f"{found:,.0f}" if abs(found) >= 100 else f"{found:.3g}"
        lines.append(
            f"| {claim.row} | {claim.says} | {shown} | {claim.low:g} to {claim.high:g} | {claim.role} | "
            f"{'inside' if good else '**outside**'} |"
        )
        print(lines[-1], flush=True)
    new = [good for good, role in score if role == "predicted"]
    if not quick:
        table = "\n".join(["| row | finding | simulated | band | role | |", "|---|---|---|---|---|---|", *lines])
        PAGE.write_text(
            TEXT.format(
                patients=f"{patients:,}",
                table=table,
                edge=", ".join(at_the_edge()),
                passed=sum(g for g, _ in score),
                total=len(score),
                passed_new=sum(new),
                total_new=len(new),
            )
        )
    print(f"{sum(g for g, _ in score)} of {len(score)} inside their band; predicted: {sum(new)} of {len(new)}")


if __name__ == "__main__":
    main()
