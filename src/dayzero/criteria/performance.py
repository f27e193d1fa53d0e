"""Performance status: which scale counts at which age, and whether it is good.

CIBMTR Forms Instruction Manual, appendix L: Karnofsky from 16 years on, Lansky from 1 to under 16, in steps of 10;
under one year there is no score. There is no conversion from ECOG here.
"""

from __future__ import annotations

from dayzero.criteria.entry import within
from dayzero.criteria.logic import reaches
from dayzero.criteria.result import Definition, Finding
from dayzero.errors import InputError

_PERFORMANCE = Definition("performance_status", "CIBMTR", "CIBMTR Forms Instruction Manual, appendix L", verified=True)
_LANSKY_FROM_YEARS, _KARNOFSKY_FROM_YEARS = 1, 16
_GOOD_FROM = 90  # the split of published registry tables, 90-100 against 80 and under


def performance_status(
    *,
    age: float | None = None,
    kps: int | None = None,
    lansky: int | None = None,
    good_from: int = _GOOD_FROM,
) -> Finding:
    """The score that counts at this age in years, Karnofsky (``kps``) or Lansky, and whether it is good.

    Both scores are repeated in the answer where both were given. ``good_from`` is a cut of the analysis.

    >>> performance_status(age=15, lansky=90).values["scale"]
    'lansky'
    """
    rule = "performance_status"
    years = within(rule, age, 0, 130, age="years")
    scores = {"karnofsky": _score("kps", kps), "lansky": _score("lansky", lansky)}
    scale = None if years is None else _scale(years)
    value = None if scale is None else scores[scale]
    values = {
        "scale": scale,
        "value": value,
        "good": reaches(value, good_from),
        **scores,
    }
    is_infant = years is not None and scale is None
    note = "under one year no performance score is reported" if is_infant else ""
    inputs = {"age": age, "kps": kps, "lansky": lansky, "good_from": good_from}
    return _PERFORMANCE.find(values, inputs, complete=is_infant or value is not None, note=note)


def _scale(years: float) -> str | None:
    if years < _LANSKY_FROM_YEARS:
        return None
    return "karnofsky" if years >= _KARNOFSKY_FROM_YEARS else "lansky"


def _score(field: str, written: int | None) -> int | None:
    value = within("performance_status", written, 10, 100, **{field: "a multiple of 10"})
    if value is not None and value % 10:
        raise InputError(
            "performance_status", field, repr(written), "a multiple of 10, 10 to 100", "round it as scored"
        )
    return None if value is None else int(value)
