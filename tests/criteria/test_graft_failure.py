"""Graft failure and function, and donor chimerism, with what is missing left missing."""

from __future__ import annotations

from typing import Any

import pytest

from dayzero.criteria import (
    chimerism_category,
    cytopenic_lineages,
    poor_graft_function,
    primary_graft_failure,
    secondary_graft_failure,
)
from dayzero.errors import InputError

PRIMARY: dict[str, Any] = {
    "definition": "ASTCT", "graft": "PBSC", "anc_recovery_day": None, "pancytopenia": True, "assess_day": 30,
    "alive": True, "relapse": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "failed"),
    [
        ({}, True),
        ({"anc_recovery_day": 30}, False),
        ({"anc_recovery_day": 31}, True),
        ({"assess_day": 29}, None),
        ({"graft": "cord"}, None),
        ({"graft": "cord", "assess_day": 42}, True),
        ({"graft": None}, None),
        ({"graft": None, "assess_day": 42}, True),
        ({"pancytopenia": False}, False),
        ({"pancytopenia": None}, None),
        ({"relapse": True}, None),
        ({"relapse": None}, None),
        ({"relapse": True, "relapse_day": 60, "assess_day": 90}, True),
        ({"alive": False}, None),
        ({"alive": False, "death_day": 29}, None),
        ({"alive": False, "death_day": 80, "assess_day": 60}, True),
        ({"alive": False, "death_day": 29, "anc_recovery_day": 20}, False),
        ({"definition": "EBMT", "hb_g_L": 75, "platelets": 15}, True),
        ({"definition": "EBMT", "hb_g_L": 75, "platelets": 20}, False),
        ({"definition": "EBMT", "hb_g_L": None, "platelets": 15}, None),
        ({"definition": "EBMT", "hb_g_L": None, "platelets": 25}, False),
    ],
)
def test_primary_graft_failure_needs_the_limit_the_counts_and_no_rival(change: dict[str, Any], failed: Any) -> None:
    assert primary_graft_failure(**{**PRIMARY, **change})["graft_failure"] is failed


def test_the_definition_has_no_silent_default() -> None:
    with pytest.raises(TypeError):
        primary_graft_failure()  # type: ignore[call-arg]
    with pytest.raises(InputError, match="did you mean EBMT"):
        primary_graft_failure(**{**PRIMARY, "definition": "EBM"})


LOW = [[60, 0.3], [61, 0.2], [62, 0.4]]


@pytest.mark.parametrize(
    ("inputs", "failed"),
    [
        ({"definition": "EBMT", "anc_later": LOW, "cause": "relapse", "conditioning": "MAC"}, False),
        ({"definition": "EBMT", "anc_later": LOW, "cause": "none_found", "conditioning": "MAC"}, True),
        ({"definition": "EBMT", "anc_later": LOW, "cause": None, "conditioning": "MAC"}, None),
        ({"definition": "EBMT", "anc_later": [[60, 0.9]], "cause": None, "conditioning": "MAC"}, False),
        ({"definition": "EBMT", "anc_later": LOW, "cause": "none_found", "conditioning": "RIC"}, None),
        (
            {"definition": "EBMT", "anc_later": LOW, "cause": "none_found", "conditioning": "RIC",
             "donor_chimerism_pct": 80}, False,
        ),
        ({"definition": "three_days", "anc_later": [[90, 0.4], [91, 0.3], [92, 0.8]], "cause": "none"}, False),
        ({"definition": "three_days", "anc_later": [[90, 0.4], [92, 0.3], [95, 0.2]], "cause": "none"}, None),
        ({"definition": "three_days", "anc_later": [[10, 0.4], [11, 0.3], [12, 0.2]], "cause": "none"}, False),
        ({"definition": "ASTCT", "platelets_recovered_day": 25, "support_needed": True, "cause": "none"}, True),
        ({"definition": "ASTCT", "support_needed": True, "cause": "none"}, None),
    ],
)  # fmt: skip
def test_secondary_graft_failure_follows_its_definition(inputs: dict[str, Any], failed: Any) -> None:
    assert secondary_graft_failure(recovered_day=20, **inputs)["graft_failure"] is failed


def test_an_unknown_cause_is_refused_rather_than_guessed() -> None:
    with pytest.raises(InputError, match="cause"):
        secondary_graft_failure(definition="EBMT", recovered_day=20, anc_later=LOW, cause="moonlight")


POOR: dict[str, Any] = {
    "day": 60, "cytopenic_lineages": 2, "duration_days": 20, "donor_chimerism_pct": 99, "other_cause": False
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "poor"),
    [
        ({}, True),
        ({"day": 28}, False),
        ({"duration_days": 14}, False),
        ({"cytopenic_lineages": 1}, False),
        ({"donor_chimerism_pct": 5}, False),
        ({"other_cause": True}, False),
        ({"other_cause": None}, None),
        ({"donor_chimerism_pct": None}, None),
        ({"donor_chimerism_pct": None, "duration_days": 3}, False),
        ({"donor_chimerism_pct": 90, "full_donor": True}, False),
    ],
)
def test_poor_graft_function_needs_every_item(change: dict[str, Any], poor: Any) -> None:
    assert poor_graft_function(**{**POOR, **change})["poor_graft_function"] is poor


def test_a_lineage_not_measured_is_not_counted_as_normal() -> None:
    assert cytopenic_lineages(hb_g_dl=6.5, anc=0.3, platelets=None) is None
    assert cytopenic_lineages(hb_g_dl=6.5, anc=0.5, platelets=19) == 2


@pytest.mark.parametrize(
    ("inputs", "category"),
    [
        ({"donor_pct": 95.0}, None),
        ({"donor_pct": 95.1}, "full"),
        ({"donor_pct": 5.0}, "mixed"),
        ({"donor_pct": 4.9}, "loss"),
        ({"myeloid_pct": 99, "t_cell_pct": 98}, "full"),
        ({"lineages": {"myeloid": 99, "t_cell": 40}}, "mixed"),
        ({"lineages": {"myeloid": 99, "t_cell": 2}}, "mixed"),
        ({"lineages": {"myeloid": 1, "t_cell": 2}}, "loss"),
        ({"lineages": {"myeloid": 99, "t_cell": None}}, None),
        ({"lineages": {"myeloid": 60, "t_cell": None}}, "mixed"),
    ],
)
def test_chimerism_has_a_word_only_where_the_rules_agree(inputs: dict[str, Any], category: str | None) -> None:
    assert chimerism_category(**inputs)["category"] == category


def test_cell_lines_that_disagree_are_called_split() -> None:
    assert chimerism_category(lineages={"myeloid": 99, "t_cell": 40})["split"] is True
    assert chimerism_category(lineages={"myeloid": 60, "t_cell": 40})["split"] is False


def test_a_share_over_one_hundred_percent_is_refused() -> None:
    with pytest.raises(InputError, match="percent donor"):
        chimerism_category(donor_pct=101)
