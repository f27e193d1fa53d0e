"""G-CSF: filgrastim daily from a set day until neutrophils, having fallen, have stayed above a level.

The policy sees only what the laboratory reports. Start days in use: +1 (cord blood), +5 (autologous; d+5 against an
ANC-driven start engrafts a day earlier, PMID 29061534); stop at ANC above 1.5 for 2 days is common practice (recalled).
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.elementwise import where
from dayzero.module import Number, Orders, Setting

SETTINGS = {
    "gcsf_start_day": Setting("day", "first day of filgrastim; a day beyond the course where none is given"),
    "gcsf_dose": Setting("ug/kg", "filgrastim a day"),
    "gcsf_stop_anc": Setting("1e9/L", "neutrophils above which filgrastim may stop"),
    "gcsf_stop_after": Setting("1", "reports in a row above that level before it stops"),
    "gcsf_least_days": Setting("day", "days after which it may stop although neutrophils never fell below that level"),
}
SEES = ("neutrophils",)


class Memory(NamedTuple):
    fallen: Annotated[Number, "1", "1 once neutrophils have been at or below the stop level since the start"]
    above: Annotated[Number, "1", "reports in a row above the stop level"]
    stopped: Annotated[Number, "1", "1 once filgrastim has been stopped"]


def start() -> Memory:
    return Memory(0.0, 0.0, 0.0)


def decide(memory: Memory, seen, day, p) -> tuple[Orders, Memory]:
    """Orders for today and what to remember, from this morning's report (`seen.fresh` 1 when there is one)."""
    started = where(day >= p.gcsf_start_day, 1.0, 0.0)
    fell = where(seen.neutrophils > p.gcsf_stop_anc, memory.fallen, 1.0)
    fallen = where(seen.fresh > 0, started * fell, memory.fallen)
    waited = where(day - p.gcsf_start_day >= p.gcsf_least_days, 1.0, fallen)
    high = where(seen.neutrophils > p.gcsf_stop_anc, memory.above + 1, 0.0)
    above = where(seen.fresh > 0, waited * started * high, memory.above)
    stopped = where(above >= p.gcsf_stop_after, 1.0, memory.stopped)
    return Orders(gcsf_ug_per_kg=p.gcsf_dose * started * (1 - stopped)), Memory(fallen, above, stopped)
