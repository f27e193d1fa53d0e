"""Docstrings as they are written here, made readable for autodoc: short parameter lines, and the fields of a plan."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from rst import code, plain, table

SECTIONS = ("Parameters", "Raises")
ENTRY = re.compile(r"^(\w[\w, ]*?) : (.+)$")
QUALIFIED = re.compile(r"~?\b(?:[A-Za-z_]\w*\.)+(?=[A-Za-z_])")
LIMITS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def described(app: Any, what: str, name: str, one: Any, options: Any, lines: list[str]) -> None:
    """``name : text`` of a parameter becomes a name with its text below, so that the text is not taken for a type."""
    inside = False
    out: list[str] = []
    for place, line in enumerate(lines):
        underlined = place + 1 < len(lines) and re.fullmatch(r"-{3,}", lines[place + 1].strip() or "x")
        inside = line.strip() in SECTIONS if underlined else inside
        entry = ENTRY.match(line) if inside else None
        out += [entry[1], f"    {entry[2]}"] if entry else [line]
    lines[:] = ["", *out] if what == "property" else out  # or napoleon takes words before a colon for a type
    if what == "class" and isinstance(one, type) and issubclass(one, BaseModel):
        lines += ["", *_fields(one).splitlines(), ""]


def _fields(model: type[BaseModel]) -> str:
    rows = [[code(field.alias or name), plain(field.description or ""), plain(_default(field)), plain(_limits(field))]
            for name, field in model.model_fields.items()]  # fmt: skip
    return table(["Field", "Meaning", "Default", "Limits"], rows, [28, 42, 16, 14])


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return f"a {type(value).__name__}"
    if isinstance(value, tuple):
        return ", ".join(f"{each:g}" if isinstance(each, float) else str(each) for each in value) or "none"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value) or "empty"


def _limits(field: FieldInfo) -> str:
    found = {sign: getattr(part, name) for part in field.metadata for name, sign in LIMITS.items()
             if getattr(part, name, None) is not None}  # fmt: skip
    return ", ".join(f"{sign} {limit:g}" for sign, limit in found.items())


def signature(app: Any, what: str, name: str, one: Any, options: Any, given: str, returned: str) -> Any:
    """Parts of a plan are written by their fields, which stand in the table below; made defaults become dots."""
    if what == "class" and isinstance(one, type) and issubclass(one, BaseModel):
        return "", ""
    if given and "<factory>" in given:
        return QUALIFIED.sub("", given).replace("<factory>", "..."), returned
    return None


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx; parameter lines are split before napoleon reads them."""
    app.connect("autodoc-process-docstring", described, priority=400)
    app.connect("autodoc-process-signature", signature)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
