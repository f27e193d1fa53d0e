"""How near the vector engine comes to what the processor could do: its arithmetic against fused multiply-adds alone.

Arithmetic is counted in the engine's own LLVM source, a fused multiply-add as two operations, everything else as one;
moves, comparisons and whole numbers count nothing. The peak is that of a small C program with sixteen independent
accumulators, compiled for this processor. A peak of nothing but multiply-adds cannot be reached by a program that also
reads, compares, divides and chooses; the share says how much is left at most.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

KERNEL = """
#include <stdio.h>
#include <time.h>
typedef NUMBER vector __attribute__((vector_size(64)));
static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}
int main(void) {
    const int many = 16, lanes = 64 / sizeof(NUMBER);
    const long rounds = 40000000;
    vector a[16], b, c;
    for (int j = 0; j < lanes; j++) { b[j] = (NUMBER)0.9999; c[j] = (NUMBER)1e-6; }
    for (int i = 0; i < many; i++) for (int j = 0; j < lanes; j++) a[i][j] = (NUMBER)i;
    double start = seconds();
    for (long n = 0; n < rounds; n++)
        for (int i = 0; i < many; i++) a[i] = a[i] * b + c;
    double took = seconds() - start, sum = 0;
    for (int i = 0; i < many; i++) for (int j = 0; j < lanes; j++) sum += a[i][j];
    printf("%.3f %g\\n", 2.0 * rounds * many * lanes / took / 1e9, sum);
}
"""
COUNTED = {"fadd": 1, "fsub": 1, "fmul": 1, "fdiv": 1, "fma": 2, "sqrt": 1}


def peak(precision: str) -> float | None:
    """Thousand million operations a second of one core; None without a C compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc") or shutil.which("clang")
    if compiler is None:
        return None
    number = {"float32": "float", "float64": "double"}[precision]
    with tempfile.TemporaryDirectory() as folder:
        source, program = Path(folder, "peak.c"), Path(folder, "peak")
        source.write_text(KERNEL)
        command = [compiler, "-O3", "-march=native", "-ffp-contract=fast", "-funroll-loops", f"-DNUMBER={number}",
                   str(source), "-o", str(program)]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True)
        runs = [subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout for _ in range(3)]
    return max(float(run.split()[0]) for run in runs)


def operations(precision: str, steps: int) -> float:
    """Arithmetic operations of one patient on one day."""
    from dayzero.simulation.assemble import standard_body
    from dayzero.simulation.engine_vector import WIDTHS
    from dayzero.simulation.layout import Layout
    from dayzero.simulation.prepare import prepare
    from dayzero.simulation.vector_program import recorded_tape, written
    from dayzero.spec import Plan

    body = standard_body()
    plan = Plan.load("aml-sibling-pbsc")
    ready = prepare(body, plan, [0], 1, first_day=-10, days=16, origins=2)
    layout = Layout.of(body, ready)
    source = written(body, layout, precision, WIDTHS[precision][-1]).source  # type: ignore[arg-type]
    states = len(recorded_tape(body, layout, precision)[0].rates)  # type: ignore[arg-type]
    counted = {part: _counted(source, part) for part in ("before", "rates", "finish", "after")}
    day = counted["before"] + counted["after"]
    return day + steps * (4 * counted["rates"] + states * counted["finish"])


def _counted(source: str, function: str) -> int:
    text = source.split(f"@{function}(ptr", 1)[1].split("\n}", 1)[0]
    found = re.findall(r"= (fadd|fsub|fmul|fdiv)\b|@llvm\.(fma|sqrt)\.", text)
    return sum(COUNTED[a or b] for a, b in found)
