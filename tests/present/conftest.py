"""What tests of commands share."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from dayzero.present import cli


@pytest.fixture
def dayzero(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs a command in this process: its exit code, output and errors."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(cli.signal, "signal", lambda *_: None)
    monkeypatch.setattr(cli.os, "_exit", sys.exit)

    def command(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["dayzero", *map(str, arguments)])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
        told = capsys.readouterr()
        return code, told.out, told.err

    return command
