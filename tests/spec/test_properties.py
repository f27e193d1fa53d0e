from __future__ import annotations

import json
from copy import deepcopy
from io import StringIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from dayzero.errors import SpecError
from dayzero.spec import Plan
from dayzero.spec.vocabulary import CELL_SUBSETS

from .strategies import plans

few = settings(derandomize=True, max_examples=40, deadline=None)

RUBBISH = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**9), 10**30),
    st.floats(),
    st.text(max_size=5),
    st.just([]),
    st.just({}),
    st.just({"x": 1}),
    st.just([{}]),
    st.just(b"bytes"),
    st.just({3: 4}),
)


@few
@given(plans())
def test_a_plan_survives_yaml_and_json(plan: Plan) -> None:
    from_yaml = Plan.load(YAML(typ="safe", pure=True).load(StringIO(plan.dump())))
    from_json = Plan.load(json.loads(plan.canonical_json()))
    assert from_yaml == plan == from_json
    assert from_yaml.sha256() == plan.sha256() == from_json.sha256()


@few
@given(plans())
def test_a_plan_edited_by_nothing_is_the_same(plan: Plan) -> None:
    assert plan.but() == plan
    assert plan.but(patient=plan.patient.plain(), care=plan.care) == plan


@few
@given(plans())
def test_doses_are_never_negative_and_parts_stay_within_the_whole(plan: Plan) -> None:
    for graft in plan.grafts:
        doses = graft.doses()
        assert set(doses) == set(CELL_SUBSETS)
        assert min(doses.values()) >= 0
        assert doses["naive_t"] + doses["treg"] <= doses["cd3"] * (1 + 1e-9)
        assert 0 < graft.viable_fraction <= 1


@few
@given(plans())
def test_donors_are_whole_and_spreads_hold_the_plan(plan: Plan) -> None:
    assert all(donor.age_years is not None for donor in plan.donors)
    for spread in plan.spreads().values():
        assert not spread.relative


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in _places(item, (*path, key)))]


def _put(data: Any, path: tuple[Any, ...], value: Any) -> None:
    for key in path[:-1]:
        data = data[key]
    data[path[-1]] = value


@settings(derandomize=True, max_examples=150, deadline=None)
@given(st.data())
def test_rubbish_anywhere_is_a_plan_or_a_spec_error(data: st.DataObject) -> None:
    written = deepcopy(Plan.load("double-cord").plain())
    path = data.draw(st.sampled_from(_places(written)[1:]))
    _put(written, path, data.draw(RUBBISH))
    try:
        Plan.load(Plan.load(written).plain())
    except SpecError as problem:
        assert "\n" not in str(problem)
        assert all((problem.where, problem.field, problem.got, problem.expected, problem.advice))


@few
@given(plans(), st.data())
def test_an_unknown_key_anywhere_is_refused_by_its_name(plan: Plan, data: st.DataObject) -> None:
    written = plan.plain()
    free = {"log10_depletion", "fold_expansion", "fields"}
    places = [path for path in _places(written) if isinstance(_at(written, path), dict) and not free & set(path)]
    place = data.draw(st.sampled_from(places))
    _put(written, (*place, "zzz"), 1)
    with pytest.raises(SpecError) as caught:
        Plan.load(written)
    assert caught.value.got == "an unknown key"
    assert caught.value.field.endswith("zzz")


@few
@given(RUBBISH)
def test_loading_rubbish_is_a_spec_error(rubbish: Any) -> None:
    for make in (lambda: Plan.load({"base": rubbish}), lambda: Plan.load("aml-sibling-pbsc").but(graft=rubbish)):
        try:
            make()
        except SpecError:
            continue


def _at(data: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        data = data[key]
    return data
