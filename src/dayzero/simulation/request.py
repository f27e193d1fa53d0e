"""What is asked of a run, checked before any work: who, how long, how exact, what to record."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from dayzero.errors import SpecError
from dayzero.simulation.assemble import Body
from dayzero.simulation.course import REPORTED
from dayzero.simulation.engine_jax import BLOCK_SIZES, CHUNK, Precision
from dayzero.simulation.prepare import admission_day
from dayzero.spec import Plan

LONGEST = 3650
MOST_STEPS = 1000
USUAL_PATIENTS = 1000


@dataclass(frozen=True)
class Run:
    """How to run: everything that is not the plan."""

    days: int
    seed: int
    precision: Precision
    recording: tuple[str, ...]
    steps: int
    origins: int
    first_day: int
    overrides: Mapping[str, float]
    typical: bool = False
    block: int = BLOCK_SIZES[-1]
    cores: int = 1

    @property
    def padded_days(self) -> int:
        """Days laid out, a whole number of chunks."""
        return -(-(self.days - self.first_day + 1) // CHUNK) * CHUNK


def who(plan: Plan | str | Sequence[Plan], patients: int | Sequence[int] | None) -> tuple[list[Plan], np.ndarray]:
    """The plan and the number of each patient."""
    single = isinstance(plan, (Plan, str, os.PathLike, Mapping))
    plans = [Plan.load(plan)] if single else [Plan.load(one) for one in plan]  # type: ignore[arg-type]
    if patients is None:
        patients = USUAL_PATIENTS if single else max(len(plans), 1)
    ids = np.arange(_whole("patients", patients, 1, 10**9)) if np.ndim(patients) == 0 else _numbers(patients)
    if single:
        return plans * len(ids), ids
    if len(plans) != len(ids):
        raise _refused("patients", f"{len(ids)}", f"{len(plans)}, one for each plan", "name as many")
    return plans, ids


def _numbers(patients: Any) -> np.ndarray:
    ids = np.asarray(patients)
    if ids.ndim != 1 or ids.size == 0 or ids.dtype.kind not in "iu" or ids.min() < 0:
        raise _refused("patients", str(patients)[:60], "numbers from 0, at least one", "patients are numbered")
    return ids.astype(np.int64)


def distinct(plans: list[Plan]) -> list[Plan]:
    """The different plan objects, in order of first use."""
    return list({id(p): p for p in plans}.values())


def asked(body: Body, plans: list[Plan], *, days: Any, seed: Any, precision: Any, recording: Any, parameters: Any,
          typical: bool, steps: Any, block: Any, cores: Any) -> Run:  # fmt: skip
    """The run asked for, or one sentence saying what cannot be used."""
    if precision not in ("float32", "float64"):
        raise _refused("precision", repr(precision), "float32 or float64", "choose one of them")
    return Run(
        days=_whole("days", days, 1, LONGEST),
        seed=_whole("seed", seed, 0, 2**64 - 1),
        precision=precision,
        recording=_recorded(body, recording),
        steps=_whole("steps_per_day", steps, 1, MOST_STEPS),
        origins=1 + max(len(plan.donors) for plan in plans),
        first_day=min(admission_day(plan) for plan in distinct(plans)),
        overrides=_overrides(body, parameters),
        typical=bool(typical),
        block=min(_whole("block", block, 1, 10**9), BLOCK_SIZES[-1]),
        cores=_whole("cores", cores, 1, 4096),
    )


def recordable(body: Body) -> tuple[str, ...]:
    """Every quantity a run can record: signals of the whole patient, reports, orders and events."""
    signals = [name for name, signal in body.signals.items() if not signal.per_origin]
    return (*signals, *REPORTED, *(f"event_{name}" for _, name, _ in body.hazards))


def _recorded(body: Body, names: Any) -> tuple[str, ...]:
    known = recordable(body)
    chosen = tuple(names)
    for name in chosen:
        if name not in known:
            near = get_close_matches(str(name), known, n=1)
            advice = f"did you mean {near[0]}?" if near else "see dayzero explain"
            raise _refused("recording", repr(name), "a quantity of the whole patient", advice)
    if not chosen or len(set(chosen)) != len(chosen):
        raise _refused("recording", str(chosen), "at least one quantity, each once", "name what to record")
    return chosen


def _overrides(body: Body, parameters: Any) -> dict[str, float]:
    known = body.parameters()
    values: dict[str, float] = {}
    for name, value in dict(parameters).items():
        if name not in known:
            near = get_close_matches(str(name), known, n=1)
            advice = f"did you mean {near[0]}?" if near else "see dayzero explain"
            raise _refused(f"parameters.{name}", "an unknown parameter", "organ.name", advice)
        if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not 0 <= value < math.inf:
            raise _refused(
                f"parameters.{name}", repr(value), f"a number of 0 or more ({known[name].unit})", "correct it"
            )
        values[name] = float(value)
    return values


def _whole(field: str, value: Any, low: int, high: int) -> int:
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or not low <= value <= high:
        raise _refused(field, repr(value), f"a whole number of {low} to {high}", "correct it")
    return int(value)


def _refused(field: str, got: str, expected: str, advice: str) -> SpecError:
    return SpecError("simulate", field, got, expected, advice)
