"""When a count came back: the one algorithm behind every recovery rule, for one patient or a cohort at once.

Days before 0 are not looked at. Of two readings on a day the lower counts. Counting starts on the day the count is
first seen below the threshold (or, for platelets, first transfused); from the next measurement on, the first of three
consecutive measurements at or above the threshold is the day of recovery. A transfusion on day t makes the days t to
t+6 ineligible and restarts a run it falls into. A transfusion before day 0 starts the counting only where the count
never fell and no other was given.

A reading ``<x`` is below a threshold of x or more and undecided under a lower one; ``>x`` the other way round.
Undecided readings are taken both ways: if the earliest and the latest answer they allow agree, that is the answer.

Arrays over readings have shape (n,), sorted by patient and day; arrays over patients have shape (patients,).

Source: CIBMTR Forms Instruction Manual, form 2100; ASTCT consensus, doi:10.1038/s41409-024-02251-0, Table 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dayzero.records.chart import Column, Floats, Integers

Flags = NDArray[np.bool_]

BELOW, UNDECIDED, ABOVE = 0, 1, 2
STATUS = ("recovered", "never_below", "not_yet", "competing", "undecided", "no_data")
RECOVERED, NEVER_BELOW, NOT_YET, COMPETING, OPEN, NO_DATA = range(6)

RUN = 3  # consecutive measurements
WASHOUT = 7  # days after a platelet transfusion before a count is the patient's own
LAST_NADIR_DAY = 28  # a deeper fall after a run, up to this day, makes the nadir ambiguous

_SPAN = 2**20  # more than any day: patient and day pack into one sortable number


@dataclass(frozen=True)
class Recovery:
    """The course of one count against one threshold, for every patient.

    Parameters
    ----------
    status : index into `STATUS`.
    day : day of recovery, nan if not recovered.
    earliest, latest : bounds of that day where readings given as limits leave it open; inf: perhaps never.
    confirmed : day of the third measurement of the run.
    not_before : the last day before ``day`` on which recovery is known not to have been reached.
    fell : day counting starts, inf if never below.
    measured, after : days with a measurement from day 0, and after the fall.
    last : day of the last measurement, -inf if none.
    fell_again : first day up to day 28 below the threshold after the run, nan if none.
    ambiguous : whether that later fall is deeper than the nadir before the run.
    """

    status: NDArray[np.int64]
    day: Floats
    earliest: Floats
    latest: Floats
    confirmed: Floats
    not_before: Floats
    fell: Floats
    measured: Integers
    after: Integers
    last: Floats
    fell_again: Floats
    ambiguous: Flags


class Daily(NamedTuple):
    """One reading a day: the lower of each day, classed against the threshold."""

    patient: Integers
    day: Integers
    value: Floats
    state: Integers
    censored: Flags


class _Clock(NamedTuple):
    """For each reading: the patient's last transfusion up to that day (-inf: none), and its number over all."""

    last: Floats
    number: Integers
    first: Floats  # shape (patients,): the transfusion from which counting starts, inf if none


class _Run(NamedTuple):
    """For each patient: first reading of the first qualifying run (-1: none), day counting starts, status, day."""

    at: Integers
    fell: Floats
    status: NDArray[np.int64]
    day: Floats


def classify(column: Column, threshold: float) -> Integers:
    """BELOW, UNDECIDED or ABOVE for each reading.

    >>> one = np.zeros(4, np.int64)
    >>> readings = Column(one, np.arange(4), np.array([0.4, 0.5, 0.5, 0.6]), np.array([0, 0, -1, -1], np.int8))
    >>> classify(readings, 0.5).tolist()
    [0, 2, 0, 1]
    """
    state = np.where(column.value >= threshold, ABOVE, BELOW)
    at_most = np.where(column.value <= threshold, BELOW, UNDECIDED)
    at_least = np.where(column.value >= threshold, ABOVE, UNDECIDED)
    return np.where(column.limit < 0, at_most, np.where(column.limit > 0, at_least, state)).astype(np.int64)


def daily(column: Column, threshold: float, until: Floats | None = None) -> Daily:
    """One reading a day from day 0 on, the lower where there are several; nothing after ``until`` of each patient."""
    keep = column.day >= 0
    if until is not None:
        keep &= column.day <= until[column.patient]
    kept = Column(column.patient[keep], column.day[keep], column.value[keep], column.limit[keep])
    if not len(kept.day):
        return Daily(kept.patient, kept.day, kept.value, kept.day, kept.day > 0)
    state = classify(kept, threshold)
    is_new = np.r_[True, (np.diff(kept.patient) != 0) | (np.diff(kept.day) != 0)]
    starts = np.flatnonzero(is_new)
    value = np.minimum.reduceat(kept.value, starts)
    lowest = kept.value <= np.repeat(value, np.diff(np.r_[starts, len(kept.day)]))
    return Daily(
        kept.patient[starts],
        kept.day[starts],
        value,
        np.minimum.reduceat(state, starts),
        np.logical_or.reduceat(lowest & (kept.limit < 0), starts),
    )


def recovery(
    patients: int,
    column: Column,
    threshold: float,
    transfusions: Column | None = None,
    competing: Floats | None = None,
    until: Floats | None = None,
) -> Recovery:
    """Judge the recovery of one count for every patient.

    Parameters
    ----------
    patients : how many there are; ``column.patient`` runs from 0 to patients - 1.
    column : readings, canonical units, sorted by patient and day, no nan.
    threshold : canonical units.
    transfusions : platelet transfusions, sorted likewise; None for counts that are not transfused.
    competing : day of the first competing event, inf if none; recovery on that day still counts.
    until : last day whose measurements count (the day of a second graft), inf if none.

    >>> zeros = np.zeros(4, np.int64)
    >>> readings = Column(zeros, np.array([9, 12, 13, 15]), np.array([0.1, 0.5, 0.6, 0.9]), np.zeros(4, np.int8))
    >>> recovery(1, readings, 0.5).day.tolist()
    [12.0]
    """
    seen = daily(column, threshold, until)
    clock = _clock(patients, seen, transfusions)
    rival = np.full(patients, np.inf) if competing is None else competing
    late = _first_run(patients, seen, clock, rival, seen.state == BELOW, seen.state == ABOVE)
    early = late
    if (seen.state == UNDECIDED).any():
        early = _first_run(patients, seen, clock, rival, seen.state != ABOVE, seen.state != BELOW)
    is_open = (early.status != late.status) | ((early.status == RECOVERED) & (early.day != late.day))
    return _describe(patients, seen, clock, early, late, is_open)


def _clock(patients: int, seen: Daily, transfusions: Column | None) -> _Clock:
    first = np.full(patients, np.inf)
    if transfusions is None or not len(transfusions.day):
        return _Clock(np.full(len(seen.day), -np.inf), np.zeros(len(seen.day), np.int64), first)
    given = transfusions.patient * _SPAN + transfusions.day
    number = np.searchsorted(given, seen.patient * _SPAN + seen.day, side="right")
    before = np.maximum(number - 1, 0)
    is_own = (number > 0) & (transfusions.patient[before] == seen.patient)
    last = np.where(is_own, transfusions.day[before], -np.inf)
    return _Clock(last, number.astype(np.int64), _first_transfusion(first, seen, transfusions))


def _first_transfusion(first: Floats, seen: Daily, transfusions: Column) -> Floats:
    """The first from day 0 on; one shortly before it counts only where the count never fell and no other was given."""
    after = transfusions.day >= 0
    np.minimum.at(first, transfusions.patient[after], transfusions.day[after])
    alone = np.isinf(first)
    alone[seen.patient[seen.state != ABOVE]] = False
    still = ~after & (transfusions.day > -WASHOUT) & alone[transfusions.patient]
    np.minimum.at(first, transfusions.patient[still], transfusions.day[still])
    return first


def _first_run(patients: int, seen: Daily, clock: _Clock, rival: Floats, low: Flags, high: Flags) -> _Run:
    fell = clock.first.copy()
    np.minimum.at(fell, seen.patient[low], seen.day[low])
    rises = high & (seen.day > fell[seen.patient]) & (seen.day - clock.last >= WASHOUT)
    starts_run = np.zeros(len(rises), bool)
    if len(rises) >= RUN:
        last = RUN - 1
        same_patient = seen.patient[last:] == seen.patient[:-last]
        no_transfusion_between = clock.number[last:] == clock.number[:-last]
        starts_run[:-last] = rises[:-2] & rises[1:-1] & rises[2:] & same_patient & no_transfusion_between
    at = np.full(patients, len(rises))
    rows = np.flatnonzero(starts_run)
    np.minimum.at(at, seen.patient[rows], rows)
    found = at < len(rises)
    at = np.where(found, at, -1)
    day = np.full(patients, np.nan)
    day[found] = seen.day[at[found]]
    measured = np.bincount(seen.patient, minlength=patients)
    status = np.select(
        [measured == 0, found & (day <= rival), np.isinf(fell), np.isfinite(rival)],
        [NO_DATA, RECOVERED, NEVER_BELOW, COMPETING],
        NOT_YET,
    )
    return _Run(at, fell, status, np.where(status == RECOVERED, day, np.nan))


def _describe(patients: int, seen: Daily, clock: _Clock, early: _Run, late: _Run, is_open: Flags) -> Recovery:
    status = np.where(is_open, OPEN, late.status)
    recovered = status == RECOVERED
    nowhere = np.full(patients, np.nan)
    confirmed, not_before, fell_again = nowhere.copy(), nowhere.copy(), nowhere.copy()
    ambiguous = np.zeros(patients, bool)
    who = np.flatnonzero(recovered)
    if len(who):
        at = late.at[who]
        confirmed[who] = seen.day[at + RUN - 1]
        not_before[who] = _last_day_without(seen, clock, at, late.fell[who])
        fell_again, ambiguous = _later_fall(patients, seen, np.where(recovered, late.at, -1))
    last = np.full(patients, -np.inf)
    last[seen.patient] = seen.day  # rows are in order of day: the last one stays
    return Recovery(
        status=status,
        day=np.where(recovered, late.day, np.nan),
        earliest=np.where(np.isnan(early.day), np.inf, early.day),
        latest=np.where(np.isnan(late.day), np.inf, late.day),
        confirmed=confirmed,
        not_before=not_before,
        fell=late.fell,
        measured=np.bincount(seen.patient, minlength=patients),
        after=np.bincount(seen.patient[seen.day > late.fell[seen.patient]], minlength=patients),
        last=last,
        fell_again=fell_again,
        ambiguous=ambiguous,
    )


def _last_day_without(seen: Daily, clock: _Clock, at: Integers, fell: Floats) -> Floats:
    """The last day known to come before recovery: the measurement before the run, or the end of the washout."""
    before = np.maximum(at - 1, 0)
    has_before = (at > 0) & (seen.patient[before] == seen.patient[at])
    measured = np.where(has_before, seen.day[before], fell)
    return np.maximum(measured, clock.last[at] + WASHOUT - 1)


def _later_fall(patients: int, seen: Daily, at: Integers) -> tuple[Floats, Flags]:
    """First day up to day 28 below the threshold after the run, and whether that fall is deeper than the nadir."""
    row = np.arange(len(seen.day))
    start = at[seen.patient]
    nadir = np.full(patients, np.inf)
    before = (start >= 0) & (row < start)
    np.minimum.at(nadir, seen.patient[before], seen.value[before])
    later = (start >= 0) & (row >= start + RUN) & (seen.state == BELOW) & (seen.day <= LAST_NADIR_DAY)
    first = np.full(patients, np.inf)
    np.minimum.at(first, seen.patient[later], seen.day[later])
    # a later "<0.1" may lie under an earlier "<0.1": only an exact reading as low as the nadir is not deeper
    deeper = (seen.value < nadir[seen.patient]) | (seen.censored & (seen.value <= nadir[seen.patient]))
    ambiguous = np.zeros(patients, bool)
    ambiguous[seen.patient[later & deeper]] = True
    return np.where(np.isinf(first), np.nan, first), ambiguous
