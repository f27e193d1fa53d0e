"""The order of donors of one kind, with the reason for each place.

=========================================== ==========================================================================
setting                                     order, after donors with antibodies against them are left out
=========================================== ==========================================================================
unrelated, conventional prophylaxis         HLA match of 8; at 7/8 C*03:03/03:04 or host-versus-graft only; DPB1 matched
                                            or permissive; age; CMV; sex and pregnancies; ABO; size
unrelated, cyclophosphamide after infusion  the same: the evidence does not carry rules of their own (review of 2024)
sibling                                     HLA match of 8, age, CMV, sex and pregnancies, ABO, size (convention)
haploidentical                              age, sex and pregnancies, CMV, ABO; immunogenetics are told, not scored
cord                                        what a search lists; units without red cells; HLA match of 8, then TNC
=========================================== ==========================================================================

Unrelated: Dehn 2019, doi:10.1182/blood.2019001212, read in part; the order after age is a convention. Haploidentical:
Ciurea 2020, doi:10.1038/s41409-019-0499-z, abstract. Cord: PMC7567024, Table 1.

An unknown item takes the least favourable place it could lead to, and ``rank_range`` tells the places it leaves open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dayzero.criteria.cord import cord_search_filter
from dayzero.criteria.donor_items import (
    DPB1_RESULTS,
    Item,
    ItemOf,
    Person,
    abo_item,
    age_item,
    cmv_item,
    dpb1_item,
    match_item,
    match_range,
    mismatch_item,
    red_cells_item,
    sex_item,
    size_item,
    tnc_item,
)
from dayzero.criteria.entry import answer, chosen, spelled, within
from dayzero.criteria.result import Definition, Finding
from dayzero.errors import InputError
from dayzero.units import nearest

_RANK = Definition(
    "donor_rank",
    "",
    "Dehn 2019, doi:10.1182/blood.2019001212; Ciurea 2020, doi:10.1038/s41409-019-0499-z; PMC7567024",
    verified=False,
)
_UNRELATED: Final = (match_item, mismatch_item, dpb1_item, age_item, cmv_item, sex_item, abo_item, size_item)
ORDERS: Final[Mapping[str, tuple[ItemOf, ...]]] = {
    "unrelated, conventional prophylaxis": _UNRELATED,
    "unrelated, cyclophosphamide after infusion": _UNRELATED,
    "sibling": (match_item, age_item, cmv_item, sex_item, abo_item, size_item),
    "haploidentical": (age_item, sex_item, cmv_item, abo_item),
    "cord": (red_cells_item, match_item, tnc_item),
}
"""Items in order, by setting."""

_OTHER_WORDS: Final = {
    "unrelated": "unrelated, conventional prophylaxis",
    "unrelated_ptcy": "unrelated, cyclophosphamide after infusion",
    "unrelated_post_transplant_cyclophosphamide": "unrelated, cyclophosphamide after infusion",
    "haplo": "haploidentical",
    "haploidentical_ptcy": "haploidentical",
    "haplo_ptcy": "haploidentical",
    "matched_sibling": "sibling",
    "cord_blood": "cord",
}
_SETTINGS: Final = {spelled(name): name for name in ORDERS} | _OTHER_WORDS
_FIELDS: Final = (
    "id", "match_8", "match_8_range", "direction", "c_0303_0304", "dpb1", "age", "dsa", "cmv", "sex", "parous", "abo",
    "weight_kg", "haploidentical", "tnc_per_kg", "cd34_per_kg", "rbc_replete",
)  # fmt: skip
_OF_PATIENT: Final = ("cmv", "sex", "abo", "weight_kg")


@dataclass(frozen=True)
class _Donor:
    """A donor who is ranked: items in order, and why the donor may yet have to be left out."""

    id: str
    items: tuple[Item, ...]
    doubts: tuple[str, ...]

    @property
    def best(self) -> tuple[float, ...]:
        return tuple(item.best for item in self.items)

    @property
    def worst(self) -> tuple[float, ...]:
        return tuple(item.worst for item in self.items)


def donor_rank(*, setting: str, candidates: Sequence[Person], patient: Person | None = None) -> Finding:
    """The order of donors, who is left out, and why.

    ``candidates``: ``id`` and what is known of ``match_8`` (or ``match_8_range``), ``direction`` and ``c_0303_0304`` of
    a 7/8, ``dpb1`` (as `dpb1_tce_match` answers), ``age``, ``dsa`` (true: antibodies), ``cmv``, ``sex``, ``parous``,
    ``abo``, ``weight_kg``, ``haploidentical``, for cord ``tnc_per_kg``, ``cd34_per_kg``, ``rbc_replete``. ``patient``:
    ``cmv``, ``sex``, ``abo``, ``weight_kg``. Donors level in everything share a rank, in the order they were given.

    >>> found = donor_rank(setting="unrelated, conventional prophylaxis", candidates=[
    ...     {"id": "a", "match_8": 8, "dpb1": "nonpermissive_gvh", "age": 22, "dsa": False},
    ...     {"id": "b", "match_8": 8, "dpb1": "permissive", "age": 34, "dsa": False}])
    >>> found["order"], found["reasons"]["a"]
    (['b', 'a'], 'after b: DPB1 (non-permissive, GVH; b: permissive)')
    """
    named = chosen("donor_rank", "setting", setting, _SETTINGS)
    checked, recipient = [_checked(one) for one in candidates], _checked_patient(patient or {})
    _check_ids(checked)
    left_out = {one["id"]: why for one in checked if (why := _left_out(named, one))}
    donors = [_donor(named, recipient, one) for one in checked if one["id"] not in left_out]
    ordered = sorted(donors, key=lambda donor: donor.worst)
    values: dict[str, Any] = {
        "order": [donor.id for donor in ordered],
        "excluded": list(left_out),
        "ranks": {donor.id: _rank(donor, donors) for donor in ordered},
        "rank_range": {donor.id: _rank_range(donor, donors) for donor in ordered},
        "reasons": {donor.id: _reason(at, ordered) for at, donor in enumerate(ordered)} | left_out,
        "unknown": {donor.id: [item.name for item in donor.items if not item.known] for donor in ordered},
        "may_be_excluded": {donor.id: list(donor.doubts) for donor in ordered if donor.doubts},
    }
    certain = all(low == high for low, high in values["rank_range"].values()) and not values["may_be_excluded"]
    inputs = {"setting": named, "candidates": [dict(one) for one in candidates], "patient": patient}
    return _RANK.find(values, inputs, complete=certain, version=named)


def _checked(one: Person) -> dict[str, Any]:
    """A candidate with every value in its range."""
    _check_fields(one, _FIELDS, "candidates")
    if not isinstance(one.get("id"), str) or not one["id"]:
        raise InputError("donor_rank", "id", repr(one.get("id")), "a name for each donor", "name the donor")
    rule = f"donor_rank, {one['id']}"
    limits = {"match_8": (0, 8), "age": (0, 120), "weight_kg": (0.5, 400), "tnc_per_kg": (0, 1e10)}
    for field, (low, high) in limits.items():
        within(rule, one.get(field), low, high, **{field: "a number"})
    for field in ("dsa", "c_0303_0304", "parous", "haploidentical", "rbc_replete"):
        answer(rule, field, one.get(field))
    _one_of(rule, "dpb1", one.get("dpb1"), DPB1_RESULTS)
    _one_of(rule, "direction", one.get("direction"), ("none", "gvh", "hvg", "bidirectional"))
    lowest, highest = match_range(one)
    if not 0 <= lowest <= highest <= 8:
        got = f"{lowest} to {highest}"
        raise InputError(rule, "match_8_range", got, "fewest and most of 8", "give the lower number first")
    return dict(one)


def _checked_patient(patient: Person) -> Person:
    _check_fields(patient, _OF_PATIENT, "patient")
    within("donor_rank, patient", patient.get("weight_kg"), 0.5, 400, weight_kg="a number")
    return patient


def _check_fields(one: Person, known: Sequence[str], where: str) -> None:
    for field in one:
        if field not in known:
            expected = f"one of {', '.join(known)}"
            raise InputError("donor_rank", where, f"{field!r}, an unknown key", expected, nearest(field, known))


def _one_of(rule: str, field: str, value: object, known: Sequence[str]) -> None:
    if value is not None and value not in known:
        raise InputError(rule, field, repr(value), ", ".join(known), nearest(str(value), known))


def _check_ids(checked: Sequence[Person]) -> None:
    ids = [one["id"] for one in checked]
    twice = next((name for name in ids if ids.count(name) > 1), None)
    if twice is not None:
        raise InputError("donor_rank", "id", f"{twice} twice", "each donor once", "give each donor a name of its own")


def _left_out(setting: str, one: Person) -> str:
    """Why a donor is left out; "" where not."""
    if one.get("dsa"):
        return "antibodies against the donor's HLA"
    if setting == "haploidentical" and one.get("haploidentical") is False:
        return "not haploidentical"
    if setting == "cord" and _listed(one) is False:
        return f"not listed by a search: {', '.join(_short_of(one))}"
    return ""


def _doubts(setting: str, one: Person) -> tuple[str, ...]:
    """Why a donor may yet have to be left out."""
    found = ["antibodies not tested"] if one.get("dsa") is None else []
    if setting == "haploidentical" and one.get("haploidentical") is None:
        found.append("not shown to be haploidentical")
    if setting == "cord" and _listed(one) is None:
        found.append("match or cell dose unknown")
    return tuple(found)


def _listed(one: Person) -> bool | None:
    """Whether a search lists a unit, at the fewest and at the most alleles that may match."""
    answers = {
        cord_search_filter(hla_8_allele=match, tnc_per_kg=one.get("tnc_per_kg"), cd34_per_kg=one.get("cd34_per_kg"))[
            "listed"
        ]
        for match in match_range(one)
    }
    return answers.pop() if len(answers) == 1 else None


def _short_of(one: Person) -> list[str]:
    """What a unit falls short of."""
    enough = {"match_8": 8, "tnc_per_kg": 1e9, "cd34_per_kg": 1e9}
    words = {"match_8": "under 4/8", "tnc_per_kg": "too few nucleated cells", "cd34_per_kg": "too few CD34 cells"}
    return [
        word for field, word in words.items()
        if _listed({**enough, field: match_range(one)[1] if field == "match_8" else one.get(field)}) is False
    ]  # fmt: skip


def _donor(setting: str, patient: Person, one: Person) -> _Donor:
    return _Donor(one["id"], tuple(item(patient, one) for item in ORDERS[setting]), _doubts(setting, one))


def _rank(donor: _Donor, donors: Sequence[_Donor]) -> int:
    return 1 + sum(other.worst < donor.worst for other in donors)


def _rank_range(donor: _Donor, donors: Sequence[_Donor]) -> list[int]:
    """The first and the last place that unknown items leave open to a donor who stays."""
    others = [other for other in donors if other is not donor]
    surely_before = sum(other.worst < donor.best and not other.doubts for other in others)
    maybe_before = sum(other.best < donor.worst for other in others)
    return [1 + surely_before, 1 + maybe_before]


def _reason(at: int, ordered: Sequence[_Donor]) -> str:
    """The item that decided against the donor one place before, or for the first one over the second."""
    if len(ordered) == 1:
        return "the only one"
    word, other = ("after", ordered[at - 1]) if at else ("before", ordered[1])
    donor = ordered[at]
    for one, theirs in zip(donor.items, other.items, strict=True):
        if one.worst != theirs.worst:
            return f"{word} {other.id}: {one.name} ({one.said}; {other.id}: {theirs.said})"
    return f"level with {other.id}"
