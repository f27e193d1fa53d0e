"""Host memory: T cells of the patient that know a donor's antigens before the graft comes, and rest.

Blood products and pregnancies teach some, viruses others: T cells against a virus cross-react with foreign HLA. At
rest they outlast much of what kills other T cells, nobody's T cells hold them down, and each that meets a donor makes
effectors::

    at admission   B0 = m (1 + h foreign HLA)(1 + b transfused) x host precursors against that donor
    memory         B' = -(t antibodies + attack on the host) B,      share left by drugs and rays: effectors' share ^ t
    waking         w load B      effectors a day, of those in ``alloreactivity`` under the same drugs

A graft of few T cells meets them alone: they are what loses it early. Where donor cells keep their offspring down they
stay, and some graft is lost months later.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.elementwise import minimum, power
from dayzero.module import Number, Parameter, Signal

PARAMETERS = {
    "share": Parameter(1.2, "1", "resting memory relative to host precursors", "fitted",
                       "graft failure of published cohorts", 0.5, low=0.01, high=2),
    "foreign_hla": Parameter(3, "1", "more memory for every foreign HLA, relative", "fitted",
                             "the same; unrelated donors mostly differ at DPB1", 0.5, low=0, high=5),
    "transfused": Parameter(2, "1", "more memory once a marrow that never worked was treated in vain, relative",
                            "fitted", "graft failure in aplastic anemia and sickle cell disease; transfusions go on "
                            "for months", 0.5, low=0, high=40),
    "toughness": Parameter(0.75, "1", "log kill by drugs, rays and antibodies, relative to other T cells", "fitted",
                           "graft failure after full against mild conditioning; memory T cells outlast irradiation "
                           "and globulin, recalled", 0.2, low=0.3, high=1),
    "waking": Parameter(0.05, "1/day", "effectors made by resting memory that meets a donor", "fitted",
                        "graft failure of published cohorts", 0.5, low=0.005, high=0.2),
}  # fmt: skip

CONSTANTS = {"memory_start": Signal("cells/uL", "resting host memory of the donors at admission")}
USES = {
    "host_start_by_donor": "cells/uL",
    **dict.fromkeys(("donor_is_unrelated", "hla_mismatch", "disease_aplastic", "disease_other",
                     "prior_treatment_lines"), "1"),
}  # fmt: skip


class State(NamedTuple):
    resting: Annotated[Number, "cells/uL", "resting host memory of the donors, blood-equivalent"]


NEEDS = {"antibody_on_t_cell": "1/day", "immune_attack": "1/day", "surviving_effector": "1"}
GIVES = {"memory_recruits": Signal("cells/uL/day", "host effectors that resting memory makes where it meets donors")}


def derive(p, c):
    taught = 1 + p.transfused * (c.disease_aplastic + c.disease_other) * minimum(c.prior_treatment_lines, 1)
    known = sum(
        n * (1 + p.foreign_hla * (unrelated + mismatch))
        for n, unrelated, mismatch in zip(c.host_start_by_donor, c.donor_is_unrelated, c.hla_mismatch, strict=True)
    )
    return {"memory_start": p.share * taught * known}


def start(p, origins):
    return State(p.memory_start)


def signals(y: State, p):
    return {"memory_recruits": p.waking * y.resting}


def rates(y: State, p, s):
    own, *_ = s.immune_attack
    return State(-(p.toughness * s.antibody_on_t_cell + own) * y.resting)


def jump(y: State, p, s):
    """Of cells at rest more are left than of those that divide."""
    return State(y.resting * power(s.surviving_effector, p.toughness))
