"""How right forecasts were: error, interval coverage, probability score, calibration, and ratios with an interval."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import binom

from dayzero.analyse.forecast.days import LEVELS, absolute_error, covered, crps, fall_in
from dayzero.analyse.forecast.rounds import Row
from dayzero.errors import InputError

RESAMPLES = 4000


@dataclass(frozen=True)
class Score:
    """One method on one day over one group.

    Parameters
    ----------
    error, crps : means in days. ``coverage``: level -> share of intervals that held the day. ``limits``: level -> 95 %
        binomial limits of that share were the level true.
    places : how many days fell in each tenth of their forecast; even where calibrated.
    """

    method: str
    day: int
    graft: str
    patients: int
    error: float
    crps: float
    coverage: dict[float, float]
    limits: dict[float, tuple[float, float]]
    places: tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        share = {f"coverage_{round(100 * level)}": round(value, 4) for level, value in self.coverage.items()}
        return {"method": self.method, "day": self.day, "graft": self.graft, "patients": self.patients,
                "mean_absolute_error": round(self.error, 4), "crps": round(self.crps, 4), **share,
                "places": list(self.places)}  # fmt: skip


def scores(rows: Iterable[Row]) -> list[Score]:
    """Scores by method, day and graft, and over all grafts (graft "all")."""
    groups: dict[tuple[str, int, str], list[Row]] = {}
    for row in rows:
        for graft in ("all", row.case.graft):
            groups.setdefault((row.method, row.day, graft), []).append(row)
    return [_score(*key, group) for key, group in groups.items()]


def _score(method: str, day: int, graft: str, rows: Sequence[Row]) -> Score:
    spans = [(row.forecast, row.case.low, row.case.high) for row in rows]
    coverage = {level: float(np.mean([covered(f, level, low, high) for f, low, high in spans])) for level in LEVELS}
    places = np.sum([fall_in(*span) for span in spans], axis=0)
    return Score(method, day, graft, len(rows), float(np.mean([absolute_error(*span) for span in spans])),
                 float(np.mean([crps(*span) for span in spans])), coverage,
                 {level: binomial_limits(level, len(rows)) for level in LEVELS},
                 tuple(round(float(count), 2) for count in places))  # fmt: skip


def binomial_limits(share: float, patients: int) -> tuple[float, float]:
    """Central 95 % limits of a share of so many patients, were `share` true.

    >>> binomial_limits(0.9, 20)
    (0.75, 1.0)
    """
    low, high = binom.ppf([0.025, 0.975], patients, share) / patients
    return float(low), float(high)


def crps_ratio(
    rows: Sequence[Row], method: str, against: str, day: int, graft: str = "all", seed: int = 1
) -> tuple[float, float, float]:
    """Mean score of a method over that of another on the same patients, with a 95 % interval.

    The interval is a paired bootstrap over persons.
    """
    own, other = ({row.case: crps(row.forecast, row.case.low, row.case.high) for row in rows
                   if row.method == name and row.day == day and graft in ("all", row.case.graft)}
                  for name in (method, against))  # fmt: skip
    shared = [case for case in own if case in other]
    if not shared:
        raise InputError("score", "patients", "none scored by both", "one at least", "choose another day or graft")
    persons = sorted({case.person for case in shared})
    total = np.zeros((2, len(persons)))
    for case in shared:
        total[:, persons.index(case.person)] += (own[case], other[case])
    drawn = np.random.default_rng(seed).integers(len(persons), size=(RESAMPLES, len(persons)))
    above, below = total[0][drawn].sum(axis=1), total[1][drawn].sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = above / below
        middle = float(total[0].sum() / total[1].sum())
    low, high = np.nanquantile(ratios, (0.025, 0.975))
    return middle, float(low), float(high)
