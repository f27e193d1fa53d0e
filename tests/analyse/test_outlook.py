"""The outlook after engraftment: who is like the patient decides, and what is not known changes nothing."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from analyse.made import die, empty, put
from dayzero.analyse.outlook import outlook
from dayzero.errors import InputError
from dayzero.records import Chart
from dayzero.simulation.course import Course

PLAN = "aml-sibling-pbsc"
DAYS = np.arange(-8, 366)


@pytest.fixture(scope="module")
def course() -> Course:
    """200 twins: those of low chimerism relapse on day 150 and die on day 200; of the others each tenth dies on 120."""
    low = np.arange(400) < 200
    share = np.where(low, 0.5, 0.99)[:, None] * np.ones((1, len(DAYS)))
    flat = {name: np.full((400, len(DAYS)), value) for name, value in
            (("neutrophils", 3.0), ("platelets", 150.0), ("cd4", 0.2))}  # fmt: skip
    made = empty(PLAN, 400, 365, -8, myeloid_donor_fraction=share, t_donor_fraction=share, **flat)
    for row in range(400):
        if low[row]:
            put(made, row, 150, "event_relapse")
            die(made, row, 200, "relapse_death")
        elif row % 10 == 0:
            die(made, row, 120)
    return made


def chart(percent: float | None = None, **events) -> Chart:
    seen = {"platelets": ([0], [55], [150.0])}
    if percent is not None:
        seen["donor_chimerism_myeloid"] = ([0], [56], [percent])
    return Chart.from_columns(seen, ["A"], events)


def by(told, name: str, day: int) -> float:
    return next(chance.percent for chance in told.chances[name] if chance.day == day)


def test_a_patient_of_low_chimerism_has_the_outlook_of_twins_of_low_chimerism(course: Course) -> None:
    low, high = (outlook(chart(share), PLAN, 60, course=course) for share in (50.0, 99.0))
    assert by(low, "relapse", 180) > 95 and by(low, "survival", 365) < 5
    assert by(high, "relapse", 180) < 5 and by(high, "survival", 365) == pytest.approx(90, abs=3)
    assert by(high, "death without relapse", 180) == pytest.approx(10, abs=3)
    assert "donor_chimerism_myeloid" in low.used


def test_without_a_reading_the_outlook_is_that_of_all_survivors(course: Course) -> None:
    told = outlook(chart(), PLAN, 60, course=course)
    for chances in told.chances.values():
        for chance in chances:
            assert chance.percent == pytest.approx(chance.before, abs=0.2)
            assert chance.low <= chance.percent <= chance.high
    assert by(told, "relapse", 180) == pytest.approx(50, abs=1)


def test_readings_after_the_landmark_and_old_ones_are_not_looked_at(course: Course) -> None:
    late = outlook(chart(50.0), PLAN, 50, course=course)
    old = outlook(chart(50.0), PLAN, 99, course=course)
    assert late.used == () and old.used == ()
    assert any("survivors" in note for note in old.notes)


def test_after_a_relapse_relapse_is_no_longer_foretold(course: Course) -> None:
    told = outlook(chart(50.0, relapse=([0], [160])), PLAN, 170, course=course)
    assert "relapse" not in told.chances and by(told, "survival", 365) < 5


def test_death_before_the_landmark_and_days_out_of_range_are_refused(course: Course) -> None:
    with pytest.raises(InputError, match="lives"):
        outlook(chart(50.0, death=([0], [58])), PLAN, 60, course=course)
    for day in (3, 360, 60.5):
        with pytest.raises(InputError, match="day"):
            outlook(chart(50.0), PLAN, day, course=course)  # type: ignore[arg-type]


def test_the_outlook_names_its_run_and_what_it_is_not(course: Course) -> None:
    told = outlook(chart(50.0), PLAN, 60, course=course).as_dict()
    assert told["record"]["plans"][0]["name"] == PLAN
    assert "not a medical device" in told["disclaimer"]


def test_acute_gvhd_counts_without_a_grade_and_silence_means_none_only_where_it_is_kept(course: Course) -> None:
    """Twins with grade 3 all relapse here; the others never do."""
    grade = np.where(np.arange(400) < 200, 3.0, 0.0)[:, None] * np.ones((1, len(DAYS)))
    values = {**course.values, "ward_gvhd_grade": grade}
    told = dataclasses.replace(course, values=values)
    seen = {"platelets": ([0, 1], [55, 55], [150.0, 150.0])}
    kept = Chart.from_columns(seen, ["ill", "well"], {"acute_gvhd": ([0], [30])})
    ill, well = (by(outlook(kept, PLAN, 60, patient=name, course=told), "relapse", 180) for name in ("ill", "well"))
    assert ill > 85 and well < 1
    for later in ({}, {"acute_gvhd": ([0], [80])}):  # what comes after the landmark is not looked at
        unknown = outlook(chart(**later), PLAN, 60, course=told)
        assert by(unknown, "relapse", 180) == pytest.approx(50, abs=1) and "worst acute GVHD" not in unknown.used
