"""LLVM instructions of one function, taken down one after another; every value is a vector over patients.

Kinds of numbers: f4 and f8 floating-point, i4, u4 and i8 whole, b1 truth.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

TYPES = {"f4": "float", "f8": "double", "i4": "i32", "u4": "i32", "b1": "i1", "i8": "i64"}


class Writer:
    """Takes down the instructions of one function."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.lines: list[str] = []

    def put(self, text: str) -> str:
        """An instruction; the name of its result."""
        name = f"%v{len(self.lines)}"
        self.lines.append(f"{name} = {text}")
        return name

    def do(self, text: str) -> None:
        """An instruction without result."""
        self.lines.append(text)

    def vector(self, kind: str) -> str:
        """Type of a vector of a kind."""
        return f"<{self.lanes} x {TYPES[kind]}>"

    def whole(self, kind: str) -> str:
        """Type of the vector of integers of the same width."""
        return self.vector("i4" if kind in ("f4", "i4", "u4") else "i8")

    def name(self, kind: str) -> str:
        """How LLVM names the type in its functions."""
        return f"v{self.lanes}{ {'f4': 'f32', 'f8': 'f64'}[kind] }"

    def splat(self, number: float, kind: str) -> str:
        """The same number in every lane."""
        one = f"{TYPES[kind]} {_literal(number, kind)}"
        return f"<{', '.join([one] * self.lanes)}>"

    def fma(self, a: str, b: str, c: str, kind: str) -> str:
        """a b + c with one rounding."""
        vector = self.vector(kind)
        return self.put(f"call {vector} @llvm.fma.{self.name(kind)}({vector} {a}, {vector} {b}, {vector} {c})")


def _literal(number: Any, kind: str) -> str:
    if kind == "b1":
        return "true" if number else "false"
    if kind not in ("f4", "f8"):
        return str(int(number))
    exact = float(np.float32(number)) if kind == "f4" else float(number)
    return f"0x{struct.unpack('<Q', struct.pack('<d', exact))[0]:016X}"
