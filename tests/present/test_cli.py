"""The command line, run for real: results, files, and one sentence with exit code 2 for anything it cannot use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from analyse.made import cohort

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
    "nothing to simulate": ("simulate",),
    "more patients than fit": ("simulate", "auto-mel200-myeloma", "--patients", "1000000000"),
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


KINDS = {
    "--out": (".npz",),
    "--figure": (".png", ".svg", ".pdf"),
    "--outcomes": (".png", ".svg", ".pdf"),
    "--timeline": (".png", ".svg", ".pdf"),
    "--chart": (".csv", ".parquet"),
    "--record": (".json",),
}


def refused(dayzero, *arguments: object) -> str:
    """The sentence a command is refused with."""
    code, out, err = dayzero(*arguments)
    assert code == 2 and not out
    assert err.startswith("dayzero: ") and err.count("\n") == 1
    return err


@pytest.fixture
def no_work(monkeypatch):
    """Any simulation or judgement at all is a failure."""

    def never(*_: object, **__: object) -> None:
        raise AssertionError("work was begun")

    monkeypatch.setattr("dayzero.simulation.cohort.simulate", never)
    monkeypatch.setattr("dayzero.simulation.course.Course.read", never)
    monkeypatch.setattr("dayzero.records.Chart.read", never)


@pytest.mark.parametrize("option", KINDS)
def test_a_target_of_another_kind_or_place_is_refused_before_any_work(dayzero, no_work, tmp_path, option):
    good = KINDS[option][0]
    wrong = {suffix for kinds in KINDS.values() for suffix in kinds} - {*KINDS[option]}
    folder = tmp_path / f"folder{good}"
    folder.mkdir()
    (tmp_path / "file").touch()
    bad = [*(tmp_path / f"x{suffix}" for suffix in (*wrong, "", ".npz.gz")), folder, tmp_path / "file" / f"x{good}"]
    bad += [Path("/proc/x") / f"y{good}", Path("/etc/hostname") / f"x{good}", tmp_path / f"{'x' * 300}{good}"]
    for path in bad:
        assert option in refused(dayzero, "simulate", "auto-mel200-myeloma", option, path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", folder.name]


@pytest.mark.parametrize(
    "arguments", [("observe", "c.npz", "--out", "x.json"), ("judge", "c.csv", "--out", "x.npz")], ids=lambda a: a[0]
)
def test_observe_and_judge_refuse_another_kind_of_target(dayzero, no_work, arguments):
    assert "--out" in refused(dayzero, *arguments)


@pytest.mark.parametrize("arguments", [("--patient", 3), ("--patient", 10, "--patients", 10, "--timeline", "x.png"),
                                       ("--patient", -1, "--figure", "x.png")], ids=str)  # fmt: skip
def test_a_patient_not_simulated_or_not_drawn_is_refused_before_any_work(dayzero, no_work, tmp_path, monkeypatch,
                                                                         arguments):  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert "--patient" in refused(dayzero, "simulate", "auto-mel200-myeloma", *arguments)


def test_pictures_of_a_patient_and_of_outcomes_are_written_together(dayzero, tmp_path, monkeypatch):
    monkeypatch.setattr("dayzero.simulation.cohort.simulate", lambda *_, **__: cohort(patients=20, days=120))
    files = [tmp_path / name for name in ("course.png", "outcomes.svg", "patient.pdf")]
    options = [part for pair in zip(("--figure", "--outcomes", "--timeline"), files, strict=True) for part in pair]
    code, out, _ = dayzero("simulate", "aml-unrelated-flubu2-atg", "--patient", 7, *options, "--json")
    assert code == 0 and all(path.stat().st_size > 1000 for path in files)
    told = json.loads(out)["outcomes"]
    assert {"overall_survival", "grfs"} <= {line["name"] for line in told["endpoints"]}


def test_two_options_cannot_name_one_file_and_none_the_file_that_is_read(dayzero, no_work, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("dayzero.present.cli.PICTURE", (".csv",))
    monkeypatch.setattr("dayzero.present.cli.TABLE", (".csv",))
    Path("link.csv").symlink_to("x.csv")
    for other in ("x.csv", "./x.csv", tmp_path / "x.csv", "link.csv", "x.csv/y.csv"):
        assert "--chart" in refused(dayzero, "simulate", "auto-mel200-myeloma", "--chart", "x.csv", "--figure", other)
    Path("counts.csv").write_text(CHART)
    assert "read" in refused(dayzero, "judge", "counts.csv", "--out", "./counts.csv")
    Path("run.json").write_text("{}")
    assert "read" in refused(dayzero, "simulate", "--repeat", "run.json", "--record", "run.json")


def test_a_refused_run_makes_no_folder_and_a_good_one_does(dayzero, tmp_path):
    target = tmp_path / "new" / "sub" / "x.npz"
    refused(dayzero, "simulate", "nosuch", "--out", target)
    assert list(tmp_path.iterdir()) == []
    arguments = ("simulate", "auto-mel200-myeloma", "--patients", 2, "--days", 30)
    assert dayzero(*arguments, "--out", target)[0] == 0
    assert [p.name for p in target.parent.iterdir()] == ["x.npz"]


def test_when_one_file_cannot_be_written_none_is(dayzero, tmp_path, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "chart.csv")

    monkeypatch.setattr("dayzero.records.Chart.write", full)
    old = tmp_path / "course.npz"
    old.write_bytes(b"old")
    arguments = ("--patients", 2, "--days", 30, "--out", old, "--record", tmp_path / "new" / "run.json")
    told = refused(dayzero, "simulate", "auto-mel200-myeloma", *arguments, "--chart", tmp_path / "chart.csv")
    assert "No space left" in told
    assert old.read_bytes() == b"old" and [p.name for p in tmp_path.iterdir()] == ["course.npz"]


def test_every_file_may_be_read_by_whom_any_new_file_may(dayzero, tmp_path):
    files = [tmp_path / f"{option[2:]}{kinds[0]}" for option, kinds in KINDS.items()]
    options = [part for pair in zip(KINDS, files, strict=True) for part in pair]
    assert dayzero("simulate", "auto-mel200-myeloma", "--patients", 2, "--days", 30, *options)[0] == 0
    judged = tmp_path / "judged.csv"
    assert dayzero("judge", tmp_path / "chart.csv", "--out", judged)[0] == 0
    plain = tmp_path / "plain"
    plain.touch()
    assert {path.stat().st_mode for path in (*files, judged)} == {plain.stat().st_mode}


@pytest.mark.parametrize("other", [("auto-mel200-myeloma",), ("--but", "name=x"), ("--seed", 1), ("--patients", 1000),
                                   ("--days", 120), ("--precision", "float32")], ids=lambda o: o[0])  # fmt: skip
def test_what_a_record_says_cannot_be_said_beside_it(dayzero, no_work, tmp_path, other):
    record = tmp_path / "run.json"
    record.write_text("{}")
    told = refused(dayzero, "simulate", "--repeat", record, *other)
    assert "--repeat" in told and (other[0] in told or "PLAN" in told)


@pytest.mark.parametrize("content", ["[1]", '"x"', "{}", '{"plans": 3}', "", "[[["])
def test_a_malformed_record_is_refused_in_one_sentence(dayzero, tmp_path, content):
    record = tmp_path / "run.json"
    record.write_text(content)
    assert "run.json" in refused(dayzero, "simulate", "--repeat", record)


def test_names_with_brackets_and_colons_are_shown_letter_by_letter(dayzero, tmp_path):
    path = tmp_path / "odd.csv"
    names = ("[/]", "[arm b]", "[bold]x", ":warning:")
    rows = CHART.splitlines()[1:]
    path.write_text("\n".join([CHART.splitlines()[0], *(name + row[1:] for name in names for row in rows)]) + "\n")
    code, out, _ = dayzero("judge", path)
    assert code == 0 and all(name in out for name in names)


def test_a_title_with_brackets_is_shown_letter_by_letter(dayzero, tmp_path):
    path = tmp_path / "odd.yaml"
    path.write_text(PLAN + "title: 'Trial [/] arm [arm b] :warning:'\n")
    code, out, _ = dayzero("simulate", path, "--patients", 2, "--days", 30)
    assert code == 0 and "Trial [/] arm [arm b] :warning:" in out
    assert "[/x].yaml" in refused(dayzero, "simulate", "[/x].yaml")


def test_a_judgement_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    from dayzero.criteria import judge
    from dayzero.present.tables import write_judgement
    from dayzero.records import Chart

    path = tmp_path / "counts.csv"
    path.write_text(CHART)
    table = judge(Chart.read(path))
    for suffix in (".csv", ".parquet", ".json"):
        write_judgement(table, tmp_path / f"judged{suffix}")
    before = sorted(tmp_path.iterdir())
    monkeypatch.setattr("dayzero.present.tables.judgement_data", lambda _: {"patients": object()})
    with pytest.raises(TypeError):
        write_judgement(table, tmp_path / "judged.json")
    assert sorted(tmp_path.iterdir()) == before and len(before) == 4
    json.loads((tmp_path / "judged.json").read_text())


def test_many_judgements_written_to_one_file_at_once_leave_one_whole(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    from dayzero.criteria import judge
    from dayzero.present.tables import write_judgement
    from dayzero.records import Chart

    path, target = tmp_path / "counts.csv", tmp_path / "judged.json"
    path.write_text(CHART)
    table = judge(Chart.read(path))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: write_judgement(table, target), range(40)))
    assert json.loads(target.read_text())["patients"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["counts.csv", "judged.json"]


def test_stopping_from_the_keyboard_is_one_line_and_130(dayzero, tmp_path, monkeypatch):
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dayzero.simulation.cohort.simulate", stopped)
    code, out, err = dayzero("simulate", "auto-mel200-myeloma", "--out", tmp_path / "new" / "x.npz")
    assert (code, out, err) == (130, "", "dayzero: stopped; nothing was written\n")
    assert list(tmp_path.iterdir()) == []


def test_stopping_while_files_are_written_leaves_none_and_after_it_says_which(dayzero, tmp_path, monkeypatch):
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    arguments = ("simulate", "auto-mel200-myeloma", "--patients", 2, "--days", 30, "--out", tmp_path / "x.npz")
    with monkeypatch.context() as patch:
        patch.setattr("dayzero.records.Chart.write", stopped)
        code, _, err = dayzero(*arguments, "--chart", tmp_path / "x.csv")
    assert code == 130 and "nothing was written" in err and list(tmp_path.iterdir()) == []
    monkeypatch.setattr("dayzero.present.tables.show_summary", stopped)
    code, _, err = dayzero(*arguments)
    assert code == 130 and "x.npz" in err and (tmp_path / "x.npz").exists()


STOPPED = """
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it may be ignored
from dayzero.present import cli
from dayzero.simulation import cohort

whole = cohort.simulate
stop = lambda share: os.kill(os.getpid(), signal.SIGINT)
cohort.simulate = lambda *what, **how: whole(*what, **{**how, "progress": stop})
cli.main()
"""


def test_a_run_stopped_by_a_signal_and_more_of_them_ends_in_one_line(tmp_path):
    command = [sys.executable, "-c", STOPPED, "simulate", "auto-mel200-myeloma", "--patients", "600"]
    ran = subprocess.run([*command, "--out", tmp_path / "new" / "x.npz"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "dayzero: stopped; nothing was written\n")
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_without_the_letters_gets_something_to_read():
    ran = subprocess.run(
        [sys.executable, "-m", "dayzero", "judge", "nowhere\udcff·.csv"],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2 and "Traceback" not in ran.stderr and "nowhere" in ran.stderr


def test_the_installed_command_answers_and_exits_2_on_bad_input():
    good = subprocess.run([sys.executable, "-m", "dayzero", "--help"], capture_output=True, text=True, check=False)
    bad = subprocess.run([sys.executable, "-m", "dayzero", "judge", "nowhere.csv"], capture_output=True, text=True,
                         check=False)  # fmt: skip
    assert good.returncode == 0 and "simulate" in good.stdout
    assert bad.returncode == 2 and "nowhere.csv" in bad.stderr and "Traceback" not in bad.stderr
