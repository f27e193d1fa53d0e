"""What uses a name of the model: who gives and reads a signal, which functions read a parameter, and what follows.

Nothing here is written down: readers come from the syntax tree of the files, consequences from running a file's own
functions on numbers that remember where they came from.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, get_type_hints

from numpy.lib.mixins import NDArrayOperatorsMixin

from dayzero.module import ORDER_SIGNALS, SCHEDULE, Signal
from dayzero.simulation import assemble
from dayzero.simulation.assemble import Organ, standard_body

ORIGINS = 2  # host and one donor: enough to see what depends on what
ONSET = "onset_"  # begins the name of the signal that tells of yesterday's event


def short_name(file: ModuleType) -> str:
    return file.__name__.rpartition(".")[2]


def giver(name: str) -> str:
    """Who gives a signal: an organ, the plan's schedule, or the ward by a policy's orders."""
    body = standard_body()
    if name in ORDER_SIGNALS:
        return f"ward ({', '.join(short_name(policy) for policy in body.policies if name in orders_of(policy))})"
    return "the plan" if name in SCHEDULE else next(o.name for o in body.organs if name in given_by(o))


def given_by(organ: Organ) -> list[str]:
    """Every signal of an organ: its own, coupled and daily ones, the onsets of its hazards, its draws of the day."""
    onsets = (f"onset_{hazard}" for hazard in organ.hazards)
    return [*organ.gives, *organ.coupled, *organ.daily, *onsets, *organ.chance]


def readers(name: str) -> list[str]:
    """Organs whose equations read a signal, and policies that see it or a report of it."""
    body = standard_body()
    seen = {assay for assay, of in assays().items() if of == name}
    seen |= {name} if name in SCHEDULE or name.startswith(ONSET) else set()
    organs = [o.name for o in body.organs if name in {*o.needs, *(n for c in o.coupled.values() for n in c.needs)}]
    return organs + [short_name(policy) for policy in body.policies if seen & set(policy.SEES)]


def orders_of(policy: ModuleType) -> list[str]:
    tree = ast.parse(inspect.getsource(policy))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "Orders"]
    return [keyword.arg for call in calls for keyword in call.keywords if keyword.arg]


@cache
def assays() -> dict[str, str]:
    """Assay -> the signal it measures, read from the laboratory's file, which is not imported."""
    assigned = [node for node in ast.parse(_beside("laboratory.py")).body if isinstance(node, ast.AnnAssign)]
    table: Any = next(node.value for node in assigned if ast.unparse(node.target) == "ASSAYS")
    return {key.value: call.args[0].value for key, call in zip(table.keys, table.values, strict=True) if key}


@cache
def care_fields() -> dict[str, list[str]]:
    """Setting -> the fields of a plan that fill it, read from the file that does so."""
    tree = ast.parse(_beside("settings.py"))
    places = {"plan": ""}
    for node in (each for each in ast.walk(tree) if isinstance(each, ast.Assign)):
        names, parts = (getattr(side, "elts", [side]) for side in (node.targets[0], node.value))
        for name, part in zip(names, parts, strict=True):
            field = part.body if isinstance(part, ast.IfExp) else part
            if isinstance(field, ast.Attribute):
                places[ast.unparse(name)] = _places(field, places)[0]
    tables = [node for node in ast.walk(tree) if isinstance(node, ast.Dict)]
    named = {key.value: value for table in tables for key, value in zip(table.keys, table.values, strict=True)
             if isinstance(key, ast.Constant)}  # fmt: skip
    return {str(name): _places(value, places) for name, value in named.items() if _places(value, places)}


def _places(node: ast.AST, places: Mapping[str, str]) -> list[str]:
    """The plan's fields that an expression reads, each once."""
    dotted = [ast.unparse(each).partition(".") for each in ast.walk(node) if isinstance(each, ast.Attribute)]
    found = [".".join(part for part in (places[first], rest) if part) for first, _, rest in dotted if first in places]
    return list(dict.fromkeys(each for each in found if not any(other.startswith(f"{each}.") for other in found)))


def _beside(name: str) -> str:
    return Path(assemble.__file__).with_name(name).read_text(encoding="utf-8")


# What uses a parameter.


def functions_reading(organ: Organ, name: str) -> list[str]:
    """Functions that read ``p.name``: those of the organ's file, and of `prepare` for an organ without state."""
    found = [each for each, read in _reads(inspect.getsource(organ.file)) if re.fullmatch(read, name)]
    if not organ.lives:
        found += [f"prepare.{each}" for each, read in _reads(_beside("prepare.py")) if re.fullmatch(read, name)]
    return list(dict.fromkeys(found))


@cache
def _reads(source: str) -> list[tuple[str, str]]:
    """(function, pattern of names read off ``p``); ``getattr(p, f"{a}_on_{b}")`` reads ``.+_on_.+``."""
    found: list[tuple[str, str]] = []
    for function in (node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)):
        for node in ast.walk(function):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "p":
                found.append((function.name, re.escape(node.attr)))
            if isinstance(node, ast.Call) and ast.unparse(node).startswith("getattr(p, "):
                parts = getattr(node.args[1], "values", [node.args[1]])
                texts = [re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in parts]
                found.append((function.name, "".join(texts)))
    return found


class _Traced(NDArrayOperatorsMixin):
    """Stands for a number and remembers the parameters it came from; arithmetic joins what its parts remember."""

    def __init__(self, *names: str) -> None:
        self.names = frozenset(names)

    def __array_ufunc__(self, function: Any, method: str, *parts: Any, **_: Any) -> _Traced:
        return _joined(parts)

    def __array_function__(self, function: Any, types: Any, parts: tuple[Any, ...], _: Any) -> _Traced:
        return _joined(parts)


def _joined(parts: Iterable[Any]) -> _Traced:
    return _Traced(*(name for part in parts for name in getattr(part, "names", ())))


def consequences(organ: Organ, name: str) -> dict[str, list[str]]:
    """What a parameter or constant changes in its organ: constants, signals, equations, jumps, hazards, deaths."""
    return {kind: [each for each, came_from in found.items() if name in came_from and each != name]
            for kind, found in _traced(organ.name).items()}  # fmt: skip


@cache
def _traced(name: str) -> dict[str, dict[str, frozenset[str]]]:
    """Kind -> output -> names of the parameters and constants of the organ it came from."""
    organ, file, given = standard_body().organ(name), standard_body().organ(name).file, standard_body().constants
    p = SimpleNamespace(**{each: _Traced(each) for each in organ.parameters})
    used = {each: _unknown(given[each]) for each in organ.uses}
    constants = file.derive(p, SimpleNamespace(**used)) if hasattr(file, "derive") else {}
    vars(p).update(used | {each: _marked(value, each) for each, value in constants.items()})
    made = {"constants": constants} | (_lived(organ, p) if organ.lives else _prepared(file, p))
    return {kind: _leaves(value) for kind, value in made.items()}


def _lived(organ: Organ, p: Any) -> dict[str, Any]:
    file = organ.file
    begun = file.start(p, ORIGINS) if organ.stateful else {}
    y, s = _emptied(begun) if organ.stateful else (), _offered(organ.needs)
    signals = {name: c.of(y, p, _offered(c.needs)) for name, c in organ.coupled.items()}
    signals |= file.signals(y, p) if organ.gives else {}
    made = {"start": begun, "signals": signals}
    for kind, function in (("equations", "rates"), ("jumps", "jump"), ("hazards", "hazards"), ("deaths", "fatality")):
        if hasattr(file, function):
            made[kind] = getattr(file, function)(y, p, s)
    return made


def _prepared(file: ModuleType, p: Any) -> dict[str, Any]:
    """Daily signals of conditioning, from every drug and from irradiation."""
    some = _Traced()
    how = {"oral": some, "first_day": some, "after_busulfan": some}
    effects = [file.drug_kill(p, drug, file.exposure(p, drug, some, **how)) for drug in file.DRUGS]
    return {"signals": file.surviving([*effects, file.radiation_kill(p, some, some, some)])}


def _offered(names: Iterable[str]) -> Any:
    return SimpleNamespace(**{name: _unknown(standard_body().signals[name]) for name in names})


def _unknown(signal: Signal) -> Any:
    return (_Traced(),) * ORIGINS if signal.per_origin else _Traced()


def _marked(value: Any, name: str) -> Any:
    return tuple(_marked(each, name) for each in value) if isinstance(value, tuple) else _joined([value, _Traced(name)])


def _emptied(value: Any) -> Any:
    if not isinstance(value, tuple):
        return _Traced()
    parts = [_emptied(each) for each in value]
    return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)


def _leaves(value: Any) -> dict[str, frozenset[str]]:
    """What every number of a record or a table remembers, by name; origins joined."""
    found: dict[str, frozenset[str]] = {}
    for name, part in (value if isinstance(value, dict) else value._asdict()).items():
        for each in part if isinstance(part, tuple) else (part,):
            inner = _leaves(each) if hasattr(each, "_fields") else {name: getattr(each, "names", frozenset())}
            found |= {leaf: found.get(leaf, frozenset()) | names for leaf, names in inner.items()}
    return found


def states(organ: Organ) -> dict[str, Signal]:
    """State -> its unit, meaning, and whether each origin has its own."""
    holders = [each for each in vars(organ.file).values()
               if hasattr(each, "_fields") and each.__module__ == organ.file.__name__]  # fmt: skip
    return {name: Signal(*hint.__metadata__, per_origin=holder.__name__ != "State") for holder in holders
            for name, hint in get_type_hints(holder, include_extras=True).items()
            if hasattr(hint, "__metadata__")}  # fmt: skip
