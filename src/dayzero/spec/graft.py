"""The graft: what is infused, on which day, and what was done to it."""

from __future__ import annotations

from typing import Any, Final

from pydantic import Field, field_validator, model_validator

from dayzero.spec.base import Real, SpecModel, Whole, refuse
from dayzero.spec.vocabulary import CELL_SUBSETS, CellSubset, Source, Verified

TYPICAL_DOSES_PER_KG: Final[dict[Source, dict[CellSubset, float]]] = {
    # CD34: Pulsipher 2009 Blood 114:2606 (cut-offs 3.8e6 and 4.5e6); CD3: general. NK, B, TNC: assumed.
    "mobilised_blood": {"cd34": 5e6, "cd3": 2.5e8, "nk": 4e7, "b": 6e7, "tnc": 8e8},
    # TNC: Olsson 2013 and 2015, failure rises below 2.4e8; CD34 and CD3: project choice. NK, B: assumed.
    "marrow": {"cd34": 2.5e6, "cd3": 2.5e7, "nk": 3e6, "b": 8e6, "tnc": 3e8},
    # TNC: Dehn 2019 doi:10.1182/blood.2019001212 (as widely quoted); CD34, CD3: general. NK, B: assumed.
    "cord": {"cd34": 2e5, "cd3": 5e6, "nk": 2e6, "b": 1.5e6, "tnc": 2.5e7},
}
"""Cells per kg of recipient weight taken when a dose is left out."""

NAIVE_SHARE_OF_CD3: Final[dict[Source, float]] = {"mobilised_blood": 0.4, "marrow": 0.4, "cord": 0.9}
"""Share of naive cells among the T cells of a graft when their dose is left out. Assumed."""

TREG_SHARE_OF_CD3: Final[float] = 0.05
"""Share of regulatory cells among the T cells of a graft when their dose is left out. Assumed."""

THAWED_VIABILITY: Final[float] = 0.85
"""Share of cells that live after freezing and thawing, when none is given. General; 0.6 to 0.95 in use."""

T_SUBSETS: Final[tuple[CellSubset, ...]] = ("naive_t", "treg")


class Graft(SpecModel):
    """A graft. A dose left out is the typical dose of the source; doses are those before manipulation and freezing.

    >>> round(Graft(source="mobilised_blood", log10_depletion={"cd3": 4}).doses()["cd3"])
    25000
    """

    name: str = Field(default="unmanipulated", min_length=1, description="name of the product")
    sources: tuple[str, ...] = Field(default=(), description="where the figures come from: DOIs")
    verified: Verified = Field(
        default="recalled", description="whether the sources were opened, partly, or only recalled"
    )
    note: str = Field(default="", description="what a reader should know")
    source: Source = Field(description="where the cells come from")
    infusion_day: Whole = Field(default=0, ge=0, le=365, description="day of infusion, counted from the first graft")
    cd34_per_kg: Real | None = Field(default=None, ge=0, le=1e8, description="CD34+ cells per kg; null: typical")
    cd3_per_kg: Real | None = Field(default=None, ge=0, le=1e10, description="CD3+ cells per kg; null: typical")
    naive_t_per_kg: Real | None = Field(default=None, ge=0, le=1e10, description="naive T cells per kg, part of CD3")
    treg_per_kg: Real | None = Field(default=None, ge=0, le=1e10, description="regulatory T cells per kg, part of CD3")
    nk_per_kg: Real | None = Field(default=None, ge=0, le=1e10, description="NK cells per kg; null: typical")
    b_per_kg: Real | None = Field(default=None, ge=0, le=1e10, description="B cells per kg; null: typical")
    tnc_per_kg: Real | None = Field(default=None, ge=0, le=1e11, description="nucleated cells per kg; null: typical")
    log10_depletion: dict[CellSubset, Real] = Field(
        default_factory=dict[CellSubset, float], description="log10 removal of a subset before infusion"
    )
    fold_expansion: dict[CellSubset, Real] = Field(
        default_factory=dict[CellSubset, float], description="expansion of a subset in culture, as a factor"
    )
    cryopreserved: bool = Field(default=False, description="frozen and thawed")
    viability: Real | None = Field(default=None, gt=0, le=1, description="living share; null: 1, thawed 0.85")
    gcsf_primed: bool = Field(default=False, description="marrow collected after G-CSF to the donor")

    def doses(self) -> dict[CellSubset, float]:
        """Cells per kg of every subset after depletion and expansion, before losses of thawing.

        What is done to CD3 is done to its naive and regulatory part; what is done to a part changes CD3 by as much.
        """
        dose = self.collected()
        factor: dict[CellSubset, float] = {
            subset: self.fold_expansion.get(subset, 1.0) / 10 ** self.log10_depletion.get(subset, 0.0)
            for subset in CELL_SUBSETS
        }
        after: dict[CellSubset, float] = {subset: dose[subset] * factor[subset] for subset in CELL_SUBSETS}
        for part in T_SUBSETS:
            carried = dose[part] * factor["cd3"]
            after[part] = carried * factor[part]
            after["cd3"] += after[part] - carried
        after["cd3"] = max(after["cd3"], after["naive_t"] + after["treg"])
        return after

    @property
    def viable_fraction(self) -> float:
        """Living share of the cells at infusion."""
        if self.viability is not None:
            return self.viability
        return THAWED_VIABILITY if self.cryopreserved else 1.0

    def collected(self) -> dict[CellSubset, float]:
        """Cells per kg of every subset before any manipulation: as given, or typical of the source."""
        typical = TYPICAL_DOSES_PER_KG[self.source]
        given: dict[CellSubset, float | None] = {
            "cd34": self.cd34_per_kg,
            "cd3": self.cd3_per_kg,
            "nk": self.nk_per_kg,
            "b": self.b_per_kg,
            "tnc": self.tnc_per_kg,
        }
        dose: dict[CellSubset, float] = {
            subset: typical[subset] if amount is None else amount for subset, amount in given.items()
        }
        naive = dose["cd3"] * NAIVE_SHARE_OF_CD3[self.source]
        treg = dose["cd3"] * TREG_SHARE_OF_CD3
        dose["naive_t"] = naive if self.naive_t_per_kg is None else self.naive_t_per_kg
        dose["treg"] = treg if self.treg_per_kg is None else self.treg_per_kg
        return dose

    @field_validator("cd34_per_kg", "tnc_per_kg", mode="before")
    @classmethod
    def _not_in_millions(cls, value: Any) -> Any:
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1_000:
            raise refuse(f"{value:g}", "cells per kg", f"looks like millions of cells; write {value:g}e6 or 0")
        return value

    @field_validator("log10_depletion")
    @classmethod
    def _removable(cls, value: dict[CellSubset, float]) -> dict[CellSubset, float]:
        for subset, logs in value.items():
            if not 0 <= logs <= 8:
                raise refuse(f"{logs:g}", "0 to 8 log10", "4 means one cell in 10,000 is left", field=subset)
        return value

    @field_validator("fold_expansion")
    @classmethod
    def _expandable(cls, value: dict[CellSubset, float]) -> dict[CellSubset, float]:
        for subset, fold in value.items():
            if not 0.001 <= fold <= 10_000:
                raise refuse(f"{fold:g}", "a factor of 0.001 to 10,000", "1 means no expansion", field=subset)
        return value

    @model_validator(mode="after")
    def _parts_within_the_whole(self) -> Graft:
        dose = self.collected()
        for part in T_SUBSETS:
            if dose[part] > dose["cd3"]:
                got, expected = f"{dose[part]:g}", f"at most the {dose['cd3']:g} CD3+ cells per kg it is part of"
                raise refuse(got, expected, "lower it or raise cd3_per_kg", field=f"{part}_per_kg")
        if dose["naive_t"] + dose["treg"] > dose["cd3"]:
            got = f"{dose['naive_t'] + dose['treg']:g} with regulatory cells"
            raise refuse(got, f"at most {dose['cd3']:g} CD3+", "lower it or raise cd3_per_kg", field="naive_t_per_kg")
        if self.gcsf_primed and self.source != "marrow":
            advice = "remove gcsf_primed; mobilised blood is collected after G-CSF anyway"
            raise refuse("true", f"false for {self.source}", advice, field="gcsf_primed")
        return self
