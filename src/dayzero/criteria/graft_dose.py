"""The size of a graft for its recipient."""

from __future__ import annotations

from dayzero.criteria.result import Definition, Finding

_TNC = Definition("tnc_dose", "formula", "total nucleated cells / recipient weight", verified=True)


def tnc_dose(*, tnc_total: float | None = None, weight_kg: float | None = None) -> Finding:
    """Total nucleated cells for each kg of the recipient, cells/kg.

    >>> tnc_dose(tnc_total=1.5e9, weight_kg=50)["tnc_per_kg"]
    30000000.0
    """
    inputs = {"tnc_total": tnc_total, "weight_kg": weight_kg}
    if tnc_total is None or weight_kg is None:
        return _TNC.find({"tnc_per_kg": None}, inputs)
    return _TNC.find({"tnc_per_kg": tnc_total / weight_kg}, inputs)
