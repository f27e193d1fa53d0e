"""Exponential and logarithm for vectors of patients, as LLVM instructions.

Both reduce the argument in the usual way (Cody and Waite, *Software Manual for the Elementary Functions*, 1980) and
evaluate a polynomial fitted here, once, at Chebyshev points:

    exp x = 2^n exp r,           n = round(x / ln 2), |r| <= ln(2) / 2
    log x = n ln 2 + log m,      x = 2^n m, m in [sqrt(1/2), sqrt 2)
            float32: log(1+t) = t - t^2/2 + t^3 P(t);     float64: with s = t/(2+t), log(1+t) = 2s + s^3 Q(s^2)

Largest errors measured against 80-bit arithmetic: see the tests. Below the normal range exp gives 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from dayzero.simulation.vector_writer import Writer


@dataclass(frozen=True)
class Format:
    """A binary floating-point format, and how far the series must go in it."""

    kind: str
    bits: int
    fraction: int
    bias: int
    exp_degree: int
    log_degree: int
    lowest: float
    highest: float
    ln2_high: float
    ln2_low: float


# ln2_high has so few digits that its products with any exponent are exact.
F4 = Format("f4", 32, 23, 127, 6, 8, -87.33654, 88.37626, 0.693359375, -2.12194440054690583e-4)
F8 = Format("f8", 64, 52, 1023, 11, 7, -708.396418, 709.436139, 6.93147180369123816490e-01,
            1.90821492927058770002e-10)  # fmt: skip
FORMATS = {"f4": F4, "f8": F8}
ROOT_HALF = {"f4": 0x3F3504F3, "f8": 0x3FE6A09E667F3BCD}


def _fitted(function: Callable[[Any], Any], degree: int, low: float, high: float) -> tuple[float, ...]:
    """Coefficients, lowest first, of the polynomial through a function at Chebyshev points."""
    through = np.polynomial.Chebyshev.interpolate(function, degree, domain=[low, high])
    return tuple(float(c) for c in through.convert(kind=np.polynomial.Polynomial).coef)


@cache
def _exp_series(format: Format) -> tuple[float, ...]:
    """(exp r - 1 - r) / r^2 on the reduced range."""
    half = float(np.log(2.0)) / 2 * 1.0001
    return _fitted(lambda r: _tail_of_exp(np.asarray(r, np.longdouble)), format.exp_degree - 2, -half, half)


def _tail_of_exp(r: Any) -> Any:
    total = np.zeros_like(r)
    for n in range(24, 1, -1):
        total = total * r / (n + 1) + 1
    return (total / 2).astype(float)


@cache
def _log_series(format: Format) -> tuple[float, ...]:
    """P(t), or Q(s^2), on the reduced range."""
    if format is F4:
        low, high = float(np.sqrt(0.5)) - 1, float(np.sqrt(2.0)) - 1
        return _fitted(lambda t: _tail_of_log(np.asarray(t, np.longdouble)), format.log_degree, low, high)
    return _fitted(lambda z: _tail_of_atanh(np.asarray(z, np.longdouble)), format.log_degree, 0.0, 0.02944)


def _tail_of_log(t: Any) -> Any:
    """(log(1+t) - t + t^2/2) / t^3 by its series near 0, where the difference would cancel."""
    near = sum(((-1) ** n) * t**n / (n + 3) for n in range(40))
    safe = np.where(np.abs(t) < 0.3, 1, t)
    return np.where(np.abs(t) < 0.3, near, (np.log1p(safe) - safe + safe * safe / 2) / safe**3).astype(float)


def _tail_of_atanh(z: Any) -> Any:
    return np.asarray(sum(2 * z**n / (2 * n + 3) for n in range(14))).astype(float)


def exponential(to: Writer, x: str, kind: str) -> str:
    """e to the x, for every lane."""
    f, vector, whole = FORMATS[kind], to.vector(kind), to.whole(kind)
    number = lambda value: to.splat(value, kind)  # noqa: E731
    n = _round(to, to.put(f"fmul {vector} {x}, {number(1 / np.log(2.0))}"), kind)
    r = to.fma(n, number(-f.ln2_high), x, kind)
    r = to.fma(n, number(-f.ln2_low), r, kind)
    tail = _polynomial(to, _exp_series(f), r, kind)
    squared = to.put(f"fmul {vector} {r}, {r}")
    value = to.put(f"fadd {vector} {to.fma(squared, tail, r, kind)}, {number(1.0)}")
    power = to.put(f"fptosi {vector} {n} to {whole}")
    power = to.put(f"add {whole} {power}, {_whole(to, f.bias, kind)}")
    power = to.put(f"shl {whole} {power}, {_whole(to, f.fraction, kind)}")
    value = to.put(f"fmul {vector} {value}, {to.put(f'bitcast {whole} {power} to {vector}')}")
    value = _select(to, f"fcmp olt {vector} {x}, {number(f.lowest)}", number(0.0), value, kind)
    value = _select(to, f"fcmp ogt {vector} {x}, {number(f.highest)}", number(np.inf), value, kind)
    return _select(to, f"fcmp uno {vector} {x}, {x}", x, value, kind)


def logarithm(to: Writer, x: str, kind: str, *, positive: bool = False) -> str:
    """Natural logarithm, for every lane; `positive` where no argument can be 0 or less."""
    f, vector, whole = FORMATS[kind], to.vector(kind), to.whole(kind)
    bits = to.put(f"bitcast {vector} {x} to {whole}")
    n = to.put(f"sub {whole} {bits}, {_whole(to, ROOT_HALF[kind], kind)}")
    n = to.put(f"ashr {whole} {n}, {_whole(to, f.fraction, kind)}")
    m = to.put(f"sub {whole} {bits}, {to.put(f'shl {whole} {n}, {_whole(to, f.fraction, kind)}')}")
    t = to.put(f"fsub {vector} {to.put(f'bitcast {whole} {m} to {vector}')}, {to.splat(1.0, kind)}")
    e = to.put(f"sitofp {whole} {n} to {vector}")
    value = (_log_of_single if f is F4 else _log_of_double)(to, t, e, f)
    value = to.put(f"fadd {vector} {value}, {to.put(f'fsub {vector} {x}, {x}')}")  # of what is not finite: nan
    if positive:
        return value
    value = _select(to, f"fcmp olt {vector} {x}, {to.splat(0.0, kind)}", to.splat(np.nan, kind), value, kind)
    value = _select(to, f"fcmp oeq {vector} {x}, {to.splat(0.0, kind)}", to.splat(-np.inf, kind), value, kind)
    return _select(to, f"fcmp oeq {vector} {x}, {to.splat(np.inf, kind)}", x, value, kind)


def _log_of_single(to: Writer, t: str, e: str, f: Format) -> str:
    vector = to.vector("f4")
    squared = to.put(f"fmul {vector} {t}, {t}")
    cubed = to.put(f"fmul {vector} {squared}, {t}")
    tail = to.put(f"fmul {vector} {cubed}, {_polynomial(to, _log_series(f), t, 'f4')}")
    tail = to.fma(e, to.splat(f.ln2_low, "f4"), tail, "f4")
    tail = to.fma(squared, to.splat(-0.5, "f4"), tail, "f4")
    return to.fma(e, to.splat(f.ln2_high, "f4"), to.put(f"fadd {vector} {t}, {tail}"), "f4")


def _log_of_double(to: Writer, t: str, e: str, f: Format) -> str:
    """log(1+t) = t - (t^2/2 - s (t^2/2 + s^2 Q)), which keeps the digits that 2s would lose."""
    vector = to.vector("f8")
    two = to.splat(2.0, "f8")
    s = to.put(f"fdiv {vector} {t}, {to.put(f'fadd {vector} {t}, {two}')}")
    z = to.put(f"fmul {vector} {s}, {s}")
    q = to.put(f"fmul {vector} {z}, {_polynomial(to, _log_series(f), z, 'f8')}")
    half = to.put(f"fmul {vector} {to.put(f'fmul {vector} {t}, {t}')}, {to.splat(0.5, 'f8')}")
    low = to.put(f"fmul {vector} {e}, {to.splat(f.ln2_low, 'f8')}")
    inner = to.fma(s, to.put(f"fadd {vector} {half}, {q}"), low, "f8")
    rest = to.put(f"fsub {vector} {half}, {inner}")
    return to.fma(e, to.splat(f.ln2_high, "f8"), to.put(f"fsub {vector} {t}, {rest}"), "f8")


def _polynomial(to: Writer, coefficients: tuple[float, ...], x: str, kind: str) -> str:
    value = to.splat(coefficients[-1], kind)
    for c in reversed(coefficients[:-1]):
        value = to.fma(value, x, to.splat(c, kind), kind)
    return value


def _round(to: Writer, x: str, kind: str) -> str:
    vector = to.vector(kind)
    return to.put(f"call {vector} @llvm.rint.{to.name(kind)}({vector} {x})")


def _select(to: Writer, condition: str, yes: str, no: str, kind: str) -> str:
    vector, truth = to.vector(kind), to.vector("b1")
    return to.put(f"select {truth} {to.put(condition)}, {vector} {yes}, {vector} {no}")


def _whole(to: Writer, number: int, kind: str) -> str:
    return to.splat(number, "i4" if kind == "f4" else "i8")
