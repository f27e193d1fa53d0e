"""The words a plan is written in: drugs, sources, donors, diagnoses, statuses, cell subsets, blood groups."""

from __future__ import annotations

from typing import Final, Literal, get_args

Drug = Literal[
    "busulfan",
    "melphalan",
    "cyclophosphamide",
    "fludarabine",
    "thiotepa",
    "treosulfan",
    "carmustine",
    "etoposide",
    "cytarabine",
    "clofarabine",
    "atg_thymoglobulin",
    "atg_grafalon",
    "atg_horse",
    "alemtuzumab",
]
Source = Literal["mobilised_blood", "marrow", "cord"]
DonorKind = Literal[
    "autologous",
    "syngeneic",
    "matched_sibling",
    "matched_unrelated",
    "mismatched_unrelated",
    "haploidentical",
    "cord_unrelated",
]
Diagnosis = Literal[
    "aml",
    "all",
    "mds",
    "cml",
    "mpn",
    "myelofibrosis",
    "indolent_lymphoma",
    "aggressive_lymphoma",
    "hodgkin_lymphoma",
    "myeloma",
    "cll",
    "other_malignant",
    "aplastic_anemia",
    "inherited_marrow_failure",
    "thalassemia",
    "sickle_cell_disease",
    "immunodeficiency",
    "inborn_error_of_metabolism",
    "other_nonmalignant",
]
Status = Literal[
    "remission_1",
    "remission_2_or_later",
    "partial_remission",
    "stable",
    "active",
    "chronic_phase",
    "accelerated_phase",
    "blast_phase",
    "untreated",
    "not_applicable",
]
DiseaseRisk = Literal["low", "intermediate", "high", "very_high"]
MaintenanceDrug = Literal["tki", "flt3_inhibitor", "lenalidomide", "hypomethylating"]
CellSubset = Literal["cd34", "cd3", "naive_t", "treg", "nk", "b", "tnc"]
BloodGroup = Literal["O", "A", "B", "AB"]
HlaLocus = Literal["A", "B", "C", "DRB1", "DRB3", "DRB4", "DRB5", "DQA1", "DQB1", "DPA1", "DPB1"]
Sex = Literal["female", "male"]
Intensity = Literal["MAC", "RIC", "NMA"]
Verified = Literal["opened", "partly", "recalled"]
Decade = Literal["1990s", "2000s", "2010s", "2020s"]

DRUGS: Final[tuple[Drug, ...]] = get_args(Drug)
SOURCES: Final[tuple[Source, ...]] = get_args(Source)
DONOR_KINDS: Final[tuple[DonorKind, ...]] = get_args(DonorKind)
DIAGNOSES: Final[tuple[Diagnosis, ...]] = get_args(Diagnosis)
STATUSES: Final[tuple[Status, ...]] = get_args(Status)
DISEASE_RISKS: Final[tuple[DiseaseRisk, ...]] = get_args(DiseaseRisk)
MAINTENANCE_DRUGS: Final[tuple[MaintenanceDrug, ...]] = get_args(MaintenanceDrug)
CELL_SUBSETS: Final[tuple[CellSubset, ...]] = get_args(CellSubset)
BLOOD_GROUPS: Final[tuple[BloodGroup, ...]] = get_args(BloodGroup)
HLA_LOCI: Final[tuple[HlaLocus, ...]] = get_args(HlaLocus)

SEROTHERAPY_DRUGS: Final[tuple[Drug, ...]] = ("atg_thymoglobulin", "atg_grafalon", "atg_horse", "alemtuzumab")
"""Antibodies that deplete T cells in the patient; the only drugs `prophylaxis.serotherapy` takes."""

MONITORED_DRUGS: Final[tuple[Drug, ...]] = ("busulfan", "melphalan", "fludarabine")
"""Drugs whose dose may follow a target exposure."""

MARROW_CELLULARITY: Final[dict[Diagnosis, float]] = {"aplastic_anemia": 0.03, "inherited_marrow_failure": 0.10}
"""Share of healthy marrow left at admission when none is given, whatever the status of the disease. Assumed."""

ACUTE_LEUKEMIA_CELLULARITY: Final[float] = 0.3
"""Share of healthy marrow left in active or untreated acute leukemia and in a blast phase. Assumed."""

MYELODYSPLASIA_CELLULARITY: Final[float] = 0.4
"""Share of healthy marrow left in active or untreated myelodysplastic syndrome. Assumed."""

REMISSIONS: Final[tuple[Status, ...]] = ("remission_1", "remission_2_or_later")
"""Statuses in which disease is seen only by measurable residual disease, if at all."""

MAINTENANCE_FOR: Final[dict[MaintenanceDrug, tuple[Diagnosis, ...]]] = {
    "tki": ("all", "cml"),
    "flt3_inhibitor": ("aml",),
    "lenalidomide": ("myeloma", "indolent_lymphoma", "aggressive_lymphoma"),
    "hypomethylating": ("aml", "mds"),
}
"""Diseases that maintenance after transplant is given for, by drug."""

SAME_PERSON: Final[tuple[DonorKind, ...]] = ("autologous", "syngeneic")
"""Donors without any difference between donor and patient: no graft-versus-host, no rejection."""


def marrow_cellularity(diagnosis: Diagnosis, status: Status) -> float:
    """Share of healthy marrow left at admission when none is given: 1 unless disease has taken its place. Assumed.

    >>> marrow_cellularity("aml", "active"), marrow_cellularity("aml", "remission_1")
    (0.3, 1.0)
    """
    if diagnosis in MARROW_CELLULARITY:
        return MARROW_CELLULARITY[diagnosis]
    overt = status in ("active", "untreated")
    if status == "blast_phase" or (overt and diagnosis in ("aml", "all")):
        return ACUTE_LEUKEMIA_CELLULARITY
    return MYELODYSPLASIA_CELLULARITY if overt and diagnosis == "mds" else 1.0


OTHER_WORDS: Final[dict[str, str]] = {
    "pbsc": "mobilised_blood",
    "pb": "mobilised_blood",
    "peripheral_blood": "mobilised_blood",
    "mobilized_blood": "mobilised_blood",
    "bm": "marrow",
    "bone_marrow": "marrow",
    "ucb": "cord",
    "cord_blood": "cord",
    "umbilical_cord": "cord",
    "auto": "autologous",
    "twin": "syngeneic",
    "sibling": "matched_sibling",
    "msd": "matched_sibling",
    "mrd": "matched_sibling",
    "unrelated": "matched_unrelated",
    "mud": "matched_unrelated",
    "mmud": "mismatched_unrelated",
    "haplo": "haploidentical",
    "cyclosporine": "ciclosporin",
    "cyclosporin": "ciclosporin",
    "csa": "ciclosporin",
    "fk506": "tacrolimus",
    "atg": "atg_thymoglobulin",
    "thymoglobulin": "atg_thymoglobulin",
    "grafalon": "atg_grafalon",
    "atlg": "atg_grafalon",
    "atgam": "atg_horse",
    "campath": "alemtuzumab",
    "bcnu": "carmustine",
    "ara-c": "cytarabine",
    "vp16": "etoposide",
    "aplastic_anaemia": "aplastic_anemia",
    "saa": "aplastic_anemia",
    "hemoglobinopathy": "thalassemia or sickle_cell_disease",
    "haemoglobinopathy": "thalassemia or sickle_cell_disease",
    "thalassaemia": "thalassemia",
    "scd": "sickle_cell_disease",
    "sickle_cell": "sickle_cell_disease",
    "cr1": "remission_1",
    "cr2": "remission_2_or_later",
    "pr": "partial_remission",
    "m": "male",
    "f": "female",
    "tbi": "total_body",
    "tli": "total_lymphoid",
}
"""Common words for the same things; named in error messages, never accepted silently."""
