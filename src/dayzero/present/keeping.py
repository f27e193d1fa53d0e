"""The files a simulation is kept in, each option of the command with what it writes; all of them or none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dayzero.present import targets

if TYPE_CHECKING:
    from dayzero.analyse.outcomes import Outcomes
    from dayzero.simulation.course import Course


def keep(course: Course, files: Mapping[str, Path], *, patient: int | None, outcomes: Outcomes | None) -> None:
    """Write every file asked for, or none.

    Parameters
    ----------
    files : option -> where to write.
    patient : whom the pictures are about; None for nobody in particular.
    outcomes : of the course, where there are some already.
    """
    writers = {
        "--out": _course,
        "--chart": _chart,
        "--record": _record,
        "--figure": partial(_figure, patient=patient),
        "--outcomes": partial(_outcomes, outcomes=outcomes),
        "--timeline": partial(_timeline, patient=patient),
    }
    with targets.placing(files.values()) as parts:
        for option, part in zip(files, parts, strict=True):
            writers[option](course, part)


def _course(course: Course, path: Path) -> None:
    course.write(path)


def _chart(course: Course, path: Path) -> None:
    from dayzero.simulation.observe import observe

    observe(course).write(path)


def _record(course: Course, path: Path) -> None:
    path.write_text(json.dumps(dict(course.record), indent=1) + "\n", encoding="utf-8")


def _figure(course: Course, path: Path, patient: int | None) -> None:
    from dayzero.present.figures import course_figure, save

    save(course_figure(course, patient=patient), path)


def _outcomes(course: Course, path: Path, outcomes: Outcomes | None) -> None:
    from dayzero.analyse.outcomes import outcomes as told
    from dayzero.present.figures import outcomes_figure, save

    save(outcomes_figure(told(course) if outcomes is None else outcomes), path)


def _timeline(course: Course, path: Path, patient: int | None) -> None:
    from dayzero.present.figures import save, timeline_figure

    save(timeline_figure(course, course.patients[0] if patient is None else patient), path)
