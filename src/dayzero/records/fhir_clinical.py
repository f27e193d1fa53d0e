"""FHIR Procedures, MedicationAdministrations, Conditions and deaths as events of a chart: a kind, a day, an amount.

A drug given over several days is an event on each of them, without amount. An amount is read where FHIR has a place for
it (the dose of a drug) or where dayzero wrote it, and left out, and said so, where its unit is not the event's own.

Source: FHIR R4 (v4.0.1), Procedure, MedicationAdministration, Condition, Patient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from dayzero.errors import InputError
from dayzero.records import ucum
from dayzero.records.codes import DAY_ZERO, Code
from dayzero.records.fhir_fields import AMOUNT, FieldReader, Resource, When, extension, items, members, number, text
from dayzero.records.fhir_observation import unit_of
from dayzero.records.findings import At
from dayzero.units import EVENTS

_LONGEST = 366
_DOUBTFUL_PROCEDURE = ("in-progress",)
_NOT_CONFIRMED = ("unconfirmed", "provisional", "differential", "refuted", "entered-in-error")
_NOTHING = float("nan")


@dataclass(frozen=True)
class Occurrence:
    """One event on its way to a chart: what, whose, when, how much (nan: not said)."""

    at: At
    code: Code
    patient: int
    when: When
    amount: float


def read_procedure(resource: Resource, at: At, patient: int, fields: FieldReader) -> list[Occurrence]:
    """What was done."""
    if not fields.usable(resource, at, ("completed",), _DOUBTFUL_PROCEDURE):
        return []
    code = _event_code(resource.get("code"), at, "code", fields)
    when = fields.when(resource, ("performedDateTime", "performedPeriod"), at) if code else None
    if code is None or when is None:
        return []
    return [Occurrence(at, code, patient, when, _own_amount(resource, code, at, fields))]


def read_condition(resource: Resource, at: At, patient: int, fields: FieldReader) -> list[Occurrence]:
    """What befell the patient, on the day it began."""
    verified = [
        text(members(one).get("code")) for one in items(members(resource.get("verificationStatus")).get("coding"))
    ]
    if any(status in _NOT_CONFIRMED for status in verified):
        fields.log.add("status", at, "verificationStatus", "the diagnosis is not confirmed; not read")
        return []
    if not fields.usable({**resource, "status": "confirmed"}, at, ("confirmed",), ()):
        return []
    code = _event_code(resource.get("code"), at, "code", fields)
    if code is None:
        return []
    names = ("onsetDateTime", "onsetPeriod", "recordedDate")
    when = fields.when(resource, names, at)
    if when is None:
        return []
    if not any(name in resource for name in names[:2]):
        fields.log.add("assumed", at, "recordedDate", "no onset; the day it was recorded was taken for the onset")
    amount = _own_amount(resource, code, at, fields)
    if amount != amount and resource.get("stage"):
        fields.log.add("amount_left_out", at, "stage", f"the stage of {code.target} is not read; the day is")
    return [Occurrence(at, code, patient, when, amount)]


def read_administration(
    resource: Resource, at: At, patient: int, fields: FieldReader, drugs: Mapping[str, Resource]
) -> list[Occurrence]:
    """What was given, on each day it was given. ``drugs``: Medication resources by their reference."""
    if not fields.usable(resource, at, ("completed", "in-progress"), ("stopped",)):
        return []
    concept, field = resource.get("medicationCodeableConcept"), "medicationCodeableConcept"
    if concept is None:
        reference, field = text(members(resource.get("medicationReference")).get("reference")), "medicationReference"
        concept = _drug(reference, resource, drugs).get("code")
    code = _event_code(concept, at, field, fields)
    if code is None:
        return []
    when = fields.when(resource, ("effectiveDateTime", "effectivePeriod"), at)
    if when is None:
        return []
    last = _end(resource, when, at, fields)
    if last.day == when.day:
        return [Occurrence(at, code, patient, when, _dose(resource, code, at, fields))]
    days = range((last.day - when.day).days + 1)
    fields.log.add("several_days", at, "effectivePeriod", f"{code.target} given over {len(days)} days; one event a day")
    return [Occurrence(at, code, patient, _later(when, day), _NOTHING) for day in days]


def read_death(resource: Resource, at: At, patient: int, fields: FieldReader) -> list[Occurrence]:
    """The death a Patient resource tells of."""
    code = Code("", "", "death", "death", "event")
    deceased = resource.get("deceasedDateTime")
    if deceased is None:
        if resource.get("deceasedBoolean") is True:
            fields.log.add("no_date", at, "deceasedBoolean", "a death without a date; not read")
        return []
    when = fields.date(deceased, at, "deceasedDateTime")
    return [] if when is None else [Occurrence(at, code, patient, when, _own_amount(resource, code, at, fields))]


def _event_code(concept: object, at: At, field: str, fields: FieldReader) -> Code | None:
    code = fields.code(concept, at, field)
    if code is None or not fields.kept(code, at, field):
        return None
    if code.target not in EVENTS and code.target != DAY_ZERO:
        fields.log.add("wrong_place", at, field, f"a code of {code.target}, which is measured; not read")
        return None
    return code


def _drug(reference: str, resource: Resource, drugs: Mapping[str, Resource]) -> Resource:
    contained = (members(one) for one in items(resource.get("contained")))
    inside = (one for one in contained if reference == f"#{text(one.get('id'))}")
    return next(inside, drugs.get(reference, {}))


def _end(resource: Resource, start: When, at: At, fields: FieldReader) -> When:
    if "effectiveDateTime" in resource or members(resource.get("effectivePeriod")).get("end") is None:
        return start
    end = fields.date(members(resource.get("effectivePeriod")).get("end"), at, "effectivePeriod.end")
    if end is None or not 0 <= (end.day - start.day).days < _LONGEST:
        sentence = "the end is before the start, cannot be read or is over a year away; the first day was taken"
        fields.log.add("assumed", at, "effectivePeriod.end", sentence)
        return start
    return end


def _later(when: When, days: int) -> When:
    day = when.day + timedelta(days)
    return when if not days else replace(when, day=day, moment=day.isoformat())


def _dose(resource: Resource, code: Code, at: At, fields: FieldReader) -> float:
    dose = members(resource.get("dosage")).get("dose")
    if dose is None:
        return _own_amount(resource, code, at, fields)
    return _amount(members(dose), code, at, "dosage.dose", fields)


def _own_amount(resource: Resource, code: Code, at: At, fields: FieldReader) -> float:
    written = extension(resource, AMOUNT)
    return _amount(members(written.get("valueQuantity")), code, at, "extension", fields) if written else _NOTHING


def _amount(value: Resource, code: Code, at: At, field: str, fields: FieldReader) -> float:
    """An amount in the event's own unit; nan, and said, where it does not become that."""
    amount = number(value.get("value"))
    unit, coded = unit_of(value)
    if amount is None or value.get("comparator") is not None or code.target not in EVENTS:
        fields.log.add("amount_left_out", at, field, f"the amount of {code.target} is no exact number; the day is read")
        return _NOTHING
    known = EVENTS[code.target]
    try:
        own = unit in (known.unit, ucum.code_of(code.target))
        per, zero = (1.0, 0.0) if own else ucum.scale_of(code.target, unit, coded)
    except InputError:
        sentence = f"the amount of {code.target} is not in {known.unit or 'its own unit'}; only the day is read"
        fields.log.add("amount_left_out", at, field, sentence)
        return _NOTHING
    found = (amount - zero) / per
    if not known.low <= found <= known.high:
        fields.log.add("amount_left_out", at, field, f"the amount of {code.target} cannot be true; the day is read")
        return _NOTHING
    return found
