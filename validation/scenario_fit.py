"""The scenario fit: the free parameters of marrow, graft and platelets against published medians, in the open.

Seventeen transplants of the typical patient are simulated as one block (0.1 s), their true crossing days compared with
targets, and the parameters marked ``fitted`` moved by penalised least squares: each carries a log-normal prior about
its present value. Targets are medians of judged days; a typical patient crosses a little before the chart says so, by
`BEFORE` days (measured on cohorts of these transplants; a transfusion puts platelet recovery off by a week). Prints
residuals; with `--refit` also the parameters it would move.

The values in `biology/` came from repeating this fit while the structure of the stem-cell and platelet modules was
settled, by hand in part; they are calibration, not measurement, and no row listed here is ever a prediction.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from dayzero import DomainWarning, Plan, simulate
from dayzero.simulation.assemble import standard_body

BEFORE = {"anc": 0.7, "p20": 4.2, "p50": 1.4}
DAYS = 119
NEVER = 140.0
LEAST = 1e-6  # 1e9/L
PRIOR_WEIGHT = 0.7


@dataclass(frozen=True)
class Scenario:
    """A transplant of the typical patient and its targets: figure -> (value, how closely it should be met)."""

    plan: Plan
    targets: dict[str, tuple[float, float]]


def scenarios() -> dict[str, Scenario]:
    """Published medians; sources stand in docs/measurements/validation.md and in the plans."""
    load, off, on = Plan.load, {"gcsf": None}, {"gcsf": {"start_day": 5}}
    dose = lambda plan, cells: plan.but(graft={"cd34_per_kg": cells})  # noqa: E731
    mel, beam = load("auto-mel200-myeloma"), load("auto-beam-lymphoma")
    blood, marrow, cord = load("aml-sibling-pbsc"), load("aml-sibling-marrow"), load("cord-single-cytbiflu")
    bone = dose(marrow, 2.5e6).but(care=off)
    own_marrow = {"source": "marrow", "cd34_per_kg": 2e6, "cryopreserved": True}
    return {
        "mel200 5e6": Scenario(
            dose(mel, 5e6),
            {"anc": (11.5, 0.5), "p20": (13, 4), "p50": (15.5, 0.7), "low": (8, 1.5), "p_60": (215, 20)}
            | {"onset": (5, 0.5), "nadir": (-1.5, 0.2), "to_1": (0.9, 0.2), "p_14": (38, 5), "p_21": (135, 20)},
        ),
        "mel200 2e6": Scenario(dose(mel, 2e6), {"anc": (12.6, 0.5), "p20": (15.5, 3), "to_1": (1.1, 0.3)}),
        "mel200 12e6": Scenario(dose(mel, 12e6), {"anc": (10.5, 0.5), "p20": (12, 3)}),
        "mel200 no G-CSF": Scenario(
            dose(mel, 5e6).but(care=off), {"anc": (14.5, 0.7), "p20": (13, 4), "to_1": (2, 0.8)}
        ),
        "mel200 no cells": Scenario(dose(mel, 0).but(care=off), {"anc": (31, 1.5)}),
        "BEAM blood": Scenario(dose(beam, 5e6), {"anc": (11, 0.7), "p20": (16, 1), "low": (7, 1.5), "onset": (3, 1)}),
        "BEAM marrow": Scenario(beam.but(graft=own_marrow), {"anc": (14.2, 0.8), "p20": (23, 1.5)}),
        "BEAM marrow no G-CSF": Scenario(beam.but(graft=own_marrow, care=off), {"anc": (20, 1), "onset": (2.5, 1)}),
        "sibling blood": Scenario(
            dose(blood, 5e6).but(care=off),
            {"anc": (16.5, 0.7), "p20": (16, 0.8), "p50": (20, 1.5), "n_60": (3.3, 0.5), "p_100": (200, 25)}
            | {"onset": (4, 1), "below_25": (5, 0.7), "to_1": (2.5, 0.8)},
        ),
        "sibling blood G-CSF": Scenario(dose(blood, 5e6).but(care=on), {"anc": (12.5, 0.8), "p20": (17, 1.5)}),
        "sibling blood 12e6": Scenario(dose(blood, 12e6).but(care=off), {"anc": (15.2, 0.7), "p50": (17, 1.0)}),
        "sibling marrow": Scenario(bone, {"anc": (21.3, 0.6), "p20": (23.5, 1), "p50": (29, 1.5), "to_1": (3, 1)}),
        "marrow, no MTX": Scenario(bone.but(prophylaxis="cni-mmf"), {"anc": (15.7, 0.8)}),
        "cord": Scenario(
            dose(cord, 2e5).but(care={"gcsf": {"start_day": 1}}),
            {"anc": (26.7, 0.8), "p20": (52, 3), "p50": (100, 10), "p_100": (46, 8)},
        ),
        "haplo marrow PTCy": Scenario(
            dose(load("haplo-marrow-ptcy"), 3e6).but(care=on), {"anc": (16, 1), "p20": (24, 1.5)}
        ),
        "Flu/TBI 2 Gy": Scenario(
            dose(load("nma-flu-tbi2"), 5e6), {"donor_28": (0.65, 0.06), "donor_84": (0.85, 0.08), "low": (35, 8)}
        ),
        "Flu/Bu2": Scenario(dose(load("aml-unrelated-flubu2-atg"), 6e6), {"anc": (14.5, 2)}),
    }


# Free parameters with the log-normal SD of their prior.
FREE = {
    "stem_cells.multipotent_acceleration": 0.12,
    "stem_cells.multipotent_renewal_empty": 0.025,
    "stem_cells.multipotent_division": 0.12,
    "stem_cells.committed_renewal_empty": 0.03,
    "stem_cells.committed_acceleration": 0.12,
    "stem_cells.committed_division": 0.2,
    "stem_cells.multipotent_divisions": 0.2,
    "stem_cells.committed_divisions": 0.3,
    "stem_cells.supply_half": 0.2,
    "graft.lodging": 0.03,
    "graft.lodging_half_dose": 0.4,
    "graft.waking": 0.1,
    "graft.short_term_blood": 0.5,
    "graft.short_term_marrow": 0.5,
    "graft.short_term_cord": 0.5,
    "graft.multipotent_blood": 0.25,
    "graft.multipotent_marrow": 0.4,
    "graft.multipotent_cord": 0.5,
    "graft.committed_blood": 0.12,
    "graft.committed_marrow": 0.4,
    "graft.committed_cord": 0.5,
    "graft.granulocytic_blood": 0.5,
    "graft.granulocytic_marrow": 0.4,
    "graft.granulocytic_cord": 0.5,
    "graft.megakaryocytic_blood": 0.5,
    "graft.megakaryocytic_marrow": 0.4,
    "graft.megakaryocytic_cord": 0.6,
    "granulopoiesis.gcsf_on_amplification": 0.15,
    "granulopoiesis.gcsf_on_release": 0.3,
    "granulopoiesis.mucosal_demand": 0.3,
    "granulopoiesis.filgrastim_effect": 0.4,
    "granulopoiesis.gcsf_ceiling": 0.4,
    "organ_toxicity.mucosa_delay": 0.15,
    "organ_toxicity.mucosa_repair": 0.2,
    "thrombopoiesis.megakaryoblast_exit": 0.2,
    "thrombopoiesis.megakaryocyte_exit": 0.2,
    "thrombopoiesis.thrombopoietin_on_number": 0.15,
    "thrombopoiesis.injury_loss": 0.3,
    "thrombopoiesis.cord_maturity": 0.6,
    "thrombopoiesis.maturing_time": 0.3,
    "thrombopoiesis.early_branch": 0.3,
    "conditioning.methotrexate_on_committed": 0.15,
    "conditioning.methotrexate_on_granulocytic": 0.15,
    "conditioning.methotrexate_on_multipotent": 0.2,
    "conditioning.methotrexate_on_megakaryoblast": 0.3,
    "conditioning.melphalan_on_multipotent": 0.15,
    "conditioning.melphalan_on_committed": 0.15,
    "conditioning.melphalan_on_megakaryocyte": 0.5,
    "conditioning.melphalan_on_band": 0.7,
    "conditioning.busulfan_on_megakaryocyte": 0.5,
    "conditioning.cyclophosphamide_on_committed": 0.15,
    "conditioning.cyclophosphamide_on_granulocytic": 0.15,
    "conditioning.cyclophosphamide_on_multipotent": 0.15,
    "conditioning.fludarabine_on_committed": 0.2,
    "conditioning.fludarabine_on_multipotent": 0.2,
    "conditioning.radiation_on_multipotent": 0.15,
}


def figures(made: dict[str, Scenario], parameters: dict[str, float]) -> dict[str, dict[str, float]]:
    """What the model gives for every scenario: crossing days and levels of the typical patient, untransfused."""
    plans = [s.plan.but(care={"platelet_transfusion": None}) for s in made.values()]
    recorded = ("neutrophils", "own_platelets", "myeloid_donor_fraction")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DomainWarning)
        course = simulate(plans, range(len(plans)), DAYS, typical=True, parameters=parameters, recording=recorded)
    found = {}
    for i, name in enumerate(made):
        anc, platelets = course.neutrophils[i].astype(float), course.own_platelets[i].astype(float)
        donor = course.myeloid_donor_fraction[i]
        at = lambda series, day: float(series[day - course.days[0]])  # noqa: E731
        nadir = max(float(anc.min()), LEAST)
        found[name] = {
            "onset": fall(anc, course.days, 0.5),
            "nadir": float(np.log10(nadir)),
            "to_1": crossing(anc, course.days, 1) - crossing(anc, course.days, 0.5),
            "below_25": fall(platelets, course.days, 25),
            "p_14": at(platelets, 14),
            "p_21": at(platelets, 21),
            "anc": crossing(anc, course.days, 0.5),
            "p20": crossing(platelets, course.days, 20),
            "p50": crossing(platelets, course.days, 50),
            "low": float(platelets.min()),
            "n_60": at(anc, 60),
            "p_60": at(platelets, 60),
            "p_100": at(platelets, 100),
            "donor_28": at(donor, 28),
            "donor_84": at(donor, 84),
        }
    return found


def fall(series: np.ndarray, days: np.ndarray, level: float) -> float:
    """Day on which a count first falls through a level; nan where it never does."""
    k = int(np.argmax(series < level))
    if k == 0:
        return np.nan
    return float(days[k - 1] + (series[k - 1] - level) / (series[k - 1] - series[k]))


def crossing(series: np.ndarray, days: np.ndarray, level: float) -> float:
    """Day on which a count first rises through a level after it has been below; nan where it never was below."""
    below = np.flatnonzero(series < level)
    if below.size == 0:
        return np.nan
    above = np.flatnonzero(series[below[0] :] >= level)
    if above.size == 0:
        return NEVER
    k = below[0] + above[0]
    return float(days[k - 1] + (level - series[k - 1]) / (series[k] - series[k - 1]))


def residuals(made: dict[str, Scenario], found: dict[str, dict[str, float]]) -> dict[tuple[str, str], float]:
    """Misfit of every target, in units of how closely it should be met; a level never left counts as three early."""
    misfit = {}
    for name, scenario in made.items():
        for figure, (target, close) in scenario.targets.items():
            aim = target - BEFORE.get(figure, 0.0)
            value = found[name][figure]
            misfit[name, figure] = float(
                np.clip((aim - 3 * close if np.isnan(value) else value) - aim, -99, 99) / close
            )
    return misfit


def refit(made: dict[str, Scenario]) -> dict[str, float]:
    """Parameters after one penalised fit from the present values."""
    typical = standard_body().parameters()
    names = list(FREE)
    centre = np.array([typical[name].typical for name in names])
    spread = np.array([FREE[name] for name in names])
    low, high = (
        np.array([getattr(typical[n], end) or rest for n in names]) for end, rest in (("low", 0), ("high", np.inf))
    )

    def moved(x: np.ndarray) -> dict[str, float]:
        return dict(zip(names, np.clip(centre * np.exp((x - 5) * spread), low, high).tolist(), strict=True))

    def cost(x: np.ndarray) -> np.ndarray:
        misfit = residuals(made, figures(made, moved(x)))
        return np.concatenate([np.clip(list(misfit.values()), -12, 12), PRIOR_WEIGHT * (x - 5)])

    start = np.full(len(names), 5.0)  # offset so that the relative step of the solver is an absolute one
    return moved(least_squares(cost, start, diff_step=1e-2, max_nfev=14, loss="soft_l1").x)


def main() -> None:
    """Print targets, figures and misfits; with `--refit`, the parameters a further fit would move."""
    made = scenarios()
    found = figures(made, {})
    misfit = residuals(made, found)
    for (name, figure), r in misfit.items():
        target = made[name].targets[figure][0] - BEFORE.get(figure, 0.0)
        print(f"{name:22} {figure:9} target {target:7.2f}  model {found[name][figure]:7.2f}  misfit {r:+5.1f}")
    print(f"sum of squares {sum(r * r for r in misfit.values()):.1f} over {len(misfit)} targets")
    if "--refit" in sys.argv:
        typical = standard_body().parameters()
        fitted = refit(made)
        after = residuals(made, figures(made, fitted))
        print(f"after a further fit: sum of squares {sum(r * r for r in after.values()):.1f}")
        for name, value in fitted.items():
            print(f"{name:45} {typical[name].typical:10.4g} -> {value:10.4g}")


if __name__ == "__main__":
    main()
