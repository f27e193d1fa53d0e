"""Conditioning: from doses to exposure, and from exposure to what survives of marrow, blood and tissue.

Exposure of a day's dose (area under the curve where the drug is cleared, dose per size where it is not)::

    busulfan          AUC = F dose / CL,   CL = CL70 (NFM/62)^0.75 maturation(age), x0.94 after the first day
    melphalan         AUC = dose / CL,     CL = CL60 (FFM/60)^0.75 (CrCl/90)^0.25
    fludarabine       AUC = 0.781 dose / CL,   CL = 3.24 (W/70)^0.75 + 0.782 CrCl[L/h]
    thiotepa          AUC of thiotepa and tepa,  treosulfan AUC = dose / CL
    cyclophosphamide  mg/kg, x1.5 after busulfan (activation), spread of clearance between patients
    carmustine, etoposide, cytarabine, clofarabine, methotrexate   mg/m2

Kill: log10 kill of a class is its slope times the exposure, added over drugs in the order given. Irradiation kills
alpha (d + d^2 / (alpha/beta)) nats a fraction. One table holds every drug and every class; there is no regimen, no
intensity class and no calendar here. The same row acts before infusion on the host and after it on the graft, which
is all there is to methotrexate and post-transplant cyclophosphamide: stem cells are spared, cycling cells are not.

Sources stand with the parameters. Slopes are assumed where no measurement exists, and fitted so that named regimens
give the kill vectors that their count curves need.
"""

from __future__ import annotations

from dayzero.elementwise import exp, minimum, power
from dayzero.module import Parameter, Signal

CLASSES = ("stem", "short_term", "multipotent", "committed", "granulocytic", "late_granulocytic", "band",
           "megakaryoblast", "megakaryocyte", "erythroid", "late_erythroid", "t_cell", "b_cell", "nk_cell",
           "treg", "effector", "disease")  # fmt: skip
LYMPHOID = ("all", "indolent_lymphoma", "aggressive_lymphoma", "hodgkin_lymphoma")
OTHER_DISEASES = ("mds", "cml", "myeloma")  # AML is what all are compared with
LIKE_T_CELLS = ("treg", "effector")  # killed as T cells are, where a row says nothing else
TISSUES = ("niche", "mucosa", "endothelium", "sinusoid", "lung", "thymus", "bladder", "heart")


def _slopes(drug: str, unit: str, source: str, fitted: tuple[str, ...] = (), **by_class: float) -> dict[str, Parameter]:
    """One row of the kill table: log10 kill per unit of exposure, by class; `fitted` are in the scenario fit."""
    return {
        f"{drug}_on_{target}": Parameter(
            slope, f"log10 per {unit}" if target in CLASSES else f"1 per {unit}",
            f"{'kill' if target in CLASSES else 'injury'} of {target.replace('_', ' ')} by {drug.replace('_', ' ')}",
            "fitted" if target in fitted else "assumed", source, uncertainty=0.3)
        for target, slope in by_class.items()
    }  # fmt: skip


def _rays(source: str, **by_class: float) -> dict[str, Parameter]:
    """Sensitivity to irradiation by class: alpha, nats per Gy."""
    return {
        f"radiation_on_{target}": Parameter(alpha, "1/Gy", f"radiation kill of {target.replace('_', ' ')} (alpha)",
                                            "assumed", source, uncertainty=0.2)
        for target, alpha in by_class.items()
    }  # fmt: skip


def _sensitivities(**by_group: float) -> dict[str, Parameter]:
    """Kill of each disease over that of AML, by drugs and rays alike."""
    return {
        f"sensitivity_{group}": Parameter(fold, "1", f"kill of {group.replace('_', ' ')} over that of AML", "fitted",
                                          "set by relapse after autologous grafts and by intensity; no measurement",
                                          0.3)
        for group, fold in by_group.items()
    }  # fmt: skip


_MEL = (
    "scenario fit: progenitors 5.5 log10 at AUC 14, recovery 4-6 weeks without cells; T cells by donor "
    "chimerism after fludarabine and melphalan"
)
_MAC = "busulfan AUC 90 with cyclophosphamide 120 mg/kg: stem 5, progenitors 6 log10"
_BY_ANALOGY = "by analogy with regimens of known effect; no measurement"

PARAMETERS = {
    "busulfan_clearance": Parameter(12.4, "L/h/62 kg", "busulfan clearance of an adult", "measured",
                                    "McCune 2014 Clin Cancer Res 20:754", 0.03, 0.22, low=9, high=16, stream=500),
    "busulfan_size": Parameter(62, "kg", "normal fat mass that the clearance refers to", "measured", "McCune 2014"),
    "busulfan_fat": Parameter(0.509, "1", "share of fat that counts as normal fat mass", "measured", "McCune 2014"),
    "busulfan_maturing_at": Parameter(0.876, "year", "postmenstrual age at half of mature clearance", "measured",
                                      "McCune 2014 (45.7 weeks)"),
    "busulfan_maturing_slope": Parameter(2.3, "1", "Hill slope of maturation", "measured", "McCune 2014"),
    "term": Parameter(0.767, "year", "length of gestation", "derived", "40 weeks"),
    "busulfan_later": Parameter(0.94, "1", "clearance after the first day", "measured", "McCune 2014", 0.03),
    "busulfan_oral": Parameter(0.8, "1", "bioavailability of oral busulfan", "assumed", "3.2 mg/kg IV for 4 oral", 0.1),
    "monitoring": Parameter(1.0, "1", "cumulative exposure reached over exposure aimed at", "assumed",
                                     "drug monitoring", 0.05, 0.10, stream=501),
    "melphalan_clearance": Parameter(27.8, "L/h", "melphalan clearance at 60 kg fat-free mass", "measured",
                                     "Nath 2010 Br J Clin Pharmacol 69:484 (PMC2856049)", 0.05, 0.27, low=18, high=40,
                                     stream=502),
    "melphalan_size": Parameter(60, "kg", "fat-free mass that the clearance refers to", "assumed", "no source"),
    "melphalan_renal": Parameter(90, "mL/min", "creatinine clearance that it refers to", "assumed", "no source"),
    "melphalan_renal_power": Parameter(0.25, "1", "exponent of melphalan clearance on creatinine clearance", "assumed",
                                       "no source", 0.3),
    "allometry": Parameter(0.75, "1", "exponent of clearance on size", "assumed", "allometric scaling"),
    "fludarabine_nonrenal": Parameter(3.24, "L/h/70 kg", "non-renal clearance of F-ara-A", "measured",
                                      "Langenhorst 2019 Clin Pharmacokinet (10.1007/s40262-018-0715-9)", 0.1, 0.2,
                                      low=2.6, high=3.9, stream=503),
    "fludarabine_renal": Parameter(0.782, "1", "renal clearance of F-ara-A over glomerular filtration", "measured",
                                   "Langenhorst 2019", 0.1),
    "fludarabine_carried": Parameter(0.781, "1", "F-ara-A in fludarabine phosphate, by weight", "derived",
                                     "molar masses 285.2/365.2"),
    "litres_per_hour": Parameter(0.06, "L/h per mL/min", "unit of clearance", "derived", "definition"),
    "adult_weight": Parameter(70, "kg", "weight that clearances refer to", "derived", "definition"),
    "cyclophosphamide_exposure": Parameter(1.0, "1", "own exposure to active cyclophosphamide, relative", "measured",
                                           "clearance CV 30 %, Moore 1988 Clin Pharmacol Ther 44:622", 0.05, 0.3,
                                           stream=504),
    "cyclophosphamide_after_busulfan": Parameter(1.5, "1", "fold activation of cyclophosphamide after busulfan",
                                                 "assumed", "no source", 0.2, low=1, high=2),
    "thiotepa_clearance": Parameter(34, "L/h/70 kg", "thiotepa clearance", "measured",
                                    "Br J Clin Pharmacol PMC2014425", 0.1, 0.18, low=24, high=46, stream=505),
    "tepa_exposure": Parameter(0.6, "1", "exposure to tepa over exposure to thiotepa", "assumed", _BY_ANALOGY, 0.4),
    "treosulfan_clearance": Parameter(16, "L/h/1.9 m2", "treosulfan clearance", "measured",
                                      "Romanski 2018 review; recalled", 0.1, 0.25, low=12, high=22, stream=506),
    "treosulfan_size": Parameter(1.9, "m2", "body surface that the clearance refers to", "derived", "definition"),
    "marrow_sensitivity": Parameter(1.0, "1", "own sensitivity of marrow to drugs and rays, relative", "assumed",
                                    "spread of nadirs", 0.0, 0.1, stream=507),
    "alpha_beta_marrow": Parameter(15, "Gy", "alpha/beta of marrow cells", "assumed", "recalled", 0.3),
    "alpha_beta_niche": Parameter(5, "Gy", "alpha/beta of the niche", "assumed", "no source", 0.3),
    "lymphoid_field": Parameter(0.3, "1", "share of marrow within a total lymphoid field", "assumed", _BY_ANALOGY, 0.3),
    "liver_injury": Parameter(0.1, "1", "added endothelial injury with iron overload or hepatitis", "assumed",
                              "no source", 0.4),
    "antibody_conjugate_injury": Parameter(0.25, "1", "added endothelial injury after inotuzumab or gemtuzumab",
                                           "assumed", "no source", 0.4),
    **_slopes("busulfan", "mg h/L", _MAC, ("endothelium",), stem=0.050, short_term=0.050,
              multipotent=0.056, committed=0.056,
              granulocytic=0.056, late_granulocytic=0.038, band=0.004, megakaryoblast=0.046, megakaryocyte=0.003,
              erythroid=0.044, late_erythroid=0.003, t_cell=0.012, b_cell=0.008, nk_cell=0.006, disease=0.048,
              niche=0.003, mucosa=0.0091, endothelium=0.00333,
              sinusoid=0.0033, lung=0.0028, thymus=0.0085),
    **_slopes("melphalan", "mg h/L", _MEL,
              ("short_term", "multipotent", "committed", "band", "megakaryocyte", "t_cell", "endothelium"),
              stem=0.105, short_term=0.118, multipotent=0.393, committed=0.393,
              granulocytic=0.393, late_granulocytic=0.179, band=0.15, megakaryoblast=0.214, megakaryocyte=0.09,
              erythroid=0.25, late_erythroid=0.021, t_cell=0.2, b_cell=0.1, nk_cell=0.05, disease=0.25,
              niche=0.004, mucosa=0.111, endothelium=0.0452,
              sinusoid=0.0036, lung=0.0036, thymus=0.04),
    **_slopes("cyclophosphamide", "mg/kg",
              "stem cells spared (aldehyde dehydrogenase); 0.3-0.6 log10 of cycling cells per 50 mg/kg", stem=0.0017,
              short_term=0.0025, multipotent=0.0105, committed=0.0117, granulocytic=0.0117, late_granulocytic=0.004,
              band=0.0004, megakaryoblast=0.0083, megakaryocyte=0.001, erythroid=0.0083, late_erythroid=0.0005,
              t_cell=0.0125, b_cell=0.012, nk_cell=0.008, disease=0.004, mucosa=0.0012, endothelium=0.0008,
              treg=0.0025, effector=0.0098, sinusoid=0.00083, lung=0.0003, thymus=0.0016, bladder=0.0042,
              heart=0.0014),
    **_slopes("fludarabine", "mg h/L", "T cells 1.5 log10 at 30 mg/m2 x5, by donor T cells after mild conditioning",
              ("t_cell",), stem=0.002, short_term=0.003,
              multipotent=0.028, committed=0.03, granulocytic=0.022, late_granulocytic=0.008, megakaryoblast=0.015,
              megakaryocyte=0.002, erythroid=0.018, t_cell=0.05, b_cell=0.06, nk_cell=0.03, disease=0.012,
              lung=0.001, thymus=0.005),
    **_slopes("thiotepa", "mg h/L", _BY_ANALOGY, stem=0.05, short_term=0.05, multipotent=0.075, committed=0.075,
              granulocytic=0.075, late_granulocytic=0.045, band=0.003, megakaryoblast=0.06, megakaryocyte=0.006,
              erythroid=0.06, late_erythroid=0.004, t_cell=0.03, b_cell=0.03, nk_cell=0.02, disease=0.04,
              niche=0.002, mucosa=0.022, endothelium=0.002,
              sinusoid=0.004, lung=0.003, thymus=0.012),
    **_slopes("treosulfan", "mg h/L", _BY_ANALOGY, stem=0.0009, short_term=0.0009, multipotent=0.0011,
              committed=0.0011, granulocytic=0.0011, late_granulocytic=0.0007, band=0.00005, megakaryoblast=0.0009,
              megakaryocyte=0.0001, erythroid=0.0009, late_erythroid=0.00005, t_cell=0.0003, b_cell=0.0003,
              nk_cell=0.0002, disease=0.0007, niche=0.00003, mucosa=0.00012, endothelium=0.00001,
              sinusoid=0.00002, lung=0.00002, thymus=0.00008),
    **_slopes("carmustine", "mg/m2", _BY_ANALOGY, stem=0.003, short_term=0.003, multipotent=0.003, committed=0.003,
              granulocytic=0.002, late_granulocytic=0.001, megakaryoblast=0.003, megakaryocyte=0.0003,
              erythroid=0.002, t_cell=0.001, b_cell=0.002, disease=0.003, mucosa=0.0005, endothelium=0.0003,
              sinusoid=0.0002, lung=0.001, thymus=0.0005),
    **_slopes("etoposide", "mg/m2", _BY_ANALOGY, stem=0.0001, short_term=0.0002, multipotent=0.0022,
              committed=0.0025, granulocytic=0.0025, late_granulocytic=0.001, megakaryoblast=0.002,
              megakaryocyte=0.0002, erythroid=0.0022, t_cell=0.0005, b_cell=0.001, disease=0.002, mucosa=0.0005,
              thymus=0.0001),
    **_slopes("cytarabine", "mg/m2", _BY_ANALOGY, stem=0.00005, short_term=0.0001, multipotent=0.0011,
              committed=0.0012, granulocytic=0.0012, late_granulocytic=0.0006, megakaryoblast=0.001,
              megakaryocyte=0.0001, erythroid=0.0011, t_cell=0.0003, b_cell=0.0004, disease=0.001, mucosa=0.0001,
              thymus=0.0001),
    **_slopes("clofarabine", "mg/m2", _BY_ANALOGY, stem=0.001, short_term=0.001, multipotent=0.01, committed=0.01,
              granulocytic=0.01, late_granulocytic=0.004, megakaryoblast=0.008, megakaryocyte=0.001, erythroid=0.008,
              t_cell=0.008, b_cell=0.008, nk_cell=0.004, disease=0.01, mucosa=0.001, endothelium=0.0004,
              sinusoid=0.0007, thymus=0.001),
    **_slopes("methotrexate", "mg/m2", "half of cycling cells at about 11 mg/m2 (scenario fit)",
              ("multipotent", "committed", "granulocytic", "megakaryoblast"),
              multipotent=0.018, committed=0.019, granulocytic=0.025, late_granulocytic=0.011,
              megakaryoblast=0.0103, erythroid=0.022, mucosa=0.008, effector=0.0162),
    **_rays("stem cells alpha 0.70/Gy, alpha/beta 15 Gy, recalled: 2 Gy leaves 0.20",
            stem=0.70, short_term=0.80, multipotent=1.25, committed=1.30, granulocytic=0.9, late_granulocytic=0.45,
            band=0.05, megakaryoblast=0.9, megakaryocyte=0.12, erythroid=0.9, late_erythroid=0.05,
            b_cell=1.0, nk_cell=0.18),
    "radiation_on_disease": Parameter(0.42, "1/Gy", "radiation kill of AML (alpha)", "fitted",
                                      "relapse after irradiation of published cohorts", 0.2),
    "radiation_on_t_cell": Parameter(0.85, "1/Gy", "radiation kill of T cells (alpha)", "fitted",
                                     "donor T cells after fludarabine and 2 Gy", 0.2),
    "radiation_on_niche": Parameter(0.10, "1/Gy", "radiation injury of the niche (alpha)", "assumed", "no source", 0.3,
                                    low=0.05, high=0.2),
    "radiation_on_mucosa": Parameter(0.115, "1/Gy", "radiation injury of the mucosa", "fitted",
                                     "grade III-IV in 98 % after irradiation of 12 Gy and chemotherapy, Spielberger "
                                     "2004 N Engl J Med 351:2590", 0.3, low=0.06, high=0.2),
    "radiation_on_endothelium": Parameter(0.025, "1/Gy", "radiation injury of the endothelium", "assumed",
                                          "no source, spread over the dose", 0.4),
    "radiation_on_sinusoid": Parameter(0.019, "1/Gy", "radiation injury of the liver sinusoids", "assumed",
                                       "set for veno-occlusive disease of 5-7 % after Cy/TBI 12", 0.4),
    "radiation_on_lung": Parameter(0.042, "1/Gy", "radiation injury of the lung", "assumed",
                                   "set for Fukuda 2003 Blood 102:2777: 8.4 v 2.2 %", 0.4),
    "radiation_on_thymus": Parameter(0.07, "1/Gy", "radiation injury of the thymic epithelium", "assumed",
                                     "a third is left after 12 Gy; no source", 0.4),
    "disease_sensitivity": Parameter(1, "1", "own sensitivity of the disease to drugs and rays, relative", "fitted",
                                     "relapse by intensity; log10 kill spread 1.3 on 4.5", 0.0, 0.3, stream=508),
    **_sensitivities(all=0.95, mds=0.72, cml=0.7, indolent_lymphoma=0.46, aggressive_lymphoma=1.33,
                     hodgkin_lymphoma=0.92, myeloma=0.83),
    "lymphoid_disease_radiation": Parameter(1.83, "1", "radiation kill of lymphoid disease over that of AML", "fitted",
                                            "AML relapses alike after Bu/Cy and Cy/TBI, ALL not; recalled", 0.2),
}  # fmt: skip

DRUGS = tuple(dict.fromkeys(name.split("_on_")[0] for name in PARAMETERS if "_on_" in name and "radiation" not in name))

USES = {
    "age_years": "year",
    "weight_kg": "kg",
    "bsa_m2": "m2",
    "fat_free_mass_kg": "kg",
    "creatinine_clearance_ml_per_min": "mL/min",
    "hepatic_risk": "1",
    "prior_inotuzumab_or_gemtuzumab": "1",
    **{f"disease_{group}": "1" for group in (*LYMPHOID, *OTHER_DISEASES)},
}
CONSTANTS = {
    "busulfan_cl": Signal("L/h", "busulfan clearance of this patient on the first day"),
    "melphalan_cl": Signal("L/h", "melphalan clearance of this patient"),
    "fludarabine_cl": Signal("L/h", "clearance of F-ara-A in this patient"),
    "thiotepa_cl": Signal("L/h", "thiotepa clearance of this patient"),
    "treosulfan_cl": Signal("L/h", "treosulfan clearance of this patient"),
    "tissue_risk": Signal("1", "endothelial injury that this patient adds to any conditioning"),
    "lymphoid_disease": Signal("1", "1 where the disease is lymphoid"),
    "disease_kill": Signal("1", "kill of this patient's disease over that of the usual AML"),
}
DAILY = {
    **{f"surviving_{target}": Signal("1", f"share that survives today: {target.replace('_', ' ')}")
       for target in (*CLASSES, "niche")},
    "mucosal_kill": Signal("1", "share of crypt cells damaged today"),
    "endothelial_kill": Signal("1", "endothelial injury added today"),
    "sinusoid_kill": Signal("1", "injury of the liver sinusoids added today"),
    "lung_kill": Signal("1", "injury of the lung added today"),
    "thymic_kill": Signal("1", "share of thymic epithelium lost today"),
    "bladder_kill": Signal("1", "injury of the bladder added today"),
    "heart_kill": Signal("1", "injury of the heart added today"),
}  # fmt: skip


def derive(p, c):
    """Clearances of one patient, L/h."""
    size = power(c.weight_kg / p.adult_weight, p.allometry)
    filtration = c.creatinine_clearance_ml_per_min * p.litres_per_hour
    melphalan = p.melphalan_clearance * power(c.fat_free_mass_kg / p.melphalan_size, p.allometry)
    renal = power(c.creatinine_clearance_ml_per_min / p.melphalan_renal, p.melphalan_renal_power)
    return {
        "busulfan_cl": _busulfan_clearance(p, c),
        "melphalan_cl": melphalan * renal,
        "fludarabine_cl": p.fludarabine_nonrenal * size + p.fludarabine_renal * filtration,
        "thiotepa_cl": p.thiotepa_clearance * size,
        "treosulfan_cl": p.treosulfan_clearance * c.bsa_m2 / p.treosulfan_size,
        "lymphoid_disease": sum(getattr(c, f"disease_{group}") for group in LYMPHOID),
        "disease_kill": p.disease_sensitivity
        * (
            1
            + sum(
                getattr(c, f"disease_{g}") * (getattr(p, f"sensitivity_{g}") - 1) for g in (*LYMPHOID, *OTHER_DISEASES)
            )
        ),
        "tissue_risk": p.liver_injury * c.hepatic_risk + p.antibody_conjugate_injury * c.prior_inotuzumab_or_gemtuzumab,
    }


def _busulfan_clearance(p, c):
    normal_fat_mass = c.fat_free_mass_kg + p.busulfan_fat * (c.weight_kg - c.fat_free_mass_kg)
    size = power(normal_fat_mass / p.busulfan_size, p.allometry)
    age = power((c.age_years + p.term) / p.busulfan_maturing_at, p.busulfan_maturing_slope)
    return p.busulfan_clearance * size * age / (1 + age)


def exposure(p, drug, dose_mg, *, oral=0, first_day=1, after_busulfan=0):
    """Exposure to one day's dose, in the unit of the drug's row of the kill table.

    Parameters
    ----------
    p : parameters and constants of this module, one value a patient.
    drug : name, one of `DRUGS`.
    dose_mg : amount given that day, mg.
    oral, first_day, after_busulfan : 1 where it is so.
    """
    if drug == "busulfan":
        clearance = p.busulfan_cl * (p.busulfan_later + (1 - p.busulfan_later) * first_day)
        return dose_mg * (1 + (p.busulfan_oral - 1) * oral) / clearance
    if drug == "melphalan":
        return dose_mg / p.melphalan_cl
    if drug == "fludarabine":
        return dose_mg * p.fludarabine_carried / p.fludarabine_cl
    if drug == "thiotepa":
        return dose_mg * (1 + p.tepa_exposure) / p.thiotepa_cl
    if drug == "treosulfan":
        return dose_mg / p.treosulfan_cl
    if drug == "cyclophosphamide":
        activation = 1 + (p.cyclophosphamide_after_busulfan - 1) * after_busulfan
        return dose_mg / p.weight_kg * activation * p.cyclophosphamide_exposure
    return dose_mg / p.bsa_m2


def drug_kill(p, drug, amount):
    """Log10 kill of every class, and injury of every tissue, by an exposure: a dict by target."""
    effect = {}
    for target in (*CLASSES, *TISSUES):
        slope = getattr(p, f"{drug}_on_{target}", None)
        if slope is None and target in LIKE_T_CELLS:
            slope = getattr(p, f"{drug}_on_t_cell", None)
        if slope is not None:
            effect[target] = slope * amount * _sensitivity(p, target)
    return effect


def _sensitivity(p, target):
    """Own sensitivity of a class; tissues have none."""
    if target == "disease":
        return p.disease_kill
    return p.marrow_sensitivity if target in CLASSES else 1


# Injuries that add up from day to day: tissue, signal.
ADDED = {"endothelium": "endothelial_kill", "sinusoid": "sinusoid_kill", "lung": "lung_kill",
         "bladder": "bladder_kill", "heart": "heart_kill"}  # fmt: skip
LN10 = Parameter(2.302585092994046, "1", "natural logarithm of 10", "derived", "definition").typical


def radiation_kill(p, fraction_gy, fractions, lymphoid=0):
    """The same for `fractions` of `fraction_gy` given in one day; `lymphoid` 1 for a total lymphoid field."""
    exposed = 1 + (p.lymphoid_field - 1) * lymphoid
    effect = {}
    for target in CLASSES:
        shape = fraction_gy * (1 + fraction_gy / p.alpha_beta_marrow)
        seen = exposed if target not in ("t_cell", "b_cell", "nk_cell", *LIKE_T_CELLS) else 1
        alpha = getattr(p, f"radiation_on_{'t_cell' if target in LIKE_T_CELLS else target}")
        if target == "disease":
            alpha = alpha * (1 + (p.lymphoid_disease_radiation - 1) * p.lymphoid_disease)
        effect[target] = alpha * shape * fractions * seen * _sensitivity(p, target) / LN10
    niche = fraction_gy * (1 + fraction_gy / p.alpha_beta_niche)
    given = fraction_gy * fractions * exposed
    linear = {tissue: getattr(p, f"radiation_on_{tissue}") * given
              for tissue in ("mucosa", "endothelium", "sinusoid", "lung", "thymus")}  # fmt: skip
    return effect | {"niche": p.radiation_on_niche * niche * fractions * exposed} | linear


def surviving(kills):
    """Signals of one day from the effects of all its drugs and rays, added in the order given."""
    total = {}
    for effect in kills:
        for target, amount in effect.items():
            total[target] = total[target] + amount if target in total else amount
    day = {f"surviving_{name}": exp(-LN10 * total[name]) for name in CLASSES if name in total}
    if "niche" in total:
        day["surviving_niche"] = exp(-total["niche"])
    if "mucosa" in total:
        day["mucosal_kill"] = 1 - exp(-total["mucosa"])
    if "thymus" in total:
        day["thymic_kill"] = 1 - exp(-total["thymus"])
    for tissue, name in ADDED.items():
        if tissue in total:
            day[name] = minimum(total[tissue], 1)
    return day
