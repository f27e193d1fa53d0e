"""One verb for every picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dayzero.analyse.forecast.forecast import Forecast
from dayzero.analyse.outcomes import Outcomes
from dayzero.errors import InputError
from dayzero.simulation.course import Course

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot(what: Course | Outcomes | Forecast, *, timeline: object = None, **options: Any) -> Figure:
    """The picture people expect of a thing.

    Of a course, counts by day with thresholds (`course_figure`), or with ``timeline=`` a patient, everything that
    happened to that one (`timeline_figure`); of outcomes, survival and incidences by day (`outcomes_figure`);
    of a forecast, fans and the day of recovery (`forecast_figure`; ``chart=`` draws the readings).
    """
    from dayzero.present.figures import course_figure, outcomes_figure, timeline_figure

    if isinstance(what, Course):
        return course_figure(what, **options) if timeline is None else timeline_figure(what, timeline)
    if isinstance(what, Outcomes):
        return outcomes_figure(what, **options)
    if isinstance(what, Forecast):
        from dayzero.present.forecast_figure import forecast_figure

        return forecast_figure(what, **options)
    raise InputError("plot", "what", type(what).__name__, "a course or its outcomes", "simulate a plan first")
