"""Landmark outlook: after engraftment, what lies ahead of a patient given where they stand on a day.

Twins of the plan who are alive on the landmark, without what the patient has not had, are weighed by how near they
stand to the patient's last readings (30 days back at most): chimerism, CD4, neutrophils, platelets, worst acute GVHD.
What the weighed twins go on to meet is the outlook. Distances are on the scale of odds or logarithms, with widths set
beforehand; the twins are weighed less sharply where too few would be left.

Only the twins speak here: no registry's incidence is mixed in. How far the model's own incidences are from published
ones stands in the measurements of the documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from dayzero.analyse.endpoints import first_days
from dayzero.analyse.forecast.forecast import DISCLAIMER
from dayzero.analyse.forecast.pool import BORN_FROM
from dayzero.errors import InputError
from dayzero.records.chart import Chart, Floats
from dayzero.simulation.cohort import simulate
from dayzero.simulation.course import Course
from dayzero.spec import Plan

BACK = 30  # days a reading may be old
FEWEST = 100.0
Z = 1.96


class Sign(NamedTuple):
    """A reading that places a patient: the twin's signal, the scale of comparison, and its width."""

    signal: str
    scale: Callable[[Floats], Floats]
    width: float


def _odds(percent: Floats) -> Floats:
    share = np.clip(np.asarray(percent, float) / 100, 0.0, 1.0)
    return np.log((share + 0.01) / (1.01 - share))


SIGNS: Mapping[str, Sign] = {
    "donor_chimerism_myeloid": Sign("myeloid_donor_fraction", _odds, 1.0),
    "donor_chimerism_t_cell": Sign("t_donor_fraction", _odds, 1.0),
    "cd4": Sign("cd4", lambda count: np.log(np.asarray(count) + 0.02), 0.7),
    "neutrophils": Sign("neutrophils", lambda count: np.log(np.asarray(count) + 0.2), 0.7),
    "platelets": Sign("platelets", lambda count: np.log(np.asarray(count) + 10.0), 0.7),
}
GRADE_WIDTH = 0.75
UNGRADED = 2.0  # acute GVHD of which the chart tells no grade: what most reports call acute GVHD begins at II


class Chance(NamedTuple):
    """Probability in percent by a day, with 95 % limits of the chance of so many twins; and without any reading."""

    day: int
    percent: float
    low: float
    high: float
    before: float


@dataclass(frozen=True)
class Outlook:
    """What lies ahead.

    Parameters
    ----------
    chances : relapse, death without relapse, chronic GVHD, survival -> chance by each day.
    used : readings that placed the patient. ``effective`` : twins that carry the weight.
    """

    patient: str
    day: int
    chances: Mapping[str, tuple[Chance, ...]]
    used: tuple[str, ...]
    effective: float
    notes: tuple[str, ...]
    record: Mapping[str, Any] = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        told = {name: [chance._asdict() for chance in chances] for name, chances in self.chances.items()}
        return {"patient": self.patient, "day": self.day, "chances_percent": told, "used": list(self.used),
                "effective_twins": round(self.effective, 1), "notes": list(self.notes), "record": dict(self.record),
                "disclaimer": DISCLAIMER}  # fmt: skip


def outlook(
    chart: Chart,
    plan: Plan | str,
    day: int,
    *,
    patient: str | None = None,
    until: int = 365,
    twins: int = 2000,
    seed: int = 1,
    course: Course | None = None,
) -> Outlook:
    """The outlook of one patient from a landmark day.

    Parameters
    ----------
    day : the landmark, 14 to `until` less 14; nothing later in the chart is looked at.
    course : twins simulated already to `until` or later, for many patients or days.
    """
    who = chart.patients[0] if patient is None and len(chart) == 1 else str(patient)
    chart.index(who)
    if isinstance(day, bool) or not isinstance(day, (int, np.integer)) or not 14 <= day <= until - 14:
        raise InputError("outlook", "day", repr(day), f"a whole number of 14 to {until - 14}", "choose such a day")
    if chart.patient(who).first_event("death")[0] <= day:
        raise InputError("outlook", "day", f"{day}", "a day on which the patient lives", "choose an earlier day")
    if course is None:
        numbers = range(BORN_FROM, BORN_FROM + twins)
        course = simulate(plan, numbers, until, seed)
    entered = chart.column("acute_gvhd")
    graded = bool(((entered.patient != chart.index(who)) | (entered.day <= day)).any())
    return _told(chart.patient(who), who, int(day), until, course, graded)


def _told(chart: Chart, who: str, day: int, until: int, course: Course, graded: bool) -> Outlook:
    died, relapse, chronic = (first_days(course, part) for part in ("death", "relapse", "chronic_gvhd"))
    had = {name: bool(chart.first_event(name)[0] <= day) for name in ("relapse", "chronic_gvhd")}
    alive = died > day
    same = alive & ((relapse <= day) == had["relapse"]) & ((chronic <= day) == had["chronic_gvhd"])
    notes = []
    if same.sum() < 30:
        notes.append("hardly any twin has had what this patient has: all living twins are taken")
        same = alive
    distance, used = _distance(chart, day, course, graded)
    weights, effective, eased = _weights(same, distance)
    if eased:
        notes.append("few twins stand where this patient stands: nearness counts for less")
    if not used:
        notes.append("no reading within 30 days: the outlook is that of the plan's survivors")
    before = same / same.sum()
    days = [at for at in (100, 180, 365, 730) if day < at <= until] or [until]
    things = {
        "relapse": lambda at: (relapse > day) & (relapse <= at) & (relapse <= died),
        "death without relapse": lambda at: (died <= at) & (relapse > died),
        "chronic GVHD": lambda at: (chronic > day) & (chronic <= at),
        "survival": lambda at: died > at,
    }
    asked = [name for name in things if not (name in ("relapse", "death without relapse") and had["relapse"])]
    chances = {name: tuple(_chance(at, things[name](at), weights, before, effective) for at in days) for name in asked}
    record = {name: course.record[name] for name in ("dayzero", "plans", "seed", "patients")}
    record["plans"] = [{"name": plan["name"], "sha256": plan["sha256"]} for plan in record["plans"]]
    return Outlook(who, day, chances, tuple(used), effective, tuple(notes), record)


def _distance(chart: Chart, day: int, course: Course, graded: bool) -> tuple[Floats, list[str]]:
    """Squared distance of every twin from the patient's last readings, (twins,), and what was used.

    ``graded``: whether acute GVHD is kept in the chart, so that silence means none.
    """
    total, used = np.zeros(len(course)), []
    for name, sign in SIGNS.items():
        seen = chart.series(chart.patients[0], name)
        recent = np.flatnonzero((seen.days <= day) & (seen.days > day - BACK) & (seen.limits == 0))
        if not len(recent) or sign.signal not in course.values:
            continue
        at = int(seen.days[recent[-1]])
        factor = 100.0 if sign.signal.endswith("fraction") else 1.0
        twins = sign.scale(course.at(at, sign.signal).astype(float) * factor)
        total += ((twins - float(sign.scale(seen.values[recent[-1]]))) / sign.width) ** 2
        used.append(name)
    if graded:
        entered = chart.column("acute_gvhd")
        grades = np.where(np.isfinite(entered.value), entered.value, UNGRADED)[entered.day <= day]
        worst = float(grades.max()) if len(grades) else 0.0
        early = (course.days >= 0) & (course.days <= day)
        total += ((course.values["ward_gvhd_grade"][:, early].max(axis=1).astype(float) - worst) / GRADE_WIDTH) ** 2
        used.append("worst acute GVHD")
    return total, used


def _weights(same: np.ndarray, distance: Floats) -> tuple[Floats, float, bool]:
    """Weights summing to 1, their effective number, and whether nearness had to count for less."""
    wanted = min(FEWEST, 0.5 * same.sum())
    least = distance[same].min()
    power = 1.0
    while True:
        weights = np.where(same, np.exp(-0.5 * power * (distance - least).clip(0, 1e4)), 0.0)
        weights = weights / weights.sum()
        effective = 1.0 / float((weights**2).sum())
        if effective >= wanted or power < 1e-3:
            return weights, effective, power < 1.0
        power *= 0.8


def _chance(day: int, happened: np.ndarray, weights: Floats, before: Floats, effective: float) -> Chance:
    """Share of the weight to which it happened, with Wilson's interval for the effective number of twins."""
    p, n = float(weights @ happened), effective
    centre = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * np.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    shares = (p, max(centre - half, 0.0), min(centre + half, 1.0), float(before @ happened))
    return Chance(day, *(round(100 * float(share), 1) for share in shares))
