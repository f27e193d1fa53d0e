"""The commands compare and trial: tables, files, figures, the page, ADTTE, and bad input in one sentence."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dayzero.analyse.trial import TrialResult
from dayzero.analyse.trial import trial as run
from dayzero.present.adtte import CODES, adtte
from dayzero.present.contrast_figures import forest_figure, published_figure
from dayzero.present.trial_figures import curves_figure, power_figure
from dayzero.present.trial_page import trial_page
from dayzero.present.trial_tables import as_csv, show_trial, tables_of
from dayzero.present.trials import figures_of
from dayzero.spec import Trial
from dayzero.spec.files import write_yaml

Command = Callable[..., tuple[int, str, str]]
ADTTE = ("STUDYID", "USUBJID", "TRTP", "PARAMCD", "PARAM", "AVAL", "CNSR", "EVNTDESC", "CNSDTDSC")


def small() -> Trial:
    more = {"size": 24, "replicates": 2, "sizes": [12], "null_replicates": 50, "follow_up": {"days": 60},
            "interim": {"days": [200]}, "endpoints": [
                {"name": "neutrophil_engraftment", "role": "primary", "day": 28},
                {"name": "overall_survival", "day": 60}, {"name": "graft_failure", "measure": "binary"}]}  # fmt: skip
    return Trial.load("cd34-dose").but(**more)


@pytest.fixture(scope="module")
def result() -> TrialResult:
    return run(small())


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(small().dump(), encoding="utf-8")
    return path


def test_compare_tells_differences_with_intervals_and_the_patients_own_table(dayzero: Command, tmp_path: Path) -> None:
    files = (tmp_path / "all.csv", tmp_path / "c.png")
    code, out, err = dayzero("compare", "aml-sibling-pbsc", "--but", "graft.source=marrow", "--patients", 32, "--days",
                             60, "--out", files[0], "--figure", files[1])  # fmt: skip
    assert (code, err) == (0, "")
    assert "aml-sibling-pbsc, modified less aml-sibling-pbsc, 32 patients" in out
    assert "under shared fate" in out and "bounds without it" in out and "not a medical device" in out
    line = next(row for row in out.splitlines() if row.startswith("days with neutrophils"))
    assert "+" in line and line.rstrip().endswith("x")
    assert len(list(csv.DictReader(io.StringIO(files[0].read_text())))) == 32
    assert files[1].read_bytes().startswith(b"\x89PNG")


def test_compare_speaks_json(dayzero: Command) -> None:
    code, out, _ = dayzero(
        "compare", "auto-mel200-myeloma", "auto-beam-lymphoma", "--patients", 16, "--days", 30, "--json"
    )
    told = json.loads(out)
    assert code == 0 and [plan["name"] for plan in told["plans"]] == ["auto-mel200-myeloma", "auto-beam-lymphoma"]
    assert told["run"]["seed"] == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("compare", "aml-sibling-pbsc"), "OTHER: got one plan, expected two"),
     (("compare", "aml-sibling-pbsc", "aml-sibling-pbs"), "did you mean aml-sibling-pbsc?"),
     (("compare", "aml-sibling-pbsc", "--but", "graft.source=bone"), "graft.source"),
     (("compare", "aml-sibling-pbsc", "haplo-pbsc-ptcy", "--out", "a.txt"), "--out"),
     (("trial", "ptcy"), "ptcy-v-tac-mtx"),
     (("trial", "cd34-dose", "--size", 3), "size"),
     (("trial", "cd34-dose", "--replicates", 0), "replicates")],
)  # fmt: skip
def test_a_mistake_is_one_sentence_and_exit_code_2(dayzero: Command, arguments: tuple[object, ...], words: str) -> None:
    code, out, err = dayzero(*arguments)
    assert code == 2 and out == "" and err.count("\n") == 1 and words in err


def test_a_trial_writes_everything_a_protocol_asks_for(dayzero: Command, written: Path, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    code, out, err = dayzero("trial", written, "--out", folder)
    assert (code, err) == (0, "")
    names = {path.name for path in folder.iterdir()}
    assert names == {"trial.yaml", "report.html", "results.json", "tables.csv", "adtte.csv", "forest.png", "curves.png",
                     "published.png", "power.png", "pool"}  # fmt: skip
    assert Trial.load(folder / "trial.yaml").sha256() == small().sha256()
    for words in ("Operating characteristics", "Simulated against published", "Interim looks", "not a medical device"):
        assert words in out
    told = json.loads((folder / "results.json").read_text())
    assert told["size"] == 24 and told["run"]["plans"][0]["name"] == "cd34-dose"
    assert not list(folder.glob(".*"))


def test_a_trial_file_with_a_mistake_says_the_line_and_writes_nothing(dayzero: Command, written: Path) -> None:
    written.write_text(write_yaml({**small().plain(), "endpoints": [{"name": "survival"}]}), encoding="utf-8")
    code, _, err = dayzero("trial", written, "--out", written.parent / "study")
    assert code == 2 and "mine.yaml:" in err and "endpoints[0].name" in err and "did you mean" in err
    assert not (written.parent / "study").exists()


def test_a_folder_that_is_a_file_is_refused(dayzero: Command, written: Path) -> None:
    code, _, err = dayzero("trial", written, "--out", written)
    assert code == 2 and "a folder" in err


def test_the_page_stands_alone_and_escapes_what_it_is_given(result: TrialResult) -> None:
    page = trial_page(result, figures_of(result))
    assert page.startswith("<!DOCTYPE html>") and page.count("data:image/png;base64,") == 4
    assert "http" not in page.replace("data:", "") and "<script" not in page
    assert "Operating characteristics" in page and "not a medical device" in page
    evil = run(small().but(title="<b>x</b>", null_replicates=0))
    assert "<b>x" not in trial_page(evil, {}) and "&lt;b&gt;x" in trial_page(evil, {})


def test_adtte_has_its_columns_and_a_row_for_each_patient_and_endpoint(result: TrialResult) -> None:
    table = adtte(result.world)
    assert set(ADTTE) <= set(table.columns)
    assert table["USUBJID"].n_unique() == 24
    assert set(table["PARAMCD"]) == {"ANCENGR", "OS", "GRFTFAIL"}
    assert set(table["CNSR"]) <= {0, 1, 2} and table["AVAL"].min() >= 0
    died = table.filter(table["PARAMCD"] == "OS")
    assert set(died.filter(died["CNSR"] == 1)["CNSDTDSC"]) == {"end of follow-up"}
    assert all(len(code) <= 8 for code in CODES.values()) and len(set(CODES.values())) == len(CODES)


def test_adtte_gives_back_the_levels_that_the_tables_tell(result: TrialResult) -> None:
    whole = [adtte(result.world, number) for number in range(result.trial.replicates)]
    own = [table.filter(table["PARAMCD"] == "OS") for table in whole]
    died = sum(int((table["CNSR"] == 0).sum()) for table in own)
    assert died == sum(level.events for level in result["overall_survival"].levels)


def test_tables_are_csv_with_every_row_as_long_as_its_head(result: TrialResult) -> None:
    for table in tables_of(result):
        assert all(len(row) == len(table.heads) for row in table.rows), table.title
    rows = list(csv.reader(io.StringIO(as_csv(tables_of(result)))))
    assert ["Estimates"] in rows


def test_numbers_are_whole_on_a_narrow_terminal(result: TrialResult) -> None:
    from rich.console import Console

    told = io.StringIO()
    show_trial(result, Console(file=told, width=60, soft_wrap=True))
    assert "…" not in told.getvalue().split("Operating characteristics")[1].split("Power:")[0]


def test_figures_name_arms_and_carry_the_run(result: TrialResult) -> None:
    drawn = [forest_figure(result), curves_figure(result), published_figure(result), power_figure(result)]
    for figure in drawn:
        assert figure is not None
        words = " ".join(text.get_text() for text in figure.texts)
        assert "sha256" in words and "not a medical device" in words
    curves = drawn[1]
    assert curves is not None and len(curves.axes) == 3
    labels = [text.get_text() for text in curves.axes[0].texts]
    assert all(any(arm.name in label for label in labels) for arm in result.trial.arms)


def test_what_was_not_published_or_has_one_size_is_not_drawn() -> None:
    found = run(small().but(published=[], sizes=[], null_replicates=0, interim=None))
    assert set(figures_of(found)) == {"forest", "curves"}
    assert np.isnan(found.power.type_one)
