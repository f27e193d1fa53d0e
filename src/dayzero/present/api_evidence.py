"""The scoreboard of the HTTP interface: findings chosen as on the page, as a table, as data, or as the forest."""

from __future__ import annotations

import io
import json
from typing import Annotated, Literal

from fastapi import FastAPI, Query, Response

from dayzero.errors import SpecError
from dayzero.present import evidence_view
from dayzero.present.jobs import Jobs
from dayzero.present.problems import files

Kind = Literal["csv", "json", "svg", "png"]
MEDIA = {"csv": "text/csv", "json": "application/json", "svg": "image/svg+xml", "png": "image/png"}
Word = Annotated[str, Query(max_length=80)]


def add_evidence(app: FastAPI, jobs: Jobs) -> None:
    """Add the paths of the scoreboard."""

    @app.get(
        "/api/evidence/{study}/{arm}.yaml",
        tags=["evidence"],
        response_class=Response,
        responses=files("application/yaml"),
    )
    def plan(study: str, arm: str) -> Response:
        """The plan that stands for an arm of a published study."""
        found = evidence_view.plan_of(evidence_view.study_called(study), arm)
        return Response(found.dump(), media_type="application/yaml")

    @app.get("/api/evidence.{kind}", tags=["evidence"], response_class=Response, responses=files(*MEDIA.values()))
    def board(kind: Kind, topic: Word = "", find: Word = "", study: Word = "", verdict: Word = "") -> Response:
        """Findings simulated beside published: of a topic, with words in them, of a study, by verdict."""
        asked = evidence_view.Asked.of({"topic": topic, "find": find, "study": study, "verdict": verdict})
        name = "-".join(part for part in ("evidence", *asked.query().values()) if part.isascii() and '"' not in part)
        head = {"content-disposition": f'attachment; filename="{name.replace(" ", "-")[:100]}.{kind}"'}
        return Response(_made(kind, asked, jobs), media_type=MEDIA[kind], headers=head)


def _made(kind: Kind, asked: evidence_view.Asked, jobs: Jobs) -> str | bytes:
    from dayzero.present.evidence_figure import forest_figure
    from dayzero.present.evidence_table import csv_of, data_of
    from dayzero.present.page import styled

    if not asked.anything:
        advice = "choose some: the whole scoreboard is made by `dayzero evidence`"
        raise SpecError("evidence", "filter", "nothing", "topic, find, study or verdict", advice)
    found, _ = evidence_view.board_for(asked, jobs)
    if kind == "csv":
        return csv_of(found)
    if kind == "json":
        return json.dumps(data_of(found), indent=1, allow_nan=False)
    if not any(row.covered for row in found.rows):
        raise SpecError("evidence", "filter", "no finding that was simulated", "one or more", "choose others")
    image = io.BytesIO()
    with styled():
        forest_figure(found).savefig(image, format=kind)
    return image.getvalue()
