"""The list of criteria: rule, edition, source, and whether the source was read."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path

from rst import code, plain, table, write

from dayzero import criteria
from dayzero.criteria import Definition


def write_pages(docs: Path) -> None:
    """The table of `reference/criteria`."""
    rows = [[code(one.rule), plain(one.version or "by the edition asked for"), plain(one.citation),
             "yes" if one.verified else "no"] for one in definitions()]  # fmt: skip
    columns = ["Rule", "Edition", "Where it stands", "Source read"]
    write(docs / "generated" / "parts" / "criteria.rst", [table(columns, rows, [24, 20, 44, 12])])


def definitions() -> list[Definition]:
    """Every definition of the package, by rule."""
    found: dict[str, Definition] = {}
    for file in pkgutil.iter_modules(criteria.__path__):
        if not file.name.startswith("_"):
            module = import_module(f"{criteria.__name__}.{file.name}")
            found |= {one.rule: one for one in vars(module).values() if isinstance(one, Definition)}
    return [found[rule] for rule in sorted(found)]
