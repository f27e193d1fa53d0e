"""The bed: in hospital from admission, home when well enough for long enough, back when something serious happens.

::

    well    by the last reports: neutrophils at the level of discharge, no fever, no oxygen, GVHD below grade III; the
            earliest day reached, and the least stay over since the last serious event
    home    after so many mornings in a row of being well; back in hospital on the morning after a serious event

A patient who is treated as an outpatient has an earliest day of discharge of 0. What counts as well is a convention of
this ward, for hospitals differ; its numbers are settings.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.criteria.gvhd import observed_grade
from dayzero.elementwise import maximum, where
from dayzero.module import Number, Orders, Parameter, Setting

SETTINGS = {
    "weight_kg": Setting("kg", "body weight, by which stool of the small is staged"),
    "hospital_discharge_anc": Setting("1e9/L", "neutrophils at which a patient may go home"),
    "hospital_earliest_day": Setting("day", "first day on which a patient may go home"),
    "hospital_well_days": Setting("day", "mornings in a row of being well before going home"),
    "hospital_least_stay": Setting("day", "days in hospital after a serious event, at least"),
}
# Known the morning after: infections that need a bed, and complications of organs.
SERIOUS = (
    "onset_neutropenic_fever", "onset_bacteremia", "onset_mould", "onset_cmv_disease", "onset_respiratory_virus",
    "onset_viral_reactivation", "onset_lymphoproliferation", "onset_late_infection", "onset_vod",
    "onset_lung_injury_syndrome", "onset_heart_failure", "onset_microangiopathy", "onset_kidney_injury",
    "onset_hemorrhagic_cystitis", "onset_engraftment_syndrome",
)  # fmt: skip
SEES = ("neutrophils", "temperature", "oxygen_need", "rash", "bilirubin", "stool_volume", *SERIOUS)
REMEMBERS = {"in_hospital": "inside"}

FEVER = Parameter(38.0, "Cel", "temperature that keeps a patient in hospital", "assumed", "usual practice").typical
OXYGEN = Parameter(1.0, "L/min", "oxygen flow that keeps a patient in hospital", "assumed", "usual practice").typical
GRADE = Parameter(3.0, "1", "grade of GVHD that needs a bed", "assumed", "usual practice").typical


class Memory(NamedTuple):
    inside: Annotated[Number, "1", "1 while in hospital"]
    well: Annotated[Number, "day", "mornings in a row of being well"]
    until: Annotated[Number, "day", "day before which nobody goes home after the last serious event"]
    fit: Annotated[Number, "1", "1 where the last reports would let the patient go home"]


def start() -> Memory:
    return Memory(inside=1.0, well=0.0, until=0.0, fit=0.0)


def decide(m: Memory, seen, day, p) -> tuple[Orders, Memory]:
    """No orders: what to remember of the bed."""
    grade = observed_grade(seen.rash, seen.bilirubin, seen.stool_volume, p.weight_kg, day, 0.0 * day)
    ill = seen.fresh * _true(grade >= GRADE)
    serious = ill
    for name in SERIOUS:
        serious = maximum(serious, _true(getattr(seen, name) > 0))
    until = where(serious > 0, day + p.hospital_least_stay, m.until)
    calm = _true(seen.temperature < FEVER) * _true(seen.oxygen_need < OXYGEN) * (1.0 - ill)
    fit = where(seen.fresh > 0, calm * _true(seen.neutrophils >= p.hospital_discharge_anc), m.fit)
    free = _true(day >= until) * _true(day >= p.hospital_earliest_day)
    well = (m.well + 1.0) * fit * free
    home = _true(well >= p.hospital_well_days)
    inside = where(m.inside > 0, 1.0 - home, serious)
    return Orders(), Memory(inside, well, until, fit)


def _true(condition):
    return where(condition, 1.0, 0.0)
