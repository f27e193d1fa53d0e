"""Parameter sets: typical values fitted to published results, with an ensemble of what they leave uncertain.

A set is a YAML file; those of the package stand in `data/parameters` and are known by name. A run takes its values in
place of the model's own, or deals out its members: patient number k takes member k mod their count.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from dayzero.errors import DomainWarning, SpecError
from dayzero.simulation.overrides import MEMBERS
from dayzero.spec.files import read_yaml
from dayzero.units import nearest

SCHEMA = 1
KIND = "parameter set"
PACKAGE = Path(__file__).resolve().parents[1]
FOLDER = PACKAGE / "data" / "parameters"
EQUATIONS = ("biology", "clinic")

Parameters: TypeAlias = "Mapping[str, Any] | str | os.PathLike[str]"


@dataclass(frozen=True)
class ParameterSet:
    """Typical values with what is known of them.

    Parameters
    ----------
    name : by which it is called. digest : SHA-256 of the file.
    model : digest of the equations it was fitted with (`equations_digest`).
    values : typical value by ``organ.name``. members : (members,) values of the ensemble by ``organ.name``.
    content : all that the file says.
    """

    name: str
    digest: str
    model: str
    values: Mapping[str, float]
    members: Mapping[str, tuple[float, ...]]
    content: Mapping[str, Any] = field(repr=False)

    def overrides(self, ensemble: bool) -> dict[str, Any]:
        """What `simulate` takes as parameters."""
        if not ensemble:
            return dict(self.values)
        if not self.members:
            raise SpecError(self.name, "ensemble", "no members", "a set with an ensemble", "leave ensemble out")
        return {name: {MEMBERS: list(values)} for name, values in self.members.items()}

    def remarks(self) -> list[DomainWarning]:
        """What to think of using it now."""
        if self.model == equations_digest():
            return []
        told = f"the parameter set {self.name} was fitted to other equations than these; fit it again to trust it"
        return [DomainWarning(told)]

    def told(self, ensemble: bool) -> dict[str, Any]:
        """As a run record names it."""
        return {"name": self.name, "sha256": self.digest, "model": self.model, "ensemble": ensemble}


def values_of(parameters: Parameters | None, ensemble: bool) -> tuple[Any, ParameterSet | None]:
    """Values by name, and the set they are from, None where they were given one by one."""
    if isinstance(parameters, (str, os.PathLike)):
        found = read_set(parameters)
        return found.overrides(ensemble), found
    if ensemble:
        advice = "write parameters='NAME', a set with an ensemble"
        raise SpecError("simulate", "ensemble", "no parameter set", "the name or file of one", advice)
    return (parameters if parameters is not None else {}), None


def set_names() -> list[str]:
    """The sets that come with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def read_set(name: str | os.PathLike[str]) -> ParameterSet:
    """A parameter set by its name in the package or by its file.

    Raises
    ------
    SpecError : no such set, another schema, values missing or no numbers.
    """
    path = Path(name)
    shipped = FOLDER / f"{name}.yaml"
    if path.suffix not in (".yaml", ".yml"):
        if path.name != str(name) or not shipped.is_file():
            known = set_names()
            listed = ", ".join(known) or "none comes with the package"
            advice = nearest(str(name), known) if known else "make one with dayzero calibrate"
            raise SpecError("simulate", "parameters", repr(str(name)), f"a set's name ({listed}) or file", advice)
        path = shipped
    told = read_yaml(path)
    where = path.name
    if told.get("kind") != KIND or told.get("schema") != SCHEMA:
        got = f"kind {told.get('kind')!r}, schema {told.get('schema')!r}"
        raise SpecError(where, "kind", got, f"{KIND}, schema {SCHEMA}", "name a file written by dayzero calibrate")
    values = {one: _number(where, f"values.{one}", value) for one, value in _table(told, "values", where).items()}
    members = {one: _members(where, one, value) for one, value in _table(told, "ensemble", where, {}).items()}
    if members and (set(members) != set(values) or len({len(v) for v in members.values()}) > 1):
        expected = "every parameter, as many members"
        raise SpecError(where, "ensemble", "other parameters or lengths", expected, "make it again")
    digest = sha256(path.read_bytes()).hexdigest()
    return ParameterSet(str(told.get("name", path.stem)), digest, str(told.get("model", "")), values, members, told)


@cache
def equations_digest() -> str:
    """SHA-256 over the equations and parameters of organs and ward: a set belongs to those it was fitted with."""
    found = sha256()
    for folder in EQUATIONS:
        for path in sorted((PACKAGE / folder).glob("*.py")):
            found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()


def _table(told: Mapping[str, Any], name: str, where: str, usual: Any = None) -> Mapping[str, Any]:
    found = told.get(name, usual)
    if not isinstance(found, Mapping):
        advice = "name a file written by dayzero calibrate"
        raise SpecError(where, name, repr(found)[:60], "values by organ.name", advice)
    return found


def _members(where: str, name: str, value: Any) -> tuple[float, ...]:
    if not isinstance(value, list) or not value:
        raise SpecError(where, f"ensemble.{name}", repr(value)[:60], "a list of numbers", "make the set again")
    return tuple(_number(where, f"ensemble.{name}", one) for one in value)


def _number(where: str, field_: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < np.inf:
        raise SpecError(where, field_, repr(value)[:60], "a number of 0 or more", "correct it")
    return float(value)
