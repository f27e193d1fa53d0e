"""The day program as a flat list of operations, simplified, each worked out no more often than it must be.

A function of scalars is traced by JAX and its operations are taken down one after another. Each value has a level, the
innermost loop it depends on: nothing (a constant), the patient (once a course), the day, the stage of an integration
step. So parameter-only work is done once a course and day-only work once a day, wherever it was written. An operation
taken down twice is kept once; one on constants is done now; a division by something that changes less often becomes a
multiplication by its reciprocal, for a division costs as much as ten of them.

A primitive without a rule is a `TapeError`: nothing is ever translated by guess.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.extend.core import Primitive

from dayzero.simulation.traced import constants, walk

CONSTANT, COURSE, DAY, STAGE = range(4)

ARITHMETIC = {"add": "add", "add_any": "add", "sub": "sub", "mul": "mul", "div": "div", "max": "max", "min": "min"}
FUNCTIONS = ("neg", "exp", "log", "sqrt", "floor", "abs")
OF_FRACTIONS = ("div", "max", "min", "exp", "log", "sqrt", "floor", "abs")  # rules for floating-point numbers alone
COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")
LOGIC = ("and", "or", "not", "xor", "shift_right_logical")
UNCHANGED = ("copy", "copy_p", "stop_gradient", "squeeze", "reshape", "broadcast_in_dim")
KINDS = {"float32": "f4", "float64": "f8", "int32": "i4", "uint32": "u4", "bool": "b1"}
TURNED_ROUND = {"gt": "lt", "ge": "le"}


class TapeError(Exception):
    """A traced operation that has no rule."""


class Value(NamedTuple):
    """One value: the operation that makes it, its operands (places on the tape) or detail, its kind and level.

    Kinds are f4, f8, i4, u4 and b1. ``constant`` holds a Python number in `detail`, ``input`` a name and a place,
    ``live`` the rates and steps of an integration, ``lived`` the place of one of its results.
    """

    op: str
    args: tuple[int, ...]
    detail: Any
    kind: str
    level: int


integration = Primitive("integration")
integration.multiple_results = True


@integration.def_abstract_eval
def _same_as_the_state(*values: Any, states: int, **_: Any) -> list[Any]:
    return list(values[:states])


def integrate(rates: Callable[[Any], Any], state: Any, steps: int) -> Any:
    """Stands for the integration of a day in a trace that is to become a tape; see `integrate.over_a_day`."""
    leaves, shape = jax.tree.flatten(state)
    leaves = [jax.numpy.asarray(leaf) for leaf in leaves]
    closed = jax.make_jaxpr(lambda *y: jax.tree.leaves(rates(jax.tree.unflatten(shape, y))))(*leaves)
    ends = integration.bind(*leaves, *closed.consts, states=len(leaves), jaxpr=closed.jaxpr)
    return jax.tree.unflatten(shape, ends)


class Tape:
    """Values in the order in which they can be worked out, and the places of what is wanted of them.

    ``rates`` are the places of the derivatives and ``start`` those of the state at the beginning of the day, where the
    function integrates.
    """

    def __init__(self) -> None:
        self.values: list[Value] = []
        self.start: list[int] = []
        self.stage: list[int] = []
        self.rates: list[int] = []
        self._known: dict[Any, int] = {}

    def input(self, name: str, place: int, kind: str, level: int) -> int:
        """Take down an input."""
        return self._put(Value("input", (), (name, place), kind, level))

    def take(self, function: Callable[..., Any], shapes: Sequence[Any], inputs: Sequence[int]) -> list[int]:
        """Take down a function of scalars (flat arguments, flat results) applied to values of the tape."""
        closed = jax.make_jaxpr(function)(*shapes)
        free = constants(closed, self._constant_of)
        return walk(closed.jaxpr, free, inputs, self._constant_of, self._equation)

    def constant(self, number: Any, kind: str) -> int:
        """Take down a constant."""
        held = bool(number) if kind == "b1" else int(number) if kind in ("i4", "u4") else float(number)
        return self._put(Value("constant", (), held, kind, CONSTANT))

    def _put(self, value: Value) -> int:
        key = (value.op, value.args, repr(value.detail), value.kind)
        if key not in self._known:
            self._known[key] = len(self.values)
            self.values.append(value)
        return self._known[key]

    def _constant_of(self, number: Any, aval: Any) -> int:
        if np.shape(number):
            raise TapeError(f"a constant of shape {np.shape(number)}; the day program is written in scalars")
        return self.constant(number, _kind(aval))

    def _equation(self, eqn: Any, given: list[int]) -> list[int]:
        name, kind = eqn.primitive.name, _kind(eqn.outvars[0].aval)
        if name == "integration":
            return self._integration(eqn, given)
        if name in UNCHANGED:
            return given
        if name == "convert_element_type":
            return [self.op("convert", (given[0],), kind)]
        if name == "square":
            return [self.op("mul", (given[0], given[0]), kind)]
        if name == "integer_pow":
            return [self._power(given[0], eqn.params["y"], kind)]
        if name == "clamp":
            return [self.op("min", (self.op("max", (given[1], given[0]), kind), given[2]), kind)]
        if name == "select_n" and self.values[given[0]].kind == "b1":
            return [self.op("select", (given[0], given[2], given[1]), kind)]
        if name in OF_FRACTIONS and kind not in ("f4", "f8"):
            raise TapeError(f"the day program uses {name} on {kind}, for which the vector engine has no rule")
        if name in ARITHMETIC or name in FUNCTIONS or name in COMPARISONS or name in LOGIC:
            return [self.op(ARITHMETIC.get(name, name), tuple(given), kind)]
        raise TapeError(f"the day program uses {name} on {kind}, for which the vector engine has no rule")

    def _power(self, x: int, n: int, kind: str) -> int:
        if n < 1:
            raise TapeError(f"a power of {n}, for which the vector engine has no rule")
        found = x
        for _ in range(n - 1):
            found = self.op("mul", (found, x), kind)
        return found

    def _integration(self, eqn: Any, given: list[int]) -> list[int]:
        if self.rates:
            raise TapeError("a day is integrated twice; once is what the vector engine can do")
        states = eqn.params["states"]
        jaxpr = eqn.params["jaxpr"]
        self.start = given[:states]
        kinds = [_kind(v.aval) for v in eqn.outvars]
        self.stage = [self.input("stage", i, kind, STAGE) for i, kind in enumerate(kinds)]
        self.rates = walk(jaxpr, given[states:], self.stage, self._constant_of, self._equation)
        live = self._put(Value("live", tuple(self.start), None, kinds[0], DAY))
        return [self._put(Value("lived", (live,), i, kind, DAY)) for i, kind in enumerate(kinds)]

    def op(self, op: str, args: tuple[int, ...], kind: str) -> int:
        """Take down an operation, in its simplest form."""
        operands = [self.values[a] for a in args]
        if op in TURNED_ROUND:
            op, args = TURNED_ROUND[op], (args[1], args[0])
        simple = self._simple(op, args, operands, kind)
        if simple is not None:
            return simple
        if op in ("add", "mul", "and", "or", "xor", "eq", "ne"):
            args = (min(args), max(args))
        level = max(v.level for v in operands)
        if op == "div" and operands[1].level < operands[0].level and kind in ("f4", "f8"):
            one = self.constant(1.0, kind)
            return self.op("mul", (args[0], self.op("div", (one, args[1]), kind)), kind)
        return self._put(Value(op, args, None, kind, level))

    def _simple(self, op: str, args: tuple[int, ...], operands: list[Value], kind: str) -> int | None:
        """Where the result stands already, or is a constant."""
        if all(v.op == "constant" for v in operands):
            return self.constant(_worked_out(op, [self.values[a] for a in args], kind), kind)
        if op == "convert" and operands[0].kind == kind:
            return args[0]
        if op == "select":
            if operands[0].op == "constant":
                return args[1] if operands[0].detail else args[2]
            return args[1] if args[1] == args[2] else None
        neutral = {"add": 0.0, "mul": 1.0, "sub": 0.0, "div": 1.0}.get(op)
        if neutral is None or kind not in ("f4", "f8"):
            return None
        if self._is(args[1], neutral):
            return args[0]
        return args[1] if op in ("add", "mul") and self._is(args[0], neutral) else None

    def _is(self, place: int, number: float) -> bool:
        value = self.values[place]
        return value.op == "constant" and value.detail == number


def _kind(aval: Any) -> str:
    if aval.shape or str(aval.dtype) not in KINDS:
        raise TapeError(f"a value of type {aval.dtype}{list(aval.shape)}; the day program is written in scalars")
    return KINDS[str(aval.dtype)]


_NUMPY: Mapping[str, Callable[..., Any]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "max": np.maximum, "min": np.minimum,
    "neg": np.negative, "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "floor": np.floor, "abs": np.abs,
    "lt": np.less, "le": np.less_equal, "eq": np.equal, "ne": np.not_equal, "and": np.bitwise_and,
    "or": np.bitwise_or, "xor": np.bitwise_xor, "not": np.invert, "shift_right_logical": np.right_shift,
    "select": np.where,
}  # fmt: skip


def _worked_out(op: str, operands: list[Value], kind: str) -> Any:
    """The result of an operation on constants, in their own precision."""
    given = [np.asarray(v.detail).astype(v.kind) for v in operands]
    with np.errstate(all="ignore"):
        return given[0].astype(kind) if op == "convert" else _NUMPY[op](*given).astype(kind)
