"""The rows of one patient's timeline: every drug as given, every infection, complication and transfusion as it came."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

import numpy as np

from dayzero.present.page import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, SKY, VERMILLION
from dayzero.present.treatment import Lane, planned
from dayzero.records import Chart
from dayzero.simulation.course import Course
from dayzero.spec import Plan

TALLEST = 0.7  # of a row's height


class Drug(NamedTuple):
    """How an order is drawn: its kind of event, the word at the left, colour, unit of its greatest dose."""

    kind: str
    word: str
    colour: str
    unit: str = ""


DRUGS = (
    Drug("steroid", "steroid", VERMILLION, "mg/kg"),
    Drug("ruxolitinib", "ruxolitinib", VERMILLION),
    Drug("gcsf", "G-CSF", GREEN, "µg/kg"),
    Drug("quinolone", "quinolone", GREEN),
    Drug("mould_azole", "mould azole", GREEN),
    Drug("letermovir", "letermovir", GREEN),
    Drug("antiviral", "(val)ganciclovir", GREEN),
    Drug("foscarnet", "foscarnet", GREEN),
    Drug("defibrotide", "defibrotide", ORANGE),
    Drug("maintenance", "maintenance", INK),
)
INFUSED = (("immunoglobulin", "immunoglobulin", GREEN), ("donor_lymphocytes", "donor lymphocytes", INK),
           ("boost", "stem-cell boost", INK))  # fmt: skip

# Kind of event -> word, colour, marker: what comes from outside, from the treatment, from the graft, from the disease.
_INFECTION, _TOXICITY = (BLUE, "D"), (ORANGE, "s")
HAPPENED = {
    "neutropenic_fever": ("fever in neutropenia", SKY, "D"),
    "bacteremia": ("bacteremia", *_INFECTION),
    "mould_infection": ("mould infection", *_INFECTION),
    "cmv_treatment": ("CMV treated", *_INFECTION),
    "cmv_disease": ("CMV disease", *_INFECTION),
    "respiratory_virus": ("respiratory virus", *_INFECTION),
    "viral_reactivation": ("other viral disease", *_INFECTION),
    "late_infection": ("late infection", *_INFECTION),
    "lymphoproliferation": ("lymphoproliferation", *_INFECTION),
    "engraftment_syndrome": ("engraftment syndrome", *_TOXICITY),
    "vod": ("VOD", *_TOXICITY),
    "lung_injury_syndrome": ("pneumonia syndrome", *_TOXICITY),
    "microangiopathy": ("microangiopathy", *_TOXICITY),
    "hemorrhagic_cystitis": ("hemorrhagic cystitis", *_TOXICITY),
    "kidney_injury": ("kidney injury", *_TOXICITY),
    "heart_failure": ("heart failure", *_TOXICITY),
    "chronic_gvhd": ("chronic GVHD", PURPLE, "o"),
    "second_cancer": ("second cancer", INK, "X"),
    "relapse": ("relapse", VERMILLION, "X"),
    "bleeding": ("bleeding", VERMILLION, "o"),
    "platelet_transfusion": ("platelets given", GREY, "|"),
    "red_cell_transfusion": ("red cells given", GREY, "|"),
}


def drug_lanes(course: Course, plan: Plan, chart: Chart) -> list[Lane]:
    """What one patient was given: the plan, its calcineurin inhibitor at the level it had, then the ward's orders.

    ``course`` and ``chart`` are of that patient alone.
    """
    lanes = planned(plan)
    calcineurin = plan.prophylaxis.calcineurin
    if calcineurin is not None and "calcineurin" in course.values:
        own = _bars(chart, "calcineurin")
        taken = [Lane(calcineurin.drug, _until(own), own, SKY)] if own else []
        lanes = [lane for each in lanes for lane in (taken if each.name == calcineurin.drug else [each])]
    return [*(_lived(lane, course) for lane in lanes), *_ordered(chart), *_infused(chart)]


def event_lanes(chart: Chart) -> list[Lane]:
    """What happened to one patient: a row for each kind that did, the days counted at the right."""
    lanes = []
    for kind, (word, colour, marker) in HAPPENED.items():
        column = chart.column(kind)
        if len(column.day):
            days, marker = tuple(column.day.tolist()), marker
            amount = f"{column.value.sum():g} units" if kind.endswith("transfusion") else _days(days)
            lanes.append(Lane(word, amount, (), colour, marks=days, marker=marker))
    return lanes


def _lived(lane: Lane, course: Course) -> Lane:
    """The part of a planned row that the patient lived to have; days in a row as one bar."""
    end = float(course.deaths()[0][0]) + 1
    bars: list[tuple[float, float, float]] = []
    for start, width, height in lane.bars:
        before = bars[-1] if bars else (-np.inf, 0.0, 0.0)
        joins = start - before[0] - before[1] < 0.5 and height == before[2]
        begins = before[0] if joins else start
        if start < end:
            bars = [*bars[: len(bars) - joins], (begins, min(start + width, end) - begins, height)]
    return lane._replace(bars=tuple(bars), marks=tuple(day for day in lane.marks if day < end))


def _ordered(chart: Chart) -> Iterator[Lane]:
    for kind, word, colour, unit in DRUGS:
        bars = _bars(chart, kind)
        if bars:
            most = chart.column(kind).value.max()
            days = f"{sum(width for _, width, _ in bars):g} days"
            yield Lane(word, f"up to {most:.2g} {unit}" if unit else days, bars, colour)


def _infused(chart: Chart) -> Iterator[Lane]:
    for kind, word, colour in INFUSED:
        days = tuple(chart.column(kind).day.tolist())
        if days:
            yield Lane(word, _days(days), (), colour, marks=days)


def _bars(chart: Chart, kind: str) -> tuple[tuple[float, float, float], ...]:
    """Bars of a drug, each as long as its dose stays the same and as high as the dose is of the greatest."""
    column = chart.column(kind)
    if not len(column.day):
        return ()
    height = TALLEST * np.maximum(column.value / column.value.max(), 0.12)
    steps = [(int(day), round(float(h), 2)) for day, h in zip(column.day, height, strict=True)]
    runs = groupby(enumerate(steps), key=lambda pair: (pair[1][0] - pair[0], pair[1][1]))
    return tuple(_bar([step for _, step in run]) for _, run in runs)


def _bar(steps: list[tuple[int, float]]) -> tuple[float, float, float]:
    return steps[0][0] - 0.5, float(len(steps)), steps[0][1]


def _until(bars: tuple[tuple[float, float, float], ...]) -> str:
    return f"to day {bars[-1][0] + bars[-1][1] - 0.5:.0f}"


def _days(days: tuple[int, ...]) -> str:
    """The days themselves where they are few, else how many."""
    return f"{len(days)} times" if len(days) > 3 else "day " + ", ".join(f"{day}" for day in days)
