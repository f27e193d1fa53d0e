"""Tests, ratios, curves and means of arms against R's survival and cmprsk (see tests/known_answers)."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from dayzero.analyse.competing import fine_gray, gray_test
from dayzero.analyse.groups import GroupCounts, free_of_event, incidence, restricted_mean
from dayzero.analyse.hazards import cox, log_rank

HERE = Path(__file__).parents[1] / "known_answers"
DATA = Path(__file__).parents[3] / "shared" / "data" / "klein-moeschberger"
MADE = ("two", "three", "tied")
PUBLISHED = ("bmt", "timereg_platelet", "timereg_tcell")
HORIZON = {"tied": 8, "bmt": 365}


class Arms(NamedTuple):
    """Last day, kind on it, arm and stratum of patients."""

    day: np.ndarray
    kind: np.ndarray
    arm: np.ndarray
    stratum: np.ndarray

    def counts(self) -> GroupCounts:
        arms, strata = int(self.arm.max()) + 1, int(self.stratum.max()) + 1
        return GroupCounts.of(self.day, self.kind, self.arm, arms=arms, stratum=self.stratum, strata=strata)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def columns(rows: list[dict[str, str]], *names: str) -> list[np.ndarray]:
    return [np.array([float(row[name]) for row in rows]) for name in names]


def patients(name: str) -> Arms:
    if name in MADE:
        own = [row for row in read(HERE / "arms_patients.csv") if row["set"] == name]
        return Arms(*(column.astype(int) for column in columns(own, "day", "kind", "arm", "stratum")))
    if not DATA.is_dir():
        pytest.skip("the published data sets are not beside this checkout")
    if name == "bmt":
        day, relapsed, died, group, sex = columns(read(DATA / "bmt.csv"), "t2", "d2", "d1", "group", "z3")
        kind = np.where(relapsed == 1, 1, np.where(died == 1, 2, 0))
        return Arms(day.astype(int), kind, group.astype(int) - 1, sex.astype(int))
    by = name.removeprefix("timereg_")
    month, kind, arm, age = columns(read(DATA / "timereg_bmt.csv"), "time", "cause", by, "age")
    order = np.unique(month, return_inverse=True)[1]  # only the order of times counts, for tests and ratios
    return Arms(order, kind.astype(int), arm.astype(int), (age > 0).astype(int))


def answers(name: str) -> dict[str, float]:
    return {row["what"]: float(row["value"]) for row in read(HERE / "arms.csv") if row["set"] == name}


@pytest.mark.parametrize("name", [*MADE, *PUBLISHED])
def test_log_rank_and_cox_are_those_of_r(name: str) -> None:
    known, counts = answers(name), patients(name).counts()
    for table, suffix in ((counts.together(), ""), (counts, "_strata")):
        assert log_rank(table.of_cause())[0][0] == pytest.approx(known[f"logrank{suffix}"], rel=1e-9)
        found = cox(table.of_cause())
        for arm in range(found.value.shape[1]):
            assert found.value[0, arm] == pytest.approx(known[f"cox{suffix}_{arm + 1}"], rel=1e-7)
            assert found.error[0, arm] == pytest.approx(known[f"cox{suffix}_error_{arm + 1}"], rel=1e-7)


@pytest.mark.parametrize("name", [*MADE, *PUBLISHED])
def test_grays_test_and_the_fine_gray_model_are_those_of_cmprsk(name: str) -> None:
    known, counts = answers(name), patients(name).counts()
    assert gray_test(counts.together())[0][0] == pytest.approx(known["gray"], rel=1e-8)
    assert gray_test(counts)[0][0] == pytest.approx(known["gray_strata"], rel=1e-8)
    found = fine_gray(counts.together())
    for arm in range(found.value.shape[1]):
        assert found.value[0, arm] == pytest.approx(known[f"fine_gray_{arm + 1}"], rel=1e-8)
        assert found.error[0, arm] == pytest.approx(known[f"fine_gray_error_{arm + 1}"], rel=1e-8)


@pytest.mark.parametrize("name", [*MADE, "bmt"])
def test_curves_and_restricted_means_are_those_of_r(name: str) -> None:
    known, counts, day = answers(name), patients(name).counts().together(), HORIZON.get(name, 60)
    free, had = free_of_event(counts), incidence(counts)
    mean, variance = restricted_mean(counts, day)
    for arm in range(mean.shape[1]):
        assert free.at(day)[0][0, arm] == pytest.approx(known[f"free_{arm}"], rel=1e-9)
        assert np.sqrt(free.at(day)[1][0, arm]) == pytest.approx(known[f"free_error_{arm}"], rel=1e-9)
        assert had.at(day)[0][0, arm] == pytest.approx(known[f"incidence_{arm}"], rel=1e-9)
        assert mean[0, arm] == pytest.approx(known[f"mean_{arm}"], rel=1e-9)
        assert np.sqrt(variance[0, arm]) == pytest.approx(known[f"mean_error_{arm}"], rel=1e-9)


def test_many_trials_side_by_side_are_each_what_it_is_alone() -> None:
    made = [patients("two"), patients("tied")]
    day, kind, arm, stratum = (np.concatenate(parts) for parts in zip(*made, strict=True))
    which = np.repeat([0, 1], [len(one.day) for one in made])
    both = GroupCounts.of(day, kind, arm, arms=2, stratum=stratum, strata=3, replicate=which, replicates=2)
    for number, one in enumerate(made):
        alone = one.counts()
        for model in (lambda table: cox(table.of_cause()), fine_gray):
            together, own = model(both), model(alone)
            assert together.value[number] == pytest.approx(own.value[0], rel=1e-9)
            assert together.error[number] == pytest.approx(own.error[0], rel=1e-9)
            assert together.p[number] == pytest.approx(own.p[0], rel=1e-7)


def test_an_arm_without_events_has_no_ratio_but_a_test() -> None:
    counts = GroupCounts.of([3, 4, 5, 6, 9, 9, 9, 9], [1, 1, 1, 1, 0, 0, 0, 0], [0] * 4 + [1] * 4, arms=2)
    for found in (cox(counts), fine_gray(counts)):
        assert np.isnan(found.value[0, 0]) and found.p[0] < 0.05


def test_nobody_with_an_event_is_no_evidence_at_all() -> None:
    counts = GroupCounts.of([5, 5, 5, 5], [0, 0, 2, 0], [0, 0, 1, 1], arms=2)
    for found in (cox(counts.of_cause()), fine_gray(counts)):
        assert np.isnan(found.value[0, 0]) and found.p[0] == 1
