"""Finished work, kept on the disk: what a study gave, under the digest of itself, of the model and of how it was asked.

Another digest, another place: figures of one model are never taken for those of another.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Generic, TypeVar

from dayzero.analyse.evidence.studies import Study, write_study
from dayzero.simulation import cache as kept

T = TypeVar("T")
PACKAGE = Path(__file__).resolve().parents[2]
MODEL = ("biology", "clinic", "criteria", "records", "simulation", "spec", "module.py", "units.py", "elementwise.py")
READERS = ("analyse/endpoints.py", "analyse/survival.py", "analyse/evidence")


@cache
def model_digest(*also: str) -> str:
    """SHA-256 over the source and tables of the model and of what reads its courses: another digest, another model.

    ``also``: further files or folders of the package.
    """
    found = sha256()
    for name in (*MODEL, *READERS, *also):
        place = PACKAGE / name
        files = [place] if place.is_file() else sorted(p for p in place.rglob("*") if p.suffix in (".py", ".yaml"))
        for path in files:
            found.update(str(path.relative_to(PACKAGE)).encode() + path.read_bytes())
    return found.hexdigest()


@dataclass(frozen=True)
class Shelf(Generic[T]):
    """Where finished work of one kind is kept: rows of a dataclass, a file a study.

    Parameters
    ----------
    folder : within the cache. kind : dataclass of a row. source : files or folders of the package whose change makes it
    stale, beside those of the model.
    """

    folder: str
    kind: type[T]
    source: tuple[str, ...] = ()

    def keep(self, study: Study, asked: Any, rows: Sequence[T]) -> None:
        """Keep the rows of a study; ``asked``: the dataclass that says how they were computed."""
        place = self.place(study, asked)
        if place is None:
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f".{place.name}.{os.getpid()}.part")
        part.write_text(json.dumps([asdict(row) for row in rows]), encoding="utf-8")  # type: ignore[call-overload]
        part.replace(place)

    def recall(self, study: Study, asked: Any) -> list[T] | None:
        """The rows as they were kept; None where they were not, or cannot be read."""
        place = self.place(study, asked)
        if place is None or not place.is_file():
            return None
        try:
            return [self.kind(**row) for row in json.loads(place.read_text(encoding="utf-8"))]
        except (ValueError, TypeError, OSError):
            return None

    def place(self, study: Study, asked: Any) -> Path | None:
        """The file of a study; None without a cache."""
        base = kept.folder()
        if base is None:
            return None
        about = [write_study(study), asdict(asked), model_digest(*self.source)]
        return base / self.folder / f"{study.name}-{sha256(json.dumps(about).encode()).hexdigest()[:16]}.json"
