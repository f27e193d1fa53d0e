"""Answers worked out by hand from the text of each rule: limits, classes, what is missing, and ties."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import dayzero.criteria as criteria
from dayzero.criteria.vectors import check, same
from dayzero.errors import InputError

CASES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("own_vectors.json").read_text(encoding="utf-8"))
#: Arguments that are not items of a patient: a rule says itself what leaving them out means.
SETTINGS = ("hla_match", "hla_match_cord", "dpb1_tce_match", "hla_b_leader_pair", "hct_ci", "cgvhd_global_nih2014",
            "cmv_preemptive_trigger", "letermovir_dose")  # fmt: skip
#: Rules whose text was recalled, or is a convention of this project.
NOT_READ = ("dri_refined", "tci_score", "crfs", "cmv_serostatus", "dsa_level", "hla_b_leader_pair", "hla_match_cord",
            "donor_rank")  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_an_answer_worked_out_by_hand_is_given(case: dict[str, Any]) -> None:
    outcome = check(case)
    assert outcome.state == "passed", f"{outcome.reason} ({case.get('why', '')})"


WITH_GAPS = [case for case in CASES if None in case["inputs"].values() and case["rule"] not in SETTINGS]


@pytest.mark.parametrize("case", WITH_GAPS, ids=[case["id"] for case in WITH_GAPS])
def test_an_item_that_is_left_out_is_missing(case: dict[str, Any]) -> None:
    known = {name: value for name, value in case["inputs"].items() if value is not None}
    assert check({**case, "inputs": known}).state == "passed"


@pytest.mark.parametrize("case", [case for case in CASES if case["rule"] in NOT_READ], ids=lambda case: case["id"])
def test_what_was_not_read_in_a_source_is_not_called_verified(case: dict[str, Any]) -> None:
    assert getattr(criteria, case["rule"])(**case["inputs"]).verified is False


def test_a_dose_that_the_ceiling_cuts_is_recalled_and_one_that_only_meets_it_is_not() -> None:
    assert criteria.abatacept_schedule(weight_kg=100, age_years=30).verified
    assert not criteria.abatacept_schedule(weight_kg=101, age_years=30).verified


def test_a_rule_that_breaks_is_a_failed_case_and_the_others_still_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise KeyError("bmi")

    monkeypatch.setattr(criteria, "bmi", broken)
    outcome = check({"id": "x", "rule": "bmi", "inputs": {"height_cm": 170}, "expected": {"bmi": None}})
    assert (outcome.state, outcome.reason) == ("failed", "KeyError: 'bmi'")


@pytest.mark.parametrize(
    ("expected", "got"), [(5.4, [5.4]), (5.4, None), ([3, 4], 3), ([3, 4], "34"), ([], None), (4, "4")]
)
def test_an_answer_of_another_kind_is_not_the_expected_one(expected: object, got: object) -> None:
    assert not same(expected, got)


def test_days_may_be_a_tuple() -> None:
    assert same([3, 4], (3, 4))


@pytest.mark.parametrize(
    ("rule", "inputs"),
    [
        ("primary_graft_failure", {"definition": None}),
        ("agvhd_stage_magic", {"organ": None}),
        ("competing_risk_status", {"endpoint": None}),
        ("regimen_totals", {"regimen": None}),
        ("mtx_schedule", {"arm": None}),
        ("cmv_serostatus", {"recipient": "0", "donor": "+"}),
    ],
)
def test_a_definition_that_is_not_named_is_refused_in_words(rule: str, inputs: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        getattr(criteria, rule)(**inputs)


@pytest.mark.parametrize(
    ("cause", "failed"),
    [("HHV-6", False), ("septic shock", False), ("linezolid", False), ("recurrence", False), ("undetermined", None)],
)
def test_the_cause_of_falling_counts_decides_on_graft_failure(cause: str, failed: bool | None) -> None:
    later = [[60, 0.3], [61, 0.2], [62, 0.4]]
    found = criteria.secondary_graft_failure(definition="three_days", recovered_day=16, anc_later=later, cause=cause)
    assert found["graft_failure"] is failed
