"""What stands in each section of a patient's status: the criteria, what counts as positive, what else they tell."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dayzero.criteria.chart_engraftment_syndrome import engraftment_syndrome_of
from dayzero.criteria.chart_failure import primary_graft_failure_of
from dayzero.criteria.chart_function import poor_graft_function_of, secondary_graft_failure_of
from dayzero.criteria.chart_gvhd import QUANTITY, DailyGrades, acute_gvhd
from dayzero.criteria.chart_gvhd_treatment import steroid_refractory_of
from dayzero.criteria.chart_indices import ctcae_of, easix_of
from dayzero.criteria.chart_infection import cmv_significant_of, cmv_trigger_of, febrile_neutropenia_of, first_event
from dayzero.criteria.chart_microangiopathy import microangiopathy_of
from dayzero.criteria.chart_outcome import crfs_of, grfs_of, nonrelapse_mortality, relapse_or_death
from dayzero.criteria.chart_vod import vod_of
from dayzero.criteria.chart_vod_editions import vod_by, vod_severity_of
from dayzero.criteria.chimerism import chimerism_of
from dayzero.criteria.chronic_gvhd import SEVERITY
from dayzero.criteria.engraftment import neutrophil_engraftment, platelet_engraftment
from dayzero.criteria.gvhd import GRADE, GRADES
from dayzero.criteria.result import Definition, Judgement
from dayzero.criteria.vod import ADULT_2016
from dayzero.records.chart import LAST_DAY, Chart, Floats

DOCUMENTED = Definition("documented", "as written", "events of the chart", verified=True)
#: Events whose absence an outcome rests on; that a patient lives is known while he is seen.
_NEEDS = {"GRFS": ("relapse", "chronic_gvhd"), "CRFS": ("relapse", "chronic_gvhd")}
NOT_EVALUABLE = "not_evaluable"


class Entry(NamedTuple):
    """One criterion.

    ``judgement`` has at least ``status``, ``day`` and ``note``; ``positive`` are the statuses that say yes; ``tells``
    are further columns with how they are written, ``{}`` being the value.
    """

    section: str
    name: str
    judgement: Judgement
    positive: Collection[str]
    tells: Mapping[str, str]


def graft_entries(chart: Chart, full_rule: str | None) -> Iterator[Entry]:
    dated = {"interval_low": "not before day {}", "interval_high": "not after day {}"}
    for limit in (0.5, 1.0):
        judged = neutrophil_engraftment(chart, limit)
        yield Entry("Engraftment", f"neutrophils {limit}", judged, ("recovered",), dated)
    for limit in (20, 50):
        judged = platelet_engraftment(chart, limit)
        yield Entry("Engraftment", f"platelets {limit}", judged, ("recovered",), dated)
    yield Entry("Engraftment", "primary graft failure", primary_graft_failure_of(chart), ("graft_failure",), {})
    yield Entry("Engraftment", "secondary graft failure", secondary_graft_failure_of(chart), (), {})
    yield Entry("Engraftment", "poor graft function", poor_graft_function_of(chart), (), {})
    shares = {"whole": "{} % of whole blood", "myeloid": "{} % myeloid", "t_cell": "{} % T cells"}
    yield Entry("Chimerism", "donor chimerism", chimerism_of(chart, full_rule), ("full",), shares)


def gvhd_entries(
    chart: Chart, graded: DailyGrades, weight: Floats | None, recorded: Collection[str]
) -> Iterator[Entry]:
    """Acute GVHD by signs, as documented, and under steroids; chronic GVHD."""
    signs = acute_gvhd(chart, weight_kg=weight, graded=graded)
    told = {"grade": "highest grade {}", "day_ii_iv": "II-IV from day {}", "day_iii_iv": "III-IV from day {}",
            "skin": "skin up to {}", "liver": "liver up to {}", "lower_gut": "lower gut up to {}",
            "followed_to": "signs read to day {}"}  # fmt: skip
    yield Entry("Acute GVHD", "acute GVHD by signs", signs, ("acute_gvhd",), told)
    now = {"grade": "grade {}", "skin": "skin {}", "liver": "liver {}", "lower_gut": "lower gut {}"}
    yield Entry("Acute GVHD", "stages on the last day", _last_stages(chart, graded), (), now)
    if "acute_gvhd" in chart.events:
        written = acute_gvhd(chart, LAST_DAY, source="documented")
        yield Entry("Acute GVHD", "acute GVHD as documented", written, ("acute_gvhd",), told)
    refractory = steroid_refractory_of(chart, weight_kg=weight, graded=graded)
    tells = {"kind": "{}", "start": "steroid from day {}"}
    yield Entry("Acute GVHD", "steroid-refractory", refractory, ("refractory",), tells)
    yield Entry("Chronic GVHD", "chronic GVHD", _documented(chart, "chronic_gvhd", recorded), ("documented",), {})
    yield Entry("Chronic GVHD", "severity (NIH)", _chronic_severity(chart), (), {})


def organs_entries(chart: Chart, limits: Mapping[str, float]) -> Iterator[Entry]:
    section = "VOD/SOS"
    baltimore, late = vod_of(chart), vod_of(chart, by_day=LAST_DAY)
    late = Judgement(ADULT_2016, late.patients, late.columns, late.settings)
    tells = {"possible_day": "a sign from day {}", "documented_day": "documented on day {}"}
    positive = ("classical", "late_onset", "vod")
    yield Entry(section, "Baltimore", baltimore, positive, tells)
    yield Entry(section, "EBMT 2016, adults", late, positive, tells)
    seen = {"possible_day": "a sign from day {}"}
    for edition, name in (("modified Seattle", "modified Seattle"), ("EBMT 2018", "EBMT 2018, children"),
                          ("EBMT 2023", "EBMT 2023, adults")):  # fmt: skip
        yield Entry(section, name, vod_by(chart, edition), positive, seen)
    severity = vod_severity_of(chart, late, upper_limits=limits)
    tells = {"adult_at_least": "adults: {} or worse", "child_at_least": "children: {} or worse"}
    yield Entry(section, "severity at diagnosis", severity, ("graded",), tells)
    tells = {"signs": "{} of 7 signs at once", "documented_day": "documented on day {}"}
    tma = microangiopathy_of(chart, upper_limits=limits)
    yield Entry("TA-TMA", "TA-TMA (harmonised 2023)", tma, ("tma",), tells)
    tells = {"engraftment_day": "neutrophils back on day {}", "documented_day": "documented on day {}"}
    for edition in ("Spitzer", "Maiolino"):
        judged = engraftment_syndrome_of(chart, edition, upper_limits=limits)
        yield Entry("Engraftment syndrome", edition, judged, ("engraftment_syndrome",), tells)


def infection_entries(chart: Chart, cmv_threshold: float | None) -> Iterator[Entry]:
    tells = {"days": "days with it: {}", "highest": "up to {} Celsius", "possible_day": "may be from day {}",
             "documented_day": "documented on day {}"}  # fmt: skip
    fever = febrile_neutropenia_of(chart)
    yield Entry("Infection", "febrile neutropenia", fever, ("febrile_neutropenia",), tells)
    tells = {"detected_day": "first detected on day {}", "highest": "up to {} IU/mL"}
    yield Entry("Infection", "CMV over the threshold", cmv_trigger_of(chart, cmv_threshold), ("start",), tells)
    cmv = cmv_significant_of(chart)
    yield Entry("Infection", "CMV, clinically significant", cmv, ("significant",), {"kind": "{}"})


def indices_entries(chart: Chart) -> Iterator[Entry]:
    tells = {"pre": "{} before day 0", "last": "last {}", "highest": "highest {}", "highest_day": "(day {})"}
    yield Entry("Indices", "EASIX", easix_of(chart), ("high",), tells)
    for count in ("neutrophils", "platelets"):
        tells = {"days_grade_3": "days of grade 3: {}", "days_grade_4": "days of grade 4: {}", "last": "last grade {}"}
        judged = ctcae_of(chart, count)
        yield Entry("CTCAE 5.0", f"low {count}", judged, ("grade 3", "grade 4"), tells)


def outcome_entries(
    chart: Chart, graded: DailyGrades, weight: Floats | None, recorded: Collection[str]
) -> Iterator[Entry]:
    """First events, where their kinds are recorded."""
    signs = any(name in chart.measurements for name in QUANTITY.values())
    source = "signs" if signs or "acute_gvhd" not in chart.events else "documented"
    grfs = grfs_of(chart, source=source, weight_kg=weight, graded=graded)
    judged = {
        "relapse or death": relapse_or_death(chart),
        "non-relapse mortality": nonrelapse_mortality(chart),
        "GRFS": grfs,
        "CRFS": crfs_of(chart),
    }
    for name, judgement in judged.items():
        unknown = [kind for kind in _NEEDS.get(name, ("relapse",)) if kind not in {*chart.events, *recorded}]
        known = _unrecorded(judgement, unknown) if unknown else judgement
        tells = {"kind": "{}"} | ({"cause": "of {}"} if "cause" in known.columns else {})
        yield Entry("Outcome", name, known, ("event",), tells)


def _unrecorded(judgement: Judgement, kinds: Sequence[str]) -> Judgement:
    """The same where the chart records some kinds of event of nobody: what came first is not known."""
    count = len(judgement)
    words = np.full(count, _no_record(*kinds))
    columns: dict[str, NDArray[Any]] = {
        "status": np.full(count, NOT_EVALUABLE),
        "day": np.full(count, np.nan),
        "kind": np.full(count, ""),
        "note": words,
    }
    return Judgement(judgement.definition, judgement.patients, columns, judgement.settings)


def _no_record(*kinds: str) -> str:
    named = " or ".join(kind.replace("_gvhd", " GVHD") for kind in kinds)
    return f"the chart holds no {named} of anybody: not recorded, or none"


def _documented(chart: Chart, kind: str, recorded: Collection[str]) -> Judgement:
    """Whether an event stands on the chart."""
    day = first_event(chart, kind)
    is_kept = kind in {*chart.events, *recorded}
    has = ~np.isnan(day)
    columns: dict[str, NDArray[Any]] = {
        "status": np.where(has, "documented", "not_documented" if is_kept else NOT_EVALUABLE),
        "day": day,
        "note": np.full(len(day), "" if is_kept else _no_record(kind)),
    }
    return Judgement(DOCUMENTED, chart.patients, columns, {"kind": kind})


def _chronic_severity(chart: Chart) -> Judgement:
    """The NIH severity needs scores of the organs, which charts do not hold."""
    count = len(chart)
    columns: dict[str, NDArray[Any]] = {
        "status": np.full(count, NOT_EVALUABLE),
        "day": np.full(count, np.nan),
        "note": np.full(count, "scores 0-3 of the eight organs are not on charts"),
    }
    return Judgement(SEVERITY, chart.patients, columns)


def _last_stages(chart: Chart, graded: DailyGrades) -> Judgement:
    """Stages and grade of the last day on which a sign was read."""
    count = len(chart)
    last = np.full(count, -1)
    last[graded.patient] = np.arange(len(graded.day))  # rows are in order of day: the last one stays
    has = last >= 0
    names = ("skin", "liver", "lower_gut", "grade", "day")
    picked: dict[str, NDArray[Any]] = {name: np.full(count, np.nan) for name in names}
    for name in names:
        picked[name][has] = getattr(graded, name)[last[has]]
    unread = np.isnan([picked[name] for name in names[:3]])
    grade = picked["grade"]
    picked["grade"] = np.where(np.isnan(grade), "", np.array(GRADES)[np.nan_to_num(grade).astype(int)])
    columns: dict[str, NDArray[Any]] = {
        "status": np.where(has, "staged", NOT_EVALUABLE),
        **picked,
        "note": np.where(has & unread.any(axis=0), "not every organ was read", np.where(has, "", "no sign was read")),
    }
    return Judgement(GRADE, chart.patients, columns)
