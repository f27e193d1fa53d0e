"""Alloreactivity: cells of one origin that attack another, the tissue they damage, and the tolerance that ends it.

Every origin has effectors against the others, by one set of equations; donors attack host and each other, the host
attacks donors. Effectors A in cells per uL of blood-equivalent::

    precursors   f naive T / V               f rises with HLA mismatch and unrelatedness; Poisson small numbers
    stimulus     g = a_c danger + a_p presenting (roused + b) / (1 + b) + a_d damage + a_0,      G = g / (1 + g)
    donor        A' = [r q G drugs (1 - A/E) - d - k R/(R + n A) - steroid - antibodies - other units] A
    host         A' = [r_h q load drugs (1 - A/E) - d load - v T/(T + T_v) - steroid - antibodies] A
    drugs        (1 - CNI)(1 - abatacept)(1 - ruxolitinib)(1 - sirolimus)(1 - mycophenolate)(1 - steroid)
    responsiveness   q falls by h kill^2 when dividing effectors are killed (cyclophosphamide, methotrexate)

danger is the injury of conditioning as it fades, roused how far it has stirred the host's antigen-presenting cells,
presenting the share of these that are still the host's (donor cells replace them), load the share of stem cells that
are the donor's, T and R donor T cells and regulatory ones. The patient's own cells see nothing foreign: with an
autologous or syngeneic donor every term is exactly zero. What follows::

    attack on origin o    sum over other origins of  k A / (A + K)          (marrow, blood and lymphocytes of o)
    damage of organ x     D' = k_D w_x A/(A + E50) (1 - D) - k_r D          skin, gut, liver; w_x differ by patient
    alloreactive memory   M' = k_m q^n T A/(A + E_m) (1 - M) - M / tau_m    seeds chronic disease
    tolerance             T = 1 / (1 + c R/R0)      R regulatory cells per donor T cell, R0 that share in health
    chronic               onset hazard h M (1 - CNI), then activity X' = -X / tau, fibrosis F' = k X - F / tau_F

Grades are not here: damage makes signs (``clinical_signs``), signs make stages and grades (``criteria.gvhd``).
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.elementwise import maximum, minimum, poisson_quantile, power
from dayzero.module import Hazard, Number, Parameter, Signal

HALF = Parameter(0.5, "1", "share of donor lymphocytes that is naive", "assumed", "no source").typical
PER_UL = Parameter(1000, "cells/uL per 1e9/L", "unit of blood counts", "derived", "definition").typical
THIRD = Parameter(1 / 3, "1", "mean of three organs", "derived", "definition").typical
SEVERE = Parameter(3, "1", "severity of the worst chronic disease", "derived", "scale of NIH").typical
_GVHD = "set by acute GVHD of published cohorts"
_CHRONIC = "set by chronic GVHD of published cohorts"
_HOST = "set by graft failure of published cohorts"

PARAMETERS = {
    "precursors_minor": Parameter(0.00091, "of naive T", "precursors against minor antigens, sibling", "fitted", _GVHD,
                                  0.4,
                                  low=1e-4, high=4e-3),
    "precursors_unrelated": Parameter(0.853, "1", "more precursors with an unrelated donor, relative", "fitted", _GVHD,
                                      0.4),
    "precursors_mismatch": Parameter(0.00248, "of naive T", "precursors against a mismatched HLA allele", "fitted",
                                     _GVHD, 0.5, low=1e-3, high=3e-2),
    "mismatch_power": Parameter(0.692, "1", "exponent of precursors on the number of mismatches", "fitted", _GVHD, 0.4),
    "precursors_mobilised": Parameter(0.374, "1", "precursors in mobilised blood, relative to marrow", "fitted",
                                      "G-CSF turns donor T cells to Th2; equal acute GVHD at ten times the T cells",
                                      0.4, low=0.1, high=1),
    "precursor_spread": Parameter(1.0, "1", "own precursor frequency, relative", "fitted", _GVHD, 0.0, 0.73,
                                  stream=170),
    "cord_response": Parameter(0.864, "1", "response of cord-blood T cells, relative to adult ones", "fitted", _GVHD,
                               0.1,
                               low=0.6, high=1),
    "body_cells": Parameter(3.5e6, "cells/kg per cell/uL", "lymphocytes of the body per blood count", "measured",
                            "about 2 % of lymphocytes are in blood", 0.2, low=2.5e6, high=5e6),
    "expansion": Parameter(0.953, "1/day", "fastest expansion of effectors", "fitted", _GVHD, 0.1, 0.18, low=0.7,
                           high=1.3, stream=171),
    "contraction": Parameter(0.158, "1/day", "contraction of effectors", "fitted", _GVHD, 0.2, low=0.08, high=0.2),
    "treg_control": Parameter(0.023, "1/day", "loss of effectors to regulatory T cells", "fitted", _GVHD, 0.4, low=0.01,
                              high=0.2),
    "treg_against": Parameter(0.115, "1", "effectors per regulatory cell that halve their control", "fitted", _GVHD,
                              0.5),
    "effector_room": Parameter(125, "cells/uL", "effectors at which expansion slows", "fitted", _GVHD, 0.3, low=60,
                               high=300),
    "slowing": Parameter(0.4, "1", "share of expansion lost at that number", "assumed", "no source", 0.3),
    "stimulus_danger": Parameter(0.42, "1", "stimulus from conditioning injury", "fitted", _GVHD, 0.3, low=0.2, high=1),
    "stimulus_presenting": Parameter(1.24, "1", "stimulus from host antigen-presenting cells", "fitted", _GVHD, 0.3,
                                     low=0.5, high=2),
    "stimulus_standing": Parameter(0.143, "1", "stimulus that stays", "fitted", _GVHD, 0.3, low=0.05, high=0.3),
    "stimulus_damage": Parameter(3.33, "1", "stimulus from damaged tissue", "fitted", _GVHD, 0.3, low=1, high=4),
    "danger_fading": Parameter(9, "day", "time in which danger fades", "fitted", _GVHD, 0.3),
    "unroused": Parameter(0.27, "1", "stimulus from host cells that conditioning has not stirred, relative", "fitted",
                          _GVHD,
                          0.3),
    "roused_fading": Parameter(90, "day", "time in which antigen-presenting cells calm down", "assumed", "no source",
                               0.5),
    "danger_scale": Parameter(1.2, "1", "danger per mucosal injury; about 1 after myeloablative conditioning",
                              "assumed", "scale", 0.2),
    "presenting_time": Parameter(12.9, "day", "time in which donor cells replace host antigen-presenting cells",
                                 "fitted",
                                 _GVHD, 0.3),
    "calcineurin_block": Parameter(0.16, "1", "expansion lost under a calcineurin inhibitor at target", "fitted",
                                   _GVHD,
                                   0.2, low=0.1, high=0.6),
    "abatacept_block": Parameter(0.0968, "1", "expansion lost under abatacept", "fitted", _GVHD, 0.2, low=0.08,
                                 high=0.5),
    "sirolimus_block": Parameter(0.22, "1", "expansion lost under sirolimus", "assumed", "no source", 0.3),
    "mycophenolate_block": Parameter(0.075, "1", "expansion lost under mycophenolate", "assumed", "no source", 0.4),
    "ruxolitinib_block": Parameter(0.45, "1", "expansion lost under ruxolitinib", "assumed",
                                   "day-28 response 55 % in refractory disease, Blood 2020 135:1739", 0.2, low=0.3,
                                   high=0.6),
    "steroid_block": Parameter(0.35, "1", "expansion lost under a steroid at full dose", "fitted", _GVHD, 0.3),
    "steroid_kill": Parameter(0.60, "1/day", "effector loss under a steroid at full dose", "fitted",
                              "day-28 response 62 %, Inamoto 2014", 0.3, low=0.3, high=0.8),
    "steroid_full": Parameter(2, "mg/kg", "full dose of steroid", "derived", "definition"),
    "steroid_sensitivity": Parameter(0.6, "1", "own sensitivity to steroid, at most 1", "fitted",
                                     "a third do not respond", 0.1, 0.55, stream=172),
    "deletion": Parameter(0.294, "1", "responsiveness lost when all dividing effectors are killed", "fitted", _GVHD,
                          0.3,
                          low=0.1, high=0.5),
    "damage_rate": Parameter(0.32, "1/day", "damage of tissue by effectors", "fitted", _GVHD, 0.2, low=0.2, high=0.5),
    "damage_half": Parameter(26.6, "cells/uL", "effectors of half that effect", "fitted", _GVHD, 0.3),
    "repair": Parameter(0.068, "1/day", "repair of tissue", "fitted", _GVHD, 0.2, low=0.05, high=0.12),
    "skin_weight": Parameter(1.0, "1", "share of damage that the skin takes", "fitted",
                             "70 % of grade II-IV involve skin", 0.2, 0.5, stream=173),
    "gut_weight": Parameter(0.6, "1", "share of damage that the gut takes", "fitted", "50 % involve the gut", 0.2, 0.8,
                            stream=174),
    "liver_weight": Parameter(0.25, "1", "share of damage that the liver takes", "fitted", "15-20 % involve the liver",
                              0.2, 0.9, stream=175),
    "host_precursors": Parameter(10, "1", "host precursors per donor precursor", "assumed", "symmetry", 0.5),
    "host_naive": Parameter(0.35, "1", "share of host T cells that counts as naive", "assumed", "no source", 0.3),
    "host_cells": Parameter(800, "cells/uL", "host T cells at admission, and how far transfusions have sensitised them",
                            "assumed", "treated patients", 0.3, 2.0,
                            stream=176),
    "host_expansion": Parameter(0.35, "1/day", "fastest expansion of host effectors", "fitted", _HOST, 0.3),
    "host_contraction": Parameter(0.05, "1/day", "contraction of host effectors", "assumed", "no source", 0.4),
    "donor_veto": Parameter(0.3, "1/day", "loss of host effectors to many donor T cells", "fitted", _HOST, 0.4),
    "veto_half": Parameter(25, "cells/uL", "donor T cells of half that effect", "fitted", _HOST, 0.5),
    "sensitised": Parameter(3, "1", "more host precursors in the face of antibodies, relative", "assumed", "no source",
                            0.5),
    "rejection": Parameter(0.3, "1/day", "loss of donor cells to host effectors, at most", "fitted", _HOST, 0.4,
                           low=0.05, high=0.5),
    "rejection_half": Parameter(0.3, "cells/uL", "host effectors of half that effect", "assumed", "no source", 0.5),
    "conversion": Parameter(0.10, "1/day", "loss of host marrow to donor effectors, at most", "fitted",
                            "donor chimerism after non-myeloablative conditioning", 0.4, low=0.02, high=0.2),
    "conversion_half": Parameter(0.3, "cells/uL", "donor effectors of half that effect", "fitted",
                                 "donor chimerism after non-myeloablative conditioning", 0.5),
    "memory_seeding": Parameter(0.05, "1/day", "seeding of alloreactive memory", "fitted", _CHRONIC, 0.4),
    "memory_half": Parameter(0.05, "cells/uL", "effectors of half that effect", "fitted", _CHRONIC, 0.5),
    "deletion_power": Parameter(13, "1", "exponent of memory on responsiveness: clones deleted early leave none",
                                "fitted",
                                _CHRONIC, 0.4, low=1, high=20),
    "treg_tolerance": Parameter(0.3, "1", "tolerance, relative, at the share of regulatory cells in health", "fitted",
                                "regulatory cells survive cyclophosphamide, Kanakry 2013 Sci Transl Med 5:211ra157",
                                0.5),
    "treg_share": Parameter(0.032, "1", "regulatory cells per T cell in health", "measured", "45 of 1,400/uL", 0.2),
    "memory_fading": Parameter(300, "day", "time in which alloreactive memory turns tolerant", "fitted", _CHRONIC, 0.4),
    "chronic_onset": Parameter(0.02, "1/day", "chronic GVHD at full alloreactive memory", "fitted", _CHRONIC, 0.3),
    "chronic_calcineurin": Parameter(0.5, "1", "share of that hazard held back by a calcineurin inhibitor", "assumed",
                                     "onset clusters after the taper", 0.3),
    "chronic_severity": Parameter(1.7, "1", "severity at onset, 1 mild to 3 severe", "fitted",
                                  "NIH mild 10, moderate 59, severe 31 %", 0.2, 0.45, stream=177),
    "chronic_time": Parameter(600, "day", "time in which chronic GVHD burns out", "assumed",
                              "off immunosuppression at a median of 2-3 years", 0.3, 0.5, stream=178),
    "fibrosis": Parameter(0.002, "1/day", "fibrosis laid down at full chronic activity", "assumed", "no source", 0.4),
    "fibrosis_fading": Parameter(1500, "day", "time in which fibrosis softens", "assumed", "no source", 0.4),
    "acute_death": Parameter(0.016, "1/day", "death of acute GVHD at full damage", "fitted",
                             "0.0005, 0.004 and 0.012 a day in grades II, III and IV", 0.3),
    "acute_death_steep": Parameter(3.5, "1", "exponent of that death on damage", "fitted", "the same", 0.2),
    "chronic_death": Parameter(0.00008, "1/day", "death of chronic GVHD at severity 1", "fitted",
                               "two-year survival 97, 86 and 62 % by severity", 0.3),
    "chronic_death_steep": Parameter(2, "1", "exponent of that death on severity", "fitted", "the same", 0.2),
}  # fmt: skip

CONSTANTS = {
    "graft_effectors": Signal("cells/uL", "precursors that a graft brings", per_origin=True),
    "host_start": Signal("cells/uL", "host precursors against donors at admission"),
    "fresh_response": Signal("1", "responsiveness of a graft's T cells when they arrive", per_origin=True),
    "allogeneic_origin": Signal("1", "1 where an origin is foreign to the host", per_origin=True),
    "precursor_frequency": Signal("of naive T", "precursors of the first donor against the host"),
    "steroid_response": Signal("1", "own sensitivity to steroid"),
}
USES = {
    **dict.fromkeys(("hla_mismatch", "donor_is_unrelated", "donor_is_self", "donor_specific_antibody", "graft_is_blood",
                     "graft_is_cord", "precursor_luck", "frailty"), "1"),
    "graft_naive_t_per_kg": "cells/kg",
    "weight_kg": "kg",
}  # fmt: skip


class Cells(NamedTuple):
    effectors: Annotated[Number, "cells/uL", "effectors against other origins, blood-equivalent"]
    responsiveness: Annotated[Number, "1", "response to stimulation, share of the untouched"]


class State(NamedTuple):
    cells: tuple[Cells, ...]
    danger: Annotated[Number, "1", "injury of conditioning as seen by T cells"]
    roused: Annotated[Number, "1", "how far conditioning has stirred the host's antigen-presenting cells"]
    presenting: Annotated[Number, "1", "share of antigen-presenting cells that are the host's"]
    skin: Annotated[Number, "1", "damage of the skin"]
    gut: Annotated[Number, "1", "damage of the gut"]
    liver: Annotated[Number, "1", "damage of the liver"]
    memory: Annotated[Number, "1", "alloreactive memory"]
    chronic: Annotated[Number, "1", "activity of chronic GVHD"]
    fibrosis: Annotated[Number, "1", "fibrosis"]


NEEDS = {
    "infused": "1",
    "mucosal_kill": "1",
    "stem_donor_fraction": "1",
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
    "onset_chronic_gvhd_onset": "1",
}
GIVES = {
    "immune_attack": Signal("1/day", "loss of this origin's blood to the others' effectors", per_origin=True),
    "gvh_effectors": Signal("cells/uL", "donor effectors against the host, blood-equivalent"),
    "hvg_effectors": Signal("cells/uL", "host effectors against donors, blood-equivalent"),
    "graft_activity": Signal("1", "activity of donor effectors, 1 at most"),
    "skin_damage": Signal("1", "damage of the skin by GVHD"),
    "gut_damage": Signal("1", "damage of the gut by GVHD"),
    "liver_damage": Signal("1", "damage of the liver by GVHD"),
    "gvhd_damage": Signal("1", "mean damage of skin, gut and liver"),
    "alloreactive_memory": Signal("1", "alloreactive memory"),
    "chronic_activity": Signal("1", "activity of chronic GVHD"),
    "chronic_gvhd": Signal("1", "severity of chronic GVHD, 0 none to 3 severe"),
}
HAZARDS = {
    "chronic_gvhd_onset": Hazard("onset of chronic graft-versus-host disease", stream=30),
    "acute_gvhd_death": Hazard("death of acute graft-versus-host disease", stream=31, fatal="always"),
    "chronic_gvhd_death": Hazard("death of chronic graft-versus-host disease", stream=32, fatal="always"),
}


def derive(p, c):
    foreign = tuple(1 - own for own in c.donor_is_self)
    frequency = tuple(_frequency(p, c, o) for o in range(len(foreign)))
    brought = tuple(f * naive * allo for f, naive, allo in zip(frequency, c.graft_naive_t_per_kg, foreign, strict=True))
    whole = tuple(
        poisson_quantile(luck, n * c.weight_kg) / c.weight_kg for luck, n in zip(c.precursor_luck, brought, strict=True)
    )
    seen = sum(
        allo * f * (1 + p.sensitised * antibody)
        for allo, f, antibody in zip(foreign[1:], frequency[1:], c.donor_specific_antibody[1:], strict=True)
    )
    return {
        "graft_effectors": tuple(n / p.body_cells for n in whole),
        "host_start": p.host_precursors * seen * p.host_naive * p.host_cells,
        "fresh_response": tuple(1 + (p.cord_response - 1) * cord for cord in c.graft_is_cord),
        "allogeneic_origin": foreign,
        "precursor_frequency": frequency[1] * foreign[1],
        "steroid_response": minimum(p.steroid_sensitivity, 1),
    }


def _frequency(p, c, o):
    """Precursors among naive T cells of origin o against the host."""
    mismatch = power(c.hla_mismatch[o], p.mismatch_power) * minimum(c.hla_mismatch[o], 1)
    minor = p.precursors_minor * (1 + p.precursors_unrelated * c.donor_is_unrelated[o])
    mobilised = 1 + (p.precursors_mobilised - 1) * c.graft_is_blood[o]
    return (minor + p.precursors_mismatch * mismatch) * mobilised * p.precursor_spread


def start(p, origins):
    none = 0 * p.host_start
    donors = tuple(Cells(none, none + 1) for _ in range(origins - 1))
    return State((Cells(p.host_start, none + 1), *donors), none, none, none + 1, none, none, none, none, none, none)


def _half(amount, half):
    """A share that saturates: 1/2 at `half`."""
    return amount / (amount + half)


def _severity(y: State, p):
    return minimum(p.chronic_severity * y.chronic + y.fibrosis, SEVERE)


def _damage(y: State):
    return (y.skin + y.gut + y.liver) * THIRD


def signals(y: State, p):
    host, *donors = (c.effectors for c in y.cells)
    against_host = sum(donors)
    rejecting = p.rejection * _half(host, p.rejection_half)
    on_host = p.conversion * _half(against_host, p.conversion_half)
    on_donors = tuple(
        allo * (rejecting + p.conversion * _half(against_host - own, p.conversion_half))
        for allo, own in zip(p.allogeneic_origin[1:], donors, strict=True)
    )
    return {
        "immune_attack": (on_host, *on_donors),
        "gvh_effectors": against_host,
        "hvg_effectors": host,
        "graft_activity": _half(against_host, p.damage_half),
        "skin_damage": y.skin,
        "gut_damage": y.gut,
        "liver_damage": y.liver,
        "gvhd_damage": _damage(y),
        "alloreactive_memory": y.memory,
        "chronic_activity": minimum(y.chronic, 1),
        "chronic_gvhd": _severity(y, p),
    }


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
    presenting = p.stimulus_presenting * y.presenting * (y.roused + p.unroused) / (1 + p.unroused)
    stimulus = p.stimulus_danger * y.danger + presenting + p.stimulus_standing + p.stimulus_damage * _damage(y)
    stimulated = stimulus / (1 + stimulus)
    host, *donors = y.cells
    against_host = sum(c.effectors for c in donors)
    by_units = tuple(p.conversion * _half(against_host - c.effectors, p.conversion_half) for c in donors)
    active = _half(against_host, p.damage_half)
    tolerant = p.treg_tolerance * sum(s.treg_by_origin[1:]) / (sum(s.t_cells_by_origin[1:]) + 1 / PER_UL)
    untouched = sum(c.effectors * power(c.responsiveness, p.deletion_power) for c in donors)
    remembering = untouched / (1 + tolerant / p.treg_share)
    return State(
        cells=(
            _host_rates(host, p, s, drugs, lost),
            *(
                _donor_rates(c, p, stimulated * drugs, lost + attack, treg)
                for c, attack, treg in zip(donors, by_units, s.treg_by_origin[1:], strict=True)
            ),
        ),
        danger=-y.danger / p.danger_fading,
        roused=-y.roused / p.roused_fading,
        presenting=(1 - s.myeloid_donor_fraction - y.presenting) / p.presenting_time,
        skin=p.damage_rate * p.skin_weight * active * (1 - y.skin) - p.repair * y.skin,
        gut=p.damage_rate * p.gut_weight * active * (1 - y.gut) - p.repair * y.gut,
        liver=p.damage_rate * p.liver_weight * active * (1 - y.liver) - p.repair * y.liver,
        memory=p.memory_seeding * remembering / (against_host + p.memory_half) * (1 - y.memory)
        - y.memory / p.memory_fading,
        chronic=-y.chronic / p.chronic_time,
        fibrosis=p.fibrosis * y.chronic - y.fibrosis / p.fibrosis_fading,
    )


def _donor_rates(c: Cells, p, driven, lost, treg):
    room = maximum(1 - p.slowing * c.effectors / p.effector_room, 0)
    control = p.treg_control * treg / (treg + p.treg_against * c.effectors + 1 / PER_UL)
    return Cells(
        (p.expansion * c.responsiveness * driven * room - p.contraction - control - lost) * c.effectors,
        0 * c.responsiveness,
    )


def _host_rates(c: Cells, p, s, drugs, lost):
    load = s.stem_donor_fraction
    room = maximum(1 - p.slowing * c.effectors / p.effector_room, 0)
    growth = load * (p.host_expansion * c.responsiveness * drugs * room - p.host_contraction)
    donor = sum(s.t_cells_by_origin[1:])
    veto = p.donor_veto * donor / (donor + p.veto_half)
    return Cells((growth - veto - lost) * c.effectors, 0 * c.responsiveness)


def jump(y: State, p, s):
    """Dividing effectors die; those left respond less; a graft or donor lymphocytes bring precursors."""
    kill = 1 - s.surviving_effector
    spared = 1 - p.deletion * kill * kill
    dli = s.donor_lymphocytes_per_kg * p.precursor_frequency * HALF / p.body_cells
    host, *donors = (Cells(c.effectors * s.surviving_effector, c.responsiveness * spared) for c in y.cells)
    cells = tuple(
        Cells(
            c.effectors + new * brought + more,
            c.responsiveness + (fresh - c.responsiveness) * minimum(new, 1),
        )
        for c, new, brought, fresh, more in zip(
            donors,
            s.infused[1:],
            p.graft_effectors[1:],
            p.fresh_response[1:],
            (dli, *(0 * dli for _ in donors[1:])),
            strict=True,
        )
    )
    return y._replace(
        cells=(host, *cells),
        danger=y.danger + p.danger_scale * s.mucosal_kill,
        roused=y.roused + p.danger_scale * s.mucosal_kill,
        chronic=y.chronic + s.onset_chronic_gvhd_onset,
    )


def hazards(y: State, p, s):
    acute = p.acute_death * power(maximum(y.gut, y.liver), p.acute_death_steep)
    return {
        "chronic_gvhd_onset": p.chronic_onset * y.memory * (1 - p.chronic_calcineurin * s.calcineurin),
        "acute_gvhd_death": acute * p.frailty,
        "chronic_gvhd_death": p.chronic_death * power(_severity(y, p), p.chronic_death_steep) * p.frailty,
    }
