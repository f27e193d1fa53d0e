"""What is not given stays missing, and what cannot be is refused, in rules that no other test asks it of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from making import chart

from dayzero.criteria import (
    bmi,
    bsa_mosteller,
    busulfan_exposure,
    chimerism_category,
    conditioning_intensity,
    ctcae_neutropenia,
    daily_grades,
    ibw_devine,
    limit_day,
    mtx_schedule,
    primary_graft_failure,
    secondary_graft_failure,
    tnc_dose,
    vod_by,
)
from dayzero.criteria.vectors import same
from dayzero.errors import InputError


@pytest.mark.parametrize(
    ("rule", "inputs"),
    [
        (bsa_mosteller, {"height_cm": None, "weight_kg": 65}),
        (bmi, {"height_cm": 170, "weight_kg": None}),
        (tnc_dose, {"tnc_total": None, "weight_kg": 50}),
        (ctcae_neutropenia, {"anc": None, "lln": 1.5}),
        (primary_graft_failure, {"definition": "EBMT", "assess_day": 30}),
        (secondary_graft_failure, {"definition": "three_days", "recovered_day": 20, "cause": "none_found"}),
        (ibw_devine, {"sex": None, "height_cm": 170}),
    ],
)
def test_without_its_inputs_a_rule_has_no_answer(rule: Callable[..., Any], inputs: dict[str, Any]) -> None:
    found = rule(**inputs)
    assert next(iter(found.values.values())) is None
    assert not found.complete


@pytest.mark.parametrize(
    ("rule", "inputs", "word"),
    [
        (ibw_devine, {"sex": "X", "height_cm": 170}, "M or F"),
        (ctcae_neutropenia, {"anc": 1.0, "version": "4.0"}, "only CTCAE 5.0"),
        (busulfan_exposure, {"auc_mg_h_l": -1.0}, "more than zero"),
        (conditioning_intensity, {"drugs": [{"dose": 140}]}, 'write "drug"'),
        (mtx_schedule, {"bsa_m2": 1.8, "arm": "15/10"}, "mtx_schedule"),
        (limit_day, {"definition": "ASTCT", "graft": "blood"}, "PBSC, BM, TCD, cord"),
        (secondary_graft_failure, {"definition": "four_days", "recovered_day": 20}, "three_days"),
        (chimerism_category, {"donor_pct": 98.0, "full_rule": "gt99"}, "gt95 or ge95"),
        (daily_grades, {"chart": chart(rash=[(20, 10.0)]), "carry_days": -1}, "zero days or more"),
    ],
)
def test_what_cannot_be_is_refused(rule: Callable[..., Any], inputs: dict[str, Any], word: str) -> None:
    with pytest.raises(InputError, match=word):
        rule(**inputs)


def test_a_day_without_a_count_is_no_low_day() -> None:
    found = secondary_graft_failure(
        definition="three_days", recovered_day=20, cause="none_found", anc_later=[[90, 0.4], [91, None], [92, 0.2]]
    )
    assert found["graft_failure"] is False


def test_a_word_is_never_a_number() -> None:
    assert not same(4.0, "4.0")
    assert not same(4.0, True)


def test_readings_before_day_0_show_no_rise() -> None:
    early = chart(bilirubin=[(-3, 0.5), (-2, 0.7), (-1, 0.9), (12, 2.4)], weight=[(-2, 70.0)])
    assert vod_by(early, "EBMT 2018").rows()[0]["status"] == "possible"
