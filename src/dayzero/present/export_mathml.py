"""Expressions and day-by-day tables as MathML, in the part of it that SBML level 3 version 2 allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isinf, isnan
from xml.etree.ElementTree import Element, SubElement

from dayzero.errors import EngineError
from dayzero.present.export_model import Expression, Part

MATHML = "http://www.w3.org/1998/Math/MathML"  # the name of the vocabulary
TIME = "http://www.sbml.org/sbml/symbols/time"  # what MathML calls the model's time
DIRECT: Mapping[str, str] = {
    "add": "plus", "add_any": "plus", "sub": "minus", "mul": "times", "div": "divide", "neg": "minus", "exp": "exp",
    "log": "ln", "sqrt": "root", "floor": "floor", "max": "max", "min": "min", "abs": "abs", "tanh": "tanh",
    "integer_pow": "power", "lt": "lt", "le": "leq", "gt": "gt", "ge": "geq", "eq": "eq", "ne": "neq", "and": "and",
    "or": "or", "not": "not", "xor": "xor",
}  # fmt: skip
CHAINED = ("plus", "times")  # written with all their terms side by side, from left to right
FEWEST_WHOLE = 1e15  # whole numbers below it are written without a point


def math(expression: Expression) -> Element:
    """An expression as a ``math`` element."""
    found = Element(f"{{{MATHML}}}math")
    found.append(element(expression))
    return found


def element(expression: Expression) -> Element:
    """An expression as MathML."""
    if isinstance(expression, str):
        return _word("ci", expression)
    if isinstance(expression, bool):
        return Element(f"{{{MATHML}}}{'true' if expression else 'false'}")
    if isinstance(expression, (int, float)):
        return _number(float(expression))
    special = SPECIAL.get(expression.primitive)
    if special is not None:
        return special(*expression.reads)
    name = DIRECT.get(expression.primitive)
    if name is None:
        raise EngineError(f"SBML has no {expression.primitive}; an equation that needs it cannot be exported")
    return apply(name, *map(element, _terms(expression, name)))


def apply(name: str, *terms: Element) -> Element:
    """A function applied to its arguments."""
    found = Element(f"{{{MATHML}}}apply")
    SubElement(found, f"{{{MATHML}}}{name}")
    found.extend(terms)
    return found


def choice(
    pieces: Sequence[tuple[Expression | Element, Expression | Element]], otherwise: Expression | Element
) -> Element:
    """The value of the first piece whose condition holds."""
    found = Element(f"{{{MATHML}}}piecewise")
    for value, condition in pieces:
        SubElement(found, f"{{{MATHML}}}piece").extend(map(_element, (value, condition)))
    SubElement(found, f"{{{MATHML}}}otherwise").append(_element(otherwise))
    return found


def table(values: Sequence[float], first: int, clock: str) -> Element:
    """Values by day as choices on the day `clock`; the last value stays.

    Each run of equal days is one value. Choices are nested by halves: a long row of pieces takes a simulator as many
    comparisons, and COPASI 4.48 answers one of dozens of pieces wrongly.
    """
    turns = [0, *(i for i in range(1, len(values)) if values[i] != values[i - 1])]
    return _halved([(first + i, values[i]) for i in turns], clock)


def _halved(runs: Sequence[tuple[int, float]], clock: str) -> Element:
    """The value of the run that the day lies in; a run is its first day and its value."""
    if len(runs) == 1:
        return _number(runs[0][1])
    half = len(runs) // 2
    return choice([(_halved(runs[:half], clock), Part("lt", (clock, runs[half][0])))], _halved(runs[half:], clock))


def time() -> Element:
    """The model's time."""
    found = Element(f"{{{MATHML}}}csymbol", {"encoding": "text", "definitionURL": TIME})
    found.text = " time "
    return found


def _element(term: Expression | Element) -> Element:
    return term if isinstance(term, Element) else element(term)


def _terms(expression: Part, name: str) -> list[Expression]:
    """Arguments; those of a sum within a sum, or a product within a product, side by side."""
    first, *rest = expression.reads
    if name in CHAINED and isinstance(first, Part) and DIRECT.get(first.primitive) == name:
        return [*_terms(first, name), *rest]
    return [first, *rest]


def _word(tag: str, text: str) -> Element:
    found = Element(f"{{{MATHML}}}{tag}")
    found.text = f" {text} "
    return found


def _number(value: float) -> Element:
    if isnan(value):
        return Element(f"{{{MATHML}}}notanumber")
    if isinf(value):
        infinite = Element(f"{{{MATHML}}}infinity")
        return infinite if value > 0 else apply("minus", infinite)
    text = repr(value) if value != int(value) or abs(value) >= FEWEST_WHOLE else str(int(value))
    digits, e, power = text.partition("e")
    found = _word("cn", digits)
    if e:
        found.set("type", "e-notation")
        SubElement(found, f"{{{MATHML}}}sep").tail = f" {int(power)} "
    return found


def _chosen(condition: Expression, otherwise: Expression, yes: Expression) -> Element:
    return choice([(yes, condition)], otherwise)


def _power(base: Expression, exponent: Expression) -> Element:
    """x to the n; x below 1e-30 counts as 1e-30 (`elementwise.power`)."""
    return apply("power", apply("max", element(base), _number(1e-30)), element(exponent))


SPECIAL: Mapping[str, Callable[..., Element]] = {
    "select_n": _chosen,
    "power": _power,
    "square": lambda x: apply("power", element(x), _number(2)),
    "to_float": lambda x: choice([(1.0, x)], 0.0),
    "clamp": lambda low, x, high: apply("min", apply("max", element(low), element(x)), element(high)),
    "log1p": lambda x: apply("ln", apply("plus", _number(1), element(x))),
    "expm1": lambda x: apply("minus", apply("exp", element(x)), _number(1)),
}
