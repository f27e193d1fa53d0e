"""From words for conditioning and prophylaxis to regimens of the library, with shares where a word means several."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dayzero.analyse.evidence.donors import CORD, DOUBLE, EXPANDED, HAPLO, OWN, SELECTED, SIBLING, TWIN
from dayzero.analyse.evidence.people import INHERITED
from dayzero.analyse.evidence.registry import by_decade, registry

MAC, RIC, NMA, NOTHING, MIXED = "MAC", "RIC", "NMA", "none", "mixed"


def _drug(drug: str, days: list[int], **dose: float) -> dict[str, Any]:
    return {"drug": drug, "days": days, **dose}


def _beam(days: list[int], gy: float, a_day: int = 1) -> dict[str, Any]:
    return {"field": "total_body", "days": days, "fraction_gy": gy, "fractions_per_day": a_day}


FLU = _drug("fludarabine", [-6, -5, -4, -3, -2], dose_mg_per_m2=30)
CAMPATH = _drug("alemtuzumab", [-8, -7, -6, -5, -4], dose_mg=20)
RABBIT = _drug("atg_thymoglobulin", [-4, -3, -2], dose_mg_per_kg=2.5)
OWN_REGIMENS: Mapping[str, dict[str, Any]] = {
    "oral bu-cy": {
        "name": "oral bu-cy",
        "trial_label": "MAC",
        "drugs": [
            {**_drug("busulfan", [-7, -6, -5, -4], dose_mg_per_kg=4), "route": "oral", "doses_per_day": 4},
            _drug("cyclophosphamide", [-3, -2], dose_mg_per_kg=60),
        ],
    },
    "reduced bu-cy": {
        "name": "reduced bu-cy",
        "drugs": [
            {**_drug("busulfan", [-7, -6], dose_mg_per_kg=4), "route": "oral", "doses_per_day": 4},
            _drug("cyclophosphamide", [-3, -2], dose_mg_per_kg=60),
        ],
    },
    "thiotepa-bu-cy": {
        "name": "thiotepa-bu-cy",
        "trial_label": "MAC",
        "drugs": [
            _drug("thiotepa", [-9, -8], dose_mg_per_kg=5),
            _drug("busulfan", [-7, -6, -5], dose_mg_per_kg=3.2),
            _drug("cyclophosphamide", [-3, -2], dose_mg_per_kg=60),
        ],
    },
    "flu-bu4 targeted": {
        "name": "flu-bu4 targeted",
        "trial_label": "MAC",
        "drugs": [
            _drug("fludarabine", [-6, -5, -4, -3], dose_mg_per_m2=40),
            _drug("busulfan", [-6, -5, -4, -3], dose_mg_per_kg=3.2, target_cumulative_auc_mg_h_per_l=87),
        ],
    },
    "flu-bu1": {"name": "flu-bu1", "trial_label": "RIC", "drugs": [FLU, _drug("busulfan", [-4], dose_mg_per_kg=3.2)]},
    "flu-bu3": {
        "name": "flu-bu3",
        "trial_label": "RIC",
        "drugs": [FLU, _drug("busulfan", [-5, -4, -3], dose_mg_per_kg=3.2)],
    },
    "flu-bu2-atg": {
        "name": "flu-bu2-atg",
        "trial_label": "RIC",
        "drugs": [FLU, _drug("busulfan", [-5, -4], dose_mg_per_kg=3.2), RABBIT],
    },
    "flu-bu2-alemtuzumab": {
        "name": "flu-bu2-alemtuzumab",
        "trial_label": "RIC",
        "drugs": [FLU, _drug("busulfan", [-5, -4], dose_mg_per_kg=3.2), CAMPATH],
    },
    "flu-mel140-alemtuzumab": {
        "name": "flu-mel140-alemtuzumab",
        "trial_label": "RIC",
        "drugs": [FLU, _drug("melphalan", [-2], dose_mg_per_m2=140), CAMPATH],
    },
    "flu-mel-tbi": {
        "name": "flu-mel-tbi",
        "trial_label": "RIC",
        "drugs": [FLU, _drug("melphalan", [-2], dose_mg_per_m2=140)],
        "irradiation": [_beam([-1], 2)],
    },
    "bu-mel targeted": {
        "name": "bu-mel targeted",
        "trial_label": "MAC",
        "drugs": [
            _drug("busulfan", [-8, -7, -6, -5], dose_mg_per_kg=3.2, target_cumulative_auc_mg_h_per_l=78),
            _drug("melphalan", [-2], dose_mg_per_m2=140),
        ],
    },
    "tbi12-etoposide": {
        "name": "tbi12-etoposide",
        "trial_label": "MAC",
        "drugs": [_drug("etoposide", [-3], dose_mg_per_m2=1800)],
        "irradiation": [_beam([-6, -5, -4], 2, 2)],
    },
    "treo-flu-thiotepa": {
        "name": "treo-flu-thiotepa",
        "trial_label": "MAC",
        "drugs": [
            _drug("treosulfan", [-6, -5, -4], dose_mg_per_m2=14000),
            FLU,
            _drug("thiotepa", [-7], dose_mg_per_kg=10),
        ],
    },
    "treo-flu-tbi2": {
        "name": "treo-flu-tbi2",
        "drugs": [_drug("treosulfan", [-6, -5, -4], dose_mg_per_m2=14000), FLU],
        "irradiation": [_beam([-1], 2)],
    },
    "mel200 in two": {
        "name": "mel200 in two",
        "trial_label": "MAC",
        "drugs": [_drug("melphalan", [-3, -2], dose_mg_per_m2=100)],
    },
    "mel100": {"name": "mel100", "drugs": [_drug("melphalan", [-2], dose_mg_per_m2=100)]},
    "flu-cy-atg-haplo tbi2": {
        "name": "flu-cy-atg-haplo tbi2",
        "trial_label": "NMA",
        "drugs": [
            _drug("atg_thymoglobulin", [-9, -8, -7], dose_mg_per_kg=1.5),
            FLU,
            _drug("cyclophosphamide", [-6, -5], dose_mg_per_kg=14.5),
        ],
        "irradiation": [_beam([-1], 2)],
    },
    "flu-cy-atg-haplo tbi4": {
        "name": "flu-cy-atg-haplo tbi4",
        "trial_label": "NMA",
        "drugs": [
            _drug("atg_thymoglobulin", [-9, -8, -7], dose_mg_per_kg=1.5),
            FLU,
            _drug("cyclophosphamide", [-6, -5], dose_mg_per_kg=14.5),
        ],
        "irradiation": [_beam([-1], 4)],
    },
    "cy-atg-tbi": {
        "name": "cy-atg-tbi",
        "drugs": [_drug("cyclophosphamide", [-5, -4, -3, -2], dose_mg_per_kg=50), RABBIT],
        "irradiation": [_beam([-1], 3)],
    },
    "flu-cy-alemtuzumab": {
        "name": "flu-cy-alemtuzumab",
        "drugs": [FLU, _drug("cyclophosphamide", [-3, -2], dose_mg_per_kg=60), CAMPATH],
    },
    "alemtuzumab-tbi4": {
        "name": "alemtuzumab-tbi4",
        "trial_label": "NMA",
        "drugs": [CAMPATH],
        "irradiation": [_beam([-2, -1], 2)],
    },
    "cy-tbi5.5": {
        "name": "cy-tbi5.5",
        "trial_label": "MAC",
        "drugs": [_drug("cyclophosphamide", [-4, -3], dose_mg_per_kg=60)],
        "irradiation": [_beam([-1], 5.5)],
    },
    "bu4-cy-atg": {
        "name": "bu4-cy-atg",
        "trial_label": "MAC",
        "drugs": [
            _drug("busulfan", [-9, -8, -7, -6], dose_mg_per_kg=3.2),
            _drug("cyclophosphamide", [-5, -4, -3, -2], dose_mg_per_kg=50),
            RABBIT,
        ],
    },
    "hopkins tbi3": {
        "name": "hopkins tbi3",
        "trial_label": "NMA",
        "drugs": [FLU, _drug("cyclophosphamide", [-6, -5], dose_mg_per_kg=14.5)],
        "irradiation": [_beam([-1], 3)],
    },
}

# Regimens in the order looked for; the first that fits stands. {"name": share}.
REGIMEN_WORDS: tuple[tuple[str, dict[str, float]], ...] = (
    (r"oral Bu 16", {"oral bu-cy": 1}),
    (r"reduced BuCy", {"reduced bu-cy": 1}),
    (r"thiotepa/Bu/Cy", {"thiotepa-bu-cy": 1}),
    (r"AUC <6000|Bu AUC <6000", {"flu-bu4 targeted": 1}),
    (r"Bu\+Mel", {"bu-mel targeted": 1}),
    (r"Thio/Bu or Treo", {"tbf-mac": 0.5, "treo-flu-thiotepa": 0.5}),
    (r"Flu/Thio/Bu", {"tbf-mac": 1}),
    (r"R-BEAM|BEAM", {"beam": 1}),
    (r"2 x 100", {"mel200 in two": 1}),
    (r"MEL100", {"mel100": 1}),
    (r"melphalan 140-200|Mel mostly", {"mel200": 0.75, "mel140": 0.25}),
    (r"MEL ?200|Mel200|melphalan 200|single ASCT|tandem ASCT|; ?melphalan|^melphalan|incl. melphalan", {"mel200": 1}),
    (r"TBI 12 Gy\+etoposide", {"tbi12-etoposide": 1}),
    (r"Treo/Flu vs", {"treo-flu": 1}),
    (r"[Tt]reosulfan 42|Treo 42", {"treo42-flu": 1}),
    (r"[Tt]reosulfan, fludarabine, 2 Gy|Treo/Flu/2 Gy", {"treo-flu-tbi2": 1}),
    (r"Treo", {"treo-flu": 1}),
    (r"alemtuzumab,? FluMel", {"flu-mel140-alemtuzumab": 1}),
    (r"alemtuzumab, TBI 400", {"alemtuzumab-tbi4": 1}),
    (r"Flu/Bu/alemtuzumab", {"flu-bu2-alemtuzumab": 1}),
    (r"Flu/ATG/Bu", {"flu-bu2-atg": 1}),
    (r"Flu \+ (IV )?Bu 3\.2", {"flu-bu1": 1}),
    (r"Bu 9\.6", {"flu-bu3": 1}),
    (r"Bu 6\.4|RIC Bu/Flu", {"flu-bu2": 1}),
    (r"FluMelTBI", {"flu-mel-tbi": 1}),
    (r"FluMel or FluCy", {"flu-mel140": 1}),
    (r"Mel 100-140", {"flu-mel140": 0.5, "flu-mel100": 0.5}),
    (r"Flu ?\+? ?Mel", {"flu-mel140": 1}),
    (r"TBI 200-400|TBI 2-4|TBI 2-6", {"flu-cy-atg-haplo tbi2": 0.5, "flu-cy-atg-haplo tbi4": 0.5}),
    (r"TBI 200 cGy", {"flu-cy-atg-haplo tbi2": 1}),
    (r"TBI 400 cGy", {"flu-cy-atg-haplo tbi4": 1}),
    (r"ATG Cy TBI", {"cy-atg-tbi": 1}),
    (r"TBI 3 Gy", {"hopkins tbi3": 1}),
    (r"TBI 5\.5", {"cy-tbi5.5": 1}),
    (r"FCA \+/-", {"flu-cy-atg": 0.5, "flu-cy-atg-tbi2": 0.5}),
    (r"FCA \+ 2", {"flu-cy-atg-tbi2": 1}),
    (r"FCA", {"flu-cy-atg": 1}),
    (r"FCC", {"flu-cy-alemtuzumab": 1}),
    (r"Flu/?Cy/?TBI|Cy/Flu/TBI|FluCy|Cy/Flu", {"low flu-cy": 1}),
    (r"Flu TBI 2|TBI 2 Gy|2 Gy TBI", {"flu-tbi2": 1}),
    (r"Bu- or TBI", {"bu4-cy": 0.5, "tbi12-cy": 0.5}),
    (r"Cy ?/ ?TBI|CyTBI|TBI-based|MAC TBI|high-dose TBI|fractionated TBI", {"tbi12-cy": 1}),
    (r"BuCy|Bu-based|busulfan-based|no TBI", {"bu4-cy": 1}),
    (r"Bu/Flu", {"flu-bu4": 1}),
    (r"Cy-based|Cy \+/- ATG", {"cy200-atg": 1}),
)

KNOWN_CLASSES = re.compile(
    r"^(MAC|RIC|NMA|RTC|mixed|none|mostly|not seen|high-dose|conventional|mix"
    r"|with and without ablation|with pretransplant ATG|\d+ ?% ?(MAC|RIC|BEAM)|MAC \d+%|and|or|Mel|IV|Bu|vs|\W|\s)*$",
    re.I,
)


def intensity_mix(text: str, decade: str, child: bool) -> dict[str, float]:
    """Shares of intensity a printed class means.

    >>> intensity_mix("39% MAC 61% RIC", "2010s", False), intensity_mix("MAC", "2010s", False)
    ({'MAC': 0.39, 'RIC': 0.61}, {'MAC': 1.0})
    """
    printed = re.search(r"(\d+) ?% ?MAC|MAC (\d+)%", text)
    if printed:
        share = int(printed.group(1) or printed.group(2)) / 100
        return {MAC: share, RIC: round(1 - share, 4)}
    if re.search(r"MAC (and|or) (RIC|NMA)|^mixed|not seen|ablation", text) or not text:
        other = NMA if "NMA" in text else RIC
        share = by_decade(registry()["patient"][f"reduced_share_{'child' if child else 'adult'}"], decade)
        return {MAC: 1 - share, other: share}
    if re.search(r"RIC/NMA", text):
        return {RIC: 0.6, NMA: 0.4}
    if text.startswith("none"):
        return {NOTHING: 1.0}
    found = re.search(r"MAC|RIC|RTC|NMA", text)
    if found:
        return {{"RTC": RIC}.get(found.group(), found.group()): 1.0}
    reduced = re.search(r"FCA|FCC|Cy-based|TBI 2|FluCy|Treo/Flu", text)
    return {RIC if reduced else MAC: 1.0}


def regimens(
    text: str, intensity: str, donor: str, source: str, disease: str, decade: str, child: bool
) -> dict[str, float]:
    """Regimens of the library (or of `OWN_REGIMENS`) with their shares."""
    is_cord = source in (CORD, DOUBLE, EXPANDED)
    for pattern, named in REGIMEN_WORDS:
        if not re.search(pattern, text):
            continue
        if set(named) == {"low flu-cy"}:
            return {"flu-cy-tbi2-cord" if is_cord else "flu-cy-tbi2-haplo": 1.0}
        if donor == OWN or not (is_cord and named.keys() & {"tbi12-cy"}):
            return dict(named)
    if intensity == NOTHING or text.startswith("none"):
        return {"none": 1.0}
    if donor == OWN:
        return {{"myeloma": "mel200", "aml": "bu4-cy", "all": "tbi12-cy"}.get(disease, "beam"): 1.0}
    if source == SELECTED:
        return {"tbi1375-tt-flu": 1.0}
    return _usual(intensity, donor, is_cord, disease, decade, child)


def _usual(intensity: str, donor: str, is_cord: bool, disease: str, decade: str, child: bool) -> dict[str, float]:
    if disease == "aplastic_anemia":
        return {"cy200-atg" if donor in (SIBLING, TWIN) else "flu-cy-atg": 1.0}
    if disease in INHERITED:
        return {"bu4-cy-atg" if intensity == MAC else "flu-cy-alemtuzumab": 1.0}
    if is_cord:
        return {"cy-tbi-flu-cord" if intensity == MAC else "flu-cy-tbi2-cord": 1.0}
    if intensity == MAC:
        table = registry()["conditioning"]
        return dict(table["myeloablative_child"] if child else table["myeloablative_adult"][decade])
    if donor == HAPLO:
        return {"flu-cy-tbi2-haplo": 1.0}
    return {"flu-tbi2": 1.0} if intensity == NMA else dict(registry()["conditioning"]["reduced"])


def conditioning_of(name: str) -> Any:
    """A name of the library, or the regimen in full."""
    return OWN_REGIMENS.get(name, name)
