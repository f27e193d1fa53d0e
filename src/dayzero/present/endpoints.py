"""The outcomes of a cohort on one page: survival, competing risks, GVHD, infection, organ toxicity, causes of death."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from dayzero.analyse.endpoints import ENDPOINTS
from dayzero.analyse.outcomes import Line, Outcomes, curve_of
from dayzero.analyse.survival import Curve
from dayzero.present.page import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, VERMILLION, end_labels, foot, frame, styled

STYLES: tuple[tuple[str, Any], ...] = ((BLUE, "-"), (VERMILLION, (0, (5, 1.5))), (GREEN, (0, (5, 1.5, 1, 1.5))),
                                       (PURPLE, (0, (1.2, 1.2))), (ORANGE, (0, (8, 1.5, 1, 1.5, 1, 1.5))))  # fmt: skip
TICKS = (7, 14, 30, 60, 90, 180, 365, 730)  # days between ticks: weeks, months, years
MOST_BANDS = 3  # more bands than that hide one another
TOPS = (5, 10, 20, 30, 40, 60, 80, 100)
SHORT = {"relapse_free_survival": "relapse-free", "overall_survival": "overall", "grfs": "GVHD- and\nrelapse-free",
         "acute_gvhd_2_4": "acute II-IV", "acute_gvhd_3_4": "acute III-IV", "chronic_gvhd": "chronic",
         "non_relapse_mortality": "non-relapse\nmortality", "cmv_infection": "CMV, treated\nor disease",
         "neutropenic_fever": "fever in\nneutropenia", "mould_infection": "mould",
         "respiratory_virus": "respiratory\nvirus", "viral_reactivation": "other virus",
         "late_infection": "late\ninfection", "lung_injury_syndrome": "pneumonia\nsyndrome",
         "microangiopathy": "micro-\nangiopathy", "hemorrhagic_cystitis": "cystitis", "kidney_injury": "kidney injury",
         "engraftment_syndrome": "engraftment\nsyndrome"}  # fmt: skip


class Panel(NamedTuple):
    """One panel: its title, the endpoints it may show, and what the axis says."""

    title: str
    names: tuple[str, ...]
    axis: str = "Cumulative incidence (%)"


PANELS = (
    Panel("Survival", ("overall_survival", "relapse_free_survival", "grfs"), "Patients (%)"),
    Panel("Relapse and non-relapse mortality", ("relapse", "non_relapse_mortality")),
    Panel("Graft-versus-host disease", ("acute_gvhd_2_4", "acute_gvhd_3_4", "chronic_gvhd")),
    Panel("Infection", ("cmv_infection", "bacteremia", "mould_infection", "respiratory_virus", "viral_reactivation",
                        "late_infection")),
    Panel("Organ toxicity", ("vod", "lung_injury_syndrome", "microangiopathy", "hemorrhagic_cystitis", "kidney_injury",
                             "heart_failure", "engraftment_syndrome")),
)  # fmt: skip
GROUPS = {"disease": VERMILLION, "infection": BLUE, "graft-versus-host disease": PURPLE, "organ toxicity": ORANGE}


def outcomes_figure(outcomes: Outcomes, *, title: str = "") -> Figure:
    """The main outcomes by day with 95 % bands and the patients at risk, and what the dead died of.

    Of infections and organ toxicities the five most frequent are shown. `title` left out is that of the plan.
    """
    known = {line.name: line for line in outcomes.lines if line.patients}
    panels = [(panel, _lines(panel, known)) for panel in PANELS]
    panels = [(panel, lines) for panel, lines in panels if lines]
    plan = outcomes.record["plans"][0]
    words = "Kaplan-Meier and Aalen-Johansen estimates, 95 % bands where there is room; below: patients at risk"
    with styled():
        rows = -(-(len(panels) + 1) // 2)
        tall = 0.9 + 3.3 * rows
        figure = Figure(figsize=(9, tall))
        floor = 0.25 + 0.115 * len(foot(figure, outcomes.record, [COMPETING]))
        for at, (panel, lines) in enumerate(panels):
            _curves(_axes(figure, at, rows, floor), panel, lines)
        _causes(_axes(figure, len(panels), rows, floor), outcomes)
        figure.text(0.02, 1 - 0.42 / tall, words, fontsize=7.5, va="center")
        frame(figure, title or f"Outcomes: {plan['spec'].get('title') or plan['name']}", outcomes.record, [COMPETING])
    return figure


COMPETING = ("death competes with every event, relapse with non-relapse mortality; an interval is that of the number "
             "of patients simulated, not of what is unknown of the model")  # fmt: skip


def _lines(panel: Panel, known: dict[str, Line]) -> list[Line]:
    """The lines of a panel, at most five: those of the most frequent events, in the panel's own order."""
    own = [known[name] for name in panel.names if name in known]
    if len(panel.names) <= 3:
        return own
    often = sorted(own, key=lambda line: -line.estimates[-1].percent)[: len(STYLES)]
    return [line for line in own if line in often and line.estimates[-1].events]


def _axes(figure: Figure, at: int, rows: int, floor: float) -> Axes:
    tall, row, column = figure.get_figheight(), at // 2, at % 2
    each = (tall - 0.6 - floor) / rows
    return figure.add_axes(
        (0.072 + 0.495 * column, (floor + each * (rows - 1 - row) + 1.08) / tall, 0.295, (each - 1.46) / tall)
    )


def _curves(axes: Axes, panel: Panel, lines: Sequence[Line]) -> None:
    """Steps with bands, named at their end with the estimate there; under the axis the patients at risk."""
    axes.set_title(panel.title, loc="left", fontsize=9, fontweight="bold", pad=7)
    last = max(len(line.counts.censored) for line in lines) - 1
    ends, top = [], 5.0
    for line, (colour, style) in zip(lines, STYLES, strict=False):
        curve = curve_of(line.name, line.counts)
        share, low, high = (_held(100 * edge, last) for edge in (curve.estimate, curve.low, curve.high))
        if len(lines) <= MOST_BANDS:
            axes.fill_between(range(last + 1), low, high, step="post", color=colour, alpha=0.14)
        axes.step(range(last + 1), share, where="post", color=colour, linestyle=style, linewidth=1.3)
        top = max(top, float(np.nanmax(high if len(lines) <= MOST_BANDS else share)))
        ends.append((float(share[-1]), f"{SHORT.get(line.name, line.label)}  {share[-1]:.{int(share[-1] < 9.95)}f} %"))
    ceiling = 100 if ENDPOINTS[lines[0].name].survival else next(t for t in TOPS if t >= min(1.02 * top, 100))
    axes.set(xlim=(0, last), ylim=(0, ceiling), ylabel=panel.axis)
    axes.xaxis.set_major_locator(MultipleLocator(next((s for s in TICKS if last / s <= 6.2), 1825)))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=(1, 2, 2.5, 5, 10), integer=True))
    axes.set_xlabel("Days from infusion", labelpad=1)
    end_labels(axes, ends, list(STYLES))
    _at_risk(axes, [curve_of(line.name, line.counts) for line in lines])


def _held(edge: np.ndarray, last: int) -> np.ndarray:
    return np.concatenate([edge, np.full(last + 1 - len(edge), edge[-1])])


def _at_risk(axes: Axes, curves: Sequence[Curve]) -> None:
    """Patients at risk on the mornings of the ticks, a row a line, each after a sample of its line."""
    height = axes.get_position().height * axes.figure.get_figheight()  # pyright: ignore[reportAttributeAccessIssue]
    ticks = [int(tick) for tick in axes.get_xticks() if 0 <= tick <= axes.get_xlim()[1]]
    for row, (curve, (colour, style)) in enumerate(zip(curves, STYLES, strict=False)):
        y = -(0.45 + 0.12 * row) / height
        axes.plot((-0.145, -0.065), (y, y), color=colour, linestyle=style, transform=axes.transAxes, clip_on=False)
        for day in ticks:
            waiting = curve.at_risk[day] if day < len(curve.days) else 0
            axes.text(day, y, f"{waiting}", ha="center", va="center", fontsize=6.5, color=INK,
                      transform=axes.get_xaxis_transform())  # fmt: skip


def _causes(axes: Axes, outcomes: Outcomes) -> None:
    """Deaths by cause in percent of all patients, coloured by group; hatched those after a relapse."""
    died = sum(cause.deaths for cause in outcomes.deaths)
    axes.set_title(f"Causes of death ({died} of {outcomes.patients} patients)", loc="left", fontsize=9,
                   fontweight="bold", pad=7, x=-0.28)  # fmt: skip
    axes.spines["left"].set_visible(False)
    shown = outcomes.deaths[:10]
    for y, cause in enumerate(shown):
        share, after = (100 * n / outcomes.patients for n in (cause.deaths, cause.after_relapse))
        colour = GROUPS.get(cause.group, GREY)
        axes.barh(y, share, color=colour, height=0.62)
        axes.barh(y, after, color="none", edgecolor="white", hatch="////", height=0.62, linewidth=0)
        axes.text(share, y, f"  {cause.deaths}", va="center", fontsize=7)
    axes.set_yticks(range(len(shown)), [fill(cause.label, 20) for cause in shown], fontsize=7, linespacing=1.0)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(max(len(shown), 4) - 0.4, -0.6)
    axes.set_xlim(0, 1.12 * max([100 * c.deaths / outcomes.patients for c in shown], default=1))
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlabel("Patients (%); hatched: after a relapse", labelpad=1)
    box = axes.get_position()
    axes.set_position((box.x0 + 0.095, box.y0, box.width + 0.02, box.height))
