"""From a course to a chart: what the laboratory reported, what was given, what was seen to happen; nothing else."""

from __future__ import annotations

import json
from functools import lru_cache

import numpy as np

from dayzero.records import Chart
from dayzero.simulation.course import Course
from dayzero.simulation.laboratory import ASSAYS
from dayzero.spec import Graft, Plan

ROUNDING = 1e-6  # a limit reported in float32 may stand a rounding above itself
Given = tuple[np.ndarray, np.ndarray, np.ndarray]
NOTHING: Given = (np.empty(0, int), np.empty(0, int), np.empty(0))
# Kinds whose absence from a chart means that it did not happen, not that nobody wrote it down.
TOLD = {"steroid": "steroid_mg_per_kg", "moderate_chronic_gvhd": "event_chronic_gvhd_moderate"}
GRAFT_WORDS = {"mobilised_blood": "PBSC", "marrow": "BM", "cord": "cord"}


def observe(course: Course) -> Chart:
    """The chart of a simulated cohort: reports of visit days, detection limits as such, what was given, what happened.

    The reports are the very numbers the ward's policies acted on. Nothing is measured, given or seen after a death,
    whose cause is the amount of its event (`dayzero.units.DEATH_CAUSES`).

    Examples
    --------
    >>> from dayzero.simulation.cohort import simulate
    >>> chart = observe(simulate("auto-mel200-myeloma", patients=2, days=30))
    >>> chart.patients
    ('0', '1')
    """
    limits, living = _limits(course), course.living
    measurements = {}
    for name, assay in ASSAYS.items():
        reported = course.values.get(f"reported_{name}")
        if reported is None or assay.visit not in course.flags:
            continue
        who, when = np.nonzero(course.flags[assay.visit] & living)
        value = reported[who, when].astype(np.float64)
        limit = limits[name][who]
        censored = np.where((limit > 0) & (value <= limit * (1 + ROUNDING)), -1, 0)
        measurements[name] = (who, course.days[when], np.where(censored < 0, limit, value), censored)
    row, when, kind, amount = course.event_rows()
    given = {
        str(name): (row[kind == name], course.days[when[kind == name]], amount[kind == name])
        for name in np.unique(kind)
    }
    given |= {kind: NOTHING for kind, name in TOLD.items() if name in course.values and kind not in given}
    for name, planned in _infusions(course).items():  # a boost may be planned, or ordered by the ward
        given[name] = _joined(planned, given[name]) if name in given else planned
    return Chart.from_columns(
        measurements,
        [str(p) for p in course.patients],
        given,
        graft=_grafts(course),
        transfusions_recorded="platelet_units" in course.values,
    )


def plans_of(course: Course) -> list[Plan]:
    """The plan of each patient, from the run record."""
    plans = [_plan_of(json.dumps(entry["spec"])) for entry in course.record["plans"]]
    chosen = course.record["plan_of_patient"]
    return [plans[0]] * len(course) if chosen is None else [plans[i] for i in chosen]


@lru_cache(256)
def _plan_of(spec: str) -> Plan:
    """A plan as a record has it; reading one is slow beside a year of a patient."""
    return Plan.load(json.loads(spec))


def _infusions(course: Course) -> dict[str, Given]:
    """Row, day and viable CD34+ cells/kg of every graft that was infused, by kind of event."""
    first, died = course.covariates["graft_cd34_per_kg"], course.deaths()[0]
    rows: dict[str, dict[tuple[int, int], float]] = {"infusion": {}, "second_graft": {}, "boost": {}}
    for row, plan in enumerate(plans_of(course)):
        planned = _viable(plan.graft)
        for i, graft in enumerate(plan.grafts):
            day = graft.infusion_day
            if day > min(course.days[-1], died[row]):
                continue
            cells = float(first[row]) if i == 0 and planned else _viable(graft)
            kind = "infusion" if day == 0 else "second_graft" if plan.second_donor is not None else "boost"
            rows[kind][row, day] = rows[kind].get((row, day), 0.0) + cells
    columns = {kind: (list(given), list(given.values())) for kind, given in rows.items() if given}
    return {
        kind: (np.array([row for row, _ in at]), np.array([day for _, day in at]), np.array(cells))
        for kind, (at, cells) in columns.items()
    }


def _joined(planned: Given, ordered: Given) -> Given:
    row, day, amount = (np.concatenate(parts) for parts in zip(planned, ordered, strict=True))
    return row, day, amount


def _viable(graft: Graft) -> float:
    return graft.doses()["cd34"] * graft.viable_fraction


def _limits(course: Course) -> dict[str, np.ndarray]:
    """Detection limit of each assay, (patients,): the assay's own, or what the patient's plan says."""
    laboratories = [plan.care.laboratory for plan in plans_of(course)]
    of = lambda field: np.array([getattr(laboratory, field) for laboratory in laboratories])  # noqa: E731
    own = {name: np.full(len(course), assay.limit) for name, assay in ASSAYS.items()}
    chimerism = of("chimerism_detection_limit_percent")
    return own | {
        "neutrophils": of("anc_detection_limit_1e9_per_l"),
        "platelets": of("platelet_detection_limit_1e9_per_l"),
        "donor_chimerism_myeloid": chimerism,
        "donor_chimerism_t_cell": chimerism,
    }


def _grafts(course: Course) -> list[str]:
    return [GRAFT_WORDS[plan.graft.source] for plan in plans_of(course)]
