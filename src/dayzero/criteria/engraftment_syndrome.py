"""Fever and leak as neutrophils come back: engraftment syndrome by Spitzer and by Maiolino.

Spitzer 2001 and Maiolino 2003 as on reference pages; Cornell 2015, doi:10.1016/j.bbmt.2015.08.030. Engraftment here is
neutrophils of 0.5e9/L on two consecutive days, not the three measurements of `anc_recovery`.
"""

from __future__ import annotations

from dayzero.criteria.logic import all_of, any_of, enough, reaches
from dayzero.criteria.result import Definition, Finding

_SOURCE = "as on reference pages; Cornell 2015, doi:10.1016/j.bbmt.2015.08.030"
SPITZER = Definition("engraftment_syndrome_spitzer", "Spitzer 2001", f"Spitzer 2001, {_SOURCE}", verified=True)
MAIOLINO = Definition("engraftment_syndrome_maiolino", "Maiolino 2003", f"Maiolino 2003, {_SOURCE}", verified=True)

WINDOW_HOURS, LEAD_HOURS = 96, 24


def engraftment_syndrome_spitzer(
    *,
    noninfectious_fever_ge_38_3: bool | None = None,
    erythroderma_gt_25pct: bool | None = None,
    noncardiogenic_oedema_hypoxia: bool | None = None,
    minor_criteria: int | None = None,
    hours_from_engraftment: float | None = None,
) -> Finding:
    """Three major criteria, or two and a minor one, within 96 hours of engraftment.

    ``minor_criteria``: how many of bilirubin of 2 mg/dL or more or transaminases twice normal, creatinine twice
    baseline, weight gain of 2.5 % or more, unexplained encephalopathy.

    >>> engraftment_syndrome_spitzer(noninfectious_fever_ge_38_3=True, erythroderma_gt_25pct=True,
    ...     noncardiogenic_oedema_hypoxia=False, minor_criteria=1, hours_from_engraftment=48)["es"]
    True
    """
    inputs = locals()
    major = (noninfectious_fever_ge_38_3, erythroderma_gt_25pct, noncardiogenic_oedema_hypoxia)
    signs = any_of(enough(3, *major), all_of(enough(2, *major), reaches(minor_criteria, 1)))
    in_time = None if hours_from_engraftment is None else abs(hours_from_engraftment) <= WINDOW_HOURS
    return SPITZER.find({"es": all_of(in_time, signs)}, inputs)


def engraftment_syndrome_maiolino(
    *,
    noninfectious_fever: bool | None = None,
    rash: bool | None = None,
    pulmonary_infiltrates: bool | None = None,
    diarrhoea_ge_2: bool | None = None,
    hours_from_first_neutrophils: float | None = None,
) -> Finding:
    """Fever without infection and rash, infiltrates or two liquid stools a day, from 24 hours before neutrophils on.

    >>> engraftment_syndrome_maiolino(noninfectious_fever=True, rash=True, pulmonary_infiltrates=None,
    ...     diarrhoea_ge_2=False, hours_from_first_neutrophils=-12)["es"]
    True
    """
    inputs = locals()
    in_time = reaches(hours_from_first_neutrophils, -LEAD_HOURS)
    es = all_of(in_time, noninfectious_fever, any_of(rash, pulmonary_infiltrates, diarrhoea_ge_2))
    return MAIOLINO.find({"es": es}, inputs)
