"""Everything a chart allows to be judged, one row a patient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dayzero.criteria.chart_failure import failed_by_chart
from dayzero.criteria.chimerism import chimerism_of
from dayzero.criteria.engraftment import neutrophil_engraftment, platelet_engraftment
from dayzero.criteria.recovery import BELOW, LAST_NADIR_DAY, UNDECIDED, daily
from dayzero.criteria.result import Definition, Judgement
from dayzero.records.chart import Chart, Floats

_JUDGE = Definition(
    "judge",
    "CIBMTR form 2100; ASTCT 2021",
    "CIBMTR Forms Instruction Manual, form 2100; doi:10.1038/s41409-024-02251-0, Table 1",
    verified=True,
)


def judge(
    chart: Chart,
    *,
    max_gap: int = 7,
    followed_to: int = 14,
    full_rule: str | None = None,
    competing: Sequence[str] = ("death", "second_graft"),
) -> Judgement:
    """Judge every chart-level criterion for every patient.

    Columns: ``graft``; status and day for neutrophils 0.5 and 1.0 and platelets 20 and 50 (1e9/L), with the bounds of
    the day where visits are sparse or readings are limits; ``nadir`` of neutrophils (days 0 to 28; ``nadir_censored``:
    it lies below that number); measured days with neutrophils before engraftment (``days_measured``), surely below 0.5
    and 0.1 among them, and at most; ``primary_graft_failure`` (ASTCT-like, see `chart_failure`); last donor chimerism
    with its day and category; ``note``.

    >>> chart = Chart.from_columns({"neutrophils": ([0, 0, 0, 0], [9, 10, 11, 12], [0.1, 0.6, 0.9, 1.2])}, ["A"])
    >>> row = judge(chart).rows()[0]
    >>> row["neutrophils_0.5_day"], row["primary_graft_failure"], row["platelets_20_status"]
    (10, False, 'not_evaluable')
    """
    columns: dict[str, NDArray[Any]] = {"graft": np.array([kind or "" for kind in chart.graft])}
    judged: dict[str, Judgement] = {}
    settings: dict[str, Any] = {"max_gap": max_gap, "followed_to": followed_to, "competing": tuple(competing)}
    for threshold in (0.5, 1.0):
        name = f"neutrophils_{threshold}"
        judged[name] = neutrophil_engraftment(chart, threshold, **settings)
    for threshold in (20, 50):
        name = f"platelets_{threshold}"
        judged[name] = platelet_engraftment(chart, threshold, **settings)
    for name, one in judged.items():
        columns |= {f"{name}_{key}": one[key] for key in ("status", "day", "interval_low", "interval_high")}
    columns["nadir_ambiguous"] = judged["neutrophils_0.5"]["nadir_ambiguous"]
    columns |= _nadir(chart) | _neutropenia(chart, judged["neutrophils_0.5"].day)
    columns["primary_graft_failure"] = failed_by_chart(chart, judged["neutrophils_0.5"], judged["platelets_20"])
    chimerism = chimerism_of(chart, full_rule)
    columns |= {"donor_chimerism": chimerism["whole"], "chimerism_day": chimerism.day}
    columns["chimerism_category"] = np.where(chimerism.status == "not_evaluable", "", chimerism.status)
    columns["note"] = _notes(judged, "platelets" in chart.measurements)
    return Judgement(_JUDGE, chart.patients, columns, {**settings, "full_rule": full_rule})


def _nadir(chart: Chart) -> dict[str, NDArray[Any]]:
    """Lowest neutrophils of days 0 to 28 and the first day of them."""
    seen = daily(chart.column("neutrophils"), 0.5)
    early = seen.day <= LAST_NADIR_DAY
    patient, day, value, censored = seen.patient[early], seen.day[early], seen.value[early], seen.censored[early]
    lowest = np.full(len(chart), np.inf)
    np.minimum.at(lowest, patient, value)
    at_lowest = value == lowest[patient]
    first = np.full(len(chart), np.inf)
    np.minimum.at(first, patient[at_lowest], day[at_lowest])
    is_limit = np.zeros(len(chart), bool)
    is_limit[patient[at_lowest & (day == first[patient]) & censored]] = True
    missing = np.isinf(lowest)
    return {
        "nadir": np.where(missing, np.nan, lowest),
        "nadir_censored": is_limit,
        "nadir_day": np.where(missing, np.nan, first),
    }


def _neutropenia(chart: Chart, engrafted: Floats) -> dict[str, NDArray[Any]]:
    """Measured days below 0.5 and 0.1 before engraftment (all measured days where there is none)."""
    until = np.where(np.isnan(engrafted), np.inf, engrafted - 1)
    counts: dict[str, NDArray[Any]] = {}
    for threshold in (0.5, 0.1):
        seen = daily(chart.column("neutrophils"), threshold, until)
        measured = np.bincount(seen.patient, minlength=len(chart))
        unseen = np.bincount(chart.column("neutrophils").patient, minlength=len(chart)) == 0
        sure = np.bincount(seen.patient[seen.state == BELOW], minlength=len(chart))
        most = sure + np.bincount(seen.patient[seen.state == UNDECIDED], minlength=len(chart))
        counts["days_measured"] = np.where(unseen, np.nan, measured)
        counts[f"days_below_{threshold}"] = np.where(unseen, np.nan, sure)
        counts[f"days_below_{threshold}_at_most"] = np.where(unseen, np.nan, most)
    return counts


def _notes(judged: dict[str, Judgement], platelets_measured: bool) -> NDArray[Any]:
    """What is to know about neutrophils 0.5 and platelets 20, in one line."""
    first, second = judged["neutrophils_0.5"].note, judged["platelets_20"].note
    if not platelets_measured:
        second = np.full(len(first), "")
    notes = np.full(len(first), "", object)
    for at in np.flatnonzero((first != "") | (second != "")):
        said = [f"{word}: {note}" for word, note in (("neutrophils", first[at]), ("platelets", second[at])) if note]
        notes[at] = ". ".join(said)
    return notes.astype(str)
