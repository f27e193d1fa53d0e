"""Humoral immunity: plasma cells that follow B cells slowly, and the immunoglobulin they make.

::

    immunoglobulin    G' = (G0 P - G) / tau_G  + infusions      half-life three weeks
    plasma cells      P' = (min(B/B0, 1) - P) / tau_P           P and B relative to health

An infusion of 0.4 g/kg raises IgG at once and is lost at the same half-life.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.elementwise import minimum
from dayzero.module import Number, Parameter, Signal

PER_UL = Parameter(1000, "cells/uL per 1e9/L", "unit of blood counts", "derived", "definition").typical
LN2 = Parameter(0.6931471805599453, "1", "natural logarithm of 2", "derived", "definition").typical

PARAMETERS = {
    "plasma_time": Parameter(120, "day", "time in which plasma cells follow B cells", "assumed", "no source", 0.4),
    "igg_set_point": Parameter(11, "g/L", "IgG in health", "measured", "reference interval 7-16", 0.1, 0.2, low=7,
                               high=16, stream=151),
    "igg_half_life": Parameter(21, "day", "half-life of IgG", "measured", "21 d", 0.05),
    "igg_infusion": Parameter(6.5, "g/L", "rise of IgG by an infusion of 0.4 g/kg", "assumed", "about 5-8 g/L", 0.2),
}  # fmt: skip

USES = {"b_health": "cells/uL"}


class State(NamedTuple):
    plasma: Annotated[Number, "1", "plasma cells, share of health"]
    antibodies: Annotated[Number, "g/L", "immunoglobulin G"]


NEEDS = {"b_cells": "1e9/L", "immunoglobulin": "1"}
GIVES = {"igg": Signal("g/L", "immunoglobulin G")}


def start(p, origins):
    whole = 0 * p.b_health + 1
    return State(whole, p.igg_set_point * whole)


def signals(y: State, p):
    return {"igg": y.antibodies}


def rates(y: State, p, s):
    b = s.b_cells * PER_UL / p.b_health
    return State(
        plasma=(minimum(b, 1) - y.plasma) / p.plasma_time,
        antibodies=(p.igg_set_point * y.plasma - y.antibodies) * LN2 / p.igg_half_life,
    )


def jump(y: State, p, s):
    """Immunoglobulin given today."""
    return y._replace(antibodies=y.antibodies + p.igg_infusion * s.immunoglobulin)
