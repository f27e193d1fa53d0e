"""What a person enters: a word in one of its spellings, a number that can be true."""

from __future__ import annotations

import re
from collections.abc import Mapping
from numbers import Real
from typing import cast

from dayzero.errors import InputError
from dayzero.units import nearest


def spelled(written: str) -> str:
    """A word without case, hyphens, blanks and the difference between British and American spelling.

    >>> spelled("Prior solid tumour"), spelled("HLA-identical sibling"), spelled("t(8;21)")
    ('prior_solid_tumor', 'hla_identical_sibling', 't_8_21')
    """
    text = re.sub(r"[^a-z0-9]+", "_", written.casefold()).strip("_")
    return text.replace("ae", "e").replace("our", "or")


def chosen(rule: str, field: str, written: object, spellings: Mapping[str, str]) -> str:
    """The name a word stands for; ``spellings``: each as `spelled` leaves it, with the name it means.

    >>> chosen("vaccine_due", "vaccine", "Chickenpox", {"varicella": "varicella", "chickenpox": "varicella"})
    'varicella'
    """
    names = list(dict.fromkeys(spellings.values()))
    word = spelled(written) if isinstance(written, str) else ""
    if word not in spellings:
        # close to a second spelling is close to its name; otherwise the names themselves are listed
        advice = nearest(word, spellings) if word else ""
        said = f"did you mean {spellings[advice[13:-1]]}?" if advice.startswith("did you mean") else nearest("", names)
        raise InputError(rule, field, repr(written), "a name this rule knows", said)
    return spellings[word]


def within(rule: str, value: object, low: float, high: float, **named: str) -> float | None:
    """A number from ``low`` to ``high``, or None where it is missing; ``named``: field=what it is.

    >>> within("hct_ci_pulmonary", 82, 0, 200, dlco_pct="percent of predicted")
    82
    """
    if value is None:
        return None
    (field, meaning), *_ = named.items()
    is_number = not isinstance(value, bool) and isinstance(value, Real)
    if not is_number or not low <= cast(float, value) <= high:
        raise InputError(rule, field, repr(value), f"{meaning}, {low:g} to {high:g}", "None where it is not known")
    return cast(float, value)


def answer(rule: str, field: str, value: object) -> bool | None:
    """True, false, or None where it is not known.

    >>> answer("hct_ci_hepatic", "cirrhosis", None) is None
    True
    """
    if value is not None and not isinstance(value, bool):
        raise InputError(rule, field, repr(value), "True or False", "None where it is not known")
    return value


_SEROLOGY = {
    "+": True, "pos": True, "positive": True, "seropositive": True,
    "-": False, "neg": False, "negative": False, "seronegative": False,
}  # fmt: skip


def seropositive(rule: str, field: str, written: object) -> bool | None:
    """Whether serology is positive, written + or - or in words; None where it is not known.

    >>> seropositive("cmv_serostatus", "donor", "+"), seropositive("cmv_serostatus", "donor", "Negative")
    (True, False)
    """
    if written is None:
        return None
    word = written.strip().casefold() if isinstance(written, str) else ""
    if word not in _SEROLOGY:
        raise InputError(rule, field, repr(written), "+ or -", "None where it is not known")
    return _SEROLOGY[word]
