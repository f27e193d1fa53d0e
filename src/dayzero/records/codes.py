"""Codes of hospital records and what they are on a chart: LOINC, SNOMED CT, RxNorm, ATC, ICD-10, and a site's own.

The shipped codes stand in ``data/codes`` with the evidence for each. A site adds its own in a CSV or YAML file with
the columns (keys) ``system, code, quantity`` and, where wanted, ``unit`` (taken where a reading has none), ``method``
and ``how`` (reading, log10, share of the white cells). A code is one quantity or event, never two.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from io import StringIO
from pathlib import Path
from typing import Any, cast

from dayzero.errors import ChartError, InputError
from dayzero.records.ucum import scale_of
from dayzero.units import EVENTS, QUANTITIES, nearest

#: dayzero's own codes: the names of quantities and events, and ``day_zero``.
OWN = "urn:dayzero:chart"
DAY_ZERO = "day_zero"
LOINC = "http://loinc.org"

_COLUMNS = ("system", "code", "quantity", "unit", "method", "how", "name")
_LOCAL_WAYS = ("reading", "log10", "share")
_LOCAL_RANK = 1000
_UNCONFIRMED = "?"


@dataclass(frozen=True)
class Code:
    """One code.

    Parameters
    ----------
    system, code : as a FHIR coding has them.
    name : in our words.
    target : quantity or event; empty for a panel or what is not kept.
    how : ``reading``, ``log10`` (the number is the exponent), ``share`` (percent of ``of``), ``part`` (of a sum),
        ``event``, ``panel``, ``not_kept``.
    rank : 0 is preferred.
    evidence : key of the file's table; "?" not confirmed.
    of, times : count = share / 100 * of * times.
    part : which part of the count: segmented or bands.
    unit, method : taken where the record has none (a site's own codes).
    reason : why a chart keeps nothing of it.
    """

    system: str
    code: str
    name: str
    target: str = ""
    how: str = "reading"
    rank: int = 0
    evidence: str = ""
    of: str = ""
    times: float = 1.0
    part: str = ""
    unit: str = ""
    method: str = ""
    reason: str = ""

    @property
    def verified(self) -> bool:
        """Whether its meaning was confirmed."""
        return self.evidence != _UNCONFIRMED


class Codes:
    """A table of codes to look up.

    >>> shipped().find("http://loinc.org", "751-8").target
    'neutrophils'
    """

    def __init__(self, codes: Iterable[Code]) -> None:
        self._exact: dict[tuple[str, str], Code] = {}
        self._beginning: dict[tuple[str, str], Code] = {}
        for code in codes:
            self._put(code)

    def __iter__(self) -> Iterator[Code]:
        yield from self._exact.values()
        yield from self._beginning.values()

    def _put(self, code: Code) -> None:
        table = self._beginning if code.code.endswith("*") else self._exact
        table[code.system, code.code.removesuffix("*")] = code

    def find(self, system: str, code: str) -> Code | None:
        """The code, or None where it is not known."""
        exact = self._exact.get((system, code))
        if exact is not None or not self._beginning:
            return exact
        ends = range(len(code), 0, -1)
        return next((found for end in ends if (found := self._beginning.get((system, code[:end])))), None)

    def preferred(self, target: str, system: str = LOINC) -> Code | None:
        """The code a quantity is written with: the first confirmed one."""
        of_it = [c for c in self if (c.target, c.system, c.how) == (target, system, "reading") and c.verified]
        return min(of_it, key=lambda code: code.rank, default=None)

    def with_local(self, path: str | Path) -> Codes:
        """The same table and a site's own codes from a CSV or YAML file."""
        place = Path(path)
        new = Codes(self)
        for row, fields in _local_rows(place):
            code = _local(fields, place.name, row)
            before = new.find(code.system, code.code)
            if before is not None and before.target and before.target != code.target:
                advice = "a code is one quantity; delete the row"
                raise ChartError(place.name, f"row {row}, code", f"a code of {before.target}", "a new code", advice)
            new._put(replace(code, rank=_LOCAL_RANK + row))
        return new


@cache
def shipped() -> Codes:
    """The codes that come with dayzero, and its own."""
    own = [Code(OWN, name, row.description, name) for name, row in QUANTITIES.items()]
    own += [Code(OWN, name, row.description, name, "event") for name, row in EVENTS.items()]
    own.append(Code(OWN, DAY_ZERO, "the day from which days are counted", DAY_ZERO, "event"))
    loinc, clinical = _shipped_file("loinc.yaml"), _shipped_file("clinical.yaml")
    systems = [loinc, *clinical["systems"]]
    return Codes([*own, *(code for one in systems for code in _system(one))])


def _shipped_file(name: str) -> dict[str, Any]:
    return _yaml((files("dayzero") / "data" / "codes" / name).read_text(encoding="utf-8"))


def _yaml(text: str) -> Any:
    from ruamel.yaml import YAML

    return cast("Any", YAML(typ="safe", pure=True)).load(text)


def _system(table: Mapping[str, Any]) -> Iterator[Code]:
    rows: list[tuple[str, int, dict[str, Any]]] = []
    for target, codes in table["codes"].items():
        rows += [(target, rank, dict(row)) for rank, row in enumerate(codes, 1)]
    for how in ("panels", "not_kept"):
        rows += [("", 0, {**row, "how": how.removesuffix("s")}) for row in table.get(how, ())]
    for system in (table["system"], *table.get("also", ())):
        for target, rank, row in rows:
            way = "event" if target in EVENTS else "reading"
            fields: dict[str, Any] = {"how": way, **row, "system": system, "target": target, "rank": rank}
            yield Code(**fields)


def _local_rows(place: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        text = place.read_text(encoding="utf-8-sig")
        if place.suffix in (".yaml", ".yml"):
            rows: Any = _yaml(text)
        else:
            rows = list(csv.DictReader(StringIO(text)))
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        got = getattr(problem, "strerror", None) or "no text"
        raise ChartError(place.name, "file", got, "a CSV or YAML file of codes", "check the path") from None
    except Exception as problem:  # the many kinds of errors of a YAML reader
        got = type(problem).__name__
        raise ChartError(place.name, "file", got, "YAML that can be read", "check the file with an editor") from None
    if not isinstance(rows, list) or not rows:
        raise ChartError(place.name, "file", "no rows", f"rows of {', '.join(_COLUMNS[:4])}", "write one row a code")
    first = 1 if place.suffix in (".yaml", ".yml") else 2
    for row, fields in enumerate(cast("list[object]", rows), first):
        yield row, _fields(fields, place.name, row)


def _fields(fields: object, where: str, row: int) -> dict[str, str]:
    if not isinstance(fields, dict):
        raise ChartError(where, f"row {row}", "no keys", f"keys such as {', '.join(_COLUMNS[:4])}", "write one a code")
    found: dict[str, str] = {}
    for key, value in cast("dict[object, object]", fields).items():
        if key not in _COLUMNS:
            raise ChartError(where, f"row {row}", f"column {key!r}", ", ".join(_COLUMNS), nearest(str(key), _COLUMNS))
        found[str(key)] = "" if value is None else str(value).strip()
    return found


def _local(fields: Mapping[str, str], where: str, row: int) -> Code:
    for needed in ("code", "quantity"):
        if not fields.get(needed):
            raise ChartError(where, f"row {row}, {needed}", "nothing", f"a {needed}", "fill it or delete the row")
    target, unit, how = fields["quantity"], fields.get("unit", ""), fields.get("how") or "reading"
    known = [*QUANTITIES, *EVENTS]
    if target not in known:
        raise ChartError(where, f"row {row}, quantity", repr(target), "a quantity or event", nearest(target, known))
    if how not in _LOCAL_WAYS or (target in EVENTS and how != "reading"):
        expected = "reading for an event" if target in EVENTS else ", ".join(_LOCAL_WAYS)
        raise ChartError(where, f"row {row}, how", repr(how), expected, "choose one")
    if unit and how == "reading":
        try:
            scale_of(target, unit, coded=False)
        except InputError as problem:
            raise ChartError(where, f"row {row}, unit", repr(unit), problem.expected, problem.advice) from None
    name = fields.get("name") or target
    way = "event" if target in EVENTS else how
    of = "leukocytes" if how == "share" else ""
    return Code(fields.get("system", ""), fields["code"], name, target, way, 0, "local", of, unit=unit,
                method=fields.get("method", ""))  # fmt: skip
