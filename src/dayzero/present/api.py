"""The HTTP interface: plans in, series, tables, figures and judgements out; long runs as jobs.

The same models as the command line read what is asked; errors are its sentences as problem documents (RFC 9457). What
comes from a patient's file is answered and forgotten.
"""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query, Request
from fastapi import Path as PathOf
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from dayzero import __version__
from dayzero.present import fans, fields, job_files, uploads
from dayzero.present.api_evidence import add_evidence
from dayzero.present.jobs import Jobs
from dayzero.present.page import DISCLAIMER
from dayzero.present.plan_link import plan_called
from dayzero.present.problems import answer_with_problems, files
from dayzero.present.scene import MOST_DAYS, MOST_PATIENTS, Courses, Scene, moving, with_edits
from dayzero.present.warm import WarmUp
from dayzero.simulation.course import Course
from dayzero.spec import Plan

JOB_PATIENTS, JOB_DAYS = 20_000, 3650
MOVING_DAYS = 120
AT_ONCE = 2  # runs computed together; each uses its share of the processor

Name = Annotated[str, PathOf(examples=["aml-sibling-pbsc"])]
Kind = Literal["csv", "yaml", "record", "png", "svg", "outcomes-png", "outcomes-svg", "timeline-png", "timeline-svg"]
MEDIA = {"csv": "text/csv", "yaml": "application/yaml", "record": "application/json", "png": "image/png",
         "svg": "image/svg+xml"}  # fmt: skip


EXAMPLE = {"plan": "aml-sibling-pbsc", "but": ["graft.cd34_per_kg=3e6"], "patients": 20, "days": 30}


class Asked(BaseModel):
    """What is to be simulated."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})
    plan: str | dict[str, Any] = Field(description="a plan of the library by name, or a plan in full")
    but: list[str] = Field(default=[], max_length=60, description="edits, section.field=value")
    patients: int = Field(default=200, ge=1, le=JOB_PATIENTS, description="virtual patients")
    days: int = Field(default=120, ge=1, le=JOB_DAYS, description="last day, counted from infusion")
    seed: int = Field(default=1, ge=0, lt=2**31, description="fixes who they are and what happens to them")

    def loaded(self) -> Plan:
        """The plan, checked; a name is of the library, never a file."""
        plan = plan_called(self.plan) if isinstance(self.plan, str) else Plan.load(self.plan)
        return with_edits(plan, self.but) if self.but else plan


class Now(Asked):
    """What is to be simulated at once."""

    patients: int = Field(default=200, ge=1, le=MOST_PATIENTS, description="virtual patients")
    days: int = Field(default=120, ge=1, le=MOST_DAYS, description="last day, counted from infusion")


class LongRun(Asked):
    """A run with progress: simulated, or compared with another plan on the same patients."""

    kind: Literal["simulate", "compare"] = "simulate"
    other: str | dict[str, Any] | None = Field(default=None, description="the plan compared with; null: `plan`, edited")


class Ward:
    """What the API and the page share: courses of late, jobs, how much is computed at once, the programs' warm-up."""

    def __init__(self, jobs: Jobs | None = None) -> None:
        self.courses, self.jobs, self.warm = Courses(), jobs or Jobs(), WarmUp()
        self.busy = threading.BoundedSemaphore(AT_ONCE)

    def moving(self, scene: Scene) -> Course:
        """The course of a scene while a slider moves: to day 120 at most, fast steps, what the fan draws."""
        with self.busy:
            return moving(scene, fans.DRAWN, MOVING_DAYS)

    def course(self, scene: Scene) -> Course:
        """The course of a scene, when it is its turn."""
        with self.busy:
            return self.courses.of(scene)


def api_of(ward: Ward) -> FastAPI:
    """The application with every path of the interface."""
    app = FastAPI(title="dayzero", version=__version__, description=DISCLAIMER, docs_url=None, redoc_url=None,
                  openapi_url="/api/openapi.json")  # fmt: skip
    answer_with_problems(app)
    _read(app)
    _run(app, ward)
    _jobs(app, ward)
    _judged(app)
    add_evidence(app, ward.jobs)
    return app


def _read(app: FastAPI) -> None:
    from dayzero.present.explain import explain
    from dayzero.present.parameter_table import parameter_table
    from dayzero.present.tables import library_rows

    @app.get("/api/library/{kind}", tags=["plans"])
    def library(kind: Literal["plan", "conditioning", "prophylaxis", "care", "graft", "trial"]) -> list[dict[str, str]]:
        """Name and title of everything of a kind in the library."""
        return library_rows(kind)

    @app.get("/api/plans/{name}", tags=["plans"])
    def plan(name: Name, but: Annotated[list[str], Query(max_length=60)] = []) -> dict[str, Any]:  # noqa: B006
        """A plan of the library in full, edited."""
        return Scene.of({"plan": name, "but": but}).loaded().plain()

    @app.get("/api/plans/{name}/fields", tags=["plans"])
    def plan_fields(name: Name, but: Annotated[list[str], Query(max_length=60)] = []) -> list[dict[str, Any]]:  # noqa: B006
        """Every field of a plan with value, range and help."""
        found = fields.fields_of(Scene.of({"plan": name, "but": but}).loaded())
        return [json.loads(json.dumps(each._asdict(), default=str)) for each in found]

    @app.get("/api/schema", tags=["plans"])
    def schema() -> dict[str, Any]:
        """JSON Schema of a plan."""
        return Plan.json_schema()

    @app.get("/api/explain", tags=["model"])
    def explained(name: Annotated[str | None, Query(max_length=100)] = None) -> dict[str, Any]:
        """What a parameter, signal or organ system is: value, unit, source, status, and what uses it."""
        return explain(name).as_dict()

    @app.get("/api/parameters.csv", tags=["model"], response_class=Response, responses=files("text/csv"))
    def parameters(name: Annotated[str | None, Query(max_length=100)] = None) -> Response:
        """Parameters with value, unit, uncertainty, spread, source and status: of an organ system, or all."""
        return _file(parameter_table(name), f"parameters{(name and '-' + name) or ''}.csv", MEDIA["csv"])


def _run(app: FastAPI, ward: Ward) -> None:
    @app.post("/api/simulate", tags=["runs"])
    def simulate(asked: Now) -> JSONResponse:
        """Bands by day, the clinician's table, outcome curves and the run record."""
        from dayzero.analyse.summary import summary
        from dayzero.simulation.cohort import simulate as run

        with ward.busy:
            course = run(asked.loaded(), patients=asked.patients, days=asked.days, seed=asked.seed)
        table = summary(course)
        curves = [] if table.outcomes is None else fans.curves_of(table.outcomes)
        return JSONResponse({**fans.fan_of(course), "curves": curves, "summary": table.as_dict(), "note": DISCLAIMER})

    @app.get("/api/export/{kind}", tags=["runs"], response_class=Response, responses=files(*MEDIA.values()))
    def export(
        kind: Kind,
        plan: str = "",
        but: Annotated[list[str], Query(max_length=60)] = [],  # noqa: B006
        patients: int | None = None,
        days: int | None = None,
        seed: int | None = None,
        patient: int | None = None,
    ) -> Response:
        """The scene of a link as a file: table by day, plan, run record, or a figure for print."""
        told = {"plan": plan, "but": but, "patients": patients, "days": days, "seed": seed, "patient": patient}
        return exported(kind, Scene.of(told), ward)


def _jobs(app: FastAPI, ward: Ward) -> None:
    @app.post("/api/jobs", status_code=202, tags=["jobs"])
    def begin(asked: LongRun) -> dict[str, Any]:
        """Begin a long run; ask for it by its id."""
        work = compared(asked) if asked.kind == "compare" else simulated(asked)
        return ward.jobs.begin(asked.kind, asked.model_dump(), work).told()

    @app.get("/api/jobs", tags=["jobs"])
    def listed() -> list[dict[str, Any]]:
        """Every job, the newest first."""
        return ward.jobs.listed()

    @app.get("/api/jobs/{name}", tags=["jobs"])
    def job(name: str) -> dict[str, Any]:
        """How far a job is, and its result when it is done."""
        return ward.jobs[name].told()

    @app.get("/api/jobs/{name}/{kind}", tags=["jobs"], response_class=Response, responses=files(*MEDIA.values()))
    def file(name: str, kind: job_files.Kind) -> Response:
        """A file of a job that is done: its table, its run record, the figure of a comparison."""
        ending = "record.json" if kind == "record" else kind
        return _file(job_files.file_of(ward.jobs[name], kind), f"{ward.jobs[name].kind}.{ending}", MEDIA[kind])

    @app.delete("/api/jobs/{name}", tags=["jobs"])
    def end(name: str) -> dict[str, Any]:
        """Stop a job."""
        return ward.jobs.end(name).told()


def _judged(app: FastAPI) -> None:
    @app.post(
        "/api/judge",
        tags=["records"],
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            }
        },
    )
    async def judge(request: Request, name: Annotated[str, Query(max_length=200)] = "chart.csv") -> JSONResponse:
        """Judge a chart (the body: CSV, Parquet or FHIR bundle, by the ending of `name`) by every criterion."""
        content = await request.body()
        return JSONResponse(await run_in_threadpool(_status, name, content))

    @app.post("/api/rank-donors", tags=["records"])
    def rank(case: dict[str, Any]) -> dict[str, Any]:
        """Rank the candidates of a donor case, and say why."""
        from dayzero.criteria.candidates import rank_donors
        from dayzero.spec.donor_case import DonorCase

        return json.loads(json.dumps(rank_donors(DonorCase.load(case)).as_dict(), default=str))  # fmt: skip


def _status(name: str, content: bytes) -> dict[str, Any]:
    from dayzero.criteria.status import status_of
    from dayzero.present.clinic_note import status_data

    chart = uploads.chart_of(name, content)
    told = status_data(status_of(chart)) | {"findings": list(chart.findings.lines()), "note": DISCLAIMER}
    return json.loads(json.dumps(told, default=str))


def simulated(asked: Asked) -> Any:
    """The work of a job that simulates: the clinician's table and the bands by day."""
    plan = asked.loaded()

    def work(tick: Any) -> Mapping[str, Any]:
        from dayzero.analyse.summary import summary
        from dayzero.simulation.cohort import simulate

        course = simulate(plan, patients=asked.patients, days=asked.days, seed=asked.seed, progress=tick)
        return {"fan": fans.fan_of(course), "summary": summary(course).as_dict()}

    return work


def compared(asked: LongRun) -> Any:
    """The work of a job that compares: `plan` with `other`, or with itself edited, on the same patients."""
    first = plan_called(asked.plan) if isinstance(asked.plan, str) else Plan.load(asked.plan)
    other = asked.loaded() if asked.other is None else Asked(plan=asked.other, but=asked.but).loaded()

    def work(tick: Any) -> Mapping[str, Any]:
        from dayzero.analyse.compare import compare

        found = compare(first, other, patients=asked.patients, days=asked.days, seed=asked.seed, progress=tick)
        return json.loads(json.dumps(found.as_dict() | {"run": found.record}, default=str))

    return work


def exported(kind: Kind, scene: Scene, ward: Ward) -> Response:
    """One of the files of a scene, with a name that says which."""
    stem = f"{scene.file_name}-{scene.patients}x{scene.days}-seed{scene.seed}"
    if kind == "yaml":
        return _file(scene.loaded().dump(), f"{scene.file_name}.yaml", MEDIA["yaml"])
    course = ward.course(scene)
    if kind == "record":
        return _file(json.dumps(course.record, indent=1), f"{stem}.record.json", MEDIA["record"])
    if kind == "csv":
        text = io.StringIO()
        header, rows = fans.table_of(fans.fan_of(course, scene.patient))
        csv.writer(text).writerows([header, *rows])
        return _file(text.getvalue(), f"{stem}.csv", MEDIA["csv"])
    what, _, ending = kind.rpartition("-")
    return _file(_drawn(what, ending, course, scene), f"{stem}{what and '-' + what}.{ending}",
                 MEDIA[ending])  # fmt: skip


def _drawn(what: str, ending: str, course: Any, scene: Scene) -> bytes:
    from dayzero.analyse.outcomes import outcomes
    from dayzero.present import figures
    from dayzero.present.page import styled

    if what == "outcomes":
        figure = figures.outcomes_figure(outcomes(course))
    elif what == "timeline":
        figure = figures.timeline_figure(course, fans.checked_patient(course, scene.patient or 0))
    else:
        figure = figures.course_figure(course, patient=scene.patient)
    image = io.BytesIO()
    with styled():
        figure.savefig(image, format=ending)
    return image.getvalue()


def _file(content: str | bytes, name: str, media: str) -> Response:
    return Response(content, media_type=media, headers={"content-disposition": f'attachment; filename="{name}"'})
