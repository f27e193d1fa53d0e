"""Antibodies, cord doses and the order of donors: by hand, with ties and unknown items, and laws of any order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dayzero.criteria import cord_dose, cord_search_filter, donor_rank, dsa_level
from dayzero.criteria.donor_choice import ORDERS
from dayzero.errors import InputError

UNRELATED = "unrelated, conventional prophylaxis"
PATIENT = {"cmv": "+", "sex": "M", "abo": "A", "weight_kg": 80}


def rank(*candidates: dict[str, Any], setting: str = UNRELATED, patient: dict[str, Any] | None = None) -> Any:
    return donor_rank(setting=setting, candidates=candidates, patient=PATIENT if patient is None else patient)


def donor(name: str, **more: Any) -> dict[str, Any]:
    alike = {"match_8": 8, "dpb1": "matched", "age": 30, "dsa": False, "cmv": "+", "sex": "M", "abo": "A"}
    return {"id": name, "weight_kg": 80, **alike, **more}


# Antibodies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mfi", "level"),
    [
        (0, "negative"),
        (999, "negative"),
        (1000, "positive"),
        (4999, "positive"),
        (5000, "strong_positive"),
        (None, None),
    ],
)
def test_antibodies_by_intensity(mfi: float | None, level: str | None) -> None:
    assert dsa_level(mfi=mfi)["level"] == level


def test_the_limits_of_antibodies_are_settings_of_the_laboratory() -> None:
    assert dsa_level(mfi=1500, positive_at=2000, strong_at=8000)["level"] == "negative"
    assert "desensitisation" in dsa_level(mfi=20_001).note and not dsa_level(mfi=20_000).note


@pytest.mark.parametrize(
    "change", [{"mfi": -1}, {"mfi": True}, {"positive_at": 0}, {"positive_at": 6000}, {"strong_at": "5000"}]
)
def test_antibodies_that_make_no_sense_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="dsa_level"):
        dsa_level(**{"mfi": 100, **change})


# Cord -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tnc", "cd34", "enough"),
    [
        (3.0e7, 1.5e5, True), (2.9e7, 1.5e5, False), (3.0e7, 1.4e5, False), (None, 2e5, None), (3e7, None, None),
        (None, 1e5, False), (1e7, None, False), (None, None, None),
    ],
)  # fmt: skip
def test_one_unit_needs_nucleated_and_cd34_cells(tnc: float | None, cd34: float | None, enough: bool | None) -> None:
    assert cord_dose(units=1, tnc_per_kg=tnc, cd34_per_kg=cd34)["adequate"] is enough


def test_the_limit_of_nucleated_cells_is_a_setting_because_sources_differ() -> None:
    by_page = cord_dose(units=1, tnc_per_kg=2.6e7, cd34_per_kg=2e5)
    as_quoted = cord_dose(units=1, tnc_per_kg=2.6e7, cd34_per_kg=2e5, tnc_limit=2.5e7)
    assert (by_page["adequate"], as_quoted["adequate"]) == (False, True)
    assert (by_page.verified, as_quoted.verified) == (True, False)
    assert "2.5e7 and 3.0e7" in by_page.note
    assert not cord_dose(units=1, tnc_per_kg=2.4e7, cd34_per_kg=2e5).note


@pytest.mark.parametrize(
    ("each", "enough"),
    [([1e5, 1e5], True), ([1e5, 0.9e5], False), ([1e5, None], None), ([None, 0.9e5], False), (None, None)],
)
def test_each_of_two_units_needs_cd34_cells(each: Any, enough: bool | None) -> None:
    assert cord_dose(units=2, cd34_per_kg_each=each)["adequate"] is enough


@pytest.mark.parametrize(
    "change",
    [{"units": 3}, {"units": True}, {"units": 2, "cd34_per_kg_each": [1e5]}, {"tnc_per_kg": -1}, {"tnc_limit": 3.0},
     {"cd34_per_kg": "many"}],
)  # fmt: skip
def test_doses_that_make_no_sense_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="cord_dose"):
        cord_dose(**{"units": 1, "tnc_per_kg": 3e7, "cd34_per_kg": 2e5, **change})


@pytest.mark.parametrize(
    ("match", "tnc", "cd34", "listed"),
    [
        (4, 1.51e7, 1.0e5, True), (3, 1.6e7, 1.0e5, False), (4, 1.5e7, 1.0e5, False), (4, 1.6e7, 0.99e5, False),
        (None, 1.6e7, 1e5, None), (8, None, 1e5, None), (3, None, None, False), (8, 2e7, None, None),
    ],
)  # fmt: skip
def test_what_a_search_lists(match: int | None, tnc: float | None, cd34: float | None, listed: bool | None) -> None:
    assert cord_search_filter(hla_8_allele=match, tnc_per_kg=tnc, cd34_per_kg=cd34)["listed"] is listed


@pytest.mark.parametrize(("replete", "recommended"), [(True, False), (False, True), (None, None)])
def test_units_with_red_cells_are_listed_and_not_recommended(replete: bool | None, recommended: bool | None) -> None:
    found = cord_search_filter(hla_8_allele=6, tnc_per_kg=3e7, cd34_per_kg=2e5, rbc_replete=replete)
    assert (found["listed"], found["recommended"]) == (True, recommended)
    assert bool(found.note) is bool(replete)


# Order ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("better", "worse", "by"),
    [
        ({"match_8": 8, "age": 60}, {"match_8": 7, "age": 20}, "HLA match"),
        ({"match_8": 7, "direction": "hvg", "age": 60},
         {"match_8": 7, "direction": "gvh", "c_0303_0304": False}, "mismatch"),
        ({"match_8": 7, "c_0303_0304": True, "age": 60},
         {"match_8": 7, "c_0303_0304": False, "direction": "bidirectional"}, "mismatch"),
        ({"dpb1": "permissive", "age": 34}, {"dpb1": "nonpermissive_gvh", "age": 22}, "DPB1"),
        ({"dpb1": "permissive", "age": 22}, {"dpb1": "matched", "age": 34}, "age"),
        ({"age": 22, "cmv": "-"}, {"age": 23}, "age"),
        ({"cmv": "+", "sex": "F", "parous": True}, {"cmv": "-"}, "CMV"),
        ({"abo": "B"}, {"sex": "F", "parous": False}, "sex"),
        ({"sex": "F", "parous": False}, {"sex": "F", "parous": True}, "sex"),
        ({"weight_kg": 50}, {"abo": "O"}, "ABO"),
        ({"abo": "O"}, {"abo": "AB"}, "ABO"),
        ({"weight_kg": 90}, {"weight_kg": 79}, "size"),
    ],
)  # fmt: skip
def test_unrelated_donors_are_ordered_item_by_item(better: Any, worse: Any, by: str) -> None:
    found = rank(donor("a", **worse), donor("b", **better))
    assert found["order"] == ["b", "a"] and found["ranks"] == {"b": 1, "a": 2}
    assert found["reasons"]["a"].startswith(f"after b: {by} (")
    assert found["reasons"]["b"].startswith(f"before a: {by} (")


def test_a_donor_with_antibodies_against_them_is_left_out() -> None:
    found = rank(donor("a", dsa=True, age=20), donor("b", age=50))
    assert (found["order"], found["excluded"]) == (["b"], ["a"])
    assert found["reasons"] == {"b": "the only one", "a": "antibodies against the donor's HLA"}
    assert found.complete


def test_donors_level_in_everything_share_a_place_in_the_order_given() -> None:
    found = rank(donor("c"), donor("a"), donor("b", age=31))
    assert found["order"] == ["c", "a", "b"]
    assert found["ranks"] == {"c": 1, "a": 1, "b": 3}
    assert found["reasons"]["a"] == "level with c"


def test_an_unknown_item_takes_the_least_place_and_the_range_tells_what_it_leaves_open() -> None:
    found = rank(donor("a", dpb1=None, age=20), donor("b"), donor("c", dpb1="nonpermissive_hvg"))
    assert found["order"] == ["b", "a", "c"]
    assert found["rank_range"] == {"b": [1, 2], "a": [1, 2], "c": [3, 3]}
    assert found["unknown"] == {"b": [], "a": ["DPB1"], "c": []}
    assert found["reasons"]["a"] == "after b: DPB1 (unknown; b: matched)"
    assert not found.complete


def test_untested_antibodies_leave_a_donor_in_place_with_a_doubt() -> None:
    found = rank(donor("a", dsa=None, age=20), donor("b"))
    assert found["order"] == ["a", "b"]
    assert found["may_be_excluded"] == {"a": ["antibodies not tested"]}
    assert found["rank_range"] == {"a": [1, 1], "b": [1, 2]}
    assert not found.complete


def test_a_match_known_as_a_range_counts_as_its_least() -> None:
    found = rank(donor("a", match_8=None, match_8_range=[7, 8]), donor("b"), donor("c", match_8=6))
    assert found["order"] == ["b", "a", "c"]
    assert found["rank_range"]["a"] == [1, 2]
    unknown = rank(donor("a", match_8=None), donor("c", match_8=6))
    assert unknown["rank_range"]["a"] == [1, 2]


def test_without_facts_of_the_patient_nothing_is_taken_for_granted() -> None:
    found = rank({"id": "a", "match_8": 8}, {"id": "b", "match_8": 7}, patient={})
    assert found["order"] == ["a", "b"]
    assert {"CMV", "ABO", "size", "age", "DPB1", "sex"} <= set(found["unknown"]["a"])
    assert "mismatch" in found["unknown"]["b"]


def test_haploidentical_donors_go_by_age_then_sex_cmv_and_abo() -> None:
    setting = "haploidentical"
    older = donor("a", age=40, haploidentical=True)
    younger = donor("b", age=20, match_8=4, sex="F", parous=True, haploidentical=True, dpb1="nonpermissive_hvg")
    assert rank(older, younger, setting=setting)["order"] == ["b", "a"]
    woman, cmv = donor("a", sex="F", parous=False, haploidentical=True), donor("b", cmv="-", haploidentical=True)
    assert rank(woman, cmv, setting="haplo")["order"] == ["b", "a"]
    found = rank(donor("a", haploidentical=False), donor("b", haploidentical=None), setting=setting)
    assert found["excluded"] == ["a"] and found["reasons"]["a"] == "not haploidentical"
    assert found["may_be_excluded"] == {"b": ["not shown to be haploidentical"]}


def unit(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "match_8": 6, "tnc_per_kg": 3e7, "cd34_per_kg": 2e5, "dsa": False, "rbc_replete": False, **more}


def test_cord_units_go_by_match_then_nucleated_cells_after_the_filter() -> None:
    units = [unit("a", tnc_per_kg=9e7), unit("b", match_8=7), unit("c"), unit("d", rbc_replete=True, match_8=8)]
    found = rank(*units, setting="cord")
    assert found["order"] == ["b", "a", "c", "d"]
    assert found["reasons"]["d"] == "after c: red cells (not removed; c: removed)"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"match_8": 3}, "under 4/8"),
        ({"tnc_per_kg": 1.5e7}, "too few nucleated cells"),
        ({"cd34_per_kg": 5e4, "match_8": 2}, "under 4/8, too few CD34 cells"),
        ({"match_8": None, "match_8_range": [1, 3]}, "under 4/8"),
    ],
)
def test_units_that_no_search_lists_are_left_out_and_told_why(change: dict[str, Any], why: str) -> None:
    found = rank(unit("a", **change), unit("b"), setting="cord")
    assert found["excluded"] == ["a"]
    assert found["reasons"]["a"] == f"not listed by a search: {why}"


def test_a_unit_of_unknown_size_may_yet_be_left_out() -> None:
    found = rank(
        unit("a", tnc_per_kg=None, rbc_replete=None), unit("b", match_8=None, match_8_range=[3, 8]), setting="cord"
    )
    assert found["may_be_excluded"] == {"a": ["match or cell dose unknown"], "b": ["match or cell dose unknown"]}
    assert found["unknown"]["a"] == ["red cells", "TNC"]


@pytest.mark.parametrize("setting", [*ORDERS, "haplo PTCy", "unrelated, post-transplant cyclophosphamide", "Unrelated"])
def test_every_setting_and_its_other_words_are_known(setting: str) -> None:
    assert rank(unit("a"), setting=setting).version in ORDERS


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"setting": "unrelatd"}, "setting"),
        ({"candidates": [{"id": "a", "agee": 3}]}, "did you mean age?"),
        ({"candidates": [{"id": ""}]}, "a name for each donor"),
        ({"candidates": [{"age": 3}]}, "a name for each donor"),
        ({"candidates": [{"id": "a"}, {"id": "a"}]}, "a twice"),
        ({"candidates": [{"id": "a", "match_8": 9}]}, "match_8"),
        ({"candidates": [{"id": "a", "match_8_range": [7, 6]}]}, "the lower number first"),
        ({"candidates": [{"id": "a", "dsa": "no"}]}, "True or False"),
        ({"candidates": [{"id": "a", "dpb1": "permisive"}]}, "did you mean permissive?"),
        ({"candidates": [{"id": "a", "direction": "up"}]}, "bidirectional"),
        ({"patient": {"cvm": "+"}}, "did you mean cmv?"),
        ({"patient": {"weight_kg": 80_000}}, "weight_kg"),
        ({"patient": {"abo": "C"}}, "O, A, B, AB"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as problem:
        donor_rank(**{"setting": UNRELATED, "candidates": [{"id": "a"}], **change})
    assert said in str(problem.value)


def test_no_candidates_give_an_empty_order() -> None:
    assert rank()["order"] == []


# Laws -----------------------------------------------------------------------------------------------------------------

KNOWN = {
    "match_8": st.sampled_from([6, 7, 8]),
    "direction": st.sampled_from(["gvh", "hvg", "bidirectional"]),
    "c_0303_0304": st.booleans(),
    "dpb1": st.sampled_from(["matched", "permissive", "nonpermissive_gvh", "nonpermissive_hvg"]),
    "age": st.sampled_from([20, 30, 40]),
    "cmv": st.sampled_from(["+", "-"]),
    "sex": st.sampled_from(["F", "M"]),
    "parous": st.booleans(),
    "abo": st.sampled_from(["O", "A", "B"]),
    "weight_kg": st.sampled_from([60, 90]),
    "haploidentical": st.just(True),
}
WHOLE = st.fixed_dictionaries({**KNOWN, "dsa": st.just(False)})
GROUP = st.lists(WHOLE, min_size=2, max_size=5)
SETTING = st.sampled_from([name for name in ORDERS if name != "cord"])


def named(people: list[dict[str, Any]], prefix: str = "d") -> list[dict[str, Any]]:
    return [{"id": f"{prefix}{number}", **one} for number, one in enumerate(people)]


@given(GROUP, SETTING)
@settings(max_examples=40, deadline=None)
def test_other_names_change_no_place(people: list[dict[str, Any]], setting: str) -> None:
    one, other = rank(*named(people), setting=setting), rank(*named(people, "other"), setting=setting)
    assert list(one["ranks"].values()) == list(other["ranks"].values())
    assert [name[1:] for name in one["order"]] == [name[5:] for name in other["order"]]


@given(GROUP, SETTING)
@settings(max_examples=40, deadline=None)
def test_the_order_of_the_candidates_changes_no_place(people: list[dict[str, Any]], setting: str) -> None:
    one, other = (rank(*order, setting=setting) for order in (named(people), named(people)[::-1]))
    assert one["ranks"] == other["ranks"] and one["rank_range"] == other["rank_range"]


@given(GROUP, SETTING, st.data())
@settings(max_examples=40, deadline=None)
def test_more_data_keep_every_place_within_its_earlier_range(
    people: list[dict[str, Any]], setting: str, data: Any
) -> None:
    less = [
        {name: value for name, value in one.items() if data.draw(st.booleans()) or name == "haploidentical"}
        for one in people
    ]
    before, after = rank(*named(less), setting=setting), rank(*named(people), setting=setting)
    for name, place in after["ranks"].items():
        low, high = before["rank_range"][name]
        assert low <= place <= high
        assert low <= before["ranks"][name] <= high


@given(GROUP, SETTING)
@settings(max_examples=30, deadline=None)
def test_whole_data_leave_no_place_open(people: list[dict[str, Any]], setting: str) -> None:
    found = rank(*named(people), setting=setting)
    assert found.complete
    assert all(between == [found["ranks"][name]] * 2 for name, between in found["rank_range"].items())
