"""What is kept of a simulated cohort to compute published figures from: one number a patient and fact.

Facts are read from the chart by the criteria used for real patients wherever a criterion exists (engraftment, graft
failure, GVHD, non-relapse mortality, GRFS, VOD, CMV, engraftment syndrome); events the ward documents are read as
documented. Lymphocytes, chimerism and IgG on a day are the laboratory's report of that day.

==============================  =====================================================================================
``anc500`` ... ``plt50``        day of recovery; 0 where the count never fell; inf where it did not recover
``death`` ``relapse`` ``nrm``   day; inf where it did not happen; likewise every other event
``event:KIND``                  first day of an event of the chart
``level:QUANTITY:DAY``          reported value on a day, nan for the dead
``rise:QUANTITY:LEVEL``         first day from 7 on which the true value reaches a level
``units:WHAT:FROM:TO``          units transfused over days; ``given:`` counts days with a transfusion
==============================  =====================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from dayzero import criteria
from dayzero.analyse.endpoints import first_days
from dayzero.criteria import Judgement
from dayzero.errors import InputError
from dayzero.records import Chart
from dayzero.records.chart import Floats
from dayzero.simulation.course import Course
from dayzero.simulation.observe import observe
from dayzero.simulation.occurrences import CAUSE_GROUPS

NEVER = np.inf
CAUSES = ("disease", "infection", "graft-versus-host disease", "organ toxicity", "bleeding", "new malignancy", "other")
WITHOUT_REPORTS = frozenset(("death", "relapse", "nrm", "grfs", "chronic_gvhd", "acute_gvhd_1_4", "acute_gvhd_2_4",
                             "acute_gvhd_3_4", "cause"))  # fmt: skip
ACUTE_DAYS = 180  # onset of acute GVHD is looked for up to this day
SEVERE_MUCOSITIS = 0.45  # mucosal injury from which oral mucositis is of grade III-IV; assumed with the model
LEAST_REPORTED, AT_LIMIT = 0.1, 1e-5  # neutrophils below the limit are reported as the limit
BEFORE = 7  # days after infusion before a rise in lymphocytes counts


class Seen:
    """A simulated cohort with its chart and the judgements made of it, each made once."""

    def __init__(self, course: Course, reported: bool = True) -> None:
        self.course = course
        self.reported = reported  # whether what is asked needs the laboratory's reports in the chart
        self.patients = len(course)

    @cached_property
    def chart(self) -> Chart:
        if self.reported:
            return observe(self.course)
        values = {name: array for name, array in self.course.values.items() if not name.startswith("reported_")}
        return observe(replace(self.course, values=values))

    @cached_property
    def judged(self) -> Judgement:
        return criteria.judge(self.chart)

    @cached_property
    def died(self) -> Floats:
        return self.course.deaths()[0]

    @cached_property
    def acute(self) -> Judgement:
        last = int(min(ACUTE_DAYS, self.course.days[-1]))
        return criteria.acute_gvhd(self.chart, by_day=last, source="documented")

    @cached_property
    def steroid(self) -> Judgement:
        return criteria.steroid_refractory_of(self.chart, weight_kg=self.course.covariates["weight_kg"])

    def first(self, kind: str) -> Floats:
        """First day of an event of the chart, from day 0."""
        if kind not in self.chart.events:
            return np.full(self.patients, NEVER)
        column = self.chart.events[kind]
        found = np.full(self.patients, NEVER)
        kept = column.day >= 0
        np.minimum.at(found, column.patient[kept], column.day[kept])
        return found

    def level(self, quantity: str, day: int) -> Floats:
        """Value reported on a day (true where no laboratory reports it), nan for the dead."""
        name = f"reported_{quantity}" if f"reported_{quantity}" in self.course.values else quantity
        if name not in self.course.values:
            raise InputError("evidence", "fact", quantity, "a recorded quantity", "see the module")
        at = int(day - self.course.days[0])
        value = self.course.values[name][:, at].astype(float)
        return np.where(self.course.living[:, at], value, np.nan)

    def days(self, first: float, last: float) -> Any:
        """Columns of days from the first to the last, both included."""
        return (self.course.days >= first) & (self.course.days <= last)


def gather(course: Course, names: set[str]) -> dict[str, Floats]:
    """The facts asked for, each (patients,).

    Raises
    ------
    InputError : a name that is no fact.
    """
    seen = Seen(course, reported=not names <= WITHOUT_REPORTS)
    return {name: np.asarray(_fact(seen, name), dtype=np.float64) for name in sorted(names)}


def _fact(seen: Seen, name: str) -> Any:
    if name in PLAIN:
        return PLAIN[name](seen)
    kind, *told = name.split(":")
    if kind not in WITH:
        raise InputError("evidence", "fact", repr(name), f"one of {', '.join([*PLAIN, *WITH])}", "check the spelling")
    return WITH[kind](seen, *told)


def _recovery(column: str) -> Callable[[Seen], Floats]:
    def day(seen: Seen) -> Floats:
        status = seen.judged[f"{column}_status"]
        return np.where(
            status == "recovered", seen.judged[f"{column}_day"], np.where(status == "never_below", 0.0, NEVER)
        )

    return day


def _day_where(judged: Judgement, statuses: tuple[str, ...]) -> Floats:
    return np.where(np.isin(judged.status, statuses), np.nan_to_num(judged.day, nan=NEVER), NEVER)


def _known(day: Any) -> Floats:
    return np.where(np.isnan(np.asarray(day, dtype=float)), NEVER, day)


def _nrm(seen: Seen) -> Floats:
    judged = criteria.nonrelapse_mortality(seen.chart)
    return np.where(judged["kind"] == "nonrelapse_death", judged.day, NEVER)


def _grfs(seen: Seen) -> Floats:
    judged = criteria.grfs_of(seen.chart, source="documented", acute_by_day=ACUTE_DAYS)
    return np.where(judged.status == "event", judged.day, NEVER)


def _failure(seen: Seen) -> Floats:
    return first_days(seen.course, "graft_failure", seen.judged)


def _primary(seen: Seen) -> Floats:
    failed = np.array([answer is True for answer in seen.judged["primary_graft_failure"]])
    return np.where(failed, 28.0, NEVER)


def _cd4_twice(seen: Seen) -> Floats:
    """Day of the second of two weekly CD4 counts above 50/uL."""
    days = np.arange(14, 101, 7)
    high = np.array([np.nan_to_num(seen.level("cd4", int(day))) > 0.05 for day in days])
    both = high[1:] & high[:-1]
    return np.where(both.any(axis=0), days[1:][both.argmax(axis=0)], NEVER)


def _response(seen: Seen) -> Floats:
    """Change of grade from the start of steroids to 28 days later: -9 complete, nan not treated or not reached."""
    start = np.asarray(seen.steroid["start"], dtype=float)
    grade = np.where(seen.course.living, seen.course.ward_gvhd_grade, 9)
    first, last = seen.course.days[0], seen.course.days[-1]
    known = np.isfinite(start) & (start + 28 <= last)
    at = np.where(known, start - first, 0).astype(int)
    rows = np.arange(seen.patients)
    later = grade[rows, np.minimum(at + 28, grade.shape[1] - 1)].astype(float)
    change = np.where(later == 0, -9.0, later - grade[rows, at])
    return np.where(known, change, np.nan)


def _discharge(seen: Seen) -> Floats:
    """First day at home after the infusion."""
    home = seen.course.living & (seen.course.in_hospital == 0) & (seen.course.days >= 0)
    return np.where(home.any(axis=1), seen.course.days[home.argmax(axis=1)], NEVER)


def _at_home(seen: Seen, last: str) -> Any:
    """Mornings 1 to a day alive and out of hospital."""
    home = seen.course.living & (seen.course.in_hospital == 0)
    return home[:, seen.days(1, float(last))].sum(axis=1)


def _highest(seen: Seen) -> Floats:
    return np.where(seen.course.living, seen.course.ward_gvhd_grade, 0).max(axis=1)


def _cause(seen: Seen) -> Floats:
    cause = seen.course.deaths()[1]
    relapsed = seen.first("relapse") <= seen.died
    group = np.array([CAUSES.index(CAUSE_GROUPS.get(str(word), "other")) for word in cause], dtype=float)
    return np.where(~np.isfinite(seen.died), np.nan, np.where(relapsed, 0.0, group))


def _exact_cause(seen: Seen, *words: str) -> Floats:
    cause = seen.course.deaths()[1]
    free = ~(seen.first("relapse") <= seen.died)
    return np.where(np.isin(cause, words) & free, seen.died, NEVER)


def _under(seen: Seen, quantity: str, level: float) -> Any:
    """Where the report of a count lies below a level; a report at the detection limit means below it."""
    value = seen.course.values[f"reported_{quantity}"]
    return value < level * (1 + AT_LIMIT) if quantity == "neutrophils" and level <= LEAST_REPORTED else value < level


def _below(seen: Seen, level: str) -> Floats:
    """Days with neutrophils below a level, from conditioning to recovery or day 60."""
    return (_under(seen, "neutrophils", float(level)) & seen.course.living & seen.days(-30, 60)).sum(axis=1)


def _onset_below(seen: Seen, quantity: str, level: str) -> Floats:
    low = _under(seen, quantity, float(level)) & seen.course.living & seen.days(-30, 60)
    return np.where(low.any(axis=1), seen.course.days[low.argmax(axis=1)], NEVER)


def _white_below(seen: Seen, level: str) -> Floats:
    c = seen.course
    white = c.neutrophils + c.monocytes + c.t_cells + c.nk_cells + c.b_cells
    return ((white < float(level)) & c.living & seen.days(-30, 60)).sum(axis=1)


def _lowest(seen: Seen, quantity: str, first: str, last: str) -> Floats:
    kept = np.where(seen.course.living, seen.course.values[f"reported_{quantity}"], np.inf)
    return kept[:, seen.days(float(first), float(last))].min(axis=1)


def _rise(seen: Seen, quantity: str, level: str) -> Floats:
    value = _lymphocytes(seen.course, quantity)
    high = (value >= float(level)) & seen.course.living & (seen.course.days >= BEFORE)
    return np.where(high.any(axis=1), seen.course.days[high.argmax(axis=1)], NEVER)


def _lymphocytes(course: Course, quantity: str) -> Any:
    return course.t_cells + course.nk_cells + course.b_cells if quantity == "alc" else course.values[quantity]


def _level(seen: Seen, quantity: str, day: str) -> Floats:
    if quantity != "alc":
        return seen.level(quantity, int(day))
    return seen.level("t_cells", int(day)) + seen.level("nk_cells", int(day)) + seen.level("b_cells", int(day))


def _units(seen: Seen, what: str, first: str, last: str) -> Floats:
    given = seen.course.values[f"{what}_units"]
    return (given * seen.days(float(first), float(last))).sum(axis=1)


def _given(seen: Seen, what: str, first: str, last: str) -> Floats:
    given = seen.course.values[f"{what}_units"] > 0
    return (given & seen.days(float(first), float(last))).sum(axis=1)


def _late_fall(seen: Seen, quantity: str, level: str) -> Floats:
    """First visit from day 29 on with a count below a level, in who had recovered."""
    low = _under(seen, quantity, float(level))
    low &= seen.course.living & seen.course.visits & (seen.course.days > 28)
    ready = np.isfinite(PLAIN["plt20" if quantity == "platelets" else "anc500"](seen))
    return np.where(low.any(axis=1) & ready, seen.course.days[low.argmax(axis=1)], NEVER)


def _by_causes(seen: Seen, *groups: str) -> Floats:
    """Day of a death of some groups of causes, without a relapse before."""
    here = np.isin(_cause(seen), [CAUSES.index(group) for group in groups])
    return np.where(here, seen.died, NEVER)


def _early_bacteremia(seen: Seen) -> Floats:
    """First bacteremia before neutrophils have come back."""
    day = seen.first("bacteremia")
    return np.where(day <= PLAIN["anc500"](seen), day, NEVER)


def _late_bacteremia(seen: Seen) -> Floats:
    """First bacteremia after neutrophils have come back, in who had none before."""
    day = seen.first("bacteremia")
    return np.where(day > PLAIN["anc500"](seen), day, NEVER)


def _no_response(seen: Seen) -> Floats:
    """Day on which a first course of steroids is seen to have failed: 28 days after its start."""
    start, change = PLAIN["steroid_start"](seen), _response(seen)
    return np.where(np.nan_to_num(change, nan=-9.0) >= 0, start + 28, NEVER)


def _mucositis(seen: Seen) -> Floats:
    return seen.course.first_day("mucosal_injury", SEVERE_MUCOSITIS, since=0.0)


def _late_acute(seen: Seen) -> Floats:
    """First morning after day 100 with acute GVHD of grade II or more, for the first time or after a week without."""
    ill = (seen.course.ward_gvhd_grade >= 2) & seen.course.living
    lately = np.cumsum(np.pad(ill, ((0, 0), (8, 0))), axis=1)  # mornings of illness so far
    began = ill & (lately[:, 7:-1] == lately[:, :-8]) & (seen.course.days > 100)
    return np.where(began.any(axis=1), seen.course.days[began.argmax(axis=1)], NEVER)


def _cmv(seen: Seen) -> Floats:
    """First CMV test above its limit."""
    tests = seen.chart.measurements.get("cmv_dna")
    found = np.full(seen.patients, NEVER)
    if tests is not None:
        high = (tests.limit >= 0) & (tests.value > 0) & (tests.day >= 0)
        np.minimum.at(found, tests.patient[high], tests.day[high])
    return found


PLAIN: Mapping[str, Callable[[Seen], Any]] = {
    "anc500": _recovery("neutrophils_0.5"),
    "anc1000": _recovery("neutrophils_1.0"),
    "plt20": _recovery("platelets_20"),
    "plt50": _recovery("platelets_50"),
    "death": lambda s: s.died,
    "relapse": lambda s: s.first("relapse"),
    "nrm": _nrm,
    "grfs": _grfs,
    "graft_failure": _failure,
    "primary_failure": _primary,
    "secondary_failure": lambda s: _day_where(criteria.secondary_graft_failure_of(s.chart), ("possible",)),
    "poor_function": lambda s: _day_where(criteria.poor_graft_function_of(s.chart), ("possible",)),
    "acute_gvhd_1_4": lambda s: _known(s.acute["day"]),
    "acute_gvhd_2_4": lambda s: _known(s.acute["day_ii_iv"]),
    "acute_gvhd_3_4": lambda s: _known(s.acute["day_iii_iv"]),
    "highest_grade": _highest,
    "chronic_gvhd": lambda s: s.first("chronic_gvhd"),
    "treated_chronic_gvhd": lambda s: first_days(s.course, "treated_chronic_gvhd"),
    "vod": lambda s: _day_where(criteria.vod_of(s.chart), ("classical", "late_onset")),
    "cmv_significant": lambda s: _known(criteria.cmv_significant_of(s.chart)["day"]),
    "cmv_dna": _cmv,
    "engraftment_syndrome": lambda s: _day_where(criteria.engraftment_syndrome_of(s.chart), ("engraftment_syndrome",)),
    "tma_criteria": lambda s: _day_where(criteria.microangiopathy_of(s.chart), ("tma",)),
    "steroid_start": lambda s: _known(s.steroid["start"]),
    "steroid_response": _response,
    "cause": _cause,
    "cd4_ir_100": _cd4_twice,
    "death_bacteria": lambda s: _exact_cause(s, "bacteremia"),
    "death_fungus": lambda s: _exact_cause(s, "mould"),
    "death_virus": lambda s: _exact_cause(s, "cmv_disease", "respiratory_virus", "viral_reactivation"),
    "infection_death": lambda s: _by_causes(s, "infection"),
    "mucositis34": _mucositis,
    "late_acute": _late_acute,
    "gvhd_death": lambda s: _by_causes(s, "graft-versus-host disease"),
    "early_bacteremia": _early_bacteremia,
    "no_cd4_ir": lambda s: np.where(_cd4_twice(s) > 100, 100.0, NEVER),
    "no_response": _no_response,
    "late_bacteremia": _late_bacteremia,
    "discharge": _discharge,
    "stay": lambda s: _discharge(s) - s.course.days[0],
    "lived_days": lambda s: s.course.living[:, s.days(1, 1e9)].sum(axis=1),
}


WITH: Mapping[str, Callable[..., Any]] = {
    "event": lambda s, kind: s.first(kind),
    "level": _level,
    "rise": _rise,
    "units": _units,
    "given": _given,
    "below": _below,
    "onset_below": _onset_below,
    "white_below": _white_below,
    "lowest": _lowest,
    "cov": lambda s, name: s.course.covariates[name],
    "late_fall": _late_fall,
    "home": _at_home,
    "admission": lambda s, quantity: (
        _lymphocytes(s.course, quantity)[:, 0] if quantity == "alc" else s.course.values[quantity][:, 0]
    ),
}
