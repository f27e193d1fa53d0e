"""Forecasts kept and scored: nothing lost on the way, nobody learns from the scored person."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from dayzero.analyse.forecast import log as forecast_log
from dayzero.analyse.forecast.days import Days, crps
from dayzero.analyse.forecast.forecast import Forecast, forecast
from dayzero.analyse.forecast.pool import Pool, make_pool
from dayzero.analyse.forecast.rounds import EARLIER, MEDIAN, OWN, Case, Row, graft_median, not_yet, rounds
from dayzero.analyse.forecast.score import binomial_limits, crps_ratio, scores
from dayzero.errors import ChartError, InputError
from dayzero.records import Chart

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def pool() -> Pool:
    return make_pool("aml-sibling-pbsc", 200, seed=5)


def cohort(recovery: dict[str, int], graft: str = "PBSC") -> Chart:
    """Patients whose counts are 0.1 until the day before recovery, then 1."""
    rows = [(i, d, 0.1 if d < day else 1.0) for i, day in enumerate(recovery.values()) for d in range(5, day + 4)]
    patient, day, value = map(list, zip(*rows, strict=True))
    return Chart.from_columns({"neutrophils": (patient, day, value)}, list(recovery), graft=graft)


@pytest.fixture(scope="module")
def made(pool: Pool) -> list[Forecast]:
    chart = cohort({"A": 14, "B": 18})
    return [forecast(chart, patient=name, day=10, pool=pool) for name in ("A", "B")]


def test_a_log_is_read_back_and_scored_when_the_truth_has_come(made: list[Forecast], tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    forecast_log.append(path, made[:1], NOON)
    before = path.read_text()
    forecast_log.append(path, made[1:], NOON)
    assert path.read_text().startswith(before)  # a line once written stays
    entries = forecast_log.read(path)
    assert [entry["patient"] for entry in entries] == ["A", "B"]
    assert entries[0]["made"] == "2024-05-01T12:00:00+00:00" and entries[0]["record"]["dayzero"]
    rows = forecast_log.rows_of(entries, cohort({"A": 14, "B": 18}))
    assert [(row.case.low, row.case.high) for row in rows] == [(14, 14), (18, 18)]
    for row, one in zip(rows, made, strict=True):
        np.testing.assert_allclose(row.forecast.probability, one.neutrophils.probability, atol=1e-6)
        assert crps(row.forecast, row.case.low) == pytest.approx(crps(one.neutrophils, row.case.low), abs=1e-3)
    whole = next(score for score in scores(rows) if score.graft == "all")
    assert whole.patients == 2 and 0 <= whole.coverage[0.9] <= 1 and sum(whole.places) == pytest.approx(2)


def test_a_forecast_made_after_the_event_is_not_scored(made: list[Forecast], tmp_path: Path) -> None:
    path = forecast_log.append(tmp_path / "log.jsonl", made, NOON)
    with pytest.raises(ChartError, match="no truth"):
        forecast_log.rows_of(forecast_log.read(path), cohort({"A": 9, "B": 10}))


@pytest.mark.parametrize(("text", "word"), [
    ("not json\n", "line 1"), ('{"schema": 99}\n', "schema"), ("[1]\n", "schema"), ('{"schema": 1}\n', "patient"),
    ('{"schema": 1, "patient": "A", "day": 3, "neutrophils_0.5": {}}\n', "distribution"),
])  # fmt: skip
def test_a_damaged_log_is_refused_and_left_as_it_is(made: list[Forecast], tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(text)
    with pytest.raises(InputError, match=word):
        forecast_log.read(path)
    assert path.read_text() == text and list(tmp_path.iterdir()) == [path]


def test_a_log_holds_no_more_than_the_forecast(made: list[Forecast], tmp_path: Path) -> None:
    path = forecast_log.append(tmp_path / "log.jsonl", made[:1], NOON)
    entry = json.loads(path.read_text())
    assert entry.pop("made") and entry == json.loads(json.dumps(made[0].as_dict()))


def test_every_method_scores_the_same_patients_and_only_those_at_risk(pool: Pool) -> None:
    chart = cohort({"A": 9, "B": 12, "C": 14, "D": 18})
    rows = rounds(chart, days=(5, 10), pools={"PBSC": pool})
    for day, expected in ((5, {"A", "B", "C", "D"}), (10, {"B", "C", "D"})):
        for method in (OWN, EARLIER, MEDIAN):
            assert {row.case.patient for row in rows if (row.day, row.method) == (day, method)} == expected
    assert all(row.forecast.by(row.day) == 0 for row in rows)


def test_a_person_lends_nothing_to_a_second_transplant_of_their_own(pool: Pool) -> None:
    told = {}

    def spy(day: int, case: Case, rest) -> Days:
        told[case.patient] = [other.patient for other in rest]
        return not_yet(day, case, rest)

    rounds(cohort({"A@1": 11, "A@2": 13, "B@1": 15}), days=(5,), pools={"PBSC": pool}, methods={"spy": spy})
    assert told == {"A@1": ["B@1"], "A@2": ["B@1"], "B@1": ["A@1", "A@2"]}


def test_baselines_answer_as_reckoned_by_hand() -> None:
    rest = [Case(day, day, str(day), str(day), "PBSC") for day in (9, 11, 11, 20)]
    me = Case(15, 15, "me", "me", "PBSC")
    assert graft_median(5, me, rest).quantile(0.5) == 11
    assert graft_median(12, me, rest).quantile(0.5) == 13  # no earlier than tomorrow
    left = not_yet(10, me, rest)
    assert left.probability[11] == pytest.approx(2 / 3) and left.probability[20] == pytest.approx(1 / 3)
    assert not_yet(25, me, rest).quantile(0.5) == 26
    other = Case(15, 15, "me", "me", "cord")
    assert not_yet(10, other, rest).probability[20] == pytest.approx(1 / 3)  # no such graft: all others


def test_the_ratio_of_scores_is_paired_and_below_one_for_the_better() -> None:
    cases = [Case(10 + i % 5, 10 + i % 5, str(i), str(i), "PBSC") for i in range(30)]
    near = [Row("near", 0, case, Days.of([case.low - 1], [1], 40)) for case in cases]
    far = [Row("far", 0, case, Days.of([case.low + 2], [1], 40)) for case in cases]
    middle, low, high = crps_ratio([*near, *far], "near", "far", 0)
    assert (middle, low, high) == pytest.approx((0.5, 0.5, 0.5))
    with pytest.raises(InputError, match="none scored by both"):
        crps_ratio([*near, *far], "near", "far", 3)
    assert binomial_limits(0.5, 100) == pytest.approx((0.40, 0.60))
