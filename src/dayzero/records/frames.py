"""Charts from and to data frames of polars and pandas, in the long form that `dayzero.records.reading` describes.

pandas is asked for only where a chart becomes a pandas frame; a frame that comes in is known by what it can do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dayzero.errors import ChartError
from dayzero.records import reading, writing
from dayzero.records.chart import Chart, Duplicates

if TYPE_CHECKING:
    import polars as pl

_WHERE = "frame"


def read(frame: Any, duplicates: Duplicates = "refuse") -> Chart:
    """The chart of a frame in long form; rows are numbered from 1."""
    return reading.read_frame(_polars(frame), _WHERE, 1, duplicates)


def to_pandas(chart: Chart) -> Any:
    """The chart as a pandas frame in long form; what is missing is None."""
    try:
        from importlib import import_module

        pandas: Any = import_module("pandas")
    except ImportError:
        expected = "pandas, which is not installed"
        raise ChartError("chart", "to_pandas", "no pandas", expected, "install it, or use to_polars") from None
    return pandas.DataFrame(writing.to_polars(chart).to_dict(as_series=False))


def _polars(frame: Any) -> pl.DataFrame:
    import polars as pl

    if isinstance(frame, pl.DataFrame):
        return frame
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if not (hasattr(frame, "columns") and hasattr(frame, "__getitem__") and hasattr(frame, "isna")):
        got = f"a {type(frame).__name__}"
        raise ChartError(_WHERE, "frame", got, "a data frame of polars or pandas", "make one of it")
    if len(set(map(str, frame.columns))) < len(frame.columns):
        raise ChartError(_WHERE, "header", "two columns of one name", "each column once", "rename one")
    return pl.DataFrame({str(name): _texts(frame[name]) for name in frame.columns}, strict=False)


def _texts(column: Any) -> pl.Series:
    """A pandas column as text, missing cells as null; whole numbers without a point."""
    import polars as pl

    cells = zip(column.tolist(), column.isna().tolist(), strict=True)
    return pl.Series([None if missing else str(cell) for cell, missing in cells], dtype=pl.String)
