"""The vector engine: operations as NumPy does them, whole courses as JAX does them, what is kept between runs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dayzero.biology import conditioning, graft
from dayzero.errors import EngineWarning, SpecError
from dayzero.simulation import engine_vector, native
from dayzero.simulation.assemble import standard_body
from dayzero.simulation.cohort import RECORDED, TRUE
from dayzero.simulation.engines import engine_for
from dayzero.simulation.layout import Layout
from dayzero.simulation.native import loaded
from dayzero.simulation.prepare import Prepared
from dayzero.simulation.repeat import repeat
from dayzero.simulation.tape import COURSE, DAY, STAGE, Tape, TapeError, integrate
from dayzero.simulation.vector_code import Emitter, Wanted
from dayzero.simulation.vector_program import KINDS, recorded_tape
from dayzero.spec import Plan
from simulation.wards import HEALTHY, NOTHING_GIVEN, differing, prepared, random_plans, run, silent, uneventful

precisions = pytest.mark.parametrize("precision", ["float32", "float64"])
LANES = 8
HARD = (0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 1e-30, 1e30, 87.0, -87.0, 1e-7, 123.456, np.inf, -np.inf, np.nan)


def worked_out(function: Callable[..., Any], precision: str, *arguments: np.ndarray) -> list[np.ndarray]:
    """Results of a function of scalars on arrays, each value through one lane of a compiled program."""
    kind, count = np.dtype(precision), len(arguments[0])
    with jax.enable_x64(precision == "float64"):
        number = jax.ShapeDtypeStruct((), precision)

        def day(*given: Any) -> list[Any]:
            lived = integrate(lambda y: [-1.0 * y[0]], [given[0]], 1)
            return [jnp.asarray(x, precision) for x in (*function(*given), lived[0])]

        tape = Tape()
        carried = [tape.input("carried", i, KINDS[precision], DAY) for i in range(len(arguments))]
        found = tape.take(day, [number] * len(arguments), carried)
        person = [tape.input("person", i, KINDS[precision], COURSE) for i in range(len(arguments))]
    code = Emitter(tape, Wanted(tuple(person), tuple(carried), tuple(found)), KINDS[precision], LANES,
                   len(arguments), 0).code()  # fmt: skip
    compiled = loaded(lambda: (code.source, code.places), None)
    padded = np.stack([np.resize(a, -(-count // LANES) * LANES) for a in arguments]).astype(kind)
    out = np.empty((len(found), padded.shape[1], 1), kind)
    room = engine_vector._aligned((code.places, LANES), kind)
    rows, empty = np.arange(len(found)), np.zeros(LANES, np.uint64)
    for at in range(0, padded.shape[1], LANES):
        room[:] = 0
        person_here = np.ascontiguousarray(padded[:, at : at + LANES])
        sizes = np.array([1, 1, len(found), out.strides[0] // kind.itemsize, 1, 0])
        into = out[:, at:]
        compiled.course(*(a.ctypes.data for a in (room, person_here, np.zeros(LANES, np.uint32), empty, empty, rows,
                                                  into, sizes)))  # fmt: skip
    return [values[:count, 0] for values in out[:-1]]


OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "sum": lambda x, y: x + y,
    "difference": lambda x, y: x - y,
    "product": lambda x, y: x * y,
    "quotient": lambda x, y: x / y,
    "product and sum": lambda x, y: x * y + x,
    "sum and product": lambda x, y: y - x * y,
    "larger": lambda x, y: jnp.maximum(x, y),
    "smaller": lambda x, y: jnp.minimum(x, y),
    "not below one": lambda x, y: jnp.maximum(x, 1.0),
    "not above one": lambda x, y: jnp.minimum(1.0, x),
    "negative": lambda x, y: -x,
    "root": lambda x, y: jnp.sqrt(x),
    "floor": lambda x, y: jnp.floor(x),
    "size": lambda x, y: jnp.abs(x),
    "less": lambda x, y: jnp.where(x < y, 1.0, 0.0),
    "not more": lambda x, y: jnp.where(x <= y, 1.0, 0.0),
    "more": lambda x, y: jnp.where(x > y, x, y),
    "not less": lambda x, y: jnp.where(x >= y, x, 3.0),
    "equal": lambda x, y: jnp.where(x == y, 1.0, 2.0),
    "unequal": lambda x, y: jnp.where(x != y, 1.0, 2.0),
    "both": lambda x, y: jnp.where((x > 0) & (y > 0), 1.0, 0.0),
    "either": lambda x, y: jnp.where((x > 0) | (y > 0), 1.0, 0.0),
    "neither": lambda x, y: jnp.where(~(x > 0), 1.0, 0.0),
    "within": lambda x, y: jnp.clip(x, -1.0, 2.0),
    "cube": lambda x, y: x**3,
    "square": lambda x, y: jnp.square(x),
    "truth as a number": lambda x, y: (x > y).astype(x.dtype),
    "halves": lambda x, y: x / 2.0 + y / 2.0,
}


@precisions
def test_every_operation_does_what_jax_does_also_at_the_edges(precision: str) -> None:
    x, y = (a.ravel().astype(precision) for a in np.meshgrid(HARD, HARD))
    found = worked_out(lambda x, y: [f(x, y) for f in OPERATIONS.values()], precision, x, y)
    with jax.enable_x64(precision == "float64"):
        for (name, operation), values in zip(OPERATIONS.items(), found, strict=True):
            expected = np.asarray(operation(jnp.asarray(x), jnp.asarray(y)))
            near = 4 * np.finfo(precision).eps if "product" in name or name == "halves" else 0
            np.testing.assert_allclose(values, expected, rtol=near, atol=0, err_msg=name)


@precisions
def test_whole_numbers_are_mixed_as_jax_mixes_them(precision: str) -> None:
    def mixed(x: Any, y: Any) -> list[Any]:
        word = jnp.floor(jnp.abs(x)).astype(jnp.int32).astype(jnp.uint32)
        word = (word ^ (word >> np.uint32(3))) * np.uint32(0x7FEB352D) + np.uint32(7)
        return [(word >> np.uint32(9)).astype(jnp.float32).astype(x.dtype), (word & np.uint32(255)).astype(x.dtype),
                (word | np.uint32(4)).astype(jnp.float32).astype(x.dtype)]  # fmt: skip

    x = np.arange(0, 4000, 7).astype(precision)
    found = worked_out(mixed, precision, x, x)
    with jax.enable_x64(precision == "float64"):
        for values, expected in zip(found, mixed(jnp.asarray(x), jnp.asarray(x)), strict=True):
            assert np.array_equal(values, np.asarray(expected))


@precisions
def test_exponential_and_logarithm_are_exact_to_the_last_digit_or_two(precision: str) -> None:
    rng = np.random.default_rng(1)
    small = np.concatenate([rng.uniform(-85, 85, 4000), rng.normal(0, 1e-3, 1000)]).astype(precision)
    positive = np.exp(rng.uniform(-80, 80, 4000))
    near_one = 1 + rng.uniform(-0.4, 0.5, 1000)
    positive = np.concatenate([positive, near_one]).astype(precision)
    exp, log = worked_out(lambda x, y: [jnp.exp(x), jnp.log(y)], precision, small, positive)
    wide = np.longdouble
    for found, true in ((exp, np.exp(small.astype(wide))), (log, np.log(positive.astype(wide)))):
        wrong = np.abs(found.astype(wide) - true) / np.spacing(np.abs(true.astype(precision)))
        assert wrong.max() < 2.5


@precisions
def test_exponential_and_logarithm_of_the_extreme_are_those_of_numpy(precision: str) -> None:
    x = np.array([-1e5, 1e5, np.inf, -np.inf, np.nan, 0.0, -1.0, 1.0], precision)
    exp, log = worked_out(lambda x, y: [jnp.exp(x), jnp.log(x)], precision, x, x)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(exp, np.exp(x), rtol=1e-6)
        np.testing.assert_allclose(log, np.log(x), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("function", [jnp.sin, jnp.tanh, jnp.round, lambda x: jnp.power(x, x),
                                      lambda x: jnp.maximum(x.astype(jnp.int32), 3)],
                         ids=["sin", "tanh", "round", "power", "larger whole number"])  # fmt: skip
def test_an_operation_without_a_rule_is_an_error_when_the_program_is_made(function: Callable[[Any], Any]) -> None:
    with pytest.raises(TapeError, match="no rule"):
        worked_out(lambda x, y: [function(x)], "float32", np.ones(8), np.ones(8))


def test_an_array_in_the_day_program_is_an_error_when_it_is_made() -> None:
    with pytest.raises(TapeError, match="scalars"):
        worked_out(lambda x, y: [(x * jnp.ones(3))[0]], "float32", np.ones(8), np.ones(8))


def test_a_day_integrated_twice_is_an_error_when_the_program_is_made() -> None:
    with pytest.raises(TapeError, match="twice"):
        worked_out(lambda x, y: integrate(lambda z: [-z[0]], [x], 1), "float32", np.ones(8), np.ones(8))


def the_tape(precision: str = "float32") -> tuple[Tape, Wanted]:
    ready = prepared("aml-sibling-pbsc")
    return recorded_tape(standard_body(), Layout.of(standard_body(), ready), precision)


@precisions
def test_a_program_computes_in_its_own_precision_only(precision: str) -> None:
    tape, wanted = the_tape(precision)
    foreign = {"float32": "f8", "float64": None}[precision]
    assert foreign not in {value.kind for value in tape.values}
    assert {tape.values[a].kind for a in (*wanted.carried, *wanted.recorded, *tape.rates)} == {KINDS[precision]}


def test_nothing_is_worked_out_more_often_than_it_must_be() -> None:
    tape, _ = the_tape()
    for value in tape.values:
        if value.args and value.op not in ("live", "lived"):
            assert value.level == max(tape.values[a].level for a in value.args)
    stage = [value for value in tape.values if value.level == STAGE and value.args]
    assert all(tape.values[v.args[1]].level == STAGE for v in stage if v.op == "div")
    assert len({(v.op, v.args, v.kind) for v in stage}) == len(stage)


@pytest.fixture(scope="module", params=["float32", "float64"])
def both(request: pytest.FixtureRequest) -> tuple[Any, Any]:
    """Random plans with one donor in one block, by both engines."""
    plans = [p for p in random_plans(50) if len(p.donors) == 1][:16]
    how = {"days": 120, "precision": request.param, "block": 16}
    return run(plans, engine="vector", **how), run(plans, engine="jax", **how)


def test_both_engines_give_random_plans_the_same_events_and_courses(both: tuple[Any, Any]) -> None:
    """In double precision all of them, to 1e-10; in single precision, where a last bit may move a decision, most."""
    vector, reference = both
    kinds = [name for name in RECORDED if name.startswith("event_")] + ["died_of", "alive", "platelet_units"]
    same = [np.array_equal(vector.values[name][row], reference.values[name][row]) for name in kinds
            for row in range(len(vector))]  # fmt: skip
    if reference.record["precision"] == "float32":
        assert np.mean(same) > 0.98
        return
    assert all(same)
    for name in RECORDED:
        most = np.abs(reference.values[name].astype(float)).max(axis=1, keepdims=True)
        apart = np.abs(vector.values[name].astype(float) - reference.values[name]) / np.maximum(most, 1e-12)
        assert apart.max() < 1e-10, name


def test_both_engines_agree_in_single_precision_where_nothing_is_decided() -> None:
    plan = Plan.load("aml-sibling-pbsc").but(care=NOTHING_GIVEN)
    vector, reference = (uneventful(plan, 16, 90, engine=engine) for engine in ("vector", "jax"))
    for name in TRUE:
        most = np.maximum(np.abs(reference.values[name]).max(axis=1, keepdims=True), 1e-6)
        assert np.max(np.abs(vector.values[name] - reference.values[name]) / most) < 1e-4, name


@precisions
def test_few_patients_and_many_take_programs_of_two_widths_with_the_same_bits(precision: str) -> None:
    narrow, wide = engine_vector.WIDTHS[precision]
    assert [engine_vector.width(n, precision) for n in (1, narrow, narrow + 1, 1000)] == [narrow, narrow, wide, wide]
    many = run("haplo-pbsc-ptcy", wide + 3, 100, precision=precision, block=1024)
    few = run("haplo-pbsc-ptcy", range(2, 2 + narrow), 100, precision=precision)
    assert differing(few, many.only(range(2, 2 + narrow))) == []


def test_a_course_that_is_no_number_is_refused_by_the_vector_engine_too() -> None:
    with pytest.raises(SpecError, match="not finite"):
        run("aml-sibling-pbsc", 3, 40, parameters={"granulopoiesis.monocyte_loss": 1e30}, engine="vector")


def test_a_small_body_of_its_own_is_compiled_and_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAYZERO_CACHE", str(tmp_path))
    body = silent(conditioning, graft)
    ready = prepared("aml-sibling-pbsc", 3, body=body)
    made = engine_vector.program(ready, precision="float32", lanes=8, body=body)
    assert made.run(ready, ["alive"], 20, 8).shape == (1, 3, 20)
    assert not list(tmp_path.iterdir())


def small(ready: Prepared) -> Any:
    return engine_vector._made(standard_body(), Layout.of(standard_body(), ready), "float32", 8)


def test_a_program_is_kept_and_found_again_and_made_anew_when_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAYZERO_CACHE", str(tmp_path))
    ready = prepared("aml-sibling-pbsc", 2)
    first = small(ready).run(ready, ["neutrophils"], 30, 8)
    (kept,) = tmp_path.iterdir()
    assert kept.stat().st_mode & 0o077 == 0
    before = engine_vector.compilations
    assert np.array_equal(small(ready).run(ready, ["neutrophils"], 30, 8), first)
    assert engine_vector.compilations == before
    kept.write_bytes(kept.read_bytes()[:-1] + b"?")
    assert np.array_equal(small(ready).run(ready, ["neutrophils"], 30, 8), first)
    assert engine_vector.compilations == before + 1
    assert len(list(tmp_path.iterdir())) == 1


def test_a_cache_that_cannot_be_written_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setenv("DAYZERO_CACHE", str(tmp_path))
    monkeypatch.setattr(native.tempfile, "mkstemp", full)
    ready = prepared("aml-sibling-pbsc", 2)
    assert small(ready).run(ready, ["alive"], 5, 8).all()


def test_a_changed_source_or_processor_is_another_program(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = native.name_of(precision="float32")
    assert usual == native.name_of(precision="float32")
    assert usual != native.name_of(precision="float64")
    for what, other in (("SOURCES_SHA256", "another"), ("_machine", lambda: "another")):
        with monkeypatch.context() as changed:
            changed.setattr(native, what, other)
            assert native.name_of(precision="float32") != usual


def test_without_llvm_the_other_engine_runs_and_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert engine_for("auto") == engine_for("vector") == "vector"
    monkeypatch.setitem(sys.modules, "llvmlite.binding", None)
    with pytest.warns(EngineWarning, match="JAX engine") as told:
        assert engine_for("auto") == "jax"
    assert len(told) == 1
    assert engine_for("jax") == "jax"


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(SpecError, match="auto, vector or jax"):
        run("aml-sibling-pbsc", 1, 5, engine="gpu")


def test_the_engine_is_in_the_run_record_and_is_taken_again() -> None:
    course = run("auto-mel200-myeloma", 3, 20)
    assert course.record["engine"] == "vector"
    assert differing(course, repeat(course.record)) == []


def test_a_later_run_needs_neither_jax_nor_a_compiler(tmp_path: Path) -> None:
    program = (
        "import sys; from dayzero.present.cli import main; sys.argv[1:] = ['simulate', 'auto-mel200-myeloma', "
        "'--patients', '20', '--days', '30']\n"
        "try: main()\nexcept SystemExit as end: assert not end.code\n"
        "print('loaded:', [m for m in ('jax', 'lifelines', 'pandas', 'numba') if m in sys.modules])"
    )
    here = {**os.environ, "DAYZERO_CACHE": str(tmp_path), "JAX_PLATFORMS": "cpu"}
    first, second = (
        subprocess.run([sys.executable, "-c", program], env=here, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    )
    assert "loaded: ['jax']" in first
    assert "loaded: []" in second
    assert first.split("loaded")[0] == second.split("loaded")[0]


def test_healthy_people_stay_as_they_are_in_the_vector_engine() -> None:
    course = uneventful(Plan.load("auto-mel200-myeloma").but(**HEALTHY), 8, 100, engine="vector", typical=True)
    assert np.abs(course.platelets / course.platelets[:, :1] - 1).max() < 1e-3
