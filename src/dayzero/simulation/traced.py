"""Walk over a function of scalars that JAX has traced: the one place that reads JAX's intermediate form.

Who walks says what a number becomes and what each operation gives; calls within the function are walked through.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jax.extend.core import Literal

CALLS = {"pjit": "jaxpr", "jit": "jaxpr", "closed_call": "call_jaxpr", "core_call": "call_jaxpr",
         "custom_jvp_call": "call_jaxpr"}  # fmt: skip


def walk(jaxpr: Any, free: Sequence[Any], inputs: Sequence[Any], number: Callable[[Any, Any], Any],
         operation: Callable[[Any, list[Any]], Sequence[Any]]) -> list[Any]:  # fmt: skip
    """Results of a traced function.

    Parameters
    ----------
    free, inputs : what its free variables and its arguments stand for.
    number : told a constant and its type, says what it stands for.
    operation : told an operation and what its operands stand for, says what its results stand for.
    """
    found: dict[Any, Any] = dict(zip((*jaxpr.constvars, *jaxpr.invars), (*free, *inputs), strict=True))
    read = lambda v: number(v.val, v.aval) if isinstance(v, Literal) else found[v]  # noqa: E731
    for eqn in jaxpr.eqns:
        given = [read(v) for v in eqn.invars]
        inner = CALLS.get(eqn.primitive.name)
        if inner is None:
            results = operation(eqn, given)
        else:
            nested = eqn.params[inner]
            results = walk(nested.jaxpr, constants(nested, number), given, number, operation)
        found.update(zip(eqn.outvars, results, strict=True))
    return [read(v) for v in jaxpr.outvars]


def constants(closed: Any, number: Callable[[Any, Any], Any]) -> list[Any]:
    """What the free variables of a traced function stand for."""
    return [number(c, v.aval) for v, c in zip(closed.jaxpr.constvars, closed.consts, strict=True)]
