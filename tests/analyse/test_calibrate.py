"""The fit: solver and emulator against problems with known answers; which rows may enter; what is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dayzero.analyse.calibrate import emulate as emulation
from dayzero.analyse.calibrate import fit as fitting
from dayzero.analyse.calibrate.effects import averaged, cleared, corrected
from dayzero.analyse.calibrate.emulate import EFFECTS, FIGURES, Design, Moved, Told, effects_at, figures_at
from dayzero.analyse.calibrate.ensemble import MEMBERS, members, widths
from dayzero.analyse.calibrate.fit import Fitted, Plan, fit, most_followed, run_round, without
from dayzero.analyse.calibrate.folds import fold_of
from dayzero.analyse.calibrate.free import Free, Stage, chosen_stages, free_parameters, stages, values_at
from dayzero.analyse.calibrate.record import Asked, planned
from dayzero.analyse.calibrate.ruler import FAR, ruler
from dayzero.analyse.calibrate.solve import Linear, covariance, misfit, step
from dayzero.analyse.calibrate.targets import Target, fitted_part, targets_of
from dayzero.analyse.calibrate.walk import Place, walk
from dayzero.analyse.evidence import finished
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
    return replace(Design(FREE, {"myeloid": STAGE.families}, (0.0, 0.0, 0.0), 256, 1, 1.0), **changes)


def linear(x: Any, z: Any, slopes: Any, weights: Any = None, chance: float = 0.0) -> Linear:
    slopes = np.array(slopes, float)
    even = np.ones(len(slopes)) if weights is None else np.array(weights, float)
    return Linear(np.array(x, float), np.array(z, float), slopes, np.full(slopes.shape, chance), even)


def solved(z: Any, slopes: Any, weights: Sequence[float] | None = None, **how: Any) -> np.ndarray:
    return step(linear(np.zeros(3), z, slopes, weights), *WIDE, **how)


def test_the_step_is_the_posterior_mean_of_a_linear_problem() -> None:
    slopes = np.array([[1.0, 0.5, 0], [0.2, 1.0, 0], [0.3, -0.4, 0]])
    z = np.array([-1.0, 0.5, 0.2])
    exact = np.linalg.solve(np.eye(3) + slopes.T @ slopes, -slopes.T @ z)
    assert np.allclose(solved(z, slopes), exact, atol=1e-6)


def test_the_prior_stays_where_rows_say_nothing() -> None:
    rows = linear(np.zeros(3), [3.0, -2.0], [[2.0, 0, 0], [1.0, 0, 0]])
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
    rows = linear([0.0], [50.0], [[-9.0]], [100.0])
    assert step(rows, np.array([-3.0]), np.array([0.25]))[0] == pytest.approx(0.25, abs=1e-3)


def test_a_step_goes_less_far_where_slopes_are_chance_and_gets_there_all_the_same() -> None:
    sure, unsure = (linear([0.0], [1.5] * 6, [[-1.0]] * 6, chance=chance) for chance in (0.0, 1.0))
    ends = np.array([-3.0]), np.array([3.0])
    best, first = step(sure, *ends), step(unsure, *ends)
    assert 0 < first[0] < 0.7 * best[0]
    there = replace(unsure, x=best, z=unsure.at(best))
    assert step(there, *ends)[0] == pytest.approx(best[0], abs=1e-3)


def test_main_effects_of_a_known_model_are_found_for_means_and_medians(toy, couban) -> None:
    told = {row.id: row for row in effects_at(couban, design(patients=1024))}
    figures = {row.id: row for row in figures_at(couban, design(patients=1024, step=0.0))}
    for name, fact in (("couban02_pb_anc", "anc500"), ("couban02_pb_plt", "plt20")):
        found = [told[name].effects[one.name] for one in FREE]
        assert np.allclose(found, DAYS_PER_SD[fact], atol=0.6), name
        assert figures[name].value == pytest.approx(20, abs=0.5) and 0 < figures[name].error < 0.5
        assert max(told[name].noise.values()) < 0.4


def test_effects_keep_their_sign_near_the_end_of_a_range(toy, couban) -> None:
    narrow = (replace(FREE[0], high=0.1), *FREE[1:])
    told = effects_at(couban, design(free=narrow, patients=1024))[0]
    assert told.effects["graft.one"] == pytest.approx(-2.0, abs=0.5)


def test_chance_in_an_effect_is_larger_where_a_parameter_can_move_less(toy, couban) -> None:
    narrow = (replace(FREE[0], low=-0.25, high=0.25), *FREE[1:])
    noise = effects_at(couban, design(free=narrow, patients=256))[0].noise
    assert noise["graft.one"] == pytest.approx(4 * noise["graft.two"])


def test_rows_of_other_families_do_not_inform_a_stage(toy, couban) -> None:
    told = effects_at(couban, design(families={"myeloid": ("platelets",)}, patients=64))
    by_id = {row.id: row.effects for row in told}
    assert not by_id["couban02_pb_anc"] and by_id["couban02_pb_plt"]


def _aims(couban: Study, x: Sequence[float]) -> list[Target]:
    """Targets of a study moved to what the toy says at a place."""
    fact = {"anc": "anc500", "plt": "plt20"}
    places = {t.id: 20 + float(np.dot(DAYS_PER_SD[fact[t.id[-3:]]], x)) for t in targets_of([couban])}
    return [replace(t, value=places[t.id], tolerance=0.1) for t in targets_of([couban])]


def _fit(couban: Study, x: Sequence[float], **how: Any) -> Fitted:
    plan = Plan(FREE, (STAGE,), 3, 256, 1)
    return fit([couban], _aims(couban, x), plan, jobs=1, **{"resume": False, **how})


def test_a_fit_finds_the_parameters_that_made_the_figures(toy, couban) -> None:
    fitted = _fit(couban, (1.0, -0.8, 0.0))
    assert np.allclose(fitted.x[:2], (1.0, -0.8), atol=0.25)
    assert abs(fitted.x[2]) < 0.25
    assert fitted.rounds[-1].misfit < 0.2 * fitted.start
    assert fitted.followed == 1 + sum(2 + len(one.tried) for one in fitted.rounds)
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

    def again(design: Design, resume: bool = True) -> Mapping[str, Moved]:
        return run_round([couban], lambda *_, **__: pytest.fail("run again"), EFFECTS, design, "", 1, resume)

    first = run_round([couban], effects_at, EFFECTS, design(), "", 1)
    assert again(design()) == first
    for other, resume in ((design(), False), (design(centre=(0.1, 0.0, 0.0)), True), (design(number=1), True)):
        with pytest.raises(pytest.fail.Exception):
            again(other, resume)


def test_an_interrupted_fit_goes_on_to_the_same_end(toy, couban, tmp_path, monkeypatch) -> None:
    whole = _fit(couban, (1.0, -0.8, 0.0))
    monkeypatch.setenv("DAYZERO_CACHE", str(tmp_path / "kept"))
    done: list[str] = []

    def breaks(done_: int, total: int, what: str) -> None:
        done.append(what)
        if what.startswith("round 2") and done_ == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _fit(couban, (1.0, -0.8, 0.0), resume=True, progress=breaks)
    assert "round 1, 1 of the step" in done
    resumed = _fit(couban, (1.0, -0.8, 0.0), resume=True)
    assert np.array_equal(resumed.x, whole.x) and resumed.rounds == whole.rounds


def test_a_damaged_round_is_made_again(toy, couban, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("DAYZERO_CACHE", str(tmp_path / "kept"))
    place = design(step=0.0)
    made = figures_at(couban, place)
    assert FIGURES.recall(couban, place) == made
    (kept,) = (tmp_path / "kept" / "calibrate" / "figures").glob("*.json")
    kept.write_text("[{")
    assert FIGURES.recall(couban, place) is None
    assert list(run_round([couban], figures_at, FIGURES, place, "", 1).values()) == made


def test_what_is_chance_in_effects_is_cleared_and_what_is_not_stays() -> None:
    rng = np.random.default_rng(3)
    truth = np.where(np.arange(400) < 200, 0.0, 4.0)
    chance = np.ones(400)
    own = truth + rng.normal(size=400)
    found = cleared(own, chance)
    assert (np.abs(found) <= np.abs(own)).all() and (found[np.abs(own) < 1] == 0).all()
    assert (found[:200] ** 2).mean() < 0.6 * (own[:200] ** 2).mean()
    assert np.abs(found[200:] - 4).mean() < 1.2 and np.array_equal(cleared(truth, 0 * chance), truth)


def test_a_row_that_did_not_go_where_it_was_foretold_is_foretold_right_the_next_time() -> None:
    rng = np.random.default_rng(5)
    truth, chance = rng.normal(size=(40, 12)), np.full((40, 12), 0.5)
    chance[:, :4] = 0.0
    found = truth + chance * rng.normal(size=truth.shape)
    way, other = rng.normal(size=(2, 12))
    ways = np.stack([way, way / 2, np.zeros(12)])
    better = corrected(found, chance, ways, truth @ ways.T)

    def off(slopes: np.ndarray, along: np.ndarray) -> float:
        return float(np.abs((slopes - truth) @ along).mean())

    assert off(better, way) < 0.1 < 0.5 < off(found, way)
    assert off(better, other) < 1.1 * off(found, other)
    assert ((better - truth) ** 2).sum() < ((found - truth) ** 2).sum()
    assert np.array_equal(better[:, :4], found[:, :4])
    unknown = np.full((40, 3), np.nan)
    assert np.array_equal(corrected(found, chance, ways, unknown), found)
    half_known = np.where(np.arange(3) == 1, np.nan, truth @ ways.T)
    assert np.allclose(
        corrected(found, chance, ways, half_known), corrected(found, chance, ways[:1], truth @ ways[:1].T)
    )


def test_rounds_are_averaged_later_ones_counting_more_and_rounds_without_effects_not_at_all() -> None:
    first, second, none = ({"a": Moved("a", e, dict.fromkeys(e, 1.0))} for e in ({"p": 1.0}, {"p": 2.0}, {}))
    effect, chance = averaged([first, second, none, {}], ["p", "q"], "a")
    assert 1.5 < effect[0] < 2 and 0.7 < chance[0] < 1
    assert effect[1] == chance[1] == 0


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
    row = Target("a", "one", "t", "f", 1.0, 1.0, 1.0, "pct", "")
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
    """Two fits whose platelets were published days apart agree once the platelets are left out."""

    def told(days: float) -> tuple[Fitted, Fitted]:
        aims = [replace(t, study="other") if t.id.endswith("plt") else t for t in _aims(couban, (1.0, -0.8, 0.0))]
        aims = [replace(t, value=t.value + days * (t.study == "other")) for t in aims]
        fitted = fit([couban], aims, Plan(FREE, (STAGE,), 3, 256, 1), jobs=1, resume=False)
        return fitted, without(fitted, {"other"})

    (near, near_fold), (far, far_fold) = told(0.0), told(3.0)
    assert np.abs(far.x - near.x).max() > 0.5
    assert np.abs(far_fold.x - near_fold.x).max() < 0.1
    assert {row.study for row in near_fold.rows} == {couban.name}


def test_a_fit_that_stayed_stays_in_every_fold(toy, couban) -> None:
    fitted = _fit(couban, (1.0, -0.8, 0.0))
    stayed = tuple(leg._replace(studies=tuple(row.id for row in fitted.rows), part=0.0) for leg in fitted.legs)
    rows = tuple(replace(row, study=row.id) for row in fitted.rows)
    assert np.array_equal(without(replace(fitted, legs=stayed, rows=rows), {rows[0].id}).x, np.zeros(3))


@pytest.mark.parametrize("rounds", [1, 2])
@pytest.mark.parametrize("wanted", [(1.0, 2.0, 2.0, 2.0), (3.0, 1.0, 1.0, 1.0), (-3.0, 0.4, -1.5, 0.0)])
def test_a_parameter_that_only_the_study_left_out_moves_stays_where_it_was(wanted, rounds, monkeypatch) -> None:
    """Four parameters with a row each, the first of its own study; figures bend, so that steps end off their goal."""
    free = tuple(Free(f"graft.p{at}", "myeloid", 2.0, 0.3, -3, 3) for at in range(4))
    row = Target("r0", "apart", "t", "neutrophils", 0.0, 0.2, 1.0, "days", "")
    rows = [replace(row, id=f"r{at}", study="apart" if at == 0 else "kept", value=v) for at, v in enumerate(wanted)]

    def run(_studies: Any, _work: Any, _shelf: Any, design: Design, **_: Any) -> dict[str, Any]:
        if design.step:
            return {t.id: Moved(t.id, {p.name: 1.0}, {p.name: 0.1}) for t, p in zip(rows, free, strict=True)}
        return {t.id: Told(t.id, x + 0.2 * x * x, 0.0) for t, x in zip(rows, design.centre, strict=True)}

    monkeypatch.setattr(fitting, "run_round", run)
    fitted = fit([], rows, Plan(free, (STAGE,), rounds, 256, 1))
    fold = without(fitted, {"apart"})
    assert abs(fitted.x[0]) > 0.5 and fold.x[0] == 0
    assert np.allclose(fold.x[1:], fitted.x[1:], atol=1e-6)
    assert np.array_equal(without(fitted, set()).x, fitted.x)
    assert np.allclose(without(fitted, {"kept"}).x, [fitted.x[0], 0, 0, 0], atol=1e-6)


def test_kept_work_is_not_taken_once_the_source_of_the_fit_or_of_the_scoreboard_has_changed(
    monkeypatch, tmp_path
) -> None:
    package = tmp_path / "dayzero"
    for name in ("analyse/calibrate/emulate.py", "analyse/evidence/scoring.py"):
        (package / name).parent.mkdir(parents=True)
        (package / name).write_text("STEPS = 1")
    monkeypatch.setattr(finished, "PACKAGE", package)
    monkeypatch.setattr(finished, "MODEL", ())
    monkeypatch.setattr(finished, "READERS", ("analyse/evidence",))

    def digests(source: tuple[str, ...]) -> tuple[str, str]:
        finished.model_digest.cache_clear()
        return finished.model_digest(), finished.model_digest(*source)

    assert EFFECTS.source == FIGURES.source
    try:
        board, fits = digests(EFFECTS.source)
        (package / "analyse/calibrate/emulate.py").write_text("STEPS = 2")
        assert digests(EFFECTS.source)[0] == board and digests(EFFECTS.source)[1] != fits
        (package / "analyse/evidence/scoring.py").write_text("STEPS = 2")
        assert digests(EFFECTS.source)[0] != board
    finally:
        finished.model_digest.cache_clear()


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
    most = cost.of(most_followed(Plan((), (), Asked().rounds, Asked().patients, 1)))
    assert 0.5 < cost.of(1) < most < 10
    with pytest.raises(SpecError, match="--budget"):
        planned(package, Asked(budget=most / 2))
    assert planned(package, Asked(stages=("lymphoid",)))[3].of(1) < cost.of(1) / 3


def test_an_unknown_stage_is_one_sentence() -> None:
    with pytest.raises(InputError, match="did you mean disease"):
        chosen_stages(["diseas"])


def test_a_row_without_a_figure_counts_as_far_off_and_none_as_farther_that_did_not_begin_so(couban) -> None:
    targets = targets_of([couban])
    first = {t.id: Told(t.id, t.value, 0.0) for t in targets}
    begun = {**first, targets[1].id: Told(targets[1].id, targets[1].value + 20 * targets[1].tolerance, 0.0)}

    def counted(start: Mapping[str, Told], row: int, tolerances: float) -> float:
        z = np.where(np.arange(len(targets)) == row, tolerances, 0.0)
        return ruler(targets, start).misfit(np.zeros(3), z)

    assert counted(first, 1, np.nan) == counted(first, 1, 99) == counted(first, 1, -FAR) > counted(first, 1, FAR - 1)
    assert counted(begun, 1, np.nan) == counted(begun, 1, 99) == counted(begun, 1, 20) > counted(begun, 1, FAR)


def test_a_monte_carlo_error_that_vanishes_on_the_way_moves_no_row(couban) -> None:
    targets = targets_of([couban])
    by = ruler(targets, {t.id: Told(t.id, t.value + 100, 90.0) for t in targets})
    start, later = (by.off({t.id: Told(t.id, t.value + v, e) for t in targets}) for v, e in ((100, 90.0), (99, 0.0)))
    assert (later < start).all() and (start < 2).all()


def _bent(x: np.ndarray) -> float:
    return 0.3 - np.tanh(6 * float(x[0]))


def test_a_walk_comes_to_a_better_place_where_the_whole_step_overshoots() -> None:
    def look(x: np.ndarray, _fraction: float) -> Place:
        return Place(x, np.array([_bent(x)]), misfit(x, np.array([_bent(x)]), np.ones(1)))

    start, goal = look(np.zeros(1), 0.0), np.array([0.3])
    assert look(goal, 1.0).misfit > start.misfit
    best, tried = walk(start, goal, look, lambda _: 0.0)
    assert best.misfit < 0.3 * start.misfit
    assert [one.fraction for one in tried] == [1, 0.5, 0.25, 0.125]
    assert best.misfit == min(one.misfit for one in tried)


def test_a_walk_stays_where_no_place_is_better_and_stops_once_a_shorter_way_is_no_better() -> None:
    def valley(bottom: float) -> Any:
        return lambda x, _=0.0: Place(x, np.zeros(1), (float(x[0]) - bottom) ** 2)

    start, goal = np.zeros(1), np.ones(1)
    stayed, tried = walk(valley(-1)(start), goal, valley(-1), lambda _: 0.0)
    assert np.array_equal(stayed.x, start) and len(tried) == 4
    moved, tried = walk(valley(0.9)(start), goal, valley(0.9), lambda _: 0.0)
    assert np.array_equal(moved.x, goal) and [one.fraction for one in tried] == [1, 0.5]


def test_a_fit_whose_steps_overshoot_lowers_the_misfit_all_the_same(couban, monkeypatch) -> None:
    def simulated(_arm: Any, needs: set[str], _last: int, ids: Sequence[int], seed: int,
                  parameters: Mapping[str, Any], _steps: str) -> dict[str, np.ndarray]:  # fmt: skip
        own = np.random.default_rng(seed).normal(0, 1, 100_000)[np.asarray(ids)]
        x = np.log(np.asarray(parameters["graft.one"]) / FREE[0].typical) / FREE[0].sd
        return {name: 40.0 + own - 10 * np.tanh(12 * x) for name in needs}

    monkeypatch.setattr(emulation, "simulated", simulated)
    aims = [replace(t, value=37.0, tolerance=0.5) for t in targets_of([couban])]
    fitted = fit([couban], aims, Plan(FREE, (STAGE,), 2, 256, 1), jobs=1, resume=False)
    assert fitted.rounds[0].tried[0].misfit > fitted.start
    assert fitted.rounds[-1].misfit < 0.3 * fitted.start
