"""From the modifiers of a stratum to edits of a plan, to the patients a figure is about, or to why neither can be.

Each word of the table is answered in one of four ways: edits of the plan (`EDITS`), a condition on the simulated
patients (`WHO`), something already taken elsewhere, such as the years (`TAKEN`), or a reason (`NOT`), with which the
row is still translated (the remark is shown) unless the reason is marked to stop it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

SEROPOSITIVE = {"population": {"cmv_recipient_fraction": 1.0}, "patient": {"cmv_seropositive": True}}
NAIVE_PAIR = {"population": {"cmv_recipient_fraction": 0.0, "cmv_donor_fraction": 0.0}}


def _points(*values: int) -> dict[str, Any]:
    return {
        "patient": {"hct_ci": values[0]},
        "population": {"fields": {"patient.hct_ci": {"kind": "empirical", "values": list(values)}}},
    }


def _risk(level: str) -> dict[str, Any]:
    return {"patient": {"disease_risk": level}}


EDITS: tuple[tuple[str, dict[str, Any]], ...] = (
    (r"CMV R\+; letermovir vs", SEROPOSITIVE),
    (r"CMV R\+; letermovir", {**SEROPOSITIVE, "care": {"letermovir": {}}}),
    (r"CMV R\+", {**SEROPOSITIVE, "care": {"letermovir": None}}),
    (r"CMV D-/R-", NAIVE_PAIR),
    (r"CMV D\+/R-", {"population": {"cmv_recipient_fraction": 0.0, "cmv_donor_fraction": 1.0}}),
    (r"CMV donor and/or", {"population": {"cmv_recipient_fraction": 0.8, "cmv_donor_fraction": 0.6}}),
    (r"^HCT-CI 0(;|$)", _points(0)),
    (r"HCT-CI 1-2", _points(1, 2)),
    (r"HCT-CI 3-4( vs|$)", _points(3, 4)),
    (r"HCT-CI (>=3|3plus)", _points(3, 4, 5)),
    (r"HCT-CI 5plus", _points(5, 6, 7)),
    (r"DRI (low|intermediate|high|very high)", {}),  # who they are: `people.diseases`
    (r"(poor|high) risk$|^high vs standard risk", _risk("high")),
    (r"^intermediate risk", _risk("intermediate")),
    (r"^not low$", _risk("intermediate")),
    (r"MTSS low$", _risk("low")),
    (r"MTSS (very )?high", _risk("high")),
    (r"MTSS intermediate", _risk("intermediate")),
    (r"donor <=39", {"donor": {"age_years": 28}}),
    (r"donor >=40", {"donor": {"age_years": 48}}),
    (r"no empiric G-CSF", {"care": {"gcsf": None}}),
    (r"empiric G-CSF", {"care": {"gcsf": {"start_day": 1}}}),
    (r"^palifermin", {"care": {"palifermin": True}}),
    (r"cryotherapy", {"care": {"cryotherapy": True}}),
    (
        r"^len maintenance|^lenalidomide",
        {"care": {"maintenance": {"drug": "lenalidomide", "start_day": 100, "stop_day": 1500}}},
    ),
    (r"prednisone 1mg", {"care": {"steroids": {"dose_mg_per_kg": 1, "dose_grade_two_mg_per_kg": 1}}}),
    (r"prednisone 2mg", {"care": {"steroids": {"dose_mg_per_kg": 2, "dose_grade_two_mg_per_kg": 2}}}),
    (r"HLA 3-6/6", {"donor": {"hla_matched": 4, "hla_of": 6}}),
    (r"adj.*urd", {}),
    (r"^AUC >=59\.5 vs|Bu cumulative AUC >=59", {"busulfan_auc": 72.0}),
    (r"Bu cumulative AUC <59", {"busulfan_auc": 50.0}),
    (r"CD3 dose/kg 1e7-1e8", {"dli": 3e7}),
    (r"CD3 dose/kg ge1e8", {"dli": 1.5e8}),
    (r"CD3 dose/kg le1e7", {"dli": 5e6}),
    (r"^0 major risk", {"donor": {"kind": "matched_sibling"}, "patient": {"age_years": 35}}),
    (r"^1 major risk", {"donor": {"kind": "matched_unrelated"}, "patient": {"age_years": 38}}),
    (
        r"^2 major risk",
        {"donor": {"kind": "mismatched_unrelated"}, "patient": {"age_years": 55}, "prophylaxis": "cni-mtx"},
    ),
    (
        r"^3plus major",
        {"donor": {"kind": "mismatched_unrelated"}, "patient": {"age_years": 57}, "prophylaxis": "cni-mtx-atg"},
    ),
    (r"group 1 of 4", {**_points(0), "x": 0}),
    (r"group 2 of 4", {**_points(1, 2), "x": 0}),
    (r"group 3 of 4", {**_points(3, 4), "x": 0}),
    (r"group 4 of 4", {**_points(4, 5, 6), "x": 0}),
    (r"rPAM <17|score low", {**_points(0), "x": 0}),
    (r"rPAM 17-23|score intermediate", {**_points(1, 2), "x": 0}),
    (r"rPAM 24-30|score high", {**_points(3, 4), "x": 0}),
    (r"rPAM >30", {**_points(5, 6), "x": 0}),
    (r"previous HCT", {"patient": {"prior_treatment_lines": 3}}),
)


class Condition(NamedTuple):
    """Patients a figure is about: a fact of theirs, compared with a number, from a day on (landmark)."""

    fact: str
    sign: str
    value: float
    landmark: float


WHO: tuple[tuple[str, Condition], ...] = (
    (r"^CD4 <109", Condition("level:cd4:30", "<", 0.109, 30)),
    (r"^CD4 >=109", Condition("level:cd4:30", ">=", 0.109, 30)),
    (r"with CD4 IR", Condition("cd4_ir_100", "<=", 100, 0)),
    (r"without CD4 IR", Condition("cd4_ir_100", ">", 100, 0)),
    (r"^no AKI", Condition("event:kidney_injury", ">", 100, 0)),
    (r"^AKI", Condition("event:kidney_injury", "<=", 100, 0)),
    (r"^no chronic GVHD", Condition("chronic_gvhd", ">", 730, 0)),
    (r"^chronic GVHD", Condition("chronic_gvhd", "<=", 730, 0)),
    (r"^with VOD", Condition("vod", "<=", 100, 0)),
    (r"^without VOD", Condition("vod", ">", 100, 0)),
    (r"donor T cells >85", Condition("level:t_donor_fraction:30", ">", 0.85, 0)),
    (r"donor T cells <=85", Condition("level:t_donor_fraction:30", "<=", 0.85, 0)),
)

NOT: tuple[tuple[str, str], ...] = (
    (r"^NIH (mild|moderate|severe)", "stop: the simulation does not grade chronic GVHD by organ"),
    (r"Minnesota", "stop: response by the Minnesota risk score needs organ stages at onset that are not kept"),
    (r"^(sr|ss|sd) acute GVHD", "stop: needs courses of steroid response that this page does not tell apart"),
    (r"steroid \+ |denileukin|pentostatin|etanercept", "stop: the drug is not in the model"),
    (r"no-donor arm|standard care|palliative|saline", "stop: this arm is not a transplant of the model"),
    (r"quartile", "stop: questionnaire scores before transplant are not in the model"),
    (r"viruria", "stop: BK viruria is not in the model"),
    (
        r"defibrotide prophylaxis|^defibrotide$",
        "stop: defibrotide is given for established disease only, not as prophylaxis",
    ),
    (r"brentuximab", "stop: brentuximab is not in the model"),
    (r"RIFLE", "kidney failure at admission is not represented"),
    (r"5-year survivors|survivors who", "stop: life of long-term survivors beyond the simulated horizon"),
    (r"low IgG", "stop: a subgroup by IgG at admission"),
    (r"mould/yeast", "stop: aplastic phase under other prophylaxis"),
    (r"high-dose steroids", "stop: exposure defined by steroid dose in a two-week window"),
    (r"sirolimus first|prednisone first", "stop: sirolimus as treatment is not in the model"),
    (r"counts DLI rescue", "stop: relapse treated by donor lymphocytes does not return a patient to remission here"),
    (r"per 5 calendar", "stop: calendar time changes many things at once"),
    (r"weeks? of high-dose", "stop: see above"),
    (r"crossover", "crossing over to the other arm is not represented"),
    (r"bags", ""),
)

TAKEN = re.compile(
    r"^(\d{4}.*|.*(?:19|20)\d\d.*|EBMT|Japan.*|3-year|5-year follow-up|adjusted.*|IBMTR.*|single centre|sd |control"
    r"|latest period|first period|from randomization|from diagnosis.*|upfront|relapsed/refractory|chronic phase"
    r"|advanced phase|placebo|no prophylaxis|none maintenance|Spitzer criteria|prospective screening.*"
    r"|systematic monitoring|inpatient stay|older, worse risk|not low|71% advanced.*|67\.6%.*|30% not.*|age .*"
    r"|any acute or chronic.*|acute GVHD vs none|grade III-IV acute GVHD.*|CMV reactivation.*|ANC<100.*"
    r"|post-engraftment BSI.*|after any pre.*|very early BSI.*|intention.*|non-randomised.*|no letermovir|observation"
    r"|none|)$"
)


class Told(NamedTuple):
    """What the modifiers say: edits in order, conditions, remarks, why the row is not simulated."""

    edits: tuple[dict[str, Any], ...]
    conditions: tuple[Condition, ...]
    remarks: tuple[str, ...]
    stopped: str
    known: bool


def read_modifiers(text: str) -> Told:
    """What a modifier means.

    >>> read_modifiers("MTSS low").edits, read_modifiers("NIH mild").stopped[:14]
    (({'patient': {'disease_risk': 'low'}},), 'the simulation')
    """
    reason = next((why for pattern, why in NOT if re.search(pattern, text)), "")
    edit = next((found for pattern, found in EDITS if re.search(pattern, text)), None)
    who = next((found for pattern, found in WHO if re.search(pattern, text)), None)
    stopped = reason.removeprefix("stop: ") if reason.startswith("stop: ") else ""
    remarks = [reason] if reason and not stopped else []
    if edit is not None and "x" in edit:
        remarks.append("a clinical score is represented by comorbidity alone")
    edits = ({k: v for k, v in edit.items() if k != "x"},) if edit else ()
    known = bool(reason or edit is not None or who or TAKEN.match(text) or any(p == "bags" for p in (text,)))
    return Told(edits, (who,) if who else (), tuple(remarks), stopped, known)


def merged(*edits: Mapping[str, Any]) -> dict[str, Any]:
    """Edits of a plan, later ones on top; keys with values are merged, all else is replaced.

    >>> merged({"patient": {"hct_ci": 1}}, {"patient": {"age_years": 5}})
    {'patient': {'hct_ci': 1, 'age_years': 5}}
    """
    out: dict[str, Any] = {}
    for edit in edits:
        for key, value in edit.items():
            both = isinstance(value, Mapping) and isinstance(out.get(key), Mapping)
            out[key] = merged(out[key], value) if both and not _spread(value) else value
    return out


def _spread(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and "kind" in value
        and value["kind"] in ("normal", "lognormal", "uniform", "empirical", "fixed")
    )
