"""The command that scores the model, its table, figure and page."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import pytest

from analyse.test_evidence_scoring import ROW
from dayzero.analyse.evidence.board import Board
from dayzero.present.evidence import FILES, write_board

RECORD = {"patients": 64, "cap": 64, "seed": 1, "model": "a" * 64, "registry": "b" * 64, "tau": "c" * 64, "studies": 2}
BOARD = Board(
    (
        replace(ROW, id="good"),
        replace(ROW, id="bad", passed=False, strict=False, z=-4.0, simulated=20.0, stratum="<i>MSD</i>"),
        replace(ROW, id="none", covered=False, passed=False, why_not="not in the model", z=float("nan")),
    ),
    (),
    RECORD,
)


def test_failing_rows_come_first_and_rows_not_covered_last():
    assert [row.id for row in BOARD.failing_first()] == ["bad", "good", "none"]


def test_a_scoreboard_is_written_as_table_data_figure_and_page(tmp_path):
    paths = write_board(BOARD, tmp_path / "scores")
    assert [path.name for path in paths] == list(FILES)
    table = list(csv.DictReader((tmp_path / "scores" / "scoreboard.csv").read_text().splitlines()))
    assert [row["id"] for row in table] == ["bad", "good", "none"]
    assert table[2]["z"] == ""
    data = json.loads((tmp_path / "scores" / "scoreboard.json").read_text())
    assert data["rows"][2]["z"] is None
    page = (tmp_path / "scores" / "scoreboard.html").read_text()
    assert "&lt;i&gt;MSD" in page
    assert "<script" not in page
    assert "http" not in page
    assert "not in the model" in page


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--study", "coubna-2002"), "did you mean couban-2002"),
        (("--patients", "3"), "--patients: got 3"),
        (("--patients", "100", "--cap", "70"), "--cap: got 70"),
        (("--jobs", "0"), "--jobs: got 0"),
        (("--from", "nowhere.csv"), "nowhere.csv: file"),
        (("--study", "couban-2002", "--topic", "weather"), "--topic: got 'weather'"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_and_exit_code_two(dayzero, arguments, sentence):
    code, out, err = dayzero("evidence", *arguments)
    assert (code, out) == (2, "")
    assert sentence in err
    assert "Traceback" not in err


def test_findings_of_ones_own_are_translated_without_running(dayzero, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(
        "id,metric,donor,population,age_group,graft,conditioning,gvhd_prophylaxis,value,low,high\n"
        "one,os_2y_pct,MSD,AML CR1,adult,PBSC,MAC,CsA+MTX,60,,\ntwo,tpn_crude_pct,MSD,AML,adult,PBSC,MAC,,30,,\n"
    )
    code, out, _ = dayzero("evidence", "--from", path, "--translate", "--json")
    told = {row["id"]: row for row in json.loads(out)}
    assert code == 0
    assert told["one"]["arms"] == ["AML CR1 | adult | MSD | PBSC | MAC | CsA+MTX"]
    assert "not given by the ward" in told["two"]["not_simulated"]


def test_a_study_is_scored_from_the_command_line(dayzero, tmp_path):
    told = dayzero("evidence", "--study", "couban-2002", "--patients", 64, "--cap", 64, "--jobs", 1,
               "--out", tmp_path / "scores", "--json")  # fmt: skip
    assert told[0] == 0
    data = json.loads(told[1])
    assert data["scores"][0]["rows"] == 4
    assert (tmp_path / "scores" / "scoreboard.svg").stat().st_size > 1000
