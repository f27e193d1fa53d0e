"""Reference data for HLA: a table of one's own, or py-ard (optional extra ``dayzero[hla]``).

dayzero ships no reference data: those of IPD-IMGT/HLA belong to their owners. Both reducers read what the user has.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
import sys
import tempfile
import warnings
import weakref
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeVar

from dayzero.criteria.hla import TWO_FIELD, Allele, Reducer, allele
from dayzero.errors import DomainWarning, InputError

Answer = TypeVar("Answer")
_SOURCE: Final = "IMGT_HLA_URL"  # where py-ard reads reference files, as environment and as constant of its loaders
_WHERE: Final = "HLA reference data"


class TableReducer:
    """Groups of a table: ``allele``, ``group`` and, if wanted, ``antigen``. An allele not listed is its own group.

    >>> table = TableReducer({"DRB1*14:01": "DRB1*14:01P", "DRB1*14:54": "DRB1*14:01P"})
    >>> table.reduce(allele("DRB1*14:54"))
    'DRB1*14:01P'
    """

    ard_level = "P"

    def __init__(
        self, groups: Mapping[str, str], antigens: Mapping[str, str] | None = None, release: str = "table"
    ) -> None:
        self._groups = {_name(one): group for one, group in groups.items()}
        self._antigens = {_name(one): antigen for one, antigen in (antigens or {}).items()}
        self.release = release

    @classmethod
    def read(cls, path: Path) -> TableReducer:
        """Read a CSV with the columns ``allele,group`` or ``allele,group,antigen``."""
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                rows = list(csv.DictReader(file))
        except (OSError, UnicodeDecodeError) as problem:
            said = getattr(problem, "strerror", None) or "bytes that are not text"
            raise InputError(path.name, "file", said, "a table in CSV, UTF-8", "check the path and the file") from None
        groups: dict[str, str] = {}
        antigens: dict[str, str] = {}
        for number, row in enumerate(rows, start=2):
            name, group, antigen = ((row.get(column) or "").strip() for column in ("allele", "group", "antigen"))
            if not name or not group:
                advice = "name the columns allele,group in the first row and fill both"
                raise InputError(path.name, f"row {number}", "no allele or no group", "an allele and its group", advice)
            if groups.setdefault(_in_row(path, number, name), group) != group:
                advice = "keep one of the two rows"
                raise InputError(path.name, f"row {number}", f"a second group of {name}", "one group", advice)
            if antigen:
                antigens[_name(name)] = antigen
        return cls(groups, antigens, path.name)

    def reduce(self, one: Allele) -> str:
        """The group of the table."""
        return self._groups.get(one.name, one.name)

    def antigen(self, one: Allele) -> str | None:
        """The antigen of the table; the first field where the table has no antigens."""
        return self._antigens.get(one.name) if self._antigens else one.family

    def expand(self, code: str) -> tuple[str, ...]:
        """Nothing: a table of groups does not say what a code stands for."""
        return ()


class PyArdReducer:
    """P groups by py-ard, on reference data at hand; never starts a download unless asked.

    Parameters
    ----------
    data_dir : folder of py-ard databases (``pyard-RELEASE.sqlite3``).
    tree : local copy of the reference files (a folder with ``Latest/wmda`` and ``Latest/Allelelist.txt``).
    release : release of the database, ``Latest`` or four digits such as ``3580``.
    download : let py-ard fetch the data.

    Raises
    ------
    InputError : py-ard is not installed, or there are no data.
    """

    ard_level = "P"

    def __init__(
        self,
        data_dir: Path | None = None,
        tree: Path | None = None,
        *,
        release: str = "Latest",
        download: bool = False,
    ) -> None:
        if tree is None and not download:
            _require_database(data_dir, release)
        folder = data_dir or Path(tempfile.mkdtemp(prefix="dayzero-hla-"))
        if data_dir is None:
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._ard = _opened(folder, tree, release, download)
        self.release = str(self._asked(lambda: self._ard.get_db_version()) or release)

    def reduce(self, one: Allele) -> str:
        """The P group; the name to two fields where py-ard does not know the allele."""
        return self._asked(lambda: str(self._ard.redux(one.name, "P"))) or one.name

    def antigen(self, one: Allele) -> str | None:
        """The first field."""
        return one.family

    def expand(self, code: str) -> tuple[str, ...]:
        """The alleles of a code or of an antigen by serology, as far as the data hold them."""
        if "*" in code:
            listed = self._asked(lambda: str(self._ard.expand_mac(code)))
        else:
            listed = self._asked(lambda: str(self._ard.redux(code.replace("CW", "Cw"), "P")))
        return tuple(_name(name.rstrip("PG")) for name in (listed or "").split("/") if "*" in name)

    def _asked(self, question: Callable[[], Answer]) -> Answer | None:
        """What py-ard answers; None where it does not know."""
        try:
            with _quiet():
                return question()
        except (SystemExit, Exception):
            return None


def reducer_at_hand(
    *, table: Path | None = None, data_dir: Path | None = None, tree: Path | None = None, download: bool = False
) -> Reducer:
    """The best reducer there is: a table if one is named, py-ard with data, or names to two fields with one warning.

    >>> reducer_at_hand().ard_level
    'two_field'
    """
    if table is not None:
        return TableReducer.read(table)
    if data_dir is None and tree is None and not download:
        return TWO_FIELD
    try:
        return PyArdReducer(data_dir, tree, download=download)
    except InputError as problem:
        warnings.warn(f"HLA is compared to two fields: {problem}", DomainWarning, stacklevel=2)
        return TWO_FIELD


def _require_database(data_dir: Path | None, release: str) -> None:
    """Refuse where py-ard would have to fetch its data."""
    name = f"pyard-{release}.sqlite3"
    file = None if data_dir is None else data_dir / name
    if file is None or not file.is_file() or file.stat().st_size == 0:
        got = "no folder" if data_dir is None else f"no {name} in {data_dir.name}"
        advice = "name a folder with a py-ard database or a local tree of reference files, or ask for the download"
        raise InputError(_WHERE, "data", got, "reference data at hand", advice)


def _opened(folder: Path, tree: Path | None, release: str, download: bool) -> Any:
    source = None if download and tree is None else (tree or folder / "no-download").resolve().as_uri() + "/"
    file = folder / f"pyard-{release}.sqlite3"
    was_there = file.is_file() and file.stat().st_size > 0
    try:
        with _reading_from(source), _quiet():
            return import_module("pyard").init(release, data_dir=str(folder), load_mac=False)
    except ImportError:
        advice = "install dayzero[hla], or name a table of groups"
        raise InputError(_WHERE, "py-ard", "not installed", "the optional extra", advice) from None
    except (SystemExit, Exception) as problem:
        if not was_there:
            file.unlink(missing_ok=True)  # py-ard leaves an empty database behind
        got = f"{type(problem).__name__} from py-ard"
        advice = "name the local tree of reference files as well, or use a database made with release 3640 or later"
        raise InputError(_WHERE, "data", got, "reference data it can read", advice) from None


@contextmanager
def _reading_from(source: str | None) -> Generator[None]:
    """Let py-ard read from one place only, and leave it as it was; it settles the place when it is imported."""
    if source is None:
        yield
        return
    before = {name: os.environ.get(name) for name in (_SOURCE, "PYARD_RC")}
    os.environ |= {_SOURCE: source, "PYARD_RC": "no"}
    kept = {name: getattr(one, _SOURCE) for name, one in _readers().items()}
    try:
        for one in _readers().values():
            setattr(one, _SOURCE, source)
        yield
    finally:
        for name, one in _readers().items():
            usual = before[_SOURCE] or _usual_source()
            setattr(one, _SOURCE, kept.get(name, usual))
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _readers() -> dict[str, Any]:
    """The modules of py-ard that know where to read, as far as they are imported."""
    modules = list(sys.modules.items())
    return {name: one for name, one in modules if name.startswith("pyard.") and hasattr(one, _SOURCE)}


def _usual_source() -> str:
    return str(getattr(sys.modules["pyard.loader"], f"DEFAULT_{_SOURCE}"))


@contextmanager
def _quiet() -> Generator[None]:
    """Keep what py-ard prints off the terminal."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        yield


def _name(text: str) -> str:
    return allele(text).name


def _in_row(path: Path, number: int, name: str) -> str:
    try:
        return _name(name)
    except InputError as problem:
        raise InputError(path.name, f"row {number}", problem.got, problem.expected, problem.advice) from None
