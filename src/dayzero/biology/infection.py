"""Infection: bacteria in neutropenia, moulds in deep neutropenia and on steroids, viruses while T cells are few.

low(x; h) = 1 / (1 + (x/h)^n) is 1 where x is scarce; w is the share of T cells at work, which calcineurin inhibitor and
steroid silence; C is immunity to CMV, M = monocytes / (monocytes + m), the cells it wakes in::

    episodes         acute' = -acute / tau,  mould and fever alike                                    (an onset adds)
    neutropenia      days' = low(ANC; 0.5) - r (1 - low) days,  deep days alike at ANC 0.1         (over: forgotten)
    central line     line' = -k (1 - low(ANC)) line                                     (in from admission, then out)
    CMV unseen       stir' = (reservoir M low(C; 1) letermovir - stir) / tau_s
    CMV seen         x = ln(1 + load),  a = 1 - exp(-x),  x' = a [g a (1 - x/x_max) - c (1 - low(C; i)) - drug]
    CMV immunity     C = w E (CD4/h4 + CD8/h8),  E = host share x (seropositive or taught) + donor share x taught
                     taught' = k (a + b stir) w CD4/(CD4 + h4) (1 - taught)
    bacteremia       low(ANC) low(days) (b + c mucosa) quinolone + line + steroid + GVHD
    mould            [deep days + low(w CD4) x steroid x GVHD] x azole
    others           CMV seen: stir; CMV disease: load; respiratory: low(CD4); adenovirus, HHV-6: M low(w T);
                     lymphoproliferation: B/(B + b) low(w T); severe late infection: low(CD4), low(IgG), steroid

T cells of a seropositive person, host or donor, know CMV; antigen teaches the others. Letermovir keeps antigen away, so
immunity is late and CMV comes when it stops. No equation knows the kind of transplant, donor or serotherapy: they act
through neutrophils, T cells and drugs given. A fatality p in a typical patient is 1 - (1 - p)^frailty in another.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.elementwise import exp, log, maximum, minimum, power
from dayzero.module import Hazard, Number, Parameter, Signal

NOTHING = Parameter(1e-12, "1", "amount below which shares have no meaning", "assumed", "numerical").typical
PARAMETERS = {
    "episode_time": Parameter(7, "day", "time in which an episode fades", "assumed", "no source", 0.3, 0.3, low=4,
                              high=14, stream=700),
    "mould_time": Parameter(30, "day", "time in which a mould infection fades", "assumed", "no source", 0.4),
    "fever_time": Parameter(4, "day", "time in which fever settles on treatment", "assumed",
                            "3-5 d to defervescence, recalled", 0.3, 0.3, low=2, high=7, stream=701),
    "neutropenia_below": Parameter(0.5, "1e9/L", "neutrophils below which bacteria get through", "measured",
                                   "definition of neutropenia", 0.1),
    "deep_below": Parameter(0.1, "1e9/L", "neutrophils below which neutropenia is deep", "measured", "definition", 0.1),
    "counting_steepness": Parameter(8, "1", "steepness with which a day counts as neutropenic, and may bring its fever",
                                    "assumed",
                                    "numerical: nearly a threshold, yet smooth", 0.3),
    "risk_steepness": Parameter(3, "1", "steepness of risk in neutrophils, deep days and, of moulds and viruses, CD4",
                                "assumed",
                                "Engels 1999 doi:10.1086/515103: 0.49 per log10; steeper round 0.5", 0.3),
    "neutropenia_reset": Parameter(0.5, "1/day", "forgetting of past neutropenia", "assumed", "no source", 0.4),
    "line_removal": Parameter(0.018, "1/day", "central lines taken out after recovery", "assumed",
                              "most are out by day 100", 0.4, 0.5, low=0.008, high=0.05, stream=702),
    "calcineurin_silences": Parameter(0.5, "1", "T-cell work stopped by a calcineurin inhibitor at target", "assumed",
                                      "partial inhibition at clinical levels, recalled", 0.3, low=0.2, high=0.8),
    "steroid_silences": Parameter(0.7, "1", "T-cell work stopped by much steroid", "assumed",
                                  "CMV about doubled on 1 mg/kg", 0.3, low=0.3, high=0.9),
    "steroid_half": Parameter(1, "mg/kg", "steroid, as prednisone, at half its effect on infection", "assumed",
                              "mould 3.1-fold at 0.25-1 mg/kg, 8.5-fold at more", 0.3, low=0.4, high=2),
    # bacteria
    "bacteremia_rate": Parameter(0.0175, "1/day", "bacteremia at the start of neutropenia, mucosa intact", "fitted",
                                 "ONKO-KISS sample (okiss, Beyersmann 2007 doi:10.1002/sim.3006)", 0.3, 0.5,
                                 low=0.008, high=0.04, stream=703),
    "bacteremia_mucosa": Parameter(0.02, "1/day", "added bacteremia in neutropenia at mucosal injury 1", "fitted",
                                   "ONKO-KISS: auto 25 then 4, allo 17 then 9 per 1,000 d", 0.4),
    "bacteremia_fades_after": Parameter(17, "day", "neutropenia after which its bacterial risk is half", "fitted",
                                        "ONKO-KISS, allo: 17 in days 0-10, 9 in 15-25, 6 later per 1,000 d", 0.3),
    "quinolone_factor": Parameter(0.6, "1", "neutropenic bacteremia left under quinolone", "assumed",
                                  "Engels 1999: 0.42 (0.19-0.95); resistance since", 0.25, low=0.2, high=0.95),
    "line_bacteremia": Parameter(0.002, "1/day", "bacteremia from a central line", "fitted",
                                 "16 % between engraftment and day 100, Ustun 2019 PMC6565512", 0.4),
    "steroid_bacteremia": Parameter(0.0012, "1/day", "added bacteremia on much steroid", "assumed", "no source", 0.5),
    "gvhd_bacteremia": Parameter(0.002, "1/day", "added bacteremia at full GVHD damage", "assumed", "no source", 0.5),
    "fever_rate": Parameter(0.13, "1/day", "fever in neutropenia, mucosa intact", "fitted",
                            "70-90 % after myeloablative conditioning, recalled", 0.3, 0.7, stream=704),
    "fever_mucosa": Parameter(0.25, "1/day", "added fever at mucosal injury 1", "assumed", "no source", 0.4),
    # moulds
    "mould_deep": Parameter(0.002, "1/day", "mould infection in long deep neutropenia", "assumed",
                            "a third of moulds come before day 40, recalled", 0.4),
    "mould_deep_after": Parameter(10, "day", "deep neutropenia after which moulds are common", "measured",
                                  "host factor of the EORTC/MSG definition", 0.2),
    "mould_rate": Parameter(3e-4, "1/day", "mould infection without T cells at work", "fitted",
                            "10 % at 1 y without azole (BMC Infect Dis 2015); TRANSNET doi:10.1086/651263", 0.3, 0.6,
                            low=1e-4, high=8e-4, stream=705),
    "mould_cd4": Parameter(0.055, "1e9/L", "CD4 cells at work that halve mould risk", "fitted",
                           "autologous patients 1.2 % at 1 y, TRANSNET", 0.4),
    "mould_steroid": Parameter(12, "1", "added fold of mould risk on much steroid", "derived",
                               "8.5-fold from 1 mg/kg, 3.1-fold at 0.25-1 (Bone Marrow Transplant 1704543)", 0.3),
    "mould_gvhd": Parameter(2, "1", "added fold of mould risk at full GVHD damage", "assumed",
                            "grade III-IV doubles it beside steroid", 0.4),
    "azole_factor": Parameter(0.35, "1", "mould infection left under mould-active azole", "measured",
                              "Ullmann 2007: 2.3 against 7.0 %, recalled", 0.3, low=0.2, high=0.6),
    # cytomegalovirus
    "cmv_rate": Parameter(0.0225, "1/day", "CMV seen in blood where it replicates unchecked", "fitted",
                          "41 % of carriers by day 100 without letermovir, Derigs 2021 PMC8285358", 0.3, 0.7,
                          low=0.005, high=0.1, stream=706),
    "cmv_stirring_time": Parameter(14, "day", "time from waking to visible CMV", "fitted",
                                   "median onset day 41, Teira 2016 PMC4874224", 0.3, low=10, high=40),
    "cmv_from_donor": Parameter(0.25, "1", "CMV brought to a seronegative patient by a seropositive donor", "fitted",
                                "19 % (85/447), PMC3572857", 0.3, low=0.1, high=0.5),
    "cmv_from_others": Parameter(0.005, "1", "CMV where neither is seropositive", "assumed", "primary infection", 0.5),
    "virus_host_cells": Parameter(0.1, "1e9/L", "monocytes at half of the cells that virus wakes in", "assumed",
                                  "latent in myeloid cells; rare before engraftment", 0.4),
    "cmv_cd4": Parameter(0.035, "1e9/L", "taught CD4 cells at work that check CMV alone", "fitted",
                         "few late reactivations: 39 % at week 14, 42 % at week 24 (letermovir trial, placebo)", 0.3,
                         low=0.01, high=0.1),
    "cmv_cd8": Parameter(0.14, "1e9/L", "taught CD8 cells at work that check CMV alone", "fitted", "the same", 0.4),
    "cmv_transferred": Parameter(0.35, "1", "CMV immunity of a seropositive donor's T cells at first", "assumed",
                                 "R+D- reactivate more often than R+D+", 0.3, low=0.2, high=0.9),
    "cmv_teaching": Parameter(0.12, "1/day", "T cells taught by CMV antigen", "assumed",
                              "specific T cells 3-6 weeks after viremia, recalled", 0.4, 0.4, stream=707),
    "cmv_hidden_antigen": Parameter(0.6, "1", "antigen of unseen replication, relative to viremia", "assumed",
                                    "no source", 0.4),
    "letermovir_factor": Parameter(0.17, "1", "waking of CMV left under letermovir or another antiviral", "fitted",
                                   "14 against 41 % by day 100, Derigs 2021; 8 against 39 % by week 14, trial P001",
                                   0.2, low=0.1, high=0.4),
    "cmv_first_load": Parameter(150, "IU/mL", "CMV load when first seen", "assumed", "limit of assays", 0.4),
    "cmv_most_load": Parameter(1e6, "IU/mL", "CMV load at which growth stops", "assumed", "no source", 0.5),
    "cmv_growth": Parameter(0.5, "1/day", "growth of CMV load unchecked", "measured",
                            "0.3/d at first; Emery 1999 J Exp Med 190:177", 0.3, 0.25, low=0.2, high=0.9, stream=708),
    "cmv_cleared": Parameter(0.6, "1/day", "decline of CMV load by full immunity", "assumed", "no source", 0.3),
    "cmv_clearing": Parameter(5, "1", "CMV immunity at half of that (1 halves waking)", "assumed", "no source", 0.4),
    "cmv_drug": Parameter(0.6, "1/day", "decline of CMV load by (val)ganciclovir or foscarnet", "assumed",
                          "net of growth 0.25-0.35/d", 0.25, 0.2, low=0.45, high=0.9, stream=709),
    "cmv_disease_rate": Parameter(0.012, "1/day", "CMV disease at high load", "fitted", "4 % of reactivations", 0.5),
    "cmv_disease_load": Parameter(30_000, "IU/mL", "CMV load at half the risk of disease", "assumed", "no source", 0.5),
    # other viruses, late infection
    "respiratory_rate": Parameter(5e-4, "1/day", "respiratory virus disease without CD4", "assumed", "no source", 0.4,
                                  0.4, stream=710),
    "respiratory_cd4": Parameter(0.2, "1e9/L", "CD4 that halves respiratory viruses", "assumed", "no source", 0.4),
    "viral_rate": Parameter(0.004, "1/day", "adenovirus or HHV-6 disease without T cells", "fitted",
                            "20 % adenovirus, T-depleted, Chakrabarti 2002 Blood 100:1619", 0.4, 0.5, stream=711),
    "viral_t": Parameter(0.03, "1e9/L", "T cells at work that halve it (adenovirus, HHV-6)", "assumed",
                         "cord grafts have more, Perruccio 2025", 0.4),
    "ebv_rate": Parameter(0.003, "1/day", "EBV disease with B and without T cells", "fitted", "Landgren 2009", 0.5),
    "ebv_b": Parameter(0.02, "1e9/L", "B cells at half the risk of EBV disease", "assumed", "no source", 0.5),
    "ebv_t": Parameter(0.02, "1e9/L", "T cells at work that halve EBV disease", "assumed", "no source", 0.4),
    "late_rate": Parameter(6e-5, "1/day", "severe infection with immunity restored", "fitted",
                           "a fifth of Young 2016: 73-81 % by 2 y, moderate included", 0.4, 0.5, stream=712),
    "late_cd4": Parameter(0.05, "1e9/L", "CD4 cells that halve the excess of severe infection", "measured",
                          "CD4 above 50 per uL by day 100, Blood Adv 2022 6:1054", 0.3),
    "late_excess": Parameter(6, "1", "added fold of severe infection without CD4 cells", "measured",
                             "sevenfold mortality, Blood Adv 2022 6:1054", 0.3, low=2, high=9),
    "late_steroid": Parameter(5, "1", "added fold of severe infection on much steroid", "fitted",
                              "late deaths of published cohorts", 0.4),
    "low_igg": Parameter(4, "g/L", "IgG at half the risk of low IgG", "assumed", "replacement level", 0.2),
    "low_igg_excess": Parameter(2, "1", "added fold of severe infection without IgG", "assumed", "no source", 0.5),
    "bacteremia_fatality": Parameter(0.03, "1", "fatality of bacteremia, neutropenia short", "fitted",
                                     "Mikulska 2018: 5 % over all", 0.3, low=0.01, high=0.1),
    "fatal_deep_most": Parameter(2.5, "1", "added deaths of bacteremia in long deep neutropenia, relative", "fitted",
                                 "few die after autologous grafts", 0.4, low=0.5, high=5),
    "fatal_deep_after": Parameter(14, "day", "deep neutropenia at half its added deaths", "assumed", "no source", 0.3),
    "mould_fatality": Parameter(0.4, "1", "fatality of mould infection", "measured", "Fukuda 2003", 0.2),
    "cmv_fatality": Parameter(0.3, "1", "fatality of CMV disease", "assumed", "recalled", 0.3, low=0.15, high=0.6),
    "respiratory_fatality": Parameter(0.05, "1", "fatality of respiratory virus disease", "assumed", "recalled", 0.5),
    "viral_fatality": Parameter(0.1, "1", "fatality of adenovirus or HHV-6 disease", "assumed", "recalled", 0.5),
    "ebv_fatality": Parameter(0.3, "1", "fatality of lymphoproliferation", "assumed", "rituximab era, recalled", 0.3),
    "late_fatality": Parameter(0.04, "1", "fatality of severe infection later", "fitted",
                               "late deaths of two-year survivors", 0.4),
}  # fmt: skip

CONSTANTS = {
    "cmv_reservoir": Signal("1", "CMV that can wake in this patient, 1 for a seropositive recipient"),
    "donor_cmv_immunity": Signal("1", "CMV immunity among donor T cells as infused"),
}
USES = {"frailty": "1", "cmv_recipient": "1", "donor_cmv": "1", "donor_is_self": "1", "graft_cd3_per_kg": "cells/kg"}


class State(NamedTuple):
    acute: Annotated[Number, "1", "activity of bacterial and viral episodes"]
    mould: Annotated[Number, "1", "activity of mould infection"]
    fever: Annotated[Number, "1", "activity of fever, 1 at onset"]
    neutropenic: Annotated[Number, "day", "days of neutropenia so far"]
    deep: Annotated[Number, "day", "days of deep neutropenia so far"]
    line: Annotated[Number, "1", "central line in place"]
    stirring: Annotated[Number, "1", "CMV replication that no test sees, 1 = unchecked"]
    log_load: Annotated[Number, "1", "ln(1 + CMV load in IU/mL)"]
    taught: Annotated[Number, "1", "CMV immunity among T cells that did not know it"]


ILLNESSES = ("bacteremia", "cmv_disease", "respiratory_virus", "viral_reactivation", "late_infection")
NEEDS = {
    "neutrophils": "1e9/L", "monocytes": "1e9/L", "cd4": "1e9/L", "cd8": "1e9/L", "t_cells": "1e9/L",
    "b_cells": "1e9/L", "t_donor_fraction": "1", "igg": "g/L", "mucosal_injury": "1", "gvhd_damage": "1",
    "calcineurin": "1", "steroid_mg_per_kg": "mg/kg", "quinolone": "1", "mould_azole": "1", "letermovir": "1",
    "antiviral": "1", "foscarnet": "1", "onset_mould": "1", "onset_neutropenic_fever": "1",
    "onset_cmv_reactivation": "1", **{f"onset_{name}": "1" for name in ILLNESSES},
}  # fmt: skip
GIVES = {
    "infection": Signal("1", "active systemic infection, 1 at the onset of an episode"),
    "cmv_load": Signal("IU/mL", "CMV DNA in blood"),
    "cmv_active": Signal("1", "CMV in blood, 0 to 1"),
    "neutropenic_days": Signal("day", "days of neutropenia so far"),
    "fever_source": Signal("1", "fever of infection, 1 at onset"),
}
HAZARDS = {
    "bacteremia": Hazard("bacteria in blood", stream=10, recurrent=True, fatal="drawn"),
    "mould": Hazard("invasive mould infection", stream=11, fatal="drawn"),
    "cmv_reactivation": Hazard("CMV seen in blood", stream=12, recurrent=True),
    "cmv_disease": Hazard("CMV disease of an organ", stream=13, recurrent=True, fatal="drawn"),
    "respiratory_virus": Hazard("respiratory virus disease", stream=14, recurrent=True, fatal="drawn"),
    "lymphoproliferation": Hazard("EBV lymphoproliferation", stream=15, fatal="drawn"),
    "neutropenic_fever": Hazard("fever in neutropenia", stream=16, recurrent=True),
    "late_infection": Hazard("severe infection for want of T cells or IgG", stream=17, recurrent=True, fatal="drawn"),
    "viral_reactivation": Hazard("adenovirus or HHV-6 disease", stream=18, recurrent=True, fatal="drawn"),
}


def derive(p, c):
    """Where CMV can come from, and how far donor T cells know it; cells of one's own know what one knows."""
    brought = known = total = 0 * c.cmv_recipient
    for positive, own, cells in tuple(zip(c.donor_cmv, c.donor_is_self, c.graft_cd3_per_kg, strict=True))[1:]:
        brought = maximum(brought, positive * (1 - own))
        known = known + cells * (own * c.cmv_recipient + (1 - own) * positive * p.cmv_transferred)
        total = total + cells
    otherwise = p.cmv_from_others + (p.cmv_from_donor - p.cmv_from_others) * brought
    return {
        "cmv_reservoir": c.cmv_recipient + (1 - c.cmv_recipient) * otherwise,
        "donor_cmv_immunity": known / maximum(total, NOTHING),
    }


def start(p, origins):
    none = 0 * p.cmv_reservoir
    return State(none, none, none, none, none, none + 1, none, none, none + p.donor_cmv_immunity)


def signals(y: State, p):
    return {
        "infection": y.acute + y.mould,
        "cmv_load": exp(y.log_load) - 1,
        "cmv_active": _viremia(y),
        "neutropenic_days": y.neutropenic,
        "fever_source": y.fever,
    }


def _low(amount, half, steepness):
    """1 where the amount is far below `half`, 0 where it is far above."""
    return 1 / (1 + power(amount / half, steepness))


def _much(amount, half):
    return amount / (amount + half)


def _viremia(y: State):
    return 1 - exp(-y.log_load)


def _at_work(p, s):
    """Share of T cells that neither calcineurin inhibitor nor steroid silences."""
    steroid = p.steroid_silences * _much(s.steroid_mg_per_kg, p.steroid_half)
    return (1 - p.calcineurin_silences * s.calcineurin) * (1 - steroid)


def _cmv_immunity(y: State, p, s):
    host = p.cmv_recipient + (1 - p.cmv_recipient) * y.taught
    experienced = (1 - s.t_donor_fraction) * host + s.t_donor_fraction * y.taught
    return _at_work(p, s) * experienced * (s.cd4 / p.cmv_cd4 + s.cd8 / p.cmv_cd8)


def rates(y: State, p, s):
    neutropenic = _low(s.neutrophils, p.neutropenia_below, p.counting_steepness)
    deep = _low(s.neutrophils, p.deep_below, p.counting_steepness)
    viremia, immunity = _viremia(y), _cmv_immunity(y, p, s)
    treated = maximum(s.antiviral, s.foscarnet)
    prevented = (1 - p.letermovir_factor) * maximum(s.letermovir, treated)
    waking = p.cmv_reservoir * _much(s.monocytes, p.virus_host_cells) * _low(immunity, 1, 2) * (1 - prevented)
    growth = p.cmv_growth * viremia * (1 - y.log_load / log(1 + p.cmv_most_load))
    antigen = viremia + p.cmv_hidden_antigen * y.stirring * (1 - viremia)
    teaching = p.cmv_teaching * antigen * _at_work(p, s) * _much(s.cd4, p.cmv_cd4)
    return State(
        acute=-y.acute / p.episode_time,
        mould=-y.mould / p.mould_time,
        fever=-y.fever / p.fever_time,
        neutropenic=neutropenic - p.neutropenia_reset * (1 - neutropenic) * y.neutropenic,
        deep=deep - p.neutropenia_reset * (1 - deep) * y.deep,
        line=-p.line_removal * y.line * (1 - neutropenic),
        stirring=(waking - y.stirring) / p.cmv_stirring_time,
        log_load=viremia * (growth - p.cmv_cleared * (1 - _low(immunity, p.cmv_clearing, 2)) - p.cmv_drug * treated),
        taught=teaching * (1 - y.taught),
    )


def jump(y: State, p, s):
    """What set in yesterday is today's illness."""
    ill = sum(getattr(s, f"onset_{name}") for name in ILLNESSES)
    return y._replace(
        acute=y.acute + ill,
        mould=y.mould + s.onset_mould,
        fever=maximum(y.fever, minimum(ill + s.onset_mould + s.onset_neutropenic_fever, 1)),
        log_load=maximum(y.log_load, s.onset_cmv_reactivation * log(1 + p.cmv_first_load)),
    )


def hazards(y: State, p, s):
    open_to_bacteria = _low(s.neutrophils, p.neutropenia_below, p.risk_steepness)
    neutropenic = _low(s.neutrophils, p.neutropenia_below, p.counting_steepness)
    steroid = _much(s.steroid_mg_per_kg, p.steroid_half)
    working_t = _at_work(p, s) * s.t_cells
    host_cells = _much(s.monocytes, p.virus_host_cells)
    late = (1 + p.late_excess * _low(s.cd4, p.late_cd4, 2)) * (1 + p.late_steroid * steroid)
    return {
        "bacteremia": _bacteremia(y, p, s, open_to_bacteria, steroid),
        "mould": _mould(y, p, s, steroid),
        "cmv_reactivation": p.cmv_rate * y.stirring * (1 - _viremia(y)),
        "cmv_disease": p.cmv_disease_rate * _much(exp(y.log_load) - 1, p.cmv_disease_load),
        "respiratory_virus": p.respiratory_rate * _low(s.cd4, p.respiratory_cd4, p.risk_steepness),
        "lymphoproliferation": p.ebv_rate * _much(s.b_cells, p.ebv_b) * _low(working_t, p.ebv_t, 2),
        "neutropenic_fever": (p.fever_rate + p.fever_mucosa * s.mucosal_injury) * neutropenic * (1 - y.fever),
        "late_infection": p.late_rate * late * (1 + p.low_igg_excess * _low(s.igg, p.low_igg, 2)),
        "viral_reactivation": p.viral_rate * host_cells * _low(working_t, p.viral_t, 2),
    }


def _bacteremia(y: State, p, s, open_to_bacteria, steroid):
    fading = _low(y.neutropenic, p.bacteremia_fades_after, 2)
    neutropenic = open_to_bacteria * fading * (p.bacteremia_rate + p.bacteremia_mucosa * s.mucosal_injury)
    guarded = 1 - (1 - p.quinolone_factor) * s.quinolone
    elsewhere = p.line_bacteremia * y.line + p.steroid_bacteremia * steroid + p.gvhd_bacteremia * s.gvhd_damage
    return neutropenic * guarded + elsewhere


def _mould(y: State, p, s, steroid):
    deep = p.mould_deep * (1 - _low(y.deep, p.mould_deep_after, p.risk_steepness))
    unchecked = p.mould_rate * _low(_at_work(p, s) * s.cd4, p.mould_cd4, p.risk_steepness)
    later = unchecked * (1 + p.mould_steroid * steroid) * (1 + p.mould_gvhd * s.gvhd_damage)
    return (deep + later) * (1 - (1 - p.azole_factor) * s.mould_azole)


def fatality(y: State, p, s):
    deep = 1 - _low(y.deep, p.fatal_deep_after, p.risk_steepness)
    typical = {
        "bacteremia": p.bacteremia_fatality * (1 + p.fatal_deep_most * deep),
        "mould": p.mould_fatality,
        "cmv_disease": p.cmv_fatality,
        "respiratory_virus": p.respiratory_fatality,
        "lymphoproliferation": p.ebv_fatality,
        "late_infection": p.late_fatality,
        "viral_reactivation": p.viral_fatality,
    }
    return {name: 1 - power(1 - share, p.frailty) for name, share in typical.items()}
