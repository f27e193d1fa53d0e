"""What is wrong in a bundle is said, one clear sentence each, and nothing of the patient is in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dayzero.records.findings import LEFT_OUT, READ, Finding, Findings
from records.bundles import (
    ANC,
    ANC_PERCENT,
    PATIENT,
    PLATELETS,
    SNOMED,
    TRANSPLANT,
    WBC,
    bundle,
    concept,
    condition,
    drug,
    observation,
    procedure,
    quantity,
    read,
)

DAY = "2024-03-20"
COUNT = quantity(0.6, "10*9/L")
GOOD = observation(ANC, DAY, COUNT)


def without(resource: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name not in names}


#: kind -> resource and the beginning of what is said of it
DEFECTS: dict[str, tuple[dict[str, Any], str]] = {
    "absent": (observation(ANC, DAY, None, dataAbsentReason=concept("masked")), "the value is missing (masked)"),
    "bad_comparator": (observation(ANC, DAY, quantity(0.6, "10*9/L", "ad")), "the comparator is not"),
    "bad_date": (observation(ANC, "20.3.2024", COUNT), "the date is not written as FHIR writes dates"),
    "contradiction": ({**GOOD, "dataAbsentReason": concept("unknown")}, "more than one value, or a value and a reason"),
    "duplicate": ({**GOOD, "id": "again"}, "the same neutrophils a second time"),
    "imprecise_date": (observation(ANC, "2024-03", COUNT), "the date has no day"),
    "implausible": (observation(ANC, DAY, quantity(-1, "10*9/L")), "the value of neutrophils cannot be true"),
    "modifier": ({**GOOD, "modifierExtension": [{"url": "urn:not", "valueBoolean": True}]}, "a modifier changes"),
    "no_code": ({**GOOD, "code": {"text": "ANC"}}, "no code of a code system says what it is"),
    "no_date": (observation(ANC, None, COUNT), "no date says when it was"),
    "no_patient": ({**GOOD, "subject": {"reference": "Group/1"}}, "it is not about a patient"),
    "no_unit": (observation(ANC, DAY, {"value": 0.6}), "the number of neutrophils has no unit"),
    "no_value": (observation(ANC, DAY, None), "no value of neutrophils"),
    "not_a_number": (without(GOOD, "valueQuantity") | {"valueString": "low"}, "the value of neutrophils is not a"),
    "not_derived": (observation(ANC_PERCENT, "2024-03-29", quantity(40, "%")), "percent neutrophils by machine with"),
    "not_kept": (observation("4544-3", DAY, quantity(30, "%")), "hematocrit by machine ('4544-3') is not kept"),
    "panel": (observation("58410-2", DAY, None), "blood count is a panel"),
    "status": ({**GOOD, "status": "entered-in-error"}, "status is entered-in-error; not read"),
    "unconvertible": (observation(ANC, DAY, quantity(0.6, "mg/dL")), "unit 'mg/dL' does not become the unit of neutro"),
    "unknown_code": (observation("99999-9", DAY, COUNT), "code '99999-9' of LOINC is not known; not read"),
    "unknown_resource": ({"resourceType": "Immunization", "status": "completed"}, "resources of this type are not"),
    "wrong_place": ({**GOOD, "code": concept("day_zero", "urn:dayzero:chart")}, "the code does not belong to a"),
    "malformed": ({**without(GOOD, "valueQuantity", "code")}, "neither a code nor a value"),
    "no_day_zero": ({**GOOD, "subject": {"reference": "Patient/zz"}}, "its patient has no day to count from"),
}


@pytest.mark.parametrize("kind", DEFECTS)
def test_a_defect_is_said_and_the_rest_is_read(kind: str) -> None:
    defect, sentence = DEFECTS[kind]
    chart, findings = read(GOOD, defect)
    about = [found for found in findings.of(kind) if found.entry == 3]
    assert len(about) == 1, findings.lines()
    assert about[0].sentence.startswith(sentence)
    assert not about[0].read
    assert chart.series("a", "neutrophils").values.tolist() == [0.6]
    assert "\n" not in str(about[0])


def test_ten_kinds_of_defects_give_ten_clear_findings() -> None:
    kinds = ["absent", "bad_comparator", "bad_date", "imprecise_date", "no_date", "no_unit", "status", "unconvertible",
             "unknown_code", "unknown_resource"]  # fmt: skip
    chart, findings = read(GOOD, *(DEFECTS[kind][0] for kind in kinds))
    assert [found.kind for found in findings] == kinds
    assert [found.entry for found in findings] == list(range(3, 13))
    assert len(set(findings.lines())) == 10
    assert len(chart.column("neutrophils").day) == 1


DOUBTS: dict[str, dict[str, Any]] = {
    "assumed": without(GOOD, "subject"),
    "status_assumed": {**GOOD, "status": "preliminary"},
    "two_readings": observation(ANC, DAY, quantity(0.7, "10*9/L")),
    "unverified_code": observation("8116-6", DAY, quantity(100, "/uL")),
    "amount_left_out": drug("68442", DAY, dosage={"dose": quantity(300, "ug")}),
}


@pytest.mark.parametrize("kind", DOUBTS)
def test_a_doubt_is_said_and_the_thing_is_read(kind: str) -> None:
    doubt = {**DOUBTS[kind], "id": "doubt"}
    doubt["effectiveDateTime"] = "2024-03-20" if kind == "two_readings" else "2024-03-21"
    chart, findings = read(GOOD, doubt)
    assert [(found.kind, found.entry, found.read) for found in findings] == [(kind, 3, True)]
    assert sum(len(column.day) for column in (*chart.measurements.values(), *chart.events.values())) == 3


def test_one_page_of_several_is_said() -> None:
    from dayzero.records.fhir import read_bundle

    page = bundle(PATIENT, TRANSPLANT) | {"link": [{"relation": "next", "url": "urn:page:2"}]}
    assert read_bundle(page).findings.counts() == {"more_pages": 1}


def test_an_entry_without_resource_and_the_same_resource_twice_are_said() -> None:
    same = {**GOOD, "id": "1"}
    changed = {**GOOD, "id": "1", "effectiveDateTime": "2024-03-25"}
    chart, findings = read(same, same, changed, {})
    assert findings.counts() == {"duplicate": 1, "contradiction": 1, "no_resource": 1}
    assert chart.series("a", "neutrophils").days.tolist() == [10]


def test_codes_of_two_quantities_on_one_observation_are_a_contradiction() -> None:
    both = {"coding": [*concept(ANC)["coding"], *concept(PLATELETS)["coding"]]}
    chart, findings = read(GOOD, {**GOOD, "code": both})
    assert findings.counts() == {"contradiction": 1}
    assert "platelets" not in chart.measurements


def test_two_percentages_of_one_moment_that_differ_give_no_count() -> None:
    shares = [observation(ANC_PERCENT, DAY, quantity(share, "%")) for share in (30, 40)]
    chart, findings = read(observation(WBC, DAY, quantity(2, "10*9/L")), *shares)
    assert findings.counts() == {"contradiction": 2}
    assert "neutrophils" not in chart.measurements


def test_a_graft_versus_host_disease_that_is_not_said_to_be_acute_is_not_kept() -> None:
    found = read(GOOD, condition("234646005", DAY)).findings
    assert [one.kind for one in found] == ["not_kept"]


SECRETS = ("Jane", "Doe", "1961", "MRN-4711", "Main Street", "0.123", "2024-03-21")


def test_nothing_of_the_patient_is_in_a_finding_a_message_or_the_chart_as_printed() -> None:
    patient = {**PATIENT, "name": [{"family": "Doe", "given": ["Jane"]}], "birthDate": "1961-05-01",
               "identifier": [{"value": "MRN-4711"}], "address": [{"line": ["Main Street 1"]}]}  # fmt: skip
    names = {"text": "Jane Doe 1961", "coding": [{"system": "Jane Doe", "code": "Jane Doe MRN-4711"}]}
    secret = quantity(0.123, "Jane Doe's unit")
    rows = [observation(ANC, "2024-03-21", secret), observation(ANC, "2024-03-21 Jane", secret)]
    rows += [{**GOOD, "code": names}, {**GOOD, "status": "Jane Doe"}, {"resourceType": "Jane Doe"}]
    rows += [{**DEFECTS[kind][0], "note": [{"text": "Jane Doe"}]} for kind in DEFECTS]
    rows += [procedure("1", "2024-03-21") | {"code": names}, condition("1", "Jane")]
    from dayzero.records.fhir import read_bundle

    chart, findings = read_bundle(bundle(patient, TRANSPLANT, GOOD, *rows))
    told = "\n".join([*map(str, findings), *findings.lines(), repr(chart)])
    assert len(findings) > 25
    assert [word for word in SECRETS if word in told] == []


def test_every_kind_of_finding_is_described_once() -> None:
    assert not set(LEFT_OUT) & set(READ)
    assert set(DEFECTS) <= set(LEFT_OUT)
    assert set(DOUBTS) <= set(READ)


def test_findings_that_say_the_same_are_one_line() -> None:
    same = [Finding("no_unit", entry, "Observation", "value", "no unit") for entry in range(7)]
    assert Findings(same).lines() == ["Observation.value (entries 0, 1, 2, 3, 4 and 2 more): no unit"]


def test_a_command_judges_a_bundle_and_prints_the_findings(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from dayzero.present.cli import app

    path = tmp_path / "record.json"
    counts = [observation(ANC, f"2024-03-{day}", quantity(cells, "10*9/L"))
              for day, cells in ((15, 0.1), (20, 0.6), (21, 0.8), (22, 1.1))]  # fmt: skip
    path.write_text(json.dumps(bundle(PATIENT, *counts, DEFECTS["no_unit"][0], procedure("77465005"))))
    ran = CliRunner().invoke(app, ["judge", str(path), "--day-zero", "2024-03-10"])
    assert ran.exit_code == 0, ran.output
    assert "note: Observation.valueQuantity (entry 5): the number of neutrophils has no unit; not read" in ran.output
    assert "note: Procedure.code (entry 6): transplantation ('77465005') is not kept" in ran.output
    assert "1 transplants: neutrophils 0.5: 1 recovered" in ran.stdout


def test_snomed_is_read_only_where_it_is_known() -> None:
    other = {**procedure("80146002"), "code": concept("80146002", SNOMED)}
    assert read(GOOD, other).findings.lines() == [
        "Procedure.code (entry 3): code '80146002' of SNOMED CT is not known; not read (name it in a file of codes)"
    ]


def test_the_bundle_of_the_guide_gives_what_the_guide_says(tmp_path: Path) -> None:
    from dayzero.records.fhir import read_bundle

    page = (Path(__file__).parents[2] / "docs" / "how-to" / "read-fhir.md").read_text(encoding="utf-8")
    example = json.loads(page.split("```json\n")[1].split("```")[0])
    said, codes = (block.split("```")[0] for block in page.split("```text\n")[1:3])
    chart, findings = read_bundle(example)
    assert findings.lines() == said.splitlines()
    assert chart.series("made-up", "neutrophils").values.tolist() == [0.6]
    assert chart.series("made-up", "leukocytes").limits.tolist() == [-1, 0]
    (tmp_path / "codes.csv").write_text(codes)
    chart, findings = read_bundle(example, codes=tmp_path / "codes.csv")
    assert chart.series("made-up", "donor_chimerism_t_cell").values.tolist() == [97.0]
    assert findings.counts() == {"derived": 1}
