"""Readings of different signs brought together by patient and day, for criteria that need several at once.

A reading stands for its day and, for some days, until the sign is read again. What a reading given as a limit may be is
kept as a lowest and a highest level, nan where nothing was read.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dayzero.records.chart import Column, Floats, Integers

DAYS = 2**17  # more than the days a chart may span: patient and day pack into one sortable number
_TOP = 1e6  # more than any reading

Flags = NDArray[np.bool_]


class Levels(NamedTuple):
    """Lowest and highest level that a sign may have, by key of patient and day, sorted. Each array has shape (n,)."""

    key: Integers
    low: Floats
    high: Floats


def rows_of(column: Column, keep: Flags) -> Column:
    """The rows of a column that are kept."""
    return Column(column.patient[keep], column.day[keep], column.value[keep], column.limit[keep])


def bounds(column: Column) -> tuple[Floats, Floats]:
    """What each reading may be: "<x" lies from 0 to just under x, ">x" over x.

    >>> zeros = np.zeros(2, np.int64)
    >>> low, high = bounds(Column(zeros, zeros, np.array([2.0, 2.0]), np.array([0, -1], np.int8)))
    >>> low.tolist(), (high < 2).tolist()
    ([2.0, 0.0], [False, True])
    """
    low = np.select([column.limit < 0, column.limit > 0], [0.0, np.nextafter(column.value, _TOP)], column.value)
    high = np.select([column.limit < 0, column.limit > 0], [np.nextafter(column.value, 0.0), _TOP], column.value)
    return low, high


def by_day_highest(column: Column, low: Floats, high: Floats, first_day: int) -> Levels:
    """The highest level of each patient and day, from a first day (not before day 0) on."""
    keep = column.day >= first_day
    keys, at = np.unique((column.patient * DAYS + column.day)[keep], return_inverse=True)
    most = np.full((2, len(keys)), -np.inf)
    for row, level in zip(most, (low, high), strict=True):
        np.maximum.at(row, at, level[keep])
    return Levels(keys, most[0], most[1])


def carried(levels: Levels, keys: Integers, carry_days: int) -> tuple[Floats, Floats]:
    """Lowest and highest level at each key: the last reading of that patient if not too old, else nan."""
    if not len(levels.key):
        missing = np.full(len(keys), np.nan)
        return missing, missing.copy()
    last = np.searchsorted(levels.key, keys, side="right") - 1
    fresh = (last >= 0) & (keys - levels.key[last] <= carry_days) & (keys // DAYS == levels.key[last] // DAYS)
    low, high = (np.where(fresh, level[last], np.nan) for level in (levels.low, levels.high))
    return low, high


def highest(patient: Integers, value: Floats, patients: int) -> Floats:
    """The highest value of each patient, shape (patients,); nan where there is none."""
    most = np.full(patients, np.nan)
    np.fmax.at(most, patient, value)
    return most


def first_day(patient: Integers, day: Integers, rows: Flags, patients: int) -> Floats:
    """The first day of each patient among some rows, shape (patients,); nan where there is none."""
    first = np.full(patients, np.nan)
    np.fmin.at(first, patient[rows], day[rows].astype(float))
    return first
