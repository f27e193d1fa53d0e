"""Lymphocytes: thymus, T cells and their regulators, NK cells and B cells.

Cells per uL of blood, for each origin; pools compete through totals over origins::

    hunger (IL-7)     I = (K + T0) / (K + T),   i = (I - 1) / (I_max - 1)   T all T cells;  I15 = min(I^1/2, 2.5)
    brake             s = 1 - CNI - steroid - sirolimus                      (on peripheral expansion)
    precursors        Ly' = (out_M - Ly) / tau                               share of health
    thymus            Ty' = (Ly E - Ty) / tau,   E' = (1 - E) / tau_E - w D E        E thymic epithelium, D GVHD
    thymic output     th  = th_age Ty (1 + r (1 - N/N0))
    naive CD4         N'  = th + (rho I s - d) N - conversion                rho from homeostasis
    memory CD4        M'  = r_4 i s M (1 - M/K4) + conversion                K4 = M0 (k + (1 - k) N/N0)
    CD8               C'  = c (th - th0 C/C0) + r_8 i s C (1 - C/K8)         K8 grows under CMV
    regulatory        R'  = r_r s_r R (1 - R/R0) + c_r (th - th0 R/R0)       CNI starves them of IL-2
    NK                K'  = d (K0 Ly I15 - (1 + e (I15 - 1)) K)
    B                 three stages of mean tau_B behind Ly, slowed by GVHD and steroid
                      B' = d (B0 B3 (1 + f (1 - B/B0)+) - B)                 f: BAFF, plentiful while B cells are few

Every pool of an origin also loses to serotherapy and to the immune attack on that origin. A graft brings T, NK and B
cells by its own doses; a share of T cells survives the first days. T cells of cord blood are recent emigrants: in
hunger they turn to memory far sooner than an adult's, but their CD8, which know no antigen yet, expand less; so after
cord blood CD4 come back before CD8. Set points fall with age: a child has more of everything, most of all naive cells
and thymus.

Naive half-life: Vrisekoop 2008 (PNAS 105:6115); thymic share of T-cell production: den Braber 2012 (Immunity 36:288);
thymic decline: Steinmann 1985; NK turnover: Zhang 2007 (Immunology 121:258).
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.elementwise import exp, maximum, minimum, power
from dayzero.module import Number, Parameter, Signal

HALF = Parameter(0.5, "1", "square root", "derived", "definition").typical
B_STAGES = Parameter(3, "1", "stages of B-cell development", "derived", "definition").typical
PER_UL = Parameter(1000, "cells/uL per 1e9/L", "unit of blood counts", "derived", "definition").typical
NOTHING = Parameter(1e-9, "cells/uL", "count below which shares have no meaning", "assumed", "numerical").typical
CROWDED = Parameter(10, "1", "crowding beyond which cells are lost no faster", "assumed", "numerical").typical

PARAMETERS = {
    "naive_adult": Parameter(420, "cells/uL", "naive CD4 at 20 years", "measured", "reference intervals; 350 at 40 y",
                             0.15, 0.3, low=200, high=600, stream=140),
    "naive_decline": Parameter(0.008, "1/year", "fall of naive CD4 with age from 20", "assumed", "no source", 0.4),
    "naive_child": Parameter(1600, "cells/uL", "naive CD4 of the newborn above the adult's", "measured",
                             "about 1,500 at 2, 900 at 5, 500 at 15 years", 0.2),
    "childhood": Parameter(4, "year", "time in which the child's excess fades", "measured", "the same", 0.2),
    "memory_set_point": Parameter(450, "cells/uL", "memory CD4 in health", "measured", "reference intervals", 0.15,
                                  0.3, low=300, high=700, stream=141),
    "cd8_set_point": Parameter(550, "cells/uL", "CD8 in health", "measured", "reference intervals", 0.15, 0.35,
                               low=300, high=900, stream=142),
    "cd8_child": Parameter(0.8, "1", "excess of CD8 at birth, relative to the adult", "measured",
                           "paediatric reference intervals", 0.3),
    "treg_set_point": Parameter(45, "cells/uL", "regulatory T cells in health", "measured", "about 5 % of CD4", 0.3),
    "nk_set_point": Parameter(300, "cells/uL", "NK cells in health", "measured", "reference intervals", 0.15, 0.35,
                              low=100, high=400, stream=143),
    "nk_child": Parameter(0.3, "1", "excess of NK cells at birth", "measured", "paediatric reference intervals", 0.3),
    "b_set_point": Parameter(250, "cells/uL", "B cells in health", "measured", "reference intervals", 0.15, 0.35,
                             low=100, high=400, stream=144),
    "b_child": Parameter(2.2, "1", "excess of B cells at birth, relative to the adult", "measured",
                         "paediatric reference intervals", 0.3),
    "body_cells": Parameter(3.5e6, "cells/kg per cell/uL", "lymphocytes of the body per blood count", "measured",
                            "about 2 % of lymphocytes are in blood", 0.2, low=2.5e6, high=5e6),
    "naive_loss": Parameter(4.5e-4, "1/day", "loss of naive CD4", "measured", "half-life 4.2 y, Vrisekoop 2008", 0.2,
                            low=3e-4, high=1e-3),
    "thymus_adult": Parameter(0.035, "cells/uL/day", "thymic output of CD4 at 20 years", "measured",
                              "0.03-0.04; TREC models", 0.3, 0.4, low=0.03, high=0.12, stream=145),
    "thymus_grown": Parameter(20, "year", "age that thymic output refers to", "derived", "definition"),
    "thymus_child": Parameter(0.16, "1/year", "rise of thymic output per year below 20", "assumed",
                              "most naive cells of a child come from the thymus; CD4 normal in 1-2 years", 0.2,
                              low=0.07, high=0.22),
    "thymus_decline": Parameter(0.03, "1/year", "fall of thymic output per year from 20 to 40", "measured",
                                "Steinmann 1985; recalled", 0.2, low=0.02, high=0.05),
    "thymus_late_from": Parameter(40, "year", "age from which the fall is slower", "measured", "Steinmann 1985"),
    "thymus_late": Parameter(0.01, "1/year", "fall of thymic output per year from 40", "measured", "Steinmann 1985",
                             0.3, low=0.005, high=0.02),
    "thymus_rebound": Parameter(3, "1", "added thymic output, relative, when naive cells are gone", "fitted",
                                "recovery of naive CD4 over two years", 0.4, 0.3, low=0, high=4, stream=146),
    "thymus_delay": Parameter(28, "day", "time from precursor to emigrant", "measured", "about four weeks", 0.2),
    "epithelium_recovery": Parameter(110, "day", "time in which thymic epithelium recovers", "assumed", "no source",
                                     0.4, 0.4, low=60, high=365, stream=147),
    "epithelium_gvhd": Parameter(0.05, "1/day", "loss of thymic epithelium at full GVHD damage", "assumed",
                                 "acute GVHD delays naive cells", 0.4),
    "cord_precursors": Parameter(2, "1", "lymphoid precursors made of cord blood, relative to adult cells", "assumed",
                                 "NK and B cells return faster, thymic output is higher later (Talvensaari 2002 Blood "
                                 "99:1458); recalled", 0.3, low=1, high=3),
    "cord_conversion": Parameter(5, "1", "naive CD4 of cord blood turning memory, relative to adult ones", "fitted",
                                 "CD4 above 200/uL at 4 months without globulin, Politikos 2020 Blood Adv 4:191", 0.5,
                                 low=1, high=30),
    "cord_cd4": Parameter(0.9, "1", "expansion of CD4 of cord blood, relative to adult ones", "assumed", "no source",
                          0.1, low=0.6, high=1.2),
    "cord_cd8": Parameter(0.43, "1", "expansion of CD8 of cord blood, relative to adult ones", "fitted",
                          "CD8 above 250/uL at 8 months, after marrow at 3, Renard 2011 Br J Haematol", 0.2, low=0.3,
                          high=1),
    "precursor_time": Parameter(8, "day", "residence of lymphoid precursors", "assumed", "no source", 0.3),
    "hunger_half": Parameter(600, "cells/uL", "T cells at which IL-7 is half used up", "assumed", "no source", 0.3,
                             low=200, high=1000),
    "memory_expansion": Parameter(0.165, "1/day", "fastest expansion of memory CD4", "fitted",
                                  "CD4 of 70-110/uL at day 30 after mobilised blood; above 50/uL twice by day 100 in "
                                  "half of T-depleted grafts, Blood Adv 2022 6:1054", 0.2, 0.25, low=0.08, high=0.25,
                                  stream=148),
    "cd8_expansion": Parameter(0.16, "1/day", "fastest expansion of CD8", "fitted", "CD8 above CD4 by day 100", 0.2,
                               0.25, low=0.1, high=0.3, stream=149),
    "resting_expansion": Parameter(0.03, "1", "share of that expansion left when there is no hunger", "assumed",
                                   "no source", 0.4),
    "conversion": Parameter(8e-4, "1/day", "naive cells turning memory per unit of excess IL-7", "assumed",
                            "no source", 0.4),
    "memory_room": Parameter(0.6, "1", "memory capacity that needs no naive help", "assumed", "no source", 0.3),
    "cd8_room": Parameter(0.8, "1", "CD8 capacity that needs no naive help", "assumed", "no source", 0.2),
    "cmv_room": Parameter(0.4, "1", "CD8 capacity added under CMV", "assumed", "faster CD8 in seropositive patients",
                          0.3, low=0.2, high=1),
    "cd8_thymic": Parameter(0.43, "1", "CD8 emigrants per CD4 emigrant", "assumed", "no source", 0.2),
    "treg_expansion": Parameter(0.10, "1/day", "expansion of regulatory T cells", "assumed", "no source", 0.3),
    "treg_thymic": Parameter(0.06, "1", "regulatory emigrants per CD4 emigrant", "assumed", "no source", 0.3),
    "treg_calcineurin": Parameter(0.4, "1", "share of that expansion lost under a calcineurin inhibitor", "assumed",
                                  "no source", 0.3),
    "brake_calcineurin": Parameter(0.15, "1", "share of expansion lost under a calcineurin inhibitor", "assumed",
                                   "expansion in hunger hardly needs calcineurin; recalled", 0.4, low=0, high=0.4),
    "brake_steroid": Parameter(0.25, "1 per mg/kg", "share of expansion lost per steroid dose", "assumed",
                               "no source", 0.3),
    "brake_sirolimus": Parameter(0.25, "1", "share of expansion lost under sirolimus", "assumed", "no source", 0.3),
    "brake_most": Parameter(0.85, "1", "largest share of expansion that drugs take", "assumed", "no source", 0.1),
    "attack_on_t": Parameter(0.5, "1", "loss of T cells to another origin's effectors, relative to that of marrow",
                             "fitted", "donor T cells after mild conditioning; those of the patient outlast the "
                             "patient's granulocytes", 0.4,
                             low=0.1, high=1),
    "nk_turnover": Parameter(0.069, "1/day", "turnover of NK cells", "measured", "Zhang 2007 Immunology 121:258",
                             0.2, low=0.03, high=0.1),
    "nk_hunger": Parameter(2.5, "1", "largest effect of IL-15 on NK cells", "assumed", "no source", 0.3),
    "nk_crowding": Parameter(0.4, "1", "faster NK turnover per unit of excess IL-15", "assumed", "no source", 0.3),
    "nk_steroid": Parameter(0.2, "1 per mg/kg", "log loss of NK production per steroid dose", "assumed", "no source",
                            0.3),
    "b_loss": Parameter(0.02, "1/day", "turnover of B cells", "assumed", "no source", 0.3, low=0.01, high=0.05),
    "b_delay": Parameter(75, "day", "time from precursor to B cell", "fitted", "B above 100/uL about day 150", 0.2,
                         0.4, low=40, high=120, stream=150),
    "b_factor": Parameter(1.1, "1", "added share of emerging B cells that live, where B cells are gone", "assumed",
                          "BAFF is several times higher while B cells are few; recalled", 0.4, low=0, high=5),
    "b_gvhd": Parameter(0.6, "1", "share of B precursors lost at full GVHD damage", "assumed", "no source", 0.3),
    "b_steroid": Parameter(0.4, "1 per mg/kg", "log loss of precursors per steroid dose", "assumed", "no source", 0.3),
    "treated": Parameter(0.55, "1", "lymphocytes at admission of treated patients, relative to health", "assumed",
                         "lymphopenia after chemotherapy; no source", 0.2, 0.3, stream=152),
    "surviving_infusion": Parameter(0.65, "1", "share of infused T cells alive after the first days", "fitted",
                                    "CD4 at day 30", 0.3, 0.3, low=0.15, high=1, stream=153),
    "infused_naive": Parameter(0.5, "1", "naive cells among donor lymphocytes", "assumed", "as in blood of adults",
                               0.2, low=0.3, high=0.6),
    "infused_cd4": Parameter(0.6, "1", "CD4 among infused T cells", "measured", "about 60 %", 0.1),
}  # fmt: skip

CONSTANTS = {
    "naive_health": Signal("cells/uL", "naive CD4 of this patient in health"),
    "cd8_health": Signal("cells/uL", "CD8 of this patient in health"),
    "nk_health": Signal("cells/uL", "NK cells of this patient in health"),
    "b_health": Signal("cells/uL", "B cells of this patient in health"),
    "thymus_health": Signal("cells/uL/day", "thymic output of this patient in health"),
    "naive_renewal": Signal("1/day", "renewal of naive CD4 in health"),
    "graft_naive": Signal("cells/uL", "naive CD4 that a graft brings", per_origin=True),
    "graft_memory": Signal("cells/uL", "memory CD4 that a graft brings", per_origin=True),
    "graft_cd8": Signal("cells/uL", "CD8 that a graft brings", per_origin=True),
    "graft_treg": Signal("cells/uL", "regulatory T cells that a graft brings", per_origin=True),
    "graft_nk": Signal("cells/uL", "NK cells that a graft brings", per_origin=True),
    "expands_cd4": Signal("1", "expansion of an origin's CD4, relative to adult ones", per_origin=True),
    "expands_cd8": Signal("1", "expansion of an origin's CD8, relative to adult ones", per_origin=True),
    "converts": Signal("1", "an origin's naive CD4 turning memory, relative to adult ones", per_origin=True),
    "precursors_made": Signal("1", "lymphoid precursors of an origin, relative to adult cells", per_origin=True),
    "graft_b": Signal("cells/uL", "B cells that a graft brings", per_origin=True),
    "donor_lymphocytes_naive": Signal("1", "naive share of donor lymphocytes"),
    "lymphocytes_at_admission": Signal("1", "lymphocytes at admission, share of health"),
}
USES = {
    "age_years": "year",
    "prior_treatment_lines": "1",
    "graft_cd3_per_kg": "cells/kg",
    "graft_naive_t_per_kg": "cells/kg",
    "graft_treg_per_kg": "cells/kg",
    "graft_nk_per_kg": "cells/kg",
    "graft_b_per_kg": "cells/kg",
    "graft_is_cord": "1",
}


class Cells(NamedTuple):
    precursors: Annotated[Number, "1", "lymphoid precursors, share of health"]
    thymocytes: Annotated[Number, "1", "thymocytes, share of health"]
    naive_cd4: Annotated[Number, "cells/uL", "naive CD4"]
    memory_cd4: Annotated[Number, "cells/uL", "memory CD4"]
    cd8: Annotated[Number, "cells/uL", "CD8"]
    treg: Annotated[Number, "cells/uL", "regulatory T cells"]
    nk: Annotated[Number, "cells/uL", "NK cells"]
    b_1: Annotated[Number, "1", "early B precursors, share of health"]
    b_2: Annotated[Number, "1", "late B precursors, share of health"]
    b_3: Annotated[Number, "1", "emerging B cells, share of health"]
    b: Annotated[Number, "cells/uL", "B cells"]


class State(NamedTuple):
    cells: tuple[Cells, ...]
    epithelium: Annotated[Number, "1", "thymic epithelium, share of health"]


NEEDS = {
    "multipotent_output": "1", "infused": "1", "immune_attack": "1/day", "gvhd_damage": "1", "cmv_active": "1",
    "calcineurin": "1", "sirolimus": "1", "steroid_mg_per_kg": "mg/kg", "donor_lymphocytes_per_kg": "cells/kg",
    "antibody_on_t_cell": "1/day", "antibody_on_b_cell": "1/day", "antibody_on_nk_cell": "1/day", "thymic_kill": "1",
    "surviving_t_cell": "1", "surviving_treg": "1", "surviving_b_cell": "1", "surviving_nk_cell": "1",
}  # fmt: skip
GIVES = {
    "t_cells": Signal("1e9/L", "CD3 T cells in blood"),
    "cd4": Signal("1e9/L", "CD4 T cells in blood"),
    "naive_cd4": Signal("1e9/L", "naive CD4 T cells in blood"),
    "cd8": Signal("1e9/L", "CD8 T cells in blood"),
    "treg": Signal("1e9/L", "regulatory T cells in blood"),
    "nk_cells": Signal("1e9/L", "NK cells in blood"),
    "b_cells": Signal("1e9/L", "B cells in blood"),
    "t_cells_by_origin": Signal("cells/uL", "T cells of each origin", per_origin=True),
    "treg_by_origin": Signal("cells/uL", "regulatory T cells of each origin", per_origin=True),
    "killers_by_origin": Signal("1", "CD8 and half of NK cells of each origin, share of health", per_origin=True),
    "t_donor_fraction": Signal("1", "share of T cells that are not the host's"),
}


def derive(p, c):
    """Set points of one age, renewal that keeps them, and what a graft brings in counts of the patient's blood."""
    child = exp(-c.age_years / p.childhood)
    naive = p.naive_adult * exp(-p.naive_decline * (c.age_years - p.thymus_grown)) + p.naive_child * child
    thymus = p.thymus_adult * _thymic_age(p, c.age_years)
    living = p.surviving_infusion / p.body_cells
    memory = tuple(
        maximum(cd3 - naive_t - treg, 0)
        for cd3, naive_t, treg in zip(c.graft_cd3_per_kg, c.graft_naive_t_per_kg, c.graft_treg_per_kg, strict=True)
    )
    helper = p.infused_cd4
    return {
        "naive_health": naive,
        "cd8_health": p.cd8_set_point * (1 + p.cd8_child * child),
        "nk_health": p.nk_set_point * (1 + p.nk_child * child),
        "b_health": p.b_set_point * (1 + p.b_child * child),
        "thymus_health": minimum(thymus, p.naive_loss * naive),
        "naive_renewal": p.naive_loss - minimum(thymus / naive, p.naive_loss),
        "graft_naive": tuple(living * helper * n for n in c.graft_naive_t_per_kg),
        "graft_memory": tuple(living * helper * n for n in memory),
        "graft_cd8": tuple(
            living * (1 - helper) * (m + n) for m, n in zip(memory, c.graft_naive_t_per_kg, strict=True)
        ),
        "graft_treg": tuple(living * n for n in c.graft_treg_per_kg),
        "graft_nk": tuple(living * n for n in c.graft_nk_per_kg),
        "expands_cd4": tuple(1 + (p.cord_cd4 - 1) * cord for cord in c.graft_is_cord),
        "expands_cd8": tuple(1 + (p.cord_cd8 - 1) * cord for cord in c.graft_is_cord),
        "converts": tuple(1 + (p.cord_conversion - 1) * cord for cord in c.graft_is_cord),
        "precursors_made": tuple(1 + (p.cord_precursors - 1) * cord for cord in c.graft_is_cord),
        "graft_b": tuple(living * n for n in c.graft_b_per_kg),
        "donor_lymphocytes_naive": p.infused_naive,
        "lymphocytes_at_admission": 1 + (minimum(p.treated, 1) - 1) * minimum(c.prior_treatment_lines, 1),
    }


def _thymic_age(p, age):
    """Thymic output relative to that at 20 years."""
    young = p.thymus_child * maximum(p.thymus_grown - age, 0)
    middle = p.thymus_decline * maximum(minimum(age, p.thymus_late_from) - p.thymus_grown, 0)
    late = p.thymus_late * maximum(age - p.thymus_late_from, 0)
    return exp(young - middle - late)


def start(p, origins):
    share = p.lymphocytes_at_admission
    whole = 0 * share + 1
    host = Cells(whole, whole, share * p.naive_health, share * p.memory_set_point, share * p.cd8_health,
                 share * p.treg_set_point, share * p.nk_health, share, share, share, share * p.b_health)  # fmt: skip
    empty = Cells(*(0 * x for x in host))
    return State((host, *(empty for _ in range(origins - 1))), whole)


def _t_cells(c: Cells):
    return c.naive_cd4 + c.memory_cd4 + c.cd8


def signals(y: State, p):
    t = tuple(_t_cells(c) for c in y.cells)
    cd4 = sum(c.naive_cd4 + c.memory_cd4 for c in y.cells)
    killers = p.cd8_health + p.nk_health / 2
    return {
        "t_cells": sum(t) / PER_UL,
        "cd4": cd4 / PER_UL,
        "naive_cd4": sum(c.naive_cd4 for c in y.cells) / PER_UL,
        "cd8": sum(c.cd8 for c in y.cells) / PER_UL,
        "treg": sum(c.treg for c in y.cells) / PER_UL,
        "nk_cells": sum(c.nk for c in y.cells) / PER_UL,
        "b_cells": sum(c.b for c in y.cells) / PER_UL,
        "t_cells_by_origin": t,
        "treg_by_origin": tuple(c.treg for c in y.cells),
        "killers_by_origin": tuple((c.cd8 + c.nk / 2) / killers for c in y.cells),
        "t_donor_fraction": sum(t[1:]) / (sum(t) + NOTHING),
    }


class Climate(NamedTuple):
    """What every origin's cells meet alike: hunger, brakes, room."""

    hunger: Number
    expansion: Number
    interleukin_15: Number
    brake: Number
    treg_brake: Number
    rebound: Number
    memory_room: Number
    cd8_room: Number
    treg_room: Number
    b_input: Number
    b_wanted: Number
    nk_input: Number


def _climate(y: State, p, s) -> Climate:
    t = sum(_t_cells(c) for c in y.cells)
    naive = sum(c.naive_cd4 for c in y.cells)
    healthy = p.naive_health + p.memory_set_point + p.cd8_health
    hunger = (p.hunger_half + healthy) / (p.hunger_half + t)
    most = healthy / p.hunger_half
    helped = minimum(naive / p.naive_health, 1)
    steroid = s.steroid_mg_per_kg
    drugs = p.brake_calcineurin * s.calcineurin + p.brake_steroid * steroid + p.brake_sirolimus * s.sirolimus
    memory_room = p.memory_set_point * (p.memory_room + (1 - p.memory_room) * helped)
    cd8_room = p.cd8_health * (p.cd8_room + (1 - p.cd8_room) * helped) * (1 + p.cmv_room * s.cmv_active)
    return Climate(
        hunger=hunger,
        expansion=p.resting_expansion + (1 - p.resting_expansion) * maximum(hunger - 1, 0) / most,
        interleukin_15=minimum(power(hunger, HALF), p.nk_hunger),
        brake=1 - minimum(drugs, p.brake_most),
        treg_brake=1 - p.treg_calcineurin * s.calcineurin,
        rebound=1 + p.thymus_rebound * maximum(1 - naive / p.naive_health, 0),
        memory_room=maximum(1 - sum(c.memory_cd4 for c in y.cells) / memory_room, -CROWDED),
        cd8_room=maximum(1 - sum(c.cd8 for c in y.cells) / cd8_room, -CROWDED),
        treg_room=maximum(1 - sum(c.treg for c in y.cells) / p.treg_set_point, -CROWDED),
        b_input=(1 - p.b_gvhd * s.gvhd_damage) * exp(-p.b_steroid * steroid),
        b_wanted=1 + p.b_factor * maximum(1 - sum(c.b for c in y.cells) / p.b_health, 0),
        nk_input=exp(-p.nk_steroid * steroid),
    )


def rates(y: State, p, s):
    air = _climate(y, p, s)
    cells = tuple(_cell_rates(c, air, y.epithelium, p, s, o) for o, c in enumerate(y.cells))
    return State(
        cells,
        epithelium=(1 - y.epithelium) / p.epithelium_recovery - p.epithelium_gvhd * s.gvhd_damage * y.epithelium,
    )


def _cell_rates(c: Cells, air: Climate, epithelium, p, s, o):
    attack, made = s.immune_attack[o], p.precursors_made[o] * minimum(s.multipotent_output[o], 1)
    thymus = p.thymus_health * c.thymocytes * air.rebound
    converted = p.conversion * p.converts[o] * maximum(air.hunger - 1, 0) * c.naive_cd4
    t_loss = s.antibody_on_t_cell + p.attack_on_t * attack
    expansion = air.expansion * air.brake
    stage = B_STAGES / p.b_delay
    return Cells(
        precursors=(made - c.precursors) / p.precursor_time - attack * c.precursors,
        thymocytes=(c.precursors * epithelium - c.thymocytes) / p.thymus_delay,
        naive_cd4=thymus + (p.naive_renewal * air.hunger * air.brake - p.naive_loss - t_loss) * c.naive_cd4 - converted,
        memory_cd4=(p.memory_expansion * p.expands_cd4[o] * expansion * air.memory_room - t_loss) * c.memory_cd4
        + converted,
        cd8=p.cd8_thymic * (thymus - p.thymus_health * c.cd8 / p.cd8_health)
        + (p.cd8_expansion * p.expands_cd8[o] * expansion * air.cd8_room - t_loss) * c.cd8,
        treg=p.treg_thymic * (thymus - p.thymus_health * c.treg / p.treg_set_point)
        + (p.treg_expansion * air.treg_brake * air.treg_room - t_loss) * c.treg,
        nk=p.nk_turnover * p.nk_health * c.precursors * air.interleukin_15 * air.nk_input
        - (p.nk_turnover * (1 + p.nk_crowding * (air.interleukin_15 - 1)) + s.antibody_on_nk_cell + attack) * c.nk,
        b_1=stage * (c.precursors * air.b_input - c.b_1) - attack * c.b_1,
        b_2=stage * (c.b_1 - c.b_2) - attack * c.b_2,
        b_3=stage * (c.b_2 - c.b_3) - attack * c.b_3,
        b=p.b_loss * (p.b_health * c.b_3 * air.b_wanted - c.b) - (s.antibody_on_b_cell + attack) * c.b,
    )


def jump(y: State, p, s):
    """Drugs and rays take their share of every origin; a graft or donor lymphocytes bring theirs."""
    dli = s.donor_lymphocytes_per_kg * p.surviving_infusion / p.body_cells
    further = (0 * dli, dli, *(0 * dli for _ in y.cells[2:]))
    cells = tuple(
        _jumped(c, p, s, o, infused, more)
        for o, (c, infused, more) in enumerate(zip(y.cells, s.infused, further, strict=True))
    )
    return State(cells, y.epithelium * (1 - s.thymic_kill))


def _jumped(c: Cells, p, s, o, infused, more):
    t, b = s.surviving_t_cell, s.surviving_b_cell
    return Cells(
        c.precursors * b,
        c.thymocytes * t,
        c.naive_cd4 * t + infused * p.graft_naive[o] + more * p.infused_cd4 * p.infused_naive,
        c.memory_cd4 * t + infused * p.graft_memory[o] + more * p.infused_cd4 * (1 - p.infused_naive),
        c.cd8 * t + infused * p.graft_cd8[o] + more * (1 - p.infused_cd4),
        c.treg * s.surviving_treg + infused * p.graft_treg[o],
        c.nk * s.surviving_nk_cell + infused * p.graft_nk[o],
        c.b_1 * b,
        c.b_2 * b,
        c.b_3 * b,
        c.b * b + infused * p.graft_b[o],
    )
