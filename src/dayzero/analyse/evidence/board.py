"""The scoreboard: every finding beside its simulated figure, with verdicts, signs, weights and the naive rule.

A study counts once in a family of metrics, however many rows it has there. Rows computed from patients whose charts are
at hand, and inputs, stand in the table but not in the scores that count. The naive rule says of a row the mean of the
other published rows of its metric and class of donor and graft; the gain is its |z| less that of the simulation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, nan
from typing import Any

import numpy as np

from dayzero.analyse.evidence.families import class_of, family_of
from dayzero.analyse.evidence.finished import model_digest
from dayzero.analyse.evidence.registry import registry_digest
from dayzero.analyse.evidence.roles import INPUT, ROLES
from dayzero.analyse.evidence.run import Figure, Request, printed
from dayzero.analyse.evidence.scoring import leave_one_out, scaled, shown_scale, verdict
from dayzero.analyse.evidence.studies import Entry, Study
from dayzero.analyse.evidence.tau import known_table, tau_digest, tau_of

EQUIVALENT = {
    "pct": 10.0,
    "days": 2.0,
    "ratio": 0.2231,
    "level": nan,
}  # margins of a null contrast; log 1.25 for ratios
DRAWS = 2000


@dataclass(frozen=True)
class Row:
    """One finding of the scoreboard; distances and errors on the scale of distances (logs of ratios)."""

    id: str
    study: str
    topic: str
    family: str
    metric: str
    group: str
    stratum: str
    role: str
    core: bool
    individual: bool
    covered: bool
    why_not: str
    published: float
    low: float
    high: float
    interval: str
    error: float
    tau: float
    simulated: float
    mc_error: float
    patients: int
    strict: bool
    passed: bool
    z: float
    naive: float
    naive_z: float
    verified: str
    citation: str
    remarks: tuple[str, ...] = ()
    arms: tuple[str, ...] = ()
    scale: str = "pct"

    @property
    def counts(self) -> bool:
        """Whether it stands in the scores that count: core, no input, not computed from patients at hand."""
        return self.core and self.role != INPUT and not self.individual


@dataclass(frozen=True)
class Sign:
    """One contrast: whether the simulated effect has the published direction, or is as absent."""

    study: str
    about: str
    kind: str
    published: float
    simulated: float
    agrees: bool


@dataclass(frozen=True)
class Score:
    """How many rows of a part of the board agree."""

    name: str
    rows: int
    covered: int
    strict: int
    passed: int
    weighted: float
    median_z: float


@dataclass(frozen=True)
class Board:
    """The scoreboard of some studies."""

    rows: tuple[Row, ...]
    signs: tuple[Sign, ...]
    record: Mapping[str, Any] = field(repr=False)

    def scores(self, by: Callable[[Row], str], of: Iterable[Row] | None = None) -> list[Score]:
        """Scores of the parts of the board, in order of first appearance."""
        parts: dict[str, list[Row]] = {}
        for row in self.rows if of is None else of:
            parts.setdefault(by(row), []).append(row)
        return [score_of(name, rows) for name, rows in parts.items()]

    def by_role(self) -> list[Score]:
        """Scores of core rows by role; rows of patients at hand apart."""
        core = [row for row in self.rows if row.core]
        named = self.scores(lambda row: "individual data" if row.individual else row.role, core)
        order = [*ROLES, "individual data"]
        return sorted(named, key=lambda score: order.index(score.name))

    def by_tolerance(self) -> list[Score]:
        """Scores of the rows that count, by what their tolerance comes from."""
        counted = [row for row in self.rows if row.counts and row.covered]
        return sorted(self.scores(lambda row: row.interval, counted), key=lambda score: score.name)

    def failing_first(self) -> list[Row]:
        """Rows in order: those that fail by |z|, those that pass, those not covered."""
        return sorted(
            self.rows, key=lambda row: (not row.covered, row.passed, -abs(row.z) if isfinite(row.z) else 0.0, row.id)
        )

    def gain(self) -> tuple[float, float, float, int]:
        """Mean gain in |z| over the naive rule with its 95 % bootstrap interval over studies, and how many rows."""
        return naive_gain([row for row in self.rows if row.counts and row.covered])


def score_of(name: str, rows: Sequence[Row]) -> Score:
    """The score of some rows; the weighted share of passes counts a study once a family, covered rows only."""
    covered = [row for row in rows if row.covered]
    cells: dict[tuple[str, str], list[bool]] = {}
    for row in covered:
        cells.setdefault((row.study, row.family), []).append(row.passed)
    weighted = float(np.mean([np.mean(cell) for cell in cells.values()])) if cells else nan
    z = [abs(row.z) for row in covered if isfinite(row.z)]
    median = float(np.median(z)) if z else nan
    return Score(
        name, len(rows), len(covered), sum(r.strict for r in covered), sum(r.passed for r in covered), weighted, median
    )


def naive_gain(rows: Sequence[Row]) -> tuple[float, float, float, int]:
    """Mean of |z naive| - |z simulated| over rows that have both, with its interval by a bootstrap over studies."""
    studies: dict[str, list[float]] = {}
    for row in rows:
        if isfinite(row.naive_z) and isfinite(row.z):
            studies.setdefault(row.study, []).append(min(abs(row.naive_z), 10.0) - min(abs(row.z), 10.0))
    if not studies:
        return nan, nan, nan, 0
    parts = list(studies.values())
    rng = np.random.default_rng(20)
    sums, sizes = np.array([sum(p) for p in parts]), np.array([len(p) for p in parts])
    drawn = rng.integers(0, len(parts), (DRAWS, len(parts)))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(sums.sum() / sizes.sum()), float(low), float(high), int(sizes.sum())


def board_of(studies: Sequence[Study], figures: Mapping[str, Sequence[Figure]], request: Request) -> Board:
    """The scoreboard of studies and their simulated figures."""
    rows: list[Row] = []
    for study in studies:
        found = {figure.id: figure for figure in figures[study.name]}
        rows += [_row(study, entry, found.get(entry.finding.id)) for entry in study.entries]
    signs = [sign for study in studies for sign in signs_of([row for row in rows if row.study == study.name])]
    record = {
        "patients": request.patients,
        "cap": request.most,
        "seed": request.seed,
        "model": model_digest(),
        "registry": registry_digest(),
        "tau": tau_digest(),
        "studies": len(studies),
    }
    record |= {"parameter_set": request.parameter_set} if request.parameter_set else {}
    return Board(tuple(rows), tuple(signs), record)


def _row(study: Study, entry: Entry, figure: Figure | None) -> Row:
    row = entry.finding
    about: dict[str, Any] = {
        "id": row.id,
        "study": study.name,
        "topic": row.topic,
        "family": family_of(row.metric),
        "metric": row.metric,
        "group": row.group,
        "role": entry.role,
        "core": row.core,
        "individual": bool(row.individual_data),
        "verified": row.verified,
        "citation": study.citation,
        "arms": entry.arms,
        "stratum": " / ".join(study.arms[name].title for name in entry.arms) or row.population,
    }
    if figure is None or not isfinite(figure.value):
        why = entry.refused or "too few virtual patients in the subgroup"
        blank = dict.fromkeys(("low", "high", "error", "tau", "simulated", "mc_error", "z", "naive", "naive_z"), nan)
        rest = {"covered": False, "why_not": why, "interval": "", "patients": 0, "strict": False, "passed": False}
        about |= {"published": nan if row.value is None else row.value}
        merged: dict[str, Any] = about | blank | rest
        return Row(**merged)
    measure = entry.measure
    scale, told = measure.scale, printed(entry, measure)
    tau = tau_of(row.metric, scale)
    found = verdict(figure.value, told, tau, scale)
    naive = _naive(entry, scale)
    spread = (told.error**2 + tau * tau) ** 0.5
    back: dict[str, Any] = {
        name: shown_scale(value, scale) for name, value in (("low", told.low), ("high", told.high), ("naive", naive))
    }
    remarks = (
        *measure.remarks,
        *(r for name in entry.arms for r in study.arms[name].remarks if not r.startswith("care of")),
    )
    return Row(
        **about,
        **back,
        covered=True,
        why_not="",
        published=shown_scale(told.value, scale),
        interval=told.kind,
        error=told.error,
        tau=tau,
        simulated=figure.value,
        mc_error=figure.error,
        patients=figure.patients,
        strict=found.strict,
        passed=found.passed,
        z=found.z,
        naive_z=(naive - told.value) / spread,
        remarks=tuple(dict.fromkeys(remarks)),
        scale=scale,
    )


def _naive(entry: Entry, scale: str) -> float:
    """Mean of the other published rows of the same metric and class, on the scale of distances."""
    metric, group = entry.finding.metric, class_of(entry.finding)
    return leave_one_out(
        {k.id: k.value for k in known_table() if k.metric == metric and k.group == group}, entry.finding.id
    )


def signs_of(rows: Sequence[Row]) -> list[Sign]:
    """Contrasts of one study: effects as printed, and pairs of arms of a comparison group."""
    found = [_effect(row) for row in rows if row.scale == "ratio" and row.covered and row.core]
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row.group and row.covered and row.core and row.scale != "ratio" and isfinite(row.published):
            groups.setdefault((row.group, row.metric), []).append(row)
    for members in groups.values():
        found += [_pair(members[0], other) for other in members[1:] if other.arms != members[0].arms]
    return [sign for sign in found if sign is not None]


def _effect(row: Row) -> Sign | None:
    if not row.interval.startswith("ci") and row.interval != "band":
        return None
    at, low, high, value = (scaled(x, "ratio") for x in (row.simulated, row.low, row.high, row.published))
    if low > 0 or high < 0:
        return Sign(row.study, row.metric, "effect", row.published, row.simulated, at * value > 0)
    return Sign(row.study, row.metric, "null", row.published, row.simulated, abs(at) <= EQUIVALENT["ratio"])


def _pair(first: Row, second: Row) -> Sign | None:
    """A contrast of two arms: it counts where the published difference excludes none, else as a null contrast."""
    told, seen = first.published - second.published, first.simulated - second.simulated
    error = (first.error**2 + second.error**2) ** 0.5
    about = f"{first.metric}: {first.id} less {second.id}"
    if abs(told) > 1.96 * error:
        return Sign(first.study, about, "effect", told, seen, told * seen > 0)
    margin = EQUIVALENT[first.scale]
    return Sign(first.study, about, "null", told, seen, abs(seen) <= margin) if isfinite(margin) else None
