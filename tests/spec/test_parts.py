from __future__ import annotations

import pickle
from typing import Any

import pytest

from dayzero.errors import SpecError
from dayzero.spec import (
    Boost,
    Calcineurin,
    Care,
    Conditioning,
    Donor,
    DonorLymphocytes,
    DrugCourse,
    Gcsf,
    Graft,
    Immunoglobulin,
    Irradiation,
    Laboratory,
    Letermovir,
    Maintenance,
    Methotrexate,
    MouldAzole,
    Patient,
    PlateletTransfusion,
    Population,
    Preemptive,
    Prophylaxis,
    Quinolone,
    RescueGraft,
    Ruxolitinib,
    Spread,
    Steroids,
)
from dayzero.spec.base import SpecModel
from dayzero.spec.vocabulary import DIAGNOSES, STATUSES


def test_a_plan_part_cannot_be_changed_in_place(patient: dict[str, Any]) -> None:
    with pytest.raises(Exception, match="frozen"):
        Patient(**patient).age_years = 50  # pyright: ignore[reportAttributeAccessIssue]


def test_a_dose_left_out_is_typical_of_the_source() -> None:
    assert Graft(source="mobilised_blood").doses()["cd34"] == 5e6
    assert Graft(source="marrow").doses()["cd3"] == 2.5e7
    assert Graft(source="cord").doses()["tnc"] == 2.5e7
    assert Graft(source="cord").doses()["naive_t"] == pytest.approx(0.9 * 5e6)


def test_depleting_t_cells_depletes_their_naive_and_regulatory_part() -> None:
    before = Graft(source="mobilised_blood").doses()
    after = Graft(source="mobilised_blood", log10_depletion={"cd3": 4}).doses()
    for subset in ("cd3", "naive_t", "treg"):
        assert after[subset] == pytest.approx(before[subset] / 1e4)
    assert after["nk"] == before["nk"]


def test_depleting_naive_t_cells_takes_only_them_from_cd3() -> None:
    before = Graft(source="mobilised_blood").doses()
    after = Graft(source="mobilised_blood", log10_depletion={"naive_t": 4}).doses()
    assert after["cd3"] == pytest.approx(before["cd3"] - before["naive_t"] * (1 - 1e-4))
    assert after["treg"] == before["treg"]


def test_expansion_multiplies_the_collected_dose() -> None:
    assert Graft(source="cord", cd34_per_kg=1e5, fold_expansion={"cd34": 40}).doses()["cd34"] == pytest.approx(4e6)


def test_thawing_costs_cells() -> None:
    assert Graft(source="cord").viable_fraction == 1
    assert Graft(source="cord", cryopreserved=True).viable_fraction == 0.85
    assert Graft(source="cord", cryopreserved=True, viability=0.7).viable_fraction == 0.7


def test_a_graft_without_cells_can_be_planned() -> None:
    assert Graft(source="marrow", cd34_per_kg=0).doses()["cd34"] == 0


def test_totals_are_kept_by_drug_and_unit() -> None:
    regimen = Conditioning(
        drugs=(
            DrugCourse(drug="busulfan", days=(-5, -4), dose_mg_per_kg=3.2),
            DrugCourse(drug="busulfan", days=(-3,), dose_mg_per_m2=130),
            DrugCourse(drug="alemtuzumab", days=(-8,), dose_mg=30),
        ),
        irradiation=(Irradiation(days=(-1,), fraction_gy=2, fractions_per_day=2),),
    )
    assert regimen.total_mg_per_kg("busulfan") == 6.4
    assert regimen.total_mg_per_m2("busulfan") == 130
    assert regimen.total_gy() == 4
    assert regimen.total_gy("total_lymphoid") == 0
    assert regimen.first_day == -8
    assert regimen.totals()["alemtuzumab mg"] == 30


def test_days_are_kept_in_order_and_a_single_day_may_stand_alone() -> None:
    assert DrugCourse(drug="melphalan", days=[-2, -3], dose_mg_per_m2=100).days == (-3, -2)
    assert DrugCourse(drug="melphalan", days=-2, dose_mg_per_m2=200).days == (-2,)


def test_typical_hla_follows_the_kind_of_donor() -> None:
    assert Donor(kind="autologous").hla is None
    assert Donor(kind="matched_unrelated").mismatches == 0
    assert Donor(kind="haploidentical").mismatches == 4
    assert Donor(kind="mismatched_unrelated", hla_matched=9, hla_of=10).mismatches == 1


def test_null_switches_a_policy_off() -> None:
    assert Care(platelet_transfusion=None).platelet_transfusion is None
    assert Care().gcsf is None
    assert Prophylaxis().calcineurin is None


def test_marrow_left_out_is_that_of_the_diagnosis(patient: dict[str, Any]) -> None:
    assert Patient(**patient).cellularity == 1
    assert Patient(**patient | {"diagnosis": "aplastic_anemia"}).cellularity == 0.03
    assert Patient(**patient | {"diagnosis": "inherited_marrow_failure"}).cellularity == 0.1
    assert Patient(**patient | {"diagnosis": "aplastic_anemia", "marrow_cellularity": 0}).cellularity == 0


@pytest.mark.parametrize(
    ("diagnosis", "status", "left"),
    [
        ("aml", "active", 0.3),
        ("all", "untreated", 0.3),
        ("cml", "blast_phase", 0.3),
        ("mpn", "blast_phase", 0.3),
        ("mds", "active", 0.4),
        ("mds", "untreated", 0.4),
        ("mds", "blast_phase", 0.3),
        ("mds", "remission_1", 1),
        ("aml", "remission_2_or_later", 1),
        ("cml", "chronic_phase", 1),
        ("mpn", "active", 1),
        ("myeloma", "active", 1),
        ("aplastic_anemia", "active", 0.03),
    ],
)
def test_overt_disease_of_the_marrow_leaves_less_of_it(
    patient: dict[str, Any], diagnosis: str, status: str, left: float
) -> None:
    assert Patient(**patient | {"diagnosis": diagnosis, "status": status}).cellularity == left


def test_every_disease_in_every_status_leaves_some_marrow(patient: dict[str, Any]) -> None:
    for diagnosis in DIAGNOSES:
        for status in STATUSES:
            assert 0 < Patient(**patient | {"diagnosis": diagnosis, "status": status}).cellularity <= 1


def test_the_ward_treats_by_rule_unless_told_otherwise() -> None:
    care = Care()
    assert care.quinolone == Quinolone(start_day=-1, stop_anc_1e9_per_l=0.5)
    assert care.mould_azole == MouldAzole(during_neutropenia=False, during_steroids=True)
    assert care.preemptive == Preemptive(threshold_iu_per_ml=1000, least_days=14, foscarnet_before_anc_1e9_per_l=0.5)
    assert care.immunoglobulin == Immunoglobulin(trigger_g_per_l=4, interval_days=28)
    assert care.steroids == Steroids(
        start_grade=2, dose_mg_per_kg=2, dose_grade_two_mg_per_kg=1, hold_days=7, taper_per_day=0.97,
        refractory_after_days=7, chronic_dose_mg_per_kg=1,
    )  # fmt: skip
    assert care.ruxolitinib == Ruxolitinib(least_days=56)
    assert (care.calcineurin_hold_in_gvhd, care.ursodiol, care.defibrotide) == (True, True, True)
    assert (care.cryotherapy, care.palifermin) == (False, False)
    for name in ("letermovir", "donor_lymphocytes", "boost", "rescue_graft", "maintenance"):
        assert getattr(care, name) is None


@pytest.mark.parametrize(
    "name", [n for n, field in Care.model_fields.items() if "null: none" in str(field.description)]
)
def test_every_policy_can_be_switched_off_and_stays_off(name: str) -> None:
    care = Care(**{name: None})
    assert getattr(Care(**care.plain()), name) is None


def test_what_the_ward_gives_when_asked_has_usual_doses() -> None:
    assert Letermovir() == Letermovir(start_day=5, stop_day=100)
    assert Boost() == Boost(cd34_per_kg=3e6, from_day=35, anc_1e9_per_l=1, platelets_1e9_per_l=30, interval_days=60)
    assert RescueGraft() == RescueGraft(day=28, cd34_per_kg=5e6)
    assert Maintenance(drug="tki") == Maintenance(drug="tki", start_day=60, stop_day=730)
    asked = DonorLymphocytes(on_relapse=True)
    assert (asked.planned_days, asked.cd3_per_kg, asked.interval_days, asked.most_doses) == ((), 1e6, 56, 3)


def test_each_infusion_of_donor_lymphocytes_is_larger_than_the_last() -> None:
    given = DonorLymphocytes(planned_days=(100, 160, 220), cd3_per_kg=1e6, escalation=5)
    assert [given.dose(number) for number in (1, 2, 3)] == [1e6, 5e6, 25e6]


def test_cmv_is_tested_from_the_infusion_to_the_last_day_asked_for() -> None:
    weekly = Laboratory(cmv_until_day=21)
    assert [day for day in range(-10, 60) if weekly.is_cmv_test(day)] == [0, 7, 14, 21]
    assert not any(Laboratory(cmv_every_days=None).is_cmv_test(day) for day in range(-10, 60))


def _models(part: type[SpecModel]) -> set[type[SpecModel]]:
    inner = [each for field in part.model_fields.values() for each in getattr(field.annotation, "__args__", ())]
    return {part, *(each for each in inner if isinstance(each, type) and issubclass(each, SpecModel))}


@pytest.mark.parametrize("part", sorted(_models(Care), key=lambda part: part.__name__))
def test_every_field_of_care_says_what_it_means(part: type[SpecModel]) -> None:
    assert all(field.description for field in part.model_fields.values())


def test_a_trigger_of_zero_or_none_needs_no_report() -> None:
    blind = Laboratory(platelet_detection_limit_1e9_per_l=20, anc_detection_limit_1e9_per_l=1)
    Care(platelet_transfusion=None, laboratory=blind)
    Care(platelet_transfusion=PlateletTransfusion(trigger_1e9_per_l=0), laboratory=blind)
    Care(platelet_transfusion=None, gcsf=Gcsf(stop_anc_1e9_per_l=1), laboratory=blind)


def test_visits_thin_out_with_time() -> None:
    visits = Laboratory().visit_days(-5, 365)
    assert set(range(-5, 31)) <= set(visits)
    assert len([day for day in visits if 31 <= day <= 37]) == 3
    assert len([day for day in visits if 61 <= day <= 67]) == 1
    assert [day for day in visits if day > 100][:2] == [130, 160]


def test_a_relative_spread_follows_the_plans_value() -> None:
    spread = Spread(kind="lognormal", cv=0.45, low=0.4, high=2.4, relative=True).around(2.5e6)
    assert (spread.median, spread.low, spread.high) == (2.5e6, 1e6, 6e6)
    assert not spread.relative


def test_a_spread_without_centre_is_centred_on_the_plans_value() -> None:
    assert Spread(kind="normal", sd=10, low=18, high=70).around(50).mean == 50
    assert Spread(kind="lognormal", cv=0.4, relative=True).around(0).kind == "fixed"
    assert Spread(kind="empirical", values=(1, 2), relative=True).around(3).values == (3, 6)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Calcineurin(start_day=-1, taper_start_day=100, stop_day=90), "no earlier than taper_start_day"),
        (lambda: Methotrexate(days=(1, 3), doses_mg_per_m2=(15,)), "one for each day"),
        (lambda: Care(laboratory=Laboratory(platelet_detection_limit_1e9_per_l=20)), "less than the platelet"),
        (lambda: Care(laboratory=Laboratory(platelet_detection_limit_1e9_per_l=10)), "trigger (10)"),
        (
            lambda: Care(gcsf=Gcsf(stop_anc_1e9_per_l=0.5), laboratory=Laboratory(anc_detection_limit_1e9_per_l=0.6)),
            "at most gcsf.stop_anc_1e9_per_l (0.5)",
        ),
        (lambda: Laboratory(daily_until_day=90), "visits thin out"),
        (lambda: Laboratory(chimerism_days=(100, 28)), "in order"),
        (lambda: Laboratory(subset_days=(0, 30)), "days after infusion"),
        (lambda: Laboratory(marrow_days=(30, 30)), "each once"),
        (lambda: Care(laboratory=Laboratory(cmv_every_days=None)), "write null for preemptive"),
        (lambda: MouldAzole(during_steroids=False), "never given"),
        (lambda: Letermovir(start_day=100, stop_day=100), "later than start_day (100)"),
        (lambda: Maintenance(drug="tki", start_day=100, stop_day=60), "later than start_day (100)"),
        (lambda: Maintenance(drug="imatinib"), "one of tki, flt3_inhibitor"),
        (lambda: Steroids(dose_mg_per_kg=1, dose_grade_two_mg_per_kg=2), "at most dose_mg_per_kg (1)"),
        (lambda: Steroids(taper_per_day=1), "less than 1"),
        (lambda: DonorLymphocytes(), "nothing calls for"),
        (lambda: DonorLymphocytes(planned_days=(0, 60)), "days after infusion"),
        (lambda: DonorLymphocytes(planned_days=(60, 30)), "in order"),
        (lambda: DonorLymphocytes(planned_days=(60, 120, 180, 240), most_doses=3), "at most 3, most_doses"),
        (lambda: DonorLymphocytes(planned_days=(60, 90, 120, 150, 180), most_doses=9), "at most 4"),
        (lambda: Population(mrd_fraction=1.5), "at most 1"),
        (lambda: Population(fields={"patient.hct_ci": {"kind": "empirical", "values": [0, 30]}}), "0 to 25"),
        (lambda: Spread(kind="normal"), "needs sd"),
        (lambda: Spread(kind="uniform", low=2, high=1), "swap"),
        (lambda: Spread(kind="fixed", sd=3), "fixed spread"),
        (lambda: Spread(kind="uniform", low=1, high=5e6, relative=True), "multiples"),
        (lambda: Donor(kind="matched_sibling", hla_matched=7, hla_of=8), "8 of 8"),
        (lambda: Donor(kind="haploidentical", hla_matched=3, hla_of=8), "at least 4"),
        (lambda: Donor(kind="matched_unrelated", hla_matched=8), "both hla_matched and hla_of"),
        (lambda: Graft(source="mobilised_blood", gcsf_primed=True), "false for mobilised_blood"),
        (lambda: Graft(source="marrow", cd3_per_kg=1e6, naive_t_per_kg=2e6), "part of"),
        (lambda: Graft(source="marrow", log10_depletion={"cd3": 40}), "0 to 8 log10"),
        (lambda: DrugCourse(drug="thiotepa", days=(-5, -5), dose_mg_per_kg=5), "each day once"),
        (lambda: DrugCourse(drug="thiotepa", days=(), dose_mg_per_kg=5), "at least 1 item"),
        (
            lambda: DrugCourse(drug="thiotepa", days=(-5,), dose_mg_per_kg=5, target_cumulative_auc_mg_h_per_l=90),
            "none for thiotepa",
        ),
        (lambda: Population(fields={"patient.age": {"kind": "fixed"}}), "did you mean patient.age_years"),
        (
            lambda: Population(fields={"patient.weight_kg": {"kind": "uniform", "low": 50, "high": 70_000}}),
            "2 to 250",
        ),
        (
            lambda: Prophylaxis(serotherapy=({"drug": "busulfan", "days": [-3], "dose_mg_per_kg": 3.2},)),
            "atg_thymoglobulin",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(make: Any, words: str) -> None:
    with pytest.raises(SpecError) as caught:
        make()
    assert words in str(caught.value)


def test_a_part_travels_between_processes(patient: dict[str, Any]) -> None:
    made = Patient(**patient)
    assert pickle.loads(pickle.dumps(made)) == made
