"""The known answers kept beside the repository, one test each, and the command that runs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import dayzero.criteria as criteria
from dayzero.criteria.__main__ import main
from dayzero.criteria.hla_reducers import TableReducer
from dayzero.criteria.vectors import check

FILE = Path(__file__).parents[3] / "shared" / "rules" / "vectors.json"
CASES: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else []
#: The pairs of alleles that the answers with ``requires: ard_reducer`` are about.
EQUIVALENT = TableReducer(
    {
        name: group
        for group in ("A*01:01/A*01:37", "A*74:01/A*74:02", "B*44:02/B*44:27", "C*07:01/C*07:18",
                      "DRB1*14:01/DRB1*14:54", "DPB1*04:02/DPB1*105:01")
        for name in group.split("/")
    }
)  # fmt: skip
OURS = [case for case in CASES if case["rule"] in criteria.__all__]


@pytest.mark.skipif(not CASES, reason="the shared vectors are not beside this checkout")
@pytest.mark.parametrize("case", OURS, ids=[case["id"] for case in OURS])
def test_a_known_answer_is_given(case: dict[str, Any]) -> None:
    outcome = check(case, EQUIVALENT)
    if outcome.state == "skipped":
        pytest.skip(outcome.reason)
    assert outcome.state == "passed", outcome.reason


def _file(folder: Path, *cases: dict[str, Any]) -> str:
    path = folder / "cases.json"
    path.write_text(json.dumps(cases), encoding="utf-8")
    return str(path)


BMI = {"id": "bmi-1", "rule": "bmi", "inputs": {"height_cm": 200, "weight_kg": 80}, "expected": {"bmi": 20.0}}


def test_the_command_counts_passed_failed_and_skipped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unknown = {"id": "x-1", "rule": "not_a_rule", "inputs": {}, "expected": {}}
    assert main([_file(tmp_path, BMI, unknown)]) == 0
    said = capsys.readouterr().out
    assert "not implemented" in said
    assert said.splitlines()[-1].split() == ["all", "1", "0", "1"]


@pytest.mark.parametrize(
    "change",
    [{"expected": {"bmi": 21.0}}, {"expected": {"bmi": None}}, {"expected": {"other": 1}}, {"inputs": {"tall": 1}}],
)
def test_a_wrong_answer_makes_the_command_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any]
) -> None:
    assert main([_file(tmp_path, {**BMI, **change})]) == 1
    assert "failed bmi-1" in capsys.readouterr().out


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.json")]) == 2
    assert "none.json: file" in capsys.readouterr().err
    assert main([]) == 2
