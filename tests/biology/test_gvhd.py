"""Graft-versus-host disease: memory, its flares, and the severity of what comes of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from dayzero.biology import alloreactivity, chronic_gvhd, lymphocytes

P = SimpleNamespace(**{name: p.typical for name, p in chronic_gvhd.PARAMETERS.items()}, frailty=1.0, memory_loss=0.005)


def ill(activity: float = 0.0, memory: float = 0.0, calcineurin: float = 0.0) -> dict[str, Any]:
    """Hazards of a patient with that activity of chronic disease and that memory."""
    state = chronic_gvhd.start(P, 2)._replace(chronic=activity, memory=memory, ripe=memory)
    return chronic_gvhd.hazards(state, P, SimpleNamespace(calcineurin=calcineurin))


def test_only_moderate_or_severe_chronic_disease_is_found_to_be_so() -> None:
    mild, moderate = (severity / P.chronic_severity for severity in (1.4, 1.6))
    assert ill(mild)["chronic_gvhd_moderate"] == 0
    assert ill(moderate)["chronic_gvhd_moderate"] == P.grading


def test_memory_flares_steeply_and_more_without_calcineurin_inhibitor() -> None:
    flares = ill(memory=0.6)["alloreactive_flare"]
    assert ill(memory=0.3)["alloreactive_flare"] == pytest.approx(flares / 4)
    assert ill(memory=0.6, calcineurin=1.0)["alloreactive_flare"] < 0.7 * flares
    assert ill()["alloreactive_flare"] == 0


def test_a_young_thymus_makes_memory_fade_sooner() -> None:
    person = lambda age: SimpleNamespace(graft_is_cord=(0, 0), thymus_health=of_age(age))  # noqa: E731
    child, adult, old = (chronic_gvhd.derive(P, person(age))["memory_loss"] for age in (5, 45, 65))
    assert child > 2 * adult and adult < 1.3 * old


def of_age(age: float) -> float:
    """Thymic output in health."""
    p = SimpleNamespace(**{name: p.typical for name, p in lymphocytes.PARAMETERS.items()})
    return p.thymus_adult * lymphocytes._thymic_age(p, age)


def arrived(**signals: float) -> tuple[float, ...]:
    """Effectors of the host and of two donors after something was done to patients who had none."""
    numbers = {name: p.typical for name, p in alloreactivity.PARAMETERS.items()}
    p = SimpleNamespace(**numbers, host_start=0.0, graft_effectors=(0, 0, 0), fresh_response=(1, 1, 1),
                        precursor_frequency=1e-3, donor_lymphocytes_naive=0.4)  # fmt: skip
    quiet = {"surviving_effector": 1.0, "donor_lymphocytes_per_kg": 0.0, "onset_alloreactive_flare": 0.0,
             "mucosal_kill": 0.0} | signals  # fmt: skip
    s = SimpleNamespace(infused=(0, 0, 0), t_cells_by_origin=(50.0, 300.0, 100.0), **quiet)
    after = alloreactivity.jump(alloreactivity.start(p, 3), p, s)
    return tuple(cells.effectors for cells in after.cells)


def test_a_flare_brings_effectors_of_the_donors_by_their_t_cells() -> None:
    flare = alloreactivity.PARAMETERS["flare"].typical
    assert arrived(onset_alloreactive_flare=1.0) == pytest.approx((0, 0.75 * flare, 0.25 * flare))
    assert arrived() == (0, 0, 0)


def test_ten_times_the_donor_lymphocytes_bring_ten_times_the_effectors() -> None:
    few, many = (arrived(donor_lymphocytes_per_kg=dose)[1] for dose in (1e6, 1e7))
    assert few > 0 and many == pytest.approx(10 * few)
