"""Schemathesis against the running interface: no answer of its description may be a server error.

    python -m validation.page_fuzz            100 cases an operation
    python -m validation.page_fuzz 20         so many

Needs the package schemathesis (`pip install schemathesis`). Arguments after a number go to it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from validation.page_server import served

CASES = 100
CHECKS = "not_a_server_error,content_type_conformance,status_code_conformance"
LONGEST_S = "60"  # for one answer


def program() -> str | None:
    """Where schemathesis is; None where it is not."""
    beside = Path(sys.executable).with_name("schemathesis")
    return str(beside) if beside.exists() else shutil.which("schemathesis")


def fuzzed(cases: int, *more: str, checks: str = CHECKS) -> subprocess.CompletedProcess[str]:
    """A run against a server of its own; its status is 0 where nothing was found."""
    with served() as one:
        command = [program() or "schemathesis", "run", f"{one.home}/api/openapi.json", "--checks", checks,
                   "--max-examples", str(cases), "--request-timeout", LONGEST_S, "--seed", "1",
                   "--header", f"Cookie: {one.cookie()}", *more]  # fmt: skip
        return subprocess.run(command, text=True, capture_output=True, check=False)


def main() -> None:
    """Run it and print what it found."""
    if program() is None:
        sys.exit("needs schemathesis; install it with: pip install schemathesis")
    given = sys.argv[1:]
    cases = int(given.pop(0)) if given and given[0].isdecimal() else CASES
    found = fuzzed(cases, *given)
    print(found.stdout, found.stderr)
    sys.exit(found.returncode)


if __name__ == "__main__":
    main()
