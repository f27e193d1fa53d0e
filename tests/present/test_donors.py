"""The command that ranks donors: the table, JSON, a page, and bad input in one sentence with exit code 2."""

from __future__ import annotations

import json

import pytest

from dayzero.criteria import rank_donors
from dayzero.criteria.hla_reducers import TableReducer
from dayzero.errors import SpecError
from dayzero.spec import DonorCase

FULL = {
    "A": ["A*02:01", "A*03:01"],
    "B": ["B*07:02", "B*35:01"],
    "C": ["C*03:03", "C*07:02"],
    "DRB1": ["DRB1*01:01", "DRB1*15:01"],
}


def case(*donors: dict, **more: object) -> DonorCase:
    patient = {"hla": FULL, "sex": "male", "weight_kg": 70}
    return DonorCase.load({"patient": patient, "donors": [*donors], **more})


def donor(name: str, kind: str = "matched_unrelated", **more: object) -> dict:
    return {"name": name, "kind": kind, "hla": FULL, **more}


def test_the_table_tells_place_reason_who_is_left_out_and_what_is_unknown(dayzero):
    code, out, err = dayzero("rank-donors", "unrelated-search")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    places = [line.split()[:2] for line in lines if line[:1].isdigit() or line.startswith("out")]
    assert places == [["1", "(1-2)"], ["2", "(2-3)"], ["3", "(3-4)"], ["4", "(1-4)"], ["out", "d4"], ["1", "sister"]]
    assert "d1: After d2: DPB1 (non-permissive, HVG; d2: permissive)." in lines
    assert "d4: Antibodies against the donor's HLA." in lines
    assert "May have to be left out: antibodies not tested." in out
    assert "B*07:XX: first field only." in out
    assert "not a medical device" in lines[-1] and "names to two fields" in out


@pytest.mark.parametrize("name", ["haploidentical-family", "cord-units"])
def test_family_and_cord_have_tables_of_their_own(dayzero, name):
    code, out, _ = dayzero("rank-donors", name)
    assert code == 0
    parts = {"haploidentical-family": ["Siblings", "Haploidentical relatives", "father: The only one", "Not haploid"],
             "cord-units": ["Cord blood units", "6/6", "7.9e7/kg", "too few nucleated cells"]}  # fmt: skip
    assert all(part in out for part in parts[name])


def test_json_holds_every_finding_with_its_source(dayzero):
    code, out, _ = dayzero("rank-donors", "unrelated-search", "--json")
    told = json.loads(out)
    assert code == 0
    assert told["orders"]["unrelated"]["order"] == ["d2", "d1", "d3", "d5"]
    assert told["orders"]["unrelated"]["verified"] is False
    found = told["donors"]["d1"]["findings"]
    assert found["8/8"]["matched"] == 8 and found["10/10"]["matched"] == 10 and found["12/12"]["matched"] == 11
    assert all(one["citation"] for one in found.values())


def test_the_page_is_whole_and_holds_names_as_text(dayzero, tmp_path):
    path, page = tmp_path / "case.yaml", tmp_path / "ranking.html"
    path.write_text(case(donor("<b>d&1"), donor("d2", dsa_mfi=9000), title="<i>").dump(), encoding="utf-8")
    code, out, _ = dayzero("rank-donors", path, "--html", page)
    text = page.read_text(encoding="utf-8")
    assert code == 0 and f"written: {page}" in out
    assert "&lt;b&gt;d&amp;1" in text and "<b>d&1" not in text and "<h1>&lt;i&gt;</h1>" in text
    assert '<tr class="out"><td>out</td><td>d2</td>' in text
    assert "http" not in text and text.count("<table>") == 1


def test_a_table_of_groups_resolves_what_names_leave_open(dayzero, tmp_path):
    path = tmp_path / "groups.csv"
    path.write_text("allele,group\nA*02:01,A*02:01P\nA*02:09,A*02:01P\n", encoding="utf-8")
    _, out, _ = dayzero("rank-donors", "unrelated-search", "--ard-table", path)
    assert "7-8/8" in out and "groups.csv" in out


def test_py_ard_without_data_is_one_note_and_the_ranking(dayzero, tmp_path):
    code, out, err = dayzero("rank-donors", "unrelated-search", "--ard-data", tmp_path)
    assert code == 0 and "Unrelated donors" in out
    assert err.count("note:") == 1 and "compared to two fields" in err


def test_the_library_lists_the_cases(dayzero):
    code, out, _ = dayzero("plans", "donor-case", "--json")
    assert code == 0
    assert [row["name"] for row in json.loads(out)] == ["cord-units", "haploidentical-family", "unrelated-search"]
    assert all(row["title"] for row in json.loads(out))


def test_bad_input_is_one_sentence_and_exit_code_2(dayzero, tmp_path):
    good = case(donor("d1")).dump()
    cases = {
        "no such file": "none.yaml",
        "did you mean unrelated-search": "unrelated-serch",
        "write A*02:01": good.replace("A*02:01", "A*0201", 1),
        "donors[0].hla.B": good[::-1].replace("10:53*B", "1053*B", 1)[::-1],
    }
    for number, (said, text) in enumerate(cases.items()):
        target = tmp_path / f"bad{number}.yaml"
        if "\n" in text:
            target.write_text(text, encoding="utf-8")
        code, out, err = dayzero("rank-donors", target if "\n" in text else text)
        assert (code, out) == (2, "") and said in err and err.count("\n") == 1
        assert "\n" not in text or f"bad{number}.yaml:" in err
    code, _, err = dayzero("rank-donors", "cord-units", "--html", tmp_path / "x.txt")
    assert code == 2 and ".html" in err
    code, _, err = dayzero("rank-donors", "cord-units", "--ard-table", tmp_path / "none.csv")
    assert code == 2 and "none.csv" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad2.yaml", "bad3.yaml"]


# The candidates of a case ---------------------------------------------------------------------------------------------


def test_a_typing_that_cannot_be_read_is_refused_in_its_field():
    with pytest.raises(SpecError) as problem:
        rank_donors(case(donor("d1"), donor("d2", hla={**FULL, "C": ["B*07:02", "C*07:02"]})))
    assert problem.value.field == "donors[1].hla.C"
    with pytest.raises(SpecError) as problem:
        rank_donors(DonorCase.load({"patient": {"hla": {"DRB3": ["hello"]}}, "donors": [donor("d1")]}))
    assert problem.value.field == "patient.hla.DRB3"


def test_a_name_that_the_typing_does_not_keep_is_told():
    hla = {**FULL, "A": ["A*24:02", "A*03:01"]}
    ranking = rank_donors(case(donor("d1", hla=hla), donor("d2", "mismatched_unrelated")))
    assert ranking.assessed["d1"].remarks == ("called matched unrelated, but at most 7/8",)
    assert ranking.assessed["d2"].remarks == ("called mismatched unrelated, but 8/8",)


def test_c_0303_against_c_0304_comes_before_another_mismatch():
    good = donor("good", hla={**FULL, "C": ["C*03:04", "C*07:02"]}, age_years=50)
    other = donor("other", hla={**FULL, "A": ["A*24:02", "A*03:01"]}, age_years=20)
    order = rank_donors(case(other, good)).orders["unrelated"]
    assert order["order"] == ["good", "other"]
    assert "C*03:03/03:04" in order["reasons"]["good"]
    groups = TableReducer({"C*03:03": "C*03:03P", "C*03:04": "C*03:04P"})
    assert rank_donors(case(other, good), groups).orders["unrelated"]["order"] == ["good", "other"]


def test_where_the_versions_of_dpb1_groups_differ_one_must_be_chosen():
    patient = {"hla": {**FULL, "DPB1": ["DPB1*06:01", "DPB1*04:01"]}}
    donors = [donor("d1", hla={**FULL, "DPB1": ["DPB1*04:01", "DPB1*04:02"]})]
    both = rank_donors(DonorCase.load({"patient": patient, "donors": donors}))
    assert "write tce_version" in both.assessed["d1"].remarks[0]
    assert "DPB1" in both.orders["unrelated"]["unknown"]["d1"]
    chosen = rank_donors(DonorCase.load({"patient": patient, "donors": donors, "tce_version": 2}))
    assert chosen.assessed["d1"].findings["dpb1_tce_match TCE3_v2"]["result"] == "nonpermissive_gvh"
    assert "DPB1" not in chosen.orders["unrelated"]["unknown"]["d1"]


def test_dpb1_that_is_matched_or_permissive_counts_as_permissive():
    patient = {"hla": {**FULL, "DPB1": ["DPB1*04:01", "DPB1*02:01"]}}
    donors = [donor("d1", hla={**FULL, "DPB1": ["DPB1*04:01/DPB1*04:02", "DPB1*02:01"]})]
    ranking = rank_donors(DonorCase.load({"patient": patient, "donors": donors}))
    assert "DPB1" not in ranking.orders["unrelated"]["unknown"]["d1"]


def test_limits_of_the_case_are_used():
    donors = [donor("d1", dsa_mfi=1500), donor("u1", "cord_unrelated", tnc=1.9e9, cd34=1.5e7, dsa_mfi=0)]
    usual, other = rank_donors(case(*donors)), rank_donors(case(*donors, dsa_positive_mfi=2000, cord_tnc_per_kg=2.5e7))
    assert usual.orders["unrelated"]["excluded"] == ["d1"] and other.orders["unrelated"]["order"] == ["d1"]
    doses = [one.assessed["u1"].findings["cord_dose"]["adequate"] for one in (usual, other)]
    assert doses == [False, True]
    assert "2.5e7 and 3.0e7" in usual.assessed["u1"].remarks[-1]


def test_cyclophosphamide_after_infusion_is_a_setting_of_its_own():
    order = rank_donors(case(donor("d1"), prophylaxis="post_cyclophosphamide")).orders["unrelated"]
    assert order.version == "unrelated, cyclophosphamide after infusion"


def test_a_haploidentical_donor_is_told_and_not_scored_by_immunogenetics():
    own = {**FULL, "DQB1": ["DQB1*05:01", "DQB1*06:02"], "DPB1": ["DPB1*03:01", "DPB1*04:01"]}
    half = {"A": ["A*02:01", "A*24:02"], "B": ["B*07:02", "B*51:01"], "C": ["C*03:03", "C*15:02"],
            "DRB1": ["DRB1*01:01", "DRB1*11:01"], "DQB1": ["DQB1*05:01", "DQB1*03:01"],
            "DPB1": ["DPB1*04:01", "DPB1*02:01"]}  # fmt: skip
    donors = [donor("d1", "haploidentical", hla=half, haplotype={"A": "A*02:01"})]
    ranking = rank_donors(DonorCase.load({"patient": {"hla": own}, "donors": donors}))
    remarks = ranking.assessed["d1"].remarks
    assert any("DRB1 antigen mismatch" in said for said in remarks)
    assert any("less relapse" in said for said in remarks)
    assert ranking.orders["haploidentical"]["order"] == ["d1"]


def test_donors_without_any_facts_are_shown_with_question_marks(dayzero, tmp_path):
    path = tmp_path / "case.yaml"
    bare = [donor("d1", hla={}), donor("d2", sex="female"), donor("d3", sex="female", parous=False, dsa_mfi=1200),
            donor("u1", "cord_unrelated", hla={"A": FULL["A"]})]  # fmt: skip
    path.write_text(DonorCase.load({"patient": {"hla": FULL}, "donors": bare}).dump(), encoding="utf-8")
    code, out, _ = dayzero("rank-donors", path)
    assert code == 0
    assert "age unknown, sex unknown, weight unknown, blood group unknown, CMV unknown" in out
    assert "0-8/8" in out and "F, parity ?" in out and "1200" in out
