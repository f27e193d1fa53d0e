"""Run studies: simulate their arms, compute every figure with its Monte-Carlo error, and keep what is finished.

Arms of a study are paired: the same patient numbers and seed. Patients are added until the Monte-Carlo error of every
figure is below a quarter of the half-width of its published interval, up to a cap. A finished study is kept under the
digest of itself, of the model (its source and tables) and of the request, and is not run again.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from math import isfinite, nan
from multiprocessing import get_context
from typing import Any, TypeVar

import numpy as np

from dayzero.analyse.evidence.facts import gather
from dayzero.analyse.evidence.finished import Shelf
from dayzero.analyse.evidence.measures import FEWEST, Measure
from dayzero.analyse.evidence.scoring import Published, published, scaled
from dayzero.analyse.evidence.strata import SLOTS, Arm
from dayzero.analyse.evidence.studies import Entry, Study
from dayzero.errors import DomainWarning
from dayzero.records.chart import Floats
from dayzero.simulation.cohort import simulate
from dayzero.simulation.overrides import taken

T = TypeVar("T")
PATIENT_DAYS = 260_000  # of one course in memory
LEAST_CHUNK, MOST_CHUNK = 4 * SLOTS, 512
REPLICATES = 40
QUARTER = 0.25
GROWTH = 4  # times the patients asked for, at most
LONGEST = 3650


@dataclass(frozen=True)
class Figure:
    """A simulated figure.

    Parameters
    ----------
    id : of the finding.
    value, error : the figure and its Monte-Carlo error, on the printed scale and on that of distances.
    patients : virtual patients an arm.
    """

    id: str
    value: float
    error: float
    patients: int


@dataclass(frozen=True)
class Request:
    """How studies are run.

    Parameters
    ----------
    patients, cap : virtual patients an arm, to begin with and at most.
    parameters : typical values that replace the model's own; parameter_set : the name of the set they are from.
    """

    patients: int = 2000
    seed: int = 1
    cap: int | None = None
    parameters: Mapping[str, float] = field(default_factory=dict[str, float])
    parameter_set: str = ""

    @property
    def most(self) -> int:
        """Virtual patients an arm, at most."""
        return self.cap or GROWTH * self.patients


SHELF = Shelf("evidence", Figure)


def run_study(study: Study, request: Request, progress: Callable[[float], None] | None = None) -> list[Figure]:
    """Every figure of a study that is simulated, in order; ``progress``: told the share done, at most."""
    entries = [entry for entry in study.entries if not entry.refused]
    measures = {entry.finding.id: entry.measure for entry in entries}
    facts: dict[str, dict[str, Floats]] = {}
    done, target = 0, request.patients
    whole, lived = request.most * max(len(study.arms), 1), [0]

    def tick(patients: int) -> None:
        lived[0] += patients
        if progress is not None:
            progress(lived[0] / whole)

    while True:
        for name, arm in study.arms.items():
            needs, last = needed(name, entries, measures)
            if needs:
                more = simulated(arm, needs, last, range(done, target), request.seed, request.parameters, tick=tick)
                facts[name] = _joined(facts.get(name), more)
        done = target
        figures = [_figure(entry, measures[entry.finding.id], facts, done) for entry in entries]
        if done >= request.most or all(
            _settled(e, measures[e.finding.id], f) for e, f in zip(entries, figures, strict=True)
        ):
            return figures
        target = min(2 * done, request.most)


def needed(arm: str, entries: Sequence[Entry], measures: Mapping[str, Measure]) -> tuple[set[str], int]:
    """Facts wanted of an arm, and the last day they look at."""
    needs: set[str] = set()
    last = 0
    for entry in entries:
        if arm not in entry.arms:
            continue
        measure = measures[entry.finding.id]
        needs |= {*measure.needs, *(condition.fact for condition in entry.conditions)}
        last = max(last, measure.last)
        if entry.conditions:
            needs.add("death")
            last = max(last, 100)
    days = [int(name.split(":")[-1]) for name in needs if name.startswith(("level:", "units:", "given:"))]
    return needs, min(max([last, 100, *days]), LONGEST)


def simulated(
    arm: Arm,
    needs: set[str],
    last: int,
    numbers: Sequence[int],
    seed: int,
    parameters: Mapping[str, Any] | None = None,
    steps: int | str = "usual",
    tick: Callable[[int], None] = lambda _: None,
) -> dict[str, Floats]:
    """The facts of patients of an arm, in parts that fit into memory; ``parameters`` as `simulate` takes them."""
    plans = arm.loaded()
    size = max(LEAST_CHUNK, min(MOST_CHUNK, PATIENT_DAYS // last // SLOTS * SLOTS))
    parts: dict[str, Floats] | None = None
    for first in range(0, len(numbers), size):
        here = slice(first, first + size)
        ids, own = list(numbers[here]), taken(parameters or {}, here)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DomainWarning)
            course = simulate([plans[i % len(plans)] for i in ids], ids, last, seed, parameters=own, cores=1,
                              steps_per_day=steps)  # fmt: skip
        parts = _joined(parts, gather(course, needs))
        tick(len(ids))
    return parts or {}


def _joined(first: Mapping[str, Floats] | None, second: Mapping[str, Floats]) -> dict[str, Floats]:
    if first is None:
        return dict(second)
    return {name: np.concatenate([first[name], second[name]]) for name in second}


def _figure(entry: Entry, measure: Measure, facts: Mapping[str, Mapping[str, Floats]], patients: int) -> Figure:
    tables = [chosen(entry, facts[name]) for name in entry.arms]
    if any(len(next(iter(table.values()))) < FEWEST for table in tables):
        return Figure(entry.finding.id, nan, nan, patients)
    value = number_of(measure, tables)
    if not entry.arms:
        return Figure(entry.finding.id, value, 0.0, 0)
    error = error_of(entry, measure, tables) if isfinite(value) else nan
    return Figure(entry.finding.id, value, error, patients)


def chosen(entry: Entry, table: Mapping[str, Floats]) -> dict[str, Floats]:
    """The facts of the patients an entry is about."""
    kept_rows = np.ones(len(next(iter(table.values()))), bool)
    for fact, sign, number, landmark in entry.conditions:
        told = table[fact]
        kept_rows &= {"<": told < number, ">=": told >= number, ">": told > number, "<=": told <= number}[sign]
        if landmark:
            kept_rows &= table["death"] > landmark
    return {name: values[kept_rows] for name, values in table.items()}


def number_of(measure: Measure, tables: Sequence[Mapping[str, Floats]]) -> float:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            return float(measure.figure(*tables))
        except (ValueError, ZeroDivisionError, np.linalg.LinAlgError):  # a subgroup too small for the figure
            return nan


def error_of(entry: Entry, measure: Measure, tables: Sequence[Mapping[str, Floats]]) -> float:
    """Monte-Carlo error by the bootstrap over patients, on the scale of distances; arms are drawn together."""
    rng = np.random.default_rng(int(sha256(entry.finding.id.encode()).hexdigest()[:8], 16))
    sizes = [len(next(iter(table.values()))) for table in tables]
    paired = len(set(sizes)) == 1
    found = []
    for _ in range(REPLICATES):
        shared = rng.integers(0, sizes[0], sizes[0])
        rows = [shared if paired else rng.integers(0, size, size) for size in sizes]
        drawn = [{name: values[at] for name, values in table.items()} for table, at in zip(tables, rows, strict=True)]
        found.append(scaled(number_of(measure, drawn), measure.scale))
    known = np.array([value for value in found if isfinite(value)])
    return float(known.std(ddof=1)) if len(known) > 1 else nan


def _settled(entry: Entry, measure: Measure, figure: Figure) -> bool:
    """Whether more patients would not matter: nothing to compare with, or an error small enough."""
    about = printed(entry, measure)
    half = (about.high - about.low) / 2
    return not entry.arms or not isfinite(figure.error) or not isfinite(half) or figure.error <= QUARTER * half


def printed(entry: Entry, measure: Measure) -> Published:
    """The published figure of an entry with its error."""
    row = entry.finding
    return published(
        row.value,
        row.low,
        row.high,
        row.interval_type,
        row.n,
        measure.scale,
        (row.approx_low, row.approx_high),
        2 if row.n_scope == "total" and len(entry.arms) < 2 else 1,
    )


def run_studies(
    studies: Sequence[Study],
    request: Request,
    jobs: int | None = None,
    fresh: bool = False,
    progress: Callable[[int, int, str], None] | None = None,
) -> dict[str, list[Figure]]:
    """Figures of many studies by name, several at once; finished ones are taken from where they were kept.

    ``jobs``: processes; one a core if not said, 1 for none but this. ``progress``: done, of how many, which.
    """
    found: dict[str, list[Figure]] = {}
    waiting = []
    for study in studies:
        known = None if fresh else recalled(study, request)
        if known is None:
            waiting.append(study)
        else:
            found[study.name] = known
    for name, figures in each_of(waiting, partial(run_and_keep, request=request), jobs or os.cpu_count() or 1):
        found[name] = figures
        if progress is not None:
            progress(len(found), len(studies), name)
    return {study.name: found[study.name] for study in studies}


def each_of(studies: Sequence[Study], work: Callable[[Study], T], jobs: int) -> Iterator[tuple[str, T]]:
    """What ``work`` makes of each study, by its name, as they are done; the longest first, several at once."""
    ordered = sorted(studies, key=work_of, reverse=True)
    if jobs == 1 or len(ordered) < 2:
        for study in ordered:
            yield study.name, work(study)
        return
    pool = ProcessPoolExecutor(min(jobs, len(ordered)), mp_context=get_context("spawn"))
    try:
        jobs_of = {pool.submit(work, study): study.name for study in ordered}
        for job in as_completed(jobs_of):
            yield jobs_of[job], job.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def work_of(study: Study) -> int:
    """Days that one patient of every arm of a study is followed, together."""
    entries = [entry for entry in study.entries if not entry.refused]
    measures = {entry.finding.id: entry.measure for entry in entries}
    return sum(needed(name, entries, measures)[1] for name in study.arms)


def run_and_keep(study: Study, request: Request, progress: Callable[[float], None] | None = None) -> list[Figure]:
    """The figures of a study, kept for the next time."""
    figures = run_study(study, request, progress)
    SHELF.keep(study, request, figures)
    return figures


def recalled(study: Study, request: Request) -> list[Figure] | None:
    """The figures of a study that were kept for this model and request; None where there are none."""
    return SHELF.recall(study, request)
