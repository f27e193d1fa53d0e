"""From words for disease, age and modifiers to patients of the spec."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dayzero.analyse.evidence.registry import by_decade, registry

MALIGNANT, NONMALIGNANT = "malignant", "non-malignant"

# Words of the disease in the order looked for; every one that fits counts alike.
DISEASE_WORDS: tuple[tuple[str, str], ...] = (
    (r"\bAML\b", "aml"),
    (r"\bALL\b", "all"),
    (r"\bMDS\b", "mds"),
    (r"\bCML\b", "cml"),
    (r"myelofibrosis|\bMPN\b", "myelofibrosis"),
    (r"hodgkin", "hodgkin_lymphoma"),
    (r"DLBCL|\bNHL\b", "aggressive_lymphoma"),
    (r"myeloma", "myeloma"),
    (r"aplastic", "aplastic_anemia"),
    (r"sickle", "sickle_cell_disease"),
    (r"thalass", "thalassemia"),
    (r"\bWAS\b", "immunodeficiency"),
)
GROUPS: tuple[tuple[str, dict[str, float]], ...] = (
    (
        r"leukemia or lymphoma|acute leuk.*lymphoma|leukaemia, lymphoma",
        {"aml": 0.4, "all": 0.25, "aggressive_lymphoma": 0.35},
    ),
    (r"early leuk", {"aml": 0.45, "all": 0.25, "cml": 0.3}),
    (r"secondary AML", {"mds": 0.5, "aml": 0.5}),
    (r"acute leuk", {"aml": 0.6, "all": 0.4}),
    (r"mixed leuk|leuk(a)?emia", {"aml": 0.5, "all": 0.3, "cml": 0.2}),
    (r"haemoglobinopathy", {"thalassemia": 0.5, "sickle_cell_disease": 0.5}),
    (r"lymphoproliferative", {"aggressive_lymphoma": 0.6, "myeloma": 0.4}),
    (r"lymphoma", {"aggressive_lymphoma": 1.0}),
)
INHERITED = (
    "thalassemia",
    "sickle_cell_disease",
    "immunodeficiency",
    "inborn_error_of_metabolism",
    "inherited_marrow_failure",
)
INDEX = re.compile(r"DRI (low|intermediate|high|very high)(/very high)?$")
FEW_OF_THEM = re.compile(r"\(\d+ [^)]*\)")  # the exceptions of a population, as in "(2 thalassaemia)"
NO_PATIENT = re.compile(r"^healthy|donor products|mouse|gene therapy|metastatic")

AGES: Mapping[str, tuple[float, float]] = {
    "age 40+": (40, 76),
    "age 60+": (60, 76),
    "age 70+": (70, 78),
    "age >40": (40, 74),
    "age >50": (50, 74),
    "age 20+": (20, 60),
    "child and young adult": (18, 30),
    "age 12+": (12, 70),
    "60 y or older": (60, 75),
}


@dataclass
class People:
    """Whom a stratum is about: a mix of diseases, of ages, and what else is said of them.

    Parameters
    ----------
    diseases : share of each (diagnosis, status).
    ages : share and edits of each age band.
    """

    diseases: list[tuple[float, dict[str, Any]]] = field(default_factory=list[Any])
    ages: list[tuple[float, dict[str, Any]]] = field(default_factory=list[Any])


def child_share(age_group: str, decade: str) -> float:
    """Share of children among the patients an age word means.

    >>> child_share("child", "2000s"), child_share("adult", "2000s"), child_share("mixed", "1990s")
    (1.0, 0.0, 0.3)
    """
    word = age_group.lower()
    if re.match(r"child and young", word):
        return 0.9
    if re.match(r"child|age 1-19", word):
        return 1.0
    if re.match(r"mostly child", word):
        return 0.8
    if re.match(r"mostly adult|mixed \((median 31|3-63|4-69|7-52|8-55)", word):
        return 0.1
    if re.match(r"mixed|adult and child|13-|na$|^$", word):
        return by_decade(registry()["patient"]["child_in_mixed_ages"], decade) * (
            0.5 if word.startswith("13-") else 1.0
        )
    return 0.0


def age_bands(
    age_group: str,
    modifiers: str,
    decade: str,
    reduced: bool,
    own: bool,
    shared: bool = False,
    usual_ages: str = "",
) -> list[tuple[float, dict[str, Any]]]:
    """Patients by age band, as edits of a plan, with their shares; four bands for children."""
    table = registry()
    printed = re.search(
        r"\bage (<=?)?(\d+)(?:-(\d+))?(?:\+)?",
        f"{modifiers}" if "age" in modifiers and "age 50+" not in modifiers else age_group,
    )
    share = child_share(age_group, decade)
    grown = [(1 - share, grown_up(age_group, decade, reduced, own, shared, usual_ages))] if share < 1 else []
    small = list(table["children"])
    if printed and (int(printed.group(3) or 99) <= 25 or printed.group(1)):
        low = 1 if printed.group(1) else int(printed.group(2))
        high = int(printed.group(3) or printed.group(2))
        if low >= 16:
            return [
                (
                    1.0,
                    {
                        "patient": {"age_years": (low + high) / 2, "weight_kg": 62, "height_cm": 168, "hct_ci": 0},
                        "population": {"fields": {"patient.age_years": _uniform(low, high)}},
                    },
                )
            ]
        small = [b for b in small if low <= b["age_years"] <= high] or [small[0]]
        grown = [] if high <= 20 else grown
    bands = [(share / len(small), _child(band)) for band in small] if share else []
    return bands + grown


def young_adults(diagnosis: str) -> str:
    """The ages of adults with a disease that most have when young, by name in the registry; empty for others.

    >>> young_adults("thalassemia"), young_adults("aml")
    ('adult_inherited', '')
    """
    return "adult_inherited" if diagnosis in INHERITED else "adult_aplastic" if diagnosis == "aplastic_anemia" else ""


def grown_up(
    age_group: str, decade: str, reduced: bool, own: bool, shared: bool = False, usual_ages: str = ""
) -> dict[str, Any]:
    """An adult of the stratum: age spread as printed, else of the registry (``usual_ages``: of this entry of it)."""
    table = registry()["patient"]
    word = age_group.lower()
    printed = re.search(r"(?<!\d)(\d+)-(\d+)", word)
    limits = next((band for key, band in AGES.items() if key in word), None)
    if limits is None and printed and int(printed.group(2)) > 25:
        limits = (max(int(printed.group(1)), 18), min(int(printed.group(2)), 78))
    kind = "adult_autologous_lymphoma" if own else "adult_reduced" if reduced else "adult_myeloablative"
    usual = table[usual_ages or kind]
    mean, low, high = float(by_decade(usual["mean"], decade)), usual["low"], usual["high"]
    if shared and not own and not usual_ages:  # arms of both intensities in one trial: between the usual ages of either
        mean = sum(float(by_decade(table[k]["mean"], decade)) for k in ("adult_reduced", "adult_myeloablative")) / 2
        reduced = True
    if "median 31" in word:
        mean = 31.0
    if limits:
        low, high = max(limits[0], 18), limits[1]
        mean = min(max(mean, low + 0.35 * (high - low)), high - 0.3 * (high - low))
    comorbid = table["hct_ci_reduced"] if (reduced and not usual_ages) or mean > 55 else table["hct_ci_adult"]
    spread = {"kind": "normal", "sd": usual["sd"], "low": low, "high": high}
    return {
        "patient": {"age_years": mean, "weight_kg": table["weight_kg"], "height_cm": table["height_cm"], "hct_ci": 1},
        "population": {
            "fields": {"patient.age_years": spread, "patient.hct_ci": {"kind": "empirical", "values": list(comorbid)}}
        },
    }


def _child(band: Mapping[str, float]) -> dict[str, Any]:
    age = band["age_years"]
    return {
        "patient": {**band, "hct_ci": 0},
        "population": {
            "fields": {
                "patient.age_years": _uniform(max(age - 2, 0.5), age + 2),
                "patient.hct_ci": {"kind": "empirical", "values": list(registry()["patient"]["hct_ci_child"])},
            }
        },
    }


def _uniform(low: float, high: float) -> dict[str, Any]:
    return {"kind": "uniform", "low": low, "high": high}


def diseases(
    population: str, modifiers: str, child: bool, own: bool, decade: str, trial: bool = False
) -> list[tuple[float, dict[str, Any]]]:
    """Diagnosis and status of the patients a population word means, with shares; ``trial``: of a randomised one."""
    table = registry()["diagnosis"]
    index = INDEX.search(modifiers)
    if index:
        return [(row["share"], {"patient": {k: v for k, v in row.items() if k != "share"}})
                for row in table["disease_risk_index"][index[1].replace(" ", "_")]]  # fmt: skip
    population = FEW_OF_THEM.sub("", population)
    named = {
        name: 1.0
        for pattern, name in DISEASE_WORDS
        if re.search(pattern, population, re.I if pattern[0] != "\\" else 0)
    }
    if not named:
        named = next((dict(mix) for pattern, mix in GROUPS if re.search(pattern, population, re.I)), {})
    if re.search(r"nonmalig|genetic", population) and not named:
        named = dict(table["nonmalignant"])
    if not named:
        named = dict(
            table["autologous_adult"]
            if own
            else table["allogeneic_child"]
            if child
            else table["allogeneic_adult_1990s" if decade == "1990s" else "allogeneic_adult"]
        )
        if re.search(r"non-malignant|77% malignant|83%", population):
            outside = 0.2 if re.search(r"77%|83%", population) else 0.3
            named = {k: v * (1 - outside) for k, v in named.items()} | {
                k: v * outside for k, v in table["nonmalignant"].items()
            }
    total = sum(named.values())
    return [
        (share * part / total, {"patient": told})
        for name, share in named.items()
        for part, told in _statuses(name, population, modifiers, trial)
    ]


def _statuses(diagnosis: str, population: str, modifiers: str, trial: bool) -> list[tuple[float, dict[str, Any]]]:
    """How the disease stands: as printed, else of the registry."""
    told: dict[str, Any] = {"diagnosis": diagnosis}
    words = f"{population} {modifiers}"
    if diagnosis in ("aplastic_anemia", *INHERITED):
        status = "untreated" if diagnosis == "aplastic_anemia" else "not_applicable"
        return [
            (
                1.0,
                told
                | {"status": status, "prior_treatment_lines": 0 if "upfront" in words or "untreated" in words else 1},
            )
        ]
    if diagnosis in ("cml",):
        return [(1.0, told | {"status": "accelerated_phase" if "advanced" in words else "chronic_phase"})]
    if diagnosis == "myeloma":
        return [(1.0, told | {"status": "partial_remission"})]
    if diagnosis in ("myelofibrosis", "mpn"):
        return [(1.0, told | {"status": "active", "marrow_fibrosis": True, "splenomegaly": True})]
    if "lymphoma" in diagnosis:
        mix = registry()["diagnosis"]["lymphoma_status"]
        return [(share, told | {"status": status, "prior_treatment_lines": 2}) for status, share in mix.items()]
    return [(share, told | {"status": status}) for status, share in _leukemia(diagnosis, words, trial).items()]


def _leukemia(diagnosis: str, words: str, trial: bool) -> dict[str, float]:
    if diagnosis == "mds":
        return {"stable": 1.0} if "<5% blasts" in words else dict(registry()["diagnosis"]["mds_status"])
    if re.search(r"relapsed|refractory|advanced disease|active", words) and "71%" not in words:
        return {"active": 1.0}
    if re.search(r"CR1/CR2|<5% blasts|\bCR\b", words):
        return {"remission_1": 0.65, "remission_2_or_later": 0.35}
    if re.search(r"CR1|early leuk", words):
        return {"remission_1": 1.0}
    if "71% advanced" in words:
        return {"remission_1": 0.29, "active": 0.71}
    if "30% not in CR" in words:
        return {"remission_1": 0.7, "active": 0.3}
    return dict(registry()["diagnosis"]["status_in_trials" if trial else f"status_{diagnosis}"])
