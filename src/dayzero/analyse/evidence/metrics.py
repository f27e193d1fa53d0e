"""From the name of a metric to its estimator: ``<endpoint>_<statistic>_<horizon>_<unit>``, or why there is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from dayzero.analyse.evidence.contrasts import contrast
from dayzero.analyse.evidence.measures import (
    Measure,
    incidence,
    median_day,
    median_survival,
    share,
    survival,
    typical,
    value,
)
from dayzero.analyse.evidence.refused import REFUSED
from dayzero.analyse.evidence.registry import registry
from dayzero.analyse.evidence.rows import Finding
from dayzero.analyse.evidence.special import SPECIAL

NONMALIGNANT = re.compile(r"aplastic|thalass|sickle|nonmalignant", re.I)
YEAR, MONTH = 365.25, 30.4375

# Endpoint -> facts of the event, what competes, kind of horizon where none is printed.
INCIDENCES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "agvhd24": (("acute_gvhd_2_4",), ("death",), "acute_gvhd"),
    "agvhd34": (("acute_gvhd_3_4",), ("death",), "acute_gvhd"),
    "agvhd_any": (("acute_gvhd_1_4",), ("death",), "acute_gvhd"),
    "cgvhd": (("chronic_gvhd",), ("death",), "chronic_gvhd"),
    "cgvhd_extensive": (("treated_chronic_gvhd",), ("death",), "chronic_gvhd"),
    "cgvhd_modsev": (("treated_chronic_gvhd",), ("death",), "chronic_gvhd"),
    "nrm": (("nrm",), ("relapse",), "death"),
    "trm": (("nrm",), ("relapse",), "death"),
    "relapse": (("relapse",), ("death",), "relapse"),
    "death": (("death",), (), "death"),
    "bsi": (("event:bacteremia",), ("death",), "organ"),
    "bacterialinf": (("event:bacteremia",), ("death",), "organ"),
    "ifi": (("event:mould_infection",), ("death",), "infection"),
    "cmv_infection": (("cmv_dna",), ("death",), "infection"),
    "cmv_cs": (("cmv_significant",), ("death",), "infection"),
    "cmv_disease": (("event:cmv_disease",), ("death",), "infection"),
    "cmv_prophylaxisfailure": (("cmv_significant", "death"), (), "infection"),
    "ptld": (("event:lymphoproliferation",), ("death",), "death"),
    "vod": (("vod",), ("death",), "organ"),
    "ips": (("event:lung_injury_syndrome",), ("death",), "organ"),
    "tma": (("event:microangiopathy",), ("death",), "infection"),
    "aki": (("event:kidney_injury",), ("death",), "organ"),
    "aki_severe": (("event:kidney_injury",), ("death",), "organ"),
    "aki3": (("event:kidney_injury",), ("death",), "organ"),
    "hemcystitis": (("event:hemorrhagic_cystitis",), ("death",), "infection"),
    "mucositis34": (("mucositis34",), (), "organ"),
    "engraftsyndrome": (("engraftment_syndrome",), ("death",), "organ"),
    "cardiac_early": (("event:heart_failure",), ("death",), "organ"),
    "graftfailure": (("graft_failure",), ("relapse", "death"), "graft_failure"),
    "bleeding_significant": (("event:bleeding",), ("death",), "organ"),
    "lateagvhd": (("late_acute",), ("death",), "acute_gvhd"),
    "viralinf": (
        ("cmv_significant", "event:cmv_disease", "event:viral_reactivation", "event:respiratory_virus"),
        ("death",),
        "organ",
    ),
    "infection_modsev": (
        (
            "event:bacteremia",
            "event:mould_infection",
            "cmv_significant",
            "event:viral_reactivation",
            "event:respiratory_virus",
            "event:late_infection",
        ),
        ("death",),
        "death",
    ),
    "death_bacteria": (("death_bacteria",), ("death",), "death"),
    "death_virus": (("death_virus",), ("death",), "death"),
    "death_fungus": (("death_fungus",), ("death",), "death"),
    "irm": (("infection_death",), ("death",), "death"),
    "fatalinfection": (("infection_death",), (), "death"),
    "death_infection": (("infection_death",), (), "death"),
    "death_gvhd": (("gvhd_death",), (), "death"),
    "bsi_preengraft": (("early_bacteremia",), ("death",), "organ"),
    "bsi_neutropenia": (("early_bacteremia",), ("death",), "organ"),
    "progression_g1_to_g24": (("acute_gvhd_2_4",), ("death",), "acute_gvhd"),
    "anc500": (("anc500",), ("death",), "organ"),
    "anc1000": (("anc1000",), ("death",), "organ"),
    "plt20": (("plt20",), ("death",), "organ"),
    "plt50": (("plt50",), ("death",), "organ"),
    "plt_recovery": (("plt20",), ("death",), "organ"),
}
SURVIVALS: Mapping[str, tuple[str, ...]] = {
    "os": ("death",),
    "pfs": ("relapse", "death"),
    "dfs": ("relapse", "death"),
    "efs": ("relapse", "death"),
    "currentlfs": ("relapse", "death"),
    "grfs": ("grfs",),
}
SUBSETS = {"cd4": "cd4", "cd8": "cd8", "cd19": "b_cells", "nk": "nk_cells", "alc": "alc"}

REMARKS: Mapping[str, str] = {
    "cgvhd_extensive": "extensive disease is taken as disease under systemic treatment",
    "cgvhd_modsev": "moderate or severe disease is taken as disease under systemic treatment",
    "aki_severe": "stages of kidney injury are not told apart",
    "aki3": "stages of kidney injury are not told apart",
    "tma": "as the ward documents it, not by a search in every patient",
    "cardiac_early": "heart failure only, of all early cardiac events",
}


def horizon(word: str, kind: str) -> int | None:
    """Last day of a printed horizon.

    >>> horizon("day100", "x"), horizon("2y", "x"), horizon("9mo", "x"), horizon("wk24", "x"), horizon("any", "organ")
    (100, 730, 274, 168, 100)
    """
    found = re.fullmatch(r"day(\d+)|(\d+)mo|(\d+)y|wk(\d+)", word)
    if found:
        day, months, years, weeks = found.groups()
        return int(day or 0) or round(MONTH * int(months or 0)) or round(YEAR * int(years or 0)) or 7 * int(weeks or 0)
    table = registry()["horizon_days_when_not_printed"]
    return {"any": table.get(kind), "longterm": table["longterm"], "inpatient": 35, "final": 100}.get(word)


def measure_of(finding: Finding) -> Measure | str:
    """How a finding is computed, or a sentence saying why it cannot be."""
    name = finding.metric
    if name in REFUSED:
        return REFUSED[name]
    if name in SPECIAL:
        return SPECIAL[name](finding)
    for pattern, build in PATTERNS:
        found = re.fullmatch(pattern, name)
        if found:
            built = build(finding, *found.groups())
            if built is not None:
                return built
    made = contrast(finding)
    return made if made is not None else f"the metric {name} is not among the words this release knows"


def is_known(name: str) -> bool:
    """Whether a metric has its estimator or a written reason against it."""
    made = measure_of(Finding("x", name, donor="MUD vs MSD", population="mixed", age_group="adult"))
    return not (isinstance(made, str) and made.startswith("the metric "))


def _incidence(finding: Finding, endpoint: str, statistic: str, when: str) -> Measure | None:
    if endpoint not in INCIDENCES:
        return None
    parts, rivals, kind = INCIDENCES[endpoint]
    last = horizon(when, kind)
    if last is None:
        return None
    if when == "any" and endpoint in ("nrm", "trm") and finding.donor == "autologous":
        last = registry()["horizon_days_when_not_printed"]["organ"]  # mortality of the transplant itself
    told = (REMARKS[endpoint],) if endpoint in REMARKS else ()
    if when == "any":
        told = (*told, f"the horizon is not printed; day {last} is taken")
    if NONMALIGNANT.search(finding.population):
        rivals = tuple(rival for rival in rivals if rival != "relapse")
    return incidence(parts, rivals, last, remarks=told)


def _survival(finding: Finding, endpoint: str, when: str) -> Measure | None:
    last = horizon(when, "longterm")
    if endpoint not in SURVIVALS or last is None:
        return None
    parts = SURVIVALS[endpoint]
    if NONMALIGNANT.search(finding.population):
        parts = {"os": ("death",), "grfs": ("graft_failure", "acute_gvhd_3_4", "treated_chronic_gvhd", "death")}.get(
            endpoint, ("graft_failure", "death")
        )
    told = () if when != "longterm" else (f"the horizon is not printed; day {last} is taken",)
    return survival(parts, last, remarks=told)


def _recovery(finding: Finding, count: str, kind: str) -> Measure:
    event = {"plt": "plt20", "plt_recovery": "plt20"}.get(count, count)
    cord = "UCB" in finding.donor or "CB" in finding.graft
    over_all = "over all" in finding.notes or (count == "plt50" and cord)
    return median_day(event, 365 if over_all else 120 if not cord else 180, over_all, kind == "mean")


def _level(finding: Finding, subset: str, kind: str, when: str) -> Measure:
    last = horizon(when.replace("month", "") + "mo" if when.startswith("month") else when, "x") or 100
    return typical(f"level:{SUBSETS[subset]}:{last}", last, 1000.0, mean=kind == "mean")


def _threshold(finding: Finding, subset: str, level: str, unit: str) -> Measure:
    number = _normal(subset, finding) if level == "normal" else float(level[2:])
    scale = MONTH if unit == "month" else 1.0
    told = ("the true count is followed daily; studies saw visits",)
    name = f"rise:{SUBSETS[subset]}:{number / 1000:g}"
    made = median_day(name, 730, over_all=True, unit=scale)
    return Measure(made.figure, made.needs, made.last, made.estimator, "days", remarks=told)


def _share_above(finding: Finding, subset: str, level: str, day: str) -> Measure:
    number = float(level) / 1000
    name = f"level:{SUBSETS[subset]}:{day}"
    return share([name], int(day), lambda f: _where_known(f[name], f[name] > number), "share of the living")


def _share_normal(finding: Finding, subset: str, word: str, day: str) -> Measure:
    number = _normal(subset, finding) / 1000
    name = f"level:{SUBSETS[subset]}:{day}"
    return share(
        [name],
        int(day),
        lambda f: _where_known(f[name], f[name] >= number),
        "share of the living in the normal range",
        remarks=("lower limits of normal by the registry table",),
    )


def _where_known(told: Any, test: Any) -> Any:
    import numpy as np

    return np.where(np.isnan(told), np.nan, test)


def _normal(subset: str, finding: Finding) -> float:
    table = registry()["normal_per_ul"]
    return float(table["child" if finding.age_group.startswith("child") else "adult"][subset])


def _mean_platelets(finding: Finding, day: str) -> Measure:
    return typical(f"level:platelets:{day}", int(day), mean=True)


def _igg(finding: Finding, month: str) -> Measure:
    last = round(MONTH * int(month))
    return typical(f"level:igg:{last}", last, mean=True)


def _full_chimerism(finding: Finding, day: str) -> Measure:
    name = f"level:donor_chimerism_myeloid:{day}"
    return share(
        [name],
        int(day),
        lambda f: _where_known(f[name], f[name] >= 95),
        "donor myeloid cells 95 % or more, of the living",
        remarks=("myeloid cells stand for whole blood",),
    )


def _t_chimerism(finding: Finding, day: str) -> Measure:
    return typical(f"level:donor_chimerism_t_cell:{day}", int(day))


def _t_below_half(finding: Finding, day: str) -> Measure:
    name = f"level:donor_chimerism_t_cell:{day}"
    return share(
        [name], int(day), lambda f: _where_known(f[name], f[name] < 50), "donor T cells below 50 %, of the living"
    )


def _median_pfs(finding: Finding, endpoint: str) -> Measure:
    landmark = re.search(r"about day (\d+)", finding.notes)
    return median_survival(SURVIVALS[endpoint], 2900, int(landmark.group(1)) if landmark else 0, MONTH)


def _transfused(finding: Finding, what: str, share_of: str, to: str) -> Measure:
    cells = "red_cell" if what == "rbc" else "platelet"
    last = int(to) if to else 100
    name = f"units:{cells}:-10:{last}"
    return share([name], last, lambda f: f[name] > 0, f"share given any by day {last}")


def _units(finding: Finding, what: str, kind: str, to: str) -> Measure:
    cells = "red_cell" if what == "rbc" else "platelet"
    last = int(to) if to else 100
    name = f"units:{cells}:-10:{last}"
    made = typical(name, last, mean=kind == "mean")
    return Measure(made.figure, made.needs, last, f"{kind} units by day {last} over all patients", "level")


Build = Callable[..., Measure | None]
PATTERNS: tuple[tuple[str, Build], ...] = (
    (r"(anc500|anc1000|plt20|plt50|plt_recovery)_(median|mean)_day", _recovery),
    (r"(cd4|cd8|cd19|nk|alc)_(median|mean)_per_ul_(day\d+|month\d+)", _level),
    (r"(cd4|cd8|cd19|nk)_(gt\d+|normal)_median_(day|month)", _threshold),
    (r"(cd4)_above_(\d+)_day(\d+)_pct", _share_above),
    (r"(cd4|cd8|cd19|nk)_(recovered|normal)_day(\d+)_pct", _share_normal),
    (r"plt_mean_day(\d+)_e9_per_l", _mean_platelets),
    (r"igg_mean_g_per_l_month(\d+)", _igg),
    (r"full_donor_chimerism_day(\d+)_pct", _full_chimerism),
    (r"donor_tcell_chimerism_median_pct_day(\d+)", _t_chimerism),
    (r"cd3_chimerism_below_50_pct_day(\d+)", _t_below_half),
    (r"(pfs)_median_months", _median_pfs),
    (r"(plt|rbc)_(transfused)_pct(?:_day(\d+))?", _transfused),
    (r"(plt|rbc)_units_(median|mean)(?:_day(\d+))?", _units),
    (r"(plt|rbc)_(median)_day(\d+)_units", _units),
    (r"(os|pfs|dfs|efs|currentlfs|grfs)_(\d+y|\d+mo|longterm)_pct", _survival),
    (r"(.+?)_(cuminc|crude|prevalence|ncf)_(day\d+|\d+mo|\d+y|wk\d+|any|inpatient|final)_pct", _incidence),
)


__all__ = ["INCIDENCES", "Measure", "horizon", "is_known", "measure_of", "value"]
