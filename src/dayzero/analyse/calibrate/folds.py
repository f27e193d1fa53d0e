"""Cross-validation: cohort sources left out in turn, the fit solved again without them, and their rows simulated anew.

A source is a citation; sources that share a comparison group stay together. A fold goes the steps of the full fit
again, each solved by its emulation of the rows left in alone (`fit.without`); so all folds together cost about one
scoreboard, that of the left-out studies. What a fold still shares with the rows left out: how much of each step was
taken, and the places the emulation was made about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from dayzero.analyse.calibrate.fit import Fitted, without
from dayzero.analyse.calibrate.free import values_at
from dayzero.analyse.calibrate.targets import Target
from dayzero.analyse.evidence.run import Figure, Request, run_studies
from dayzero.analyse.evidence.studies import Study


def fold_of(targets: Sequence[Target], folds: int, seed: int) -> dict[str, int]:
    """The fold of every study: whole groups of studies, rows about evenly shared."""
    leader = {target.study: target.study for target in targets}

    def first(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    seen: dict[str, str] = {}
    for target in targets:
        if target.group:
            leader[first(target.study)] = first(seen.setdefault(target.group, target.study))
    rows = Counter(first(target.study) for target in targets)
    order = sorted(rows)
    np.random.default_rng(seed).shuffle(order)
    size, found = [0] * folds, dict[str, int]()
    for name in sorted(order, key=lambda one: -rows[one]):
        found[name] = int(np.argmin(size))
        size[found[name]] += rows[name]
    return {target.study: found[first(target.study)] for target in targets}


def left_out(fitted: Fitted, studies: Sequence[Study], folds: int, request: Request, jobs: int | None = None,
             fresh: bool = False,
             progress: Callable[[int, int, str], None] | None = None) -> dict[str, list[Figure]]:  # fmt: skip
    """Figures of every study, simulated with the steps of the fit solved without it."""
    fold = fold_of(fitted.rows, folds, fitted.plan.seed)
    found: dict[str, list[Figure]] = {}
    for number in range(folds):
        names = {name for name, at in fold.items() if at == number}
        own = [study for study in studies if study.name in names]
        values = values_at(fitted.plan.free, without(fitted, names).x)
        told = None if progress is None else _counted(progress, len(found), len(fold), number)
        found |= run_studies(own, replace(request, parameters=values), jobs, fresh, told)
    return found


def moves(fitted: Fitted, folds: int) -> Mapping[str, float]:
    """How far each parameter differs between folds: standard deviation in prior standard deviations."""
    fold = fold_of(fitted.rows, folds, fitted.plan.seed)
    x = [without(fitted, {n for n, at in fold.items() if at == number}).x for number in range(folds)]
    return dict(zip((one.name for one in fitted.plan.free), np.std(x, axis=0).tolist(), strict=True))


def _counted(progress: Callable[[int, int, str], None], before: int, whole: int,
             number: int) -> Callable[[int, int, str], None]:  # fmt: skip
    def told(done: int, _total: int, _name: str) -> None:
        progress(before + done, whole, f"fold {number + 1}")

    return told
