"""Numbered pieces of work over threads, processes or a Dask cluster, with another try for those that fail.

A pool takes numbers and gives back, in the order they get done, what its task made of each. What a task makes must not
depend on where it runs; then the pool changes nothing but the time it takes.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable
from functools import partial
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any, NamedTuple, Protocol

from dayzero.errors import EngineError, InputError

TRIES = 3  # of a piece of work before the run is given up

Task = Callable[[int], Any]


class Done(NamedTuple):
    """A number, and what its task made of it or failed with."""

    number: int
    made: Any
    failure: BaseException | None = None


class Pool(Protocol):
    """Where tasks run."""

    @property
    def room(self) -> int:
        """How many numbers may be with the pool at once: enough to keep it busy, few enough for the memory."""
        ...

    def submit(self, number: int) -> None:
        """Have the task done for a number."""
        ...

    def next(self) -> Done:
        """What gets done next; waits for it."""
        ...

    def close(self) -> None:
        """Stop, whatever is still going on."""
        ...


def completed(pool: Pool, numbers: Iterable[int], tries: int = TRIES) -> Generator[Done]:
    """What the pool makes of each number, in any order; closes the pool at the end.

    Raises
    ------
    InputError : as the task raised it; another try would not help. EngineError : a number failed `tries` times.
    """
    waiting, failed, running = deque(numbers), Counter[int](), 0
    try:
        while waiting or running:
            while waiting and running < max(pool.room, 1):
                pool.submit(waiting.popleft())
                running += 1
            done = pool.next()
            running -= 1
            if done.failure is None:
                yield done
                continue
            failed[done.number] += 1
            if isinstance(done.failure, InputError):
                raise done.failure
            if failed[done.number] >= tries:
                raise EngineError(_told(done, tries)) from done.failure
            waiting.append(done.number)
    finally:
        pool.close()


def _told(done: Done, tries: int) -> str:
    why = str(done.failure).split("\n")[0] or type(done.failure).__name__
    return f"part {done.number} failed {tries} times, the last time because {why}; finished parts are kept"


class StoppedError(Exception):
    """A task was told to end before it was done."""


class Threads:
    """Tasks in threads of this process.

    Parameters
    ----------
    task : also called with a second argument, a function that it calls now and then with the share it has done.
    workers : how many at once.
    progress : called with a number and the share of its task that is done, from the threads.
    """

    def __init__(self, task: Callable[..., Any], workers: int, progress: Callable[[int, float], None]) -> None:
        self._task, self._progress, self.room = task, progress, workers + 1
        self._stop = Event()
        self._numbers: SimpleQueue[int | None] = SimpleQueue()
        self._done: SimpleQueue[Done] = SimpleQueue()
        self._threads = [Thread(target=self._work, name="dayzero") for _ in range(workers)]
        for thread in self._threads:
            thread.start()

    def _work(self) -> None:
        while (number := self._numbers.get()) is not None and not self._stop.is_set():
            try:
                self._done.put(Done(number, self._task(number, partial(self._tick, number))))
            except BaseException as failure:  # whatever ends a task is told, and ends no thread
                self._done.put(Done(number, None, failure))

    def _tick(self, number: int, share: float) -> None:
        if self._stop.is_set():
            raise StoppedError
        self._progress(number, share)

    def submit(self, number: int) -> None:
        """Have the task done for a number."""
        self._numbers.put(number)

    def next(self) -> Done:
        """What gets done next; waits for it."""
        return self._done.get()

    def close(self) -> None:
        """Let no task begin, and those that run end at their next sign of life."""
        self._stop.set()
        for _ in self._threads:
            self._numbers.put(None)
