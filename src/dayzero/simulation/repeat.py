"""Repeat a run from its record."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dayzero.errors import SpecError
from dayzero.simulation.cohort import RECORDED, simulate
from dayzero.simulation.course import Course, check_record
from dayzero.simulation.request import MOST_PATIENTS, check_room
from dayzero.spec import Plan


def repeat(record: str | Path | Mapping[str, Any], *, progress: Callable[[float], None] | None = None) -> Course:
    """The course of a run record: a mapping, a JSON file, or a course file (.npz).

    Bits are the same for the same versions, engine, precision and CPU features; otherwise within the engine's
    tolerance.
    """
    run, where = _read(record)
    check_record(run, where)
    who = _patients(run, where)
    plans = [Plan.load(entry["spec"]) for entry in run["plans"]]
    chosen = run["plan_of_patient"]
    plan = plans[0] if chosen is None else [plans[i] for i in chosen]
    course = simulate(plan, who, run["days"], run["seed"], precision=run["precision"], parameters=run["parameters"],
                      typical=run["typical"], steps_per_day=run["steps_per_day"], engine=run["engine"],
                      progress=progress)  # fmt: skip
    named = {"parameter_set": run["parameter_set"]} if run.get("parameter_set") else {}
    return replace(course, record={**course.record, **named})


def _read(record: Any) -> tuple[Any, str]:
    """The run record and what to call it."""
    if not isinstance(record, (str, os.PathLike)):
        return record, "run record"
    path = Path(record)
    if path.suffix == ".npz":
        return Course.read(path).record, str(path)
    try:
        return json.loads(path.read_text(encoding="utf-8")), str(path)
    except (OSError, ValueError, RecursionError) as problem:
        what = getattr(problem, "strerror", None) or str(problem).split("\n")[0]
        raise SpecError(str(path), "file", what, "a run record (JSON)", "write one with --record") from None


def _patients(run: Mapping[str, Any], where: str) -> int | list[int]:
    """How many patients, or their numbers, as the record's digest has them."""
    count, listed = run["patients"], run["patients_listed"]
    if not 1 <= count <= MOST_PATIENTS:
        raise SpecError(where, "record.patients", str(count)[:60], f"1 to {MOST_PATIENTS}", "check the record")
    if listed is not None and (len(listed) != count or not all(type(i) is int and 0 <= i < 2**63 for i in listed)):
        raise SpecError(where, "record.patients_listed", "another list", f"{count} whole numbers", "check the record")
    check_room(count, max(run["days"], 1), len(RECORDED), run["precision"])
    ids = np.arange(count) if listed is None else np.asarray(listed)
    digest = hashlib.sha256(np.ascontiguousarray(ids, dtype=np.int64).tobytes()).hexdigest()
    if digest != run["patients_sha256"]:
        raise SpecError(where, "patients", "another list of patients", "the one of the record", "check the record")
    return count if listed is None else listed
