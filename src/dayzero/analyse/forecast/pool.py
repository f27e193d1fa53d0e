"""A pool of virtual twins: what patients of a plan may go through, simulated once and asked about many patients.

Twins differ by who they are (random effects), by plan where several are possible, and by what is not known of the
model itself: each batch has its own draw of the parameters of marrow and graft, log-normal with their stated
uncertainty, within their plausible range. Nothing of any real patient is in the pool.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dayzero.criteria import neutrophil_engraftment, platelet_engraftment
from dayzero.errors import DomainWarning, InputError
from dayzero.records.chart import Floats, Integers
from dayzero.simulation.assemble import standard_body
from dayzero.simulation.cohort import simulate
from dayzero.simulation.course import Course
from dayzero.simulation.observe import observe
from dayzero.spec import Plan

HORIZON = 60
TWINS = 3000
BATCHES = 24
PLANS_A_BATCH = 12
MARROW = ("graft", "granulopoiesis", "stem_cells", "thrombopoiesis")
LEUKOCYTES = ("neutrophils", "monocytes", "t_cells", "nk_cells", "b_cells")
KEPT = ("neutrophils", "platelets", "hemoglobin", "myeloid_donor_fraction", "platelet_units", "red_cell_units")
THRESHOLD = 0.5  # neutrophils, 1e9/L
FIRST_DAY = -1
BORN_FROM = 1_000_000  # twins are numbered from here, so that none is a patient of a simulated cohort of the same seed


@dataclass(frozen=True, eq=False)
class Pool:
    """Twins and what became of them.

    Parameters
    ----------
    days : (days,) mornings from `FIRST_DAY` to the horizon.
    counts : quantity -> (twins, days) true values; ``leukocytes`` is the sum of its parts.
    neutrophil_day, platelet_day : (twins,) judged day of recovery (0.5, 20e9/L); inf: not by the horizon.
    crossing : (twins,) the moment the reported count passed 0.5, between two mornings; inf where it did not.
    never_low : (twins,) neutrophils never fell below 0.5.
    died : (twins,) day of death, inf for who lives.
    plan : (twins,) index into ``plans``.
    plans, record : what may have been planned, and how the pool was made.
    """

    days: Integers
    counts: Mapping[str, Floats]
    neutrophil_day: Floats
    platelet_day: Floats
    crossing: Floats
    never_low: np.ndarray
    died: Floats
    plan: Integers
    plans: tuple[Plan, ...]
    record: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.died)

    @property
    def horizon(self) -> int:
        """Last day."""
        return int(self.days[-1])


def make_pool(
    plan: Plan | str | Sequence[Plan | str],
    twins: int = TWINS,
    *,
    days: int = HORIZON,
    seed: int = 1,
    uncertain: bool = True,
    progress: Callable[[float], None] | None = None,
) -> Pool:
    """Simulate a pool of twins of a plan, or of several plans any of which may be the patient's.

    Parameters
    ----------
    twins : how many, at least 100.
    days : last day, 28 to 400.
    uncertain : let parameters differ between batches by their stated uncertainty.
    """
    plans = tuple(Plan.load(one) for one in ([plan] if isinstance(plan, (str, Plan)) else plan))
    _check("twins", twins, 100, 200_000)
    _check("days", days, 28, 400)
    if not plans:
        raise InputError("forecast", "plan", "an empty list", "at least one plan", "name a plan of the library")
    batches = BATCHES if uncertain else 1
    drawn = drawn_parameters(batches, seed) if uncertain else [{}]
    chance = np.random.default_rng([seed, 1])
    parts, chosen = [], []
    sizes = [len(part) for part in np.array_split(np.arange(twins), batches)]
    for batch, (size, parameters) in enumerate(zip(sizes, drawn, strict=True)):
        few = chance.permutation(len(plans))[:PLANS_A_BATCH]
        index = few[np.arange(size) % len(few)]
        first = BORN_FROM + sum(sizes[:batch])
        parts.append(_lived([plans[i] for i in index], range(first, first + size), days, seed, parameters))
        chosen.append(index)
        if progress is not None:
            progress((batch + 1) / batches)
    return _joined(parts, np.concatenate(chosen), plans, {"twins": twins, "days": days, "seed": seed,
                                                          "uncertain": uncertain})  # fmt: skip


def drawn_parameters(batches: int, seed: int) -> list[dict[str, float]]:
    """Parameters of marrow and graft, one draw a batch."""
    known = {name: p for name, p in standard_body().parameters().items()
             if name.split(".")[0] in MARROW and p.uncertainty and p.typical > 0 and p.status != "derived"}  # fmt: skip
    z = np.random.default_rng([seed, 0]).standard_normal((batches, len(known)))
    draws = []
    for row in z:
        values = {}
        for (name, p), one in zip(known.items(), row, strict=True):
            low, high = p.low or 0.0, np.inf if p.high is None else p.high
            values[name] = float(np.clip(p.typical * np.exp(p.uncertainty * one), low, high))
        draws.append(values)
    return draws


def _lived(plans: list[Plan], numbers: range, days: int, seed: int, parameters: Mapping[str, float]) -> dict[str, Any]:
    """One batch: counts by day and what was judged of its charts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DomainWarning)  # said once, by the forecast
        course = simulate(plans, list(numbers), days, seed, parameters=parameters)
    chart = observe(course)
    neutrophils, platelets = neutrophil_engraftment(chart), platelet_engraftment(chart, 20)
    day = np.where(np.isfinite(neutrophils["day"]), neutrophils["day"], np.inf)
    kept = course.days >= FIRST_DAY
    counts = {name: course.values[name][:, kept].astype(np.float64) for name in KEPT}
    counts["leukocytes"] = sum((course.values[name][:, kept].astype(np.float64) for name in LEUKOCYTES), np.zeros(1))
    return {
        "days": course.days[kept],
        "counts": counts,
        "neutrophil_day": day,
        "platelet_day": np.where(np.isfinite(platelets["day"]), platelets["day"], np.inf),
        "crossing": _crossing(course, day),
        "never_low": neutrophils.status == "never_below",
        "died": course.deaths()[0],
    }


def _crossing(course: Course, day: Floats) -> Floats:
    """Between the morning before recovery and that of it, by the line through the logarithms of the true counts."""
    crossing = day.copy()
    who = np.flatnonzero(np.isfinite(day))
    at = (day[who] - course.days[0]).astype(int)
    low, high = (np.log(np.maximum(course.neutrophils[who, at - back].astype(float), 1e-3)) for back in (1, 0))
    rise = np.where(np.abs(high - low) < 1e-6, 1.0, high - low)
    crossing[who] = day[who] - 1 + np.clip((np.log(THRESHOLD) - low) / rise, 0.0, 1.0)
    return crossing


def _joined(parts: list[dict[str, Any]], plan: np.ndarray, plans: tuple[Plan, ...], record: dict[str, Any]) -> Pool:
    last = max(part["days"][0] for part in parts)
    counts = {
        name: np.concatenate([part["counts"][name][:, part["days"] >= last] for part in parts])
        for name in parts[0]["counts"]
    }
    whole = {name: np.concatenate([part[name] for part in parts])
             for name in ("neutrophil_day", "platelet_day", "crossing", "never_low", "died")}  # fmt: skip
    days = parts[0]["days"][parts[0]["days"] >= last]
    return Pool(days=days, counts=counts, plan=plan, plans=plans, record=record, **whole)


def _check(field: str, value: Any, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not low <= value <= high:
        expected = f"a whole number of {low} to {high:,}"
        raise InputError("forecast", field, repr(value), expected, "choose one in that range")
