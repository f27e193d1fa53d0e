"""Erythropoiesis: red cells and hemoglobin, driven by erythropoietin, bled by the laboratory, filled by transfusion.

Shares of the healthy pool, for each origin; e is erythropoietin's effect relative to health::

    early        E1' = (out_C - E1) / tau_1                              + graft
    late         E2' = (e' f E1 - E2) / tau_2         f = 1, less while antibodies destroy donor red cells
    reticulocyte E3' = (e' E2 - E3) / tau_3           e split evenly over two steps, e' = sqrt e each
    red cells    R'  = k_R (E3 - R)
    transfused   X'  = -k_X X                         (g/dL)
    antibody     I'  = -ln 2 / t_half I               (major ABO mismatch: 1 at admission)

    e = min(exp(-eta (1 - (1 - psi) inflammation) (Hb - Hb0)), e_max),      Hb = Hb0 sum R + X

Every laboratory visit costs blood. In major ABO mismatch the patient's isohemagglutinins destroy late donor
precursors until their titre has fallen (pure red-cell aplasia where it stays).

Zheng 2021 for residence times and erythropoietin; red-cell life span 115-120 d.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.elementwise import exp, minimum, power, where
from dayzero.module import Number, Parameter, Signal

HALF = Parameter(0.5, "1", "square root", "derived", "definition").typical
LN2 = Parameter(0.6931471805599453, "1", "natural logarithm of 2", "derived", "definition").typical
PARAMETERS = {
    "hemoglobin_woman": Parameter(13.5, "g/dL", "hemoglobin of a healthy woman", "measured",
                                  "adult reference interval 12.0-15.5", 0.02, low=12, high=15.5),
    "hemoglobin_man": Parameter(15.0, "g/dL", "hemoglobin of a healthy man", "measured",
                                "adult reference interval 13.5-17.5", 0.02, low=13.5, high=17.5),
    "hemoglobin_spread": Parameter(1.0, "1", "own hemoglobin relative to one's sex and age", "measured",
                                   "reference intervals", 0.02, 0.07, stream=400),
    "hemoglobin_child": Parameter(12.0, "g/dL", "hemoglobin of a healthy child of one year", "measured",
                                  "paediatric reference intervals", 0.03),
    "hemoglobin_grown": Parameter(16, "year", "age at which adult hemoglobin is reached", "measured",
                                  "paediatric reference intervals", 0.1),
    "admission_anemia": Parameter(0.22, "1", "share of hemoglobin missing at admission in treated patients",
                                  "assumed", "hemoglobin about 10.5-11 g/dL at transplant", 0.3, 0.3, stream=401),
    "early_residence": Parameter(7, "day", "residence of burst-forming cells", "measured", "Zheng 2021", 0.1,
                                 low=5, high=8),
    "late_residence": Parameter(5, "day", "residence of colony-forming cells and erythroblasts", "assumed",
                                "shorter than the 7 d of Zheng 2021", 0.2, low=4, high=7),
    "reticulocyte_residence": Parameter(2.5, "day", "residence of reticulocytes", "assumed", "Zheng 2021 has 3 d", 0.2,
                                        low=2, high=4),
    "red_cell_loss": Parameter(0.00833, "1/day", "red cells lost", "measured", "life span 120 d, Zheng 2021", 0.05,
                               0.05, low=0.008, high=0.0095, stream=402),
    "erythropoietin_slope": Parameter(0.228, "1 per g/dL", "erythropoietin response to anemia", "measured",
                                      "Zheng 2021 (0.23 per unit oxygen content)", 0.2, 0.2, low=0.15, high=0.3,
                                      stream=403),
    "erythropoietin_most": Parameter(6, "1", "largest effect of erythropoietin", "assumed",
                                     "5-fold production in anaemic sheep (PMC2882108)", 0.2, low=4, high=8),
    "inflammation_blunting": Parameter(0.5, "1", "share of the response left at full inflammation", "assumed",
                                       "no source", 0.3, low=0.3, high=0.8),
    "erythroid_branch": Parameter(0.40, "1", "share of committed output that becomes erythroid", "assumed",
                                  "no source", 0.2, low=0.3, high=0.5),
    "transfused_loss": Parameter(0.0167, "1/day", "transfused red cells lost", "assumed", "mean life 60 d; no source",
                                 0.2),
    "grams_per_unit": Parameter(70, "g/dL x kg", "hemoglobin increment x body weight of one red-cell unit", "measured",
                                "1 g/dL at 70 kg", 0.1, 0.1, low=55, high=85, stream=404),
    "visit_loss": Parameter(0.08, "g/dL", "hemoglobin lost to sampling and oozing on a day of blood tests", "assumed",
                            "about 40 mL of 5 L drawn and oozed; no source", 0.5),
    "antibody_half_life": Parameter(25, "day", "half-life of isohemagglutinins against donor red cells", "assumed",
                                    "no source", 0.3, 0.5, stream=405),
    "antibody_block": Parameter(0.8, "1", "share of late precursors destroyed at full titre", "assumed", "no source",
                                0.2),
    "antibody_half": Parameter(0.2, "1", "titre, relative to admission, at which destruction is half", "assumed",
                               "no source", 0.5),
}  # fmt: skip

CONSTANTS = {
    "hemoglobin_set_point": Signal("g/dL", "hemoglobin of this patient in health"),
    "graft_erythroid": Signal("1", "erythroid progenitors of the graft, in healthy early pools", per_origin=True),
    "red_cells_at_admission": Signal("1", "red cells at admission, share of health"),
    "hemoglobin_increment": Signal("g/dL per unit", "hemoglobin increment of one red-cell unit in this patient"),
    "antibody_decay": Signal("1/day", "decay of isohemagglutinins"),
}
USES = {
    "age_years": "year",
    "male": "1",
    "weight_kg": "kg",
    "prior_treatment_lines": "1",
    "marrow_cellularity": "1",
    "major_abo_mismatch": "1",
    "committed_flux": "cells/kg/day",
    "graft_cells_erythroid": "cells/kg",
}


class Cells(NamedTuple):
    early: Annotated[Number, "1", "burst-forming cells, share of health"]
    late: Annotated[Number, "1", "colony-forming cells and erythroblasts, share of health"]
    reticulocytes: Annotated[Number, "1", "reticulocytes, share of health"]
    red_cells: Annotated[Number, "1", "red cells, share of health"]


class State(NamedTuple):
    cells: tuple[Cells, ...]
    transfused: Annotated[Number, "g/dL", "hemoglobin contributed by transfused red cells"]
    antibody: Annotated[Number, "1", "isohemagglutinin titre relative to admission"]


NEEDS = {
    "homing": "1/day",
    "committed_output": "1",
    "inflammation": "1",
    "red_cell_units": "units",
    "blood_drawn": "1",
    "surviving_erythroid": "1",
    "surviving_late_erythroid": "1",
}
GIVES = {"hemoglobin": Signal("g/dL", "hemoglobin, transfused red cells included")}


def derive(p, c):
    treated = minimum(c.prior_treatment_lines, 1)
    flux = p.erythroid_branch * c.committed_flux
    pool = flux * p.early_residence
    return {
        "hemoglobin_set_point": _set_point(p, c),
        "graft_erythroid": tuple(n / pool for n in c.graft_cells_erythroid),
        "red_cells_at_admission": minimum(1 - p.admission_anemia * treated, power(c.marrow_cellularity, HALF)),
        "hemoglobin_increment": p.grams_per_unit / c.weight_kg,
        "antibody_decay": LN2 / p.antibody_half_life,
    }


def _set_point(p, c):
    """Hemoglobin rises from the first birthday to the adult value of the sex."""
    adult = p.hemoglobin_woman + (p.hemoglobin_man - p.hemoglobin_woman) * c.male
    grown = minimum(c.age_years / p.hemoglobin_grown, 1)
    return p.hemoglobin_spread * (p.hemoglobin_child + (adult - p.hemoglobin_child) * grown)


def start(p, origins):
    share = p.marrow_cellularity
    host = Cells(share, share, share, p.red_cells_at_admission)
    empty = Cells(*(0 * x for x in host))
    return State((host, *(empty for _ in range(origins - 1))), 0 * share, p.major_abo_mismatch)


def _hemoglobin(y: State, p):
    return p.hemoglobin_set_point * sum(c.red_cells for c in y.cells) + y.transfused


def signals(y: State, p):
    return {"hemoglobin": _hemoglobin(y, p)}


def rates(y: State, p, s):
    response = 1 - (1 - p.inflammation_blunting) * s.inflammation
    lack = p.hemoglobin_set_point - _hemoglobin(y, p)
    effect = minimum(exp(p.erythropoietin_slope * response * lack), p.erythropoietin_most)
    step = power(effect, HALF)
    spared = 1 - p.antibody_block * y.antibody / (y.antibody + p.antibody_half)
    donors = len(y.cells) - 1
    return State(
        tuple(
            Cells(
                early=(output - c.early) / p.early_residence + homing * graft,
                late=(step * kept * c.early - c.late) / p.late_residence,
                reticulocytes=(step * c.late - c.reticulocytes) / p.reticulocyte_residence,
                red_cells=p.red_cell_loss * (c.reticulocytes - c.red_cells),
            )
            for c, output, homing, graft, kept in zip(
                y.cells, s.committed_output, s.homing, p.graft_erythroid, (1, *(spared,) * donors), strict=True
            )
        ),
        -p.transfused_loss * y.transfused,
        -p.antibody_decay * y.antibody,
    )


def jump(y: State, p, s):
    """Precursors die with the conditioning; blood is drawn from all red cells alike; a transfusion adds to them."""
    hemoglobin = _hemoglobin(y, p)
    drawn = p.visit_loss * s.blood_drawn
    kept = where(hemoglobin > 2 * drawn, 1 - drawn / hemoglobin, 0 * hemoglobin + 1)
    cells = tuple(
        Cells(
            c.early * s.surviving_erythroid,
            c.late * s.surviving_erythroid,
            c.reticulocytes * s.surviving_late_erythroid,
            c.red_cells * kept,
        )
        for c in y.cells
    )
    return State(cells, y.transfused * kept + p.hemoglobin_increment * s.red_cell_units, y.antibody)
