"""The columns of a chart from arrays: checked, in canonical units, sorted by patient, then day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dayzero.errors import ChartError
from dayzero.units import EVENTS, QUANTITIES, nearest

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Limits = NDArray[np.int8]
Texts = NDArray[np.str_]
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


def last_of(column: Column, patients: int) -> Floats:
    """Day of the last row of each patient, shape (patients,); -inf where there is none."""
    last = np.full(patients, -np.inf)
    last[column.patient] = column.day  # rows are in order of day: the last one stays
    return last


def measured(name: str, arrays: Sequence[ArrayLike], patients: int) -> tuple[Column, Texts | None]:
    """A quantity's column from (patient index, day, value, limit, method), and the methods where they are given."""
    known = QUANTITIES.get(name)
    if known is None:
        raise ChartError("chart", "quantity", repr(name), "a known quantity", nearest(name, QUANTITIES))
    if len(arrays) < 3:
        raise ChartError("chart", name, f"{len(arrays)} arrays", "patient index, day and value", "give all three")
    patient, day, value = _whole(name, arrays[0]), _whole(name, arrays[1]), np.array(arrays[2], np.float64)
    limit = np.array(arrays[3], np.int8) if len(arrays) > 3 else np.zeros(len(value), np.int8)
    method: Texts | None = np.array(arrays[4], np.str_) if len(arrays) > 4 else None
    _check_lengths(name, (patient, day, value, limit, *([] if method is None else [method])))
    taken = ~np.isnan(value)
    column = Column(patient[taken], day[taken], value[taken], limit[taken])
    order = _order(name, column, patients)
    column, method = _taken(column, order), None if method is None else method[taken][order]
    outside = ~((column.value >= known.low) & (column.value <= known.high))
    if outside.any():
        got, expected = f"{column.value[outside][0]:g}", f"{known.low:g} to {known.high:g} {known.unit}"
        raise ChartError("chart", name, got, expected, "check the unit or correct the value")
    return column, method


def happened(kind: str, arrays: Sequence[ArrayLike], patients: int) -> Column:
    """The column of an event from (patient index, day, amount)."""
    if kind not in EVENTS:
        raise ChartError("chart", "event", repr(kind), "a known event", nearest(kind, EVENTS))
    patient, day = _whole(kind, arrays[0]), _whole(kind, arrays[1])
    amount = np.array(arrays[2], np.float64) if len(arrays) > 2 else np.full(len(day), np.nan)
    column = Column(patient, day, amount, np.zeros(len(day), np.int8))
    _check_lengths(kind, column)
    column = _taken(column, _order(kind, column, patients))
    same_patient, same_day = (numbers[1:] == numbers[:-1] for numbers in column[:2])
    if kind == "infusion" and (same_patient & ~same_day).any():
        raise ChartError("chart", kind, "two days for one patient", "one day of infusion a patient", LATER_INFUSIONS)
    return column


def _taken(column: Column, rows: Integers | slice) -> Column:
    return Column(column.patient[rows], column.day[rows], column.value[rows], column.limit[rows])


def _whole(name: str, numbers: ArrayLike) -> Integers:
    given = np.asarray(numbers)
    if given.dtype.kind in "iu":
        return given.astype(np.int64)
    given = given.astype(np.float64)
    if (given != np.floor(given)).any() or np.isinf(given).any():
        raise ChartError("chart", name, "fractions", "whole days and whole patient indices", "round down to the day")
    return given.astype(np.int64)


def _check_lengths(name: str, column: Sequence[NDArray[Any]]) -> None:
    lengths = sorted({len(array) for array in column})
    if len(lengths) > 1:
        raise ChartError("chart", name, f"arrays of {lengths} rows", "one length", "give a value for each row")


def _order(name: str, column: Column, patients: int) -> Integers | slice:
    """The rows in the order of a column, by patient, then day."""
    if not len(column.day):
        return slice(None)
    if column.patient.min() < 0 or column.patient.max() >= patients:
        raise ChartError("chart", name, "a patient index outside", f"0 to {patients - 1}", "list the patient")
    if column.day.min() < FIRST_DAY or column.day.max() > LAST_DAY:
        expected = f"{FIRST_DAY} to {LAST_DAY} days from infusion"
        raise ChartError("chart", name, "an impossible day", expected, "count the days from infusion")
    key = column.patient * _DAYS + column.day - FIRST_DAY
    return slice(None) if (key[1:] >= key[:-1]).all() else np.argsort(key, kind="stable")
