"""The forest of the scoreboard: simulated against published, every row on the scale of its own tolerance."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from dayzero.present.evidence_table import number, record_text
from dayzero.present.page import BLUE, DISCLAIMER, GREY, INK, VERMILLION, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dayzero.analyse.evidence.board import Board, Row

MOST = 330  # rows in one figure; beyond, the farthest are shown and the figure says so
EDGE = 6.0  # tolerances at the edge of the panel
INCH, MARGINS = 0.135, 1.6
MARKERS = {"input": "s", "calibrated": "D", "predicted": "o"}


def forest_figure(board: Board) -> Figure:
    """Rows by family, z on the axis: 0 is the published figure, the grey band passes; strict interval as a line."""
    covered = [row for row in board.rows if row.covered and isfinite(row.z) and row.core]
    covered = covered or [row for row in board.rows if row.covered and isfinite(row.z)]
    chosen = sorted(covered, key=lambda row: -abs(row.z))[:MOST]
    order = list(dict.fromkeys(row.family for row in covered))
    rows = sorted(chosen, key=lambda row: (order.index(row.family), -abs(row.z)))
    with styled():
        height = MARGINS + INCH * max(len(rows) + len({r.family for r in rows}), 4)
        figure = Figure(figsize=(8.2, height))
        axes = figure.add_axes((0.40, 0.85 / height, 0.38, 1 - (0.85 + 0.62) / height))
        _draw(axes, rows)
        figure.suptitle(
            f"Simulated against published, {len(rows)} of {len(covered)} rows", x=0.02, y=1 - 0.13 / height, ha="left"
        )
        told = "circle: predicted, diamond: calibrated, square: input; red: fails. Line: published 95 % interval."
        figure.text(0.02, 1 - 0.42 / height, told, fontsize=6.5, color=GREY)
        figure.text(0.80, 1 - 0.58 / height, "simulated, published", fontsize=5.6, color=GREY)
        figure.text(0.02, 0.07 / height, f"{record_text(board)}\n{DISCLAIMER}", fontsize=6, color=GREY, va="bottom")
    return figure


def _draw(axes: Axes, rows: list[Row]) -> None:
    at, family = 0.0, ""
    axes.axvspan(-1.96, 1.96, color="#e9e9e6", linewidth=0)
    axes.axvline(0, color=INK, linewidth=0.6)
    for row in rows:
        if row.family != family:
            family, at = row.family, at + 1
            axes.text(
                -0.02,
                at,
                family,
                transform=axes.get_yaxis_transform(),
                ha="right",
                va="center",
                fontsize=6.5,
                fontweight="bold",
            )
            at += 1
        _one(axes, row, at)
        at += 1
    axes.set_ylim(at, 0)
    axes.set_xlim(-EDGE - 0.4, EDGE + 0.4)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("Simulated less published, in standard errors with the spread between studies")


def _one(axes: Axes, row: Row, at: float) -> None:
    colour = BLUE if row.passed else VERMILLION
    spread = (row.error**2 + row.tau**2) ** 0.5
    half = 1.96 * row.error / spread if spread else 0.0
    axes.plot((-min(half, EDGE), min(half, EDGE)), (at, at), color=GREY, linewidth=0.8)
    beyond = abs(row.z) > EDGE
    marker = ("<" if row.z < 0 else ">") if beyond else MARKERS[row.role]
    axes.plot(max(min(row.z, EDGE), -EDGE), at, marker=marker, color=colour, markersize=3.4, linestyle="")
    name = row.id if len(row.id) <= 30 else f"{row.id[:29]}…"
    left, right = axes.get_yaxis_transform(), f"{number(row.simulated)}, {number(row.published)}"
    axes.text(
        -0.02, at, f"{name}  {_short(row.metric)}", transform=left, ha="right", va="center", fontsize=5.6, color=INK
    )
    axes.text(1.02, at, right, transform=left, ha="left", va="center", fontsize=5.6, color=INK)


def _short(metric: str) -> str:
    return metric if len(metric) <= 34 else f"{metric[:33]}…"
