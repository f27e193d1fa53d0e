"""Serotherapy: antibodies against T cells, which linger in the patient and meet the graft.

Levels are counted in mg/kg of the product still active; the three anti-thymocyte globulins share one level, in
mg/kg of rabbit thymoglobulin::

    level       L'  = -(k_free + k_bound T / (T + T_half)) L        + today's dose x potency
    kill rate   a_X = r_X L / (1 + r_X L / a_max),     X = T, B and NK cells, of every origin alike

So a dose given before the infusion goes on to deplete the graft, the more the less there was of the patient's own T
cells to bind it: the same mg/kg is a larger exposure in a lymphopenic patient (Admiraal 2015, Lancet Haematol
2:e194). Chemotherapy is over before the graft arrives and stands in ``conditioning``; methotrexate and
cyclophosphamide after infusion stand there too.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.module import Number, Parameter, Signal

_ANALOGY = "by analogy; mg/kg of the products are not interchangeable"

PARAMETERS = {
    "globulin_free": Parameter(0.07, "1/day", "clearance of unbound anti-thymocyte globulin", "measured",
                               "active rabbit globulin half-life 6 d, Waller 2003 in PMC4824644, with binding", 0.3,
                               0.3, low=0.04, high=0.12, stream=130),
    "globulin_bound": Parameter(0.12, "1/day", "further clearance by binding to T cells", "assumed",
                                "saturable clearance: Admiraal 2015 Lancet Haematol 2:e194", 0.4),
    "binding_half": Parameter(0.2, "1e9/L", "T cells at which binding is half of its most", "assumed", "no source",
                              0.5),
    "globulin_on_t_cell": Parameter(0.0194, "1/day per mg/kg", "T-cell loss per level of globulin", "fitted",
                                    "log depletion of infused T cells about 1 at 7.5 mg/kg; chronic disease with ATLG",
                                    0.3, low=0.01, high=0.1),
    "globulin_on_b_cell": Parameter(0.014, "1/day per mg/kg", "B-cell loss per level of globulin", "assumed",
                                    _ANALOGY, 0.4),
    "globulin_on_nk_cell": Parameter(0.02, "1/day per mg/kg", "NK-cell loss per level of globulin", "assumed",
                                     _ANALOGY, 0.4),
    "fastest_kill": Parameter(4, "1/day", "fastest loss of cells to antibodies", "assumed",
                              "lymphocytes are gone within a day or two of a full dose; no source", 0.4, low=2, high=8),
    "grafalon_potency": Parameter(0.23, "1", "potency of a mg of Grafalon over one of thymoglobulin", "assumed",
                                  "30-60 mg/kg in use against 5-10", 0.4),
    "horse_potency": Parameter(0.08, "1", "potency of a mg of horse globulin over one of thymoglobulin", "assumed",
                               "90-120 mg/kg in use against 5-10", 0.4),
    "alemtuzumab_clearance": Parameter(0.06, "1/day", "clearance of alemtuzumab", "assumed",
                                       "half-life about 12 d when few cells bind it; recalled", 0.3, 0.4, low=0.03,
                                       high=0.12, stream=131),
    "alemtuzumab_on_t_cell": Parameter(0.5, "1/day per mg/kg", "T-cell loss per level of alemtuzumab", "assumed",
                                       "T cells are gone for weeks after 100 mg; recalled", 0.5, low=0.2, high=2),
    "alemtuzumab_on_b_cell": Parameter(0.16, "1/day per mg/kg", "B-cell loss per level of alemtuzumab", "assumed",
                                       _ANALOGY, 0.4),
    "alemtuzumab_on_nk_cell": Parameter(0.11, "1/day per mg/kg", "NK-cell loss per level of alemtuzumab", "assumed",
                                        _ANALOGY, 0.4),
}  # fmt: skip


class State(NamedTuple):
    globulin: Annotated[Number, "mg/kg", "active anti-thymocyte globulin, as thymoglobulin"]
    alemtuzumab: Annotated[Number, "mg/kg", "active alemtuzumab"]


DAILY = {
    "atg_thymoglobulin_dose": Signal("mg/kg", "rabbit thymoglobulin given today"),
    "atg_grafalon_dose": Signal("mg/kg", "Grafalon given today"),
    "atg_horse_dose": Signal("mg/kg", "horse anti-thymocyte globulin given today"),
    "alemtuzumab_dose": Signal("mg/kg", "alemtuzumab given today"),
}
NEEDS = {
    "t_cells": "1e9/L",
    "atg_thymoglobulin_dose": "mg/kg",
    "atg_grafalon_dose": "mg/kg",
    "atg_horse_dose": "mg/kg",
    "alemtuzumab_dose": "mg/kg",
}
GIVES = {
    "antibody_on_t_cell": Signal("1/day", "T-cell loss by antibodies"),
    "antibody_on_b_cell": Signal("1/day", "B-cell loss by antibodies"),
    "antibody_on_nk_cell": Signal("1/day", "NK-cell loss by antibodies"),
}


def start(p, origins):
    none = 0 * p.globulin_free
    return State(none, none)


def signals(y: State, p):
    return {
        "antibody_on_t_cell": _kill(p, p.globulin_on_t_cell * y.globulin + p.alemtuzumab_on_t_cell * y.alemtuzumab),
        "antibody_on_b_cell": _kill(p, p.globulin_on_b_cell * y.globulin + p.alemtuzumab_on_b_cell * y.alemtuzumab),
        "antibody_on_nk_cell": _kill(p, p.globulin_on_nk_cell * y.globulin + p.alemtuzumab_on_nk_cell * y.alemtuzumab),
    }


def _kill(p, rate):
    """A rate of loss that saturates: complement and phagocytes have their own pace."""
    return rate / (1 + rate / p.fastest_kill)


def rates(y: State, p, s):
    bound = s.t_cells / (s.t_cells + p.binding_half)
    return State(
        -(p.globulin_free + p.globulin_bound * bound) * y.globulin,
        -p.alemtuzumab_clearance * y.alemtuzumab,
    )


def jump(y: State, p, s):
    globulin = s.atg_thymoglobulin_dose + p.grafalon_potency * s.atg_grafalon_dose
    return State(y.globulin + globulin + p.horse_potency * s.atg_horse_dose, y.alemtuzumab + s.alemtuzumab_dose)
