"""The shipped codes: one quantity each, confirmed or marked, without slips of the pen."""

from __future__ import annotations

from collections import Counter
from importlib.resources import files
from typing import Any

import pytest
from ruamel.yaml import YAML

from dayzero.records.codes import LOINC, OWN, Code, shipped
from dayzero.units import EVENTS, QUANTITIES

SNOMED = "http://snomed.info/sct"
FROM_FILES = [code for code in shipped() if code.system != OWN]


def raw(name: str) -> Any:
    return YAML(typ="safe", pure=True).load((files("dayzero") / "data" / "codes" / name).read_text(encoding="utf-8"))


def rows(table: Any) -> list[tuple[str, dict[str, Any]]]:
    inside = [(target, row) for target, codes in table["codes"].items() for row in codes]
    return inside + [("", row) for part in ("panels", "not_kept") for row in table.get(part, ())]


def tables() -> list[Any]:
    return [raw("loinc.yaml"), *raw("clinical.yaml")["systems"]]


def luhn(code: str) -> int:
    """The check digit of a LOINC number (mod 10)."""
    digits = [int(digit) for digit in reversed(code)]
    doubled = [2 * digit - 9 * (digit > 4) for digit in digits[::2]]
    return -(sum(doubled) + sum(digits[1::2])) % 10


def verhoeff(code: str) -> int:
    """0 where the check digit at the end of a SNOMED CT identifier is right: the dihedral group of the pentagon."""
    turn = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
    total = 0
    for at, digit in enumerate(reversed(code)):
        number = int(digit)
        for _ in range(at % 8):
            number = turn[number]
        low, high = total % 5, number % 5
        same = (low + high) % 5 if total < 5 else (low - high) % 5
        total = same + 5 * ((total >= 5) != (number >= 5))
    return total


def test_no_code_stands_twice_or_under_two_quantities() -> None:
    for table in tables():
        count = Counter(str(row["code"]) for _, row in rows(table))
        assert [code for code, times in count.items() if times > 1] == []


def test_every_code_is_a_known_quantity_or_event_or_says_why_it_is_not_kept() -> None:
    for code in FROM_FILES:
        known = QUANTITIES if code.system == LOINC else EVENTS
        assert code.target in known or (code.how == "not_kept" and code.reason) or code.how == "panel", code
        assert code.name
        assert code.how in ("reading", "log10", "share", "part", "event", "panel", "not_kept")


def test_shares_and_parts_name_what_they_are_of() -> None:
    for code in FROM_FILES:
        assert (code.how == "share") == bool(code.of), code
        assert code.part in ("", "segmented", "bands")
        assert code.how != "part" or code.part


@pytest.mark.parametrize("name", ["loinc.yaml", "clinical.yaml"])
def test_every_code_has_evidence_of_a_kind_that_is_explained(name: str) -> None:
    file = raw(name)
    for table in file.get("systems", [file]):
        assert {row["evidence"] for _, row in rows(table)} <= set(file["evidence"])
        assert all(isinstance(row["code"], str) for _, row in rows(table))
    assert file["schema"] == 1


def test_check_digits_of_loinc_and_snomed_are_right() -> None:
    assert verhoeff("73211009") == 0  # a code of the SNOMED CT documentation
    for code in FROM_FILES:
        if code.system == LOINC:
            number, check = code.code.split("-")
            assert luhn(number) == int(check), code
        elif code.system == SNOMED:
            assert verhoeff(code.code) == 0, code


def test_the_preferred_code_is_the_first_confirmed_one() -> None:
    chosen = {name: shipped().preferred(name) for name in ("neutrophils", "platelets", "b_cells", "donor_chimerism")}
    assert {name: code.code if code else None for name, code in chosen.items()} == {
        "neutrophils": "751-8",
        "platelets": "777-3",
        "b_cells": None,
        "donor_chimerism": None,
    }


def test_a_group_of_drugs_is_known_by_the_beginning_of_its_code() -> None:
    atc = "http://www.whocc.no/atc"
    found = shipped().find(atc, "J01MA12")
    assert isinstance(found, Code)
    assert found.target == "quinolone"
    assert shipped().find(atc, "J01M") is None
    assert shipped().find("http://fhir.de/CodeSystem/bfarm/atc", "L04AD02") is not None


def test_what_a_chart_judges_by_has_a_laboratory_code() -> None:
    needed = (
        "leukocytes neutrophils lymphocytes monocytes platelets reticulocytes t_cells cd4 cd8 nk_cells erythrocytes "
    )
    needed += "hemoglobin creatinine bilirubin ldh alt ast albumin crp ferritin tacrolimus ciclosporin weight height "
    needed += "temperature igg systolic_pressure cmv_dna ebv_dna"
    assert [name for name in needed.split() if shipped().preferred(name) is None] == []


def test_the_notice_of_loinc_stands_with_the_codes_and_the_notices() -> None:
    from pathlib import Path

    sentence = "This material contains content from LOINC (http://loinc.org)."
    text = (files("dayzero") / "data" / "codes" / "loinc.yaml").read_text(encoding="utf-8")
    assert sentence in text
    assert sentence in " ".join((Path(__file__).parents[2] / "NOTICES.md").read_text(encoding="utf-8").split())
