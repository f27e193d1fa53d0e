"""Units: the only place that converts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dayzero.errors import InputError
from dayzero.units import DEATH_CAUSES, EVENTS, QUANTITIES, convert, nearest, quantity, scale


@pytest.mark.parametrize(
    ("name", "value", "unit", "canonical"),
    [
        ("neutrophils", 500.0, "/uL", 0.5),
        ("neutrophils", 0.5, "K/uL", 0.5),
        ("platelets", 20000.0, "/mm3", 20.0),
        ("platelets", 20.0, "10*3/uL", 20.0),
        ("leukocytes", 3.2, "x10^9/L", 3.2),
        ("hemoglobin", 80.0, "g/L", 8.0),
        ("hemoglobin", 4.9648, "mmol/L", 8.0),
        ("creatinine", 88.4, "umol/L", 1.0),
        ("creatinine", 88.4, "µmol/L", 1.0),
        ("bilirubin", 34.2, "umol/L", 2.0),
        ("donor_chimerism", 0.97, "fraction", 97.0),
        ("cd4", 200.0, "/uL", 0.2),
        ("temperature", 100.4, "[degF]", 38.0),
        ("height", 1.75, "m", 175.0),
        ("igg", 650.0, "mg/dL", 6.5),
        ("urine_protein", 113.12, "mg/mmol", 1.0),
        ("systolic_pressure", 18.66508, "kPa", 140.0),
        ("cmv_dna", 1000.0, "[IU]/mL", 1000.0),
        ("weight_gain", -0.05, "fraction", -5.0),
    ],
)
def test_a_value_becomes_the_canonical_one(name: str, value: float, unit: str, canonical: float) -> None:
    assert convert(value, name, unit) == pytest.approx(canonical, rel=1e-12)


def test_five_hundred_a_microlitre_is_exactly_one_half() -> None:
    assert convert(500.0, "neutrophils", "/uL") == 0.5


def test_an_array_is_converted_whole() -> None:
    np.testing.assert_array_equal(convert(np.array([500.0, 1000.0]), "neutrophils", "/uL"), [0.5, 1.0])


def test_the_canonical_unit_of_every_quantity_is_accepted_and_changes_nothing() -> None:
    for known in [*QUANTITIES.values(), *EVENTS.values()]:
        assert scale(known.name, known.unit) == (1.0, 0.0)
        assert known.low < known.high
        assert known.description


def test_no_word_is_both_a_quantity_and_an_event() -> None:
    assert not set(QUANTITIES) & set(EVENTS)


@pytest.mark.parametrize("kind", ["infusion", "second_graft", "boost", "donor_lymphocytes"])
def test_infused_cells_are_counted_a_kilogram(kind: str) -> None:
    assert EVENTS[kind].unit == "cells/kg"
    assert convert(2.0, kind, "1e6/kg") == pytest.approx(2e6)


def test_causes_of_death_are_the_amounts_of_the_event() -> None:
    assert list(DEATH_CAUSES) == list(range(1, len(DEATH_CAUSES) + 1))
    assert EVENTS["death"].high == max(DEATH_CAUSES)


def test_an_unknown_quantity_names_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean neutrophils"):
        quantity("neutrophiles")


def test_an_unknown_unit_lists_the_accepted_ones() -> None:
    with pytest.raises(InputError, match=r"'mg/dL', expected one of 1e9/L"):
        convert(1.0, "neutrophils", "mg/dL")


def test_a_word_far_from_all_gets_the_whole_list() -> None:
    assert nearest("zzzzzz", ["PBSC", "BM"]) == "choose from: PBSC, BM"


@settings(derandomize=True, max_examples=50, deadline=None)
@given(st.sampled_from(sorted(QUANTITIES)), st.floats(0, 1e6), st.data())
def test_conversion_keeps_order_and_can_be_undone(name: str, value: float, data: st.DataObject) -> None:
    unit = data.draw(st.sampled_from(sorted(QUANTITIES[name].accepted)))
    per, zero = scale(name, unit)
    assert per > 0
    assert convert(value, name, unit) * per + zero == pytest.approx(value, rel=1e-9, abs=1e-6)
