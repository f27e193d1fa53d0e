"""What a person writes: patients, donors, grafts, regimens, prophylaxis, care, populations, plans."""

from dayzero.spec.care import Care, Gcsf, Laboratory, PlateletTransfusion, RedCellTransfusion
from dayzero.spec.catalogue import library_names
from dayzero.spec.conditioning import Conditioning, DrugCourse, Irradiation
from dayzero.spec.donor import Donor
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

__all__ = [
    "Abatacept",
    "Calcineurin",
    "Care",
    "Conditioning",
    "Donor",
    "DrugCourse",
    "Gcsf",
    "Graft",
    "Irradiation",
    "Laboratory",
    "Methotrexate",
    "Mycophenolate",
    "Patient",
    "Plan",
    "PlateletTransfusion",
    "Population",
    "PostCyclophosphamide",
    "Prophylaxis",
    "RedCellTransfusion",
    "Sirolimus",
    "Spread",
    "library_names",
]
