"""Maintenance against the disease: between its days while counts allow it, stopped for good at relapse.

It starts on recovered counts (neutrophils at least 0.5e9/L and platelets at least 50e9/L in one report), is withheld
once a report has neutrophils below 0.5e9/L, and goes on when both have recovered. Between reports nothing changes.
Which drug it is stands in the plan; the ward gives all by the same rule (product labels withhold at grade 4
neutropenia), what it does to the disease stands in ``biology.disease``.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.elementwise import maximum, where
from dayzero.module import Number, Orders, Parameter, Setting

SETTINGS = {
    "maintenance_start_day": Setting("day", "first day of maintenance; a day beyond the course for none"),
    "maintenance_stop_day": Setting("day", "day from which it is no longer given"),
}
SEES = ("neutrophils", "platelets", "onset_relapse")


def _fixed(value: float, meaning: str, source: str) -> float:
    return Parameter(value, "1e9/L", meaning, "assumed", source).typical


LEAST_ANC = _fixed(0.5, "neutrophils below which maintenance is withheld", "grade 4 neutropenia, CTCAE")
LEAST_PLATELETS = _fixed(50.0, "platelets from which maintenance may start or go on", "protocols of maintenance trials")


class Memory(NamedTuple):
    able: Annotated[Number, "1", "1 while counts allow it"]
    relapsed: Annotated[Number, "1", "1 from relapse"]


def start() -> Memory:
    return Memory(0.0, 0.0)


def decide(memory: Memory, seen, day, p) -> tuple[Orders, Memory]:
    """Orders for today and what to remember, from this morning's report (`seen.fresh` 1 when there is one)."""
    recovered = where(seen.platelets >= LEAST_PLATELETS, 1.0, memory.able)
    judged = where(seen.neutrophils < LEAST_ANC, 0.0, recovered)
    able = where(seen.fresh > 0, judged, memory.able)
    relapsed = maximum(memory.relapsed, seen.onset_relapse)
    its_time = where(day >= p.maintenance_start_day, 1.0, 0.0) * where(day < p.maintenance_stop_day, 1.0, 0.0)
    return Orders(maintenance=its_time * able * (1 - relapsed)), Memory(able, relapsed)
