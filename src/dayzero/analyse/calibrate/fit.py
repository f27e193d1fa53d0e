"""The fit: rounds of emulation and steps, from the values of the source files.

Each round simulates every arm about the place reached, averages the effects with those of earlier rounds and takes the
best step within a trusted distance. The same virtual patients are used throughout, so that a step is judged by the
parameters and not by luck; a step that did not lower the misfit is taken back and a shorter one tried. The last round
follows the centre alone and only says whether the last step holds.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import hypot, isfinite
from typing import NamedTuple

import numpy as np

from dayzero.analyse.calibrate.emulate import Design, Told, cost_of, emulate_and_keep, recalled
from dayzero.analyse.calibrate.free import Free, Stage, bounds
from dayzero.analyse.calibrate.sharing import effects
from dayzero.analyse.calibrate.solve import Linear, misfit, step
from dayzero.analyse.calibrate.targets import Target
from dayzero.analyse.evidence.run import each_of
from dayzero.analyse.evidence.studies import Study

RADIUS, SHORTER, LONGER = 1.0, 0.5, 1.5  # trusted distance at first, after a failed step, after a good one
STEP = 1.0  # up and down, in prior standard deviations

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Plan:
    """What a fit does.

    Parameters
    ----------
    rounds : of emulation, before the last that follows the centre alone. patients : an arm, in each of three versions.
    """

    free: tuple[Free, ...]
    stages: tuple[Stage, ...]
    rounds: int
    patients: int
    seed: int

    def design(self, x: np.ndarray, number: int) -> Design:
        """The design of a round about a place."""
        families = {stage.name: stage.families for stage in self.stages}
        sides = number < self.rounds
        return Design(self.free, families, tuple(float(v) for v in x), STEP, number, self.patients, self.seed, sides)


class Round(NamedTuple):
    """A round: where it was, what it told of each row, its misfit."""

    x: np.ndarray
    told: Mapping[str, Told]
    misfit: float


@dataclass(frozen=True)
class Fitted:
    """Where a fit came to.

    Parameters
    ----------
    rows : targets that could be simulated, in order of ``linear``. linear : all about the best place.
    rounds : as they went.
    """

    plan: Plan
    rows: tuple[Target, ...]
    linear: Linear
    rounds: tuple[Round, ...]
    radius: float

    @property
    def x(self) -> np.ndarray:
        """The place, in prior standard deviations."""
        return self.linear.x


def patient_days(studies: Sequence[Study], plan: Plan) -> int:
    """Patient-days of the whole fit."""
    return sum(plan.rounds * cost_of(s, plan.patients, True) + cost_of(s, plan.patients, False) for s in studies)


def fit(studies: Sequence[Study], targets: Sequence[Target], plan: Plan, jobs: int | None = None,
        resume: bool = True, progress: Progress | None = None) -> Fitted:  # fmt: skip
    """Fit the free parameters to the targets of studies (as `targets.fitted_part` left them)."""
    low, high = bounds(plan.free)
    here, radius = np.zeros(len(plan.free)), RADIUS
    rounds: list[Round] = []
    best: Round | None = None
    for number in range(plan.rounds + 1):
        told = run_round(studies, plan.design(here, number), jobs, resume, progress)
        done = Round(here, told, _misfit(here, told, targets))
        rounds.append(done)
        if best is None or done.misfit < best.misfit:
            radius *= 1.0 if best is None else LONGER
            best = done
        else:
            radius *= SHORTER
        if number < plan.rounds:
            here = step(about(best, rounds, targets, plan)[1], low, high, radius)
    assert best is not None
    rows, linear = about(best, rounds, targets, plan)
    return Fitted(plan, rows, linear, tuple(rounds), radius)


def run_round(studies: Sequence[Study], design: Design, jobs: int | None, resume: bool,
              progress: Progress | None) -> dict[str, Told]:  # fmt: skip
    """What a round tells of every row; studies that are done already are taken from where they were kept."""
    found: dict[str, Sequence[Told]] = {}
    for study in studies if resume else ():
        known = recalled(study, design)
        if known is not None:
            found[study.name] = known
    waiting = [study for study in studies if study.name not in found]
    work = partial(emulate_and_keep, design=design)
    if progress is not None:
        progress(len(found), len(studies), f"round {design.number + 1}")
    for name, told in each_of(waiting, work, jobs or os.cpu_count() or 1):
        found[name] = told
        if progress is not None:
            progress(len(found), len(studies), f"round {design.number + 1}")
    return {told.id: told for study in studies for told in found[study.name]}


def standing(told: Mapping[str, Told], targets: Sequence[Target]) -> tuple[np.ndarray, np.ndarray]:
    """z of every target, nan where it has no figure, and its tolerance with the Monte-Carlo error."""
    z, size = [], []
    for target in targets:
        row = told.get(target.id)
        known = row is not None and isfinite(row.value)
        error = row.error if row is not None and known and isfinite(row.error) else 0.0
        size.append(hypot(target.tolerance, error))
        z.append((row.value - target.value) / size[-1] if row is not None and known else np.nan)
    return np.array(z), np.array(size)


def _misfit(x: np.ndarray, told: Mapping[str, Told], targets: Sequence[Target]) -> float:
    """Misfit over all targets; one without a figure counts as far off, so that none can be got rid of."""
    z, _ = standing(told, targets)
    return misfit(x, np.where(np.isfinite(z), z, 5.0), np.array([target.weight for target in targets]))


def about(best: Round, rounds: Sequence[Round], targets: Sequence[Target],
          plan: Plan) -> tuple[tuple[Target, ...], Linear]:  # fmt: skip
    """The targets that have figures, linear about a round."""
    z, size = standing(best.told, targets)
    known = np.flatnonzero(np.isfinite(z)).tolist()
    rows = tuple(targets[at] for at in known)
    slopes = effects([one.told for one in rounds], rows, [one.name for one in plan.free]) / size[known, None]
    return rows, Linear(best.x, z[known], slopes, np.array([row.weight for row in rows]))


def without(fitted: Fitted, left_out: set[str]) -> Fitted:
    """The same fit without the rows of some studies: one more solution from the full fit, nothing simulated."""
    kept = np.array([at for at, row in enumerate(fitted.rows) if row.study not in left_out], dtype=int)
    low, high = bounds(fitted.plan.free)
    rows = fitted.linear.only(kept)
    x = step(rows, low, high)
    moved = Linear(x, rows.at(x), rows.slopes, rows.weights)
    return replace(fitted, rows=tuple(fitted.rows[at] for at in kept), linear=moved)
