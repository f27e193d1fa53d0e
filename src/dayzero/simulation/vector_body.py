"""One straight-line function of a tape as LLVM instructions: a rule for each operation, what is read and kept where."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dayzero.simulation import vector_math
from dayzero.simulation.tape import Value
from dayzero.simulation.vector_writer import Writer

if TYPE_CHECKING:
    from dayzero.simulation.vector_code import Emitter

KEPT_AT_HAND = 48  # instructions after which a value read from the room is read again rather than kept in a register
COMPARE = {"lt": ("olt", "slt", "ult"), "le": ("ole", "sle", "ule"), "eq": ("oeq", "eq", "eq"),
           "ne": ("une", "ne", "ne")}  # fmt: skip


class Body(Writer):
    """The instructions of one function of a tape."""

    def __init__(self, emitter: Emitter, stage: dict[int, str]) -> None:
        super().__init__(emitter.lanes)
        self.emitter, self.tape, self.stage = emitter, emitter.tape, stage
        self.held: dict[int, tuple[str, int]] = {}
        self.made: set[int] = set()

    def pointer(self, base: str, place: int) -> str:
        """Address of a place."""
        return self.put(f"getelementptr i8, ptr {base}, i64 {place * self.emitter.width}") if place else base

    def load(self, base: str, place: int, kind: str) -> str:
        """The vector at a place."""
        held = "i4" if kind == "b1" else kind
        found = self.put(f"load {self.vector(held)}, ptr {self.pointer(base, place)}, align {self.emitter.width}")
        return self.put(f"trunc {self.vector('i4')} {found} to {self.vector('b1')}") if kind == "b1" else found

    def save(self, name: str, base: str, place: int, kind: str) -> None:
        """Put a vector at a place."""
        if kind == "b1":
            name, kind = self.put(f"zext {self.vector('b1')} {name} to {self.vector('i4')}"), "i4"
        self.do(f"store {self.vector(kind)} {name}, ptr {self.pointer(base, place)}, align {self.emitter.width}")

    def store(self, at: int, place: int) -> None:
        """Put a value of the tape at a place of the room."""
        self.save(self.read(at), "%room", place, self.tape.values[at].kind)

    def read(self, at: int) -> str:
        """A value of the tape: a literal, a result of this function, or read from where it stands."""
        value = self.tape.values[at]
        if value.op == "constant":
            return self.splat(value.detail, value.kind)
        name, since = self.held.get(at, ("", -math.inf))
        if at in self.made or len(self.lines) - since < KEPT_AT_HAND:
            return name
        if at in self.stage:
            name = self.load("%here", int(self.stage[at].split(":")[1]), value.kind)
        else:
            name = self.load("%room", self.emitter.room.place(at), value.kind)
        self.held[at] = (name, len(self.lines))
        return name

    def work(self, at: int) -> None:
        """Do one operation of the tape."""
        value, product = self.tape.values[at], self.emitter.fused.get(at)
        if product is None:
            name = self._result(value, [self.read(a) for a in value.args])
        else:
            name = self._sum_with(product, value)
        self.held[at] = (name, len(self.lines))
        self.made.add(at)

    def _sum_with(self, product: int, value: Value) -> str:
        """A sum or difference and the product in it, with one rounding."""
        vector = self.vector(value.kind)
        a, b = (self.read(factor) for factor in self.tape.values[product].args)
        first = value.args[0] == product
        other = self.read(value.args[1 if first else 0])
        if value.op == "sub" and first:
            other = self.put(f"fneg {vector} {other}")
        elif value.op == "sub":
            a = self.put(f"fneg {vector} {a}")
        return self.put(
            f"call {vector} @llvm.fma.{self.name(value.kind)}({vector} {a}, {vector} {b}, {vector} {other})"
        )

    def _result(self, value: Value, given: list[str]) -> str:
        op, kind = value.op, self.tape.values[value.args[0]].kind
        vector, floating = self.vector(kind), kind in ("f4", "f8")
        if op in ("add", "sub", "mul", "div") and floating:
            return self.put(f"f{op} {vector} {given[0]}, {given[1]}")
        if op in ("add", "sub", "mul", "and", "or", "xor"):
            return self.put(f"{op} {vector} {given[0]}, {given[1]}")
        if op == "shift_right_logical":
            return self.put(f"lshr {vector} {given[0]}, {given[1]}")
        if op == "not":
            return self.put(f"xor {vector} {given[0]}, {self.splat(1 if kind == 'b1' else -1, kind)}")
        if op in COMPARE:
            ordered, signed, unsigned = COMPARE[op]
            rule = f"fcmp {ordered}" if floating else f"icmp {unsigned if kind in ('u4', 'b1') else signed}"
            return self.put(f"{rule} {vector} {given[0]}, {given[1]}")
        if op == "select":
            other = self.vector(value.kind)
            return self.put(f"select {vector} {given[0]}, {other} {given[1]}, {other} {given[2]}")
        if op == "convert":
            return self._converted(given[0], kind, value.kind)
        if op in ("max", "min") and floating:
            return self._extreme(value, given, kind)
        return self._function_of(value, given[0], kind)

    def _function_of(self, value: Value, x: str, kind: str) -> str:
        vector = self.vector(kind)
        if value.op == "exp":
            return vector_math.exponential(self, x, kind)
        if value.op == "log":
            return vector_math.logarithm(self, x, kind, positive=self._above_zero(value.args[0]))
        if value.op == "neg":
            return self.put(f"fneg {vector} {x}" if kind in ("f4", "f8") else f"sub {vector} zeroinitializer, {x}")
        name = {"sqrt": "sqrt", "floor": "floor", "abs": "fabs"}[value.op]
        return self.put(f"call {vector} @llvm.{name}.{self.name(kind)}({vector} {x})")

    def _above_zero(self, at: int) -> bool:
        """Whether a value is surely more than 0: the larger of something and a positive constant."""
        value = self.tape.values[at]
        return value.op == "max" and any(
            self.tape.values[a].op == "constant" and self.tape.values[a].detail > 0 for a in value.args
        )

    def _extreme(self, value: Value, given: list[str], kind: str) -> str:
        """Larger or smaller; what is not a number stays so. One instruction where one of the two is a constant."""
        a, b = given
        if self.tape.values[value.args[1]].op == "constant":
            a, b = b, a
        vector, truth = self.vector(kind), self.vector("b1")
        rule = "ogt" if value.op == "max" else "olt"
        best = self.put(f"select {truth} {self.put(f'fcmp {rule} {vector} {a}, {b}')}, {vector} {a}, {vector} {b}")
        if self.tape.values[value.args[0]].op == "constant" or self.tape.values[value.args[1]].op == "constant":
            return best
        return self.put(f"select {truth} {self.put(f'fcmp uno {vector} {a}, {a}')}, {vector} {a}, {vector} {best}")

    def _converted(self, x: str, here: str, there: str) -> str:
        if {here, there} == {"i4", "u4"}:
            return x
        if there == "b1":
            return self.put(f"{'fcmp une' if here[0] == 'f' else 'icmp ne'} {self.vector(here)} {x}, zeroinitializer")
        rule = {"ff": "fpext" if there == "f8" else "fptrunc", "fi": "fptosi", "fu": "fptoui", "if": "sitofp",
                "uf": "uitofp", "bf": "uitofp", "bi": "zext", "bu": "zext"}[here[0] + there[0]]  # fmt: skip
        return self.put(f"{rule} {self.vector(here)} {x} to {self.vector(there)}")
