"""The few functions biology is written in, the same on plain numbers, NumPy arrays and scalars traced by an engine.

Which library serves is decided by the first argument: NumPy (float64) for numbers and NumPy arrays, as in
``prepare``; `jax.numpy` for anything an engine traces. Everything is elementwise.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np


def _library(*values: Any) -> Any:
    jax = sys.modules.get("jax")
    traced = getattr(jax, "Array", None)  # none yet while another thread imports it
    if jax is not None and traced is not None and any(isinstance(v, traced) for v in values):
        return jax.numpy
    return np


def exp(x: Any) -> Any:
    """e to the x."""
    return _library(x).exp(x)


def log(x: Any) -> Any:
    """Natural logarithm of x > 0."""
    return _library(x).log(x)


def floor(x: Any) -> Any:
    """The largest whole number that is not above x."""
    return _library(x).floor(x)


def as_precise_as(example: Any, x: Any) -> Any:
    """x in the floating-point type of another array."""
    return x.astype(example.dtype)


def power(x: Any, n: Any) -> Any:
    """x to the n for x >= 0 and real n, as exp(n log x); x below 1e-30 counts as 1e-30."""
    lib = _library(x, n)
    return lib.exp(n * lib.log(lib.maximum(x, 1e-30)))


def where(condition: Any, yes: Any, no: Any) -> Any:
    """`yes` where the condition holds, else `no`."""
    return _library(condition, yes, no).where(condition, yes, no)


def minimum(a: Any, b: Any) -> Any:
    """The smaller of the two."""
    return _library(a, b).minimum(a, b)


def maximum(a: Any, b: Any) -> Any:
    """The larger of the two."""
    return _library(a, b).maximum(a, b)


_CENTRE = (2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 2.1858087e-04, -1.25372503e-03,
           -4.17768164e-03, 2.46640727e-01, 1.50140941e00)  # fmt: skip
_TAIL = (-2.00214257e-04, 1.00950558e-04, 1.34934322e-03, -3.67342844e-03, 5.73950773e-03, -7.6224613e-03,
         9.43887047e-03, 1.00167406e00, 2.83297682e00)  # fmt: skip


def normal_quantile(u: Any) -> Any:
    """Standard normal quantile of u in (0, 1), relative error below 4e-7.

    Giles's approximation of the inverse error function (GPU Computing Gems, Jade edition, 2011, ch. 10).
    """
    lib = _library(u)
    x = 2.0 * u - 1.0
    w = -lib.log((1.0 - x) * (1.0 + x))
    centre = _polynomial(_CENTRE, w - 2.5)
    tail = _polynomial(_TAIL, lib.sqrt(lib.maximum(w, 5.0)) - 3.0)
    return lib.where(w < 5.0, centre, tail) * x * 1.4142135623730951


def _polynomial(coefficients: tuple[float, ...], w: Any) -> Any:
    total: Any = coefficients[0]
    for c in coefficients[1:]:
        total = c + total * w
    return total


def poisson_quantile(u: Any, mean: Any) -> Any:
    """Poisson quantile of u in (0, 1): by inversion over 40 terms below a mean of 12, rounded normal from there."""
    lib = _library(u, mean)
    small = lib.minimum(mean, 12.0)
    term = lib.exp(-small)
    total = term
    count = 0.0 * mean
    for k in range(1, 41):
        count = lib.where(u > total, float(k), count)
        term = term * small / k
        total = total + term
    large = lib.maximum(lib.floor(mean + lib.sqrt(mean) * normal_quantile(u) + 0.5), 0.0)
    return lib.where(mean < 12.0, count, large)
