"""A course: kept and read back, asked in the words of the ward, refused in one sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dayzero.errors import ChartError, DomainWarning, SpecError
from dayzero.module import ORDER_SIGNALS
from dayzero.simulation.assemble import standard_body
from dayzero.simulation.cohort import RECORDED, simulate
from dayzero.simulation.course import SCHEMA, Course
from dayzero.simulation.laboratory import ASSAYS
from dayzero.simulation.observe import observe
from dayzero.simulation.occurrences import CAUSE_GROUPS, FLAGS, GIVEN, HAPPENED
from dayzero.simulation.request import check_room
from dayzero.spec import Plan, Population
from dayzero.units import DEATH_CAUSES
from simulation.wards import differing, run


def test_a_course_is_read_back_as_it_was_written(library: Course, tmp_path: Path) -> None:
    path = library.write(tmp_path / "course.npz")
    back = Course.read(path)
    assert differing(library, back) == []
    assert set(back.values) == set(library.values) == set(RECORDED)
    for name in FLAGS:
        assert np.array_equal(library.flags[name], back.flags[name])
    for name in ("patients", "days", "visits", "tests", "living"):
        kept, read = getattr(library, name), getattr(back, name)
        assert np.array_equal(kept, read)
        assert kept.dtype == read.dtype
    assert all(np.array_equal(library.covariates[k], back.covariates[k]) for k in library.covariates)
    assert back.record == library.record
    assert [p.name for p in tmp_path.iterdir()] == ["course.npz"]


def test_a_course_read_back_gives_the_same_chart(library: Course, tmp_path: Path) -> None:
    one, two = observe(library), observe(Course.read(library.write(tmp_path / "course.npz")))
    assert set(one.measurements) == set(ASSAYS)
    for name in (*one.measurements, *one.events):
        same = zip(one.column(name), two.column(name), strict=True)
        assert all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in same), name


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    library: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = library.write(tmp_path / "course.npz")
    before = path.read_bytes()

    def full(*_: Any, **__: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(OSError, match="no space"):
        library.write(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["course.npz"]


def test_what_is_not_a_course_is_refused(library: Course, tmp_path: Path) -> None:
    text = tmp_path / "notes.npz"
    text.write_text("not a course")
    other = tmp_path / "other.npz"
    np.savez(other, record=np.asarray('{"schema": 99}'))
    strange = tmp_path / "strange.npz"
    np.savez(strange, numbers=np.arange(3))
    for path in (text, other, strange, tmp_path / "missing.npz"):
        with pytest.raises(ChartError):
            Course.read(path)


def packed(course: Course, path: Path, **changed: Any) -> Path:
    """A course file with some of its arrays replaced, or left out where None."""
    with np.load(course.write(path)) as kept:
        stored: dict[str, Any] = {name: kept[name] for name in kept.files} | changed
    np.savez(path, **{name: array for name, array in stored.items() if array is not None})
    return path


DAMAGED: dict[str, dict[str, Any]] = {
    "another schema": {"schema": np.asarray(SCHEMA + 1)},
    "no record": {"record": None},
    "a record that is no JSON": {"record": np.asarray("{")},
    "a record that is a list": {"record": np.asarray("[]")},
    "a record of nothing": {"record": np.asarray("{}")},
    "no days": {"days": None},
    "no visits": {"flag.blood_drawn": None},
    "visits too short": {"flag.blood_drawn": np.zeros((2, 2), bool)},
    "visits counted": {"flag.blood_drawn": np.zeros((15, 112), int)},
    "days with a gap": {"days": np.array([0, 2])},
    "a value too short": {"value.platelets": np.zeros(3)},
    "a value of text": {"value.platelets": np.array([["a"]])},
    "one patient more": {"patients": np.arange(99)},
    "patients in a table": {"patients": np.zeros((2, 2))},
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_course_file_with_a_part_damaged_is_refused(library: Course, tmp_path: Path, case: str) -> None:
    with pytest.raises(ChartError) as refused:
        Course.read(packed(library, tmp_path / "course.npz", **DAMAGED[case]))
    assert "\n" not in str(refused.value)


def test_a_course_file_cut_or_flipped_anywhere_is_refused_or_the_same(library: Course, tmp_path: Path) -> None:
    few = {name: library.values[name] for name in ("neutrophils", "platelets")}
    course = replace(library, values=few)
    path = course.write(tmp_path / "course.npz")
    whole, refused = path.read_bytes(), 0
    for at in [0, 1, *np.random.default_rng(1).integers(4, len(whole), 40).tolist()]:
        for damaged in (whole[:at], whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]):
            path.write_bytes(damaged)
            try:
                assert differing(course, Course.read(path)) == []
            except ChartError as problem:
                assert "\n" not in str(problem)
                refused += 1
    assert refused > 42


def test_an_array_renamed_to_a_course_is_refused(tmp_path: Path) -> None:
    array = tmp_path / "array.npy"
    np.save(array, np.arange(3))
    path = array.rename(tmp_path / "course.npz")
    with pytest.raises(ChartError):
        Course.read(path)


def test_a_course_file_may_be_read_by_whom_any_new_file_may(library: Course, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    assert library.write(tmp_path / "course.npz").stat().st_mode == plain.stat().st_mode


def test_an_unknown_quantity_names_those_recorded(library: Course) -> None:
    with pytest.raises(AttributeError, match="neutrophils") as told:
        _ = library.neutrofils
    assert all(name in str(told.value) for name in RECORDED)


def test_a_day_outside_the_course_is_refused(library: Course) -> None:
    assert library.at(0, "platelets").shape == (len(library),)
    for day in (int(library.days[0]) - 1, 101):
        with pytest.raises(ChartError, match="day"):
            library.at(day, "platelets")


def test_days_run_from_the_first_admission_to_the_last_day(library: Course) -> None:
    assert np.array_equal(library.days, np.arange(library.days[0], 101))
    assert all(value.shape == (len(library), len(library.days)) for value in library.values.values())
    assert str(len(library)) in repr(library)


def test_events_are_sorted_by_patient_day_and_kind(library: Course) -> None:
    events = library.events()
    rows = list(zip(events["patient"], events["day"], events["kind"], strict=True))
    assert len(rows) > 50
    assert rows == sorted(rows)
    given = events["kind"] == "platelet_transfusion"
    assert events["amount"][given].sum() == library.platelet_units.sum()
    assert set(events["kind"]) <= {*GIVEN, *HAPPENED, "acute_gvhd", "cmv_treatment", "death"}
    assert (events["kind"] == "death").sum() == np.isfinite(library.deaths()[0]).sum()


def test_every_kind_of_event_is_read_from_an_order_or_a_hazard_of_the_body() -> None:
    """The return of CMV and the flare behind late GVHD are seen by nobody; a death is told once, with its cause."""
    hazards = {name: hazard for _, name, hazard in standard_body().hazards}
    assert set(GIVEN.values()) == set(ORDER_SIGNALS)
    deaths = {name for name, hazard in hazards.items() if hazard.fatal == "always"}
    assert set(HAPPENED.values()) == set(hazards) - deaths - {"cmv_reactivation", "alloreactive_flare"}


def test_every_cause_of_death_belongs_to_a_group() -> None:
    fatal = {name for _, name, hazard in standard_body().hazards if hazard.fatal != "never"}
    assert fatal - set(CAUSE_GROUPS) == {"other_death", "background_death"}
    assert set(CAUSE_GROUPS.values()) | {"other"} <= set(DEATH_CAUSES.values())


def test_events_stay_sorted_where_patients_are_not() -> None:
    course = run("aml-sibling-pbsc", [9, 3, 5], 40)
    events = course.events()
    assert list(events["patient"]) == sorted(events["patient"])
    chart = observe(course)
    assert chart.patients == ("9", "3", "5")
    for row, name in enumerate(chart.patients):
        days = course.days[course.platelet_units[row] > 0]
        assert np.array_equal(chart.series(name, "platelet_transfusion").days, days)


def test_a_course_that_recorded_no_orders_has_an_empty_event_table(library: Course) -> None:
    few = {name: library.values[name] for name in ("neutrophils", "reported_neutrophils")}
    course = replace(library, values=few)
    assert len(course.events()["day"]) == 0
    assert len(observe(course).column("neutrophils").day) == library.visits.sum()  # nor deaths
    lived = replace(library, values=few | {"died_of": library.died_of})
    assert len(observe(lived).column("neutrophils").day) == (library.visits & library.living).sum()


def test_the_record_says_how_to_repeat_the_run() -> None:
    how = {"precision": "float64", "parameters": {"graft.lodging": 0.2}, "typical": True}
    course = run("aml-sibling-pbsc", [4, 8], 20, seed=11, **how)
    record = course.record
    plan = Plan.load(record["plans"][0]["spec"])
    assert plan.sha256() == record["plans"][0]["sha256"] == Plan.load("aml-sibling-pbsc").sha256()
    repeated = {name: record[name] for name in ("days", "seed", "precision", "parameters", "typical", "steps_per_day")}
    again = run(plan, course.patients, **repeated)
    assert differing(course, again) == []
    assert record["warnings"] == []
    assert record["versions"]


def test_leaving_the_evidence_warns_once_and_is_kept() -> None:
    plan = Plan.load("auto-beam-lymphoma").but(patient={"age_years": 90}, population=Population())
    with pytest.warns(DomainWarning) as seen:
        course = simulate([plan, plan], days=5)
    told = [str(w.message) for w in seen]
    assert len(told) == len(set(told)) == len(course.record["warnings"])
    assert any("age 90" in sentence for sentence in told)
    assert any("carmustine" in sentence for sentence in told)


PLAN = Plan.load("aml-sibling-pbsc")


@pytest.mark.parametrize(
    "asked",
    [
        {"days": 0}, {"days": -5}, {"days": 100_000}, {"days": 10.5},
        {"patients": 0}, {"patients": -3}, {"patients": []}, {"patients": [-1]}, {"patients": [0.5]}, {"patients": 2.5},
        {"plan": []}, {"plan": [PLAN, PLAN], "patients": [1, 2, 3]}, {"plan": [PLAN, PLAN], "patients": 5},
        {"plan": "aml-siblng-pbsc"},
        {"parameters": {"graft.nothing": 1.0}}, {"parameters": {"lodging": 1.0}},
        {"parameters": {"graft.lodging": float("nan")}}, {"parameters": {"graft.lodging": "high"}},
        {"precision": "float16"}, {"recording": ("neutrofils",)}, {"recording": ()}, {"recording": ("stem_cells",)},
        {"steps_per_day": 0}, {"block": -3}, {"block": 0}, {"cores": 0}, {"seed": 1.5},
        {"plan": None}, {"plan": 3}, {"plan": [3]}, {"plan": [PLAN, None]}, {"plan": b"aml-sibling-pbsc"},
        {"patients": [0, 0]}, {"patients": [4, 2, 4]}, {"patients": [2**63]}, {"patients": [[0], [1, 2]]},
        {"patients": "2"}, {"patients": 10**9}, {"patients": 10**9, "days": 3650, "precision": "float64"},
        {"parameters": [1]}, {"recording": 3}, {"recording": "neutrophils, platelets"}, {"typical": "no"},
    ],
    ids=lambda asked: " ".join(f"{k}={v if not isinstance(v, list) else len(v)}" for k, v in asked.items()),
)  # fmt: skip
def test_what_cannot_be_simulated_is_refused_in_one_sentence(asked: dict[str, Any]) -> None:
    with pytest.raises(SpecError) as refused:
        run(**({"plan": PLAN, "patients": 2, "days": 10} | asked))
    assert "\n" not in str(refused.value)


def test_the_same_number_in_two_arms_is_the_same_patient_twice() -> None:
    course = run([PLAN, PLAN], [7, 7], 5)
    assert all(np.array_equal(value[0], value[1]) for value in course.values.values())


def test_a_cohort_that_would_not_fit_is_refused_with_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"SC_PHYS_PAGES": 250_000, "SC_PAGE_SIZE": 4000}
    monkeypatch.setattr("os.sysconf", sizes.__getitem__)
    with pytest.raises(SpecError, match=r"take \d+ GB or more.* 1 GB, 80 %"):
        run(PLAN, 200_000, 120)
    check_room(1000, 120, len(RECORDED), "float32")


def test_without_a_known_memory_size_the_request_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> int:
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr("os.sysconf", unknown)
    check_room(10**9, 3650, 16, "float64")
