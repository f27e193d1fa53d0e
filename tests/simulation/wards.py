"""Plans, runs and readings that the tests of the simulation are written in."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import jax
import numpy as np
from hypothesis import HealthCheck, given, settings

from dayzero.clinic import growth_factor, transfusion
from dayzero.errors import DomainWarning
from dayzero.module import Coupled, Signal
from dayzero.simulation.assemble import Body, assemble, standard_body
from dayzero.simulation.cohort import RECORDED, Course, simulate
from dayzero.simulation.day import Course as Passing
from dayzero.simulation.engine_jax import program
from dayzero.simulation.layout import STEPS_PER_DAY, Precision
from dayzero.simulation.mixed import prepare_mixed
from dayzero.simulation.prepare import Prepared, admission_day, prepare
from dayzero.simulation.request import asked
from dayzero.spec import Care, Plan, library_names
from spec.strategies import plans

CALM = {"gcsf": None, "platelet_transfusion": None, "red_cell_transfusion": None}
# Care with every part of it switched off; the laboratory still measures.
NOTHING_GIVEN: dict[str, Any] = {
    name: False if Care.model_fields[name].annotation is bool else None
    for name in Care.__annotations__
    if name not in ("laboratory", "hospital", "relapse_treatment", "supportive_care")
}
NO_CELLS = {"graft": {"cd34_per_kg": 0}}
# An untreated person without malignant disease: no conditioning, no graft, no growth factor or transfusion.
HEALTHY: dict[str, Any] = {
    "conditioning": "none",
    "prophylaxis": "none",
    "care": CALM,
    "patient": {"prior_treatment_lines": 0, "diagnosis": "other_nonmalignant", "status": "not_applicable"},
    **NO_CELLS,
}
# Rates of everything that can happen to a patient, by `organ.name`.
RATES = (
    "thrombopoiesis.bleeding_shallow", "thrombopoiesis.bleeding_deep", "infection.bacteremia_rate",
    "infection.bacteremia_mucosa", "infection.line_bacteremia", "infection.steroid_bacteremia",
    "infection.gvhd_bacteremia", "infection.fever_rate", "infection.fever_mucosa", "infection.mould_deep",
    "infection.mould_rate", "infection.cmv_rate", "infection.cmv_disease_rate", "infection.respiratory_rate",
    "infection.viral_rate", "infection.ebv_rate", "infection.late_rate", "organ_toxicity.syndrome_hazard",
    "liver.vod_hazard", "liver.failure_deadliness", "lung.pneumonia_hazard", "lung.failure_hazard",
    "kidney.microangiopathy_hazard", "kidney.cystitis_hazard", "kidney.injury_hazard", "chronic_gvhd.chronic_onset",
    "chronic_gvhd.flares", "chronic_gvhd.grading", "acute_gvhd.acute_death", "chronic_gvhd.chronic_death",
    "disease.detection", "disease.relapse_death",
    "mortality.other_death_late", "mortality.background_man", "mortality.second_cancer_rate",
    "mortality.second_cancer_by_rays",
)  # fmt: skip
NOTHING_HAPPENS = dict.fromkeys(RATES, 0.0)
# No T cell of one person sees anything in another: no graft-versus-host disease, no rejection.
PEACE = {"alloreactivity.precursors_minor": 0.0, "alloreactivity.precursors_mismatch": 0.0}
WHOLE_IN_HEALTH = ("filtration",)


def run(plan: Plan | str | Sequence[Plan], patients: int | Sequence[int] = 16, days: int = 60, **how: Any) -> Course:
    """`simulate`, silent where a plan leaves the evidence; one patient for each of several plans."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DomainWarning)
        several = not isinstance(plan, (Plan, str))
        return simulate(plan, range(len(plan)) if several and patients == 16 else patients, days, **how)


def uneventful(plan: Plan | str | Sequence[Plan], patients: int | Sequence[int] = 16, days: int = 60,
               parameters: Mapping[str, float] | None = None, **how: Any) -> Course:  # fmt: skip
    """`run` where nothing happens to anybody: no infection, organ complication, relapse or death; blood alone."""
    return run(plan, patients, days, parameters=NOTHING_HAPPENS | dict(parameters or {}), **how)


def arms(plans: Sequence[Plan], days: int = 60, **how: Any) -> Course:
    """The same typical person, to whom nothing happens, under each of several plans."""
    return uneventful(plans, [0] * len(plans), days, typical=True, **how)


class Lived(NamedTuple):
    """What the engine carries of a block: on admission and after each chunk of days, and what it recorded meanwhile."""

    chunks: list[Passing]
    recorded: np.ndarray


def carried(ready: Prepared, precision: Precision = "float32", recording: tuple[str, ...] = RECORDED) -> Lived:
    """A block of patients through the engine, with a look inside between chunks."""
    size = len(ready.key)
    made = program(ready, precision=precision, size=size, recording=recording)
    kept: list[Passing] = []

    def look(passing: Passing) -> None:
        kept.append(jax.tree.map(np.array, passing))

    def admit(*given: Any) -> Passing:
        passing = made.admit(*given)
        look(passing)
        return passing

    def advance(*given: Any) -> Any:
        passing, recorded = made.advance(*given)
        look(passing)
        return passing, recorded

    return Lived(kept, replace(made, admit=admit, advance=advance).run(ready))


def block_of(plans: Sequence[Plan], days: int, **how: Any) -> Prepared:
    """Prepared numbers of one patient of each plan, numbered from 0; as many as a block holds, days in whole chunks."""
    ids = np.arange(len(plans))
    told = {"seed": 1, "precision": "float32", "recording": RECORDED, "parameters": {}, "typical": False,
            "steps": STEPS_PER_DAY, "block": len(plans), "cores": 1}  # fmt: skip
    body = standard_body()
    return prepare_mixed(body, list(plans), ids, asked(body, list(plans), days=days, **(told | how)))


def leaves(tree: Any, place: str = "") -> dict[str, np.ndarray]:
    """Every number of a tree of named tuples and mappings by its place, ``organ.cells.0.effectors``."""
    if hasattr(tree, "_asdict"):
        tree = tree._asdict()
    inner = tree.items() if isinstance(tree, Mapping) else enumerate(tree) if isinstance(tree, tuple) else None
    if inner is None:
        return {place: np.asarray(tree)}
    found: dict[str, np.ndarray] = {}
    for name, part in inner:
        found |= leaves(part, f"{place}.{name}" if place else str(name))
    return found


def silent(*organs: ModuleType, policies: Sequence[ModuleType] = (growth_factor, transfusion)) -> Body:
    """A body of these organs alone: the others are as in health, and nothing comes of them. Compiles fast."""
    kept = {file.__name__.rpartition(".")[2] for file in organs}
    given = {name: signal for o in standard_body().organs if o.name not in kept
             for name, signal in (o.gives | {n: c.signal for n, c in o.coupled.items()}).items()}  # fmt: skip

    def of(signal: Signal, level: float) -> Coupled:
        if signal.per_origin:
            return Coupled(signal, {"infused": "1"}, lambda y, p, s: tuple(0 * x for x in s.infused))
        return Coupled(signal, {"infused": "1"}, lambda y, p, s: level + 0 * s.infused[0])

    rest = SimpleNamespace(
        __name__="dayzero.biology.rest",
        COUPLED={name: of(signal, 1.0 if name in WHOLE_IN_HEALTH else 0.0) for name, signal in given.items()},
        USES={"weight_kg": "kg"},
        CONSTANTS={"frailty": Signal("1", "frailty")} if "mortality" not in kept else {},
        derive=lambda p, c: {"frailty": 1 + 0 * c.weight_kg},
    )
    return assemble((*organs, rest), policies)  # type: ignore[arg-type]


def calm(plan: Plan | str) -> Plan:
    """The plan without transfusions and without G-CSF."""
    return Plan.load(plan).but(care=CALM)


@cache
def library_plans() -> tuple[Plan, ...]:
    """Every plan of the library."""
    return tuple(Plan.load(name) for name in library_names("plan"))


@cache
def random_plans(count: int) -> tuple[Plan, ...]:
    """Random valid plans, always the same ones."""
    found: list[Plan] = []

    @settings(
        derandomize=True, max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(plans())
    def collect(plan: Plan) -> None:
        found.append(plan)

    collect()
    return tuple(found[:count])


def prepared(plan: Plan | str, patients: int = 1, body: Body | None = None, **how: Any) -> Prepared:
    """Prepared numbers of typical patients of a plan, from admission to day 31 at least."""
    plan = Plan.load(plan)
    first_day = admission_day(plan)
    told = {"seed": 1, "first_day": first_day, "days": 32 - first_day, "origins": 1 + len(plan.donors), "typical": True}
    return prepare(body or standard_body(), plan, range(patients), **(told | how))


def first_day(course: Course, quantity: str, at_least: float) -> np.ndarray:
    """First of three days in a row at a level, after a day below it; inf where there is none, 0 if never below."""
    days, value = course.days, course.values[quantity]
    found = np.full(len(course), np.inf)
    for row, counts in enumerate(value):
        below = np.flatnonzero((counts < at_least) & (days >= 0))
        if not len(below):
            found[row] = 0
            continue
        high = np.convolve(counts >= at_least, np.ones(3), "valid") == 3
        after = [at for at in np.flatnonzero(high) if at > below[0]]
        if after:
            found[row] = days[after[0]]
    return found


def differing(one: Course, other: Course, rows: Any = slice(None)) -> list[str]:
    """Quantities of `other` that are not bit for bit those of `one` in these rows, on the days of `one`."""
    at = int(one.days[0] - other.days[0])
    columns = slice(at, at + len(one.days))
    return [n for n, v in one.values.items() if v[rows].tobytes() != other.values[n][rows, columns].tobytes()]


def copied(file: ModuleType, **changed: Any) -> SimpleNamespace:
    """A copy of a biology or policy file with something in it replaced."""
    return SimpleNamespace(**{**vars(file), **changed})
