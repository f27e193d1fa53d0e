"""Busulfan: from the levels of a test dose or a first dose to clearance, exposure, and the dose that meets a target.

One compartment, infusion at a constant rate, doses adding up. With k = CL/V, dose D over T hours, t from its start::

    during     C = D / (T CL) (1 - exp(-k t))
    after      C = D / (T CL) (1 - exp(-k T)) exp(-k (t - T))
    AUC of a dose = D / CL

Clearance of the population: `dayzero.biology.conditioning` (McCune 2014, Clin Cancer Res 20:754), by normal fat mass
and age, log-normal between patients; volume 0.65 L per kg of normal fat mass, log-normal with 15 % (intravenous label,
recalled). A level is off by 10 % or 0.02 mg/L. From one dose to another clearance differs by 8 % (assumed), and after
the first day it is 0.94 of what it was (McCune 2014). The posterior is summed over a grid of clearance and volume.

>>> fit = busulfan_fit([Given(0, 220, 3)], [(3, 3.9), (5, 2.5), (7, 1.6)], Size.of_surface(2.0))
>>> round(fit.auc_of(220)[0], 1)
23.4
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from dayzero.biology import conditioning
from dayzero.criteria.exposure import busulfan_exposure
from dayzero.criteria.result import Finding
from dayzero.errors import InputError
from dayzero.records.chart import Floats
from dayzero.simulation.covariates import fat_free_mass

VOLUME_L_PER_KG, VOLUME_SPREAD = 0.65, 0.15
ERROR_SHARE, ERROR_MG_PER_L = 0.10, 0.02
BETWEEN_DOSES = 0.08
STANDARD_SURFACE = 1.85  # m2 of an adult whose normal fat mass is the 62 kg that the clearance refers to
SURFACE_TO_MASS = 1.5  # mass goes with surface to this power where build is alike
POINTS = 241
REACH = 4.0  # standard deviations the grid spans to each side


class Given(NamedTuple):
    """A dose: start in hours, amount in mg, length of infusion in hours."""

    start_h: float
    dose_mg: float
    infusion_h: float


class Size(NamedTuple):
    """What is expected of a patient before any level: clearance L/h and volume L, and their log-normal spreads."""

    clearance: float
    volume: float
    clearance_spread: float

    @classmethod
    def of_patient(cls, weight_kg: float, height_cm: float, age_years: float, sex: str) -> Size:
        """From weight, height, age and sex."""
        for name, value, low, high in (("weight_kg", weight_kg, 2, 250), ("height_cm", height_cm, 40, 230),
                                       ("age_years", age_years, 0, 100)):  # fmt: skip
            _within(name, value, low, high)
        if sex not in ("male", "female"):
            raise InputError("busulfan", "sex", repr(sex), "male or female", "choose one of them")
        lean = float(fat_free_mass(weight_kg, height_cm, max(age_years, 0.1), 1.0 if sex == "male" else 0.0))
        p = _typical()
        c = dict.fromkeys(conditioning.USES, 1.0) | {"weight_kg": weight_kg, "fat_free_mass_kg": lean,
                                                     "age_years": age_years}  # fmt: skip
        mass = lean + p.busulfan_fat * (weight_kg - lean)
        return cls._of(float(conditioning.derive(p, SimpleNamespace(**c))["busulfan_cl"]), mass)

    @classmethod
    def of_surface(cls, bsa_m2: float) -> Size:
        """From body surface alone: an adult of usual build."""
        _within("bsa_m2", bsa_m2, 0.2, 3.5)
        p = _typical()
        mass = p.busulfan_size * (bsa_m2 / STANDARD_SURFACE) ** SURFACE_TO_MASS
        return cls._of(p.busulfan_clearance * (mass / p.busulfan_size) ** p.allometry, mass)

    @classmethod
    def _of(cls, clearance: float, mass: float) -> Size:
        share = conditioning.PARAMETERS["busulfan_clearance"].between_patient
        return cls(clearance, VOLUME_L_PER_KG * mass, float(np.sqrt(np.log1p(share**2))))


@dataclass(frozen=True, eq=False)
class Fit:
    """Clearance and volume after the levels.

    Parameters
    ----------
    clearance, volume : (points,) L/h and L of each point of the grid, ``weights`` summing to 1.
    size : what was expected before. ``given`` : doses so far. ``levels``: how many were used.
    strange : sentences about levels that fit nothing.
    """

    clearance: Floats
    volume: Floats
    weights: Floats
    size: Size
    given: tuple[Given, ...]
    levels: int
    strange: tuple[str, ...]

    def clearance_now(self) -> tuple[float, float, float]:
        """Clearance, L/h: median and ends of the middle 90 %."""
        return _ends(self.clearance, self.weights)

    def half_life(self) -> tuple[float, float, float]:
        """Half-life, hours."""
        return _ends(np.log(2) * self.volume / self.clearance, self.weights)

    def auc_of(self, dose_mg: float, later_day: bool = False) -> tuple[float, float, float]:
        """Exposure to a further dose, mg h/L: median and ends of the middle 90 %, chance between doses included.

        ``later_day``: after the first day of treatment, when clearance is a little lower.
        """
        _within("dose_mg", dose_mg, 0.1, 5000)
        chance = np.exp(np.sqrt(np.log1p(BETWEEN_DOSES**2)) * np.linspace(-2.5, 2.5, 21))
        bell = np.exp(-0.5 * np.linspace(-2.5, 2.5, 21) ** 2)
        factor = _typical().busulfan_later if later_day else 1.0
        auc = dose_mg / (self.clearance[:, None] * factor * chance[None, :])
        return _ends(auc.ravel(), (self.weights[:, None] * (bell / bell.sum())[None, :]).ravel())

    def dose_for(self, auc_mg_h_l: float, later_day: bool = True) -> float:
        """Dose in mg that meets a target exposure at the median clearance."""
        _within("auc_mg_h_l", auc_mg_h_l, 0.1, 300)
        factor = _typical().busulfan_later if later_day else 1.0
        return auc_mg_h_l * self.clearance_now()[0] * factor

    def rest_of_course(self, target_mg_h_l: float, doses_left: int, counted: Sequence[Given] | None = None) -> Finding:
        """What is left of a cumulative target after the doses counted, and the dose to give each time.

        ``counted``: doses that count towards the target; left out, all so far (a test dose does count).
        """
        if isinstance(doses_left, bool) or not 1 <= doses_left <= 40:
            raise InputError("busulfan", "doses_left", repr(doses_left), "1 to 40", "count the doses still to come")
        so_far = sum(one.dose_mg for one in (self.given if counted is None else counted)) / self.clearance_now()[0]
        left = target_mg_h_l - so_far
        if left <= 0:
            expected = f"more than {so_far:.1f} mg h/L, reached already"
            raise InputError("busulfan", "target", f"{target_mg_h_l:g} mg h/L", expected, "stop, or raise the target")
        last = self.given[-1].dose_mg
        later = last / (self.clearance_now()[0] * _typical().busulfan_later)
        return busulfan_exposure(cumulative_target_mg_h_l=left, daily_doses=doses_left, dose_mg=last,
                                 auc_observed_mg_h_l=later, auc_target_mg_h_l=left / doses_left)  # fmt: skip


def level_at(time_h: Any, given: Sequence[Given], clearance: Any, volume: Any) -> Any:
    """Plasma level, mg/L, at a time; clearance L/h and volume L may be arrays."""
    k = clearance / volume
    total = 0.0 * k
    for one in given:
        t = time_h - one.start_h
        inside, after = min(max(t, 0.0), one.infusion_h), max(t - one.infusion_h, 0.0)
        total = total + one.dose_mg / (one.infusion_h * clearance) * (1 - np.exp(-k * inside)) * np.exp(-k * after)
    return total


def busulfan_fit(given: Sequence[Given], levels: Sequence[tuple[float, float]], size: Size) -> Fit:
    """Clearance and volume of a patient from levels after known doses.

    Parameters
    ----------
    given : doses so far. ``levels``: (hours, mg/L), on the same clock; a level before any dose is refused.
    size : from `Size.of_patient` or `Size.of_surface`.
    """
    _check(given, levels)
    z = np.linspace(-REACH, REACH, POINTS)
    grid_c, grid_v = np.meshgrid(z, z[::4], indexing="ij")
    clearance = size.clearance * np.exp(size.clearance_spread * grid_c)
    volume = size.volume * np.exp(np.sqrt(np.log1p(VOLUME_SPREAD**2)) * grid_v)
    log = -0.5 * (grid_c**2 + grid_v**2)
    for time, seen in levels:
        told = level_at(time, given, clearance, volume)
        sd = np.sqrt((ERROR_SHARE * told) ** 2 + ERROR_MG_PER_L**2)
        log = log - 0.5 * np.minimum(((seen - told) / sd) ** 2, 25.0) - np.log(sd)
    weights = np.exp(log - log.max()).ravel()
    weights = weights / weights.sum()
    strange = _strange(given, levels, clearance.ravel(), volume.ravel(), weights)
    return Fit(clearance.ravel(), volume.ravel(), weights, size, tuple(given), len(levels), strange)


def _strange(given: Sequence[Given], levels: Sequence[tuple[float, float]], clearance: Floats, volume: Floats,
             weights: Floats) -> tuple[str, ...]:  # fmt: skip
    own = float(weights @ clearance), float(weights @ volume)
    off = [time for time, seen in levels if abs(np.log(max(seen, 1e-3) / max(level_at(time, given, *own), 1e-3))) > 0.5]
    return tuple(f"the level at {time:g} h fits no clearance well: check time and dose" for time in off)


def _check(given: Sequence[Given], levels: Sequence[tuple[float, float]]) -> None:
    if not given or not levels:
        got = "no dose" if not given else "no level"
        raise InputError("busulfan", "levels", got, "one dose and one level at least", "add it")
    for one in given:
        _within("dose_mg", one.dose_mg, 0.1, 5000)
        _within("infusion_h", one.infusion_h, 0.05, 24)
    first = min(one.start_h for one in given)
    for time, seen in levels:
        _within("level_mg_per_l", seen, 0.0, 50.0)
        if not time > first:
            raise InputError("busulfan", "time_h", f"{time:g}", f"after {first:g}, the first dose", "correct the time")


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InputError("busulfan", name, f"{value:g}", f"{low:g} to {high:g}", "check number and unit")


def _ends(values: Floats, weights: Floats) -> tuple[float, float, float]:
    """Median and ends of the middle 90 %."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    low, middle, high = (float(values[order][np.searchsorted(reached, share * reached[-1])])
                         for share in (0.05, 0.5, 0.95))  # fmt: skip
    return middle, low, high


def _typical() -> SimpleNamespace:
    return SimpleNamespace(**{name: parameter.typical for name, parameter in conditioning.PARAMETERS.items()})
