"""A course as the page draws it: medians and bands by day, treatment and complications, one patient, outcome curves.

Plain data throughout: what the page's charts draw is what the API answers and what the CSV holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from dayzero.analyse.outcomes import CAUSE_WORDS, Outcomes, curve_of
from dayzero.errors import SpecError
from dayzero.present.page import BLUE, PURPLE
from dayzero.present.treatment import Lane, lanes_of
from dayzero.simulation.course import Course
from dayzero.simulation.observe import observe, plans_of
from dayzero.spec import Plan

BANDS = (5, 25, 50, 75, 95)


class Panel(NamedTuple):
    """One quantity: what it is called, its unit and factor, the limits and ticks of its axis, levels of recovery."""

    quantity: str
    reported: str
    label: str
    unit: str
    limits: tuple[float, float]
    ticks: tuple[float, ...]
    levels: tuple[float, ...] = ()
    scale: float = 1.0
    log: bool = False
    transfusion: str = ""


PANELS = (
    Panel("neutrophils", "neutrophils", "Neutrophils", "10⁹/L", (0.01, 20), (0.01, 0.1, 1, 10), (0.5,), log=True),
    Panel("platelets", "platelets", "Platelets", "10⁹/L", (2, 700), (3, 10, 30, 100, 300), (20, 50), log=True,
          transfusion="platelet_transfusion"),
    Panel("hemoglobin", "hemoglobin", "Hemoglobin", "g/dL", (5, 15), (5, 7, 9, 11, 13, 15),
          transfusion="red_cell_transfusion"),
    Panel("cd4", "cd4", "CD4 T cells", "10⁹/L", (0.001, 2), (0.001, 0.01, 0.1, 1), (0.2,), log=True),
    Panel("myeloid_donor_fraction", "donor_chimerism_myeloid", "Donor chimerism, myeloid", "%", (0, 100),
          (0, 25, 50, 75, 100), scale=100.0),
    Panel("t_donor_fraction", "donor_chimerism_t_cell", "Donor chimerism, T cells", "%", (0, 100),
          (0, 25, 50, 75, 100), scale=100.0),
)  # fmt: skip

INFECTIONS = ("event_bacteremia", "event_mould", "event_cmv_disease", "event_respiratory_virus",
              "event_viral_reactivation", "event_late_infection")  # fmt: skip
CURVES = {
    "Survival": ("overall_survival", "relapse_free_survival", "grfs"),
    "Relapse and non-relapse mortality": ("relapse", "non_relapse_mortality"),
    "Graft-versus-host disease": ("acute_gvhd_2_4", "acute_gvhd_3_4", "chronic_gvhd"),
}


DRAWN = (*(panel.quantity for panel in PANELS), "alive", "died_of")
"""What must be recorded for a fan without reports."""


def fan_of(course: Course, patient: int | None = None, reports: bool = True) -> dict[str, Any]:
    """Medians and bands of the living by day, and one patient's own course and reports, as plain data.

    Parameters
    ----------
    patient : row of the patient looked at. reports : what the laboratory reported of them too.

    >>> from dayzero.simulation.cohort import simulate
    >>> fan = fan_of(simulate("auto-mel200-myeloma", patients=4, days=20))
    >>> [panel["name"] for panel in fan["panels"]], len(fan["panels"][0]["p50"]) == len(fan["days"])
    (['neutrophils', 'platelets', 'hemoglobin', 'cd4'], True)
    """
    plan, living = plans_of(course)[0], course.living
    row = None if patient is None else checked_patient(course, patient)
    own = None if row is None or not reports else observe(course.only([row]))
    panels = []
    for panel in PANELS:
        if panel.quantity not in course.values or (panel.scale == 100 and not plan.allogeneic):
            continue
        true = course.values[panel.quantity].astype(np.float64) * panel.scale
        bands = dict(zip((f"p{q}" for q in BANDS), percentiles(np.where(living, true, np.nan), BANDS), strict=True))
        told: dict[str, Any] = {"name": panel.quantity, "label": panel.label, "unit": panel.unit, "log": panel.log,
                                "limits": list(panel.limits), "ticks": list(panel.ticks),
                                "levels": list(_levels(panel, plan)),
                                **{name: rounded(values) for name, values in bands.items()}}  # fmt: skip
        if row is not None:
            told["patient"] = rounded(np.where(living[row], true[row], np.nan))
        if own is not None:
            seen = own.series(own.patients[0], panel.reported)
            told["reported"] = [[int(day), float(f"{value:.4g}"), bool(limit)] for day, value, limit in
                                zip(seen.days, seen.values, seen.limits, strict=True)]  # fmt: skip
        panels.append(told)
    return {"days": course.days.tolist(), "alive": living.sum(axis=0).tolist(), "patients": len(course),
            "patient": patient, "panels": panels}  # fmt: skip


def _levels(panel: Panel, plan: Plan) -> Iterator[dict[str, Any]]:
    for level in panel.levels:
        yield {"value": level, "label": "recovery" if panel.quantity != "cd4" else "low", "kind": "recovery"}
    policy: Any = getattr(plan.care, panel.transfusion, None)
    if policy is not None:
        trigger = policy.trigger_1e9_per_l if panel.quantity == "platelets" else policy.trigger_g_per_dl
        yield {"value": float(trigger), "label": "transfusion", "kind": "transfusion"}


def checked_patient(course: Course, patient: int) -> int:
    """The row of a patient, or a sentence where there is none."""
    if not 0 <= patient < len(course):
        raise SpecError("course", "patient", f"{patient}", f"0 to {len(course) - 1}", "patients are numbered from 0")
    return patient


def percentiles(values: np.ndarray, wanted: Sequence[float]) -> np.ndarray:
    """Percentiles over the patients known each day, (wanted, days); nan where none is.

    >>> percentiles(np.array([[1.0, np.nan], [3.0, np.nan]]), [50]).tolist()
    [[2.0, nan]]
    """
    ordered, known = np.sort(values, axis=0), np.isfinite(values).sum(axis=0)  # nan are sorted last
    found = []
    for percent in wanted:
        place = np.maximum(known - 1, 0) * percent / 100
        low = np.floor(place).astype(int)
        high = np.minimum(low + 1, np.maximum(known - 1, 0))
        days = np.arange(values.shape[1])
        below, above = ordered[low, days], ordered[high, days]
        found.append(np.where(known > 0, below + (above - below) * (place - low), np.nan))
    return np.array(found)


def rounded(values: np.ndarray) -> list[float | None]:
    """Numbers of four figures, None where there is none."""
    return [float(f"{value:.4g}") if np.isfinite(value) else None for value in values.tolist()]


def strip_of(course: Course) -> list[Lane]:
    """Treatment and complications by day: what is planned, what the ward orders, and the share of the living ill."""
    plan = plans_of(course)[0]
    return [*lanes_of(plan, course), *_complications(course, plan)]


def _complications(course: Course, plan: Plan) -> Iterator[Lane]:
    living = course.living
    ill: list[tuple[str, np.ndarray, str]] = []
    infected = [course.values[name] > 0 for name in INFECTIONS if name in course.values]
    if infected:
        ill.append(("infection (share)", _within(np.logical_or.reduce(infected), 7), BLUE))
    if plan.allogeneic and "ward_gvhd_grade" in course.values:
        ill.append(("acute GVHD II-IV", course.values["ward_gvhd_grade"] >= 2, PURPLE))
        ill.append(("chronic GVHD", course.values["chronic_gvhd"] >= 1, PURPLE))
    for name, here, colour in ill:
        share = (here & living).sum(axis=0) / np.maximum(living.sum(axis=0), 1)
        if share.max() > 0:
            bars = tuple((float(day) - 0.5, 1.0, 0.8 * float(s)) for day, s in
                         zip(course.days, share, strict=True) if s > 0)  # fmt: skip
            yield Lane(name, f"peak {100 * share.max():.0f} %", bars, colour)


def _within(begun: np.ndarray, days: int) -> np.ndarray:
    """Whether something began within the last days."""
    count = np.cumsum(begun, axis=1)
    before = np.zeros_like(count)
    before[:, days:] = count[:, :-days]
    return count > before


def curves_of(table: Outcomes) -> list[dict[str, Any]]:
    """The outcome curves in percent by day with their 95 % bands, group by group; only what the course told."""
    known = {line.name: line for line in table.lines if line.patients}
    groups = []
    for title, names in CURVES.items():
        lines = []
        for name in names:
            if name in known:
                curve = curve_of(name, known[name].counts)
                lines.append(
                    {
                        "name": name,
                        "label": known[name].label,
                        "days": curve.days.tolist(),
                        **{key: rounded(100 * getattr(curve, key)) for key in ("estimate", "low", "high")},
                    }
                )
        if lines:
            groups.append({"title": title, "lines": lines})
    return groups  # fmt: skip


def patient_line(course: Course, patient: int) -> str:
    """Who a patient is and what became of them, in a sentence."""
    own = course.only([checked_patient(course, patient)])
    died, cause = own.deaths()
    who = {name: float(value[0]) for name, value in own.covariates.items()}
    sex = ("woman" if who["male"] == 0 else "man") if who["age_years"] >= 18 else "child"
    told = f"Patient {patient}: {who['age_years']:.0f}-year-old {sex}, {who['weight_kg']:.0f} kg"
    told += f", {who['graft_cd34_per_kg'] / 1e6:.2g} × 10⁶ CD34/kg"
    if np.isinf(died[0]):
        return f"{told}; alive on day {own.days[-1]}."
    return f"{told}; died on day {died[0]:.0f} of {CAUSE_WORDS.get(str(cause[0]), str(cause[0]).replace('_', ' '))}."


def table_of(fan: dict[str, Any]) -> tuple[list[str], list[list[Any]]]:
    """The fan as a table, one row a day: header and rows."""
    header, columns = ["day", "alive"], [fan["days"], fan["alive"]]
    for panel in fan["panels"]:
        for key in (*(f"p{q}" for q in BANDS), *(["patient"] if "patient" in panel else [])):
            header.append(f"{panel['name']}_{key} ({panel['unit'].replace('10⁹', '1e9')})")
            columns.append(panel[key])
    return header, [list(row) for row in zip(*columns, strict=True)]
