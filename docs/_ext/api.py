"""Pages of the public names: those that a package lists in ``__all__``, each described once."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from rst import code, heading, plain, table, toctree, write

import dayzero

GROUPS = {"spec": "Specify", "records": "Charts", "criteria": "Criteria", "simulation": "Simulate and observe",
          "analyse": "Analyse", "present": "Present", "errors": "Errors and warnings"}  # fmt: skip


def write_pages(docs: Path) -> None:
    """One page a package below `generated/api`, and the list of names at the top."""
    names = public_names()
    pages = docs / "generated" / "api"
    groups = {group: {path: one for path, one in names.items() if _group(one) == group} for group in GROUPS}
    for group, some in groups.items():
        if some:
            told = (inspect.getdoc(import_module(f"dayzero.{group}")) or "").strip(". ")
            opening = f"{told}." if told and "::" not in told else told
            write(pages / f"{group}.rst", [heading(GROUPS[group]), opening, *map(_entry, some, some.values())])
    rows = [[_linked(f"dayzero.{name}"), plain(_first_line(getattr(dayzero, name)))] for name in dayzero.__all__]
    write(pages / "index.rst", [
        heading("Python"), "The names of ``import dayzero as dz``:", table(["Name", "What it is"], rows, [30, 70]),
        "In full, by package:", toctree([group for group, some in groups.items() if some]),
    ])  # fmt: skip


def public_names() -> dict[str, Any]:
    """Import path -> object: the top-level names first, then those that only a package lists."""
    found = {f"dayzero.{name}": getattr(dayzero, name) for name in dayzero.__all__}
    found = {path: one for path, one in found.items() if not isinstance(one, ModuleType)}
    for group in GROUPS:
        package = import_module(f"dayzero.{group}")
        for name in getattr(package, "__all__", ()):
            one = getattr(package, name)
            if not any(one is known for known in found.values()):
                found[f"dayzero.{group}.{name}"] = one
    return found


def _group(one: Any) -> str:
    return one.__module__.split(".")[1]


def _entry(path: str, one: Any) -> str:
    if not isinstance(one, type):
        return f".. autofunction:: {path}"
    if issubclass(one, Exception) or hasattr(one, "_fields"):
        return f".. autoclass:: {path}"
    return f".. autoclass:: {path}\n   :members:\n   :exclude-members: model_config"


def _linked(path: str) -> str:
    one = getattr(dayzero, path.rpartition(".")[2])
    if isinstance(one, ModuleType):
        return code(path)
    return f":py:{'class' if isinstance(one, type) else 'func'}:`{path}`"


def _first_line(one: Any) -> str:
    return (inspect.getdoc(one) or "").split("\n")[0].replace("`", "")
