"""Host against graft, each force by itself: what feeds it, what brakes it, and who holds whom down."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from biology.test_immunity import donor
from dayzero.biology import alloreactivity, host_memory

PLAIN = {
    "surviving_effector": 1.0, "stem_cells": (0.5, 0.5), "myeloid_donor_fraction": 0.5,
    "t_cells_by_origin": (50.0, 50.0), "treg_by_origin": (0.0, 5.0), "infused": (0.0, 0.0),
    "resting_graft": (0.0, 0.0),
}  # fmt: skip


def today(**changed: Any) -> SimpleNamespace:
    return SimpleNamespace(**dict.fromkeys(alloreactivity.NEEDS, 0.0) | PLAIN | changed)


def patient(host_effectors: float = 0.1, graft_effectors: float = 0.1) -> tuple[SimpleNamespace, alloreactivity.State]:
    p = donor()
    y = alloreactivity.start(p, 2)
    return p, y._replace(
        cells=(y.cells[0]._replace(effectors=host_effectors), y.cells[1]._replace(effectors=graft_effectors))
    )


def growth(host_effectors: float = 0.1, **changed: Any) -> float:
    """Growth of the host's effectors where donor effectors leave them alone, per day."""
    p, y = patient(host_effectors, 0.0)
    return float(alloreactivity.rates(y, p, today(**changed)).cells[0].effectors) / host_effectors


@pytest.mark.parametrize(
    "brake",
    [
        {"calcineurin": 1.0}, {"mycophenolate": 1.0}, {"sirolimus": 1.0}, {"abatacept": 1.0}, {"ruxolitinib": 1.0},
        {"steroid_mg_per_kg": 2.0}, {"antibody_on_t_cell": 0.5},
    ],
    ids=lambda brake: next(iter(brake)),
)  # fmt: skip
def test_what_holds_donor_effectors_holds_those_of_the_host(brake: dict[str, float]) -> None:
    assert growth(**brake) < growth()


def test_cyclophosphamide_and_methotrexate_after_infusion_kill_host_effectors_as_donor_ones() -> None:
    p, y = patient()
    host, graft = alloreactivity.jump(y, p, today(surviving_effector=0.3)).cells
    assert host.effectors == pytest.approx(0.03) and graft.effectors == pytest.approx(0.03)
    assert host.responsiveness == graft.responsiveness < 1


def test_without_donor_cells_nothing_feeds_rejection_and_few_are_enough() -> None:
    none, few, many = (growth(stem_cells=(1 - f, f), t_cells_by_origin=(50.0, 0.0)) for f in (0.0, 0.1, 1.0))
    assert none <= 0 < few < many
    assert few > many / 3


def test_host_effectors_see_a_graft_before_it_divides() -> None:
    unseen, seen = (growth(stem_cells=(0.01, 0.0), resting_graft=(0.0, here)) for here in (0.0, 1.0))
    assert seen > unseen


def test_who_has_more_t_cells_holds_the_other_down() -> None:
    shares = [growth(t_cells_by_origin=(100.0 - d, d)) for d in (0.0, 30.0, 70.0, 100.0)]
    assert shares == sorted(shares, reverse=True) and shares[0] > 0 > shares[-1]


def test_host_effectors_have_a_capacity_and_their_attack_a_limit() -> None:
    p, _ = patient()
    assert growth(2 * p.effector_room / p.slowing) < 0 < growth(0.1, t_cells_by_origin=(50.0, 0.0))
    _, crowd = patient(1e6)
    assert alloreactivity.signals(crowd, p)["immune_attack"][1] <= p.rejection


def test_effectors_of_the_host_tolerate_a_donor_they_keep_seeing_and_then_grow_less() -> None:
    p, y = patient(0.1, 0.0)
    none, some = (
        float(alloreactivity.rates(y, p, today(stem_cells=(1 - f, f))).cells[0].responsiveness) for f in (0.0, 0.5)
    )
    assert none == 0 > some
    tolerant = y._replace(cells=(y.cells[0]._replace(responsiveness=0.2), y.cells[1]))
    assert float(alloreactivity.rates(tolerant, p, today()).cells[0].effectors) / 0.1 < growth()


def test_donor_effectors_kill_those_of_the_host_and_a_foreign_hla_is_seen_on_more_of_its_marrow() -> None:
    attacks = []
    for mismatch in (0.0, 1.0, 4.0):
        p, y = donor(hla_mismatch=(0.0, mismatch)), patient()[1]
        attacks.append(float(alloreactivity.signals(y, p)["immune_attack"][0]))
    assert 0 < attacks[0] < attacks[1] < attacks[2] < p.conversion
    (p, y), (_, few) = patient(), patient(0.1, 0.0)
    lost, kept = (float(alloreactivity.rates(x, p, today()).cells[0].effectors) for x in (y, few))
    assert kept - lost == pytest.approx(0.1 * float(alloreactivity.signals(y, p)["immune_attack"][0]), rel=1e-5)


def memory(**covariates: Any) -> SimpleNamespace:
    """The typical values of host memory, and its constants for host precursors of 1 per uL against the donor."""
    p = SimpleNamespace(**{name: parameter.typical for name, parameter in host_memory.PARAMETERS.items()})
    person = {"host_start_by_donor": (0.0, 1.0), "donor_is_unrelated": (0.0, 0.0), "hla_mismatch": (0.0, 0.0),
              "disease_aplastic": 0.0, "disease_other": 0.0, "prior_treatment_lines": 1.0} | covariates  # fmt: skip
    for name, value in host_memory.derive(p, SimpleNamespace(**person)).items():
        setattr(p, name, value)
    return p


def test_memory_of_a_donor_comes_with_transfusions_in_vain_and_with_foreign_hla() -> None:
    plain = memory().memory_start
    assert memory(disease_aplastic=1.0).memory_start > plain
    assert memory(disease_aplastic=1.0, prior_treatment_lines=0.0).memory_start == plain
    assert memory(donor_is_unrelated=(0.0, 1.0)).memory_start > plain
    assert memory(hla_mismatch=(0.0, 4.0)).memory_start > memory(donor_is_unrelated=(0.0, 1.0)).memory_start
    assert memory(host_start_by_donor=(0.0, 0.0)).memory_start == 0


def test_resting_memory_outlasts_what_kills_effectors_and_wakes_where_it_meets_a_donor() -> None:
    p = memory()
    y = host_memory.start(p, 2)
    day = SimpleNamespace(surviving_effector=0.01, antibody_on_t_cell=0.1, immune_attack=(0.05, 0.0))
    assert 0.01 * y.resting < host_memory.jump(y, p, day).resting < y.resting
    assert -0.15 * y.resting < host_memory.rates(y, p, day).resting < -0.05 * y.resting
    woken = host_memory.signals(y, p)["memory_recruits"]
    assert growth(memory_recruits=woken) > growth()
    assert growth(memory_recruits=woken, stem_cells=(1.0, 0.0)) == growth(stem_cells=(1.0, 0.0))


def test_minor_antigens_are_enough_in_matched_pairs_and_antibodies_raise_rejection() -> None:
    assert donor().host_start > 0
    assert donor(donor_specific_antibody=(0.0, 1.0)).host_start > 2 * donor().host_start
    assert donor(hla_mismatch=(0.0, 4.0)).host_start > donor().host_start


def test_conversion_of_the_hosts_marrow_saturates_and_ends_with_the_effectors() -> None:
    p, y = patient(0.0)
    few, many, most = (
        alloreactivity.signals(y._replace(cells=(y.cells[0], y.cells[1]._replace(effectors=a))), p)["immune_attack"][0]
        for a in (0.0, 1.0, 1e6)
    )
    assert few == 0 < many < most <= p.conversion


def test_cytokines_of_a_first_meeting_need_many_mismatched_cells_and_end_with_cyclophosphamide() -> None:
    told = []
    for mismatch in (0.0, 4.0):
        p = donor(hla_mismatch=(0.0, mismatch))
        y = alloreactivity.jump(alloreactivity.start(p, 2), p, today(infused=(0.0, 1.0)))
        told.append(float(alloreactivity.signals(y, p)["cytokine_release"]))
        assert alloreactivity.rates(y, p, today()).newcomers < 0
        assert alloreactivity.signals(alloreactivity.jump(y, p, today(surviving_effector=0.2)), p)[
            "cytokine_release"] < told[-1]  # fmt: skip
    assert 0 < told[0] < 0.2 < 0.5 < told[1] < 1
