"""FHIR bundles read: values, units, limits, days, codes, counts from percentages, events, facts."""

from __future__ import annotations

from pathlib import Path

import pytest

from dayzero.errors import ChartError, InputError, RecordWarning
from dayzero.records import Chart
from dayzero.records.fhir import read_bundle
from records.bundles import (
    ANC,
    ANC_PERCENT,
    PATIENT,
    PLATELETS,
    SUBJECT,
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
    values,
)


def test_a_count_is_read_with_its_day_and_in_the_canonical_unit() -> None:
    chart, findings = read(observation(ANC, "2024-03-24T06:30:00+01:00", quantity(600, "/uL")))
    assert values(chart, "neutrophils") == [(14, 0.6, 0)]
    assert chart.first_event("infusion").tolist() == [0]
    assert findings == ()


@pytest.mark.parametrize(
    ("code", "value", "unit", "name", "canonical"),
    [
        (ANC, 500, "/uL", "neutrophils", 0.5),
        (ANC, 0.5, "10*3/uL", "neutrophils", 0.5),
        (ANC, 0.5, "10*9/L", "neutrophils", 0.5),
        (ANC, 500, "10*3/mL", "neutrophils", 0.5),
        ("59260-0", 4.9648, "mmol/L", "hemoglobin", 8.0),
        ("718-7", 80, "g/L", "hemoglobin", 8.0),
        ("14682-9", 88.4, "umol/L", "creatinine", 1.0),
        ("14631-6", 34.2, "umol/L", "bilirubin", 2.0),
        ("8310-5", 100.4, "[degF]", "temperature", 38.0),
        ("29463-7", 154.3234, "[lb_av]", "weight", 70.0),
        ("2532-0", 4, "ukat/L", "ldh", 240.0),
        ("2465-3", 650, "mg/dL", "igg", 6.5),
        ("72493-0", 1000, "[IU]/mL", "cmv_dna", 1000.0),
        ("11253-2", 8, "ng/mL", "tacrolimus", 8.0),
    ],
)
def test_units_of_the_laboratory_become_the_quantitys_own(
    code: str, value: float, unit: str, name: str, canonical: float
) -> None:
    chart, findings = read(observation(code, "2024-03-20", quantity(value, unit)))
    assert values(chart, name) == [(10, pytest.approx(canonical), 0)]
    assert findings == ()


def test_a_unit_written_as_text_is_read_as_people_write_it() -> None:
    written = {"value": 0.6, "unit": "x10^9/L"}
    assert values(read(observation(ANC, "2024-03-20", written)).chart, "neutrophils") == [(10, 0.6, 0)]


@pytest.mark.parametrize(("comparator", "limit"), [("<", -1), ("<=", -1), (">", 1), (">=", 1)])
def test_a_comparator_is_a_limit_and_not_a_number(comparator: str, limit: int) -> None:
    chart = read(observation(WBC, "2024-03-15", quantity(0.1, "10*9/L", comparator))).chart
    assert values(chart, "leukocytes") == [(5, 0.1, limit)]


def test_a_logarithm_of_a_viral_load_is_read_as_the_load() -> None:
    written = {"value": 3.0, "unit": "log IU/mL"}
    chart, findings = read(
        observation("72494-8", "2024-04-10", written), observation("100677-4", "2024-04-10", quantity(3, "{copies}/mL"))
    )
    assert values(chart, "cmv_dna") == [(31, 1000.0, 0)]
    assert findings.counts() == {"unconvertible": 1}


def test_components_are_read_one_by_one() -> None:
    parts = [
        {"code": concept("8480-6"), "valueQuantity": quantity(120, "mm[Hg]")},
        {"code": concept("8462-4"), "valueQuantity": quantity(80, "mm[Hg]")},
        {"code": concept(WBC), "valueQuantity": quantity(2, "10*9/L")},
    ]
    chart, findings = read(observation("85354-9", "2024-03-11", None, component=parts))
    assert values(chart, "systolic_pressure") == [(1, 120.0, 0)]
    assert values(chart, "leukocytes") == [(1, 2.0, 0)]
    assert [(found.kind, found.field) for found in findings] == [("not_kept", "component[1].code")]


# counts from percentages


def test_neutrophils_come_from_white_cells_and_a_percentage_and_say_so() -> None:
    moment = "2024-03-22T06:00:00Z"
    chart, findings = read(
        observation(WBC, moment, quantity(2.0, "10*9/L")), observation(ANC_PERCENT, moment, quantity(40, "%"))
    )
    assert values(chart, "neutrophils") == [(12, 0.8, 0)]
    assert chart.methods["neutrophils"].tolist() == ["calculated from a percentage of leukocytes"]
    assert [(found.kind, found.entry, found.read) for found in findings] == [("derived", 3, True)]


def test_a_limit_of_the_white_cells_is_a_limit_of_the_calculated_neutrophils() -> None:
    day = "2024-03-15"
    chart = read(
        observation(WBC, day, quantity(0.2, "10*9/L", "<")), observation(ANC_PERCENT, day, quantity(50, "%"))
    ).chart
    assert values(chart, "neutrophils") == [(5, 0.1, -1)]


def test_segmented_and_band_forms_are_summed_and_one_alone_is_not_a_count() -> None:
    both = [observation("30451-9", "2024-03-20", quantity(0.4, "10*9/L")),
            observation("26507-4", "2024-03-20", quantity(0.2, "10*9/L"))]  # fmt: skip
    assert values(read(*both).chart, "neutrophils") == [(10, 0.6, 0)]
    chart, findings = read(both[0])
    assert values(chart, "neutrophils") == []
    assert findings.counts() == {"not_derived": 1}


def test_percentages_of_segmented_and_band_forms_are_summed_before_the_count() -> None:
    day = "2024-03-20"
    shares = [observation("769-0", day, quantity(30, "%")), observation("764-1", day, quantity(10, "%"))]
    assert values(read(observation(WBC, day, quantity(2, "10*9/L")), *shares).chart, "neutrophils") == [(10, 0.8, 0)]


def test_a_percentage_beside_the_count_is_not_needed_and_one_without_white_cells_gives_none() -> None:
    count = observation(ANC, "2024-03-20", quantity(0.6, "10*9/L"))
    alone = observation(ANC_PERCENT, "2024-03-21", quantity(40, "%"))
    chart, findings = read(count, observation(ANC_PERCENT, "2024-03-20", quantity(40, "%")), alone)
    assert values(chart, "neutrophils") == [(10, 0.6, 0)]
    assert [(found.kind, found.entry) for found in findings] == [("not_needed", 3), ("not_derived", 4)]


def test_each_moment_of_a_day_has_its_own_calculated_count() -> None:
    rows = []
    for hour, cells in (("06", 2.0), ("18", 3.0)):
        moment = f"2024-03-20T{hour}:00:00Z"
        rows += [
            observation(WBC, moment, quantity(cells, "10*9/L")),
            observation(ANC_PERCENT, moment, quantity(50, "%")),
        ]
    assert values(read(*rows).chart, "neutrophils") == [(10, 1.0, 0), (10, 1.5, 0)]


def test_reticulocytes_come_from_red_cells_and_a_percentage() -> None:
    day = "2024-04-01"
    chart = read(
        observation("789-8", day, quantity(3.0, "10*12/L")), observation("4679-7", day, quantity(2, "%"))
    ).chart
    assert values(chart, "reticulocytes") == [(22, 60.0, 0)]


# two codes, repeats


def test_of_two_codes_of_one_moment_the_preferred_is_kept_and_the_other_said() -> None:
    chart, findings = read(
        observation("49497-1", "2024-03-20", quantity(30, "10*9/L")),
        observation(PLATELETS, "2024-03-20", quantity(24, "10*9/L")),
    )
    assert values(chart, "platelets") == [(10, 24.0, 0)]
    assert [(found.kind, found.entry) for found in findings] == [("other_code", 2)]


def test_the_same_reading_twice_is_read_once_or_kept_as_asked() -> None:
    twice = [observation(ANC, "2024-03-20", quantity(0.6, "10*9/L"))] * 2
    assert len(read(*twice).chart.column("neutrophils").day) == 1
    kept = read(*twice, duplicates="keep")
    assert len(kept.chart.column("neutrophils").day) == 2
    assert kept.findings.counts() == {"duplicate": 1}


def test_two_readings_of_different_hours_are_both_kept_without_a_word() -> None:
    hours = [observation(ANC, f"2024-03-20T{hour}:00:00Z", quantity(0.6, "10*9/L")) for hour in ("06", "18")]
    chart, findings = read(*hours)
    assert len(chart.column("neutrophils").day) == 2
    assert findings == ()


# days


@pytest.mark.parametrize(
    ("written", "zone", "day"),
    [
        ("2024-03-20", None, 10),
        ("2024-03-20T23:30:00Z", None, 10),
        ("2024-03-20T23:30:00Z", "Europe/Berlin", 11),
        ("2024-03-21T00:30:00+01:00", "Europe/Berlin", 11),
        ("2024-03-21T00:30:00+01:00", "America/New_York", 10),
        ("2024-03-20T23:30:00", "Europe/Berlin", 10),
        ("2024-03-20T10:00:60.123456789Z", None, 10),
    ],
)
def test_the_day_is_the_one_written_or_that_of_the_zone_asked_for(written: str, zone: str | None, day: int) -> None:
    chart = read(observation(ANC, written, quantity(0.6, "10*9/L")), timezone=zone).chart
    assert values(chart, "neutrophils") == [(day, 0.6, 0)]


def test_the_clock_of_another_zone_is_the_same_moment() -> None:
    moments = ("2024-03-20T06:00:00Z", "2024-03-20T07:00:00+01:00")
    found = read(*(observation(ANC, moment, quantity(0.6, "10*9/L")) for moment in moments)).findings
    assert found.counts() == {"time_zones": 1, "duplicate": 1}


def test_an_unknown_time_zone_is_refused() -> None:
    with pytest.raises(InputError, match="a time zone such as Europe/Berlin"):
        read(observation(ANC, "2024-03-20", quantity(0.6, "10*9/L")), timezone="Middle/Earth")


def test_day_zero_may_be_given_for_all_or_by_patient() -> None:
    alone = bundle(PATIENT, observation(ANC, "2024-03-20", quantity(0.6, "10*9/L")))
    for zero in ("2024-03-15", {"a": "2024-03-15"}):
        assert values(read_bundle(alone, day_zero=zero).chart, "neutrophils") == [(5, 0.6, 0)]
    with pytest.raises(ChartError, match=r"got no dated transplant.*give the day of infusion"):
        read_bundle(alone)
    with pytest.raises(ChartError, match="a patient who is not in the bundle"):
        read_bundle(alone, day_zero={"b": "2024-03-15"})
    with pytest.raises(ChartError, match="a date such as 2024-03-31"):
        read_bundle(alone, day_zero="15.3.2024")


def test_a_transplant_before_the_day_that_was_given_is_said() -> None:
    chart, findings = read(procedure("234336002", "2024-07-01"), day_zero="2024-07-01")
    assert chart.series("a", "infusion").days.tolist() == [0]
    assert [(found.kind, found.entry) for found in findings] == [("not_kept", 1)]


def test_a_later_transplant_is_a_second_graft_and_an_earlier_one_day_zero() -> None:
    chart, findings = read(procedure("23719005", "2024-07-01"))
    assert chart.first_event("second_graft").tolist() == [113]
    assert [found.kind for found in findings] == ["assumed"]


def test_patients_are_kept_apart_and_one_without_transplant_is_said() -> None:
    other = {"reference": "urn:uuid:b"}
    rows = [
        {"fullUrl": "urn:uuid:b", "resource": {"resourceType": "Patient", "id": "b"}},
        {"resource": procedure("234336002", "2024-05-01", subject=other)},
        {"resource": observation(ANC, "2024-05-10", quantity(0.4, "10*9/L"), subject=other)},
        {"resource": observation(ANC, "2024-05-10", quantity(0.4, "10*9/L"), subject={"reference": "Patient/c"})},
    ]
    two = bundle(PATIENT, TRANSPLANT)
    two["entry"] += rows
    chart, findings = read_bundle(two)
    assert chart.patients == ("a", "b")
    assert chart.series("b", "neutrophils").days.tolist() == [9]
    assert findings.counts() == {"assumed": 1, "no_day_zero": 1}


# events


def test_acts_drugs_and_complications_are_events_of_their_day() -> None:
    medication = {
        "resourceType": "Medication",
        "id": "m",
        "code": concept("68442", "http://www.nlm.nih.gov/research/umls/rxnorm"),
    }
    referred = {"resourceType": "MedicationAdministration", "status": "completed", "subject": SUBJECT,
                "medicationReference": {"reference": "Medication/m"}, "effectiveDateTime": "2024-03-15"}  # fmt: skip
    chart, findings = read(
        procedure("12719002", "2024-03-14"),
        procedure("71493000", "2024-03-16"),
        drug("42316", "2024-03-09"),
        medication,
        referred,
        condition("402355000", "2024-04-09"),
        condition("409089005", "2024-03-17"),
        {**PATIENT, "id": "dead"},
    )
    first = {kind: int(chart.first_event(kind)[0]) for kind in chart.events}
    assert first == {"infusion": 0, "platelet_transfusion": 4, "red_cell_transfusion": 6, "calcineurin": -1, "gcsf": 5,
                     "acute_gvhd": 30, "neutropenic_fever": 7}  # fmt: skip
    assert chart.transfusions_recorded.tolist() == [True]
    assert findings == ()


def test_a_death_stands_with_the_patient() -> None:
    dead = {**PATIENT, "deceasedDateTime": "2024-06-18T04:00:00Z"}
    assert read_bundle(bundle(dead, TRANSPLANT)).chart.first_event("death").tolist() == [100]
    found = read_bundle(bundle({**PATIENT, "deceasedBoolean": True}, TRANSPLANT)).findings
    assert [(one.kind, one.field) for one in found] == [("no_date", "deceasedBoolean")]


def test_a_dose_is_read_where_its_unit_is_the_events_own() -> None:
    dose = {"dosage": {"dose": quantity(1000, "mg")}}
    chart, findings = read(drug("3002", "2024-03-13", **dose), drug("68442", "2024-03-15", **dose))
    assert chart.series("a", "cyclophosphamide").values.tolist() == [1000.0]
    assert chart.first_event("gcsf").tolist() == [5]
    assert [(one.kind, one.entry) for one in findings] == [("amount_left_out", 3)]


def test_a_drug_given_over_days_is_an_event_on_each() -> None:
    given = drug("42316", "")
    del given["effectiveDateTime"]
    chart, findings = read({**given, "effectivePeriod": {"start": "2024-03-09", "end": "2024-03-11T10:00:00Z"}})
    assert chart.series("a", "calcineurin").days.tolist() == [-1, 0, 1]
    assert findings.counts() == {"several_days": 1}


def test_the_same_complication_twice_and_an_unconfirmed_one_are_said() -> None:
    unsure = {"verificationStatus": concept("provisional")}
    rows = [condition("402355000", "2024-04-09"), condition("402355000", "2024-04-09T10:00:00Z")]
    chart, findings = read(*rows, condition("402356004", "2024-09-09", **unsure))
    assert chart.series("a", "acute_gvhd").days.tolist() == [30]
    assert "chronic_gvhd" not in chart.events
    assert findings.counts() == {"duplicate": 1, "status": 1}


def test_two_units_of_platelets_of_one_day_are_two() -> None:
    assert len(read(procedure("12719002"), procedure("12719002")).chart.column("platelet_transfusion").day) == 2


# files


def test_a_bundle_is_a_chart_to_read_and_says_that_not_all_was_read(tmp_path: Path) -> None:
    import json

    path = tmp_path / "record.json"
    path.write_text(json.dumps(bundle(PATIENT, TRANSPLANT, observation(ANC, "2024-03-20", {"value": 1}))))
    with pytest.warns(RecordWarning, match=r"record.json: 1 findings, 1 of them about something left out"):
        chart = Chart.read(path)
    assert chart.findings.counts() == {"no_unit": 1}
    assert repr(chart) == "Chart(1 patient, 0 measurements of nothing, 1 event, 1 finding)"


NO_BUNDLES = {
    "{": "no JSON",
    "[" * 100_000: "no JSON",
    "[]": "no resource type",
    '{"resourceType": "Patient"}': "got Patient, expected Bundle",
    '{"resourceType": "Bundle"}': "nothing that a chart holds",
    '{"resourceType": "Bundle", "entry": [], "entry": []}': "a key twice in one object",
}


@pytest.mark.parametrize(("text", "message"), NO_BUNDLES.items(), ids=range(len(NO_BUNDLES)))
def test_what_is_no_bundle_is_refused_in_one_sentence(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "record.json"
    path.write_text(text)
    with pytest.raises(ChartError, match=message) as caught:
        Chart.read(path)
    assert "\n" not in str(caught.value)


def test_options_of_bundles_are_refused_for_tables(tmp_path: Path) -> None:
    with pytest.raises(ChartError, match="day_zero: got an option of FHIR bundles"):
        Chart.read(tmp_path / "counts.csv", day_zero="2024-03-10")
