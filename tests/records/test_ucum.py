"""Units as UCUM writes them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dayzero.errors import InputError
from dayzero.records.ucum import code_of, measure, percent, scale_of
from dayzero.units import EVENTS, QUANTITIES, scale


@pytest.mark.parametrize(
    ("one", "other"),
    [("10*3/uL", "10*9/L"), ("/uL", "10*6/L"), ("{cells}/uL", "/mm3"), ("ug/L", "ng/mL"), ("mg/dL", "10.mg/L"),
     ("ukat/L", "60.U/L"), ("L/d", "mL/d.1000"), ("10^3/ul", "10*3/uL"), ("/100{WBC}", "%"), ("\u00b5g/L", "ug/L")],
)  # fmt: skip
def test_two_spellings_are_one_unit(one: str, other: str) -> None:
    assert measure(one) is not None
    assert measure(one) == measure(other)


@pytest.mark.parametrize(
    "unit",
    ["", "furlong", "mg//dL", "/", "10*", "(mg)/dL", "mg/dL/", "K", "x" * 41, "10*999/L", "\u0663/L", "g-", "{x"],
)
def test_what_is_no_unit_known_here_is_none(unit: str) -> None:
    assert measure(unit) is None


def test_a_unit_is_its_size_and_what_it_measures() -> None:
    assert measure("mg/dL") == (Fraction(10), (("length", -3), ("mass", 1)))
    assert measure("mm3") == (Fraction(1, 10**9), (("length", 3),))
    assert measure("[IU]/mL") == (Fraction(10**6), (("IU", 1), ("length", -3)))


def test_capitals_matter_in_codes_and_not_in_words() -> None:
    assert scale_of("bilirubin", "MG/DL", coded=False) == (1.0, 0.0)
    with pytest.raises(InputError, match="'MG/DL'"):
        scale_of("bilirubin", "MG/DL", coded=True)


@pytest.mark.parametrize(
    ("name", "unit"),
    [("neutrophils", "g/L"), ("neutrophils", "mmol/L"), ("hemoglobin", "%"), ("cmv_dna", "{copies}/mL"),
     ("gvhd_skin_stage", "%"), ("temperature", "K"), ("weight", "cm"), ("ldh", "mg/L")],
)  # fmt: skip
def test_a_unit_of_something_else_is_refused(name: str, unit: str) -> None:
    with pytest.raises(InputError, match="expected one of"):
        scale_of(name, unit, coded=True)


def test_the_written_unit_of_every_quantity_and_event_is_read_back_unchanged() -> None:
    for name in [*QUANTITIES, *EVENTS]:
        unit = code_of(name)
        if unit and unit != "1":
            assert scale_of(name, unit, coded=True) == (1.0, 0.0)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.sampled_from(sorted(QUANTITIES)), st.floats(0, 1e6), st.data())
def test_a_unit_converts_both_ways_and_as_the_table_of_units_does(name: str, value: float, data: st.DataObject) -> None:
    unit = data.draw(st.sampled_from(sorted(QUANTITIES[name].accepted)))
    per, zero = scale_of(name, unit, coded=True)
    assert scale(name, unit) == pytest.approx((per, zero))
    assert (value - zero) / per * per + zero == pytest.approx(value, rel=1e-9, abs=1e-6)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.text(alphabet="10*^/.{}[]IUmgdLulskat%x-+ ", max_size=14))
def test_no_text_crashes_the_reading_of_units(text: str) -> None:
    found = measure(text)
    assert found is None or found[0] > 0


def test_a_share_is_read_in_percent() -> None:
    assert (percent(0.4, "1"), percent(40, "%"), percent(40, "/uL")) == (40.0, 40.0, None)
