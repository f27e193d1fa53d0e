"""A study simulated with parameters that differ between patients: every figure at the centre, and what moves it.

Each virtual patient is followed three times with the same luck: with the parameters of the centre, and twice with every
free parameter moved by a step up or down, the second time all the other way round. Who is moved up in which parameter
is drawn for each patient and parameter (stream `streams.CALIBRATION`), so that one simulation is an experiment with
two levels of every parameter at once. For each parameter all patients are then sorted into two cohorts, one with the
version in which it is up and one with the version in which it is down. Each cohort holds every patient once; on average
they differ in this parameter alone, so the difference of *any* figure between them (a median, a hazard ratio) is its
main effect::

    effect_j = (figure(up in j) - figure(down in j)) / (2 step_j)

Sides that belong to no parameter are sorted in the same way; their effects are chance, and say how large that is.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from math import isfinite, nan
from pathlib import Path

import numpy as np

from dayzero.analyse.calibrate.free import Free, bounds
from dayzero.analyse.calibrate.targets import outcome_family
from dayzero.analyse.evidence.measures import FEWEST
from dayzero.analyse.evidence.run import chosen, error_of, model_digest, needed, number_of, simulated
from dayzero.analyse.evidence.scoring import scaled
from dayzero.analyse.evidence.strata import SLOTS
from dayzero.analyse.evidence.studies import Entry, Study, write_study
from dayzero.records.chart import Floats
from dayzero.simulation import cache as kept
from dayzero.simulation.streams import CALIBRATION, patient_key, uniform, unsigned

BLANKS = 12  # sides that belong to no parameter
STEPS_PER_DAY = "fast"
LONG, LONG_SHARE = 1095, 0.5  # days from which fewer patients are followed, and how many
EFFECTLESS = "blank"
SIDES, HOURS = 0, 1  # streams, from `streams.CALIBRATION`


@dataclass(frozen=True)
class Design:
    """One round of emulation.

    Parameters
    ----------
    free, families : parameters that move, and for each the families of rows that inform its stage.
    centre : where, in prior standard deviations. step : up and down, likewise.
    number : of the round, which draws the sides. patients : an arm.
    sides : whether effects are wanted too, or the centre alone.
    """

    free: tuple[Free, ...]
    families: Mapping[str, tuple[str, ...]]
    centre: tuple[float, ...]
    step: float
    number: int
    patients: int
    seed: int
    sides: bool = True

    def steps(self) -> tuple[np.ndarray, np.ndarray]:
        """Where the two versions lie about, and how far from it: within the plausible range."""
        low, high = bounds(self.free)
        half = np.minimum(self.step, (high - low) / 2)
        return np.clip(np.array(self.centre), low + half, high - half), half

    def signs(self, patients: Sequence[int] | np.ndarray) -> np.ndarray:
        """Sides of every parameter, and of blanks, +1 or -1: (parameters and blanks, patients)."""
        names = [*(one.name for one in self.free), *(f"{EFFECTLESS} {i}" for i in range(BLANKS))]
        index = [int(sha256(f"{self.number}:{name}".encode()).hexdigest()[:8], 16) for name in names]
        key = patient_key(self.seed, patients)
        drawn = uniform(key, unsigned(CALIBRATION + SIDES), np.array(index, dtype=np.uint32)[:, None])
        return np.where(drawn > 0.5, 1.0, -1.0)


@dataclass(frozen=True)
class Told:
    """What a round says of a row, on the scale of distances: value, Monte-Carlo error, effects per prior deviation.

    ``noise`` is the chance error of each effect; 0 where effects were not wanted.
    """

    id: str
    value: float
    error: float
    effects: Mapping[str, float]
    noise: float


def patients_of(study: Study, patients: int) -> int:
    """Patients an arm: fewer where they are followed for long."""
    longest = max(_wanted(study, name)[1] for name in study.arms)
    return patients if longest <= LONG else max(SLOTS, int(patients * LONG_SHARE) // SLOTS * SLOTS)


def cost_of(study: Study, patients: int, sides: bool) -> int:
    """Patient-days of a round."""
    days = sum(_wanted(study, name)[1] for name in study.arms)
    return days * patients_of(study, patients) * (3 if sides else 1)


def emulate(study: Study, design: Design) -> list[Told]:
    """What a round says of every row of a study, in order."""
    patients = patients_of(study, design.patients)
    ids = np.arange(patients)
    signs = design.signs(ids)
    versions = [_versions(_facts(study, name, design, ids, signs), patients) for name in study.arms]
    arms = dict(zip(study.arms, versions, strict=True))
    hour = uniform(patient_key(design.seed, ids), unsigned(CALIBRATION + HOURS), unsigned(0)) - 0.5
    timed = {name: [_with_hours(table, hour) for table in versions] for name, versions in arms.items()}
    return [_told(entry, timed if entry.measure.scale == "days" else arms, design, signs) for entry in study.entries]


def _wanted(study: Study, arm: str) -> tuple[set[str], int]:
    return needed(arm, study.entries, {entry.finding.id: entry.measure for entry in study.entries})


def _facts(study: Study, arm: str, design: Design, ids: np.ndarray, signs: np.ndarray) -> dict[str, Floats]:
    """Facts of all versions of the patients, one after the other."""
    centre, (about, half) = np.array(design.centre), design.steps()
    who, rows = ids, []
    for at, one in enumerate(design.free):
        own = np.full(len(ids), one.value(centre[at]))
        if design.sides:
            up, down = one.value(about[at] + half[at]), one.value(about[at] - half[at])
            side = signs[at] > 0
            own = np.concatenate([own, np.where(side, up, down), np.where(side, down, up)])
        rows.append(own)
    if design.sides:
        who = np.concatenate([ids, ids, ids])
    values = dict(zip((one.name for one in design.free), rows, strict=True))
    needs, last = _wanted(study, arm)
    return simulated(study.arms[arm], needs, last, who.tolist(), design.seed, values, STEPS_PER_DAY)


def _versions(facts: Mapping[str, Floats], patients: int) -> list[dict[str, Floats]]:
    """Centre, first and second version of the patients."""
    count = len(next(iter(facts.values()))) // patients
    return [{name: v[k * patients : (k + 1) * patients] for name, v in facts.items()} for k in range(count)]


def _with_hours(facts: Mapping[str, Floats], hour: np.ndarray) -> dict[str, Floats]:
    """Facts with an hour of the day for each patient, so that a median of days moves by less than a day."""
    return {name: np.where(values > 0, values + hour, values) for name, values in facts.items()}


def _told(entry: Entry, arms: Mapping[str, Sequence[Mapping[str, Floats]]], design: Design, signs: np.ndarray) -> Told:
    tables = [chosen(entry, arms[name][0]) for name in entry.arms]
    scale, row = entry.measure.scale, entry.finding
    enough = all(len(next(iter(table.values()))) >= FEWEST for table in tables)
    value = scaled(number_of(entry.measure, tables), scale) if enough else nan
    error = error_of(entry, entry.measure, tables) if isfinite(value) else nan
    if not design.sides or not isfinite(value):
        return Told(row.id, value, error, {}, 0.0)
    _, half = design.steps()
    family = outcome_family(row.metric)
    effects = {
        one.name: _difference(entry, arms, signs[at]) / (2 * half[at])
        for at, one in enumerate(design.free)
        if family in design.families[one.stage] and half[at] > 0
    }
    blanks = [_difference(entry, arms, signs[len(design.free) + i]) / (2 * design.step) for i in range(BLANKS)]
    known = {name: effect for name, effect in effects.items() if isfinite(effect)}
    chance = np.array([blank for blank in blanks if isfinite(blank)])
    return Told(row.id, value, error, known, float(np.sqrt(np.mean(chance**2))) if len(chance) else nan)


def _difference(entry: Entry, arms: Mapping[str, Sequence[Mapping[str, Floats]]], side: np.ndarray) -> float:
    """The figure of who is up less that of who is down, each cohort holding every patient once."""
    found = []
    for up in (side > 0, side < 0):
        tables = []
        for name in entry.arms:
            _, first, second = arms[name]
            tables.append(chosen(entry, {fact: np.where(up, first[fact], second[fact]) for fact in first}))
        if any(len(next(iter(table.values()))) < FEWEST for table in tables):
            return nan
        found.append(scaled(number_of(entry.measure, tables), entry.measure.scale))
    return found[0] - found[1]


def emulate_and_keep(study: Study, design: Design) -> list[Told]:
    """A round of a study, kept on the disk when it is done."""
    made = emulate(study, design)
    place = _place(study, design)
    if place is not None:
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f".{place.name}.{os.getpid()}.part")
        part.write_text(json.dumps([asdict(told) for told in made]), encoding="utf-8")
        part.replace(place)
    return made


def recalled(study: Study, design: Design) -> list[Told] | None:
    """A round of a study as it was kept, None where it was not."""
    place = _place(study, design)
    if place is None or not place.is_file():
        return None
    try:
        return [Told(**row) for row in json.loads(place.read_text(encoding="utf-8"))]
    except (ValueError, TypeError, OSError):
        return None


def _place(study: Study, design: Design) -> Path | None:
    base = kept.folder()
    if base is None:
        return None
    about = [write_study(study), asdict(design), model_digest()]
    return base / "calibrate" / f"{study.name}-{sha256(json.dumps(about).encode()).hexdigest()[:16]}.json"
