"""Errors of the API: the command line's sentence as a problem document (RFC 9457)."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from dayzero.errors import DayzeroError, InputError

MEDIA = "application/problem+json"
SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "what cannot be used, in one sentence"},
        "field": {"type": "string", "description": "the field it is about"},
    },
}
PROBLEM = {"description": "A problem document", "content": {MEDIA: {"schema": SCHEMA}}}
TITLES = {400: "Not understood", 404: "Not found", 405: "Not allowed", 422: "Cannot be used", 500: "The run failed"}


def files(*media: str) -> dict[int | str, dict[str, Any]]:
    """What an operation that answers with files says of them."""
    return {200: {"description": "The file", "content": {name: {} for name in dict.fromkeys(media)}}}


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


def _describe(app: FastAPI) -> None:
    """Let the description of the interface say what errors look like."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        told = plain()
        for path in told["paths"].values():
            for operation in path.values():
                operation["responses"].pop("422", None)
                operation["responses"]["4XX"] = PROBLEM
        for name in ("HTTPValidationError", "ValidationError"):
            told.get("components", {}).get("schemas", {}).pop(name, None)
        return told

    app.openapi = described


def answer_with_problems(app: FastAPI) -> None:
    """Let every error of an application be a problem document."""
    _describe(app)

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
