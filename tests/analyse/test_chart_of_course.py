"""From a course to its chart and back from its file, on courses made by hand."""

from __future__ import annotations

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from analyse.made import CAUSES, cohort, die, empty, put
from dayzero.errors import ChartError
from dayzero.records import Chart
from dayzero.simulation.course import Course, check_record
from dayzero.simulation.laboratory import ASSAYS, report
from dayzero.simulation.observe import observe
from dayzero.simulation.occurrences import ASSAYED, CAUSE_GROUPS, FLAGS, GIVEN, HAPPENED, REPORTED
from dayzero.simulation.streams import patient_key
from dayzero.units import DEATH_CAUSES, EVENTS, QUANTITIES


@pytest.fixture(scope="module")
def course() -> Course:
    return cohort(patients=40, days=200)


@pytest.fixture(scope="module")
def chart(course: Course) -> Chart:
    return observe(course)


def test_every_kind_of_event_and_every_assay_has_its_unit_and_its_place() -> None:
    assert set(GIVEN) | set(HAPPENED) | {"acute_gvhd", "cmv_treatment", "death"} <= set(EVENTS)
    assert set(ASSAYED) == set(ASSAYS)
    for name, assay in ASSAYS.items():
        assert assay.unit == QUANTITIES[name].unit == REPORTED[f"reported_{name}"].unit
        assert assay.visit in FLAGS
    streams = [assay.stream for assay in ASSAYS.values()]
    assert len(set(streams)) == len(streams)
    assert set(CAUSE_GROUPS.values()) <= set(DEATH_CAUSES.values())


def test_nothing_is_measured_given_or_seen_after_a_death(course: Course, chart: Chart) -> None:
    died, _ = course.deaths()
    assert np.isfinite(died).any()
    for name, column in [*chart.measurements.items(), *chart.events.items()]:
        assert np.all(column.day <= died[column.patient]), name


def test_a_death_is_charted_with_the_group_of_its_cause() -> None:
    course = empty(patients=len(CAUSES) + 1)
    for row, cause in enumerate(CAUSES):
        die(course, row, 50 + row, cause)
    column = observe(course).column("death")
    groups = [DEATH_CAUSES[int(code)] for code in column.value]
    assert column.day.tolist() == [50 + row for row in range(len(CAUSES))]
    assert groups == ["infection", "infection", "disease", "graft-versus-host disease", "organ toxicity", "other"]


def test_a_death_without_its_cause_is_charted_without_amount() -> None:
    course = empty()
    course.values["alive"][1, 40:] = 0
    course = replace(course, values={n: v for n, v in course.values.items() if n != "died_of"})
    column = observe(course).column("death")
    assert column.day.tolist() == [int(course.days[39])]
    assert np.isnan(column.value).all()
    assert course.deaths()[1].tolist() == ["", "unknown", "", ""]


def test_a_death_on_the_last_day_counts() -> None:
    course = empty(days=30)
    die(course, 2, 30, "vod")
    assert course.deaths()[0].tolist() == [np.inf, np.inf, 30, np.inf]
    assert course.living.all()


def test_acute_gvhd_is_charted_on_each_new_height_of_its_grade() -> None:
    course = empty()
    for day, grade in ((20, 1), (25, 3), (30, 2), (35, 3), (40, 4), (50, 0), (60, 2)):
        course.values["ward_gvhd_grade"][0, day - course.days[0] :] = grade
    column = observe(course).column("acute_gvhd")
    assert list(zip(column.day.tolist(), column.value.tolist(), strict=True)) == [(20, 1), (25, 3), (40, 4)]


def test_a_treatment_of_cmv_begins_once_however_its_drugs_change() -> None:
    course = empty(days=150)
    for drug, days in (("antiviral", range(40, 50)), ("foscarnet", range(48, 60)), ("antiviral", range(70, 75)),
                       ("antiviral", range(100, 110))):  # fmt: skip
        for day in days:
            put(course, 0, day, drug)
    chart = observe(course)
    assert chart.column("cmv_treatment").day.tolist() == [40, 100]
    assert len(chart.column("foscarnet").day) == 12


def test_measurements_stand_on_the_days_of_their_own_visits(course: Course, chart: Chart) -> None:
    for name, flag in (("cmv_dna", "cmv_tested"), ("cd4", "subsets_tested"), ("bilirubin", "blood_drawn"),
                       ("donor_chimerism_t_cell", "chimerism_tested")):  # fmt: skip
        who, when = np.nonzero(course.flags[flag] & course.living)
        column = chart.column(name)
        assert np.array_equal(column.patient, who) and np.array_equal(column.day, course.days[when])
    low = chart.column("cmv_dna")
    assert np.array_equal(low.limit == -1, low.value == 35)


def test_a_boost_is_charted_in_cells_beside_one_that_was_planned() -> None:
    course = empty()
    put(course, 0, 40, "boost", 0.5)
    column = observe(course).column("boost")
    assert (column.day.tolist(), column.value.tolist()) == ([40], [2.5e6])


def test_the_chart_of_a_course_is_written_and_read_back_the_same(chart: Chart, tmp_path) -> None:
    back = Chart.read(chart.write(tmp_path / "chart.parquet"), duplicates="keep")
    for name in (*chart.measurements, *chart.events):
        assert np.array_equal(back.column(name).day, chart.column(name).day), name
        assert np.array_equal(back.column(name).value, chart.column(name).value, equal_nan=True), name


def test_a_course_is_read_back_with_all_its_flags(course: Course, tmp_path) -> None:
    back = Course.read(course.write(tmp_path / "course.npz"))
    assert set(back.flags) == set(FLAGS)
    assert all(np.array_equal(back.flags[name], course.flags[name]) for name in FLAGS)
    assert back.deaths()[1].tolist() == course.deaths()[1].tolist()


def test_a_course_file_of_an_earlier_schema_is_refused_in_one_sentence(course: Course, tmp_path) -> None:
    path = course.write(tmp_path / "course.npz")
    with np.load(path) as kept:
        old = {name: kept[name] for name in kept.files if not name.startswith("flag.")}
    old |= {"schema": np.asarray(1), "visits": course.visits, "tests": course.tests}
    np.savez(path, **old)
    with pytest.raises(ChartError, match="schema: got 1, expected schema 2; read it with the release"):
        Course.read(path)


def test_causes_of_a_record_are_a_list_of_names(course: Course) -> None:
    for wrong in ("bacteremia", [1], {"a": 1}):
        with pytest.raises(ChartError, match=r"record\.causes"):
            check_record({**course.record, "causes": wrong}, "run.json")


def test_some_patients_of_a_course_have_their_own_charts(course: Course, chart: Chart) -> None:
    own = observe(course.only([7]))
    assert own.patients == ("7",)
    for name in chart.measurements:
        assert np.array_equal(own.series("7", name).values, chart.series("7", name).values)


def _reports(name: str, true: float, limit: float | None = None) -> np.ndarray:
    assay, keys = ASSAYS[name], jnp.asarray(patient_key(1, np.arange(4000)))
    least = assay.limit if limit is None else limit
    return np.asarray(report(assay, np.float32(true), np.float32(least), keys, np.uint32(30)))


def test_noise_acts_by_kind() -> None:
    assert _reports("temperature", 37.0).std() == pytest.approx(0.15, rel=0.1)
    assert _reports("weight_gain", -4.0).mean() == pytest.approx(-4.0, abs=0.05)
    assert np.log(_reports("creatinine", 1.0)).std() == pytest.approx(0.04, rel=0.1)
    assert _reports("disease_burden", 1e10).mean() == pytest.approx(10.0, abs=0.02)
    assert _reports("disease_burden", 1e10).std() == pytest.approx(0.2, rel=0.1)


def test_none_and_all_of_a_share_are_reported_as_such_and_limits_hold() -> None:
    assert set(_reports("rash", 0.0)) == {0.0} and set(_reports("rash", 100.0)) == {100.0}
    assert 4 < _reports("rash", 50.0).std() < 6
    assert set(_reports("oxygen_need", 0.0)) == {0.0}
    assert set(_reports("cmv_dna", 3.0)) == {35.0}
    assert set(_reports("disease_burden", 0.0)) == {8.0}


def test_reports_come_in_the_steps_of_their_assay() -> None:
    for name, true in (("stool_volume", 730.0), ("bilirubin", 2.3), ("cd4", 0.123), ("weight_gain", 3.3)):
        steps = _reports(name, true) * ASSAYS[name].per_unit
        assert np.allclose(steps, np.round(steps), atol=2e-3), name
