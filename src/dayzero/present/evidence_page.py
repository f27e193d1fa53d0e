"""The scoreboard as one HTML page that needs nothing from outside: no scripts, no links, all text escaped."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from dayzero.present.evidence_table import EXPLAINED, cells, number, record_text, score_cells, verdict_of
from dayzero.present.tables import DISCLAIMER

if TYPE_CHECKING:
    from dayzero.analyse.evidence.board import Board, Row, Score

_STYLE = """\
:root{color-scheme:light dark;--ink:#222;--grey:#595959;--line:#ddd;--page:#fff;--bad:#b03a00;--good:#00624a}
@media(prefers-color-scheme:dark){
:root{--ink:#e8e8e8;--grey:#a8a8a8;--line:#444;--page:#1b1b1b;--bad:#ff9a66;--good:#6fd3b0}
}
body{font:14px/1.4 system-ui,sans-serif;color:var(--ink);background:var(--page);max-width:76rem;
margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin:1.6rem 0 .4rem}p{max-width:48rem;color:var(--grey)}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}td,th{padding:.15rem .7rem .15rem 0;text-align:left;
vertical-align:top;border-bottom:1px solid var(--line)}th{color:var(--grey);font-weight:600}.n{text-align:right;
font-variant-numeric:tabular-nums;white-space:nowrap}.fail{color:var(--bad);font-weight:600}.strict,.pass{color:var(--good)}
.small{color:var(--grey);font-size:.85em;font-weight:400}img{max-width:100%;background:#fff}footer{color:var(--grey);font-size:.85rem;margin-top:2rem}
"""
HEADS = ("row", "metric", "published", "95 % interval", "simulated", "z", "role", "verdict")
SCORE_HEADS = ("", "core rows", "covered", "strict", "pass", "pass of all", "pass of covered", "weighted", "median |z|")


def page_of(board: Board, picture: bytes) -> str:
    """The page as text; ``picture``: the forest as PNG."""
    return "\n".join(_parts(board, picture)) + "\n"


def _parts(board: Board, picture: bytes) -> Iterator[str]:
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>Scoreboard</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>"
    yield "<h1>The model against published findings</h1>"
    yield f"<p>{escape(EXPLAINED)}</p>\n<h2>By role</h2>"
    yield from _scores(board.by_role())
    counted = [row for row in board.rows if row.counts]
    yield "<h2>By topic</h2>\n<p>Core rows, without inputs and rows of patients at hand.</p>"
    yield from _scores(board.scores(lambda row: row.topic, counted))
    yield "<h2>By kind of tolerance</h2>"
    yield from _scores(board.by_tolerance())
    yield from _naive(board)
    coded = b64encode(picture).decode()
    yield f'<h2>Forest</h2>\n<img alt="Simulated against published" src="data:image/png;base64,{coded}">'
    yield '<h2>Rows, failing first</h2>\n<div class="wide">\n<table>'
    yield _line(HEADS, "th", range(2, 6))
    for row in board.failing_first():
        yield _row(row)
    yield "</table>\n</div>"
    yield from _signs(board)
    yield f"<footer>{escape(record_text(board))}<br>{escape(DISCLAIMER)}</footer>\n</body>\n</html>"


def _line(words: Sequence[str], tag: str = "td", right: Sequence[int] = ()) -> str:
    inner = "".join(
        f"<{tag}{' class=n' if at in right else ''}>{escape(word)}</{tag}>" for at, word in enumerate(words)
    )
    return f"<tr>{inner}</tr>"


def _scores(scores: Sequence[Score]) -> Iterator[str]:
    yield '<div class="wide">\n<table>'
    yield _line(SCORE_HEADS, "th", range(1, 9))
    for score in scores:
        yield _line(score_cells(score), "td", range(1, 9))
    yield "</table>\n</div>"


def _row(row: Row) -> str:
    told = cells(row)
    word = verdict_of(row)
    more = "; ".join((*((row.why_not,) if row.why_not else ()), *row.remarks))
    under = f'<div class="small">{escape(row.stratum)}<br>{escape(row.citation)}</div>'
    last = f'<td class="{word.split()[0]}">{escape(word)}<div class="small">{escape(more)}</div></td>'
    numbers = "".join(f"<td class=n>{escape(cell)}</td>" for cell in told[2:6])
    first = f"<td>{escape(row.id)}{under}</td><td>{escape(row.metric)}</td>"
    return f"<tr>{first}{numbers}<td>{escape(row.role)}</td>{last}</tr>"


def _naive(board: Board) -> Iterator[str]:
    gain, low, high, count = board.gain()
    if count:
        yield (
            "<p>Against the naive rule (mean of the other rows of the metric in its class of donor and graft): "
            "|z| is smaller by "
            f"{number(gain)} (95 % bootstrap over studies {number(low)} to {number(high)}), {count} rows.</p>"
        )


def _signs(board: Board) -> Iterator[str]:
    if not board.signs:
        return
    yield f"<h2>Signs and null contrasts</h2>\n<p>{sum(s.agrees for s in board.signs)} of {len(board.signs)} agree.</p>"
    yield '<div class="wide">\n<table>' + _line(
        ("study", "contrast", "kind", "published", "simulated", ""), "th", (3, 4)
    )
    for sign in sorted(board.signs, key=lambda sign: sign.agrees):
        words = (
            sign.study,
            sign.about,
            sign.kind,
            number(sign.published),
            number(sign.simulated),
            "" if sign.agrees else "differs",
        )
        yield _line(words, "td", (3, 4))
    yield "</table>\n</div>"
