"""The pictures of one patient and of outcomes: what is drawn is what happened."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analyse.made import cohort, die, empty, put
from dayzero.analyse.outcomes import Outcomes, outcomes
from dayzero.errors import InputError
from dayzero.present.figures import course_figure, outcomes_figure, save, timeline_figure
from dayzero.present.plot import plot
from dayzero.simulation.course import Course
from dayzero.simulation.observe import observe


@pytest.fixture(scope="module")
def course() -> Course:
    return cohort(patients=60, days=365)


@pytest.fixture(scope="module")
def table(course: Course) -> Outcomes:
    return outcomes(course)


def someone(course: Course, *, dead: bool) -> int:
    """A patient with GVHD of grade II or more, of the living or the dead."""
    died = np.isfinite(course.deaths()[0])
    return int(np.flatnonzero((course.ward_gvhd_grade.max(axis=1) >= 2) & (died == dead))[0])


def words(thing: Axes | Figure) -> list[str]:
    return [text.get_text() for text in thing.texts]


def names(axes: Axes) -> list[str]:
    return [label.get_text() for label in axes.get_yticklabels()]


def panel(figure: Figure, label: str) -> Axes:
    return next(axes for axes in figure.axes if axes.get_ylabel().startswith(label))


def test_a_row_stands_for_every_drug_given_and_for_every_kind_of_event(course: Course) -> None:
    row = someone(course, dead=False)
    figure, chart = timeline_figure(course, row), observe(course.only([row]))
    drugs, events = names(figure.axes[0]), names(figure.axes[-1])
    assert {"fludarabine", "busulfan", "methotrexate", "tacrolimus", "steroid", "quinolone"} <= set(drugs)
    assert ("letermovir" in drugs) == bool(len(chart.column("letermovir").day))
    for kind, word in (("bacteremia", "bacteremia"), ("chronic_gvhd", "chronic GVHD"), ("vod", "VOD")):
        assert (word in events) == bool(len(chart.column(kind).day)), kind


def test_bars_are_as_long_as_the_drug_was_given() -> None:
    course = empty(days=60)
    for day in range(10, 25):
        put(course, 0, day, "steroid_mg_per_kg", 2.0 if day < 15 else 1.0)
    figure = timeline_figure(course, 0)
    row = names(figure.axes[0]).index("steroid")
    bars = [path.get_extents() for c in figure.axes[0].collections for path in c.get_paths()]
    steroid = [bar for bar in bars if row - 0.5 < bar.y0 < row + 0.5]
    assert [(bar.x0, bar.x1) for bar in steroid] == [(9.5, 14.5), (14.5, 24.5)]
    assert steroid[1].height == pytest.approx(steroid[0].height / 2, abs=0.01)


def test_gvhd_is_drawn_as_high_as_its_grade() -> None:
    course = empty(days=60)
    for day, grade in ((20, 2), (26, 3), (33, 0)):
        course.values["ward_gvhd_grade"][0, day - course.days[0] :] = grade
    axes = panel(timeline_figure(course, 0), "GVHD")
    boxes = [path.get_extents() for c in axes.collections for path in c.get_paths()]
    assert [(box.x0, box.x1, box.y1) for box in boxes] == [(19.5, 25.5, 2), (25.5, 32.5, 3)]
    assert names(axes) == ["0", "I", "II", "III", "IV"]


def test_relapse_and_death_go_through_all_panels_and_end_the_picture() -> None:
    course = empty(days=100)
    put(course, 0, 40, "event_relapse")
    die(course, 0, 70, "relapse_death")
    figure = timeline_figure(course, 0)
    for axes in figure.axes:
        days = [np.asarray(line.get_xdata()) for line in axes.lines]
        assert {0, 40, 70.5} <= {day[0] for day in days if len(day) == 2 and day[0] == day[1]}
    assert max(axes.get_xlim()[1] for axes in figure.axes) == 74.5
    assert {"infusion", "relapse", "†"} <= set(words(figure.axes[0]))
    assert any("died on day 70: the disease itself" in text for text in words(figure))


def test_points_are_what_was_reported_and_open_at_a_limit(course: Course) -> None:
    row = someone(course, dead=True)
    own = observe(course.only([row])).series(str(row), "neutrophils")
    axes = panel(timeline_figure(course, row), "Counts")
    drawn = [line for line in axes.lines if line.get_marker() == "o" and line.get_color() == "#0072B2"]
    filled, limited = (next(line for line in drawn if (line.get_markerfacecolor() == "white") == at) for at in (0, 1))
    assert np.asarray(filled.get_xdata()).tolist() == own.days[own.limits == 0].tolist()
    assert np.asarray(limited.get_xdata()).tolist() == own.days[own.limits != 0].tolist()


def test_a_long_course_draws_later_days_closer_and_says_so(course: Course) -> None:
    row = someone(course, dead=False)
    figure = timeline_figure(course, row)
    place = figure.axes[-1].transData.transform([(0, 0), (60, 0), (120, 0)])[:, 0]
    assert place[2] - place[1] < 0.5 * (place[1] - place[0])
    assert any("after day 60 days closer together" in text for text in words(figure))
    short = timeline_figure(empty(days=100), 0)
    assert not any("closer" in text for text in words(short))


def test_a_patient_of_their_own_cells_has_neither_gvhd_nor_chimerism() -> None:
    figure = timeline_figure(empty("auto-mel200-myeloma", days=60), 0)
    assert not any(axes.get_ylabel().startswith(("GVHD", "Donor")) for axes in figure.axes)


def test_what_was_not_recorded_is_not_drawn() -> None:
    course = empty(days=60)
    few = {name: course.values[name] for name in ("alive", "died_of")}
    bare = type(course)(course.patients, course.days, few, course.covariates, course.flags, course.record)
    assert len(timeline_figure(bare, 0).axes) == 1


def test_a_patient_that_is_not_there_is_refused_in_one_sentence(course: Course) -> None:
    with pytest.raises(InputError, match=r"timeline: patient: got 99, expected a patient of this course, 0 to 59"):
        timeline_figure(course, 99)


@pytest.mark.parametrize("dead", [False, True])
def test_nothing_of_a_timeline_is_drawn_outside_the_page(course: Course, dead: bool) -> None:
    figure = timeline_figure(course, someone(course, dead=dead))
    for text in [*figure.texts, *(text for axes in figure.axes for text in axes.texts)]:
        box = text.get_window_extent()
        assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1, text.get_text()


def test_lines_of_outcomes_end_at_their_estimates(table: Outcomes) -> None:
    figure = outcomes_figure(table)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles[:3] == ["Survival", "Relapse and non-relapse mortality", "Graft-versus-host disease"]
    first = figure.axes[0].lines[0]
    assert np.asarray(first.get_ydata())[-1] == pytest.approx(table["overall_survival"].at(365).percent)
    assert any(f"overall  {table['overall_survival'].at(365).percent:.0f} %" in text for text in words(figure.axes[0]))


def test_patients_at_risk_stand_under_every_line(table: Outcomes) -> None:
    axes = outcomes_figure(table).axes[0]
    counted = [int(text) for text in words(axes) if text.isdigit()]
    ticks = [int(tick) for tick in axes.get_xticks() if 0 <= tick <= 365]
    at_risk = [table[name].counts.at_risk for name in ("overall_survival", "relapse_free_survival", "grfs")]
    assert counted == [int(line[day]) for line in at_risk for day in ticks]


def test_causes_of_death_are_all_there(table: Outcomes) -> None:
    axes = outcomes_figure(table).axes[-1]
    died = sum(row.deaths for row in table.deaths)
    assert axes.get_title(loc="left") == f"Causes of death ({died} of 60 patients)"
    assert [text.strip() for text in words(axes)] == [str(row.deaths) for row in table.deaths]


def test_outcomes_of_people_who_all_live_are_drawn_too(tmp_path: Path) -> None:
    figure = outcomes_figure(outcomes(empty(days=120)))
    assert save(figure, tmp_path / "x.png").stat().st_size > 1000
    assert [axes.get_title(loc="left") for axes in figure.axes][-1] == "Causes of death (0 of 4 patients)"


def test_one_verb_draws_a_course_a_patient_and_outcomes(course: Course, table: Outcomes) -> None:
    assert plot(course, timeline=3).get_suptitle().startswith("Patient 3:")
    assert plot(table).get_suptitle().startswith("Outcomes:")
    with pytest.raises(InputError, match="a course or its outcomes"):
        plot("course")  # type: ignore[arg-type]


def test_the_fan_is_of_those_alive() -> None:
    course = empty(days=60, neutrophils=np.full((4, 69), 3.0))
    die(course, 0, 20)
    course.values["neutrophils"][0, course.days > 20] = 500.0
    axes = panel(course_figure(course), "Neutrophils")
    assert np.asarray(axes.lines[0].get_ydata()).max() == 3.0
    assert axes.get_ylim()[1] < 100


def test_shares_of_orders_are_of_those_alive() -> None:
    course = empty(days=60)
    put(course, 0, 30, "steroid_mg_per_kg", 1.0)
    for row in (1, 2):
        die(course, row, 10)
    strip = course_figure(course).axes[0]
    assert names(strip)[-1] == "steroid (share)"
    assert words(strip)[-1] == "peak 50 %"
