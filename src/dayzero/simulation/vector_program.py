"""The day program of a body as a tape, ready to be compiled for vectors of patients. Needs JAX, for tracing alone."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from dayzero.simulation.assemble import Body
from dayzero.simulation.day import admission, one_day
from dayzero.simulation.layout import Layout, Precision
from dayzero.simulation.request import recordable
from dayzero.simulation.tape import COURSE, DAY, Tape, integrate
from dayzero.simulation.vector_code import Code, Emitter, Wanted

KINDS = {"float32": "f4", "float64": "f8"}


def written(body: Body, layout: Layout, precision: Precision, lanes: int) -> Code:
    """LLVM source of the day program for `lanes` patients side by side."""
    tape, wanted = recorded_tape(body, layout, precision)
    person = len(layout.numbers) + len(layout.settings)
    return Emitter(tape, wanted, KINDS[precision], lanes, person, len(layout.daily)).code()


def recorded_tape(body: Body, layout: Layout, precision: Precision) -> tuple[Tape, Wanted]:
    """The tape of admission and of one day, everything recordable among what is wanted of it."""
    names, kind = recordable(body), KINDS[precision]
    people, settings, days = len(layout.numbers), len(layout.settings), len(layout.daily)
    with jax.enable_x64(precision == "float64"):
        number = jax.ShapeDtypeStruct((), precision)
        key = jax.ShapeDtypeStruct((), np.uint32)
        as_number = lambda x: jax.numpy.asarray(x, precision)  # noqa: E731

        def admit(*given: Any) -> Any:
            return admission(body, layout.people(body, given[:people]), given[people], layout.origins)

        start = jax.eval_shape(admit, *[number] * people, key)
        shape, carried = jax.tree.structure(start), len(jax.tree.leaves(start))
        ends = np.cumsum([people, settings, carried, days])

        def day(*given: Any) -> list[Any]:
            person, chosen, passing, today = (given[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True))
            then, recorded = one_day(
                body, jax.tree.unflatten(shape, passing), layout.people(body, person), layout.chosen(chosen),
                layout.today(today), given[-2], given[-1], 1, integrate,
            )  # fmt: skip
            return [as_number(x) for x in (*jax.tree.leaves(then), *(recorded[name] for name in names))]

        tape = Tape()
        inputs = lambda name, count, level: [tape.input(name, i, kind, level) for i in range(count)]  # noqa: E731
        who, passing = inputs("person", people + settings, COURSE), inputs("carried", carried, DAY)
        draws, schedule, date = tape.input("key", 0, "u4", COURSE), inputs("daily", days, DAY), inputs("day", 1, DAY)
        admitted = tape.take(lambda *given: [as_number(x) for x in jax.tree.leaves(admit(*given))],
                             [number] * people + [key], [*who[:people], draws])  # fmt: skip
        lived = tape.take(day, [number] * (int(ends[-1]) + 1) + [key], [*who, *passing, *schedule, *date, draws])
    return tape, Wanted(tuple(admitted), tuple(lived[:carried]), tuple(lived[carried:]))
