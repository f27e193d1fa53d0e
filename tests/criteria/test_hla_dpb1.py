"""DPB1 by T-cell epitope groups: the table of pairs, both versions, null alleles, and what is missing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dayzero.criteria import dpb1_tce_group, dpb1_tce_match
from dayzero.criteria.hla_reducers import TableReducer
from dayzero.errors import InputError

V1, V2 = "TCE3_v1", "TCE3_v2"


def result(patient: list[Any], donor: list[Any], scheme: str = V1, **more: Any) -> Any:
    return dpb1_tce_match(patient=patient, donor=donor, scheme=scheme, **more)


@pytest.mark.parametrize(
    ("allele", "first", "second"),
    [
        ("DPB1*09:01", 1, 1), ("DPB1*10:01:01", 1, 1), ("DPB1*17:01", 1, 1),
        ("DPB1*03:01", 2, 2), ("DPB1*14:01", 2, 2), ("DPB1*45:01", 2, 2), ("DPB1*104:01", 2, 2),
        ("DPB1*01:01", 3, 3), ("DPB1*13:01", 3, 3), ("04:01", 3, 3),
        ("DPB1*06:01", 3, "2a"), ("DPB1*19:01", 3, "2a"),
        ("DPB1*30:01", None, 1), ("DPB1*21:01", None, 2), ("DPB1*35:01", None, 2), ("DPB1*88:01", None, 2),
        ("DPB1*18:01", None, 3), ("DPB1*26:01", None, 3),
        ("DPB1*02:01/DPB1*04:01", 3, 3), ("DPB1*03:01/DPB1*04:01", None, None),
        ("DPB1*04", None, None), ("DPB1*04:AB", None, None), ("DPB1*61:01N", None, None), (None, None, None),
    ],
)  # fmt: skip
def test_the_group_of_an_allele_by_version(allele: str | None, first: object, second: object) -> None:
    assert dpb1_tce_group(allele=allele, scheme=V1)["group"] == first
    assert dpb1_tce_group(allele=allele, scheme=V2)["group"] == second


@pytest.mark.parametrize(
    ("allele", "note"),
    [("DPB1*61:01N", "not expressed"), ("DPB1*30:01", "no group in this version"), ("DPB1*04", "not resolved")],
)
def test_a_missing_group_says_why(allele: str, note: str) -> None:
    assert dpb1_tce_group(allele=allele, scheme=V1).note == note


#: One person for each pair of groups, with alleles of their own so that none are matched.
OURS = {(1, 1): ("09:01", "10:01"), (1, 2): ("09:01", "03:01"), (1, 3): ("09:01", "01:01"), (2, 2): ("03:01", "14:01"),
        (2, 3): ("03:01", "01:01"), (3, 3): ("01:01", "02:01")}  # fmt: skip
THEIRS = {(1, 1): ("17:01", "17:01"), (1, 2): ("17:01", "45:01"), (1, 3): ("17:01", "05:01"),
          (2, 2): ("45:01", "104:01"), (2, 3): ("45:01", "05:01"), (3, 3): ("04:02", "05:01")}  # fmt: skip


@pytest.mark.parametrize("ours", OURS)
@pytest.mark.parametrize("theirs", THEIRS)
def test_every_cell_of_the_table_follows_the_lowest_groups(ours: tuple[int, int], theirs: tuple[int, int]) -> None:
    found = result([*OURS[ours]], [*THEIRS[theirs]])
    expected = "permissive" if ours[0] == theirs[0] else f"nonpermissive_{'gvh' if ours[0] < theirs[0] else 'hvg'}"
    assert found["result"] == expected
    assert (found["patient_group"], found["donor_group"]) == (ours[0], theirs[0])
    assert found["permissive"] is (expected == "permissive")
    assert found.verified and found.version == V1


@pytest.mark.parametrize(
    ("patient", "donor", "expected"),
    [
        (["04:01", "02:01"], ["02:01", "04:01"], "matched"),
        (["04:01:01", "02:01"], ["02:01:02", "04:01:01:01"], "matched"),
        (["30:01", "04:01"], ["04:01", "30:01"], "matched"),
        (["30:01", "04:01"], ["04:01", "04:01"], None),
        (["09:01", "30:01"], ["04:01", "04:01"], None),
        (["61:01N", "04:01"], ["04:01", "04:01"], "matched"),
        (["03:01", "61:01N"], ["04:01", "02:01"], "nonpermissive_gvh"),
        (["04:01", "02:01"], ["61:01N", "09:01"], "nonpermissive_hvg"),
        (["61:01N", "64:01N"], ["04:01", "02:01"], None),
        (["04:01", ""], ["04:01", "02:01"], None),
        (["04:01", None], ["04:01", "02:01"], None),
        (["04:01"], ["04:01", "02:01"], None),
        (["04", "02:01"], ["04:01", "02:01"], None),
        (["04:01/105:01", "02:01"], ["04:01", "02:01"], None),
        (["03:01/14:01", "02:01"], ["04:01", "02:01"], "nonpermissive_gvh"),
    ],
)
def test_pairs_by_hand(patient: list[Any], donor: list[Any], expected: str | None) -> None:
    found = result(patient, donor)
    assert found["result"] == expected
    assert found.complete is (expected is not None)


def test_a_pair_that_is_matched_or_permissive_is_permissive() -> None:
    found = result(["04:01/04:02", "02:01"], ["04:01", "02:01"])
    assert (found["result"], found["permissive"]) == (None, True)


def test_long_lists_of_alleles_are_compared_by_their_groups() -> None:
    many = "/".join(["03:01", *(f"{number}:01" for number in range(200, 260))])
    table = {f"DPB1*{number}:01": 2 for number in range(200, 260)}
    assert result([many, many], ["04:01", "02:01"], table=table)["result"] == "nonpermissive_gvh"


def test_the_versions_may_disagree() -> None:
    pair = (["06:01", "04:01"], ["04:01", "04:02"])
    assert result(*pair)["result"] == "permissive"
    assert result(*pair, V2)["result"] == "nonpermissive_gvh"
    assert result(["06:01", "04:01"], ["03:01", "04:02"], V2)["result"] == "permissive"


def test_a_table_of_ones_own_and_equivalent_alleles_are_used() -> None:
    assert result(["11:01", "04:01"], ["04:01", "04:01"], table={"11:01": 3})["result"] == "permissive"
    groups = TableReducer({"DPB1*04:02": "P", "DPB1*105:01": "P"})
    assert result(["04:02", "04:01"], ["105:01", "04:01"], reducer=groups)["result"] == "matched"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"scheme": "v1"}, "TCE3_v1 or TCE3_v2"),
        ({"table": {"04:01": 4}}, "1, 2, 2a or 3"),
        ({"patient": "04:01"}, "a list of two alleles"),
        ({"donor": ["04:01"] * 3}, "a list of two alleles"),
        ({"donor": ["DRB1*04:01", "04:01"]}, "an allele of DPB1"),
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as problem:
        dpb1_tce_match(**{"patient": ["04:01", "04:01"], "donor": ["04:01", "04:01"], "scheme": V1, **change})
    assert said in str(problem.value)


PAIR = st.lists(st.sampled_from(["09:01", "03:01", "06:01", "04:01", "30:01", "61:01N", None, "03:01/04:01"]),
                min_size=2, max_size=2)  # fmt: skip


@given(PAIR, PAIR, st.sampled_from([V1, V2]))
@settings(max_examples=60, deadline=None)
def test_exchanging_donor_and_patient_exchanges_the_direction(
    patient: list[Any], donor: list[Any], scheme: str
) -> None:
    one, other = result(patient, donor, scheme), result(donor[::-1], patient[::-1], scheme)
    swapped = {"nonpermissive_gvh": "nonpermissive_hvg", "nonpermissive_hvg": "nonpermissive_gvh"}
    assert one["result"] == swapped.get(other["result"], other["result"])
    assert one["permissive"] == other["permissive"]
    assert (one["patient_group"], one["donor_group"]) == (other["donor_group"], other["patient_group"])
