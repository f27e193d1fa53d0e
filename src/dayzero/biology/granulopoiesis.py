"""Granulopoiesis: neutrophils from committed progenitors to blood, and the monocytes that precede them.

Ten stages, shares of the healthy pool, for each origin; g is the G-CSF level relative to health::

    G-CSF       raw = (1 + i I + g_exo dose) (k_e + k_anc ANC0) / (k_e + k_anc ANC)
                g = raw (1 + 1/cap) / (1 + raw/cap)
    dividing    G1' = k_m (v out_C - G1) + graft,   G2' = k_m (A G1 - G2),  G3 to G6 alike        A = g^(a/6)
    maturing    G7' = k_p0 A G6 - k_p G7,  G8' = k_p G7 - k_p G8,  G9 alike
    reserve     R'  = phi0 g^t G9 - phi R
    blood       N'  = (1 - w) k_N/phi0 phi R - k_N (1 + mu_I I) / (1 + e steroid) N
    wounds      w   = (D U)^2 / (P^2 + (D U)^2)            P = ANC0 k_N/phi0 phi sum R, what the marrow releases
    k_m = 6/tau_NP,  k_p = k_p0 g^t, k_p0 = 3/tau_Mat,  phi = phi_max h / (phi_max - phi0 + h), h = phi0 g^r
    I active infection,  U mucosal injury,  v = 1 - (val)ganciclovir

ANC = ANC0 sum N. G-CSF is at quasi steady state (its own time constant is hours); neutrophils themselves clear it,
given G-CSF like their own, which is why it is high when they are low. Monocytes leave the marrow at the fourth dividing
stage. The stages are as many as it takes for counts to rise as steeply as they do: with fewer, cells of the graft leak
early.

Wounds of the mucosa take the neutrophils they need, D U a day, before any are left to count. While the marrow makes
fewer than that the count stays near zero; once it makes more, or the wounds close, the count leaves zero within two or
three days. That is why recovery is sudden. Steroids keep neutrophils in the blood.

Craig 2016 (Bull Math Biol 78:2304) for the chain and its times; Quartino 2014 (Pharm Res 31:3390) for G-CSF.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.elementwise import minimum, power
from dayzero.module import Coupled, Number, Parameter, Signal

DIVIDING_STAGES = Parameter(6, "1", "dividing stages in the chain", "derived", "definition").typical
MATURING_STAGES = Parameter(3, "1", "maturing stages in the chain", "derived", "definition").typical
NOTHING = Parameter(1e-12, "1", "count below which shares have no meaning", "assumed", "numerical").typical
PARAMETERS = {
    "neutrophil_set_point": Parameter(
        4.0, "1e9/L", "neutrophils in health", "measured", "Quartino 2014 3.53, Friberg 2002 5.05", 0.1, 0.25,
        low=2, high=7, stream=200),
    "neutrophil_loss": Parameter(
        0.88, "1/day", "neutrophils leaving the blood", "measured",
        "half-life 19 h by deuterium, Lahoz-Beneytez 2016 Blood 127:3431", 0.15, 0.1, low=0.7, high=2.4, stream=201),
    "dividing_time": Parameter(7.3, "day", "transit through the dividing stages", "measured", "Craig 2016 (7.3074)",
                               0.12, 0.12, low=5, high=9, stream=202),
    "maturing_time": Parameter(3.9, "day", "transit through the maturing stages", "measured", "Craig 2016", 0.1, 0.1,
                               low=3, high=6, stream=203),
    "reserve_release": Parameter(0.364, "1/day", "release from the marrow reserve at rest", "measured", "Craig 2016",
                                 0.1, low=0.3, high=0.45),
    "reserve_release_most": Parameter(4.13, "1/day", "fastest release from the marrow reserve", "measured",
                                      "Craig 2016", 0.2, low=2, high=6),
    "gcsf_clearance": Parameter(0.592, "1/h", "renal clearance of G-CSF", "measured", "Quartino 2014", 0.2),
    "gcsf_clearance_neutrophils": Parameter(5.64, "1/h per 1e9/L", "clearance of G-CSF by neutrophils", "measured",
                                            "Quartino 2014", 0.2),
    "gcsf_on_amplification": Parameter(0.69, "1", "exponent of amplification on G-CSF", "fitted",
                                       "scenario fit; Quartino 2014 gamma 0.444", 0.15, low=0.3, high=1),
    "gcsf_on_maturing": Parameter(0.234, "1", "exponent of maturing speed on G-CSF", "measured",
                                  "Quartino 2014 (beta)", 0.1, low=0.15, high=0.3),
    "gcsf_on_release": Parameter(0.92, "1", "exponent of release on G-CSF", "fitted",
                                 "onset of neutropenia 7 d after melphalan 200", 0.2, low=0.3, high=1.5),
    "gcsf_ceiling": Parameter(230, "1", "G-CSF level at which its effect is half saturated", "fitted", "scenario fit",
                              0.4, low=50, high=500),
    "filgrastim_effect": Parameter(2.1, "1 per ug/kg", "G-CSF supplied, relative to what health makes, per daily dose",
                                   "fitted", "scenario fit: buys 4 days of neutrophils", 0.4, 0.3, low=1, high=20,
                                   stream=204),
    "mucosal_demand": Parameter(9.4, "1e9/L/day", "neutrophils that wounds of the mucosa take, at injury 1", "fitted",
                                "scenario fit; health turns over 3.5", 0.3, 0.3, low=3, high=30, stream=205),
    "steroid_keeps": Parameter(1.0, "1", "added residence in the blood under a steroid at full dose, relative",
                               "assumed", "prednisone adds 4e9/L, Dale 1975 J Clin Invest 56:808; recalled", 0.4,
                               low=0.3, high=2),
    "steroid_full": Parameter(2, "mg/kg", "full dose of steroid", "derived", "definition"),
    "infection_gcsf": Parameter(2.0, "1", "added G-CSF of active infection, relative", "assumed", "no source", 0.4),
    "infection_loss": Parameter(0.4, "1", "added neutrophil loss of active infection, relative", "assumed", "no source",
                                0.4),
    "antiviral_block": Parameter(0.5, "1", "share of granulopoiesis lost under (val)ganciclovir", "assumed",
                                 "neutropenia in a third of courses; no source", 0.3),
    "granulocytic_branch": Parameter(0.40, "1", "share of committed output that becomes granulocytic", "assumed",
                                     "no source", 0.2, low=0.3, high=0.5),
    "monocyte_set_point": Parameter(0.5, "1e9/L", "monocytes in health", "measured",
                                    "adult reference interval 0.2-0.8", 0.2, 0.3, low=0.3, high=0.7, stream=206),
    "monocyte_loss": Parameter(0.7, "1/day", "monocytes leaving the blood", "measured",
                               "classical monocytes circulate about a day, Patel 2017 J Exp Med 214:1913", 0.2),
}  # fmt: skip

CONSTANTS = {
    "dividing_pool": Signal("cells/kg", "one dividing stage in health"),
    "graft_granulocytic": Signal("1", "granulocyte progenitors of the graft, in healthy first stages", per_origin=True),
}
USES = {
    "committed_flux": "cells/kg/day",
    "marrow_cellularity": "1",
    "graft_cells_granulocytic": "cells/kg",
}


class Cells(NamedTuple):
    dividing_1: Annotated[Number, "1", "myeloblasts, share of health"]
    dividing_2: Annotated[Number, "1", "promyelocytes, share of health"]
    dividing_3: Annotated[Number, "1", "early myelocytes, share of health"]
    dividing_4: Annotated[Number, "1", "middle myelocytes, share of health"]
    dividing_5: Annotated[Number, "1", "myelocytes, share of health"]
    dividing_6: Annotated[Number, "1", "late myelocytes, share of health"]
    maturing_1: Annotated[Number, "1", "metamyelocytes, share of health"]
    maturing_2: Annotated[Number, "1", "young bands, share of health"]
    maturing_3: Annotated[Number, "1", "bands, share of health"]
    reserve: Annotated[Number, "1", "marrow reserve, share of health"]
    neutrophils: Annotated[Number, "1", "blood neutrophils, share of health"]
    monocytes: Annotated[Number, "1", "blood monocytes, share of health"]


class State(NamedTuple):
    cells: tuple[Cells, ...]


NEEDS = {
    "homing": "1/day",
    "committed_output": "1",
    "gcsf_level": "1",
    "mucosal_injury": "1",
    "infection": "1",
    "antiviral": "1",
    "steroid_mg_per_kg": "mg/kg",
    "surviving_granulocytic": "1",
    "surviving_late_granulocytic": "1",
    "surviving_band": "1",
}
GIVES = {
    "neutrophils": Signal("1e9/L", "absolute neutrophil count"),
    "monocytes": Signal("1e9/L", "absolute monocyte count"),
    "myeloid_donor_fraction": Signal("1", "share of blood neutrophils that are not the host's"),
}


def derive(p, c):
    stage = p.granulocytic_branch * c.committed_flux * p.dividing_time / DIVIDING_STAGES
    return {
        "dividing_pool": stage,
        "graft_granulocytic": tuple(n / stage for n in c.graft_cells_granulocytic),
    }


def start(p, origins):
    host = Cells(*(p.marrow_cellularity for _ in Cells._fields))
    empty = Cells(*(0 * x for x in host))
    return State((host, *(empty for _ in range(origins - 1))))


def signals(y: State, p):
    total = sum(c.neutrophils for c in y.cells)
    donor = sum(c.neutrophils for c in y.cells[1:])
    return {
        "neutrophils": p.neutrophil_set_point * total,
        "monocytes": p.monocyte_set_point * sum(c.monocytes for c in y.cells),
        "myeloid_donor_fraction": donor / (total + NOTHING),
    }


def gcsf_level(y: State, p, s):
    """G-CSF relative to health: own and given, saturating."""
    anc = p.neutrophil_set_point * sum(c.neutrophils for c in y.cells)
    clearance = p.gcsf_clearance + p.gcsf_clearance_neutrophils * anc
    at_rest = p.gcsf_clearance + p.gcsf_clearance_neutrophils * p.neutrophil_set_point
    made = 1 + p.infection_gcsf * s.infection + p.filgrastim_effect * s.gcsf_ug_per_kg
    raw = made * at_rest / clearance
    return raw * (1 + 1 / p.gcsf_ceiling) / (1 + raw / p.gcsf_ceiling)


COUPLED = {
    "gcsf_level": Coupled(
        Signal("1", "G-CSF relative to health"), needs={"gcsf_ug_per_kg": "ug/kg", "infection": "1"}, of=gcsf_level
    ),
}


def rates(y: State, p, s):
    amplify = power(s.gcsf_level, p.gcsf_on_amplification / DIVIDING_STAGES)
    dividing = DIVIDING_STAGES / p.dividing_time
    faster = power(s.gcsf_level, p.gcsf_on_maturing)
    maturing = MATURING_STAGES / p.maturing_time * faster
    hurried = p.reserve_release * power(s.gcsf_level, p.gcsf_on_release)
    release = p.reserve_release_most * hurried / (p.reserve_release_most - p.reserve_release + hurried)
    steroid = minimum(s.steroid_mg_per_kg / p.steroid_full, 1)
    loss = p.neutrophil_loss * (1 + p.infection_loss * s.infection) / (1 + p.steroid_keeps * steroid)
    leaving = p.neutrophil_loss / p.reserve_release * release
    made = p.neutrophil_set_point * leaving * sum(c.reserve for c in y.cells)
    needed = p.mucosal_demand * s.mucosal_injury
    counted = made * made / (made * made + needed * needed + NOTHING)
    kept = 1 - p.antiviral_block * s.antiviral
    return State(
        tuple(
            Cells(
                dividing_1=dividing * (kept * output - c.dividing_1) + homing * graft,
                dividing_2=dividing * (amplify * c.dividing_1 - c.dividing_2),
                dividing_3=dividing * (amplify * c.dividing_2 - c.dividing_3),
                dividing_4=dividing * (amplify * c.dividing_3 - c.dividing_4),
                dividing_5=dividing * (amplify * c.dividing_4 - c.dividing_5),
                dividing_6=dividing * (amplify * c.dividing_5 - c.dividing_6),
                maturing_1=maturing * (amplify * c.dividing_6 / faster - c.maturing_1),
                maturing_2=maturing * (c.maturing_1 - c.maturing_2),
                maturing_3=maturing * (c.maturing_2 - c.maturing_3),
                reserve=p.reserve_release * faster * c.maturing_3 - release * c.reserve,
                neutrophils=counted * leaving * c.reserve - loss * c.neutrophils,
                monocytes=p.monocyte_loss * (c.dividing_4 - c.monocytes),
            )
            for c, output, homing, graft in zip(
                y.cells, s.committed_output, s.homing, p.graft_granulocytic, strict=True
            )
        )
    )


def jump(y: State, p, s):
    """Dividing stages die first; bands hardly, the reserve and the blood not at all."""
    return State(
        tuple(
            c._replace(
                dividing_1=c.dividing_1 * s.surviving_granulocytic,
                dividing_2=c.dividing_2 * s.surviving_granulocytic,
                dividing_3=c.dividing_3 * s.surviving_granulocytic,
                dividing_4=c.dividing_4 * s.surviving_granulocytic,
                dividing_5=c.dividing_5 * s.surviving_granulocytic,
                dividing_6=c.dividing_6 * s.surviving_late_granulocytic,
                maturing_1=c.maturing_1 * s.surviving_band,
            )
            for c in y.cells
        )
    )
