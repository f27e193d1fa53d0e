"""The command that turns busulfan levels into clearance, exposure and the next dose."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dayzero.errors import ChartError, SpecError

if TYPE_CHECKING:
    from dayzero.analyse.busulfan import Given, Size

COLUMNS = ("time_h", "dose_mg", "infusion_h", "level_mg_per_l")
DISCLAIMER = "Research and teaching software; not a medical device: no dose here may be given to a patient."


def busulfan(
    levels: Annotated[Path, typer.Argument(help="CSV: time_h,dose_mg,infusion_h,level_mg_per_l")],
    weight: Annotated[float | None, typer.Option(help="Weight, kg.")] = None,
    height: Annotated[float | None, typer.Option(help="Height, cm.")] = None,
    age: Annotated[float | None, typer.Option(help="Age, years.")] = None,
    sex: Annotated[str, typer.Option(help="male or female.")] = "male",
    bsa: Annotated[float | None, typer.Option(help="Body surface, m2, where size is not known otherwise.")] = None,
    target: Annotated[float | None, typer.Option(help="Cumulative target of exposure, mg h/L.")] = None,
    doses_left: Annotated[int | None, typer.Option(help="Doses still to come, with --target.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Busulfan clearance and exposure from levels of a test or first dose, and the dose that meets a target.

    Each row of the file holds a dose (time_h, dose_mg, infusion_h) or a level (time_h, level_mg_per_l).
    """
    from dayzero.analyse.busulfan import busulfan_fit
    from dayzero.present.cli import out

    if (target is None) != (doses_left is None):
        raise SpecError("busulfan", "--target", "one of two", "--target with --doses-left", "give both or none")
    given, seen = read_levels(levels)
    fit = busulfan_fit(given, seen, _size(weight, height, age, sex, bsa))
    told: dict[str, Any] = {
        "clearance_l_per_h": fit.clearance_now(),
        "half_life_h": fit.half_life(),
        "expected_before_l_per_h": fit.size.clearance,
        "doses": [{"dose_mg": one.dose_mg, "auc_mg_h_l": [one.dose_mg / c for c in _turned(fit.clearance_now())]}
                  for one in given],
        "levels": fit.levels,
        "notes": list(fit.strange),
        "disclaimer": DISCLAIMER,
    }  # fmt: skip
    if target is not None and doses_left is not None:
        rest = fit.rest_of_course(target, doses_left)
        told["target"] = {"cumulative_mg_h_l": target, "doses_left": doses_left,
                          "auc_each_mg_h_l": rest["per_dose_auc_mg_h_l"], "dose_each_mg": rest["next_dose_mg"],
                          "auc_each_90_percent": fit.auc_of(float(rest["next_dose_mg"]), True)[1:]}  # fmt: skip
    if as_json:
        print(json.dumps(told, indent=1))
        return
    out.print(f"clearance {_shown(fit.clearance_now())} L/h, expected before {fit.size.clearance:.1f}")
    out.print(f"half-life {_shown(fit.half_life())} h, from {fit.levels} levels")
    for one in told["doses"]:
        out.print(f"{one['dose_mg']:g} mg: exposure {_shown(one['auc_mg_h_l'])} mg h/L")
    if "target" in told:
        rest = told["target"]
        low, high = rest["auc_each_90_percent"]
        out.print(f"{doses_left} doses of {rest['dose_each_mg']:.0f} mg, {rest['auc_each_mg_h_l']:.1f} mg h/L each "
                  f"(90 %: {low:.1f} to {high:.1f})")  # fmt: skip
    for note in fit.strange:
        out.print(f"note: {note}")
    out.print(DISCLAIMER, style="dim")


def read_levels(path: Path) -> tuple[list[Given], list[tuple[float, float]]]:
    """Doses and levels of a file; a row holds the one or the other."""
    from dayzero.analyse.busulfan import Given

    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError) as problem:
        got = getattr(problem, "strerror", None) or "no text"
        raise ChartError(path.name, "file", got, "a CSV of doses and levels", "check the path") from None
    if not rows or set(COLUMNS) - set(rows[0]):
        expected = f"the header {','.join(COLUMNS)} and rows"
        raise ChartError(path.name, "header", "something else", expected, "write that header")
    given, seen = [], []
    for at, row in enumerate(rows, start=2):
        time = _number(path.name, at, "time_h", row)
        if row["level_mg_per_l"]:
            seen.append((time, _number(path.name, at, "level_mg_per_l", row)))
        else:
            amount, length = (_number(path.name, at, name, row) for name in ("dose_mg", "infusion_h"))
            given.append(Given(time, amount, length))
    return given, seen


def _number(where: str, at: int, name: str, row: dict[str, str]) -> float:
    try:
        value = float(row[name])
    except (TypeError, ValueError):
        raise ChartError(where, f"row {at}, {name}", repr(row[name]), "a number", "write a number") from None
    if not abs(value) < 1e6:
        raise ChartError(where, f"row {at}, {name}", repr(row[name]), "a number of ordinary size", "correct it")
    return value


def _size(weight: float | None, height: float | None, age: float | None, sex: str, bsa: float | None) -> Size:
    from dayzero.analyse.busulfan import Size

    if weight is not None and height is not None and age is not None:
        return Size.of_patient(weight, height, age, sex)
    if bsa is None:
        expected = "--weight, --height and --age, or --bsa"
        raise SpecError("busulfan", "size", "not enough to tell", expected, "give what is known of the patient")
    return Size.of_surface(bsa)


def _turned(ends: tuple[float, float, float]) -> tuple[float, float, float]:
    """Median and ends in the order of the exposure, which falls as clearance rises."""
    return ends[0], ends[2], ends[1]


def _shown(ends: Any) -> str:
    return f"{ends[0]:.1f} ({ends[1]:.1f} to {ends[2]:.1f})"
