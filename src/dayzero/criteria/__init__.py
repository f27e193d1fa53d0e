"""The field's definitions as functions of charts and inputs; every answer names its definition and source.

Definitions for research and education; no answer is a treatment instruction.
"""

from dayzero.criteria.body_size import abw25, bmi, bsa_dubois, bsa_mosteller, ibw_devine
from dayzero.criteria.chimerism import chimerism_category
from dayzero.criteria.counts import ctcae_neutropenia, ctcae_thrombocytopenia, transfusion_trigger
from dayzero.criteria.engraftment import (
    anc_from_differential,
    anc_recovery,
    neutrophil_engraftment,
    platelet_engraftment,
    platelet_recovery,
)
from dayzero.criteria.exposure import busulfan_exposure
from dayzero.criteria.graft_dose import tnc_dose
from dayzero.criteria.graft_failure import (
    cytopenic_lineages,
    poor_graft_function,
    primary_graft_failure,
    secondary_graft_failure,
)
from dayzero.criteria.intensity import conditioning_intensity
from dayzero.criteria.judge import judge
from dayzero.criteria.regimens import regimen_totals
from dayzero.criteria.result import Definition, Finding, Judgement
from dayzero.criteria.schedules import abatacept_schedule, mtx_schedule, ptcy_schedule

__all__ = [
    "Definition",
    "Finding",
    "Judgement",
    "abatacept_schedule",
    "abw25",
    "anc_from_differential",
    "anc_recovery",
    "bmi",
    "bsa_dubois",
    "bsa_mosteller",
    "busulfan_exposure",
    "chimerism_category",
    "conditioning_intensity",
    "ctcae_neutropenia",
    "ctcae_thrombocytopenia",
    "cytopenic_lineages",
    "ibw_devine",
    "judge",
    "mtx_schedule",
    "neutrophil_engraftment",
    "platelet_engraftment",
    "platelet_recovery",
    "poor_graft_function",
    "primary_graft_failure",
    "ptcy_schedule",
    "regimen_totals",
    "secondary_graft_failure",
    "tnc_dose",
    "transfusion_trigger",
]
