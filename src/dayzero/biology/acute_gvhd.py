"""Acute graft-versus-host disease: the tissue that donor effectors damage, wasting, and death of it.

::

    damage of organ x     D' = k_D w_x a (1 - D) - k_r D        a activity of donor effectors; w_x differ by patient
    wasting               W' = (max(gut, liver) - W) / tau      death  h W^n frailty

Grades are not here: damage makes signs (``clinical_signs``), signs make stages and grades (``criteria.gvhd``). Damaged
tissue stirs effectors anew in ``alloreactivity``.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.elementwise import maximum, power
from dayzero.module import Hazard, Number, Parameter, Signal

THIRD = Parameter(1 / 3, "1", "mean of three organs", "derived", "definition").typical
_GVHD = "set by acute GVHD of published cohorts"

PARAMETERS = {
    "damage_rate": Parameter(0.258, "1/day", "damage of tissue by effectors", "fitted", _GVHD, 0.2, low=0.2, high=0.5),
    "repair": Parameter(0.0636, "1/day", "repair of tissue", "fitted", _GVHD, 0.2, low=0.05, high=0.12),
    "skin_weight": Parameter(1.0, "1", "share of damage that the skin takes", "fitted",
                             "70 % of grade II-IV involve skin", 0.2, 0.9, stream=173),
    "gut_weight": Parameter(0.65, "1", "share of damage that the gut takes", "fitted", "50 % involve the gut", 0.2, 0.8,
                            stream=174),
    "liver_weight": Parameter(0.2, "1", "share of damage that the liver takes", "fitted", "15-20 % involve the liver",
                              0.2, 0.9, stream=175),
    "wasting_time": Parameter(30, "day", "time in which wasting follows damage of gut or liver", "assumed",
                              "death comes weeks after the onset; no source", 0.4, low=10, high=90),
    "acute_death": Parameter(0.021, "1/day", "death of acute GVHD at full wasting", "fitted",
                             "about half of grade III-IV die within a year, few of grade II", 0.3),
    "acute_death_steep": Parameter(1.6, "1", "exponent of that death on wasting", "fitted", "the same", 0.2, low=1,
                                   high=4),
}  # fmt: skip

USES = {"frailty": "1"}


class State(NamedTuple):
    skin: Annotated[Number, "1", "damage of the skin"]
    gut: Annotated[Number, "1", "damage of the gut"]
    liver: Annotated[Number, "1", "damage of the liver"]
    wasting: Annotated[Number, "1", "wasting by damage of gut or liver"]


NEEDS = {"graft_activity": "1"}
GIVES = {
    "skin_damage": Signal("1", "damage of the skin by GVHD"),
    "gut_damage": Signal("1", "damage of the gut by GVHD"),
    "liver_damage": Signal("1", "damage of the liver by GVHD"),
    "gvhd_damage": Signal("1", "mean damage of skin, gut and liver"),
}
HAZARDS = {
    "acute_gvhd_death": Hazard("death of acute graft-versus-host disease", stream=31, fatal="always"),
}


def start(p, origins):
    none = 0 * p.repair
    return State(none, none, none, none)


def signals(y: State, p):
    return {
        "skin_damage": y.skin,
        "gut_damage": y.gut,
        "liver_damage": y.liver,
        "gvhd_damage": (y.skin + y.gut + y.liver) * THIRD,
    }


def rates(y: State, p, s):
    harm = p.damage_rate * s.graft_activity
    return State(
        skin=harm * p.skin_weight * (1 - y.skin) - p.repair * y.skin,
        gut=harm * p.gut_weight * (1 - y.gut) - p.repair * y.gut,
        liver=harm * p.liver_weight * (1 - y.liver) - p.repair * y.liver,
        wasting=(maximum(y.gut, y.liver) - y.wasting) / p.wasting_time,
    )


def hazards(y: State, p, s):
    return {"acute_gvhd_death": p.acute_death * power(y.wasting, p.acute_death_steep) * p.frailty}
