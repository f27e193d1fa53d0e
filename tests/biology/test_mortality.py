"""What a transplant physician expects of deaths without one cause: comorbidity, age, strain and the life table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from biology.test_organ_toxicity import calcineurin, changes_what_is_told, each_parameter, incidence, live, people
from dayzero.biology import mortality


def frailty(**who: Any) -> float:
    return float(people(mortality, **who).frailty)


def lived(years: int = 1, inflammation: float = 0.5, taking_calcineurin: bool = True, **who: Any) -> Any:
    """A transplant whose inflammation fades over 25 days, with or without a calcineurin inhibitor."""
    p = people(mortality, **who)
    return live(
        mortality,
        p,
        lambda day: {
            "inflammation": inflammation * np.exp(-max(day, 0) / 25),
            "endothelial_injury": 0.38 * calcineurin(day) * taking_calcineurin,
        },
        0,
        365 * years,
    )


@each_parameter(mortality)
def test_each_parameter_of_mortality_matters(organ: Any, name: str) -> None:
    assert changes_what_is_told(organ, name)


def test_frailty_is_about_one_at_fifty_with_little_comorbidity() -> None:
    assert frailty(hct_ci=1.5) == pytest.approx(1)
    assert frailty(hct_ci=1.0) < 1 < frailty(hct_ci=2.0)


def test_frailty_rises_with_comorbidity_age_and_poor_performance() -> None:
    assert frailty(hct_ci=0.0) < frailty(hct_ci=1.0) < frailty(hct_ci=3.0)
    assert frailty(age_years=30.0) < frailty(age_years=50.0) < frailty(age_years=70.0)
    assert frailty(karnofsky=80.0) == pytest.approx(frailty() * np.exp(0.15))
    assert frailty(karnofsky=100.0) == frailty(karnofsky=90.0)


def test_children_are_less_frail_than_adults_and_infants_no_less_than_children() -> None:
    assert frailty(age_years=1.0) == frailty(age_years=8.0) < frailty(age_years=20.0)


def test_chemotherapy_before_makes_frail_and_better_care_less_so() -> None:
    assert frailty(chemotherapy_lines=0.0) < frailty() < frailty(chemotherapy_lines=2.0)
    assert frailty(supportive_care=1.0) < frailty() < frailty(supportive_care=-2.0) < 2 * frailty()


def test_years_of_thalassemia_wear_out_more_than_years_of_sickle_cells_and_the_first_of_neither() -> None:
    def worn(age: float, of: str) -> float:
        return frailty(age_years=age, **{of: age}) / frailty(age_years=age)

    assert worn(1.0, "thalassemia_years") == worn(1.0, "sickle_years") == 1
    assert 1.05 < worn(8.0, "sickle_years") < worn(8.0, "thalassemia_years") < worn(20.0, "thalassemia_years")
    assert 1.5 < worn(20.0, "sickle_years") < worn(20.0, "thalassemia_years")
    assert worn(30.0, "thalassemia_years") == pytest.approx(worn(22.0, "thalassemia_years"))


def test_people_of_one_kind_differ_in_frailty() -> None:
    own = people(mortality, 4000).frailty
    assert np.median(own) == pytest.approx(1, abs=0.03)
    assert np.std(np.log(own)) == pytest.approx(0.3, abs=0.03)


def test_other_deaths_are_about_four_in_a_hundred_thousand_a_day_in_the_first_year() -> None:
    course = lived()
    mean = course.risk["other_death"][-1] / len(course.days)
    assert 3e-5 < mean < 5.5e-5


def test_strain_of_conditioning_and_calcineurin_inhibitor_raises_early_deaths() -> None:
    full, mild = lived(inflammation=0.6), lived(inflammation=0.12)
    autologous = lived(inflammation=0.7, taking_calcineurin=False)
    deaths = [course.risk["other_death"][-1] for course in (full, mild, autologous)]
    assert deaths[0] > deaths[1] > deaths[2]
    assert incidence(autologous, "other_death", 365) < 0.015


def test_late_deaths_leave_most_two_year_survivors_alive_at_ten() -> None:
    course = lived(years=10, age_years=35.0, hct_ci=0.0)
    year = {at: sum(course.risk[n][365 * at] for n in ("other_death", "background_death")) for at in (2, 10)}
    assert 0.93 < np.exp(year[2] - year[10]) < 0.98


@pytest.mark.parametrize(("age", "rate"), [(30.0, 0.0009), (50.0, 0.0047), (70.0, 0.026)])
def test_background_deaths_follow_the_life_table_of_men(age: float, rate: float) -> None:
    assert lived(age_years=age).risk["background_death"][-1] == pytest.approx(rate, rel=0.15)


def test_women_die_later_and_age_goes_on() -> None:
    man, woman = lived(years=8), lived(years=8, male=0.0)
    assert woman.risk["background_death"][-1] < 0.7 * man.risk["background_death"][-1]
    by_year = np.diff(man.risk["background_death"][::365])
    assert by_year[-1] / by_year[0] == pytest.approx(2 ** (7 / 8), rel=0.02)


def test_second_cancers_come_late_to_the_old_and_to_the_irradiated_young() -> None:
    old, young, radiated = (
        lived(years=15, age_years=age, irradiation_gy=gy).risk["second_cancer"][::365]
        for age, gy in ((50.0, 0.0), (10.0, 0.0), (10.0, 12.0))
    )
    assert old[1] < 0.0003 and 0.006 < old[10] < 0.012
    assert young[15] < 0.003 and 0.03 < radiated[15] < 0.07
    at_fifty = lived(years=15, irradiation_gy=12.0).risk["second_cancer"][-1] / old[-1]
    assert 1 < at_fifty < 2 < radiated[15] / young[15]


def test_second_cancers_kill_the_frail_more() -> None:
    p, frail = people(mortality), people(mortality, hct_ci=5.0)
    usual, more = (mortality.fatality(None, who, None)["second_cancer"] for who in (p, frail))
    assert usual == pytest.approx(0.4) and more > usual
