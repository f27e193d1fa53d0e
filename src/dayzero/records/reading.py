"""The chart as a table in long form: one reading, event or fact a row; CSV or Parquet.

========== ============================================================================================================
column     content
========== ============================================================================================================
patient    identifier; may be left out when the table holds one patient
day        whole days from infusion; or
date       YYYY-MM-DD, a time of day after it is ignored; a dated row ``infusion`` for each patient gives day 0
quantity   a quantity (``neutrophils``), an event (``platelet_transfusion``) or a fact (``graft``)
value      number, also written ``<0.1``; empty, NA or N/A: not measured. Events: the amount, or empty
unit       unit of the value; empty for facts and for events without amount
comparator optional, ``<`` or ``>``
method     optional; how the reading was obtained (STR for chimerism, calculated)
========== ============================================================================================================

Facts: ``graft`` (PBSC, BM, cord, TCD), ``transfusions_recorded`` (yes, no), ``schema`` (1). A fact without patient
holds for all who have none of their own; two that disagree are refused. A table is read whole or refused in one
sentence that names the row (row 1 is the header of a CSV file).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from dayzero.errors import ChartError, InputError
from dayzero.records.chart import FIRST_DAY, GRAFTS, LAST_DAY, LATER_INFUSIONS, SCHEMA, Chart, Duplicates
from dayzero.units import EVENTS, QUANTITIES, nearest, scale

if TYPE_CHECKING:
    import polars as pl

Fact = TypeVar("Fact", str, bool)

COLUMNS = ("patient", "day", "date", "quantity", "value", "unit", "comparator", "method")
FACTS = ("graft", "transfusions_recorded", "schema")
_ONE_PATIENT = "patient"
_NOT_MEASURED = ("NA", "N/A", "NULL")
_DATE = r"^(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?(?:Z|UTC|[+-]\d{2}:?\d{2}))?)?$"
_YES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def read(path: Path, duplicates: Duplicates = "refuse") -> Chart:
    """Read a table in long form; see `Chart.read`."""
    first = 1 if path.suffix == ".parquet" else 2
    return read_frame(_load(path), path.name, first, duplicates)


def read_frame(frame: pl.DataFrame, where: str, first: int = 1, duplicates: Duplicates = "refuse") -> Chart:
    """Read a frame in long form; ``where``: what messages call it, ``first``: the number of its first row."""
    return _Reader(where, _text(frame, where, first)).chart(duplicates)


def _load(path: Path) -> pl.DataFrame:
    import polars as pl

    if not path.is_file():
        raise ChartError(path.name, "file", "nothing there", "a CSV or Parquet file", "check the path")
    try:
        return pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, infer_schema=False)
    except pl.exceptions.NoDataError:
        raise ChartError(path.name, "file", "an empty file", "a header and rows", _header_advice()) from None
    except (pl.exceptions.PolarsError, UnicodeDecodeError, OSError) as problem:
        got = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise ChartError(path.name, "file", got, "a table in long form", "save it as CSV (UTF-8, commas)") from None


def _text(frame: pl.DataFrame, where: str, first: int) -> pl.DataFrame:
    """All cells as text without blanks around it, with the number of the row; blank rows are left out."""
    import polars as pl

    if "row" in frame.columns:
        raise ChartError(where, "header", "column 'row'", "columns of the long form", "rename or drop it")
    try:
        text = frame.select(pl.all().cast(pl.String).str.strip_chars().replace("", None))
    except pl.exceptions.PolarsError:
        raise ChartError(where, "columns", "cells of lists or objects", "text and numbers", "make them text") from None
    blank = pl.all_horizontal(pl.exclude("row").is_null())
    return text.with_row_index("row", offset=first).filter(~blank)


def _may_be_negative() -> pl.Expr:
    import polars as pl

    return (pl.col("zero") != 0) | pl.col("quantity").is_in([name for name, q in QUANTITIES.items() if q.low < 0])


def _header_advice() -> str:
    return "write the header patient,day,quantity,value,unit"


class _Reader:
    """Checks one table step by step; each step refuses or narrows what is left."""

    def __init__(self, where: str, frame: pl.DataFrame) -> None:
        self.where = where
        self.frame = frame

    def chart(self, duplicates: Duplicates) -> Chart:
        self._check_header()
        self._check_quantities()
        facts, rows = self._split_facts()
        if rows.is_empty():
            raise self.error("rows", "none with a value", "at least one measurement or event", "add the measurements")
        rows = self._days(self._values(self._units(rows)))
        if duplicates == "refuse":
            self._check_duplicates(rows)
        return self._build(rows, facts)

    def error(self, field: str, got: str, expected: str, advice: str) -> ChartError:
        return ChartError(self.where, field, got, expected, advice)

    def refuse(self, bad: pl.DataFrame, column: str, expected: str, advice: str) -> None:
        """Raise for the first row of ``bad``, if there is one."""
        if bad.is_empty():
            return
        row = bad.row(0, named=True)
        more = f" (and {len(bad) - 1} more rows)" if len(bad) > 1 else ""
        got = "nothing" if row[column] is None else repr(row[column])
        raise self.error(f"row {row['row']}, {column}", got + more, expected, advice)

    def _check_header(self) -> None:
        import polars as pl

        names = [name for name in self.frame.columns if name != "row"]
        for name in names:
            if name not in COLUMNS:
                advice = nearest(name, COLUMNS)
                raise self.error("header", f"column {name!r}", "columns of the long form", advice)
        missing = [name for name in ("quantity", "value", "unit") if name not in names]
        if missing or ("day" in names) == ("date" in names):
            got = ", ".join(names) or "no columns"
            raise self.error("header", got, "quantity, value, unit and one of day or date", _header_advice())
        if self.frame.is_empty():
            raise self.error("rows", "none", "at least one measurement", "add the measurements below the header")
        absent = [name for name in ("patient", "comparator", "method") if name not in names]
        self.frame = self.frame.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)
        if "patient" in absent:
            self.frame = self.frame.with_columns(patient=pl.lit(_ONE_PATIENT))

    def _check_quantities(self) -> None:
        import polars as pl

        known = [*QUANTITIES, *EVENTS, *FACTS]
        bad = self.frame.filter(~pl.col("quantity").is_in(known) | pl.col("quantity").is_null())
        word = "" if bad.is_empty() else bad["quantity"][0]
        self.refuse(bad, "quantity", "a known quantity, event or fact", nearest(word or "", known))

    def _split_facts(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        import polars as pl

        with_method = self.frame.filter(pl.col("method").is_not_null() & ~pl.col("quantity").is_in(list(QUANTITIES)))
        self.refuse(with_method, "method", "nothing, for only a reading has a method", "leave it empty")
        is_fact = pl.col("quantity").is_in(FACTS)
        facts, rows = self.frame.filter(is_fact), self.frame.filter(~is_fact)
        advice = "give every reading its patient, or leave the column out"
        self.refuse(rows.filter(pl.col("patient").is_null()), "patient", "an identifier", advice)
        not_measured = pl.col("quantity").is_in(list(QUANTITIES)) & (
            pl.col("value").is_null() | pl.col("value").is_in(_NOT_MEASURED)
        )
        return facts, rows.filter(~not_measured)

    def _units(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Adds ``per`` and ``zero`` (canonical = (value - zero) / per), from the few pairs of quantity and unit."""
        import polars as pl

        pairs = rows.group_by("quantity", "unit").agg(pl.col("row").min())
        per: list[float] = []
        zero: list[float] = []
        for name, unit, row in pairs.select("quantity", "unit", "row").iter_rows():
            factor, origin = self._scale(name, unit, row)
            per.append(factor)
            zero.append(origin)
        pairs = pairs.select("quantity", "unit", pl.Series("per", per), pl.Series("zero", zero))
        return rows.join(pairs, on=["quantity", "unit"], how="left", nulls_equal=True, maintain_order="left")

    def _scale(self, name: str, unit: str | None, row: int) -> tuple[float, float]:
        if unit is None and name in EVENTS:
            return 1.0, 0.0
        try:
            return scale(name, unit or "")
        except InputError as problem:
            got = "nothing" if unit is None else repr(unit)
            advice = f"write the unit of {name}" if unit is None else problem.advice
            raise self.error(f"row {row}, unit", got, f"for {name} {problem.expected}", advice) from None

    def _values(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Adds ``number`` (canonical) and ``limit``; reads ``<0.1`` and the comparator column."""
        import polars as pl

        parts = pl.col("value").str.extract_groups(r"^\s*([<>]?)\s*(.*)$")
        rows = rows.with_columns(
            pl.coalesce(parts.struct[0].replace("", None), "comparator").alias("sign"),
            parts.struct[1].cast(pl.Float64, strict=False).alias("raw"),
        )
        sign = pl.col("sign")
        wrong_sign = ~sign.is_in(["<", ">"]) | (sign != pl.col("comparator"))
        self.refuse(rows.filter(wrong_sign), "comparator", "<, > or nothing, as in the value", "write < or > once")
        unread = pl.col("value").is_not_null() & pl.col("raw").is_null()
        self.refuse(rows.filter(unread), "value", "a number, or a limit such as <0.1", "write 0.5, not text or 0,5")
        self.refuse(rows.filter(~pl.col("raw").is_finite()), "value", "a finite number", "leave it empty if missing")
        self.refuse(rows.filter(pl.col("raw") < 0, ~_may_be_negative()), "value", "zero or more", "correct the value")
        number = (pl.col("raw") - pl.col("zero")) / pl.col("per")
        limit = sign.replace_strict({"<": -1, ">": 1}, default=0, return_dtype=pl.Int8)
        rows = rows.with_columns(number.alias("number"), limit.alias("limit"))
        self._check_plausible(rows)
        return rows

    def _check_plausible(self, rows: pl.DataFrame) -> None:
        import polars as pl

        known = {**QUANTITIES, **EVENTS}
        low = pl.col("quantity").replace_strict({k: float(q.low) for k, q in known.items()})
        high = pl.col("quantity").replace_strict({k: float(q.high) for k, q in known.items()})
        bad = rows.filter((pl.col("number") < low) | (pl.col("number") > high))
        if bad.is_empty():
            return
        known_as = known[bad["quantity"][0]]
        expected = f"{known_as.name} from {known_as.low:g} to {known_as.high:g} {known_as.unit}"
        self.refuse(bad, "value", expected, "check the unit and the value")

    def _days(self, rows: pl.DataFrame) -> pl.DataFrame:
        import polars as pl

        if "date" in rows.columns:
            rows = self._from_dates(rows)
        number = pl.col("day").cast(pl.Float64, strict=False)
        bad = rows.filter(number.is_null() | ~number.is_finite() | (number != number.floor()))
        self.refuse(bad, "day", "a whole number of days from infusion", "write 14, not 14.5 or a date")
        bad = rows.filter((number < FIRST_DAY) | (number > LAST_DAY))
        self.refuse(bad, "day", f"a day from {FIRST_DAY} to {LAST_DAY}", "count the days from infusion")
        rows = rows.with_columns(number.cast(pl.Int64).alias("day"))
        self._infusions(rows, "day")
        return rows

    def _infusions(self, rows: pl.DataFrame, when: str) -> pl.DataFrame:
        """The infusion of each patient who has one; two on different days are refused."""
        import polars as pl

        found = rows.filter(pl.col("quantity") == "infusion").unique(
            ["patient", when], keep="first", maintain_order=True
        )
        second = found.filter(~pl.col("patient").is_first_distinct())
        self.refuse(second, "quantity", "one day of infusion a patient", LATER_INFUSIONS)
        return found

    def _from_dates(self, rows: pl.DataFrame) -> pl.DataFrame:
        import polars as pl

        read = pl.col("date").str.extract(_DATE).str.to_date("%Y-%m-%d", strict=False)
        rows = rows.with_columns(read.alias("on"))
        self.refuse(rows.filter(pl.col("on").is_null()), "date", "a date such as 2024-03-31", "write it as YYYY-MM-DD")
        zero = self._infusions(rows, "on")
        rows = rows.join(zero.select("patient", pl.col("on").alias("zero_day")), on="patient", how="left")
        undated = rows.filter(pl.col("zero_day").is_null())
        self.refuse(undated, "date", "an infusion row for this patient", "add a dated row with quantity infusion")
        days = (pl.col("on") - pl.col("zero_day")).dt.total_days().cast(pl.String)
        return rows.sort("row").with_columns(days.alias("day"))

    def _check_duplicates(self, rows: pl.DataFrame) -> None:
        import polars as pl

        key = ["patient", "day", "quantity", "number", "limit"]
        again = rows.filter(~pl.struct(key).is_first_distinct())
        if again.is_empty():
            return
        second = again.row(0, named=True)
        same = (pl.col(name).eq_missing(second[name]) for name in key)
        first = rows.filter(*same).row(0, named=True)
        more = f" (and {len(again) - 1} more)" if len(again) > 1 else ""
        got = f"the same {second['quantity']} twice{more}"
        advice = 'delete one, or read with duplicates="keep"'
        raise self.error(f"rows {first['row']} and {second['row']}", got, "each reading once", advice)

    def _build(self, rows: pl.DataFrame, facts: pl.DataFrame) -> Chart:
        import polars as pl

        patients = [str(p) for p in self.frame["patient"].drop_nulls().unique(maintain_order=True)]
        codes = pl.DataFrame({"patient": patients, "code": np.arange(len(patients))})
        rows = rows.join(codes, on="patient", how="left", maintain_order="left")
        columns: dict[str, tuple[np.ndarray, ...]] = {}
        for (name,), part in rows.partition_by("quantity", as_dict=True, maintain_order=True).items():
            arrays = [part[c].to_numpy() for c in ("code", "day", "number", "limit")]
            if part["method"].null_count() < len(part):
                arrays.append(np.array(part["method"].fill_null("").to_list(), np.str_))
            columns[str(name)] = tuple(arrays)
        graft = self._graft(facts, patients)
        recorded = self._recorded(facts, patients, columns.get("platelet_transfusion"))
        self._check_schema(facts)
        return Chart.from_columns(
            {name: arrays for name, arrays in columns.items() if name in QUANTITIES},
            patients,
            {name: arrays[:3] for name, arrays in columns.items() if name in EVENTS},
            graft,
            recorded,
        )

    def _fact(self, facts: pl.DataFrame, name: str) -> Iterable[tuple[int, str | None, str]]:
        import polars as pl

        chosen = facts.filter(pl.col("quantity") == name)
        self.refuse(chosen.filter(pl.col("value").is_null()), "value", f"a value for {name}", "fill it or delete it")
        chosen = chosen.sort(pl.col("patient").is_not_null(), maintain_order=True)  # a patient's own fact comes last
        return chosen.select("row", "patient", "value").iter_rows()

    def _graft(self, facts: pl.DataFrame, patients: list[str]) -> list[str | None]:
        spelled = {name.lower(): name for name in GRAFTS}
        given: dict[str | None, str] = {}
        for row, patient, value in self._fact(facts, "graft"):
            if value.lower() not in spelled:
                raise self.error(f"row {row}, value", repr(value), "a known graft", nearest(value, GRAFTS))
            self._keep(given, patient, spelled[value.lower()], row, "graft")
        return [given.get(patient, given.get(None)) for patient in patients]

    def _keep(self, given: dict[str | None, Fact], patient: str | None, value: Fact, row: int, name: str) -> None:
        """Keeps a fact; refuses one that says otherwise of the same patient."""
        if given.setdefault(patient, value) != value:
            whom = "all patients" if patient is None else f"patient {patient}"
            raise self.error(f"row {row}, value", f"another {name} of {whom}", "one", "delete the row that is wrong")

    def _recorded(
        self, facts: pl.DataFrame, patients: list[str], transfused: tuple[np.ndarray, ...] | None
    ) -> list[bool]:
        given: dict[str | None, bool] = {}
        for row, patient, value in self._fact(facts, "transfusions_recorded"):
            if value.lower() not in _YES:
                raise self.error(f"row {row}, value", repr(value), "yes or no", "say if every transfusion is here")
            self._keep(given, patient, _YES[value.lower()], row, "transfusions_recorded")
        # where nothing is said, a patient with a transfusion on the chart has a record of them
        has_any: set[int] = set() if transfused is None else set(transfused[0].tolist())
        return [given.get(p, given.get(None, at in has_any)) for at, p in enumerate(patients)]

    def _check_schema(self, facts: pl.DataFrame) -> None:
        for row, _, value in self._fact(facts, "schema"):
            if value != str(SCHEMA):
                raise self.error(f"row {row}, value", f"schema {value}", f"schema {SCHEMA}", "update dayzero")
