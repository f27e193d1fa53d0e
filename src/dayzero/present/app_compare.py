"""Two plans on the same virtual patients: fans side by side, paired differences, who gains and who loses."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import urlencode

from nicegui import ui

from dayzero.errors import DayzeroError
from dayzero.present import charts, fans
from dayzero.present.api import LongRun, Ward, compared
from dayzero.present.app_controls import AnyField
from dayzero.present.app_parts import Choice, button, exports, frame, markup, table, tag
from dayzero.present.app_plan import OpenPlan, plans_to_choose
from dayzero.present.app_wait import follow, until_warm
from dayzero.present.compare import EXPLAINED, MAIN, SHARED, signed
from dayzero.present.page import BLUE, VERMILLION
from dayzero.present.scene import Scene

LEAD = "The same patients, with the same luck, under two plans: what would have changed, and for whom."
PATIENTS, DAYS = (200, 500, 1000, 2000, 5000), (100, 180, 365, 730)
SHOWN_PATIENTS = 200  # of the fans side by side


class CompareView:
    """One browser's comparison."""

    def __init__(self, ward: Ward, first: Scene, second: Scene) -> None:
        self._ward, self.first, self.second = ward, first, second

    def build(self) -> None:
        """The two plans at the left, what differs at the right."""
        with frame("/compare", "Compare", LEAD), tag("div", classes="two"):
            with tag("div", classes="controls"):
                for word, scene in (("First plan", self.first), ("Second plan", self.second)):
                    self._plan(word, scene)
                sizes = {str(n): str(n) for n in sorted({*PATIENTS, self.first.patients})}
                Choice("Patients", sizes, str(self.first.patients), lambda v: self._both(patients=int(v)))
                days = {str(d): f"day {d}" for d in sorted({*DAYS, self.first.days})}
                Choice("Followed to day", days, str(self.first.days), lambda v: self._both(days=int(v)))
            with tag("div", classes="results"):
                self._alert = tag("div", "", "alert", role="alert")
                self._wait = tag("div")
                self._result = markup("")
                self._fans = tag("div", classes="curves")
                self._links = markup("")

    async def begin(self) -> None:
        """Compare, unless the two plans are one."""
        if (self.first.plan, self.first.edits) == (self.second.plan, self.second.edits):
            self._result.content = "<p class='said run'>Choose another second plan, or change a field of it.</p>"
            return
        try:
            asked = self._asked()
            job = self._ward.jobs.finished("compare", asked.model_dump())
            job = job or self._ward.jobs.begin("compare", asked.model_dump(), compared(asked))
        except DayzeroError as problem:
            self._alert.text = str(problem)
            return
        await until_warm(self._ward.warm, self._wait)
        await asyncio.gather(self._show_fans(), follow(self._ward.jobs, job, self._wait, self._alert))
        if job.result is not None:
            self._result.content = result_markup(job.result)
            self._links.content = self._exports(job.name)

    def _asked(self) -> LongRun:
        return LongRun(kind="compare", plan=self.first.loaded().plain(), other=self.second.loaded().plain(),
                       patients=self.first.patients, days=self.first.days, seed=self.first.seed)  # fmt: skip

    async def _show_fans(self) -> None:
        """The two plans side by side, the course of some of the patients."""
        shown = [scene.but(patients=SHOWN_PATIENTS, days=min(self.first.days, 180)) for scene in
                 (self.first, self.second)]  # fmt: skip
        courses = [await asyncio.to_thread(self._ward.course, scene) for scene in shown]
        for word, course in zip(("First", "Second"), courses, strict=True):
            options = charts.fan_options(fans.fan_of(course), narrow=True)
            with self._fans, tag("figure"):
                tag("h3", f"{word}: {course.record['plans'][0]['name']}")
                plot = ui.echart(options, renderer="svg").classes("chart").props('aria-hidden="true"')
                plot.style(f"height:{charts.fan_height(len(options['grid']), True)}px")
                tag(
                    "figcaption",
                    f"Median and bands of {len(course)} virtual patients; tables tell the differences.",
                )

    def _plan(self, word: str, scene: Scene) -> None:
        is_first = word.startswith("First")

        def chosen(name: str) -> None:
            self._go(**{"first" if is_first else "second": scene.but(plan=name, edits=())})

        async def apply(path: str, value: str) -> None:
            self._go(**{"first" if is_first else "second": scene.edited(path, value)})

        with tag("fieldset"):
            tag("legend", word)
            Choice(word, plans_to_choose(scene.plan), scene.plan, chosen)
            OpenPlan(scene.loaded, chosen, f"Open or write the {word.lower()}")
            with tag("ul", classes="chips", **{"aria-label": f"Edits of the {word.lower()}"}), ui.element("li"):
                for edit in scene.edits:
                    path = edit.partition("=")[0]
                    button(f"{edit} ×", lambda path=path: self._go(
                        **{"first" if is_first else "second": scene.edited(path, None)}))  # fmt: skip
            AnyField(scene.loaded, apply, f"Change a field of the {word.lower()}")

    def _both(self, **changes: Any) -> None:
        self._go(first=self.first.but(**changes), second=self.second.but(**changes))

    def _go(self, first: Scene | None = None, second: Scene | None = None) -> None:
        ui.navigate.to(self._address(first or self.first, second or self.second))

    def _address(self, first: Scene, second: Scene) -> str:
        also = [("other", second.plan), *(("also", edit) for edit in second.edits)]
        return f"/compare?{first.query()}&{urlencode(also)}"

    def _exports(self, name: str) -> str:
        first, second = (f"/api/export/yaml?{scene.query()}" for scene in (self.first, self.second))
        job = f"/api/jobs/{name}"
        files = {"Figure (PNG)": f"{job}/png", "Figure (SVG)": f"{job}/svg", "Table (CSV)": f"{job}/csv",
                 "Run record": f"{job}/record", "Everything (JSON)": job}  # fmt: skip
        own = {"First plan (YAML)": first, "Second plan (YAML)": second}
        link = f'<a href="{escape(self._address(self.first, self.second))}">link</a>'
        again = f"<p class=run>This view again: {link}; it holds the plans and their edits, nothing of a patient.</p>"
        return f"<h2>Take it along</h2>{exports(files | own)}{again}"


def result_markup(result: Mapping[str, Any]) -> str:
    """Differences with their intervals, then what became of the same patients."""
    pair = result["pairs"][0]
    last = {row["name"]: row for row in pair["contrasts"]}
    rows = [row for name, row in last.items() if (name in MAIN or row["unit"] != "% points")
            and row["difference"] is not None]  # fmt: skip
    heads = ("", "first", "second", "difference", "95 % interval", "gain", "")
    head = "".join(f"<th{' class=n' if 0 < at < 6 else ''}>{word}</th>" for at, word in enumerate(heads))
    body = "".join(_difference(row) for row in rows)
    fates = [row for row in pair["fates"] if row["name"] in MAIN]
    cells = [[row["label"], *(f"{row[k]:.1f}" for k in ("both", "neither")), _cell(row["gained"]), _cell(row["lost"])]
             for row in fates]  # fmt: skip
    own = table(("by the last day, % of patients", "under both", "under neither", "gained", "lost"), cells,
                (1, 2, 3, 4), "Who gains and who loses")  # fmt: skip
    return (f"<h2>{escape(pair['second'])} less {escape(pair['first'])}</h2><div class=scroll tabindex=0 role=region "
            f'aria-label="Differences"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
            f"<p class=run>{escape(EXPLAINED)} {pair['patients']} patients.</p><h2>Who gains, who loses</h2>{own}"
            f"<p class=run>{escape(SHARED)}</p>")  # fmt: skip


def _difference(row: Mapping[str, Any]) -> str:
    digits = 2 if row["unit"] == "years" else 1
    is_share = row["unit"] == "% points"
    span = f"{signed(row['low'], digits)} to {signed(row['high'], digits)}"
    words = f"{row['label']}, day {row['day']}" + (", %" if is_share else f", {row['unit']}")
    numbers = (f"{row['first']:.{digits}f}", f"{row['second']:.{digits}f}", signed(row["difference"], digits), span,
               "" if row["gain"] is None else f"{row['gain']:.1f}")  # fmt: skip
    cells = "".join(f"<td class=n>{escape(number)}</td>" for number in numbers)
    return f"<tr><td>{escape(words)}</td>{cells}<td>{_whisker(row) if is_share else ''}</td></tr>"


def _whisker(row: Mapping[str, Any], most: float = 30.0) -> str:
    """The difference on a line from -30 to +30 percent points."""
    at = [90 + 90 * max(-1.0, min(1.0, row[key] / most)) for key in ("low", "difference", "high")]
    colour = VERMILLION if row["low"] > 0 or row["high"] < 0 else BLUE
    return (f'<svg width=180 height=14 aria-hidden=true class=whisker><line x1=90 x2=90 y1=0 y2=14 '
            f'stroke="currentColor" opacity=.4 /><line x1={at[0]:.1f} x2={at[2]:.1f} y1=7 y2=7 stroke="{colour}" '
            f'stroke-width=2 /><circle cx={at[1]:.1f} cy=7 r=3.5 fill="{colour}"/></svg>')  # fmt: skip


def _cell(cell: Mapping[str, float] | Sequence[float]) -> str:
    shared, least, most = ((cell[k] for k in ("shared", "least", "most")) if isinstance(cell, Mapping)
                           else (cell[0], cell[2], cell[3]))  # fmt: skip
    return f"{shared:.1f} ({least:.0f} to {most:.0f})"
