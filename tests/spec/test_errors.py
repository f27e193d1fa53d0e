from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from dayzero.errors import SpecError
from dayzero.spec import Conditioning, DrugCourse, Patient, Plan


def refused(make: Any) -> SpecError:
    with pytest.raises(SpecError) as caught:
        make()
    text = str(caught.value)
    assert "\n" not in text
    assert "pydantic" not in text.lower() and "Input should" not in text
    return caught.value


def test_an_unknown_key_names_the_nearest(written: dict[str, Any]) -> None:
    written["graft"]["cd34_per_kgg"] = 5e6
    problem = refused(lambda: Plan.load(written))
    assert problem.field == "graft.cd34_per_kgg"
    assert problem.got == "an unknown key"
    assert problem.advice == "did you mean cd34_per_kg?"


def test_a_misspelt_key_is_told_before_the_key_it_leaves_missing(patient: dict[str, Any]) -> None:
    patient["weight"] = patient.pop("weight_kg")
    problem = refused(lambda: Patient(**patient))
    assert (problem.field, problem.advice) == ("weight", "did you mean weight_kg?")


def test_an_unknown_section_names_the_nearest(written: dict[str, Any]) -> None:
    problem = refused(lambda: Plan.load(written | {"grafts": {}}))
    assert problem.advice == "did you mean graft?"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("weight_kg", 70_000, "looks like grams; write kilograms (70)"),
        ("height_cm", 1.75, "looks like metres; write centimetres (175)"),
        ("height_cm", 1750, "looks like millimetres; write centimetres (175)"),
        ("bilirubin_mg_per_dl", 171, "looks like umol/L; divide by 17.1 (10)"),
        ("marrow_cellularity", 30, "looks like percent; write a share (0.3)"),
        ("marrow_cellularity", -0.1, "at least 0"),
        ("creatinine_clearance_ml_per_min", 1, "at least 5"),
        ("age_years", 450, "at most 100"),
        ("age_years", -3, "at least 0.1"),
        ("age_years", float("nan"), "a finite number"),
        ("age_years", True, "a number"),
        ("age_years", "old", "a number"),
        ("age_years", None, "a number"),
        ("sex", "F", "did you mean female?"),
        ("diagnosis", "AML", "did you mean aml?"),
        ("karnofsky", 85, "a multiple of 10"),
        ("prior_treatment_lines", 1.5, "a whole number"),
        ("cmv_seropositive", "perhaps", "true or false"),
        ("weight_kg", 20, "check weight and height"),
    ],
)
def test_a_slip_in_the_patient_is_told_in_its_own_words(
    patient: dict[str, Any], field: str, value: Any, words: str
) -> None:
    problem = refused(lambda: Patient(**(patient | {field: value})))
    assert problem.where == "patient"
    assert problem.field == field
    assert words in str(problem)


def test_a_missing_field_says_what_to_write(patient: dict[str, Any]) -> None:
    del patient["height_cm"]
    problem = refused(lambda: Patient(**patient))
    assert (problem.field, problem.got) == ("height_cm", "nothing")
    assert "centimetres" in problem.advice


def test_a_cell_dose_in_millions_is_noticed(written: dict[str, Any]) -> None:
    written["graft"]["cd34_per_kg"] = 5
    assert "write 5e6" in refused(lambda: Plan.load(written)).advice


def test_a_negative_dose_is_refused() -> None:
    problem = refused(lambda: DrugCourse(drug="busulfan", days=(-5,), dose_mg_per_kg=-3.2))
    assert (problem.field, problem.expected) == ("dose_mg_per_kg", "more than 0")


def test_two_kinds_of_dose_at_once_are_refused() -> None:
    problem = refused(lambda: DrugCourse(drug="busulfan", days=(-5,), dose_mg_per_kg=3.2, dose_mg_per_m2=130))
    assert problem.field == "dose_mg_per_m2"
    assert "exactly one" in problem.expected


def test_no_dose_at_all_is_refused() -> None:
    assert "no dose" in refused(lambda: DrugCourse(drug="busulfan", days=(-5,))).got


def test_a_dose_after_the_infusion_belongs_under_prophylaxis(written: dict[str, Any]) -> None:
    written["conditioning"] = {"drugs": [{"drug": "cyclophosphamide", "days": [3, 4], "dose_mg_per_kg": 50}]}
    problem = refused(lambda: Plan.load(written))
    assert problem.field == "conditioning.drugs[0].days"
    assert "after the infusion" in problem.advice and "prophylaxis" in problem.advice


def test_a_dose_long_before_is_refused() -> None:
    course = DrugCourse(drug="busulfan", days=(-90,), dose_mg_per_kg=3.2)
    assert "days -30 to 0" in refused(lambda: Conditioning(drugs=(course,))).expected


def test_an_unknown_drug_names_the_nearest() -> None:
    assert "busulfan" in refused(lambda: DrugCourse(drug="busulfann", days=(-5,), dose_mg_per_kg=3)).advice
    assert "carmustine" in refused(lambda: DrugCourse(drug="BCNU", days=(-5,), dose_mg_per_m2=300)).advice


def test_an_unknown_library_name_names_the_nearest(written: dict[str, Any]) -> None:
    assert "bu4-cy" in refused(lambda: Plan.load(written | {"conditioning": "bu4cy"})).advice
    problem = refused(lambda: Plan.load(written | {"care": {"base": "standard-alo"}}))
    assert problem.field == "care.base"
    assert "standard-allo" in problem.advice
    assert "aml-sibling-pbsc" in refused(lambda: Plan.load("aml-sibling-pbs")).advice


def test_another_schema_is_refused_in_one_sentence(written: dict[str, Any]) -> None:
    problem = refused(lambda: Plan.load(written | {"schema": 2}))
    assert (problem.field, problem.got) == ("schema", "2")


def test_an_allogeneic_plan_must_say_its_prophylaxis(written: dict[str, Any]) -> None:
    del written["prophylaxis"]
    problem = refused(lambda: Plan.load(written))
    assert (problem.field, problem.got) == ("prophylaxis", "nothing")


def test_a_file_is_named_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    text = Plan.load("aml-sibling-pbsc").dump()
    path.write_text(text.replace("  weight_kg: 78", "  weight_kg: 78000"), encoding="utf-8")
    line = text.splitlines().index("  weight_kg: 78") + 1
    problem = refused(lambda: Plan.load(path))
    assert str(problem).startswith(f"my.yaml:{line}: patient.weight_kg: got 78000")
    assert str(pickle.loads(pickle.dumps(problem))) == str(problem)


def test_a_problem_inside_a_list_is_found_on_its_line(tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text(
        "base: aml-sibling-pbsc\n"
        "conditioning:\n"
        "  drugs:\n"
        "    - {drug: melphalan, days: [-2], dose_mg_per_m2: 140}\n"
        "    - {drug: thiotepa, days: [2], dose_mg_per_kg: 5}\n",
        encoding="utf-8",
    )
    assert refused(lambda: Plan.load(path)).where == "my.yaml:5"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "nothing"),
        ("# only a comment\n", "nothing"),
        ("- a\n- b\n", "a list"),
        ("just words", "just words"),
        ("patient: {age_years: 3\n", "YAML"),
        ("patient:\n\t- x: 1\n", "YAML"),
        ("name: a\nname: b\n", "YAML"),
        ("1: 2\n", "the key 1"),
        ("a: &a [*a]\n", "too many values"),
        ("a: !!python/object:os.system {}\n", "YAML"),
        ("a: 1\n---\nb: 2\n", "YAML"),
    ],
)
def test_a_file_that_is_no_plan_is_refused_in_one_sentence(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "my.yaml"
    path.write_text(text, encoding="utf-8")
    problem = refused(lambda: Plan.load(path))
    assert problem.where.startswith("my.yaml")
    assert words in str(problem)


def test_anchors_that_multiply_do_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    rows = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    path.write_text("\n".join(rows), encoding="utf-8")
    assert "too many values" in refused(lambda: Plan.load(path)).got


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert refused(lambda: Plan.load(tmp_path / "none.yaml")).got == "no such file"
    assert refused(lambda: Plan.load(tmp_path)).got == "a directory"
    assert str(refused(lambda: Plan.load("."))).startswith(".: file: got a directory")
    path = tmp_path / "my.yaml"
    path.write_bytes(b"name: \xff\xfe\n")
    assert "not text" in refused(lambda: Plan.load(path)).got
