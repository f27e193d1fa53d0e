"""A running server and a real browser: Debian's Chromium, driven by Playwright; skipped where there is none.

They live as long as a file of tests: Playwright keeps an event loop running, which tests elsewhere must not find.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LINK = re.compile(r"(http://\S+)/\?token=(\S+)")


@dataclass
class Server:
    """The page as ``dayzero serve`` shows it; ``home`` is its address, ``links`` hold the tokens that wait."""

    process: subprocess.Popen[str]
    home: str = ""
    links: list[str] = field(default_factory=list)

    def link(self) -> str:
        """A link that lets in one browser."""
        while not self.links:
            found = LINK.search(self.process.stdout.readline())  # type: ignore[union-attr]
            if found:
                self.home = found[1]
                self.links.append(found[0])
            assert self.process.poll() is None, "the server ended"
        return self.links.pop()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    pytest.importorskip("nicegui", reason="needs dayzero[web]")
    command = [sys.executable, "-m", "dayzero", "serve", "--no-open", "--port", "0"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=dict(os.environ)
    )
    try:
        yield Server(process)
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"needs a browser: one of {', '.join(BROWSERS)} on the path")
    with api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def session(chromium: Any, server: Server) -> list[Any]:
    """The cookies of a browser that was let in."""
    context = chromium.new_context()
    context.request.get(server.link())
    for plan in ("auto-mel200-myeloma", "aml-sibling-pbsc"):  # the first run of all may compile the model
        asked = {"plan": plan, "patients": 50, "days": 20}
        assert context.request.post(f"{server.home}/api/simulate", data=asked, timeout=300_000).ok
    cookies = context.cookies()
    context.close()
    return cookies


@pytest.fixture
def page(chromium: Any, server: Server, session: list[Any]) -> Iterator[Any]:
    """A page of a browser that was let in; it must log no error and ask nobody but the server."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, base_url=server.home)
    context.add_cookies(session)
    shown = context.new_page()
    shown.set_default_timeout(30_000)
    wrong: list[str] = []
    shown.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    shown.on("pageerror", lambda error: wrong.append(str(error)))
    shown.on("dialog", lambda dialog: wrong.append(f"dialog {dialog.message}"))
    shown.on("request", lambda asked: None if _own(asked.url, server.home) else wrong.append(asked.url))
    yield shown
    context.close()
    assert wrong == []


def _own(url: str, home: str) -> bool:
    return url.startswith((f"{home}/", home.replace("http:", "ws:", 1), "data:", "blob:"))
