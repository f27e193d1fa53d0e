"""The page of the example trials tells what a result holds: verdicts by the published interval, contrasts by side."""

from __future__ import annotations

import pytest
from validation import trials

from dayzero.analyse.estimates import Published
from dayzero.analyse.trial import TrialResult, trial
from dayzero.spec import Trial


def figure(measure: str, value: float, low: float, high: float, simulated: float) -> Published:
    own = (simulated, simulated * 0.9, simulated * 1.1)
    return Published("relapse", "relapse", measure, "B", 365, value, low, high, *own, "made", "opened", "")


@pytest.mark.parametrize(
    ("row", "way"),
    [
        (figure("hazard_ratio", 0.6, 0.4, 0.9, 0.8), True),
        (figure("hazard_ratio", 0.6, 0.4, 0.9, 1.2), False),
        (figure("hazard_ratio", 0.9, 0.6, 1.3, 1.2), None),
        (figure("difference", 8.0, 2.0, 14.0, -1.0), False),
        (figure("level", 40.0, 30.0, 50.0, 60.0), None),
    ],
)
def test_a_contrast_points_the_same_way_only_where_the_published_one_points_at_all(row: Published, way: object) -> None:
    assert trials.same_way(row) is way


@pytest.fixture(scope="module")
def result() -> TrialResult:
    small = Trial.load("cd34-dose").but(size=60, sizes=(30,), null_replicates=50)
    return trial(small, replicates=2)


def test_a_trial_stands_with_figures_levels_and_power(result: TrialResult) -> None:
    told = trials.section(result)
    first = result.published[0]
    assert f"{first.simulated:.2f} ({first.simulated_low:.2f} to {first.simulated_high:.2f})" in told
    assert f"| {result.estimates[0].label} | {result.estimates[0].day} |" in told
    assert "| 30 | 4 |" in told and "| 60 | 2 |" in told
    assert told.count("**outside**") == sum(row.inside is False for row in result.published)


def test_what_is_wrong_is_told_with_its_size_the_farthest_first(result: TrialResult) -> None:
    lines = trials.wrong([result]).splitlines()
    outside = [row for row in result.published if row.inside is False]
    assert len(lines) == len(outside) or lines == ["Nothing outside its interval."]
    far = sorted(outside, key=lambda row: -abs(row.simulated - row.value) / (row.high - row.low))  # type: ignore[operator]
    assert all(f"{row.simulated:.2f} for {row.value:g}" in line for row, line in zip(far, lines, strict=False))
