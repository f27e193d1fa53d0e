"""Repeat a run from its record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dayzero.errors import SpecError
from dayzero.simulation.cohort import simulate
from dayzero.simulation.course import Course
from dayzero.spec import Plan


def repeat(record: str | Path | Mapping[str, Any], *, progress: Callable[[float], None] | None = None) -> Course:
    """The course of a run record: a mapping, a JSON file, or a course file (.npz).

    Bits are the same for the same versions, engine, precision and CPU features; otherwise within the engine's
    tolerance.
    """
    where = "run record" if isinstance(record, Mapping) else str(record)
    run = record if isinstance(record, Mapping) else _read(Path(record))
    try:
        plans = [Plan.load(entry["spec"]) for entry in run["plans"]]
        chosen = run["plan_of_patient"]
        who = _patients(run, where)
        plan = plans[0] if chosen is None else [plans[i] for i in chosen]
        return simulate(plan, who, run["days"], run["seed"], precision=run["precision"], parameters=run["parameters"],
                        typical=run["typical"], steps_per_day=run["steps_per_day"], progress=progress)  # fmt: skip
    except KeyError as missing:
        raise SpecError(where, str(missing), "nothing", "a run record", "write one with --record") from None


def _read(path: Path) -> Mapping[str, Any]:
    if path.suffix == ".npz":
        return Course.read(path).record
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as problem:
        what = str(problem).split("\n")[0]
        raise SpecError(str(path), "file", what, "a run record (JSON)", "write one with --record") from None


def _patients(run: Mapping[str, Any], where: str) -> list[int]:
    ids = run["patients_listed"] if run.get("patients_listed") is not None else list(range(run["patients"]))
    digest = hashlib.sha256(np.ascontiguousarray(np.asarray(ids, dtype=np.int64)).tobytes()).hexdigest()
    if digest != run["patients_sha256"]:
        raise SpecError(where, "patients", "another list of patients", "the one of the record", "check the record")
    return ids
