"""FHIR R4 bundles as charts and charts as FHIR R4 bundles; plain JSON, no FHIR library needed.

What is read, and how, is described in `dayzero.records.fhir_reading` (which resources), `fhir_observation` (values),
`fhir_clinical` (events), `fhir_settling` (two codes, repeats, percentages), `codes` (which code is which quantity).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from dayzero.errors import RecordWarning
from dayzero.records.chart import Chart, Duplicates
from dayzero.records.findings import Findings

DayZero = date | str | Mapping[str, date | str]


class Read(NamedTuple):
    """What a bundle gave: the chart, and everything that was wrong, doubtful or left out."""

    chart: Chart
    findings: Findings


def read_bundle(
    source: str | Path | Mapping[str, object],
    day_zero: DayZero | None = None,
    codes: str | Path | None = None,
    timezone: str | None = None,
    duplicates: Duplicates = "refuse",
) -> Read:
    """The chart of a FHIR R4 bundle, and what was found in it.

    Parameters
    ----------
    source : a JSON file, its content as plain data, or a Bundle of fhir.resources.
    day_zero : the day of infusion, for all patients or by patient; None: the first completed transplant of each.
    codes : a site's own codes (CSV or YAML with system, code, quantity and, where wanted, unit, method, how).
    timezone : zone to read times in (``Europe/Berlin``); None: the day is the one that is written.
    duplicates : ``keep`` keeps a reading that stands there twice; it is said either way.

    Examples
    --------
    >>> count = {"resourceType": "Observation", "status": "final", "subject": {"reference": "Patient/a"},
    ...          "code": {"coding": [{"system": "http://loinc.org", "code": "751-8"}]},
    ...          "effectiveDateTime": "2024-03-24", "valueQuantity": {"value": 600, "unit": "/uL"}}
    >>> patient = {"resourceType": "Patient", "id": "a"}
    >>> bundle = {"resourceType": "Bundle", "entry": [{"resource": patient}, {"resource": count}]}
    >>> chart, findings = read_bundle(bundle, day_zero="2024-03-10")
    >>> chart.series("a", "neutrophils").days.tolist(), chart.series("a", "neutrophils").values.tolist()
    ([14], [0.6])
    >>> len(findings)
    0
    """
    from dayzero.records import fhir_reading

    return Read(*fhir_reading.read(source, day_zero, codes, timezone, duplicates == "keep"))


def read_chart(
    path: Path, duplicates: Duplicates, day_zero: DayZero | None, codes: str | Path | None, timezone: str | None
) -> Chart:
    """The chart of a bundle; a warning says that there are findings. See `Chart.read`."""
    chart, found = read_bundle(path, day_zero, codes, timezone, duplicates)
    if found:
        left_out = sum(not one.read for one in found)
        told = f"{len(found)} findings, {left_out} of them about something left out; see chart.findings"
        warnings.warn(f"{path.name}: {told}", RecordWarning, stacklevel=3)
    return chart


def write_bundle(chart: Chart, day_zero: DayZero) -> dict[str, Any]:
    """A chart as a FHIR R4 Bundle, plain data that ``json.dump`` writes and `read_bundle` reads back.

    ``day_zero``: the date that day 0 becomes, for all patients or by patient.

    >>> chart = Chart.from_columns({"platelets": ([0], [20], [24.0])}, ["A"])
    >>> bundle = write_bundle(chart, "2024-03-10")
    >>> [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    ['Patient', 'Procedure', 'Observation']
    >>> read_bundle(bundle).chart.series("A", "platelets").values.tolist()
    [24.0]
    """
    from dayzero.records import fhir_writing

    return fhir_writing.write(chart, day_zero)
