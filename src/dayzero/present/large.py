"""``dayzero simulate --into``: any number of patients, part by part into a folder, and the same table as of a few."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from dayzero.errors import SpecError
from dayzero.present import targets

if TYPE_CHECKING:
    from dayzero.analyse.large import Cohort

# Options by what they go with; the name of each is that of its argument.
ONLY_INTO = {"chunk": "--chunk", "executor": "--executor", "workers": "--workers", "scheduler": "--scheduler"}
NOT_INTO = {"repeat": "--repeat", "out_file": "--out", "figure": "--figure", "timeline": "--timeline",
            "patient": "--patient", "chart": "--chart"}  # fmt: skip


def check_options(context: typer.Context, into: Path | None) -> None:
    """Refuse options that do not go together, before any work."""
    for name, option in (ONLY_INTO if into is None else NOT_INTO).items():
        source = context.get_parameter_source(name)
        if source is None or source.name != "COMMANDLINE":
            continue
        if into is None:
            raise SpecError("simulate", option, "an option without --into", "a folder", "add --into FOLDER")
        advice = "leave it out, or simulate fewer patients without --into"
        raise SpecError("simulate", option, "an option beside --into", "endpoints and counts alone", advice)


def follow(plan: Any, into: Path, progress: Callable[[float], None], **how: Any) -> Cohort:
    """The cohort in its folder; stopped from the keyboard, it says how far it came."""
    from dayzero.analyse.large import simulate_many
    from dayzero.simulation.parts import parts_in

    try:
        return simulate_many(plan, into, progress=progress, **how)
    except KeyboardInterrupt:
        kept = len(parts_in(into)) if into.is_dir() else 0
        told = f"{kept} part{'s' * (kept != 1)} kept in {into}; the same command goes on from there"
        raise KeyboardInterrupt(told if kept else "") from None


def show(cohort: Cohort, files: Mapping[str, Path], console: Console, as_json: bool) -> None:
    """The clinician's table of a large cohort; writes its record and the picture of its outcomes where asked for."""
    from dayzero.present.tables import show_summary

    table = cohort.summary()
    _keep(cohort, files)
    if as_json:
        print(json.dumps(table.as_dict() | {"folder": str(cohort.folder)}, indent=1))
        return
    show_summary(table, console)
    if cohort.again:
        console.print(f"damaged and made again: part {', '.join(map(str, cohort.again))}")
    for path in (*files.values(), cohort.folder):
        console.print(f"written: {path}")


def _keep(cohort: Cohort, files: Mapping[str, Path]) -> None:
    with targets.placing(files.values()) as parts:
        for option, part in zip(files, parts, strict=True):
            if option == "--record":
                part.write_text(json.dumps(dict(cohort.record), indent=1) + "\n", encoding="utf-8")
            else:
                from dayzero.present.figures import outcomes_figure, save

                save(outcomes_figure(cohort.outcomes()), part)
