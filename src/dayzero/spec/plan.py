"""A transplant plan: patient, donor, graft, conditioning, prophylaxis, care, and how patients vary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final, cast

from pydantic import Field, model_validator

from dayzero.errors import SpecError
from dayzero.spec.base import refuse
from dayzero.spec.care import Care
from dayzero.spec.catalogue import SECTIONS, LibraryKind, edited, library_names, resolved
from dayzero.spec.conditioning import Conditioning
from dayzero.spec.document import Document, of_this_schema
from dayzero.spec.donor import TYPICAL_AGE_YEARS, Donor
from dayzero.spec.graft import Graft
from dayzero.spec.patient import Patient
from dayzero.spec.population import Population, Spread
from dayzero.spec.prophylaxis import Prophylaxis
from dayzero.spec.reading import kind_of
from dayzero.spec.vocabulary import SAME_PERSON, DonorKind, Verified

NO_LYMPHOCYTES: Final[dict[DonorKind, str]] = {
    "autologous": "the patient's own lymphocytes see nothing foreign",
    "syngeneic": "the lymphocytes of a twin see nothing foreign",
    "cord_unrelated": "of a cord unit nothing is left to give",
}
"""Donors who give no lymphocytes after the graft, and why."""


class Plan(Document):
    """A whole transplant as it is planned. Days count from the infusion.

    `conditioning`, `prophylaxis`, `care` and `graft` may be a name from the library, `{base: name, ...edits}`,
    or written in full; after reading they are always in full.

    >>> plan = Plan.load("aml-sibling-pbsc")
    >>> plan.but(graft={"source": "marrow"}).graft.doses()["cd3"]
    25000000.0
    """

    shelf: ClassVar[LibraryKind] = "plan"

    sources: tuple[str, ...] = Field(default=(), description="where the plan comes from: DOIs, trial numbers")
    verified: Verified = Field(
        default="recalled", description="whether the sources were opened, partly, or only recalled"
    )
    note: str = Field(default="", description="what a reader should know")
    patient: Patient = Field(description="patient")
    donor: Donor = Field(description="donor")
    graft: Graft = Field(description="graft: a name, a base with edits, or in full")
    second_donor: Donor | None = Field(default=None, description="donor of the second graft; null: the same donor")
    second_graft: Graft | None = Field(default=None, description="second unit, boost or second graft")
    conditioning: Conditioning = Field(description="conditioning: a name, a base with edits, or in full")
    prophylaxis: Prophylaxis = Field(description="prophylaxis: a name, a base with edits, or in full")
    care: Care = Field(default=Care(), description="standard of care: a name, a base with edits, or in full")
    population: Population = Field(default=Population(), description="how virtual patients vary")

    def but(self, **sections: Any) -> Plan:
        """The same plan with some sections edited, checked again.

        A section given as keys with values is merged into the plan's; a name, an object, or keys with a `base`
        replace it. An edit of conditioning, prophylaxis, care or a graft that gives a `name` of its own stands for
        the whole section: nothing of the former one is kept. A graft changed to another `source` keeps only its
        infusion day and takes what is typical of the new source. Files with a `base` follow the same rules.
        """
        if "base" in sections:
            advice = "load it instead, Plan.load({'base': ...}) or a file, where a base belongs"
            raise SpecError("plan", "base", kind_of(sections["base"]), "sections of the plan to edit", advice)
        return type(self)(**edited(self.plain(), sections))

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """JSON Schema of a plan as it may be written, names and bases from the library included."""
        schema = cls.model_json_schema(by_alias=True)
        for section, kind in SECTIONS.items():
            known = {"type": "string", "enum": list(library_names(kind))}
            based = {"type": "object", "required": ["base"], "properties": {"base": known}}
            whole = schema["properties"][section]
            schema["properties"][section] = {"description": whole.pop("description"), "anyOf": [known, based, whole]}
        schema["properties"]["base"] = {"type": "string", "enum": list(library_names("plan"))}
        required = [name for name in schema.pop("required") if name != "prophylaxis"]
        schema["anyOf"] = [{"required": ["base"]}, {"required": required}]
        return schema

    @property
    def grafts(self) -> tuple[Graft, ...]:
        """The graft, and the second one where there is one."""
        return (self.graft,) if self.second_graft is None else (self.graft, self.second_graft)

    @property
    def donors(self) -> tuple[Donor, ...]:
        """The donors as they count: HLA and age filled in, and what they share with the patient."""
        given = (self.donor,) if self.second_donor is None else (self.donor, self.second_donor)
        return tuple(self._as_it_counts(donor) for donor in given)

    @property
    def allogeneic(self) -> bool:
        """Whether any donor differs from the patient."""
        return any(donor.kind not in SAME_PERSON for donor in self.donors)

    def value_of(self, field: str) -> float:
        """The plan's own value of a field that may vary, typical values filled in."""
        section, name = field.split(".", 1)
        if section == "donor":
            return float(getattr(self.donors[0], name))
        if section == "graft":
            return self.graft.collected()[cast("Any", name.removesuffix("_per_kg"))]
        if name == "creatinine_clearance_ml_per_min":
            return self.patient.clearance_ml_per_min
        return float(getattr(self.patient, name))

    def spreads(self) -> dict[str, Spread]:
        """The spread of every varying field in absolute numbers, around the plan's own values."""
        return {field: spread.around(self.value_of(field)) for field, spread in self.population.fields.items()}

    def _as_it_counts(self, donor: Donor) -> Donor:
        told = donor.plain()
        age = TYPICAL_AGE_YEARS.get(donor.kind, min(self.patient.age_years, 90.0))
        told.setdefault("age_years", age)
        if donor.hla is not None:
            told["hla_matched"], told["hla_of"] = donor.hla
        if donor.kind in SAME_PERSON:
            shared = (
                ("sex", "blood_group", "cmv_seropositive") if donor.kind == "autologous" else ("sex", "blood_group")
            )
            told |= {name: getattr(self.patient, name) for name in shared}
            told["age_years"] = min(self.patient.age_years, 90.0)
        return Donor(**told)

    @model_validator(mode="before")
    @classmethod
    def _whole(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        written = of_this_schema(resolved(cast("Mapping[str, Any]", data)))
        if "prophylaxis" not in written and _is_autologous(written.get("donor")):
            written = resolved({**written, "prophylaxis": "none"})
        return written

    @model_validator(mode="after")
    def _donors_fit_grafts(self) -> Plan:
        if self.graft.infusion_day != 0:
            advice = "days count from the first graft; write later cells as second_graft"
            raise refuse(f"day {self.graft.infusion_day}", "day 0", advice, field="graft.infusion_day")
        _check_source(self.donor, self.graft, "donor")
        if self.second_graft is None:
            if self.second_donor is not None:
                raise refuse("a donor without a graft", "a second_graft", "write it too", field="second_donor")
            return self
        second = self.second_donor or self.donor
        _check_source(second, self.second_graft, "second_donor" if self.second_donor else "second_graft")
        if self.second_donor is None and self.second_graft.infusion_day == 0:
            advice = "raise the dose of graft, name a second_donor, or infuse the boost later"
            raise refuse("day 0", "day 1 or later for the same donor", advice, field="second_graft.infusion_day")
        return self

    @model_validator(mode="after")
    def _lymphocytes_have_a_donor(self) -> Plan:
        if self.care.donor_lymphocytes is None or self.donor.kind not in NO_LYMPHOCYTES:
            return self
        advice = f"write null for donor_lymphocytes: {NO_LYMPHOCYTES[self.donor.kind]}"
        expected = "an allogeneic donor who can be asked again"
        got = f"lymphocytes of a {self.donor.kind} donor"
        raise refuse(got, expected, advice, field="care.donor_lymphocytes")

    @model_validator(mode="after")
    def _spreads_hold_the_plan(self) -> Plan:
        for field, spread in self.population.fields.items():
            _check_centre(field, spread, self.value_of(field))
        return self


def _is_autologous(donor: Any) -> bool:
    if isinstance(donor, Donor):
        return donor.kind == "autologous"
    return isinstance(donor, Mapping) and cast("Mapping[str, Any]", donor).get("kind") == "autologous"


def _check_source(donor: Donor, graft: Graft, section: str) -> None:
    field = section if section == "second_graft" else f"{section}.kind"
    if graft.source == "cord" and donor.kind != "cord_unrelated":
        advice = "a cord graft needs kind cord_unrelated, or another source of cells"
        raise refuse(f"a {donor.kind} donor of cord blood", "cord_unrelated", advice, field=field)
    if graft.source != "cord" and donor.kind == "cord_unrelated":
        advice = "write cord as source of the graft, or another kind of donor"
        raise refuse(f"{graft.source} of a cord donor", "cord", advice, field=field)


def _check_centre(field: str, spread: Spread, value: float) -> None:
    low = -float("inf") if spread.low is None else spread.low
    high = float("inf") if spread.high is None else spread.high
    centred = spread.kind in ("normal", "lognormal") and spread.mean is None and spread.median is None
    centre = 1.0 if spread.relative else value
    if centred and not low <= centre <= high:
        expected = f"{low:g} to {high:g}, the limits of its spread"
        advice = "move the limits, or take the spread away with null"
        raise refuse(f"{centre:g} as the centre of {field}", expected, advice, field=f"population.fields.{field}")
