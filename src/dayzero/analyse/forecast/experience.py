"""What a centre's earlier patients teach: on which days its patients recovered.

The days of the centre are a Dirichlet process centred on those of the twins, which count as w patients. With n earlier
patients, each spread over neighbouring days by a normal kernel whose width is a share c of the day::

    p(day) = (w p_twins(day) + sum of earlier patients) / (w + n)

and each candidate's prior is multiplied by p(day) / p_twins(day) at its own day. What a candidate's counts do on the
way to that day stays the twins'. w and c are those, of a few, under which each earlier patient is best foretold by the
others (log score). Without earlier patients nothing changes. Patients who never recovered teach nothing here: how
often a graft fails stays the twins'.

Source: Ferguson 1973 (Ann Stat 1:209).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from dayzero.analyse.forecast.pool import Pool
from dayzero.analyse.forecast.posterior import prior_weights, recovery_days
from dayzero.criteria import neutrophil_engraftment
from dayzero.records.chart import Chart, Floats

WORTH = (1.0, 3.0, 10.0)  # w, in patients
WIDTHS = (0.03, 0.08, 0.2)  # c
FEW, USUAL = 5, (3.0, 0.08)  # with fewer earlier patients than this the usual w and c are taken
NARROWEST = 0.3  # days
MOST = 1e4


@dataclass(frozen=True)
class Experience:
    """Days of neutrophil recovery of earlier patients: (earliest, latest) of each, equal where the day is known."""

    days: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, chart: Chart, patients: Iterable[str] | None = None, graft: str | None = None) -> Experience:
        """From charts of earlier patients, those of a graft where one is given."""
        chosen = set(chart.patients if patients is None else patients)
        spans = recovered_between(chart)
        kept = [
            span for name, own, span in zip(chart.patients, chart.graft, spans, strict=True)
            if name in chosen and span is not None and graft in (None, own)
        ]  # fmt: skip
        return cls(tuple(kept))

    def __len__(self) -> int:
        return len(self.days)

    def tilt(self, pool: Pool) -> Floats | None:
        """Factor on the prior of each candidate, (twins, stretches); None without earlier patients."""
        if not self.days:
            return None
        horizon, recovered = pool.horizon, recovery_days(pool)
        weight = prior_weights(pool).sum(axis=2) * (~pool.never_low & ~np.isfinite(pool.died))[:, None]
        cell = np.where(recovered <= horizon, recovered, horizon + 1).astype(int)  # the last: never
        twins = np.bincount(cell.ravel(), weights=weight.ravel(), minlength=horizon + 2)
        wanted = _expected(twins / twins.sum(), self.days)
        return np.minimum(wanted / np.maximum(twins / twins.sum(), 1e-9), MOST)[cell]


def _expected(twins: Floats, days: tuple[tuple[int, int], ...]) -> Floats:
    """Distribution of the day for the centre's next patient."""
    worth, width = USUAL if len(days) < FEW else _chosen(twins, days)
    seen = _spread(days, width, len(twins))
    return (worth * twins + seen.sum(axis=0)) / (worth + len(days))


def _chosen(twins: Floats, days: tuple[tuple[int, int], ...]) -> tuple[float, float]:
    """w and c of the best log score, each patient foretold by the others."""
    best, found = -np.inf, USUAL
    inside = np.array([[low <= day <= high for day in range(len(twins))] for low, high in days])
    for width in WIDTHS:
        seen = _spread(days, width, len(twins))
        others = seen.sum(axis=0) - seen
        for worth in WORTH:
            told = (worth * twins + others) / (worth + len(days) - 1)
            score = float(np.log(np.maximum((told * inside).sum(axis=1), 1e-12)).sum())
            if score > best:
                best, found = score, (worth, width)
    return found


def _spread(days: tuple[tuple[int, int], ...], width: float, cells: int) -> Floats:
    """Each patient's day as a distribution, (patients, cells), each summing to 1."""
    edges = np.arange(cells + 1) - 0.5
    rows = np.zeros((len(days), cells))
    for row, (low, high) in zip(rows, days, strict=True):
        for day in range(low, min(high, cells - 1) + 1):
            row += np.diff(ndtr((edges - day) / max(width * day, NARROWEST)))
        row /= max(row.sum(), 1e-12)
    return rows


def recovered_between(chart: Chart) -> list[tuple[int, int] | None]:
    """Days between which each patient's neutrophils recovered; None for who did not, or where it cannot be told."""
    judged = neutrophil_engraftment(chart)
    day = np.where(np.isfinite(judged["day"]), judged["day"], judged["interval_high"]).astype(float)
    low = np.where(np.isfinite(judged["interval_low"]), judged["interval_low"], day).astype(float)
    return [(int(a), int(b)) if np.isfinite(b) else None for a, b in zip(low, day, strict=True)]
