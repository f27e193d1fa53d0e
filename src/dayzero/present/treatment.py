"""The treatment strip of a course figure: a row for each drug, field, graft and order of the ward, by day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from dayzero.present.page import BLUE, GREEN, GREY, INK, ORANGE, SKY, VERMILLION
from dayzero.simulation.course import Course
from dayzero.spec import Plan
from dayzero.spec.conditioning import DrugCourse

WORDS = {"atg_thymoglobulin": "ATG (rabbit)", "atg_grafalon": "ATLG (rabbit)", "atg_horse": "ATG (horse)",
         "mobilised_blood": "mobilised blood", "cord": "cord blood", "total_body": "TBI", "total_lymphoid": "TLI",
}  # fmt: skip

Bar = tuple[float, float, float]

# Orders drawn as the share of patients who get them, in the words of the strip; under it nobody is drawn.
ORDERED = {"gcsf_ug_per_kg": "G-CSF", "steroid_mg_per_kg": "steroid", "ruxolitinib": "ruxolitinib",
           "letermovir": "letermovir", "antiviral": "ganciclovir", "mould_azole": "mould azole"}  # fmt: skip
SEEN_FROM = 0.05


class Lane(NamedTuple):
    """One row of the treatment strip: bars (first day, days, height 0 to 1), or marks on days."""

    name: str
    amount: str
    bars: tuple[Bar, ...]
    colour: str
    hatch: str = ""
    marks: tuple[int, ...] = ()
    marker: str = "v"


def lanes_of(plan: Plan, course: Course) -> list[Lane]:
    """Treatment in the order it is given: conditioning, graft, prophylaxis, and what the ward orders."""
    return [*planned(plan), *_ordered(plan, course)]


def planned(plan: Plan) -> list[Lane]:
    """What the plan gives everybody: conditioning, grafts, prophylaxis."""
    before = sorted([*_drugs(plan.conditioning.drugs, VERMILLION), *_fields(plan)], key=lambda lane: lane.bars[0])
    cd34 = " + ".join(f"{graft.doses()['cd34'] / 1e6:.2g}" for graft in plan.grafts)
    days = tuple(graft.infusion_day for graft in plan.grafts)
    source = WORDS.get(plan.graft.source, plan.graft.source)
    graft = Lane(f"{source}, CD34", f"{cd34} × 10⁶/kg", (), INK, marks=days)
    return [*before, graft, *_drugs(plan.prophylaxis.serotherapy, BLUE), *_prophylaxis(plan)]


def _drugs(courses: Sequence[DrugCourse], colour: str) -> Iterator[Lane]:
    for drug in dict.fromkeys(str(course.drug) for course in courses):
        own = [course for course in courses if course.drug == drug]
        aims = [course.target_cumulative_auc_mg_h_per_l for course in own]
        amount = " + ".join(_times(course.dose[0], course.dose[1], len(course.days)) for course in own)
        amount = f"AUC {aims[0]:g} mg·h/L" if aims[0] else amount
        yield Lane(WORDS.get(drug, drug), amount, _on(day for course in own for day in course.days), colour)


def _fields(plan: Plan) -> Iterator[Lane]:
    for name in dict.fromkeys(str(field.field) for field in plan.conditioning.irradiation):
        own = [field for field in plan.conditioning.irradiation if field.field == name]
        fractions = sum(field.fractions_per_day * len(field.days) for field in own)
        amount = f"{sum(field.total_gy for field in own):g} Gy" + (f" in {fractions}" if fractions > 1 else "")
        yield Lane(WORDS[name], amount, _on(day for field in own for day in field.days), ORANGE, "/////")


def _prophylaxis(plan: Plan) -> Iterator[Lane]:
    given = plan.prophylaxis
    for name, doses in (("PTCy", given.post_cyclophosphamide), ("abatacept", given.abatacept)):
        if doses is not None:
            yield Lane(name, _times(doses.dose_mg_per_kg, "mg/kg", len(doses.days)), _on(doses.days), BLUE)
    if (mtx := given.methotrexate) is not None:
        amount = ", ".join(f"{dose:g}" for dose in mtx.doses_mg_per_m2) + " mg/m²"
        yield Lane("methotrexate", amount, _on(mtx.days), BLUE)
    if (cni := given.calcineurin) is not None:
        full = (cni.start_day, cni.taper_start_day - cni.start_day, 0.6)
        taper = (cni.taper_start_day, cni.stop_day - cni.taper_start_day, 0.25)
        yield Lane(cni.drug, f"to day {cni.stop_day}", (full, taper), SKY)
    for name, drug in (("mycophenolate", given.mycophenolate), ("sirolimus", given.sirolimus)):
        if drug is not None:
            bars = ((drug.start_day, drug.stop_day - drug.start_day, 0.6),)
            yield Lane(name, f"to day {drug.stop_day}", bars, SKY)


def _ordered(plan: Plan, course: Course) -> Iterator[Lane]:
    """Orders by day: the share of the living who get them."""
    living = course.living
    for name, word in ORDERED.items():
        if name not in course.values:
            continue
        share = ((course.values[name] > 0) & living).sum(axis=0) / np.maximum(living.sum(axis=0), 1)
        if share.max() < SEEN_FROM:
            continue
        bars = tuple((day - 0.5, 1.0, 0.8 * float(s)) for day, s in zip(course.days, share, strict=True) if s > 0)
        dose = f"{plan.care.gcsf.dose_ug_per_kg:g} µg/kg a day" if word == "G-CSF" and plan.care.gcsf else ""
        yield Lane(f"{word} (share)", dose or f"peak {100 * share.max():.0f} %", bars, GREEN)


def _times(dose: float, unit: str, days: int) -> str:
    return f"{dose:g} {unit.replace('m2', 'm²')}" + (f" × {days}" if days > 1 else "")


def _on(days: Iterable[int]) -> tuple[Bar, ...]:
    return tuple((day - 0.4, 0.8, 0.6) for day in sorted(days))


def draw_lanes(axes: Axes, lanes: Sequence[Lane]) -> None:
    """Treatment by day: names at the left, amounts at the right."""
    for y, lane in enumerate(lanes):
        for start, width, height in lane.bars:
            axes.broken_barh([(start, width)], (y + 0.35 - height, height), edgecolor=lane.colour, hatch=lane.hatch,
                             linewidth=0.6, facecolor="white" if lane.hatch else lane.colour)  # fmt: skip
        axes.plot(lane.marks, [y] * len(lane.marks), lane.marker, color=lane.colour, markersize=5.5, clip_on=False)
        axes.text(1.012, y, lane.amount, transform=axes.get_yaxis_transform(), va="center_baseline", fontsize=7)
    axes.axvline(0, color=GREY, linewidth=0.6)
    axes.set_yticks(range(len(lanes)), [lane.name for lane in lanes], fontsize=7)
    axes.set_ylim(len(lanes) - 0.4, -0.6)
    axes.tick_params(axis="both", length=0, labelbottom=False)
    axes.spines[["left", "bottom"]].set_visible(False)
