"""The ward on a page: every view at its address, on the same server as the interface (`dayzero.present.api`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from nicegui import ui

from dayzero.errors import DayzeroError
from dayzero.present import app_compare, app_evidence, app_model, app_patient
from dayzero.present.api import Ward, api_of
from dayzero.present.app_parts import frame, tag
from dayzero.present.app_ward import WardView
from dayzero.present.evidence_view import plan_of, study_called
from dayzero.present.plan_link import packed
from dayzero.present.problems import problem
from dayzero.present.scene import Scene

RECONNECT_S = 20.0


def app_of(ward: Ward) -> FastAPI:
    """The interface with the page. NiceGUI holds one page a process, so this is called once in a process."""
    app = api_of(ward)
    _files(app)
    _views(ward)
    ui.run_with(app, title="dayzero", language="en-US", dark=None, favicon=ICON, gzip_middleware_factory=None,
                tailwind=False, reconnect_timeout=RECONNECT_S, show_welcome_message=False)  # fmt: skip
    return app


ICON = ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="10" fill="none" '
        'stroke="#0072b2" stroke-width="5"/></svg>')  # fmt: skip


def _views(ward: Ward) -> None:
    @ui.page("/")
    async def _(request: Request) -> None:
        found = scene_of(request, "/", "Ward")
        if found is None:
            return
        view = WardView(ward, found)
        view.build()
        if await is_there():
            await view.begin()

    @ui.page("/patient")
    def _() -> None:
        app_patient.PatientView(ward).build()

    @ui.page("/compare")
    async def _(request: Request) -> None:
        given = request.query_params
        usual = {"patients": given.get("patients", "500"), "days": given.get("days", "365")}
        first = scene_of(request, "/compare", "Compare", usual)
        second = first and scene_of(request, "/compare", "Compare", {
            **usual, "plan": given.get("other") or first.plan, "but": given.getlist("also")})  # fmt: skip
        if first is None or second is None:
            return
        view = app_compare.CompareView(ward, first, second)
        view.build()
        if await is_there():
            await view.begin()

    @ui.page("/evidence")
    async def _(request: Request) -> None:
        view = app_evidence.EvidenceView(ward, request.query_params)
        view.build()
        if await is_there():
            await view.begin()

    @ui.page("/model")
    def _(name: str | None = None) -> None:
        app_model.build(name)


def _files(app: FastAPI) -> None:
    @app.post("/view/{name}/chart", include_in_schema=False)
    async def _(name: str, request: Request) -> Response:
        """A file for one open page; what is in it goes nowhere else."""
        view = app_patient.OPEN.get(name)
        if view is None:
            return problem(404, "this page is not open any more; load it again")
        await view.receive(unquote(request.headers.get("x-file-name", "chart.csv")), await request.body())
        return Response(status_code=204)

    @app.get("/view/evidence/{study}/{arm}", include_in_schema=False)
    def _(study: str, arm: str) -> Response:
        """The ward with the plan that stands for an arm of a published study."""
        own = Scene(plan=packed(plan_of(study_called(study), arm)))
        return RedirectResponse(f"/?{own.query()}", 303)

    @app.api_route("/api/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
    def _(rest: str) -> Response:
        """What the interface does not have; without this the page would answer, and write the address down."""
        return problem(404, "no such path or method; see /api/openapi.json")


async def is_there() -> bool:
    """Whether the browser has opened its connection; it may have gone on to another page."""
    try:
        await ui.context.client.connected(30)
    except TimeoutError:
        return False
    return True


def scene_of(request: Request, path: str, title: str, instead: Mapping[str, Any] | None = None) -> Scene | None:
    """The scene of an address; a page that says what is wrong with it, and None, where it cannot be."""
    told = {**request.query_params, "but": request.query_params.getlist("but"), **(instead or {})}
    try:
        scene = Scene.of(told)
        scene.loaded()
        return scene
    except DayzeroError as problem:
        with frame(path, title):
            tag("div", str(problem), "alert", role="alert")
            tag("a", "Begin with another plan", href=path)
    return None
