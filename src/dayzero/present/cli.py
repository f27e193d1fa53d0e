"""The command line: simulate, observe, judge, explain. Human tables by default, ``--json`` for machines."""

from __future__ import annotations

import json
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from typer.core import TyperGroup

from dayzero.errors import DayzeroError, DomainWarning, EngineWarning, InputError, SpecError
from dayzero.present import busulfan, donors, forecast, keeping, large, outlook, targets, trials
from dayzero.present import calibrate as fitting
from dayzero.present import compare as paired
from dayzero.present import evidence as scoreboard
from dayzero.present import serve as page


class Commands(TyperGroup):
    """The commands; stopping one from the keyboard is a sentence and exit code 130."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            done = ", ".join(map(str, targets.placed))
            _say(f"stopped; {str(stop) or (f'written before: {done}' if done else 'nothing was written')}")
            os._exit(130)  # an ordinary exit aborts where threads are still in compiled code


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="The virtual transplant ward. Research and teaching software; not a medical device.",
)
said = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)
out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)

TABLE = (".csv", ".parquet")
PICTURE = (".png", ".svg", ".pdf")

PlanName = Annotated[str, typer.Argument(help="A plan of the library (see `dayzero plans`) or a YAML file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Written = Annotated[Path | None, typer.Option("--out", help="Write the result to this file.")]


def main() -> None:
    """Run the command line; bad input is one sentence and exit code 2."""
    targets.placed.clear()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # letters a terminal or file name has no bytes for
    try:
        app()
    except InputError as problem:
        _end(str(problem), 2)
    except DayzeroError as problem:
        _end(str(problem), 1)
    except OSError as problem:
        what = problem.strerror or str(problem) or type(problem).__name__
        where = str(problem.filename) if problem.filename is not None else "files"
        _end(str(InputError(where, "file", what, "a file that can be read or written", "check folder and disk")), 2)
    except MemoryError:
        _end("the memory of this machine does not hold the run; ask for fewer patients or fewer days", 1)


def _end(sentence: str, code: int) -> NoReturn:
    _say(sentence)
    sys.exit(code)


def _say(sentence: str) -> None:
    said.print(f"dayzero: {sentence}", style="bold")


@contextmanager
def noted() -> Iterator[None]:
    """Say domain warnings as notes when the work is done."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default", DomainWarning)
        warnings.simplefilter("default", EngineWarning)
        yield
    for sentence in dict.fromkeys(
        str(w.message) for w in caught if issubclass(w.category, DomainWarning | EngineWarning)
    ):
        said.print(f"note: {sentence}", style="dim")


@contextmanager
def progress(what: str, quiet: bool) -> Iterator[Callable[[float], None]]:
    """A progress bar with the time left, on the error stream."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TextColumn("left"),
               TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=said, transient=True, disable=quiet or not said.is_terminal) as bar:
        task = bar.add_task("Preparing and compiling (kept for next time)", total=None)

        def tick(share: float) -> None:
            bar.update(task, description=what, total=1.0, completed=share)

        yield tick


@app.command()
def simulate(
    context: typer.Context,
    plan: PlanName = "",
    patients: Annotated[int, typer.Option(help="Virtual patients.")] = 1000,
    days: Annotated[int, typer.Option(help="Last day, counted from infusion.")] = 120,
    seed: Annotated[int, typer.Option(help="Fixes who the patients are and what happens to them.")] = 1,
    precision: Annotated[str, typer.Option(help="float32 or float64.")] = "float32",
    steps: Annotated[str, typer.Option(help="Exactness: fast, usual, accurate or steps a day.")] = "usual",
    engine: Annotated[str, typer.Option(help="What computes: vector, jax, or auto, the first to be had.")] = "auto",
    change: Annotated[list[str] | None, typer.Option("--but", help="Edit the plan: graft.cd34_per_kg=2e6")] = None,
    parameters: Annotated[str | None, typer.Option(help="Take a parameter set, by name or file (.yaml).")] = None,
    ensemble: Annotated[bool, typer.Option(help="Deal its members out: bands with what is not known.")] = False,
    repeat: Annotated[Path | None, typer.Option(help="Repeat the run of this record (JSON) or course (.npz).")] = None,
    out_file: Written = None,
    figure: Annotated[Path | None, typer.Option(help="Draw the course (.png, .svg, .pdf).")] = None,
    outcomes: Annotated[Path | None, typer.Option(help="Draw survival, relapse, GVHD and the other outcomes.")] = None,
    timeline: Annotated[Path | None, typer.Option(help="Draw all that happened to one patient.")] = None,
    patient: Annotated[int | None, typer.Option(help="Whom to draw; the first one for --timeline.")] = None,
    chart: Annotated[Path | None, typer.Option(help="Write the chart (.csv, .parquet).")] = None,
    record: Annotated[Path | None, typer.Option(help="Write the run record (.json).")] = None,
    into: Annotated[Path | None, typer.Option(help="Any number of patients, in parts, into this folder.")] = None,
    chunk: Annotated[int | None, typer.Option(help="Patients in a part; 4096 if not said.")] = None,
    executor: Annotated[str, typer.Option(help="What computes parts: threads, processes or dask.")] = "threads",
    workers: Annotated[int | None, typer.Option(help="Parts computed at once; one a core if not said.")] = None,
    scheduler: Annotated[str | None, typer.Option(help="Address of a Dask scheduler: tcp://host:port")] = None,
    as_json: AsJson = False,
) -> None:
    """Simulate a plan and show the clinician's table."""
    from dayzero.analyse.summary import summary
    from dayzero.simulation.cohort import simulate as run

    large.check_options(context, into)
    if repeat is not None:
        _alone(context)
    _either(precision, ("float32", "float64"), "precision")
    pictures = {"--figure": figure, "--outcomes": outcomes, "--timeline": timeline}
    files = _named({"--out": out_file, "--chart": chart, "--record": record, **pictures})
    kinds = {"--out": (".npz",), "--chart": TABLE, "--record": (".json",), **dict.fromkeys(pictures, PICTURE)}
    _drawn(patient, patients, {"--figure", "--timeline"} & set(files), repeat)
    targets.check_targets(files, kinds, read=[repeat or Path(plan)])
    fitted = {"parameters": parameters, "ensemble": ensemble}
    if into is not None:
        how = {"patients": patients, "days": days, "seed": seed, "precision": precision, "chunk": chunk,
               "executor": executor, "workers": workers, "scheduler": scheduler, **fitted}  # fmt: skip
        with noted(), progress("Simulating", as_json) as tick:
            cohort = large.follow(edited(plan, change or []), into, tick, **how)
        large.show(cohort, files, out, as_json)
        return
    with noted(), progress("Simulating", as_json) as tick:
        if repeat is not None:
            from dayzero.simulation.repeat import repeat as again

            course = again(repeat, progress=tick)
        else:
            taken = int(steps) if steps.isdecimal() else steps
            course = run(edited(plan, change or []), patients, days, seed, precision=precision,  # type: ignore[arg-type]
                         steps_per_day=taken, engine=engine, progress=tick, **fitted)  # fmt: skip
    table = summary(course)
    keeping.keep(course, files, patient=patient, outcomes=table.outcomes)
    if as_json:
        print(json.dumps(table.as_dict(), indent=1))
        return
    from dayzero.present.tables import show_summary

    show_summary(table, out)
    for path in files.values():
        out.print(f"written: {path}")


@app.command()
def observe(
    course: Annotated[Path, typer.Argument(help="A course written by `dayzero simulate --out`.")],
    out_file: Annotated[Path, typer.Option("--out", help="Chart to write (.csv, .parquet).")],
    as_json: AsJson = False,
) -> None:
    """Write what the laboratory reported of a simulated course."""
    from dayzero.simulation.course import Course
    from dayzero.simulation.observe import observe as seen

    targets.check_targets({"--out": out_file}, {"--out": TABLE}, read=[course])
    chart = seen(Course.read(course))
    with targets.placing([out_file]) as (part,):
        chart.write(part)
    found = {"patients": len(chart), "measurements": {k: len(v.day) for k, v in chart.measurements.items()}}
    print(json.dumps(found) if as_json else f"{chart!r}\nwritten: {out_file}")


@app.command()
def judge(
    chart: Annotated[Path, typer.Argument(help="A chart (CSV, Parquet), a FHIR bundle (JSON) or a data set's folder.")],
    out_file: Written = None,
    as_json: AsJson = False,
    keep_duplicates: Annotated[bool, typer.Option(help="Keep rows that stand twice instead of refusing.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Each patient by every criterion, as a note.")] = False,
    patient: Annotated[str | None, typer.Option(help="With --all: show one patient.")] = None,
    definitions: Annotated[bool, typer.Option("--definitions", help="With --all: each definition and source.")] = False,
    html: Annotated[Path | None, typer.Option(help="With --all: write a page (.html).")] = None,
    cmv_threshold: Annotated[float | None, typer.Option(help="With --all: CMV load to treat from, IU/mL.")] = None,
    normal: Annotated[list[str] | None, typer.Option(help="With --all: upper limit of normal, ldh=250 (U/L).")] = None,
    recorded: Annotated[list[str] | None, typer.Option(help="With --all: relapse, chronic_gvhd: absent, none.")] = None,
    day_zero: Annotated[str | None, typer.Option(help="With a FHIR bundle: date of infusion, YYYY-MM-DD.")] = None,
    codes: Annotated[Path | None, typer.Option(help="With a FHIR bundle: a site's own codes (CSV, YAML).")] = None,
    timezone: Annotated[str | None, typer.Option(help="With a FHIR bundle: zone to read times in.")] = None,
) -> None:
    """Judge a chart, real or simulated, by the field's definitions."""
    from dayzero.criteria import judge as judged
    from dayzero.present.record import read_record
    from dayzero.present.tables import judgement_data, show_judgement

    files = _named({"--out": out_file, "--html": html})
    targets.check_targets(files, {"--out": (*TABLE, ".json"), "--html": (".html",)}, read=[chart])
    read = read_record(chart, keep_duplicates, day_zero, codes, timezone, said)
    if everything or html or definitions or patient or normal or recorded or cmv_threshold is not None:
        from dayzero.present.clinic_note import tell

        tell(read, chart.name, files, out, as_json, patient, definitions, cmv_threshold, normal or [], recorded or [])
        return
    table = judged(read)
    if out_file is not None:
        from dayzero.present.tables import write_judgement

        write_judgement(table, out_file)
    if as_json:
        print(json.dumps(judgement_data(table), indent=1))
        return
    show_judgement(table, out)
    if out_file is not None:
        out.print(f"written: {out_file}")


@app.command()
def export(
    plan: PlanName,
    sbml: Annotated[Path | None, typer.Option(help="Write one patient's body as an SBML model (.xml, .sbml).")] = None,
    events: Annotated[Path | None, typer.Option(help="Write doses and reports as an event table (.csv).")] = None,
    patient: Annotated[int, typer.Option(help="Whose body the SBML model is.")] = 0,
    patients: Annotated[int, typer.Option(help="Virtual patients in the event table.")] = 20,
    days: Annotated[int, typer.Option(help="Last day, counted from infusion.")] = 120,
    seed: Annotated[int, typer.Option(help="Fixes who the patients are and what happens to them.")] = 1,
    precision: Annotated[str, typer.Option(help="float32 or float64.")] = "float64",
    change: Annotated[list[str] | None, typer.Option("--but", help="Edit the plan: graft.cd34_per_kg=2e6")] = None,
    as_json: AsJson = False,
) -> None:
    """Write a patient's body as SBML, or patients' doses and reports as a table of pharmacometrics."""
    from dayzero.present import export as exported

    _either(precision, ("float32", "float64"), "precision")
    files = _named({"--sbml": sbml, "--events": events})
    targets.check_targets(exported.with_companion(files), exported.KINDS, read=[Path(plan)])
    with noted(), progress("Simulating", as_json) as tick:
        written = exported.export(edited(plan, change or []), files, patient=patient, patients=patients, days=days,
                                  seed=seed, precision=precision, progress=tick)  # type: ignore[arg-type]  # fmt: skip
    paths = list(map(str, written))
    print(json.dumps({"written": paths}) if as_json else "\n".join(f"written: {path}" for path in paths))


@app.command()
def explain(
    name: Annotated[str | None, typer.Argument(help="A module, parameter, signal, policy or assay.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what a parameter, signal or organ system is: value, unit, source, status, and what uses it."""
    from dayzero.present.explain import explain as explained

    found = explained(name)
    if as_json:
        print(json.dumps(found.as_dict(), indent=1))
    else:
        out.print(str(found))


@app.command()
def plans(
    kind: Annotated[
        str, typer.Argument(help="plan, conditioning, prophylaxis, care, graft, donor-case, trial")
    ] = "plan",
    as_json: AsJson = False,
) -> None:
    """List what the library holds."""
    from dayzero.present.tables import library_rows, show_library

    _either(kind, ("plan", "conditioning", "prophylaxis", "care", "graft", "donor-case", "trial"), "kind")
    rows = library_rows(kind)
    if as_json:
        print(json.dumps(rows, indent=1))
    else:
        show_library(rows, out)


app.command()(paired.compare)
app.command()(trials.trial)
app.command()(donors.rank_donors)
app.command()(forecast.forecast)
app.command()(busulfan.busulfan)
app.command()(outlook.outlook)
app.command()(scoreboard.evidence)
app.command()(fitting.calibrate)
app.command()(page.serve)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a plan, for editors that complete and check."""
    from dayzero.spec import Plan

    print(json.dumps(Plan.json_schema(), indent=1))


def edited(name: str, changes: list[str]) -> Any:
    """The plan with every ``section.field=value`` applied; values are YAML."""
    from dayzero.present.scene import with_edits
    from dayzero.spec import Plan

    if not name:
        raise SpecError("simulate", "PLAN", "nothing", "a plan's name or file", "see `dayzero plans`")
    return with_edits(Plan.load(name), changes)


def _drawn(patient: int | None, patients: int, pictures: set[str], repeat: Path | None) -> None:
    """Refuse a patient who is not simulated or not drawn, before any work."""
    if patient is None:
        return
    if not pictures:
        raise SpecError(
            "simulate", "--patient", f"{patient}", "a picture of that patient", "add --figure or --timeline"
        )
    if patient < 0 or (repeat is None and patient >= patients):
        expected = f"0 to {patients - 1}, a patient of this run" if repeat is None else "0 or more"
        raise SpecError("simulate", "--patient", f"{patient}", expected, "patients are numbered from 0")


def _either(got: str, valid: tuple[str, ...], field: str) -> None:
    if got not in valid:
        raise SpecError("command line", field, repr(got), f"one of {', '.join(valid)}", "choose one of them")


def _named(files: dict[str, Path | None]) -> dict[str, Path]:
    return {option: path for option, path in files.items() if path is not None}


def _alone(context: typer.Context) -> None:
    """Refuse what a record already says, given beside it."""
    names = {"plan": "PLAN", "change": "--but", "seed": "--seed", "patients": "--patients", "days": "--days",
             "precision": "--precision", "parameters": "--parameters", "ensemble": "--ensemble"}  # fmt: skip
    for name, option in names.items():
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            advice = "leave it out, or simulate the plan without --repeat"
            raise SpecError("simulate", option, "an option beside --repeat", "the record alone", advice)
