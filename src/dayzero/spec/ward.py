"""What the ward gives by rule: against infection, against graft-versus-host disease."""

from __future__ import annotations

from pydantic import Field, model_validator

from dayzero.spec.base import Real, SpecModel, Whole, refuse


class Hospital(SpecModel):
    """When a patient goes home, and how long a serious event keeps them in hospital."""

    discharge_anc_1e9_per_l: Real = Field(
        default=0.5, gt=0, le=5, description="neutrophils at which a patient may go home, in 1e9/L"
    )
    earliest_day: Whole = Field(
        default=10, ge=-30, le=100, description="first day on which a patient may go home; 0 or less: outpatients"
    )
    well_days: Whole = Field(default=2, ge=1, le=14, description="mornings in a row of being well before going home")
    least_stay_days: Whole = Field(
        default=5, ge=1, le=60, description="days in hospital after a serious event, at least"
    )


class Quinolone(SpecModel):
    """A quinolone from its first day until neutrophils have recovered."""

    start_day: Whole = Field(default=-1, ge=-10, le=60, description="first day")
    stop_anc_1e9_per_l: Real = Field(default=0.5, gt=0, le=5, description="neutrophils at which it stops, in 1e9/L")


class MouldAzole(SpecModel):
    """A mould-active azole while neutrophils are low, while steroids are given, or both."""

    during_neutropenia: bool = Field(default=False, description="given in neutropenia")
    during_steroids: bool = Field(default=True, description="given while steroids are given")

    @model_validator(mode="after")
    def _given_at_all(self) -> MouldAzole:
        if not self.during_neutropenia and not self.during_steroids:
            advice = "write null for mould_azole, or say when it is given"
            raise refuse("an azole that is never given", "at least one of both true", advice, field="during_steroids")
        return self


class Letermovir(SpecModel):
    """Letermovir against CMV from the first to the last day; given to seropositive patients only."""

    start_day: Whole = Field(default=5, ge=-10, le=100, description="first day")
    stop_day: Whole = Field(default=100, ge=1, le=730, description="first day without drug")

    @model_validator(mode="after")
    def _in_order(self) -> Letermovir:
        check_order(self.start_day, self.stop_day)
        return self


class Preemptive(SpecModel):
    """Antivirals from a CMV load at the threshold until it has fallen: (val)ganciclovir, foscarnet in neutropenia."""

    threshold_iu_per_ml: Real = Field(
        default=1000.0, ge=20, le=1_000_000, description="CMV load at which treatment starts, in IU/mL"
    )
    least_days: Whole = Field(default=14, ge=1, le=180, description="days of treatment, at least")
    foscarnet_before_anc_1e9_per_l: Real = Field(
        default=0.5, ge=0, le=5, description="neutrophils below which foscarnet is given instead, in 1e9/L; 0: never"
    )


class Immunoglobulin(SpecModel):
    """Immunoglobulin is infused when IgG is below the trigger."""

    trigger_g_per_l: Real = Field(default=4.0, gt=0, le=15, description="IgG below which it is given, in g/L")
    interval_days: Whole = Field(default=28, ge=7, le=365, description="days from one infusion to the next, at least")


class Steroids(SpecModel):
    """Steroids for graft-versus-host disease: full dose, held after response, then tapered. Doses as prednisone."""

    start_grade: Whole = Field(default=2, ge=1, le=4, description="grade of acute disease at which they start")
    dose_mg_per_kg: Real = Field(default=2.0, gt=0, le=10, description="amount a day from grade III, in mg per kg")
    dose_grade_two_mg_per_kg: Real = Field(
        default=1.0, gt=0, le=10, description="amount a day below grade III, in mg per kg"
    )
    hold_days: Whole = Field(default=7, ge=0, le=60, description="days at full dose, at least, before the taper")
    taper_per_day: Real = Field(
        default=0.97, ge=0.5, lt=1, description="share of the dose kept from day to day in the taper"
    )
    refractory_after_days: Whole = Field(
        default=7, ge=3, le=60, description="days without response after which the disease counts as refractory"
    )
    chronic_dose_mg_per_kg: Real = Field(
        default=1.0, ge=0, le=5, description="amount a day for chronic disease, in mg per kg; 0: none"
    )

    @model_validator(mode="after")
    def _milder_disease_takes_less(self) -> Steroids:
        if self.dose_grade_two_mg_per_kg > self.dose_mg_per_kg:
            got, expected = f"{self.dose_grade_two_mg_per_kg:g}", f"at most dose_mg_per_kg ({self.dose_mg_per_kg:g})"
            raise refuse(got, expected, "lower it or raise dose_mg_per_kg", field="dose_grade_two_mg_per_kg")
        return self


class Ruxolitinib(SpecModel):
    """Ruxolitinib for graft-versus-host disease that steroids do not hold; without steroids it is not given."""

    least_days: Whole = Field(default=56, ge=7, le=730, description="days of treatment, at least")


def check_order(start_day: int, stop_day: int) -> None:
    """Refuse a course that stops on its first day or before it."""
    if stop_day <= start_day:
        raise refuse(f"day {stop_day}", f"later than start_day ({start_day})", "put the days in order", "stop_day")
