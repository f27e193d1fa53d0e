"""Body surface, ideal and adjusted weight, body mass index.

Sources: Mosteller 1987 (N Engl J Med 317:1098); Du Bois 1916 (Arch Intern Med 17:863); Devine 1974; use for dosing in
transplantation: Bubalo 2014, doi:10.1016/j.bbmt.2014.01.019.
"""

from __future__ import annotations

import math

from dayzero.criteria.result import Definition, Finding
from dayzero.errors import InputError
from dayzero.units import nearest

_MOSTELLER = Definition("bsa_mosteller", "1987", "Mosteller 1987, N Engl J Med 317:1098", verified=True)
_DUBOIS = Definition("bsa_dubois", "1916", "Du Bois and Du Bois 1916, Arch Intern Med 17:863", verified=True)
_DEVINE = Definition("ibw_devine", "1974", "Devine 1974; doi:10.1016/j.bbmt.2014.01.019", verified=True)
_ABW25 = Definition("abw25", "25 % of the excess", "doi:10.1016/j.bbmt.2014.01.019", verified=True)
_BMI = Definition("bmi", "formula", "weight / height^2", verified=True)

_FIVE_FEET_CM = 152.4
_ADULT_YEARS = 18
_MEN, _WOMEN = ("M", "male"), ("F", "female")


def bsa_mosteller(*, height_cm: float | None = None, weight_kg: float | None = None) -> Finding:
    """Body surface in m2: sqrt(height x weight / 3600).

    >>> round(bsa_mosteller(height_cm=170, weight_kg=70)["bsa_m2"], 3)
    1.818
    """
    inputs = {"height_cm": height_cm, "weight_kg": weight_kg}
    if height_cm is None or weight_kg is None:
        return _MOSTELLER.find({"bsa_m2": None}, inputs)
    return _MOSTELLER.find({"bsa_m2": math.sqrt(height_cm * weight_kg / 3600)}, inputs)


def bsa_dubois(*, height_cm: float | None = None, weight_kg: float | None = None) -> Finding:
    """Body surface in m2: 0.007184 x weight^0.425 x height^0.725.

    >>> round(bsa_dubois(height_cm=170, weight_kg=70)["bsa_m2"], 3)
    1.81
    """
    inputs = {"height_cm": height_cm, "weight_kg": weight_kg}
    if height_cm is None or weight_kg is None:
        return _DUBOIS.find({"bsa_m2": None}, inputs)
    return _DUBOIS.find({"bsa_m2": 0.007184 * weight_kg**0.425 * height_cm**0.725}, inputs)


def ibw_devine(*, sex: str | None = None, height_cm: float | None = None, age_years: float | None = None) -> Finding:
    """Ideal body weight in kg: 50 (men) or 45.5 (women) + 2.3 for every inch over 60 inches.

    Not defined under 152.4 cm or for children: missing.

    >>> round(ibw_devine(sex="M", height_cm=175)["ibw_kg"], 2)
    70.46
    """
    inputs = {"sex": sex, "height_cm": height_cm, "age_years": age_years}
    weight = _ideal(sex, height_cm, age_years)
    note = "" if weight is not None else "not defined under 152.4 cm, for children, or without sex and height"
    return _DEVINE.find({"ibw_kg": weight}, inputs, note=note)


def abw25(
    *,
    sex: str | None = None,
    height_cm: float | None = None,
    weight_kg: float | None = None,
    age_years: float | None = None,
) -> Finding:
    """Adjusted body weight in kg: ideal weight + a quarter of what the patient weighs beyond it.

    >>> round(abw25(sex="M", height_cm=175, weight_kg=110)["abw25_kg"], 2)
    80.35
    """
    inputs = {"sex": sex, "height_cm": height_cm, "weight_kg": weight_kg, "age_years": age_years}
    ideal = _ideal(sex, height_cm, age_years)
    if ideal is None or weight_kg is None:
        return _ABW25.find({"abw25_kg": None}, inputs)
    return _ABW25.find({"abw25_kg": ideal + 0.25 * (weight_kg - ideal)}, inputs)


def bmi(*, height_cm: float | None = None, weight_kg: float | None = None) -> Finding:
    """Body mass index in kg/m2, unrounded.

    >>> round(bmi(height_cm=170, weight_kg=102)["bmi"], 2)
    35.29
    """
    inputs = {"height_cm": height_cm, "weight_kg": weight_kg}
    if height_cm is None or weight_kg is None:
        return _BMI.find({"bmi": None}, inputs)
    return _BMI.find({"bmi": weight_kg / (height_cm / 100) ** 2}, inputs)


def _ideal(sex: str | None, height_cm: float | None, age_years: float | None) -> float | None:
    if sex is not None and sex not in (*_MEN, *_WOMEN):
        raise InputError("ibw_devine", "sex", repr(sex), "M or F", nearest(sex, (*_MEN, *_WOMEN)))
    is_child = age_years is not None and age_years < _ADULT_YEARS
    if sex is None or height_cm is None or height_cm < _FIVE_FEET_CM or is_child:
        return None
    return (50.0 if sex in _MEN else 45.5) + 2.3 * (height_cm - _FIVE_FEET_CM) / 2.54
