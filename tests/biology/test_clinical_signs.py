"""What a ward expects of signs: each damage shows where it should, at the borders of the stages it is judged by."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from biology.test_organ_toxicity import changes_what_is_told, each_parameter, live, people
from dayzero.biology import clinical_signs

CALM: dict[str, Any] = {"filtration": 1.0}
READ = {name for coupled in clinical_signs.COUPLED.values() for name in coupled.needs} | set(clinical_signs.NEEDS)


def signs(days: int = 60, who: dict[str, float] | None = None, **causes: Any) -> SimpleNamespace:
    """All signs after so many days of steady causes."""
    p = people(clinical_signs, **(who or {}))
    now = dict.fromkeys(READ, 0.0) | CALM | causes
    course = live(clinical_signs, p, lambda day: now, 0, days)
    y, s = course.states[-1], SimpleNamespace(**now)
    coupled = {name: c.of(y, p, s) for name, c in clinical_signs.COUPLED.items()}
    return SimpleNamespace(**clinical_signs.signals(y, p), **coupled)


HEALTHY = signs()


@each_parameter(clinical_signs)
def test_each_parameter_changes_a_sign(organ: Any, name: str) -> None:
    assert changes_what_is_told(organ, name)


def test_a_coupled_sign_is_offered_what_it_reads() -> None:
    p = people(clinical_signs)
    y = clinical_signs.start(p, 2)
    for name, coupled in clinical_signs.COUPLED.items():
        assert np.isfinite(coupled.of(y, p, SimpleNamespace(**dict.fromkeys(coupled.needs, 0.5)))), name


def test_a_healthy_adult_has_normal_signs() -> None:
    assert HEALTHY.rash == 0 and HEALTHY.oxygen_need == 0 and HEALTHY.ascites == 0 and HEALTHY.weight_gain == 0
    assert HEALTHY.stool_volume < 200
    assert 36 < HEALTHY.temperature < 37.2
    assert HEALTHY.bilirubin < 1.2 and 0.6 < HEALTHY.creatinine < 1.2
    assert HEALTHY.alt < 40 and HEALTHY.ldh < 250 and 3.5 < HEALTHY.albumin < 5
    assert 100 < HEALTHY.systolic_pressure < 140
    assert HEALTHY.urine_protein < 0.2 and HEALTHY.fev1 >= 80


@pytest.mark.parametrize(("damage", "low", "high"), [(0.08, 7, 15), (0.25, 35, 45), (0.4, 55, 65), (0.7, 82, 95)])
def test_rash_stands_at_the_borders_of_stages(damage: float, low: float, high: float) -> None:
    assert low < signs(skin_damage=damage).rash < high


@pytest.mark.parametrize(("damage", "volume"), [(0.2, 500), (0.4, 1000), (0.6, 1500)])
def test_stool_stands_at_the_borders_of_stages(damage: float, volume: float) -> None:
    assert signs(gut_damage=damage).stool_volume == pytest.approx(volume, rel=0.05)


def test_stool_of_a_child_is_counted_by_weight() -> None:
    child = signs(who={"age_years": 4.0, "weight_kg": 16.0}, gut_damage=0.2).stool_volume
    assert child / 16 == pytest.approx(10, rel=0.05)


@pytest.mark.parametrize(("damage", "level"), [(0.25, 2), (0.4, 3.2), (0.6, 6), (0.85, 15)])
def test_bilirubin_stands_at_the_borders_of_stages(damage: float, level: float) -> None:
    assert signs(liver_damage=damage).bilirubin == pytest.approx(level, rel=0.1)


def test_mucositis_adds_stool_but_is_no_graft_versus_host_disease() -> None:
    assert HEALTHY.stool_volume + 100 < signs(mucosal_injury=0.5).stool_volume < 500


WORSE = {
    "skin_damage": {"rash": 1},
    "gut_damage": {"stool_volume": 1, "albumin": -1},
    "liver_damage": {"bilirubin": 1, "alt": 1},
    "mucosal_injury": {"stool_volume": 1},
    "vod_activity": {"bilirubin": 1, "weight_gain": 1, "ascites": 1, "alt": 1, "ldh": 1, "albumin": -1},
    "sinusoid_injury": {"alt": 1},
    "tma_activity": {"ldh": 1, "systolic_pressure": 1, "urine_protein": 1},
    "lung_activity": {"oxygen_need": 1, "fev1": -1, "ldh": 1},
    "lung_injury": {"fev1": -1},
    "heart_activity": {"oxygen_need": 1, "weight_gain": 1},
    "chronic_gvhd": {"fev1": -1},
    "engraftment_syndrome_activity": {"rash": 1, "temperature": 1, "weight_gain": 1, "oxygen_need": 1, "bilirubin": 1},
    "infection": {"bilirubin": 1, "albumin": -1, "ldh": 1, "systolic_pressure": -1},
    "fever_source": {"temperature": 1},
    "cytokine_release": {"temperature": 1},
    "inflammation": {"albumin": -1, "ldh": 1},
    "calcineurin": {"systolic_pressure": 1, "urine_protein": 1},
    "steroid_mg_per_kg": {"systolic_pressure": 1},
}


def test_every_cause_is_tried() -> None:
    assert set(WORSE) == READ - {"filtration"}


@pytest.mark.parametrize("cause", WORSE)
def test_more_of_a_cause_moves_its_signs_further_and_no_others(cause: str) -> None:
    found = [signs(**{cause: amount}) for amount in (0.0, 0.2, 0.5, 0.9)]
    for sign in vars(HEALTHY):
        steps = np.diff([getattr(s, sign) for s in found])
        wanted = WORSE[cause].get(sign)
        assert np.all(steps * wanted >= 0) and steps[-1] * wanted > 0 if wanted else np.all(steps == 0), sign


def test_lost_filtration_raises_creatinine_and_weight() -> None:
    half = signs(filtration=0.5)
    assert half.creatinine == pytest.approx(2 * HEALTHY.creatinine)
    assert half.weight_gain > 1


def test_severe_veno_occlusive_disease_meets_its_criteria_and_mild_meets_fewer() -> None:
    def course(depth: float) -> SimpleNamespace:
        p = people(clinical_signs)
        activity = lambda day: depth * np.exp(-max(day, 0) / 14) * (day >= 0)  # noqa: E731
        lived = live(clinical_signs, p, lambda day: CALM | {"vod_activity": activity(day)}, -3, 20)
        return SimpleNamespace(
            bilirubin=max(y.bilirubin for y in lived.states), weight=max(y.fluid for y in lived.states)
        )

    mild, severe = course(0.35), course(0.9)
    assert 2 < mild.bilirubin < 5 < severe.bilirubin
    assert mild.weight < 5 < 9 < severe.weight


def test_engraftment_syndrome_shows_fever_rash_and_fluid() -> None:
    syndrome = signs(days=4, engraftment_syndrome_activity=1.0)
    assert syndrome.temperature > 38.3 and syndrome.rash > 25 and syndrome.weight_gain > 2.5


def test_infection_brings_fever() -> None:
    assert 38.3 < signs(fever_source=1.0).temperature < 40
    assert signs(fever_source=20.0).temperature < 41


def test_microangiopathy_reaches_its_criteria() -> None:
    ill = signs(tma_activity=1.0, calcineurin=1.0)
    assert ill.ldh > 500 and ill.urine_protein > 1 and ill.systolic_pressure > 140


def test_children_have_lower_pressure_and_creatinine() -> None:
    child = signs(who={"age_years": 4.0, "weight_kg": 16.0, "fat_free_mass_kg": 13.0,
                       "creatinine_clearance_ml_per_min": 40.0})  # fmt: skip
    assert 85 < child.systolic_pressure < 110
    assert child.creatinine < 0.7


def test_lung_disease_of_before_lowers_forced_expiration_below_eighty_percent() -> None:
    assert 60 < signs(who={"pulmonary_risk": 1.0}).fev1 < 80


def test_some_patients_with_chronic_graft_versus_host_disease_lose_much_of_their_lung_function() -> None:
    p = people(clinical_signs, 4000)
    now = dict.fromkeys(READ, 0.0) | {"chronic_gvhd": 2.0}
    fev1 = clinical_signs.COUPLED["fev1"].of(clinical_signs.start(p, 2), p, SimpleNamespace(**now))
    assert 0.03 < np.mean(fev1 < 0.75 * p.fev1_before) < 0.15
