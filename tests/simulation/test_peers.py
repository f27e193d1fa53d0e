"""Other people's solvers as oracles: LSODA and diffrax on the engine's equations, day by day, transfusions off."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from benchmarks.problem import COMPARED, ORDERS, Problem

from dayzero.simulation.cohort import simulate
from dayzero.simulation.integrate import STEPS_PER_DAY
from dayzero.spec import Plan

PATIENTS, DAYS, ALLOWED = 2, 40, 1e-4


@pytest.fixture(scope="module")
def plan():
    """An autologous transplant without transfusions: no threshold stands between two solvers."""
    usual = Plan.load("auto-mel200-myeloma")
    care = usual.care.model_copy(update={"platelet_transfusion": None, "red_cell_transfusion": None})
    return usual.model_copy(update={"care": care})


@pytest.fixture(scope="module")
def problem(plan):
    return Problem.of(plan, PATIENTS, DAYS)


@pytest.fixture(scope="module")
def course(plan):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return simulate(plan, PATIENTS, DAYS, precision="float64")


@pytest.fixture(scope="module")
def orders(course):
    return np.stack([course.values[name] for name in ORDERS], axis=-1)[:, :DAYS]


@pytest.fixture(scope="module")
def counts(course):
    return np.stack([course.values[name] for name in COMPARED], axis=-1)[:, :DAYS]


def worst(found, counts):
    """Largest error over patients, mornings and quantities."""
    return float((np.abs(found - counts) / (counts + 0.01 * counts.max(axis=1, keepdims=True))).max())


def test_the_day_program_with_given_orders_is_the_engine(problem, orders, counts):
    assert worst(problem.frozen(orders, STEPS_PER_DAY), counts) < 1e-12


def test_lsoda_left_to_itself_finds_the_engines_course_and_orders(problem, orders, counts):
    pytest.importorskip("numba", reason="numba compiles the emitted equations")
    from benchmarks.peers import emitted, live

    found = [live(emitted(problem), problem, i, tolerance=1e-9) for i in range(PATIENTS)]
    assert worst(np.stack([one.counts for one in found]), counts) <= ALLOWED
    np.testing.assert_array_equal(np.stack([one.orders for one in found]), orders)


def test_the_emitted_equations_are_the_same_plain_and_compiled(problem):
    pytest.importorskip("numba", reason="numba compiles the emitted equations")
    from benchmarks.peers import emitted, live

    plain, compiled = (live(emitted(problem, how), problem, 0, tolerance=1e-6) for how in (False, True))
    np.testing.assert_allclose(plain.counts, compiled.counts, rtol=1e-5)


def test_diffrax_finds_the_engines_course(problem, orders, counts):
    pytest.importorskip("diffrax", reason="diffrax is the second oracle")
    from benchmarks.peers import Diffrax

    found, _, _ = Diffrax(problem, frozen=True)(problem, slice(None), 1e-8, orders)
    assert worst(found, counts) <= ALLOWED
