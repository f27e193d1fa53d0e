"""When each outcome came, for every patient: the endpoints of transplantation as days, and what competes with them.

Time zero is the infusion; who died before it was not transplanted and is left out. Everybody is followed to the last
day of the course. On one day relapse and graft-versus-host disease come before death, so a death on the day of a
relapse is no non-relapse mortality.

==========================  =========================================================================================
overall survival            free of death
relapse-free survival       free of relapse and death
GRFS                        free of acute GVHD III-IV, of chronic GVHD that is moderate or severe and under systemic
                            treatment, of relapse and death
relapse                     death competes
non-relapse mortality       death without relapse; relapse competes
graft failure               primary failure by the criteria (on its limit day), or donor myeloid cells below 5 % later;
                            relapse and death compete
acute GVHD                  first morning the ward judged the grade; death competes
chronic GVHD                its onset; death competes
CMV                         ganciclovir or foscarnet begun, or disease (clinically significant infection)
infections, organ toxicity  first episode from day 0; death competes
==========================  =========================================================================================

Whether relapse competes with GVHD differs between studies: ``rivals=("relapse", "death")`` ends the count there.

Sources: GRFS, Holtan 2015, Blood 125:1333, and BMT CTN 1703 (NCT03959241); what competes with what, Kim and Armand
2013, Biol Blood Marrow Transplant 19:860; primary graft failure, doi:10.1038/s41409-024-02251-0, Table 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dayzero.analyse.survival import CENSORED, DayCounts
from dayzero.criteria import Judgement, judge
from dayzero.criteria.graft_failure import LOSS_PCT, limit_day
from dayzero.errors import InputError
from dayzero.records.chart import Floats
from dayzero.simulation.course import Course
from dayzero.simulation.observe import observe
from dayzero.spec.vocabulary import SAME_PERSON
from dayzero.units import nearest

NON_MALIGNANT = ("aplastic_anemia", "inherited_marrow_failure", "thalassemia", "sickle_cell_disease",
                 "immunodeficiency", "inborn_error_of_metabolism", "other_nonmalignant")  # fmt: skip


@dataclass(frozen=True)
class Endpoint:
    """One outcome.

    Parameters
    ----------
    label : as printed.
    parts : what makes it, whichever comes first; each a name of `PARTS`.
    rivals : what competes with it.
    survival : told as the share still free of it.
    allogeneic, malignant : only for patients of such a plan.
    """

    label: str
    parts: tuple[str, ...]
    rivals: tuple[str, ...] = ("death",)
    survival: bool = False
    allogeneic: bool = False
    malignant: bool = False


# What may happen, and the recorded quantities its day is read from (any of them, for CMV).
PARTS: Mapping[str, tuple[str, ...]] = {
    "death": ("alive",),
    "relapse": ("event_relapse",),
    "graft_failure": ("reported_neutrophils",),
    "acute_gvhd_2_4": ("ward_gvhd_grade",),
    "acute_gvhd_3_4": ("ward_gvhd_grade",),
    "chronic_gvhd": ("event_chronic_gvhd_onset",),
    "treated_chronic_gvhd": ("event_chronic_gvhd_moderate", "steroid_mg_per_kg"),
    "cmv_infection": ("antiviral", "foscarnet", "event_cmv_disease"),
    "mould_infection": ("event_mould",),
    **{name: (f"event_{name}",) for name in (
        "cmv_disease", "bacteremia", "neutropenic_fever", "respiratory_virus", "viral_reactivation", "late_infection",
        "lymphoproliferation", "vod", "lung_injury_syndrome", "microangiopathy", "hemorrhagic_cystitis",
        "heart_failure", "kidney_injury", "engraftment_syndrome", "second_cancer", "bleeding")},
}  # fmt: skip

_EITHER = ("relapse", "death")
_GVHD = ("acute_gvhd_3_4", "treated_chronic_gvhd")

ENDPOINTS: Mapping[str, Endpoint] = {
    "overall_survival": Endpoint("overall survival", ("death",), (), survival=True),
    "relapse_free_survival": Endpoint("relapse-free survival", _EITHER, (), survival=True, malignant=True),
    "grfs": Endpoint("GVHD-free, relapse-free survival", (*_GVHD, *_EITHER), (), survival=True, allogeneic=True),
    "relapse": Endpoint("relapse", ("relapse",), malignant=True),
    "non_relapse_mortality": Endpoint("non-relapse mortality", ("death",), ("relapse",)),
    "graft_failure": Endpoint("graft failure", ("graft_failure",), _EITHER),
    "acute_gvhd_2_4": Endpoint("acute GVHD II-IV", ("acute_gvhd_2_4",), allogeneic=True),
    "acute_gvhd_3_4": Endpoint("acute GVHD III-IV", ("acute_gvhd_3_4",), allogeneic=True),
    "chronic_gvhd": Endpoint("chronic GVHD", ("chronic_gvhd",), allogeneic=True),
    "treated_chronic_gvhd": Endpoint("chronic GVHD, treated", ("treated_chronic_gvhd",), allogeneic=True),
    "cmv_infection": Endpoint("CMV, treated or disease", ("cmv_infection",), allogeneic=True),
    "cmv_disease": Endpoint("CMV disease", ("cmv_disease",), allogeneic=True),
    "neutropenic_fever": Endpoint("fever in neutropenia", ("neutropenic_fever",)),
    "bacteremia": Endpoint("bacteremia", ("bacteremia",)),
    "mould_infection": Endpoint("invasive mould infection", ("mould_infection",)),
    "respiratory_virus": Endpoint("respiratory virus, lower tract", ("respiratory_virus",)),
    "viral_reactivation": Endpoint("other viral disease", ("viral_reactivation",)),
    "late_infection": Endpoint("other late infection", ("late_infection",)),
    "lymphoproliferation": Endpoint("lymphoproliferative disorder", ("lymphoproliferation",), allogeneic=True),
    "engraftment_syndrome": Endpoint("engraftment syndrome", ("engraftment_syndrome",)),
    "vod": Endpoint("VOD", ("vod",)),
    "lung_injury_syndrome": Endpoint("idiopathic pneumonia syndrome", ("lung_injury_syndrome",)),
    "microangiopathy": Endpoint("thrombotic microangiopathy", ("microangiopathy",)),
    "hemorrhagic_cystitis": Endpoint("hemorrhagic cystitis", ("hemorrhagic_cystitis",)),
    "kidney_injury": Endpoint("acute kidney injury", ("kidney_injury",)),
    "heart_failure": Endpoint("heart failure", ("heart_failure",)),
    "bleeding": Endpoint("bleeding", ("bleeding",)),
    "second_cancer": Endpoint("second cancer", ("second_cancer",)),
}


class Times(NamedTuple):
    """When and what came first, (patients,): day, kind ("" for censored), and whether the patient counts at all."""

    day: Floats
    kind: NDArray[np.str_]
    counted: NDArray[np.bool_]


def countable(course: Course) -> tuple[str, ...]:
    """The endpoints that a course recorded enough for, and that mean something for one of its patients at least."""
    return tuple(
        name for name, endpoint in ENDPOINTS.items()
        if all(_is_recorded(course, part) for part in (*endpoint.parts, *endpoint.rivals))
        and _concerned(course, endpoint).any()
    )  # fmt: skip


def _concerned(course: Course, endpoint: Endpoint) -> NDArray[np.bool_]:
    """Patients whose plan the endpoint is for, (patients,); read from the record, which holds plans in full."""
    specs = [entry["spec"] for entry in course.record["plans"]]
    donors = [[spec["donor"], spec.get("second_donor") or spec["donor"]] for spec in specs]
    differs = [any(donor["kind"] not in SAME_PERSON for donor in pair) for pair in donors]
    cancer = [spec["patient"]["diagnosis"] not in NON_MALIGNANT for spec in specs]
    suits = np.array([(not endpoint.allogeneic or a) and (not endpoint.malignant or b)
                      for a, b in zip(differs, cancer, strict=True)])  # fmt: skip
    chosen = course.record["plan_of_patient"]
    return np.full(len(course), suits[0]) if chosen is None else suits[np.asarray(chosen)]


def first_days(course: Course, part: str, judgement: Judgement | None = None) -> Floats:
    """Day each patient first had something of `PARTS`, from day 0; inf for who never had, (patients,)."""
    since = {"since": 0.0}
    if part == "death":
        return course.deaths()[0]
    if part == "graft_failure":
        return _failure(course, judge(observe(course)) if judgement is None else judgement)
    if part.startswith("acute_gvhd"):
        return course.first_day("ward_gvhd_grade", float(part.split("_")[2]), **since)
    if part == "treated_chronic_gvhd":
        return _treated(course)
    recorded = [name for name in PARTS[part] if name in course.values]
    return np.min([course.first_day(name, **since) for name in recorded], axis=0)


def outcome_times(
    course: Course, name: str, *, rivals: Sequence[str] | None = None, judgement: Judgement | None = None
) -> Times:
    """When an endpoint of `ENDPOINTS`, or what competes with it, came to each patient.

    Parameters
    ----------
    rivals : what competes, in place of the usual.
    judgement : of the course's own chart, for graft failure; made when left out.
    """
    if name not in ENDPOINTS:
        raise InputError("outcomes", "name", repr(name), "a known endpoint", nearest(name, ENDPOINTS))
    endpoint = ENDPOINTS[name]
    others = endpoint.rivals if rivals is None else tuple(rivals)
    for part in (*endpoint.parts, *others):
        if part not in PARTS or not _is_recorded(course, part):
            advice = "simulate again without recording="
            raise InputError("outcomes", name, f"no {part} recorded", "the standard recording", advice)
    order = sorted((*endpoint.parts, *others), key=lambda part: part == "death")  # of a day, death comes last
    when = np.array([first_days(course, part, judgement) for part in order])
    first, at = when.min(axis=0), when.argmin(axis=0)
    last = float(course.days[-1])
    what = order if endpoint.survival else [name if part in endpoint.parts else part for part in order]
    kind = np.where(first <= last, np.array(what)[at], CENSORED)
    counted = (course.deaths()[0] >= 0) & _concerned(course, endpoint)
    return Times(np.minimum(first, last), kind, counted)


def outcome_counts(
    course: Course, name: str, *, rivals: Sequence[str] | None = None, judgement: Judgement | None = None
) -> DayCounts:
    """Day counts of an endpoint (`outcome_times`), for `survival.kaplan_meier` and `survival.cumulative_incidence`.

    The kind of interest has the endpoint's name; for a survival each part is a kind of its own.
    """
    day, kind, counted = outcome_times(course, name, rivals=rivals, judgement=judgement)
    endpoint = ENDPOINTS[name]
    others = endpoint.rivals if rivals is None else tuple(rivals)
    kinds = endpoint.parts if endpoint.survival else (name, *others)
    return DayCounts.of(day[counted], kind[counted], kinds=kinds)


def _is_recorded(course: Course, part: str) -> bool:
    has = [name in course.values for name in PARTS[part]]
    return any(has) if part == "cmv_infection" else all(has) or (part == "death" and "died_of" in course.values)


def _treated(course: Course) -> Floats:
    """First day with a systemic steroid or ruxolitinib from the day chronic GVHD is found moderate or severe."""
    onset = course.first_day("event_chronic_gvhd_moderate", since=0.0)
    given = [course.values[name] > 0 for name in ("steroid_mg_per_kg", "ruxolitinib") if name in course.values]
    here = np.logical_or.reduce(given) & course.living & (course.days >= onset[:, None])
    return np.where(here.any(axis=1), course.days[here.argmax(axis=1)], np.inf)


def _failure(course: Course, judgement: Judgement) -> Floats:
    """Limit day of a primary failure; else the first test after it with less than 5 % donor myeloid cells."""
    limit = np.array([limit_day("ASTCT", kind or "PBSC") for kind in judgement["graft"]], np.float64)
    failed = np.array([answer is True for answer in judgement["primary_graft_failure"]])
    lost = np.full(len(course), np.inf)
    if "reported_donor_chimerism_myeloid" in course.values:
        low = course.values["reported_donor_chimerism_myeloid"] < LOSS_PCT
        low &= course.tests & course.living & (course.days > limit[:, None])
        lost = np.where(low.any(axis=1), course.days[low.argmax(axis=1)], np.inf)
        lost[~_concerned(course, ENDPOINTS["acute_gvhd_2_4"])] = np.inf  # one's own cells have no chimerism
    return np.where(failed, limit, lost)


def named(rows: Sequence[Any], where: str, name: str) -> Any:
    """The row of that name, or one sentence saying which there are."""
    found = next((row for row in rows if row.name == name), None)
    if found is None:
        names = [row.name for row in rows]
        raise InputError(where, "name", repr(name), f"one of {', '.join(names)}", nearest(str(name), names))
    return found
