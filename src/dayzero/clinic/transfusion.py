"""Transfusion: platelets below one trigger, red cells below another, at most once an interval, all counted.

Triggers are settings: platelets below 10e9/L in stable patients (PMC7727555) and below a higher count in fever, in
which they are used up faster and bleeding is likelier (recalled practice); hemoglobin below 7 g/dL (AABB 2023).
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.elementwise import maximum, where
from dayzero.module import Number, Orders, Parameter, Setting

SETTINGS = {
    "platelet_trigger": Setting("1e9/L", "platelets below this are transfused; 0 for never"),
    "platelet_trigger_in_fever": Setting("1e9/L", "the same of a patient with fever, where it is the higher"),
    "platelet_units": Setting("units", "platelet units a transfusion"),
    "platelet_interval": Setting("day", "shortest interval between platelet transfusions"),
    "red_cell_trigger": Setting("g/dL", "red cells are transfused below this hemoglobin; 0 for never"),
    "red_cell_units": Setting("units", "red-cell units a transfusion"),
    "red_cell_interval": Setting("day", "shortest interval between red-cell transfusions"),
}
SEES = ("platelets", "hemoglobin", "temperature")

FEVER = Parameter(38.0, "Cel", "temperature that counts as fever", "assumed", "usual practice").typical


class Memory(NamedTuple):
    last_platelets: Annotated[Number, "day", "day of the last platelet transfusion"]
    last_red_cells: Annotated[Number, "day", "day of the last red-cell transfusion"]


LONG_AGO = -1000.0


def start() -> Memory:
    return Memory(LONG_AGO, LONG_AGO)


def decide(memory: Memory, seen, day, p) -> tuple[Orders, Memory]:
    """Orders for today and what to remember, from this morning's report (`seen.fresh` 1 when there is one)."""
    fever = where(seen.temperature >= FEVER, p.platelet_trigger_in_fever, 0.0)
    trigger = maximum(p.platelet_trigger, fever)
    platelets = _due(seen.platelets, trigger, day - memory.last_platelets, p.platelet_interval, seen.fresh)
    red_cells = _due(seen.hemoglobin, p.red_cell_trigger, day - memory.last_red_cells, p.red_cell_interval, seen.fresh)
    orders = Orders(platelet_units=p.platelet_units * platelets, red_cell_units=p.red_cell_units * red_cells)
    return orders, Memory(
        where(platelets > 0, day, memory.last_platelets),
        where(red_cells > 0, day, memory.last_red_cells),
    )


def _due(count, trigger, since, interval, fresh):
    return where(count < trigger, 1.0, 0.0) * where(since >= interval, 1.0, 0.0) * fresh
