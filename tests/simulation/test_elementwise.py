"""The functions biology is written in, against SciPy, in NumPy and in a compiled program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
from scipy import stats

from dayzero.elementwise import exp, log, maximum, minimum, normal_quantile, poisson_quantile, power, where

STEP = 2.0**-24
U = np.unique(np.concatenate([np.arange(1, 2**24, 2 * 8191), [3, 5, 2**24 - 3, 2**24 - 1]])) * STEP


def test_the_normal_quantile_is_that_of_scipy() -> None:
    expected = stats.norm.ppf(U)
    assert np.max(np.abs(normal_quantile(U) - expected) / np.maximum(np.abs(expected), 1e-6)) < 4e-7


def test_the_normal_quantile_is_odd_and_rises() -> None:
    assert normal_quantile(1 - U) == pytest.approx(-normal_quantile(U))
    assert np.all(np.diff(normal_quantile(U)) > 0)


def test_the_normal_quantile_holds_in_single_precision() -> None:
    compiled = jax.jit(normal_quantile)(U.astype(np.float32))
    assert np.max(np.abs(np.asarray(compiled, dtype=float) - stats.norm.ppf(U))) < 2e-5


@pytest.mark.parametrize("mean", [0.0, 1e-6, 0.01, 0.3, 1.0, 2.5, 7.0, 11.0, 11.99])
def test_the_poisson_quantile_is_exact_below_a_mean_of_twelve(mean: float) -> None:
    assert np.array_equal(poisson_quantile(U, mean), np.maximum(stats.poisson.ppf(U, mean), 0))


@pytest.mark.parametrize("mean", [12.0, 20.0, 150.0, 3e4, 1e6])
def test_the_poisson_quantile_is_a_rounded_normal_from_twelve_on(mean: float) -> None:
    u = U[(U > 1e-4) & (U < 1 - 1e-4)]
    normal = np.maximum(np.floor(mean + np.sqrt(mean) * stats.norm.ppf(u) + 0.5), 0)
    assert np.max(np.abs(poisson_quantile(u, mean) - normal)) <= 1
    assert np.max(np.abs(poisson_quantile(u, mean) - stats.poisson.ppf(u, mean))) <= 4  # skewness of the tails


def test_each_patient_has_their_own_mean() -> None:
    assert poisson_quantile(np.array([0.5, 0.5]), np.array([0.0, 100.0])).tolist() == [0.0, 100.0]


@pytest.mark.parametrize("of", [np.float64, np.asarray, jax.numpy.asarray])
def test_plain_numbers_arrays_and_traced_scalars_give_the_same(of: Callable[[float], Any]) -> None:
    x = of(0.7)
    assert float(exp(log(x))) == pytest.approx(0.7, rel=1e-6)
    assert float(power(x, 0.5)) == pytest.approx(0.7**0.5, rel=1e-6)
    assert float(minimum(x, 0.2) + maximum(x, 0.9)) == pytest.approx(1.1, rel=1e-6)
    assert float(where(x > 0.5, x, 0.0)) == pytest.approx(0.7, rel=1e-6)


def test_a_power_of_nothing_is_nothing() -> None:
    assert power(0.0, 0.5) < 1e-14
    assert power(0.0, 0.0) == 1
