"""The landmark outlook against 137 real transplants: what followed day 60, with acute GVHD by then and without.

Klein and Moeschberger, Survival Analysis (1997), section 1.3: acute leukemia, marrow of a matched sibling, busulfan and
cyclophosphamide, 1984-1989. The chart tells acute GVHD with its day and no grade, relapse, chronic GVHD, death. Each
patient's outlook is asked of twins of the own disease group; nothing of these patients is in it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.stats import beta

from dayzero import DomainWarning, Plan, simulate
from dayzero.analyse.forecast.pool import BORN_FROM
from dayzero.analyse.outlook import Outlook, outlook
from dayzero.records import Chart
from dayzero.simulation.course import Course

LANDMARK, UNTIL = 60, 365
#: Group of the table -> diagnosis and status. Group 3 is acute myeloid leukemia beyond the first remission.
GROUPS = {"1": ("all", "remission_1"), "2": ("aml", "remission_1"), "3": ("aml", "remission_2_or_later")}
ENDS = ("relapse", "death without relapse", "chronic GVHD", "survival")

Lines = list[list[object]]
Asked = dict[str, Outlook]


def outlook_table(folder: Path, twins: int) -> Lines:
    """Observed and foretold share of patients to whom it happened by a year, by acute GVHD at the landmark."""
    chart = Chart.read(folder)
    groups = [line.split(",")[0].strip('"') for line in (folder / "bmt.csv").read_text().splitlines()[1:]]
    first = {name: chart.first_event(name) for name in ("death", "relapse", "chronic_gvhd", "acute_gvhd")}
    seen = np.where(np.isfinite(first["death"]), np.inf, chart.first_event("last_contact"))
    asked = _asked(chart, groups, first, twins)
    lines: Lines = [["acute GVHD by day 60", "by day 365", "patients", "observed", "95 % limits", "outlook",
                     "the plan's survivors"]]  # fmt: skip
    for word, ill in (("yes", True), ("no", False), ("either", None)):
        for end in ENDS:
            rows = [at for at, name in enumerate(chart.patients) if name in asked and end in asked[name].chances
                    and (seen[at] >= UNTIL or _happened(end)(first, at))
                    and ill in (None, bool(first["acute_gvhd"][at] <= LANDMARK))]  # fmt: skip
            came = [_happened(end)(first, at) for at in rows]
            told = [asked[chart.patients[at]].chances[end][-1] for at in rows]
            foretold, before = (np.mean([getattr(one, which) for one in told]) for which in ("percent", "before"))
            low, high = exact(sum(came), len(came))
            mark = "" if low <= foretold <= high else " (out)"
            lines.append([word, end, len(came), f"{100 * np.mean(came):.0f} %", f"{low:.0f} to {high:.0f} %",
                          f"{foretold:.0f} %{mark}", f"{before:.0f} %"])  # fmt: skip
    return lines


def _asked(chart: Chart, groups: list[str], first: dict[str, np.ndarray], twins: int) -> Asked:
    """The outlook of everybody alive without relapse on the landmark."""
    courses = {group: _course(*GROUPS[group], twins) for group in sorted(set(groups))}
    well = np.minimum(first["death"], first["relapse"]) > LANDMARK
    return {name: outlook(chart, "aml-sibling-marrow", LANDMARK, patient=name, until=UNTIL, course=courses[group])
            for name, group, here in zip(chart.patients, groups, well, strict=True) if here}  # fmt: skip


def _course(diagnosis: str, status: str, twins: int) -> Course:
    plan = Plan.load("aml-sibling-marrow").but(
        name=f"{diagnosis}, {status}", patient={"diagnosis": diagnosis, "status": status, "age_years": 28},
        care="allo-1990s")  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DomainWarning)
        return simulate(plan, range(BORN_FROM, BORN_FROM + twins), UNTIL, 1)


def _happened(end: str) -> Callable[[dict[str, np.ndarray], int], bool]:
    return {
        "relapse": lambda first, at: bool(first["relapse"][at] <= UNTIL),
        "death without relapse": lambda first, at: bool(first["death"][at] <= UNTIL < first["relapse"][at]
                                                        or first["death"][at] < first["relapse"][at] <= UNTIL),
        "chronic GVHD": lambda first, at: bool(LANDMARK < first["chronic_gvhd"][at] <= UNTIL),
        "survival": lambda first, at: bool(first["death"][at] > UNTIL),
    }[end]  # fmt: skip


def exact(happened: int, of: int) -> tuple[float, float]:
    """Clopper and Pearson's 95 % limits in percent.

    >>> [round(x, 1) for x in exact(8, 22)]
    [17.2, 59.3]
    """
    low = beta.ppf(0.025, happened, of - happened + 1) if happened else 0.0
    high = beta.ppf(0.975, happened + 1, of - happened) if happened < of else 1.0
    return 100 * float(low), 100 * float(high)
