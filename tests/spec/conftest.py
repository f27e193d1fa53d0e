from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def patient() -> dict[str, Any]:
    return {
        "age_years": 45,
        "sex": "male",
        "weight_kg": 75,
        "height_cm": 175,
        "diagnosis": "aml",
        "status": "remission_1",
    }


@pytest.fixture
def written(patient: dict[str, Any]) -> dict[str, Any]:
    """A small valid plan as plain data."""
    return {
        "schema": 1,
        "patient": patient,
        "donor": {"kind": "matched_sibling"},
        "graft": {"source": "mobilised_blood"},
        "conditioning": "bu4-cy",
        "prophylaxis": "cni-mtx",
    }
