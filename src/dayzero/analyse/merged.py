"""The tables of a cohort from its tally alone: what `summary` and `outcomes` say, for any number of patients.

Counts, shares, survivals, incidences and days are the same numbers as from one big course. Medians and ranges of what
is no whole number are those of the scale it was counted on (`tally.VALUES`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from dayzero.analyse.outcomes import Mean, Outcomes, days_told, deaths_of, horizons, line_of
from dayzero.analyse.summary import (
    EARLY,
    FIRST_OUTCOMES,
    RANGE,
    Row,
    Summary,
    engrafted_rows,
    outcome_rows,
    recovery_note,
    share_row,
)
from dayzero.analyse.survival import ENGRAFTMENT
from dayzero.analyse.tally import FANS, FINENESS, RECOVERIES, STATUSES, VALUES, Tally
from dayzero.errors import InputError
from dayzero.records.chart import Floats, Integers
from dayzero.simulation.occurrences import UNKNOWN
from dayzero.units import nearest

_LIFE = {
    "days_alive": ("days alive", "days", 1),
    "days_at_home": ("days alive and out of hospital", "days", 1),
    "quality_adjusted_years": ("quality-adjusted life", "years", FINENESS),
}


class Fan(NamedTuple):
    """The spread of a quantity over living patients: days (days,), its percentiles (percents, days), and how many."""

    days: Integers
    percentiles: Floats
    patients: Integers


def merged_summary(counted: Tally, record: Mapping[str, Any]) -> Summary:
    """The clinician's table of a cohort, `dayzero.summary`, from its tally and run record."""
    patients, _, failed, known = counted["patients"].tolist()
    rows = [_recovery(counted, name) for name in RECOVERIES]
    cord = record["plans"][0]["spec"]["graft"]["source"] == "cord"
    rows += engrafted_rows(counted.day_counts(ENGRAFTMENT), cord, counted.last)
    rows += [_middle(counted, f"days_below_{at}", f"days with neutrophils below {at}", "days") for at in ("0.5", "0.1")]
    rows += [_middle(counted, f"lowest_{name}", f"lowest {name}, day 0-28", *told) for name, told in EARLY.items()]
    rows += [_middle(counted, "platelet_units", "platelet units", "units"),
             _middle(counted, "red_cell_units", "red-cell units", "units"),
             share_row("any platelet transfusion", int(counted["transfused"][0]), patients)]  # fmt: skip
    chimerism = [_middle(counted, f"myeloid_chimerism_{day}", f"myeloid donor chimerism, day {day}", "%")
                 for day in (28, 100)]  # fmt: skip
    rows += [row for row in chimerism if row.patients]
    rows.append(share_row("primary graft failure", failed, known, "ASTCT; without rejection"))
    if counted.last < FIRST_OUTCOMES:
        return Summary(tuple(rows), record)
    became = merged_outcomes(counted, record)
    return Summary((*rows, *outcome_rows(became)), record, became)


def merged_outcomes(counted: Tally, record: Mapping[str, Any], horizon: int | Sequence[int] | None = None) -> Outcomes:
    """The outcomes of a cohort, `dayzero.outcomes`, from its tally and run record.

    Means are told at the usual days only (100, 180, 365 ...): a tally keeps no others.
    """
    days = days_told(counted.last, horizon)
    lines = tuple(line_of(name, counted.day_counts(name), days) for name in counted.endpoints())
    causes = [*record["causes"], UNKNOWN]
    died = [(cause, *row) for cause, row in zip(causes, counted["deaths"].tolist(), strict=True) if row[0]]
    patients, transplanted = counted["patients"][:2].tolist()
    return Outcomes(days, lines, tuple(_means(counted, days)), deaths_of(died), transplanted,
                    patients - transplanted, record)  # fmt: skip


def fan(counted: Tally, name: str, percents: Sequence[float] = RANGE) -> Fan:
    """Percentiles of a quantity of `tally.FANS` day by day, right within half a step of its scale."""
    if name not in FANS:
        raise InputError("fan", "name", repr(name), f"one of {', '.join(FANS)}", nearest(name, FANS))
    table = counted[f"fan.{name}"]
    found = np.array([FANS[name].percentiles(row, percents) for row in table])
    return Fan(np.arange(counted.first, counted.last + 1), found.T, table.sum(axis=1))


def _recovery(counted: Tally, name: str) -> Row:
    told = dict(zip(STATUSES, counted[f"status.{name}"].tolist(), strict=True))
    note = recovery_note(told["never_below"], told["not_yet"], told["competing"])
    return _middle(counted, f"{name}_day", name.replace("_", " "), "day", note)


def _middle(counted: Tally, value: str, name: str, unit: str, note: str = "") -> Row:
    """Median and the range of the middle 90 % of patients."""
    counts = counted[f"value.{value}"]
    if not counts.any():
        return Row(name, None, None, None, unit, 0, note)
    low, middle, high = VALUES[value].percentiles(counts, RANGE).tolist()
    return Row(name, middle, low, high, unit, int(counts.sum()), note)


def _means(counted: Tally, days: Sequence[int]) -> Iterator[Mean]:
    n, kept = int(counted["patients"][1]), horizons(counted.last)
    for name, (label, unit, parts) in _LIFE.items():
        for day in (day for day in days if day in kept and n):
            total, squares = counted[f"life.{name}"][kept.index(day)].tolist()
            mean = total / n / parts
            error = math.sqrt((n * squares - total**2) / (n - 1)) / n / parts if n > 1 else math.nan
            yield Mean(name, label, day, mean, mean - 1.96 * error, mean + 1.96 * error, unit, n)
