"""Units as the Unified Code for Units of Measure writes them, made a quantity's own.

Only what occurs in blood, body and dose is read: products and quotients of a few units with metric prefixes, powers
(``10*9/L``, ``mm3``), whole numbers and annotations in braces, which count as 1. Mass does not become amount of
substance here: that takes the molar mass, which stands with the quantity in `dayzero.units`.

Source: https://ucum.org (table of units and prefixes).
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from dayzero.errors import InputError
from dayzero.units import plain, quantity, scale

UCUM = "http://unitsofmeasure.org"

Dimension = tuple[tuple[str, int], ...]

_PREFIXES = {
    "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15,
}  # fmt: skip
#: unit -> (factor, what it measures and to which power); the first line takes prefixes
_METRIC: dict[str, tuple[Fraction, dict[str, int]]] = {
    "g": (Fraction(1), {"mass": 1}), "m": (Fraction(1), {"length": 1}), "mol": (Fraction(1), {"mol": 1}),
    "L": (Fraction(1, 1000), {"length": 3}), "l": (Fraction(1, 1000), {"length": 3}),
    "s": (Fraction(1), {"time": 1}), "kat": (Fraction(1), {"enzyme": 1}),
    "U": (Fraction(1, 60_000_000), {"enzyme": 1}), "[IU]": (Fraction(1), {"IU": 1}), "[iU]": (Fraction(1), {"IU": 1}),
}  # fmt: skip
_PLAIN: dict[str, tuple[Fraction, dict[str, int]]] = {
    "%": (Fraction(1, 100), {}), "min": (Fraction(60), {"time": 1}), "h": (Fraction(3600), {"time": 1}),
    "d": (Fraction(86400), {"time": 1}), "[lb_av]": (Fraction("453.59237"), {"mass": 1}),
    "[in_i]": (Fraction("0.0254"), {"length": 1}),
}  # fmt: skip
_TERM = re.compile(r"([./]?)([^./]+)")
_POWER_OF_TEN = re.compile(r"10[*^]([+-]?\d{1,2})$")
_WITH_POWER = re.compile(r"(.*?[^\d+-])([+-]?\d)?$")

#: our unit -> how UCUM writes it, where that differs; "" where UCUM has no such unit
_WRITTEN = {
    "1e9/L": "10*9/L", "1e12/L": "10*12/L", "IU/mL": "[IU]/mL", "mmHg": "mm[Hg]", "cells/kg": "/kg",
    "log10 cells": "", "units": "", "": "1",
}  # fmt: skip


@lru_cache(maxsize=512)
def measure(unit: str) -> tuple[Fraction, Dimension] | None:
    """Size of a unit in base units and what it measures; None where it cannot be read.

    >>> measure("10*3/uL") == measure("10*9/L")
    True
    >>> measure("furlong") is None
    True
    """
    text = re.sub(r"\{[^{}]*\}", "{}", unit).replace("\u00b5", "u").replace("\u03bc", "u")
    if not text or len(text) > 40 or "".join(m.group(0) for m in _TERM.finditer(text)) != text:
        return None
    size, powers = Fraction(1), dict[str, int]()
    for term in _TERM.finditer(text):
        one = _term(term.group(2))
        if one is None:
            return None
        sign = -1 if term.group(1) == "/" else 1
        size *= one[0] ** sign
        for name, power in one[1].items():
            powers[name] = powers.get(name, 0) + sign * power
    return size, tuple(sorted((name, power) for name, power in powers.items() if power))


def _term(text: str) -> tuple[Fraction, dict[str, int]] | None:
    bare = text.replace("{}", "")
    if not bare:
        return Fraction(1), {}
    ten = _POWER_OF_TEN.match(bare)
    if ten:
        return Fraction(10) ** int(ten.group(1)), {}
    if bare.isascii() and bare.isdigit():
        return (Fraction(int(bare)), {}) if int(bare) else None
    split = _WITH_POWER.match(bare)
    one = _atom(split.group(1)) if split else None
    if one is None or split is None:
        return None
    power = int(split.group(2) or 1)
    return one[0] ** power, {name: times * power for name, times in one[1].items()}


def _atom(text: str) -> tuple[Fraction, dict[str, int]] | None:
    known = _PLAIN.get(text) or _METRIC.get(text)
    if known:
        return known
    prefix, rest = text[:1], _METRIC.get(text[1:])
    if prefix not in _PREFIXES or rest is None:
        return None
    return rest[0] * Fraction(10) ** _PREFIXES[prefix], rest[1]


def scale_of(name: str, unit: str, coded: bool) -> tuple[float, float]:
    """How a unit of a record becomes a quantity's own: ``canonical = (value - zero) / per``; returns ``(per, zero)``.

    ``coded``: the unit is a UCUM code, in which capitals matter; else it is read as people write it.

    >>> scale_of("creatinine", "nmol/mL", coded=True)
    (88.4, 0.0)
    >>> scale_of("hemoglobin", "mg/mL", coded=True)
    (10.0, 0.0)
    """
    known = quantity(name)
    if unit in known.accepted:
        return float(known.accepted[unit]), float(known.zero.get(unit, 0.0))
    if not coded and plain(unit) in map(plain, known.accepted):
        return scale(name, unit)
    given = measure(unit)
    if given is None or known.unit in ("1", ""):
        return scale(name, unit) if not coded else _refused(name, unit)
    for written, per in known.accepted.items():
        own = measure(written)
        if own is not None and own[1] == given[1] and not known.zero.get(written):
            return float(Fraction(str(per)) * own[0] / given[0]), 0.0
    return _refused(name, unit)


def _refused(name: str, unit: str) -> tuple[float, float]:
    known = quantity(name)
    accepted = ", ".join(written or "no unit" for written in known.accepted)
    raise InputError("units", name, repr(unit), f"one of {accepted}", "check the unit")


def percent(value: float, unit: str) -> float | None:
    """A share in percent; None where the unit is no share.

    >>> percent(12.0, "%"), percent(12.0, "/100{WBC}"), percent(12.0, "g/L")
    (12.0, 12.0, None)
    """
    given = measure(unit)
    return None if given is None or given[1] else float(given[0] * 100) * value


def code_of(name: str) -> str:
    """The UCUM code of the canonical unit of a quantity; empty where there is none.

    >>> code_of("neutrophils"), code_of("hemoglobin"), code_of("disease_burden")
    ('10*9/L', 'g/dL', '')
    """
    unit = quantity(name).unit
    return _WRITTEN.get(unit, unit)
