from __future__ import annotations

import pytest

from dayzero.spec import Care, Conditioning, Graft, Plan, Prophylaxis, library_names
from dayzero.spec.catalogue import library_path
from dayzero.spec.files import read_yaml

PARTS = {"conditioning": Conditioning, "prophylaxis": Prophylaxis, "care": Care, "graft": Graft}
ENTRIES = [(kind, name) for kind in PARTS for name in library_names(kind)]

PLANS = {
    "all-sibling-marrow-cytbi",
    "all-sibling-pbsc-cytbi",
    "aml-sibling-marrow",
    "aml-sibling-pbsc",
    "aml-unrelated-flubu2-atg",
    "aplastic-anemia-sibling-marrow",
    "auto-beam-lymphoma",
    "auto-mel200-myeloma",
    "cd34-selected-pbsc",
    "cord-single-cytbiflu",
    "double-cord",
    "haplo-marrow-ptcy",
    "haplo-pbsc-ptcy",
    "mds-unrelated-flumel-cni-mtx",
    "nma-flu-tbi2",
}

TOTALS = {
    "mel200": {"melphalan mg/m2": 200},
    "mel140": {"melphalan mg/m2": 140},
    "beam": {"carmustine mg/m2": 300, "etoposide mg/m2": 800, "cytarabine mg/m2": 800, "melphalan mg/m2": 140},
    "bu4-cy": {"busulfan mg/kg": 12.8, "cyclophosphamide mg/kg": 120},
    "flu-bu4": {"fludarabine mg/m2": 120, "busulfan mg/kg": 12.8},
    "flu-bu2": {"fludarabine mg/m2": 150, "busulfan mg/kg": 6.4},
    "tbi12-cy": {"cyclophosphamide mg/kg": 120, "total_body Gy": 12},
    "cy-tbi12": {"cyclophosphamide mg/kg": 120, "total_body Gy": 12},
    "flu-mel140": {"fludarabine mg/m2": 120, "melphalan mg/m2": 140},
    "flu-cy-tbi2-haplo": {"fludarabine mg/m2": 150, "cyclophosphamide mg/kg": 29, "total_body Gy": 2},
    "flu-tbi2": {"fludarabine mg/m2": 90, "total_body Gy": 2},
    "cy-tbi-flu-cord": {"cyclophosphamide mg/kg": 120, "fludarabine mg/m2": 75, "total_body Gy": 13.2},
    "cy200-atg": {"cyclophosphamide mg/kg": 200, "atg_horse mg/kg": 90},
    "flu-cy-atg": {"fludarabine mg/m2": 150, "cyclophosphamide mg/kg": 100, "atg_thymoglobulin mg/kg": 9},
    "tbf-mac": {"thiotepa mg/kg": 10, "busulfan mg/kg": 9.6, "fludarabine mg/m2": 150},
    "treo-flu": {"treosulfan mg/m2": 30_000, "fludarabine mg/m2": 150},
    "treo42-flu": {"treosulfan mg/m2": 42_000, "fludarabine mg/m2": 150},
    "tbi1375-tt-cy": {"total_body Gy": 13.75, "thiotepa mg/kg": 10, "cyclophosphamide mg/kg": 120},
    "none": {},
}


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_an_entry_is_valid_and_carries_its_own_name(kind: str, name: str) -> None:
    part = PARTS[kind](**read_yaml(library_path(kind, name)))
    assert part.name == name


@pytest.mark.parametrize(("kind", "name"), [entry for entry in ENTRIES if entry[0] != "graft"])
def test_an_entry_names_its_source_and_says_what_is_recalled(kind: str, name: str) -> None:
    part = PARTS[kind](**read_yaml(library_path(kind, name)))
    assert part.source
    assert part.verified == "opened" or part.note, "what was not opened is told in the note"


@pytest.mark.parametrize(("name", "totals"), TOTALS.items())
def test_a_regimen_adds_up_to_its_named_totals(name: str, totals: dict[str, float]) -> None:
    regimen = Conditioning(**read_yaml(library_path("conditioning", name)))
    assert regimen.totals() == pytest.approx(totals)


@pytest.mark.parametrize("name", library_names("plan"))
def test_a_plan_loads_and_reads_back_as_itself(name: str) -> None:
    plan = Plan.load(name)
    assert plan.name == name
    assert plan.title and plan.sources and plan.population.fields
    assert Plan.load(plan.plain()) == plan


@pytest.mark.parametrize("name", library_names("plan"))
def test_a_plan_varies_age_body_size_and_cell_dose_around_its_own_values(name: str) -> None:
    plan = Plan.load(name)
    for field, spread in plan.spreads().items():
        if spread.kind == "empirical":
            assert min(spread.values) <= plan.value_of(field) <= max(spread.values)
        else:
            assert spread.low < plan.value_of(field) < spread.high
    varied = {"patient.age_years", "patient.weight_kg", "patient.height_cm", "graft.cd34_per_kg"}
    assert varied <= set(plan.population.fields)


@pytest.mark.parametrize("name", library_names("plan"))
def test_a_plan_says_how_its_patients_differ_in_what_decides_their_fate(name: str) -> None:
    plan = Plan.load(name)
    assert "patient.hct_ci" in plan.population.fields
    if plan.allogeneic:
        assert 0.5 <= (plan.population.cmv_recipient_fraction or 0) <= 0.6
        assert plan.population.female_donor_fraction is not None
    if plan.patient.diagnosis == "aml":
        assert plan.population.mrd_fraction == 0.25


def test_each_decade_has_its_standard_of_care() -> None:
    decades = [Care(**read_yaml(library_path("care", f"allo-{decade}s"))) for decade in (1990, 2000, 2010, 2020)]
    assert [care.letermovir is not None for care in decades] == [False, False, False, True]
    assert [care.ruxolitinib is not None for care in decades] == [False, False, False, True]
    assert [care.defibrotide for care in decades] == [False, False, True, True]
    assert [care.steroids.dose_grade_two_mg_per_kg for care in decades if care.steroids] == [2, 2, 1, 1]
    triggers = [care.red_cell_transfusion.trigger_g_per_dl for care in decades if care.red_cell_transfusion]
    assert triggers == sorted(triggers, reverse=True)
    assert [care.relapse_treatment for care in decades] == ["1990s", "2000s", "2010s", "2020s"]
    assert [care.supportive_care for care in decades] == ["1990s", "2000s", "2010s", "2020s"]
    own = [Care(**read_yaml(library_path("care", name))) for name in ("auto-1990s", "auto-2000s", "standard-auto")]
    assert [care.relapse_treatment for care in own] == ["1990s", "2000s", "2010s"]


def test_the_promised_plans_are_there() -> None:
    assert set(library_names("plan")) >= PLANS


def test_every_plan_in_the_library_follows_the_json_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(Plan.json_schema())
    for name in library_names("plan"):
        validator.validate(read_yaml(library_path("plan", name)))
        validator.validate(Plan.load(name).plain())


def test_a_cd34_selected_graft_holds_few_t_cells() -> None:
    assert Plan.load("cd34-selected-pbsc").graft.doses()["cd3"] < 1e5


def test_two_cord_units_come_from_two_donors_on_one_day() -> None:
    plan = Plan.load("double-cord")
    assert len(plan.donors) == len(plan.grafts) == 2
    assert {graft.infusion_day for graft in plan.grafts} == {0}
