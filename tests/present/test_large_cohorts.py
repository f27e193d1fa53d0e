"""``dayzero simulate --into``: the table of a small run for any number of patients, stopped and gone on with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from analyse.cut import DAYS, PATIENTS, PLAN

TESTS = Path(__file__).parents[1]


def test_the_table_is_that_of_a_small_run_and_record_and_picture_are_written(dayzero, tmp_path):
    small = ("simulate", "auto-mel200-myeloma", "--patients", 12, "--days", 40, "--seed", 4)
    into = (*small, "--into", tmp_path / "cohort", "--chunk", 5)
    files = {"--record": tmp_path / "run.json", "--outcomes": tmp_path / "outcomes.svg"}
    code, out, err = dayzero(*into, *(part for option in files.items() for part in option))
    assert code == 0 and not err
    expected = dayzero(*small)[1].splitlines()
    assert out.splitlines()[: len(expected)] == expected
    assert str(tmp_path / "cohort") in out and all(path.stat().st_size > 1000 for path in files.values())
    assert json.loads(files["--record"].read_text())["patients"] == 12
    told = json.loads(dayzero(*into, "--json")[1])
    assert told["folder"] == str(tmp_path / "cohort") and len(list((tmp_path / "cohort").glob("part-*"))) == 3
    assert told["rows"][0] == json.loads(dayzero(*small, "--json")[1])["rows"][0]


BESIDE = {"--out": "x.npz", "--figure": "x.png", "--timeline": "x.png", "--chart": "x.csv", "--repeat": "x.json",
          "--patient": 0}  # fmt: skip


@pytest.mark.parametrize("option", BESIDE)
def test_what_needs_every_day_of_every_patient_is_refused_beside_a_folder(dayzero, tmp_path, monkeypatch, option):
    monkeypatch.chdir(tmp_path)
    code, out, err = dayzero("simulate", PLAN, "--into", "cohort", option, BESIDE[option])
    assert code == 2 and option in err and err.count("\n") == 1 and not out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["--chunk", "--workers", "--executor", "--scheduler"])
def test_what_belongs_to_a_folder_is_refused_without_one(dayzero, option):
    code, out, err = dayzero("simulate", PLAN, option, "4")
    assert code == 2 and option in err and "--into" in err and not out


BAD = [("--chunk", 0), ("--executor", "mpi"), ("--workers", -1), ("--days", 0), ("--patients", 10**12),
       ("--executor", "dask", "--scheduler", "tcp://127.0.0.1:1")]  # fmt: skip


@pytest.mark.parametrize("options", BAD, ids=str)
def test_a_bad_option_is_one_sentence_and_makes_no_folder(dayzero, tmp_path, options):
    code, out, err = dayzero("simulate", PLAN, "--into", tmp_path / "cohort", *options)
    assert code == 2 and err.count("\n") == 1 and not out
    assert list(tmp_path.iterdir()) == []


STOPPED = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it may be ignored
from analyse import cut
from dayzero.analyse import large
from dayzero.present import cli

large.portion = large.quiet_portion = cut.made_portion
if sys.argv.pop(1) == "stop":
    tell = large._Share.tell
    def stop(self, number, share=1.0):
        tell(self, number, share)
        if number == 3:
            os.kill(os.getpid(), signal.SIGINT)
    large._Share.tell = stop
if __name__ == "__main__":
    cli.main()
"""


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_a_run_stopped_by_a_signal_says_what_is_kept_and_goes_on(tmp_path, executor):
    (tmp_path / "run.py").write_text(STOPPED)
    options = ("--patients", PATIENTS, "--days", DAYS, "--chunk", 16, "--into", "cohort", "--executor", executor)
    path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])

    def run(how: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "run.py", how, "simulate", PLAN, *map(str, options)]
        return subprocess.run(command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": path}, capture_output=True,
                              text=True, check=False)  # fmt: skip

    stopped = run("stop")
    kept = len(list((tmp_path / "cohort").glob("part-*")))
    assert (stopped.returncode, stopped.stdout) == (130, "") and 1 <= kept < 6
    parts = "1 part" if kept == 1 else f"{kept} parts"
    assert stopped.stderr == f"dayzero: stopped; {parts} kept in cohort; the same command goes on from there\n"
    done = run("go on")
    assert done.returncode == 0 and "written: cohort" in done.stdout and not done.stderr
    assert len(list((tmp_path / "cohort").glob("part-*"))) == 6
