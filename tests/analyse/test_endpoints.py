"""When outcomes came: first events of hand-made courses, by the rules that the criteria use on charts."""

from __future__ import annotations

import numpy as np
import pytest

from analyse.made import cohort, die, empty, put
from dayzero.analyse.endpoints import ENDPOINTS, countable, first_days, outcome_counts, outcome_times
from dayzero.analyse.survival import cumulative_incidence
from dayzero.criteria.chart_outcome import grfs_of, nonrelapse_mortality, relapse_or_death
from dayzero.errors import InputError
from dayzero.simulation.observe import observe


def test_relapse_and_death_compete_and_a_relapse_of_the_day_of_death_comes_first() -> None:
    course = empty(days=120)
    put(course, 0, 40, "event_relapse")
    die(course, 0, 90, "relapse_death")
    die(course, 1, 30, "bacteremia")
    put(course, 2, 50, "event_relapse")
    die(course, 2, 50)
    relapse, mortality = (outcome_times(course, name) for name in ("relapse", "non_relapse_mortality"))
    assert relapse.day.tolist() == mortality.day.tolist() == [40, 30, 50, 120]
    assert relapse.kind.tolist() == ["relapse", "death", "relapse", ""]
    assert mortality.kind.tolist() == ["relapse", "non_relapse_mortality", "relapse", ""]


def test_incidences_of_relapse_and_mortality_and_survival_without_either_sum_to_one() -> None:
    course = cohort(patients=60, days=200)
    counts = {name: outcome_counts(course, name) for name in ("relapse", "non_relapse_mortality")}
    ends = [float(cumulative_incidence(counts[name], name).estimate[-1]) for name in counts]
    free = outcome_counts(course, "relapse_free_survival")
    assert sum(ends) + free.censored[-1] / free.patients == pytest.approx(1.0)


def test_gvhd_counts_from_the_morning_its_grade_was_judged() -> None:
    course = empty()
    for day, grade in ((20, 1), (25, 2), (28, 3), (40, 0)):
        course.values["ward_gvhd_grade"][0, day - course.days[0] :] = grade
    assert outcome_times(course, "acute_gvhd_2_4").day[0] == 25
    assert outcome_times(course, "acute_gvhd_3_4").day[0] == 28
    assert outcome_times(course, "acute_gvhd_2_4").kind.tolist() == ["acute_gvhd_2_4", "", "", ""]


def test_what_competes_with_gvhd_is_as_stated() -> None:
    course = empty()
    put(course, 0, 20, "event_relapse")
    put(course, 0, 60, "ward_gvhd_grade", 2.0)
    assert outcome_times(course, "acute_gvhd_2_4").kind[0] == "acute_gvhd_2_4"
    ended = outcome_times(course, "acute_gvhd_2_4", rivals=("relapse", "death"))
    assert (ended.day[0], ended.kind[0]) == (20, "relapse")
    with pytest.raises(InputError, match="no gvhd recorded"):
        outcome_times(course, "acute_gvhd_2_4", rivals=("gvhd",))


def test_grfs_counts_moderate_chronic_gvhd_from_its_systemic_treatment() -> None:
    course = empty(days=300)
    for row in (0, 1):
        put(course, row, 150, "event_chronic_gvhd_moderate")
    put(course, 2, 150, "event_chronic_gvhd_onset")  # mild, on steroids for another reason
    put(course, 2, 160, "steroid_mg_per_kg", 1.0)
    put(course, 0, 140, "steroid_mg_per_kg", 1.0)
    put(course, 0, 170, "steroid_mg_per_kg", 1.0)
    assert first_days(course, "treated_chronic_gvhd").tolist() == [170, np.inf, np.inf, np.inf]
    grfs = outcome_times(course, "grfs")
    assert grfs.day.tolist() == [170, 300, 300, 300]
    assert outcome_counts(course, "grfs").kinds == tuple(sorted(ENDPOINTS["grfs"].parts))


def test_cmv_counts_when_treated_or_as_disease_and_not_as_a_load() -> None:
    course = empty()
    put(course, 0, 35, "event_cmv_reactivation")
    put(course, 1, 45, "antiviral")
    put(course, 2, 50, "foscarnet")
    put(course, 3, 55, "event_cmv_disease")
    assert outcome_times(course, "cmv_infection").day.tolist() == [120, 45, 50, 55]


def test_graft_failure_is_primary_by_the_criteria_or_a_loss_of_donor_cells() -> None:
    course = empty(reported_neutrophils=np.full((4, 129), 3.0), reported_platelets=np.full((4, 129), 100.0),
                   reported_hemoglobin=np.full((4, 129), 7.0),
                   reported_donor_chimerism_myeloid=np.full((4, 129), 100.0))  # fmt: skip
    course.flags["blood_drawn"][:] = True
    course.flags["chimerism_tested"][:, [course.days.tolist().index(day) for day in (28, 60, 100)]] = True
    late = course.days >= 0
    course.values["reported_neutrophils"][0, late] = 0.1
    course.values["reported_platelets"][0, late] = 5.0
    course.values["reported_donor_chimerism_myeloid"][1, course.days > 50] = 2.0
    course.values["reported_donor_chimerism_myeloid"][2, course.days > 100] = 2.0  # never tested
    assert first_days(course, "graft_failure").tolist() == [30, 60, np.inf, np.inf]


def test_infections_before_the_infusion_are_not_counted_and_the_first_one_after_it_is() -> None:
    course = empty()
    put(course, 0, -3, "event_bacteremia")
    put(course, 0, 12, "event_bacteremia")
    put(course, 1, -3, "event_bacteremia")
    assert outcome_times(course, "bacteremia").day.tolist() == [12, 120, 120, 120]


def test_who_died_before_the_infusion_does_not_count() -> None:
    course = empty()
    die(course, 0, -2)
    assert outcome_times(course, "overall_survival").counted.tolist() == [False, True, True, True]
    assert outcome_counts(course, "overall_survival").patients == 3


def test_nothing_counts_after_a_death() -> None:
    course = empty()
    die(course, 0, 30)
    for name in ("event_bacteremia", "event_relapse", "antiviral", "ward_gvhd_grade"):
        course.values[name][0, course.days > 30] = 3.0  # frozen numbers
    for name in ("bacteremia", "relapse", "cmv_infection", "acute_gvhd_3_4"):
        assert (outcome_times(course, name).day[0], outcome_times(course, name).kind[0]) == (30, "death")


def test_endpoints_of_donors_and_of_cancer_are_for_their_own_patients() -> None:
    own, benign = countable(empty("auto-mel200-myeloma")), countable(empty("aplastic-anemia-sibling-marrow"))
    assert {"acute_gvhd_2_4", "grfs", "cmv_infection"}.isdisjoint(own)
    assert {"relapse", "bacteremia", "vod"} <= set(own)
    assert {"relapse", "relapse_free_survival"}.isdisjoint(benign)
    assert {"grfs", "non_relapse_mortality"} <= set(benign)


def test_the_days_agree_with_what_the_criteria_read_from_the_chart() -> None:
    course = cohort(patients=80, days=300)
    chart = observe(course)
    pairs = {
        "relapse_free_survival": relapse_or_death(chart),
        "non_relapse_mortality": nonrelapse_mortality(chart),
        "grfs": grfs_of(chart, acute_by_day=300, source="documented"),
    }
    for name, judged in pairs.items():
        own = outcome_times(course, name)
        happened = own.kind != ""
        assert np.array_equal(happened, judged["kind"] != ""), name
        assert happened.any()
        assert own.day[happened].tolist() == judged.day[happened].tolist(), name


def test_an_unknown_endpoint_names_the_nearest_and_what_was_not_recorded_is_said() -> None:
    course = empty()
    with pytest.raises(InputError, match="did you mean relapse"):
        outcome_times(course, "relaps")
    few = {name: course.values[name] for name in ("alive", "died_of")}
    bare = type(course)(course.patients, course.days, few, course.covariates, course.flags, course.record)
    assert countable(bare) == ("overall_survival",)
    with pytest.raises(InputError, match="no relapse recorded"):
        outcome_times(bare, "relapse")
