"""What truly happened beside what the chart says: the incidence of each complication, latent and judged.

The latent figure counts the model's own events or the ward's daily grade; the judged one comes from the chart alone, by
the criteria used for real patients. Appends a section to docs/measurements/whole-course.md. `--quick` takes 256.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np

from dayzero import Course, DomainWarning, observe, simulate
from dayzero.criteria import acute_gvhd, nonrelapse_mortality, vod_of
from dayzero.records import Chart

PAGE = Path(__file__).resolve().parent.parent / "docs" / "measurements" / "whole-course.md"
HEAD = "\n## Latent and judged\n"
PLANS = ("aml-sibling-pbsc", "haplo-pbsc-ptcy", "cord-single-cytbiflu", "nma-flu-tbi2")


def rows(course: Course, chart: Chart) -> list[tuple[str, float, float]]:
    """Name, latent and judged percentage of patients by day 100."""
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
        ("acute GVHD II-IV", ever("ward_gvhd_grade", 2), share(grade[known] >= 2)),
        ("acute GVHD III-IV", ever("ward_gvhd_grade", 3), share(grade[known] >= 3)),
        (
            "VOD (judged: Baltimore signs but hepatomegaly)",
            ever("event_vod"),
            share(np.isin(liver.status, ("classical", "late_onset"))),
        ),
        ("non-relapse mortality", share(latent_nrm), share(np.asarray(deaths["kind"]) == "nonrelapse_death")),
    ]


def main(patients: int) -> None:
    """Simulate, judge, append the table."""
    warnings.simplefilter("ignore", DomainWarning)
    told = (
        "By day 100, percent of patients: what happened in the model, and what its own chart says by the criteria used"
    )
    more = "for real patients. Charts see bedside signs on days of blood tests only."
    lines = [HEAD, told, more, "", "| plan | event | latent | judged |", "| --- | --- | --- | --- |"]
    for name in PLANS:
        course = simulate(name, patients, 104)
        for event, latent, judged in rows(course, observe(course)):
            lines.append(f"| {name} | {event} | {latent:.1f} | {judged:.1f} |")
            print(lines[-1], flush=True)
    text = PAGE.read_text(encoding="utf-8").split(HEAD)[0].rstrip() + "\n"
    PAGE.write_text(text + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(256 if "--quick" in sys.argv else 1000)
