"""Files a command is to write: checked before any work, and put in place together once all of them are whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from dayzero.errors import SpecError

placed: list[Path] = []  # what this command has put in place


def check_targets(targets: Mapping[str, Path], kinds: Mapping[str, tuple[str, ...]], read: Iterable[Path] = ()) -> None:
    """Refuse what could not be written, or would stand on another file of the command; nothing is made.

    Parameters
    ----------
    targets : option -> file to write.
    kinds : option -> suffixes it may have.
    read : files the command reads.
    """
    sources = [_real(path) for path in read if path.is_file()]
    taken: dict[Path, str] = {}
    for option, path in targets.items():
        _check_target(option, path, kinds[option])
        here = _real(path)
        if here in sources:
            raise _refused(option, str(path), "another file than the one that is read", "choose another name")
        for other, owner in taken.items():
            if other == here or other in here.parents or here in other.parents:
                raise _refused(option, str(path), f"another file than {owner}", "give each file a name of its own")
        taken[here] = option


@contextmanager
def placing(paths: Iterable[Path]) -> Iterator[list[Path]]:
    """Where to write instead of `paths`; at the end all are moved there, and on any failure none."""
    targets = list(paths)
    with ExitStack() as rest:
        parts = []
        for path in targets:
            rest.callback(_remove_empty, _missing(path.parent))
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = rest.enter_context(tempfile.TemporaryDirectory(dir=path.parent, prefix=".", suffix=".part"))
            parts.append(Path(beside) / path.name)
        yield parts
        for part, path in zip(parts, targets, strict=True):
            part.replace(path)
            placed.append(path)


def _check_target(option: str, path: Path, kinds: tuple[str, ...]) -> None:
    if path.suffix not in kinds:
        got = f"{str(path)!r}, which ends in {path.suffix!r}" if path.suffix else f"{str(path)!r}, which has no suffix"
        raise _refused(option, got, f"a name that ends in {' or '.join(kinds)}", "rename the file")
    try:
        if path.exists() and not path.is_file():
            kind = "a folder" if path.is_dir() else "not an ordinary file"
            raise _refused(option, f"{str(path)!r}, which is {kind}", "a file to write", "choose another name")
        with suppress(FileNotFoundError):
            path.lstat()
        with tempfile.TemporaryFile(dir=_standing(path.parent)):
            pass
    except OSError as problem:
        got = f"{str(path)!r} ({problem.strerror or type(problem).__name__})"
        raise _refused(option, got, "a file in a folder that can be written to", "choose another folder") from None


def _standing(folder: Path) -> Path:
    """The nearest folder that is there."""
    return next(place for place in (folder, *folder.parents) if os.path.lexists(place) or place == place.parent)


def _missing(folder: Path) -> list[Path]:
    """Folders that would have to be made, the innermost first."""
    return [place for place in (folder, *folder.parents) if not os.path.lexists(place)]


def _remove_empty(folders: list[Path]) -> None:
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _refused(option: str, got: str, expected: str, advice: str) -> SpecError:
    return SpecError("command line", option, got, expected, advice)
