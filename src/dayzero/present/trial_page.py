"""A trial as one HTML page that needs nothing from outside: design, estimates, characteristics, figures."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from dayzero.present.clinic_page import STYLE
from dayzero.present.page import DISCLAIMER, record_line, styled
from dayzero.present.trial_tables import Rows, tables_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from dayzero.analyse.trial import TrialResult

OWN = """\
body{max-width:76rem}.rows td:not(:first-child),.rows th:not(:first-child){text-align:right}
.rows th{color:var(--grey);font-weight:normal}.rows td:first-child{width:auto;color:var(--ink)}
.rows td:not(:first-child):not(:last-child){white-space:nowrap}
.rows{font-size:.9rem}.rows td,.rows th{padding:.15rem .6rem .15rem 0}.wide{overflow-x:auto}
figure{margin:1rem 0}img{max-width:100%;background:#fff}.note{color:var(--grey);font-size:.85rem}
"""


def trial_page(result: TrialResult, figures: dict[str, Figure]) -> str:
    """The page as text; figures by caption are put into it."""
    return "\n".join(_parts(result, figures)) + "\n"


def _parts(result: TrialResult, figures: dict[str, Figure]) -> Iterator[str]:
    trial = result.trial
    title = escape(trial.title or trial.name)
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}</title>\n<style>\n{STYLE}{OWN}</style>\n</head>\n<body>\n<h1>{title}</h1>"
    yield f"<p>{escape(_in_short(result))}</p>"
    for table in tables_of(result):
        yield from _table(table)
    for caption, figure in figures.items():
        yield f'<section>\n<figure><img alt="{escape(caption)}" src="{_picture(figure)}"></figure>\n</section>'
    yield "<section>\n<h2>Sources</h2>\n<ul>"
    yield from (f"<li>{escape(source)}</li>" for source in trial.sources)
    yield f"</ul>\n<p>Read in their source: {escape(trial.verified)}.</p>\n</section>"
    words = record_line(result.record)
    yield f"<footer>{escape(words)}<br>{escape(DISCLAIMER)}</footer>\n</body>\n</html>"


def _in_short(result: TrialResult) -> str:
    power, trial = result.power, result.trial
    effect = result[trial.primary.name].effects[0]
    measure = power.measure.replace("_", " ")
    return (
        f"{effect.arm} against {trial.arms[0].name} on {power.label}: {measure} {effect.value:.2f} expected in the "
        f"model; of {power.trials} trials of {trial.size} patients {100 * power.power:.0f} % find a difference at "
        f"{trial.analysis.alpha:g} ({100 * power.power_low:.0f}-{100 * power.power_high:.0f} %)."
    )


def _table(table: Rows) -> Iterator[str]:
    yield f'<section>\n<h2>{escape(table.title)}</h2>\n<div class="wide"><table{_class(table)}>'
    if any(table.heads):
        yield "<tr>" + "".join(f"<th>{escape(head)}</th>" for head in table.heads) + "</tr>"
    for row in table.rows:
        yield "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
    yield "</table></div>"
    if table.note:
        yield f'<p class="note">{escape(table.note)}</p>'
    yield "</section>"


def _class(table: Rows) -> str:
    return "" if table.title == "Design" else ' class="rows"'


def _picture(figure: Figure) -> str:
    drawn = io.BytesIO()
    with styled():
        figure.savefig(drawn, format="png", metadata={"Software": None})
    return "data:image/png;base64," + base64.b64encode(drawn.getvalue()).decode()
