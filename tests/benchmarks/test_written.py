"""The exported body as source for other solvers: Python and C work out the same numbers as the equations."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from benchmarks.written import Written

from dayzero.present.export_course import held_fast
from dayzero.present.export_numbers import Names, body_of, number
from dayzero.present.export_replay import Replay, replay

ROW = 9


@pytest.fixture(scope="module")
def lived() -> tuple[Written, Replay]:
    held = held_fast("aml-sibling-pbsc", patient=3, days=20)
    told = replay(held)
    return Written(held, body_of(held, told), told), told


def expected(task: Written, told: Replay) -> tuple[np.ndarray, np.ndarray]:
    """Rates after the morning of one day, and what the morning made of the states."""
    given = {name: values[ROW] for name, (_, values) in task.found.given.items()}
    after, before = Names(task.found, told.acted[ROW]), Names(task.found, told.dawn[ROW])
    after.update(given)
    before.update(given)
    rates = [float(number(rate, after)) for rate in task.found.rates.values()]
    return np.array(rates), np.array([float(number(task.found.jumps.get(n, n), before)) for n in task.found.states])


def test_python_works_out_the_same_rates_and_mornings(lived) -> None:
    task, told = lived
    call, held = task.functions(compiled=False)
    q, dy, acted = [0.0] * held, [0.0] * len(task.start), [0.0] * len(task.start)
    call["rates_fixed"](task.constants.tolist(), task.given[ROW].tolist(), q)
    call["rates"](told.acted[ROW].tolist(), q, dy)
    call["morning"](told.dawn[ROW].tolist(), task.constants.tolist(), task.given[ROW].tolist(), acted)
    rates, morning = expected(task, told)
    np.testing.assert_allclose(dy, rates, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(acted, morning, rtol=1e-11, atol=1e-14)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no C compiler here")
def test_c_works_out_the_same_rates_and_mornings(lived, tmp_path: Path) -> None:
    task, told = lived
    (tmp_path / "model.c").write_text(task.in_c(), encoding="utf-8")
    subprocess.run(["gcc", "-O0", "-fPIC", "-shared", "model.c", "-o", "model.so", "-lm"], cwd=tmp_path, check=True)
    model, pointer = ctypes.CDLL(str(tmp_path / "model.so")), ctypes.POINTER(ctypes.c_double)
    numbers = np.concatenate([task.constants, task.given.ravel()])
    reader = ctypes.CFUNCTYPE(None, ctypes.POINTER(ctypes.c_int), pointer)
    model.initmod(reader(lambda n, into: ctypes.memmove(into, numbers.ctypes.data, 8 * n[0]) and None))
    at = lambda array: array.ctypes.data_as(pointer)  # noqa: E731
    n, day = ctypes.c_int(len(task.start)), np.array([float(ROW)])
    y, dy = told.dawn[ROW].copy(), np.empty(len(task.start))
    model.event(ctypes.byref(n), at(day), at(y))
    model.derivs(ctypes.byref(n), at(day), at(y), at(dy), None, None)
    rates, morning = expected(task, told)
    np.testing.assert_allclose(y, morning, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(dy, rates, rtol=1e-11, atol=1e-14)
