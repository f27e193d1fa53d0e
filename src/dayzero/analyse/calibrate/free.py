"""Which parameters may move: by stage, with a log-normal prior about the value and uncertainty of their source file.

Everywhere here a parameter is counted in its own prior standard deviations: x = log(value / typical) / sd, so that the
prior is the standard normal, cut off at the plausible range.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import exp, log, log1p, sqrt
from typing import Any

import numpy as np

from dayzero.analyse.evidence.registry import FOLDER
from dayzero.errors import InputError
from dayzero.module import Parameter
from dayzero.spec.files import read_yaml
from dayzero.units import nearest

MOVABLE = ("fitted", "assumed")
FARTHEST = 3.0  # prior standard deviations from the source file's value, at most


@dataclass(frozen=True)
class Free:
    """A parameter that may move.

    Parameters
    ----------
    typical : value of the source file. sd : prior standard deviation of its logarithm.
    low, high : plausible range, in prior standard deviations from typical.
    """

    name: str
    stage: str
    typical: float
    sd: float
    low: float
    high: float

    def value(self, x: float) -> float:
        """The parameter at a place, in its own unit."""
        return self.typical * exp(self.sd * x)


@dataclass(frozen=True)
class Stage:
    """A stage: families of rows that inform it, and patterns of names that it moves."""

    name: str
    families: tuple[str, ...]
    patterns: tuple[str, ...]


def stages() -> list[Stage]:
    """The stages in order, by the table `data/scoreboard/stages.yaml`."""
    table: Mapping[str, Any] = read_yaml(FOLDER / "stages.yaml")["stages"]
    return [Stage(name, tuple(told["families"]), tuple(told["parameters"])) for name, told in table.items()]


def chosen_stages(names: Sequence[str] | None) -> list[Stage]:
    """The stages asked for, all where none is named.

    Raises
    ------
    InputError : no such stage.
    """
    known = {stage.name: stage for stage in stages()}
    for name in names or ():
        if name not in known:
            advice = nearest(name, known)
            raise InputError("calibrate", "--stage", repr(name), f"one of {', '.join(known)}", advice)
    return [known[name] for name in known if not names or name in names]


def free_parameters(chosen: Iterable[Stage], known: Mapping[str, Parameter]) -> list[Free]:
    """Parameters that may move, each in the first stage that names it."""
    found: dict[str, Free] = {}
    for stage in chosen:
        for name, parameter in known.items():
            if name not in found and any(fnmatchcase(name, pattern) for pattern in stage.patterns):
                one = _free(name, stage.name, parameter)
                found |= {} if one is None else {name: one}
    return list(found.values())


def _free(name: str, stage: str, parameter: Parameter) -> Free | None:
    if parameter.status not in MOVABLE or parameter.uncertainty <= 0 or parameter.typical <= 0:
        return None
    sd = sqrt(log1p(parameter.uncertainty**2))
    ends = [-FARTHEST, FARTHEST]
    for at, end in enumerate((parameter.low, parameter.high)):
        if end is not None and end > 0:
            x = log(end / parameter.typical) / sd
            ends[at] = max(x, -FARTHEST) if at == 0 else min(x, FARTHEST)
    return Free(name, stage, parameter.typical, sd, ends[0], ends[1])


def values_at(free: Sequence[Free], x: np.ndarray) -> dict[str, float]:
    """Typical values at a place."""
    return {one.name: one.value(float(at)) for one, at in zip(free, x, strict=True)}


def bounds(free: Sequence[Free]) -> tuple[np.ndarray, np.ndarray]:
    """Plausible ranges of all."""
    return np.array([one.low for one in free]), np.array([one.high for one in free])
