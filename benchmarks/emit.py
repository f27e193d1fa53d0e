"""From a traced function of scalars to plain Python source that does the same arithmetic.

The engine's own functions are traced by JAX; every operation of the trace is an elementwise one on scalars and becomes
one line of Python. The source runs as it stands, or compiled by numba, so a peer integrates literally the same
equations. Integers are 32-bit unsigned ones kept in wider integers. A primitive without a rule is an `EmitError`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dayzero.present.export_trace import Operation, Read, TraceError
from dayzero.present.export_trace import trace as traced

WORD = 0xFFFFFFFF
RULES: Mapping[str, str] = {
    "add": "{0} + {1}", "add_any": "{0} + {1}", "sub": "{0} - {1}", "mul": "{0} * {1}", "div": "{0} / {1}",
    "neg": "-{0}", "exp": "exp({0})", "log": "log({0})", "sqrt": "sqrt({0})", "floor": "float(floor({0}))",
    "max": "max({0}, {1})", "min": "min({0}, {1})", "abs": "abs({0})", "square": "{0} * {0}",
    "lt": "{0} < {1}", "le": "{0} <= {1}", "gt": "{0} > {1}", "ge": "{0} >= {1}", "eq": "{0} == {1}",
    "ne": "{0} != {1}", "select_n": "{2} if {0} else {1}", "clamp": "min(max({1}, {0}), {2})",
    "log1p": "log1p({0})", "expm1": "expm1({0})", "tanh": "tanh({0})", "to_float": "float({0})",
    "to_whole": "int({0})", "to_word": f"int({{0}}) & {WORD}",
}  # fmt: skip
ON_TRUTH: Mapping[str, str] = {"and": "{0} and {1}", "or": "{0} or {1}", "not": "not {0}", "xor": "{0} != {1}"}
ON_WORDS: Mapping[str, str] = {
    "and": "{0} & {1}", "or": "{0} | {1}", "xor": "{0} ^ {1}", "shift_right_logical": "{0} >> {1}",
    "mul": f"({{0}} * {{1}}) & {WORD}", "add": f"({{0}} + {{1}}) & {WORD}", "sub": f"({{0}} - {{1}}) & {WORD}",
}  # fmt: skip
ANY_KIND = ("select_n", "to_whole", "to_word")  # these mean the same on words as on numbers
NAMES: Mapping[str, Any] = {
    name: getattr(math, name) for name in ("exp", "log", "sqrt", "floor", "log1p", "expm1", "tanh", "inf", "nan")
}
EmitError = TraceError


@dataclass
class Line:
    """One assignment: its name, the rule, and the names or literals it reads."""

    name: str
    rule: str
    reads: tuple[str, ...]

    @property
    def text(self) -> str:
        return f"{self.name} = {self.rule.format(*self.reads)}"


@dataclass
class Trace:
    """A function of scalars as lines of Python; ``inputs`` are names, ``outputs`` names or literals."""

    inputs: list[str]
    lines: list[Line] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)

    def needed(self, outputs: Sequence[str]) -> list[Line]:
        """Those lines that the outputs depend on, in order."""
        wanted, kept = set(outputs), []
        for line in reversed(self.lines):
            if line.name in wanted:
                wanted.update(line.reads)
                kept.append(line)
        return kept[::-1]


def trace(function: Callable[..., Any], *groups: tuple[str, int | None, Any]) -> Trace:
    """Trace `function(*groups)` in float64.

    Parameters
    ----------
    groups : (name, length, dtype) of each argument; a length of None makes it one scalar, else it is a list of
        scalars, read in the source as ``name[i]``.
    """
    examples = [dtype(0) if n is None else [dtype(0)] * n for _, n, dtype in groups]
    inputs = [name if n is None else f"{name}[{i}]" for name, n, _ in groups for i in range(1 if n is None else n)]
    found = traced(function, inputs, examples)
    lines = [Line(o.name, _rule(o), tuple(map(_text, o.reads))) for o in found.operations]
    return Trace(inputs, lines, list(map(_text, found.outputs)))


def _text(read: Read) -> str:
    return read if isinstance(read, str) else repr(read)


def _rule(operation: Operation) -> str:
    name, kind = operation.primitive, operation.kind
    if name == "integer_pow" and int(operation.reads[1]) > 0:
        return " * ".join(["{0}"] * int(operation.reads[1]))
    rules = {"b": ON_TRUTH, "u": ON_WORDS}.get(kind, {})
    rule = rules.get(name) or (RULES.get(name) if kind in "fb" or name in ANY_KIND else None)
    if rule is None:
        raise EmitError(f"no rule for {name} on {kind}; add one to benchmarks/emit.py")
    return rule


def source(name: str, found: Trace, arguments: Sequence[str], results: Mapping[str, int | None]) -> str:
    """Python source of a function that fills its result arrays in place.

    Parameters
    ----------
    arguments : names of the groups, in order.
    results : name and length of each result array, in the order in which the traced function returns them.
    """
    head = f"def {name}({', '.join([*arguments, *results])}):"
    into = [f"{group}[{i}]" for group, n in results.items() for i in range(n)]
    body = [line.text for line in found.needed(found.outputs)]
    body += [f"{target} = {value}" for target, value in zip(into, found.outputs, strict=True)]
    return "\n    ".join([head, *body]) + "\n"


def split(name: str, found: Trace, changing: str, held: Sequence[str], result: str) -> tuple[str, str, int]:
    """Two functions in place of one: what is fixed while `changing` changes is worked out beforehand.

    Returns the source of ``<name>_fixed(*held, q)``, of ``<name>(changing, q, result)``, and the length of q.
    """
    moving, lines = {i for i in found.inputs if i.startswith(f"{changing}[")}, found.needed(found.outputs)
    for line in lines:
        if moving.intersection(line.reads):
            moving.add(line.name)
    still = {line.name for line in lines} | set(found.inputs)
    passed = [r for line in lines if line.name in moving for r in line.reads] + found.outputs
    slots = {r: f"q[{i}]" for i, r in enumerate(sorted({r for r in passed if r in still - moving}))}
    fixed = Trace(found.inputs, [line for line in lines if line.name not in moving], list(slots))
    swap = lambda r: slots.get(r, r)  # noqa: E731
    quick = Trace(found.inputs, [Line(x.name, x.rule, tuple(map(swap, x.reads))) for x in lines if x.name in moving])
    quick.outputs = [swap(r) for r in found.outputs]
    return (
        source(f"{name}_fixed", fixed, held, {"q": len(slots)}),
        source(name, quick, [changing, "q"], {result: len(quick.outputs)}),
        len(slots),
    )


def build(text: str, compiler: Callable[[Any], Any] | None = None) -> dict[str, Any]:
    """The functions of a source by name, each passed through `compiler` if one is given."""
    space = dict(NAMES)
    exec(compile(text, "<emitted>", "exec"), space)  # the source is emitted here, from the engine's own functions
    found = {k: v for k, v in space.items() if callable(v) and k not in NAMES}
    found.pop("__builtins__", None)
    return {k: compiler(v) if compiler else v for k, v in found.items()}
