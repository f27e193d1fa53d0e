"""Conditioning: dated doses of drugs and irradiation before the infusion."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, model_validator

from dayzero.spec.base import CitedModel, Days, Real, SpecModel, Whole, ordered_days, refuse
from dayzero.spec.vocabulary import MONITORED_DRUGS, Drug, Intensity

FIRST_DAY: Final[int] = -30
"""Earliest day of conditioning."""

DOSE_FIELDS: Final[tuple[str, ...]] = ("dose_mg_per_kg", "dose_mg_per_m2", "dose_mg")

DoseDays = Annotated[Days, AfterValidator(ordered_days), Field(min_length=1)]
"""Days on which a dose is given: in order, each once."""


class DrugCourse(SpecModel):
    """One drug on its days; the dose is the amount of a whole day.

    >>> DrugCourse(drug="busulfan", days=[-7, -6, -5, -4], dose_mg_per_kg=3.2).total_mg_per_kg
    12.8
    """

    drug: Drug = Field(description="drug")
    days: DoseDays = Field(description="days from infusion on which it is given")
    dose_mg_per_kg: Real | None = Field(default=None, gt=0, le=300, description="amount a day, in mg per kg")
    dose_mg_per_m2: Real | None = Field(
        default=None, gt=0, le=20_000, description="amount a day, in mg per m2 of body surface"
    )
    dose_mg: Real | None = Field(default=None, gt=0, le=50_000, description="amount a day, in mg")
    doses_per_day: Whole = Field(default=1, ge=1, le=6, description="doses the amount of a day is split into")
    route: Literal["iv", "oral"] = Field(default="iv", description="route")
    target_cumulative_auc_mg_h_per_l: Real | None = Field(
        default=None, gt=0, le=500, description="cumulative exposure that later doses are adjusted to, in mg h/L"
    )

    @property
    def dose(self) -> tuple[float, str]:
        """Amount a day and its unit: mg/kg, mg/m2 or mg."""
        if self.dose_mg_per_kg is not None:
            return self.dose_mg_per_kg, "mg/kg"
        if self.dose_mg_per_m2 is not None:
            return self.dose_mg_per_m2, "mg/m2"
        return self.dose_mg or 0.0, "mg"

    @property
    def total_mg_per_kg(self) -> float:
        """Sum over the days, in mg/kg; 0 when dosed otherwise."""
        return (self.dose_mg_per_kg or 0.0) * len(self.days)

    @property
    def total_mg_per_m2(self) -> float:
        """Sum over the days, in mg/m2; 0 when dosed otherwise."""
        return (self.dose_mg_per_m2 or 0.0) * len(self.days)

    @model_validator(mode="after")
    def _one_dose(self) -> DrugCourse:
        given = [name for name in DOSE_FIELDS if getattr(self, name) is not None]
        if len(given) != 1:
            got = " and ".join(given) if given else "no dose"
            advice = "keep one of them" if given else f"write the amount of a day for {self.drug}"
            raise refuse(got, f"exactly one of {', '.join(DOSE_FIELDS)}", advice, field=given[1] if given else "")
        return self

    @model_validator(mode="after")
    def _target_only_where_measured(self) -> DrugCourse:
        if self.target_cumulative_auc_mg_h_per_l is not None and self.drug not in MONITORED_DRUGS:
            expected = f"none for {self.drug}"
            advice = f"targets are for {', '.join(MONITORED_DRUGS)}"
            raise refuse("a target", expected, advice, field="target_cumulative_auc_mg_h_per_l")
        if self.target_cumulative_auc_mg_h_per_l is not None and len(self.days) < 2:
            advice = "drop the target, or spread the course over two days or more"
            got, expected = "a target for one day", "later days whose doses can be adjusted to it"
            raise refuse(got, expected, advice, field="target_cumulative_auc_mg_h_per_l")
        return self


class Irradiation(SpecModel):
    """Irradiation of one field in equal fractions.

    >>> Irradiation(field="total_body", days=[-7, -6, -5, -4], fraction_gy=1.5, fractions_per_day=2).total_gy
    12.0
    """

    field: Literal["total_body", "total_lymphoid"] = Field(default="total_body", description="irradiated field")
    days: DoseDays = Field(description="days from infusion on which it is given")
    fraction_gy: Real = Field(gt=0, le=15, description="dose of one fraction, in Gy")
    fractions_per_day: Whole = Field(default=1, ge=1, le=4, description="fractions a day")
    dose_rate_gy_per_min: Real | None = Field(
        default=None, gt=0, le=10, description="dose rate, in Gy/min; null: not stated"
    )

    @property
    def total_gy(self) -> float:
        """Sum of all fractions, in Gy."""
        return self.fraction_gy * self.fractions_per_day * len(self.days)


class Conditioning(CitedModel):
    """A conditioning regimen: all its doses on day 0 or before."""

    drugs: tuple[DrugCourse, ...] = Field(default=(), description="drugs with their days and doses")
    irradiation: tuple[Irradiation, ...] = Field(default=(), description="irradiation with its days and fractions")
    trial_label: Intensity | None = Field(default=None, description="intensity printed by the trial: MAC, RIC or NMA")

    def total_mg_per_kg(self, drug: Drug) -> float:
        """Total of a drug over the regimen, in mg/kg."""
        return sum(course.total_mg_per_kg for course in self.drugs if course.drug == drug)

    def total_mg_per_m2(self, drug: Drug) -> float:
        """Total of a drug over the regimen, in mg/m2."""
        return sum(course.total_mg_per_m2 for course in self.drugs if course.drug == drug)

    def total_gy(self, field: Literal["total_body", "total_lymphoid"] = "total_body") -> float:
        """Total dose of a field over the regimen, in Gy."""
        return sum(course.total_gy for course in self.irradiation if course.field == field)

    def totals(self) -> dict[str, float]:
        """Totals by drug and unit, and by field in Gy, in the order given: `busulfan mg/kg`, `total_body Gy`."""
        total: dict[str, float] = {}
        for course in self.drugs:
            amount, unit = course.dose
            key = f"{course.drug} {unit}"
            total[key] = total.get(key, 0.0) + amount * len(course.days)
        for beam in self.irradiation:
            key = f"{beam.field} Gy"
            total[key] = total.get(key, 0.0) + beam.total_gy
        return total

    @property
    def first_day(self) -> int:
        """First day of conditioning; 0 when there is none."""
        return min((course.days[0] for course in (*self.drugs, *self.irradiation)), default=0)

    @model_validator(mode="after")
    def _before_the_infusion(self) -> Conditioning:
        for part in ("drugs", "irradiation"):
            for number, course in enumerate(getattr(self, part)):
                _check_days(course.days, f"{part}[{number}].days")
        return self


def _check_days(days: tuple[int, ...], field: str) -> None:
    if days[-1] > 0:
        advice = "this dose is after the infusion; write it under prophylaxis (post_cyclophosphamide, serotherapy)"
        raise refuse(f"day {days[-1]}", f"days {FIRST_DAY} to 0", advice, field=field)
    if days[0] < FIRST_DAY:
        advice = "days count from the infusion, negative before it"
        raise refuse(f"day {days[0]}", f"days {FIRST_DAY} to 0", advice, field=field)
