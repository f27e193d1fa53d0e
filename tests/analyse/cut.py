"""A large cohort made by hand, cut into parts: folders, processes and clusters are tested without a model.

`made_portion` stands in for `portion`: the same reduction, of courses that no engine had to compute.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from analyse.made import CAUSES, cohort
from dayzero.analyse import portion
from dayzero.analyse.large import Cohort, simulate_many
from dayzero.analyse.manifest import cohort_record
from dayzero.analyse.portion import Request
from dayzero.analyse.tally import FANS
from dayzero.simulation.course import Course
from dayzero.spec import Plan

PLAN, PATIENTS, DAYS = "aml-unrelated-flubu2-atg", 96, 120
PAUSE = "pause"  # a file of that name in the working folder makes every part take a while


@cache
def whole() -> Course:
    """All patients in one course."""
    made = cohort(PLAN, PATIENTS, DAYS)
    for name in FANS:
        made.values.setdefault(name, np.full((PATIENTS, len(made.days)), 0.5, np.float32))
    record = cohort_record(Plan.load(PLAN), PATIENTS, DAYS, 1, {})
    codes = np.array([0, *(1 + record["causes"].index(cause) for cause in CAUSES)])
    values = {**made.values, "died_of": codes[made.values["died_of"].astype(int)]}
    return Course(made.patients, made.days, values, made.covariates, made.flags, record)


def simulated(plan: Plan, patients: range, days: int, seed: int, *, progress: Any = None, **how: Any) -> Course:
    """Some of them, as `simulate` would give them."""
    for _ in range(20 if Path(PAUSE).exists() else 1):
        time.sleep(0.02 * Path(PAUSE).exists())
        if progress is not None:
            progress(0.5)
    return whole().only(list(patients))


def made_portion(request: Request, number: int, tick: Callable[[float], None] | None = None) -> bytes:
    """A part of them, in whichever process this is."""
    portion.simulate = simulated
    return portion.portion(request, number, tick)


def follow(folder: Path, **how: Any) -> Cohort:
    """`simulate_many` of the made patients; a test puts `made_portion` in its place."""
    return simulate_many(PLAN, folder, PATIENTS, DAYS, **{"chunk": 16, "workers": 2, **how})


def drive(folder: str, executor: str) -> None:
    """The same as a process of its own, to be killed."""
    from dayzero.analyse import large

    large.portion = large.quiet_portion = made_portion
    follow(Path(folder), executor=executor)
