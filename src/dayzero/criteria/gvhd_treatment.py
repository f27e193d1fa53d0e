"""When treatment of acute graft-versus-host disease has failed.

Steroids: Schoemans 2018, doi:10.1038/s41409-018-0204-7, as restated on a manufacturer's disease page and in an expert
summary. Published windows differ (progression after 3-5 days, no improvement after 5-7, in some trials 14) and are
settings; the defaults 3 and 7 are a convention of this project. A flare on taper is dependence, not refractoriness;
some trials pool the two. Ruxolitinib: Mohty 2020, Blood 136(17):1903.
"""

from __future__ import annotations

from dayzero.criteria.logic import above, all_of, any_of, opposite, reaches
from dayzero.criteria.result import Definition, Finding

_STEROIDS = "Schoemans 2018, doi:10.1038/s41409-018-0204-7, as restated on a manufacturer's disease page"
REFRACTORY = Definition("agvhd_steroid_refractory", "EBMT-NIH-CIBMTR 2018", _STEROIDS, verified=True)
_DEPENDENT = Definition("agvhd_steroid_dependent", "EBMT-NIH-CIBMTR 2018", _STEROIDS, verified=True)
_RUXOLITINIB = Definition("agvhd_ruxolitinib_refractory", "2020", "Mohty 2020, Blood 136(17):1903", verified=True)

FULL_DOSE = 2.0  # prednisone or equivalent, mg/kg a day


def agvhd_steroid_refractory(
    *,
    days_on_steroid: int | None = None,
    progression: bool | None = None,
    improved: bool | None = None,
    complete_response: bool | None = None,
    progression_days: int = 3,
    no_improvement_days: int = 7,
    complete_response_days: int = 28,
) -> Finding:
    """Whether acute GVHD is refractory to prednisone of 2 mg/kg a day or the equivalent.

    Progression in any organ from ``progression_days`` on, no improvement by ``no_improvement_days``, or no complete
    response after more than ``complete_response_days``.

    >>> agvhd_steroid_refractory(days_on_steroid=7, progression=False, improved=False)["refractory"]
    True
    """
    inputs = locals()
    refractory = any_of(
        all_of(progression, reaches(days_on_steroid, progression_days)),
        all_of(opposite(improved), reaches(days_on_steroid, no_improvement_days)),
        all_of(opposite(complete_response), above(days_on_steroid, complete_response_days)),
    )
    return REFRACTORY.find({"refractory": refractory}, inputs)


def agvhd_steroid_dependent(
    *,
    days_on_steroid: int | None = None,
    responded: bool | None = None,
    prednisone_mg_kg_day: float | None = None,
    flare_on_taper: bool | None = None,
    least_days: int = 7,
) -> Finding:
    """Whether acute GVHD responded but needs its steroids.

    ``prednisone_mg_kg_day``: the lowest dose that was reached. Dependent: not below 2 mg/kg after ``least_days``, or a
    flare during the taper.

    >>> agvhd_steroid_dependent(days_on_steroid=9, responded=True, prednisone_mg_kg_day=0.8,
    ...                         flare_on_taper=True)["dependent"]
    True
    """
    inputs = locals()
    stuck = all_of(reaches(prednisone_mg_kg_day, FULL_DOSE), reaches(days_on_steroid, least_days))
    return _DEPENDENT.find({"dependent": all_of(responded, any_of(flare_on_taper, stuck))}, inputs)


def agvhd_ruxolitinib_refractory(
    *,
    days_on_ruxolitinib: int | None = None,
    progression: bool | None = None,
    response: bool | None = None,
    response_lost: bool | None = False,
    progression_days: int = 5,
    no_response_days: int = 14,
) -> Finding:
    """Progression after 5-10 days of ruxolitinib, no improvement by 14 days or later, or a response that was lost.

    A lost response that is not named was not there.

    >>> agvhd_ruxolitinib_refractory(days_on_ruxolitinib=14, progression=False, response=False)["refractory"]
    True
    """
    inputs = locals()
    refractory = any_of(
        all_of(progression, reaches(days_on_ruxolitinib, progression_days)),
        all_of(opposite(response), reaches(days_on_ruxolitinib, no_response_days)),
        response_lost,
    )
    return _RUXOLITINIB.find({"refractory": refractory}, inputs)
