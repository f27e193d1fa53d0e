"""Figures at hand without a run: kept ones of this model first, then those that come with the package."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite, isnan

import pytest

from dayzero.analyse.evidence.at_hand import SHIPPED, _read, at_hand, board_at_hand, shipped, write_shipped
from dayzero.analyse.evidence.board import board_of
from dayzero.analyse.evidence.run import Figure, Request, run_and_keep
from dayzero.analyse.evidence.studies import FOLDER, Study, read_study, study_names


@pytest.fixture(scope="module")
def couban() -> Study:
    return read_study(FOLDER / "couban-2002.yaml")


def test_the_table_that_ships_is_of_studies_that_ship() -> None:
    assert set(shipped()) <= set(study_names())
    figures = [figure for one in shipped().values() for figure in one.figures]
    assert sum(isfinite(figure.value) for figure in figures) > 300


def test_kept_figures_of_this_model_come_before_those_that_ship(
    couban: Study, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAYZERO_CACHE", str(tmp_path))
    before = at_hand(couban)
    assert before is not None and before == shipped()["couban-2002"]
    found = [Figure(entry.finding.id, 12.5, 0.1, 256) for entry in couban.entries]
    monkeypatch.setattr("dayzero.analyse.evidence.run.run_study", lambda study, request, progress: found)
    run_and_keep(couban, Request(256, 1, 256))
    after = at_hand(couban)
    assert after is not None and after.current
    assert [figure.value for figure in after.figures] == [12.5] * len(found)


def test_what_is_written_to_ship_is_read_back(couban: Study, tmp_path) -> None:
    request = Request(64, 3, 128)
    figures = [Figure(entry.finding.id, 17.25, 0.5, 64) for entry in couban.entries]
    figures[0] = replace(figures[0], value=float("nan"))
    write_shipped(board_of([couban], {couban.name: figures}, request), tmp_path / "figures.csv")
    again = _read((tmp_path / "figures.csv").read_text())[couban.name]
    told = {figure.id: figure.value for figure in again.figures}
    assert again.request == request
    assert isnan(told.pop(figures[0].id))
    assert set(told.values()) == {17.25}


def test_a_board_of_what_ships_says_of_which_model_it_is(couban: Study) -> None:
    hand = shipped()[couban.name]
    board = board_at_hand([couban], {couban.name: hand})
    assert board.record["model"] == hand.model
    told = {row.id: row.simulated for row in board.rows if row.covered}
    assert told == {figure.id: figure.value for figure in hand.figures if isfinite(figure.value)}
    assert SHIPPED.read_text().count("\n") > 300
