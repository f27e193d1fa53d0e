"""Forecast: from a plan and a patient's counts so far, when counts will recover, with honest uncertainty.

Virtual twins of the plan are weighed by how well they agree with the readings (`forecast.posterior`); what the
weighed twins go on to do is the forecast. The forecast of the plan alone, before any reading, is kept beside it.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np

from dayzero.analyse.forecast.days import Days
from dayzero.analyse.forecast.experience import Experience
from dayzero.analyse.forecast.known import known_of
from dayzero.analyse.forecast.plans import as_given, gcsf_since, plans_for_graft
from dayzero.analyse.forecast.pool import HORIZON, TWINS, Pool, make_pool
from dayzero.analyse.forecast.posterior import (
    STRETCHES,
    Candidates,
    followed,
    recovery_days,
    reported,
    sampled,
    weigh,
)
from dayzero.analyse.forecast.readings import Told, check_day, told_by
from dayzero.errors import DomainWarning, InputError
from dayzero.records.chart import Chart, Floats, Integers
from dayzero.simulation.domain import out_of_domain
from dayzero.spec import Plan

SCHEMA = 1
DISCLAIMER = "Research and teaching software; not a medical device: no forecast here may guide a patient's care."
FAN = ("neutrophils", "leukocytes", "platelets", "hemoglobin", "myeloid_donor_fraction")
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
FOLLOWED = 1000  # candidates drawn for fans
SHOWN = 12  # twins told by number and drawn
AHEAD = 14  # days over which transfusions are told
FAILURE_DAYS = (28, 42)


@dataclass(frozen=True, eq=False)
class Forecast:
    """What may become of one patient, as known on a day.

    Parameters
    ----------
    neutrophils, platelets : day of recovery (0.5 and 20e9/L), given that no death comes first.
    prior_neutrophils, prior_platelets : the same before any reading.
    failure : day -> probability of being alive then without neutrophil recovery.
    death_first, never_low : probability of death before recovery; that neutrophils never fall below 0.5.
    transfusions : kind -> units in the next 14 days: median and ends of the middle 90 %.
    days, fans, prior_fans : (days,), and quantity -> (5 quantiles, days) of what may be reported, now and before any
        reading. ``twins``: quantity -> true courses of single twins, (twins, days).
    likeliest : numbers of the twins that carry most weight, with their share.
    plans : plan -> share of the weight, the likeliest first, where several were possible.
    effective, tempered : candidates that carry the weight, and the power given to the readings.
    notes : what is strange or missing.
    """

    patient: str
    day: int
    neutrophils: Days
    platelets: Days
    prior_neutrophils: Days
    prior_platelets: Days
    failure: Mapping[int, float]
    death_first: float
    never_low: float
    transfusions: Mapping[str, tuple[float, float, float]]
    chimerism: Mapping[int, tuple[float, float, float]]
    days: Integers
    fans: Mapping[str, Floats]
    prior_fans: Mapping[str, Floats]
    twins: Mapping[str, Floats]
    likeliest: tuple[tuple[int, float], ...]
    plans: tuple[tuple[str, float], ...]
    effective: float
    tempered: float
    notes: tuple[str, ...]
    record: Mapping[str, Any] = field(repr=False)

    def __repr__(self) -> str:
        low, high = self.neutrophils.interval(0.9)
        middle = self.neutrophils.quantile(0.5)
        return f"Forecast({self.patient}, day {self.day}: neutrophils 0.5 on day {middle}, 90 % {low} to {high})"

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON: one entry of a forecast log."""
        fans = {name: {"quantiles": list(SHARES), "values": np.round(fan, 4).tolist()}
                for name, fan in self.fans.items()}  # fmt: skip
        return {
            "schema": SCHEMA,
            "patient": self.patient,
            "day": self.day,
            "neutrophils_0.5": self.neutrophils.as_dict(),
            "platelets_20": self.platelets.as_dict(),
            "before_any_reading": {
                "neutrophils_0.5": self.prior_neutrophils.as_dict(),
                "platelets_20": self.prior_platelets.as_dict(),
            },
            "failure": {str(day): round(p, 4) for day, p in self.failure.items()},
            "death_first": round(self.death_first, 4),
            "never_below_0.5": round(self.never_low, 4),
            "transfusions_next_14_days": {kind: list(units) for kind, units in self.transfusions.items()},
            "donor_myeloid_percent": {str(day): list(ends) for day, ends in self.chimerism.items()},
            "fans": {"days": self.days.tolist(), **fans},
            "twins": [{"twin": twin, "share": round(share, 5)} for twin, share in self.likeliest],
            "plans": [{"plan": plan, "share": round(share, 4)} for plan, share in self.plans],
            "effective_candidates": round(self.effective, 1),
            "tempered": round(self.tempered, 4),
            "notes": list(self.notes),
            "record": dict(self.record),
            "disclaimer": DISCLAIMER,
        }


def forecast(
    chart: Chart,
    plan: Plan | str | Sequence[Plan | str] | None = None,
    *,
    patient: str | None = None,
    day: int | None = None,
    twins: int = TWINS,
    days: int = HORIZON,
    seed: int = 1,
    experience: Experience | None = None,
    pool: Pool | None = None,
) -> Forecast:
    """Forecast one patient from a plan and the counts up to a day.

    Parameters
    ----------
    plan : the patient's plan; several where any may be it; left out, the common plans of the chart's graft. Where
        the chart tells since when G-CSF is given, the twins get it from that day.
    patient : whom, where the chart holds several.
    day : readings after it are not looked at; left out, the day of the last count.
    experience : earlier patients of the same centre and graft, see `Experience.of`.
    pool : twins made by `make_pool`, to ask about many patients or days; `plan`, `twins` and `days` are then its own.

    Raises
    ------
    InputError : plan, patient, day or chart cannot be used.

    Examples
    --------
    >>> counts = {"leukocytes": ([0] * 4, [6, 8, 9, 10], [0.1, 0.1, 0.2, 0.4])}
    >>> made = forecast(Chart.from_columns(counts, ["A"]), "aml-sibling-pbsc", twins=200)
    >>> made.day, made.neutrophils.by(10)
    (10, 0.0)
    """
    who = _patient(chart, patient)
    now = check_day(chart, who, day)
    if pool is None:
        plans = as_given(_plans(chart, who, plan), gcsf_since(chart, who, now))
        pool = make_pool(plans, twins, days=days, seed=seed)
    if now >= pool.horizon:
        advice = "the course after engraftment is told by `dayzero.analyse.outlook`"
        raise InputError("forecast", "day", f"{now}", f"a day before {pool.horizon}, the last of the twins", advice)
    told = told_by(chart, who, now)
    tilt = None if experience is None else experience.tilt(pool)
    weighed = weigh(pool, told, now, tilt)
    return _made(chart, who, now, pool, told, weighed, experience, seed)


def _patient(chart: Chart, patient: str | None) -> str:
    if patient is None and len(chart) != 1:
        raise InputError("forecast", "patient", f"{len(chart)} patients", "one patient", "name one with patient=")
    name = chart.patients[0] if patient is None else str(patient)
    chart.index(name)
    return name


def _plans(chart: Chart, patient: str, plan: Any) -> list[Plan]:
    """The possible plans; the common ones of the graft where none is given."""
    if plan is not None:
        plans = [Plan.load(one) for one in ([plan] if isinstance(plan, (str, Plan)) else plan)]
        for sentence in out_of_domain(plans, HORIZON, {}, {}):
            warnings.warn(sentence, DomainWarning, stacklevel=3)
        return plans
    graft = chart.graft[chart.index(patient)]
    if graft is None:
        expected = "a plan, or a chart that says the graft"
        raise InputError("forecast", "plan", "none, and no graft in the chart", expected, "name a plan of the library")
    return plans_for_graft(graft)


def _made(chart: Chart, who: str, now: int, pool: Pool, told: Told, weighed: Candidates, experience: Experience | None,
          seed: int) -> Forecast:  # fmt: skip
    known = known_of(chart, who, now)
    neutrophils, platelets = _recovery(pool, weighed.weights, known.platelets_below)
    before = _recovery(pool, weighed.prior, -np.inf)
    chosen, first = sampled(weighed, FOLLOWED, seed), sampled(weighed, FOLLOWED, seed, prior=True)
    quantities = [name for name in FAN if name != "myeloid_donor_fraction" or pool.plans[0].allogeneic]
    courses = {name: followed(pool, name, chosen) for name in quantities}
    each = weighed.weights.sum(axis=(1, 2))
    return Forecast(
        patient=who,
        day=now,
        neutrophils=_sure(known.neutrophils, neutrophils),
        platelets=_sure(known.platelets, platelets),
        prior_neutrophils=before[0],
        prior_platelets=before[1],
        failure={limit: _failure(pool, weighed, limit, known.neutrophils) for limit in FAILURE_DAYS},
        death_first=0.0 if known.neutrophils is not None else _death_first(pool, weighed),
        never_low=float(each[pool.never_low].sum()),
        transfusions={kind: _units(pool, kind, chosen[0], now) for kind in ("platelet_units", "red_cell_units")},
        chimerism=_chimerism(pool, courses),
        days=pool.days,
        fans={name: _fan(name, course, seed) for name, course in courses.items()},
        prior_fans={name: _fan(name, followed(pool, name, first), seed) for name in quantities},
        twins={name: course[:: FOLLOWED // SHOWN][:SHOWN] for name, course in courses.items()},
        likeliest=tuple((int(twin), float(each[twin])) for twin in np.argsort(-each, kind="stable")[:SHOWN]),
        plans=_shares(pool, each),
        effective=weighed.effective,
        tempered=weighed.tempered,
        notes=_notes(pool, told, weighed, known.words),
        record=_record(pool, told, who, now, experience, seed),
    )


def _fan(name: str, course: Floats, seed: int) -> Floats:
    """Quantiles of what may be reported, (5, days)."""
    return np.quantile(reported(name, course, seed), SHARES, axis=0)


def _recovery(pool: Pool, weights: Floats, platelets_below: float) -> tuple[Days, Days]:
    """Days of neutrophil and platelet recovery over candidates who do not die first."""
    own = weights.sum(axis=2)
    day, platelets = recovery_days(pool), np.ceil(pool.platelet_day[:, None] * np.array(STRETCHES) - 1e-9)
    lived = ~np.isfinite(pool.died)[:, None]
    counted = own * (np.isfinite(day) | lived) * ~pool.never_low[:, None]
    later = own * (np.isfinite(platelets) | lived) * (platelets > platelets_below)
    told = [Days.of(when, weight if weight.sum() > 0 else own, pool.horizon)
            for when, weight in ((day, counted), (platelets, later))]  # fmt: skip
    return told[0], told[1]


def _sure(known: int | None, told: Days) -> Days:
    return told if known is None else Days.of([known], [1.0], max(told.horizon, known))


def _failure(pool: Pool, weighed: Candidates, limit: int, recovered: int | None) -> float:
    if recovered is not None and recovered <= limit:
        return 0.0
    late = (recovery_days(pool) > limit) & ((pool.died > limit) & ~pool.never_low)[:, None]
    return float((weighed.weights.sum(axis=2) * late).sum())


def _death_first(pool: Pool, weighed: Candidates) -> float:
    first = np.isfinite(pool.died)[:, None] & ~np.isfinite(recovery_days(pool)) & ~pool.never_low[:, None]
    return float((weighed.weights.sum(axis=2) * first).sum())


def _units(pool: Pool, kind: str, twin: Integers, now: int) -> tuple[float, float, float]:
    ahead = (pool.days > now) & (pool.days <= now + AHEAD)
    low, middle, high = np.quantile(pool.counts[kind][twin][:, ahead].sum(axis=1), (0.05, 0.5, 0.95))
    return round(float(middle), 1), round(float(low), 1), round(float(high), 1)


def _chimerism(pool: Pool, courses: Mapping[str, Floats]) -> dict[int, tuple[float, float, float]]:
    if "myeloid_donor_fraction" not in courses:
        return {}
    share = 100 * np.clip(courses["myeloid_donor_fraction"][:, pool.days == 28][:, 0], 0.0, 1.0)
    low, middle, high = np.quantile(share, (0.05, 0.5, 0.95))
    return {28: (round(float(middle), 1), round(float(low), 1), round(float(high), 1))}


def _shares(pool: Pool, each: Floats) -> tuple[tuple[str, float], ...]:
    share = np.bincount(pool.plan, weights=each, minlength=len(pool.plans))
    order = np.argsort(-share, kind="stable")[:SHOWN]
    return tuple((pool.plans[i].name, float(share[i])) for i in order if share[i] > 0)


def _notes(pool: Pool, told: Told, weighed: Candidates, words: tuple[str, ...]) -> tuple[str, ...]:
    notes = [*words, *told.notes, *_growth_factor(pool, told.gcsf)]
    if weighed.tempered < 1:
        notes.append("the counts are unlike those of almost every twin: the forecast leans on the plan alone")
    return tuple(notes)


def _growth_factor(pool: Pool, since: int | None) -> list[str]:
    """What the twins got where the chart tells of G-CSF."""
    if since is None:
        return []
    planned = {None if plan.care.gcsf is None else plan.care.gcsf.start_day for plan in pool.plans}
    nearest = min((day for day in planned if day is not None), key=lambda day: abs(day - since), default=None)
    got = "none" if nearest is None else f"it from day {nearest}"
    return [f"G-CSF given since day {since}" + ("" if nearest == since else f"; the twins got {got}")]


def _record(pool: Pool, told: Told, who: str, now: int, experience: Experience | None, seed: int) -> dict[str, Any]:
    """What the forecast was made of; the digest is of the readings, the patient and the day."""
    from importlib.metadata import version

    readings = {r.quantity: [r.days.tolist(), r.values.tolist(), r.limits.tolist()] for r in told.readings}
    inputs = json.dumps([who, now, told.gcsf, readings], sort_keys=True, separators=(",", ":"))
    return {
        "dayzero": version("dayzero"),
        "inputs_sha256": sha256(inputs.encode()).hexdigest(),
        "plans": [{"name": plan.name, "sha256": plan.sha256()} for plan in pool.plans],
        "pool": dict(pool.record),
        "seed": seed,
        "earlier_patients": 0 if experience is None else len(experience),
    }
