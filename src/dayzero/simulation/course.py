"""A course: what truly happened to a cohort, day by day, with the record of the run that made it.

``course.neutrophils`` is the truth; what the laboratory reported of it is in ``dayzero.observe(course)``.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dayzero.errors import ChartError
from dayzero.module import Signal

SCHEMA = 1

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
        packed["record"] = np.asarray(json.dumps({"schema": SCHEMA, **self.record}))
        handle, temporary = tempfile.mkstemp(dir=target.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as stream:
                np.savez_compressed(stream, **packed)
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        return target

    @classmethod
    def read(cls, path: str | Path) -> Course:
        """A course kept by `write`."""
        try:
            with np.load(path, allow_pickle=False) as kept:
                stored = {name: kept[name] for name in kept.files}
        except (OSError, ValueError) as problem:
            advice = "name a file written by Course.write"
            raise ChartError(str(path), "file", str(problem).split("\n")[0], "a course (.npz)", advice) from None
        if "record" not in stored:
            advice = "name a file written by Course.write"
            raise ChartError(str(path), "record", "nothing", "a course with its run record", advice)
        record = json.loads(str(stored["record"]))
        if record.pop("schema", None) != SCHEMA:
            advice = "read it with the release of dayzero that wrote it"
            raise ChartError(str(path), "schema", "another schema", f"schema {SCHEMA}", advice)
        named = lambda prefix: {k.split(".", 1)[1]: v for k, v in stored.items() if k.startswith(prefix)}  # noqa: E731
        return cls(stored["patients"], stored["days"], named("value."), named("covariate."), stored["visits"],
                   stored["tests"], record)  # fmt: skip

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
