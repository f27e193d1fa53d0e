"""Whether a relative can be a haploidentical donor.

One allele or more is shared at each of A, B, C, DRB1 and DQB1, on a plausible haplotype (convention).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dayzero.criteria.hla import TWO_FIELD, Reducer
from dayzero.criteria.hla_match import SETS, Typing, shared_alleles
from dayzero.criteria.logic import all_of
from dayzero.criteria.result import Definition, Finding

_HAPLO = Definition("haplo_check", "five loci", "convention of this project", verified=False)
_LOCI: Final = SETS["10/10"]


def haplo_check(
    *, patient: Typing, donor: Typing, haplotype: Mapping[str, str] | None = None, reducer: Reducer = TWO_FIELD
) -> Finding:
    """haploidentical, or not haploidentical, by the alleles shared at five loci.

    Parameters
    ----------
    haplotype : the haplotype said to be shared (locus -> allele), where the family was typed: both must carry it. A
        typing of two people alone does not tell which alleles lie on one chromosome.

    >>> shared = {"A": ["A*02:01", "A*03:01"]}
    >>> haplo_check(patient=shared, donor={"A": ["A*24:02", "A*01:01"]})["status"]
    'not haploidentical'
    """
    ranges = {locus: shared_alleles(patient, donor, locus, reducer) for locus in _LOCI}
    shared = {locus: _at_least_one(*between) for locus, between in ranges.items()}
    carried = {
        locus: all_of(*(_carries(one, locus, name, reducer) for one in (patient, donor)))
        for locus, name in (haplotype or {}).items()
    }
    answer = all_of(*shared.values(), *carried.values())
    status = None if answer is None else "haploidentical" if answer else "not haploidentical"
    failed = [locus for locus, one in shared.items() if one is False]
    failed += [f"{locus} of the haplotype" for locus, one in carried.items() if one is False]
    unknown = [locus for locus, one in shared.items() if one is None]
    note = f"nothing shared at {', '.join(failed)}" if failed else ""
    if answer is None:
        note = f"open at {', '.join(unknown)}" if unknown else "open whether the haplotype is carried"
    elif answer and haplotype is None:
        note = "that the shared alleles lie on one haplotype was not shown by typing the family"
    values = {"status": status, "haploidentical": answer, "shared": shared}
    return _HAPLO.find(values, {"patient": dict(patient), "donor": dict(donor)}, note=note)


def _at_least_one(lowest: int, highest: int) -> bool | None:
    return True if lowest > 0 else False if highest == 0 else None


def _carries(person: Typing, locus: str, name: str, reducer: Reducer) -> bool | None:
    """Whether a person has an allele."""
    return _at_least_one(*shared_alleles({locus: [name, name]}, person, locus, reducer))
