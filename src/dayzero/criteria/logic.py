"""Judging with three values: true, false, and missing (None)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

Answer = TypeVar("Answer")


def all_of(*items: bool | None) -> bool | None:
    """True when every item is; false as soon as one is not, whatever is missing.

    >>> all_of(True, None), all_of(False, None), all_of(True, True)
    (None, False, True)
    """
    if any(item is False for item in items):
        return False
    return None if any(item is None for item in items) else True


def any_of(*items: bool | None) -> bool | None:
    """True as soon as one item is, whatever is missing; false when every item is.

    >>> any_of(True, None), any_of(False, None), any_of(False, False)
    (True, None, False)
    """
    if any(item is True for item in items):
        return True
    return None if any(item is None for item in items) else False


def agreed(answers: Iterable[Answer | None]) -> Answer | None:
    """The answer all possibilities give, or None when they differ or one is missing.

    >>> agreed(["RIC", "RIC"]), agreed(["RIC", "MAC"])
    ('RIC', None)
    """
    given = list(answers)
    return given[0] if given and all(answer == given[0] for answer in given) else None


def below(value: float | None, limit: float) -> bool | None:
    """Whether a value lies under a limit; missing stays missing."""
    return None if value is None else value < limit


def above(value: float | None, limit: float) -> bool | None:
    """Whether a value lies over a limit; missing stays missing."""
    return None if value is None else value > limit


def reaches(value: float | None, limit: float) -> bool | None:
    """Whether a value is at a limit or over it; missing stays missing."""
    return None if value is None else value >= limit


def opposite(item: bool | None) -> bool | None:
    """Not; missing stays missing."""
    return None if item is None else not item


def enough(needed: int, *items: bool | None) -> bool | None:
    """Whether at least so many items are true; missing where the missing ones could change it.

    >>> enough(2, True, True, None), enough(2, True, False, None), enough(2, True, False, False)
    (True, None, False)
    """
    sure = sum(item is True for item in items)
    if sure >= needed:
        return True
    return False if sure + sum(item is None for item in items) < needed else None
