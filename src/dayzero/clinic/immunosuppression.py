"""Graft-versus-host disease on the ward: steroids by grade, ruxolitinib when they fail, calcineurin held meanwhile.

The ward grades acute disease each morning from rash and stool, and from bilirubin as last measured (liver tests come
with the blood counts, and daily under treatment), by the function that the criteria use. Until neutrophils have come
back it starts steroids by the skin alone. What lasts is the lowest grade of three mornings, so that after the first
start one bad morning changes nothing::

    start      grade >= start grade; when treated before, a lasting one     full dose, or the lower one for skin alone
    taper      hold days over, grade <= 1:                                  dose x share kept, 0 below the last step
    refractory never <= 1 since the start, and lasting above the grade at the start, or not below it after the waiting
               days (on the lower dose: the full one first), or 28 days over:   taper, ruxolitinib
    flare      lasting >= start grade during the taper: start again (on ruxolitinib only from grade III); the
               second flare is dependence: ruxolitinib
    chronic    once moderate or severe the chronic dose, held, then a taper that halves it every 60 days; mild disease
               is treated locally

    calcineurin = max(planned, held);   held keeps the highest planned level of the time of treatment, then is withdrawn

Sources: refractoriness and dependence after Schoemans 2018 (doi:10.1038/s41409-018-0204-7); the lower dose for grade
II of the skin by the EBMT consensus (Penack 2020, Lancet Haematol 7:e157); chronic disease after Flowers and Martin
2015 (Blood 125:606); ruxolitinib by its US label.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.criteria.gvhd import FIRST_DAY, liver_stage, observed_grade
from dayzero.elementwise import maximum, minimum, power, where
from dayzero.module import Number, Orders, Parameter, Setting

SETTINGS = {
    "weight_kg": Setting("kg", "body weight, by which stool is judged in small patients"),
    "steroid_start_grade": Setting("1", "acute grade from which steroids are given; above 4: never"),
    "steroid_dose": Setting("mg/kg", "prednisone a day for grade III-IV, or liver or lower gut"),
    "steroid_dose_grade_two": Setting("mg/kg", "prednisone a day for a lower grade of skin alone"),
    "steroid_hold_days": Setting("day", "days on the full dose before a taper"),
    "steroid_taper": Setting("1", "share of the dose kept from one day of taper to the next"),
    "steroid_refractory_days": Setting("day", "days on steroids after which no improvement means refractory"),
    "steroid_chronic_dose": Setting("mg/kg", "prednisone a day for moderate or severe chronic disease; 0 for none"),
    "ruxolitinib_on": Setting("1", "1 where ruxolitinib is the second line"),
    "ruxolitinib_least_days": Setting("day", "shortest course of ruxolitinib"),
    "calcineurin_holds": Setting("1", "1 where the taper of calcineurin inhibitor waits while disease is treated"),
}
SEES = ("rash", "bilirubin", "stool_volume", "neutrophils", "calcineurin_planned", "onset_vod",
        "onset_chronic_gvhd_moderate")  # fmt: skip
REMEMBERS = {"ward_gvhd_grade": "grade"}


def _fixed(value: float, unit: str, meaning: str, source: str) -> float:
    return Parameter(value, unit, meaning, "assumed", source).typical


CONSENSUS = "Schoemans 2018, doi:10.1038/s41409-018-0204-7"
CHRONIC_CARE = "Flowers and Martin 2015, Blood 125:606, as practised"

LAST_DOSE = _fixed(0.05, "mg/kg", "steroids stop below this dose", "about 4 mg of prednisone in an adult")
RESPONSE_DAYS = _fixed(28.0, "day", "days on steroids by which grade 0-I must have been reached", CONSENSUS)
CALM_DAYS = _fixed(28.0, "day", "days of grade 0-I before ruxolitinib stops", "practice")
SAFE_ANC = _fixed(0.5, "1e9/L", "neutrophils below which ruxolitinib is withheld", "US label of ruxolitinib")
ENGRAFTED_ANC = _fixed(0.5, "1e9/L", "neutrophils from which gut and liver are treated", "day of engraftment, CIBMTR")
CHRONIC_HOLD = _fixed(14.0, "day", "days on the chronic dose before its taper", CHRONIC_CARE)
CHRONIC_HALVING = _fixed(60.0, "day", "days in which the chronic taper halves the dose", CHRONIC_CARE)
CHRONIC_WATCH = _fixed(365.0, "day", "days of treated chronic disease in which calcineurin is held", "practice")
VOD_DAYS = _fixed(7.0, "day", "days from VOD in which jaundice that begins is put down to it", "as in charts")
WITHDRAWAL = _fixed(60.0, "day", "days over which a held full level of calcineurin is withdrawn", "practice")
CHRONIC_KEPT = float(power(1 / 2, 1 / CHRONIC_HALVING))
LONG_AGO = -1000.0


class Memory(NamedTuple):
    grade: Annotated[Number, "1", "acute grade seen this morning"]
    yesterday: Annotated[Number, "1", "acute grade of the morning before"]
    day_before: Annotated[Number, "1", "acute grade two mornings before"]
    bilirubin: Annotated[Number, "mg/dL", "bilirubin as last measured"]
    vod: Annotated[Number, "day", "day on which VOD was last diagnosed"]
    vod_known: Annotated[Number, "1", "1 while jaundice is put down to VOD"]
    engrafted: Annotated[Number, "1", "1 once neutrophils were seen to be back"]
    steroid: Annotated[Number, "mg/kg", "prednisone given today"]
    started: Annotated[Number, "day", "day on which the last course for acute disease began"]
    first_grade: Annotated[Number, "1", "grade at its start"]
    calm: Annotated[Number, "1", "1 once grade 0-I was seen since its start"]
    refractory: Annotated[Number, "1", "1 where that course was called refractory"]
    flares: Annotated[Number, "1", "flares during a taper so far"]
    systemic: Annotated[Number, "day", "day on which it was first seen to be moderate or severe"]
    ruxolitinib: Annotated[Number, "1", "1 during a course of ruxolitinib"]
    second_line: Annotated[Number, "day", "day on which that course began"]
    calm_days: Annotated[Number, "day", "mornings in a row at grade 0-I"]
    neutropenic: Annotated[Number, "1", "1 where the last neutrophil count forbids ruxolitinib"]
    held: Annotated[Number, "1", "level at which calcineurin is held"]


def start() -> Memory:
    return Memory(grade=0.0, yesterday=0.0, day_before=0.0, bilirubin=0.0, vod=LONG_AGO, vod_known=0.0,
                  engrafted=0.0, steroid=0.0, started=LONG_AGO, first_grade=0.0, calm=1.0, refractory=0.0, flares=0.0,
                  systemic=LONG_AGO, ruxolitinib=0.0, second_line=LONG_AGO, calm_days=0.0,
                  neutropenic=0.0, held=0.0)  # fmt: skip


def decide(memory: Memory, seen, day, p) -> tuple[Orders, Memory]:
    """Orders for today and what to remember, from this morning's signs and reports."""
    m, by_skin, skin_alone = _examined(memory, seen, day, p)
    m, failed = _steroids(m, by_skin, skin_alone, day, p)
    m = _chronic(m, seen, day, p)
    m = _second_line(m, failed, seen, day, p)
    m = _held(m, seen, day, p)
    orders = Orders(
        calcineurin=maximum(m.held, seen.calcineurin_planned),
        steroid_mg_per_kg=m.steroid,
        ruxolitinib=m.ruxolitinib * (1 - m.neutropenic),
    )
    return orders, m


def _true(condition):
    return where(condition, 1.0, 0.0)


def _examined(m: Memory, seen, day, p):
    """The morning's grade in memory; the grade of the skin by itself; 1 where only the skin is ill, to grade II."""
    measured = maximum(seen.fresh, _true(m.steroid + m.ruxolitinib > 0))
    bilirubin = where(measured > 0, seen.bilirubin, m.bilirubin)
    vod = where(seen.onset_vod > 0, day - 1, m.vod)  # told the morning after
    recent = _true(day - vod <= VOD_DAYS)
    vod_known = maximum(recent, m.vod_known * _true(liver_stage(bilirubin) >= 1))
    grade = observed_grade(seen.rash, bilirubin, seen.stool_volume, p.weight_kg, day, vod_known)
    by_skin = observed_grade(seen.rash, 0 * bilirubin, 0 * seen.stool_volume, p.weight_kg, day, vod_known)
    inside = observed_grade(0 * seen.rash, bilirubin, seen.stool_volume, p.weight_kg, day, vod_known)
    back = seen.fresh * _true(day >= FIRST_DAY) * _true(seen.neutrophils >= ENGRAFTED_ANC)
    m = m._replace(
        grade=grade,
        yesterday=m.grade,
        day_before=m.yesterday,
        bilirubin=bilirubin,
        vod=vod,
        vod_known=vod_known,
        engrafted=maximum(m.engrafted, back),
        calm_days=(m.calm_days + 1) * _true(grade <= 1),
    )
    m = m._replace(calm=maximum(m.calm, _mild(m, p)))
    return m, by_skin, _true(inside < 1) * _true(grade <= 2)


def _mild(m: Memory, p):
    return _true(m.grade <= 1) * _true(m.grade < p.steroid_start_grade)


def _steroids(m: Memory, by_skin, skin_alone, day, p):
    """First line; second answer: 1 on the morning on which steroids are found to fail."""
    lasting = minimum(m.grade, minimum(m.yesterday, m.day_before))
    counted = where(m.started > LONG_AGO, lasting, m.grade)
    counted = where(m.engrafted > 0, counted, minimum(counted, by_skin))
    held_long = _true(day - m.started >= p.steroid_hold_days)
    enough = where(m.ruxolitinib > 0, _true(lasting > 2), 1.0)
    begins = m.calm * held_long * enough * _true(counted >= p.steroid_start_grade)
    flare = begins * _true(m.steroid > 0)
    running = (1 - m.calm) * (1 - m.refractory)
    worse = _true(lasting > m.first_grade)
    unimproved = _true(day - m.started >= p.steroid_refractory_days) * _true(lasting >= m.first_grade)
    raised = running * maximum(worse, unimproved) * _true(m.steroid < p.steroid_dose)
    too_long = _true(day - m.started >= RESPONSE_DAYS)
    failed = (1 - raised) * running * maximum(maximum(worse, unimproved), too_long)
    refractory = maximum(m.refractory, failed)
    first_day = maximum(begins, raised)
    full = where(skin_alone * (1 - raised) > 0, p.steroid_dose_grade_two, p.steroid_dose)
    tapers = maximum(held_long * _true(day - m.systemic >= CHRONIC_HOLD) * _mild(m, p), refractory)
    slow = _true(m.systemic > LONG_AGO) * _true(m.steroid <= p.steroid_chronic_dose)
    kept = where(tapers > 0, where(slow > 0, CHRONIC_KEPT, p.steroid_taper), 1.0)
    lowered = where(m.steroid * kept < LAST_DOSE, 0.0, m.steroid * kept)
    m = m._replace(
        steroid=where(first_day > 0, maximum(full, m.steroid), lowered),
        started=where(first_day > 0, day, m.started),
        first_grade=where(first_day > 0, m.grade, m.first_grade),
        calm=where(first_day > 0, 0.0, m.calm),
        refractory=where(first_day > 0, 0.0, refractory),
        flares=m.flares + flare,
    )
    return m, maximum(failed, flare * _true(m.flares >= 2))


def _chronic(m: Memory, seen, day, p) -> Memory:
    """Once chronic disease is moderate or severe steroids are raised to its dose."""
    systemic = seen.onset_chronic_gvhd_moderate > 0
    return m._replace(
        systemic=where(systemic, day, m.systemic),
        steroid=where(systemic, maximum(m.steroid, p.steroid_chronic_dose), m.steroid),
    )


def _second_line(m: Memory, failed, seen, day, p) -> Memory:
    """Ruxolitinib from the morning steroids fail; off after its least days and four calm weeks."""
    begins = failed * p.ruxolitinib_on * (1 - m.ruxolitinib)
    done = _true(day - m.second_line >= p.ruxolitinib_least_days) * _true(m.calm_days >= CALM_DAYS)
    return m._replace(
        ruxolitinib=where(begins > 0, 1.0, m.ruxolitinib * (1 - done)),
        second_line=where(begins > 0, day, m.second_line),
        neutropenic=where(seen.fresh > 0, _true(seen.neutrophils < SAFE_ANC), m.neutropenic),
    )


def _held(m: Memory, seen, day, p) -> Memory:
    """The level kept while disease is treated, at most a year from treated chronic disease; afterwards withdrawn."""
    watched = _true(day - m.systemic < CHRONIC_WATCH)
    holds = p.calcineurin_holds * where(m.systemic > LONG_AGO, watched, _true(m.steroid > 0))
    kept = maximum(m.held, seen.calcineurin_planned)
    return m._replace(held=where(holds > 0, kept, maximum(m.held - 1 / WITHDRAWAL, 0.0)))
