"""The library: named regimens, prophylaxis, care, grafts and plans, and how a plan refers to them."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, cast

from dayzero.errors import SpecError
from dayzero.spec.base import SpecModel
from dayzero.spec.files import read_yaml
from dayzero.spec.reading import kind_of, nearest

LibraryKind = Literal["conditioning", "prophylaxis", "care", "graft", "plan", "donor-case", "trial"]

FOLDERS: Final[dict[str, str]] = {
    "conditioning": "conditioning",
    "prophylaxis": "prophylaxis",
    "care": "care",
    "graft": "grafts",
    "plan": "plans",
    "donor-case": "donor-cases",
    "trial": "trials",
}
"""Folder of each kind."""

SECTIONS: Final[dict[str, LibraryKind]] = {
    "conditioning": "conditioning",
    "prophylaxis": "prophylaxis",
    "care": "care",
    "graft": "graft",
    "second_graft": "graft",
}
"""Sections of a plan that may be a name from the library, and from which shelf."""

PROSE: Final[frozenset[str]] = frozenset({"name", "title", "source", "sources", "note", "verified"})
"""Fields that describe a part without changing it."""

OF_ANY_SOURCE: Final[frozenset[str]] = frozenset({"infusion_day"})
"""Fields of a graft that hold whatever its source; all others describe one product."""

LIBRARY: Final[Path] = Path(__file__).parent / "library"


def library_names(kind: LibraryKind) -> tuple[str, ...]:
    """Names in the library, sorted.

    >>> "bu4-cy" in library_names("conditioning")
    True
    """
    folder = FOLDERS.get(kind)
    if folder is None:
        advice = "name the shelf you want to see"
        raise SpecError("library", "kind", kind_of(kind), f"one of {', '.join(FOLDERS)}", advice)
    return tuple(sorted(path.stem for path in (LIBRARY / folder).glob("*.yaml")))


def library_path(kind: LibraryKind, name: str) -> Path:
    """The file of a library entry."""
    return LIBRARY / FOLDERS[kind] / f"{name}.yaml"


def library_entry(kind: LibraryKind, name: Any, field: str) -> dict[str, Any]:
    """What the library holds under a name, as plain data."""
    names = library_names(kind)
    if name in names:
        return deepcopy(_entry(kind, cast("str", name)))
    near = nearest(name, list(names)) if isinstance(name, str) else None
    advice = f"did you mean {near}?" if near else "write a name from the library, or the whole section"
    raise SpecError("plan", field, kind_of(name), f"one of {', '.join(names)}", advice)


def resolved(data: Mapping[str, Any]) -> dict[str, Any]:
    """A plan with every name from the library replaced by what it stands for."""
    plan = dict(data)
    if "base" in plan:
        base = resolved(library_entry("plan", plan.pop("base"), "base"))
        plan = edited(base, plan)
    for section in SECTIONS:
        if section in plan:
            plan[section] = _section(section, plan[section])
    return plan


def edited(plan: dict[str, Any], edits: Mapping[str, Any]) -> dict[str, Any]:
    """A plan in plain data with edits merged in; names and `base` in the edits are resolved.

    Mappings merge key by key, lists and values replace. A section of `SECTIONS` with a name of its own replaces the
    section whole. One whose content is edited without a name is no longer what its name says: it is called modified.
    """
    changed = dict(plan)
    for section, written in edits.items():
        edit = written.plain() if isinstance(written, SpecModel) else written
        if isinstance(written, SpecModel):
            changed[section] = edit
        elif section in SECTIONS and not _merges(edit):
            _check_content(section, edit)
            changed[section] = _section(section, edit)
        elif section in SECTIONS:
            changed[section] = _modified(_as_mapping(plan.get(section)), edit, section)
        elif section == "population" and isinstance(edit, Mapping):
            changed[section] = _population(_as_mapping(plan.get(section)), cast("Mapping[str, Any]", edit))
        elif section in ("donor", "second_donor"):
            changed[section] = _donor(plan.get(section), edit)
        else:
            changed[section] = merged(plan.get(section), edit)
    return _renamed(changed, plan, edits)


def merged(base: Any, edit: Any) -> Any:
    """Two mappings key by key; anything else is replaced by the edit."""
    if not isinstance(base, Mapping) or not isinstance(edit, Mapping):
        return edit
    whole = dict(cast("Mapping[str, Any]", base))
    for key, value in cast("Mapping[str, Any]", edit).items():
        whole[key] = merged(whole.get(key), value)
    return whole


@cache
def _entry(kind: LibraryKind, name: str) -> dict[str, Any]:
    return read_yaml(library_path(kind, name))


def _section(section: str, value: Any) -> Any:
    if isinstance(value, str):
        return library_entry(SECTIONS[section], value, section)
    if not isinstance(value, Mapping) or "base" not in value:
        return value  # pyright: ignore[reportUnknownVariableType]
    edits = dict(cast("Mapping[str, Any]", value))
    base = library_entry(SECTIONS[section], edits.pop("base"), f"{section}.base")
    return _modified(base, edits, section)


def _merges(edit: Any) -> bool:
    """Whether an edit is merged into the section, rather than standing for the whole of it."""
    return isinstance(edit, Mapping) and "base" not in edit and "name" not in edit


def _check_content(section: str, edit: Any) -> None:
    """Refuse a section that is written whole and holds nothing but its name: it would be empty."""
    told = _as_mapping(edit)
    if told and "base" not in told and SECTIONS[section] != "graft" and not set(told) - PROSE:
        advice = "a name replaces the section whole; to keep what a library entry holds, write base as well"
        raise SpecError("plan", section, "a name without content", f"the whole {section}", advice)


def _as_mapping(value: Any) -> dict[str, Any]:
    return dict(cast("Mapping[str, Any]", value)) if isinstance(value, Mapping) else {}


def _modified(base: dict[str, Any], edits: Mapping[str, Any], section: str) -> dict[str, Any]:
    if SECTIONS[section] == "graft":
        return merged(_same_source(base, edits), edits)
    whole = merged(base, edits)
    if whole == base:
        return whole
    if set(edits) - PROSE:
        told_of_the_base = {"trial_label": None, "verified": "recalled"}
        whole |= {name: value for name, value in told_of_the_base.items() if name in base and name not in edits}
    return _renamed(whole, base, edits)


def _same_source(graft: dict[str, Any], edits: Mapping[str, Any]) -> dict[str, Any]:
    """What an edited graft keeps: everything, or of a product from another source only its day."""
    if edits.get("source", graft.get("source")) == graft.get("source"):
        return graft
    return {name: value for name, value in graft.items() if name in OF_ANY_SOURCE}


def _renamed(whole: dict[str, Any], base: Mapping[str, Any], edits: Mapping[str, Any]) -> dict[str, Any]:
    name = base.get("name")
    if "name" in edits or not isinstance(name, str) or not set(edits) - PROSE or whole == base:
        return whole
    suffix = ", modified"
    return {**whole, "name": name if name.endswith(suffix) else name + suffix}


def _donor(base: Any, edit: Any) -> Any:
    """Another kind of donor leaves the HLA match of the former one behind."""
    whole = _as_mapping(base)
    if isinstance(edit, Mapping) and "kind" in edit and edit["kind"] != whole.get("kind"):
        whole = {name: value for name, value in whole.items() if name not in ("hla_matched", "hla_of")}
    return merged(whole, edit)


def _population(base: dict[str, Any], edit: Mapping[str, Any]) -> dict[str, Any]:
    """A spread is replaced whole; null takes it away."""
    whole = {**base, **edit}
    if isinstance(edit.get("fields"), Mapping):
        fields = {**_as_mapping(base.get("fields")), **edit["fields"]}
        whole["fields"] = {name: spread for name, spread in fields.items() if spread is not None}
    return whole
