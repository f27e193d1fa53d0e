"""What every view of the page is made of: its frame, native form fields, tables of escaped text.

Text of people (plan names, identifiers, files) reaches the browser either as a text node or escaped by `cell`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from html import escape
from itertools import count
from pathlib import Path
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from dayzero.present.page import DISCLAIMER

VIEWS: dict[str, str] = {"/": "Ward", "/compare": "Compare", "/patient": "Patient", "/evidence": "Evidence",
                         "/model": "Model"}  # fmt: skip
MOVING_S = 0.04  # seconds between two values sent while a slider is dragged
_numbers = count(1)


@cache
def _style() -> str:
    return Path(__file__).with_name("app.css").read_text(encoding="utf-8")


@contextmanager
def frame(path: str, title: str, lead: str = "") -> Iterator[None]:
    """The head, the navigation and the line that says what this is not; the view goes into ``main``."""
    ui.page_title(f"{title} · dayzero")
    ui.add_css(_style())
    ui.query("body").classes(VIEWS[path].lower())
    tag("a", "Skip to content", "skip", href="#main")
    with tag("header", classes="bar"):
        tag("a", "dayzero", "brand", href="/")
        with tag("nav", **{"aria-label": "Views"}):
            for place, word in VIEWS.items():
                tag("a", word, href=place, **({"aria-current": "page"} if place == path else {}))
        tag("p", DISCLAIMER.rstrip("."), "notice")
    with tag("main", id="main", tabindex="-1"):
        tag("h1", title)
        if lead:
            tag("p", lead, "lead")
        yield


def fresh(kind: str) -> str:
    """A name for an element that no other has."""
    return f"{kind}-{next(_numbers)}"


def tag(name: str, text: str = "", classes: str = "", **attributes: Any) -> TextElement:
    """A plain element of HTML; its text is a text node, whatever it holds."""
    made = TextElement(tag=name, text=text)
    if classes:
        made.classes(classes)
    for key, value in attributes.items():
        made._props[key.rstrip("_")] = value
    return made


def markup(content: str, name: str = "div", classes: str = "") -> ui.html:
    """Markup of ours in which all text is escaped."""
    made = ui.html(content, sanitize=False, tag=name)
    return made.classes(classes) if classes else made


def cell(value: object, kind: str = "td", number: bool = False) -> str:
    """A cell of a table, its text escaped."""
    return f"<{kind}{' class=n' if number else ''}>{escape(str(value))}</{kind}>"


def table(header: Sequence[str], rows: Sequence[Sequence[object]], numbers: Sequence[int] = (), label: str = "") -> str:
    """A table with escaped text; columns of numbers are set to the right.

    >>> "<td>&lt;b&gt;</td>" in table(["who"], [["<b>"]])
    True
    """
    head = "".join(cell(word, "th", at in numbers) for at, word in enumerate(header))
    body = "".join("<tr>" + "".join(cell(v, "td", at in numbers) for at, v in enumerate(row)) + "</tr>" for row in rows)
    region = f'<div class=scroll tabindex=0 role=region aria-label="{escape(label)}">'
    return f"{region}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


class Slider:
    """A slider with a number field beside it: told while it moves and when it rests."""

    def __init__(self, label: str, unit: str, span: tuple[float, float, float], value: float,
                 moved: Callable[[float, bool], Any], help_: str = "") -> None:  # fmt: skip
        low, high, step = span
        self._name = fresh("s")
        with tag("div", classes="field"):
            words = f"{label} ({unit})" if unit else label
            tag("label", words, for_=self._name)
            limits = {"min": low, "max": high, "step": step, "^value": f"{value:.6g}"}
            with tag("div", classes="pair"):
                slide = tag("input", id=self._name, type="range", **limits)
                typed = tag("input", id=f"{self._name}n", type="number", **limits, **{"aria-label": f"{words}, typed"})
            if help_:
                tag("p", help_, "help")
        both = f"(e) => {{ document.getElementById('{self._name}OTHER').value = e.target.value; emit(e.target.value) }}"
        slide.on("input", lambda e: self._told(e.args, moved, False), js_handler=both.replace("OTHER", "n"),
                 throttle=MOVING_S)  # fmt: skip
        slide.on("change", lambda e: self._told(e.args, moved, True), js_handler=both.replace("OTHER", "n"))
        typed.on("change", lambda e: self._told(e.args, moved, True), js_handler=both.replace("OTHER", ""))

    async def _told(self, value: Any, moved: Callable[[float, bool], Any], rests: bool) -> None:
        try:
            number = float(value)
        except (TypeError, ValueError):
            return
        await moved(number, rests)

    def setting(self, value: float) -> str:
        """Script that sets the slider and its field."""
        shown = f"{value:.6g}"
        return "".join(f"document.getElementById('{self._name}{end}').value='{shown}';" for end in ("", "n"))


class Choice:
    """A list to choose one from."""

    def __init__(self, label: str, options: dict[str, str], value: str, chosen: Callable[[str], Any],
                 help_: str = "") -> None:  # fmt: skip
        self._name = fresh("c")
        with tag("div", classes="field"):
            tag("label", label, for_=self._name)
            body = "".join(f'<option value="{escape(key)}"{" selected" * (key == value)}>{escape(word)}</option>'
                           for key, word in options.items())  # fmt: skip
            select = markup(body, "select")
            select._props["id"] = self._name
            if help_:
                tag("p", help_, "help")
        keys = list(options)  # by place: an option whose value is empty would give its words
        select.on("change", lambda e: chosen(keys[int(e.args)]), js_handler="(e) => emit(e.target.selectedIndex)")

    def setting(self, value: str) -> str:
        """Script that sets the list."""
        import json

        return f"document.getElementById('{self._name}').value={json.dumps(value)};"


def button(text: str, pressed: Callable[[], Any], classes: str = "", **attributes: Any) -> TextElement:
    """A button."""
    made = tag("button", text, classes, type="button", **attributes)
    made.on("click", lambda _: pressed(), args=[])
    return made


def exports(links: dict[str, str]) -> str:
    """Links to files, as markup."""
    kept = {url: " download" if url.startswith("/api") else "" for url in links.values()}
    shown = "".join(
        f'<a class=button href="{escape(url)}"{kept[url]}>{escape(word)}</a>' for word, url in links.items()
    )
    return f'<div class="row exports">{shown}</div>'
