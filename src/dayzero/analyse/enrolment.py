"""From virtual people to a trial's patients: who may enter, into which arm, when, and how long each is followed.

Every person is simulated in one arm only, so replicates are independent of one another and no two arms share a
patient; `compare` is for pairs. Allocation is by permuted blocks inside strata. Draws have streams of their own, keyed
by the trial's seed, and never touch the fates of patients.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dayzero.analyse.when import Days
from dayzero.criteria.comorbidity import hct_ci_age
from dayzero.errors import SpecError
from dayzero.records.chart import Floats, Integers
from dayzero.simulation.covariates import COVARIATE_STREAMS, draw
from dayzero.simulation.streams import COVARIATE, patient_key, uniform, unsigned
from dayzero.spec import Plan, Trial
from dayzero.spec.trial_parts import Stratum

SCREENED_AT_ONCE = 20_000
MOST_SCREENED = 50  # people screened for each that is needed, at least a first batch
YEAR = 365.25
ROUNDS = {"arm": 1, "entry": 2, "delay": 3, "lost": 4, "infused": 5, "fate": 6, "relapse": 7, "visits": 8, "null": 9}


@dataclass(frozen=True, eq=False)
class Enrolled:
    """Patients of all replicates in the order they entered, (patients,) arrays.

    Parameters
    ----------
    people : numbers of the virtual patients. screened : how many were looked at.
    arm, stratum : place among the arms; level of all factors together.
    entry : day of entry from the first patient. delay : days from randomisation to infusion.
    lost : days to loss from follow-up. leaves : day on which who is never infused leaves; inf for who is infused.
    fate : "death", "relapse", "withdrawal" of those, "" of the others. dies : day of death after such a relapse.
    """

    people: Integers
    screened: int
    arm: Integers
    stratum: Integers
    entry: Floats
    delay: Floats
    lost: Floats
    leaves: Floats
    fate: NDArray[np.str_]
    dies: Floats


def generator(seed: int, what: str) -> np.random.Generator:
    """The numbers of one purpose; they depend on nothing but the trial's seed and that purpose."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, ROUNDS[what]])))


def enrol(trial: Trial, patients: int, per_trial: int) -> Enrolled:
    """The first so many virtual people who may enter, randomised in trials of a size."""
    people, values, screened = _eligible(trial, patients)
    strata = _strata(trial.stratification, values, len(people))
    arm = _allocated(trial, strata, np.arange(patients) // per_trial)
    before = trial.before_infusion
    draws = {what: generator(trial.seed, what).random(patients) for what in ("infused", "fate", "relapse")}
    delay = _delays(trial, patients)
    gone = draws["infused"] < before.never_infused
    share = np.divide(draws["infused"], before.never_infused, out=np.zeros(patients), where=gone)
    leaves = np.where(gone, np.floor(share * delay), np.inf)
    fates = np.select([draws["fate"] < before.died, draws["fate"] < before.died + before.relapsed],
                      ["death", "relapse"], "withdrawal")  # fmt: skip
    after = -np.log1p(-draws["relapse"]) / np.log(2) * before.median_days_after_relapse
    rate = -np.log1p(-trial.follow_up.lost_per_year) / YEAR
    waiting = -np.log1p(-generator(trial.seed, "lost").random(patients))
    lost = np.floor(waiting / rate) if rate > 0 else np.full(patients, np.inf)
    fate = np.where(gone, fates, "")
    dies = np.where(fate == "relapse", np.floor(leaves + after), np.where(fate == "death", leaves, np.inf))
    return Enrolled(people, screened, arm, strata, _entries(trial, patients), delay, lost, leaves, fate, dies)


def screened_values(plan: Plan, seed: int, people: Integers) -> dict[str, Floats]:
    """What is known of people before randomisation, (people,) each."""
    key = patient_key(seed, people)
    drawn = draw(plan, key)
    share = plan.population.cmv_recipient_fraction
    luck = uniform(key, unsigned(COVARIATE + COVARIATE_STREAMS["cmv_recipient"]), unsigned(0)).astype(np.float64)
    own = plan.patient.cmv_seropositive
    height, weight = drawn["patient.height_cm"], drawn["patient.weight_kg"]
    age, score = drawn["patient.age_years"], drawn["patient.hct_ci"]
    return {
        "age_years": age, "weight_kg": weight, "height_cm": height, "bmi": weight / (height / 100) ** 2,
        "male": 1.0 - drawn["female"], "hct_ci": score, "hct_ci_age": _with_age(score, age),
        "karnofsky": drawn["patient.karnofsky"],
        "creatinine_clearance_ml_per_min": drawn["patient.creatinine_clearance_ml_per_min"],
        "cmv_recipient": (luck < share).astype(np.float64) if share is not None else np.full(len(people), float(own)),
        "donor_age_years": drawn["donor.age_years"],
    }  # fmt: skip


def _with_age(score: Floats, age: Floats) -> Floats:
    """The HCT-CI with the point for age, by the criterion; asked once for each score and side of its limits."""
    pairs, place = np.unique(np.stack([np.rint(score), np.floor(age)]), axis=1, return_inverse=True)
    judged = [hct_ci_age(hct_ci=int(points), age_years=float(years)).values["score"] for points, years in pairs.T]
    return np.array(judged, dtype=np.float64)[place.ravel()]


def _eligible(trial: Trial, wanted: int) -> tuple[Integers, dict[str, Floats], int]:
    """Numbers and values of the first people who keep to every limit."""
    plan, kept, at, found = trial.arms[0].plan, list[tuple[Integers, dict[str, Floats]]](), 0, 0
    while found < wanted:
        people = np.arange(at, at + max(SCREENED_AT_ONCE, wanted))
        values = screened_values(plan, trial.seed, people)
        may = _may_enter(trial, values, found == 0)
        kept.append((people[may], {name: value[may] for name, value in values.items()}))
        found += int(may.sum())
        at += len(people)
        if found < wanted and at > MOST_SCREENED * wanted:
            got = f"limits that {found} of {at} virtual patients meet"
            raise SpecError("trial", "eligibility", got, f"{wanted} patients", "widen the limits or the population")
    ids = np.concatenate([one for one, _ in kept])[:wanted]
    joined = {name: np.concatenate([values[name] for _, values in kept])[:wanted] for name in kept[0][1]}
    return ids, joined, int(ids[-1]) + 1


def _may_enter(trial: Trial, values: dict[str, Floats], first: bool) -> NDArray[np.bool_]:
    """Who keeps to every limit; refuses the limit that leaves nobody at all."""
    may = np.ones(len(values["age_years"]), dtype=bool)
    for number, limit in enumerate(trial.eligibility):
        value = values[limit.covariate]
        before, low, high = may, limit.low, limit.high
        may = may & (value >= (-np.inf if low is None else low)) & (value <= (np.inf if high is None else high))
        if first and not may.any():
            seen = value[before]
            got = f"a limit on {limit.covariate} that none of {len(value)} virtual patients meets"
            expected = f"one within {seen.min():g} to {seen.max():g}"
            raise SpecError("trial", f"eligibility[{number}]", got, expected, "widen it, or change the population")
    return may


def _strata(factors: tuple[Stratum, ...], values: dict[str, Floats], patients: int) -> Integers:
    """The level of all factors together, counted from 0."""
    level = np.zeros(patients, dtype=np.int64)
    for factor in factors:
        level = level * (len(factor.cuts) + 1) + np.searchsorted(factor.cuts, values[factor.covariate], side="right")
    return np.unique(level, return_inverse=True)[1].astype(np.int64)


def _allocated(trial: Trial, strata: Integers, replicate: Integers) -> Integers:
    """Permuted blocks inside each stratum of each replicate: in every full block each arm has its share."""
    shares = np.repeat(np.arange(len(trial.arms)), [arm.allocation for arm in trial.arms])
    block = np.tile(shares, trial.block)
    group = replicate * (strata.max(initial=0) + 1) + strata
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.concatenate([[True], np.diff(group[order]) > 0]))
    lengths = np.diff(np.concatenate([starts, [len(group)]]))
    place = np.arange(len(group)) - np.repeat(starts, lengths)
    blocks = -(-lengths // len(block))
    number = np.repeat(np.cumsum(blocks) - blocks, lengths) + place // len(block)
    shuffled = generator(trial.seed, "arm").permuted(np.tile(block, (int(blocks.sum()), 1)), axis=1)
    arm = np.empty(len(group), dtype=np.int64)
    arm[order] = shuffled[number, place % len(block)]
    return arm


def _entries(trial: Trial, patients: int) -> Floats:
    """Days of entry: even over accrual, the rate rising linearly over the ramp."""
    u, whole, ramp = generator(trial.seed, "entry").random(patients), trial.accrual.days, trial.accrual.ramp_days
    area = u * (whole - ramp / 2)
    return np.floor(np.where(area < ramp / 2, np.sqrt(2 * area * ramp), area + ramp / 2))


def _delays(trial: Trial, patients: int) -> Floats:
    from scipy.special import ndtri

    before = trial.before_infusion
    if before.median_days == 0:
        return np.zeros(patients)
    z = ndtri(generator(trial.seed, "delay").random(patients))
    return np.rint(before.median_days * np.exp(np.sqrt(np.log1p(before.cv**2)) * z))


def from_start(trial: Trial, enrolled: Enrolled, days: Days) -> dict[str, Floats]:
    """Days of every part counted from the start of follow-up, as the trial sees them.

    From randomisation the delay is added and who was never infused has what became of them instead; visits then move
    what is only seen there. `days` count from infusion.
    """
    seen = {part: np.asarray(day, dtype=np.float64) for part, day in days.items()}
    if trial.visits is not None:
        seen = _at_visits(trial, seen)
    if trial.analysis.population == "infused":
        return seen
    gone = np.isfinite(enrolled.leaves)
    moved = {part: np.where(gone, np.inf, np.maximum(day + enrolled.delay, 0.0)) for part, day in seen.items()}
    moved["death"] = np.where(gone, enrolled.dies, moved["death"])
    moved["relapse"] = np.where(enrolled.fate == "relapse", enrolled.leaves, moved["relapse"])
    return moved


def followed_to(trial: Trial, enrolled: Enrolled, look: float | None = None) -> Floats:
    """The last day each patient is followed by a day of the trial, its end if not said; below 0: not yet entered."""
    end = float(trial.last_day) if look is None else look
    start = enrolled.entry + (enrolled.delay if trial.analysis.population == "infused" else 0.0)
    until = np.minimum(np.minimum(trial.follow_up.days, enrolled.lost), end - start)
    if trial.analysis.population == "infused":
        return until
    return np.where(enrolled.fate == "withdrawal", np.minimum(until, enrolled.leaves), until)


def _at_visits(trial: Trial, days: dict[str, Floats]) -> dict[str, Floats]:
    """Days moved to the next visit that was kept, but not past death; not seen if none follows."""
    visits = trial.visits
    assert visits is not None
    patients = len(days["death"])
    kept = generator(trial.seed, "visits").random((patients, len(visits.days))) >= visits.missed
    held = np.where(kept, np.asarray(visits.days, dtype=np.float64), np.inf)
    following = np.minimum.accumulate(held[:, ::-1], axis=1)[:, ::-1]  # next kept visit from each planned one on
    following = np.concatenate([following, np.full((patients, 1), np.inf)], axis=1)
    seen = dict(days)
    for part in visits.assessed:
        planned = np.searchsorted(np.asarray(visits.days), np.where(np.isfinite(days[part]), days[part], np.inf))
        found = following[np.arange(patients), planned]
        known = np.where(days[part] <= days["death"], np.minimum(found, days["death"]), found)
        seen[part] = np.where(np.isfinite(days[part]), known, np.inf)
    return seen


def levels_of(trial: Trial) -> list[str]:
    """What stands for each level of all stratification factors, in words; for protocols."""
    told = []
    for factor in trial.stratification:
        cuts = [f"below {factor.cuts[0]:g}", *(f"{a:g} to {b:g}" for a, b in pairwise(factor.cuts)),
                f"{factor.cuts[-1]:g} or more"]  # fmt: skip
        told.append(f"{factor.covariate.replace('_', ' ')} ({', '.join(cuts)})")
    return told
