"""What a plan's care and prophylaxis become: settings of policies, and levels and flags by day."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import dayzero
from dayzero.module import SCHEDULE, Signal
from dayzero.simulation import prepare as preparing
from dayzero.simulation.assemble import POLICIES
from dayzero.simulation.covariates import covariates
from dayzero.simulation.prepare import admission_day
from dayzero.simulation.settings import NEVER, settings_of
from dayzero.simulation.streams import patient_key
from dayzero.spec import Plan, Population
from simulation.wards import random_plans

PLAN = Plan.load("aml-sibling-pbsc").but(population=Population())
KEY = patient_key(1, np.arange(200))


def settings(patients: int = 1, plan: Plan = PLAN, **care: Any) -> dict[str, np.ndarray]:
    plan = plan.but(care=care)
    return settings_of(plan, covariates(plan, KEY[:patients], 1 + len(plan.donors)))


def one(**care: Any) -> dict[str, float]:
    return {name: float(value[0]) for name, value in settings(**care).items()}


def test_the_wards_rules_are_those_of_the_care() -> None:
    usual = one(letermovir={}, donor_lymphocytes={"planned_days": [100, 156]}, boost={}, rescue_graft={},
                maintenance={"drug": "flt3_inhibitor"})  # fmt: skip
    expected = {
        "quinolone_start_day": -1, "quinolone_stop_anc": 0.5, "azole_in_neutropenia": 0, "azole_on_steroids": 1,
        "preemptive_threshold": 1000, "preemptive_least_days": 14, "foscarnet_below_anc": 0.5,
        "immunoglobulin_trigger": 4, "immunoglobulin_interval": 28, "steroid_start_grade": 2, "steroid_dose": 2,
        "steroid_dose_grade_two": 1, "steroid_hold_days": 7, "steroid_taper": 0.97, "steroid_refractory_days": 7,
        "steroid_chronic_dose": 1, "ruxolitinib_on": 1, "ruxolitinib_least_days": 56, "calcineurin_holds": 1,
        "defibrotide_on": 1, "dli_day_1": 100, "dli_day_2": 156,
        "dli_day_3": NEVER, "dli_day_4": NEVER, "dli_cd3_per_kg": 1e6, "dli_escalation": 5, "dli_t_chimerism_below": 0,
        "dli_on_relapse": 0, "dli_interval": 56, "dli_most_doses": 3, "boost_share": 0.6, "boost_from_day": 35,
        "boost_anc": 1, "boost_platelets": 30, "boost_interval": 60, "rescue_day": 28, "rescue_share": 1,
        "maintenance_start_day": 60, "maintenance_stop_day": 730, "letermovir_start_day": NEVER,
        "letermovir_stop_day": NEVER,
    }  # fmt: skip
    assert {name: usual[name] for name in expected} == pytest.approx(expected)


def test_a_policy_that_is_off_never_triggers() -> None:
    off = one(**dict.fromkeys(("quinolone", "mould_azole", "preemptive", "immunoglobulin", "steroids", "ruxolitinib")),
              calcineurin_hold_in_gvhd=False, ursodiol=False, defibrotide=False)  # fmt: skip
    for name in ("quinolone_start_day", "rescue_day", "boost_from_day", "dli_day_1", "maintenance_start_day"):
        assert off[name] == NEVER
    for name in ("azole_in_neutropenia", "azole_on_steroids", "immunoglobulin_trigger", "steroid_dose",
                 "ruxolitinib_on", "steroid_chronic_dose", "calcineurin_holds", "defibrotide_on",
                 "dli_most_doses", "boost_share", "rescue_share"):  # fmt: skip
        assert off[name] == 0
    assert off["preemptive_threshold"] > 1e9 and off["steroid_start_grade"] > 4


def test_every_setting_that_is_made_is_read_by_a_policy_or_the_laboratory() -> None:
    read = {name for policy in POLICIES for name in policy.SETTINGS}
    assert set(one()) - {name for name in one() if name.startswith("limit_")} <= read


def test_letermovir_is_for_seropositive_patients() -> None:
    plan = PLAN.but(population={"cmv_recipient_fraction": 0.5})
    given = settings(200, plan, letermovir={"start_day": 7, "stop_day": 90})
    positive = covariates(plan, KEY, 2)["cmv_recipient"] > 0
    assert 0 < positive.sum() < 200
    assert set(given["letermovir_start_day"][positive]) == {7} and set(given["letermovir_stop_day"][positive]) == {90}
    assert set(given["letermovir_start_day"][~positive]) == {NEVER}


def test_a_second_dose_of_cells_is_a_share_of_the_patients_own_first() -> None:
    plan = PLAN.but(population={"fields": {"graft.cd34_per_kg": {"kind": "lognormal", "cv": 0.5}}})
    given = settings(200, plan, boost={"cd34_per_kg": 3e6}, rescue_graft={"cd34_per_kg": 6e6})
    first = covariates(plan, KEY, 2)["graft_cd34_per_kg"][1]
    assert np.allclose(given["boost_share"] * first, 3e6) and np.allclose(given["rescue_share"] * first, 6e6)
    empty = settings(3, PLAN.but(graft={"cd34_per_kg": 0}), rescue_graft={})
    assert np.all(empty["rescue_share"] == 0)


def test_settings_are_finite_for_any_plan() -> None:
    for plan in random_plans(25):
        made = settings_of(plan, covariates(plan, KEY, 1 + len(plan.donors)))
        assert all(value.shape == KEY.shape and np.all(np.isfinite(value)) for value in made.values())


def test_every_setting_that_a_policy_declares_is_made() -> None:
    made = settings()
    folder = Path(dayzero.__file__).parent / "clinic"
    for file in folder.glob("*.py"):
        declared = re.findall(r'^    "(\w+)": Setting\(', file.read_text(encoding="utf-8"), flags=re.M)
        assert set(declared) <= set(made), file.name


ANTIBODIES = tuple(f"{name}_dose" for name in ("atg_thymoglobulin", "atg_grafalon", "atg_horse", "alemtuzumab"))


def daily(plan: Plan, last: int = 400, patients: int = 1) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Days, and what the plan's schedule lays out on them for a body of no organs but the antibodies."""
    person = covariates(plan, KEY[:patients], 1 + len(plan.donors))
    first = admission_day(plan) - 2
    laid_out = SimpleNamespace(daily=SCHEDULE | {name: Signal("mg/kg", "dose") for name in ANTIBODIES})
    table = preparing._Table(laid_out, first, last - first + 1, 2, patients)  # type: ignore[arg-type]
    preparing._antibodies(plan, person, table)
    preparing._levels(plan, table)
    return table.calendar, table.signals


def on(plan: Plan, name: str) -> list[int]:
    days, table = daily(plan)
    return days[table[name][:, 0] > 0].tolist()


def test_tests_are_done_on_their_days() -> None:
    laboratory = {"subset_days": [30, 100], "cmv_every_days": 14, "cmv_until_day": 42, "marrow_days": [100]}
    plan = PLAN.but(care={"laboratory": laboratory})
    assert on(plan, "subsets_tested") == [30, 100]
    assert on(plan, "cmv_tested") == [0, 14, 28, 42]
    assert on(plan, "marrow_examined") == [100]
    assert on(plan, "present")[0] == admission_day(plan)


def test_the_day_is_told_as_counted_from_the_infusion() -> None:
    days, table = daily(PLAN)
    assert np.array_equal(table["day_of_transplant"][:, 0], days)


def test_the_calcineurin_inhibitor_is_planned_full_and_then_tapered() -> None:
    days, table = daily(
        PLAN.but(prophylaxis={"calcineurin": {"start_day": -1, "taper_start_day": 100, "stop_day": 200}})
    )
    level = dict(zip(days.tolist(), table["calcineurin_planned"][:, 0], strict=True))
    assert (level[-2], level[-1], level[100], level[150], level[200]) == pytest.approx((0, 1, 1, 0.5, 0))


def test_sirolimus_is_there_while_it_is_given() -> None:
    assert on(PLAN.but(prophylaxis={"sirolimus": {"start_day": -3, "stop_day": 90}}), "sirolimus") == list(
        range(-3, 90)
    )


def test_abatacept_halves_every_two_weeks_from_each_dose() -> None:
    days, table = daily(PLAN.but(prophylaxis={"abatacept": {}}))
    level = dict(zip(days.tolist(), table["abatacept"][:, 0], strict=True))
    assert (level[-2], level[-1], level[28], level[42], level[56]) == pytest.approx((0, 1, 1, 0.5, 0.25))
    assert level[13] == pytest.approx(0.5 ** (8 / 14))
    _, half = daily(PLAN.but(prophylaxis={"abatacept": {"dose_mg_per_kg": 5}}))
    assert np.allclose(half["abatacept"], table["abatacept"] / 2)


@pytest.mark.parametrize("drug", ["sirolimus", "abatacept", "mycophenolate"])
def test_a_patient_is_admitted_before_any_drug_is_given(drug: str) -> None:
    first = {"sirolimus": {"start_day": -9}, "abatacept": {"days": [-9, 5]}, "mycophenolate": {"start_day": -5}}[drug]
    plan = PLAN.but(conditioning="none", prophylaxis={drug: first})
    assert admission_day(plan) == (-6 if drug == "mycophenolate" else -10)


def test_an_antibody_is_a_dose_on_its_day_wherever_it_is_written() -> None:
    course = {"drug": "atg_horse", "days": [-3, -2], "dose_mg_per_kg": 30}
    plain = {"conditioning": {"drugs": [course]}}, {"prophylaxis": {"serotherapy": [course]}}
    for written in plain:
        days, table = daily(PLAN.but(**written))
        given = table["atg_horse_dose"][:, 0]
        assert days[given > 0].tolist() == [-3, -2] and given.sum() == pytest.approx(60)
        assert not table["alemtuzumab_dose"].any()


def test_an_antibody_given_by_surface_or_in_milligrams_is_told_per_kilogram() -> None:
    courses = [
        {"drug": "alemtuzumab", "days": [-3], "dose_mg": 39},
        {"drug": "alemtuzumab", "days": [-3], "dose_mg": 39},
    ]
    _, table = daily(PLAN.but(prophylaxis={"serotherapy": courses}))
    assert table["alemtuzumab_dose"].sum() == pytest.approx(1.0)
    _, table = daily(
        PLAN.but(prophylaxis={"serotherapy": [{"drug": "atg_grafalon", "days": [-2], "dose_mg_per_m2": 78}]})
    )
    assert table["atg_grafalon_dose"].sum() == pytest.approx(np.sqrt(175 * 78 / 3600))


def test_antibodies_kill_nothing_through_the_drug_table(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def exposure(p: Any, drug: str, *_: Any, **__: Any) -> float:
        asked.append(drug)
        return 0.0

    table = SimpleNamespace(exposure=exposure, drug_kill=lambda *_: {}, radiation_kill=lambda *_: {})
    monkeypatch.setattr(preparing, "conditioning", table)
    plan = Plan.load("aml-unrelated-flubu2-atg").but(population=Population())
    preparing._effects(plan, SimpleNamespace(monitoring=1.0), covariates(plan, KEY[:1], 2))
    assert set(asked) == {"fludarabine", "busulfan", "methotrexate"}
