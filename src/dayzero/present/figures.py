"""Pictures of a course, of one patient, of outcomes, and of prediction against observation, ready for print.

Colours are those of Okabe and Ito (2008), told apart by line style, marker or place as well, and named at the end of
the line. Every figure carries the run that made it. Figures are plain ``matplotlib.figure.Figure`` objects: nothing is
shown, and no setting of the process stays changed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MultipleLocator, NullFormatter

from dayzero.errors import InputError
from dayzero.present.endpoints import outcomes_figure
from dayzero.present.outcomes import engraftment_figure, incidence_figure, observed_predicted_figure
from dayzero.present.page import (
    BLUE,
    DISCLAIMER,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    VERMILLION,
    days_axis,
    end_labels,
    foot,
    frame,
    record_line,
    save,
    styled,
)
from dayzero.present.timeline import timeline_figure
from dayzero.present.treatment import draw_lanes, lanes_of
from dayzero.records import Chart
from dayzero.simulation.course import Course
from dayzero.simulation.observe import observe, plans_of
from dayzero.spec import Plan

__all__ = [
    "DISCLAIMER",
    "course_figure",
    "engraftment_figure",
    "incidence_figure",
    "observed_predicted_figure",
    "outcomes_figure",
    "record_line",
    "save",
    "timeline_figure",
]

FAN = ((5, 95, 0.16), (25, 75, 0.34))
OWN: dict[str, Any] = {"color": VERMILLION, "linewidth": 1, "linestyle": (0, (5, 1.2))}
REPORT: dict[str, Any] = {"color": INK, "marker": "o", "markersize": 2.9, "markeredgewidth": 0.7, "linestyle": ""}


class Panel(NamedTuple):
    """One quantity of the course figure; limits and ticks are those of its log axis, None where it has none."""

    quantity: str
    reported: str
    label: str
    scale: float = 1
    limits: tuple[float, float] | None = None
    ticks: tuple[float, ...] = ()
    thresholds: tuple[str, ...] = ()
    transfusion: str = ""


PANELS = (
    Panel("neutrophils", "neutrophils", "Neutrophils\n(10⁹/L)", 1, (0.01, 20), (0.01, 0.1, 1, 10), ("0.5", "1.0")),
    Panel("platelets", "platelets", "Platelets\n(10⁹/L)", 1, (2, 700), (3, 10, 30, 100, 300), ("20", "50"),
          "platelet_transfusion"),
    Panel("hemoglobin", "hemoglobin", "Hemoglobin\n(g/dL)", transfusion="red_cell_transfusion"),
    Panel("myeloid_donor_fraction", "donor_chimerism_myeloid", "Donor chimerism,\nmyeloid (%)", 100),
)  # fmt: skip


def course_figure(course: Course, *, log: bool = True, patient: object = None, chart: Chart | None = None) -> Figure:
    """The course of a cohort by day: treatment, counts, chimerism, transfusions.

    Parameters
    ----------
    course : true values are drawn as a fan over the patients alive that day: median, middle 50 % and 90 %.
    log : neutrophils and platelets on log axes.
    patient : one of ``course.patients``, drawn over the fan with what the laboratory reported and what was given.
    chart : measured values to draw instead of the simulated reports: of `patient`, or of its only patient.

    Examples
    --------
    >>> from dayzero.simulation.cohort import simulate
    >>> figure = course_figure(simulate("auto-mel200-myeloma", patients=4, days=30), patient=2)
    >>> [axes.get_ylabel().split("\\n")[0] for axes in figure.axes]
    ['', 'Neutrophils', 'Platelets', 'Hemoglobin', 'Transfused']
    """
    row = _row(course, patient, chart)
    measured = _measured(course, row, patient, chart)
    plan = plans_of(course)[row or 0]
    panels = [p for p in PANELS if p.quantity in course.values and (p.scale == 1 or plan.allogeneic)]
    lanes = lanes_of(plan, course)
    with styled():
        figure = Figure(figsize=(8, 9))
        parts = [3 if panel.limits else 2 for panel in panels]
        strip, last = 0.155 * len(lanes), 0.75
        heights = [strip, *(part * (7.2 - strip - last) / sum(parts) for part in parts), last]
        low = (0.6 + 0.115 * len(foot(figure, course.record))) / 9
        edges = {"left": 0.165, "right": 0.83, "top": 0.92, "bottom": low, "hspace": 0.13}
        grid = {"height_ratios": heights, **edges}
        top, *middle, bottom = figure.subplots(len(heights), 1, sharex=True, gridspec_kw=grid)
        top.set_xlim(course.days[0] - 0.5, course.days[-1])
        draw_lanes(top, lanes)
        for axes, panel in zip(middle, panels, strict=True):
            _panel(axes, panel, course, plan, log, row, measured)
        _given(bottom, course)
        days_axis(bottom, course.days[-1] - course.days[0])
        for axes in (*middle, bottom):
            axes.axvline(0, color=GREY, linewidth=0.6)
            axes.yaxis.set_label_coords(-0.11, 0.5)
        others = len(course.record["plans"]) - 1
        title = (plan.title or plan.name) + (f" (one of {others + 1} plans)" if others else "")
        who = "virtual patients" if course.living.all() else "while alive"
        own = f"patient {patient}, true" if row is not None else ""
        _key(figure, f"median of {len(course)} {who}", own, measured is not None)
        frame(figure, title, course.record)
    return figure


def _row(course: Course, patient: object, chart: Chart | None) -> int | None:
    found = np.flatnonzero(course.patients.astype(str) == str(patient))
    if patient is None or not (len(found) or chart is None):
        return None
    if not len(found):
        span = f"a patient of this course, {course.patients[0]} to {course.patients[-1]}"
        raise InputError("figure", "patient", repr(patient), span, "name one of them, or give a chart")
    return int(found[0])


def _measured(course: Course, row: int | None, patient: object, chart: Chart | None) -> Chart | None:
    """The chart of the one patient whose points are drawn."""
    if chart is not None:
        if patient is None and len(chart) != 1:
            raise InputError("figure", "chart", f"{len(chart)} patients", "one patient", "name one with patient=")
        return chart.patient(chart.patients[0] if patient is None else str(patient))
    if row is None:
        return None
    return observe(course.only([row]))


def _key(figure: Figure, median: str, own: str, measured: bool) -> None:
    handles: list[Any] = [
        Line2D([], [], color=BLUE, label=median),
        Patch(color=BLUE, alpha=0.5, label="middle 50 %"),
        Patch(color=BLUE, alpha=0.16, label="middle 90 %"),
    ]
    if own:
        handles.append(Line2D([], [], **OWN, label=own))
    if measured:
        handles.append(Line2D([], [], **REPORT, label="reported"))
        handles.append(Line2D([], [], **REPORT, markerfacecolor="white", label="at detection limit"))
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.02, 0.956), ncols=len(handles))


def _panel(axes: Axes, panel: Panel, course: Course, plan: Plan, log: bool, row: int | None,
           measured: Chart | None) -> None:  # fmt: skip
    """One quantity: fan, one patient, thresholds."""
    values = np.where(course.living, course.values[panel.quantity].astype(np.float64) * panel.scale, np.nan)
    for low, high, alpha in FAN:
        axes.fill_between(course.days, *_percentiles(values, [low, high]), color=BLUE, alpha=alpha, lw=0)
    median, widest = _percentiles(values, [50, 95])
    axes.plot(course.days, median, color=BLUE)
    if row is not None:
        axes.plot(course.days, values[row], **OWN)
    if panel.scale == 100:
        axes.set(ylim=(-3, 103), yticks=(0, 25, 50, 75, 100))
    elif panel.limits is not None and log:
        top = max(panel.limits[1], 1.1 * float(np.nanmax(widest)))
        axes.set(yscale="log", ylim=(panel.limits[0], top))
        axes.set_yticks(panel.ticks, [f"{tick:g}" for tick in panel.ticks])
        axes.yaxis.set_minor_formatter(NullFormatter())
    elif panel.limits is not None:
        axes.set_ylim(bottom=0)
    last = float(median[np.isfinite(median)][-1])
    ends = [(last, f"{last:.{int(last < 99.95)}f} median"), *_thresholds(axes, panel, plan)]
    axes.set_ylabel(panel.label)
    axes.tick_params(axis="x", labelbottom=False)
    end_labels(axes, ends + (_points(axes, panel, measured) if measured is not None else []))


def _percentiles(values: np.ndarray, wanted: list[float]) -> np.ndarray:
    """Percentiles over the patients alive each day, (wanted, days); nan where none is."""
    nobody = np.isnan(values).all(axis=0)
    found = np.nanpercentile(np.where(nobody, 0.0, values), wanted, axis=0)
    found[:, nobody] = np.nan
    return found


def _thresholds(axes: Axes, panel: Panel, plan: Plan) -> list[tuple[float, str]]:
    """Lines of recovery and of transfusion; their labels for the margin."""
    labels = []
    for threshold, dash in zip(panel.thresholds, ((0, (6, 2)), (0, (2, 2))), strict=False):
        axes.axhline(float(threshold), color=INK, linewidth=0.7, linestyle=dash)
        labels.append((float(threshold), f"{threshold} recovery"))
    policy: Any = getattr(plan.care, panel.transfusion, None)
    if policy is not None:
        trigger = getattr(policy, "trigger_1e9_per_l" if panel.quantity == "platelets" else "trigger_g_per_dl")
        axes.axhline(trigger, color=GREY, linewidth=0.6, linestyle=":")
        labels.append((trigger, f"{trigger:g} transfusion"))
    return labels


def _points(axes: Axes, panel: Panel, measured: Chart) -> list[tuple[float, str]]:
    """What the laboratory reported, open where it lies at a limit; triangles on the days of transfusions."""
    seen, (first, last) = measured.series(measured.patients[0], panel.reported), axes.get_xlim()
    inside = (seen.days >= first) & (seen.days <= last)
    low, high = axes.get_ylim() if panel.limits else (-np.inf, np.inf)
    if panel.limits and inside.any():
        axes.set_ylim(top=max(high, 1.1 * float(seen.values[inside].max())))
    limited = (seen.limits != 0) | (seen.values < low)
    for chosen, face in ((inside & ~limited, INK), (inside & limited, "white")):
        values = np.maximum(seen.values[chosen], low)
        axes.plot(seen.days[chosen], values, **REPORT, markerfacecolor=face, clip_on=False, zorder=4)
    given = measured.column(panel.transfusion).day if panel.transfusion else np.empty(0)
    given = given[(given >= first) & (given <= last)]
    axes.plot(given, [0.93] * len(given), "v", color=VERMILLION, ms=4, transform=axes.get_xaxis_transform())
    return [(axes.get_ylim()[1], "▼ transfused")] if len(given) else []


def _given(axes: Axes, course: Course) -> None:
    """Share of patients transfused by day: platelets upward, red cells downward."""
    tallest, living = 10.0, course.living
    for name, sign, colour in (("platelet_units", 1, ORANGE), ("red_cell_units", -1, PURPLE)):
        share = 100 * ((course.values[name] > 0) & living).sum(axis=0) / np.maximum(living.sum(axis=0), 1)
        axes.bar(course.days, sign * share, width=0.9, color=colour)
        tallest = max(tallest, float(share.max()))
    step = next(s for s in (10, 20, 50) if tallest <= 2 * s)
    top = 1.1 * max(tallest, step)
    axes.set_ylim(-top, top)
    axes.yaxis.set_major_locator(MultipleLocator(step))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{abs(value):g}"))
    axes.axhline(0, color=GREY, linewidth=0.6)
    axes.set_ylabel("Transfused\n(% patients)")
    end_labels(axes, [(top / 2, "platelets"), (-top / 2, "red cells")])
