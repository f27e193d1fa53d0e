"""Work that takes time: the newest request of a view while a slider moves, and jobs that can be watched and stopped.

A `Lane` belongs to one view: one piece of work runs, the newest waits, older ones are dropped. `Jobs` hold long runs;
what finished and came from a plan is kept in a folder, so that it is still there after a restart. What came from a
patient's file is never a job.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from dayzero.errors import DayzeroError, EngineError, SpecError

Result = TypeVar("Result")
Tick = Callable[[float], None]

LONGEST_S = 600.0
MOST_JOBS = 50
MOST_WAITING = 8
KEPT_BYTES = 4 * 1024 * 1024


class StoppedError(EngineError):
    """A run that was stopped, or took longer than it may."""


class Lane:
    """The work of one view: one in flight, the newest next; what is overtaken while it waits is dropped."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._newest = 0

    async def run(self, work: Callable[[], Result]) -> Result | None:
        """What the work gives, from a thread; None where a newer request took its place."""
        self._newest += 1
        mine = self._newest
        async with self._lock:
            if mine != self._newest:
                return None
            return await asyncio.to_thread(work)


@dataclass
class Job:
    """One long run: what was asked, how far it is, and what it gave."""

    name: str
    kind: str
    asked: Mapping[str, Any]
    state: Literal["waiting", "running", "done", "failed", "stopped"] = "waiting"
    progress: float = 0.0
    detail: str = ""
    result: Mapping[str, Any] | None = None
    begun: float | None = field(default=None, repr=False)
    stop: threading.Event = field(default_factory=threading.Event, repr=False)

    def told(self) -> dict[str, Any]:
        """Where the job stands, as plain data, with an estimate of the seconds left."""
        left = None
        if self.state == "running" and self.begun is not None and self.progress > 0.02:
            left = round((time.monotonic() - self.begun) * (1 - self.progress) / self.progress, 1)
        return {"id": self.name, "kind": self.kind, "asked": dict(self.asked), "state": self.state,
                "progress": round(self.progress, 4), "left_s": left, "detail": self.detail,
                "result": self.result}  # fmt: skip


class Jobs:
    """Long runs, one at a time, the oldest forgotten first.

    >>> jobs = Jobs()
    >>> job = jobs.begin("sum", {"to": 3}, lambda tick: {"sum": 6})
    >>> jobs.wait(job.name).result
    {'sum': 6}
    """

    def __init__(self, folder: Path | None = None, longest_s: float = LONGEST_S) -> None:
        self._folder, self._longest_s = folder, longest_s
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="job")
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._done: dict[str, threading.Event] = {}
        if folder is not None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._recall(folder)

    def begin(self, kind: str, asked: Mapping[str, Any], work: Callable[[Tick], Mapping[str, Any]]) -> Job:
        """Let a run wait for its turn."""
        with self._lock:
            if sum(job.state in ("waiting", "running") for job in self._jobs.values()) >= MOST_WAITING:
                raise SpecError("jobs", "run", f"{MOST_WAITING} that wait", "fewer", "wait for one, or stop one")
            job = Job(secrets.token_hex(8), kind, asked)
            self._jobs[job.name], self._done[job.name] = job, threading.Event()
            self._forget()
        self._pool.submit(self._run, job, work)
        return job

    def __getitem__(self, name: str) -> Job:
        """The job of that name."""
        if name not in self._jobs:
            raise SpecError("jobs", "id", "no such job", "the id of a job", "see /api/jobs")
        return self._jobs[name]

    def finished(self, kind: str, asked: Mapping[str, Any]) -> Job | None:
        """The newest job that did just this, None where there is none."""
        own = [job for job in self._jobs.values() if job.state == "done" and job.kind == kind and job.asked == asked]
        return own[-1] if own else None

    def listed(self) -> list[dict[str, Any]]:
        """Every job without its result, the newest first."""
        return [{k: v for k, v in job.told().items() if k != "result"} for job in reversed(self._jobs.values())]

    def end(self, name: str) -> Job:
        """Stop a job: at its next step where it runs, at once where it waits."""
        job = self[name]
        job.stop.set()
        if job.state == "waiting":
            job.state, job.detail = "stopped", "stopped before it began"
            self._done[name].set()
        return job

    def wait(self, name: str, seconds: float | None = None) -> Job:
        """The job when it has ended, or after so many seconds."""
        event = self._done.get(name)
        if event is not None:
            event.wait(seconds)
        return self[name]

    def close(self) -> None:
        """Stop everything."""
        for job in list(self._jobs.values()):
            job.stop.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, job: Job, work: Callable[[Tick], Mapping[str, Any]]) -> None:
        if job.stop.is_set():
            return
        job.state, job.begun = "running", time.monotonic()
        try:
            job.result = work(lambda share: self._tick(job, share))
            job.state, job.progress = "done", 1.0
            self._keep(job)
        except StoppedError as problem:
            job.state, job.detail = "stopped", str(problem)
        except DayzeroError as problem:
            job.state, job.detail = "failed", str(problem)
        except Exception as problem:  # a defect of a run must not end the server's only worker
            job.state, job.detail = "failed", f"the run failed ({type(problem).__name__})"
        finally:
            self._done[job.name].set()

    def _tick(self, job: Job, share: float) -> None:
        job.progress = min(max(share, job.progress), 1.0)
        if job.stop.is_set():
            raise StoppedError(f"stopped at {100 * job.progress:.0f} %")
        if job.begun is not None and time.monotonic() - job.begun > self._longest_s:
            done = f"{100 * job.progress:.0f} %"
            raise StoppedError(f"stopped after {self._longest_s:.0f} s at {done}; ask for fewer patients")

    def _forget(self) -> None:
        """Drop the oldest ended jobs beyond `MOST_JOBS`, and what is kept of them."""
        ended = [name for name, job in self._jobs.items() if job.state not in ("waiting", "running")]
        for name in ended[: max(len(self._jobs) - MOST_JOBS, 0)]:
            del self._jobs[name], self._done[name]
            if self._folder is not None:
                (self._folder / f"{name}.json").unlink(missing_ok=True)

    def _keep(self, job: Job) -> None:
        """Write a finished job, whole or not at all; one too large is not kept."""
        text = json.dumps({"schema": 1, **job.told()})
        if self._folder is None or len(text) > KEPT_BYTES:
            return
        part = self._folder / f".{job.name}.part"
        part.write_text(text, encoding="utf-8")
        part.replace(self._folder / f"{job.name}.json")

    def _recall(self, folder: Path) -> None:
        """Finished jobs of an earlier server; what cannot be read is left where it is."""
        for path in sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime)[-MOST_JOBS:]:
            try:
                told = json.loads(path.read_text(encoding="utf-8"))
                if told["schema"] != 1 or told["id"] != path.stem:
                    continue
                job = Job(told["id"], told["kind"], told["asked"], "done", 1.0, told["detail"], told["result"])
            except (OSError, ValueError, KeyError, TypeError):
                continue
            self._jobs[job.name], self._done[job.name] = job, threading.Event()
            self._done[job.name].set()
