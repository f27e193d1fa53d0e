"""The reference engine: the day program under `vmap` (patients) and `scan` (days), compiled by JAX.

One program is compiled for each (body, precision, block size, number of origins, recording set, steps a day) and kept;
doses, days, policies and horizon are inputs, so no plan ever causes a compilation. A course is a loop of chunks of
`CHUNK` days through that one program. Blocks are padded to 16, 128 or 1,024 patients with copies of the last one:
other sizes take other code paths in XLA and could change a last bit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dayzero.simulation import cache
from dayzero.simulation.assemble import Body, standard_body
from dayzero.simulation.day import Course as Passing
from dayzero.simulation.day import admission, one_day
from dayzero.simulation.layout import CHUNK, STEPS_PER_DAY, Layout, Precision
from dayzero.simulation.prepare import Prepared

compilations = 0  # counted for the test that plans cause none


@dataclass(frozen=True)
class Program:
    """A compiled chunk of days for one block size, and the one that admits patients."""

    body: Body
    layout: Layout
    size: int
    precision: Precision
    recording: tuple[str, ...]
    admit: Callable[..., Any]
    advance: Callable[..., Any]

    def run(self, prepared: Prepared, progress: Callable[[int], None] | None = None) -> np.ndarray:
        """The course of a block: (days, quantities recorded, patients) array; days a multiple of `CHUNK`."""
        kind = np.dtype(self.precision)
        numbers = np.stack(self.layout.numbers_of(prepared)).astype(kind)
        settings = np.stack(self.layout.settings_of(prepared)).astype(kind)
        daily = np.stack(self.layout.daily_of(prepared), axis=1).astype(kind)
        parts = []
        with jax.enable_x64(self.precision == "float64"):
            passing = self.admit(numbers, prepared.key)
            for at in range(0, len(daily), CHUNK):
                first = np.asarray(prepared.first_day + at, dtype=kind)
                passing, recorded = self.advance(
                    passing, numbers, settings, daily[at : at + CHUNK], first, prepared.key
                )
                parts.append(recorded)
                if progress is not None:
                    progress(CHUNK)
            return np.concatenate([np.asarray(part) for part in parts])


_programs: dict[tuple[Any, ...], Program] = {}
_lock = threading.Lock()


def program(prepared: Prepared, *, precision: Precision, size: int, recording: tuple[str, ...],
            steps: int = STEPS_PER_DAY, body: Body | None = None) -> Program:  # fmt: skip
    """The program for this shape, compiled on first use and kept (with its body) for the life of the process."""
    body = body or standard_body()
    layout = Layout.of(body, prepared)
    shape = (id(body), layout, precision, size, recording, steps)
    with _lock:
        if shape not in _programs:
            _programs[shape] = _compile(body, layout, precision, size, recording, steps)
        return _programs[shape]


def _compile(body: Body, layout: Layout, precision: Precision, size: int, recording: tuple[str, ...], steps: int):
    global compilations
    compilations += 1
    cache.use()

    def people(numbers: Any) -> dict[str, Any]:
        return layout.people(body, [numbers[i] for i in range(len(layout.numbers))])

    def admit(numbers: Any, key: Any) -> Passing:
        start = admission(body, people(numbers), key, layout.origins)
        return jax.tree.map(lambda x: jnp.asarray(x, dtype=precision), start)

    def advance(passing: Passing, numbers: Any, settings: Any, daily: Any, first: Any, key: Any):
        p = people(numbers)
        chosen = layout.chosen([settings[i] for i in range(len(layout.settings))])

        def day(carried: Passing, row: Any):
            i, values = row
            today = layout.today([values[j] for j in range(len(layout.daily))])
            then, recorded = one_day(body, carried, p, chosen, today, first + i, key, steps)
            return then, jnp.stack([recorded[name] for name in recording])

        return jax.lax.scan(day, passing, (jnp.arange(CHUNK, dtype=precision), daily))

    with jax.enable_x64(precision == "float64"):
        shaped = lambda *shape: jax.ShapeDtypeStruct(shape, precision)  # noqa: E731
        numbers, settings = shaped(len(layout.numbers), size), shaped(len(layout.settings), size)
        key = jax.ShapeDtypeStruct((size,), np.uint32)
        admitted = jax.jit(jax.vmap(admit, in_axes=(-1, -1), out_axes=-1))
        advanced = jax.jit(jax.vmap(advance, in_axes=(-1, -1, -1, -1, None, -1), out_axes=-1), donate_argnums=0)
        passing = jax.eval_shape(admitted, numbers, key)
        daily = shaped(CHUNK, len(layout.daily), size)
        return Program(
            body, layout, size, precision, recording,
            admitted.lower(numbers, key).compile(),
            advanced.lower(passing, numbers, settings, daily, shaped(), key).compile(compiler_options=_options()),
        )  # fmt: skip


def _options() -> dict[str, Any]:
    """Widest vectors on a processor: 1.1 to 1.3 times the speed once the stages are written out (measured)."""
    return {"xla_cpu_prefer_vector_width": 512} if jax.default_backend() == "cpu" else {}
