"""dayzero: the virtual transplant ward.

It plans, simulates, observes and judges hematopoietic stem cell transplantation::

    import dayzero as dz

    plan = dz.Plan.load("aml-sibling-pbsc")
    course = dz.simulate(plan, patients=1000, days=120, seed=1)
    print(dz.summary(course))
    print(dz.outcomes(course))
    dz.plot(course).savefig("course.png")

    chart = dz.Chart.read("counts.csv")
    dz.judge(chart).rows()

Research and teaching software; not a medical device. Names are loaded when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dayzero import criteria
    from dayzero.analyse.compare import Comparison, compare
    from dayzero.analyse.forecast.forecast import Forecast, forecast
    from dayzero.analyse.large import Cohort, simulate_many
    from dayzero.analyse.outcomes import outcomes
    from dayzero.analyse.summary import summary
    from dayzero.analyse.trial import TrialResult, trial
    from dayzero.criteria import judge
    from dayzero.errors import ChartError, DayzeroError, DomainWarning, InputError, SpecError
    from dayzero.present.explain import explain
    from dayzero.present.plot import plot
    from dayzero.records import Chart
    from dayzero.simulation.cohort import simulate
    from dayzero.simulation.course import Course
    from dayzero.simulation.observe import observe
    from dayzero.simulation.repeat import repeat
    from dayzero.spec import Plan, Trial, library_names

__version__ = "0.1.0"

_HOMES = {
    "Chart": "dayzero.records",
    "ChartError": "dayzero.errors",
    "Cohort": "dayzero.analyse.large",
    "Comparison": "dayzero.analyse.compare",
    "Course": "dayzero.simulation.course",
    "DayzeroError": "dayzero.errors",
    "DomainWarning": "dayzero.errors",
    "Forecast": "dayzero.analyse.forecast.forecast",
    "InputError": "dayzero.errors",
    "Plan": "dayzero.spec",
    "SpecError": "dayzero.errors",
    "Trial": "dayzero.spec",
    "TrialResult": "dayzero.analyse.trial",
    "compare": "dayzero.analyse.compare",
    "criteria": "dayzero.criteria",
    "explain": "dayzero.present.explain",
    "forecast": "dayzero.analyse.forecast.forecast",
    "judge": "dayzero.criteria",
    "library_names": "dayzero.spec",
    "observe": "dayzero.simulation.observe",
    "outcomes": "dayzero.analyse.outcomes",
    "plot": "dayzero.present.plot",
    "repeat": "dayzero.simulation.repeat",
    "simulate": "dayzero.simulation.cohort",
    "simulate_many": "dayzero.analyse.large",
    "summary": "dayzero.analyse.summary",
    "trial": "dayzero.analyse.trial",
}

__all__ = [
    "Chart",
    "ChartError",
    "Cohort",
    "Comparison",
    "Course",
    "DayzeroError",
    "DomainWarning",
    "Forecast",
    "InputError",
    "Plan",
    "SpecError",
    "Trial",
    "TrialResult",
    "compare",
    "criteria",
    "explain",
    "forecast",
    "judge",
    "library_names",
    "observe",
    "outcomes",
    "plot",
    "repeat",
    "simulate",
    "simulate_many",
    "summary",
    "trial",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"dayzero has no {name}; it has {', '.join(__all__)}")
    home = import_module(_HOMES[name])
    found = home if name == "criteria" else getattr(home, name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
