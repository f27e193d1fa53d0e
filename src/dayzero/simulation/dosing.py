"""Doses per size, resolved for each virtual patient once their size is drawn.

Dosing weight by drug and use (Bubalo 2014, 10.1016/j.bbmt.2014.01.019; the drug rules are recalled, not verified):

``adjusted``  busulfan, cyclophosphamide up to 120 mg/kg: the lower of ideal and actual weight; ideal + 25 % of the
              excess where actual weight exceeds 120 % of ideal
``lower``     cyclophosphamide above that and after infusion: the lower of ideal and actual weight
``thiotepa``  ideal + 40 % of the excess where actual weight exceeds 120 % of ideal, actual weight otherwise
``actual``    everything else per kg

Ideal weight (Devine 1974) is not defined below 152.4 cm or in children, who are dosed by actual weight.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np

Rule = Literal["adjusted", "lower", "thiotepa", "actual"]

OBESE = 1.2  # actual over ideal weight above which the excess is counted in part
HIGH_CYCLOPHOSPHAMIDE = 150.0  # mg/kg in all, between the 120 and the 200 of named regimens


def rule_for(drug: str, total_mg_per_kg: float = 0.0) -> Rule:
    """The dosing weight of a conditioning drug."""
    if drug == "cyclophosphamide":
        return "lower" if total_mg_per_kg > HIGH_CYCLOPHOSPHAMIDE else "adjusted"
    return {"busulfan": "adjusted", "thiotepa": "thiotepa"}.get(drug, "actual")  # type: ignore[return-value]


def dose_mg(amount: float, unit: str, person: Mapping[str, Any], rule: Rule = "actual") -> Any:
    """Amount in mg for each patient: (patients,) array.

    Parameters
    ----------
    amount, unit : as written in the plan; mg/kg, mg/m2 or mg.
    person : covariates, (patients,) each.
    rule : dosing weight of a dose per kg.
    """
    if unit == "mg/m2":
        return amount * person["bsa_m2"]
    if unit == "mg":
        return amount + 0.0 * person["weight_kg"]
    return amount * dosing_weight(person, rule)


def dosing_weight(person: Mapping[str, Any], rule: Rule) -> Any:
    """Weight, kg, by which a drug is dosed."""
    actual, height = person["weight_kg"], person["height_cm"]
    ideal = 45.5 + 4.5 * person["male"] + 2.3 * (height / 2.54 - 60.0)
    small = (height < 152.4) | (person["age_years"] < 18.0)
    return np.where(small, actual, RULES[rule](ideal, actual))


def _partly(share: float, otherwise: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda ideal, actual: np.where(
        actual > OBESE * ideal, ideal + share * (actual - ideal), otherwise(ideal, actual)
    )


RULES: Mapping[Rule, Callable[[Any, Any], Any]] = {
    "adjusted": _partly(0.25, np.minimum),
    "lower": np.minimum,
    "thiotepa": _partly(0.40, lambda ideal, actual: actual),
    "actual": lambda ideal, actual: actual,
}
