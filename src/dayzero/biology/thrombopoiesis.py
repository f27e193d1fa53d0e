"""Thrombopoiesis: megakaryocytes, platelets, and what a transfusion adds.

Shares of the healthy pool, for each origin; T is thrombopoietin relative to health::

    thrombopoietin    T = 1 / (q + (1 - q) min(PLT/PLT0, 3))
    supply            out = e out_M + (1 - e) out_C
    megakaryoblasts   K1' = k_1 (out - T^s K1)                          + graft
    megakaryocytes    K2' = k_2 (T^a T^s K1 - T^s K2)
    platelets         P'  = L0 m T^s K2 - L P
    maturity          m'  = (1 - m) / tau_m                              (1 in adult cells; young in cord blood)
    transfused        X'  = -L X                                         (count, 1e9/L)

    platelet loss     L = [k_P + P_fix (1 + h/PLT0) / (PLT + h)] (1 + w injury + v illness),  L0 = L in health

PLT = s (PLT0 sum P + X), s = 1, or less where a large spleen holds platelets back: transfused platelets are spent like
the patient's own, and faster in an injured endothelium.

Megakaryocytes of cord blood are small and of low ploidy and take months to grow up, which is why platelets are the
last to come after a cord blood transplant (Tomer 2002; Ma 2015 recalled).

A share e of megakaryocytes springs from multipotent progenitors directly, past the committed ones (Notta 2016 Science
351:aab2116). These return more slowly after a graft, so that platelets, more than neutrophils, depend on its dose.

Structure and rates: platelet engraftment model after autologous transplantation (Zhu 2025); fixed requirement:
Hanson and Slichter 1985 (Blood 66:1105).
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.elementwise import minimum, power, where
from dayzero.module import Hazard, Number, Parameter, Signal

PARAMETERS = {
    "platelet_set_point": Parameter(250, "1e9/L", "platelets in health", "measured", "adult reference interval", 0.1,
                                    0.25, low=150, high=400, stream=300),
    "megakaryoblast_exit": Parameter(0.15, "1/day", "megakaryoblasts maturing", "fitted",
                                     "scenario fit; platelet engraftment model 0.16", 0.2, 0.15, low=0.1, high=0.3,
                                     stream=301),
    "megakaryocyte_exit": Parameter(0.182, "1/day", "megakaryocytes spent on platelets", "fitted",
                                    "scenario fit; platelet engraftment model 0.16", 0.2, 0.2, low=0.1, high=0.25,
                                    stream=302),
    "platelet_ageing": Parameter(0.083, "1/day", "loss of platelets with age", "measured",
                                 "life span about 9 d, Blood 2000 95:2514", 0.1, 0.1, low=0.07, high=0.12, stream=303),
    "fixed_requirement": Parameter(7.1, "1e9/L/day", "platelets used up daily to keep vessels tight", "measured",
                                   "Hanson and Slichter 1985 Blood 66:1105; recalled", 0.2, 0.2, low=5, high=10,
                                   stream=304),
    "requirement_half": Parameter(7, "1e9/L", "count at which the fixed requirement is half met", "assumed",
                                  "no source", 0.3),
    "thrombopoietin_floor": Parameter(0.10, "1", "share of thrombopoietin clearance that needs no platelets",
                                      "assumed", "at most 10-fold thrombopoietin", 0.4, low=0.05, high=0.2),
    "thrombopoietin_most_platelets": Parameter(3, "1", "platelets, relative to health, beyond which clearance is full",
                                               "assumed", "no source", 0.2),
    "thrombopoietin_on_number": Parameter(0.78, "1", "exponent of megakaryocyte number on thrombopoietin", "fitted",
                                          "scenario fit", 0.2, low=0.5, high=1.2),
    "thrombopoietin_on_speed": Parameter(0.15, "1", "exponent of megakaryocyte speed on thrombopoietin", "assumed",
                                         "no source", 0.4, low=0, high=0.3),
    "injury_loss": Parameter(2.5, "1", "added platelet loss, relative to health, at full endothelial injury",
                             "fitted", "residual platelets fall 0.35/day after melphalan 200", 0.3, 0.4, low=0.5,
                             high=4, stream=305),
    "infection_consumption": Parameter(0.5, "1", "added platelet loss of active infection, relative", "assumed",
                                       "no source", 0.4),
    "gvhd_consumption": Parameter(1.0, "1", "added platelet loss at full GVHD damage, relative", "assumed",
                                  "no source", 0.4),
    "vod_consumption": Parameter(1.5, "1", "added platelet loss in veno-occlusive disease, relative", "assumed",
                                 "refractoriness; no source", 0.4),
    "microangiopathy_consumption": Parameter(1.5, "1", "added platelet loss in microangiopathy, relative", "assumed",
                                             "no source", 0.4),
    "megakaryocytic_branch": Parameter(0.20, "1", "share of committed output that becomes megakaryocytic", "assumed",
                                       "no source", 0.3, low=0.1, high=0.3),
    "early_branch": Parameter(0.72, "1", "share of megakaryocytes that springs directly from multipotent progenitors",
                              "fitted", "scenario fit; existence: Notta 2016 Science 351:aab2116", 0.4, low=0, high=1),
    "cord_maturity": Parameter(0.42, "1", "platelets per cord-derived megakaryocyte at first, relative to adult",
                               "fitted", "scenario fit to cord blood platelet recovery", 0.4, low=0.05, high=0.5),
    "maturing_time": Parameter(220, "day", "time in which cord-derived megakaryocytes grow up", "fitted",
                               "scenario fit to cord blood platelet recovery", 0.4, 0.4, low=40, high=400, stream=306),
    "spleen_holds": Parameter(0.5, "1", "share of circulating platelets that a large spleen holds back", "assumed",
                              "a third pooled in health, up to nine tenths in a large spleen, recalled", 0.3, low=0.3,
                              high=0.8),
    "platelets_per_unit": Parameter(1750, "1e9/L x kg", "count increment x body weight of one adult platelet unit",
                                    "measured", "25e9/L at 70 kg; Norol 1998 Blood 92:1448", 0.2, 0.3, low=1000,
                                    high=3500, stream=307),
    "bleeding_deep": Parameter(0.035, "1/day", "bleeding of WHO grade 2 or more with platelets below 10", "assumed",
                               "no source", 0.4),
    "bleeding_shallow": Parameter(0.012, "1/day", "bleeding of WHO grade 2 or more with platelets of 10-50", "assumed",
                                  "no source", 0.4),
    "bleeding_deep_below": Parameter(10, "1e9/L", "platelets below which bleeding is common", "assumed", "no source"),
    "bleeding_shallow_below": Parameter(50, "1e9/L", "platelets below which bleeding occurs", "assumed", "no source"),
}  # fmt: skip

CONSTANTS = {
    "megakaryoblast_pool": Signal("cells/kg", "megakaryoblasts in health"),
    "healthy_loss": Signal("1/day", "platelet loss in health"),
    "graft_megakaryocytic": Signal("1", "megakaryoblasts of the graft, in healthy pools", per_origin=True),
    "newborn_maturity": Signal("1", "maturity of megakaryocytes when the graft arrives", per_origin=True),
    "circulating": Signal("1", "platelets counted, of those that would be with a spleen of normal size"),
    "platelet_increment": Signal("1e9/L per unit", "count increment of one platelet unit in this patient"),
}
USES = {
    "committed_flux": "cells/kg/day",
    "marrow_cellularity": "1",
    "graft_cells_megakaryocytic": "cells/kg",
    "graft_is_cord": "1",
    "splenomegaly": "1",
    "weight_kg": "kg",
}


class Cells(NamedTuple):
    megakaryoblasts: Annotated[Number, "1", "megakaryoblasts, share of health"]
    megakaryocytes: Annotated[Number, "1", "megakaryocytes, share of health"]
    platelets: Annotated[Number, "1", "blood platelets, share of health"]
    maturity: Annotated[Number, "1", "platelets per megakaryocyte, relative to adult"]


class State(NamedTuple):
    cells: tuple[Cells, ...]
    transfused: Annotated[Number, "1e9/L", "count contributed by transfused platelets"]


NEEDS = {
    "homing": "1/day",
    "infused": "1",
    "multipotent_output": "1",
    "committed_output": "1",
    "endothelial_injury": "1",
    "infection": "1",
    "gvhd_damage": "1",
    "vod_activity": "1",
    "tma_activity": "1",
    "thrombopoietin": "1",
    "platelet_units": "units",
    "surviving_megakaryoblast": "1",
    "surviving_megakaryocyte": "1",
}
GIVES = {
    "platelets": Signal("1e9/L", "platelet count, transfused platelets included"),
    "own_platelets": Signal("1e9/L", "platelet count less transfused platelets"),
    "thrombopoietin": Signal("1", "thrombopoietin relative to health"),
}
HAZARDS = {"bleeding": Hazard("bleeding of WHO grade 2 or more", stream=1, recurrent=True)}


def derive(p, c):
    healthy_loss = p.platelet_ageing + p.fixed_requirement / p.platelet_set_point
    progenitors = p.megakaryocytic_branch * c.committed_flux
    pool = progenitors / p.megakaryoblast_exit
    return {
        "megakaryoblast_pool": pool,
        "healthy_loss": healthy_loss,
        "graft_megakaryocytic": tuple(n / pool for n in c.graft_cells_megakaryocytic),
        "newborn_maturity": tuple(1 + (p.cord_maturity - 1) * cord for cord in c.graft_is_cord),
        "circulating": 1 - p.spleen_holds * c.splenomegaly,
        "platelet_increment": p.platelets_per_unit / c.weight_kg,
    }


def start(p, origins):
    share = p.marrow_cellularity
    host = Cells(share, share, share, 0 * share + 1)
    donors = tuple(Cells(0 * share, 0 * share, 0 * share, p.newborn_maturity[o]) for o in range(1, origins))
    return State((host, *donors), 0 * share)


def _count(y: State, p):
    return p.circulating * (p.platelet_set_point * sum(c.platelets for c in y.cells) + y.transfused)


def signals(y: State, p):
    count = _count(y, p)
    cleared = minimum(count / p.platelet_set_point, p.thrombopoietin_most_platelets)
    level = 1 / (p.thrombopoietin_floor + (1 - p.thrombopoietin_floor) * cleared)
    return {"platelets": count, "own_platelets": count - p.circulating * y.transfused, "thrombopoietin": level}


def rates(y: State, p, s):
    count = _count(y, p)
    speed = power(s.thrombopoietin, p.thrombopoietin_on_speed)
    number = power(s.thrombopoietin, p.thrombopoietin_on_number)
    fixed = p.fixed_requirement * (1 + p.requirement_half / p.platelet_set_point) / (count + p.requirement_half)
    illness = p.infection_consumption * s.infection + p.gvhd_consumption * s.gvhd_damage
    illness = illness + p.vod_consumption * s.vod_activity + p.microangiopathy_consumption * s.tma_activity
    loss = (p.platelet_ageing + fixed) * (1 + p.injury_loss * s.endothelial_injury + illness)
    exit_1 = p.megakaryoblast_exit * speed
    exit_2 = p.megakaryocyte_exit * speed
    return State(
        tuple(
            Cells(
                megakaryoblasts=p.megakaryoblast_exit * (p.early_branch * early + (1 - p.early_branch) * late)
                - exit_1 * c.megakaryoblasts
                + homing * graft,
                megakaryocytes=p.megakaryocyte_exit * number * speed * c.megakaryoblasts - exit_2 * c.megakaryocytes,
                platelets=p.healthy_loss * c.maturity * speed * c.megakaryocytes - loss * c.platelets,
                maturity=(1 - c.maturity) / p.maturing_time,
            )
            for c, early, late, homing, graft in zip(
                y.cells, s.multipotent_output, s.committed_output, s.homing, p.graft_megakaryocytic, strict=True
            )
        ),
        -loss * y.transfused,
    )


def jump(y: State, p, s):
    """Megakaryoblasts die, megakaryocytes hardly; a graft arrives as mature as it is; a transfusion adds its units."""
    cells = tuple(
        c._replace(
            megakaryoblasts=c.megakaryoblasts * s.surviving_megakaryoblast,
            megakaryocytes=c.megakaryocytes * s.surviving_megakaryocyte,
            maturity=c.maturity + (newborn - c.maturity) * minimum(new, 1),
        )
        for c, newborn, new in zip(y.cells, p.newborn_maturity, s.infused, strict=True)
    )
    return State(cells, y.transfused + p.platelet_increment * s.platelet_units)


def hazards(y: State, p, s):
    count = _count(y, p)
    shallow = where(count < p.bleeding_shallow_below, p.bleeding_shallow, 0 * count)
    return {"bleeding": where(count < p.bleeding_deep_below, p.bleeding_deep, shallow)}
