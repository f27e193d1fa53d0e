"""HLA-DPB1 by T-cell epitope (TCE) groups: permissive and non-permissive mismatches.

Groups as in the assignment file of IPD-IMGT/HLA 3.58.0, two versions: version 1 by cross-reactivity of T cells, version
2 by functional distance, where *06:01 and *19:01 move from 3 to 2a and further alleles get a group (Blood Adv
2018;2(14):1773). The groups of common alleles stand here; others come from a table of the user. Pairing: the lowest
group of each person decides (Fleischhauer 2012, doi:10.1016/S1470-2045(12)70004-9).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Final

from dayzero.criteria.hla import TWO_FIELD, Allele, Reducer, typed
from dayzero.criteria.logic import agreed
from dayzero.criteria.result import Definition, Finding
from dayzero.errors import InputError
from dayzero.units import nearest

_SOURCE: Final = "IPD-IMGT/HLA 3.58.0, TCE assignments; doi:10.1016/S1470-2045(12)70004-9"
_GROUP = Definition("dpb1_tce_group", "", _SOURCE, verified=True)
_MATCH = Definition("dpb1_tce_match", "", _SOURCE, verified=True)

Group = int | str
SCHEMES: Final = ("TCE3_v1", "TCE3_v2")
PERMISSIVE: Final = ("matched", "permissive")

_VERSION_1: Final[dict[str, Group]] = {
    **dict.fromkeys(("09:01", "10:01", "17:01"), 1),
    **dict.fromkeys(("03:01", "14:01", "45:01", "104:01"), 2),
    **dict.fromkeys(("01:01", "02:01", "02:02", "04:01", "04:02", "05:01", "06:01", "13:01", "19:01"), 3),
}
_VERSION_2: Final[dict[str, Group]] = {
    **_VERSION_1,
    **dict.fromkeys(("06:01", "19:01"), "2a"),
    "30:01": 1,
    **dict.fromkeys(("21:01", "35:01", "88:01"), 2),
    **dict.fromkeys(("18:01", "26:01"), 3),
}
_GROUPS: Final = {"TCE3_v1": _VERSION_1, "TCE3_v2": _VERSION_2}
_RANK: Final[dict[Group, int]] = {1: 1, 2: 2, "2a": 2, 3: 3}

Possible = tuple[str, Group | None] | None
"""The group of comparison and the TCE group of an expressed allele; None for a null allele."""


def dpb1_tce_group(*, allele: str | None = None, scheme: str, table: Mapping[str, Group] | None = None) -> Finding:
    """The TCE group of an allele: 1, 2, 2a or 3; None where it has none or the typing is ambiguous.

    ``scheme``: ``TCE3_v1`` or ``TCE3_v2``. ``table``: further alleles with their groups.

    >>> [dpb1_tce_group(allele="DPB1*06:01", scheme=scheme)["group"] for scheme in SCHEMES]
    [3, '2a']
    """
    groups = _groups(scheme, table)
    one = typed(allele, "DPB1")
    found = agreed(_group(each, groups) for each in one.alleles)
    note = ""
    if found is None:
        null = one.resolved and not any(each.expressed for each in one.alleles)
        note = "not expressed" if null else "no group in this version" if one.resolved else "not resolved"
    return _GROUP.find({"group": found}, {"allele": allele, "scheme": scheme}, version=scheme, note=note)


def dpb1_tce_match(
    *,
    patient: Sequence[str | None] | None,
    donor: Sequence[str | None] | None,
    scheme: str,
    table: Mapping[str, Group] | None = None,
    reducer: Reducer = TWO_FIELD,
) -> Finding:
    """matched, permissive, nonpermissive_gvh or nonpermissive_hvg.

    ``permissive`` also holds where it is only open whether the pair is matched or permissive. A null allele takes the
    group of the other one. Two null alleles, a position not typed, or an allele without a group: missing.

    >>> found = dpb1_tce_match(patient=["DPB1*03:01", "DPB1*04:01"], donor=["DPB1*04:01", "DPB1*02:01"],
    ...                        scheme="TCE3_v1")
    >>> found["result"], found["permissive"]
    ('nonpermissive_gvh', False)
    """
    groups = _groups(scheme, table)
    people = [_possible(positions, groups, reducer) for positions in (patient, donor)]
    outcomes = {_outcome(ours, theirs) for ours, theirs in _combinations(people)}
    result = agreed(outcomes)
    lowest = [agreed({_lowest(pair) for pair in _people(one)}) for one in people]
    values = {
        "result": result,
        "permissive": None if None in outcomes else agreed({outcome in PERMISSIVE for outcome in outcomes}),
        "patient_group": lowest[0],
        "donor_group": lowest[1],
    }
    inputs = {"patient": list(patient or ()), "donor": list(donor or ()), "scheme": scheme}
    note = "" if result else "a position not typed or not resolved, no expressed allele, or an allele without a group"
    return _MATCH.find(values, inputs, version=scheme, note=note)


def _groups(scheme: str, table: Mapping[str, Group] | None) -> Mapping[str, Group]:
    if scheme not in SCHEMES:
        raise InputError("DPB1", "scheme", repr(scheme), " or ".join(SCHEMES), nearest(str(scheme), SCHEMES))
    own: dict[str, Group] = {}
    for name, group in (table or {}).items():
        if group not in _RANK:
            raise InputError("DPB1", f"table, {name}", repr(group), "1, 2, 2a or 3", "check the table")
        own |= {each.name.partition("*")[2]: group for each in typed(name, "DPB1").alleles}
    return {**_GROUPS[scheme], **own}


def _group(one: Allele, groups: Mapping[str, Group]) -> Group | None:
    return groups.get(one.name.partition("*")[2]) if one.expressed else None


def _possible(
    positions: Sequence[str | None] | None, groups: Mapping[str, Group], reducer: Reducer
) -> list[list[Possible]] | None:
    """What the two positions may be; None where one is not typed or not resolved."""
    positions = () if positions is None else positions
    if isinstance(positions, str) or len(positions) > 2:
        raise InputError("HLA typing", "DPB1", repr(positions), "a list of two alleles", "join possible ones with /")
    both = [typed(text, "DPB1", reducer) for text in positions]
    if len(both) < 2 or not all(one.resolved for one in both):
        return None
    return [
        list({(reducer.reduce(each), _group(each, groups)) if each.expressed else None for each in one.alleles})
        for one in both
    ]


def _combinations(people: Sequence[list[list[Possible]] | None]) -> list[tuple[Pair, Pair]]:
    """Every way the two typings can turn out; alleles possible at one position only stand for their group."""
    positions = [kinds for one in people for kinds in one or []]
    shared = {kind for number, kinds in enumerate(positions) for kind in kinds for other in positions[:number]
              if kind in other}  # fmt: skip
    fewer = [one and [_representatives(kinds, shared) for kinds in one] for one in people]
    patient, donor = (list(dict.fromkeys(_people(one))) for one in fewer)
    return list(product(patient, donor))


def _representatives(kinds: list[Possible], shared: set[Possible]) -> list[Possible]:
    by_group = {kind and kind[1]: kind for kind in kinds if kind not in shared}
    return [*(kind for kind in kinds if kind in shared), *by_group.values()]


Pair = tuple[tuple[str, Group | None], tuple[str, Group | None]] | None


def _people(possible: list[list[Possible]] | None) -> list[Pair]:
    """Every pair of expressed alleles a person may have; None where there is none or it is not known."""
    return [None] if possible is None else [_expressed(one, other) for one, other in product(*possible)]


def _expressed(one: Possible, other: Possible) -> Pair:
    first, second = one or other, other or one
    return None if first is None or second is None else (first, second)


def _lowest(pair: Pair) -> int | None:
    """The lowest group of a person, 2a as 2; None where an allele has no group."""
    groups = [] if pair is None else [group for _, group in pair]
    known = [_RANK[group] for group in groups if group is not None]
    return min(known) if known and len(known) == len(groups) else None


def _outcome(patient: Pair, donor: Pair) -> str | None:
    if patient is None or donor is None:
        return None
    if sorted(name for name, _ in patient) == sorted(name for name, _ in donor):
        return "matched"
    ours, theirs = _lowest(patient), _lowest(donor)
    if ours is None or theirs is None:
        return None
    if ours == theirs:
        return "permissive"
    return "nonpermissive_gvh" if ours < theirs else "nonpermissive_hvg"
