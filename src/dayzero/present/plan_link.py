"""A plan of one's own in an address: packed into a word, so that its link restores it anywhere and nothing is kept.

The word is the plan's canonical JSON, compressed, in letters that addresses allow, after a mark that no name begins
with.
"""

from __future__ import annotations

import base64
import json
import zlib
from functools import lru_cache

from dayzero.errors import SpecError
from dayzero.spec import Plan, library_names
from dayzero.spec.reading import nearest

MARK = "~"
LONGEST_WORD, LONGEST_TEXT = 12_000, 64_000  # letters of a packed plan; of a plan as text
KEPT = 256


def packed(plan: Plan) -> str:
    """The plan as a word of an address.

    >>> plan = Plan.load("auto-mel200-myeloma").but(graft={"cd34_per_kg": 3e6})
    >>> plan_called(packed(plan)) == plan
    True
    """
    made = base64.urlsafe_b64encode(zlib.compress(plan.canonical_json().encode(), 9)).decode().rstrip("=")
    if len(made) > LONGEST_WORD:
        got, expected = f"a plan of {len(made)} letters when packed", f"at most {LONGEST_WORD}"
        raise SpecError(plan.name, "file", got, expected, "shorten its notes")
    return MARK + made


@lru_cache(maxsize=KEPT)
def plan_called(name: str) -> Plan:
    """The plan of an address: a name of the library, never a file, or a plan packed into a word.

    Raises
    ------
    SpecError : no such name, or a word that holds no plan.
    """
    return _unpacked(name) if name.startswith(MARK) else Plan.load(_checked(name))


def opened(text: str, name: str) -> Plan:
    """The plan of a file's text, with the sentences of the command line where it cannot be used."""
    if len(text) > LONGEST_TEXT:
        got, expected = f"{len(text)} letters or more", f"at most {LONGEST_TEXT}"
        raise SpecError(name, "file", got, expected, "write what differs from a base")
    return Plan.of_text(text, name)


def _unpacked(word: str) -> Plan:
    asked = word[len(MARK) :]
    try:
        if len(asked) > LONGEST_WORD:
            raise ValueError
        reader = zlib.decompressobj()
        text = reader.decompress(base64.urlsafe_b64decode(asked + "=" * (-len(asked) % 4)), LONGEST_TEXT)
        if not reader.eof:
            raise ValueError
        data = json.loads(text)
        if not isinstance(data, dict):
            raise ValueError
    except (ValueError, RecursionError, zlib.error):
        got = "a packed plan that is damaged"
        raise SpecError("address", "plan", got, "the whole link", "copy the link again, or open the file") from None
    return Plan.load(data)


def _checked(name: str) -> str:
    known = list(library_names("plan"))
    if name in known:
        return name
    near = nearest(name[:60], known)
    advice = f"did you mean {near}?" if near else "see the list of plans"
    raise SpecError("address", "plan", repr(name[:60]), f"one of {', '.join(known)}", advice)
