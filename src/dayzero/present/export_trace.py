"""A function of scalars as a flat list of named operations, traced by JAX.

The body's equations are Python functions; traced on scalars they become elementwise operations, each with a name and
the names or literals it reads. An export writes them in another language; so do the benchmarks, which hand the same
equations to other solvers. Only the primitives of `KNOWN` may occur: anything else, and any array, is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import signature
from typing import Any, NamedTuple, TypeAlias

import jax
import numpy as np

from dayzero.errors import EngineError
from dayzero.simulation.traced import constants, walk

Read: TypeAlias = str | bool | int | float  # a name, or a number that stands as it is

UNCHANGED = frozenset({"copy", "copy_p", "stop_gradient", "squeeze", "reshape", "broadcast_in_dim"})
ARITHMETIC = frozenset({"add", "add_any", "sub", "mul", "div", "neg", "exp", "log", "sqrt", "floor", "max", "min",
                        "abs", "square", "integer_pow", "clamp", "log1p", "expm1", "tanh"})  # fmt: skip
CHOICE = frozenset({"lt", "le", "gt", "ge", "eq", "ne", "select_n", "and", "or", "not", "xor"})
WORDS = frozenset({"shift_right_logical"})  # of 32 bits, for random numbers
KNOWN = ARITHMETIC | CHOICE | WORDS
CONVERSIONS = {"f": "to_float", "u": "to_word", "i": "to_whole"}


class TraceError(EngineError):
    """A traced operation that has no rule for scalars."""


class Operation(NamedTuple):
    """One operation: its name, what it makes (f number, b truth, u word, i whole), the primitive, what it reads."""

    name: str
    kind: str
    primitive: str
    reads: tuple[Read, ...]


@dataclass
class Trace:
    """A traced function; ``inputs`` are names, ``outputs`` names or literals."""

    inputs: list[str]
    operations: list[Operation] = field(default_factory=list)
    outputs: list[Read] = field(default_factory=list)
    _known: dict[tuple[str, ...], str] = field(default_factory=dict, repr=False)

    def put(self, kind: str, primitive: str, *reads: Read) -> str:
        """Name of the result; the same operation on the same values is written once."""
        known = (kind, primitive, *map(repr, reads))
        if known not in self._known:
            self._known[known] = f"v{len(self.operations)}"
            self.operations.append(Operation(self._known[known], kind, primitive, reads))
        return self._known[known]

    def needed(self, outputs: Iterable[Read] | None = None) -> list[Operation]:
        """Those operations that the outputs depend on, in order."""
        wanted, kept = set(self.outputs if outputs is None else outputs), []
        for operation in reversed(self.operations):
            if operation.name in wanted:
                wanted.update(operation.reads)
                kept.append(operation)
        return kept[::-1]


def trace(function: Callable[..., Any], inputs: Sequence[str], examples: Sequence[Any]) -> Trace:
    """Trace a function in float64.

    Parameters
    ----------
    function : takes the examples, returns scalars in any structure.
    inputs : name of every scalar in the examples, in the order of their leaves.
    examples : arguments, scalars or structures of them; only their kinds matter.

    Raises
    ------
    TraceError : the function does what has no rule for scalars.

    Examples
    --------
    >>> trace(lambda x, k: k * x, ["x", "k"], [0.0, 0.0]).operations
    [Operation(name='v0', kind='f', primitive='mul', reads=('k', 'x'))]
    """
    with jax.enable_x64(True):
        closed = jax.make_jaxpr(function)(*examples)
    found = Trace(list(inputs))
    free = constants(closed, _literal)
    found.outputs = walk(closed.jaxpr, free, found.inputs, _literal, lambda eqn, reads: [_told(found, eqn, reads)])
    return found


def recognised(found: Trace, functions: Mapping[str, Callable[..., Any]]) -> Trace:
    """The same function with calls of known functions of scalars written as one operation of that name.

    Each known function is traced on its own; where the same operations stand in `found`, on whatever they were called
    with, their last one becomes the call. What nothing reads any more is left for `needed` to drop.
    """
    whole = found
    for name, function in functions.items():
        count = len(signature(function).parameters)
        pattern = trace(function, [f"argument {i}" for i in range(count)], [0.0] * count)
        whole = _replaced(whole, name, pattern)
    return whole


def _replaced(found: Trace, name: str, pattern: Trace) -> Trace:
    told = {operation.name: operation for operation in found.operations}
    sought = {operation.name: operation for operation in pattern.operations}

    def same(wanted: Read, here: Read, bound: dict[Read, Read]) -> bool:
        if not isinstance(wanted, str):
            return repr(wanted) == repr(here)
        if wanted in bound:
            return repr(bound[wanted]) == repr(here)
        bound[wanted] = here
        if wanted not in sought:
            return True
        pair = sought[wanted], told.get(here) if isinstance(here, str) else None
        if pair[1] is None or pair[0][1:3] != pair[1][1:3] or len(pair[0].reads) != len(pair[1].reads):
            return False
        return all(same(a, b, bound) for a, b in zip(pair[0].reads, pair[1].reads, strict=True))

    def call(operation: Operation) -> Operation:
        bound: dict[Read, Read] = {}
        if not same(pattern.outputs[0], operation.name, bound):
            return operation
        return operation._replace(primitive=name, reads=tuple(bound[argument] for argument in pattern.inputs))

    return Trace(found.inputs, [call(operation) for operation in found.operations], found.outputs)


def _literal(value: Any, _: Any = None) -> Read:
    if np.ndim(value):
        raise TraceError(f"a constant of shape {np.shape(value)}; only scalars can be written out")
    kind = np.asarray(value).dtype.kind
    return bool(value) if kind == "b" else int(value) if kind in "iu" else float(value)


def _told(into: Trace, equation: Any, reads: list[Read]) -> Read:
    name, made = equation.primitive.name, equation.outvars[0].aval
    if made.shape:
        raise TraceError(f"{name} makes an array of shape {made.shape}; only scalars can be written out")
    if name in UNCHANGED:
        return reads[0]
    if name == "convert_element_type":
        return _converted(into, equation.invars[0].aval.dtype, made.dtype, reads[0])
    if name == "integer_pow":
        reads = [*reads, int(equation.params["y"])]
    if name not in KNOWN or (name == "select_n" and len(reads) != 3):
        raise TraceError(f"no rule for {name} on {made.dtype}; only {', '.join(sorted(KNOWN))} can be written out")
    return into.put(made.dtype.kind, name, *reads)


def _converted(into: Trace, old: Any, new: Any, read: Read) -> Read:
    if new.kind == old.kind and new.kind != "u":
        return read
    if new.kind not in CONVERSIONS:
        raise TraceError(f"no rule to convert {old} to {new}")
    return into.put(new.kind, CONVERSIONS[new.kind], read)
