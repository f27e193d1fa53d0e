"""Studies run for real with few patients: the same seed gives the same scoreboard, finished ones are not run again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dayzero.analyse.evidence import run as evidence_run
from dayzero.analyse.evidence.board import board_of
from dayzero.analyse.evidence.facts import WITHOUT_REPORTS, gather
from dayzero.analyse.evidence.run import Request, run_studies, run_study
from dayzero.analyse.evidence.studies import FOLDER, Study, read_study
from dayzero.present.evidence_table import csv_of
from simulation.wards import run

FEW = Request(64, seed=3, cap=64)


@pytest.fixture(scope="module")
def couban() -> Study:
    return read_study(FOLDER / "couban-2002.yaml")


@pytest.fixture(scope="module")
def figures(couban):
    return run_study(couban, FEW)


def test_a_study_gives_a_figure_for_every_row(couban, figures):
    assert [figure.id for figure in figures] == [entry.finding.id for entry in couban.entries]
    assert all(5 < figure.value < 60 and figure.patients == 64 for figure in figures)


def test_marrow_engrafts_later_than_blood_in_the_same_patients(figures):
    days = {figure.id: figure.value for figure in figures}
    assert days["couban02_bm_anc"] > days["couban02_pb_anc"]


def test_the_same_seed_gives_the_same_scoreboard(couban, figures):
    again = run_study(couban, FEW)
    first, second = (csv_of(board_of([couban], {couban.name: found}, FEW)) for found in (figures, again))
    assert first == second


def test_patients_are_added_until_the_error_is_small_enough_or_the_cap_is_reached(couban):
    narrow = replace(couban, entries=couban.entries[:1], arms={"a1": couban.arms["a1"]})
    found = run_study(narrow, Request(64, seed=3, cap=128))
    assert found[0].patients in (64, 128)
    half = 1.96
    assert found[0].error <= half / 4 or found[0].patients == 128


def test_a_finished_study_is_not_run_again(couban, tmp_path, monkeypatch):
    monkeypatch.setenv("DAYZERO_CACHE", str(tmp_path / "kept"))
    calls = []
    monkeypatch.setattr(evidence_run, "run_study", lambda study, request, progress: calls.append(study.name) or [])
    for _ in range(2):
        run_studies([couban], FEW, jobs=1)
    assert calls == ["couban-2002"]
    run_studies([couban], replace(FEW, seed=4), jobs=1)
    assert len(calls) == 2


def test_a_damaged_result_is_made_again(couban, tmp_path, monkeypatch):
    monkeypatch.setenv("DAYZERO_CACHE", str(tmp_path / "kept"))
    calls = []
    monkeypatch.setattr(evidence_run, "run_study", lambda study, request, progress: calls.append(study.name) or [])
    run_studies([couban], FEW, jobs=1)
    (kept,) = (tmp_path / "kept" / "evidence").glob("*.json")
    kept.write_text("[{")
    run_studies([couban], FEW, jobs=1)
    assert len(calls) == 2


def test_rows_about_some_of_the_patients_leave_the_others_out():
    study = read_study(FOLDER / "waller-2019.yaml")
    entries = [entry for entry in study.entries if entry.conditions]
    assert entries
    table = {"level:cd4:30": np.array([0.05, 0.2, np.nan, 0.3]), "death": np.array([np.inf, np.inf, 20, 25])}
    high = next(e for e in entries if e.conditions[0].sign == ">=")
    assert evidence_run.chosen(high, table)["death"].tolist() == [np.inf]


def test_facts_that_need_no_report_are_the_same_without_reports():
    course = run("haplo-pbsc-ptcy", 48, 200)
    needs = set(WITHOUT_REPORTS)
    light, whole = gather(course, needs), gather(course, needs | {"anc500"})
    assert any(np.isfinite(light[name]).any() for name in ("death", "acute_gvhd_2_4"))
    for name in needs:
        assert np.array_equal(light[name], whole[name], equal_nan=True)
