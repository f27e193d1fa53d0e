"""A FHIR R4 Bundle as a chart, and a list of everything that was wrong, doubtful or left out.

Read are Patient, Observation (with components), Procedure, MedicationAdministration (with Medication), Condition.
Days are counted from the first transplant of each patient (a completed Procedure), or from a day that is given.
Whatever is not in the chart is in the findings: each entry is in one of the two.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TypeVar, cast

from dayzero.errors import ChartError
from dayzero.records.chart import FIRST_DAY, LAST_DAY, Chart
from dayzero.records.codes import DAY_ZERO, OWN, Codes, shipped
from dayzero.records.fhir_chart import chart_of
from dayzero.records.fhir_clinical import Occurrence, read_administration, read_condition, read_death, read_procedure
from dayzero.records.fhir_fields import FieldReader, Resource, items, members, text
from dayzero.records.fhir_observation import Reading, read_observation
from dayzero.records.fhir_patients import Patients, day_zero_of
from dayzero.records.fhir_settling import settle
from dayzero.records.findings import At, FindingLog, Findings
from dayzero.units import EVENTS

DayZero = date | str | Mapping[str, date | str]
_TYPES = ("Patient", "Observation", "Procedure", "MedicationAdministration", "Condition", "Medication")
_ONSETS = "Condition"

Dated = TypeVar("Dated", Reading, Occurrence)


def read(
    source: str | Path | Mapping[str, object],
    day_zero: DayZero | None = None,
    codes: str | Path | None = None,
    timezone: str | None = None,
    keep_repeats: bool = False,
) -> tuple[Chart, Findings]:
    """Read a Bundle; see `dayzero.records.fhir.read_bundle`."""
    where, bundle = _load(source)
    table = shipped() if codes is None else shipped().with_local(codes)
    return _BundleReader(where, table, timezone).read(bundle, day_zero, keep_repeats)


def _load(source: str | Path | Mapping[str, object]) -> tuple[str, Resource]:
    as_json = getattr(source, "model_dump_json", None)  # a bundle of fhir.resources
    if as_json is not None:
        return "bundle", _checked(json.loads(as_json()), "bundle")
    if isinstance(source, Mapping):
        return "bundle", _checked(source, "bundle")
    path = Path(source)
    advice = "export the record as one FHIR R4 Bundle in JSON"
    if not path.is_file():
        raise ChartError(path.name, "file", "nothing there", "a FHIR bundle", "check the path")
    try:
        found: object = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_each_key_once)
    except (UnicodeDecodeError, ValueError, RecursionError) as problem:
        got = f"no JSON ({type(problem).__name__})"
        raise ChartError(path.name, "file", got, "a FHIR bundle in JSON", advice) from None
    except KeyError:
        raise ChartError(path.name, "file", "a key twice in one object", "each key once", advice) from None
    except OSError as problem:
        raise ChartError(path.name, "file", problem.strerror or "no file", "a FHIR bundle", "check the path") from None
    return path.name, _checked(found, path.name)


def _each_key_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A JSON object; of a key that stands there twice one value would be lost without a word."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise KeyError
    return found


def _checked(found: object, where: str) -> Resource:
    bundle = cast("Resource", found) if isinstance(found, Mapping) else members(found)
    kind = text(bundle.get("resourceType"))
    if kind != "Bundle":
        got = _type(kind) if kind else "no resource type"
        advice = "put all resources into one Bundle"
        raise ChartError(where, "resourceType", got, "Bundle", advice)
    return bundle


def _type(name: str) -> str:
    return name if name.isascii() and name.isalpha() and name[:1].isupper() and len(name) <= 40 else "resource"


class _BundleReader:
    """Reads one bundle step by step."""

    def __init__(self, where: str, codes: Codes, zone: str | None) -> None:
        self.where, self.log = where, FindingLog()
        self.fields = FieldReader(codes, self.log, zone)
        self.readings: list[Reading] = []
        self.happened: list[Occurrence] = []

    def read(self, bundle: Resource, day_zero: DayZero | None, keep_repeats: bool) -> tuple[Chart, Findings]:
        resources = self._resources(bundle)
        self.patients = Patients(self.log, resources)
        self.patients.addresses(items(bundle.get("entry")))
        drugs = {key: r for at, r in resources if at.resource == "Medication" for key in _keys(r, bundle, at)}
        for at, resource in resources:
            self._dispatch(at, resource, drugs)
        self._zones()
        zero = day_zero_of(self.happened, self.patients, day_zero, self.log, self.where)
        kept = settle(self._dated(self.readings, zero), self.log, keep_repeats)
        happened = self._dated(self._once(self._transplants(self.happened, zero)), zero)
        self._nothing_silent(resources, kept, happened)
        found = self.log.findings()
        if not kept and not happened:
            first = f"; first: {found[0].sentence}" if found else ""
            got = f"nothing that a chart holds ({len(found)} findings{first})"
            raise ChartError(self.where, "entry", got, "measurements or events", "see docs: how to read FHIR")
        return chart_of(kept, happened, zero, self.patients, found), found

    def _resources(self, bundle: Resource) -> list[tuple[At, Resource]]:
        if any(members(link).get("relation") == "next" for link in items(bundle.get("link"))):
            at = At(None, "Bundle")
            self.log.add("more_pages", at, "link", "the bundle is one page of several; the other pages are not here")
        found: list[tuple[At, Resource]] = []
        seen: dict[tuple[str, str], Resource] = {}
        for index, entry in enumerate(items(bundle.get("entry"))):
            resource = members(members(entry).get("resource"))
            at = At(index, _type(text(resource.get("resourceType"))))
            if not resource.get("resourceType"):
                self.log.add("no_resource", At(index, "entry"), "resource", "the entry has no resource")
            elif at.resource not in _TYPES:
                self.log.add("unknown_resource", at, "", "resources of this type are not read")
            elif not self._repeated(resource, at, seen):
                found.append((at, resource))
        return found

    def _repeated(self, resource: Resource, at: At, seen: dict[tuple[str, str], Resource]) -> bool:
        own = text(resource.get("id"))
        before = seen.setdefault((at.resource, own), resource) if own else resource
        if before is resource:
            return False
        same = before == resource
        sentence = (
            "the same resource a second time; read once" if same else "another content under the same id; not read"
        )
        self.log.add("duplicate" if same else "contradiction", at, "id", sentence)
        return True

    def _dispatch(self, at: At, resource: Resource, drugs: Mapping[str, Resource]) -> None:
        if at.resource == "Medication":
            return
        patient = self.patients.of(resource, at)
        if patient is None:
            return
        if at.resource == "Observation":
            for reading in read_observation(resource, at, patient, self.fields):
                self._place(reading)
        elif at.resource == "MedicationAdministration":
            self.happened += read_administration(resource, at, patient, self.fields, drugs)
        else:
            self.happened += _READERS[at.resource](resource, at, patient, self.fields)

    def _place(self, reading: Reading) -> None:
        if reading.code.target not in EVENTS:
            self.readings.append(reading)
            return
        if reading.value == 0:
            self.log.add("absent", reading.at, reading.field, f"{reading.code.target} is said not to have happened")
            return
        if reading.limit:
            sentence = f"the amount of {reading.code.target} is a limit; only the day is read"
            self.log.add("amount_left_out", reading.at, reading.field, sentence)
        amount = float("nan") if reading.limit else reading.value
        self.happened.append(Occurrence(reading.at, reading.code, reading.patient, reading.when, amount))

    def _zones(self) -> None:
        if len(self.fields.zones) > 1 and self.fields.zone is None and "Z" in self.fields.zones:
            sentence = (
                "times are written in UTC and in local zones; days are as written (give the zone to read them in)"
            )
            self.log.add("time_zones", At(None, "Bundle"), "", sentence)

    def _transplants(self, happened: Iterable[Occurrence], zero: Mapping[int, date]) -> list[Occurrence]:
        """The transplant of day 0 stays the infusion; one coded alike at a later day is a second graft."""
        found: list[Occurrence] = []
        for one in happened:
            first = zero.get(one.patient)
            if one.code.target == DAY_ZERO:
                continue
            if one.code.target != "infusion" or first is None or one.when.day == first:
                found.append(one)
            elif one.code.system != OWN and one.when.day > first:
                self.log.add("assumed", one.at, "code", "a transplant after day 0; read as a second graft")
                found.append(replace(one, code=replace(one.code, target="second_graft")))
            elif one.when.day < first:
                self.log.add("not_kept", one.at, "performedDateTime", "a transplant before day 0; not read")
            else:
                self.log.add("contradiction", one.at, "code", "an infusion at another day than day 0; not read")
        return found

    def _once(self, happened: Iterable[Occurrence]) -> list[Occurrence]:
        """Each event once: a complication has one onset a day, a dose one moment that is written with its time."""
        seen: set[tuple[object, ...]] = set()
        found: list[Occurrence] = []
        for one in happened:
            onset = one.at.resource == _ONSETS
            moment = one.when.day if onset else one.when.moment if "T" in one.when.moment else one.at
            key = (one.patient, one.code.target, moment, None if onset else repr(one.amount), one.when.day)
            if key in seen:
                self.log.add("duplicate", one.at, "code", f"the same {one.code.target} a second time; read once")
            else:
                seen.add(key)
                found.append(one)
        return found

    def _dated(self, parts: list[Dated], zero: Mapping[int, date]) -> list[Dated]:
        """Those of patients whose days can be counted, on days that a chart can hold."""
        found: list[Dated] = []
        for one in parts:
            first = zero.get(one.patient)
            if first is None:
                self.log.add("no_day_zero", one.at, "subject", "its patient has no day to count from; not read")
            elif not FIRST_DAY <= (one.when.day - first).days <= LAST_DAY:
                self.log.add("bad_date", one.at, "", "the date is too far from the transplant to be true; not read")
            else:
                found.append(one)
        return found

    def _nothing_silent(
        self, resources: list[tuple[At, Resource]], kept: list[Reading], happened: list[Occurrence]
    ) -> None:
        """The last net: an entry that is neither in the chart nor said is said now."""
        anchors = {one.at.entry for one in self.happened if one.code.target == DAY_ZERO}
        placed = {one.at.entry for one in (*kept, *happened)} | self.log.entries() | anchors
        for at, _ in resources:
            if at.entry not in placed and at.resource not in ("Patient", "Medication"):
                self.log.add("malformed", at, "", "nothing in it could be read")


def _keys(resource: Resource, bundle: Resource, at: At) -> list[str]:
    own = f"{at.resource}/{text(resource.get('id'))}"
    entries = items(bundle.get("entry"))
    address = text(members(entries[at.entry]).get("fullUrl")) if at.entry is not None else ""
    return [key for key in (own, address) if key]


_READERS: dict[str, Callable[[Resource, At, int, FieldReader], list[Occurrence]]] = {
    "Patient": read_death,
    "Procedure": read_procedure,
    "Condition": read_condition,
}
