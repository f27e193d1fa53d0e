"""A running server: many people at once, odd requests, and what is left of it when it is killed.

The first two are a sample of what `validation.page_users` and `validation.page_fuzz` do at length.
"""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest
from validation import page_fuzz, page_users
from validation.page_server import Served, served

pytest.importorskip("nicegui", reason="needs dayzero[web]")

NAME = "Jarndyce-7361"
CHART = "patient,day,quantity,value,unit\n" + "".join(
    f"{NAME},{day},neutrophils,{value},1e9/L\n" for day, value in ((9, 0.1), (12, 0.6), (13, 0.8), (14, 1.1))
)


def test_several_people_at_once_meet_no_error_and_memory_stays_bounded() -> None:
    load = page_users.measured(users=4, seconds=4)
    assert load.wrong == []
    assert {"page", "simulate", "table", "judge", "job"} <= set(load.times)
    assert max(load.memory) < page_users.MOST_MEMORY_MB


@pytest.mark.skipif(page_fuzz.program() is None, reason="needs schemathesis")
def test_no_request_of_the_description_is_a_server_error() -> None:
    found = page_fuzz.fuzzed(2, "--phases", "examples,fuzzing")
    assert found.returncode == 0, found.stdout
    assert "passed" in found.stdout


def client(one: Served) -> httpx.Client:
    name, _, value = one.cookie().partition("=")
    return httpx.Client(base_url=one.home, cookies={name: value}, timeout=120)


def test_killed_and_started_again_jobs_of_plans_are_there_and_nothing_of_a_chart(tmp_path: Path) -> None:
    asked = {"plan": "auto-mel200-myeloma", "patients": 8, "days": 20}
    with served(DAYZERO_CACHE=str(tmp_path)) as first, client(first) as asking:
        judged = asking.post("/api/judge?name=counts.csv", content=CHART.encode())
        assert judged.json()["patients"][0]["criteria"]["neutrophils 0.5"]["day"] == 12
        name = asking.post("/api/jobs", json=asked).json()["id"]
        until = time.monotonic() + 120
        while asking.get(f"/api/jobs/{name}").json()["state"] != "done":
            assert time.monotonic() < until
            time.sleep(0.1)
        first.process.kill()
        first.process.wait(20)
    assert [path for path in tmp_path.rglob("*") if path.is_file() and NAME.encode() in path.read_bytes()] == []
    assert NAME not in "".join(first.said)
    with served(DAYZERO_CACHE=str(tmp_path)) as second, client(second) as asking:
        again = asking.get(f"/api/jobs/{name}").json()
        assert (again["state"], again["asked"]["plan"]) == ("done", "auto-mel200-myeloma")
        assert [job["id"] for job in asking.get("/api/jobs").json()] == [name]
