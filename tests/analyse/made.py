"""Courses made by hand, for tests of what is counted and drawn: plausible to look at, nothing of a model in them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from dayzero.simulation.course import Course
from dayzero.simulation.occurrences import ASSAYED, FLAGS, GIVEN, HAPPENED
from dayzero.spec import Plan

CAUSES = ["bacteremia", "mould", "relapse_death", "acute_gvhd_death", "vod", "other_death"]
EVENTS = [f"event_{name}" for name in HAPPENED.values()]


def record_of(plan: Plan, patients: int, days: int) -> dict[str, Any]:
    """A run record that names the plan."""
    spec = json.loads(plan.canonical_json())
    return {
        "schema": 1, "dayzero": "0.1.0", "plans": [{"name": plan.name, "sha256": plan.sha256(), "spec": spec}],
        "plan_of_patient": None, "patients": patients, "patients_listed": None, "patients_sha256": "0" * 64, "seed": 1,
        "days": days, "engine": "jax", "precision": "float32", "steps_per_day": 8, "parameters": {}, "typical": False,
        "causes": CAUSES, "warnings": [],
    }  # fmt: skip


def empty(plan: str = "aml-sibling-pbsc", patients: int = 4, days: int = 120, first: int = -8, **values: Any) -> Course:
    """A course in which nothing happens to anybody, with the values given put into it."""
    shape = (patients, days - first + 1)
    names = [*GIVEN.values(), *EVENTS, "died_of", "ward_gvhd_grade", "in_hospital", "chronic_gvhd",
             "event_cmv_reactivation"]  # fmt: skip
    made: dict[str, Any] = {name: np.zeros(shape, np.float32) for name in names}
    made |= {"alive": np.ones(shape, np.float32), "quality_of_life": np.full(shape, 0.8, np.float32)}
    who = {"age_years": 45.0, "male": 1.0, "weight_kg": 75.0, "height_cm": 175.0, "major_abo_mismatch": 0.0,
           "graft_cd34_per_kg": 5e6}  # fmt: skip
    flags = {name: np.zeros(shape, bool) for name in FLAGS}
    covariates = {name: np.full(patients, value) for name, value in who.items()}
    calendar = np.arange(first, days + 1)
    return Course(np.arange(patients), calendar, made | values, covariates, flags,
                  record_of(Plan.load(plan), patients, days))  # fmt: skip


def put(course: Course, row: int, day: int, name: str, value: float = 1.0) -> None:
    """Write one value into a course."""
    course.values[name][row, day - course.days[0]] = value


def die(course: Course, row: int, day: int, cause: str = "other_death") -> None:
    """End a patient's course on a day, as the engine does: alive that morning, dead the next."""
    put(course, row, day, "died_of", 1 + course.record["causes"].index(cause))
    course.values["alive"][row, day - course.days[0] + 1 :] = 0


def cohort(plan: str = "aml-unrelated-flubu2-atg", patients: int = 300, days: int = 365, seed: int = 3) -> Course:
    """A cohort that looks like one: counts fall and come back, some have GVHD, infections, relapse, and die."""
    rng = np.random.default_rng(seed)
    course = empty(plan, patients, days, -7)
    values, t = dict(course.values), course.days[None, :].astype(float)
    some = lambda middle, spread: rng.lognormal(np.log(middle), spread, (patients, 1))  # noqa: E731
    steps = (patients, t.shape[1])
    slow = lambda size: np.cumsum(rng.normal(0, size, steps), axis=1) * np.exp(-0.002 * t)  # noqa: E731
    values |= _blood(t, some, slow)
    gvhd = _gvhd(t, rng, patients)
    values |= gvhd | _chemistry(t, rng, gvhd["ward_gvhd_grade"])
    full = (patients, len(course.days))
    values = {name: np.array(np.broadcast_to(value, full), np.float32) for name, value in values.items()}
    made = Course(course.patients, course.days, values, course.covariates, course.flags, course.record)
    made.covariates["age_years"][:] = rng.uniform(25, 70, patients)
    _visits(made)
    _report(made, rng)
    _events(made, rng)
    return made


def _blood(t: np.ndarray, some: Any, slow: Any) -> dict[str, np.ndarray]:
    gone, back = some(1.0, 0.1), some(16.0, 0.15)
    rise = 1 / (1 + np.exp(-(t - back - 2) / 1.3))
    fall = np.where(t < 0, 1.0, np.exp(-np.maximum(t, 0) * 0.8 * gone))
    up = np.exp(np.minimum(slow(0.02), 0.8))
    platelets = 180 * np.where(t < -4, 1, np.exp(-np.maximum(t + 4, 0) / 6)) + 190 / (1 + np.exp(-(t - back - 8) / 4))
    donor = np.clip(1 / (1 + np.exp(-(t - back + 4) / 1.5)), 0, 0.999)
    return {
        "neutrophils": np.maximum((4.5 * fall + 4.0 * rise) * up, 0.004),
        "platelets": np.maximum(platelets * up, 6.0),
        "hemoglobin": 8.6 + 4 / (1 + np.exp(-(t - 90) / 30)) + 0.4 * slow(0.05),
        "myeloid_donor_fraction": donor,
        "t_donor_fraction": np.clip(donor * (0.75 + 0.25 * np.tanh(t / 120)), 0, 1),
        "cd4": 0.6 * np.exp(-np.maximum(t + 6, 0))
        + 0.02
        + 0.3 * (1 - np.exp(-np.maximum(t - 20, 0) / 200)) * some(1, 0.4),
        "monocytes": 0.4 * fall + 0.6 * rise,
        "disease_burden": np.full_like(donor, 1e6),
    }


def _gvhd(t: np.ndarray, rng: np.random.Generator, patients: int) -> dict[str, np.ndarray]:
    one = (patients, 1)
    onset, worst = rng.normal(32, 9, one), rng.choice([0, 1, 2, 3, 4], one, p=[0.45, 0.15, 0.25, 0.11, 0.04])
    length = rng.lognormal(3.3, 0.4, one)
    course = worst * np.minimum((t - onset) / 3, 1) * np.clip(1 - (t - onset - 6) / length, 0, 1)
    grade = np.where(t < onset, 0, np.ceil(np.maximum(course, 0)))
    steroid = np.where((worst >= 2) & (t > onset + 2), 2 * np.exp(-np.maximum(t - onset - 9, 0) / 25), 0)
    late, has = rng.normal(190, 45, one), rng.random(one) < 0.35
    chronic = np.where(has & (t > late), 2.4 * (1 - np.exp(-(t - late) / 40)) * np.exp(-(t - late) / 300), 0)
    return {"ward_gvhd_grade": grade, "steroid_mg_per_kg": np.where(steroid < 0.05, 0, steroid),
            "ruxolitinib": ((worst >= 3) & (t > onset + 10) & (t < onset + 90)).astype(float),
            "chronic_gvhd": chronic,
            "event_chronic_gvhd_onset": (has & (t >= late) & (t < late + 1)).astype(float),
            "event_chronic_gvhd_moderate": (has & (t >= late + 9) & (t < late + 10)).astype(float)}  # fmt: skip


def _chemistry(t: np.ndarray, rng: np.random.Generator, grade: np.ndarray) -> dict[str, np.ndarray]:
    wander = np.exp(0.15 * rng.normal(size=grade.shape).cumsum(1) / np.sqrt(np.maximum(t + 8, 1)))
    cmv = 4e3 * np.exp(-(((t - rng.normal(48, 10, (len(grade), 1))) / 9) ** 2)) * (rng.random((len(grade), 1)) < 0.4)
    early = np.exp(-(((t - 9) / 4) ** 2))
    had = cmv.max(1, keepdims=True) > 1000
    level = np.clip(np.where(t < -3, 0, np.where(t < 100, 1, 1 - (t - 100) / 80)), 0, 1)
    return {
        "bilirubin": 0.7 * wander + 0.9 * (grade >= 3) + 0.4 * early,
        "creatinine": 0.9 * wander,
        "temperature": 36.8 + 1.8 * early * rng.random((len(grade), 1)) + 0.2 * rng.normal(size=grade.shape),
        "cmv_load": cmv * rng.lognormal(0, 0.8, (len(grade), 1)),
        "weight_gain": 3 * early - 4 * np.tanh(np.maximum(t, 0) / 60),
        "rash": np.minimum(grade * 18, 90) * np.clip(wander, 0, 1.1),
        "stool_volume": 120 + 420 * np.maximum(grade - 1, 0),
        "oxygen_need": np.zeros_like(grade),
        "quality_of_life": np.clip(0.85 - 0.3 * early - 0.08 * grade, 0, 1),
        "calcineurin": level,
        "letermovir": ((t >= 5) & (t <= 100) & ~had).astype(float),
        "antiviral": ((cmv > 1000) | ((t > 48) & (t < 68) & had)).astype(float),
        "quinolone": ((t >= -1) & (t < 17)).astype(float),
        "mould_azole": ((t >= 0) & (t < 75)).astype(float),
    }


def _visits(course: Course) -> None:
    day = course.days
    on = {
        "blood_drawn": (day <= 30) | (day % 7 == 0),
        "chimerism_tested": np.isin(day, (28, 60, 100, 180, 270, 365)),
        "subsets_tested": np.isin(day, (30, 60, 100, 180, 365)),
        "cmv_tested": (day > 0) & (day % 7 == 0) & (day < 181),
        "marrow_examined": np.isin(day, (30, 100, 180, 365)),
    }
    for name, chosen in on.items():
        course.flags[name][:] = chosen


def _report(course: Course, rng: np.random.Generator) -> None:
    signals = {"donor_chimerism_myeloid": ("myeloid_donor_fraction", 100), "cmv_dna": ("cmv_load", 1),
               "donor_chimerism_t_cell": ("t_donor_fraction", 100)}  # fmt: skip
    limits = {"neutrophils": 0.1, "platelets": 5, "cmv_dna": 35}
    for name in ASSAYED:
        signal, scale = signals.get(name, (name, 1))
        if signal not in course.values or name == "disease_burden":
            continue
        noise = 0.02 if scale == 100 or name == "temperature" else 0.07
        seen = course.values[signal] * scale * (1 + noise * rng.normal(size=course.values[signal].shape) * (scale == 1))
        course.values[f"reported_{name}"] = np.maximum(seen, limits.get(name, -1e9))
    course.values["platelet_units"][:] = (course.values["reported_platelets"] < 10) * (course.days % 3 == 0)
    course.values["red_cell_units"][:] = 2.0 * (course.values["hemoglobin"] < 7.6) * (course.days % 5 == 0)


def _events(course: Course, rng: np.random.Generator) -> None:
    rates = {"bacteremia": 0.25, "mould": 0.05, "vod": 0.05, "neutropenic_fever": 0.7, "respiratory_virus": 0.12,
             "hemorrhagic_cystitis": 0.1, "kidney_injury": 0.15, "microangiopathy": 0.04, "lung_injury_syndrome": 0.05,
             "engraftment_syndrome": 0.08, "viral_reactivation": 0.08, "cmv_disease": 0.02,
             "late_infection": 0.1}  # fmt: skip
    middle = {
        "bacteremia": 9,
        "vod": 16,
        "neutropenic_fever": 6,
        "hemorrhagic_cystitis": 28,
        "engraftment_syndrome": 16,
    }
    last = int(course.days[-1])
    for row in range(len(course)):
        for name, rate in rates.items():
            for _ in range(rng.poisson(rate)):
                put(
                    course,
                    row,
                    int(np.clip(rng.lognormal(np.log(middle.get(name, 70)), 0.5), 1, last)),
                    f"event_{name}",
                )
        relapse, death = rng.exponential(900), rng.exponential(2200) + rng.choice([0, 60])
        cause = str(rng.choice([c for c in CAUSES if c != "relapse_death"]))
        if relapse < min(death, last):
            put(course, row, max(int(relapse), 20), "event_relapse")
            death, cause = max(relapse, 20) + rng.exponential(170), "relapse_death"
        if death <= last:
            die(course, row, int(death), cause)
