"""What truly happened beside what the chart says: the incidence of each complication, latent and judged.

The latent figure counts the model's own events or the ward's daily grade; the judged one comes from the chart alone, by
the criteria used for real patients. Appends a section to docs/measurements/whole-course.md. `--quick` takes 256.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dayzero import Course, DomainWarning, observe, simulate
from dayzero.criteria import (
    acute_gvhd,
    cmv_significant_of,
    engraftment_syndrome_of,
    febrile_neutropenia_of,
    microangiopathy_of,
    nonrelapse_mortality,
    primary_graft_failure_of,
    relapse_or_death,
    secondary_graft_failure_of,
    vod_of,
)
from dayzero.criteria.result import Judgement
from dayzero.records import Chart

PAGE = Path(__file__).resolve().parent.parent / "docs" / "measurements" / "whole-course.md"
HEAD = "\n## Latent and judged\n"
PLANS = ("aml-sibling-pbsc", "haplo-pbsc-ptcy", "cord-single-cytbiflu", "nma-flu-tbi2")


class Row(NamedTuple):
    """A complication: percent of patients who had it, percent of those who can be judged, and how many can."""

    event: str
    latent: float
    judged: float
    known: float


def rows(course: Course, chart: Chart) -> list[Row]:
    """Each complication by day 100."""
    early = (course.days >= 0) & (course.days <= 100)
    lived = course.living

    def ever(name: str, least: float = 1) -> float:
        return 100 * float(np.mean((np.where(lived, course.values[name], 0)[:, early] >= least).any(axis=1)))

    graded = acute_gvhd(chart, by_day=100, source="signs", weight_kg=course.covariates["weight_kg"])
    known = graded.status != "not_evaluable"
    grade = np.asarray(graded["at_least"], dtype=float)
    liver = vod_of(chart, by_day=100)
    deaths = nonrelapse_mortality(chart, by_day=100)
    died, _ = course.deaths()
    latent_nrm = (died <= 100) & ~(course.first_day("event_relapse") <= died)
    share = lambda x: 100 * float(np.mean(x))  # noqa: E731
    return [
        Row("acute GVHD II-IV", ever("ward_gvhd_grade", 2), share(grade[known] >= 2), share(known)),
        Row("acute GVHD III-IV", ever("ward_gvhd_grade", 3), share(grade[known] >= 3), share(known)),
        Row(
            "VOD (judged: Baltimore signs but hepatomegaly)",
            ever("event_vod"),
            share(np.isin(liver.status, ("classical", "late_onset"))),
            share(liver.status != "not_evaluable"),
        ),
        Row("non-relapse mortality", share(latent_nrm), share(np.asarray(deaths["kind"]) == "nonrelapse_death"), 100),
        *_by_status(chart, ever),
    ]


def _by_status(chart: Chart, ever: Callable[..., float]) -> list[Row]:
    """Complications whose criterion answers with a status and a day."""

    def judged(event: str, latent: float, found: Judgement, *words: str) -> Row:
        known = ~np.isin(found.status, ("not_evaluable", ""))
        had = np.isin(found.status, words) & (found.day <= 100)
        return Row(
            event, latent, 100 * float(np.mean(had[known])) if known.any() else np.nan, 100 * float(known.mean())
        )

    fever, cmv = febrile_neutropenia_of(chart), cmv_significant_of(chart)
    syndrome, microangiopathy = engraftment_syndrome_of(chart), microangiopathy_of(chart)
    relapse = relapse_or_death(chart, by_day=100)
    failed, lost = primary_graft_failure_of(chart), secondary_graft_failure_of(chart)
    relapsed = 100 * float(np.mean(np.asarray(relapse["kind"]) == "relapse"))
    return [
        judged("fever in neutropenia", ever("event_neutropenic_fever"), fever, "febrile_neutropenia"),
        judged("CMV treated or disease", ever("antiviral"), cmv, "significant"),
        judged("engraftment syndrome (Spitzer)", ever("event_engraftment_syndrome"), syndrome, "engraftment_syndrome"),
        judged("thrombotic microangiopathy", ever("event_microangiopathy"), microangiopathy, "tma"),
        Row("relapse", ever("event_relapse"), relapsed, 100),
        judged("primary graft failure (no latent event)", np.nan, failed, "graft_failure"),
        judged("secondary graft failure (no latent event)", np.nan, lost, "possible"),
    ]


def main(patients: int) -> None:
    """Simulate, judge, append the table."""
    warnings.simplefilter("ignore", DomainWarning)
    told = (
        "By day 100, percent of patients: what happened in the model, and what its own chart says by the criteria used"
    )
    more = "for real patients. Charts see bedside signs on days of blood tests only."
    lines = [
        HEAD,
        told,
        more,
        "",
        "| plan | event | latent | judged, of who can be | can be judged |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name in PLANS:
        course = simulate(name, patients, 104)
        for event, *values in rows(course, observe(course)):
            shown = ["" if np.isnan(value) else f"{value:.1f}" for value in values]
            lines.append(f"| {name} | {event} | {' | '.join(shown)} |")
            print(lines[-1], flush=True)
    text = PAGE.read_text(encoding="utf-8").split(HEAD)[0].rstrip() + "\n"
    PAGE.write_text(text + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(256 if "--quick" in sys.argv else 1000)
