from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dayzero.analyse.survival import (
    DayCounts,
    cumulative_incidence,
    engraftment_counts,
    kaplan_meier,
)
from dayzero.criteria.engraftment import neutrophil_engraftment, platelet_engraftment
from dayzero.errors import ChartError, InputError
from dayzero.records.chart import Chart

KINDS = ("death", "relapse")
Patients = list[tuple[int, str]]
cohorts = st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["", *KINDS])), min_size=1, max_size=60)

FIVE = DayCounts.of([1, 2, 2, 4, 5], ["relapse", "death", "", "relapse", "death"])


def counted(patients: Patients) -> DayCounts:
    return DayCounts.of([day for day, _ in patients], [kind for _, kind in patients], kinds=KINDS)


def same(a: DayCounts, b: DayCounts) -> bool:
    return a.kinds == b.kinds and np.array_equal(a.events, b.events) and np.array_equal(a.censored, b.censored)


def test_kaplan_meier_of_five_patients_is_what_the_hand_computes() -> None:
    curve = kaplan_meier(DayCounts.of([2, 3, 3, 5, 6], ["death", "", "death", "death", ""]))
    assert curve.at_risk.tolist() == [5, 5, 5, 4, 2, 2, 1]
    np.testing.assert_allclose(curve.estimate, [1, 1, 0.8, 0.6, 0.6, 0.3, 0.3], rtol=1e-14)
    np.testing.assert_allclose(curve.variance[[2, 3, 5]], [0.64 / 20, 0.36 * (1 / 20 + 1 / 12), 0.09 * 19 / 30])
    assert curve.at(2) == pytest.approx((0.8, 0.2038, 0.9692), abs=5e-5)
    assert curve.at(0) == (1, 1, 1)


def test_kaplan_meier_repeats_the_published_table_of_maintained_leukemia() -> None:
    # Miller 1981, Survival Analysis, p. 49; survival and standard errors as printed by R's survfit
    days = [9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161]
    curve = kaplan_meier(DayCounts.of(days, ["d", "d", "", "d", "d", "", "d", "d", "", "d", ""]))
    at = [9, 13, 18, 23, 31, 34, 48]
    np.testing.assert_allclose(curve.estimate[at], [0.909, 0.818, 0.716, 0.614, 0.491, 0.368, 0.184], atol=5e-4)
    errors = [0.0867, 0.1163, 0.1397, 0.1526, 0.1642, 0.1627, 0.1535]
    np.testing.assert_allclose(np.sqrt(curve.variance[at]), errors, atol=5e-5)
    assert curve.median().day == 31


def test_incidences_of_five_patients_are_what_the_hand_computes() -> None:
    relapse, death = (cumulative_incidence(FIVE, kind).estimate for kind in ("relapse", "death"))
    np.testing.assert_allclose(relapse, [0, 0.2, 0.2, 0.2, 0.5, 0.5], rtol=1e-14)
    np.testing.assert_allclose(death, [0, 0, 0.2, 0.2, 0.2, 0.5], rtol=1e-14)


def delta_variance(counts: DayCounts, kind: str, last: int) -> Fraction:
    """The formula of the docstring term by term, in fractions."""
    survival, incidence, terms = Fraction(1), Fraction(0), []
    for day in range(last + 1):
        n, d, k = int(counts.at_risk[day]), int(counts.events[:, day].sum()), int(counts.row(kind)[day])
        if n == 0:
            continue
        incidence += survival * Fraction(k, n)
        terms.append((incidence, survival, n, d, k))
        survival *= 1 - Fraction(d, n)
    total = Fraction(0)
    for then, before, n, d, k in terms:
        gap = incidence - then
        total += gap**2 * Fraction(d, n * (n - d)) if d < n else 0
        total += before**2 * Fraction(k * (n - k), n**3) - 2 * gap * before * Fraction(k, n**2)
    return total


@settings(deadline=None)  # fractions are slow
@given(cohorts)
def test_the_variance_of_an_incidence_is_the_delta_formula_term_by_term(patients: Patients) -> None:
    counts = counted(patients)
    curve = cumulative_incidence(counts, "relapse")
    for day in curve.days:
        assert curve.variance[day] == pytest.approx(float(delta_variance(counts, "relapse", int(day))), abs=1e-14)


@given(cohorts)
def test_without_censoring_the_variances_are_those_of_a_proportion(patients: Patients) -> None:
    counts = counted([(day, kind or "death") for day, kind in patients])
    for curve in (kaplan_meier(counts), cumulative_incidence(counts, "relapse")):
        np.testing.assert_allclose(curve.variance, curve.estimate * (1 - curve.estimate) / len(patients), atol=1e-14)


@given(cohorts, st.integers(0, 60))
def test_two_halves_counted_apart_add_up_to_the_whole(patients: Patients, cut: int) -> None:
    here, there, whole = counted(patients[:cut]), counted(patients[cut:]), counted(patients)
    assert same(here + there, whole)
    assert same(there + here, whole)


@given(cohorts)
def test_incidences_of_all_kinds_and_survival_sum_to_one(patients: Patients) -> None:
    counts = counted(patients)
    total = kaplan_meier(counts).estimate + sum(cumulative_incidence(counts, kind).estimate for kind in KINDS)
    np.testing.assert_allclose(total, 1.0, atol=1e-12)


@given(cohorts)
def test_every_estimate_lies_inside_its_interval(patients: Patients) -> None:
    counts = counted(patients)
    for curve in (kaplan_meier(counts), cumulative_incidence(counts, "relapse")):
        assert np.all((curve.low <= curve.estimate + 1e-12) & (curve.estimate <= curve.high + 1e-12))
        assert np.all((curve.low >= -1e-12) & (curve.high <= 1 + 1e-12))


def test_counts_merge_when_each_part_saw_other_kinds_and_other_days() -> None:
    merged = DayCounts.of([1], ["relapse"]) + DayCounts.of([3, 4], ["death", ""])
    assert merged.kinds == ("death", "relapse")
    assert merged.row("death").tolist() == [0, 0, 0, 1, 0]
    assert merged.row("relapse").tolist() == [0, 1, 0, 0, 0]
    assert merged.censored.tolist() == [0, 0, 0, 0, 1]


def test_the_median_interval_is_where_the_band_passes_one_half() -> None:
    curve = kaplan_meier(DayCounts.of(range(1, 41), ["death"] * 40))
    median = curve.median()
    assert median.day == 20
    assert median.low == np.argmax(curve.low <= 0.5)
    assert median.high == np.argmax(curve.high <= 0.5)
    assert (median.low, median.high) == (14, 26)


def test_a_median_never_reached_is_missing() -> None:
    median = cumulative_incidence(DayCounts.of([3, 9, 9, 9], ["death", "", "", ""]), "death").median()
    assert np.isnan(median.day)
    assert np.isnan(median.high)


def test_when_everybody_had_the_event_the_band_stays_open_to_the_past() -> None:
    curve = cumulative_incidence(DayCounts.of([10, 11, 12], ["e"] * 3), "e")
    assert curve.estimate[12] == 1
    assert curve.low[12] == curve.low[11] < 0.5
    assert cumulative_incidence(DayCounts.of([0, 0], ["e", "e"]), "e").at(0) == (1, 0, 1)


def test_a_cohort_of_millions_does_not_overflow() -> None:
    events, censored = np.array([[0, 2_000_000]]), np.array([0, 2_000_000])
    curve = cumulative_incidence(DayCounts(("e",), events, censored), "e")
    assert curve.variance[1] == pytest.approx(0.25 / 4e6)


def test_a_day_outside_the_follow_up_is_not_known() -> None:
    assert np.isnan(kaplan_meier(FIVE).at(6)).all()
    assert np.isnan(kaplan_meier(FIVE).at(-1)).all()


@pytest.mark.parametrize("day", [-1, 2.5, np.nan])
def test_a_day_that_is_not_whole_is_refused(day: float) -> None:
    with pytest.raises(InputError, match="whole days from 0"):
        DayCounts.of([day], ["death"])


def test_an_unknown_kind_and_a_missing_one_are_refused() -> None:
    with pytest.raises(InputError, match="one of death, relapse"):
        FIVE.row("gvhd")
    with pytest.raises(InputError, match="one a patient"):
        DayCounts.of([1, 2], ["death"])


def chart(**events: Any) -> Chart:
    """A engrafts on day 10, B not by day 12, C never falls, D has no count after the fall."""
    patient, day = [0] * 4 + [1] * 4 + [2] * 4 + [3], [9, 10, 11, 12] * 3 + [9]
    value = [0.1, 0.6, 0.9, 1.2, *[0.1] * 4, *[2.0] * 4, 0.1]
    return Chart.from_columns({"neutrophils": (patient, day, value)}, list("ABCD"), events)


def test_engraftment_is_counted_and_who_never_fell_is_left_out() -> None:
    record = chart()
    counts = engraftment_counts(neutrophil_engraftment(record), record)
    assert counts.kinds == ("death", "engraftment", "second_graft")
    assert counts.patients == 2
    assert counts.row("engraftment").tolist() == [0] * 10 + [1, 0, 0]
    assert counts.censored.tolist() == [0] * 12 + [1]


def test_death_before_engraftment_competes_on_its_own_day() -> None:
    record = chart(death=([1], [20]))
    counts = engraftment_counts(neutrophil_engraftment(record), record)
    assert counts.row("death").tolist() == [0] * 20 + [1]
    assert cumulative_incidence(counts, "engraftment").at(20)[0] == 0.5


def test_a_judgement_of_another_chart_is_refused() -> None:
    record = chart()
    with pytest.raises(ChartError, match="an engraftment judged on this chart"):
        engraftment_counts(platelet_engraftment(record), record.patient("A"))
