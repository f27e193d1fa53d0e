"""A folder of part files: each written whole or not at all, each known by the digest in its name.

``part-000012.1f0a...parquet`` is part 12; the letters are the first of its SHA-256. A part counts as finished only if
its bytes have the digest that its name says, so a file cut short, changed or half copied is found out and made again.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dayzero.errors import InputError

_NAME = re.compile(r"part-(\d{6,})\.([0-9a-f]{32})\.parquet")
BEGUN = ".begun"  # ends the name of a file still being written


def write_whole(path: Path, content: bytes) -> Path:
    """Write a file that is there in full, and on the disk, or not at all.

    Raises
    ------
    OSError : it could not be written; nothing is left of it.
    """
    begun = path.with_name(f".{path.name}.{secrets.token_hex(4)}{BEGUN}")
    try:
        with begun.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        begun.replace(path)
    except BaseException:
        begun.unlink(missing_ok=True)
        raise
    _sync(path.parent)
    return path


def _sync(folder: Path) -> None:
    """Let the folder's own entries reach the disk, where its kind allows that."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def keep_part(folder: Path, number: int, content: bytes) -> Path:
    """Write part `number`; a full disk, or any other that does not take it, is one sentence."""
    path = folder / f"part-{number:06d}.{_digest(content)}.parquet"
    try:
        return write_whole(path, content)
    except OSError as problem:
        what = f"{problem.strerror or type(problem).__name__} while part {number} was written"
        expected = f"room for {len(content) / 1e6:.1f} MB and leave to write"
        advice = "make room and give the same command again; finished parts are kept"
        raise InputError(str(folder), "file", what, expected, advice) from problem


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def parts_in(folder: Path) -> dict[int, Path]:
    """Number -> file of every part that is there, whole or not."""
    named = ((_NAME.fullmatch(path.name), path) for path in sorted(folder.iterdir()))
    return {int(match[1]): path for match, path in named if match}


def read_part(path: Path) -> bytes | None:
    """The bytes of a part; None where they are not those its name tells of."""
    match, content = _NAME.fullmatch(path.name), path.read_bytes()
    return content if match and match[2] == _digest(content) else None


def sweep(folder: Path) -> None:
    """Remove what was begun and not finished when a run was killed."""
    for path in folder.glob(f".*{BEGUN}"):
        path.unlink(missing_ok=True)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep the folder for this run; the hold ends with the process, however it ends."""
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        advice = "wait for it to end, or take another folder"
        raise InputError(str(folder), "folder", "one that another run writes to", "one of this run", advice) from None
    except OSError:
        pass  # some network folders know no locks: there the parts, each written whole, must do
    try:
        yield
    finally:
        os.close(handle)
