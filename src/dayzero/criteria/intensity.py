"""How intense a conditioning is: MAC (myeloablative), RIC (reduced), NMA (nonablative).

MAC: irreversible cytopenia, stem cells needed; NMA: minimal cytopenia, could be given without cells; RIC: the rest
(Bacigalupo 2009, doi:10.1016/j.bbmt.2009.07.004). Published dose limits differ, so the scheme is an argument; without
it there is an answer only where every scheme that speaks of the drugs given agrees. A named regimen takes the label of
its trial.

===================== =================================================================================== =============
scheme                myeloablative when                                                                  read
===================== =================================================================================== =============
cibmtr_workshop_2006  TBI >= 5 Gy single, >= 8 fractionated; busulfan >= 9 mg/kg oral; melphalan          abstract,
                      >= 140 mg/m2; thiotepa >= 10 mg/kg (doi:10.1016/j.bbmt.2008.12.497)                 yes
bacigalupo_2009       TBI >= 5 Gy single, >= 8 fractionated; busulfan > 8 mg/kg oral or equivalent        no
cibmtr_form           TBI > 5 Gy single, > 8 fractionated; busulfan > 9 mg/kg oral, > 7.2 IV; melphalan   no
                      > 150 mg/m2; thiotepa >= 10 mg/kg; treosulfan > 30 g/m2
trial_label           the label printed by the trial (BMT CTN 0901; PMID 11458521; Blood 2015;125:3024)   yes
===================== =================================================================================== =============
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dayzero.criteria.logic import agreed, any_of
from dayzero.criteria.regimens import Dose, named_regimen
from dayzero.criteria.result import Definition, Finding
from dayzero.errors import InputError
from dayzero.units import nearest

_INTENSITY = Definition(
    "conditioning_intensity",
    "",
    "doi:10.1016/j.bbmt.2009.07.004; doi:10.1016/j.bbmt.2008.12.497; NCT01339910; PMID 11458521",
    verified=True,
)
#: Oral busulfan that gives the exposure of 1 mg/kg IV: 4 mg/kg oral stands for 3.2 IV in BMT CTN 0901.
_ORAL_PER_IV = 4 / 3.2
_MG_KG_PER_MG_M2 = 3.2 / 130  # the same, busulfan by surface

_TRIAL_LABELS = {
    "Flu/Bu4": "MAC", "Bu4/Cy": "MAC", "Cy/TBI12": "MAC", "Flu/Bu2": "RIC", "Flu/Mel140": "RIC", "Flu/TBI2": "NMA",
    "Flu/Cy/TBI2 haplo": "NMA",
}  # fmt: skip


@dataclass(frozen=True)
class _Limit:
    """Myeloablative over this; ``reached`` counts the limit itself."""

    amount: float
    reached: bool

    def passed(self, amount: float | None) -> bool | None:
        if amount is None:
            return None
        return amount >= self.amount if self.reached else amount > self.amount


@dataclass(frozen=True)
class _Scheme:
    """One published set of limits; a drug it does not name has no limit."""

    read: bool
    tbi_single: _Limit
    tbi_fractionated: _Limit
    busulfan_oral: _Limit
    busulfan_iv: _Limit
    others: Mapping[str, _Limit]  # melphalan mg/m2, thiotepa mg/kg, treosulfan g/m2


def _iv(oral: _Limit) -> _Limit:
    return _Limit(oral.amount / _ORAL_PER_IV, oral.reached)


_SCHEMES = {
    "cibmtr_workshop_2006": _Scheme(
        True, _Limit(5, True), _Limit(8, True), _Limit(9, True), _iv(_Limit(9, True)),
        {"melphalan": _Limit(140, True), "thiotepa": _Limit(10, True)},
    ),
    "bacigalupo_2009": _Scheme(
        False, _Limit(5, True), _Limit(8, True), _Limit(8, False), _iv(_Limit(8, False)), {}
    ),
    "cibmtr_form": _Scheme(
        False, _Limit(5, False), _Limit(8, False), _Limit(9, False), _Limit(7.2, False),
        {"melphalan": _Limit(150, False), "thiotepa": _Limit(10, True), "treosulfan": _Limit(30, False)},
    ),
}  # fmt: skip
SCHEMES = (*_SCHEMES, "trial_label")
_UNITS = {"melphalan": "mg_m2", "thiotepa": "mg_kg", "treosulfan": "g_m2"}

_PURINE_ANALOGUES = {"fludarabine", "cladribine", "pentostatin"}
_SEROTHERAPY = {"atg", "horse_atg", "rabbit_atg", "alemtuzumab"}
_NMA_TBI_GY, _NMA_CY_MG_KG = 2.0, 29.0  # cyclophosphamide 14.5 mg/kg twice, as in the haplo regimen
#: Recalled, not read: combinations called nonablative whatever the dose.
_NMA_RECALLED = (
    {"fludarabine", "cyclophosphamide"},
    {"fludarabine", "cytarabine", "idarubicin"},
    {"cladribine", "cytarabine"},
    {"tli"},
)

Drug = Mapping[str, Any]


def conditioning_intensity(
    *, regimen: str | None = None, drugs: Iterable[Drug] | None = None, scheme: str | None = None
) -> Finding:
    """MAC, RIC or NMA of a named regimen or of a list of drugs with their total doses.

    ``drugs``: ``{"drug": "TBI", "gy": 8, "fractions": 4}``, ``{"drug": "busulfan", "mg_kg": 6.4, "route": "iv"}``,
    ``{"drug": "melphalan", "mg_m2": 140}``, treosulfan in ``g_m2``. Post-transplant cyclophosphamide does not count.

    >>> conditioning_intensity(regimen="Flu/Bu4")["category"]
    'MAC'
    >>> conditioning_intensity(drugs=[{"drug": "TBI", "gy": 8, "fractions": 4}])["category"] is None
    True
    """
    if scheme is not None and scheme not in SCHEMES:
        raise InputError("conditioning_intensity", "scheme", repr(scheme), ", ".join(SCHEMES), nearest(scheme, SCHEMES))
    inputs = {"regimen": regimen, "drugs": None if drugs is None else list(drugs), "scheme": scheme}
    named = None if regimen is None else named_regimen(regimen)
    if named is not None and scheme in (None, "trial_label") and named.name in _TRIAL_LABELS:
        label = _TRIAL_LABELS[named.name]
        return _INTENSITY.find({"category": label}, inputs, version="trial_label")
    if scheme == "trial_label" or (named is None and drugs is None):
        return _INTENSITY.find({"category": None}, inputs, version=scheme, note="no trial label for this regimen")
    given = _totals(named.doses) if named is not None else [_checked(drug) for drug in drugs or ()]
    nonablative = _nonablative(given)
    if nonablative is not None:
        return _INTENSITY.find({"category": "NMA"}, inputs, version=scheme, verified=nonablative)
    if scheme is not None:
        chosen = _SCHEMES[scheme]
        return _INTENSITY.find({"category": _by_scheme(chosen, given)}, inputs, version=scheme, verified=chosen.read)
    speaking = [one for one in _SCHEMES.values() if _speaks(one, given)] or list(_SCHEMES.values())
    category = agreed(_by_scheme(one, given) for one in speaking)
    note = "" if category else "the published schemes differ or a dose is missing: name the scheme"
    return _INTENSITY.find({"category": category}, inputs, version="every scheme", verified=False, note=note)


def _totals(doses: Iterable[Dose]) -> list[Drug]:
    keys = {"mg/kg": "mg_kg", "mg/m2": "mg_m2", "g/m2": "g_m2", "Gy": "gy"}
    return [
        {"drug": dose.drug, keys[dose.unit]: dose.total, "fractions": dose.fractions, "route": dose.route}
        for dose in doses
        if min(dose.days) <= 0
    ]


def _checked(drug: Drug) -> Drug:
    if "drug" not in drug:
        raise InputError("conditioning_intensity", "drugs", repr(dict(drug)), "a drug with its name", 'write "drug"')
    return {**drug, "drug": str(drug["drug"]).lower()}


def _nonablative(given: list[Drug]) -> bool | None:
    """None: not nonablative by drug list; otherwise whether that was read in a source."""
    names = {drug["drug"] for drug in given} - _SEROTHERAPY
    tbi = [drug for drug in given if drug["drug"] == "tbi"]
    cyclophosphamide = [drug for drug in given if drug["drug"] == "cyclophosphamide"]
    is_low = bool(tbi) and all((drug.get("gy") or 99) <= _NMA_TBI_GY for drug in tbi)
    is_little = all((drug.get("mg_kg") or 99) <= _NMA_CY_MG_KG for drug in cyclophosphamide)
    if is_low and is_little and names - {"tbi", "cyclophosphamide"} <= _PURINE_ANALOGUES:
        return True
    return False if names in _NMA_RECALLED else None


def _speaks(scheme: _Scheme, given: list[Drug]) -> bool:
    return any(drug["drug"] in ("tbi", "busulfan") or drug["drug"] in scheme.others for drug in given)


def _by_scheme(scheme: _Scheme, given: list[Drug]) -> str | None:
    ablative = any_of(*(_passes(scheme, drug) for drug in given))
    return None if ablative is None else "MAC" if ablative else "RIC"


def _passes(scheme: _Scheme, drug: Drug) -> bool | None:
    name = drug["drug"]
    if name == "tbi":
        return _tbi_passes(scheme, drug)
    if name == "busulfan":
        return _busulfan_passes(scheme, drug)
    limit = scheme.others.get(name)
    return False if limit is None else limit.passed(drug.get(_UNITS[name]))


def _tbi_passes(scheme: _Scheme, drug: Drug) -> bool | None:
    single, fractionated = scheme.tbi_single.passed(drug.get("gy")), scheme.tbi_fractionated.passed(drug.get("gy"))
    if drug.get("fractions") is None:
        return agreed([single, fractionated])
    return single if drug["fractions"] == 1 else fractionated


def _busulfan_passes(scheme: _Scheme, drug: Drug) -> bool | None:
    amount = drug.get("mg_kg")
    if amount is None and drug.get("mg_m2") is not None:
        amount = drug["mg_m2"] * _MG_KG_PER_MG_M2
    oral, iv = scheme.busulfan_oral.passed(amount), scheme.busulfan_iv.passed(amount)
    route = str(drug.get("route") or "").lower()
    return oral if route in ("oral", "po") else iv if route == "iv" else agreed([oral, iv])
