"""What a criterion answers: a finding for one case, a judgement for every patient of a chart.

A finding says which definition was applied, on which inputs, what decided it and whether it is complete. Missing is
``None``: a rule that could turn out otherwise, were the missing known, does not answer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Finding:
    """The answer of one rule.

    Parameters
    ----------
    rule, version : which definition, and which edition of it.
    values : the answer by name; ``None`` is missing.
    inputs : what it was judged on.
    complete : whether nothing that could change the answer was missing.
    verified : whether the text of the definition was read in its source.
    days : the days that decided it.
    citation : where the definition stands.
    note : what a reader should know about this answer.
    """

    rule: str
    version: str
    values: Mapping[str, Any]
    inputs: Mapping[str, object]
    complete: bool
    verified: bool
    days: tuple[int, ...]
    citation: str
    note: str = ""

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    @property
    def status(self) -> str | None:
        """The status in words, where the rule has one."""
        return self.values.get("status")

    @property
    def day(self) -> int | None:
        """The day the criterion was first met, where the rule dates something."""
        return self.values.get("day")

    def as_dict(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {
            **self.values,
            "rule": self.rule,
            "version": self.version,
            "complete": self.complete,
            "verified": self.verified,
            "days": list(self.days),
            "inputs": dict(self.inputs),
            "citation": self.citation,
            "note": self.note,
        }


@dataclass(frozen=True)
class Definition:
    """A rule of the field: its name, edition and source.

    >>> bmi = Definition("bmi", "formula", "weight / height^2", verified=True)
    >>> bmi.find({"bmi": 22.5}, {"weight_kg": 65, "height_cm": 170})["bmi"]
    22.5
    """

    rule: str
    version: str
    citation: str
    verified: bool

    def find(
        self,
        values: Mapping[str, Any],
        inputs: Mapping[str, object],
        *,
        complete: bool | None = None,
        days: tuple[int, ...] = (),
        note: str = "",
        version: str | None = None,
        verified: bool | None = None,
    ) -> Finding:
        """A finding by this definition; complete, if not said otherwise, when its first value is not missing."""
        answered = next(iter(values.values())) is not None
        return Finding(
            rule=self.rule,
            version=version or self.version,
            values=values,
            inputs={name: value for name, value in inputs.items() if value is not None},
            complete=answered if complete is None else complete,
            verified=self.verified if verified is None else verified,
            days=days,
            citation=self.citation,
            note=note,
        )


@dataclass(frozen=True, eq=False, repr=False)
class Judgement:
    """The answer of one or several criteria for every patient of a chart.

    Parameters
    ----------
    definition : what was applied.
    patients : identifiers, in the chart's order.
    columns : name -> array, shape (patients,). Days are floats, nan for none; words are strings, '' for none.
    settings : the arguments it was judged with.
    """

    definition: Definition
    patients: tuple[str, ...]
    columns: Mapping[str, NDArray[Any]]
    settings: Mapping[str, object] = field(default_factory=dict[str, object])

    def __len__(self) -> int:
        return len(self.patients)

    def __repr__(self) -> str:
        who = "patient" if len(self) == 1 else "patients"
        return f"Judgement({self.definition.rule}, {len(self)} {who}: {', '.join(self.columns)})"

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    @property
    def status(self) -> NDArray[Any]:
        """Status of each patient, in words."""
        return self.columns["status"]

    @property
    def day(self) -> NDArray[np.float64]:
        """Day of each patient, nan where there is none."""
        return self.columns["day"]

    @property
    def note(self) -> NDArray[Any]:
        """What to know about each patient's answer."""
        return self.columns["note"]

    def rows(self) -> list[dict[str, Any]]:
        """One dict a patient, missing as None, whole days as integers."""
        plain = {name: _plain(name, column) for name, column in self.columns.items()}
        return [
            {"patient": patient, **{name: column[at] for name, column in plain.items()}}
            for at, patient in enumerate(self.patients)
        ]

    def to_polars(self) -> pl.DataFrame:
        """The table as a polars frame."""
        import polars as pl

        plain = {name: _plain(name, column) for name, column in self.columns.items()}
        return pl.DataFrame({"patient": list(self.patients), **plain})


def _plain(name: str, column: NDArray[Any]) -> list[Any]:
    values: list[Any] = column.tolist()
    if column.dtype.kind != "f":
        return [None if value == "" else value for value in values]
    if "day" in name or "interval" in name:
        return [None if math.isnan(value) else int(value) for value in values]
    return [None if math.isnan(value) else value for value in values]
