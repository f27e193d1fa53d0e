"""What an organ system and a ward policy are made of: the words every biology file and policy file is written in.

A biology file *is* a module. It is written for **one patient, in scalars**, and declares by name:

=============  =====================================================================================
``PARAMETERS`` its numbers, each a `Parameter`
``CONSTANTS``  what ``derive`` works out once a patient (homeostasis, graft in units of a healthy pool)
``USES``       constants and covariates from elsewhere that it needs, with their units
``State``      a NamedTuple; per-origin cells stand in ``cells``, a tuple (host, donor 1, donor 2)
``NEEDS``      signals its equations read, with their units
``GIVES``      signals worked out from its own state alone, by ``signals(y, p)``
``COUPLED``    signals that need other signals too, by name, each a `Coupled`
``DAILY``      signals known before the course starts, day by day (doses, kills); made by ``prepare``
``HAZARDS``    what can happen to the patient here, each a `Hazard`
``CHANCE``     uniform draws it needs every day for small numbers, by name: the number of their stream
=============  =====================================================================================

and the functions ``derive(p, c)``, ``start(p, origins)``, ``signals(y, p)``, ``rates(y, p, s)``, ``jump(y, p, s)``,
``hazards(y, p, s)``, ``fatality(y, p, s)``. A module omits what it does not need. ``p`` holds parameters and constants,
``s`` the signals asked for in ``NEEDS`` and nothing else, so that a link between organs that is not declared cannot
exist.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

# A scalar of one patient: a float, a NumPy array over patients in `prepare`, a traced JAX scalar in the engine.
Number: TypeAlias = Any

Status = Literal["measured", "derived", "fitted", "assumed"]


@dataclass(frozen=True)
class Parameter:
    """One number of the model, with everything a reader may ask of it.

    Parameters
    ----------
    typical : value in a typical patient.
    unit : unit, "1" where there is none.
    meaning : one line in ward language.
    status : ``measured``, ``derived``, ``fitted`` or ``assumed``.
    source : citation, or what it was fitted to.
    uncertainty : log-normal coefficient of variation of the typical value (what we do not know).
    between_patient : log-normal coefficient of variation between patients (how people differ).
    low, high : plausible range of the typical value; None where nobody gives one.
    stream : number of the random stream that draws the between-patient part; never reused, never changed.
    """

    typical: float
    unit: str
    meaning: str
    status: Status
    source: str
    uncertainty: float = 0.0
    between_patient: float = 0.0
    low: float | None = None
    high: float | None = None
    stream: int | None = None

    def __post_init__(self) -> None:
        if self.between_patient and self.stream is None:
            raise ValueError(f"a parameter that varies between patients needs a stream: {self.meaning}")


@dataclass(frozen=True)
class Signal:
    """A quantity that passes between organs, or is recorded: unit, meaning, and whether each origin has its own."""

    unit: str
    meaning: str
    per_origin: bool = False


@dataclass(frozen=True)
class Coupled:
    """A signal worked out from its owner's state and from other signals (name: unit), by ``of(y, p, s)``."""

    signal: Signal
    needs: Mapping[str, str]
    of: Callable[[Any, Any, Any], Any]


@dataclass(frozen=True)
class Hazard:
    """Something that can happen to the patient.

    Parameters
    ----------
    meaning : one line in ward language.
    stream : number of its stream of thresholds; never reused, never changed.
    recurrent : whether it can happen again.
    fatal : ``never``; ``drawn`` at each onset with the probability that the organ's ``fatality`` gives; ``always``,
        where the event is a death.

    The morning after it happened the signal ``onset_<name>`` is 1.
    """

    meaning: str
    stream: int
    recurrent: bool = False
    fatal: Literal["never", "drawn", "always"] = "never"


class Orders(NamedTuple):
    """What the ward gives the patient today. Combined over policies by `ORDER_RULES`."""

    gcsf_ug_per_kg: Number = 0.0
    platelet_units: Number = 0.0
    red_cell_units: Number = 0.0
    calcineurin: Number = 0.0
    steroid_mg_per_kg: Number = 0.0
    ruxolitinib: Number = 0.0
    letermovir: Number = 0.0
    antiviral: Number = 0.0
    foscarnet: Number = 0.0
    quinolone: Number = 0.0
    mould_azole: Number = 0.0
    immunoglobulin: Number = 0.0
    defibrotide: Number = 0.0
    donor_lymphocytes_per_kg: Number = 0.0
    boost: Number = 0.0
    maintenance: Number = 0.0


ORDER_SIGNALS: Mapping[str, Signal] = {
    "gcsf_ug_per_kg": Signal("ug/kg", "filgrastim given today"),
    "platelet_units": Signal("units", "adult platelet units transfused today"),
    "red_cell_units": Signal("units", "red-cell units transfused today"),
    "calcineurin": Signal("1", "calcineurin inhibitor today, share of the target level"),
    "steroid_mg_per_kg": Signal("mg/kg", "steroid given today, as prednisone"),
    "ruxolitinib": Signal("1", "1 while ruxolitinib is given"),
    "letermovir": Signal("1", "1 while letermovir is given"),
    "antiviral": Signal("1", "1 while (val)ganciclovir is given"),
    "foscarnet": Signal("1", "1 while foscarnet is given"),
    "quinolone": Signal("1", "1 while a quinolone is given"),
    "mould_azole": Signal("1", "1 while a mould-active azole is given"),
    "immunoglobulin": Signal("1", "1 on a day of immunoglobulin infusion"),
    "defibrotide": Signal("1", "1 while defibrotide is given"),
    "donor_lymphocytes_per_kg": Signal("cells/kg", "donor T cells infused today"),
    "boost": Signal("1", "cells of the first donor infused again today, 1 for as many as the first graft held"),
    "maintenance": Signal("1", "1 while maintenance against the disease is given"),
}
_ADDED_UP = ("platelet_units", "red_cell_units", "donor_lymphocytes_per_kg", "boost")
ORDER_RULES: Mapping[str, Literal["sum", "max"]] = {
    name: "sum" if name in _ADDED_UP else "max" for name in ORDER_SIGNALS
}

# What the plan fixes day by day apart from conditioning; made by `prepare`, read like any other signal.
SCHEDULE: Mapping[str, Signal] = {
    "calcineurin_planned": Signal("1", "calcineurin inhibitor by the plan, share of the target level"),
    "mycophenolate": Signal("1", "mycophenolate, share of the full dose"),
    "sirolimus": Signal("1", "1 while sirolimus is given"),
    "abatacept": Signal("1", "abatacept level, 1 after a dose of 10 mg/kg"),
    "blood_drawn": Signal("1", "1 on a day of blood counts"),
    "chimerism_tested": Signal("1", "1 on a day of chimerism testing"),
    "subsets_tested": Signal("1", "1 on a day of lymphocyte counts"),
    "cmv_tested": Signal("1", "1 on a day of CMV testing"),
    "marrow_examined": Signal("1", "1 on a day of marrow examination"),
    "present": Signal("1", "1 from the day of admission"),
    "day_of_transplant": Signal("day", "day, counted from the first infusion"),
}


@dataclass(frozen=True)
class Setting:
    """A number a policy takes from the care spec: unit and meaning."""

    unit: str
    meaning: str


# Groups of disease, each with its own covariate ``disease_<group>``.
DISEASE_GROUPS: Mapping[str, str] = {
    "aml": "acute myeloid leukemia",
    "all": "acute lymphoblastic leukemia",
    "mds": "myelodysplastic syndrome",
    "cml": "chronic myeloid leukemia, another myeloproliferative neoplasm or myelofibrosis",
    "indolent_lymphoma": "indolent lymphoma or chronic lymphocytic leukemia",
    "aggressive_lymphoma": "aggressive lymphoma, or a malignancy that has no group of its own",
    "hodgkin_lymphoma": "Hodgkin lymphoma",
    "myeloma": "myeloma",
    "aplastic": "aplastic anemia",
    "other": "another disease that is not malignant",
}

# Maintenance after transplant, each with its own covariate ``maintenance_by_<drug>``.
MAINTENANCE_DRUGS: Mapping[str, str] = {
    "tki": "a BCR-ABL inhibitor",
    "flt3_inhibitor": "a FLT3 inhibitor",
    "lenalidomide": "lenalidomide",
    "hypomethylating": "a hypomethylating drug",
}

# What is known of a patient before the course starts; `derive` may use any of them by naming it in ``USES``.
COVARIATES: Mapping[str, Signal] = {
    "age_years": Signal("year", "age of the patient"),
    "male": Signal("1", "1 for a male patient, 0 for a female one"),
    "weight_kg": Signal("kg", "body weight"),
    "bsa_m2": Signal("m2", "body surface area (Mosteller)"),
    "fat_free_mass_kg": Signal("kg", "fat-free mass"),
    "creatinine_clearance_ml_per_min": Signal("mL/min", "creatinine clearance"),
    "prior_treatment_lines": Signal("1", "lines of treatment before this transplant"),
    "marrow_cellularity": Signal("1", "share of the healthy stem and progenitor pools present at admission"),
    "splenomegaly": Signal("1", "1 where the spleen is enlarged"),
    "marrow_fibrosis": Signal("1", "1 where the marrow is fibrotic"),
    "hepatic_risk": Signal("1", "1 with iron overload or hepatitis"),
    "prior_inotuzumab_or_gemtuzumab": Signal("1", "1 after inotuzumab or gemtuzumab ozogamicin"),
    "major_abo_mismatch": Signal("1", "1 where the patient has antibodies against donor red cells"),
    "hct_ci": Signal("points", "comorbidity index HCT-CI without age"),
    "karnofsky": Signal("1", "Karnofsky (Lansky under 16) score"),
    "bilirubin_mg_per_dl": Signal("mg/dL", "total bilirubin before conditioning"),
    "pulmonary_risk": Signal("1", "1 with moderate or severe pulmonary comorbidity"),
    "cmv_recipient": Signal("1", "1 where the patient had CMV antibodies before transplant"),
    "allogeneic": Signal("1", "1 where a donor differs from the patient"),
    **{f"disease_{group}": Signal("1", f"1 in a patient with {words}") for group, words in DISEASE_GROUPS.items()},
    "disease_remission": Signal("1", "1 in remission without measurable disease"),
    "disease_mrd": Signal("1", "1 with little disease left: measurable in remission, partial remission, chronic phase"),
    "disease_active": Signal("1", "1 with active disease"),
    "disease_risk": Signal("1", "risk group of the disease: -1 low, 0 intermediate, 1 high, 2 very high"),
    **{
        f"maintenance_by_{drug}": Signal("1", f"1 where {words} is planned and suits the disease")
        for drug, words in MAINTENANCE_DRUGS.items()
    },
    "relapse_treatment": Signal("decades", "treatment of relapse, in decades after that of the 2010s"),
    "supportive_care": Signal("decades", "treatment of complications, in decades after that of the 2010s"),
    "chemotherapy_lines": Signal("1", "lines of chemotherapy before this transplant"),
    "irradiation_gy": Signal("Gy", "irradiation of the body by the conditioning"),
    "thalassemia_years": Signal("year", "years of thalassemia, 0 without it"),
    "sickle_years": Signal("year", "years of sickle cell disease, 0 without it"),
    "ursodiol": Signal("1", "1 where ursodiol is given"),
    "cryotherapy": Signal("1", "1 where ice is kept in the mouth during melphalan"),
    "palifermin": Signal("1", "1 where palifermin is given"),
    "graft_cd34_per_kg": Signal("cells/kg", "viable CD34+ cells infused", per_origin=True),
    "graft_cd3_per_kg": Signal("cells/kg", "viable T cells infused", per_origin=True),
    "graft_naive_t_per_kg": Signal("cells/kg", "viable naive T cells infused, part of the T cells", per_origin=True),
    "graft_treg_per_kg": Signal("cells/kg", "viable regulatory T cells infused, part of the T cells", per_origin=True),
    "graft_nk_per_kg": Signal("cells/kg", "viable NK cells infused", per_origin=True),
    "graft_b_per_kg": Signal("cells/kg", "viable B cells infused", per_origin=True),
    "graft_is_blood": Signal("1", "1 for mobilised blood", per_origin=True),
    "graft_is_marrow": Signal("1", "1 for marrow", per_origin=True),
    "graft_is_cord": Signal("1", "1 for cord blood", per_origin=True),
    "graft_is_primed": Signal("1", "1 for marrow collected after G-CSF", per_origin=True),
    "luck": Signal("1", "uniform draw for the small number of stem cells that engraft", per_origin=True),
    "precursor_luck": Signal("1", "uniform draw for the small number of alloreactive precursors", per_origin=True),
    "donor_age_years": Signal("year", "age of the donor", per_origin=True),
    "donor_cmv": Signal("1", "1 where the donor has CMV antibodies", per_origin=True),
    "donor_female": Signal("1", "1 for a female donor", per_origin=True),
    "donor_is_unrelated": Signal("1", "1 for an unrelated donor, cord blood included", per_origin=True),
    "donor_is_self": Signal("1", "1 for the patient's own cells or those of an identical twin", per_origin=True),
    "hla_mismatch": Signal("1", "mismatched HLA alleles of 8; of 6 in cord blood typed so", per_origin=True),
    "donor_specific_antibody": Signal("1", "1 where the patient has antibodies against the donor", per_origin=True),
}
