"""Whose a resource is, what is known of each patient, and the day their days are counted from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from dayzero.errors import ChartError
from dayzero.records.chart import GRAFTS
from dayzero.records.codes import DAY_ZERO
from dayzero.records.fhir_clinical import Occurrence
from dayzero.records.fhir_fields import GRAFT, TRANSFUSIONS, Resource, extension, items, members, text
from dayzero.records.findings import At, FindingLog

#: System of the identifier under which dayzero writes a patient of a chart.
PATIENT = "urn:dayzero:patient"


class Patients:
    """The patients of a bundle, in the order in which they come up.

    ``names``: the identifier of each, as the chart has it: the one dayzero wrote, else the id of the resource.
    """

    def __init__(self, log: FindingLog, resources: Iterable[tuple[At, Resource]]) -> None:
        self.log = log
        self.names: list[str] = []
        self.grafts: list[str | None] = []
        self.transfusions: list[bool | None] = []
        self._by_reference: dict[str, int] = {}
        self._by_entry: dict[int | None, int] = {}
        for at, resource in resources:
            if at.resource == "Patient":
                self._add(resource, at)
        self._written = len(self.names)

    def _add(self, resource: Resource, at: At) -> None:
        own = text(resource.get("id"))
        written = (members(one) for one in items(resource.get("identifier")))
        name = next((text(one.get("value")) for one in written if one.get("system") == PATIENT), "") or own
        index = self._new(name)
        self._by_entry[at.entry] = index
        if own:
            self._by_reference[f"Patient/{own}"] = index
        self._facts(resource, at, index)

    def _new(self, name: str) -> int:
        index = len(self.names)
        wanted = name or f"patient-{index + 1}"
        taken = set(self.names)
        self.names.append(wanted if wanted not in taken else f"{wanted} ({index + 1})")
        self.grafts.append(None)
        self.transfusions.append(None)
        return index

    def _facts(self, resource: Resource, at: At, index: int) -> None:
        graft = extension(resource, GRAFT).get("valueCode")
        if graft in GRAFTS:
            self.grafts[index] = str(graft)
        elif graft is not None:
            self.log.add("malformed", at, "extension", f"the graft is none of {', '.join(GRAFTS)}; not read")
        recorded = extension(resource, TRANSFUSIONS).get("valueBoolean")
        self.transfusions[index] = recorded if isinstance(recorded, bool) else None

    def addresses(self, entries: list[object]) -> None:
        """Learn the full addresses by which other resources may name the patients."""
        for entry, index in self._by_entry.items():
            address = text(members(entries[entry]).get("fullUrl")) if entry is not None else ""
            if address:
                self._by_reference[_short(address)] = index
                self._by_reference[address] = index

    def of(self, resource: Resource, at: At) -> int | None:
        """Index of the patient a resource is about; None, and said, where that is not known."""
        if at.resource == "Patient":
            return self._by_entry[at.entry]
        reference = text(members(resource.get("subject")).get("reference"))
        if not reference:
            return self._only(at)
        found = self._by_reference.get(reference, self._by_reference.get(_short(reference)))
        if found is not None:
            return found
        short = _short(reference)
        if not (short.startswith("Patient/") or reference.startswith("urn:")):
            self.log.add("no_patient", at, "subject.reference", "it is not about a patient; not read")
            return None
        self.log.add("assumed", at, "subject.reference", "its Patient is not in the bundle; read as one more patient")
        self._by_reference[short] = self._new(short.removeprefix("Patient/"))
        return self._by_reference[short]

    def _only(self, at: At) -> int | None:
        if self._written == 1:
            self.log.add("assumed", at, "subject", "nothing says whose it is; taken for the only patient's")
            return 0
        self.log.add("no_patient", at, "subject", "nothing says whose it is; not read")
        return None


def _short(reference: str) -> str:
    """``Patient/12`` of an address that ends so, without a version."""
    parts = reference.split("/_history/")[0].split("/")
    return "/".join(parts[-2:])


def day_zero_of(
    happened: Iterable[Occurrence],
    patients: Patients,
    given: date | str | Mapping[str, date | str] | None,
    log: FindingLog,
    where: str,
) -> dict[int, date]:
    """Day 0 of each patient that has one: as given, else as dayzero wrote it, else the first transplant."""
    zero: dict[int, date] = {}
    occurrences = list(happened)
    for kind in (DAY_ZERO, "infusion"):
        first: dict[int, Occurrence] = {}
        for one in occurrences:
            if one.code.target == kind and (one.patient not in first or one.when.day < first[one.patient].when.day):
                first[one.patient] = one
        zero = {patient: one.when.day for patient, one in first.items()} | zero
    for one in occurrences:
        if one.code.target == DAY_ZERO and one.when.day != zero[one.patient]:
            log.add("contradiction", one.at, "performedDateTime", "a second, other day 0; the earlier one counts")
    zero |= _given(given, patients, where)
    if not zero and occurrences + patients.names:
        advice = "give the day of infusion (--day-zero)"
        raise ChartError(where, "Procedure", "no dated transplant", "a completed transplant procedure", advice)
    return zero


def _given(given: date | str | Mapping[str, date | str] | None, patients: Patients, where: str) -> dict[int, date]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        return dict.fromkeys(range(len(patients.names)), as_date(given, where))
    at = {name: index for index, name in enumerate(patients.names)}
    if any(name not in at for name in given):
        raise ChartError(
            where, "day_zero", "a patient who is not in the bundle", "patients of it", "see chart.patients"
        )
    return {at[name]: as_date(day, where) for name, day in given.items()}


def as_date(day: date | str, where: str) -> date:
    """A day as a date; text is read as YYYY-MM-DD."""
    try:
        return date.fromisoformat(day) if isinstance(day, str) else day.date() if isinstance(day, datetime) else day
    except ValueError:
        raise ChartError(where, "day_zero", repr(day), "a date such as 2024-03-31", "write it as YYYY-MM-DD") from None
