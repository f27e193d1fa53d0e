"""The fit: solver and emulator against problems with known answers; which rows may enter; what is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dayzero.analyse.calibrate import emulate as emulation
from dayzero.analyse.calibrate import fit as fitting
from dayzero.analyse.calibrate.emulate import Design, Told, emulate, emulate_and_keep
from dayzero.analyse.calibrate.ensemble import MEMBERS, members, widths
from dayzero.analyse.calibrate.fit import Fitted, Plan, fit, run_round, without
from dayzero.analyse.calibrate.folds import fold_of
from dayzero.analyse.calibrate.free import Free, Stage, chosen_stages, free_parameters, stages, values_at
from dayzero.analyse.calibrate.record import Asked, planned
from dayzero.analyse.calibrate.sharing import shared
from dayzero.analyse.calibrate.solve import Linear, covariance, step
from dayzero.analyse.calibrate.targets import Target, fitted_part, targets_of
from dayzero.analyse.evidence.studies import FOLDER, Study, read_study, study_names
from dayzero.errors import InputError, SpecError
from dayzero.module import Parameter
from dayzero.simulation.assemble import standard_body

WIDE = np.full(3, -3.0), np.full(3, 3.0)
FREE = tuple(Free(name, "myeloid", 2.0, 0.3, -3, 3) for name in ("graft.one", "graft.two", "graft.idle"))
STAGE = Stage("myeloid", ("neutrophils", "platelets"), ("graft.*",))
DAYS_PER_SD = {"anc500": (-2.0, 1.0, 0.0), "plt20": (0.0, 4.0, 0.0)}


@pytest.fixture(scope="module")
def couban() -> Study:
    return read_study(FOLDER / "couban-2002.yaml")


@pytest.fixture(scope="module")
def package() -> list[Study]:
    return [read_study(FOLDER / f"{name}.yaml") for name in study_names()]


@pytest.fixture
def toy(monkeypatch) -> None:
    """A model in which days of recovery are linear in the parameters, for each patient about a day of their own."""

    def simulated(_arm: Any, needs: set[str], _last: int, ids: Sequence[int], seed: int,
                  parameters: Mapping[str, Any], _steps: str) -> dict[str, np.ndarray]:  # fmt: skip
        own = np.random.default_rng(seed).normal(0, 3, 100_000)[np.asarray(ids)]
        x = [np.log(np.asarray(parameters[one.name]) / one.typical) / one.sd for one in FREE]
        return {name: 20.0 + own + sum(a * v for a, v in zip(DAYS_PER_SD[name], x, strict=True)) for name in needs}

    monkeypatch.setattr(emulation, "simulated", simulated)


def design(**changes: Any) -> Design:
    return replace(Design(FREE, {"myeloid": STAGE.families}, (0.0, 0.0, 0.0), 1.0, 0, 256, 1), **changes)


def solved(z: Sequence[float], slopes: Any, weights: Sequence[float] | None = None, **how: Any) -> np.ndarray:
    slopes = np.array(slopes, float)
    rows = Linear(np.zeros(3), np.array(z, float), slopes, np.ones(len(z)) if weights is None else np.array(weights))
    return step(rows, *WIDE, **how)


def test_the_step_is_the_posterior_mean_of_a_linear_problem() -> None:
    slopes = np.array([[1.0, 0.5, 0], [0.2, 1.0, 0], [0.3, -0.4, 0]])
    z = np.array([-1.0, 0.5, 0.2])
    exact = np.linalg.solve(np.eye(3) + slopes.T @ slopes, -slopes.T @ z)
    assert np.allclose(solved(z, slopes), exact, atol=1e-6)


def test_the_prior_stays_where_rows_say_nothing() -> None:
    rows = Linear(np.zeros(3), np.array([3.0, -2.0]), np.array([[2.0, 0, 0], [1.0, 0, 0]]), np.ones(2))
    x = step(rows, *WIDE)
    assert abs(x[0]) > 0.5 and np.allclose(x[1:], 0)
    wide = np.sqrt(np.diag(covariance(rows)))
    assert wide[0] < 0.6 and np.allclose(wide[1:], 1)


def test_one_wild_row_does_not_drive_the_fit() -> None:
    slopes = [[1.0, 0, 0]] * 9
    calm, wild = solved([0.5] * 9, slopes), solved([0.5] * 8 + [-40.0], slopes)
    squares = 8 * 0.5 - 40.0
    assert abs(wild[0] - calm[0]) < 0.5 < abs(squares / 10)


def test_a_step_stays_within_the_trusted_distance_and_the_plausible_range() -> None:
    far = solved([50.0], [[-1.0, 0, 0]], weights=[100.0], radius=0.4)
    assert far[0] == pytest.approx(0.4, abs=1e-3)
    rows = Linear(np.zeros(1), np.array([50.0]), np.array([[-9.0]]), np.array([100.0]))
    assert step(rows, np.array([-3.0]), np.array([0.25]))[0] == pytest.approx(0.25, abs=1e-3)


def test_main_effects_of_a_known_model_are_found_for_means_and_medians(toy, couban) -> None:
    told = {row.id: row for row in emulate(couban, design(patients=1024))}
    for name, fact in (("couban02_pb_anc", "anc500"), ("couban02_pb_plt", "plt20")):
        found = [told[name].effects[one.name] for one in FREE]
        assert np.allclose(found, DAYS_PER_SD[fact], atol=0.6), name
        assert told[name].value == pytest.approx(20, abs=0.5)
        assert told[name].noise < 0.4


def test_effects_keep_their_sign_near_the_end_of_a_range(toy, couban) -> None:
    narrow = (replace(FREE[0], high=0.1), *FREE[1:])
    told = emulate(couban, design(free=narrow, patients=1024))[0]
    assert told.effects["graft.one"] == pytest.approx(-2.0, abs=0.5)


def test_rows_of_other_families_do_not_inform_a_stage(toy, couban) -> None:
    told = emulate(couban, design(families={"myeloid": ("platelets",)}, patients=64))
    by_id = {row.id: row.effects for row in told}
    assert not by_id["couban02_pb_anc"] and by_id["couban02_pb_plt"]


def _aims(couban: Study, x: Sequence[float]) -> list[Target]:
    """Targets of a study moved to what the toy says at a place."""
    fact = {"anc": "anc500", "plt": "plt20"}
    places = {t.id: 20 + float(np.dot(DAYS_PER_SD[fact[t.id[-3:]]], x)) for t in targets_of([couban])}
    return [replace(t, value=places[t.id], tolerance=0.1) for t in targets_of([couban])]


def _fit(couban: Study, x: Sequence[float], **how: Any) -> Fitted:
    plan = Plan(FREE, (STAGE,), 3, 256, 1)
    return fit([couban], _aims(couban, x), plan, jobs=1, resume=False, **how)


def test_a_fit_finds_the_parameters_that_made_the_figures(toy, couban) -> None:
    fitted = _fit(couban, (1.0, -0.8, 0.0))
    assert np.allclose(fitted.x[:2], (1.0, -0.8), atol=0.25)
    assert abs(fitted.x[2]) < 0.25
    assert fitted.rounds[-1].misfit < 0.2 * fitted.rounds[0].misfit
    assert values_at(FREE, fitted.x)["graft.one"] == pytest.approx(2 * np.exp(0.3 * fitted.x[0]))


def test_the_same_seed_gives_the_same_fit(toy, couban) -> None:
    first, second = _fit(couban, (0.5, 0.5, 0.0)), _fit(couban, (0.5, 0.5, 0.0))
    assert np.array_equal(first.x, second.x)


def test_members_spread_as_far_as_is_not_known_and_within_the_range(toy, couban) -> None:
    fitted = _fit(couban, (1.0, -0.8, 0.0))
    places = members(fitted, 2000)
    assert len(members(fitted)) == MEMBERS >= 50
    assert np.allclose(places.mean(axis=0), fitted.x, atol=0.05)
    assert np.allclose(places.std(axis=0), widths(fitted), rtol=0.15)
    assert places.min() >= -3 and places.max() <= 3


def test_a_round_that_is_kept_is_not_run_again(toy, couban, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("DAYZERO_CACHE", str(tmp_path / "kept"))
    first = run_round([couban], design(), 1, True, None)
    monkeypatch.setattr(fitting, "emulate_and_keep", lambda *_args, **_more: pytest.fail("run again"))
    assert run_round([couban], design(), 1, True, None) == first
    with pytest.raises(pytest.fail.Exception):
        run_round([couban], design(), 1, False, None)
    with pytest.raises(pytest.fail.Exception):
        run_round([couban], design(centre=(0.1, 0.0, 0.0)), 1, True, None)


def test_a_damaged_round_is_made_again(toy, couban, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("DAYZERO_CACHE", str(tmp_path / "kept"))
    made = emulate_and_keep(couban, design())
    (kept,) = (tmp_path / "kept" / "calibrate").glob("*.json")
    kept.write_text("[{")
    assert emulation.recalled(couban, design()) is None
    assert list(run_round([couban], design(), 1, True, None).values()) == made


def test_effects_on_fellows_are_shared_as_far_as_they_agree() -> None:
    rng = np.random.default_rng(3)
    truth = np.stack([np.full(30, 2.0), np.zeros(30), np.where(np.arange(30) % 2, 8.0, -8.0)], axis=1)
    chance = np.ones_like(truth)
    found = shared(truth + rng.normal(size=truth.shape), chance)
    error = np.sqrt(((found - truth) ** 2).mean(axis=0))
    assert (error[:2] < 0.7).all()
    assert error[2] < 1.1


def test_rounds_without_effects_say_nothing() -> None:
    assert np.array_equal(shared(np.zeros((1, 2)), np.full((1, 2), np.inf)), np.zeros((1, 2)))


def test_no_row_of_patients_at_hand_and_no_input_is_aimed_at(package) -> None:
    parts = [part for study in package if (part := fitted_part(study, stages())) is not None]
    aimed = [entry for part in parts for entry in part.entries]
    assert len(aimed) > 200
    assert not any(entry.finding.individual_data or entry.role == "input" for entry in aimed)
    at_hand = {study.name for study in package if any(e.finding.individual_data for e in study.entries)}
    assert at_hand and not at_hand & {part.name for part in parts}
    assert {target.id for target in targets_of(parts)} == {entry.finding.id for entry in aimed}


def test_a_study_with_one_row_of_patients_at_hand_leaves_the_fit_whole(couban) -> None:
    first, *others = couban.entries
    marked = replace(first, finding=replace(first.finding, individual_data="released charts"))
    assert planned([couban], Asked())[0]
    with pytest.raises(InputError, match="no row"):
        planned([replace(couban, entries=(marked, *others))], Asked())


def test_an_input_is_not_aimed_at(couban) -> None:
    entries = tuple(replace(entry, role="input") for entry in couban.entries)
    assert fitted_part(replace(couban, entries=entries), stages()) is None


def test_a_study_counts_once_in_a_family(couban) -> None:
    weights: dict[str, float] = {}
    for target in targets_of([couban]):
        weights[target.family] = weights.get(target.family, 0.0) + target.weight
    assert weights == {"neutrophils": 1.0, "platelets": 1.0}


def test_every_study_is_left_out_once_with_its_comparison_group() -> None:
    row = Target("a", "one", "t", "f", "f", 1.0, 1.0, 1.0, "pct", "")
    rows = [
        replace(row, id=f"{n}{i}", study=f"s{n}", group="shared" if n in (3, 7) else "")
        for n in range(20)
        for i in (0, 1)
    ]
    folds = fold_of(rows, 5, 1)
    assert set(folds) == {f"s{n}" for n in range(20)} and set(folds.values()) == set(range(5))
    assert folds["s3"] == folds["s7"]
    sizes = [list(folds.values()).count(number) for number in range(5)]
    assert max(sizes) - min(sizes) <= 2


def test_what_was_published_by_a_study_left_out_does_not_move_the_fold(toy, couban) -> None:
    fitted = _fit(couban, (1.0, -0.8, 0.0))
    rows = tuple(replace(row, study="other" if row.id.endswith("plt") else row.study) for row in fitted.rows)
    fold = without(replace(fitted, rows=rows), {"other"})
    told = np.array([row.study == "other" for row in rows])
    changed = replace(fitted.linear, z=np.where(told, fitted.linear.z + 30, fitted.linear.z))
    assert np.array_equal(without(replace(fitted, rows=rows, linear=changed), {"other"}).x, fold.x)
    assert {row.study for row in fold.rows} == {couban.name}
    assert not np.allclose(fold.x, fitted.x, atol=0.02)


def test_only_what_is_fitted_or_assumed_may_move_and_names_may_vanish() -> None:
    about = ("1", "a number", "fitted", "somewhere")
    known = {
        "graft.kept": Parameter(2.0, *about, uncertainty=0.3, low=1.0, high=2.5),
        "graft.measured": Parameter(2.0, "1", "a number", "measured", "here", uncertainty=0.3),
        "graft.certain": Parameter(2.0, *about),
        "other.name": Parameter(2.0, *about, uncertainty=0.3),
    }
    (found,) = free_parameters([Stage("one", ("f",), ("graft.*", "graft.gone"))], known)
    assert found.name == "graft.kept"
    assert found.value(found.low) == pytest.approx(1.0) and found.value(found.high) == pytest.approx(2.5)


def test_stages_name_families_and_parameters_that_there_are(package) -> None:
    parts = [part for study in package if (part := fitted_part(study, stages())) is not None]
    families = {target.family for target in targets_of(parts)}
    free = free_parameters(stages(), standard_body().parameters())
    for stage in stages():
        assert set(stage.families) & families, stage.name
        assert sum(one.stage == stage.name for one in free) >= 5, stage.name


def test_a_cost_beyond_the_budget_is_refused_before_any_work(package) -> None:
    _, _, _, cost = planned(package, Asked())
    assert 0.5 < cost < 10
    with pytest.raises(SpecError, match="--budget"):
        planned(package, Asked(budget=cost / 2))
    assert planned(package, Asked(stages=("lymphoid",)))[3] < cost / 3


def test_an_unknown_stage_is_one_sentence() -> None:
    with pytest.raises(InputError, match="did you mean disease"):
        chosen_stages(["diseas"])


def test_a_row_without_a_figure_counts_as_far_off(toy, couban) -> None:
    targets = targets_of([couban])
    whole = {t.id: Told(t.id, t.value, 0.0, {}, 0.0) for t in targets}
    fewer = {**whole, targets[0].id: Told(targets[0].id, float("nan"), 0.0, {}, 0.0)}
    assert fitting._misfit(np.zeros(3), fewer, targets) > fitting._misfit(np.zeros(3), whole, targets) == 0
