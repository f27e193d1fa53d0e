"""What a transplant team expects of quality of life: it falls with illness, returns, and is lower with what lasts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from biology.test_organ_toxicity import changes_what_is_told, each_parameter, live, people
from dayzero.biology import quality_of_life

UTILITY = quality_of_life.COUPLED["quality_of_life"]
CALM: dict[str, Any] = dict.fromkeys(UTILITY.needs, 0.0) | {"hemoglobin": 12.0}


def utility(lost_strength: float = 0.0, **causes: float) -> float:
    p = people(quality_of_life)
    return float(UTILITY.of(quality_of_life.State(lost_strength), p, SimpleNamespace(**CALM | causes)))


def course_of(inflammation: Any) -> np.ndarray:
    """Utility from day 0 to 100 of a patient whose inflammation, by day, is given."""
    p = people(quality_of_life)
    lived = live(quality_of_life, p, lambda day: {"inflammation": inflammation(day)}, 0, 100)
    return np.array([UTILITY.of(y, p, SimpleNamespace(**CALM)) for y in lived.states])


@each_parameter(quality_of_life)
def test_each_parameter_changes_the_utility(organ: Any, name: str) -> None:
    assert changes_what_is_told(organ, name)


def test_quality_of_life_falls_by_a_fifth_in_two_weeks_and_mostly_returns_by_day_100() -> None:
    found = course_of(lambda day: 0.6 * np.exp(-day / 25))
    assert 0.12 < 1 - found[14] / found[0] < 0.28
    assert found[100] > found[0] - 0.06
    assert 5 < np.argmin(found) < 30


def test_who_has_no_illness_loses_nothing() -> None:
    assert np.ptp(course_of(lambda day: 0.0)) == 0


@pytest.mark.parametrize("cause", [name for name in UTILITY.needs if name != "hemoglobin"])
def test_each_burden_lowers_the_utility(cause: str) -> None:
    assert utility() > utility(**{cause: 0.5}) > utility(**{cause: 1.0})


def test_anemia_is_felt_below_nine() -> None:
    assert utility(hemoglobin=9.5) == utility() > utility(hemoglobin=8.5) > utility(hemoglobin=7.5)


def test_the_utility_stays_between_nought_and_one() -> None:
    assert utility(1.0, infection=9, gvhd_damage=1, chronic_gvhd=3, steroid_mg_per_kg=4, mucosal_injury=1) == 0
    assert 0 < utility() <= 1
