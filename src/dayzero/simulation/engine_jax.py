"""The reference engine: the day program under `vmap` (patients) and `scan` (days), compiled by JAX.

One program is compiled for each (body, precision, block size, number of origins, recording set, steps a day) and kept;
doses, days, policies and horizon are inputs, so no plan ever causes a compilation. A course is a loop of chunks of
`CHUNK` days through that one program. Blocks are padded to 16, 128 or 1,024 patients with copies of the last one:
other sizes take other code paths in XLA and could change a last bit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from dayzero.simulation import cache
from dayzero.simulation.assemble import Body, standard_body
from dayzero.simulation.day import Course as Passing
from dayzero.simulation.day import admission, one_day
from dayzero.simulation.integrate import STEPS_PER_DAY
from dayzero.simulation.prepare import Prepared

Precision = Literal["float32", "float64"]
BLOCK_SIZES = (16, 128, 1024)
CHUNK = 16

compilations = 0  # counted for the test that plans cause none


def block_size(patients: int) -> int:
    """Smallest block that holds so many patients."""
    return next((size for size in BLOCK_SIZES if patients <= size), BLOCK_SIZES[-1])


@dataclass(frozen=True)
class Layout:
    """Where each number of a patient stands in the arrays passed to the program."""

    numbers: tuple[tuple[str, str, int | None], ...]
    settings: tuple[str, ...]
    daily: tuple[tuple[str, int | None], ...]

    @classmethod
    def of(cls, body: Body, prepared: Prepared) -> Layout:
        """The layout of a body; `prepared` only shows which entries are per origin."""
        numbers = [
            (organ.name, name, o)
            for organ in body.living
            for name in organ.view._fields
            for o in _origins(prepared.numbers[organ.name][name])
        ]
        daily = [(name, o) for name in body.daily for o in _origins(prepared.daily[name])]
        return cls(tuple(numbers), tuple(prepared.settings), tuple(daily))


def _origins(value: Any) -> Sequence[int | None]:
    return range(len(value)) if isinstance(value, tuple) else (None,)


def _pick(value: Any, origin: int | None) -> Any:
    return value if origin is None else value[origin]


def _unpack(entries: Sequence[tuple[str, int | None]], values: Any) -> dict[str, Any]:
    """Named scalars from a vector, per-origin entries gathered into tuples."""
    named: dict[str, Any] = {}
    for (name, origin), value in zip(entries, values, strict=True):
        named[name] = value if origin is None else (*named.get(name, ()), value)
    return named


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
        numbers = np.stack([_pick(prepared.numbers[o][n], i) for o, n, i in self.layout.numbers]).astype(kind)
        settings = np.stack([prepared.settings[n] for n in self.layout.settings]).astype(kind)
        daily = np.stack([_pick(prepared.daily[n], i) for n, i in self.layout.daily], axis=1).astype(kind)
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
    entries = [(f"{organ}.{name}", origin) for organ, name, origin in layout.numbers]
    origins = 1 + max(o for _, _, o in layout.numbers if o is not None)

    def people(numbers: Any) -> dict[str, Any]:
        named = _unpack(entries, [numbers[i] for i in range(len(entries))])
        return {o.name: o.view(**{f: named[f"{o.name}.{f}"] for f in o.view._fields}) for o in body.living}

    def admit(numbers: Any, key: Any) -> Passing:
        start = admission(body, people(numbers), key, origins)
        return jax.tree.map(lambda x: jnp.asarray(x, dtype=precision), start)

    def advance(passing: Passing, numbers: Any, settings: Any, daily: Any, first: Any, key: Any):
        p = people(numbers)
        chosen = _Settings(dict(zip(layout.settings, [settings[i] for i in range(len(layout.settings))], strict=True)))

        def day(carried: Passing, row: Any):
            i, values = row
            today = _unpack(layout.daily, [values[j] for j in range(len(layout.daily))])
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


class _Settings:
    """Settings of the policies by name, as attributes."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__.update(values)
