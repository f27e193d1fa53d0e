"""HLA match: known answers by hand, and laws that hold for any typing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dayzero.criteria import haplo_check, hla_match, hla_match_cord
from dayzero.criteria.hla_match import SETS, shared_alleles
from dayzero.criteria.hla_reducers import TableReducer
from dayzero.errors import InputError

PATIENT = {
    "A": ["A*02:01", "A*03:01"],
    "B": ["B*07:02", "B*35:01"],
    "C": ["C*04:01", "C*07:02"],
    "DRB1": ["DRB1*01:01", "DRB1*15:01"],
    "DQB1": ["DQB1*05:01", "DQB1*06:02"],
    "DPB1": ["DPB1*04:01", "DPB1*02:01"],
}
EQUIVALENT = TableReducer({"DRB1*14:01": "14:01P", "DRB1*14:54": "14:01P", "A*02:01": "02:01P", "A*02:09": "02:01P"})


def locus(patient: list[Any], donor: list[Any], at: str = "A", **more: Any) -> Any:
    return hla_match(patient={at: patient}, donor={at: donor}, loci=[at], **more)


@pytest.mark.parametrize(("name", "count"), [("6/6", 6), ("8/8", 8), ("10/10", 10), ("12/12", 12)])
def test_the_usual_sets_count_two_alleles_for_each_locus(name: str, count: int) -> None:
    found = hla_match(patient=PATIENT, donor=PATIENT, loci=name)
    assert (found["matched"], found["out_of"], found["direction"]) == (count, count, "none")
    assert found.complete and found.verified and not found.note and found["levels"] == {}


@pytest.mark.parametrize(
    ("patient", "donor", "matched", "gvh", "hvg", "direction", "level"),
    [
        (["A*02:01", "A*03:01"], ["A*03:01", "A*02:01"], 2, 0, 0, "none", None),
        (["A*02:01", "A*03:01"], ["A*02:05", "A*03:01"], 1, 1, 1, "bidirectional", "allele"),
        (["A*02:01", "A*03:01"], ["A*24:02", "A*03:01"], 1, 1, 1, "bidirectional", "antigen"),
        (["A*02:01", "A*02:01"], ["A*02:01", "A*03:01"], 1, 0, 1, "hvg", "antigen"),
        (["A*02:01", "A*03:01"], ["A*02:01", "A*02:01"], 1, 1, 0, "gvh", "antigen"),
        (["A*02:01", "A*02:01"], ["A*03:01", "A*03:01"], 0, 1, 1, "bidirectional", "antigen"),
        (["A*02:01", "A*03:01"], ["A*02:05", "A*03:02"], 0, 2, 2, "bidirectional", "allele"),
        (["A*02:01", "A*03:01"], ["A*24:02", "A*02:05"], 0, 2, 2, "bidirectional", "antigen"),
        (["A*02:01", "A*02:05"], ["A*02:01", "A*02:01"], 1, 1, 0, "gvh", "allele"),
        (["A*24:09N", "A*02:01"], ["A*24:02", "A*02:01"], 1, 0, 1, "hvg", "antigen"),
        (["A*24:02", "A*02:01"], ["A*24:09N", "A*02:01"], 1, 1, 0, "gvh", "antigen"),
        (["A*24:09N", "A*02:01"], ["A*02:01", "A*02:01"], 2, 0, 0, "none", None),
        (["A*24:09N", "A*02:01"], ["A*24:11N", "A*02:01"], 2, 0, 0, "none", None),
        (["A*24:02:01:02L", "A*02:01"], ["A*24:02", "A*02:01"], 2, 0, 0, "none", None),
        (["A*02:01/A*02:01:05", "A*03:01"], ["A*02:01", "A*03:01"], 2, 0, 0, "none", None),
        (["A*02:01/A*02:05", "A*03:01"], ["A*24:02", "A*03:01"], 1, 1, 1, "bidirectional", "antigen"),
        (["A*02", "A*03:01"], ["A*24:02", "A*03:01"], 1, 1, 1, "bidirectional", "antigen"),
    ],
)
def test_one_locus_by_hand(
    patient: list[str], donor: list[str], matched: int, gvh: int, hvg: int, direction: str, level: str | None
) -> None:
    found = locus(patient, donor)
    assert (found["matched"], found["gvh_mismatches"], found["hvg_mismatches"]) == (matched, gvh, hvg)
    assert found["direction"] == direction
    assert found["levels"].get("A") == level
    assert found["matched_range"] == [matched, matched]


@pytest.mark.parametrize(
    ("patient", "donor", "between"),
    [
        (["A*02", "A*03:01"], ["A*02:05", "A*03:01"], [1, 2]),
        (["A*02:XX", "A*03:01"], ["A*02:XX", "A*03:01"], [1, 2]),
        (["A*02:01/A*02:05", "A*03:01"], ["A*02:01", "A*03:01"], [1, 2]),
        (["A*02:01/A*24:09N", "A*03:01"], ["A*03:01", "A*03:01"], [1, 2]),
        (["A*02:AB", "A*03:01"], ["A*02:01", "A*03:01"], [1, 2]),
        (["A2", "A3"], ["A*02:01", "A*03:01"], [0, 2]),
        (["A*02:01"], ["A*02:01", "A*03:01"], [1, 2]),
        (["A*02:01", None], ["A*24:02", "A*03:01"], [0, 1]),
        (["A*24:09N", "A*24:11N"], ["A*24:02", "A*03:01"], [0, 2]),
        (["A*02", "A*02"], ["A*02:01", "A*02:05"], [0, 2]),
    ],
)
def test_an_ambiguous_typing_gives_a_range(patient: list[Any], donor: list[Any], between: list[int]) -> None:
    found = locus(patient, donor)
    assert (found["matched"], found["matched_range"]) == (None, between)
    assert not found.complete and found["flags"]


def test_a_locus_that_was_not_typed_leaves_two_alleles_open() -> None:
    donor = {name: positions for name, positions in PATIENT.items() if name != "DQB1"}
    found = hla_match(patient=PATIENT, donor=donor, loci="10/10")
    assert (found["matched"], found["matched_range"], found["direction"]) == (None, [8, 10], None)
    assert found["flags"] == ["donor DQB1: not typed"]
    assert hla_match(patient=PATIENT, donor=donor, loci="8/8")["matched"] == 8


def test_a_mismatch_that_is_certain_gives_its_direction_beside_one_that_is_open() -> None:
    donor = {**PATIENT, "A": ["A*24:02", "A*03:01"], "B": ["B*07", "B*35:01"]}
    found = hla_match(patient=PATIENT, donor=donor, loci="8/8")
    assert (found["matched"], found["matched_range"], found["direction"]) == (None, [6, 7], "bidirectional")
    assert found["levels"] == {"A": "antigen", "B": None}


def test_directions_of_several_loci_add_up() -> None:
    donor = {**PATIENT, "A": ["A*02:01", "A*02:01"]}
    patient = {**PATIENT, "C": ["C*07:02", "C*07:02"]}
    found = hla_match(patient=patient, donor=donor, loci="8/8")
    assert found["direction"] == "bidirectional"
    assert {at: one["direction"] for at, one in found["loci"].items()} == {
        "A": "gvh", "B": "none", "C": "hvg", "DRB1": "none",
    }  # fmt: skip


def test_suffixes_are_kept_and_told() -> None:
    found = locus(["A*32:11Q", "A*24:02:01:02L"], ["A*32:11Q", "A*24:09N"])
    assert "patient A*32:11Q: expression questionable" in found["flags"]
    assert "patient A*24:02:01:02L: low expression" in found["flags"]
    assert "donor A*24:09N: not expressed" in found["flags"]


def test_a_mismatch_by_name_may_be_equivalent_and_a_table_decides() -> None:
    patient, donor = {"DRB1": ["DRB1*14:01", "DRB1*01:01"]}, {"DRB1": ["DRB1*14:54", "DRB1*01:01"]}
    by_name = hla_match(patient=patient, donor=donor, loci=["DRB1"])
    assert (by_name["matched"], by_name["ard_level"]) == (1, "two_field")
    assert "may be equivalent" in by_name.note
    by_group = hla_match(patient=patient, donor=donor, loci=["DRB1"], reducer=EQUIVALENT)
    assert (by_group["matched"], by_group["ard_level"], by_group["release"], by_group.note) == (2, "P", "table", "")


def test_a_list_of_equivalent_alleles_is_not_ambiguous() -> None:
    assert locus(["A*02:01/A*02:09", "A*03:01"], ["A*02:09", "A*03:01"], reducer=EQUIVALENT)["matched"] == 2


def test_a_table_may_tell_the_antigen_where_the_first_field_does_not() -> None:
    table = TableReducer({}, {"C*03:03": "Cw9", "C*03:04": "Cw10"})
    assert locus(["C*03:03", "C*07:01"], ["C*03:04", "C*07:01"], "C")["levels"] == {"C": "allele"}
    assert locus(["C*03:03", "C*07:01"], ["C*03:04", "C*07:01"], "C", reducer=table)["levels"] == {"C": "antigen"}
    assert locus(["C*03:03", "C*07:01"], ["C*03:05", "C*07:01"], "C", reducer=table)["levels"] == {"C": None}


def test_drb345_stand_apart_and_are_never_counted() -> None:
    patient = {**PATIENT, "DRB5": ["DRB5*01:01"]}
    same = hla_match(patient=patient, donor=patient, loci=["A", "DRB1", "DRB5"])
    assert (same["matched"], same["out_of"]) == (4, 4)
    assert same["drb345"] == {"gvh_mismatches": 0, "hvg_mismatches": 0, "direction": "none"}
    without = hla_match(patient=patient, donor={**PATIENT, "DRB5": []}, loci="8/8")
    assert (without["matched"], without["drb345"]["direction"]) == (8, "gvh")
    null = hla_match(patient=patient, donor={**PATIENT, "DRB4": ["DRB4*01:03N"]}, loci="8/8")
    assert null["drb345"]["direction"] == "gvh"
    assert hla_match(patient=patient, donor=PATIENT, loci="8/8")["drb345"] is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"loci": "9/9"}, "one of 6/6"),
        ({"loci": ["E"]}, "one of A, B"),
        ({"loci": ["DRB3"]}, "reported apart"),
        ({"donor": {"A": "A*02:01"}}, "a list of two alleles"),
        ({"donor": {"A": ["A*02:01", "A*03:01", "A*24:02"]}}, "3 alleles"),
        (
            {"donor": {"DRB3": ["DRB3*01:01", "DRB3*02:02"], "DRB4": ["DRB4*01:01"]}, "patient": {"DRB3": []}},
            "at most two",
        ),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as problem:
        hla_match(**{"patient": PATIENT, "donor": PATIENT, "loci": "8/8", **change})
    assert said in str(problem.value)


@pytest.mark.parametrize(
    ("change", "matched", "between"),
    [
        ({}, 6, [6, 6]),
        ({"A": ["A*02:05", "A*03:01"]}, 6, [6, 6]),
        ({"A": ["A*02", "A*03:XX"]}, 6, [6, 6]),
        ({"B": ["B*07:05/B*07:06", "B*35:01"]}, 6, [6, 6]),
        ({"B": ["B*07:02", "B*08"]}, 5, [5, 5]),
        ({"DRB1": ["DRB1*01:02", "DRB1*15:01"]}, 5, [5, 5]),
        ({"DRB1": ["DRB1*01", "DRB1*15:01"]}, None, [5, 6]),
        ({"A": ["A2", "A*03:01"]}, None, [5, 6]),
        ({"A": ["A*02:77N", "A*03:01"]}, 5, [5, 5]),
    ],
)
def test_a_cord_unit_matches_by_antigen_at_a_and_b_and_by_allele_at_drb1(
    change: dict[str, Any], matched: int | None, between: list[int]
) -> None:
    found = hla_match_cord(patient=PATIENT, cord={**PATIENT, **change})
    assert (found["matched"], found["matched_range"], found["out_of"]) == (matched, between, 6)
    assert not found.verified


def test_an_antigen_that_the_table_does_not_hold_leaves_a_cord_match_open() -> None:
    table = TableReducer({}, {"A*02:01": "A2", "A*03:01": "A3", "B*07:02": "B7", "B*35:01": "B35"})
    assert hla_match_cord(patient=PATIENT, cord=PATIENT, reducer=table)["matched"] == 6
    unlisted = {**PATIENT, "A": ["A*02:05", "A*03:01"]}
    assert hla_match_cord(patient=PATIENT, cord=unlisted, reducer=table)["matched_range"] == [5, 6]
    family = {**PATIENT, "A": ["A*02", "A*03:01"]}
    assert hla_match_cord(patient=PATIENT, cord=family, reducer=table)["matched_range"] == [5, 6]


HALF = {
    "A": ["A*02:01", "A*24:02"],
    "B": ["B*07:02", "B*51:01"],
    "C": ["C*07:02", "C*15:02"],
    "DRB1": ["DRB1*15:01", "DRB1*11:01"],
    "DQB1": ["DQB1*06:02", "DQB1*03:01"],
}


@pytest.mark.parametrize(
    ("change", "answer"),
    [({}, True), ({"B": ["B*44:02", "B*51:01"]}, False), ({"C": ["C*07", "C*15:02"]}, None), ({"DQB1": []}, None)],
)
def test_a_haploidentical_donor_shares_an_allele_at_each_of_five_loci(change: Any, answer: bool | None) -> None:
    found = haplo_check(patient=PATIENT, donor={**HALF, **change})
    assert found["haploidentical"] is answer
    expected = {True: "haploidentical", False: "not haploidentical", None: None}[answer]
    assert found["status"] == expected and found.note


def test_the_haplotype_of_the_family_must_be_carried_by_both() -> None:
    carried = {"A": "A*02:01", "B": "B*07:02"}
    assert haplo_check(patient=PATIENT, donor=HALF, haplotype=carried)["haploidentical"] is True
    other = haplo_check(patient=PATIENT, donor=HALF, haplotype={"A": "A*03:01"})
    assert other["haploidentical"] is False and "A of the haplotype" in other.note
    open_ = haplo_check(patient=PATIENT, donor=HALF, haplotype={"DPB1": "DPB1*04:01"})
    assert open_["haploidentical"] is None and "whether the haplotype" in open_.note


def test_a_locus_of_one_person_alone_shares_anything() -> None:
    assert shared_alleles({"A": ["A*02:01", "A*03:01"]}, {}, "A") == (0, 2)


# Laws ---------------------------------------------------------------------------------------------------------------

NAMES = ["A*02:01", "A*02:05", "A*03:01", "A*24:02", "A*24:09N"]
POSITION = st.sampled_from(
    [*NAMES, "A*02", "A*24:XX", "A*02:AB", None, "A*02:01/A*02:05", "A*02:05/A*03:01", "A*24:02/A*24:09N"]
)
PAIR = st.lists(POSITION, min_size=2, max_size=2)


def _exact(text: str | None) -> list[str]:
    """Alleles that a position of `POSITION` may turn out to be, the expressed ones where it is not a list."""
    if text is None or text == "A*02:AB":
        return NAMES
    if text.startswith(("A*02", "A*24")) and text in ("A*02", "A*24:XX"):
        return [name for name in NAMES if name.startswith(text[:4]) and not name.endswith("N")]
    return text.split("/")


@given(PAIR, PAIR)
@settings(max_examples=40, deadline=None)
def test_exchanging_donor_and_patient_exchanges_the_directions(patient: list[Any], donor: list[Any]) -> None:
    one, other = locus(patient, donor), locus(donor, patient)
    assert one["matched_range"] == other["matched_range"]
    assert one["gvh_range"] == other["hvg_range"]
    swapped = {"gvh": "hvg", "hvg": "gvh"}
    assert one["direction"] == swapped.get(other["direction"], other["direction"])
    assert one["levels"] == other["levels"]


@given(PAIR, PAIR)
@settings(max_examples=40, deadline=None)
def test_the_order_of_the_alleles_changes_nothing(patient: list[Any], donor: list[Any]) -> None:
    names = ("matched_range", "gvh_range", "hvg_range", "direction", "levels")
    one, other = locus(patient, donor), locus(patient[::-1], donor[::-1])
    assert {name: one[name] for name in names} == {name: other[name] for name in names}


@given(PAIR, PAIR, st.data())
@settings(max_examples=80, deadline=None)
def test_better_typing_stays_within_the_earlier_range(patient: list[Any], donor: list[Any], data: Any) -> None:
    known = [[data.draw(st.sampled_from(_exact(position))) for position in pair] for pair in (patient, donor)]
    before, after = locus(patient, donor), locus(*known)
    for name in ("matched_range", "gvh_range", "hvg_range"):
        if all(position.endswith("N") for position in known[0]) or all(p.endswith("N") for p in known[1]):
            continue  # two null alleles cannot be assessed
        assert before[name][0] <= after[name][0] <= after[name][1] <= before[name][1]
    if before["matched"] is not None and before["direction"] is not None:
        assert after["direction"] in (before["direction"], None)


@given(st.permutations(SETS["12/12"]))
@settings(max_examples=15, deadline=None)
def test_the_order_of_the_loci_changes_nothing(loci: list[str]) -> None:
    donor = {**HALF, "DPB1": ["DPB1*04", "DPB1*02:01"]}
    names = ("matched", "matched_range", "gvh_range", "hvg_range", "direction", "levels")
    one = hla_match(patient=PATIENT, donor=donor, loci=loci)
    other = hla_match(patient=PATIENT, donor=donor, loci="12/12")
    assert {name: one[name] for name in names} == {name: other[name] for name in names}
    assert one["matched_range"] == [6, 7]


@given(st.lists(st.lists(st.sampled_from(NAMES[:4]), min_size=1, max_size=3), min_size=4, max_size=4))
@settings(max_examples=40, deadline=None)
def test_lists_give_exactly_what_their_alleles_can_give(positions: list[list[str]]) -> None:
    """The range is that of every combination written out."""
    from itertools import product

    joined = ["/".join(names) for names in positions]
    found = locus(joined[:2], joined[2:])
    every = [locus(list(chosen[:2]), list(chosen[2:])) for chosen in product(*positions)]
    for name in ("matched", "gvh_mismatches", "hvg_mismatches"):
        counts = [one[name] for one in every]
        between = found[{"matched": "matched_range"}.get(name, f"{name[:3]}_range")]
        assert between == [min(counts), max(counts)]
