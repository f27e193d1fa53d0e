"""A running page for measurements: its process, a way in, what it takes of the machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

LINK = re.compile(r"http://\S+token=\S+")
BUSY_SHARE = 0.1  # of the processors, from which on others disturb the figures
LOOK_S = 2.0


@dataclass
class Served:
    """``dayzero serve`` as a child: `home` is its address, `started_s` what it took to answer."""

    process: subprocess.Popen[str]
    home: str = ""
    started_s: float = 0.0
    links: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def link(self) -> str:
        """A link that lets in one browser; the next is printed when this one was used."""
        while not self.links:
            time.sleep(0.005)
            if self.process.poll() is not None:
                raise RuntimeError("the server ended")
        return self.links.pop(0)

    def cookie(self) -> str:
        """The cookie of a browser that was let in."""
        with urllib.request.build_opener(_Stay()).open(self.link(), timeout=60) as opened:
            return opened.headers["set-cookie"].partition(";")[0]

    def memory_mb(self) -> float:
        """What the server holds in memory now."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the answer that sets the cookie is the one wanted."""

    def http_error_303(self, req, fp, code, msg, headers):
        return fp


@contextmanager
def served(**environment: str) -> Iterator[Served]:
    """The page on a free port, stopped at the end."""
    command = [sys.executable, "-m", "dayzero", "serve", "--no-open", "--port", "0"]
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               env={**os.environ, **environment})  # fmt: skip
    one = Served(process)
    listener = threading.Thread(target=_listen, args=(one,), daemon=True)
    listener.start()
    try:
        one.links.insert(0, one.link())
        one.home = one.links[0].partition("/?")[0]
        _answers(one)
        one.started_s = time.perf_counter() - begun
        yield one
    finally:
        process.terminate()
        process.wait(20)
        listener.join(5)
        if process.stdout is not None:
            process.stdout.close()


def _listen(one: Served) -> None:
    for line in one.process.stdout or ():
        one.said.append(line)
        one.links += LINK.findall(line)


def _answers(one: Served) -> None:
    """Wait until the server answers; without a cookie it refuses, which is an answer."""
    for _ in range(1000):
        try:
            urllib.request.urlopen(one.home, timeout=60)
        except urllib.error.HTTPError as refused:
            refused.close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("the server does not answer")


def machine() -> str:
    """How busy the processors are with other things, in words; looked at for some seconds."""
    busy, whole = _ticks()
    time.sleep(LOOK_S)
    later, more = _ticks()
    share = (later - busy) / max(more - whole, 1)
    word = "busy" if share > BUSY_SHARE else "idle"
    return f"machine {word}: {os.cpu_count()} cores, {100 * share:.0f} % in use by others before the start"


def _ticks() -> tuple[int, int]:
    told = [int(each) for each in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return sum(told) - told[3] - told[4], sum(told)


def quantile(values: list[float], share: float) -> float:
    """A quantile, by the nearest value at or above it.

    >>> quantile([3.0, 1.0, 2.0], 0.5), quantile([1.0, 2.0], 0.95)
    (2.0, 2.0)
    """
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
