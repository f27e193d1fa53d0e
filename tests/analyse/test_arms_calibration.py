"""Tests and intervals of arms do what they promise: uniform p without an effect, intervals that hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest

from dayzero.analyse.competing import gray_test, incidence_test
from dayzero.analyse.effects import Shares, Where, effect
from dayzero.analyse.groups import Z95, GroupCounts
from dayzero.analyse.looks import boundaries, spent
from dayzero.analyse.when import First

TRIALS, SIZE = 2000, 200


class Made:
    """Many trials of patients with exponential times to the event, a rival event and loss, two strata."""

    def __init__(self, seed: int, ratio: float = 1.0) -> None:
        rng = np.random.default_rng(seed)
        patients = TRIALS * SIZE
        self.arm = np.tile([0, 1], patients // 2)
        self.stratum = rng.integers(0, 2, patients)
        rate = np.where(self.arm == 1, ratio, 1.0) / 180 * np.where(self.stratum == 1, 1.5, 1.0)
        own, rival = rng.exponential(1 / rate), rng.exponential(400, patients)
        left = np.minimum(rng.uniform(100, 900, patients), 730)
        day = np.minimum(np.minimum(own, rival), left)
        self.first = First(np.floor(day), np.where(day == left, 0, np.where(own < rival, 1, 2)))
        self.own = First(np.floor(np.minimum(own, left)), np.where(own < left, 1, 0))
        self.where = Where(np.repeat(np.arange(TRIALS), SIZE), self.stratum, self.arm, TRIALS, 2, 2)

    def counts(self, competing: bool) -> GroupCounts:
        return self.where.counts(self.first if competing else self.own)


@pytest.fixture(scope="module")
def null() -> Made:
    return Made(11)


@pytest.fixture(scope="module")
def helped() -> Made:
    return Made(12, ratio=0.7)


@pytest.mark.parametrize(
    ("name", "measure"),
    [("overall_survival", "hazard_ratio"), ("overall_survival", "difference"), ("overall_survival", "restricted_mean"),
     ("relapse", "subdistribution_hazard_ratio"), ("relapse", "hazard_ratio"), ("relapse", "difference")],
)  # fmt: skip
def test_p_is_uniform_and_intervals_hold_zero_when_arms_do_not_differ(null: Made, name: str, measure: str) -> None:
    found = effect(name, measure, null.counts(name == "relapse"), 180)
    assert kstest(found.p, "uniform").pvalue > 0.005
    low, high = found.interval()
    assert 0.93 <= np.mean((low <= 0) & (high >= 0)) <= 0.97


def test_the_share_of_trials_with_a_small_p_is_the_error_of_a_binary_test(null: Made) -> None:
    shares = Shares(null.first, null.where, 60)
    assert 0.035 <= np.mean(shares.effect().p < 0.05) <= 0.065
    low, high = shares.interval()
    assert 0.93 <= np.mean((low[:, 0] <= 0) & (high[:, 0] >= 0)) <= 0.97


def test_intervals_hold_the_true_hazard_ratio_and_the_test_finds_it(helped: Made) -> None:
    found = effect("overall_survival", "hazard_ratio", helped.counts(competing=False), 365)
    low, high = found.interval()
    assert 0.93 <= np.mean((low <= np.log(0.7)) & (np.log(0.7) <= high)) <= 0.97
    assert found.value.mean() == pytest.approx(np.log(0.7), abs=0.01)
    assert found.error.mean() == pytest.approx(found.value.std(), rel=0.05)
    assert np.mean(found.p < 0.05) > 0.5


def test_intervals_hold_the_true_difference_of_survival(helped: Made) -> None:
    found = effect("overall_survival", "difference", helped.counts(competing=False), 180)
    days = 181  # events of the day count
    free = [np.mean([np.exp(-days * ratio * stratum / 180) for stratum in (1, 1.5)]) for ratio in (1, 0.7)]
    truth = 100 * (free[1] - free[0])
    low, high = found.interval()
    assert 0.93 <= np.mean((low <= truth) & (truth <= high)) <= 0.97


@pytest.mark.parametrize(("later", "least", "most"), [(0.0, 0.04, 0.08), (3.0, 0.9, 1.0)])
def test_arms_that_run_empty_one_after_the_other_are_still_told_apart(later: float, least: float, most: float) -> None:
    """Nearly all engraft within days of one another: Gray's variance fails, the test that is used does not."""
    rng = np.random.default_rng(8)
    patients = 1000 * 120
    arm = np.tile([0, 1, 2], patients // 3)
    day = np.round(rng.gamma(40, 0.45, patients) + later * np.array([0, 1, -1])[arm])
    kind = np.where(rng.random(patients) < 0.04, 2, 1)
    trials = np.repeat(np.arange(1000), 120)
    counts = GroupCounts.of(day, kind, arm, arms=3, replicate=trials, replicates=1000)
    assert np.isnan(gray_test(counts)[1]).any()
    assert least <= np.mean(incidence_test(counts) < 0.05) <= most


def test_boundaries_of_interim_looks_are_the_published_ones() -> None:
    """Lan-DeMets boundaries, two-sided 0.05 (Jennison and Turnbull 2000, Reboussin 2000)."""
    assert boundaries([0.5, 1]) == pytest.approx([2.963, 1.969], abs=2e-3)
    told = [4.877, 3.357, 2.680, 2.290, 2.031]
    assert boundaries([0.2, 0.4, 0.6, 0.8, 1]) == pytest.approx(told, abs=3e-3)
    told = [2.438, 2.427, 2.410, 2.397, 2.386]
    assert boundaries([0.2, 0.4, 0.6, 0.8, 1], spending="pocock") == pytest.approx(told, abs=3e-3)


def test_looks_together_spend_the_error_and_no_more() -> None:
    rng = np.random.default_rng(5)
    information = np.array([0.3, 0.7, 1.0])
    steps = rng.normal(0, np.sqrt(np.diff(information, prepend=0)), (200_000, 3))
    z = np.cumsum(steps, axis=1) / np.sqrt(information)
    for spending in ("obrien_fleming", "pocock"):
        crossed = (np.abs(z) >= boundaries(information, 0.05, spending)).any(axis=1).mean()
        assert crossed == pytest.approx(0.05, abs=0.0015)
        assert spent(np.ones(1), 0.05, spending)[0] == pytest.approx(0.05)


def test_the_normal_quantile_is_the_usual_one() -> None:
    assert pytest.approx(1.959964, abs=1e-6) == Z95
