"""Small pieces of reStructuredText, and a page that is only written when it changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path


def write(path: Path, parts: Iterable[str]) -> Path:
    """Write a page; an unchanged one keeps its date, so that it is not read again."""
    text = "\n\n".join(part.strip("\n") for part in parts if part) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
    return path


def heading(text: str, level: int = 1) -> str:
    """A heading of level 1 to 3."""
    return f"{text}\n{'=-~'[level - 1] * len(text)}"


def plain(text: object) -> str:
    """Text in which nothing is markup."""
    return re.sub(r"_(?!\w)", r"\\_", re.sub(r"([\\*`|])", r"\\\1", str(text)))


def code(text: object) -> str:
    """A name or value in fixed width."""
    return f"``{text}``" if text not in ("", None) else ""


def stacked(*lines: str) -> str:
    """Lines of one cell below one another."""
    return "\n".join(f"| {line}" for line in lines if line)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int]) -> str:
    """A table whose cells are already markup; widths are shares of the page."""
    shares = " ".join(map(str, widths))
    lines = [
        ".. list-table::",
        "   :class: shares",
        "   :width: 100%",
        f"   :widths: {shares}",
        "   :header-rows: 1",
        "",
    ]
    for row in (columns, *rows):
        for place, cell in enumerate(row):
            first, *rest = (cell or "").split("\n")
            lines.append(f"   {'* -' if place == 0 else '  -'} {first}".rstrip())
            lines += [f"       {line}" for line in rest]
    return "\n".join(lines)


def toctree(names: Iterable[str], hidden: bool = False) -> str:
    """A table of contents of pages; a hidden one only fills the navigation."""
    how = "   :hidden:" if hidden else "   :maxdepth: 1"
    return "\n".join([".. toctree::", how, "", *(f"   {name}" for name in names)])


def sentence(text: str) -> str:
    """A phrase with a capital and a full stop."""
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", ":")) else ".")
