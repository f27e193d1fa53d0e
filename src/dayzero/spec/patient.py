"""The patient on the day conditioning starts."""

from __future__ import annotations

from math import sqrt
from typing import Any, Final

from pydantic import Field, field_validator, model_validator

from dayzero.spec.base import Real, SpecModel, Whole, refuse
from dayzero.spec.vocabulary import BloodGroup, Diagnosis, DiseaseRisk, Sex, Status, marrow_cellularity

BMI_LIMITS_KG_PER_M2 = (7.0, 90.0)
"""Outside these, weight and height cannot belong to one person (slip of unit or of column)."""

TYPICAL_CLEARANCE: Final[float] = 100.0
"""Creatinine clearance taken when none is given, in mL/min per 1.73 m2. Assumed; too high in the first two years."""

TYPICAL_SURFACE_M2: Final[float] = 1.73
"""Body surface that clearance is indexed to."""


class Patient(SpecModel):
    """The patient: age, body size, disease, organ function, serology.

    Clearance is absolute (mL/min), not per body surface; left out, it is `TYPICAL_CLEARANCE` of the patient's own
    surface. Marrow cellularity left out follows from diagnosis and status. Laboratory values are those before
    conditioning.

    >>> Patient(age_years=45, sex="male", weight_kg=75, height_cm=175, diagnosis="aml", status="remission_1").hct_ci
    0
    """

    age_years: Real = Field(ge=0.1, le=100, description="age at infusion, in years")
    sex: Sex = Field(description="recorded sex, female or male")
    weight_kg: Real = Field(ge=2, le=250, description="actual body weight before conditioning, in kilograms")
    height_cm: Real = Field(ge=40, le=230, description="height, in centimetres")
    diagnosis: Diagnosis = Field(description="disease the transplant is for")
    status: Status = Field(description="disease status at the start of conditioning")
    mrd_positive: bool | None = Field(
        default=None, description="measurable residual disease, counted in remission only; null: not measured, none"
    )
    disease_risk: DiseaseRisk | None = Field(
        default=None, description="risk group of the disease, as the disease risk index; null: intermediate"
    )
    prior_treatment_lines: Whole = Field(default=1, ge=0, le=20, description="lines of treatment before conditioning")
    blood_group: BloodGroup = Field(default="A", description="ABO blood group")
    cmv_seropositive: bool = Field(default=False, description="CMV antibodies before transplant")
    creatinine_clearance_ml_per_min: Real | None = Field(
        default=None, ge=5, le=300, description="creatinine clearance, absolute, in mL/min; null: 100 per 1.73 m2"
    )
    bilirubin_mg_per_dl: Real = Field(default=0.7, ge=0.05, le=30, description="total bilirubin, in mg/dL")
    hct_ci: Whole = Field(default=0, ge=0, le=25, description="comorbidity index HCT-CI without age, in points")
    karnofsky: Whole = Field(
        default=90, ge=10, le=100, multiple_of=10, description="Karnofsky (Lansky under 16) score, in steps of 10"
    )
    pulmonary_disease: bool = Field(default=False, description="moderate or severe pulmonary comorbidity")
    marrow_cellularity: Real | None = Field(
        default=None, ge=0, le=1, description="share of healthy marrow left at admission, 0 to 1; null: by disease"
    )
    splenomegaly: bool = Field(default=False, description="enlarged spleen")
    marrow_fibrosis: bool = Field(default=False, description="fibrosis of the marrow")
    liver_iron_or_hepatitis: bool = Field(default=False, description="iron overload of the liver or chronic hepatitis")
    prior_inotuzumab_or_gemtuzumab: bool = Field(default=False, description="inotuzumab or gemtuzumab given before")

    @property
    def clearance_ml_per_min(self) -> float:
        """Creatinine clearance as it counts, in mL/min: as written, or typical of the body surface (Mosteller)."""
        if self.creatinine_clearance_ml_per_min is not None:
            return self.creatinine_clearance_ml_per_min
        return TYPICAL_CLEARANCE * sqrt(self.height_cm * self.weight_kg / 3600) / TYPICAL_SURFACE_M2

    @property
    def cellularity(self) -> float:
        """Share of healthy marrow as it counts: as written, or by diagnosis and status."""
        if self.marrow_cellularity is not None:
            return self.marrow_cellularity
        return marrow_cellularity(self.diagnosis, self.status)

    @field_validator("weight_kg", mode="before")
    @classmethod
    def _kilograms(cls, value: Any) -> Any:
        if _is_number(value) and 2_000 <= value <= 250_000:
            raise refuse(f"{value:g}", "2 to 250 kg", f"looks like grams; write kilograms ({value / 1000:g})")
        return value

    @field_validator("height_cm", mode="before")
    @classmethod
    def _centimetres(cls, value: Any) -> Any:
        if _is_number(value) and 0.4 <= value <= 2.3:
            raise refuse(f"{value:g}", "40 to 230 cm", f"looks like metres; write centimetres ({value * 100:g})")
        if _is_number(value) and 400 <= value <= 2_300:
            raise refuse(f"{value:g}", "40 to 230 cm", f"looks like millimetres; write centimetres ({value / 10:g})")
        return value

    @field_validator("bilirubin_mg_per_dl", mode="before")
    @classmethod
    def _milligrams(cls, value: Any) -> Any:
        if _is_number(value) and 30 < value <= 500:
            advice = f"looks like umol/L; divide by 17.1 ({value / 17.1:.2g})"
            raise refuse(f"{value:g}", "0.05 to 30 mg/dL", advice)
        return value

    @field_validator("marrow_cellularity", mode="before")
    @classmethod
    def _share(cls, value: Any) -> Any:
        if _is_number(value) and 1 < value <= 100:
            raise refuse(f"{value:g}", "0 to 1", f"looks like percent; write a share ({value / 100:g})")
        return value

    @model_validator(mode="after")
    def _one_person(self) -> Patient:
        low, high = BMI_LIMITS_KG_PER_M2
        bmi = self.weight_kg / (self.height_cm / 100) ** 2
        if not low <= bmi <= high:
            got = f"{self.weight_kg:g} kg at {self.height_cm:g} cm (BMI {bmi:.0f})"
            raise refuse(got, f"a BMI of {low:g} to {high:g}", "check weight and height", field="weight_kg")
        return self


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
