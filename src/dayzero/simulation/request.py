"""What is asked of a run, checked before any work: who, how long, how exact, what to record."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from dayzero.errors import SpecError
from dayzero.simulation.assemble import Body
from dayzero.simulation.course import REPORTED
from dayzero.simulation.layout import BLOCK_SIZES, CHUNK, STEPS, Precision
from dayzero.simulation.overrides import checked
from dayzero.simulation.prepare import admission_day
from dayzero.spec import Plan

LONGEST = 3650
MOST_STEPS = 1000
USUAL_PATIENTS = 1000
MOST_PATIENTS = 10**9
SHARE_OF_MEMORY = 0.8
USUAL_BLOCK = 128
ENGINES = ("auto", "vector", "jax")


PLANS = (Plan, str, os.PathLike, Mapping)  # what one plan may be given as


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
    overrides: Mapping[str, Any]
    typical: bool = False
    block: int = BLOCK_SIZES[-1]
    cores: int = 1
    engine: str = "jax"

    @property
    def last_row(self) -> int:
        """Mornings asked for, from the first."""
        return self.days - self.first_day + 1

    @property
    def padded_days(self) -> int:
        """Days laid out, a whole number of chunks."""
        return -(-(self.days - self.first_day + 1) // CHUNK) * CHUNK


def who(plan: Plan | str | Sequence[Plan], patients: int | Sequence[int] | None) -> tuple[list[Plan], np.ndarray]:
    """The plan and the number of each patient."""
    single = isinstance(plan, PLANS)
    plans = [Plan.load(one) for one in ([plan] if single else _several(plan))]  # type: ignore[list-item]
    if patients is None:
        patients = USUAL_PATIENTS if single else max(len(plans), 1)
    ids = _first(patients) if _flat(patients).ndim == 0 else _numbers(patients)
    if single:
        _check_once(ids)
        return plans * len(ids), ids
    if len(plans) != len(ids):
        raise _refused("patients", f"{len(ids)}", f"{len(plans)}, one for each plan", "name as many")
    return plans, ids


def _several(plans: Any) -> list[Any]:
    """The plans of a list, none of them of a kind no plan is written in."""
    listed = list(plans) if isinstance(plans, Iterable) and not isinstance(plans, (bytes, bytearray)) else [plans]
    for one in listed:
        if not isinstance(one, PLANS):
            advice = "name a plan of the library, a file, or give a Plan"
            raise _refused("plan", _short(one), "a plan, or a list of plans", advice)
    return listed


def _first(patients: Any) -> np.ndarray:
    count = _whole("patients", patients, 1, MOST_PATIENTS)
    check_room(count, 1, 1, "float32")
    return np.arange(count)


def _numbers(patients: Any) -> np.ndarray:
    ids = _flat(patients)
    if ids.ndim != 1 or ids.size == 0 or ids.dtype.kind not in "iu" or ids.min() < 0 or ids.max() >= 2**63:
        raise _refused("patients", _short(patients), "numbers from 0, at least one", "patients are numbered")
    return ids.astype(np.int64)


def _flat(patients: Any) -> np.ndarray:
    try:
        return np.asarray(patients)
    except (ValueError, TypeError):
        raise _refused("patients", _short(patients), "a list of numbers", "patients are numbered") from None


def _check_once(ids: np.ndarray) -> None:
    numbers, times = np.unique(ids, return_counts=True)
    if len(numbers) < len(ids):
        got = f"patient {numbers[times > 1][0]} more than once"
        raise _refused("patients", got, "each number once in one plan", "the same number is the same patient")


def check_room(patients: int, days: int, quantities: int, precision: str) -> None:
    """Refuse a course that this machine's memory could not hold."""
    each = 16 + days * (2 + quantities * (8 if precision == "float64" else 4))
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return
    if patients * each > SHARE_OF_MEMORY * memory:
        got = f"{patients} patients, which take {patients * each / 1e9:,.0f} GB or more"
        expected = (
            f"at most {SHARE_OF_MEMORY * memory / 1e9:,.0f} GB, {100 * SHARE_OF_MEMORY:.0f} % of this machine's memory"
        )
        raise _refused("patients", got, expected, "ask for fewer patients, fewer days or fewer quantities")


def distinct(plans: list[Plan]) -> list[Plan]:
    """The different plan objects, in order of first use."""
    return list({id(p): p for p in plans}.values())


def asked(body: Body, plans: list[Plan], *, days: Any, seed: Any, precision: Any, recording: Any, parameters: Any,
          typical: bool, steps: Any, block: Any, cores: Any, engine: Any = "jax") -> Run:  # fmt: skip
    """The run asked for, or one sentence saying what cannot be used."""
    if precision not in ("float32", "float64"):
        raise _refused("precision", repr(precision), "float32 or float64", "choose one of them")
    if not isinstance(typical, (bool, np.bool_)):
        raise _refused("typical", _short(typical), "True or False", "choose one of them")
    if engine not in ENGINES:
        raise _refused("engine", _short(engine), "auto, vector or jax", "choose one of them")
    cores = _whole("cores", cores, 1, 4096)
    run = Run(
        days=_whole("days", days, 1, LONGEST),
        seed=_whole("seed", seed, 0, 2**64 - 1),
        precision=precision,
        recording=_recorded(body, recording),
        steps=_steps(steps),
        origins=1 + max(len(plan.donors) for plan in distinct(plans)),
        first_day=min(admission_day(plan) for plan in distinct(plans)),
        overrides=checked(body.parameters(), parameters, len(plans)),
        typical=bool(typical),
        block=_shared(len(plans), cores) if block is None else min(_whole("block", block, 1, 10**9), BLOCK_SIZES[-1]),
        cores=cores,
        engine=engine,
    )
    check_room(len(plans), run.days - run.first_day + 1, len(run.recording), run.precision)
    return run


def _shared(patients: int, cores: int) -> int:
    """Patients of a block, so that every core has one, in whole groups side by side, and not too many at once."""
    return min(-(-patients // (cores * BLOCK_SIZES[0])) * BLOCK_SIZES[0], USUAL_BLOCK)


def recordable(body: Body) -> tuple[str, ...]:
    """Every quantity a run can record: signals of the whole patient, reports, orders and events."""
    signals = [name for name, signal in body.signals.items() if not signal.per_origin]
    events = (f"event_{name}" for _, name, _ in body.hazards)
    remembered = (name for policy in body.policies for name in getattr(policy, "REMEMBERS", {}))
    return (*signals, *REPORTED, *events, *remembered, "alive", "died_of")


def _recorded(body: Body, names: Any) -> tuple[str, ...]:
    known = recordable(body)
    chosen = tuple(names) if isinstance(names, Iterable) and not isinstance(names, str) else (names,)
    for name in chosen:
        if name not in known:
            near = get_close_matches(str(name), known, n=1)
            advice = f"did you mean {near[0]}?" if near else "see dayzero explain"
            raise _refused("recording", repr(name), "a quantity of the whole patient", advice)
    if not chosen or len(set(chosen)) != len(chosen):
        raise _refused("recording", str(chosen), "at least one quantity, each once", "name what to record")
    return chosen


def _steps(steps: Any) -> int:
    if isinstance(steps, str):
        if steps not in STEPS:
            raise _refused("steps_per_day", _short(steps), f"a whole number, {', '.join(STEPS)}", "choose one of them")
        return STEPS[steps]
    return _whole("steps_per_day", steps, 1, MOST_STEPS)


def _whole(field: str, value: Any, low: int, high: int) -> int:
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or not low <= value <= high:
        raise _refused(field, _short(value), f"a whole number of {low} to {high}", "correct it")
    return int(value)


def _refused(field: str, got: str, expected: str, advice: str) -> SpecError:
    return SpecError("simulate", field, got, expected, advice)


def _short(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
