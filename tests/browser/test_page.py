"""The page in a real browser: what people do with it, what strangers cannot, and that everybody can use it."""

from __future__ import annotations

import functools
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dayzero.records import Chart
from dayzero.records.fhir import write_bundle

if TYPE_CHECKING:
    from conftest import Server

COUNTS = ((6, 0.1), (9, 0.2), (12, 0.6), (13, 0.9), (14, 1.4))
EVIL = "<img src=x onerror=alert(1)>"
VIEWS = ("/?plan=auto-mel200-myeloma&patients=50&days=100", "/compare?plan=auto-mel200-myeloma", "/patient",
         "/evidence", "/evidence?study=anasetti-2012", "/model", "/model?name=thrombopoiesis")  # fmt: skip

TWICE = """[...document.querySelectorAll('[id]')].map(e => e.id).filter((id, at, all) => all.indexOf(id) !== at)"""

FOCUSED = """(() => { const one = document.activeElement;
  return [[...document.querySelectorAll('*')].indexOf(one), getComputedStyle(one).outlineStyle !== 'none']; })()"""

# Rules that the framework's own markup breaks; the list may only shrink.
FRAMEWORK: tuple[str, ...] = ()


def told(page: Any, address: str = "/") -> Any:
    """The ward when its first tables are told."""
    page.goto(address)
    page.wait_for_selector(".run:not(:empty)")
    return page


def median(page: Any) -> str:
    """The line of the median of neutrophils, as it is drawn."""
    return page.locator(".chart svg path[stroke-width='2']").first.get_attribute("d")


def chart_file(folder: Path, patient: str = "A") -> Path:
    rows = [f'"{patient}",{day},neutrophils,{value},1e9/L' for day, value in COUNTS]
    path = folder / "counts.csv"
    path.write_text("\n".join(["patient,day,quantity,value,unit", *rows]))
    return path


def test_the_page_needs_its_link(chromium: Any, server: Server, session: list[Any]) -> None:
    context = chromium.new_context(base_url=server.home)
    page = context.new_page()
    answer = page.goto("/")
    assert answer.status == 401
    assert "dayzero serve" in page.content()
    context.close()


def test_a_slider_moves_the_curve_and_the_link_restores_it(page: Any) -> None:
    told(page, "/?plan=auto-mel200-myeloma&patients=50&days=60")
    before, card = median(page), page.locator(".card .value").first.inner_text()
    slider = page.get_by_role("slider", name="CD34+ dose (10⁶/kg)")
    slider.focus()
    page.keyboard.press("Home")
    page.wait_for_url(re.compile("cd34_per_kg"))
    page.wait_for_function("was => document.querySelector('.card .value').innerText !== was", arg=card)
    after = median(page)
    assert after != before
    page.reload()
    page.wait_for_selector(".run:not(:empty)")
    assert median(page) == after
    assert slider.input_value() == "0.05"


def test_the_curve_moves_while_the_slider_is_dragged(page: Any) -> None:
    told(page, "/?plan=auto-mel200-myeloma&patients=50&days=60")
    box = page.get_by_role("slider", name="CD34+ dose (10⁶/kg)").bounding_box()
    before, middle = median(page), box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.4 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.05 * box["width"], middle, steps=4)
    drawn = "was => document.querySelector(\".chart svg path[stroke-width='2']\").getAttribute('d') !== was"
    page.wait_for_function(drawn, arg=before)
    page.mouse.up()


def test_what_cannot_be_is_said_and_nothing_changes(page: Any) -> None:
    told(page, "/?plan=aml-sibling-pbsc&patients=50&days=60")
    before = median(page)
    page.get_by_label("Donor", exact=True).select_option("cord_unrelated")
    page.get_by_text("got mobilised_blood of a cord donor").wait_for()
    assert median(page) == before
    assert page.get_by_label("Donor", exact=True).input_value() == "matched_sibling"


def test_one_patient_stands_behind_the_fan(page: Any) -> None:
    told(page, "/?plan=auto-mel200-myeloma&patients=50&days=60")
    page.get_by_label("Look at one patient (number, from 0)").fill("7")
    page.keyboard.press("Tab")
    page.get_by_text(re.compile(r"Patient 7: \d+-year-old")).wait_for()
    page.wait_for_url(re.compile("patient=7"))


def test_files_of_a_scene_are_taken_along(page: Any) -> None:
    told(page, "/?plan=auto-mel200-myeloma&patients=50&days=60&but=care.gcsf.start_day%3D7")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Plan (YAML)").click()
    assert "start_day: 7" in Path(waiting.value.path()).read_text()


def test_a_plan_file_is_opened_and_its_link_restores_it(page: Any, tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.yaml", tmp_path / "ours.yaml"
    bad.write_text("base: auto-mel200-myeloma\ngraft:\n  cd34_per_kg: 3\n")
    good.write_text("base: auto-mel200-myeloma\nname: Ours\ngraft: {cd34_per_kg: 3e6}\n")
    told(page, "/?plan=auto-mel200-myeloma&patients=50&days=60")
    page.get_by_text("Open or write a plan").click()
    page.get_by_label("A plan's file (YAML)").set_input_files(bad)
    page.get_by_text("bad.yaml:3: graft.cd34_per_kg").wait_for()
    page.get_by_label("A plan's file (YAML)").set_input_files(good)
    page.wait_for_url(re.compile(r"plan=~"))
    page.wait_for_selector(".run:not(:empty)")
    assert "plan Ours" in page.locator(".run").last.inner_text()
    page.reload()
    page.wait_for_selector(".run:not(:empty)")
    assert page.get_by_role("slider", name="CD34+ dose (10⁶/kg)").input_value() == "3"


def test_markup_in_the_name_of_a_plan_stays_text(page: Any, tmp_path: Path) -> None:
    plan = tmp_path / "evil.yaml"
    plan.write_text(f"base: auto-mel200-myeloma\nname: {json.dumps(EVIL)}\n")
    told(page, "/?plan=auto-mel200-myeloma&patients=50&days=60")
    page.get_by_text("Open or write a plan").click()
    page.get_by_label("A plan's file (YAML)").set_input_files(plan)
    page.wait_for_url(re.compile(r"plan=~"))
    page.wait_for_selector(".run:not(:empty)")
    assert EVIL in page.locator(".run").last.inner_text()
    assert page.locator("main img").count() == 0


def test_a_plan_is_written_on_the_page(page: Any) -> None:
    told(page, "/?plan=auto-mel200-myeloma&patients=50&days=60")
    page.get_by_text("Open or write a plan").click()
    page.get_by_label(re.compile("^Or its text")).fill("base: auto-mel200-myeloma\ncare: no-gcsf\n")
    page.get_by_role("button", name="Use this plan").click()
    page.wait_for_url(re.compile(r"plan=~"))


@pytest.mark.parametrize("kind", ["csv", "bundle"])
def test_an_uploaded_chart_is_judged(page: Any, tmp_path: Path, kind: str) -> None:
    file = chart_file(tmp_path)
    if kind == "bundle":
        bundle = write_bundle(Chart.read(file), "2024-03-10")
        file = tmp_path / "bundle.json"
        file.write_text(json.dumps(bundle))
    page.goto("/patient")
    page.get_by_label("Chart of one or more patients").set_input_files(file)
    page.get_by_text("recovered on day 12").wait_for()
    assert "counts" not in page.url
    assert page.locator(".chart svg path").count() > 10


def test_markup_in_an_uploaded_name_stays_text(page: Any, tmp_path: Path) -> None:
    page.goto("/patient")
    page.get_by_label("Chart of one or more patients").set_input_files(chart_file(tmp_path, EVIL))
    page.get_by_role("heading", name=f"Patient {EVIL}").wait_for()
    assert page.locator("main img").count() == 0


def test_markup_in_an_address_stays_text(page: Any) -> None:
    page.goto("/?plan=<script>alert(1)</script>")
    page.get_by_text("<script>alert(1)</script>").first.wait_for()
    page.goto("/?but=graft.cd34_per_kg=<img src=x onerror=alert(1)>")
    page.get_by_role("alert").wait_for()
    assert page.locator("main img").count() == 0


def test_a_bad_file_is_a_sentence(page: Any, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("patient,day,quantity,value,unit\nA,1,neutrophil,0.5,1e9/L\n")
    page.goto("/patient")
    page.get_by_label("Chart of one or more patients").set_input_files(bad)
    page.get_by_text("bad.csv: row 2").wait_for()


def test_what_a_chart_gave_is_saved(page: Any, tmp_path: Path) -> None:
    page.goto("/patient")
    page.get_by_label("Chart of one or more patients").set_input_files(chart_file(tmp_path))
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save the readings (CSV)").click()
    assert Chart.read(waiting.value.path().rename(tmp_path / "again.csv")).series("A", "neutrophils").values[0] == 0.1
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save what was judged (JSON)").click()
    assert json.loads(waiting.value.path().read_text())["patients"]


def test_two_plans_are_compared(page: Any) -> None:
    page.goto("/compare?plan=auto-mel200-myeloma&other=auto-mel200-myeloma&also=graft.cd34_per_kg%3D2e6"
              "&patients=50&days=60")  # fmt: skip
    page.get_by_role("heading", name="Who gains, who loses").wait_for()
    assert page.get_by_role("row", name=re.compile("^days with neutrophils below 0.5")).count() == 1
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Figure (SVG)").click()
    assert "<svg" in Path(waiting.value.path()).read_text()


def test_a_long_comparison_is_stopped(page: Any) -> None:
    page.goto("/compare?plan=auto-mel200-myeloma&other=auto-beam-lymphoma&patients=1000&days=1000&seed=77")
    page.get_by_role("button", name="Stop").click()
    page.get_by_text(re.compile("^stopped (at|before)")).wait_for()


def test_a_parameter_is_found_from_its_organ(page: Any) -> None:
    page.goto("/model")
    page.get_by_role("navigation", name="Parts of the model").get_by_role("link", name="thrombopoiesis").click()
    page.get_by_role("link", name="platelet ageing").click()
    page.get_by_text("loss of platelets with age").wait_for()


def test_a_finding_leads_to_its_study_its_source_and_its_plan(page: Any) -> None:
    page.goto("/evidence?find=anasetti")
    page.get_by_role("link", name="anasetti-2012").first.click()
    page.get_by_role("heading", name="Plans that stand for its patients").wait_for()
    assert page.get_by_role("link", name=re.compile("YAML")).count() >= 1
    assert page.get_by_role("link", name="source").first.get_attribute("href").startswith("https://doi.org/10.1056/")
    page.get_by_role("link", name=re.compile("on the ward")).first.click()
    page.wait_for_url(re.compile("plan=~"))
    page.wait_for_selector(".run:not(:empty)")


def test_findings_stand_beside_what_was_simulated_and_are_filtered(page: Any) -> None:
    page.goto("/evidence?study=acute-kidney-injury-within-2022&verdict=fail")
    page.get_by_role("region", name="Findings").wait_for()
    rows = page.get_by_role("region", name="Findings").locator("tbody tr")
    failing = rows.count()
    assert all("fail" in text for text in rows.all_inner_texts())
    page.get_by_label("Verdict").select_option("")
    page.wait_for_url(lambda url: "verdict" not in url)
    page.get_by_role("region", name="Findings").wait_for()
    assert rows.count() > failing
    assert page.get_by_text(re.compile(r"findings of 1 study, [1-9]\d* simulated")).count() == 1
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Table (CSV)").click()
    assert "acute-kidney-injury-within-2022" in Path(waiting.value.path()).read_text()


def test_the_keyboard_reaches_the_sliders(page: Any) -> None:
    told(page, "/?plan=auto-mel200-myeloma&patients=50&days=60")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Skip to content"
    seen = []
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.type || document.activeElement.innerText"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert "range" in seen


def test_the_judge_of_usability_sees_what_is_wrong(page: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    page.goto("/patient")
    page.wait_for_selector(".ready", state="attached")
    page.evaluate("document.querySelector('label[for=chart-file]').remove()")
    assert "label" in {one["id"] for one in axe.Axe().run(page).response["violations"]}


@pytest.mark.parametrize("address", VIEWS)
def test_everybody_can_use_every_view(page: Any, address: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    page.goto(address)
    page.wait_for_selector(".run:not(:empty), .ready", state="attached")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = axe.Axe().run(page, options={"preload": False}).response["violations"]  # its requests show a bar
        grave = {one["id"]: one["nodes"][0]["html"][:200] for one in found if one["impact"] in ("serious", "critical")}
        assert {rule: html for rule, html in grave.items() if rule not in FRAMEWORK} == {}, scheme
    assert page.evaluate(TWICE) == []
    page.evaluate("document.body.focus()")
    seen = []
    for _ in range(9):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(FOCUSED))
    assert all(visible for _, visible in seen)
    assert len({place for place, _ in seen}) == len(seen)  # no trap: every step leads on
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


class _Stranger(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<p>a page of somebody else</p>")

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def stranger() -> Iterator[str]:
    """Another server of this machine, whose pages the same browser opens."""
    other = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Stranger))
    thread = threading.Thread(target=other.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{other.server_port}"
    other.shutdown()
    other.server_close()
    thread.join()


def test_a_foreign_page_reaches_nothing(chromium: Any, server: Server, session: list[Any], stranger: str) -> None:
    context = chromium.new_context()
    context.add_cookies(session)
    page = context.new_page()
    page.goto(stranger)
    socket = server.home.replace("http", "ws") + "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    opened = page.evaluate(
        """url => new Promise(told => { const socket = new WebSocket(url);
        socket.onopen = () => told('opened'); socket.onerror = () => told('refused'); })""",
        socket,
    )
    posted = page.evaluate(
        """url => fetch(url, {method: 'POST', body: '{}', credentials: 'include'})
        .then(() => 'answered', () => 'refused')""",
        f"{server.home}/api/jobs",
    )
    assert (opened, posted) == ("refused", "refused")
    context.close()
