"""Pools: each number done once, failures tried again, killed processes replaced, wherever the work runs."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from functools import partial
from multiprocessing import active_children
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dayzero.errors import EngineError, InputError, SpecError
from dayzero.simulation import executors
from dayzero.simulation.cluster import Dask
from dayzero.simulation.executors import Done, Pool, Threads, completed
from dayzero.simulation.processes import Processes

if TYPE_CHECKING:
    from loopback import Cluster

KINDS = ("threads", "processes", "dask")
Pools = Callable[[str, Callable[..., Any]], Pool]


@pytest.fixture
def pool(request: pytest.FixtureRequest) -> Pools:
    """A pool of two by its kind."""

    def of(kind: str, task: Callable[..., Any]) -> Pool:
        if kind == "threads":
            return Threads(lambda number, tick: task(number), 2, lambda number, share: None)
        if kind == "processes":
            return Processes(task, 2)
        return Dask(task, 2, request.getfixturevalue("loopback").address)

    return of


def squared(folder: Path, number: int) -> int:
    """A number's square; leaves a note of each time it was asked."""
    (folder / f"{number}-{os.getpid()}-{time.monotonic_ns()}").touch()
    return number * number


def failing(folder: Path, times: int, number: int) -> int:
    """Fails so often for number 3, and never for another."""
    squared(folder, number)
    if number == 3 and len(list(folder.glob("3-*"))) <= times:
        raise RuntimeError("the roof leaks")
    return number


def refusing(number: int) -> None:
    """Refuses every number."""
    raise SpecError("plan", "graft", "none", "one", "give one")


def dying(folder: Path, number: int) -> int:
    """Its process is killed from outside while it works on number 3 for the first time."""
    squared(folder, number)
    if number == 3 and len(list(folder.glob("3-*"))) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)
    return number


def asked(folder: Path, number: int) -> int:
    return len(list(folder.glob(f"{number}-*")))


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_is_done_once_and_none_is_lost(kind: str, pool: Pools, tmp_path: Path) -> None:
    done = {d.number: d.made for d in completed(pool(kind, partial(squared, tmp_path)), range(12))}
    assert done == {number: number * number for number in range(12)}
    assert [asked(tmp_path, number) for number in range(12)] == [1] * 12


@pytest.mark.parametrize("kind", KINDS)
def test_a_number_that_fails_is_tried_again_and_others_are_not(kind: str, pool: Pools, tmp_path: Path) -> None:
    done = [d.made for d in completed(pool(kind, partial(failing, tmp_path, 2)), range(6))]
    assert sorted(done) == list(range(6))
    assert [asked(tmp_path, number) for number in range(6)] == [1, 1, 1, 3, 1, 1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_number_that_always_fails_ends_the_run_in_one_sentence(kind: str, pool: Pools, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"part 3 failed 3 times, the last time because .*the roof leaks") as failed:
        list(completed(pool(kind, partial(failing, tmp_path, 99)), range(6)))
    assert "\n" not in str(failed.value)
    assert asked(tmp_path, 3) == executors.TRIES


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_used_is_not_tried_again(kind: str, pool: Pools) -> None:
    with pytest.raises(InputError, match="plan: graft: got none"):
        list(completed(pool(kind, refusing), range(3)))


def test_a_killed_process_costs_its_number_only(tmp_path: Path) -> None:
    done = [d.made for d in completed(Processes(partial(dying, tmp_path), 2), range(8))]
    assert sorted(done) == list(range(8))
    assert [asked(tmp_path, number) for number in range(8)] == [1, 1, 1, 2, 1, 1, 1, 1]


def test_a_killed_worker_of_a_cluster_loses_nothing(loopback: Cluster, tmp_path: Path) -> None:
    got = []
    for done in completed(Dask(partial(dying, tmp_path), 2, loopback.address), range(8)):
        got.append(done.made)
        if len(got) == 1:
            loopback.workers.append(loopback.worker())
    assert sorted(got) == list(range(8))
    assert asked(tmp_path, 3) == 2
    loopback.tidy()


def test_no_process_is_left_when_the_work_is_done_or_given_up(tmp_path: Path) -> None:
    list(completed(Processes(partial(squared, tmp_path), 2), range(3)))
    with pytest.raises(InputError):
        list(completed(Processes(refusing, 2), range(3)))
    assert active_children() == []


def test_a_pool_never_holds_more_than_it_has_room_for() -> None:
    class Counting:
        room, held, most = 3, 0, 0

        def submit(self, number: int) -> None:
            self.held += 1
            self.most = max(self.most, self.held)

        def next(self) -> Done:
            self.held -= 1
            return Done(0, None)

        def close(self) -> None:
            self.room = 0

    pool = Counting()
    assert len(list(completed(pool, range(50)))) == 50
    assert (pool.most, pool.room) == (3, 0)


def test_threads_that_are_stopped_end_at_their_next_sign_of_life() -> None:
    ended: list[int] = []

    def endless(number: int, tick: Callable[[float], None]) -> None:
        try:
            while True:
                tick(0.0)
                time.sleep(0.01)
        finally:
            ended.append(number)

    pool = Threads(endless, 2, lambda number, share: None)
    for number in range(4):
        pool.submit(number)
    time.sleep(0.1)
    pool.close()
    until = time.monotonic() + 5
    while len(ended) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    assert sorted(ended) == [0, 1]


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense://x"])
def test_a_scheduler_that_does_not_answer_is_refused_in_one_sentence(address: str) -> None:
    pytest.importorskip("distributed", reason="needs dayzero[cluster]")
    with pytest.raises(SpecError, match="dask: scheduler: got") as refused:
        Dask(refusing, 2, address)
    assert address in str(refused.value) and "\n" not in str(refused.value)


def test_without_dask_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(SpecError, match=r"install dayzero\[cluster\]"):
        Dask(refusing, 2)
