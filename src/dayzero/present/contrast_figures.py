"""Forest figures: differences between plans, effects of a trial, published figures beside simulated ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from dayzero.present.page import BLUE, GREY, VERMILLION, foot, frame, styled

if TYPE_CHECKING:
    from dayzero.analyse.compare import Comparison, Pair
    from dayzero.analyse.trial import TrialResult

RATIO_TICKS = (0.1, 0.2, 0.33, 0.5, 0.67, 1, 1.5, 2, 3, 5, 10)
LINE = 0.235  # inches a row
PAIRED = "the same virtual patients in both plans; intervals are Monte-Carlo error, not what is unknown of the model"
WORDS = {"hazard_ratio": "hazard ratio", "subdistribution_hazard_ratio": "subdistribution hazard ratio",
         "difference": "difference, % points", "binary": "difference, % points", "level": "% of patients",
         "restricted_mean": "difference, days", "median_day": "median day",
         "median_ratio": "ratio of median days"}  # fmt: skip


class Mark(NamedTuple):
    """One row of a forest: what, its figure and interval, and a second one drawn below it."""

    label: str
    value: float
    low: float
    high: float
    told: str
    other: tuple[float, float | None, float | None] | None = None


def comparison_figure(found: Comparison) -> Figure:
    """The differences in percent points of every main endpoint at its last day, of the first pair."""
    return pair_figure(found.pairs[0], found.record)


def pair_figure(pair: Pair, record: Mapping[str, Any]) -> Figure:
    """The differences of two plans; ``record``: of the run, for the foot."""
    from dayzero.present.compare import MAIN, gain_told, signed

    last = {row.name: row for row in pair.contrasts if row.unit == "% points" and row.name in MAIN}
    marks = [Mark(f"{row.label}, day {row.day}", row.difference, row.low, row.high,
                  f"{row.first:.1f} → {row.second:.1f} %   {signed(row.difference)}   gain {gain_told(row)}")
             for row in last.values()]  # fmt: skip
    with styled():
        notes = [PAIRED]
        figure, axes = _page(record, [len(marks)], notes)
        _forest(axes[0], marks, ratio=False)
        axes[0].set_xlabel(f"← more under {pair.first}    percent points    more under {pair.second} →")
        frame(figure, f"{pair.second} less {pair.first}", record, notes)
    return figure


def forest_figure(result: TrialResult) -> Figure:
    """Effects of every endpoint over all replicates: ratios above, differences below."""
    arms = len(result.trial.arms) > 2
    groups: dict[bool, list[Mark]] = {True: [], False: []}
    for row in result.estimates:
        ratio = "ratio" in row.measure
        for gap in row.effects:
            name = f"{row.label}, day {row.day}" + (f": {gap.arm}" if arms else "")
            told = f"{gap.value:.2f} ({gap.low:.2f}-{gap.high:.2f})" if ratio else (
                f"{gap.value:+.1f} ({gap.low:+.1f} to {gap.high:+.1f})".replace("-", "−"))  # fmt: skip
            groups[ratio].append(Mark(name, gap.value, gap.low, gap.high, told))
    return _forests(result, "effects over all replicates", [
        ("hazard ratio, or of the subdistribution where events compete", groups[True], True),
        ("difference, percent points or days", groups[False], False),
    ])  # fmt: skip


def published_figure(result: TrialResult) -> Figure | None:
    """Simulated and published figures, one above the other; None where none were published."""
    groups: dict[bool, list[Mark]] = {True: [], False: []}
    for row in result.published:
        ratio = "ratio" in row.measure
        name = f"{row.label}, {row.arm}, day {row.day}" if not ratio else f"{row.label}, {row.arm}"
        span = "" if row.low is None or row.high is None else f" ({row.low:g}-{row.high:g})"
        told = f"{row.simulated:.{1 + ratio}f} v {row.value:g}{span}"
        groups[ratio].append(Mark(name, row.simulated, row.simulated_low, row.simulated_high, told,
                                  (row.value, row.low, row.high)))  # fmt: skip
    if not result.published:
        return None
    return _forests(result, "simulated against published", [
        ("ratio", groups[True], True), ("percent of patients, or days", groups[False], False),
    ], key=True)  # fmt: skip


def _forests(result: TrialResult, what: str, panels: list[tuple[str, list[Mark], bool]], key: bool = False) -> Figure:
    shown = [panel for panel in panels if panel[1]]
    with styled():
        notes = [result.trial.note] * bool(result.trial.note)
        figure, axes = _page(result.record, [len(marks) for _, marks, _ in shown], notes)
        for one, (words, marks, ratio) in zip(axes, shown, strict=True):
            _forest(one, marks, ratio)
            one.set_xlabel(words)
        if key:
            top = 1 - 0.42 / figure.get_figheight()
            figure.text(0.02, top, "● simulated, 95 % interval of the simulation", color=BLUE, fontsize=7.5)
            figure.text(0.42, top, "◆ published, 95 % interval", color=VERMILLION, fontsize=7.5)
        first = result.trial.arms[0].name
        versus = " and ".join(arm.name for arm in result.trial.arms[1:])
        frame(figure, f"{versus} v {first}: {what}", result.record, notes)
    return figure


def _page(record: Mapping[str, Any], rows: Sequence[int], notes: Sequence[str]) -> tuple[Figure, list[Axes]]:
    """A page with one panel a group of rows, as tall as its rows."""
    low = 0.2 + 0.115 * len(foot(Figure(figsize=(8, 4)), record, notes))
    heights = [LINE * max(n, 1) + 0.25 for n in rows]
    tall = 0.55 + sum(heights) + 0.6 * len(rows) + low
    figure = Figure(figsize=(8, tall))
    axes, top = [], tall - 0.55
    for height in heights:
        axes.append(figure.add_axes((0.36, (top - height) / tall, 0.36, height / tall)))
        top -= height + 0.6
    return figure, axes


def _forest(axes: Axes, marks: Sequence[Mark], ratio: bool) -> None:
    known = [m for m in marks if np.isfinite(m.value)]
    level = not ratio and any(mark.other for mark in marks)
    for y, mark in enumerate(marks):
        up = 0.13 if mark.other else 0.0
        if np.isfinite(mark.value):
            axes.plot((mark.low, mark.high), (y - up, y - up), color=BLUE, linewidth=1.1)
            axes.plot(mark.value, y - up, "o", color=BLUE, markersize=4)
        if mark.other is not None:
            value, low, high = mark.other
            if low is not None and high is not None:
                axes.plot((low, high), (y + up, y + up), color=VERMILLION, linewidth=1.1)
            axes.plot(value, y + up, "D", color=VERMILLION, markersize=3.4)
        axes.text(1.03, y, mark.told if np.isfinite(mark.value) else "not estimable", fontsize=7, va="center",
                  transform=axes.get_yaxis_transform())  # fmt: skip
    axes.set_yticks(range(len(marks)), [mark.label for mark in marks], fontsize=7.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_ylim(len(marks) - 0.45, -0.6)
    if not level:
        axes.axvline(1 if ratio else 0, color=GREY, linewidth=0.7)
    _scale(axes, known, ratio, level)


def _scale(axes: Axes, marks: Sequence[Mark], ratio: bool, level: bool) -> None:
    ends = [edge for m in marks for edge in (m.low, m.high, *(m.other or ())) if edge is not None and np.isfinite(edge)]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    if ratio:
        low, high = max(min(low, 0.8), 0.05) / 1.1, min(max(high, 1.25), 20.0) * 1.1
        axes.set_xscale("log")
        axes.set_xlim(low, high)
        near = (0.8, 0.9, 1.1, 1.25) if high / low < 2.5 else ()
        axes.xaxis.set_major_locator(FixedLocator([tick for tick in (*RATIO_TICKS, *near) if low <= tick <= high]))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_minor_formatter(NullFormatter())
        return
    if level:
        axes.set_xlim(0, min(100.0, high * 1.15))
        return
    room = 0.06 * (max(high, 0.5) - min(low, -0.5))
    axes.set_xlim(min(low, -0.5) - room, max(high, 0.5) + room)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:+g}".replace("-", "−").replace("+0", "0")))


__all__ = ["WORDS", "comparison_figure", "forest_figure", "pair_figure", "published_figure"]
