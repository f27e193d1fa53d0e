"""The timeline of one patient: counts, chimerism, GVHD, infections, toxicity and every drug, one below the other.

What is drawn as a line is true, what is drawn as points was reported; where the truth was not recorded, a thin line
joins the points. Days after day 60 of a long course are drawn
closer together, so that the first two months have half the page.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator

from dayzero.analyse.outcomes import CAUSE_WORDS
from dayzero.errors import InputError
from dayzero.present.bedside import drug_lanes, event_lanes
from dayzero.present.page import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    VERMILLION,
    end_labels,
    foot,
    frame,
    styled,
)
from dayzero.present.treatment import draw_lanes
from dayzero.records import Chart
from dayzero.simulation.course import Course
from dayzero.simulation.laboratory import ASSAYS
from dayzero.simulation.observe import observe, plans_of

BREAK, LONG = 60, 150  # where days begin to be drawn closer, in a course longer than
GRADES = ("#F6D5BF", "#EBA67A", VERMILLION, "#8C3D00")
ROMAN = ("", "I", "II", "III", "IV")
LANE, GAP = 0.165, 0.16  # inches


class Trace(NamedTuple):
    """One line of a panel: true quantity, what it is reported as, word, colour, factor."""

    quantity: str
    reported: str
    word: str
    colour: str
    scale: float = 1.0
    style: Any = "-"


class Panel(NamedTuple):
    """One panel of lines: label, inches, limits, ticks, dotted levels; shown if anything ever lies above ``from_``."""

    label: str
    height: float
    traces: tuple[Trace, ...]
    limits: tuple[float, float]
    ticks: tuple[float, ...]
    levels: tuple[float, ...] = ()
    log: bool = False
    from_: float = -np.inf


PANELS = (
    Panel("Counts\n(10⁹/L)", 1.9, (
        Trace("platelets", "platelets", "platelets", ORANGE), Trace("neutrophils", "neutrophils", "neutrophils", BLUE),
        Trace("cd4", "cd4", "CD4 cells", PURPLE, 1.0, (0, (1.2, 1.2))),
    ), (0.01, 600), (0.01, 0.1, 0.5, 1, 20, 100), (0.5, 20), True),
    Panel("Donor cells\n(%)", 0.75, (
        Trace("myeloid_donor_fraction", "donor_chimerism_myeloid", "myeloid", BLUE, 100),
        Trace("t_donor_fraction", "donor_chimerism_t_cell", "T cells", PURPLE, 100, (0, (4, 1.5))),
    ), (-4, 104), (0, 50, 100)),
    Panel("Liver, kidney\n(mg/dL)", 0.75, (
        Trace("bilirubin", "bilirubin", "bilirubin", ORANGE), Trace("creatinine", "creatinine", "creatinine", GREEN),
    ), (0, 3), (0, 1, 2), (2,)),
    Panel("Temperature\n(°C)", 0.6, (Trace("temperature", "temperature", "", VERMILLION),), (36, 40.5), (37, 38, 40),
          (38,)),
    Panel("Weight\ngained (%)", 0.5, (Trace("weight_gain", "weight_gain", "", INK),), (-12, 12), (-10, 0, 10), (0, 5),
          from_=5),
    Panel("Oxygen\n(L/min)", 0.45, (Trace("oxygen_need", "oxygen_need", "", INK),), (0, 6), (0, 5), from_=0.5),
    Panel("CMV\n(IU/mL)", 0.6, (Trace("cmv_load", "cmv_dna", "", GREEN),), (10, 1e5), (10, 1000, 1e5), (1000,), True,
          35),
    Panel("Rash\n(% of skin)", 0.5, (Trace("rash", "rash", "", PURPLE),), (0, 100), (0, 25, 50, 100), (25, 50),
          from_=5),
    Panel("Stool\n(mL/d)", 0.5, (Trace("stool_volume", "stool_volume", "", PURPLE),), (0, 1600), (0, 500, 1500),
          (500,), from_=500),
)  # fmt: skip


def timeline_figure(course: Course, patient: object) -> Figure:
    """The timeline of one patient of a course, from admission to the last day or death.

    Parameters
    ----------
    patient : one of ``course.patients``.

    Raises
    ------
    InputError : no such patient.
    """
    found = np.flatnonzero(course.patients.astype(str) == str(patient))
    if not len(found):
        span = f"a patient of this course, {course.patients[0]} to {course.patients[-1]}"
        raise InputError("timeline", "patient", repr(patient), span, "name one of them")
    own = course.only(found[:1])
    plan, chart, (died, cause) = plans_of(own)[0], observe(own), own.deaths()
    drugs, events = drug_lanes(own, plan, chart), event_lanes(chart)
    panels = [panel for panel in PANELS if _is_worth(panel, own, plan.allogeneic)]
    has_gvhd = plan.allogeneic and "ward_gvhd_grade" in own.values
    heights = [LANE * len(drugs), *(p.height for p in panels), *[0.8] * has_gvhd, *[LANE * len(events)] * bool(events)]
    with styled():
        figure = Figure(figsize=(9.5, 1.0))
        low = 0.5 + 0.115 * len(foot(figure, own.record))
        tall = sum(heights) + GAP * (len(heights) - 1) + low + 0.95
        figure.set_figheight(tall)
        axes = _stack(figure, heights, tall)
        last = int(own.days[-1]) if np.isinf(died[0]) else min(int(own.days[-1]), int(died[0]) + 4)
        for each in axes:
            _days_axis(each, int(own.days[0]), last, each is axes[-1])
        draw_lanes(axes[0], drugs)
        _ticks(axes[0], bare=True)
        for each, panel in zip(axes[1:], panels, strict=False):
            _panel(each, panel, own, chart)
        if has_gvhd:
            _gvhd(axes[1 + len(panels)], own)
        if events:
            draw_lanes(axes[-1], events)
        _ticks(axes[-1], bare=False)
        _marks(axes, own, chart, float(died[0]))
        frame(figure, f"Patient {patient}: {plan.title or plan.name}", own.record)
        figure.text(0.02, 1 - 0.42 / tall, _who(own, died, cause), fontsize=8, va="center")
        words = "lines: true; points: as reported" + f"; after day {BREAK} days closer together" * (last > LONG)
        figure.text(0.98, 1 - 0.42 / tall, words, fontsize=7, va="center", ha="right", color=GREY)
    return figure


def _stack(figure: Figure, heights: list[float], tall: float) -> list[Axes]:
    """Axes below one another, each of its height in inches."""
    axes, top = [], tall - 0.72
    for height in heights:
        axes.append(figure.add_axes((0.155, (top - height) / tall, 0.695, height / tall)))
        top -= height + GAP
    return axes


def _days_axis(axes: Axes, first: int, last: int, bottom: bool) -> None:
    """Days from admission; those after `BREAK` closer together where there are many."""
    if last > LONG:
        squeeze = (BREAK - first) / (last - BREAK)
        forward = lambda x: np.where(x > BREAK, BREAK + (x - BREAK) * squeeze, x)  # noqa: E731
        back = lambda x: np.where(x > BREAK, BREAK + (x - BREAK) / squeeze, x)  # noqa: E731
        axes.set_xscale("function", functions=(forward, back))
        step = next(s for s in (30, 60, 100, 200, 365, 730) if (last - BREAK) / s <= 7)
        late = [day for day in range(step, last + 1, step) if day - BREAK > step / 2]
        axes.xaxis.set_major_locator(FixedLocator([0, 10, 20, 30, 40, 50, 60, *late]))
    else:
        step = next(s for s in (5, 7, 10, 14, 30) if (last - first) / s <= 14)
        axes.xaxis.set_major_locator(FixedLocator(list(range(-(-first // step) * step, last + 1, step))))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(first - 0.5, last + 0.5)
    axes.tick_params(axis="x", labelbottom=bottom)
    if bottom:
        axes.set_xlabel("Days from infusion")


def _ticks(axes: Axes, *, bare: bool) -> None:
    axes.tick_params(axis="x", length=0 if bare else 3, labelbottom=not bare)
    axes.spines["bottom"].set_visible(not bare)


def _is_worth(panel: Panel, course: Course, allogeneic: bool) -> bool:
    """Whether a panel has something to show: recorded, of a donor, and out of the ordinary where that is asked."""
    living, most = course.living, [-np.inf]
    for trace in panel.traces:
        seen = course.flags[ASSAYS[trace.reported].visit] & living
        for name, here, scale in ((trace.quantity, living, trace.scale), (f"reported_{trace.reported}", seen, 1.0)):
            if name in course.values and here.any():
                most.append(float(course.values[name][here].max()) * scale)
    return max(most) > panel.from_ and (allogeneic or not panel.label.startswith("Donor"))


def _panel(axes: Axes, panel: Panel, course: Course, chart: Chart) -> None:
    """Lines of what was true, points of what was reported (open at a limit), levels dotted, names at the end."""
    living, ends, (low, high) = course.living[0], [], panel.limits
    for trace in panel.traces:
        seen, end = chart.series(chart.patients[0], trace.reported), np.nan
        for limited, face in ((False, trace.colour), (True, "white")):
            chosen = (seen.limits != 0) == limited
            axes.plot(seen.days[chosen], np.maximum(seen.values[chosen], low), "o", color=trace.colour, ms=2.1, mew=0.6,
                      markerfacecolor=face, clip_on=False)  # fmt: skip
        if len(seen.values):
            high, end = max(high, 1.05 * float(seen.values.max())), float(seen.values[-1])
        if trace.quantity in course.values:
            true = np.where(living, course.values[trace.quantity][0].astype(float) * trace.scale, np.nan)
            axes.plot(course.days, np.maximum(true, low), color=trace.colour, linewidth=1.1, linestyle=trace.style)
            high, end = max(high, 1.05 * float(np.nanmax(true))), float(true[living][-1])
        elif len(seen.values):
            axes.plot(seen.days, np.maximum(seen.values, low), color=trace.colour, linewidth=0.5, alpha=0.6)
        if trace.word and np.isfinite(end):
            ends.append((max(end, low), trace.word))
    for level in panel.levels:
        axes.axhline(level, color=GREY, linewidth=0.6, linestyle=(0, (2, 2)))
    if panel.log:
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylim(low, high)
    words = {1e3: "10³", 1e5: "10⁵"} if panel.log else {}
    axes.set_yticks(panel.ticks, [words.get(tick, f"{tick:g}") for tick in panel.ticks])
    _label(axes, panel.label)
    if not ends:
        return
    end_labels(axes, ends)
    for text, (_, word) in zip(axes.texts, sorted(ends, key=lambda end: end[0]), strict=False):
        text.set_color(next(t.colour for t in panel.traces if t.word == word))


def _label(axes: Axes, words: str) -> None:
    axes.set_ylabel(words, rotation=0, ha="right", va="center", multialignment="right")
    axes.yaxis.set_label_coords(-0.056, 0.5)


def _gvhd(axes: Axes, course: Course) -> None:
    """Acute grade as filled steps, darker with the grade; chronic severity hatched: 1 mild, 2 moderate, 3 severe."""
    days, living = course.days, course.living[0]
    grade = np.where(living, course.values["ward_gvhd_grade"][0], 0).astype(int)
    for level, run in groupby(enumerate(grade.tolist()), key=lambda pair: pair[1]):
        columns = [at for at, _ in run]
        if level > 0:
            axes.broken_barh([(days[columns[0]] - 0.5, len(columns))], (0, level), color=GRADES[level - 1], linewidth=0)
    ends = [(float(max(grade.max(), 1)) / 2, "acute, grade")] if grade.any() else []
    if "chronic_gvhd" in course.values:
        severity = np.where(living, course.values["chronic_gvhd"][0], 0)
        if severity.max() > 0:
            axes.fill_between(days, 0, severity, facecolor="none", edgecolor=PURPLE, hatch="////", linewidth=0.8)
            ends.append((float(severity[living][-1]), "chronic: 1 mild,\n2 moderate, 3 severe"))
    axes.set_ylim(0, 4.15)
    axes.set_yticks(range(5), [str(at) if at == 0 else ROMAN[at] for at in range(5)])
    _label(axes, "GVHD")
    end_labels(axes, ends or [(0.4, "none")])
    for text in axes.texts:
        text.set_color({"a": GRADES[3], "c": PURPLE}.get(text.get_text()[0], GREY))


def _marks(axes: list[Axes], course: Course, chart: Chart, died: float) -> None:
    """Infusion, relapse and death through all panels; what lies behind a death is grey."""
    relapse = float(chart.first_event("relapse")[0])
    for each in axes:
        each.axvline(0, color=GREY, linewidth=0.6)
        if each.get_xlim()[1] > LONG:
            each.axvline(BREAK, color="#BBBBBB", linewidth=0.6, linestyle=(0, (1, 2)), zorder=0)
        if np.isfinite(relapse):
            each.axvline(relapse, color=VERMILLION, linewidth=0.9, linestyle=(0, (4, 2)))
        if np.isfinite(died):
            each.axvspan(died + 0.5, each.get_xlim()[1], color="#DDDDDD", linewidth=0, zorder=0)
            each.axvline(died + 0.5, color=INK, linewidth=1.4)
    labels = [(0.0, "infusion", GREY)]
    labels += [(relapse, "relapse", VERMILLION)] * bool(np.isfinite(relapse)) + [(died, "†", INK)] * bool(
        np.isfinite(died)
    )
    for day, word, colour in labels:
        axes[0].text(day, 1.0, word, transform=axes[0].get_xaxis_transform(), ha="center", va="bottom", fontsize=7,
                     color=colour)  # fmt: skip


def _who(course: Course, died: np.ndarray, cause: np.ndarray) -> str:
    """The patient in a line, and what became of them."""
    who = {name: float(value[0]) for name, value in course.covariates.items()}
    sex = ("woman" if who.get("male") == 0 else "man") if who.get("age_years", 0) >= 18 else "child"
    told = [f"{who['age_years']:.0f}-year-old {sex}"] if "age_years" in who else []
    told += [f"{who['weight_kg']:.0f} kg"] if "weight_kg" in who else []
    if np.isinf(died[0]):
        return ", ".join([*told, f"alive on day {course.days[-1]}"])
    word = CAUSE_WORDS.get(str(cause[0]), str(cause[0]).replace("_", " "))
    return ", ".join([*told, f"died on day {died[0]:.0f}: {word}"])
