from __future__ import annotations

import sys
import warnings
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from dayzero.analyse.survival import DayCounts
from dayzero.criteria.engraftment import neutrophil_engraftment, platelet_engraftment
from dayzero.errors import DomainWarning, InputError
from dayzero.present.figures import (
    DISCLAIMER,
    course_figure,
    engraftment_figure,
    incidence_figure,
    observed_predicted_figure,
    record_line,
    save,
)
from dayzero.records.chart import Chart
from dayzero.simulation.cohort import simulate
from dayzero.simulation.course import Course
from dayzero.simulation.observe import observe


def simulated(plan: str) -> Course:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DomainWarning)
        return simulate(plan, patients=16, days=60)


@pytest.fixture(scope="module")
def course() -> Course:
    return simulated("aml-sibling-pbsc")


@pytest.fixture(scope="module")
def figure(course: Course) -> Figure:
    return course_figure(course)


def panel(figure: Figure, name: str) -> Axes:
    return next(axes for axes in figure.axes if axes.get_ylabel().startswith(name))


def words(thing: Any) -> list[str]:
    return [text.get_text() for text in thing.texts]


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def points(axes: Axes, *, filled: bool) -> np.ndarray:
    """(day, value) rows of the reported values drawn filled or open."""
    own = [line for line in axes.lines if line.get_marker() == "o"]
    chosen = [line for line in own if (line.get_markerfacecolor() != "white") == filled]
    return np.vstack([line.get_xydata() for line in chosen])


def test_panels_share_the_day_axis_and_name_their_units(figure: Figure) -> None:
    labels = [axes.get_ylabel().replace("\n", " ") for axes in figure.axes]
    assert labels == ["", "Neutrophils (10⁹/L)", "Platelets (10⁹/L)", "Hemoglobin (g/dL)",
                      "Donor chimerism, myeloid (%)", "Transfused (% patients)"]  # fmt: skip
    assert figure.axes[-1].get_xlabel() == "Days from infusion"
    assert len({axes.get_xlim() for axes in figure.axes}) == 1
    assert panel(figure, "Neutrophils").get_yscale() == panel(figure, "Platelets").get_yscale() == "log"
    assert panel(figure, "Hemoglobin").get_yscale() == "linear"


@pytest.mark.parametrize(
    ("name", "thresholds", "labels"),
    [
        ("Neutrophils", [0.5, 1.0], ["0.5 recovery", "1.0 recovery"]),
        ("Platelets", [20, 50, 10], ["20 recovery", "50 recovery", "10 transfusion"]),
        ("Hemoglobin", [7], ["7 transfusion"]),
    ],
)
def test_thresholds_are_drawn_and_labelled(figure: Figure, name: str, thresholds: list, labels: list) -> None:
    axes = panel(figure, name)
    level = [float(np.asarray(line.get_ydata())[0]) for line in axes.lines if np.ptp(np.asarray(line.get_ydata())) == 0]
    assert set(thresholds) <= set(level)
    assert set(labels) <= set(words(axes))


def test_bands_are_monotone_and_the_median_lies_inside(course: Course, figure: Figure) -> None:
    axes = panel(figure, "Platelets")
    wide, narrow = (c.get_paths()[0] for c in axes.collections if isinstance(c, PolyCollection))
    median = np.asarray(axes.lines[0].get_ydata())
    for column, day in enumerate(course.days):
        outer = wide.vertices[wide.vertices[:, 0] == day, 1]
        inner = narrow.vertices[narrow.vertices[:, 0] == day, 1]
        assert outer.min() <= inner.min() <= median[column] <= inner.max() <= outer.max()
    alive = np.where(course.living, course.platelets.astype(float), np.nan)
    np.testing.assert_allclose(median, np.nanmedian(alive, axis=0), rtol=1e-6)


def test_the_strip_names_every_drug_with_its_dose_and_the_infusion(figure: Figure) -> None:
    strip = figure.axes[0]
    names = [label.get_text() for label in strip.get_yticklabels()]
    assert names[:5] == ["busulfan", "cyclophosphamide", "mobilised blood, CD34", "methotrexate", "tacrolimus"]
    assert words(strip)[:5] == ["3.2 mg/kg × 4", "60 mg/kg × 2", "5 × 10⁶/kg", "15, 10, 10, 10 mg/m²", "to day 180"]
    assert all(name.endswith("(share)") for name in names[5:])
    assert [0] in [np.asarray(line.get_xdata()).tolist() for line in strip.lines if line.get_marker() == "v"]


def test_every_shipped_kind_of_treatment_has_its_row() -> None:
    rows = {}
    for plan in ("haplo-marrow-ptcy", "double-cord"):
        strip = course_figure(simulated(plan)).axes[0]
        rows |= dict(zip([t.get_text() for t in strip.get_yticklabels()], words(strip), strict=True))
    assert rows["TBI"] == "13.2 Gy in 8"
    assert rows["PTCy"] == "50 mg/kg × 2"
    assert rows["cord blood, CD34"] == "0.13 + 0.1 × 10⁶/kg"
    assert rows["G-CSF (share)"] == "5 µg/kg a day"
    assert "mycophenolate" in rows


def test_an_autologous_course_shows_no_chimerism() -> None:
    labels = [axes.get_ylabel() for axes in course_figure(simulated("auto-mel200-myeloma")).axes]
    assert len(labels) == 5
    assert not any("chimerism" in label for label in labels)


def test_the_shares_transfused_are_those_of_the_course(course: Course, figure: Figure) -> None:
    bars = [patch.get_height() for patch in figure.axes[-1].patches]  # pyright: ignore[reportAttributeAccessIssue]
    share = lambda given: 100 * ((given > 0) & course.living).sum(axis=0) / course.living.sum(axis=0)  # noqa: E731
    np.testing.assert_allclose(bars[: len(course.days)], share(course.platelet_units))
    np.testing.assert_allclose(bars[len(course.days) :], -share(course.red_cell_units))


def test_the_run_record_and_the_disclaimer_are_at_the_foot(course: Course, figure: Figure) -> None:
    digest = course.record["plans"][0]["sha256"][:12]
    engine = course.record["engine"]
    line = f"dayzero 0.1.0 · plan aml-sibling-pbsc · sha256 {digest} · seed 1 · 16 patients · {engine} float32"
    assert record_line(course.record) == line
    foot = next(text for text in words(figure) if line in text)
    assert DISCLAIMER in foot
    assert all(sentence.split(",")[0] in foot for sentence in course.record["warnings"])


def test_one_patient_is_drawn_over_the_fan_with_what_was_reported_and_given(course: Course) -> None:
    figure, own = course_figure(course, patient=3), observe(course).patient("3")
    assert {"patient 3, true", "reported", "at detection limit"} <= set(legend(figure))
    for name, quantity in (("Neutrophils", "neutrophils"), ("Platelets", "platelets"), ("Hemoglobin", "hemoglobin")):
        seen, axes = own.series("3", quantity), panel(figure, name)
        np.testing.assert_allclose(points(axes, filled=True)[:, 1], seen.values[seen.limits == 0])
        assert len(points(axes, filled=False)) == (seen.limits != 0).sum()
        assert any(np.array_equal(line.get_ydata(), course.values[quantity][3]) for line in axes.lines)
    given = next(line for line in panel(figure, "Platelets").lines if line.get_marker() == "v")
    assert np.asarray(given.get_xdata()).tolist() == own.column("platelet_transfusion").day.tolist()


def test_measured_values_at_a_limit_or_below_the_axis_are_open_and_stay_inside(course: Course) -> None:
    days, values, limits = [5, 9, 14, 200], [0.0, 0.1, 0.6, 5.0], [0, -1, 0, 0]
    chart = Chart.from_columns({"neutrophils": ([0] * 4, days, values, limits)}, ["child"])
    axes = panel(course_figure(course, chart=chart), "Neutrophils")
    assert points(axes, filled=False).tolist() == [[5, 0.01], [9, 0.1]]
    assert points(axes, filled=True).tolist() == [[14, 0.6]]


def test_linear_axes_start_at_zero(course: Course) -> None:
    axes = panel(course_figure(course, log=False), "Neutrophils")
    assert axes.get_yscale() == "linear"
    assert axes.get_ylim()[0] == 0


def test_a_patient_or_chart_that_cannot_be_shown_is_refused_in_one_sentence(course: Course) -> None:
    with pytest.raises(InputError, match=r"patient: got 99, expected a patient of this course, 0 to 15"):
        course_figure(course, patient=99)
    with pytest.raises(InputError, match="expected one patient"):
        course_figure(course, chart=observe(course))


def test_labels_in_the_margin_do_not_touch(figure: Figure) -> None:
    for axes in figure.axes[1:]:
        boxes = sorted((text.get_window_extent() for text in axes.texts), key=lambda box: box.y0)
        assert all(above.y0 - below.y0 >= 0.9 * below.height for below, above in pairwise(boxes))


def test_nothing_is_drawn_outside_the_page(course: Course) -> None:
    figure = course_figure(course, patient=3)
    page = figure.bbox
    for text in [*figure.texts, *(text for axes in figure.axes for text in axes.texts)]:
        box = text.get_window_extent()
        assert page.x0 <= box.x0 and box.x1 <= page.x1, text.get_text()


def test_engraftment_lines_end_in_their_name_and_median_day(course: Course) -> None:
    chart = observe(course)
    judged = [neutrophil_engraftment(chart), platelet_engraftment(chart), platelet_engraftment(chart, 50)]
    figure = engraftment_figure(judged, chart, record=course.record)
    axes = figure.axes[0]
    assert axes.get_ylabel() == "Cumulative incidence of engraftment (%)"
    median = int(np.sort(judged[0].day)[7])
    assert any(text.startswith(f"neutrophils ≥ 0.5\nmedian day {median} (") for text in words(axes))
    assert {"platelets ≥ 20", "platelets ≥ 50", "still waiting"} <= set(words(axes))
    assert len({str(line.get_linestyle()) for line in axes.lines}) == 3
    assert "death, second graft" in " ".join(words(figure))


def test_a_line_nobody_counts_for_says_so() -> None:
    counts = {"platelets ≥ 20": DayCounts.of([], []), "neutrophils ≥ 0.5": DayCounts.of([12, 14], ["engraftment", ""])}
    figure = incidence_figure(counts, title="Engraftment", left_out={"platelets ≥ 20": 2})
    assert "platelets ≥ 20\nnobody counted" in words(figure.axes[0])
    assert "not counted" in words(figure.axes[0])
    assert any("measured data, no simulation" in text for text in words(figure))


@pytest.mark.parametrize("log", [False, True])
def test_predictions_are_drawn_against_observations_by_group(log: bool) -> None:
    groups = ["marrow", "marrow", "cord blood", "cord blood"]
    figure = observed_predicted_figure([12, 15, 24, np.nan], [13, 14, 26, 20], groups, title="Children", log=log)
    axes = figure.axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Observed (days)", "Predicted (days)")
    assert axes.get_xlim() == axes.get_ylim()
    assert axes.get_xscale() == ("log" if log else "linear")
    drawn = {line.get_label(): line.get_xydata() for line in axes.lines if "(" in str(line.get_label())}
    assert drawn["marrow (2)"].tolist() == [[12, 13], [15, 14]]
    assert drawn["cord blood (1)"].tolist() == [[24, 26]]
    said = "3 patients; error: mean +0.7, mean absolute 1.3 days; 1 without both values left out"
    assert said in words(figure)


def test_no_pair_to_draw_is_refused() -> None:
    with pytest.raises(InputError, match="no pair to draw"):
        observed_predicted_figure([np.nan], [12], title="Children")


def test_drawing_changes_no_setting_and_opens_no_window(course: Course, tmp_path: Path) -> None:
    pyplot = sys.modules.get("matplotlib.pyplot")
    before, open_figures = dict(mpl.rcParams), pyplot.get_fignums() if pyplot else []
    save(course_figure(course, patient=3), tmp_path / "course.png")
    assert dict(mpl.rcParams) == before
    after = sys.modules.get("matplotlib.pyplot")
    assert (after.get_fignums() if after else []) == open_figures


@pytest.mark.parametrize(("name", "start"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("a.PDF", b"%PDF")])
def test_a_figure_is_kept_whole_and_again_the_same(figure: Figure, tmp_path: Path, name: str, start: bytes) -> None:
    first = save(figure, tmp_path / name).read_bytes()
    assert first.startswith(start)
    assert save(figure, tmp_path / name).read_bytes() == first
    assert [path.name for path in tmp_path.iterdir()] == [name]
    if name.endswith("svg"):
        assert b"Days from infusion" in first


def test_an_unknown_ending_or_folder_is_refused_and_nothing_is_left(figure: Figure, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"got 'a\.bmp', expected a PNG, SVG or PDF; let the name end in"):
        save(figure, tmp_path / "a.bmp")
    with pytest.raises(InputError, match="a folder that exists"):
        save(figure, tmp_path / "nowhere" / "a.png")
    assert list(tmp_path.iterdir()) == []


def test_a_picture_that_fails_leaves_the_old_one(
    figure: Figure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = save(figure, tmp_path / "a.png")
    before = kept.read_bytes()

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OSError, match="disk full"):
        save(figure, kept)
    assert kept.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
