"""Made-up FHIR resources, and bundles of them."""

from __future__ import annotations

from typing import Any

from dayzero.records import Chart
from dayzero.records.fhir import Read, read_bundle

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
UCUM = "http://unitsofmeasure.org"
ZERO = "2024-03-10"
WBC, ANC, ANC_PERCENT, PLATELETS = "6690-2", "751-8", "770-8", "777-3"
PATIENT = {"resourceType": "Patient", "id": "a"}
SUBJECT = {"reference": "Patient/a"}


def concept(code: str, system: str = LOINC) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def quantity(value: float, unit: str, comparator: str | None = None) -> dict[str, Any]:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit} | (
        {"comparator": comparator} if comparator else {}
    )


def observation(code: str, date: str | None, value: Any, **more: Any) -> dict[str, Any]:
    """An Observation; ``value``: a Quantity, or nothing."""
    when = {"effectiveDateTime": date} if date else {}
    measured = {} if value is None else {"valueQuantity": value}
    found = {"resourceType": "Observation", "status": "final", "code": concept(code), "subject": SUBJECT}
    return found | when | measured | more


def procedure(code: str, date: str = ZERO, **more: Any) -> dict[str, Any]:
    found = {"resourceType": "Procedure", "status": "completed", "code": concept(code, SNOMED), "subject": SUBJECT}
    return found | {"performedDateTime": date} | more


def condition(code: str, date: str, **more: Any) -> dict[str, Any]:
    found = {"resourceType": "Condition", "code": concept(code, SNOMED), "subject": SUBJECT, "onsetDateTime": date}
    return found | more


def drug(code: str, date: str, **more: Any) -> dict[str, Any]:
    found = {"resourceType": "MedicationAdministration", "status": "completed", "subject": SUBJECT}
    return found | {"medicationCodeableConcept": concept(code, RXNORM), "effectiveDateTime": date} | more


TRANSPLANT = procedure("234336002")


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


def read(*resources: dict[str, Any], **options: Any) -> Read:
    """What a bundle of one transplanted patient and these resources gives; their entries begin with 2."""
    return read_bundle(bundle(PATIENT, TRANSPLANT, *resources), **options)


def values(chart: Chart, name: str) -> list[tuple[int, float, int]]:
    """Day, value and limit of each reading of the patient."""
    days, found, limits = chart.series("a", name)
    return [(int(d), round(float(v), 9), int(limit)) for d, v, limit in zip(days, found, limits, strict=True)]
