"""What is exported is the model that runs: equations to the last bits, courses as far as solvers agree, files whole."""

from __future__ import annotations

import csv
import json
import locale
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from xml.etree.ElementTree import parse

import jax
import numpy as np
import pytest

from dayzero.errors import DomainWarning, SpecError
from dayzero.present import cli, export_events
from dayzero.present.export import export
from dayzero.present.export_course import HeldFast, held_fast
from dayzero.present.export_mathml import MATHML, math, table
from dayzero.present.export_model import Equations, Part, used
from dayzero.present.export_numbers import Names, body_of, number
from dayzero.present.export_replay import Replay, replay
from dayzero.present.export_sbml import SBML, sbml
from dayzero.present.export_units import unit_id
from dayzero.simulation.cohort import simulate
from dayzero.simulation.course import Course
from dayzero.simulation.day import act, all_signals, rates_of
from dayzero.simulation.observe import observe
from dayzero.simulation.occurrences import GIVEN
from dayzero.spec import Plan

PLANS = ("aml-sibling-pbsc", "auto-mel200-myeloma")
DAYS = 40


@pytest.fixture(scope="module", params=PLANS)
def held(request) -> HeldFast:
    return held_fast(request.param, patient=3, days=DAYS)


@pytest.fixture(scope="module")
def lived(held: HeldFast) -> Replay:
    return replay(held)


@pytest.fixture(scope="module")
def body(held: HeldFast, lived: Replay) -> Equations:
    return body_of(held, lived)


@pytest.fixture(scope="module")
def model(held: HeldFast, body: Equations, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("sbml") / "model.xml"
    sbml(held, body).write(path, encoding="utf-8", xml_declaration=True)
    return path


@pytest.fixture
def own_locale() -> Iterator[None]:
    """COPASI sets the locale of the process, by which Python opens files; it is put back."""
    before = locale.setlocale(locale.LC_ALL)
    yield
    locale.setlocale(locale.LC_ALL, before)


@pytest.fixture(scope="module")
def course() -> Course:
    return simulate(PLANS[0], 6, DAYS, precision="float64")


def leaves(held: HeldFast, tree: dict) -> np.ndarray:
    """States in the order of the export."""
    return np.array([x for o in held.body.living for x in jax.tree.leaves(tree[o.name])], dtype=float)


def states_of(held: HeldFast, values: np.ndarray) -> dict:
    """A vector of states as the organs have them."""
    shape = jax.tree.structure(tuple(held.begun.get(o.name, ()) for o in held.body.living))
    parts = jax.tree.unflatten(shape, list(values))
    return {o.name: part for o, part in zip(held.body.living, parts, strict=True)}


def test_the_body_is_lived_again_as_it_was_simulated(held: HeldFast, body: Equations, lived: Replay) -> None:
    names = Names(body, lived.dawn.T)
    for signal in ("neutrophils", "platelets", "hemoglobin", "cd4", "disease_burden", "gvhd_damage"):
        simulated = held.course.values[signal][0, : len(held.days)]
        np.testing.assert_allclose(names[signal] + 0 * simulated, simulated, rtol=1e-9, atol=1e-12, err_msg=signal)


@pytest.mark.parametrize("row", [0, 9, 30])
def test_exported_rates_are_those_of_the_engine(held: HeldFast, body: Equations, lived: Replay, row: int) -> None:
    acted, today = lived.acted[row], held.today(row)
    with np.errstate(all="ignore"):
        own = leaves(held, rates_of(held.body, states_of(held, acted), held.people, today))
    names = Names(body, acted)
    names.update({name: values[row] for name, (_, values) in body.given.items()})
    told = np.array([number(rate, names) for rate in body.rates.values()], dtype=float)
    np.testing.assert_allclose(told, own, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("row", [3, 9, 30])
def test_exported_mornings_are_those_of_the_engine(held: HeldFast, body: Equations, lived: Replay, row: int) -> None:
    dawn, today, p = states_of(held, lived.dawn[row]), held.today(row), held.people
    with np.errstate(all="ignore"):
        own = leaves(held, act(held.body, dawn, p, all_signals(held.body, dawn, p, today)))
    names = Names(body, lived.dawn[row])
    names.update({name: values[row] for name, (_, values) in body.given.items()})
    told = [number(body.jumps.get(name, name), names) for name in body.states]
    np.testing.assert_allclose(np.array(told, dtype=float), own, rtol=1e-11, atol=1e-14)


def test_every_name_that_is_read_is_defined(body: Equations) -> None:
    tables = (body.constants, body.states, body.given, body.fixed, body.rules)
    defined = {name for names in tables for name in names}
    assert len(defined) == sum(map(len, tables))
    read = used([x for t in (body.fixed, body.rules, body.rates, body.jumps) for x in t.values()])
    assert read <= defined
    assert not any(name.endswith(("_state", "_parameter", "_given", "_signal")) for name in defined)


def test_the_model_passes_the_consistency_check_of_libsbml(model: Path) -> None:
    libsbml = pytest.importorskip("libsbml", reason="python-libsbml is not installed")
    document = libsbml.readSBML(str(model))
    document.checkConsistency()
    told = [document.getError(i) for i in range(document.getNumErrors())]
    assert [e.getMessage() for e in told if e.getSeverity() >= libsbml.LIBSBML_SEV_ERROR] == []


@pytest.mark.usefixtures("own_locale")
def test_copasi_lives_the_course_that_dayzero_lives(held: HeldFast, body: Equations, model: Path) -> None:
    basico = pytest.importorskip("basico", reason="copasi-basico is not installed")
    fine, days = replay(held, steps=64), len(held.days)
    loaded = basico.load_model(str(model))
    moments = [0.0, *(day + 0.5 for day in range(days))]
    found = basico.run_time_course(values=moments, use_sbml_id=True, use_initial_values=True, r_tol=1e-9, a_tol=1e-13,
                                   max_steps=10**6, model=loaded)  # fmt: skip
    noon = np.stack([found[name].to_numpy()[1:] for name in body.states], axis=-1)
    error = np.abs(noon - fine.noon) / (np.abs(fine.noon) + 0.01 * np.abs(fine.noon).max(axis=0) + 1e-12)
    assert error.max() < 1e-4, list(body.states)[int(error.max(axis=0).argmax())]


def test_parameters_carry_meaning_source_and_status(model: Path) -> None:
    listed = {p.get("id"): p for p in parse(model).iter(f"{{{SBML}}}parameter")}
    one = listed["granulopoiesis_maturing_time"]
    assert one.get("name") == "transit through the maturing stages"
    assert one.get("units") == "day"
    assert "measured: Craig 2016" in "".join(one.itertext())
    assert {"granulopoiesis_neutrophils_host", "granulopoiesis_neutrophils_donor", "neutrophils"} <= listed.keys()


def test_the_model_says_that_it_is_open_loop(model: Path) -> None:
    text = "".join(next(parse(model).iter(f"{{{SBML}}}notes")).itertext())
    assert "Open loop" in text and "not a medical device" in text


def test_a_death_ends_the_schedule() -> None:
    plan = Plan.load(PLANS[0])
    deadly = {"infection.bacteremia_rate": 5.0, "infection.bacteremia_fatality": 0.95}
    with pytest.warns(DomainWarning, match="plausible"):
        held = held_fast(plan, patient=0, days=DAYS, parameters=deadly)
    assert held.died == "bacteremia"
    assert held.days[-1] == held.course.deaths()[0][0] < DAYS


@pytest.mark.parametrize(("unit", "name"), [("1e9/L", "e9_per_L"), ("1/day", "per_day"), ("%", "percent"),
                                             ("1 per mg h/L", None)])  # fmt: skip
def test_units_are_named_where_sbml_has_words_for_them(unit: str, name: str | None) -> None:
    assert unit_id(unit) == name


def test_a_table_holds_the_value_of_each_run_of_days() -> None:
    text = [part.text.strip() for part in table([0.0, 0.0, 0.5, 0.5, 0.0], -2, "day").iter() if part.text]
    assert text == ["0", "day", "0", "0.5", "day", "2", "0"]
    assert len([*table([float(i) for i in range(64)], 0, "day").iter(f"{{{MATHML}}}piece")]) == 63


def test_numbers_keep_every_digit() -> None:
    text = lambda x: [(p.get("type"), p.text, [s.tail for s in p]) for p in math(x).iter(f"{{{MATHML}}}cn")]  # noqa: E731
    assert text(1.25e-30) == [("e-notation", " 1.25 ", [" -30 "])]
    assert text(Part("add", (0.1, 3.0))) == [(None, " 0.1 ", []), (None, " 3 ", [])]


def test_the_event_table_holds_every_report_and_every_order(course: Course, tmp_path: Path) -> None:
    plan, chart = Plan.load(PLANS[0]), observe(course)
    rows = export_events.event_table(course, plan)
    reports = sum(len(column.day) for column in chart.measurements.values())
    orders = sum(len(chart.events[kind].day) for kind in GIVEN if kind in chart.events)
    assert sum(not row.given for row in rows) == reports
    assert sum(row.given and row.name in GIVEN for row in rows) == orders
    files = tmp_path / "t.csv", tmp_path / "t.json"
    export_events.write_events(rows, course, plan, *files)
    written, told = list(csv.DictReader(files[0].read_text().splitlines())), json.loads(files[1].read_text())
    assert len(written) == len(rows) and list(written[0]) == list(told["columns"])
    counts = [row for row in written if told["compartments"][row["CMT"]]["name"] == "neutrophils"]
    column = chart.column("neutrophils")
    assert [float(row["DV"]) for row in counts] == pytest.approx(list(column.value), rel=1e-8)
    assert [int(row["CENS"]) for row in counts] == [int(limit < 0) for limit in column.limit]


def test_doses_are_those_of_the_plan_for_each_size(course: Course) -> None:
    plan = Plan.load(PLANS[0])
    rows = [r for r in export_events.event_table(course, plan) if r.name == "methotrexate" and r.patient == 0]
    wanted = plan.prophylaxis.methotrexate
    assert wanted is not None
    days = [day for day in wanted.days if day <= course.deaths()[0][0]]
    assert [r.day for r in rows] == days
    ratios = [r.amount / rows[0].amount for r in rows]
    doses = [dose / wanted.doses_mg_per_m2[0] for dose in wanted.doses_mg_per_m2]
    assert ratios == pytest.approx(doses[: len(days)])


def test_time_never_runs_back_for_a_patient(course: Course) -> None:
    rows = export_events.event_table(course, Plan.load(PLANS[0]))
    assert all(a.patient < b.patient or a.day <= b.day for a, b in pairwise(rows))
    died = course.deaths()[0]
    assert all(row.day <= died[row.patient] for row in rows)


def test_an_export_that_fails_leaves_no_file(tmp_path: Path) -> None:
    files = {"--sbml": tmp_path / "new" / "model.xml", "--events": tmp_path / "new" / "table.csv"}
    with pytest.raises(SpecError, match="patients are numbered from 0"):
        export(Plan.load(PLANS[0]), files, patient=-1)
    assert list(tmp_path.iterdir()) == []


def test_an_export_without_a_file_is_refused() -> None:
    with pytest.raises(SpecError, match="--sbml or --events"):
        export(Plan.load(PLANS[0]), {})


def test_both_files_are_written_together(tmp_path: Path) -> None:
    files = {"--sbml": tmp_path / "model.xml", "--events": tmp_path / "table.csv"}
    written = export(Plan.load(PLANS[1]), files, patient=3, patients=2, days=20)
    assert sorted(path.name for path in written) == ["model.xml", "table.csv", "table.json"]
    assert all(path.stat().st_size > 1000 for path in written)


@pytest.mark.parametrize("arguments", [(), ("--sbml", "model.txt"), ("--sbml", "m.xml", "--events", "m.xml"),
                                       ("--events", "table.csv", "--precision", "float16"),
                                       ("--sbml", "m.xml", "--patient", "-1")], ids=str)  # fmt: skip
def test_the_command_refuses_what_it_cannot_use_in_one_sentence(arguments, monkeypatch, capsys, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["dayzero", "export", PLANS[0], *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    told = capsys.readouterr().err.strip()
    assert end.value.code == 2
    assert told.startswith("dayzero: ") and "expected" in told and "\n" not in told
    assert list(tmp_path.iterdir()) == []
