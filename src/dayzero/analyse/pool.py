"""Virtual patients of a plan as rows of endpoints, in pieces over all cores, kept in a folder where one is given.

A piece is named after what made it (plan, patients, seed, days, parameters, version), so whatever stopped a run, the
same call goes on from the pieces that are there, and a longer run uses those of a shorter one.
"""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from dayzero.analyse.rows import patient_rows
from dayzero.criteria import judge
from dayzero.errors import DomainWarning
from dayzero.records.chart import Integers
from dayzero.simulation.cohort import EVENTS, RECORDED, simulate
from dayzero.simulation.engines import engine_for
from dayzero.simulation.observe import observe
from dayzero.simulation.occurrences import FATE
from dayzero.simulation.parts import write_whole
from dayzero.spec import Plan

if TYPE_CHECKING:
    import polars as pl

PIECE = 512
MANY = 4000  # patients from which a second compiled program, which records less, pays for itself
ENOUGH = (
    "neutrophils", "platelets", "hemoglobin", "quality_of_life", "platelet_units", "red_cell_units",
    "reported_neutrophils", "reported_platelets", "reported_hemoglobin", "reported_donor_chimerism_myeloid",
    "reported_donor_chimerism_t_cell", "steroid_mg_per_kg", "ruxolitinib", "antiviral", "foscarnet", *EVENTS, *FATE,
)  # fmt: skip
"""What rows of endpoints are read from."""

_KEPT = 1  # version of the pieces


@dataclass(frozen=True)
class Group:
    """Patients to follow: a plan, who they are, to which day, with which seed and parameters."""

    plan: Plan
    patients: Integers
    days: int
    seed: int
    parameters: Mapping[str, float] = field(default_factory=dict[str, float])

    def pieces(self) -> list[Group]:
        """The group in pieces that are followed together."""
        cuts = range(0, len(self.patients), PIECE)
        return [Group(self.plan, self.patients[at : at + PIECE], self.days, self.seed, self.parameters) for at in cuts]

    def key(self) -> str:
        """The name of a piece: a digest of everything that its rows depend on."""
        told = [_KEPT, version("dayzero"), self.plan.sha256(), self.days, self.seed, sorted(self.parameters.items())]
        ids = np.ascontiguousarray(self.patients, dtype=np.int64).tobytes()
        return hashlib.sha256(repr(told).encode() + ids).hexdigest()[:32]


def follow(
    groups: list[Group], folder: Path | None = None, progress: Callable[[float], None] | None = None
) -> list[pl.DataFrame]:
    """The rows of every group (`rows.patient_rows`), patients in order.

    Parameters
    ----------
    folder : where pieces are kept and looked for; made where it is missing.
    progress : called with the share done, 0 to 1.
    """
    import polars as pl

    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    _say_what_leaves_the_evidence(groups)
    lot = sum(len(group.patients) for group in groups)
    recording = ENOUGH if lot >= MANY else RECORDED
    pieces = [(g, piece) for g, group in enumerate(groups) for piece in group.pieces()]
    share = _Share([len(piece.patients) * piece.days for _, piece in pieces], progress)
    made: dict[int, pl.DataFrame] = {}
    pool = ThreadPoolExecutor(max_workers=os.cpu_count() or 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DomainWarning)  # said once already
            work = {pool.submit(_one, piece, folder, recording, share.of(i)): i for i, (_, piece) in enumerate(pieces)}
            for done in as_completed(work):
                made[work[done]] = done.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return [pl.concat(made[i] for i, (of, _) in enumerate(pieces) if of == g) for g in range(len(groups))]


def worlds_of(parameters: Mapping[str, float] | Sequence[Mapping[str, float]],
              ensemble: Sequence[Mapping[str, float]] = ()) -> list[dict[str, float]]:  # fmt: skip
    """Parameter sets to run with: the model's own or those given, then each of an ensemble.

    >>> worlds_of({"graft.lodging": 0.2}, [{"disease.growth": 0.1}])
    [{'graft.lodging': 0.2}, {'graft.lodging': 0.2, 'disease.growth': 0.1}]
    >>> worlds_of([{"graft.lodging": 0.2}])
    [{}, {'graft.lodging': 0.2}]
    """
    one = isinstance(parameters, Mapping)
    own = dict(parameters) if isinstance(parameters, Mapping) else {}
    return [own, *({**own, **each} for each in (*(() if one else parameters), *ensemble))]


def run_of(plans: Sequence[Mapping[str, Any]], seed: int, patients: int) -> dict[str, Any]:
    """What it takes to say which run a table or figure is of, as in the record of a course."""
    return {"schema": 1, "dayzero": version("dayzero"), "plans": list(plans), "seed": seed, "patients": patients,
            "engine": engine_for("auto"), "precision": "float32", "warnings": []}  # fmt: skip


def _one(piece: Group, folder: Path | None, recording: tuple[str, ...], tick: Callable[[float], None]) -> pl.DataFrame:
    path = None if folder is None else folder / f"{piece.key()}.parquet"
    kept = _read(path) if path is not None else None
    if kept is None:
        course = simulate(piece.plan, piece.patients.tolist(), piece.days, piece.seed, recording=recording,
                          parameters=piece.parameters, cores=1, progress=tick)  # type: ignore[arg-type]  # fmt: skip
        chart = observe(course)
        kept = patient_rows(course, chart, judge(chart))
        if path is not None:
            content = io.BytesIO()
            kept.write_parquet(content)
            write_whole(path, content.getvalue())
    tick(1.0)
    return kept


def _read(path: Path) -> pl.DataFrame | None:
    """A piece that is there; None where it is not, or is damaged."""
    import polars as pl

    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError):
        return None


def _say_what_leaves_the_evidence(groups: list[Group]) -> None:
    """The domain warnings of all groups, each once."""
    from dayzero.simulation.assemble import standard_body
    from dayzero.simulation.domain import out_of_domain

    known = standard_body().parameters()
    told: dict[str, Any] = {}
    for group in groups:
        for sentence in out_of_domain([group.plan], group.days, group.parameters, known):
            told.setdefault(str(sentence), sentence)
    for sentence in told.values():
        warnings.warn(sentence, stacklevel=4)


class _Share:
    """The share of all pieces that is done, told as it grows; pieces report from several threads."""

    def __init__(self, sizes: list[int], progress: Callable[[float], None] | None) -> None:
        self._sizes, self._progress, self._done, self._lock = sizes, progress, [0.0] * len(sizes), Lock()

    def of(self, number: int) -> Callable[[float], None]:
        """What a piece tells its own share to."""

        def tick(share: float) -> None:
            with self._lock:
                self._done[number] = max(share, self._done[number])
                if self._progress is not None:
                    done = sum(size * part for size, part in zip(self._sizes, self._done, strict=True))
                    self._progress(done / sum(self._sizes))

        return tick
