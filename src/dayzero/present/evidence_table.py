"""The scoreboard as text: for people, as CSV and as plain data."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dayzero.present.tables import DISCLAIMER

if TYPE_CHECKING:
    from dayzero.analyse.evidence.board import Board, Row, Score
    from dayzero.analyse.evidence.studies import Study

COLUMNS = (
    "id",
    "study",
    "topic",
    "family",
    "metric",
    "role",
    "core",
    "individual",
    "covered",
    "why_not",
    "published",
    "low",
    "high",
    "interval",
    "simulated",
    "mc_error",
    "patients",
    "error",
    "tau",
    "z",
    "strict",
    "passed",
    "naive",
    "naive_z",
    "verified",
    "stratum",
    "remarks",
    "citation",
)
EXPLAINED = (
    "strict: inside the published 95 % interval; pass: within 1.96 times the published error and the spread between "
    "studies; weighted: a study counts once a family of metrics. Inputs repeat parameters; rows of patients at hand "
    "are not fitted."
)


def number(value: float) -> str:
    """A figure to three digits, "-" where it is not known.

    >>> number(0.12345), number(123.4), number(float("nan"))
    ('0.123', '123', '-')
    """
    if not isfinite(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def verdict_of(row: Row) -> str:
    """What became of a row, in a word."""
    if not row.covered:
        return "not covered"
    return "fail" if not row.passed else "strict" if row.strict else "pass"


def show_board(board: Board, console: Console) -> None:
    """Scores, then every row: failing ones first."""
    console.print(_scores(board))
    gain, low, high, count = board.gain()
    agree = sum(sign.agrees for sign in board.signs)
    told = (
        [f"gain in |z| over the naive rule {number(gain)} ({number(low)} to {number(high)}) on {count} rows"]
        if count
        else []
    )
    told += [f"signs and null contrasts: {agree} of {len(board.signs)} agree"] if board.signs else []
    console.print(Text("; ".join(told), style="dim"))
    grid = Table(
        title=Text("\nRows, failing first", style="table.title"), title_justify="left", box=None, pad_edge=False
    )
    for name in ("z", "simulated", "published", "interval"):
        grid.add_column(name, justify="right", no_wrap=True)
    grid.add_column("", no_wrap=True)
    grid.add_column("row, metric", overflow="fold")
    for row in board.failing_first():
        name, metric, told, span, found, z, role, _ = cells(row)
        about = f"{name}: {metric}, {role}" + ("" if row.covered else f": {row.why_not}")
        grid.add_row(*(Text(cell) for cell in (z, found, told, span, verdict_of(row), about)))
    console.print(grid)
    console.print(Text(f"{EXPLAINED}\n{record_text(board)}\n{DISCLAIMER}"), style="dim")


def cells(row: Row) -> tuple[str, ...]:
    """One row as printed."""
    span = f"{number(row.low)} to {number(row.high)}" if isfinite(row.low) else ""
    end = verdict_of(row) if row.covered else f"not covered: {row.why_not}"
    return row.id, row.metric, number(row.published), span, number(row.simulated), number(row.z), row.role, end


def record_text(board: Board) -> str:
    """What the scores belong to, in one line."""
    run = board.record
    parts = [
        f"{run['patients']:,} to {run['cap']:,} patients an arm",
        f"seed {run['seed']}",
        f"model {run['model'][:12]}",
        f"registry table {run['registry'][:12]}",
        f"spreads {run['tau'][:12]}",
    ]
    parts += [f"parameter set {run['parameter_set']}"] if run.get("parameter_set") else []
    return " · ".join(parts)


def _scores(board: Board) -> Table:
    grid = Table(title=Text("Scoreboard", style="table.title"), title_justify="left", box=None, pad_edge=False)
    for name in ("", "rows", "covered", "strict", "pass", "of all", "of cov.", "weighted", "|z|"):
        grid.add_column(name, justify="left" if not name else "right", no_wrap=True)
    for score in board.by_role():
        grid.add_row(*(Text(cell) for cell in score_cells(score)))
    return grid


def score_cells(score: Score) -> tuple[str, ...]:
    """A score as printed."""
    share = lambda part, whole: f"{100 * part / whole:.0f} %" if whole else "-"  # noqa: E731
    weighted = f"{100 * score.weighted:.0f} %" if isfinite(score.weighted) else "-"
    return (
        score.name,
        str(score.rows),
        str(score.covered),
        str(score.strict),
        str(score.passed),
        share(score.passed, score.rows),
        share(score.passed, score.covered),
        weighted,
        number(score.median_z),
    )


def csv_of(board: Board) -> str:
    """Every row as CSV, failing ones first."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in board.failing_first():
        told = plain(row)
        writer.writerow(
            ["; ".join(told[n]) if isinstance(told[n], list) else "" if told[n] is None else told[n] for n in COLUMNS]
        )
    return out.getvalue()


def plain(row: Row) -> dict[str, Any]:
    """A row as plain data; numbers not known are null."""
    told: dict[str, Any] = {}
    for name in COLUMNS:
        value = getattr(row, name)
        value = list(value) if isinstance(value, tuple) else value
        told[name] = (float(f"{value:.6g}") if isfinite(value) else None) if isinstance(value, float) else value
    return told


def data_of(board: Board) -> dict[str, Any]:
    """The scoreboard as plain data for JSON."""
    gain, low, high, count = board.gain()
    known = lambda x: float(f"{x:.6g}") if isfinite(x) else None  # noqa: E731
    told = lambda scores: [  # noqa: E731
        {k: known(v) if isinstance(v, float) else v for k, v in vars(score).items()} for score in scores
    ]
    counted = [row for row in board.rows if row.counts]
    return {
        "record": dict(board.record),
        "scores": told(board.by_role()),
        "by_topic": told(board.scores(lambda row: row.topic, counted)),
        "by_tolerance": told(board.by_tolerance()),
        "gain_over_naive": {"mean": known(gain), "low": known(low), "high": known(high), "rows": count},
        "signs": [vars(sign) for sign in board.signs],
        "rows": [plain(row) for row in board.failing_first()],
    }


def show_translation(studies: Sequence[Study], console: Console, as_json: bool) -> None:
    """How each row was read, or why it is not simulated."""
    told = [
        {
            "study": s.name,
            "id": e.finding.id,
            "metric": e.finding.metric,
            "role": e.role,
            "arms": [s.arms[name].title for name in e.arms],
            "remarks": sorted({r for n in e.arms for r in s.arms[n].remarks}),
            "estimator": "" if e.refused else e.measure.estimator,
            "not_simulated": e.refused,
        }
        for s in studies
        for e in s.entries
    ]
    if as_json:
        print(json.dumps(told, indent=1))
        return
    for row in told:
        how = (
            f"not simulated: {row['not_simulated']}"
            if row["not_simulated"]
            else f"{row['estimator']}; {' vs '.join(row['arms'])}"
        )
        remarks = f" ({'; '.join(row['remarks'])})" if row["remarks"] else ""
        console.print(Text(f"{row['id']}: {row['metric']}: {how}{remarks}"))
    refused = sum(bool(row["not_simulated"]) for row in told)
    console.print(Text(f"{len(told) - refused} of {len(told)} rows are simulated"), style="dim")
