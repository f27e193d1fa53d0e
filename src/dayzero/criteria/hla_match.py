"""HLA match of a patient and a donor, and the classic match of a cord unit.

An allele is compared by its group in the antigen-recognition domain (`hla.Reducer`), null alleles are dropped before.
The direction over all loci: a mismatch of a homozygous patient is host-versus-graft only, that of a homozygous donor
graft-versus-host only (Blood 2013;121(23):4800). Cord 6/6: antigens at A and B, alleles at DRB1 (PMC7567024). Where
both are homozygous and different, 0 of 2 match and each way counts one distinct allele (convention).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dayzero.criteria.hla import EXPRESSION, TWO_FIELD, Reducer, Typed, typed
from dayzero.criteria.hla_pairs import ANYTHING, Compared, Range, compare
from dayzero.criteria.logic import any_of
from dayzero.criteria.result import Definition, Finding
from dayzero.errors import InputError
from dayzero.spec.vocabulary import HLA_LOCI as LOCI
from dayzero.units import nearest

Typing = Mapping[str, Sequence[str | None] | None]
"""Locus -> its two alleles, as written; None where the locus was not typed."""

_MATCH = Definition(
    "hla_match", "one to one, by antigen-recognition domain", "Blood 2013;121(23):4800; PMC5425813", verified=True
)
_CORD = Definition("hla_match_cord", "A and B antigens, DRB1 alleles", "PMC7567024, Table 1", verified=False)

SETS: Final = {
    "6/6": ("A", "B", "DRB1"),
    "8/8": ("A", "B", "C", "DRB1"),
    "10/10": ("A", "B", "C", "DRB1", "DQB1"),
    "12/12": ("A", "B", "C", "DRB1", "DQB1", "DPB1"),
}
"""Loci that are counted, by the usual name."""

APART: Final = ("DRB3", "DRB4", "DRB5")
"""Loci a person need not have: reported apart, never counted."""

_BY_NAME: Final = "names are compared to two fields: a mismatch may be equivalent in the antigen-recognition domain"


def hla_match(
    *, patient: Typing | None, donor: Typing | None, loci: Sequence[str] | str, reducer: Reducer = TWO_FIELD
) -> Finding:
    """Matched alleles, mismatches in each direction, and their level.

    ``loci``: ``"8/8"`` and the like, or a list. ``matched`` is None where a typing is ambiguous or missing in a way
    that could change it; ``matched_range`` then holds the fewest and the most. DRB3, DRB4 and DRB5 are reported in
    ``drb345``; write an empty list for a gene that a person was found not to have.

    >>> one = {"A": ["A*02:01", "A*03:01"], "B": ["B*07:02", "B*35:01"], "DRB1": ["DRB1*01:01", "DRB1*15:01"]}
    >>> found = hla_match(patient=one, donor={**one, "A": ["A*02:05", "A*03:01"]}, loci="6/6")
    >>> found["matched"], found["direction"], found["levels"]
    (5, 'bidirectional', {'A': 'allele'})
    """
    counted = _loci(loci)
    typings = {"patient": _read(patient, reducer), "donor": _read(donor, reducer)}
    compared = {locus: _compared(typings["patient"], typings["donor"], locus, reducer) for locus in counted}
    values: dict[str, Any] = {
        **_totals(compared),
        "levels": _levels(compared),
        "loci": {locus: _detail(one) for locus, one in compared.items()},
        "drb345": _drb345(typings["patient"], typings["donor"], reducer),
        "flags": _flags(typings, counted),
        "ard_level": reducer.ard_level,
        "release": reducer.release,
    }
    inputs = {"patient": dict(patient or {}), "donor": dict(donor or {}), "loci": list(counted)}
    by_name = reducer.ard_level == "two_field" and values["matched_range"][0] < values["out_of"]
    return _MATCH.find(values, inputs, note=_BY_NAME if by_name else "")


def hla_match_cord(*, patient: Typing | None, cord: Typing | None, reducer: Reducer = TWO_FIELD) -> Finding:
    """The classic match of a cord unit out of 6: antigens at A and B, alleles at DRB1.

    >>> one = {"A": ["A*02:01", "A*03:01"], "B": ["B*07:02", "B*35:01"], "DRB1": ["DRB1*01:01", "DRB1*15:01"]}
    >>> hla_match_cord(patient=one, cord={**one, "A": ["A*02:05", "A*03:01"]})["matched"]
    6
    """
    typings = {"patient": _read(patient, reducer), "cord": _read(cord, reducer)}
    ours, theirs = typings.values()
    compared = {locus: _compared(ours, theirs, locus, reducer, by_antigen=locus != "DRB1") for locus in SETS["6/6"]}
    values: dict[str, Any] = {
        **_totals(compared),
        "levels": _levels(compared),
        "flags": _flags(typings, SETS["6/6"]),
        "ard_level": reducer.ard_level,
        "release": reducer.release,
    }
    return _CORD.find(values, {"patient": dict(patient or {}), "cord": dict(cord or {})})


def _loci(loci: Sequence[str] | str) -> tuple[str, ...]:
    """The loci that are counted."""
    if isinstance(loci, str):
        if loci not in SETS:
            raise InputError(
                "hla_match", "loci", repr(loci), f"a list or one of {', '.join(SETS)}", nearest(loci, SETS)
            )
        return SETS[loci]
    for locus in loci:
        if locus not in LOCI:
            raise InputError("hla_match", "loci", repr(locus), f"one of {', '.join(LOCI)}", nearest(locus, LOCI))
    counted = tuple(dict.fromkeys(locus for locus in loci if locus not in APART))
    if not counted:
        advice = "DRB3, DRB4 and DRB5 are reported apart; name a locus that is counted"
        raise InputError("hla_match", "loci", "nothing to count", "a list such as A, B, C, DRB1", advice)
    return counted


def _read(typing: Typing | None, reducer: Reducer) -> dict[str, tuple[Typed, ...]]:
    written = {locus: positions for locus, positions in (typing or {}).items() if positions is not None}
    return {locus: read_locus(positions, locus, reducer) for locus, positions in written.items()}


def read_locus(
    positions: Sequence[str | None] | str | None, locus: str, reducer: Reducer = TWO_FIELD
) -> tuple[Typed, ...]:
    """The positions of a locus; what is not written was not typed.

    >>> [one.text for one in read_locus(["A*02:01"], "A")]
    ['A*02:01', '']
    """
    if positions is None:
        return Typed(""), Typed("")
    if isinstance(positions, str) or len(positions) > 2:
        got = repr(positions) if isinstance(positions, str) else f"{len(positions)} alleles"
        raise InputError("HLA typing", locus, got, "a list of two alleles", "join possible alleles with /")
    found = tuple(typed(text, locus, reducer) for text in positions)
    return found if locus in APART else (*found, *[Typed("")] * (2 - len(found)))


def _compared(
    patient: Mapping[str, tuple[Typed, ...]],
    donor: Mapping[str, tuple[Typed, ...]],
    locus: str,
    reducer: Reducer,
    by_antigen: bool = False,
) -> Compared:
    untyped = (Typed(""), Typed(""))
    return compare(patient.get(locus, untyped), donor.get(locus, untyped), reducer, by_antigen=by_antigen)


def _totals(compared: Mapping[str, Compared]) -> dict[str, Any]:
    """Counts over all loci, each as a number where it is certain and always as a range."""
    matched = _sum([one.matched for one in compared.values()])
    gvh, hvg = _sum([one.gvh for one in compared.values()]), _sum([one.hvg for one in compared.values()])
    return {
        "matched": _certain(matched),
        "matched_range": list(matched),
        "out_of": 2 * len(compared),
        "gvh_mismatches": _certain(gvh),
        "gvh_range": list(gvh),
        "hvg_mismatches": _certain(hvg),
        "hvg_range": list(hvg),
        "direction": _direction(compared),
    }


def _sum(ranges: Sequence[Range]) -> Range:
    return sum(low for low, _ in ranges), sum(high for _, high in ranges)


def _certain(between: Range) -> int | None:
    return between[0] if between[0] == between[1] else None


def _direction(compared: Mapping[str, Compared]) -> str | None:
    """none, gvh, hvg or bidirectional; None where it is open."""
    gvh, hvg = (any_of(*(_any(getattr(one, name)) for one in compared.values())) for name in ("gvh", "hvg"))
    if gvh is None or hvg is None:
        return None
    return {(False, False): "none", (True, False): "gvh", (False, True): "hvg"}.get((gvh, hvg), "bidirectional")


def _any(between: Range) -> bool | None:
    return True if between[0] > 0 else False if between[1] == 0 else None


def _levels(compared: Mapping[str, Compared]) -> dict[str, str | None]:
    """Level by locus, for loci with a mismatch or a possible one."""
    return {locus: one.level for locus, one in compared.items() if one.matched[0] < 2}


def _detail(one: Compared) -> dict[str, Any]:
    return {
        "matched": _certain(one.matched),
        "matched_range": list(one.matched),
        "direction": _direction({"": one}),
        "unmatched": None if one.unmatched is None else [list(pair) for pair in one.unmatched],
    }


def _drb345(
    patient: Mapping[str, tuple[Typed, ...]], donor: Mapping[str, tuple[Typed, ...]], reducer: Reducer
) -> dict[str, Any] | None:
    """Mismatches of DRB3, DRB4 and DRB5 together; None where one of the two was not typed for them."""
    ours, theirs = ([one for locus in APART for one in typing.get(locus, ())] for typing in (patient, donor))
    if not all(any(locus in typing for locus in APART) for typing in (patient, donor)):
        return None
    for who, found in (("patient", ours), ("donor", theirs)):
        if len(found) > 2:
            advice = "a person has two of these genes at most; leave out the repeated one"
            raise InputError("HLA typing", "DRB3/4/5", f"{len(found)} alleles of the {who}", "at most two", advice)
    both = compare(ours, theirs, reducer, fill=False)
    gvh, hvg = both.gvh, both.hvg
    return {
        "gvh_mismatches": _certain(gvh),
        "hvg_mismatches": _certain(hvg),
        "direction": _direction({"": both}),
    }


def _flags(typings: Mapping[str, Mapping[str, tuple[Typed, ...]]], loci: Sequence[str]) -> list[str]:
    """What to know about the typings that were counted."""
    found: list[str] = []
    for who, typing in typings.items():
        for locus in loci:
            positions = typing.get(locus, ())
            found += [f"{who} {said}" for one in positions for said in _flags_of(one, locus)]
            found += [] if positions else [f"{who} {locus}: not typed"]
            if positions and all(one.resolved and not _may_be_expressed(one) for one in positions):
                found.append(f"{who} {locus}: no expressed allele, not assessable")
    return found


def _may_be_expressed(one: Typed) -> bool:
    return any(allele.expressed for allele in one.alleles)


def _flags_of(one: Typed, locus: str) -> list[str]:
    if not one.text:
        return [f"{locus}: one position not typed"]
    if not one.resolved:
        return [f"{one.text}: {'first field only' if one.family else 'not resolved without reference data'}"]
    said = [f"{allele.written}: {EXPRESSION[allele.suffix]}" for allele in one.alleles if allele.suffix]
    names = {allele.name for allele in one.alleles}
    return said + ([f"{one.text}: {len(names)} possible alleles"] if len(names) > 1 else [])


def shared_alleles(patient: Typing, donor: Typing, locus: str, reducer: Reducer = TWO_FIELD) -> Range:
    """Fewest and most alleles that two people share at a locus.

    >>> shared_alleles({"A": ["A*02:01", "A*03:01"]}, {"A": ["A*02:01", "A*24:02"]}, "A")
    (1, 1)
    """
    if patient.get(locus) is None or donor.get(locus) is None:
        return ANYTHING
    ours, theirs = (read_locus(one[locus], locus, reducer) for one in (patient, donor))
    return compare(ours, theirs, reducer).matched
