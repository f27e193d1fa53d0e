"""From the words of a stratum to the plans of its virtual patients; strata differ through the spec only.

An arm is up to sixteen plans, one a slot; patient n holds the plan of slot n modulo the number of slots. Where a word
means several things (donors "mixed", "MAC and RIC"), the slots share them out by a Sobol sequence, so that shares are
kept to a sixteenth and patient n stands in the same slot in both arms of a comparison.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from typing import Any

from dayzero.analyse.evidence.donors import (
    CORD,
    DONOR_WORDS,
    DOUBLE,
    EXPANDED,
    GRAFT_REMARKS,
    GRAFT_WORDS,
    HAPLO,
    MISMATCHED,
    OWN,
    SIBLING,
    UNRELATED,
    cells,
    donor_mix,
    dose_of,
    known_word,
    side_of,
    source_mix,
)
from dayzero.analyse.evidence.modifiers import Told, merged, read_modifiers
from dayzero.analyse.evidence.people import NO_PATIENT, age_bands, child_share, diseases, young_adults
from dayzero.analyse.evidence.prophylaxis import care_of, prophylaxis_mix, prophylaxis_of, word_for
from dayzero.analyse.evidence.regimens import (
    KNOWN_CLASSES,
    MAC,
    REGIMEN_WORDS,
    conditioning_of,
    intensity_mix,
    regimens,
)
from dayzero.analyse.evidence.registry import by_decade, decade_of, registry, transplant_year
from dayzero.analyse.evidence.rows import Finding
from dayzero.spec import Plan
from dayzero.spec.files import shortest

SLOTS = 16
ONE_POPULATION = "arms of both intensities share one population"
INTENSITY, DONOR, SOURCE, DISEASE, AGE, REGIMEN, PROPHYLAXIS, GROWTH = range(8)


@dataclass(frozen=True)
class Arm:
    """The virtual patients of a stratum.

    Parameters
    ----------
    title : the stratum in words.
    plans : plan of each slot, as plain data of the spec.
    remarks : how words were read, and what could not be represented.
    """

    title: str
    plans: tuple[Mapping[str, Any], ...]
    remarks: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Digest of the plans: arms of equal plans are the same patients."""
        return sha256(json.dumps(shortest(self.plans), sort_keys=True).encode()).hexdigest()[:12]

    def loaded(self) -> list[Plan]:
        """The plans, checked; equal slots share one object."""
        texts = [json.dumps(plan, sort_keys=True) for plan in self.plans]
        known = {text: Plan.load(dict(plan)) for text, plan in dict(zip(texts, self.plans, strict=True)).items()}
        return [known[text] for text in texts]


class NotTranslatedError(Exception):
    """A stratum that no plan stands for; the sentence says why."""


@cache
def _points() -> tuple[tuple[float, ...], ...]:
    from scipy.stats.qmc import Sobol

    return tuple(tuple(float(u) + 0.5 / SLOTS for u in row) for row in Sobol(8, scramble=False).random(SLOTS))


def arm_of(finding: Finding, side: int = 0, edit: Mapping[str, Any] | None = None) -> Arm:
    """The arm of a finding (of one side of its comparison).

    Raises
    ------
    NotTranslatedError : with the reason.

    >>> arm = arm_of(Finding("a", "anc500_median_day", population="AML", age_group="adult", donor="MSD", graft="PBSC",
    ...                      conditioning="MAC; BuCy", prophylaxis="CsA/MTX", gcsf="no", year=2002))
    >>> arm.loaded()[0].graft.source
    'mobilised_blood'
    """
    told = {**(edit or {})}
    finding = replace(finding, **told.get("words", {}))
    if NO_PATIENT.search(finding.population) or finding.donor == "none":
        raise NotTranslatedError(f"no patient is transplanted in this stratum ({finding.population or 'none'})")
    modifiers = read_modifiers(
        side_of(finding.modifiers, side) if " vs " in finding.modifiers and not told else finding.modifiers
    )
    if modifiers.stopped:
        raise NotTranslatedError(modifiers.stopped)
    unknown = unknown_words(finding)
    columns = ("donor", "graft", "conditioning", "prophylaxis")
    if " vs " in finding.conditioning or "conditioning" in told.get("words", {}):
        finding = replace(finding, notes=f"{finding.notes}; {ONE_POPULATION}")
    finding = replace(
        finding, **{c: side_of(getattr(finding, c), side) for c in columns if getattr(finding, c).lower() != ""}
    )
    slots = [_slot(finding, point, modifiers, told.get("plan", {})) for point in _points()]
    if all(slot == slots[0] for slot in slots):
        slots = slots[:1]
    return Arm(
        _title(finding),
        tuple(slots),
        (*_remarks(finding, modifiers), *(f"{w}: not recognised, taken as not printed" for w in unknown)),
    )


def unknown_words(finding: Finding) -> tuple[str, ...]:
    """Words of the stratum that have no meaning here.

    >>> unknown_words(Finding("a", "m", donor="neighbour", graft="PBSC"))
    ('donor neighbour',)
    """
    found = [
        f"{name} {word}"
        for name, word, table in (("donor", finding.donor, DONOR_WORDS), ("graft", finding.graft, GRAFT_WORDS))
        if word.lower() not in table and not known_word(word, table)
    ]
    for part in finding.conditioning.split("; "):
        if not KNOWN_CLASSES.match(part) and not any(re.search(pattern, part) for pattern, _ in REGIMEN_WORDS):
            found.append(f"conditioning {part}")
    if any(word_for(side) is None for side in finding.prophylaxis.split(" vs ")):
        found.append(f"prophylaxis {finding.prophylaxis}")
    if not read_modifiers(finding.modifiers).known:
        found.append(f"modifier {finding.modifiers}")
    return tuple(found)


def _drawn(shares: Mapping[Any, float], u: float) -> Any:
    """What stands at a point of the shares laid end to end."""
    total, at = sum(shares.values()), 0.0
    for name, share in shares.items():
        at += share / total
        if u <= at + 1e-9:
            return name
    return next(reversed(list(shares)))


def _picked(options: list[tuple[float, dict[str, Any]]], u: float) -> dict[str, Any]:
    return options[_drawn({i: share for i, (share, _) in enumerate(options)}, u)][1]


def _slot(finding: Finding, point: tuple[float, ...], modifiers: Told, extra: Mapping[str, Any]) -> dict[str, Any]:
    """The plan of one slot."""
    year = transplant_year(finding)
    decade = decade_of(year)
    child_part = child_share(finding.age_group, decade)
    intensity = _drawn(intensity_mix(finding.conditioning, decade, child_part > 0.5), point[INTENSITY])
    donor = _drawn(donor_mix(finding.donor, decade), point[DONOR])
    own, reduced = donor == OWN, intensity not in (MAC, "none")
    shared = ONE_POPULATION in finding.notes
    said = (finding.age_group, finding.modifiers, decade, reduced, own, shared)
    people = _picked(age_bands(*said), point[AGE])
    child = people["patient"]["age_years"] < 18
    trial = finding.study_type.startswith("RCT")
    sick = _picked(diseases(finding.population, finding.modifiers, child, own, decade, trial), point[DISEASE])
    diagnosis = sick["patient"]["diagnosis"]
    if young_adults(diagnosis) and not child:
        people = _picked(age_bands(*said, young_adults(diagnosis)), point[AGE])
    if own and diagnosis == "myeloma" and not child:
        usual = registry()["patient"]["adult_autologous_myeloma"]
        people = merged(
            people,
            {
                "patient": {"age_years": by_decade(usual["mean"], decade)},
                "population": {
                    "fields": {
                        "patient.age_years": {
                            "kind": "normal",
                            "sd": usual["sd"],
                            "low": usual["low"],
                            "high": usual["high"],
                        }
                    }
                },
            },
        )
    source = _drawn(source_mix(finding.graft, donor, decade, child, reduced), point[SOURCE])
    regimen = _drawn(regimens(finding.conditioning, intensity, donor, source, diagnosis, decade, child), point[REGIMEN])
    if regimen == "bu4-cy" and decade == "1990s":
        regimen = "oral bu-cy"
    prophylaxis = _drawn(
        prophylaxis_mix(finding.prophylaxis, donor, source, intensity, year, decade), point[PROPHYLAXIS]
    )
    gcsf = {"yes": True, "no": False}.get(finding.gcsf)
    care, share = care_of(decade, donor, source, prophylaxis, gcsf)
    if point[GROWTH] > share:
        care = {**care, "gcsf": None}
    if "day 0" in finding.arm and care["gcsf"]:
        care = {**care, "gcsf": {"start_day": 0}}
    sections = [
        cells(donor, source, dose_of(finding.cell_dose or finding.arm), child),
        people,
        sick,
        _population(donor, source, decade, sick),
        {"conditioning": conditioning_of(regimen), "prophylaxis": prophylaxis_of(prophylaxis), "care": care},
    ]
    plan = merged({"schema": 1, "name": "stratum", "patient": {"sex": "male"}}, *sections)
    return _finished(merged(plan, *_special(modifiers, plan, own), extra), finding)


def _special(modifiers: Told, plan: Mapping[str, Any], own: bool) -> list[dict[str, Any]]:
    """Edits of the modifiers, those of busulfan exposure and donor lymphocytes written out."""
    out = []
    for edit in modifiers.edits:
        rest = {k: v for k, v in edit.items() if k not in ("busulfan_auc", "dli")}
        if "busulfan_auc" in edit:
            rest["conditioning"] = {
                "name": "bu-mel-flu targeted",
                "drugs": [
                    {
                        "drug": "busulfan",
                        "days": [-9, -8, -7],
                        "dose_mg_per_kg": 3.2,
                        "target_cumulative_auc_mg_h_per_l": edit["busulfan_auc"],
                    },
                    {"drug": "melphalan", "days": [-6, -5], "dose_mg_per_m2": 70},
                    {"drug": "fludarabine", "days": [-6, -5, -4, -3, -2], "dose_mg_per_m2": 25},
                ],
            }
        if "dli" in edit and not own and plan["donor"]["kind"] != "cord_unrelated":
            rest["care"] = {"donor_lymphocytes": {"planned_days": [180], "cd3_per_kg": edit["dli"]}}
        if own:
            rest.pop("donor", None)
        out.append(rest)
    return out


def _population(donor: str, source: str, decade: str, sick: Mapping[str, Any]) -> dict[str, Any]:
    """Spreads and shares of the registry table."""
    table, cell = registry()["patient"], registry()["graft"]
    fields: dict[str, Any] = {
        "patient.weight_kg": {"kind": "lognormal", "cv": 0.18, "low": 0.55, "high": 1.8, "relative": True},
        "patient.height_cm": {"kind": "normal", "sd": 0.05, "low": 0.85, "high": 1.15, "relative": True},
        "graft.cd34_per_kg": {"kind": "lognormal", "cv": cell["cd34_cv"], "low": 0.4, "high": 2.4, "relative": True},
    }
    told: dict[str, Any] = {
        "fields": fields,
        "female_fraction": table["female_fraction"],
        "cmv_recipient_fraction": by_decade(table["cmv_recipient_fraction"], decade),
    }
    if donor == OWN:
        return {"population": told}
    fields["graft.cd3_per_kg"] = {"kind": "lognormal", "cv": cell["cd3_cv"], "low": 0.4, "high": 2, "relative": True}
    told |= {"major_abo_mismatch_fraction": registry()["donor"]["major_abo_mismatch_fraction"]}
    if source not in (CORD, DOUBLE, EXPANDED):
        told |= {
            "cmv_donor_fraction": by_decade(table["cmv_donor_fraction"], decade),
            "female_donor_fraction": registry()["donor"]["female_fraction"],
        }
        if donor in (UNRELATED, MISMATCHED):
            fields["donor.age_years"] = {"kind": "normal", "mean": 31, "sd": 7, "low": 18, "high": 60}
        if donor == HAPLO:
            fields["donor.age_years"] = {"kind": "normal", "mean": 36, "sd": 12, "low": 12, "high": 70}
    status, diagnosis = sick["patient"]["status"], sick["patient"]["diagnosis"]
    if status.startswith("remission") and diagnosis in ("aml", "all"):
        told["mrd_fraction"] = table["mrd_fraction"]
    return {"population": told}


def _finished(plan: dict[str, Any], finding: Finding) -> dict[str, Any]:
    """What the words of single columns still ask for, and nothing empty left."""
    donor = plan["donor"]
    if "major ABO" in finding.donor or finding.arm == "major mismatch":
        plan["population"]["major_abo_mismatch_fraction"] = 1.0
    if finding.arm in ("ABO identical", "minor mismatch"):
        plan["population"]["major_abo_mismatch_fraction"] = 0.0
    aged = re.match(r"donor (\d+)-(\d+) y", finding.arm)
    if aged:
        donor["age_years"] = (int(aged.group(1)) + int(aged.group(2))) / 2
    if finding.arm in ("cryo", "fresh"):
        plan["graft"]["cryopreserved"] = finding.arm == "cryo"
    daily = re.match(r"fil(\d+)$", finding.arm)
    if daily and plan["care"]["gcsf"]:
        plan["care"] = {**plan["care"], "gcsf": {**plan["care"]["gcsf"], "dose_ug_per_kg": int(daily.group(1))}}
    given = re.match(r"PTCy (\d+)", finding.arm)
    if given:
        plan["prophylaxis"] = _sirolimus_with(int(given.group(1)))
    if "high VOD risk" in finding.population:
        plan["patient"]["liver_iron_or_hepatitis"] = True
    fields = plan["population"]["fields"]
    if "age_years" in donor and "donor.age_years" in fields:
        fields.pop("donor.age_years")
    relation = {"haplo parent": 42, "haplo offspring": 32, "haplo sibling": 45}.get(finding.donor)
    if relation and donor["kind"] == "haploidentical":
        fields["donor.age_years"] = {"kind": "normal", "mean": relation, "sd": 8, "low": 14, "high": 70}
    age = fields.get("patient.age_years")
    if age and not _holds(age, plan["patient"]["age_years"]):
        fields.pop("patient.age_years")
    return {key: value for key, value in plan.items() if value is not None}


def _sirolimus_with(total: int) -> dict[str, Any]:
    """Sirolimus with cyclophosphamide after infusion, mg/kg in all on days 3 and 4."""
    days = [3, 4][: total // 50]
    told = {"post_cyclophosphamide": {"days": days, "dose_mg_per_kg": 50}} if days else {}
    return {"name": f"sirolimus-ptcy{total}", "sirolimus": {}, **told}


def _holds(spread: Mapping[str, Any], value: float) -> bool:
    return spread.get("low", -1e9) <= value <= spread.get("high", 1e9)


def _title(finding: Finding) -> str:
    words = (
        finding.population,
        finding.age_group,
        finding.donor,
        finding.graft,
        finding.conditioning,
        finding.prophylaxis,
        finding.modifiers,
        finding.cell_dose,
    )
    return " | ".join(word for word in words if word)


def _remarks(finding: Finding, modifiers: Told) -> list[str]:
    """How the words were read."""
    year = transplant_year(finding)
    said = [f"care of the {decade_of(year)} (median transplant about {year})"]
    said += [GRAFT_REMARKS[finding.graft.lower()]] if finding.graft.lower() in GRAFT_REMARKS else []
    if "tandem" in finding.conditioning or "x2" in finding.conditioning:
        said.append("the second of two transplants is not represented")
    if "R-BEAM" in finding.conditioning or "Rituximab" in finding.conditioning:
        said.append("rituximab is not in the model")
    if "/steroid" in finding.prophylaxis or "CsA/MP" in finding.prophylaxis:
        said.append("steroids as prophylaxis are not represented")
    if "basiliximab" in finding.prophylaxis:
        said.append("basiliximab is not represented")
    if finding.arm == "peg":
        said.append("pegfilgrastim is represented by daily filgrastim")
    if "splenectomy" in finding.arm:
        raise NotTranslatedError("removal of the spleen is not in the spec")
    return said + list(modifiers.remarks)


__all__ = ["SIBLING", "Arm", "NotTranslatedError", "arm_of", "unknown_words"]
