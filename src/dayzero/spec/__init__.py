"""What a person writes: patients, donors, grafts, regimens, prophylaxis, care, populations, plans, trials."""

from dayzero.spec.care import Care, Gcsf, Laboratory, PlateletTransfusion, RedCellTransfusion
from dayzero.spec.catalogue import library_names
from dayzero.spec.cell_therapy import Boost, DonorLymphocytes, Maintenance, RescueGraft
from dayzero.spec.conditioning import Conditioning, DrugCourse, Irradiation
from dayzero.spec.donor import Donor
from dayzero.spec.donor_case import Candidate, CasePatient, DonorCase
from dayzero.spec.graft import Graft
from dayzero.spec.patient import Patient
from dayzero.spec.plan import Plan
from dayzero.spec.population import Population, Spread
from dayzero.spec.prophylaxis import (
    Abatacept,
    Calcineurin,
    Methotrexate,
    Mycophenolate,
    PostCyclophosphamide,
    Prophylaxis,
    Sirolimus,
)
from dayzero.spec.trial import Trial
from dayzero.spec.ward import Immunoglobulin, Letermovir, MouldAzole, Preemptive, Quinolone, Ruxolitinib, Steroids

__all__ = [
    "Abatacept",
    "Boost",
    "Calcineurin",
    "Candidate",
    "Care",
    "CasePatient",
    "Conditioning",
    "Donor",
    "DonorCase",
    "DonorLymphocytes",
    "DrugCourse",
    "Gcsf",
    "Graft",
    "Immunoglobulin",
    "Irradiation",
    "Laboratory",
    "Letermovir",
    "Maintenance",
    "Methotrexate",
    "MouldAzole",
    "Mycophenolate",
    "Patient",
    "Plan",
    "PlateletTransfusion",
    "Population",
    "PostCyclophosphamide",
    "Preemptive",
    "Prophylaxis",
    "Quinolone",
    "RedCellTransfusion",
    "RescueGraft",
    "Ruxolitinib",
    "Sirolimus",
    "Spread",
    "Steroids",
    "Trial",
    "library_names",
]
