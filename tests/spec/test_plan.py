from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dayzero.errors import SpecError
from dayzero.spec import Conditioning, Donor, DrugCourse, Graft, Patient, Plan, Spread

GIVEN_LATER: dict[str, Any] = {"care": {"donor_lymphocytes": {"planned_days": [100]}}}
RELATIVE = {"kind": "lognormal", "cv": 0.2, "relative": True}


def test_yaml_dicts_and_objects_give_the_same_plan(tmp_path: Path, written: dict[str, Any]) -> None:
    from_dict = Plan.load(written)
    from_objects = Plan(
        patient=Patient(**written["patient"]),
        donor=Donor(kind="matched_sibling"),
        graft=Graft(source="mobilised_blood"),
        conditioning=Conditioning(
            name="bu4-cy",
            source=from_dict.conditioning.source,
            verified="opened",
            trial_label="MAC",
            drugs=(
                DrugCourse(drug="busulfan", days=(-7, -6, -5, -4), dose_mg_per_kg=3.2),
                DrugCourse(drug="cyclophosphamide", days=(-3, -2), dose_mg_per_kg=60),
            ),
        ),
        prophylaxis="cni-mtx",
    )
    path = tmp_path / "mine.yaml"
    path.write_text(from_dict.dump(), encoding="utf-8")
    assert from_dict == from_objects == Plan.load(path) == Plan.load(str(path)) == Plan.load(from_dict)
    assert len({plan.sha256() for plan in (from_dict, from_objects, Plan.load(path))}) == 1


def test_the_fingerprint_does_not_depend_on_the_order_of_keys(written: dict[str, Any]) -> None:
    turned = {key: written[key] for key in reversed(written)}
    turned["patient"] = {key: written["patient"][key] for key in reversed(written["patient"])}
    assert Plan.load(turned).sha256() == Plan.load(written).sha256()


def test_the_fingerprint_is_the_same_in_another_process_and_changes_with_the_plan() -> None:
    plan = Plan.load("aml-sibling-pbsc")
    told = "from dayzero.spec import Plan; print(Plan.load('aml-sibling-pbsc').sha256())"
    other = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == plan.sha256()
    assert plan.but(patient={"age_years": 46}).sha256() != plan.sha256()


def test_canonical_json_has_sorted_keys_and_shortest_numbers(written: dict[str, Any]) -> None:
    text = Plan.load(written).canonical_json()
    assert text.startswith('{"care":{"boost":null,')
    assert '"dose_mg_per_kg":3.2' in text
    assert '"weight_kg":75}' in text
    assert '": ' not in text


def test_but_merges_edits_and_checks_again() -> None:
    plan = Plan.load("aml-sibling-pbsc")
    marrow = plan.but(graft={"source": "marrow"})
    assert marrow.graft.doses()["cd34"] == 2.5e6
    assert marrow.spreads()["graft.cd34_per_kg"].median == 2.5e6
    assert plan.graft.source == "mobilised_blood"
    with pytest.raises(SpecError, match=r"patient\.weight_kg"):
        plan.but(patient={"weight_kg": -1})


def test_another_source_leaves_all_of_the_old_product_behind(written: dict[str, Any]) -> None:
    written["graft"] |= {"cd34_per_kg": 6e6, "log10_depletion": {"cd3": 4}, "cryopreserved": True, "viability": 0.7}
    written["graft"] |= {"name": "selected", "sources": ["a trial"], "verified": "opened", "note": "frozen"}
    plan = Plan.load(written)
    assert plan.but(graft={"source": "marrow"}).graft == Graft(source="marrow")
    assert plan.but(graft={"source": "marrow", "cd34_per_kg": 3e6}).graft == Graft(source="marrow", cd34_per_kg=3e6)
    frozen = plan.but(graft={"source": "marrow", "cryopreserved": True, "log10_depletion": {"nk": 1}}).graft
    assert frozen == Graft(source="marrow", cryopreserved=True, log10_depletion={"nk": 1})


def test_the_same_source_written_again_changes_nothing(written: dict[str, Any]) -> None:
    written["graft"]["cd34_per_kg"] = 6e6
    assert Plan.load(written).but(graft={"source": "mobilised_blood"}).graft.cd34_per_kg == 6e6


def test_another_source_keeps_the_day_and_the_relative_spreads() -> None:
    plan = Plan.load("haplo-pbsc-ptcy").but(second_graft={"base": "cd34-selected", "infusion_day": 60})
    assert plan.but(second_graft={"source": "marrow"}).second_graft == Graft(source="marrow", infusion_day=60)
    primed = Plan.load("aml-sibling-marrow").but(graft={"gcsf_primed": True, "cd34_per_kg": 4e6})
    blood = primed.but(graft={"source": "mobilised_blood"})
    assert blood.graft == Graft(source="mobilised_blood")
    assert blood.spreads()["graft.cd34_per_kg"].median == 5e6


def test_a_base_from_the_library_with_another_source_is_another_product(written: dict[str, Any]) -> None:
    plan = Plan.load(written | {"graft": {"base": "autologous-blood", "source": "marrow"}})
    assert plan.graft == Graft(source="marrow")


def test_but_takes_names_objects_and_bases() -> None:
    plan = Plan.load("aml-sibling-pbsc")
    assert plan.but(conditioning="flu-bu2").conditioning.total_mg_per_kg("busulfan") == pytest.approx(6.4)
    assert plan.but(donor=Donor(kind="haploidentical")).donor.kind == "haploidentical"
    assert plan.but(conditioning={"base": "mel200", "name": "mine"}).conditioning.name == "mine"
    assert plan.but() == plan


def test_a_changed_regimen_no_longer_carries_its_name_or_label() -> None:
    plan = Plan.load("aml-sibling-pbsc")
    drugs = [{"drug": "busulfan", "days": [-5, -4], "dose_mg_per_kg": 3.2}]
    changed = plan.but(conditioning={"drugs": drugs})
    assert changed.conditioning.name == "bu4-cy, modified"
    assert (changed.conditioning.trial_label, changed.conditioning.verified) == (None, "recalled")
    assert changed.but(conditioning={"drugs": []}).conditioning.name == "bu4-cy, modified"
    assert changed.name == "aml-sibling-pbsc, modified"
    assert plan.but(conditioning={"drugs": drugs}, name="arm b").name == "arm b"


def test_a_plan_can_be_written_as_edits_to_a_library_plan() -> None:
    plan = Plan.load({"base": "aml-sibling-pbsc", "name": "older", "patient": {"age_years": 60}})
    assert plan == Plan.load("aml-sibling-pbsc").but(name="older", patient={"age_years": 60})


DRUGS = [{"drug": "busulfan", "days": [-6, -5, -4], "dose_mg_per_kg": 3.2}]


def test_a_section_with_a_name_of_its_own_keeps_nothing_of_the_former() -> None:
    plan = Plan.load("nma-flu-tbi2").but(conditioning={"name": "bu3-flu", "drugs": DRUGS})
    assert plan.conditioning == Conditioning(name="bu3-flu", drugs=tuple(DrugCourse(**drug) for drug in DRUGS))
    care = plan.but(care={"name": "ours", "gcsf": {}}).care
    assert (care.source, care.laboratory.daily_until_day) == ("", 30)
    assert plan.but(graft={"name": "ours", "source": "mobilised_blood"}).graft.cd34_per_kg is None
    based = Plan.load({"base": "nma-flu-tbi2", "conditioning": {"name": "bu3-flu", "drugs": DRUGS}})
    assert based.conditioning == plan.conditioning


def test_a_section_without_a_name_is_merged() -> None:
    edited = Plan.load("nma-flu-tbi2").but(conditioning={"drugs": DRUGS}).conditioning
    assert (edited.name, edited.total_gy()) == ("flu-tbi2, modified", 2)


def test_a_base_may_be_renamed_with_its_content() -> None:
    edited = Plan.load("nma-flu-tbi2").but(conditioning={"base": "flu-tbi2", "name": "ours"}).conditioning
    assert (edited.name, edited.total_gy()) == ("ours", 2)


def test_a_plan_is_not_based_on_another_by_an_edit() -> None:
    with pytest.raises(SpecError, match="load it instead") as caught:
        Plan.load("aml-sibling-pbsc").but(base="nma-flu-tbi2")
    assert (caught.value.field, caught.value.got) == ("base", "'nma-flu-tbi2'")


def test_a_clearance_left_out_is_that_of_the_patients_own_surface() -> None:
    plan = Plan.load("aml-sibling-pbsc")
    child = plan.but(patient={"age_years": 6, "weight_kg": 20, "height_cm": 115}, population={"fields": {
        "patient.age_years": None, "patient.creatinine_clearance_ml_per_min": RELATIVE}})  # fmt: skip
    assert child.patient.creatinine_clearance_ml_per_min is None
    assert child.value_of("patient.creatinine_clearance_ml_per_min") == pytest.approx(46.2, abs=0.05)
    assert child.spreads()["patient.creatinine_clearance_ml_per_min"].median == child.patient.clearance_ml_per_min
    told = child.but(patient={"creatinine_clearance_ml_per_min": 60})
    assert told.value_of("patient.creatinine_clearance_ml_per_min") == told.patient.clearance_ml_per_min == 60


def test_another_kind_of_donor_leaves_the_old_match_behind() -> None:
    plan = Plan.load("cord-single-cytbiflu")
    other = plan.but(donor={"kind": "haploidentical"}, graft="marrow")
    assert other.donors[0].hla == (4, 8)


def test_a_spread_is_replaced_whole_and_null_takes_it_away() -> None:
    plan = Plan.load("aml-sibling-pbsc")
    edited = plan.but(
        population={
            "fields": {"patient.age_years": {"kind": "uniform", "low": 20, "high": 60}, "graft.cd3_per_kg": None}
        }
    )
    assert edited.population.fields["patient.age_years"] == Spread(kind="uniform", low=20, high=60)
    assert "graft.cd3_per_kg" not in edited.population.fields
    assert "graft.cd34_per_kg" in edited.population.fields


def test_an_autologous_donor_is_the_patient() -> None:
    plan = Plan.load("auto-mel200-myeloma").but(patient={"sex": "female", "blood_group": "O"})
    (donor,) = plan.donors
    assert (donor.sex, donor.blood_group, donor.age_years) == ("female", "O", plan.patient.age_years)
    assert not plan.allogeneic
    assert plan.prophylaxis.name == "none"


def test_a_boost_comes_from_the_same_donor() -> None:
    plan = Plan.load("haplo-pbsc-ptcy").but(second_graft={"base": "cd34-selected", "infusion_day": 60})
    assert len(plan.grafts) == 2
    assert len(plan.donors) == 1


@pytest.mark.parametrize(
    ("edits", "field", "words"),
    [
        ({"conditioning": {"name": "mine"}}, "conditioning", "a name without content"),
        ({"care": {"name": "mine", "note": "as usual"}}, "care", "write base as well"),
        ({"graft": {"name": "mine", "cd34_per_kg": 5e6}}, "graft.source", "got nothing"),
        ({"donor": {"kind": "autologous"}, "graft": {"source": "cord"}}, "donor.kind", "cord_unrelated"),
        ({"donor": {"kind": "cord_unrelated"}}, "donor.kind", "write cord as source"),
        ({"graft": {"source": "cord"}}, "donor.kind", "cord_unrelated"),
        ({"donor": {"kind": "autologous", "hla_matched": 8, "hla_of": 8}}, "donor.hla_matched", "needs no HLA"),
        ({"graft": {"infusion_day": 3}}, "graft.infusion_day", "day 0"),
        ({"second_donor": {"kind": "haploidentical"}}, "second_donor", "second_graft"),
        ({"second_graft": {"source": "mobilised_blood"}}, "second_graft.infusion_day", "day 1 or later"),
        ({"patient": {"age_years": 5}}, "population.fields.patient.age_years", "take the spread away"),
        ({"donor": {"kind": "autologous"}, **GIVEN_LATER}, "care.donor_lymphocytes", "see nothing foreign"),
        ({"donor": {"kind": "syngeneic"}, **GIVEN_LATER}, "care.donor_lymphocytes", "of a twin see nothing foreign"),
        ({"donor": {"kind": "cord_unrelated"}, "graft": {"source": "cord"}, **GIVEN_LATER},
         "care.donor_lymphocytes", "nothing is left to give"),
    ],
)  # fmt: skip
def test_parts_that_do_not_fit_together_are_refused(edits: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(SpecError) as caught:
        Plan.load("aml-sibling-pbsc").but(**edits)
    assert caught.value.field == field
    assert words in str(caught.value)


def test_the_json_schema_takes_names_bases_and_whole_sections(written: dict[str, Any]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(Plan.json_schema())
    validator.validate(written)
    validator.validate(written | {"conditioning": {"base": "bu4-cy"}})
    validator.validate({"base": "aml-sibling-pbsc"})
    assert not validator.is_valid(written | {"conditioning": "bu4cy"})
    assert not validator.is_valid({"patient": written["patient"]})


def test_a_plan_travels_between_processes() -> None:
    plan = Plan.load("double-cord")
    assert pickle.loads(pickle.dumps(plan)).sha256() == plan.sha256()
