"""A whole calibration, and the parameter set that keeps it: values, what is uncertain, the search, rows, scores, cost.

Cost is counted in whole scoreboards: every arm of every row that may be aimed at, with 2,000 patients, once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from math import isfinite
from typing import Any

import numpy as np

from dayzero.analyse.calibrate.ensemble import members, widths
from dayzero.analyse.calibrate.fit import Fitted, Plan, Progress, Round, fit, most_followed, patient_days
from dayzero.analyse.calibrate.folds import left_out, moves
from dayzero.analyse.calibrate.free import chosen_stages, free_parameters, stages, values_at
from dayzero.analyse.calibrate.solve import informing
from dayzero.analyse.calibrate.targets import fitted_part, targets_of
from dayzero.analyse.evidence.board import Board, Row, board_of, naive_gain, score_of, signs_of
from dayzero.analyse.evidence.finished import model_digest
from dayzero.analyse.evidence.run import Request, run_studies, work_of
from dayzero.analyse.evidence.studies import Study, compact_yaml
from dayzero.errors import InputError, SpecError
from dayzero.simulation.assemble import standard_body
from dayzero.simulation.parameter_sets import KIND, SCHEMA, equations_digest

WHOLE = 2000  # patients an arm of a whole scoreboard
SCORED = 2  # patients of scoring over those of emulation
ROWS_NAMED = 5


@dataclass(frozen=True)
class Asked:
    """What is to be calibrated, and how.

    Parameters
    ----------
    stages : names, none for all. patients : an arm and version, while fitting. rounds : of emulation and step.
    folds : of cross-validation, 0 for none. budget : whole scoreboards at most.
    """

    stages: tuple[str, ...] = ()
    patients: int = 256
    rounds: int = 3
    folds: int = 5
    seed: int = 1
    budget: float = 10.0


@dataclass(frozen=True)
class Calibration:
    """What came out: the fit, the boards of its rows before, after and left out, and the cost in scoreboards."""

    asked: Asked
    fitted: Fitted
    before: Board
    after: Board
    left_out: Board | None
    cost: float


@dataclass(frozen=True)
class Cost:
    """Costs of a fit in whole scoreboards: of following everybody once, and of the boards that score it."""

    once: float
    boards: float

    def of(self, followed: int) -> float:
        """The whole fit, where everybody is followed so often."""
        return followed * self.once + self.boards


def planned(studies: Sequence[Study], asked: Asked) -> tuple[list[Study], list[Study], Plan, Cost]:
    """The parts that are fitted, the whole studies these are of, the plan and what it costs.

    Raises
    ------
    InputError : no such stage, nothing to fit, or a cost beyond the budget.
    """
    chosen = chosen_stages(asked.stages)
    parts = [part for part in (fitted_part(study, chosen) for study in studies) if part is not None]
    free = free_parameters(chosen, standard_body().parameters())
    if not parts or not free:
        got = "no row" if not parts else "no parameter"
        raise InputError("calibrate", "studies", got, "rows and parameters of the stages", "name other stages")
    names = {part.name for part in parts}
    plan = Plan(tuple(free), tuple(chosen), asked.rounds, asked.patients, asked.seed)
    whole = [study for study in studies if study.name in names]
    everything = [part for part in (fitted_part(study, stages()) for study in studies) if part is not None]
    boards = (2 + bool(asked.folds)) * SCORED * asked.patients * sum(map(work_of, whole))
    unit = WHOLE * sum(map(work_of, everything))
    cost = Cost(patient_days(parts, asked.patients) / unit, boards / unit)
    most = cost.of(most_followed(plan))
    if most > asked.budget:
        advice = "raise --budget, or take fewer patients, rounds or stages"
        raise SpecError("calibrate", "--budget", f"{asked.budget:g}", f"at least {most:.2f} for what is asked", advice)
    return parts, whole, plan, cost


def calibrate(studies: Sequence[Study], asked: Asked, jobs: int | None = None, resume: bool = True,
              progress: Progress | None = None) -> Calibration:  # fmt: skip
    """Fit, score before and after, and score what was left out in turn."""
    parts, whole, plan, cost = planned(studies, asked)
    fitted = fit(parts, targets_of(parts), plan, jobs, resume, progress)
    scored = Request(SCORED * asked.patients, asked.seed, SCORED * asked.patients)
    values = values_at(plan.free, fitted.x)
    after = Request(scored.patients, scored.seed, scored.cap, values, "fitted")
    boards = [
        board_of(whole, run_studies(whole, one, jobs, not resume, _named(progress, what)), one)
        for one, what in ((scored, "scores before"), (after, "scores after"))
    ]
    apart = None
    if asked.folds:
        figures = left_out(fitted, whole, asked.folds, scored, jobs, not resume, progress)
        apart = board_of([study for study in whole if study.name in figures], figures, scored)
    return Calibration(asked, fitted, boards[0], boards[1], apart, cost.of(fitted.followed))


def _named(progress: Progress | None, what: str) -> Progress | None:
    return None if progress is None else lambda done, total, _: progress(done, total, what)


def content(made: Calibration, name: str) -> dict[str, Any]:
    """The parameter set as plain data."""
    fitted, plan = made.fitted, made.fitted.plan
    aimed = {row.id for row in fitted.rows}
    places = members(fitted)
    scores = {"before": scores_of(made.before, aimed), "after": scores_of(made.after, aimed)}
    scores |= {} if made.left_out is None else {"left_out": scores_of(made.left_out, aimed)}
    beside = {when: _supporting(board) for when, board in (("before", made.before), ("after", made.after))}
    return {
        "schema": SCHEMA,
        "kind": KIND,
        "name": name,
        "dayzero": version("dayzero"),
        "model": equations_digest(),
        "evidence": model_digest(),
        "made": {
            "stages": [stage.name for stage in plan.stages],
            "seed": plan.seed,
            "patients": plan.patients,
            "rounds": plan.rounds,
            "folds": made.asked.folds,
            "budget": made.asked.budget,
            "used": round(made.cost, 2),
        },
        "search": {"start": _rounded(fitted.start), "rounds": [_round(one) for one in fitted.rounds]},
        "values": {k: _rounded(v) for k, v in values_at(plan.free, fitted.x).items()},
        "parameters": _parameters(made),
        "scores": scores,
        "supporting": beside,
        "rows": sorted(aimed),
        "ensemble": {
            one.name: [_rounded(one.value(float(x))) for x in places[:, at]] for at, one in enumerate(plan.free)
        },
    }


def _round(one: Round) -> dict[str, Any]:
    """A round: each part of the way with the misfit foretold and simulated, and the misfit it ended with."""
    tried = [{"step": t.fraction, "foretold": _rounded(t.foretold), "misfit": _rounded(t.misfit)} for t in one.tried]
    return {"tried": tried, "misfit": _rounded(one.misfit)}


def as_yaml(told: Mapping[str, Any]) -> str:
    """The parameter set as the text of its file."""
    return compact_yaml(dict(told))


def scores_of(board: Board, aimed: set[str]) -> dict[str, Any]:
    """Scores of the rows aimed at: by topic, all together, signs, gain over the naive rule."""
    rows = [row for row in board.rows if row.id in aimed]
    parts: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row.topic):
        parts.setdefault(row.topic, []).append(row)
    by_study: dict[str, list[Row]] = {}
    for row in rows:
        by_study.setdefault(row.study, []).append(row)
    signs = [sign for own in by_study.values() for sign in signs_of(own)]
    gain, low, high, count = naive_gain([row for row in rows if row.covered])
    return {
        "all": _score(rows),
        "signs": {"agree": sum(sign.agrees for sign in signs), "of": len(signs)},
        "gain": {"mean": _known(gain), "low": _known(low), "high": _known(high), "rows": count},
        "naive_passed": sum(abs(row.naive_z) <= 1.96 for row in rows if isfinite(row.naive_z)),
        "naive_rows": sum(isfinite(row.naive_z) for row in rows),
        "topics": {topic: _score(own) for topic, own in parts.items()},
    }


def _supporting(board: Board) -> dict[str, Any]:
    """Scores of rows beside those aimed at, of the same studies, which no fit sees."""
    return _score([row for row in board.rows if not row.core and not row.individual and row.role != "input"])


def _score(rows: Sequence[Row]) -> dict[str, Any]:
    found = score_of("", rows)
    return {"rows": found.rows, "covered": found.covered, "strict": found.strict, "passed": found.passed,
            "weighted": _known(found.weighted), "median_z": _known(found.median_z)}  # fmt: skip


def _parameters(made: Calibration) -> dict[str, Any]:
    """What became of each parameter, and the rows that narrow it most."""
    fitted = made.fitted
    ratio, told = widths(fitted), informing(fitted.linear)
    apart = moves(fitted, made.asked.folds) if made.asked.folds else {}
    out: dict[str, Any] = {}
    for at, one in enumerate(fitted.plan.free):
        order = np.argsort(-told[:, at], kind="stable")[:ROWS_NAMED]
        out[one.name] = {
            "stage": one.stage,
            "old": _rounded(one.typical),
            "new": _rounded(one.value(float(fitted.x[at]))),
            "moved": round(float(fitted.x[at]), 3),
            "prior_sd": round(one.sd, 4),
            "posterior_sd": round(one.sd * float(ratio[at]), 4),
            "ratio": round(float(ratio[at]), 3),
            "between_folds": round(apart.get(one.name, 0.0), 3),
            "rows": [fitted.rows[row].id for row in order if told[row, at] > 0.01],
        }
    return out


def _rounded(value: float) -> float:
    return float(f"{value:.5g}")


def _known(value: float) -> float | None:
    return float(f"{value:.4g}") if isfinite(value) else None
