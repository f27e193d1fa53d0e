"""What every part of a plan has in common: it is frozen, refuses unknown keys, and fails in one sentence."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from dayzero.spec.reading import REFUSAL, check_keys, spec_error
from dayzero.spec.vocabulary import Verified

_inside = ContextVar("inside_another_part", default=False)


def refuse(got: str, expected: str, advice: str, field: str = "") -> PydanticCustomError:
    """A problem in the words of the ward; `field` is relative to the part that raises it."""
    told = {"got": got, "expected": expected, "advice": advice, "field": field}
    return PydanticCustomError(REFUSAL, "{got}, expected {expected}; {advice}", told)


def _number_not_switch(value: Any) -> Any:
    if isinstance(value, bool):
        raise refuse(str(value).lower(), "a number", "write a number, not true or false")
    return value


def _days(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple(_number_not_switch(day) for day in value)  # pyright: ignore[reportUnknownVariableType]
    return (_number_not_switch(value),) if isinstance(value, (int, float)) else value


Real = Annotated[float, BeforeValidator(_number_not_switch)]
"""A number; true and false are not numbers."""

Whole = Annotated[int, BeforeValidator(_number_not_switch)]
"""A whole number; true and false are not numbers."""

Days = Annotated[tuple[int, ...], BeforeValidator(_days)]
"""Days from infusion, negative before it; a single day may stand alone."""


def ordered_days(days: tuple[int, ...]) -> tuple[int, ...]:
    """Days in order, each once."""
    if len(set(days)) < len(days):
        raise refuse(str(list(days)), "each day once", "write each day once; use doses_per_day for several doses a day")
    return tuple(sorted(days))


@contextmanager
def _outermost() -> Generator[bool]:
    """True for the object being built, false for the parts inside it."""
    first = not _inside.get()
    token = _inside.set(True)
    try:
        yield first
    finally:
        _inside.reset(token)


class SpecModel(BaseModel):
    """A part of a plan. Every problem in it is a `SpecError` that names the field from the outside in."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )

    def __init__(self, /, **data: Any) -> None:
        with _outermost() as outermost:
            if outermost:
                check_keys(data, type(self).__name__.lower())
            try:
                super().__init__(**data)
            except ValidationError as problem:
                if not outermost:
                    raise
                raise spec_error(problem, type(self)) from None

    def plain(self) -> dict[str, Any]:
        """The part as plain data, as it would be written; what is empty by default is left out when empty."""
        written: dict[str, Any] = {}
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if value in (None, "", (), {}) and value == field.get_default(call_default_factory=True):
                continue
            written[field.alias or name] = _plain(value)
        return written


def _plain(value: Any) -> Any:
    if isinstance(value, SpecModel):
        return value.plain()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType]
    return value


class CitedModel(SpecModel):
    """A named part with its source: a regimen, a prophylaxis, a standard of care."""

    name: str = Field(default="custom", min_length=1, description="name shown in tables and figures")
    source: str = Field(default="", description="where the schedule comes from: DOI, trial number, label")
    verified: Verified = Field(
        default="recalled", description="whether the source was opened, partly, or only recalled"
    )
    note: str = Field(default="", description="what a reader should know, such as which part is recalled")
