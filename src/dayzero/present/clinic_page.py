"""The status of patients as one HTML page that needs nothing from outside: no scripts, no links, all text escaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from dayzero.criteria.status import Status
from dayzero.present.clinic_note import COLUMNS, FEW, heading, lines, missing, sections
from dayzero.present.tables import DISCLAIMER
from dayzero.present.targets import placing

MOST = 500  # patients with a section of their own; beyond, the page has the table only and says so
STYLE = """\
:root{color-scheme:light dark;--ink:#222;--grey:#595959;--line:#ddd;--page:#fff;--note:#f6f6f3}
@media(prefers-color-scheme:dark){:root{--ink:#e8e8e8;--grey:#a8a8a8;--line:#444;--page:#1b1b1b;--note:#242424}}
body{font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--page);max-width:60rem;margin:2rem auto;
padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin:0 0 .6rem}h3{font-size:.85rem;color:var(--grey);margin:.8rem 0 .2rem}
section{border-top:1px solid var(--line);padding:1rem 0;break-inside:avoid}
table{border-collapse:collapse;width:100%}td,th{padding:.1rem .6rem .1rem 0;text-align:left;vertical-align:top}
td:first-child{width:16rem;color:var(--grey)}.counts td:not(:first-child),.counts th:not(:first-child){text-align:right}
.missing{background:var(--note);padding:.4rem .8rem;margin-top:.8rem}.missing li{margin:.1rem 0}
.definitions td:first-child{width:auto;color:var(--ink)}footer{color:var(--grey);font-size:.85rem}
"""


def status_page(status: Status, *, title: str = "Clinical status", definitions: bool = False) -> str:
    """The page as text.

    >>> from dayzero.criteria.status import status_of
    >>> from dayzero.records import Chart
    >>> page = status_page(status_of(Chart.from_columns({}, ["<b>A"])))
    >>> "&lt;b&gt;A" in page, "<b>A" in page
    (True, False)
    """
    return "\n".join(_parts(status, title, definitions)) + "\n"


def write_page(status: Status, path: Path, *, title: str, definitions: bool = False) -> None:
    """Write the page; the file appears whole or not at all."""
    with placing([path]) as (part,):
        part.write_text(status_page(status, title=title, definitions=definitions), encoding="utf-8")


def _parts(status: Status, title: str, definitions: bool) -> Iterator[str]:
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{escape(title)}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>"
    if len(status) > FEW:
        yield from _counts(status)
    if len(status) > MOST:
        yield f"<p>{len(status)} patients: no sections are shown for more than {MOST}.</p>"
    else:
        for at in range(len(status)):
            yield from _patient(status, at)
    if definitions:
        yield from _definitions(status)
    yield f"<footer>{escape(DISCLAIMER)}</footer>\n</body>\n</html>"


def _row(cells: Sequence[object], tag: str = "td") -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(str(cell))}</{tag}>" for cell in cells) + "</tr>"


def _counts(status: Status) -> Iterator[str]:
    yield f'<section>\n<h2>{len(status)} patients</h2>\n<table class="counts">'
    yield _row(("", *COLUMNS), "th")
    section = ""
    for row in status.counts():
        if row.section != section:
            section = row.section
            yield f'<tr><th colspan="6">{escape(section)}</th></tr>'
        median = "" if row.median_day != row.median_day else f"{row.median_day:g}"
        yield _row((row.name, row.judged, row.positive, median, row.possible, row.not_evaluable))
    yield "</table>\n</section>"


def _patient(status: Status, at: int) -> Iterator[str]:
    found = lines(status, at)
    yield f"<section>\n<h2>{escape(heading(status, at))}</h2>"
    for section, own in sections(found).items():
        yield f"<h3>{escape(section)}</h3>\n<table>"
        yield from (_row((line.name, line.words)) for line in own)
        yield "</table>"
    reasons = missing(found)
    if reasons:
        yield '<div class="missing">\n<h3>Cannot be judged</h3>\n<ul>'
        for reason, names in reasons.items():
            yield f"<li>{escape('; '.join(names))}: {escape(reason)}</li>"
        yield "</ul>\n</div>"
    yield "</section>"


def _definitions(status: Status) -> Iterator[str]:
    yield '<section>\n<h2>Definitions</h2>\n<table class="definitions">'
    yield _row(("rule", "edition", "read in its source", "citation"), "th")
    for one in status.definitions():
        yield _row((one.rule, one.version, "yes" if one.verified else "no", one.citation))
    yield "</table>\n</section>"
