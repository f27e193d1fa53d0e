"""Liver: the sinusoids that conditioning injures, and veno-occlusive disease (sinusoidal obstruction syndrome).

::

    struck sinusoids     S1' = -S1 / tau_1
    sinusoidal injury    S'  = S1 / tau_1 - S / (tau_S (1 + c CNI + r sirolimus))
    activity of VOD      A'  = -A (1 + d defibrotide) / tau_A
    onset                h   = h_V (S / S_0)^n
    organ failure        M'  = (A - M) / tau_M
    death of it          h   = h_D phi (M - M_0)+

Conditioning adds, on its day, its sinusoidal kill times the patient's own susceptibility to S1: higher in children,
after inotuzumab or gemtuzumab, with a liver that was ill before and with the iron of thalassemia, lower under ursodiol.
At onset A takes the patient's own depth; about a third are severe. Failure of other organs follows A, and death follows
that failure (phi: frailty), so that what clears the disease sooner saves lives.

The share of patients: Strouse 2018 (PMC6239945); severity and death untreated: recalled. Calcineurin inhibitors and
sirolimus slow the repair of the sinusoid here, rather than injure it on their own.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.elementwise import exp, maximum, minimum, power
from dayzero.module import Hazard, Number, Parameter, Signal

PARAMETERS = {
    "sinusoid_delay": Parameter(7, "day", "wait between a blow to the sinusoid and its injury", "assumed",
                                "veno-occlusive disease begins about day 12", 0.3, low=3, high=10),
    "sinusoid_repair": Parameter(15, "day", "time in which the sinusoid recovers", "assumed",
                                 "most cases before day 21-35", 0.3, low=8, high=25),
    "calcineurin_slows": Parameter(0.2, "1", "added repair time under a calcineurin inhibitor at target", "assumed",
                                   "no source", 0.5, low=0, high=1),
    "sirolimus_slows": Parameter(0.6, "1", "added repair time under sirolimus", "assumed",
                                 "more veno-occlusive disease with sirolimus after busulfan; recalled", 0.5, low=0,
                                 high=1.5),
    "own_sensitivity": Parameter(1, "1", "own sensitivity of the sinusoid, relative", "assumed", "no source", 0.0, 0.25,
                                 stream=610),
    "risk_sensitivity": Parameter(3, "1", "fold more injury per unit of tissue risk (inotuzumab 0.25, liver 0.1)",
                                  "assumed", "about 2.5-fold veno-occlusive disease after inotuzumab; recalled", 0.4,
                                  low=1, high=6),
    "iron_sensitivity": Parameter(0.3, "1", "added injury by ten years of transfused iron", "assumed",
                                  "iron and fibrosis of thalassemia, Pesaro classes; no measurement", 0.5, low=0,
                                  high=1),
    "iron_most": Parameter(15, "year", "years of iron that count", "assumed", "iron is removed; no source", 0.4, low=5,
                           high=30),
    "decade": Parameter(10, "year", "ten years", "derived", "definition"),
    "child_sensitivity": Parameter(0.8, "1", "added injury of a newborn", "assumed",
                                   "20 % in children at risk, Corbacioglu 2012 Lancet 379:1301", 0.4, low=0, high=2),
    "child_until": Parameter(10, "year", "age over which that fades", "assumed", "no source", 0.3, low=4, high=18),
    "ursodiol_spares": Parameter(0.25, "1", "share of sinusoidal injury that ursodiol prevents", "assumed",
                                 "randomised trials disagree; recalled", 0.5, low=0, high=0.5),
    "vod_hazard": Parameter(0.0025, "1/day", "veno-occlusive disease at the reference injury", "fitted",
                            "9 % after busulfan with cyclophosphamide, 5 % over all (Strouse 2018 PMC6239945)", 0.3,
                            low=0.0015, high=0.008),
    "reference_injury": Parameter(0.15, "1", "sinusoidal injury that the hazard refers to", "derived", "definition"),
    "vod_steepness": Parameter(1.5, "1", "exponent of the hazard on injury", "fitted",
                               "incidence after Bu/Cy, Flu/Bu, Cy/TBI, reduced intensity, melphalan 200", 0.2, low=1,
                               high=3),
    "vod_depth": Parameter(0.55, "1", "own activity of veno-occlusive disease at onset", "assumed",
                           "35 % of cases severe, that is above about 0.65", 0.15, 0.5, low=0.3, high=0.8, stream=611),
    "vod_fading": Parameter(14, "day", "time in which veno-occlusive disease resolves", "assumed", "no source", 0.3,
                            low=7, high=28),
    "defibrotide_speeds": Parameter(0.4, "1", "fold faster resolution under defibrotide", "fitted",
                                    "hazard ratio of death 0.6; recalled", 0.4, low=0.1, high=1),
    "failure_time": Parameter(7, "day", "time in which other organs follow the liver", "assumed", "no source", 0.3,
                              low=3, high=14),
    "failure_deadliness": Parameter(0.4, "1/day", "death per unit of organ failure above the tolerated", "assumed",
                                    "severe disease kills 50-80 % untreated; recalled", 0.4, low=0.2, high=1),
    "failure_tolerated": Parameter(0.22, "1", "organ failure that kills nobody", "assumed", "mild disease resolves",
                                   0.3, low=0.1, high=0.3),
}  # fmt: skip

CONSTANTS = {"liver_susceptibility": Signal("1", "sinusoidal injury of this patient per unit of kill")}
USES = {"age_years": "year", "thalassemia_years": "year", "tissue_risk": "1", "ursodiol": "1", "frailty": "1"}


class State(NamedTuple):
    struck: Annotated[Number, "1", "sinusoids struck, not yet injured"]
    sinusoid: Annotated[Number, "1", "sinusoidal injury"]
    vod: Annotated[Number, "1", "activity of veno-occlusive disease, 0 to 1"]
    failure: Annotated[Number, "1", "failure of other organs that follows it"]


NEEDS = {"sinusoid_kill": "1", "calcineurin": "1", "sirolimus": "1", "defibrotide": "1", "onset_vod": "1"}
GIVES = {
    "sinusoid_injury": Signal("1", "injury of the liver sinusoids"),
    "vod_activity": Signal("1", "activity of veno-occlusive disease, 0 to 1"),
}
HAZARDS = {
    "vod": Hazard("veno-occlusive disease of the liver", stream=20),
    "vod_death": Hazard("death of veno-occlusive disease", stream=27, fatal="always"),
}


def derive(p, c):
    child = 1 + p.child_sensitivity * exp(-c.age_years / p.child_until)
    iron = p.iron_sensitivity * minimum(c.thalassemia_years, p.iron_most) / p.decade
    before = 1 + p.risk_sensitivity * c.tissue_risk + iron
    return {"liver_susceptibility": p.own_sensitivity * child * before * (1 - p.ursodiol_spares * c.ursodiol)}


def start(p, origins):
    none = 0 * p.vod_hazard
    return State(none, none, none, none)


def signals(y: State, p):
    return {"sinusoid_injury": y.sinusoid, "vod_activity": y.vod}


def rates(y: State, p, s):
    repair = p.sinusoid_repair * (1 + p.calcineurin_slows * s.calcineurin + p.sirolimus_slows * s.sirolimus)
    return State(
        struck=-y.struck / p.sinusoid_delay,
        sinusoid=y.struck / p.sinusoid_delay - y.sinusoid / repair,
        vod=-y.vod * (1 + p.defibrotide_speeds * s.defibrotide) / p.vod_fading,
        failure=(y.vod - y.failure) / p.failure_time,
    )


def jump(y: State, p, s):
    return y._replace(
        struck=y.struck + p.liver_susceptibility * s.sinusoid_kill,
        vod=maximum(y.vod, s.onset_vod * minimum(p.vod_depth, 1)),
    )


def hazards(y: State, p, s):
    return {
        "vod": p.vod_hazard * power(y.sinusoid / p.reference_injury, p.vod_steepness),
        "vod_death": p.failure_deadliness * p.frailty * maximum(y.failure - p.failure_tolerated, 0),
    }
