"""Files of a finished job, made from its result: tables, the run record, and of a comparison its figure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from dayzero.errors import SpecError
from dayzero.present import fans
from dayzero.present.jobs import Job

Kind = Literal["csv", "record", "svg", "png"]
HEADS = ("name", "label", "unit", "day", "first", "second", "difference", "error", "low", "high", "gain", "patients")


def file_of(job: Job, kind: Kind) -> str | bytes:
    """One file of a job.

    Raises
    ------
    SpecError : the job has no result, or none of that kind.
    """
    told = job.result
    if told is None or job.kind not in ("compare", "simulate"):
        raise SpecError("jobs", "id", f"a job that is {job.state}", "one that is done", "wait for it, or begin another")
    if kind == "record":
        return json.dumps(told["run"] if job.kind == "compare" else told["summary"]["run"], indent=1)
    if job.kind == "simulate":
        if kind != "csv":
            raise SpecError("jobs", "kind", kind, "csv or record", "figures of a plan come from /api/export")
        return _csv(*fans.table_of(told["fan"]))
    pair = told["pairs"][0]
    if kind == "csv":
        return _csv(HEADS, [[row[name] for name in HEADS] for row in pair["contrasts"]])
    return _figure(pair, told["run"], kind)


def _csv(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def _figure(told: Mapping[str, Any], record: Mapping[str, Any], kind: str) -> bytes:
    from dayzero.analyse.compare import Contrast, Pair
    from dayzero.present.contrast_figures import pair_figure
    from dayzero.present.page import styled

    rows = tuple(Contrast(**_numbers(row)) for row in told["contrasts"])
    figure = pair_figure(Pair(told["first"], told["second"], rows, (), told["patients"], told["left_out"]), record)
    image = io.BytesIO()
    with styled():
        figure.savefig(image, format=kind)
    return image.getvalue()


def _numbers(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: float("nan") if value is None and name != "model" else value for name, value in row.items()}
