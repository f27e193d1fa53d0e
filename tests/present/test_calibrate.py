"""``dayzero calibrate``: a small fit run for real, the set it writes read back, and one sentence for what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from validation.calibration import page

from dayzero.analyse.evidence.roles import calibrated
from dayzero.analyse.evidence.studies import FOLDER, read_study
from dayzero.present import evidence
from dayzero.present.calibrate_table import seen_text
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
    (only,) = told["search"]["rounds"]
    assert only["misfit"] == min(told["search"]["start"], *(tried["misfit"] for tried in only["tried"]))
    assert "Search" in out and "foretold" in out
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


def test_the_page_tells_of_a_search_that_held_and_of_one_that_did_not(dayzero, two_studies, folder):
    target = folder / "page" / "small.yaml"
    dayzero("calibrate", *SMALL, "--out", target)
    told = dict(read_set(target).content)

    def search(*rounds):
        tried = [[{"step": 0.5**at, "foretold": 8.0, "misfit": m} for at, m in enumerate(seen)] for seen, _ in rounds]
        made = [{"tried": own, "misfit": end} for own, (_, end) in zip(tried, rounds, strict=True)]
        return page({**told, "search": {"start": 12.0, "rounds": made}})

    held = search(([13.0, 9.5, 9.75], 9.5), ([9.6, 9.7], 9.5))
    assert "fell from 12 to 10; 1 of 2 rounds" in held and "| 1 | 0.5 | 8.0 | 9.5 | taken |" in held
    assert held.count("taken |") == 1
    for about in told["parameters"].values():
        about["moved"] = 0.0
    stayed = search(([13.0, 12.5], 12.0))
    assert "No step held" in stayed and "fell from" not in stayed and "taken |" not in stayed
    next(iter(told["parameters"].values()))["moved"] = 0.01
    hardly = search(([12.0, 12.5], 12.0))
    assert "No step held" not in hardly and "fell by less than the digits" in hardly


def test_left_out_scores_say_how_many_rows_were_seen_while_values_were_chosen():
    seen, others = sorted(calibrated())[:3], ["never-held-1", "never-held-2"]
    assert "3 of these 5 rows have the role calibrated" in seen_text({"rows": [*seen, *others]})


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
