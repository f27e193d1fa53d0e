"""A sample of the scoreboard, small enough to run with every change: which of its rows pass, and by what margin."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dayzero.analyse.evidence.board import Board, board_of
from dayzero.analyse.evidence.registry import FOLDER as TABLES
from dayzero.analyse.evidence.run import Request, run_study
from dayzero.analyse.evidence.studies import FOLDER, compact_yaml, read_study
from dayzero.spec.files import read_yaml

FILE = TABLES / "sample.yaml"
STUDIES = ("bishop-2000", "bolwell-2004", "couban-2002", "jagasia-2012", "schmitz-1996", "watkins-2021", "waller-2019")
REQUEST = Request(64, 1, 64)
SAFE = 1.5  # |z| within which a row is expected to pass again: nearer the edge, luck of 64 patients decides


def sampled(names: Sequence[str] = STUDIES) -> Board:
    """The scoreboard of the sample."""
    studies = [read_study(FOLDER / f"{name}.yaml") for name in names]
    return board_of(studies, {study.name: run_study(study, REQUEST) for study in studies}, REQUEST)


def expected() -> dict[str, float]:
    """z of the rows that are expected to pass, when the sample was last written."""
    return dict(read_yaml(FILE)["passing"])


def failing(board: Board) -> dict[str, str]:
    """Rows that are expected to pass and do not, each with what became of it."""
    rows = {row.id: row for row in board.rows}
    told: dict[str, str] = {}
    for name, z in expected().items():
        row = rows.get(name)
        if row is None or not row.covered:
            told[name] = "no figure"
        elif not row.passed:
            told[name] = f"z {row.z:.2f}, was {z:.2f}"
    return told


def write_sample(board: Board, path: Path = FILE) -> int:
    """Keep the rows that pass with room to spare; how many they are."""
    passing = {row.id: round(row.z, 2) for row in board.rows if row.covered and row.passed and abs(row.z) <= SAFE}
    told: dict[str, Any] = {"schema": 1, "studies": list(STUDIES), "passing": dict(sorted(passing.items()))}
    head = "# Rows of the sample that pass, with z; written anew by `python -m validation.scoreboard --sample`.\n"
    path.write_text(head + compact_yaml(told), encoding="utf-8")
    return len(passing)
