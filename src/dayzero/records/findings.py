"""What was found wrong, doubtful or left out while a record was read; nothing of it names a patient or a value.

A finding says where (entry of the bundle, type of resource, field), of which kind, and in one sentence what was done.
Kinds of what is in the chart all the same, read with a doubt, stand in `READ`; all others are not in the chart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

#: Kinds of findings about something that is not in the chart.
LEFT_OUT = {
    "absent": "the record says that the value is missing",
    "bad_comparator": "the comparator is not one of <, <=, >, >=",
    "bad_date": "the date cannot be read",
    "contradiction": "the record says two things that cannot both be true",
    "duplicate": "the same thing stands in the record twice",
    "imprecise_date": "the date has no day",
    "implausible": "the value cannot be true in its unit",
    "malformed": "a field is not what the standard says it is",
    "modifier": "a modifier changes the meaning in a way that is not read",
    "no_code": "no code says what it is",
    "no_date": "no date says when it was",
    "no_day_zero": "the patient has no dated transplant to count days from",
    "no_patient": "nothing says whose it is",
    "no_resource": "the entry has no resource",
    "no_unit": "the number has no unit",
    "no_value": "there is no value",
    "not_a_number": "the value is not a number",
    "not_derived": "a percentage or a part of a count, without what it takes to get the count",
    "not_kept": "a known code of which a chart keeps nothing",
    "not_needed": "a percentage or a part of a count beside the count itself",
    "other_code": "the same quantity under a second code; the preferred one is in the chart",
    "panel": "a panel without a value of its own",
    "status": "the status says that it did not happen, is not final or was an error",
    "unconvertible": "the unit does not become the quantity's own",
    "unknown_code": "the code is not known",
    "unknown_resource": "resources of this type are not read",
    "wrong_place": "the code belongs to another type of resource",
}

#: Kinds of findings about something that is in the chart, with a doubt or a change.
READ = {
    "amount_left_out": "the event is in the chart, its amount is not",
    "assumed": "something not written was taken for granted",
    "derived": "the count was calculated",
    "more_pages": "the bundle is one page of several",
    "no_method": "nothing says by which method it was measured",
    "several_days": "given over several days: an event on each of them",
    "status_assumed": "the status is missing or preliminary",
    "time_zones": "times are written in more than one time zone",
    "two_readings": "two different readings of one moment; both are in the chart",
    "unverified_code": "the meaning of the code was not confirmed when dayzero was made",
}

_SHOWN = 5


class At(NamedTuple):
    """A resource of a bundle: index of its entry (from 0; None: the bundle itself), type of resource."""

    entry: int | None
    resource: str


@dataclass(frozen=True)
class Finding:
    """One thing found.

    Parameters
    ----------
    kind : a key of `LEFT_OUT` or `READ`.
    entry : index of the entry in the bundle, from 0; None: the bundle itself.
    resource : type of resource.
    field : path of the field within the resource.
    sentence : what was found and what was done; never a value, a date or a name.
    """

    kind: str
    entry: int | None
    resource: str
    field: str
    sentence: str

    @property
    def read(self) -> bool:
        """Whether what it is about is in the chart."""
        return self.kind in READ

    def __str__(self) -> str:
        where = self.resource if self.entry is None else f"entry {self.entry}, {self.resource}"
        return f"{where}{'.' if self.field else ''}{self.field}: {self.sentence}"


class Findings(tuple[Finding, ...]):
    """Everything found while one record was read, in the order of its entries.

    >>> found = Findings([Finding("no_unit", 3, "Observation", "valueQuantity", "the number has no unit; not read")])
    >>> print(*found.lines())
    Observation.valueQuantity (entry 3): the number has no unit; not read
    """

    def of(self, *kinds: str) -> Findings:
        """The findings of these kinds."""
        return Findings(found for found in self if found.kind in kinds)

    def lines(self) -> list[str]:
        """One line for all findings that say the same of the same field, with their entries."""
        same: dict[tuple[str, str, str], list[int]] = {}
        for found in self:
            entries = same.setdefault((found.resource, found.field, found.sentence), [])
            if found.entry is not None:
                entries.append(found.entry)
        return [
            f"{resource}{'.' if field else ''}{field}{_entries(entries)}: {sentence}"
            for (resource, field, sentence), entries in same.items()
        ]

    def counts(self) -> dict[str, int]:
        """How many findings there are of each kind."""
        return {kind: len(self.of(kind)) for kind in dict.fromkeys(found.kind for found in self)}


class FindingLog:
    """Collects findings while a record is read."""

    def __init__(self) -> None:
        self.found: list[Finding] = []

    def add(self, kind: str, at: At, field: str, sentence: str) -> None:
        """Note one finding."""
        if kind not in LEFT_OUT and kind not in READ:
            raise KeyError(kind)
        self.found.append(Finding(kind, at.entry, at.resource, field, sentence))

    def entries(self) -> set[int | None]:
        """The entries of which something is said."""
        return {found.entry for found in self.found}

    def findings(self) -> Findings:
        """All findings, the bundle's own first, then by entry."""
        return Findings(sorted(self.found, key=lambda found: -1 if found.entry is None else found.entry))


def _entries(entries: list[int]) -> str:
    if not entries:
        return ""
    shown = ", ".join(str(entry) for entry in entries[:_SHOWN])
    more = f" and {len(entries) - _SHOWN} more" if len(entries) > _SHOWN else ""
    return f" ({'entry' if len(entries) == 1 else 'entries'} {shown}{more})"
