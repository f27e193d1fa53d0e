"""Random numbers: the same in NumPy and in a program, and each patient's, stream's and day's own."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from dayzero.simulation.streams import mix, patient_key, uniform, unsigned

MANY = 100_000
STEP = 2.0**-24


def draws(seed: int = 1, patients: np.ndarray | None = None, stream: int = 100, index: int = 0) -> np.ndarray:
    people = np.arange(MANY) if patients is None else patients
    return uniform(patient_key(seed, people), unsigned(stream), unsigned(index)).astype(np.float64)


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    return abs(float(np.corrcoef(a, b)[0, 1]))


def test_uniforms_are_odd_multiples_of_the_step_and_lie_inside_zero_and_one() -> None:
    steps = draws() / STEP
    assert np.all(steps == np.floor(steps))
    assert np.all(steps % 2 == 1)
    assert 0 < draws().min() < 1e-3
    assert 1 - 1e-3 < draws().max() < 1
    for h in (0, 0xFFFFFFFF):  # the ends of what a hash can be
        u = (np.uint32(h) >> np.uint32(9)).astype(np.float32) * np.float32(2.0**-23) + np.float32(STEP)
        assert 0 < u < 1


@pytest.mark.parametrize("double", [False, True])
def test_a_compiled_program_draws_what_numpy_draws(double: bool) -> None:
    key = patient_key(7, np.arange(1000))
    for stream, day in ((100, 0), (1003, 45), (2001, -9), (5002, 3650)):
        plain = uniform(key, unsigned(stream), unsigned(day))
        with jax.enable_x64(double):
            compiled = jax.jit(uniform)(key, unsigned(stream), unsigned(day))
        assert np.asarray(compiled).dtype == plain.dtype == np.float32
        assert np.array_equal(plain, compiled)


def test_a_day_before_infusion_is_a_day_of_its_own() -> None:
    assert unsigned(-1) == 0xFFFFFFFF
    assert not np.array_equal(draws(index=-3), draws(index=3))


def test_no_two_patients_of_a_seed_share_a_key() -> None:
    keys = patient_key(1, np.arange(1_000_000))
    assert len(np.unique(keys)) == 1_000_000


def test_patients_beyond_32_bits_are_people_of_their_own() -> None:
    ids = np.array([5, 5 + 2**32, 5 + 2**40], dtype=np.uint64)
    assert len(np.unique(patient_key(1, ids))) == 3


@pytest.mark.parametrize("bit", [0, 1, 7, 15, 31])
def test_one_bit_of_patient_or_seed_turns_half_the_bits_of_the_key(bit: int) -> None:
    people = np.arange(4096)
    usual = patient_key(1, people)
    for other in (patient_key(1, people ^ (1 << bit)), patient_key(1 ^ (1 << bit), people)):
        turned = np.unpackbits((usual ^ other).view(np.uint8)).mean()
        assert 0.48 < turned < 0.52


def test_the_second_half_of_a_long_seed_counts() -> None:
    assert not np.array_equal(patient_key(1, np.arange(4)), patient_key(1 + 2**32, np.arange(4)))


def test_each_bit_of_the_mixer_turns_half_the_bits() -> None:
    words = np.arange(20_000, dtype=np.uint32) * np.uint32(2654435761)
    for bit in range(32):
        turned = np.unpackbits((mix(words) ^ mix(words ^ np.uint32(1 << bit))).view(np.uint8)).mean()
        assert 0.47 < turned < 0.53


@pytest.mark.parametrize("stream", [100, 307, 1005, 2001, 5001])
def test_uniforms_are_uniform(stream: int) -> None:
    u = draws(stream=stream)
    assert u.mean() == pytest.approx(0.5, abs=0.005)
    assert u.var() == pytest.approx(1 / 12, abs=0.002)
    counts, _ = np.histogram(u, bins=64, range=(0, 1))
    assert ((counts - MANY / 64) ** 2 / (MANY / 64)).sum() < 120  # chi-square, 63 degrees of freedom, p 1e-5


def test_neighbouring_patients_streams_days_and_seeds_are_not_correlated() -> None:
    u = draws()
    others = (draws(stream=101), draws(index=1), draws(seed=2), draws(patients=np.arange(MANY) + 1), draws(index=-1))
    assert max(correlation(u, other) for other in others) < 0.015
    by_day = np.array([draws(patients=np.array([3]), index=day)[0] for day in range(-30, 3000)])
    assert correlation(by_day[1:], by_day[:-1]) < 0.07
