"""The commands forecast, outlook and busulfan, run for real, and the picture of a forecast."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dayzero.analyse.forecast.forecast import Forecast, forecast
from dayzero.errors import InputError
from dayzero.present.forecast_figure import forecast_figure
from dayzero.present.plot import plot
from dayzero.records import Chart

PLAN = ("--plan", "aml-sibling-pbsc", "--twins", 120)
COUNTS = """patient,day,quantity,value,unit
A,6,leukocytes,<0.1,1e9/L
A,8,leukocytes,<0.1,1e9/L
A,9,leukocytes,0.1,1e9/L
A,10,leukocytes,0.3,1e9/L
A,16,neutrophils,0.7,1e9/L
A,17,neutrophils,1.2,1e9/L
A,18,neutrophils,2.2,1e9/L
A,10,neutrophils,0.1,1e9/L
"""
LEVELS = """time_h,dose_mg,infusion_h,level_mg_per_l
0,220,3,
3,,,3.9
5,,,2.4
8,,,1.3
"""


@pytest.fixture
def counts(tmp_path: Path) -> Path:
    path = tmp_path / "counts.csv"
    path.write_text(COUNTS)
    return path


@pytest.fixture(scope="module")
def made() -> tuple[Forecast, Chart]:
    days = [6, 8, 9, 10, 14, 16]
    white = ([0] * 6, days, [0.1, 0.1, 0.1, 0.3, 0.8, 2.0], [-1, -1, 0, 0, 0, 0])
    chart = Chart.from_columns({"leukocytes": white}, ["A"], graft="PBSC")
    return forecast(chart, "aml-sibling-pbsc", day=10, twins=120), chart


def test_a_forecast_is_shown_kept_drawn_and_scored_when_the_truth_is_known(dayzero, counts, tmp_path) -> None:
    log, picture, file = tmp_path / "log.jsonl", tmp_path / "fan.png", tmp_path / "told.json"
    code, out, _ = dayzero("forecast", counts, *PLAN, "--day", 10, "--log", log, "--figure", picture, "--out", file)
    assert code == 0
    assert "neutrophils 0.5" in out and "not a medical device" in out
    assert picture.stat().st_size > 10_000 and len(log.read_text().splitlines()) == 1
    assert json.loads(file.read_text())[0]["day"] == 10
    code, out, _ = dayzero("forecast", counts, "--score", log, "--json")
    score = json.loads(out)["scores"][0]
    assert code == 0
    assert score["patients"] == 1 and score["day"] == 10 and score["crps"] > 0


def test_json_says_what_the_table_says_and_everything_else(dayzero, counts) -> None:
    code, out, _ = dayzero("forecast", counts, *PLAN, "--day", 10, "--json")
    told = json.loads(out)[0]
    assert code == 0
    assert 11 <= told["neutrophils_0.5"]["median"] <= 22
    assert {"fans", "twins", "before_any_reading", "failure", "notes", "record"} <= set(told)


def test_a_persons_own_future_does_not_teach_their_forecast(dayzero, counts) -> None:
    options = (counts, *PLAN, "--day", 10, "--json")
    alone, beside = (json.loads(dayzero("forecast", *options, *more)[1]) for more in ((), ("--others", counts)))
    assert beside[0]["record"]["earlier_patients"] == 0
    assert alone[0]["neutrophils_0.5"] == beside[0]["neutrophils_0.5"]


def test_growth_factor_of_the_chart_is_given_to_the_twins(dayzero, counts) -> None:
    counts.write_text(COUNTS + "A,3,gcsf,5,ug/kg\nA,4,gcsf,5,ug/kg\n")
    code, out, err = dayzero("forecast", counts, *PLAN, "--day", 10, "--json")
    assert code == 0, err
    told = json.loads(out)
    one = told[0] if isinstance(told, list) else told
    assert one["plans"][0]["plan"] == "aml-sibling-pbsc, G-CSF from day 3" and "G-CSF given since day 3" in one["notes"]
    code, out, err = dayzero("forecast", counts, *PLAN, "--day", 2, "--json")
    assert code == 0 and "G-CSF" not in json.loads(out)[0]["plans"][0]["plan"]


def folder_of(place: Path) -> tuple[list[str], list[str]]:
    """Three patients who recover, one of unknown graft and one who does not recover, in the form of the MSK set."""
    rows, episodes = ["patient_id,transplant_timepoint,day,wbc,neutrophils,lymphocytes,neutrophil_note,wbc_note"], []
    for patient, recovery in ((1, 11), (2, 14), (3, 17), (4, 12), (5, 99)):
        episodes.append(f"{patient}@0,{'liver' if patient == 4 else 'PBSC_unmodified'}")
        for day in range(3, min(recovery + 4, 25)):
            white = 0.1 if day < recovery - 1 else 0.4 if day < recovery else 2.0
            own, note = (0, "imputed_zero_low_wbc") if day < recovery else (1.5, "")
            rows.append(f"{patient},0,{day},{white},{own},0.1,{note},")
    (place / "daily_counts.csv").write_text("\n".join(rows) + "\n")
    (place / "episodes.csv").write_text("\n".join(["episode,graft", *episodes]) + "\n")
    return rows, episodes


def test_a_folder_of_the_same_form_is_scored(dayzero, tmp_path) -> None:
    folder_of(tmp_path)
    code, out, err = dayzero("forecast", "--score", tmp_path, *PLAN, "--json")
    assert code == 0, err
    told = json.loads(out)
    methods = {score["method"] for score in told["scores"]}
    assert {"twins and earlier patients", "median of the graft", "earlier patients, not yet engrafted"} <= methods
    assert [row["day"] for row in told["crps_ratios"]] == [0, 5, 7, 10, 12]
    assert {s["patients"] for s in told["scores"] if (s["day"], s["graft"]) == (12, "all")} == {2}
    assert told["not_scored"] == {"4@0": "graft not known", "5@0": "no recovery of neutrophils seen"}


def test_a_single_patient_is_scored_without_baselines_that_would_learn_from_nobody(dayzero, tmp_path) -> None:
    rows, _ = folder_of(tmp_path)
    (tmp_path / "daily_counts.csv").write_text("\n".join([rows[0], *(r for r in rows if r.startswith("2,"))]) + "\n")
    code, out, err = dayzero("forecast", "--score", tmp_path, *PLAN, "--json")
    told = json.loads(out)
    assert code == 0, err
    assert not {s["method"] for s in told["scores"]} & {"median of the graft", "earlier patients, not yet engrafted"}
    assert told["crps_ratios"] == [] and told["scores"][0]["patients"] == 1


@pytest.mark.parametrize(("old", "new", "word"), [
    ("1,0,5,0.1,", "1,0,5,many,", "wbc"), ("1,0,5,0.1,", "1,0,5,-4,", "leukocytes"),
    ("1,0,5,0.1,", "1,0,x,0.1,", "day"), (",neutrophils,", ",granulocytes,", "neutrophils"),
])  # fmt: skip
def test_a_folder_with_a_bad_table_is_refused_in_one_sentence(dayzero, tmp_path, old, new, word) -> None:
    rows, _ = folder_of(tmp_path)
    (tmp_path / "daily_counts.csv").write_text("\n".join(rows).replace(old, new, 1) + "\n")
    code, out, err = dayzero("forecast", "--score", tmp_path, *PLAN)
    assert code == 2 and word in err and "Traceback" not in err and err.strip().count("\n") == 0 and out == ""


BAD: dict[str, tuple[str, str]] = {
    "a negative count": ("A,11,leukocytes,-3,1e9/L\n", "row 10, value"),
    "a count no blood holds": ("A,11,leukocytes,90000,1e9/L\n", "leukocytes"),
    "words for a number": ("A,11,leukocytes,many,1e9/L\n", "many"),
}


@pytest.mark.parametrize("case", BAD)
def test_an_impossible_value_is_refused_by_name(dayzero, counts, tmp_path, case) -> None:
    row, word = BAD[case]
    counts.write_text(COUNTS + row)
    figure = tmp_path / "never.png"
    code, out, err = dayzero("forecast", counts, *PLAN, "--figure", figure)
    assert code == 2 and word in err and out == ""
    assert err.strip().count("\n") == 0 and not figure.exists()


def test_a_strange_chart_is_flagged_in_the_forecast(dayzero, counts) -> None:
    counts.write_text(COUNTS + "A,9,neutrophils,3.0,1e9/L\n")
    code, out, _ = dayzero("forecast", counts, *PLAN, "--day", 10)
    assert code == 0 and "note: more neutrophils than white cells on day 9" in out


@pytest.mark.parametrize(("arguments", "word"), [
    ((), "CHART"), (("--score", "nowhere"), "nowhere"), (("counts.csv",), "--plan"),
    (("counts.csv", "--plan", "no-such"), "no-such"), (("counts.csv", *PLAN, "--day", "999"), "day"),
    (("counts.csv", *PLAN, "--log", "log.txt"), "--log"),
])  # fmt: skip
def test_what_cannot_be_forecast_is_one_sentence(dayzero, counts, monkeypatch, arguments, word) -> None:
    monkeypatch.chdir(counts.parent)
    code, _, err = dayzero("forecast", *arguments)
    assert code == 2 and word in err and "Traceback" not in err


def test_busulfan_levels_become_a_dose(dayzero, tmp_path) -> None:
    path = tmp_path / "levels.csv"
    path.write_text(LEVELS)
    arguments = ("busulfan", path, "--bsa", 1.9, "--target", 90, "--doses-left", 3)
    code, out, _ = dayzero(*arguments, "--json")
    told = json.loads(out)
    clearance = told["clearance_l_per_h"][0]
    assert code == 0
    assert told["target"]["auc_each_mg_h_l"] == pytest.approx((90 - 220 / clearance) / 3)
    assert "doses of" in dayzero(*arguments)[1]


@pytest.mark.parametrize(("text", "options", "word"), [
    (LEVELS, (), "size"), (LEVELS, ("--bsa", 1.9, "--target", 90), "--target"),
    ("a,b\n1,2\n", ("--bsa", 1.9), "header"), (LEVELS.replace("3.9", "much"), ("--bsa", 1.9), "level_mg_per_l"),
    (LEVELS.replace("3.9", "3900"), ("--bsa", 1.9), "level_mg_per_l"),
])  # fmt: skip
def test_levels_that_cannot_be_used_are_refused_by_name(dayzero, tmp_path, text, options, word) -> None:
    path = tmp_path / "levels.csv"
    path.write_text(text)
    code, _, err = dayzero("busulfan", path, *options)
    assert code == 2 and word in err and "Traceback" not in err


def test_the_picture_shows_readings_known_and_to_come_and_the_day_of_the_forecast(made) -> None:
    told, chart = made
    figure = forecast_figure(told, chart)
    white = figure.axes[0]
    known = np.vstack([line.get_xydata() for line in points(white, "#D55E00")])
    later = np.vstack([line.get_xydata() for line in points(white, "#222222")])
    assert known[:, 0].max() == 10 < later[:, 0].min()
    assert all(any(np.all(np.asarray(line.get_xdata()) == 10) for line in axes.lines) for axes in figure.axes)
    assert "not a medical device" in words(figure)
    assert "day 10" in figure.get_suptitle()


def test_the_bars_are_the_forecast_and_the_steps_what_was_thought_before(made) -> None:
    told, chart = made
    bars = figure_bars(forecast_figure(told, chart).axes[-1])
    np.testing.assert_allclose(bars[: told.neutrophils.horizon + 1], 100 * told.neutrophils.probability)


def test_one_verb_draws_a_forecast_too(made) -> None:
    told, chart = made
    assert isinstance(plot(told, chart=chart), Figure)
    with pytest.raises(InputError, match="course or its outcomes"):
        plot(chart)  # type: ignore[arg-type]


def points(axes: Axes, colour: str) -> list[Any]:
    return [line for line in axes.lines if line.get_marker() in "ov" and line.get_color() == colour
            and len(np.asarray(line.get_xdata()))]  # fmt: skip


def words(figure: Figure) -> str:
    return " ".join(text.get_text() for text in figure.texts)


def figure_bars(axes: Axes) -> np.ndarray:
    return np.array([patch.get_height() for patch in axes.patches])  # type: ignore[attr-defined]
