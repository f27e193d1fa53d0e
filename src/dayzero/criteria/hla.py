"""HLA typings as written on reports, and what reduces an allele to the part of the molecule that T cells see.

A position of a typing may hold an allele (``A*02:01``, one to four fields), a list of possible alleles
(``A*02:01/A*02:05``), the first field only (``A*02``, ``A*02:XX``), a code (``A*02:AB``) or an antigen by serology
(``A2``). Codes and serology are looked up where a reducer holds reference data, otherwise the position is not
assessable. An unresolved typing is taken as expressed: only a written N makes an allele a null allele.

Names follow Marsh 2010, doi:10.1111/j.1399-0039.2010.01466.x. P groups hold alleles with one protein sequence in the
antigen-recognition domain (ARD).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Protocol

from dayzero.errors import InputError
from dayzero.spec.vocabulary import HLA_LOCI as LOCI
from dayzero.units import nearest

EXPRESSION: Final = {
    "N": "not expressed",
    "L": "low expression",
    "S": "secreted only",
    "C": "found in the cytoplasm only",
    "A": "expression doubtful (aberrant)",
    "Q": "expression questionable",
}
"""Letters after an allele name, in words."""

_ALLELE = re.compile(r"(\d{2,4})((?::\d{2,4}){1,3})([NLSCAQGP]?)")
_SHORT = re.compile(r"(\d{2,4})([NLSCAQ]?)")
_CODE = re.compile(r"\d{2,4}:[A-Z]{2,}")
_SEROLOGY = re.compile(r"(A|B|CW|C|DR|DQ|DP)\d{1,4}")
_SEROLOGY_LOCI = {
    "A": ("A",), "B": ("B",), "C": ("C",), "CW": ("C",), "DR": ("DRB1", "DRB3", "DRB4", "DRB5"),
    "DQ": ("DQB1", "DQA1"), "DP": ("DPB1", "DPA1"),
}  # fmt: skip
_EXAMPLE: Final = "A*02:01, a list A*02:01/A*02:05, A*02, a code A*02:AB, or null"


@dataclass(frozen=True)
class Allele:
    """One allele by name.

    >>> one = allele("HLA-B*07:02:01G")
    >>> one.name, one.family, one.expressed
    ('B*07:02', 'B*07', True)
    """

    locus: str
    fields: tuple[str, ...]
    suffix: str = ""

    @property
    def name(self) -> str:
        """The name to two fields: one protein."""
        return f"{self.locus}*{':'.join(self.fields[:2])}"

    @property
    def family(self) -> str:
        """The name to one field."""
        return f"{self.locus}*{self.fields[0]}"

    @property
    def written(self) -> str:
        """The whole name."""
        return f"{self.locus}*{':'.join(self.fields)}{self.suffix}"

    @property
    def expressed(self) -> bool:
        """Whether the protein is made at all; a null allele ends in N."""
        return self.suffix != "N"


@dataclass(frozen=True)
class Typed:
    """What one position of a typing says.

    Parameters
    ----------
    text : as written; "" where nothing is.
    alleles : the alleles it may be; none where it is not resolved.
    family : the first field, where only that is known.
    """

    text: str
    alleles: tuple[Allele, ...] = ()
    family: str = ""

    @property
    def resolved(self) -> bool:
        """Whether the possible alleles are known."""
        return bool(self.alleles)


class Reducer(Protocol):
    """What decides whether two alleles are the same to a T cell."""

    @property
    def ard_level(self) -> str:
        """How far names are reduced: ``two_field`` or ``P``."""
        ...

    @property
    def release(self) -> str:
        """Edition of the reference data; "" where none are used."""
        ...

    def reduce(self, one: Allele) -> str:
        """The group of an expressed allele; equal groups are a match."""
        ...

    def antigen(self, one: Allele) -> str | None:
        """The antigen of an allele, or of a family; None where it is not known."""
        ...

    def expand(self, code: str) -> tuple[str, ...]:
        """The alleles that a code or an antigen by serology stands for; none where it is not known."""
        ...


class TwoField:
    """Compares names to two fields, without reference data.

    Alleles that differ in the second field may still be equal in the antigen-recognition domain, so a mismatch means
    mismatch or equivalent. The first field stands for the antigen; that is only a proxy: B*15 spans several antigens,
    and C*03:03 and C*03:04 are Cw9 and Cw10.
    """

    ard_level = "two_field"
    release = ""

    def reduce(self, one: Allele) -> str:
        """The name to two fields."""
        return one.name

    def antigen(self, one: Allele) -> str | None:
        """The first field."""
        return one.family

    def expand(self, code: str) -> tuple[str, ...]:
        """Nothing: codes need reference data."""
        return ()


TWO_FIELD: Final = TwoField()


def allele(text: str, locus: str | None = None) -> Allele:
    """One allele by its full name.

    >>> allele("C*04:09N").expressed
    False
    """
    read = typed(text, _locus_in(text) if locus is None else locus)
    if len(read.alleles) != 1:
        raise InputError("HLA typing", "allele", repr(text), "one allele such as B*07:02", "write one full name")
    return read.alleles[0]


def typed(text: object, locus: str, reducer: Reducer = TWO_FIELD) -> Typed:
    """Read one position of the typing of a locus; null and "" are positions that were not typed.

    >>> [one.name for one in typed("A*02:01/05", "A").alleles], typed("A*02:XX", "A").family
    (['A*02:01', 'A*02:05'], 'A*02')
    """
    if locus not in LOCI:
        raise InputError("HLA typing", "locus", repr(locus), f"one of {', '.join(LOCI)}", nearest(locus, LOCI))
    if text is None:
        return Typed("")
    if not isinstance(text, str):
        raise _refused(locus, str(text), _EXAMPLE, "write the typing as text")
    if not text.strip():
        return Typed("")
    shown = text.strip()
    body = shown.upper()
    if (antigen := _SEROLOGY.fullmatch(body)) is not None:
        if locus not in _SEROLOGY_LOCI[antigen[1]]:
            raise _refused(locus, shown, f"an antigen of {locus}", "write it under its own locus")
        return _looked_up(shown, body, locus, reducer)
    if "/" not in body:
        name = _without_locus(body, locus, shown)
        family = name.removesuffix(":XX")
        if _is_family(family, locus):
            return Typed(shown, (), f"{locus}*{family}")
        if _CODE.fullmatch(name) is not None:
            return _looked_up(shown, f"{locus}*{name}", locus, reducer)
    return Typed(shown, _listed(body.split("/"), locus, shown))


def _looked_up(shown: str, code: str, locus: str, reducer: Reducer) -> Typed:
    names = reducer.expand(code)
    return Typed(shown, tuple(one for name in names for one in typed(name, locus).alleles))


def _listed(parts: list[str], locus: str, shown: str) -> tuple[Allele, ...]:
    """The alleles of a list; a bare number is the second field in the family of the one before."""
    found: list[Allele] = []
    for part in parts:
        body, short = _without_locus(part, locus, shown), _SHORT.fullmatch(part.strip())
        whole = _ALLELE.fullmatch(body)
        if whole is not None:
            suffix = whole[3] if whole[3] in EXPRESSION else ""
            found.append(Allele(locus, (whole[1], *whole[2][1:].split(":")), suffix))
        elif short is not None and found:
            found.append(Allele(locus, (found[-1].fields[0], short[1]), short[2]))
        else:
            raise _refused(locus, shown, _EXAMPLE, _advice(body, locus))
    return tuple(dict.fromkeys(found))


def _is_family(part: str, locus: str) -> bool:
    """Two digits; DPB1 also has families of three and four digits, which do not begin with 0."""
    return re.fullmatch(r"\d{2}|[1-9]\d{2,3}" if locus == "DPB1" else r"\d{2}", part) is not None


def _advice(part: str, locus: str) -> str:
    if re.fullmatch(r"\d{4,5}[A-Z]?", part):
        return f"this is the old way to write it; write {locus}*{part[:2]}:{part[2:]}"
    if part in ("-", "BLANK"):
        return "write the allele twice where the patient is homozygous, null where the position was not typed"
    if "|" in part or "+" in part:
        return "write one entry for each of the two alleles, and the list of all possible ones with /"
    return "check the typing report"


def _without_locus(part: str, locus: str, shown: str) -> str:
    before, star, after = part.strip().partition("*")
    named, body = before.removeprefix("HLA-"), after if star else before
    if star and named != locus:
        advice = f"write {locus}*{body}" if named == f"{locus}W" else "write it under its own locus"
        raise _refused(locus, shown, f"an allele of {locus}", advice)
    return body


def _locus_in(text: str) -> str:
    return text.strip().upper().partition("*")[0].removeprefix("HLA-")


def _refused(locus: str, got: str, expected: str, advice: str) -> InputError:
    return InputError("HLA typing", locus, repr(got), expected, advice)
