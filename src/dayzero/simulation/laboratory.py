"""The laboratory: what is reported of a true value. One function for the ward and for the chart.

A report carries the noise of its assay, is rounded as a laboratory rounds, and is cut at the detection limit::

    report = max(limit, round(noisy, 1/per_unit)),     z standard normal, keyed by (patient, quantity, day)

    count     noisy = true x exp(noise z)                 noise: coefficient of variation
    share     odds of noisy = odds of true x exp(noise z)     so that none and all are seen as such, and between wavers
    additive  noisy = true + noise z                      noise: standard deviation in the unit reported
    log       noisy = log10(true) + noise z               noise: standard deviation in log10

Noise is that of the measurement (instrument, sampling, reading), not what truly changes within a day. Where a source
names no study the number is the usual between-run imprecision of the method, from general knowledge, and assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dayzero.elementwise import as_precise_as, exp, floor, log, maximum, normal_quantile, where
from dayzero.module import Parameter
from dayzero.simulation.streams import LABORATORY_NOISE, uniform, unsigned

Kind = Literal["count", "share", "additive", "log"]
LN_10 = 2.302585092994046


@dataclass(frozen=True)
class Assay:
    """How one quantity is measured.

    Parameters
    ----------
    signal : the true quantity it measures.
    unit : unit it is reported in.
    scale : reported units per unit of the signal (100 for a share reported in percent).
    noise : between measurements of one sample; see the file's first lines for what it means by kind.
    per_unit : reporting steps in one unit (100 means two decimals).
    stream : its random stream, added to LABORATORY_NOISE.
    visit : the schedule signal that says on which days it is measured.
    kind : how noise acts.
    limit : the lowest it reports; what lies lower is reported as below it. The care spec may set another.
    """

    signal: str
    unit: str
    scale: float
    noise: Parameter
    per_unit: float
    stream: int
    visit: str = "blood_drawn"
    kind: Kind = "count"
    limit: float = 0.0

    @property
    def whole(self) -> float:
        """What a share of one is reported as."""
        return 100.0 if self.unit == "%" else 1.0


COUNTER = "automated counters, between-run imprecision"
CYTOMETRY = "flow cytometry, between-run imprecision of subset counts"
CHEMISTRY = "clinical chemistry analysers, between-run imprecision"
BEDSIDE = "readings at the bedside, spread between observers and readings"
CHIMERISM = "short tandem repeats, spread between runs"
MOLECULAR = "quantitative PCR, spread between runs"


def _noise(typical: float, what: str, source: str, unit: str = "1") -> Parameter:
    return Parameter(typical, unit, f"noise of {what}", "assumed", source, 0.3)


ASSAYS: Mapping[str, Assay] = {
    "neutrophils": Assay("neutrophils", "1e9/L", 1.0, _noise(0.06, "a neutrophil count", COUNTER), 100, 1),
    "monocytes": Assay("monocytes", "1e9/L", 1.0, _noise(0.12, "a monocyte count", COUNTER), 100, 2),
    "platelets": Assay("platelets", "1e9/L", 1.0, _noise(0.06, "a platelet count", COUNTER), 1, 3),
    "hemoglobin": Assay("hemoglobin", "g/dL", 1.0, _noise(0.015, "a hemoglobin", COUNTER), 10, 4),
    "donor_chimerism_myeloid": Assay("myeloid_donor_fraction", "%", 100.0,
        _noise(0.12, "the odds in a chimerism assay", CHIMERISM), 1, 5, "chimerism_tested", "share"),
    "donor_chimerism_t_cell": Assay("t_donor_fraction", "%", 100.0,
        _noise(0.12, "the odds in a chimerism assay of sorted T cells", CHIMERISM), 1, 6, "chimerism_tested", "share"),
    "cd4": Assay("cd4", "1e9/L", 1.0, _noise(0.10, "a CD4 count", CYTOMETRY), 1000, 7, "subsets_tested"),
    "cd8": Assay("cd8", "1e9/L", 1.0, _noise(0.10, "a CD8 count", CYTOMETRY), 1000, 8, "subsets_tested"),
    "nk_cells": Assay("nk_cells", "1e9/L", 1.0, _noise(0.15, "an NK-cell count", CYTOMETRY), 1000, 9, "subsets_tested"),
    "b_cells": Assay("b_cells", "1e9/L", 1.0, _noise(0.15, "a B-cell count", CYTOMETRY), 1000, 10, "subsets_tested"),
    "igg": Assay("igg", "g/L", 1.0, _noise(0.05, "an IgG level", CHEMISTRY), 10, 11),
    "rash": Assay("rash", "%", 1.0, _noise(0.20, "the odds in an estimate of rash", BEDSIDE), 1, 12, kind="share"),
    "stool_volume": Assay("stool_volume", "mL/d", 1.0, _noise(0.15, "a stool volume", BEDSIDE), 0.1, 13),
    "bilirubin": Assay("bilirubin", "mg/dL", 1.0, _noise(0.05, "a bilirubin", CHEMISTRY), 10, 14, limit=0.1),
    "creatinine": Assay("creatinine", "mg/dL", 1.0, _noise(0.04, "a creatinine", CHEMISTRY), 100, 15, limit=0.1),
    "alt": Assay("alt", "U/L", 1.0, _noise(0.06, "an ALT", CHEMISTRY), 1, 16, limit=5.0),
    "ldh": Assay("ldh", "U/L", 1.0, _noise(0.05, "an LDH", CHEMISTRY), 1, 17, limit=10.0),
    "albumin": Assay("albumin", "g/dL", 1.0, _noise(0.03, "an albumin", CHEMISTRY), 10, 18, limit=0.5),
    "temperature": Assay("temperature", "Cel", 1.0, _noise(0.15, "a temperature", BEDSIDE, "Cel"), 10, 19,
        kind="additive"),
    "weight_gain": Assay("weight_gain", "%", 1.0, _noise(0.5, "a weight", BEDSIDE, "%"), 10, 20, kind="additive",
        limit=-60.0),
    "ascites": Assay("ascites", "1", 1.0, _noise(0.30, "the odds in an estimate of ascites", BEDSIDE), 10, 21,
        kind="share"),
    "systolic_pressure": Assay("systolic_pressure", "mmHg", 1.0, _noise(6.0, "a blood pressure", BEDSIDE, "mmHg"), 1,
        22, kind="additive", limit=20.0),
    "urine_protein": Assay("urine_protein", "mg/mg", 1.0, _noise(0.15, "a protein to creatinine ratio", CHEMISTRY),
        100, 23),
    "fev1": Assay("fev1", "%", 1.0, _noise(0.04, "a lung function test", "spirometry, spread between sessions"), 1, 24,
        "subsets_tested"),
    "oxygen_need": Assay("oxygen_need", "L/min", 1.0, _noise(0.10, "an oxygen flow", BEDSIDE), 2, 25),
    "cmv_dna": Assay("cmv_load", "IU/mL", 1.0, _noise(0.35, "a CMV load", MOLECULAR), 1, 26, "cmv_tested", limit=35.0),
    "disease_burden": Assay("disease_burden", "log10 cells", 1.0,
        _noise(0.2, "a test for residual disease", "flow cytometry and PCR, spread between runs", "log10 cells"), 10,
        27, "marrow_examined", "log", 8.0),
}  # fmt: skip


def report(assay: Assay, true: Any, limit: Any, key: Any, day: Any) -> Any:
    """What is reported of a true value on a day; `limit` where it lies below the detection limit."""
    z = normal_quantile(as_precise_as(true, uniform(key, unsigned(LABORATORY_NOISE + assay.stream), day)))
    seen = _seen(assay, true, assay.noise.typical * z)
    rounded = floor(seen * assay.per_unit + 0.5) / assay.per_unit
    return where(rounded < limit, limit, rounded)


def _seen(assay: Assay, true: Any, error: Any) -> Any:
    """The measured value before it is rounded."""
    if assay.kind == "additive":
        return assay.scale * true + error
    if assay.kind == "log":
        return log(maximum(assay.scale * true, 1.0)) / LN_10 + error
    noise = exp(error)
    if assay.kind == "count":
        return assay.scale * (true * noise)
    share = true * (assay.scale / assay.whole)
    return assay.whole * (share * noise / (1.0 + share * (noise - 1.0)))
