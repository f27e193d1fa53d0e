"""``dayzero trial``: a trial on virtual patients, as tables and as a folder with everything a protocol asks for.

::

    DIR/trial.yaml             the trial as it was run
    DIR/report.html            everything on one page
    DIR/results.json           every number
    DIR/tables.csv             the tables
    DIR/adtte.csv              the first replicate, columns of CDISC ADTTE
    DIR/forest.png ...         effects, curves, published figures, power by size
    DIR/pool/                  the virtual patients in pieces; what stopped goes on from them
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dayzero.errors import SpecError
from dayzero.present.targets import placing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from dayzero.analyse.trial import TrialResult

POOL = "pool"


def trial(
    protocol: Annotated[
        str, typer.Argument(metavar="TRIAL", help="A trial of the library (`dayzero plans trial`) or a YAML file.")
    ],
    replicates: Annotated[int | None, typer.Option(help="Trials to run, in place of the file's number.")] = None,
    size: Annotated[int | None, typer.Option(help="Patients of a trial, in place of the file's number.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed, in place of the file's.")] = None,
    folder: Annotated[
        Path | None, typer.Option("--out", help="Write report, tables and figures to this folder.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Run a trial on virtual patients: estimates, power, error, and published figures beside."""
    from dayzero.analyse.trial import checked
    from dayzero.analyse.trial import trial as run
    from dayzero.present import cli

    whole = checked(protocol)
    whole = whole.but(size=size) if size is not None else whole
    if folder is not None and folder.exists() and not folder.is_dir():
        raise SpecError("trial", "--out", f"{str(folder)!r}, which is a file", "a folder", "choose another name")
    pool = None if folder is None else folder / POOL
    try:
        with cli.noted(), cli.progress("Simulating", as_json) as tick:
            result = run(whole, replicates=replicates, seed=seed, folder=pool, progress=tick)
    except KeyboardInterrupt:
        kept = 0 if pool is None or not pool.is_dir() else len(list(pool.glob("*.parquet")))
        told = f"{kept} piece{'s' * (kept != 1)} kept in {pool}; the same command goes on from there"
        raise KeyboardInterrupt(told if kept else "") from None
    written = [] if folder is None else keep(result, folder)
    if as_json:
        print(json.dumps(result.as_dict() | {"run": result.record}, indent=1))
        return
    from dayzero.present.trial_tables import show_trial

    show_trial(result, cli.out)
    for path in written:
        cli.out.print(f"written: {path}")


def keep(result: TrialResult, folder: Path) -> list[Path]:
    """Write everything a result has to a folder, all of it or nothing; returns the files."""
    from dayzero.present.adtte import adtte
    from dayzero.present.page import save
    from dayzero.present.trial_page import trial_page
    from dayzero.present.trial_tables import as_csv, tables_of

    figures = figures_of(result)
    captions = {f"{name}.png": figure for name, figure in figures.items()}
    names = ["trial.yaml", "report.html", "results.json", "tables.csv", "adtte.csv", *captions]
    with placing([folder / name for name in names]) as parts:
        for name, part in zip(names, parts, strict=True):
            if name in captions:
                save(captions[name], part)
        told, page, numbers, tables, rows = parts[:5]
        told.write_text(result.trial.dump(), encoding="utf-8")
        page.write_text(trial_page(result, figures), encoding="utf-8")
        numbers.write_text(json.dumps(result.as_dict() | {"run": result.record}, indent=1) + "\n", encoding="utf-8")
        tables.write_text(as_csv(tables_of(result)), encoding="utf-8")
        adtte(result.world).write_csv(rows)
    return [folder / name for name in names]


def figures_of(result: TrialResult) -> dict[str, Figure]:
    """Every figure there is of a result, by name."""
    from dayzero.present.contrast_figures import forest_figure, published_figure
    from dayzero.present.trial_figures import curves_figure, power_figure

    made = {"forest": forest_figure(result), "curves": curves_figure(result), "published": published_figure(result),
            "power": power_figure(result)}  # fmt: skip
    return {name: figure for name, figure in made.items() if figure is not None}
