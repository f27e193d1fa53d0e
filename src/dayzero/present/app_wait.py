"""A long run on the page: how far it is, how long it will take, and a button that stops it."""

from __future__ import annotations

import asyncio
from typing import Any

from dayzero.present.app_parts import button, tag
from dayzero.present.jobs import Job, Jobs
from dayzero.present.warm import WarmUp

EVERY_S = 0.2
LOADED_S = 1.0  # a kept program is there by then; longer means that it is being compiled


async def until_warm(warm: WarmUp, place: Any) -> None:
    """Say in a place that the model is being compiled, and for how long, until it is."""
    if warm.waited_s is None:
        return
    place.clear()
    with place, tag("div", classes="row waiting"):
        tag("label", "Making the model ready", for_="warm-up")
        tag("progress", id="warm-up")
        said = tag("span", "", role="status")
    while (waited := warm.waited_s) is not None:
        if waited > LOADED_S:
            said.text = f"compiled once for this processor; some seconds, {waited:.0f} so far"
        await asyncio.sleep(EVERY_S)
    place.clear()


async def follow(jobs: Jobs, job: Job, place: Any, alert: Any) -> None:
    """Show a job until it has ended; its sentence where it failed or was stopped."""
    if job.state == "done":
        return
    with place, tag("div", classes="row waiting"):
        name = f"job-{job.name}"
        tag("label", "Simulating", for_=name)
        bar = tag("progress", id=name, max=1)
        said = tag("span", "", role="status")
        button("Stop", lambda: jobs.end(job.name))
    while job.state in ("waiting", "running"):
        await asyncio.sleep(EVERY_S)
        told = job.told()
        if told["progress"] > 0:
            bar.props(f"value={told['progress']}")
        left = told["left_s"]
        said.text = "waiting for its turn" if job.state == "waiting" else f"about {left:.0f} s left" if left else ""
    place.clear()
    alert.text = job.detail
