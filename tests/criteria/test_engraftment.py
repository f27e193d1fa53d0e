"""Recovery of neutrophils and platelets: the rule, its edges, and the cohort algorithm against a slow one."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dayzero.criteria import anc_recovery, neutrophil_engraftment, platelet_engraftment, platelet_recovery
from dayzero.criteria.recovery import STATUS, recovery
from dayzero.errors import InputError
from dayzero.records import Chart, Column

Rows = list[tuple[int, float, int]]  # day, value, limit


def slow(rows: Rows, threshold: float, transfusions: list[int] | None) -> tuple[str, int | None]:
    """The rule for one patient, written as one would read it, exact readings only."""
    given = transfusions or []
    lowest: dict[int, float] = {}
    for day, value, _ in rows:
        if day >= 0:
            lowest[day] = min(value, lowest.get(day, value))
    if not lowest:
        return "no_data", None
    starts = [day for day, value in lowest.items() if value < threshold] + [day for day in given if day >= 0]
    if not starts:
        starts = [day for day in given if day > -7]
    if not starts:
        return "never_below", None
    run: list[int] = []
    for day in sorted(lowest):
        blocked = any(t <= day <= t + 6 for t in given)
        if run and any(run[-1] < t <= day for t in given):
            run = []
        run = [*run, day] if lowest[day] >= threshold and day > min(starts) and not blocked else []
        if len(run) == 3:
            return "recovered", run[0]
    return "not_yet", None


def completions(rows: Rows, threshold: float) -> list[Rows]:
    """Every way readings given as limits could have turned out, as exact readings."""
    ways: list[list[float]] = []
    for _, value, limit in rows:
        if limit == 0:
            ways.append([value])
        elif limit < 0:
            ways.append([0.0] if value <= threshold else [0.0, value])
        else:
            ways.append([value] if value >= threshold else [value, threshold])
    return [[(row[0], v, 0) for row, v in zip(rows, pick, strict=True)] for pick in itertools.product(*ways)]


def columns(cohort: list[tuple[Rows, list[int]]]) -> tuple[Column, Column]:
    readings = [(at, *row) for at, (rows, _) in enumerate(cohort) for row in rows]
    given = [(at, day, 1.0, 0) for at, (_, days) in enumerate(cohort) for day in days]
    return _column(readings), _column(given)


def _column(rows: list[tuple[int, int, float, int]]) -> Column:
    patient, day, value, limit = (np.array([row[i] for row in sorted(rows)]) for i in range(4))
    return Column(patient.astype(np.int64), day.astype(np.int64), value.astype(float), limit.astype(np.int8))


LEVELS = st.sampled_from([0.0, 0.1, 0.4, 0.5, 0.6, 1.0])
EXACT = st.lists(st.tuples(st.integers(-3, 25), LEVELS, st.just(0)), max_size=20)
SOME_LIMITS = st.lists(st.tuples(st.integers(-3, 12), LEVELS, st.sampled_from([0, 0, 0, -1, 1])), max_size=10)
GIVEN = st.lists(st.integers(-9, 20), max_size=3)


@settings(derandomize=True, max_examples=50, deadline=None)
@given(st.lists(st.tuples(EXACT, GIVEN), min_size=1, max_size=12), st.booleans())
def test_the_cohort_algorithm_agrees_with_reading_the_rule_patient_by_patient(
    cohort: list[tuple[Rows, list[int]]], transfused: bool
) -> None:
    readings, given_days = columns(cohort)
    course = recovery(len(cohort), readings, 0.5, given_days if transfused else None)
    for at, (rows, days) in enumerate(cohort):
        status, day = slow(rows, 0.5, days if transfused else None)
        assert STATUS[course.status[at]] == status
        assert (None if np.isnan(course.day[at]) else course.day[at]) == day


@settings(derandomize=True, max_examples=50, deadline=None)
@given(st.lists(st.tuples(SOME_LIMITS, GIVEN), min_size=1, max_size=6))
def test_a_limit_that_could_change_the_answer_leaves_it_open(cohort: list[tuple[Rows, list[int]]]) -> None:
    readings, given_days = columns(cohort)
    course = recovery(len(cohort), readings, 0.5, given_days)
    for at, (rows, days) in enumerate(cohort):
        possible = {slow(way, 0.5, days) for way in completions(rows, 0.5)}
        if STATUS[course.status[at]] == "undecided":
            recovered = [np.inf if day is None else day for _, day in possible]
            assert course.earliest[at] <= min(recovered)
            assert course.latest[at] >= max(recovered)
        else:
            day = None if np.isnan(course.day[at]) else int(course.day[at])
            assert possible == {(STATUS[course.status[at]], day)}


def test_one_patient_and_a_cohort_give_the_same_answer() -> None:
    anc = [[0, 2.1], [3, 0.4], [9, "<0.1"], [13, 0.4], [14, 0.5], [15, 0.9], [16, 1.6]]
    days = [row[0] for row in anc]
    values, limits = [2.1, 0.4, 0.1, 0.4, 0.5, 0.9, 1.6], [0, 0, -1, 0, 0, 0, 0]
    chart = Chart.from_columns({"neutrophils": ([0] * 7, days, values, limits)}, ["A"])
    alone, row = anc_recovery(anc=anc), neutrophil_engraftment(chart).rows()[0]
    assert (alone.status, alone.day) == (row["status"], row["day"]) == ("recovered", 14)


def test_the_third_measurement_confirms_and_the_first_dates() -> None:
    found = anc_recovery(anc=[[5, 0.0], [11, 0.6], [14, 0.7], [20, 0.8]])
    assert (found.day, found["confirmed_day"], found.days) == (11, 20, (11, 20))


def test_counts_before_day_zero_do_not_count() -> None:
    assert anc_recovery(anc=[[-5, 0.1], [-3, 0.6], [0, 0.7], [1, 0.9], [2, 1.1]]).status == "never_below"


def test_a_deeper_fall_after_the_run_makes_the_nadir_ambiguous_but_keeps_the_date() -> None:
    found = anc_recovery(anc=[[0, 0.4], [1, 0.6], [2, 0.9], [3, 0.8], [6, 0.1], [10, 0.7], [11, 0.8], [12, 1.0]])
    assert (found.status, found.day, found["nadir_ambiguous"]) == ("recovered", 1, True)


@pytest.mark.parametrize(("later", "ambiguous"), [((28, 0.1), True), ((29, 0.1), False), ((20, 0.45), False)])
def test_only_a_deeper_fall_up_to_day_28_is_ambiguous(later: tuple[int, float], ambiguous: bool) -> None:
    anc = [[3, 0.3], [8, 0.6], [9, 0.7], [10, 0.8], list(later)]
    assert anc_recovery(anc=anc)["nadir_ambiguous"] is ambiguous


def test_no_measurement_is_missing_and_not_a_failure() -> None:
    for anc in (None, [], [[3, None]], [[-3, 0.2]]):
        found = anc_recovery(anc=anc)
        assert (found.status, found.day, found.complete) == (None, None, False)


@pytest.mark.parametrize(
    ("event", "status"),
    [({"death_day": 13}, "competing"), ({"second_graft_day": 13}, "competing"), ({"relapse_day": 13}, "competing"),
     ({"death_day": 40}, "recovered"), ({}, "recovered")],
)  # fmt: skip
def test_death_second_graft_and_stated_relapse_compete(event: dict[str, int], status: str) -> None:
    found = anc_recovery(anc=[[6, 0.0], [14, 0.6], [15, 0.8], [16, 1.2]], **event)
    assert found.status == status
    assert (found.day is None) == (status == "competing")


def test_counts_after_a_second_graft_do_not_confirm_the_first() -> None:
    assert anc_recovery(anc=[[6, 0], [29, 0.6], [31, 0.7], [32, 0.9]], second_graft_day=30).status == "competing"


def test_a_limit_at_or_under_the_threshold_is_below_it() -> None:
    assert anc_recovery(anc=[[6, "<0.5"], [11, 0.6], [12, 0.7], [13, 0.8]]).day == 11


def test_a_limit_over_the_threshold_leaves_the_day_open() -> None:
    found = anc_recovery(anc=[[6, 0.1], [11, "<0.8"], [12, 0.7], [13, 0.8], [14, 0.9]])
    assert (found.status, found.complete) == (None, False)
    assert "day 11 or as late as day 12" in found.note


def test_a_limit_over_the_threshold_that_changes_nothing_is_no_hindrance() -> None:
    assert anc_recovery(anc=[[6, 0.1], [8, "<0.8"], [9, 0.2], [12, 0.7], [13, 0.8], [14, 0.9]]).day == 12


def test_a_count_that_is_no_number_is_refused() -> None:
    with pytest.raises(InputError, match="day 6"):
        anc_recovery(anc=[[6, "low"]])


def test_a_transfusion_does_not_count_as_engraftment() -> None:
    rows = [[8, 12], [9, 40], [10, 35], [11, 30], [15, 22], [16, 30], [17, 41]]
    assert platelet_recovery(platelets=rows, transfusion_days=[8]).day == 15
    assert platelet_recovery(platelets=rows, transfusion_days=[8, 14]).status == "not_yet"


def test_a_transfusion_between_two_sparse_values_restarts_the_run() -> None:
    rows = [[5, 10], [15, 25], [16, 28], [27, 30], [29, 33], [30, 40]]
    assert platelet_recovery(platelets=rows, transfusion_days=[5, 18]).day == 27
    assert platelet_recovery(platelets=rows, transfusion_days=[5]).day == 15


def test_without_a_record_of_transfusions_platelet_recovery_is_missing() -> None:
    found = platelet_recovery(platelets=[[5, 10], [15, 25], [16, 28], [17, 30]])
    assert (found.status, found.day, found.complete) == (None, None, False)


def test_a_transfusion_before_day_zero_does_not_hide_the_later_fall() -> None:
    rows = [[0, 60], [2, 50], [4, 40], [6, 25], [9, 12], [14, 25], [15, 30], [16, 40]]
    assert platelet_recovery(platelets=rows, transfusion_days=[-5]).day == 14


def _chart(**columns: Any) -> Chart:
    events = columns.pop("events", None)
    rows = {name: ([0] * len(pairs), *zip(*pairs, strict=True)) for name, pairs in columns.items()}
    return Chart.from_columns(rows, ["A"], events, transfusions_recorded=events is not None)


def test_sparse_visits_give_the_day_of_the_definition_and_the_interval() -> None:
    row = neutrophil_engraftment(_chart(neutrophils=[(7, 0.1), (20, 1.0), (44, 3.0), (91, 4.0)])).rows()[0]
    assert (row["status"], row["day"], row["interval_low"], row["interval_high"]) == ("recovered", 20, 8, 20)
    assert "visits too sparse: the true day lies between 8 and 20" in row["note"]
    assert "confirmed only on day 91" in row["note"]


def test_the_gap_that_counts_as_sparse_is_a_setting() -> None:
    chart = _chart(neutrophils=[(7, 0.1), (20, 1.0), (21, 3.0), (22, 4.0)])
    assert neutrophil_engraftment(chart, max_gap=13).rows()[0]["interval_low"] is None
    assert neutrophil_engraftment(chart, max_gap=12).rows()[0]["interval_low"] == 8


def test_fewer_than_three_measurements_after_the_fall_are_not_evaluable() -> None:
    row = neutrophil_engraftment(_chart(neutrophils=[(7, 0.1), (20, 1.0), (44, 3.0)])).rows()[0]
    assert (row["status"], row["day"]) == ("not_evaluable", None)
    assert row["note"] == "fewer than three measurements after the fall"
    row = neutrophil_engraftment(_chart(neutrophils=[(1, 4.0), (2, 3.0)])).rows()[0]
    assert row["status"] == "not_evaluable"


def test_a_count_that_has_not_fallen_yet_is_not_called_never_below() -> None:
    early = _chart(neutrophils=[(0, 4.0), (1, 3.0), (3, 2.0)])
    assert neutrophil_engraftment(early).rows()[0]["note"] == "not below the threshold, but followed only to day 3"
    assert neutrophil_engraftment(early).status[0] == "not_evaluable"
    assert neutrophil_engraftment(early, followed_to=3).status[0] == "never_below"


def test_a_record_that_ends_too_early_says_where() -> None:
    row = neutrophil_engraftment(_chart(neutrophils=[(7, 0.1), (8, 0.2), (9, 0.6), (10, 0.8)])).rows()[0]
    assert (row["status"], row["note"]) == ("not_yet", "not reached by day 10, the last measured")


def test_a_death_on_the_chart_competes_and_a_relapse_only_if_stated() -> None:
    counts = [(7, 0.1), (14, 0.6), (15, 0.7), (16, 0.9)]
    died = _chart(neutrophils=counts, events={"death": ([0], [12])})
    assert neutrophil_engraftment(died).rows()[0]["note"] == "death on day 12 came first"
    relapsed = _chart(neutrophils=counts, events={"relapse": ([0], [12])})
    assert neutrophil_engraftment(relapsed).status[0] == "recovered"
    assert neutrophil_engraftment(relapsed, competing=("death", "relapse")).status[0] == "competing"


def test_platelets_of_a_chart_without_transfusion_record_are_not_evaluable() -> None:
    chart = _chart(platelets=[(7, 10), (14, 30), (15, 40), (16, 50)])
    row = platelet_engraftment(chart).rows()[0]
    assert (row["status"], row["note"]) == (
        "not_evaluable", "no record of platelet transfusions: recovery cannot be judged",
    )  # fmt: skip


def test_a_cohort_of_ten_thousand_is_judged_within_two_seconds() -> None:
    import time

    patients, days = 10_000, 130
    random = np.random.default_rng(1)
    patient, day = np.repeat(np.arange(patients), days), np.tile(np.arange(days), patients)
    recovers = np.repeat(random.integers(10, 40, patients), days)
    value = np.where(day < recovers, 0.1, 2.0)
    chart = Chart.from_columns({"neutrophils": (patient, day, value)}, [str(at) for at in range(patients)])
    start = time.perf_counter()
    judged = neutrophil_engraftment(chart)
    assert time.perf_counter() - start < 2
    np.testing.assert_array_equal(judged.day, recovers[::days])
