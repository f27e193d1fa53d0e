"""Alloreactivity: cells of one origin that attack another, and the tolerance that ends it.

Every origin has effectors against the others, by one set of equations; donors attack host and each other, the host
attacks donors. Effectors A in cells per uL of blood-equivalent::

    precursors   f naive T / V               f rises with HLA mismatch and unrelatedness; Poisson small numbers
    stimulus     g = a_c danger + a_p P + a_d damage (P + i) / (1 + i) + a_0,      G = g / (1 + g)
                     P = presenting (roused + b) / (1 + b)
    donor        A' = [r q G drugs (1 - A/E) - d - k R/(R + R_h + n A) - steroid - antibodies - other units] A
                     + flares of chronic memory + m x precursors among donor lymphocytes, on their days
    host         A' = [r_h q load drugs (1 - A/E) - d load - v T/(T + T_h + T_v) - steroid - antibodies] A
                     + load drugs x resting memory that wakes,      q' = -load q / tau_h
    load         (1 + l) H/(H + l)       H share of stem cells that are the donor's, those that have lodged and not yet
                                         divided among them: few donor cells are enough to see
    drugs        (1 - CNI)(1 - abatacept)(1 - ruxolitinib)(1 - sirolimus)(1 - mycophenolate)(1 - steroid)
    responsiveness   q' = -x G A/(A + E50) q: lasting activity exhausts; it falls by h kill when dividing effectors
                     are killed (cyclophosphamide, methotrexate); donor lymphocytes bring fresh cells to the mean

danger is the injury of conditioning as it fades, roused how far it has stirred the host's antigen-presenting cells,
presenting the share of these that are still the host's (donor cells replace them), T and T_h T cells of donors and
host, R regulatory ones of the donor: who has more T cells holds the other's effectors down. The patient's own cells
see nothing foreign: with an autologous or syngeneic donor every term is exactly zero. What follows::

    attack on origin o    sum over other origins of  k A / (A + K)          (marrow, blood and lymphocytes of o)
    attack on the host    F = k f A / (f A + K),   f = 1 + w mismatches: a foreign HLA stands on every cell

Acute disease of the tissues follows in ``acute_gvhd``, chronic disease in ``chronic_gvhd``.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.elementwise import maximum, minimum, poisson_quantile, power
from dayzero.module import Number, Parameter, Signal

PER_UL = Parameter(1000, "cells/uL per 1e9/L", "unit of blood counts", "derived", "definition").typical
NOTHING = Parameter(1e-9, "1", "keeps a share of nothing finite", "derived", "definition").typical
_GVHD = "set by acute GVHD of published cohorts"
_HOST = "set by graft failure of published cohorts"
_CHIMERISM = "set by graft failure and donor chimerism of published cohorts"

PARAMETERS = {
    "precursors_minor": Parameter(0.000988, "of naive T", "precursors against minor antigens, sibling", "fitted", _GVHD,
                                  0.4,
                                  low=1e-4, high=4e-3),
    "precursors_unrelated": Parameter(0.7, "1", "more precursors with an unrelated donor, relative", "fitted", _GVHD,
                                      0.4),
    "precursors_mismatch": Parameter(0.0045, "of naive T", "precursors against a mismatched HLA allele", "fitted",
                                     _GVHD, 0.5, low=1e-3, high=3e-2),
    "precursors_male": Parameter(0.5, "1", "more precursors of a woman against a man's Y chromosome, relative",
                                 "assumed", "acute and chronic disease 1.3-1.7 times as common; recalled", 0.4,
                                 low=0.2, high=1),
    "mismatch_power": Parameter(0.36, "1", "exponent of precursors on the number of mismatches", "fitted", _GVHD, 0.4),
    "precursors_mobilised": Parameter(0.459, "1", "precursors in mobilised blood, relative to marrow", "fitted",
                                      "G-CSF turns donor T cells to Th2; equal acute GVHD at ten times the T cells",
                                      0.4, low=0.1, high=1),
    "precursor_spread": Parameter(1.0, "1", "own precursor frequency, relative", "fitted", _GVHD, 0.0, 0.73,
                                  stream=170),
    "cord_response": Parameter(0.82, "1", "response of cord-blood T cells, relative to adult ones", "fitted", _GVHD,
                               0.1,
                               low=0.6, high=1),
    "body_cells": Parameter(3.5e6, "cells/kg per cell/uL", "lymphocytes of the body per blood count", "measured",
                            "about 2 % of lymphocytes are in blood", 0.2, low=2.5e6, high=5e6),
    "treg_half": Parameter(11.1, "cells/uL", "regulatory T cells at half of that control", "fitted", _GVHD, 0.5,
                           low=2, high=30),
    "expansion": Parameter(1.06, "1/day", "fastest expansion of effectors", "fitted", _GVHD, 0.1, 0.18, low=0.7,
                           high=1.6, stream=171),
    "flare": Parameter(8, "cells/uL", "effectors that a flare of alloreactive memory brings", "fitted",
                       "late acute GVHD, Holtan 2016, Blood 128:2350", 0.5, 0.7, low=2, high=30, stream=179),
    "unchecked": Parameter(10, "1", "first expansion of precursors in donor lymphocytes, off prophylaxis",
                           "fitted", "GVHD in 21, 45 and 55 % by dose, doi:10.1016/j.bbmt.2013.03.001", 0.5, low=1,
                           high=100),
    "contraction": Parameter(0.217, "1/day", "contraction of effectors", "fitted", _GVHD, 0.2, low=0.08, high=0.4),
    "treg_control": Parameter(0.0508, "1/day", "loss of effectors to regulatory T cells", "fitted", _GVHD, 0.4,
                              low=0.01, high=0.2),
    "treg_against": Parameter(0.124, "1", "effectors per regulatory cell that halve their control", "fitted", _GVHD,
                              0.5),
    "effector_room": Parameter(82.5, "cells/uL", "effectors at which expansion slows", "fitted", _GVHD, 0.3, low=60,
                               high=300),
    "slowing": Parameter(0.4, "1", "share of expansion lost at that number", "assumed", "no source", 0.3),
    "stimulus_danger": Parameter(0.522, "1", "stimulus from conditioning injury", "fitted", _GVHD, 0.3,
                                 low=0.2, high=1),
    "stimulus_presenting": Parameter(1.21, "1", "stimulus from host antigen-presenting cells", "fitted", _GVHD, 0.3,
                                     low=0.5, high=2),
    "stimulus_standing": Parameter(0.137, "1", "stimulus that stays", "fitted", _GVHD, 0.3, low=0.05, high=0.3),
    "stimulus_damage": Parameter(5.14, "1", "stimulus from damaged tissue", "fitted", _GVHD, 0.3, low=1, high=10),
    "indirect": Parameter(0.52, "1", "damage presented by cells of the donor, relative to those of the host", "fitted",
                          _GVHD, 0.5, low=0.1, high=2),
    "danger_fading": Parameter(11, "day", "time in which danger fades", "fitted", _GVHD, 0.3),
    "unroused": Parameter(0.298, "1", "stimulus from host cells that conditioning has not stirred, relative", "fitted",
                          _GVHD,
                          0.3),
    "reaction_half": Parameter(0.04, "cells/uL", "newly infused precursors at half of the first cytokines",
                               "assumed", "fever after haploidentical blood and before cyclophosphamide; no source",
                               0.5),
    "reaction_time": Parameter(2, "day", "time in which a first meeting is over", "assumed", "no source", 0.4),
    "roused_fading": Parameter(86.2, "day", "time in which antigen-presenting cells calm down", "fitted", _GVHD,
                               0.5),
    "danger_scale": Parameter(1.2, "1", "danger per mucosal injury; about 1 after myeloablative conditioning",
                              "assumed", "scale", 0.2),
    "presenting_time": Parameter(11.3, "day", "time in which donor cells replace host antigen-presenting cells",
                                 "fitted",
                                 _GVHD, 0.3),
    "calcineurin_block": Parameter(0.133, "1", "expansion lost under a calcineurin inhibitor at target", "fitted",
                                   _GVHD,
                                   0.2, low=0.1, high=0.6),
    "abatacept_block": Parameter(0.12, "1", "expansion lost under abatacept", "fitted", _GVHD, 0.2, low=0.08,
                                 high=0.5),
    "sirolimus_block": Parameter(0.22, "1", "expansion lost under sirolimus", "assumed", "no source", 0.3),
    "mycophenolate_block": Parameter(0.0642, "1", "expansion lost under mycophenolate", "fitted", _GVHD, 0.4),
    "ruxolitinib_block": Parameter(0.3, "1", "expansion lost under ruxolitinib", "assumed",
                                   "day-28 response 55 % in refractory disease, Blood 2020 135:1739", 0.3, low=0.15,
                                   high=0.6),
    "steroid_block": Parameter(0.35, "1", "expansion lost under a steroid at full dose", "fitted", _GVHD, 0.3),
    "steroid_kill": Parameter(0.285, "1/day", "effector loss under a steroid at full dose", "fitted",
                              "day-28 response 62 %, Inamoto 2014", 0.3, low=0.15, high=0.8),
    "steroid_full": Parameter(2, "mg/kg", "full dose of steroid", "derived", "definition"),
    "steroid_sensitivity": Parameter(0.667, "1", "own sensitivity to steroid, at most 1", "fitted",
                                     "a third do not respond", 0.1, 0.9, stream=172),
    "deletion": Parameter(0.16, "1", "responsiveness lost when all dividing effectors are killed", "fitted", _GVHD,
                          0.3, low=0.03, high=0.5),
    "exhaustion": Parameter(0.06, "1/day", "responsiveness lost to full activity under full stimulus", "fitted",
                            "set by how long severe acute GVHD lasts in published cohorts", 0.4, low=0.01, high=0.2),
    "damage_half": Parameter(25.6, "cells/uL", "effectors of half that effect", "fitted", _GVHD, 0.3),
    "host_precursors": Parameter(7.7, "1", "host precursors per donor precursor", "fitted", _CHIMERISM, 0.5),
    "host_naive": Parameter(0.35, "1", "share of host T cells that counts as naive", "assumed", "no source", 0.3),
    "host_cells": Parameter(800, "cells/uL", "host T cells at admission, and how far transfusions have sensitised them",
                            "assumed", "treated patients; the spread is fitted to graft failure of published cohorts",
                            0.3, 1.2,
                            stream=176),
    "host_expansion": Parameter(0.2, "1/day", "fastest expansion of host effectors", "fitted", _HOST, 0.3),
    "host_contraction": Parameter(0.05, "1/day", "contraction of host effectors", "assumed", "no source", 0.4),
    "host_tolerance": Parameter(90, "day", "time in which host effectors come to tolerate a donor they keep seeing",
                                "fitted", "grafts lost late after mild conditioning; stable mixed chimerism", 0.5,
                                low=30, high=365),
    "donor_veto": Parameter(0.15, "1/day", "loss of host effectors to many donor T cells", "fitted", _HOST, 0.4),
    "veto_half": Parameter(1.0, "cells/uL", "donor T cells of half that effect where the host has none", "fitted",
                           _HOST, 0.5),
    "load_half": Parameter(0.107, "1", "share of donor stem cells of half the stimulus to host effectors", "fitted",
                           _HOST, 0.5),
    "sensitised": Parameter(3, "1", "more host precursors in the face of antibodies, relative", "assumed", "no source",
                            0.5),
    "rejection": Parameter(0.322, "1/day", "loss of donor cells to host effectors, at most", "fitted", _HOST, 0.4,
                           low=0.05, high=0.5),
    "rejection_half": Parameter(0.163, "cells/uL", "host effectors of half that effect", "assumed", "no source", 0.5),
    "conversion": Parameter(0.15, "1/day", "loss of host marrow to donor effectors, at most", "fitted",
                            "donor chimerism after non-myeloablative conditioning", 0.4, low=0.02, high=0.3),
    "unit_attack": Parameter(0.07, "1/day", "loss of one donor's cells to the other's effectors, at most", "fitted",
                             "two cord units cost each other platelets, not neutrophils, and one wins", 0.5,
                             low=0.01, high=0.2),
    "conversion_half": Parameter(0.17, "cells/uL", "donor effectors of half that effect", "fitted",
                                 "donor chimerism after non-myeloablative conditioning", 0.5),
    "mismatch_force": Parameter(60, "1", "force of effectors on host marrow per mismatch seen, above minor antigens",
                                "fitted", "donor chimerism after haploidentical marrow; a cell shows some 10^5 "
                                "molecules of a mismatched HLA and 10 to 10^3 of a minor antigen, recalled", 0.5,
                                low=0, high=150),
}  # fmt: skip

CONSTANTS = {
    "graft_effectors": Signal("cells/uL", "precursors that a graft brings", per_origin=True),
    "host_start": Signal("cells/uL", "host precursors against donors at admission"),
    "host_start_by_donor": Signal("cells/uL", "of these, against each donor", per_origin=True),
    "force_on_host": Signal("1", "force of an origin's effectors on host marrow, relative", per_origin=True),
    "fresh_response": Signal("1", "responsiveness of a graft's T cells when they arrive", per_origin=True),
    "allogeneic_origin": Signal("1", "1 where an origin is foreign to the host", per_origin=True),
    "stem_brought": Signal("1", "stem cells of the graft, in healthy pools", per_origin=True),
    "precursor_frequency": Signal("of naive T", "precursors of the first donor, not mobilised, against the host"),
    "steroid_response": Signal("1", "own sensitivity to steroid"),
}
USES = {
    **dict.fromkeys(("hla_mismatch", "donor_is_unrelated", "donor_is_self", "donor_specific_antibody", "graft_is_blood",
                     "graft_is_cord", "precursor_luck", "male", "donor_female"), "1"),
    "graft_naive_t_per_kg": "cells/kg",
    "graft_stem": "1",
    "weight_kg": "kg",
    "donor_lymphocytes_naive": "1",
}  # fmt: skip


class Cells(NamedTuple):
    effectors: Annotated[Number, "cells/uL", "effectors against other origins, blood-equivalent"]
    responsiveness: Annotated[Number, "1", "response to stimulation, share of the untouched"]


class State(NamedTuple):
    cells: tuple[Cells, ...]
    newcomers: Annotated[Number, "cells/uL", "precursors of a graft that first meet the host"]
    danger: Annotated[Number, "1", "injury of conditioning as seen by T cells"]
    roused: Annotated[Number, "1", "how far conditioning has stirred the host's antigen-presenting cells"]
    presenting: Annotated[Number, "1", "share of antigen-presenting cells that are the host's"]


NEEDS = {
    "infused": "1",
    "mucosal_kill": "1",
    "stem_cells": "1",
    "resting_graft": "1",
    "myeloid_donor_fraction": "1",
    "treg_by_origin": "cells/uL",
    "t_cells_by_origin": "cells/uL",
    "calcineurin": "1",
    "sirolimus": "1",
    "mycophenolate": "1",
    "abatacept": "1",
    "ruxolitinib": "1",
    "steroid_mg_per_kg": "mg/kg",
    "antibody_on_t_cell": "1/day",
    "surviving_effector": "1",
    "donor_lymphocytes_per_kg": "cells/kg",
    "memory_recruits": "cells/uL/day",
    "gvhd_damage": "1",
    "onset_alloreactive_flare": "1",
}
GIVES = {
    "immune_attack": Signal("1/day", "loss of this origin's blood to the others' effectors", per_origin=True),
    "gvh_effectors": Signal("cells/uL", "donor effectors against the host, blood-equivalent"),
    "effectors_by_origin": Signal("cells/uL", "effectors of each origin, blood-equivalent", per_origin=True),
    "hvg_effectors": Signal("cells/uL", "host effectors against donors, blood-equivalent"),
    "graft_activity": Signal("1", "activity of donor effectors, 1 at most"),
    "cytokine_release": Signal("1", "cytokines of many donor T cells that first meet foreign tissue"),
}


def derive(p, c):
    foreign = tuple(1 - own for own in c.donor_is_self)
    frequency = tuple(_frequency(p, c, o) for o in range(len(foreign)))
    brought = tuple(f * naive * allo for f, naive, allo in zip(frequency, c.graft_naive_t_per_kg, foreign, strict=True))
    whole = tuple(
        poisson_quantile(luck, n * c.weight_kg) / c.weight_kg for luck, n in zip(c.precursor_luck, brought, strict=True)
    )
    host = p.host_precursors * p.host_naive * p.host_cells
    against = tuple(
        host
        * foreign[o]
        * _recognised(p, c, o, (1 - c.male) * (1 - c.donor_female[o]))
        * (1 + p.sensitised * c.donor_specific_antibody[o])
        for o in range(1, len(foreign))
    )
    return {
        "graft_effectors": tuple(n / p.body_cells for n in whole),
        "host_start": sum(against),
        "host_start_by_donor": (0 * host, *against),
        "force_on_host": tuple(1 + p.mismatch_force * _mismatched(p, n) for n in c.hla_mismatch),
        "fresh_response": tuple(1 + (p.cord_response - 1) * cord for cord in c.graft_is_cord),
        "allogeneic_origin": foreign,
        "stem_brought": tuple(c.graft_stem),
        "precursor_frequency": foreign[1] * _recognised(p, c, 1, c.male * c.donor_female[1]) * p.precursor_spread,
        "steroid_response": minimum(p.steroid_sensitivity, 1),
    }


def _frequency(p, c, o):
    """Precursors among naive T cells of origin o against the host."""
    mobilised = 1 + (p.precursors_mobilised - 1) * c.graft_is_blood[o]
    return _recognised(p, c, o, c.male * c.donor_female[o]) * mobilised * p.precursor_spread


def _recognised(p, c, o, male):
    """Share of naive T cells that sees what differs between host and origin o; `male` 1 where a woman's see a man."""
    minor = p.precursors_minor * (1 + p.precursors_unrelated * c.donor_is_unrelated[o]) * (1 + p.precursors_male * male)
    return minor + p.precursors_mismatch * _mismatched(p, c.hla_mismatch[o])


def _mismatched(p, alleles):
    """What mismatched alleles come to: the second counts for less than the first."""
    return power(alleles, p.mismatch_power) * minimum(alleles, 1)


def start(p, origins):
    none = 0 * p.host_start
    donors = tuple(Cells(none, none + 1) for _ in range(origins - 1))
    return State((Cells(p.host_start, none + 1), *donors), none, none, none, none + 1)


def _half(amount, half):
    """A share that saturates: 1/2 at `half`."""
    return amount / (amount + half)


def signals(y: State, p):
    host, *donors = (c.effectors for c in y.cells)
    against_host = sum(donors)
    rejecting = p.rejection * _half(host, p.rejection_half)
    on_donors = tuple(
        allo * (rejecting + p.unit_attack * _half(against_host - own, p.conversion_half))
        for allo, own in zip(p.allogeneic_origin[1:], donors, strict=True)
    )
    return {
        "immune_attack": (_on_host(y, p), *on_donors),
        "gvh_effectors": against_host,
        "effectors_by_origin": tuple(c.effectors for c in y.cells),
        "hvg_effectors": host,
        "graft_activity": _half(against_host, p.damage_half),
        "cytokine_release": _half(y.newcomers * y.newcomers, p.reaction_half * p.reaction_half),
    }


def _on_host(y: State, p):
    """Loss of host marrow, blood and lymphocytes to effectors of the donors."""
    forces = zip(y.cells[1:], p.force_on_host[1:], strict=True)
    return p.conversion * _half(sum(force * c.effectors for c, force in forces), p.conversion_half)


def _drugs(p, s):
    """Share of expansion left under all drugs."""
    steroid = minimum(s.steroid_mg_per_kg / p.steroid_full, 1)
    left = (1 - p.calcineurin_block * s.calcineurin) * (1 - p.abatacept_block * s.abatacept)
    left = left * (1 - p.sirolimus_block * s.sirolimus) * (1 - p.mycophenolate_block * s.mycophenolate)
    return left * (1 - p.ruxolitinib_block * s.ruxolitinib) * (1 - p.steroid_block * p.steroid_response * steroid)


def rates(y: State, p, s):
    drugs = _drugs(p, s)
    steroid = p.steroid_kill * p.steroid_response * minimum(s.steroid_mg_per_kg / p.steroid_full, 1)
    lost = steroid + s.antibody_on_t_cell
    presenting = y.presenting * (y.roused + p.unroused) / (1 + p.unroused)
    shown = p.stimulus_damage * s.gvhd_damage * (presenting + p.indirect) / (1 + p.indirect)
    stimulus = p.stimulus_danger * y.danger + p.stimulus_presenting * presenting + shown + p.stimulus_standing
    stimulated = stimulus / (1 + stimulus)
    host, *donors = y.cells
    against_host = sum(c.effectors for c in donors)
    by_units = tuple(p.conversion * _half(against_host - c.effectors, p.conversion_half) for c in donors)
    return State(
        cells=(
            _host_rates(host, p, s, drugs, lost + _on_host(y, p)),
            *(
                _donor_rates(c, p, stimulated, drugs, lost + attack, treg)
                for c, attack, treg in zip(donors, by_units, s.treg_by_origin[1:], strict=True)
            ),
        ),
        newcomers=-y.newcomers / p.reaction_time,
        danger=-y.danger / p.danger_fading,
        roused=-y.roused / p.roused_fading,
        presenting=(1 - s.myeloid_donor_fraction - y.presenting) / p.presenting_time,
    )


def _donor_rates(c: Cells, p, stimulated, drugs, lost, treg):
    room = maximum(1 - p.slowing * c.effectors / p.effector_room, 0)
    control = p.treg_control * treg / (treg + p.treg_half + p.treg_against * c.effectors)
    return Cells(
        (p.expansion * c.responsiveness * stimulated * drugs * room - p.contraction - control - lost) * c.effectors,
        -p.exhaustion * stimulated * _half(c.effectors, p.damage_half) * c.responsiveness,
    )


def _load(p, s):
    """How far host effectors see a donor: by its share of stem cells, those that have not yet divided among them."""
    host, *donors = s.stem_cells
    theirs = sum(n + here * g for n, here, g in zip(donors, s.resting_graft[1:], p.stem_brought[1:], strict=True))
    seen = (1 + p.load_half) * theirs
    return seen / (seen + p.load_half * (host + NOTHING))


def _host_rates(c: Cells, p, s, drugs, lost):
    load = _load(p, s)
    room = maximum(1 - p.slowing * c.effectors / p.effector_room, 0)
    growth = load * (p.host_expansion * c.responsiveness * drugs * room - p.host_contraction)
    veto = p.donor_veto * sum(s.t_cells_by_origin[1:]) / (sum(s.t_cells_by_origin) + p.veto_half)
    woken = load * drugs * s.memory_recruits
    return Cells((growth - veto - lost) * c.effectors + woken, -load * c.responsiveness / p.host_tolerance)


def jump(y: State, p, s):
    """Dividing effectors die; those left respond less; a graft or donor lymphocytes bring precursors."""
    kill = 1 - s.surviving_effector
    spared = 1 - p.deletion * kill
    dli = s.donor_lymphocytes_per_kg * p.precursor_frequency * p.donor_lymphocytes_naive / p.body_cells
    dli = p.unchecked * dli
    flare = s.onset_alloreactive_flare * p.flare / (sum(s.t_cells_by_origin[1:]) + NOTHING)
    host, *donors = (Cells(c.effectors * s.surviving_effector, c.responsiveness * spared) for c in y.cells)
    cells = tuple(
        Cells(
            c.effectors + new * brought + more + flare * t_cells,
            c.responsiveness + (fresh - c.responsiveness) * minimum(new + _half(more, c.effectors + NOTHING), 1),
        )
        for c, new, brought, fresh, more, t_cells in zip(
            donors,
            s.infused[1:],
            p.graft_effectors[1:],
            p.fresh_response[1:],
            (dli, *(0 * dli for _ in donors[1:])),
            s.t_cells_by_origin[1:],
            strict=True,
        )
    )
    return y._replace(
        cells=(host, *cells),
        newcomers=y.newcomers * s.surviving_effector
        + sum(new * n for new, n in zip(s.infused[1:], p.graft_effectors[1:], strict=True)),
        danger=y.danger + p.danger_scale * s.mucosal_kill,
        roused=y.roused + p.danger_scale * s.mucosal_kill,
    )
