"""The exported whole body in general-purpose simulators: do they live the course that dayzero lives, and how fast.

``python -m benchmarks.exported`` (``--quick`` for a sample, ``--times`` for ratios). Every solver runs the same open
loop: the body of one patient with the orders, events and draws of their own course, as `dayzero export --sbml` writes
it. Compared are *all* states at noon of every day, when no event can blur them::

    error = |x - ref| / (|ref| + 1 % of the largest value of that state in the course)

against dayzero's equations at `FINE` Runge-Kutta steps a day in float64. SBML simulators read the exported file itself.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.written import Written
from dayzero.present.export_course import HeldFast, held_fast
from dayzero.present.export_model import Equations
from dayzero.present.export_numbers import body_of
from dayzero.present.export_replay import Replay, replay
from dayzero.present.export_sbml import sbml
from dayzero.simulation.cohort import simulate

PLANS = ("aml-sibling-pbsc", "auto-mel200-myeloma", "cord-single-cytbiflu", "haplo-marrow-ptcy")
FINE = 256
TARGET = 1e-4
TOLERANCES = (1e-4, 1e-5, 1e-6, 1e-7)
ABSOLUTE = 1e-3  # absolute over relative tolerance, as for the other peers
# CVODE's BDF does not restart after the infusion with a first step of its own, nor at a looser absolute tolerance.
FIRST_STEP, FINEST = 1e-6, 1e-12
BLOCK = 128
NOTHING = 1e-12  # of a state that a patient never has
YEAR = 365
NOTES = """\
Fairness notes on the exported model

- One patient of one plan at a time, open loop: no solver decides, draws or judges; dayzero's own time is of whole
  simulations that do all of it.
- The two SBML simulators read the file that `dayzero export --sbml` writes; scipy (numba) and deSolve (C) have the same
  equations as compiled source, and for scipy what stays the same over a day is worked out once a day.
- Every morning is an event, so multistep solvers restart daily; with fewer events they would be faster.
- Loading and compiling are not timed. CVODE's BDF needs a first step of 1e-6 day and an absolute tolerance of 1e-12 to
  restart after the infusion; its Adams method does not.
- deSolve stands for compiled LSODA in R (rxode2 and mrgsolve are of the same family and were not to be had).
"""


@dataclass(frozen=True)
class Case:
    """A patient's exported body and the reference course of all its states."""

    held: HeldFast
    found: Equations
    lived: Replay
    path: Path

    @classmethod
    def of(cls, plan: str, patient: int, days: int, folder: Path) -> Case:
        """Simulate, export, and live again with fine steps."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            held = held_fast(plan, patient=patient, days=days)
        found, path = body_of(held), folder / f"{plan}-{patient}.xml"
        sbml(held, found).write(path, encoding="utf-8", xml_declaration=True)
        return cls(held, found, replay(held, FINE), path)

    @property
    def days(self) -> int:
        return len(self.held.days)

    @cached_property
    def moments(self) -> list[float]:
        """Start, and noon of every day."""
        return [0.0, *(day + 0.5 for day in range(self.days))]

    @cached_property
    def written(self) -> Written:
        return Written(self.held, self.found, self.lived)

    def errors(self, noon: np.ndarray) -> np.ndarray:
        """Worst error of each state, over the days."""
        reference = self.lived.noon
        floor = 0.01 * np.abs(reference).max(axis=0) + NOTHING
        return (np.abs(noon - reference) / (np.abs(reference) + floor)).max(axis=0)


Solver = Callable[[float], np.ndarray]  # from a tolerance to the states at every noon


def roadrunner(case: Case, stiff: bool = True) -> Solver:
    """libRoadRunner's CVODE on the exported file."""
    import roadrunner as package

    package.Logger.setLevel(package.Logger.LOG_FATAL)
    model = package.RoadRunner(str(case.path))
    model.timeCourseSelections = ["time", *case.found.states]

    def solve(tolerance: float) -> np.ndarray:
        model.resetAll()
        model.setIntegrator("cvode")
        model.integrator.relative_tolerance = tolerance
        model.integrator.absolute_tolerance = FINEST if stiff else ABSOLUTE * tolerance
        model.integrator.setValue("initial_time_step", FIRST_STEP)
        model.integrator.setValue("stiff", stiff)
        return np.array(model.simulate(times=case.moments))[1:, 1:]

    return solve


def copasi(case: Case) -> Solver:
    """COPASI's LSODA on the exported file."""
    import basico

    model = basico.load_model(str(case.path))

    def solve(tolerance: float) -> np.ndarray:
        found = basico.run_time_course(values=case.moments, use_sbml_id=True, use_initial_values=True, r_tol=tolerance,
                                       a_tol=ABSOLUTE * tolerance, max_steps=10**6, model=model)  # fmt: skip
        return np.stack([found[name].to_numpy()[1:] for name in case.found.states], axis=-1)

    return solve


def lsoda(case: Case) -> Solver:
    """scipy's LSODA on the equations compiled by numba, day by day."""
    from scipy.integrate import odeint

    task, (call, held) = case.written, case.written.functions()

    def solve(tolerance: float) -> np.ndarray:
        y, noon = task.start, []
        for row, given in enumerate(task.given):
            if row:
                acted = np.empty_like(y)
                call["morning"](y, task.constants, given, acted)
                y = np.maximum(acted, 0.0)
            q = np.zeros(held)
            call["rates_fixed"](task.constants, given, q)

            def rates(_: float, y: np.ndarray, q: np.ndarray = q) -> np.ndarray:
                dy = np.empty(len(y))
                call["rates"](y, q, dy)
                return dy

            found = odeint(rates, y, (0.0, 0.5, 1.0), tfirst=True, rtol=tolerance, atol=ABSOLUTE * tolerance,
                           tcrit=(1.0,))  # fmt: skip
            noon.append(found[1])
            y = np.maximum(found[2], 0.0)
        return np.stack(noon)

    return solve


def tsit5(case: Case) -> Solver:
    """diffrax's Tsit5 on the JAX right-hand side itself, day by day."""
    import diffrax
    import jax
    import jax.numpy as jnp

    from dayzero.simulation.day import act, all_signals, rates_of

    held = case.held
    body, (_, today_shape) = held.body, jax.tree.flatten(held.today(0))
    whole = tuple(held.admitted.get(o.name, ()) for o in body.living)
    shape, given = jax.tree.structure(whole), jnp.stack
    tree = lambda form, leaves: jax.tree.unflatten(form, [leaves[i] for i in range(form.num_leaves)])  # noqa: E731
    organs = lambda y: dict(zip((o.name for o in body.living), tree(shape, y), strict=True))  # noqa: E731
    flat = lambda y: given([x for o in body.living for x in jax.tree.leaves(y[o.name])])  # noqa: E731

    @jax.jit
    def run(start: Any, rows: Any, tolerance: Any) -> Any:
        control = diffrax.PIDController(rtol=tolerance, atol=ABSOLUTE * tolerance)

        def day(y: Any, row: Any) -> Any:
            outside = tree(today_shape, row)
            signals = all_signals(body, organs(y), held.people, outside)
            acted = flat(act(body, organs(y), held.people, signals))
            term = diffrax.ODETerm(lambda t, z, _: flat(rates_of(body, organs(z), held.people, outside)))
            found = diffrax.diffeqsolve(term, diffrax.Tsit5(), 0.0, 1.0, None, acted, stepsize_controller=control,
                                        saveat=diffrax.SaveAt(ts=jnp.array([0.5, 1.0])), max_steps=10**5)  # fmt: skip
            return jnp.maximum(found.ys[1], 0.0), found.ys[0]

        return jax.lax.scan(day, start, rows)[1]

    rows = np.array([jax.tree.leaves(held.today(i)) for i in range(case.days)], dtype=float)

    def solve(tolerance: float) -> np.ndarray:
        with jax.enable_x64(True):
            return np.asarray(run(jnp.asarray(case.lived.dawn[0]), jnp.asarray(rows), tolerance))

    return solve


class Desolve:
    """deSolve's lsoda with model and event in compiled C; R runs in a process of its own and tells its own time."""

    def __init__(self, case: Case) -> None:
        self.case, self.seconds = case, float("nan")
        self.folder = Path(tempfile.mkdtemp(prefix="dayzero-desolve-"))
        task = case.written
        (self.folder / "model.c").write_text(task.in_c(), encoding="utf-8")
        command = ["gcc", "-O3", "-march=native", "-fPIC", "-shared", "model.c", "-o", "model.so", "-lm"]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)
        np.savetxt(self.folder / "parms.txt", np.concatenate([task.constants, task.given.ravel()]), fmt="%.17g")
        np.savetxt(self.folder / "start.txt", task.start, fmt="%.17g")

    def __call__(self, tolerance: float) -> np.ndarray:
        mornings = f"1:{self.case.days - 1}"
        (self.folder / "run.R").write_text("\n".join([
            "library(deSolve); dyn.load('model.so')",
            "y <- scan('start.txt', quiet = TRUE); parms <- scan('parms.txt', quiet = TRUE)",
            f"times <- seq(0, {self.case.days - 1} + 0.5, by = 0.5)",
            "solve <- function() lsoda(y, times, func = 'derivs', parms = parms, dllname = 'model',",
            f"  initfunc = 'initmod', events = list(func = 'event', time = {mornings}), rtol = {tolerance},",
            f"  atol = {ABSOLUTE * tolerance}, maxsteps = 1e5)",
            "found <- solve(); took <- replicate(3, system.time(solve())[['elapsed']])",
            f"noon <- found[found[, 1] %% 1 == 0.5, 1 + 1:{len(self.case.found.states)}]",
            "writeLines(as.character(median(took)), 'seconds.txt')",
            "write.table(format(noon, digits = 17), 'noon.txt', row.names = FALSE, col.names = FALSE, quote = FALSE)",
        ]), encoding="utf-8")  # fmt: skip
        subprocess.run(["Rscript", "run.R"], cwd=self.folder, check=True, capture_output=True)
        self.seconds = float((self.folder / "seconds.txt").read_text())
        return np.loadtxt(self.folder / "noon.txt")


def solvers() -> dict[str, Callable[[Case], Solver]]:
    """What is to be had here, by name."""
    here: dict[str, tuple[bool, Callable[[Case], Solver]]] = {
        "libRoadRunner CVODE": (_has("roadrunner"), roadrunner),
        "libRoadRunner CVODE, Adams": (_has("roadrunner"), lambda case: roadrunner(case, stiff=False)),
        "COPASI LSODA": (_has("basico"), copasi),
        "scipy LSODA, numba": (_has("numba"), lsoda),
        "diffrax Tsit5": (_has("diffrax"), tsit5),
        "deSolve lsoda, C": (_desolve(), Desolve),
    }
    return {name: made for name, (there, made) in here.items() if there}


def _has(package: str) -> bool:
    return find_spec(package) is not None


def _desolve() -> bool:
    if shutil.which("Rscript") is None or shutil.which("gcc") is None:
        return False
    return subprocess.run(["Rscript", "-e", "library(deSolve)"], capture_output=True, check=False).returncode == 0


class Row(NamedTuple):
    """A solver at a tolerance: its worst error, the state it is of, and seconds a patient-year (nan: not timed)."""

    solver: str
    setting: str
    worst: float
    state: str
    seconds: float


def table(cases: list[Case], tolerances: tuple[float, ...] = TOLERANCES, rounds: int = 0) -> list[Row]:
    """Every solver at every tolerance, its worst over the cases; with `rounds` runs timed each."""
    rows = [_own(cases, steps) for steps in (8, 16)]
    for name, make in solvers().items():
        ready = [make(case) for case in cases]
        rows += [_row(name, tolerance, cases, ready, rounds) for tolerance in tolerances]
    return rows


def _own(cases: list[Case], steps: int) -> Row:
    return _worst("dayzero RK4, float64", f"{steps} steps a day", cases, [replay(c.held, steps).noon for c in cases])


def _row(name: str, tolerance: float, cases: list[Case], ready: list[Solver], rounds: int) -> Row:
    try:
        found = [solve(tolerance) for solve in ready]
        row = _worst(name, f"{tolerance:.0e}", cases, found)
    except (RuntimeError, ValueError, subprocess.CalledProcessError) as problem:
        return Row(name, f"{tolerance:.0e}", float("inf"), f"failed: {type(problem).__name__}", float("nan"))
    seconds = [_timed(solve, tolerance, rounds) * YEAR / c.days for solve, c in zip(ready, cases, strict=True)]
    return row._replace(seconds=float(np.median(seconds)))


def _timed(solve: Solver, tolerance: float, rounds: int) -> float:
    if not rounds:
        return float("nan")
    if isinstance(solve, Desolve):
        return solve.seconds
    return float(np.median([_clocked(lambda: solve(tolerance)) for _ in range(rounds)]))


def _worst(name: str, setting: str, cases: list[Case], noons: list[np.ndarray]) -> Row:
    errors = [case.errors(noon) for case, noon in zip(cases, noons, strict=True)]
    at = int(np.argmax([error.max() for error in errors]))
    state = list(cases[at].found.states)[int(errors[at].argmax())]
    return Row(name, setting, float(errors[at].max()), state, float("nan"))


def cases(quick: bool, folder: Path) -> list[Case]:
    """Patients of several plans; a sample of two for sixty days."""
    plans, days = (PLANS[:2], 60) if quick else (PLANS, YEAR)
    return [Case.of(plan, 3, days, folder) for plan in plans]


def milliseconds_of_a_simulation(days: int, rounds: int) -> dict[str, float]:
    """Our own whole simulations, ms a patient-year: one patient alone, and each of a block."""
    found = {}
    for patients in (1, BLOCK):
        run = lambda n=patients: simulate(PLANS[0], n, days, precision="float64", cores=1)  # noqa: E731
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            run()
            took = [_clocked(run) for _ in range(rounds)]
        found[f"dayzero whole simulation, {patients}"] = 1000 * float(np.median(took)) / patients * YEAR / days
    return found


def _clocked(run: Callable[[], Any]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main() -> None:
    """Print the table of agreement, with times when asked; as JSON for `benchmarks/run.py`."""
    parser = argparse.ArgumentParser(description="the exported whole body in general-purpose simulators")
    parser.add_argument("--quick", action="store_true", help="two patients, sixty days")
    parser.add_argument("--times", action="store_true", help="time every solver (on an idle machine)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args()
    rounds = 5 if chosen.times else 0
    with tempfile.TemporaryDirectory() as folder:
        made = cases(chosen.quick, Path(folder))
        rows = table(made, TOLERANCES[1:3] if chosen.quick else TOLERANCES, rounds)
        own = milliseconds_of_a_simulation(60 if chosen.quick else YEAR, rounds) if rounds else {}
    if chosen.json:
        print(json.dumps({"rows": [row._asdict() for row in rows], "own": own}))
        return
    print("| solver | setting | worst error | of state | ms a patient-year |\n| --- | --- | --- | --- | --- |")
    for row in rows:
        milliseconds = "" if np.isnan(row.seconds) else f"{1000 * row.seconds:.1f}"
        print(f"| {row.solver} | {row.setting} | {row.worst:.1e} | {row.state} | {milliseconds} |")
    for name, milliseconds in own.items():
        print(f"| {name} | float64 | | | {milliseconds:.2f} |")
    print(f"\n{NOTES}")


if __name__ == "__main__":
    main()
