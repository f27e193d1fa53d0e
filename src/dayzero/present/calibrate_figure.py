"""What the rows say of each parameter: prior and posterior, side by side, stage by stage."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dayzero.present.calibrate_table import made_text
from dayzero.present.page import BLUE, DISCLAIMER, GREY, INK, styled

INCH, MARGINS = 0.135, 1.5


def widths_figure(told: Mapping[str, Any]) -> Figure:
    """Prior (grey) and posterior (blue) of every parameter, mean and 95 %, in prior standard deviations."""
    parameters: Mapping[str, Any] = told["parameters"]
    stages = list(dict.fromkeys(p["stage"] for p in parameters.values()))
    with styled():
        height = MARGINS + INCH * max(len(parameters) + 2 * len(stages), 4)
        figure = Figure(figsize=(7.2, height))
        axes = figure.add_axes((0.42, 0.75 / height, 0.54, 1 - MARGINS / height))
        at = 0.0
        axes.axvspan(-1.96, 1.96, color="#e9e9e6", linewidth=0)
        axes.axvline(0, color=INK, linewidth=0.6)
        for stage in stages:
            own = sorted((p["ratio"], name) for name, p in parameters.items() if p["stage"] == stage)
            at += 1
            _label(axes, at, stage.replace("_", " and "), bold=True)
            for ratio, name in own:
                at += 1
                place = parameters[name]["moved"]
                axes.plot((place - 1.96 * ratio, place + 1.96 * ratio), (at, at), color=BLUE, linewidth=1.2)
                axes.plot(place, at, marker="o", color=BLUE, markersize=3, linestyle="")
                _label(axes, at, name)
            at += 0.6
        axes.set_ylim(at + 0.5, 0)
        axes.set_xlim(-4, 4)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("Prior standard deviations from the source file's value")
        figure.suptitle("What published findings say of each parameter", x=0.02, y=1 - 0.13 / height, ha="left")
        words = "Grey: before the fit, 95 %. Blue: after it, fitted value and 95 %; the best known first in each stage."
        figure.text(0.02, 1 - 0.42 / height, words, fontsize=6.5, color=GREY)
        foot = textwrap.fill(made_text(told), 130)
        figure.text(0.02, 0.07 / height, f"{foot}\n{DISCLAIMER}", fontsize=5.5, color=GREY, va="bottom")
    return figure


def _label(axes: Axes, at: float, words: str, bold: bool = False) -> None:
    axes.text(-0.02, at, words, transform=axes.get_yaxis_transform(), ha="right", va="center", fontsize=6,
              fontweight="bold" if bold else "normal")  # fmt: skip
