"""A chart as a FHIR R4 Bundle: what `dayzero.records.fhir_reading` reads back without a finding.

Each reading is an Observation with the preferred LOINC code (where one is confirmed) and dayzero's own, each act a
Procedure, each dose a MedicationAdministration, each complication a Condition; a death stands with the Patient. Days
become dates by a day 0 that is given. What FHIR has no field for (the amount of an act or complication, the graft,
whether all transfusions are recorded) is an extension. Identifiers of patients are written as the chart has them.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from dayzero.errors import ChartError
from dayzero.records.chart import Chart
from dayzero.records.codes import DAY_ZERO, OWN, shipped
from dayzero.records.fhir_fields import AMOUNT, GRAFT, TRANSFUSIONS
from dayzero.records.fhir_patients import PATIENT, as_date
from dayzero.records.ucum import UCUM, code_of
from dayzero.units import EVENTS, QUANTITIES

Json = dict[str, Any]

#: Events that are written as an act and as a drug; all others are complications.
ACTS = (
    "infusion", "second_graft", "boost", "donor_lymphocytes", "platelet_transfusion", "red_cell_transfusion",
    "graft_failure_treatment", "cmv_treatment",
)  # fmt: skip
DRUGS = (
    "gcsf", "steroid", "calcineurin", "ruxolitinib", "letermovir", "antiviral", "foscarnet", "quinolone", "mould_azole",
    "immunoglobulin", "defibrotide", "maintenance", "methotrexate", "mycophenolate", "sirolimus", "cyclophosphamide",
    "antithymocyte_globulin", "ursodiol",
)  # fmt: skip
_VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_COMPARATORS = {-1: "<", 1: ">"}
_SPACE = uuid.UUID("6f9b6ac0-7f0d-5f0e-9d5e-2b1f4a7c3d10")  # makes the same addresses of the same chart


def write(chart: Chart, day_zero: date | str | Mapping[str, date | str]) -> Json:
    """The bundle as plain data; see `dayzero.records.fhir.write_bundle`."""
    zero = [_day_zero(day_zero, name) for name in chart.patients]
    entries: list[Json] = []
    for row, name in enumerate(chart.patients):
        patient = f"urn:uuid:{uuid.uuid5(_SPACE, f'{row} {name}')}"
        resources = [_patient(chart, row, zero[row]), *_resources(chart, row, zero[row])]
        subject = {"reference": patient}
        for number, resource in enumerate(resources):
            address = patient if not number else f"urn:uuid:{uuid.uuid5(_SPACE, f'{row} {name} {number}')}"
            if number:
                resource["subject"] = subject
            entries.append({"fullUrl": address, "resource": resource})
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _day_zero(given: date | str | Mapping[str, date | str], patient: str) -> date:
    if not isinstance(given, Mapping):
        return as_date(given, "to_fhir")
    if patient not in given:
        raise ChartError("to_fhir", "day_zero", "no day for a patient", "a date for each patient", "add the patient")
    return as_date(given[patient], "to_fhir")


def _resources(chart: Chart, row: int, zero: date) -> Iterator[Json]:
    if (
        "infusion" not in chart.events
        or not ((chart.events["infusion"].patient == row) & (chart.events["infusion"].day == 0)).any()
    ):
        yield {"resourceType": "Procedure", "status": "completed", "code": _concept(DAY_ZERO, "day 0"),
               "performedDateTime": zero.isoformat()}  # fmt: skip
    for name, column in chart.measurements.items():
        methods = chart.methods.get(name)
        for at in (column.patient == row).nonzero()[0]:
            method = "" if methods is None else str(methods[at])
            when = _date(zero, int(column.day[at]))
            yield _observation(name, when, float(column.value[at]), int(column.limit[at]), method)
    for kind, column in chart.events.items():
        for number, at in enumerate((column.patient == row).nonzero()[0]):
            if kind != "death" or number:
                yield _event(kind, _date(zero, int(column.day[at])), float(column.value[at]))


def _date(zero: date, day: int) -> str:
    return (zero + timedelta(day)).isoformat()


def _patient(chart: Chart, row: int, zero: date) -> Json:
    extensions: list[Json] = [{"url": TRANSFUSIONS, "valueBoolean": bool(chart.transfusions_recorded[row])}]
    if chart.graft[row]:
        extensions.append({"url": GRAFT, "valueCode": chart.graft[row]})
    found: Json = {"resourceType": "Patient", "identifier": [{"system": PATIENT, "value": chart.patients[row]}]}
    column = chart.column("death")
    for at in (column.patient == row).nonzero()[0][:1]:
        found["deceasedDateTime"] = _date(zero, int(column.day[at]))
        extensions += _amount("death", float(column.value[at]))
    return found | {"extension": extensions}


def _observation(name: str, when: str, value: float, limit: int, method: str) -> Json:
    quantity: Json = {"value": value, "unit": QUANTITIES[name].unit, **_unit(name)}
    if limit:
        quantity["comparator"] = _COMPARATORS[limit]
    concept = _concept(name, QUANTITIES[name].description)
    found: Json = {"resourceType": "Observation", "status": "final", "code": concept, "effectiveDateTime": when,
                   "valueQuantity": quantity}  # fmt: skip
    return found | ({"method": {"text": method}} if method else {})


def _event(kind: str, when: str, amount: float) -> Json:
    concept = _concept(kind, EVENTS[kind].description)
    if kind in DRUGS:
        dosage = {} if math.isnan(amount) else {"dosage": {"dose": _quantity(kind, amount)}}
        return {"resourceType": "MedicationAdministration", "status": "completed", "medicationCodeableConcept": concept,
                "effectiveDateTime": when, **dosage}  # fmt: skip
    extensions = _amount(kind, amount)
    own = {"extension": extensions} if extensions else {}
    if kind in ACTS:
        return {"resourceType": "Procedure", "status": "completed", "code": concept, "performedDateTime": when, **own}
    confirmed = {"coding": [{"system": _VERIFIED, "code": "confirmed"}]}
    return {"resourceType": "Condition", "verificationStatus": confirmed, "code": concept, "onsetDateTime": when, **own}


def _amount(kind: str, amount: float) -> list[Json]:
    return [] if math.isnan(amount) else [{"url": AMOUNT, "valueQuantity": _quantity(kind, amount)}]


def _quantity(kind: str, amount: float) -> Json:
    unit = {"unit": EVENTS[kind].unit} if EVENTS[kind].unit else {}
    return {"value": amount, **unit, **_unit(kind)}


def _unit(name: str) -> Json:
    code = code_of(name)
    return {"system": UCUM, "code": code} if code else {}


def _concept(name: str, description: str) -> Json:
    preferred = shipped().preferred(name) if name in QUANTITIES else None
    coding = [] if preferred is None else [{"system": preferred.system, "code": preferred.code}]
    return {"coding": [*coding, {"system": OWN, "code": name, "display": description}]}
