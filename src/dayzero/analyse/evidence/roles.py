"""What a row was used for: input (it is a parameter), calibrated (used in a fit), predicted (not used)."""

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
def _calibrated() -> frozenset[str]:
    return frozenset(_table()["calibrated"])


def role_of(finding: Finding) -> str:
    """The role of a finding, by the table `data/scoreboard/roles.yaml`.

    >>> role_of(Finding("x", "os_2y_pct", topic="survival"))
    'predicted'
    """
    table = _table()
    if finding.topic in table["input_topics"] or finding.id in table["input"]:
        return INPUT
    if finding.id in _calibrated():
        return CALIBRATED
    return PREDICTED
