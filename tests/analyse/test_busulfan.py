"""Busulfan: levels to clearance, clearance to exposure, exposure to dose; answers known by hand."""

from __future__ import annotations

import math

import pytest

from dayzero.analyse.busulfan import Given, Size, busulfan_fit, level_at
from dayzero.errors import InputError

ADULT = Size.of_surface(1.85)
DOSE = Given(0, 220, 3)


def levels(clearance: float, volume: float, times=(1.5, 3, 4, 6, 8, 10), given=(DOSE,)) -> list[tuple[float, float]]:
    return [(time, float(level_at(time, given, clearance, volume))) for time in times]


def test_levels_follow_the_one_compartment_equations() -> None:
    k = 10 / 40
    assert level_at(3, [DOSE], 10.0, 40.0) == pytest.approx(220 / 30 * (1 - math.exp(-3 * k)))
    assert level_at(7, [DOSE], 10.0, 40.0) == pytest.approx(220 / 30 * (1 - math.exp(-3 * k)) * math.exp(-4 * k))
    assert level_at(0, [DOSE], 10.0, 40.0) == 0
    twice = level_at(30, [DOSE, Given(24, 220, 3)], 10.0, 40.0)
    assert twice == pytest.approx(level_at(30, [DOSE], 10.0, 40.0) + level_at(6, [DOSE], 10.0, 40.0))


def test_the_expected_clearance_is_that_of_the_model() -> None:
    assert pytest.approx(12.4) == ADULT.clearance
    assert Size.of_patient(70, 176, 40, "male").clearance == pytest.approx(12.4, rel=0.05)
    infant = Size.of_patient(8, 70, 0.5, "female").clearance
    assert infant / 8 != pytest.approx(12.4 / 70, rel=0.1)  # neither size nor age alone
    assert infant < 3.5


@pytest.mark.parametrize("clearance", [8.0, 12.0, 17.0])
def test_clearance_is_found_again_from_its_own_levels(clearance: float) -> None:
    fit = busulfan_fit([DOSE], levels(clearance, 41.0), ADULT)
    middle, low, high = fit.clearance_now()
    assert middle == pytest.approx(clearance, rel=0.05)
    assert low < clearance < high
    assert fit.half_life()[0] == pytest.approx(math.log(2) * 41 / clearance, rel=0.08)
    assert fit.auc_of(220)[0] == pytest.approx(220 / clearance, rel=0.05)
    assert fit.strange == ()


def test_one_level_tells_less_than_six() -> None:
    whole, one = (busulfan_fit([DOSE], levels(9.0, 41.0, times), ADULT) for times in ((3, 4, 5, 6, 8, 10), (3,)))
    width = lambda fit: math.log(fit.clearance_now()[2] / fit.clearance_now()[1])  # noqa: E731
    assert width(whole) < 0.6 * width(one)


def test_the_dose_meets_the_target_and_doses_given_are_counted() -> None:
    fit = busulfan_fit([DOSE], levels(11.0, 41.0), ADULT)
    own = fit.clearance_now()[0]
    assert fit.dose_for(22.5, later_day=False) == pytest.approx(22.5 * own)
    rest = fit.rest_of_course(90.0, 3)
    left = (90 - 220 / own) / 3
    assert rest["per_dose_auc_mg_h_l"] == pytest.approx(left)
    assert rest["per_dose_auc_um_min"] == pytest.approx(left * 1000 / 246.3 * 60)
    assert rest["next_dose_mg"] == pytest.approx(left * own * 0.94)
    assert fit.rest_of_course(90.0, 4, counted=[])["per_dose_auc_mg_h_l"] == pytest.approx(22.5)


@pytest.mark.parametrize(("given", "seen", "word"), [
    ([], [(3, 1.0)], "no dose"), ([DOSE], [], "no level"), ([DOSE], [(-1, 1.0)], "time_h"),
    ([DOSE], [(3, -1.0)], "level_mg_per_l"), ([DOSE], [(3, 3000.0)], "level_mg_per_l"),
    ([Given(0, 0, 3)], [(3, 1.0)], "dose_mg"), ([Given(0, 220, 0)], [(3, 1.0)], "infusion_h"),
])  # fmt: skip
def test_impossible_input_is_refused_by_name(given, seen, word: str) -> None:
    with pytest.raises(InputError, match=word):
        busulfan_fit(given, seen, ADULT)


def test_a_target_already_passed_and_an_impossible_size_are_refused() -> None:
    fit = busulfan_fit([DOSE], levels(11.0, 41.0), ADULT)
    with pytest.raises(InputError, match="reached already"):
        fit.rest_of_course(10.0, 2)
    for bad in ({"weight_kg": 7000}, {"sex": "other"}, {"age_years": -1}):
        with pytest.raises(InputError, match=next(iter(bad))):
            Size.of_patient(**({"weight_kg": 70, "height_cm": 175, "age_years": 40, "sex": "male"} | bad))


def test_a_level_that_fits_no_clearance_is_said() -> None:
    seen = levels(11.0, 41.0)
    seen[3] = (6, 10 * seen[3][1])
    assert any("6 h" in sentence for sentence in busulfan_fit([DOSE], seen, ADULT).strange)
