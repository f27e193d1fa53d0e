"""Grades of low counts, and the counts at which a transfusion is indicated.

Sources: CTCAE v5.0, "neutrophil count decreased" and "platelet count decreased"; platelets under 10e9/L when stable:
PMC7727555; red cells: AABB International Guidelines (Carson 2023, JAMA). The raised platelet thresholds (fever,
bleeding, procedure) are settings; their defaults are usual ward values, not read in a source.
"""

from __future__ import annotations

from collections.abc import Mapping

from dayzero.criteria.logic import all_of, any_of, below
from dayzero.criteria.result import Definition, Finding
from dayzero.errors import InputError
from dayzero.units import convert

NEUTROPENIA = Definition("ctcae_neutropenia", "CTCAE 5.0", "CTCAE v5.0, neutrophil count decreased", verified=True)
THROMBOCYTOPENIA = Definition(
    "ctcae_thrombocytopenia", "CTCAE 5.0", "CTCAE v5.0, platelet count decreased", verified=True
)
_TRIGGER = Definition(
    "transfusion_trigger", "AABB 2023", "PMC7727555; AABB International Guidelines 2023, JAMA", verified=True
)

NEUTROPENIA_LIMITS = (1.5, 1.0, 0.5)  # under each: grade 2, 3, 4; a bound belongs to the milder grade
THROMBOCYTOPENIA_LIMITS = (75.0, 50.0, 25.0)
_CTCAE_VERSIONS = ("5.0", "v5", "v5.0", "5")


def ctcae_neutropenia(
    *, anc: float | None = None, lln: float | None = None, unit: str = "1e9/L", version: str = "5.0"
) -> Finding:
    """CTCAE grade of low neutrophils, 0 to 4; ``lln``: the laboratory's lower limit of normal, 1e9/L.

    >>> ctcae_neutropenia(anc=0.49, lln=1.5)["grade"]
    4
    """
    value = None if anc is None else convert(anc, "neutrophils", unit)
    inputs = {"anc": value, "lln": lln, "version": version}
    return _graded(NEUTROPENIA, value, lln, NEUTROPENIA_LIMITS, inputs)


def ctcae_thrombocytopenia(
    *, platelets: float | None = None, lln: float | None = None, unit: str = "1e9/L", version: str = "5.0"
) -> Finding:
    """CTCAE grade of low platelets, 0 to 4; ``lln``: the laboratory's lower limit of normal, 1e9/L.

    >>> ctcae_thrombocytopenia(platelets=50, lln=150)["grade"]
    2
    """
    value = None if platelets is None else convert(platelets, "platelets", unit)
    inputs = {"platelets": value, "lln": lln, "version": version}
    return _graded(THROMBOCYTOPENIA, value, lln, THROMBOCYTOPENIA_LIMITS, inputs)


def _graded(
    rule: Definition, value: float | None, lln: float | None, limits: tuple[float, ...], inputs: Mapping[str, object]
) -> Finding:
    if inputs["version"] not in _CTCAE_VERSIONS:
        raise InputError(rule.rule, "version", repr(inputs["version"]), "5.0", "only CTCAE 5.0 is coded")
    if value is None:
        return rule.find({"grade": None}, inputs)
    passed = sum(value < limit for limit in limits)
    if passed:
        return rule.find({"grade": passed + 1}, inputs)
    if lln is None:
        return rule.find({"grade": None}, inputs, note="grade 0 or 1: the laboratory's lower limit decides")
    return rule.find({"grade": 1 if value < lln else 0}, inputs)


def transfusion_trigger(
    *,
    platelets: float | None = None,
    bleeding: bool | None = None,
    fever_or_sepsis: bool | None = None,
    procedure: bool | None = None,
    hb_g_dl: float | None = None,
    symptomatic: bool | None = None,
    cardiac_disease: bool | None = None,
    orthopaedic_surgery: bool = False,
    cardiac_surgery: bool = False,
    stable_limit: float = 10,
    fever_limit: float = 20,
    bleeding_limit: float = 50,
    procedure_limit: float = 50,
    hb_limit: float = 7,
    hb_symptomatic_limit: float = 8,
    hb_cardiac_limit: float = 8,
    hb_cardiac_surgery_limit: float = 7.5,
) -> Finding:
    """Whether platelets or red cells are indicated by the count; counts in 1e9/L, hemoglobin in g/dL.

    The ``_limit`` arguments are settings of the ward. Missing circumstances leave the answer missing only where they
    could change it.

    >>> transfusion_trigger(platelets=9)["platelets_indicated"], transfusion_trigger(hb_g_dl=7.4)["rbc_indicated"]
    (True, None)
    """
    inputs: dict[str, object] = {
        "platelets": platelets, "bleeding": bleeding, "fever_or_sepsis": fever_or_sepsis, "procedure": procedure,
        "hb_g_dl": hb_g_dl, "symptomatic": symptomatic, "cardiac_disease": cardiac_disease,
    }  # fmt: skip
    low = any_of(
        below(platelets, stable_limit),
        all_of(below(platelets, fever_limit), fever_or_sepsis),
        all_of(below(platelets, bleeding_limit), bleeding),
        all_of(below(platelets, procedure_limit), procedure),
    )
    anaemic = any_of(
        below(hb_g_dl, hb_limit),
        all_of(below(hb_g_dl, hb_symptomatic_limit), symptomatic),
        all_of(below(hb_g_dl, hb_cardiac_limit), any_of(cardiac_disease, orthopaedic_surgery)),
        all_of(below(hb_g_dl, hb_cardiac_surgery_limit), cardiac_surgery),
    )
    asked = [answer for value, answer in ((platelets, low), (hb_g_dl, anaemic)) if value is not None]
    complete = bool(asked) and None not in asked
    raised = any((bleeding, fever_or_sepsis, procedure, symptomatic))
    note = "the raised threshold is a setting, not read in a source" if raised else ""
    values = {"platelets_indicated": low, "rbc_indicated": anaemic}
    return _TRIGGER.find(values, inputs, complete=complete, note=note, verified=not raised)
