"""Pictures of a course, of engraftment, and of prediction against observation, ready for print.

Colours are those of Okabe and Ito (2008), told apart by line style, marker or place as well, and named at the end of
the line. Every figure carries the run that made it. Figures are plain ``matplotlib.figure.Figure`` objects: nothing is
shown, and no setting of the process stays changed.
"""

from __future__ import annotations

import io
import os
import textwrap
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, MultipleLocator, NullFormatter
from numpy.typing import ArrayLike

from dayzero.analyse.survival import ENGRAFTMENT, DayCounts, Median, cumulative_incidence, engraftment_counts
from dayzero.criteria.result import Judgement
from dayzero.errors import InputError
from dayzero.records import Chart
from dayzero.simulation.course import Course
from dayzero.simulation.observe import observe, plans_of
from dayzero.spec import Plan
from dayzero.spec.conditioning import DrugCourse

STYLE = Path(__file__).with_name("style.mplstyle")
UNDATED: Mapping[str, dict[str, None]] = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
DISCLAIMER = "Research and teaching software; not a medical device."

BLUE, VERMILLION, GREEN, ORANGE, SKY, PURPLE = "#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7"
INK, GREY = "#222222", "#595959"
LINES = ((BLUE, "-"), (VERMILLION, "--"), (GREEN, "-."), (PURPLE, ":"), (ORANGE, (0, (6, 1, 1, 1, 1, 1))))
MARKERS = ((BLUE, "o"), (VERMILLION, "^"), (GREEN, "s"), (PURPLE, "D"), (ORANGE, "v"), (SKY, "P"), (INK, "x"))
FAN = ((5, 95, 0.16), (25, 75, 0.34))
OWN: Mapping[str, Any] = {"color": VERMILLION, "linewidth": 1, "linestyle": (0, (5, 1.2))}
REPORT: Mapping[str, Any] = {"color": INK, "marker": "o", "markersize": 2.9, "markeredgewidth": 0.7, "linestyle": ""}
WORDS = {"atg_thymoglobulin": "ATG (rabbit)", "atg_grafalon": "ATLG (rabbit)", "atg_horse": "ATG (horse)",
         "mobilised_blood": "mobilised blood", "cord": "cord blood", "total_body": "TBI", "total_lymphoid": "TLI",
         "anc_recovery": "neutrophils", "platelet_recovery": "platelets"}  # fmt: skip

_DRAWING = threading.RLock()  # matplotlib keeps its settings for the whole process


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

Bar = tuple[float, float, float]


class Lane(NamedTuple):
    """One row of the treatment strip: bars (first day, days, height 0 to 1), or triangles on days."""

    name: str
    amount: str
    bars: tuple[Bar, ...]
    colour: str
    hatch: str = ""
    marks: tuple[int, ...] = ()


def course_figure(course: Course, *, log: bool = True, patient: object = None, chart: Chart | None = None) -> Figure:
    """The course of a cohort by day: treatment, counts, chimerism, transfusions.

    Parameters
    ----------
    course : true values are drawn as a fan over the patients: median, middle 50 % and 90 %.
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
    lanes = _lanes(plan, course)
    with _styled():
        figure = Figure(figsize=(8, 9))
        parts = [3 if panel.limits else 2 for panel in panels]
        strip, last = 0.155 * len(lanes), 0.75
        heights = [strip, *(part * (7.2 - strip - last) / sum(parts) for part in parts), last]
        low = (0.6 + 0.115 * len(_foot(figure, course.record))) / 9
        edges = {"left": 0.165, "right": 0.83, "top": 0.92, "bottom": low, "hspace": 0.13}
        grid = {"height_ratios": heights, **edges}
        top, *middle, bottom = figure.subplots(len(heights), 1, sharex=True, gridspec_kw=grid)
        top.set_xlim(course.days[0] - 0.5, course.days[-1])
        _strip(top, lanes)
        for axes, panel in zip(middle, panels, strict=True):
            _panel(axes, panel, course, plan, log, row, measured)
        _given(bottom, course)
        _days_axis(bottom, course.days[-1] - course.days[0])
        for axes in (*middle, bottom):
            axes.axvline(0, color=GREY, linewidth=0.6)
            axes.yaxis.set_label_coords(-0.11, 0.5)
        others = len(course.record["plans"]) - 1
        title = (plan.title or plan.name) + (f" (one of {others + 1} plans)" if others else "")
        _key(figure, len(course), f"patient {patient}, true" if row is not None else "", measured is not None)
        _frame(figure, title, course.record)
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
    chosen, here = course.record["plan_of_patient"], slice(row, row + 1)
    values = {name: array[here] for name, array in course.values.items()}
    record = {**course.record, "plan_of_patient": chosen and chosen[here]}
    return observe(replace(course, patients=course.patients[here], values=values, visits=course.visits[here],
                           tests=course.tests[here], record=record))  # fmt: skip


def _lanes(plan: Plan, course: Course) -> list[Lane]:
    """Treatment in the order it is given: conditioning, graft, prophylaxis, growth factor."""
    before = sorted([*_drugs(plan.conditioning.drugs, VERMILLION), *_fields(plan)], key=lambda lane: lane.bars[0])
    cd34 = " + ".join(f"{graft.doses()['cd34'] / 1e6:.2g}" for graft in plan.grafts)
    days = tuple(graft.infusion_day for graft in plan.grafts)
    source = WORDS.get(plan.graft.source, plan.graft.source)
    graft = Lane(f"{source}, CD34", f"{cd34} × 10⁶/kg", (), INK, marks=days)
    return [*before, graft, *_drugs(plan.prophylaxis.serotherapy, BLUE), *_prophylaxis(plan), *_growth(plan, course)]


def _drugs(courses: Sequence[DrugCourse], colour: str) -> Iterator[Lane]:
    for drug in dict.fromkeys(str(course.drug) for course in courses):
        own = [course for course in courses if course.drug == drug]
        aims = [course.target_cumulative_auc_mg_h_per_l for course in own]
        amount = " + ".join(_times(course.dose[0], course.dose[1], len(course.days)) for course in own)
        amount = f"AUC {aims[0]:g} mg·h/L" if aims[0] else amount
        yield Lane(WORDS.get(drug, drug), amount, _on(day for course in own for day in course.days), colour)


def _fields(plan: Plan) -> Iterator[Lane]:
    for name in dict.fromkeys(str(field.field) for field in plan.conditioning.irradiation):
        own = [field for field in plan.conditioning.irradiation if field.field == name]
        fractions = sum(field.fractions_per_day * len(field.days) for field in own)
        amount = f"{sum(field.total_gy for field in own):g} Gy" + (f" in {fractions}" if fractions > 1 else "")
        yield Lane(WORDS[name], amount, _on(day for field in own for day in field.days), ORANGE, "/////")


def _prophylaxis(plan: Plan) -> Iterator[Lane]:
    given = plan.prophylaxis
    for name, doses in (("PTCy", given.post_cyclophosphamide), ("abatacept", given.abatacept)):
        if doses is not None:
            yield Lane(name, _times(doses.dose_mg_per_kg, "mg/kg", len(doses.days)), _on(doses.days), BLUE)
    if (mtx := given.methotrexate) is not None:
        amount = ", ".join(f"{dose:g}" for dose in mtx.doses_mg_per_m2) + " mg/m²"
        yield Lane("methotrexate", amount, _on(mtx.days), BLUE)
    if (cni := given.calcineurin) is not None:
        full = (cni.start_day, cni.taper_start_day - cni.start_day, 0.6)
        taper = (cni.taper_start_day, cni.stop_day - cni.taper_start_day, 0.25)
        yield Lane(cni.drug, f"to day {cni.stop_day}", (full, taper), SKY)
    for name, drug in (("mycophenolate", given.mycophenolate), ("sirolimus", given.sirolimus)):
        if drug is not None:
            bars = ((drug.start_day, drug.stop_day - drug.start_day, 0.6),)
            yield Lane(name, f"to day {drug.stop_day}", bars, SKY)


def _growth(plan: Plan, course: Course) -> Iterator[Lane]:
    if plan.care.gcsf is not None and "gcsf_ug_per_kg" in course.values:
        share = (course.values["gcsf_ug_per_kg"] > 0).mean(axis=0)
        bars = tuple((day - 0.5, 1.0, 0.8 * float(s)) for day, s in zip(course.days, share, strict=True) if s > 0)
        yield Lane("G-CSF (share)", f"{plan.care.gcsf.dose_ug_per_kg:g} µg/kg a day", bars, GREEN)


def _times(dose: float, unit: str, days: int) -> str:
    return f"{dose:g} {unit.replace('m2', 'm²')}" + (f" × {days}" if days > 1 else "")


def _on(days: Iterable[int]) -> tuple[Bar, ...]:
    return tuple((day - 0.4, 0.8, 0.6) for day in sorted(days))


def _strip(axes: Axes, lanes: Sequence[Lane]) -> None:
    """Treatment by day: names at the left, amounts at the right."""
    for y, lane in enumerate(lanes):
        for start, width, height in lane.bars:
            axes.broken_barh([(start, width)], (y + 0.35 - height, height), edgecolor=lane.colour, hatch=lane.hatch,
                             linewidth=0.6, facecolor="white" if lane.hatch else lane.colour)  # fmt: skip
        axes.plot(lane.marks, [y] * len(lane.marks), "v", color=lane.colour, markersize=5.5, clip_on=False)
        axes.text(1.012, y, lane.amount, transform=axes.get_yaxis_transform(), va="center_baseline", fontsize=7)
    axes.axvline(0, color=GREY, linewidth=0.6)
    axes.set_yticks(range(len(lanes)), [lane.name for lane in lanes], fontsize=7)
    axes.set_ylim(len(lanes) - 0.4, -0.6)
    axes.tick_params(axis="both", length=0, labelbottom=False)
    axes.spines[["left", "bottom"]].set_visible(False)


def _panel(axes: Axes, panel: Panel, course: Course, plan: Plan, log: bool, row: int | None,
           measured: Chart | None) -> None:  # fmt: skip
    """One quantity: fan, one patient, thresholds."""
    values = course.values[panel.quantity].astype(np.float64) * panel.scale
    for low, high, alpha in FAN:
        axes.fill_between(course.days, *np.percentile(values, [low, high], axis=0), color=BLUE, alpha=alpha, lw=0)
    median = np.median(values, axis=0)
    axes.plot(course.days, median, color=BLUE)
    if row is not None:
        axes.plot(course.days, values[row], **OWN)
    if panel.scale == 100:
        axes.set(ylim=(-3, 103), yticks=(0, 25, 50, 75, 100))
    elif panel.limits is not None and log:
        top = max(panel.limits[1], 1.1 * float(np.percentile(values, 95, axis=0).max()))
        axes.set(yscale="log", ylim=(panel.limits[0], top))
        axes.set_yticks(panel.ticks, [f"{tick:g}" for tick in panel.ticks])
        axes.yaxis.set_minor_formatter(NullFormatter())
    elif panel.limits is not None:
        axes.set_ylim(bottom=0)
    ends = [(float(median[-1]), f"{median[-1]:.{int(median[-1] < 99.95)}f} median"), *_thresholds(axes, panel, plan)]
    axes.set_ylabel(panel.label)
    axes.tick_params(axis="x", labelbottom=False)
    _end_labels(axes, ends + (_points(axes, panel, measured) if measured is not None else []))


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
    tallest = 10.0
    for name, sign, colour in (("platelet_units", 1, ORANGE), ("red_cell_units", -1, PURPLE)):
        share = 100 * (course.values[name] > 0).mean(axis=0)
        axes.bar(course.days, sign * share, width=0.9, color=colour)
        tallest = max(tallest, float(share.max()))
    step = next(s for s in (10, 20, 50) if tallest <= 2 * s)
    top = 1.1 * max(tallest, step)
    axes.set_ylim(-top, top)
    axes.yaxis.set_major_locator(MultipleLocator(step))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{abs(value):g}"))
    axes.axhline(0, color=GREY, linewidth=0.6)
    axes.set_ylabel("Transfused\n(% patients)")
    _end_labels(axes, [(top / 2, "platelets"), (-top / 2, "red cells")])


def _days_axis(axes: Axes, span: float) -> None:
    step = next((s for s in (7, 14, 25, 50, 100) if span / s <= 12), 365)
    axes.xaxis.set_major_locator(MultipleLocator(step))
    axes.set_xlabel("Days from infusion")


def _end_labels(axes: Axes, ends: Sequence[tuple[float, str]], lines: Sequence[tuple[str, Any]] = ()) -> None:
    """Labels in the margin at the height of what they name, moved apart where they would touch.

    ``lines``: colour and style of a sample drawn before each label.
    """
    _, size, box = axes.get_ylim(), 7, axes.get_window_extent()  # asking for the limits settles them
    order = sorted(range(len(ends)), key=lambda i: (round(ends[i][0], 6), -i))
    rows = [1 + ends[i][1].count("\n") for i in order]
    gaps = [1.25 * size / 72 * axes.figure.dpi / box.height * (a + b) / 2 for a, b in pairwise(rows)]
    place = [float((axes.transData.transform((0, ends[i][0]))[1] - box.y0) / box.height) for i in order]
    for i, gap in enumerate(gaps):
        place[i + 1] = max(place[i + 1], place[i] + gap)
    place[-1] = min(place[-1], 1.0)
    for i in reversed(range(len(gaps))):
        place[i] = min(place[i], place[i + 1] - gaps[i])
    for y, i in zip(place, order, strict=True):
        left = 1.075 if lines else 1.012
        axes.text(left, y, ends[i][1], transform=axes.transAxes, va="center", fontsize=size, linespacing=1.15)
        if lines:
            colour, style = lines[i]
            axes.plot((1.012, 1.062), (y, y), color=colour, linestyle=style, transform=axes.transAxes, clip_on=False)


def _key(figure: Figure, patients: int, own: str, measured: bool) -> None:
    handles: list[Any] = [
        Line2D([], [], color=BLUE, label=f"median of {patients} virtual patients"),
        Patch(color=BLUE, alpha=0.5, label="middle 50 %"),
        Patch(color=BLUE, alpha=0.16, label="middle 90 %"),
    ]
    if own:
        handles.append(Line2D([], [], **OWN, label=own))
    if measured:
        handles.append(Line2D([], [], **REPORT, label="reported"))
        handles.append(Line2D([], [], **REPORT, markerfacecolor="white", label="at detection limit"))
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.02, 0.956), ncols=len(handles))


def _frame(figure: Figure, title: str, record: Mapping[str, Any] | None, notes: Sequence[str] = ()) -> None:
    """Title; at the foot the run that made the figure, what it warned of, and what the software is not."""
    size = min(11.0, 113 * figure.get_figwidth() / max(len(title), 1))
    figure.suptitle(title, x=0.02, y=1 - 0.13 / figure.get_figheight(), ha="left", fontsize=size)
    words = "\n".join(_foot(figure, record, notes))
    figure.text(0.02, 0.07 / figure.get_figheight(), words, fontsize=6, color=GREY, va="bottom", linespacing=1.35)


def _foot(figure: Figure, record: Mapping[str, Any] | None, notes: Sequence[str] = ()) -> list[str]:
    warned = "; ".join([*notes, *(record or {}).get("warnings", [])])
    noted = textwrap.wrap(f"Note: {warned}", int(20.5 * figure.get_figwidth())) if warned else []
    return [record_line(record), *noted, DISCLAIMER]


def record_line(record: Mapping[str, Any] | None) -> str:
    """The run record in one line: version, plan, digest, seed, patients, engine."""
    if record is None:
        return f"dayzero {version('dayzero')} · measured data, no simulation"
    plans, changed = record["plans"], len(record.get("parameters") or {})
    names = plans[0]["name"] + (f" and {len(plans) - 1} more" if len(plans) > 1 else "")
    parts = [
        f"dayzero {record['dayzero']}",
        f"plan {names}",
        f"sha256 {plans[0]['sha256'][:12]}",
        f"seed {record['seed']}",
        f"{record['patients']} patients",
        f"{record['engine']} {record['precision']}",
    ]
    parts += ["typical patient"] * bool(record.get("typical")) + [f"{changed} parameters replaced"] * bool(changed)
    return " · ".join(parts)


def engraftment_figure(
    judged: Sequence[Judgement], chart: Chart, *, title: str = "Engraftment", record: Mapping[str, Any] | None = None
) -> Figure:
    """Cumulative incidence of engraftment by day, competing events apart, with 95 % bands.

    Parameters
    ----------
    judged : judgements of neutrophil or platelet engraftment, each on this chart.
    record : run record of the course the chart came from; None for measured data.
    """
    names = [f"{WORDS[j.definition.rule]} ≥ {j.settings['threshold']:g}" for j in judged]
    counts = {name: engraftment_counts(j, chart) for name, j in zip(names, judged, strict=True)}
    left_out = {name: len(chart) - count.patients for name, count in counts.items()}
    return incidence_figure(counts, title=title, left_out=left_out, record=record)


def incidence_figure(
    counts: Mapping[str, DayCounts],
    *,
    title: str,
    kind: str = ENGRAFTMENT,
    left_out: Mapping[str, int] | None = None,
    record: Mapping[str, Any] | None = None,
) -> Figure:
    """Cumulative incidence of one kind of event, a line a name, with the patients still waiting below.

    ``left_out`` tells how many patients of each name have no time to the event.
    """
    last = max((len(count.censored) for count in counts.values()), default=1)
    rivals = sorted({name.replace("_", " ") for count in counts.values() for name in count.kinds if name != kind})
    notes = ["patients never below the threshold, or not evaluable, are not counted"] * any((left_out or {}).values())
    with _styled():
        tall = 5 + 0.17 * len(counts)
        figure = Figure(figsize=(8, tall))
        axes = figure.add_axes((0.19, 1 - 3.55 / tall, 0.56, 2.85 / tall))
        axes.set(xlim=(0, last), ylim=(0, 100), ylabel=f"Cumulative incidence of {kind} (%)")
        ends, lines = [], [LINES[i % len(LINES)] for i in range(len(counts))]
        for (name, count), (colour, style) in zip(counts.items(), lines, strict=True):
            if count.patients == 0:
                ends.append((0.0, f"{name}\nnobody counted"))
                continue
            curve = cumulative_incidence(count, kind)
            share, low, high = (_held(100 * edge, count, last) for edge in (curve.estimate, curve.low, curve.high))
            axes.fill_between(range(last + 1), low, high, step="post", color=colour, alpha=0.15)
            axes.step(range(last + 1), share, where="post", color=colour, linestyle=style)
            ends.append((100 * float(curve.estimate[-1]), f"{name}\n{_median_words(curve.median())}"))
        _days_axis(axes, last)
        _end_labels(axes, ends, lines)
        _waiting(axes, counts, left_out or {})
        words = "Aalen-Johansen estimate with pointwise 95 % interval"
        words += f"; competing: {', '.join(rivals)}" * bool(rivals)
        figure.text(0.02, 1 - 0.42 / tall, words, fontsize=7.5, va="center")
        _frame(figure, title, record, notes)
    return figure


def _held(edge: np.ndarray, counts: DayCounts, last: int) -> np.ndarray:
    """A curve to the last day drawn: flat where nobody is left waiting, unknown where the last were censored."""
    rest = edge[-1] if counts.censored[-1] == 0 else np.nan
    return np.concatenate([edge, np.full(last + 1 - len(edge), rest)])


def _median_words(median: Median) -> str:
    if np.isnan(median.day):
        return "median day not reached"
    high = f"to {median.high:.0f}" if np.isfinite(median.high) else "or later"
    return f"median day {median.day:.0f} ({median.low:.0f} {high})"


def _waiting(axes: Axes, counts: Mapping[str, DayCounts], left_out: Mapping[str, int]) -> None:
    """Patients still waiting on the mornings of the ticks, a row a line."""
    ticks = [int(tick) for tick in axes.get_xticks() if 0 <= tick <= axes.get_xlim()[1]]
    put = partial(axes.text, fontsize=7, transform=axes.transAxes)
    put(-0.06, -0.235, "still waiting", ha="right", color=GREY)
    if any(left_out.values()):
        put(1.075, -0.235, "not counted", color=GREY)
    for row, (name, count) in enumerate(counts.items()):
        y = -0.30 - 0.06 * row
        put(-0.06, y, name, ha="right")
        put(1.075, y, str(left_out.get(name) or ""))
        for day in ticks:
            waiting = count.at_risk[day] if day < len(count.censored) else 0
            put(day, y, f"{waiting}", ha="center", transform=axes.get_xaxis_transform())


def observed_predicted_figure(
    observed: ArrayLike,
    predicted: ArrayLike,
    groups: ArrayLike = "",
    *,
    title: str,
    unit: str = "days",
    log: bool = False,
    record: Mapping[str, Any] | None = None,
) -> Figure:
    """Predicted against observed, one point a patient; on the line the prediction was right.

    Parameters
    ----------
    observed, predicted : (patients,), nan where missing: such pairs are left out and counted below the title.
    groups : (patients,) names; each group has its own colour and marker.
    log : both axes logarithmic.
    """
    x, y, who = np.broadcast_arrays(np.asarray(observed, float), np.asarray(predicted, float), np.asarray(groups, str))
    known = np.isfinite(x) & np.isfinite(y) & ((x > 0) & (y > 0) | (not log))
    if not known.any():
        raise InputError("figure", "observed", "no pair to draw", "patients with both values", "give some")
    x, y, who, left = x[known], y[known], who[known], int((~known).sum())
    low, high = min(x.min(), y.min()), max(x.max(), y.max())
    edges = (low / 1.15, high * 1.15) if log else (min(0.0, low), high * 1.05)
    with _styled():
        figure = Figure(figsize=(7, 6.4))
        axes = figure.add_axes((0.09, 0.14, 0.69, 0.69 * 7 / 6.4))
        axes.axline((edges[0], edges[0]), (edges[1], edges[1]), color=GREY, linewidth=0.7)
        axes.set(xlabel=f"Observed ({unit})", ylabel=f"Predicted ({unit})", xlim=edges, ylim=edges)
        if log:
            axes.set(xscale="log", yscale="log")
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
                axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
                axis.set_minor_formatter(NullFormatter())
        for i, name in enumerate(dict.fromkeys(who)):
            (colour, marker), own = MARKERS[i % len(MARKERS)], who == name
            label = f"{name or 'patients'} ({own.sum()})"
            axes.plot(x[own], y[own], marker, color=colour, ms=4.5, mew=0.8, alpha=0.8, label=label)
        axes.legend(loc="lower left", bbox_to_anchor=(1.01, 0.0))
        _end_labels(axes, [(edges[1], "predicted =\nobserved")])
        mean = f"{round((y - x).mean(), 1) + 0.0:+.1f}".replace("-", "−")
        words = f"{len(x)} patients; error: mean {mean}, mean absolute {np.abs(y - x).mean():.1f} {unit}"
        figure.text(0.02, 0.935, words + f"; {left} without both values left out" * bool(left), fontsize=7.5)
        _frame(figure, title, record)
    return figure


def save(figure: Figure, path: str | Path) -> Path:
    """Keep a figure as PNG, SVG or PDF by the name's ending; the file appears whole or not at all."""
    target = Path(path)
    kind = target.suffix.lower().removeprefix(".")
    if kind not in UNDATED:
        advice = "let the name end in .png, .svg or .pdf"
        raise InputError("figure", "file", repr(target.name), "a PNG, SVG or PDF", advice)
    if not target.parent.is_dir():
        raise InputError("figure", "file", repr(str(path)), "a folder that exists", "make the folder first")
    drawn = io.BytesIO()
    with _styled():
        figure.savefig(drawn, format=kind, metadata={"Title": figure.get_suptitle(), **UNDATED[kind]})
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        part.write_bytes(drawn.getvalue())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


@contextmanager
def _styled() -> Iterator[None]:
    """The house style, for as long as a figure is drawn."""
    with _DRAWING, rc_context(fname=STYLE):
        yield
