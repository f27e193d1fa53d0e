"""The HLA-B leader: families, exceptions, and the pair at a single mismatch."""

from __future__ import annotations

from typing import Any

import pytest

from dayzero.criteria import hla_b_leader, hla_b_leader_pair
from dayzero.criteria.hla_reducers import TableReducer

M_FAMILIES = ("07", "08", "14", "38", "39", "42", "48", "67", "73", "81")


@pytest.mark.parametrize("family", M_FAMILIES)
def test_ten_families_have_methionine(family: str) -> None:
    assert hla_b_leader(allele=f"B*{family}:01")["leader"] == "M"


@pytest.mark.parametrize("family", ["13", "15", "18", "27", "35", "40", "44", "51", "55", "57"])
def test_other_families_have_threonine(family: str) -> None:
    assert hla_b_leader(allele=f"B*{family}:01")["leader"] == "T"


@pytest.mark.parametrize(
    ("allele", "leader", "family"),
    [
        ("B*08:276", "T", "M"), ("B*15:68", "M", "T"), ("B*35:516", "M", "T"), ("B*44:387", "M", "T"),
        ("B*18:206", "M", "T"), ("B*07:371", "V", "M"), ("B*55:91", "R", "T"),
        ("B*07:02:01G", "M", "M"), ("B*07:02/B*08:01", "M", "M"), ("B*07:02/B*44:02", None, None),
        ("B*07", None, "M"), ("B*15:XX", None, "T"), ("B*07:AB", None, None), ("B7", None, None), (None, None, None),
        ("B*51:11N", None, "T"), ("B*44:02/B*44:19N", None, "T"),
    ],
)  # fmt: skip
def test_exceptions_and_typings_that_leave_it_open(allele: str | None, leader: str | None, family: str | None) -> None:
    found = hla_b_leader(allele=allele)
    assert (found["leader"], found["family_leader"]) == (leader, family)
    assert found.note == ("not expressed" if allele == "B*51:11N" else "")


@pytest.mark.parametrize(
    ("patient", "donor", "ours", "theirs", "match", "shared"),
    [
        (["B*07:02", "B*44:02"], ["B*35:01", "B*44:02"], "M", "T", False, "T"),
        (["B*44:02", "B*07:02"], ["B*44:02", "B*08:01"], "M", "M", True, "T"),
        (["B*35:01", "B*08:01"], ["B*51:01", "B*08:01"], "T", "T", True, "M"),
        (["B*07:02", "B*07:02"], ["B*07:02", "B*44:02"], "M", "T", False, "M"),
        (["B*51:11N", "B*07:02"], ["B*44:02", "B*07:02"], "M", "T", False, "M"),
        (["B*07:02/B*08:01", "B*44:02"], ["B*35:01", "B*44:02"], "M", "T", False, "T"),
        (["B*07:02/B*35:02", "B*44:02"], ["B*35:01", "B*44:02"], None, "T", None, "T"),
        (["B*07", "B*44:02"], ["B*35:01", "B*44:02"], None, None, None, None),
        (["B*07:02"], ["B*35:01", "B*44:02"], None, None, None, None),
        (["B*51:11N", "B*44:19N"], ["B*35:01", "B*44:02"], None, None, None, None),
        (["B*07:02/B*35:01", "B*44:02"], ["B*35:01", "B*44:02"], None, None, None, None),
    ],
)
def test_the_pair_at_a_single_mismatch(
    patient: list[Any], donor: list[Any], ours: str | None, theirs: str | None, match: bool | None, shared: str | None
) -> None:
    found = hla_b_leader_pair(patient=patient, donor=donor)
    values = (found["patient_mismatched"], found["donor_mismatched"], found["leader_match"], found["shared"])
    assert values == (ours, theirs, match, shared)
    assert found.complete is (match is not None)
    assert not found.verified


@pytest.mark.parametrize(
    ("donor", "note"),
    [(["B*44:02", "B*07:02"], "no HLA-B mismatch"), (["B*35:01", "B*51:01"], "two HLA-B mismatches")],
)
def test_without_a_single_mismatch_the_rule_does_not_apply(donor: list[str], note: str) -> None:
    found = hla_b_leader_pair(patient=["B*07:02", "B*44:02"], donor=donor)
    assert set(found.values.values()) == {None}
    assert found.complete and note in found.note


def test_equivalent_alleles_are_no_mismatch_and_long_lists_stay_open() -> None:
    groups = TableReducer({"B*44:02": "P", "B*44:27": "P"})
    found = hla_b_leader_pair(patient=["B*44:02", "B*07:02"], donor=["B*44:27", "B*07:02"], reducer=groups)
    assert found.note == "no HLA-B mismatch"
    many = "/".join(f"B*44:{number}" for number in range(100, 200))
    open_ = hla_b_leader_pair(patient=[many, many], donor=[many, "B*07:02"])
    assert open_["leader_match"] is None and not open_.complete
