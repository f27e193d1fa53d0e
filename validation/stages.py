"""The staged fit of what follows engraftment: rejection, acute GVHD, chronic GVHD, disease.

Run ``python -m validation.stages STAGE [ROUNDS [PATIENTS]]``; it prints misfit and values round by round, then every
target beside what was reached. Values found are rounded and typed into ``biology`` with status ``fitted``. A target
here is calibration from then on; the table of ``validation.whole_course`` says so beside each row.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from validation.fitting import Free, fit, logit
from validation.whole_course import Measure, failure, incidence, lost, survival

from dayzero.errors import DomainWarning
from dayzero.simulation.cohort import simulate
from dayzero.spec import Plan

PATIENTS = 256
RECORDING = ("neutrophils", "myeloid_donor_fraction", "t_donor_fraction", "ward_gvhd_grade", "alive", "died_of",
             "event_relapse", "event_chronic_gvhd_onset", "steroid_mg_per_kg")  # fmt: skip


@dataclass(frozen=True)
class Target:
    """A published percentage of one cohort, and the tolerance of its log odds."""

    cohort: str
    plan: Plan
    days: int
    figure: str
    measure: Measure
    percent: float
    tolerance: float = 0.25


_load = Plan.load
_PBSC, _MARROW, _RIC = _load("aml-sibling-pbsc"), _load("aml-sibling-marrow"), _load("mds-unrelated-flumel-cni-mtx")
_HAPLO_M, _HAPLO_B, _CORD = _load("haplo-marrow-ptcy"), _load("haplo-pbsc-ptcy"), _load("cord-single-cytbiflu")
_NMA, _TCD = _load("nma-flu-tbi2"), _load("cd34-selected-pbsc")
_MUD = {"kind": "matched_unrelated", "age_years": 28}
_MMUD = {"kind": "mismatched_unrelated", "age_years": 28}
_RIC_PTCY = _RIC.but(prophylaxis="ptcy-cni-mmf", care="ptcy")
_ATLG = _PBSC.but(prophylaxis="cni-mtx-atlg")
_PTCY_ALONE = _MARROW.but(donor=_MUD, prophylaxis="ptcy-alone")


def _acute(cohort: str, plan: Plan, second: float, third: float) -> list[Target]:
    return [
        Target(cohort, plan, 104, "II-IV by day 100", incidence("acute_gvhd_2_4", 100), second),
        Target(cohort, plan, 104, "III-IV by day 100", incidence("acute_gvhd_3_4", 100), third, 0.35),
    ]


ACUTE = [
    *_acute("sibling blood", _PBSC, 38, 13),  # BMT CTN 0402 34 %; CIBMTR mix 39 % (Jagasia 2012)
    *_acute("sibling marrow", _MARROW, 33, 11),
    *_acute("8/8 blood", _PBSC.but(donor=_MUD), 50, 15),  # ABA2 placebo 14.8 % III-IV
    *_acute("8/8 marrow", _MARROW.but(donor=_MUD), 45, 14),
    *_acute("7/8 blood", _PBSC.but(donor=_MMUD), 65, 28),  # ABA2 7/8 controls 30.2 %
    *_acute("8/8 blood, ATG", _PBSC.but(donor=_MUD, prophylaxis="cni-mtx-atg"), 30, 8),
    *_acute("8/8 blood, abatacept", _PBSC.but(donor=_MUD, prophylaxis="cni-mtx-abatacept"), 43, 7),  # ABA2 6.8 %
    *_acute("8/8 blood RIC", _RIC, 47, 13),  # BMT CTN 1703
    *_acute("8/8 blood RIC, PTCy", _RIC_PTCY, 42, 6),  # BMT CTN 1703
    *_acute("haplo marrow, PTCy", _HAPLO_M, 27, 4),  # BMT CTN 0603; McCurdy 2015
    *_acute("haplo blood, PTCy", _HAPLO_B, 40, 9),
    *_acute("8/8 marrow, PTCy alone", _PTCY_ALONE, 45, 12),  # Kanakry 2014
    *_acute("cord", _CORD, 43, 15),
    *_acute("CD34-selected", _TCD, 20, 5),
    *_acute("NMA", _NMA, 47, 13),
]


def _chronic(cohort: str, plan: Plan, day: int, percent: float) -> Target:
    return Target(cohort, plan, 735, f"chronic by day {day}", incidence("chronic_gvhd", day), percent)


CHRONIC = [
    _chronic("sibling blood", _PBSC, 365, 60),  # Champlin 2000 65 %
    _chronic("sibling blood", _PBSC, 730, 67),  # Kroger 2016 68.7 %
    _chronic("sibling marrow", _MARROW, 365, 48),  # Champlin 2000 53 %; BMT CTN 0201 41 % at 2 y
    _chronic("sibling blood, ATLG", _ATLG, 730, 32),  # Kroger 2016 32.2 %
    _chronic("8/8 marrow, PTCy alone", _PTCY_ALONE, 730, 13),  # Kanakry 2014
    _chronic("haplo marrow, PTCy", _HAPLO_M, 365, 14),
    _chronic("haplo blood, PTCy", _HAPLO_B, 365, 27),
    _chronic("8/8 blood RIC, PTCy", _RIC_PTCY, 365, 24),  # BMT CTN 1703
    _chronic("8/8 blood RIC", _RIC, 365, 40),  # BMT CTN 1703
    _chronic("cord", _CORD, 730, 28),  # Narimatsu 2008
]


def _fails(cohort: str, plan: Plan, percent: float, day: int = 28, tolerance: float = 0.5) -> Target:
    return Target(cohort, plan, 104, f"no recovery by day {day}", failure(day), percent, tolerance)


def _loses(cohort: str, plan: Plan, percent: float) -> Target:
    return Target(cohort, plan, 104, "graft lost by day 100", lost(100), percent, 0.5)


REJECTION = [
    _loses("sibling blood", _PBSC, 1.0),
    _fails("8/8 blood", _PBSC.but(donor=_MUD), 2.5),  # Olsson 2013
    _fails("8/8 marrow", _MARROW.but(donor=_MUD), 7.3),  # Olsson 2013
    _loses("8/8 marrow", _MARROW.but(donor=_MUD), 5),
    # Urbano-Ispizua: 18 v 1 % either side of 0.2e6 CD3/kg, after conditioning without globulin
    _loses(
        "CD34-selected, Bu/Cy",
        _PBSC.but(graft="cd34-selected", prophylaxis={"base": "cni-mtx", "methotrexate": None}),
        15,
    ),
    _loses("haplo marrow, PTCy", _HAPLO_M, 6),
    _fails("cord", _CORD, 10, 42, 4),  # not by rejection: no host T cell is left
    _loses("NMA", _NMA, 4),
    _loses("RIC", _RIC, 2),
]

_AUTO_AML = _PBSC.but(donor={"kind": "autologous", "sex": "male"}, graft="autologous-blood", prophylaxis="none",
                      care="standard-auto")  # fmt: skip
_CLEAN, _RESIDUAL = ({"population": {"mrd_fraction": share}} for share in (0.0, 1.0))
_0901 = _PBSC.but(donor=_MUD, patient={"age_years": 52}, population={"mrd_fraction": 0.3})


def _relapses(cohort: str, plan: Plan, day: int, percent: float, tolerance: float = 0.25) -> Target:
    return Target(cohort, plan, 735, f"relapse by day {day}", incidence("relapse", day), percent, tolerance)


def _lives(level: str, status: str, percent: float) -> Target:
    plan = _PBSC.but(
        patient={"disease_risk": level, "status": status}, care="allo-2000s", population={"mrd_fraction": 0.3}
    )
    return Target(f"{level} risk", plan, 735, "alive at two years", survival("overall_survival", 730), percent)


DISEASE = [
    _relapses("autologous AML", _AUTO_AML, 730, 55),  # HOVON: 58 % at 5 y
    _relapses("MAC, no residual disease", _PBSC.but(**_CLEAN), 730, 20),
    _relapses("MAC, residual disease", _PBSC.but(**_RESIDUAL), 730, 42),
    _relapses("MAC 0901", _0901.but(conditioning="flu-bu4"), 540, 16),  # 13.5 % at 18 months
    _relapses("RIC 0901", _0901.but(conditioning="flu-bu2"), 540, 46),  # 48.3 % at 18 months
    _relapses("ALL, Cy/TBI", _load("all-sibling-pbsc-cytbi"), 730, 25),
    _relapses("haplo marrow, PTCy", _HAPLO_M, 365, 35),
    _relapses("RIC, PTCy", _RIC_PTCY, 365, 21),  # BMT CTN 1703
    _lives("low", "remission_1", 64),
    _lives("intermediate", "remission_1", 52),
    _lives("high", "remission_2_or_later", 34),
    _lives("very_high", "active", 24),
]

_A, _C, _D = "alloreactivity.", "chronic_gvhd.", "disease."
STAGES: dict[str, tuple[list[Target], dict[str, tuple[float, float, float]]]] = {
    "acute": (ACUTE, {
        _A + "expansion": (0.7, 1.3, 0.15),
        _A + "precursors_minor": (1e-4, 4e-3, 0.7),
        _A + "precursors_unrelated": (0.1, 2, 0.7),
        _A + "precursors_mismatch": (1e-3, 3e-2, 0.7),
        _A + "mismatch_power": (0.05, 1.5, 0.7),
        _A + "precursors_mobilised": (0.1, 1, 0.7),
        _A + "cord_response": (0.5, 1, 0.3),
        _A + "stimulus_damage": (1, 8, 0.4),
        _A + "stimulus_presenting": (0.5, 2.5, 0.3),
        _A + "calcineurin_block": (0.12, 0.6, 0.3),
        _A + "abatacept_block": (0.08, 0.5, 0.4),
        _A + "deletion": (0.05, 0.9, 0.5),
        _A + "damage_half": (5, 60, 0.4),
        "serotherapy.globulin_on_t_cell": (0.02, 0.1, 0.5),
        "conditioning.cyclophosphamide_on_effector": (0.006, 0.02, 0.3),
    }),
    "chronic": (CHRONIC, {
        _C + "memory_seeding": (0.002, 0.1, 0.7),
        _C + "memory_half": (0.002, 5, 1.5),
        _C + "memory_fading": (100, 600, 0.4),
        _C + "chronic_onset": (0.002, 0.05, 0.7),
        _C + "treg_tolerance": (0.01, 5, 1.0),
        _C + "deletion": (5, 60, 0.5),
        _C + "deletion_steep": (2, 8, 0.3),
        _C + "cord_memory": (0.02, 1, 0.7),
        _C + "chronic_calcineurin": (0.05, 0.9, 0.5),
    }),
    "rejection": (REJECTION, {
        _A + "host_expansion": (0.1, 0.8, 0.3),
        _A + "load_half": (0.02, 0.5, 0.5),
        _A + "donor_veto": (0.1, 2, 0.5),
        _A + "veto_half": (1, 60, 0.7),
        _A + "rejection": (0.05, 0.6, 0.4),
        _A + "rejection_half": (0.1, 10, 1.0),
        _A + "host_precursors": (0.1, 20, 1.0),
    }),
    "disease": (DISEASE, {
        "conditioning.disease_sensitivity": (0.7, 2.0, 0.3),
        _D + "graft_effect_aml": (0.4, 2, 0.5),
        _D + "graft_effect_all": (0.3, 2, 0.5),
        _D + "graft_effect_mds": (0.4, 3, 0.5),
        _D + "burden_remission": (4, 7.5, 0.15),
        _D + "burden_residual": (7.0, 9.8, 0.1),
        _D + "effector_weight": (0.1, 2, 0.5),
        _D + "risk_on_burden": (0.1, 1.5, 0.5),
        _D + "risk_on_effect": (0.05, 1.0, 0.7),
    }),
}  # fmt: skip


def measured(targets: list[Target], parameters: Mapping[str, float], patients: int) -> list[float]:
    """The figure of every target, percent; each cohort is simulated once."""
    kept: dict[tuple[str, int], list[Target]] = {}
    for target in targets:
        kept.setdefault((target.cohort, target.days), []).append(target)
    found: dict[int, float] = {}
    for (_, days), here in kept.items():
        course = simulate(here[0].plan, patients, days, parameters=parameters, recording=RECORDING)
        found |= {id(target): target.measure(course) for target in here}
    return [found[id(target)] for target in targets]


def main(stage: str, rounds: int, patients: int = PATIENTS) -> None:
    """Fit one stage and tell."""
    warnings.simplefilter("ignore", DomainWarning)
    from dayzero.simulation.assemble import standard_body

    targets, bounds = STAGES[stage]
    typical = {name: parameter.typical for name, parameter in standard_body().parameters().items()}
    free = {name: Free(typical[name], *limits) for name, limits in bounds.items()}

    def residuals(parameters: Mapping[str, float]) -> np.ndarray:
        seen = measured(targets, parameters, patients)
        gaps = zip(seen, targets, strict=True)
        return np.array([(logit(v / 100, patients) - logit(t.percent / 100, patients)) / t.tolerance for v, t in gaps])

    best = fit(residuals, free, rounds, lambda line: print(line, flush=True)) if rounds else {}
    for target, value in zip(targets, measured(targets, best, patients), strict=True):
        print(f"{target.cohort:28} {target.figure:26} {value:5.1f} ({target.percent:g})")
    print({name: float(f"{value:.3g}") for name, value in best.items()})


if __name__ == "__main__":
    main(sys.argv[1], *(int(number) for number in sys.argv[2:] or (3,)))
