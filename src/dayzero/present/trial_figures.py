"""Curves of a trial's arms, and its power by size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, MultipleLocator

from dayzero.analyse.endpoints import ENDPOINTS
from dayzero.analyse.estimates import curves
from dayzero.analyse.groups import Z95
from dayzero.analyse.when import COMPARABLE
from dayzero.present.endpoints import STYLES, TICKS, TOPS
from dayzero.present.page import BLUE, GREY, INK, VERMILLION, end_labels, foot, frame, styled

if TYPE_CHECKING:
    from dayzero.analyse.trial import TrialResult
    from dayzero.spec.trial_parts import TrialEndpoint

MOST = 8  # endpoints drawn, the primary first
CAUTION = ("over all replicates: bands are 95 % intervals of the simulation, far narrower than those of one trial; "
           "below: patients at risk")  # fmt: skip


def curves_figure(result: TrialResult) -> Figure:
    """Survival or cumulative incidence of every arm by day, an endpoint a panel, over all replicates."""
    trial = result.trial
    shown = sorted(trial.endpoints, key=lambda each: each.role != "primary")[:MOST]
    notes = [CAUTION]
    with styled():
        rows = -(-len(shown) // 2)
        arms = len(trial.arms)
        low = 0.25 + 0.115 * len(foot(Figure(figsize=(9, 4)), result.record, notes))
        each = 2.65 + 0.12 * arms
        tall = 0.55 + each * rows + low
        figure = Figure(figsize=(9, tall))
        for at, endpoint in enumerate(shown):
            row, column = at // 2, at % 2
            under = 0.75 + 0.12 * arms
            box = (0.075 + 0.495 * column, (low + each * (rows - 1 - row) + under) / tall, 0.30,
                   (each - under - 0.42) / tall)  # fmt: skip
            _panel(figure.add_axes(box), result, endpoint)
        frame(figure, f"{trial.title or trial.name}", result.record, notes)
    return figure


def _panel(axes: Axes, result: TrialResult, endpoint: TrialEndpoint) -> None:
    known = COMPARABLE[endpoint.name]
    star = " (primary)" if endpoint.role == "primary" else ""
    axes.set_title(known.label[0].upper() + known.label[1:] + star, loc="left", fontsize=8.5, fontweight="bold", pad=6)
    lines, ends, top = curves(result.world, endpoint), [], 5.0
    last = min(max(len(share) for _, share, _, _ in lines) - 1, result.trial.follow_up.days)
    if endpoint.name not in ENDPOINTS:
        last = min(last, 2 * (endpoint.day or last))
    for (name, share, error, _), (colour, style) in zip(lines, STYLES, strict=False):
        to = slice(0, last + 1)
        days = np.arange(len(share[to]))
        low, high = np.clip(share - Z95 * error, 0, 100)[to], np.clip(share + Z95 * error, 0, 100)[to]
        axes.fill_between(days, low, high, step="post", color=colour, alpha=0.14)
        axes.step(days, share[to], where="post", color=colour, linestyle=style, linewidth=1.3)
        top = max(top, float(high.max()))
        ends.append((float(share[to][-1]), f"{name}  {share[to][-1]:.0f} %"))
    ceiling = 100 if known.survival else next(t for t in TOPS if t >= min(1.02 * top, 100))
    words = "Patients (%)" if known.survival else "Cumulative incidence (%)"
    start = "infusion" if result.trial.analysis.population == "infused" else "randomisation"
    axes.set(xlim=(0, last), ylim=(0, ceiling), ylabel=words)
    axes.set_xlabel(f"Days from {start}", labelpad=1)
    axes.xaxis.set_major_locator(MultipleLocator(next((s for s in TICKS if last / s <= 6.2), 1825)))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=(1, 2, 2.5, 5, 10), integer=True))
    if endpoint.day is not None and endpoint.day < last:
        axes.axvline(endpoint.day, color=GREY, linewidth=0.6, linestyle=":")
    end_labels(axes, ends, list(STYLES))
    _waiting(axes, [risk for *_, risk in lines])


def _waiting(axes: Axes, risks: list[np.ndarray]) -> None:
    height = axes.get_position().height * axes.figure.get_figheight()  # pyright: ignore[reportAttributeAccessIssue]
    ticks = [int(tick) for tick in axes.get_xticks() if 0 <= tick <= axes.get_xlim()[1]]
    for row, (risk, (colour, style)) in enumerate(zip(risks, STYLES, strict=False)):
        y = -(0.45 + 0.12 * row) / height
        axes.plot((-0.16, -0.08), (y, y), color=colour, linestyle=style, transform=axes.transAxes, clip_on=False)
        for day in ticks:
            waiting = risk[day] if day < len(risk) else 0
            axes.text(day, y, f"{waiting:.0f}", ha="center", va="center", fontsize=6.5, color=INK,
                      transform=axes.get_xaxis_transform())  # fmt: skip


def power_figure(result: TrialResult) -> Figure | None:
    """Power on the primary endpoint by size of the trial, with Wilson's interval; None for one size alone."""
    name = result.trial.primary.name
    rows = sorted((row for row in result.characteristics if row.name == name), key=lambda row: row.size)
    if len(rows) < 2:
        return None
    with styled():
        figure = Figure(figsize=(6.4, 4.4))
        axes = figure.add_axes((0.11, 0.24, 0.72, 0.62))
        sizes = [row.size for row in rows]
        axes.fill_between(sizes, [100 * r.power_low for r in rows], [100 * r.power_high for r in rows], color=BLUE,
                          alpha=0.14)  # fmt: skip
        axes.plot(sizes, [100 * r.power for r in rows], "o-", color=BLUE)
        ends = [(100 * rows[-1].power, "power")]
        if all(np.isfinite(row.type_one) for row in rows):
            axes.plot(sizes, [100 * r.type_one for r in rows], "^--", color=VERMILLION, linewidth=1)
            ends.append((100 * rows[-1].type_one, "type I error"))
        axes.axhline(80, color=GREY, linewidth=0.6, linestyle=":")
        axes.axvline(result.trial.size, color=GREY, linewidth=0.6, linestyle=":")
        axes.set(ylim=(0, 101), xlim=(0, 1.03 * sizes[-1]), xlabel="Patients in the trial", ylabel="Trials (%)")
        end_labels(axes, ends)
        trials = ", ".join(f"{row.trials} of {row.size}" for row in rows)
        frame(figure, f"Power on {rows[0].label}", result.record, [f"trials: {trials}; band: 95 % interval"])
    return figure
