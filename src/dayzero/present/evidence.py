"""``dayzero evidence``: the model against published findings, scored; failing rows first."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dayzero.errors import InputError, SpecError
from dayzero.units import nearest

if TYPE_CHECKING:
    from dayzero.analyse.evidence.board import Board
    from dayzero.analyse.evidence.studies import Study

FEWEST, MOST = 64, 100_000
FILES = ("scoreboard.csv", "scoreboard.json", "scoreboard.svg", "scoreboard.png", "scoreboard.html")


def evidence(
    topic: Annotated[str | None, typer.Option(help="Rows of one topic or family of metrics.")] = None,
    study: Annotated[str | None, typer.Option(help="One study, by the name of its file.")] = None,
    patients: Annotated[int, typer.Option(help="Virtual patients an arm, to begin with.")] = 2000,
    source: Annotated[Path | None, typer.Option("--from", help="Findings of your own: a CSV file or a folder.")] = None,
    out_folder: Annotated[
        Path | None, typer.Option("--out", help="Write table, figure and page into this folder.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    cap: Annotated[int | None, typer.Option(help="Patients an arm at most; four times --patients if not said.")] = None,
    seed: Annotated[int, typer.Option(help="Fixes who the patients are and what happens to them.")] = 1,
    jobs: Annotated[int | None, typer.Option(help="Studies run at once; one a core if not said.")] = None,
    fresh: Annotated[bool, typer.Option(help="Run again what is finished already.")] = False,
    parameters: Annotated[str | None, typer.Option(help="Score a parameter set, by name or file.")] = None,
    show: Annotated[bool, typer.Option("--translate", help="Say how each row is read; simulate nothing.")] = False,
) -> None:
    """Score the model against published findings: simulated beside published, failing rows first."""
    from dayzero.analyse.evidence.board import board_of
    from dayzero.analyse.evidence.run import Request, run_studies
    from dayzero.present.cli import out, said
    from dayzero.present.evidence_table import data_of, show_board, show_translation

    _check(patients, cap, jobs, out_folder)
    chosen = studies_asked(source, study, topic)
    if show:
        show_translation(chosen, out, as_json)
        return
    request = Request(patients, seed, cap)
    if parameters is not None:
        from dayzero.simulation.parameter_sets import read_set

        found = read_set(parameters)
        for remark in found.remarks():
            said.print(f"note: {remark}", style="dim")
        request = replace(request, parameters=found.values, parameter_set=f"{found.name} {found.digest[:12]}")
    with _bar(as_json) as tick:
        figures = run_studies(chosen, request, jobs, fresh, tick)
    board = board_of(chosen, figures, request)
    written = write_board(board, out_folder) if out_folder is not None else []
    if as_json:
        print(json.dumps(data_of(board), indent=1))
        return
    show_board(board, out)
    for path in written:
        out.print(f"written: {path}")


def studies_asked(source: Path | None, study: str | None, topic: str | None) -> list[Study]:
    """The studies of the package, or those of a table of findings; one of them, or the rows of one topic.

    Raises
    ------
    InputError : no such study or topic, or findings that cannot be read.
    """
    from dayzero.analyse.evidence.rows import read_findings
    from dayzero.analyse.evidence.studies import FOLDER, read_study, studies_of, study_names

    if source is not None:
        found = studies_of(read_findings(source))
        found = _named(found, study) if study else found
    elif study:
        names = study_names()
        if study not in names:
            raise InputError("evidence", "--study", repr(study), "a study of the package", nearest(study, names))
        found = [read_study(FOLDER / f"{study}.yaml")]
    else:
        found = [read_study(FOLDER / f"{name}.yaml") for name in study_names()]
    return _of_topic(found, topic) if topic else found


def write_board(board: Board, folder: Path) -> list[Path]:
    """Table, JSON, figure and page in a folder; all of them or none."""
    from dayzero.present.evidence_figure import forest_figure
    from dayzero.present.evidence_page import page_of
    from dayzero.present.evidence_table import csv_of, data_of
    from dayzero.present.page import save
    from dayzero.present.targets import placing

    targets = [folder / name for name in FILES]
    figure = forest_figure(board)
    with placing(targets) as (table, data, vector, pixels, page):
        table.write_text(csv_of(board), encoding="utf-8")
        data.write_text(json.dumps(data_of(board), indent=1) + "\n", encoding="utf-8")
        save(figure, vector)
        save(figure, pixels)
        page.write_text(page_of(board, pixels.read_bytes()), encoding="utf-8")
    return targets


def _check(patients: int, cap: int | None, jobs: int | None, folder: Path | None) -> None:
    if not FEWEST <= patients <= MOST:
        raise SpecError("evidence", "--patients", str(patients), f"{FEWEST} to {MOST}", "2000 are usual")
    if cap is not None and cap < patients:
        raise SpecError("evidence", "--cap", str(cap), f"at least --patients ({patients})", "raise it or leave it out")
    if jobs is not None and jobs < 1:
        raise SpecError("evidence", "--jobs", str(jobs), "1 or more", "leave it out for one a core")
    if folder is not None and folder.exists() and not folder.is_dir():
        raise SpecError("evidence", "--out", repr(str(folder)), "a folder", "name a folder; its files are made")


def _named(studies: Sequence[Study], name: str) -> list[Study]:
    found = [study for study in studies if study.name == name]
    if not found:
        names = [study.name for study in studies]
        raise InputError("evidence", "--study", repr(name), f"one of {len(names)} studies", nearest(name, names))
    return found


def _of_topic(studies: Sequence[Study], topic: str) -> list[Study]:
    """The rows of a topic or family, and the arms they stand on."""
    from dayzero.analyse.evidence.families import family_of

    known = {one for study in studies for e in study.entries for one in (e.finding.topic, family_of(e.finding.metric))}
    if topic not in known:
        raise InputError(
            "evidence", "--topic", repr(topic), f"one of {', '.join(sorted(known))}", nearest(topic, known)
        )
    kept = []
    for study in studies:
        entries = tuple(e for e in study.entries if topic in (e.finding.topic, family_of(e.finding.metric)))
        used = {name for entry in entries for name in entry.arms}
        if entries:
            kept.append(replace(study, entries=entries, arms={k: v for k, v in study.arms.items() if k in used}))
    return kept


@contextmanager
def _bar(quiet: bool) -> Iterator[Callable[[int, int, str], None]]:
    from dayzero.present.cli import progress

    with progress("Scoring", quiet) as tick:

        def step(done: int, total: int, name: str) -> None:
            tick(done / total)

        yield step
