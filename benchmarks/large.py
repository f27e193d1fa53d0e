"""Memory of large cohorts: ``python -m benchmarks.large``; peak resident memory must not grow with the patients.

Each size runs in a process of its own, with parts of the same size and the compiled programs kept from the first run.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLAN = "aml-sibling-pbsc"


def measured(patients: int, days: int, chunk: int, workers: int, executor: str) -> dict[str, float]:
    """Peak memory (GB, of this process and of the largest it started), seconds, and megabytes written."""
    from dayzero.analyse.large import simulate_many

    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        simulate_many(PLAN, folder, patients, days, chunk=chunk, workers=workers, executor=executor)
        seconds = time.perf_counter() - start
        written = sum(path.stat().st_size for path in Path(folder).iterdir())
    own, others = (resource.getrusage(who).ru_maxrss / 1e6 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {"own GB": own, "largest child GB": others, "seconds": seconds, "MB on disk": written / 1e6}


def main() -> None:
    """Measure each size in turn and print a table."""
    parser = argparse.ArgumentParser(description="peak memory of large cohorts by number of patients")
    parser.add_argument("--patients", type=int, nargs="+", default=[1000, 4000])
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--chunk", type=int, default=256)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--executor", default="threads")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.here:
        warnings.simplefilter("ignore")
        told = measured(asked.patients[0], asked.days, asked.chunk, asked.workers, asked.executor)
        print(json.dumps(told))
        return
    print("| patients | own, GB | largest child, GB | seconds | MB on disk |\n| --- | --- | --- | --- | --- |")
    options = ["--days", asked.days, "--chunk", asked.chunk, "--workers", asked.workers, "--executor", asked.executor]
    for patients in asked.patients:
        command = [sys.executable, "-m", "benchmarks.large", "--here", "--patients", patients, *options]
        done = subprocess.run([str(part) for part in command], cwd=ROOT, check=True, capture_output=True, text=True)
        found = json.loads(done.stdout)
        print(f"| {patients:,} | " + " | ".join(f"{value:.3g}" for value in found.values()) + " |", flush=True)


if __name__ == "__main__":
    main()
