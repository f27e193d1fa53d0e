"""Typings as written: alleles, lists, first fields, codes, serology, null alleles; what cannot be read is refused."""

from __future__ import annotations

from typing import Any

import pytest

from dayzero.criteria.hla import TWO_FIELD, allele, typed
from dayzero.errors import InputError


@pytest.mark.parametrize(
    ("text", "locus", "names"),
    [
        ("A*02:01", "A", ["A*02:01"]),
        ("HLA-A*02:01:01:02L", "A", ["A*02:01"]),
        ("02:01", "A", ["A*02:01"]),
        ("a*02:01:01g", "A", ["A*02:01"]),
        ("B*07:02P", "B", ["B*07:02"]),
        ("DPB1*105:01", "DPB1", ["DPB1*105:01"]),
        ("A*02:01/A*02:05", "A", ["A*02:01", "A*02:05"]),
        ("A*02:01/02:05/03:01", "A", ["A*02:01", "A*02:05", "A*03:01"]),
        ("B*15:01/05/24N", "B", ["B*15:01", "B*15:05", "B*15:24"]),
    ],
)
def test_alleles_and_lists_are_read_to_two_fields(text: str, locus: str, names: list[str]) -> None:
    assert [one.name for one in typed(text, locus).alleles] == names


@pytest.mark.parametrize(
    ("text", "locus", "family"),
    [("B*07", "B", "B*07"), ("B*07:XX", "B", "B*07"), ("07:xx", "B", "B*07"), ("DPB1*105", "DPB1", "DPB1*105")],
)
def test_a_first_field_and_an_xx_code_leave_the_family(text: str, locus: str, family: str) -> None:
    one = typed(text, locus)
    assert (one.family, one.resolved) == (family, False)


@pytest.mark.parametrize(
    ("text", "locus"),
    [("A*02:AB", "A"), ("A2", "A"), ("Cw9", "C"), ("DR15", "DRB1"), ("DR52", "DRB3"), ("DQ5", "DQB1"), ("DP4", "DPB1")],
)
def test_codes_and_serology_are_not_resolved_without_reference_data(text: str, locus: str) -> None:
    one = typed(text, locus)
    assert (one.text, one.resolved, one.family) == (text, False, "")


@pytest.mark.parametrize("text", [None, "", "  "])
def test_a_position_left_empty_was_not_typed(text: str | None) -> None:
    assert typed(text, "A").text == ""


def test_only_n_makes_a_null_allele() -> None:
    assert not allele("A*24:09N").expressed
    assert all(allele(f"A*24:02:01:02{letter}").expressed for letter in "LSCAQ")
    assert allele("A*24:02:01:02L").written == "A*24:02:01:02L"


@pytest.mark.parametrize(
    ("text", "locus", "said"),
    [
        ("A*0201", "A", "write A*02:01"),
        ("DPB1*0401", "DPB1", "write DPB1*04:01"),
        ("B*07:02", "A", "its own locus"),
        ("Cw*07:02", "C", "write C*07:02"),
        ("B44", "A", "its own locus"),
        ("-", "A", "homozygous"),
        ("A*02:01|A*02:05", "A", "with /"),
        ("A*02:01+A*03:01", "A", "with /"),
        ("A*02:01/A*02", "A", "typing report"),
        ("A*02:01/A*02:XX", "A", "typing report"),
        ("hello", "A", "typing report"),
        (2, "A", "as text"),
        ("A*02:01", "AA", "one of A, B"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(text: Any, locus: str, said: str) -> None:
    with pytest.raises(InputError, match="HLA typing") as problem:
        typed(text, locus)
    assert said in str(problem.value)
    assert "\n" not in str(problem.value)


def test_one_allele_is_asked_for_by_its_full_name() -> None:
    with pytest.raises(InputError, match="one allele"):
        allele("B*07:02/B*08:01")


def test_names_to_two_fields_need_no_reference_data() -> None:
    assert TWO_FIELD.expand("A*02:AB") == ()
    assert (TWO_FIELD.ard_level, TWO_FIELD.release) == ("two_field", "")
