"""Everything at once: what is judged, what is not, and what must not change the answer."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import READ, Happened, Rows, chart, course, made, records

from dayzero.criteria.status import Status, status_of
from dayzero.criteria.status_entries import NOT_EVALUABLE
from dayzero.errors import InputError
from dayzero.records import Chart
from dayzero.units import QUANTITIES

KNOWN: dict[str, Any] = {"cmv_threshold": 1000.0, "upper_limits": {"ldh": 250.0, "alt": 40.0}}
Record = tuple[Rows, Happened, bool]


def same(one: Status, other: Status) -> None:
    assert list(one.rows()) == list(other.rows())


courses = st.integers(0, 10**6).map(course)


@settings(max_examples=25, deadline=None)
@given(st.one_of(records(), courses))
def test_any_chart_is_judged_whole_and_nothing_is_dropped_in_silence(record: Record) -> None:
    status = status_of(made(*record), **KNOWN)
    for entry in status.entries:
        assert entry.judgement.patients == status.patients
        assert {len(column) for column in entry.judgement.columns.values()} == {len(status)}
        is_open = entry.judgement.status == NOT_EVALUABLE
        assert (entry.judgement.note[is_open] != "").all(), f"{entry.name} does not say what is missing"
        assert (entry.judgement.status != "").all()
        assert set(entry.tells) <= set(entry.judgement.columns)
        positive = np.isin(entry.judgement.status, list(entry.positive))
        assert not np.isnan(entry.judgement.day[positive]).any(), f"{entry.name} is positive on no day"
    counts = status.counts()
    assert all(row.judged + row.possible + row.not_evaluable == len(status) for row in counts)
    assert len(counts) == len(status.entries)


@settings(max_examples=8, deadline=None)
@given(courses, st.integers(0, 1000))
def test_the_order_of_rows_changes_nothing(record: Record, seed: int) -> None:
    rows, events, recorded = record
    shuffled = random.Random(seed)
    mixed = {name: shuffled.sample(given, len(given)) for name, given in rows.items()}
    again = {kind: shuffled.sample(given, len(given)) for kind, given in events.items()}
    same(status_of(made(rows, events, recorded), **KNOWN), status_of(made(mixed, again, recorded), **KNOWN))


@settings(max_examples=6, deadline=None)
@given(courses)
def test_a_patient_is_judged_in_a_cohort_as_the_same_chart_says(record: Record) -> None:
    """A cohort changes nothing but what is known to be recorded, which is that of the whole cohort."""
    rows, events, recorded = record
    twice = {name: given + [(who + 4, *rest) for who, *rest in given] for name, given in rows.items()}
    also = {kind: given + [(who + 4, *rest) for who, *rest in given] for kind, given in events.items()}
    one = list(status_of(made(rows, events, recorded), **KNOWN).rows())
    both = list(status_of(made(twice, also, recorded, 8), **KNOWN).rows())
    assert [row["criteria"] for row in both] == 2 * [row["criteria"] for row in one]


FOREIGN = {"neutrophils": "/uL", "platelets": "/uL", "hemoglobin": "g/L", "creatinine": "umol/L", "bilirubin": "umol/L",
           "temperature": "[degF]", "stool_volume": "L/d", "cmv_dna": "IU/L", "weight": "g"}  # fmt: skip


@settings(max_examples=5, deadline=None)
@given(record=courses)
def test_other_units_change_nothing(record: Record, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("units")
    plain = made(*record)
    first = folder / "plain.csv"
    plain.write(first)
    lines = first.read_text().splitlines()
    head = lines[0].split(",")
    name, value, unit = (head.index(column) for column in ("quantity", "value", "unit"))
    converted = [lines[0]]
    for line in lines[1:]:
        cells = line.split(",")
        written = FOREIGN.get(cells[name])
        if written and cells[value]:
            known = QUANTITIES[cells[name]]
            per, zero = known.accepted[written], known.zero.get(written, 0.0)
            cells[value], cells[unit] = repr(round(float(cells[value]) * per + zero, 6)), written
        converted.append(",".join(cells))
    second = folder / "other.csv"
    second.write_text("\n".join(converted) + "\n")
    one, other = (status_of(Chart.read(path, duplicates="keep"), **KNOWN) for path in (first, second))
    for mine, theirs in zip(one.entries, other.entries, strict=True):
        assert mine.judgement.status.tolist() == theirs.judgement.status.tolist(), mine.name
        np.testing.assert_array_equal(mine.judgement.day, theirs.judgement.day)


def polarity(status: Status) -> dict[tuple[str, str], tuple[bool, str]]:
    """Positive or negative, with the note, of each decided answer."""
    found = {}
    for entry in status.entries:
        judged = entry.judgement
        for at, patient in enumerate(status.patients):
            word = str(judged.status[at])
            if word not in (NOT_EVALUABLE, "possible", "competing"):
                found[entry.name, patient] = word in entry.positive, str(judged.note[at])
    return found


@settings(max_examples=20, deadline=None)
@given(courses, st.sampled_from(sorted(set(READ) - {"weight"})))
def test_a_sign_added_never_turns_an_answer_round_without_a_reason(record: Record, gone: str) -> None:
    """GRFS grades by signs or as documented, as a chart allows; a weight chooses the scale of children."""
    rows, events, recorded = record
    less = polarity(status_of(made({n: r for n, r in rows.items() if n != gone}, events, recorded), **KNOWN))
    more = polarity(status_of(made(rows, events, recorded), **KNOWN))
    for key in less.keys() & more.keys():
        if key[0] in ("GRFS", "stages on the last day"):
            continue
        (was, old_note), (now, new_note) = less[key], more[key]
        assert was == now or old_note or new_note, f"{key} turned round when {gone} was added"


@settings(max_examples=20, deadline=None)
@given(courses, st.integers(0, 70))
def test_what_happened_stays_when_the_chart_goes_on(record: Record, day: int) -> None:
    rows, events, recorded = record
    early = {name: [row for row in given if row[1] <= day] for name, given in rows.items()}
    until = {kind: [row for row in given if row[1] <= day] for kind, given in events.items()}
    before, after = status_of(made(early, until, recorded), **KNOWN), status_of(made(rows, events, recorded), **KNOWN)
    now = polarity(after)
    for key, (was, _) in polarity(before).items():
        graded_later = key[0] == "GRFS" and events.get("moderate_chronic_gvhd") and not until["moderate_chronic_gvhd"]
        if was and key in now and not graded_later and key[0] not in ("donor chimerism", "stages on the last day"):
            is_positive, note = now[key]
            assert is_positive or note, f"{key} was there on day {day} and is not any more"


@settings(max_examples=30, deadline=None)
@given(st.integers(8, 25), st.floats(1.0, 6.0), st.floats(1.05, 3.0))
def test_higher_counts_come_back_earlier(nadir: int, steep: float, factor: float) -> None:
    days = np.arange(0, 70)
    counts = 0.05 * np.exp(np.abs(days - nadir) / steep)
    lower, higher = (
        status_of(chart(neutrophils=list(zip(days, np.minimum(counts * by, 50), strict=True))))["neutrophils 0.5"]
        for by in (1.0, factor)
    )
    if lower.status[0] == "recovered" and higher.status[0] == "recovered":
        assert higher.day[0] <= lower.day[0]
    assert not (lower.status[0] == "recovered" and higher.status[0] == "not_yet")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(8, 60), st.floats(0.2, 8)), min_size=1, max_size=8), st.floats(1.0, 3.0))
def test_higher_bilirubin_is_never_later_nor_milder(readings: list[tuple[int, float]], factor: float) -> None:
    def of(by: float) -> Chart:
        return chart(bilirubin=[(day, value * by) for day, value in readings], weight_gain=[(9, 6.0), (30, 6.0)],
                     ascites=[(9, 1.0), (30, 1.0)], rash=[(9, 0.0)], stool_volume=[(20, 0.0)])  # fmt: skip

    less, more = status_of(of(1.0)), status_of(of(factor))
    for name in ("Baltimore", "EBMT 2016, adults", "EBMT 2023, adults", "EBMT 2018, children"):
        if not np.isnan(less[name].day[0]):
            assert more[name].day[0] <= less[name].day[0]
    assert more["acute GVHD by signs"]["at_least"][0] >= less["acute GVHD by signs"]["at_least"][0]


def test_an_outcome_is_not_judged_where_relapse_is_recorded_of_nobody() -> None:
    died = chart({"death": [(40, 2.0)]}, neutrophils=[(10, 0.1)])
    assert status_of(died)["non-relapse mortality"].status[0] == NOT_EVALUABLE
    assert "relapse" in status_of(died)["non-relapse mortality"].note[0]
    told = status_of(died, recorded=("relapse", "chronic_gvhd"))
    assert told["non-relapse mortality"].rows()[0]["cause"] == "infection"
    assert told["CRFS"].status[0] == "event"
    assert told["chronic GVHD"].status[0] == "not_documented"


def test_chronic_disease_without_severity_leaves_crfs_open() -> None:
    status = status_of(chart({"chronic_gvhd": [100], "relapse": [200]}))
    assert status["CRFS"].status[0] == NOT_EVALUABLE
    assert status["chronic GVHD"].rows()[0]["day"] == 100
    assert status["severity (NIH)"].status[0] == NOT_EVALUABLE


def test_documented_grades_stand_beside_those_of_the_signs() -> None:
    status = status_of(chart({"acute_gvhd": [(120, 3.0)], "relapse": [300], "chronic_gvhd": [400]}))
    assert status["acute GVHD as documented"].rows()[0]["grade"] == "III"
    assert status["GRFS"].rows()[0]["kind"] == "relapse"  # grade III after day 100 is not acute GVHD by day 100


def test_the_weight_of_a_child_chooses_its_scale() -> None:
    signs: dict[str, Any] = {"rash": [(20, 0.0)], "bilirubin": [(20, 0.5)], "stool_volume": [(20, 400.0)]}
    assert status_of(chart(**signs))["acute GVHD by signs"].rows()[0]["grade"] == "0"
    child = status_of(chart(weight=[(-3, 20.0), (30, 90.0)], **signs))
    assert child["acute GVHD by signs"].rows()[0]["grade"] == "III"


@pytest.mark.parametrize(
    "asked",
    [{"upper_limits": {"ldl": 250}}, {"upper_limits": {"ldh": 0}}, {"recorded": ["relaps"]}, {"cmv_threshold": 0.0}],
)
def test_what_is_asked_wrongly_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        status_of(chart(neutrophils=[(10, 0.1)]), **asked)


def test_each_definition_is_told_once_with_its_source() -> None:
    told = status_of(chart(neutrophils=[(10, 0.1)])).definitions()
    assert len({one.rule for one in told}) == len(told)
    assert all(one.citation and one.version for one in told)
    assert [one.rule for one in told if not one.verified] == ["crfs"]


def test_a_judgement_names_its_rule_and_columns() -> None:
    judged = status_of(chart(neutrophils=[(10, 0.1)]))["CRFS"]
    assert repr(judged) == "Judgement(crfs, 1 patient: status, day, kind, note)"


def test_a_criterion_is_found_by_its_name() -> None:
    status = status_of(chart(neutrophils=[(10, 0.1)]))
    assert repr(status) == f"Status(1 patients, {len(status.entries)} criteria)"
    with pytest.raises(InputError, match="did you mean"):
        status["neutrophil 0.5"]


def test_a_chart_without_patients_has_a_status() -> None:
    empty = status_of(Chart.from_columns({}, []))
    assert len(empty) == 0 and list(empty.rows()) == []
    assert all(row.judged == 0 for row in empty.counts())
