"""The library of plans, regimens, prophylaxis, care, grafts and trials, from its YAML files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rst import code, plain, sentence, stacked, table, write

from dayzero.spec import Care, Conditioning, DonorCase, Plan, Prophylaxis, Trial, library_names
from dayzero.spec.catalogue import LibraryKind, library_entry

COLUMNS = ["Name", "What it is", "Source", "Source read"]


def write_pages(docs: Path) -> None:
    """The tables of `reference/library`."""
    for kind, content in CONTENT.items():
        rows = [_row(name, library_entry(kind, name, kind), content) for name in library_names(kind)]
        write(docs / "generated" / "parts" / f"library-{kind}.rst", [table(COLUMNS, rows, [22, 40, 28, 10])])


def _row(name: str, entry: Mapping[str, Any], content: Callable[[Mapping[str, Any]], list[str]]) -> list[str]:
    source = entry.get("sources") or [entry.get("source", "")]
    note = [plain(sentence(entry["note"]))] if entry.get("note") else []
    lines = [plain(line) for line in content(entry)]
    return [code(name), stacked(*lines, *note), stacked(*(plain(each) for each in source)),
            entry.get("verified", "recalled")]  # fmt: skip


def _plan(entry: Mapping[str, Any]) -> list[str]:
    plan = Plan.load(dict(entry))
    parts = [plan.conditioning.name, plan.prophylaxis.name, plan.care.name]
    return [plan.title, "; ".join(parts)]


def _regimen(entry: Mapping[str, Any]) -> list[str]:
    regimen = Conditioning(**entry)
    drugs = [f"{_word(c.drug)} {c.dose[0]:g} {c.dose[1]}{_daily(c.doses_per_day)}, {_days(c.days)}"
             for c in regimen.drugs]  # fmt: skip
    rays = [f"{_word(beam.field)} irradiation {beam.fraction_gy:g} Gy x{beam.fractions_per_day} a day, "
            f"{_days(beam.days)}" for beam in regimen.irradiation]  # fmt: skip
    return [*drugs, *rays] or ["nothing"]


def _prophylaxis(entry: Mapping[str, Any]) -> list[str]:
    parts = Prophylaxis(**entry)
    told = []
    if parts.calcineurin:
        c = parts.calcineurin
        told.append(f"{c.drug} from day {c.start_day}, taper day {c.taper_start_day} to {c.stop_day}")
    if parts.methotrexate:
        doses = zip(parts.methotrexate.doses_mg_per_m2, parts.methotrexate.days, strict=True)
        told.append("methotrexate " + ", ".join(f"{dose:g} mg/m2 day {day}" for dose, day in doses))
    for name in ("mycophenolate", "sirolimus"):
        drug = getattr(parts, name)
        told += [f"{name} day {drug.start_day} to {drug.stop_day}"] if drug else []
    for name in ("post_cyclophosphamide", "abatacept"):
        drug = getattr(parts, name)
        told += [f"{_word(name)} {drug.dose_mg_per_kg:g} mg/kg, {_days(drug.days)}"] if drug else []
    told += [f"{_word(c.drug)} {c.dose[0]:g} {c.dose[1]}, {_days(c.days)}" for c in parts.serotherapy]
    return told or ["nothing"]


def _care(entry: Mapping[str, Any]) -> list[str]:
    care = Care(**entry)
    gcsf = f"G-CSF {care.gcsf.dose_ug_per_kg:g} ug/kg from day {care.gcsf.start_day}" if care.gcsf else "no G-CSF"
    platelets, red_cells = care.platelet_transfusion, care.red_cell_transfusion
    given = [f"platelets below {platelets.trigger_1e9_per_l:g}e9/L"] if platelets else []
    given += [f"red cells below {red_cells.trigger_g_per_dl:g} g/dL"] if red_cells else []
    return [gcsf, ", ".join(given)]


def _graft(entry: Mapping[str, Any]) -> list[str]:
    changes = [f"{_word(subset)} depleted {logs:g} log10" for subset, logs in entry.get("log10_depletion", {}).items()]
    changes += [f"{_word(subset)} expanded {fold:g}-fold" for subset, fold in entry.get("fold_expansion", {}).items()]
    return [_word(entry["source"]), *changes, *(["frozen and thawed"] if entry.get("cryopreserved") else [])]


def _donor_case(entry: Mapping[str, Any]) -> list[str]:
    case = DonorCase.load(entry)
    kinds = [donor.kind for donor in case.donors]
    return [case.title, ", ".join(f"{kinds.count(kind)} {_word(kind)}" for kind in dict.fromkeys(kinds))]


def _trial(entry: Mapping[str, Any]) -> list[str]:
    trial = Trial.load(entry)
    arms = " v ".join(arm.name for arm in trial.arms)
    return [trial.title, f"{arms}; {trial.size} patients, {trial.follow_up.days} days; {_word(trial.primary.name)}"]


CONTENT: Mapping[LibraryKind, Callable[[Mapping[str, Any]], list[str]]] = {
    "plan": _plan, "conditioning": _regimen, "prophylaxis": _prophylaxis, "care": _care, "graft": _graft,
    "donor-case": _donor_case, "trial": _trial,
}  # fmt: skip


def _word(name: str) -> str:
    return name.replace("_", " ")


def _daily(doses: int) -> str:
    return f" in {doses} doses" if doses > 1 else ""


def _days(days: Sequence[int]) -> str:
    minus = [str(day).replace("-", "−") for day in days]
    if len(days) > 2 and list(days) == list(range(days[0], days[-1] + 1)):
        return f"days {minus[0]} to {minus[-1]}"
    return f"day{'s' if len(days) > 1 else ''} {', '.join(minus)}"
