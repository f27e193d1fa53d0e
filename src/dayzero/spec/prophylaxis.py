"""Prophylaxis of graft-versus-host disease and rejection."""

from __future__ import annotations

from itertools import pairwise
from typing import Final, Literal

from pydantic import Field, model_validator

from dayzero.spec.base import CitedModel, Real, SpecModel, Whole, refuse
from dayzero.spec.conditioning import DoseDays, DrugCourse
from dayzero.spec.vocabulary import SEROTHERAPY_DRUGS

SEROTHERAPY_DAYS: Final[tuple[int, int]] = (-10, 30)
"""First and last day on which antibodies against T cells may be given."""

LAST_DAY: Final[int] = 3650
"""Last day a long course may be planned for."""


class Calcineurin(SpecModel):
    """Ciclosporin or tacrolimus: full level from the start, falling from the taper to the stop."""

    drug: Literal["ciclosporin", "tacrolimus"] = Field(default="tacrolimus", description="calcineurin inhibitor")
    start_day: Whole = Field(default=-1, ge=-10, le=30, description="first day")
    taper_start_day: Whole = Field(default=100, ge=0, le=LAST_DAY, description="first day of the taper")
    stop_day: Whole = Field(default=180, ge=0, le=LAST_DAY, description="first day without drug")

    @model_validator(mode="after")
    def _in_order(self) -> Calcineurin:
        _order(start_day=self.start_day, taper_start_day=self.taper_start_day, stop_day=self.stop_day)
        return self


class Methotrexate(SpecModel):
    """Short-course methotrexate, one dose for each day."""

    days: DoseDays = Field(default=(1, 3, 6, 11), description="days of the doses")
    doses_mg_per_m2: tuple[Real, ...] = Field(default=(15.0, 10.0, 10.0, 10.0), description="doses, in mg per m2")

    @model_validator(mode="after")
    def _a_dose_for_each_day(self) -> Methotrexate:
        if len(self.days) != len(self.doses_mg_per_m2):
            got, expected = f"{len(self.doses_mg_per_m2)} doses", f"{len(self.days)}, one for each day"
            raise refuse(got, expected, "write as many doses as days", field="doses_mg_per_m2")
        if not all(0 < dose <= 50 for dose in self.doses_mg_per_m2):
            advice = "the usual course is 15, 10, 10, 10"
            raise refuse(str(list(self.doses_mg_per_m2)), "doses of 1 to 50 mg/m2", advice, field="doses_mg_per_m2")
        _within(self.days, 0, 60, "days")
        return self


class Mycophenolate(SpecModel):
    """Mycophenolate mofetil from the first to the last day."""

    start_day: Whole = Field(default=0, ge=-5, le=60, description="first day")
    stop_day: Whole = Field(default=28, ge=0, le=LAST_DAY, description="first day without drug")

    @model_validator(mode="after")
    def _in_order(self) -> Mycophenolate:
        _order(start_day=self.start_day, stop_day=self.stop_day)
        return self


class PostCyclophosphamide(SpecModel):
    """High-dose cyclophosphamide after the infusion."""

    days: DoseDays = Field(default=(3, 4), description="days of the doses")
    dose_mg_per_kg: Real = Field(default=50.0, gt=0, le=100, description="amount a day, in mg per kg")

    @model_validator(mode="after")
    def _after_the_infusion(self) -> PostCyclophosphamide:
        _within(self.days, 1, 14, "days")
        return self


class Sirolimus(SpecModel):
    """Sirolimus from the first to the last day."""

    start_day: Whole = Field(default=-3, ge=-10, le=60, description="first day")
    stop_day: Whole = Field(default=180, ge=0, le=LAST_DAY, description="first day without drug")

    @model_validator(mode="after")
    def _in_order(self) -> Sirolimus:
        _order(start_day=self.start_day, stop_day=self.stop_day)
        return self


class Abatacept(SpecModel):
    """Abatacept, the schedule of ABA2 by default."""

    days: DoseDays = Field(default=(-1, 5, 14, 28), description="days of the doses")
    dose_mg_per_kg: Real = Field(default=10.0, gt=0, le=30, description="amount a dose, in mg per kg")

    @model_validator(mode="after")
    def _within_a_year(self) -> Abatacept:
        _within(self.days, -10, 365, "days")
        return self


class Prophylaxis(CitedModel):
    """What is given against graft-versus-host disease. Null means not given."""

    calcineurin: Calcineurin | None = Field(default=None, description="ciclosporin or tacrolimus")
    methotrexate: Methotrexate | None = Field(default=None, description="methotrexate")
    mycophenolate: Mycophenolate | None = Field(default=None, description="mycophenolate mofetil")
    post_cyclophosphamide: PostCyclophosphamide | None = Field(
        default=None, description="cyclophosphamide after infusion"
    )
    serotherapy: tuple[DrugCourse, ...] = Field(
        default=(), description="antibodies against T cells: ATG or alemtuzumab"
    )
    sirolimus: Sirolimus | None = Field(default=None, description="sirolimus")
    abatacept: Abatacept | None = Field(default=None, description="abatacept")

    @model_validator(mode="after")
    def _serotherapy_is_an_antibody(self) -> Prophylaxis:
        for number, course in enumerate(self.serotherapy):
            field = f"serotherapy[{number}]"
            if course.drug not in SEROTHERAPY_DRUGS:
                advice = "chemotherapy before day 0 belongs under conditioning"
                raise refuse(repr(course.drug), f"one of {', '.join(SEROTHERAPY_DRUGS)}", advice, field=f"{field}.drug")
            _within(course.days, *SEROTHERAPY_DAYS, f"{field}.days")
        return self


def _within(days: tuple[int, ...], first: int, last: int, field: str) -> None:
    outside = [day for day in days if not first <= day <= last]
    if outside:
        advice = "days count from the infusion, negative before it"
        raise refuse(f"day {outside[0]}", f"days {first} to {last}", advice, field=field)


def _order(**days: int) -> None:
    for (earlier, before), (later, after) in pairwise(days.items()):
        if after < before:
            expected = f"no earlier than {earlier} ({before})"
            raise refuse(f"day {after}", expected, "put the days in order", field=later)
