"""What donors are ordered by: each item of a donor as a number, lower is preferred, with bounds where it is unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from dayzero.criteria.donor_pair import abo_mismatch, cmv_serostatus, sex_mismatch

Person = Mapping[str, Any]
_OLDEST: Final = 200.0
_ABO_ORDER: Final = {"match": 0.0, "minor": 1.0, "major": 2.0, "bidirectional": 3.0}
_DPB1_WORDS: Final = {
    "matched": "matched", "permissive": "permissive", "nonpermissive_gvh": "non-permissive, GVH",
    "nonpermissive_hvg": "non-permissive, HVG",
}  # fmt: skip
DPB1_RESULTS: Final = tuple(_DPB1_WORDS)


@dataclass(frozen=True)
class Item:
    """One item of one donor.

    Parameters
    ----------
    name : in words, such as "age".
    best, worst : the least and the greatest it can be; equal where it is known.
    said : what it is, in words.
    """

    name: str
    best: float
    worst: float
    said: str

    @property
    def known(self) -> bool:
        """Whether nothing about it is open."""
        return self.best == self.worst


ItemOf = Callable[[Person, Person], Item]
"""Patient, donor -> item."""


def match_item(patient: Person, donor: Person) -> Item:
    """Matched alleles out of 8, more first."""
    lowest, highest = match_range(donor)
    said = f"{lowest}/8" if lowest == highest else f"{lowest} to {highest} of 8"
    return Item("HLA match", -highest, -lowest, said)


def match_range(donor: Person) -> tuple[int, int]:
    """Fewest and most matched alleles out of 8."""
    if donor.get("match_8") is not None:
        return donor["match_8"], donor["match_8"]
    lowest, highest = donor.get("match_8_range") or (0, 8)
    return lowest, highest


def mismatch_item(patient: Person, donor: Person) -> Item:
    """At 7/8: C*03:03 against C*03:04, or a mismatch host-versus-graft only, before others."""
    lowest, highest = match_range(donor)
    if not lowest <= 7 <= highest:
        return Item("mismatch", 0, 0, "none of 7/8")
    preferred = preferred_mismatch(donor)
    if preferred:
        return Item("mismatch", 0, 0, "C*03:03/03:04 or HVG only")
    if preferred is None:
        return Item("mismatch", 0, 1, "unknown")
    return Item("mismatch", 0 if lowest != highest else 1, 1, "neither C*03:03/03:04 nor HVG only")


def preferred_mismatch(donor: Person) -> bool | None:
    """Whether a single mismatch is one that is preferred."""
    direction, pair = donor.get("direction"), donor.get("c_0303_0304")
    if direction == "hvg" or pair is True:
        return True
    return None if direction is None or pair is None else False


def dpb1_item(patient: Person, donor: Person) -> Item:
    """DPB1 matched or permissive before non-permissive."""
    result = donor.get("dpb1")
    if result is None:
        return Item("DPB1", 0, 1, "unknown")
    worse = 1 if result.startswith("nonpermissive") else 0
    return Item("DPB1", worse, worse, _DPB1_WORDS[result])


def age_item(patient: Person, donor: Person) -> Item:
    """Younger first."""
    age = donor.get("age")
    return Item("age", 0, _OLDEST, "unknown") if age is None else Item("age", age, age, f"{age:g} years")


def cmv_item(patient: Person, donor: Person) -> Item:
    """A donor of the patient's CMV serostatus first."""
    found = cmv_serostatus(recipient=patient.get("cmv"), donor=donor.get("cmv"))
    if found["preferred"] is None:
        return Item("CMV", 0, 1, "unknown")
    said = f"donor {donor['cmv']}, patient {patient['cmv']}"
    return Item("CMV", float(not found["preferred"]), float(not found["preferred"]), said)


def sex_item(patient: Person, donor: Person) -> Item:
    """A woman for a man last, after pregnancies the very last."""
    female_to_male = sex_mismatch(donor=donor.get("sex"), recipient=patient.get("sex"))["female_to_male"]
    if female_to_male is False:
        return Item("sex", 0, 0, "no woman for a man")
    parous = donor.get("parous")
    best, worst = (1, 2) if parous is None else (2, 2) if parous else (1, 1)
    if female_to_male is None:
        return Item("sex", 0, worst, "unknown")
    said = {None: "pregnancies unknown", True: "after pregnancy", False: "no pregnancy"}[parous]
    return Item("sex", best, worst, f"a woman for a man, {said}")


def abo_item(patient: Person, donor: Person) -> Item:
    """Blood group: match, minor, major, bidirectional."""
    category = abo_mismatch(recipient=patient.get("abo"), donor=donor.get("abo"))["category"]
    if category is None:
        return Item("ABO", 0, 3, "unknown")
    return Item("ABO", _ABO_ORDER[category], _ABO_ORDER[category], category)


def size_item(patient: Person, donor: Person) -> Item:
    """A donor at least as heavy as the patient first."""
    ours, theirs = patient.get("weight_kg"), donor.get("weight_kg")
    if ours is None or theirs is None:
        return Item("size", 0, 1, "unknown")
    return Item("size", float(theirs < ours), float(theirs < ours), "lighter" if theirs < ours else "as heavy or more")


def red_cells_item(patient: Person, donor: Person) -> Item:
    """Units that still hold their red cells last."""
    replete = donor.get("rbc_replete")
    if replete is None:
        return Item("red cells", 0, 1, "unknown")
    return Item("red cells", float(replete), float(replete), "not removed" if replete else "removed")


def tnc_item(patient: Person, donor: Person) -> Item:
    """More nucleated cells first."""
    dose = donor.get("tnc_per_kg")
    return Item("TNC", -1e10, 0, "unknown") if dose is None else Item("TNC", -dose, -dose, f"{dose / 1e7:.3g}e7/kg")
