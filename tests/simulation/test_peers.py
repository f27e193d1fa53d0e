"""Other people's solvers as oracles: LSODA and diffrax on the whole body, day by day, with all that happens in it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from benchmarks.peers import emitted, live
from benchmarks.problem import COMPARED, ORDERS, Problem

from dayzero.simulation.course import Course
from dayzero.simulation.layout import STEPS_PER_DAY
from dayzero.spec import Plan
from simulation.wards import library_plans, run

DAYS, ALLOWED = 60, 2e-4
PLANS = tuple(plan for plan in library_plans() if len(plan.donors) == 1)


class Solved(NamedTuple):
    """A task, and what the engine makes of it in double precision."""

    problem: Problem
    course: Course
    orders: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, plan: str | Plan, patients: Any) -> Solved:
        course = run(plan, patients, DAYS, precision="float64")
        kept = [np.stack([course.values[name] for name in names], axis=-1)[:, :DAYS] for names in (ORDERS, COMPARED)]
        return cls(Problem.of(plan, patients, DAYS), course, *kept)

    def worst(self, found: Any) -> float:
        """Largest error over patients, mornings and quantities."""
        most = self.counts.max(axis=1, keepdims=True) + 1e-12
        return float((np.abs(np.stack(found) - self.counts) / (self.counts + 0.01 * most)).max())


@pytest.fixture(scope="module")
def solved() -> Solved:
    return Solved.of("auto-mel200-myeloma", 2)


def test_the_day_program_with_given_orders_is_the_engine(solved: Solved) -> None:
    assert solved.worst(solved.problem.frozen(solved.orders, STEPS_PER_DAY)) < 1e-12


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_lsoda_left_to_itself_finds_the_engines_course_and_orders(plan: Plan) -> None:
    """Infections, graft-versus-host disease, transfusions and treatment included: every order is the same."""
    task = Solved.of(plan, 3)
    found = [live(emitted(task.problem, compiled=False), task.problem, i, tolerance=1e-9) for i in range(3)]
    assert task.worst([one.counts for one in found]) <= ALLOWED
    np.testing.assert_array_equal(np.stack([one.orders for one in found]), task.orders)


def test_lsoda_finds_a_death_on_its_day() -> None:
    days, _ = run("all-sibling-pbsc-cytbi", 128, DAYS, block=16, precision="float64").deaths()
    dead = np.flatnonzero((days > 5) & (days < DAYS - 15))[:2]
    assert len(dead) == 2
    task = Solved.of("all-sibling-pbsc-cytbi", dead.tolist())
    found = [live(emitted(task.problem, compiled=False), task.problem, i, tolerance=1e-9) for i in range(2)]
    assert task.worst([one.counts for one in found]) <= ALLOWED
    np.testing.assert_array_equal(np.stack([one.orders for one in found]), task.orders)
    after = [one.counts[int(day) - task.problem.first_day + 1 :] for one, day in zip(found, days[dead], strict=True)]
    assert all(len(counts) > 10 and np.all(counts == counts[0]) for counts in after)


def test_the_emitted_equations_are_the_same_plain_and_compiled(solved: Solved) -> None:
    pytest.importorskip("numba", reason="numba compiles the emitted equations")
    task, found = solved.problem, []
    for compiled in (False, True):
        made = emitted(task, compiled)
        p, d = (
            made.as_vector(row) for row in (task.numbers[0], np.append(task.daily[0, 5], np.zeros(made.lengths[3])))
        )
        o, held, dy = (made.vector(n) for n in (len(ORDERS), made.text[1], made.lengths[0]))
        made.functions["rates_fixed"](p, d, o, held)
        made.functions["rates"](made.as_vector(task.admitted(0)[0] + 0.1), held, dy)
        found.append(np.asarray(dy))
    assert np.count_nonzero(found[0]) > 100
    np.testing.assert_allclose(*found, rtol=1e-9, atol=1e-12)


def test_diffrax_finds_the_engines_course(solved: Solved) -> None:
    pytest.importorskip("diffrax", reason="diffrax is the second oracle")
    from benchmarks.peers import Diffrax

    found, _, _ = Diffrax(solved.problem, frozen=True)(solved.problem, slice(None), 1e-8, solved.orders)
    assert solved.worst(found) <= ALLOWED
