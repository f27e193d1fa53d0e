"""Incidences and survivals of published data sets against R's cmprsk and survival (see tests/known_answers)."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dayzero.analyse.outcomes import curve_of
from dayzero.analyse.survival import Curve, DayCounts, cumulative_incidence, kaplan_meier
from dayzero.criteria import acute_gvhd_of, nonrelapse_mortality, relapse_or_death
from dayzero.criteria.result import Judgement
from dayzero.records.chart import LAST_DAY
from dayzero.records.sources import read_bmt, read_ebmt

DATA = Path(__file__).parents[3] / "shared" / "data"
ANSWERS = Path(__file__).parents[1] / "known_answers" / "survival.csv"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the published data sets are not beside this checkout")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def answers(name: str, curve: str, what: str) -> dict[float, float]:
    found = {float(r["time"]): float(r["value"]) for r in rows(ANSWERS)
             if (r["set"], r["curve"], r["what"]) == (name, curve, what)}  # fmt: skip
    assert found, f"no known answer for {name}, {curve}, {what}"
    return found


def counted(judged: Judgement) -> DayCounts:
    known = judged.status != "not_evaluable"
    return DayCounts.of(judged.day[known], judged["kind"][known])


def ranked(times: list[float], ends: list[str]) -> tuple[DayCounts, Callable[[float], int]]:
    """Counts by the rank of each distinct time (an estimate changes at events only), and the rank of a time."""
    distinct, day = np.unique(times, return_inverse=True)
    return DayCounts.of(day, ends), lambda time: int(np.searchsorted(distinct, time, side="right")) - 1


def agrees(curve: Curve, name: str, of: str, at: Callable[[float], int] = int) -> None:
    """Estimates to 1e-10; standard errors, those of R's survival, to 1e-9."""
    rising = curve.rising
    for time, value in answers(name, of, "incidence" if rising else "survival").items():
        assert curve.at(at(time))[0] == pytest.approx(value, abs=1e-10)
    if not rising:
        for time, error in answers(name, of, "survival_error").items():
            assert np.sqrt(curve.variance[at(time)]) == pytest.approx(error, abs=1e-9)
        return
    for time, value in answers(name, of, "aalen_johansen").items():
        assert curve.at(at(time))[0] == pytest.approx(value, abs=1e-10)
    for time, error in answers(name, of, "aalen_johansen_error").items():
        assert np.sqrt(curve.variance[at(time)]) == pytest.approx(error, abs=1e-9)


@needs_data
def test_relapse_death_and_gvhd_of_bmt_have_the_incidences_of_r() -> None:
    chart = read_bmt(DATA / "klein-moeschberger")
    died = counted(nonrelapse_mortality(chart))
    agrees(cumulative_incidence(died, "relapse"), "bmt", "relapse")
    agrees(cumulative_incidence(died, "nonrelapse_death"), "bmt", "nonrelapse_death")
    acute = counted(acute_gvhd_of(chart, "I-IV", LAST_DAY, source="documented"))
    assert acute.patients == 137
    agrees(cumulative_incidence(acute, "acute_gvhd"), "bmt", "acute_gvhd")
    agrees(kaplan_meier(counted(relapse_or_death(chart))), "bmt", "relapse_free_survival")


@needs_data
def test_relapse_and_death_of_ebmt4_have_the_incidences_of_r() -> None:
    chart = read_ebmt(DATA / "ebmt")
    died = counted(nonrelapse_mortality(chart))
    assert died.patients == 1595
    agrees(cumulative_incidence(died, "relapse"), "ebmt4", "relapse")
    agrees(cumulative_incidence(died, "nonrelapse_death"), "ebmt4", "nonrelapse_death")


@needs_data
def test_the_first_transition_of_ebmt4_and_ebmt3_has_the_probabilities_of_r() -> None:
    """Some of their times are parts of a day, which keep two events of a day apart."""
    four = rows(DATA / "ebmt" / "ebmt4.csv")
    kinds = {"rec": "recovery", "ae": "adverse_event", "rel": "relapse_first", "srv": "death_first"}
    first = [min(float(r[name]) for name in kinds) for r in four]
    what = [
        next((kinds[name] for name in kinds if r[f"{name}.s"] == "1" and float(r[name]) == day), "")
        for r, day in zip(four, first, strict=True)
    ]
    counts, at = ranked(first, what)
    for kind in kinds.values():
        agrees(cumulative_incidence(counts, kind), "ebmt4", kind, at)
    three = rows(DATA / "ebmt" / "ebmt3.csv")
    recovered = [r["prstat"] == "1" and float(r["prtime"]) <= float(r["rfstime"]) for r in three]
    days = [float(r["prtime" if back else "rfstime"]) for r, back in zip(three, recovered, strict=True)]
    ends = ["platelet_recovery" if back else "relapse_or_death_first" if r["rfsstat"] == "1" else ""
            for r, back in zip(three, recovered, strict=True)]  # fmt: skip
    counts, at = ranked(days, ends)
    for kind in counts.kinds:
        agrees(cumulative_incidence(counts, kind), "ebmt3", kind, at)


@needs_data
@pytest.mark.parametrize(
    ("name", "file", "cause"),
    [("ebmt2", "ebmt/ebmt2", "status"), ("timereg_bmt", "klein-moeschberger/timereg_bmt", "cause")],
)
def test_times_in_fractions_of_months_are_counted_by_their_order(name: str, file: str, cause: str) -> None:
    table = rows(DATA / f"{file}.csv")
    ends = ["" if r[cause] == "0" else f"cause_{r[cause]}" for r in table]
    counts, at = ranked([float(r["time"]) for r in table], ends)
    for kind in counts.kinds:
        agrees(cumulative_incidence(counts, kind), name, kind, at)


@needs_data
def test_the_variance_of_an_incidence_is_near_that_of_cmprsk() -> None:
    """cmprsk has a formula of its own; ours is that of survival (above), some percent lower."""
    counts = counted(nonrelapse_mortality(read_bmt(DATA / "klein-moeschberger")))
    curve = cumulative_incidence(counts, "nonrelapse_death")
    for time, value in answers("bmt", "nonrelapse_death", "variance").items():
        assert curve.variance[int(time)] == pytest.approx(value, rel=0.03)


@needs_data
def test_the_outcomes_of_a_cohort_are_those_estimates() -> None:
    """What `outcomes` prints of a simulated cohort comes from `curve_of`."""
    judged = nonrelapse_mortality(read_bmt(DATA / "klein-moeschberger"))
    kinds = np.where(judged["kind"] == "nonrelapse_death", "non_relapse_mortality", judged["kind"])
    agrees(curve_of("non_relapse_mortality", DayCounts.of(judged.day, kinds)), "bmt", "nonrelapse_death")
    agrees(curve_of("relapse", DayCounts.of(judged.day, kinds)), "bmt", "relapse")
    free = relapse_or_death(read_bmt(DATA / "klein-moeschberger"))
    agrees(curve_of("relapse_free_survival", counted(free)), "bmt", "relapse_free_survival")
