"""The graft: what is in the bag, how much of it lodges, and when it begins to divide.

Composition: each stage is a fraction of the viable CD34+ cells, by source (mobilised blood, marrow, cord blood).
Lodging saturates with the dose, for the marrow has only so many places to catch a cell as it passes::

    lodged cells/kg of stage X = eps f_X D / (1 + D / D_half)           D viable CD34+ cells/kg

Entry: a lodged cell leaves quiescence after two exponential waits of mean tau, a gamma(2) delay, so that the inflow
of every stage follows  t / tau^2 exp(-t / tau). The two waits are states (`lodged`, `waking`), so a boost or a second
graft is a jump. Cord blood cells wait longer; antibodies against the donor, fibrosis and a large spleen cost cells.

Cord blood is not of other make than adult blood: its CD34+ cells hold as many committed progenitors or more, but there
are some twenty-five times fewer, so that their wave of neutrophils is low and soon over, and counts wait for the wave
of the stem cells. Stage fractions are effective values that only count curves constrain; stem-cell fractions follow
SCID-repopulating assays (Wang 1997 Blood 89:3919).
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.elementwise import exp, maximum, minimum
from dayzero.module import Number, Parameter, Signal


def _fraction(typical, meaning, status, source, uncertainty, low, high):
    return Parameter(typical, "of CD34+", meaning, status, source, uncertainty, low=low, high=high)


_FIT = "scenario fit (benchmarks of neutrophil and platelet recovery); effective, not phenotypic"
_SRC = "SCID-repopulating cells, Wang 1997 Blood 89:3919; 5,000-30,000 engrafted, Spencer Chapman 2024 Nature 635:926"

PARAMETERS = {
    "lodging": Parameter(
        0.29, "1", "share of infused CD34+ cells that lodges at a low dose", "fitted", _FIT, 0.4, 0.35,
        low=0.1, high=0.5, stream=120),
    "lodging_half_dose": Parameter(
        2e7, "cells/kg", "CD34+ dose at which lodging falls to half", "fitted",
        "shallow dose response within mobilised blood (about 5 % of neutrophil days per doubling)", 0.4,
        low=2e6, high=2e7),
    "waking": Parameter(
        1.28, "day", "each of two waits between lodging and division", "fitted", _FIT, 0.2, 0.15, low=0.5, high=2,
        stream=121),
    "waking_cord": Parameter(1.5, "1", "fold longer waits of cord cells", "assumed", "no source", 0.3, low=1, high=3),
    "antibody_loss": Parameter(
        0.2, "1", "share that lodges in the face of antibodies against the donor", "assumed", "no source", 0.5),
    "fibrosis_loss": Parameter(
        0.6, "1", "share that lodges in a fibrotic marrow or past a large spleen", "assumed", "no source", 0.3),
    "old_donor_loss": Parameter(
        0.07, "1/year", "loss of graft stem cells per year of donor age past 40", "measured",
        "clone numbers tenfold lower with donors of 50-66 y, Spencer Chapman 2024 Nature 635:926", 0.4,
        low=0.03, high=0.12),
    "old_donor_from": Parameter(40, "year", "donor age from which stem cells are lost", "assumed", "no source", 0.2),
    "old_donor_most": Parameter(
        25, "year", "years after which the loss goes no further", "assumed", "range of donors studied", 0.2),
    "priming": Parameter(
        1.8, "1", "fold more multipotent and committed cells in marrow collected after G-CSF", "assumed",
        "primed marrow recovers nearly as mobilised blood does", 0.3),
    "stem_blood": _fraction(5e-4, "long-term stem cells, mobilised blood", "measured", _SRC, 0.6, 1e-4, 2e-3),
    "stem_marrow": _fraction(7e-4, "long-term stem cells, marrow", "measured", _SRC, 0.6, 1e-4, 2e-3),
    "stem_cord": _fraction(1.5e-3, "long-term stem cells, cord blood", "measured", _SRC, 0.6, 5e-4, 5e-3),
    "short_term_blood": _fraction(8.5e-4, "short-term stem cells, mobilised blood", "fitted", _FIT, 0.6, 1e-4, 2e-3),
    "short_term_marrow": _fraction(3.6e-4, "short-term stem cells, marrow", "fitted", _FIT, 0.6, 1e-4, 2e-3),
    "short_term_cord": _fraction(2e-4, "short-term stem cells, cord blood", "fitted", _FIT, 0.6, 1e-4, 2e-3),
    "multipotent_blood": _fraction(
        0.07, "multipotent progenitors, mobilised blood", "fitted",
        "scenario fit; platelet engraftment model 0.0719", 0.3, 0.03, 0.12),
    "multipotent_marrow": _fraction(0.011, "multipotent progenitors, marrow", "fitted", _FIT, 0.4, 0.006, 0.07),
    "multipotent_cord": _fraction(0.026, "multipotent progenitors, cord blood", "fitted", _FIT, 0.4, 0.01, 0.1),
    "committed_blood": _fraction(0.104, "committed progenitors, mobilised blood", "fitted", _FIT, 0.4, 0.04, 0.3),
    "committed_marrow": _fraction(0.26, "committed progenitors, marrow", "fitted", _FIT, 0.4, 0.03, 0.3),
    "committed_cord": _fraction(0.33, "committed progenitors, cord blood", "fitted", _FIT, 0.5, 0.05, 0.5),
    "granulocytic_blood": _fraction(0.012, "granulocyte progenitors, mobilised blood", "fitted", _FIT, 0.5, 0.002, 0.1),
    "granulocytic_marrow": _fraction(0.02, "granulocyte progenitors, marrow", "fitted", _FIT, 0.5, 0.005, 0.1),
    "granulocytic_cord": _fraction(0.02, "granulocyte progenitors, cord blood", "fitted", _FIT, 0.5, 0.002, 0.1),
    "megakaryocytic_blood": _fraction(0.006, "megakaryoblasts, mobilised blood", "fitted", _FIT, 0.5, 0.002, 0.03),
    "megakaryocytic_marrow": _fraction(0.01, "megakaryoblasts, marrow", "fitted", _FIT, 0.5, 0.002, 0.03),
    "megakaryocytic_cord": _fraction(0.0005, "megakaryoblasts, cord blood", "fitted", _FIT, 0.5, 0.0001, 0.005),
    "erythroid_blood": _fraction(
        0.10, "erythroid progenitors, mobilised blood", "assumed", "no source", 0.4, 0.05, 0.2),
    "erythroid_marrow": _fraction(0.048, "erythroid progenitors, marrow", "assumed", "no source", 0.4, 0.02, 0.1),
    "erythroid_cord": _fraction(0.0024, "erythroid progenitors, cord blood", "assumed", "no source", 0.5, 0.001, 0.02),
}  # fmt: skip

_STAGES = ("stem", "short_term", "multipotent", "committed", "granulocytic", "megakaryocytic", "erythroid")
CONSTANTS = {
    "waking_time": Signal("day", "each of the two waits of this graft", per_origin=True),
    **{f"graft_cells_{stage}": Signal("cells/kg", f"lodged cells of the graft: {stage}", per_origin=True)
       for stage in _STAGES},
}  # fmt: skip
USES = {
    "graft_cd34_per_kg": "cells/kg",
    "graft_is_blood": "1",
    "graft_is_marrow": "1",
    "graft_is_cord": "1",
    "graft_is_primed": "1",
    "donor_age_years": "year",
    "donor_specific_antibody": "1",
    "splenomegaly": "1",
    "marrow_fibrosis": "1",
}


class Bag(NamedTuple):
    """One donor's infused cells on their way."""

    lodged: Annotated[Number, "1", "lodged and quiescent, share of the graft"]
    waking: Annotated[Number, "1", "about to divide, share of the graft"]


class State(NamedTuple):
    cells: tuple[Bag, ...]


NEEDS = {"infused": "1", "boost": "1"}
DAILY = {"infused": Signal("1", "grafts infused today, 1 for the whole first graft of this donor", per_origin=True)}
GIVES = {
    "homing": Signal("1/day", "inflow of graft cells into cycle, share of the graft", per_origin=True),
    "resting_graft": Signal("1", "cells that lodge and are not yet in cycle, share of the graft", per_origin=True),
}


def derive(p, c):
    """Lodged cells of every stage and origin (the host's are zero), and how long they wait."""
    grafts = tuple(_one_graft(p, c, o) for o in range(len(c.graft_cd34_per_kg)))
    wait = tuple(p.waking * (1 + (p.waking_cord - 1) * cord) for cord in c.graft_is_cord)
    return {"waking_time": wait} | {
        f"graft_cells_{stage}": tuple(graft[stage] for graft in grafts) for stage in _STAGES
    }


def _one_graft(p, c, o):
    blood, marrow, cord = c.graft_is_blood[o], c.graft_is_marrow[o], c.graft_is_cord[o]
    dose = c.graft_cd34_per_kg[o]
    hostile = maximum(c.splenomegaly, c.marrow_fibrosis)
    lodged = p.lodging * dose / (1 + dose / p.lodging_half_dose)
    lodged = lodged * _share(c.donor_specific_antibody[o], p.antibody_loss) * _share(hostile, p.fibrosis_loss)
    years = minimum(maximum(c.donor_age_years[o] - p.old_donor_from, 0), p.old_donor_most)
    young = exp(-p.old_donor_loss * years)
    primed = 1 + (p.priming - 1) * c.graft_is_primed[o]
    return {
        "stem": lodged * young * (blood * p.stem_blood + marrow * p.stem_marrow + cord * p.stem_cord),
        "short_term": lodged
        * (blood * p.short_term_blood + marrow * p.short_term_marrow + cord * p.short_term_cord),
        "multipotent": lodged * primed
        * (blood * p.multipotent_blood + marrow * p.multipotent_marrow + cord * p.multipotent_cord),
        "committed": lodged * primed
        * (blood * p.committed_blood + marrow * p.committed_marrow + cord * p.committed_cord),
        "granulocytic": lodged
        * (blood * p.granulocytic_blood + marrow * p.granulocytic_marrow + cord * p.granulocytic_cord),
        "megakaryocytic": lodged
        * (blood * p.megakaryocytic_blood + marrow * p.megakaryocytic_marrow + cord * p.megakaryocytic_cord),
        "erythroid": lodged * (blood * p.erythroid_blood + marrow * p.erythroid_marrow + cord * p.erythroid_cord),
    }  # fmt: skip


def _share(present, share):
    """`share` where something is present (1), 1 where it is not (0)."""
    return 1 + (share - 1) * present


def start(p, origins):
    nothing = 0 * p.waking
    return State(tuple(Bag(nothing, nothing) for _ in range(origins)))


def signals(y: State, p):
    return {
        "homing": tuple(bag.waking / wait for bag, wait in zip(y.cells, p.waking_time, strict=True)),
        "resting_graft": tuple(bag.lodged + bag.waking for bag in y.cells),
    }


def rates(y: State, p, s):
    return State(
        tuple(
            Bag(-bag.lodged / wait, (bag.lodged - bag.waking) / wait)
            for bag, wait in zip(y.cells, p.waking_time, strict=True)
        )
    )


def jump(y: State, p, s):
    """Grafts of the plan arrive, and stem cells of the first donor that the ward orders as a boost."""
    host, first, *others = s.infused
    arriving = (host, first + s.boost, *others)
    return State(tuple(Bag(bag.lodged + new, bag.waking) for bag, new in zip(y.cells, arriving, strict=True)))
