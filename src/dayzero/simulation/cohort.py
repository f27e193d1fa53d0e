"""A cohort: patients in blocks, blocks over cores, one course out.

Patients are numbered; patient 17 of seed 1 is the same person, with the same luck, in every plan, block and order.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from threading import Lock
from typing import Any

import numpy as np

from dayzero.errors import SpecError
from dayzero.module import ORDER_SIGNALS
from dayzero.simulation.assemble import Body, standard_body
from dayzero.simulation.course import Course
from dayzero.simulation.domain import out_of_domain
from dayzero.simulation.engines import engine_for, lived
from dayzero.simulation.layout import STEPS_PER_DAY, Precision
from dayzero.simulation.mixed import prepare_mixed
from dayzero.simulation.occurrences import FATE, FLAGS, REPORTED
from dayzero.simulation.overrides import plain, taken
from dayzero.simulation.parameter_sets import Parameters, values_of
from dayzero.simulation.prepare import Prepared
from dayzero.simulation.request import Run, asked, distinct, who
from dayzero.spec import Plan

TRUE = (
    "neutrophils", "monocytes", "platelets", "hemoglobin", "myeloid_donor_fraction", "stem_donor_fraction", "clones",
    "t_cells", "cd4", "naive_cd4", "cd8", "nk_cells", "b_cells", "igg", "t_donor_fraction", "disease_burden",
    "gvh_effectors", "hvg_effectors", "skin_damage", "gut_damage", "liver_damage", "gvhd_damage", "chronic_gvhd",
    "mucosal_injury", "infection", "cmv_load", "quality_of_life",
)  # fmt: skip
EVENTS = tuple(f"event_{name}" for _, name, _ in standard_body().hazards)
WHOLE = {*EVENTS, *FATE}  # small whole numbers, kept in a byte
RECORDED = (*TRUE, *REPORTED, *ORDER_SIGNALS, *EVENTS, *FATE)

COVARIATES_KEPT = ("age_years", "male", "weight_kg", "height_cm", "major_abo_mismatch", "graft_cd34_per_kg",
                   "graft_cd3_per_kg", "hct_ci", "cmv_recipient", "donor_cmv", "allogeneic")  # fmt: skip


def simulate(
    plan: Plan | str | Sequence[Plan],
    patients: int | Sequence[int] | None = None,
    days: int = 120,
    seed: int = 1,
    *,
    precision: Precision = "float32",
    recording: Sequence[str] = RECORDED,
    parameters: Parameters | None = None,
    ensemble: bool = False,
    typical: bool = False,
    steps_per_day: int | str = STEPS_PER_DAY,
    engine: str = "auto",
    block: int | None = None,
    cores: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Course:
    """The true course of virtual patients from admission to a day.

    Parameters
    ----------
    plan : a plan, its name in the library or its file; or one plan for each patient.
    patients : how many (numbered from 0), or their numbers; left out, one for each plan given, or 1,000.
    days : last day, counted from infusion.
    seed : with the patient's number it fixes who they are and what happens to them.
    precision : float32 for cohorts, float64 for reference.
    parameters : typical values that replace the model's own, by ``organ.name``: a number, one for each patient, or
        ``{"members": [...]}`` (`simulation.overrides`); or a parameter set, by name or file.
    ensemble : patients take the members of the parameter set in turn, so that bands include what is not known.
    typical : everyone is the plan's own patient with typical parameters; they differ only in laboratory noise and
        in the thresholds of events.
    steps_per_day : integration steps; or ``fast``, ``usual``, ``accurate`` (`layout.STEPS` states their errors).
    engine : ``vector`` (compiled for this processor), ``jax`` (the reference), or ``auto``: the first that can be had.
    block : patients computed together at most; results do not depend on it.
    cores : blocks computed at once; default all.
    progress : called with the share done, 0 to 1.

    Raises
    ------
    SpecError : the plan or an option cannot be used.

    Examples
    --------
    >>> course = simulate("auto-mel200-myeloma", patients=3, days=30)
    >>> course.neutrophils.shape
    (3, 35)
    """
    body = standard_body()
    plans, ids = who(plan, patients)
    values, chosen = values_of(parameters, ensemble)
    run = asked(
        body,
        plans,
        days=days,
        seed=seed,
        precision=precision,
        recording=recording,
        parameters=values,
        typical=typical,
        steps=steps_per_day,
        engine=engine,
        block=block,
        cores=(os.cpu_count() or 1) if cores is None else cores,
    )
    run = replace(run, engine=engine_for(run.engine))
    noted = out_of_domain(distinct(plans), days, run.overrides, body.parameters())
    noted += [] if chosen is None else chosen.remarks()
    for sentence in noted:
        warnings.warn(sentence, stacklevel=2)
    parts = _computed(body, plans, ids, run, progress)
    course = _joined(body, parts, plans, ids, run, [str(w) for w in noted])
    named = {} if chosen is None else {"parameter_set": chosen.told(ensemble)}
    return replace(course, record={**course.record, **named})


def _computed(
    body: Body, plans: list[Plan], ids: np.ndarray, run: Run, progress: Callable[[float], None] | None
) -> Iterator[tuple[np.ndarray, Prepared]]:
    """Blocks in order, several at once; prepared numbers are made in the thread that uses them."""
    starts = range(0, len(ids), run.block)
    done, whole, lock = [0], len(ids) * run.padded_days, Lock()

    def tick(patient_days: int) -> None:
        with lock:
            done[0] += patient_days
            if progress is not None:
                progress(done[0] / whole)

    def one(at: int) -> tuple[np.ndarray, Prepared]:
        here = slice(at, at + run.block)
        own = replace(run, overrides=taken(run.overrides, here))
        return _one_block(body, plans[here], ids[here], own, tick)

    if len(starts) == 1:
        yield one(0)
        return
    with ThreadPoolExecutor(max_workers=run.cores) as pool:
        ahead: deque[Future[tuple[np.ndarray, Prepared]]] = deque()
        for at in starts:
            ahead.append(pool.submit(one, at))
            if len(ahead) > run.cores + 1:  # no more blocks in memory than keep every core busy
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def _one_block(body: Body, plans: list[Plan], ids: np.ndarray, run: Run, tick: Callable[[int], None]):
    """What a block recorded, (quantities, patients, days), and who they are."""
    prepared = prepare_mixed(body, plans, ids, run)
    recorded = lived(body, prepared, run, tick)
    _finite(recorded, run)
    return recorded, prepared


def _finite(recorded: np.ndarray, run: Run) -> None:
    """Refuse a course that is no course: parameters or sizes out of reason, or steps too long for them."""
    for name, values in zip(run.recording, recorded, strict=True):
        if not (np.isfinite(values.max()) and np.isfinite(values.min())):
            advice = "take parameters back within their plausible ranges, or raise steps_per_day"
            raise SpecError("simulate", "parameters", f"{name} that is not finite", "finite counts", advice)


def _joined(body: Body, parts: Iterator[tuple[np.ndarray, Prepared]], plans: list[Plan], ids: np.ndarray, run: Run,
            noted: list[str]) -> Course:  # fmt: skip
    days = np.arange(run.first_day, run.days + 1)
    kinds = {name: np.uint8 if name in WHOLE else run.precision for name in run.recording}
    values = {name: np.empty((len(ids), len(days)), dtype=kind) for name, kind in kinds.items()}
    people: dict[str, list[np.ndarray]] = {}
    flags = {name: np.zeros((len(ids), len(days)), dtype=bool) for name in FLAGS}
    at = 0
    for recorded, prepared in parts:
        here = slice(at, at + recorded.shape[1])
        for name, value in zip(run.recording, recorded, strict=True):
            values[name][here] = value
        for name, flag in flags.items():
            flag[here] = prepared.daily[name][: len(days)].T > 0
        for name in COVARIATES_KEPT:
            value = prepared.person[name]
            people.setdefault(name, []).append(value[1] if isinstance(value, tuple) else value)
        at = here.stop
    return Course(ids, days, values, {name: np.concatenate(v) for name, v in people.items()}, flags,
                  run_record(body, plans, ids, run, noted))  # fmt: skip


_version = cache(version)  # looking one up reads a file


def run_record(body: Body, plans: list[Plan], ids: np.ndarray, run: Run, noted: list[str]) -> dict[str, Any]:
    """What it takes to repeat a run, and what to think of it."""
    unique = distinct(plans)
    place = {id(p): i for i, p in enumerate(unique)}
    return {
        "schema": 1,
        "dayzero": _version("dayzero"),
        "plans": [{"name": p.name, "sha256": p.sha256(), "spec": json.loads(p.canonical_json())} for p in unique],
        "plan_of_patient": None if len(unique) == 1 else [place[id(p)] for p in plans],
        "patients": len(ids),
        "patients_listed": None if np.array_equal(ids, np.arange(len(ids))) else ids.tolist(),
        "patients_sha256": hashlib.sha256(np.ascontiguousarray(ids, dtype=np.int64).tobytes()).hexdigest(),
        "seed": run.seed,
        "days": run.days,
        "engine": run.engine,
        "precision": run.precision,
        "steps_per_day": run.steps,
        "parameters": plain(run.overrides),
        "typical": run.typical,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "versions": {name: _version(name) for name in ("jax", "jaxlib", "llvmlite", "numpy")},
        "causes": [name for _, name, _ in body.hazards],
        "warnings": noted,
    }
