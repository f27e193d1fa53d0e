"""The donor: kinship, age, sex, serology, HLA match."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field, model_validator

from dayzero.spec.base import Real, SpecModel, Whole, refuse
from dayzero.spec.vocabulary import BloodGroup, DonorKind, Sex

TYPICAL_HLA: Final[dict[DonorKind, tuple[int, int]]] = {
    "syngeneic": (8, 8),
    "matched_sibling": (8, 8),
    "matched_unrelated": (8, 8),
    "mismatched_unrelated": (7, 8),
    "haploidentical": (4, 8),
    "cord_unrelated": (4, 6),
}
"""HLA match taken when none is given (A, B, C, DRB1; cord: A and B antigens, DRB1 alleles). Assumed."""

TYPICAL_AGE_YEARS: Final[dict[DonorKind, float]] = {
    "matched_unrelated": 28.0,
    "mismatched_unrelated": 28.0,
    "haploidentical": 35.0,
    "cord_unrelated": 0.0,
}
"""Donor age taken when none is given; other donors count as being of the patient's age. Assumed."""


class Donor(SpecModel):
    """The donor. For an autologous or syngeneic donor, the plan takes sex, serology and age from the patient.

    >>> Donor(kind="haploidentical").hla
    (4, 8)
    """

    kind: DonorKind = Field(description="relation to the patient")
    age_years: Real | None = Field(default=None, ge=0, le=90, description="age at donation, in years; null: typical")
    sex: Sex = Field(default="male", description="recorded sex, female or male")
    blood_group: BloodGroup = Field(default="A", description="ABO blood group")
    cmv_seropositive: bool = Field(default=False, description="CMV antibodies of the donor")
    hla_matched: Whole | None = Field(
        default=None, ge=0, le=12, description="matched HLA alleles; null: typical of the donor"
    )
    hla_of: Literal[6, 8, 10, 12] | None = Field(default=None, description="HLA alleles compared: 6, 8, 10 or 12")
    donor_specific_antibody: bool = Field(
        default=False, description="antibodies of the patient against the donor's HLA"
    )

    @property
    def hla(self) -> tuple[int, int] | None:
        """Matched alleles and alleles compared; None for the patient's own cells."""
        if self.hla_matched is not None and self.hla_of is not None:
            return self.hla_matched, self.hla_of
        return TYPICAL_HLA.get(self.kind)

    @property
    def mismatches(self) -> int:
        """Mismatched alleles among those compared."""
        return 0 if self.hla is None else self.hla[1] - self.hla[0]

    @model_validator(mode="after")
    def _match_is_complete(self) -> Donor:
        given = (self.hla_matched is not None, self.hla_of is not None)
        if self.kind == "autologous" and any(given):
            raise refuse("an HLA match", "none", "an autologous donor needs no HLA; remove it", field="hla_matched")
        if given[0] != given[1]:
            missing = "hla_of" if given[0] else "hla_matched"
            raise refuse("nothing", "both hla_matched and hla_of", "write both, or neither", field=missing)
        return self

    @model_validator(mode="after")
    def _match_fits_the_kind(self) -> Donor:
        if self.hla_matched is None or self.hla_of is None:
            return self
        matched, compared = self.hla_matched, self.hla_of
        got = f"{matched} of {compared}"
        if matched > compared:
            raise refuse(got, f"at most {compared}", "lower hla_matched or raise hla_of", field="hla_matched")
        if self.kind in ("matched_sibling", "matched_unrelated", "syngeneic") and matched < compared:
            advice = "write mismatched_unrelated or haploidentical as kind, or a full match"
            raise refuse(got, f"{compared} of {compared} for {self.kind}", advice, field="hla_matched")
        if self.kind == "mismatched_unrelated" and matched == compared:
            advice = "write matched_unrelated as kind, or the mismatch"
            raise refuse(got, "at least one mismatch", advice, field="hla_matched")
        if self.kind == "haploidentical" and matched < compared // 2:
            advice = "a haploidentical donor shares one haplotype; check the typing"
            raise refuse(got, f"at least {compared // 2} of {compared}", advice, field="hla_matched")
        return self
