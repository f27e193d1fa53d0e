"""Work that stays the same over a day is done once a day, not at every stage of every step.

`once_a_day` traces the rates of the body and sorts its operations: what depends on the state is done at every call,
everything else (parameters, orders, doses) once, before the steps. A division by something that stays the same becomes
a multiplication by its reciprocal, for a division costs as much as ten of them. Nothing else is changed; last bits
move, so that this is part of the version.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
from jax.extend.core import primitives

from dayzero.simulation.traced import walk


class Slot(NamedTuple):
    """A value that depends on the state: its place among the values of a call."""

    place: int


class Operation(NamedTuple):
    """One operation of a call: what to do, and on which slots and known values. Results take the next slots."""

    primitive: Any
    params: dict[str, Any]
    inputs: tuple[Any, ...]


def once_a_day(rates: Callable[[Any], Any], state: Any) -> Callable[[Any], Any]:
    """The same function of the state, its unchanging part worked out now.

    Parameters
    ----------
    rates : function of a state; whatever else it uses must be known already.
    state : a state of the shape it will be called with.
    """
    leaves, shape = jax.tree.flatten(state)
    traced, gives = jax.make_jaxpr(lambda *y: rates(jax.tree.unflatten(shape, y)), return_shape=True)(*leaves)
    operations: list[Operation] = []
    slots = [Slot(i) for i in range(len(leaves))]
    places = [len(leaves)]

    def told(eqn: Any, given: list[Any]) -> list[Any]:
        if any(isinstance(x, Slot) for x in given):
            return _later(eqn, given, operations, places)
        known = eqn.primitive.bind(*given, **eqn.params)
        return known if eqn.primitive.multiple_results else [known]

    ends = walk(traced.jaxpr, traced.consts, slots, lambda number, _: number, told)

    def fast(y: Any) -> Any:
        values = list(jax.tree.leaves(y))
        for operation in operations:
            inputs = [values[x.place] if isinstance(x, Slot) else x for x in operation.inputs]
            found = operation.primitive.bind(*inputs, **operation.params)
            values.extend(found if operation.primitive.multiple_results else [found])
        outputs = [values[x.place] if isinstance(x, Slot) else x for x in ends]
        return jax.tree.unflatten(jax.tree.structure(gives), outputs)

    return fast


def _later(eqn: Any, given: list[Any], later: list[Operation], places: list[int]) -> list[Slot]:
    """Slots of an operation that waits for the state; a division by a known value waits as a multiplication."""
    primitive, params = eqn.primitive, eqn.params
    if primitive is primitives.div_p and not isinstance(given[1], Slot):
        primitive, params, given = primitives.mul_p, {}, [given[0], 1 / given[1]]
    first = places[0]
    later.append(Operation(primitive, params, tuple(given)))
    places[0] += len(eqn.outvars)
    return [Slot(first + i) for i in range(len(eqn.outvars))]
