"""What can be measured, in which unit it is kept, and how other units become that one.

Inside dayzero a number has no unit written on it: counts are in 1e9/L, hemoglobin in g/dL, bilirubin and creatinine in
mg/dL, LDH in U/L, weight in kg, height in cm, chimerism in percent donor. This is the only place that converts.

A conversion is written as the number of foreign units in one canonical unit, because that is how the ward knows it
(17.1 umol/L of bilirubin in 1 mg/dL) and because dividing 500 /uL by 1000 gives exactly 0.5.

Sources: UCUM spellings (https://ucum.org); creatinine 88.4, bilirubin 17.1 umol/L per mg/dL; hemoglobin 0.6206 mmol/L
(monomer) per g/dL; protein to creatinine 113.12 mg/mmol per mg/mg.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dayzero.errors import InputError

Numbers = TypeVar("Numbers", float, NDArray[np.float64])


@dataclass(frozen=True)
class Quantity:
    """One thing the laboratory or the ward measures.

    Parameters
    ----------
    name : word of the ward.
    unit : canonical unit.
    accepted : unit as written -> how many of it make one canonical unit.
    low, high : a value outside cannot be true in this unit; it is refused, not corrected.
    description : plain words.
    zero : unit as written -> its reading where the canonical scale reads 0 (temperature only).
    """

    name: str
    unit: str
    accepted: Mapping[str, float]
    low: float
    high: float
    description: str
    zero: Mapping[str, float] = field(default_factory=lambda: MappingProxyType[str, float]({}))


_COUNT = {
    "1e9/L": 1.0, "10*9/L": 1.0, "10^9/L": 1.0, "G/L": 1.0, "K/uL": 1.0, "1e3/uL": 1.0, "10*3/uL": 1.0, "10^3/uL": 1.0,
    "/nL": 1.0, "10*3/mm3": 1.0, "/uL": 1e3, "cells/uL": 1e3, "{cells}/uL": 1e3, "/mm3": 1e3, "cells/mm3": 1e3,
    "10*6/L": 1e3, "1e6/L": 1e3,
}  # fmt: skip
_RED_COUNT = {"1e12/L": 1.0, "10*12/L": 1.0, "T/L": 1.0, "10*6/uL": 1.0, "1e6/uL": 1.0, "M/uL": 1.0, "/uL": 1e6}
_PERCENT = {"%": 1.0, "percent": 1.0, "fraction": 0.01}
_ENZYME = {"U/L": 1.0, "IU/L": 1.0, "[IU]/L": 1.0, "ukat/L": 1 / 60}
_DRUG_LEVEL = {"ng/mL": 1.0, "ug/L": 1.0}
_PER_KG = {"cells/kg": 1.0, "/kg": 1.0, "1e6/kg": 1e-6, "10*6/kg": 1e-6, "1e5/kg": 1e-5, "10*5/kg": 1e-5}
_UNITS_GIVEN = {"units": 1.0, "unit": 1.0, "": 1.0}
_PLAIN = {"1": 1.0, "": 1.0}
_RATIO = {"mg/mg": 1.0, "g/g": 1.0, "mg/g": 1e3, "mg/mmol": 113.12, "g/mol": 113.12}
_VIRUS = {"IU/mL": 1.0, "[IU]/mL": 1.0, "IU/L": 1e3, "[IU]/L": 1e3}
_LOG = {"log10 cells": 1.0, "log10": 1.0, "[log10]": 1.0}


def _table(rows: Iterable[Quantity]) -> Mapping[str, Quantity]:
    return MappingProxyType({row.name: row for row in rows})


def _count(name: str, high: float, description: str) -> Quantity:
    return Quantity(name, "1e9/L", _COUNT, 0.0, high, description)


def _donor(name: str, description: str) -> Quantity:
    return Quantity(name, "%", _PERCENT, 0.0, 100.0, description)


def _graded(name: str, low: float, high: float, description: str) -> Quantity:
    return Quantity(name, "1", _PLAIN, low, high, description)


def _cells(name: str, description: str) -> Quantity:
    return Quantity(name, "cells/kg", {**_PER_KG, "": 1.0}, 0.0, 1e11, description)


#: Measured quantities, by name.
QUANTITIES: Mapping[str, Quantity] = _table(
    [
        _count("leukocytes", 2000, "white cells in blood"),
        _count("neutrophils", 1000, "neutrophils in blood, segmented and band forms (ANC)"),
        _count("lymphocytes", 2000, "lymphocytes in blood"),
        _count("monocytes", 1000, "monocytes in blood"),
        _count("platelets", 10000, "platelets in blood"),
        _count("reticulocytes", 2000, "reticulocytes in blood"),
        _count("t_cells", 1000, "CD3 T cells in blood"),
        _count("cd4", 1000, "CD4 T cells in blood"),
        _count("cd8", 1000, "CD8 T cells in blood"),
        _count("b_cells", 2000, "B cells (CD19 or CD20) in blood"),
        _count("nk_cells", 1000, "natural killer cells in blood"),
        Quantity("erythrocytes", "1e12/L", _RED_COUNT, 0.0, 15.0, "red cells in blood"),
        Quantity("hemoglobin", "g/dL", {"g/dL": 1, "g/L": 10, "mmol/L": 0.6206}, 0.0, 30.0, "hemoglobin in blood"),
        _donor("donor_chimerism", "donor share of whole blood or marrow cells"),
        _donor("donor_chimerism_myeloid", "donor share of myeloid cells"),
        _donor("donor_chimerism_t_cell", "donor share of T cells"),
        _donor("donor_chimerism_b_cell", "donor share of B cells"),
        _donor("donor_chimerism_nk", "donor share of natural killer cells"),
        _donor("donor_chimerism_cd34", "donor share of CD34+ cells of the marrow"),
        Quantity("creatinine", "mg/dL", {"mg/dL": 1, "umol/L": 88.4}, 0.0, 60.0, "creatinine in serum"),
        Quantity("bilirubin", "mg/dL", {"mg/dL": 1, "umol/L": 17.1}, 0.0, 100.0, "total bilirubin in serum"),
        Quantity("ldh", "U/L", _ENZYME, 0.0, 100000.0, "lactate dehydrogenase in serum"),
        Quantity("alt", "U/L", _ENZYME, 0.0, 50000.0, "alanine aminotransferase in serum"),
        Quantity("ast", "U/L", _ENZYME, 0.0, 50000.0, "aspartate aminotransferase in serum"),
        Quantity("albumin", "g/dL", {"g/dL": 1, "g/L": 10}, 0.0, 10.0, "albumin in serum"),
        Quantity("crp", "mg/L", {"mg/L": 1, "mg/dL": 0.1}, 0.0, 1000.0, "C-reactive protein in serum"),
        Quantity("ferritin", "ng/mL", _DRUG_LEVEL, 0.0, 500000.0, "ferritin in serum"),
        Quantity("tacrolimus", "ng/mL", _DRUG_LEVEL, 0.0, 200.0, "tacrolimus trough in whole blood"),
        Quantity("ciclosporin", "ng/mL", _DRUG_LEVEL, 0.0, 5000.0, "ciclosporin trough in whole blood"),
        Quantity("weight", "kg", {"kg": 1, "g": 1000, "lb": 2.20462, "[lb_av]": 2.20462}, 0.3, 500.0, "body weight"),
        Quantity("height", "cm", {"cm": 1, "m": 0.01, "[in_i]": 1 / 2.54, "in": 1 / 2.54}, 20.0, 260.0, "body height"),
        Quantity(
            "temperature", "Cel", {"Cel": 1, "C": 1, "degC": 1, "°C": 1, "[degF]": 1.8, "F": 1.8, "degF": 1.8},
            25.0, 46.0, "body temperature", {"[degF]": 32, "F": 32, "degF": 32},
        ),
        Quantity("stool_volume", "mL/d", {"mL/d": 1, "mL/day": 1, "L/d": 0.001}, 0.0, 20000.0, "stool in a day"),
        Quantity("rash", "%", _PERCENT, 0.0, 100.0, "share of the body surface with active erythema"),
        Quantity("igg", "g/L", {"g/L": 1, "mg/dL": 100, "g/dL": 0.1}, 0.0, 200.0, "immunoglobulin G in serum"),
        Quantity("weight_gain", "%", _PERCENT, -60.0, 150.0, "weight gained since admission; less than 0: lost"),
        Quantity("ascites", "1", _PLAIN, 0.0, 1.0, "fluid in the abdomen: 0 none, 1 tense"),
        Quantity("systolic_pressure", "mmHg", {"mmHg": 1, "mm[Hg]": 1, "kPa": 0.133322}, 20.0, 350.0,
                 "systolic blood pressure"),
        Quantity("urine_protein", "mg/mg", _RATIO, 0.0, 100.0, "protein to creatinine in urine"),
        Quantity("fev1", "%", _PERCENT, 0.0, 250.0, "air breathed out in the first second, of what is predicted"),
        Quantity("oxygen_need", "L/min", {"L/min": 1, "mL/min": 1e3}, 0.0, 100.0, "oxygen given to breathe"),
        Quantity("cmv_dna", "IU/mL", _VIRUS, 0.0, 1e12, "cytomegalovirus in plasma"),
        Quantity("ebv_dna", "IU/mL", _VIRUS, 0.0, 1e12, "Epstein-Barr virus in plasma"),
        Quantity("disease_burden", "log10 cells", _LOG, 0.0, 14.0, "malignant cells in the body, by a marrow test"),
        _graded("disease_status", 1.0, 4.0, "disease as last assessed; its number in DISEASE_STATUS"),
        _graded("gvhd_skin_stage", 0.0, 4.0, "acute GVHD of the skin as staged on the ward, 0 to 4"),
        _graded("gvhd_liver_stage", 0.0, 4.0, "acute GVHD of the liver as staged on the ward, 0 to 4"),
        _graded("gvhd_lower_gut_stage", 0.0, 4.0, "acute GVHD of the lower gut as staged on the ward, 0 to 4"),
        _graded("gvhd_upper_gut_stage", 0.0, 1.0, "acute GVHD of the upper gut as staged on the ward, 0 or 1"),
    ]
)  # fmt: skip

#: What patients die of, by the amount of the event ``death``; no amount where it is not known. Who dies after a relapse
#: has a ``relapse`` on the chart whatever the cause.
DEATH_CAUSES: Mapping[int, str] = MappingProxyType(
    {1: "disease", 2: "infection", 3: "graft-versus-host disease", 4: "organ toxicity", 5: "bleeding",
     6: "new malignancy", 7: "other"}
)  # fmt: skip

#: What a ``disease_status`` says.
DISEASE_STATUS: Mapping[int, str] = MappingProxyType(
    {1: "complete remission", 2: "partial remission", 3: "stable disease", 4: "relapse or progression"}
)


def _dose(name: str, unit: str, high: float, description: str) -> Quantity:
    return Quantity(name, unit, {unit: 1.0, "": 1.0}, 0.0, high, description)


def _given(name: str, description: str) -> Quantity:
    return Quantity(name, "mg", {"mg": 1.0, "g": 1e-3, "": 1.0}, 0.0, 1e5, f"{description}; mg that day")


def _share(name: str, description: str) -> Quantity:
    return Quantity(name, "", {"": 1.0, "1": 1.0}, 0.0, 10.0, description)


def _onset(name: str, description: str) -> Quantity:
    return Quantity(name, "", {"": 1.0}, 0.0, 1.0, description)


#: Events, by kind, with the unit of their amount; an amount may be left out. Cells are infused as one of four kinds:
#: ``infusion``, the graft that day 0 is counted from, on one day of a patient (two units of one day are one amount,
#: their sum); ``second_graft``, a later graft of another donor or after another conditioning, which ends the first;
#: ``boost``, more stem cells of the same donor, which does not; ``donor_lymphocytes``. A drug is an event on each day
#: it is given. A complication is an event on the day it begins; ``acute_gvhd`` also on each day its grade comes to be
#: higher than ever, the grade as amount.
EVENTS: Mapping[str, Quantity] = _table(
    [
        _cells("infusion", "stem cells infused; CD34+ cells a kg"),
        _cells("second_graft", "another graft after the first; CD34+ cells a kg"),
        _cells("boost", "more stem cells of the same donor; CD34+ cells a kg"),
        _cells("donor_lymphocytes", "donor lymphocytes; CD3+ cells a kg"),
        Quantity("platelet_transfusion", "units", _UNITS_GIVEN, 0.0, 100.0, "platelets transfused"),
        Quantity("red_cell_transfusion", "units", _UNITS_GIVEN, 0.0, 100.0, "red cells transfused"),
        Quantity("gcsf", "ug/kg", {"ug/kg": 1.0, "mg/kg": 1e-3, "": 1.0}, 0.0, 1000.0, "granulocyte growth factor"),
        _dose("steroid", "mg/kg", 100.0, "systemic steroid, as prednisone"),
        _share("calcineurin", "calcineurin inhibitor; share of the target level"),
        _share("ruxolitinib", "ruxolitinib; share of the full dose"),
        _share("letermovir", "letermovir; share of the full dose"),
        _share("antiviral", "ganciclovir or valganciclovir; share of the full dose"),
        _share("foscarnet", "foscarnet; share of the full dose"),
        _share("quinolone", "antibacterial prophylaxis with a quinolone"),
        _share("mould_azole", "azole active against moulds"),
        _share("immunoglobulin", "infusion of immunoglobulin"),
        _share("defibrotide", "defibrotide; share of the full dose"),
        _share("maintenance", "maintenance treatment of the disease"),
        _given("methotrexate", "methotrexate"),
        _given("mycophenolate", "mycophenolate, oral or intravenous"),
        _given("sirolimus", "sirolimus"),
        _given("cyclophosphamide", "cyclophosphamide, before or after the graft"),
        _given("antithymocyte_globulin", "antithymocyte globulin"),
        _given("ursodiol", "ursodeoxycholic acid"),
        _onset("graft_failure_treatment", "any treatment given for graft failure"),
        _onset("cmv_treatment", "start of treatment for cytomegalovirus, pre-emptive or of disease"),
        Quantity("acute_gvhd", "", {"": 1.0, "1": 1.0}, 0.0, 4.0, "acute graft-versus-host disease; grade 1 to 4"),
        _onset("chronic_gvhd", "chronic graft-versus-host disease"),
        _onset("moderate_chronic_gvhd", "chronic graft-versus-host disease found moderate or severe"),
        _onset("bleeding", "clinically significant bleeding"),
        _onset("neutropenic_fever", "fever in neutropenia"),
        _onset("bacteremia", "bacterial bloodstream infection"),
        _onset("mould_infection", "invasive mould infection"),
        _onset("cmv_disease", "cytomegalovirus disease of an organ"),
        _onset("respiratory_virus", "lower respiratory tract infection by a virus"),
        _onset("viral_reactivation", "disease by adenovirus, HHV-6 or another virus reactivated"),
        _onset("late_infection", "other serious infection after recovery of counts"),
        _onset("lymphoproliferation", "post-transplant lymphoproliferative disorder"),
        _onset("vod", "veno-occlusive disease (sinusoidal obstruction syndrome)"),
        _onset("lung_injury_syndrome", "idiopathic pneumonia syndrome"),
        _onset("microangiopathy", "transplant-associated thrombotic microangiopathy"),
        _onset("hemorrhagic_cystitis", "hemorrhagic cystitis"),
        _onset("heart_failure", "heart failure"),
        _onset("kidney_injury", "acute kidney injury"),
        _onset("engraftment_syndrome", "engraftment syndrome"),
        _onset("second_cancer", "new malignancy"),
        _onset("relapse", "return or progression of the disease"),
        _onset("last_contact", "last day on which the patient was seen or known to be alive"),
        Quantity("death", "", {"": 1.0, "1": 1.0}, 0.0, 7.0, "death; the cause by its number in DEATH_CAUSES"),
    ]
)


def nearest(word: str, valid: Iterable[str]) -> str:
    """The valid name closest to what was written, or all of them when none is close.

    >>> nearest("neutrophil", QUANTITIES)
    'did you mean neutrophils?'
    """
    names = list(valid)
    by_lower = {name.lower(): name for name in names}
    close = difflib.get_close_matches(str(word).lower(), by_lower, n=1)
    return f"did you mean {by_lower[close[0]]}?" if close else "choose from: " + ", ".join(names)


def plain(unit: str) -> str:
    """A unit with the accidents of spelling taken out: blanks, case, the micro sign, 10^ for 10*, a leading x.

    >>> plain(" x10^9 / L") == plain("10*9/l")
    True
    """
    text = unit.replace(" ", "").casefold().replace("\u03bc", "u").replace("^", "*").replace("×", "x")
    return text.removeprefix("x")


def quantity(name: str) -> Quantity:
    """The quantity (or event kind) of this name.

    >>> quantity("hemoglobin").unit
    'g/dL'
    """
    found = QUANTITIES.get(name) or EVENTS.get(name)
    if found is None:
        raise InputError("units", "quantity", repr(name), "a known quantity", nearest(name, [*QUANTITIES, *EVENTS]))
    return found


def scale(name: str, unit: str) -> tuple[float, float]:
    """How a unit becomes the canonical one: ``canonical = (value - zero) / per``; returns ``(per, zero)``.

    >>> scale("creatinine", "umol/L")
    (88.4, 0.0)
    """
    known = quantity(name)
    wanted = plain(unit)
    for written, per in known.accepted.items():
        if plain(written) == wanted:
            return float(per), float(known.zero.get(written, 0.0))
    accepted = ", ".join(written or "no unit" for written in known.accepted)
    raise InputError("units", name, repr(unit), f"one of {accepted}", nearest(unit, [u for u in known.accepted if u]))


def convert(value: Numbers, name: str, unit: str) -> Numbers:
    """A number, or an array of them, in the canonical unit of the quantity.

    >>> convert(500.0, "neutrophils", "/uL")
    0.5
    >>> round(convert(8.0, "hemoglobin", "mmol/L"), 2)
    12.89
    """
    per, zero = scale(name, unit)
    return (value - zero) / per
