"""Donor cases: the library, files, and bad input in one sentence with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dayzero.errors import SpecError
from dayzero.spec import Candidate, DonorCase, library_names

TYPING = {"A": ["A*02:01", "A*03:01"], "B": ["B*07:02", "B*35:01"]}


def case(**change: Any) -> dict[str, Any]:
    donor = {"name": "d1", "kind": "matched_unrelated", "hla": TYPING}
    return {"schema": 1, "patient": {"hla": TYPING}, "donors": [donor], **change}


def one_donor(**change: Any) -> dict[str, Any]:
    return case(donors=[{"name": "d1", "kind": "matched_unrelated", "hla": TYPING, **change}])


@pytest.mark.parametrize("name", library_names("donor-case"))
def test_a_case_of_the_library_carries_its_name_and_reads_back_as_itself(name: str, tmp_path: Path) -> None:
    found = DonorCase.load(name)
    assert found.name == name and found.title and "Invented" in found.note
    path = tmp_path / "case.yaml"
    path.write_text(found.dump(), encoding="utf-8")
    assert DonorCase.load(path) == DonorCase.load(found.plain()) == DonorCase.load(found) == found


def test_the_library_holds_unrelated_family_and_cord_donors() -> None:
    kinds = {donor.kind for name in library_names("donor-case") for donor in DonorCase.load(name).donors}
    assert kinds == {"matched_sibling", "matched_unrelated", "mismatched_unrelated", "haploidentical", "cord_unrelated"}


def test_what_is_left_out_is_unknown() -> None:
    donor = DonorCase.load(case()).donors[0]
    assert {donor.age_years, donor.sex, donor.parous, donor.dsa_mfi, donor.cmv_seropositive, donor.tnc} == {None}


def test_a_position_that_was_not_typed_is_null_and_a_missing_gene_an_empty_list() -> None:
    typing = {"A": ["A*02:01", None], "DRB4": []}
    assert DonorCase.load(one_donor(hla=typing)).donors[0].hla == {"A": ("A*02:01", None), "DRB4": ()}


@pytest.mark.parametrize(
    ("written", "field", "said"),
    [
        (case(schema=2), "schema", "1, the schema"),
        (case(schema=True), "schema", "1, the schema"),
        (case(donors=[]), "donors", "at least 1 item"),
        (case(donor=[]), "donor", "did you mean donors?"),
        (case(dsa_positive_mfi=6000), "dsa_strong_mfi", "6000 or more"),
        (case(tce_version=3), "tce_version", "one of 1, 2"),
        (case(cord_tnc_per_kg=3.0), "cord_tnc_per_kg", "at least 1e+06"),
        (case(donors=[*one_donor()["donors"], *one_donor()["donors"]]), "donors[1].name", "each donor once"),
        (one_donor(kind="mud"), "donors[0].kind", "did you mean matched_unrelated?"),
        (one_donor(kind="autologous"), "donors[0].kind", "one of matched_sibling"),
        (one_donor(hla={"A": ["A*02:01", "A*03:01", "A*24:02"]}), "donors[0].hla.A", "two alleles"),
        (one_donor(hla={"B": []}), "donors[0].hla.B", "two alleles"),
        (one_donor(hla={"A": [2, 3]}), "donors[0].hla.A[0]", "as text"),
        (one_donor(hla={"A": "A*02:01"}), "donors[0].hla.A", "a list"),
        (one_donor(hla={"DRB": TYPING["A"]}), "donors[0].hla.DRB", "one of A, B, C"),
        (one_donor(tnc=1e9), "donors[0].tnc", "cells of cord units"),
        (one_donor(red_cells_removed=False), "donors[0].red_cells_removed", "cells of cord units"),
        (one_donor(sex="male", parous=True), "donors[0].parous", "a woman"),
        (one_donor(kind="cord_unrelated", parous=True), "donors[0].parous", "a cord unit"),
        (one_donor(dsa_mfi=-1), "donors[0].dsa_mfi", "at least 0"),
        (one_donor(age_years=True), "donors[0].age_years", "a number"),
        (one_donor(name=""), "donors[0].name", "at least 1 character"),
    ],
)
def test_bad_input_is_one_sentence_about_one_field(written: dict[str, Any], field: str, said: str) -> None:
    with pytest.raises(SpecError) as problem:
        DonorCase.load(written)
    assert problem.value.field == field
    assert said in str(problem.value) and "\n" not in str(problem.value)


def test_a_problem_in_a_file_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("schema: 1\npatient:\n  hla: {A: [A*02:01, A*03:01]}\n  weigth_kg: 3\ndonors: []\n", "utf-8")
    with pytest.raises(SpecError, match=r"mine\.yaml:4: patient\.weigth_kg: .*did you mean weight_kg"):
        DonorCase.load(path)


@pytest.mark.parametrize(
    ("name", "said"),
    [("unrelated-serch", "did you mean unrelated-search?"), ("zzzz", "path of a YAML file")],
)
def test_a_name_that_is_not_there_is_refused(name: str, said: str) -> None:
    with pytest.raises(SpecError) as problem:
        DonorCase.load(name)
    assert said in str(problem.value)


def test_a_case_is_found_by_name_or_path(tmp_path: Path) -> None:
    assert DonorCase.path_of("cord-units").name == "cord-units.yaml"
    assert DonorCase.path_of(tmp_path / "x.yaml") == tmp_path / "x.yaml"
    assert DonorCase.path_of(tmp_path) == tmp_path


def test_a_case_is_frozen() -> None:
    donor = Candidate(name="d", kind="haploidentical", hla={"A": ("A*02:01", "A*03:01")})
    with pytest.raises(Exception, match="frozen"):
        donor.name = "e"  # type: ignore[misc]
