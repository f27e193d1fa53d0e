"""What must not matter does not: how many origins the same cells are counted in, which seed, who is a woman."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from dayzero.biology import stem_cells
from dayzero.simulation.assemble import standard_body
from dayzero.simulation.laboratory import ASSAYS, report
from dayzero.simulation.prepare import prepare
from dayzero.simulation.streams import patient_key
from dayzero.spec import Plan


@pytest.fixture(scope="module")
def person():
    """Numbers of one typical patient for the stem-cell file, with a host and one donor."""
    made = prepare(standard_body(), Plan.load("nma-flu-tbi2"), [0], 1, first_day=-5, days=16, origins=2, typical=True)
    return SimpleNamespace(**made.numbers["stem_cells"])


def _rates(cells, p):
    quiet = dict.fromkeys(stem_cells.NEEDS, 0.0)
    signals = SimpleNamespace(**quiet | dict.fromkeys(("homing", "infused", "immune_attack"), (0.0, 0.0)))
    return stem_cells.rates(stem_cells.State(cells, 0.8), p, signals).cells


@pytest.mark.parametrize("share", [0.5, 0.05])
def test_an_origin_split_in_two_makes_the_same_blood(person, share):
    whole = stem_cells.Cells(0.3, 0.2, 0.6, 0.7, 0.9, 0.8, 0.0)
    split = [whole._replace(**{pool: getattr(whole, pool) * part for pool in ("stem", "short_term", "multipotent",
             "committed")}) for part in (share, 1 - share)]  # fmt: skip
    nothing = stem_cells.Cells(0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0)
    one, two = _rates((whole, nothing), person), _rates(tuple(split), person)
    for pool in ("stem", "short_term", "multipotent", "committed"):
        together = sum(np.ravel(getattr(c, pool))[0] for c in two)
        assert together == pytest.approx(np.ravel(getattr(one[0], pool))[0], rel=1e-12)
    assert np.allclose([c.multipotent_quality for c in two], one[0].multipotent_quality)


def test_multipotent_cells_that_leave_are_enough_for_the_committed_pool(person):
    leaving = (person.multipotent_division + person.multipotent_drain) * person.multipotent_set_point
    taken = person.committed_drain * person.committed_set_point
    assert taken == pytest.approx((1 - person.past_committed) * leaving)
    assert np.all(person.committed_drain < person.committed_division)


def test_no_two_of_many_seeds_share_their_people():
    seen: dict[int, int] = {}
    for seed in range(4000):
        for key in patient_key(seed, np.arange(4)):
            seen[int(key)] = seen.get(int(key), 0) + 1
    pairs = sum(n > 1 for n in seen.values())
    assert pairs <= 60  # 16,000 draws of 32 bits: 30 chance pairs expected, none of them whole cohorts
    cohorts = {frozenset(patient_key(seed, np.arange(64)).tolist()) for seed in range(4000)}
    assert len(cohorts) == 4000


def test_women_are_smaller_than_men_of_the_same_plan():
    plan = Plan.load("aml-sibling-pbsc").but(population={"female_fraction": 0.5})
    who = prepare(standard_body(), plan, range(400), 1, first_day=-9, days=16, origins=2).person
    man = who["male"] > 0
    assert np.median(who["height_cm"][man]) - np.median(who["height_cm"][~man]) == pytest.approx(13, abs=3)
    assert np.corrcoef(who["height_cm"], who["weight_kg"])[0, 1] > 0.2


def test_a_full_donor_is_reported_as_one_and_a_mixed_one_wavers():
    keys = patient_key(1, np.arange(2000))
    days = np.uint32(28)
    assay = ASSAYS["donor_chimerism_myeloid"]
    full, mixed = (np.asarray(report(assay, np.float32(f), 0.0, keys, days)) for f in (0.9999, 0.5))
    assert np.all(full == 100)
    assert 2 < mixed.std() < 5 and abs(mixed.mean() - 50) < 1


def test_fludarabine_exposure_of_a_small_child_is_near_that_of_an_adult():
    body, plan = standard_body(), Plan.load("aml-unrelated-flubu2-atg")
    adult = plan.but(population={"fields": dict.fromkeys(plan.population.fields)})
    child = adult.but(patient={"age_years": 6, "weight_kg": 20, "height_cm": 115})
    exposure = []
    for plan in (adult, child):
        made = prepare(body, plan, [0], 1, first_day=-9, days=16, origins=2, typical=True)
        p, who = made.numbers["conditioning"], made.person
        exposure.append(float(150 * who["bsa_m2"][0] * p["fludarabine_carried"][0] / p["fludarabine_cl"][0]))
    assert 0.75 < exposure[1] / exposure[0] < 1.35
