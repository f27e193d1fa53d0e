"""Join the organ systems: each signal given once, units agree, an order found, homeostasis derived.

`assemble` reads the declarations of the biology files and the ward policies and returns a `Body`: what the engine
traces. It evaluates nothing. A missing signal, one given twice, two units for one quantity or a cycle among coupled
signals is an `AssemblyError` that names both files.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType, SimpleNamespace
from typing import Any

from dayzero.biology import (
    acute_gvhd,
    alloreactivity,
    chronic_gvhd,
    clinical_signs,
    conditioning,
    disease,
    erythropoiesis,
    graft,
    granulopoiesis,
    host_memory,
    humoral_immunity,
    infection,
    kidney,
    liver,
    lung,
    lymphocytes,
    mortality,
    organ_toxicity,
    quality_of_life,
    serotherapy,
    stem_cells,
    thrombopoiesis,
)
from dayzero.clinic import (
    antimicrobials,
    cell_therapy,
    disease_control,
    growth_factor,
    hospital,
    immunosuppression,
    supportive,
    transfusion,
)
from dayzero.errors import AssemblyError
from dayzero.module import COVARIATES, ORDER_SIGNALS, SCHEDULE, Coupled, Hazard, Parameter, Signal

ORGANS: tuple[ModuleType, ...] = (
    conditioning,
    serotherapy,
    graft,
    stem_cells,
    organ_toxicity,
    liver,
    lung,
    kidney,
    granulopoiesis,
    thrombopoiesis,
    erythropoiesis,
    lymphocytes,
    humoral_immunity,
    disease,
    alloreactivity,
    acute_gvhd,
    host_memory,
    chronic_gvhd,
    infection,
    mortality,
    clinical_signs,
    quality_of_life,
)
POLICIES: tuple[ModuleType, ...] = (
    growth_factor,
    transfusion,
    immunosuppression,
    antimicrobials,
    supportive,
    cell_therapy,
    disease_control,
    hospital,
)


@dataclass(frozen=True)
class Organ:
    """One biology file, read: its name, functions, and the shapes of what is passed to it."""

    name: str
    file: ModuleType
    parameters: Mapping[str, Parameter]
    constants: Mapping[str, Signal]
    uses: Mapping[str, str]
    needs: Mapping[str, str]
    gives: Mapping[str, Signal]
    coupled: Mapping[str, Coupled]
    daily: Mapping[str, Signal]
    hazards: Mapping[str, Hazard]
    chance: Mapping[str, int]
    view: Any = field(repr=False)

    @property
    def stateful(self) -> bool:
        """Whether it has a state that the engine carries."""
        return hasattr(self.file, "State")

    @property
    def lives(self) -> bool:
        """Whether the engine runs it: it has a state, works out signals or holds risks."""
        return self.stateful or bool(self.coupled or self.hazards)


@dataclass(frozen=True)
class Body:
    """Organs joined with the ward: what the engine traces.

    ``signals`` maps every signal to its declaration; ``coupled`` lists coupled signals in the order in which they can
    be worked out; ``derivation`` lists organs in the order in which their constants can be derived.
    """

    organs: tuple[Organ, ...]
    policies: tuple[ModuleType, ...]
    signals: Mapping[str, Signal]
    daily: Mapping[str, Signal]
    constants: Mapping[str, Signal]
    coupled: tuple[tuple[Organ, str, Coupled], ...]
    derivation: tuple[Organ, ...]
    hazards: tuple[tuple[Organ, str, Hazard], ...]

    @property
    def living(self) -> tuple[Organ, ...]:
        """Organs that the engine runs."""
        return tuple(organ for organ in self.organs if organ.lives)

    def organ(self, name: str) -> Organ:
        """The organ of that name."""
        return next(organ for organ in self.organs if organ.name == name)

    def parameters(self) -> dict[str, Parameter]:
        """Every parameter of the model by its full name, ``organ.name``."""
        return {f"{o.name}.{name}": parameter for o in self.organs for name, parameter in o.parameters.items()}


def assemble(organs: Sequence[ModuleType] = ORGANS, policies: Sequence[ModuleType] = POLICIES) -> Body:
    """Join biology files and policies into a body, or say in one sentence why they do not fit.

    Raises
    ------
    AssemblyError : a signal or constant is missing, given twice, in another unit, or depends on itself.
    """
    read = tuple(_read(file) for file in organs)
    constants = _once([("covariates", COVARIATES), *((o.name, o.constants) for o in read)])
    coupled = [(o.name, {name: c.signal for name, c in o.coupled.items()}) for o in read]
    given = [(o.name, o.gives) for o in read] + coupled
    daily = _once([("schedule", SCHEDULE), *((o.name, o.daily) for o in read)])
    onsets = [(o.name, {f"onset_{n}": Signal("1", f"1 the morning after: {h.meaning}") for n, h in o.hazards.items()})
              for o in read]  # fmt: skip
    chances = [(o.name, {n: Signal("1", "uniform draw of the day") for n in o.chance}) for o in read]
    signals = _once([("ward", ORDER_SIGNALS), ("daily", daily), *given, *onsets, *chances])
    for organ in read:
        _agree(organ.name, organ.uses, constants, "constant")
        _agree(organ.name, organ.needs, signals, "signal")
        for name, coupled_signal in organ.coupled.items():
            _agree(f"{organ.name}.{name}", coupled_signal.needs, signals, "signal")
    hazards = tuple((o, name, hazard) for o in read for name, hazard in o.hazards.items())
    return Body(
        read, tuple(policies), signals, daily, constants, _order_coupled(read), _order_derivation(read), hazards
    )


@cache
def standard_body() -> Body:
    """The body of all organs and the ward of all policies."""
    return assemble()


def _read(file: ModuleType) -> Organ:
    name = file.__name__.rsplit(".", 1)[-1]
    parts = {key: getattr(file, key.upper(), {}) for key in ("parameters", "constants", "uses", "needs", "gives",
                                                             "coupled", "daily", "hazards", "chance")}  # fmt: skip
    names = [*parts["parameters"], *parts["constants"], *parts["uses"]]
    doubled = {n for n in names if names.count(n) > 1}
    if doubled:
        raise AssemblyError(f"{name}: {', '.join(sorted(doubled))} stands twice; give each number one name")
    return Organ(name, file, view=namedtuple(f"{name}_view", names), **parts)


def _once(givers: Iterable[tuple[str, Mapping[str, Signal]]]) -> dict[str, Signal]:
    found: dict[str, Signal] = {}
    origin: dict[str, str] = {}
    for giver, signals in givers:
        for name, signal in signals.items():
            if name in found:
                raise AssemblyError(f"{name} is given by {origin[name]} and by {giver}; one of them must go")
            found[name], origin[name] = signal, giver
    return found


def _agree(reader: str, wanted: Mapping[str, str], given: Mapping[str, Signal], what: str) -> None:
    for name, unit in wanted.items():
        if name not in given:
            raise AssemblyError(f"{reader} needs the {what} {name}, which nothing gives")
        if given[name].unit != unit:
            raise AssemblyError(f"{reader} reads {name} in {unit}, but it is given in {given[name].unit}")


def _order_coupled(organs: Sequence[Organ]) -> tuple[tuple[Organ, str, Coupled], ...]:
    waiting = {name: (o, name, c) for o in organs for name, c in o.coupled.items()}
    ordered: list[tuple[Organ, str, Coupled]] = []
    while waiting:
        ready = [name for name, (_, _, c) in waiting.items() if not any(n in waiting for n in c.needs)]
        if not ready:
            raise AssemblyError(f"coupled signals depend on one another in a circle: {', '.join(sorted(waiting))}")
        ordered.extend(waiting.pop(name) for name in ready)
    return tuple(ordered)


def _order_derivation(organs: Sequence[Organ]) -> tuple[Organ, ...]:
    waiting = {o.name: o for o in organs}
    ordered: list[Organ] = []
    while waiting:
        missing = {name for o in waiting.values() for name in o.constants}
        ready = [o for o in waiting.values() if not any(name in missing for name in o.uses)]
        if not ready:
            raise AssemblyError(f"constants depend on one another in a circle: {', '.join(sorted(waiting))}")
        for organ in ready:
            ordered.append(waiting.pop(organ.name))
    return tuple(ordered)


def offered(signals: Mapping[str, Any], names: Iterable[str]) -> Any:
    """What an organ sees as ``s``: the signals it asked for and nothing else."""
    return SimpleNamespace(**{name: signals[name] for name in names})
