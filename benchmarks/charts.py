"""How long it takes to judge the charts of a cohort by everything: ``python -m benchmarks.charts PATIENTS DAYS``.

The charts are made up with numpy, not simulated: daily counts that fall and come back, signs every day or every few,
transfusions, steroids and events; what they hold decides how much there is to judge. Prints one line of JSON.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np

from dayzero.criteria.status import Status, status_of
from dayzero.records import Chart

LIMITS = {"ldh": 250.0, "alt": 40.0}


def made(patients: int, days: int, seed: int = 1) -> Chart:
    """A made-up chart of that many patients and days."""
    random = np.random.default_rng(seed)
    who, day = np.repeat(np.arange(patients), days), np.tile(np.arange(days), patients)
    back = np.repeat(random.integers(10, 30, patients), days)
    aplastic = (day > 4) & (day < back)
    spread = lambda middle, by: middle * np.exp(random.normal(0, by, len(day)))  # noqa: E731
    sometimes = lambda low, high: np.where(random.random(len(day)) < 0.02, random.uniform(low, high, len(day)), 0)  # noqa: E731
    values: dict[str, tuple[Any, int]] = {
        "neutrophils": (spread(np.where(aplastic, 0.1, 4.0), 0.4), 1),
        "platelets": (spread(np.where(aplastic, 15.0, 120.0), 0.4), 1),
        "hemoglobin": (np.clip(random.normal(9, 0.6, len(day)), 4, 16), 1),
        "bilirubin": (spread(0.8, 0.5), 2), "creatinine": (spread(0.9, 0.3), 2), "ldh": (spread(220.0, 0.3), 2),
        "alt": (spread(30.0, 0.5), 2), "temperature": (np.clip(37 + random.gumbel(0, 0.35, len(day)), 35, 42), 1),
        "rash": (sometimes(1, 90), 1), "stool_volume": (sometimes(300, 2500), 1),
        "weight_gain": (random.normal(1, 2, len(day)), 1), "ascites": (np.zeros(len(day)), 2),
        "systolic_pressure": (random.normal(125, 10, len(day)), 1), "urine_protein": (spread(0.2, 0.8), 7),
        "oxygen_need": (np.zeros(len(day)), 1), "cmv_dna": (spread(10.0, 2.0), 7),
        "donor_chimerism_myeloid": (random.uniform(80, 100, len(day)), 30),
        "donor_chimerism_t_cell": (random.uniform(60, 100, len(day)), 30),
    }  # fmt: skip
    rows = {name: (who[day % every == 0], day[day % every == 0], value[day % every == 0])
            for name, (value, every) in values.items()}  # fmt: skip
    return Chart.from_columns(rows, [str(at) for at in range(patients)], _events(random, who, day, aplastic, days),
                              "PBSC", transfusions_recorded=True)  # fmt: skip


def _events(random: np.random.Generator, who: Any, day: Any, aplastic: Any, days: int) -> dict[str, Any]:
    """Transfusions in aplasia, steroid in a third of the patients, single events in some."""
    patients = int(who[-1]) + 1
    given = aplastic & (day % 3 == 0)
    treated = (day > 25) & (day < 60) & np.repeat(random.random(patients) < 0.3, days)
    events: dict[str, Any] = {
        "platelet_transfusion": (who[given], day[given]), "red_cell_transfusion": (who[given], day[given]),
        "steroid": (who[treated], day[treated], np.where(day[treated] < 40, 2.0, 0.5)),
    }  # fmt: skip
    for kind, share in (("relapse", 0.1), ("death", 0.15), ("chronic_gvhd", 0.2), ("bacteremia", 0.2), ("vod", 0.05),
                        ("cmv_treatment", 0.2)):  # fmt: skip
        chosen = np.flatnonzero(random.random(patients) < share)
        events[kind] = (chosen, random.integers(5, days, len(chosen)))
    return events


def judging(patients: int, days: int) -> dict[str, float]:
    """Seconds and processor-seconds to judge a made-up cohort, readings in it, and seconds to list the answers."""
    chart = made(patients, days)
    start, used = time.perf_counter(), time.process_time()
    status: Status = status_of(chart, cmv_threshold=1000.0, upper_limits=LIMITS)
    judged, worked = time.perf_counter(), time.process_time()
    rows = sum(1 for _ in status.rows())
    listed = time.perf_counter()
    readings = sum(len(column.day) for column in chart.measurements.values())
    return {"patients": rows, "days": days, "readings": readings, "criteria": len(status.entries),
            "seconds": judged - start, "processor": worked - used, "listing": listed - judged}  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(judging(int(sys.argv[1]), int(sys.argv[2]))))
