"""A chart or hospital record read for a command, and what was found wrong in it said as notes."""

from __future__ import annotations

import warnings
from pathlib import Path

from rich.console import Console

from dayzero.errors import RecordWarning
from dayzero.records import Chart


def read_record(
    path: Path, keep_repeats: bool, day_zero: str | None, codes: Path | None, timezone: str | None, said: Console
) -> Chart:
    """The chart of a file or folder; each finding of a hospital record is a note on the error stream."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RecordWarning)
        chart = Chart.read(path, "keep" if keep_repeats else "refuse", day_zero, codes, timezone)
    for line in chart.findings.lines():
        said.print(f"note: {line}", style="dim")
    return chart
