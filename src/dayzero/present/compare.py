"""``dayzero compare``: two plans on the same virtual patients, as tables, a figure and a file of all patients."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dayzero.errors import SpecError
from dayzero.present.targets import check_targets, placing

if TYPE_CHECKING:
    from dayzero.analyse.compare import Comparison, Contrast, Pair
    from dayzero.analyse.shared_fate import Cell

MAIN = ("overall_survival", "relapse_free_survival", "grfs", "relapse", "non_relapse_mortality", "graft_failure",
        "acute_gvhd_2_4", "acute_gvhd_3_4", "chronic_gvhd", "cmv_infection", "neutrophil_engraftment",
        "platelet_engraftment")  # fmt: skip
EXPLAINED = (
    "Differences are second plan less first, of the same patients, with the 95 % Monte-Carlo interval. Gain: how many "
    "times as large two unlike groups would have to be."
)
SHARED = (
    "Gained: the event avoided, or engraftment reached, under the second plan only; lost: the reverse. Earlier, later: "
    "of those who had it under both. Under shared fate a patient keeps body and luck in both plans; no data can show "
    "this, and real arms leave all within the bounds open."
)


def compare(
    first: Annotated[str, typer.Argument(metavar="PLAN", help="A plan of the library or a YAML file.")],
    second: Annotated[str, typer.Argument(metavar="OTHER", help="Another plan; left out, PLAN with --but.")] = "",
    change: Annotated[list[str] | None, typer.Option("--but", help="Edit the second plan: graft.source=marrow")] = None,
    patients: Annotated[int, typer.Option(help="Virtual patients, the same in both plans.")] = 1000,
    days: Annotated[int, typer.Option(help="Last day, counted from infusion.")] = 365,
    seed: Annotated[int, typer.Option(help="Fixes who the patients are and what happens to them.")] = 1,
    everything: Annotated[bool, typer.Option("--all", help="Every endpoint at every day.")] = False,
    out_file: Annotated[Path | None, typer.Option("--out", help="Write every patient's days (.csv, .parquet).")] = None,
    figure: Annotated[Path | None, typer.Option(help="Draw the differences (.png, .svg, .pdf).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Compare two plans on the same virtual patients: what would have changed, and for whom."""
    from dayzero.analyse.compare import compare as compared
    from dayzero.present import cli

    if not second and not change:
        raise SpecError("compare", "OTHER", "one plan", "two", "name another plan, or edit this one with --but")
    files = {option: path for option, path in (("--out", out_file), ("--figure", figure)) if path is not None}
    check_targets(files, {"--out": cli.TABLE, "--figure": cli.PICTURE}, read=[Path(first), Path(second or first)])
    plan, other = cli.edited(first, []), cli.edited(second or first, change or [])
    with cli.noted(), cli.progress("Simulating", as_json) as tick:
        found = compared(plan, other, patients=patients, days=days, seed=seed, progress=tick)
    _keep(found, files)
    if as_json:
        print(json.dumps(found.as_dict() | {"run": found.record}, indent=1))
        return
    show_comparison(found, cli.out, everything)
    for path in files.values():
        cli.out.print(f"written: {path}")


def _keep(found: Comparison, files: dict[str, Path]) -> None:
    with placing(files.values()) as parts:
        for option, part in zip(files, parts, strict=True):
            if option == "--figure":
                from dayzero.present.contrast_figures import comparison_figure
                from dayzero.present.page import save

                save(comparison_figure(found), part)
            elif part.suffix == ".csv":
                found.table().write_csv(part)
            else:
                found.table().write_parquet(part)


def show_comparison(found: Comparison, console: Console, everything: bool = False) -> None:
    """Differences, then the patients' own table, of every pair."""
    from dayzero.present.page import DISCLAIMER, record_line
    from dayzero.present.trial_tables import put

    for pair in found.pairs:
        put(_differences(pair, everything), console)
        put(_own(pair, everything), console)
        if pair.left_out:
            console.print(Text(f"{pair.left_out} died before the infusion under one plan and are not counted."))
    console.print(Text(f"{EXPLAINED}\n{SHARED}\n{record_line(found.record)}\n{DISCLAIMER}"), style="dim")


def _differences(pair: Pair, everything: bool) -> Table:
    told = rows_told(pair, everything)
    grid = _grid(f"{pair.second} less {pair.first}, {pair.patients} patients")
    heads = ["", "first", "second", "difference", "95 % interval", "gain"]
    for head in heads + ["over the model"] * any(row.model for row in told):
        grid.add_column(head, justify="right" if head else "left", no_wrap=bool(head), min_width=30 * (not head))
    for row in told:
        digits = 2 if row.unit == "years" else 1
        first, second = ("-" if np.isnan(value) else f"{value:.{digits}f}" for value in (row.first, row.second))
        unit = ", %" if row.unit == "% points" else f", {row.unit}"
        interval = f"{signed(row.low, digits)} to {signed(row.high, digits)}"
        cells = [
            f"{row.label}, day {row.day}{unit}",
            first,
            second,
            signed(row.difference, digits),
            interval,
            gain_told(row),
        ]
        if row.model is not None:
            cells.append(" to ".join(signed(edge, digits) for edge in row.model))
        grid.add_row(*map(Text, cells))
    return grid


def rows_told(pair: Pair, everything: bool = False) -> list[Contrast]:
    """The main contrasts, each at its last day, or all of them."""
    if everything:
        return list(pair.contrasts)
    last = {row.name: row for row in pair.contrasts}
    return [row for name, row in last.items() if name in MAIN or row.unit != "% points"]


def _own(pair: Pair, everything: bool) -> Table:
    last = pair.fates[0].day if pair.fates else 0
    grid = _grid(f"\nThe same patients under both plans by day {last}, % under shared fate (bounds without it)")
    for head in ("", "both", "neither", "gained", "lost", "earlier", "later"):
        grid.add_column(head, justify="right" if head else "left", no_wrap=bool(head), min_width=30 * (not head))
    for row in pair.fates:
        if not everything and row.name not in MAIN:
            continue
        shift = ["-" if np.isnan(value) else f"{value:.0f}" for value in (row.earlier, row.later)]
        cells = (row.label, f"{row.both:.1f}", f"{row.neither:.1f}", _cell(row.gained), _cell(row.lost), *shift)
        grid.add_row(*map(Text, cells))
    return grid


def _cell(cell: Cell) -> str:
    return f"{cell.shared:.1f} ({cell.least:.0f}-{cell.most:.0f})"


def _grid(title: str) -> Table:
    return Table(title=Text(title, style="table.title"), title_justify="left", box=None, pad_edge=False)


def signed(value: float, digits: int = 1) -> str:
    """A number with its sign; zero has none.

    >>> signed(-0.04), signed(1.25, 2)
    ('0.0', '+1.25')
    """
    if np.isnan(value):
        return "-"
    told = f"{value:+.{digits}f}"
    return told[1:] if float(told) == 0 else told.replace("-", "−")


def gain_told(row: Contrast | Any) -> str:
    """The gain in precision, as printed."""
    if np.isnan(row.gain):
        return "-"
    return "no pair differs" if np.isinf(row.gain) else f"{row.gain:.1f}x"
