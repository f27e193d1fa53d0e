"""What patients report: subscales and totals of the FACT-BMT questionnaire.

Scoring as on the FACIT measure pages: negative items are reversed (4 - x); a subscale is prorated, sum x items /
answered, when more than half of its items are answered. Ranges of the four general subscales were read; that the
transplant subscale has 10 scored items (0-40, total 0-148) is recalled. The items' texts are FACIT's and not here.
"""

from __future__ import annotations

from collections.abc import Sequence

from dayzero.criteria.entry import answer, chosen, within
from dayzero.criteria.result import Definition, Finding
from dayzero.errors import InputError

_FACIT = "FACIT scoring page and FACT-BMT measure page"
_SUBSCALE = Definition("fact_subscale", "FACT-BMT version 4", _FACIT, verified=True)
_TOTALS = Definition("fact_totals", "FACT-BMT version 4", _FACIT, verified=True)

ITEMS = {"PWB": 7, "SWB": 7, "EWB": 6, "FWB": 7, "BMTS": 10}
_SPELLINGS = {name.lower(): name for name in ITEMS} | {
    "physical": "PWB", "social": "SWB", "emotional": "EWB", "functional": "FWB", "bmt": "BMTS",
}  # fmt: skip
_MOST = 4  # items are answered 0 to 4
_RECALLED = ("BMTS",)


def fact_subscale(
    *, subscale: str, raw: Sequence[int | None], reversed: Sequence[bool], n_items: int | None = None
) -> Finding:
    """Score of one subscale: PWB, SWB, EWB, FWB or BMTS; higher is better.

    ``raw``: answers 0 to 4 as ticked, None where there is none; ``reversed``: whether each item is worded negatively.
    Missing where half of the items or fewer are answered. ``complete``: every item was answered.

    >>> fact_subscale(subscale="PWB", raw=[1, 0, None, 1, 1, None, 0], reversed=[True] * 7)["score"]
    23.8
    """
    rule = "fact_subscale"
    name = chosen(rule, "subscale", subscale, _SPELLINGS)
    asked = ITEMS[name] if n_items is None else n_items
    if asked != ITEMS[name]:
        raise InputError(rule, "n_items", repr(n_items), f"{ITEMS[name]} items of {name}", "leave out items not scored")
    for field, given in (("raw", raw), ("reversed", reversed)):
        if len(given) != asked:
            raise InputError(rule, field, f"{len(given)} values", f"{asked}, one an item", "None where not answered")
    turned = [answer(rule, "reversed", item) for item in reversed]
    if None in turned:
        raise InputError(rule, "reversed", "None", "True or False for every item", "the wording of an item is known")
    points = [_points(item, bool(turn)) for item, turn in zip(raw, turned, strict=True)]
    answered = [item for item in points if item is not None]
    score = sum(answered) * asked / len(answered) if 2 * len(answered) > asked else None
    inputs = {"subscale": name, "raw": list(raw), "reversed": list(reversed), "n_items": asked}
    values = {"score": score, "answered": len(answered)}
    verified = name not in _RECALLED
    note = "" if verified else "that this subscale has 10 scored items is recalled"
    return _SUBSCALE.find(values, inputs, complete=len(answered) == asked, verified=verified, note=note)


def _points(ticked: int | None, is_negative: bool) -> int | None:
    if ticked is None:
        return None
    if isinstance(ticked, bool) or ticked not in range(_MOST + 1):
        raise InputError("fact_subscale", "raw", repr(ticked), "0, 1, 2, 3 or 4", "None where there is no answer")
    return _MOST - int(ticked) if is_negative else int(ticked)


def fact_totals(
    *,
    PWB: float | None = None,
    SWB: float | None = None,
    EWB: float | None = None,
    FWB: float | None = None,
    BMTS: float | None = None,
) -> Finding:
    """FACT-G (0-108), trial outcome index (0-96) and FACT-BMT total (0-148) of the subscale scores.

    A missing subscale makes the sums that use it missing, and no other.

    >>> fact_totals(PWB=23, SWB=None, EWB=18, FWB=19, BMTS=28).values
    {'fact_g': None, 'toi': 70, 'total': None}
    """
    scores = {"PWB": PWB, "SWB": SWB, "EWB": EWB, "FWB": FWB, "BMTS": BMTS}
    for name, score in scores.items():
        within("fact_totals", score, 0, _MOST * ITEMS[name], **{name: "a subscale score"})
    values = {
        "fact_g": _sum(PWB, SWB, EWB, FWB),
        "toi": _sum(PWB, FWB, BMTS),
        "total": _sum(PWB, SWB, EWB, FWB, BMTS),
    }
    note = "" if BMTS is None else "the range of the transplant subscale, 0 to 40, is recalled"
    return _TOTALS.find(values, scores, complete=None not in values.values(), note=note)


def _sum(*scores: float | None) -> float | None:
    known = [score for score in scores if score is not None]
    return sum(known) if len(known) == len(scores) else None
