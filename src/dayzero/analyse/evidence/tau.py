"""The table of all published figures, and the spread between studies that follows from it, frozen before any scoring.

``data/scoreboard/table.csv`` holds each figure with its error on the scale of distances; ``tau.yaml`` the spread
of each metric, and where it comes from: the metric's own studies, its family's, or all of its scale.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from math import log
from typing import Any, NamedTuple

from dayzero.analyse.evidence.families import class_of, disease_of, family_of
from dayzero.analyse.evidence.metrics import measure_of
from dayzero.analyse.evidence.registry import FOLDER
from dayzero.analyse.evidence.rows import Finding
from dayzero.analyse.evidence.scoring import between_studies, published
from dayzero.spec.files import read_yaml

TABLE, TAU = FOLDER / "table.csv", FOLDER / "tau.yaml"
LEAST = 4  # degrees of freedom of a metric for a spread of its own
LEAST_FAMILY = 5  # degrees of freedom of a family for one of its own
MOST_ERROR = 1e6


class Known(NamedTuple):
    """One published figure, on the scale of distances."""

    id: str
    study: str
    metric: str
    group: str
    disease: str
    scale: str
    value: float
    error: float


def scale_of(finding: Finding) -> str:
    """pct, days, ratio or level, by the estimator or, where there is none, by the name.

    >>> scale_of(Finding("a", "hr_death_hctci3")), scale_of(Finding("b", "tpn_crude_pct"))
    ('ratio', 'pct')
    """
    found = measure_of(finding)
    if not isinstance(found, str):
        return found.scale
    name = finding.metric
    if name.endswith("_pct"):
        return "pct"
    if name.startswith(("hr_", "rr_", "or_")) or "_hr_" in name or "_or_" in name or "_ratio_" in name:
        return "ratio"
    return "days" if name.endswith(("_day", "_days", "_months", "_month")) else "level"


def table_of(findings: Iterable[Finding], studies: Mapping[str, str]) -> list[Known]:
    """Every figure that has a number, with its error; ``studies``: id -> study."""
    rows = [one for one in findings if one.value is not None or (one.low is not None and one.high is not None)]
    known = []
    for one in rows:
        scale = scale_of(one)
        figure = published(
            one.value,
            one.low,
            one.high,
            one.interval_type,
            one.n,
            scale,
            (one.approx_low, one.approx_high),
            2 if one.n_scope == "total" else 1,
        )
        known.append(
            Known(
                one.id,
                studies[one.id],
                one.metric,
                class_of(one),
                disease_of(one),
                scale,
                figure.value,
                max(figure.error, 1e-4),
            )
        )
    return known


def table_text(rows: Iterable[Known]) -> str:
    """The table as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(Known._fields)
    writer.writerows([*row[:6], f"{row.value:.5g}", f"{row.error:.4g}"] for row in rows)
    return out.getvalue()


@cache
def known_table() -> tuple[Known, ...]:
    """The frozen table."""
    rows = csv.DictReader(io.StringIO(TABLE.read_text(encoding="utf-8")))
    return tuple(
        Known(
            r["id"], r["study"], r["metric"], r["group"], r["disease"], r["scale"], float(r["value"]), float(r["error"])
        )
        for r in rows
    )


def spreads(rows: Iterable[Known]) -> dict[str, dict[str, Any]]:
    """tau of every metric: from its own studies, else of its family, else of its scale.

    The last two are relative: logits of percentages and logs of days and levels, brought back to the metric by the mean
    of its published figures (p (1 - p) of a percentage), so that a rare event is not given the spread of a common one.
    """
    every = [row for row in rows if row.error < MOST_ERROR]
    own = _grouped(every, lambda row: row.metric)
    apart = [_relative(row) for row in every]
    family = _grouped(apart, lambda row: f"{family_of(row.metric)}, {row.scale}")
    whole = _grouped(apart, lambda row: row.scale)
    found: dict[str, dict[str, Any]] = {}
    for metric in sorted({row.metric for row in every}):
        members = [row for row in every if row.metric == metric]
        scale = members[0].scale
        name, classes, size = "metric", own[metric], 1.0
        if _freedom(classes) < LEAST:
            name, classes, size = "family", family[f"{family_of(metric)}, {scale}"], _size(members)
        if name == "family" and _freedom(classes) < LEAST_FAMILY:
            name, classes = "scale", whole[scale]
        tau = size * between_studies(classes) if _freedom(classes) else 0.0
        studies = sum(len(values) for values in classes)
        found[metric] = {"tau": float(f"{tau:.4g}"), "scale": scale, "from": name, "studies": studies}
    return found


def _relative(row: Known) -> Known:
    """A figure on the logit (percentages) or log scale (days, levels); ratios are logs already."""
    if row.scale == "ratio":
        return row
    if row.scale == "pct":
        p = min(max(row.value / 100, 0.005), 0.995)
        return row._replace(value=log(p / (1 - p)), error=row.error / (100 * p * (1 - p)))
    value = max(abs(row.value), 1e-3)
    return row._replace(value=log(value), error=row.error / value)


def _size(members: list[Known]) -> float:
    """What a relative spread is multiplied by for a metric: the slope of its scale at its mean figure."""
    mean = sum(row.value for row in members) / len(members)
    if members[0].scale == "ratio":
        return 1.0
    if members[0].scale == "pct":
        p = min(max(mean / 100, 0.005), 0.995)
        return 100 * p * (1 - p)
    return abs(mean)


def _freedom(classes: list[list[tuple[float, float]]]) -> int:
    return sum(len(values) - 1 for values in classes)


def _grouped(rows: list[Known], by: Any) -> dict[str, list[list[tuple[float, float]]]]:
    """Studies by name and class; several figures of one study in a class count as their mean.

    Within a family every metric is a class of its own, so that levels of different metrics are not compared.
    """
    inner: dict[str, dict[tuple[str, str], dict[str, list[tuple[float, float]]]]] = {}
    for row in rows:
        inner.setdefault(by(row), {}).setdefault((row.metric, f"{row.group}, {row.disease}"), {}).setdefault(
            row.study, []
        ).append((row.value, row.error))
    return {
        name: [[_mean(values) for values in studies.values()] for studies in classes.values()]
        for name, classes in inner.items()
    }


def _mean(values: list[tuple[float, float]]) -> tuple[float, float]:
    count = len(values)
    return sum(v for v, _ in values) / count, (sum(e * e for _, e in values) / count) ** 0.5


@cache
def _frozen() -> Mapping[str, Any]:
    return read_yaml(TAU)


def tau_of(metric: str, scale: str) -> float:
    """The frozen spread of a metric; of its family's largest where the metric is new, 0 where that is unknown too."""
    table = _frozen()["metrics"]
    if metric in table:
        return float(table[metric]["tau"])
    near = [
        float(row["tau"])
        for name, row in table.items()
        if family_of(name) == family_of(metric) and row["scale"] == scale
    ]
    return sorted(near)[len(near) // 2] if near else 0.0


def tau_digest() -> str:
    """SHA-256 of the frozen spreads."""
    return sha256(TAU.read_bytes()).hexdigest()
