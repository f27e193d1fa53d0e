"""Readings and occurrences of a record put into the columns of a chart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from dayzero.records.chart import Chart
from dayzero.records.fhir_clinical import Occurrence
from dayzero.records.fhir_observation import Reading
from dayzero.records.fhir_patients import Patients
from dayzero.records.findings import Findings

Rows = dict[str, list[tuple[Any, ...]]]


def chart_of(
    readings: Sequence[Reading],
    happened: Sequence[Occurrence],
    zero: Mapping[int, date],
    patients: Patients,
    found: Findings,
) -> Chart:
    """The chart; ``zero``: day 0 of each patient by index. Patients without a day 0 are not in it."""
    order = sorted(zero)
    place = {patient: row for row, patient in enumerate(order)}
    measured: Rows = {}
    for one in readings:
        day = (one.when.day - zero[one.patient]).days
        row = (place[one.patient], day, one.value, one.limit, one.method)
        measured.setdefault(one.code.target, []).append(row)
    events: Rows = {}
    for one in happened:
        day = (one.when.day - zero[one.patient]).days
        events.setdefault(one.code.target, []).append((place[one.patient], day, one.amount))
    transfused = {one.patient for one in happened if one.code.target == "platelet_transfusion"}
    said = [patients.transfusions[patient] for patient in order]
    return Chart.from_columns(
        {name: _columns(rows) for name, rows in measured.items()},
        [patients.names[patient] for patient in order],
        {name: _columns(rows) for name, rows in events.items()},
        graft=[patients.grafts[patient] for patient in order],
        # where nothing is said, a patient with a transfusion on the chart has a record of them
        transfusions_recorded=[p in transfused if s is None else s for p, s in zip(order, said, strict=True)],
        findings=found,
    )


def _columns(rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
