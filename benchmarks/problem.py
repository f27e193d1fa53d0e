"""The task every solver is given: some patients of a plan, day by day, with the ward's decisions in between.

It is the whole body, events and deaths included. The functions here take flat vectors of one patient's numbers and call
the engine's own day program piece by piece::

    morning  state, memory      -> state after kill, infusion and transfusion; memory; orders; what is recorded
    rates    state, orders      -> derivative of the state                       (what a solver integrates over the day)
    evening  fates, state       -> fates, the day's events, and whether one of them was a death

``today`` holds what is given from outside: the plan's signals, the day's uniform draws (both known beforehand), and
yesterday's events. With `orders` given instead of decided, a decision that flips cannot be taken for an error of
integration.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dayzero.module import ORDER_SIGNALS
from dayzero.simulation import day as program
from dayzero.simulation.assemble import Body, standard_body
from dayzero.simulation.integrate import over_a_day
from dayzero.simulation.layout import Layout, unpack
from dayzero.simulation.prepare import Prepared, admission_day, prepare
from dayzero.simulation.streams import CHANCE, uniform, unsigned
from dayzero.spec import Plan

COMPARED = ("neutrophils", "monocytes", "platelets", "hemoglobin", "cd4", "gvhd_damage")
ORDERS = tuple(ORDER_SIGNALS)


@dataclass(frozen=True)
class Problem:
    """Patients of one plan, ready for any solver.

    ``numbers`` (patients, n), ``settings`` (patients, n), ``daily`` (patients, days, n) with the plan's signals and the
    day's draws, ``keys`` (patients,).
    """

    name: str
    body: Body
    layout: Layout
    prepared: Prepared
    numbers: np.ndarray
    settings: np.ndarray
    daily: np.ndarray
    keys: np.ndarray
    first_day: int

    @classmethod
    def of(cls, plan: Plan | str, patients: int | Sequence[int], days: int, seed: int = 1) -> Problem:
        """The first mornings of a plan's course, `days` of them, from admission on."""
        plan, body = Plan.load(plan), standard_body()
        ids = np.arange(patients) if isinstance(patients, int) else np.asarray(patients)
        made = prepare(body, plan, ids, seed, first_day=admission_day(plan), days=days, origins=1 + len(plan.donors))
        layout = Layout.of(body, made)
        planned = [values.T for values in layout.daily_of(made)]
        calendar = unsigned(made.first_day + np.arange(days))
        drawn = [uniform(made.key[:, None], unsigned(CHANCE + stream), calendar) for stream in _chances(body).values()]
        return cls(
            plan.name, body, layout, made,
            np.stack(layout.numbers_of(made), axis=-1),
            np.stack(layout.settings_of(made), axis=-1),
            np.stack([*planned, *(draw.astype(float) for draw in drawn)], axis=-1),
            made.key, made.first_day,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def days(self) -> int:
        return self.daily.shape[1]

    @property
    def origins(self) -> int:
        return self.layout.origins

    @cached_property
    def given(self) -> list[tuple[str, int | None]]:
        """What stands in ``today``, in order: the plan's signals, draws, events of yesterday."""
        onsets = [(f"onset_{name}", None) for _, name, _ in self.body.hazards]
        return [*self.layout.daily, *((name, None) for name in _chances(self.body)), *onsets]

    @cached_property
    def shapes(self) -> tuple[Any, Any, Any]:
        """Tree shapes of state, memory and fates."""
        return tuple(map(jax.tree.structure, jax.eval_shape(self.admission, self.numbers[0], self.keys[0])))

    def organs(self, numbers: Any) -> dict[str, Any]:
        """What each organ sees as ``p``, from a vector of numbers."""
        return self.layout.people(self.body, [numbers[i] for i in range(len(self.layout.numbers))])

    def admission(self, numbers: Any, key: Any) -> tuple[Any, Any, Any]:
        """State, memory and fates on admission, as trees; with the fates go the hazards of last night."""
        begun = program.admission(self.body, self.organs(numbers), key, self.origins)
        return begun.state, begun.memory, (begun.fates, begun.hazards)

    def admitted(self, patient: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The same of one patient, as float64 vectors."""
        with jax.enable_x64(True):
            begun = self.admission(list(self.numbers[patient]), jnp.uint32(self.keys[patient]))
            return tuple(np.array(jax.tree.leaves(part), dtype=float) for part in begun)

    def _tree(self, kind: int, leaves: Any) -> Any:
        shape = self.shapes[kind]
        return jax.tree.unflatten(shape, [leaves[i] for i in range(shape.num_leaves)])

    def _outside(self, today: Any, orders: Any) -> dict[str, Any]:
        named = unpack(self.given, [today[i] for i in range(len(self.given))])
        return named | {name: orders[i] for i, name in enumerate(ORDERS)}

    def counts(self, state: Any, numbers: Any) -> list[Any]:
        """The compared quantities from a state vector."""
        outside = self._outside([0.0 * state[0]] * len(self.given), [0.0 * state[0]] * len(ORDERS))
        signals = program.all_signals(self.body, self._tree(0, state), self.organs(numbers), outside)
        return [signals[name] for name in COMPARED]

    def act(self, state: Any, numbers: Any, today: Any, orders: Any) -> list[Any]:
        """The state after today's kill, infusion and transfusion."""
        p, y, outside = self.organs(numbers), self._tree(0, state), self._outside(today, orders)
        return jax.tree.leaves(program.act(self.body, y, p, program.all_signals(self.body, y, p, outside)))

    def morning(self, state: Any, memory: Any, numbers: Any, settings: Any, today: Any, day: Any, key: Any):
        """Report, decide, act: (state, memory, orders, compared quantities), flat."""
        p, y = self.organs(numbers), self._tree(0, state)
        chosen = self.layout.chosen([settings[i] for i in range(len(self.layout.settings))])
        nothing = self._outside(today, [0.0] * len(ORDERS))
        signals = program.all_signals(self.body, y, p, nothing)
        reports = program._reports(signals, chosen, key, day)
        so_far = self._so_far(state=y, memory=self._tree(1, memory), onset=nothing)
        given, after = program._decide(self.body, so_far, reports, nothing, chosen, day)
        orders = [given[name] for name in ORDERS]
        then = jax.tree.leaves(after)
        return self.act(state, numbers, today, orders), then, orders, [signals[name] for name in COMPARED]

    def rates(self, state: Any, numbers: Any, today: Any, orders: Any) -> list[Any]:
        """Derivative of the state under today's signals and orders, per day."""
        outside = self._outside(today, orders)
        return jax.tree.leaves(program.rates_of(self.body, self._tree(0, state), self.organs(numbers), outside))

    def evening(self, fates: Any, lived: Any, numbers: Any, today: Any, orders: Any, key: Any):
        """Hazards of the day integrated: (fates, events, death), flat; death is above 0 where one of them was one."""
        y, p, outside = self._tree(0, lived), self.organs(numbers), self._outside(today, orders)
        hazards, fatal = program._risks(self.body, y, p, outside)
        before, last_night = self._tree(2, fates)
        so_far = self._so_far(fates=before, hazards=last_night)
        then, events, died_of = program._risk(self.body, so_far, hazards, fatal, key)
        tonight = {name: hazards[name] for name in last_night}
        return jax.tree.leaves((then, tonight)), [events[name] for _, name, _ in self.body.hazards], died_of

    def _so_far(self, **known: Any) -> program.Course:
        """What the day program is told has passed, as far as a part of it asks."""
        return program.Course(**dict.fromkeys(program.Course._fields, 0.0) | known)

    def frozen(self, orders: np.ndarray, steps: int, precision: str = "float64") -> np.ndarray:
        """The engine's own integration with `orders` (patients, days, kinds) given: (patients, days, compared)."""
        with jax.enable_x64(precision == "float64"):
            kind = lambda a: jnp.asarray(a, dtype=precision)  # noqa: E731
            run = _frozen_program(self)
            return np.asarray(run(kind(self.numbers), kind(self.daily), kind(orders), self.keys, steps))

    def frozen_course(self) -> Callable[..., Any]:
        """The traced course of one patient under given orders (see `frozen`)."""

        def one(numbers: Any, daily: Any, orders: Any, key: Any, steps: int) -> Any:
            state, _, fates = ([jnp.asarray(x, dtype=numbers.dtype) for x in jax.tree.leaves(part)]
                               for part in self.admission(numbers, key))  # fmt: skip

            def day(carried: Any, row: Any) -> Any:
                (state, fates, onset, _), (known, given) = carried, row
                today = [*known, *onset]
                counts = jnp.stack(self.counts(state, numbers))
                acted = self.act(state, numbers, today, given)
                lived = over_a_day(lambda y: self.rates(y, numbers, today, given), acted, steps)
                then, events, died = self.evening(fates, lived, numbers, today, given, key)
                return alive_only(carried, (lived, then, events), died), counts

            return jax.lax.scan(day, (state, fates, [0.0 * state[0]] * len(self.body.hazards), 1.0 + 0.0 * state[0]),
                                (daily, orders))[1]  # fmt: skip

        return one


def alive_only(carried: Any, then: Any, died: Any) -> Any:
    """What is carried on, ending in whether the patient lives: `then` while they do, as it was once they are dead."""
    *before, alive = carried
    kept = jax.tree.map(lambda new, old: jnp.where(alive > 0, new, old), tuple(then), tuple(before))
    return (*kept, jnp.where(died > 0, 0.0 * alive, alive))


def _chances(body: Body) -> dict[str, int]:
    """The day's draws by name: the number of their stream."""
    return {name: number for organ in body.organs for name, number in organ.chance.items()}


_programs: dict[Layout, Callable[..., Any]] = {}


def _frozen_program(problem: Problem) -> Callable[..., Any]:
    """One program for all problems of a layout; the number of steps is an input of it."""
    if problem.layout not in _programs:
        _programs[problem.layout] = jax.jit(jax.vmap(problem.frozen_course(), in_axes=(0, 0, 0, 0, None)))
    return _programs[problem.layout]
