"""Infection by itself: what neutrophils, T cells and drugs do to it, with the rest of the body given by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dayzero.biology import infection
from dayzero.biology.infection import HAZARDS, NEEDS, PARAMETERS, State

STEPS = 4
WELL: dict[str, float] = dict.fromkeys(NEEDS, 0.0) | {
    "neutrophils": 4.0, "monocytes": 0.5, "cd4": 0.9, "cd8": 0.55, "t_cells": 1.45, "b_cells": 0.25, "igg": 11.0,
}  # fmt: skip
BARE = {"neutrophils": 0.02, "monocytes": 0.0, "cd4": 0.02, "cd8": 0.02, "t_cells": 0.04, "b_cells": 0.0, "igg": 6.0}
T_CELLS_BACK_AT = {"neutrophils": 3.0, "monocytes": 0.4, "b_cells": 0.02, "igg": 6.0, "t_donor_fraction": 1.0}
DAILY = dict.fromkeys(("letermovir", "antiviral", "calcineurin", "quinolone", "mould_azole"), 1.0)


def patient(recipient: float = 1.0, donor: float = 1.0, own: float = 0.0, frailty: float = 1.0,
            **parameters: float) -> SimpleNamespace:  # fmt: skip
    """Numbers of a typical patient with one donor; CMV serostatus 1 for seropositive."""
    numbers = {name: parameter.typical for name, parameter in PARAMETERS.items()} | parameters
    who = SimpleNamespace(cmv_recipient=recipient, donor_cmv=(0.0, donor), donor_is_self=(0.0, own),
                          graft_cd3_per_kg=(0.0, 2e8))  # fmt: skip
    derived = infection.derive(SimpleNamespace(**numbers), who)
    return SimpleNamespace(**numbers, **derived, cmv_recipient=recipient, frailty=frailty)


def seen(**given: float) -> SimpleNamespace:
    """Signals of a day; what is not named is as in health, without drugs."""
    return SimpleNamespace(**(WELL | given))


def recovering(day: int) -> dict[str, float]:
    """An adult after mobilised blood from a donor: CD4 70 per uL at day 30, 150 at day 100."""
    back = day >= 16
    cd4 = float(np.interp(day, [0, 14, 30, 100, 180, 365], [0.005, 0.025, 0.07, 0.15, 0.2, 0.26]))
    cd8 = float(np.interp(day, [0, 14, 30, 100, 180, 365], [0.005, 0.03, 0.1, 0.3, 0.4, 0.45]))
    return (T_CELLS_BACK_AT if back else BARE) | {
        "cd4": cd4, "cd8": cd8, "t_cells": cd4 + cd8, "t_donor_fraction": min(1.0, day / 30),
        "mucosal_injury": 0.4 if 4 <= day < 12 else 0.0, "calcineurin": float(np.interp(day, [100, 180], [1, 0])),
    }  # fmt: skip


def own_cells(day: int) -> dict[str, float]:
    """An adult after high-dose melphalan and own blood cells."""
    low = 4 <= day < 11
    cd4 = float(np.interp(day, [0, 14, 30, 100, 365], [0.03, 0.06, 0.18, 0.26, 0.35]))
    cd8 = float(np.interp(day, [0, 14, 30, 100, 365], [0.02, 0.08, 0.35, 0.55, 0.55]))
    return (BARE if low else T_CELLS_BACK_AT) | {
        "cd4": cd4, "cd8": cd8, "t_cells": cd4 + cd8, "mucosal_injury": 0.4 if 4 <= day < 12 else 0.0,
    }  # fmt: skip


def lived(p: Any, course: Callable[[int], dict[str, float]], days: int, y: State | None = None,
          first: int = 0) -> Iterator[tuple[int, State, SimpleNamespace]]:  # fmt: skip
    """Morning after morning: day, state, and the signals of that day."""
    y = infection.start(p, 2) if y is None else y
    for day in range(first, first + days):
        s = seen(**course(day))
        y = infection.jump(y, p, s)
        yield day, y, s
        for _ in range(STEPS):
            y = State(*(max(float(a + b / STEPS), 0.0) for a, b in zip(y, infection.rates(y, p, s), strict=True)))


def risk(name: str, p: Any, course: Callable[[int], dict[str, float]], days: int, first: int = 0) -> float:
    """Probability of the event from `first` to before `days` in a typical patient, nothing else happening."""
    total = sum(float(infection.hazards(y, p, s)[name]) for day, y, s in lived(p, course, days) if day >= first)
    return 1 - np.exp(-total)


def state_after(p: Any, course: Callable[[int], dict[str, float]], days: int, y: State | None = None) -> State:
    return list(lived(p, course, days + 1, y))[-1][1]


def with_quinolone(course: Callable[[int], dict[str, float]]) -> Callable[[int], dict[str, float]]:
    return lambda day: course(day) | {"quinolone": float(course(day)["neutrophils"] < 0.5)}


def under(drug: str, course: Callable[[int], dict[str, float]], first: int, stop: int, amount: float = 1.0):
    return lambda day: course(day) | ({drug: amount} if first <= day < stop else {})


def rate(name: str, p: Any | None = None, y: State | None = None, **given: float) -> float:
    p = patient() if p is None else p
    return float(infection.hazards(infection.start(p, 2) if y is None else y, p, seen(**given))[name])


def without_line(**given: float) -> State:
    return infection.start(patient(), 2)._replace(line=0.0, **given)


# bacteria


def test_bacteremia_is_about_as_common_by_day_thirty_as_on_wards() -> None:
    assert 0.10 < risk("bacteremia", patient(own=1.0), with_quinolone(own_cells), 30) < 0.20
    assert 0.15 < risk("bacteremia", patient(), with_quinolone(recovering), 30) < 0.28


def test_bacteremia_rises_steeply_round_half_a_billion_neutrophils() -> None:
    at = [rate("bacteremia", y=without_line(), neutrophils=count) for count in (0.1, 0.5, 1.0, 2.0)]
    assert at[0] > 1.8 * at[1] and at[1] > 4 * at[2] and at[2] > 6 * at[3]


def test_the_danger_of_neutropenia_falls_as_it_lasts() -> None:
    early, late = (rate("bacteremia", y=without_line(neutropenic=days), neutrophils=0.1) for days in (0.0, 25.0))
    assert late < early / 2


def test_ulcers_add_bacteremia_in_neutropenia_only() -> None:
    low = [rate("bacteremia", y=without_line(), neutrophils=0.1, mucosal_injury=injury) for injury in (0, 0.4)]
    high = [rate("bacteremia", y=without_line(), neutrophils=4.0, mucosal_injury=injury) for injury in (0, 0.4)]
    assert low[1] > 1.4 * low[0] and high[1] - high[0] < 1e-4


def test_quinolone_spares_four_in_ten_neutropenic_bacteremias_and_none_of_the_line() -> None:
    low, guarded = (rate("bacteremia", y=without_line(), neutrophils=0.1, quinolone=given) for given in (0, 1))
    assert guarded == pytest.approx(0.6 * low)
    line = infection.start(patient(), 2)
    assert rate("bacteremia", y=line, quinolone=1) == pytest.approx(rate("bacteremia", y=line), rel=0.01)


def test_after_day_one_hundred_bacteremia_is_rare() -> None:
    p = patient()
    for day, y, s in lived(p, recovering, 366):
        if day >= 100:
            assert infection.hazards(y, p, s)["bacteremia"] < 0.0006
    assert rate("bacteremia", y=y, steroid_mg_per_kg=2.0, gvhd_damage=0.5) < 0.0025


def test_neutropenia_is_counted_day_by_day_and_forgotten_after_recovery() -> None:
    p = patient()
    low = state_after(p, lambda day: {"neutrophils": 0.2}, 12)
    assert low.neutropenic == pytest.approx(12, rel=0.02) and low.deep < 0.1
    assert state_after(p, lambda day: {"neutrophils": 0.01}, 12).deep == pytest.approx(12, rel=0.02)
    assert state_after(p, lambda day: {"neutrophils": 2.0}, 10, low).neutropenic < 0.1


def test_most_patients_with_long_neutropenia_have_a_fever_and_few_others() -> None:
    assert 0.6 < risk("neutropenic_fever", patient(own=1.0), own_cells, 30) < 0.85
    assert 0.75 < risk("neutropenic_fever", patient(), recovering, 30) < 0.98
    assert risk("neutropenic_fever", patient(), lambda day: {"neutrophils": 1.2}, 30) < 0.25


def test_a_patient_with_fever_does_not_begin_another() -> None:
    y = infection.start(patient(), 2)._replace(fever=1.0)
    assert rate("neutropenic_fever", y=y, neutrophils=0.1) == 0


# episodes


def test_an_episode_begins_the_morning_after_and_fades() -> None:
    p = patient()
    onset = lambda day: {"onset_bacteremia": 1.0} if day == 3 else {}  # noqa: E731
    told = [infection.signals(y, p) for _, y, _ in lived(p, onset, 31)]
    assert told[2]["infection"] == 0 and told[3]["infection"] == 1 and told[3]["fever_source"] == 1
    assert 0.3 < told[10]["infection"] < 0.5 and told[10]["fever_source"] < 0.25
    assert told[30]["infection"] < 0.05


def test_a_mould_infection_lasts_longer_than_a_bacterial_one() -> None:
    p = patient()
    left = {
        kind: infection.signals(state_after(p, lambda d, k=kind: {f"onset_{k}": float(d == 0)}, 30), p)["infection"]
        for kind in ("bacteremia", "mould")
    }
    assert left["mould"] > 0.3 > 0.05 > left["bacteremia"]


def test_neutropenic_fever_without_a_germ_is_fever_and_no_infection() -> None:
    y = infection.jump(infection.start(patient(), 2), patient(), seen(onset_neutropenic_fever=1.0))
    assert infection.signals(y, patient())["fever_source"] == 1
    assert infection.signals(y, patient())["infection"] == 0


# moulds


def test_deep_neutropenia_invites_moulds_after_ten_days() -> None:
    days = [rate("mould", y=without_line(deep=d)) for d in (0.0, 5.0, 10.0, 20.0)]
    assert days[1] - days[0] < 0.2 * (days[3] - days[0])
    assert days[2] - days[0] == pytest.approx(0.001, rel=0.01)


def test_steroids_raise_mould_risk_as_published() -> None:
    few = {"cd4": 0.02, "calcineurin": 1.0}
    none, some, much = (rate("mould", steroid_mg_per_kg=dose, **few) for dose in (0.0, 0.25, 1.5))
    assert 2.5 < some / none < 4 and 7 < much / none < 10


def test_an_azole_leaves_a_third_of_moulds() -> None:
    few = {"cd4": 0.02, "steroid_mg_per_kg": 1.0, "gvhd_damage": 0.3}
    assert rate("mould", mould_azole=1, **few) == pytest.approx(0.35 * rate("mould", **few))


def test_moulds_are_rare_after_own_cells_and_not_after_a_donor_s_on_steroids() -> None:
    on_steroids = under("steroid_mg_per_kg", recovering, 30, 75, 1.5)
    assert risk("mould", patient(own=1.0), own_cells, 365) < 0.015
    assert 0.015 < risk("mould", patient(), recovering, 365) < 0.08
    assert 0.06 < risk("mould", patient(), on_steroids, 365) < 0.2
    azole = lambda day: on_steroids(day) | {"mould_azole": float(30 <= day < 90)}  # noqa: E731
    assert risk("mould", patient(), azole, 365) < 0.7 * risk("mould", patient(), on_steroids, 365)


# cytomegalovirus


def reactivated(recipient: float, donor: float, course: Callable[[int], dict[str, float]] = recovering) -> float:
    """Share of patients with CMV in blood by day 100, typical but for how readily they reactivate."""
    rate = PARAMETERS["cmv_rate"]
    folds = np.exp(np.sqrt(np.log1p(rate.between_patient**2)) * np.array([-1.4, -0.53, 0.0, 0.53, 1.4]))
    share = [risk("cmv_reactivation", patient(recipient, donor, cmv_rate=rate.typical * f), course, 100) for f in folds]
    return float(np.mean(share))


def test_about_half_of_carriers_reactivate_by_day_one_hundred_under_a_plain_recovery() -> None:
    """Of T cells as drawn here; in the whole body, where they differ, four in ten (`validation/whole_course.py`)."""
    assert 0.4 < 0.6 * reactivated(1, 1) + 0.4 * reactivated(1, 0) < 0.6
    assert reactivated(1, 1) < reactivated(1, 0)


def test_serostatus_orders_cmv_as_on_wards() -> None:
    assert reactivated(0, 0) < 0.01 < 0.1 < reactivated(0, 1) < 0.25 < reactivated(1, 1)


def test_letermovir_prevents_two_thirds_and_some_come_after_it_stops() -> None:
    prevented = under("letermovir", recovering, 5, 100)
    assert reactivated(1, 1, prevented) < 0.4 * reactivated(1, 1)
    p = patient()
    after = [risk("cmv_reactivation", p, course, 170, first=100) for course in (recovering, prevented)]
    assert after[1] > after[0]


def test_donor_cells_learn_cmv_later_under_letermovir() -> None:
    p = patient(1, 0)
    known = [state_after(p, course, 100).taught for course in (recovering, under("letermovir", recovering, 5, 100))]
    assert known[0] > 1.5 * known[1] > 0


def test_cmv_does_not_wake_before_myeloid_cells_are_back() -> None:
    assert risk("cmv_reactivation", patient(), recovering, 16) < 0.02


def test_own_cells_keep_cmv_down() -> None:
    assert risk("cmv_reactivation", patient(own=1.0), own_cells, 100) < 0.10


def test_t_cells_hold_cmv_and_drugs_that_silence_them_let_it_go() -> None:
    p = patient()
    settled = lambda **given: state_after(p, lambda day: WELL | given, 60).stirring  # noqa: E731
    few, some, many = (settled(cd4=count, cd8=2 * count) for count in (0.005, 0.05, 0.3))
    assert few > 2 * some > 4 * many
    silenced = settled(cd4=0.1, cd8=0.2, calcineurin=1.0, steroid_mg_per_kg=1.0)
    assert silenced > 2 * settled(cd4=0.1, cd8=0.2)


def viremia(days: int, **given: float) -> list[float]:
    """CMV load morning by morning after reactivation on day 0, under few T cells unless they are given."""
    p = patient(1, 0)
    signals = T_CELLS_BACK_AT | {"cd4": 0.02, "cd8": 0.02, "t_cells": 0.04} | given
    course = lambda day: signals | {"onset_cmv_reactivation": float(day == 0)}  # noqa: E731
    return [float(infection.signals(y, p)["cmv_load"]) for _, y, _ in lived(p, course, days)]


def test_cmv_grows_by_a_third_a_day_and_falls_as_fast_under_an_antiviral() -> None:
    free, treated = viremia(31), viremia(31, antiviral=1.0)
    assert free[0] == pytest.approx(150) and 0.2 < np.log(free[5] / free[0]) / 5 < 0.35
    assert 1e4 < free[30] < 1e6
    assert 0.2 < np.log(treated[0] / treated[7]) / 7 < 0.4
    assert viremia(31, foscarnet=1.0) == treated


def test_cmv_that_is_gone_stays_gone_without_a_new_reactivation() -> None:
    p = patient()
    cleared = infection.start(p, 2)._replace(log_load=0.01)
    y = state_after(p, recovering, 60, cleared)
    assert infection.signals(y, p)["cmv_load"] < 0.02


def test_t_cells_clear_cmv_by_themselves() -> None:
    p = patient()
    ill = infection.start(p, 2)._replace(log_load=np.log(151), taught=1.0)
    assert infection.signals(state_after(p, lambda d: {"t_donor_fraction": 1.0}, 40, ill), p)["cmv_load"] < 15
    assert viremia(61)[60] > 1e5


def test_cmv_disease_follows_the_load() -> None:
    at = [rate("cmv_disease", y=without_line(log_load=np.log1p(load))) for load in (0.0, 1e3, 1e5)]
    assert at[0] == 0 and at[2] > 20 * at[1] > 0


# other infections


def test_other_viruses_follow_t_cells() -> None:
    for name in ("respiratory_virus", "viral_reactivation"):
        few, some, many = (rate(name, cd4=0.6 * t, cd8=0.4 * t, t_cells=t) for t in (0.02, 0.15, 1.4))
        assert few > some > many > 0
        assert few > 10 * many


def test_lymphoproliferation_needs_b_cells_without_t_cells() -> None:
    depleted = rate("lymphoproliferation", t_cells=0.01, b_cells=0.1)
    assert depleted > 50 * rate("lymphoproliferation", t_cells=0.4, b_cells=0.1)
    assert rate("lymphoproliferation", t_cells=0.01, b_cells=0.0) == 0


def test_late_infection_is_sevenfold_without_cd4_cells() -> None:
    assert rate("late_infection", cd4=1e-4) / rate("late_infection", cd4=5.0) == pytest.approx(7, rel=0.01)


@pytest.mark.parametrize("worse", [{"steroid_mg_per_kg": 1.0}, {"igg": 3.0}, {"cd4": 0.05}])
def test_late_infection_follows_steroid_igg_and_cd4(worse: dict[str, float]) -> None:
    assert rate("late_infection", **worse) > 1.3 * rate("late_infection")


# death


def test_every_infection_that_may_kill_has_a_fatality() -> None:
    drawn = {name for name, hazard in HAZARDS.items() if hazard.fatal == "drawn"}
    deaths = infection.fatality(infection.start(patient(), 2), patient(), seen())
    assert set(deaths) == drawn
    assert all(0 < share < 1 for share in deaths.values())


def test_frailty_raises_fatality_and_never_beyond_one() -> None:
    y = infection.start(patient(), 2)
    usual, frail, frailest = (infection.fatality(y, patient(frailty=f), seen()) for f in (1.0, 2.0, 50.0))
    assert usual["mould"] == pytest.approx(infection.PARAMETERS["mould_fatality"].typical)
    assert all(usual[name] < frail[name] < frailest[name] <= 1 for name in usual)


def test_bacteremia_kills_three_times_as_often_in_long_deep_neutropenia() -> None:
    short, long = (infection.fatality(without_line(deep=d), patient(), seen())["bacteremia"] for d in (0.0, 40.0))
    assert long == pytest.approx(3.5 * short, rel=0.1)


# the shape of the file


def test_a_healthy_person_is_at_rest() -> None:
    p = patient(0, 0)
    y = state_after(p, lambda day: {}, 200)
    assert max(y.acute, y.mould, y.fever, y.neutropenic, y.deep, y.log_load) < 1e-6
    assert y.stirring < 0.01


def test_hazards_are_finite_and_never_negative_whatever_the_counts() -> None:
    rng = np.random.default_rng(1)
    p = patient()
    for _ in range(200):
        s = seen(**{name: float(rng.choice([0.0, 1e-6, 0.1, 1.0, 50.0])) for name in NEEDS if name not in DAILY},
                 **{name: float(rng.integers(2)) for name in DAILY})  # fmt: skip
        s.t_donor_fraction = min(s.t_donor_fraction, 1.0)
        y = State(*(float(rng.choice([0.0, 0.3, 1.0])) for _ in State._fields))
        for value in (*infection.hazards(y, p, s).values(), *infection.fatality(y, p, s).values()):
            assert np.isfinite(value) and value >= 0
        assert all(np.isfinite(value) for value in infection.rates(y, p, s))


def everything(p: Any) -> list[float]:
    """All that the file answers, in a well, a bare and an ill patient."""
    sick = State(acute=1.0, mould=1.0, fever=0.5, neutropenic=9.0, deep=9.0, line=0.8, stirring=0.4, log_load=7.0,
                 taught=0.3)  # fmt: skip
    bad = dict.fromkeys(("steroid_mg_per_kg", "calcineurin", "mould_azole", "letermovir", "quinolone"), 0.7)
    onset = {name: 1.0 for name in NEEDS if name.startswith("onset_")}
    told: list[float] = []
    for given in ({}, BARE | bad, recovering(60) | bad | onset | {"gvhd_damage": 0.3, "mucosal_injury": 0.3}):
        s = seen(**(given | {"antiviral": 0.5}))
        for y in (infection.start(p, 2), sick):
            told += [*infection.rates(y, p, s), *infection.jump(y, p, s), *infection.hazards(y, p, s).values()]
            told += [*infection.signals(y, p).values(), *infection.fatality(y, p, s).values()]
    return [float(value) for value in told]


@pytest.mark.parametrize("name", PARAMETERS)
def test_each_number_changes_something(name: str) -> None:
    people = [(1.0, 1.0), (0.0, 1.0), (0.0, 0.0)]
    for who in people:
        changed = patient(*who, **{name: 1.3 * PARAMETERS[name].typical})
        if not np.allclose(everything(changed), everything(patient(*who)), rtol=1e-6, atol=0):
            return
    pytest.fail(f"{name} changes nothing")


def test_an_engine_traces_it_to_the_same_numbers() -> None:
    p = patient()
    s = seen(**(recovering(40) | {"mucosal_injury": 0.2}))
    y = State(*map(float, range(1, 1 + len(State._fields))))._replace(fever=0.5, taught=0.5, stirring=0.3)

    def asked(values: Any) -> Any:
        state, signals = State(*values[0]), SimpleNamespace(**dict(zip(NEEDS, values[1], strict=True)))
        return infection.rates(state, p, signals), infection.hazards(state, p, signals)

    traced = jax.jit(asked)((jnp.asarray(y), jnp.asarray([getattr(s, name) for name in NEEDS])))
    plain = (infection.rates(y, p, s), infection.hazards(y, p, s))
    for a, b in zip(jax.tree.leaves(traced), jax.tree.leaves(plain), strict=True):
        assert float(a) == pytest.approx(float(b), rel=1e-4, abs=1e-9)
