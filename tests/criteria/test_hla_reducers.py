"""Reference data for HLA: tables, py-ard on a made tree of reference files, and what happens without any."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path

import pytest

from dayzero.criteria import hla_match
from dayzero.criteria.__main__ import main
from dayzero.criteria.hla import TWO_FIELD, allele, typed
from dayzero.criteria.hla_reducers import PyArdReducer, TableReducer, reducer_at_hand
from dayzero.errors import DomainWarning, InputError

#: Alleles that are one in the antigen-recognition domain, as cited with the rule (py-ard on release 3.58.0).
EQUIVALENT = (
    ("A*01:01", "A*01:37"), ("A*74:01", "A*74:02"), ("B*44:02", "B*44:27"), ("C*07:01", "C*07:18"),
    ("DRB1*14:01", "DRB1*14:54"), ("DPB1*04:02", "DPB1*105:01"),
)  # fmt: skip
HEAD = "# one\n# two\n# version: IPD-IMGT/HLA 3.64.0\n# four\n# five\n# six\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rows = [f"{name},{pair[0]}P" for pair in EQUIVALENT for name in pair]
    path = tmp_path / "groups.csv"
    path.write_text("allele,group\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reference files with a handful of alleles, in the form py-ard reads; groups that are not cited are invented."""
    latest = tmp_path_factory.mktemp("tree") / "Latest"
    (latest / "wmda").mkdir(parents=True)
    p_groups = ["A*;02:01:01:01/02:01:01:02/02:66;02:01P", "A*;02:05:01;02:05P", "B*;44:02:01:01/44:27:01;44:02P",
                "C*;04:01:01:01;04:01P", "DRB1*;14:01:01/14:54:01:01;14:01P"]  # fmt: skip
    g_groups = ["A*;02:01:01:01/02:01:01:02;02:01:01G", "A*;02:05:01;02:05:01G", "A*;02:77:01;02:77:01G",
                "B*;44:02:01:01/44:27:01;44:02:01G", "C*;04:01:01:01/04:09N;04:01:01G",
                "DRB1*;14:01:01/14:54:01:01;14:01:01G", "A*;03:01:01:01/02:77:02;03:01:01G"]  # fmt: skip
    serology = ["A*;02:01:01:01;2;;;;2", "A*;02:05:01;2;;;;2", "A*;02:66;;2;;;2", "A*;03:01:01:01;;;3;;3"]
    names = ["A*02:01:01:01", "A*02:01:01:02", "A*02:05:01", "A*02:66", "A*02:77:01", "A*02:77:02", "A*03:01:01:01",
             "A*01:01:01:02N", "B*44:02:01:01", "B*44:27:01", "C*04:01:01:01", "C*04:09N", "DRB1*14:01:01",
             "DRB1*14:54:01:01"]  # fmt: skip
    listed = ["AlleleID,Allele", *(f"HLA{number:05d},{name}" for number, name in enumerate(names))]
    files = {"wmda/hla_nom_p.txt": p_groups, "wmda/hla_nom_g.txt": g_groups, "wmda/rel_dna_ser.txt": serology,
             "wmda/rel_ser_ser.txt": ["A;9;23/24;", "A;2;;0203/0210"], "Allelelist.txt": listed,
             "release_version.txt": []}  # fmt: skip
    for name, lines in files.items():
        (latest / name).write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    return latest.parent


@pytest.mark.parametrize("pair", EQUIVALENT)
def test_alleles_of_one_group_match_by_a_table_and_not_by_name(table: Path, pair: tuple[str, str]) -> None:
    locus = pair[0].partition("*")[0]
    people = {"patient": {locus: [pair[0], pair[0]]}, "donor": {locus: [pair[1], pair[1]]}}
    assert hla_match(**people, loci=[locus])["matched"] == 0
    assert hla_match(**people, loci=[locus], reducer=TableReducer.read(table))["matched"] == 2


def test_a_table_leaves_a_null_allele_out_whatever_group_it_names() -> None:
    table = TableReducer({"C*04:01": "C*04:01P", "C*04:09N": "C*04:01P"})
    people = {"patient": {"C": ["C*04:09N", "C*07:02"]}, "donor": {"C": ["C*04:01", "C*07:02"]}}
    found = hla_match(**people, loci=["C"], reducer=table)
    assert (found["matched"], found["direction"]) == (1, "hvg")


def test_a_table_may_hold_antigens(tmp_path: Path) -> None:
    path = tmp_path / "groups.csv"
    path.write_text("allele,group,antigen\nC*03:03,C*03:03P,Cw9\nC*03:04,C*03:04P,\n", encoding="utf-8")
    table = TableReducer.read(path)
    assert table.antigen(allele("C*03:03")) == "Cw9"
    assert table.antigen(allele("C*03:04")) is None
    assert table.expand("Cw9") == ()
    assert table.release == "groups.csv"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("allele,group\nA*02:01,\n", "row 2: got no allele or no group"),
        ("name,group\nA*02:01,x\n", "row 2: got no allele or no group"),
        ("allele,group\nA*02:01,x\nA*02:01:01,y\n", "row 3: got a second group"),
        ("allele,group\nA*0201,x\n", "row 2: got 'A*0201'"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_by_its_row(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "groups.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as problem:
        TableReducer.read(path)
    assert f"groups.csv: {said}" in str(problem.value)


def test_a_table_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        TableReducer.read(tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(InputError, match="not text"):
        TableReducer.read(tmp_path / "bytes.csv")


def test_without_any_data_names_are_compared_without_a_word() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert reducer_at_hand() is TWO_FIELD


def test_a_folder_without_a_database_is_one_warning_and_no_download(tmp_path: Path) -> None:
    with pytest.warns(DomainWarning, match="compared to two fields") as caught:
        assert reducer_at_hand(data_dir=tmp_path) is TWO_FIELD
    assert len(caught) == 1
    assert list(tmp_path.iterdir()) == []


def test_no_download_is_started_unless_asked(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="reference data at hand"):
        PyArdReducer()
    (tmp_path / "pyard-Latest.sqlite3").touch()  # what an interrupted download leaves behind
    with pytest.raises(InputError, match="ask for the download"):
        PyArdReducer(tmp_path)


def test_a_missing_py_ard_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("dayzero.criteria.hla_reducers.import_module", absent)
    with pytest.raises(InputError, match=r"install dayzero\[hla\]"):
        PyArdReducer(tree=tmp_path)


def test_py_ard_that_ends_the_program_does_not_end_ours(tmp_path: Path) -> None:
    pytest.importorskip("pyard")
    with pytest.warns(DomainWarning, match="SystemExit from py-ard") as caught:
        assert reducer_at_hand(tree=tmp_path, data_dir=tmp_path / "made") is TWO_FIELD
    assert len(caught) == 1
    assert list((tmp_path / "made").iterdir()) == []


def test_py_ard_asked_to_download_goes_where_it_would_and_fails_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pyard = pytest.importorskip("pyard")

    def init(*_: object, **__: object) -> None:
        raise SystemExit(1)

    monkeypatch.setattr(pyard, "init", init)
    with pytest.raises(InputError, match="SystemExit from py-ard"):
        PyArdReducer(tmp_path, download=True)


def test_py_ard_reduces_to_p_groups_from_a_local_tree(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pyard")
    monkeypatch.setenv("IMGT_HLA_URL", "kept")
    reducer = PyArdReducer(tmp_path, tree)
    assert (reducer.ard_level, reducer.release) == ("P", "3640")
    assert reducer.reduce(allele("B*44:27")) == reducer.reduce(allele("B*44:02")) == "B*44:02P"
    assert reducer.reduce(allele("A*02:05")) != reducer.reduce(allele("A*02:01"))
    assert reducer.reduce(allele("A*99:99")) == "A*99:99"
    assert reducer.antigen(allele("A*02:05")) == "A*02"
    assert [one.name for one in typed("A2", "A", reducer).alleles] == ["A*02:01", "A*02:05"]
    assert not typed("A*02:AB", "A", reducer).resolved
    trap = {"patient": {"C": ["C*04:09N", "C*04:01"]}, "donor": {"C": ["C*04:01", "C*04:01"]}}
    assert hla_match(**trap, loci=["C"], reducer=reducer)["matched"] == 2
    assert os.environ["IMGT_HLA_URL"] == "kept" and "PYARD_RC" not in os.environ
    assert capfd.readouterr() == ("", "")
    assert PyArdReducer(tmp_path).reduce(allele("DRB1*14:54")) == "DRB1*14:01P"


def test_py_ard_without_a_folder_leaves_nothing_behind(tree: Path, tmp_path: Path, monkeypatch) -> None:
    pytest.importorskip("pyard")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    reducer = PyArdReducer(tree=tree)
    assert reducer.reduce(allele("B*44:27")) == "B*44:02P"
    assert len(list(tmp_path.iterdir())) == 1
    del reducer
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", range(4))
def test_known_answers_that_need_data_pass_with_a_table(
    number: int, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = EQUIVALENT[number]
    locus = one.partition("*")[0]
    case = {"id": "ard", "rule": "hla_match", "requires": "ard_reducer", "expected": {"matched": 2},
            "inputs": {"patient": {locus: [one, one]}, "donor": {locus: [other, one]}, "loci": [locus]}}  # fmt: skip
    file = tmp_path / "cases.json"
    file.write_text(json.dumps([case, {**case, "requires": "something_else"}]), encoding="utf-8")
    assert main([str(file)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == ["all", "0", "0", "2"]
    assert main([str(file), "--ard-table", str(table)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == ["all", "1", "0", "1"]


def test_an_option_without_a_meaning_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cases.json", "--ard"]) == 2
    assert main(["cases.json", "--ard-table"]) == 2
    assert capsys.readouterr().err.count("--ard-table, --ard-data, --ard-tree and a path") == 2
