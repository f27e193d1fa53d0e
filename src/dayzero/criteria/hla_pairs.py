"""Two typings of one locus against each other: every way the typings can turn out, and what they have in common.

A person's two alleles are matched one to one with those of the other. Null alleles are dropped first, and the locus
then counts as homozygous for the other allele. Where typings are ambiguous, every combination that could change the
answer is compared and the answer is a range.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from dayzero.criteria.hla import Allele, Reducer, Typed

Range = tuple[int, int]
ANYTHING: Range = (0, 2)


@dataclass(frozen=True)
class Kind:
    """A possible allele as it counts: its group, its antigen (None: not known), its first field."""

    group: str
    antigen: str | None
    family: str


@dataclass(frozen=True)
class Score:
    """How two people compare where their alleles are known.

    Parameters
    ----------
    matched : alleles matched one to one.
    gvh, hvg : distinct alleles of the patient that the donor lacks, and the reverse.
    unmatched : groups left over, (patient, donor), sorted.
    levels : ``antigen`` or ``allele`` for each pair left over, None where the antigen is not known.
    """

    matched: int
    gvh: int
    hvg: int
    unmatched: tuple[tuple[str, str], ...]
    levels: tuple[str | None, ...]

    @property
    def level(self) -> str | None:
        """The gravest level of a mismatch here."""
        if "antigen" in self.levels:
            return "antigen"
        return "allele" if self.levels and None not in self.levels else None


@dataclass(frozen=True)
class Compared:
    """Every way the typings of a locus can turn out; None among the scores where no answer can be given."""

    scores: tuple[Score | None, ...]

    @property
    def matched(self) -> Range:
        """Fewest and most alleles matched."""
        return self._range("matched")

    @property
    def gvh(self) -> Range:
        """Fewest and most mismatches in the direction of graft against host."""
        return self._range("gvh")

    @property
    def hvg(self) -> Range:
        """Fewest and most mismatches in the direction of host against graft."""
        return self._range("hvg")

    @property
    def level(self) -> str | None:
        """The level of the mismatch, where every way the typings can turn out agrees on it."""
        levels = {None if score is None else score.level for score in self.scores}
        return levels.pop() if len(levels) == 1 else None

    @property
    def unmatched(self) -> tuple[tuple[str, str], ...] | None:
        """The groups left over, (patient, donor); None where that is open."""
        left = {None if score is None else score.unmatched for score in self.scores}
        return left.pop() if len(left) == 1 else None

    def _range(self, name: str) -> Range:
        if None in self.scores:
            return ANYTHING
        found = [int(getattr(score, name)) for score in self.scores]
        return min(found), max(found)


def compare(
    patient: Sequence[Typed], donor: Sequence[Typed], reducer: Reducer, *, by_antigen: bool = False, fill: bool = True
) -> Compared:
    """Compare the typings of a locus, two positions each.

    Parameters
    ----------
    by_antigen : antigens are compared instead of groups.
    fill : a null allele stands for the other allele; without it the positions count as they are, be there 0 to 2.
    """
    positions = [_kinds(one, reducer, by_antigen) for one in (*patient, *donor)]
    choices = _choices([*patient, *donor], positions, reducer, by_antigen)
    scores: set[Score | None] = set()
    for chosen in product(*choices):
        ours, theirs = chosen[: len(patient)], chosen[len(patient) :]
        scores.add(_score(_expressed(ours, fill), _expressed(theirs, fill)))
    return Compared(tuple(scores))


def _kinds(one: Typed, reducer: Reducer, by_antigen: bool) -> list[Kind | None]:
    """What a resolved position can be; None for a null allele. Nothing where antigens are compared but not known."""
    kinds: list[Kind | None] = []
    for allele in one.alleles:
        antigen = reducer.antigen(allele)
        if by_antigen and antigen is None and allele.expressed:
            return []
        group = str(antigen) if by_antigen else reducer.reduce(allele)
        kinds.append(Kind(group, antigen, allele.family) if allele.expressed else None)
    return list(dict.fromkeys(kinds))


def _choices(
    typings: Sequence[Typed], positions: list[list[Kind | None]], reducer: Reducer, by_antigen: bool
) -> list[list[Kind | None]]:
    """What each position can be, unresolved ones among what is named at the locus and alleles named nowhere."""
    named = list(dict.fromkeys(kind for kinds in positions for kind in kinds if kind is not None))
    families = sorted({one.family for one in typings if one.family})
    others = [kind for family in families for kind in _unnamed(family, len(typings), reducer, by_antigen)]
    of_any = [*named, *others, *(Kind(f"any:?{number}", None, "") for number in range(len(typings)))]
    whole: list[list[Kind | None]] = []
    for one, kinds in zip(typings, positions, strict=True):
        possible = [kind for kind in of_any if not one.family or kind.family == one.family]
        whole.append(kinds or [*possible])
    return _fewer(whole)


def _unnamed(family: str, count: int, reducer: Reducer, by_antigen: bool) -> list[Kind]:
    """Alleles of a family that nobody named, as many as there are positions; all share its antigen, if it has one."""
    locus, _, field = family.partition("*")
    antigen = reducer.antigen(Allele(locus, (field,)))
    if by_antigen and antigen is not None:
        return [Kind(antigen, antigen, family)]
    return [Kind(f"{family}:?{number}", antigen, family) for number in range(count)]


def _fewer(choices: list[list[Kind | None]]) -> list[list[Kind | None]]:
    """The same choices without those that stand for others: of alleles possible at the same positions a few do."""
    at: dict[Kind, frozenset[int]] = {}
    for number, kinds in enumerate(choices):
        for kind in kinds:
            if kind is not None:
                at[kind] = at.get(kind, frozenset()) | {number}
    kept: set[Kind] = set()
    count: Counter[tuple[frozenset[int], str | None]] = Counter()
    for kind, where in at.items():
        count[where, kind.antigen] += 1
        if count[where, kind.antigen] <= len(where):
            kept.add(kind)
    return [[kind for kind in kinds if kind is None or kind in kept] for kinds in choices]


def _expressed(chosen: Sequence[Kind | None], fill: bool) -> list[Kind] | None:
    """The expressed alleles; None where both are null."""
    found = [kind for kind in chosen if kind is not None]
    if not fill or len(found) == len(chosen):
        return found
    return found * 2 if found else None


def _score(patient: list[Kind] | None, donor: list[Kind] | None) -> Score | None:
    if patient is None or donor is None:
        return None
    ours, theirs = list(patient), list(donor)
    for kind in patient:
        same = next((other for other in theirs if other.group == kind.group), None)
        if same is not None:
            ours.remove(kind)
            theirs.remove(same)
    groups, others = ({kind.group for kind in kinds} for kinds in (patient, donor))
    left = _paired(ours, theirs)
    return Score(
        matched=len(patient) - len(ours),
        gvh=len(groups - others),
        hvg=len(others - groups),
        unmatched=tuple(sorted((one.group, other.group) for one, other in left)),
        levels=tuple(sorted((_level(one, other) for one, other in left), key=str)),
    )


def _paired(ours: list[Kind], theirs: list[Kind]) -> list[tuple[Kind, Kind]]:
    """What is left over, paired so that most pairs share an antigen."""
    straight = list(zip(ours, theirs, strict=False))
    crossed = list(zip(ours, reversed(theirs), strict=False))
    return max((straight, crossed), key=_shared_antigens)


def _shared_antigens(pairs: list[tuple[Kind, Kind]]) -> tuple[int, list[str]]:
    shared = sum(_level(one, other) == "allele" for one, other in pairs)
    return shared, sorted(one.group + other.group for one, other in pairs)


def _level(one: Kind, other: Kind) -> str | None:
    if one.antigen is None or other.antigen is None:
        return None
    return "allele" if one.antigen == other.antigen else "antigen"
