"""What a name of the model means: its value, unit, source and standing, and what uses it.

``explain("thrombopoiesis.injury_loss")`` answers for one parameter, ``explain("thrombopoiesis")`` for an organ system,
``explain("committed_output")`` for a signal, ``explain("transfusion")`` for a ward policy. Two things are found out,
never written down: the functions that read a parameter, from the syntax tree of the file, and what follows from it, by
running the file's own functions on numbers that remember where they came from.
"""

from __future__ import annotations

import difflib
import inspect
import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from types import ModuleType
from typing import Any

from dayzero.errors import SpecError
from dayzero.module import COVARIATES, Parameter, Signal
from dayzero.present.uses import (
    ONSET,
    assays,
    care_fields,
    consequences,
    functions_reading,
    given_by,
    giver,
    orders_of,
    readers,
    short_name,
    states,
)
from dayzero.simulation.assemble import Organ, standard_body

SHARES = ("uncertainty", "between_patient", "noise")
EVENT = "event_"  # begins the name under which a hazard is recorded
FATAL = {"never": "no", "drawn": "by chance, at onset", "always": "it is a death"}  # of a hazard
LEFT_OUT = ("uncertainty", "source")  # of tables on a terminal; each parameter's own explanation has them
NOISE = {"count": "the value", "share": "its odds", "additive": "the value, added", "log": "its log10, added"}
WIDTH = 120

Rows = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Explanation:
    """What one name means.

    Parameters
    ----------
    name : full name, as it may be asked for.
    kind : parameter, constant, state, signal, hazard, covariate, setting, assay, organ, policy or list.
    meaning : one line in ward language.
    facts : label -> number, text, list of texts, or None where nothing is known.
    tables : title -> rows.
    text : the file's own description, equations included; empty for single numbers.

    >>> explain("thrombopoiesis.injury_loss").facts["equations"]
    ['platelets', 'transfused']
    """

    name: str
    kind: str
    meaning: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, Rows] = field(default_factory=dict)
    text: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain data, for JSON."""
        head = {"name": self.name, "kind": self.kind, "meaning": self.meaning}
        tables = {title: [dict(row) for row in rows] for title, rows in self.tables.items()}
        return {**head, **self.facts, **({"text": self.text} if self.text else {}), **tables}

    def __str__(self) -> str:
        from rich.console import Console

        page = io.StringIO()
        Console(file=page, width=WIDTH, color_system=None, highlight=False).print(self)
        return "\n".join(line.rstrip() for line in page.getvalue().splitlines())

    def __rich__(self) -> Any:
        from rich.console import Group
        from rich.text import Text

        parts: list[Any] = [Text.assemble((self.name, "bold"), f"  {self.kind}\n{self.meaning}")]
        if self.text:
            parts.append(Text(f"\n{_unmarked(self.text)}", no_wrap=True, overflow="ignore"))
        parts += [Text(), _grid(self.facts)] if any(self.facts.values()) else []
        for title, rows in self.tables.items():
            parts += [Text(), Text(title, style="bold"), _grid_of(rows)]
        return Group(*parts)


def explain(name: str | None = None) -> Explanation:
    """What a name of the model means; with None, the list of all organ systems, policies and the laboratory.

    Names are ``organ.parameter``, an organ, a policy, ``policy.setting``, a signal, a covariate, ``laboratory.assay``,
    ``event_hazard``; the last part alone will do where it stands only once.

    Raises
    ------
    SpecError : nothing of that name, or several.

    Examples
    --------
    >>> explain("committed_output").facts["given_by"]
    'stem_cells'
    """
    if name is None:
        return _list()
    known = _names()
    full = [name] if name in known else [each for each in known if each.rpartition(".")[2] == name]
    if len(full) == 1:
        return known[full[0]]()
    if full:
        raise SpecError("explain", "name", repr(name), f"one of {', '.join(full)}", "write it in full")
    raise SpecError("explain", "name", repr(name), "a name of the model", _advice(name, known))


def _advice(name: str, known: Iterable[str]) -> str:
    """The nearest valid name; the last part of a full name counts as much as the whole."""
    short = {each.rpartition(".")[2]: each for each in known} | {each: each for each in known}
    near = difflib.get_close_matches(name.lower(), short, n=1, cutoff=0.5)
    if not near:
        return "dayzero explain lists the organ systems"
    return f"did you mean {short[near[0]]}?"


@cache
def _names() -> dict[str, Callable[[], Explanation]]:
    """Every name, and what explains it.

    An organ comes before a signal of its name, which is then ``organ.signal``; a parameter before a hazard, and that
    before a state, of its name; a hazard is always ``event_hazard``, as it is recorded.
    """
    body = standard_body()
    names: dict[str, Callable[[], Explanation]] = {each: partial(_signal, each) for each in body.signals}
    names |= {each: partial(_covariate, each) for each in COVARIATES}
    for organ in body.organs:
        names |= {f"{organ.name}.{each}": partial(_signal, each) for each in given_by(organ)}
        explained = {_state: states(organ), _hazard: organ.hazards, _constant: organ.constants,
                     _parameter: organ.parameters}  # fmt: skip
        names |= {f"{organ.name}.{each}": partial(by, organ, each) for by, some in explained.items() for each in some}
        names |= {f"{EVENT}{each}": partial(_hazard, organ, each) for each in organ.hazards}
        names[organ.name] = partial(_organ, organ)
    for policy in body.policies:
        names |= {f"{short_name(policy)}.{each}": partial(_setting, policy, each) for each in policy.SETTINGS}
        names[short_name(policy)] = partial(_policy, policy)
    for assay in assays():
        names[f"laboratory.{assay}"] = names[f"reported_{assay}"] = partial(_assay, assay)
    return names


# One function for each kind of name.


def _list() -> Explanation:
    body = standard_body()
    files = [("organ", organ.file) for organ in body.organs] + [("policy", file) for file in body.policies]
    rows = [{"name": short_name(file), "kind": kind, "meaning": _first_line(file)} for kind, file in files]
    rows += [{"name": f"laboratory.{name}", "kind": "assay", "meaning": f"report of {of}"}
             for name, of in assays().items()]  # fmt: skip
    told = "organ systems, ward policies, and what the laboratory reports"
    return Explanation("dayzero", "list", told, tables={"modules": tuple(rows)})


def _organ(organ: Organ) -> Explanation:
    signals = standard_body().signals
    needs = dict.fromkeys([*organ.needs, *(n for each in organ.coupled.values() for n in each.needs)])
    tables = {
        "states": [_signal_row(name, s) for name, s in states(organ).items()],
        "parameters": [parameter_row(name, p) for name, p in organ.parameters.items()],
        "constants": [_signal_row(name, s) for name, s in organ.constants.items()],
        "needs": [{**_signal_row(n, signals[n]), "given_by": giver(n)} for n in needs],
        "gives": [{**_signal_row(n, signals[n]), "read_by": readers(n)} for n in given_by(organ)],
        "hazards": [{"name": n, "meaning": h.meaning, "can_recur": h.recurrent, "can_kill": FATAL[h.fatal]}
                    for n, h in organ.hazards.items()],
    }  # fmt: skip
    return Explanation(organ.name, "organ", _first_line(organ.file), {"uses": list(organ.uses)},
                       {title: tuple(rows) for title, rows in tables.items() if rows}, _doc(organ.file))  # fmt: skip


def parameter_row(name: str, p: Parameter) -> dict[str, Any]:
    """A parameter as one row: number, unit, range, spreads, standing."""
    known = None if p.low is None and p.high is None else [p.low, p.high]
    return {"name": name, "value": p.typical, "unit": p.unit, "plausible_range": known, "uncertainty": p.uncertainty,
            "between_patient": p.between_patient, "status": p.status, "meaning": p.meaning,
            "source": p.source}  # fmt: skip


def _parameter(organ: Organ, name: str) -> Explanation:
    p = organ.parameters[name]
    row = {key: value for key, value in parameter_row(name, p).items() if key not in ("name", "meaning")}
    found = {"read_by": functions_reading(organ, name), **consequences(organ, name)}
    return Explanation(f"{organ.name}.{name}", "parameter", p.meaning, row | found)


def _told(name: str, kind: str, signal: Signal, **facts: Any) -> Explanation:
    return Explanation(name, kind, signal.meaning, {"unit": signal.unit, "per_origin": signal.per_origin, **facts})


def _constant(organ: Organ, name: str) -> Explanation:
    users = [each.name for each in standard_body().organs if name in each.uses]
    found = consequences(organ, name)
    return _told(
        f"{organ.name}.{name}", "constant", organ.constants[name], derived_by=organ.name, used_by=users, **found
    )


def _state(organ: Organ, name: str) -> Explanation:
    return _told(f"{organ.name}.{name}", "state", states(organ)[name])


def _hazard(organ: Organ, name: str) -> Explanation:
    hazard = organ.hazards[name]
    return _told(f"{EVENT}{name}", "hazard", Signal("1/day", hazard.meaning), organ=organ.name,
                 can_recur=hazard.recurrent, can_kill=FATAL[hazard.fatal],
                 known_to=readers(f"{ONSET}{name}"))  # fmt: skip


def _signal(name: str) -> Explanation:
    measured = [f"laboratory.{assay}" for assay, of in assays().items() if of == name]
    return _told(name, "signal", standard_body().signals[name], given_by=giver(name), read_by=readers(name),
                 measured_by=measured)  # fmt: skip


def _covariate(name: str) -> Explanation:
    users = [organ.name for organ in standard_body().organs if name in organ.uses]
    return _told(name, "covariate", COVARIATES[name], given_by="the plan", used_by=users)


def _policy(file: ModuleType) -> Explanation:
    rows = tuple({"name": name, "unit": each.unit, "care_field": care_fields().get(name), "meaning": each.meaning}
                 for name, each in file.SETTINGS.items())  # fmt: skip
    sees = [f"laboratory.{name}" if name in assays() else name for name in file.SEES]
    facts = {"sees": sees, "orders": orders_of(file)}
    return Explanation(short_name(file), "policy", _first_line(file), facts, {"settings": rows}, _doc(file))


def _setting(file: ModuleType, name: str) -> Explanation:
    facts = {"unit": file.SETTINGS[name].unit, "care_field": care_fields().get(name), "policy": short_name(file)}
    return Explanation(f"{short_name(file)}.{name}", "setting", file.SETTINGS[name].meaning, facts)


def _assay(name: str) -> Explanation:
    from dayzero.simulation.laboratory import ASSAYS

    body, assay = standard_body(), ASSAYS[name]
    noise = {"noise": assay.noise.typical} if assay.kind in ("count", "share") else {"noise_sd": assay.noise.typical}
    facts = {"unit": assay.unit, "measures": assay.signal, **noise, "noise_acts_on": NOISE[assay.kind],
             "status": assay.noise.status, "source": assay.noise.source, "rounded_to": 1 / assay.per_unit,
             "measured_when": f"{assay.visit} is 1",
             "detection_limit": care_fields().get(f"limit_{name}") or (assay.limit if assay.limit > 0 else None),
             "seen_by": [short_name(policy) for policy in body.policies if name in policy.SEES]}  # fmt: skip
    return Explanation(f"laboratory.{name}", "assay", f"report of {body.signals[assay.signal].meaning}", facts)


# Words and layout.


def _doc(file: ModuleType) -> str:
    return (inspect.getdoc(file) or "").strip()


def _first_line(file: ModuleType) -> str:
    line = _doc(file).partition("\n")[0].rstrip(".:")
    return line.partition(": ")[2] or line


def _signal_row(name: str, signal: Signal) -> dict[str, Any]:
    return {"name": name, "unit": signal.unit, "per_origin": signal.per_origin, "meaning": signal.meaning}


def _unmarked(text: str) -> str:
    lines = [line for line in text.replace("``", "").replace("**", "").splitlines() if line.strip() != "::"]
    return "\n".join(re.sub(r"::$", ":", line) for line in lines)


def shown(label: str, value: Any) -> str:
    """A value for reading: an uncertainty of 0.3 as 30 %, a range as 0.5 to 4, yes and no."""
    if value in (None, [], ""):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if label in SHARES:
        return f"{100 * value:.3g} %" if value else ""
    if label == "plausible_range":
        return " to ".join("?" if end is None else f"{end:g}" for end in value)
    if isinstance(value, list):
        return ", ".join(value)
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


def _grid(facts: Mapping[str, Any]) -> Any:
    rows = tuple({"label": label.replace("_", " "), "value": shown(label, value)} for label, value in facts.items())
    return _grid_of(tuple(row for row in rows if row["value"]), header=False)


def _grid_of(rows: Rows, header: bool = True) -> Any:
    from rich.table import Table

    labels = [label for label in (rows or ({},))[0] if label not in LEFT_OUT]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="italic", show_header=header)
    for label in labels:
        table.add_column(label.replace("_", " "), no_wrap=label in ("name", "label"), overflow="fold")
    for row in rows:
        table.add_row(*(shown(label, row[label]) for label in labels))
    return table
