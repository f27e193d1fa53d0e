"""What a transplant physician expects of organs: who gets which complication, when, how often, and who dies of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dayzero.biology import kidney, liver, lung, organ_toxicity
from dayzero.module import Parameter

ORGANS = (organ_toxicity, liver, lung, kidney)
Signals = Callable[[int], Mapping[str, Any]]

# Who they are where a test does not say otherwise.
AVERAGE = {
    "age_years": 50.0, "tissue_risk": 0.0, "ursodiol": 1.0, "cryotherapy": 0.0, "palifermin": 0.0,
    "pulmonary_risk": 0.0, "frailty": 1.0, "weight_kg": 75.0, "male": 1.0, "fat_free_mass_kg": 57.0, "hct_ci": 1.5,
    "karnofsky": 90.0, "irradiation_gy": 0.0, "thalassemia_years": 0.0, "sickle_years": 0.0,
    "chemotherapy_lines": 1.0, "supportive_care": 0.0,
    "creatinine_clearance_ml_per_min": 108.0, "bilirubin_mg_per_dl": 0.7,
}  # fmt: skip


def people(organ: ModuleType, many: int = 0, changed: Mapping[str, float] | None = None, **who: Any) -> SimpleNamespace:
    """Parameters and constants of a typical patient, or of many patients who differ as the parameters say."""
    p = {}
    for name, parameter in organ.PARAMETERS.items():
        p[name] = (changed or {}).get(name, parameter.typical)
        if many and parameter.between_patient:
            z = np.random.default_rng(parameter.stream).standard_normal(many)
            p[name] = p[name] * np.exp(np.sqrt(np.log1p(parameter.between_patient**2)) * z)
    used = {name: (AVERAGE | who)[name] for name in getattr(organ, "USES", {})}
    derived = organ.derive(SimpleNamespace(**p), SimpleNamespace(**used)) if hasattr(organ, "derive") else {}
    return SimpleNamespace(**p | used | derived)


def _step(organ: ModuleType, y: Any, p: Any, s: Any, h: float) -> Any:
    def add(scale: float, dy: Any) -> Any:
        return type(y)(*(a + scale * b for a, b in zip(y, dy, strict=True)))

    k1 = organ.rates(y, p, s)
    k2 = organ.rates(add(h / 2, k1), p, s)
    k3 = organ.rates(add(h / 2, k2), p, s)
    k4 = organ.rates(add(h, k3), p, s)
    slopes = zip(k1, k2, k3, k4, strict=True)
    return add(h / 6, [a + 2 * b + 2 * c + d for a, b, c, d in slopes])


def live(organ: ModuleType, p: Any, signals: Signals, first: int = -8, last: int = 180) -> SimpleNamespace:
    """Days, states of each morning, and integrated hazards by the end of each day; patients without events."""
    y = organ.start(p, 2)
    quiet = dict.fromkeys(organ.NEEDS, 0.0)
    risk = dict.fromkeys(getattr(organ, "HAZARDS", {}), 0.0)
    days, states, risks = [], [], {name: [] for name in risk}
    for day in range(first, last + 1):
        days.append(day)
        states.append(y)
        s = SimpleNamespace(**{**quiet, **{k: v for k, v in signals(day).items() if k in quiet}})
        y = organ.jump(y, p, s) if hasattr(organ, "jump") else y
        before = organ.hazards(y, p, s) if risk else {}
        for _ in range(4):
            y = _step(organ, y, p, s, 0.25)
        after = organ.hazards(y, p, s) if risk else {}
        for name in risk:
            risk[name] = risk[name] + (before[name] + after[name]) / 2
            risks[name].append(np.asarray(risk[name]))
    return SimpleNamespace(days=np.array(days), states=states, risk={k: np.array(v) for k, v in risks.items()})


def incidence(course: SimpleNamespace, name: str, by: int) -> float:
    """Share of patients with an event by a day, where nothing competes."""
    return float(np.mean(1 - np.exp(-course.risk[name][np.flatnonzero(course.days == by)[0]])))


def median_onset(course: SimpleNamespace, name: str) -> float:
    """Day by which half of the events have come."""
    share = (1 - np.exp(-course.risk[name])).reshape(len(course.days), -1).mean(axis=1)
    return float(course.days[np.searchsorted(share, share[-1] / 2)])


def calcineurin(day: int) -> float:
    """At target from the day before infusion, tapered from day 100 to 180."""
    return float(np.clip((180 - day) / 80, 0, 1)) if day >= -1 else 0.0


def everything(day: int) -> dict[str, Any]:
    """A course in which all that organs know of happens: conditioning, events on day 10, illness until day 60."""
    given, ill = 1.0 * (-6 <= day <= -3), 1.0 * (5 <= day < 60)
    known = {name: 0.1 * given for organ in ORGANS for name in organ.NEEDS if name.endswith("_kill")}
    known |= {name: 1.0 * (day == 10) for organ in ORGANS for name in organ.NEEDS if name.startswith("onset_")}
    ward = ("sirolimus", "defibrotide", "foscarnet", "antiviral", "infection", "fever_source", "sinusoid_injury",
            "lung_injury", "lung_activity", "heart_activity", "vod_activity", "tma_activity", "chronic_gvhd",
            "gvhd_damage", "skin_damage", "gut_damage", "liver_damage", "engraftment_syndrome_activity",
            "steroid_mg_per_kg", "mucosal_injury", "cytokine_release")  # fmt: skip
    return known | dict.fromkeys(ward, 0.4 * ill) | {
        "calcineurin": calcineurin(day), "inflammation": 0.5 * ill, "endothelial_injury": 0.3 * ill,
        "neutrophils": 4.0 if not ill else max(0.1, (day - 8) / 5), "t_cells": 0.3, "hemoglobin": 8.5,
        "filtration": 1 - 0.2 * ill,
    }  # fmt: skip


def told(organ: ModuleType, changed: Mapping[str, float] | None = None) -> np.ndarray:
    """All that a file says of a child at risk, a man and a woman through such a course, in one row of numbers."""
    who = {
        "age_years": np.array([4.0, 35.0, 64.0]), "male": np.array([1.0, 1.0, 0.0]),
        "hct_ci": np.array([0.0, 1.0, 4.0]),
        "weight_kg": np.array([16.0, 80.0, 60.0]), "tissue_risk": np.array([0.25, 0.0, 0.1]),
        "pulmonary_risk": np.array([0.0, 0.0, 1.0]), "karnofsky": np.array([90.0, 90.0, 70.0]),
        "cryotherapy": np.array([0.0, 1.0, 0.0]), "palifermin": np.array([1.0, 0.0, 0.0]),
        "irradiation_gy": np.array([12.0, 0.0, 2.0]), "thalassemia_years": np.array([30.0, 0.0, 0.0]),
        "sickle_years": np.array([0.0, 9.0, 0.0]), "chemotherapy_lines": np.array([0.0, 1.0, 3.0]),
        "supportive_care": np.array([1.0, 0.0, -2.0]),
        "frailty": np.array([0.7, 1.0, 1.8]), "fat_free_mass_kg": np.array([13.0, 62.0, 42.0]),
    }  # fmt: skip
    p = people(organ, changed=changed, **who)
    course = live(organ, p, everything, last=90)
    numbers = [np.broadcast_to(np.asarray(x, float), (3,)) for risk in course.risk.values() for x in risk]
    for day, y in zip(course.days, course.states, strict=True):
        s = SimpleNamespace(**everything(int(day)))
        given = dict(organ.signals(y, p)) if hasattr(organ, "signals") else {}
        given |= {name: c.of(y, p, s) for name, c in getattr(organ, "COUPLED", {}).items()}
        given |= organ.fatality(y, p, s) if hasattr(organ, "fatality") else {}
        numbers += [np.broadcast_to(np.asarray(x, float), (3,)) for x in given.values()]
    numbers += [np.broadcast_to(np.asarray(getattr(p, name), float), (3,)) for name in getattr(organ, "CONSTANTS", ())]
    return np.concatenate(numbers)


def each_parameter(*organs: ModuleType) -> Any:
    """Every parameter of these files, as cases of a test."""
    cases = [(organ, name) for organ in organs for name in organ.PARAMETERS]
    return pytest.mark.parametrize(("organ", "name"), cases, ids=lambda x: x if isinstance(x, str) else x.__name__)


def changes_what_is_told(organ: ModuleType, name: str) -> bool:
    usual, parameter = told(organ), organ.PARAMETERS[name]
    assert isinstance(parameter, Parameter) and np.isfinite(usual).all()
    others = [told(organ, {name: parameter.typical * fold}) for fold in (1.5, 1 / 1.5)]
    assert all(np.isfinite(other).all() for other in others)
    return any(np.max(np.abs(other - usual)) > 1e-9 for other in others)


@each_parameter(*ORGANS)
def test_each_parameter_of_an_organ_changes_what_it_tells(organ: ModuleType, name: str) -> None:
    assert changes_what_is_told(organ, name)


@pytest.mark.parametrize("organ", ORGANS, ids=lambda o: o.__name__)
def test_an_organ_gives_what_it_declares(organ: ModuleType) -> None:
    p = people(organ)
    y = organ.start(p, 2)
    s = SimpleNamespace(**dict.fromkeys(organ.NEEDS, 1.0))
    assert set(organ.signals(y, p)) == set(organ.GIVES)
    assert set(organ.hazards(y, p, s)) == set(organ.HAZARDS)
    drawn = {name for name, hazard in organ.HAZARDS.items() if hazard.fatal == "drawn"}
    assert set(organ.fatality(y, p, s) if hasattr(organ, "fatality") else ()) == drawn
    assert type(organ.rates(y, p, s)) is type(y) is type(organ.jump(y, p, s))


@pytest.mark.parametrize("organ", (organ_toxicity, liver, lung), ids=lambda o: o.__name__)
def test_nothing_happens_to_organs_that_nothing_injures(organ: ModuleType) -> None:
    course = live(organ, people(organ), lambda day: {"neutrophils": 4.0}, last=60)
    assert all(np.max(risk) < 1e-9 for risk in course.risk.values())


# Totals of conditioning: days, sinusoid, lung, bladder, heart; allogeneic or not.
REGIMENS = {
    "busulfan and cyclophosphamide": (range(-7, -1), 0.45, 0.30, 0.5, 0.1, True),
    "fludarabine and busulfan": (range(-6, -2), 0.30, 0.25, 0.0, 0.0, True),
    "cyclophosphamide and irradiation": (range(-6, 0), 0.33, 0.50, 0.5, 0.1, True),
    "reduced intensity": (range(-5, -2), 0.12, 0.08, 0.0, 0.0, True),
    "melphalan 200": (range(-2, -1), 0.05, 0.05, 0.0, 0.0, False),
    "cyclophosphamide 200": (range(-5, -1), 0.17, 0.06, 0.8, 0.3, True),
}  # fmt: skip
MANY = 600


def after(regimen: str, **other: Callable[[int], float]) -> Signals:
    """What organs meet after a regimen; calcineurin inhibitor after allogeneic transplants; other signals by day."""
    days, sinusoid, lung_total, bladder, heart, allogeneic = REGIMENS[regimen]

    def signals(day: int) -> dict[str, Any]:
        share = (day in days) / len(days)
        return {
            "sinusoid_kill": sinusoid * share, "lung_kill": lung_total * share, "bladder_kill": bladder * share,
            "heart_kill": heart * share, "calcineurin": calcineurin(day) if allogeneic else 0.0, "neutrophils": 4.0,
            **{name: of(day) for name, of in other.items()},
        }  # fmt: skip

    return signals


def vod(regimen: str, by: int = 100, drugs: Mapping[str, float] | None = None, **who: float) -> float:
    given = {name: lambda day, share=share: share * (day >= 0) for name, share in (drugs or {}).items()}
    return incidence(live(liver, people(liver, MANY, **who), after(regimen, **given), last=by), "vod", by)


def test_veno_occlusive_disease_follows_the_regimen() -> None:
    found = {regimen: vod(regimen) for regimen in REGIMENS}
    assert 0.075 < found["busulfan and cyclophosphamide"] < 0.105
    assert 0.04 < found["fludarabine and busulfan"] < 0.055
    assert 0.045 < found["cyclophosphamide and irradiation"] < 0.07
    assert 0.008 < found["reduced intensity"] < 0.02
    assert found["melphalan 200"] < 0.006
    order = ("melphalan 200", "reduced intensity", "fludarabine and busulfan", "busulfan and cyclophosphamide")
    assert sorted(order, key=found.__getitem__) == list(order)


def test_veno_occlusive_disease_begins_in_the_second_week_and_is_rare_after_a_month() -> None:
    course = live(liver, people(liver, MANY), after("busulfan and cyclophosphamide"))
    assert 8 <= median_onset(course, "vod") <= 16
    assert incidence(course, "vod", 35) > 0.85 * incidence(course, "vod", 180)


def test_inotuzumab_childhood_and_sirolimus_raise_veno_occlusive_disease_and_ursodiol_lowers_it() -> None:
    usual = vod("busulfan and cyclophosphamide")
    assert 1.8 < vod("busulfan and cyclophosphamide", tissue_risk=0.25) / usual < 3.5
    assert 1.2 < vod("busulfan and cyclophosphamide", age_years=5.0) / usual < 2.2
    assert 1.2 < vod("busulfan and cyclophosphamide", ursodiol=0.0) / usual < 2
    assert vod("busulfan and cyclophosphamide", drugs={"sirolimus": 1.0}) > 1.2 * usual


def fate_of_vod(defibrotide: float = 0.0, **who: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Own depth, probability of death, and days from onset to half of the deaths, of patients with the disease."""
    p = people(liver, 4000, **who)
    course = live(liver, p, lambda day: {"onset_vod": float(day == 0), "defibrotide": defibrotide * (day >= 0)}, 0, 100)
    return p.vod_depth, 1 - np.exp(-course.risk["vod_death"][-1]), median_onset(course, "vod_death")


def test_a_third_of_veno_occlusive_disease_is_severe_and_most_of_those_die_untreated() -> None:
    depth, dead, half = fate_of_vod()
    severe = depth > 0.65
    assert 0.30 < severe.mean() < 0.40
    assert 0.5 < dead[severe].mean() < 0.8
    assert dead[~severe].mean() < 0.1
    assert 5 <= half <= 20


def test_defibrotide_spares_four_of_ten_deaths_and_frailty_adds_some() -> None:
    untreated, treated = fate_of_vod()[1], fate_of_vod(defibrotide=1.0)[1]
    ratio = np.log(1 - treated.mean()) / np.log(1 - untreated.mean())
    assert 0.5 < ratio < 0.7
    frail = fate_of_vod(frailty=2.0)[1]
    assert np.allclose(frail, 1 - (1 - untreated) ** 2)


def pneumonia(regimen: str, age: float = 45.0, gvhd: float = 0.0, **who: float) -> float:
    """Share with idiopathic pneumonia syndrome by day 120; graft-versus-host disease from day 25 to 70."""
    signals = after(regimen, gvhd_damage=lambda day: gvhd * (25 <= day < 70))
    people_like = people(lung, MANY, age_years=age, **who)
    return incidence(live(lung, people_like, signals, last=120), "lung_injury_syndrome", 120)


def test_idiopathic_pneumonia_follows_irradiation_intensity_and_age() -> None:
    irradiated = pneumonia("cyclophosphamide and irradiation", gvhd=0.15)
    full, reduced = pneumonia("busulfan and cyclophosphamide"), pneumonia("reduced intensity", age=55, gvhd=0.15)
    assert 0.06 < irradiated < 0.10
    assert 0.03 < full < 0.05
    assert 0.009 < reduced < 0.035
    assert pneumonia("melphalan 200") < 0.01
    assert pneumonia("cyclophosphamide and irradiation", age=58) > 1.7 * pneumonia(
        "cyclophosphamide and irradiation", age=30
    )
    assert pneumonia("busulfan and cyclophosphamide", pulmonary_risk=1.0) > 1.3 * full


def test_severe_graft_versus_host_disease_about_doubles_idiopathic_pneumonia() -> None:
    for regimen, least in (("busulfan and cyclophosphamide", 1.4), ("reduced intensity", 1.8)):
        assert least < pneumonia(regimen, gvhd=0.4) / pneumonia(regimen) < 3


def test_idiopathic_pneumonia_kills_two_of_three_and_the_frail_more() -> None:
    for organ in (lung, kidney):
        p, frail = people(organ), people(organ, frailty=2.0)
        usual, more = organ.fatality(None, p, None), organ.fatality(None, frail, None)
        assert all(more[name] == pytest.approx(1 - (1 - f) ** 2) for name, f in usual.items())
    assert 0.6 <= lung.fatality(None, people(lung), None)["lung_injury_syndrome"] <= 0.75


def heart_failure(regimen: str, age: float) -> float:
    course = live(lung, people(lung, MANY, age_years=age), after(regimen), last=100)
    return incidence(course, "heart_failure", 100)


def test_heart_failure_follows_the_dose_of_cyclophosphamide_and_age() -> None:
    assert 0.05 < heart_failure("cyclophosphamide 200", 45) < 0.13
    assert heart_failure("cyclophosphamide 200", 65) > 1.5 * heart_failure("cyclophosphamide 200", 45)
    assert heart_failure("busulfan and cyclophosphamide", 45) < 0.5 * heart_failure("cyclophosphamide 200", 45)
    assert heart_failure("reduced intensity", 45) == 0


def endothelium(regimen: str) -> Callable[[int], float]:
    """Endothelial injury by day, from the organ that has it."""
    allogeneic = REGIMENS[regimen][-1]
    total = 0.57 if not allogeneic else 0.35
    days = REGIMENS[regimen][0]
    course = live(
        organ_toxicity, people(organ_toxicity),
        lambda day: {"endothelial_kill": total * (day in days) / len(days), "neutrophils": 4.0,
                     "calcineurin": calcineurin(day) * allogeneic}, last=365,
    )  # fmt: skip
    injury = dict(zip(course.days.tolist(), [y.endothelium for y in course.states], strict=True))
    return lambda day: injury[day]


def microangiopathy(regimen: str, gvhd: float = 0.0, sirolimus: float = 0.0) -> float:
    signals = after(
        regimen,
        endothelial_injury=endothelium(regimen),
        sirolimus=lambda day: sirolimus * (0 <= day < 100),
        gvhd_damage=lambda day: gvhd * (25 <= day < 70),
    )
    return incidence(live(kidney, people(kidney, MANY), signals, last=365), "microangiopathy", 365)


def test_microangiopathy_belongs_to_calcineurin_inhibitor_sirolimus_and_graft_versus_host_disease() -> None:
    usual = microangiopathy("busulfan and cyclophosphamide")
    assert 0.012 < usual < 0.04
    assert microangiopathy("busulfan and cyclophosphamide", gvhd=0.4) > 1.4 * usual
    assert microangiopathy("busulfan and cyclophosphamide", sirolimus=1.0) > 1.4 * usual
    assert microangiopathy("melphalan 200") < 0.01


def returning(least: float, day_10: float, slope: float) -> Callable[[int], float]:
    """T cells by day: few until day 10, then rising."""
    return lambda day: 1.2 if day < -6 else least if day < 0 else max(least, day_10 + slope * (day - 10))


T_CELLS = {
    "melphalan 200": returning(0.15, 0.3, 0.03),
    "busulfan and cyclophosphamide": returning(0.03, 0.1, 0.008),
    "fludarabine and busulfan": returning(0.03, 0.1, 0.008),
    "cyclophosphamide 200": returning(0.01, 0.02, 0.003),
}


def cystitis(regimen: str, t_cells: Callable[[int], float] | None = None, **other: Any) -> SimpleNamespace:
    signals = after(regimen, t_cells=t_cells or T_CELLS[regimen], **other)
    return live(kidney, people(kidney, MANY), signals, last=365)


def test_hemorrhagic_cystitis_takes_cyclophosphamide_and_few_t_cells() -> None:
    found = {regimen: incidence(cystitis(regimen), "hemorrhagic_cystitis", 180) for regimen in T_CELLS}
    assert 0.12 < found["busulfan and cyclophosphamide"] < 0.22
    assert found["fludarabine and busulfan"] < 0.6 * found["busulfan and cyclophosphamide"]
    assert found["cyclophosphamide 200"] > 1.3 * found["busulfan and cyclophosphamide"]
    assert found["melphalan 200"] < 0.03
    many = incidence(cystitis("busulfan and cyclophosphamide", lambda day: 1.2), "hemorrhagic_cystitis", 180)
    assert many < 0.2 * found["busulfan and cyclophosphamide"]


def test_cyclophosphamide_after_infusion_brings_late_cystitis() -> None:
    few = returning(0.02, 0.02, 0.005)
    course = cystitis("reduced intensity", few, bladder_kill=lambda day: 0.25 * (day in (3, 4)))
    without = cystitis("reduced intensity", few)
    assert 0.15 < incidence(course, "hemorrhagic_cystitis", 180) < 0.35
    assert incidence(course, "hemorrhagic_cystitis", 180) > 1.4 * incidence(without, "hemorrhagic_cystitis", 180)
    assert 15 <= median_onset(course, "hemorrhagic_cystitis") <= 45


def test_filtration_falls_by_a_fifth_under_calcineurin_inhibitor_and_recovers() -> None:
    p = people(kidney)
    course = live(kidney, p, after("reduced intensity", t_cells=lambda day: 0.3), last=260)
    share = {int(day): y.filtration for day, y in zip(course.days, course.states, strict=True)}
    assert 0.75 < share[60] < 0.85
    assert share[260] > 0.99
    worse = ("foscarnet", "antiviral", "vod_activity", "infection")
    for cause in worse:
        other = live(kidney, p, after("reduced intensity", **{cause: lambda day: 1.0}), last=60)
        assert other.states[-1].filtration < share[60] - 0.02, cause


def test_kidney_injury_is_common_after_allogeneic_and_rare_after_autologous_transplants() -> None:
    sick = {"infection": lambda day: np.exp(-(day - 8) / 7) if day >= 8 else 0.0, "t_cells": lambda day: 0.3}
    allogeneic = live(kidney, people(kidney, MANY), after("busulfan and cyclophosphamide", **sick), last=100)
    autologous = live(kidney, people(kidney, MANY), after("melphalan 200", **sick), last=100)
    assert 0.4 < incidence(allogeneic, "kidney_injury", 100) < 0.65
    assert incidence(autologous, "kidney_injury", 100) < 0.12


COUNTS = {  # neutrophils by day
    "busulfan and cyclophosphamide": ((-8, 4), (-4, 3.4), (0, 1.4), (4, 0.2), (7, 0.04), (14, 0.35), (20, 0.9),
                                      (30, 2.2)),
    "melphalan 200": ((-8, 4), (-1, 3.8), (2, 2.2), (7, 0.4), (10, 0.4), (12, 1.0), (14, 1.9), (30, 2.7)),
}  # fmt: skip


def mucosa(regimen: str, kill: float, injury: float, many: int = 0, **who: float) -> SimpleNamespace:
    days, *_, allogeneic = REGIMENS[regimen]
    return live(
        organ_toxicity, people(organ_toxicity, many, **who),
        lambda day: {"mucosal_kill": kill * (day in days), "endothelial_kill": injury * (day in days),
                     "neutrophils": float(np.interp(day, *zip(*COUNTS[regimen], strict=True))),
                     "calcineurin": calcineurin(day) * allogeneic}, last=60,
    )  # fmt: skip


def test_engraftment_syndrome_comes_with_the_neutrophils_into_inflamed_tissue() -> None:
    full = mucosa("busulfan and cyclophosphamide", 0.14, 0.03, MANY)
    melphalan = mucosa("melphalan 200", 0.77, 0.57, MANY)
    assert 0.2 < incidence(full, "engraftment_syndrome", 60) < 0.36
    assert 0.05 < incidence(melphalan, "engraftment_syndrome", 60) < 0.2
    assert 14 <= median_onset(full, "engraftment_syndrome") <= 24
    assert incidence(full, "engraftment_syndrome", 5) < 0.02


def test_cryotherapy_and_palifermin_spare_the_mucosa() -> None:
    def peak(**who: float) -> float:
        return max(y.ulcers for y in mucosa("melphalan 200", 0.77, 0.57, **who).states)

    assert peak(cryotherapy=1.0) == pytest.approx(0.5 * peak())
    assert peak(palifermin=1.0) == pytest.approx(0.6 * peak())


def test_mucosal_injury_peaks_in_the_second_week_of_melphalan_and_heals() -> None:
    course = mucosa("melphalan 200", 0.77, 0.57)
    ulcers = np.array([y.ulcers for y in course.states])
    assert 3 <= course.days[np.argmax(ulcers)] <= 8
    assert 0.3 < ulcers.max() < 0.45
    assert ulcers[course.days == 17][0] < 0.1


def test_calcineurin_inhibitor_keeps_the_endothelium_injured() -> None:
    p = people(organ_toxicity)
    course = live(organ_toxicity, p, lambda day: {"calcineurin": 1.0, "neutrophils": 4.0}, 0, 40)
    assert 0.3 < course.states[-1].endothelium < 0.4
