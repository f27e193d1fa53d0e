"""General-purpose solvers on the same equations: scipy's LSODA, RK45 and DOP853, and diffrax's Tsit5.

Every peer lives the same days: in the morning the boundary (report, decide, act) is applied, over the day the peer
integrates, in the evening hazards are added up, events happen, and a death ends the course. The right-hand side and the
boundary are the engine's own, those of the whole body, emitted as Python (`emit`); numba compiles them, or they run as
they are. What does not change over a day is worked out once a day for the peers too. LSODA is called through
``odeint``, the shortest way to it that scipy has, and through ``solve_ivp``, the way scipy recommends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy.integrate import odeint, solve_ivp

from benchmarks.emit import build, source, split, trace
from benchmarks.problem import COMPARED, ORDERS, Problem, alive_only

Method = Literal["LSODA", "LSODA solve_ivp", "RK45", "DOP853"]
ABSOLUTE = 1e-3  # absolute over relative tolerance; states are shares of health, or amounts above one in health


class Course(NamedTuple):
    """What a peer found for one patient: morning counts (days, compared), orders (days, kinds), work done."""

    counts: np.ndarray
    orders: np.ndarray
    evaluations: int


@dataclass(frozen=True)
class Emitted:
    """The emitted functions of a problem, plain or compiled by numba."""

    problem: Problem
    compiled: bool

    @cached_property
    def lengths(self) -> tuple[int, ...]:
        """Length of state, memory, fates and events."""
        state, memory, fates = (shape.num_leaves for shape in self.problem.shapes)
        return state, memory, fates, len(self.problem.body.hazards)

    @cached_property
    def text(self) -> tuple[str, int]:
        """The source, and how many numbers are held over a day."""
        task = self.problem
        y, m, f, events = self.lengths
        float64, word = np.float64, np.uint32
        given = [("p", len(task.layout.numbers), float64), ("d", len(task.given), float64)]
        ordered, clock, key = ("o", len(ORDERS), float64), ("day", None, float64), ("key", None, word)
        state, memory, setting = ("y", y, float64), ("m", m, float64), ("s", len(task.layout.settings), float64)

        def morning(y: Any, m: Any, p: Any, d: Any, s: Any, day: Any, key: Any) -> Any:
            return task.morning(y, m, p, s, d, day, key)

        def flat(*parts: Any) -> list[Any]:
            return [x for part in parts for x in (part if isinstance(part, list) else [part])]

        parts = [
            source("morning", trace(lambda *a: flat(*morning(*a)), state, memory, *given, setting, clock, key),
                   ["y", "m", "p", "d", "s", "day", "key"],
                   {"acted": y, "after": m, "o": len(ORDERS), "seen": len(COMPARED)}),
            source("counts", trace(task.counts, state, given[0]), ["y", "p"], {"seen": len(COMPARED)}),
            source("act", trace(task.act, state, *given, ordered), ["y", "p", "d", "o"], {"acted": y}),
            source("evening", trace(lambda *a: flat(*task.evening(*a)), ("f", f, float64), ("b", y, float64),
                                    *given, ordered, key),
                   ["f", "b", "p", "d", "o", "key"], {"then": f, "events": events, "died": 1}),
        ]  # fmt: skip
        fixed, rates, held = split("rates", trace(task.rates, state, *given, ordered), "y", ["p", "d", "o"], "dy")
        return "\n\n".join([*parts, fixed, rates]), held

    @cached_property
    def functions(self) -> dict[str, Callable[..., None]]:
        """The functions, ready to be called."""
        if not self.compiled:
            return build(self.text[0])
        import numba

        return build(self.text[0], numba.njit(error_model="numpy"))

    @cached_property
    def vector(self) -> Callable[[int], Any]:
        """How the functions want their vectors: arrays when compiled, lists when plain (which is faster there)."""
        return np.zeros if self.compiled else lambda n: [0.0] * n

    def as_vector(self, values: np.ndarray) -> Any:
        return np.ascontiguousarray(values) if self.compiled else values.tolist()

    def right_hand_side(self, held: Any, n: int) -> Callable[[float, np.ndarray], np.ndarray]:
        """f(t, y) for a solver."""
        rates = self.functions["rates"]
        if not self.compiled:

            def plain(t: float, y: np.ndarray) -> list[float]:
                dy = [0.0] * n
                rates(y.tolist(), held, dy)
                return dy

            return plain

        def quick(t: float, y: np.ndarray) -> np.ndarray:
            dy = np.empty(n)
            rates(y, held, dy)
            return dy

        return quick


_emitted: dict[Any, Emitted] = {}


def emitted(problem: Problem, compiled: bool = True) -> Emitted:
    """The functions of a problem; problems of one layout share them."""
    return _emitted.setdefault((problem.layout, compiled), Emitted(problem, compiled))


def live(functions: Emitted, problem: Problem, patient: int, *, method: Method = "LSODA", tolerance: float = 1e-6,
         orders: np.ndarray | None = None) -> Course:  # fmt: skip
    """The course of one patient, day by day; with `orders` (days, kinds) given the ward decides nothing."""
    call, vector = functions.functions, functions.vector
    n, memory_length, fates_length, events_length = functions.lengths
    p, settings = functions.as_vector(problem.numbers[patient]), functions.as_vector(problem.settings[patient])
    daily, key = problem.daily[patient], int(problem.keys[patient])
    y, memory, fates = (functions.as_vector(part) for part in problem.admitted(patient))
    counts, given = np.empty((problem.days, len(COMPARED))), np.zeros((problem.days, len(ORDERS)))
    work, events = 0, np.zeros(events_length)
    for i in range(problem.days):
        d, day = functions.as_vector(np.append(daily[i], events)), float(problem.first_day + i)
        acted, after, o, seen = vector(n), vector(memory_length), vector(len(ORDERS)), vector(len(COMPARED))
        if orders is None:
            call["morning"](y, memory, p, d, settings, day, key, acted, after, o, seen)
        else:
            o = functions.as_vector(orders[i])
            call["counts"](y, p, seen)
            call["act"](y, p, d, o, acted)
            after = memory
        counts[i], given[i], memory = seen, o, after
        held = vector(functions.text[1])
        call["rates_fixed"](p, d, o, held)
        end, evaluations = _one_day(functions.right_hand_side(held, n), np.asarray(acted), method, tolerance)
        work += evaluations
        lived, then, events = functions.as_vector(np.maximum(end, 0.0)), vector(fates_length), vector(events_length)
        died = vector(1)
        call["evening"](fates, lived, p, d, o, key, then, events, died)
        y, fates = lived, then
        if died[0] > 0:
            call["counts"](y, p, seen)
            counts[i + 1 :] = seen
            break
    return Course(counts, given, work)


def _one_day(rates: Callable[..., Any], y: np.ndarray, method: Method, tolerance: float) -> tuple[np.ndarray, int]:
    absolute = ABSOLUTE * tolerance
    if method == "LSODA":
        found, about = odeint(rates, y, (0.0, 1.0), tfirst=True, rtol=tolerance, atol=absolute, full_output=True,
                              tcrit=(1.0,))  # fmt: skip
        return found[-1], int(about["nfe"][-1])
    named = method.removesuffix(" solve_ivp")
    done = solve_ivp(rates, (0.0, 1.0), y, method=named, rtol=tolerance, atol=absolute, t_eval=(1.0,))
    return done.y[:, -1], done.nfev


class Diffrax:
    """diffrax's Tsit5 on the JAX right-hand side itself, over a block of patients at once."""

    def __init__(self, problem: Problem, *, frozen: bool = False) -> None:
        """`problem` gives the layout; with `frozen` the ward decides nothing and orders are given."""
        import jax

        self.problem, self.frozen = problem, frozen
        self._run = jax.jit(jax.vmap(self._one, in_axes=(0, 0, 0, 0, 0, None, None)))

    def _one(self, numbers: Any, settings: Any, daily: Any, orders: Any, key: Any, first: Any, tolerance: Any) -> Any:
        """One patient's course."""
        import diffrax
        import jax
        import jax.numpy as jnp

        task = self.problem
        state, memory, fates = ([jnp.asarray(x, float) for x in jax.tree.leaves(part)]
                                for part in task.admission(numbers, key))  # fmt: skip
        control = diffrax.PIDController(rtol=tolerance, atol=ABSOLUTE * tolerance)

        def day(carried: Any, row: Any) -> Any:
            (state, memory, fates, onset, alive), (known, given, clock) = carried, row
            today = [*known, *onset]
            if self.frozen:
                acted, after, ordered = task.act(state, numbers, today, given), memory, list(given)
                counts = task.counts(state, numbers)
            else:
                acted, after, ordered, counts = task.morning(state, memory, numbers, settings, today, clock, key)
            term = diffrax.ODETerm(lambda t, y, _: jnp.stack(task.rates(y, numbers, today, ordered)))
            found = diffrax.diffeqsolve(term, diffrax.Tsit5(), 0.0, 1.0, None, jnp.stack(acted),
                                        stepsize_controller=control, saveat=diffrax.SaveAt(t1=True))  # fmt: skip
            lived = list(jnp.maximum(found.ys[0], 0.0))
            then, events, died = task.evening(fates, lived, numbers, today, ordered, key)
            told = jnp.stack(counts), alive * jnp.stack(ordered), found.stats["num_steps"]
            after = [jnp.asarray(x, float) for x in after]
            return alive_only(carried, (lived, after, then, events), died), told

        clock, nothing = first + jnp.arange(len(daily), dtype=float), [jnp.asarray(0.0)] * len(task.body.hazards)
        return jax.lax.scan(day, (state, memory, fates, nothing, jnp.asarray(1.0)), (daily, orders, clock))[1]

    def __call__(self, task: Problem, patients: slice, tolerance: float, orders: np.ndarray | None = None):
        """(counts, orders, steps) of some patients, each with a leading patient axis; `orders` for all patients."""
        import jax
        import jax.numpy as jnp

        orders = np.zeros((len(task), task.days, len(ORDERS))) if orders is None else orders
        with jax.enable_x64(True):
            parts = (jnp.asarray(a[patients]) for a in (task.numbers, task.settings, task.daily, orders, task.keys))
            return tuple(np.asarray(part) for part in self._run(*parts, float(task.first_day), tolerance))
