"""From readings as they were written to those a chart keeps: one of two codes, repeats out, counts from percentages.

- Two codes of one quantity at one moment: the preferred code is kept, the other said.
- One code, one moment, the same value twice: kept once. Two values: both are kept, and criteria take the lower.
- A percentage (neutrophils of white cells) becomes a count where the count is not there: share / 100 x white cells of
  the same moment, or of the same day where there is one only. Segmented and band forms are summed. A limit of either
  factor is a limit of the count. The method of such a reading says that it was calculated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from dayzero.records.fhir_observation import Reading
from dayzero.records.findings import FindingLog
from dayzero.units import quantity

CALCULATED = "calculated"
_PARTS = ("segmented", "bands")
_NOT_WHOLE = ("share", "part")

Days = dict[tuple[int, str, date], list[Reading]]


def settle(readings: Iterable[Reading], log: FindingLog, keep_repeats: bool = False) -> list[Reading]:
    """The readings a chart keeps, in canonical units."""
    given = list(readings)
    kept: Days = {}
    for group in _by_moment(r for r in given if r.code.how not in _NOT_WHOLE):
        for one in _one_code(group, log, keep_repeats):
            kept.setdefault(_day(one, one.code.target), []).append(one)
    for group in _by_moment(r for r in given if r.code.how in _NOT_WHOLE):
        count = _derived(group, kept, log)
        if count is not None:
            kept.setdefault(_day(count, count.code.target), []).append(count)
    return [one for day in kept.values() for one in day]


def _day(reading: Reading, target: str) -> tuple[int, str, date]:
    return reading.patient, target, reading.when.day


def _by_moment(readings: Iterable[Reading]) -> list[list[Reading]]:
    groups: dict[tuple[object, ...], list[Reading]] = {}
    for reading in readings:
        key = (reading.patient, reading.code.target, reading.when.moment)
        groups.setdefault(key, []).append(reading)
    return list(groups.values())


def _rank(reading: Reading) -> tuple[bool, int]:
    return not reading.code.verified, reading.code.rank


def _one_code(group: Sequence[Reading], log: FindingLog, keep_repeats: bool) -> list[Reading]:
    best = min(group, key=_rank)
    kept: list[Reading] = []
    for reading in group:
        name = reading.code.target
        if reading.code != best.code:
            log.add("other_code", reading.at, reading.field, f"{name} under a less preferred code; the other is read")
        elif any((r.value, r.limit) == (reading.value, reading.limit) for r in kept):
            word = "kept, as asked" if keep_repeats else "read once"
            log.add("duplicate", reading.at, reading.field, f"the same {name} a second time; {word}")
            kept += [reading] if keep_repeats else []
        else:
            if kept:
                log.add("two_readings", reading.at, reading.field, f"another {name} of the same moment; both are read")
            kept.append(reading)
    return kept


def _derived(group: Sequence[Reading], kept: Days, log: FindingLog) -> Reading | None:
    """The count that percentages or parts of one moment give; None, and said, where they give none."""
    if any(_beside(group[0], one) for one in kept.get(_day(group[0], group[0].code.target), ())):
        for reading in group:
            log.add("not_needed", reading.at, reading.field, f"{reading.code.name} beside the count itself")
        return None
    if _disagree(group):
        for reading in group:
            log.add("contradiction", reading.at, reading.field, f"two {reading.code.name} of one moment; not read")
        return None
    count = _count_of_parts(group) or _count_of_share(group, kept)
    for reading in group:
        _say(reading, count, log)
    return count


def _beside(reading: Reading, count: Reading) -> bool:
    """Whether a count is of the same moment, or of the same day and one of the two has no time."""
    moments = (reading.when.moment, count.when.moment)
    return moments[0] == moments[1] or not all("T" in moment for moment in moments)


def _disagree(group: Sequence[Reading]) -> bool:
    said = {(reading.code.code, reading.value, reading.limit) for reading in group}
    return len(said) > len({reading.code.code for reading in group})


def _say(reading: Reading, count: Reading | None, log: FindingLog) -> None:
    if count is None:
        sentence = f"{reading.code.name} without what it takes to calculate the count; not read"
        log.add("not_derived", reading.at, reading.field, sentence)
    elif reading.at == count.at and reading.field == count.field:
        log.add("derived", reading.at, reading.field, f"{reading.code.target} were {count.method}")
    else:
        log.add("not_needed", reading.at, reading.field, f"{reading.code.name}, used in or beside a calculated count")


def _count_of_parts(group: Sequence[Reading]) -> Reading | None:
    """The sum of segmented and band forms; None where one of them is missing."""
    total = _sum([r for r in group if r.code.how == "part"])
    return None if total is None else replace(total, method=f"{CALCULATED} from segmented and band forms")


def _count_of_share(group: Sequence[Reading], kept: Days) -> Reading | None:
    shares = [r for r in group if r.code.how == "share"]
    whole = [r for r in shares if not r.code.part]
    share = min(whole, key=_rank) if whole else _sum(shares)
    if share is None or share.value > 100:
        return None
    base = _base(share, kept)
    limit = None if base is None else _limit(share, base)
    if base is None or limit is None:
        return None
    value = share.value / 100 * base.value * share.code.times
    if value > quantity(share.code.target).high:
        return None
    return replace(share, value=value, limit=limit, method=f"{CALCULATED} from a percentage of {share.code.of}")


def _sum(parts: Sequence[Reading]) -> Reading | None:
    chosen = [min((r for r in parts if r.code.part == part), key=_rank, default=None) for part in _PARTS]
    segmented, bands = chosen
    limit = None if segmented is None or bands is None else _limit(segmented, bands)
    if segmented is None or bands is None or limit is None:
        return None
    return replace(segmented, value=segmented.value + bands.value, limit=limit)


def _base(share: Reading, kept: Days) -> Reading | None:
    """The count a share is of: that of the same moment, or the only one of the day."""
    of_day = kept.get(_day(share, share.code.of), [])
    same = [r for r in of_day if r.when.moment == share.when.moment]
    chosen = same or of_day
    return chosen[0] if len(chosen) == 1 else None


def _limit(one: Reading, other: Reading) -> int | None:
    """The limit of a sum or product of two numbers of 0 or more; None where it is bounded on neither side."""
    limits = {one.limit, other.limit} - {0}
    return None if len(limits) > 1 else next(iter(limits), 0)
