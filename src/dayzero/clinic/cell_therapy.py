"""Cells of the donor given again: lymphocytes against relapse or mixed chimerism, a boost, a rescue graft.

Donor lymphocytes are given on planned days, after relapse, and while T-cell chimerism as last tested is below a level
once the planned calcineurin inhibitor has ended. Each dose is a fold of the one before, unplanned ones keep an
interval, and none is given near graft-versus-host disease that the ward has seen::

    dose n = first dose x escalation^(n - 1),   n <= most doses

A boost is for poor graft function: neutrophils and platelets both low in two reports in a row although the donor's
cells make up the marrow. A rescue graft is for neutrophils that never reached 0.5e9/L three reports in a row by its
day. Both are ordered as a share of the first donor's first graft.

Sources: of 165 EBMT centres 86 % hold active graft-versus-host disease to forbid donor lymphocytes and 72 % ask for
immunosuppression to be withdrawn first (doi:10.1038/s41409-025-02555-9); graft-versus-host disease rises with the
first dose, 21 / 45 / 55 % (doi:10.1016/j.bbmt.2013.03.001). Escalation by half a log to a log every 4-8 weeks, boosts
of 2-5e6 CD34/kg with full donor chimerism and rescue by day 28-42 are practice (recalled).
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from dayzero.criteria.gvhd import liver_stage, observed_grade
from dayzero.elementwise import maximum, power, where
from dayzero.module import Number, Orders, Parameter, Setting

SETTINGS = {
    "weight_kg": Setting("kg", "body weight, by which stool is judged in small patients"),
    "dli_day_1": Setting("day", "day of the first planned dose of donor lymphocytes; a day beyond the course for none"),
    "dli_day_2": Setting("day", "day of the second planned dose"),
    "dli_day_3": Setting("day", "day of the third planned dose"),
    "dli_day_4": Setting("day", "day of the fourth planned dose"),
    "dli_cd3_per_kg": Setting("cells/kg", "donor T cells in the first dose"),
    "dli_escalation": Setting("1", "fold of the dose from one to the next"),
    "dli_t_chimerism_below": Setting("%", "donor T-cell chimerism below which lymphocytes are given; 0 for never"),
    "dli_on_relapse": Setting("1", "1 where lymphocytes are given at relapse"),
    "dli_interval": Setting("day", "shortest interval before an unplanned dose"),
    "dli_most_doses": Setting("1", "doses at most; 0 for none"),
    "boost_from_day": Setting("day", "first day of a boost; a day beyond the course for none"),
    "boost_anc": Setting("1e9/L", "neutrophils below which a boost is considered"),
    "boost_platelets": Setting("1e9/L", "platelets below which a boost is considered"),
    "boost_interval": Setting("day", "shortest interval between boosts"),
    "boost_share": Setting("1", "cells of a boost as a share of the first graft"),
    "rescue_day": Setting("day", "day of a rescue graft; a day beyond the course for none"),
    "rescue_share": Setting("1", "cells of a rescue graft as a share of the first graft"),
}
SEES = ("neutrophils", "platelets", "donor_chimerism_t_cell", "donor_chimerism_myeloid", "chimerism_tested", "rash",
        "bilirubin", "stool_volume", "calcineurin_planned", "onset_vod", "onset_chronic_gvhd_onset",
        "onset_relapse")  # fmt: skip


def _fixed(value: float, unit: str, meaning: str, source: str) -> float:
    return Parameter(value, unit, meaning, "assumed", source).typical


QUIET_DAYS = _fixed(28.0, "day", "days without acute disease of grade II before lymphocytes", "practice")
CHRONIC_QUIET_DAYS = _fixed(365.0, "day", "days after chronic onset without lymphocytes", "practice")
VOD_DAYS = _fixed(7.0, "day", "days from VOD in which jaundice that begins is put down to it", "as in charts")
CHIMERISM_FROM = _fixed(60.0, "day", "first day of lymphocytes for mixed chimerism", "practice")
FULL_MYELOID = _fixed(90.0, "%", "donor myeloid chimerism from which poor function is the graft's", "practice")
ENGRAFTED_ANC = _fixed(0.5, "1e9/L", "neutrophils that count as engrafted", "CIBMTR manual")
ENGRAFTED_REPORTS = _fixed(3.0, "1", "reports in a row at that level", "CIBMTR manual")
LONG_AGO = -1000.0


class Memory(NamedTuple):
    doses: Annotated[Number, "1", "doses of donor lymphocytes so far"]
    last_dose: Annotated[Number, "day", "day of the last one"]
    mixed: Annotated[Number, "1", "1 where the last test found too few donor T cells"]
    relapsed: Annotated[Number, "1", "1 from relapse"]
    bilirubin: Annotated[Number, "mg/dL", "bilirubin as last measured"]
    vod: Annotated[Number, "day", "day on which VOD was last diagnosed"]
    vod_known: Annotated[Number, "1", "1 while jaundice is put down to VOD"]
    acute: Annotated[Number, "day", "day on which acute disease of grade II or more was last seen"]
    chronic: Annotated[Number, "day", "day of onset of chronic disease"]
    poor: Annotated[Number, "1", "reports in a row with neutrophils and platelets both low"]
    foreign: Annotated[Number, "1", "1 where the last test found too few donor myeloid cells"]
    last_cells: Annotated[Number, "day", "day of the last boost or rescue graft"]
    fallen: Annotated[Number, "1", "1 once neutrophils were seen below the level of engraftment"]
    high: Annotated[Number, "1", "reports in a row at it since"]
    engrafted: Annotated[Number, "1", "1 once that was enough of them"]
    judged: Annotated[Number, "1", "1 once the day of rescue has come"]


def start() -> Memory:
    return Memory(doses=0.0, last_dose=LONG_AGO, mixed=0.0, relapsed=0.0, bilirubin=0.0, vod=LONG_AGO, vod_known=0.0,
                  acute=LONG_AGO, chronic=LONG_AGO, poor=0.0, foreign=0.0, last_cells=LONG_AGO, fallen=0.0, high=0.0,
                  engrafted=0.0, judged=0.0)  # fmt: skip


def decide(memory: Memory, seen, day, p) -> tuple[Orders, Memory]:
    """Orders for today and what to remember, from this morning's signs, reports and tests."""
    m = _observed(memory, seen, day, p)
    lymphocytes, m = _lymphocytes(m, seen, day, p)
    rescue, m = _rescue(m, seen, day, p)
    boost, m = _boost(m, seen, day, p)
    return Orders(donor_lymphocytes_per_kg=lymphocytes, boost=rescue + boost), m


def _true(condition):
    return where(condition, 1.0, 0.0)


def _observed(m: Memory, seen, day, p) -> Memory:
    """Relapse, chimerism and graft-versus-host disease as the ward knows them this morning."""
    bilirubin = where(seen.fresh > 0, seen.bilirubin, m.bilirubin)
    vod = where(seen.onset_vod > 0, day - 1, m.vod)  # told the morning after
    recent = _true(day - vod <= VOD_DAYS)
    vod_known = maximum(recent, m.vod_known * _true(liver_stage(bilirubin) >= 1))
    grade = observed_grade(seen.rash, bilirubin, seen.stool_volume, p.weight_kg, day, vod_known)
    tested = seen.chimerism_tested > 0
    return m._replace(
        mixed=where(tested, _true(seen.donor_chimerism_t_cell < p.dli_t_chimerism_below), m.mixed),
        foreign=where(tested, _true(seen.donor_chimerism_myeloid < FULL_MYELOID), m.foreign),
        relapsed=maximum(m.relapsed, seen.onset_relapse),
        bilirubin=bilirubin,
        vod=vod,
        vod_known=vod_known,
        acute=where(grade >= 2, day, m.acute),
        chronic=where(seen.onset_chronic_gvhd_onset > 0, day, m.chronic),
    )


def _lymphocytes(m: Memory, seen, day, p):
    planned = _true(day == p.dli_day_1) + _true(day == p.dli_day_2) + _true(day == p.dli_day_3)
    planned = planned + _true(day == p.dli_day_4)
    mixed = m.mixed * _true(day >= CHIMERISM_FROM) * _true(seen.calcineurin_planned <= 0)
    spaced = _true(day - m.last_dose >= p.dli_interval)
    wanted = maximum(_true(planned > 0), spaced * maximum(mixed, m.relapsed * p.dli_on_relapse))
    quiet = _true(day - m.acute >= QUIET_DAYS) * _true(day - m.chronic >= CHRONIC_QUIET_DAYS)
    given = wanted * quiet * _true(m.doses < p.dli_most_doses)
    dose = p.dli_cd3_per_kg * power(p.dli_escalation, m.doses)
    return given * dose, m._replace(doses=m.doses + given, last_dose=where(given > 0, day, m.last_dose))


def _rescue(m: Memory, seen, day, p):
    """Once, on its day, unless neutrophils came back or never fell, or the disease did come back."""
    counted = seen.fresh * _true(day > 0)
    low = _true(seen.neutrophils < ENGRAFTED_ANC)
    fallen = maximum(m.fallen, counted * low)
    high = where(counted > 0, (m.high + 1) * (1 - low) * fallen, m.high)
    engrafted = maximum(m.engrafted, _true(high >= ENGRAFTED_REPORTS))
    due = _true(day >= p.rescue_day)
    given = due * (1 - m.judged) * fallen * (1 - engrafted) * (1 - m.relapsed)
    m = m._replace(fallen=fallen, high=high, engrafted=engrafted, judged=maximum(m.judged, due))
    return given * p.rescue_share, m._replace(last_cells=where(given > 0, day, m.last_cells))


def _boost(m: Memory, seen, day, p):
    """Poor function of a graft that is the donor's, not from relapse; at most once an interval."""
    low = _true(seen.neutrophils < p.boost_anc) * _true(seen.platelets < p.boost_platelets)
    started = _true(day >= p.boost_from_day)
    poor = where(seen.fresh > 0, (m.poor + 1) * low * started, m.poor)
    spaced = _true(day - m.last_cells >= p.boost_interval)
    given = seen.fresh * started * spaced * _true(poor >= 2) * (1 - m.foreign) * (1 - m.relapsed)
    return given * p.boost_share, m._replace(poor=poor, last_cells=where(given > 0, day, m.last_cells))
