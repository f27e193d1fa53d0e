"""Benchmarks: ``python benchmarks/run.py`` (about ten minutes), ``--quick`` for a sample (about two).

Prints tables, and writes them with the raw figures to a folder. Agreement comes first: a speed is only quoted at a
setting whose error was measured. Times are of whole simulations, medians of interleaved repeats; on a machine that
others share only the ratios mean something.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import agreement  # noqa: E402
from benchmarks.exported import NOTES as EXPORTED_NOTES  # noqa: E402
from benchmarks.peak import operations, peak  # noqa: E402
from benchmarks.worker import PLAN  # noqa: E402

MEMORY_LIMIT_GB, LATENCY_LIMIT_S, RATIO_AIM = 2.0, 0.1, 40.0
NOTES = """\
Fairness notes

- Every solver gets the same equations (emitted from the engine's own functions), those of the whole body, the same
  daily boundary with the ward's policies, events and deaths, the same prepared patients and the same luck. Only LSODA,
  plain Python, does not have them compiled.
- What stays the same over a day is worked out once a day for the emitted peers as well.
- Our times are of whole simulations (patients drawn, parameters prepared, a hundred quantities recorded); the peers'
  leave the preparation out and record six.
- Settings are the cheapest whose worst patient reaches the target error in the table of agreement. Errors are
  measured under the reference's orders; times under live decisions.
- LSODA restarts every morning because the ward acts every morning; without daily boundaries it would be faster.
- LSODA is called from Python, by `odeint`, which costs least, and by `solve_ivp`, which scipy recommends and most
  people use. A solver linked to the compiled equations would at best save what is not the
  right-hand side: see the row of the right-hand side alone.
- Per core: one process pinned to one core, all solvers in turn in the same process.
- One patient alone fills one lane of eight; that row shows what a single patient costs.
"""


def worker(task: str, *, environment: dict[str, str] | None = None, **options: Any) -> dict[str, Any]:
    """Run a measurement in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.worker", task, json.dumps(options)]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **(environment or {})}, text=True, capture_output=True)
    if done.returncode:
        raise RuntimeError(f"{task} failed: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A Markdown table."""
    lines = [f"## {title}", "", f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(map(_cell, row))} |" for row in rows), ""])


def _cell(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    if math.isnan(value):
        return ""
    return f"{value:.1e}" if 0 < abs(value) < 1e-2 else f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


@cache
def errors(quick: bool) -> list[agreement.Row]:
    """Errors of every solver."""
    plans = agreement.PLANS[::2] if quick else agreement.PLANS
    return agreement.table((agreement.Case.of(plan, *_size(quick)) for plan in plans), quick)


def _size(quick: bool) -> tuple[int, int]:
    return (4, 60) if quick else (16, 120)


def agree(quick: bool) -> tuple[list[dict[str, Any]], str]:
    """Whether all solvers give the same course."""
    rows, (patients, days) = errors(quick), _size(quick)
    plans = len(agreement.PLANS[:: 2 if quick else 1])
    title = f"Agreement: {patients} patients of each of {plans} plans, {days} days, same orders for all"
    head = ("solver", "steps a day or tolerance", "worst", "median", "right-hand sides a day", "same orders when free")
    return [row._asdict() for row in rows], table(title, head, rows)


def start_up(quick: bool) -> tuple[dict[str, Any], str]:
    """From a fresh process to the first result, without and with compiled programs kept from before."""
    rows = {}
    with tempfile.TemporaryDirectory() as empty:
        for name in ("nothing kept", "programs kept"):
            rows[name] = worker("first", environment={"DAYZERO_CACHE": empty}, plan=PLAN, patients=100, days=120)
    command = [sys.executable, "-c", "import dayzero"]
    rows["import dayzero, whole process"] = {"import": min(_seconds(command) for _ in range(2 if quick else 5))}
    head = ("start", "import, s", "first result, s", "second result, s")
    keys = ("import", "first result", "second result")
    lines = [(name, *(row.get(key, float("nan")) for key in keys)) for name, row in rows.items()]
    return rows, table("Start-up: 100 patients, 120 days", head, lines)


def _seconds(command: list[str]) -> float:
    from benchmarks.worker import timed

    return timed(lambda: subprocess.run(command, check=True, cwd=ROOT))


def alone(quick: bool) -> tuple[dict[str, Any], str]:
    """One patient-year, warm."""
    found = worker("latency", plan=PLAN, repeats=5 if quick else 15)
    rows = [(name, 1000 * seconds) for name, seconds in found.items()]
    met = "met" if found["float32 whole"] < LATENCY_LIMIT_S else "missed"
    title = f"One patient-year, warm (limit {1000 * LATENCY_LIMIT_S:.0f} ms: {met})"
    return found, table(title, ("part", "ms"), rows)


def throughput(quick: bool) -> tuple[dict[str, Any], str]:
    """Patient-years a second by cohort size, steps and cores."""
    core, many = [max(os.sched_getaffinity(0))], os.cpu_count() or 1
    days, repeats = (120, 2) if quick else (365, 3)
    common = {"plan": PLAN, "repeats": repeats, "days": days}
    default = agreement.simulate.__kwdefaults__["steps_per_day"]
    found = {
        "one core": worker("throughput", cores=core, sizes=[16, 128, 1024], steps=[default], **common),
        f"{many} cores": worker("throughput", sizes=[1024 * many], steps=[default], **common),
    }
    if not quick:
        found["one core, by steps"] = worker("throughput", cores=core, sizes=[1024], steps=[6, 8, 10, 12], **common)
    rows = [(where, *key.split(), value) for where, values in found.items() for key, value in values.items()]
    head = ("cores", "patients", "precision", "steps a day", "patient-years/s")
    return found, table("Throughput of whole simulations", head, rows)


def memory(quick: bool) -> tuple[dict[str, Any], str]:
    """Peak memory of a large cohort."""
    patients = 2_000 if quick else 10_000
    found = worker("memory", plan=PLAN, patients=patients, days=120)
    met = "met" if found["GB"] < MEMORY_LIMIT_GB else "missed"
    title = f"Memory: {patients:,} patients, 120 days (limit {MEMORY_LIMIT_GB} GB: {met})"
    return found, table(title, ("peak, GB", "seconds"), [(found["GB"], found["seconds"])])


def judging(quick: bool) -> tuple[dict[str, Any], str]:
    """Judging the charts of a cohort by every criterion."""
    patients = 1_000 if quick else 10_000
    command = [sys.executable, "-m", "benchmarks.charts", str(patients), "100"]
    runs = [json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
            for _ in range(2 if quick else 3)]  # fmt: skip
    found = min(runs, key=lambda run: run["seconds"])
    title = f"Judging: {patients:,} patients, 100 days, {found['criteria']} criteria (no simulation)"
    head = ("readings", "seconds", "processor-seconds", "seconds to list the answers")
    return found, table(title, head, [tuple(found[key] for key in ("readings", "seconds", "processor", "listing"))])


def engines(quick: bool) -> tuple[dict[str, Any], str]:
    """Both engines on one core, and how near the fast one comes to what the processor could do."""
    core, (patients, days) = [max(os.sched_getaffinity(0))], (128, 60) if quick else (512, 365)
    found = worker("engines", cores=core, plan="aml-sibling-pbsc", patients=patients, days=days, repeats=2)
    rows = []
    for precision in ("float32", "float64"):
        vector, reference = found[f"vector {precision}"], found[f"jax {precision}"]
        work = operations(precision, agreement.simulate.__kwdefaults__["steps_per_day"]) * 365 * vector / 1e9
        most = peak(precision)
        found |= {f"operations {precision}": work, f"peak {precision}": most}
        share = float("nan") if most is None else 100 * work / most
        rows.append((precision, vector, reference, vector / reference, work, most or float("nan"), share))
    head = ("precision", "vector, patient-years/s", "JAX", "ratio", "G operations/s", "peak", "share, %")
    return found, table(f"Engines on one core: {patients} patients, {days} days, whole simulations", head, rows)


def exported(quick: bool) -> tuple[dict[str, Any], str]:
    """The exported whole body in SBML simulators and compiled solvers: agreement of all states, and ratios."""
    command = [sys.executable, "-m", "benchmarks.exported", "--json", "--times", *(["--quick"] if quick else [])]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    alone, together = found["own"].values()
    rows = [(row["solver"], row["setting"], row["worst"], row["state"], 1000 * row["seconds"],
             1000 * row["seconds"] / alone, 1000 * row["seconds"] / together) for row in found["rows"]]  # fmt: skip
    head = ("solver", "setting", "worst error", "of state", "ms a patient-year", "over ours alone", "over our block")
    ours = f"our whole simulation in float64 takes {alone:.3g} ms alone, {together:.3g} ms in a block"
    title = f"The exported body, every state at noon ({ours})"
    return found, table(title, head, rows) + "\n" + EXPORTED_NOTES


def compare(quick: bool) -> tuple[dict[str, Any], str]:
    """Ratios per core at equal measured error."""
    rows = errors(quick)
    chosen = {s: agreement.cheapest(rows, s) for s in ("dayzero float32", "dayzero float64", "LSODA", "diffrax Tsit5")}
    settings = {solver: row.setting for solver, row in chosen.items()}
    found = worker("ratios", cores=[max(os.sched_getaffinity(0))], plan=PLAN, days=120 if quick else 365,
                   rounds=3 if quick else 5, settings=settings, block=1024)  # fmt: skip
    times = found["seconds"]
    ratio = lambda peer, own: statistics.median(a / b for a, b in zip(times[peer], times[own], strict=True))  # noqa: E731
    lines = []
    for name, seconds in times.items():
        row = next(row for solver, row in chosen.items() if name.startswith(solver))
        lines.append((name, row.setting, row.worst, 1000 * statistics.median(seconds), 1 / statistics.median(seconds),
                      ratio(name, "dayzero float32"), ratio(name, "dayzero float64")))  # fmt: skip
    found["ratio"] = ratio("LSODA, numba", "dayzero float32")
    met = "met" if found["ratio"] >= RATIO_AIM else "missed"
    head = ("solver", "setting", "worst error", "ms a patient-year", "patient-years/s", "over float32", "over float64")
    title = f"Ratios on one core, worst error {agreement.TARGET:.0e} (aim over compiled LSODA {RATIO_AIM:.0f}: {met})"
    microseconds = found["right-hand side us"]
    alone = f"One compiled right-hand side, called from Python without a solver: {microseconds:.2f} us.\n"
    return found, table(title, head, lines) + "\n" + alone


PARTS = {"agreement": agree, "start-up": start_up, "latency": alone, "throughput": throughput, "memory": memory,
         "engines": engines, "judging": judging, "exported": exported, "ratios": compare}  # fmt: skip


def machine() -> str:
    """What it was measured on."""
    names = ("jax", "numpy", "scipy", "numba", "diffrax")
    parts = [f"{name} {version(name)}" for name in names]
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {', '.join(parts)}\n"


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description="speed and accuracy beside general-purpose solvers")
    parser.add_argument("--quick", action="store_true", help="a sample, about two minutes")
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "dayzero-benchmarks")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="some parts, others left out")
    chosen = parser.parse_args()
    raw: dict[str, Any] = {"machine": machine()}
    text = [f"# Benchmarks\n\n{raw['machine']}"]
    print(text[0], flush=True)
    for name in (name for name in PARTS if name in chosen.only):
        raw[name], part = PARTS[name](chosen.quick)
        text.append(part)
        print(part, flush=True)
    print(NOTES)
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / "benchmarks.md").write_text("\n".join([*text, NOTES]))
    (chosen.out / "benchmarks.json").write_text(json.dumps(raw, indent=1))
    print(f"written to {chosen.out}")


if __name__ == "__main__":
    main()
