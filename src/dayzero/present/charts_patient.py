"""ECharts options of one patient's readings: points by day, open at a detection limit, with the levels of recovery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dayzero.present.charts import FOOT, GAP, INK, TALL, TOP, Axis, days_axis_of, hover_of, levels_of
from dayzero.present.page import BLUE
from dayzero.units import QUANTITIES

Readings = Sequence[tuple[int, float, int]]
DRAWN = ("leukocytes", "neutrophils", "lymphocytes", "platelets", "hemoglobin", "donor_chimerism",
         "donor_chimerism_myeloid", "bilirubin", "creatinine", "cmv_dna")  # fmt: skip
LEVELS = {"neutrophils": (0.5,), "platelets": (20.0, 50.0)}
COUNTS = {"leukocytes": 0.1, "neutrophils": 0.01, "lymphocytes": 0.01, "platelets": 1.0, "cmv_dna": 10.0}
MOST, LEFT, RIGHT, TITLE = 6, 52, 84, 18


def drawn(series: Mapping[str, Readings]) -> dict[str, Readings]:
    """The quantities drawn, at most six, counts first."""
    return {name: series[name] for name in DRAWN if name in series and len(series[name]) > 1} if series else {}


def height(panels: Mapping[str, Readings]) -> int:
    """Height of the figure in pixels."""
    return TOP + min(len(panels), MOST) * (TALL + GAP + TITLE) + FOOT


def unit_of(name: str) -> str:
    """The canonical unit of a quantity, as it is printed."""
    return QUANTITIES[name].unit.replace("1e9", "10⁹").replace("1e12", "10¹²")


def options(panels: Mapping[str, Readings]) -> dict[str, Any]:
    """Options of the figure, a panel below the other on one axis of days."""
    chosen = dict(list(panels.items())[:MOST])
    days = [day for found in chosen.values() for day, _, _ in found]
    span = (min(*days, 0), max(days))
    grids, titles, x_axes, y_axes, series = [], [], [], [], []
    for at, (name, found) in enumerate(chosen.items()):
        top = TOP + TITLE + at * (TALL + GAP + TITLE)
        axis = _axis(name, found)
        grids.append({"left": LEFT, "right": RIGHT, "top": top, "height": TALL})
        titles.append({"text": f"{name.replace('_', ' ').capitalize()} ({unit_of(name)})", "left": LEFT - 6,
                       "top": top - 21, "padding": [2, 6],
                       "textStyle": {"fontSize": 12, "fontWeight": "normal", "color": INK}})  # fmt: skip
        x_axes.append(days_axis_of(at, span, last=at == len(chosen) - 1))
        y_axes.append(axis.options(at))
        series.append(_points(at, name, found, axis))
    return {
        "animation": False,
        "grid": grids,
        "title": titles,
        "xAxis": x_axes,
        "yAxis": y_axes,
        "series": series,
        "axisPointer": {"link": [{"xAxisIndex": "all"}], "label": {"show": False}},
        "tooltip": hover_of(),
    }


def _axis(name: str, found: Readings) -> Axis:
    values = [value for _, value, _ in found]
    if name in COUNTS:
        return Axis({"log": True, "feet": (COUNTS[name], max(10 * COUNTS[name], max(values) * 1.3)), "name": name})
    step = next(s for s in (0.5, 1, 2, 5, 10, 25, 100, 1000, 1e5) if (max(values) - min(values)) / s <= 5)
    low = step * (min(values) // step)
    return Axis({"log": False, "limits": (low, max(values)), "ticks": (low, low + step), "name": name})


def _points(at: int, name: str, found: Readings, axis: Axis) -> dict[str, Any]:
    data = []
    for day, value, limit in sorted(found):
        told = f"{name.replace('_', ' ')} {'<' if limit < 0 else '>' if limit > 0 else ''}{value:g} {unit_of(name)}"
        shown = told.replace("<", "below ").replace(">", "above ")
        fill = {"color": "var(--paper)" if limit else BLUE, "borderColor": BLUE, "borderWidth": 1.2}
        data.append({"value": [day, axis.place(value), shown], "itemStyle": fill})
    marks = [{"yAxis": axis.place(level), "name": f"{level:g} recovery"} for level in LEVELS.get(name, ())]
    return {"xAxisIndex": at, "yAxisIndex": at, "type": "line", "name": name, "data": data, "symbol": "circle",
            "symbolSize": 6, "showAllSymbol": True, "silent": True, "color": BLUE,
            "lineStyle": {"width": 1, "color": BLUE, "opacity": 0.6},
            "markLine": levels_of(marks, narrow=False)}  # fmt: skip
