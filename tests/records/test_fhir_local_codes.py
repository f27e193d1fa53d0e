"""A site's own codes: read with their unit and method, refused where they cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dayzero.errors import ChartError
from records.bundles import ANC, LOINC, concept, observation, quantity, read, values


def write_codes(folder: Path, text: str, name: str = "codes.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


CHIMERISM = "system,code,quantity,unit,method\nurn:site,CHIM-CD3,donor_chimerism_t_cell,%,STR\n"


def local(code: str, value: dict[str, Any], system: str = "urn:site", day: str = "2024-04-09") -> dict[str, Any]:
    return observation("", day, None) | {"code": concept(code, system)} | value


def test_a_sites_own_codes_are_read_with_unit_and_method(tmp_path: Path) -> None:
    path = write_codes(tmp_path, CHIMERISM)
    chart, findings = read(local("CHIM-CD3", {"valueQuantity": {"value": 97}}), codes=path)
    assert values(chart, "donor_chimerism_t_cell") == [(30, 97.0, 0)]
    assert chart.methods["donor_chimerism_t_cell"].tolist() == ["STR"]
    assert findings == ()


def test_a_sites_own_codes_may_stand_in_yaml_and_name_events_and_texts(tmp_path: Path) -> None:
    rows = ["{code: GVHD-GRADE, quantity: acute_gvhd}", "{code: LEUK, quantity: leukocytes, unit: /nL}"]
    path = write_codes(tmp_path, "".join(f"- {row}\n" for row in rows), "codes.yaml")
    grade = local("GVHD-GRADE", {"valueInteger": 2}, "")
    chart, findings = read(grade, local("LEUK", {"valueString": "<0.1"}, "", "2024-03-15"), codes=path)
    assert chart.series("a", "acute_gvhd").values.tolist() == [2.0]
    assert values(chart, "leukocytes") == [(5, 0.1, -1)]
    assert findings == ()


def test_a_grade_of_zero_is_no_event(tmp_path: Path) -> None:
    path = write_codes(tmp_path, "code,quantity\nGVHD-GRADE,acute_gvhd\nVOD,vod\n")
    days = ("2024-03-20", "2024-03-27")
    grades = [local("GVHD-GRADE", {"valueInteger": grade}, "", day) for grade, day in zip((0, 2), days, strict=True)]
    signs = [local("VOD", {"valueBoolean": seen}, "", day) for seen, day in zip((False, True), days, strict=True)]
    chart, findings = read(*grades, *signs, codes=path)
    assert chart.first_event("acute_gvhd").tolist() == chart.first_event("vod").tolist() == [17]
    assert findings.counts() == {"absent": 2}


def test_the_method_of_a_record_comes_before_that_of_the_codes(tmp_path: Path) -> None:
    path = write_codes(tmp_path, CHIMERISM)
    method = {"method": {"coding": [{"code": "ngs", "display": "sequencing"}]}, "valueQuantity": quantity(97, "%")}
    assert read(local("CHIM-CD3", method), codes=path).chart.methods["donor_chimerism_t_cell"].tolist() == [
        "sequencing"
    ]


def test_a_chimerism_without_method_is_read_and_said(tmp_path: Path) -> None:
    path = write_codes(tmp_path, CHIMERISM.replace("STR", ""))
    chart, findings = read(local("CHIM-CD3", {"valueQuantity": quantity(97, "%")}), codes=path)
    assert values(chart, "donor_chimerism_t_cell") == [(30, 97.0, 0)]
    assert findings.counts() == {"no_method": 1}


REFUSED_CODES = {
    "no file": (None, "nothing there|No such file"),
    "no rows": ("system,code,quantity\n", "no rows"),
    "an unknown quantity": ("code,quantity\nX,neutrofils\n", "row 2, quantity.*did you mean neutrophils"),
    "an unknown column": ("code,quantty\nX,neutrophils\n", "did you mean quantity"),
    "a wrong unit": ("code,quantity,unit\nX,neutrophils,mg/dL\n", "row 2, unit: got 'mg/dL'"),
    "no code": ("code,quantity\n,neutrophils\n", "row 2, code: got nothing"),
    "a wrong way": ("code,quantity,how\nX,neutrophils,sideways\n", "row 2, how"),
    "a code of two quantities": (f"system,code,quantity\n{LOINC},{ANC},platelets\n", "got a code of neutrophils"),
}


@pytest.mark.parametrize("what", REFUSED_CODES)
def test_a_file_of_codes_is_refused_in_one_sentence(tmp_path: Path, what: str) -> None:
    text, message = REFUSED_CODES[what]
    path = tmp_path / "codes.csv" if text is None else write_codes(tmp_path, text)
    with pytest.raises(ChartError, match=message) as caught:
        read(codes=path)
    assert str(caught.value).startswith("codes.csv: ")
    assert "\n" not in str(caught.value)
