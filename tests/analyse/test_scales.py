"""Counts on a scale: nearest points, quantiles within half a step, day by day."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dayzero.analyse.scales import Scale
from dayzero.analyse.tally import FANS, VALUES

PERCENTS = (5, 50, 95)
SCALES = {**VALUES, **{f"fan of {name}": scale for name, scale in FANS.items()}}


@given(st.lists(st.integers(0, 40), min_size=1, max_size=60))
def test_percentiles_of_whole_numbers_are_those_of_numpy(values: list[int]) -> None:
    scale = Scale(0, 100, 101)
    np.testing.assert_allclose(scale.percentiles(scale.count(values), PERCENTS), np.percentile(values, PERCENTS))


@pytest.mark.parametrize("name", SCALES)
def test_percentiles_are_right_within_half_a_step(name: str) -> None:
    scale = SCALES[name]
    spread = np.random.default_rng(1).uniform(0.2, 0.7, 501)
    values = scale.low * (scale.high / scale.low) ** spread if scale.logarithmic else scale.low + scale.high * spread
    found, exact = scale.percentiles(scale.count(values), PERCENTS), np.percentile(values, PERCENTS)
    if scale.logarithmic:
        step = np.log(scale.high / scale.low) / (scale.points - 1)
        assert np.abs(np.log(found / exact)).max() <= step / 2 * 1.001
    else:
        assert np.abs(found - exact).max() <= (scale.high - scale.low) / (scale.points - 1) / 2 * 1.001


def test_what_lies_beyond_an_end_counts_for_that_end_and_what_is_not_known_for_none() -> None:
    assert Scale(0, 10, 11).count([-5, 99, np.nan, np.inf]).tolist() == [1] + [0] * 9 + [1]
    assert Scale(1, 100, 3, logarithmic=True).count([0, 1, 9, 1e9]).tolist() == [2, 1, 1]


def test_days_are_counted_one_by_one_where_the_patient_lives() -> None:
    scale = Scale(0, 2, 3)
    values, living = np.array([[0, 1, 2], [2, 2, 2.0]]), np.array([[True, True, True], [True, True, False]])
    assert scale.count_by_day(values, living).tolist() == [[1, 0, 1], [0, 1, 1], [0, 0, 1]]


def test_nothing_has_no_percentile() -> None:
    assert np.isnan(Scale(0, 2, 3).percentiles(np.zeros(3, np.int64), PERCENTS)).all()
