"""Fields of a FHIR resource, read without trust: what is not of the shape the standard says reads as absent.

Dates are FHIR's: a year, a month, a day, or a day with time and zone. A day is the calendar day as it is written, in
the zone of whoever wrote it, unless a zone is given to read all times in.

Source: FHIR R4 (v4.0.1), data types.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

from dayzero.errors import InputError
from dayzero.records.codes import Code, Codes
from dayzero.records.findings import At, FindingLog

Resource = Mapping[str, object]

#: Where dayzero keeps what FHIR has no field for: the amount of an event, the graft, the record of transfusions.
AMOUNT, GRAFT, TRANSFUSIONS = "urn:dayzero:amount", "urn:dayzero:graft", "urn:dayzero:transfusions-recorded"

_DATE = re.compile(
    r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:\d{2})?)?)?)?$", re.ASCII
)
_SAFE_CODE = re.compile(r"[A-Za-z0-9.*/\[\]{}%^_+\-]{1,24}$", re.ASCII)
_SAFE_SYSTEM = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9/:.#_\-]{1,80}$", re.ASCII)
_KNOWN_SYSTEMS = {
    "http://loinc.org": "LOINC",
    "http://snomed.info/sct": "SNOMED CT",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
    "http://www.whocc.no/atc": "ATC",
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD-10-CM",
    "http://hl7.org/fhir/sid/icd-10": "ICD-10",
}


def members(value: object) -> Resource:
    """The keys and values of a JSON object; none where it is something else."""
    return cast("Resource", value) if isinstance(value, dict) else {}


def items(value: object) -> list[object]:
    """The items of a JSON array; none where it is something else."""
    return cast("list[object]", value) if isinstance(value, list) else []


def text(value: object) -> str:
    """A JSON string without blanks around it; empty where it is something else."""
    return value.strip() if isinstance(value, str) else ""


def number(value: object) -> float | None:
    """A finite JSON number; None where it is something else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def shown(word: str) -> str:
    """A code or unit as a message may show it: short and without blanks, else not at all."""
    return repr(word) if _SAFE_CODE.match(word) else "one that is not shown"


def system_name(system: str) -> str:
    """A code system as a message may show it."""
    if system in _KNOWN_SYSTEMS:
        return _KNOWN_SYSTEMS[system]
    return system if _SAFE_SYSTEM.match(system) else "a system that is not named" if system else "no system"


def extension(resource: Resource, url: str) -> Resource:
    """The extension with this address; empty where there is none."""
    found = [members(item) for item in items(resource.get("extension"))]
    return next((one for one in found if one.get("url") == url), members(None))


@dataclass(frozen=True)
class When:
    """A day, the moment by which two readings are compared (a time where one is written), and the zone written."""

    day: date
    moment: str
    zone: str = ""


class FieldReader:
    """Reads fields of one resource after another, and says what is wrong with them."""

    def __init__(self, codes: Codes, log: FindingLog, zone: str | None = None) -> None:
        self.codes, self.log = codes, log
        self.zone = _zone(zone)
        self.zones: set[str] = set()

    def code(self, value: object, at: At, field: str) -> Code | None:
        """The code of a CodeableConcept that a chart has a place for; None, and said, where there is none."""
        codings = [(text(one.get("system")), text(one.get("code"))) for one in map(members, _codings(value))]
        codings = [(system, code) for system, code in codings if code]
        if not codings:
            self.log.add("no_code", at, field, "no code of a code system says what it is; not read")
            return None
        known = [found for system, code in codings if (found := self.codes.find(system, code))]
        if not known:
            system, code = codings[0]
            sentence = (
                f"code {shown(code)} of {system_name(system)} is not known; not read (name it in a file of codes)"
            )
            self.log.add("unknown_code", at, field, sentence)
            return None
        return self._one(known, at, field)

    def _one(self, known: list[Code], at: At, field: str) -> Code | None:
        placed = [code for code in known if code.target]
        if len({(code.target, code.how) for code in placed}) > 1:
            names = " and ".join(dict.fromkeys(code.target for code in placed))
            self.log.add("contradiction", at, field, f"codes of {names} on one thing; not read")
            return None
        if not placed:
            return known[0]
        best = min(placed, key=lambda code: (not code.verified, code.rank))
        if not best.verified:
            sentence = f"code {shown(best.code)} was taken for {best.target}; check that, it was not confirmed"
            self.log.add("unverified_code", at, field, sentence)
        return best

    def kept(self, code: Code, at: At, field: str) -> bool:
        """Whether a chart keeps what the code stands for; says so where it does not."""
        if code.how == "not_kept":
            self.log.add("not_kept", at, field, f"{code.name} ({shown(code.code)}) is not kept: {code.reason}")
        elif code.how == "panel":
            self.log.add("panel", at, field, f"{code.name} is a panel without a value of its own")
        return bool(code.target)

    def when(self, resource: Resource, names: tuple[str, ...], at: At) -> When | None:
        """The first date that is written under one of these names; a period is its start."""
        for name in names:
            value = resource.get(name)
            if value is None:
                continue
            if name.endswith("Period"):
                return self.date(members(value).get("start"), at, f"{name}.start")
            return self.date(value, at, name)
        self.log.add("no_date", at, names[0], "no date says when it was; not read")
        return None

    def date(self, value: object, at: At, field: str) -> When | None:
        """A date with its moment; None, and said, where there is no day."""
        found = _DATE.match(text(value))
        if value is None:
            self.log.add("no_date", at, field, "no date says when it was; not read")
        elif found is None:
            self.log.add("bad_date", at, field, "the date is not written as FHIR writes dates; not read")
        elif found.group(3) is None:
            self.log.add("imprecise_date", at, field, "the date has no day; not read")
        else:
            return self._moment(found, at, field)
        return None

    def _moment(self, found: re.Match[str], at: At, field: str) -> When | None:
        year, month, day, time, zone = found.groups()
        try:
            written = date(int(year), int(month), int(day))
            if time is None:
                return When(written, written.isoformat())
            moment = datetime.fromisoformat(f"{written}T{_seconds(time)}{(zone or '').replace('Z', '+00:00')}")
            if zone is None:
                return When(written, moment.isoformat())
            self.zones.add(zone)
            local = moment.astimezone(self.zone) if self.zone else moment
            return When(local.date(), moment.astimezone(UTC).isoformat(), zone)
        except (ValueError, OverflowError):
            self.log.add("bad_date", at, field, "there is no such date or time; not read")
            return None

    def usable(self, resource: Resource, at: At, good: tuple[str, ...], doubtful: tuple[str, ...]) -> bool:
        """Whether status and modifiers let a resource be read; says why not, or what was assumed."""
        for name in ("modifierExtension", "implicitRules"):
            if resource.get(name):
                self.log.add("modifier", at, name, "a modifier changes what it means, and it is not read")
                return False
        status = text(resource.get("status"))
        if status in good:
            return True
        if status in doubtful or "status" not in resource:
            word = f"status is {status}" if status else "status is missing"
            self.log.add("status_assumed", at, "status", f"{word}; read as if it were final")
            return True
        self.log.add("status", at, "status", f"status is {_status(status)}; not read")
        return False


def _codings(value: object) -> list[object]:
    return items(members(value).get("coding"))


def _status(status: str) -> str:
    return status if re.fullmatch(r"[a-z-]{1,20}", status) else "not one of the standard's"


def _seconds(time: str) -> str:
    """A time with at most six decimals, and the leap second as the second before it."""
    whole, _, rest = time.partition(".")
    whole = re.sub(r":60$", ":59", whole)
    return f"{whole}.{rest[:6]:0<6}" if rest else whole


def _zone(name: str | None) -> tzinfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except Exception:  # a wrong name, a wrong path and a missing table are raised as different things
        expected = "a time zone such as Europe/Berlin"
        raise InputError("timezone", "timezone", repr(name), expected, "see the IANA list of zones") from None


def pairs(resource: Resource, beginning: str) -> Iterator[tuple[str, Any]]:
    """The choice fields of a resource (``value[x]``) that are present."""
    for name, value in resource.items():
        if name.startswith(beginning) and name[len(beginning) :][:1].isupper() and value is not None:
            yield name, value
