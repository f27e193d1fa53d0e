"""Random valid plans over every field, for property tests here and elsewhere: `plans()`."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from dayzero.spec import (
    Abatacept,
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
    Mycophenolate,
    Patient,
    Plan,
    PlateletTransfusion,
    Population,
    PostCyclophosphamide,
    Preemptive,
    Prophylaxis,
    Quinolone,
    RedCellTransfusion,
    RescueGraft,
    Ruxolitinib,
    Sirolimus,
    Spread,
    Steroids,
)
from dayzero.spec.graft import TYPICAL_DOSES_PER_KG
from dayzero.spec.plan import NO_LYMPHOCYTES
from dayzero.spec.vocabulary import (
    BLOOD_GROUPS,
    CELL_SUBSETS,
    DIAGNOSES,
    DISEASE_RISKS,
    DONOR_KINDS,
    DRUGS,
    MAINTENANCE_DRUGS,
    MONITORED_DRUGS,
    SEROTHERAPY_DRUGS,
    STATUSES,
)

SEXES = ("female", "male")
DOSE_RANGES = {"dose_mg_per_kg": (0.1, 60.0), "dose_mg_per_m2": (1.0, 2_000.0), "dose_mg": (1.0, 1_000.0)}


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False, allow_infinity=False).map(lambda value: float(f"{value:.6g}"))


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def days(first: int, last: int, most: int = 6) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(first, last), min_size=1, max_size=most, unique=True).map(lambda d: tuple(sorted(d)))


@st.composite
def patients(draw: st.DrawFn) -> Patient:
    height_cm = draw(numbers(50, 210))
    bmi = draw(numbers(11, 50))
    return Patient(
        age_years=draw(numbers(0.5, 85)),
        sex=draw(st.sampled_from(SEXES)),
        weight_kg=min(max(bmi * (height_cm / 100) ** 2, 2.5), 240),
        height_cm=height_cm,
        diagnosis=draw(st.sampled_from(DIAGNOSES)),
        status=draw(st.sampled_from(STATUSES)),
        mrd_positive=draw(maybe(st.booleans())),
        disease_risk=draw(maybe(st.sampled_from(DISEASE_RISKS))),
        prior_treatment_lines=draw(st.integers(0, 8)),
        blood_group=draw(st.sampled_from(BLOOD_GROUPS)),
        cmv_seropositive=draw(st.booleans()),
        creatinine_clearance_ml_per_min=draw(maybe(numbers(15, 200))),
        bilirubin_mg_per_dl=draw(numbers(0.1, 10)),
        hct_ci=draw(st.integers(0, 12)),
        karnofsky=draw(st.integers(1, 10)) * 10,
        pulmonary_disease=draw(st.booleans()),
        marrow_cellularity=draw(maybe(numbers(0, 1))),
        splenomegaly=draw(st.booleans()),
        marrow_fibrosis=draw(st.booleans()),
        liver_iron_or_hepatitis=draw(st.booleans()),
        prior_inotuzumab_or_gemtuzumab=draw(st.booleans()),
    )


@st.composite
def donors(draw: st.DrawFn, kinds: tuple[str, ...] = DONOR_KINDS) -> Donor:
    kind = draw(st.sampled_from(kinds))
    told: dict[str, Any] = {}
    if kind != "autologous" and draw(st.booleans()):
        compared = draw(st.sampled_from((6, 8, 10, 12)))
        least = {"haploidentical": compared // 2, "mismatched_unrelated": compared // 2, "cord_unrelated": 3}
        most = compared - 1 if kind == "mismatched_unrelated" else compared
        told = {"hla_matched": draw(st.integers(least.get(kind, compared), most)), "hla_of": compared}
    return Donor(
        kind=kind,
        age_years=draw(maybe(numbers(0, 80))),
        sex=draw(st.sampled_from(SEXES)),
        blood_group=draw(st.sampled_from(BLOOD_GROUPS)),
        cmv_seropositive=draw(st.booleans()),
        donor_specific_antibody=draw(st.booleans()),
        **told,
    )


@st.composite
def grafts(draw: st.DrawFn, source: str, infusion_day: int = 0) -> Graft:
    typical = TYPICAL_DOSES_PER_KG[source]
    doses = {
        f"{subset}_per_kg": draw(maybe(numbers(0.2 * amount, 4 * amount) | st.just(0.0)))
        for subset, amount in typical.items()
    }
    return Graft(
        name=draw(st.sampled_from(("unmanipulated", "product"))),
        source=source,
        infusion_day=infusion_day,
        log10_depletion=draw(st.dictionaries(st.sampled_from(CELL_SUBSETS), numbers(0, 5), max_size=3)),
        fold_expansion=draw(st.dictionaries(st.sampled_from(CELL_SUBSETS), numbers(0.1, 100), max_size=2)),
        cryopreserved=draw(st.booleans()),
        viability=draw(maybe(numbers(0.3, 1))),
        gcsf_primed=source == "marrow" and draw(st.booleans()),
        **doses,
    )


@st.composite
def drug_courses(draw: st.DrawFn, drugs: tuple[str, ...] = DRUGS, first: int = -12, last: int = 0) -> DrugCourse:
    drug = draw(st.sampled_from(drugs))
    field = draw(st.sampled_from(tuple(DOSE_RANGES)))
    given = draw(days(first, last))
    target = draw(maybe(numbers(5, 120))) if drug in MONITORED_DRUGS and len(given) > 1 else None
    return DrugCourse(
        drug=drug,
        days=given,
        doses_per_day=draw(st.integers(1, 4)),
        route=draw(st.sampled_from(("iv", "oral"))),
        target_cumulative_auc_mg_h_per_l=target,
        **{field: draw(numbers(*DOSE_RANGES[field]))},
    )


def irradiations() -> st.SearchStrategy[Irradiation]:
    return st.builds(
        Irradiation,
        field=st.sampled_from(("total_body", "total_lymphoid")),
        days=days(-10, 0, most=4),
        fraction_gy=numbers(0.5, 4),
        fractions_per_day=st.integers(1, 3),
        dose_rate_gy_per_min=maybe(numbers(0.02, 1)),
    )


def conditionings() -> st.SearchStrategy[Conditioning]:
    return st.builds(
        Conditioning,
        name=st.sampled_from(("custom", "trial arm")),
        drugs=st.lists(drug_courses(), max_size=4).map(tuple),
        irradiation=st.lists(irradiations(), max_size=2).map(tuple),
        trial_label=maybe(st.sampled_from(("MAC", "RIC", "NMA"))),
    )


@st.composite
def calcineurins(draw: st.DrawFn) -> Calcineurin:
    taper = draw(st.integers(30, 200))
    return Calcineurin(
        drug=draw(st.sampled_from(("ciclosporin", "tacrolimus"))),
        start_day=draw(st.integers(-3, 5)),
        taper_start_day=taper,
        stop_day=taper + draw(st.integers(0, 300)),
    )


@st.composite
def methotrexates(draw: st.DrawFn) -> Methotrexate:
    on = draw(days(1, 20, most=4))
    return Methotrexate(days=on, doses_mg_per_m2=tuple(draw(numbers(5, 20)) for _ in on))


def prophylaxes() -> st.SearchStrategy[Prophylaxis]:
    return st.builds(
        Prophylaxis,
        calcineurin=maybe(calcineurins()),
        methotrexate=maybe(methotrexates()),
        mycophenolate=maybe(st.builds(Mycophenolate, start_day=st.integers(-3, 5), stop_day=st.integers(10, 120))),
        post_cyclophosphamide=maybe(
            st.builds(PostCyclophosphamide, days=days(2, 6, most=2), dose_mg_per_kg=numbers(10, 60))
        ),
        serotherapy=st.lists(drug_courses(SEROTHERAPY_DRUGS, -10, 30), max_size=2).map(tuple),
        sirolimus=maybe(st.builds(Sirolimus, start_day=st.integers(-3, 5), stop_day=st.integers(30, 300))),
        abatacept=maybe(st.builds(Abatacept, days=days(-1, 100, most=5), dose_mg_per_kg=numbers(5, 15))),
    )


@st.composite
def laboratories(draw: st.DrawFn) -> Laboratory:
    daily, thrice, weekly = sorted(draw(st.tuples(*[st.integers(0, 150)] * 3)))
    return Laboratory(
        daily_until_day=daily,
        thrice_weekly_until_day=thrice,
        weekly_until_day=weekly,
        then_every_days=draw(st.integers(1, 90)),
        chimerism_days=draw(days(1, 400)),
        subset_days=draw(days(1, 400)),
        cmv_every_days=draw(st.integers(1, 30)),
        cmv_until_day=draw(st.integers(0, 400)),
        marrow_days=draw(days(1, 400)),
        anc_detection_limit_1e9_per_l=draw(numbers(0, 0.5)),
        platelet_detection_limit_1e9_per_l=draw(numbers(0, 4)),
        chimerism_detection_limit_percent=draw(numbers(0, 5)),
    )


@st.composite
def donor_lymphocytes(draw: st.DrawFn) -> DonorLymphocytes:
    planned = draw(days(20, 400, most=3))
    below = draw(maybe(numbers(1, 95)))
    relapse = draw(st.booleans())
    called_for = below is not None or relapse
    return DonorLymphocytes(
        planned_days=() if called_for and draw(st.booleans()) else planned,
        cd3_per_kg=draw(numbers(1e5, 1e8)),
        escalation=draw(numbers(1, 10)),
        on_t_chimerism_below_percent=below,
        on_relapse=relapse,
        interval_days=draw(st.integers(14, 120)),
        most_doses=draw(st.integers(3, 6)),
    )


@st.composite
def steroids(draw: st.DrawFn) -> Steroids:
    dose = draw(numbers(0.5, 4))
    return Steroids(
        start_grade=draw(st.integers(1, 4)),
        dose_mg_per_kg=dose,
        dose_grade_two_mg_per_kg=dose * draw(st.sampled_from((0.5, 1))),
        hold_days=draw(st.integers(0, 30)),
        taper_per_day=draw(numbers(0.8, 0.99)),
        refractory_after_days=draw(st.integers(3, 30)),
        chronic_dose_mg_per_kg=draw(numbers(0, 2)),
    )


@st.composite
def mould_azoles(draw: st.DrawFn) -> MouldAzole:
    during_steroids = draw(st.booleans())
    return MouldAzole(during_neutropenia=not during_steroids or draw(st.booleans()), during_steroids=during_steroids)


def letermovirs() -> st.SearchStrategy[Letermovir]:
    return st.builds(Letermovir, start_day=st.integers(-5, 30), stop_day=st.integers(31, 365))


def preemptives() -> st.SearchStrategy[Preemptive]:
    return st.builds(
        Preemptive,
        threshold_iu_per_ml=numbers(50, 10_000),
        least_days=st.integers(1, 60),
        foscarnet_before_anc_1e9_per_l=numbers(0, 2),
    )


def boosts() -> st.SearchStrategy[Boost]:
    return st.builds(
        Boost,
        cd34_per_kg=numbers(1e6, 1e7),
        from_day=st.integers(21, 200),
        anc_1e9_per_l=numbers(0.3, 2),
        platelets_1e9_per_l=numbers(10, 80),
        interval_days=st.integers(20, 120),
    )


def maintenances() -> st.SearchStrategy[Maintenance]:
    return st.builds(
        Maintenance,
        drug=st.sampled_from(MAINTENANCE_DRUGS),
        start_day=st.integers(30, 100),
        stop_day=st.integers(101, 1000),
    )


def cares(lymphocytes: bool = True) -> st.SearchStrategy[Care]:
    """Standards of care; donor lymphocytes only where the donor can give them."""
    return st.builds(
        Care,
        gcsf=maybe(
            st.builds(
                Gcsf,
                start_day=st.integers(-3, 15),
                dose_ug_per_kg=numbers(1, 12),
                stop_anc_1e9_per_l=numbers(0.5, 10),
                stop_after_days=st.integers(1, 5),
            )
        ),
        platelet_transfusion=maybe(
            st.builds(
                PlateletTransfusion,
                trigger_1e9_per_l=st.just(0.0) | numbers(5, 50),
                units=st.integers(1, 3),
                min_interval_days=st.integers(1, 5),
            )
        ),
        red_cell_transfusion=maybe(
            st.builds(
                RedCellTransfusion,
                trigger_g_per_dl=numbers(5, 10),
                units=st.integers(1, 3),
                min_interval_days=st.integers(1, 5),
            )
        ),
        quinolone=maybe(st.builds(Quinolone, start_day=st.integers(-5, 10), stop_anc_1e9_per_l=numbers(0.2, 2))),
        mould_azole=maybe(mould_azoles()),
        letermovir=maybe(letermovirs()),
        preemptive=maybe(preemptives()),
        immunoglobulin=maybe(
            st.builds(Immunoglobulin, trigger_g_per_l=numbers(2, 8), interval_days=st.integers(7, 60))
        ),
        steroids=maybe(steroids()),
        ruxolitinib=maybe(st.builds(Ruxolitinib, least_days=st.integers(14, 200))),
        calcineurin_hold_in_gvhd=st.booleans(),
        ursodiol=st.booleans(),
        cryotherapy=st.booleans(),
        palifermin=st.booleans(),
        defibrotide=st.booleans(),
        donor_lymphocytes=maybe(donor_lymphocytes()) if lymphocytes else st.none(),
        boost=maybe(boosts()),
        rescue_graft=maybe(st.builds(RescueGraft, day=st.integers(14, 60), cd34_per_kg=numbers(1e6, 1e7))),
        maintenance=maybe(maintenances()),
        laboratory=laboratories(),
    )


def spreads() -> st.SearchStrategy[Spread]:
    """Relative spreads, which fit every plan."""
    low, high = numbers(0.3, 0.9), numbers(1.1, 3)
    return st.one_of(
        st.builds(Spread, kind=st.just("fixed")),
        st.builds(Spread, kind=st.just("normal"), sd=numbers(0.02, 0.5), low=low, high=high, relative=st.just(True)),
        st.builds(Spread, kind=st.just("lognormal"), cv=numbers(0.05, 1), low=low, high=high, relative=st.just(True)),
        st.builds(Spread, kind=st.just("uniform"), low=low, high=high, relative=st.just(True)),
        st.builds(
            Spread,
            kind=st.just("empirical"),
            values=st.lists(numbers(0.5, 1.5), min_size=1, max_size=5).map(tuple),
            relative=st.just(True),
        ),
    )


def populations() -> st.SearchStrategy[Population]:
    varied = (
        "patient.age_years",
        "patient.weight_kg",
        "patient.height_cm",
        "patient.creatinine_clearance_ml_per_min",
        "patient.hct_ci",
        "patient.karnofsky",
        "donor.age_years",
        "graft.cd34_per_kg",
        "graft.cd3_per_kg",
        "graft.tnc_per_kg",
    )
    return st.builds(
        Population,
        fields=st.dictionaries(st.sampled_from(varied), spreads(), max_size=4),
        female_fraction=maybe(numbers(0, 1)),
        major_abo_mismatch_fraction=maybe(numbers(0, 1)),
        cmv_recipient_fraction=maybe(numbers(0, 1)),
        cmv_donor_fraction=maybe(numbers(0, 1)),
        female_donor_fraction=maybe(numbers(0, 1)),
        mrd_fraction=maybe(numbers(0, 1)),
    )


def _source_of(draw: st.DrawFn, donor: Donor) -> str:
    return "cord" if donor.kind == "cord_unrelated" else draw(st.sampled_from(("mobilised_blood", "marrow")))


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A valid plan; every field of every part takes part."""
    donor = draw(donors())
    told: dict[str, Any] = {}
    second = draw(st.sampled_from(("none", "none", "boost", "other donor")))
    if second == "boost":
        told["second_graft"] = draw(grafts(_source_of(draw, donor), infusion_day=draw(st.integers(1, 100))))
    elif second == "other donor":
        other = draw(donors())
        told["second_donor"] = other
        told["second_graft"] = draw(grafts(_source_of(draw, other), infusion_day=draw(st.integers(0, 100))))
    return Plan(
        name=draw(st.sampled_from(("custom", "arm a", "Arm B"))),
        title=draw(st.sampled_from(("", "A plan: with a colon, quotes ' and \"", "Übertragung"))),
        patient=draw(patients()),
        donor=donor,
        graft=draw(grafts(_source_of(draw, donor))),
        conditioning=draw(conditionings()),
        prophylaxis=draw(prophylaxes()),
        care=draw(cares(lymphocytes=donor.kind not in NO_LYMPHOCYTES)),
        population=draw(populations()),
        **told,
    )
