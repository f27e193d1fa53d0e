"""Treatment of graft-versus-host disease, morning by morning, with signs and reports given by hand."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dayzero.clinic import immunosuppression as ward
from dayzero.module import Orders

CARE = {
    "weight_kg": 70.0, "steroid_start_grade": 2, "steroid_dose": 2.0, "steroid_dose_grade_two": 1.0,
    "steroid_hold_days": 7, "steroid_taper": 0.97, "steroid_refractory_days": 7, "steroid_chronic_dose": 1.0,
    "ruxolitinib_on": 1, "ruxolitinib_least_days": 56, "calcineurin_holds": 1,
}  # fmt: skip
WELL = dict.fromkeys(ward.SEES, 0.0) | {"neutrophils": 3.0, "bilirubin": 0.6, "fresh": 1.0}
# One morning of each grade, by signs of the skin or from within; the first is of no disease.
SKIN = [{}, {"rash": 30.0}, {"rash": 60.0}]
GUT = [{}, {"rash": 30.0}, {"stool_volume": 700.0}, {"stool_volume": 1200.0}, {"bilirubin": 20.0}]


def on_ward(mornings: list[dict[str, float]], first_day: int = 30, **care: float) -> tuple[list[Orders], list[Any]]:
    """Orders and memories over mornings in a row; a morning says only in what it differs from a well patient's."""
    memory, orders, memories = ward.start(), [], []
    p = SimpleNamespace(**(CARE | care))
    for day, morning in enumerate(mornings, start=first_day):
        given, memory = ward.decide(memory, SimpleNamespace(**(WELL | morning)), float(day), p)
        orders.append(given)
        memories.append(memory)
    return orders, memories


def doses(mornings: list[dict[str, float]], **care: float) -> list[float]:
    return [round(float(o.steroid_mg_per_kg), 4) for o in on_ward(mornings, **care)[0]]


def second_line(mornings: list[dict[str, float]], **care: float) -> list[float]:
    return [float(o.ruxolitinib) for o in on_ward(mornings, **care)[0]]


def calcineurin(mornings: list[dict[str, float]], planned: list[float], **care: float) -> list[float]:
    days = [m | {"calcineurin_planned": c} for m, c in zip(mornings, planned, strict=True)]
    return [round(float(o.calcineurin), 4) for o in on_ward(days, **care)[0]]


def test_a_patient_with_nothing_to_see_gets_nothing() -> None:
    orders, memories = on_ward([{}] * 200, first_day=-10)
    assert all(tuple(map(float, o)) == (0.0,) * len(o) for o in orders)
    assert {float(m.grade) for m in memories} == {0.0}


def test_after_an_autograft_all_zero_reports_bring_no_orders() -> None:
    zero = dict.fromkeys(ward.SEES, 0.0)
    assert all(not any(map(float, o)) for o in on_ward([zero] * 120, first_day=-7)[0])


def test_the_ward_remembers_the_grade_it_saw() -> None:
    memories = on_ward(GUT)[1]
    assert [float(m.grade) for m in memories] == [0, 1, 2, 3, 4]
    assert ward.REMEMBERS == {"ward_gvhd_grade": "grade"}


@pytest.mark.parametrize(
    ("signs", "dose"),
    [
        ({"rash": 30.0}, 0.0),
        ({"rash": 60.0}, 1.0),
        ({"stool_volume": 700.0}, 2.0),
        ({"bilirubin": 2.5}, 2.0),
        ({"rash": 60.0, "stool_volume": 700.0}, 2.0),
        ({"rash": 60.0, "bilirubin": 8.0}, 2.0),
    ],
    ids=["skin I", "skin II", "gut II", "liver II", "skin and gut II", "III"],
)
def test_the_first_dose_follows_grade_and_organ(signs: dict[str, float], dose: float) -> None:
    assert doses([{}, signs]) == [0.0, dose]


def test_a_small_child_is_graded_by_stool_a_kg() -> None:
    assert doses([{"stool_volume": 250.0}], weight_kg=20.0) == [2.0]
    assert doses([{"stool_volume": 250.0}], weight_kg=60.0) == [0.0]


def test_a_higher_start_grade_waits_for_it_and_grade_nine_never_treats() -> None:
    assert doses([GUT[2], GUT[3]], steroid_start_grade=3) == [0.0, 2.0]
    assert doses([GUT[4]] * 40, steroid_start_grade=9) == [0.0] * 40


def test_steroids_are_held_and_then_tapered_while_the_grade_is_low() -> None:
    given = doses([GUT[3]] * 3 + [GUT[1]] * 8)
    assert given[:7] == [2.0] * 7
    assert given[7:] == [round(2.0 * 0.97**n, 4) for n in (1, 2, 3, 4)]


def test_a_partial_response_keeps_the_dose() -> None:
    assert doses([GUT[3]] * 3 + [GUT[2]] * 20) == [2.0] * 23


def test_the_taper_ends_below_the_last_dose() -> None:
    given = doses([GUT[2]] + [{}] * 140)
    last = max(i for i, dose in enumerate(given) if dose > 0)
    assert 0.05 <= given[last] < 0.0516 and given[last + 1 :] == [0.0] * (140 - last)


def test_one_bad_morning_of_a_taper_only_delays_it() -> None:
    given = doses([GUT[2]] + [{}] * 9 + [GUT[2]] + [{}])
    assert given[10] == given[9] and given[11] == pytest.approx(given[9] * 0.97, abs=1e-4)


def test_a_flare_that_lasts_three_mornings_restarts_the_course() -> None:
    mornings = [GUT[2]] + [{}] * 20 + [GUT[2]] * 3 + [{}] * 7
    given = doses(mornings)
    assert given[22] < 2.0 and given[23] == 2.0
    assert given[23:30] == [2.0] * 7 and given[30] == 1.94
    assert max(second_line(mornings)) == 0.0


def test_the_second_flare_is_dependence_and_brings_ruxolitinib() -> None:
    mornings = [GUT[2], *([{}] * 20 + [GUT[2]] * 3) * 2]
    assert second_line(mornings) == [0.0] * 46 + [1.0]


def test_on_ruxolitinib_steroids_start_again_only_from_grade_three() -> None:
    start = [GUT[3]] * 8 + [{}] * 20
    two, three = doses(start + [GUT[2]] * 5), doses(start + [GUT[3]] * 5)
    assert max(two[28:]) < two[27] < 2.0
    assert three[29] < 2.0 and three[30:] == [2.0] * 3


def test_disease_that_returns_after_steroids_is_treated_once_it_lasts() -> None:
    given = doses([GUT[2]] + [{}] * 150 + [GUT[2]] * 3)
    assert given[-4:] == [0.0, 0.0, 0.0, 2.0]


def test_no_improvement_at_a_week_is_refractory() -> None:
    mornings = [GUT[3]] * 20
    assert second_line(mornings) == [0.0] * 7 + [1.0] * 13
    assert doses(mornings)[6:9] == [2.0, 1.94, 1.8818]


def test_progression_for_three_mornings_is_refractory_at_once() -> None:
    assert second_line([GUT[2]] * 2 + [GUT[3]] * 4) == [0, 0, 0, 0, 1, 1]


def test_the_lower_dose_is_raised_before_the_course_is_called_refractory() -> None:
    mornings = [SKIN[2]] + [GUT[3]] * 10
    assert doses(mornings)[:4] == [1.0, 1.0, 1.0, 2.0]
    assert second_line(mornings) == [0.0] * 10 + [1.0]


def test_skin_that_does_not_improve_gets_the_full_dose_and_then_ruxolitinib() -> None:
    mornings = [SKIN[2]] * 16
    assert doses(mornings)[:14] == [1.0] * 7 + [2.0] * 7
    assert second_line(mornings) == [0.0] * 14 + [1.0] * 2
    assert second_line(mornings, steroid_dose_grade_two=2.0) == [0.0] * 7 + [1.0] * 9


def test_a_partial_response_that_stays_is_refractory_after_four_weeks() -> None:
    assert second_line([GUT[3]] * 3 + [GUT[2]] * 30).index(1.0) == 28


def test_without_a_second_line_steroids_taper_alone() -> None:
    mornings = [GUT[3]] * 200
    assert max(second_line(mornings, ruxolitinib_on=0)) == 0.0
    given = doses(mornings, ruxolitinib_on=0)
    assert given[8] < 2.0 and given[-1] == 0.0


def test_refractory_disease_is_not_given_steroids_over_again() -> None:
    given = doses([GUT[3]] * 200)
    assert all(later <= earlier for earlier, later in pairwise(given))


def test_ruxolitinib_stops_after_its_least_days_and_four_calm_weeks() -> None:
    early = second_line([GUT[3]] * 8 + [{}] * 80)
    assert sum(early) == 56 and early[62] == 1.0 and early[63] == 0.0
    late = second_line([GUT[3]] * 60 + [{}] * 40)
    assert late.index(1.0) == 7 and sum(late) == 60 - 7 + 27


def test_ruxolitinib_is_withheld_while_neutrophils_are_low() -> None:
    mornings = [GUT[3]] * 10 + [GUT[3] | {"neutrophils": 0.3}] * 3 + [GUT[3]] * 2
    assert second_line(mornings)[7:] == [1, 1, 1, 0, 0, 0, 1, 1]
    unseen = [GUT[3]] * 10 + [GUT[3] | {"neutrophils": 0.3, "fresh": 0.0}] * 3
    assert second_line(unseen)[7:] == [1] * 6


def test_jaundice_is_known_from_the_blood_and_daily_under_treatment() -> None:
    jaundiced = {"bilirubin": 4.0, "fresh": 0.0}
    assert doses([{}] + [jaundiced] * 4 + [jaundiced | {"fresh": 1.0}]) == [0.0] * 5 + [2.0]
    memories = on_ward([GUT[2]] + [jaundiced] * 2)[1]
    assert [float(m.grade) for m in memories] == [2.0, 3.0, 3.0]


def test_jaundice_of_known_venoocclusive_disease_is_not_treated_as_gvhd() -> None:
    yellow = {"bilirubin": 5.0}
    assert doses([yellow | {"onset_vod": 1.0}] + [yellow] * 30, first_day=15) == [0.0] * 31
    assert doses([yellow | {"onset_vod": 1.0}] + [{}] * 10 + [yellow], first_day=15)[-1] == 2.0


def test_before_neutrophils_return_only_the_skin_starts_steroids() -> None:
    low = {"neutrophils": 0.1}
    assert doses([GUT[3] | low] * 3 + [GUT[3] | {"neutrophils": 0.6}], first_day=14) == [0, 0, 0, 2.0]
    assert doses([{"rash": 70.0, "stool_volume": 1200.0} | low], first_day=14) == [2.0]


def test_nothing_is_called_gvhd_in_the_first_week() -> None:
    assert doses([{"rash": 80.0, "bilirubin": 9.0, "stool_volume": 2500.0}] * 7) != [0.0] * 7
    assert doses([{"rash": 80.0, "bilirubin": 9.0, "stool_volume": 2500.0}] * 7, first_day=0) == [0.0] * 7


ONSET = {"onset_chronic_gvhd_onset": 1.0}
MODERATE = {"onset_chronic_gvhd_moderate": 1.0}


def test_mild_chronic_disease_gets_no_steroids() -> None:
    assert doses([{}, ONSET] + [{}] * 60, first_day=150) == [0.0] * 62


def test_chronic_disease_is_treated_and_tapered_slowly() -> None:
    given = doses([{}, MODERATE] + [{}] * 300, first_day=150)
    assert given[:2] == [0.0, 1.0] and given[1:15] == [1.0] * 14 and given[15] < 1.0
    assert given[14 + 60] == pytest.approx(0.5, abs=1e-4)
    assert given[14 + 120] == pytest.approx(0.25, abs=1e-4)
    assert given[-1] == 0.0


def test_chronic_disease_is_left_alone_where_its_dose_is_zero() -> None:
    assert doses([MODERATE] + [{}] * 30, steroid_chronic_dose=0) == [0.0] * 31


def test_chronic_disease_under_acute_treatment_keeps_the_higher_dose_and_slows_its_end() -> None:
    given = doses([GUT[3]] + [{}] * 4 + [MODERATE] + [{}] * 60, first_day=90)
    assert given[:19] == [2.0] * 19
    falls = [later / earlier for earlier, later in pairwise(given[19:])]
    assert falls[0] == pytest.approx(0.97, abs=1e-3) and falls[-1] == pytest.approx(0.5 ** (1 / 60), abs=1e-3)


def test_an_acute_flare_of_chronic_disease_is_treated() -> None:
    assert doses([MODERATE] + [{}] * 40 + [GUT[3]] * 3, first_day=150)[-1] == 2.0


TAPER = [round(1.0 - 0.05 * i, 2) for i in range(20)] + [0.0] * 60


def test_without_disease_calcineurin_follows_its_plan() -> None:
    assert calcineurin([{}] * 80, TAPER) == TAPER


def test_the_calcineurin_taper_waits_while_disease_is_treated() -> None:
    mornings = [{}] * 4 + [GUT[3]] * 2 + [{}] * 74
    level = calcineurin(mornings, TAPER)
    assert level[:4] == TAPER[:4] and level[4:] == [TAPER[4]] * 76


def test_a_held_level_is_withdrawn_over_weeks_once_steroids_are_off() -> None:
    mornings = [GUT[2]] + [{}] * 219
    orders, _ = on_ward([m | {"calcineurin_planned": 1.0 if i == 0 else 0.0} for i, m in enumerate(mornings)])
    off = next(i for i, o in enumerate(orders) if o.steroid_mg_per_kg == 0)
    level = [float(o.calcineurin) for o in orders]
    assert level[off - 1] == 1.0 and level[off] == pytest.approx(59 / 60)
    assert level[off + 29] == pytest.approx(0.5) and level[off + 60] == pytest.approx(0.0, abs=1e-9)


def test_calcineurin_is_not_held_where_the_plan_says_so() -> None:
    assert calcineurin([GUT[3]] * 80, TAPER, calcineurin_holds=0) == TAPER


def test_calcineurin_already_stopped_stays_stopped() -> None:
    assert calcineurin([GUT[3]] * 20, [0.0] * 20) == [0.0] * 20


def test_chronic_disease_holds_calcineurin_for_a_year_at_most() -> None:
    mornings = [MODERATE] + [{}] * 499
    level = calcineurin(mornings, [0.6] + [0.0] * 499, first_day=150)
    assert level[:365] == [0.6] * 365 and level[365] < 0.6 and level[-1] == 0.0


def test_an_engine_traces_it_to_the_same_orders() -> None:
    rng = np.random.default_rng(1)
    n = 300
    signs = {
        "rash": rng.uniform(0, 70, n) * (rng.uniform(size=n) < 0.5),
        "bilirubin": rng.uniform(0.5, 4, n),
        "stool_volume": rng.uniform(0, 900, n),
        "neutrophils": rng.uniform(0.2, 4, n),
        "calcineurin_planned": np.linspace(1, 0, n),
        "onset_vod": np.arange(n) == 20,
        "onset_chronic_gvhd_onset": np.arange(n) == 120,
        "onset_chronic_gvhd_moderate": np.arange(n) == 122,
        "fresh": rng.uniform(size=n) < 0.5,
    }
    signs = {name: np.asarray(values, np.float32) for name, values in signs.items()}
    mornings = [{name: float(values[i]) for name, values in signs.items()} for i in range(n)]
    expected, _ = on_ward(mornings, first_day=5)
    p = SimpleNamespace(**{name: jnp.float32(value) for name, value in CARE.items()})

    def step(memory: Any, today: Any) -> tuple[Any, Any]:
        day, seen = today
        orders, memory = ward.decide(memory, SimpleNamespace(**seen), day, p)
        return memory, (orders.steroid_mg_per_kg, orders.ruxolitinib, orders.calcineurin)

    begin = jax.tree.map(jnp.float32, ward.start())
    days = jnp.arange(5, 5 + n, dtype=jnp.float32)
    traced = jax.lax.scan(step, begin, (days, {name: jnp.asarray(v) for name, v in signs.items()}))[1]
    told = [[float(o.steroid_mg_per_kg), float(o.ruxolitinib), float(o.calcineurin)] for o in expected]
    assert max(row[0] for row in told) == 2.0 and max(row[1] for row in told) == 1.0
    np.testing.assert_allclose(np.array(traced).T, told, rtol=1e-4, atol=1e-5)
