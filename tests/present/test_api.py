"""The HTTP interface and who may reach it: the same sentences as the command line, and nothing for strangers."""

from __future__ import annotations

import asyncio
import csv
import io
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from dayzero.errors import InputError, SpecError
from dayzero.present.api import Ward, api_of
from dayzero.present.charts import fan_options
from dayzero.present.fields import fields_of
from dayzero.present.guard import COOKIE, LARGEST, Doors, Guard
from dayzero.present.jobs import Jobs, Lane
from dayzero.present.plan_link import LONGEST_TEXT, opened, packed
from dayzero.present.scene import Scene, with_edits
from dayzero.present.serve import serve
from dayzero.present.warm import WarmUp
from dayzero.spec import Plan

HOME = "http://127.0.0.1:8737"
CHART = "patient,day,quantity,value,unit\n" + "".join(
    f"A,{day},neutrophils,{value},1e9/L\n" for day, value in ((9, 0.1), (12, 0.6), (13, 0.8), (14, 1.1))
)


@pytest.fixture(scope="module")
def ward() -> Ward:
    return Ward()


@pytest.fixture(scope="module")
def app(ward: Ward) -> Any:
    return api_of(ward)


def talk(app: Any, said: Callable[[Any], Awaitable[Any]], **options: Any) -> Any:
    """What a conversation with an application gives."""

    async def whole() -> Any:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=HOME, **options) as client:
            return await said(client)

    return asyncio.run(whole())


def get(app: Any, path: str, **options: Any) -> Any:
    return talk(app, lambda client: client.get(path, **options))


def post(app: Any, path: str, **options: Any) -> Any:
    return talk(app, lambda client: client.post(path, **options))


def test_the_interface_describes_itself(app: Any) -> None:
    told = get(app, "/api/openapi.json").json()
    assert {"/api/simulate", "/api/judge", "/api/jobs", "/api/export/{kind}"} <= set(told["paths"])


def test_a_plan_gives_bands_a_table_and_its_record(app: Any) -> None:
    asked = {"plan": "auto-mel200-myeloma", "but": ["graft.cd34_per_kg=3e6"], "patients": 16, "days": 40, "seed": 2}
    told = post(app, "/api/simulate", json=asked).json()
    first = told["panels"][0]
    assert first["name"] == "neutrophils"
    assert len(first["p50"]) == len(told["days"])
    assert all(low <= high for low, high in zip(first["p5"], first["p95"], strict=True))
    run = told["summary"]["run"]
    assert run["plans"][0]["spec"]["graft"]["cd34_per_kg"] == 3e6
    assert run["seed"] == 2


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"plan": "auto-mel200-myeloma", "but": ["graft.cd34_per_kg=3"]}, "graft.cd34_per_kg"),
        ({"plan": "/etc/passwd"}, "plan"),
        ({"plan": "auto-mel200-myelom"}, "plan"),
        ({"plan": {"patient": 1}}, "patient"),
        ({"plan": "auto-mel200-myeloma", "patients": 10**9}, "patients"),
        ({"plan": "auto-mel200-myeloma", "unknown": 1}, "unknown"),
    ],
)
def test_what_cannot_be_used_is_a_problem_document_that_names_the_field(app: Any, asked: Any, field: str) -> None:
    answer = post(app, "/api/simulate", json=asked)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (told["status"], told["field"]) == (422, field)
    assert told["detail"]


def test_the_problem_of_a_plan_is_the_sentence_of_the_command_line(app: Any) -> None:
    asked = {"plan": "auto-mel200-myeloma", "but": ["graft.cd34_per_kg=3"]}
    with pytest.raises(SpecError) as problem:
        with_edits(Plan.load("auto-mel200-myeloma"), asked["but"])  # type: ignore[arg-type]
    assert post(app, "/api/simulate", json=asked).json()["detail"] == str(problem.value)


def test_a_link_gives_table_plan_record_and_figure_of_one_run(app: Any) -> None:
    link = "plan=auto-mel200-myeloma&but=care.gcsf.start_day%3D7&patients=12&days=30&patient=3"
    rows = list(csv.reader(io.StringIO(get(app, f"/api/export/csv?{link}").text)))
    assert rows[0][:2] == ["day", "alive"]
    assert any("patient" in word for word in rows[0])
    assert rows[-1][0] == "30"
    assert "start_day: 7" in get(app, f"/api/export/yaml?{link}").text
    record = get(app, f"/api/export/record?{link}").json()
    assert (record["patients"], record["days"]) == (12, 30)
    figure = get(app, f"/api/export/svg?{link}")
    assert figure.headers["content-type"].startswith("image/svg")
    assert "<svg" in figure.text


def test_a_chart_is_judged_and_its_values_stay_out_of_problems(app: Any) -> None:
    told = post(app, "/api/judge?name=counts.csv", content=CHART).json()
    found = told["patients"][0]["criteria"]["neutrophils 0.5"]
    assert (found["status"], found["day"]) == ("recovered", 12)
    bad = post(app, "/api/judge?name=counts.csv", content="patient,day,quantity,value,unit\nSmith,1,zork,777,1\n")
    assert bad.status_code == 422
    assert "Smith" not in bad.text
    assert "777" not in bad.text


@pytest.mark.parametrize("name", ["counts.exe", "counts", "bundle.json", "table.parquet", "empty.csv"])
def test_files_that_are_no_charts_are_refused_in_a_sentence(app: Any, name: str) -> None:
    answer = post(app, f"/api/judge?name={name}", content="" if name == "empty.csv" else "[]")
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(name)


def test_a_job_runs_is_kept_and_is_there_after_a_restart(tmp_path: Path) -> None:
    first = Ward(Jobs(tmp_path))
    asked = {"plan": "auto-mel200-myeloma", "patients": 8, "days": 20}
    begun = post(api_of(first), "/api/jobs", json=asked)
    assert begun.status_code == 202
    name = begun.json()["id"]
    assert first.jobs.wait(name, 60).state == "done"
    again = get(api_of(Ward(Jobs(tmp_path))), f"/api/jobs/{name}").json()
    assert again["state"] == "done"
    assert again["result"]["summary"]["run"]["patients"] == 8


def test_a_comparison_is_taken_along_as_table_record_and_figure() -> None:
    ward = Ward()
    asked = {
        "kind": "compare",
        "plan": "auto-mel200-myeloma",
        "but": ["graft.cd34_per_kg=2e6"],
        "patients": 16,
        "days": 40,
    }
    app = api_of(ward)
    name = post(app, "/api/jobs", json=asked).json()["id"]
    assert ward.jobs.wait(name, 120).state == "done"
    table = list(csv.DictReader(io.StringIO(get(app, f"/api/jobs/{name}/csv").text)))
    below = next(row for row in table if row["name"] == "days_below_0.5")
    assert float(below["second"]) - float(below["first"]) == pytest.approx(float(below["difference"]))
    assert get(app, f"/api/jobs/{name}/record").json()["patients"] == 16
    figure = get(app, f"/api/jobs/{name}/svg")
    assert figure.headers["content-type"].startswith("image/svg")
    assert "same virtual patients" in figure.text
    assert get(app, f"/api/jobs/{name}/png").content.startswith(b"\x89PNG")


def test_parameters_are_a_table_with_source_and_status(app: Any) -> None:
    rows = list(csv.DictReader(io.StringIO(get(app, "/api/parameters.csv?name=thrombopoiesis").text)))
    assert {row["organ"] for row in rows} == {"thrombopoiesis"}
    assert all(row["source"] and row["status"] in ("measured", "derived", "fitted", "assumed") for row in rows)
    assert get(app, "/api/parameters.csv?name=thrombopoiesi").json()["advice"] == "did you mean thrombopoiesis?"


def test_a_job_is_stopped_at_its_next_step() -> None:
    jobs, going = Jobs(), threading.Event()

    def work(tick: Callable[[float], None]) -> dict[str, Any]:
        for step in range(1000):
            tick(step / 1000)
            going.set()
            threading.Event().wait(0.01)
        return {}

    job = jobs.begin("endless", {}, work)
    assert going.wait(10)
    jobs.end(job.name)
    assert jobs.wait(job.name, 10).state == "stopped"
    assert "%" in job.detail


def test_a_job_that_takes_too_long_is_stopped() -> None:
    jobs = Jobs(longest_s=0.0)

    def work(tick: Callable[[float], None]) -> dict[str, Any]:
        tick(0.1)
        tick(0.2)
        return {}

    job = jobs.begin("long", {}, work)
    assert jobs.wait(job.name, 10).state == "stopped"
    assert "fewer patients" in job.detail


def test_only_the_newest_of_those_that_wait_is_computed() -> None:
    done: list[int] = []
    release = threading.Event()

    async def drag() -> list[int | None]:
        lane = Lane()

        def work(value: int) -> int:
            release.wait(10)
            done.append(value)
            return value

        asked = [asyncio.create_task(lane.run(lambda value=value: work(value))) for value in range(5)]
        await asyncio.sleep(0.05)
        release.set()
        return list(await asyncio.gather(*asked))

    assert asyncio.run(drag())[1:] == [None, None, None, 4]
    assert done == [0, 4] or done == [4]


def test_every_field_of_a_plan_has_help_and_numbers_have_ranges() -> None:
    found = fields_of(Plan.load("haplo-pbsc-ptcy"))
    assert len(found) > 100
    assert [field.path for field in found if not field.meaning] == []
    ages = next(field for field in found if field.path == "patient.age_years")
    assert (ages.low, ages.high, ages.kind) == (0.1, 100.0, "number")


def test_a_scene_and_its_address_are_the_same() -> None:
    scene = Scene(edits=("graft.cd34_per_kg=3e6", "donor.kind=haploidentical"), days=365, seed=4, patient=7)
    pairs = httpx.QueryParams(scene.query())
    assert Scene.of({**pairs, "but": pairs.get_list("but")}) == scene


def test_a_plan_of_ones_own_is_restored_by_its_link_alone(app: Any) -> None:
    own = opened("base: auto-mel200-myeloma\nname: Ours/2\ngraft: {cd34_per_kg: 3e6}\n", "ours.yaml")
    link = f"plan={packed(own)}&patients=12&days=30"
    told = get(app, f"/api/export/yaml?{link}")
    assert Plan.of_text(told.text) == own
    assert 'filename="Ours-2.yaml"' in told.headers["content-disposition"]
    record = get(app, f"/api/export/record?{link}").json()
    assert record["plans"][0]["sha256"] == own.sha256()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("base: auto-mel200-myeloma\ngraft:\n  cd34_per_kg: 3\n", "ours.yaml:3: graft.cd34_per_kg: got 3"),
        ("base: auto-mel200-myelom\n", "ours.yaml:1: base: got"),
        ("base: ../../etc/passwd\n", "ours.yaml:1: base: got"),
        ("patient: [1\n", "ours.yaml:2: file: got"),
        ("", "ours.yaml: file: got nothing"),
        ("# " + "x" * LONGEST_TEXT, "ours.yaml: file: got 64002 letters"),
    ],
)
def test_a_plan_file_that_cannot_be_used_is_the_sentence_of_the_command_line(
    text: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(SpecError) as problem:
        opened(text, "ours.yaml")
    assert str(problem.value).startswith(said)
    if len(text) < LONGEST_TEXT:
        path = tmp_path / "ours.yaml"
        path.write_text(text)
        with pytest.raises(SpecError) as known:
            Plan.load(path)
        assert str(known.value) == str(problem.value)


@pytest.mark.parametrize("word", ["~", "~abc", "~" + "A" * 20_000, "~eJwDAAAAAAE", "~%00"])
def test_a_damaged_link_of_a_plan_is_a_sentence(app: Any, word: str) -> None:
    answer = get(app, f"/api/export/yaml?plan={word}")
    assert answer.status_code == 422
    assert "a packed plan that is damaged" in answer.json()["detail"]


def test_people_wait_until_the_first_program_is_there_even_where_it_cannot_be_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    going, seen = threading.Event(), []

    def slow(plan: str, **_: Any) -> None:
        seen.append(plan)
        assert going.wait(10)
        raise SpecError("simulate", "plan", "nothing", "a plan", "choose one")

    monkeypatch.setattr("dayzero.simulation.cohort.simulate", slow)
    warm = WarmUp()
    assert warm.waited_s is None
    thread = warm.begin()
    first = warm.waited_s
    assert first is not None and first >= 0
    going.set()
    thread.join(10)
    assert (warm.waited_s, seen) == (None, ["aml-sibling-pbsc"])


def test_findings_are_a_table_a_record_and_a_forest(app: Any) -> None:
    table = list(csv.DictReader(io.StringIO(get(app, "/api/evidence.csv?study=anasetti-2012").text)))
    assert {row["study"] for row in table} == {"anasetti-2012"}
    assert any(row["covered"] == "True" and float(row["simulated"]) > 0 for row in table)
    told = get(app, "/api/evidence.json?study=anasetti-2012&verdict=none").json()
    assert all(not row["covered"] for row in told["rows"])
    assert told["record"]["model"]
    assert "<svg" in get(app, "/api/evidence.svg?study=anasetti-2012").text
    refused = get(app, "/api/evidence.csv")
    assert (refused.status_code, refused.json()["field"]) == (422, "filter")


def test_a_figure_of_nobody_alive_is_drawn() -> None:
    nobody: dict[str, Any] = {"name": "neutrophils", "label": "Neutrophils", "unit": "10⁹/L", "log": True,
                              "limits": [0.01, 20], "ticks": [0.01], "levels": []}  # fmt: skip
    panel = nobody | {f"p{q}": [0.2, None] for q in (5, 25, 50, 75, 95)}
    options = fan_options({"days": [0, 1], "panels": [panel], "patients": 1, "alive": [1, 0]})
    assert options["series"][0]["data"][1] == [1, None]


# Who may reach it.


async def _inner(scope: Any, receive: Any, send: Any) -> None:
    body = b"<script>1</script>" if scope["path"] == "/page" else b"{}"
    kind = b"text/html" if scope["path"] == "/page" else b"application/json"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
    await send({"type": "http.response.body", "body": body})


def let_in(doors: Doors) -> dict[str, str]:
    session = doors.enter(doors.token)
    assert session is not None
    return {COOKIE: session}


def test_without_the_link_nothing_is_answered() -> None:
    answer = get(Guard(_inner, Doors()), "/api/library/plan")
    assert answer.status_code == 401
    assert "dayzero serve" in answer.json()["detail"]


def test_the_link_works_once_and_leaves_no_token_in_the_address() -> None:
    doors = Doors()
    link = f"/?token={doors.token}&plan=auto-mel200-myeloma"
    first = get(Guard(_inner, doors), link)
    assert first.status_code == 303
    assert first.headers["location"] == "/?plan=auto-mel200-myeloma"
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert get(Guard(_inner, doors), link).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example:8737"}, 421),
        ({"host": "127.0.0.1.evil.example"}, 421),
        ({"host": ""}, 421),
        ({"host": "localhost:8737"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "https://127.0.0.1:8737"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),
        ({"origin": "http://127.0.0.1:8737"}, 200),
        ({"sec-fetch-site": "cross-site"}, 403),
    ],
)
def test_host_and_origin_must_be_our_own(headers: dict[str, str], status: int) -> None:
    doors = Doors()
    answer = talk(Guard(_inner, doors), lambda client: client.get("/api", headers=headers), cookies=let_in(doors))
    assert answer.status_code == status


def test_a_foreign_page_opens_no_websocket() -> None:
    doors = Doors()
    cookie = f"{COOKIE}={let_in(doors)[COOKIE]}".encode()
    closed: list[Any] = []

    async def send(message: Any) -> None:
        closed.append(message)

    for origin in (None, b"http://evil.example"):
        headers = [(b"host", b"127.0.0.1:8737"), (b"cookie", cookie), *([(b"origin", origin)] if origin else [])]
        scope = {"type": "websocket", "path": "/_nicegui_ws/", "headers": headers, "query_string": b""}
        asyncio.run(Guard(_inner, doors)(scope, None, send))
    assert [message["type"] for message in closed] == ["websocket.close", "websocket.close"]


def test_bodies_have_a_stated_length_and_a_limit() -> None:
    doors = Doors()

    async def endless() -> AsyncIterator[bytes]:
        yield b"x"

    guard, cookies = Guard(_inner, doors), let_in(doors)
    assert talk(guard, lambda c: c.post("/api/judge", content=endless()), cookies=cookies).status_code == 411
    big = {"content-length": str(LARGEST + 1)}
    assert talk(guard, lambda c: c.post("/api/judge", content=b"", headers=big), cookies=cookies).status_code == 413
    assert talk(guard, lambda c: c.post("/api/judge", content=b"x"), cookies=cookies).status_code == 200


def test_pages_run_only_scripts_with_their_own_nonce() -> None:
    doors = Doors()
    guard, cookies = Guard(_inner, doors), let_in(doors)
    first, second = (talk(guard, lambda c: c.get("/page"), cookies=cookies) for _ in range(2))
    policy = first.headers["content-security-policy"]
    nonce = first.text.split('nonce="')[1].split('"')[0]
    assert f"'nonce-{nonce}'" in policy
    assert "default-src 'none'" in policy
    assert "script-src 'self' 'nonce" in policy
    assert nonce not in second.text


def test_a_port_that_is_taken_is_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"serve: --port: got {port}, which is taken"):
            serve(port=port, is_opened=False)
