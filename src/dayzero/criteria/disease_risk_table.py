"""The rows of the refined disease risk index, and the words for diseases, stages and cytogenetics.

Armand 2014, Blood 123(23):3664, doi:10.1182/blood-2014-01-552984: groups, validation and survival were read; the rows
below are recalled and not verified, and no result should rest on them. That AML is favorable with t(8;21), inv(16) or
t(15;17) and adverse when complex, and MDS adverse with an abnormal chromosome 7 or four abnormalities, was read in
part (PMC3224672).
"""

from __future__ import annotations

from dataclasses import dataclass

from dayzero.criteria.entry import spelled

VERIFIED = False
GROUPS = ("low", "intermediate", "high", "very_high")


@dataclass(frozen=True)
class Row:
    """Some diseases in some stages; ``cytogenetics`` None: the row does not use them."""

    group: str
    diseases: tuple[str, ...]
    stages: tuple[str, ...]
    cytogenetics: tuple[str, ...] | None = None


_OVERT = ("SD", "PD")
ROWS = (
    Row("low", ("aml",), ("CR",), ("favorable",)),
    Row("low", ("cml",), ("CP1", "CP2")),
    Row("low", ("cll", "indolent_nhl"), ("CR", "PR")),
    Row("low", ("mantle_cell", "hodgkin"), ("CR",)),
    Row("intermediate", ("aml",), ("CR",), ("intermediate",)),
    Row("intermediate", ("all",), ("CR1",)),
    Row("intermediate", ("mpn",), ("any",)),
    Row("intermediate", ("cml",), ("AP",)),
    Row("intermediate", ("myeloma",), ("CR", "VGPR", "PR")),
    Row("intermediate", ("aggressive_nhl",), ("CR",)),
    Row("intermediate", ("t_cell_nhl",), ("CR", "PR")),
    Row("intermediate", ("hodgkin", "mantle_cell"), ("PR",)),
    Row("intermediate", ("mds_low_risk",), ("early", "advanced"), ("intermediate",)),
    Row("intermediate", ("mds_low_risk",), ("early",), ("adverse",)),
    Row("intermediate", ("mds_high_risk",), ("early",), ("intermediate",)),
    Row("high", ("aml",), ("CR",), ("adverse",)),
    Row("high", ("aml",), ("active",), ("favorable", "intermediate")),
    Row("high", ("all",), ("CR2", "CR3")),
    Row("high", ("mds_low_risk",), ("advanced",), ("adverse",)),
    Row("high", ("mds_high_risk",), ("advanced",), ("intermediate",)),
    Row("high", ("mds_high_risk",), ("early",), ("adverse",)),
    Row("high", ("indolent_nhl", "cll", "mantle_cell", "hodgkin", "t_cell_nhl", "myeloma"), _OVERT),
    Row("high", ("aggressive_nhl",), ("PR",)),
    Row("high", ("burkitt",), ("CR",)),
    Row("very_high", ("aml",), ("active",), ("adverse",)),
    Row("very_high", ("all",), ("active",)),
    Row("very_high", ("cml",), ("BP",)),
    Row("very_high", ("mds_high_risk",), ("advanced",), ("adverse",)),
    Row("very_high", ("aggressive_nhl",), _OVERT),
    Row("very_high", ("burkitt",), ("PR", *_OVERT)),
)

#: What a general word may mean among the stages of the rows.
WIDER = {
    "CR": ("CR1", "CR2", "CR3"), "CR1": ("CR",), "CR2": ("CR",), "CR3": ("CR",), "CR4": ("CR",),
    "CP": ("CP1", "CP2"), "advanced": ("AP",), "active": ("PR", *_OVERT), "PR": ("active",), "SD": ("active",),
    "PD": ("active",), "untreated": ("active",), "stable_progressive": ("active", *_OVERT),
    "relapse": ("active", "PD"), "refractory": ("active", *_OVERT),
}  # fmt: skip

#: A diagnosis that names several of the rows' diseases.
SEVERAL = {"mds": ("mds_low_risk", "mds_high_risk")}
NONMALIGNANT = (
    "nonmalignant", "aplastic_anemia", "inherited_marrow_failure", "hemoglobinopathy", "thalassemia",
    "sickle_cell_disease", "immunodeficiency", "inborn_error_of_metabolism",
)  # fmt: skip
NOT_CLASSIFIABLE = "other_malignant"

_DISEASE_NAMES = {
    "aml": "acute myeloid leukaemia, acute myelogenous leukaemia",
    "all": "acute lymphoblastic leukaemia, acute lymphocytic leukaemia, b_all, t_all",
    "cml": "chronic myeloid leukaemia, chronic myelogenous leukaemia",
    "mpn": "myeloproliferative neoplasm, myelofibrosis, primary myelofibrosis, pmf, mf, polycythemia vera, "
    "essential thrombocythemia",
    "mds": "myelodysplastic syndrome, myelodysplasia",
    "mds_low_risk": "low risk mds, mds low, low mds, lr mds, mds lr",
    "mds_high_risk": "high risk mds, mds high, high mds, hr mds, mds hr",
    "myeloma": "mm, multiple myeloma, plasma cell myeloma",
    "cll": "chronic lymphocytic leukaemia, sll, cll sll",
    "indolent_nhl": "indolent lymphoma, inhl, nhl indolent, follicular, follicular lymphoma, fl, "
    "marginal zone lymphoma",
    "aggressive_nhl": "aggressive lymphoma, nhl aggressive, dlbcl, diffuse large b cell lymphoma, "
    "aggressive b cell nhl",
    "mantle_cell": "mcl, mantle, mantle cell lymphoma, mantle cell nhl, nhl mantle",
    "burkitt": "burkitt lymphoma, bl, nhl burkitt",
    "t_cell_nhl": "t nhl, tnhl, t cell lymphoma, ptcl, peripheral t cell lymphoma, nhl t cell",
    "hodgkin": "hl, hodgkin lymphoma, hodgkins lymphoma, hodgkin disease",
    "nonmalignant": "non malignant, other nonmalignant, scid, cgd",
    "aplastic_anemia": "aplastic anaemia, saa, severe aplastic anaemia, aa",
    "inherited_marrow_failure": "fanconi anaemia, inherited bone marrow failure",
    "hemoglobinopathy": "haemoglobinopathy",
    "thalassemia": "thalassaemia, beta thalassemia, beta thalassaemia, thalassemia major",
    "sickle_cell_disease": "sickle cell, scd, sickle cell anemia, sickle cell anaemia",
    "immunodeficiency": "inborn error of immunity, primary immunodeficiency",
    "inborn_error_of_metabolism": "metabolic disease",
    "other_malignant": "other malignancy, solid tumour",
}
_STAGE_NAMES = {
    "CR": "complete remission, remission, scr",
    "CR1": "remission 1, first cr, first complete remission",
    "CR2": "remission 2, remission 2 or later, second cr, second complete remission",
    "CR3": "remission 3, third cr",
    "CR4": "remission 4",
    "VGPR": "very good partial remission, very good partial response",
    "PR": "partial remission, partial response, pr1, pr2",
    "SD": "stable, stable disease",
    "PD": "progressive, progressive disease, progression",
    "stable_progressive": "sd pd, stable or progressive",
    "active": "active disease, not in remission, not in cr, no cr",
    "relapse": "relapsed, rel, rel1, rel2",
    "refractory": "primary refractory, pif, primary induction failure",
    "CP": "chronic phase",
    "CP1": "first chronic phase, chronic phase 1",
    "CP2": "second chronic phase, chronic phase 2",
    "CP3": "third chronic phase, chronic phase 3",
    "AP": "accelerated, accelerated phase, advanced phase",
    "BP": "blast phase, blast crisis, blast, bc, blastic",
    "early": "early stage",
    "advanced": "advanced stage",
    "untreated": "upfront",
    "any": "any stage, not applicable",
}
_CYTOGENETIC_NAMES = {
    "favorable": "favourable, good",
    "intermediate": "standard",
    "adverse": "poor, unfavourable",
    "core_binding_or_apl": "t(8;21), inv(16), t(15;17)",
    "complex": "complex karyotype",
    "abnormal_7": "abn 7, monosomy 7, del 7q, chromosome 7, abn7",
    "normal": "normal karyotype",
}


def _spellings(names: dict[str, str]) -> dict[str, str]:
    found = {spelled(name): name for name in names}
    return found | {spelled(one): name for name, others in names.items() for one in others.split(",")}


DISEASES = _spellings(_DISEASE_NAMES)
STAGES = _spellings(_STAGE_NAMES)
CYTOGENETICS = _spellings(_CYTOGENETIC_NAMES)

#: Classes of cytogenetics, and the class of a finding, where a row uses them.
CLASSES = {
    "aml": ("favorable", "intermediate", "adverse"),
    "mds_low_risk": ("intermediate", "adverse"),
    "mds_high_risk": ("intermediate", "adverse"),
}
_MDS = {"core_binding_or_apl": "intermediate", "complex": "adverse", "abnormal_7": "adverse", "normal": "intermediate"}
FINDINGS = {
    "aml": {
        "core_binding_or_apl": "favorable", "complex": "adverse", "abnormal_7": "intermediate",
        "normal": "intermediate",
    },
    "mds_low_risk": _MDS,
    "mds_high_risk": _MDS,
}  # fmt: skip
COMPLEX_FROM = 4  # abnormalities
