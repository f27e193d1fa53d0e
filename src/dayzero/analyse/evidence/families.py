"""Families of metrics, in which a study counts once, and classes of donor and graft, within which rows are compared."""

from __future__ import annotations

import re

from dayzero.analyse.evidence.donors import CORD, DONOR_WORDS, DOUBLE, GRAFT_WORDS, HAPLO, OWN, SIBLING
from dayzero.analyse.evidence.rows import Finding

FAMILIES: tuple[tuple[str, str], ...] = (
    (r"healthy|halflife|lifespan|transit|turnover|production|hsc_active", "health and turnover"),
    (r"^(hr|rr|or)_|_hr_|_or_|_rr_|_ratio_|_fold_|_difference_|_corr_", "effects"),
    (r"graft_?failure|engraftment_pct|nonengraft|poor_graft|secondary_plt|prca", "graft failure"),
    (r"^bsi_", "infection"),
    (r"anc|neutro|myeloablation|wbc", "neutrophils"),
    (r"plt|thrombocyt|bleeding", "platelets"),
    (r"rbc|hb_|retic|erythro", "red cells"),
    (r"chimerism|donor|hsc_", "chimerism"),
    (r"agvhd|progression_g1", "acute GVHD"),
    (r"cgvhd", "chronic GVHD"),
    (r"grfs", "GRFS"),
    (r"^nrm|^trm|^death|infectiousdeath|fatal|^irm", "non-relapse mortality and causes"),
    (r"relapse", "relapse"),
    (r"^(os|pfs|dfs|efs|currentlfs|postrelapse)", "survival"),
    (r"cd4|cd8|cd19|nk_|alc|igg|hypogamma|trec", "immune recovery"),
    (r"bsi|ifi|cmv|ptld|viral|infection|adeno|hhv|ebv|bacterial", "infection"),
    (r"vod|ips|tma|aki|cystitis|mucositis|engraftsyn|cardiac|dah|toxicity", "organ toxicity"),
    (r"fact|hospital|leec|tpn|iv|working", "quality of life and resources"),
)


def family_of(metric: str) -> str:
    """The family of a metric.

    >>> family_of("anc500_median_day"), family_of("hr_relapse_ric_vs_mac"), family_of("os_2y_pct")
    ('neutrophils', 'effects', 'survival')
    """
    return next((name for pattern, name in FAMILIES if re.search(pattern, metric)), "other")


def class_of(finding: Finding) -> str:
    """Donor and graft in a few classes: own, sibling, unrelated, haploidentical, cord or mixed; blood, marrow or mixed.

    >>> class_of(Finding("a", "m", donor="MSD", graft="PBSC")), class_of(Finding("b", "m", donor="UCB", graft="sUCB"))
    ('sibling, blood', 'cord')
    """
    donors = {name for name, share in DONOR_WORDS.get(finding.donor.lower(), {"any": 1.0}).items() if share >= 0.5}
    grafts = GRAFT_WORDS.get(finding.graft.lower(), {})
    if donors & {CORD, DOUBLE} or set(grafts) & {CORD, DOUBLE}:
        return "cord"
    kinds = {OWN: "own", SIBLING: "sibling", HAPLO: "haploidentical", "matched": "matched"}
    kind = next((kinds[name] for name in kinds if name in donors), "")
    unrelated = donors & {"unrelated", "mismatched", "unrelated donor", "nine of ten"}
    kind = kind or ("unrelated" if unrelated else "mixed")
    source = next((name for name, share in grafts.items() if share >= 0.85), "mixed")
    return f"{kind}, {source}"


DISEASES: tuple[tuple[str, str], ...] = (
    (r"aplastic|thalass|sickle|nonmalig|WAS|immunodef", "non-malignant"), (r"healthy", "healthy"),
    (r"^multiple myeloma|^myeloma$", "myeloma"), (r"^lymphoma$|DLBCL|Hodgkin|NHL|lymphoprolif", "lymphoma"),
    (r"\bCML\b|myelofib|MPN", "chronic myeloid"), (r"acute GVHD|chronic GVHD|DLI|relapsed", "treated"),
    (r"AML|ALL|leuk|MDS", "leukemia"),
)  # fmt: skip


def disease_of(finding: Finding) -> str:
    """The group of diseases within which studies are compared.

    >>> disease_of(Finding("a", "m", population="AML CR1"))
    'leukemia'
    """
    return next((name for pattern, name in DISEASES if re.search(pattern, finding.population)), "mixed")
