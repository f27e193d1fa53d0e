"""The tables of a trial, ready for a protocol: plain rows of text, for the terminal, the page and CSV alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from dayzero.analyse.enrolment import levels_of
from dayzero.analyse.when import COMPARABLE
from dayzero.present.contrast_figures import WORDS

if TYPE_CHECKING:
    from dayzero.analyse.trial import TrialResult
    from dayzero.spec import Plan, Trial

SHORT = WORDS | {"hazard_ratio": "HR", "subdistribution_hazard_ratio": "sHR", "level": "%", "binary": "% points",
                 "difference": "% points", "restricted_mean": "days"}  # fmt: skip
WIDEST = 400  # columns


class Rows(NamedTuple):
    """A table: title, heads of columns, rows of cells, and a sentence below."""

    title: str
    heads: tuple[str, ...]
    rows: list[tuple[str, ...]]
    note: str = ""


def tables_of(result: TrialResult) -> list[Rows]:
    """Every table of a result that holds anything."""
    made = [design(result.trial, result.screened), effects(result), characteristics(result), looks(result),
            published(result), ensemble(result)]  # fmt: skip
    return [table for table in made if table.rows]


def design(trial: Trial, screened: int | None = None) -> Rows:
    """The design in the words of a protocol."""
    shares = " : ".join(str(arm.allocation) for arm in trial.arms)
    limits = [f"{each.covariate.replace('_', ' ')} {_limits(each.low, each.high)}" for each in trial.eligibility]
    before, follow, visits = trial.before_infusion, trial.follow_up, trial.visits
    ramp = f", the rate rising over the first {trial.accrual.ramp_days}" if trial.accrual.ramp_days else ""
    seen = "" if visits is None else f"{len(visits.days)}, of which {100 * visits.missed:g} % are missed; "
    looked = "" if screened is None else f"; {screened} people screened in all"
    told = [
        *((arm.name, treatment(arm.plan)) for arm in trial.arms),
        ("allocation", f"{shares}, permuted blocks of {trial.block * sum(arm.allocation for arm in trial.arms)}"),
        ("stratified by", "; ".join(levels_of(trial)) or "nothing"),
        ("eligible", "; ".join(limits) or "everybody"),
        ("accrual", f"{trial.accrual.days} days{ramp}"),
        ("before infusion", f"median {before.median_days} days; {100 * before.never_infused:g} % never infused"),
        ("follow-up", f"{follow.days} days; {100 * follow.lost_per_year:g} % lost a year"),
        ("visits", seen + "for " + ", ".join(visits.assessed).replace("_", " ") if visits else ""),
        ("analysed", trial.analysis.population.replace("_", " ")),
        ("primary", f"{trial.primary.name.replace('_', ' ')}, two-sided {trial.analysis.alpha:g}"),
        ("size", f"{trial.size} patients; {trial.replicates} replicates{looked}"),
    ]
    return Rows("Design", ("", ""), [row for row in told if row[1]], trial.note)


def treatment(plan: Plan) -> str:
    """A plan in a line: donor, graft, conditioning, prophylaxis, care."""
    told = (plan.donor.kind.replace("_", " "), plan.graft.source.replace("_", " "), plan.conditioning.name,
            plan.prophylaxis.name, f"care {plan.care.name}")  # fmt: skip
    return "; ".join(told)


def effects(result: TrialResult) -> Rows:
    """The level of each arm and the effect on each endpoint, over all replicates."""
    arms = [arm.name for arm in result.trial.arms]
    rows = []
    for row in result.estimates:
        levels = [f"{one.percent:.1f} ({one.low:.1f}-{one.high:.1f})" for one in row.levels]
        digits = 2 if "ratio" in row.measure else 1
        for number, gap in enumerate(row.effects):
            name = row.label if number == 0 else ""
            told = "not estimable" if np.isnan(gap.value) else (
                f"{gap.value:.{digits}f} ({gap.low:.{digits}f} to {gap.high:.{digits}f})")  # fmt: skip
            versus = [gap.arm] if len(arms) > 2 else []
            cells = levels if number == 0 else [""] * len(arms)
            rows.append((name + (" *" if row.role == "primary" and name else ""), str(row.day), *cells, *versus,
                         SHORT[row.measure], told))  # fmt: skip
    heads = ("", "day", *arms, *(["v first"] if len(arms) > 2 else []), "effect", "value (95 % interval)")
    note = (
        "Percent of patients by the day, event-free for survivals, with 95 % intervals; over all replicates, so the "
        "intervals are those of the simulation. HR: hazard ratio, of the cause where events compete; sHR: of the "
        f"subdistribution. * primary. Competing: {_competing(result)}."
    )
    return Rows("Estimates", heads, rows, note)


def _competing(result: TrialResult) -> str:
    """What competes with each endpoint, endpoints with the same rivals together."""
    told: dict[str, list[str]] = {}
    for row in result.estimates:
        rivals = " and ".join(part.replace("_", " ") for part in COMPARABLE[row.name].rivals)
        told.setdefault(rivals, []).append(row.label)
    return "; ".join(f"{rivals} with {', '.join(labels)}" for rivals, labels in told.items() if rivals) or "nothing"


def characteristics(result: TrialResult) -> Rows:
    """Power, error, coverage and expected estimates, by endpoint and size."""
    heads = ("", "patients", "trials", "power %", "error %", "effect", "SD", "SE", "covered %")
    rows = []
    for row in result.characteristics:
        power = f"{100 * row.power:.0f} ({100 * row.power_low:.0f}-{100 * row.power_high:.0f})"
        wrong = "" if np.isnan(row.type_one) else f"{100 * row.type_one:.1f}"
        covered = "" if np.isnan(row.coverage) else f"{100 * row.coverage:.0f}"
        rows.append((row.label, str(row.size), str(row.trials), power, wrong, _number(row.expected),
                     _number(row.spread), _number(row.error), covered))  # fmt: skip
    alpha, nulls = result.trial.analysis.alpha, result.trial.null_replicates
    note = (f"Power: trials with p below {alpha:g}, with 95 % interval. Error: the same of {nulls} "
            "trials whose arms are all drawn from the first arm's patients. Effect: mean over trials, of ratios the "
            "geometric one; SD over trials and mean SE, of ratios those of the logarithm. Covered: trials whose 95 % "
            "interval holds the effect over all trials together.")  # fmt: skip
    return Rows("Operating characteristics", heads, rows, note)


def looks(result: TrialResult) -> Rows:
    """Interim looks: when, boundary, how often a trial stops there."""
    found = result.looks
    if found is None:
        return Rows("Interim looks", (), [])
    rows = [(str(day), f"{100 * share:.0f}", f"{edge:.3f}", f"{100 * stop:.0f}") for day, share, edge, stop in
            zip(found.days, found.information, found.boundary, found.stopped, strict=True)]  # fmt: skip
    note = (f"Power of the whole design {100 * found.power:.0f} %, type I error {_percent(found.type_one)}; expected "
            f"to end on day {found.expected_day:.0f} with {found.expected_patients:.0f} patients.")  # fmt: skip
    return Rows(
        "Interim looks at the primary endpoint", ("day", "information %", "|z| to stop", "trials stopped %"), rows, note
    )


def published(result: TrialResult) -> Rows:
    """Simulated figures beside the published ones."""
    rows = []
    for row in result.published:
        span = "" if row.low is None or row.high is None else f" ({row.low:g} to {row.high:g})"
        digits = 2 if "ratio" in row.measure else 1
        told = f"{row.simulated:.{digits}f} ({row.simulated_low:.{digits}f} to {row.simulated_high:.{digits}f})"
        verdict = {True: "inside", False: "outside", None: ""}[row.inside]
        day = "" if "ratio" in row.measure or row.measure == "median_day" else str(row.day)
        rows.append((row.label, SHORT[row.measure], row.arm, day, f"{row.value:g}{span}", told, verdict,
                     f"{row.source} ({row.verified})" + (f"; {row.note}" if row.note else "")))  # fmt: skip
    heads = ("", "figure", "arm", "day", "published", "simulated", "", "source (read)")
    note = "Inside: the simulated figure lies in the published 95 % interval."
    return Rows("Simulated against published", heads, rows, note)


def ensemble(result: TrialResult) -> Rows:
    """The primary effect under each parameter set, kept apart from the error of the simulation."""
    rows = []
    for number, member in enumerate(result.ensemble, 1):
        row = next(one for one in member if one.name == result.trial.primary.name)
        rows.append((str(number), *(f"{one.percent:.1f}" for one in row.levels),
                     *(f"{gap.value:.2f}" for gap in row.effects)))  # fmt: skip
    arms = [arm.name for arm in result.trial.arms]
    heads = ("parameter set", *(f"{arm}, %" for arm in arms), *(f"effect, {arm}" for arm in arms[1:]))
    return Rows("Primary endpoint over the parameter ensemble", heads, rows)


def show_trial(result: TrialResult, console: Console) -> None:
    """Every table on the terminal."""
    from dayzero.present.page import DISCLAIMER, record_line

    console.print(Text(result.trial.title or result.trial.name, style="bold"))
    for table in tables_of(result):
        show_rows(table, console)
    words = record_line(result.record)
    console.print(Text(f"\n{words}\n{DISCLAIMER}"), style="dim")


def show_rows(table: Rows, console: Console) -> None:
    """One table on the terminal: the first column may wrap, numbers never do; sources stand below."""
    grid = Grid(title=Text(f"\n{table.title}", style="table.title"), title_justify="left", box=None, pad_edge=False)
    prose, cited = table.title == "Design", bool(table.heads) and table.heads[-1].startswith("source")
    for number, head in enumerate(table.heads[:-1] if cited else table.heads):
        left = number == 0 or prose
        grid.add_column(head, justify="left" if left else "right", no_wrap=not left, min_width=14 * (not number))
    for row in table.rows:
        grid.add_row(*map(Text, row[:-1] if cited else row))
    put(grid, console)
    sources = "; ".join(dict.fromkeys(row[-1] for row in table.rows)) if cited else ""
    for words in (table.note, f"Published: {sources}." if sources else ""):
        if words:
            console.print(Text(words), style="dim")


def put(grid: Grid, console: Console) -> None:
    """Print a table no narrower than its numbers are, whatever the terminal's width."""
    needed = console.measure(grid, options=console.options.update(width=WIDEST)).minimum
    if needed > console.width:
        grid.width = needed
    console.print(grid, crop=False)


def as_csv(tables: Sequence[Rows]) -> str:
    """Tables one below another as CSV text, each under its title."""
    import csv
    from io import StringIO

    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for table in tables:
        writer.writerow([table.title])
        writer.writerow(table.heads)
        writer.writerows(table.rows)
        writer.writerow([])
    return out.getvalue()


def _limits(low: float | None, high: float | None) -> str:
    if low is None:
        return f"at most {high:g}"
    return f"at least {low:g}" if high is None else f"{low:g} to {high:g}"


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.2f}"


def _percent(value: float) -> str:
    return "not run" if np.isnan(value) else f"{100 * value:.1f} %"
