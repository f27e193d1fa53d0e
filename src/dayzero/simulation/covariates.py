"""Who a virtual patient is: size, organ function, disease, donor, graft; drawn around the plan, made covariates.

Each drawn field has its own stream, so that letting a second field vary moves no draw of the first.

Fat-free mass: Janmahasatian 2005 (Clin Pharmacokinet 44:1051), times the maturation of Al-Sallami 2015
(Clin Pharmacokinet 54:1169; constants recalled).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from dayzero.module import DISEASE_GROUPS
from dayzero.simulation.streams import COVARIATE, SMALL_NUMBERS, uniform, unsigned
from dayzero.spec import Donor, Graft, Patient, Plan, Spread
from dayzero.spec.population import STEPS, VARIABLE_FIELDS
from dayzero.spec.vocabulary import (
    MAINTENANCE_DRUGS,
    MAINTENANCE_FOR,
    REMISSIONS,
    SAME_PERSON,
    Decade,
    Diagnosis,
    DiseaseRisk,
    MaintenanceDrug,
    Status,
)

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
    "patient.hct_ci": 11,
    "patient.karnofsky": 12,
    "cmv_recipient": 13,
    "cmv_donor": 14,
    "female_donor": 15,
    "mrd_positive": 16,
}

CLEARANCE = "patient.creatinine_clearance_ml_per_min"
ANTIGENS = {"O": "", "A": "A", "B": "B", "AB": "AB"}

# Group of each diagnosis that does not bear the name of its group. A malignancy without a group is taken for an
# aggressive lymphoma, which is an assumption that `domain` tells of; what is not malignant is `other`.
GROUP_OF: Mapping[Diagnosis, str] = {
    "mpn": "cml",
    "myelofibrosis": "cml",
    "cll": "indolent_lymphoma",
    "other_malignant": "aggressive_lymphoma",
    "aplastic_anemia": "aplastic",
}
LITTLE_LEFT: tuple[Status, ...] = ("partial_remission", "stable", "chronic_phase")
ACTIVE: tuple[Status, ...] = ("active", "accelerated_phase", "blast_phase", "untreated")
RISKS: Mapping[DiseaseRisk | None, float] = {None: 0.0, "low": -1.0, "intermediate": 0.0, "high": 1.0, "very_high": 2.0}
UNRELATED = ("matched_unrelated", "mismatched_unrelated", "cord_unrelated")
ALLELES = 8  # HLA alleles that mismatches are counted among
T_CELLS = ("cd3", "naive_t", "treg")


def draw(plan: Plan, key: np.ndarray, typical: bool = False) -> dict[str, np.ndarray]:
    """Varying fields of each patient: name -> (patients,) values, unvarying ones at the plan's value."""
    drawn = {field: np.full(key.shape, plan.value_of(field)) for field in VARIABLE_FIELDS}
    for field, spread in () if typical else plan.spreads().items():
        drawn[field] = _quantile(
            spread, _uniform(key, COVARIATE_STREAMS[field]), plan.value_of(field), VARIABLE_FIELDS[field]
        )
        if field in STEPS:
            drawn[field] = STEPS[field] * np.rint(drawn[field] / STEPS[field])
    return drawn | _sized(plan, drawn, key, typical)


# Mean height of adult women over men, 161 over 174 cm (NCD Risk Factor Collaboration 2016, eLife 5:e13410).
WOMAN_TO_MAN = 0.926
GROWN = 14.0  # years; before, girls and boys are of one size


def _sized(plan: Plan, drawn: Mapping[str, np.ndarray], key: np.ndarray, typical: bool) -> dict[str, np.ndarray]:
    """Sex, and the size that goes with it: weight follows height, so that a spread of weight is one of build."""
    own = 1.0 if plan.patient.sex == "female" else 0.0
    female = _share(key, "female", plan.population.female_fraction, own > 0, typical)
    shift = np.where(drawn["patient.age_years"] >= GROWN, WOMAN_TO_MAN ** (female - own), 1.0)
    height = np.clip(drawn["patient.height_cm"] * shift, *VARIABLE_FIELDS["patient.height_cm"])
    build = (height / plan.value_of("patient.height_cm")) ** 2
    weight = np.clip(drawn["patient.weight_kg"] * build, *VARIABLE_FIELDS["patient.weight_kg"])
    return {"female": female, "patient.height_cm": height, "patient.weight_kg": weight}


def _share(key: np.ndarray, stream: str, share: float | None, own: bool, typical: bool) -> np.ndarray:
    """1 in a share of patients; the plan's own answer where no share is given, or for the typical patient."""
    if typical or share is None:
        return np.full(key.shape, 1.0 if own else 0.0)
    return np.where(_uniform(key, COVARIATE_STREAMS[stream]) < share, 1.0, 0.0)


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
    cmv = _share(key, "cmv_recipient", plan.population.cmv_recipient_fraction, patient.cmv_seropositive, typical)
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
        "hct_ci": drawn["patient.hct_ci"],
        "karnofsky": drawn["patient.karnofsky"],
        "bilirubin_mg_per_dl": np.full(key.shape, patient.bilirubin_mg_per_dl),
        "pulmonary_risk": flag(patient.pulmonary_disease),
        "cmv_recipient": cmv,
        "allogeneic": flag(plan.allogeneic),
        "relapse_treatment": np.full(key.shape, _decades(plan.care.relapse_treatment)),
        "supportive_care": np.full(key.shape, _decades(plan.care.supportive_care)),
        "chemotherapy_lines": np.full(key.shape, _chemotherapy(patient)),
        "irradiation_gy": np.full(key.shape, plan.conditioning.total_gy()),
        "thalassemia_years": age * (patient.diagnosis == "thalassemia"),
        "sickle_years": age * (patient.diagnosis == "sickle_cell_disease"),
        "ursodiol": flag(plan.care.ursodiol),
        "cryotherapy": flag(plan.care.cryotherapy),
        "palifermin": flag(plan.care.palifermin),
        **_disease(plan, key, typical),
        **{f"maintenance_by_{drug}": flag(_suits(plan, drug)) for drug in MAINTENANCE_DRUGS},
        **_donors(plan, drawn["female"], cmv, key, origins, typical),
        **_grafts(plan, drawn, key, origins, typical),
    }


def _decades(decade: Decade) -> float:
    """Decades after the 2010s."""
    return (int(decade[:4]) - 2010) / 10


def _chemotherapy(patient: Patient) -> float:
    """Lines of chemotherapy so far: none without cancer or treatment, two at least where leukemia was back."""
    if disease_group(patient.diagnosis) in ("other", "aplastic", "cml") or patient.status == "untreated":
        return 0.0
    back = patient.diagnosis in ("aml", "all") and patient.status in ("remission_2_or_later", "active")
    return float(max(patient.prior_treatment_lines, 2 if back else 1))


def disease_group(diagnosis: Diagnosis) -> str:
    """The group of a diagnosis, one of `DISEASE_GROUPS`.

    >>> disease_group("cll"), disease_group("thalassemia")
    ('indolent_lymphoma', 'other')
    """
    group = GROUP_OF.get(diagnosis, diagnosis)
    return group if group in DISEASE_GROUPS else "other"


def _suits(plan: Plan, drug: MaintenanceDrug) -> bool:
    """Whether this drug is the plan's maintenance and is one against its disease."""
    given = plan.care.maintenance
    return given is not None and given.drug == drug and plan.patient.diagnosis in MAINTENANCE_FOR[drug]


def _disease(plan: Plan, key: np.ndarray, typical: bool) -> dict[str, np.ndarray]:
    """Group, burden class and risk of the disease; a disease without a status has no burden class."""
    patient, none = plan.patient, np.zeros(key.shape)
    group = disease_group(patient.diagnosis)
    measurable = _share(key, "mrd_positive", plan.population.mrd_fraction, bool(patient.mrd_positive), typical)
    in_remission = 1.0 if patient.status in REMISSIONS else 0.0
    return {
        **{f"disease_{name}": none + (name == group) for name in DISEASE_GROUPS},
        "disease_remission": in_remission * (1.0 - measurable),
        "disease_mrd": in_remission * measurable + (patient.status in LITTLE_LEFT),
        "disease_active": none + (patient.status in ACTIVE),
        "disease_risk": none + RISKS[patient.disease_risk],
    }


def _donors(
    plan: Plan, female: np.ndarray, cmv: np.ndarray, key: np.ndarray, origins: int, typical: bool
) -> dict[str, tuple[np.ndarray, ...]]:
    """Who the donors are, per origin; shares of the population concern the first donor."""
    none, people = np.zeros(key.shape), plan.population
    names = ("donor_cmv", "donor_female", "donor_is_unrelated", "donor_is_self", "hla_mismatch")
    nobody = dict.fromkeys(names, none) | {"donor_is_self": none + 1.0}  # who is not there is not foreign
    table: dict[str, list[np.ndarray]] = {name: [nobody[name]] for name in names}
    for o in range(1, origins):
        donor = plan.donors[o - 1] if o <= len(plan.donors) else None
        entry = nobody
        if donor is not None:
            known = typical or o > 1
            seropositive = _share(key, "cmv_donor", people.cmv_donor_fraction, donor.cmv_seropositive, known)
            woman = _share(key, "female_donor", people.female_donor_fraction, donor.sex == "female", known)
            entry = {
                "donor_cmv": cmv if donor.kind == "autologous" else seropositive,
                "donor_female": female if donor.kind in SAME_PERSON else woman,
                "donor_is_unrelated": none + (donor.kind in UNRELATED),
                "donor_is_self": none + (donor.kind in SAME_PERSON),
                "hla_mismatch": none + _mismatches(donor),
            }
        for name in names:
            table[name].append(entry[name])
    return {name: tuple(values) for name, values in table.items()}


def _mismatches(donor: Donor) -> float:
    """Mismatched alleles of 8; cord blood typed at 6 loci is counted as it is, its match being one of antigens."""
    if donor.hla is None:
        return 0.0
    compared = donor.hla[1]
    as_it_is = donor.kind == "cord_unrelated" and compared < ALLELES
    return donor.mismatches * (1.0 if as_it_is else ALLELES / compared)


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
    names = ("graft_cd34_per_kg", "graft_cd3_per_kg", "graft_naive_t_per_kg", "graft_treg_per_kg", "graft_nk_per_kg",
             "graft_b_per_kg", "graft_is_blood", "graft_is_marrow", "graft_is_cord", "graft_is_primed",
             "donor_age_years", "donor_specific_antibody")  # fmt: skip
    table: dict[str, list[np.ndarray]] = {name: [none] for name in names}
    for o in range(1, origins):
        entry = _one_graft(plan, drawn, o, none) if o <= len(plan.donors) else dict.fromkeys(names, none)
        for name in names:
            table[name].append(entry[name])
    drawn_by = {"luck": SMALL_NUMBERS, "precursor_luck": SMALL_NUMBERS + 10}
    lucky = {
        name: tuple(none + 0.5 if typical else _chance(key, first + o) for o in range(origins))
        for name, first in drawn_by.items()
    }
    return {name: tuple(values) for name, values in table.items()} | lucky


def _chance(key: np.ndarray, stream: int) -> np.ndarray:
    return uniform(key, unsigned(stream), unsigned(0)).astype(np.float64)


def bag_of(plan: Plan, donor: int) -> Graft:
    """The graft in whose units a donor's cells are counted: their first one that holds cells."""
    if donor == 2 or plan.second_graft is None or plan.second_donor is not None or _viable(plan.graft):
        return plan.grafts[donor - 1]
    return plan.second_graft


def _viable(graft: Graft) -> float:
    return graft.doses()["cd34"] * graft.viable_fraction


def _one_graft(plan: Plan, drawn: Mapping[str, np.ndarray], o: int, none: np.ndarray) -> dict[str, np.ndarray]:
    """A donor's graft; the spread of doses concerns the plan's first graft, that of CD3 all its T cells alike."""
    graft, donor = bag_of(plan, o), plan.donors[o - 1]
    spread = graft is plan.graft

    def share(field: str) -> np.ndarray:
        usual = plan.value_of(field)
        return drawn[field] / usual if spread and usual > 0 else none + 1

    doses, alive, t_cells = graft.doses(), graft.viable_fraction, share("graft.cd3_per_kg")
    age = drawn["donor.age_years"] if o == 1 else none + donor.age_years
    return {
        "graft_cd34_per_kg": _viable(graft) * share("graft.cd34_per_kg"),
        **{f"graft_{subset}_per_kg": doses[subset] * alive * t_cells for subset in T_CELLS},
        "graft_nk_per_kg": none + doses["nk"] * alive,
        "graft_b_per_kg": none + doses["b"] * alive,
        "graft_is_blood": none + (graft.source == "mobilised_blood"),
        "graft_is_marrow": none + (graft.source == "marrow"),
        "graft_is_cord": none + (graft.source == "cord"),
        "graft_is_primed": none + graft.gcsf_primed,
        "donor_age_years": none + age,
        "donor_specific_antibody": none + donor.donor_specific_antibody,
    }
