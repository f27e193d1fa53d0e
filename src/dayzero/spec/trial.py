"""A trial that can be run on virtual patients: arms, entry, follow-up, endpoints, size and replicates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from pydantic import Field, model_validator

from dayzero.errors import SpecError
from dayzero.spec.base import Whole, refuse
from dayzero.spec.catalogue import LibraryKind, edited, resolved
from dayzero.spec.document import Document, of_this_schema
from dayzero.spec.plan import Plan
from dayzero.spec.reading import kind_of, nearest
from dayzero.spec.trial_parts import (
    Accrual,
    Analysis,
    Arm,
    BeforeInfusion,
    Eligible,
    Ensemble,
    FollowUp,
    Interim,
    Published,
    Stratum,
    TrialEndpoint,
    Visits,
)
from dayzero.spec.vocabulary import Verified


class Trial(Document):
    """A randomised trial, as its protocol would write it. The first arm is the one others are compared with.

    An arm has a `plan`: a library name, `{base: name, ...edits}`, or in full; or `but`, edits of the first arm's plan.

    >>> trial = Trial.load("ptcy-v-tac-mtx")
    >>> [arm.name for arm in trial.arms]
    ['Tac/MTX', 'PTCy']
    """

    shelf: ClassVar[LibraryKind] = "trial"

    name: str = Field(default="custom", min_length=1, max_length=60, description="short name of the trial")
    sources: tuple[str, ...] = Field(default=(), description="the study it is made after: DOIs, trial numbers")
    verified: Verified = Field(
        default="recalled", description="whether the sources were opened, partly, or only recalled"
    )
    note: str = Field(default="", description="what a reader should know")
    arms: tuple[Arm, ...] = Field(min_length=2, max_length=6, description="arms, the control first")
    eligibility: tuple[Eligible, ...] = Field(default=(), description="limits that patients must keep to enter")
    stratification: tuple[Stratum, ...] = Field(
        default=(), max_length=4, description="factors that allocation balances"
    )
    block: Whole = Field(default=2, ge=1, le=12, description="size of allocation blocks, in rounds over all arms")
    accrual: Accrual = Field(default=Accrual(), description="how patients come in")
    before_infusion: BeforeInfusion = Field(default=BeforeInfusion(), description="from randomisation to infusion")
    visits: Visits | None = Field(default=None, description="visits at which some endpoints are seen")
    follow_up: FollowUp = Field(default=FollowUp(), description="how long patients are followed")
    endpoints: tuple[TrialEndpoint, ...] = Field(min_length=1, max_length=40, description="what is compared")
    interim: Interim | None = Field(default=None, description="looks before the end")
    analysis: Analysis = Field(default=Analysis(), description="who is analysed, and at which error")
    size: Whole = Field(ge=10, le=100_000, description="patients randomised in a trial")
    sizes: tuple[Whole, ...] = Field(default=(), max_length=12, description="other sizes to tell the power of")
    replicates: Whole = Field(default=100, ge=1, le=100_000, description="trials that are run")
    null_replicates: Whole = Field(
        default=1000, ge=0, le=100_000, description="trials without any effect, for the error"
    )
    ensemble: Ensemble = Field(default=(), description="parameter sets, each of which the whole trial is run with")
    seed: Whole = Field(default=1, ge=0, le=2**32 - 1, description="fixes patients, fates, allocation and losses")
    published: tuple[Published, ...] = Field(default=(), description="figures of the study it is made after")

    def but(self, **fields: Any) -> Trial:
        """The same trial with some fields replaced, checked again."""
        return type(self)(**{**self.plain(), **fields})

    @property
    def last_day(self) -> int:
        """The day of the final analysis, from the first patient's entry."""
        after = self.follow_up.after_last_entry
        return self.accrual.days + (self.follow_up.days if after is None else after)

    @property
    def primary(self) -> TrialEndpoint:
        """The endpoint that decides the trial."""
        return next((each for each in self.endpoints if each.role == "primary"), self.endpoints[0])

    @model_validator(mode="before")
    @classmethod
    def _plans_of_arms(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        whole = of_this_schema(cast("Mapping[str, Any]", data))
        arms = whole.get("arms")
        if isinstance(arms, (list, tuple)):
            whole["arms"] = _written_out(list(cast("list[Any]", arms)))
        return whole

    @model_validator(mode="after")
    def _arms_differ_in_treatment_only(self) -> Trial:
        names = [arm.name for arm in self.arms]
        first = _people(self.arms[0].plan)
        for number, arm in enumerate(self.arms):
            if arm.name in names[:number]:
                raise refuse("a name twice", "each arm once", "change one name", field=f"arms[{number}].name")
            if _people(arm.plan) != first:
                advice = "edit the first arm's plan with but, leaving patient and its population alone"
                expected = f"those of {names[0]}: arms differ in treatment only"
                raise refuse("other patients", expected, advice, field=f"arms[{number}].plan")
        return self

    @model_validator(mode="after")
    def _within_follow_up(self) -> Trial:
        last = self.follow_up.days
        for number, endpoint in enumerate(self.endpoints):
            if endpoint.day is not None and endpoint.day > last:
                expected = f"at most the days of follow-up ({last})"
                raise refuse(f"day {endpoint.day}", expected, "follow longer", field=f"endpoints[{number}].day")
        if [each.role for each in self.endpoints].count("primary") > 1:
            raise refuse("several primary endpoints", "one", "make the others secondary", field="endpoints")
        if self.visits is not None and self.visits.days[-1] > last:
            expected = f"at most the days of follow-up ({last})"
            raise refuse(f"day {self.visits.days[-1]}", expected, "follow longer", field="visits.days")
        return self

    @model_validator(mode="after")
    def _looks_before_the_end(self) -> Trial:
        if self.interim is None:
            return self
        late = [day for day in self.interim.days if not 0 < day < self.last_day]
        if late:
            expected = f"days of 1 to {self.last_day - 1}, before the final analysis"
            raise refuse(f"day {late[0]}", expected, "look earlier or follow longer", field="interim.days")
        return self

    @model_validator(mode="after")
    def _arms_of_figures(self) -> Trial:
        names = [arm.name for arm in self.arms]
        for number, figure in enumerate(self.published):
            if figure.arm not in ("", *names):
                near = nearest(figure.arm, names)
                advice = f"did you mean {near}?" if near else "write an arm's name as above"
                raise refuse(repr(figure.arm), f"one of {', '.join(names)}", advice, field=f"published[{number}].arm")
        return self


def _written_out(arms: list[Any]) -> list[Any]:
    """Arms with their plans as plain data: names and bases from the library, `but` applied to the first."""
    whole: list[Any] = []
    for number, written in enumerate(arms):
        if not isinstance(written, Mapping):
            whole.append(written)
            continue
        arm = dict(cast("Mapping[str, Any]", written))
        field = f"arms[{number}]"
        edits = arm.pop("but", None)
        if edits is not None and "plan" in arm:
            raise refuse(
                "plan and but", "one of them", "write the edits into the plan, with base", field=f"{field}.but"
            )
        if edits is not None:
            arm["plan"] = _edited(whole, edits, field)
        elif "plan" not in arm:
            advice = "name a plan of the library, or write but with edits of the first arm's"
            raise refuse("nothing", "a plan", advice, field=f"{field}.plan")
        elif isinstance(arm["plan"], (str, Mapping)):
            arm["plan"] = _resolved(cast("str | Mapping[str, Any]", arm["plan"]), field)
        whole.append(arm)
    return whole


def _resolved(plan: str | Mapping[str, Any], field: str) -> dict[str, Any]:
    try:
        return resolved({"base": plan} if isinstance(plan, str) else plan)
    except SpecError as problem:
        advice, place = problem.advice, problem.field.removeprefix("base")
        raise refuse(problem.got, problem.expected, advice, f"{field}.plan.{place}".rstrip(".")) from None


def _edited(before: list[Any], edits: Any, field: str) -> dict[str, Any]:
    first: Any = cast("dict[str, Any]", before[0]).get("plan") if before and isinstance(before[0], Mapping) else None
    base = first.plain() if isinstance(first, Plan) else first
    if not isinstance(base, Mapping):
        raise refuse("but in the first arm", "a plan", "give the first arm a plan of its own", field=f"{field}.but")
    if not isinstance(edits, Mapping):
        raise refuse(kind_of(edits), "sections of the plan to edit", "write section: value", field=f"{field}.but")
    try:
        return edited(dict(cast("Mapping[str, Any]", base)), cast("Mapping[str, Any]", edits))
    except SpecError as problem:
        raise refuse(problem.got, problem.expected, problem.advice, f"{field}.but.{problem.field}") from None


def _people(plan: Plan) -> tuple[Any, ...]:
    """Who the patients of a plan are before any treatment."""
    people = plan.population
    spreads = {name: spread for name, spread in people.fields.items() if name.startswith("patient.")}
    shares = (people.female_fraction, people.cmv_recipient_fraction, people.mrd_fraction)
    return plan.patient, spreads, shares
