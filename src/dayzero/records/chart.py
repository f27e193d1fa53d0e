"""What was measured for one patient or a cohort, by day from infusion; a chart knows nothing of any model.

A chart holds one `Column` for each quantity and for each kind of event. All arrays of a column have one length and are
sorted by patient, then day. Numbers are in the canonical units of `dayzero.units`. A reading written ``<0.1`` lies
between zero and 0.1: its value is 0.1 and its limit -1. Nothing that was not measured is in a chart. How a reading was
obtained (the method of a chimerism test, a count calculated from a percentage) stands beside it where that is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dayzero.errors import ChartError
from dayzero.records.columns import (
    FIRST_DAY,
    GRAFTS,
    LAST_DAY,
    LATER_INFUSIONS,
    SCHEMA,
    Column,
    Duplicates,
    Floats,
    Integers,
    Limits,
    Series,
    Texts,
    empty_column,
    happened,
    last_of,
    measured,
)
from dayzero.records.findings import Findings
from dayzero.units import nearest, quantity

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "FIRST_DAY",
    "GRAFTS",
    "LAST_DAY",
    "LATER_INFUSIONS",
    "SCHEMA",
    "Chart",
    "Column",
    "Duplicates",
    "Floats",
    "Integers",
    "Limits",
    "Series",
    "Texts",
    "empty_column",
    "last_of",
]


@dataclass(frozen=True, eq=False, repr=False)
class Chart:
    """Dated measurements and events of one patient or a cohort.

    Parameters
    ----------
    patients : identifiers, in order; a column's ``patient`` is an index into them.
    measurements : quantity -> Column.
    events : kind -> Column; ``value`` is the amount, nan where none was written. A patient has one day of ``infusion``.
    graft : one of PBSC, BM, cord, TCD for each patient, or None where not known.
    transfusions_recorded : shape (patients,); True where the record of transfusions is complete, so that no entry
        means no transfusion. False: not known, and platelet recovery cannot be judged.
    methods : quantity -> how each reading of its column was obtained ("" where not said), shape (n,); only quantities
        of which something is said.
    findings : what was wrong, doubtful or left out in the record it was read from.

    >>> chart = Chart.from_columns({"neutrophils": ([0, 0, 0], [9, 10, 11], [0.1, 0.6, 1.2])}, patients=["A"])
    >>> chart
    Chart(1 patient, 3 measurements of neutrophils, 0 events, days 9 to 11)
    >>> chart.series("A", "neutrophils").values.tolist()
    [0.1, 0.6, 1.2]
    """

    patients: tuple[str, ...]
    measurements: Mapping[str, Column]
    events: Mapping[str, Column]
    graft: tuple[str | None, ...]
    transfusions_recorded: NDArray[np.bool_]
    schema: int = SCHEMA
    methods: Mapping[str, Texts] = field(default_factory=lambda: MappingProxyType[str, Texts]({}))
    findings: Findings = field(default_factory=Findings)
    _index: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", {name: at for at, name in enumerate(self.patients)})

    @classmethod
    def read(
        cls,
        path: str | Path,
        duplicates: Duplicates = "refuse",
        day_zero: date | str | Mapping[str, date | str] | None = None,
        codes: str | Path | None = None,
        timezone: str | None = None,
    ) -> Chart:
        """Read a chart: CSV or Parquet in long form, a FHIR bundle (JSON), or the folder of a data set dayzero knows.

        ``duplicates``: what to do with a row that repeats another exactly; in a bundle it is read once and said, or
        kept. Two different readings of one day are always kept; the criteria take the lower. ``day_zero``, ``codes``
        and ``timezone`` are for a bundle, see `dayzero.records.fhir.read_bundle`; what was found wrong in it stands in
        ``findings``, and a warning says so.
        """
        from dayzero.records import fhir, reading, sources

        place = Path(path)
        if place.suffix == ".json":
            return fhir.read_chart(place, duplicates, day_zero, codes, timezone)
        for name, value in {"day_zero": day_zero, "codes": codes, "timezone": timezone}.items():
            if value is not None:
                raise ChartError(place.name, name, "an option of FHIR bundles", "a bundle (.json)", "leave it out")
        return sources.read_folder(place) if place.is_dir() else reading.read(place, duplicates)

    @classmethod
    def from_frame(cls, frame: Any, duplicates: Duplicates = "refuse") -> Chart:
        """The chart of a table in long form, a data frame of polars or pandas."""
        from dayzero.records import frames

        return frames.read(frame, duplicates)

    def to_polars(self) -> pl.DataFrame:
        """The chart as a table in long form, the one `read` takes."""
        from dayzero.records import writing

        return writing.to_polars(self)

    def to_pandas(self) -> Any:
        """The chart as a table in long form, a data frame of pandas (which has to be installed)."""
        from dayzero.records import frames

        return frames.to_pandas(self)

    def write(self, path: str | Path) -> Path:
        """Write the chart in long form, CSV or Parquet by the name's ending; the file appears whole or not at all."""
        from dayzero.records import writing

        return writing.write(self, Path(path))

    def to_fhir(self, day_zero: date | str | Mapping[str, date | str]) -> dict[str, Any]:
        """The chart as a FHIR R4 Bundle (plain data for JSON); ``day_zero``: date of day 0, of all or by patient."""
        from dayzero.records import fhir

        return fhir.write_bundle(self, day_zero)

    @classmethod
    def from_columns(
        cls,
        measurements: Mapping[str, Sequence[ArrayLike]],
        patients: Sequence[str],
        events: Mapping[str, Sequence[ArrayLike]] | None = None,
        graft: str | Sequence[str | None] | None = None,
        transfusions_recorded: bool | ArrayLike = False,
        findings: Findings | None = None,
    ) -> Chart:
        """A chart from arrays in canonical units.

        ``measurements``: quantity -> (patient index, day, value), and where wanted limit and method (text), in any
        order of rows; a nan value means not measured and is left out. ``events``: kind -> (patient index, day) or
        (patient index, day, amount).
        """
        count = len(patients)
        grafts = [graft] * count if graft is None or isinstance(graft, str) else list(graft)
        recorded = np.array(np.broadcast_to(np.asarray(transfusions_recorded, bool), (count,)))
        readings = {name: measured(name, arrays, count) for name, arrays in measurements.items()}
        return cls(
            tuple(patients),
            _sealed({name: column for name, (column, _) in readings.items()}),
            _sealed({name: happened(name, arrays, count) for name, arrays in (events or {}).items()}),
            tuple(_known_graft(name) for name in grafts),
            _frozen(recorded),
            methods=_said({name: method for name, (_, method) in readings.items()}),
            findings=Findings() if findings is None else findings,
        )

    def __len__(self) -> int:
        return len(self.patients)

    def __repr__(self) -> str:
        rows = sum(len(column.day) for column in self.measurements.values())
        events = sum(len(column.day) for column in self.events.values())
        days = [column.day for column in self.measurements.values() if len(column.day)]
        names = list(self.measurements)
        what = " and ".join(names) or "nothing" if len(names) < 3 else f"{len(names)} quantities"
        span = f", days {min(d.min() for d in days)} to {max(d.max() for d in days)}" if days else ""
        counted = [_some(len(self), "patient"), f"{_some(rows, 'measurement')} of {what}", _some(events, "event")]
        found = f", {_some(len(self.findings), 'finding')}" if self.findings else ""
        return f"Chart({', '.join(counted)}{span}{found})"

    def column(self, name: str) -> Column:
        """Every reading of a quantity (or every event of a kind) over the cohort; empty when there is none."""
        found = self.measurements.get(name) or self.events.get(name)
        if found is None:
            quantity(name)  # an unknown name is an error; a known one was simply not measured
            return empty_column()
        return found

    def series(self, patient: str, name: str) -> Series:
        """One patient's readings of a quantity: days, values, limits."""
        column = self.column(name)
        at = self.index(patient)
        rows = slice(*np.searchsorted(column.patient, [at, at + 1]))
        return Series(column.day[rows], column.value[rows], column.limit[rows])

    def index(self, patient: str) -> int:
        """Where a patient stands among `patients`."""
        if patient not in self._index:
            advice = nearest(patient, self.patients) if len(self) <= 20 else "see chart.patients"
            raise ChartError("chart", "patient", repr(patient), "an identifier of this chart", advice)
        return self._index[patient]

    def patient(self, patient: str) -> Chart:
        """The chart of one patient."""
        at = self.index(patient)
        return Chart(
            (patient,),
            _sealed({name: _only(column, at) for name, column in self.measurements.items()}),
            _sealed({name: _only(column, at) for name, column in self.events.items()}),
            (self.graft[at],),
            _frozen(self.transfusions_recorded[at : at + 1].copy()),
            methods=_said({name: m[self.measurements[name].patient == at] for name, m in self.methods.items()}),
            findings=self.findings,
        )

    def first_event(self, kind: str) -> Floats:
        """Day of the first event of a kind, shape (patients,); inf where there is none."""
        first = np.full(len(self), np.inf)
        column = self.column(kind)
        np.minimum.at(first, column.patient, column.day)
        return first

    def last_day(self) -> Floats:
        """Day of the last measurement of any kind, shape (patients,); -inf where there is none."""
        last = np.full(len(self), -np.inf)
        for column in self.measurements.values():
            last = np.maximum(last, last_of(column, len(self)))
        return last


def _some(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _frozen(array: NDArray[np.bool_]) -> NDArray[np.bool_]:
    array.flags.writeable = False
    return array


def _sealed(columns: dict[str, Column]) -> Mapping[str, Column]:
    full = {name: column for name, column in columns.items() if len(column.day)}
    for column in full.values():
        for array in column:
            array.flags.writeable = False
    return MappingProxyType(full)


def _said(methods: Mapping[str, Texts | None]) -> Mapping[str, Texts]:
    """The methods of the quantities of which one is said."""
    said = {name: method for name, method in methods.items() if method is not None and (method != "").any()}
    for method in said.values():
        method.flags.writeable = False
    return MappingProxyType(said)


def _only(column: Column, at: int) -> Column:
    rows = slice(*np.searchsorted(column.patient, [at, at + 1]))
    day, value, limit = column.day[rows].copy(), column.value[rows].copy(), column.limit[rows].copy()
    return Column(np.zeros(len(day), np.int64), day, value, limit)


def _known_graft(name: str | None) -> str | None:
    if name is not None and name not in GRAFTS:
        raise ChartError("chart", "graft", repr(name), "a known graft", nearest(name, GRAFTS))
    return name
