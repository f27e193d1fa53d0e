"""Compiled programs of the vector engine: made by LLVM on this machine, kept between runs, loaded into the process.

An entry is named by a hash of everything that goes into it: the sources of the body, the ward and the engine, the
versions of what traces and compiles them, the processor and its features. It holds its own digest: one that does not
fit is made anew. It is written whole or not at all, into a folder that only its user can write to (`cache.folder`).
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache as once
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dayzero.simulation import cache

SOURCES = ("biology", "clinic", "criteria", "simulation", "elementwise.py", "module.py", "units.py")
TOOLS = ("jax", "llvmlite", "numpy")
COURSE = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 8)


@dataclass(frozen=True)
class Native:
    """A program in memory: the function to call (see `vector_driver`) and how many vectors of room it needs."""

    course: Callable[..., None]
    places: int
    holds: Any  # keeps the code alive


def _sources() -> str:
    root, digest = Path(__file__).parent.parent, hashlib.sha256()
    for place in SOURCES:
        path = root / place
        for file in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            digest.update(f"{place}/{file.name}\n".encode() + file.read_bytes())
    return digest.hexdigest()


SOURCES_SHA256 = _sources()  # read while the sources are imported: what runs is what was read


def loaded(source: Callable[[], tuple[str, int]], name: str | None) -> Native:
    """The program of that name from the cache, or compiled from `source` (LLVM text, places) and kept.

    Without a name it is neither looked for nor kept.
    """
    kept = _read(name) if name else None
    if kept is None:
        text, places = source()
        kept = places, _compiled(text)
        if name:
            _write(name, *kept)
    places, binary = kept
    course, holds = _linked(binary)
    return Native(course, places, holds)


def name_of(**about: Any) -> str:
    """Name of a program in the cache."""
    told = {**about, "sources": SOURCES_SHA256, "machine": _machine(), "python": platform.python_version_tuple()[:2]}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@once
def _machine() -> list[str]:
    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features().flatten()
    return [platform.machine(), llvm.get_host_cpu_name(), features, *(version(tool) for tool in TOOLS)]


@once
def _target() -> Any:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    features = llvm.get_host_cpu_features().flatten()
    return target.create_target_machine(cpu=llvm.get_host_cpu_name(), features=features, opt=2, jit=True)


def _compiled(text: str) -> bytes:
    import llvmlite.binding as llvm

    target = _target()
    module = llvm.parse_assembly(text)
    module.verify()
    return target.emit_object(module)


def _linked(binary: bytes) -> tuple[Callable[..., None], Any]:
    import llvmlite.binding as llvm

    jit = llvm.create_lljit_compiler(_target())
    library = llvm.JITLibraryBuilder().add_object_img(binary).export_symbol("course").link(jit, "course")
    return COURSE(library["course"]), (jit, library)


def _path(name: str) -> Path | None:
    folder = cache.folder()
    return None if folder is None else folder / f"{name}.course"


def _read(name: str) -> tuple[int, bytes] | None:
    path = _path(name)
    try:
        whole = path.read_bytes() if path else b""
    except OSError:
        return None
    digest, rest = whole[:32], whole[32:]
    if len(rest) <= 8 or hashlib.sha256(rest).digest() != digest:
        return None
    return int.from_bytes(rest[:8], "little"), rest[8:]


def _write(name: str, places: int, binary: bytes) -> None:
    """Keep a program; where that cannot be, it is made again next time."""
    path = _path(name)
    if path is None:
        return
    rest = places.to_bytes(8, "little") + binary
    try:
        handle, drafted = tempfile.mkstemp(dir=path.parent, suffix=".draft")
        draft = Path(drafted)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(rest).digest() + rest)
            draft.replace(path)
        except OSError:
            draft.unlink()
    except OSError:
        return


def available() -> bool:
    """Whether LLVM can be had and this machine's byte order is the one programs are written for."""
    try:
        import llvmlite.binding  # noqa: F401
    except (ImportError, OSError):
        return False
    return sys.byteorder == "little"
