"""Measurements that need a process of their own: pinned cores, a fresh start, peak memory.

Run as ``python -m benchmarks.worker <task> <json>``; prints one line of JSON. Cores are chosen before anything that
starts threads is imported.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

YEAR = 365
PLAN = "auto-mel200-myeloma"


def timed(task: Callable[[], Any]) -> float:
    """Seconds one call takes."""
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def first(plan: str, patients: int, days: int) -> dict[str, float]:
    """A fresh process up to its first result, as the command line would meet it."""
    start = time.perf_counter()
    from dayzero.simulation.cohort import simulate

    imported = time.perf_counter()
    simulate(plan, patients, days)
    done = time.perf_counter()
    return {"import": imported - start, "first result": done - imported,
            "second result": timed(lambda: simulate(plan, patients, days))}  # fmt: skip


def latency(plan: str, repeats: int) -> dict[str, float]:
    """One patient-year, warm, and where its time goes: preparing, the engine, what the engine does once a day."""
    import numpy as np

    from dayzero.simulation.assemble import standard_body
    from dayzero.simulation.cohort import RECORDED, simulate
    from dayzero.simulation.engine_vector import program, width
    from dayzero.simulation.layout import STEPS_PER_DAY
    from dayzero.simulation.mixed import prepare_mixed
    from dayzero.simulation.request import asked
    from dayzero.spec import Plan

    made, body, one = Plan.load(plan), standard_body(), np.zeros(1, dtype=int)
    found: dict[str, list[float]] = {}
    for precision in ("float32", "float64"):
        run = asked(body, [made], days=YEAR, seed=1, precision=precision, recording=RECORDED, parameters={},
                    typical=False, steps=STEPS_PER_DAY, block=16, cores=1)  # fmt: skip
        ready = prepare_mixed(body, [made], one, run)
        compiled = program(ready, precision=precision, lanes=width(1, precision), body=body)
        engine = lambda steps, c=compiled, r=ready, n=run.last_row: c.run(r, RECORDED, n, steps)  # noqa: E731
        whole = lambda precision=precision: simulate(made, 1, YEAR, precision=precision)  # noqa: E731
        whole()
        for _ in range(repeats):
            for name, task in {
                "whole": whole,
                "prepare": lambda run=run: prepare_mixed(body, [made], one, run),
                "engine": lambda engine=engine: engine(STEPS_PER_DAY),
                "engine without the steps": lambda engine=engine: engine(0),
            }.items():
                found.setdefault(f"{precision} {name}", []).append(timed(task))
    return {name: statistics.median(times) for name, times in found.items()}


def engines(plan: str, patients: int, days: int, repeats: int) -> dict[str, float]:
    """Patient-years a second of both engines, in turn."""
    from dayzero.simulation.cohort import simulate

    cases = [(engine, p) for p in ("float32", "float64") for engine in ("vector", "jax")]
    times: dict[Any, list[float]] = {case: [] for case in cases}
    for _ in range(1 + repeats):
        for engine, p in cases:
            run = lambda engine=engine, p=p: simulate(plan, patients, days, precision=p, engine=engine, cores=1)  # noqa: E731
            times[engine, p].append(timed(run))
    return {f"{engine} {p}": patients * days / YEAR / statistics.median(times[engine, p][1:]) for engine, p in cases}


def throughput(plan: str, sizes: list[int], steps: list[int], repeats: int, days: int) -> dict[str, float]:
    """Patient-years a second of whole simulations; repeats interleaved over sizes, precisions and steps."""
    from dayzero.simulation.cohort import simulate

    cases = [(n, p, s) for s in steps for p in ("float32", "float64") for n in sizes]
    times: dict[Any, list[float]] = {case: [] for case in cases}
    for _ in range(1 + repeats):
        for n, p, s in cases:
            run = lambda n=n, p=p, s=s: simulate(plan, n, days, precision=p, steps_per_day=s)  # noqa: E731
            times[n, p, s].append(timed(run))
    return {f"{n} {p} {s}": n * days / YEAR / statistics.median(times[n, p, s][1:]) for n, p, s in cases}


def memory(plan: str, patients: int, days: int) -> dict[str, float]:
    """Peak resident memory (GB) and seconds of one large cohort."""
    from dayzero.simulation.cohort import simulate

    seconds = timed(lambda: simulate(plan, patients, days))
    return {"GB": peak_gb(), "seconds": seconds}


def peak_gb() -> float:
    """Most memory this process has held; the system's own count would begin with that of the process it came from."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1e6


def ratios(plan: str, days: int, rounds: int, settings: dict[str, float], block: int) -> dict[str, Any]:
    """Seconds for a patient-year of every solver, all in this process, in turn, round after round."""
    from benchmarks.peers import Diffrax, emitted, live
    from benchmarks.problem import Problem
    from dayzero.simulation.cohort import simulate

    task = Problem.of(plan, 64, days)
    quick, plain, batched = emitted(task), emitted(task, compiled=False), Diffrax(task)
    tolerance = settings["LSODA"]

    def ours(n: int, precision: str) -> Callable[[], Any]:
        steps = int(settings[f"dayzero {precision}"])
        return lambda: simulate(plan, n, days, precision=precision, steps_per_day=steps)

    solvers: dict[str, tuple[int, Callable[[], Any]]] = {
        "dayzero float32": (block, ours(block, "float32")),
        "dayzero float64": (block, ours(block, "float64")),
        "dayzero float32, one patient": (1, ours(1, "float32")),
        "dayzero float64, one patient": (1, ours(1, "float64")),
        "LSODA, numba": (4, lambda: [live(quick, task, i, tolerance=tolerance) for i in range(4)]),
        "LSODA by solve_ivp, numba": (1, lambda: live(quick, task, 0, method="LSODA solve_ivp", tolerance=tolerance)),
        "LSODA, plain Python": (1, lambda: live(plain, task, 0, tolerance=tolerance)),
        "diffrax Tsit5, 64 together": (64, lambda: batched(task, slice(None), settings["diffrax Tsit5"])),
        "diffrax Tsit5, one patient": (1, lambda: batched(task, slice(1), settings["diffrax Tsit5"])),
    }
    times: dict[str, list[float]] = {name: [] for name in solvers}
    for _, run in solvers.values():
        run()
    for _ in range(rounds):
        for name, (n, run) in solvers.items():
            times[name].append(timed(run) / n * YEAR / days)
    return {"seconds": times, "right-hand side us": _rates_alone(quick)}


def _rates_alone(functions: Any) -> float:
    """Microseconds of one compiled right-hand side called from Python, without a solver."""
    import numpy as np

    call, n, repeats = functions.functions["rates"], functions.lengths[0], 20_000
    state, held, out = functions.problem.admitted(0)[0], np.ones(functions.text[1]), np.empty(n)

    def loop() -> None:
        for _ in range(repeats):
            call(state, held, out)

    loop()
    return timed(loop) / repeats * 1e6


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    task.__name__: task for task in (first, latency, engines, throughput, memory, ratios)
}


def main(arguments: list[str]) -> None:
    """Pin, run one task, print its result."""
    task, options = arguments[0], json.loads(arguments[1])
    cores = options.pop("cores", None)
    if cores:
        os.sched_setaffinity(0, cores)
    warnings.simplefilter("ignore")
    print(json.dumps(TASKS[task](**options)))


if __name__ == "__main__":
    main(sys.argv[1:])
