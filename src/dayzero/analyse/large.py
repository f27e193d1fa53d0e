"""Large cohorts: simulated part by part into a folder, each patient kept as a row of endpoints, the rest as counts.

::

    FOLDER/manifest.json               what was asked for, and the run record
    FOLDER/part-000000.1f0a....parquet patients 0 to 4,095: a row each; in its notes the counts by day
    FOLDER/part-000001.c37e....parquet ...

Every part is written whole or not at all and known by its digest. Whatever ended a run, the same call goes on where it
stopped. The table and the counts are the same for every size of part, executor and number of workers.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from dayzero.analyse.manifest import Manifest, begun
from dayzero.analyse.merged import Fan, fan, merged_outcomes, merged_summary
from dayzero.analyse.outcomes import Outcomes
from dayzero.analyse.portion import Request, portion, quiet_portion, unpacked
from dayzero.analyse.rows import digest
from dayzero.analyse.summary import RANGE, Summary
from dayzero.analyse.tally import Tally
from dayzero.errors import DomainWarning, InputError, SpecError
from dayzero.simulation.cluster import Dask
from dayzero.simulation.executors import Pool, Threads, completed
from dayzero.simulation.parts import held, keep_part, parts_in, read_part, sweep
from dayzero.simulation.processes import Processes
from dayzero.spec import Plan

if TYPE_CHECKING:
    import polars as pl

EXECUTORS = ("threads", "processes", "dask")
MOST_WORKERS = 1024


@dataclass(frozen=True, eq=False)
class Cohort:
    """A large cohort in its folder: a row of endpoints for each patient, and the counts of all.

    `dayzero.summary` and `dayzero.outcomes` take it as they take a course.

    Parameters
    ----------
    folder : where its parts are. record : the run record. tally : the counts of all patients.
    again : parts that were damaged when this run began, and were made again.
    """

    folder: Path
    record: Mapping[str, Any] = field(repr=False)
    tally: Tally = field(repr=False)
    again: tuple[int, ...] = ()

    def __len__(self) -> int:
        return self.record["patients"]

    @classmethod
    def open(cls, folder: str | Path) -> Cohort:
        """A cohort whose parts are all there; each is checked by its digest."""
        place = Path(folder)
        told = Manifest.read(place)
        kept = _kept(place, told)
        if kept.tally is None or len(kept.numbers) < told.parts:
            got = f"{len(kept.numbers)} of {told.parts} parts"
            raise InputError(str(place), "parts", got, "all of them", "give the command that began it again")
        return cls(place, told.record, kept.tally)

    def rows(self) -> pl.LazyFrame:
        """One row a patient, in order; read from the disk as far as it is used (`dayzero.analyse.rows`)."""
        import polars as pl

        return pl.scan_parquet([path for _, path in sorted(parts_in(self.folder).items())])

    def summary(self) -> Summary:
        """The clinician's table."""
        return merged_summary(self.tally, self.record)

    def outcomes(self, horizon: int | Sequence[int] | None = None) -> Outcomes:
        """What became of the patients; means of life only at the usual days."""
        return merged_outcomes(self.tally, self.record, horizon)

    def fan(self, name: str, percents: Sequence[float] = RANGE) -> Fan:
        """Percentiles of a quantity over living patients, day by day."""
        return fan(self.tally, name, percents)

    def table_digest(self) -> str:
        """SHA-256 of the table of patients: the same however it was cut and whatever computed it."""
        paths = sorted(parts_in(self.folder).items())
        return digest(unpacked(path.read_bytes()).rows for _, path in paths)


def simulate_many(
    plan: Plan | str,
    into: str | Path,
    patients: int,
    days: int = 365,
    seed: int = 1,
    *,
    chunk: int | None = None,
    executor: str = "threads",
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[float], None] | None = None,
    **how: Any,
) -> Cohort:
    """Follow any number of virtual patients, part by part, into a folder; the same call goes on where one stopped.

    Patients are those of `simulate` with the same seed: patient 17 is the same person with the same luck.

    Parameters
    ----------
    plan : a plan, its name in the library or its file.
    into : a folder: new, empty, or begun by the same call.
    chunk : patients in a part, default 4,096, or as begun; results do not depend on it.
    executor : threads, processes, or dask (needs ``dayzero[cluster]``).
    workers : parts computed at once; default one a core.
    scheduler : address of a Dask scheduler; left out, a cluster of this machine.
    progress : called with the share done, 0 to 1.
    how : further arguments of `simulate`: precision, parameters, typical, steps_per_day, engine, block.

    Raises
    ------
    InputError : the request cannot be used, the folder holds something else, or the disk is full.
    EngineError : a part failed several times. In both cases finished parts are kept.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cohort = simulate_many("auto-mel200-myeloma", folder, patients=32, days=30, chunk=16)
    ...     len(cohort), cohort.rows().collect().height
    (32, 32)
    """
    place = Path(into)
    request, told = begun(Plan.load(plan), patients, days, seed, chunk, how, place)
    count = _checked(executor, workers, scheduler)
    new = not place.exists()
    place.mkdir(parents=True, exist_ok=True)
    try:
        with held(place), warnings.catch_warnings():
            warnings.simplefilter("ignore", DomainWarning)  # said once already, by `begun`
            return _filled(place, request, told, _Share(told.parts, progress), executor, count, scheduler)
    except BaseException:
        with suppress(OSError):
            if new:
                place.rmdir()  # where nothing came of it
        raise


def _filled(place: Path, request: Request, told: Manifest, share: _Share, executor: str, workers: int,
            scheduler: str | None) -> Cohort:  # fmt: skip
    """The folder with every part in it: those that are whole stay, the others are made."""
    kept = _kept(place, told)
    missing = [number for number in range(told.parts) if number not in kept.numbers]
    for number in kept.numbers:
        share.tell(number)
    counted = kept.tally
    if missing:
        pool = _pool(executor, request, min(workers, len(missing)), scheduler, share)
        told.keep(place)
        sweep(place)
        for path in kept.damaged.values():
            path.unlink()
        with closing(completed(pool, missing)) as results:
            for done in results:
                made = unpacked(done.made)
                told.check_made(made.record, done.number)
                keep_part(place, done.number, done.made)
                counted = made.tally if counted is None else counted + made.tally
                share.tell(done.number)
    assert counted is not None  # a cohort has one part at least
    return Cohort(place, told.record, counted, tuple(sorted(kept.damaged)))


class _Kept(NamedTuple):
    """What a folder holds: numbers and tally of its whole parts, and the damaged ones."""

    numbers: frozenset[int]
    tally: Tally | None
    damaged: dict[int, Path]


def _kept(place: Path, told: Manifest) -> _Kept:
    numbers, counted, damaged = set[int](), None, dict[int, Path]()
    for number, path in parts_in(place).items():
        content = read_part(path)
        if content is None:
            damaged[number] = path
            continue
        made = unpacked(content)
        told.check_made(made.record, number)
        numbers.add(number)
        counted = made.tally if counted is None else counted + made.tally
    return _Kept(frozenset(numbers), counted, damaged)


class _Share:
    """The share of all parts that is done, told as it grows; parts and their own shares come from several threads."""

    def __init__(self, parts: int, progress: Callable[[float], None] | None) -> None:
        self._parts, self._progress, self._done, self._lock = parts, progress, dict[int, float](), Lock()

    def tell(self, number: int, share: float = 1.0) -> None:
        """A part is done as far as that."""
        with self._lock:
            self._done[number] = share
            if self._progress is not None:
                self._progress(sum(self._done.values()) / self._parts)


def _checked(executor: str, workers: int | None, scheduler: str | None) -> int:
    """How many parts at once; refuses what cannot be used before any work."""
    if executor not in EXECUTORS:
        raise SpecError("simulate", "executor", repr(executor), f"one of {', '.join(EXECUTORS)}", "choose one of them")
    if scheduler is not None and executor != "dask":
        raise SpecError("simulate", "scheduler", scheduler, "no scheduler", "add executor dask, or leave it out")
    count = (os.cpu_count() or 1) if workers is None else workers
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MOST_WORKERS:
        expected = f"a whole number of 1 to {MOST_WORKERS}"
        raise SpecError("simulate", "workers", repr(count)[:60], expected, "correct it")
    return count


def _pool(executor: str, request: Request, workers: int, scheduler: str | None, share: _Share) -> Pool:
    if executor == "threads":
        return Threads(partial(portion, request), workers, share.tell)
    task = partial(quiet_portion, request)
    return Processes(task, workers) if executor == "processes" else Dask(task, workers, scheduler)
