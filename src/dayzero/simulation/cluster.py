"""Tasks on a Dask cluster: one that is there already, named by its scheduler, or one on this machine alone.

The cluster's machines need the same versions of dayzero, jax and numpy as this one, and none of its disks: what a task
makes comes back over the network and is written here.
"""

from __future__ import annotations

import socket
from importlib import import_module
from typing import Any

from dayzero.errors import SpecError
from dayzero.simulation.executors import Done, Task

SECONDS_TO_ANSWER, SECONDS_FOR_WORKERS = 10, 60
AHEAD = 2  # tasks with the cluster for each of its threads: one at work, one waiting


class Dask:
    """Tasks on a Dask cluster.

    Parameters
    ----------
    task : must be importable, as what it makes must be picklable.
    scheduler : address of a scheduler, ``tcp://host:port``; None starts a cluster of `workers` processes on this
        machine, bound to it alone.
    """

    def __init__(self, task: Task, workers: int, scheduler: str | None = None) -> None:
        self._task, self._numbers = task, dict[str, int]()
        self._cluster: Any = None
        self._client: Any = None
        distributed = _distributed()
        try:
            self._join(distributed, workers, scheduler)
        except (OSError, ValueError, TimeoutError) as problem:
            self._leave()
            got = f"{scheduler or 'a cluster of this machine'} ({str(problem).split(chr(10))[0]})"
            advice = "check that the scheduler and its workers run"
            raise SpecError("dask", "scheduler", got, "one with workers", advice) from None
        except BaseException:
            self._leave()
            raise
        self._results = distributed.as_completed(loop=self._client.loop, raise_errors=False)

    def _join(self, distributed: Any, workers: int, scheduler: str | None) -> None:
        if scheduler is None:
            self._cluster = distributed.LocalCluster(
                n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
            )
        else:  # a client that finds nobody is slow to give up, and loud
            where = distributed.comm.get_address_host_port(scheduler)
            socket.create_connection(where, timeout=SECONDS_TO_ANSWER).close()
        address = self._cluster or scheduler
        self._client = distributed.Client(address, set_as_default=False, timeout=SECONDS_TO_ANSWER)
        self._client.wait_for_workers(1, timeout=SECONDS_FOR_WORKERS)

    def _leave(self) -> None:
        for each in (self._client, self._cluster):
            if each is not None:
                each.close()

    @property
    def room(self) -> int:
        """How many tasks keep the cluster as it is now busy."""
        return AHEAD * max(sum(self._client.nthreads().values()), 1)

    def submit(self, number: int) -> None:
        """Have the task done for a number."""
        future = self._client.submit(self._task, number, pure=False, retries=0)
        self._numbers[future.key] = number
        self._results.add(future)

    def next(self) -> Done:
        """What gets done next; waits for it."""
        future = next(self._results)
        number = self._numbers.pop(future.key)
        try:
            return Done(number, future.result())
        except Exception as failure:
            return Done(number, None, failure)
        finally:
            future.release()

    def close(self) -> None:
        """Take back what is not done and leave the cluster."""
        self._results.clear()
        self._leave()


def _distributed() -> Any:
    try:
        return import_module("distributed")
    except ImportError:
        advice = "install dayzero[cluster], or use threads or processes"
        raise SpecError("dask", "executor", "no Dask installed", "the package distributed", advice) from None
