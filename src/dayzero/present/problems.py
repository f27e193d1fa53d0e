"""Errors of the API: the command line's sentence as a problem document (RFC 9457)."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from dayzero.errors import DayzeroError, InputError

MEDIA = "application/problem+json"
TITLES = {400: "Not understood", 404: "Not found", 405: "Not allowed", 422: "Cannot be used", 500: "The run failed"}


def problem(status: int, detail: str, **more: Any) -> JSONResponse:
    """A problem document."""
    told = {"type": "about:blank", "title": TITLES.get(status, "Not possible"), "status": status, "detail": detail}
    return JSONResponse({**told, **more}, status, media_type=MEDIA)


def of_error(error: DayzeroError) -> JSONResponse:
    """What a person wrote cannot be used: 422 with the sentence and its parts; a run that failed: 500."""
    if not isinstance(error, InputError):
        return problem(500, str(error))
    parts = {name: getattr(error, name) for name in ("where", "field", "got", "expected", "advice")}
    return problem(422, str(error), **parts)


def answer_with_problems(app: FastAPI) -> None:
    """Let every error of an application be a problem document."""

    @app.exception_handler(DayzeroError)
    async def _known(_: Request, error: DayzeroError) -> JSONResponse:
        return of_error(error)

    @app.exception_handler(RequestValidationError)
    async def _shape(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"][1:])) or "body"
        told = f"{first['msg'][:1].lower()}{first['msg'][1:]}"
        return problem(422, f"request: {field}: {told}; see /api/openapi.json", field=field)

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, str(error.detail))
