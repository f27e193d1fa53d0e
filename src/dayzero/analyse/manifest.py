"""What a folder of parts is about: the run asked for, how it is cut, and the record that repeats it."""

from __future__ import annotations

import hashlib
import inspect
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dayzero.analyse.portion import Request, shared
from dayzero.errors import EngineError, InputError, SpecError
from dayzero.simulation.assemble import standard_body
from dayzero.simulation.cohort import RECORDED, run_record, simulate
from dayzero.simulation.course import check_record
from dayzero.simulation.domain import out_of_domain
from dayzero.simulation.engines import engine_for
from dayzero.simulation.parameter_sets import ParameterSet, values_of
from dayzero.simulation.parts import BEGUN, write_whole
from dayzero.simulation.request import MOST_PATIENTS, asked
from dayzero.spec import Plan
from dayzero.units import nearest

SCHEMA = 1
FILE = "manifest.json"
USUAL_CHUNK = 4096
MOST_PARTS = 1_000_000
_OURS = ("recording", "cores", "progress")  # arguments of `simulate` that a large cohort does not leave open
# What must be the same for two runs to make the same parts.
_MUST = ("plans", "patients", "days", "seed", "precision", "steps_per_day", "parameters", "typical", "engine",
         "dayzero", "versions", "machine")  # fmt: skip


@dataclass(frozen=True)
class Manifest:
    """What a folder of parts is about.

    Parameters
    ----------
    record : the run record of the whole cohort. chunk : patients in each part but the last.
    """

    record: Mapping[str, Any]
    chunk: int

    @property
    def parts(self) -> int:
        """How many parts the cohort makes."""
        return -(-self.record["patients"] // self.chunk)

    def keep(self, folder: Path) -> None:
        """Write it into the folder, where it is not there yet."""
        if not (folder / FILE).exists():
            told = {"schema": SCHEMA, "kind": "parts of a large cohort", "chunk": self.chunk, "parts": self.parts,
                    "record": dict(self.record)}  # fmt: skip
            write_whole(folder / FILE, (json.dumps(told, indent=1) + "\n").encode())

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """The manifest of a folder."""
        where, advice = str(folder / FILE), "name a folder written by simulate --into"
        try:
            told = json.loads((folder / FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as problem:
            got = getattr(problem, "strerror", None) or "a damaged file"
            raise InputError(where, "file", got, "the manifest of a large cohort", advice) from None
        if not isinstance(told, dict) or told.get("schema") != SCHEMA:
            got = repr(told.get("schema")) if isinstance(told, dict) else "no keys with values"
            raise InputError(where, "schema", got[:60], str(SCHEMA), "read it with the release that wrote it")
        check_record(told.get("record"), where)
        chunk = told.get("chunk")
        if not isinstance(chunk, int) or chunk < 1:
            raise InputError(where, "chunk", repr(chunk)[:60], "a whole number from 1", advice)
        return cls(told["record"], chunk)

    def check_fits(self, wanted: Manifest, folder: Path) -> None:
        """Refuse to go on with a folder that was begun by another request."""
        had, asks = ({**{name: one.record.get(name) for name in _MUST}, "chunk": one.chunk} for one in (self, wanted))
        for name in had:
            if had[name] != asks[name]:
                got, expected = (_short(name, told[name]) for told in (asks, had))
                advice = "ask for the same run again, or take another folder"
                raise SpecError(str(folder), name, got, f"{expected}, as it was begun with", advice)

    def check_made(self, record: Mapping[str, Any], number: int) -> None:
        """Refuse a part that another version or engine made, on a machine of a cluster for one."""
        had = shared(self.record)
        for name in (name for name in _MUST if name in had):
            if record.get(name) != had[name]:
                got = f"part {number} made with {name} {_short(name, record.get(name))}"
                raise EngineError(f"{got}, where the run began with {_short(name, had[name])}; use one version")


def begun(plan: Plan, patients: int, days: int, seed: int, chunk: int | None, how: Mapping[str, Any],
          folder: Path) -> tuple[Request, Manifest]:  # fmt: skip
    """What is asked for, checked before any work, also against what the folder holds already."""
    _check_how(how)
    values, chosen = values_of(how.get("parameters"), bool(how.get("ensemble", False)))
    how = {**{k: v for k, v in how.items() if k != "ensemble"}, "parameters": values}
    count, cut = _whole("patients", patients, MOST_PATIENTS), None if chunk is None else _whole("chunk", chunk, 10**6)
    record = cohort_record(plan, count, days, seed, how, chosen)
    before = Manifest.read(folder) if (folder / FILE).exists() else None
    if before is None:
        _check_empty(folder)
    wanted = Manifest(record, cut or (before.chunk if before else USUAL_CHUNK))
    if wanted.parts > MOST_PARTS:
        advice = "take larger parts: chunk=4096, say"
        raise SpecError("simulate", "chunk", f"{wanted.parts:,} parts", f"at most {MOST_PARTS:,}", advice)
    if before is not None:
        before.check_fits(wanted, folder)
    engine = {"engine": record["engine"]}  # that of this machine, wherever parts are made
    return Request(plan, count, days, seed, wanted.chunk, {**how, **engine}), before or wanted


def _check_how(how: Mapping[str, Any]) -> None:
    known = [p.name for p in inspect.signature(simulate).parameters.values() if p.kind is p.KEYWORD_ONLY]
    known = [name for name in known if name not in _OURS]
    for name in how:
        if name not in known:
            raise SpecError("simulate", name, "an unknown option", f"one of {', '.join(known)}", nearest(name, known))
    given = how.get("parameters")
    for name, value in given.items() if isinstance(given, Mapping) else ():
        if isinstance(value, (list, tuple, np.ndarray)):
            advice = "write {'members': [...]}, dealt out by number, or simulate fewer patients without a folder"
            field, got = f"parameters.{name}", "one value for each patient"
            raise SpecError("simulate", field, got, "a number or members", advice)


def cohort_record(plan: Plan, patients: int, days: int, seed: int, how: Mapping[str, Any],
                  chosen: ParameterSet | None = None) -> dict[str, Any]:  # fmt: skip
    """The run record of the whole cohort; the request is checked, and what leaves the evidence is said, on the way."""
    usual = {p.name: p.default for p in inspect.signature(simulate).parameters.values()}
    told = {name: how.get(name, usual[name]) for name in ("precision", "typical", "block", "engine")}
    body = standard_body()
    run = asked(body, [plan], days=days, seed=seed, recording=RECORDED, parameters=how.get("parameters") or {},
                steps=how.get("steps_per_day", usual["steps_per_day"]), cores=1, **told)  # fmt: skip
    run = replace(run, engine=engine_for(run.engine))
    noted = out_of_domain([plan], days, run.overrides, body.parameters())
    noted += [] if chosen is None else chosen.remarks()
    for sentence in noted:
        warnings.warn(sentence, stacklevel=4)
    record = run_record(body, [plan], np.arange(1), run, [str(w) for w in noted])
    record |= {"patients": patients, "patients_sha256": _digest_of_numbers(patients)}
    dealt = any(isinstance(value, Mapping) for value in run.overrides.values())
    return record if chosen is None else record | {"parameter_set": chosen.told(dealt)}


def _digest_of_numbers(patients: int) -> str:
    """As `run_record` has it of all numbers at once."""
    digest, step = hashlib.sha256(), 2**20
    for at in range(0, patients, step):
        digest.update(np.arange(at, min(at + step, patients), dtype=np.int64).tobytes())
    return digest.hexdigest()


def _check_empty(folder: Path) -> None:
    advice = "name a new folder, or one begun by the same command"
    if folder.exists() and not folder.is_dir():
        raise SpecError("simulate", "into", f"{str(folder)!r}, which is a file", "a folder", advice)
    if folder.is_dir() and any(not path.name.endswith(BEGUN) for path in folder.iterdir()):
        got = f"{str(folder)!r}, which holds other files"
        raise SpecError("simulate", "into", got, "a new or empty folder, or one with a manifest", advice)


def _whole(field: str, value: Any, most: int) -> int:
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or not 1 <= value <= most:
        raise SpecError("simulate", field, repr(value)[:60], f"a whole number of 1 to {most}", "correct it")
    return int(value)


def _short(name: str, value: Any) -> str:
    if name == "plans" and value:
        return f"{value[0]['name']} (sha256 {value[0]['sha256'][:12]})"
    text = json.dumps(value, sort_keys=True)
    return text if len(text) <= 80 else f"{text[:77]}..."
