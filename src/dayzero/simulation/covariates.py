"""Who a virtual patient is: size, organ function, donor and graft, drawn around the plan and turned into covariates.

Each drawn field has its own stream, so that letting a second field vary moves no draw of the first.

Fat-free mass: Janmahasatian 2005 (Clin Pharmacokinet 44:1051), times the maturation of Al-Sallami 2015
(Clin Pharmacokinet 54:1169; constants recalled).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from dayzero.simulation.streams import COVARIATE, SMALL_NUMBERS, uniform, unsigned
from dayzero.spec import Graft, Plan, Spread
from dayzero.spec.population import VARIABLE_FIELDS

# The stream of each field that may vary: never renumbered.
COVARIATE_STREAMS: Mapping[str, int] = {
    "patient.age_years": 1,
    "patient.weight_kg": 2,
    "patient.height_cm": 3,
    "patient.creatinine_clearance_ml_per_min": 4,
    "donor.age_years": 5,
    "graft.cd34_per_kg": 6,
    "graft.cd3_per_kg": 7,
    "graft.tnc_per_kg": 8,
    "female": 9,
    "major_abo_mismatch": 10,
}

CLEARANCE = "patient.creatinine_clearance_ml_per_min"
ANTIGENS = {"O": "", "A": "A", "B": "B", "AB": "AB"}


def draw(plan: Plan, key: np.ndarray, typical: bool = False) -> dict[str, np.ndarray]:
    """Varying fields of each patient: name -> (patients,) values, unvarying ones at the plan's value."""
    drawn = {field: np.full(key.shape, plan.value_of(field)) for field in VARIABLE_FIELDS}
    for field, spread in () if typical else plan.spreads().items():
        drawn[field] = _quantile(
            spread, _uniform(key, COVARIATE_STREAMS[field]), plan.value_of(field), VARIABLE_FIELDS[field]
        )
    return drawn | _sized(plan, drawn, key, typical)


# Mean height of adult women over men, 161 over 174 cm (NCD Risk Factor Collaboration 2016, eLife 5:e13410).
WOMAN_TO_MAN = 0.926
GROWN = 14.0  # years; before, girls and boys are of one size


def _sized(plan: Plan, drawn: Mapping[str, np.ndarray], key: np.ndarray, typical: bool) -> dict[str, np.ndarray]:
    """Sex, and the size that goes with it: weight follows height, so that a spread of weight is one of build."""
    share = plan.population.female_fraction
    own = 1.0 if plan.patient.sex == "female" else 0.0
    chance = _uniform(key, COVARIATE_STREAMS["female"])
    female = np.full(key.shape, own) if typical or share is None else np.where(chance < share, 1.0, 0.0)
    shift = np.where(drawn["patient.age_years"] >= GROWN, WOMAN_TO_MAN ** (female - own), 1.0)
    height = np.clip(drawn["patient.height_cm"] * shift, *VARIABLE_FIELDS["patient.height_cm"])
    build = (height / plan.value_of("patient.height_cm")) ** 2
    weight = np.clip(drawn["patient.weight_kg"] * build, *VARIABLE_FIELDS["patient.weight_kg"])
    return {"female": female, "patient.height_cm": height, "patient.weight_kg": weight}


def _uniform(key: np.ndarray, stream: int) -> np.ndarray:
    return uniform(key, unsigned(COVARIATE + stream), unsigned(0)).astype(np.float64)


def _quantile(spread: Spread, u: np.ndarray, plan_value: float, limits: tuple[float, float]) -> np.ndarray:
    """The value of a spread at a uniform draw; truncated spreads are drawn inside their limits and the field's."""
    if spread.kind == "fixed":
        return np.full(u.shape, plan_value)
    low = limits[0] if spread.low is None else max(spread.low, limits[0])
    high = limits[1] if spread.high is None else min(spread.high, limits[1])
    if spread.kind == "uniform":
        return low + (high - low) * u
    if spread.kind == "empirical":
        values = np.asarray(spread.values, dtype=np.float64)
        return np.clip(values[np.minimum((u * len(values)).astype(int), len(values) - 1)], *limits)
    if spread.kind == "normal":
        return _truncated(u, spread.mean or 0.0, spread.sd or 0.0, low, high)
    sigma = float(np.sqrt(np.log1p((spread.cv or 0.0) ** 2)))
    return np.exp(_truncated(u, np.log(spread.median or 1.0), sigma, np.log(max(low, 1e-300)), np.log(high)))


def _truncated(u: np.ndarray, mean: float, sd: float, low: float, high: float) -> np.ndarray:
    """Normal quantile inside limits."""
    below, above = ndtr((low - mean) / sd), ndtr((high - mean) / sd)
    return np.clip(mean + sd * ndtri(below + u * (above - below)), low, high)


def covariates(plan: Plan, key: np.ndarray, origins: int, typical: bool = False) -> dict[str, Any]:
    """Everything `derive` may use, by name of `dayzero.module.COVARIATES`; per-origin entries are tuples."""
    drawn = draw(plan, key, typical)
    patient = plan.patient
    age, weight = drawn["patient.age_years"], drawn["patient.weight_kg"]
    height = drawn["patient.height_cm"]
    male = 1.0 - drawn["female"]
    surface = np.sqrt(height * weight / 3600.0)
    clearance = drawn[CLEARANCE]
    if patient.creatinine_clearance_ml_per_min is None and CLEARANCE not in plan.population.fields:
        clearance = clearance * surface / np.sqrt(patient.height_cm * patient.weight_kg / 3600.0)
    flag = lambda present: np.full(key.shape, 1.0 if present else 0.0)  # noqa: E731
    return {
        "age_years": age,
        "male": male,
        "weight_kg": weight,
        "height_cm": height,
        "bsa_m2": surface,
        "fat_free_mass_kg": fat_free_mass(weight, height, age, male),
        "creatinine_clearance_ml_per_min": clearance,
        "prior_treatment_lines": np.full(key.shape, float(patient.prior_treatment_lines)),
        "marrow_cellularity": np.full(key.shape, patient.cellularity),
        "splenomegaly": flag(patient.splenomegaly),
        "marrow_fibrosis": flag(patient.marrow_fibrosis),
        "hepatic_risk": flag(patient.liver_iron_or_hepatitis),
        "prior_inotuzumab_or_gemtuzumab": flag(patient.prior_inotuzumab_or_gemtuzumab),
        "major_abo_mismatch": _major_mismatch(plan, key, typical),
        **_grafts(plan, drawn, key, origins, typical),
    }


def fat_free_mass(weight_kg: Any, height_cm: Any, age_years: Any, male: Any) -> Any:
    """Fat-free mass, kg."""
    bmi = weight_kg / (height_cm / 100.0) ** 2
    man = 9270.0 * weight_kg / (6680.0 + 216.0 * bmi) * (0.88 + 0.12 / (1.0 + (age_years / 13.4) ** -12.7))
    woman = 9270.0 * weight_kg / (8780.0 + 244.0 * bmi) * (1.11 - 0.11 / (1.0 + (age_years / 7.1) ** -1.1))
    return np.minimum(np.where(male > 0, man, woman), weight_kg)


def _major_mismatch(plan: Plan, key: np.ndarray, typical: bool) -> np.ndarray:
    share = plan.population.major_abo_mismatch_fraction
    if typical or share is None or not plan.allogeneic:
        own, given = ANTIGENS[plan.patient.blood_group], ANTIGENS[plan.donors[0].blood_group]
        share = 1.0 if set(given) - set(own) else 0.0
    return np.where(_uniform(key, COVARIATE_STREAMS["major_abo_mismatch"]) < share, 1.0, 0.0)


def _grafts(
    plan: Plan, drawn: Mapping[str, np.ndarray], key: np.ndarray, origins: int, typical: bool
) -> dict[str, Any]:
    """Per-origin covariates. Origin 0 is the host, 1 the donor, 2 a second donor."""
    none = np.zeros(key.shape)
    names = ("graft_cd34_per_kg", "graft_is_blood", "graft_is_marrow", "graft_is_cord", "graft_is_primed",
             "donor_age_years", "donor_specific_antibody")  # fmt: skip
    table: dict[str, list[np.ndarray]] = {name: [none] for name in names}
    for o in range(1, origins):
        entry = _one_graft(plan, drawn, o, none) if o <= len(plan.donors) else dict.fromkeys(names, none)
        for name in names:
            table[name].append(entry[name])
    chance = [uniform(key, unsigned(SMALL_NUMBERS + o), unsigned(0)).astype(np.float64) for o in range(origins)]
    lucky = [none + 0.5] * origins if typical else chance
    return {name: tuple(values) for name, values in table.items()} | {"luck": tuple(lucky)}


def bag_of(plan: Plan, donor: int) -> Graft:
    """The graft in whose units a donor's cells are counted: their first one that holds cells."""
    if donor == 2 or plan.second_graft is None or plan.second_donor is not None or _viable(plan.graft):
        return plan.grafts[donor - 1]
    return plan.second_graft


def _viable(graft: Graft) -> float:
    return graft.doses()["cd34"] * graft.viable_fraction


def _one_graft(plan: Plan, drawn: Mapping[str, np.ndarray], o: int, none: np.ndarray) -> dict[str, np.ndarray]:
    """A donor's graft; the spread of doses concerns the plan's first graft."""
    graft, donor = bag_of(plan, o), plan.donors[o - 1]
    spread = graft is plan.graft and _viable(graft) > 0
    share = drawn["graft.cd34_per_kg"] / plan.value_of("graft.cd34_per_kg") if spread else none + 1
    age = drawn["donor.age_years"] if o == 1 else none + donor.age_years
    return {
        "graft_cd34_per_kg": _viable(graft) * share,
        "graft_is_blood": none + (graft.source == "mobilised_blood"),
        "graft_is_marrow": none + (graft.source == "marrow"),
        "graft_is_cord": none + (graft.source == "cord"),
        "graft_is_primed": none + graft.gcsf_primed,
        "donor_age_years": none + age,
        "donor_specific_antibody": none + donor.donor_specific_antibody,
    }
