"""What a name of the model means, and who uses it."""

import json
import subprocess
import sys

import pytest

from dayzero.errors import SpecError
from dayzero.module import Parameter, Signal
from dayzero.present.explain import _names, explain, shown
from dayzero.present.uses import _traced, care_fields, consequences, functions_reading, giver
from dayzero.simulation.assemble import standard_body

BODY = standard_body()


def test_a_parameter_carries_everything_a_reader_may_ask():
    told = explain("thrombopoiesis.injury_loss")
    declared = BODY.organ("thrombopoiesis").parameters["injury_loss"]
    assert told.kind == "parameter"
    assert told.meaning == declared.meaning
    assert told.facts["value"] == declared.typical
    assert told.facts["plausible_range"] == [declared.low, declared.high]
    assert told.facts["uncertainty"] == declared.uncertainty
    assert told.facts["between_patient"] == declared.between_patient
    assert (told.facts["source"], told.facts["status"]) == (declared.source, declared.status)


def test_a_parameter_knows_what_uses_it():
    told = explain("thrombopoiesis.injury_loss")
    assert told.facts["read_by"] == ["rates"]
    assert told.facts["equations"] == ["platelets", "transfused"]
    assert told.facts["signals"] == []


def test_a_parameter_is_followed_through_helper_functions_field_by_field():
    found = consequences(BODY.organ("stem_cells"), "multipotent_acceleration")
    assert "multipotent" in found["equations"]
    assert "stem" not in found["equations"]


def test_a_parameter_is_followed_through_constants():
    assert "stem" in consequences(BODY.organ("stem_cells"), "stem_set_point")["equations"]
    assert "stem_pool" in consequences(BODY.organ("stem_cells"), "stem_set_point")["constants"]


def test_a_slope_of_the_kill_table_reaches_its_own_class_only():
    organ = BODY.organ("conditioning")
    assert functions_reading(organ, "busulfan_on_stem") == ["drug_kill"]
    assert consequences(organ, "busulfan_on_stem")["signals"] == ["surviving_stem"]
    assert consequences(organ, "busulfan_on_mucosa")["signals"] == ["mucosal_kill"]


def test_a_parameter_read_outside_its_file_is_found_there():
    assert functions_reading(BODY.organ("conditioning"), "monitoring") == ["prepare._exposures"]


@pytest.mark.parametrize("organ", BODY.organs, ids=lambda organ: organ.name)
def test_every_parameter_is_read_by_some_function(organ):
    assert [name for name in organ.parameters if not functions_reading(organ, name)] == []


@pytest.mark.parametrize("organ", [organ.name for organ in BODY.organs])
def test_an_organ_shows_all_that_it_declares(organ):
    told, declared = explain(organ), BODY.organ(organ)
    listed = {title: [row["name"] for row in rows] for title, rows in told.tables.items()}
    assert listed["parameters"] == list(declared.parameters)
    assert listed.get("hazards", []) == list(declared.hazards)
    onsets = {f"onset_{hazard}" for hazard in declared.hazards}
    given = {*declared.gives, *declared.coupled, *declared.daily, *onsets, *declared.chance}
    assert set(listed.get("gives", [])) == given
    assert told.text.startswith(declared.file.__doc__.strip()[:20])


def test_states_carry_their_units():
    rows = {row["name"]: row for row in explain("thrombopoiesis").tables["states"]}
    assert rows["transfused"]["unit"] == "1e9/L"
    assert (rows["transfused"]["per_origin"], rows["platelets"]["per_origin"]) == (False, True)


def test_a_signal_names_its_giver_and_its_readers():
    told = explain("committed_output")
    assert told.facts["given_by"] == "stem_cells"
    assert {"granulopoiesis", "erythropoiesis"} <= set(told.facts["read_by"])
    assert explain("platelets").facts["measured_by"] == ["laboratory.platelets"]
    assert "transfusion" in explain("platelets").facts["read_by"]
    assert explain("platelet_units").facts["given_by"] == "ward (transfusion)"
    assert explain("calcineurin_planned").facts["given_by"] == "the plan"
    assert explain("calcineurin").facts["given_by"] == "ward (immunosuppression)"


def test_an_onset_is_given_by_the_organ_of_its_hazard_and_read_by_who_sees_it():
    told = explain("onset_vod")
    assert told.facts["given_by"] == "liver"
    assert {"liver", "supportive"} <= set(told.facts["read_by"])
    assert explain("cmv_tested").facts["given_by"] == "the plan"
    assert "antimicrobials" in explain("cmv_tested").facts["read_by"]
    assert explain("sensitive_chance").facts["given_by"] == "disease"
    assert all(giver(name) for name in BODY.signals)


@pytest.mark.parametrize(
    ("hazard", "recurs", "kills"),
    [
        ("vod", False, "no"),
        ("bacteremia", True, "by chance, at onset"),
        ("background_death", False, "it is a death"),
    ],
)
def test_a_hazard_says_whether_it_recurs_and_kills(hazard, recurs, kills):
    told = explain(hazard)
    assert (told.kind, told.facts["unit"]) == ("hazard", "1/day")
    assert (told.facts["can_recur"], told.facts["can_kill"]) == (recurs, kills)
    assert told == explain(f"event_{hazard}")


def test_parameters_and_hazards_are_explained_also_where_they_share_a_name_with_something_else():
    for organ in BODY.organs:
        assert all(explain(f"{organ.name}.{name}").kind == "parameter" for name in organ.parameters)
        assert all(explain(f"event_{name}").kind == "hazard" for name in organ.hazards)
    assert explain("disease.relapse_death").kind == "parameter"


def test_a_fatality_is_followed_to_the_deaths_it_changes():
    found = consequences(BODY.organ("infection"), "mould_fatality")
    assert found["deaths"] == ["mould"]
    assert not any(found[kind] for kind in ("equations", "hazards", "signals"))


@pytest.mark.parametrize("policy", BODY.policies, ids=lambda policy: policy.__name__)
def test_a_policy_names_the_reports_it_sees_and_the_orders_it_gives(policy):
    told = explain(policy.__name__.rpartition(".")[2])
    assert {name.removeprefix("laboratory.") for name in told.facts["sees"]} == set(policy.SEES)
    assert all(explain(name).kind in ("assay", "signal") for name in told.facts["sees"])
    assert told.facts["orders"] or hasattr(policy, "REMEMBERS")  # the bed is no order


def test_every_setting_of_a_policy_names_a_field_of_the_plan():
    from dayzero.module import COVARIATES
    from dayzero.spec import Care, Plan

    for policy in BODY.policies:
        for setting in policy.SETTINGS:
            assert setting in care_fields() or setting in COVARIATES, setting
            for place in care_fields().get(setting, []):
                if not place.startswith("care."):
                    assert hasattr(Plan, place) or place in Plan.model_fields, place
                    continue
                section, *fields = place.removeprefix("care.").split(".")
                inner = Care.model_fields[section].annotation
                models = [inner] if hasattr(inner, "model_fields") else getattr(inner, "__args__", ())
                assert all(any(f in getattr(m, "model_fields", {}) for m in models) for f in fields), place


def test_an_assay_says_what_it_measures_and_who_sees_it():
    told = explain("laboratory.platelets")
    assert (told.kind, told.facts["measures"]) == ("assay", "platelets")
    assert told.facts["seen_by"] == ["transfusion", "cell_therapy", "disease_control"]
    assert told.facts["detection_limit"] == ["care.laboratory.platelet_detection_limit_1e9_per_l"]
    assert explain("reported_platelets") == told


def test_an_organ_comes_before_a_signal_of_its_name():
    assert explain("stem_cells").kind == "organ"
    assert explain("stem_cells.stem_cells").kind == "signal"


def test_the_list_names_every_module():
    listed = [row["name"] for row in explain().tables["modules"]]
    assert {organ.name for organ in BODY.organs} <= set(listed)
    assert {"transfusion", "growth_factor", "laboratory.neutrophils"} <= set(listed)


def test_every_explanation_can_be_written_as_json():
    for name in (None, *_names()):
        told = explain(name)
        assert json.loads(json.dumps(told.as_dict()))["kind"] == told.kind
        assert told.meaning


@pytest.mark.parametrize(
    "name",
    [
        None,
        "graft",
        "graft.lodging",
        "homing",
        "growth_factor",
        "weight_kg",
        "bleeding",
        "onset_mould",
        "disease",
        "antimicrobials",
    ],
)
def test_an_explanation_can_be_read_as_text(name):
    told = explain(name)
    assert str(told).startswith(f"{told.name}  {told.kind}\n{told.meaning}")
    assert all(title in str(told).splitlines() for title in told.tables)


def test_a_name_that_stands_once_needs_no_module():
    assert explain("injury_loss") == explain("thrombopoiesis.injury_loss")


def test_a_name_that_stands_twice_is_refused_with_both():
    with pytest.raises(SpecError, match=r"granulopoiesis\.maturing_time.*thrombopoiesis\.maturing_time"):
        explain("maturing_time")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("thrombopoesis", "thrombopoiesis"),
        ("thrombopoiesis.injury_los", "thrombopoiesis.injury_loss"),
        ("injury_los", "thrombopoiesis.injury_loss"),
        ("comitted_output", "committed_output"),
        ("tranfusion", "transfusion"),
    ],
)
def test_a_misspelt_name_is_answered_with_the_nearest(written, meant):
    with pytest.raises(SpecError) as problem:
        explain(written)
    assert problem.value.advice == f"did you mean {meant}?"
    assert problem.value.field == "name"


@pytest.mark.parametrize("written", ["", "qqqq", "thrombopoiesis.", ".", "a" * 300])
def test_a_name_near_nothing_is_refused_in_one_sentence(written):
    with pytest.raises(SpecError):
        explain(written)


def test_values_are_shown_as_the_ward_writes_them():
    assert shown("uncertainty", 0.3) == "30 %"
    assert shown("plausible_range", [0.5, 4.0]) == "0.5 to 4"
    assert (shown("per_origin", True), shown("per_origin", False)) == ("yes", "no")
    assert (shown("value", 0.0), shown("source", None)) == ("0", "")


def test_names_are_explained_without_the_compiler():
    code = "import sys; from dayzero.present.explain import explain as e; str(e('graft')); print('jax' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_what_is_traced_is_named_in_the_module():
    for organ in BODY.organs:
        known = {*organ.parameters, *organ.constants}
        for found in _traced(organ.name).values():
            assert all(names <= known for names in found.values())


def test_declarations_are_what_the_explanations_are_made_of():
    assert all(isinstance(each, Parameter) for each in BODY.parameters().values())
    assert all(isinstance(each, Signal) for each in BODY.signals.values())
