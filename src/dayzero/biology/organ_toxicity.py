"""Organ toxicity: the mucosa and the endothelium that conditioning injures, and the inflammation that follows.

::

    damaged mucosa    D1' = -D1 / tau,  D2' = (D1 - D2) / tau             (cells of the crypt, not yet missed)
    mucosal injury    U'  = m D2 / tau - k_U U (1 + ANC)                   (ulcers; heal with neutrophils)
    endothelium       V'  = (c CNI - V) / tau_V
    inflammation      I'  = -I / tau_I

Conditioning adds, on its day, (1 - D1) (1 - exp(-exposure)) to damaged mucosa, its endothelial injury to V, and its
mucosal injury to inflammation. So platelet and neutrophil loss follow the state of the tissue, never a calendar.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.module import Number, Parameter, Signal

PARAMETERS = {
    "mucosa_delay": Parameter(2.6, "day", "each of two waits between damage and ulcer", "assumed",
                              "mucositis peaks about day 7 and is gone by day 14-17", 0.2, 0.15, low=1.5, high=4,
                              stream=600),
    "mucosa_repair": Parameter(0.16, "1/day", "healing of ulcers without neutrophils", "assumed", "no source", 0.2,
                               low=0.1, high=0.25),
    "mucosa_repair_neutrophils": Parameter(1, "1 per 1e9/L", "fold faster healing per neutrophil count", "assumed",
                                           "no source", 0.3),
    "mucosa_scale": Parameter(2.2, "1", "ulcers per damaged crypt; melphalan 200 peaks at about 0.4, Cy/TBI 12 higher",
                              "assumed", "scale of the injury, held in the fit of neutrophil loss", 0.2),
    "endothelium_repair": Parameter(8, "day", "time in which the endothelium recovers", "fitted",
                                    "platelet loss normal about day 14 after autologous, 28 after allogeneic grafts",
                                    0.3, 0.3, low=8, high=30, stream=601),
    "calcineurin_injury": Parameter(0.381, "1", "endothelial injury kept up by a calcineurin inhibitor at target",
                                    "fitted", "slower platelets after allogeneic transplantation", 0.4, low=0, high=1),
    "inflammation_fading": Parameter(25, "day", "time in which inflammation fades", "assumed",
                                     "erythropoietin blunted for about 60 d; no source", 0.4, low=10, high=60),
}  # fmt: skip


class State(NamedTuple):
    damaged: Annotated[Number, "1", "crypt cells damaged today"]
    failing: Annotated[Number, "1", "crypt not renewing"]
    ulcers: Annotated[Number, "1", "ulcerated mucosa"]
    endothelium: Annotated[Number, "1", "endothelial injury"]
    inflammation: Annotated[Number, "1", "inflammation, 1 = full"]


USES = {"tissue_risk": "1"}
NEEDS = {"neutrophils": "1e9/L", "calcineurin": "1", "mucosal_kill": "1", "endothelial_kill": "1"}
GIVES = {
    "mucosal_injury": Signal("1", "ulcerated mucosa, in units in which neutrophil loss was fitted"),
    "endothelial_injury": Signal("1", "endothelial injury"),
    "inflammation": Signal("1", "inflammation, 1 = full"),
}


def start(p, origins):
    none = 0 * p.mucosa_delay
    return State(none, none, none, p.tissue_risk, none)


def signals(y: State, p):
    return {"mucosal_injury": y.ulcers, "endothelial_injury": y.endothelium, "inflammation": y.inflammation}


def rates(y: State, p, s):
    healing = p.mucosa_repair * (1 + p.mucosa_repair_neutrophils * s.neutrophils)
    return State(
        damaged=-y.damaged / p.mucosa_delay,
        failing=(y.damaged - y.failing) / p.mucosa_delay,
        ulcers=p.mucosa_scale * y.failing / p.mucosa_delay - healing * y.ulcers,
        endothelium=(p.calcineurin_injury * s.calcineurin - y.endothelium) / p.endothelium_repair,
        inflammation=-y.inflammation / p.inflammation_fading,
    )


def jump(y: State, p, s):
    return y._replace(
        damaged=y.damaged + (1 - y.damaged) * s.mucosal_kill,
        endothelium=y.endothelium + s.endothelial_kill,
        inflammation=y.inflammation + (1 - y.inflammation) * s.mucosal_kill,
    )
