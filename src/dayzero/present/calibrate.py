"""``dayzero calibrate``: the free parameters fitted to published findings, and what the findings say of each."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from dayzero.errors import SpecError
from dayzero.present import targets

FEWEST, MOST = 32, 20_000
PICTURE = (".png", ".svg", ".pdf")


def calibrate(
    stage: Annotated[list[str] | None, typer.Option(help="Fit this stage alone; may be named again.")] = None,
    patients: Annotated[int, typer.Option(help="Virtual patients an arm while fitting; twice as many score.")] = 256,
    rounds: Annotated[int, typer.Option(help="Rounds: what moves the rows, then a step, checked.")] = 3,
    budget: Annotated[float, typer.Option(help="Most it may cost, in whole scoreboards of 2,000 patients.")] = 10.0,
    folds: Annotated[int, typer.Option(help="Parts of the studies left out in turn; 0 for none.")] = 5,
    seed: Annotated[int, typer.Option(help="Fixes the patients and all other draws.")] = 1,
    out_file: Annotated[Path, typer.Option("--out", help="Write the parameter set (.yaml).")] = Path("fitted.yaml"),
    figure: Annotated[Path | None, typer.Option(help="Draw what is known of each parameter.")] = None,
    resume: Annotated[bool, typer.Option("--resume/--fresh", help="Take what was finished before, or not.")] = True,
    jobs: Annotated[int | None, typer.Option(help="Studies run at once; one a core if not said.")] = None,
    explained: Annotated[str | None, typer.Option("--explain", help="Tell of a set made before; fit nothing.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Fit the free parameters to published findings; write them as a parameter set."""
    if explained is not None:
        from dayzero.simulation.parameter_sets import read_set

        _tell(dict(read_set(explained).content), figure, as_json)
        return
    _check(patients, rounds, folds, jobs)
    files = {"--out": out_file} | ({"--figure": figure} if figure is not None else {})
    targets.check_targets(files, {"--out": (".yaml",), "--figure": PICTURE})
    from dayzero.analyse.calibrate.record import Asked, as_yaml, content
    from dayzero.analyse.calibrate.record import calibrate as fitted
    from dayzero.present.evidence import studies_asked

    asked = Asked(tuple(stage or ()), patients, rounds, folds, seed, budget)
    with _bar(as_json) as tick:
        made = fitted(studies_asked(None, None, None), asked, jobs, resume, tick)
    told = content(made, out_file.stem)
    with targets.placing([out_file]) as (part,):
        part.write_text(as_yaml(told), encoding="utf-8")
    _tell(told, figure, as_json)
    if not as_json:
        from dayzero.present.cli import out

        out.print(f"written: {out_file}")


def _check(patients: int, rounds: int, folds: int, jobs: int | None) -> None:
    advice = "256 are usual"
    if not FEWEST <= patients <= MOST:
        raise SpecError("calibrate", "--patients", str(patients), f"{FEWEST} to {MOST}", advice)
    if not 1 <= rounds <= 50:
        raise SpecError("calibrate", "--rounds", str(rounds), "1 to 50", "3 are usual")
    if folds and not 2 <= folds <= 50:
        raise SpecError("calibrate", "--folds", str(folds), "0, or 2 to 50", "5 are usual")
    if jobs is not None and jobs < 1:
        raise SpecError("calibrate", "--jobs", str(jobs), "1 or more", "leave it out for one a core")


def _tell(told: dict[str, Any], figure: Path | None, as_json: bool) -> None:
    from dayzero.present.calibrate_table import show_set
    from dayzero.present.cli import out

    if figure is not None:
        from dayzero.present.calibrate_figure import widths_figure
        from dayzero.present.page import save

        targets.check_targets({"--figure": figure}, {"--figure": PICTURE})
        save(widths_figure(told), figure)
    if as_json:
        print(json.dumps(told, indent=1))
        return
    show_set(told, out)
    if figure is not None:
        out.print(f"written: {figure}")


@contextmanager
def _bar(quiet: bool) -> Iterator[Callable[[int, int, str], None]]:
    """Progress of the part that is under way; on no terminal, a line a part. Interrupted, it says how to go on."""
    from dayzero.present.cli import progress, said

    began, seen = time.monotonic(), [""]
    with progress("Fitting", quiet) as tick:

        def step(done: int, total: int, what: str) -> None:
            tick(done / max(total, 1))
            if what != seen[0] and not quiet:
                seen[0] = what
                said.print(f"{what}: {total} studies, {(time.monotonic() - began) / 60:.1f} min so far", style="dim")

        try:
            yield step
        except KeyboardInterrupt:
            advice = "finished studies are kept; the same command goes on from there"
            raise KeyboardInterrupt(f"in {seen[0] or 'the first round'}; {advice}") from None
