"""Joining organs: what does not fit is said in one sentence that names both sides."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from dayzero.biology import granulopoiesis, stem_cells, thrombopoiesis
from dayzero.errors import AssemblyError
from dayzero.module import COVARIATES, ORDER_SIGNALS, SCHEDULE, Coupled, Hazard, Signal
from dayzero.simulation.assemble import ORGANS, POLICIES, assemble, offered, standard_body
from dayzero.simulation.prepare import prepare
from dayzero.spec import Plan
from simulation.wards import copied


def organ(name: str, **declared: Any) -> SimpleNamespace:
    """A small biology file."""
    return SimpleNamespace(__name__=f"dayzero.biology.{name}", **declared)


def level(unit: str = "1") -> Signal:
    return Signal(unit, "a level")


def refusal(*organs: Any) -> str:
    with pytest.raises(AssemblyError) as refused:
        assemble(organs, POLICIES)
    return str(refused.value)


def without(file: Any) -> list[Any]:
    return [o for o in ORGANS if o is not file]


def test_the_standard_body_fits_together() -> None:
    body = standard_body()
    assert len(body.organs) == len(ORGANS)
    assert body is standard_body()
    assert {o.name for o in body.living} < {o.name for o in body.organs}


def test_a_missing_signal_is_named_with_who_needs_it() -> None:
    assert refusal(organ("heart", NEEDS={"pressure": "mmHg"})) == (
        "heart needs the signal pressure, which nothing gives"
    )


def test_an_organ_taken_out_is_missed_by_the_others() -> None:
    told = refusal(*without(granulopoiesis))
    assert "neutrophils" in told
    assert "organ_toxicity" in told
    told = refusal(*without(stem_cells))
    assert "committed_flux" in told or "committed_output" in told


def test_a_signal_given_twice_names_both_givers() -> None:
    told = refusal(organ("heart", GIVES={"pressure": level()}), organ("vessels", GIVES={"pressure": level()}))
    assert all(word in told for word in ("pressure", "heart", "vessels"))
    told = refusal(*ORGANS, organ("spleen", GIVES={"platelets": level("1e9/L")}))
    assert all(word in told for word in ("platelets", "thrombopoiesis", "spleen"))


@pytest.mark.parametrize("taken", [*ORDER_SIGNALS, *SCHEDULE])
def test_an_organ_cannot_give_what_the_ward_or_the_plan_gives(taken: str) -> None:
    assert taken in refusal(organ("heart", GIVES={taken: level()}))


def test_a_constant_given_twice_names_both_givers() -> None:
    told = refusal(organ("heart", CONSTANTS={"weight_kg": level("kg")}))
    assert all(word in told for word in ("weight_kg", "covariates", "heart"))


def test_another_unit_names_both_units() -> None:
    told = refusal(organ("heart", GIVES={"pressure": level("mmHg")}), organ("vessels", NEEDS={"pressure": "kPa"}))
    assert all(word in told for word in ("vessels", "pressure", "kPa", "mmHg"))
    told = refusal(organ("heart", USES={"weight_kg": "g"}))
    assert all(word in told for word in ("heart", "weight_kg", "in g", "in kg"))


def test_a_missing_constant_is_named_with_who_needs_it() -> None:
    assert refusal(organ("heart", USES={"stroke_volume": "mL"})) == (
        "heart needs the constant stroke_volume, which nothing gives"
    )


def coupled(*needs: str) -> Coupled:
    return Coupled(level(), dict.fromkeys(needs, "1"), lambda y, p, s: 0.0)


def test_coupled_signals_in_a_circle_are_named() -> None:
    told = refusal(
        organ("heart", COUPLED={"pressure": coupled("tone")}), organ("vessels", COUPLED={"tone": coupled("pressure")})
    )
    assert "circle" in told
    assert all(word in told for word in ("pressure", "tone"))
    assert "pressure" in refusal(organ("heart", COUPLED={"pressure": coupled("pressure")}))


def test_a_coupled_signal_that_needs_what_nothing_gives_is_named() -> None:
    told = refusal(organ("heart", COUPLED={"pressure": coupled("tone")}))
    assert all(word in told for word in ("heart", "tone"))


def test_coupled_signals_are_worked_out_after_what_they_need() -> None:
    class Beat(NamedTuple):
        rate: float

    chain = {"c": coupled("b"), "b": coupled("a"), "a": coupled("mycophenolate")}
    body = assemble([organ("heart", State=Beat, COUPLED=chain)], ())
    assert [name for _, name, _ in body.coupled] == ["a", "b", "c"]


def test_a_hazard_or_a_draw_of_two_organs_names_both() -> None:
    fall = {"fall": Hazard("a fall", stream=1)}
    told = refusal(organ("legs", HAZARDS=fall), organ("bones", HAZARDS=fall))
    assert all(word in told for word in ("onset_fall", "legs", "bones"))
    told = refusal(organ("legs", CHANCE={"luck": 1}), organ("bones", CHANCE={"luck": 2}))
    assert all(word in told for word in ("luck", "legs", "bones"))


def test_an_onset_can_be_asked_for_by_any_organ_and_only_if_it_can_happen() -> None:
    assemble(
        (organ("legs", HAZARDS={"fall": Hazard("a fall", stream=1)}), organ("bones", NEEDS={"onset_fall": "1"})), ()
    )
    told = refusal(organ("bones", NEEDS={"onset_fall": "1"}))
    assert all(word in told for word in ("bones", "onset_fall"))


def test_every_fatal_event_has_a_probability_of_death_or_is_one() -> None:
    for o in standard_body().organs:
        drawn = {name for name, hazard in o.hazards.items() if hazard.fatal == "drawn"}
        p = SimpleNamespace(**dict.fromkeys(o.view._fields, 0.5))
        y = SimpleNamespace(**dict.fromkeys(getattr(getattr(o.file, "State", None), "_fields", ()), 0.5))
        given = o.file.fatality(y, p, None) if hasattr(o.file, "fatality") else {}
        assert set(given) == drawn, o.name
        assert all(0 < share < 1 for share in given.values()), o.name


def test_constants_in_a_circle_are_named() -> None:
    told = refusal(
        organ("heart", CONSTANTS={"x": level()}, USES={"y": "1"}),
        organ("vessels", CONSTANTS={"y": level()}, USES={"x": "1"}),
    )
    assert "circle" in told
    assert all(word in told for word in ("heart", "vessels"))


def test_constants_are_derived_after_what_they_use() -> None:
    order = [o.name for o in standard_body().derivation]
    assert order.index("graft") < order.index("stem_cells") < order.index("thrombopoiesis")
    backwards = assemble(tuple(reversed(ORGANS)))
    assert {o.name for o in backwards.derivation} == set(order)


def test_one_name_for_two_numbers_of_an_organ_is_refused() -> None:
    told = refusal(organ("heart", PARAMETERS={"age_years": None}, USES={"age_years": "year"}))
    assert all(word in told for word in ("heart", "age_years", "twice"))


@pytest.mark.parametrize("file", [o for o in ORGANS if hasattr(o, "NEEDS")], ids=lambda f: f.__name__)
def test_an_organ_sees_only_the_signals_it_asked_for(file: Any) -> None:
    signals = dict.fromkeys(standard_body().signals, 1.0)
    assert set(vars(offered(signals, file.NEEDS))) == set(file.NEEDS)
    with pytest.raises(AttributeError):
        _ = offered(signals, file.NEEDS).chimerism_tested


def test_an_organ_that_reads_an_undeclared_signal_fails() -> None:
    """A link between organs that is not declared cannot exist."""
    blind = copied(thrombopoiesis, NEEDS={k: v for k, v in thrombopoiesis.NEEDS.items() if k != "endothelial_injury"})
    body = assemble([blind if o is thrombopoiesis else o for o in ORGANS])
    seen = body.organ("thrombopoiesis").needs
    assert not hasattr(offered(dict.fromkeys(body.signals, 1.0), seen), "endothelial_injury")


def test_an_organ_sees_only_the_numbers_it_declared() -> None:
    body = standard_body()
    plan = Plan.load("aml-sibling-pbsc")
    numbers = prepare(body, plan, [0], 1, first_day=-8, days=16, origins=2).numbers
    for o in body.living:
        assert set(o.view._fields) <= set(numbers[o.name])
        assert set(o.view._fields) == {*o.parameters, *o.constants, *o.uses}


def test_every_covariate_that_biology_may_use_is_prepared() -> None:
    plan = Plan.load("aml-sibling-pbsc")
    person = prepare(standard_body(), plan, [0], 1, first_day=-8, days=16, origins=2).person
    assert set(COVARIATES) <= set(person)
    for name, signal in COVARIATES.items():
        assert isinstance(person[name], tuple) is signal.per_origin, name
