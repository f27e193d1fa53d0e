"""Where the evidence ends: requests that can be computed but should be read with care."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dayzero.errors import DomainWarning
from dayzero.module import Parameter
from dayzero.simulation.covariates import disease_group
from dayzero.simulation.overrides import ends
from dayzero.spec import Plan
from dayzero.spec.vocabulary import MAINTENANCE_FOR

# Viable CD34+ cells/kg that published count curves cover, by source.
CD34_COVERED: Mapping[str, tuple[float, float]] = {
    "mobilised_blood": (1e6, 2e7),
    "marrow": (5e5, 1e7),
    "cord": (5e4, 1e6),
}
AGES_COVERED = (1.0, 75.0)
DAYS_COVERED = 730
KILL_BY_ANALOGY = ("thiotepa", "treosulfan", "carmustine", "etoposide", "cytarabine", "clofarabine")


def out_of_domain(
    plans: Iterable[Plan], days: int, overrides: Mapping[str, Any], parameters: Mapping[str, Parameter]
) -> list[DomainWarning]:
    """Warnings for what the plans ask beyond the evidence, each once, in a fixed order."""
    found: list[str] = []
    for plan in plans:
        found += _of_plan(plan)
    for name, value in overrides.items():
        low, high = parameters[name].low, parameters[name].high
        least, most = ends(value)
        if (low is not None and least < low) or (high is not None and most > high):
            shown = f"{least:g}" if least == most else f"{least:g} to {most:g}"
            found.append(f"{name} = {shown} lies outside its plausible range ({low} to {high})")
    if days > DAYS_COVERED:
        found.append(f"days beyond {DAYS_COVERED} are extrapolated: count curves are published to two years")
    return [DomainWarning(sentence) for sentence in sorted(set(found))]


def _of_plan(plan: Plan) -> list[str]:
    found = []
    low, high = AGES_COVERED
    if not low <= plan.patient.age_years <= high:
        found.append(f"age {plan.patient.age_years:g} lies outside {low:g} to {high:g} years, where counts were fitted")
    for graft in plan.grafts:
        least, most = CD34_COVERED[graft.source]
        dose = graft.doses()["cd34"] * graft.viable_fraction
        if not least <= dose <= most:
            found.append(f"{dose:.2g} CD34+ cells/kg of {graft.source} lies outside {least:.2g} to {most:.2g}")
    for drug in sorted({course.drug for course in plan.conditioning.drugs} & set(KILL_BY_ANALOGY)):
        found.append(f"marrow kill of {drug} is set by analogy, not measured")
    diagnosis, maintenance = plan.patient.diagnosis, plan.care.maintenance
    group = disease_group(diagnosis)
    if group not in (diagnosis, "aplastic", "other"):
        found.append(f"the disease of {diagnosis} is simulated as that of {group}")
    if maintenance is not None and diagnosis not in MAINTENANCE_FOR[maintenance.drug]:
        found.append(f"{maintenance.drug} is not maintenance for {diagnosis}; it is simulated without effect on it")
    return found
