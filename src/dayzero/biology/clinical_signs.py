"""Clinical signs: what the ward sees and the laboratory measures of damage in skin, gut, liver, lung, kidney, vessels.

::

    bilirubin      B' = (B_0 + b [exp(c d_liver^n) - 1] + v VOD + i infection + e ES - B) / tau_B
    albumin        A' = (A_0 exp(-(i inflammation + g d_gut + v VOD + s infection)) - A) / tau_A
    fluid          W' = (v VOD + e ES + h heart failure + k (1 - GFR) - W) / tau_W           (% of body weight)
    rash           100 (1 - exp(-(d_skin / a)^n - e ES))                                     (% of body surface)
    stool          [S_0 + g d_gut^n + m ulcers] x min(weight / 50 kg, 1)
    temperature    T_0 + r f / (f + h),   f = fever of infection + e ES + c cytokines
    creatinine     muscle / (clearance x GFR)
    ALT, LDH       own value x (1 + sum of weights x causes)
    pressure       by age + CNI + steroid + TMA - infection
    urine protein  own value + CNI + TMA
    FEV1           own value x exp(-(l lung injury + p pneumonia + own share x chronic GVHD))
    oxygen         (p pneumonia + h heart failure + e ES - what needs none)+
    ascites        VOD^2 / (VOD^2 + h^2)

d: damage by graft-versus-host disease, 0 to 1; ES: engraftment syndrome; GFR: share of the patient's own filtration.
The laws of rash, stool and bilirubin are set so that damage of about 0.2, 0.4 and 0.6 stands at the borders of the
stages of acute graft-versus-host disease (Harris 2016, doi:10.1016/j.bbmt.2015.09.001). The true sign is worked out
here; the noise of measuring it belongs to the laboratory.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.elementwise import exp, maximum, minimum, power
from dayzero.module import Coupled, Number, Parameter, Signal

_STAGES = "borders of the stages of Harris 2016 (doi:10.1016/j.bbmt.2015.09.001)"

PARAMETERS = {
    "percent": Parameter(100, "%", "percent in one", "derived", "definition"),
    "rash_scale": Parameter(0.41, "1", "skin damage at 63 % of the body surface", "fitted", _STAGES, 0.1, 0.15,
                            low=0.3, high=0.5, stream=750),
    "rash_steepness": Parameter(1.35, "1", "exponent of rash on skin damage", "fitted", _STAGES, 0.1),
    "rash_syndrome": Parameter(0.5, "1", "rash of engraftment syndrome", "assumed", "criterion above 25 % of surface",
                               0.3, low=0.3, high=1),
    "stool_own": Parameter(100, "mL/d", "stool volume of an adult in health", "assumed", "no source", 0.3, 0.4, low=50,
                           high=200, stream=751),
    "stool_gut": Parameter(2520, "mL/d", "stool volume added at full gut damage", "fitted", _STAGES, 0.1),
    "stool_steepness": Parameter(1.13, "1", "exponent of stool volume on gut damage", "fitted", _STAGES, 0.1),
    "stool_mucositis": Parameter(300, "mL/d", "stool volume added by a unit of mucosal injury", "fitted",
                                 "acute GVHD of published cohorts, from which it has to be told", 0.4, low=200,
                                 high=1200),
    "stool_full_weight": Parameter(50, "kg", "weight from which stool counts as an adult's", "measured",
                                   "10 mL/kg up to 50 kg, 500 mL above (Harris 2016)"),
    "bilirubin_own": Parameter(1, "1", "own bilirubin over that of the plan", "assumed", "no source", 0.0, 0.25,
                               stream=752),
    "bilirubin_scale": Parameter(0.7, "mg/dL", "bilirubin that liver damage multiplies", "fitted", _STAGES, 0.1),
    "bilirubin_liver": Parameter(3.52, "1", "log rise of that at full liver damage", "fitted", _STAGES, 0.05),
    "bilirubin_steepness": Parameter(0.9, "1", "exponent of that on liver damage", "fitted", _STAGES, 0.1),
    "bilirubin_vod": Parameter(10, "mg/dL", "bilirubin of veno-occlusive disease at full activity", "assumed",
                               "severe above 5, very severe above 8 mg/dL", 0.3, low=5, high=20),
    "bilirubin_infection": Parameter(0.7, "mg/dL", "bilirubin added by an active systemic infection", "assumed",
                                     "no source", 0.5, low=0, high=2),
    "bilirubin_syndrome": Parameter(1.0, "mg/dL", "bilirubin added by engraftment syndrome", "assumed",
                                    "minor criterion at 2 mg/dL", 0.5, low=0, high=2),
    "bilirubin_time": Parameter(3, "day", "time in which bilirubin follows its causes", "assumed", "no source", 0.3,
                                low=1, high=7),
    "albumin_own": Parameter(4.1, "g/dL", "albumin in health", "assumed", "reference interval", 0.03, 0.07, low=3.5,
                             high=4.6, stream=753),
    "albumin_inflammation": Parameter(0.35, "1", "log fall of albumin in full inflammation", "assumed", "no source",
                                      0.3, low=0.1, high=0.6),
    "albumin_gut": Parameter(0.9, "1", "log fall of albumin at full gut damage", "assumed", "no source", 0.4, low=0.3,
                             high=2),
    "albumin_vod": Parameter(0.3, "1", "log fall of albumin in veno-occlusive disease", "assumed", "no source", 0.4,
                             low=0, high=0.8),
    "albumin_infection": Parameter(0.25, "1", "log fall of albumin in a systemic infection", "assumed", "no source",
                                   0.4, low=0, high=0.6),
    "albumin_time": Parameter(12, "day", "time in which albumin follows its causes", "assumed", "half-life 19 d", 0.3,
                              low=5, high=28),
    "fluid_vod": Parameter(15, "%", "weight gain of veno-occlusive disease at full activity", "assumed",
                           "criterion above 5 %, very severe above 10 %", 0.3, low=8, high=25),
    "fluid_syndrome": Parameter(6, "%", "weight gain of engraftment syndrome", "assumed", "criterion at 2.5 %", 0.3,
                                low=2, high=10),
    "fluid_heart": Parameter(6, "%", "weight gain of heart failure", "assumed", "no source", 0.4, low=2, high=12),
    "fluid_kidney": Parameter(5, "%", "weight gain where nothing is filtered", "assumed", "no source", 0.5, low=0,
                              high=10),
    "fluid_time": Parameter(3, "day", "time in which fluid gathers and leaves", "assumed", "no source", 0.3, low=1,
                            high=7),
    "ascites_half": Parameter(0.45, "1", "activity of veno-occlusive disease at half of ascites", "assumed",
                              "no source", 0.3, low=0.2, high=0.8),
    "temperature_own": Parameter(36.7, "Cel", "body temperature in health", "assumed", "reference interval", 0.002,
                                 0.006, low=36.4, high=37, stream=754),
    "fever_most": Parameter(3.4, "Cel", "rise of temperature in the highest fever", "assumed", "no source", 0.1, low=3,
                            high=4),
    "fever_half": Parameter(0.6, "1", "fever source at half of that", "assumed", "above 38.3 at onset", 0.3, low=0.3,
                            high=1),
    "fever_reaction": Parameter(1.5, "1", "fever source of a full first reaction of T cells", "assumed",
                                "fever in most haploidentical blood grafts before cyclophosphamide; recalled", 0.4,
                                low=0.5, high=3),
    "fever_syndrome": Parameter(1.0, "1", "fever source of engraftment syndrome", "assumed", "criterion at 38.3", 0.3,
                                low=0.5, high=2),
    "creatinine_muscle": Parameter(1.65, "mg/dL x mL/min per kg", "creatinine x clearance per kg of fat-free mass",
                                   "derived", "0.9 mg/dL at 105 mL/min and 57 kg", 0.1, 0.12, low=1.2, high=2,
                                   stream=755),
    "alt_own": Parameter(24, "U/L", "alanine aminotransferase in health", "assumed", "reference interval", 0.1, 0.4,
                         low=15, high=40, stream=756),
    "alt_sinusoid": Parameter(4, "1", "fold more per unit of sinusoidal injury", "assumed", "no source", 0.5, low=0,
                              high=10),
    "alt_vod": Parameter(9, "1", "fold more in veno-occlusive disease at full activity", "assumed",
                         "severe above 5 times normal", 0.4, low=3, high=20),
    "alt_liver": Parameter(8, "1", "fold more at full liver damage", "assumed", "no source", 0.4, low=3, high=20),
    "ldh_own": Parameter(180, "U/L", "lactate dehydrogenase in health", "assumed", "reference interval to 250", 0.05,
                         0.15, low=150, high=220, stream=757),
    "ldh_microangiopathy": Parameter(2.5, "1", "fold more in microangiopathy", "assumed",
                                     "high risk at twice the upper limit", 0.4, low=1, high=5),
    "ldh_lung": Parameter(1, "1", "fold more in idiopathic pneumonia syndrome", "assumed", "no source", 0.5, low=0,
                          high=2),
    "ldh_vod": Parameter(0.8, "1", "fold more in veno-occlusive disease", "assumed", "no source", 0.5, low=0, high=2),
    "ldh_infection": Parameter(0.3, "1", "fold more in a systemic infection", "assumed", "no source", 0.5, low=0,
                               high=1),
    "ldh_inflammation": Parameter(0.3, "1", "fold more in full inflammation", "assumed", "no source", 0.5, low=0,
                                  high=1),
    "pressure_newborn": Parameter(90, "mmHg", "systolic pressure at the start of life", "assumed",
                                  "paediatric reference; recalled", 0.03, 0.08, low=85, high=95, stream=758),
    "pressure_growth": Parameter(1.8, "mmHg/year", "rise with a year of growth", "assumed",
                                 "paediatric reference; recalled", 0.2, low=1, high=2.5),
    "pressure_grown": Parameter(16, "year", "age at which growth ends", "assumed", "recalled", 0.1, low=14, high=20),
    "pressure_ageing": Parameter(0.25, "mmHg/year", "rise with a year after growth", "assumed", "recalled", 0.3,
                                 low=0.1, high=0.6),
    "pressure_calcineurin": Parameter(10, "mmHg", "rise under a calcineurin inhibitor at target", "assumed",
                                      "recalled", 0.3, low=5, high=20),
    "pressure_steroid": Parameter(4, "mmHg per mg/kg", "rise under a steroid", "assumed", "no source", 0.5, low=0,
                                  high=10),
    "pressure_microangiopathy": Parameter(30, "mmHg", "rise in microangiopathy", "assumed",
                                          "criterion at 140 mmHg", 0.3, low=15, high=50),
    "pressure_infection": Parameter(12, "mmHg", "fall in a systemic infection", "assumed", "no source", 0.5, low=0,
                                    high=30),
    "protein_own": Parameter(0.1, "mg/mg", "urine protein over creatinine in health", "assumed",
                             "reference interval to 0.2", 0.2, 0.5, low=0.05, high=0.2, stream=759),
    "protein_calcineurin": Parameter(0.1, "mg/mg", "added under a calcineurin inhibitor at target", "assumed",
                                     "no source", 0.5, low=0, high=0.3),
    "protein_microangiopathy": Parameter(2.5, "mg/mg", "added in microangiopathy", "assumed",
                                         "criterion at 1 mg/mg", 0.4, low=1, high=5),
    "fev1_own": Parameter(95, "%", "forced expiratory volume before transplant, of predicted", "assumed",
                          "no source", 0.05, 0.12, low=85, high=105, stream=690),
    "fev1_lung_disease": Parameter(0.72, "1", "share of it with moderate or severe lung disease", "assumed",
                                   "65-80 % of predicted scores moderate", 0.15, low=0.6, high=0.85),
    "fev1_injury": Parameter(0.3, "1", "log fall per unit of lung injury", "assumed", "no source", 0.5, low=0, high=1),
    "fev1_pneumonia": Parameter(0.7, "1", "log fall in idiopathic pneumonia syndrome", "assumed", "no source", 0.4,
                                low=0.3, high=1.5),
    "fev1_chronic": Parameter(0.03, "1", "own log fall per grade of chronic graft-versus-host disease", "assumed",
                              "bronchiolitis obliterans in 5-10 % of survivors; recalled", 0.4, 1.5, low=0.01,
                              high=0.1, stream=691),
    "oxygen_pneumonia": Parameter(12, "L/min", "oxygen needed in idiopathic pneumonia syndrome", "assumed",
                                  "no source", 0.3, low=4, high=20),
    "oxygen_heart": Parameter(4, "L/min", "oxygen needed in heart failure", "assumed", "no source", 0.4, low=1,
                              high=10),
    "oxygen_syndrome": Parameter(3, "L/min", "oxygen needed in engraftment syndrome", "assumed", "no source", 0.4,
                                 low=0, high=8),
    "oxygen_none": Parameter(0.5, "L/min", "need that is not met with oxygen", "assumed", "no source", 0.3, low=0.2,
                             high=1),
}  # fmt: skip

CONSTANTS = {
    "bilirubin_before": Signal("mg/dL", "bilirubin of this patient before transplant"),
    "creatinine_before": Signal("mg/dL", "creatinine of this patient before transplant"),
    "stool_share": Signal("1", "stool volume of this patient over that of an adult"),
    "pressure_before": Signal("mmHg", "systolic pressure of this patient before transplant"),
    "fev1_before": Signal("%", "forced expiratory volume of this patient before transplant"),
}
USES = {
    "age_years": "year",
    "weight_kg": "kg",
    "fat_free_mass_kg": "kg",
    "creatinine_clearance_ml_per_min": "mL/min",
    "bilirubin_mg_per_dl": "mg/dL",
    "pulmonary_risk": "1",
}


class State(NamedTuple):
    bilirubin: Annotated[Number, "mg/dL", "bilirubin in serum"]
    albumin: Annotated[Number, "g/dL", "albumin in serum"]
    fluid: Annotated[Number, "%", "weight gained as fluid"]


NEEDS = {
    "gut_damage": "1",
    "liver_damage": "1",
    "vod_activity": "1",
    "engraftment_syndrome_activity": "1",
    "heart_activity": "1",
    "filtration": "1",
    "infection": "1",
    "inflammation": "1",
}
GIVES = {
    "bilirubin": Signal("mg/dL", "bilirubin in serum"),
    "albumin": Signal("g/dL", "albumin in serum"),
    "weight_gain": Signal("%", "weight gained since admission, as fluid"),
}


def derive(p, c):
    growing = p.pressure_growth * minimum(c.age_years, p.pressure_grown)
    ageing = p.pressure_ageing * maximum(c.age_years - p.pressure_grown, 0)
    return {
        "bilirubin_before": p.bilirubin_own * c.bilirubin_mg_per_dl,
        "creatinine_before": p.creatinine_muscle * c.fat_free_mass_kg / c.creatinine_clearance_ml_per_min,
        "stool_share": minimum(c.weight_kg / p.stool_full_weight, 1),
        "pressure_before": p.pressure_newborn + growing + ageing,
        "fev1_before": p.fev1_own * (1 + (p.fev1_lung_disease - 1) * c.pulmonary_risk),
    }


def start(p, origins):
    none = 0 * p.albumin_own
    return State(p.bilirubin_before + none, p.albumin_own + none, none)


def signals(y: State, p):
    return {"bilirubin": y.bilirubin, "albumin": y.albumin, "weight_gain": y.fluid}


def rates(y: State, p, s):
    damaged_liver = exp(p.bilirubin_liver * power(s.liver_damage, p.bilirubin_steepness))
    bilirubin = (
        p.bilirubin_before
        + p.bilirubin_scale * (damaged_liver - 1)
        + p.bilirubin_vod * s.vod_activity
        + p.bilirubin_infection * s.infection
        + p.bilirubin_syndrome * s.engraftment_syndrome_activity
    )
    lost = (
        p.albumin_inflammation * s.inflammation
        + p.albumin_gut * s.gut_damage
        + p.albumin_vod * s.vod_activity
        + p.albumin_infection * s.infection
    )
    fluid = (
        p.fluid_vod * s.vod_activity
        + p.fluid_syndrome * s.engraftment_syndrome_activity
        + p.fluid_heart * s.heart_activity
        + p.fluid_kidney * maximum(1 - s.filtration, 0)
    )
    return State(
        bilirubin=(bilirubin - y.bilirubin) / p.bilirubin_time,
        albumin=(p.albumin_own * exp(-lost) - y.albumin) / p.albumin_time,
        fluid=(fluid - y.fluid) / p.fluid_time,
    )


def _rash(y, p, s):
    extent = power(s.skin_damage / p.rash_scale, p.rash_steepness)
    return p.percent * (1 - exp(-extent - p.rash_syndrome * s.engraftment_syndrome_activity))


def _stool_volume(y, p, s):
    gut = p.stool_gut * power(s.gut_damage, p.stool_steepness)
    return p.stool_share * (p.stool_own + gut + p.stool_mucositis * s.mucosal_injury)


def _temperature(y, p, s):
    source = s.fever_source + p.fever_syndrome * s.engraftment_syndrome_activity
    source = source + p.fever_reaction * s.cytokine_release
    return p.temperature_own + p.fever_most * source / (source + p.fever_half)


def _creatinine(y, p, s):
    return p.creatinine_before / s.filtration


def _alt(y, p, s):
    causes = p.alt_sinusoid * s.sinusoid_injury + p.alt_vod * s.vod_activity + p.alt_liver * s.liver_damage
    return p.alt_own * (1 + causes)


def _ldh(y, p, s):
    causes = (
        p.ldh_microangiopathy * s.tma_activity
        + p.ldh_lung * s.lung_activity
        + p.ldh_vod * s.vod_activity
        + p.ldh_infection * s.infection
        + p.ldh_inflammation * s.inflammation
    )
    return p.ldh_own * (1 + causes)


def _systolic_pressure(y, p, s):
    raised = p.pressure_calcineurin * s.calcineurin + p.pressure_steroid * s.steroid_mg_per_kg
    raised = raised + p.pressure_microangiopathy * s.tma_activity
    return p.pressure_before + raised - p.pressure_infection * minimum(s.infection, 1)


def _urine_protein(y, p, s):
    return p.protein_own + p.protein_calcineurin * s.calcineurin + p.protein_microangiopathy * s.tma_activity


def _fev1(y, p, s):
    lost = p.fev1_injury * s.lung_injury + p.fev1_pneumonia * s.lung_activity + p.fev1_chronic * s.chronic_gvhd
    return p.fev1_before * exp(-lost)


def _oxygen_need(y, p, s):
    need = (
        p.oxygen_pneumonia * s.lung_activity
        + p.oxygen_heart * s.heart_activity
        + p.oxygen_syndrome * s.engraftment_syndrome_activity
    )
    return maximum(need - p.oxygen_none, 0)


def _ascites(y, p, s):
    return s.vod_activity * s.vod_activity / (s.vod_activity * s.vod_activity + p.ascites_half * p.ascites_half)


def _coupled(unit, meaning, of, *needs, **other_units):
    return Coupled(Signal(unit, meaning), dict.fromkeys(needs, "1") | other_units, of)


_SYNDROME = "engraftment_syndrome_activity"
COUPLED = {
    "rash": _coupled("%", "share of the body surface with active erythema", _rash, "skin_damage", _SYNDROME),
    "stool_volume": _coupled("mL/d", "stool in a day", _stool_volume, "gut_damage", "mucosal_injury"),
    "temperature": _coupled("Cel", "body temperature", _temperature, "fever_source", "cytokine_release", _SYNDROME),
    "creatinine": _coupled("mg/dL", "creatinine in serum", _creatinine, "filtration"),
    "alt": _coupled("U/L", "alanine aminotransferase in serum", _alt, "sinusoid_injury", "vod_activity",
                    "liver_damage"),
    "ldh": _coupled("U/L", "lactate dehydrogenase in serum", _ldh, "tma_activity", "lung_activity", "vod_activity",
                    "infection", "inflammation"),
    "systolic_pressure": _coupled("mmHg", "systolic blood pressure", _systolic_pressure, "calcineurin",
                                  "tma_activity", "infection", steroid_mg_per_kg="mg/kg"),
    "urine_protein": _coupled("mg/mg", "urine protein over creatinine", _urine_protein, "calcineurin", "tma_activity"),
    "fev1": _coupled("%", "forced expiratory volume, of predicted", _fev1, "lung_injury", "lung_activity",
                     "chronic_gvhd"),
    "oxygen_need": _coupled("L/min", "oxygen needed", _oxygen_need, "lung_activity", "heart_activity", _SYNDROME),
    "ascites": _coupled("1", "ascites, 0 none to 1 tense", _ascites, "vod_activity"),
}  # fmt: skip
