"""From words for prophylaxis of graft-versus-host disease to prophylaxis of the library."""

from __future__ import annotations

import re
from typing import Any, Final

from dayzero.analyse.evidence.donors import CORD, DOUBLE, EXPANDED, HAPLO, OWN, SELECTED, SIBLING, TWIN
from dayzero.analyse.evidence.regimens import NMA
from dayzero.analyse.evidence.registry import by_decade, registry

CNI_ONLY: Final[dict[str, Any]] = {"name": "cni-alone", "calcineurin": {"drug": "ciclosporin", "start_day": -1}}
GRAFALON: Final[dict[str, Any]] = {"drug": "atg_grafalon", "days": [-3, -2, -1], "dose_mg_per_kg": 10}
FULL_ATG: Final[dict[str, Any]] = {"drug": "atg_thymoglobulin", "days": [-4, -3, -2], "dose_mg_per_kg": 2.5}
OWN_PROPHYLAXIS: Final[dict[str, dict[str, Any]]] = {
    "cni-alone": CNI_ONLY,
    "ptcy-abatacept-tac": {
        "name": "ptcy-abatacept-tac",
        "calcineurin": {"drug": "tacrolimus", "start_day": 5, "taper_start_day": 60, "stop_day": 90},
        "post_cyclophosphamide": {},
        "abatacept": {"days": [5, 14, 28]},
    },
    "cni-mtx-sirolimus": {
        "base": "cni-mtx",
        "name": "cni-mtx-sirolimus",
        "calcineurin": {"drug": "tacrolimus"},
        "methotrexate": {},
        "sirolimus": {},
    },
    "cni-mmf-atg": {
        "name": "cni-mmf-atg",
        "calcineurin": {"drug": "ciclosporin"},
        "mycophenolate": {},
        "serotherapy": [FULL_ATG],
    },
    "cni-mmf-mtx-atg": {
        "name": "cni-mmf-mtx-atg",
        "calcineurin": {"drug": "ciclosporin"},
        "mycophenolate": {},
        "methotrexate": {},
        "serotherapy": [FULL_ATG],
    },
    "cni-mtx-atg15": {
        "name": "cni-mtx-atg15",
        "calcineurin": {"drug": "ciclosporin"},
        "methotrexate": {},
        "serotherapy": [{**FULL_ATG, "dose_mg_per_kg": 5}],
    },
}

# Words in the order looked for; the first that fits stands.
PROPHYLAXIS_WORDS: Final[tuple[tuple[str, str], ...]] = (
    (r"ruxolitinib", "usual"),
    (r"ptcy alone", "ptcy-alone"),
    (r"ptcy\+abatacept", "ptcy-abatacept-tac"),
    (r"^no ptcy", "usual"),
    (r"^(\d+)% ?ptcy", "usual"),
    (r"ptcy", "ptcy-cni-mmf"),
    (r"placebo", "cni-mtx"),
    (r"abatacept", "cni-mtx-abatacept"),
    (r"tac\+mtx\+sirolimus", "cni-mtx-sirolimus"),
    (r"sirolimus", "cni-sirolimus"),
    (r"atlg", "cni-mtx-atlg"),
    (r"rabbit atg 15", "cni-mtx-atg15"),
    (r"mmf\+mtx \+ atg|atg/csa/mmf/mtx|mtx/mmf/atg", "cni-mmf-mtx-atg"),
    (r"alemtuzumab|campath", "cni-alemtuzumab"),
    (r"ex vivo tcd|t-cell depletion|^tcd$", "tcd"),
    (r"no atg|tcd: none", "without atg"),
    (r"\+/- atg", "partly atg"),
    (r"steroid\+atg|^atg|\+ ?atg|tcd: atg", "with atg"),
    (r"mini-mtx|mini mtx", "cni-mini-mtx"),
    (r"cni/mtx or|mtx or", "usual"),
    (r"mmf|no mtx", "cni-mmf"),
    (r"cni alone|csa/steroid|csa/mp|^csa$|csa-based", "cni-alone"),
    (r"mtx", "cni-mtx"),
    (r"cni|mixed|standard|^$|none|observation|prednisone|ruxolitinib|best available|^bat$|6-mp|first line", "usual"),
)


def word_for(text: str) -> str | None:
    """What a printed prophylaxis means, or None for a word that is not known.

    >>> word_for("CsA+MTX + ATLG"), word_for("PTCy/CNI/MMF"), word_for("moonlight")
    ('cni-mtx-atlg', 'ptcy-cni-mmf', None)
    """
    low = text.lower()
    return next((name for pattern, name in PROPHYLAXIS_WORDS if re.search(pattern, low)), None)


def prophylaxis_mix(text: str, donor: str, source: str, intensity: str, year: int, decade: str) -> dict[str, float]:
    """Prophylaxis of the library (or of `OWN_PROPHYLAXIS`) with shares, for a donor and a graft."""
    if donor in (OWN, TWIN):
        return {"none": 1.0}
    word = word_for(text) or "usual"
    usual = _usual(donor, source, intensity, year)
    if word == "usual":
        share = _atg_share(donor, usual)
        return {usual: 1 - share, _with_atg(usual): share} if share else {usual: 1.0}
    if word == "without atg":
        return {usual: 1.0}
    if word == "partly atg":
        return {usual: 0.6, _with_atg(usual): 0.4}
    if word == "with atg":
        return {_with_atg(usual): 1.0}
    if word == "tcd":
        return {"atg-alone": 1.0} if source == SELECTED else {"cni-alone": 1.0}
    if word == "cni-mmf" and source in (CORD, DOUBLE, EXPANDED):
        return {"cni-mmf-cord": 1.0}
    return {word: 1.0}


def _usual(donor: str, source: str, intensity: str, year: int) -> str:
    if source in (CORD, DOUBLE, EXPANDED):
        return "cni-mmf-cord"
    if source == SELECTED:
        return "atg-alone"
    if donor == HAPLO:
        return "ptcy-cni-mmf" if year >= registry()["prophylaxis"]["haploidentical_ptcy_from"] else "cni-mtx-atg"
    return "cni-mmf" if intensity == NMA else "cni-mtx"


def _with_atg(usual: str) -> str:
    return {"cni-mtx": "cni-mtx-atg", "cni-mmf": "cni-mmf-atg", "cni-mmf-cord": "cni-mmf-atg"}.get(usual, usual)


def _atg_share(donor: str, usual: str) -> float:
    kind = {SIBLING: "matched_sibling", "unrelated": "matched_unrelated", "mismatched": "mismatched_unrelated"}.get(
        donor
    )
    table = registry()["prophylaxis"]["atg_share"]
    return float(table[kind]) if kind and usual in ("cni-mtx", "cni-mmf") else 0.0


def prophylaxis_of(name: str) -> Any:
    """A name of the library, or the prophylaxis in full."""
    return OWN_PROPHYLAXIS.get(name, name)


def care_of(decade: str, donor: str, source: str, prophylaxis: str, gcsf: bool | None) -> tuple[Any, float]:
    """Care preset of the decade, and the share of patients given G-CSF."""
    table = registry()["care"]
    kind = (
        "autologous"
        if donor in (OWN,)
        else "cord"
        if source in (CORD, DOUBLE, EXPANDED)
        else "ptcy"
        if "ptcy" in prophylaxis
        else "allogeneic"
    )
    usual = 1.0 if kind != "allogeneic" else by_decade(table["gcsf_share_allogeneic"], decade)
    base = f"{'auto' if donor in (OWN, TWIN) else 'allo'}-{decade}"
    day = table["gcsf_start_day"][kind]
    return {"base": base, "gcsf": {"start_day": day}}, usual if gcsf is None else float(gcsf)
