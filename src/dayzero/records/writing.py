"""The chart written as a table in long form, the one `dayzero.records.reading` describes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dayzero.errors import ChartError
from dayzero.records.chart import Chart, Column, Texts
from dayzero.units import EVENTS, QUANTITIES

if TYPE_CHECKING:
    import polars as pl


def write(chart: Chart, path: Path) -> Path:
    """Write a chart in long form; see `Chart.write`."""
    if path.suffix == ".json":
        advice = "make a FHIR bundle with chart.to_fhir"
        raise ChartError(path.name, "file", "a name that ends in .json", ".csv or .parquet", advice)
    frame = to_polars(chart)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if path.suffix == ".parquet":
            frame.write_parquet(part)
        else:
            frame.write_csv(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def to_polars(chart: Chart) -> pl.DataFrame:
    """The chart in long form, facts first, then rows by patient, day and quantity."""
    import polars as pl

    columns = [*chart.measurements.items(), *chart.events.items()]
    frames = [_facts(chart), *(_rows(name, column, chart.methods.get(name)) for name, column in columns)]
    table = pl.concat(frames, how="diagonal").sort("at", "day", "quantity", nulls_last=False, maintain_order=True)
    patient = pl.Series("patient", list(chart.patients), dtype=pl.String).gather(table["at"])
    last = ["method"] if chart.methods else []
    return table.select(patient, "day", "quantity", "value", "unit", "comparator", *last)


def _rows(name: str, column: Column, method: Texts | None) -> pl.DataFrame:
    import polars as pl

    unit = (QUANTITIES.get(name) or EVENTS[name]).unit
    frame = pl.DataFrame({"at": column.patient, "day": column.day, "number": column.value, "limit": column.limit})
    value = pl.col("number").fill_nan(None)
    said = None if method is None else pl.Series("method", method.tolist(), dtype=pl.String).replace("", None)
    return frame.select(
        "at",
        "day",
        pl.lit(name).alias("quantity"),
        value.cast(pl.String).alias("value"),
        pl.when(value.is_not_null()).then(pl.lit(unit)).alias("unit"),
        pl.col("limit").replace_strict({-1: "<", 1: ">"}, default=None, return_dtype=pl.String).alias("comparator"),
        *([] if said is None else [said]),
    )


def _facts(chart: Chart) -> pl.DataFrame:
    import polars as pl

    rows: list[tuple[int | None, str, str]] = [(None, "schema", str(chart.schema))]
    rows += [(at, "graft", graft) for at, graft in enumerate(chart.graft) if graft]
    words = ["yes" if recorded else "no" for recorded in chart.transfusions_recorded.tolist()]
    if len(set(words)) == 1 and not _unmeasured(chart):
        rows.append((None, "transfusions_recorded", words[0]))
    else:
        rows += [(at, "transfusions_recorded", word) for at, word in enumerate(words)]
    shape = {"at": pl.Int64, "quantity": pl.String, "value": pl.String}
    return pl.DataFrame(rows, schema=shape, orient="row")


def _unmeasured(chart: Chart) -> bool:
    """Whether a patient has no row at all; such a patient is kept by a fact of its own."""
    seen: set[int] = set()
    for column in [*chart.measurements.values(), *chart.events.values()]:
        seen.update(np.unique(column.patient).tolist())
    return len(seen) < len(chart)
