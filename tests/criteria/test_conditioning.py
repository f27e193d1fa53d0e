"""Intensity, regimens, schedules, body size, exposure, grades and triggers."""

from __future__ import annotations

from typing import Any

import pytest

from dayzero.criteria import (
    abatacept_schedule,
    abw25,
    busulfan_exposure,
    conditioning_intensity,
    ctcae_neutropenia,
    ctcae_thrombocytopenia,
    ibw_devine,
    mtx_schedule,
    ptcy_schedule,
    regimen_totals,
    transfusion_trigger,
)
from dayzero.criteria.regimens import REGIMENS
from dayzero.errors import InputError


def drug(name: str, **dose: Any) -> dict[str, Any]:
    return {"drug": name, **dose}


@pytest.mark.parametrize(
    ("drugs", "scheme", "category"),
    [
        ([drug("TBI", gy=5.5, fractions=1)], None, "MAC"),
        ([drug("TBI", gy=5, fractions=1)], "cibmtr_workshop_2006", "MAC"),
        ([drug("TBI", gy=5, fractions=1)], "cibmtr_form", "RIC"),
        ([drug("TBI", gy=5, fractions=1)], None, None),
        ([drug("TBI", gy=8, fractions=4)], "cibmtr_workshop_2006", "MAC"),
        ([drug("TBI", gy=8, fractions=4)], "cibmtr_form", "RIC"),
        ([drug("TBI", gy=6)], "cibmtr_form", None),
        ([drug("melphalan", mg_m2=140)], "cibmtr_workshop_2006", "MAC"),
        ([drug("melphalan", mg_m2=140)], "cibmtr_form", "RIC"),
        ([drug("melphalan", mg_m2=140)], None, None),
        ([drug("busulfan", mg_kg=12.8, route="iv")], None, "MAC"),
        ([drug("busulfan", mg_kg=6.4, route="iv")], None, "RIC"),
        ([drug("busulfan", mg_kg=8, route="oral")], "bacigalupo_2009", "RIC"),
        ([drug("busulfan", mg_kg=8)], "cibmtr_form", None),
        ([drug("busulfan", mg_m2=520, route="iv")], None, "MAC"),
        ([drug("busulfan", route="iv")], None, None),
        ([drug("busulfan", route="iv"), drug("TBI", gy=12, fractions=6)], None, "MAC"),
        ([drug("thiotepa", mg_kg=10)], None, "MAC"),
        ([drug("treosulfan", g_m2=42)], "cibmtr_form", "MAC"),
        ([drug("TBI", gy=2, fractions=1)], None, "NMA"),
        ([drug("fludarabine", mg_m2=150), drug("cyclophosphamide", mg_kg=60)], None, "NMA"),
        ([drug("TBI", gy=2, fractions=1), drug("melphalan", mg_m2=100)], None, "RIC"),
    ],
)
def test_intensity_follows_the_scheme_and_only_agreement_without_one(
    drugs: list[dict[str, Any]], scheme: str | None, category: str | None
) -> None:
    assert conditioning_intensity(drugs=drugs, scheme=scheme)["category"] == category


@pytest.mark.parametrize(("name", "category"), [("Flu/Bu2", "RIC"), ("Flu/TBI2", "NMA"), ("TBF-MAC", "MAC")])
def test_a_named_regimen_has_an_intensity(name: str, category: str) -> None:
    assert conditioning_intensity(regimen=name)["category"] == category


def test_a_named_regimen_can_be_judged_by_a_dose_scheme() -> None:
    assert conditioning_intensity(regimen="Flu/Mel140", scheme="cibmtr_workshop_2006")["category"] == "MAC"
    assert conditioning_intensity(regimen="Flu/Mel140")["category"] == "RIC"
    assert conditioning_intensity(regimen="TBF-MAC", scheme="trial_label")["category"] is None


def test_a_recalled_scheme_is_marked_as_not_verified() -> None:
    bu = [drug("busulfan", mg_kg=12.8, route="iv")]
    assert conditioning_intensity(drugs=bu, scheme="cibmtr_workshop_2006").verified
    assert not conditioning_intensity(drugs=bu, scheme="cibmtr_form").verified


def test_unknown_schemes_and_regimens_name_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean cibmtr_form"):
        conditioning_intensity(drugs=[], scheme="cibmtr_forms")
    with pytest.raises(InputError, match="did you mean Flu/Bu4"):
        conditioning_intensity(regimen="Flu/Bu44")


@pytest.mark.parametrize(
    ("name", "drug_name", "total"),
    [
        ("Bu4/Cy", "busulfan", 12.8), ("Bu4/Cy", "cyclophosphamide", 120), ("Flu/Bu2", "busulfan", 6.4),
        ("Flu/Bu2", "fludarabine", 150), ("Flu/Bu4", "fludarabine", 120), ("Cy/TBI12", "tbi", 12),
        ("Flu/TBI2", "fludarabine", 90), ("BEAM", "etoposide", 800), ("BEAM", "cytarabine", 800),
        ("Cy200/ATG", "cyclophosphamide", 200), ("Cy200/ATG", "horse_atg", 90), ("Treo42/Flu", "treosulfan", 42),
        ("Treo30/Flu", "treosulfan", 30), ("TBF-MAC", "busulfan", 9.6), ("TBF-RIC", "busulfan", 6.4),
    ],
)  # fmt: skip
def test_the_events_of_a_regimen_sum_to_the_total_its_name_says(name: str, drug_name: str, total: float) -> None:
    assert sum(dose.total for dose in REGIMENS[name].doses if dose.drug == drug_name) == pytest.approx(total)


def test_a_missing_weight_leaves_only_the_amounts_it_decides_missing() -> None:
    found = regimen_totals(regimen="Flu/Bu4", bsa_m2=1.8)
    assert (found["busulfan_mg"], found["fludarabine_mg"], found.complete) == (None, 216.0, False)


def test_schedules_without_body_size_keep_their_days() -> None:
    assert mtx_schedule(bsa_m2=None).values == {"days": [1, 3, 6, 11], "doses_mg": None}
    assert ptcy_schedule(dosing_weight_kg=60, days=(3, 5))["cni_start_day"] == 6


def test_a_small_child_gets_other_abatacept_doses_and_an_infant_none() -> None:
    assert abatacept_schedule(weight_kg=15, age_years=4)["doses_mg"] == [225.0, 180.0, 180.0, 180.0]
    assert abatacept_schedule(weight_kg=15, age_years=4)["dose_mg"] is None
    assert abatacept_schedule(weight_kg=9, age_years=1)["doses_mg"] is None


def test_ideal_weight_is_missing_for_children_and_small_adults() -> None:
    assert ibw_devine(sex="F", height_cm=152.3)["ibw_kg"] is None
    assert ibw_devine(sex="F", height_cm=165, age_years=15)["ibw_kg"] is None
    assert ibw_devine(sex=None, height_cm=170)["ibw_kg"] is None
    assert abw25(sex="M", height_cm=120, weight_kg=30)["abw25_kg"] is None


def test_an_auc_without_unit_interval_and_number_is_refused() -> None:
    found = busulfan_exposure(auc=5000)
    assert not found.complete
    assert all(value is None for value in found.values.values())


def test_without_the_number_of_doses_nothing_is_cumulative() -> None:
    found = busulfan_exposure(auc_um_min=1100, interval_h=6)
    assert found["cumulative_auc_mg_h_l"] is None
    assert busulfan_exposure(css_ng_ml=900)["auc_mg_h_l"] is None


def test_a_grade_is_missing_only_where_the_missing_limit_decides() -> None:
    assert ctcae_neutropenia(anc=1.8)["grade"] is None
    assert ctcae_neutropenia(anc=0.3)["grade"] == 4
    assert ctcae_neutropenia(anc=300, unit="/uL")["grade"] == 4
    assert ctcae_neutropenia(anc=None, lln=1.5)["grade"] is None
    assert ctcae_thrombocytopenia(platelets=25, lln=150)["grade"] == 3


@pytest.mark.parametrize(
    ("inputs", "platelets", "red_cells"),
    [
        ({"platelets": 12}, None, None),
        ({"platelets": 12, "fever_or_sepsis": True}, True, None),
        ({"platelets": 60}, False, None),
        ({"hb_g_dl": 7.2, "symptomatic": False, "cardiac_disease": False}, None, False),
        ({"hb_g_dl": 7.2, "symptomatic": True}, None, True),
        ({"hb_g_dl": 7.0, "symptomatic": False, "cardiac_disease": False}, None, False),
        ({"hb_g_dl": 7.4, "symptomatic": False, "cardiac_disease": False, "cardiac_surgery": True}, None, True),
    ],
)
def test_a_transfusion_is_indicated_by_count_and_circumstance(
    inputs: dict[str, Any], platelets: bool | None, red_cells: bool | None
) -> None:
    found = transfusion_trigger(**inputs)
    assert (found["platelets_indicated"], found["rbc_indicated"]) == (platelets, red_cells)
