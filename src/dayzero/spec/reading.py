"""Reading what a person wrote: every problem in it as one sentence about one field."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from types import UnionType
from typing import TYPE_CHECKING, Any, Final, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError

from dayzero.errors import SpecError
from dayzero.spec.vocabulary import OTHER_WORDS

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

REFUSAL: Final = "dayzero_refusal"
"""Type of a problem that already speaks the words of the ward."""

LIMIT_WORDS: Final[dict[str, str]] = {
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "at least {ge:g}",
    "less_than": "less than {lt:g}",
    "less_than_equal": "at most {le:g}",
    "multiple_of": "a multiple of {multiple_of:g}",
    "too_short": "at least {min_length} item",
    "string_too_short": "at least {min_length} character",
    "finite_number": "a finite number",
    "float_type": "a number",
    "float_parsing": "a number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number of ordinary size",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "tuple_type": "a list",
    "dict_type": "keys with values",
    "model_type": "keys with values",
    "missing": "a value",
}
"""What may stand there, by the type of the problem."""

USEFUL_FIRST: Final[tuple[str, ...]] = ("extra_forbidden", REFUSAL)
"""Problems that explain others: a misspelt key also leaves the right key missing."""


def spec_error(problem: ValidationError, model: type[BaseModel], where: str | None = None) -> SpecError:
    """The most useful problem of a validation, as one sentence about one field."""
    problems = problem.errors(include_url=False)
    ranked = sorted(problems, key=lambda each: _rank(each["type"]))
    chosen = ranked[0]
    where = where or model.__name__.lower()
    kind, loc = chosen["type"], chosen["loc"]
    if kind == REFUSAL:
        told = chosen.get("ctx", {})
        return SpecError(where, _dotted(loc, told["field"]), told["got"], told["expected"], told["advice"])
    if kind == "extra_forbidden":
        return _unknown_key(model, loc, where)
    return SpecError(where, _dotted(loc), _got(chosen), _expected(chosen), _advice(model, chosen))


def check_keys(value: Any, where: str, field: str = "") -> None:
    """Refuse a key that is not text, wherever it stands."""
    if isinstance(value, Mapping):
        for key, inner in cast("Mapping[Any, Any]", value).items():
            if not isinstance(key, str):
                advice = "keys are names; quote it if it is meant as one"
                raise SpecError(where, field or "whole", f"the key {kind_of(key)}", "text as key", advice)
            check_keys(inner, where, f"{field}.{key}" if field else key)
    elif isinstance(value, (list, tuple)):
        for number, inner in enumerate(cast("list[Any]", value)):
            check_keys(inner, where, f"{field}[{number}]")


def nearest(word: str, known: list[str]) -> str | None:
    """The known word that was probably meant; several where a word stood for several."""
    other = OTHER_WORDS.get(word.lower())
    if other is not None and set(other.split(" or ")) <= set(known):
        return other
    near = get_close_matches(word.lower(), known, n=1, cutoff=0.5)
    return near[0] if near else None


def kind_of(value: Any) -> str:
    """What a value is, in a few words."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "keys with values"
    if isinstance(value, (list, tuple, set)):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, BaseModel):
        return f"a {type(value).__name__}"
    return short(repr(value))


def _rank(kind: str) -> int:
    return USEFUL_FIRST.index(kind) if kind in USEFUL_FIRST else len(USEFUL_FIRST)


def _dotted(loc: tuple[int | str, ...], within: str = "") -> str:
    text = ""
    for step in loc:
        if step == "[key]":
            continue
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return f"{text}.{within}" if text and within else text or within or "whole"


def _got(problem: ErrorDetails) -> str:
    return "nothing" if problem["type"] == "missing" else kind_of(problem["input"])


def _expected(problem: ErrorDetails) -> str:
    context = problem.get("ctx", {})
    if problem["type"] == "literal_error":
        return f"one of {context['expected']}".replace(" or ", ", ").replace("'", "")
    words = LIMIT_WORDS.get(problem["type"])
    if words is None:
        return problem["msg"].removeprefix("Input should be ").removeprefix("Input should ")
    return words.format(**context)


def _advice(model: type[BaseModel], problem: ErrorDetails) -> str:
    holder, name = _holder(model, problem["loc"])
    field = holder.model_fields.get(name) if holder is not None else None
    if field is None or field.description is None:
        return "change it"
    given = problem["input"]
    if problem["type"] == "literal_error" and isinstance(given, str):
        near = nearest(given, [str(word) for word in _literals(field.annotation)])
        return f"did you mean {near}?" if near else f"{name} means {field.description}"
    if problem["type"] == "missing":
        return f"write it: {field.description}"
    return f"{name} means {field.description}"


def _unknown_key(model: type[BaseModel], loc: tuple[int | str, ...], where: str) -> SpecError:
    holder, key = _holder(model, loc)
    fields = holder.model_fields if holder is not None else {}
    known = [field.alias or name for name, field in fields.items()]
    near = nearest(key, known)
    advice = f"did you mean {near}?" if near else "remove it or check the spelling"
    return SpecError(where, _dotted(loc), "an unknown key", f"one of {', '.join(known)}", advice)


def _holder(model: type[BaseModel], loc: tuple[int | str, ...]) -> tuple[type[BaseModel] | None, str]:
    """The part of the plan that holds the last named step of a location, and that step."""
    names = [step for step in loc if isinstance(step, str) and step != "[key]"]
    holder: type[BaseModel] = model
    for position, name in enumerate(names[:-1]):
        field = holder.model_fields.get(name)
        inner = _model_in(field.annotation) if field is not None else None
        if inner is None:
            return (holder, name) if position == len(names) - 2 else (None, names[-1])
        if field is not None and _keyed(field.annotation):
            return _holder(inner, tuple(names[position + 2 :])) if names[position + 2 :] else (holder, name)
        holder = inner
    return holder, names[-1] if names else ""


def _keyed(annotation: Any) -> bool:
    return get_origin(annotation) is dict


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in get_args(annotation):
        found = _model_in(inner)
        if found is not None:
            return found
    return None


def _literals(annotation: Any) -> tuple[Any, ...]:
    origin = get_origin(annotation)
    if origin is Literal:
        return get_args(annotation)
    if origin in (Union, UnionType) or origin is not None:
        return tuple(word for inner in get_args(annotation) for word in _literals(inner))
    return ()


def short(text: str, limit: int = 60) -> str:
    """A text cut to fit a sentence."""
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
