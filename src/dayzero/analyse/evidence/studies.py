"""A study as a file: citation, arms as plans of the spec, and its findings; made from tables of findings.

A file stands in `data/evidence/<study>.yaml`. Plans of an arm are written as what they share (``plan``) and what each
slot has of its own (``parts``); see `evidence.strata` for slots.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from io import StringIO
from pathlib import Path
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from dayzero.analyse.evidence.families import family_of
from dayzero.analyse.evidence.measures import Measure
from dayzero.analyse.evidence.metrics import measure_of
from dayzero.analyse.evidence.modifiers import Condition, merged, read_modifiers
from dayzero.analyse.evidence.registry import transplant_year
from dayzero.analyse.evidence.roles import role_of
from dayzero.analyse.evidence.rows import Finding
from dayzero.analyse.evidence.strata import ONE_POPULATION, Arm, NotTranslatedError, arm_of
from dayzero.errors import InputError
from dayzero.spec.files import read_yaml, shortest

FOLDER = Path(__file__).resolve().parents[2] / "data" / "evidence"
SCHEMA = 1
WORDS = (
    "population",
    "age_group",
    "donor",
    "graft",
    "conditioning",
    "prophylaxis",
    "gcsf",
    "cell_dose",
    "modifiers",
    "arm",
)
FIGURES = (
    "value",
    "low",
    "high",
    "interval_type",
    "approx_low",
    "approx_high",
    "unit",
    "n",
    "n_scope",
    "group",
    "study_type",
    "verified",
    "individual_data",
    "notes",
)


@dataclass(frozen=True)
class Entry:
    """One finding of a study, with how it is simulated or why it is not.

    Parameters
    ----------
    arms : names of its arms: one, or two for a contrast; none where it is not simulated.
    role : input, calibrated or predicted.
    refused : why it is not simulated, "" if it is.
    """

    finding: Finding
    arms: tuple[str, ...]
    role: str
    refused: str = ""

    @property
    def measure(self) -> Measure:
        """Its estimator."""
        found = measure_of(self.finding)
        if isinstance(found, str):
            raise InputError(self.finding.id, "metric", self.finding.metric, "one that is simulated", found)
        return found

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Which of the simulated patients it is about."""
        arm = read_modifiers(self.finding.arm).conditions if self.finding.arm.startswith("CD4") else ()
        return (*read_modifiers(self.finding.modifiers).conditions, *arm)


@dataclass(frozen=True)
class Study:
    """A study: its citation, arms and entries."""

    name: str
    citation: str
    identifier: str = ""
    year: int | None = None
    transplants: int | None = None
    arms: Mapping[str, Arm] = field(default_factory=dict[str, Arm])
    entries: tuple[Entry, ...] = ()


def translate(finding: Finding) -> tuple[list[Arm], str]:
    """The arms of a finding, or why there are none.

    >>> translate(Finding("a", "factbmt_mean_day14_pts"))[1][:21]
    'questionnaire scores '
    """
    found = measure_of(finding)
    if isinstance(found, str):
        return [], found
    if found.last == 0:
        return [], ""
    try:
        return [arm_of(finding, at, edit) for at, edit in enumerate(found.sides or ({},))], ""
    except NotTranslatedError as reason:
        return [], str(reason)
    except InputError as problem:
        return [], f"no plan stands for the stratum ({problem})"


def studies_of(findings: Iterable[Finding]) -> list[Study]:
    """Findings put together by study, each with its arms; equal arms stand once."""
    sorted_out: dict[str, list[Finding]] = {}
    for one in findings:
        sorted_out.setdefault(one.source or one.id, []).append(one)
    names = _names(sorted_out)
    return [_study(names[source], source, rows) for source, rows in sorted_out.items()]


def _study(name: str, source: str, rows: Sequence[Finding]) -> Study:
    arms: dict[str, Arm] = {}
    known: dict[str, str] = {}
    entries = []
    mixed = _both_intensities(rows)
    for found in rows:
        row = replace(found, notes=_flags(found.notes) + (f"; {ONE_POPULATION}" if found.group in mixed else ""))
        made, reason = translate(row)
        used = []
        for arm in made:
            label = known.setdefault(arm.key, f"a{len(known) + 1}")
            arms.setdefault(label, arm)
            used.append(label)
        entries.append(Entry(row, tuple(used), role_of(row), reason))
    first = rows[0]
    return Study(name, source, first.identifier, first.year, transplant_year(first), arms, tuple(entries))


def _both_intensities(rows: Sequence[Finding]) -> set[str]:
    """Comparison groups of randomised trials that compare intensities."""
    seen: dict[str, set[str]] = {}
    for row in rows:
        word = re.match(r"MAC|RIC|RTC|NMA|Treo", row.conditioning)
        if word and row.group and re.search(r"RCT|random", row.study_type):
            seen.setdefault(row.group, set()).add(word.group())
    return {group for group, words in seen.items() if len(words) > 1}


def _flags(notes: str) -> str:
    """What of the remarks of a row bears on its estimator, in words of our own."""
    told = []
    if re.search(r"over all patients|non-engraftment and death push", notes):
        told.append("median over all patients")
    landmark = re.search(r"randomi[sz]ation about day (\d+)", notes)
    if landmark:
        told.append(f"randomisation about day {landmark.group(1)}")
    return "; ".join(told)


def _names(sources: Mapping[str, Sequence[Finding]]) -> dict[str, str]:
    """A short file name for each citation: first author or first words, and year."""
    names: dict[str, str] = {}
    for source, rows in sources.items():
        head = re.split(r" et al|[.,(:]", source)[0]
        author = re.match(r"((?:[A-Z][\w'-]+ )+)[A-Z]{1,3}$", head.strip())
        words = (author.group(1) if author else " ".join(source.split()[:4])).lower()
        stem = re.sub(r"[^a-z0-9]+", "-", words).strip("-") or "study"
        base = f"{stem}-{rows[0].year}" if rows[0].year else stem
        label, number = base, 1
        while label in names.values():
            number += 1
            label = f"{base}-{number}"
        names[source] = label
    return names


def write_study(study: Study) -> str:
    """The study as YAML text that `read_study` reads back."""
    told: dict[str, Any] = {"schema": SCHEMA, "study": study.name, "citation": study.citation}
    told |= {
        k: v
        for k, v in (("identifier", study.identifier), ("year", study.year), ("transplants", study.transplants))
        if v
    }
    told["arms"] = {name: _arm_told(arm) for name, arm in study.arms.items()}
    told["findings"] = [_entry_told(entry) for entry in study.entries]
    return compact_yaml(shortest(told))


def compact_yaml(told: dict[str, Any]) -> str:
    """YAML in which short mappings and lists stand on one line."""
    writer: Any = YAML()
    writer.indent(mapping=2, sequence=4, offset=2)
    writer.width = 118
    writer.representer.add_representer(type(None), lambda r, _: r.represent_scalar("tag:yaml.org,2002:null", "null"))
    out = StringIO()
    writer.dump(_laid(told), out)
    return out.getvalue()


def _laid(value: Any, depth: int = 0) -> Any:
    if isinstance(value, Mapping):
        laid: Any = CommentedMap({key: _laid(item, depth + 1) for key, item in value.items()})
        inner = list(value.values())
    elif isinstance(value, list):
        laid, inner = CommentedSeq(_laid(item, depth + 1) for item in value), value
    else:
        return value
    nested = any(isinstance(item, (Mapping, list)) for item in inner)
    long = any(isinstance(item, str) and len(item) > 60 for item in inner)
    if depth > 1 and inner and not long and len(repr(value)) < (110 if nested else 240):
        laid.fa.set_flow_style()
    return laid


def _arm_told(arm: Arm) -> dict[str, Any]:
    shared = _shared(arm.plans)
    parts: dict[str, dict[str, Any]] = {}
    for at, plan in enumerate(arm.plans):
        own = _rest(plan, shared)
        key = repr(own)
        parts.setdefault(key, {"slots": [], **own})["slots"].append(at)
    told: dict[str, Any] = {"title": arm.title, "remarks": list(arm.remarks), "plan": shared}
    return told | ({"parts": list(parts.values())} if len(arm.plans) > 1 else {})


def _shared(plans: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Keys that all plans hold alike, mappings looked into."""
    out: dict[str, Any] = {}
    for key, value in plans[0].items():
        others = [plan.get(key) for plan in plans]
        if all(other == value for other in others):
            out[key] = value
        elif key not in ("conditioning", "prophylaxis") and all(
            isinstance(o, Mapping) and "base" not in o for o in others
        ):
            inner = _shared(cast("list[Mapping[str, Any]]", others)) if not _is_spread(value) else {}
            out |= {key: inner} if inner else {}
    return out


def _rest(plan: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in plan.items():
        if key not in shared:
            out[key] = value
        elif shared[key] != value:
            out[key] = _rest(value, shared[key])
    return out


def _is_spread(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and "kind" in value
        and value["kind"] in ("normal", "uniform", "empirical", "lognormal")
    )


def _entry_told(entry: Entry) -> dict[str, Any]:
    row = entry.finding
    told: dict[str, Any] = {
        "id": row.id,
        "tier": row.tier,
        "topic": row.topic,
        "metric": row.metric,
        "role": entry.role,
    }
    if entry.refused:
        told["not_simulated"] = entry.refused
    elif entry.arms:
        measure = entry.measure
        told |= {"arms": list(entry.arms), "estimator": measure.estimator, "time_zero": measure.zero}
        told |= {"remarks": list(measure.remarks)} if measure.remarks else {}
        if entry.conditions:
            told["patients"] = "; ".join(f"{c.fact} {c.sign} {c.value:g}" for c in entry.conditions)
    told |= {name: getattr(row, name) for name in FIGURES if getattr(row, name) not in (None, "")}
    told["words"] = {name: getattr(row, name) for name in WORDS if getattr(row, name)}
    return told


def read_study(path: Path) -> Study:
    """A study file.

    Raises
    ------
    InputError : no such file, another schema, a field missing.
    """
    told = read_yaml(path)
    if told.get("schema") != SCHEMA:
        raise InputError(path.name, "schema", repr(told.get("schema")), f"{SCHEMA}", "write schema: 1")
    for name in ("study", "citation", "arms", "findings"):
        if name not in told:
            raise InputError(path.name, name, "nothing", "a value", f"write {name}: a study needs it")
    arms = {name: _arm_read(arm, f"arms.{name}", path.name) for name, arm in told["arms"].items()}
    about = (told["citation"], told.get("identifier", ""), told.get("year"))
    entries = tuple(_entry_read(raw, about, arms, path.name, at) for at, raw in enumerate(told["findings"]))
    return Study(told["study"], *about, told.get("transplants"), arms, entries)


def _arm_read(told: Mapping[str, Any], where: str, file: str) -> Arm:
    if not isinstance(told, Mapping) or "plan" not in told:
        raise InputError(file, where, "no plan", "title, plan and parts", "write the plan all slots share")
    parts = told.get("parts") or [{"slots": [0]}]
    plans: dict[int, dict[str, Any]] = {}
    for part in parts:
        own = {key: value for key, value in part.items() if key != "slots"}
        plans |= {slot: merged(told["plan"], own) for slot in part["slots"]}
    if sorted(plans) != list(range(len(plans))):
        raise InputError(file, f"{where}.parts", f"slots {sorted(plans)}", "each slot from 0 once", "number the slots")
    return Arm(told.get("title", ""), tuple(plans[slot] for slot in sorted(plans)), tuple(told.get("remarks", ())))


def _entry_read(raw: Mapping[str, Any], about: tuple[Any, ...], arms: Mapping[str, Arm], file: str, at: int) -> Entry:
    for name in ("id", "metric"):
        if name not in raw:
            raise InputError(file, f"findings[{at}].{name}", "nothing", "a value", f"write the {name} of the finding")
    known = {f.name for f in fields(Finding)}
    told = {**raw.get("words", {}), **{k: v for k, v in raw.items() if k in known}}
    told |= {"source": about[0], "identifier": about[1], "year": about[2]}
    used = tuple(raw.get("arms", ()))
    missing = [name for name in used if name not in arms]
    if missing:
        raise InputError(
            file, f"findings[{at}].arms", missing[0], f"one of {', '.join(arms)}", "name an arm of the study"
        )
    return Entry(Finding(**told), used, raw.get("role", "predicted"), raw.get("not_simulated", ""))


def study_names() -> list[str]:
    """The studies that come with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


__all__ = ["Entry", "Study", "family_of", "read_study", "studies_of", "study_names", "translate", "write_study"]
