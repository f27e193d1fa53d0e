"""What a row was used for: input (it is a parameter), calibrated (seen as values were chosen), predicted (not used)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from dayzero.analyse.evidence.registry import FOLDER
from dayzero.analyse.evidence.rows import Finding
from dayzero.spec.files import read_yaml

INPUT, CALIBRATED, PREDICTED = "input", "calibrated", "predicted"
ROLES = (INPUT, CALIBRATED, PREDICTED)


@cache
def _table() -> Mapping[str, Any]:
    return read_yaml(FOLDER / "roles.yaml")


@cache
def calibrated() -> frozenset[str]:
    """Identifiers of rows that a fit aimed at, or that were looked at while a value was chosen by hand."""
    return frozenset(_table()["calibrated"])


def role_of(finding: Finding) -> str:
    """The role of a finding, by the table `data/scoreboard/roles.yaml`.

    >>> role_of(Finding("x", "os_2y_pct", topic="survival"))
    'predicted'
    """
    table = _table()
    if finding.topic in table["input_topics"] or finding.id in table["input"]:
        return INPUT
    if finding.id in calibrated():
        return CALIBRATED
    return PREDICTED
