"""One day of one patient: report, decide, act, live, risk, record.

Everything here is written for one patient in scalars; the engine maps it over patients and scans it over days.

    report   the morning's blood counts, as the laboratory gives them
    decide   the ward's orders for today, from reports alone
    act      kill, infusion, transfusion: jumps of the state
    live     the organs over the day
    risk     hazards integrated; an event where a patient's threshold is passed
    record   the morning's true values, reports and orders
"""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple

import jax.numpy as jnp

from dayzero.elementwise import where
from dayzero.module import ORDER_RULES, ORDER_SIGNALS, Orders
from dayzero.simulation.assemble import Body, offered
from dayzero.simulation.integrate import over_a_day
from dayzero.simulation.laboratory import ASSAYS, report
from dayzero.simulation.streams import HAZARD_THRESHOLD, uniform, unsigned


class Fate(NamedTuple):
    """What a patient's threshold for one kind of event has come to."""

    risk: Any
    threshold: Any
    count: Any


class Course(NamedTuple):
    """What passes from one day to the next."""

    state: dict[str, Any]
    memory: dict[str, Any]
    fates: dict[str, Fate]


def admission(body: Body, p: Mapping[str, Any], key: Any, origins: int) -> Course:
    """The patient on the morning of admission."""
    state = {o.name: o.file.start(p[o.name], origins) for o in body.living}
    memory = {policy.__name__: policy.start() for policy in body.policies}
    fates = {name: Fate(0.0, _threshold(key, hazard.stream, 0.0), 0.0) for _, name, hazard in body.hazards}
    return Course(state, memory, fates)


def _threshold(key: Any, stream: int, recurrence: Any) -> Any:
    """A unit exponential: the integrated hazard at which this patient meets this event, this time."""
    index = jnp.asarray(recurrence).astype(jnp.uint32)
    return -jnp.log(uniform(key, unsigned(HAZARD_THRESHOLD + stream), index))


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
            key: Any, steps: int) -> tuple[Course, dict[str, Any]]:  # fmt: skip
    """The next morning, and what is recorded of this one.

    Parameters
    ----------
    p : what each organ sees, by organ name.
    settings : what the policies and the laboratory take from the care spec.
    today : the daily signals of the plan.
    day : day from infusion. key : the patient's key of random numbers. steps : integration steps a day.
    """
    nothing = dict(zip(ORDER_SIGNALS, Orders(), strict=True))
    morning = all_signals(body, course.state, p, {**today, **nothing})
    reports = _reports(morning, settings, key, day)
    orders, memory = _decide(body, course.memory, reports, today, settings, day)
    outside = {**today, **orders}
    acted = _act(body, course.state, p, all_signals(body, course.state, p, outside))
    lived = over_a_day(lambda y: _rates(body, y, p, outside), acted, steps)
    fates, events = _risk(body, course.fates, p, acted, lived, outside, key)
    recorded = {**morning, **{f"reported_{name}": value for name, value in reports.items()}, **orders, **events}
    return Course(lived, memory, fates), recorded


def _reports(signals: Mapping[str, Any], settings: Any, key: Any, day: Any) -> dict[str, Any]:
    index = day.astype(jnp.int32).astype(jnp.uint32)
    return {
        name: report(assay, signals[assay.signal], getattr(settings, f"limit_{name}"), key, index)
        for name, assay in ASSAYS.items()
    }


def _decide(body, memory, reports, today, settings, day):
    seen = SimpleNamespace(**reports, fresh=today["blood_drawn"])
    given, after = [], {}
    for policy in body.policies:
        visible = SimpleNamespace(fresh=seen.fresh, **{name: reports[name] for name in policy.SEES})
        orders, after[policy.__name__] = policy.decide(memory[policy.__name__], visible, day, settings)
        given.append(orders)
    return {name: _combine(name, given) * today["present"] for name in ORDER_SIGNALS}, after


def _combine(name: str, given: list[Orders]) -> Any:
    amounts = [getattr(orders, name) for orders in given]
    total = amounts[0]
    for amount in amounts[1:]:
        total = total + amount if ORDER_RULES[name] == "sum" else jnp.maximum(total, amount)
    return total


def _act(body, state, p, signals):
    return {
        o.name: o.file.jump(state[o.name], p[o.name], offered(signals, o.needs))
        if hasattr(o.file, "jump")
        else state[o.name]
        for o in body.living
    }


def _rates(body, state, p, outside):
    signals = all_signals(body, state, p, outside)
    return {o.name: o.file.rates(state[o.name], p[o.name], offered(signals, o.needs)) for o in body.living}


def _hazards(body, state, p, outside):
    signals = all_signals(body, state, p, outside)
    rates: dict[str, Any] = {}
    for organ in body.living:
        if organ.hazards:
            rates |= organ.file.hazards(state[organ.name], p[organ.name], offered(signals, organ.needs))
    return rates


def _risk(body, fates, p, acted, lived, outside, key):
    """Integrate each hazard over the day by the trapezoid; at most one event of a kind a day."""
    before, after = _hazards(body, acted, p, outside), _hazards(body, lived, p, outside)
    then, events = {}, {}
    for _, name, hazard in body.hazards:
        fate = fates[name]
        risk = fate.risk + (before[name] + after[name]) / 2
        due = risk >= fate.threshold
        if not hazard.recurrent:
            due = due & (fate.count < 1)
        happened = where(due, 1.0, 0.0 * risk)
        count = fate.count + happened
        redrawn = risk + _threshold(key, hazard.stream, count)
        then[name] = Fate(risk, where(due, redrawn, fate.threshold), count)
        events[f"event_{name}"] = happened
    return then, events
