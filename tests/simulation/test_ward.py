"""The ward: it acts on what the laboratory reports, and the chart holds what it acted on."""

from __future__ import annotations

import numpy as np
import pytest

from dayzero.criteria.chart_gvhd import daily_grades
from dayzero.module import ORDER_SIGNALS
from dayzero.records import Chart
from dayzero.simulation.course import Course
from dayzero.simulation.laboratory import ASSAYS
from dayzero.simulation.laboratory import report as report_of
from dayzero.simulation.observe import observe, plans_of
from dayzero.simulation.occurrences import GIVEN
from dayzero.simulation.streams import patient_key
from dayzero.spec import Plan, Population
from simulation.wards import library_plans, random_plans, run

LIMITS = {"neutrophils": "anc_detection_limit_1e9_per_l", "platelets": "platelet_detection_limit_1e9_per_l",
          **dict.fromkeys(("donor_chimerism_myeloid", "donor_chimerism_t_cell"),
                          "chimerism_detection_limit_percent")}  # fmt: skip


@pytest.fixture(scope="module", params=["library", "random"])
def course(request: pytest.FixtureRequest, library: Course) -> Course:
    """Wards of the library, and wards as odd as plans allow."""
    return library if request.param == "library" else run(random_plans(64), days=60, block=16)


@pytest.fixture(scope="module")
def chart(course: Course) -> Chart:
    return observe(course)


def given_days(course: Course, name: str, row: int) -> np.ndarray:
    return course.days[course.values[name][row] > 0]


def life(course: Course, row: int) -> np.ndarray:
    """Mornings a patient is alive."""
    return course.days[course.living[row]]


def report(course: Course, name: str, row: int, day: int) -> float:
    return float(course.values[f"reported_{name}"][row, day - course.days[0]])


@pytest.mark.parametrize("name", ASSAYS)
def test_the_chart_holds_what_was_reported_on_visits_and_nothing_else(course: Course, chart: Chart, name: str) -> None:
    on = course.flags[ASSAYS[name].visit] & course.living
    column = chart.column(name)
    who, when = np.nonzero(on)
    assert np.array_equal(column.patient, who)
    assert np.array_equal(column.day, course.days[when])
    assert column.value == pytest.approx(course.values[f"reported_{name}"][who, when].astype(float), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("name", ASSAYS)
def test_reports_at_the_detection_limit_are_charted_as_below_it(course: Course, chart: Chart, name: str) -> None:
    column = chart.column(name)
    assert set(np.unique(column.limit)) <= {-1, 0}
    own = ASSAYS[name].limit
    limits = np.array([getattr(p.care.laboratory, LIMITS[name]) if name in LIMITS else own for p in plans_of(course)])
    limit = limits[column.patient]
    assert np.all(column.value >= limit - 1e-6 * np.abs(limit))
    at_limit = (limit > 0) & np.isclose(column.value, limit, rtol=1e-5, atol=0)
    assert np.array_equal(column.limit == -1, at_limit)


def test_low_counts_are_reported_at_the_limit(library: Course) -> None:
    chart = observe(library)
    low = chart.column("neutrophils")
    true = library.neutrophils[low.patient, low.day - library.days[0]]
    assert np.all(low.limit[true < 0.08] == -1)
    assert np.any(true < 0.05)
    assert np.all(low.limit[true > 0.2] == 0)


@pytest.mark.parametrize("kind", [kind for kind in GIVEN if kind != "boost"])
def test_every_order_is_in_the_chart_with_its_amount(course: Course, chart: Chart, kind: str) -> None:
    who, when = np.nonzero(course.values[GIVEN[kind]])
    assert np.all(course.living[who, when])
    column = chart.column(kind)
    assert np.array_equal(column.patient, who)
    assert np.array_equal(column.day, course.days[when])
    assert column.value == pytest.approx(course.values[GIVEN[kind]][who, when].astype(float))


@pytest.mark.parametrize(("name", "units", "policy", "trigger"), [
    ("platelets", "platelet_units", "platelet_transfusion", "trigger_1e9_per_l"),
    ("hemoglobin", "red_cell_units", "red_cell_transfusion", "trigger_g_per_dl"),
])  # fmt: skip
def test_blood_is_transfused_below_the_trigger_at_intervals_on_visits(
    course: Course, name: str, units: str, policy: str, trigger: str
) -> None:
    for row, plan in enumerate(plans_of(course)):
        rule = getattr(plan.care, policy)
        given = given_days(course, units, row)
        if rule is None:
            assert len(given) == 0
            continue
        last = -1000
        for day, visit in zip(life(course, row), course.visits[row], strict=False):
            limit = getattr(rule, trigger)
            if name == "platelets" and limit > 0 and report(course, "temperature", row, day) >= 38:
                limit = max(limit, rule.febrile_trigger_1e9_per_l)
            low = report(course, name, row, day) < np.float32(limit)
            due = visit and low and day - last >= rule.min_interval_days
            assert (day in given) == due, f"{plan.name}, day {day}"
            last = day if due else last
        most = min(rule.units, rule.most_units_per_kg * course.covariates["weight_kg"][row])
        assert course.values[units][row][np.isin(course.days, given)] == pytest.approx(most)


def test_growth_factor_starts_on_its_day_and_stops_by_its_rule(course: Course) -> None:
    """Given every day from its start until so many reports in a row lie above the stop level, then no more."""
    for row, plan in enumerate(plans_of(course)):
        rule, given = plan.care.gcsf, given_days(course, "gcsf_ug_per_kg", row)
        if rule is None:
            assert len(given) == 0
            continue
        visits, last_morning = course.days[course.visits[row] & course.living[row]], life(course, row)[-1]
        if len(given):
            first = max(rule.start_day, int(visits[0]))
            assert given[0] == first
            assert np.array_equal(given, np.arange(first, given[-1] + 1))
            assert np.allclose(course.gcsf_ug_per_kg[row][course.days == first], rule.dose_ug_per_kg)
            last = int(given[-1])
        else:
            last = rule.start_day - 1
        if rule.start_day <= last_morning and last < last_morning:
            reports = [report(course, "neutrophils", row, d) for d in visits if rule.start_day <= d <= last + 1]
            assert len(reports) >= rule.stop_after_days
            assert min(reports[-rule.stop_after_days :]) > np.float32(rule.stop_anc_1e9_per_l)


def test_nothing_is_ordered_before_admission() -> None:
    early = Plan.load("aml-sibling-pbsc").but(
        conditioning={"drugs": [{"drug": "fludarabine", "days": [-30], "dose_mg_per_m2": 1}], "irradiation": []}
    )
    low = Plan.load("aplastic-anemia-sibling-marrow")
    course = run([early, low], days=10)
    before = course.days < -6
    assert course.reported_platelets[1, 0] < 10
    assert not course.visits[1, before].any()
    for name in ORDER_SIGNALS:
        assert not course.values[name][1, before].any()
    assert not course.ward_gvhd_grade[1, before].any()
    assert course.platelet_units[1].any()


def test_a_transfusion_raises_the_count_and_is_spent() -> None:
    plan = Plan.load("aplastic-anemia-sibling-marrow").but(population=Population())
    given, without = run([plan, plan.but(care={"platelet_transfusion": None})], days=10, typical=True).platelets
    first = np.flatnonzero(given - without)[0]
    assert 15 < given[first] - without[first] < 60


@pytest.mark.parametrize("name", ASSAYS)
def test_the_noise_of_an_assay_is_as_wide_as_stated(name: str) -> None:
    """At a value at which the steps of reporting are finer than the noise."""
    assay = ASSAYS[name]
    fine = 5 / assay.per_unit / assay.noise.typical  # in reported units
    true = {"share": assay.whole / assay.scale / 2, "log": 1e10}.get(
        assay.kind, max(fine, 10 * assay.limit) / assay.scale
    )
    keys, days = patient_key(1, np.arange(4000)), np.uint32(3)
    told = np.asarray(report_of(assay, np.float32(true), np.float32(assay.limit), keys, days), float)
    steps = told * assay.per_unit
    assert np.allclose(steps, np.round(steps), rtol=1e-5, atol=1e-2)
    share = told / assay.whole
    error = {
        "count": lambda: np.log(told / (assay.scale * true)),
        "additive": lambda: told - assay.scale * true,
        "log": lambda: told - 10,
        "share": lambda: np.log(share / (1 - share)),
    }[assay.kind]()
    coarse = 0.3 / assay.per_unit / (assay.whole / 4 if assay.kind == "share" else 1)
    assert error.std() == pytest.approx(assay.noise.typical, rel=0.1, abs=coarse if assay.kind != "count" else 0)
    assert abs(np.median(error)) < 0.2 * assay.noise.typical + coarse


def test_what_the_laboratory_reports_scatters_about_the_truth() -> None:
    course = run("auto-mel200-myeloma", 128, 2, block=16)
    for name in ("neutrophils", "monocytes", "platelets", "hemoglobin", "igg"):
        ratio = course.values[f"reported_{name}"][:, :3] / course.values[ASSAYS[name].signal][:, :3]
        assert np.log(ratio).std() == pytest.approx(ASSAYS[name].noise.typical, rel=0.2), name


def test_bleeding_happens_only_with_few_platelets(course: Course) -> None:
    who, when = np.nonzero(course.event_bleeding)
    count = course.platelets
    around = np.minimum(count[who, when], count[who, np.minimum(when + 1, count.shape[1] - 1)])
    assert np.all(around < 50)


def test_every_plan_of_the_library_is_observed_with_its_graft(library: Course) -> None:
    chart = observe(library)
    words = {"mobilised_blood": "PBSC", "marrow": "BM", "cord": "cord"}
    assert chart.graft == tuple(words[p.graft.source] for p in library_plans())
    assert bool(chart.transfusions_recorded.all())


def test_the_chart_names_the_day_of_every_graft() -> None:
    boost = {"source": "mobilised_blood", "cd34_per_kg": 2e6, "infusion_day": 20}
    chart = observe(run(Plan.load("aml-sibling-pbsc").but(second_graft=boost), 1, 40))
    assert [chart.column(kind).day.tolist() for kind in ("infusion", "boost")] == [[0], [20]]
    assert chart.column("boost").value == pytest.approx(2e6)


def test_the_same_person_in_two_arms_keeps_two_charts() -> None:
    plan = Plan.load("aplastic-anemia-sibling-marrow")
    course = run([plan.but(care={"platelet_transfusion": None}), plan], patients=[7, 7], days=20)
    assert [int((row > 0).sum()) > 0 for row in course.platelet_units] == [False, True]
    assert set(observe(course).column("platelet_transfusion").patient.tolist()) == {1}


# More graft-versus-host disease than in most, of the liver too, so that every grade is seen.
DISEASED = {"alloreactivity.precursors_minor": 4e-3, "alloreactivity.steroid_sensitivity": 0.2,
            "acute_gvhd.liver_weight": 0.6}  # fmt: skip


def closely_watched(**parameters: float) -> Course:
    """A hundred patients whose blood is drawn every day for a hundred days, of four plans."""
    names = ("aml-unrelated-flubu2-atg", "all-sibling-pbsc-cytbi", "cord-single-cytbiflu", "haplo-pbsc-ptcy")
    plans = [Plan.load(name).but(care={"laboratory": {"daily_until_day": 100, "thrice_weekly_until_day": 100,
             "weekly_until_day": 100}}) for name in names]  # fmt: skip
    return run([plan for plan in plans for _ in range(24)], days=100, block=16, parameters=DISEASED | parameters)


def graded(course: Course) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Row and column of every living morning from day 7 on, the ward's grade, and that of the criteria by the chart."""
    found = daily_grades(observe(course), weight_kg=course.covariates["weight_kg"], carry_days=0)
    when = found.day - course.days[0]
    return found.patient, when, course.ward_gvhd_grade[found.patient, when], found.grade


def test_the_grade_of_the_ward_is_that_of_the_criteria_patient_by_patient_and_day_by_day() -> None:
    """Where every sign is read every day, and without veno-occlusive disease, which a chart reads from the end."""
    course = closely_watched(**{"liver.vod_hazard": 0.0})
    who, _, ward, criteria = graded(course)
    assert len(who) == (course.living & (course.days >= 7)).sum()
    assert set(np.unique(ward)) == {0, 1, 2, 3, 4}
    assert np.array_equal(ward, criteria)
    early = course.days < 7
    assert not course.ward_gvhd_grade[:, early].any()


def test_with_veno_occlusive_disease_the_ward_differs_only_before_it_is_told() -> None:
    """A chart explains a whole spell of jaundice by it, the ward from the diagnosis on."""
    course = closely_watched(**{"liver.vod_hazard": 0.05})
    who, when, ward, criteria = graded(course)
    onset = np.where(course.event_vod.any(axis=1), course.event_vod.argmax(axis=1), course.event_vod.shape[1])
    differs = ward != criteria
    assert np.isfinite(onset).all() and (onset < course.event_vod.shape[1]).sum() > 20
    assert np.all(when[differs] <= onset[who[differs]])
    assert np.all(ward[differs] > criteria[differs])
