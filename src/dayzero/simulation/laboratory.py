"""The laboratory: what is reported of a true value. One function for the ward and for the chart.

A report carries log-normal assay noise, is rounded as a laboratory rounds, and is cut at the detection limit::

    report = max(limit, round(true value x exp(cv z), resolution)),     z keyed by (patient, quantity, day)

A share carries its noise on the odds, so that a full or absent donor is seen as such and a mixed one wavers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp

from dayzero.elementwise import normal_quantile
from dayzero.module import Parameter
from dayzero.simulation.streams import LABORATORY_NOISE, uniform, unsigned


@dataclass(frozen=True)
class Assay:
    """How one quantity is measured.

    Parameters
    ----------
    signal : the true quantity it measures.
    scale : reported units per unit of the signal (100 for a share reported in percent).
    noise : coefficient of variation between measurements of one sample.
    per_unit : reporting steps in one unit (100 means two decimals).
    stream : its random stream, added to LABORATORY_NOISE.
    visit : the schedule signal that says on which days it is measured.
    """

    signal: str
    unit: str
    scale: float
    noise: Parameter
    per_unit: int
    stream: int
    visit: str = "blood_drawn"


def _cv(typical: float, meaning: str) -> Parameter:
    return Parameter(typical, "1", meaning, "assumed", "automated counters, between-run imprecision", 0.3)


ASSAYS: Mapping[str, Assay] = {
    "neutrophils": Assay("neutrophils", "1e9/L", 1.0, _cv(0.06, "noise of a neutrophil count"), 100, 1),
    "monocytes": Assay("monocytes", "1e9/L", 1.0, _cv(0.12, "noise of a monocyte count"), 100, 2),
    "platelets": Assay("platelets", "1e9/L", 1.0, _cv(0.06, "noise of a platelet count"), 1, 3),
    "hemoglobin": Assay("hemoglobin", "g/dL", 1.0, _cv(0.015, "noise of a hemoglobin"), 10, 4),
    "donor_chimerism_myeloid": Assay(
        "myeloid_donor_fraction",
        "%",
        100.0,
        _cv(0.12, "noise of the odds in a chimerism assay"),
        1,
        5,
        "chimerism_tested",
    ),
}


def report(assay: Assay, true: Any, limit: Any, key: Any, day: Any) -> Any:
    """What the laboratory reports of a true value on a day; `limit` where it lies below the detection limit."""
    z = normal_quantile(uniform(key, unsigned(LABORATORY_NOISE + assay.stream), day))
    noise = jnp.exp(assay.noise.typical * z)
    seen = assay.scale * (true * noise / (1.0 + true * (noise - 1.0)) if assay.unit == "%" else true * noise)
    rounded = jnp.floor(seen * assay.per_unit + 0.5) / assay.per_unit
    return jnp.where(rounded < limit, limit, rounded)
