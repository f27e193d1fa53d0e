"""A sample of the scoreboard with every change: a row that passed with room to spare still passes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dayzero.analyse.evidence import sample
from dayzero.analyse.evidence.board import Board
from dayzero.analyse.evidence.sample import expected, failing, sampled, write_sample


@pytest.fixture(scope="module")
def board() -> Board:
    return sampled()


def test_rows_that_passed_still_pass(board):
    told = failing(board)
    assert len(expected()) >= 10
    assert not told, f"{told}; where the change is meant, run python -m validation.scoreboard --sample"


def test_a_row_that_starts_to_fail_or_loses_its_figure_is_told(board):
    first, second, *_ = expected()
    worse = {first: {"passed": False, "z": 5.0}, second: {"covered": False}}
    rows = tuple(replace(row, **worse.get(row.id, {})) for row in board.rows)
    found = failing(replace(board, rows=rows))
    assert found[first].startswith("z 5.00") and found[second] == "no figure"


def test_the_sample_is_written_from_rows_that_pass_with_room(board, tmp_path, monkeypatch):
    monkeypatch.setattr(sample, "FILE", tmp_path / "sample.yaml")
    count = write_sample(board, sample.FILE)
    assert count == len(expected()) > 0
    assert all(abs(z) <= sample.SAFE for z in expected().values())
