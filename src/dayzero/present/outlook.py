"""The command that tells what lies ahead of a patient after engraftment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def outlook(
    chart: Annotated[Path, typer.Argument(help="A chart (CSV, Parquet, FHIR) or a data set's folder.")],
    plan: Annotated[str, typer.Option(help="The plan: a name of the library or a YAML file.")],
    day: Annotated[int, typer.Option(help="The landmark: the day to look ahead from.")],
    patient: Annotated[str | None, typer.Option(help="Whom, where the chart holds several.")] = None,
    until: Annotated[int, typer.Option(help="Last day looked at.")] = 365,
    twins: Annotated[int, typer.Option(help="Virtual twins.")] = 2000,
    seed: Annotated[int, typer.Option(help="Fixes who the twins are.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Relapse, death, chronic GVHD and survival ahead of a patient, given chimerism, GVHD and counts on a day."""
    from rich.table import Table

    from dayzero.analyse.forecast.forecast import DISCLAIMER
    from dayzero.analyse.outlook import outlook as ahead
    from dayzero.errors import SpecError
    from dayzero.present.cli import noted, out
    from dayzero.records import Chart

    read = Chart.read(chart)
    if patient is None and len(read) != 1:
        raise SpecError("outlook", "--patient", f"{len(read)} patients", "one patient", "name one with --patient")
    with noted():
        told = ahead(read, plan, day, patient=patient, until=until, twins=twins, seed=seed)
    if as_json:
        print(json.dumps(told.as_dict(), indent=1))
        return
    table = Table(title=f"Patient {told.patient}, from day {told.day}", title_justify="left", box=None)
    for name in ("", "by day", "%", "95 %", "without readings, %"):
        table.add_column(name, justify="left" if not name else "right")
    for name, chances in told.chances.items():
        for chance in chances:
            table.add_row(name, str(chance.day), f"{chance.percent:g}", f"{chance.low:g} to {chance.high:g}",
                          f"{chance.before:g}")  # fmt: skip
    out.print(table)
    out.print(f"placed by: {', '.join(told.used) or 'nothing'}; {told.effective:.0f} twins carry the weight")
    for note in told.notes:
        out.print(f"note: {note}")
    out.print(DISCLAIMER, style="dim")
