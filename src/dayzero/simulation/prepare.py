"""From plans and patients to numbers: what each virtual patient is, and what each day does to them.

Everything is worked out here in float64, one array operation for all patients of a plan, so that the compiled day
program holds no drug, no dose and no plan. Drugs are added in the order in which the plan gives them, and only those
that it gives: an unused drug changes no bit of a result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from dayzero.biology import conditioning
from dayzero.elementwise import normal_quantile
from dayzero.module import Parameter
from dayzero.simulation.assemble import Body
from dayzero.simulation.covariates import bag_of, covariates
from dayzero.simulation.dosing import dose_mg, rule_for
from dayzero.simulation.overrides import dealt
from dayzero.simulation.settings import settings_of
from dayzero.simulation.streams import patient_key, uniform, unsigned
from dayzero.spec import Abatacept, Plan
from dayzero.spec.vocabulary import SEROTHERAPY_DRUGS

ABATACEPT_HALF_LIFE_DAYS = 14.0  # elimination half-life, 13 to 14 days in adults (label of abatacept, recalled)
ABATACEPT_DOSE_MG_PER_KG = 10.0  # dose after which the level counts as 1


@dataclass(frozen=True)
class Prepared:
    """Numbers of a block of patients, in float64.

    ``numbers[organ]`` holds (patients,) arrays, per-origin entries as tuples; ``settings`` likewise; ``daily`` maps
    each daily signal to a (days, patients) array or a tuple of them; ``key`` is (patients,) uint32; ``first_day`` the
    day of row 0; ``admission`` the day each patient enters; ``person`` the covariates.
    """

    person: Mapping[str, Any]
    numbers: Mapping[str, Mapping[str, Any]]
    settings: Mapping[str, np.ndarray]
    daily: Mapping[str, Any]
    key: np.ndarray
    first_day: int
    admission: np.ndarray


def admission_day(plan: Plan) -> int:
    """The morning before anything is given, counted from infusion."""
    days = [course.days[0] for course in plan.conditioning.drugs]
    days += [field.days[0] for field in plan.conditioning.irradiation]
    days += [course.days[0] for course in plan.prophylaxis.serotherapy]
    levels = (plan.prophylaxis.calcineurin, plan.prophylaxis.mycophenolate, plan.prophylaxis.sirolimus)
    days += [level.start_day for level in levels if level is not None]
    if plan.prophylaxis.abatacept is not None:
        days.append(plan.prophylaxis.abatacept.days[0])
    return min([*days, 0]) - 1


def prepare(body: Body, plan: Plan, patients: Sequence[int] | np.ndarray, seed: int, *, first_day: int, days: int,
            origins: int, overrides: Mapping[str, Any] | None = None, typical: bool = False) -> Prepared:  # fmt: skip
    """Numbers of the given virtual patients of one plan.

    Parameters
    ----------
    patients : identifiers; the same identifier and seed is the same person in every plan.
    first_day, days : the days to lay out. origins : host and donors, 2 or 3.
    overrides : typical values that replace the parameter files' own, by ``organ.name`` (`simulation.overrides`).
    typical : everyone is the plan's own patient with typical parameters.
    """
    key = patient_key(seed, patients)
    person = covariates(plan, key, origins, typical)
    numbers = _individuals(body, key, person, dealt(overrides or {}, patients), typical)
    p = SimpleNamespace(**numbers["conditioning"])
    daily = _schedule(body, plan, p, person, first_day, days, origins, len(key))
    entry = np.full(len(key), float(admission_day(plan)))
    return Prepared(person, numbers, settings_of(plan, person), daily, key, first_day, entry)


def _individuals(body: Body, key: np.ndarray, person: Mapping[str, Any], overrides: Mapping[str, Any], typical: bool):
    """Parameters of each patient, then constants organ by organ."""
    constants: dict[str, Any] = dict(person)
    same = np.ones(key.shape)
    numbers: dict[str, dict[str, Any]] = {}
    differ = {} if typical else _differences(body, key)
    for organ in body.derivation:
        own = {
            name: overrides.get(f"{organ.name}.{name}", parameter.typical) * differ.get((organ.name, name), same)
            for name, parameter in organ.parameters.items()
        }
        used = {name: constants[name] for name in organ.uses}
        derived = {}
        if hasattr(organ.file, "derive"):
            derived = organ.file.derive(SimpleNamespace(**own), SimpleNamespace(**used))
            constants |= {name: derived[name] for name in organ.constants}
        numbers[organ.name] = own | derived | used
    return numbers


def _differences(body: Body, key: np.ndarray) -> dict[tuple[str, str], np.ndarray]:
    """How many times its typical value a parameter is in each patient, of all that differ between patients."""
    varying = {(o.name, name): parameter for o in body.organs for name, parameter in o.parameters.items()
               if parameter.between_patient}  # fmt: skip
    return dict(zip(varying, differences(list(varying.values()), key), strict=True))


def differences(parameters: Sequence[Parameter], key: np.ndarray) -> np.ndarray:
    """How many times its typical value each parameter is in each patient: (parameters, patients).

    Log-normal with median 1, by the patient's own draw from the parameter's stream.
    """
    streams = unsigned(np.array([parameter.stream or 0 for parameter in parameters], int))
    spread = np.sqrt(np.log1p(np.array([parameter.between_patient for parameter in parameters]) ** 2))
    z = normal_quantile(uniform(key, streams[:, None], unsigned(0)).astype(np.float64))
    return np.exp(spread[:, None] * z)


def _schedule(body: Body, plan: Plan, p: Any, person: Mapping[str, Any], first_day: int, days: int, origins: int,
              n: int) -> dict[str, Any]:  # fmt: skip
    """Daily signals laid out over the days: (days, n) each, the same row or column repeated where nothing differs."""
    table = _Table(body, first_day, days, origins, n)
    for day, effects in _effects(plan, p, person).items():
        for name, value in conditioning.surviving(effects).items():
            table.put(name, day, value)
    _infusions(plan, table)
    _antibodies(plan, person, table)
    _levels(plan, table)
    return table.signals


class _Table:
    """Daily signals being filled in; what is the same for every patient takes no room for each."""

    def __init__(self, body: Body, first_day: int, days: int, origins: int, n: int) -> None:
        self.calendar, self.n = np.arange(first_day, first_day + days), n
        self.signals: dict[str, Any] = {}
        for name, signal in body.daily.items():
            rest = np.broadcast_to(1.0 if name.startswith("surviving_") else 0.0, (days, n))
            self.signals[name] = (rest,) * origins if signal.per_origin else rest

    def put(self, name: str, day: int, value: Any, add_up: bool = False) -> None:
        """Set the value of a day in each patient, or add to it; a day outside the table is passed over."""
        self.signals[name] = self._with(self.signals[name], day, value, add_up)

    def put_at(self, name: str, origin: int, day: int, value: Any) -> None:
        """Add to the value of a day of one origin."""
        values = list(self.signals[name])
        values[origin] = self._with(values[origin], day, value, True)
        self.signals[name] = tuple(values)

    def _with(self, values: np.ndarray, day: int, value: Any, add_up: bool) -> np.ndarray:
        row = day - int(self.calendar[0])
        if not 0 <= row < len(values):
            return values
        own = values if values.flags.writeable else values.copy()
        own[row] = own[row] + value if add_up else value
        return own

    def fill(self, name: str, by_day: Any) -> None:
        """The same for every patient of the plan, (days,)."""
        column = np.asarray(by_day, dtype=np.float64)[:, None]
        self.signals[name] = np.broadcast_to(column, (len(column), self.n))


def _effects(plan: Plan, p: Any, person: Mapping[str, Any]) -> dict[int, list[dict[str, Any]]]:
    """Kills and injuries by day, one entry a drug or field, in the plan's order."""
    by_day: dict[int, list[dict[str, Any]]] = {}
    busulfan_from = min((c.days[0] for c in plan.conditioning.drugs if c.drug == "busulfan"), default=None)
    prophylaxis = plan.prophylaxis
    for course in (course for course in plan.conditioning.drugs if course.drug not in SEROTHERAPY_DRUGS):
        for day, amount in _exposures(course, p, person, busulfan_from):
            by_day.setdefault(day, []).append(conditioning.drug_kill(p, course.drug, amount))
    for field in plan.conditioning.irradiation:
        lymphoid = 1 if field.field == "total_lymphoid" else 0
        for day in field.days:
            effect = conditioning.radiation_kill(p, field.fraction_gy, field.fractions_per_day, lymphoid)
            by_day.setdefault(day, []).append(effect)
    if prophylaxis.post_cyclophosphamide is not None:
        for day in prophylaxis.post_cyclophosphamide.days:
            dose = dose_mg(prophylaxis.post_cyclophosphamide.dose_mg_per_kg, "mg/kg", person, "lower")
            amount = conditioning.exposure(p, "cyclophosphamide", dose)
            by_day.setdefault(day, []).append(conditioning.drug_kill(p, "cyclophosphamide", amount))
    if prophylaxis.methotrexate is not None:
        for day, dose in zip(prophylaxis.methotrexate.days, prophylaxis.methotrexate.doses_mg_per_m2, strict=True):
            amount = conditioning.exposure(p, "methotrexate", dose_mg(dose, "mg/m2", person))
            by_day.setdefault(day, []).append(conditioning.drug_kill(p, "methotrexate", amount))
    return by_day


def _exposures(course: Any, p: Any, person: Mapping[str, Any], busulfan_from: int | None):
    """(day, exposure) of each day of a drug course; with drug monitoring later doses aim at the target."""
    amount, unit = course.dose
    dose = dose_mg(amount, unit, person, rule_for(course.drug, course.total_mg_per_kg))
    after = 1 if course.drug == "cyclophosphamide" and busulfan_from is not None else 0
    given = [
        conditioning.exposure(p, course.drug, dose, oral=int(course.route == "oral"), first_day=int(i == 0),
                              after_busulfan=int(bool(after) and busulfan_from is not None and busulfan_from < day))
        for i, day in enumerate(course.days)
    ]  # fmt: skip
    target = course.target_cumulative_auc_mg_h_per_l
    if target is not None and len(given) > 1:
        reached = np.maximum(target * p.monitoring, given[0])
        later = (reached - given[0]) / (len(given) - 1)
        given = [given[0], *(later for _ in given[1:])]
    return zip(course.days, given, strict=True)


def _infusions(plan: Plan, table: _Table) -> None:
    donor = 1
    for i, graft in enumerate(plan.grafts):
        donor = 1 if i == 0 or plan.second_donor is None else 2
        bag = bag_of(plan, donor)
        whole = bag.doses()["cd34"] * bag.viable_fraction
        share = graft.doses()["cd34"] * graft.viable_fraction / whole if whole else 0.0
        table.put_at("infused", donor, graft.infusion_day, share)


def _antibodies(plan: Plan, person: Mapping[str, Any], table: _Table) -> None:
    """Antibodies against lymphocytes, in mg per kg of actual weight, wherever the plan writes them."""
    for course in (*plan.conditioning.drugs, *plan.prophylaxis.serotherapy):
        name = f"{course.drug}_dose"
        if course.drug in SEROTHERAPY_DRUGS and name in table.signals:
            dose = dose_mg(*course.dose, person) / person["weight_kg"]
            for day in course.days:
                table.put(name, day, dose, add_up=True)


def _levels(plan: Plan, table: _Table) -> None:
    given, calendar = plan.prophylaxis, table.calendar
    if given.calcineurin is not None:
        taper = max(given.calcineurin.stop_day - given.calcineurin.taper_start_day, 1)
        falling = np.clip((given.calcineurin.stop_day - calendar) / taper, 0.0, 1.0)
        table.fill("calcineurin_planned", np.where(calendar >= given.calcineurin.start_day, falling, 0.0))
    for name, drug in (("mycophenolate", given.mycophenolate), ("sirolimus", given.sirolimus)):
        if drug is not None:
            table.fill(name, (calendar >= drug.start_day) & (calendar < drug.stop_day))
    if given.abatacept is not None:
        table.fill("abatacept", _abatacept(given.abatacept, calendar))
    laboratory, admitted = plan.care.laboratory, calendar >= admission_day(plan)
    table.fill("blood_drawn", [laboratory.is_visit(int(day)) for day in calendar] & admitted)
    table.fill("chimerism_tested", np.isin(calendar, laboratory.chimerism_days) & admitted & plan.allogeneic)
    table.fill("subsets_tested", np.isin(calendar, laboratory.subset_days) & admitted)
    table.fill("cmv_tested", [laboratory.is_cmv_test(int(day)) for day in calendar] & admitted)
    table.fill("marrow_examined", np.isin(calendar, laboratory.marrow_days) & admitted)
    table.fill("present", admitted)
    table.fill("day_of_transplant", calendar)


def _abatacept(abatacept: Abatacept, calendar: np.ndarray) -> np.ndarray:
    """Level by day: 1 after a dose of `ABATACEPT_DOSE_MG_PER_KG`, halved every half-life since; doses do not add."""
    level = np.zeros(len(calendar))
    for day in abatacept.days:
        since = calendar - day
        own = abatacept.dose_mg_per_kg / ABATACEPT_DOSE_MG_PER_KG * 0.5 ** (since / ABATACEPT_HALF_LIFE_DAYS)
        level = np.where(since >= 0, np.maximum(level, own), level)
    return level
