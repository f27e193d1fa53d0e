"""Known answers: runs cases of a file through the criteria and compares.

A case has ``id``, ``rule``, ``inputs`` and ``expected``; only the expected keys are compared. Numbers with a decimal
point may differ by one part in a thousand, whole numbers and words must be the same, null means missing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any, cast

import dayzero.criteria as criteria
from dayzero.criteria.hla import Reducer
from dayzero.criteria.result import Finding
from dayzero.errors import DayzeroError, InputError

TOLERANCE = 1e-3


@dataclass(frozen=True)
class Outcome:
    """How one case went: ``passed``, ``failed`` or ``skipped``, and why."""

    id: str
    rule: str
    state: str
    reason: str = ""


def read_vectors(path: Path) -> list[dict[str, Any]]:
    """The cases of a file."""
    try:
        cases = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        advice = "check the path and the file"
        raise InputError(path.name, "file", str(problem), "a JSON list of cases", advice) from None
    return cast(list[dict[str, Any]], cases)


def check(case: Mapping[str, Any], reducer: Reducer | None = None) -> Outcome:
    """Run one case; ``reducer``: for those that need HLA reference data.

    >>> check({"id": "bmi-x", "rule": "bmi", "inputs": {"height_cm": 200, "weight_kg": 80}, "expected": {"bmi": 20.0}})
    Outcome(id='bmi-x', rule='bmi', state='passed', reason='')
    """
    rule, inputs = str(case["rule"]), dict(case["inputs"])
    if rule not in criteria.__all__:
        return Outcome(case["id"], rule, "skipped", "not implemented")
    if case.get("requires"):
        if case["requires"] != "ard_reducer" or reducer is None:
            return Outcome(case["id"], rule, "skipped", f"needs {case['requires']}")
        inputs["reducer"] = reducer
    try:
        answer = getattr(criteria, rule)(**inputs)
    except (DayzeroError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as problem:
        return Outcome(case["id"], rule, "failed", f"{type(problem).__name__}: {problem}")
    values: Mapping[str, Any] = answer.values if isinstance(answer, Finding) else answer
    for name, expected in case["expected"].items():
        if name not in values:
            return Outcome(case["id"], rule, "failed", f"{name} is not answered")
        if not same(expected, values[name]):
            return Outcome(case["id"], rule, "failed", f"{name}: expected {expected!r}, got {values[name]!r}")
    return Outcome(case["id"], rule, "passed")


def same(expected: Any, got: Any) -> bool:
    """Whether an answer is the expected one.

    >>> same(1.818, 1.81812), same(4, 4.1), same(None, 0), same([1, 2.0], [1, 2.0001])
    (True, False, False, True)
    """
    if expected is None or isinstance(expected, bool | str):
        return type(expected) is type(got) and expected == got
    if isinstance(expected, Mapping):
        pairs = cast(Mapping[str, Any], expected)
        return isinstance(got, Mapping) and all(same(pairs[key], got.get(key)) for key in pairs)  # pyright: ignore
    if isinstance(expected, Sequence):
        if isinstance(got, str) or not isinstance(got, Sequence):
            return False
        wanted, given = list(cast(Sequence[Any], expected)), list(cast(Sequence[Any], got))
        return len(wanted) == len(given) and all(same(a, b) for a, b in zip(wanted, given, strict=True))
    if isinstance(got, bool) or not isinstance(got, Real):
        return False
    return expected == got if isinstance(expected, int) else math.isclose(expected, float(got), rel_tol=TOLERANCE)
