"""The status of every patient of a chart by every criterion that charts allow, section by section like a ward note.

Each entry is one judgement: a status, a day, what else it tells, and where it cannot be judged what is missing. An
event that is not on the chart did not happen, but only where the chart holds events of that kind at all, of anybody,
or the caller says that they were recorded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from dayzero.criteria.chart_gvhd import daily_grades
from dayzero.criteria.chart_outcome import followed_to
from dayzero.criteria.result import Definition, Judgement
from dayzero.criteria.signs import last_reading
from dayzero.criteria.status_entries import (
    NOT_EVALUABLE,
    Entry,
    graft_entries,
    gvhd_entries,
    indices_entries,
    infection_entries,
    organs_entries,
    outcome_entries,
)
from dayzero.errors import InputError
from dayzero.records.chart import Chart, Floats
from dayzero.units import nearest

RECORDS = ("relapse", "chronic_gvhd")
LIMITED = ("ldh", "alt", "ast")
_ADULT_KG = 70.0


class Count(NamedTuple):
    """Of one criterion over a cohort: how many could be judged, how many are positive, possible, not judged."""

    section: str
    name: str
    judged: int
    positive: int
    possible: int
    not_evaluable: int
    median_day: float


@dataclass(frozen=True, eq=False, repr=False)
class Status:
    """Every criterion for every patient, in the order of a note."""

    patients: tuple[str, ...]
    graft: tuple[str | None, ...]
    followed_to: Floats
    entries: tuple[Entry, ...]
    settings: Mapping[str, object] = field(default_factory=dict[str, object])

    def __len__(self) -> int:
        return len(self.patients)

    def __repr__(self) -> str:
        return f"Status({len(self)} patients, {len(self.entries)} criteria)"

    def __getitem__(self, name: str) -> Judgement:
        """The judgement of one criterion."""
        found = {entry.name: entry.judgement for entry in self.entries}
        if name not in found:
            raise InputError("status", "criterion", repr(name), "a criterion that was judged", nearest(name, found))
        return found[name]

    def counts(self) -> list[Count]:
        """How many were judged, positive, possible or not judged, by criterion, with the median day of the positive."""
        return [_count(entry) for entry in self.entries]

    def definitions(self) -> list[Definition]:
        """Each definition applied, once, in order."""
        return list(dict.fromkeys(entry.judgement.definition for entry in self.entries))

    def rows(self) -> Iterator[dict[str, Any]]:
        """One dict a patient: criterion -> what was judged."""
        tables = [(entry.name, entry.judgement.rows()) for entry in self.entries]
        for at, patient in enumerate(self.patients):
            followed = None if np.isinf(self.followed_to[at]) else int(self.followed_to[at])
            own = {name: {k: v for k, v in rows[at].items() if k != "patient"} for name, rows in tables}
            yield {"patient": patient, "graft": self.graft[at], "followed_to": followed, "criteria": own}


def status_of(
    chart: Chart,
    *,
    cmv_threshold: float | None = None,
    upper_limits: Mapping[str, float] | None = None,
    full_rule: str | None = None,
    recorded: Collection[str] = (),
) -> Status:
    """Judge everything the chart allows, for every patient.

    Parameters
    ----------
    cmv_threshold : viral load from which the ward treats, IU/mL; without it that trigger is not judged.
    upper_limits : the laboratory's upper limits of normal of ``ldh``, ``alt``, ``ast``, U/L.
    full_rule : see `chimerism_category`.
    recorded : ``relapse`` or ``chronic_gvhd`` where no entry means none although nobody on the chart has one.

    >>> chart = Chart.from_columns({"neutrophils": ([0, 0, 0, 0], [9, 10, 11, 12], [0.1, 0.6, 0.9, 1.2])}, ["A"])
    >>> status_of(chart)["neutrophils 0.5"].rows()[0]["day"]
    10
    """
    limits = dict(upper_limits or {})
    for name, value in limits.items():
        if name not in LIMITED or not value > 0:
            got = f"{name}={value:g}"
            raise InputError("status", "upper_limits", got, f"{', '.join(LIMITED)}, over 0 U/L", nearest(name, LIMITED))
    for kind in recorded:
        if kind not in RECORDS:
            raise InputError("status", "recorded", repr(kind), " or ".join(RECORDS), nearest(kind, RECORDS))
    weight = _weights(chart)
    graded = daily_grades(chart, weight_kg=weight)
    entries = [
        *graft_entries(chart, full_rule),
        *gvhd_entries(chart, graded, weight, recorded),
        *organs_entries(chart, limits),
        *infection_entries(chart, cmv_threshold),
        *indices_entries(chart),
        *outcome_entries(chart, graded, weight, recorded),
    ]
    settings = {"cmv_threshold_iu_ml": cmv_threshold, "upper_limits": limits, "full_rule": full_rule,
                "recorded": tuple(recorded)}  # fmt: skip
    return Status(chart.patients, chart.graft, followed_to(chart), tuple(entries), settings)


def _weights(chart: Chart) -> Floats | None:
    """Last weight up to day 0, for the scale of children's stool; where there is none, the adult scale."""
    column = chart.column("weight")
    if not len(column.day):
        return None
    weight, _ = last_reading(column, np.zeros(len(chart)))
    return np.where(np.isnan(weight), _ADULT_KG, weight)


def _count(entry: Entry) -> Count:
    status, day = entry.judgement.status, entry.judgement.day
    is_open, possible = status == NOT_EVALUABLE, status == "possible"
    positive = np.isin(status, list(entry.positive))
    days = day[positive & ~np.isnan(day)]
    median = float(np.median(days)) if len(days) else np.nan
    judged = len(status) - int(is_open.sum()) - int(possible.sum())
    return Count(
        entry.section, entry.name, judged, int(positive.sum()), int(possible.sum()), int(is_open.sum()), median
    )
