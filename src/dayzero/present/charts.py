"""ECharts options: fans of counts by day, and outcome curves. Colours of Okabe and Ito (2008), told apart by dash too.

Bands are stacked areas, so every value is drawn as its distance from the foot of its axis, on a log axis in decades;
the axis labels and the words under the pointer give the value itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dayzero.present.page import BLUE, GREEN, PURPLE, VERMILLION

INK = "currentColor"
LEFT, RIGHT, NARROW_LEFT, NARROW_RIGHT = 168, 144, 46, 8
TALL, GAP, TOP, FOOT, LABEL = 112, 18, 6, 44, 12.0
FEET = {"neutrophils": (0.01, 30.0), "platelets": (1.0, 1000.0), "cd4": (0.001, 3.0)}  # of log axes
STYLES = ((BLUE, "solid"), (VERMILLION, [7, 3]), (GREEN, [8, 3, 2, 3]), (PURPLE, [2, 3]))
BANDS = (("p5", "p25", 0.16), ("p25", "p75", 0.36), ("p75", "p95", 0.16))

HOVER = (
    "params => { const shown = params.filter(p => p.value && p.value[2]); if (!shown.length) return '';"
    " return 'Day ' + shown[0].value[0] + shown.map(p => '<br>' + p.value[2]).join(''); }"
)


def fan_height(panels: int, narrow: bool) -> int:
    """Height of the figure in pixels."""
    return TOP + panels * (TALL + GAP + 16 * narrow) + FOOT


def fan_options(fan: Mapping[str, Any], narrow: bool = False, last_day: int | None = None,
                words: bool = True) -> dict[str, Any]:  # fmt: skip
    """Options of the figure of a fan (`dayzero.present.fans.fan_of`), a panel below the other, one axis of days.

    ``last_day`` of the axis; left out, that of the fan. ``words``: what stands under the pointer, day by day.
    """
    span = (fan["days"][0], max(fan["days"][-1], last_day or 0))
    panels: Sequence[Mapping[str, Any]] = fan["panels"]
    grids, titles, x_axes, y_axes, series = [], [], [], [], []
    left, right = (NARROW_LEFT, NARROW_RIGHT) if narrow else (LEFT, RIGHT)
    for at, panel in enumerate(panels):
        top = TOP + at * (TALL + GAP + 16 * narrow) + 16 * narrow
        axis = Axis(panel)
        grids.append({"left": left, "right": right, "top": top, "height": TALL})
        title = f"{panel['label']} ({panel['unit']})" if narrow else _lines(panel["label"], panel["unit"])
        place = {"left": left - 6, "top": top - 20} if narrow else {"left": 0, "top": top + TALL / 2 - 26}
        titles.append(
            {
                "text": title,
                **place,
                "padding": 0 if not narrow else [2, 6],
                "textStyle": {"fontSize": 12, "fontWeight": "normal", "color": INK, "lineHeight": 16},
            }
        )
        x_axes.append(days_axis_of(at, span, at == len(panels) - 1, 7 if narrow else 13))
        y_axes.append(axis.options(at))
        series += _panel(at, fan["days"], panel, axis, narrow, words)
    return {"animation": False, "grid": grids, "title": titles, "xAxis": x_axes, "yAxis": y_axes, "series": series,
            "axisPointer": {"link": [{"xAxisIndex": "all"}], "label": {"show": False}}, "tooltip": hover_of(),
            "aria": {"enabled": False}}  # fmt: skip


def moved(options: Mapping[str, Any]) -> dict[str, Any]:
    """Of the options of a fan only what a moving slider changes: values and the heights of the axes."""
    series = [{"id": each["id"], "data": each["data"]} for each in options["series"]]
    for each, whole in zip(series, options["series"], strict=True):
        each |= {"endLabel": whole["endLabel"], "markLine": whole["markLine"]} if "endLabel" in whole else {}
    return {"series": series, "yAxis": [{"max": axis["max"]} for axis in options["yAxis"]]}


class Axis:
    """A value axis whose foot is zero: values are distances from it, in decades where it is logarithmic."""

    def __init__(self, panel: Mapping[str, Any]) -> None:
        self.log = bool(panel["log"])
        known = [v for key in ("p5", "p95", "patient") for v in panel.get(key, ()) if v is not None]
        if self.log:
            low, high = panel["feet"] if "feet" in panel else FEET[panel["name"]]
            self.low, self.step = math.log10(low), 1.0
            self.high = max(math.log10(high), math.log10(max(known)) if known and max(known) > 0 else 0.0)
        else:
            low, high = panel["limits"]
            self.low, self.high, self.step = low, max(high, *known, low + 1), panel["ticks"][1] - panel["ticks"][0]
            self.low = min(self.low, *(math.floor(v) for v in known)) if known else self.low
            self.high = self.low + self.step * math.ceil(round((self.high - self.low) / self.step, 6))

    def place(self, value: float | None) -> float | None:
        """Where a value is drawn; at the foot where it lies below it."""
        if value is None:
            return None
        shown = math.log10(value) if self.log and value > 0 else -math.inf if self.log else value
        return round(max(shown - self.low, 0.0), 4)

    def places(self, values: Sequence[float | None]) -> list[float | None]:
        """Where values are drawn, one after the other."""
        known = np.array(values, dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            shown = np.log10(known) if self.log else known
        told = np.round(np.maximum(shown - self.low, 0.0), 4).tolist()
        return [None if value is None else place for value, place in zip(values, told, strict=True)]

    def options(self, at: int) -> dict[str, Any]:
        """The axis, labelled with the values themselves."""
        word = "10 ** (v + LOW)" if self.log else "v + LOW"
        formatter = f"v => String(parseFloat(({word.replace('LOW', f'({self.low})')}).toPrecision(3)))"
        return {"gridIndex": at, "type": "value", "min": 0, "max": round(self.high - self.low, 4),
                "interval": self.step, "axisLabel": {":formatter": formatter, "color": INK, "fontSize": 11,
                                                     "showMaxLabel": not self.log},
                "axisLine": {"show": False}, "axisTick": {"show": False},
                "splitLine": {"lineStyle": {"color": INK, "opacity": 0.1}}}  # fmt: skip


def _panel(at: int, days: Sequence[int], panel: Mapping[str, Any], axis: Axis, narrow: bool,
           with_words: bool) -> list[dict[str, Any]]:  # fmt: skip
    own = {"xAxisIndex": at, "yAxisIndex": at, "symbol": "none", "silent": True}
    stacked = {**own, "type": "line", "stack": f"band{at}", "lineStyle": {"width": 0}, "tooltip": {"show": False}}
    name = panel["name"]
    places = {key: axis.places(panel[key]) for key in ("p5", "p25", "p50", "p75", "p95")}
    series: list[dict[str, Any]] = [{**stacked, "id": f"{name} p5", "data": _points(days, places["p5"])}]
    for low, high, strength in BANDS:
        between = [None if a is None or b is None else round(b - a, 4)
                   for a, b in zip(places[low], places[high], strict=True)]  # fmt: skip
        area = {"color": BLUE, "opacity": strength}
        series.append({**stacked, "id": f"{name} {high}", "data": _points(days, between), "areaStyle": area})
    median = _points(days, places["p50"])
    for point, word in zip(median, _words(panel) if with_words else (), strict=False):
        point.append(word)
    last = next((v for v in reversed(panel["p50"]) if v is not None), None)
    apart = _apart([axis.place(v) for v in (last, *(level["value"] for level in panel["levels"]))], axis)
    levels = [{"yAxis": axis.place(level["value"]), "name": f"{level['value']:g} {level['label']}",
               "label": {"offset": [0, -shift]},
               "lineStyle": {"type": [6, 3] if level["kind"] == "recovery" else [1, 3]}}
              for level, shift in zip(panel["levels"], apart[1:], strict=True)]  # fmt: skip
    series.append({**own, "type": "line", "id": name, "name": name, "data": median, "color": BLUE,
                   "lineStyle": {"width": 2, "color": BLUE},
                   "endLabel": {"show": last is not None and not narrow, "formatter": f"{_number(last)} median",
                                "color": INK, "fontSize": 11, "distance": 6, "offset": [0, -apart[0]]},
                   "markLine": levels_of(levels, narrow)})  # fmt: skip
    return series + (_own(days, panel, axis, own) if "patient" in panel else [])


def _own(days: Sequence[int], panel: Mapping[str, Any], axis: Axis, own: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One patient's true course, and what the laboratory reported of it."""
    name = panel["name"]
    true = {**own, "type": "line", "id": f"{name} patient", "name": f"{name} patient", "color": VERMILLION,
            "lineStyle": {"width": 1.5, "type": [6, 3], "color": VERMILLION},
            "data": _points(days, axis.places(panel["patient"]))}  # fmt: skip
    reports = [{"value": [day, axis.place(value)], "itemStyle": {"color": "none" if limited else INK}}
               for day, value, limited in panel.get("reported", ())]  # fmt: skip
    seen = {**own, "type": "scatter", "id": f"{name} reported", "name": f"{name} reported", "symbol": "circle",
            "symbolSize": 4.5, "data": reports, "itemStyle": {"borderColor": INK, "borderWidth": 0.8}}  # fmt: skip
    return [true, seen]


def _apart(places: Sequence[float | None], axis: Axis) -> list[float]:
    """How many pixels each label in the margin moves up so that none touches another.

    >>> _apart([1.0, 1.0], Axis({"log": False, "limits": (0, 10), "ticks": (0, 5)}))
    [0.0, 12.0]
    """
    heights = [0.0 if place is None else TALL * place / (axis.high - axis.low) for place in places]
    moved, lowest = [0.0] * len(heights), -LABEL
    for at in sorted(range(len(heights)), key=lambda i: heights[i]):
        if places[at] is not None:
            lowest = max(heights[at], lowest + LABEL)
            moved[at] = round(lowest - heights[at], 1)
    return moved


def _points(days: Sequence[int], values: Sequence[float | None]) -> list[list[Any]]:
    return [[day, value] for day, value in zip(days, values, strict=False)]


def _words(panel: Mapping[str, Any]) -> list[str]:
    """What stands under the pointer by day; numbers and names of ours, no text of a person."""
    return [_words_of(panel, at) for at in range(len(panel["p50"]))]


def _words_of(panel: Mapping[str, Any], at: int) -> str:
    if panel["p50"][at] is None:
        return ""
    middle, low, high = (_number(panel[key][at]) for key in ("p50", "p5", "p95"))
    told = f"{panel['label']} {middle} ({low} to {high}) {panel['unit']}"
    mine = panel.get("patient", [])
    return told + (f", patient {_number(mine[at])}" if mine and mine[at] is not None else "")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def _lines(label: str, unit: str) -> str:
    return label.replace(", ", ",\n") + f"\n{unit}"


def days_axis_of(at: int, days: Sequence[int], last: bool, most: int = 13) -> dict[str, Any]:
    span = days[-1] - days[0]
    step = next((s for s in (7, 14, 30, 60, 100, 180) if span / s <= most), 365)
    ticks = list(range(-(-days[0] // step) * step, days[-1] + 1, step))
    return {"gridIndex": at, "type": "value", "min": days[0], "max": days[-1],
            "axisLabel": {"show": last, "color": INK, "fontSize": 11, "customValues": ticks},
            "axisTick": {"show": last, "lineStyle": {"color": INK, "opacity": 0.5}, "customValues": ticks},
            "axisLine": {"show": True, "onZero": False, "lineStyle": {"color": INK, "opacity": 0.45}},
            "splitLine": {"show": False}, "name": "Days from infusion" if last else "", "nameLocation": "middle",
            "nameGap": 26, "nameTextStyle": {"color": INK, "fontSize": 12}}  # fmt: skip


def levels_of(levels: Sequence[Mapping[str, Any]], narrow: bool) -> dict[str, Any]:
    zero = {"xAxis": 0, "lineStyle": {"type": "solid", "opacity": 0.35}, "label": {"show": False}}
    return {"silent": True, "symbol": "none", "data": [*levels, zero], "animation": False,
            "label": {"formatter": "{b}", "position": "insideEndTop" if narrow else "end", "color": INK,
                      "fontSize": 11, "opacity": 0.8},
            "lineStyle": {"color": INK, "width": 1, "opacity": 0.6}}  # fmt: skip


def hover_of(words: str = HOVER) -> dict[str, Any]:
    return {
        "trigger": "axis",
        "confine": True,
        ":formatter": words,
        "backgroundColor": "var(--paper)",
        "borderColor": "var(--line)",
        "textStyle": {"color": "var(--ink)", "fontSize": 12},
        "axisPointer": {"type": "line", "lineStyle": {"color": INK, "opacity": 0.4, "type": "solid"}},
    }


def curve_options(group: Mapping[str, Any]) -> dict[str, Any]:
    """Options of one group of outcome curves in percent by day, each with its 95 % band."""
    series: list[dict[str, Any]] = []
    lines = group["lines"]
    last = max(line["days"][-1] for line in lines)
    for (colour, dash), line in zip(STYLES, lines, strict=False):
        days = line["days"]
        band = {"type": "line", "step": "end", "symbol": "none", "silent": True, "stack": line["name"],
                "lineStyle": {"width": 0}, "tooltip": {"show": False}}  # fmt: skip
        wide = [None if a is None or b is None else round(b - a, 4)
                for a, b in zip(line["low"], line["high"], strict=True)]  # fmt: skip
        series.append({**band, "data": _points(days, line["low"])})
        series.append({**band, "data": _points(days, wide), "areaStyle": {"color": colour, "opacity": 0.12}})
        told = [
            [day, v, f"{line['label']} {v:.0f} % ({low:.0f} to {high:.0f})"]
            for day, v, low, high in zip(days, line["estimate"], line["low"], line["high"], strict=True)
            if None not in (v, low, high)
        ]
        series.append(
            {
                "type": "line",
                "step": "end",
                "symbol": "none",
                "silent": True,
                "name": line["label"],
                "color": colour,
                "data": told,
                "lineStyle": {"width": 2, "type": dash, "color": colour},
            }
        )
    step = next((s for s in (14, 30, 60, 100, 180, 365) if last / s <= 6), 365)
    days_axis = days_axis_of(0, [0, last], last=True)
    for part in ("axisLabel", "axisTick"):
        days_axis[part]["customValues"] = list(range(0, last + 1, step))
    return {"animation": False, "grid": {"left": 34, "right": 14, "top": 10, "bottom": 44},
            "xAxis": days_axis, "tooltip": hover_of(), "series": series,
            "yAxis": {"type": "value", "min": 0, "max": 100, "interval": 25,
                      "axisLabel": {"color": INK, "fontSize": 11},
                      "splitLine": {"lineStyle": {"color": INK, "opacity": 0.1}}}}  # fmt: skip


def curve_key(group: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Label, colour and dash of each line of a group."""
    dashes = [(colour, "" if isinstance(dash, str) else " ".join(map(str, dash))) for colour, dash in STYLES]
    return [(line["label"], *style) for line, style in zip(group["lines"], dashes, strict=False)]
