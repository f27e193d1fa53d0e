"""Trial files: what stands in the library, how arms are written, and one clear sentence for each mistake."""

from __future__ import annotations

import pytest

from dayzero.analyse.trial import checked
from dayzero.errors import SpecError
from dayzero.spec import Trial, library_names

NAMES = ("atg-v-none", "cd34-dose", "haplo-v-double-cord", "letermovir-v-placebo", "mac-v-ric", "pbsc-v-marrow",
         "ptcy-v-tac-mtx")  # fmt: skip


def small(**more: object) -> dict[str, object]:
    arms = [{"name": "blood", "plan": "aml-sibling-pbsc"}, {"name": "marrow", "but": {"graft": {"source": "marrow"}}}]
    return {"arms": arms, "endpoints": [{"name": "overall_survival"}], "size": 40, **more}


def test_the_library_holds_the_seven_example_studies() -> None:
    assert library_names("trial") == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_trial_of_the_library_can_be_run_is_cited_and_reads_back_the_same(name: str) -> None:
    trial = checked(name)
    assert trial.name == name and trial.sources and trial.published and trial.note
    assert Trial.load(Trial(**trial.plain())).sha256() == trial.sha256()
    assert {figure.source for figure in trial.published} and len(trial.endpoints) >= 3


def test_a_dumped_trial_is_read_back_the_same(tmp_path) -> None:
    path = tmp_path / "trial.yaml"
    path.write_text(Trial.load("mac-v-ric").dump(), encoding="utf-8")
    assert Trial.load(path).sha256() == Trial.load("mac-v-ric").sha256()


def test_an_arm_may_be_written_as_edits_of_the_first() -> None:
    trial = Trial.load(small())
    assert trial.arms[1].plan.graft.source == "marrow"
    assert trial.arms[1].plan.patient == trial.arms[0].plan.patient


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"endpoints": [{"name": "overal_survival"}]}, "endpoints[0].name", "did you mean overall_survival?"),
        ({"endpoints": [{"name": "overall_survival", "measure": "subdistribution_hazard_ratio"}]},
         "endpoints[0].measure", "with which nothing competes"),
        ({"endpoints": [{"name": "overall_survival", "day": 900}]}, "endpoints[0].day", "days of follow-up"),
        ({"endpoints": [{"name": "grfs", "role": "primary"}, {"name": "relapse", "role": "primary"}]}, "endpoints",
         "several primary endpoints"),
        ({"arms": [{"name": "one", "plan": "aml-sibling-pbsc"}]}, "arms", "at least 2 item"),
        ({"arms": [{"name": "one", "plan": "aml-sibling-pbsc"}, {"name": "two"}]}, "arms[1].plan", "got nothing"),
        ({"arms": [{"name": "one", "plan": "aml-sibling-pbsc"}, {"name": "two", "plan": "aml-sibling-pbs"}]},
         "arms[1].plan", "did you mean aml-sibling-pbsc?"),
        ({"arms": [{"name": "one", "plan": "aml-sibling-pbsc"}, {"name": "one", "but": {}}]},
         "arms[1].name", "each arm once"),
        ({"arms": [{"name": "one", "plan": "aml-sibling-pbsc"}, {"name": "two", "plan": "haplo-pbsc-ptcy"}]},
         "arms[1].plan", "arms differ in treatment only"),
        ({"arms": [{"name": "one", "plan": "aml-sibling-pbsc"},
                   {"name": "two", "but": {"graft": {"source": "bone"}}}]}, "arms[1].plan.graft.source", "marrow"),
        ({"interim": {"days": [2000]}}, "interim.days", "before the final analysis"),
        ({"accrual": {"days": 100, "ramp_days": 200}}, "accrual.ramp_days", "at most the days of accrual"),
        ({"eligibility": [{"covariate": "age_years"}]}, "eligibility[0].low", "low, high or both"),
        ({"eligibility": [{"covariate": "age", "low": 3}]}, "eligibility[0].covariate", "did you mean"),
        ({"before_infusion": {"never_infused": 0.1}}, "before_infusion.median_days", "days in which"),
        ({"visits": {"days": [30, 800]}}, "visits.days", "at most the days of follow-up"),
        ({"visits": {"days": [30], "assessed": ["cgvhd"]}}, "visits.assessed[0]", "chronic_gvhd"),
        ({"published": [{"endpoint": "grfs", "measure": "level", "arm": "bone", "value": 3, "source": "a"}]},
         "published[0].arm", "one of blood, marrow"),
        ({"published": [{"endpoint": "grfs", "measure": "hazard_ratio", "arm": "blood", "value": 1, "source": "a"}]},
         "published[0].arm", "an arm that is compared with blood"),
        ({"ensemble": [{"graft.lodgin": 0.3}]}, "parameters.graft.lodgin", "did you mean graft.lodging?"),
        ({"size": 3}, "size", "at least 10"),
        ({"replicate": 3}, "replicate", "did you mean replicates?"),
        ({"schema": 2}, "schema", "the schema this release reads"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_trial_is_one_sentence_about_its_field(wrong: dict, field: str, words: str) -> None:
    with pytest.raises(SpecError) as problem:
        checked(small(**wrong))
    assert problem.value.field == field
    assert words in str(problem.value)


def test_a_mistake_in_a_file_is_told_with_its_line(tmp_path) -> None:
    path = tmp_path / "mine.yaml"
    text = Trial.load("cd34-dose").dump().replace("name: graft_failure", "name: graft_failures")
    path.write_text(text, encoding="utf-8")
    line = 1 + next(i for i, row in enumerate(text.splitlines()) if "graft_failures" in row)
    with pytest.raises(SpecError, match=rf"mine\.yaml:{line}: endpoints\[2\]\.name"):
        checked(path)
