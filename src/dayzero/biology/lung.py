"""Lung and heart: what conditioning leaves injured, idiopathic pneumonia syndrome and heart failure.

::

    struck lung       L1' = -L1 / tau_1
    lung injury       L'  = L1 / tau_1 + g GVHD - L / tau_L
    pneumonia         P'  = -P / tau_P,     onset = h_L l L (1 + w GVHD)
    heart injury      C'  = -C / tau_C
    failing heart     F'  = -F / tau_F,     onset = h_C k (C + i infection)

Conditioning adds its lung kill to L1 and its heart kill to C on its day. The patient's own l grows with age and with
lung disease of before, k with age. Irradiation, busulfan and carmustine reach the lung, cyclophosphamide the heart,
all through the kill table. Whether a case is fatal is drawn at its onset, with frailty phi: 1 - (1 - f)^phi.

Incidence of idiopathic pneumonia syndrome and its dependence on irradiation and age: Fukuda 2003 (Blood 102:2777).
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.elementwise import exp, maximum, power
from dayzero.module import Hazard, Number, Parameter, Signal

PARAMETERS = {
    "lung_delay": Parameter(4, "day", "wait between a blow to the lung and its injury", "assumed",
                            "idiopathic pneumonia syndrome begins about day 21-30", 0.3, low=2, high=14),
    "lung_repair": Parameter(40, "day", "time in which the lung recovers", "assumed",
                             "most cases before day 120", 0.3, low=20, high=90),
    "lung_gvhd": Parameter(0.004, "1/day", "lung injury added a day by full damage of graft-versus-host disease",
                           "assumed", "no source", 0.5, low=0, high=0.01),
    "lung_alloreactivity": Parameter(2, "1", "added hazard at full damage of graft-versus-host disease", "assumed",
                                     "about twice as frequent with grade III-IV disease; recalled", 0.4, low=0, high=5),
    "lung_age": Parameter(0.025, "1/year", "rise of lung susceptibility with a year of age", "assumed",
                          "16 % after high-dose irradiation above 40 y, Fukuda 2003 Blood 102:2777", 0.4, low=0,
                          high=0.05),
    "lung_age_reference": Parameter(45, "year", "age at which it is 1", "derived", "definition"),
    "lung_disease": Parameter(0.5, "1", "added lung susceptibility with moderate or severe lung disease", "assumed",
                              "no source", 0.5, low=0, high=2),
    "pneumonia_hazard": Parameter(0.003, "1/day", "idiopathic pneumonia syndrome per unit of lung injury", "fitted",
                                  "8.4 % after conventional, 2.2 % after nonmyeloablative conditioning by day 120 "
                                  "(Fukuda 2003 Blood 102:2777), 3-4 % now", 0.3, 0.4, low=0.0015, high=0.006,
                                  stream=620),
    "pneumonia_fading": Parameter(20, "day", "time in which idiopathic pneumonia syndrome resolves", "assumed",
                                  "no source", 0.3, low=10, high=40),
    "pneumonia_fatality": Parameter(0.65, "1", "deaths of idiopathic pneumonia syndrome, at frailty 1", "assumed",
                                    "0.6-0.75; recalled", 0.15, low=0.5, high=0.8),
    "heart_repair": Parameter(30, "day", "time in which the heart recovers", "assumed",
                              "cyclophosphamide cardiotoxicity within weeks", 0.3, low=14, high=60),
    "heart_infection": Parameter(0.12, "1", "strain of an active systemic infection, in units of injury", "assumed",
                                 "no source", 0.5, low=0, high=0.5),
    "heart_age": Parameter(0.03, "1/year", "rise of heart susceptibility with a year of age", "assumed", "no source",
                           0.4, low=0, high=0.06),
    "heart_age_reference": Parameter(50, "year", "age at which it is 1", "derived", "definition"),
    "failure_hazard": Parameter(0.012, "1/day", "heart failure per unit of heart injury", "fitted",
                                "failing left ventricle in 13 % after post-transplant cyclophosphamide and 3 % without "
                                "(Dulery 2021 JACC CardioOncol 3:250, recalled), 7 % elsewhere", 0.5, 0.5, low=0.002,
                                high=0.03, stream=621),
    "failure_fading": Parameter(20, "day", "time in which heart failure is brought under control", "assumed",
                                "no source", 0.4, low=7, high=60),
    "failure_fatality": Parameter(0.1, "1", "deaths of heart failure, at frailty 1", "assumed",
                                  "about 1 % of patients die of it; no source", 0.4, low=0.03, high=0.4),
}  # fmt: skip

CONSTANTS = {
    "lung_susceptibility": Signal("1", "hazard of the lung in this patient, relative"),
    "heart_susceptibility": Signal("1", "hazard of the heart in this patient, relative"),
}
USES = {"age_years": "year", "pulmonary_risk": "1", "frailty": "1"}


class State(NamedTuple):
    struck: Annotated[Number, "1", "lung tissue struck, not yet injured"]
    lung: Annotated[Number, "1", "lung injury"]
    pneumonia: Annotated[Number, "1", "activity of idiopathic pneumonia syndrome"]
    heart: Annotated[Number, "1", "heart injury"]
    failing: Annotated[Number, "1", "activity of heart failure"]


NEEDS = {
    "lung_kill": "1",
    "heart_kill": "1",
    "gvhd_damage": "1",
    "infection": "1",
    "onset_lung_injury_syndrome": "1",
    "onset_heart_failure": "1",
}
GIVES = {
    "lung_injury": Signal("1", "lung injury left by conditioning and graft-versus-host disease"),
    "lung_activity": Signal("1", "activity of idiopathic pneumonia syndrome, 1 at onset"),
    "heart_activity": Signal("1", "activity of heart failure, 1 at onset"),
}
HAZARDS = {
    "lung_injury_syndrome": Hazard("idiopathic pneumonia syndrome", stream=21, fatal="drawn"),
    "heart_failure": Hazard("heart failure", stream=24, fatal="drawn"),
}


def derive(p, c):
    by_age = exp(p.lung_age * (c.age_years - p.lung_age_reference))
    return {
        "lung_susceptibility": by_age * (1 + p.lung_disease * c.pulmonary_risk),
        "heart_susceptibility": exp(p.heart_age * (c.age_years - p.heart_age_reference)),
    }


def start(p, origins):
    none = 0 * p.lung_delay
    return State(none, none, none, none, none)


def signals(y: State, p):
    return {"lung_injury": y.lung, "lung_activity": y.pneumonia, "heart_activity": y.failing}


def rates(y: State, p, s):
    return State(
        struck=-y.struck / p.lung_delay,
        lung=y.struck / p.lung_delay + p.lung_gvhd * s.gvhd_damage - y.lung / p.lung_repair,
        pneumonia=-y.pneumonia / p.pneumonia_fading,
        heart=-y.heart / p.heart_repair,
        failing=-y.failing / p.failure_fading,
    )


def jump(y: State, p, s):
    return y._replace(
        struck=y.struck + s.lung_kill,
        pneumonia=maximum(y.pneumonia, s.onset_lung_injury_syndrome),
        heart=y.heart + s.heart_kill,
        failing=maximum(y.failing, s.onset_heart_failure),
    )


def hazards(y: State, p, s):
    alloreactive = 1 + p.lung_alloreactivity * s.gvhd_damage
    strain = y.heart + p.heart_infection * s.infection
    return {
        "lung_injury_syndrome": p.pneumonia_hazard * p.lung_susceptibility * y.lung * alloreactive,
        "heart_failure": p.failure_hazard * p.heart_susceptibility * strain,
    }


def fatality(y: State, p, s):
    return {
        "lung_injury_syndrome": 1 - power(1 - p.pneumonia_fatality, p.frailty),
        "heart_failure": 1 - power(1 - p.failure_fatality, p.frailty),
    }
