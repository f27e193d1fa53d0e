"""Parameter sets: read, refused, used by a run, told in its record, and the ensemble in its bands."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dayzero.analyse.large import simulate_many
from dayzero.errors import DomainWarning, SpecError
from dayzero.simulation import parameter_sets
from dayzero.simulation.assemble import standard_body
from dayzero.simulation.course import Course
from dayzero.simulation.overrides import checked
from dayzero.simulation.parameter_sets import equations_digest, read_set
from dayzero.simulation.repeat import repeat
from dayzero.spec.files import write_yaml
from simulation.wards import run

PLAN = "aml-sibling-pbsc"
NAME = "stem_cells.committed_acceleration"
MEMBERS = [2.6, 7.0, 3.0, 6.5]


def written(folder: Path, **changes: Any) -> Path:
    """A set as a file, with keys replaced or, by None, left out."""
    told = {"schema": 1, "kind": "parameter set", "name": "mine", "model": equations_digest(), "values": {NAME: 5.5},
            "ensemble": {NAME: MEMBERS}} | changes  # fmt: skip
    path = folder / "mine.yaml"
    path.write_text(write_yaml({k: v for k, v in told.items() if v is not None}))
    return path


def test_a_set_gives_its_values(tmp_path: Path) -> None:
    path = written(tmp_path)
    by_set, by_hand = run(PLAN, 8, 20, parameters=path), run(PLAN, 8, 20, parameters={NAME: 5.5})
    assert np.array_equal(by_set.neutrophils, by_hand.neutrophils)
    assert by_set.record["parameters"] == {NAME: 5.5}
    assert by_set.record["parameter_set"]["name"] == "mine" and not by_set.record["parameter_set"]["ensemble"]


def test_bands_of_an_ensemble_are_wider(tmp_path: Path) -> None:
    path = written(tmp_path)
    one, many = run(PLAN, 200, 16, parameters=path), run(PLAN, 200, 16, parameters=path, ensemble=True)

    def spread(course: Course) -> float:
        return float(np.log(course.at(14, "neutrophils")[course.living[:, -1]]).std())

    assert spread(many) > 1.1 * spread(one)
    member = run(PLAN, [5], 16, parameters={NAME: MEMBERS[5 % 4]})
    assert np.array_equal(many.neutrophils[5], member.neutrophils[0])


def test_a_run_with_an_ensemble_repeats_from_its_record_without_the_file(tmp_path: Path) -> None:
    path = written(tmp_path)
    course = run(PLAN, 6, 12, parameters=path, ensemble=True)
    path.unlink()
    again = repeat(json.loads(json.dumps(course.record)))
    assert np.array_equal(again.neutrophils, course.neutrophils)
    assert again.record["parameter_set"] == course.record["parameter_set"]
    assert again.record["parameter_set"]["ensemble"]


def test_a_large_cohort_takes_a_set(tmp_path: Path) -> None:
    path = written(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DomainWarning)
        cohort = simulate_many(PLAN, tmp_path / "out", 6, 40, chunk=3, parameters=path, ensemble=True, workers=1)
    assert cohort.record["parameter_set"]["name"] == "mine"
    assert cohort.record["parameters"] == {NAME: {"members": MEMBERS}}


def test_a_set_of_the_package_goes_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameter_sets, "FOLDER", tmp_path)
    written(tmp_path)
    assert read_set("mine").values == {NAME: 5.5}
    with pytest.raises(SpecError, match="did you mean mine"):
        read_set("mime")


@pytest.mark.parametrize("name", parameter_sets.set_names())
def test_every_set_of_the_package_fits_the_body_as_it_is_now(name: str) -> None:
    found, known = read_set(name), standard_body().parameters()
    for ensemble in (False, True):
        given = checked(known, found.overrides(ensemble), patients=4)
        assert set(given) == set(found.values)


def test_a_set_made_for_other_equations_is_used_with_a_warning(tmp_path: Path) -> None:
    path = written(tmp_path, model="0" * 64)
    with pytest.warns(DomainWarning, match="mine was fitted to other equations"):
        course = parameter_sets.read_set(path)
        assert course.remarks()
        from dayzero.simulation.cohort import simulate

        simulate(PLAN, 2, 5, parameters=path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "plan"}, "kind"),
        ({"schema": 9}, "schema"),
        ({"values": None}, "values"),
        ({"values": {NAME: "much"}}, "'much'"),
        ({"values": {NAME: -1}}, "-1"),
        ({"values": {"stem_cells.gone": 1.0}, "ensemble": None}, "unknown parameter"),
        ({"ensemble": {"graft.lodging": MEMBERS}}, "ensemble"),
        ({"ensemble": {NAME: []}}, "a list of numbers"),
    ],
)
def test_a_set_that_cannot_be_used_is_one_sentence(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    path = written(tmp_path, **changes)
    with pytest.raises(SpecError) as problem:
        run(PLAN, 2, 5, parameters=path)
    assert said in str(problem.value) and "\n" not in str(problem.value)


@pytest.mark.parametrize("parameters", [None, {NAME: 4.0}])
def test_an_ensemble_needs_a_set(parameters: Any) -> None:
    with pytest.raises(SpecError, match="ensemble"):
        run(PLAN, 2, 5, parameters=parameters, ensemble=True)


def test_an_ensemble_needs_members(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no members"):
        run(PLAN, 2, 5, parameters=written(tmp_path, ensemble=None), ensemble=True)
