"""A Dask cluster of real processes on this machine: a scheduler and two workers, bound to the loopback address."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent


class Cluster:
    """A scheduler and its workers; ``address`` is the scheduler's."""

    def __init__(self, folder: Path) -> None:
        told = folder / "scheduler.json"
        self._scheduler = self._started("dask_scheduler", "--port", "0", "--scheduler-file", str(told),
                                        "--idle-timeout", "30 minutes")  # fmt: skip
        self.address = self._address(told)
        self.workers: list[subprocess.Popen[bytes]] = []
        self.tidy()

    def _address(self, told: Path) -> str:
        for _ in range(1200):
            try:
                return json.loads(told.read_text())["address"]
            except (OSError, ValueError):  # not there yet, or not whole
                time.sleep(0.05)
        self._scheduler.kill()
        raise RuntimeError("the scheduler did not start")

    def worker(self) -> subprocess.Popen[bytes]:
        """Another worker."""
        return self._started("dask_worker", self.address, "--no-nanny", "--nthreads", "1", "--memory-limit", "0")

    def _started(self, module: str, *options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{module}", "--host", "127.0.0.1", "--no-dashboard", *options]
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        return subprocess.Popen(command, env=os.environ | {"PYTHONPATH": path}, stderr=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL)  # fmt: skip

    def tidy(self) -> None:
        """Forget workers that were killed, and have two again."""
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        while len(self.workers) < 2:
            self.workers.append(self.worker())

    def close(self) -> None:
        """End all of them."""
        for process in (*self.workers, self._scheduler):
            process.kill()
            process.wait()
