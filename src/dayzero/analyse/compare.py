"""Two or more plans for the same virtual patients: what would have changed, for everybody and on average.

Patient 17 is the same person with the same luck under every plan, so a difference between plans is a mean of the
patients' own differences, and most of the chance that two unlike groups would bring falls away::

    D = mean(x_b - x_a),     SE = sd(x_b - x_a) / sqrt(n),     gain = (var x_a + var x_b) / var(x_b - x_a)

A gain of 20 says: two unlike groups would have to be 20 times as large to know the difference as well. Shares are of
patients who had the endpoint by the day; nobody is lost. Intervals tell the chance of so many virtual patients; what is
not known of the model is told apart, by running the comparison with each parameter set of an ensemble.

The variance reduction is that of common random numbers: Glasserman and Yao 1992, Manage Sci 38:884.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dayzero.analyse.groups import EVENT, Z95
from dayzero.analyse.outcomes import days_told, known
from dayzero.analyse.pool import Group, follow, run_of, worlds_of
from dayzero.analyse.shared_fate import Fates, fates
from dayzero.analyse.when import COMPARABLE, comparable, first_of, has_day, part_days
from dayzero.errors import InputError, SpecError
from dayzero.records.chart import Floats
from dayzero.simulation.assemble import standard_body
from dayzero.simulation.request import asked, who
from dayzero.spec import Plan

if TYPE_CHECKING:
    import polars as pl

MEANS = {
    "days_alive": ("days alive", "days"),
    "days_at_home": ("days alive and out of hospital", "days"),
    "quality_adjusted_years": ("quality-adjusted life", "years"),
    "days_below_0.5": ("days with neutrophils below 0.5", "days"),
    "platelet_units": ("platelet units", "units"),
    "red_cell_units": ("red-cell units", "units"),
}
SPAN = (2.5, 97.5)  # percentiles over an ensemble


class Contrast(NamedTuple):
    """One difference, second plan less first, with its Monte-Carlo interval.

    ``unit`` is "% points" for shares by ``day``. ``gain`` is the variance of unpaired groups over that of pairs: inf
    where all pairs differ alike, nan where nothing differs under either. ``model`` holds the interval over the
    ensemble of parameters, None without one.
    """

    name: str
    label: str
    unit: str
    day: int
    first: float
    second: float
    difference: float
    error: float
    low: float
    high: float
    gain: float
    patients: int
    model: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class Pair:
    """The second of two plans beside the first: differences, and the patients' own tables."""

    first: str
    second: str
    contrasts: tuple[Contrast, ...]
    fates: tuple[Fates, ...]
    patients: int
    left_out: int

    def __getitem__(self, name: str) -> Contrast:
        """The contrast of that endpoint or mean, at its last day."""
        own = [row for row in self.contrasts if row.name == name]
        if not own:
            names = ", ".join(dict.fromkeys(row.name for row in self.contrasts))
            raise InputError("comparison", "name", repr(name), f"one of {names}", "name one of them")
        return own[-1]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Plans compared on the same patients, each with the first.

    Parameters
    ----------
    pairs : one a further plan. days : the days of the shares. seed, patients : who they were.
    rows : the rows of endpoints under each plan (`dayzero.analyse.rows`), patients in order.
    parameters : values that replaced the model's own.
    ensemble : how many parameter sets the interval over the model is from. rows_to : last day followed.
    """

    plans: tuple[Plan, ...]
    pairs: tuple[Pair, ...]
    days: tuple[int, ...]
    seed: int
    patients: int
    ensemble: int
    rows_to: int
    rows: tuple[pl.DataFrame, ...] = field(repr=False)
    parameters: Mapping[str, float] = field(default_factory=dict[str, float])

    def __getitem__(self, name: str) -> Contrast:
        """The contrast of the first pair."""
        return self.pairs[0][name]

    @property
    def record(self) -> dict[str, Any]:
        """The run in a few entries, for the foot of figures; plans in full."""
        plans = [{"name": p.name, "sha256": p.sha256(), "spec": p.plain()} for p in self.plans]
        more = {"days": self.rows_to, "parameters": dict(self.parameters)}
        return run_of(plans, self.seed, self.patients) | more

    def table(self) -> pl.DataFrame:
        """One row a patient: day of every endpoint's parts under each plan, side by side; missing for never."""
        import polars as pl

        told = [name for name in self.rows[0].columns if name.endswith("_day") or name == "death_cause"]
        parts = [self.rows[0].select("patient", "age_years", "male", "hct_ci")]
        for number, rows in enumerate(self.rows, 1):
            parts.append(rows.select(pl.col(told).name.suffix(f"_plan_{number}")))
        return pl.concat(parts, how="horizontal")

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON; numbers not known are null."""
        pairs = [{"first": pair.first, "second": pair.second, "patients": pair.patients, "left_out": pair.left_out,
                  "contrasts": [_plain(row) for row in pair.contrasts],
                  "fates": [row.as_dict() for row in pair.fates]} for pair in self.pairs]  # fmt: skip
        plans = [{"name": plan.name, "sha256": plan.sha256()} for plan in self.plans]
        return {"plans": plans, "patients": self.patients, "seed": self.seed, "days": list(self.days),
                "ensemble": self.ensemble, "pairs": pairs}  # fmt: skip

    def __str__(self) -> str:
        lines = [f"{pair.second} less {pair.first}" for pair in self.pairs]
        for pair in self.pairs:
            lines += [f"  {row.label}, day {row.day}: {row.difference:+.2f} ({row.low:+.2f} to {row.high:+.2f}) "
                      f"{row.unit}" for row in pair.contrasts]  # fmt: skip
        return "\n".join(lines)


def compare(
    plan: Plan | str | Path,
    *others: Plan | str | Path,
    patients: int = 1000,
    days: int = 365,
    seed: int = 1,
    horizon: int | Sequence[int] | None = None,
    parameters: Mapping[str, float] | Sequence[Mapping[str, float]] = (),
    ensemble: Sequence[Mapping[str, float]] = (),
    folder: str | Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> Comparison:
    """The same virtual patients under two or more plans.

    Parameters
    ----------
    plan, others : plans, names in the library, or files; each of the others is compared with the first.
    patients, days, seed : as of `simulate`.
    horizon : days at which shares are compared; left out, day 100 and the last usual ones.
    parameters : values by ``organ.name`` that replace the model's own; or a list of such sets, which is an ensemble.
    ensemble : parameter sets; the comparison is run with each, and the interval over them is kept apart from the
        Monte-Carlo interval of the model's own parameters.
    folder : where finished pieces are kept, so that the same call goes on where one stopped.
    progress : called with the share done, 0 to 1.

    Raises
    ------
    SpecError : a plan or option cannot be used.

    Examples
    --------
    >>> pair = compare("aml-sibling-pbsc", "aml-sibling-pbsc", patients=16, days=30)
    >>> pair["overall_survival"].difference
    0.0
    """
    plans = tuple(Plan.load(one) for one in (plan, *others))
    if len(plans) < 2:
        raise SpecError("compare", "plans", "one plan", "two or more", "name another, or edit the first with but")
    sets = worlds_of(parameters, ensemble)
    for each in sets:
        _check(plans, patients, days, seed, each)
    told = days_told(days, horizon)
    ids = np.arange(patients)
    groups = [Group(one, ids, days, seed, each) for each in sets for one in plans]
    rows = follow(groups, None if folder is None else Path(folder), progress)
    worlds = [_pairs(plans, rows[at : at + len(plans)], told, days) for at in range(0, len(rows), len(plans))]
    pairs = tuple(_with_model(pair, [world[i] for world in worlds[1:]]) for i, pair in enumerate(worlds[0]))
    return Comparison(plans, pairs, told, seed, patients, len(sets) - 1, days, tuple(rows[: len(plans)]), sets[0])


def _check(plans: tuple[Plan, ...], patients: int, days: int, seed: int, parameters: Mapping[str, float]) -> None:
    """Refuse what the engine would refuse, before any work."""
    for one in plans:
        listed, _ = who(one, patients)
        asked(standard_body(), listed[:1], days=days, seed=seed, precision="float32", recording=("alive",),
              parameters=parameters, typical=False, steps=8, block=None, cores=1)  # fmt: skip


def _pairs(plans: tuple[Plan, ...], rows: Sequence[pl.DataFrame], told: tuple[int, ...], last: int) -> list[Pair]:
    return [_pair(plans[0], rows[0], plans[i], rows[i], told, last) for i in range(1, len(plans))]


def _pair(first: Plan, a: pl.DataFrame, second: Plan, b: pl.DataFrame, told: tuple[int, ...], last: int) -> Pair:
    left, right = part_days(a), part_days(b)
    here = (left["death"] >= 0) & (right["death"] >= 0)
    contrasts: list[Contrast] = []
    own: list[Fates] = []
    for name in comparable((first, second)):
        counted = here & has_day(a, name) & has_day(b, name)
        one, two = first_of(left, name, last), first_of(right, name, last)
        if not counted.any():
            continue
        had = [np.where(each.kind == EVENT, each.day, np.inf)[counted] for each in (one, two)]
        sign, free = (-1.0, 100.0) if COMPARABLE[name].survival else (1.0, 0.0)
        for day in told:
            x, y = (free + sign * 100.0 * (each <= day) for each in had)
            contrasts.append(_contrast(name, COMPARABLE[name].label, "% points", day, x, y))
        own.append(fates(name, one, two, counted, last))
    for name, (label, unit) in MEANS.items():
        x, y = (_mean_of(rows, name, days, last)[here] for rows, days in ((a, left), (b, right)))
        contrasts.append(_contrast(name, label, unit, last, x, y))
    names = (first.name, second.name if second.name != first.name else f"{second.name} (second)")
    return Pair(*names, tuple(contrasts), tuple(own), int(here.sum()), int((~here).sum()))


def _mean_of(rows: pl.DataFrame, name: str, days: Mapping[str, Floats], last: int) -> Floats:
    if name == "days_alive":
        return np.minimum(days["death"], last)
    return rows[name].cast(float).to_numpy()


def _contrast(name: str, label: str, unit: str, day: int, x: NDArray[Any], y: NDArray[Any]) -> Contrast:
    both = np.isfinite(x) & np.isfinite(y)
    x, y = x[both], y[both]
    n = len(x)
    if n < 2:
        none = float("nan")
        return Contrast(name, label, unit, day, none, none, none, none, none, none, none, n)
    gap = y - x
    spread, apart = float(gap.var(ddof=1)), float(x.var(ddof=1) + y.var(ddof=1))
    difference, error = float(gap.mean()), float(np.sqrt(spread / n))
    gain = apart / spread if spread > 0 else np.inf if apart > 0 else np.nan
    low, high = difference - Z95 * error, difference + Z95 * error
    return Contrast(name, label, unit, day, float(x.mean()), float(y.mean()), difference, error, low, high, gain, n)


def _with_model(pair: Pair, members: Sequence[Pair]) -> Pair:
    """The same pair, each contrast with the range of the middle 95 % over an ensemble."""
    if not members:
        return pair
    spans = []
    for at, row in enumerate(pair.contrasts):
        found = [member.contrasts[at].difference for member in members]
        low, high = np.percentile(found, SPAN)
        spans.append(row._replace(model=(float(low), float(high))))
    return Pair(pair.first, pair.second, tuple(spans), pair.fates, pair.patients, pair.left_out)


def _plain(row: Contrast) -> dict[str, Any]:
    told = {k: known(v) for k, v in row._asdict().items() if k != "model"}
    told["gain"] = None if told["gain"] is None or np.isinf(row.gain) else told["gain"]
    return told | {"model": None if row.model is None else list(row.model)}
