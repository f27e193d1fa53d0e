"""``dayzero calibrate``: a small fit run for real, the set it writes read back, and one sentence for what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dayzero.analyse.evidence.studies import FOLDER, read_study
from dayzero.present import evidence
from dayzero.simulation.parameter_sets import read_set

SMALL = ("--stage", "myeloid", "--patients", 48, "--rounds", 1, "--folds", 2, "--jobs", 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fit")


@pytest.fixture
def two_studies(monkeypatch, folder):
    chosen = [read_study(FOLDER / f"{name}.yaml") for name in ("couban-2002", "schmitz-1996")]
    monkeypatch.setattr(evidence, "studies_asked", lambda *_: chosen)
    monkeypatch.setenv("DAYZERO_CACHE", str(folder / "kept"))


def test_a_fit_is_written_as_a_set_that_runs_take(dayzero, two_studies, folder):
    target, picture = folder / "small.yaml", folder / "small.png"
    code, out, _ = dayzero("calibrate", *SMALL, "--out", target, "--figure", picture)
    assert code == 0 and "left out" in out and "not a medical device" in out
    assert picture.stat().st_size > 10_000
    found = read_set(target)
    assert found.name == "small" and found.remarks() == []
    assert len(next(iter(found.members.values()))) >= 50
    told = found.content
    assert told["made"]["stages"] == ["myeloid"] and told["made"]["used"] <= told["made"]["budget"]
    assert {row[:8] for row in told["rows"]} == {"couban02", "schmitz9"}
    for scores in told["scores"].values():
        assert scores["all"]["rows"] == len(told["rows"])
    for about in told["parameters"].values():
        assert about["posterior_sd"] <= about["prior_sd"] * 1.0001
    code, out, _ = dayzero("simulate", "aml-sibling-pbsc", "--patients", 20, "--days", 20, "--parameters", target,
                           "--ensemble", "--record", folder / "run.json")  # fmt: skip
    assert code == 0 and "small" in json.loads((folder / "run.json").read_text())["parameter_set"]["name"]


def test_the_same_command_goes_on_and_writes_the_same_set(dayzero, two_studies, folder):
    first, second = folder / "one" / "small.yaml", folder / "two" / "small.yaml"
    for target in (first, second):
        assert dayzero("calibrate", *SMALL, "--out", target)[0] == 0
    assert first.read_bytes() == second.read_bytes()


def test_a_set_is_explained(dayzero, two_studies, folder):
    target = folder / "told" / "small.yaml"
    dayzero("calibrate", *SMALL, "--out", target)
    code, out, _ = dayzero("calibrate", "--explain", target)
    assert code == 0 and "graft.lodging" in out and "most by" in out
    code, out, _ = dayzero("calibrate", "--explain", target, "--json")
    assert code == 0 and json.loads(out)["name"] == "small"


def test_the_scoreboard_takes_a_set(dayzero, two_studies, folder):
    target = folder / "scored" / "small.yaml"
    dayzero("calibrate", *SMALL, "--out", target)
    code, out, _ = dayzero("evidence", "--study", "couban-2002", "--patients", 64, "--cap", 64, "--jobs", 1,
                           "--parameters", target, "--json")  # fmt: skip
    assert code == 0 and json.loads(out)["record"]["parameter_set"].startswith("small")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("calibrate", "--stage", "mieloid"), "did you mean myeloid"),
        (("calibrate", "--patients", 4), "--patients"),
        (("calibrate", "--rounds", 0), "--rounds"),
        (("calibrate", "--folds", 1), "--folds"),
        (("calibrate", "--jobs", 0), "--jobs"),
        (("calibrate", "--budget", 0.01), "--budget"),
        (("calibrate", "--out", "set.json"), "set.json"),
        (("calibrate", "--explain", "nobody"), "nobody"),
        (("calibrate", "--explain", "nobody.yaml"), "nobody.yaml"),
        (("simulate", "aml-sibling-pbsc", "--parameters", "nobody"), "nobody"),
        (("simulate", "aml-sibling-pbsc", "--ensemble"), "ensemble"),
        (("evidence", "--parameters", "nobody"), "nobody"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_and_exit_code_two(dayzero, arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = dayzero(*arguments)
    assert code == 2 and not out
    assert said in err and len(err.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())
