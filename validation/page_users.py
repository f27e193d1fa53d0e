"""Many people at the page at once: errors, latency and memory over a minute.

    python -m validation.page_users                 20 users, 60 s
    python -m validation.page_users 5 10            5 users, 10 s

Each user asks, one request after the other and without a pause, what people ask for: the page, a simulation of an
edited plan, files of a scene, the fields of a plan, a chart judged, a job begun, watched and stopped.
"""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass, field
from itertools import cycle

import httpx
from validation.page_server import Served, machine, quantile, served

USERS, SECONDS = 20, 60.0
MOST_MEMORY_MB = 2000.0
CHART = "patient,day,quantity,value,unit\n" + "".join(f"A,{d},neutrophils,{v},1e9/L\n" for d, v in
                                                      ((9, 0.1), (12, 0.6), (13, 0.9), (14, 1.4)))  # fmt: skip


@dataclass
class Load:
    """What came of it: seconds of each request by kind, what went wrong, memory in MB over time."""

    users: int
    seconds: float
    times: dict[str, list[float]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """Requests answered."""
        return sum(map(len, self.times.values()))

    def lines(self) -> list[str]:
        """The figures in words."""
        told = [
            f"{self.users} users for {self.seconds:.0f} s: {self.requests} requests, {len(self.wrong)} errors; memory "
            f"{self.memory[0]:.0f} MB at first, {max(self.memory):.0f} MB at most, {self.memory[-1]:.0f} MB at last"
        ]
        told += [f"  {kind}: {len(own)} requests, p50 {1000 * quantile(own, 0.5):.0f} ms, "
                 f"p95 {1000 * quantile(own, 0.95):.0f} ms" for kind, own in sorted(self.times.items())]  # fmt: skip
        return [*told, *(f"  error: {each}" for each in self.wrong[:10])]


async def _user(number: int, client: httpx.AsyncClient, until: float, load: Load) -> None:
    async def ask(kind: str, method: str, path: str, **options: object) -> httpx.Response | None:
        begun = time.perf_counter()
        try:
            answer = await client.request(method, path, **options)  # type: ignore[arg-type]
        except httpx.HTTPError as problem:
            load.wrong.append(f"{kind}: {type(problem).__name__}")
            return None
        load.times.setdefault(kind, []).append(time.perf_counter() - begun)
        if answer.status_code >= 400 and not _turned_away(answer):
            load.wrong.append(f"{kind}: {answer.status_code} {answer.text[:120]}")
        return answer

    plans = cycle(("aml-sibling-pbsc", "auto-mel200-myeloma", "haplo-pbsc-ptcy"))
    turn = number
    while time.perf_counter() < until:
        plan, dose, turn = next(plans), 1e6 * (1 + turn % 9), turn + 1
        asked = {"plan": plan, "but": [f"graft.cd34_per_kg={dose:g}"], "patients": 100, "days": 60, "seed": number}
        link = {"plan": plan, "patients": 100, "days": 60, "but": f"graft.cd34_per_kg={dose:g}"}
        await ask("page", "GET", "/", params={"plan": plan})
        await ask("simulate", "POST", "/api/simulate", json=asked)
        await ask("table", "GET", "/api/export/csv", params=link)
        await ask("fields", "GET", f"/api/plans/{plan}/fields")
        await ask("judge", "POST", "/api/judge", content=CHART.encode())
        job = await ask("job", "POST", "/api/jobs", json={**asked, "patients": 200})
        if job is not None and job.status_code == 202:
            await ask("job watched", "GET", f"/api/jobs/{job.json()['id']}")
            await ask("job stopped", "DELETE", f"/api/jobs/{job.json()['id']}")


def _turned_away(answer: httpx.Response) -> bool:
    """Whether a job was refused because enough of them wait: that is an answer, not an error."""
    return answer.status_code == 422 and "that wait" in answer.text


async def _watch(one: Served, until: float, load: Load) -> None:
    while time.perf_counter() < until:
        load.memory.append(one.memory_mb())
        await asyncio.sleep(0.5)
    load.memory.append(one.memory_mb())


async def _all(one: Served, cookie: str, load: Load) -> None:
    name, _, value = cookie.partition("=")
    limits = httpx.Limits(max_connections=load.users + 1)
    async with httpx.AsyncClient(base_url=one.home, cookies={name: value}, timeout=120, limits=limits) as client:
        until = time.perf_counter() + load.seconds
        users = (_user(number, client, until, load) for number in range(load.users))
        await asyncio.gather(_watch(one, until, load), *users)


def measured(users: int, seconds: float) -> Load:
    """Start a server of its own, let the users at it."""
    load = Load(users, seconds)
    with served() as one:
        asyncio.run(_all(one, one.cookie(), load))
    return load


def main() -> None:
    """Measure and print; the status is 1 where anything went wrong."""
    told = machine()
    users, seconds = (int(sys.argv[1]), float(sys.argv[2])) if len(sys.argv) > 2 else (USERS, SECONDS)
    load = measured(users, seconds)
    print("\n".join([told, *load.lines()]))
    sys.exit(bool(load.wrong) or max(load.memory) > MOST_MEMORY_MB)


if __name__ == "__main__":
    main()
