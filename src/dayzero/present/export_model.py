"""The body as named equations, organ by organ: what any other language of models can be written from.

Every function of a biology file is traced in its own names, so that an exported equation reads like the file it comes
from: states are ``organ_field``, parameters and constants ``organ_name``, signals stand under their own names, each
origin's with ``_host``, ``_donor`` or ``_second_donor`` after them. What several equations of an organ share is an
equation of its own (``organ_shared_1``); what depends on parameters alone is worked out once (``organ_fixed_1``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Annotated, Any, NamedTuple, TypeAlias, get_args, get_origin, get_type_hints

import jax

from dayzero.elementwise import poisson_quantile, power
from dayzero.module import COVARIATES, Parameter, Signal
from dayzero.present.export_course import HeldFast
from dayzero.present.export_trace import Operation, Read, recognised, trace
from dayzero.simulation.assemble import Organ

ORIGINS = ("host", "donor", "second_donor")
# Functions that stay calls, the longer ones first: they hold the others.
FUNCTIONS: Mapping[str, Callable[..., Any]] = {"poisson_quantile": poisson_quantile, "power": power}
WORTH_A_NAME = 3  # operations from which a part is worked out under a name of its own


class Part(NamedTuple):
    """An operation on names, numbers and other parts."""

    primitive: str
    reads: tuple[Expression, ...]


Expression: TypeAlias = "Read | Part"


class Named(NamedTuple):
    """What an id stands for: unit, meaning, the parameter behind it if there is one, and its value in this patient."""

    unit: str
    meaning: str
    value: float
    parameter: Parameter | None = None


@dataclass
class Equations:
    """The body of one patient.

    ``constants`` and ``states`` (with their first values) are `Named`; ``given`` are the signals from outside, each
    with its values by day; ``fixed`` are worked out once from constants, ``rules`` at every moment in this order;
    ``draws`` are numbers that chance draws in the morning, ``rates`` are derivatives per day and ``jumps`` what each
    morning makes of a state, by its id.
    """

    constants: dict[str, Named] = field(default_factory=dict)
    states: dict[str, Named] = field(default_factory=dict)
    given: dict[str, tuple[Signal, Any]] = field(default_factory=dict)
    signals: dict[str, Signal] = field(default_factory=dict)
    fixed: dict[str, Expression] = field(default_factory=dict)
    rules: dict[str, Expression] = field(default_factory=dict)
    draws: dict[str, Expression] = field(default_factory=dict)
    rates: dict[str, Expression] = field(default_factory=dict)
    jumps: dict[str, Expression] = field(default_factory=dict)


def equations(held: HeldFast) -> Equations:
    """All equations of a patient's body, with the numbers of this patient; see `without_unused`."""
    return _Writer(held).written()


def used(parts: Iterable[Expression]) -> set[str]:
    """Names that expressions read."""
    found: set[str] = set()
    for part in parts:
        if isinstance(part, str):
            found.add(part)
        elif isinstance(part, Part):
            found |= used(part.reads)
    return found


class _Writer:
    """Gathers the equations of a body."""

    def __init__(self, held: HeldFast) -> None:
        self.held, self.body = held, held.body
        self.into = Equations()
        self.states = {o.name: self._state(o) for o in self.body.living}
        self.numbers = {o.name: o.view(**{f: self._number(o, f) for f in o.view._fields}) for o in self.body.living}
        self.signals: dict[str, Any] = {name: self._given(name) for name in held.given}

    def written(self) -> Equations:
        for organ in self.body.living:
            if organ.gives:
                self._signals(organ, organ.gives, lambda y, p, _, o=organ: o.file.signals(y, p), ())
        for organ, name, coupled in self.body.coupled:
            told = lambda y, p, s, c=coupled, n=name: {n: c.of(y, p, s)}  # noqa: E731
            self._signals(organ, {name: coupled.signal}, told, coupled.needs)
        for organ in (o for o in self.body.living if o.stateful):
            self._changes(organ, organ.file.rates, self.into.rates)
            if hasattr(organ.file, "jump"):
                self._changes(organ, organ.file.jump, self.into.jumps, in_place=True)
        self.into.jumps = {k: v for k, v in self.into.jumps.items() if v != k}
        return self.into

    def _state(self, organ: Organ) -> Any:
        """The organ's state as a structure of ids."""
        if not organ.stateful:
            return ()
        begun = self.held.begun[organ.name]
        return type(begun)(*(self._field(organ, type(begun), name, value, "")
                             for name, value in zip(begun._fields, begun, strict=True)))  # fmt: skip

    def _field(self, organ: Organ, kind: type, name: str, value: Any, origin: str) -> Any:
        if isinstance(value, tuple):
            return tuple(
                type(one)(*(self._field(organ, type(one), n, v, f"_{ORIGINS[i]}")
                            for n, v in zip(one._fields, one, strict=True)))
                for i, one in enumerate(value)
            )  # fmt: skip
        unit, meaning = _annotated(kind, name)
        return self._new(f"{organ.name}_{name}{origin}", "state", self.into.states, unit, meaning, value, origin)

    def _new(self, name: str, what: str, table: dict[str, Named], unit: str, meaning: str, value: Any,
             origin: str, parameter: Parameter | None = None) -> str:  # fmt: skip
        taken = self.into.states.keys() | self.into.constants.keys() | self.into.given.keys() | self.into.rules.keys()
        name = f"{name}_{what}" if name in taken else name
        whose = f" ({origin.strip('_').replace('_', ' ')})" if origin else ""
        table[name] = Named(unit, meaning + whose, float(value), parameter)
        return name

    def _number(self, organ: Organ, name: str) -> Any:
        """A parameter, constant or covariate as ids; what an organ takes from elsewhere keeps its owner's id."""
        value = getattr(self.held.people[organ.name], name)
        if name in organ.uses:
            owner = next((o for o in self.body.organs if name in o.constants), None)
            about = COVARIATES[name] if owner is None else owner.constants[name]
            base, parameter = name if owner is None else f"{owner.name}_{name}", None
        else:
            parameter = organ.parameters.get(name)
            about, base = parameter or organ.constants[name], f"{organ.name}_{name}"
        entry = lambda full, v, origin: self._constant(full, about, v, origin, parameter)  # noqa: E731
        if isinstance(value, tuple):
            return tuple(entry(f"{base}_{o}", v, f"_{o}") for o, v in zip(ORIGINS, value, strict=False))
        return entry(base, value, "")

    def _constant(self, name: str, about: Any, value: float, origin: str, parameter: Parameter | None) -> str:
        known = self.into.constants.get(name)
        if known is not None and known.value == value:
            return name
        return self._new(name, "parameter", self.into.constants, about.unit, about.meaning, value, origin, parameter)

    def _given(self, name: str) -> Any:
        value, signal = self.held.given[name], self.body.signals[name]
        if isinstance(value, tuple):
            return tuple(self._outside(f"{name}_{o}", signal, v) for o, v in zip(ORIGINS, value, strict=False))
        return self._outside(name, signal, value)

    def _outside(self, name: str, signal: Signal, values: Any) -> str:
        name = f"{name}_given" if name in self.into.states or name in self.into.constants else name
        self.into.given[name] = (signal, values)
        return name

    def _signals(self, organ: Organ, declared: Mapping[str, Signal], function: Callable[..., Any],
                 needs: Iterable[str]) -> None:  # fmt: skip
        for name, found in self._traced(organ, function, needs).items():
            self.signals[name] = self._rule(name, declared[name], found)

    def _rule(self, name: str, signal: Signal, found: Any) -> Any:
        if isinstance(found, tuple) and not isinstance(found, Part):
            return tuple(self._rule(f"{name}_{o}", signal, one) for o, one in zip(ORIGINS, found, strict=False))
        taken = name in self.into.states or name in self.into.constants
        name = f"{name}_signal" if taken else name
        self.into.rules[name], self.into.signals[name] = found, signal
        return name

    def _changes(self, organ: Organ, function: Callable[..., Any], table: dict[str, Expression],
                 in_place: bool = False) -> None:  # fmt: skip
        found = self._traced(organ, function, organ.needs, in_place)
        is_part = lambda x: isinstance(x, Part)  # noqa: E731
        ids = jax.tree.leaves(self.states[organ.name])
        table.update(zip(ids, jax.tree.leaves(found, is_leaf=is_part), strict=True))

    def _traced(self, organ: Organ, function: Callable[..., Any], needs: Iterable[str], in_place: bool = False) -> Any:
        """What a function of an organ returns, as expressions in the names of its state, numbers and signals."""
        seen = {name: self.signals[name] for name in needs}
        arguments = (self.states[organ.name], self.numbers[organ.name], seen)
        names, shape = jax.tree.flatten(arguments)

        def called(*values: Any) -> Any:
            y, p, s = jax.tree.unflatten(shape, values)
            made, called.shape = jax.tree.flatten(function(y, p, SimpleNamespace(**s)))  # type: ignore[attr-defined]
            return made

        found = recognised(trace(called, names, [0.0] * len(names)), FUNCTIONS)
        expressions = _Parts(organ.name, self.into, found.needed(), found.outputs, in_place)
        return jax.tree.unflatten(called.shape, [expressions.of(read) for read in found.outputs])  # type: ignore[attr-defined]


class _Parts:
    """Turns operations into expressions: what is used once is written in place, what is shared gets a name.

    In what acts in the morning alone (`in_place`) nothing gets a name that would be followed all day: solvers watch
    its conditions, and one that a morning leaves at its very turning point holds them up.
    """

    def __init__(self, organ: str, into: Equations, operations: list[Operation], outputs: Iterable[Read],
                 in_place: bool = False) -> None:  # fmt: skip
        self.organ, self.into, self.in_place = organ, into, in_place
        uses: dict[Read, int] = {}
        for read in (*outputs, *(r for operation in operations for r in operation.reads)):
            if isinstance(read, str):
                uses[read] = uses.get(read, 0) + 1
        self.constant = set(into.constants) | set(into.fixed)
        self.written: dict[str, Expression] = {}
        for operation in operations:
            self._write(operation, uses[operation.name])

    def of(self, read: Read) -> Expression:
        """The expression of a result."""
        return self.written.get(read, read) if isinstance(read, str) else read

    def _write(self, operation: Operation, uses: int) -> None:
        part = Part(operation.primitive, tuple(self.of(read) for read in operation.reads))
        if part.primitive == "poisson_quantile":  # a draw: it stands as it fell
            self.written[operation.name] = _named(part, self.into.draws, f"{self.organ}_drawn")
            return
        if part.primitive == "add" and part.reads[0] == 0.0:  # how a sum over origins begins
            self.written[operation.name] = part.reads[1]
            return
        still = all(not isinstance(read, str) or read in self.constant for read in operation.reads)
        self.written[operation.name] = part
        if still:
            self.constant.add(operation.name)
        long = _size(part) >= WORTH_A_NAME
        shared = uses > 1 and not self.in_place
        if long and operation.kind == "f" and (shared or still):
            table, word = (self.into.fixed, "fixed") if still else (self.into.rules, "shared")
            self.written[operation.name] = _named(part, table, f"{self.organ}_{word}")
            if still:
                self.constant.add(str(self.written[operation.name]))


def _named(part: Part, table: dict[str, Expression], base: str) -> str:
    """The name of an expression: the one it has already, or the next of its kind."""
    own = [name for name in table if name.startswith(f"{base}_")]
    for name in own:
        if table[name] == part:
            return name
    name = f"{base}_{len(own) + 1}"
    table[name] = part
    return name


def _size(part: Expression) -> int:
    return 1 + sum(map(_size, part.reads)) if isinstance(part, Part) else 0


def _annotated(kind: type, name: str) -> tuple[str, str]:
    """Unit and meaning of a field of a state."""
    hint = get_type_hints(kind, include_extras=True)[name]
    _, unit, meaning = get_args(hint) if get_origin(hint) is Annotated else (None, "1", name)
    return unit, meaning


def without_unused(found: Equations) -> Equations:
    """Leave out shared parts, fixed parts, constants and outside signals that nothing reads; signals stay."""
    every = lambda: [x for table in (found.rules, found.fixed, found.rates, found.jumps) for x in table.values()]  # noqa: E731
    before = -1
    while before != len(found.rules) + len(found.fixed):
        before = len(found.rules) + len(found.fixed)
        read = used(every())
        found.rules = {k: v for k, v in found.rules.items() if k in read or k in found.signals}
        found.fixed = {k: v for k, v in found.fixed.items() if k in read}
    read = used(every())
    found.constants = {k: v for k, v in found.constants.items() if k in read}
    found.given = {k: v for k, v in found.given.items() if k in read}
    return found
