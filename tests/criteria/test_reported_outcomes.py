"""Questionnaires of patients, and vaccines after transplant."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dayzero.criteria import fact_subscale, fact_totals, vaccine_due
from dayzero.criteria.reported_outcomes import ITEMS
from dayzero.errors import InputError


def subscale(name: str, raw: list[Any], reversed: bool = False) -> Any:
    return fact_subscale(subscale=name, raw=raw, reversed=[reversed] * len(raw))


@pytest.mark.parametrize(
    ("name", "raw", "is_negative", "score"),
    [
        ("PWB", [0] * 7, True, 28), ("PWB", [4] * 7, True, 0), ("SWB", [4] * 7, False, 28), ("EWB", [4] * 6, False, 24),
        ("FWB", [4] * 7, False, 28), ("BMTS", [4] * 10, False, 40), ("bmts", [1] * 10, True, 30),
        ("EWB", [2, 2, 2, None, None, None], False, None), ("EWB", [2, 3, 2, 3, None, None], False, 15),
        ("PWB", [1, 1, 1, 1, None, None, None], False, 7), ("PWB", [1, 1, 1, None, None, None, None], False, None),
        ("BMTS", [3] * 5 + [None] * 5, False, None), ("BMTS", [3] * 6 + [None] * 4, False, 30),
        ("SWB", [None] * 7, False, None),
    ],
)  # fmt: skip
def test_a_subscale_is_prorated_when_more_than_half_is_answered(
    name: str, raw: list[int | None], is_negative: bool, score: float | None
) -> None:
    found = subscale(name, raw, is_negative)
    assert found["score"] == (None if score is None else pytest.approx(score))
    assert found["answered"] == sum(item is not None for item in raw)
    assert found.complete is (None not in raw)


def test_only_the_negative_items_are_reversed() -> None:
    found = fact_subscale(subscale="EWB", raw=[1, 3, 0, 0, 0, 0], reversed=[True, False, True, True, True, True])
    assert found["score"] == 3 + 3 + 4 * 4


def test_the_transplant_subscale_is_marked_as_recalled() -> None:
    assert subscale("PWB", [0] * 7).verified
    assert not subscale("BMTS", [0] * 10).verified


@settings(max_examples=60)
@given(st.sampled_from(sorted(ITEMS)), st.data())
def test_a_score_lies_in_the_range_of_its_subscale(name: str, data: st.DataObject) -> None:
    answers = st.lists(st.none() | st.integers(0, 4), min_size=ITEMS[name], max_size=ITEMS[name])
    raw, negative = data.draw(answers), data.draw(st.booleans())
    found, other = subscale(name, raw, negative), subscale(name, raw, not negative)
    if found["score"] is not None:
        assert 0 <= found["score"] <= 4 * ITEMS[name]
        assert found["score"] + other["score"] == pytest.approx(4 * ITEMS[name])


SCORES = {"PWB": 20, "SWB": 21, "EWB": 18, "FWB": 19.25, "BMTS": 28}


@pytest.mark.parametrize(
    ("missing", "fact_g", "toi", "total"),
    [
        (None, 78.25, 67.25, 106.25), ("PWB", None, None, None), ("SWB", None, 67.25, None), ("EWB", None, 67.25, None),
        ("FWB", None, None, None), ("BMTS", 78.25, None, None),
    ],
)  # fmt: skip
def test_a_missing_subscale_takes_only_the_sums_that_use_it(
    missing: str | None, fact_g: float | None, toi: float | None, total: float | None
) -> None:
    found = fact_totals(**{name: None if name == missing else score for name, score in SCORES.items()})
    assert found.values == {"fact_g": fact_g, "toi": toi, "total": total}
    assert found.complete is (missing is None)


def due(vaccine: str, months: float | None, held: bool | None = False, **more: Any) -> bool | None:
    return vaccine_due(vaccine=vaccine, months_after_hct=months, active_gvhd_or_ist=held, **more)["due"]


@pytest.mark.parametrize(
    ("vaccine", "months", "held", "expected"),
    [
        ("pcv", 2.9, False, False), ("pcv", 3, False, True), ("PCV20", 3, True, True), ("pcv", 3, None, True),
        ("dtap_ipv_hib_hbv", 5.9, False, False), ("dtap", 6, True, True), ("hib", 6, True, True),
        ("hib", 3, False, False), ("hepatitis B", 6, None, True), ("influenza", 3.9, False, False),
        ("influenza", 5, False, None),
        ("influenza", 6, True, True), ("mmr", 23.9, None, False), ("varicella", 24, False, True),
        ("varicella", 24, True, False), ("varicella", 24, None, None), ("mmr", None, False, None),
        ("mmr", None, True, False), ("pcv", None, False, None), ("varicella", 12, False, False),
    ],
)  # fmt: skip
def test_a_vaccine_is_due_from_its_month_and_live_ones_wait_for_immunity(
    vaccine: str, months: float | None, held: bool | None, expected: bool | None
) -> None:
    assert due(vaccine, months, held) is expected


@pytest.mark.parametrize(
    ("held", "months_off", "expected"),
    [(False, 3, True), (False, 2.9, False), (None, 2, False), (None, 12, None), (True, 12, False), (False, None, True)],
)
def test_a_live_vaccine_waits_three_months_without_immunosuppression(
    held: bool | None, months_off: float | None, expected: bool | None
) -> None:
    assert due("mmr", 30, held, months_off_ist=months_off) is expected
    assert due("pcv", 30, held, months_off_ist=months_off) is True


@pytest.mark.parametrize(
    ("vaccine", "months", "schedule", "expected"),
    [
        ("pcv", 3, "early", True), ("pcv", 3, "late", False), ("pcv", 6, "late", True), ("hib", 3, "early", True),
        ("hib", 3, "late", False), ("influenza", 4, "early", True), ("influenza", 5, "late", False),
        ("dtap_ipv_hib_hbv", 3, "early", False), ("dtap_ipv_hib_hbv", 6, "early", True),
        ("pcv", 4, {"pcv13": 4.5}, False), ("pcv", 4.5, {"pcv": 4.5}, True), ("mmr", 24, {"pcv": 4.5}, True),
        ("dtap_ipv_hib_hbv", 6, {"hib": 7}, False), ("dtap_ipv_hib_hbv", 3, {"dtap_ipv_hib_hbv": 3}, True),
    ],
)  # fmt: skip
def test_the_schedule_is_an_argument(vaccine: str, months: float, schedule: Any, expected: bool) -> None:
    assert due(vaccine, months, schedule=schedule) is expected


@pytest.mark.parametrize(
    ("vaccine", "given_before", "since", "expected"),
    [
        ("pcv", 0, None, True), ("pcv", 3, 1, True), ("pcv", 4, 1, False), ("pcv", None, None, None),
        ("influenza", 1, 11, False), ("influenza", 1, 12, True), ("influenza", 1, None, None), ("hbv", 1, 1, None),
    ],
)  # fmt: skip
def test_doses_given_end_a_series_and_influenza_returns_each_year(
    vaccine: str, given_before: int | None, since: float | None, expected: bool | None
) -> None:
    assert due(vaccine, 18, doses_given=given_before, months_since_last_dose=since) is expected


def test_an_answer_names_its_schedule_and_what_it_depends_on() -> None:
    found = vaccine_due(vaccine="pcv", months_after_hct=4)
    assert (found.version, found["live"], found["from_months"]) == ("schedule usual", False, 3)
    assert "3 or at 6 months" in found.note
    assert "name the schedule" in vaccine_due(vaccine="influenza", months_after_hct=5).note
    assert "immunosuppression" in vaccine_due(vaccine="mmr", months_after_hct=25).note
    assert vaccine_due(vaccine="mmr", months_after_hct=25, schedule={"mmr": 12}).version == "schedule of the caller"


@settings(max_examples=80)
@given(
    st.sampled_from(["pcv", "dtap_ipv_hib_hbv", "influenza_inactivated", "mmr"]),
    st.sampled_from([0.0, 3.0, 4.0, 5.0, 6.0, 24.0]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_an_answer_about_a_vaccine_does_not_turn_when_more_is_known(
    vaccine: str, months: float, held: bool, hide_months: bool, hide_held: bool
) -> None:
    for schedule in ("early", "late"):
        known = due(vaccine, months, held, schedule=schedule)
        less = due(vaccine, None if hide_months else months, None if hide_held else held, schedule=schedule)
        assert less in (None, known)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: subscale("PWBX", [0] * 7), "did you mean PWB"),
        (lambda: subscale("PWB", [0] * 6), "raw: got 6 values, expected 7"),
        (lambda: subscale("PWB", [5, *[0] * 6]), "raw: got 5"),
        (lambda: subscale("PWB", [1.5, *[0] * 6]), "raw: got 1.5"),
        (lambda: subscale("PWB", [True, *[0] * 6]), "raw: got True"),
        (lambda: fact_subscale(subscale="PWB", raw=[0] * 7, reversed=[True] * 6), "reversed: got 6 values"),
        (lambda: fact_subscale(subscale="PWB", raw=[0] * 7, reversed=[None] * 7), "reversed: got None"),  # type: ignore
        (lambda: fact_subscale(subscale="PWB", raw=[0] * 8, reversed=[True] * 8, n_items=8), "n_items: got 8"),
        (lambda: fact_totals(PWB=29), "PWB: got 29"),
        (lambda: fact_totals(BMTS=-1), "0 to 40"),
        (lambda: due("mmrr", 24), "did you mean mmr"),
        (lambda: due("pcv", -1), "months_after_hct"),
        (lambda: due("pcv", 3, schedule="earl"), "did you mean early"),
        (lambda: due("pcv", 3, schedule={"pcvv": 3}), "did you mean pcv"),
        (lambda: due("pcv", 3, schedule={"pcv": None}), "leave the vaccine out"),
        (lambda: due("mmr", 30, months_off_ist=-1), "months_off_ist"),
        (lambda: due("mmr", 30, held="no"), "active_gvhd_or_ist"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(call: Any, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        call()
    assert "\n" not in str(caught.value)
