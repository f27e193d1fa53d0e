"""The command that forecasts patients from their counts, keeps forecasts, and scores them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dayzero.errors import InputError, SpecError
from dayzero.present import targets

if TYPE_CHECKING:
    from rich.console import Console

    from dayzero.analyse.forecast.days import Days
    from dayzero.analyse.forecast.forecast import Forecast
    from dayzero.analyse.forecast.rounds import Row
    from dayzero.records import Chart

KINDS = {"--out": (".json",), "--figure": (".png", ".svg", ".pdf"), "--log": (".jsonl",)}


def forecast(
    chart: Annotated[Path | None, typer.Argument(help="A chart (CSV, Parquet, FHIR) or a data set's folder.")] = None,
    plan: Annotated[str | None, typer.Option(help="The plan; not said: the common plans of the chart's graft.")] = None,
    day: Annotated[int | None, typer.Option(help="Day to forecast from; not said: that of the last count.")] = None,
    patient: Annotated[str | None, typer.Option(help="Whom; not said: every patient of the chart.")] = None,
    others: Annotated[Path | None, typer.Option(help="Chart or folder of earlier patients to learn days from.")] = None,
    twins: Annotated[int, typer.Option(help="Virtual twins in the pool.")] = 3000,
    seed: Annotated[int, typer.Option(help="Fixes who the twins are.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    out_file: Annotated[Path | None, typer.Option("--out", help="Write the forecasts (.json).")] = None,
    figure: Annotated[Path | None, typer.Option(help="Draw the fan of one patient (.png, .svg, .pdf).")] = None,
    log: Annotated[Path | None, typer.Option(help="Add the forecasts to this log (.jsonl).")] = None,
    score: Annotated[Path | None, typer.Option(help="Score a log (with CHART), or a folder of patients.")] = None,
) -> None:
    """Forecast when a patient's counts recover, from the plan and the counts so far; keep and score forecasts."""
    from dayzero.present.cli import out, progress

    files = {k: v for k, v in {"--out": out_file, "--figure": figure, "--log": log}.items() if v is not None}
    targets.check_targets(files, KINDS, read=[path for path in (chart, score, others) if path is not None])
    if score is not None:
        with progress("Forecasting every patient", as_json) as tick:
            rows, unscored = _scored(score, chart, plan, others, twins, seed, tick)
        told = _score_data(rows, unscored)
        _place(files, told, None)
        print(json.dumps(told, indent=1)) if as_json else _show_scores(told, out)
        return
    if chart is None:
        raise SpecError("forecast", "CHART", "nothing", "a chart to forecast from", "name a CSV, see the how-to page")
    read = _chart(chart)
    if figure is not None and patient is None and len(read) != 1:
        raise SpecError("forecast", "--figure", f"{len(read)} patients", "one patient", "name one with --patient")
    with progress("Simulating twins", as_json) as tick:
        made = _made(read, plan, day, patient, others, twins, seed, tick)
    told = [one.as_dict() for one in made]
    _place(files, told, read, made)
    if as_json:
        print(json.dumps(told, indent=1))
        return
    show_forecasts(made, out)
    for path in files.values():
        out.print(f"written: {path}")


def _chart(path: Path) -> Chart:
    from dayzero.records import Chart

    return Chart.read(path)


def _made(read: Chart, plan: str | None, day: int | None, patient: str | None, others: Path | None, twins: int,
          seed: int, tick: Any) -> list[Forecast]:  # fmt: skip
    """Forecasts of the patients asked for; one pool for all who share plans."""
    from dayzero.analyse.forecast.experience import Experience
    from dayzero.analyse.forecast.forecast import forecast as foretell
    from dayzero.analyse.forecast.plans import as_given, gcsf_since, plans_for_graft
    from dayzero.analyse.forecast.pool import make_pool
    from dayzero.analyse.forecast.readings import check_day
    from dayzero.spec import Plan

    names = list(read.patients) if patient is None else [patient]
    earlier = None if others is None else _chart(others)
    grafts = {name: read.graft[read.index(name)] for name in names}
    if plan is None and None in grafts.values():
        raise SpecError("forecast", "--plan", "none, and no graft in the chart", "a plan", "see `dayzero plans`")
    keys = {name: (grafts[name], gcsf_since(read, name, check_day(read, name, day))) for name in names}
    keys = keys if plan is None else {name: (None, since) for name, (_, since) in keys.items()}
    plans = {key: as_given(plans_for_graft(str(key[0])) if plan is None else [Plan.load(plan)], key[1])
             for key in dict.fromkeys(keys.values())}  # fmt: skip
    pools = {key: make_pool(some, twins, seed=seed, progress=tick) for key, some in plans.items()}
    learned = {name: None if earlier is None else Experience.of(earlier, _but(earlier, name), grafts[name])
               for name in names}  # fmt: skip
    return [foretell(read, patient=name, day=day, pool=pools[keys[name]], experience=learned[name], seed=seed)
            for name in names]  # fmt: skip


def _but(earlier: Chart, patient: str) -> list[str]:
    """Everybody but the person who is forecast: nobody's own future may teach their forecast."""
    return [name for name in earlier.patients if name.split("@")[0] != patient.split("@")[0]]


def _scored(score: Path, chart: Path | None, plan: str | None, others: Path | None, twins: int, seed: int,
            tick: Any) -> tuple[list[Row], dict[str, str]]:  # fmt: skip
    """Forecasts beside their truth, and who could not be scored with the reason."""
    from dayzero.analyse.forecast import log as forecast_log
    from dayzero.analyse.forecast import rounds as forecast_rounds

    if score.is_file() and score.suffix == ".jsonl":
        if chart is None:
            advice = "name the chart as it is now before --score"
            raise SpecError("forecast", "CHART", "nothing", "a chart that tells the truth", advice)
        return forecast_log.rows_of(forecast_log.read(score), _chart(chart)), {}
    if not score.exists():
        raise InputError(str(score), "file", "nothing there", "a forecast log (.jsonl) or a folder", "check the path")
    earlier = None if others is None else _chart(others)
    read = _chart(score)
    rows = forecast_rounds.rounds(read, plan, twins=twins, seed=seed, others=earlier, progress=tick)
    return rows, forecast_rounds.left_out(read)


def _place(files: dict[str, Path], told: Any, read: Chart | None, made: Sequence[Forecast] = ()) -> None:
    """Write what was asked for, whole or not at all; the log last."""
    if "--out" in files:
        with targets.placing([files["--out"]]) as (part,):
            part.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    if "--figure" in files and made:
        from dayzero.present.forecast_figure import forecast_figure
        from dayzero.present.page import save

        with targets.placing([files["--figure"]]) as (part,):
            save(forecast_figure(made[0], read), part)
    if "--log" in files and made:
        from dayzero.analyse.forecast.log import append

        append(files["--log"], made)


def show_forecasts(made: Sequence[Forecast], console: Console) -> None:
    """One patient in full, several in a line each."""
    from dayzero.analyse.forecast.forecast import DISCLAIMER

    if len(made) == 1:
        _show_one(made[0], console)
    else:
        _show_many(made, console)
    console.print(DISCLAIMER, style="dim")


def _show_one(told: Forecast, console: Console) -> None:
    from rich.table import Table

    table = Table(title=f"Patient {told.patient}, known to day {told.day}", title_justify="left", box=None)
    for name in ("", "median", "middle 50 %", "middle 90 %", "before any reading"):
        table.add_column(name, justify="left" if not name else "right")
    for name, days, before in (("neutrophils 0.5, day", told.neutrophils, told.prior_neutrophils),
                               ("platelets 20, day", told.platelets, told.prior_platelets)):  # fmt: skip
        table.add_row(name, *_ends(days), f"{_day(before.quantile(0.5))} ({_span(before, 0.9)})")
    for kind, (middle, low, high) in told.transfusions.items():
        table.add_row(f"{kind.replace('_', ' ')}, next 14 days", f"{middle:g}", "", f"{low:g} to {high:g}", "")
    for day, (middle, low, high) in told.chimerism.items():
        table.add_row(f"donor myeloid cells on day {day}, %", f"{middle:g}", "", f"{low:g} to {high:g}", "")
    console.print(table)
    for day, share in told.failure.items():
        console.print(f"alive without neutrophil recovery on day {day}: {100 * share:.1f} %")
    console.print(f"death before recovery: {100 * told.death_first:.1f} %")
    if len(told.plans) > 1:
        console.print("plans that fit best: " + "; ".join(f"{name} {100 * p:.0f} %" for name, p in told.plans[:3]))
    for note in told.notes:
        console.print(f"note: {note}")


def _show_many(made: Sequence[Forecast], console: Console) -> None:
    from rich.table import Table

    table = Table(box=None)
    heads = ("patient", "known to", "neutrophils 0.5", "90 %", "platelets 20", "90 %", "failure day 28, %", "notes")
    for name in heads:
        table.add_column(name)
    for told in made:
        table.add_row(
            told.patient,
            str(told.day),
            _day(told.neutrophils.quantile(0.5)),
            _span(told.neutrophils, 0.9),
            _day(told.platelets.quantile(0.5)),
            _span(told.platelets, 0.9),
            f"{100 * told.failure[28]:.1f}",
            "; ".join(told.notes),
        )
    console.print(table)


def _ends(days: Days) -> tuple[str, str, str]:
    return _day(days.quantile(0.5)), _span(days, 0.5), _span(days, 0.9)


def _span(days: Days, level: float) -> str:
    low, high = days.interval(level)
    return f"{_day(low)} to {_day(high)}"


def _day(day: int | None) -> str:
    return "later" if day is None else str(day)


def _score_data(rows: Sequence[Row], unscored: dict[str, str]) -> dict[str, Any]:
    from dayzero.analyse.forecast.forecast import DISCLAIMER
    from dayzero.analyse.forecast.rounds import EARLIER, OWN
    from dayzero.analyse.forecast.score import crps_ratio, scores

    ratios = []
    for day in sorted({row.day for row in rows if row.method == EARLIER}):
        middle, low, high = crps_ratio(rows, OWN, EARLIER, day)
        if not math.isfinite(middle + low + high):  # every day foretold without error
            continue
        ratios.append({"day": day, "method": OWN, "against": EARLIER, "ratio": round(middle, 4),
                       "low": round(low, 4), "high": round(high, 4)})  # fmt: skip
    return {"scores": [one.as_dict() for one in scores(rows)], "crps_ratios": ratios, "not_scored": unscored,
            "disclaimer": DISCLAIMER}  # fmt: skip


def _show_scores(told: dict[str, Any], console: Console) -> None:
    from rich.table import Table

    table = Table(box=None)
    for name in ("day", "method", "graft", "patients", "error", "CRPS", "in 50 %", "in 90 %"):
        table.add_column(name, justify="left" if name in ("method", "graft") else "right")
    for one in told["scores"]:
        table.add_row(str(one["day"]), one["method"], one["graft"], str(one["patients"]),
                      f"{one['mean_absolute_error']:.2f}", f"{one['crps']:.2f}", f"{one['coverage_50']:.2f}",
                      f"{one['coverage_90']:.2f}")  # fmt: skip
    console.print(table)
    for one in told["crps_ratios"]:
        console.print(f"day {one['day']}: CRPS of {one['method']} over {one['against']}: {one['ratio']:.2f} "
                      f"({one['low']:.2f} to {one['high']:.2f})")  # fmt: skip
    for name, reason in told["not_scored"].items():
        console.print(f"not scored: {name}, {reason}")
    console.print(told["disclaimer"], style="dim")
