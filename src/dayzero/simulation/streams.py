"""Random numbers that belong to a patient, not to a run.

A draw is a hash of (seed, patient, stream, index) and of nothing else: no batch, order, worker or arm can move it,
and the same virtual patient meets the same fate in two arms. The same integers come out in NumPy and inside a
compiled program; the uniforms are odd multiples of 2**-24, exact in float32 and in float64.

The mixer is Wellons' ``lowbias32`` (exact bias 0.17, found by the hash-prospector search, 2018).
"""

from __future__ import annotations

from typing import Any

import numpy as np

# Stream numbers. Each stands for one kind of draw, for ever; parameters carry their own (100-999).
LABORATORY_NOISE = 1000  # + Assay.stream
HAZARD_THRESHOLD = 2000  # + Hazard.stream
COVARIATE = 3000  # + place in covariates.COVARIATE_STREAMS
FATALITY = 4000  # + Hazard.stream; index is the number of the onset
SMALL_NUMBERS = 5000
CHANCE = 6000  # + number in an organ's CHANCE; index is the day
CALIBRATION = 7000  # + 0 sides of a parameter in a fit, index a digest of round and parameter; + 1 hours of a day


def mix(h: Any) -> Any:
    """Scramble 32 bits (uint32 in, uint32 out), elementwise."""
    h = h ^ (h >> np.uint32(16))
    h = h * np.uint32(0x7FEB352D)
    h = h ^ (h >> np.uint32(15))
    h = h * np.uint32(0x846CA68B)
    return h ^ (h >> np.uint32(16))


def patient_key(seed: int, patients: Any) -> np.ndarray:
    """Key of each patient: uint32 array of the shape of `patients` (integer identifiers)."""
    ids = np.atleast_1d(np.asarray(patients, dtype=np.uint64))
    low = (ids & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    high = (ids >> np.uint64(32)).astype(np.uint32)
    start = np.array([seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF], dtype=np.uint32)
    h = mix(mix(start[:1] ^ np.uint32(0x9E3779B9)) + start[1:])
    person = mix(mix(low ^ np.uint32(0x85EBCA6B)) + high)
    return mix(mix(person + h) ^ mix(h + np.uint32(0xC2B2AE35)))


def uniform(key: Any, stream: Any, index: Any) -> Any:
    """Uniform draw in (0, 1), an odd multiple of 2**-24, as float32 (exact also in float64).

    Parameters
    ----------
    key : uint32, from `patient_key`.
    stream : which kind of draw (uint32).
    index : which draw of it: a day, a recurrence (uint32, two's complement for negative days).
    """
    h = mix(mix(key ^ stream) ^ index)
    return (h >> np.uint32(9)).astype(np.float32) * np.float32(2.0**-23) + np.float32(2.0**-24)


def unsigned(i: int | np.ndarray) -> Any:
    """A stream number or a day (which may be negative) as uint32 for `uniform`."""
    return np.asarray(np.asarray(i, dtype=np.int64) & 0xFFFFFFFF, dtype=np.uint32)
