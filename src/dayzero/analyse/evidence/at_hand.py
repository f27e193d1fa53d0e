"""Simulated figures that are at hand without running anything: kept by an earlier run, or shipped with the package.

A kept figure is of this very model and request. Shipped ones come from the run that made the page of the scoreboard;
they say of which model, so that a reader sees whether it is this one.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from dayzero.analyse.evidence.board import Board, board_of
from dayzero.analyse.evidence.finished import PACKAGE, model_digest
from dayzero.analyse.evidence.run import Figure, Request, recalled
from dayzero.analyse.evidence.studies import Study

SHIPPED = PACKAGE / "data" / "scoreboard" / "figures.csv"
COLUMNS = ("study", "topic", "id", "value", "error", "patients", "verdict")
USUAL = (Request(), Request(256, 1, 256))  # requests whose kept figures are looked for, the larger first


@dataclass(frozen=True)
class AtHand:
    """Figures of a study, how they were asked for, and the digest of the model they are of."""

    figures: Sequence[Figure]
    request: Request
    model: str

    @property
    def current(self) -> bool:
        """Whether they are of the model that runs here."""
        return model_digest().startswith(self.model[:12])


def at_hand(study: Study) -> AtHand | None:
    """What is known of a study without running it; None where nothing is."""
    for request in USUAL:
        figures = recalled(study, request)
        if figures is not None:
            return AtHand(figures, request, model_digest())
    return shipped().get(study.name)


def board_at_hand(studies: Sequence[Study], known: Mapping[str, AtHand]) -> Board:
    """The scoreboard of studies as far as figures are at hand; its record says of which model they are."""
    first = next(iter(known.values()), AtHand((), Request(), model_digest()))
    board = board_of(
        studies, {s.name: known[s.name].figures if s.name in known else () for s in studies}, first.request
    )
    models = {one.model for one in known.values()} or {first.model}
    model = first.model if len(models) == 1 else " and ".join(sorted(one[:12] for one in models))
    sizes = [one.request for one in known.values()] or [first.request]
    patients, cap = min(r.patients for r in sizes), max(r.most for r in sizes)
    return replace(board, record={**board.record, "patients": patients, "cap": cap, "model": model})


@cache
def shipped() -> Mapping[str, AtHand]:
    """The figures that come with the package, by study."""
    return _read(SHIPPED.read_text(encoding="utf-8")) if SHIPPED.is_file() else {}


@cache
def shipped_verdicts() -> Mapping[str, tuple[int, int, int]]:
    """Rows, rows simulated and rows that passed of the shipped table, by topic."""
    found: dict[str, tuple[int, int, int]] = {}
    for row in _rows(SHIPPED.read_text(encoding="utf-8")) if SHIPPED.is_file() else ():
        rows, simulated, passed = found.get(row["topic"], (0, 0, 0))
        covered = row["verdict"] != "not covered"
        found[row["topic"]] = rows + 1, simulated + covered, passed + (row["verdict"] in ("pass", "strict"))
    return found


def write_shipped(board: Board, path: Path = SHIPPED) -> None:
    """Keep the figures of a board as the table that comes with the package."""
    about = {name: board.record[name] for name in ("patients", "cap", "seed", "model")}
    out = io.StringIO()
    out.write(f"# {json.dumps(about)}\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in sorted(board.rows, key=lambda row: (row.study, row.id)):
        word = "not covered" if not row.covered else "fail" if not row.passed else "strict" if row.strict else "pass"
        numbers = (f"{row.simulated:.6g}", f"{row.mc_error:.6g}", row.patients) if row.covered else ("nan", "nan", 0)
        writer.writerow((row.study, row.topic, row.id, *numbers, word))
    path.write_text(out.getvalue(), encoding="utf-8")


def _read(text: str) -> dict[str, AtHand]:
    about: dict[str, Any] = json.loads(text.partition("\n")[0].removeprefix("#"))
    request = Request(about["patients"], about["seed"], about["cap"])
    figures: dict[str, list[Figure]] = {}
    for row in _rows(text):
        figure = Figure(row["id"], float(row["value"]), float(row["error"]), int(row["patients"]))
        figures.setdefault(row["study"], []).append(figure)
    return {study: AtHand(own, request, about["model"]) for study, own in figures.items()}


def _rows(text: str) -> csv.DictReader[str]:
    return csv.DictReader(io.StringIO(text.partition("\n")[2]))
