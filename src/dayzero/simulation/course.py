"""A course: what truly happened to a cohort, day by day, with the record of the run that made it.

``course.neutrophils`` is the truth; what the laboratory reported of it is in ``dayzero.observe(course)``.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dayzero.errors import ChartError
from dayzero.module import Signal
from dayzero.simulation.occurrences import FATE, REPORTED, UNKNOWN, event_rows
from dayzero.simulation.overrides import plain, taken

SCHEMA = 2
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


@dataclass(frozen=True)
class Course:
    """The true course of a cohort.

    Parameters
    ----------
    patients : (patients,) identifiers.
    days : (days,) day from infusion, mornings.
    values : quantity -> (patients, days) array; also read as attributes, ``course.platelets``. After a death they stand
        still, and nothing of them is charted or counted.
    covariates : name -> (patients,) array: who each patient is.
    flags : name of `occurrences.FLAGS` -> (patients, days) bool: days of blood counts, of chimerism tests ...
    record : the run record: plan, seed, versions, warnings.
    """

    patients: np.ndarray
    days: np.ndarray
    values: Mapping[str, np.ndarray]
    covariates: Mapping[str, np.ndarray]
    flags: Mapping[str, np.ndarray]
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

    @property
    def visits(self) -> np.ndarray:
        """Days of blood counts, (patients, days)."""
        return self.flags["blood_drawn"]

    @property
    def tests(self) -> np.ndarray:
        """Days of chimerism testing, (patients, days)."""
        return self.flags["chimerism_tested"]

    @property
    def living(self) -> np.ndarray:
        """Mornings each patient is alive, (patients, days); every morning where deaths were not recorded."""
        alive = np.ones((len(self), len(self.days)), bool)
        if "alive" in self.values:
            alive &= self.values["alive"] > 0
        if "died_of" in self.values:
            fallen = np.cumsum(self.values["died_of"] > 0, axis=1)
            alive[:, 1:] &= fallen[:, :-1] == 0
        return alive

    def deaths(self) -> tuple[np.ndarray, np.ndarray]:
        """Day of death, inf for who lives, and its cause: a hazard, `UNKNOWN` where not recorded, "" for who lives."""
        alive, causes = self.living, np.array(["", *self.record.get("causes", []), UNKNOWN])
        here = np.zeros_like(alive)
        here[:, :-1] = alive[:, :-1] & ~alive[:, 1:]
        told = np.where(alive, self.values.get("died_of", 0 * alive), 0).astype(int)
        here |= told > 0
        died, at = here.any(axis=1), here.argmax(axis=1)
        code = told[np.arange(len(self)), at]
        cause = causes[np.where(died & (code == 0), len(causes) - 1, np.minimum(code, len(causes) - 1))]
        return np.where(died, self.days[at], np.inf), cause

    def first_day(self, name: str, least: float | None = None, since: float = -np.inf) -> np.ndarray:
        """First day, from `since`, on which a quantity is above zero, or `least` or more; inf where there is none."""
        value = self.values[name]
        here = (value > 0 if least is None else value >= least) & self.living & (self.days >= since)
        return np.where(here.any(axis=1), self.days[here.argmax(axis=1)], np.inf)

    def only(self, rows: Sequence[int] | np.ndarray) -> Course:
        """The course of some of the patients, named by row."""
        at, chosen = np.asarray(rows), self.record["plan_of_patient"]
        values, covariates, flags = (
            {name: array[at] for name, array in table.items()} for table in (self.values, self.covariates, self.flags)
        )
        record = {**self.record, "plan_of_patient": chosen and [chosen[row] for row in at]}
        record["parameters"] = plain(taken(self.record.get("parameters", {}), at))
        return Course(self.patients[at], self.days, values, covariates, flags, record)

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
        """Row of the patient, column of the day, kind and amount (nan: none) of every event that was recorded."""
        return event_rows(self)

    def write(self, path: str | Path) -> Path:
        """Keep the course in one ``.npz`` file, written whole or not at all."""
        target = Path(path)
        packed: dict[str, Any] = {f"value.{name}": array for name, array in self.values.items()}
        packed |= {f"covariate.{name}": array for name, array in self.covariates.items()}
        packed |= {f"flag.{name}": array for name, array in self.flags.items()}
        packed |= {"patients": self.patients, "days": self.days}
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
        record = _record(stored, where)
        for name in ("patients", "days", "flag.blood_drawn", "flag.chimerism_tested"):
            if name not in stored:
                raise ChartError(where, name, "nothing", "a course with its run record", ADVICE)
        named = lambda prefix: {k.split(".", 1)[1]: v for k, v in stored.items() if k.startswith(prefix)}  # noqa: E731
        course = cls(stored["patients"], stored["days"], named("value."), named("covariate."), named("flag."), record)
        _check_shapes(course, where)
        check_record(record, where, len(course))
        return course

    def to_xarray(self) -> Any:
        """An xarray Dataset with dimensions patient and day (needs ``dayzero[arrays]``)."""
        import xarray

        from dayzero.simulation.assemble import standard_body

        about = {**standard_body().signals, **REPORTED, **FATE}
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
    causes = record.get("causes", [])
    if not _is(causes, list) or not all(_is(cause, str) for cause in causes):
        raise ChartError(where, "record.causes", _shown(causes), "a list of names", "write one with --record")
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
    if "record" not in stored:
        raise ChartError(where, "record", "nothing", "a course with its run record", ADVICE)
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
    arrays += [(f"flag.{k}", v, table, "b") for k, v in course.flags.items()]
    for name, array, shape, kinds in arrays:
        if array.shape != shape or array.dtype.kind not in kinds:
            raise ChartError(where, name, f"{array.dtype} of shape {array.shape}", f"numbers of shape {shape}", ADVICE)
