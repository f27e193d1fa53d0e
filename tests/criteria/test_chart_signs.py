"""Criteria of a chart against the same criteria of one case, and what only a chart shows: days, windows, records."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import chart

from dayzero.criteria import (
    ctcae_neutropenia,
    ctcae_thrombocytopenia,
    easix,
    febrile_neutropenia,
    vod_ebmt_adult_2023,
    vod_ebmt_paediatric_2018,
    vod_modified_seattle,
)
from dayzero.criteria.chart_engraftment_syndrome import engraftment_syndrome_of, first_neutrophils
from dayzero.criteria.chart_indices import ctcae_of, easix_of
from dayzero.criteria.chart_infection import cmv_significant_of, cmv_trigger_of, febrile_neutropenia_of
from dayzero.criteria.chart_microangiopathy import microangiopathy_of
from dayzero.criteria.chart_vod_editions import vod_by, vod_severity_of
from dayzero.errors import InputError
from dayzero.records import Chart

Row = dict[str, Any]


def row(judged: Any) -> Row:
    return judged.rows()[0]


@settings(max_examples=60, deadline=None)
@given(st.floats(0.5, 4), st.floats(-3, 9), st.sampled_from([None, 0.0, 0.5]), st.integers(0, 30), st.booleans())
def test_a_day_of_a_chart_and_a_case_meet_every_edition_alike(
    bilirubin: float, gain: float, fluid: float | None, day: int, transfused: bool
) -> None:
    signs: Row = {"bilirubin": [(day, bilirubin)], "weight_gain": [(day, gain)]}
    if fluid is not None:
        signs["ascites"] = [(day, fluid)]
    given_chart = chart({"platelet_transfusion": [day]} if transfused else None, recorded=True, **signs)
    ascites = None if fluid is None else fluid > 0
    seattle = vod_modified_seattle(
        bilirubin_mg_dl=bilirubin, hepatomegaly_or_ruq_pain=None, weight_gain_pct=gain, day=day
    )
    child = vod_ebmt_paediatric_2018(
        refractory_thrombocytopenia=None if transfused else False, weight_gain_pct=gain,
        weight_up_3_days_despite_diuretics=None, hepatomegaly=None, ascites=ascites, bilirubin_rising_3_days=None,
        bilirubin_ge2_within_72h=bilirubin >= 2,
    )  # fmt: skip
    adult = vod_ebmt_adult_2023(
        bilirubin_mg_dl=bilirubin, painful_hepatomegaly=None, weight_gain_pct=gain, ascites=ascites,
        us_or_elastography_suggestive=None, day=day,
    )  # fmt: skip
    cases = {"modified Seattle": seattle["vod"], "EBMT 2018": child["vod"], "EBMT 2023": adult["at_least"] is not None}
    for edition, met in cases.items():
        found = row(vod_by(given_chart, edition))
        if edition == "modified Seattle" and day > 20:
            assert found["status"] == "not_evaluable" or met is False
            continue
        assert (found["status"] == "vod") is (met is True), (edition, found)
        assert (found["status"] == "none") <= (met is False)
        if met is False and edition == "modified Seattle":
            assert found["status"] == "none"


def test_three_days_of_rising_bilirubin_count_in_children() -> None:
    rising = [(10, 0.6), (11, 0.8), (12, 1.1), (13, 1.4)]
    assert row(vod_by(chart(bilirubin=rising, ascites=[(13, 0.5)]), "EBMT 2018"))["day"] == 13
    gap = [(10, 0.6), (12, 1.1), (13, 1.4)]
    assert row(vod_by(chart(bilirubin=gap, ascites=[(13, 0.5)]), "EBMT 2018"))["status"] == "possible"


def test_nothing_read_and_nothing_seen_are_told_apart() -> None:
    assert row(vod_by(chart(ascites=[(10, 0.0)]), "EBMT 2023"))["note"] == "not measured: bilirubin"
    quiet = row(vod_by(chart(bilirubin=[(10, 0.5)]), "EBMT 2023"))
    assert quiet["status"] == "not_evaluable" and quiet["note"].startswith("no sign was seen")
    with pytest.raises(InputError, match="did you mean"):
        vod_by(chart(), "EBMT 2024")


def test_severity_is_that_of_the_day_of_diagnosis() -> None:
    signs: Row = {"bilirubin": [(10, 1.0), (12, 2.1), (14, 4.4)], "weight": [(-2, 70.0), (14, 75.0)],
                  "creatinine": [(-5, 0.8), (14, 1.3)], "alt": [(14, 250.0)]}  # fmt: skip
    record = chart(**signs)
    vod = vod_by(record, "EBMT 2023")
    assert row(vod)["day"] == 14
    graded = row(vod_severity_of(record, vod, upper_limits={"alt": 40.0}))
    # severe each: enzymes over 5, bilirubin doubled, weight gain of 7 %, creatinine 1.6 of baseline
    assert (graded["adult_at_least"], graded["child_at_least"]) == ("severe", "very_severe")
    bare = chart(bilirubin=[(14, 2.4)], weight_gain=[(14, 6.0)])
    graded = row(vod_severity_of(bare, vod_by(bare, "EBMT 2023")))
    assert (graded["adult_at_least"], graded["child_at_least"]) == ("severe", "severe")
    none = chart(bilirubin=[(14, 0.4)], weight_gain=[(14, 0.0)])
    assert row(vod_severity_of(none, vod_by(none, "modified Seattle")))["status"] == "not_diagnosed"


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([37.0, 38.0, 38.2, 38.3, 39.0]), st.sampled_from([None, 0.2, 0.5, 0.9, 1.0, 3.0]),
       st.sampled_from([None, 0.2, 0.6]))  # fmt: skip
def test_fever_on_a_chart_is_fever_in_a_case(heat: float, count: float | None, later: float | None) -> None:
    counts = [(day, value) for day, value in ((10, count), (12, later)) if value is not None]
    found = row(febrile_neutropenia_of(chart(temperature=[(10, heat)], neutrophils=counts)))
    not_expected = later is None and count is not None and count >= 1.0
    expected = later < 0.5 if later is not None else False if not_expected else None
    case = febrile_neutropenia(
        max_temp_c=heat, ge_38_0_sustained_1h=None, anc=count, expected_below_0_5_in_48h=expected
    )
    if count is None and later is None:
        assert found["note"] == "not measured: neutrophils"
        return
    words = {True: "febrile_neutropenia", None: "possible"}
    assert found["status"] == words.get(case["fn"], found["status"])
    if case["fn"] is False:
        assert found["status"] in ("none", "not_evaluable")


def test_fever_is_dated_counted_and_stands_beside_what_was_documented() -> None:
    counts = [(day, 0.1) for day in range(5, 15)]
    heat = [(6, 37.0), (8, 38.4), (8, 36.9), (9, 39.1), (30, 39.9)]
    found = row(febrile_neutropenia_of(chart({"neutropenic_fever": [9]}, neutrophils=counts, temperature=heat)))
    assert (found["status"], found["day"], found["days"], found["highest"]) == ("febrile_neutropenia", 8, 2, 39.1)
    assert found["documented_day"] == 9
    unread = row(febrile_neutropenia_of(chart(neutrophils=counts, temperature=[(30, 36.5)])))
    assert unread["note"] == "temperature was not read while neutrophils were low"
    well = row(febrile_neutropenia_of(chart(neutrophils=[(5, 2.0)], temperature=[(5, 37.0)])))
    assert well["status"] == "none"
    assert row(febrile_neutropenia_of(chart(neutrophils=counts)))["note"] == "not measured: temperature"


def test_the_ward_says_from_which_load_it_treats() -> None:
    loads = chart(cmv_dna=[(30, 0.0), (37, 400.0), (44, 1500.0)])
    assert row(cmv_trigger_of(loads, 1000))["day"] == 44
    assert row(cmv_trigger_of(loads, 2000))["status"] == "none"
    silent = row(cmv_trigger_of(loads, None))
    assert (silent["status"], silent["detected_day"], silent["highest"]) == ("not_evaluable", 37, 1500.0)
    assert silent["note"] == "the ward's threshold is not given"
    limit = Chart.from_columns({"cmv_dna": ([0], [30], [500.0], [1])}, ["A"])
    assert row(cmv_trigger_of(limit, 1000))["note"] == "a load given only as a limit decides"
    assert row(cmv_trigger_of(chart(neutrophils=[(1, 1.0)]), 1000))["note"] == "not measured: CMV DNA"


def test_cytomegalovirus_is_significant_by_disease_or_treatment() -> None:
    both = row(cmv_significant_of(chart({"cmv_treatment": [40], "cmv_disease": [35]})))
    assert (both["kind"], both["day"]) == ("cmv_disease", 35)
    assert row(cmv_significant_of(chart(cmv_dna=[(30, 0.0)])))["status"] == "none"
    assert row(cmv_significant_of(chart(neutrophils=[(1, 1.0)])))["status"] == "not_evaluable"


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 5), st.sampled_from([None, 1.8]))
def test_grades_of_a_chart_are_grades_of_a_case(count: float, lln: float | None) -> None:
    assert (
        row(ctcae_of(chart(neutrophils=[(5, count)]), lln=lln))["grade"]
        == ctcae_neutropenia(anc=count, lln=lln)["grade"]
    )
    found = row(ctcae_of(chart(platelets=[(5, 40 * count)]), "platelets", lln=150))
    assert found["grade"] == ctcae_thrombocytopenia(platelets=40 * count, lln=150)["grade"]


def test_grades_by_day_count_measured_days() -> None:
    found = row(
        ctcae_of(chart(platelets=[(-3, 5.0), (5, 30.0), (5, 60.0), (6, 10.0), (9, 26.0), (20, 90.0)]), "platelets")
    )
    assert (found["status"], found["day"], found["days_grade_3"], found["days_grade_4"]) == ("grade 4", 6, 2, 1)
    assert row(ctcae_of(chart(platelets=[(5, 300.0)]), "platelets"))["status"] == "grade 0 or 1"
    assert row(ctcae_of(chart(platelets=[(-5, 3.0)]), "platelets"))["status"] == "not_evaluable"
    with pytest.raises(InputError, match="platelets"):
        ctcae_of(chart(), "lymphocytes")


def test_easix_needs_one_day_with_all_three() -> None:
    full: Row = {"ldh": [(-8, 200.0), (-3, 400.0), (30, 500.0)], "creatinine": [(-8, 1.0), (-3, 2.0), (30, 1.0)],
                 "platelets": [(-8, 100.0), (-3, 50.0), (30, 10.0)]}  # fmt: skip
    found = row(easix_of(chart(**full)))
    assert found["pre"] == easix(ldh_u_l=200, creatinine=1.0, platelets=100)["easix"]
    assert (found["pre_day"], found["last"], found["highest_day"], found["status"]) == (-8, 50.0, 30, "not_high")
    apart = row(easix_of(chart(ldh=[(1, 200.0)], creatinine=[(2, 1.0)], platelets=[(3, 10.0)])))
    assert apart["note"] == "LDH, creatinine and platelets were never measured on one day"
    assert row(easix_of(chart(ldh=[(1, 200.0)])))["note"] == "not measured: creatinine, platelets"
    late = row(easix_of(chart(ldh=[(1, 200.0)], creatinine=[(1, 1.0)], platelets=[(1, 10.0)])))
    assert late["status"] == "calculated"
    empty = row(easix_of(chart(ldh=[(1, 200.0)], creatinine=[(1, 1.0)], platelets=[(1, 0.0)])))
    assert empty["last"] is None  # without platelets it is not defined


BACK: list[tuple[int, float]] = [(8, 0.1), (11, 0.1), (12, 0.6), (13, 0.9), (14, 2.0)]


def test_engraftment_here_takes_two_measurements() -> None:
    assert first_neutrophils(chart(neutrophils=BACK)).tolist() == [12]
    assert np.isnan(first_neutrophils(chart(neutrophils=[(8, 0.1), (12, 0.6), (13, 0.2)]))).all()
    assert np.isnan(first_neutrophils(chart(neutrophils=[(8, 2.0), (12, 2.0), (13, 2.0)]))).all()


SPITZER: Row = {"neutrophils": BACK, "temperature": [(12, 38.5)], "rash": [(13, 40.0)], "oxygen_need": [(12, 0.0)],
                "creatinine": [(-5, 0.8), (14, 1.7)]}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "events", "status", "day"),
    [
        ({}, {"bacteremia": [60]}, "engraftment_syndrome", 14),
        ({}, {"bacteremia": [13]}, "none", None),  # the fever is that of the infection
        ({}, {}, "possible", None),  # no infection of anybody stands on the chart
        ({"creatinine": [(-5, 0.8), (14, 1.5)]}, {"bacteremia": [60]}, "possible", None),  # encephalopathy is not there
        ({"rash": [(13, 20.0)]}, {"bacteremia": [60]}, "none", None),
        ({"rash": [(20, 40.0)]}, {"bacteremia": [60]}, "possible", None),  # not read in the four days
        ({"temperature": [(12, 37.0)]}, {"bacteremia": [60]}, "none", None),
        ({"neutrophils": [(8, 0.1)]}, {"bacteremia": [60]}, "not_evaluable", None),
        ({"temperature": [], "rash": [], "oxygen_need": []}, {"bacteremia": [60]}, "not_evaluable", None),
        ({"temperature": [], "rash": [(12, 0.0)], "oxygen_need": []}, {}, "not_evaluable", None),
        ({"creatinine": [], "bilirubin": [(13, 2.5)]}, {"bacteremia": [60]}, "engraftment_syndrome", 13),
        ({"creatinine": [], "alt": [(13, 90.0)]}, {"bacteremia": [60]}, "engraftment_syndrome", 13),
    ],
)
def test_engraftment_syndrome_by_spitzer(change: Row, events: Row, status: str, day: int | None) -> None:
    signs = {name: rows for name, rows in {**SPITZER, **change}.items() if rows}
    found = row(engraftment_syndrome_of(chart(events, **signs), upper_limits={"alt": 40.0}))
    assert (found["status"], found["day"]) == (status, day)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, "engraftment_syndrome"),
        ({"rash": [(20, 5.0)], "temperature": [(21, 38.0)]}, "engraftment_syndrome"),
        ({"rash": [(20, 0.0)]}, "possible"),  # infiltrates and stools are not on charts
        ({"temperature": [(12, 37.2)]}, "none"),
        ({"temperature": []}, "possible"),
    ],
)
def test_engraftment_syndrome_by_maiolino(change: Row, status: str) -> None:
    signs = {name: rows for name, rows in {**SPITZER, **change}.items() if rows}
    record = chart({"bacteremia": [60], "engraftment_syndrome": [15]}, **signs)
    found = row(engraftment_syndrome_of(record, "Maiolino"))
    assert (found["status"], found["documented_day"]) == (status, 15)
    with pytest.raises(InputError, match="Spitzer or Maiolino"):
        engraftment_syndrome_of(record, "Cornell")


TMA: Row = {"ldh": [(60, 200.0), (70, 700.0), (74, 800.0)], "hemoglobin": [(60, 10.0), (70, 8.0), (74, 7.5)],
            "systolic_pressure": [(60, 120.0), (70, 160.0), (74, 170.0)],
            "urine_protein": [(60, 0.1), (70, 1.5), (74, 2.0)]}  # fmt: skip
ENGRAFTED: Row = {"neutrophils": [(8, 0.1), *((day, 2.0) for day in range(12, 80))]}


@pytest.mark.parametrize(
    ("change", "events", "limits", "status"),
    [
        ({}, {}, {"ldh": 250.0}, "tma"),
        ({}, {}, {}, "not_evaluable"),
        ({"ldh": [(60, 200.0), (70, 700.0), (86, 800.0)]}, {}, {"ldh": 250.0}, "not_evaluable"),  # over 14 days apart
        ({"hemoglobin": [(60, 10.0), (70, 9.8), (74, 9.9)]}, {}, {"ldh": 250.0}, "not_evaluable"),
        ({"hemoglobin": [(60, 10.0)], **ENGRAFTED}, {"red_cell_transfusion": [69, 73]}, {"ldh": 250.0}, "tma"),
        ({"ldh": []}, {}, {"ldh": 250.0}, "not_evaluable"),
        ({"ldh": [(60, 200.0), (74, 200.0)], "systolic_pressure": [], "hemoglobin": [(60, 9.0), (74, 9.0)],
          "urine_protein": [(60, 0.1), (74, 0.1)]}, {}, {"ldh": 250.0}, "not_evaluable"),
    ],
)  # fmt: skip
def test_microangiopathy_of_a_chart(change: Row, events: Row, limits: dict[str, float], status: str) -> None:
    signs = {name: rows for name, rows in {**TMA, **change}.items() if rows}
    found = row(microangiopathy_of(chart(events, recorded=True, **signs), upper_limits=limits))
    assert found["status"] == status
    assert bool(found["note"]) is (status != "tma")


def test_microangiopathy_is_excluded_where_too_few_signs_remain() -> None:
    platelets = [(8, 5.0), *((day, 150.0) for day in range(12, 80))]
    quiet: Row = {"ldh": [(60, 200.0), (74, 200.0)], "platelets": platelets, "urine_protein": [(60, 0.1), (74, 0.1)],
                  "hemoglobin": [(day, 12.0) for day in range(45, 80)], **ENGRAFTED}  # fmt: skip
    record = chart({"platelet_transfusion": [8], "microangiopathy": [90]}, recorded=True, **quiet)
    found = row(microangiopathy_of(record, upper_limits={"ldh": 250.0}))
    assert (found["status"], found["signs"], found["documented_day"]) == ("none", 0, 90)


@pytest.mark.parametrize(
    ("platelets", "events"),
    [
        ([(8, 5.0), *((day, 150.0) for day in range(12, 65)), (69, 60.0), (73, 50.0)], {}),  # half of what they were
        ([(8, 5.0), *((day, 150.0) for day in range(12, 75))], {"platelet_transfusion": [5, 66]}),  # given again
        ([(day, 9.0) for day in range(8, 75)], {}),  # never came back
    ],
)
def test_low_platelets_are_a_sign_of_microangiopathy(platelets: list[tuple[int, float]], events: Row) -> None:
    signs = {**TMA, "hemoglobin": [(day, 12.0) for day in range(45, 80)], "platelets": platelets}
    assert (
        row(microangiopathy_of(chart(events, recorded=True, **signs), upper_limits={"ldh": 250.0}))["status"] == "tma"
    )
