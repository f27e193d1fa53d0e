"""Charts written as FHIR bundles and read back; bundles that the FHIR library accepts and makes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dayzero.errors import ChartError
from dayzero.records import Chart
from dayzero.records.fhir import read_bundle, write_bundle
from dayzero.records.fhir_writing import ACTS, DRUGS
from dayzero.units import EVENTS, QUANTITIES
from records.bundles import ANC, PATIENT, TRANSPLANT, bundle, observation, quantity
from records.test_chart import same


def everything() -> Chart:
    """Each quantity and each event once, of two patients, with limits, methods and facts."""
    middle = {name: (q.low + min(q.high, q.low + 1e6)) / 2 for name, q in QUANTITIES.items()}
    measured = {
        name: (
            [1, 0],
            [at - 9, at],
            [middle[name], middle[name] / 3 + q.low * 2 / 3],
            [at % 3 - 1, 0],
            ["NGS" if "donor" in name else "", "STR"],
        )
        for at, (name, q) in enumerate(QUANTITIES.items())
    }
    events = {
        kind: ([0, 1], [0 if kind == "infusion" else 5 + at] * 2, [np.nan, float(min(q.high, 1e6) * 0.7)])
        for at, (kind, q) in enumerate(EVENTS.items())
    }
    return Chart.from_columns(
        measured, ["A 1", "B_2@3"], events, graft=["PBSC", None], transfusions_recorded=[False, True]
    )


def back(chart: Chart) -> Chart:
    found = read_bundle(json.loads(json.dumps(write_bundle(chart, "2024-03-10"))))
    assert found.findings.lines() == []
    return found.chart


def test_every_quantity_and_event_survives_a_bundle() -> None:
    chart = everything()
    again = back(chart)
    assert same(again, chart)
    assert {name: m.tolist() for name, m in again.methods.items()} == {n: m.tolist() for n, m in chart.methods.items()}


def test_a_patient_without_infusion_keeps_the_days() -> None:
    chart = Chart.from_columns({"neutrophils": ([0, 1], [-3, 400], [0.5, 0.7])}, ["A", "B"])
    assert same(back(chart), chart)


def test_a_bundle_that_is_written_is_a_bundle_to_the_fhir_library() -> None:
    library = pytest.importorskip("fhir.resources.R4B.bundle")
    written = write_bundle(everything(), {"A 1": "2024-03-10", "B_2@3": "2023-12-31"})
    known = library.Bundle.model_validate(written)
    assert len(known.entry) == len(written["entry"])
    found = read_bundle(known)
    assert same(found.chart, everything())


def test_a_bundle_made_with_the_fhir_library_is_read() -> None:
    pytest.importorskip("fhir.resources")
    from fhir.resources.R4B.bundle import Bundle, BundleEntry
    from fhir.resources.R4B.observation import Observation
    from fhir.resources.R4B.patient import Patient
    from fhir.resources.R4B.procedure import Procedure

    resources = [
        Patient(id="a"),
        Procedure.model_validate(TRANSPLANT),
        Observation.model_validate(observation(ANC, "2024-03-24T06:30:00+01:00", quantity(0.1, "10*9/L", "<"))),
    ]  # fmt: skip
    made = Bundle(type="collection", entry=[BundleEntry(resource=one) for one in resources])
    chart, findings = read_bundle(made)
    assert findings == ()
    column = chart.column("neutrophils")
    assert (column.day.tolist(), column.value.tolist(), column.limit.tolist()) == ([14], [0.1], [-1])
    assert read_bundle(json.loads(made.model_dump_json())).chart.column("neutrophils").value.tolist() == [0.1]


def test_no_unconfirmed_code_is_written() -> None:
    text = json.dumps(write_bundle(everything(), "2024-03-10"))
    assert '"751-8"' in text
    assert "8116-6" not in text
    assert "http://snomed.info/sct" not in text


def test_acts_and_drugs_are_events() -> None:
    assert set(ACTS) | set(DRUGS) <= set(EVENTS)
    assert not set(ACTS) & set(DRUGS)


def test_a_chart_without_a_date_for_a_patient_is_not_written() -> None:
    with pytest.raises(ChartError, match="a date for each patient"):
        everything().to_fhir({"A 1": "2024-03-10"})
    with pytest.raises(ChartError, match="a date such as 2024-03-31"):
        everything().to_fhir("tomorrow")


def test_a_bundle_read_is_a_table_that_reads_back(tmp_path: Path) -> None:
    rows = [observation("6690-2", "2024-03-20", {"value": 2, "unit": "/nL"}),
            observation("770-8", "2024-03-20", {"value": 40, "unit": "%"})]  # fmt: skip
    chart = read_bundle(bundle(PATIENT, TRANSPLANT, *rows)).chart
    for name in ("chart.csv", "chart.parquet"):
        again = Chart.read(chart.write(tmp_path / name))
        assert same(again, chart)
        assert again.methods["neutrophils"].tolist() == ["calculated from a percentage of leukocytes"]


@settings(derandomize=True, max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(-400, 4000), st.floats(0, 999), st.sampled_from([-1, 0, 1])),
        min_size=1,
        unique_by=lambda row: row[:2],
    )
)
def test_any_counts_survive_a_bundle(rows: list[tuple[int, int, float, int]]) -> None:
    chart = Chart.from_columns({"neutrophils": tuple(zip(*rows, strict=True))}, list("ABC"))
    assert same(back(chart), chart)
