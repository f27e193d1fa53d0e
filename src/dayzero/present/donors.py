"""The command that ranks a patient's candidates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from dayzero.errors import SpecError
from dayzero.present.targets import check_targets, placing


def rank_donors(
    case: Annotated[str, typer.Argument(help="A case of the library (`dayzero plans donor-case`) or a YAML file.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    page: Annotated[Path | None, typer.Option("--html", help="Write the ranking as a page (.html).")] = None,
    table: Annotated[Path | None, typer.Option("--ard-table", help="HLA groups: a CSV of allele,group.")] = None,
    data: Annotated[Path | None, typer.Option("--ard-data", help="Folder of py-ard databases.")] = None,
    tree: Annotated[Path | None, typer.Option("--ard-tree", help="Folder of HLA reference files for py-ard.")] = None,
) -> None:
    """Rank the donors of a patient by HLA, antibodies, age and the rest, and say why."""
    from dayzero.criteria.candidates import rank_donors as ranked
    from dayzero.criteria.hla_reducers import reducer_at_hand
    from dayzero.present.cli import noted, out
    from dayzero.present.donor_table import page_of, show_ranking
    from dayzero.spec.donor_case import DonorCase
    from dayzero.spec.files import at_line

    path = DonorCase.path_of(case)
    check_targets({"--html": page} if page else {}, {"--html": (".html",)}, read=[path, *([table] if table else [])])
    with noted():
        reducer = reducer_at_hand(table=table, data_dir=data, tree=tree)
    try:
        ranking = ranked(DonorCase.load(case), reducer)
    except SpecError as problem:
        raise (at_line(problem, path) if problem.where == "donor case" else problem) from None
    if page is not None:
        with placing([page]) as (part,):
            part.write_text(page_of(ranking), encoding="utf-8")
    if as_json:
        print(json.dumps(ranking.as_dict(), indent=1))
        return
    show_ranking(ranking, out)
    if page is not None:
        out.print(f"written: {page}")
