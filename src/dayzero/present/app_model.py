"""The model on the page: each organ's equations, parameters with source and standing, and what uses each name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import urlencode

from dayzero.errors import DayzeroError
from dayzero.present.app_parts import exports, frame, markup, tag
from dayzero.present.explain import Explanation, explain, shown

LEAD = "Every organ system and ward policy as it is written: equations, parameters with unit, spread, source, standing."
HEADS = {"organ": "Organ systems", "policy": "Ward policies", "assay": "Laboratory"}
LINKED = ("name", "given_by", "read_by", "used_by", "organ", "policy", "measured_by", "sees", "seen_by", "known_to",
          "measures", "derived_by", "uses")  # fmt: skip
NUMBERS = ("value", "plausible_range", "uncertainty", "between_patient")


def build(name: str | None) -> None:
    """The list at the left, one explanation at the right."""
    listed = explain(None).tables["modules"]
    with frame("/model", "Model", LEAD), tag("div", classes="two"):
        with tag("nav", classes="controls list ready", **{"aria-label": "Parts of the model"}):
            for kind, head in HEADS.items():
                tag("h2", head)
                for row in (row for row in listed if row["kind"] == kind):
                    here = {"aria-current": "page"} if row["name"] == name else {}
                    tag("a", _words(row["name"]), href=_link(row["name"]), title=row["meaning"], **here)
        with tag("div", classes="results"):
            if name is None:
                _first(listed)
                return
            try:
                _explained(explain(name))
            except DayzeroError as problem:
                tag("div", str(problem), "alert", role="alert")


def _first(listed: Sequence[Mapping[str, Any]]) -> None:
    """What each part is, in a line."""
    for kind, head in HEADS.items():
        rows = [row for row in listed if row["kind"] == kind]
        tag("h2", head)
        body = "".join(f"<tr><td>{_anchor(row['name'])}</td><td>{escape(row['meaning'])}</td></tr>" for row in rows)
        markup(f"<table class=note><tbody>{body}</tbody></table>")
    _take_along({"Every parameter (CSV)": "/api/parameters.csv", "Everything (JSON)": "/api/explain"}, "/model")


def _explained(found: Explanation) -> None:
    tag("h2", _words(found.name))
    tag("p", f"{found.kind} · {found.meaning}", "lead")
    facts = [(label, shown(label, value), value) for label, value in found.facts.items()]
    rows = "".join(f"<tr><td>{escape(label.replace('_', ' '))}</td><td>{_value(label, value, told)}</td></tr>"
                   for label, told, value in facts if told)  # fmt: skip
    if rows:
        markup(f"<table class=note><tbody>{rows}</tbody></table>")
    if found.text:
        tag("pre", tabindex=0, text=found.text.replace("``", "").replace("::", ":"))
    for title, table in found.tables.items():
        tag("h2", title.capitalize())
        markup(_table(found, title, table))
    query = urlencode({"name": found.name})
    files = {"Everything (JSON)": f"/api/explain?{query}"}
    if "parameters" in found.tables and found.kind == "organ":
        files["Parameters (CSV)"] = f"/api/parameters.csv?{query}"
    _take_along(files, _link(found.name))


def _take_along(files: dict[str, str], link: str) -> None:
    tag("h2", "Take it along")
    markup(f'{exports(files)}<p class=run>This view again: <a href="{escape(link)}">link</a>.</p>')


def _table(found: Explanation, title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    labels = [label for label in rows[0] if any(shown(label, row[label]) for row in rows)]
    head = "".join(f"<th{' class=n' if label in NUMBERS else ''}>{escape(label.replace('_', ' '))}</th>"
                   for label in labels)  # fmt: skip
    own = f"{found.name}." if title in ("parameters", "constants", "states", "settings") else ""
    own = "event_" if title == "hazards" else own
    body = "".join("<tr>" + "".join(_cell(label, row[label], own) for label in labels) + "</tr>" for row in rows)
    region = f'<div class=scroll tabindex=0 role=region aria-label="{escape(title)}">'
    return f"{region}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _cell(label: str, value: Any, own: str) -> str:
    told = shown(label, value)
    if label == "name":
        return f"<td>{_anchor(own + told, told)}</td>"
    if label == "status":
        return f"<td><span class=status>{escape(told)}</span></td>"
    return f"<td{' class=n' if label in NUMBERS else ''}>{_value(label, value, told)}</td>"


def _value(label: str, value: Any, told: str) -> str:
    """Text, or links where it names parts of the model."""
    if label not in LINKED:
        return escape(told)
    names = value if isinstance(value, list) else [value]
    return ", ".join(_anchor(str(name)) if _is_known(str(name)) else escape(str(name)) for name in names)


def _is_known(name: str) -> bool:
    try:
        explain(name)
    except DayzeroError:
        return False
    return True


def _anchor(name: str, words: str = "") -> str:
    return f'<a href="{escape(_link(name))}">{escape(_words(words or name))}</a>'


def _link(name: str) -> str:
    return f"/model?{urlencode({'name': name})}"


def _words(name: str) -> str:
    return name.removeprefix("laboratory.").replace("_", " ")
