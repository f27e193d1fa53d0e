"""What a hematologist expects of the marrow: it lives on stem cells, and returns alone only where they survive."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dayzero.biology import (
    conditioning,
    erythropoiesis,
    graft,
    granulopoiesis,
    organ_toxicity,
    stem_cells,
    thrombopoiesis,
)
from dayzero.simulation import cohort
from dayzero.spec import Plan, Population
from simulation.wards import CALM, HEALTHY, NO_CELLS, arms, calm, copied, first_day, prepared, run, silent, uneventful

HELD = 0.02
NOBODY = (0.0, 0.0)
BLOOD = (conditioning, graft, organ_toxicity, granulopoiesis, thrombopoiesis, erythropoiesis)


def with_stem_cells_held() -> SimpleNamespace:
    """Stem cells that stay at 2 % of normal for ever."""

    def held(state):
        host, *donors = state.cells
        return state._replace(cells=(host._replace(stem=0 * host.stem + HELD), *donors))

    def still(rates):
        return rates._replace(cells=tuple(c._replace(stem=0 * c.stem) for c in rates.cells))

    return copied(
        stem_cells,
        start=lambda p, origins: held(stem_cells.start(p, origins)),
        rates=lambda y, p, s: still(stem_cells.rates(y, p, s)),
    )


def test_a_graft_without_stem_cells_engrafts_and_then_fails() -> None:
    none = {"graft.stem_blood": 0.0, "graft.short_term_blood": 0.0}
    course = uneventful(calm("aml-sibling-pbsc"), 4, 180, parameters=none, typical=True)
    whole = uneventful(calm("aml-sibling-pbsc"), 4, 180, typical=True)
    assert first_day(course, "neutrophils", 0.5)[0] <= 28
    for lineage in ("neutrophils", "platelets"):
        assert course.at(180, lineage)[0] < 0.2 * course.values[lineage][0, 0]
        assert whole.at(180, lineage)[0] > 0.4 * whole.values[lineage][0, 0]
    assert course.at(180, "clones")[0] == 0


def test_two_percent_of_stem_cells_do_not_keep_counts_up(monkeypatch: pytest.MonkeyPatch) -> None:
    body = silent(*BLOOD, with_stem_cells_held())
    monkeypatch.setattr(cohort, "standard_body", lambda: body)
    counts = ("neutrophils", "platelets")
    course = run(Plan.load("auto-mel200-myeloma").but(**HEALTHY), 1, 1095, typical=True, recording=counts)
    assert course.neutrophils[0, 0] > 2
    assert course.at(1095, "neutrophils")[0] < 0.5
    assert course.at(1095, "platelets")[0] < 20


def test_cyclophosphamide_and_total_body_irradiation_without_cells_bring_no_neutrophils() -> None:
    course = uneventful(calm("all-sibling-pbsc-cytbi").but(**NO_CELLS), 16, 60)
    late = course.days >= 14
    assert np.all(course.neutrophils[:, late] < 0.5)
    assert np.all(course.at(42, "platelets") < 20)


def test_melphalan_without_cells_lets_neutrophils_return_in_four_to_six_weeks() -> None:
    for care in ({}, CALM):
        course = uneventful(Plan.load("auto-mel200-myeloma").but(care=care, **NO_CELLS), 1, 90, typical=True)
        assert 24 <= first_day(course, "neutrophils", 0.5)[0] <= 42
        assert first_day(course, "neutrophils", 0.5)[0] > first_day(
            uneventful(Plan.load("auto-mel200-myeloma").but(care=care), 1, 60, typical=True), "neutrophils", 0.5
        )


def test_old_donors_give_several_fold_fewer_clones() -> None:
    plan = Plan.load("aml-sibling-pbsc")
    clones = arms([plan.but(donor={"age_years": age}) for age in (20, 30, 40, 50, 60, 66)]).at(60, "clones")
    assert np.all(np.diff(clones) <= 0)
    assert clones[1] / clones[4] > 2.5
    assert clones[1] / clones[5] > 4
    assert 5_000 < clones[1] < 100_000


def quiet_marrow(**changed: Any) -> SimpleNamespace:
    """A day on which nothing is given, of a host and one donor."""
    ones = {name: 1.0 for name in stem_cells.NEEDS if name.startswith("surviving_")}
    pairs = {"homing": NOBODY, "infused": NOBODY, "immune_attack": NOBODY}
    chances = {"host_chance": 0.5, "donor_chance": 0.5}
    return SimpleNamespace(**dict.fromkeys(stem_cells.NEEDS, 0.0) | ones | pairs | chances | changed)


def test_clones_never_rise_after_a_kill() -> None:
    p = SimpleNamespace(**prepared(Plan.load("aml-sibling-pbsc").but(population=Population())).numbers["stem_cells"])
    y = stem_cells.start(p, 2)
    engrafted = y.cells[1]._replace(stem=0.1 + 0 * p.weight_kg, clones=30_000.0 + 0 * p.weight_kg)
    y = y._replace(cells=(y.cells[0], engrafted))
    hurt = stem_cells.jump(y, p, quiet_marrow(surviving_stem=0.01))
    few = stem_cells.signals(hurt, p)["clones"]
    assert np.all(few < 1_000)
    regrown = hurt._replace(cells=(hurt.cells[0], hurt.cells[1]._replace(stem=0.5 + 0 * p.weight_kg)))
    assert np.all(stem_cells.signals(stem_cells.jump(regrown, p, quiet_marrow()), p)["clones"] <= few)
    assert np.all(stem_cells.rates(regrown, p, quiet_marrow()).cells[1].clones < 0)


def test_clones_at_rest_are_lost_as_fast_as_stem_cells_that_are_the_last_of_theirs_mature() -> None:
    p = SimpleNamespace(**prepared(Plan.load("aml-sibling-pbsc").but(population=Population())).numbers["stem_cells"])
    y, none = stem_cells.start(p, 2), 0 * p.weight_kg
    few = 0.01 * p.body_stem_cells
    donors = y.cells[0]._replace(clones=few)
    at_rest = y._replace(cells=(stem_cells.Cells(*(none for _ in y.cells[0])), donors), niche=1 + none)
    lost = -stem_cells.rates(at_rest, p, quiet_marrow()).cells[1].clones
    assert lost == pytest.approx(p.stem_division / 2 * few * 0.01, rel=1e-3)


def test_few_stem_cells_come_and_go_by_chance_and_many_do_not() -> None:
    draws = (np.arange(4000) + 0.5) / 4000
    for cells in (0.3, 5.0, 200.0):
        after = stem_cells._by_chance(cells / 1e5 + 0 * draws, 1e5, 0.02, draws) * 1e5
        assert after.mean() == pytest.approx(cells, rel=0.02)
        assert after.var() > 0
    assert np.array_equal(stem_cells._by_chance(0.6 + 0 * draws, 1e5, 0.02, draws), 0.6 + 0 * draws)
    assert not stem_cells._by_chance(0 * draws, 1e5, 0.02, draws).any()
    lone = stem_cells._by_chance(0.3 / 1e5 + 0 * draws, 1e5, 0.02, draws) * 1e5
    assert set(np.round(lone, 6)) == {0.0, 1.0}


def test_the_number_of_clones_is_a_poisson_number() -> None:
    plan = Plan.load("aml-sibling-pbsc").but(graft={"cd34_per_kg": 1e3}, population=Population())
    p = SimpleNamespace(**prepared(plan).numbers["stem_cells"])
    p.luck = (0.5, (np.arange(2000) + 0.5) / 2000)
    founders = stem_cells.derive(p, p)["clones_engrafted"][1]
    expected = p.graft_cells_stem[1][0] * p.weight_kg[0]
    assert np.all(founders == np.floor(founders))
    assert founders.mean() == pytest.approx(expected, rel=0.02)
    assert founders.var() == pytest.approx(expected, rel=0.05)


def platelet_losses(**ill: float) -> tuple[np.ndarray, np.ndarray]:
    """Share of own and of transfused platelets lost in a day, of a patient with 15 of each."""
    ready = prepared(Plan.load("aml-sibling-pbsc").but(population=Population()))
    p = SimpleNamespace(**ready.numbers["thrombopoiesis"])
    y = thrombopoiesis.start(p, 2)
    few = 15 / p.platelet_set_point
    host = y.cells[0]._replace(platelets=few, megakaryocytes=0 * few)
    y = y._replace(cells=(host, y.cells[1]), transfused=15 + 0 * few)
    quiet = dict.fromkeys(thrombopoiesis.NEEDS, 0.0) | {"thrombopoietin": 1.0}
    quiet |= dict.fromkeys(("multipotent_output", "committed_output", "homing", "infused"), NOBODY)
    dy = thrombopoiesis.rates(y, p, SimpleNamespace(**quiet | ill))
    return -dy.cells[0].platelets / few, -dy.transfused / 15


def test_transfused_platelets_share_the_survival_of_the_patients_own() -> None:
    for ill in ({}, {"endothelial_injury": 0.5}, {"infection": 1.0}, {"gvhd_damage": 0.4}, {"vod_activity": 1.0}):
        own, given = platelet_losses(**ill)
        assert np.allclose(own, given), ill


def test_an_ill_patient_is_refractory_to_platelets() -> None:
    """Of a transfusion half as much or less is left after a day as in a patient who is well."""
    _, well = platelet_losses()
    for ill in ({"endothelial_injury": 1.0}, {"vod_activity": 1.0}, {"tma_activity": 1.0}, {"infection": 1.0}):
        _, spent = platelet_losses(**ill)
        assert np.all(spent > 1.4 * well), ill
    _, all_at_once = platelet_losses(endothelial_injury=1.0, vod_activity=1.0, infection=1.0)
    assert np.all(np.exp(-all_at_once) < 0.5 * np.exp(-well))


def neutrophil_balance(reserve: float, count: float, **signals: float) -> np.ndarray:
    """Change of the count a day (1e9/L) with a share of the healthy reserve left."""
    ready = prepared(Plan.load("aml-sibling-pbsc").but(population=Population()))
    p = SimpleNamespace(**ready.numbers["granulopoiesis"])
    y = granulopoiesis.start(p, 2)
    here = count / p.neutrophil_set_point
    host = y.cells[0]._replace(reserve=reserve + 0 * here, neutrophils=here)
    quiet = dict.fromkeys(granulopoiesis.NEEDS, 0.0) | {"gcsf_level": 1.0}
    quiet |= dict.fromkeys(("committed_output", "homing"), NOBODY)
    dy = granulopoiesis.rates(y._replace(cells=(host, y.cells[1])), p, SimpleNamespace(**quiet | signals))
    return dy.cells[0].neutrophils * p.neutrophil_set_point


def test_wounds_take_what_little_the_marrow_makes_and_hardly_lower_plenty() -> None:
    little, plenty = (
        neutrophil_balance(reserve, 0.0, mucosal_injury=0.3) / neutrophil_balance(reserve, 0.0)
        for reserve in (0.1, 3.0)
    )
    assert np.all(little < 0.1)
    assert np.all(plenty > 0.85)


def test_a_steroid_keeps_neutrophils_in_the_blood() -> None:
    lost, kept = neutrophil_balance(0.0, 4.0), neutrophil_balance(0.0, 4.0, steroid_mg_per_kg=1.0)
    assert np.all(lost < kept)
    assert np.all(kept < 0)


def test_neutrophils_return_within_days_once_they_come() -> None:
    """After melphalan with filgrastim counts are past 1 a day or so after 0.5 (Ketterer 1998 and others)."""
    course = uneventful("auto-mel200-myeloma", 32, 30)
    waited = first_day(course, "neutrophils", 1.0) - first_day(course, "neutrophils", 0.5)
    assert np.median(waited) <= 1
    assert np.median(course.at(18, "neutrophils")) > 2


def test_mycophenolate_lowers_output() -> None:
    plan = calm("nma-flu-tbi2")
    with_it, without = plan, plan.but(prophylaxis={"mycophenolate": None})
    course = arms([with_it, without])
    on = (course.days >= 14) & (course.days < 28)
    ratio = course.neutrophils[0, on].mean() / course.neutrophils[1, on].mean()
    assert 0.6 < ratio < 0.97


def test_a_healthy_marrow_makes_as_much_of_each_lineage_as_is_lost() -> None:
    """Every organ stands still at the start of a healthy patient, by its own equations."""
    numbers = prepared(Plan.load("auto-mel200-myeloma").but(**HEALTHY)).numbers
    p = SimpleNamespace(**numbers["stem_cells"])
    start = stem_cells.start(p, 2)
    turnover = stem_cells.turnover(start, p, 0)
    assert turnover.stem_renewal == pytest.approx(0.5)
    assert turnover.multipotent_renewal == pytest.approx(p.multipotent_rest)
    quiet = quiet_marrow()
    for change in stem_cells.rates(start, p, quiet).cells[0][:6]:
        assert np.allclose(change, 0, atol=1e-12)
    assert np.allclose(stem_cells.committed_output(start, p, quiet)[0], 1)
