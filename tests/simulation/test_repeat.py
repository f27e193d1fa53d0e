"""Repeating a run: bit for bit from mapping, JSON or course; a record that says nothing of use is one sentence."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dayzero.errors import DomainWarning, InputError
from dayzero.simulation.course import Course
from dayzero.simulation.repeat import repeat
from dayzero.spec import Plan
from simulation.wards import differing, run


@pytest.fixture(scope="module")
def mixed() -> Course:
    """Two plans, numbers out of order, and one number in both arms."""
    plans = [Plan.load("aml-sibling-pbsc"), Plan.load("auto-mel200-myeloma")]
    return run([plans[1], plans[0], plans[1]], [5, 5, 2], 12, seed=3, parameters={"graft.lodging": 0.2})


@pytest.fixture
def record(mixed: Course) -> dict[str, Any]:
    return json.loads(json.dumps(mixed.record))


def again(record: Any) -> Course:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DomainWarning)
        return repeat(record)


def test_a_run_repeats_from_mapping_json_and_course(mixed: Course, record: dict[str, Any], tmp_path: Path) -> None:
    text = tmp_path / "run.json"
    text.write_text(json.dumps(record))
    for source in (record, text, str(text), mixed.write(tmp_path / "course.npz")):
        assert differing(mixed, again(source)) == []


def test_a_record_of_many_patients_without_numbers_repeats() -> None:
    course = run("auto-mel200-myeloma", 4, 8)
    assert course.record["patients_listed"] is None
    assert differing(course, again(course.record)) == []


def test_a_record_without_schema_is_one_of_the_first_and_another_schema_is_refused(
    mixed: Course, record: dict[str, Any]
) -> None:
    record.pop("schema", None)
    assert differing(mixed, again(record)) == []
    for other in (2, "1", None, True, [1]):
        with pytest.raises(InputError, match="schema"):
            again(record | {"schema": other})


def without(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda record: {k: v for k, v in record.items() if k != name}


def changed(**entries: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda record: record | entries


def of_plan(**entries: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda record: record | {"plans": [record["plans"][0] | entries, record["plans"][1]]}


DAMAGE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a list": lambda _: [1],
    "text": lambda _: "run",
    "nothing": lambda _: None,
    "a number": lambda _: 3,
    "no plans": without("plans"),
    "no seed": without("seed"),
    "no patients": without("patients"),
    "plans 3": changed(plans=3),
    "plans empty": changed(plans=[]),
    "plans of numbers": changed(plans=[1, 2]),
    "spec null": of_plan(spec=None),
    "spec empty": of_plan(spec={}),
    "spec wrong": of_plan(spec={"graft": 3}),
    "spec without a name": of_plan(name=7),
    "an index too high": changed(plan_of_patient=[0, 1, 2]),
    "an index below": changed(plan_of_patient=[0, 1, -1]),
    "an index of text": changed(plan_of_patient=["a", "b", "c"]),
    "too few indices": changed(plan_of_patient=[0]),
    "patients of text": changed(patients="x"),
    "patients 1e12": changed(patients=10**12, patients_listed=None, plan_of_patient=None),
    "patients 1e9 at once": changed(patients=10**9, patients_listed=None, plan_of_patient=None, days=3650),
    "patients as a fraction": changed(patients=1e12),
    "no patient": changed(patients=0, patients_listed=[], plan_of_patient=None),
    "listed as text": changed(patients_listed="abc"),
    "listed in words": changed(patients_listed=["a", "b", "c"]),
    "listed below zero": changed(patients_listed=[5, 5, -2]),
    "listed too high": changed(patients_listed=[5, 5, 2**70]),
    "listed too few": changed(patients_listed=[5]),
    "others listed": changed(patients_listed=[5, 5, 3]),
    "parameters a list": changed(parameters=[1]),
    "parameters unknown": changed(parameters={"graft.nothing": 1}),
    "parameters in words": changed(parameters={"graft.lodging": "high"}),
    "days of text": changed(days="12"),
    "days below": changed(days=-3),
    "days without end": changed(days=10**30),
    "seed true": changed(seed=True),
    "precision unknown": changed(precision="float16"),
    "steps none": changed(steps_per_day=0),
    "typical in words": changed(typical="no"),
}


@pytest.mark.parametrize("case", DAMAGE)
@pytest.mark.parametrize("form", ["mapping", "file"])
def test_a_malformed_record_is_refused_in_one_sentence(
    record: dict[str, Any], tmp_path: Path, case: str, form: str
) -> None:
    bad = DAMAGE[case](record)
    if form == "file":
        path = tmp_path / "run.json"
        path.write_text(json.dumps(bad))
        bad = path
    with pytest.raises(InputError) as refused:
        again(bad)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000, b"not a record\n"])
@pytest.mark.parametrize("name", ["run.json", "run.npz"])
def test_a_file_that_holds_no_record_is_refused_in_one_sentence(tmp_path: Path, content: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    for source in (path, tmp_path, tmp_path / f"missing-{name}"):
        with pytest.raises(InputError) as refused:
            again(source)
        assert "\n" not in str(refused.value)
