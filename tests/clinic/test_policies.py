"""Ward policies by themselves, fed with reports by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from dayzero.clinic import growth_factor, transfusion
from dayzero.module import ORDER_RULES, ORDER_SIGNALS, SCHEDULE, Orders
from dayzero.present.uses import orders_of
from dayzero.simulation.assemble import POLICIES, standard_body
from dayzero.simulation.laboratory import ASSAYS
from dayzero.simulation.settings import settings_of
from dayzero.spec import Plan
from simulation.wards import NOTHING_GIVEN, prepared

CARE = SimpleNamespace(
    gcsf_start_day=5, gcsf_dose=5.0, gcsf_stop_anc=1.5, gcsf_stop_after=2, gcsf_least_days=10,
    platelet_trigger=10.0, platelet_trigger_in_fever=20.0, platelet_units=1, platelet_interval=1,
    red_cell_trigger=7.0, red_cell_units=2, red_cell_interval=3,
)  # fmt: skip

PERSON = prepared("aml-sibling-pbsc").person
SET_BY_PLAN = tuple(settings_of(Plan.load("aml-sibling-pbsc"), PERSON))
NO_CARE = Plan.load("aml-sibling-pbsc").but(care=NOTHING_GIVEN)
REPORTED, SCHEDULED = set(ASSAYS), set(SCHEDULE)
HAPPENED = {f"onset_{name}" for _, name, _ in standard_body().hazards}


def ordered(policy: Any, mornings: list[dict[str, float]], first_day: int = 0, **care: Any) -> list[Orders]:
    """What a policy orders over mornings in a row, each with a fresh report unless it says otherwise."""
    memory, orders = policy.start(), []
    settings = SimpleNamespace(**(vars(CARE) | care))
    for day, reports in enumerate(mornings, start=first_day):
        given, memory = policy.decide(memory, SimpleNamespace(**({"fresh": 1.0} | reports)), day, settings)
        orders.append(given)
    return orders


def filgrastim(counts: list[float], first_day: int = 0, fresh: list[float] | None = None, **care: Any) -> list[float]:
    mornings = [{"neutrophils": c, "fresh": f} for c, f in zip(counts, fresh or [1.0] * len(counts), strict=True)]
    return [float(o.gcsf_ug_per_kg) for o in ordered(growth_factor, mornings, first_day, **care)]


def test_filgrastim_starts_on_its_day() -> None:
    assert filgrastim([0.1] * 8) == [0, 0, 0, 0, 0, 5, 5, 5]


def test_filgrastim_stops_after_two_reports_in_a_row_above_the_level() -> None:
    assert filgrastim([0.1, 0.4, 1.6, 0.9, 1.6, 1.7, 0.4, 0.2], first_day=5) == [5, 5, 5, 5, 5, 0, 0, 0]


def test_filgrastim_does_not_stop_on_a_day_without_a_report() -> None:
    counts, fresh = [0.1, 1.6, 1.7, 1.8, 1.9], [1.0, 1.0, 0.0, 0.0, 1.0]
    assert filgrastim(counts, 5, fresh) == [5, 5, 5, 5, 0]


def test_filgrastim_is_not_stopped_by_counts_that_are_still_falling() -> None:
    assert filgrastim([3.0, 2.5, 1.8, 0.9, 0.1, 0.1], first_day=1, gcsf_start_day=1)[-2:] == [5, 5]


def test_filgrastim_stops_in_the_end_where_neutrophils_never_fall() -> None:
    given = filgrastim([3.0] * 14, first_day=5)
    assert given == [5] * 11 + [0] * 3


def units(counts: list[float], temperature: float = 36.8, **care: Any) -> list[float]:
    mornings = [{"platelets": c, "hemoglobin": 9.0, "temperature": temperature} for c in counts]
    return [float(o.platelet_units) for o in ordered(transfusion, mornings, **care)]


def test_platelets_are_given_below_the_trigger_and_not_at_it() -> None:
    assert units([12, 10, 9, 3]) == [0, 0, 1, 1]


def test_platelets_are_given_at_higher_counts_in_fever() -> None:
    assert units([25, 19, 12, 9], temperature=38.4) == [0, 1, 1, 1]
    assert units([25, 19, 12, 9], temperature=38.4, platelet_trigger_in_fever=0.0) == [0, 0, 0, 1]
    assert units([19, 30], temperature=38.4, platelet_trigger=25.0) == [1, 0]


@pytest.mark.parametrize(("interval", "given"), [(1, [1, 1, 1, 1]), (2, [1, 0, 1, 0]), (3, [1, 0, 0, 1])])
def test_transfusions_keep_their_interval(interval: int, given: list[int]) -> None:
    assert units([5, 5, 5, 5], platelet_interval=interval) == given


def test_without_a_report_nothing_is_transfused() -> None:
    orders = ordered(transfusion, [{"platelets": 3.0, "hemoglobin": 5.0, "temperature": 39.0, "fresh": 0.0}])
    assert (orders[0].platelet_units, orders[0].red_cell_units) == (0, 0)


def test_platelets_and_red_cells_keep_separate_accounts() -> None:
    low = {"platelets": 5.0, "hemoglobin": 6.0, "temperature": 36.8}
    orders = ordered(transfusion, [low, low, low, low])
    assert [float(o.platelet_units) for o in orders] == [1, 1, 1, 1]
    assert [float(o.red_cell_units) for o in orders] == [2, 0, 0, 2]


def test_a_trigger_of_zero_means_never() -> None:
    assert units([0.0, 0.0], platelet_trigger=0.0) == [0, 0]


def test_orders_have_one_signal_and_one_rule_each() -> None:
    assert set(Orders._fields) == set(ORDER_SIGNALS) == set(ORDER_RULES)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.__name__)
def test_a_policy_says_what_it_sees_and_what_it_is_set_to(policy: Any) -> None:
    assert set(policy.SETTINGS) <= set(SET_BY_PLAN)
    assert set(policy.SEES) <= REPORTED | SCHEDULED | HAPPENED
    reports = SimpleNamespace(fresh=1.0, **dict.fromkeys(policy.SEES, 1.0))
    settings = SimpleNamespace(**dict.fromkeys(policy.SETTINGS, 1.0))
    orders, memory = policy.decide(policy.start(), reports, 1.0, settings)
    assert isinstance(orders, Orders)
    assert type(memory) is type(policy.start())
    assert set(getattr(policy, "REMEMBERS", {}).values()) <= set(memory._fields)


def test_every_setting_is_read_by_a_policy_or_the_laboratory() -> None:
    read = {name for policy in POLICIES for name in policy.SETTINGS} | {f"limit_{name}" for name in ASSAYS}
    assert set(SET_BY_PLAN) - read <= {"ursodiol", "cryotherapy", "palifermin"}  # these act as covariates


def test_every_order_is_given_by_some_policy() -> None:
    given = {keyword for policy in POLICIES for keyword in orders_of(policy)}
    assert given == set(ORDER_SIGNALS)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.__name__)
def test_a_ward_that_plans_nothing_gives_nothing(policy: Any) -> None:
    """With every part of care switched off no report, however bad, brings an order."""
    off = {name: float(value[0]) for name, value in settings_of(NO_CARE, PERSON).items()}
    settings = SimpleNamespace(**{name: off[name] for name in policy.SETTINGS})
    memory = policy.start()
    for day in range(-10, 120):
        for value in (0.0, 1e4):
            seen = SimpleNamespace(fresh=1.0, **(dict.fromkeys(policy.SEES, value) | {"calcineurin_planned": 0.0}))
            orders, memory = policy.decide(memory, seen, float(day), settings)
            assert not any(float(amount) for amount in orders), orders
