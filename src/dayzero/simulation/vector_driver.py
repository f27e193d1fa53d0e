"""The loops around the functions of a program: days, steps and stages, in LLVM source."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from dayzero.simulation.vector_writer import Writer

if TYPE_CHECKING:
    from dayzero.simulation.vector_code import Emitter

# The classical Runge-Kutta step of length h in stage values alone, which takes half the reading and writing of sums:
#   y1 = y + h/2 k(y),   y2 = y + h/2 k(y1),   y3 = y + h k(y2),   y4 = y + h/6 k(y3)
#   new y = y4 + ((y1 - y) + 2 (y2 - y) + (y3 - y)) / 3
FACTORS = (2.0, 2.0, 1.0, 6.0)  # of h, divided


def driver(e: Emitter) -> str:
    """The function that Python calls.

    ``course(room, person, key, daily, strides, recorded, out, sizes)``; ``sizes`` holds days, steps, quantities
    recorded, distance in numbers between quantities and between patients in `out`, first day. ``daily`` holds an
    address for each daily signal and ``strides`` the bytes from one day to the next (0 where it never changes).
    """
    vector, number = f"<{e.lanes} x {'float' if e.kind == 'f4' else 'double'}>", "float" if e.kind == "f4" else "double"
    size = 4 if e.kind == "f4" else 8
    at = lambda place: f"getelementptr i8, ptr %room, i64 {place * e.width}"  # noqa: E731
    states, carried, inputs, daily = len(e.tape.rates), len(e.wanted.carried), *e.counts
    calls = "\n".join(
        f"call void @rates(ptr %room, ptr %at_{i}, ptr %at_{i + 1}, ptr %at_how_{i})" for i in range(len(FACTORS))
    )
    addresses = "\n".join(
        f"%at_{name} = {at(place)}"
        for name, place in (("carried", e.carried), ("next", e.next), ("inputs", e.inputs), ("key", e.key),
                            ("daily", e.daily), ("day", e.day), ("recorded", e.recorded), *enumerate(
                            (e.state, *e.stages)), *((f"how_{i}", e.factors + i) for i in range(len(FACTORS))))
    )  # fmt: skip
    sizes = "\n".join(
        f"%{name}_p = getelementptr i64, ptr %sizes, i64 {i}\n%{name} = load i64, ptr %{name}_p"
        for i, name in enumerate(("days", "steps", "quantities", "between_quantities", "between_patients", "first_day"))
    )
    lanes = "\n".join(
        f"%x{i} = extractelement {vector} %x, i64 {i}\n"
        f"%o{i} = getelementptr i8, ptr %row, i64 %lane{i}\nstore {number} %x{i}, ptr %o{i}"
        for i in range(e.lanes)
    )
    quick = _quick() if platform.machine().lower() in ("x86_64", "amd64") else ("", "", "")
    offsets = "\n".join(f"%lane{i} = mul i64 %patient_bytes, {i}" for i in range(e.lanes))
    return f"""
{quick[0]}
{_copy(e, vector)}
{_finish(e, vector)}
{_factors(e, vector, number)}
define void @course(ptr noalias %room, ptr %person, ptr %key, ptr %daily, ptr %strides, ptr %recorded,
                    ptr %out, ptr %sizes) {{
entry:
{quick[1]}
{addresses}
{sizes}
%patient_bytes = mul i64 %between_patients, {size}
{offsets}
call void @copy(ptr %at_inputs, ptr %person, i64 {inputs})
%k = load <{e.lanes} x i32>, ptr %key, align 4
store <{e.lanes} x i32> %k, ptr %at_key, align {e.width}
call void @factors(ptr %at_how_0, i64 %steps)
call void @admit(ptr %room)
br label %each_day
each_day:
%d = phi i64 [0, %entry], [%d1, %next_day]
%lasts = icmp slt i64 %d, %days
br i1 %lasts, label %morning, label %end
morning:
%date = add i64 %d, %first_day
%date_f = sitofp i64 %date to {number}
%date_1 = insertelement {vector} poison, {number} %date_f, i64 0
%date_v = shufflevector {vector} %date_1, {vector} poison, <{e.lanes} x i32> zeroinitializer
store {vector} %date_v, ptr %at_day, align {e.width}
br label %each_signal
each_signal:
%j = phi i64 [0, %morning], [%j1, %one_signal]
%more = icmp slt i64 %j, {daily}
br i1 %more, label %one_signal, label %act
one_signal:
%a_p = getelementptr ptr, ptr %daily, i64 %j
%a = load ptr, ptr %a_p
%s_p = getelementptr i64, ptr %strides, i64 %j
%s = load i64, ptr %s_p
%shift = mul i64 %s, %d
%from = getelementptr i8, ptr %a, i64 %shift
%signal = load {vector}, ptr %from, align {size}
%to_b = mul i64 %j, {e.width}
%to = getelementptr i8, ptr %at_daily, i64 %to_b
store {vector} %signal, ptr %to, align {e.width}
%j1 = add i64 %j, 1
br label %each_signal
act:
call void @before(ptr %room)
br label %each_step
each_step:
%n = phi i64 [0, %act], [%n1, %one_step]
%again = icmp slt i64 %n, %steps
br i1 %again, label %one_step, label %night
one_step:
{calls}
call void @finish(ptr %at_0, ptr %at_1, ptr %at_2, ptr %at_3, ptr %at_4, i64 {states})
%n1 = add i64 %n, 1
br label %each_step
night:
call void @after(ptr %room)
call void @copy(ptr %at_carried, ptr %at_next, i64 {carried})
%day_bytes = mul i64 %d, {size}
br label %each_quantity
each_quantity:
%q = phi i64 [0, %night], [%q1, %one_quantity]
%left = icmp slt i64 %q, %quantities
br i1 %left, label %one_quantity, label %next_day
one_quantity:
%r_p = getelementptr i64, ptr %recorded, i64 %q
%r = load i64, ptr %r_p
%r_b = mul i64 %r, {e.width}
%x_p = getelementptr i8, ptr %at_recorded, i64 %r_b
%x = load {vector}, ptr %x_p, align {e.width}
%q_n = mul i64 %q, %between_quantities
%q_b = mul i64 %q_n, {size}
%row_b = add i64 %q_b, %day_bytes
%row = getelementptr i8, ptr %out, i64 %row_b
{lanes}
%q1 = add i64 %q, 1
br label %each_quantity
next_day:
%d1 = add i64 %d, 1
br label %each_day
end:
{quick[2]}
ret void
}}
"""


def _quick() -> tuple[str, str, str]:
    """Numbers below the normal range count as 0 while a course runs (as in JAX); they would cost a hundredfold.

    Declarations, what to do at the start, and at the end. Bits 6 and 15 of the control register of x86 processors.
    """
    declared = "declare void @llvm.x86.sse.stmxcsr(ptr)\ndeclare void @llvm.x86.sse.ldmxcsr(ptr)"
    start = """%usual = alloca i32
%quick = alloca i32
call void @llvm.x86.sse.stmxcsr(ptr %usual)
%control = load i32, ptr %usual
%control_quick = or i32 %control, 32832
store i32 %control_quick, ptr %quick
call void @llvm.x86.sse.ldmxcsr(ptr %quick)"""
    return declared, start, "call void @llvm.x86.sse.ldmxcsr(ptr %usual)"


def _loop(e: Emitter, head: str, body: str) -> str:
    """A function that does something at the byte offset %b of each of %count places."""
    return f"""
define internal void {head} {{
entry:
br label %head
head:
%i = phi i64 [0, %entry], [%i1, %one]
%more = icmp slt i64 %i, %count
br i1 %more, label %one, label %end
one:
%b = mul i64 %i, {e.width}
{body}
%i1 = add i64 %i, 1
br label %head
end:
ret void
}}"""


def _copy(e: Emitter, vector: str) -> str:
    body = f"""%f = getelementptr i8, ptr %from, i64 %b
%t = getelementptr i8, ptr %to, i64 %b
%v = load {vector}, ptr %f, align 4
store {vector} %v, ptr %t, align {e.width}"""
    return _loop(e, "@copy(ptr noalias %to, ptr noalias %from, i64 %count)", body)


def _finish(e: Emitter, vector: str) -> str:
    """The end of a step, cut at zero; what is not a number stays so."""
    writer = Writer(e.lanes)
    reads = "\n".join(
        f"%p{i} = getelementptr i8, ptr %at{i}, i64 %b\n%y{i} = load {vector}, ptr %p{i}, align {e.width}"
        for i in range(5)
    )
    fma = f"call {vector} @llvm.fma.{writer.name(e.kind)}"
    two, third = writer.splat(2.0, e.kind), writer.splat(1 / 3, e.kind)
    body = f"""{reads}
%d1 = fsub {vector} %y1, %y0
%d2 = fsub {vector} %y2, %y0
%d3 = fsub {vector} %y3, %y0
%outer = fadd {vector} %d1, %d3
%sum = {fma}({vector} %d2, {vector} {two}, {vector} %outer)
%new = {fma}({vector} %sum, {vector} {third}, {vector} %y4)
%less = fcmp ogt {vector} zeroinitializer, %new
%cut = select <{e.lanes} x i1> %less, {vector} zeroinitializer, {vector} %new
store {vector} %cut, ptr %p0, align {e.width}"""
    return _loop(e, "@finish(ptr %at0, ptr %at1, ptr %at2, ptr %at3, ptr %at4, i64 %count)", body)


def _factors(e: Emitter, vector: str, number: str) -> str:
    """What each stage multiplies its derivative by, for steps of 1/steps of a day."""
    lines = ["%n = sitofp i64 %steps to double", "%h = fdiv double 1.0, %n"]
    for i, share in enumerate(FACTORS):
        lines.append(f"%f{i} = fdiv double %h, {share!r}")
        name = f"%f{i}"
        if number == "float":
            lines.append(f"%g{i} = fptrunc double {name} to float")
            name = f"%g{i}"
        lines += [
            f"%o{i} = insertelement {vector} poison, {number} {name}, i64 0",
            f"%w{i} = shufflevector {vector} %o{i}, {vector} poison, <{e.lanes} x i32> zeroinitializer",
            f"%p{i} = getelementptr i8, ptr %how, i64 {i * e.width}",
            f"store {vector} %w{i}, ptr %p{i}, align {e.width}",
        ]
    return "\n".join(["define internal void @factors(ptr noalias %how, i64 %steps) {", *lines, "ret void", "}"])
