"""Acute and chronic graft-versus-host disease: one table for the ward, for one case and for charts."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dayzero.criteria import (
    acute_gvhd,
    agvhd_grade_magic,
    agvhd_ibmtr_index,
    agvhd_ruxolitinib_refractory,
    agvhd_stage_magic,
    agvhd_steroid_dependent,
    agvhd_steroid_refractory,
    cgvhd_global_nih2014,
    cgvhd_steroid_dependent,
    cgvhd_steroid_refractory,
    daily_grades,
    grade_of_stages,
    liver_stage,
    lower_gut_stage,
    observed_grade,
    skin_stage,
)
from dayzero.criteria.gvhd import GRADES
from dayzero.errors import InputError
from dayzero.records import Chart

GRID = list(product(range(5), range(5), range(5), range(2)))  # skin, liver, lower gut, upper gut


def as_printed(skin: int, liver: int, lower: int, upper: int) -> str:
    """The grade table, row by row."""
    if 4 in (skin, liver, lower):
        return "IV"
    if liver in (2, 3) or lower in (2, 3):
        return "III"
    if skin == 3 or liver == 1 or upper == 1 or lower == 1:
        return "II"
    return "I" if skin in (1, 2) else "0"


def graded(skin: int | None, liver: int | None, lower: int | None, upper: int | None) -> Any:
    return agvhd_grade_magic(skin=skin, liver=liver, lower_gi=lower, upper_gi=upper)


@pytest.mark.parametrize("engine", ["numpy", "jax"])
def test_the_elementwise_grade_is_the_grade_of_the_table_for_every_combination_of_stages(engine: str) -> None:
    wanted = [GRADES.index(graded(*stages)["grade"]) for stages in GRID]
    columns = np.array(GRID, float).T
    if engine == "numpy":
        got = grade_of_stages(*columns)
    else:
        import jax

        got = jax.jit(jax.vmap(grade_of_stages))(*columns)
    assert np.asarray(got).tolist() == wanted
    assert [graded(*stages)["grade"] for stages in GRID] == [as_printed(*stages) for stages in GRID]


def test_the_ward_and_arrays_grade_a_day_alike() -> None:
    import jax

    signs = list(product((0, 10, 30, 60), (1.0, 2.0, 3.5, 16.0), (0, 600, 1600), (20.0, 70.0), (6, 7, 13, 14), (0, 1)))
    columns = np.array(signs, float).T
    by_array = observed_grade(*columns)
    assert np.asarray(jax.jit(jax.vmap(observed_grade))(*columns)).tolist() == by_array.tolist()
    assert [float(observed_grade(*row)) for row in signs] == by_array.tolist()


@pytest.mark.parametrize(
    ("day", "vod_known", "grade"), [(6, 0, 0), (7, 0, 3), (13, 1, 1), (13, 0, 3), (14, 1, 3), (14, 0, 3)]
)
def test_a_sign_that_something_else_explains_is_left_out(day: int, vod_known: int, grade: int) -> None:
    assert observed_grade(10, 4.0, 1200, 70.0, day, vod_known) == grade


def test_a_sign_that_is_left_out_may_be_missing_and_any_other_may_not() -> None:
    assert observed_grade(60, np.nan, np.nan, 70.0, 10, 1) == 2
    assert np.isnan(observed_grade(60, np.nan, 0, 70.0, 20, 0))
    assert np.isnan(grade_of_stages(4, np.nan, 0))


@settings(max_examples=60)
@given(
    st.lists(st.one_of(st.none(), st.integers(0, 4)), min_size=3, max_size=3),
    st.one_of(st.none(), st.integers(0, 1)),
)
def test_a_missing_organ_leaves_the_grade_open_exactly_where_it_could_change_it(
    stages: list[int | None], upper: int | None
) -> None:
    choices = [range(5) if one is None else [one] for one in stages]
    every = {as_printed(*each) for each in product(*choices, range(2) if upper is None else [upper])}
    found = graded(*stages, upper)
    assert found["grade"] == (every.pop() if len(every) == 1 else None)
    assert found.complete == (found["grade"] is not None)


def test_grades_rise_with_every_stage() -> None:
    grade = {stages: GRADES.index(as_printed(*stages)) for stages in GRID}
    for stages in GRID:
        for organ in range(4):
            worse = (*stages[:organ], stages[organ] + 1, *stages[organ + 1 :])
            assert grade.get(worse, 4) >= grade[stages]


@pytest.mark.parametrize(
    ("inputs", "stage"),
    [
        ({"organ": "skin", "bsa_pct": None}, None),
        ({"organ": "skin", "bsa_pct": 25}, 2),
        ({"organ": "skin", "bsa_pct": 51}, 3),
        ({"organ": "skin", "bsa_pct": 90, "bullae_desquamation_bsa_pct": None}, None),
        ({"organ": "skin", "bsa_pct": 90, "bullae_desquamation_bsa_pct": 5}, 3),
        ({"organ": "liver"}, None),
        ({"organ": "lower_gi", "weight_kg": 50, "stool_ml_day": 1000}, 2),
        ({"organ": "lower_gi", "weight_kg": 20, "stool_ml_kg_day": 19.9}, 1),
        ({"organ": "lower_gi", "weight_kg": 60, "stool_ml_kg_day": 19.9}, 2),
        ({"organ": "lower_gi", "weight_kg": 20, "episodes_day": 7}, 2),
        ({"organ": "lower_gi", "weight_kg": 70, "stool_ml_day": 400, "episodes_day": 8}, 3),
        ({"organ": "lower_gi", "weight_kg": None, "episodes_day": 3}, None),
        ({"organ": "lower_gi", "weight_kg": None, "episodes_day": 2}, 0),
        ({"organ": "lower_gi", "weight_kg": 70}, None),
        ({"organ": "lower_gi", "weight_kg": 70, "severe_pain": True}, 4),
        ({"organ": "lower_gi", "weight_kg": 70, "stool_ml_day": 600, "grossly_bloody": None}, None),
        ({"organ": "upper_gi", "persistent_nausea_vomiting_anorexia": True}, 1),
        ({"organ": "upper_gi"}, None),
    ],
)
def test_stages_keep_what_is_missing_missing(inputs: dict[str, Any], stage: int | None) -> None:
    assert agvhd_stage_magic(**inputs)["stage"] == stage


@settings(max_examples=50)
@given(st.floats(0, 100), st.floats(0, 40), st.floats(0, 5000), st.floats(3, 120))
def test_one_case_and_arrays_are_staged_alike(rash: float, bilirubin: float, stool: float, weight: float) -> None:
    assert agvhd_stage_magic(organ="skin", bsa_pct=rash)["stage"] == skin_stage(rash)
    assert agvhd_stage_magic(organ="liver", bilirubin_mg_dl=bilirubin)["stage"] == liver_stage(bilirubin)
    gut = agvhd_stage_magic(organ="lower_gi", weight_kg=weight, stool_ml_day=stool)["stage"]
    assert gut == lower_gut_stage(stool, weight)


@pytest.mark.parametrize(
    ("rule", "inputs"),
    [
        (agvhd_stage_magic, {"organ": "gut"}),
        (agvhd_stage_magic, {"organ": "skin", "bsa_pct": -1}),
        (agvhd_stage_magic, {"organ": "liver", "bilirubin_mg_dl": float("nan")}),
        (agvhd_grade_magic, {"skin": 5, "liver": 0, "lower_gi": 0, "upper_gi": 0}),
        (agvhd_grade_magic, {"skin": 0, "liver": 0, "lower_gi": 0, "upper_gi": 2}),
        (cgvhd_global_nih2014, {"organs": {"skn": 1}, "lung": 0}),
        (cgvhd_global_nih2014, {"organs": {"lung": 1}}),
        (cgvhd_global_nih2014, {"organs": {"skin": 4}, "lung": 0}),
    ],
)
def test_what_cannot_be_is_refused(rule: Any, inputs: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        rule(**inputs)


def test_the_ibmtr_index_is_missing_where_the_missing_organ_decides() -> None:
    assert agvhd_ibmtr_index(skin=0, liver=0, gut=1)["index"] == "B"
    assert agvhd_ibmtr_index(skin=1, liver=None, gut=3)["index"] is None
    assert agvhd_ibmtr_index(skin=1, liver=None, gut=4)["index"] == "D"
    assert agvhd_ibmtr_index(skin=0, liver=0, gut=0)["index"] == "0"


@pytest.mark.parametrize(
    ("inputs", "severity"),
    [
        ({"organs": {"skin": 1}, "lung": None}, None),
        ({"organs": {"skin": 3}, "lung": None}, "severe"),
        ({"organs": {"skin": 1, "eyes": None}, "lung": 0}, None),
        ({"organs": {"skin": 0}, "lung": 3, "lung_fev1_pct": 85}, "none"),
        ({"organs": {"skin": 0}, "lung": 0, "lung_fev1_pct": 70}, "moderate"),
        ({"organs": {"liver": 3, "skin": 1}, "lung": 0, "explained": ["liver"]}, "mild"),
        ({"organs": {"skin": 1}, "lung": 2, "explained": ["lung"]}, "mild"),
        ({"organs": {"skin_extent": 1, "skin_features": None}, "lung": 0}, None),
        ({"organs": {"skin_extent": 3, "skin_features": None}, "lung": 0}, "severe"),
        ({"organs": {"skin": 1, "mouth": 1}, "lung": 1}, "moderate"),
    ],
)
def test_chronic_severity_counts_organs_and_not_what_is_explained(inputs: dict[str, Any], severity: str | None) -> None:
    assert cgvhd_global_nih2014(**inputs)["global_severity"] == severity


@pytest.mark.parametrize(
    ("rule", "inputs", "answer"),
    [
        (agvhd_steroid_refractory, {"days_on_steroid": 3, "progression": True, "improved": None}, True),
        (agvhd_steroid_refractory, {"days_on_steroid": 6, "progression": False, "improved": False}, False),
        (agvhd_steroid_refractory, {"days_on_steroid": 8, "progression": False, "improved": None}, None),
        (agvhd_steroid_refractory, {"days_on_steroid": 29, "progression": False, "improved": True}, None),
        (
            agvhd_steroid_dependent,
            {"days_on_steroid": 8, "responded": True, "prednisone_mg_kg_day": 2.0, "flare_on_taper": False},
            True,
        ),
        (
            agvhd_steroid_dependent,
            {"days_on_steroid": 8, "responded": False, "prednisone_mg_kg_day": 2.0, "flare_on_taper": True},
            False,
        ),
        (
            agvhd_ruxolitinib_refractory,
            {"days_on_ruxolitinib": 3, "progression": False, "response": True, "response_lost": True},
            True,
        ),
        (agvhd_ruxolitinib_refractory, {"days_on_ruxolitinib": 20, "progression": False, "response": None}, None),
        (
            cgvhd_steroid_refractory,
            {"prednisone_mg_kg_day": 1.0, "weeks": 8, "progression": False, "improved": False, "every_other_day": True},
            True,
        ),
        (
            cgvhd_steroid_refractory,
            {"prednisone_mg_kg_day": 0.4, "weeks": 8, "progression": True, "improved": False},
            False,
        ),
        (cgvhd_steroid_dependent, {"lowest_mg_kg_day": 0.2, "failed_tapers": None, "weeks_between": None}, False),
    ],
)
def test_treatment_has_failed_when_its_window_is_over(rule: Any, inputs: dict[str, Any], answer: bool | None) -> None:
    found = rule(**inputs)
    assert next(iter(found.values.values())) is answer


def chart(events: dict[str, Any] | None = None, **rows: list[tuple[int, float]]) -> Chart:
    columns = {name: ([0] * len(pairs), *zip(*pairs, strict=True)) for name, pairs in rows.items() if pairs}
    return Chart.from_columns(columns, ["A"], events)


CALM: dict[str, list[tuple[int, float]]] = {
    "rash": [(day, 0.0) for day in range(60)],
    "bilirubin": [(day, 0.8) for day in range(0, 60, 3)],
    "stool_volume": [(day, 100.0) for day in range(60)],
}


@pytest.mark.parametrize(
    ("change", "events", "grade", "day", "severe_day"),
    [
        ({}, None, "0", None, None),
        ({"rash": [(day, 30.0) for day in range(60)]}, None, "I", 7, None),
        ({"stool_volume": [(day, 1200.0) for day in range(14)] + [(14, 100.0)]}, None, "0", None, None),
        ({"stool_volume": [(12, 2000.0), (15, 700.0), (20, 1200.0)]}, None, "III", 15, 20),
        ({"bilirubin": [(10, 1.0), (20, 2.5), (23, 4.0)]}, None, "III", 20, 23),
        ({"bilirubin": [(10, 1.0), (20, 2.5), (23, 4.0)]}, {"vod": ([0], [22])}, "0", None, None),
        ({"bilirubin": [(10, 1.0), (20, 2.5), (23, 4.0)]}, {"vod": ([0], [15])}, "0", None, None),
        ({"bilirubin": [(10, 2.5), (12, 1.0), (20, 2.5), (23, 4.0)]}, {"vod": ([0], [10])}, "III", 20, 23),
        ({"bilirubin": []}, None, None, None, None),
        ({"bilirubin": [], "stool_volume": [(20, 700.0)]}, None, None, 20, None),
        ({"bilirubin": [(20, 16.0)], "rash": []}, None, "IV", 20, 20),
        ({"stool_volume": []}, {"death": ([0], [12])}, "0", None, None),
        ({"rash": [(150, 90.0), (20, 0.0)]}, None, "0", None, None),
    ],
)
def test_acute_disease_of_a_chart(
    change: dict[str, Any], events: Any, grade: str | None, day: int | None, severe_day: int | None
) -> None:
    row = acute_gvhd(chart(events, **{**CALM, **change})).rows()[0]
    assert (row["grade"], row["day"], row["day_iii_iv"]) == (grade, day, severe_day)
    assert (row["status"] == "not_evaluable") == (grade is None)


def test_a_child_is_staged_by_its_weight() -> None:
    one = chart(**{**CALM, "stool_volume": [(20, 400.0)]})
    assert acute_gvhd(one).rows()[0]["grade"] == "0"
    assert acute_gvhd(one, weight_kg=15).rows()[0]["grade"] == "III"


def test_a_sign_not_read_for_long_leaves_the_grade_of_a_day_missing() -> None:
    days = daily_grades(chart(rash=[(20, 10), (40, 10)], bilirubin=[(20, 1.0)], stool_volume=[(20, 100)]))
    assert days.day.tolist() == [20, 40]
    assert days.grade.tolist()[0] == 1
    assert np.isnan(days.grade[1])
    assert days.at_least.tolist() == [1, 1]


def test_a_reading_given_as_a_limit_counts_for_what_it_may_be() -> None:
    below = Chart.from_columns(
        {"bilirubin": ([0, 0], [20, 21], [2.0, 5.0], [-1, -1]), "rash": ([0], [20], [0]),
         "stool_volume": ([0], [20], [0])}, ["A"],
    )  # fmt: skip
    grades = daily_grades(below).grade
    assert grades[0] == 0
    assert np.isnan(grades[1])


def test_documented_grades_are_taken_as_written() -> None:
    cohort = Chart.from_columns({}, list("ABCD"), {"acute_gvhd": ([0, 0, 1, 3], [25, 31, 120, 30], [1, 3, 4, np.nan])})
    rows = acute_gvhd(cohort, source="documented").rows()
    assert [row["grade"] for row in rows] == ["III", "0", "0", None]
    assert (rows[0]["day"], rows[0]["day_ii_iv"], rows[3]["day"]) == (25, 31, 30)
    with pytest.raises(InputError, match="source"):
        acute_gvhd(cohort, source="memory")


def test_a_cohort_is_graded_as_its_patients_one_by_one() -> None:
    random = np.random.default_rng(5)
    patient, day = np.repeat(np.arange(25), 30), np.tile(np.arange(0, 120, 4), 25)
    seen = random.random((3, 750)) < 0.6
    values = {
        "rash": random.choice([0, 0, 0, 10, 60], 750).astype(float),
        "bilirubin": random.choice([0.8, 0.8, 1.0, 2.5, 7.0], 750),
        "stool_volume": random.choice([0, 100, 200, 700, 1600], 750).astype(float),
    }
    columns = {name: (patient[keep], day[keep], value[keep]) for (name, value), keep in
               zip(values.items(), seen, strict=True)}  # fmt: skip
    cohort = Chart.from_columns(columns, [str(at) for at in range(25)], {"vod": ([3, 9], [12, 20])})
    weight = random.uniform(10, 90, 25)
    together = acute_gvhd(cohort, weight_kg=weight).rows()
    apart = [acute_gvhd(cohort.patient(name), weight_kg=weight[at]).rows()[0] for at, name in
             enumerate(cohort.patients)]  # fmt: skip
    assert together == apart


def test_a_day_of_a_chart_has_the_grade_that_the_ward_sees() -> None:
    random = np.random.default_rng(8)
    day = np.arange(7, 60)
    rash, bilirubin, stool = random.uniform(0, 80, 53), random.uniform(0, 5, 53), random.uniform(0, 1800, 53)
    zeros = np.zeros(53, int)
    one = Chart.from_columns(
        {"rash": (zeros, day, rash), "bilirubin": (zeros, day, bilirubin), "stool_volume": (zeros, day, stool)}, ["A"]
    )
    assert (
        daily_grades(one, weight_kg=70).grade.tolist() == observed_grade(rash, bilirubin, stool, 70.0, day, 0).tolist()
    )


def test_a_chart_without_signs_has_no_grade() -> None:
    row = acute_gvhd(chart(platelets=[(20, 30)])).rows()[0]
    assert (row["status"], row["grade"], row["note"]) == (
        "not_evaluable", None, "not read: rash, bilirubin, stool_volume"
    )  # fmt: skip
