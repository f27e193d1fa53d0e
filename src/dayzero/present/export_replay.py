"""A held-fast course lived again with all its states, which a simulation does not keep.

The same functions, the same orders, events and draws; only the step of integration may be finer. It tells the numbers
of cells that chance left in the small jumps of a course, and it is the reference for other solvers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dayzero.present.export_course import HeldFast
from dayzero.simulation import cache as kept
from dayzero.simulation.assemble import standard_body
from dayzero.simulation.day import act, all_signals, rates_of
from dayzero.simulation.hoist import once_a_day
from dayzero.simulation.layout import STEPS_PER_DAY


@dataclass(frozen=True)
class Replay:
    """States of every day, (days, states) each: at dawn before the morning acts, after it, at noon and in the evening.

    States stand in the order of `export_model.Equations.states`.
    """

    dawn: np.ndarray
    acted: np.ndarray
    noon: np.ndarray
    evening: np.ndarray


def replay(held: HeldFast, steps: int = STEPS_PER_DAY) -> Replay:
    """Live a course again in float64 with `steps` (an even number) steps a day."""
    kept.use()
    with jax.enable_x64(True):
        state, shape = jax.tree.flatten(_whole(held))
        numbers, numbers_shape = jax.tree.flatten(held.people)
        today, today_shape = jax.tree.flatten(held.today(0))
        run = _program(shape, numbers_shape, today_shape)
        dawn, told = np.array(state, dtype=float), []
        numbers = np.array(numbers, dtype=float)
        for row in range(len(held.days)):
            today = np.array(jax.tree.leaves(held.today(row)), dtype=float)
            acted, noon, evening = map(np.asarray, run(dawn, numbers, today, steps // 2))
            told.append((dawn, acted, noon, evening))
            dawn = evening
    return Replay(*(np.stack(part) for part in zip(*told, strict=True)))


def _whole(held: HeldFast) -> tuple[Any, ...]:
    """The state of admission, organ by organ."""
    return tuple(held.admitted.get(o.name, ()) for o in held.body.living)


@cache
def _program(state_shape: Any, numbers_shape: Any, today_shape: Any) -> Callable[..., Any]:
    """One day of one patient; compiled once for a number of origins."""
    body = standard_body()

    def tree(shape: Any, leaves: Any) -> Any:
        return jax.tree.unflatten(shape, [leaves[i] for i in range(shape.num_leaves)])

    def day(state: Any, numbers: Any, today: Any, half: Any) -> Any:
        parts, p, outside = tree(state_shape, state), tree(numbers_shape, numbers), tree(today_shape, today)
        y = {o.name: part for o, part in zip(body.living, parts, strict=True)}
        acted = act(body, y, p, all_signals(body, y, p, outside))
        rates = once_a_day(lambda z: rates_of(body, z, p, outside), acted)
        step = lambda _, z: _step(rates, z, 1 / (2.0 * half))  # noqa: E731
        told = lambda z: jnp.stack([x for o in body.living for x in jax.tree.leaves(z[o.name])])  # noqa: E731

        def half_day(z: Any, _: Any) -> Any:
            then = jax.lax.fori_loop(0, half, step, z)
            return then, told(then)

        noon, evening = jax.lax.scan(half_day, acted, None, length=2)[1]
        return told(acted), noon, evening

    return jax.jit(day)


def _step(rates: Callable[[Any], Any], y: Any, days: Any) -> Any:
    """The engine's Runge-Kutta step (`integrate.runge_kutta`), its stages in a loop: it compiles four times faster."""
    along, weight = jnp.asarray([0.0, 0.5, 0.5, 1.0]), jnp.asarray([1.0, 2.0, 2.0, 1.0]) / 6

    def stage(i: Any, carried: Any) -> Any:
        slope, total = carried
        slope = rates(jax.tree.map(lambda a, k: a + days * along[i] * k, y, slope))
        return slope, jax.tree.map(lambda a, k: a + weight[i] * k, total, slope)

    nothing = jax.tree.map(lambda a: 0.0 * a, y)
    _, total = jax.lax.fori_loop(0, 4, stage, (nothing, nothing))
    return jax.tree.map(lambda a, k: jnp.maximum(a + days * k, 0), y, total)
