"""Host against graft, each force by itself: what feeds it, what brakes it, and who holds whom down."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from biology.test_immunity import donor
from dayzero.biology import alloreactivity

PLAIN = {
    "surviving_effector": 1.0, "stem_donor_fraction": 0.5, "myeloid_donor_fraction": 0.5,
    "t_cells_by_origin": (50.0, 50.0), "treg_by_origin": (0.0, 5.0), "infused": (0.0, 0.0),
}  # fmt: skip


def today(**changed: Any) -> SimpleNamespace:
    return SimpleNamespace(**dict.fromkeys(alloreactivity.NEEDS, 0.0) | PLAIN | changed)


def patient(host_effectors: float = 0.1) -> tuple[SimpleNamespace, alloreactivity.State]:
    p = donor()
    y = alloreactivity.start(p, 2)
    return p, y._replace(cells=(y.cells[0]._replace(effectors=host_effectors), y.cells[1]._replace(effectors=0.1)))


def growth(host_effectors: float = 0.1, **changed: Any) -> float:
    """Growth of the host's effectors, per day."""
    p, y = patient(host_effectors)
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
    none, few, many = (growth(stem_donor_fraction=f, t_cells_by_origin=(50.0, 0.0)) for f in (0.0, 0.1, 1.0))
    assert none <= 0 < few < many
    assert few > many / 3


def test_who_has_more_t_cells_holds_the_other_down() -> None:
    shares = [growth(t_cells_by_origin=(100.0 - d, d)) for d in (0.0, 30.0, 70.0, 100.0)]
    assert shares == sorted(shares, reverse=True) and shares[0] > 0 > shares[-1]


def test_host_effectors_have_a_capacity_and_their_attack_a_limit() -> None:
    p, _ = patient()
    assert growth(2 * p.effector_room / p.slowing) < 0 < growth(0.1, t_cells_by_origin=(50.0, 0.0))
    _, crowd = patient(1e6)
    assert alloreactivity.signals(crowd, p)["immune_attack"][1] <= p.rejection


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
