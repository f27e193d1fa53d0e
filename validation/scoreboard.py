"""The scoreboard page: every published finding of the package beside the simulated figure.

Runs what `dayzero evidence` runs, takes finished studies from where they were kept, and writes
docs/measurements/scoreboard.md with its forest, and the figures that come with the package. `--quick` takes 256
patients an arm and writes nothing, `--patients=N` so many in every arm; `--sample` writes anew which rows of the small
sample pass
(tests/analyse/test_scoreboard_sample.py fails when one no longer does).
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from dayzero.analyse.evidence.at_hand import write_shipped
from dayzero.analyse.evidence.board import Board, Score, board_of
from dayzero.analyse.evidence.run import Request, run_studies
from dayzero.analyse.evidence.sample import sampled, write_sample
from dayzero.present.evidence import studies_asked
from dayzero.present.evidence_figure import forest_figure
from dayzero.present.evidence_table import cells, number, record_text, score_cells
from dayzero.present.page import save

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE, PICTURE = DOCS / "measurements" / "scoreboard.md", DOCS / "images" / "scoreboard.svg"
SHOWN = 60

TEXT = """# Scoreboard: the model against published findings

Each row is one figure a paper printed. Its stratum is translated to plans of the spec, virtual patients are simulated,
their charts judged by the criteria used for real patients, and the paper's estimator applied. What a paper does not
say comes from one table of registry practice by decade, the same for all. *Strict*: inside the published 95 % interval
(Wilson's for proportions). *Pass*: within 1.96 times the published error and the spread between studies, which was
frozen before any scoring. *Weighted*: a study counts once a family of metrics. Inputs repeat parameters; calibrated
rows were aimed at in a fit or looked at while a value was chosen by hand; predicted rows were not used. {record}.

{roles}

Core rows that are no input and not computed from patients whose charts are at hand, by topic:

{topics}

The same rows by what their tolerance comes from:

{tolerances}

{naive} {signs}

```{{image}} ../images/scoreboard.svg
:alt: Simulated against published, every row on the scale of its own tolerance
```

## The farthest rows

{rows}

## Not simulated

{missing}
"""
SCORES = "| | core rows | covered | strict | pass | pass of all | pass of covered | weighted | median \\|z\\| |"
ROWS = "| row | metric | published | 95 % interval | simulated | z | role | |"


def page(board: Board) -> str:
    """The page as Markdown."""
    counted = [row for row in board.rows if row.counts]
    gain, low, high, count = board.gain()
    failing = [row for row in board.failing_first() if row.covered and not row.passed and row.core]
    told = [cells(row) for row in failing[:SHOWN]]
    why = Counter(row.why_not for row in board.rows if row.core and not row.covered)
    more = f"\n\n{len(failing) - SHOWN} more rows fail." if len(failing) > SHOWN else ""
    return TEXT.format(
        record=record_text(board),
        roles=_table(SCORES, [score_cells(score) for score in board.by_role()]),
        topics=_table(SCORES, [score_cells(score) for score in _sorted(board.scores(lambda row: row.topic, counted))]),
        tolerances=_table(SCORES, [score_cells(score) for score in board.by_tolerance()]),
        naive=f"Gain in |z| over the naive rule: {number(gain)} ({number(low)} to {number(high)}) on {count} rows.",
        signs=f"Signs and null contrasts: {sum(s.agrees for s in board.signs)} of {len(board.signs)} agree.",
        rows=_table(ROWS, told) + more,
        missing="\n".join(f"- {number} row{'s' * (number != 1)}: {reason}" for reason, number in why.most_common()),
    )


def _sorted(scores: list[Score]) -> list[Score]:
    return sorted(scores, key=lambda score: score.name)


def _table(head: str, rows: list[tuple[str, ...]]) -> str:
    rule = "|" + "---|" * (head.replace("\\|", "").count("|") - 1)
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join([head, rule, *lines])


def main() -> None:
    """Run, print the scores, write the page unless `--quick`."""
    if "--sample" in sys.argv:
        print(f"{write_sample(sampled())} rows pass")
        return
    quick = "--quick" in sys.argv
    fixed = next((int(word.split("=")[1]) for word in sys.argv if word.startswith("--patients=")), 0)
    request = Request(256, 1, 256) if quick else Request(fixed, 1, fixed) if fixed else Request()
    studies = studies_asked(None, None, None)
    figures = run_studies(
        studies, request, progress=lambda done, of, name: print(f"{done} of {of}: {name}", flush=True)
    )
    board = board_of(studies, figures, request)
    for score in board.by_role():
        print("  ".join(score_cells(score)))
    if not quick:
        PAGE.write_text(page(board), encoding="utf-8")
        write_shipped(board)
        save(forest_figure(board), PICTURE)


if __name__ == "__main__":
    main()
