"""The refined disease risk index and the intensity score of conditioning."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dayzero.criteria import dri_refined, tci_category, tci_score
from dayzero.criteria.disease_risk_table import CLASSES, DISEASES, GROUPS, ROWS
from dayzero.errors import InputError


def dri(disease: str | None, stage: str | None = None, cytogenetics: str | None = None, **more: Any) -> Any:
    return dri_refined(disease=disease, stage=stage, cytogenetics=cytogenetics, **more)["dri"]


@pytest.mark.parametrize(
    ("disease", "stage", "cytogenetics", "group"),
    [
        ("AML", "CR", "favourable", "low"), ("AML", "CR1", "favorable", "low"), ("CML", "CP2", None, "low"),
        ("CML", "CP", None, "low"), ("CLL", "PR", None, "low"), ("indolent_nhl", "CR", None, "low"),
        ("MCL", "CR", None, "low"), ("HL", "CR2", None, "low"), ("ALL", "CR1", None, "intermediate"),
        ("myelofibrosis", None, None, "intermediate"), ("CML", "AP", None, "intermediate"),
        ("CML", "advanced phase", None, "intermediate"), ("MM", "VGPR", None, "intermediate"),
        ("DLBCL", "CR", None, "intermediate"), ("T-cell NHL", "PR", None, "intermediate"),
        ("Hodgkin", "PR", None, "intermediate"), ("mantle cell", "PR", None, "intermediate"),
        ("MDS_low_risk", "advanced", "intermediate", "intermediate"),
        ("low-risk MDS", "early", "adverse", "intermediate"),
        ("MDS_high_risk", "early", "intermediate", "intermediate"), ("AML", "active", "favourable", "high"),
        ("AML", "PR", "intermediate", "high"), ("ALL", "untreated", None, "very_high"),
        ("AML", "relapse", "intermediate", "high"), ("ALL", "CR3", None, "high"),
        ("MDS_low_risk", "advanced", "adverse", "high"), ("MDS_high_risk", "advanced", "intermediate", "high"),
        ("MDS_high_risk", "early", "adverse", "high"), ("FL", "SD", None, "high"), ("CLL", "PD", None, "high"),
        ("MCL", "stable or progressive", None, "high"), ("HL", "PD", None, "high"), ("PTCL", "SD", None, "high"),
        ("aggressive_nhl", "PR", None, "high"), ("Burkitt", "CR", None, "high"), ("myeloma", "SD", None, "high"),
        ("ALL", "active", None, "very_high"), ("CML", "blast crisis", None, "very_high"),
        ("MDS_high_risk", "advanced", "adverse", "very_high"), ("DLBCL", "PD", None, "very_high"),
        ("Burkitt", "PR", None, "very_high"), ("Burkitt", "active", None, "very_high"),
        ("aggressive_nhl", "refractory", None, "very_high"),
    ],
)  # fmt: skip
def test_a_disease_in_a_stage_has_the_recalled_group(
    disease: str, stage: str | None, cytogenetics: str | None, group: str
) -> None:
    found = dri_refined(disease=disease, stage=stage, cytogenetics=cytogenetics)
    assert (found["dri"], found.complete, found.verified) == (group, True, False)


def test_no_case_has_two_rows() -> None:
    cells = [
        (disease, stage, risk)
        for row in ROWS
        for disease, stage, risk in product(row.diseases, row.stages, row.cytogenetics or ("",))
    ]
    assert len(cells) == len(set(cells))
    assert {row.group for row in ROWS} == set(GROUPS)
    used = {disease for disease, _, risk in cells if risk}
    assert used == set(CLASSES)
    assert not any(disease in used for disease, _, risk in cells if not risk)


@pytest.mark.parametrize(
    ("disease", "cytogenetics", "abnormalities", "group"),
    [
        ("AML", "t(8;21)", None, "low"), ("AML", "inv(16)", None, "low"), ("AML", "t(15;17)", None, "low"),
        ("AML", "complex", None, "high"), ("AML", "monosomy 7", None, "intermediate"),
        ("AML", "normal", 0, "intermediate"),
        ("AML", None, 4, "high"), ("AML", None, 0, "intermediate"), ("AML", None, 3, None),
        ("AML", "intermediate", 3, "intermediate"), ("AML", "t(8;21)", 5, None), ("AML", "adverse", 5, "high"),
    ],
)  # fmt: skip
def test_findings_of_the_karyotype_give_the_class(
    disease: str, cytogenetics: str | None, abnormalities: int | None, group: str | None
) -> None:
    assert dri(disease, "CR", cytogenetics, abnormalities=abnormalities) == group


def test_an_abnormal_chromosome_seven_is_adverse_in_mds_only() -> None:
    assert dri("MDS_high_risk", "advanced", "abnormal 7") == "very_high"
    assert dri("MDS_high_risk", "advanced", None, abnormalities=2) is None
    assert dri("MDS_high_risk", "advanced", "normal") == "high"


def test_cytogenetics_that_are_missing_leave_only_the_rows_that_do_not_use_them() -> None:
    found = dri_refined(disease="AML", stage="CR")
    assert found.values == {
        "dri": None, "at_least": "low", "at_most": "high", "label": "cytogenetics to be determined",
        "missing_cytogenetics": True,
    }  # fmt: skip
    assert not found.complete
    assert dri("MDS_high_risk", "early") is None
    assert dri("ALL", "CR2") == "high"
    assert dri("MDS_low_risk", "early") == "intermediate"  # by either class


def test_registries_class_aml_without_cytogenetics_and_flag_it() -> None:
    found = dri_refined(disease="AML", stage="CR2", aml_missing_cyto="registry")
    assert (found["dri"], found["missing_cytogenetics"], found.complete) == ("intermediate", True, False)
    assert dri("AML", "active", aml_missing_cyto="registry") == "high"
    assert dri("AML", "CR", "adverse", aml_missing_cyto="registry") == "high"
    assert dri("AML", None, aml_missing_cyto="registry") is None
    assert dri("MDS_high_risk", "early", aml_missing_cyto="registry") is None


@pytest.mark.parametrize(
    ("inputs", "label", "complete"),
    [
        ({"disease": "aplastic anaemia"}, "not applicable - non-malignant", True),
        ({"disease": "non-malignant"}, "not applicable - non-malignant", True),
        ({"disease": "ALL", "stage": "CR1", "age_years": 17.9}, "not applicable - paediatric", True),
        ({"disease": "other_malignant"}, "disease not classifiable", True),
        ({"disease": "CML", "stage": "PR"}, "disease not classifiable", True),
        ({"disease": "MDS_high_risk", "stage": "early", "cytogenetics": "favorable"}, "disease not classifiable", True),
        ({"disease": None, "stage": "CR"}, None, False),
    ],
)
def test_where_the_index_does_not_apply_it_says_so(inputs: dict[str, Any], label: str | None, complete: bool) -> None:
    found = dri_refined(**inputs)
    assert (found["dri"], found["label"], found.complete) == (None, label, complete)


def test_a_stage_that_is_general_answers_where_its_meanings_agree() -> None:
    assert dri("ALL", "CR") is None
    assert dri("ALL", "CR1", age_years=18) == "intermediate"
    assert dri("indolent_nhl", "active") is None
    assert dri("MDS", "early", "intermediate") == "intermediate"
    assert dri("MDS", "early", "adverse") is None


STAGES = ["CR", "CR1", "CR2", "PR", "SD", "PD", "active", "CP1", "AP", "BP", "early", "advanced", "VGPR"]


@settings(max_examples=150)
@given(
    st.sampled_from(sorted(set(DISEASES.values()))),
    st.sampled_from(STAGES),
    st.sampled_from(["favorable", "intermediate", "adverse"]),
    st.booleans(),
    st.booleans(),
)
def test_a_decided_risk_does_not_turn_into_another_when_more_is_known(
    disease: str, stage: str, cytogenetics: str, hide_stage: bool, hide_cytogenetics: bool
) -> None:
    known = dri_refined(disease=disease, stage=stage, cytogenetics=cytogenetics)
    less = dri_refined(
        disease=disease,
        stage=None if hide_stage else stage,
        cytogenetics=None if hide_cytogenetics else cytogenetics,
    )
    if known["dri"] is not None:
        assert less["dri"] in (None, known["dri"])
        order = [GROUPS.index(group) for group in (less["at_least"], known["dri"], less["at_most"])]
        assert order == sorted(order)


@pytest.mark.parametrize(
    ("doses", "tci", "category"),
    [
        ({"flu_mg_m2": 150, "mel_mg_m2": 140}, 2.5, "intermediate"),
        ({"fludarabine_mg_m2": 120, "melphalan_mg_m2": 100}, 1.5, "low"),
        ({"tbi_gy": 5}, 1, "low"), ({"tbi_gy": 6}, 2, "low"), ({"tbi_gy": 8}, 2, "low"),
        ({"tbi_gy": 9}, 3, "intermediate"), ({"tbi_cgy": 1200}, 3, "intermediate"),
        ({"bu_iv_mg_kg": 3 * 3.2}, 2, "low"), ({"bu_oral_mg_kg": 8}, 1, "low"), ({"bu_oral_mg_kg": 12}, 2, "low"),
        ({"busulfan_oral_mg_kg": 16}, 3, "intermediate"), ({"treo_g_m2": 30}, 1, "low"),
        ({"treosulfan_g_m2": 36}, 2, "low"), ({"treo_mg_m2": 42000}, 3, "intermediate"),
        ({"mel_mg_m2": 139}, 1, "low"), ({"mel_mg_m2": 199}, 2, "low"), ({"mel_mg_m2": 200}, 3, "intermediate"),
        ({"thiotepa_mg_kg": 5}, 0.5, None), ({"thiotepa_mg_kg": 10}, 1, "low"), ({"tt_mg_kg": 20}, 1.5, "low"),
        ({"flu_mg_m2": 160}, 0.5, None), ({"flu_mg_m2": 161}, 1, "low"), ({"clo_mg_m2": 150}, 0.5, None),
        ({"clo_mg_m2": 151}, 1, "low"), ({"cy_mg_kg": 89}, 0.5, None), ({"cy_mg_kg": 90}, 1, "low"),
        ({"carmustine_mg_m2": 250}, 0.5, None), ({"bcnu_mg_m2": 280}, 1, "low"), ({"carmustine_mg_m2": 310}, 1, "low"),
        ({"carmustine_mg_m2": 350}, 1.5, "low"), ({"cytarabine_g_m2": 5.9}, 0.5, None), ({"arac_g_m2": 6}, 1, "low"),
        ({"etoposide_mg_kg": 49}, 0.5, None), ({"etoposide_mg_kg": 50}, 1, "low"),
        ({"flu_mg_m2": 150, "tbi_gy": 12, "cy_mg_kg": 120, "thiotepa_mg_kg": 10}, 5.5, "high"),
        ({"flu_mg_m2": 150, "tbi_gy": 2, "ptcy_mg_kg": 100, "atg_mg_kg": 5, "alemtuzumab_mg": 30}, 1.5, "low"),
        ({"bu_iv_mg_kg": 6.4, "bu_oral_mg_kg": 8}, 3, "intermediate"),
        ({"flu_mg_m2": 150, "tbi_gy": 0}, 0.5, None), ({}, 0, None), ({"atg_mg_kg": 5}, 0, None),
        ({"bu_iv_mg_kg": 12.8, "mel_mg_m2": 200, "cy_mg_kg": 120}, 7, None),
        ({"tbi_gy": 5.5}, None, "low"), ({"tbi_gy": 8.5}, None, None), ({"bu_iv_mg_kg": 8}, None, "low"),
        ({"carmustine_mg_m2": 330}, None, "low"), ({"carmustine_mg_m2": 260}, None, None),
        ({"flu_mg_m2": None, "tbi_gy": 6}, None, None), ({"tbi_gy": 12, "flu_mg_m2": None}, None, None),
        ({"bu_iv_mg_kg": 12.8, "cy_mg_kg": 120, "flu_mg_m2": None}, None, "high"),
        ({"bu_iv_mg_kg": None, "bu_oral_mg_kg": 8}, None, None),
    ],
)  # fmt: skip
def test_components_of_conditioning_have_weights_that_add_up(
    doses: dict[str, float | None], tci: float | None, category: str | None
) -> None:
    found = tci_score(**doses)
    assert (found["tci"], found["category"], found.verified) == (tci, category, False)
    assert found.complete is (tci is not None)


@pytest.mark.parametrize(
    ("tci", "category"),
    [(1, "low"), (1.5, "low"), (2, "low"), (2.5, "intermediate"), (3, "intermediate"), (4.5, "high"), (6, "high"),
     (0.5, None), (0, None), (6.5, None), (None, None)],
)  # fmt: skip
def test_a_score_has_a_group_inside_the_published_range(tci: float | None, category: str | None) -> None:
    found = tci_category(tci=tci)
    assert (found["category"], found.verified, found.complete) == (category, True, tci is not None)
    assert ("1 to 6" in found.note) is (tci is not None and category is None)


def test_a_note_says_why_a_score_is_open() -> None:
    assert "between the published rows" in tci_score(tbi_gy=5.5).note
    assert "1 to 6" in tci_score(flu_mg_m2=150).note
    assert tci_score(tbi_gy=6).note == ""


DOSES = {
    "tbi_gy": [0.0, 2.0, 5.5, 8.0, 12.0], "bu_iv_mg_kg": [0.0, 6.4, 8.0, 12.8], "flu_mg_m2": [0.0, 150.0, 180.0],
    "carmustine_mg_m2": [0.0, 260.0, 300.0, 330.0, 400.0],
}  # fmt: skip


@settings(max_examples=80)
@given(st.fixed_dictionaries({name: st.none() | st.sampled_from(each) for name, each in DOSES.items()}), st.data())
def test_a_missing_dose_that_becomes_known_stays_within_the_bounds(
    doses: dict[str, float | None], data: st.DataObject
) -> None:
    known = {name: data.draw(st.sampled_from(DOSES[name])) if dose is None else dose for name, dose in doses.items()}
    before, after = tci_score(**doses), tci_score(**known)
    assert before["at_least"] <= after["at_least"] <= after["at_most"] <= before["at_most"]
    assert before["tci"] in (None, after["tci"])
    assert before["category"] in (None, after["category"])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: dri("AMLL", "CR"), "disease: got 'AMLL'.*did you mean a"),
        (lambda: dri("AML", "remision"), "did you mean CR"),
        (lambda: dri("AML", "CR", "advers"), "did you mean adverse"),
        (lambda: dri("AML", "CR", aml_missing_cyto="guess"), "aml_missing_cyto"),
        (lambda: dri("AML", "CR", age_years=-4), "age_years"),
        (lambda: dri("AML", "CR", abnormalities=-1), "abnormalities"),
        (lambda: tci_score(flu_mg_m=150), "did you mean flu_mg_m2"),
        (lambda: tci_score(bu_mg_kg=12.8), "how it is given: bu_iv_mg_kg or bu_oral_mg_kg"),
        (lambda: tci_score(zzz=1), "choose from: tbi_gy, bu_iv_mg_kg"),
        (lambda: tci_score(tbi_gy=-1), "tbi_gy: got -1"),
        (lambda: tci_score(tbi_gy=1200), "tbi_gy: got 1200"),
        (lambda: tci_category(tci=2.25), "whole and half points"),
        (lambda: tci_category(tci=-1), "tci: got -1"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(call: Any, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        call()
    assert "\n" not in str(caught.value)
