"""Real patients beside virtual ones of the same kind: counts by day, days of recovery, and what befell them.

Visual predictive checks of MSK daily counts (by graft), of the Sao Paulo visits and of the children; incidences of
the 137 patients of Klein and Moeschberger beside twins of each with their own covariates. Nothing here is used in any
fit. Writes docs/measurements/real-patients.md and its pictures; `--quick` takes few and writes nothing.
"""

from __future__ import annotations

import csv
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from validation import children

from dayzero import Chart, Course, DomainWarning, Plan, judge, observe, outcomes, simulate
from dayzero.analyse.forecast.plans import plans_for_graft
from dayzero.analyse.survival import DayCounts, cumulative_incidence
from dayzero.criteria import neutrophil_engraftment
from dayzero.present.page import BLUE, INK, VERMILLION, frame, save, styled
from dayzero.records.columns import Column

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
PAGES = ROOT / "docs" / "measurements"
GRAFTS = {"PBSC": "mobilised blood", "BM": "marrow", "TCD": "T-cell depleted", "cord": "cord blood"}
FLOOR = {"neutrophils": 0.1, "leukocytes": 0.1, "platelets": 5.0}
LEUKOCYTES = ("neutrophils", "monocytes", "t_cells", "nk_cells", "b_cells")
PERIODS = ((0, 9), (10, 19), (20, 39), (40, 100))
FEWEST = 6
GROUPS = {
    "1": ("ALL", "all", "remission_1", "intermediate"),
    "2": ("AML, low risk", "aml", "remission_1", "intermediate"),
    "3": ("AML, high risk", "aml", "remission_2_or_later", "high"),
}
KINDS = {
    "acute_gvhd": "acute_gvhd_2_4",
    "chronic_gvhd": "chronic_gvhd",
    "relapse": "relapse",
    "death": "non_relapse_mortality",
}
HORIZONS = (100, 365, 730)

TEXT = """# Real patients beside virtual ones

Charts of real patients beside those of virtual patients of the same kind. No chart of
theirs was used in a fit. Three things are not wholly blind: a description of how cord counts linger at MSK was in mind
when the second wave of cord blood was built, the surge of neutrophils was built because an earlier version of this page
showed it missing (its numbers were fitted to published days), and the ratio of days per doubling of the dose in the
children was a target.

## Counts by day

Bands: 5 to 95 % and median of the counts of {patients} virtual patients a graft. Points: the patients' own
readings; lines: their 10, 50 and 90 % percentiles on days with at least {fewest} readings. Known of the MSK patients is
the graft alone (doi:10.1038/s41597-021-00860-8), so the virtual ones are an even mixture of usual regimens, prophylaxis
and G-CSF; the episodes were chosen for running from day 4 to 22. Of the Sao Paulo patients
(doi:10.1128/spectrum.02910-23) there are up to eight visits.

```{{image}} real-patients.png
:alt: Readings of real patients over bands of virtual ones, by graft
```

Share of readings inside the 5 to 95 % band of their day (90 % where the model is right in level and in spread), and
median of the ratio of a reading to the band's median:

{counts}

What they show: virtual neutrophils now leave aplasia within a few days, as real ones do. Real ones then stand two to
three times as high from day 10 to 19 after mobilised blood and T-cell depletion (a peak of 5 to 10e9/L after the
latter), a fifth to two fifths higher to day 39, and alike later; after cord blood they stay twice as high. Spread is
too small: real counts of 10 to 20, of which the charts do not tell the cause, have no like among virtual patients.
Platelets after mobilised blood are too low from day 10 to 19 (15 readings), and a tail of real patients stays low for
months that the model lacks.

## Days of neutrophil recovery at MSK

Judged from both kinds of charts by the same criterion; median (quartiles) of those who recovered.

{days}

## Children

Days to neutrophils 0.5 and platelets 50 of the 131 children (Kalwak 2010) and of twins with their covariates; see
[](children.md) for each child.

```{{image}} real-children.png
:alt: Share of children recovered by day, real and virtual, by graft
```

## What befell 137 patients of the 1980s

Klein and Moeschberger, Survival Analysis (1997), section 1.3: marrow of siblings after busulfan and cyclophosphamide.
Each patient has {twins} twins of the same age, sex, donor, CMV, methotrexate and disease group, under the care of the
1990s, the oldest in the library. The record gives acute GVHD without grade; it stands beside grades II to IV. Percent,
with competing risks, 95 % interval of the real figure.

{incidences}
"""


class Readings(NamedTuple):
    """Reported values by day, at the limit where below it."""

    day: np.ndarray
    value: np.ndarray


class Band(NamedTuple):
    """Percentiles 5, 50 and 95 of living virtual patients by day."""

    days: np.ndarray
    edges: np.ndarray


def readings(column: Column, chosen: np.ndarray, floor: float) -> Readings:
    """Readings of some patients; what is below a limit stands at the limit, what is below the floor at the floor."""
    here = chosen[column.patient]
    return Readings(column.day[here], np.maximum(column.value[here], floor))


def cohort(plans: Sequence[Plan], patients: int, days: int) -> Course:
    """Virtual patients of a mixture of plans."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DomainWarning)
        return simulate([plans[i % len(plans)] for i in range(patients)], range(patients), days, seed=7)


def band(course: Course, name: str) -> Band:
    """Counts of the living, from the floor up; white cells are the sum of their kinds."""
    parts = LEUKOCYTES if name == "leukocytes" else (name,)
    value = np.maximum(sum(course.values[part].astype(float) for part in parts), FLOOR[name])
    value = np.where(course.living, value, np.nan)
    return Band(course.days, np.nanpercentile(value, [5, 50, 95], axis=0))


def panel(axes: Axes, name: str, real: Readings, virtual: Band, last: int) -> None:
    """Points of real patients over the band of virtual ones."""
    low, middle, high = virtual.edges
    axes.fill_between(virtual.days, low, high, color=BLUE, alpha=0.2, lw=0)
    axes.plot(virtual.days, middle, color=BLUE, lw=1.5)
    axes.plot(real.day, real.value, ".", color=INK, ms=2, alpha=0.35)
    days = np.arange(-10, last + 1)
    rows = [real.value[real.day == day] for day in days]
    own = np.array([np.percentile(row, (10, 50, 90)) if len(row) >= FEWEST else np.full(3, np.nan) for row in rows]).T
    for line, width in zip(own, (0.8, 1.6, 0.8), strict=True):
        axes.plot(days, line, color=VERMILLION, lw=width)
    axes.set(yscale="log", xlim=(-10, last), ylim=(0.8 * FLOOR[name], None), xlabel="day")


def inside(name: str, graft: str, real: Readings, virtual: Band) -> list[list[str]]:
    """How well the band holds the readings, by period."""
    lines = []
    for first, last in PERIODS:
        here = (real.day >= first) & (real.day <= last)
        if here.sum() < FEWEST:
            continue
        value, (low, middle, high) = real.value[here], virtual.edges[:, real.day[here] - int(virtual.days[0])]
        held = 100 * np.mean((value >= low) & (value <= high))
        ratio = np.exp(np.median(np.log(value / middle)))
        lines.append([name, graft, f"{first} to {last}", str(here.sum()), f"{held:.0f}", f"{ratio:.2f}"])
    return lines


def counts(patients: int) -> tuple[Figure, list[list[str]], list[list[str]]]:
    """Picture and table of counts by day, and table of the days of recovery."""
    msk, visits = Chart.read(DATA / "msk-daily-counts"), Chart.read(DATA / "heidrich-allo-visits")
    courses = {graft: cohort(plans_for_graft(graft), patients, 100) for graft in GRAFTS}
    shown = [(msk, "MSK", graft, name, 60) for name in ("neutrophils", "leukocytes") for graft in GRAFTS]
    shown += [
        (visits, "Sao Paulo", graft, name, 100) for graft in ("PBSC", "BM") for name in ("neutrophils", "platelets")
    ]
    lines = []
    with styled():
        figure = Figure(figsize=(11, 8.4))
        grid = figure.subplots(3, 4)
        figure.subplots_adjust(0.06, 0.11, 0.985, 0.91, hspace=0.38, wspace=0.22)
        for axes, (chart, place, graft, name, last) in zip(grid.flat, shown, strict=True):
            who = of_graft(chart, graft)
            real, virtual = readings(chart.column(name), who, FLOOR[name]), band(courses[graft], name)
            panel(axes, name, real, virtual, last)
            axes.set_title(f"{GRAFTS[graft]}, {place} ({who.sum()}): {name}", fontsize=8, loc="left")
            lines += inside(name, f"{GRAFTS[graft]}, {place}", real, virtual)
        for axes in grid[:, 0]:
            axes.set_ylabel("1e9/L")
        notes = ["orange: 10, 50 and 90 % of real readings; blue: 5 to 95 % and median of virtual ones"]
        frame(figure, "Counts of real patients over those of virtual patients", courses["PBSC"].record, notes)
    return figure, lines, [recovered(msk, graft, course) for graft, course in courses.items()]


def of_graft(chart: Chart, graft: str) -> np.ndarray:
    """(patients,) who had this graft."""
    return np.array([known == graft for known in chart.graft])


def recovered(chart: Chart, graft: str, course: Course) -> list[str]:
    """Days of neutrophil recovery of real and virtual patients."""
    who = of_graft(chart, graft)
    real, virtual = neutrophil_engraftment(chart)["day"][who], neutrophil_engraftment(observe(course))["day"]
    return [GRAFTS[graft], str(who.sum()), quartiles(real), quartiles(virtual)]


def quartiles(days: np.ndarray) -> str:
    """Median (quartiles)."""
    low, middle, high = np.nanpercentile(days, [25, 50, 75])
    return f"{middle:.0f} ({low:.0f} to {high:.0f})"


def children_figure(twins: int) -> Figure:
    """Share recovered by day, real children and their twins."""
    rows = children.children()
    plans = [children.plan_of(child) for child in rows]
    course = cohort([plan for plan in plans for _ in range(twins)], twins * len(rows), 200)
    judged = judge(observe(course))
    source = np.array([children.SOURCES[child["stem_cell_source"]] for child in rows])
    with styled():
        figure = Figure(figsize=(9, 3.8))
        for at, (name, (column, key)) in enumerate(children.ENDPOINTS.items()):
            axes = figure.add_subplot(1, 2, at + 1)
            for graft, colour in (("mobilised_blood", BLUE), ("marrow", VERMILLION)):
                real = np.array([float(row[column] or "inf") for row in rows])[source == graft]
                virtual = np.nan_to_num(judged[key], nan=np.inf)[np.repeat(source == graft, twins)]
                for days, style in ((real, "-"), (virtual, "--")):
                    x = np.arange(0, 150)
                    words = f"{graft.replace('_', ' ')}, {'children' if style == '-' else 'twins'}"
                    axes.step(x, [100 * np.mean(days <= day) for day in x], style, color=colour, label=words)
            axes.set(xlabel="day", ylabel="recovered, %", xlim=(0, 60 if at == 0 else 149), ylim=(0, 100))
            axes.set_title(f"{name}e9/L", fontsize=9, loc="left")
            axes.legend(fontsize=7, loc="lower right")
        figure.subplots_adjust(0.07, 0.22, 0.98, 0.84, wspace=0.2)
        record = {**course.record, "warnings": []}
        frame(figure, "Children: recovery by day, real and virtual", record)
    return figure


def plan_of(row: dict[str, str]) -> Plan:
    """The transplant of one patient of Klein and Moeschberger."""
    _, diagnosis, status, risk = GROUPS[row["group"]]
    sex = lambda male: "male" if male == "1" else "female"  # noqa: E731
    methotrexate: Any = "csa-mtx" if row["z10"] == "1" else {"base": "csa-mtx", "methotrexate": None}
    fixed = dict.fromkeys(Plan.load("aml-sibling-marrow").population.fields)
    return Plan.load("aml-sibling-marrow").but(
        name="Klein and Moeschberger",
        patient={"age_years": float(row["z1"]), "sex": sex(row["z3"]), "diagnosis": diagnosis, "status": status,
 "disease_risk": risk,
                 "cmv_seropositive": row["z5"] == "1"},
        donor={"age_years": float(row["z2"]), "sex": sex(row["z4"]), "cmv_seropositive": row["z6"] == "1"},
        prophylaxis=methotrexate, care="allo-1990s",
        population={"fields": {name: None for name in fixed if name.endswith("age_years")},
                    "female_fraction": None},
    )  # fmt: skip


def incidences(twins: int) -> list[list[str]]:
    """What happened to the patients of each disease group and to their twins."""
    with (DATA / "klein-moeschberger" / "bmt.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    lines = []
    for group, (words, *_) in GROUPS.items():
        own = [row for row in rows if row["group"] == group]
        plans = [plan_of(row) for row in own for _ in range(twins)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DomainWarning)
            course = simulate(plans, range(len(plans)), HORIZONS[-1] + 1, seed=11)
        virtual = outcomes(course, HORIZONS)
        for kind, name in KINDS.items():
            curve = cumulative_incidence(counts_of(own, kind), kind)
            for day in HORIZONS[:2] if kind == "acute_gvhd" else HORIZONS:
                share, low, high = (100 * x for x in curve.at(day))
                found = virtual[name].at(day).percent
                mark = "inside" if low <= found <= high else "**outside**"
                lines.append([words, "NRM" if kind == "death" else kind.replace("_", " "), str(day), str(len(own)),
                              f"{share:.0f} ({low:.0f} to {high:.0f})", f"{found:.0f}", mark])  # fmt: skip
    return lines


def counts_of(rows: Sequence[dict[str, str]], kind: str) -> DayCounts:
    """Day of each patient's first event and what it was: the one asked for, a rival, or none."""
    value = lambda name: np.array([float(row[name]) for row in rows])  # noqa: E731
    told = lambda name: np.array([row[name] == "1" for row in rows])  # noqa: E731
    if kind in ("relapse", "death"):
        other = "death" if kind == "relapse" else "relapse"
        first = np.where(told("d2"), "relapse", np.where(told("d3"), "death", ""))
        return DayCounts.of(value("t2"), first, (kind, other))
    at, had = ("ta", "da") if kind == "acute_gvhd" else ("tc", "dc")
    days, ended = value(at), value("t2")
    end = np.where(told("d3"), "rival", "")
    return DayCounts.of(np.where(told(had), days, ended), np.where(told(had), kind, end), (kind, "rival"))


def markdown(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *lines))


def main(quick: bool) -> None:
    """Simulate, compare, write."""
    patients, twins = (128, 2) if quick else (2000, 16)
    picture, held, days = counts(patients)
    told = incidences(twins)
    text = TEXT.format(
        patients=f"{patients:,}", twins=twins, fewest=FEWEST,
        counts=markdown(["count", "patients", "days", "readings", "inside, %", "ratio"], held),
        days=markdown(["graft", "transplants", "real", "virtual"], days),
        incidences=markdown(["group", "event", "day", "patients", "real", "virtual", ""], told),
    )  # fmt: skip
    print(text)
    drawn = children_figure(twins)
    if not quick:
        (PAGES / "real-patients.md").write_text(text)
        save(picture, PAGES / "real-patients.png")
        save(drawn, PAGES / "real-children.png")


if __name__ == "__main__":
    main("--quick" in sys.argv)
