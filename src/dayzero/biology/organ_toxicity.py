"""Organ toxicity: the mucosa and the endothelium that conditioning injures, the inflammation and engraftment syndrome.

::

    damaged mucosa    D1' = -D1 / tau,  D2' = (D1 - D2) / tau             (cells of the crypt, not yet missed)
    mucosal injury    U'  = m D2 / tau - k_U U (1 + ANC)                   (ulcers; heal with neutrophils)
    endothelium       V'  = (c CNI - V) / tau_V
    inflammation      I'  = -I / tau_I
    neutrophils seen  W'  = (ANC / (ANC + a) - W) / tau_W                  (follows their saturating count)
    engraftment syndrome  E' = -E / tau_E,   hazard = h (ANC / (ANC + a) - W)+ V I

Conditioning adds, on its day, (1 - D1) b (1 - exp(-exposure)) to damaged mucosa, its endothelial injury to V, and its
mucosal injury to inflammation; b is what cryotherapy and palifermin leave. So platelet and neutrophil loss follow the
state of the tissue, never a calendar. Engraftment syndrome comes while neutrophils arrive in inflamed tissue with an
injured endothelium. Liver, lung, heart, kidney and bladder have files of their own.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.elementwise import maximum
from dayzero.module import Hazard, Number, Parameter, Signal

PARAMETERS = {
    "mucosa_delay": Parameter(3.6, "day", "each of two waits between damage and ulcer", "fitted",
                              "scenario fit; mucositis peaks in the second week and is gone by day 14-17", 0.2, 0.15,
                              low=1.5, high=4, stream=600),
    "mucosa_repair": Parameter(0.157, "1/day", "healing of ulcers without neutrophils", "fitted", "scenario fit", 0.2,
                               low=0.1, high=0.25),
    "mucosa_repair_neutrophils": Parameter(1, "1 per 1e9/L", "fold faster healing per neutrophil count", "assumed",
                                           "no source", 0.3),
    "mucosa_scale": Parameter(2.2, "1", "ulcers per damaged crypt; melphalan 200 peaks at about 0.5, Cy/TBI 12 higher",
                              "assumed", "scale of the injury, held in the fit of neutrophil loss", 0.2),
    "cryotherapy_spares": Parameter(0.5, "1", "share of mucosal injury that cryotherapy prevents", "assumed",
                                    "Johansson 2019 Bone Marrow Transplant 54:1482: 2 % grade III-IV after melphalan "
                                    "200", 0.3, low=0.3, high=0.8),
    "palifermin_spares": Parameter(0.4, "1", "share of mucosal injury that palifermin prevents", "assumed",
                                   "Spielberger 2004 N Engl J Med 351:2590: grade III-IV 98 to 63 %", 0.3, low=0.2,
                                   high=0.6),
    "endothelium_repair": Parameter(8, "day", "time in which the endothelium recovers", "fitted",
                                    "platelet loss normal about day 14 after autologous, 28 after allogeneic grafts",
                                    0.3, 0.3, low=8, high=30, stream=601),
    "calcineurin_injury": Parameter(0.381, "1", "endothelial injury kept up by a calcineurin inhibitor at target",
                                    "fitted", "slower platelets after allogeneic transplantation", 0.4, low=0, high=1),
    "inflammation_fading": Parameter(25, "day", "time in which inflammation fades", "assumed",
                                     "erythropoietin blunted for about 60 d; no source", 0.4, low=10, high=60),
    "neutrophils_half": Parameter(1.0, "1e9/L", "neutrophils at which half of their arrival in tissue is over",
                                  "assumed", "no source", 0.4, low=0.5, high=2),
    "arrival_time": Parameter(2.0, "day", "time for which newly arrived neutrophils count as new", "assumed",
                              "engraftment syndrome within 4 d of engraftment (Spitzer criteria)", 0.4, low=1, high=4),
    "syndrome_hazard": Parameter(4.2, "1/day", "engraftment syndrome at full arrival, inflammation and injury",
                                 "fitted", "22 % by criteria, which charts meet in two of three cases, after "
                                 "allogeneic transplants, Omer 2014 Am J Hematol 89:698", 0.4, 0.5, low=1, high=12,
                                 stream=602),
    "syndrome_fading": Parameter(4.0, "day", "time in which engraftment syndrome fades", "assumed", "no source", 0.3,
                                 low=2, high=8),
}  # fmt: skip

CONSTANTS = {"mucosa_exposed": Signal("1", "share of mucosal injury that protection leaves")}
USES = {"tissue_risk": "1", "cryotherapy": "1", "palifermin": "1"}


class State(NamedTuple):
    damaged: Annotated[Number, "1", "crypt cells damaged today"]
    failing: Annotated[Number, "1", "crypt not renewing"]
    ulcers: Annotated[Number, "1", "ulcerated mucosa"]
    endothelium: Annotated[Number, "1", "endothelial injury"]
    inflammation: Annotated[Number, "1", "inflammation, 1 = full"]
    settled: Annotated[Number, "1", "neutrophils that tissue has grown used to, saturating"]
    syndrome: Annotated[Number, "1", "activity of engraftment syndrome"]


NEEDS = {
    "neutrophils": "1e9/L",
    "calcineurin": "1",
    "mucosal_kill": "1",
    "endothelial_kill": "1",
    "onset_engraftment_syndrome": "1",
}
GIVES = {
    "mucosal_injury": Signal("1", "ulcerated mucosa, in units in which neutrophil loss was fitted"),
    "endothelial_injury": Signal("1", "endothelial injury"),
    "inflammation": Signal("1", "inflammation, 1 = full"),
    "engraftment_syndrome_activity": Signal("1", "activity of engraftment syndrome, 1 at onset"),
}
HAZARDS = {"engraftment_syndrome": Hazard("engraftment syndrome: fever, rash, fluid as neutrophils arrive", stream=26)}


def derive(p, c):
    spared_by_cold = p.cryotherapy_spares * c.cryotherapy
    return {"mucosa_exposed": (1 - spared_by_cold) * (1 - p.palifermin_spares * c.palifermin)}


def start(p, origins):
    none = 0 * p.mucosa_delay
    return State(none, none, none, p.tissue_risk + none, none, 1 + none, none)


def signals(y: State, p):
    return {
        "mucosal_injury": y.ulcers,
        "endothelial_injury": y.endothelium,
        "inflammation": y.inflammation,
        "engraftment_syndrome_activity": y.syndrome,
    }


def _present(p, s):
    """Neutrophils, saturating: 0 without any, 1 with very many."""
    return s.neutrophils / (s.neutrophils + p.neutrophils_half)


def rates(y: State, p, s):
    healing = p.mucosa_repair * (1 + p.mucosa_repair_neutrophils * s.neutrophils)
    return State(
        damaged=-y.damaged / p.mucosa_delay,
        failing=(y.damaged - y.failing) / p.mucosa_delay,
        ulcers=p.mucosa_scale * y.failing / p.mucosa_delay - healing * y.ulcers,
        endothelium=(p.calcineurin_injury * s.calcineurin - y.endothelium) / p.endothelium_repair,
        inflammation=-y.inflammation / p.inflammation_fading,
        settled=(_present(p, s) - y.settled) / p.arrival_time,
        syndrome=-y.syndrome / p.syndrome_fading,
    )


def jump(y: State, p, s):
    mucosal_kill = p.mucosa_exposed * s.mucosal_kill
    return y._replace(
        damaged=y.damaged + (1 - y.damaged) * mucosal_kill,
        endothelium=y.endothelium + s.endothelial_kill,
        inflammation=y.inflammation + (1 - y.inflammation) * mucosal_kill,
        syndrome=maximum(y.syndrome, s.onset_engraftment_syndrome),
    )


def hazards(y: State, p, s):
    arriving = maximum(_present(p, s) - y.settled, 0)
    return {"engraftment_syndrome": p.syndrome_hazard * arriving * y.endothelium * y.inflammation}
