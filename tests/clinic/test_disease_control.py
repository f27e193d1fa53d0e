"""Maintenance, morning by morning, with reports given by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp

from dayzero.clinic import disease_control as ward

CARE = SimpleNamespace(maintenance_start_day=60, maintenance_stop_day=70)
WELL = {"neutrophils": 2.0, "platelets": 150.0, "onset_relapse": 0.0, "fresh": 1.0}


def given(changes: dict[int, dict[str, float]], usual: dict[str, float] | None = None, first_day: int = 58,
          last_day: int = 72) -> list[int]:  # fmt: skip
    """Days on which maintenance is given; reports are ``usual`` but for the days that ``changes`` names."""
    memory, days = ward.start(), []
    for day in range(first_day, last_day + 1):
        seen = SimpleNamespace(**(WELL | (usual or {}) | changes.get(day, {})))
        orders, memory = ward.decide(memory, seen, float(day), CARE)
        assert orders.maintenance in (0, 1) and sum(map(float, orders)) == orders.maintenance
        days += [day] if orders.maintenance else []
    return days


def test_maintenance_is_given_between_its_days() -> None:
    assert given({}) == list(range(60, 70))


def test_maintenance_waits_for_recovered_counts() -> None:
    assert given({}, usual={"platelets": 49.0}) == []
    assert given({}, usual={"neutrophils": 0.4}) == []
    assert given({66: WELL}, usual={"platelets": 49.0}) == [66, 67, 68, 69]


def test_counts_are_known_from_reports_only() -> None:
    assert given({64: {"fresh": 1.0}}, usual={"fresh": 0.0}) == [64, 65, 66, 67, 68, 69]


def test_low_neutrophils_withhold_it_until_both_counts_are_back() -> None:
    low, half = {"neutrophils": 0.4}, {"neutrophils": 1.0, "platelets": 30.0}
    assert given({62: low, 63: half, 64: half}) == [60, 61, 65, 66, 67, 68, 69]
    assert given({62: low | {"fresh": 0.0}}) == list(range(60, 70))


def test_low_platelets_alone_do_not_withhold_it_once_it_runs() -> None:
    assert given({day: {"platelets": 30.0} for day in range(62, 70)}) == list(range(60, 70))


def test_relapse_stops_it_for_good() -> None:
    assert given({64: {"onset_relapse": 1.0}}) == [60, 61, 62, 63]
    assert given({20: {"onset_relapse": 1.0}}, first_day=10) == []


def test_an_engine_traces_it_to_the_same_orders() -> None:
    def step(memory: Any, day: Any) -> tuple[Any, Any]:
        counts = {"neutrophils": jnp.where(day == 63, 0.2, 2.0), "platelets": 150.0 + 0 * day}
        reports = SimpleNamespace(**counts, onset_relapse=0 * day, fresh=1 + 0 * day)
        orders, memory = ward.decide(memory, reports, day, CARE)
        return memory, orders.maintenance

    begin = jax.tree.map(jnp.float32, ward.start())
    days = jnp.arange(58, 73, dtype=jnp.float32)
    traced = jax.lax.scan(step, begin, days)[1]
    assert [int(day) for day, on in zip(days, traced, strict=True) if on] == given({63: {"neutrophils": 0.2}})
