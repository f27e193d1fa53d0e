"""A patient's file as it came from a browser: read in memory, judged, never written anywhere."""

from __future__ import annotations

import io
import json
import warnings
from pathlib import PurePath
from typing import Any

from dayzero.errors import ChartError, RecordWarning
from dayzero.records import Chart

LARGEST = 16 * 1024 * 1024
MOST_PATIENTS = 2000
SHOWN_NAME = 60
KINDS = (".csv", ".parquet", ".json")


def chart_of(name: str, content: bytes) -> Chart:
    """The chart of an uploaded CSV, Parquet or FHIR bundle, by the ending of its name.

    >>> len(chart_of("counts.csv", b"day,quantity,value,unit\\n1,platelets,20,1e9/L\\n"))
    1
    """
    kind, shown = PurePath(name).suffix.lower(), shown_name(name)
    if kind not in KINDS:
        raise ChartError(shown, "file", kind or "no ending", "a CSV, Parquet or FHIR bundle (.json)", "rename the file")
    if len(content) > LARGEST:
        raise ChartError(shown, "file", f"{len(content) / 1e6:.0f} MB", f"at most {LARGEST // 1024**2} MB", "split it")
    chart = _bundle(shown, content) if kind == ".json" else _table(shown, kind, content)
    if len(chart) > MOST_PATIENTS:
        advice = "judge it with `dayzero judge`, which has no limit"
        raise ChartError(shown, "patients", f"{len(chart)}", f"at most {MOST_PATIENTS} on the page", advice)
    return chart


def shown_name(name: str) -> str:
    """The name of a file without its folder, shortened, printable."""
    plain = "".join(letter for letter in PurePath(name.replace("\\", "/")).name if letter.isprintable())
    return plain[:SHOWN_NAME] or "file"


def _table(shown: str, kind: str, content: bytes) -> Chart:
    import polars as pl

    from dayzero.records.reading import read_frame

    try:
        stream = io.BytesIO(content)
        frame = pl.read_parquet(stream) if kind == ".parquet" else pl.read_csv(stream, infer_schema=False)
    except pl.exceptions.NoDataError:
        raise ChartError(shown, "file", "an empty file", "a header and rows", "save it as CSV again") from None
    except (pl.exceptions.PolarsError, UnicodeDecodeError, OSError, ValueError):
        raise ChartError(shown, "file", "no table", "a table in long form", "save it as CSV (UTF-8, commas)") from None
    return read_frame(frame, shown, 1 if kind == ".parquet" else 2)


def _bundle(shown: str, content: bytes) -> Chart:
    from dayzero.records.fhir import read_bundle

    try:
        data: Any = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise ChartError(shown, "file", "no JSON", "a FHIR R4 bundle", "export it as JSON (UTF-8)") from None
    if not isinstance(data, dict):
        raise ChartError(shown, "file", "no object", "a FHIR R4 bundle", "export it as JSON (UTF-8)")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RecordWarning)
        return read_bundle(data).chart


def series_of(chart: Chart, patient: str) -> dict[str, list[tuple[int, float, int]]]:
    """The readings of one patient by quantity: day, value, and -1 or 1 where it lies at a limit."""
    found: dict[str, list[tuple[int, float, int]]] = {}
    for name in chart.measurements:
        seen = chart.series(patient, name)
        if len(seen.days):
            found[name] = [(int(d), float(v), int(limit)) for d, v, limit in
                           zip(seen.days, seen.values, seen.limits, strict=True)]  # fmt: skip
    return found
