"""A study simulated at a place: its figures there, and what moves them.

Figures come of every patient followed once with the parameters of the place. For what moves them each patient is
followed twice with the same luck and every free parameter moved by a step up or down, the second time all the other way
round. Who is moved up in which parameter is drawn for each patient and parameter (stream `streams.CALIBRATION`), so
that one simulation is an experiment with two levels of every parameter at once. For each parameter all patients are
then sorted into two cohorts, one with the version in which it is up and one with the version in which it is down. Each
cohort holds every patient once; on average they differ in this parameter alone, so the difference of *any* figure
between them (a median, a hazard ratio) is its main effect::

    effect_j = (figure(up in j) - figure(down in j)) / (2 step_j)

Sides that belong to no parameter are sorted in the same way; their effects are chance, and say how large that is.

Steps are wide on purpose. Most figures count patients to whom something happens, and the wider the step, the more of
them change: chance in an effect falls as 1 / sqrt(step). Bending is the lesser evil: effects found with steps of one
prior standard deviation foretold what the steps of a whole fit did with a slope of 0.8 to 1.0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import isfinite, nan

import numpy as np

from dayzero.analyse.calibrate.free import Free, bounds
from dayzero.analyse.calibrate.targets import outcome_family
from dayzero.analyse.evidence.finished import Shelf
from dayzero.analyse.evidence.measures import FEWEST
from dayzero.analyse.evidence.run import chosen, error_of, needed, number_of, simulated
from dayzero.analyse.evidence.scoring import scaled
from dayzero.analyse.evidence.strata import SLOTS
from dayzero.analyse.evidence.studies import Entry, Study
from dayzero.records.chart import Floats
from dayzero.simulation.streams import CALIBRATION, patient_key, uniform, unsigned

BLANKS = 32  # sides that belong to no parameter
STEPS_PER_DAY = "fast"
LONG, LONG_SHARE = 1095, 0.5  # days from which fewer patients are followed, and how many
EFFECTLESS = "blank"
SIDES, HOURS = 0, 1  # streams, from `streams.CALIBRATION`


@dataclass(frozen=True)
class Design:
    """One simulation of every study.

    Parameters
    ----------
    free, families : parameters that move, and for each stage the families of rows that inform it.
    centre : where, in prior standard deviations. step : up and down, likewise; 0 for the figures of the place itself.
    number : of the round, which draws the sides. patients : an arm.
    """

    free: tuple[Free, ...]
    families: Mapping[str, tuple[str, ...]]
    centre: tuple[float, ...]
    patients: int
    seed: int
    step: float = 0.0
    number: int = 0

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
    """The figure of a row at a place and its Monte-Carlo error, on the scale of distances; nan where there is none."""

    id: str
    value: float
    error: float


@dataclass(frozen=True)
class Moved:
    """What moves the figure of a row: effects per prior deviation, and the chance error of each."""

    id: str
    effects: Mapping[str, float]
    noise: Mapping[str, float]


OWN = ("analyse/calibrate",)  # source that these shelves depend on beside the model
FIGURES, EFFECTS = Shelf("calibrate/figures", Told, OWN), Shelf("calibrate/effects", Moved, OWN)


def patients_of(study: Study, patients: int) -> int:
    """Patients an arm: fewer where they are followed for long."""
    longest = max(_wanted(study, name)[1] for name in study.arms)
    return patients if longest <= LONG else max(SLOTS, int(patients * LONG_SHARE) // SLOTS * SLOTS)


def cost_of(study: Study, patients: int) -> int:
    """Patient-days of following everybody once."""
    return sum(_wanted(study, name)[1] for name in study.arms) * patients_of(study, patients)


def figures_at(study: Study, design: Design) -> list[Told]:
    """The figures of every row of a study at the centre, in order, kept on the disk."""
    arms, timed = _followed(study, design)
    made = [_told(e, timed if e.measure.scale == "days" else arms) for e in study.entries]
    FIGURES.keep(study, design, made)
    return made


def effects_at(study: Study, design: Design) -> list[Moved]:
    """What moves every row of a study about the centre, in order, kept on the disk."""
    arms, timed = _followed(study, design)
    signs = design.signs(np.arange(patients_of(study, design.patients)))
    made = [_moved(e, timed if e.measure.scale == "days" else arms, design, signs) for e in study.entries]
    EFFECTS.keep(study, design, made)
    return made


Arms = Mapping[str, Sequence[Mapping[str, Floats]]]


def _followed(study: Study, design: Design) -> tuple[Arms, Arms]:
    """Facts of every version of the patients of every arm, as they are, and with an hour of the day."""
    patients = patients_of(study, design.patients)
    ids = np.arange(patients)
    arms = {name: _versions(_facts(study, name, design, ids), patients) for name in study.arms}
    hour = uniform(patient_key(design.seed, ids), unsigned(CALIBRATION + HOURS), unsigned(0)) - 0.5
    return arms, {name: [_with_hours(table, hour) for table in versions] for name, versions in arms.items()}


def _wanted(study: Study, arm: str) -> tuple[set[str], int]:
    return needed(arm, study.entries, {entry.finding.id: entry.measure for entry in study.entries})


def _facts(study: Study, arm: str, design: Design, ids: np.ndarray) -> dict[str, Floats]:
    """Facts of the patients at the centre, or of both moved versions, one after the other."""
    if design.step:
        about, half = design.steps()
        sides = design.signs(ids)[: len(design.free)]
        places = about[:, None] + half[:, None] * np.concatenate([sides, -sides], axis=1)
    else:
        places = np.repeat(np.array(design.centre)[:, None], len(ids), axis=1)
    values = {one.name: one.typical * np.exp(one.sd * x) for one, x in zip(design.free, places, strict=True)}
    needs, last = _wanted(study, arm)
    who = np.tile(ids, places.shape[1] // len(ids))
    return simulated(study.arms[arm], needs, last, who.tolist(), design.seed, values, STEPS_PER_DAY)


def _versions(facts: Mapping[str, Floats], patients: int) -> list[dict[str, Floats]]:
    """The versions of the patients, apart."""
    count = len(next(iter(facts.values()))) // patients
    return [{name: v[k * patients : (k + 1) * patients] for name, v in facts.items()} for k in range(count)]


def _with_hours(facts: Mapping[str, Floats], hour: np.ndarray) -> dict[str, Floats]:
    """Facts with an hour of the day for each patient, so that a median of days moves by less than a day."""
    return {name: np.where(values > 0, values + hour, values) for name, values in facts.items()}


def _told(entry: Entry, arms: Arms) -> Told:
    tables = [chosen(entry, arms[name][0]) for name in entry.arms]
    enough = all(len(next(iter(table.values()))) >= FEWEST for table in tables)
    value = scaled(number_of(entry.measure, tables), entry.measure.scale) if enough else nan
    return Told(entry.finding.id, value, error_of(entry, entry.measure, tables) if isfinite(value) else nan)


def _moved(entry: Entry, arms: Arms, design: Design, signs: np.ndarray) -> Moved:
    _, half = design.steps()
    row, family = entry.finding, outcome_family(entry.finding.metric)
    widths = {
        one.name: float(2 * half[at])
        for at, one in enumerate(design.free)
        if family in design.families[one.stage] and half[at] > 0
    }
    apart = {one.name: _difference(entry, arms, signs[at]) for at, one in enumerate(design.free) if one.name in widths}
    known = {name: difference for name, difference in apart.items() if isfinite(difference)}
    blanks = [_difference(entry, arms, signs[len(design.free) + i]) for i in range(BLANKS)]
    chance = _size([blank for blank in blanks if isfinite(blank)])
    chance = chance or _size(list(known.values()))  # a figure that only jumps tells nothing
    if not isfinite(chance):
        return Moved(row.id, {}, {})
    return Moved(row.id, {n: d / widths[n] for n, d in known.items()}, {n: chance / widths[n] for n in known})


def _size(values: Sequence[float]) -> float:
    return float(np.sqrt(np.mean(np.square(values)))) if values else nan


def _difference(entry: Entry, arms: Arms, side: np.ndarray) -> float:
    """The figure of who is up less that of who is down, each cohort holding every patient once."""
    found = []
    for up in (side > 0, side < 0):
        tables = []
        for name in entry.arms:
            first, second = arms[name]
            tables.append(chosen(entry, {fact: np.where(up, first[fact], second[fact]) for fact in first}))
        if any(len(next(iter(table.values()))) < FEWEST for table in tables):
            return nan
        found.append(scaled(number_of(entry.measure, tables), entry.measure.scale))
    return found[0] - found[1]
