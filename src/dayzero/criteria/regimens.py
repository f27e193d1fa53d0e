"""Conditioning regimens as dated dose events, and what they add up to for one patient.

Each regimen is a list of `Dose`: a drug given on some days at one amount a day, in the unit regimens are written in
(mg/kg, mg/m2, g/m2, Gy). ``read`` says whether doses and days were read in the source.

Sources: BMT CTN 0901 (NCT01339910); Blood 2012;120(21):4545; Blood 2011;118(2):282; Deeg 2006, Blood
108(5):1485; Ruutu 2011, PMC3166105; minimal regimen PMID 11458521.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dayzero.criteria.result import Definition, Finding
from dayzero.errors import InputError
from dayzero.units import nearest

_TOTALS = Definition("regimen_totals", "by regimen", "see dayzero.criteria.regimens", verified=True)


@dataclass(frozen=True)
class Dose:
    """One drug on some days.

    Parameters
    ----------
    drug : name; ``tbi`` and ``tli`` are irradiation.
    amount : a day, in ``unit``.
    unit : mg/kg, mg/m2, g/m2 or Gy.
    days : from infusion.
    fractions : irradiation only: sessions altogether, at least one a day.
    route : busulfan only: iv or oral.
    """

    drug: str
    amount: float
    unit: str
    days: tuple[int, ...]
    fractions: int = 1
    route: str = "iv"

    @property
    def total(self) -> float:
        """Sum over the days, in ``unit``."""
        return self.amount * len(self.days)


@dataclass(frozen=True)
class Regimen:
    """A named regimen: its doses, its source, and whether they were read there."""

    name: str
    doses: tuple[Dose, ...]
    source: str
    read: bool


def _days(first: int, last: int) -> tuple[int, ...]:
    return tuple(range(first, last + 1))


def _flu(per_m2: float, first: int, last: int) -> Dose:
    return Dose("fludarabine", per_m2, "mg/m2", _days(first, last))


def _bu(first: int, last: int) -> Dose:
    return Dose("busulfan", 3.2, "mg/kg", _days(first, last))


def _cy(per_kg: float, first: int, last: int) -> Dose:
    return Dose("cyclophosphamide", per_kg, "mg/kg", _days(first, last))


def _mel(per_m2: float, day: int) -> Dose:
    return Dose("melphalan", per_m2, "mg/m2", (day,))


def _thiotepa(*days: int) -> Dose:
    return Dose("thiotepa", 5, "mg/kg", days)


def _tbi(day: int) -> Dose:
    return Dose("tbi", 2, "Gy", (day,))


_CTN_0901 = "BMT CTN 0901, NCT01339910"
_HAPLO = "Blood 2012;120(21):4545; Blood 2011;118(2):282"
_RECALLED = "recalled, not read"

_ALL = (
    Regimen("Bu4/Cy", (_bu(-7, -4), _cy(60, -3, -2)), _CTN_0901, True),
    Regimen("Flu/Bu4", (_flu(30, -5, -2), _bu(-5, -2)), _CTN_0901, True),
    Regimen("Flu/Bu2", (_flu(30, -6, -2), _bu(-5, -4)), _CTN_0901, True),
    Regimen("Cy/TBI12", (Dose("tbi", 3, "Gy", _days(-7, -4), fractions=4), _cy(60, -3, -2)), _CTN_0901, True),
    Regimen("Flu/Mel140", (_flu(30, -5, -2), _mel(140, -2)), _CTN_0901 + "; day of melphalan recalled", False),
    Regimen("Flu/Mel100", (_flu(30, -5, -2), _mel(100, -2)), _RECALLED, False),
    Regimen(
        "Flu/Cy/TBI2 haplo",
        (_flu(30, -6, -2), _cy(14.5, -6, -5), _tbi(-1), Dose("cyclophosphamide", 50, "mg/kg", (3, 4))),
        _HAPLO + "; day of TBI recalled",
        False,
    ),
    Regimen("Flu/TBI2", (_flu(30, -4, -2), _tbi(0)), "PMID 11458521; days recalled", False),
    Regimen("TBF-MAC", (_thiotepa(-7, -6), _bu(-5, -3), _flu(50, -5, -3)), _RECALLED, False),
    Regimen("TBF-RIC", (_thiotepa(-7), _bu(-5, -4), _flu(50, -5, -3)), _RECALLED, False),
    Regimen(
        "BEAM",
        (
            Dose("carmustine", 300, "mg/m2", (-6,)),
            Dose("etoposide", 200, "mg/m2", _days(-5, -2)),
            Dose("cytarabine", 200, "mg/m2", _days(-5, -2)),
            _mel(140, -1),
        ),
        "regimen sites; day shifts of one and cytarabine twice daily exist",
        True,
    ),
    Regimen("MEL200", (_mel(200, -2),), "amount read, day recalled", False),
    Regimen("MEL140", (_mel(140, -2),), "amount read, day recalled", False),
    Regimen(
        "Cy200/ATG",
        (_cy(50, -5, -2), Dose("horse_atg", 30, "mg/kg", _days(-5, -3))),
        "Deeg 2006 Blood 108(5):1485; doi:10.1186/ar102",
        True,
    ),
    Regimen("Treo42/Flu", (Dose("treosulfan", 14, "g/m2", _days(-6, -4)), _flu(30, -6, -2)), "PMC3166105", True),
    Regimen("Treo30/Flu", (Dose("treosulfan", 10, "g/m2", _days(-4, -2)), _flu(30, -6, -2)), _RECALLED, False),
)

#: Named regimens.
REGIMENS: Mapping[str, Regimen] = MappingProxyType({regimen.name: regimen for regimen in _ALL})


def named_regimen(name: str) -> Regimen:
    """The regimen of this name, whatever its case, blanks and strokes.

    >>> [dose.drug for dose in named_regimen("Bu4/Cy").doses]
    ['busulfan', 'cyclophosphamide']
    >>> named_regimen("Mel 200").name
    'MEL200'
    """
    found = _BY_LETTERS.get(_letters(str(name)))
    if found is None:
        raise InputError("regimen", "regimen", repr(name), "a known regimen", nearest(str(name), REGIMENS))
    return found


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


_BY_LETTERS = {_letters(name): regimen for name, regimen in REGIMENS.items()}


def regimen_totals(*, regimen: str, weight_kg: float | None = None, bsa_m2: float | None = None) -> Finding:
    """Total amount and days of each drug of a named regimen, for one body size.

    Amounts are mg (treosulfan g, irradiation Gy). Cyclophosphamide on both sides of day 0 is told apart:
    ``cyclophosphamide_pre_mg`` and ``ptcy_mg_per_dose``. A missing weight leaves the amounts it decides missing.

    >>> regimen_totals(regimen="Bu4/Cy", weight_kg=70, bsa_m2=1.82)["cyclophosphamide_mg"]
    8400.0
    """
    chosen = named_regimen(regimen)
    has_ptcy = any(dose.drug == "cyclophosphamide" and min(dose.days) > 0 for dose in chosen.doses)
    values: dict[str, object] = {}
    for dose in chosen.doses:
        name = "cyclophosphamide_pre" if has_ptcy and dose.drug == "cyclophosphamide" else dose.drug
        if has_ptcy and min(dose.days) > 0:
            values["ptcy_mg_per_dose"] = _amount(dose, dose.amount, weight_kg, bsa_m2)
            values["ptcy_days"] = list(dose.days)
            continue
        unit = {"Gy": "gy", "g/m2": "g"}.get(dose.unit, "mg")
        values[f"{name}_{unit}"] = _amount(dose, dose.total, weight_kg, bsa_m2)
        values[f"{name}_days"] = list(dose.days)
    inputs = {"regimen": regimen, "weight_kg": weight_kg, "bsa_m2": bsa_m2}
    complete = None not in values.values()
    return _TOTALS.find(values, inputs, complete=complete, verified=chosen.read, note=chosen.source)


def _amount(dose: Dose, number: float, weight_kg: float | None, bsa_m2: float | None) -> float | None:
    if dose.unit == "Gy":
        return float(number)
    size = weight_kg if dose.unit.endswith("/kg") else bsa_m2
    return None if size is None else float(number * size)
