"""An exported body as source for other solvers: Python for numba, C for deSolve.

The equations are those of `dayzero export --sbml`, name by name; states stand in ``y``, constants in ``c``, what is
given on a day in ``g``. What does not change over a day is worked out once a day (`rates_fixed`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

import numpy as np

from benchmarks.emit import RULES, Line, Trace, build, source, split
from dayzero.present.export_course import HeldFast
from dayzero.present.export_model import Equations, Expression, Part
from dayzero.present.export_numbers import Names
from dayzero.present.export_replay import Replay

PYTHON: Mapping[str, str] = {
    **RULES, "to_float": "1.0 if {0} else 0.0", "power": "exp({1} * log(max({0}, 1e-30)))", "and": "{0} and {1}",
    "or": "{0} or {1}", "not": "not {0}",
}  # fmt: skip
IN_C: Mapping[str, str] = {
    PYTHON["select_n"]: "{0} ? {2} : {1}", PYTHON["max"]: "fmax({0}, {1})", PYTHON["min"]: "fmin({0}, {1})",
    PYTHON["abs"]: "fabs({0})", PYTHON["to_float"]: "{0} ? 1.0 : 0.0", PYTHON["floor"]: "floor({0})",
    PYTHON["power"]: "exp({1} * log(fmax({0}, 1e-30)))", PYTHON["clamp"]: "fmin(fmax({1}, {0}), {2})",
    PYTHON["and"]: "{0} && {1}", PYTHON["or"]: "{0} || {1}", PYTHON["not"]: "!{0}",
}  # fmt: skip


class Written:
    """A patient's exported body with its numbers: ``constants`` (c), ``given`` by day (days, g), ``start`` (y)."""

    def __init__(self, held: HeldFast, found: Equations, lived: Replay) -> None:
        self.held, self.found = held, found
        names = Names(found, lived.acted[0])
        self.still = [*found.constants, *found.fixed]
        self.constants = np.array([float(names[name]) for name in self.still])
        self.given = np.stack([np.asarray(values, dtype=float) for _, values in found.given.values()], axis=-1)
        self.start = lived.acted[0].copy()
        groups = (("y", found.states), ("c", self.still), ("g", found.given))
        self.places = {name: f"{group}[{i}]" for group, known in groups for i, name in enumerate(known)}

    def lines(self, wanted: Iterable[Expression]) -> Trace:
        """Lines that work out expressions and the signals they read."""
        into, told, known = Trace(list(self.places.values())), dict(self.places), {}

        def read(expression: Expression) -> str:
            if isinstance(expression, str):
                if expression not in told:
                    told[expression] = read(self.found.rules[expression])
                return told[expression]
            if not isinstance(expression, Part):
                return repr(float(expression))
            rule = PYTHON[expression.primitive]
            if expression.primitive == "integer_pow":
                rule, expression = " * ".join(["{0}"] * int(str(expression.reads[1]))), Part("", expression.reads[:1])
            reads = tuple(map(read, expression.reads))
            if (rule, reads) not in known:
                known[rule, reads] = f"v{len(into.lines)}"
                into.lines.append(Line(known[rule, reads], rule, reads))
            return known[rule, reads]

        into.outputs = [read(expression) for expression in wanted]
        return into

    @cached_property
    def rates(self) -> Trace:
        return self.lines(self.found.rates.values())

    @cached_property
    def morning(self) -> Trace:
        return self.lines(self.found.jumps.get(name, name) for name in self.found.states)

    def functions(self, compiled: bool = True) -> tuple[dict[str, Callable[..., None]], int]:
        """``rates_fixed(c, g, q)``, ``rates(y, q, dy)`` and ``morning(y, c, g, acted)``, and the length of q."""
        fixed, quick, held = split("rates", self.rates, "y", ["c", "g"], "dy")
        jump = source("morning", self.morning, ["y", "c", "g"], {"acted": len(self.start)})
        text = "\n\n".join([fixed, quick, jump])
        if not compiled:
            return build(text), held
        import numba

        return build(text, numba.njit(error_model="numpy")), held

    def in_c(self) -> str:
        """A model for deSolve: parameters are c and then g day by day; an event at every morning."""
        n, c, (days, g) = len(self.start), len(self.constants), self.given.shape
        return "\n".join([
            "#include <math.h>",
            f"static double parms[{c + days * g}];",
            "static double *c = parms, *g;",
            f"static void today(int row) {{ g = parms + {c} + (row < {days} ? row : {days - 1}) * {g}; }}",
            f"void initmod(void (*read)(int *, double *)) {{ int n = {c + days * g}; read(&n, parms); today(0); }}",
            f"static void morning(double *y, double *acted) {{\n{_body(self.morning, 'acted')}\n}}",
            "void event(int *n, double *t, double *y) {",
            f"  double acted[{n}]; int i;",
            f"  today((int) floor(*t + 0.5)); morning(y, acted); for (i = 0; i < {n}; i++) y[i] = fmax(acted[i], 0);",
            "}",
            "void derivs(int *n, double *t, double *y, double *dy, double *out, int *ip) {",
            _body(self.rates, "dy"),
            "}",
        ])  # fmt: skip


def _body(found: Trace, into: str) -> str:
    lines = [f"  double {line.name} = {_c_rule(line)};" for line in found.needed(found.outputs)]
    return "\n".join([*lines, *(f"  {into}[{i}] = {read};" for i, read in enumerate(found.outputs))])


def _c_rule(line: Line) -> str:
    return IN_C.get(line.rule, line.rule).format(*line.reads)
