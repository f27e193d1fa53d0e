"""What was measured: charts of real or virtual patients, read and written."""

from dayzero.records.chart import Chart, Column, Series
from dayzero.records.fhir import Read, read_bundle, write_bundle
from dayzero.records.findings import Finding, Findings
from dayzero.records.sources import read_bmt, read_ebmt, read_heidrich, read_msk, read_paediatric

__all__ = [
    "Chart",
    "Column",
    "Finding",
    "Findings",
    "Read",
    "Series",
    "read_bmt",
    "read_bundle",
    "read_ebmt",
    "read_heidrich",
    "read_msk",
    "read_paediatric",
    "write_bundle",
]
