"""A course: what truly happened to a cohort, day by day, with the record of the run that made it.

``course.neutrophils`` is the truth; what the laboratory reported of it is in ``dayzero.observe(course)``.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dayzero.errors import ChartError
from dayzero.module import Signal

SCHEMA = 1
RECORD_SCHEMA = 1
ADVICE = "name a file written by Course.write"

# What a run record holds and the kind of each; None where nothing may stand there.
RECORD: Mapping[str, tuple[type | None, ...]] = {
    "dayzero": (str,), "plans": (list,), "plan_of_patient": (list, None), "patients": (int,),
    "patients_listed": (list, None), "patients_sha256": (str,), "seed": (int,), "days": (int,), "engine": (str,),
    "precision": (str,), "steps_per_day": (int,), "parameters": (Mapping,), "typical": (bool,),
}  # fmt: skip
KINDS = {str: "text", list: "a list", int: "a whole number", Mapping: "keys with values", bool: "true or false",
         None: "nothing"}  # fmt: skip

REPORTED: Mapping[str, Signal] = {
    "reported_neutrophils": Signal("1e9/L", "neutrophils as reported that morning"),
    "reported_monocytes": Signal("1e9/L", "monocytes as reported that morning"),
    "reported_platelets": Signal("1e9/L", "platelets as reported that morning"),
    "reported_hemoglobin": Signal("g/dL", "hemoglobin as reported that morning"),
    "reported_donor_chimerism_myeloid": Signal("%", "myeloid donor chimerism as reported that morning"),
}

# Kinds of events and the recorded quantity each is read from.
EVENTS: Mapping[str, str] = {
    "platelet_transfusion": "platelet_units",
    "red_cell_transfusion": "red_cell_units",
    "gcsf": "gcsf_ug_per_kg",
    "bleeding": "event_bleeding",
}


@dataclass(frozen=True)
class Course:
    """The true course of a cohort.

    Parameters
    ----------
    patients : (patients,) identifiers.
    days : (days,) day from infusion, mornings.
    values : quantity -> (patients, days) array; also read as attributes, ``course.platelets``.
    covariates : name -> (patients,) array: who each patient is.
    visits : (patients, days) bool, days of blood counts; ``tests`` the same for chimerism.
    record : the run record: plan, seed, versions, warnings.
    """

    patients: np.ndarray
    days: np.ndarray
    values: Mapping[str, np.ndarray]
    covariates: Mapping[str, np.ndarray]
    visits: np.ndarray
    tests: np.ndarray
    record: Mapping[str, Any] = field(repr=False)

    def __getattr__(self, name: str) -> np.ndarray:
        values = self.__dict__.get("values", {})
        if name in values:
            return values[name]
        raise AttributeError(f"this course has no {name}; it recorded {', '.join(sorted(values))}")

    def __repr__(self) -> str:
        plan = self.record["plans"][0]["name"]
        return f"Course({plan}: {len(self.patients)} patients, day {self.days[0]} to {self.days[-1]})"

    def __len__(self) -> int:
        return len(self.patients)

    def at(self, day: int, name: str) -> np.ndarray:
        """A quantity on one day, (patients,)."""
        return self.values[name][:, self._column(day)]

    def _column(self, day: int) -> int:
        if not self.days[0] <= day <= self.days[-1]:
            span = f"day {self.days[0]} to {self.days[-1]}"
            raise ChartError("course", "day", str(day), span, "simulate more days")
        return int(day - self.days[0])

    def events(self) -> dict[str, np.ndarray]:
        """Event table in long form: patient, day, kind, amount; sorted by patient, day, kind."""
        row, when, kind, amount = self.event_rows()
        order = np.lexsort((kind, when, self.patients[row]))
        return {
            "patient": self.patients[row][order],
            "day": self.days[when[order]],
            "kind": kind[order],
            "amount": amount[order],
        }

    def event_rows(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Row of the patient, column of the day, kind and amount of every event that was recorded."""
        rows = [(np.empty(0, dtype=int), np.empty(0, dtype=int), np.empty(0, dtype="<U22"), np.empty(0))]
        for kind, name in EVENTS.items():
            if name in self.values:
                who, when = np.nonzero(self.values[name] > 0)
                rows.append((who, when, np.full(len(who), kind), self.values[name][who, when].astype(np.float64)))
        who, when, kinds, amount = (np.concatenate(parts) for parts in zip(*rows, strict=True))
        return who, when, kinds, amount

    def write(self, path: str | Path) -> Path:
        """Keep the course in one ``.npz`` file, written whole or not at all."""
        target = Path(path)
        packed: dict[str, Any] = {f"value.{name}": array for name, array in self.values.items()}
        packed |= {f"covariate.{name}": array for name, array in self.covariates.items()}
        packed |= {"patients": self.patients, "days": self.days, "visits": self.visits, "tests": self.tests}
        packed |= {"schema": np.asarray(SCHEMA), "record": np.asarray(json.dumps(dict(self.record)))}
        part = target.with_name(f".{secrets.token_hex(8)}.part")
        try:
            with part.open("xb") as stream:
                np.savez_compressed(stream, **packed)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return target

    @classmethod
    def read(cls, path: str | Path) -> Course:
        """A course kept by `write`."""
        where = str(path)
        stored = _stored(path)
        for name in ("record", "patients", "days", "visits", "tests"):
            if name not in stored:
                raise ChartError(where, name, "nothing", "a course with its run record", ADVICE)
        record = _record(stored, where)
        named = lambda prefix: {k.split(".", 1)[1]: v for k, v in stored.items() if k.startswith(prefix)}  # noqa: E731
        course = cls(stored["patients"], stored["days"], named("value."), named("covariate."), stored["visits"],
                     stored["tests"], record)  # fmt: skip
        _check_shapes(course, where)
        check_record(record, where, len(course))
        return course

    def to_xarray(self) -> Any:
        """An xarray Dataset with dimensions patient and day (needs ``dayzero[arrays]``)."""
        import xarray

        from dayzero.simulation.assemble import standard_body

        about = {**standard_body().signals, **REPORTED}
        variables = {
            name: (("patient", "day"), array, _attributes(about.get(name))) for name, array in self.values.items()
        }
        return xarray.Dataset(variables, coords={"patient": self.patients, "day": self.days},
                              attrs={"run_record": json.dumps(self.record)})  # fmt: skip


def _attributes(signal: Signal | None) -> dict[str, str]:
    return {} if signal is None else {"units": signal.unit, "long_name": signal.meaning}


def check_record(record: Any, where: str, patients: int | None = None) -> None:
    """Refuse what is no run record; `patients` says how many it is about, where it does not say so itself."""
    if not isinstance(record, Mapping):
        raise ChartError(where, "record", _shown(record), "keys with values", "write one with --record")
    if record.get("schema", RECORD_SCHEMA) != RECORD_SCHEMA or isinstance(record.get("schema"), bool):
        advice = "read it with the release of dayzero that wrote it"
        raise ChartError(where, "schema", _shown(record["schema"]), f"schema {RECORD_SCHEMA}", advice)
    for name, kinds in RECORD.items():
        value = record.get(name)
        if name not in record or not any(_is(value, kind) for kind in kinds):
            got = _shown(value) if name in record else "no such entry"
            expected = " or ".join(KINDS[kind] for kind in kinds)
            raise ChartError(where, f"record.{name}", got, expected, "write one with --record")
    _check_plans(record, where, record["patients"] if patients is None else patients)


def _check_plans(record: Mapping[str, Any], where: str, patients: int) -> None:
    for i, entry in enumerate(record["plans"] or [None]):
        told = entry if isinstance(entry, Mapping) else {}
        for name, kind in (("name", str), ("sha256", str), ("spec", Mapping)):
            if not _is(told.get(name), kind):
                got = _shown(told.get(name) if told else entry)
                raise ChartError(where, f"record.plans[{i}].{name}", got, KINDS[kind], "write one with --record")
    chosen, count = record["plan_of_patient"], len(record["plans"])
    if chosen is None:
        return
    if len(chosen) != patients or not all(_is(i, int) and 0 <= i < count for i in chosen):
        expected = f"{patients} numbers of 0 to {count - 1}, one for each patient"
        raise ChartError(where, "record.plan_of_patient", _shown(chosen), expected, "write one with --record")


def _is(value: Any, kind: type | None) -> bool:
    if kind is None:
        return value is None
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))


def _shown(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _stored(path: str | Path) -> dict[str, np.ndarray]:
    """The arrays of a file; a damaged one can fail anywhere between the disk and NumPy."""
    try:
        with Path(path).open("rb") as stream, np.load(stream, allow_pickle=False) as kept:
            return {name: kept[name] for name in kept.files}
    except OSError as problem:
        got = problem.strerror or str(problem)
    except Exception as problem:
        got = f"a damaged or other file ({type(problem).__name__})"
    raise ChartError(str(path), "file", got.split("\n")[0], "a course (.npz)", ADVICE)


def _record(stored: Mapping[str, np.ndarray], where: str) -> dict[str, Any]:
    """The run record of a course file whose schema this release reads."""
    try:
        record = json.loads(str(stored["record"]))
    except (ValueError, RecursionError):
        raise ChartError(where, "record", "a damaged run record", "JSON", ADVICE) from None
    if not isinstance(record, dict):
        raise ChartError(where, "record", _shown(record), "keys with values", ADVICE)
    schema = stored["schema"].tolist() if "schema" in stored else record.get("schema")
    if schema != SCHEMA:
        advice = "read it with the release of dayzero that wrote it"
        raise ChartError(where, "schema", _shown(schema), f"schema {SCHEMA}", advice)
    return record


def _check_shapes(course: Course, where: str) -> None:
    """Refuse arrays that do not fit the patients and days they are about."""
    patients, days = course.patients, course.days
    if patients.ndim != 1 or not len(patients):
        raise ChartError(where, "patients", f"shape {patients.shape}", "one or more patients", ADVICE)
    if days.ndim != 1 or not len(days) or days.dtype.kind not in "iu" or (np.diff(days) != 1).any():
        raise ChartError(where, "days", f"shape {days.shape}", "one day after another", ADVICE)
    table = (len(patients), len(days))
    arrays = [(f"value.{k}", v, table, "fiub") for k, v in course.values.items()]
    arrays += [(f"covariate.{k}", v, table[:1], "fiub") for k, v in course.covariates.items()]
    arrays += [("visits", course.visits, table, "b"), ("tests", course.tests, table, "b")]
    for name, array, shape, kinds in arrays:
        if array.shape != shape or array.dtype.kind not in kinds:
            raise ChartError(where, name, f"{array.dtype} of shape {array.shape}", f"numbers of shape {shape}", ADVICE)
