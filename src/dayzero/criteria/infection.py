"""Fever in neutropenia, cytomegalovirus, and the courses of drugs that go with them and with other complications.

Fever: IDSA, as quoted on several pages (ESMO differs: over 38.5, or two readings over 38.0). Cytomegalovirus:
clinically significant infection as in the letermovir trials; thresholds reviewed in J Infect Dis 2024;229(5):1435, no
consensus; drugs by a table of the ASH Self-Assessment Program. Letermovir: NCT05969743, PMC8285358, Blood Adv
2022;6(24):6291. Defibrotide: prescribing text. Donor lymphocytes: Bar 2013, Biol Blood Marrow Transplant 19:949.

Definitions for research and education; no answer is a treatment instruction.
"""

from __future__ import annotations

from dayzero.criteria.entry import seropositive
from dayzero.criteria.logic import above, all_of, any_of, below, opposite, reaches
from dayzero.criteria.result import Definition, Finding
from dayzero.errors import InputError
from dayzero.units import nearest

FEVER = Definition("febrile_neutropenia", "IDSA", "IDSA definition, as quoted on several pages", verified=True)
CS_CMVI = Definition(
    "cmv_clinically_significant",
    "letermovir trials",
    "NCT05969743; PMC8285358; Blood Adv 2022;6(24):6291",
    verified=True,
)
TRIGGER = Definition("cmv_preemptive_trigger", "setting", "J Infect Dis 2024;229(5):1435, review", verified=True)
_DRUG = Definition("cmv_preemptive_drug", "ASH-SAP", "ASH Self-Assessment Program, pre-emptive drugs", verified=True)
_LETERMOVIR = Definition(
    "letermovir_dose",
    "phase 3",
    "NCT05969743; PMC8285358; Blood Adv 2022;6(24):6291; start window recalled",
    verified=True,
)
_DEFIBROTIDE = Definition("defibrotide_course", "label", "defibrotide prescribing text", verified=True)
_DLI = Definition("dli_gvhd_risk_band", "Bar 2013", "Bar 2013, Biol Blood Marrow Transplant 19:949", verified=True)

FEVER_ONCE, FEVER_LASTING, NEUTROPENIA = 38.3, 38.0, 0.5
_CMV_DRUGS = {  # mg/kg (valganciclovir mg) each dose, hours between doses
    "foscarnet": (60.0, 12),
    "valganciclovir": (900.0, 12),
    "ganciclovir": (5.0, 12),
}
_PHASES = ("pre_engraftment", "post_engraftment")
_LETERMOVIR_LAST_DAY = {False: 100, True: 200}
_LETERMOVIR_LAST_START = 28
_DEFIBROTIDE_MG_KG, _DEFIBROTIDE_LEAST_DAYS, _DEFIBROTIDE_LAST_DAY = 6.25, 21, 60
_DLI_BANDS = {"<=1e7": 21, "1e7-1e8": 45, ">=1e8": 55}  # GVHD at 12 months, percent


def febrile_neutropenia(
    *,
    max_temp_c: float | None = None,
    ge_38_0_sustained_1h: bool | None = None,
    anc: float | None = None,
    expected_below_0_5_in_48h: bool | None = None,
) -> Finding:
    """Fever, 38.3 once or 38.0 for an hour (oral, Celsius), with neutrophils under 0.5e9/L or soon to be.

    >>> febrile_neutropenia(max_temp_c=38.1, ge_38_0_sustained_1h=True, anc=0.4, expected_below_0_5_in_48h=False)["fn"]
    True
    """
    inputs = locals()
    lasting = all_of(ge_38_0_sustained_1h, reaches(max_temp_c, FEVER_LASTING))
    fever = any_of(reaches(max_temp_c, FEVER_ONCE), lasting)
    neutropenic = any_of(below(anc, NEUTROPENIA), expected_below_0_5_in_48h)
    return FEVER.find({"fn": all_of(fever, neutropenic)}, inputs)


def cmv_clinically_significant(
    *, cmv_disease: bool | None = None, preemptive_started: bool | None = None, viral_load_iu_ml: float | None = None
) -> Finding:
    """Cytomegalovirus disease or the start of pre-emptive treatment; the load itself is not part of it.

    >>> cmv_clinically_significant(cmv_disease=False, preemptive_started=True)["cs_cmvi"]
    True
    """
    inputs = locals()
    return CS_CMVI.find({"cs_cmvi": any_of(cmv_disease, preemptive_started)}, inputs)


def cmv_preemptive_trigger(*, viral_load_iu_ml: float | None = None, threshold_iu_ml: float | None) -> Finding:
    """Whether a viral load reaches the threshold of the ward, IU/mL; there is no universal one, without it no answer.

    >>> cmv_preemptive_trigger(viral_load_iu_ml=1500, threshold_iu_ml=1000)["start"]
    True
    """
    inputs = locals()
    start = None if threshold_iu_ml is None else reaches(viral_load_iu_ml, threshold_iu_ml)
    note = "the threshold is a setting of the ward and was not given" if threshold_iu_ml is None else ""
    return TRIGGER.find({"start": start}, inputs, note=note)


def cmv_preemptive_drug(*, phase: str | None = None, oral_ok: bool | None = None) -> Finding:
    """Drug of a pre-emptive course: foscarnet before engraftment, then valganciclovir by mouth or ganciclovir.

    ``phase``: pre_engraftment or post_engraftment; ``oral_ok``: whether the patient takes drugs by mouth well.
    Amounts: ``dose_mg_kg`` (valganciclovir ``dose_mg``) every ``every_h`` hours for two weeks at least and until the
    virus is not found, then once a day.

    >>> cmv_preemptive_drug(phase="post_engraftment", oral_ok=False)["drug"]
    'ganciclovir'
    """
    if phase is not None and phase not in _PHASES:
        raise InputError("cmv_preemptive_drug", "phase", repr(phase), " or ".join(_PHASES), nearest(phase, _PHASES))
    inputs = locals()
    drug = "foscarnet" if phase == "pre_engraftment" else "valganciclovir" if oral_ok else "ganciclovir"
    if phase is None or (phase == "post_engraftment" and oral_ok is None):
        return _DRUG.find({"drug": None, "dose_mg": None, "dose_mg_kg": None, "every_h": None}, inputs)
    amount, hours = _CMV_DRUGS[drug]
    is_flat = drug == "valganciclovir"
    values = {
        "drug": drug,
        "dose_mg": amount if is_flat else None,
        "dose_mg_kg": None if is_flat else amount,
        "every_h": hours,
    }
    return _DRUG.find(values, inputs)


def letermovir_dose(
    *,
    recipient_cmv: str | None = None,
    cyclosporine: bool | None = None,
    day: int | None = None,
    high_risk: bool | None = False,
) -> Finding:
    """Letermovir a day: 480 mg, 240 with ciclosporin; seropositive recipients, to day 100, at high risk to day 200.

    ``indicated`` says whether the drug is given at all; where it is not, there is no dose. It starts by day 28
    (recalled) and does not cover herpes simplex or zoster.

    >>> letermovir_dose(recipient_cmv="+", cyclosporine=True, day=10)["dose_mg"]
    240
    """
    inputs = locals()
    positive = seropositive("letermovir_dose", "recipient_cmv", recipient_cmv)
    by_limit = {risk: None if day is None else 0 <= day <= last for risk, last in _LETERMOVIR_LAST_DAY.items()}
    in_time = any_of(by_limit[False], all_of(high_risk, by_limit[True]))
    indicated = all_of(positive, in_time)
    dose = None if cyclosporine is None or not indicated else 240 if cyclosporine else 480
    values = {"dose_mg": dose, "indicated": indicated, "last_start_day": _LETERMOVIR_LAST_START}
    complete = indicated is False or dose is not None
    return _LETERMOVIR.find(values, inputs, complete=complete)


def defibrotide_course(
    *,
    baseline_weight_kg: float | None = None,
    treatment_day: int | None = None,
    resolved: bool | None = None,
    significant_bleeding: bool | None = False,
    pressors: int | None = 0,
) -> Finding:
    """Defibrotide for severe veno-occlusive disease: 6.25 mg/kg every 6 hours, and whether the course goes on.

    At least 21 days, then until resolved, 60 at most; not with significant bleeding or more than one pressor, which,
    where they are not named, were not there.

    >>> defibrotide_course(baseline_weight_kg=70, treatment_day=10, resolved=False).values
    {'dose_mg': 437.5, 'every_h': 6, 'continue_': True}
    """
    inputs = locals()
    dose = None if baseline_weight_kg is None else _DEFIBROTIDE_MG_KG * baseline_weight_kg
    too_early = None if treatment_day is None else treatment_day <= _DEFIBROTIDE_LEAST_DAYS
    goes_on = all_of(
        opposite(above(treatment_day, _DEFIBROTIDE_LAST_DAY)),
        any_of(too_early, opposite(resolved)),
        opposite(significant_bleeding),
        opposite(above(pressors, 1)),
    )
    return _DEFIBROTIDE.find({"dose_mg": dose, "every_h": 6, "continue_": goes_on}, inputs)


def dli_gvhd_risk_band(*, cd3_per_kg: float | None = None) -> Finding:
    """Published 12-month incidence of GVHD by the first dose of donor lymphocytes, CD3+ cells/kg.

    A check value of a cohort, no prediction for a patient.

    >>> dli_gvhd_risk_band(cd3_per_kg=5e6).values
    {'gvhd_12_month_pct': 21, 'band': '<=1e7'}
    """
    inputs = locals()
    if cd3_per_kg is None:
        return _DLI.find({"gvhd_12_month_pct": None, "band": None}, inputs)
    band = "<=1e7" if cd3_per_kg <= 1e7 else "1e7-1e8" if cd3_per_kg < 1e8 else ">=1e8"
    return _DLI.find({"gvhd_12_month_pct": _DLI_BANDS[band], "band": band}, inputs)
