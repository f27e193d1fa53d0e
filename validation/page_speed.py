"""How quick the page is in a browser: ready after the server, slider to redrawn curve, redraws while dragging.

    python -m validation.page_speed            all of it (about a minute)
    python -m validation.page_speed --quick    a sample

The slider is moved by the mouse. A movement is timed in the page, from its event to the first frame painted with
another median; 200 patients, 120 days, the plan the page opens with. Needs a browser: `python3 scripts/browser.py`.
"""

from __future__ import annotations

import shutil
import sys
import time
from typing import Any, NamedTuple

from validation.page_server import Served, machine, quantile, served

AIM_MS, READY_AIM_S = 150.0, 2.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SLIDER = "CD34+ dose (10⁶/kg)"
PLANS = ("aml-sibling-pbsc", "auto-mel200-myeloma")
WATCH = """name => {
  const slider = [...document.querySelectorAll('input[type=range]')].find(s => s.labels[0].innerText === name);
  const line = () => document.querySelector(".chart svg path[stroke-width='2']").getAttribute('d');
  const told = window.told = {times: [], drawn: 0, since: null};
  let seen = line();
  slider.addEventListener('input', e => { if (told.since === null) told.since = performance.now(); });
  new MutationObserver(() => { const now = line(); if (now === seen) return; seen = now; told.drawn += 1;
    const since = told.since; told.since = null;
    if (since !== null) requestAnimationFrame(() => told.times.push(performance.now() - since)); }
  ).observe(document.querySelector('.chart'), {subtree: true, childList: true, attributes: true});
}"""


class Drag(NamedTuple):
    """Milliseconds of each movement, and redraws a second while the mouse kept moving."""

    plan: str
    times: list[float]
    redraws: float


def ready(page: Any, one: Served, plan: str) -> float:
    """Seconds from asking for the page to the curve."""
    begun = time.perf_counter()
    page.goto(f"{one.home}/?plan={plan}")
    page.wait_for_selector(".chart svg path[stroke-width='2']", timeout=300_000)
    return time.perf_counter() - begun


def drag(page: Any, plan: str, steps: int) -> Drag:
    """Move the slider step by step, each time waiting for the curve; then without waiting."""
    page.wait_for_selector(".run:not(:empty)", timeout=300_000)
    box = page.get_by_role("slider", name=SLIDER).bounding_box()
    middle = box["y"] + box["height"] / 2
    at = lambda share: box["x"] + (0.04 + 0.5 * share) * box["width"]  # noqa: E731
    page.mouse.move(at(0.5), middle)
    page.mouse.down()
    page.wait_for_timeout(500)
    page.evaluate(WATCH, SLIDER)
    for step in range(steps):
        count = page.evaluate("told.times.length")
        page.mouse.move(at(step * 0.381966 % 1), middle)
        page.wait_for_function("n => told.times.length > n || told.since === null", arg=count)
        page.wait_for_timeout(60)
    times = page.evaluate("told.times")
    before, begun = page.evaluate("told.drawn"), time.perf_counter()
    for step in range(6 * steps):
        page.mouse.move(at(step / (6 * steps)), middle)
        page.wait_for_timeout(16)
    redraws = (page.evaluate("told.drawn") - before) / (time.perf_counter() - begun)
    page.mouse.up()
    return Drag(plan, times, redraws)


def measured(steps: int) -> tuple[Served, list[float], list[Drag]]:
    """A server and a browser: seconds until the page is ready, at first and again, and the drags."""
    from playwright.sync_api import sync_playwright

    path = browser()
    with served() as one, sync_playwright() as driver:
        window = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        context = window.new_context(viewport={"width": 1440, "height": 900})
        context.request.get(one.link())
        page = context.new_page()
        times = [ready(page, one, PLANS[0])]
        drags = []
        for plan in PLANS:
            times.append(ready(page, one, plan))
            drags.append(drag(page, plan, steps))
        window.close()
    return one, times, drags


def browser() -> str:
    """The path of a browser."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        sys.exit("no browser; run python3 scripts/browser.py")
    return path


def lines(one: Served, times: list[float], drags: list[Drag]) -> list[str]:
    """The figures in words."""
    told = [f"server answers {one.started_s:.1f} s after its start",
            f"page ready {times[0]:.2f} s after the server, at first; {times[1]:.2f} s again "
            f"(aim: below {READY_AIM_S:g} s)"]  # fmt: skip
    for each in drags:
        spread = ", ".join(f"p{100 * share:.0f} {quantile(each.times, share):.0f}" for share in (0.5, 0.95, 0.99))
        told.append(f"{each.plan}: slider to redrawn curve {spread} ms of {len(each.times)} movements (aim: p95 below "
                    f"{AIM_MS:.0f} ms); {each.redraws:.0f} redraws a second while dragging")  # fmt: skip
    return told


def main() -> None:
    """Measure and print."""
    told = machine()
    print("\n".join([told, *lines(*measured(20 if "--quick" in sys.argv else 100))]))


if __name__ == "__main__":
    main()
