"""From a tape to LLVM instructions that do for W patients what the tape says for one.

A tape becomes four straight-line functions and a driver that calls them::

    course(...)                         one native call: a group of W patients from admission to the last day
        admit(room)                     once: parameter-only work and the state at admission
        every day:    before(room)      reports, decisions, jumps; what stays the same over the day
                      rates(room, ...)  four times a step, steps times: derivatives and the Runge-Kutta stages
                      after(room)       risks, events, what is kept for tomorrow, what is recorded

What passes between functions stands in the `room` of the group, one vector a value. A product used once, in a sum, is
fused with it (one rounding); which ones is decided here and not by LLVM, so that every width gives the same bits.
LLVM's optimiser gains nothing on code without branches; only its instruction selection and scheduling are used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dayzero.simulation.tape import COURSE, DAY, STAGE, Tape
from dayzero.simulation.vector_body import Body
from dayzero.simulation.vector_driver import driver
from dayzero.simulation.vector_writer import Writer


@dataclass
class Room:
    """Places of the values that pass between functions: value on the tape -> place, each as wide as W main numbers."""

    of: dict[int, int] = field(default_factory=dict)
    size: int = 0

    def area(self, count: int) -> int:
        """The first of `count` new places."""
        self.size += count
        return self.size - count

    def place(self, value: int) -> int:
        """The place of a value, a new one the first time."""
        if value not in self.of:
            self.of[value] = self.area(1)
        return self.of[value]


@dataclass(frozen=True)
class Wanted:
    """What is wanted of a tape: the state carried on admission and from day to day, and what can be recorded."""

    admitted: tuple[int, ...]
    carried: tuple[int, ...]
    recorded: tuple[int, ...]


@dataclass(frozen=True)
class Code:
    """LLVM source, and how many places its room has."""

    source: str
    places: int


class Emitter:
    """Writes one function after another."""

    def __init__(self, tape: Tape, wanted: Wanted, kind: str, lanes: int, inputs: int, daily: int) -> None:
        self.tape, self.wanted, self.kind, self.lanes = tape, wanted, kind, lanes
        self.width = lanes * (4 if kind == "f4" else 8)
        self.room = Room()
        self.inputs, self.key = self.room.area(inputs), self.room.area(1)
        self.carried = self.room.area(len(wanted.carried))
        self.daily, self.day = self.room.area(daily), self.room.area(1)
        states = len(tape.rates)
        self.state, self.stages = self.room.area(states), [self.room.area(states) for _ in range(4)]
        self.factors = self.room.area(4)
        self.recorded, self.next = self.room.area(len(wanted.recorded)), self.room.area(len(wanted.carried))
        self.counts = (inputs, daily)
        self._place_inputs()

    def _place_inputs(self) -> None:
        starts = {"person": self.inputs, "key": self.key, "carried": self.carried, "daily": self.daily, "day": self.day}
        for at, value in enumerate(self.tape.values):
            if value.op == "input" and value.detail[0] in starts:
                self.room.of[at] = starts[value.detail[0]] + value.detail[1]
            elif value.op == "lived":
                self.room.of[at] = self.state + value.detail

    def code(self) -> Code:
        """The whole program."""
        parts = self._parts()
        passing = self._passing(parts)
        self.fused = self._fused(parts)
        functions = [
            self._function("admit", parts["admit"], passing, stores=self._copies(self.wanted.admitted, self.carried)),
            self._function("before", parts["before"], passing, stores=self._copies(self.tape.start, self.state)),
            self._rates(parts["rates"]),
            self._function("after", parts["after"], passing, stores=[
                *self._copies(self.wanted.recorded, self.recorded), *self._copies(self.wanted.carried, self.next)]),
        ]  # fmt: skip
        intrinsics = [self._declared(name, kind, n) for kind in ("f4", "f8") for name, n in (
            ("fma", 3), ("rint", 1), ("sqrt", 1), ("floor", 1), ("fabs", 1))]  # fmt: skip
        return Code("\n".join([*intrinsics, *functions, driver(self)]), self.room.size)

    def _declared(self, name: str, kind: str, operands: int) -> str:
        to = Writer(self.lanes)
        vector = to.vector(kind)
        return f"declare {vector} @llvm.{name}.{to.name(kind)}({', '.join([vector] * operands)})"

    def _parts(self) -> dict[str, list[int]]:
        """Which operations each function does: those that something wanted needs, each in the loop it belongs to."""
        needed = self._needed([*self.wanted.admitted, *self.wanted.carried, *self.wanted.recorded, *self.tape.rates,
                               *self.tape.start])  # fmt: skip
        live = next(at for at, v in enumerate(self.tape.values) if v.op == "live")
        parts: dict[str, list[int]] = {"admit": [], "before": [], "rates": [], "after": []}
        for at in sorted(needed):
            value = self.tape.values[at]
            if value.op in ("constant", "input", "live", "lived"):
                continue
            day = "before" if at < live else "after"
            parts[{COURSE: "admit", DAY: day, STAGE: "rates"}[value.level]].append(at)
        return parts

    def _needed(self, wanted: Iterable[int]) -> set[int]:
        needed, ahead = set(), list(wanted)
        while ahead:
            at = ahead.pop()
            if at not in needed:
                needed.add(at)
                ahead.extend(self.tape.values[at].args)
        return needed

    def _passing(self, parts: dict[str, list[int]]) -> set[int]:
        """Values made in one function and read in another."""
        made = {at: name for name, ats in parts.items() for at in ats}
        return {a for name, ats in parts.items() for at in ats for a in self.tape.values[at].args
                if a in made and made[a] != name} | {
            a for group, name in ((self.wanted.carried, "after"), (self.wanted.recorded, "after"),
                                  (self.tape.start, "before"), (self.tape.rates, "rates"),
                                  (self.wanted.admitted, "admit"))
            for a in group if a in made and made[a] != name}  # fmt: skip

    def _fused(self, parts: dict[str, list[int]]) -> dict[int, int]:
        """Products worked out within the only sum that uses them: sum -> product."""
        values, wanted = self.tape.values, self.wanted
        uses = Counter([*wanted.admitted, *wanted.carried, *wanted.recorded, *self.tape.rates, *self.tape.start])
        uses.update(a for ats in parts.values() for at in ats for a in values[at].args)
        fused: dict[int, int] = {}
        for ats in parts.values():
            here = set(ats)
            for at in ats:
                products = [a for a in values[at].args if values[a].op == "mul" and uses[a] == 1 and a in here]
                if values[at].op in ("add", "sub") and values[at].kind in ("f4", "f8") and products:
                    fused[at] = products[0]
        return fused

    def _copies(self, values: Sequence[int], area: int) -> list[tuple[int, int]]:
        return [(value, area + i) for i, value in enumerate(values)]

    def _function(self, name: str, ats: list[int], passing: set[int], stores: list[tuple[int, int]]) -> str:
        body = Body(self, {})
        inside = set(self.fused.values())
        for at in (at for at in ats if at not in inside):
            body.work(at)
            if at in passing:
                body.store(at, self.room.place(at))
        for value, place in stores:
            body.store(value, place)
        return _defined(f"define internal void @{name}(ptr noalias %room)", body.lines)

    def _rates(self, ats: list[int]) -> str:
        """Derivatives k, then ``there = start + how k`` for each state (see `vector_driver`)."""
        stage = {value: f"%here:{i}" for i, value in enumerate(self.tape.stage)}
        body = Body(self, stage)
        ready: dict[int, list[int]] = {}
        for i, rate in enumerate(self.tape.rates):
            ready.setdefault(rate, []).append(i)
        inside = set(self.fused.values())
        for at in (at for at in ats if at not in inside):
            body.work(at)
            for i in ready.pop(at, ()):
                self._advanced(body, at, i)
        for rate, states in ready.items():
            for i in states:
                self._advanced(body, rate, i)
        head = "define internal void @rates(ptr noalias %room, ptr noalias %here, ptr noalias %there, ptr noalias %how)"
        return _defined(head, body.lines)

    def _advanced(self, body: Body, rate: int, i: int) -> None:
        k, how = body.read(rate), body.load("%how", 0, self.kind)
        start = body.load("%room", self.state + i, self.kind)
        body.save(body.fma(how, k, start, self.kind), "%there", i, self.kind)


def _defined(head: str, lines: list[str]) -> str:
    return "\n".join([f"{head} {{", *lines, "ret void", "}"])
