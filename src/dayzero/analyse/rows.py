"""One row a patient: who it was, the first day of everything that may happen, what was judged, given and counted.

==========================  =========================================================================================
patient, who                number of the patient; age, sex, size, cells of the graft ... (`cohort.COVARIATES_KEPT`)
NAME_day                    first day of each of `endpoints.PARTS`, from day 0; missing for who never had it
death_day, death_cause      missing for who lives; before the infusion the day is below 0
NAME_status, NAME_day       recovery of neutrophils and platelets, as the criteria judge it from the chart
primary_graft_failure       true, false, or missing
other numbers               those of `tally.VALUES`; missing where there is none
episodes_NAME               how often each of `occurrences.HAPPENED` came, from day 0
worst_gvhd_grade            highest grade of acute graft-versus-host disease the ward judged
days_at_home                mornings alive and out of hospital, 1 to the last day
quality_adjusted_years      to the last day
==========================  =========================================================================================

The digest of a table is that of its columns, patient after patient, so neither the number of its parts nor what made
them moves it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from dayzero.analyse.endpoints import PARTS, first_days
from dayzero.analyse.tally import FINENESS, RECOVERIES, days_at_home, quality_years, values
from dayzero.criteria import Judgement
from dayzero.records import Chart
from dayzero.simulation.course import Course
from dayzero.simulation.occurrences import HAPPENED

if TYPE_CHECKING:
    import polars as pl

_OF_JUDGED = {f"{name}_day" for name in RECOVERIES} | {"days_below_0.5", "days_below_0.1"}


def patient_rows(course: Course, chart: Chart, judged: Judgement) -> pl.DataFrame:
    """The rows of a course in the order of its patients; `chart` and `judged` are its own."""
    import polars as pl

    died, cause = course.deaths()
    columns = {"patient": pl.Series(course.patients, dtype=pl.Int64)}
    columns |= {name: pl.Series(value, dtype=pl.Float32) for name, value in course.covariates.items()}
    columns |= {"death_day": _days(died), "death_cause": pl.Series(cause.tolist()).replace("", None)}
    for part in (part for part in PARTS if part != "death"):
        columns[f"{part}_day"] = _days(first_days(course, part, judged))
    for name in RECOVERIES:
        columns[f"{name}_status"] = pl.Series(judged[f"{name}_status"].tolist())
    for name, value in values(course, chart, judged).items():
        columns[name] = _days(value) if name in _OF_JUDGED else _numbers(value)
    columns["primary_graft_failure"] = pl.Series(judged["primary_graft_failure"].tolist(), dtype=pl.Boolean)
    counted = course.living & (course.days >= 0)
    for name in HAPPENED.values():
        episodes = ((course.values[f"event_{name}"] > 0) & counted).sum(axis=1)
        columns[f"episodes_{name}"] = pl.Series(episodes, dtype=pl.Int16)
    grade = np.where(counted, course.values["ward_gvhd_grade"], 0).max(axis=1)
    columns["worst_gvhd_grade"] = pl.Series(grade.astype(np.int8))
    columns["days_at_home"] = pl.Series(days_at_home(course, int(course.days[-1])), dtype=pl.Int16)
    columns["quality_adjusted_years"] = _numbers(quality_years(course, int(course.days[-1])) / FINENESS)
    return pl.DataFrame(columns)


def _days(day: np.ndarray) -> pl.Series:
    import polars as pl

    known = np.isfinite(day)
    return pl.Series(np.where(known, day, 0), dtype=pl.Int16).set(pl.Series(~known), None)


def _numbers(value: np.ndarray) -> pl.Series:
    import polars as pl

    known = np.isfinite(value)
    return pl.Series(np.where(known, value, 0), dtype=pl.Float32).set(pl.Series(~known), None)


def digest(parts: Iterable[pl.DataFrame]) -> str:
    """SHA-256 of a table given in parts, patients in order: of its columns by name, kind and values."""
    columns: dict[tuple[str, str], hashlib._Hash] = {}
    for part in parts:
        for column in part.iter_columns():
            at = columns.setdefault((column.name, str(column.dtype)), hashlib.sha256())
            at.update(_plain(column))
    told = [[name, kind, columns[name, kind].hexdigest()] for name, kind in sorted(columns)]
    return hashlib.sha256(repr(told).encode()).hexdigest()


def _plain(column: pl.Series) -> bytes:
    """The values of a column as bytes that do not depend on where it was cut: one missing mark a patient, then it."""
    import polars as pl

    if column.dtype == pl.String:
        return "".join(f"{value!r}\n" for value in column).encode()
    missing = column.is_null().to_numpy()
    value = column.fill_null(False if column.dtype == pl.Boolean else 0).to_numpy()
    return np.rec.fromarrays([missing, value]).tobytes()
