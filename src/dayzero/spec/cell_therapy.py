"""Cells of the donor after the transplant, and maintenance against the disease."""

from __future__ import annotations

from typing import Final

from pydantic import Field, model_validator

from dayzero.spec.base import Days, Real, SpecModel, Whole, refuse
from dayzero.spec.vocabulary import MaintenanceDrug
from dayzero.spec.ward import check_order

MOST_PLANNED: Final[int] = 4
"""Donor lymphocyte infusions that may be planned by day."""


class DonorLymphocytes(SpecModel):
    """T cells of the first donor: on planned days, for falling T-cell chimerism, or at relapse.

    >>> DonorLymphocytes(planned_days=(100, 156), cd3_per_kg=1e6).dose(2)
    5000000.0
    """

    planned_days: Days = Field(default=(), description="days of planned infusions, each after day 0, four at most")
    cd3_per_kg: Real = Field(default=1e6, gt=0, le=1e9, description="T cells of the first infusion, per kg")
    escalation: Real = Field(default=5.0, ge=1, le=100, description="dose over the dose before, as a factor")
    on_t_chimerism_below_percent: Real | None = Field(
        default=None, gt=0, le=100, description="donor T-cell chimerism below which they are given; null: not for it"
    )
    on_relapse: bool = Field(default=False, description="given at relapse")
    interval_days: Whole = Field(default=56, ge=14, le=365, description="days from one infusion to the next, at least")
    most_doses: Whole = Field(default=3, ge=1, le=12, description="infusions in all, at most")

    def dose(self, number: int) -> float:
        """T cells per kg of an infusion, counted from 1."""
        return self.cd3_per_kg * self.escalation ** (number - 1)

    @model_validator(mode="after")
    def _planned_in_order(self) -> DonorLymphocytes:
        days = list(self.planned_days)
        if days != sorted(set(days)) or min(days, default=1) < 1:
            expected = "days after infusion, in order, each once"
            raise refuse(str(days), expected, "donor lymphocytes follow the graft; sort the days", field="planned_days")
        most = min(MOST_PLANNED, self.most_doses)
        if len(days) > most:
            limit = "most_doses" if self.most_doses < MOST_PLANNED else "what a plan may hold"
            raise refuse(f"{len(days)} days", f"at most {most}, {limit}", "plan fewer infusions", field="planned_days")
        return self

    @model_validator(mode="after")
    def _called_for(self) -> DonorLymphocytes:
        if not self.planned_days and self.on_t_chimerism_below_percent is None and not self.on_relapse:
            expected = "planned_days, on_t_chimerism_below_percent or on_relapse"
            advice = "say when they are given, or write null for donor_lymphocytes"
            raise refuse("lymphocytes that nothing calls for", expected, advice, field="planned_days")
        return self


class Boost(SpecModel):
    """More stem cells of the first donor where counts stay low after engraftment."""

    cd34_per_kg: Real = Field(default=3e6, ge=1e4, le=1e8, description="CD34+ cells of a boost, per kg")
    from_day: Whole = Field(default=35, ge=14, le=730, description="first day on which it may be given")
    anc_1e9_per_l: Real = Field(default=1.0, gt=0, le=5, description="neutrophils below which it is given, in 1e9/L")
    platelets_1e9_per_l: Real = Field(
        default=30.0, gt=0, le=150, description="platelets below which it is given, in 1e9/L"
    )
    interval_days: Whole = Field(default=60, ge=14, le=730, description="days from one boost to the next, at least")


class RescueGraft(SpecModel):
    """A second graft of the first donor where neutrophils have never reached 0.5e9/L."""

    day: Whole = Field(default=28, ge=14, le=180, description="day on which it is given; 42 is usual in cord blood")
    cd34_per_kg: Real = Field(default=5e6, ge=1e4, le=1e8, description="CD34+ cells of the second graft, per kg")


class Maintenance(SpecModel):
    """A drug against the disease after transplant, from the first to the last day."""

    drug: MaintenanceDrug = Field(description="drug or class of drugs")
    start_day: Whole = Field(default=60, ge=14, le=730, description="first day")
    stop_day: Whole = Field(default=730, ge=15, le=3650, description="first day without drug")

    @model_validator(mode="after")
    def _in_order(self) -> Maintenance:
        check_order(self.start_day, self.stop_day)
        return self
