"""The command line, run for real: results, files, and one sentence with exit code 2 for anything it cannot use."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dayzero.present import cli

PLAN = """schema: 1
name: mine
base: aml-sibling-pbsc
"""

CHART = """patient,day,quantity,value,unit
A,8,neutrophils,0.1,1e9/L
A,14,neutrophils,0.6,1e9/L
A,15,neutrophils,0.9,1e9/L
A,16,neutrophils,1.4,1e9/L
"""


def run(monkeypatch, capsys, *arguments: object) -> tuple[int, str, str]:
    """Exit code, output and errors of one command in this process."""
    monkeypatch.setattr(sys, "argv", ["dayzero", *map(str, arguments)])
    code = 0
    try:
        cli.main()
    except SystemExit as end:
        code = int(end.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture
def dayzero(monkeypatch, capsys):
    return lambda *arguments: run(monkeypatch, capsys, *arguments)


def test_simulate_shows_the_table_and_writes_course_figure_chart_and_record(dayzero, tmp_path):
    files = [tmp_path / name for name in ("course.npz", "course.png", "chart.csv", "run.json")]
    options = zip(("--out", "--figure", "--chart", "--record"), files, strict=True)
    code, out, _ = dayzero("simulate", "auto-mel200-myeloma", "--patients", 12, "--days", 40,
                           *(part for pair in options for part in pair))  # fmt: skip
    assert code == 0
    assert "neutrophils 0.5" in out and "not a medical device" in out
    assert all(path.stat().st_size > 1000 for path in files)


def test_a_run_repeats_from_its_record_to_the_same_table(dayzero, tmp_path):
    record = tmp_path / "run.json"
    arguments = ("auto-mel200-myeloma", "--patients", 12, "--days", 40, "--seed", 7, "--but", "graft.cd34_per_kg=3e6")
    first = dayzero("simulate", *arguments, "--record", record, "--json")
    again = dayzero("simulate", "--repeat", record, "--json")
    assert first[0] == again[0] == 0
    assert json.loads(first[1]) == json.loads(again[1])


def test_a_simulated_chart_is_judged_like_a_real_one(dayzero, tmp_path):
    course, chart = tmp_path / "course.npz", tmp_path / "chart.csv"
    dayzero("simulate", "auto-mel200-myeloma", "--patients", 12, "--days", 40, "--out", course)
    assert dayzero("observe", course, "--out", chart)[0] == 0
    code, out, _ = dayzero("judge", chart, "--json")
    judged = json.loads(out)
    assert code == 0
    assert len(judged["patients"]) == 12
    statuses = [p["neutrophils_0.5_status"] for p in judged["patients"]]
    assert set(statuses) <= {"recovered", "never_below"} and statuses.count("recovered") >= 8


def test_a_chart_by_hand_is_judged(dayzero, tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text(CHART)
    code, out, _ = dayzero("judge", path)
    assert code == 0
    assert "recovered" in out and "14" in out


def test_a_plan_from_a_file_runs(dayzero, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(PLAN)
    code, out, _ = dayzero("simulate", path, "--patients", 3, "--days", 20, "--json")
    assert code == 0
    assert json.loads(out)["run"]["plans"][0]["name"] == "mine"


def test_plans_schema_and_explain_speak_json(dayzero):
    assert len(json.loads(dayzero("plans", "--json")[1])) >= 10
    assert "properties" in json.loads(dayzero("schema")[1])
    assert "thrombopoiesis" in dayzero("explain", "thrombopoiesis.injury_loss", "--json")[1]


BAD_PLANS = {
    "an unknown key": ("graft:\n  cd34_per_kgg: 5e6\n", "cd34_per_kg"),
    "grams for kilograms": ("patient:\n  weight_kg: 70000\n", "kilograms"),
    "a negative dose": ("graft:\n  cd34_per_kg: -1\n", "cd34_per_kg"),
    "an impossible age": ("patient:\n  age_years: 190\n", "age_years"),
    "doses after infusion": (
        "conditioning:\n  base: bu4-cy\n  drugs:\n    - {drug: busulfan, days: [3], dose_mg_per_kg: 3.2}\n",
        "after",
    ),
}


@pytest.mark.parametrize("case", BAD_PLANS)
def test_a_bad_plan_is_refused_in_one_sentence(dayzero, tmp_path, case):
    text, hint = BAD_PLANS[case]
    path, figure = tmp_path / "bad.yaml", tmp_path / "never.png"
    path.write_text(PLAN + text)
    code, out, err = dayzero("simulate", path, "--figure", figure)
    assert code == 2
    assert hint in err and err.strip().count("\n") == 0 and "Traceback" not in err
    assert "bad.yaml" in err
    assert not out and not figure.exists()


BAD_CHARTS = {
    "an empty file": "",
    "a header and nothing else": "patient,day,quantity,value,unit\n",
    "a row twice": CHART + "A,16,neutrophils,1.4,1e9/L\n",
    "text in numbers": CHART + "A,17,neutrophils,lots,1e9/L\n",
    "an unknown quantity": CHART + "A,17,neutrophil,1.5,1e9/L\n",
    "an unknown unit": CHART + "A,17,neutrophils,1.5,kg\n",
    "a negative count": CHART + "A,17,neutrophils,-1,1e9/L\n",
}


@pytest.mark.parametrize("case", BAD_CHARTS)
def test_a_bad_chart_is_refused_in_one_sentence(dayzero, tmp_path, case):
    path, target = tmp_path / "bad.csv", tmp_path / "judged.csv"
    path.write_text(BAD_CHARTS[case])
    code, out, err = dayzero("judge", path, "--out", target)
    assert code == 2
    assert err.strip().count("\n") == 0 and "Traceback" not in err and "bad.csv" in err
    assert not out and not target.exists()


BAD_OPTIONS = {
    "no patients": ("simulate", "auto-mel200-myeloma", "--patients", "0"),
    "no days": ("simulate", "auto-mel200-myeloma", "--days", "0"),
    "another precision": ("simulate", "auto-mel200-myeloma", "--precision", "float16"),
    "an unknown plan": ("simulate", "mel200"),
    "an edit without a value": ("simulate", "auto-mel200-myeloma", "--but", "graft.cd34_per_kg"),
    "an edit of nothing known": ("simulate", "auto-mel200-myeloma", "--but", "graft.cells=3"),
    "a figure of no known kind": ("simulate", "auto-mel200-myeloma", "--figure", "course.tiff"),
    "a record that is none": ("simulate", "--repeat", "README.md"),
    "a course that is none": ("observe", "README.md", "--out", "chart.csv"),
    "a chart that is not there": ("judge", "nowhere.csv"),
    "a name nobody knows": ("explain", "trombopoiesis"),
}


@pytest.mark.parametrize("case", BAD_OPTIONS)
def test_a_bad_option_is_refused_in_one_sentence(dayzero, tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    Path("README.md").write_text("not a course\n")
    code, out, err = dayzero(*BAD_OPTIONS[case])
    assert code == 2
    assert "Traceback" not in err and err.strip()
    assert not out and not Path("chart.csv").exists()


def test_the_installed_command_answers_and_exits_2_on_bad_input():
    good = subprocess.run([sys.executable, "-m", "dayzero", "--help"], capture_output=True, text=True, check=False)
    bad = subprocess.run([sys.executable, "-m", "dayzero", "judge", "nowhere.csv"], capture_output=True, text=True,
                         check=False)  # fmt: skip
    assert good.returncode == 0 and "simulate" in good.stdout
    assert bad.returncode == 2 and "nowhere.csv" in bad.stderr and "Traceback" not in bad.stderr
