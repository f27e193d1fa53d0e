"""Typical values that replace the model's own: one for all, one for each patient, or members of an ensemble dealt out.

===================  ==================================================================================
a number             the same typical value for everybody
a list or array      one for each patient, in the order of the patients
``{"members": []}``  patient number k takes member k mod their count, in whatever run, part or arm
===================  ==================================================================================

Whatever the form, patients differ about their own typical value by the same draws as ever.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeAlias

import numpy as np

from dayzero.errors import SpecError
from dayzero.module import Parameter

Override: TypeAlias = "float | np.ndarray | Sequence[float] | Mapping[str, Sequence[float]]"
MEMBERS = "members"
MOST_MEMBERS = 100_000


def checked(known: Mapping[str, Parameter], parameters: Any, patients: int) -> dict[str, Any]:
    """What was given, each value checked; numbers as float, one for each patient as an array, members as a list."""
    if not isinstance(parameters, Mapping):
        raise _refused("parameters", _short(parameters), "values by organ.name", "write {'graft.lodging': 0.2}, say")
    values: dict[str, Any] = {}
    for name, value in parameters.items():
        if name not in known:
            near = get_close_matches(str(name), known, n=1)
            advice = f"did you mean {near[0]}?" if near else "see dayzero explain"
            raise _refused(f"parameters.{name}", "an unknown parameter", "organ.name", advice)
        values[name] = _value(f"parameters.{name}", value, known[name].unit, patients)
    return values


def _value(field: str, value: Any, unit: str, patients: int) -> Any:
    if isinstance(value, Mapping):
        given = value.get(MEMBERS)
        if set(value) != {MEMBERS} or not isinstance(given, (list, tuple, np.ndarray)) or not len(given):
            raise _refused(field, _short(value), "members: a list of numbers", "write {'members': [0.2, 0.3]}, say")
        if len(given) > MOST_MEMBERS:
            raise _refused(field, f"{len(given)} members", f"at most {MOST_MEMBERS}", "keep some of them")
        return {MEMBERS: [_number(field, one, unit) for one in given]}
    if isinstance(value, (list, tuple, np.ndarray)) and np.ndim(value) > 0:
        if np.shape(value) != (patients,):
            expected = f"one number, or one for each of {patients} patients"
            raise _refused(field, f"{np.shape(value)[0]} values", expected, "give as many values as patients")
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and np.isfinite(value).all() and value.min() >= 0:
            return value.astype(np.float64)
        return np.array([_number(field, one, unit) for one in value])
    return _number(field, value, unit)


def _number(field: str, value: Any, unit: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not 0 <= value < math.inf:
        raise _refused(field, _short(value), f"a number of 0 or more ({unit})", "correct it")
    return float(value)


def taken(parameters: Mapping[str, Any], rows: Any) -> dict[str, Any]:
    """The same for some of the patients, named by row."""
    return {k: np.asarray(v)[rows] if isinstance(v, (np.ndarray, list)) else v for k, v in parameters.items()}


def dealt(parameters: Mapping[str, Any], patients: Any) -> dict[str, Any]:
    """A number, or one for each of the patients (their numbers), by name."""
    out: dict[str, Any] = {}
    for name, value in parameters.items():
        if isinstance(value, Mapping):
            members = np.asarray(value[MEMBERS], dtype=np.float64)
            out[name] = members[np.asarray(patients, dtype=np.int64) % len(members)]
        else:
            out[name] = np.asarray(value, dtype=np.float64) if isinstance(value, (list, np.ndarray)) else value
    return out


def plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """As a run record holds them."""
    return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in parameters.items()}


def ends(value: Any) -> tuple[float, float]:
    """The least and the largest of an override."""
    numbers = value[MEMBERS] if isinstance(value, Mapping) else value
    return float(np.min(numbers)), float(np.max(numbers))


def _refused(field: str, got: str, expected: str, advice: str) -> SpecError:
    return SpecError("simulate", field, got, expected, advice)


def _short(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
