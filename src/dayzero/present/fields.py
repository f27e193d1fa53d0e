"""Every field of a plan with its value, unit, range and help, as the models say them: what a form needs."""

from __future__ import annotations

from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from dayzero.spec import Plan
from dayzero.spec.base import SpecModel
from dayzero.spec.catalogue import PROSE, SECTIONS, library_names

Kind = Literal["number", "whole", "switch", "choice", "text", "yaml"]


class Field(NamedTuple):
    """One field: its dotted path, value, what it means, and what may stand there."""

    path: str
    value: Any
    kind: Kind
    meaning: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    empty: bool = False

    @property
    def section(self) -> str:
        """The part of the plan it belongs to."""
        return self.path.partition(".")[0]

    @property
    def range(self) -> str:
        """What may stand there, in words."""
        if self.kind in ("number", "whole") and self.low is not None and self.high is not None:
            told = f"{self.low:g} to {self.high:g}"
        else:
            told = {"switch": "true or false", "choice": ", ".join(self.choices)}.get(self.kind, self.kind)
        return told + (", or null" if self.empty else "")


def fields_of(plan: Plan) -> list[Field]:
    """The fields of a plan, in order; a part that is switched off is one field, null.

    >>> found = {field.path: field for field in fields_of(Plan.load("aml-sibling-pbsc"))}
    >>> found["patient.age_years"].range
    '0.1 to 100'
    """
    return [field for section in Plan.model_fields for field in _section(plan, section)]


def _section(plan: Plan, section: str) -> Iterator[Field]:
    value, about = getattr(plan, section), Plan.model_fields[section]
    if section in SECTIONS and section != "second_graft":
        named = getattr(value, "name", None)
        yield Field(section, named, "choice", f"{section} as a whole, by name",
                    choices=library_names(SECTIONS[section]))  # fmt: skip
    if isinstance(value, SpecModel):
        yield from _fields(value, section)
    elif section in ("second_donor", "second_graft"):
        yield Field(section, None, "yaml", about.description or "", empty=True)


def _fields(model: SpecModel, path: str) -> Iterator[Field]:
    for name, about in type(model).model_fields.items():
        value, here = getattr(model, name), f"{path}.{name}"
        if name in PROSE:
            continue
        if isinstance(value, SpecModel):
            yield from _fields(value, here)
        else:
            yield _field(here, value, about)


def _field(path: str, value: Any, about: FieldInfo) -> Field:
    kinds = _members(about.annotation)
    empty = NoneType in kinds
    limits = {type(each).__name__: each for each in about.metadata}
    low = next((float(getattr(limits[n], n.lower())) for n in ("Ge", "Gt") if n in limits), None)
    high = next((float(getattr(limits[n], n.lower())) for n in ("Le", "Lt") if n in limits), None)
    words = [word for kind in kinds if get_origin(kind) is Literal for word in map(str, get_args(kind))]
    plain = value.plain() if isinstance(value, SpecModel) else value
    return Field(path, plain, _kind(kinds, bool(words)), about.description or "", low, high, tuple(words), empty)


def _members(annotation: Any) -> list[Any]:
    """The types of a union, each freed of what is annotated to it."""
    if get_origin(annotation) in (Union, UnionType):
        return [each for part in get_args(annotation) for each in _members(part)]
    if hasattr(annotation, "__metadata__"):
        return _members(get_args(annotation)[0])
    return [annotation]


def _kind(kinds: list[Any], has_words: bool) -> Kind:
    if has_words:
        return "choice"
    for kind, name in ((bool, "switch"), (int, "whole"), (float, "number"), (str, "text")):
        if kind in kinds:
            return name  # type: ignore[return-value]
    return "yaml"


def written(value: Any) -> str:
    """A value as it is written into an edit.

    >>> written(3000000.0), written(None), written([1, 3])
    ('3000000', 'null', '[1, 3]')
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(written, value)) + "]"
    return str(value)
