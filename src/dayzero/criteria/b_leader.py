"""The leader peptide of HLA-B: methionine (M) or threonine (T) at position -21.

Counted over the expressed, full-length HLA-B proteins of IPD-IMGT/HLA 3.58.0; the dimorphism: doi:10.1111/tan.15022.
At a single HLA-B mismatch the leaders of the mismatched alleles are compared (Petersdorf 2020, recalled).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, Final

from dayzero.criteria.hla import TWO_FIELD, Allele, Reducer, typed
from dayzero.criteria.hla_match import read_locus
from dayzero.criteria.hla_pairs import compare
from dayzero.criteria.logic import agreed
from dayzero.criteria.result import Definition, Finding

_LEADER = Definition("hla_b_leader", "IPD-IMGT/HLA 3.58.0", "doi:10.1111/tan.15022", verified=True)
_PAIR = Definition("hla_b_leader_pair", "2020", "Petersdorf 2020, recalled; doi:10.1111/tan.15022", verified=False)

_M_FAMILIES: Final = frozenset(("07", "08", "14", "38", "39", "42", "48", "67", "73", "81"))
#: Alleles known to differ from their family; there may be more.
_EXCEPTIONS: Final = {
    "B*08:276": "T", "B*15:68": "M", "B*35:516": "M", "B*44:387": "M", "B*18:206": "M", "B*07:371": "V",
    "B*55:91": "R",
}  # fmt: skip
_ANSWERS: Final = ("patient_mismatched", "donor_mismatched", "leader_match", "shared")
_MOST_COMBINATIONS: Final = 4096


def hla_b_leader(*, allele: str | None = None) -> Finding:
    """The leader of an HLA-B allele: M or T (two rare alleles have V or R).

    ``family_leader`` holds what is usual in the family; a typing to the first field has no more than that, because
    some families have exceptions.

    >>> hla_b_leader(allele="B*07:02")["leader"], hla_b_leader(allele="B*08:276")["leader"]
    ('M', 'T')
    """
    one = typed(allele, "B")
    families = {one.family} if one.family else {each.family for each in one.alleles}
    values = {
        "leader": agreed(_leader(each) for each in one.alleles),
        "family_leader": agreed(_of_family(family) for family in sorted(families)),
    }
    null = one.resolved and not any(each.expressed for each in one.alleles)
    return _LEADER.find(values, {"allele": allele}, note="not expressed" if null else "")


def hla_b_leader_pair(
    *, patient: Sequence[str | None] | None, donor: Sequence[str | None] | None, reducer: Reducer = TWO_FIELD
) -> Finding:
    """Leaders of the mismatched alleles at a single HLA-B mismatch, whether they match, and the shared allele's leader.

    Not applicable, so missing, without an HLA-B mismatch and with two.

    >>> found = hla_b_leader_pair(patient=["B*07:02", "B*44:02"], donor=["B*35:01", "B*44:02"])
    >>> found["patient_mismatched"], found["donor_mismatched"], found["leader_match"], found["shared"]
    ('M', 'T', False, 'T')
    """
    people = [read_locus(positions, "B", reducer) for positions in (patient, donor)]
    lowest, highest = compare(people[0], people[1], reducer).matched
    inputs = {"patient": list(patient or ()), "donor": list(donor or ())}
    if lowest == highest != 1:
        note = "no HLA-B mismatch" if lowest == 2 else "two HLA-B mismatches: the rule is for a single one"
        return _PAIR.find(dict.fromkeys(_ANSWERS), inputs, complete=True, note=note)
    positions = [_leaders(one.alleles, reducer) for person in people for one in person]
    answers = [_single(combination) for combination in _combinations(positions)]
    values = {name: agreed(answer[name] for answer in answers) for name in _ANSWERS}
    complete = values["leader_match"] is not None
    return _PAIR.find(values, inputs, complete=complete, note="" if complete else "the typing at HLA-B is ambiguous")


Kind = tuple[str, str | None] | None
"""Group and leader of an expressed allele; None for a null allele."""


def _leaders(alleles: Sequence[Allele], reducer: Reducer) -> list[Kind]:
    found: list[Kind] = [(reducer.reduce(one), _leader(one)) if one.expressed else None for one in alleles]
    return list(dict.fromkeys(found))


def _combinations(positions: list[list[Kind]]) -> list[tuple[Kind, ...]]:
    """Every way the typings can turn out; none where they are not resolved or leave too much open."""
    count = 1
    for kinds in positions:
        count *= len(kinds)
    return list(product(*positions)) if count <= _MOST_COMBINATIONS else []


def _single(combination: tuple[Kind, ...]) -> dict[str, Any]:
    """The leaders at a single mismatch, all missing where there is none or more than one."""
    ours, theirs = ([one or other, other or one] for one, other in (combination[:2], combination[2:]))
    shared = [one for one in ours if one is not None and any(one[0] == other[0] for other in theirs if other)]
    nothing: dict[str, Any] = dict.fromkeys(_ANSWERS)
    if not shared or None in ours or None in theirs:
        return nothing
    left = (_left(ours, shared[0]), _left(theirs, shared[0]))
    if left[0] is None or left[1] is None or left[0][0] == left[1][0]:
        return nothing
    patient, donor = left[0][1], left[1][1]
    match = None if patient is None or donor is None else patient == donor
    return {
        "patient_mismatched": patient,
        "donor_mismatched": donor,
        "leader_match": match,
        "shared": shared[0][1],
    }


def _left(pair: list[Kind], shared: tuple[str, str | None]) -> Kind:
    """The allele of a pair beside the shared one."""
    first, second = pair
    return second if first is not None and first[0] == shared[0] else first


def _leader(one: Allele) -> str | None:
    return _EXCEPTIONS.get(one.name, _of_family(one.family)) if one.expressed else None


def _of_family(family: str) -> str:
    return "M" if family.partition("*")[2] in _M_FAMILIES else "T"
