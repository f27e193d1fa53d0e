"""The parts of a trial: who may enter, how they are allocated and followed, what is compared, and when it is looked at.

Days are counted from the start of a patient's follow-up (randomisation, or infusion), except those of accrual and of
interim looks, which count from the first patient's entry.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Final, Literal, cast

from pydantic import Field, field_validator, model_validator

from dayzero.spec.base import Days, Real, SpecModel, Whole, ordered_days, refuse
from dayzero.spec.plan import Plan
from dayzero.spec.vocabulary import Verified

Screened = Literal[
    "age_years", "weight_kg", "height_cm", "bmi", "male", "hct_ci", "hct_ci_age", "karnofsky",
    "creatinine_clearance_ml_per_min", "cmv_recipient", "donor_age_years",
]  # fmt: skip
"""What is known of a patient before randomisation; `hct_ci_age` is the criterion of that name."""

Measure = Literal["hazard_ratio", "subdistribution_hazard_ratio", "difference", "restricted_mean", "binary"]
"""How arms are compared on an endpoint."""

MeasureOrLevel = Literal[
    "hazard_ratio", "subdistribution_hazard_ratio", "difference", "level", "median_day", "median_ratio"
]
"""What a published figure is."""

LONGEST: Final = 3650


class Arm(SpecModel):
    """One arm: its plan, and how many patients it gets for each of the others."""

    name: str = Field(min_length=1, max_length=60, description="name of the arm, as printed")
    plan: Plan = Field(description="plan of the arm: a library name, edits of a base, or in full; or write but")
    allocation: Whole = Field(default=1, ge=1, le=10, description="share of patients, as a small whole number")


class Eligible(SpecModel):
    """A limit that patients must keep to be randomised."""

    covariate: Screened = Field(description="what is looked at before randomisation")
    low: Real | None = Field(default=None, description="smallest value that may enter")
    high: Real | None = Field(default=None, description="largest value that may enter")

    @model_validator(mode="after")
    def _a_limit(self) -> Eligible:
        if self.low is None and self.high is None:
            raise refuse("no limit", "low, high or both", "write a limit or take the line away", field="low")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise refuse(f"{self.high:g}", f"at least low ({self.low:g})", "swap low and high", field="high")
        return self


class Stratum(SpecModel):
    """A factor that randomisation balances: a covariate cut at one or more values."""

    covariate: Screened = Field(description="what is looked at before randomisation")
    cuts: tuple[Real, ...] = Field(min_length=1, max_length=4, description="values at which a new level begins")

    @field_validator("cuts")
    @classmethod
    def _rising(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if any(a >= b for a, b in pairwise(value)):
            raise refuse(str(list(value)), "rising values", "write them in order, each once")
        return value


class Accrual(SpecModel):
    """How patients come in: evenly over the days of accrual, after a ramp in which centres open one by one."""

    days: Whole = Field(default=730, ge=1, le=LONGEST, description="days from the first to the last patient")
    ramp_days: Whole = Field(default=0, ge=0, le=LONGEST, description="days over which the rate rises from nothing")

    @model_validator(mode="after")
    def _ramp_inside(self) -> Accrual:
        if self.ramp_days > self.days:
            expected = f"at most the days of accrual ({self.days})"
            raise refuse(f"{self.ramp_days}", expected, "shorten the ramp", field="ramp_days")
        return self


class BeforeInfusion(SpecModel):
    """From randomisation to infusion: how long it takes, and who never gets there.

    The days are lognormal. Who is not infused leaves on an evenly drawn day of the delay: by death, by relapse (from
    which death follows at a constant rate), or by withdrawal.
    """

    median_days: Whole = Field(
        default=0, ge=0, le=365, description="median days from randomisation to infusion; 0: none"
    )
    cv: Real = Field(default=0.4, gt=0, le=3, description="coefficient of variation of that delay")
    never_infused: Real = Field(default=0.0, ge=0, lt=1, description="share randomised and not infused")
    died: Real = Field(default=0.3, ge=0, le=1, description="share of those not infused who died")
    relapsed: Real = Field(default=0.4, ge=0, le=1, description="share of those not infused who relapsed")
    median_days_after_relapse: Whole = Field(
        default=120, ge=1, le=LONGEST, description="median days from such a relapse to death"
    )

    @model_validator(mode="after")
    def _shares(self) -> BeforeInfusion:
        if self.died + self.relapsed > 1 + 1e-9:
            got = f"{self.died:g} and {self.relapsed:g}"
            raise refuse(got, "died and relapsed of at most 1 together", "lower one; the rest withdraws", field="died")
        if self.never_infused > 0 and self.median_days == 0:
            advice = "write median_days, or take never_infused away"
            raise refuse("no delay", "days in which patients may be lost", advice, field="median_days")
        return self


class Visits(SpecModel):
    """Visits at which some endpoints are looked for; between them nobody sees these begin.

    An event is dated at the next visit that is kept, or at death if that comes first.
    """

    days: Days = Field(min_length=1, max_length=200, description="days of visits")
    missed: Real = Field(default=0.0, ge=0, lt=1, description="share of visits that are missed")
    assessed: tuple[str, ...] = Field(
        default=("chronic_gvhd", "treated_chronic_gvhd"), min_length=1, description="events seen at visits only"
    )

    @field_validator("days")
    @classmethod
    def _in_order(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        return ordered_days(value)


class FollowUp(SpecModel):
    """How long patients are followed, and who is lost."""

    days: Whole = Field(default=365, ge=7, le=LONGEST, description="longest follow-up of a patient")
    after_last_entry: Whole | None = Field(
        default=None, ge=1, le=LONGEST, description="days from the last entry to the analysis; null: everyone in full"
    )
    lost_per_year: Real = Field(default=0.0, ge=0, lt=1, description="share lost to follow-up in a year")


class TrialEndpoint(SpecModel):
    """An endpoint and how arms are compared on it."""

    name: str = Field(description="endpoint, such as grfs or overall_survival")
    role: Literal["primary", "secondary"] = Field(default="secondary", description="primary decides the trial")
    day: Whole | None = Field(
        default=None, ge=1, le=LONGEST, description="day of the estimates; null: the end of follow-up"
    )
    measure: Measure | None = Field(
        default=None, description="how arms are compared; null: by hazard ratio, with rivals by subdistribution"
    )


class Interim(SpecModel):
    """Looks at the primary endpoint before the end, and how the error is spent on them."""

    days: Days = Field(min_length=1, max_length=10, description="days of the looks, from the first patient's entry")
    spending: Literal["obrien_fleming", "pocock"] = Field(
        default="obrien_fleming", description="error spending function, as of Lan and DeMets"
    )

    @field_validator("days")
    @classmethod
    def _in_order(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        return ordered_days(value)


class Analysis(SpecModel):
    """Who is analysed from when, at which error, and whether tests are stratified."""

    population: Literal["intention_to_treat", "infused"] = Field(
        default="infused",
        description="intention_to_treat: all, from randomisation; infused: those transplanted, from infusion",
    )
    alpha: Real = Field(default=0.05, gt=0, lt=0.5, description="two-sided error of the primary test")
    stratified: bool = Field(default=True, description="whether tests use the strata of randomisation")


class Published(SpecModel):
    """A figure of the study that the trial is made after."""

    endpoint: str = Field(description="endpoint; of median days neutrophils_0.5, platelets_20, ...")
    measure: MeasureOrLevel = Field(description="what the figure is; level is one arm's percentage")
    arm: str = Field(default="", description="arm of a level or median, or the arm compared with the first")
    day: Whole | None = Field(
        default=None, ge=1, le=LONGEST, description="day of a level or difference, or up to which a ratio counts"
    )
    value: Real = Field(description="the figure; levels and differences in percent")
    low: Real | None = Field(default=None, description="lower end of its 95 % interval")
    high: Real | None = Field(default=None, description="upper end of its 95 % interval")
    source: str = Field(min_length=1, description="where it was published")
    verified: Verified = Field(
        default="recalled", description="whether the source was opened, partly, or only recalled"
    )
    note: str = Field(default="", description="what a reader should know")


Ensemble = Annotated[tuple[dict[str, Real], ...], Field(max_length=200)]
"""Sets of typical values, by organ.name, that replace the model's own: one whole trial for each."""


def as_mapping(value: Any) -> dict[str, Any] | None:
    """Keys and values, None for anything else."""
    return dict(cast("dict[str, Any]", value)) if isinstance(value, dict) else None
