"""A parameter set as text: scores before, after and left out, the search, what the rows say of each parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dayzero.analyse.evidence.roles import calibrated
from dayzero.errors import SpecError
from dayzero.present.evidence_table import number
from dayzero.present.tables import DISCLAIMER

WHEN = ("before", "after", "left_out")
ROWS_HEAD = "most by"
SEARCH_HEADS = ("round", "part of the step", "foretold", "simulated", "")
EXPLAINED = (
    "Scores over the rows aimed at. Left out: each row simulated with the steps of the fit solved without its study. "
    "Search: the misfit of rows and priors along each step, as foretold and as simulated. Width: "
    "standard deviation after over before; 1 where the rows say nothing. Moved and between folds: in prior standard "
    "deviations. Most by: the row that narrows it most."
)


def show_set(told: Mapping[str, Any], console: Console) -> None:
    """Scores, parameters, where it comes from."""
    if not isinstance(told.get("scores"), Mapping) or not isinstance(told.get("parameters"), Mapping):
        advice = "name a set written by dayzero calibrate"
        raise SpecError("calibrate", "--explain", "a set without scores", "one made by a fit", advice)
    console.print(_grid("Scores", ["", *(w.replace("_", " ") for w in WHEN)], score_rows(told)))
    if told.get("search"):
        console.print(_grid("\nSearch", SEARCH_HEADS, search_rows(told)))
    heads = ["parameter", "old", "new", "moved", "width", ROWS_HEAD]
    shown = [(row[0], *row[2:6], row[-1].split(", ")[0]) for row in parameter_rows(told)]
    console.print(_grid("\nParameters, the best known first", heads, shown))
    console.print(Text(f"{EXPLAINED} {seen_text(told)}\n{made_text(told)}\n{DISCLAIMER}"), style="dim")


def score_rows(told: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Passes, median |z|, signs and gain, then passes by topic."""
    scores = {when: told["scores"].get(when) for when in WHEN}

    def line(name: str, cell: Any) -> tuple[str, ...]:
        return (name, *("" if scores[when] is None else cell(scores[when]) for when in WHEN))

    rows = [
        line("pass", lambda s: share(s["all"])),
        line("weighted", lambda s: percent(s["all"]["weighted"])),
        line("median |z|", lambda s: text(s["all"]["median_z"])),
        line("naive rule passes", lambda s: f"{s['naive_passed']} of {s['naive_rows']}"),
        line("gain over naive", lambda s: gain_text(s["gain"])),
        line("signs", lambda s: f"{s['signs']['agree']} of {s['signs']['of']}"),
    ]  # fmt: skip
    for topic in told["scores"]["before"]["topics"]:
        rows.append(line(topic, lambda s, t=topic: share(s["topics"][t]) if t in s["topics"] else ""))
    beside = told.get("supporting", {})
    if beside:
        rows.append(("supporting rows, not fitted", *(share(beside[w]) if w in beside else "" for w in WHEN)))
    return rows


def search_rows(told: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Every place that was simulated, in order, with its misfit, and which of them were taken."""
    before, rows = told["search"]["start"], [("start", "", "", f"{told['search']['start']:.1f}", "")]
    for count, one in enumerate(told["search"]["rounds"], start=1):
        taken = one["misfit"] if one["misfit"] < before else None
        for tried in one["tried"]:
            marks = f"{tried['step']:g}", f"{tried['foretold']:.1f}", f"{tried['misfit']:.1f}"
            rows.append((str(count), *marks, "taken" if tried["misfit"] == taken else ""))
        before = one["misfit"]
    return rows


def outcome(told: Mapping[str, Any]) -> str:
    """What the search came to, in a sentence or two."""
    ways = [told["search"]["start"], *(one["misfit"] for one in told["search"]["rounds"])]
    held, rounds = sum(b < a for a, b in pairwise(ways)), len(ways) - 1
    if not held and any(one["moved"] for one in told["parameters"].values()):
        return (
            f"The misfit, {ways[0]:.0f}, fell by less than the digits that are kept of it; parameters moved all the "
            "same: what that bought stands in the scores."
        )
    if not held:
        return (
            f"No step held: no part of any of the {rounds} lowered the misfit, {ways[0]:.0f}, once it was simulated. "
            "The set holds the values of the source files, whole or with studies left out; what it adds is how far the "
            "rows pin down each parameter, and an ensemble that carries the rest."
        )
    return (
        f"The misfit fell from {ways[0]:.0f} to {ways[-1]:.0f}; {held} of {rounds} rounds found a better place. "
        "Misfits here are of the patients of the fit, who are the same throughout: what it bought stands in the scores."
    )


def seen_text(told: Mapping[str, Any]) -> str:
    """What left-out scores have seen of their rows all the same."""
    seen, rows = sum(row in calibrated() for row in told["rows"]), len(told["rows"])
    return (
        "Left-out scores are not blind: how much of each step is taken was chosen by a misfit that counts all rows, "
        f"and {seen} of these {rows} rows have the role calibrated: they were in view while source values were chosen."
    )


def parameter_rows(told: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Every parameter, the one narrowed most first."""
    found = sorted(told["parameters"].items(), key=lambda item: item[1]["ratio"])
    return [
        (name, p["stage"], number(p["old"]), number(p["new"]), f"{p['moved']:+.2f}", f"{p['ratio']:.2f}",
         f"{p['between_folds']:.2f}", ", ".join(p["rows"][:3]))
        for name, p in found
    ]  # fmt: skip


def made_text(told: Mapping[str, Any]) -> str:
    """How the set was made, in one line."""
    made = told["made"]
    parts = [
        f"set {told['name']}",
        f"{len(told['parameters'])} parameters",
        f"{len(told['rows'])} rows",
        f"stages {', '.join(made['stages'])}",
        f"{made['rounds']} rounds of {made['patients']} patients an arm",
        f"seed {made['seed']}",
        f"{made['used']:g} of {made['budget']:g} scoreboards",
        f"model {told['model'][:12]}",
    ]
    return " · ".join(parts)


def share(score: Mapping[str, Any]) -> str:
    """Passes of covered rows."""
    covered, passed = score["covered"], score["passed"]
    return f"{passed} of {covered} ({100 * passed / covered:.0f} %)" if covered else "-"


def gain_text(gain: Mapping[str, Any]) -> str:
    """A gain with its interval."""
    mean, low, high = (text(None if gain[end] is None else round(gain[end], 2)) for end in ("mean", "low", "high"))
    return f"{mean} ({low}, {high})"


def percent(value: float | None) -> str:
    """A share as percent, "-" where it is not known."""
    return "-" if value is None else f"{100 * value:.0f} %"


def text(value: float | None) -> str:
    """A figure, "-" where it is not known."""
    return "-" if value is None else number(value)


def _grid(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table whose words fold and whose numbers do not."""
    grid = Table(title=Text(title, style="table.title"), title_justify="left", box=None, pad_edge=False)
    for at, name in enumerate(heads):
        words = at == 0 or name == ROWS_HEAD
        grid.add_column(
            name, justify="left" if words else "right", no_wrap=not words, overflow="fold", min_width=11 * words
        )
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    return grid
