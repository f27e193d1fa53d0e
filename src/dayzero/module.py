"""What an organ system and a ward policy are made of: the words every biology file and policy file is written in.

A biology file *is* a module. It is written for **one patient, in scalars**, and declares by name:

=============  =====================================================================================
``PARAMETERS`` its numbers, each a `Parameter`
``CONSTANTS``  what ``derive`` works out once a patient (homeostasis, graft in units of a healthy pool)
``USES``       constants and covariates from elsewhere that it needs, with their units
``State``      a NamedTuple; per-origin cells stand in ``cells``, a tuple (host, donor 1, donor 2)
``NEEDS``      signals its equations read, with their units
``GIVES``      signals worked out from its own state alone, by ``signals(y, p)``
``COUPLED``    signals that need other signals too, by name, each a `Coupled`
``DAILY``      signals known before the course starts, day by day (doses, kills); made by ``prepare``
``HAZARDS``    what can happen to the patient here, each a `Hazard`
=============  =====================================================================================

and the functions ``derive(p, c)``, ``start(p, origins)``, ``signals(y, p)``, ``rates(y, p, s)``, ``jump(y, p, s)``,
``hazards(y, p, s)``. A module omits what it does not need. ``p`` holds parameters and constants, ``s`` the signals
asked for in ``NEEDS`` and nothing else, so that a link between organs that is not declared cannot exist.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

# A scalar of one patient: a float, a NumPy array over patients in `prepare`, a traced JAX scalar in the engine.
Number: TypeAlias = Any

Status = Literal["measured", "derived", "fitted", "assumed"]


@dataclass(frozen=True)
class Parameter:
    """One number of the model, with everything a reader may ask of it.

    Parameters
    ----------
    typical : value in a typical patient.
    unit : unit, "1" where there is none.
    meaning : one line in ward language.
    status : ``measured``, ``derived``, ``fitted`` or ``assumed``.
    source : citation, or what it was fitted to.
    uncertainty : log-normal coefficient of variation of the typical value (what we do not know).
    between_patient : log-normal coefficient of variation between patients (how people differ).
    low, high : plausible range of the typical value; None where nobody gives one.
    stream : number of the random stream that draws the between-patient part; never reused, never changed.
    """

    typical: float
    unit: str
    meaning: str
    status: Status
    source: str
    uncertainty: float = 0.0
    between_patient: float = 0.0
    low: float | None = None
    high: float | None = None
    stream: int | None = None

    def __post_init__(self) -> None:
        if self.between_patient and self.stream is None:
            raise ValueError(f"a parameter that varies between patients needs a stream: {self.meaning}")


@dataclass(frozen=True)
class Signal:
    """A quantity that passes between organs, or is recorded: unit, meaning, and whether each origin has its own."""

    unit: str
    meaning: str
    per_origin: bool = False


@dataclass(frozen=True)
class Coupled:
    """A signal worked out from its owner's state and from other signals (name: unit), by ``of(y, p, s)``."""

    signal: Signal
    needs: Mapping[str, str]
    of: Callable[[Any, Any, Any], Any]


@dataclass(frozen=True)
class Hazard:
    """Something that can happen to the patient: its stream of thresholds, and whether it can happen again."""

    meaning: str
    stream: int
    recurrent: bool = False


class Orders(NamedTuple):
    """What the ward gives the patient today. Combined over policies by `ORDER_RULES`."""

    gcsf_ug_per_kg: Number = 0.0
    platelet_units: Number = 0.0
    red_cell_units: Number = 0.0


ORDER_SIGNALS: Mapping[str, Signal] = {
    "gcsf_ug_per_kg": Signal("ug/kg", "filgrastim given today"),
    "platelet_units": Signal("units", "adult platelet units transfused today"),
    "red_cell_units": Signal("units", "red-cell units transfused today"),
}
ORDER_RULES: Mapping[str, Literal["sum", "max"]] = {
    "gcsf_ug_per_kg": "max",
    "platelet_units": "sum",
    "red_cell_units": "sum",
}

# What the plan fixes day by day apart from conditioning; made by `prepare`, read like any other signal.
SCHEDULE: Mapping[str, Signal] = {
    "calcineurin": Signal("1", "calcineurin inhibitor, share of the target level"),
    "mycophenolate": Signal("1", "mycophenolate, share of the full dose"),
    "blood_drawn": Signal("1", "1 on a day of blood counts"),
    "chimerism_tested": Signal("1", "1 on a day of chimerism testing"),
    "present": Signal("1", "1 from the day of admission"),
}


@dataclass(frozen=True)
class Setting:
    """A number a policy takes from the care spec: unit and meaning."""

    unit: str
    meaning: str


# What is known of a patient before the course starts; `derive` may use any of them by naming it in ``USES``.
COVARIATES: Mapping[str, Signal] = {
    "age_years": Signal("year", "age of the patient"),
    "male": Signal("1", "1 for a male patient, 0 for a female one"),
    "weight_kg": Signal("kg", "body weight"),
    "bsa_m2": Signal("m2", "body surface area (Mosteller)"),
    "fat_free_mass_kg": Signal("kg", "fat-free mass"),
    "creatinine_clearance_ml_per_min": Signal("mL/min", "creatinine clearance"),
    "prior_treatment_lines": Signal("1", "lines of treatment before this transplant"),
    "marrow_cellularity": Signal("1", "share of the healthy stem and progenitor pools present at admission"),
    "splenomegaly": Signal("1", "1 where the spleen is enlarged"),
    "marrow_fibrosis": Signal("1", "1 where the marrow is fibrotic"),
    "hepatic_risk": Signal("1", "1 with iron overload or hepatitis"),
    "prior_inotuzumab_or_gemtuzumab": Signal("1", "1 after inotuzumab or gemtuzumab ozogamicin"),
    "major_abo_mismatch": Signal("1", "1 where the patient has antibodies against donor red cells"),
    "graft_cd34_per_kg": Signal("cells/kg", "viable CD34+ cells infused", per_origin=True),
    "graft_is_blood": Signal("1", "1 for mobilised blood", per_origin=True),
    "graft_is_marrow": Signal("1", "1 for marrow", per_origin=True),
    "graft_is_cord": Signal("1", "1 for cord blood", per_origin=True),
    "graft_is_primed": Signal("1", "1 for marrow collected after G-CSF", per_origin=True),
    "luck": Signal("1", "uniform draw for the small number of stem cells that engraft", per_origin=True),
    "donor_age_years": Signal("year", "age of the donor", per_origin=True),
    "donor_specific_antibody": Signal("1", "1 where the patient has antibodies against the donor", per_origin=True),
}
