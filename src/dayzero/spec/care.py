"""Standard of care: growth factor, transfusions, laboratory visits, and what the ward gives by rule."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from pydantic import Field, model_validator

from dayzero.spec.base import CitedModel, Days, Real, SpecModel, Whole, refuse
from dayzero.spec.cell_therapy import Boost, DonorLymphocytes, Maintenance, RescueGraft
from dayzero.spec.vocabulary import Decade
from dayzero.spec.ward import (
    Hospital,
    Immunoglobulin,
    Letermovir,
    MouldAzole,
    Preemptive,
    Quinolone,
    Ruxolitinib,
    Steroids,
)

THRICE_WEEKLY: Final[tuple[int, ...]] = (0, 2, 4)
"""Days of a week of seven on which blood is taken three times a week."""


class Gcsf(SpecModel):
    """G-CSF daily from its first day until neutrophils have stayed above the stop level."""

    start_day: Whole = Field(default=5, ge=-10, le=60, description="first day")
    dose_ug_per_kg: Real = Field(default=5.0, gt=0, le=30, description="amount a day, in micrograms per kg")
    stop_anc_1e9_per_l: Real = Field(
        default=1.5, gt=0, le=20, description="neutrophils above which it may stop, in 1e9/L"
    )
    stop_after_days: Whole = Field(
        default=2,
        ge=1,
        le=14,
        description="reports in a row above that level before it stops (days, while blood is drawn daily)",
    )
    least_days: Whole = Field(
        default=10,
        ge=0,
        le=60,
        description="days after which it may stop although neutrophils never fell below that level",
    )


class PlateletTransfusion(SpecModel):
    """Platelets are transfused when the morning count is below the trigger, which may be higher in fever."""

    trigger_1e9_per_l: Real = Field(
        default=10.0, ge=0, le=100, description="count below which platelets are given, in 1e9/L; 0: never"
    )
    febrile_trigger_1e9_per_l: Real = Field(
        default=20.0, ge=0, le=100, description="the same of a patient with fever, where it is the higher, in 1e9/L"
    )
    units: Whole = Field(default=1, ge=1, le=6, description="adult doses (apheresis or pool) a transfusion")
    most_units_per_kg: Real = Field(
        default=0.04, gt=0, le=1, description="no more adult doses than this per kg, for the small: 10 mL/kg"
    )
    min_interval_days: Whole = Field(
        default=1, ge=1, le=14, description="days from one transfusion to the next, at least"
    )


class RedCellTransfusion(SpecModel):
    """Red cells are transfused when hemoglobin is below the trigger."""

    trigger_g_per_dl: Real = Field(
        default=7.0, ge=3, le=12, description="hemoglobin below which red cells are given, in g/dL"
    )
    units: Whole = Field(default=2, ge=1, le=6, description="units a transfusion")
    most_units_per_kg: Real = Field(
        default=0.036, gt=0, le=1, description="no more units than this per kg, for the small: 10 mL/kg"
    )
    min_interval_days: Whole = Field(
        default=1, ge=1, le=14, description="days from one transfusion to the next, at least"
    )


class Laboratory(SpecModel):
    """When blood is taken, and what the laboratory can measure.

    >>> Laboratory(daily_until_day=2, thrice_weekly_until_day=9, weekly_until_day=16).visit_days(0, 16)
    (0, 1, 2, 3, 5, 7, 10)
    """

    daily_until_day: Whole = Field(default=30, ge=0, le=3650, description="last day of daily counts")
    thrice_weekly_until_day: Whole = Field(
        default=60, ge=0, le=3650, description="last day of counts three times a week"
    )
    weekly_until_day: Whole = Field(default=100, ge=0, le=3650, description="last day of weekly counts")
    then_every_days: Whole = Field(default=30, ge=1, le=365, description="days between visits afterwards")
    chimerism_days: Days = Field(default=(28, 56, 84, 100, 180, 365), description="days on which chimerism is measured")
    subset_days: Days = Field(
        default=(30, 60, 100, 180, 365, 730), description="days on which lymphocytes are counted by subset"
    )
    cmv_every_days: Whole | None = Field(
        default=7, ge=1, le=90, description="days from one CMV test to the next, from day 0; null: not tested"
    )
    cmv_until_day: Whole = Field(default=180, ge=0, le=3650, description="last day of CMV testing")
    marrow_days: Days = Field(default=(30, 100, 180, 365), description="days on which the marrow is examined")
    anc_detection_limit_1e9_per_l: Real = Field(
        default=0.1, ge=0, le=1, description="neutrophils below this are reported as below it, in 1e9/L"
    )
    platelet_detection_limit_1e9_per_l: Real = Field(
        default=2.0, ge=0, le=20, description="platelets below this are reported as below it, in 1e9/L"
    )
    chimerism_detection_limit_percent: Real = Field(
        default=1.0, ge=0, le=20, description="minor population below this is reported as absent, in percent"
    )

    def is_visit(self, day: int) -> bool:
        """Whether blood is taken on this day; daily before infusion."""
        if day <= self.daily_until_day:
            return True
        if day <= self.thrice_weekly_until_day:
            return (day - self.daily_until_day - 1) % 7 in THRICE_WEEKLY
        if day <= self.weekly_until_day:
            return (day - self.thrice_weekly_until_day - 1) % 7 == 0
        return (day - self.weekly_until_day) % self.then_every_days == 0

    def is_cmv_test(self, day: int) -> bool:
        """Whether blood is tested for CMV on this day."""
        return self.cmv_every_days is not None and 0 <= day <= self.cmv_until_day and day % self.cmv_every_days == 0

    def visit_days(self, first_day: int, last_day: int) -> tuple[int, ...]:
        """Days on which blood is taken, both ends included."""
        return tuple(day for day in range(first_day, last_day + 1) if self.is_visit(day))

    @model_validator(mode="after")
    def _in_order(self) -> Laboratory:
        days = ("daily_until_day", "thrice_weekly_until_day", "weekly_until_day")
        for earlier, later in pairwise(days):
            before, after = getattr(self, earlier), getattr(self, later)
            if after < before:
                expected = f"no earlier than {earlier} ({before})"
                raise refuse(f"day {after}", expected, "visits thin out with time", field=later)
        for name in ("chimerism_days", "subset_days", "marrow_days"):
            tested: tuple[int, ...] = getattr(self, name)
            if list(tested) != sorted(set(tested)) or min(tested, default=1) < 1:
                expected = "days after infusion, in order, each once"
                raise refuse(str(list(tested)), expected, "sort the days", field=name)
        return self


class Care(CitedModel):
    """A standard of care. Null or false switches a policy off."""

    gcsf: Gcsf | None = Field(default=None, description="G-CSF after infusion; null: none")
    platelet_transfusion: PlateletTransfusion | None = Field(
        default=PlateletTransfusion(), description="prophylactic platelets; null: none"
    )
    red_cell_transfusion: RedCellTransfusion | None = Field(
        default=RedCellTransfusion(), description="red cell transfusion; null: none"
    )
    quinolone: Quinolone | None = Field(default=Quinolone(), description="quinolone in neutropenia; null: none")
    mould_azole: MouldAzole | None = Field(default=MouldAzole(), description="mould-active azole; null: none")
    letermovir: Letermovir | None = Field(
        default=None, description="letermovir, given to seropositive patients only; null: none"
    )
    preemptive: Preemptive | None = Field(
        default=Preemptive(), description="antivirals by CMV load, before disease; null: none"
    )
    immunoglobulin: Immunoglobulin | None = Field(
        default=Immunoglobulin(), description="immunoglobulin by IgG; null: none"
    )
    steroids: Steroids | None = Field(
        default=Steroids(), description="steroids for graft-versus-host disease; null: none"
    )
    ruxolitinib: Ruxolitinib | None = Field(
        default=Ruxolitinib(), description="ruxolitinib where steroids fail; null: none"
    )
    calcineurin_hold_in_gvhd: bool = Field(
        default=True, description="the calcineurin inhibitor is not tapered while graft-versus-host disease is treated"
    )
    ursodiol: bool = Field(default=True, description="ursodiol for the liver")
    cryotherapy: bool = Field(default=False, description="ice in the mouth during melphalan")
    palifermin: bool = Field(default=False, description="palifermin for the mucosa")
    defibrotide: bool = Field(default=True, description="defibrotide at veno-occlusive disease")
    donor_lymphocytes: DonorLymphocytes | None = Field(
        default=None, description="donor lymphocyte infusions; null: none"
    )
    boost: Boost | None = Field(default=None, description="stem cell boost for poor graft function; null: none")
    rescue_graft: RescueGraft | None = Field(
        default=None, description="second graft where the first has failed; null: none"
    )
    maintenance: Maintenance | None = Field(default=None, description="maintenance against the disease; null: none")
    relapse_treatment: Decade = Field(
        default="2010s", description="treatment of relapse, as usual in this decade; it changes survival after relapse"
    )
    supportive_care: Decade = Field(
        default="2010s",
        description="skill in treating complications, as usual in this decade; it changes deaths of them",
    )
    hospital: Hospital = Field(default=Hospital(), description="admission and discharge")
    laboratory: Laboratory = Field(default=Laboratory(), description="laboratory visits and limits")

    @model_validator(mode="after")
    def _policies_see_what_they_act_on(self) -> Care:
        """A count below its limit is reported as the limit, so a policy must act on counts above it."""
        limit = self.laboratory.platelet_detection_limit_1e9_per_l
        trigger = 0.0 if self.platelet_transfusion is None else self.platelet_transfusion.trigger_1e9_per_l
        if 0 < trigger <= limit:
            expected = f"less than the platelet transfusion trigger ({trigger:g})"
            advice = "lower the limit or raise the trigger: counts below the trigger would never be reported"
            raise refuse(f"{limit:g}", expected, advice, field="laboratory.platelet_detection_limit_1e9_per_l")
        limit = self.laboratory.anc_detection_limit_1e9_per_l
        if self.gcsf is not None and limit > self.gcsf.stop_anc_1e9_per_l:
            expected = f"at most gcsf.stop_anc_1e9_per_l ({self.gcsf.stop_anc_1e9_per_l:g})"
            advice = "lower the limit or raise the stop level: every report would be above it"
            raise refuse(f"{limit:g}", expected, advice, field="laboratory.anc_detection_limit_1e9_per_l")
        if self.preemptive is not None and self.laboratory.cmv_every_days is None:
            advice = "test for CMV, or write null for preemptive as well"
            raise refuse("nothing", "days between CMV tests", advice, field="laboratory.cmv_every_days")
        return self
