"""Large cohorts: the same tables as of one big course, and nothing lost or half written whatever ends a run."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from multiprocessing import active_children
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

import dayzero as dz
from analyse import cut
from analyse.cut import DAYS, PATIENTS, PLAN, follow, made_portion, whole
from dayzero.analyse import large
from dayzero.analyse.large import Cohort, simulate_many
from dayzero.analyse.portion import reduced
from dayzero.analyse.rows import digest
from dayzero.analyse.tally import FANS, VALUES, Tally
from dayzero.errors import EngineError, InputError, SpecError
from dayzero.simulation.parts import BEGUN, parts_in

if TYPE_CHECKING:
    from loopback import Cluster

TESTS = Path(__file__).parents[1]
SHORT: dict[str, Any] = {"days": 32, "block": 16, "workers": 2}  # one compiled program, one chunk of days more


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A folder to follow the made cohort into; no model is run."""
    monkeypatch.setattr(large, "portion", made_portion)
    monkeypatch.setattr(large, "quiet_portion", made_portion)
    monkeypatch.setattr("dayzero.analyse.portion.simulate", cut.simulated)
    monkeypatch.chdir(tmp_path)
    yield tmp_path / "cohort"


@pytest.fixture(scope="module")
def expected() -> str:
    """Digest of the table of all patients of the made cohort at once."""
    return digest([reduced(whole()).rows])


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def stop_after(parts: int, how: Callable[[], None]) -> Callable[[float], None]:
    """A `progress` that does something once so many of six parts are done."""
    done = [False]

    def progress(share: float) -> None:
        if share >= parts / 6 and not done[0]:
            done[0] = True
            how()

    return progress


# The same tables as of one big course.


def test_tables_from_merged_counts_are_those_of_one_big_course(made: Path) -> None:
    cohort, course = follow(made, chunk=16), whole()
    exact, merged = dz.summary(course), dz.summary(cohort)
    for one, other in zip(exact.rows, merged.rows, strict=True):
        assert (one.name, one.unit, one.patients, one.note) == (other.name, other.unit, other.patients, other.note)
        loose = one.name.startswith(("lowest", "myeloid", "quality"))
        assert (other.value, other.low, other.high) == pytest.approx(
            (one.value, one.low, one.high), rel=6e-3 if loose else 1e-12
        )
    a, b = exact.outcomes, merged.outcomes
    assert a is not None and b is not None
    assert [line.estimates for line in a.lines] == [line.estimates for line in b.lines]
    assert [line.median for line in a.lines] == [line.median for line in b.lines]
    assert (a.deaths, a.days, a.patients, a.not_transplanted) == (b.deaths, b.days, b.patients, b.not_transplanted)
    for line, other in zip(a.lines, b.lines, strict=True):
        assert np.array_equal(line.counts.events, other.counts.events)
        assert np.array_equal(line.counts.censored, other.counts.censored)


def test_means_of_life_are_those_of_one_big_course(made: Path) -> None:
    exact, merged = dz.outcomes(whole()), dz.outcomes(follow(made))
    for one, other in zip(exact.means, merged.means, strict=True):
        assert (one.name, one.day, one.patients) == (other.name, other.day, other.patients)
        assert other[3:6] == pytest.approx(one[3:6], rel=1e-12 if one.unit == "days" else 2e-4)


def test_any_day_can_be_asked_for_and_one_beyond_the_course_is_refused(made: Path) -> None:
    cohort = follow(made)
    told, exact = dz.outcomes(cohort, [40]), dz.outcomes(whole(), [40])
    assert [line.estimates for line in told.lines] == [line.estimates for line in exact.lines]
    assert told.means == ()  # their sums are kept to the usual days
    with pytest.raises(InputError, match="horizon"):
        dz.outcomes(cohort, [DAYS + 1])


def test_fans_hold_every_living_patient_and_are_right_within_half_a_step(made: Path) -> None:
    cohort, course = follow(made), whole()
    for name in ("neutrophils", "hemoglobin"):
        fan = cohort.fan(name, [50])
        assert fan.patients.tolist() == course.living.sum(axis=0).tolist()
        day = int(np.flatnonzero(fan.days == 60)[0])
        exact = float(np.percentile(course.values[name][course.living[:, day], day], 50))
        scale = FANS[name]
        step = np.log(scale.high / scale.low) / (scale.points - 1) if scale.logarithmic else 0.05 / exact
        assert fan.percentiles[0, day] == pytest.approx(exact, rel=step)
    with pytest.raises(InputError, match="one of neutrophils"):
        cohort.fan("neutrophil")


def test_tallies_add_up_in_any_order_and_cut() -> None:
    course = whole()
    parts = [reduced(course.only(range(a, b))).tally for a, b in ((0, 31), (31, 32), (32, PATIENTS))]
    total = reduced(course).tally
    assert (parts[2] + parts[0] + parts[1]).packed() == total.packed()
    assert Tally.unpacked(total.packed()).packed() == total.packed()
    assert all(array.dtype == np.int64 for array in total.counts.values())


def test_a_row_says_of_a_patient_what_the_course_does(made: Path) -> None:
    rows, course = follow(made).rows().collect(), whole()
    died, cause = course.deaths()
    assert rows["patient"].to_list() == course.patients.tolist()
    assert rows["death_day"].to_list() == [None if np.isinf(day) else int(day) for day in died]
    assert rows["death_cause"].to_list() == [name or None for name in cause]
    judged = dz.judge(dz.observe(course))
    days = judged["neutrophils_0.5_day"]
    assert rows["neutrophils_0.5_day"].to_list() == [None if np.isnan(day) else int(day) for day in days]
    assert rows["neutrophils_0.5_status"].to_list() == judged["neutrophils_0.5_status"].tolist()
    assert rows["primary_graft_failure"].to_list() == judged["primary_graft_failure"].tolist()
    assert rows["episodes_bacteremia"].sum() > rows["bacteremia_day"].is_not_null().sum()
    assert set(VALUES) <= set(rows.columns)


def test_the_digest_sees_one_patient_one_value_and_one_gap() -> None:
    rows = reduced(whole()).rows
    other = [rows.with_columns(pl.col(name).replace(rows[name][0], new)) for name, new in
             (("patient", 999), ("weight_kg", 1.0), ("neutrophils_0.5_status", "other"))]  # fmt: skip
    other += [rows.with_columns(pl.lit(None, pl.Int16).alias("vod_day")), rows[:-1], rows[::-1], rows.drop("male")]
    assert len({digest([one]) for one in (rows, *other)}) == 1 + len(other)
    assert digest([rows[:10], rows[10:]]) == digest([rows])


def test_every_executor_and_size_of_part_gives_the_table_of_the_engine_itself(
    loopback: Cluster, tmp_path: Path
) -> None:
    course = dz.simulate("aml-sibling-pbsc", 96, 32, block=16)
    one = reduced(course)
    ways: list[dict[str, Any]] = [
        {"chunk": 16},
        {"chunk": 32},
        {"chunk": 37},
        {"chunk": 48, "executor": "processes", "workers": 1},
        {"chunk": 48, "executor": "dask", "scheduler": loopback.address},
    ]
    for i, way in enumerate(ways):
        cohort = simulate_many("aml-sibling-pbsc", tmp_path / str(i), 96, **SHORT | way)
        assert cohort.table_digest() == digest([one.rows]), way
        assert cohort.tally.packed() == one.tally.packed(), way
        assert len(parts_in(cohort.folder)) == -(-96 // way["chunk"])


# What a folder takes and what it refuses.


def test_the_same_call_again_computes_nothing_and_says_the_same(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = follow(made)
    monkeypatch.setattr(large, "_pool", lambda *_: pytest.fail("work was begun"))
    shares: list[float] = []
    again = follow(made, chunk=None, progress=shares.append)
    assert again.tally.packed() == first.tally.packed() and shares[-1] == 1.0
    assert Cohort.open(made).table_digest() == first.table_digest()


OTHER: dict[str, dict[str, Any]] = {
    "patients": {"patients": 97}, "days": {"days": 121}, "seed": {"seed": 2}, "plans": {"plan": "auto-mel200-myeloma"},
    "precision": {"precision": "float64"}, "steps_per_day": {"steps_per_day": 12}, "typical": {"typical": True},
    "parameters": {"parameters": {"graft.lodging": 0.2}}, "chunk": {"chunk": 32},
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER)
def test_a_folder_begun_by_another_request_is_refused_in_one_sentence(made: Path, name: str) -> None:
    follow(made)
    before = names(made)
    asked = {"plan": PLAN, "patients": PATIENTS, "days": DAYS, "chunk": 16, **OTHER[name]}
    with pytest.raises(SpecError, match=f"cohort: {name}: got") as refused:
        simulate_many(asked.pop("plan"), made, **asked)
    assert "\n" not in str(refused.value) and names(made) == before


def test_a_folder_of_other_versions_or_with_their_parts_is_refused(made: Path) -> None:
    follow(made)
    path = made / "manifest.json"
    told = json.loads(path.read_text())
    told["record"]["versions"]["numpy"] = "1.0"
    path.write_text(json.dumps(told))
    with pytest.raises(SpecError, match="versions: got"):
        follow(made)
    with pytest.raises(EngineError, match=r"part 0 made with versions .*use one version"):
        Cohort.open(made)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": 2}', '{"schema": 1, "record": {}, "chunk": 16}'])
def test_a_damaged_manifest_is_refused_in_one_sentence(made: Path, content: str) -> None:
    follow(made)
    (made / "manifest.json").write_text(content)
    for use in (follow, Cohort.open):
        with pytest.raises(InputError) as refused:
            use(made)
        assert "\n" not in str(refused.value) and "manifest.json" in str(refused.value)


BAD: dict[str, dict[str, Any]] = {
    "into": {"folder": "file"}, "executor": {"executor": "mpi"}, "workers": {"workers": 0}, "chunk": {"chunk": 0},
    "scheduler": {"scheduler": "tcp://x:1"}, "recording": {"recording": ("neutrophils",)}, "blok": {"blok": 3},
    "parameters.graft.x": {"parameters": {"graft.x": 1}}, "block": {"block": "large"},
}  # fmt: skip


@pytest.mark.parametrize("field", BAD)
def test_what_cannot_be_used_is_refused_before_anything_is_made(tmp_path: Path, field: str) -> None:
    (tmp_path / "file").write_text("mine")
    how = dict(BAD[field])
    folder = tmp_path / how.pop("folder", "new")
    with pytest.raises(SpecError, match=f"{field}: got"):
        simulate_many(PLAN, folder, 32, **how)
    with pytest.raises(SpecError, match="patients"):
        simulate_many(PLAN, tmp_path / "new", 0)
    assert names(tmp_path) == ["file"]


def test_a_folder_that_holds_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(SpecError, match="holds other files"):
        simulate_many(PLAN, tmp_path, 32)
    assert names(tmp_path) == ["thesis.tex"]


def test_two_runs_do_not_write_to_one_folder(made: Path) -> None:
    def second() -> None:
        with pytest.raises(InputError, match="another run writes to"):
            follow(made)

    assert len(follow(made, progress=stop_after(2, second))) == PATIENTS


def test_parts_that_are_not_all_there_are_no_cohort_yet(made: Path) -> None:
    follow(made)
    parts_in(made)[4].unlink()
    with pytest.raises(InputError, match=r"5 of 6 parts, expected all of them; give the command .* again"):
        Cohort.open(made)


# What may happen in the middle.


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"\0" * 70_000], ids=["empty", "short", "zeros"])
def test_a_damaged_part_is_found_out_and_made_again(made: Path, expected: str, damage: bytes) -> None:
    follow(made)
    parts_in(made)[2].write_bytes(damage)
    with pytest.raises(InputError, match="5 of 6 parts"):
        Cohort.open(made)
    cohort = follow(made)
    assert cohort.again == (2,) and cohort.table_digest() == expected


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_a_run_stopped_from_the_keyboard_keeps_its_parts_and_goes_on(made: Path, expected: str, executor: str) -> None:
    listened = signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it may be ignored
    try:
        with pytest.raises(KeyboardInterrupt):
            follow(made, executor=executor, progress=stop_after(3, lambda: os.kill(os.getpid(), signal.SIGINT)))
    finally:
        signal.signal(signal.SIGINT, listened)
    kept = parts_in(made)
    assert 2 <= len(kept) < 6 and not [name for name in names(made) if name.endswith(BEGUN)]
    assert active_children() == []
    written = {path: path.stat().st_mtime_ns for path in kept.values()}
    assert follow(made, executor=executor).table_digest() == expected
    assert {path: path.stat().st_mtime_ns for path in written} == written


def test_a_worker_killed_in_the_middle_costs_its_part_only(made: Path, expected: str) -> None:
    Path(cut.PAUSE).touch()
    killed: list[int] = []

    def kill() -> None:
        victim = active_children()[0]
        killed.append(victim.pid or 0)
        victim.kill()

    cohort = follow(made, executor="processes", progress=stop_after(1, kill))
    assert killed and cohort.table_digest() == expected and len(names(made)) == 7


def test_a_run_killed_in_the_middle_goes_on_where_it_was_and_leaves_nobody(made: Path, expected: str) -> None:
    Path(cut.PAUSE).touch()
    script = f"from analyse.cut import drive\nif __name__ == '__main__': drive({str(made)!r}, 'processes')"
    Path("run.py").write_text(script)
    path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    run = subprocess.Popen([sys.executable, "run.py"], env=os.environ | {"PYTHONPATH": path}, stderr=subprocess.PIPE)
    wait_for(lambda: made.is_dir() and len(parts_in(made)) >= 2)
    workers = children(run.pid)
    run.kill()
    run.communicate()
    kept = {path: path.read_bytes() for path in parts_in(made).values()}
    assert 2 <= len(kept) < 6 and workers
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
    (made / f".part-000005.0.parquet.1{BEGUN}").write_bytes(b"half")
    Path(cut.PAUSE).unlink()
    assert follow(made).table_digest() == expected
    assert {path: path.read_bytes() for path in kept} == kept and len(names(made)) == 7


def children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def wait_for(true: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with room for the manifest and some of the parts."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=260k", "none", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("a small disk is mounted by root only")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def test_a_full_disk_is_one_sentence_and_what_was_written_stays(made: Path, small_disk: Path, expected: str) -> None:
    folder = small_disk / "cohort"
    with pytest.raises(InputError, match=r"No space left on device while part \d was written") as full:
        follow(folder)
    assert "finished parts are kept" in str(full.value) and "\n" not in str(full.value)
    kept = names(folder)
    assert "manifest.json" in kept and not [name for name in kept if name.endswith(BEGUN)]
    assert 1 <= len(parts_in(folder)) < 6
    subprocess.run(["mount", "-o", "remount,size=4m", small_disk], check=True)
    cohort = follow(folder)
    assert cohort.again == () and cohort.table_digest() == expected


@pytest.mark.parametrize("call", ["os.fsync", "pathlib.Path.replace"])
def test_a_part_that_cannot_be_finished_leaves_nothing(
    made: Path, expected: str, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    follow(made)
    parts_in(made)[1].unlink()
    before = names(made)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(InputError, match="No space left"):
        patch.setattr(call, full)
        follow(made)
    assert names(made) == before
    assert follow(made).table_digest() == expected


def test_a_part_of_another_version_on_a_cluster_is_refused(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    course = whole()
    other = replace(course, record={**course.record, "versions": {"numpy": "1.0"}})
    monkeypatch.setattr(cut, "whole", lambda: other)
    with pytest.raises(EngineError, match="use one version"):
        follow(made)
    assert parts_in(made) == {}
