"""Tables for people: the clinician's summary, a judgement, the library."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dayzero.analyse.outcomes import Outcomes, shown
from dayzero.analyse.summary import Summary, written
from dayzero.criteria import Judgement
from dayzero.errors import SpecError
from dayzero.present.targets import placing
from dayzero.spec import library_names
from dayzero.spec.catalogue import library_entry

DISCLAIMER = "Research and teaching software; not a medical device."


def show_summary(table: Summary, console: Console) -> None:
    """The clinician's table with the run it came from."""
    run = table.record
    plan = run["plans"][0]
    title = Text(plan["spec"].get("title") or plan["name"], style="table.title", justify="left")
    grid = Table(title=title, box=None, pad_edge=False)
    grid.add_column("", no_wrap=True)
    grid.add_column("median", justify="right", no_wrap=True)
    grid.add_column("range", justify="right", no_wrap=True)
    grid.add_column("unit", no_wrap=True)
    grid.add_column("n", justify="right", no_wrap=True)
    for row in table.rows:
        if row.part == "course" or table.outcomes is None:
            middle, _, span = written(row).partition(" (")
            _add(grid, row.name, middle, span.rstrip(")"), row.unit, str(row.patients))
    console.print(grid)
    if table.outcomes is not None:
        show_outcomes(table.outcomes, console)
    explained = "Median of those who recovered, with the middle 90 % of patients; shares with their 95 % interval."
    console.print(Text(f"{explained}\n{run_line(run)}\n{DISCLAIMER}"), style="dim")


def show_outcomes(table: Outcomes, console: Console) -> None:
    """Outcomes by day in percent of patients with their 95 % interval, days of life, and causes of death."""
    grid = Table(title=Text("\nOutcomes, % of patients", style="table.title"), title_justify="left", box=None,
                 pad_edge=False)  # fmt: skip
    grid.add_column("")
    for day in table.days:
        grid.add_column(f"day {day}", justify="right", no_wrap=True)
    for line in table.lines:
        _add(grid, line.label, *(shown(at) for at in line.estimates))
    for label in dict.fromkeys(mean.label for mean in table.means):
        own = [mean for mean in table.means if mean.label == label]
        cells = [f"{m.value:.{1 + (m.unit == 'years')}f}" for m in own]
        _add(grid, f"{label}, {own[0].unit} (mean)", *cells)
    console.print(grid)
    died = sum(cause.deaths for cause in table.deaths)
    told = ", ".join(f"{cause.label} {cause.deaths}" for cause in table.deaths)
    console.print(Text(f"{died} of {table.patients} died" + (f": {told}." if died else ".")))
    console.print(
        Text("Incidences with death competing, for graft failure relapse too; for non-relapse mortality relapse.")
    )
    if table.not_transplanted:
        console.print(Text(f"{table.not_transplanted} died before the infusion and are not counted."))


def _add(grid: Table, *cells: str) -> None:
    """A row shown letter by letter: brackets and colons in names are no markup."""
    grid.add_row(*map(Text, cells))


def run_line(run: Any) -> str:
    """The run in one line: what it takes to say which run it was."""
    plan = run["plans"][0]
    more = f" and {len(run['plans']) - 1} more" if len(run["plans"]) > 1 else ""
    return (
        f"dayzero {run['dayzero']} · plan {plan['name']}{more} · sha256 {plan['sha256'][:12]} · seed {run['seed']} · "
        f"{run['patients']} patients · {run['engine']} {run['precision']}"
    )


SHOWN = {
    "neutrophils_0.5_status": "ANC 0.5",
    "neutrophils_0.5_day": "day",
    "platelets_20_status": "platelets 20",
    "platelets_20_day": "day",
    "platelets_50_day": "50: day",
    "days_below_0.5": "days < 0.5",
    "nadir": "nadir",
    "primary_graft_failure": "graft failure",
    "donor_chimerism": "donor %",
}


def show_judgement(table: Judgement, console: Console) -> None:
    """One row a patient, then what became of all of them."""
    rows = table.rows()
    names = [name for name in SHOWN if any(_cell(row.get(name)) for row in rows)]
    grid = Table(box=None, pad_edge=False)
    grid.add_column("patient", no_wrap=True)
    for name in names:
        grid.add_column(SHOWN[name], justify="left" if "status" in name else "right", no_wrap="status" in name)
    for row in rows:
        _add(grid, str(row["patient"]), *(_cell(row.get(name)) for name in names))
    console.print(grid)
    _notes(rows, console)
    statuses, counts = np.unique(table["neutrophils_0.5_status"], return_counts=True)
    told = ", ".join(f"{n} {status.replace('_', ' ')}" for status, n in zip(statuses, counts, strict=True))
    console.print(Text(f"{len(table)} transplants: neutrophils 0.5: {told}."))
    definition = table.definition
    console.print(Text(f"{definition.version} · {definition.citation}\n{DISCLAIMER}"), style="dim")


def _notes(rows: list[dict[str, Any]], console: Console) -> None:
    """Each remark once, with the patients it is about."""
    about: dict[str, list[str]] = {}
    for row in rows:
        for sentence in filter(None, (part.strip() for part in str(row["note"] or "").split(". "))):
            about.setdefault(sentence.rstrip("."), []).append(str(row["patient"]))
    for sentence, patients in about.items():
        who = "all" if len(patients) == len(rows) > 1 else ", ".join(patients)
        console.print(Text(f"{who}: {sentence}."))


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).replace("_", " ")


def judgement_data(table: Judgement) -> dict[str, Any]:
    """Plain data for JSON: definition, settings, one entry a patient."""
    definition = table.definition
    return {
        "rule": definition.rule,
        "version": definition.version,
        "citation": definition.citation,
        "verified": definition.verified,
        "settings": dict(table.settings),
        "patients": table.rows(),
    }


def write_judgement(table: Judgement, path: Path) -> None:
    """The whole table as CSV, Parquet or JSON; the file appears whole or not at all."""
    import json

    if path.suffix not in (".csv", ".parquet", ".json"):
        raise SpecError("judge", "--out", path.suffix or "no suffix", ".csv, .parquet or .json", "rename the file")
    with placing([path]) as (part,):
        if path.suffix == ".csv":
            table.to_polars().write_csv(part)
        elif path.suffix == ".parquet":
            table.to_polars().write_parquet(part)
        else:
            part.write_text(json.dumps(judgement_data(table), indent=1) + "\n", encoding="utf-8")


def library_rows(kind: str) -> list[dict[str, str]]:
    """Name and title of everything of a kind in the library."""
    rows = []
    for name in library_names(kind):  # type: ignore[arg-type]
        title = str(library_entry(kind, name, "name").get("title", ""))  # type: ignore[arg-type]
        rows.append({"name": name, "title": title})
    return rows


def show_library(rows: list[dict[str, str]], console: Console) -> None:
    """Names and titles."""
    grid = Table(box=None, pad_edge=False, show_header=False)
    for row in rows:
        _add(grid, row["name"], row["title"])
    console.print(grid)
