"""When neutrophils and platelets came back, for one series of counts or for every patient of a chart.

Neutrophils: the first of three consecutive measurements on different days at or above 0.5e9/L after the count fell
below it. Platelets: the first of three consecutive values on different days at or above 20 (or 50)e9/L with no platelet
transfusion in the seven days before. The third measurement confirms, the first dates.

Source: CIBMTR Forms Instruction Manual, form 2100; ASTCT consensus (Kharfan-Dabaja 2021) as tabulated in
doi:10.1038/s41409-024-02251-0, Table 1. Conventions of this project: counting starts with the first value below the
threshold from day 0 on; two values on one day, the lower.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dayzero.criteria.recovery import (
    COMPETING,
    NEVER_BELOW,
    NO_DATA,
    NOT_YET,
    OPEN,
    RECOVERED,
    RUN,
    STATUS,
    Recovery,
    recovery,
)
from dayzero.criteria.result import Definition, Finding, Judgement
from dayzero.errors import InputError
from dayzero.records.chart import Chart, Column, Floats
from dayzero.units import convert

Reading = Sequence[float | str | None]  # (day, value); None: not measured; "<0.1": a limit

ANC_RECOVERY = Definition(
    "anc_recovery",
    "CIBMTR form 2100; ASTCT 2021",
    "CIBMTR Forms Instruction Manual, form 2100, initial ANC recovery; doi:10.1038/s41409-024-02251-0",
    verified=True,
)
PLATELET_RECOVERY = Definition(
    "platelet_recovery",
    "CIBMTR form 2100; ASTCT 2021",
    "CIBMTR Forms Instruction Manual, form 2100 Q13-18, initial platelet recovery; doi:10.1038/s41409-024-02251-0",
    verified=True,
)
ANC = Definition("anc_from_differential", "arithmetic", "CIBMTR Forms Instruction Manual, form 2100", verified=True)
_NO_RECORD = "no record of platelet transfusions: recovery cannot be judged"


class _Settings(NamedTuple):
    """What the judge of a cohort may choose."""

    threshold: float
    max_gap: int
    followed_to: int


def anc_from_differential(
    *, wbc: float | None = None, segs_pct: float | None = None, bands_pct: float | None = None
) -> Finding:
    """Neutrophils from white cells and the differential: WBC x (segmented + band forms) / 100.

    No differential: missing, not zero.

    >>> round(anc_from_differential(wbc=1.2, segs_pct=40, bands_pct=5)["anc"], 3)
    0.54
    """
    inputs = {"wbc": wbc, "segs_pct": segs_pct, "bands_pct": bands_pct}
    if wbc is None or segs_pct is None or bands_pct is None:
        return ANC.find({"anc": None}, inputs, note="no differential: neutrophils are missing")
    return ANC.find({"anc": wbc * (segs_pct + bands_pct) / 100}, inputs)


def anc_recovery(
    *,
    anc: Iterable[Reading] | None = None,
    unit: str = "1e9/L",
    threshold: float = 0.5,
    death_day: int | None = None,
    second_graft_day: int | None = None,
    relapse_day: int | None = None,
) -> Finding:
    """Neutrophil recovery of one patient: status and day.

    ``anc``: (day, value) pairs, ``threshold`` in 1e9/L whatever the unit. Status: recovered, never_below (leave out of
    time to engraftment), not_yet, competing; None when nothing was measured or a reading given as a limit leaves it
    open. ``nadir_ambiguous``: a deeper fall followed up to day 28. Death, second graft and, if stated, relapse compete.

    >>> anc_recovery(anc=[[6, 0.0], [11, 0.7], [12, None], [13, 0.8], [14, 1.1]]).day
    11
    """
    inputs = {"anc": anc, "unit": unit, "threshold": threshold}
    rivals = {"death": death_day, "second_graft": second_graft_day, "relapse": relapse_day}
    course = _one(_column(anc, "neutrophils", unit), threshold, None, rivals)
    return _found(ANC_RECOVERY, course, rivals, {**inputs, **_given(rivals)}, "neutrophils")


def platelet_recovery(
    *,
    platelets: Iterable[Reading] | None = None,
    transfusion_days: Iterable[int] | None = None,
    threshold: float = 20,
    unit: str = "1e9/L",
    death_day: int | None = None,
    second_graft_day: int | None = None,
    relapse_day: int | None = None,
) -> Finding:
    """Platelet recovery of one patient: status and day; without a record of transfusions, missing.

    A transfusion on day t makes days t to t+6 ineligible. ``never_below`` needs both: never under the threshold and
    never transfused.

    >>> counts = [[0, 10], [4, 15], [6, 23], [7, 25], [8, 40], [9, 50]]
    >>> platelet_recovery(platelets=counts, transfusion_days=[0], threshold=20).day
    7
    """
    inputs = {"platelets": platelets, "transfusion_days": transfusion_days, "threshold": threshold, "unit": unit}
    rivals = {"death": death_day, "second_graft": second_graft_day, "relapse": relapse_day}
    inputs = {**inputs, **_given(rivals)}
    if transfusion_days is None:
        return PLATELET_RECOVERY.find({"status": None, "day": None}, inputs, note=_NO_RECORD)
    days = np.sort(np.array(list(transfusion_days), np.int64))
    zeros = np.zeros(len(days), np.int64)
    given = Column(zeros, days, np.ones(len(days)), np.zeros(len(days), np.int8))
    course = _one(_column(platelets, "platelets", unit), threshold, given, rivals)
    return _found(PLATELET_RECOVERY, course, rivals, inputs, "platelets")


def neutrophil_engraftment(
    chart: Chart,
    threshold: float = 0.5,
    *,
    max_gap: int = 7,
    followed_to: int = 14,
    competing: Sequence[str] = ("death", "second_graft"),
) -> Judgement:
    """Neutrophil engraftment of every patient of a chart: status, day, and what to know about it.

    Columns: ``status`` (recovered, never_below, not_yet, competing, not_evaluable), ``day``, ``confirmed_day``,
    ``interval_low`` and ``interval_high`` (the true day lies between them; set where more than ``max_gap`` days without
    a measurement precede the day, or where readings given as limits leave it open), ``nadir_ambiguous``, ``note``.
    ``competing``: events that end the waiting. A count that has not fallen is ``never_below`` only if it was followed
    to day ``followed_to``; fewer than three measurements are not evaluable.

    >>> chart = Chart.from_columns({"neutrophils": ([0, 0, 0, 0], [9, 10, 11, 12], [0.1, 0.6, 0.9, 1.2])}, ["A"])
    >>> neutrophil_engraftment(chart).rows()[0]["day"]
    10
    """
    rivals = {kind: chart.first_event(kind) for kind in competing}
    rival, until = _first(rivals, len(chart)), chart.first_event("second_graft")
    course = recovery(len(chart), chart.column("neutrophils"), threshold, None, rival, until)
    every = np.ones(len(chart), bool)
    settings = _Settings(threshold, max_gap, followed_to)
    return _judged(ANC_RECOVERY, chart, course, rivals, every, settings)


def platelet_engraftment(
    chart: Chart,
    threshold: float = 20,
    *,
    max_gap: int = 7,
    followed_to: int = 14,
    competing: Sequence[str] = ("death", "second_graft"),
) -> Judgement:
    """Platelet engraftment of every patient of a chart; columns as in `neutrophil_engraftment`.

    Patients whose transfusions were not recorded are not evaluable.

    >>> chart = Chart.from_columns({"platelets": ([0] * 4, [8, 15, 16, 17], [12, 22, 31, 40])}, ["A"],
    ...                            {"platelet_transfusion": ([0], [8])}, transfusions_recorded=True)
    >>> platelet_engraftment(chart).rows()[0]["day"]
    15
    """
    rivals = {kind: chart.first_event(kind) for kind in competing}
    rival, until = _first(rivals, len(chart)), chart.first_event("second_graft")
    transfusions = chart.column("platelet_transfusion")
    course = recovery(len(chart), chart.column("platelets"), threshold, transfusions, rival, until)
    settings = _Settings(threshold, max_gap, followed_to)
    return _judged(PLATELET_RECOVERY, chart, course, rivals, chart.transfusions_recorded, settings)


def _column(readings: Iterable[Reading] | None, name: str, unit: str) -> Column:
    rows = sorted(_reading(reading, name) for reading in readings or [] if reading[1] is not None)
    day, value, limit = (np.array([row[at] for row in rows]) for at in range(3))
    zeros = np.zeros(len(rows), np.int64)
    return Column(zeros, day.astype(np.int64), convert(value.astype(float), name, unit), limit.astype(np.int8))


def _reading(reading: Reading, name: str) -> tuple[int, float, int]:
    day, written = reading
    text = str(written).strip()
    limit = {"<": -1, ">": 1}.get(text[:1], 0)
    try:
        value = float(text.lstrip("<>"))
    except ValueError:
        value = float("nan")
    if day is None or not value >= 0:
        raise InputError(name, f"day {day}", repr(written), "a count, zero or more", "leave None where not measured")
    return int(day), value, limit


def _given(rivals: dict[str, int | None]) -> dict[str, int | None]:
    return {f"{name}_day": day for name, day in rivals.items()}


def _first(rivals: dict[str, Floats], patients: int) -> Floats:
    return np.min([np.full(patients, np.inf), *rivals.values()], axis=0)


def _one(column: Column, threshold: float, given: Column | None, rivals: dict[str, int | None]) -> Recovery:
    days = {name: np.array([np.inf if day is None else float(day)]) for name, day in rivals.items()}
    return recovery(1, column, threshold, given, _first(days, 1), days["second_graft"])


def _found(
    rule: Definition, course: Recovery, rivals: dict[str, int | None], inputs: dict[str, Any], name: str
) -> Finding:
    status = STATUS[int(course.status[0])]
    day, confirmed = _whole(float(course.day[0])), _whole(float(course.confirmed[0]))
    happened = {kind: at for kind, at in rivals.items() if at is not None}
    rival = min(happened, key=lambda kind: happened[kind]) if status == "competing" else None
    values: dict[str, Any] = {
        "status": None if status in ("undecided", "no_data") else status,
        "day": day,
        "nadir_ambiguous": bool(course.ambiguous[0]),
        "confirmed_day": confirmed,
        "competing_event": rival,
        "competing_day": rivals[rival] if rival else None,
    }
    note = {
        "undecided": _open_note(float(course.earliest[0]), float(course.latest[0])),
        "no_data": f"no {name} measured from day 0 on",
        "never_below": "never below the threshold: leave out of time to engraftment, or set by protocol",
        "recovered": _fall_note(float(course.fell_again[0]), bool(course.ambiguous[0])),
    }.get(status, "")
    return rule.find(values, inputs, days=tuple(d for d in (day, confirmed) if d is not None), note=note)


def _judged(
    rule: Definition,
    chart: Chart,
    course: Recovery,
    rivals: dict[str, Floats],
    recorded: NDArray[np.bool_],
    settings: _Settings,
) -> Judgement:
    too_few = ((course.status == NOT_YET) & (course.after < RUN)) | (
        (course.status == NEVER_BELOW) & (course.measured < RUN)
    )
    too_short = (course.status == NEVER_BELOW) & (course.last < settings.followed_to)
    refused = ~recorded | too_few | too_short | np.isin(course.status, (OPEN, NO_DATA))
    words = np.array(STATUS)
    status = np.where(refused, "not_evaluable", words[course.status])
    dated = (course.status == RECOVERED) & ~refused
    sparse = dated & (course.day - course.not_before > settings.max_gap)
    day = np.where(dated, course.day, np.nan)
    bounded = (course.status == OPEN) & np.isfinite(course.latest) & recorded
    low = np.select([sparse, bounded], [course.not_before + 1, course.earliest], np.nan)
    high = np.select([sparse, bounded], [course.day, course.latest], np.nan)
    columns: dict[str, NDArray[Any]] = {
        "status": status,
        "day": day,
        "confirmed_day": np.where(dated, course.confirmed, np.nan),
        "interval_low": low,
        "interval_high": high,
        "nadir_ambiguous": course.ambiguous & dated,
    }
    columns["note"] = _notes(course, rivals, recorded, too_few, columns, settings)
    return Judgement(rule, chart.patients, columns, {**settings._asdict(), "competing": tuple(rivals)})


def _notes(
    course: Recovery,
    rivals: dict[str, Floats],
    recorded: NDArray[np.bool_],
    too_few: NDArray[np.bool_],
    columns: dict[str, NDArray[Any]],
    settings: _Settings,
) -> NDArray[Any]:
    """Words only for the patients who need them."""
    notes = np.full(len(course.status), "", object)
    notes[course.status == NEVER_BELOW] = "never below the threshold: leave out of time to engraftment"
    for at in np.flatnonzero((course.status == NEVER_BELOW) & (course.last < settings.followed_to)):
        notes[at] = f"not below the threshold, but followed only to day {course.last[at]:.0f}"
    for at in np.flatnonzero(course.status == NOT_YET):
        notes[at] = f"not reached by day {course.last[at]:.0f}, the last measured"
    notes[too_few] = "fewer than three measurements after the fall"
    notes[too_few & np.isinf(course.fell)] = "fewer than three measurements from day 0 on"
    for at in np.flatnonzero(course.status == OPEN):
        notes[at] = _open_note(course.earliest[at], course.latest[at])
    for at in np.flatnonzero(~np.isnan(columns["interval_low"]) & ~np.isnan(columns["day"])):
        low, high = columns["interval_low"][at], columns["interval_high"][at]
        notes[at] = f"visits too sparse: the true day lies between {low:.0f} and {high:.0f}"
    for at in np.flatnonzero(
        ~np.isnan(columns["day"]) & (columns["confirmed_day"] - columns["day"] > 2 * settings.max_gap)
    ):
        notes[at] = _joined(notes[at], f"confirmed only on day {columns['confirmed_day'][at]:.0f}")
    for at in np.flatnonzero(~np.isnan(course.fell_again) & ~np.isnan(columns["day"])):
        notes[at] = _joined(notes[at], _fall_note(course.fell_again[at], bool(course.ambiguous[at])))
    for at in np.flatnonzero((course.status == COMPETING) & ~too_few):
        kind = min(rivals, key=lambda name: rivals[name][at])
        notes[at] = f"{kind.replace('_', ' ')} on day {rivals[kind][at]:.0f} came first"
    notes[~recorded] = _NO_RECORD
    notes[course.status == NO_DATA] = "not measured from day 0 on"
    return notes.astype(str)


def _joined(first: str, second: str) -> str:
    return f"{first}; {second}" if first else second


def _fall_note(day: float, ambiguous: bool) -> str:
    if np.isnan(day):
        return ""
    return f"below the threshold again on day {day:.0f}" + (": the nadir is ambiguous" if ambiguous else "")


def _open_note(earliest: float, latest: float) -> str:
    low = "never below or " if np.isinf(earliest) else f"day {earliest:.0f} or "
    high = "not reached" if np.isinf(latest) else f"as late as day {latest:.0f}"
    return f"a reading given only as a limit leaves it open: {low}{high}"


def _whole(day: float) -> int | None:
    return None if np.isnan(day) else int(day)
