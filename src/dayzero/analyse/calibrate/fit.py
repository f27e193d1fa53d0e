"""The fit: rounds of emulation, each with a step that is checked, from the values of the source files.

Each round finds what moves the rows about the place reached, joins that with what earlier rounds and places told,
solves for a goal no farther off than the emulation looked, and walks towards it by simulation (`walk`). The same
virtual patients are used throughout and all places measured by one `ruler`, so that they differ by their figures alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple, TypeVar

import numpy as np

from dayzero.analyse.calibrate.effects import corrected, effects_on
from dayzero.analyse.calibrate.emulate import (
    EFFECTS,
    FIGURES,
    Design,
    Moved,
    Told,
    cost_of,
    effects_at,
    figures_at,
)
from dayzero.analyse.calibrate.free import Free, Stage, bounds
from dayzero.analyse.calibrate.ruler import Ruler, ruler
from dayzero.analyse.calibrate.solve import Linear, step
from dayzero.analyse.calibrate.targets import Target
from dayzero.analyse.calibrate.walk import MOST, Place, Tried, walk
from dayzero.analyse.evidence.finished import Shelf
from dayzero.analyse.evidence.run import each_of
from dayzero.analyse.evidence.studies import Study

STEP = 1.0  # up and down, in prior standard deviations: how far an emulation looks, and a step goes at most

Progress = Callable[[int, int, str], None]
T = TypeVar("T", Told, Moved)


@dataclass(frozen=True)
class Plan:
    """What a fit does.

    Parameters
    ----------
    rounds : of emulation and step. patients : an arm, in each version.
    """

    free: tuple[Free, ...]
    stages: tuple[Stage, ...]
    rounds: int
    patients: int
    seed: int

    def design(self, x: np.ndarray) -> Design:
        """Everybody followed once, at a place."""
        families = {stage.name: stage.families for stage in self.stages}
        return Design(self.free, families, tuple(float(v) for v in x), self.patients, self.seed)


class Round(NamedTuple):
    """A round: the parts of its way that were tried, and the misfit of the place it ended at."""

    tried: tuple[Tried, ...]
    misfit: float


class Leg(NamedTuple):
    """A step as it was solved, for folds to go it again: the studies of its rows, the rows, the part that was taken."""

    studies: tuple[str, ...]
    rows: Linear
    part: float


@dataclass(frozen=True)
class Fitted:
    """Where a fit came to.

    Parameters
    ----------
    rows : targets that could be simulated, in order of ``linear``. linear : all about the place.
    start : misfit of the source files' values. rounds, legs : as they went.
    """

    plan: Plan
    rows: tuple[Target, ...]
    linear: Linear
    start: float
    rounds: tuple[Round, ...]
    legs: tuple[Leg, ...]

    @property
    def x(self) -> np.ndarray:
        """The place, in prior standard deviations."""
        return self.linear.x

    @property
    def followed(self) -> int:
        """How often everybody was followed: at every place once, about the place of every round twice."""
        return 1 + sum(2 + len(one.tried) for one in self.rounds)


def most_followed(plan: Plan) -> int:
    """How often a fit follows everybody, at most."""
    return 1 + plan.rounds * (2 + MOST)


def patient_days(studies: Sequence[Study], patients: int) -> int:
    """Patient-days of following everybody once."""
    return sum(cost_of(study, patients) for study in studies)


def fit(studies: Sequence[Study], targets: Sequence[Target], plan: Plan, jobs: int | None = None,
        resume: bool = True, progress: Progress | None = None) -> Fitted:  # fmt: skip
    """Fit the free parameters to the targets of studies (as `targets.fitted_part` left them)."""
    low, high = bounds(plan.free)
    names = [one.name for one in plan.free]
    run = partial(run_round, studies, jobs=jobs, resume=resume, progress=progress)
    first = run(figures_at, FIGURES, plan.design(np.zeros(len(names))), what="at the start")
    by = ruler(targets, first)
    start = best = by.place(np.zeros(len(names)), first)
    places, seen, fraction = [start], list[Mapping[str, Moved]](), 1.0
    rounds, legs = list[Round](), list[Leg]()

    def look(x: np.ndarray, part: float) -> Place:
        told = run(figures_at, FIGURES, plan.design(x), what=f"round {len(seen)}, {part:g} of the step")
        places.append(by.place(x, told))
        return places[-1]

    for number in range(plan.rounds):
        design = replace(plan.design(best.x), step=STEP, number=number)
        seen.append(run(effects_at, EFFECTS, design, what=f"round {number + 1}, what moves the rows"))
        rows = _about(best, places, seen, names, by)
        known = np.flatnonzero(np.isfinite(best.z))
        solved, began = rows.only(known), best.misfit
        goal = step(solved, low, high, STEP)
        best, tried = walk(best, goal, look, lambda x, rows=rows: by.misfit(x, rows.at(x)), fraction)
        least = min(tried, key=lambda one: one.misfit)
        fraction = min(1.0, 2 * least.fraction)
        rounds.append(Round(tuple(tried), best.misfit))
        legs.append(Leg(_studies(targets, known), solved, least.fraction if best.misfit < began else 0.0))
    known = np.flatnonzero(np.isfinite(best.z))
    linear = _about(best, places, seen, names, by).only(known)
    return Fitted(plan, tuple(targets[at] for at in known.tolist()), linear, start.misfit, tuple(rounds), tuple(legs))


def _studies(targets: Sequence[Target], which: np.ndarray) -> tuple[str, ...]:
    return tuple(targets[at].study for at in which.tolist())


def _about(here: Place, places: Sequence[Place], seen: Sequence[Mapping[str, Moved]], names: Sequence[str],
           by: Ruler) -> Linear:  # fmt: skip
    """All rows linear about a place, by the effects that were seen and the places that were simulated."""
    found = effects_on(seen, [target.id for target in by.targets], names)
    slopes, chance = (part / by.tolerances[:, None] for part in found)
    ways = np.array([other.x - here.x for other in places])
    moved = np.array([other.z - here.z for other in places]).T
    return Linear(here.x, here.z, corrected(slopes, chance, ways, moved), chance, by.weights)


def run_round(studies: Sequence[Study], work: Callable[[Study, Design], list[T]], shelf: Shelf[T], design: Design,
              what: str = "", jobs: int | None = None, resume: bool = True,
              progress: Progress | None = None) -> dict[str, T]:  # fmt: skip
    """What a simulation tells of every row; studies that are done already are taken from where they were kept."""
    kept = {study.name: shelf.recall(study, design) if resume else None for study in studies}
    found = {name: rows for name, rows in kept.items() if rows is not None}
    waiting = [study for study in studies if study.name not in found]
    if progress is not None:
        progress(len(found), len(studies), what)
    for name, rows in each_of(waiting, partial(_at, work, design), jobs or os.cpu_count() or 1):
        found[name] = rows
        if progress is not None:
            progress(len(found), len(studies), what)
    return {row.id: row for study in studies for row in found[study.name]}


def _at(work: Callable[[Study, Design], list[T]], design: Design, study: Study) -> list[T]:
    return work(study, design)


def without(fitted: Fitted, left_out: set[str]) -> Fitted:
    """The same fit without the rows of some studies; nothing is simulated.

    Every step is solved again from where the fold has come to, by the rows left in alone, and gone as far as the fit
    went on its own. So a parameter that only the studies left out move stays at its source value, and where none is
    left out the fit comes out as it was.
    """
    low, high = bounds(fitted.plan.free)
    x = np.zeros(len(fitted.x))
    for studies, rows, part in fitted.legs:
        kept = _about_place(rows.only(_left_in(studies, left_out)), x)
        x = x + part * (step(kept, low, high, STEP) - x)
    kept = _left_in([row.study for row in fitted.rows], left_out)
    moved = _about_place(fitted.linear.only(kept), x)
    return replace(fitted, rows=tuple(fitted.rows[at] for at in kept), linear=moved)


def _left_in(studies: Sequence[str], left_out: set[str]) -> np.ndarray:
    return np.array([at for at, name in enumerate(studies) if name not in left_out], dtype=int)


def _about_place(rows: Linear, x: np.ndarray) -> Linear:
    return replace(rows, x=x, z=rows.at(x))
