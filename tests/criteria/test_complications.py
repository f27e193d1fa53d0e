"""Veno-occlusive disease, microangiopathy, engraftment syndrome, infection, and the pair of donor and recipient."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dayzero.criteria import (
    abo_mismatch,
    cmv_clinically_significant,
    cmv_preemptive_drug,
    cmv_preemptive_trigger,
    cmv_serostatus,
    defibrotide_course,
    dli_gvhd_risk_band,
    easix,
    engraftment_syndrome_maiolino,
    engraftment_syndrome_spitzer,
    febrile_neutropenia,
    letermovir_dose,
    sex_mismatch,
    tatma_harmonised_2023,
    tatma_high_risk,
    vod_baltimore,
    vod_ebmt_adult_2016,
    vod_ebmt_adult_2023,
    vod_modified_seattle,
    vod_of,
    vod_severity_adult_2016,
    vod_severity_paediatric_2018,
)
from dayzero.criteria.logic import enough
from dayzero.errors import InputError
from dayzero.records import Chart

answer = st.sampled_from([True, False, None])


@settings(max_examples=50)
@given(st.integers(1, 4), st.lists(answer, max_size=5))
def test_enough_is_what_every_completion_agrees_on(needed: int, items: list[bool | None]) -> None:
    choices = [(True, False) if item is None else (item,) for item in items]
    every = {sum(each) >= needed for each in product(*choices)}
    assert enough(needed, *items) is (every.pop() if len(every) == 1 else None)


VOD: dict[str, Any] = {
    "bilirubin_mg_dl": 3.0, "painful_hepatomegaly": None, "weight_gain_pct": 6, "ascites": None, "day": 12
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "met"),
    [
        ({}, None),
        ({"ascites": True}, True),
        ({"ascites": True, "day": None}, None),
        ({"ascites": True, "day": 22}, False),
        ({"ascites": True, "bilirubin_mg_dl": None}, None),
        ({"ascites": True, "weight_gain_pct": 5}, None),
        ({"ascites": False, "weight_gain_pct": 5}, False),
        ({"bilirubin_mg_dl": 1.9}, False),
    ],
)
def test_baltimore_answers_only_what_the_missing_cannot_change(change: dict[str, Any], met: bool | None) -> None:
    assert vod_baltimore(**{**VOD, **change})["vod"] is met


def test_seattle_counts_two_of_three_by_day_20() -> None:
    assert vod_modified_seattle(bilirubin_mg_dl=3, hepatomegaly_or_ruq_pain=None, weight_gain_pct=3, day=20)["vod"]
    found = vod_modified_seattle(bilirubin_mg_dl=3, hepatomegaly_or_ruq_pain=None, weight_gain_pct=2, day=20)
    assert found["vod"] is None


@pytest.mark.parametrize(
    ("change", "category", "complete"),
    [
        ({"ascites": True}, "classical", True),
        ({"ascites": True, "day": 40}, "late_onset", True),
        ({"day": 40, "histology": True}, "late_onset", True),
        ({"day": 40, "us_or_hvpg_evidence": True}, "late_onset", True),
        ({"day": 12, "us_or_hvpg_evidence": True}, None, False),
        ({"bilirubin_mg_dl": 1.0, "ascites": True, "us_or_hvpg_evidence": True}, None, True),
    ],
)
def test_ebmt_2016_is_baltimore_early_and_wider_late(
    change: dict[str, Any], category: str | None, complete: bool
) -> None:
    found = vod_ebmt_adult_2016(**{**VOD, **change})
    assert (found["vod"], found.complete) == (category, complete)


@pytest.mark.parametrize(
    ("change", "category", "complete"),
    [
        ({"histology": True}, "proven", True),
        ({"ascites": True}, "clinical", True),
        ({}, None, False),
        ({"painful_hepatomegaly": False, "ascites": False}, "probable", True),
        ({"bilirubin_mg_dl": 1.0, "weight_gain_pct": 0, "ascites": True, "painful_hepatomegaly": False}, None, True),
    ],
)
def test_ebmt_2023_takes_the_highest_class(change: dict[str, Any], category: str | None, complete: bool) -> None:
    found = vod_ebmt_adult_2023(**{**VOD, "us_or_elastography_suggestive": False, "day": 30, **change})
    assert (found["category"], found.complete) == (category, complete)


MILD: dict[str, Any] = {
    "days_since_first_symptom": 9, "bilirubin_mg_dl": 2.4, "transaminases_x_normal": 1.5, "weight_gain_pct": 4,
    "creatinine_x_baseline": 1.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "severity"),
    [
        ({"risk_factors": 2}, "moderate"),
        ({"bilirubin_mg_dl": 9.0}, "mild"),
        ({"bilirubin_mg_dl": 9.0, "creatinine_x_baseline": 1.6}, "severe"),
        ({"bilirubin_mg_dl": 9.0, "weight_gain_pct": 10}, "very_severe"),
        ({"days_since_first_symptom": 4, "bilirubin_doubling_48h": True}, "severe"),
        ({"days_since_first_symptom": 7, "bilirubin_mg_dl": 3.0}, "moderate"),
        ({"bilirubin_mg_dl": None}, "mild"),
        ({"bilirubin_mg_dl": None, "weight_gain_pct": 6}, None),
        ({"mod": None}, None),
        ({"bilirubin_mg_dl": 9.0, "weight_gain_pct": 12, "mod": None}, "very_severe"),
        ({"risk_factors": None}, None),
    ],
)
def test_severity_in_adults_needs_two_criteria(change: dict[str, Any], severity: str | None) -> None:
    assert vod_severity_adult_2016(**{**MILD, **change})["severity"] == severity


CHILD: dict[str, Any] = {
    "alt_x_normal": 1.0, "refractory_thrombocytopenia_days": 0, "bilirubin_mg_dl": 1.0, "gfr": 90
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "base", "severity"),
    [
        ({"ascites": "paracentesis"}, "severe", "severe"),
        ({"ascites": "paracentesis", "bilirubin_mg_dl": 2.0}, "severe", "very_severe"),
        ({"ascites": "moderate"}, "moderate", "moderate"),
        ({"gfr": 10}, "very_severe", "very_severe"),
        ({"oxygen_l_min": 3}, "severe", "severe"),
        ({"ventilation": True}, "very_severe", "very_severe"),
        ({"bilirubin_doubling_48h": True}, "severe", "severe"),
        ({"alt_x_normal": None}, None, None),
        ({"alt_x_normal": None, "gfr": 10}, "very_severe", "very_severe"),
        ({"alt_x_normal": 6, "ascites": None}, "severe", None),
    ],
)
def test_severity_in_children_takes_the_worst_and_two_severe_signs_raise_it(
    change: dict[str, Any], base: str | None, severity: str | None
) -> None:
    found = vod_severity_paediatric_2018(**{**CHILD, **change})
    assert (found["base"], found["severity"]) == (base, severity)


def chart(events: dict[str, Any] | None = None, **rows: list[tuple[int, float]]) -> Chart:
    columns = {name: ([0] * len(pairs), *zip(*pairs, strict=True)) for name, pairs in rows.items() if pairs}
    return Chart.from_columns(columns, ["A"], events)


@pytest.mark.parametrize(
    ("rows", "status", "day"),
    [
        ({"bilirubin": [(5, 1.0), (15, 1.2)], "weight_gain": [(15, 9.0)]}, "none", None),
        ({"bilirubin": [(12, 3.0)], "weight_gain": [(12, 6.0)], "ascites": [(12, 0.5)]}, "classical", 12),
        ({"bilirubin": [(25, 3.0)], "weight_gain": [(25, 6.0)], "ascites": [(25, 0.5)]}, "late_onset", 25),
        ({"bilirubin": [(12, 3.0)], "weight_gain": [(12, 5.0)], "ascites": [(12, 0.1)]}, "none", None),
        ({"bilirubin": [(12, 3.0)], "weight_gain": [(12, 6.0)], "ascites": [(12, 0.0)]}, "possible", None),
        ({"bilirubin": [(12, 3.0)], "weight": [(-7, 70.0), (0, 70.0), (13, 75.0)], "ascites": [(12, 1.0)]},
         "classical", 13),
        ({"bilirubin": [(12, 3.0)], "weight_gain": [(16, 6.0)], "ascites": [(16, 1.0)]}, "possible", None),
        ({"weight_gain": [(12, 6.0)], "ascites": [(12, 1.0)]}, "not_evaluable", None),
        ({"bilirubin": [(40, 3.0)]}, "not_evaluable", None),
    ],
)  # fmt: skip
def test_veno_occlusive_disease_of_a_chart(rows: dict[str, Any], status: str, day: int | None) -> None:
    row = vod_of(chart(**rows), by_day=30).rows()[0]
    assert (row["status"], row["day"]) == (status, day)


def test_a_documented_event_stands_beside_the_criteria() -> None:
    row = vod_of(chart({"vod": ([0, 0], [30, 11])}, bilirubin=[(11, 1.0)])).rows()[0]
    assert (row["status"], row["documented_day"]) == ("none", 11)


@settings(max_examples=40)
@given(st.floats(0, 6), st.floats(-5, 15), st.booleans(), st.integers(0, 30))
def test_a_chart_and_a_case_meet_baltimore_alike(bilirubin: float, gain: float, ascites: bool, day: int) -> None:
    signs = chart(bilirubin=[(day, bilirubin)], weight_gain=[(day, gain)], ascites=[(day, float(ascites))])
    one = vod_baltimore(
        bilirubin_mg_dl=bilirubin, painful_hepatomegaly=None, weight_gain_pct=gain, ascites=ascites, day=day
    )
    row = vod_of(signs).rows()[0]
    words = {True: "classical", None: "possible", False: "none" if day <= 21 else "not_evaluable"}
    assert row["status"] == words[one["vod"]]


TMA: dict[str, Any] = {
    "anemia": True, "thrombocytopenia": True, "ldh_gt_uln": True, "schistocytes": True, "hypertension": False,
    "sc5b9_ge_uln": None, "rupcr_ge_1": None, "within_14_days": True, "timepoints": 2,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "tatma"),
    [
        ({}, True),
        ({"timepoints": 1}, False),
        ({"timepoints": 1, "biopsy": True}, True),
        ({"aiha_or_prca": True}, False),
        ({"aiha_or_prca": None}, None),
        ({"schistocytes": False}, None),
        ({"schistocytes": False, "sc5b9_ge_uln": False, "rupcr_ge_1": False}, False),
        ({"within_14_days": None}, None),
    ],
)
def test_microangiopathy_needs_four_signs_twice(change: dict[str, Any], tatma: bool | None) -> None:
    assert tatma_harmonised_2023(**{**TMA, **change})["tatma"] is tatma


def test_high_risk_is_any_one_sign_and_missing_where_one_is() -> None:
    calm: dict[str, Any] = {"sc5b9_x_uln": 0.5, "rupcr": 0.1, "ldh_x_uln": 1.0, "agvhd_grade": "I", "infection": False,
                            "organ_dysfunction": False}  # fmt: skip
    assert tatma_high_risk(**calm)["high_risk"] is False
    assert tatma_high_risk(**{**calm, "agvhd_grade": None})["high_risk"] is None
    assert tatma_high_risk(**{**calm, "agvhd_grade": None, "infection": True})["high_risk"] is True
    with pytest.raises(InputError, match="agvhd_grade"):
        tatma_high_risk(**{**calm, "agvhd_grade": "V"})


def test_easix_takes_either_unit_of_creatinine() -> None:
    in_mg = easix(ldh_u_l=300, creatinine=1.2, platelets=40)
    in_umol = easix(ldh_u_l=300, creatinine=1.2 * 88.4, platelets=40, creatinine_unit="umol/L")
    assert in_mg["easix"] == pytest.approx(in_umol["easix"])
    assert easix(ldh_u_l=None, creatinine=1.2, platelets=40)["easix"] is None


def test_engraftment_syndrome_has_its_window() -> None:
    spitzer: dict[str, Any] = {"noninfectious_fever_ge_38_3": True, "erythroderma_gt_25pct": True,
                               "noncardiogenic_oedema_hypoxia": None, "minor_criteria": 1}  # fmt: skip
    assert engraftment_syndrome_spitzer(**spitzer, hours_from_engraftment=-96)["es"] is True
    assert engraftment_syndrome_spitzer(**spitzer, hours_from_engraftment=97)["es"] is False
    few = engraftment_syndrome_spitzer(**{**spitzer, "minor_criteria": 0}, hours_from_engraftment=10)
    assert few["es"] is None
    maiolino: dict[str, Any] = {"noninfectious_fever": True, "rash": True, "pulmonary_infiltrates": None,
                                "diarrhoea_ge_2": None}  # fmt: skip
    assert engraftment_syndrome_maiolino(**maiolino, hours_from_first_neutrophils=-25)["es"] is False
    assert engraftment_syndrome_maiolino(**maiolino, hours_from_first_neutrophils=500)["es"] is True


@pytest.mark.parametrize(
    ("temperature", "lasting", "anc", "soon", "fever"),
    [(38.3, None, 0.4, None, True), (38.3, None, 0.5, False, False), (38.2, None, 0.4, None, None),
     (38.2, False, 0.4, None, False), (38.2, None, 0.9, False, False), (37.0, None, None, None, False),
     (38.5, None, 0.9, None, None)],
)  # fmt: skip
def test_neutropenic_fever_needs_both(
    temperature: float, lasting: bool | None, anc: float | None, soon: bool | None, fever: bool | None
) -> None:
    found = febrile_neutropenia(
        max_temp_c=temperature, ge_38_0_sustained_1h=lasting, anc=anc, expected_below_0_5_in_48h=soon
    )
    assert found["fn"] is fever


def test_cytomegalovirus_rules_keep_what_is_missing_missing() -> None:
    assert cmv_clinically_significant(cmv_disease=None, preemptive_started=False)["cs_cmvi"] is None
    assert cmv_preemptive_trigger(viral_load_iu_ml=1000, threshold_iu_ml=1000)["start"] is True
    assert cmv_preemptive_drug(phase="post_engraftment")["drug"] is None
    assert cmv_preemptive_drug(phase="post_engraftment", oral_ok=False)["dose_mg_kg"] == 5
    with pytest.raises(InputError, match="phase"):
        cmv_preemptive_drug(phase="later")


@pytest.mark.parametrize(
    ("change", "dose", "indicated"),
    [
        ({}, 480, True),
        ({"recipient_cmv": "-"}, None, False),
        ({"recipient_cmv": None}, None, None),
        ({"cyclosporine": None}, None, True),
        ({"day": 140}, None, False),
        ({"day": 140, "high_risk": None}, None, None),
        ({"day": 100, "high_risk": None}, 480, True),
        ({"day": 201, "high_risk": True}, None, False),
    ],
)
def test_letermovir_is_for_the_seropositive_for_a_time(
    change: dict[str, Any], dose: int | None, indicated: bool | None
) -> None:
    inputs: dict[str, Any] = {"recipient_cmv": "+", "cyclosporine": False, "day": 10, "high_risk": False, **change}
    found = letermovir_dose(**inputs)
    assert (found["dose_mg"], found["indicated"]) == (dose, indicated)


@pytest.mark.parametrize(
    ("change", "goes_on"),
    [
        ({"treatment_day": 21, "resolved": None}, True),
        ({"treatment_day": 22, "resolved": None}, None),
        ({"treatment_day": 22, "resolved": True}, False),
        ({"treatment_day": 60}, True),
        ({"significant_bleeding": True}, False),
        ({"pressors": 2}, False),
        ({"pressors": None}, None),
    ],
)
def test_defibrotide_goes_on_until_resolved_within_its_limits(change: dict[str, Any], goes_on: bool | None) -> None:
    inputs: dict[str, Any] = {"baseline_weight_kg": 40, "treatment_day": 30, "resolved": False, **change}
    assert defibrotide_course(**inputs)["continue_"] is goes_on


def test_lymphocyte_doses_fall_into_the_published_bands() -> None:
    bands = [dli_gvhd_risk_band(cd3_per_kg=dose)["gvhd_12_month_pct"] for dose in (1e7, 1.1e7, 9.9e7, 1e8, None)]
    assert bands == [21, 45, 45, 55, None]


def test_blood_groups_mismatch_by_what_either_side_lacks() -> None:
    antigens = {"O": set(), "A": {"A"}, "B": {"B"}, "AB": {"A", "B"}}
    for (recipient, has), (donor, gets) in product(antigens.items(), antigens.items()):
        major, minor = bool(gets - has), bool(has - gets)
        word = "bidirectional" if major and minor else "major" if major else "minor" if minor else "match"
        assert abo_mismatch(recipient=recipient, donor=donor)["category"] == word


def test_donor_and_recipient_serology_and_sex() -> None:
    assert sex_mismatch(donor=None, recipient="F")["female_to_male"] is False
    assert sex_mismatch(donor=None, recipient="M")["female_to_male"] is None
    serology = cmv_serostatus(recipient="-", donor="-")
    assert (serology["preferred"], serology.verified) == (True, False)
    assert cmv_serostatus(recipient=None, donor="+")["risk"] is None


@pytest.mark.parametrize(
    ("rule", "inputs"),
    [
        (abo_mismatch, {"recipient": "C", "donor": "O"}),
        (sex_mismatch, {"recipient": "x", "donor": "F"}),
        (cmv_serostatus, {"recipient": "perhaps", "donor": "+"}),
        (letermovir_dose, {"recipient_cmv": "yes", "cyclosporine": False, "day": 1}),
        (vod_severity_paediatric_2018, {**CHILD, "ascites": "much"}),
    ],
)
def test_a_word_that_is_not_of_the_ward_is_refused(rule: Any, inputs: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        rule(**inputs)


def test_every_answer_names_its_definition_and_where_it_stands() -> None:
    found = vod_baltimore(**{**VOD, "ascites": True}).as_dict()
    assert found["citation"] and found["version"]
    assert found["days"] == [12]
    assert not np.any([key in found["inputs"] for key in ("painful_hepatomegaly",)])
