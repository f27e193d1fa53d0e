"""How far a simulated figure lies from a published one: intervals, errors, between-study spread, verdicts.

::

    strict   low <= simulated <= high               published 95 % interval, Wilson's for a proportion without one
    pass     |simulated - published| <= 1.96 sqrt(SE^2 + tau^2)          ratios on the log scale
    z        (simulated - published) / sqrt(SE^2 + tau^2)

tau is the spread between studies of a metric, by random effects within classes of donor and graft (DerSimonian and
Laird, Control Clin Trials 1986;7:177), frozen in `data/scoreboard/tau.yaml`. Wilson, J Am Stat Assoc 1927;22:209.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, isfinite, log, nan, sqrt
from statistics import NormalDist
from typing import NamedTuple

Z = NormalDist().inv_cdf(0.975)
UNKNOWN_N = 100.0  # patients taken where none is printed
DAYS_LARGE, DAYS_SMALL, LARGE = 1.0, 1.5, 100  # error of a median in days without interval; from how many patients
RANGE_SPREADS = 6.0  # a range over some hundred patients spans about six standard deviations, a quartile range 1.35
QUARTILE_SPREADS = 1.35
MEDIAN_FACTOR = 1.2533  # standard error of a median over that of a mean, normal values
LEVEL_CV = 0.6  # assumed spread among patients of a level printed without one
RATIO_SE = 0.25  # error on the log scale of a ratio printed without interval; assumed
CI90 = NormalDist().inv_cdf(0.95)


class Published(NamedTuple):
    """A figure as scored: value, error and strict interval, on the scale of distances (ratios as logs)."""

    value: float
    error: float
    low: float
    high: float
    kind: str


def wilson(percent: float, n: float) -> tuple[float, float]:
    """95 % interval of a proportion, in percent.

    >>> tuple(round(x, 1) for x in wilson(16, 104))
    (10.2, 24.2)
    """
    p = min(max(percent / 100, 0.0), 1.0)
    centre = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    return 100 * max(centre - half, 0.0), 100 * min(centre + half, 1.0)


def scaled(value: float, scale: str) -> float:
    """A figure on the scale of distances: the log of a ratio, all else as it is."""
    return log(max(value, 1e-6)) if scale == "ratio" else value


def published(
    value: float | None,
    low: float | None,
    high: float | None,
    interval: str,
    n: float | None,
    scale: str,
    approx: tuple[float | None, float | None] = (None, None),
    arms: int = 1,
) -> Published:
    """A printed figure with its error.

    ``arms``: over how many arms ``n`` is shared, where it is that of a whole study.
    """
    count = max((n or UNKNOWN_N) / arms, 1.0)
    if value is None:
        if low is None or high is None:
            return Published(nan, nan, nan, nan, "nothing printed")
        ends = scaled(low, scale), scaled(high, scale)
        return Published(sum(ends) / 2, (ends[1] - ends[0]) / (2 * Z), *ends, "band")
    at = scaled(value, scale)
    bounds = (low, high)
    if interval in ("ci95", "ci90") and low is not None and high is not None:
        ends = scaled(low, scale), scaled(high, scale)
        error = max((ends[1] - ends[0]) / 2 / (Z if interval == "ci95" else CI90), 1e-6)
        return Published(
            at,
            error,
            min(at - Z * error, ends[0]) if interval == "ci90" else ends[0],
            max(at + Z * error, ends[1]) if interval == "ci90" else ends[1],
            interval,
        )
    if scale == "pct":
        given = approx[0] is not None and approx[1] is not None
        ends = (float(approx[0] or 0), float(approx[1] or 0)) if given else wilson(value, count)
        return Published(at, max((ends[1] - ends[0]) / (2 * Z), 0.05), *ends, "Wilson")
    error, kind = _assumed(value, bounds, interval, count, scale)
    return Published(at, error, at - Z * error, at + Z * error, kind)


def _assumed(
    value: float, bounds: tuple[float | None, float | None], interval: str, n: float, scale: str
) -> tuple[float, str]:
    """Error of a figure without a confidence interval."""
    if scale == "ratio":
        return RATIO_SE, "ratio without interval"
    low, high = bounds
    known = low is not None and high is not None
    if known and interval == "sd":
        return (high - low) / 2 / sqrt(n) if n > 1 else (high - low) / 2, "from the standard deviation"  # type: ignore[operator]
    if known and interval in ("range", "iqr", "ref95"):
        spreads = {"range": RANGE_SPREADS, "iqr": QUARTILE_SPREADS, "ref95": 2 * Z}[interval]
        error = MEDIAN_FACTOR * (high - low) / spreads / sqrt(n)  # type: ignore[operator]
        return (max(error, 0.25) if scale == "days" else error), f"from the {interval} over patients"
    if scale == "days":
        return (DAYS_LARGE if n >= LARGE else DAYS_SMALL), "days without interval"
    return MEDIAN_FACTOR * LEVEL_CV * abs(value) / sqrt(n), "level without interval"


def between_studies(classes: Sequence[Sequence[tuple[float, float]]]) -> float:
    """Between-study spread within classes by DerSimonian and Laird, each class about a mean of its own.

    ``classes``: for each class the (value, error) of its studies.

    >>> round(between_studies([[(10.0, 1.0), (14.0, 1.0)]]), 3)
    2.646
    """
    excess = weight = freedom = 0.0
    for studies in classes:
        if len(studies) < 2:
            continue
        w = [1 / (error * error) for _, error in studies]
        mean = sum(wi * value for wi, (value, _) in zip(w, studies, strict=True)) / sum(w)
        excess += sum(wi * (value - mean) ** 2 for wi, (value, _) in zip(w, studies, strict=True))
        weight += sum(w) - sum(wi * wi for wi in w) / sum(w)
        freedom += len(studies) - 1
    return sqrt(max((excess - freedom) / weight, 0.0)) if weight > 0 else 0.0


class Verdict(NamedTuple):
    """What became of one row."""

    strict: bool
    passed: bool
    z: float


def verdict(simulated: float, figure: Published, tau: float, scale: str) -> Verdict:
    """Whether a simulated figure agrees with a published one.

    >>> verdict(21.0, Published(16.0, 3.0, 10.2, 24.2, "Wilson"), 0.0, "pct")
    Verdict(strict=True, passed=True, z=1.6666666666666667)
    """
    if not isfinite(simulated) or not isfinite(figure.value):
        return Verdict(False, False, nan)
    at = scaled(simulated, scale)
    spread = sqrt(figure.error**2 + tau * tau)
    z = (at - figure.value) / spread
    strict = figure.low - 1e-9 <= at <= figure.high + 1e-9
    inside = strict if figure.kind == "band" else abs(z) <= Z
    return Verdict(strict, inside, z)


def leave_one_out(values: Mapping[str, float], own: str) -> float:
    """Mean of the other rows, nan where there is none.

    >>> leave_one_out({"a": 10.0, "b": 14.0, "c": 16.0}, "a")
    15.0
    """
    others = [value for key, value in values.items() if key != own]
    return sum(others) / len(others) if others else nan


def shown_scale(value: float, scale: str) -> float:
    """Back from the scale of distances to the printed one."""
    return exp(value) if scale == "ratio" and isfinite(value) else value
