"""What whole cohorts show: mixed and full chimerism, rejection, organs of graft-versus-host disease, times of onset."""

from __future__ import annotations

import numpy as np
import pytest

from dayzero.simulation.course import Course
from dayzero.spec import Plan
from simulation.wards import run

NMA = Plan.load("nma-flu-tbi2")
NOT_MALIGNANT = {"diagnosis": "thalassemia", "status": "not_applicable", "disease_risk": None}


@pytest.fixture(scope="module")
def sibling() -> Course:
    return run("aml-sibling-pbsc", 128, 400)


@pytest.fixture(scope="module")
def converting() -> Course:
    return run(NMA, 512, 370)


@pytest.fixture(scope="module")
def mixed() -> Course:
    return run(NMA.but(patient=NOT_MALIGNANT), 512, 370)


def donor_percent(course: Course, lineage: str, day: int) -> np.ndarray:
    at = int(day - course.days[0])
    return 100 * course.values[f"{lineage}_donor_fraction"][course.living[:, at], at]


def test_mild_conditioning_gives_high_donor_chimerism_soon_and_mixed_for_months(converting: Course) -> None:
    """As after fludarabine and 2 Gy: high degrees of donor engraftment rapidly, mixed for up to 180 days."""
    early = donor_percent(converting, "myeloid", 28)
    assert np.median(early) > 40 and np.mean((early > 5) & (early < 95)) > 0.8
    assert np.median(donor_percent(converting, "myeloid", 365)) > 95


def test_a_non_malignant_disease_leaves_some_patients_mixed_at_a_year(mixed: Course) -> None:
    """Between one in twenty and half keep 20 to 80 % donor myeloid cells."""
    donor = donor_percent(mixed, "myeloid", 365)
    assert 0.05 <= np.mean((donor > 20) & (donor < 80)) <= 0.5


def test_haploidentical_marrow_is_lost_or_takes_over_within_two_months() -> None:
    """Full donor chimerism in nearly all who engraft, though few donor T cells outlive cyclophosphamide."""
    donor = donor_percent(run("haplo-marrow-ptcy", 128, 62), "myeloid", 60)
    assert np.mean((donor > 90) | (donor < 10)) > 0.9 and np.median(donor) > 98


def test_melphalan_leaves_fewer_of_the_patients_t_cells_than_busulfan_does() -> None:
    plan = Plan.load("mds-unrelated-flumel-cni-mtx")
    melphalan, busulfan = (donor_percent(run(plan.but(conditioning=name), 128, 30), "t", 28)
                           for name in ("flu-mel140", "flu-bu2"))  # fmt: skip
    assert np.median(melphalan) > np.median(busulfan) + 5


def test_few_donor_t_cells_at_day_fourteen_tell_of_rejection(converting: Course, mixed: Course) -> None:
    lost, kept = [], []
    for course in (converting, mixed):
        late, early = int(365 - course.days[0]), int(14 - course.days[0])
        alive = course.living[:, late]
        gone = alive & (course.myeloid_donor_fraction[:, late] < 0.05)
        lost += course.t_donor_fraction[gone, early].tolist()
        kept += course.t_donor_fraction[alive & ~gone, early].tolist()
    assert 2 <= len(lost) <= 0.2 * (len(lost) + len(kept))
    assert np.median(lost) < np.median(kept) - 0.1


def test_acute_disease_of_grade_two_or_more_is_mostly_of_skin_and_gut(sibling: Course) -> None:
    """About 70, 50 and 15-20 % involve skin, gut and liver."""
    early = (sibling.days >= 10) & (sibling.days <= 100)
    seen = lambda name: np.where(sibling.living, sibling.values[name], 0)[:, early].max(axis=1)  # noqa: E731
    ill = seen("ward_gvhd_grade") >= 2
    skin, gut, liver = (np.mean(seen(f"{organ}_damage")[ill] > least) for organ, least in
                        (("skin", 0.08), ("gut", 0.2), ("liver", 0.2)))  # fmt: skip
    assert skin > 0.5 and 0.3 < gut < 0.9 and liver < gut


def onsets(course: Course) -> np.ndarray:
    """Days on which chronic disease began."""
    onset = course.first_day("event_chronic_gvhd_onset")
    return onset[np.isfinite(onset)]


def test_chronic_disease_hardly_begins_before_day_eighty(sibling: Course) -> None:
    assert np.mean(onsets(sibling) < 80) < 0.1


def test_chronic_disease_begins_less_and_less_often(sibling: Course) -> None:
    told = onsets(sibling)
    assert len(told) > 30
    first, second = (np.sum((told >= a) & (told < a + 120)) for a in (100, 260))
    assert first > second


def per_thousand(course: Course, first: int, last: float) -> float:
    """Bacteremias per 1,000 days of neutropenia, by the number of the day in neutropenia."""
    low = (course.neutrophils < 0.5) & course.living & (course.days <= 60)
    number = np.cumsum(low, axis=1)
    at_risk = low & (number > first) & (number <= last)
    return 1000 * float((course.event_bacteremia > 0)[at_risk].sum() / at_risk.sum())


def test_bacteremia_becomes_rarer_as_neutropenia_lasts(sibling: Course) -> None:
    """17 and then 9 per 1,000 days after allogeneic transplants."""
    early, late = per_thousand(sibling, 0, 7), per_thousand(sibling, 7, np.inf)
    assert 8 < early < 35
    assert late < early


def test_a_haploidentical_blood_graft_brings_fever_before_cyclophosphamide() -> None:
    hot = {}
    for plan in ("haplo-pbsc-ptcy", "aml-sibling-pbsc"):
        course = run(plan, 128, 10)
        days = (course.days >= 1) & (course.days <= 3)
        hot[plan] = np.mean(course.values["reported_temperature"][:, days].max(axis=1) >= 38)
    assert hot["haplo-pbsc-ptcy"] > hot["aml-sibling-pbsc"] + 0.1
