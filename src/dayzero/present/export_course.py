"""One patient's own course, held fast: what the plan, the ward and chance gave them, day by day.

An exported model cannot hold the ward's policies or draw lots. It is *open loop*: orders, events and draws stand in it
as they came in the course that dayzero simulated of this patient, and only the body still answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from dayzero.errors import SpecError
from dayzero.module import ORDER_SIGNALS
from dayzero.simulation.assemble import Body, standard_body
from dayzero.simulation.cohort import simulate
from dayzero.simulation.course import Course
from dayzero.simulation.day import act, all_signals
from dayzero.simulation.layout import Precision
from dayzero.simulation.prepare import Prepared, prepare
from dayzero.simulation.streams import CHANCE, uniform, unsigned
from dayzero.spec import Plan


@dataclass(frozen=True)
class HeldFast:
    """A patient with the days they lived.

    ``prepared`` holds one patient; ``days`` the mornings from admission to the last one lived; ``given`` maps every
    signal that comes from outside the body to its value by day, (days,) or a tuple of them over origins.
    """

    plan: Plan
    body: Body
    patient: int
    seed: int
    prepared: Prepared
    days: np.ndarray
    given: Mapping[str, Any]
    course: Course

    @property
    def origins(self) -> int:
        """Host and donors."""
        return 1 + len(self.plan.donors)

    @property
    def died(self) -> str:
        """Cause of death; empty for who lives."""
        return str(self.course.deaths()[1][0])

    @cached_property
    def people(self) -> dict[str, Any]:
        """What each organ sees as ``p``, in plain numbers."""
        return {
            organ.name: organ.view(**{f: _plain(self.prepared.numbers[organ.name][f]) for f in organ.view._fields})
            for organ in self.body.living
        }

    def today(self, row: int) -> dict[str, Any]:
        """What comes from outside on one day, in plain numbers."""
        return {
            name: tuple(float(v[row]) for v in value) if isinstance(value, tuple) else float(value[row])
            for name, value in self.given.items()
        }

    @cached_property
    def admitted(self) -> dict[str, Any]:
        """The state of every organ on admission."""
        return {o.name: o.file.start(self.people[o.name], self.origins) for o in self.body.living if o.stateful}

    @cached_property
    def begun(self) -> dict[str, Any]:
        """The state of every organ once the first morning's kills, infusions and transfusions are given."""
        state = {o.name: self.admitted.get(o.name, ()) for o in self.body.living}
        with np.errstate(all="ignore"):
            signals = all_signals(self.body, state, self.people, self.today(0))
            return {name: part for name, part in act(self.body, state, self.people, signals).items() if part != ()}


def held_fast(plan: Plan | str, *, patient: int = 0, days: int = 120, seed: int = 1,
              precision: Precision = "float64", **options: Any) -> HeldFast:  # fmt: skip
    """Simulate one patient and hold fast what they were given and what befell them.

    Parameters
    ----------
    plan : a plan, its name in the library or its file.
    patient : the patient's number; with the seed it fixes who they are and their luck.
    days : last day, counted from infusion; a death ends the course before.
    precision : of the simulation that is held fast; decisions can differ between precisions in 2 % of patients.
    options : of `dayzero.simulate`.

    Raises
    ------
    SpecError : the plan or an option cannot be used.
    """
    plan = Plan.load(plan)
    if isinstance(patient, bool) or not isinstance(patient, int) or patient < 0:
        raise SpecError("export", "patient", repr(patient), "0 or more", "patients are numbered from 0")
    course = simulate(plan, [patient], days, seed, precision=precision, **options)
    body, first = standard_body(), int(course.days[0])
    last = int(min(course.deaths()[0][0], course.days[-1]))
    calendar = np.arange(first, last + 1)
    made = prepare(body, plan, [patient], seed, first_day=first, days=len(calendar), origins=1 + len(plan.donors),
                   overrides=course.record["parameters"], typical=course.record["typical"])  # fmt: skip
    return HeldFast(plan, body, patient, seed, made, calendar, _given(body, made, course, calendar), course)


def _given(body: Body, made: Prepared, course: Course, calendar: np.ndarray) -> dict[str, Any]:
    """Schedule, orders, yesterday's events and today's draws."""
    n = len(calendar)
    own = lambda name: course.values[name][0, :n].astype(np.float64)  # noqa: E731
    given: dict[str, Any] = {
        name: tuple(v[:, 0] for v in value) if isinstance(value, tuple) else value[:, 0]
        for name, value in made.daily.items()
    }
    given |= {name: own(name) for name in ORDER_SIGNALS}
    given |= {f"onset_{name}": np.append(0.0, own(f"event_{name}")[:-1]) for _, name, _ in body.hazards}
    for organ in body.organs:
        for name, stream in organ.chance.items():
            drawn = uniform(made.key, unsigned(CHANCE + stream), unsigned(calendar))
            given[name] = drawn.astype(np.float64)
    return given


def _plain(value: Any) -> Any:
    return tuple(float(v[0]) for v in value) if isinstance(value, tuple) else float(value[0])
