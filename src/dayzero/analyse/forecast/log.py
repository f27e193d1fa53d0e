"""A log of forecasts: each kept as it was made, one a line, and scored when the truth has come.

A line is JSON: date it was made (UTC), schema, and the forecast with version, plans and a digest of the readings it
was made of. A log is written whole or not at all; lines once written are never changed.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from dayzero.analyse.forecast.days import Days
from dayzero.analyse.forecast.experience import recovered_between
from dayzero.analyse.forecast.forecast import SCHEMA, Forecast
from dayzero.analyse.forecast.rounds import Case, Row
from dayzero.errors import ChartError, InputError
from dayzero.records.chart import Chart

KEPT = "the forecast kept"
ADVICE = "name a file written by dayzero forecast --log"


def append(path: str | Path, forecasts: Sequence[Forecast], now: datetime | None = None) -> Path:
    """Add forecasts to a log; a new one is begun where there is none."""
    place = Path(path)
    before = [] if not place.exists() else _lines(place)
    made = (datetime.now(UTC) if now is None else now).isoformat(timespec="seconds")
    added = [json.dumps({"made": made, **told.as_dict()}, sort_keys=True, separators=(",", ":")) for told in forecasts]
    part = place.with_name(f".{secrets.token_hex(8)}.part")
    try:
        part.write_text("\n".join([*before, *added]) + "\n", encoding="utf-8")
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)
    return place


def read(path: str | Path) -> list[dict[str, Any]]:
    """The entries of a log, oldest first."""
    place = Path(path)
    return [_entry(line, place.name, at) for at, line in enumerate(_lines(place), start=1)]


def rows_of(entries: Sequence[dict[str, Any]], chart: Chart) -> list[Row]:
    """Forecasts of neutrophil recovery beside what came, of entries whose truth the chart now tells.

    A forecast made on or after the day of recovery is no forecast and is left out.
    """
    spans = dict(zip(chart.patients, zip(recovered_between(chart), chart.graft, strict=True), strict=True))
    rows = []
    for entry in entries:
        span, graft = spans.get(entry["patient"], (None, None))
        if span is not None and entry["day"] < span[0]:
            case = Case(*span, entry["patient"], entry["patient"].split("@")[0], graft or "graft not told")
            rows.append(Row(KEPT, entry["day"], case, days_of(entry["neutrophils_0.5"])))
    if not rows:
        expected = "one patient at least of the log whose neutrophils have recovered since"
        raise ChartError("chart", "patients", "no truth for any forecast", expected, "give the chart as it is now")
    return rows


def days_of(told: dict[str, Any]) -> Days:
    """A distribution as it was kept."""
    probability = np.zeros(int(told["horizon"]) + 1)
    for day, p in told["probability"].items():
        probability[int(day)] = p
    return Days(probability, float(told["never"]))


def _lines(place: Path) -> list[str]:
    try:
        text = place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        got = getattr(problem, "strerror", None) or "no text"
        raise InputError(place.name, "file", got, "a forecast log", ADVICE) from None
    return [line for line in text.splitlines() if line.strip()]


def _entry(line: str, where: str, at: int) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        raise InputError(where, f"line {at}", "no JSON", "a forecast", ADVICE) from None
    if not isinstance(entry, dict) or entry.get("schema") != SCHEMA:
        got = repr(entry.get("schema")) if isinstance(entry, dict) else "something else"
        raise InputError(where, f"line {at}, schema", got, f"schema {SCHEMA}", "read it with the release that wrote it")
    for name, kind in (("patient", str), ("day", int), ("neutrophils_0.5", dict)):
        if not isinstance(entry.get(name), kind):
            raise InputError(where, f"line {at}, {name}", "nothing of use", "a forecast", ADVICE)
    if not {"horizon", "never", "probability"} <= set(entry["neutrophils_0.5"]):
        raise InputError(where, f"line {at}, neutrophils_0.5", "no distribution", "days with probabilities", ADVICE)
    return entry
