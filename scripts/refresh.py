"""Remake what the documentation shows of results: pictures, tables, validation pages. Run after results move."""

import os
import subprocess
import sys

from setup import ROOT, ready

SHOWN = {
    "docs/start/first-transplant.txt": ["simulate", "aml-sibling-pbsc", "--figure", "docs/images/first-transplant.png"],
    "docs/start/judged.txt": ["judge", "docs/start/counts.csv"],
}

PAGES = ("engraftment", "children", "whole_course", "judged", "real_patients", "forecast", "trials", "scoreboard")


def printed(python: str, command: list[str]) -> str:
    """What a command prints, less the lines about files."""
    found = subprocess.run([python, "-m", "dayzero", *command], cwd=ROOT, capture_output=True, text=True, check=True,
                           env={**os.environ, "COLUMNS": "100"})  # fmt: skip
    return "".join(line.rstrip() + "\n" for line in found.stdout.splitlines() if not line.startswith("written:"))


def main() -> None:
    """Remake everything; `--shown` only what takes seconds."""
    python = str(ready("docs", "measure"))
    for name, command in SHOWN.items():
        (ROOT / name).write_text(printed(python, command))
    if "--shown" not in sys.argv:
        for page in PAGES:
            subprocess.run([python, "-m", f"validation.{page}"], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
