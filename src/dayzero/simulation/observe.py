"""From a course to a chart: what the laboratory reported and what was given, and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np

from dayzero.records import Chart
from dayzero.simulation.course import Course
from dayzero.simulation.laboratory import ASSAYS
from dayzero.spec import Graft, Plan

ROUNDING = 1e-6  # a limit reported in float32 may stand a rounding above itself
GRAFT_WORDS = {"mobilised_blood": "PBSC", "marrow": "BM", "cord": "cord"}


def observe(course: Course) -> Chart:
    """The chart of a simulated cohort: reports of visit days, detection limits as such, transfusions and G-CSF.

    The reports are the very numbers the ward's policies acted on.

    Examples
    --------
    >>> from dayzero.simulation.cohort import simulate
    >>> chart = observe(simulate("auto-mel200-myeloma", patients=2, days=30))
    >>> chart.patients
    ('0', '1')
    """
    limits = _limits(course)
    measurements = {}
    for name, assay in ASSAYS.items():
        reported = course.values.get(f"reported_{name}")
        if reported is None:
            continue
        visits = course.visits if assay.visit == "blood_drawn" else course.tests
        who, when = np.nonzero(visits)
        value = reported[who, when].astype(np.float64)
        limit = limits[name][who]
        censored = np.where((limit > 0) & (value <= limit * (1 + ROUNDING)), -1, 0)
        measurements[name] = (who, course.days[when], np.where(censored < 0, limit, value), censored)
    row, when, kind, amount = course.event_rows()
    given = {
        name: (row[kind == name], course.days[when[kind == name]], amount[kind == name])
        for name in ("platelet_transfusion", "red_cell_transfusion", "gcsf")
    }
    given |= _infusions(course)
    return Chart.from_columns(
        measurements,
        [str(p) for p in course.patients],
        given,
        graft=_grafts(course),
        transfusions_recorded="platelet_units" in course.values,
    )


def plans_of(course: Course) -> list[Plan]:
    """The plan of each patient, from the run record."""
    plans = [Plan.load(entry["spec"]) for entry in course.record["plans"]]
    chosen = course.record["plan_of_patient"]
    return [plans[0]] * len(course) if chosen is None else [plans[i] for i in chosen]


def _infusions(course: Course) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Row, day and viable CD34+ cells/kg of every graft that was infused, by kind of event."""
    first = course.covariates["graft_cd34_per_kg"]
    rows: dict[str, dict[tuple[int, int], float]] = {"infusion": {}, "second_graft": {}, "boost": {}}
    for row, plan in enumerate(plans_of(course)):
        planned = _viable(plan.graft)
        for i, graft in enumerate(plan.grafts):
            day = graft.infusion_day
            if day > course.days[-1]:
                continue
            cells = float(first[row]) if i == 0 and planned else _viable(graft)
            kind = "infusion" if day == 0 else "second_graft" if plan.second_donor is not None else "boost"
            rows[kind][row, day] = rows[kind].get((row, day), 0.0) + cells
    columns = {kind: (list(given), list(given.values())) for kind, given in rows.items() if given}
    return {
        kind: (np.array([row for row, _ in at]), np.array([day for _, day in at]), np.array(cells))
        for kind, (at, cells) in columns.items()
    }


def _viable(graft: Graft) -> float:
    return graft.doses()["cd34"] * graft.viable_fraction


def _limits(course: Course) -> dict[str, np.ndarray]:
    laboratories = [plan.care.laboratory for plan in plans_of(course)]
    of = lambda field: np.array([getattr(laboratory, field) for laboratory in laboratories])  # noqa: E731
    none: dict[str, Any] = {name: np.zeros(len(course)) for name in ASSAYS}
    return none | {
        "neutrophils": of("anc_detection_limit_1e9_per_l"),
        "platelets": of("platelet_detection_limit_1e9_per_l"),
        "donor_chimerism_myeloid": of("chimerism_detection_limit_percent"),
    }


def _grafts(course: Course) -> list[str]:
    return [GRAFT_WORDS[plan.graft.source] for plan in plans_of(course)]
