"""The model's units in the words of SBML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple


class Base(NamedTuple):
    """A unit of SBML: `multiplier` times the kind, 10 to the `scale`, to the `exponent`."""

    kind: str
    multiplier: float = 1.0
    scale: int = 0
    exponent: int = 1


BASES: Mapping[str, Base] = {
    "1": Base("dimensionless"), "%": Base("dimensionless", 0.01), "points": Base("dimensionless"),
    "year": Base("second", 31_557_600.0), "day": Base("second", 86_400.0), "d": Base("second", 86_400.0),
    "h": Base("second", 3_600.0), "min": Base("second", 60.0), "L": Base("litre"), "dL": Base("litre", scale=-1),
    "mL": Base("litre", scale=-3), "uL": Base("litre", scale=-6), "kg": Base("kilogram"), "g": Base("gram"),
    "mg": Base("gram", scale=-3), "ug": Base("gram", scale=-6), "m2": Base("metre", exponent=2), "Gy": Base("gray"),
    "cells": Base("item"), "units": Base("item"), "unit": Base("item"), "1e9": Base("item", scale=9),
    "mmHg": Base("pascal", 133.322),
}  # fmt: skip


def unit_id(unit: str) -> str | None:
    """Id of a unit; None for one that SBML has no words for (its name then stands in the notes).

    >>> unit_id("1e9/L/day"), unit_id("1"), unit_id("IU/mL")
    ('e9_per_L_per_day', 'dimensionless', None)
    """
    if unit == "1":
        return "dimensionless"
    if not bases(unit):
        return None
    words = unit.removeprefix("1/") if unit.startswith("1/") else unit
    told = re.sub(r"\W+", "_", words.replace("%", "percent").replace("1e9", "e9").replace("/", "_per_"))
    return f"per_{told}" if unit.startswith("1/") else told


def bases(unit: str) -> list[Base]:
    """The unit as a product of SBML units; empty where one of its parts is none.

    >>> bases("mg/kg")[1]
    Base(kind='kilogram', multiplier=1.0, scale=0, exponent=-1)
    """
    above, *below = unit.split("/")
    if not all(part in BASES for part in (above, *below)):
        return []
    found = [BASES[above], *(BASES[part]._replace(exponent=-BASES[part].exponent) for part in below)]
    return [base for base in found if base != BASES["1"]] or [BASES["1"]]
