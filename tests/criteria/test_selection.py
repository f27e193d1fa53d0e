"""Comorbidity, performance status and the EBMT score."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dayzero.criteria import (
    ebmt_score,
    ebmt_stage,
    hct_ci,
    hct_ci_age,
    hct_ci_hepatic,
    hct_ci_pulmonary,
    performance_status,
)
from dayzero.criteria.comorbidity import HIGHEST, POINTS
from dayzero.errors import InputError

ITEMS = sorted(POINTS)
yes_no_missing = st.sampled_from([True, False, None])


@pytest.mark.parametrize(
    ("item", "points"),
    [
        ("arrhythmia", 1), ("cardiac", 1), ("IBD", 1), ("diabetes", 1), ("cerebrovascular", 1), ("psychiatric", 1),
        ("hepatic_mild", 1), ("obesity", 1), ("infection", 1), ("rheumatologic", 2), ("peptic ulcer", 2),
        ("renal_moderate_severe", 2), ("pulmonary_moderate", 2), ("prior_malignancy", 3), ("prior_solid_tumour", 3),
        ("heart_valve", 3), ("pulmonary_severe", 3), ("hepatic_moderate_severe", 3),
    ],
)  # fmt: skip
def test_each_comorbidity_has_its_published_points(item: str, points: int) -> None:
    group = {1: "intermediate", 2: "intermediate", 3: "high"}[points]
    found = hct_ci(present=[item])
    assert (found["score"], found["group"], found["complete"], found.complete) == (points, group, True, True)


def test_everything_at_once_counts_lung_liver_and_malignancy_once() -> None:
    assert hct_ci(present=ITEMS)["score"] == HIGHEST == 8 * 1 + 3 * 2 + 4 * 3


@pytest.mark.parametrize(
    ("present", "unknown", "score", "most", "complete"),
    [
        (["pulmonary_moderate", "pulmonary_severe"], [], 3, 3, True),
        (["hepatic_mild", "hepatic_moderate_severe"], [], 3, 3, True),
        (["pulmonary_moderate"], ["pulmonary_severe"], 2, 3, False),
        (["pulmonary_severe"], ["pulmonary_moderate"], 3, 3, True),
        ([], ["pulmonary_moderate", "pulmonary_severe"], 0, 3, False),
        (["diabetes", "diabetes"], [], 1, 1, True),
        ([], ITEMS, 0, HIGHEST, False),
    ],
)
def test_unknown_comorbidities_bound_the_score(
    present: list[str], unknown: list[str], score: int, most: int, complete: bool
) -> None:
    found = hct_ci(present=present, unknown=unknown)
    assert (found["score"], found["max_possible"], found["complete"]) == (score, most, complete)


def test_the_group_of_both_bounds_is_told() -> None:
    found = hct_ci(present=[], unknown=["heart_valve"])
    assert (found["group"], found["max_group"]) == ("low", "high")


@pytest.mark.parametrize(
    ("item", "version", "score", "most"),
    [
        ("prior_malignancy", 2013, 3, 3),
        ("prior_malignancy", "2005", 0, 3),
        ("prior_solid_tumor", "2005", 3, 3),
        ("prior_solid_tumor", "2013", 3, 3),
        ("prior_malignancy", None, 3, 3),
    ],
)
def test_an_earlier_cancer_counts_by_the_edition(item: str, version: str | None, score: int, most: int) -> None:
    found = hct_ci(present=[item], version=version)
    assert (found["score"], found["max_possible"]) == (score, most)
    assert found.version == str(version or 2013)


def test_the_edition_that_was_not_named_is_told_only_where_it_matters() -> None:
    assert "2005 only a solid tumor" in hct_ci(present=["prior_malignancy"]).note
    assert "2005 only a solid tumor" in hct_ci(present=[], unknown=["prior_malignancy"]).note
    assert hct_ci(present=["prior_malignancy"], version="2013").note == ""
    assert hct_ci(present=["diabetes"]).note == ""
    assert "not known" in hct_ci(present=["prior_malignancy"], version="2005").note
    assert hct_ci(present=["prior_malignancy", "prior_solid_tumor"], version="2005")["score"] == 3


@settings(max_examples=60)
@given(st.sets(st.sampled_from(ITEMS)), st.sets(st.sampled_from(ITEMS)), st.data())
def test_learning_an_unknown_comorbidity_stays_within_the_bounds(
    present: set[str], unknown: set[str], data: st.DataObject
) -> None:
    unknown = unknown - present
    version = data.draw(st.sampled_from(["2005", "2013", None]))
    before = hct_ci(present=present, unknown=unknown, version=version)
    learnt = data.draw(st.sets(st.sampled_from(sorted(unknown)))) if unknown else set()
    there = data.draw(st.sets(st.sampled_from(sorted(learnt)))) if learnt else set()
    after = hct_ci(present=present | there, unknown=unknown - learnt, version=version)
    assert before["score"] <= after["score"] <= after["max_possible"] <= before["max_possible"]


@pytest.mark.parametrize(
    ("inputs", "points"),
    [
        ({"dlco_pct": 80.1, "fev1_pct": 81}, 0),
        ({"dlco_pct": 80, "fev1_pct": 90}, 2),
        ({"dlco_pct": 90, "fev1_pct": 66}, 2),
        ({"dlco_pct": 65.5, "fev1_pct": 90}, 2),
        ({"dlco_pct": 90, "fev1_pct": 65}, 3),
        ({"dlco_pct": 70, "fev1_pct": 64}, 3),
        ({"dlco_pct": None, "fev1_pct": 90}, None),
        ({"dlco_pct": None, "fev1_pct": 70}, None),
        ({"dlco_pct": 60, "fev1_pct": None}, 3),
        ({}, None),
        ({"oxygen": True}, 3),
        ({"dyspnea": "at_rest"}, 3),
        ({"dlco_pct": 90, "fev1_pct": 90, "dyspnea": "slight activity"}, 2),
        ({"dlco_pct": 90, "fev1_pct": 90, "dyspnea": None}, None),
        ({"dlco_pct": 90, "fev1_pct": 90, "oxygen": None}, None),
        ({"dlco_pct": 60, "fev1_pct": 90, "dyspnea": None, "oxygen": None}, 3),
    ],
)
def test_the_worst_sign_of_the_lung_decides(inputs: dict[str, Any], points: int | None) -> None:
    assert hct_ci_pulmonary(**inputs)["points"] == points


@pytest.mark.parametrize(
    ("inputs", "points"),
    [
        ({"bilirubin_x_uln": 1.0, "ast_alt_x_uln": 1.01}, 1),
        ({"bilirubin_x_uln": 1.5, "ast_alt_x_uln": 2.5}, 1),
        ({"bilirubin_x_uln": 1.51, "ast_alt_x_uln": 0.5}, 3),
        ({"bilirubin_x_uln": 0.5, "ast_alt_x_uln": 2.51}, 3),
        ({"bilirubin_x_uln": 0.5, "ast_alt_x_uln": 0.5, "cirrhosis": True}, 3),
        ({"bilirubin_x_uln": 0.5, "ast_alt_x_uln": 0.5, "chronic_hepatitis": True}, 1),
        ({"bilirubin_x_uln": 0.5, "ast_alt_x_uln": 0.5, "chronic_hepatitis": None}, None),
        ({"bilirubin_x_uln": 1.2, "ast_alt_x_uln": 0.5, "chronic_hepatitis": None}, 1),
        ({"bilirubin_x_uln": 0.5, "ast_alt_x_uln": 0.5, "cirrhosis": None}, None),
        ({"bilirubin_x_uln": None, "ast_alt_x_uln": 1.0}, None),
        ({"bilirubin_x_uln": None, "ast_alt_x_uln": None, "cirrhosis": True}, 3),
    ],
)
def test_the_worst_sign_of_the_liver_decides(inputs: dict[str, Any], points: int | None) -> None:
    assert hct_ci_hepatic(**inputs)["points"] == points


percent = st.none() | st.sampled_from([40.0, 65.0, 65.5, 66.0, 80.0, 80.5, 110.0])
breath = st.sampled_from(["none", "slight_activity", "at_rest", None])
times = st.none() | st.sampled_from([0.5, 1.0, 1.2, 1.5, 2.0, 2.5, 4.0])


def stays_within(before: Any, after: Any, name: str) -> None:
    """More known: the bounds only narrow and a decided answer stays."""
    assert before["at_least"] <= after["at_least"] <= after["at_most"] <= before["at_most"]
    assert before[name] in (None, after[name])


@settings(max_examples=60)
@given(st.tuples(percent, percent, breath, yes_no_missing), st.tuples(percent, percent, breath, yes_no_missing))
def test_a_lung_better_known_stays_within_the_bounds(first: tuple[Any, ...], second: tuple[Any, ...]) -> None:
    names = ("dlco_pct", "fev1_pct", "dyspnea", "oxygen")
    known = [one if one is not None else other for one, other in zip(first, second, strict=True)]
    before, after = (hct_ci_pulmonary(**dict(zip(names, each, strict=True))) for each in (first, known))
    stays_within(before, after, "points")


@settings(max_examples=60)
@given(st.tuples(times, times, yes_no_missing, yes_no_missing), st.tuples(times, times, yes_no_missing, yes_no_missing))
def test_a_liver_better_known_stays_within_the_bounds(first: tuple[Any, ...], second: tuple[Any, ...]) -> None:
    names = ("bilirubin_x_uln", "ast_alt_x_uln", "cirrhosis", "chronic_hepatitis")
    known = [one if one is not None else other for one, other in zip(first, second, strict=True)]
    before, after = (hct_ci_hepatic(**dict(zip(names, each, strict=True))) for each in (first, known))
    stays_within(before, after, "points")


@pytest.mark.parametrize(
    ("points", "age", "score", "band"),
    [
        (0, 40, 1, "0-2"), (2, 39.99, 2, "0-2"), (2, 40, 3, "3-4"), (3, 55, 4, "3-4"), (4, 40, 5, ">=5"),
        (5, 20, 5, ">=5"), (1, None, None, "0-2"), (2, None, None, None), (5, None, None, ">=5"),
        (None, 60, None, None), (None, None, None, None),
    ],
)  # fmt: skip
def test_forty_years_add_a_point(points: int | None, age: float | None, score: int | None, band: str | None) -> None:
    found = hct_ci_age(hct_ci=points, age_years=age)
    assert (found["score"], found["band"], found.complete) == (score, band, score is not None)


@pytest.mark.parametrize(
    ("inputs", "scale", "value", "good"),
    [
        ({"age": 16, "kps": 90, "lansky": 50}, "karnofsky", 90, True),
        ({"age": 15.9, "kps": 90, "lansky": 50}, "lansky", 50, False),
        ({"age": 1, "lansky": 100}, "lansky", 100, True),
        ({"age": 0.99, "lansky": 100, "kps": 100}, None, None, None),
        ({"age": 16, "lansky": 90}, "karnofsky", None, None),
        ({"age": None, "kps": 90, "lansky": 90}, None, None, None),
        ({"age": 50, "kps": 80, "good_from": 80}, "karnofsky", 80, True),
        ({"age": 50, "kps": 10}, "karnofsky", 10, False),
    ],
)
def test_the_age_chooses_the_scale(
    inputs: dict[str, Any], scale: str | None, value: int | None, good: bool | None
) -> None:
    found = performance_status(**inputs)
    assert (found["scale"], found["value"], found["good"]) == (scale, value, good)


def test_both_performance_scores_are_reported_and_an_infant_lacks_nothing() -> None:
    found = performance_status(age=40, kps=80, lansky=70)
    assert (found["karnofsky"], found["lansky"]) == (80, 70)
    assert performance_status(age=0.5, lansky=80).complete
    assert not performance_status(age=None, lansky=80).complete
    assert not performance_status(age=5).complete


EBMT: dict[str, Any] = {
    "age": 45, "stage": "intermediate", "months_from_diagnosis": 20, "first_cr": False, "donor": "unrelated",
    "female_donor_male_recipient": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "score", "band"),
    [
        ({}, 6, "poor"),
        ({"age": 19.9}, 4, "intermediate"),
        ({"age": 20}, 5, "poor"),
        ({"age": 40}, 5, "poor"),
        ({"age": 40.1}, 6, "poor"),
        ({"months_from_diagnosis": 12}, 5, "poor"),
        ({"months_from_diagnosis": 12.5}, 6, "poor"),
        ({"first_cr": True}, 5, "poor"),
        ({"first_cr": True, "stage": "late"}, 6, "poor"),
        ({"first_cr": None}, None, "poor"),
        ({"first_cr": None, "months_from_diagnosis": 6}, 5, "poor"),
        ({"first_cr": True, "months_from_diagnosis": None}, 5, "poor"),
        ({"months_from_diagnosis": None}, None, "poor"),
        ({"age": None}, None, None),
        ({"stage": None}, None, "poor"),
        ({"female_donor_male_recipient": None}, None, "poor"),
        ({"donor": "HLA-identical sibling"}, 5, "poor"),
        ({"donor": "MUD", "stage": "early", "age": 18, "female_donor_male_recipient": False}, 2, "low"),
        ({"donor": "haploidentical"}, None, None),
        ({"donor": "cord"}, None, None),
        ({"donor": "mismatched related"}, None, None),
        ({"donor": "matched related"}, None, None),
        ({"donor": "haploidentical", "donor_rule": "mrd_vs_other"}, 6, "poor"),
        ({"donor": "cord", "donor_rule": "mrd_vs_other"}, 6, "poor"),
        ({"donor": "matched related", "donor_rule": "mrd_vs_other"}, 5, "poor"),
        ({"donor": "unrelated", "donor_rule": "mrd_vs_other"}, 6, "poor"),
        ({"donor": "autologous"}, 4, "intermediate"),
        ({"donor": "autologous", "stage": "late"}, 5, "poor"),
        ({"donor": "autologous", "female_donor_male_recipient": None}, 4, "intermediate"),
        ({"stage": "aplastic anaemia"}, 5, "poor"),
        ({"stage": None, "disease": "aplastic_anemia"}, 5, "poor"),
        ({"stage": "late", "disease": "AML"}, 7, "poor"),
        ({"donor": None}, None, "poor"),
    ],
)
def test_the_ebmt_score_adds_five_items(change: dict[str, Any], score: int | None, band: str | None) -> None:
    found = ebmt_score(**{**EBMT, **change})
    assert (found["score"], found["band"]) == (score, band)


def test_a_donor_the_score_does_not_know_has_no_bounds_and_says_why() -> None:
    found = ebmt_score(**{**EBMT, "donor": "haplo"})
    assert (found["at_least"], found["at_most"]) == (None, None)
    assert "mrd_vs_other" in found.note
    assert "modified" in ebmt_score(**{**EBMT, "donor_rule": "mrd_vs_other"}).version


@settings(max_examples=100)
@given(
    st.fixed_dictionaries(
        {
            "age": st.none() | st.sampled_from([10, 20, 40, 50]),
            "stage": st.none() | st.sampled_from(["early", "intermediate", "late"]),
            "months_from_diagnosis": st.none() | st.sampled_from([3, 12, 13]),
            "first_cr": yes_no_missing,
            "donor": st.none() | st.sampled_from(["sibling", "unrelated", "autologous"]),
            "female_donor_male_recipient": yes_no_missing,
        }
    )
)
def test_the_bounds_of_the_ebmt_score_are_what_every_completion_gives(known: dict[str, Any]) -> None:
    choices = {
        "age": [10, 30, 50], "stage": ["early", "intermediate", "late"], "months_from_diagnosis": [3, 13],
        "first_cr": [True, False], "donor": ["sibling", "unrelated", "autologous"],
        "female_donor_male_recipient": [True, False],
    }  # fmt: skip
    if known["female_donor_male_recipient"]:
        choices["donor"].remove("autologous")  # a woman's graft for a man is not his own
    before = ebmt_score(**known)
    each = [choices[name] if value is None else [value] for name, value in known.items()]
    completions = [ebmt_score(**dict(zip(known, values, strict=True))) for values in product(*each)]
    scores, bands = {one["score"] for one in completions}, {one["band"] for one in completions}
    assert before["score"] == (scores.pop() if len(scores) == 1 else None)
    assert None not in bands
    if before["score"] is None:
        assert (before["at_least"], before["at_most"]) == (min(scores), max(scores))
    assert before["band"] == (bands.pop() if len(bands) == 1 else None)


@pytest.mark.parametrize(
    ("disease", "status", "stage"),
    [
        ("AML", "CR1", "early"), ("ALL", "CR2", "intermediate"), ("AML", "CR3", "late"), ("ALL", "active", "late"),
        ("AML", "CR", None), ("CML", "CP1", "early"), ("CML", "CP2", "intermediate"), ("CML", "AP", "intermediate"),
        ("CML", "blast crisis", "late"), ("CML", "CP", None), ("MDS", "untreated", "early"), ("MDS", "CR1", "early"),
        ("MDS", "CR2", "intermediate"), ("MDS", "PR", "intermediate"), ("MDS", "relapse", "late"),
        ("myeloma", "CR1", "early"), ("HL", "PR", "intermediate"), ("DLBCL", "SD", "intermediate"),
        ("FL", "CR2", "intermediate"), ("FL", "PD", "late"), ("FL", "stable or progressive", None),
        ("aplastic anaemia", None, "early"), ("AML", None, None), ("MPN", "any", None), ("CML", "PR", None),
    ],
)  # fmt: skip
def test_a_disease_in_a_status_has_an_ebmt_stage(disease: str, status: str | None, stage: str | None) -> None:
    assert ebmt_stage(disease=disease, status=status)["stage"] == stage


def test_stages_on_which_transcriptions_differ_are_not_verified() -> None:
    assert ebmt_stage(disease="AML", status="CR1").verified
    assert not ebmt_stage(disease="MDS", status="untreated").verified
    assert not ebmt_stage(disease="myeloma", status="PR").verified


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: hct_ci(present=["diabetis"]), "present: got 'diabetis'.*did you mean diabetes"),
        (lambda: hct_ci(present=["inflammatory bowel"]), "did you mean ibd"),
        (lambda: hct_ci(present=["zzz"]), "choose from: arrhythmia"),
        (lambda: hct_ci(present=[""]), "choose from: arrhythmia"),
        (lambda: hct_ci(present=[3]), "present: got 3"),  # type: ignore[list-item]
        (lambda: hct_ci(present="diabetes"), "a list of items"),
        (lambda: hct_ci(present=["diabetes"], unknown=["diabetes"]), "name it only once"),
        (lambda: hct_ci(present=[], version="2014"), "2005 or 2013"),
        (lambda: hct_ci_pulmonary(dlco_pct=-1), "dlco_pct: got -1"),
        (lambda: hct_ci_pulmonary(fev1_pct=float("nan")), "fev1_pct"),
        (lambda: hct_ci_pulmonary(dyspnea="resting"), "dyspnea"),
        (lambda: hct_ci_pulmonary(oxygen="yes"), "True or False"),  # type: ignore[arg-type]
        (lambda: hct_ci_hepatic(bilirubin_x_uln=-0.1), "bilirubin_x_uln"),
        (lambda: hct_ci_age(hct_ci=27, age_years=50), "0 to 26"),
        (lambda: hct_ci_age(hct_ci=2.5, age_years=50), "whole points"),  # type: ignore[arg-type]
        (lambda: hct_ci_age(hct_ci=2, age_years=-1), "age_years: got -1"),
        (lambda: performance_status(age=40, kps=85), "a multiple of 10"),
        (lambda: performance_status(age=40, kps=1), "10 to 100"),
        (lambda: performance_status(age=40, kps=110), "10 to 100"),
        (lambda: performance_status(age=200), "age: got 200"),
        (lambda: ebmt_score(**{**EBMT, "stage": "earlie"}), "did you mean early"),
        (lambda: ebmt_score(**{**EBMT, "donor": "unrelatd"}), "did you mean unrelated"),
        (lambda: ebmt_score(**{**EBMT, "donor_rule": "mrd"}), "published or mrd_vs_other"),
        (lambda: ebmt_score(**{**EBMT, "months_from_diagnosis": -2}), "months_from_diagnosis"),
        (lambda: ebmt_score(**{**EBMT, "disease": "aplastic anemi"}), "did you mean aplastic_anemia"),
        (lambda: ebmt_stage(disease="AML", status="CR11"), "status"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(call: Any, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        call()
    assert "\n" not in str(caught.value)
