"""Published findings as they are tabulated: one figure a row, with its stratum, interval, number and source.

Two forms are read, told apart by their columns: engraftment (``graft_source``, ``conditioning_class``, ``regimen`` ...)
and outcomes (``graft``, ``conditioning``, ``modifiers`` ...). Both come out as the same `Finding`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from dayzero.errors import InputError

INTERVALS = ("ci95", "ci90", "iqr", "range", "ref95", "sd", "none")
CORE = ("core", "1")
NEEDED = ("id", "metric", "donor", "population", "age_group", "value", "low", "high")
OTHER_NAMES = {
    "graft_source": "graft",
    "n_patients": "n",
    "gvhd_prophylaxis": "prophylaxis",
    "doi_or_id": "identifier",
    "comparison_group_id": "group",
}
NUMBERS = ("value", "low", "high", "approx_low", "approx_high", "n")


@dataclass(frozen=True)
class Finding:
    """One published figure and the stratum it is about; words as printed, "" where nothing stands."""

    id: str
    metric: str
    topic: str = ""
    tier: str = "supporting"
    population: str = ""
    age_group: str = ""
    donor: str = ""
    graft: str = ""
    conditioning: str = ""
    prophylaxis: str = ""
    gcsf: str = ""
    cell_dose: str = ""
    modifiers: str = ""
    arm: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    interval_type: str = "none"
    approx_low: float | None = None
    approx_high: float | None = None
    unit: str = ""
    n: float | None = None
    n_scope: str = ""
    group: str = ""
    source: str = ""
    year: int | None = None
    identifier: str = ""
    study_type: str = ""
    verified: str = ""
    individual_data: str = ""
    notes: str = ""

    @property
    def core(self) -> bool:
        """Whether the row is scored."""
        return self.tier == "core"


def read_findings(path: str | Path) -> list[Finding]:
    """The findings of a CSV file, or of every CSV file of a folder, in order of name.

    Raises
    ------
    InputError : no such file, a column missing, a number that is none, an id that stands twice.
    """
    place = Path(path)
    if place.is_dir():
        files = sorted(place.glob("*.csv"))
        if not files:
            raise InputError(str(path), "folder", "no CSV file", "files with findings", "name the folder or a file")
    else:
        files = [place]
    found = [finding for file in files for finding in _of_file(file)]
    seen: dict[str, str] = {}
    for one in found:
        if one.id in seen:
            raise InputError(str(path), "id", repr(one.id), "each id once", "give each row an id of its own")
        seen[one.id] = one.metric
    return found


def _of_file(path: Path) -> Iterable[Finding]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        said = getattr(problem, "strerror", None) or "bytes that are not text"
        raise InputError(path.name, "file", said, "a CSV file with findings", "check the path") from None
    table = csv.DictReader(io.StringIO(text))
    columns = [OTHER_NAMES.get(name, name) for name in (table.fieldnames or [])]
    for name in NEEDED:
        if name not in columns:
            advice = "one row a finding, with the columns of the evidence tables"
            raise InputError(path.name, name, "no such column", f"columns {', '.join(NEEDED)}", advice)
    table.fieldnames = columns
    for number, raw in enumerate(table, start=2):
        yield _finding(
            {k: (v or "").strip() for k, v in raw.items() if isinstance(k, str) and not isinstance(v, list)},
            f"{path.name}",
            number,
        )


def _finding(raw: dict[str, str], where: str, line: int) -> Finding:
    told: dict[str, object] = {name: raw.get(name, "") for name in (f.name for f in fields(Finding))}
    for name in NUMBERS:
        told[name] = _number(raw.get(name, ""), where, line, name)
    for name in ("id", "metric"):
        if not told[name]:
            raise InputError(where, f"row {line}, {name}", "nothing", "a name", f"write the {name} of the finding")
    kind = raw.get("interval_type", "") or "none"
    if kind not in INTERVALS:
        expected = f"one of {', '.join(INTERVALS)}"
        raise InputError(where, f"row {line}, interval_type", repr(kind), expected, "say what low and high are")
    told["interval_type"] = kind
    told["tier"] = "core" if raw.get("tier", "core") in CORE else "supporting"
    told["conditioning"] = _joined(
        raw.get("conditioning_class", ""), raw.get("regimen", ""), raw.get("conditioning", "")
    )
    told["year"] = _year(raw)
    return Finding(**told)  # type: ignore[arg-type]


def _number(text: str, where: str, line: int, name: str) -> float | None:
    if not text:
        return None
    try:
        found = float(text)
    except ValueError:
        found = float("nan")
    if found != found or found in (float("inf"), float("-inf")):
        raise InputError(where, f"row {line}, {name}", repr(text), "a number or nothing", "write it with a point")
    return found


def _joined(*words: str) -> str:
    return "; ".join(word for word in words if word and word != "none") or next((w for w in words if w), "")


def _year(raw: dict[str, str]) -> int | None:
    """The year of publication: its column, or the last year named in the citation."""
    if raw.get("year", "").isdigit():
        return int(raw["year"])
    text = f"{raw.get('source', '')} {raw.get('identifier', '')}"
    printed = re.findall(r"((?:19|20)\d\d);", text) or re.findall(r"(?<![\d:;-])(?:19[5-9]|20[0-2])\d(?![\d:])", text)
    return int(printed[0]) if printed else None
