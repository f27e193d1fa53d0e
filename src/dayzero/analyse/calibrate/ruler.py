"""One ruler for all places of a fit: how far each row is off, in tolerances that are those of the start.

A tolerance holds the Monte-Carlo error of the row's figure at the start and keeps it. An error found anew at each place
would move the ruler with the figure: a median over few patients whose error vanishes once would undo every step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot, isfinite

import numpy as np

from dayzero.analyse.calibrate.emulate import Told
from dayzero.analyse.calibrate.solve import misfit
from dayzero.analyse.calibrate.targets import Target
from dayzero.analyse.calibrate.walk import Place

FAR = 8.0  # tolerances: a row without a figure counts as so far off, and none as farther that did not start so


@dataclass(frozen=True)
class Ruler:
    """How places are measured.

    Parameters
    ----------
    targets : rows, in order. tolerances : of each. farthest : tolerances that each may count at most.
    """

    targets: tuple[Target, ...]
    tolerances: np.ndarray
    farthest: np.ndarray

    @property
    def weights(self) -> np.ndarray:
        """The weight of each row."""
        return np.array([target.weight for target in self.targets])

    def off(self, told: Mapping[str, Told]) -> np.ndarray:
        """(simulated - published) / tolerance of every row; nan where it has no figure."""
        values = [told[target.id].value if target.id in told else np.nan for target in self.targets]
        return (np.array(values) - np.array([target.value for target in self.targets])) / self.tolerances

    def misfit(self, x: np.ndarray, z: np.ndarray) -> float:
        """Rows and prior. A row without a figure counts as far off, so that none can be got rid of."""
        seen = np.where(np.isfinite(z), np.clip(z, -self.farthest, self.farthest), self.farthest)
        return misfit(x, seen, self.weights)

    def place(self, x: np.ndarray, told: Mapping[str, Told]) -> Place:
        """A simulated place."""
        z = self.off(told)
        return Place(x, z, self.misfit(x, z))


def ruler(targets: Sequence[Target], start: Mapping[str, Told]) -> Ruler:
    """The ruler of a fit that starts where these figures are."""
    errors = [start[target.id].error if target.id in start else 0.0 for target in targets]
    sizes = [hypot(t.tolerance, e if isfinite(e) else 0.0) for t, e in zip(targets, errors, strict=True)]
    plain = Ruler(tuple(targets), np.array(sizes), np.full(len(targets), FAR))
    return Ruler(plain.targets, plain.tolerances, np.fmax(FAR, np.abs(plain.off(start))))
