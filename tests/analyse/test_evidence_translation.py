"""From the words of a stratum to plans: every word is known, every row is read or told why not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from dayzero.analyse.evidence.facts import PLAIN, WITH
from dayzero.analyse.evidence.metrics import is_known, measure_of
from dayzero.analyse.evidence.roles import ROLES
from dayzero.analyse.evidence.rows import Finding, read_findings
from dayzero.analyse.evidence.strata import NotTranslatedError, arm_of, unknown_words
from dayzero.analyse.evidence.studies import FOLDER, Study, read_study, studies_of, translate, write_study
from dayzero.errors import InputError

SHARED = Path(__file__).parents[3] / "shared" / "evidence"
SOURCE = Path(__file__).parents[2] / "src" / "dayzero"
COLUMNS = {"graft_source": "graft", "conditioning_class": "conditioning", "regimen": "conditioning",
           "gvhd_prophylaxis": "prophylaxis"}  # fmt: skip
CHECKED = (
    "donor",
    "graft",
    "graft_source",
    "conditioning",
    "conditioning_class",
    "regimen",
    "gvhd_prophylaxis",
    "modifiers",
)
beside = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared evidence is not beside this checkout")

HEAD = "id,metric,donor,population,age_group,value,low,high"
SIBLING = Finding("a", "anc500_median_day", population="AML", age_group="adult", donor="MSD", graft="PBSC",
                  conditioning="MAC; BuCy", prophylaxis="CsA/MTX", gcsf="no", year=2002)  # fmt: skip


def but(**words: object) -> Finding:
    return Finding(**{**SIBLING.__dict__, **words})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def studies() -> list[Study]:
    return [read_study(path) for path in sorted(FOLDER.glob("*.yaml"))]


def words() -> list[tuple[str, str]]:
    """Every word of the vocabulary with the column it stands in."""
    if not SHARED.is_dir():
        return []
    tables = json.loads((SHARED / "vocabulary.json").read_text())
    return sorted({(column, word) for table in tables.values() for column in CHECKED for word in table.get(column, [])})


@beside
def test_every_metric_of_the_vocabulary_has_an_estimator_or_a_reason():
    tables = json.loads((SHARED / "vocabulary.json").read_text())
    assert [name for table in tables.values() for name in table["metric"] if not is_known(name)] == []


@beside
def test_every_stratum_word_of_the_vocabulary_is_known():
    missing = [(c, w) for c, w in words() if unknown_words(Finding("a", "m", **{COLUMNS.get(c, c): w}))]
    assert missing == []


@beside
def test_every_shared_row_is_translated_or_told_why_not():
    seen: set[str] = set()
    for finding in read_findings(SHARED):
        arms, reason = translate(finding)
        inputs = not isinstance(measure_of(finding), str) and measure_of(finding).last == 0  # type: ignore[union-attr]
        assert bool(arms) != bool(reason) or inputs, finding.id
        for arm in arms:
            if arm.key not in seen:
                assert arm.loaded()
            seen.add(arm.key)


@beside
def test_the_study_files_hold_every_shared_core_row(studies):
    core = {finding.id for finding in read_findings(SHARED) if finding.core}
    assert core <= {entry.finding.id for study in studies for entry in study.entries}


def test_at_least_four_fifths_of_the_core_rows_are_simulated_and_the_others_say_why(studies):
    core = [entry for study in studies for entry in study.entries if entry.finding.core]
    covered = [entry for entry in core if not entry.refused]
    assert len(core) == 312
    assert len(covered) >= 0.8 * len(core)
    assert all(len(entry.refused) > 10 for entry in core if entry.refused)


def test_every_entry_of_the_study_files_can_be_run(studies):
    for study in studies:
        for entry in (e for e in study.entries if not e.refused):
            measure = entry.measure
            assert entry.role in ROLES
            assert len(entry.arms) == (len(measure.sides) or 1) * (measure.last > 0), entry.finding.id
            assert all(n in PLAIN or n.split(":")[0] in WITH for n in measure.needs), entry.finding.id


def test_a_study_file_reads_back_as_it_was_written(tmp_path):
    (study,) = studies_of([but(source="Someone A. A trial. Blood 2002;1:1", modifiers="DRI low")])
    path = tmp_path / "study.yaml"
    path.write_text(write_study(study))
    again = read_study(path)
    assert [arm.key for arm in again.arms.values()] == [arm.key for arm in study.arms.values()]
    assert again.entries == study.entries


def test_the_model_knows_nothing_of_the_studies(studies):
    names = [study.name for study in studies] + [e.finding.id for study in studies for e in study.entries]
    known = re.compile(r"\b(?:" + "|".join(map(re.escape, names)) + r")\b")
    for path in [*(SOURCE / "biology").glob("*.py"), *(SOURCE / "clinic").glob("*.py")]:
        text = path.read_text()
        assert known.findall(text) == [], path.name
        assert "data/evidence" not in text
        assert "dayzero.analyse" not in text


def test_arms_of_a_comparison_differ_in_the_compared_word_only():
    marrow, blood = (arm_of(but(graft=word)).plans[0] for word in ("BM", "PBSC"))
    assert marrow.pop("graft") == {"source": "marrow"}
    assert blood.pop("graft") == {"source": "mobilised_blood"}
    assert marrow == blood


def test_a_comparison_in_one_word_gives_both_arms_in_its_order():
    sides = [arm_of(but(conditioning="RIC vs MAC"), side) for side in (0, 1)]
    assert {plan["conditioning"] for plan in sides[0].plans} == {"flu-bu2", "flu-mel140", "flu-tbi2"}
    assert "flu-bu2" not in str(sides[1].plans)


def test_a_word_for_several_things_is_shared_out_over_slots():
    plans = arm_of(but(donor="allo or auto", conditioning="MAC")).loaded()
    own = sum(plan.donor.kind == "autologous" for plan in plans) / len(plans)
    assert len(plans) == 16
    assert own == pytest.approx(0.4, abs=0.07)


def test_children_are_children_and_printed_ages_hold():
    young = arm_of(but(age_group="child")).loaded()
    old = arm_of(but(age_group="age 70+")).loaded()
    assert max(plan.patient.age_years for plan in young) < 18
    assert min(plan.patient.age_years for plan in old) >= 70


def kinds(**words: object) -> set[tuple[str, str]]:
    return {(plan.patient.diagnosis, plan.patient.status) for plan in arm_of(but(**words)).loaded()}


def test_a_group_of_the_disease_risk_index_is_its_diseases_and_stages():
    low, worst = (kinds(population="hematologic malignancies", modifiers=f"DRI {g}") for g in ("low", "very high"))
    assert ("cml", "chronic_phase") in low and ("aml", "active") not in low
    assert {status for _, status in worst} <= {"active", "blast_phase"}


def test_randomised_trials_take_acute_leukemia_in_remission_unless_words_say_otherwise():
    assert ("aml", "active") in kinds() and ("aml", "active") not in kinds(study_type="RCT phase 3")
    assert kinds(study_type="RCT phase 3", modifiers="relapsed/refractory") == {("aml", "active")}


def test_adults_with_inherited_disease_are_young_and_of_the_disease_named_first():
    plans = arm_of(but(population="sickle cell disease (2 thalassaemia)", conditioning="NMA")).loaded()
    assert {plan.patient.diagnosis for plan in plans} == {"sickle_cell_disease"}
    assert max(plan.patient.age_years for plan in plans) < 35


def test_a_printed_cell_dose_stands_in_the_plan():
    assert arm_of(but(cell_dose="CD34 4.3e6/kg")).loaded()[0].graft.cd34_per_kg == 4.3e6


def test_t_cells_printed_of_a_selected_graft_are_those_infused():
    plan = arm_of(but(graft="CD34-selected PBSC", arm="CD3 <=0.2e6/kg")).loaded()[0]
    assert plan.graft.doses()["cd3"] == pytest.approx(1.4e5, rel=0.01)


def test_seropositive_patients_on_letermovir_are_given_it():
    plan = arm_of(but(modifiers="CMV R+; letermovir", year=2020)).loaded()[0]
    assert plan.population.cmv_recipient_fraction == 1.0
    assert plan.care.letermovir is not None


@pytest.mark.parametrize("modifiers", ["NIH severe", "defibrotide prophylaxis"])
def test_what_the_spec_cannot_say_is_refused_in_a_sentence(modifiers):
    with pytest.raises(NotTranslatedError, match=r"grade|prophylaxis"):
        arm_of(but(modifiers=modifiers))


def test_an_unknown_word_is_said_and_taken_as_not_printed():
    arm = arm_of(but(prophylaxis="moonlight", donor="neighbour", graft="stardust"))
    for word in ("moonlight", "neighbour", "stardust"):
        assert any(f"{word}: not recognised" in remark for remark in arm.remarks)
    assert arm.loaded()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("id,metric\n", "donor: got no such column"),
        (f"{HEAD}\na,os_2y_pct,MSD,AML,adult,many,,\n", "row 2, value: got 'many'"),
        (f"{HEAD}\n,os_2y_pct,MSD,AML,adult,1,,\n", "row 2, id: got nothing"),
        (f"{HEAD},interval_type\na,os_2y_pct,MSD,AML,adult,1,,,wide\n",
         "interval_type: got 'wide'"),
        (f"{HEAD}\na,x,MSD,AML,adult,1,,\na,y,MSD,AML,adult,1,,\n",
         "each id once"),
    ],
)  # fmt: skip
def test_a_bad_table_is_one_sentence(tmp_path, text, sentence):
    path = tmp_path / "rows.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=re.escape(sentence)):
        read_findings(path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("schema: 2\n", "schema: got 2"),
        ("schema: 1\nstudy: a\ncitation: b\narms: {}\n", "findings: got nothing"),
        ("schema: 1\nstudy: a\ncitation: b\narms: {a1: {title: x}}\nfindings: []\n", "arms.a1: got no plan"),
        ("schema: 1\nstudy: a\ncitation: b\narms: {}\nfindings: [{id: r}]\n", "findings[0].metric: got nothing"),
        ("schema: 1\nstudy: a\ncitation: b\narms: {}\nfindings: [{id: r, metric: m, arms: [a9]}]\n", "got a9"),
    ],
)
def test_a_bad_study_file_is_one_sentence(tmp_path, text, sentence):
    path = tmp_path / "study.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=re.escape(sentence)):
        read_study(path)
