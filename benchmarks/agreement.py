"""How far each solver is from a fine reference, on the same patients under the same orders.

Error of a quantity at a morning: |x - ref| / (|ref| + 1 % of its largest value over that patient's course), over
neutrophils, monocytes, platelets, hemoglobin, CD4 cells and graft-versus-host damage; the worst of a patient is the
patient's error. The ward's decisions are those of the reference for every solver, so that a decision that flips is not
counted as error of a step; how often a solver left to itself gives the same orders is counted apart. Events and deaths
are each solver's own: one whose threshold is crossed on another day counts as the error that it is.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from benchmarks.peers import Diffrax, emitted, live
from benchmarks.problem import ORDERS, Problem
from dayzero.simulation.cohort import simulate

PLANS = ("auto-mel200-myeloma", "aml-sibling-pbsc", "cord-single-cytbiflu", "nma-flu-tbi2", "haplo-marrow-ptcy")
TARGET = 1e-4
FINE = 64
STEPS = (4, 5, 6, 8, 10, 12, 16)
LSODA = (3e-4, 1e-4, 3e-5, 2e-5, 1e-5, 1e-6)
TSIT5 = (1e-4, 3e-5, 1e-5, 1e-6)
INDEPENDENT = 1e-10
NOTHING = 1e-12  # of a quantity that a patient never has


@dataclass(frozen=True)
class Case:
    """Patients of a plan with the reference's orders and counts."""

    problem: Problem
    orders: np.ndarray
    reference: np.ndarray

    @classmethod
    def of(cls, plan: str, patients: int, days: int) -> Case:
        """The reference: our own program in float64 at `FINE` steps a day."""
        problem = Problem.of(plan, patients, days)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the model does not simulate yet does not matter here
            course = simulate(plan, patients, days, precision="float64", steps_per_day=FINE, recording=ORDERS)
        orders = np.stack([course.values[name] for name in ORDERS], axis=-1)[:, :days]
        return cls(problem, orders, problem.frozen(orders, FINE))

    def errors(self, counts: np.ndarray, patients: slice = slice(None)) -> np.ndarray:
        """Worst error of each patient."""
        reference = self.reference[patients]
        floor = 0.01 * reference.max(axis=1, keepdims=True) + NOTHING
        return (np.abs(counts - reference) / (reference + floor)).max(axis=(1, 2))


class Row(NamedTuple):
    """One solver at one setting: error of the worst and the median patient, right-hand sides a day, same orders."""

    solver: str
    setting: float
    worst: float
    median: float
    work: float
    same: float


Found = tuple[np.ndarray, float, float]


def _engine(case: Case, steps: float, precision: str) -> Found:
    counts = case.problem.frozen(case.orders, int(steps), precision)
    return case.errors(counts), 4.0 * steps, float("nan")


def _lsoda(case: Case, tolerance: float, patients: slice = slice(None), method: Any = "LSODA") -> Found:
    functions, who = emitted(case.problem), range(len(case.problem))[patients]
    found = [live(functions, case.problem, i, method=method, tolerance=tolerance, orders=case.orders[i]) for i in who]
    free = [live(functions, case.problem, i, method=method, tolerance=tolerance).orders for i in who]
    same = np.mean([np.array_equal(orders, case.orders[i]) for i, orders in zip(who, free, strict=True)])
    work = np.mean([course.evaluations for course in found]) / case.problem.days
    return case.errors(np.stack([course.counts for course in found]), patients), float(work), float(same)


def _tsit5(solvers: dict[Any, Diffrax], case: Case, tolerance: float) -> Found:
    layout = case.problem.layout
    solver = solvers.setdefault(layout, Diffrax(case.problem, frozen=True))
    counts, _, steps = solver(case.problem, slice(None), tolerance, case.orders)
    return case.errors(counts), 6.0 * float(steps.mean()), float("nan")


def table(cases: Iterable[Case], quick: bool = False) -> list[Row]:
    """Every solver at every setting, over all cases together."""
    cases, solvers = list(cases), {}
    few = slice(0, 2)
    rows = [_row(f"dayzero {p}", s, cases, lambda c, s=s, p=p: _engine(c, s, p))
            for p in ("float32", "float64") for s in (STEPS[2:5] if quick else STEPS)]  # fmt: skip
    rows += [_row("LSODA", tol, cases, lambda c, t=tol: _lsoda(c, t)) for tol in (LSODA[2:5] if quick else LSODA)]
    rows += [_row("diffrax Tsit5", tol, cases, lambda c, t=tol: _tsit5(solvers, c, t))
             for tol in (TSIT5[1:] if quick else TSIT5)]  # fmt: skip
    rows.append(_row("LSODA, independent reference", INDEPENDENT, cases, lambda c: _lsoda(c, INDEPENDENT, few)))
    if not quick:
        rows += [_row(m, tol, cases, lambda c, m=m, t=tol: _lsoda(c, t, few, m)) for m in ("RK45", "DOP853")
                 for tol in (1e-4, 1e-5)]  # fmt: skip
    return rows


def _row(solver: str, setting: float, cases: list[Case], run: Callable[[Case], Found]) -> Row:
    found = [run(case) for case in cases]
    errors = np.concatenate([errors for errors, _, _ in found])
    work, same = (float(np.mean([f[i] for f in found])) for i in (1, 2))
    return Row(solver, setting, float(errors.max()), float(np.median(errors)), work, same)


def cheapest(rows: list[Row], solver: str, target: float = TARGET) -> Row:
    """The setting of a solver that reaches the target with the least work; its most exact one if none does."""
    own = [row for row in rows if row.solver == solver]
    good = [row for row in own if row.worst <= target]
    return min(good, key=lambda row: row.work) if good else min(own, key=lambda row: row.worst)
