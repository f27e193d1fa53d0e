"""Charts of one patient for tests, and random charts of several."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from dayzero.records import Chart
from dayzero.units import EVENTS, QUANTITIES

#: Quantities that some criterion reads, with values about its thresholds.
READ: dict[str, tuple[float, ...]] = {
    "neutrophils": (0.0, 0.1, 0.4, 0.5, 0.9, 1.0, 4.0),
    "platelets": (5.0, 19.0, 20.0, 45.0, 50.0, 150.0),
    "hemoglobin": (6.5, 7.0, 8.5, 10.0, 12.0),
    "donor_chimerism": (2.0, 50.0, 95.0, 99.0),
    "donor_chimerism_myeloid": (2.0, 60.0, 99.0),
    "donor_chimerism_t_cell": (2.0, 60.0, 99.0),
    "creatinine": (0.6, 1.0, 2.2),
    "bilirubin": (0.6, 1.9, 2.0, 3.5, 7.0, 16.0),
    "ldh": (150.0, 260.0, 700.0),
    "alt": (20.0, 90.0, 300.0),
    "temperature": (36.8, 38.0, 38.2, 38.3, 39.5),
    "weight": (15.0, 60.0, 64.0),
    "weight_gain": (-1.0, 0.0, 2.4, 2.6, 5.5, 11.0),
    "ascites": (0.0, 0.3, 0.9),
    "rash": (0.0, 10.0, 30.0, 60.0),
    "stool_volume": (0.0, 600.0, 1200.0, 2000.0),
    "systolic_pressure": (110.0, 145.0),
    "urine_protein": (0.1, 1.2),
    "oxygen_need": (0.0, 3.0),
    "cmv_dna": (0.0, 150.0, 4000.0),
}
HAPPENS = (
    "platelet_transfusion", "red_cell_transfusion", "relapse", "chronic_gvhd", "second_graft", "vod", "bacteremia",
    "cmv_disease", "cmv_treatment", "neutropenic_fever", "antiviral", "last_contact", "microangiopathy",
    "engraftment_syndrome",
)  # fmt: skip


def chart(
    events: dict[str, Any] | None = None, *, recorded: bool = False, graft: str | None = None, **rows: Any
) -> Chart:
    """One patient: quantity -> [(day, value), ...], events: kind -> [day, ...] or [(day, amount), ...]."""
    measured = {name: ([0] * len(given), [d for d, _ in given], [v for _, v in given]) for name, given in rows.items()}
    happened = {}
    for kind, given in (events or {}).items():
        pairs = [one if isinstance(one, tuple) else (one, np.nan) for one in given]
        happened[kind] = ([0] * len(pairs), [d for d, _ in pairs], [a for _, a in pairs])
    return Chart.from_columns(measured, ["A"], happened, graft, recorded)


Rows = dict[str, list[tuple[int, int, float, int]]]
Happened = dict[str, list[tuple[int, int, float]]]


@st.composite
def records(draw: st.DrawFn, patients: int = 4) -> tuple[Rows, Happened, bool]:
    """Rows of some quantities and events: (patient, day, value, limit) and (patient, day, amount)."""
    who, day = st.integers(0, patients - 1), st.integers(-8, 70)
    names = draw(st.lists(st.sampled_from(sorted(READ)), unique=True, max_size=8))
    rows: Rows = {}
    for name in names:
        reading = st.tuples(who, day, st.sampled_from(READ[name]), st.sampled_from([0, 0, 0, 0, -1, 1]))
        rows[name] = draw(st.lists(reading, min_size=1, max_size=12, unique_by=lambda row: row[:3]))
    events: Happened = {}
    for kind in draw(st.lists(st.sampled_from(HAPPENS), unique=True, max_size=4)):
        events[kind] = draw(st.lists(st.tuples(who, day, st.just(float("nan"))), min_size=1, max_size=4,
                                     unique_by=lambda row: row[:2]))  # fmt: skip
    if draw(st.booleans()):
        doses = st.lists(st.tuples(who, st.integers(5, 60), st.sampled_from([0.5, 2.0])), max_size=15,
                         unique_by=lambda row: row[:2])  # fmt: skip
        events["steroid"] = draw(doses)
    deaths = draw(st.lists(who, unique=True, max_size=patients))
    events["death"] = [(at, 71, float(draw(st.integers(1, 7)))) for at in deaths]
    return rows, events, draw(st.booleans())


def _episode(random: np.random.Generator, days: Any, height: float, share: float = 0.5) -> Any:
    """Zero, or in a share of patients a rise to a height for some days."""
    start, length = random.integers(5, 60), random.integers(2, 20)
    inside = (days >= start) & (days < start + length)
    return inside * height * random.uniform(0.3, 1) if random.random() < share else 0.0 * days


def course(seed: int, patients: int = 4, last: int = 75) -> tuple[Rows, Happened, bool]:
    """Courses as rows: counts that fall and come back, episodes of every sign, gaps, limits, double readings."""
    random = np.random.default_rng(seed)
    rows: Rows = {name: [] for name in READ}
    events: Happened = {kind: [] for kind in (*HAPPENS, "steroid", "death")}
    days = np.arange(-8, last)
    for who in range(patients):
        back, fever = random.integers(11, 60), random.random() < 0.5
        aplastic = (days > 3) & (days < back)
        again = _episode(random, days, 1, 0.3) > 0
        low = aplastic | again
        drawn = {
            "neutrophils": np.where(low, 0.1, 3.0) * np.exp(random.normal(0, 0.5, len(days))),
            "platelets": np.where(low, 12, 90) * np.exp(random.normal(0, 0.3, len(days))),
            "hemoglobin": 9 - 2.5 * again + random.normal(0, 0.6, len(days)),
            "donor_chimerism": np.full(len(days), random.choice([3.0, 60.0, 95.0, 99.0])),
            "donor_chimerism_myeloid": np.full(len(days), random.choice([3.0, 60.0, 99.0])),
            "donor_chimerism_t_cell": np.full(len(days), random.choice([3.0, 60.0, 99.0])),
            "creatinine": 0.9 + _episode(random, days, 2.0),
            "bilirubin": 0.7 + _episode(random, days, 9.0),
            "ldh": 180 + _episode(random, days, 600.0),
            "alt": 25 + _episode(random, days, 300.0),
            "temperature": 36.7 + fever * np.maximum(low * 2.0, _episode(random, days, 3)) * random.random(len(days)),
            "weight": np.full(len(days), random.choice([18.0, 70.0])),
            "weight_gain": _episode(random, days, 14.0) + random.normal(0, 0.3, len(days)),
            "ascites": _episode(random, days, 1.0),
            "rash": _episode(random, days, 90.0),
            "stool_volume": _episode(random, days, 2500.0),
            "systolic_pressure": 118 + _episode(random, days, 60.0),
            "urine_protein": 0.1 + _episode(random, days, 4.0),
            "oxygen_need": _episode(random, days, 5.0, 0.3),
            "cmv_dna": _episode(random, days, 5000.0),
        }
        for name, values in drawn.items():
            often = random.choice([0.0, 0.3, 1.0], p=[0.1, 0.2, 0.7])
            for day, value in zip(
                days, np.round(np.maximum(values, -5 if name == "weight_gain" else 0), 2), strict=True
            ):
                if random.random() < often:
                    limit = random.choice([0, -1, 1], p=[0.96, 0.03, 0.01])
                    rows[name].append((who, int(day), float(value), int(limit)))
        for kind in HAPPENS:
            if random.random() < 0.2:
                events[kind].append((who, int(random.integers(2, last)), float("nan")))
        start = int(random.integers(10, 50))
        if random.random() < 0.6:
            length = int(random.integers(3, 35))
            events["steroid"] += [(who, start + at, 2.0 if at < 8 else 1.0) for at in range(length)]
        if random.random() < 0.3:
            events["death"].append((who, last, float(random.integers(1, 8))))
    return rows, events, bool(random.random() < 0.7)


def made(rows: Rows, events: Happened, recorded: bool, patients: int = 4) -> Chart:
    """The chart of such rows."""
    return Chart.from_columns(
        {name: tuple(zip(*given, strict=True)) for name, given in rows.items() if given},
        [f"P{at}" for at in range(patients)],
        {kind: tuple(zip(*given, strict=True)) for kind, given in events.items() if given},
        "PBSC",
        recorded,
    )


assert set(READ) <= set(QUANTITIES) and set(HAPPENS) <= set(EVENTS)
