"""A patient and the donors to choose among: typing, age, sex, pregnancies, CMV, blood group, antibodies, cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal, cast

from pydantic import BeforeValidator, Field, field_validator, model_validator

from dayzero.spec.base import Real, SpecModel, refuse
from dayzero.spec.catalogue import LibraryKind
from dayzero.spec.document import Document, of_this_schema
from dayzero.spec.reading import kind_of
from dayzero.spec.vocabulary import BloodGroup, HlaLocus, Sex

CandidateKind = Literal[
    "matched_sibling", "matched_unrelated", "mismatched_unrelated", "haploidentical", "cord_unrelated"
]
NOT_IN_EVERYBODY: Final = ("DRB3", "DRB4", "DRB5")


def _position(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value  # pyright: ignore[reportUnknownVariableType]
    advice = "write the name as text, such as A*02:01; write null where the position was not typed"
    raise refuse(kind_of(value), "an allele", advice)


Position = Annotated[str | None, BeforeValidator(_position)]
"""One of two alleles of a locus as on the report; null: not typed."""

Typing = dict[HlaLocus, tuple[Position, ...]]


class _Person(SpecModel):
    hla: Typing = Field(description="HLA typing: locus and its two alleles, as on the report")
    age_years: Real | None = Field(default=None, ge=0, le=100, description="age in years; null: unknown")
    sex: Sex | None = Field(default=None, description="recorded sex, female or male; null: unknown")
    weight_kg: Real | None = Field(default=None, ge=0.5, le=250, description="weight, in kilograms; null: unknown")
    blood_group: BloodGroup | None = Field(default=None, description="ABO blood group; null: unknown")
    cmv_seropositive: bool | None = Field(default=None, description="CMV antibodies; null: unknown")

    @field_validator("hla")
    @classmethod
    def _two_alleles(cls, typing: Typing) -> Typing:
        for locus, positions in typing.items():
            lowest = 0 if locus in NOT_IN_EVERYBODY else 1
            if not lowest <= len(positions) <= 2:
                advice = "join possible alleles of one position with /; write the allele twice where homozygous"
                raise refuse(f"{len(positions)} alleles", "two alleles", advice, field=locus)
        return typing


class CasePatient(_Person):
    """The patient who needs a donor."""


class Candidate(_Person):
    """One possible donor, or one unit of cord blood. What is left out is unknown, not absent.

    >>> Candidate(name="registry 1", kind="matched_unrelated", hla={"A": ["A*02:01", "A*03:01"]}).dsa_mfi is None
    True
    """

    name: str = Field(min_length=1, max_length=60, description="name of the donor in tables; no name of a person")
    kind: CandidateKind = Field(description="relation to the patient")
    parous: bool | None = Field(default=None, description="whether the donor was ever pregnant; null: unknown")
    dsa_mfi: Real | None = Field(
        default=None,
        ge=0,
        le=1e6,
        description="highest antibody against this donor's HLA, MFI; 0: none; null: untested",
    )
    tnc: Real | None = Field(default=None, gt=0, le=1e13, description="nucleated cells of a cord unit before freezing")
    cd34: Real | None = Field(default=None, gt=0, le=1e12, description="CD34 cells of a cord unit before freezing")
    red_cells_removed: bool | None = Field(default=None, description="whether a cord unit was rid of red cells")
    haplotype: dict[HlaLocus, str] = Field(
        default_factory=dict[HlaLocus, str],
        description="haplotype shared with the patient, by typing the family: locus and allele",
    )

    @model_validator(mode="after")
    def _cells_are_of_cord(self) -> Candidate:
        if self.kind == "cord_unrelated":
            return self
        for name in ("tnc", "cd34", "red_cells_removed"):
            if getattr(self, name) is not None:
                advice = "cells are counted before the choice in cord units only; remove it, or write cord_unrelated"
                raise refuse(f"{name} of a {self.kind} donor", "cells of cord units", advice, field=name)
        return self

    @model_validator(mode="after")
    def _pregnancies_of_women(self) -> Candidate:
        if self.parous and (self.sex == "male" or self.kind == "cord_unrelated"):
            who = "a cord unit" if self.kind == "cord_unrelated" else "a man"
            raise refuse(f"pregnancies of {who}", "pregnancies of a woman", "remove it", field="parous")
        return self


class DonorCase(Document):
    """A patient and the candidates. Limits on which sources differ are settings.

    >>> case = DonorCase.load("unrelated-search")
    >>> case.donors[0].kind
    'matched_unrelated'
    """

    shelf: ClassVar[LibraryKind] = "donor-case"

    note: str = Field(default="", description="what a reader should know")
    patient: CasePatient = Field(description="patient")
    donors: tuple[Candidate, ...] = Field(min_length=1, max_length=500, description="candidates")
    prophylaxis: Literal["conventional", "post_cyclophosphamide"] = Field(
        default="conventional", description="GVHD prophylaxis that is planned"
    )
    tce_version: Literal[1, 2] | None = Field(
        default=None, description="version of the DPB1 T-cell epitope groups; null: an answer only where both agree"
    )
    dsa_positive_mfi: Real = Field(default=1000, ge=1, le=1e6, description="MFI from which an antibody is positive")
    dsa_strong_mfi: Real = Field(default=5000, ge=1, le=1e6, description="MFI from which an antibody is strong")
    cord_tnc_per_kg: Real = Field(
        default=3.0e7, ge=1e6, le=1e9, description="nucleated cells per kg that one cord unit must hold"
    )

    @model_validator(mode="before")
    @classmethod
    def _this_schema(cls, data: Any) -> Any:
        if isinstance(data, Mapping):
            return of_this_schema(cast("Mapping[str, Any]", data))
        return data  # pyright: ignore[reportUnknownVariableType]

    @model_validator(mode="after")
    def _each_donor_once(self) -> DonorCase:
        names = [donor.name for donor in self.donors]
        for number, name in enumerate(names):
            if name in names[:number]:
                raise refuse("a name twice", "each donor once", "change one name", field=f"donors[{number}].name")
        return self

    @model_validator(mode="after")
    def _limits_in_order(self) -> DonorCase:
        if self.dsa_strong_mfi < self.dsa_positive_mfi:
            expected = f"{self.dsa_positive_mfi:g} or more, the level that is positive"
            raise refuse(f"{self.dsa_strong_mfi:g}", expected, "raise it", field="dsa_strong_mfi")
        return self
