"""What plans, trials and donor cases have in common: a schema version, a name, a file, a digest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, Self, cast

from pydantic import Field

from dayzero.errors import SpecError
from dayzero.spec.base import SpecModel, refuse
from dayzero.spec.catalogue import LibraryKind, library_names, library_path
from dayzero.spec.files import at_line_of, read_text, shortest, whole_mapping, write_yaml, yaml_of
from dayzero.spec.reading import kind_of, nearest

SCHEMA_VERSION: Final = 1
ENDINGS: Final = (".yaml", ".yml", ".json")


class Document(SpecModel):
    """Something written in a file of its own, or kept in the library under a name."""

    shelf: ClassVar[LibraryKind]
    """Where the library keeps it."""

    schema_version: Literal[1] = Field(default=1, alias="schema", description="version of this format")
    name: str = Field(default="custom", min_length=1, description="short name")
    title: str = Field(default="", description="what it is, in a line")

    @classmethod
    def load(cls, written: Self | str | Path | Mapping[str, Any]) -> Self:
        """One by its library name, from a YAML file, or from plain data."""
        if isinstance(written, cls):
            return written
        if isinstance(written, Mapping):
            return cls(**whole_mapping(written, _called(cls.shelf)))
        path = cls.path_of(cast("str | Path", written))
        return cls.of_text(read_text(path), path.name or str(path))

    @classmethod
    def of_text(cls, text: str, where: str | None = None) -> Self:
        """One from the text of a YAML file; ``where``: the file's name, for errors."""
        name = where or _called(cls.shelf)
        data = yaml_of(text, name)
        try:
            return cls(**data)
        except SpecError as problem:
            raise at_line_of(problem, text, name) from None

    @classmethod
    def path_of(cls, written: str | Path) -> Path:
        """The file meant by a library name or a path."""
        names = library_names(cls.shelf)
        if isinstance(written, str) and written in names:
            return library_path(cls.shelf, written)
        path = Path(written)
        if path.suffix.lower() in ENDINGS or path.exists():
            return path
        near = nearest(str(written), list(names))
        advice = f"did you mean {near}?" if near else "write a name from the library, or the path of a YAML file"
        raise SpecError(_called(cls.shelf), "name", repr(str(written)), f"a file or one of {', '.join(names)}", advice)

    def dump(self) -> str:
        """YAML text that `load` reads back to the same."""
        return write_yaml(shortest(self.plain()))

    def canonical_json(self) -> str:
        """JSON with sorted keys, no spaces and shortest numbers; equal ones give equal text."""
        data = shortest(self.model_dump(by_alias=True))
        return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)

    def sha256(self) -> str:
        """SHA-256 of the canonical JSON: what every run record knows it by."""
        return sha256(self.canonical_json().encode()).hexdigest()


def _called(shelf: str) -> str:
    return shelf.replace("-", " ")


def of_this_schema(data: Mapping[str, Any]) -> dict[str, Any]:
    """The keys and values, if they are written in the schema that this release reads."""
    version: object = data.get("schema", data.get("schema_version", SCHEMA_VERSION))
    if type(version) is not int or version != SCHEMA_VERSION:
        advice = "write schema: 1, or use the release of dayzero that wrote it"
        raise refuse(kind_of(version), f"{SCHEMA_VERSION}, the schema this release reads", advice, field="schema")
    return dict(data)
