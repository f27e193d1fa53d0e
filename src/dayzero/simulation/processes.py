"""Tasks in processes of this machine, each started afresh (spawn): a process that is killed costs its task only.

The processes end with the one that started them, however that ends. A script that uses them starts its work under
``if __name__ == "__main__":``, as for any process of Python's own `multiprocessing`.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from threading import Thread
from typing import NamedTuple

from dayzero.errors import EngineError, InputError
from dayzero.simulation.executors import Done, Task


class _Worker(NamedTuple):
    process: BaseProcess
    line: Connection


class Processes:
    """Tasks in processes of this machine.

    Parameters
    ----------
    task : must be importable, as what it makes must be picklable.
    workers : how many at once.
    """

    def __init__(self, task: Task, workers: int) -> None:
        self._task, self.room = task, workers
        self._idle: list[_Worker] = []
        self._busy: dict[Connection, tuple[_Worker, int]] = {}

    def submit(self, number: int) -> None:
        """Have the task done for a number."""
        while self._idle:
            worker = self._idle.pop()
            if worker.process.is_alive():
                break
            worker.line.close()
        else:
            worker = self._started()
        self._busy[worker.line] = worker, number
        with suppress(OSError):  # it ended just now: `next` finds out
            worker.line.send(number)

    def _started(self) -> _Worker:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=serve, args=(self._task, theirs), daemon=True, name="dayzero")
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def next(self) -> Done:
        """What gets done next; waits for it."""
        line = wait(list(self._busy))[0]
        worker, number = self._busy.pop(line)  # type: ignore[index]
        try:
            made, failure = worker.line.recv()
        except (EOFError, OSError):
            worker.process.join()
            worker.line.close()
            return Done(number, None, EngineError(f"its process ended ({_end(worker.process.exitcode)})"))
        self._idle.append(worker)
        return Done(number, made, failure)

    def processes(self) -> list[int]:
        """Numbers of the processes that have work, as the system counts them."""
        return [worker.process.pid or 0 for worker, _ in self._busy.values()]

    def close(self) -> None:
        """End every process."""
        workers = [*self._idle, *(worker for worker, _ in self._busy.values())]
        for worker in workers:
            worker.process.kill()
        for worker in workers:
            worker.process.join()
            worker.line.close()


def _end(code: int | None) -> str:
    return f"killed by signal {-code}" if code is not None and code < 0 else f"exit code {code}"


def serve(task: Task, line: Connection) -> None:
    """Do the task for every number that comes down the line, until it closes; runs in a process of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the keyboard stops the process that started this one
    Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            number = line.recv()
        except EOFError:
            return
        try:
            answer = task(number), None
        except InputError as problem:
            answer = None, problem
        except Exception as problem:
            answer = None, EngineError(f"{type(problem).__name__}: {problem}")
        line.send(answer)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)  # whoever killed the run wants no work done in its name
