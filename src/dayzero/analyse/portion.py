"""One portion of a large cohort: some of its patients simulated and at once reduced to what is kept of them.

A portion becomes the bytes of one Parquet file: a row of endpoints for each patient (`rows`), and in the file's own
notes the tally (`tally`) and the run record. Its patients are followed one block at a time, so neither the size of a
portion nor that of the cohort moves the memory it takes. (Several blocks in one call of `simulate` start threads, and
each new thread leaves its own free memory behind: measured, 40 MB a call.)
"""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from dayzero.analyse.rows import patient_rows
from dayzero.analyse.tally import Tally, tally
from dayzero.criteria import judge
from dayzero.errors import DomainWarning
from dayzero.simulation.cohort import simulate
from dayzero.simulation.course import Course
from dayzero.simulation.observe import observe
from dayzero.simulation.request import USUAL_BLOCK
from dayzero.spec import Plan

if TYPE_CHECKING:
    import polars as pl

JUDGED = ("neutrophils", "platelets", "hemoglobin", "donor_chimerism_myeloid", "donor_chimerism_t_cell")
NOTE = "dayzero"  # the name of our own notes in a part file


@dataclass(frozen=True)
class Request:
    """The cohort asked for, and how it is cut.

    Parameters
    ----------
    how : further arguments of `simulate`: precision, parameters, typical, steps_per_day, engine, block.
    chunk : patients of each part but the last.
    """

    plan: Plan
    patients: int
    days: int
    seed: int
    chunk: int
    how: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def parts(self) -> int:
        """How many parts the cohort makes."""
        return -(-self.patients // self.chunk)

    def of_part(self, number: int) -> range:
        """The patients of a part."""
        return range(number * self.chunk, min((number + 1) * self.chunk, self.patients))


class Portion(NamedTuple):
    """What a part file holds: a row of endpoints a patient, the tally, the record of the run that made it."""

    rows: pl.DataFrame
    tally: Tally
    record: dict[str, Any]


def portion(request: Request, number: int, tick: Callable[[float], None] | None = None) -> bytes:
    """Part `number` of a cohort as the bytes of its file; `tick` is called with the share that is done."""
    import polars as pl

    who = request.of_part(number)
    at_once = request.how.get("block") or USUAL_BLOCK
    starts = range(who.start, who.stop, at_once)
    made: list[Portion] = []
    for i, at in enumerate(starts):
        some = range(at, min(at + at_once, who.stop))
        share = None if tick is None else (lambda done, i=i: tick((i + done) / len(starts)))
        course = simulate(request.plan, some, request.days, request.seed, cores=1, progress=share, **request.how)
        made.append(reduced(course))
    counted = made[0].tally
    for more in made[1:]:
        counted += more.tally
    return packed(Portion(pl.concat(part.rows for part in made), counted, made[0].record))


def quiet_portion(request: Request, number: int) -> bytes:
    """`portion` in a process of its own: what leaves the evidence was said where the run was asked for."""
    warnings.filterwarnings("ignore", category=DomainWarning)
    return portion(request, number)


def reduced(course: Course) -> Portion:
    """A course as its endpoints and its tally."""
    kept = {name: array for name, array in course.values.items()
            if not name.startswith("reported_") or name.removeprefix("reported_") in JUDGED}  # fmt: skip
    chart = observe(replace(course, values=kept))  # what nobody judges here need not be charted
    judged = judge(chart)
    return Portion(patient_rows(course, chart, judged), tally(course, chart, judged), shared(course.record))


def shared(record: Mapping[str, Any]) -> dict[str, Any]:
    """What the run records of all parts have in common."""
    return {
        k: v for k, v in record.items() if not k.startswith("patients") and k not in ("plan_of_patient", "warnings")
    }


def packed(made: Portion) -> bytes:
    """A portion as the bytes of a Parquet file."""
    kept = io.BytesIO()
    notes = {f"{NOTE}.tally": made.tally.packed(), f"{NOTE}.record": json.dumps(made.record)}
    made.rows.write_parquet(kept, metadata=notes)
    return kept.getvalue()


def unpacked(content: bytes) -> Portion:
    """A portion from the bytes of its file."""
    import polars as pl

    notes = pl.read_parquet_metadata(io.BytesIO(content))
    return Portion(pl.read_parquet(io.BytesIO(content)), Tally.unpacked(notes[f"{NOTE}.tally"]),
                   json.loads(notes[f"{NOTE}.record"]))  # fmt: skip
