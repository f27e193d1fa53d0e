"""Against infection: quinolone and azole by counts, letermovir by calendar, CMV treated on a rising load, IgG replaced.

What counts is the last report, so that nothing changes between reports::

    quinolone        from its day, while neutrophils are below the stop level
    azole            in neutropenia; for 60 days from the last morning of acute GVHD of grade II or more and for nine
                     months from chronic GVHD found moderate or severe, the times in which steroids are given
    letermovir       between its days
    CMV              load above the threshold on a test day: (val)ganciclovir, or foscarnet while neutrophils are low;
                     it ends after its least days and two tests in a row not above the threshold
    immunoglobulin   IgG below the trigger, at most once an interval

The grade is read from rash, stool and bilirubin by the function that the criteria use; until neutrophils are back only
the skin counts, for the gut is mucositis and the liver has other causes.

Quinolone: Gafter-Gvili 2012 (Cochrane CD004386). Pre-emptive treatment until two tests are negative and for two weeks
at least: ECIL 7, Ljungman 2019 (Lancet Infect Dis 19:e260). IgG below 4 g/L: international guidelines, Tomblyn 2009.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.criteria.gvhd import liver_stage, observed_grade
from dayzero.elementwise import maximum, where
from dayzero.module import Number, Orders, Parameter, Setting

SETTINGS = {
    "weight_kg": Setting("kg", "body weight, by which stool is judged in small patients"),
    "quinolone_start_day": Setting("day", "first day of quinolone; a day beyond the course for none"),
    "quinolone_stop_anc": Setting("1e9/L", "quinolone is given while neutrophils are below this"),
    "azole_in_neutropenia": Setting("1", "1 where a mould-active azole is given in neutropenia"),
    "azole_on_steroids": Setting("1", "1 where a mould-active azole is given while GVHD is treated"),
    "letermovir_start_day": Setting("day", "first day of letermovir; a day beyond the course for none"),
    "letermovir_stop_day": Setting("day", "day from which letermovir is no longer given"),
    "preemptive_threshold": Setting("IU/mL", "CMV load above which treatment begins; beyond any load for never"),
    "preemptive_least_days": Setting("day", "shortest treatment of CMV"),
    "foscarnet_below_anc": Setting("1e9/L", "CMV is treated with foscarnet while neutrophils are below this"),
    "immunoglobulin_trigger": Setting("g/L", "IgG below this is replaced; 0 for never"),
    "immunoglobulin_interval": Setting("day", "shortest interval between infusions"),
}
SEES = ("neutrophils", "igg", "cmv_dna", "cmv_tested", "rash", "bilirubin", "stool_volume", "onset_vod",
        "onset_chronic_gvhd_moderate")  # fmt: skip


def _fixed(value: float, unit: str, meaning: str, source: str) -> float:
    return Parameter(value, unit, meaning, "assumed", source).typical


NEUTROPENIA = _fixed(0.5, "1e9/L", "neutrophils below which a patient is neutropenic", "definition")
UNKNOWN_ANC = _fixed(4.0, "1e9/L", "neutrophils taken for granted before the first report", "set point in health")
ACUTE_DAYS = _fixed(60.0, "day", "days on steroids after acute GVHD was last seen", "a taper of two months")
CHRONIC_DAYS = _fixed(270.0, "day", "days on steroids for chronic GVHD", "its taper lasts nine months")
UNTESTED_DAYS = _fixed(28.0, "day", "days without a CMV test after which treatment ends", "practice")
LONG_AGO = -1000.0


class Memory(NamedTuple):
    neutrophils: Annotated[Number, "1e9/L", "neutrophils as last reported"]
    bilirubin: Annotated[Number, "mg/dL", "bilirubin as last measured"]
    vod_known: Annotated[Number, "1", "1 while jaundice is put down to VOD"]
    acute: Annotated[Number, "day", "last morning of acute GVHD of grade II or more"]
    chronic: Annotated[Number, "day", "start of treatment of chronic GVHD"]
    treating: Annotated[Number, "1", "1 while CMV is treated"]
    treated_from: Annotated[Number, "day", "day on which that treatment began"]
    negatives: Annotated[Number, "1", "CMV tests in a row not above the threshold"]
    tested: Annotated[Number, "day", "day of the last CMV test"]
    replaced: Annotated[Number, "day", "day of the last immunoglobulin"]


def start() -> Memory:
    return Memory(UNKNOWN_ANC, 0.0, 0.0, LONG_AGO, LONG_AGO, 0.0, LONG_AGO, 0.0, LONG_AGO, LONG_AGO)


def decide(memory: Memory, seen, day, p) -> tuple[Orders, Memory]:
    """Orders for today and what to remember, from this morning's report (`seen.fresh` 1 when there is one)."""
    m = _counted(memory, seen)
    m = _examined(m, seen, day, p)
    m = _cmv(m, seen, day, p)
    neutropenic = _true(m.neutrophils < NEUTROPENIA)
    on_steroids = maximum(_true(day - m.acute < ACUTE_DAYS), _true(day - m.chronic < CHRONIC_DAYS))
    foscarnet = m.treating * _true(m.neutrophils < p.foscarnet_below_anc)
    replace = seen.fresh * _true(seen.igg < p.immunoglobulin_trigger)
    replace = replace * _true(day - m.replaced >= p.immunoglobulin_interval)
    orders = Orders(
        quinolone=_true(day >= p.quinolone_start_day) * _true(m.neutrophils < p.quinolone_stop_anc),
        mould_azole=maximum(p.azole_in_neutropenia * neutropenic, p.azole_on_steroids * on_steroids),
        letermovir=_true(day >= p.letermovir_start_day) * _true(day < p.letermovir_stop_day),
        antiviral=m.treating - foscarnet,
        foscarnet=foscarnet,
        immunoglobulin=replace,
    )
    return orders, m._replace(replaced=where(replace > 0, day, m.replaced))


def _true(condition):
    return where(condition, 1.0, 0.0)


def _counted(m: Memory, seen) -> Memory:
    return m._replace(
        neutrophils=where(seen.fresh > 0, seen.neutrophils, m.neutrophils),
        bilirubin=where(seen.fresh > 0, seen.bilirubin, m.bilirubin),
    )


def _examined(m: Memory, seen, day, p) -> Memory:
    """When GVHD that calls for steroids was last seen."""
    vod_known = maximum(seen.onset_vod, m.vod_known * _true(liver_stage(m.bilirubin) >= 1))
    back = _true(m.neutrophils >= NEUTROPENIA)
    grade = observed_grade(seen.rash, back * m.bilirubin, back * seen.stool_volume, p.weight_kg, day, vod_known)
    return m._replace(
        vod_known=vod_known,
        acute=where(grade >= 2, day, m.acute),
        chronic=where(seen.onset_chronic_gvhd_moderate > 0, day, m.chronic),
    )


def _cmv(m: Memory, seen, day, p) -> Memory:
    """Treatment begins on a test above the threshold; it ends on tests, or where nobody tests any longer."""
    high = _true(seen.cmv_dna > p.preemptive_threshold)
    negatives = where(seen.cmv_tested > 0, (m.negatives + 1) * (1 - high), m.negatives)
    tested = where(seen.cmv_tested > 0, day, m.tested)
    begins = seen.cmv_tested * high * (1 - m.treating)
    cleared = _true(negatives >= 2) * _true(day - m.treated_from >= p.preemptive_least_days)
    ends = maximum(cleared, _true(day - tested >= UNTESTED_DAYS))
    return m._replace(
        treating=where(begins > 0, 1.0, m.treating * (1 - ends)),
        treated_from=where(begins > 0, day, m.treated_from),
        negatives=negatives,
        tested=tested,
    )
