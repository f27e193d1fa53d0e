"""Donor lymphocytes, boosts and rescue grafts, morning by morning, with reports given by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dayzero.clinic import cell_therapy as ward
from dayzero.module import Orders

NEVER = 1e6
CARE = {
    "weight_kg": 70.0, "dli_day_1": NEVER, "dli_day_2": NEVER, "dli_day_3": NEVER, "dli_day_4": NEVER,
    "dli_cd3_per_kg": 1e6, "dli_escalation": 5.0, "dli_t_chimerism_below": 0.0, "dli_on_relapse": 0, "dli_interval": 56,
    "dli_most_doses": 3, "boost_from_day": NEVER, "boost_anc": 1.0, "boost_platelets": 30.0, "boost_interval": 60,
    "boost_share": 0.6, "rescue_day": NEVER, "rescue_share": 0.8,
}  # fmt: skip
WELL = dict.fromkeys(ward.SEES, 0.0) | {
    "neutrophils": 3.0, "platelets": 200.0, "donor_chimerism_t_cell": 100.0, "donor_chimerism_myeloid": 100.0,
    "bilirubin": 0.6, "fresh": 1.0,
}  # fmt: skip
PLANNED = {"dli_day_1": 100, "dli_day_2": 130, "dli_day_3": 160, "dli_day_4": 190}
RELAPSE, GUT = {"onset_relapse": 1.0}, {"stool_volume": 900.0}
MIXED = {"chimerism_tested": 1.0, "donor_chimerism_t_cell": 40.0}
FULL = {"chimerism_tested": 1.0}
POOR = {"neutrophils": 0.6, "platelets": 15.0}
BOOST = {"boost_from_day": 35}


def on_ward(changes: dict[int, dict[str, float]], until: int, usual: dict[str, float] | None = None,
            first_day: int = 0, **care: float) -> list[Orders]:  # fmt: skip
    """Orders of each day; reports are ``usual`` but for the days that ``changes`` names."""
    memory, orders = ward.start(), []
    p = SimpleNamespace(**(CARE | care))
    for day in range(first_day, until + 1):
        seen = SimpleNamespace(**(WELL | (usual or {}) | changes.get(day, {})))
        given, memory = ward.decide(memory, seen, float(day), p)
        orders.append(given)
    return orders


def lymphocytes(changes: dict[int, dict[str, float]], until: int = 400, **more: Any) -> dict[int, float]:
    """Donor T cells per kg on the days on which they are given."""
    orders = on_ward(changes, until, **more)
    return {day: round(float(o.donor_lymphocytes_per_kg)) for day, o in enumerate(orders) if o.donor_lymphocytes_per_kg}


def cells(changes: dict[int, dict[str, float]], until: int = 200, **more: Any) -> dict[int, float]:
    """Boosts and rescue grafts on the days on which they are given."""
    return {day: float(o.boost) for day, o in enumerate(on_ward(changes, until, **more)) if o.boost}


def test_nothing_is_ordered_where_nothing_is_planned() -> None:
    orders = on_ward({50: RELAPSE, 84: MIXED}, 200, usual=POOR)
    assert all(not any(map(float, o)) for o in orders)


def test_planned_doses_escalate_up_to_the_most() -> None:
    assert lymphocytes({}, **PLANNED) == {100: 1e6, 130: 5e6, 160: 25e6}
    assert lymphocytes({}, **PLANNED, dli_most_doses=4, dli_escalation=10.0)[190] == 1e9


def test_no_doses_at_most_means_none() -> None:
    assert lymphocytes({50: RELAPSE}, **PLANNED, dli_on_relapse=1, dli_most_doses=0) == {}


def test_after_relapse_doses_keep_their_interval() -> None:
    assert lymphocytes({80: RELAPSE}, dli_on_relapse=1) == {80: 1e6, 136: 5e6, 192: 25e6}
    assert lymphocytes({80: RELAPSE}) == {}


def test_mixed_chimerism_is_treated_until_a_test_finds_enough_donor_cells() -> None:
    assert lymphocytes({84: MIXED, 100: MIXED, 180: FULL}, dli_t_chimerism_below=60.0) == {84: 1e6, 140: 5e6}
    assert lymphocytes({84: MIXED}, dli_t_chimerism_below=30.0) == {}
    assert lymphocytes({84: MIXED | {"chimerism_tested": 0.0}}, dli_t_chimerism_below=60.0) == {}


def test_mixed_chimerism_waits_for_its_first_day_and_for_the_end_of_calcineurin() -> None:
    assert lymphocytes({28: MIXED}, until=100, dli_t_chimerism_below=60.0) == {60: 1e6}
    tapering = {day: {"calcineurin_planned": 0.5} for day in range(90)}
    tested = tapering | {56: tapering[56] | MIXED}
    assert lymphocytes(tested, until=100, dli_t_chimerism_below=60.0) == {90: 1e6}


def test_a_planned_dose_near_gvhd_is_left_out_and_the_next_is_not_larger_for_it() -> None:
    assert lymphocytes({80: GUT}, **PLANNED) == {130: 1e6, 160: 5e6, 190: 25e6}


def test_after_relapse_lymphocytes_wait_until_gvhd_has_been_away_for_four_weeks() -> None:
    assert min(lymphocytes(dict.fromkeys(range(70, 90), GUT) | {80: GUT | RELAPSE}, dli_on_relapse=1)) == 89 + 28


def test_skin_of_grade_one_does_not_keep_lymphocytes_away() -> None:
    assert 100 in lymphocytes({}, usual={"rash": 20.0}, **PLANNED)


def test_lymphocytes_are_not_given_in_the_year_after_chronic_gvhd() -> None:
    given = lymphocytes({90: {"onset_chronic_gvhd_onset": 1.0}, 120: RELAPSE}, until=600, **PLANNED, dli_on_relapse=1)
    assert min(given) == 90 + 365


def test_jaundice_of_venoocclusive_disease_does_not_keep_lymphocytes_away() -> None:
    yellow = {day: {"bilirubin": 6.0} for day in range(80, 110)}
    assert 100 not in lymphocytes(yellow, **PLANNED)
    assert 100 in lymphocytes(yellow | {80: {"bilirubin": 6.0, "onset_vod": 1.0}}, **PLANNED)


def test_a_boost_needs_two_poor_reports_in_a_row() -> None:
    assert cells({40: POOR, 41: POOR}, **BOOST) == {41: 0.6}
    assert cells({40: POOR, 42: POOR}, **BOOST) == {}
    assert cells({40: POOR, 41: POOR | {"fresh": 0.0}}, **BOOST) == {}
    apart = {40: POOR, 43: POOR} | {41: {"fresh": 0.0}, 42: {"fresh": 0.0}}
    assert cells(apart, **BOOST) == {43: 0.6}


@pytest.mark.parametrize("low", [{"neutrophils": 0.6}, {"platelets": 15.0}])
def test_one_low_line_is_not_poor_function(low: dict[str, float]) -> None:
    assert cells({}, usual=low, **BOOST) == {}


def test_boosts_start_on_their_day_and_keep_their_interval() -> None:
    assert cells({}, usual=POOR, **BOOST) == {36: 0.6, 96: 0.6, 156: 0.6}


def test_a_graft_that_is_not_the_donors_is_not_boosted() -> None:
    mixed = {"chimerism_tested": 1.0, "donor_chimerism_myeloid": 60.0}
    assert cells({28: mixed}, usual=POOR, **BOOST) == {}
    assert min(cells({28: mixed, 56: FULL}, usual=POOR, **BOOST)) == 56


def test_poor_counts_of_relapse_are_not_boosted() -> None:
    assert cells({30: RELAPSE}, usual=POOR, **BOOST) == {}


APLASIA = {"neutrophils": 0.1}


def test_a_rescue_graft_is_given_once_where_neutrophils_never_came_back() -> None:
    assert cells({}, usual=APLASIA, rescue_day=28) == {28: 0.8}


def test_two_reports_in_a_row_at_the_level_are_not_engraftment() -> None:
    back = {"neutrophils": 0.5}
    assert cells({20: back, 21: back}, usual=APLASIA, rescue_day=28) == {28: 0.8}
    assert cells({20: back, 21: back, 22: back}, usual=APLASIA, rescue_day=28) == {}
    unseen = {day: back | {"fresh": 0.0} for day in range(10, 25)}
    assert cells(unseen, usual=APLASIA, rescue_day=28) == {28: 0.8}


def test_counts_that_have_yet_to_fall_are_not_engraftment() -> None:
    falling = {day: {"neutrophils": 2.0} for day in range(6)}
    assert cells(falling, usual=APLASIA, first_day=0, rescue_day=28) == {28: 0.8}


def test_neutrophils_that_never_fell_need_no_rescue() -> None:
    assert cells({}, rescue_day=28) == {}


def test_counts_lost_after_the_day_of_rescue_do_not_bring_one() -> None:
    lost = dict.fromkeys((*range(3, 15), *range(40, 90)), APLASIA)
    assert cells(lost, rescue_day=28) == {}


def test_no_rescue_after_relapse_and_no_boost_soon_after_a_rescue() -> None:
    assert cells({20: RELAPSE}, usual=APLASIA, rescue_day=28) == {}
    poor = APLASIA | {"platelets": 10.0}
    assert cells({}, until=100, usual=poor, rescue_day=28, **BOOST) == {28: 0.8, 88: 0.6}


def test_an_engine_traces_it_to_the_same_orders() -> None:
    rng = np.random.default_rng(3)
    n = 400
    changes = {
        day: {"neutrophils": rng.uniform(0, 1.2), "platelets": rng.uniform(5, 50), "fresh": float(day % 2),
              "stool_volume": 900.0 * (rng.uniform() < 0.01)}
        for day in range(n)
    }  # fmt: skip
    changes[84] |= MIXED
    changes[200] |= RELAPSE
    care = CARE | {"rescue_day": 28, "boost_from_day": 35, "dli_t_chimerism_below": 50.0, "dli_on_relapse": 1}
    expected = on_ward(changes, n - 1, **care)
    p = SimpleNamespace(**{name: jnp.float32(value) for name, value in care.items()})
    seen = {name: jnp.asarray([(WELL | changes[day])[name] for day in range(n)], jnp.float32) for name in WELL}

    def step(memory: Any, today: Any) -> tuple[Any, Any]:
        day, reports = today
        orders, memory = ward.decide(memory, SimpleNamespace(**reports), day, p)
        return memory, (orders.donor_lymphocytes_per_kg, orders.boost)

    begin = jax.tree.map(jnp.float32, ward.start())
    traced = jax.lax.scan(step, begin, (jnp.arange(n, dtype=jnp.float32), seen))[1]
    told = [[float(o.donor_lymphocytes_per_kg), float(o.boost)] for o in expected]
    assert all(sum(row[i] > 0 for row in told) >= 2 for i in (0, 1))
    np.testing.assert_allclose(np.array(traced).T, told, rtol=1e-4)
