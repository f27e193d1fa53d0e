"""Every parameter of the model, or of one organ system, as a table with its source and standing."""

from __future__ import annotations

import csv
import io

from dayzero.errors import SpecError
from dayzero.simulation.assemble import standard_body
from dayzero.spec.reading import nearest

HEADS = ("organ", "name", "value", "unit", "uncertainty", "between_patient", "status", "source", "meaning")


def parameter_table(organ: str | None = None) -> str:
    """CSV, one row a parameter.

    >>> parameter_table("thrombopoiesis").splitlines()[0]
    'organ,name,value,unit,uncertainty,between_patient,status,source,meaning'
    """
    known = {each.name: each for each in standard_body().organs}
    if organ is not None and organ not in known:
        near = nearest(organ[:60], list(known))
        advice = f"did you mean {near}?" if near else "see /api/explain"
        raise SpecError("parameters", "name", repr(organ[:60]), "an organ system", advice)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADS)
    for each in known.values():
        if organ in (None, each.name):
            for name, one in each.parameters.items():
                writer.writerow((each.name, name, f"{one.typical:g}", one.unit, one.uncertainty, one.between_patient,
                                 one.status, one.source, one.meaning))  # fmt: skip
    return text.getvalue()
