"""Mortality: how frail the patient is, and the deaths that belong to no one complication.

::

    frailty           phi = own x exp(b_CI (HCT-CI - 1.5) + b_age (max(age, floor) - 50)/10 + b_KPS [Karnofsky < 90]
                                      + b_chemo (lines - 1) - b_care decades after the 2010s
                                      + b_iron D(years of thalassemia) / 10 + b_vessels D(years of sickle cells) / 10)
    years of harm     D(x) = min((x - spared)+, most)
    strain            Z'  = (w inflammation + endothelial injury - Z) / tau
    other death       h   = h_0 phi (1 + z Z)
    background death  h   = m 2^((age - 50)/doubling)                     (m by sex)
    second cancer     h   = [c 2^((age - 50)/doubling) + c_ray Gy exp(-(age at infusion)/fading)] t/(t + latency);
                            fatal with 1 - (1 - f)^phi

phi is 1 at HCT-CI 1-2, age 50, Karnofsky 90 and one line of chemotherapy, in the 2010s; every organ that kills uses it.
Deaths of infection, graft-versus-host disease, organs and relapse have their own hazards elsewhere; what stands here is
the rest. The life table applies to everyone and knows no frailty; second cancers are those beyond the population's,
whose deaths stand in the life table.

Weights of HCT-CI: Raimondi 2012 (Blood 120:1327), ElSawy 2015 (Br J Haematol 170:574).
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.elementwise import exp, maximum, minimum, power, where
from dayzero.module import Hazard, Number, Parameter, Signal

PARAMETERS = {
    "own_frailty": Parameter(1, "1", "own frailty beyond age, comorbidity and performance", "assumed", "no source",
                             0.0, 0.3, stream=740),
    "frailty_per_point": Parameter(0.3, "1", "log frailty per point of HCT-CI", "fitted",
                                   "mortality without relapse at 2 y by HCT-CI 0, 1-2, 3 and more: 15, 21, 27 % "
                                   "(Raimondi 2012), 14, 23, 39 % (ElSawy 2015)", 0.2, low=0.15, high=0.4),
    "usual_points": Parameter(1.5, "1", "HCT-CI at which frailty is 1", "derived", "definition"),
    "frailty_per_decade": Parameter(0.25, "1", "log frailty per ten years of age", "assumed", "no source", 0.2,
                                    low=0.15, high=0.35),
    "decade": Parameter(10, "year", "ten years", "derived", "definition"),
    "usual_age": Parameter(50, "year", "age at which frailty is 1", "derived", "definition"),
    "youngest": Parameter(10, "year", "age below which nobody is less frail", "assumed",
                          "transplants of children kill fewer, of infants no fewer; no source", 0.3, low=5, high=20),
    "frailty_by_performance": Parameter(0.15, "1", "log frailty with a Karnofsky score below 90", "assumed",
                                        "no source", 0.4, low=0, high=0.4),
    "good_performance": Parameter(90, "1", "Karnofsky score that counts as good", "derived", "definition"),
    "frailty_per_line": Parameter(0.3, "1", "log frailty per line of chemotherapy before", "fitted",
                                  "deaths without relapse: few in chronic myeloid leukemia and aplastic anemia, more "
                                  "in late stages (EBMT score, Gratwohl 2012), recalled", 0.4, low=0, high=0.6),
    "usual_lines": Parameter(1, "1", "lines of chemotherapy at which frailty is 1", "derived", "definition"),
    "frailty_per_era": Parameter(0.2, "1", "log frailty lost per decade of better care", "fitted",
                                 "deaths without relapse fell by a third to a half in a decade (Gooley 2010 N Engl J "
                                 "Med 363:2091), known policies included; recalled", 0.4, low=0, high=0.5),
    "frailty_by_iron": Parameter(1.2, "1", "log frailty per ten years of thalassemia", "fitted",
                                 "transfused iron in liver and heart: five-year survival 63 % at 16-25 years (Li 2019 "
                                 "Blood Adv 3:2562); Pesaro classes, recalled", 0.3, low=0.5, high=2),
    "frailty_by_vessels": Parameter(0.4, "1", "log frailty per ten years of sickle cell disease", "fitted",
                                    "injured vessels; failure x1.09-1.10 per year of age (Gluckman 2017 Blood "
                                    "129:1548), recalled", 0.3, low=0.2, high=1.2),
    "years_spared": Parameter(2, "year", "years of either that leave no damage", "assumed", "no source", 0.4, low=0.5,
                              high=6),
    "years_most": Parameter(18, "year", "years of harm by either that count", "assumed",
                            "who lives longer with it had the milder kind; no source", 0.4, low=10, high=40),
    "other_death_late": Parameter(8e-06, "1/day", "death of no one cause, long after transplant", "fitted",
                                  "85 % of 2-year survivors alive at 10 y (Wingard 2011 PMC3107742), all causes", 0.4,
                                  low=0.3e-5, high=2e-5),
    "strain_kills": Parameter(20, "1", "fold more at full strain", "fitted",
                              "about 4e-5 a day in the first year after full conditioning", 0.4, low=5, high=40),
    "strain_inflammation": Parameter(1, "1", "strain of full inflammation", "assumed", "no source", 0.4, low=0,
                                     high=2),
    "strain_time": Parameter(60, "day", "time in which strain follows its causes", "assumed", "no source", 0.4,
                             low=20, high=150),
    "background_man": Parameter(0.0045, "1/year", "death of a man of 50 of the population", "assumed",
                                "life tables of high-income countries; recalled", 0.15, low=0.003, high=0.006),
    "background_woman": Parameter(0.62, "1", "that of a woman, relative", "assumed", "life tables; recalled", 0.1,
                                  low=0.5, high=0.75),
    "background_doubling": Parameter(8, "year", "age in which background mortality doubles", "assumed",
                                     "Gompertz law, life tables; recalled", 0.05, low=7, high=9),
    "days_per_year": Parameter(365.25, "day/year", "days in a year", "derived", "definition"),
    "second_cancer_rate": Parameter(0.001, "1/year", "second cancer beyond those of the population, age 50", "assumed",
                                    "twice the expected; 3.3 % at 20 years (Rizzo 2009 Blood 113:1175), recalled", 0.5,
                                    low=0.0003, high=0.003),
    "second_cancer_doubling": Parameter(12, "year", "age in which that doubles", "assumed", "population registers; "
                                        "recalled", 0.3, low=8, high=20),
    "second_cancer_by_rays": Parameter(0.0005, "1/year/Gy", "second cancer by irradiation of the youngest", "assumed",
                                       "0.004 a year after 12 Gy in the young, little beyond 30; recalled", 0.5,
                                       low=0.0002, high=0.001),
    "rays_fading": Parameter(25, "year", "age at irradiation in which its effect falls to a third", "assumed",
                             "the same", 0.4, low=12, high=50),
    "second_cancer_latency": Parameter(4, "year", "time at which second cancers reach half their rate", "assumed",
                                       "solid tumours come years later; recalled", 0.4, low=1, high=8),
    "second_cancer_fatality": Parameter(0.4, "1", "deaths of a second cancer, at frailty 1", "assumed", "no source",
                                        0.3, low=0.2, high=0.6),
}  # fmt: skip

CONSTANTS = {
    "frailty": Signal("1", "frailty: 1 at HCT-CI 1-2, age 50, Karnofsky 90, one line of chemotherapy, in the 2010s"),
    "cancer_by_rays": Signal("1/year", "second cancers by irradiation"),
}
USES = {
    "age_years": "year",
    "male": "1",
    "hct_ci": "points",
    "karnofsky": "1",
    "irradiation_gy": "Gy",
    "chemotherapy_lines": "1",
    "supportive_care": "decades",
    "thalassemia_years": "year",
    "sickle_years": "year",
}


class State(NamedTuple):
    strain: Annotated[Number, "1", "physical strain of the transplant"]
    years: Annotated[Number, "year", "time since admission"]


NEEDS = {"inflammation": "1", "endothelial_injury": "1"}
HAZARDS = {
    "other_death": Hazard("death of the transplant without one cause", stream=50, fatal="always"),
    "background_death": Hazard("death as in the population at that age", stream=51, fatal="always"),
    "second_cancer": Hazard("second cancer", stream=52, fatal="drawn"),
}


def derive(p, c):
    comorbid = p.frailty_per_point * (c.hct_ci - p.usual_points)
    old = p.frailty_per_decade * (maximum(c.age_years, p.youngest) - p.usual_age) / p.decade
    weak = where(c.karnofsky < p.good_performance, p.frailty_by_performance, 0 * p.frailty_by_performance)
    treated = p.frailty_per_line * (c.chemotherapy_lines - p.usual_lines) - p.frailty_per_era * c.supportive_care
    iron, vessels = _harm(p, c.thalassemia_years), _harm(p, c.sickle_years)
    worn = (p.frailty_by_iron * iron + p.frailty_by_vessels * vessels) / p.decade
    return {
        "frailty": p.own_frailty * exp(comorbid + old + weak + treated + worn),
        "cancer_by_rays": p.second_cancer_by_rays * c.irradiation_gy * exp(-c.age_years / p.rays_fading),
    }


def _harm(p, years):
    """Years of a disease from birth that have done harm."""
    return minimum(maximum(years - p.years_spared, 0), p.years_most)


def start(p, origins):
    none = 0 * p.own_frailty
    return State(none, none)


def rates(y: State, p, s):
    load = p.strain_inflammation * s.inflammation + s.endothelial_injury
    return State(strain=(load - y.strain) / p.strain_time, years=1 / p.days_per_year)


def hazards(y: State, p, s):
    sex = p.background_woman + (1 - p.background_woman) * p.male
    older = p.age_years + y.years - p.usual_age
    cancers = p.second_cancer_rate * power(2, older / p.second_cancer_doubling) + p.cancer_by_rays
    return {
        "other_death": p.other_death_late * p.frailty * (1 + p.strain_kills * y.strain),
        "background_death": p.background_man * sex * power(2, older / p.background_doubling) / p.days_per_year,
        "second_cancer": cancers * y.years / (y.years + p.second_cancer_latency) / p.days_per_year,
    }


def fatality(y: State, p, s):
    return {"second_cancer": 1 - power(1 - p.second_cancer_fatality, p.frailty)}
