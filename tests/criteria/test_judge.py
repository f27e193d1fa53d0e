"""The table of everything a chart allows to be judged."""

from __future__ import annotations

import doctest
import importlib
import json
from typing import Any

import numpy as np
import pytest

import dayzero.criteria as criteria
from dayzero.criteria import judge
from dayzero.records import Chart


def chart(
    graft: str | None = "PBSC", recorded: bool = True, events: dict[str, Any] | None = None, **rows: Any
) -> Chart:
    columns = {name: ([0] * len(pairs), *zip(*pairs, strict=True)) for name, pairs in rows.items() if pairs}
    return Chart.from_columns(columns, ["A"], events, graft, recorded)


APLASTIC = [(day, 0.1) for day in range(46)]
LOW_PLATELETS = [(day, 8) for day in range(0, 46, 2)]
ANAEMIC = [(28, 7.1), (41, 7.3)]


@pytest.mark.parametrize(
    ("change", "failed"),
    [
        ({}, True),
        ({"graft": "cord"}, True),
        ({"graft": None}, True),
        ({"neutrophils": APLASTIC[:30]}, None),
        ({"neutrophils": APLASTIC[:32], "graft": "cord"}, None),
        ({"neutrophils": APLASTIC[:32], "graft": None}, None),
        ({"neutrophils": [*APLASTIC[:20], (20, 0.6), (21, 0.8), (22, 1.0)]}, False),
        ({"neutrophils": [(0, 4.0), (9, 2.0), (30, 2.1)]}, False),
        ({"neutrophils": [*APLASTIC[:29], (29, 0.6), (30, 0.8)]}, None),
        ({"events": {"death": ([0], [29])}}, None),
        ({"events": {"relapse": ([0], [29])}}, None),
        ({"hemoglobin": []}, None),
        ({"hemoglobin": [(28, 10.0)]}, False),
        ({"hemoglobin": [(28, 10.0)], "recorded": False}, None),
        ({"hemoglobin": [(28, 10.0)], "events": {"red_cell_transfusion": ([0], [27])}}, True),
        ({"platelets": [(0, 15), (10, 30), (11, 40), (12, 50)]}, False),
        ({"platelets": []}, None),
    ],
)
def test_primary_graft_failure_of_a_chart(change: dict[str, Any], failed: Any) -> None:
    rows: dict[str, Any] = {"neutrophils": APLASTIC, "platelets": LOW_PLATELETS, "hemoglobin": ANAEMIC, **change}
    assert judge(chart(**rows)).rows()[0]["primary_graft_failure"] is failed


def test_the_nadir_and_the_days_of_neutropenia_are_those_before_engraftment() -> None:
    rows = [(0, 2.0, 0), (4, 0.4, 0), (6, 0.1, -1), (7, 0.3, -1), (9, 0.6, 0), (10, 0.8, 0), (11, 1.0, 0), (60, 0.2, 0)]
    day, value, limit = zip(*rows, strict=True)
    one = Chart.from_columns({"neutrophils": ([0] * 8, day, value, limit)}, ["A"])
    row = judge(one).rows()[0]
    assert (row["nadir"], row["nadir_censored"], row["nadir_day"]) == (0.1, True, 6)
    assert (row["days_measured"], row["days_below_0.5"], row["days_below_0.5_at_most"]) == (4, 3, 3)
    assert (row["days_below_0.1"], row["days_below_0.1_at_most"]) == (1, 2)


@pytest.mark.parametrize(
    ("rows", "category"),
    [
        ({"donor_chimerism": [(30, 60.0), (60, 98.0)]}, "full"),
        ({"donor_chimerism": [(60, 98.0)], "donor_chimerism_t_cell": [(30, 40.0)]}, "full"),
        ({"donor_chimerism_myeloid": [(60, 98.0)], "donor_chimerism_t_cell": [(60, 40.0)]}, "mixed"),
        ({"donor_chimerism_myeloid": [(60, 98.0)]}, None),
        ({"donor_chimerism": [(60, 95.0)]}, None),
        ({"donor_chimerism": [(60, 2.0)]}, "loss"),
    ],
)
def test_chimerism_is_that_of_the_last_day_it_was_measured(rows: dict[str, Any], category: str | None) -> None:
    row = judge(chart(**rows)).rows()[0]
    assert (row["chimerism_category"], row["chimerism_day"]) == (category, 60)


def test_the_table_goes_to_json_and_to_polars() -> None:
    table = judge(chart(neutrophils=APLASTIC, platelets=LOW_PLATELETS))
    json.dumps(table.rows())
    frame = table.to_polars()
    assert frame["patient"].to_list() == ["A"]
    assert frame.height == len(table) == 1


def test_a_cohort_row_is_the_patients_own() -> None:
    random = np.random.default_rng(3)
    patient, day = np.repeat(np.arange(30), 50), np.tile(np.arange(50), 30)
    value = np.exp(random.normal(0, 1, 1500) - 2 + 0.08 * day)
    grafts: list[str | None] = (["PBSC", "cord", None] * 10)[:30]
    cohort = Chart.from_columns({"neutrophils": (patient, day, value)}, [str(at) for at in range(30)], graft=grafts)
    together = judge(cohort).rows()
    assert together == [judge(cohort.patient(name)).rows()[0] for name in cohort.patients]


def test_a_chart_with_nothing_measured_has_a_row_that_says_so() -> None:
    row = judge(chart()).rows()[0]
    assert (row["neutrophils_0.5_status"], row["nadir"], row["days_measured"]) == ("not_evaluable", None, None)
    assert row["note"] == "neutrophils: not measured from day 0 on"


def test_every_public_name_of_criteria_exists_and_is_listed_in_order() -> None:
    assert list(criteria.__all__) == sorted(criteria.__all__)
    assert all(hasattr(criteria, name) for name in criteria.__all__)


@pytest.mark.parametrize(
    "module",
    ["units", "records.chart", *(f"criteria.{name}" for name in (
        "body_size", "chart_engraftment_syndrome", "chart_failure", "chart_function", "chart_gvhd",
        "chart_gvhd_treatment", "chart_indices", "chart_infection", "chart_microangiopathy", "chart_outcome",
        "chart_vod", "chart_vod_editions", "chimerism", "chronic_gvhd", "counts", "donor_pair", "endothelium",
        "engraftment", "engraftment_syndrome", "exposure", "graft_dose", "graft_failure", "gvhd", "gvhd_treatment",
        "infection", "intensity", "judge", "logic", "outcome", "recovery", "regimens", "result", "schedules", "signs",
        "status", "vectors", "vod", "vod_severity",
    ))],
)  # fmt: skip
def test_the_examples_in_the_docstrings_are_true(module: str) -> None:
    outcome = doctest.testmod(importlib.import_module(f"dayzero.{module}"))
    assert outcome.attempted
    assert not outcome.failed
