"""What `dayzero export` writes: a patient's body as SBML, patients' doses and reports as an event table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dayzero.errors import SpecError
from dayzero.present import targets
from dayzero.simulation.cohort import simulate
from dayzero.simulation.layout import Precision
from dayzero.spec import Plan

KINDS: Mapping[str, tuple[str, ...]] = {"--sbml": (".xml", ".sbml"), "--events": (".csv",), "companion": (".json",)}


def export(plan: Plan, files: Mapping[str, Path], *, patient: int = 0, patients: int = 20, days: int = 120,
           seed: int = 1, precision: Precision = "float64",
           progress: Callable[[float], None] | None = None) -> list[Path]:  # fmt: skip
    """Write every file asked for, or none; the files written.

    Parameters
    ----------
    files : ``--sbml`` and ``--events``, each with the file to write. The event table gets a companion of its name that
        ends in ``.json``.
    patient : whose body the SBML model is.
    patients : how many the event table is about.
    days : last day, counted from infusion. seed : fixes who the patients are and what happens to them.

    Raises
    ------
    SpecError : the plan, an option or a file cannot be used.
    """
    every = with_companion(files)
    targets.check_targets(every, KINDS)
    common: dict[str, Any] = {"days": days, "seed": seed, "precision": precision, "progress": progress}
    with targets.placing(every.values()) as parts:
        beside = dict(zip(every, parts, strict=True))
        if "--sbml" in beside:
            _sbml(plan, beside["--sbml"], patient, common)
        if "--events" in beside:
            _events(plan, beside["--events"], beside["companion"], patients, common)
    return list(every.values())


def with_companion(files: Mapping[str, Path]) -> dict[str, Path]:
    """The files with the one that explains the event table; at least one must be asked for."""
    if not files:
        advice = "add --sbml model.xml or --events table.csv"
        raise SpecError("export", "files", "none to write", "--sbml or --events", advice)
    events = files.get("--events")
    return dict(files) | ({} if events is None else {"companion": events.with_suffix(".json")})


def _sbml(plan: Plan, path: Path, patient: int, common: Mapping[str, Any]) -> None:
    from dayzero.present.export_course import held_fast
    from dayzero.present.export_numbers import body_of
    from dayzero.present.export_sbml import sbml

    held = held_fast(plan, patient=patient, **common)
    sbml(held, body_of(held)).write(path, encoding="utf-8", xml_declaration=True)


def _events(plan: Plan, table: Path, companion: Path, patients: int, common: Mapping[str, Any]) -> None:
    from dayzero.present.export_events import event_table, write_events

    course = simulate(plan, patients, **common)
    write_events(event_table(course, plan), course, plan, table, companion)
