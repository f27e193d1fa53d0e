"""Doses, infusions, transfusions and reports of virtual patients as an event table of pharmacometrics.

One row a record, in the columns that NONMEM, rxode2 and their like read; what each compartment number stands for, and
every unit, is in a companion file beside the table. ``TIME`` is in days from the morning of admission. Reports of a
morning stand before what was given on it, as the ward sees them first. What is given by level (calcineurin inhibitor,
mycophenolate ...) is an infusion of one day.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import numpy as np

from dayzero.module import ORDER_SIGNALS
from dayzero.records import Chart
from dayzero.simulation.assemble import standard_body
from dayzero.simulation.course import Course
from dayzero.simulation.dosing import Rule, dose_mg, rule_for
from dayzero.simulation.laboratory import ASSAYS
from dayzero.simulation.observe import observe
from dayzero.simulation.occurrences import GIVEN
from dayzero.simulation.prepare import Prepared, prepare
from dayzero.spec import Plan
from dayzero.spec.vocabulary import DRUGS, SEROTHERAPY_DRUGS

SCHEMA = 1
COLUMNS: Mapping[str, str] = {
    "ID": "number of the virtual patient plus 1",
    "TIME": "days from the morning of admission",
    "DAY": "day counted from infusion",
    "EVID": "1 something given, 0 a report",
    "CMT": "what was given or reported; see compartments",
    "AMT": "amount given, in the unit of the compartment; 0 in a report",
    "RATE": "amount a day of an infusion; 0 for what is given at once",
    "DUR": "days an infusion lasts; 0 for what is given at once",
    "DV": "value reported, in the unit of the compartment; 0 where something was given",
    "MDV": "1 where DV is missing",
    "CENS": "1 where the value lies below the detection limit, which then stands in DV",
    "AGE": "age, years",
    "MALE": "1 male, 0 female",
    "WT": "weight, kg",
}
CELLS = ("infusion", "second_graft", "boost")
FIELDS = ("total_body", "total_lymphoid")
PLANNED = ("methotrexate", "abatacept")
LEVELS = ("mycophenolate", "sirolimus")
LASTING = (*LEVELS, "calcineurin", "ruxolitinib", "letermovir", "antiviral", "foscarnet", "quinolone", "mould_azole",
           "defibrotide", "maintenance")  # fmt: skip
FIRST_REPORT = 101


class Compartment(NamedTuple):
    """A number of the table: what it is about and in which unit."""

    name: str
    unit: str
    kind: str


class Row(NamedTuple):
    """One record before it is written: patient's place, day, whether it is a report, compartment, amount, censoring."""

    patient: int
    day: int
    given: bool
    name: str
    amount: float
    below: bool = False


def compartments() -> dict[int, Compartment]:
    """Every compartment by its number: 1 on for what is given, 101 on for what is reported."""
    given = [Compartment(drug, "mg/kg" if drug in SEROTHERAPY_DRUGS else "mg", "dose") for drug in DRUGS]
    given += [Compartment(name, "mg", "dose") for name in PLANNED if name not in DRUGS]
    given += [Compartment(field, "Gy", "irradiation") for field in FIELDS]
    given += [Compartment(name, "cells/kg", "cells, viable CD34+") for name in CELLS]
    given += [Compartment(name, "1", "level, share of the full dose") for name in LEVELS]
    given += [Compartment(name, ORDER_SIGNALS[order].unit, f"order of the ward: {ORDER_SIGNALS[order].meaning}")
              for name, order in GIVEN.items() if name not in CELLS]  # fmt: skip
    reported = [Compartment(name, assay.unit, "report") for name, assay in ASSAYS.items()]
    return dict(enumerate(given, 1)) | dict(enumerate(reported, FIRST_REPORT))


def event_table(course: Course, plan: Plan) -> list[Row]:
    """Every record of a simulated course of one plan, in the order in which it is written."""
    chart, died = observe(course), course.deaths()[0]
    made = prepare(standard_body(), plan, course.patients, course.record["seed"], first_day=int(course.days[0]),
                   days=len(course.days), origins=1 + len(plan.donors), overrides=course.record["parameters"],
                   typical=course.record["typical"])  # fmt: skip
    planned = [row for row in _planned(plan, made) if row.day <= min(course.days[-1], died[row.patient])]
    rows = [*_reports(chart), *planned, *_orders(chart), *_levels(made, course)]
    return sorted(rows, key=lambda row: (row.patient, row.day, row.given))


def write_events(rows: Iterable[Row], course: Course, plan: Plan, table: Path, companion: Path) -> None:
    """The table (CSV) and the file that says what its numbers mean (JSON)."""
    with table.open("w", encoding="utf-8", newline="") as stream:
        _write(rows, course, stream)
    told = {
        "schema": SCHEMA,
        "plan": plan.name, "plan_sha256": plan.sha256(), "seed": course.record["seed"],
        "columns": COLUMNS,
        "compartments": {str(number): part._asdict() for number, part in compartments().items()},
        "notes": [
            "Virtual patients of dayzero; research and teaching software, not a medical device.",
            "Amounts of drugs are those of the plan for this patient's size; changes by drug monitoring are not in "
            "them. The amount of a day stands as one dose in the morning, as the model takes it.",
            "After a death nothing is recorded.",
        ],
        "run": dict(course.record),
    }  # fmt: skip
    companion.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _write(rows: Iterable[Row], course: Course, stream: TextIO) -> None:
    numbers = {(part.name, part.kind == "report"): number for number, part in compartments().items()}
    who, first = course.covariates, int(course.days[0])
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        lasts = int(row.given and row.name in LASTING)
        amount, value = (row.amount, 0) if row.given else (0, row.amount)
        i = row.patient
        writer.writerow([
            int(course.patients[i]) + 1, row.day - first, row.day, int(row.given),
            numbers[row.name, not row.given], _short(amount), _short(amount * lasts), lasts, _short(value),
            int(row.given), int(row.below), _short(who["age_years"][i]), int(who["male"][i]),
            _short(who["weight_kg"][i]),
        ])  # fmt: skip


def _short(value: float) -> str:
    return f"{float(value):.9g}"


def _reports(chart: Chart) -> Iterator[Row]:
    for name, column in chart.measurements.items():
        for who, day, value, below in zip(*(np.asarray(part).tolist() for part in column[:4]), strict=True):
            yield Row(int(who), int(day), False, name, float(value), below < 0)


def _orders(chart: Chart) -> Iterator[Row]:
    """What the ward gave and the grafts that were infused, with their amounts."""
    for name in (*CELLS, *(kind for kind in GIVEN if kind not in CELLS)):
        column = chart.events.get(name)
        if column is not None:
            for who, day, amount in zip(*(np.asarray(part).tolist() for part in column[:3]), strict=True):
                yield Row(int(who), int(day), True, name, float(amount))


def _planned(plan: Plan, made: Prepared) -> Iterator[Row]:
    """Doses of the plan for each patient's size."""
    for name, days, amounts in _doses(plan, made.person):
        for who, amount in enumerate(np.broadcast_to(amounts, made.key.shape).tolist()):
            yield from (Row(who, day, True, name, amount) for day in days)


def _doses(plan: Plan, person: Mapping[str, Any]) -> Iterator[tuple[str, tuple[int, ...], Any]]:
    """Drug or field, its days, and the amount of a day in each patient."""
    for course in (*plan.conditioning.drugs, *plan.prophylaxis.serotherapy):
        rule: Rule = rule_for(course.drug, course.total_mg_per_kg)
        if course.drug in SEROTHERAPY_DRUGS:
            yield course.drug, course.days, dose_mg(*course.dose, person) / person["weight_kg"]
        else:
            yield course.drug, course.days, dose_mg(*course.dose, person, rule)
    for beam in plan.conditioning.irradiation:
        yield beam.field, beam.days, beam.fraction_gy * beam.fractions_per_day
    given = plan.prophylaxis
    if given.post_cyclophosphamide is not None:
        amount = dose_mg(given.post_cyclophosphamide.dose_mg_per_kg, "mg/kg", person, "lower")
        yield "cyclophosphamide", given.post_cyclophosphamide.days, amount
    if given.methotrexate is not None:
        for day, dose in zip(given.methotrexate.days, given.methotrexate.doses_mg_per_m2, strict=True):
            yield "methotrexate", (day,), dose_mg(dose, "mg/m2", person)
    if given.abatacept is not None:
        yield "abatacept", given.abatacept.days, dose_mg(given.abatacept.dose_mg_per_kg, "mg/kg", person)


def _levels(made: Prepared, course: Course) -> Iterator[Row]:
    for name in LEVELS:
        days, who = np.nonzero((made.daily[name] > 0) & course.living.T)
        amounts = made.daily[name][days, who].tolist()
        for day, patient, amount in zip(course.days[days].tolist(), who.tolist(), amounts, strict=True):
            yield Row(patient, day, True, name, amount)
