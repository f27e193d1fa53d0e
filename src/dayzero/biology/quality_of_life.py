"""Quality of life: one utility from 0 (as bad as death) to 1 (full health), of what the patient goes through.

::

    deconditioning  x' = k (inflammation + infection + GVHD) (1 - x) - x / tau
    utility         Q  = own - d x - u ulcers - g GVHD - c chronic GVHD - i infection - s steroid - a anemia

between 0 and 1; anemia is how far hemoglobin stands below 9 g/dL, at most 1. Strength is lost in the weeks of illness
and comes back over about 40 days once illness is over, so no calendar is needed. The engine writes 0 after death.

Fall and return: El-Jawahri 2016 (JAMA; FACT-BMT 107 to 85 points in two weeks), recovery by about day 100 (Pidala 2009
Blood 114:7). Weights of the causes are assumed.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.elementwise import maximum, minimum
from dayzero.module import Coupled, Number, Parameter, Signal

PARAMETERS = {
    "own": Parameter(0.85, "1", "utility before transplant", "assumed", "no source", 0.05, 0.08, low=0.75, high=0.95,
                     stream=745),
    "losing_strength": Parameter(0.15, "1/day", "loss of strength in full illness", "fitted",
                                 "fall by a fifth in two weeks, El-Jawahri 2016 JAMA", 0.3, low=0.05, high=0.3),
    "regaining_strength": Parameter(40, "day", "time in which strength returns", "assumed",
                                    "recovery by day 100, Pidala 2009 Blood 114:7", 0.3, low=20, high=80),
    "deconditioned": Parameter(0.25, "1", "utility lost where strength is gone", "assumed",
                               "review: Pidala 2009 Blood 114:7", 0.3, 0.3, low=0.15, high=0.4, stream=746),
    "mucositis": Parameter(0.10, "1", "utility lost per unit of mucosal injury", "assumed", "no source", 0.5, low=0,
                           high=0.3),
    "acute_gvhd": Parameter(0.20, "1", "utility lost at full damage of acute graft-versus-host disease", "assumed",
                            "no source", 0.5, low=0.1, high=0.5),
    "chronic_gvhd_grade": Parameter(0.06, "1", "utility lost per grade of chronic graft-versus-host disease",
                                    "assumed", "no source", 0.5, low=0.02, high=0.12),
    "infected": Parameter(0.05, "1", "utility lost in an active systemic infection", "assumed", "no source", 0.5,
                          low=0, high=0.15),
    "steroid": Parameter(0.10, "1 per mg/kg", "utility lost under a steroid", "assumed", "no source", 0.5, low=0,
                         high=0.2),
    "anemia": Parameter(0.05, "1 per g/dL", "utility lost per g/dL of hemoglobin below the tolerated", "assumed",
                        "no source", 0.5, low=0, high=0.1),
    "anemia_below": Parameter(9, "g/dL", "hemoglobin below which anemia is felt", "assumed", "no source", 0.1, low=8,
                              high=10),
}  # fmt: skip


class State(NamedTuple):
    deconditioning: Annotated[Number, "1", "strength lost, 0 none to 1 all"]


NEEDS = {"inflammation": "1", "infection": "1", "gvhd_damage": "1"}


def start(p, origins):
    return State(0 * p.own)


def rates(y: State, p, s):
    illness = s.inflammation + s.infection + s.gvhd_damage
    lost = p.losing_strength * illness * (1 - y.deconditioning)
    return State(lost - y.deconditioning / p.regaining_strength)


def _quality_of_life(y: State, p, s):
    anemia = minimum(maximum(p.anemia_below - s.hemoglobin, 0), 1)
    lost = (
        p.deconditioned * y.deconditioning
        + p.mucositis * s.mucosal_injury
        + p.acute_gvhd * s.gvhd_damage
        + p.chronic_gvhd_grade * s.chronic_gvhd
        + p.infected * s.infection
        + p.steroid * s.steroid_mg_per_kg
        + p.anemia * anemia
    )
    return minimum(maximum(p.own - lost, 0), 1)


COUPLED = {
    "quality_of_life": Coupled(
        Signal("1", "utility, 0 as bad as death to 1 full health"),
        {
            "mucosal_injury": "1",
            "gvhd_damage": "1",
            "chronic_gvhd": "1",
            "infection": "1",
            "steroid_mg_per_kg": "mg/kg",
            "hemoglobin": "g/dL",
        },
        _quality_of_life,
    )
}
