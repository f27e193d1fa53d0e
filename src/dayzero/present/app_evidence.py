"""The scoreboard on the page: published figures by topic, each with its source, its plan, and what is simulated."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from nicegui import ui

from dayzero.errors import DayzeroError, SpecError
from dayzero.present.api import Ward
from dayzero.present.app_parts import Choice, button, frame, markup, tag
from dayzero.present.app_wait import follow
from dayzero.present.evidence_table import EXPLAINED, number

if TYPE_CHECKING:
    from dayzero.analyse.evidence.strata import Arm
    from dayzero.analyse.evidence.studies import Entry, Study

LEAD = "Published figures the model is held against: each with its source, and the plan that stands for its patients."
MOST_ROWS = 300
TOPIC = re.compile(r"topic: (\w+)")
PATIENTS = 2000
HEADS = ("finding", "stratum", "published", "95 % interval", "role", "simulated", "verdict")


@cache
def texts() -> dict[str, str]:
    """The file of every study as text, by name: to find words before anything is read."""
    from dayzero.analyse.evidence.studies import FOLDER, study_names

    return {name: (FOLDER / f"{name}.yaml").read_text(encoding="utf-8") for name in study_names()}


@cache
def study_called(name: str) -> Study:
    """One study of the package."""
    from dayzero.analyse.evidence.studies import FOLDER, read_study

    if name not in texts():
        raise SpecError("evidence", "study", repr(name[:60]), "a study of the package", "choose it from the list")
    return read_study(FOLDER / f"{name}.yaml")


def topics() -> dict[str, int]:
    """How many findings there are of each topic, the most first."""
    counted = Counter(topic for text in texts().values() for topic in TOPIC.findall(text))
    return dict(counted.most_common())


def found(topic: str, words: Sequence[str]) -> list[tuple[Study, Entry]]:
    """The findings of a topic that hold all the words, in their study's citation or their own."""
    names = [name for name, text in texts().items() if (not topic or f"topic: {topic}\n" in text)
             and all(word in f"{name} {text}".replace("_", " ").lower() for word in words)]  # fmt: skip
    studies = [study_called(name) for name in names]
    return [(study, entry) for study in studies for entry in study.entries
            if topic in ("", entry.finding.topic) and all(word in _text(study, entry) for word in words)]  # fmt: skip


class EvidenceView:
    """One browser's look at the evidence: a topic, words to find, or one study."""

    def __init__(self, ward: Ward, asked: Mapping[str, str]) -> None:
        self._ward = ward
        self._asked = {key: asked.get(key, "")[:80] for key in ("topic", "find", "study")}

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
        topic, words, study = self._asked["topic"], self._asked["find"].lower().split(), self._asked["study"]
        try:
            one = await asyncio.to_thread(study_called, study) if study else None
            rows = await asyncio.to_thread(found, topic, words) if topic or words else []
        except DayzeroError as problem:
            self._alert.text, one, rows = str(problem), None, []
        with self._filter:
            self._choices()
        self._place.clear()
        with self._place:
            if one is not None:
                self._one(one)
            elif topic or words:
                self._all(rows)
            else:
                self._overview()

    def _choices(self) -> None:
        words = {"": "choose a topic"} | {topic: topic.replace("_", " ") for topic in sorted(topics())}
        Choice("Topic", words, self._asked["topic"], lambda v: self._go(topic=v, study=""))
        Choice("Study", {"": "choose a study"} | {name: name for name in texts()}, self._asked["study"],
               lambda v: self._go(study=v))  # fmt: skip
        with tag("div", classes="field"):
            tag("label", "Find words", for_="find")
            field = tag("input", id="find", type="search", maxlength=80, **{"^value": self._asked["find"]})
            field.on("change", lambda e: self._go(find=str(e.args), study=""), js_handler="(e) => emit(e.target.value)")

    async def _go(self, **changes: str) -> None:
        asked = {key: value for key, value in {**self._asked, **changes}.items() if value}
        ui.navigate.to(f"/evidence?{urlencode(asked)}")

    def _overview(self) -> None:
        """What there is."""
        counts = topics()
        told = f"{sum(counts.values())} findings of {len(texts())} studies. Choose a topic, a study, or find words."
        tag("p", told, "said run", role="status")
        links = {topic: f'<a href="/evidence?{urlencode({"topic": topic})}">{escape(topic.replace("_", " "))}</a>'
                 for topic in counts}  # fmt: skip
        rows = "".join(f"<tr><td>{links[topic]}</td><td>{count}</td></tr>" for topic, count in counts.items())
        head = "<thead><tr><th>topic</th><th>findings</th></tr></thead>"
        markup(f"<table class=note>{head}<tbody>{rows}</tbody></table>")

    def _all(self, rows: Sequence[tuple[Study, Entry]]) -> None:
        refused = sum(bool(entry.refused) for _, entry in rows)
        more = f"; the first {MOST_ROWS} are shown" if len(rows) > MOST_ROWS else ""
        count = len({study.name for study, _ in rows})
        told = f"{len(rows)} findings of {count} studies, {refused} of them not simulated{more}."
        tag("p", told, "said run", role="status")
        known = {study.name: self._known(study) for study, _ in rows[:MOST_ROWS]}
        body = "".join(_row(study, entry, known[study.name]) for study, entry in rows[:MOST_ROWS])
        markup(_grid(body))
        markup(f"<p class=run>{escape(EXPLAINED)}</p>")

    def _known(self, study: Study) -> Mapping[str, Any]:
        """The rows of a study that was simulated from the page, by finding."""
        job = self._ward.jobs.finished("evidence", {"study": study.name, "patients": PATIENTS})
        return {} if job is None or job.result is None else {row["id"]: row for row in job.result["rows"]}

    def _one(self, study: Study) -> None:
        tag("h2", study.name)
        tag("p", f"{study.citation} {study.identifier}", "lead run")
        self._board = markup("")
        self._show(study)

        async def run() -> None:
            work = scored(study)
            job = self._ward.jobs.begin("evidence", {"study": study.name, "patients": PATIENTS}, work)
            await follow(self._ward.jobs, job, self._wait, self._alert)
            self._show(study)

        with tag("div", classes="row"):
            button(f"Simulate this study ({PATIENTS:,} patients an arm)", run, "main")
        tag("h2", "Plans that stand for its patients")
        place = f"/api/evidence/{study.name}"
        items = "".join(f'<li>{escape(arm.title)}: <a href="{place}/{name}.yaml" download>plan (YAML)</a>{_of(arm)}'
                        f"{_remarks(arm.remarks)}</li>" for name, arm in study.arms.items())  # fmt: skip
        markup(f"<ul>{items}</ul>")

    def _show(self, study: Study) -> None:
        known = self._known(study)
        self._board.content = _grid("".join(_row(study, entry, known) for entry in study.entries))


def scored(study: Study) -> Any:
    """The work of a job that simulates one study: its rows of the scoreboard."""

    def work(tick: Any) -> Mapping[str, Any]:
        from dayzero.analyse.evidence.board import board_of
        from dayzero.analyse.evidence.run import Request, run_studies
        from dayzero.present.evidence_table import verdict_of

        request = Request(PATIENTS)
        figures = run_studies([study], request, 1)
        tick(1.0)
        rows = board_of([study], figures, request).rows
        return {"rows": [{"id": row.id, "simulated": number(row.simulated), "z": number(row.z),
                          "verdict": verdict_of(row), "patients": row.patients} for row in rows]}  # fmt: skip

    return work


def plan_text(study: Study, arm: str) -> str:
    """The first plan of an arm as YAML."""
    if arm not in study.arms:
        raise SpecError("evidence", "arm", repr(arm[:20]), f"one of {', '.join(study.arms)}", "choose it from the list")
    return study.arms[arm].loaded()[0].dump()


def _grid(body: str) -> str:
    head = "".join(f"<th{' class=n' if at in (2, 3, 5) else ''}>{word}</th>" for at, word in enumerate(HEADS))
    return ('<div class="scroll tall" tabindex=0 role=region aria-label="Findings"><table><thead><tr>' + head
            + f"</tr></thead><tbody>{body}</tbody></table></div>")  # fmt: skip


def _row(study: Study, entry: Entry, known: Mapping[str, Any]) -> str:
    one, own = entry.finding, known.get(entry.finding.id)
    value = "" if one.value is None else f"{number(one.value)} {one.unit}"
    span = "" if one.low is None or one.high is None else f"{number(one.low)} to {number(one.high)}"
    arms = [study.arms[name].title for name in entry.arms]
    link = f'<a href="/evidence?{urlencode({"study": study.name})}">{escape(study.name)}</a>'
    verdict = own["verdict"] if own else f"not simulated: {entry.refused}" if entry.refused else ""
    bad = " class=bad" if verdict == "fail" else ""
    simulated = own["simulated"] if own else ""
    return (f"<tr><td>{escape(one.metric.replace('_', ' '))}<br>{link}</td><td>{escape(' / '.join(arms))}</td>"
            f"<td class=n>{escape(value)}</td><td class=n>{escape(span)}</td><td>{escape(entry.role)}</td>"
            f"<td class=n>{escape(simulated)}</td><td{bad}>{escape(verdict)}</td></tr>")  # fmt: skip


def _of(arm: Arm) -> str:
    """Which plan of the arm it is, where its patients are drawn from several."""
    plans = len({id(plan) for plan in arm.loaded()})
    return f", the first of {plans} its patients are drawn from" if plans > 1 else ""


def _remarks(remarks: Sequence[str]) -> str:
    return f"<br><small>{escape('; '.join(remarks))}</small>" if remarks else ""


def _text(study: Study, entry: Entry) -> str:
    one = entry.finding
    return f"{study.name} {study.citation} {one.metric} {one.topic} {one.population} {one.donor} {one.graft} " \
           f"{one.conditioning} {one.prophylaxis}".replace("_", " ").lower()  # fmt: skip
