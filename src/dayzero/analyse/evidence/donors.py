"""From words for donor and graft to donors and grafts of the spec, with shares where a word means several."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import log10
from typing import Any

from dayzero.analyse.evidence.registry import by_decade, registry
from dayzero.spec.graft import TYPICAL_DOSES_PER_KG

Shares = list[tuple[float, Any]]

SIBLING, UNRELATED, MISMATCHED, HAPLO, CORD, DOUBLE, OWN, TWIN = (
    "sibling",
    "unrelated",
    "mismatched",
    "haploidentical",
    "cord",
    "double cord",
    "own",
    "twin",
)
ONE_ANTIGEN, HALF_WAY, NINE_OF_TEN = "one antigen", "mismatched related", "nine of ten"

DONORS: Mapping[str, dict[str, Any]] = {
    SIBLING: {"kind": "matched_sibling", "sex": "female"},
    UNRELATED: {"kind": "matched_unrelated"},
    MISMATCHED: {"kind": "mismatched_unrelated"},
    NINE_OF_TEN: {"kind": "mismatched_unrelated", "hla_matched": 9, "hla_of": 10},
    HAPLO: {"kind": "haploidentical"},
    ONE_ANTIGEN: {"kind": "haploidentical", "hla_matched": 7, "hla_of": 8},
    HALF_WAY: {"kind": "haploidentical", "hla_matched": 6, "hla_of": 8},
    CORD: {"kind": "cord_unrelated"},
    DOUBLE: {"kind": "cord_unrelated", "hla_matched": 4, "hla_of": 6},
    OWN: {"kind": "autologous"},
    TWIN: {"kind": "syngeneic"},
}

# Words as printed, in lower case, and who they mean; "matched", "unrelated" and "any" are split by the registry.
DONOR_WORDS: Mapping[str, dict[str, float]] = {
    "mrd": {SIBLING: 1},
    "msd": {SIBLING: 1},
    "matched related": {SIBLING: 1},
    "msd, major abo mismatch": {SIBLING: 1},
    "msd or 1-antigen-mismatched sibling": {SIBLING: 0.9, ONE_ANTIGEN: 0.1},
    "mismatched related": {HALF_WAY: 1},
    "class i mismatched": {MISMATCHED: 1},
    "mud": {UNRELATED: 1},
    "mud 8/8": {UNRELATED: 1},
    "mud 10/10": {UNRELATED: 1},
    "urd": {"unrelated donor": 1},
    "urd (mixed hla match)": {"unrelated donor": 1},
    "urd bm": {"unrelated donor": 1},
    "mmud": {MISMATCHED: 1},
    "mmud 1 antigen": {MISMATCHED: 1},
    "mmud 7/8": {MISMATCHED: 1},
    "mmud 9/10": {NINE_OF_TEN: 1},
    "mrd or mud": {"matched": 1},
    "msd or mud": {"matched": 1},
    "matched": {"matched": 1},
    "hla-matched": {"matched": 1},
    "msd and mud": {"matched": 1},
    "mrd or urd": {"matched": 0.85, MISMATCHED: 0.15},
    "msd or urd": {"matched": 0.85, MISMATCHED: 0.15},
    "msd and urd": {"matched": 0.85, MISMATCHED: 0.15},
    "msd or 7-8/8 urd": {"matched": 0.85, MISMATCHED: 0.15},
    "mrd or mud or 7/8 mmud": {"matched": 0.95, MISMATCHED: 0.05},
    "msd or mud or mmd": {"matched": 0.9, MISMATCHED: 0.1},
    "haplo": {HAPLO: 1},
    "haplo parent": {HAPLO: 1},
    "haplo (second/third degree)": {HAPLO: 1},
    "haplo offspring": {HAPLO: 1},
    "haplo sibling": {HAPLO: 1},
    "ucb": {CORD: 1},
    "ucb single": {CORD: 1},
    "ucb double": {DOUBLE: 1},
    "allo": {"any": 1},
    "allogeneic": {"any": 1},
    "allogeneic mixed": {"any": 1},
    "mixed": {"any": 1},
    "adult donor": {"any": 1},
    "original donor": {"matched": 1},
    "mixed incl. ucb": {"any": 0.9, CORD: 0.1},
    "mixed incl. autologous": {"any": 0.5, OWN: 0.5},
    "allo and auto": {"any": 0.6, OWN: 0.4},
    "allo or auto": {"any": 0.6, OWN: 0.4},
    "60% haplo": {HAPLO: 0.6, "matched": 0.4},
    "haplo, mrd, urd": {HAPLO: 0.35, "matched": 0.65},
    "urd or haplo": {"unrelated donor": 0.5, HAPLO: 0.5},
    "alternative (unrelated or mismatched)": {"unrelated donor": 0.9, HAPLO: 0.1},
    "autologous": {OWN: 1},
    "syngeneic": {TWIN: 1},
    "": {"any": 1},
    "none": {},
}

BLOOD, MARROW, PRIMED, SELECTED, DEPLETED, PARTLY, EXPANDED = (
    "blood",
    "marrow",
    "primed marrow",
    "CD34-selected",
    "T-depleted marrow",
    "partly T-depleted",
    "expanded cord",
)

GRAFTS: Mapping[str, dict[str, Any]] = {
    BLOOD: {"source": "mobilised_blood"},
    MARROW: {"source": "marrow"},
    PRIMED: {"source": "marrow", "gcsf_primed": True},
    SELECTED: {"base": "cd34-selected"},
    DEPLETED: {"source": "marrow", "log10_depletion": {"cd3": 2}},
    PARTLY: {"source": "mobilised_blood", "log10_depletion": {"cd3": 1.5}},
    EXPANDED: {"base": "expanded-cord"},
    CORD: {"base": "cord-unit"},
}

GRAFT_WORDS: Mapping[str, dict[str, float]] = {
    "pbsc": {BLOOD: 1},
    "bm": {MARROW: 1},
    "pb": {BLOOD: 1},
    "g-bm": {PRIMED: 1},
    "g-bm+pbsc": {PRIMED: 1},
    "pbsc mostly": {BLOOD: 0.85, MARROW: 0.15},
    "pbsc mainly": {BLOOD: 0.85, MARROW: 0.15},
    "bm mostly": {BLOOD: 0.15, MARROW: 0.85},
    "mixed (bm 42%)": {BLOOD: 0.58, MARROW: 0.42},
    "bm+pbsc": {BLOOD: 1},
    "cd34-selected pbsc": {SELECTED: 1},
    "pbsc cd34-selected": {SELECTED: 1},
    "t-depleted": {SELECTED: 1},
    "cd6-depleted bm": {DEPLETED: 1},
    "bm, t-cell depleted": {DEPLETED: 1},
    "replete": {MARROW: 1},
    "partially t-depleted pbsc": {PARTLY: 1},
    "cb": {CORD: 1},
    "sucb": {CORD: 1},
    "ucb": {CORD: 1},
    "ucb single": {CORD: 1},
    "ducb": {DOUBLE: 1},
    "ucb double": {DOUBLE: 1},
    "sucb or ducb": {CORD: 0.5, DOUBLE: 0.5},
    "expanded sucb": {EXPANDED: 1},
    "sucb +/- third-party cd34": {CORD: 1},
    "bm and pbsc": {},
    "bm or pbsc": {},
    "pbsc/bm": {},
    "mixed": {},
    "mixed incl. ucb": {},
    "not printed in the opened part": {},
    "": {},
    "none": {},
    "dli": {},
}

GRAFT_REMARKS: Mapping[str, str] = {
    "g-bm+pbsc": "two products of one donor are infused on one day; only the marrow is represented",
    "bm+pbsc": "two products of one donor are infused on one day; only the mobilised blood is represented",
    "sucb +/- third-party cd34": "the third-party CD34 cells are not represented",
    "t-depleted": "the way of depletion is not printed; CD34 selection is taken",
}


def known_word(word: str, table: Mapping[str, Any]) -> bool:
    """Whether a printed word has its meaning here; both sides of a comparison count.

    >>> known_word("UCB vs URD BM", DONOR_WORDS), known_word("PBSC vs BM", GRAFT_WORDS)
    (True, True)
    """
    return all(side.strip().lower() in table for side in re.split(r"\s+vs\.?\s+", word))


def side_of(word: str, side: int) -> str:
    """One side of a comparison: "haplo vs MSD" -> "haplo" for 0, "MSD" for 1; other words stand as they are."""
    parts = re.split(r"\s+vs\.?\s+", word)
    return parts[min(side, len(parts) - 1)].strip()


def donor_mix(word: str, decade: str) -> dict[str, float]:
    """Kinds of donors a word means, with their shares.

    >>> donor_mix("MSD", "2000s")
    {'sibling': 1.0}
    """
    table = registry()["donor"]
    matched = by_decade(table["matched_sibling_share"], decade)
    eight = by_decade(table["unrelated_matched_share"], decade)
    split: dict[str, dict[str, float]] = {
        "matched": {SIBLING: matched, UNRELATED: 1 - matched},
        "unrelated donor": {UNRELATED: eight, MISMATCHED: 1 - eight},
        "any": dict(zip((SIBLING, UNRELATED, MISMATCHED, HAPLO), table["adult_mix"][decade], strict=True)),
    }
    found: dict[str, float] = {}
    for name, share in DONOR_WORDS.get(word.strip().lower(), DONOR_WORDS[""]).items():
        for kind, part in split.get(name, {name: 1.0}).items():
            found[kind] = found.get(kind, 0.0) + share * part
    return found


def source_mix(word: str, donor: str, decade: str, child: bool, reduced: bool) -> dict[str, float]:
    """Sources of cells a word means for a donor, with their shares."""
    named = GRAFT_WORDS.get(word.strip().lower(), {})
    table = registry()["graft"]
    if donor in (CORD, DOUBLE) or set(named) & {CORD, DOUBLE, EXPANDED}:
        chosen = {kind: share for kind, share in named.items() if kind in (CORD, DOUBLE, EXPANDED)}
        twofold = 0.0 if child else by_decade(table["double_cord_share_adult"], decade)
        return chosen or ({DOUBLE: 1.0} if donor == DOUBLE else {CORD: 1 - twofold, DOUBLE: twofold})
    if named:
        return dict(named)
    kind = "child" if child else "adult_reduced" if reduced else "adult_myeloablative"
    blood = by_decade(table[f"blood_share_{kind}"], decade)
    if donor == HAPLO:
        blood = by_decade(table["haploidentical_blood_share"], decade)
    if donor == OWN:
        blood = by_decade(table["autologous_blood_share"], decade)
    return {BLOOD: blood, MARROW: 1 - blood}


def cells(donor: str, source: str, dose: Mapping[str, float], child: bool = False) -> dict[str, Any]:
    """Donor and graft sections of a plan; `dose` holds cells per kg as reported."""
    graft = {**GRAFTS[CORD if source == DOUBLE else source], **dose}
    if source == SELECTED and "cd3_per_kg" in dose:  # a printed dose is that infused, after selection
        logs = log10(TYPICAL_DOSES_PER_KG["mobilised_blood"]["cd3"] / graft.pop("cd3_per_kg"))
        graft |= {
            "name": "cd34-selected",
            "source": "mobilised_blood",
            "log10_depletion": {"cd3": logs, "nk": 3, "b": 3, "tnc": 2},
        }
        graft.pop("base")
    if donor == OWN:
        graft["cryopreserved"] = True
    kind = (DOUBLE if source == DOUBLE else CORD) if source in (CORD, DOUBLE, EXPANDED) else donor
    person = dict(DONORS[kind])
    if child and kind == CORD:
        person |= {"hla_matched": 5, "hla_of": 6}
    if source != DOUBLE:
        return {"donor": person, "graft": graft, "second_donor": None, "second_graft": None}
    first, second = _halves(dose)
    return {
        "donor": person,
        "graft": {"base": "cord-unit", "name": "larger unit", **first},
        "second_donor": {**person, "sex": "female", "blood_group": "O"},
        "second_graft": {"base": "cord-unit", "name": "smaller unit", **second},
    }


def _halves(dose: Mapping[str, float]) -> tuple[dict[str, float], dict[str, float]]:
    """Doses of the larger and the smaller unit: as reported of both together, or 1.3e5 and 1.0e5 CD34+ cells per kg."""
    whole = dict(dose) or {"cd34_per_kg": 2.3e5, "cd3_per_kg": 7e6, "tnc_per_kg": 3.5e7}
    return {k: 0.57 * v for k, v in whole.items()}, {k: 0.43 * v for k, v in whole.items()}


CD34_PER_CORD_CELL = 0.0054  # CD34+ share of nucleated cells of a cord unit; assumed
DOSE = re.compile(r"(CD34|TNC|CD3|viable CD45)\s*(?:median|dose)?\s*([<>]=?)?\s*([\d.]+)(?:-([\d.]+))?(?:e(\d+))?/kg")


def dose_of(text: str) -> dict[str, float]:
    """Cells per kg as reported; a band stands for its middle, a limit for a usual dose beyond it.

    >>> dose_of("CD34 4.3e6/kg"), dose_of("CD34 2.5-15e6/kg")
    ({'cd34_per_kg': 4300000.0}, {'cd34_per_kg': 6123724.356957945})
    """
    found = DOSE.search(text.split(" vs ")[0])
    if not found or (";" in text and "median" not in text):
        return {}
    what, limit, low, high, power = found.groups()
    number = (float(low) * float(high)) ** 0.5 if high else float(low)
    number *= 10 ** int(power or 0) * {"<": 0.7, "<=": 0.7, ">": 1.4, ">=": 1.4}.get(limit or "", 1.0)
    if what in ("TNC", "viable CD45"):
        cord = number < 1.5e8
        extra = {"cd34_per_kg": number * CD34_PER_CORD_CELL} if cord else {}
        return {"tnc_per_kg": number, **extra}
    return {"cd34_per_kg": number} if what == "CD34" else {"cd3_per_kg": number}
