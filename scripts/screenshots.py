"""The picture of the page for README and documentation, taken from the running program.

python3 scripts/screenshots.py          docs/images/ward.png
python3 scripts/screenshots.py FOLDER   every view, wide and narrow, light and dark, to look at
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

from setup import ROOT, ready

IMAGE = ROOT / "docs" / "images" / "ward.png"
WARD = "/?plan=aml-sibling-pbsc&but=graft.cd34_per_kg%3D3000000"
VIEWS = {
    "ward": WARD,
    "compare": "/compare?plan=aml-sibling-pbsc&other=aml-sibling-marrow",
    "patient": "/patient",
    "evidence": "/evidence",
    "findings": "/evidence?topic=engraftment_platelet",
    "model": "/model?name=thrombopoiesis",
}
TOLD = ".run:not(:empty), .ready"
CHART = ROOT / "docs" / "start" / "counts.csv"


def take(folder: Path | None) -> None:
    """Start the server, let one browser in, and keep what it shows."""
    from playwright.sync_api import sync_playwright

    from browser import found

    command = [sys.executable, "-m", "dayzero", "serve", "--no-open", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert server.stdout is not None
    link = re.search(r"http://\S+", server.stdout.readline())
    if link is None:
        sys.exit("the server did not start")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found(), args=["--no-sandbox"])
        first = browser.new_context()
        first.request.get(link[0])
        cookies, home = first.cookies(), link[0].partition("/?")[0]
        for scheme in ("light", "dark") if folder else ("light",):
            for width in (1440, 390) if folder else (1280,):
                context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
                context.add_cookies(cookies)
                page = context.new_page()
                for name, path in VIEWS.items() if folder else [("ward", WARD)]:
                    page.goto(home + path)
                    page.wait_for_selector(TOLD, state="attached", timeout=300_000)
                    if name == "patient":
                        page.get_by_label("Chart of one or more patients").set_input_files(CHART)
                        page.get_by_role("heading", name="Forecast").wait_for()
                    if name == "compare":
                        page.get_by_role("heading", name="Take it along").wait_for(timeout=300_000)
                    page.wait_for_timeout(1500)
                    target = folder / f"{name}-{scheme}-{width}.png" if folder else IMAGE
                    _keep(page.screenshot(full_page=folder is not None), target)
        browser.close()
    server.terminate()
    server.communicate()


def _keep(image: bytes, target: Path) -> None:
    """A picture of 255 colours: a fraction of the size, with no difference to see."""
    from PIL import Image

    Image.open(io.BytesIO(image)).convert("RGB").quantize(255).save(target, optimize=True)
    print(f"written: {target}")


if __name__ == "__main__":
    python = ready("dev")
    if sys.prefix == sys.base_prefix:  # the environment has what it needs
        sys.exit(subprocess.run([python, __file__, *sys.argv[1:]], check=False).returncode)
    asked = Path(sys.argv[1]) if sys.argv[1:] else None
    if asked is not None:
        asked.mkdir(parents=True, exist_ok=True)
    take(asked)
