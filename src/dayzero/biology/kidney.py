"""Kidney and bladder: filtration, microangiopathy, acute kidney injury and hemorrhagic cystitis.

::

    filtration        F' = (exp(-load) - F) / tau_F,
                      load = c CNI + t TMA + v VOD + f foscarnet + a (val)ganciclovir + i infection
    microangiopathy   M' = -M / (tau_M (1 + w CNI)),          onset = h_M V (1 + r sirolimus) (1 + g GVHD)
    kidney injury     F falls to a share of itself at onset,   onset = h_K (1 - F)+
    bladder injury    B' = -B / tau_B,   B + kill on its day
    cystitis          Z' = -Z / tau_Z,                         onset = h_B (B + B_0) / (1 + (T (1 - e CNI) / T_0)^4)

V is the endothelial injury, which conditioning leaves and calcineurin inhibitors keep up; so microangiopathy needs no
further term for them. Cystitis takes an injured bladder and T cells too few, or too
suppressed, to hold the BK virus. Filtration is relative to the patient's own before transplant.

Incidence: microangiopathy Epperla 2020 (Br J Haematol 189:1171), cystitis Lunde 2015 (PMC5343753), kidney injury a
cohort of 2022 (10.1038/s41409-022-01744-0).
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.elementwise import exp, maximum, power
from dayzero.module import Hazard, Number, Parameter, Signal

PARAMETERS = {
    "filtration_time": Parameter(5, "day", "time in which filtration follows its causes", "assumed", "no source", 0.3,
                                 low=2, high=10),
    "calcineurin_load": Parameter(0.22, "1", "loss of filtration under a calcineurin inhibitor at target", "assumed",
                                  "15-25 % lower; recalled", 0.3, 0.4, low=0.1, high=0.35, stream=630),
    "microangiopathy_load": Parameter(0.6, "1", "loss of filtration in microangiopathy", "assumed", "no source", 0.4,
                                      low=0.2, high=1.2),
    "vod_load": Parameter(0.6, "1", "loss of filtration in veno-occlusive disease at full activity", "assumed",
                          "creatinine twice baseline marks very severe disease", 0.4, low=0.2, high=1.2),
    "foscarnet_load": Parameter(0.25, "1", "loss of filtration under foscarnet", "assumed", "recalled", 0.4, low=0.1,
                                high=0.5),
    "antiviral_load": Parameter(0.06, "1", "loss of filtration under (val)ganciclovir", "assumed", "no source", 0.5,
                                low=0, high=0.2),
    "infection_load": Parameter(0.25, "1", "loss of filtration in a systemic infection", "assumed", "no source", 0.4,
                                low=0, high=0.5),
    "injury_hazard": Parameter(0.042, "1/day", "acute kidney injury per share of filtration lost", "fitted",
                               "creatinine 1.5 times baseline in 64 % by day 100 (10.1038/s41409-022-01744-0)", 0.4,
                               0.4, low=0.01, high=0.08, stream=631),
    "injury_leaves": Parameter(0.55, "1", "share of filtration left by acute kidney injury", "assumed",
                               "stage 1 to 2", 0.2, low=0.3, high=0.67),
    "microangiopathy_hazard": Parameter(0.00025, "1/day", "microangiopathy per unit of endothelial injury", "fitted",
                                        "3 % at 3 y, Epperla 2020 Br J Haematol 189:1171; 22 % when screened for",
                                        0.4, 0.5, low=0.0001, high=0.003, stream=632),
    "microangiopathy_sirolimus": Parameter(1, "1", "added hazard of microangiopathy under sirolimus", "assumed",
                                           "twofold; recalled", 0.5, low=0, high=3),
    "microangiopathy_gvhd": Parameter(5, "1", "added hazard at full damage of graft-versus-host disease", "assumed",
                                      "threefold in grade III-IV; recalled", 0.4, low=1, high=10),
    "microangiopathy_fading": Parameter(15, "day", "time in which microangiopathy fades without a calcineurin "
                                        "inhibitor", "assumed", "no source", 0.4, low=7, high=40),
    "microangiopathy_calcineurin": Parameter(1, "1", "added time under a calcineurin inhibitor at target", "assumed",
                                             "no source", 0.5, low=0, high=3),
    "microangiopathy_fatality": Parameter(0.3, "1", "deaths of microangiopathy, at frailty 1", "assumed",
                                          "recalled", 0.3, low=0.15, high=0.6),
    "bladder_repair": Parameter(20, "day", "time in which the bladder recovers", "assumed",
                                "cystitis begins about day 22 (Lunde 2015 PMC5343753)", 0.3, low=10, high=40),
    "bladder_at_risk": Parameter(0.05, "1", "injury that a bladder has without cyclophosphamide", "assumed",
                                 "9-16 % by BK viruria, Silva 2010 Haematologica 95:1183", 0.4, low=0.02, high=0.2),
    "cystitis_hazard": Parameter(0.014, "1/day", "hemorrhagic cystitis per bladder injury without T cells", "fitted",
                                 "16.6 % over all, Lunde 2015 PMC5343753", 0.3, 0.5, low=0.003, high=0.03, stream=633),
    "virus_holding": Parameter(0.25, "1e9/L", "T cells that halve the hazard of cystitis", "assumed", "no source",
                               0.4, low=0.1, high=0.5),
    "virus_calcineurin": Parameter(0.5, "1", "share of T-cell defence lost under a calcineurin inhibitor at target",
                                   "assumed", "no source", 0.3, low=0, high=0.8),
    "cystitis_fading": Parameter(15, "day", "time in which cystitis heals", "assumed", "no source", 0.3, low=7,
                                 high=30),
}  # fmt: skip

USES = {"frailty": "1"}


class State(NamedTuple):
    filtration: Annotated[Number, "1", "glomerular filtration, share of the patient's own before transplant"]
    microangiopathy: Annotated[Number, "1", "activity of microangiopathy"]
    bladder: Annotated[Number, "1", "bladder injury"]
    cystitis: Annotated[Number, "1", "activity of hemorrhagic cystitis"]


NEEDS = {
    "bladder_kill": "1",
    "calcineurin": "1",
    "sirolimus": "1",
    "foscarnet": "1",
    "antiviral": "1",
    "infection": "1",
    "vod_activity": "1",
    "gvhd_damage": "1",
    "endothelial_injury": "1",
    "t_cells": "1e9/L",
    "onset_microangiopathy": "1",
    "onset_kidney_injury": "1",
    "onset_hemorrhagic_cystitis": "1",
}
GIVES = {
    "tma_activity": Signal("1", "activity of transplant-associated microangiopathy, 1 at onset"),
    "filtration": Signal("1", "glomerular filtration, share of the patient's own before transplant"),
    "cystitis_activity": Signal("1", "activity of hemorrhagic cystitis, 1 at onset"),
}
HAZARDS = {
    "microangiopathy": Hazard("transplant-associated thrombotic microangiopathy", stream=22, fatal="drawn"),
    "hemorrhagic_cystitis": Hazard("hemorrhagic cystitis", stream=23),
    "kidney_injury": Hazard("acute kidney injury", stream=25),
}


def start(p, origins):
    none = 0 * p.filtration_time
    return State(1 + none, none, none, none)


def signals(y: State, p):
    return {"tma_activity": y.microangiopathy, "filtration": y.filtration, "cystitis_activity": y.cystitis}


def rates(y: State, p, s):
    load = (
        p.calcineurin_load * s.calcineurin
        + p.microangiopathy_load * y.microangiopathy
        + p.vod_load * s.vod_activity
        + p.foscarnet_load * s.foscarnet
        + p.antiviral_load * s.antiviral
        + p.infection_load * s.infection
    )
    fading = p.microangiopathy_fading * (1 + p.microangiopathy_calcineurin * s.calcineurin)
    return State(
        filtration=(exp(-load) - y.filtration) / p.filtration_time,
        microangiopathy=-y.microangiopathy / fading,
        bladder=-y.bladder / p.bladder_repair,
        cystitis=-y.cystitis / p.cystitis_fading,
    )


def jump(y: State, p, s):
    return State(
        filtration=y.filtration * (1 + (p.injury_leaves - 1) * s.onset_kidney_injury),
        microangiopathy=maximum(y.microangiopathy, s.onset_microangiopathy),
        bladder=y.bladder + s.bladder_kill,
        cystitis=maximum(y.cystitis, s.onset_hemorrhagic_cystitis),
    )


def hazards(y: State, p, s):
    defence = power(s.t_cells * (1 - p.virus_calcineurin * s.calcineurin) / p.virus_holding, 2)
    bladder = y.bladder + p.bladder_at_risk
    raised = (1 + p.microangiopathy_sirolimus * s.sirolimus) * (1 + p.microangiopathy_gvhd * s.gvhd_damage)
    return {
        "microangiopathy": p.microangiopathy_hazard * s.endothelial_injury * raised,
        "hemorrhagic_cystitis": p.cystitis_hazard * bladder / (1 + defence * defence),
        "kidney_injury": p.injury_hazard * maximum(1 - y.filtration, 0),
    }


def fatality(y: State, p, s):
    return {"microangiopathy": 1 - power(1 - p.microangiopathy_fatality, p.frailty)}
