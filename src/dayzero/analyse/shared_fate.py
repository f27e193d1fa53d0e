"""Who would have fared otherwise: the same virtual patients under two plans, beside what data alone could say.

In the model a patient keeps, under both plans, everything the plan does not touch: body, luck, the threshold of each
event. So each patient falls into one of four cells, and the table of cells is told "under shared fate". Nobody is ever
treated twice: from real arms only the margins p (first plan) and q (second plan) can be known, and the cells only
within the Frechet bounds::

    spared   had it under the first plan only     max(0, p - q)  to  min(p, 1 - q)       independent fates p (1 - q)
    struck   had it under the second plan only    max(0, q - p)  to  min(q, 1 - p)       independent fates q (1 - p)

Sources: Frechet 1951, Ann Univ Lyon A 14:53; of counterfactual pairs, Tian and Pearl 2000, Ann Math Artif Intell
28:287.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dayzero.analyse.groups import EVENT
from dayzero.analyse.when import COMPARABLE, ENGRAFTED, First


class Cell(NamedTuple):
    """Percent of patients in a cell: under shared fate, were fates independent, and the bounds no data can narrow."""

    shared: float
    independent: float
    least: float
    most: float


class Fates(NamedTuple):
    """What became of the same patients under two plans, by one endpoint to a day.

    ``gained`` and ``lost`` are told from the patient's side: an event avoided, or engraftment reached, is gained.
    ``earlier`` and ``later`` are shares of those who had it under both plans.
    """

    name: str
    label: str
    day: int
    patients: int
    both: float
    neither: float
    gained: Cell
    lost: Cell
    earlier: float
    later: float
    days_between: float

    def as_dict(self) -> dict[str, Any]:
        """Plain data; numbers not known are null."""
        told = self._asdict() | {"gained": self.gained._asdict(), "lost": self.lost._asdict()}
        return {k: None if isinstance(v, float) and np.isnan(v) else v for k, v in told.items()}


def fates(name: str, a: First, b: First, counted: NDArray[np.bool_], day: int) -> Fates:
    """The table of one endpoint for patients who count under both plans."""
    first, second = (counted & (one.kind == EVENT) & (one.day <= day) for one in (a, b))
    n = max(int(counted.sum()), 1)
    p, q = first.sum() / n, second.sum() / n
    spared, struck = cell((first & ~second).sum() / n, p, q), cell((second & ~first).sum() / n, q, p)
    pair = first & second
    gap = (b.day - a.day)[pair]
    good = name in ENGRAFTED
    gained, lost = (struck, spared) if good else (spared, struck)
    part = (lambda which: 100 * float(which.mean())) if len(gap) else lambda which: np.nan
    return Fates(name, COMPARABLE[name].label, day, int(counted.sum()), 100 * float(pair.sum() / n),
                 100 * float((counted & ~first & ~second).sum() / n), gained, lost, part(gap < 0), part(gap > 0),
                 float(gap.mean()) if len(gap) else np.nan)  # fmt: skip


def cell(shared: float, p: float, q: float) -> Cell:
    """The share with p and without q, and its bounds, in percent.

    >>> cell(0.1, 0.4, 0.35)
    Cell(shared=10.0, independent=26.0, least=5.0, most=40.0)
    """
    told = (shared, p * (1 - q), max(0.0, p - q), min(p, 1 - q))
    return Cell(*(round(100 * float(value), 10) for value in told))
