"""Trials on virtual patients: each person simulated once, cut into replicates, analysed as the protocol says.

All replicates of an arm are one vectorised run; a replicate is so many patients in a row, so replicates are
independent, and of other sizes there are more or fewer of them from the same people. Without any effect, the error of
the tests is measured on trials drawn from the first arm's patients alone, who are shared out to all arms at random.

`trial` goes from a `Trial` to a `TrialResult`; `characteristics` tells what of it a protocol needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dayzero.analyse.characteristics import Characteristic, Looks, characteristics, looks_of
from dayzero.analyse.effects import Where, usual_measure
from dayzero.analyse.enrolment import Enrolled, enrol, followed_to, from_start
from dayzero.analyse.estimates import Estimates, Published, estimates, published
from dayzero.analyse.pool import Group, follow, run_of, worlds_of
from dayzero.analyse.tally import RECOVERIES
from dayzero.analyse.when import First, check_name, first_of, has_day, part_days
from dayzero.errors import SpecError
from dayzero.records.chart import Floats
from dayzero.simulation.assemble import standard_body
from dayzero.simulation.request import asked
from dayzero.spec import Trial
from dayzero.spec.files import at_line
from dayzero.spec.trial_parts import TrialEndpoint
from dayzero.units import nearest

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, eq=False)
class World:
    """All patients of a trial under one set of parameters: enrolled, followed, in the order they entered.

    ``days`` count from the start of follow-up, as the trial sees them; ``judged`` says of which patients an endpoint
    can be told; ``rows`` are their rows of endpoints.
    """

    trial: Trial
    enrolled: Enrolled
    days: Mapping[str, Floats]
    judged: Mapping[str, np.ndarray]
    rows: pl.DataFrame = field(repr=False)

    @property
    def counted(self) -> np.ndarray:
        """Patients of the analysis population, (patients,)."""
        if self.trial.analysis.population == "intention_to_treat":
            return np.ones(len(self.enrolled.people), dtype=bool)
        return ~np.isfinite(self.enrolled.leaves) & (self.days["death"] >= 0)

    def where(self, size: int) -> Where:
        """Where each patient belongs in trials of a size; those of a last trial that is not full have number -1."""
        patients = len(self.enrolled.people)
        whole = patients // size
        number = np.arange(patients) // size
        stratum = self.enrolled.stratum if self.trial.analysis.stratified else np.zeros(patients, dtype=np.int64)
        return Where(np.where(number < whole, number, -1), stratum, self.enrolled.arm, whole,
                     int(stratum.max(initial=0)) + 1, len(self.trial.arms))  # fmt: skip

    def first(self, endpoint: TrialEndpoint, look: float | None = None) -> tuple[First, np.ndarray]:
        """What came first to each patient by a day of the trial, and who counts, (patients,)."""
        until = followed_to(self.trial, self.enrolled, look)
        counts = self.counted & self.judged.get(endpoint.name, True) & (until >= 0)
        return first_of(self.days, endpoint.name, until), counts


@dataclass(frozen=True, eq=False)
class TrialResult:
    """What came of a trial.

    Parameters
    ----------
    estimates : of every endpoint over all replicates together: the levels of the arms, and the effect.
    characteristics : power, error, coverage and expected estimates, by endpoint and size.
    looks : interim looks at the primary endpoint, None where there are none.
    published : simulated figures beside the published ones.
    ensemble : estimates with each further parameter set.
    """

    trial: Trial
    estimates: tuple[Estimates, ...]
    characteristics: tuple[Characteristic, ...]
    looks: Looks | None
    published: tuple[Published, ...]
    ensemble: tuple[tuple[Estimates, ...], ...]
    screened: int
    world: World = field(repr=False)
    parameters: Mapping[str, float] = field(default_factory=dict[str, float])

    def __getitem__(self, name: str) -> Estimates:
        """The estimates of an endpoint."""
        found = next((row for row in self.estimates if row.name == name), None)
        if found is None:
            names = ", ".join(row.name for row in self.estimates)
            raise SpecError("trial", "name", repr(name), f"one of {names}", "add it to the endpoints")
        return found

    @property
    def record(self) -> dict[str, Any]:
        """The run in a few entries, for the foot of figures and pages."""
        own = {"name": self.trial.name, "sha256": self.trial.sha256(), "spec": self.trial.plain()}
        more = {"of": "trial", "parameters": dict(self.parameters)}
        return run_of([own], self.trial.seed, len(self.world.enrolled.people)) | more

    @property
    def power(self) -> Characteristic:
        """The characteristics of the primary endpoint at the trial's own size."""
        primary = self.trial.primary.name
        return next(row for row in self.characteristics if row.name == primary and row.size == self.trial.size)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON; numbers not known are null."""
        return {
            "trial": self.trial.name, "sha256": self.trial.sha256(), "seed": self.trial.seed,
            "size": self.trial.size, "replicates": self.trial.replicates, "screened": self.screened,
            "patients": len(self.world.enrolled.people), "arms": [arm.name for arm in self.trial.arms],
            "population": self.trial.analysis.population, "alpha": self.trial.analysis.alpha,
            "estimates": [row.as_dict() for row in self.estimates],
            "characteristics": [row.as_dict() for row in self.characteristics],
            "looks": None if self.looks is None else self.looks.as_dict(),
            "published": [row.as_dict() for row in self.published],
            "ensemble": [[row.as_dict() for row in member] for member in self.ensemble],
        }  # fmt: skip


def trial(
    protocol: Trial | str | Path | Mapping[str, Any],
    *,
    replicates: int | None = None,
    seed: int | None = None,
    parameters: Mapping[str, float] | Sequence[Mapping[str, float]] = (),
    folder: str | Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> TrialResult:
    """Run a trial on virtual patients.

    Parameters
    ----------
    protocol : a trial, its name in the library, or its file.
    replicates, seed : in place of the trial's own.
    parameters : values by ``organ.name`` that replace the model's own; or a list of such sets, with each of which the
        whole trial is run, beside those of the trial's own ensemble.
    folder : where finished pieces are kept, so that the same call goes on where one stopped.
    progress : called with the share done, 0 to 1.

    Raises
    ------
    SpecError : the trial cannot be run, said in one sentence before any simulation.

    Examples
    --------
    >>> small = Trial.load("cd34-dose").but(size=24, replicates=1, null_replicates=0, sizes=())
    >>> result = trial(small)
    >>> [row.name for row in result.estimates][:1]
    ['neutrophil_engraftment']
    """
    whole = checked(protocol)
    given = {name: value for name, value in (("replicates", replicates), ("seed", seed)) if value is not None}
    whole = whole.but(**given) if given else whole
    sets = worlds_of(parameters, whole.ensemble)
    _check_parameters(whole, sets)
    per_trial = whole.size
    enrolled = enrol(whole, whole.replicates * per_trial, per_trial)
    worlds = _worlds(whole, enrolled, sets, None if folder is None else Path(folder), progress)
    world = worlds[0]
    found = estimates(world)
    members = tuple(estimates(each) for each in worlds[1:])
    return TrialResult(whole, found, characteristics(world, found), looks_of(world), published(world), members,
                       enrolled.screened, world, sets[0])  # fmt: skip


def checked(protocol: Trial | str | Path | Mapping[str, Any]) -> Trial:
    """The trial with every name in it known, or one sentence that says what is not, with its line in the file."""
    whole = Trial.load(protocol)
    try:
        _check(whole)
    except SpecError as problem:
        if isinstance(protocol, (str, Path)):
            raise at_line(problem, Trial.path_of(protocol)) from None
        raise
    return whole


def _check(trial: Trial) -> None:
    plans = tuple(arm.plan for arm in trial.arms)
    for number, endpoint in enumerate(trial.endpoints):
        check_name(endpoint.name, plans, "trial", f"endpoints[{number}].name")
        measure = endpoint.measure or usual_measure(endpoint.name)
        if measure == "subdistribution_hazard_ratio" and usual_measure(endpoint.name) == "hazard_ratio":
            got = f"{measure} of {endpoint.name}, with which nothing competes"
            raise SpecError("trial", f"endpoints[{number}].measure", got, "hazard_ratio or another", "change it")
    for number, part in enumerate(trial.visits.assessed if trial.visits else ()):
        check_name(part, plans, "trial", f"visits.assessed[{number}]")
    for number, figure in enumerate(trial.published):
        field = f"published[{number}].endpoint"
        if figure.arm == trial.arms[0].name and figure.measure not in ("level", "median_day"):
            expected = f"an arm that is compared with {figure.arm}"
            raise SpecError("trial", f"published[{number}].arm", "the first arm", expected, "name the other arm")
        if not figure.measure.startswith("median"):
            check_name(figure.endpoint, plans, "trial", field)
        elif figure.endpoint not in RECOVERIES:
            expected = f"one of {', '.join(RECOVERIES)}"
            raise SpecError("trial", field, repr(figure.endpoint), expected, nearest(figure.endpoint, RECOVERIES))
    _check_parameters(trial, worlds_of({}, trial.ensemble))


def _check_parameters(trial: Trial, sets: Sequence[Mapping[str, float]]) -> None:
    """Refuse what the engine would refuse, before any work."""
    plans = [arm.plan for arm in trial.arms]
    for parameters in sets:
        asked(standard_body(), plans, days=trial.follow_up.days, seed=trial.seed, precision="float32",
              recording=("alive",), parameters=parameters, typical=False, steps=8, block=None, cores=1)  # fmt: skip


def _worlds(trial: Trial, enrolled: Enrolled, sets: Sequence[Mapping[str, float]], folder: Path | None,
            progress: Callable[[float], None] | None) -> list[World]:  # fmt: skip
    """The trial under each set of parameters."""
    own = [np.flatnonzero(enrolled.arm == number) for number in range(len(trial.arms))]
    if empty := [arm.name for arm, rows in zip(trial.arms, own, strict=True) if not len(rows)]:
        raise SpecError("trial", "size", f"{trial.size}, which leaves {empty[0]} empty", "patients in every arm",
                        "make the trial larger")  # fmt: skip
    groups = [Group(arm.plan, enrolled.people[rows], trial.follow_up.days, trial.seed, parameters)
              for parameters in sets for arm, rows in zip(trial.arms, own, strict=True)]  # fmt: skip
    made = follow(groups, folder, progress)
    arms = len(trial.arms)
    return [_world(trial, enrolled, own, made[at : at + arms]) for at in range(0, len(made), arms)]


def _world(trial: Trial, enrolled: Enrolled, own: list[np.ndarray], parts: list[pl.DataFrame]) -> World:
    import polars as pl

    rows = pl.concat(parts)[np.argsort(np.concatenate(own))]
    days = from_start(trial, enrolled, part_days(rows))
    judged = {endpoint.name: _judged(trial, enrolled, rows, endpoint.name) for endpoint in trial.endpoints}
    return World(trial, enrolled, days, judged, rows)


def _judged(trial: Trial, enrolled: Enrolled, rows: pl.DataFrame, name: str) -> np.ndarray:
    """Of whom an endpoint can be told; who was never infused never engrafts, and that is told."""
    gone = np.isfinite(enrolled.leaves) & (trial.analysis.population == "intention_to_treat")
    return has_day(rows, name) | gone
