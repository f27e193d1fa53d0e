"""The stage of the disease that the EBMT score counts: early, intermediate or late.

Early: acute leukemia in first remission, CML in first chronic phase, MDS untreated or in first remission, lymphoma and
myeloma in first remission. Intermediate: second remission, CML in any phase but the first and the blast crisis,
partial remission of MDS, second or partial remission or stable disease of lymphoma and myeloma. Late: the rest.
Gratwohl 2012, doi:10.1038/bmt.2011.110, as transcribed in NBK553925, Table 11.2. The transcriptions differ on MDS and
on partial remission; answers there are not verified, and a centre's own stage goes straight into the score.
"""

from __future__ import annotations

from dayzero.criteria.disease_risk_table import DISEASES, STAGES
from dayzero.criteria.entry import chosen
from dayzero.criteria.logic import agreed
from dayzero.criteria.result import Definition, Finding

_STAGE = Definition(
    "ebmt_stage",
    "Gratwohl 2012",
    "Gratwohl 2012, doi:10.1038/bmt.2011.110; as transcribed in NBK553925, Table 11.2",
    verified=True,
)
_REMISSIONS = {"CR1": "early", "CR2": "intermediate", "CR3": "late", "CR4": "late"}
_PARTIAL = ("VGPR", "PR")
_ACUTE = {**_REMISSIONS, **dict.fromkeys((*_PARTIAL, "SD", "PD", "active", "relapse", "refractory"), "late")}
_CHRONIC = {"CP1": "early", "CP2": "intermediate", "CP3": "intermediate", "AP": "intermediate", "BP": "late"}
_DYSPLASIA = {**_ACUTE, "untreated": "early", "VGPR": "intermediate", "PR": "intermediate"}
_LYMPHOID = {
    **_REMISSIONS, "VGPR": "intermediate", "PR": "intermediate", "SD": "intermediate", "PD": "late", "relapse": "late",
}  # fmt: skip
_BY_DISEASE = {
    "aml": _ACUTE, "all": _ACUTE, "cml": _CHRONIC, "mds": _DYSPLASIA, "mds_low_risk": _DYSPLASIA,
    "mds_high_risk": _DYSPLASIA,
    **dict.fromkeys(
        ("myeloma", "indolent_nhl", "aggressive_nhl", "mantle_cell", "burkitt", "t_cell_nhl", "hodgkin"), _LYMPHOID
    ),
}  # fmt: skip
#: What a word without a number, or a general one, may mean.
_GENERAL = {"CR": tuple(_REMISSIONS), "CP": ("CP1", "CP2", "CP3"), "stable_progressive": ("SD", "PD")}


def ebmt_stage(*, disease: str, status: str | None) -> Finding:
    """Stage for `ebmt_score` of a disease in a status; missing where the status or the table leaves it open.

    Diseases and statuses are those of `dri_refined`. Aplastic anemia is always early. Diseases that the table does not
    name (myeloproliferative, chronic lymphocytic leukemia, other non-malignant) have no stage here.

    >>> ebmt_stage(disease="AML", status="CR1")["stage"], ebmt_stage(disease="AML", status="CR")["stage"]
    ('early', None)
    """
    inputs = {"disease": disease, "status": status}
    name = chosen("ebmt_stage", "disease", disease, DISEASES)
    phase = None if status is None else chosen("ebmt_stage", "status", status, STAGES)
    if name == "aplastic_anemia":
        return _STAGE.find({"stage": "early"}, inputs)
    table = _BY_DISEASE.get(name, {})
    # without a status every one is open
    meant = tuple(table) if phase is None else _GENERAL.get(phase, (phase,))
    stage = agreed(table.get(one) for one in meant)
    note = "" if stage else "the status is missing or general, or the table does not name the disease in it"
    is_disputed = table is _DYSPLASIA or bool(set(meant) & set(_PARTIAL))
    return _STAGE.find({"stage": stage}, inputs, note=note, verified=False if is_disputed else None)
