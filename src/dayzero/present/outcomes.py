"""Figures of outcomes: cumulative incidence of engraftment, and prediction against observation."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from numpy.typing import ArrayLike

from dayzero.analyse.survival import ENGRAFTMENT, DayCounts, Median, cumulative_incidence, engraftment_counts
from dayzero.criteria.result import Judgement
from dayzero.errors import InputError
from dayzero.present.page import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    days_axis,
    end_labels,
    frame,
    styled,
)
from dayzero.records import Chart

LINES = ((BLUE, "-"), (VERMILLION, "--"), (GREEN, "-."), (PURPLE, ":"), (ORANGE, (0, (6, 1, 1, 1, 1, 1))))
MARKERS = ((BLUE, "o"), (VERMILLION, "^"), (GREEN, "s"), (PURPLE, "D"), (ORANGE, "v"), (SKY, "P"), (INK, "x"))
WORDS = {"anc_recovery": "neutrophils", "platelet_recovery": "platelets"}


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
    with styled():
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
        days_axis(axes, last)
        end_labels(axes, ends, lines)
        _waiting(axes, counts, left_out or {})
        words = "Aalen-Johansen estimate with pointwise 95 % interval"
        words += f"; competing: {', '.join(rivals)}" * bool(rivals)
        figure.text(0.02, 1 - 0.42 / tall, words, fontsize=7.5, va="center")
        frame(figure, title, record, notes)
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


MARGIN = 22  # letters of a group's name that the margin holds


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
    with styled():
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
            label = textwrap.fill(f"{name or 'patients'} ({own.sum()})", MARGIN)
            axes.plot(x[own], y[own], marker, color=colour, ms=4.5, mew=0.8, alpha=0.8, label=label)
        axes.legend(loc="lower left", bbox_to_anchor=(1.01, 0.0))
        end_labels(axes, [(edges[1], "predicted =\nobserved")])
        mean = f"{round((y - x).mean(), 1) + 0.0:+.1f}".replace("-", "−")
        words = f"{len(x)} patients; error: mean {mean}, mean absolute {np.abs(y - x).mean():.1f} {unit}"
        figure.text(0.02, 0.935, words + f"; {left} without both values left out" * bool(left), fontsize=7.5)
        frame(figure, title, record)
    return figure
