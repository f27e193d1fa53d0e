"""What was measured for one patient or a cohort, by day from infusion; a chart knows nothing of any model.

A chart holds one `Column` for each quantity and for each kind of event. All arrays of a column have one length and are
sorted by patient, then day. Numbers are in the canonical units of `dayzero.units`. A reading written ``<0.1`` lies
between zero and 0.1: its value is 0.1 and its limit -1. Nothing that was not measured is in a chart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dayzero.errors import ChartError
from dayzero.units import EVENTS, QUANTITIES, nearest, quantity

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Limits = NDArray[np.int8]
Duplicates = Literal["refuse", "keep"]

SCHEMA = 1
GRAFTS = ("PBSC", "BM", "cord", "TCD")
LATER_INFUSIONS = "name any later infusion second_graft, boost or donor_lymphocytes"
FIRST_DAY, LAST_DAY = -20000, 40000
_DAYS = 2**17  # more than LAST_DAY - FIRST_DAY: patient and day pack into one sortable number


class Column(NamedTuple):
    """All readings of one quantity: patient index, day, value, limit (0 exact, -1 '<', +1 '>'). Each has shape (n,)."""

    patient: Integers
    day: Integers
    value: Floats
    limit: Limits


class Series(NamedTuple):
    """One patient's readings of one quantity, by day. Each array has shape (n,)."""

    days: Integers
    values: Floats
    limits: Limits


def empty_column() -> Column:
    """A column without readings."""
    none = np.empty(0, np.int64)
    return Column(none, none.copy(), np.empty(0), np.empty(0, np.int8))


@dataclass(frozen=True, eq=False, repr=False)
class Chart:
    """Dated measurements and events of one patient or a cohort.

    Parameters
    ----------
    patients : identifiers, in order; a column's ``patient`` is an index into them.
    measurements : quantity -> Column.
    events : kind -> Column; ``value`` is the amount, nan where none was written. A patient has one day of ``infusion``.
    graft : one of PBSC, BM, cord, TCD for each patient, or None where not known.
    transfusions_recorded : shape (patients,); True where the record of transfusions is complete, so that no entry
        means no transfusion. False: not known, and platelet recovery cannot be judged.

    >>> chart = Chart.from_columns({"neutrophils": ([0, 0, 0], [9, 10, 11], [0.1, 0.6, 1.2])}, patients=["A"])
    >>> chart
    Chart(1 patient, 3 measurements of neutrophils, 0 events, days 9 to 11)
    >>> chart.series("A", "neutrophils").values.tolist()
    [0.1, 0.6, 1.2]
    """

    patients: tuple[str, ...]
    measurements: Mapping[str, Column]
    events: Mapping[str, Column]
    graft: tuple[str | None, ...]
    transfusions_recorded: NDArray[np.bool_]
    schema: int = SCHEMA
    _index: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", {name: at for at, name in enumerate(self.patients)})

    @classmethod
    def read(cls, path: str | Path, duplicates: Duplicates = "refuse") -> Chart:
        """Read a chart: CSV or Parquet in long form, or the folder of a data set dayzero knows.

        ``duplicates``: what to do with a row that repeats another exactly. Two different readings of one day are
        always kept; the criteria take the lower.
        """
        from dayzero.records import reading, sources

        place = Path(path)
        return sources.read_folder(place) if place.is_dir() else reading.read(place, duplicates)

    def write(self, path: str | Path) -> Path:
        """Write the chart in long form, CSV or Parquet by the name's ending; the file appears whole or not at all."""
        from dayzero.records import writing

        return writing.write(self, Path(path))

    @classmethod
    def from_columns(
        cls,
        measurements: Mapping[str, Sequence[ArrayLike]],
        patients: Sequence[str],
        events: Mapping[str, Sequence[ArrayLike]] | None = None,
        graft: str | Sequence[str | None] | None = None,
        transfusions_recorded: bool | ArrayLike = False,
    ) -> Chart:
        """A chart from arrays in canonical units.

        ``measurements``: quantity -> (patient index, day, value) or (patient index, day, value, limit), in any order of
        rows; a nan value means not measured and is left out. ``events``: kind -> (patient index, day) or
        (patient index, day, amount).
        """
        count = len(patients)
        grafts = [graft] * count if graft is None or isinstance(graft, str) else list(graft)
        recorded = np.array(np.broadcast_to(np.asarray(transfusions_recorded, bool), (count,)))
        return cls(
            tuple(patients),
            _sealed({name: _measured(name, arrays, count) for name, arrays in measurements.items()}),
            _sealed({name: _happened(name, arrays, count) for name, arrays in (events or {}).items()}),
            tuple(_known_graft(name) for name in grafts),
            _frozen(recorded),
        )

    def __len__(self) -> int:
        return len(self.patients)

    def __repr__(self) -> str:
        rows = sum(len(column.day) for column in self.measurements.values())
        events = sum(len(column.day) for column in self.events.values())
        days = [column.day for column in self.measurements.values() if len(column.day)]
        names = list(self.measurements)
        what = " and ".join(names) or "nothing" if len(names) < 3 else f"{len(names)} quantities"
        span = f", days {min(d.min() for d in days)} to {max(d.max() for d in days)}" if days else ""
        counted = [_some(len(self), "patient"), f"{_some(rows, 'measurement')} of {what}", _some(events, "event")]
        return f"Chart({', '.join(counted)}{span})"

    def column(self, name: str) -> Column:
        """Every reading of a quantity (or every event of a kind) over the cohort; empty when there is none."""
        found = self.measurements.get(name) or self.events.get(name)
        if found is None:
            quantity(name)  # an unknown name is an error; a known one was simply not measured
            return empty_column()
        return found

    def series(self, patient: str, name: str) -> Series:
        """One patient's readings of a quantity: days, values, limits."""
        column = self.column(name)
        at = self.index(patient)
        rows = slice(*np.searchsorted(column.patient, [at, at + 1]))
        return Series(column.day[rows], column.value[rows], column.limit[rows])

    def index(self, patient: str) -> int:
        """Where a patient stands among `patients`."""
        if patient not in self._index:
            advice = nearest(patient, self.patients) if len(self) <= 20 else "see chart.patients"
            raise ChartError("chart", "patient", repr(patient), "an identifier of this chart", advice)
        return self._index[patient]

    def patient(self, patient: str) -> Chart:
        """The chart of one patient."""
        at = self.index(patient)
        return Chart(
            (patient,),
            _sealed({name: _only(column, at) for name, column in self.measurements.items()}),
            _sealed({name: _only(column, at) for name, column in self.events.items()}),
            (self.graft[at],),
            _frozen(self.transfusions_recorded[at : at + 1].copy()),
        )

    def first_event(self, kind: str) -> Floats:
        """Day of the first event of a kind, shape (patients,); inf where there is none."""
        first = np.full(len(self), np.inf)
        column = self.column(kind)
        np.minimum.at(first, column.patient, column.day)
        return first

    def last_day(self) -> Floats:
        """Day of the last measurement of any kind, shape (patients,); -inf where there is none."""
        last = np.full(len(self), -np.inf)
        for column in self.measurements.values():
            np.maximum.at(last, column.patient, column.day)
        return last


def _some(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _frozen(array: NDArray[np.bool_]) -> NDArray[np.bool_]:
    array.flags.writeable = False
    return array


def _sealed(columns: dict[str, Column]) -> Mapping[str, Column]:
    full = {name: column for name, column in columns.items() if len(column.day)}
    for column in full.values():
        for array in column:
            array.flags.writeable = False
    return MappingProxyType(full)


def _only(column: Column, at: int) -> Column:
    rows = slice(*np.searchsorted(column.patient, [at, at + 1]))
    day, value, limit = column.day[rows].copy(), column.value[rows].copy(), column.limit[rows].copy()
    return Column(np.zeros(len(day), np.int64), day, value, limit)


def _known_graft(name: str | None) -> str | None:
    if name is not None and name not in GRAFTS:
        raise ChartError("chart", "graft", repr(name), "a known graft", nearest(name, GRAFTS))
    return name


def _measured(name: str, arrays: Sequence[ArrayLike], patients: int) -> Column:
    known = QUANTITIES.get(name)
    if known is None:
        raise ChartError("chart", "quantity", repr(name), "a known quantity", nearest(name, QUANTITIES))
    if len(arrays) < 3:
        raise ChartError("chart", name, f"{len(arrays)} arrays", "patient index, day and value", "give all three")
    patient, day, value = _whole(name, arrays[0]), _whole(name, arrays[1]), np.array(arrays[2], np.float64)
    limit = np.array(arrays[3], np.int8) if len(arrays) > 3 else np.zeros(len(value), np.int8)
    _check_lengths(name, Column(patient, day, value, limit))
    taken = ~np.isnan(value)
    column = _in_order(name, Column(patient[taken], day[taken], value[taken], limit[taken]), patients)
    outside = ~((column.value >= known.low) & (column.value <= known.high))
    if outside.any():
        got, expected = f"{column.value[outside][0]:g}", f"{known.low:g} to {known.high:g} {known.unit}"
        raise ChartError("chart", name, got, expected, "check the unit or correct the value")
    return column


def _happened(kind: str, arrays: Sequence[ArrayLike], patients: int) -> Column:
    if kind not in EVENTS:
        raise ChartError("chart", "event", repr(kind), "a known event", nearest(kind, EVENTS))
    patient, day = _whole(kind, arrays[0]), _whole(kind, arrays[1])
    amount = np.array(arrays[2], np.float64) if len(arrays) > 2 else np.full(len(day), np.nan)
    column = Column(patient, day, amount, np.zeros(len(day), np.int8))
    _check_lengths(kind, column)
    column = _in_order(kind, column, patients)
    same_patient, same_day = (numbers[1:] == numbers[:-1] for numbers in column[:2])
    if kind == "infusion" and (same_patient & ~same_day).any():
        raise ChartError("chart", kind, "two days for one patient", "one day of infusion a patient", LATER_INFUSIONS)
    return column


def _whole(name: str, numbers: ArrayLike) -> Integers:
    given = np.asarray(numbers)
    if given.dtype.kind in "iu":
        return given.astype(np.int64)
    given = given.astype(np.float64)
    if (given != np.floor(given)).any() or np.isinf(given).any():
        raise ChartError("chart", name, "fractions", "whole days and whole patient indices", "round down to the day")
    return given.astype(np.int64)


def _check_lengths(name: str, column: Column) -> None:
    lengths = sorted({len(array) for array in column})
    if len(lengths) > 1:
        raise ChartError("chart", name, f"arrays of {lengths} rows", "one length", "give a value for each row")


def _in_order(name: str, column: Column, patients: int) -> Column:
    if not len(column.day):
        return column
    if column.patient.min() < 0 or column.patient.max() >= patients:
        raise ChartError("chart", name, "a patient index outside", f"0 to {patients - 1}", "list the patient")
    if column.day.min() < FIRST_DAY or column.day.max() > LAST_DAY:
        expected = f"{FIRST_DAY} to {LAST_DAY} days from infusion"
        raise ChartError("chart", name, "an impossible day", expected, "count the days from infusion")
    key = column.patient * _DAYS + column.day - FIRST_DAY
    if (key[1:] >= key[:-1]).all():
        return column
    order = np.argsort(key, kind="stable")
    return Column(column.patient[order], column.day[order], column.value[order], column.limit[order])
