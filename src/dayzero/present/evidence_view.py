"""What the page shows of the scoreboard: findings chosen by topic, words, study and verdict, and what is known of each.

A finding is a row of the scoreboard (`analyse.evidence.board`): published beside simulated, where figures are at hand.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from dayzero.errors import SpecError

if TYPE_CHECKING:
    from dayzero.analyse.evidence.at_hand import AtHand
    from dayzero.analyse.evidence.board import Board, Row
    from dayzero.analyse.evidence.studies import Entry, Study
    from dayzero.present.jobs import Jobs

PATIENTS = 2000  # virtual patients an arm, when a study is simulated from the page
TOPIC = re.compile(r"topic: (\w+)")
VERDICTS = {"": "any", "fail": "fails", "pass": "passes", "strict": "inside the interval", "none": "not simulated"}
SOURCES = (
    (re.compile(r"\b(10\.\d{4,9}/[^\s;,]+)"), "https://doi.org/"),
    (re.compile(r"\b(PMC\d+)"), "https://pmc.ncbi.nlm.nih.gov/articles/"),
    (re.compile(r"PMID:?\s*(\d+)"), "https://pubmed.ncbi.nlm.nih.gov/"),
    (re.compile(r"\b(NCT\d{8})"), "https://clinicaltrials.gov/study/"),
)


@dataclass(frozen=True)
class Asked:
    """Which findings: a topic, words in them, one study, a verdict; empty for any."""

    topic: str = ""
    find: str = ""
    study: str = ""
    verdict: str = ""

    @classmethod
    def of(cls, told: Mapping[str, str]) -> Asked:
        """What an address asks for."""
        asked = cls(**{name: told.get(name, "")[:80] for name in ("topic", "find", "study", "verdict")})
        return asked if asked.verdict in VERDICTS else replace(asked, verdict="")

    @property
    def anything(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.topic or self.find.strip() or self.study or self.verdict)

    def query(self, **changes: str) -> dict[str, str]:
        """The entries of its address, some of them changed."""
        return {key: value for key, value in {**vars(self), **changes}.items() if value}


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


def found(asked: Asked) -> list[Study]:
    """The studies asked for, each with those of its findings that hold the topic and all the words."""
    words, topic = asked.find.lower().split(), asked.topic
    names = [asked.study] if asked.study else [
        name for name, text in texts().items() if (not topic or f"topic: {topic}\n" in text)
        and all(word in f"{name} {text}".replace("_", " ").lower() for word in words)]  # fmt: skip
    chosen = []
    for study in map(study_called, names):
        own = tuple(e for e in study.entries
                    if topic in ("", e.finding.topic) and all(word in _text(study, e) for word in words))  # fmt: skip
        if own:
            chosen.append(replace(study, entries=own))
    return chosen


def known(studies: Sequence[Study], jobs: Jobs) -> dict[str, AtHand]:
    """What is at hand of studies: simulated from this page, kept by an earlier run, or shipped."""
    from dayzero.analyse.evidence.at_hand import AtHand, at_hand
    from dayzero.analyse.evidence.finished import model_digest
    from dayzero.analyse.evidence.run import Figure, Request

    told: dict[str, AtHand] = {}
    for study in studies:
        job = jobs.finished("evidence", {"study": study.name, "patients": PATIENTS, "model": model_digest()})
        if job is not None and job.result is not None:
            figures = [Figure(**{**row, "value": _number(row["value"]), "error": _number(row["error"])})
                       for row in job.result["figures"]]  # fmt: skip
            told[study.name] = AtHand(figures, Request(PATIENTS), model_digest())
        elif (kept := at_hand(study_called(study.name))) is not None:
            told[study.name] = kept
    return told


def board_for(asked: Asked, jobs: Jobs) -> tuple[Board, Mapping[str, AtHand]]:
    """The scoreboard of the findings asked for, and where their figures are from."""
    from dayzero.analyse.evidence.at_hand import board_at_hand
    from dayzero.present.evidence_table import verdict_of

    studies = found(asked)
    hand = known(studies, jobs)
    board = board_at_hand(studies, hand)
    if asked.verdict:
        wanted = {"none": ("not covered",), "pass": ("pass", "strict")}.get(asked.verdict, (asked.verdict,))
        board = replace(board, rows=tuple(row for row in board.rows if verdict_of(row) in wanted))
    return board, hand


def scored(study: Study) -> Any:
    """The work of a job that simulates one study: its figures."""

    def work(tick: Any) -> Mapping[str, Any]:
        from dayzero.analyse.evidence.run import Request, run_and_keep

        figures = run_and_keep(study, Request(PATIENTS), tick)
        return {"figures": [{**vars(one), "value": _plain(one.value), "error": _plain(one.error)} for one in figures]}

    return work


def asked_of_job(study: Study) -> dict[str, Any]:
    """What a job that simulates a study is known by."""
    from dayzero.analyse.evidence.finished import model_digest

    return {"study": study.name, "patients": PATIENTS, "model": model_digest()}


def plan_of(study: Study, arm: str) -> Any:
    """The first plan of an arm."""
    if arm not in study.arms:
        raise SpecError("evidence", "arm", repr(arm[:20]), f"one of {', '.join(study.arms)}", "choose it from the list")
    return study.arms[arm].loaded()[0]


def source_of(row: Row, study: Study) -> str | None:
    """Where the source can be read: by its DOI, PubMed or trial number; None where none is known."""
    told = f"{study.identifier} {row.citation}"
    for pattern, place in SOURCES:
        if (match := pattern.search(told)) is not None:
            return place + quote(match[1].rstrip("."), safe="/()")
    return None


def _text(study: Study, entry: Entry) -> str:
    one = entry.finding
    return f"{study.name} {study.citation} {one.metric} {one.topic} {one.population} {one.donor} {one.graft} " \
           f"{one.conditioning} {one.prophylaxis}".replace("_", " ").lower()  # fmt: skip


def _plain(value: float) -> float | None:
    return value if value == value and abs(value) != float("inf") else None


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
