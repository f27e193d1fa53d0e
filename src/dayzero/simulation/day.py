"""One day of one patient: report, decide, act, live, risk, record.

Everything here is written for one patient in scalars; the engine maps it over patients and scans it over days.

    report   the morning's signs and counts, under what was given yesterday, as the laboratory gives them
    decide   the ward's orders for today, from reports alone
    act      kill, infusion, transfusion: jumps of the state
    live     the organs over the day
    risk     hazards integrated; an event where a patient's threshold is passed; death ends the course
    record   the morning's true values, reports and orders, and the day's events
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from dayzero.elementwise import where
from dayzero.module import ORDER_RULES, ORDER_SIGNALS, Orders
from dayzero.simulation.assemble import Body, offered
from dayzero.simulation.integrate import over_a_day
from dayzero.simulation.laboratory import ASSAYS, report
from dayzero.simulation.streams import CHANCE, FATALITY, HAZARD_THRESHOLD, uniform, unsigned


class Fate(NamedTuple):
    """What a patient's threshold for one kind of event has come to."""

    risk: Any
    threshold: Any
    count: Any


class Course(NamedTuple):
    """What passes from one day to the next.

    ``hazards`` are last night's rates, ``onset`` tells of yesterday's events, ``orders`` of what was given yesterday,
    ``day`` is the last day lived, ``alive`` is 1 or 0.
    """

    state: dict[str, Any]
    memory: dict[str, Any]
    fates: dict[str, Fate]
    hazards: dict[str, Any]
    onset: dict[str, Any]
    orders: dict[str, Any]
    day: Any
    alive: Any


def admission(body: Body, p: Mapping[str, Any], key: Any, origins: int) -> Course:
    """The patient on the morning of admission."""
    state = {o.name: o.file.start(p[o.name], origins) if o.stateful else () for o in body.living}
    memory = {policy.__name__: policy.start() for policy in body.policies}
    fates = {name: Fate(0.0, _threshold(key, hazard.stream, 0.0), 0.0) for _, name, hazard in body.hazards}
    onset = {f"onset_{name}": 0.0 for name in fates}
    return Course(state, memory, fates, dict.fromkeys(fates, 0.0), onset, dict.fromkeys(ORDER_SIGNALS, 0.0), 0.0, 1.0)


def _threshold(key: Any, stream: int, recurrence: Any) -> Any:
    """A unit exponential: the integrated hazard at which this patient meets this event, this time."""
    recurrence = jnp.asarray(recurrence)
    draw = uniform(key, unsigned(HAZARD_THRESHOLD + stream), recurrence.astype(jnp.uint32))
    return -jnp.log(draw.astype(recurrence.dtype))


def all_signals(
    body: Body, state: Mapping[str, Any], p: Mapping[str, Any], outside: Mapping[str, Any]
) -> dict[str, Any]:
    """Every signal of this moment: the plan's and the ward's, each organ's own, then the coupled ones in order."""
    signals = dict(outside)
    for organ in body.living:
        if organ.gives:
            signals |= organ.file.signals(state[organ.name], p[organ.name])
    for organ, name, coupled in body.coupled:
        signals[name] = coupled.of(state[organ.name], p[organ.name], offered(signals, coupled.needs))
    return signals


def one_day(body: Body, course: Course, p: Mapping[str, Any], settings: Any, today: Mapping[str, Any], day: Any,
            key: Any, steps: int, integrate: Callable[..., Any] = over_a_day,
            ) -> tuple[Course, dict[str, Any]]:  # fmt: skip
    """The next morning, and what is recorded of this one.

    Parameters
    ----------
    p : what each organ sees, by organ name.
    settings : what the policies and the laboratory take from the care spec.
    today : the daily signals of the plan.
    day : day from infusion. key : the patient's key of random numbers. steps : integration steps a day.
    integrate : takes rates, a state and steps to the state a day later.
    """
    here = today["present"] * course.alive
    given = {**today, **course.onset, **_chances(body, key, day)}
    morning = all_signals(body, course.state, p, {**given, **course.orders})
    reports = _reports(morning, settings, key, where(course.alive > 0, day, course.day))
    orders, memory = _decide(body, course, reports, today, settings, day)
    orders = {name: amount * here for name, amount in orders.items()}
    outside = {**given, **orders}
    acted = act(body, course.state, p, all_signals(body, course.state, p, outside))
    lived = integrate(lambda y: rates_of(body, y, p, outside), acted, steps)
    hazards, fatal = _risks(body, lived, p, outside)
    fates, happened, died_of = _risk(body, course, hazards, fatal, key)
    died_of = died_of * here
    events = {f"event_{name}": what * here for name, what in happened.items()}
    onset = {f"onset_{name}": what for name, what in happened.items()}
    alive = where(died_of > 0, 0.0 * here, course.alive)
    reported = {f"reported_{name}": value for name, value in reports.items()}
    then = _kept(here, Course(lived, memory, fates, hazards, onset, orders, day, alive), course)
    recorded = {**morning, **reported, **orders, **events, **_remembered(body, then.memory)}
    recorded |= {"alive": course.alive, "died_of": died_of}
    return then, recorded


def _kept(here: Any, then: Course, before: Course) -> Course:
    """Before admission and after death nothing moves."""
    return jax.tree.map(lambda new, old: jnp.where(here > 0, new, old), then, before)


def _chances(body: Body, key: Any, day: Any) -> dict[str, Any]:
    """The day's uniform draws, each for the organ that declares it."""
    index = day.astype(jnp.int32).astype(jnp.uint32)
    return {
        name: uniform(key, unsigned(CHANCE + stream), index).astype(day.dtype)
        for organ in body.organs
        for name, stream in organ.chance.items()
    }


def _remembered(body: Body, memory: Mapping[str, Any]) -> dict[str, Any]:
    """What policies declare worth recording of what they remember: recorded name -> field of their memory."""
    return {
        name: getattr(memory[policy.__name__], field)
        for policy in body.policies
        for name, field in getattr(policy, "REMEMBERS", {}).items()
    }


def _reports(signals: Mapping[str, Any], settings: Any, key: Any, day: Any) -> dict[str, Any]:
    index = day.astype(jnp.int32).astype(jnp.uint32)
    return {
        name: report(assay, signals[assay.signal], getattr(settings, f"limit_{name}"), key, index)
        for name, assay in ASSAYS.items()
    }


def _decide(body, course, reports, today, settings, day):
    """Every policy sees the reports and flags it names in SEES, and nothing else."""
    seen = {**today, **course.onset, **reports}
    given, after = [], {}
    for policy in body.policies:
        visible = SimpleNamespace(fresh=today["blood_drawn"], **{name: seen[name] for name in policy.SEES})
        orders, after[policy.__name__] = policy.decide(course.memory[policy.__name__], visible, day, settings)
        given.append(orders)
    return {name: _combine(name, given) for name in ORDER_SIGNALS}, after


def _combine(name: str, given: list[Orders]) -> Any:
    amounts = [getattr(orders, name) for orders in given]
    total = amounts[0]
    for amount in amounts[1:]:
        total = total + amount if ORDER_RULES[name] == "sum" else jnp.maximum(total, amount)
    return total


def act(body, state, p, signals):
    """The state after what is done to each organ this morning: doses, cells, transfusions."""
    return {
        o.name: o.file.jump(state[o.name], p[o.name], offered(signals, o.needs))
        if hasattr(o.file, "jump")
        else state[o.name]
        for o in body.living
    }


def rates_of(body, state, p, outside):
    """Rates of change of every organ, a day, by organ; ``()`` for one without a state."""
    signals = all_signals(body, state, p, outside)
    return {
        o.name: o.file.rates(state[o.name], p[o.name], offered(signals, o.needs)) if o.stateful else ()
        for o in body.living
    }


def _risks(body, state, p, outside):
    """Rate of each hazard, and the probability that its onset is fatal where that is drawn."""
    signals = all_signals(body, state, p, outside)
    rates: dict[str, Any] = {}
    fatal: dict[str, Any] = {}
    for organ in body.living:
        if organ.hazards:
            seen = offered(signals, organ.needs)
            rates |= organ.file.hazards(state[organ.name], p[organ.name], seen)
            if hasattr(organ.file, "fatality"):
                fatal |= organ.file.fatality(state[organ.name], p[organ.name], seen)
    return rates, fatal


def _risk(body, course, hazards, fatal, key):
    """Integrate each hazard from last night to tonight by the trapezoid; at most one event of a kind a day.

    A death is of the first cause in the order in which hazards are declared, 1 + its place among them; 0 for none.
    """
    then, events = {}, {}
    died_of: Any = 0.0
    for place, (_, name, hazard) in reversed([*enumerate(body.hazards)]):
        fate = course.fates[name]
        risk = fate.risk + (course.hazards[name] + hazards[name]) / 2
        due = risk >= fate.threshold
        if not hazard.recurrent:
            due = due & (fate.count < 1)
        happened = where(due, 1.0, 0.0 * risk)
        count = fate.count + happened
        redrawn = risk + _threshold(key, hazard.stream, count)
        then[name] = Fate(risk, where(due, redrawn, fate.threshold), count)
        events[name] = happened
        if hazard.fatal != "never":
            died = due
            if hazard.fatal == "drawn":
                chance = uniform(key, unsigned(FATALITY + hazard.stream), fate.count.astype(jnp.uint32))
                died = due & (chance.astype(risk.dtype) < fatal[name])
            died_of = where(died, place + 1.0, died_of + 0.0 * risk)
    return then, events, died_of
