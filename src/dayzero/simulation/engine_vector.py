"""The fast engine on a processor: a group of patients side by side, a whole course in one native call.

The day program is traced once, compiled by LLVM for vectors of patients (`tape`, `vector_code`) and kept between runs,
so that a later run needs neither JAX nor a compiler. Doses, days, steps, horizon and what is recorded are inputs: there
is one program for each body, precision, number of origins and width. A lane knows nothing of its neighbours, so that
nobody's course depends on block, order or width.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dayzero.simulation import native
from dayzero.simulation.assemble import Body, standard_body
from dayzero.simulation.layout import Layout, Precision
from dayzero.simulation.prepare import Prepared
from dayzero.simulation.request import recordable

WIDTHS = {"float32": (8, 16), "float64": (4, 8)}  # patients side by side: for few, for many
ALIGNED = 64

compilations = 0  # counted for the test that plans cause none


def width(patients: int, precision: Precision) -> int:
    """Narrowest group that holds so many patients, or the widest."""
    return next((w for w in WIDTHS[precision] if patients <= w), WIDTHS[precision][-1])


@dataclass(frozen=True)
class Program:
    """A compiled day program with the loops around it."""

    body: Body
    layout: Layout
    precision: Precision
    lanes: int
    code: native.Native

    def run(self, prepared: Prepared, recording: Sequence[str], days: int, steps: int,
            progress: Callable[[int], None] | None = None) -> np.ndarray:  # fmt: skip
        """The course of the patients: (quantities recorded, patients, days) array.

        Parameters
        ----------
        recording : names among `request.recordable`. days : mornings, from `prepared.first_day`.
        steps : integration steps a day. progress : told the patients of each group that is done.
        """
        kind, patients = np.dtype(self.precision), len(prepared.key)
        groups = -(-patients // self.lanes)
        there = np.minimum(np.arange(groups * self.lanes), patients - 1)
        person = self._grouped(np.stack(self.layout.numbers_of(prepared) + self.layout.settings_of(prepared)), there)
        keys = np.ascontiguousarray(prepared.key[there].reshape(groups, self.lanes))
        signals = [_Signal(values[:days], there, self.lanes, kind) for values in self.layout.daily_of(prepared)]
        strides = np.array([signal.stride for signal in signals], np.int64)
        place = {name: at for at, name in enumerate(recordable(self.body))}
        rows = np.array([place[name] for name in recording], np.int64)
        out = np.empty((len(rows), patients, days), kind)
        spare = np.empty((len(rows), self.lanes, days), kind) if patients % self.lanes else out
        room = _aligned((self.code.places, self.lanes), kind)
        for group in range(groups):
            first, here = group * self.lanes, min(self.lanes, patients - group * self.lanes)
            into = out[:, first : first + here] if here == self.lanes else spare
            sizes = np.array([days, steps, len(rows), into.strides[0] // kind.itemsize, days, prepared.first_day],
                             np.int64)  # fmt: skip
            addresses = np.array([signal.address(group) for signal in signals], np.uint64)
            room[:] = 0
            self.code.course(*(a.ctypes.data for a in (room, person[group], keys[group], addresses, strides, rows, into,
                                                       sizes)))  # fmt: skip
            if into is spare:
                out[:, first:] = spare[:, :here]
            if progress is not None:
                progress(here)
        return out

    def _grouped(self, table: np.ndarray, there: np.ndarray) -> np.ndarray:
        """(quantities, patients) to (groups, quantities, lanes)."""
        wide = table[:, there].astype(self.precision).reshape(len(table), -1, self.lanes)
        return np.ascontiguousarray(wide.transpose(1, 0, 2))


class _Signal:
    """A daily signal in memory: one row a day for each group, fewer where patients or days do not differ."""

    def __init__(self, values: np.ndarray, there: np.ndarray, lanes: int, kind: np.dtype[Any]) -> None:
        if values.strides[0] == 0:
            values = values[:1]
        self.alike = values.strides[1] == 0 or values.shape[1] == 1
        if self.alike:
            self.rows = np.repeat(values[:, :1].astype(kind), lanes, axis=1)[None]
        else:
            wide = values[:, there].astype(kind).reshape(len(values), -1, lanes)
            self.rows = np.ascontiguousarray(wide.transpose(1, 0, 2))
        self.stride = self.rows.strides[1] if len(values) > 1 else 0

    def address(self, group: int) -> int:
        """Where the rows of a group begin."""
        return self.rows[0 if self.alike else group].ctypes.data


def _aligned(shape: tuple[int, int], kind: np.dtype[Any]) -> np.ndarray:
    raw = np.empty(shape[0] * shape[1] * kind.itemsize + ALIGNED, np.uint8)
    start = -raw.ctypes.data % ALIGNED
    return raw[start : start + shape[0] * shape[1] * kind.itemsize].view(kind).reshape(shape)


_programs: dict[tuple[Any, ...], Program] = {}
_lock = threading.Lock()


def program(prepared: Prepared, *, precision: Precision, lanes: int, body: Body | None = None) -> Program:
    """The program for this shape, from the cache or compiled on first use; kept for the life of the process."""
    body = body or standard_body()
    layout = Layout.of(body, prepared)
    shape = (id(body), layout, precision, lanes)
    with _lock:
        if shape not in _programs:
            _programs[shape] = _made(body, layout, precision, lanes)
        return _programs[shape]


def _made(body: Body, layout: Layout, precision: Precision, lanes: int) -> Program:
    def source() -> tuple[str, int]:
        global compilations
        compilations += 1
        from dayzero.simulation.vector_program import written

        code = written(body, layout, precision, lanes)
        return code.source, code.places

    standard = body is standard_body()  # another body is not told by the sources alone
    name = native.name_of(precision=precision, lanes=lanes, origins=layout.origins) if standard else None
    return Program(body, layout, precision, lanes, native.loaded(source, name))
