"""Readings of different signs brought together by patient and day, for criteria that need several at once.

A reading stands for its day and, for some days, until the sign is read again. What a reading given as a limit may be is
kept as a lowest and a highest level, nan where nothing was read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    keys, low, high = (column.patient * DAYS + column.day)[keep], low[keep], high[keep]
    steps = np.diff(keys)
    if (steps > 0).all():  # one reading a day, or none at all
        return Levels(keys, low, high)
    starts = np.flatnonzero(np.r_[True, steps > 0])
    return Levels(keys[starts], np.maximum.reduceat(low, starts), np.maximum.reduceat(high, starts))


def every_key(levels: Sequence[Levels]) -> Integers:
    """The keys of all levels, each once, sorted."""
    keys = np.concatenate([one.key for one in levels])
    keys.sort(kind="stable")  # what is sorted in parts is merged
    return keys[np.r_[True, np.diff(keys) > 0]] if len(keys) else keys


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
    most = np.full(patients, -np.inf)
    known = ~np.isnan(value)
    np.maximum.at(most, patient[known], value[known])
    return np.where(np.isinf(most), np.nan, most)


def first_day(patient: Integers, day: Integers, rows: Flags, patients: int) -> Floats:
    """The first day of each patient among some rows, shape (patients,); nan where there is none."""
    first = np.full(patients, np.nan)
    np.fmin.at(first, patient[rows], day[rows].astype(float))
    return first


class Seen(NamedTuple):
    """Whether a sign surely was there, and whether it may have been. Each array has shape (n,).

    A sign that was not read may have been there.
    """

    sure: Flags
    may: Flags
    read: Flags


def unread(count: int) -> Seen:
    """A sign that charts do not hold."""
    return Seen(np.zeros(count, bool), np.ones(count, bool), np.zeros(count, bool))


def reaching(column: Column, limit: float, first_day: int = 0) -> Levels:
    """1 where a reading is at a limit or over it, 0 where not, by day; the highest reading of a day counts.

    >>> zeros, exact = np.zeros(3, np.int64), np.zeros(3, np.int8)
    >>> reaching(Column(zeros, np.array([1, 1, 4]), np.array([0.5, 2.0, 1.0]), exact), 2.0).low.tolist()
    [1.0, 0.0]
    """
    low, high = ((value >= limit).astype(float) for value in bounds(column))
    return by_day_highest(column, low, high, first_day)


def under(column: Column, limit: float, first_day: int = 0) -> Levels:
    """1 where a reading lies under a limit, 0 where not, by day; the lowest reading of a day counts."""
    low, high = bounds(column)
    return by_day_highest(column, (high < limit).astype(float), (low < limit).astype(float), first_day)


def seen_at(levels: Levels, keys: Integers, carry_days: int) -> Seen:
    """A sign at each key: that of the last reading not older than some days."""
    low, high = carried(levels, keys, carry_days)
    return Seen(low == 1, ~(high == 0), ~np.isnan(low))


def counted(signs: Sequence[Seen]) -> tuple[Integers, Integers]:
    """How many signs surely are there, and how many may be."""
    sure = np.sum([sign.sure for sign in signs], axis=0)
    return sure, np.sum([sign.may for sign in signs], axis=0)


def by_patient(levels: Levels, patient_first: Floats, patient_last: Floats) -> Seen:
    """A sign over days that differ by patient: seen at all, and on no day without doubt absent throughout.

    Where it was not read between the first and the last day of a patient, it may have been there.
    """
    patient, day = levels.key // DAYS, levels.key % DAYS
    inside = (day >= patient_first[patient]) & (day <= patient_last[patient])
    sure, may, read = (np.zeros(len(patient_first), bool) for _ in range(3))
    sure[patient[inside & (levels.low == 1)]] = True
    may[patient[inside & (levels.high == 1)]] = True
    read[patient[inside]] = True
    return Seen(sure, may | ~read, read)


def first_at(levels: Levels, patient_first: Floats, patient_last: Floats) -> Floats:
    """First day between two days of each patient on which a sign surely was there; inf where there is none."""
    patient, day = levels.key // DAYS, levels.key % DAYS
    rows = (levels.low == 1) & (day >= patient_first[patient]) & (day <= patient_last[patient])
    first = np.full(len(patient_first), np.inf)
    np.minimum.at(first, patient[rows], day[rows].astype(float))
    return first


def last_reading(column: Column, until: Floats) -> tuple[Floats, Floats]:
    """Value and day of each patient's last reading up to a day, shape (patients,); of two that day the lower.

    >>> zeros, exact = np.zeros(3, np.int64), np.zeros(3, np.int8)
    >>> value, day = last_reading(Column(zeros, np.array([1, 4, 4]), np.array([9.0, 7.0, 8.0]), exact), np.array([5.0]))
    >>> value.tolist(), day.tolist()
    ([7.0], [4.0])
    """
    value, day = np.full(len(until), np.nan), np.full(len(until), np.nan)
    rows = column.day <= until[column.patient]
    patient, on, read = column.patient[rows], column.day[rows], column.value[rows]
    day[patient] = on  # rows are in order of day: the last one stays
    same = on == day[patient]
    np.fmin.at(value, patient[same], read[same])
    return value, day


def listed(missing: Mapping[str, NDArray[np.bool_]], lead: str = "not measured: ") -> NDArray[np.str_]:
    """What is missing of each patient in one line, "" where nothing is.

    >>> listed({"LDH": np.array([True, False]), "platelets": np.array([True, False])}).tolist()
    ['not measured: LDH, platelets', '']
    """
    names, table = np.array(list(missing), object), np.array(list(missing.values()))
    patterns, which = np.unique(table.T, axis=0, return_inverse=True)
    words = [lead + ", ".join(names[pattern]) if pattern.any() else "" for pattern in patterns]
    return np.array(words, str)[which.reshape(-1)]
