"""FHIR Observations as readings: a quantity, a day, a number in the quantity's own unit, a limit.

An Observation may hold one value, or components that hold one each. A number is read with its comparator (``<`` and
``<=``: below; ``>`` and ``>=``: above) and its unit; a number without unit is not read, and neither is a text, unless
a site's file of codes says which unit it has.

Source: FHIR R4 (v4.0.1), Observation, Quantity.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dayzero.errors import InputError
from dayzero.records import ucum
from dayzero.records.codes import Code
from dayzero.records.fhir_fields import FieldReader, Resource, When, items, members, number, pairs, shown, text
from dayzero.records.findings import At
from dayzero.units import EVENTS, QUANTITIES, quantity

FINAL = ("final", "amended", "corrected")
_DOUBTFUL = ("preliminary",)
_DATES = ("effectiveDateTime", "effectiveInstant", "effectivePeriod")
_LIMITS = {"<": -1, "<=": -1, ">": 1, ">=": 1}
_WRITTEN_NUMBER = re.compile(r"([<>]=?)?\s*([+-]?\d{1,15}(?:\.\d{1,15})?)$", re.ASCII)
_MARKED_ABSENT = (
    "unknown", "asked-unknown", "temp-unknown", "not-asked", "asked-declined", "masked", "not-applicable",
    "unsupported", "as-text", "error", "not-a-number", "negative-infinity", "positive-infinity", "not-performed",
    "not-permitted",
)  # fmt: skip
_LARGEST_EXPONENT = 12.0


@dataclass(frozen=True)
class Reading:
    """One number on its way to a chart.

    Parameters
    ----------
    at, field : where it stands.
    code : what it is.
    patient : index of the patient.
    when : its day and moment.
    value : in canonical units; of a share: percent.
    limit : 0 exact, -1 below, +1 above.
    method : how it was measured, where that is said.
    """

    at: At
    field: str
    code: Code
    patient: int
    when: When
    value: float
    limit: int
    method: str = ""


def read_observation(resource: Resource, at: At, patient: int, fields: FieldReader) -> list[Reading]:
    """All readings of one Observation; what cannot be read is said."""
    if not fields.usable(resource, at, FINAL, _DOUBTFUL):
        return []
    when = fields.when(resource, _DATES, at)
    if when is None:
        return []
    components = items(resource.get("component"))
    parts = [(resource, "")] if _says_something(resource) or not components else []
    parts += [(members(part), f"component[{i}].") for i, part in enumerate(components)]
    found: list[Reading] = []
    for part, path in parts:
        one = _Part(part, path, at, fields, _method(resource))
        reading = one.read(patient, when)
        if reading is not None:
            found.append(reading)
    return found


def _method(resource: Resource) -> str:
    """How it was measured, in the words of the record."""
    method = members(resource.get("method"))
    codings = [members(one) for one in items(method.get("coding"))]
    words = [text(method.get("text")), *(text(one.get(name)) for name in ("display", "code") for one in codings)]
    return next((word for word in words if word), "")


def _says_something(resource: Resource) -> bool:
    return any(True for _ in pairs(resource, "value")) or "dataAbsentReason" in resource


class _Part:
    """An Observation or one of its components: a code and a value."""

    def __init__(self, part: Resource, path: str, at: At, fields: FieldReader, method: str) -> None:
        self.part, self.path, self.at, self.fields, self.method = part, path, at, fields, method

    def say(self, kind: str, field: str, sentence: str) -> None:
        self.fields.log.add(kind, self.at, self.path + field, sentence)

    def read(self, patient: int, when: When) -> Reading | None:
        if "code" not in self.part and not items(self.part.get("hasMember")) and not _says_something(self.part):
            self.say("malformed", "", "neither a code nor a value; not read")
            return None
        code = self.fields.code(self.part.get("code"), self.at, f"{self.path}code")
        if code is None or not self._expected(code):
            return None
        found = self._value(code)
        if found is None:
            return None
        method = self.method or code.method
        if code.target.startswith("donor_chimerism") and not method:
            self.say("no_method", "method", "nothing says by which method the chimerism was measured; read")
        return Reading(self.at, self.path + "value", code, patient, when, *found, method)

    def _expected(self, code: Code) -> bool:
        if code.how == "not_kept" or code.how == "panel":
            return self.fields.kept(code, self.at, f"{self.path}code")
        if code.target not in QUANTITIES and code.target not in EVENTS:
            self.say("wrong_place", "code", "the code does not belong to a measurement; not read")
            return False
        return True

    def _value(self, code: Code) -> tuple[float, int] | None:
        values = dict(pairs(self.part, "value"))
        absent = self.part.get("dataAbsentReason")
        if len(values) > 1 or (values and absent is not None):
            self.say("contradiction", "value", "more than one value, or a value and a reason for its absence; not read")
            return None
        if absent is not None:
            self.say("absent", "dataAbsentReason", f"the value is missing ({_reason(absent)})")
            return None
        if not values:
            if code.target in EVENTS:
                return float("nan"), 0
            self.say("no_value", "value", f"no value of {code.target}")
            return None
        (name, value), *_ = values.items()
        if name == "valueQuantity":
            return self._quantity(members(value), code)
        if name in ("valueInteger", "valueString"):
            return self._bare(str(value) if name == "valueInteger" else text(value), name, code)
        if name == "valueBoolean" and code.target in EVENTS:
            return self._event(value, code)
        self.say("not_a_number", name, f"the value of {code.target} is not a number with a unit; not read")
        return None

    def _event(self, value: object, code: Code) -> tuple[float, int] | None:
        if value is True:
            return float("nan"), 0
        self.say("absent", "valueBoolean", f"{code.target} is said not to have happened")
        return None

    def _quantity(self, value: Resource, code: Code) -> tuple[float, int] | None:
        amount = number(value.get("value"))
        if amount is None:
            kind = "no_value" if "value" not in value else "not_a_number"
            self.say(kind, "valueQuantity.value", f"no number stands for {code.target}; not read")
            return None
        comparator = text(value.get("comparator"))
        if comparator not in _LIMITS and "comparator" in value:
            self.say("bad_comparator", "valueQuantity.comparator", "the comparator is not <, <=, > or >=; not read")
            return None
        limit = _LIMITS.get(comparator, 0)
        unit, coded = unit_of(value)
        return self._canonical(amount, limit, unit or code.unit, coded and bool(unit), "valueQuantity", code)

    def _bare(self, written: str, field: str, code: Code) -> tuple[float, int] | None:
        found = _WRITTEN_NUMBER.match(written)
        if found is None:
            self.say("not_a_number", field, f"the value of {code.target} is not a number with a unit; not read")
            return None
        limit = _LIMITS.get(found.group(1) or "", 0)
        return self._canonical(float(found.group(2)), limit, code.unit, False, field, code)

    def _canonical(
        self, amount: float, limit: int, unit: str, coded: bool, field: str, code: Code
    ) -> tuple[float, int] | None:
        if code.how == "share":
            value = ucum.percent(amount, unit) if unit else None
            low, high = 0.0, 100.0
        elif code.how == "log10":
            value = 10**amount if _is_logarithm(unit) and abs(amount) <= _LARGEST_EXPONENT else None
            low, high = 0.0, quantity(code.target).high
        else:
            value = self._converted(amount, unit, coded, code)
            low, high = quantity(code.target).low, quantity(code.target).high
        if value is None:
            self._unit(unit, field, code)
            return None
        if not low <= value <= high:
            self.say("implausible", field, f"the value of {code.target} cannot be true in its unit; not read")
            return None
        return value, limit

    def _converted(self, amount: float, unit: str, coded: bool, code: Code) -> float | None:
        accepted = quantity(code.target).accepted
        if not unit and not ("" in accepted or "1" in accepted):
            return None
        try:
            per, zero = ucum.scale_of(code.target, unit or ("" if "" in accepted else "1"), coded)
        except InputError:
            return None
        return (amount - zero) / per

    def _unit(self, unit: str, field: str, code: Code) -> None:
        if not unit:
            self.say("no_unit", field, f"the number of {code.target} has no unit; not read")
            return
        sentence = f"unit {shown(unit)} does not become the unit of {code.target}; not read"
        self.say("unconvertible", field, sentence)


def unit_of(value: Resource) -> tuple[str, bool]:
    """The unit of a Quantity and whether it is a UCUM code."""
    code = text(value.get("code"))
    if code and value.get("system") == ucum.UCUM:
        return code, True
    return text(value.get("unit")) or code, False


def _is_logarithm(unit: str) -> bool:
    plain = unit.casefold()
    return ("log" in plain or "lg" in plain) and "iu" in plain and "ml" in plain


def _reason(absent: object) -> str:
    codes = [text(members(one).get("code")) for one in items(members(absent).get("coding"))]
    return next((code for code in codes if code in _MARKED_ABSENT), "no standard reason")
