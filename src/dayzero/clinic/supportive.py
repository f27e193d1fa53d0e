"""Organ support: defibrotide for three weeks from the diagnosis of veno-occlusive disease.

Defibrotide 25 mg/kg a day for at least 21 days: Richardson 2016 (Blood 127:1656).
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.elementwise import where
from dayzero.module import Number, Orders, Parameter, Setting

SETTINGS = {"defibrotide_on": Setting("1", "1 where veno-occlusive disease is treated with defibrotide")}
SEES = ("onset_vod",)
COURSE = Parameter(21.0, "day", "length of a course of defibrotide", "assumed", "Richardson 2016").typical
LONG_AGO = -1000.0


class Memory(NamedTuple):
    vod: Annotated[Number, "day", "day on which veno-occlusive disease was last diagnosed"]


def start() -> Memory:
    return Memory(LONG_AGO)


def decide(memory: Memory, seen, day, p) -> tuple[Orders, Memory]:
    """Orders for today and what to remember; the diagnosis is known the morning after it happened."""
    vod = where(seen.onset_vod > 0, day, memory.vod)
    return Orders(defibrotide=p.defibrotide_on * where(day - vod < COURSE, 1.0, 0.0)), Memory(vod)
