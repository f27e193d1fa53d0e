"""First events: one case, and every patient of a chart by the same rule."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dayzero.analyse.survival import DayCounts, cumulative_incidence
from dayzero.criteria import (
    acute_gvhd_of,
    competing_risk_status,
    crfs,
    grfs,
    grfs_of,
    nonrelapse_mortality,
    relapse_or_death,
)
from dayzero.errors import InputError
from dayzero.records import Chart

maybe_day = st.one_of(st.none(), st.integers(0, 12))


@pytest.mark.parametrize(
    ("inputs", "status", "time"),
    [
        ({"endpoint": "nrm", "death_day": 50, "relapse_day": 50}, 2, 50),
        ({"endpoint": "relapse", "death_day": 50, "relapse_day": 50}, 1, 50),
        ({"endpoint": "relapse", "death_day": 90, "second_graft_day": 40}, None, None),
        ({"endpoint": "relapse", "death_day": 90, "second_graft_day": 40, "censoring": ["second_graft"]}, 0, 40),
        ({"endpoint": "agvhd_ii_iv", "agvhd_day": 60, "relapse_day": 40}, None, None),
        ({"endpoint": "agvhd_ii_iv", "agvhd_day": 60, "relapse_day": 70}, 1, 60),
        ({"endpoint": "agvhd_ii_iv", "agvhd_day": 60, "relapse_day": 40, "competing": ["death", "relapse"]}, 2, 40),
        ({"endpoint": "agvhd_ii_iv", "agvhd_day": 60, "dli_day": 40, "censoring": ["dli"]}, 0, 40),
        ({"endpoint": "cgvhd", "cgvhd_day": 60, "death_day": 60}, 1, 60),
        ({"endpoint": "anc_recovery", "recovery_day": 18, "death_day": 18}, 1, 18),
        ({"endpoint": "anc_recovery", "second_graft_day": 35}, 2, 35),
        ({"endpoint": "anc_recovery"}, 0, 200),
        ({"endpoint": "anc_recovery", "last_followup_day": None}, None, None),
    ],
)
def test_the_first_event_decides_and_what_is_not_stated_stays_open(
    inputs: dict[str, Any], status: int | None, time: int | None
) -> None:
    found = competing_risk_status(**{"last_followup_day": 200, **inputs})
    assert (found["status"], found["time"]) == (status, time)


@pytest.mark.parametrize(
    ("rule", "inputs"),
    [
        (competing_risk_status, {"endpoint": "os"}),
        (competing_risk_status, {"endpoint": "agvhd", "competing": ["deth"]}),
        (grfs, {"variant": "Tokyo"}),
    ],
)
def test_an_unknown_endpoint_or_event_is_refused(rule: Any, inputs: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        rule(last_followup_day=100, **inputs)


@settings(max_examples=60)
@given(maybe_day, maybe_day, maybe_day, maybe_day, st.integers(12, 20))
def test_grfs_ends_on_the_earliest_of_its_events(
    acute: int | None, chronic: int | None, relapse: int | None, death: int | None, last: int
) -> None:
    found = grfs(agvhd_iii_iv_day=acute, cgvhd_systemic_day=chronic, relapse_day=relapse, death_day=death,
                 last_followup_day=last)  # fmt: skip
    days = [day for day in (acute, chronic, relapse, death) if day is not None]
    assert (found["event"], found["time"]) == (bool(days), min(days, default=last))


def test_the_variants_of_grfs_count_different_chronic_disease() -> None:
    days = {"cgvhd_systemic_day": 150, "cgvhd_severe_day": 210, "last_followup_day": 400}
    assert grfs(**days)["time"] == 150
    ebmt = grfs(**days, variant="EBMT")
    assert (ebmt["time"], ebmt.version, ebmt.verified) == (210, "EBMT", False)
    assert grfs(last_followup_day=None)["event"] is None
    assert not crfs(last_followup_day=90).verified


@settings(max_examples=40)
@given(st.lists(st.tuples(maybe_day, maybe_day), min_size=1, max_size=12))
def test_a_chart_has_the_outcome_of_each_case(cases: list[tuple[int | None, int | None]]) -> None:
    last = 15
    names = [str(at) for at in range(len(cases))]
    events = {
        kind: ([at for at, case in enumerate(cases) if case[place] is not None],
               [case[place] for case in cases if case[place] is not None])
        for place, kind in enumerate(("relapse", "death"))
    }  # fmt: skip
    measured = {"platelets": (range(len(cases)), [last] * len(cases), [50] * len(cases))}
    cohort = Chart.from_columns(measured, names, {kind: rows for kind, rows in events.items() if rows[0]})
    judged = nonrelapse_mortality(cohort)
    free = relapse_or_death(cohort)
    for at, (relapse, death) in enumerate(cases):
        one = competing_risk_status(endpoint="nrm", relapse_day=relapse, death_day=death, last_followup_day=last)
        word = {1: "event", 2: "competing", 0: "censored"}[one["status"]]
        assert (judged.status[at], judged.day[at]) == (word, one["time"])
        assert free.day[at] == one["time"]
        assert free["kind"][at] == {1: "death", 2: "relapse", 0: ""}[one["status"]]


def test_outcomes_of_a_chart_are_counted_by_the_estimators() -> None:
    cohort = Chart.from_columns(
        {"platelets": ([0, 1, 2, 3], [100, 20, 40, 10], [50] * 4)}, list("ABCD"), {"death": ([1], [30], [2.0])}
    )
    judged = nonrelapse_mortality(cohort, by_day=60)
    counts = DayCounts.of(judged.day, judged["kind"])
    assert cumulative_incidence(counts, "nonrelapse_death").at(60)[0] == pytest.approx(1 / 3)
    assert judged["cause"].tolist() == ["", "infection", "", ""]
    assert judged.day.tolist() == [60, 30, 40, 10]


def test_a_death_of_the_disease_is_no_death_without_relapse() -> None:
    cohort = Chart.from_columns({}, ["A", "B"], {"death": ([0, 1], [30, 40], [1, np.nan])})
    assert nonrelapse_mortality(cohort)["kind"].tolist() == ["relapse", "nonrelapse_death"]


def test_who_was_never_seen_has_no_outcome() -> None:
    cohort = Chart.from_columns({"platelets": ([0], [-5], [50])}, ["A", "B"])
    judged = relapse_or_death(cohort)
    assert judged.status.tolist() == ["not_evaluable"] * 2
    assert judged.rows()[1]["day"] is None


def test_chronic_disease_counts_from_its_systemic_treatment() -> None:
    events = {
        "chronic_gvhd": ([0, 1, 2], [150, 150, 150]),
        "steroid": ([0, 0, 1, 3], [30, 160, 30, 20], [2, 1, 2, 1]),
        "death": ([3], [300]),
    }
    measured = {"platelets": ([0, 1, 2, 3], [400] * 4, [90] * 4)}
    cohort = Chart.from_columns(measured, list("ABCD"), events)
    treated = grfs_of(cohort, source="documented")
    assert treated["kind"].tolist() == ["cgvhd", "", "", "death"]
    assert treated.day.tolist() == [160, 400, 400, 300]
    assert grfs_of(cohort, source="documented", chronic="any").day.tolist() == [150, 150, 150, 300]
    del events["steroid"]
    unrecorded = Chart.from_columns(measured, list("ABCD"), events)
    assert grfs_of(unrecorded, source="documented").day.tolist() == [150, 150, 150, 300]
    with pytest.raises(InputError, match="chronic"):
        grfs_of(cohort, source="documented", chronic="severe")


def test_grfs_is_missing_where_acute_disease_could_not_be_seen() -> None:
    signs = {
        "rash": ([0, 1], [30, 30], [80, 10]),
        "bilirubin": ([0, 1, 2], [30, 30, 30], [7.0, 1.0, 1.0]),
        "stool_volume": ([0], [30], [100]),
    }
    cohort = Chart.from_columns(signs, list("ABCD"), {"relapse": ([1], [60]), "death": ([3], [5])})
    judged = grfs_of(cohort)
    assert judged.rows()[0]["kind"] == "agvhd_iii_iv"
    assert judged.status.tolist() == ["event", "not_evaluable", "not_evaluable", "event"]
    assert judged.rows()[1]["note"].startswith("not read: stool_volume")


def test_onset_of_acute_disease_competes_as_stated() -> None:
    events = {"acute_gvhd": ([0, 1], [50, 60], [2, 3]), "relapse": ([0], [40]), "death": ([2], [30])}
    cohort = Chart.from_columns({"platelets": ([0, 1, 2], [100, 100, 20], [50] * 3)}, list("ABC"), events)
    settings: dict[str, Any] = {"source": "documented"}
    assert acute_gvhd_of(cohort, **settings)["kind"].tolist() == ["acute_gvhd", "acute_gvhd", "death"]
    assert acute_gvhd_of(cohort, "III-IV", **settings)["kind"].tolist() == ["", "acute_gvhd", "death"]
    rivals = acute_gvhd_of(cohort, competing=("death", "relapse"), **settings)
    assert rivals.status.tolist() == ["competing", "event", "competing"]
    censored = acute_gvhd_of(cohort, censoring=("relapse",), **settings)
    assert (censored.status[0], censored.day[0]) == ("censored", 40)
    with pytest.raises(InputError, match="grades"):
        acute_gvhd_of(cohort, "I-II", **settings)
    with pytest.raises(InputError, match="event"):
        acute_gvhd_of(cohort, competing=("deth",), **settings)
