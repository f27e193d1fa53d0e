"""Expressions worked out in numbers, for one moment or for many at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from dayzero.elementwise import poisson_quantile, power
from dayzero.errors import EngineError
from dayzero.module import Signal
from dayzero.present.export_course import HeldFast
from dayzero.present.export_model import Equations, Expression, Part, equations, without_unused
from dayzero.present.export_replay import Replay, replay

OPERATIONS: Mapping[str, Callable[..., Any]] = {
    "add": np.add, "add_any": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "neg": np.negative,
    "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "floor": np.floor, "max": np.maximum, "min": np.minimum,
    "abs": np.abs, "square": np.square, "integer_pow": np.power, "log1p": np.log1p, "expm1": np.expm1,
    "tanh": np.tanh, "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal, "eq": np.equal,
    "ne": np.not_equal, "and": np.logical_and, "or": np.logical_or, "not": np.logical_not, "xor": np.logical_xor,
    "select_n": lambda condition, no, yes: np.where(condition, yes, no),
    "clamp": lambda low, x, high: np.minimum(np.maximum(low, x), high),
    "to_float": lambda x: np.asarray(x, dtype=np.float64), "power": power, "poisson_quantile": poisson_quantile,
}  # fmt: skip


def number(expression: Expression, names: Mapping[str, Any]) -> Any:
    """The value of an expression where its names have these values (numbers or arrays of one length).

    >>> float(number(Part("mul", ("x", 2.0)), {"x": 3.0}))
    6.0
    """
    if isinstance(expression, str):
        return names[expression]
    if not isinstance(expression, Part):
        return expression
    if expression.primitive not in OPERATIONS:
        raise EngineError(f"no rule for {expression.primitive} in numbers")
    with np.errstate(all="ignore"):
        return OPERATIONS[expression.primitive](*(number(read, names) for read in expression.reads))


class Names(dict[str, Any]):
    """Values by name; those that follow from others are worked out when they are asked for."""

    def __init__(self, found: Equations, states: Any) -> None:
        """`states`: a value, or an array of values, for each state in order."""
        super().__init__({name: constant.value for name, constant in found.constants.items()})
        self.update(zip(found.states, states, strict=True))
        self.update({name: values for name, (_, values) in found.given.items()})
        self.following = found.fixed | found.rules | found.draws

    def __missing__(self, name: str) -> Any:
        self[name] = number(self.following[name], self)
        return self[name]


def body_of(held: HeldFast, lived: Replay | None = None) -> Equations:
    """The equations of a patient held fast, the numbers that chance drew each morning standing as they fell.

    Parameters
    ----------
    lived : the course lived again, where there is one already.
    """
    found, lived = equations(held), lived or replay(held)
    names = Names(found, lived.dawn.T)
    for name in found.draws:
        about = Signal("1", f"number that chance drew this morning ({name.split('_drawn_')[0].replace('_', ' ')})")
        found.given[name] = about, np.broadcast_to(names[name], held.days.shape)
    return without_unused(found)
