"""How virtual patients vary around the plan's patient, donor and graft."""

from __future__ import annotations

from difflib import get_close_matches
from math import isfinite
from typing import Any, Final, Literal

from pydantic import Field, field_validator, model_validator

from dayzero.spec.base import Real, SpecModel, refuse

VARIABLE_FIELDS: Final[dict[str, tuple[float, float]]] = {
    "patient.age_years": (0.1, 100.0),
    "patient.weight_kg": (2.0, 250.0),
    "patient.height_cm": (40.0, 230.0),
    "patient.creatinine_clearance_ml_per_min": (5.0, 300.0),
    "patient.hct_ci": (0.0, 25.0),
    "patient.karnofsky": (10.0, 100.0),
    "donor.age_years": (0.0, 90.0),
    "graft.cd34_per_kg": (0.0, 1e8),
    "graft.cd3_per_kg": (0.0, 1e10),
    "graft.tnc_per_kg": (0.0, 1e11),
}
"""Fields that may vary from patient to patient, with the limits a drawn value is held to."""

STEPS: Final[dict[str, float]] = {"patient.hct_ci": 1.0, "patient.karnofsky": 10.0}
"""Fields that come in steps: a drawn value is rounded to the nearest."""

LARGEST_MULTIPLE: Final[float] = 100.0
"""Largest multiple of the plan's value in a relative spread."""

NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "fixed": (),
    "normal": ("sd",),
    "lognormal": ("cv",),
    "uniform": ("low", "high"),
    "empirical": ("values",),
}
"""What each kind of spread must be given."""

ALLOWED: Final[dict[str, tuple[str, ...]]] = {
    "fixed": (),
    "normal": ("mean", "sd", "low", "high"),
    "lognormal": ("median", "cv", "low", "high"),
    "uniform": ("low", "high"),
    "empirical": ("values",),
}
"""What each kind of spread may be given."""


class Spread(SpecModel):
    """The distribution of one field over virtual patients.

    `fixed` is the plan's own value; `normal` has a mean and an SD; `lognormal` a median and a coefficient of
    variation (log SD = sqrt(ln(1 + cv^2))); `uniform` goes from low to high; `empirical` draws among values.
    A mean or median left out is the plan's own value. Normal and lognormal are truncated at low and high.
    With `relative`, every number is a multiple of the plan's own value (sd included), so the spread follows
    the plan when its source or patient changes.

    >>> Spread(kind="lognormal", cv=0.45, low=0.4, high=2.4, relative=True).around(5e6).high
    12000000.0
    """

    kind: Literal["fixed", "normal", "lognormal", "uniform", "empirical"] = Field(description="shape of the spread")
    mean: Real | None = Field(default=None, description="mean of a normal spread; null: the plan's value")
    median: Real | None = Field(default=None, gt=0, description="median of a lognormal spread; null: the plan's value")
    sd: Real | None = Field(default=None, gt=0, description="standard deviation of a normal spread")
    cv: Real | None = Field(default=None, gt=0, le=3, description="coefficient of variation of a lognormal spread")
    low: Real | None = Field(default=None, ge=0, description="smallest value")
    high: Real | None = Field(default=None, gt=0, description="largest value")
    values: tuple[Real, ...] = Field(default=(), description="values to draw among, each equally likely")
    relative: bool = Field(default=False, description="all numbers are multiples of the plan's own value")

    def around(self, plan_value: float) -> Spread:
        """The same spread in absolute numbers, its centre filled in from the plan's own value."""
        if plan_value == 0 and (self.relative or self.kind == "lognormal"):
            return Spread(kind="fixed")
        scale = plan_value if self.relative else 1.0
        told = {name: getattr(self, name) for name in ("mean", "median", "sd", "low", "high")}
        absolute: dict[str, Any] = {name: value * scale for name, value in told.items() if value is not None}
        if self.kind in ("normal", "lognormal"):
            absolute.setdefault("mean" if self.kind == "normal" else "median", plan_value)
        values = tuple(value * scale for value in self.values)
        return Spread(kind=self.kind, cv=self.cv, values=values, **absolute)

    @model_validator(mode="after")
    def _what_its_kind_takes(self) -> Spread:
        given = [name for names in ALLOWED.values() for name in names if getattr(self, name) not in (None, ())]
        for name in given:
            if name not in ALLOWED[self.kind]:
                takes = ", ".join(ALLOWED[self.kind]) or "nothing else"
                raise refuse(f"{name} for a {self.kind} spread", takes, "remove it or change the kind", field=name)
        for name in NEEDS[self.kind]:
            if name not in given:
                raise refuse("nothing", f"a value: a {self.kind} spread needs {name}", f"write {name}", field=name)
        return self

    @model_validator(mode="after")
    def _multiples_of_ordinary_size(self) -> Spread:
        told = {name: getattr(self, name) for name in ("mean", "median", "sd", "low", "high")}
        large = [name for name, value in told.items() if value is not None and abs(value) > LARGEST_MULTIPLE]
        if self.relative and (large or max(self.values, default=0.0) > LARGEST_MULTIPLE):
            name = large[0] if large else "values"
            expected = f"multiples of the plan's value, at most {LARGEST_MULTIPLE:g}"
            raise refuse(
                f"{told.get(name, max(self.values, default=0)):g}", expected, "1 is the plan's own value", name
            )
        return self

    @model_validator(mode="after")
    def _limits_in_order(self) -> Spread:
        low = self.low if self.low is not None else -float("inf")
        high = self.high if self.high is not None else float("inf")
        if low >= high:
            raise refuse(f"{high:g}", f"more than low ({low:g})", "swap low and high", field="high")
        for name in ("mean", "median"):
            centre = getattr(self, name)
            if centre is not None and not low <= centre <= high:
                raise refuse(f"{centre:g}", f"{low:g} to {high:g}", "put it between low and high", field=name)
        return self


class Population(SpecModel):
    """What varies among virtual patients; anything not listed is fixed at the plan's value.

    Fields of `graft` and `donor`, and shares of donors, are those of the first graft and donor. What an autologous
    donor shares with the patient does not vary apart from the patient. A share, or a spread with values or a centre
    of its own, stands for the plan's value: editing the patient then changes nobody. Null takes it away.
    """

    fields: dict[str, Spread] = Field(
        default_factory=dict[str, Spread], description="spread by field, such as patient.age_years"
    )
    female_fraction: Real | None = Field(default=None, ge=0, le=1, description="share of women; null: the plan's sex")
    major_abo_mismatch_fraction: Real | None = Field(
        default=None, ge=0, le=1, description="share with a major ABO mismatch; null: from the blood groups"
    )
    cmv_recipient_fraction: Real | None = Field(
        default=None, ge=0, le=1, description="share of patients with CMV antibodies; null: the plan's patient"
    )
    cmv_donor_fraction: Real | None = Field(
        default=None, ge=0, le=1, description="share of donors with CMV antibodies; null: the plan's donor"
    )
    female_donor_fraction: Real | None = Field(
        default=None, ge=0, le=1, description="share of female donors; null: the plan's donor"
    )
    mrd_fraction: Real | None = Field(
        default=None,
        ge=0,
        le=1,
        description="share with measurable residual disease, counted in remission only; null: the plan's patient",
    )

    @field_validator("fields", mode="before")
    @classmethod
    def _known_fields(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        for name in value:  # pyright: ignore[reportUnknownVariableType]
            if name in VARIABLE_FIELDS:
                continue
            near = get_close_matches(str(name), VARIABLE_FIELDS, n=1, cutoff=0.4)  # pyright: ignore[reportUnknownArgumentType]
            advice = f"did you mean {near[0]}?" if near else "remove it"
            raise refuse(f"{name!r}, which cannot vary", f"one of {', '.join(VARIABLE_FIELDS)}", advice, field="")
        return value  # pyright: ignore[reportUnknownVariableType]

    @field_validator("fields")
    @classmethod
    def _within_the_fields_limits(cls, value: dict[str, Spread]) -> dict[str, Spread]:
        for name, spread in value.items():
            if not spread.relative:
                _check_limits(name, spread)
        return value


def _check_limits(name: str, spread: Spread) -> None:
    low, high = VARIABLE_FIELDS[name]
    for key in ("mean", "median", "low", "high"):
        number = getattr(spread, key)
        if number is not None and isfinite(number) and not low <= number <= high:
            advice = f"this is outside what {name} may be"
            raise refuse(f"{number:g}", f"{low:g} to {high:g}", advice, field=f"{name}.{key}")
    outside = [number for number in spread.values if not low <= number <= high]
    if outside:
        advice = f"this is outside what {name} may be"
        raise refuse(f"{outside[0]:g}", f"{low:g} to {high:g}", advice, field=f"{name}.values")
