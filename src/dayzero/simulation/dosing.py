"""Doses per size, resolved for each virtual patient once their size is drawn.

Dosing weight by drug (Bubalo 2014, 10.1016/j.bbmt.2014.01.019; the drug rules are recalled, not verified): busulfan
and cyclophosphamide by the lower of ideal and actual weight, by ideal weight + 25 % of the excess where actual weight
exceeds 120 % of ideal; everything else by actual weight or by surface. Ideal weight (Devine 1974) is not defined
below 152.4 cm or in children, who are dosed by actual weight.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

BY_IDEAL_WEIGHT = ("busulfan", "cyclophosphamide")


def dose_mg(drug: str, amount: float, unit: str, person: Mapping[str, Any]) -> Any:
    """Amount in mg for each patient: (patients,) array.

    Parameters
    ----------
    amount, unit : as written in the plan; mg/kg, mg/m2 or mg.
    person : covariates, (patients,) each.
    """
    if unit == "mg/m2":
        return amount * person["bsa_m2"]
    if unit == "mg":
        return amount + 0.0 * person["weight_kg"]
    return amount * (dosing_weight(person) if drug in BY_IDEAL_WEIGHT else person["weight_kg"])


def dosing_weight(person: Mapping[str, Any]) -> Any:
    """Weight, kg, by which busulfan and cyclophosphamide are dosed."""
    actual, height = person["weight_kg"], person["height_cm"]
    ideal = 45.5 + 4.5 * person["male"] + 2.3 * (height / 2.54 - 60.0)
    usual = np.where(actual > 1.2 * ideal, ideal + 0.25 * (actual - ideal), np.minimum(ideal, actual))
    small = (height < 152.4) | (person["age_years"] < 18.0)
    return np.where(small, actual, usual)
