"""What is taken where a study does not say: ages, donors, grafts, regimens, care, by decade; one table for all studies.

The table is `data/scoreboard/registry.yaml`; its digest stands on every scoreboard, so that a change is seen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from dayzero.analyse.evidence.rows import Finding
from dayzero.spec.files import read_yaml

FOLDER = Path(__file__).resolve().parents[2] / "data" / "scoreboard"
REGISTRY = FOLDER / "registry.yaml"
DECADES = ("1990s", "2000s", "2010s", "2020s")
UNKNOWN_YEAR = 2010


@cache
def registry() -> Mapping[str, Any]:
    """The table."""
    return read_yaml(REGISTRY)


def registry_digest() -> str:
    """SHA-256 of the table as it stands on disk."""
    return sha256(REGISTRY.read_bytes()).hexdigest()


def by_decade(values: Any, decade: str) -> Any:
    """The value of a decade; what does not change stands alone.

    >>> by_decade([0.1, 0.2, 0.3, 0.4], "2010s"), by_decade(7, "1990s")
    (0.3, 7)
    """
    if isinstance(values, Mapping):
        return values.get(decade, values)
    return values[DECADES.index(decade)] if isinstance(values, list) else values


def transplant_year(finding: Finding) -> int:
    """The median year of transplant: the middle of the years printed, else some years before publication.

    >>> transplant_year(Finding("a", "os_2y_pct", modifiers="1997-2001")), transplant_year(Finding("b", "x", year=2010))
    (1999, 2005)
    """
    printed = [int(year) for year in re.findall(r"(?<!\d)(?:19[6-9]|20[0-3])\d(?!\d)", finding.modifiers)]
    if printed:
        return (min(printed) + max(printed)) // 2
    if "first period" in finding.modifiers:
        return 1997
    year = finding.year or UNKNOWN_YEAR + registry()["years_from_transplant_to_print"]
    return year if "latest period" in finding.modifiers else year - registry()["years_from_transplant_to_print"]


def decade_of(year: int) -> str:
    """The decade whose standard of care holds.

    >>> decade_of(1986), decade_of(2007), decade_of(2024)
    ('1990s', '2000s', '2020s')
    """
    return DECADES[min(max((year - 1990) // 10, 0), 3)]
