"""What a chart shows of the graft later on and of treatment of GVHD: spells, causes, windows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from making import chart

from dayzero.criteria.chart_failure import primary_graft_failure_of
from dayzero.criteria.chart_function import poor_graft_function_of, secondary_graft_failure_of
from dayzero.criteria.chart_gvhd_treatment import steroid_refractory_of
from dayzero.criteria.chart_outcome import crfs_of, grfs_of
from dayzero.criteria.chimerism import chimerism_of
from dayzero.records import Chart

Row = dict[str, Any]
Readings = list[tuple[int, float]]


def row(judged: Any) -> Row:
    return judged.rows()[0]


TAKEN: Readings = [(8, 0.1), (12, 0.6), (13, 0.9), (14, 2.0)]


@pytest.mark.parametrize(
    ("later", "events", "status", "day"),
    [
        ([(40, 0.4), (41, 0.2), (42, 0.1)], {}, "possible", 40),
        ([(40, 0.4), (41, 0.6), (42, 0.1)], {}, "none", None),
        ([(40, 0.4), (44, 0.2), (48, 0.1)], {}, "not_evaluable", None),
        ([(40, 0.4), (41, 0.2), (42, 0.1)], {"bacteremia": [38]}, "explained", 40),
        ([(40, 0.4), (41, 0.2), (42, 0.1)], {"relapse": [35]}, "explained", 40),
        ([(40, 0.4), (41, 0.2), (42, 0.1)], {"antiviral": [36, 37]}, "explained", 40),
        ([(40, 0.4), (41, 0.2), (42, 0.1)], {"bacteremia": [20]}, "possible", 40),
        ([(40, 0.4), (41, 0.2), (42, 0.1)], {"second_graft": [39]}, "none", None),
        ([(40, 2.0)], {}, "none", None),
    ],
)
def test_a_graft_that_had_taken_may_be_lost(later: Readings, events: Row, status: str, day: int | None) -> None:
    found = row(secondary_graft_failure_of(chart(events, neutrophils=[*TAKEN, *later])))
    assert (found["status"], found["day"]) == (status, day)
    assert found["note"]


def test_who_never_engrafted_has_not_lost_the_graft_later() -> None:
    low = [(day, 0.1) for day in range(8, 40)]
    assert row(secondary_graft_failure_of(chart(neutrophils=low)))["status"] == "none"
    assert row(secondary_graft_failure_of(chart(neutrophils=low[:1])))["status"] == "not_evaluable"


POOR: Row = {"neutrophils": [(40, 0.3), (50, 0.3), (58, 0.3)], "platelets": [(40, 9.0), (50, 9.0), (58, 9.0)],
             "hemoglobin": [(40, 6.5), (50, 9.5), (58, 9.5)], "donor_chimerism": [(40, 99.0)]}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "events", "status", "word"),
    [
        ({}, {}, "possible", "nothing else explains"),
        ({}, {"relapse": [35]}, "none", ""),
        ({"donor_chimerism": [(40, 3.0)]}, {}, "none", "graft failure instead"),
        ({"donor_chimerism": []}, {}, "not_evaluable", "chimerism"),
        ({"donor_chimerism": [], "donor_chimerism_myeloid": [(41, 80.0)]}, {}, "possible", "nothing else explains"),
        ({"platelets": [(40, 9.0), (50, 60.0), (58, 9.0)]}, {}, "none", ""),  # interrupted
        ({"platelets": []}, {}, "not_evaluable", "platelets"),
        ({"neutrophils": [(20, 0.1)], "platelets": [], "hemoglobin": []}, {}, "not_evaluable", "no count"),
        ({"neutrophils": [(40, 0.3), (50, 0.3)], "platelets": [(40, 9.0), (50, 9.0)], "hemoglobin": [(40, 9.5)]}, {},
         "none", ""),  # for ten days only
        ({"neutrophils": [(40, 0.3), (58, 0.3)], "platelets": [(40, 9.0), (58, 9.0)],
          "hemoglobin": [(49, 9.0), (50, 9.0)]}, {}, "not_evaluable", "not measured often enough"),
    ],
)  # fmt: skip
def test_poor_graft_function_is_a_spell(change: Row, events: Row, status: str, word: str) -> None:
    found = row(poor_graft_function_of(chart(events, **{k: v for k, v in {**POOR, **change}.items() if v})))
    assert found["status"] == status
    assert word in (found["note"] or "")
    assert (found["day"] == 40) is (status == "possible")


@pytest.mark.parametrize(
    ("counts", "events", "status", "word"),
    [
        ([(day, 0.1) for day in range(8, 35)], {}, "graft_failure", ""),
        ([(day, 0.1) for day in range(8, 20)], {}, "not_evaluable", "followed to the limit"),
        ([(day, 0.1) for day in range(8, 35)], {"death": [25]}, "not_evaluable", "came before the limit"),
        ([(8, 0.1)], {}, "not_evaluable", "engraftment is not known"),
        (TAKEN, {}, "none", ""),
    ],
)
def test_why_primary_failure_is_not_judged_is_said(counts: Readings, events: Row, status: str, word: str) -> None:
    rows: Row = {"neutrophils": counts, "platelets": [(day, 9.0) for day in range(8, 35)], "hemoglobin": [(29, 7.0)]}
    found = row(primary_graft_failure_of(chart(events, recorded=True, graft="PBSC", **rows)))
    assert found["status"] == status
    assert word in (found["note"] or "")


def test_primary_failure_needs_the_other_counts() -> None:
    found = row(primary_graft_failure_of(chart(graft="PBSC", neutrophils=[(day, 0.1) for day in range(8, 50)])))
    assert "platelets, hemoglobin or transfusions" in found["note"]


ON: Readings = [(day, 2.0) for day in range(20, 28)]


def signs(skin: Readings, liver: float = 1.0, to: int = 60) -> Row:
    """Skin as given, until it changes; liver and gut read daily."""
    days = range(20, to)
    shares = {day: max(on for on in skin if on[0] <= day)[1] for day in days}
    return {"rash": list(shares.items()), "bilirubin": [(day, liver) for day in days],
            "stool_volume": [(day, 0.0) for day in days]}  # fmt: skip


@pytest.mark.parametrize(
    ("skin", "steroid", "status", "kind", "day"),
    [
        ([(20, 60.0)], ON, "refractory", "no_improvement", 27),
        ([(20, 30.0), (24, 60.0), (26, 0.0)], ON, "refractory", "progression", 24),
        ([(20, 30.0), (21, 60.0), (22, 0.0)], ON, "not_refractory", None, None),  # worse, but before day 3
        ([(20, 60.0), (25, 10.0), (40, 0.0)], [(day, 2.0) for day in range(20, 50)], "not_refractory", None, None),
        ([(20, 60.0), (25, 10.0)], [(day, 2.0 if day < 28 else 1.0) for day in range(20, 55)], "refractory",
         "no_complete_response", 49),
        ([(20, 60.0), (25, 0.0), (40, 60.0)], ON, "not_refractory", None, None),  # a flare afterwards is dependence
        ([(20, 60.0)], [], "not_evaluable", None, None),
        ([(20, 60.0)], [(20, 0.5)], "not_treated", None, None),
        ([(20, 60.0)], [(15, 2.0)], "not_treated", None, None),  # before onset
        ([(20, 60.0)], [(20, np.nan)], "not_evaluable", None, None),
        ([(20, 60.0)], [(20, 2.0)], "not_evaluable", None, None),  # stopped before anybody could tell
        ([(20, 0.0)], ON, "no_gvhd", None, None),
    ],
)  # fmt: skip
def test_steroids_fail_within_their_windows(
    skin: Readings, steroid: Readings, status: str, kind: str | None, day: int | None
) -> None:
    found = row(steroid_refractory_of(chart({"steroid": steroid} if steroid else None, **signs(skin))))
    assert (found["status"], found["kind"], found["day"]) == (status, kind, day)


def test_refractoriness_is_not_judged_where_gvhd_is_not() -> None:
    found = row(steroid_refractory_of(chart({"steroid": ON}, rash=[(20, 60.0)])))
    assert (found["status"], found["note"]) == ("not_evaluable", "acute GVHD is not evaluable")
    assert row(steroid_refractory_of(chart({"steroid": ON})))["status"] == "not_evaluable"


def test_a_course_ends_before_a_gap_and_each_patient_has_his_own() -> None:
    days = [*range(20, 23), *range(40, 48)]
    rows = signs([(20, 60.0)])
    two = Chart.from_columns(
        {name: ([0] * len(given) + [1] * len(given), [d for d, _ in given] * 2, [v for _, v in given] * 2)
         for name, given in rows.items()},
        ["A", "B"],
        {"steroid": ([0] * len(days) + [1] * 8, [*days, *range(20, 28)], [2.0] * (len(days) + 8))},
    )  # fmt: skip
    first, second = steroid_refractory_of(two).rows()
    assert (first["status"], first["start"]) == ("not_evaluable", 20)
    assert (second["status"], second["day"]) == ("refractory", 27)


def test_chimerism_says_when_whole_blood_stands_for_cell_lines() -> None:
    whole = row(chimerism_of(chart(donor_chimerism=[(30, 99.0)])))
    assert (whole["status"], whole["note"]) == ("full", "by whole blood: both cell lines were not measured")
    edge = row(chimerism_of(chart(donor_chimerism_myeloid=[(30, 95.0)], donor_chimerism_t_cell=[(30, 99.0)])))
    assert "name the full_rule" in edge["note"]
    one = row(chimerism_of(chart(donor_chimerism_myeloid=[(30, 99.0)])))
    assert (one["status"], one["note"]) == ("not_evaluable", "only one cell line was measured")
    twice = chart(donor_chimerism=[(30, 99.0), (30, 90.0)])
    assert row(chimerism_of(twice))["whole"] == 90.0


def test_chronic_disease_after_the_event_does_not_matter_to_crfs() -> None:
    found = row(crfs_of(chart({"relapse": [100], "chronic_gvhd": [150]})))
    assert (found["kind"], found["day"]) == ("relapse", 100)


def test_a_chart_that_tells_severity_counts_no_mild_chronic_gvhd() -> None:
    events = {"chronic_gvhd": ([0, 1], [150, 150]), "moderate_chronic_gvhd": ([1], [158]),
              "steroid": ([0, 1], [160, 160], [1, 1]), "death": ([0, 1], [500, 500])}  # fmt: skip
    told = Chart.from_columns({"platelets": ([0, 1], [400, 400], [90, 90])}, ["mild", "moderate"], events)
    assert crfs_of(told).day.tolist() == [500, 158] and crfs_of(told)["kind"].tolist() == ["death", "cgvhd"]
    assert grfs_of(told, source="documented").day.tolist() == [500, 160]
    untold = Chart.from_columns({}, ["mild", "moderate"], {k: v for k, v in events.items() if k[0] != "m"})
    assert crfs_of(untold).status.tolist() == ["not_evaluable"] * 2
