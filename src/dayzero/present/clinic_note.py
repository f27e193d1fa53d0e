"""The status of patients as a clinic note: sections, one line a criterion, and what cannot be judged with the reason.

A cohort gets a table first: how many were judged, positive, possible or not to be judged, by criterion.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dayzero.criteria.status import Status, status_of
from dayzero.criteria.status_entries import NOT_EVALUABLE, Entry
from dayzero.errors import SpecError
from dayzero.present.tables import DISCLAIMER
from dayzero.present.targets import placing
from dayzero.records import Chart

FEW, MANY = 3, 20  # patients up to whom there is no table; patients beyond whom there are no notes on the screen
WORDS = {
    "none": "no",
    "not_yet": "not reached",
    "graft_failure": "yes",
    "tma": "yes",
    "vod": "yes",
    "engraftment_syndrome": "yes",
    "febrile_neutropenia": "yes",
    "acute_gvhd": "yes",
    "documented": "yes",
    "significant": "yes",
    "start": "reached",
    "staged": "",
    "graded": "",
    "no_gvhd": "no acute GVHD",
    "not_treated": "not treated with 2 mg/kg",
    "censored": "none",
    "event": "",
    "competing": "not first:",
    "calculated": "",
    "not_refractory": "no",
    "not_documented": "none on the chart",
}
KINDS = {"agvhd_iii_iv": "acute GVHD III-IV", "cgvhd": "chronic GVHD", "nonrelapse_death": "death without relapse",
         "cmv_treatment": "treatment begun", "cmv_disease": "CMV disease"}  # fmt: skip
COLUMNS = ("judged", "positive", "median day", "possible", "not judged")
_PREFIXED = ("VOD/SOS", "Engraftment syndrome", "Chronic GVHD")
_BY = ("censored", "none", "not_yet")  # statuses whose day is the end of follow-up


class Line(NamedTuple):
    """One criterion of one patient in words; ``missing`` says why it cannot be judged, "" where it was."""

    section: str
    name: str
    words: str
    missing: str


def lines(status: Status, at: int) -> list[Line]:
    """The note of one patient, line by line.

    >>> from dayzero.criteria.status import status_of
    >>> from dayzero.records import Chart
    >>> chart = Chart.from_columns({"neutrophils": ([0, 0, 0, 0], [9, 10, 11, 12], [0.1, 0.6, 0.9, 1.2])}, ["A"])
    >>> lines(status_of(chart), 0)[0].words
    'recovered on day 10'
    """
    return [_line(entry, at) for entry in status.entries]


def _line(entry: Entry, at: int) -> Line:
    judged = entry.judgement
    status, note = str(judged.status[at]), str(judged.note[at])
    told = _told(entry, at, status)
    if status == NOT_EVALUABLE:
        seen = [part for part in told if part]
        missing = note or "not enough was measured"
        return Line(entry.section, entry.name, "", f"{missing} ({_joined(seen)})" if seen else missing)
    head = WORDS.get(status, status.replace("_", " "))
    kind = str(judged["kind"][at]) if "kind" in judged.columns else ""
    kind = KINDS.get(kind, kind.replace("_", " "))
    day = _number(judged.day[at])
    when = f"{'by' if status in _BY else 'on'} day {day}" if day else ""
    start = " ".join(part for part in (head, kind, when) if part)
    start, note = (note, "") if status == "not_yet" and note else (start, note)
    remark = f" ({note})" if note else ""
    return Line(entry.section, entry.name, _joined((start, *told)) + remark, "")


def _told(entry: Entry, at: int, status: str) -> list[str]:
    """What else a judgement tells of a patient; nothing for what is missing, nor for a zero of days or of a highest."""
    parts: list[str] = []
    for name, how in entry.tells.items():
        value = entry.judgement[name][at]
        word = _number(value) if isinstance(value, float) else str(value).replace("_", " ")
        is_idle = word == "0" and any(said in how for said in ("up to", "days", "highest"))
        if name == "kind" or not word or is_idle or (name == "possible_day" and status != "possible"):
            continue
        parts.append(how.format(word))
    return parts


def _joined(parts: Sequence[str]) -> str:
    """Parts with commas between them, none before a bracket."""
    return ", ".join(part for part in parts if part).replace(", (", " (")


def _number(value: float) -> str:
    if math.isnan(value):
        return ""
    return f"{value:.0f}" if value == round(value) else f"{value:.3g}"


def sections(found: Sequence[Line]) -> dict[str, list[Line]]:
    """The lines that were judged, by section."""
    by_section: dict[str, list[Line]] = {}
    for line in found:
        if not line.missing:
            by_section.setdefault(line.section, []).append(line)
    return by_section


def missing(found: Sequence[Line]) -> dict[str, list[str]]:
    """Each reason why something cannot be judged, with the criteria it is about."""
    about: dict[str, list[str]] = {}
    for line in found:
        if line.missing:
            needs_section = line.section in _PREFIXED and line.section.lower() not in line.name.lower()
            own = f"{line.section} {line.name}" if needs_section else line.name
            about.setdefault(line.missing, []).append(own)
    return about


def heading(status: Status, at: int) -> str:
    """Who it is: identifier, graft, how far followed."""
    parts = [f"Patient {status.patients[at]}", status.graft[at] or "graft not known"]
    followed = status.followed_to[at]
    parts.append("nothing on the chart" if math.isinf(followed) else f"followed to day {followed:.0f}")
    return " · ".join(parts)


def show_status(status: Status, console: Console, *, patient: str | None = None, definitions: bool = False) -> None:
    """Print the table of a cohort, then a note a patient."""
    chosen = range(len(status)) if patient is None else [_place(status, patient)]
    if len(status) > FEW and patient is None:
        show_counts(status, console)
    if len(chosen) > MANY:
        console.print(Text(f"\n{len(chosen)} patients: see one with --patient, all with --html, --json or --out."))
        chosen = []
    for at in chosen:
        _show_note(status, at, console)
    if definitions:
        _show_definitions(status, console)
    open_count = sum(not definition.verified for definition in status.definitions())
    told = f" Definitions not verified in their source: {open_count}." if open_count else ""
    console.print(Text(f"\n{DISCLAIMER}{told}"), style="dim")


def _place(status: Status, patient: str) -> int:
    if patient not in status.patients:
        raise SpecError("judge", "--patient", "an identifier the chart does not hold", "one of the chart",
                        "see the chart's column patient")  # fmt: skip
    return status.patients.index(patient)


def show_counts(status: Status, console: Console) -> None:
    """Counts judged, positive, possible and not judged, by criterion."""
    grid = Table(title=Text(f"{len(status)} patients", style="table.title"), title_justify="left", box=None,
                 pad_edge=False)  # fmt: skip
    grid.add_column("", no_wrap=True)
    for name in COLUMNS:
        grid.add_column(name, justify="right")
    section = ""
    for row in status.counts():
        if row.section != section:
            grid.add_row(Text(row.section, style="bold"))
            section = row.section
        numbers = (row.judged, row.positive, _number(row.median_day), row.possible, row.not_evaluable)
        grid.add_row(Text(f"  {row.name}"), *(Text(str(number)) for number in numbers))
    console.print(grid)


def _show_note(status: Status, at: int, console: Console) -> None:
    found = lines(status, at)
    console.print(Text(f"\n{heading(status, at)}", style="bold"))
    for section, own in sections(found).items():
        console.print(Text(section, style="underline"))
        width = max(len(line.name) for line in own)
        for line in own:
            console.print(Text(f"  {line.name:{width}}  {line.words}"))
    reasons = missing(found)
    if reasons:
        console.print(Text("Cannot be judged", style="underline"))
        for reason, names in reasons.items():
            console.print(Text(f"  {'; '.join(names)}: {reason}"))


def _show_definitions(status: Status, console: Console) -> None:
    console.print(Text("\nDefinitions", style="bold"))
    for definition in status.definitions():
        checked = "verified" if definition.verified else "NOT verified"
        console.print(Text(f"  {definition.rule} · {definition.version} · {checked} · {definition.citation}"))


def status_data(status: Status) -> dict[str, Any]:
    """Plain data for JSON: settings, definitions, counts, one entry a patient."""
    counts = [row._asdict() for row in status.counts()]
    for row in counts:
        row["median_day"] = None if math.isnan(row["median_day"]) else row["median_day"]
    return {
        "settings": dict(status.settings),
        "definitions": [
            {"rule": one.rule, "version": one.version, "verified": one.verified, "citation": one.citation}
            for one in status.definitions()
        ],
        "counts": counts,
        "patients": list(status.rows()),
    }


def write_status(status: Status, path: Path) -> None:
    """All patients as a table in long form (CSV, Parquet) or as JSON; the file appears whole or not at all."""
    with placing([path]) as (part,):
        if path.suffix == ".json":
            part.write_text(json.dumps(status_data(status), indent=1) + "\n", encoding="utf-8")
            return
        import polars as pl

        frames = [
            pl.DataFrame(
                {"patient": list(status.patients), "section": entry.section, "criterion": entry.name,
                 "status": entry.judgement.status, "day": entry.judgement.day, "note": entry.judgement.note},
                schema_overrides={"day": pl.Float64},
            )
            for entry in status.entries
        ]  # fmt: skip
        table = pl.concat(frames).with_columns(pl.col("day").fill_nan(None).cast(pl.Int64))
        _ = table.write_parquet(part) if path.suffix == ".parquet" else table.write_csv(part)


def tell(
    chart: Chart,
    name: str,
    files: Mapping[str, Path],
    console: Console,
    as_json: bool,
    patient: str | None,
    definitions: bool,
    cmv_threshold: float | None,
    normal: Sequence[str],
    recorded: Sequence[str],
) -> None:
    """Judge a chart of that name by everything, write the files asked for, and print the notes or JSON."""
    from dayzero.present.clinic_page import write_page

    status = status_of(chart, cmv_threshold=cmv_threshold, upper_limits=_limits(normal), recorded=recorded)
    if patient is not None:
        _place(status, patient)
    if "--out" in files:
        write_status(status, files["--out"])
    if "--html" in files:
        write_page(status, files["--html"], title=f"Clinical status: {name}", definitions=definitions)
    if as_json:
        data = status_data(status)
        if patient is not None:
            data["patients"] = [row for row in data["patients"] if row["patient"] == patient]
        print(json.dumps(data, indent=1))
        return
    show_status(status, console, patient=patient, definitions=definitions)
    for path in files.values():
        console.print(f"written: {path}")


def _limits(normal: Sequence[str]) -> dict[str, float]:
    """Upper limits of normal written as ``ldh=250``."""
    limits: dict[str, float] = {}
    for one in normal:
        name, _, value = one.partition("=")
        try:
            limits[name.strip()] = float(value)
        except ValueError:
            raise SpecError("judge", "--normal", repr(one), "name=number", "ldh=250, say (U/L)") from None
    return limits
