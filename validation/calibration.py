"""The calibration page: what a stored parameter set moved, what it bought, and what the rows say of each parameter.

Run ``python -m validation.calibration SET`` (a name or file); it writes docs/measurements/calibration.md with its
picture and simulates nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dayzero.analyse.calibrate.free import stages
from dayzero.present.calibrate_figure import widths_figure
from dayzero.present.calibrate_table import (
    SEARCH_HEADS,
    WHEN,
    made_text,
    outcome,
    parameter_rows,
    score_rows,
    search_rows,
    seen_text,
)
from dayzero.present.page import save
from dayzero.simulation.parameter_sets import read_set

DOCS = Path(__file__).resolve().parent.parent / "docs" / "measurements"
PAGE, PICTURE = DOCS / "calibration.md", DOCS / "calibration.png"
INFORMED = 0.9  # width below which rows say something of a parameter

TEXT = """# Calibration: what fitting buys

`dayzero calibrate` could move {moved} parameters towards {rows} published rows ([how](../how-to/calibrate.md)).

{made}.

{outcome}

Each round simulates what moves the rows, solves for a step, and simulates places along it: in the first round the whole
step, later twice the part of it that was best the round before (the whole at most), then half of that and so on, until
a shorter one is no better. Foretold is the misfit (rows and priors) by the emulation, simulated the one that was found;
the best place is taken, if it is better than where the round began.

{search}

*Before*: values of the source files, no blind score either. *Left out*: each row simulated with the steps of the full
fit solved again without the emulated rows of its study, each gone as far as the full fit went. No place along these
steps is simulated first. {seen} (Roles: [scoreboard](scoreboard.md).)

{scores}

The rows inform {informed} of {moved} parameters (posterior below {limit:g} of the prior width), by stage:

{stages}

```{{image}} calibration.png
:alt: Prior and posterior of every parameter, stage by stage
```

## Every parameter

Moved and between folds are in prior standard deviations; width is posterior over prior.

{parameters}
"""


def page(told: Mapping[str, Any]) -> str:
    """The page as Markdown."""
    parameters: Mapping[str, Any] = told["parameters"]
    by_stage = []
    for stage in stages():
        own = [p for p in parameters.values() if p["stage"] == stage.name]
        known = sum(p["ratio"] < INFORMED for p in own)
        by_stage.append((stage.name.replace("_", " and "), str(len(own)), str(known), ", ".join(stage.families)))
    heads = ["parameter", "stage", "old", "new", "moved", "width", "between folds", "rows that narrow it most"]
    return TEXT.format(
        moved=len(parameters),
        rows=len(told["rows"]),
        made=made_text(told)[:1].upper() + made_text(told)[1:],
        outcome=outcome(told),
        seen=seen_text(told),
        search=_table(SEARCH_HEADS, search_rows(told)),
        scores=_table(["", *(when.replace("_", " ") for when in WHEN)], score_rows(told)),
        informed=sum(p["ratio"] < INFORMED for p in parameters.values()),
        limit=INFORMED,
        stages=_table(["stage", "parameters", "informed", "families of rows"], by_stage),
        parameters=_table(heads, parameter_rows(told)),
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def main(name: str) -> None:
    """Write page and picture."""
    told = read_set(name).content
    PAGE.write_text(page(told), encoding="utf-8")
    save(widths_figure(told), PICTURE)
    print(f"written: {PAGE}, {PICTURE}")


if __name__ == "__main__":
    main(sys.argv[1])
