"""Chronic graft-versus-host disease: the alloreactive memory that seeds it, its activity, and what it leaves behind.

Donor effectors leave a memory, less where the clones were deleted early and where regulatory cells are many::

    clones spared         s <- s exp(-c kill^n) on days on which dividing effectors are killed; a graft brings new ones
    alloreactive memory   M' = k_m T sum(s A)/(A + E_m) (1 - M) - (1 + t thymus) M / tau_m    A effectors of donors
    tolerance             T = 1 / (1 + c R/R0)      R regulatory cells per donor T cell, R0 that share in health
    ripe memory           N' = (M - N) / tau_n      B cells and fibroblasts are drawn in
    onset                 hazard h N (1 - CNI)
    late acute disease    flares of memory, hazard f M^2 (1 - CNI): new effectors (``alloreactivity``)
    activity, fibrosis    X' = -X / tau from 1 at onset,   F' = k X - F / tau_F
    severity              1 mild to 3 severe:  min(s X + F, 3);  found moderate when it is 1.5 or more

Deletion is steep in the kill: cyclophosphamide after infusion takes clones away that methotrexate only thins. T cells
of cord blood leave little memory, and a young thymus makes the donor's cells tolerant sooner. The patient's own cells
are no effectors, so that after an autologous graft every term is exactly zero.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.elementwise import exp, minimum, power, where
from dayzero.module import Hazard, Number, Parameter, Signal

PER_UL = Parameter(1000, "cells/uL per 1e9/L", "unit of blood counts", "derived", "definition").typical
SEVERE = Parameter(3, "1", "severity of the worst chronic disease", "derived", "scale of NIH").typical
GROWN = Parameter(0.035, "cells/uL/day", "thymic output of CD4 at 20 years", "derived", "as in lymphocytes").typical
MODERATE = Parameter(1.5, "1", "severity between mild and moderate", "derived", "half-way from 1 to 2").typical
_CHRONIC = "set by chronic GVHD of published cohorts"

PARAMETERS = {
    "memory_seeding": Parameter(0.5, "1/day", "seeding of alloreactive memory", "fitted", _CHRONIC, 0.4),
    "memory_half": Parameter(4, "cells/uL", "effectors of half that effect", "fitted", _CHRONIC, 0.5),
    "deletion": Parameter(10.5, "1", "log loss of clones when all dividing effectors are killed", "fitted", _CHRONIC,
                          0.4, low=2, high=60),
    "deletion_steep": Parameter(3.6, "1", "exponent of that loss on the share killed", "fitted", _CHRONIC, 0.2, low=2,
                                high=8),
    "cord_memory": Parameter(0.06, "1", "memory that T cells of cord blood leave, relative to adult ones", "fitted",
                             "28 % at two years after cord blood, Narimatsu 2008", 0.5, low=0.02, high=1),
    "treg_tolerance": Parameter(0.141, "1", "tolerance, relative, at the share of regulatory cells in health", "fitted",
                                "regulatory cells survive cyclophosphamide, Kanakry 2013 Sci Transl Med 5:211ra157",
                                0.5),
    "treg_share": Parameter(0.032, "1", "regulatory cells per T cell in health", "measured", "45 of 1,400/uL", 0.2),
    "memory_fading": Parameter(265, "day", "time in which alloreactive memory turns tolerant", "fitted", _CHRONIC, 0.4),
    "thymic_tolerance": Parameter(0.3, "1", "faster fading, relative, with the thymus of a 20-year-old", "assumed",
                                  "chronic GVHD is half as common in children; recalled", 0.5, low=0, high=1),
    "ripening": Parameter(125, "day", "time in which alloreactive memory ripens to disease", "fitted",
                          "chronic GVHD hardly begins before day 80", 0.3, low=30, high=180),
    "chronic_onset": Parameter(0.022, "1/day", "chronic GVHD at full alloreactive memory", "fitted", _CHRONIC, 0.3),
    "chronic_calcineurin": Parameter(0.4, "1", "share of that hazard held back by a calcineurin inhibitor", "fitted",
                                     _CHRONIC, 0.3),
    "flares": Parameter(0.012, "1/day", "flares of full alloreactive memory", "fitted",
                        "late acute GVHD, Holtan 2016, Blood 128:2350", 0.5, low=2e-4, high=0.02),
    "flares_calcineurin": Parameter(0.5, "1", "share of these held back by a calcineurin inhibitor", "fitted",
                                    "day of onset of late acute GVHD, the same", 0.2, low=0.3, high=1),
    "chronic_severity": Parameter(1.7, "1", "severity at onset, 1 mild to 3 severe", "fitted",
                                  "GRFS of published cohorts; of onsets 39 % are mild, 41 moderate, 20 severe, where "
                                  "NIH grading of prevalent disease finds 10, 59, 31", 0.2, 0.45, stream=177),
    "grading": Parameter(0.5, "1/day", "rate at which the ward finds chronic GVHD to be moderate or severe", "assumed",
                         "scored at the visit of its onset", 0.5, low=0.1, high=1),
    "chronic_time": Parameter(600, "day", "time in which chronic GVHD burns out", "assumed",
                              "off immunosuppression at a median of 2-3 years", 0.3, 0.5, stream=178),
    "fibrosis": Parameter(0.002, "1/day", "fibrosis laid down at full chronic activity", "assumed", "no source", 0.4),
    "fibrosis_fading": Parameter(1500, "day", "time in which fibrosis softens", "assumed", "no source", 0.4),
    "chronic_death": Parameter(0.000025, "1/day", "death of chronic GVHD at severity 1", "fitted",
                               "two-year survival 97, 86 and 62 % by severity", 0.3),
    "chronic_death_steep": Parameter(2.8, "1", "exponent of that death on severity", "fitted", "the same", 0.2),
}  # fmt: skip

CONSTANTS = {
    "fresh_memory": Signal("1", "memory that cells of a graft may leave", per_origin=True),
    "memory_loss": Signal("1/day", "rate at which alloreactive memory turns tolerant"),
}
USES = {"frailty": "1", "graft_is_cord": "1", "thymus_health": "cells/uL/day"}


class Cells(NamedTuple):
    spared: Annotated[Number, "1", "alloreactive clones not deleted, by the memory they may leave"]


class State(NamedTuple):
    cells: tuple[Cells, ...]
    memory: Annotated[Number, "1", "alloreactive memory"]
    ripe: Annotated[Number, "1", "alloreactive memory that has ripened"]
    chronic: Annotated[Number, "1", "activity of chronic GVHD"]
    fibrosis_laid: Annotated[Number, "1", "fibrosis"]


NEEDS = {
    "effectors_by_origin": "cells/uL",
    "surviving_effector": "1",
    "infused": "1",
    "treg_by_origin": "cells/uL",
    "t_cells_by_origin": "cells/uL",
    "calcineurin": "1",
    "onset_chronic_gvhd_onset": "1",
}
GIVES = {
    "alloreactive_memory": Signal("1", "alloreactive memory"),
    "chronic_activity": Signal("1", "activity of chronic GVHD"),
    "chronic_gvhd": Signal("1", "severity of chronic GVHD, 0 none to 3 severe"),
}
HAZARDS = {
    "alloreactive_flare": Hazard("alloreactive memory flares up", stream=34, recurrent=True),
    "chronic_gvhd_onset": Hazard("onset of chronic graft-versus-host disease", stream=30),
    "chronic_gvhd_moderate": Hazard("chronic graft-versus-host disease found moderate or severe", stream=33),
    "chronic_gvhd_death": Hazard("death of chronic graft-versus-host disease", stream=32, fatal="always"),
}


def derive(p, c):
    return {
        "fresh_memory": tuple(1 + (p.cord_memory - 1) * cord for cord in c.graft_is_cord),
        "memory_loss": (1 + p.thymic_tolerance * c.thymus_health / GROWN) / p.memory_fading,
    }


def start(p, origins):
    none = 0 * p.memory_seeding
    return State(tuple(Cells(none) for _ in range(origins)), none, none, none, none)


def _severity(y: State, p):
    return minimum(p.chronic_severity * y.chronic + y.fibrosis_laid, SEVERE)


def signals(y: State, p):
    return {
        "alloreactive_memory": y.memory,
        "chronic_activity": minimum(y.chronic, 1),
        "chronic_gvhd": _severity(y, p),
    }


def rates(y: State, p, s):
    effectors = sum(s.effectors_by_origin[1:])
    untouched = sum(n * c.spared for n, c in zip(s.effectors_by_origin[1:], y.cells[1:], strict=True))
    tolerant = p.treg_tolerance * sum(s.treg_by_origin[1:]) / (sum(s.t_cells_by_origin[1:]) + 1 / PER_UL)
    remembering = untouched / (1 + tolerant / p.treg_share)
    return State(
        cells=tuple(Cells(0 * c.spared) for c in y.cells),
        memory=p.memory_seeding * remembering / (effectors + p.memory_half) * (1 - y.memory) - y.memory * p.memory_loss,
        ripe=(y.memory - y.ripe) / p.ripening,
        chronic=-y.chronic / p.chronic_time,
        fibrosis_laid=p.fibrosis * y.chronic - y.fibrosis_laid / p.fibrosis_fading,
    )


def jump(y: State, p, s):
    """Dividing clones are deleted, a graft brings new ones; at onset disease is fully active."""
    spared = exp(-p.deletion * power(1 - s.surviving_effector, p.deletion_steep))
    cells = tuple(
        Cells(c.spared * spared + (fresh - c.spared * spared) * minimum(new, 1))
        for c, fresh, new in zip(y.cells, p.fresh_memory, s.infused, strict=True)
    )
    return y._replace(cells=cells, chronic=y.chronic + s.onset_chronic_gvhd_onset)


def hazards(y: State, p, s):
    return {
        "alloreactive_flare": p.flares * y.memory * y.memory * (1 - p.flares_calcineurin * s.calcineurin),
        "chronic_gvhd_onset": p.chronic_onset * y.ripe * (1 - p.chronic_calcineurin * s.calcineurin),
        "chronic_gvhd_moderate": where(_severity(y, p) >= MODERATE, p.grading, 0 * p.grading),
        "chronic_gvhd_death": p.chronic_death * power(_severity(y, p), p.chronic_death_steep) * p.frailty,
    }
