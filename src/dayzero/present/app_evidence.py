"""The scoreboard on the page: each finding simulated beside published, with its source and the plan that repeats it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from nicegui import ui

from dayzero.errors import DayzeroError
from dayzero.present.api import Ward
from dayzero.present.app_parts import Choice, button, exports, frame, markup, tag
from dayzero.present.app_wait import follow
from dayzero.present.evidence_table import EXPLAINED, number, record_text, verdict_of
from dayzero.present.evidence_view import (
    PATIENTS,
    VERDICTS,
    Asked,
    asked_of_job,
    board_for,
    scored,
    source_of,
    study_called,
    texts,
    topics,
)

if TYPE_CHECKING:
    from dayzero.analyse.evidence.at_hand import AtHand
    from dayzero.analyse.evidence.board import Board, Row
    from dayzero.analyse.evidence.strata import Arm
    from dayzero.analyse.evidence.studies import Study

LEAD = "Published figures the model is held against: each with its source, and the plan that stands for its patients."
MOST_ROWS = 300
HEADS = ("finding", "patients", "published (95 % interval)", "simulated", "z", "", "source and plan")
NUMBERS = (2, 3, 4)


class EvidenceView:
    """One browser's look at the evidence: a topic, words to find, a verdict, or one study."""

    def __init__(self, ward: Ward, asked: Mapping[str, str]) -> None:
        self._ward, self._asked = ward, Asked.of(asked)

    def build(self) -> None:
        """The filter and the places of what it finds."""
        with frame("/evidence", "Evidence", LEAD):
            self._alert = tag("div", "", "alert", role="alert")
            self._filter = tag("div", classes="row")
            self._wait = tag("div")
            self._place = tag("div")
            with self._place:
                tag("p", "Reading the studies …", "said")

    async def begin(self) -> None:
        """Show what was asked for, when the studies it is in are read."""
        with self._filter:
            self._choices()
        found = None
        try:
            if self._asked.anything:
                found = await asyncio.to_thread(board_for, self._asked, self._ward.jobs)
        except DayzeroError as problem:
            self._alert.text = str(problem)
        self._place.clear()
        with self._place:
            if found is None:
                _overview()
                return
            study = study_called(self._asked.study) if self._asked.study else None
            if study is not None:
                tag("h2", study.name)
                tag("p", f"{study.citation} {study.identifier}", "lead run")
            self._said = tag("p", "", "said run", role="status")
            self._board = markup("")
            self._show(*found)
            if study is not None:
                self._one(study)
            self._exports()

    def _choices(self) -> None:
        words = {"": "choose a topic"} | {topic: topic.replace("_", " ") for topic in sorted(topics())}
        Choice("Topic", words, self._asked.topic, lambda v: self._go(topic=v, study=""))
        Choice("Study", {"": "choose a study"} | {name: name for name in texts()}, self._asked.study,
               lambda v: self._go(study=v))  # fmt: skip
        Choice("Verdict", VERDICTS, self._asked.verdict, lambda v: self._go(verdict=v))
        with tag("div", classes="field"):
            tag("label", "Find words", for_="find")
            field = tag("input", id="find", type="search", maxlength=80, **{"^value": self._asked.find})
            field.on("change", lambda e: self._go(find=str(e.args), study=""), js_handler="(e) => emit(e.target.value)")

    def _go(self, **changes: str) -> None:
        ui.navigate.to(f"/evidence?{urlencode(self._asked.query(**changes))}")

    def _show(self, board: Board, hand: Mapping[str, AtHand]) -> None:
        rows = board.failing_first()
        simulated = sum(row.covered for row in rows)
        passed = sum(row.passed for row in rows)
        more = f"; the first {MOST_ROWS} are shown" if len(rows) > MOST_ROWS else ""
        count = len({row.study for row in rows})
        what = f"{len(rows)} finding{'s' * (len(rows) != 1)} of {count} stud{'ies' if count != 1 else 'y'}"
        self._said.text = f"{what}, {simulated} simulated, {passed} passed{more}."
        body = "".join(_row(row, study_called(row.study), hand.get(row.study)) for row in rows[:MOST_ROWS])
        old = any(not one.current for one in hand.values())
        note = (
            " * simulated with another version of the model; open the study to simulate it with this one."
            if old
            else ""
        )
        notes = f"{EXPLAINED}{note} {record_text(board)}"
        self._board.content = f"{_grid(body)}<p class=run>{escape(notes)}</p>"

    def _exports(self) -> None:
        query = urlencode(self._asked.query())
        links = {
            "Table (CSV)": "csv",
            "Rows and run record (JSON)": "json",
            "Forest (SVG)": "svg",
            "Forest (PNG)": "png",
        }
        tag("h2", "Take it along")
        link = f"/evidence?{escape(query)}"
        again = f'<p class=run>This view again: <a href="{link}">link</a>.</p>'
        markup(exports({word: f"/api/evidence.{kind}?{query}" for word, kind in links.items()}) + again)

    def _one(self, study: Study) -> None:
        async def run() -> None:
            job = self._ward.jobs.begin("evidence", asked_of_job(study), scored(study))
            await follow(self._ward.jobs, job, self._wait, self._alert)
            self._show(*await asyncio.to_thread(board_for, self._asked, self._ward.jobs))

        with tag("div", classes="row"):
            button(f"Simulate this study ({PATIENTS:,} patients an arm)", run, "main")
        tag("h2", "Plans that stand for its patients")
        items = "".join(f"<li>{escape(arm.title)}: {_plan_links(study, name)}{_of(arm)}{_remarks(arm)}</li>"
                        for name, arm in study.arms.items())  # fmt: skip
        markup(f"<ul>{items}</ul>")


def _overview() -> None:
    """What there is, by topic, as it was scored with the table that comes with the package."""
    from dayzero.analyse.evidence.at_hand import shipped, shipped_verdicts

    counts, scored_then = topics(), shipped_verdicts()
    told = f"{sum(counts.values())} findings of {len(texts())} studies. Choose a topic, a study, or find words."
    tag("p", told, "said run", role="status")
    rows = []
    for topic, count in counts.items():
        link = f'<a href="/evidence?{urlencode({"topic": topic})}">{escape(topic.replace("_", " "))}</a>'
        _, simulated, passed = scored_then.get(topic, (0, 0, 0))
        rows.append(
            f"<tr><td>{link}</td><td class=n>{count}</td><td class=n>{simulated}</td><td class=n>{passed}</td></tr>"
        )
    heads = "<th>topic</th><th class=n>findings</th><th class=n>simulated</th><th class=n>passed</th>"
    markup(f"<table class=note><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>")
    first = next(iter(shipped().values()), None)
    if first is not None:
        size = f"{first.request.patients:,} to {first.request.most:,} patients an arm"
        version = "" if first.current else ", another version than this one"
        markup(f"<p class=run>As scored for this release: {size}, model {escape(first.model[:12])}{version}.</p>")


def _grid(body: str) -> str:
    head = "".join(f"<th{' class=n' if at in NUMBERS else ''}>{word}</th>" for at, word in enumerate(HEADS))
    return ('<div class="scroll tall" tabindex=0 role=region aria-label="Findings"><table><thead><tr>' + head
            + f"</tr></thead><tbody>{body}</tbody></table></div>")  # fmt: skip


def _row(row: Row, study: Study, hand: AtHand | None) -> str:
    verdict = verdict_of(row)
    told = (
        f"not simulated: {row.why_not}"
        if verdict == "not covered" and hand is not None
        else ""
        if hand is None
        else verdict
    )
    if not row.covered and hand is None:
        told = "not simulated yet"
    span = f" ({number(row.low)} to {number(row.high)})" if row.low == row.low else ""
    simulated = number(row.simulated) + ("" if hand is None or hand.current else " *") if row.covered else ""
    link = f'<a href="/evidence?{urlencode({"study": row.study})}">{escape(row.study)}</a>'
    place = source_of(row, study)
    source = f'<a href="{escape(place)}" rel="noreferrer noopener" target=_blank>source</a> ' if place else ""
    plans = " ".join(_plan_links(study, arm) for arm in row.arms)
    bad = " class=bad" if verdict == "fail" else ""
    z = number(row.z) if row.covered else ""
    return (f"<tr><td>{escape(row.metric.replace('_', ' '))}<br>{link}</td><td>{escape(row.stratum)}</td>"
            f"<td class=n>{number(row.published)}{span}</td><td class=n>{simulated}</td><td class=n>{z}</td>"
            f"<td{bad}>{escape(told)}<br><small>{escape(row.role)}</small></td><td>{source}{plans}</td></tr>"
            )  # fmt: skip


def _plan_links(study: Study, arm: str) -> str:
    """Links of an arm: its plan on the ward, and its file."""
    name, own = f"{quote(study.name)}/{quote(arm)}", escape(arm)
    which = f" of {own}" if len(study.arms) > 1 else ""
    file = f'<a href="/api/evidence/{name}.yaml" download aria-label="plan {own}, YAML">(YAML)</a>'
    return f'<a href="/view/evidence/{name}">plan{which} on the ward</a> {file}'


def _of(arm: Arm) -> str:
    """Which plan of the arm it is, where its patients are drawn from several."""
    plans = len({id(plan) for plan in arm.loaded()})
    return f", the first of {plans} its patients are drawn from" if plans > 1 else ""


def _remarks(arm: Arm) -> str:
    return f"<br><small>{escape('; '.join(arm.remarks))}</small>" if arm.remarks else ""
