"""Prepared numbers of patients who may hold different plans."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from dayzero.simulation import overrides
from dayzero.simulation.assemble import Body
from dayzero.simulation.prepare import Prepared, prepare
from dayzero.simulation.request import Run
from dayzero.spec import Plan


def prepare_mixed(body: Body, plans: list[Plan], ids: np.ndarray, run: Run) -> Prepared:
    """Prepared numbers of patients who may hold different plans, in the order given."""
    groups: dict[int, list[int]] = {}
    for i, plan in enumerate(plans):
        groups.setdefault(id(plan), []).append(i)
    made = [
        prepare(body, plans[rows[0]], ids[rows], run.seed, first_day=run.first_day, days=run.padded_days,
                origins=run.origins, overrides=overrides.taken(run.overrides, rows), typical=run.typical)
        for rows in groups.values()
    ]  # fmt: skip
    if len(made) == 1:
        return made[0]
    order = np.argsort(np.concatenate([np.asarray(rows) for rows in groups.values()]), kind="stable")
    return taken(_stacked(made), order)


def _mapped(prepared: Prepared, each: Callable[[Any], Any]) -> Prepared:
    """The same numbers with `each` applied to every array (patients on the last axis)."""
    walk = lambda v: tuple(each(x) for x in v) if isinstance(v, tuple) else each(v)  # noqa: E731
    return replace(
        prepared,
        person={k: walk(v) for k, v in prepared.person.items()},
        numbers={organ: {k: walk(v) for k, v in table.items()} for organ, table in prepared.numbers.items()},
        settings={k: each(v) for k, v in prepared.settings.items()},
        daily={k: walk(v) for k, v in prepared.daily.items()},
        key=each(prepared.key),
        admission=each(prepared.admission),
    )


def _stacked(parts: list[Prepared]) -> Prepared:
    join = lambda values: np.concatenate(values, axis=-1)  # noqa: E731

    def together(tables: list[Mapping[str, Any]]) -> dict[str, Any]:
        return {
            k: tuple(join([t[k][o] for t in tables]) for o in range(len(v))) if isinstance(v, tuple)
            else join([t[k] for t in tables])
            for k, v in tables[0].items()
        }  # fmt: skip

    return replace(
        parts[0],
        person=together([p.person for p in parts]),
        numbers={organ: together([p.numbers[organ] for p in parts]) for organ in parts[0].numbers},
        settings=together([p.settings for p in parts]),
        daily=together([p.daily for p in parts]),
        key=join([p.key for p in parts]),
        admission=join([p.admission for p in parts]),
    )


def taken(prepared: Prepared, order: np.ndarray) -> Prepared:
    return _mapped(prepared, lambda a: a[..., order])


def _first(prepared: Prepared, n: int) -> Prepared:
    return _mapped(prepared, lambda a: a[..., :n])
