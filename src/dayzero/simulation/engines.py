"""The engines behind one function: ``vector``, the fast one on a processor, and ``jax``, the reference and for GPUs."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Literal

import numpy as np

from dayzero.errors import EngineWarning
from dayzero.simulation import native
from dayzero.simulation.assemble import Body
from dayzero.simulation.layout import BLOCK_SIZES
from dayzero.simulation.mixed import taken
from dayzero.simulation.prepare import Prepared
from dayzero.simulation.request import Run

Engine = Literal["vector", "jax"]


def engine_for(asked: str) -> Engine:
    """The engine asked for; ``auto`` is the vector engine wherever it can be had, otherwise JAX with a warning."""
    if asked == "jax" or native.available():
        return "jax" if asked == "jax" else "vector"
    told = "the vector engine needs llvmlite, which cannot be loaded here; the JAX engine runs instead, slower"
    warnings.warn(told, EngineWarning, stacklevel=3)
    return "jax"


def lived(body: Body, prepared: Prepared, run: Run, tick: Callable[[int], None]) -> np.ndarray:
    """The course of a block of patients: (quantities recorded, patients, days) array.

    `tick` is told of patient-days done; they add up to the patients times `run.padded_days`.
    """
    return (_vector if run.engine == "vector" else _jax)(body, prepared, run, tick)


def _vector(body: Body, prepared: Prepared, run: Run, tick: Callable[[int], None]) -> np.ndarray:
    from dayzero.simulation.engine_vector import program, width

    made = program(prepared, precision=run.precision, lanes=width(len(prepared.key), run.precision), body=body)
    return made.run(prepared, run.recording, run.last_row, run.steps, lambda n: tick(n * run.padded_days))


def _jax(body: Body, prepared: Prepared, run: Run, tick: Callable[[int], None]) -> np.ndarray:
    """Blocks are padded with copies of the last patient: other sizes could change a last bit in XLA."""
    from dayzero.simulation.engine_jax import program

    patients = len(prepared.key)
    size = next((size for size in BLOCK_SIZES if patients <= size), BLOCK_SIZES[-1])
    padded = taken(prepared, np.minimum(np.arange(size), patients - 1))
    made = program(padded, precision=run.precision, size=size, recording=run.recording, steps=run.steps, body=body)
    recorded = made.run(padded, lambda days: tick(days * patients))
    return recorded[: run.last_row, :, :patients].transpose(1, 2, 0)
