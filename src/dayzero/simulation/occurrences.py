"""What a course records beside the signals of the body, and the table of events that is read from it.

``GIVEN`` are the ward's orders, each day's dose an event; ``HAPPENED`` are the hazards the ward sees happen. Three
kinds follow from what was recorded: ``acute_gvhd`` on each day its grade comes to be higher than ever,
``cmv_treatment`` when ganciclovir or foscarnet is begun, ``death`` with its cause. The return of the virus itself
(``cmv_reactivation``) is no event of the ward's: what is seen of it is ``cmv_dna``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from dayzero.module import Signal
from dayzero.units import DEATH_CAUSES, QUANTITIES

if TYPE_CHECKING:
    from dayzero.simulation.course import Course

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]

# On which days the ward looks, and at what; each the name of a daily signal.
FLAGS = ("blood_drawn", "chimerism_tested", "subsets_tested", "cmv_tested", "marrow_examined")

# What the laboratory and the ward report; each has its entry in `laboratory.ASSAYS`.
ASSAYED = (
    "neutrophils", "monocytes", "platelets", "hemoglobin", "donor_chimerism_myeloid", "donor_chimerism_t_cell", "cd4",
    "cd8", "nk_cells", "b_cells", "igg", "rash", "stool_volume", "bilirubin", "creatinine", "alt", "ldh", "albumin",
    "temperature", "weight_gain", "ascites", "systolic_pressure", "urine_protein", "fev1", "oxygen_need", "cmv_dna",
    "disease_burden",
)  # fmt: skip
REPORTED: Mapping[str, Signal] = {
    f"reported_{name}": Signal(QUANTITIES[name].unit, f"{QUANTITIES[name].description}, as reported that morning")
    for name in ASSAYED
}

# What else is recorded that is no signal, order or hazard.
FATE: Mapping[str, Signal] = {
    "alive": Signal("1", "1 on mornings the patient is alive, 0 after death"),
    "died_of": Signal("1", "on the day of death 1 + the place of its cause in the record's causes, else 0"),
    "ward_gvhd_grade": Signal("1", "grade of acute graft-versus-host disease, as the ward judged it that morning"),
    "in_hospital": Signal("1", "1 on a day in hospital, as the ward decided that morning"),
}

# Kind of event and the order it is read from, whose value is the amount.
GIVEN: Mapping[str, str] = {
    "platelet_transfusion": "platelet_units", "red_cell_transfusion": "red_cell_units", "gcsf": "gcsf_ug_per_kg",
    "steroid": "steroid_mg_per_kg", "donor_lymphocytes": "donor_lymphocytes_per_kg", "boost": "boost",
    **{name: name for name in ("calcineurin", "ruxolitinib", "letermovir", "antiviral", "foscarnet", "quinolone",
                               "mould_azole", "immunoglobulin", "defibrotide", "maintenance")},
}  # fmt: skip

# Kind of event and the hazard it comes from; these have no amount.
HAPPENED: Mapping[str, str] = {
    "mould_infection": "mould", "chronic_gvhd": "chronic_gvhd_onset",
    "moderate_chronic_gvhd": "chronic_gvhd_moderate",
    **{name: name for name in ("bleeding", "neutropenic_fever", "bacteremia", "cmv_disease", "respiratory_virus",
                               "viral_reactivation", "late_infection", "lymphoproliferation", "vod",
                               "lung_injury_syndrome", "microangiopathy", "hemorrhagic_cystitis", "heart_failure",
                               "kidney_injury", "engraftment_syndrome", "second_cancer", "relapse")},
}  # fmt: skip

# The group of `units.DEATH_CAUSES` that a cause of death belongs to; any other is "other".
CAUSE_GROUPS: Mapping[str, str] = {
    **dict.fromkeys(("relapse_death",), "disease"),
    **dict.fromkeys(("bacteremia", "mould", "cmv_disease", "respiratory_virus", "viral_reactivation",
                     "late_infection"), "infection"),
    **dict.fromkeys(("acute_gvhd_death", "chronic_gvhd_death"), "graft-versus-host disease"),
    **dict.fromkeys(("vod", "vod_death", "lung_injury_syndrome", "microangiopathy", "heart_failure", "kidney_injury",
                     "hemorrhagic_cystitis", "engraftment_syndrome"), "organ toxicity"),
    **dict.fromkeys(("bleeding",), "bleeding"),
    **dict.fromkeys(("second_cancer", "lymphoproliferation"), "new malignancy"),
}  # fmt: skip
UNKNOWN = "unknown"  # the cause of a death that was recorded without one
FREE_OF_TREATMENT = 14  # days without an antiviral after which the next is another treatment; a convention


def event_rows(course: Course) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Row of the patient, column of the day, kind and amount (nan: none) of every event that was recorded."""
    found = list(_events(course))
    who, when, amount = (np.concatenate([rows[i] for _, rows in found]) for i in range(3))
    kinds = np.repeat([kind for kind, _ in found], [len(rows[0]) for _, rows in found])
    return who.astype(int), when.astype(int), kinds.astype("<U24"), amount.astype(np.float64)


def _events(course: Course) -> Iterator[tuple[str, Rows]]:
    values, living = course.values, course.living
    for kind, name in GIVEN.items():
        if name in values:
            who, when = np.nonzero((values[name] > 0) & living)
            share = course.covariates["graft_cd34_per_kg"][who] if kind == "boost" else 1.0
            yield kind, (who, when, values[name][who, when].astype(np.float64) * share)
    for kind, name in HAPPENED.items():
        if f"event_{name}" in values:
            yield kind, _unmeasured((values[f"event_{name}"] > 0) & living)
    if "ward_gvhd_grade" in values:
        others = course.covariates.get("allogeneic", np.ones(len(course)))  # their own cells cannot have done it
        grade = values["ward_gvhd_grade"] * (others > 0)[:, None]
        before = np.maximum.accumulate(np.pad(grade, ((0, 0), (1, 0))), axis=1)[:, :-1]
        who, when = np.nonzero((grade > before) & living)
        yield "acute_gvhd", (who, when, grade[who, when].astype(np.float64))
    given = [values[name] > 0 for name in ("antiviral", "foscarnet") if name in values]
    if given:
        yield "cmv_treatment", _unmeasured(_begun(np.logical_or.reduce(given)) & living)
    yield "death", _deaths(course)


def _unmeasured(here: np.ndarray) -> Rows:
    who, when = np.nonzero(here)
    return who, when, np.full(len(who), np.nan)


def _begun(given: np.ndarray) -> np.ndarray:
    """Days on which a treatment starts: given, and not given for some time before."""
    total = np.cumsum(np.pad(given, ((0, 0), (FREE_OF_TREATMENT + 1, 0))), axis=1)
    return given & (total[:, FREE_OF_TREATMENT:-1] == total[:, : -FREE_OF_TREATMENT - 1])


def _deaths(course: Course) -> Rows:
    day, cause = course.deaths()
    who = np.flatnonzero(np.isfinite(day))
    number = {group: at for at, group in DEATH_CAUSES.items()}
    amount = [np.nan if c == UNKNOWN else number[CAUSE_GROUPS.get(c, "other")] for c in cause[who].tolist()]
    return who, (day[who] - course.days[0]).astype(int), np.array(amount, np.float64)
