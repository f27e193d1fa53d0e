"""Disease: what is left of it, how it grows back, what the graft does to it, and what it does to the marrow.

Burden L as a share of 10^12 cells, the load at which growth ends, in a sensitive and a resistant part::

    L'      = r (1 - d M - L_all) L - m k_GVL L              m = 1 sensitive, less resistant (escape, loss of HLA)
    r       = own growth, faster with risk                   M maintenance, d what the drug takes of growth
    k_GVL   = g r (1 - e CNI) {[w donor killers + k1 (effectors + chronic activity)] / (1 + L_all / L_ex) + k2 F}
    w       = (1 + h mismatched HLA), more for the cells of cord blood; 0 for one's own
    F       = share of fresh donor lymphocytes, dose / (dose + D0) when given, fading; they are not exhausted yet
    relapse hazard   d s L^4 / (L^4 + L_rel^4)                s watched since the infusion
    death after relapse   h P (1 + a exp(-t_relapse / tau)) / (1 + t_since / tau_h) L / (L + L_d)
                          P = pace of the disease x (own growth x frailty)^(1/2) x exp(-progress in treatment)
    crowding   c L / (L + L_half)                             of stem and progenitor pools

The graft's effect is scaled to the growth rate r of each disease (otherwise slow diseases would never come back) and
is zero for the patient's own cells. Below 1,000 cells chance decides every day whether cells live or die out.
Killers that see foreign HLA see the disease better, while cells that lose HLA escape them; those of cord blood count
for more than their number. Drugs and rays kill by the table in ``conditioning``; disease and status only set burden,
growth and marrow share.

Aplastic anemia is no burden but an attack: the patient's own T cells on the patient's stem cells::

    A' = [g (1 - A) T/(T + T_g) - antibodies - graft's attack on the host] A,   attack = k A      T T cells of the host

AML doubling times: Ommen 2010 (Blood 115:198). Burdens, spreads and strength of graft-versus-leukemia are fitted.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.elementwise import exp, minimum, poisson_quantile, power, where
from dayzero.module import Hazard, Number, Parameter, Signal

LN2 = Parameter(0.6931471805599453, "1", "natural logarithm of 2", "derived", "definition").typical
TEN = Parameter(10, "1", "base of burdens", "derived", "definition").typical
CAPACITY = Parameter(12, "log10 cells", "burden at which growth ends", "derived", "unit of burden").typical
FEW = Parameter(1000, "cells", "burden below which chance decides", "assumed", "numerical").typical
HALF = Parameter(0.5, "1", "square root", "derived", "definition").typical
STEEP = Parameter(4, "1", "Hill exponent of detection", "assumed", "steep; no source").typical

DRUGS = ("tki", "flt3_inhibitor", "lenalidomide", "hypomethylating")
GROUPS = ("aml", "all", "mds", "cml", "indolent_lymphoma", "aggressive_lymphoma", "hodgkin_lymphoma", "myeloma")
_RECALLED = "recalled; no source opened"
_FIT = "set by the relapse rates of published cohorts"


def _by_disease(name, unit, meaning, status, source, uncertainty, **values):
    """One parameter a disease."""
    return {
        f"{name}_{group}": Parameter(value, unit, f"{meaning}, {group.replace('_', ' ')}", status, source, uncertainty)
        for group, value in values.items()
    }


PARAMETERS = {
    **_by_disease("doubling", "day", "doubling time", "fitted", "AML: Ommen 2010 Blood 115:198 (7-36 d); myeloma: "
                  "survival without progression; others " + _RECALLED, 0.3, aml=11, all=8, mds=40, cml=40,
                  indolent_lymphoma=150, aggressive_lymphoma=18, hodgkin_lymphoma=25, myeloma=72),
    **_by_disease("graft_effect", "1", "graft-versus-disease at full donor immunity, relative to growth", "fitted",
                  _FIT, 0.3, aml=1.2, all=1.13, mds=1.6, cml=1.8, indolent_lymphoma=1.5, aggressive_lymphoma=1.4,
                  hodgkin_lymphoma=1.05, myeloma=0.55),
    **_by_disease("marrow_share", "1", "weight of the burden in the marrow", "assumed", _RECALLED, 0.4, aml=1, all=1,
                  mds=1, cml=0.5, indolent_lymphoma=0.3, aggressive_lymphoma=0.2, hodgkin_lymphoma=0.1, myeloma=0.5),
    "growth_spread": Parameter(1.0, "1", "own growth rate, relative", "measured", "CV of AML doubling times 0.45", 0.0,
                               0.45, stream=160),
    **_by_disease("growth_varies", "1", "spread of log growth rates over that of AML", "fitted",
                  "slow diseases hold both those back within a year and those quiet for a decade; recalled", 0.2, aml=1,
                  all=1, mds=1.2, cml=1.2, indolent_lymphoma=2, aggressive_lymphoma=1.3, hodgkin_lymphoma=1.3,
                  myeloma=2.2),
    "risk_on_growth": Parameter(0.2, "1", "faster growth per step of disease risk (log)", "assumed",
                                "adverse cytogenetics relapse early; recalled", 0.5, low=0, high=0.5),
    "graft_effect_spread": Parameter(1.0, "1", "own strength of the graft-versus-disease effect", "fitted", _FIT, 0.0,
                                     0.6, stream=161),
    "burden_own": Parameter(1.0, "1", "own log10 burden in remission, relative", "fitted", _FIT, 0.0, 0.28, stream=162),
    "burden_remission": Parameter(5.2, "log10 cells", "burden in remission without measurable disease", "fitted", _FIT,
                                  0.1, low=4, high=7.5),
    "burden_residual": Parameter(9.0, "log10 cells", "burden in remission with measurable disease", "fitted", _FIT,
                                 0.05, low=7.5, high=9.5),
    "burden_active": Parameter(11.2, "log10 cells", "burden of active disease", "assumed", "10-90 % blasts", 0.03),
    "burden_dysplastic": Parameter(9.8, "log10 cells", "burden of myelodysplasia with few blasts", "fitted",
                                   "below 5 % blasts, never a remission; no source", 0.05, low=9, high=10.4),
    "burden_dysplastic_active": Parameter(10.9, "log10 cells", "burden of myelodysplasia with more blasts", "fitted",
                                          "5-20 % blasts", 0.03, low=10.5, high=11.3),
    "burden_most": Parameter(10.3, "log10 cells", "largest burden that still counts as remission", "assumed",
                             "5 % blasts", 0.03),
    "burden_most_active": Parameter(11.8, "log10 cells", "largest burden at admission", "assumed", "no source", 0.02),
    "narrow_residual": Parameter(0.6, "1", "spread of log10 burden with measurable disease over that without",
                                 "assumed", "no source", 0.3),
    "narrow_active": Parameter(0.12, "1", "spread of log10 burden of active disease over that without", "assumed",
                               "no source", 0.3),
    "risk_on_burden": Parameter(0.9, "log10 cells", "more burden per step of disease risk", "fitted",
                                "survival by disease risk index", 0.4, low=0.1, high=1.5),
    "risk_on_effect": Parameter(0.2, "1", "weaker graft effect per step of disease risk (log)", "fitted",
                                "survival by disease risk index", 0.4, low=0.05, high=0.8),
    "resistant_share": Parameter(1e-8, "1", "cells that the graft hardly sees", "fitted",
                                 "measurable disease is held by grafts without chemotherapy of weight; no source", 1.0),
    "resistant_share_mismatch": Parameter(1e-6, "1", "the same per HLA mismatch, which can be lost", "fitted",
                                          "loss of HLA after haploidentical grafts; no source", 1.0),
    "resistant_seen": Parameter(0.3, "1", "graft effect on the resistant, relative", "assumed", "no source", 0.4),
    "effector_weight": Parameter(1.3, "1", "graft effect added by full GVHD activity", "fitted",
                                 "relapse HR 0.49-0.69 with GVHD, Blood Adv 2019 3:670", 0.4, low=0.2, high=3),
    "effect_per_mismatch": Parameter(0.07, "1", "graft effect added per mismatched allele", "fitted",
                                     "relapse no commoner over half-matched grafts than matched ones", 0.5, low=0,
                                     high=0.2),
    "effect_of_cord": Parameter(2.6, "1", "graft effect of killers of cord blood, relative to adult ones", "fitted",
                                "relapse 47 % at 2 y as over half-matched grafts (BMT CTN 1101, Fuchs 2021 Blood "
                                "137:420)", 0.4, low=1, high=4),
    "calcineurin_on_effect": Parameter(0.45, "1", "share of the graft effect lost under a calcineurin inhibitor",
                                       "assumed", "no source", 0.3),
    "exhaustion": Parameter(10.3, "log10 cells", "burden at which the graft effect is half exhausted", "fitted",
                            "2 % blasts; relapse of active disease", 0.1, low=8.5, high=11),
    "maintenance_tki": Parameter(0.8, "1", "share of growth taken by a BCR-ABL inhibitor", "assumed",
                                 "lymphoblastic and chronic myeloid leukemia; no source", 0.3, low=0.3, high=1.2),
    "maintenance_flt3_inhibitor": Parameter(0.5, "1", "share of growth taken by a FLT3 inhibitor", "assumed",
                                            "SORMAIN 2020 (relapse HR 0.39), MORPHO 2024 (0.68); recalled", 0.3,
                                            low=0.2, high=0.8),
    "maintenance_lenalidomide": Parameter(0.43, "1", "share of growth taken by lenalidomide", "fitted",
                                          "progression-free survival doubled after melphalan; recalled", 0.3, low=0.2,
                                          high=0.6),
    "maintenance_hypomethylating": Parameter(0.15, "1", "share of growth taken by a hypomethylating drug", "assumed",
                                             "no gain in a randomised trial (Oran 2020); recalled", 0.5, low=0,
                                             high=0.4),
    "maintenance_own": Parameter(1.0, "1", "own response to maintenance, relative", "assumed", "no source", 0.0, 0.5,
                                 stream=163),
    "detection": Parameter(0.3, "1/day", "relapse found once burden is plain", "assumed", "visits; no source", 0.3),
    "relapse_burden": Parameter(10.7, "log10 cells", "burden at which relapse is found", "assumed", "5e10, 5 % blasts",
                                0.03),
    "relapse_death": Parameter(0.0024, "1/day", "death after late relapse of AML in the 2010s, at first", "fitted",
                               "median 14 months after relapse beyond a year", 0.3, low=0.0012, high=0.005),
    **_by_disease("relapse_pace", "1", "death after relapse over that of AML", "fitted",
                  "survival after relapse: months in acute leukemia, years in slow disease; recalled", 0.3, aml=1,
                  all=1, mds=0.9, cml=0.25, indolent_lymphoma=0.3, aggressive_lymphoma=0.75, hodgkin_lymphoma=0.35,
                  myeloma=0.3),
    **_by_disease("relapse_progress", "1", "fall of death after relapse per decade of treatment (log)", "fitted",
                  "kinase inhibitors, antibodies, immunomodulators, CAR-T cells; recalled", 0.4, aml=0.2, all=0.25,
                  mds=0.15, cml=0.5, indolent_lymphoma=0.35, aggressive_lymphoma=0.25, hodgkin_lymphoma=0.35,
                  myeloma=0.3),
    "relapse_early": Parameter(1.6, "1", "added hazard after early relapse, relative", "fitted",
                               "median 4-6 months after early relapse", 0.3),
    "relapse_early_time": Parameter(220, "day", "time after transplant in which relapse counts as early", "fitted",
                                    "the same", 0.3),
    "deadly_burden": Parameter(10.5, "log10 cells", "burden at half the hazard of death after relapse", "assumed",
                               "who responds again does not die of it; no source", 0.05),
    "fresh_effect": Parameter(2, "1", "graft effect added by many donor lymphocytes just given", "assumed",
                              "responses of relapse to lymphocytes: most in CML, a fifth in AML; recalled", 0.5,
                              low=0.5, high=5),
    "fresh_dose": Parameter(1e7, "cells/kg", "donor lymphocytes of half that effect", "assumed", "no source", 0.5),
    "fresh_time": Parameter(60, "day", "time in which they are exhausted", "assumed", "no source", 0.4),
    "relapse_easing": Parameter(365, "day", "time since relapse at which its hazard has halved", "fitted",
                                "a quarter alive at three years", 0.3),
    "crowding_most": Parameter(1.2, "1", "share of the marrow's places taken by a full burden", "assumed",
                               "10^12 cells: neutrophils below 1, platelets below 50", 0.2),
    "crowding_half": Parameter(0.3, "1", "burden, as share of 10^12, that takes half of that", "assumed", "no source",
                               0.3),
    "autoimmune_attack": Parameter(0.03, "1/day", "loss of stem cells to the attack of aplastic anemia", "assumed",
                                   "no source", 0.5),
    "autoimmune_regrowth": Parameter(0.03, "1/day", "return of that attack where T cells have returned", "assumed",
                                     "no source", 0.5),
    "autoimmune_host_cells": Parameter(200, "cells/uL", "T cells of the patient at which it returns half as fast",
                                       "assumed", "no source", 0.5),
}  # fmt: skip

CONSTANTS = {
    "growth": Signal("1/day", "growth rate of this patient's disease"),
    "graft_effect": Signal("1/day", "graft-versus-disease at full donor immunity in this patient"),
    "burden_start": Signal("1", "sensitive burden at admission, share of 10^12 cells"),
    "resistant_start": Signal("1", "resistant burden at admission, share of 10^12 cells"),
    "marrow_share": Signal("1", "weight of the burden in the marrow"),
    "exhaustion_share": Signal("1", "burden at which the graft effect is half exhausted, share of 10^12 cells"),
    "relapse_share": Signal("1", "burden at which relapse is found, share of 10^12 cells"),
    "deadly_share": Signal("1", "burden at half the hazard of death after relapse, share of 10^12 cells"),
    "relapse_pace": Signal("1", "hazard of death after relapse relative to AML in the 2010s"),
    "foreign": Signal("1", "weight of an origin's killers against disease, 0 for the patient's own", per_origin=True),
    "maintenance_taken": Signal("1", "share of growth that the planned maintenance takes"),
}
USES = {
    **{f"maintenance_by_{drug}": "1" for drug in DRUGS},
    **{f"disease_{group}": "1" for group in GROUPS},
    "disease_aplastic": "1",
    "disease_remission": "1",
    "disease_mrd": "1",
    "disease_active": "1",
    "disease_risk": "1",
    "hla_mismatch": "1",
    "graft_is_cord": "1",
    "donor_is_self": "1",
    "frailty": "1",
    "relapse_treatment": "decades",
}


class State(NamedTuple):
    sensitive: Annotated[Number, "1", "burden the graft can see, share of 10^12 cells"]
    resistant: Annotated[Number, "1", "burden it hardly sees, share of 10^12 cells"]
    watched: Annotated[Number, "1", "1 from the infusion on"]
    relapsed: Annotated[Number, "1", "1 after relapse"]
    until_relapse: Annotated[Number, "day", "time from infusion to relapse, or to now"]
    since_relapse: Annotated[Number, "day", "time since relapse"]
    fresh: Annotated[Number, "1", "donor lymphocytes given and not exhausted yet"]
    autoimmunity: Annotated[Number, "1", "T cells that attack the patient's own stem cells, share of diagnosis"]


NEEDS = {
    "surviving_disease": "1",
    "surviving_t_cell": "1",
    "antibody_on_t_cell": "1/day",
    "immune_attack": "1/day",
    "killers_by_origin": "1",
    "graft_activity": "1",
    "chronic_activity": "1",
    "t_cells_by_origin": "cells/uL",
    "calcineurin": "1",
    "maintenance": "1",
    "donor_lymphocytes_per_kg": "cells/kg",
    "infused": "1",
    "onset_relapse": "1",
    "sensitive_chance": "1",
    "resistant_chance": "1",
}
GIVES = {
    "disease_burden": Signal("cells", "malignant cells"),
    "crowding": Signal("1", "share of the marrow's places taken by the disease"),
    "autoimmune_attack": Signal("1/day", "loss of the patient's own stem cells to autoimmunity"),
    "relapsed": Signal("1", "1 after relapse"),
}
HAZARDS = {
    "relapse": Hazard("relapse or progression of the disease", stream=40),
    "relapse_death": Hazard("death after relapse", stream=41, fatal="always"),
}
CHANCE = {"sensitive_chance": 40, "resistant_chance": 41}


def _of_disease(p, c, name):
    """A parameter of the patient's own disease; zero where there is none."""
    return sum(getattr(c, f"disease_{group}") * getattr(p, f"{name}_{group}") for group in GROUPS)


def derive(p, c):
    usual = sum(getattr(c, f"disease_{g}") * LN2 / getattr(p, f"doubling_{g}") for g in GROUPS)
    own = power(p.growth_spread, _of_disease(p, c, "growth_varies")) * exp(p.risk_on_growth * c.disease_risk)
    rate = usual * own
    effect = rate * _of_disease(p, c, "graft_effect") * p.graft_effect_spread
    burden = _burden(p, c)
    mismatch = sum(c.hla_mismatch)
    escaped = minimum(p.resistant_share + p.resistant_share_mismatch * mismatch, 1)
    return {
        "growth": rate,
        "graft_effect": effect * exp(-p.risk_on_effect * c.disease_risk),
        "burden_start": burden * (1 - escaped),
        "resistant_start": burden * escaped,
        "marrow_share": _of_disease(p, c, "marrow_share"),
        "exhaustion_share": power(TEN, p.exhaustion - CAPACITY),
        "relapse_share": power(TEN, p.relapse_burden - CAPACITY),
        "deadly_share": power(TEN, p.deadly_burden - CAPACITY),
        "relapse_pace": _of_disease(p, c, "relapse_pace")
        * power(own * c.frailty, HALF)
        * exp(-_of_disease(p, c, "relapse_progress") * c.relapse_treatment),
        "foreign": tuple(
            (1 - own) * (1 + p.effect_per_mismatch * mismatched) * (1 + (p.effect_of_cord - 1) * cord)
            for own, mismatched, cord in zip(c.donor_is_self, c.hla_mismatch, c.graft_is_cord, strict=True)
        ),
        "maintenance_taken": p.maintenance_own
        * sum(getattr(c, f"maintenance_by_{drug}") * getattr(p, f"maintenance_{drug}") for drug in DRUGS),
    }


def _burden(p, c):
    """Burden at admission, share of capacity, by status and risk; zero without malignant disease."""
    present = sum(getattr(c, f"disease_{group}") for group in GROUPS)
    shift = p.risk_on_burden * c.disease_risk
    remission = minimum(p.burden_remission * p.burden_own + shift, p.burden_most)
    little = p.burden_residual + (p.burden_dysplastic - p.burden_residual) * c.disease_mds
    much = p.burden_active + (p.burden_dysplastic_active - p.burden_active) * c.disease_mds
    residual = minimum(little * power(p.burden_own, p.narrow_residual) + shift, p.burden_most)
    active = minimum(much * power(p.burden_own, p.narrow_active), p.burden_most_active)
    statuses = ((c.disease_remission, remission), (c.disease_mrd, residual), (c.disease_active, active))
    return present * sum(is_so * power(TEN, size - CAPACITY) for is_so, size in statuses)


def start(p, origins):
    none = 0 * p.growth
    return State(p.burden_start, p.resistant_start, none, none, none, none, none, p.disease_aplastic)


def signals(y: State, p):
    whole = y.sensitive + y.resistant
    return {
        "disease_burden": whole * power(TEN, CAPACITY),
        "crowding": minimum(p.crowding_most * p.marrow_share * whole / (whole + p.crowding_half), 1),
        "autoimmune_attack": p.autoimmune_attack * y.autoimmunity,
        "relapsed": y.relapsed,
    }


def rates(y: State, p, s):
    whole = y.sensitive + y.resistant
    killers = sum(foreign * n for foreign, n in zip(p.foreign[1:], s.killers_by_origin[1:], strict=True))
    stirred = p.effector_weight * (s.graft_activity + s.chronic_activity)
    exhausted = 1 + whole / p.exhaustion_share
    at_work = (killers + stirred) / exhausted + p.fresh_effect * y.fresh
    effect = p.graft_effect * (1 - p.calcineurin_on_effect * s.calcineurin) * at_work
    growth = p.growth * (1 - p.maintenance_taken * s.maintenance) * (1 - whole)
    own_t = s.t_cells_by_origin[0]
    kept = p.autoimmune_regrowth * (1 - y.autoimmunity) * own_t / (own_t + p.autoimmune_host_cells)
    return State(
        sensitive=(growth - effect) * y.sensitive,
        resistant=(growth - p.resistant_seen * effect) * y.resistant,
        watched=0 * y.watched,
        relapsed=0 * y.relapsed,
        until_relapse=y.watched * (1 - y.relapsed),
        since_relapse=y.relapsed,
        fresh=-y.fresh / p.fresh_time,
        autoimmunity=(kept - s.antibody_on_t_cell - s.immune_attack[0]) * y.autoimmunity,
    )


def jump(y: State, p, s):
    """Drugs and rays kill; the last cells live or die by chance; from the infusion on somebody watches for relapse."""
    return State(
        _by_chance(y.sensitive * s.surviving_disease, s.sensitive_chance),
        _by_chance(y.resistant * s.surviving_disease, s.resistant_chance),
        minimum(y.watched + sum(s.infused), 1),
        minimum(y.relapsed + s.onset_relapse, 1),
        y.until_relapse,
        y.since_relapse,
        minimum(y.fresh + s.donor_lymphocytes_per_kg / (s.donor_lymphocytes_per_kg + p.fresh_dose), 1),
        y.autoimmunity * s.surviving_t_cell,
    )


def _by_chance(share, chance):
    """Few cells are a Poisson number of whole cells; many are as many as they are."""
    cells = share * power(TEN, CAPACITY)
    drawn = poisson_quantile(chance, minimum(cells, FEW)) / power(TEN, CAPACITY)
    return where(cells < FEW, drawn, share)


def hazards(y: State, p, s):
    whole = y.sensitive + y.resistant
    plain = power(whole / p.relapse_share, STEEP)
    found = plain / (plain + 1)
    early = 1 + p.relapse_early * exp(-y.until_relapse / p.relapse_early_time)
    dying = p.relapse_death * p.relapse_pace * early / (1 + y.since_relapse / p.relapse_easing)
    dying = dying * whole / (whole + p.deadly_share)
    return {"relapse": p.detection * y.watched * found, "relapse_death": dying * y.relapsed}
