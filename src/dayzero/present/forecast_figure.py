"""The picture of a forecast: fans of counts, single twins, what was measured, and the distribution of the day.

What was foretold before any reading stands behind it in grey.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import NullFormatter

from dayzero.analyse.forecast.days import Days
from dayzero.analyse.forecast.forecast import SHARES, Forecast
from dayzero.present.page import BLUE, DISCLAIMER, GREY, INK, ORANGE, VERMILLION, days_axis, end_labels, styled
from dayzero.records import Chart

PANELS = (
    ("leukocytes", "White cells\n(10⁹/L)", (0.02, 30), (0.1, 1, 10), ()),
    ("neutrophils", "Neutrophils\n(10⁹/L)", (0.02, 30), (0.1, 1, 10), (0.5,)),
    ("platelets", "Platelets\n(10⁹/L)", (3, 600), (10, 30, 100, 300), (20, 50)),
)
LAST = 42


def forecast_figure(forecast: Forecast, chart: Chart | None = None, last: int = LAST) -> Figure:
    """Fans of white cells, neutrophils and platelets, and the day of recovery.

    Parameters
    ----------
    chart : readings up to the day of the forecast are drawn full, later ones open.
    last : last day drawn.
    """
    panels = [panel for panel in PANELS if panel[0] in forecast.fans]
    with styled():
        figure = Figure(figsize=(8, 8.4))
        edges = {"left": 0.12, "right": 0.84, "top": 0.925, "bottom": 0.11, "hspace": 0.14}
        rows = figure.subplots(len(panels) + 1, 1, sharex=True, gridspec_kw={
            "height_ratios": [3] * len(panels) + [1.8], **edges})  # fmt: skip
        for axes, panel in zip(rows[:-1], panels, strict=True):
            _fan(axes, forecast, chart, *panel)
        _days(rows[-1], forecast)
        rows[0].set_xlim(-1, last)
        for axes in rows:
            axes.axvline(forecast.day, color=INK, linewidth=0.7, linestyle=(0, (2, 2)))
            axes.yaxis.set_label_coords(-0.07, 0.5)
        for axes in rows[:-1]:
            axes.tick_params(axis="x", labelbottom=False)
        days_axis(rows[-1], last + 1)
        _key(figure, chart is not None)
        _words(figure, forecast)
    return figure


def _fan(axes: Axes, forecast: Forecast, chart: Chart | None, name: str, label: str, limits: tuple[float, float],
         ticks: tuple[float, ...], thresholds: tuple[float, ...]) -> None:  # fmt: skip
    days, fan, before = forecast.days, forecast.fans[name], forecast.prior_fans[name]
    for edge in (0, -1):
        axes.plot(days, before[edge], color=GREY, linewidth=0.7, linestyle=":")
    for twin in forecast.twins[name]:
        axes.plot(days, twin, color=BLUE, linewidth=0.4, alpha=0.45)
    for low, alpha in ((0, 0.16), (1, 0.34)):
        axes.fill_between(days, fan[low], fan[len(SHARES) - 1 - low], color=BLUE, alpha=alpha, lw=0)
    axes.plot(days, fan[2], color=BLUE)
    labels = []
    for threshold in thresholds:
        axes.axhline(threshold, color=INK, linewidth=0.7, linestyle=(0, (6, 2)))
        labels.append((threshold, f"{threshold:g} recovery"))
    axes.set(yscale="log", ylim=limits, ylabel=label)
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.yaxis.set_minor_formatter(NullFormatter())
    if chart is not None:
        _points(axes, forecast, chart, name, limits)
    if labels:
        end_labels(axes, labels)


def _points(axes: Axes, forecast: Forecast, chart: Chart, name: str, limits: tuple[float, float]) -> None:
    """Readings: full where the forecast had them, open where they came later; a triangle where below a limit."""
    seen = chart.series(forecast.patient, name)
    for known, colour, face in ((True, VERMILLION, VERMILLION), (False, INK, "white")):
        here = (seen.days <= forecast.day) == known
        for censored, marker in ((False, "o"), (True, "v")):
            chosen = here & ((seen.limits < 0) == censored)
            style: dict[str, Any] = {"markersize": 3.2, "markeredgewidth": 0.7, "linestyle": ""}
            values = np.clip(seen.values[chosen], limits[0] * 1.15, limits[1])
            axes.plot(seen.days[chosen], values, marker=marker, color=colour, markerfacecolor=face, zorder=4, **style)


def _days(axes: Axes, forecast: Forecast) -> None:
    """Probability of each day: neutrophils upward, platelets downward; before any reading as grey steps."""
    sides: tuple[tuple[Days, Days, int, str], ...] = (
        (forecast.neutrophils, forecast.prior_neutrophils, 1, BLUE),
        (forecast.platelets, forecast.prior_platelets, -1, ORANGE),
    )
    tallest = 1.0
    for told, before, sign, colour in sides:
        days = np.arange(told.horizon + 1)
        axes.bar(days, sign * 100 * told.probability, width=0.85, color=colour)
        axes.step(np.arange(before.horizon + 1), sign * 100 * before.probability, where="mid", color=GREY, lw=0.8)
        tallest = max(tallest, 100 * float(told.probability.max()), 100 * float(before.probability.max()))
    axes.axhline(0, color=GREY, linewidth=0.6)
    axes.set_ylim(-1.15 * tallest, 1.15 * tallest)
    ticks = [-round(tallest), 0, round(tallest)]
    axes.set_yticks(ticks, [f"{abs(tick)}" for tick in ticks])
    axes.set_ylabel("Recovery on\nthe day (%)")
    end_labels(axes, [(0.6 * tallest, _told(forecast.neutrophils, "neutrophils 0.5")),
                      (-0.6 * tallest, _told(forecast.platelets, "platelets 20"))])  # fmt: skip


def _told(days: Days, name: str) -> str:
    low, high = days.interval(0.9)
    shown = ["later" if day is None else str(day) for day in (days.quantile(0.5), low, high)]
    return f"{name}\nday {shown[0]}\n90 %: {shown[1]} to {shown[2]}"


def _key(figure: Figure, measured: bool) -> None:
    handles: list[Any] = [
        Line2D([], [], color=BLUE, label="median of the twins"),
        Patch(color=BLUE, alpha=0.5, label="middle 50 %"),
        Patch(color=BLUE, alpha=0.16, label="middle 90 %"),
        Line2D([], [], color=GREY, linestyle=":", label="90 % before any reading"),
    ]
    if measured:
        point: dict[str, Any] = {"marker": "o", "linestyle": "", "markersize": 3.2}
        handles.append(Line2D([], [], color=VERMILLION, label="known (▼ below)", **point))
        handles.append(Line2D([], [], color=INK, markerfacecolor="white", label="came later", **point))
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.02, 0.955), ncols=len(handles))


def _words(figure: Figure, forecast: Forecast) -> None:
    title = f"Patient {forecast.patient}: forecast from day {forecast.day}"
    figure.suptitle(title, x=0.02, y=0.985, ha="left", fontsize=11)
    record = forecast.record
    plans = record["plans"][0]["name"] if len(record["plans"]) == 1 else f"any of {len(record['plans'])} plans"
    pool, digest = record["pool"], record["inputs_sha256"][:12]
    line = (f"dayzero {record['dayzero']} · {plans} · {pool['twins']} twins, seed {pool['seed']} · "
            f"{record['earlier_patients']} earlier patients · inputs sha256 {digest}")  # fmt: skip
    notes = [f"Note: {'; '.join(forecast.notes)}"] if forecast.notes else []
    figure.text(0.02, 0.008, "\n".join([line, *notes, DISCLAIMER]), fontsize=6, color=GREY, va="bottom",
                linespacing=1.35)  # fmt: skip
