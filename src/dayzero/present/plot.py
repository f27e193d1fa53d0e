"""One verb for every picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dayzero.errors import InputError
from dayzero.simulation.course import Course

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot(what: Course, **options: Any) -> Figure:
    """The picture people expect of a thing: of a course, counts by day with thresholds (see `course_figure`)."""
    from dayzero.present.figures import course_figure

    if isinstance(what, Course):
        return course_figure(what, **options)
    raise InputError("plot", "what", type(what).__name__, "a course", "simulate a plan first")
