"""A patient on the page: a chart dropped in, counts drawn, every criterion judged, recovery foretold, donors ranked.

The file goes from the browser's memory to this server's memory and is forgotten with the page. Nothing that comes from
it is written, logged, kept as a job, or put behind a link.
"""

from __future__ import annotations

import asyncio
import base64
import csv
import io
import json
import secrets
from collections.abc import Callable
from html import escape
from typing import Any

from nicegui import ui

from dayzero.criteria.status import Status, status_of
from dayzero.errors import DayzeroError
from dayzero.present import charts_patient, uploads
from dayzero.present.api import Ward
from dayzero.present.app_donors import donors
from dayzero.present.app_parts import Choice, button, frame, markup, table, tag
from dayzero.present.clinic_note import FEW, heading, lines, missing, sections, status_data
from dayzero.present.clinic_page import status_page
from dayzero.present.page import DISCLAIMER
from dayzero.present.tables import library_rows
from dayzero.records import Chart
from dayzero.units import QUANTITIES

LEAD = "Drop a chart: its counts, what the field's definitions say of it, and when counts may recover."
KINDS = "CSV or Parquet in long form, or a FHIR R4 bundle (JSON); 16 MB at most. It stays in memory on this machine."
UNKNOWN = "common plans of the graft"
TWINS = 1000
SEND = """<script>window.sendChart = async (view, file) => { if (!file) return;
  const headers = {'content-type': 'application/octet-stream', 'x-file-name': encodeURIComponent(file.name.slice(-80))};
  await fetch('/view/' + view + '/chart', {method: 'POST', body: file, headers: headers}); };</script>"""

OPEN: dict[str, PatientView] = {}
"""Views that wait for a file, by a name only their own page knows."""


class PatientView:
    """One browser's view of one file."""

    def __init__(self, ward: Ward) -> None:
        self._ward, self._name = ward, secrets.token_urlsafe(16)
        self._chart: Chart | None = None
        self._status: Status | None = None
        self._file = ""

    def build(self) -> None:
        """The place to drop a file, and the places of what comes of it."""
        ui.add_head_html(SEND)
        with frame("/patient", "Patient", LEAD):
            self._alert = tag("div", "", "alert", role="alert")
            place = tag("div", classes="drop")
            with place:
                tag("label", "Chart of one or more patients", for_="chart-file")
                chosen = tag("input", id="chart-file", type="file", accept=",".join(uploads.KINDS),
                             **{"aria-describedby": "chart-kinds"})  # fmt: skip
                tag("p", KINDS, "help", id="chart-kinds")
            send = f"window.sendChart('{self._name}', FILE)"
            chosen.on("change", js_handler=f"(e) => {send.replace('FILE', 'e.target.files[0]')}")
            place.on("dragover", js_handler="(e) => e.preventDefault()")
            place.on("drop", js_handler="(e) => { e.preventDefault(); "
                                        f"{send.replace('FILE', 'e.dataTransfer.files[0]')} }}")  # fmt: skip
            self._said = tag("p", "", "said ready", role="status")
            self._result = tag("div")
            donors()
        OPEN[self._name] = self
        ui.context.client.on_delete(lambda: OPEN.pop(self._name, None))

    async def receive(self, name: str, content: bytes) -> None:
        """Read and judge a file."""
        self._alert.text, self._said.text, self._file = "", "Reading and judging …", uploads.shown_name(name)
        self._result.clear()
        try:
            self._chart = await asyncio.to_thread(uploads.chart_of, name, content)
            self._status = await asyncio.to_thread(status_of, self._chart)
        except DayzeroError as problem:
            self._chart = self._status = None
            self._alert.text, self._said.text = str(problem), ""
            return
        count = len(self._status)
        by = f"judged by {len(self._status.entries)} criteria"
        self._said.text = f"{self._file}: {count} patient{'s' * (count != 1)}, {by}."
        with self._result:
            self._show(self._chart, self._status)

    def _show(self, chart: Chart, status: Status) -> None:
        found = list(chart.findings.lines())
        if found:
            with tag("details"):
                tag("summary", f"{len(found)} findings while reading")
                markup("<ul>" + "".join(f"<li>{escape(line)}</li>" for line in found[:200]) + "</ul>")
        if len(status) > FEW:
            rows = [(row.section, row.name, row.judged, row.positive, _day(row.median_day), row.possible,
                     row.not_evaluable) for row in status.counts()]  # fmt: skip
            tag("h2", f"All {len(status)} patients")
            heads = ("", "criterion", "judged", "positive", "median day", "possible", "not judged")
            markup(table(heads, rows, (2, 3, 4, 5, 6), "Counts by criterion"))
        if len(status) > 1:
            names = {str(at): name for at, name in enumerate(status.patients)}

            async def look(at: str) -> None:
                _one(place, chart, status, int(at), self._ward)

            Choice("Patient", names, "0", look)
        place = tag("div")
        _one(place, chart, status, 0, self._ward)
        with tag("div", classes="row"):
            button("Save the note of all (HTML)", self._save)
            button("Save what was judged (JSON)", self._save_data)
            button("Save the readings (CSV)", self._save_readings)
        with tag("details"):
            tag("summary", "Definitions applied")
            rows = [(d.rule, d.version, "yes" if d.verified else "no", d.citation) for d in status.definitions()]
            markup(table(("rule", "edition", "read in its source", "citation"), rows, label="Definitions"))

    def _save(self) -> None:
        """Hand the note to the browser, over the connection and behind no address."""
        if self._status is not None:
            page = status_page(self._status, title=f"Clinical status: {self._file}", definitions=True)
            ui.download.content(page.encode(), "clinical-status.html", "text/html")

    def _save_data(self) -> None:
        if self._status is not None:
            told = json.dumps(status_data(self._status) | {"note": DISCLAIMER}, default=str, indent=1)
            ui.download.content(told.encode(), "clinical-status.json", "application/json")

    def _save_readings(self) -> None:
        if self._chart is not None:
            ui.download.content(readings_csv(self._chart).encode(), "readings.csv", "text/csv")


def readings_csv(chart: Chart) -> str:
    """The readings of a chart in long form, as it is read again."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("patient", "day", "quantity", "value", "unit"))
    for patient in chart.patients:
        for name, seen in uploads.series_of(chart, patient).items():
            unit = QUANTITIES[name].unit
            writer.writerows((patient, day, name, f"{'<' if limit < 0 else '>' if limit > 0 else ''}{value:g}", unit)
                             for day, value, limit in seen)  # fmt: skip
    return text.getvalue()


def _day(value: float) -> str:
    return "" if value != value else f"{value:g}"


def _one(place: Any, chart: Chart, status: Status, at: int, ward: Ward) -> None:
    """One patient: counts, the note, the forecast."""
    patient = status.patients[at]
    place.clear()
    with place:
        tag("h2", heading(status, at))
        series = uploads.series_of(chart, patient)
        panels = charts_patient.drawn(series)
        if panels:
            with tag("figure"):
                plot = ui.echart(charts_patient.options(panels), renderer="svg").classes("chart")
                plot.style(f"height:{charts_patient.height(panels)}px").props('aria-hidden="true"')
                tag("figcaption", "As measured; open points lie at a detection limit. The readings follow as a table.")
        markup(note_markup(status, at), classes="judged")
        if series:
            rows = [
                (
                    day,
                    name.replace("_", " "),
                    f"{'<' if limit < 0 else '>' if limit > 0 else ''}{value:g}",
                    charts_patient.unit_of(name),
                )
                for name, found in series.items()
                for day, value, limit in found
            ]
            with tag("details"):
                tag("summary", f"The {len(rows)} readings as a table")
                markup(table(("day", "quantity", "value", "unit"), sorted(rows), (0, 2), "Readings"))  # fmt: skip
        _forecast(chart, patient, ward)


def note_markup(status: Status, at: int) -> str:
    """The note of one patient, section by section, all text escaped."""
    found, parts = lines(status, at), []
    for section, own in sections(found).items():
        rows = "".join(f"<tr><td>{escape(line.name)}</td><td>{escape(line.words)}</td></tr>" for line in own)
        parts.append(f"<h3>{escape(section)}</h3><table class=note><tbody>{rows}</tbody></table>")
    reasons = missing(found)
    if reasons:
        told = "".join(f"<li>{escape('; '.join(names))}: {escape(why)}</li>" for why, names in reasons.items())
        parts.append(f"<div class=missing><h3>Cannot be judged</h3><ul>{told}</ul></div>")
    return "".join(parts)


def _forecast(chart: Chart, patient: str, ward: Ward) -> None:
    """When counts may recover, from a plan and the counts up to a day."""
    asked: dict[str, Any] = {"plan": UNKNOWN, "day": ""}
    tag("h2", "Forecast")
    with tag("div", classes="row"):
        plans = {UNKNOWN: UNKNOWN, **{row["name"]: row["title"] or row["name"] for row in library_rows("plan")}}

        async def plan(name: str) -> None:
            asked["plan"] = name

        Choice("Plan of the patient", plans, UNKNOWN, plan)
        with tag("div", classes="field"):
            tag("label", "As known on day (empty: the last count)", for_="forecast-day")
            day = tag("input", id="forecast-day", type="number", step=1)
            day.on("input", lambda e: asked.update(day=str(e.args)), js_handler="(e) => emit(e.target.value)")

        async def run() -> None:
            said.text, shown.content = "Virtual twins are followed; some seconds …", ""
            try:
                said.text, shown.content = await asyncio.to_thread(foretold, chart, patient, asked, ward)
            except DayzeroError as problem:
                said.text = str(problem)

        button("Forecast", run, "main")
    said = tag("p", "", "said forecast", role="status")
    shown = markup("")


def foretold(chart: Chart, patient: str, asked: dict[str, Any], ward: Ward) -> tuple[str, str]:
    """The forecast in a sentence and as a picture."""
    from dayzero.analyse.forecast.forecast import forecast
    from dayzero.present.forecast_figure import forecast_figure
    from dayzero.present.page import styled

    day = int(asked["day"]) if str(asked["day"]).lstrip("-").isdecimal() else None
    plan = None if asked["plan"] == UNKNOWN else asked["plan"]
    with ward.busy:
        made = forecast(chart, plan, patient=patient, day=day, twins=TWINS)
    told = [_recovery("Neutrophils above 0.5", made.neutrophils), _recovery("platelets above 20", made.platelets),
            f"death first {100 * made.death_first:.0f} %"]  # fmt: skip
    image = io.BytesIO()
    with styled():
        forecast_figure(made, chart).savefig(image, format="svg")
    coded = base64.b64encode(image.getvalue()).decode()
    notes = "".join(f"<li>{escape(note)}</li>" for note in made.notes)
    words = f"As known on day {made.day}: {'; '.join(told)}. No forecast here may guide a patient's care."
    picture = f'<img alt="{escape(words)}" src="data:image/svg+xml;base64,{coded}" class=print>'
    return words, f"<figure>{picture}</figure><ul>{notes}</ul>"


def _recovery(words: str, days: Any) -> str:
    middle, (low, high) = days.quantile(0.5), days.interval(0.9)
    shown: Callable[[int | None], str] = lambda day: "never" if day is None else f"{day}"  # noqa: E731
    return f"{words} on day {shown(middle)}, 90 % interval {shown(low)} to {shown(high)}"
