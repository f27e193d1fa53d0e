"""Plans on disk: YAML to plain data, and the line a field stands on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any, Final, cast

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, SequenceNode

from dayzero.errors import SpecError
from dayzero.spec.reading import check_keys, kind_of, short

LARGEST: Final = 100_000
"""Values a plan may hold; more is a slip or an attack."""

LAST_STEP: Final = re.compile(r"(\.[^.\[\]]+|\[\d+\])$")


def read_yaml(path: Path) -> dict[str, Any]:
    """The keys and values of a YAML file."""
    return yaml_of(read_text(path), path.name or str(path))


def yaml_of(text: str, where: str) -> dict[str, Any]:
    """The keys and values of YAML text; ``where``: what errors call it."""
    try:
        data: Any = cast("Any", YAML(typ="safe", pure=True)).load(text)
    except MarkedYAMLError as problem:
        raise _syntax_error(problem, where) from None
    except (YAMLError, ValueError, RecursionError, TypeError) as problem:
        raise SpecError(where, "file", _one_line(str(problem)), "YAML", "check the file with an editor") from None
    return whole_mapping(data, where)


def read_text_value(text: str) -> Any:
    """One value as YAML reads it: a number, true, null, a word, a list."""
    try:
        return cast("Any", YAML(typ="safe", pure=True)).load(text)
    except (YAMLError, ValueError, RecursionError, TypeError):
        raise SpecError("--but", short(text), "no YAML value", "a number, word or list", "put it in quotes") from None


def write_yaml(data: dict[str, Any]) -> str:
    """Plain data as YAML text, in the order given; lists of numbers stand on one line."""
    writer: Any = YAML()
    writer.indent(mapping=2, sequence=4, offset=2)
    writer.width = 110
    out = StringIO()
    writer.dump(_laid_out(data), out)
    return out.getvalue()


def shortest(value: Any) -> Any:
    """Plain data with whole numbers written as such: 60, not 60.0."""
    if isinstance(value, Mapping):
        return {key: shortest(item) for key, item in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [shortest(item) for item in cast("list[Any]", value)]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


def whole_mapping(data: Any, where: str) -> dict[str, Any]:
    """Keys and values with text keys all the way down, or a sentence saying what stood there."""
    if data is None or data == {}:
        raise SpecError(where, "file", "nothing", "a plan", "write one, or copy one from the library")
    if not isinstance(data, Mapping):
        advice = "write keys and values, such as patient: with its fields below"
        raise SpecError(where, "file", kind_of(data), "keys with values", advice)
    if _size(data, {}) > LARGEST:
        advice = "write it out without anchors that refer to each other"
        raise SpecError(where, "file", "too many values", f"at most {LARGEST} values", advice)
    check_keys(data, where)
    return dict(cast("Mapping[str, Any]", data))


def at_line(problem: SpecError, path: Path) -> SpecError:
    """The same problem with the file and the line its field stands on."""
    return at_line_of(problem, read_text(path), path.name)


def at_line_of(problem: SpecError, text: str, where: str) -> SpecError:
    """The same problem with the line of the text its field stands on."""
    lines = lines_in(text)
    field = problem.field
    while field not in lines:
        shorter = LAST_STEP.sub("", field)
        if shorter == field:
            return _moved(problem, where)
        field = shorter
    return _moved(problem, f"{where}:{lines[field]}")


def lines_of(path: Path) -> dict[str, int]:
    """The line of every dotted field of a YAML file."""
    return lines_in(read_text(path))


def lines_in(text: str) -> dict[str, int]:
    """The line of every dotted field of YAML text."""
    lines: dict[str, int] = {}
    _note_lines(cast("Any", YAML(typ="safe", pure=True)).compose(text), "", lines)
    return lines


def _size(value: Any, known: dict[int, float]) -> float:
    """Values in a tree with its anchors written out; infinite where a part contains itself."""
    if isinstance(value, Mapping):
        inner = list(cast("Mapping[Any, Any]", value).values())
    elif isinstance(value, (list, tuple)):
        inner = list(cast("list[Any]", value))
    else:
        return 1
    key = id(cast("object", value))
    if key not in known:
        known[key] = float("inf")
        known[key] = 1 + sum(_size(item, known) for item in inner)
    return known[key]


def _laid_out(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _laid_out(item) for key, item in cast("Mapping[str, Any]", value).items()}
    if not isinstance(value, list):
        return value
    items = cast("list[Any]", value)
    laid: Any = CommentedSeq(_laid_out(item) for item in items)
    if all(isinstance(item, (int, float)) for item in items):
        laid.fa.set_flow_style()
    return laid


def _note_lines(node: Any, field: str, lines: dict[str, int]) -> None:
    if isinstance(node, MappingNode):
        inner = [(f"{field}.{key.value}".lstrip("."), key, value) for key, value in cast("Any", node).value]
    elif isinstance(node, SequenceNode):
        items = enumerate(cast("Any", node).value)
        inner = [(f"{field}[{number}]", value, value) for number, value in items]
    else:
        return
    for name, mark, value in inner:
        lines[name] = mark.start_mark.line + 1
        _note_lines(value, name, lines)


def read_text(path: Path) -> str:
    """The text of a file, or a sentence saying why there is none."""
    where = path.name or str(path)
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise SpecError(where, "file", "no such file", "a plan in YAML", f"check the path {path}") from None
    except IsADirectoryError:
        raise SpecError(where, "file", "a directory", "a plan in YAML", f"name a file in {path}") from None
    except UnicodeDecodeError:
        raise SpecError(where, "file", "bytes that are not text", "text in UTF-8", "save it as UTF-8") from None
    except OSError as problem:
        said = problem.strerror or "an unreadable file"
        raise SpecError(where, "file", said, "a readable file", f"check {path}") from None


def _moved(problem: SpecError, where: str) -> SpecError:
    return SpecError(where, problem.field, problem.got, problem.expected, problem.advice)


def _syntax_error(problem: Any, where: str) -> SpecError:
    mark = problem.problem_mark or problem.context_mark
    line = where if mark is None else f"{where}:{mark.line + 1}"
    said = problem.problem or problem.context or "a syntax error"
    return SpecError(line, "file", _one_line(str(said)), "YAML", "check indentation, colons and quotes")


def _one_line(text: str) -> str:
    return short(" ".join(text.split()))
