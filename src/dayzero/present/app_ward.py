"""The ward on the page: a plan with sliders, the fan of its patients, who had what, one patient behind the fan."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from html import escape
from typing import Any
from urllib.parse import urlencode

from nicegui import ui

from dayzero.analyse.summary import Row, Summary, summary, written
from dayzero.errors import DayzeroError
from dayzero.present import charts, fans
from dayzero.present.api import Ward
from dayzero.present.app_controls import Controls
from dayzero.present.app_parts import exports, frame, markup, table, tag
from dayzero.present.app_wait import until_warm
from dayzero.present.jobs import Lane
from dayzero.present.page import record_line
from dayzero.present.scene import Scene
from dayzero.present.treatment import Lane as Strip
from dayzero.simulation.course import Course

LEAD = "Move a slider: the same virtual patients live through the changed plan."
NARROW = 860
SETTLED_S = 0.25  # after the last movement, until tables and outcomes are told
CARDS = (
    ("neutrophils 0.5", "Neutrophils above 0.5"), ("platelets 20", "Platelets above 20"),
    ("platelet units", "Platelets given"),
    ("acute GVHD II-IV", "Acute GVHD II-IV"), ("chronic GVHD,", "Chronic GVHD"), ("relapse,", "Relapse"),
    ("non-relapse mortality", "Non-relapse mortality"), ("overall survival", "Overall survival"),
)  # fmt: skip
KEY = (
    "<div class=key><span><i class=median></i>median</span><span><i class=half></i>middle 50 %</span>"
    "<span><i class=most></i>middle 90 % of the living</span>{own}</div>"
)
OWN = ('<span><i class=own></i>patient {patient}, true</span><span><i class=dot></i>patient {patient}, reported '
       '(open: at detection limit)</span>')  # fmt: skip


class WardView:
    """One browser's view of the ward."""

    def __init__(self, ward: Ward, scene: Scene) -> None:
        self.ward, self.scene = ward, scene
        self._lane, self._moved = Lane(), 0
        self._narrow = False
        self._plots: list[ui.echart] = []

    def build(self) -> None:
        """The frame, the controls and the places of the results."""
        with frame("/", "Ward", LEAD), tag("div", classes="two"):
            with tag("div", classes="controls"):
                self.controls = Controls(self.scene, self.change)
            with tag("div", classes="results"):
                self._alert = tag("div", "", "alert", role="alert")
                self._wait = tag("div")
                self._cards = markup("<p class=said>Simulating the first patients …</p>")
                self._said = tag("p", "", "visually-hidden", role="status", **{"aria-live": "polite"})
                with tag("figure", **{"aria-labelledby": "course-told"}):
                    self._key, self._strip = markup(""), markup("")
                    self._chart = tag("div")
                    self._caption = tag("figcaption", "", id="course-told")
                self._curves = tag("div")
                self._tables = markup("")
                self._links = markup("")
                self._run = tag("p", "", "run")

    async def begin(self) -> None:
        """Draw for the first time, when the browser is there and says how wide it is."""
        try:
            self._narrow = int(await ui.run_javascript("window.innerWidth", timeout=5)) < NARROW
        except TimeoutError:  # the browser has gone on to another page
            return
        await until_warm(self.ward.warm, self._wait)
        await self.change(self.scene, True)

    async def change(self, scene: Scene, rests: bool) -> None:
        """Show another scene; while a slider moves, only the fan."""
        self._moved += 1
        mine = self._moved
        try:
            fresh = await self._lane.run(lambda: self._computed(scene, rests))
        except DayzeroError as problem:
            self._alert.text = str(problem)
            self.controls.back_to(self.scene)
            return
        if fresh is None:
            return
        course, fan, strip = fresh
        self.scene, self._alert.text = scene, "; ".join(course.record["warnings"])
        self._draw(course, fan, rests)
        if not rests:
            self._cards.classes(add="stale")
            self._strip.classes(add="stale")
            return
        self._strip.content = strip_markup(strip, fan["days"])
        self._strip.classes(remove="stale")
        self.controls.follow(scene)
        ui.navigate.history.replace(f"/?{scene.query()}")
        await asyncio.sleep(SETTLED_S if mine > 1 else 0)
        if mine == self._moved:
            await self._tell(course, fan)

    def _computed(self, scene: Scene, rests: bool) -> tuple[Course, dict[str, Any], list[Strip]]:
        if not rests:
            course = self.ward.moving(scene)
            return course, fans.fan_of(course, scene.patient, reports=False), []
        course = self.ward.course(scene)
        return course, fans.fan_of(course, scene.patient), fans.strip_of(course)

    def _draw(self, course: Course, fan: dict[str, Any], rests: bool) -> None:
        options = charts.fan_options(fan, self._narrow, self.scene.days, words=rests)
        panels = len(options["grid"])
        if not self._plots or len(self._plots[0].options["grid"]) != panels:
            self._chart.clear()
            with self._chart:
                tall = charts.fan_height(panels, self._narrow)
                self._plots = [ui.echart(options, renderer="svg").classes("chart").style(f"height:{tall}px")]
                self._plots[0].props('aria-hidden="true"')
        elif not rests:
            self._plots[0].run_chart_method("setOption", charts.moved(options))
            return
        else:
            self._plots[0].options.clear()
            self._plots[0].options.update(options)
            self._plots[0].update()
        patient = self.scene.patient
        own = OWN.format(patient=patient) if patient is not None else ""
        self._key.content = KEY.format(own=own)
        who = f" {fans.patient_line(course, patient)}" if patient is not None else ""
        self._caption.text = f"{len(course)} virtual patients by day from infusion; true values of the living.{who}"

    async def _tell(self, course: Course, fan: dict[str, Any]) -> None:
        """Cards, outcome curves, tables and links, when nothing moves."""
        told = await asyncio.to_thread(summary, course)
        self._cards.classes(remove="stale")
        self._cards.content = cards_markup(told)
        self._said.text = sentence(told)
        self._show_curves(told)
        self._tables.content = tables_markup(told, fan)
        query = self.scene.query()
        links = {"Figure (PNG)": "png", "Figure (SVG)": "svg", "Table by day (CSV)": "csv", "Plan (YAML)": "yaml",
                 "Run record": "record"}  # fmt: skip
        links |= {"Outcomes (SVG)": "outcomes-svg"} if told.outcomes else {}
        links |= {"Timeline of the patient (SVG)": "timeline-svg"} if self.scene.patient is not None else {}
        files = {word: f"/api/export/{kind}?{query}" for word, kind in links.items()}
        if self.scene.edits:
            also = urlencode([("other", self.scene.plan), *(("also", edit) for edit in self.scene.edits)])
            files["Compare with the plan unedited"] = f"/compare?plan={self.scene.plan}&{also}"
        link = f'<a href="/?{escape(query)}">link</a>'
        again = f"<p class=run>This view again: {link}; it holds the plan and its edits, nothing of a patient.</p>"
        self._links.content = f"<h2>Take it along</h2>{exports(files)}{again}"
        self._run.text = record_line(course.record)

    def _show_curves(self, told: Summary) -> None:
        groups = [] if told.outcomes is None else fans.curves_of(told.outcomes)
        self._curves.clear()
        if not groups:
            return
        with self._curves:
            tag("h2", "Outcomes")
            with tag("div", classes="curves"):
                for group in groups:
                    with tag("figure"):
                        tag("h3", group["title"])
                        markup(key_markup(charts.curve_key(group)))
                        plot = ui.echart(charts.curve_options(group), renderer="svg").classes("chart")
                        plot.style("height:230px").props('aria-hidden="true"')
            tag("figcaption", "Percent of patients by day from infusion, with 95 % intervals; also in the table below.")


def strip_markup(strip: Sequence[Strip], days: Sequence[int]) -> str:
    """Treatment and complications: a row for each, bars by day on the axis of the figure below."""
    first, last = days[0], days[-1]
    rows = []
    for lane in strip:
        look = f'fill="none" stroke="{lane.colour}" vector-effect="non-scaling-stroke"' if lane.hatch else (
            f'fill="{lane.colour}"')  # fmt: skip
        bars = f'<svg viewBox="{first} 0 {last - first} 17" preserveAspectRatio="none"><path d="{_steps(lane, last)}" '
        marks = "".join(f'<circle cx="{100 * (day - first) / (last - first):.2f}%" cy="8" r="4.5" fill="currentColor"/>'
                        for day in lane.marks if first <= day <= last)  # fmt: skip
        rows.append(f"<div class=lane role=listitem><span class=name>{escape(lane.name)}</span>"
                    f"<svg aria-hidden=true>{bars}{look}/></svg>{marks}</svg>"
                    f"<span class=amount>{escape(lane.amount)}</span></div>")  # fmt: skip
    return f'<div class=lanes role=list aria-label="Treatment and complications">{"".join(rows)}</div>'


def _steps(lane: Strip, last: int) -> str:
    """Bars as one path; days in a row are one shape, so that no seam shows between them."""
    path, before = [], -math.inf
    for start, width, height in lane.bars:
        top = 13.5 - 14 * height
        if start - before > 0.01:
            path.append(f"{'V13.5Z' if path else ''}M{start:g} 13.5")
        path.append(f"V{top:.2f}H{min(start + width, last):g}")
        before = start + width
    return "".join(path) + ("V13.5Z" if path else "")


def key_markup(lines: Sequence[tuple[str, str, str]]) -> str:
    """What each line of a figure is."""
    return "<div class=key>" + "".join(
        f'<span><svg aria-hidden=true><line x1=0 x2=30 y1=5 y2=5 stroke="{colour}" stroke-width=2 '
        f'stroke-dasharray="{dash}"/></svg>{escape(label)}</span>' for label, colour, dash in lines
    ) + "</div>"  # fmt: skip


def _found(told: Summary, start: str) -> Row | None:
    own = [row for row in told.rows if row.name.startswith(start)]
    return own[0] if own else None


def cards_markup(told: Summary) -> str:
    """The figures people ask for first."""
    cards = []
    for start, words in CARDS:
        row = _found(told, start)
        if row is None or row.value is None:
            continue
        middle, _, span = written(row).partition(" (")
        by = row.name.rpartition(", day ")[2] if ", day " in row.name else ""
        is_share = row.unit.startswith("%")
        before = "day " if row.unit == "day" else ""
        unit = "%" if is_share else "" if row.unit == "day" else row.unit
        kind = "95 % interval" if is_share else "90 % range"
        what = escape(words) + (f", day {by}" if by else "")
        spread = f"{escape(span.rstrip(')'))}<span class=visually-hidden> {kind}</span>"
        cards.append(f"<div class=card><div class=what>{what}</div><div class=value><small>{before}</small>{middle} "
                     f"<small>{unit}</small></div><div class=span>{spread}</div></div>")  # fmt: skip
    return f"<div class=cards>{''.join(cards)}</div>"


def sentence(told: Summary) -> str:
    """The result in a sentence, for those who listen."""
    parts = []
    for start, words in (("neutrophils 0.5", "Neutrophils above 0.5"), ("platelets 20", "platelets above 20")):
        row = _found(told, start)
        if row is not None and row.value is not None:
            parts.append(f"{words} on day {row.value:.0f}, 90 % range {row.low:.0f} to {row.high:.0f}")
    row = _found(told, "overall survival")
    if row is not None and row.value is not None:
        parts.append(f"{row.name} {row.value:.0f} %, 95 % interval {row.low:.0f} to {row.high:.0f}")
    return "; ".join(parts) + "." if parts else "Nobody recovered in the days shown."


def tables_markup(told: Summary, fan: dict[str, Any]) -> str:
    """The whole summary and the figure as tables."""
    rows = [(row.name, written(row), row.unit, row.patients, row.note) for row in told.rows]
    whole = table(["", "median or share (range or interval)", "unit", "n", "note"], rows, (3,), "Summary")
    header, days = fans.table_of(fan)
    shown = [["" if v is None else v for v in row] for row in days if row[0] % 7 == 0 or row[0] < 0]
    words = [word.replace("_", " ").replace("1e9", "10⁹") for word in header]
    by_day = table(words, shown, range(len(header)), "By day")
    return (f"<details><summary>Everything in a table</summary>{whole}</details>"
            f"<details><summary>The figure as a table, week by week</summary>{by_day}</details>")  # fmt: skip
