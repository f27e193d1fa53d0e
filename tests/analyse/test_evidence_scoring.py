"""Scoring arithmetic against answers worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from math import isnan, log, sqrt

import numpy as np
import pytest

from dayzero.analyse.evidence.board import Row, naive_gain, score_of, signs_of
from dayzero.analyse.evidence.measures import hazard_ratio, incidence, median_day, rate_ratio, share_with, survival
from dayzero.analyse.evidence.scoring import (
    Published,
    between_studies,
    leave_one_out,
    published,
    verdict,
    wilson,
)
from dayzero.analyse.evidence.tau import TAU, Known, known_table, spreads
from dayzero.spec.files import read_yaml

INF = np.inf
VALUES = (30, 40, 50, 60, 70, 45)
ROW = Row(
    id="r", study="s", topic="t", family="survival", metric="os_2y_pct", group="g", stratum="", role="predicted",
    core=True, individual=False, covered=True, why_not="", published=50, low=40, high=60, interval="Wilson", error=5.0,
    tau=0.0, simulated=55, mc_error=1, patients=100, strict=True, passed=True, z=1.0, naive=70, naive_z=4.0,
    verified="yes", citation="",
)  # fmt: skip


def test_wilsons_interval_of_16_of_104_is_the_textbook_one():
    low, high = wilson(100 * 17 / 104, 104)
    p, n, z = 17 / 104, 104, 1.959964
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    assert (low, high) == pytest.approx((100 * (centre - half), 100 * (centre + half)), rel=1e-5)


def test_wilsons_interval_of_none_in_twenty_starts_at_zero_and_ends_near_sixteen():
    low, high = wilson(0, 20)
    assert low == 0
    assert high == pytest.approx(16.1, abs=0.05)


def test_a_printed_interval_gives_the_error_of_a_proportion():
    found = published(52.7, 45.8, 59.2, "ci95", 214, "pct")
    assert found.error == pytest.approx((59.2 - 45.8) / 3.92, rel=1e-3)
    assert (found.low, found.high) == (45.8, 59.2)


def test_a_hazard_ratio_is_scored_on_the_log_scale():
    found = published(4.06, 2.59, 6.35, "ci95", 272, "ratio")
    assert found.value == pytest.approx(log(4.06))
    assert found.error == pytest.approx((log(6.35) - log(2.59)) / 3.92, rel=1e-3)


@pytest.mark.parametrize(("n", "error"), [(114, 1.0), (27, 1.5)])
def test_a_median_day_without_interval_has_an_error_of_a_day_or_a_day_and_a_half(n, error):
    assert published(19, None, None, "none", n, "days").error == error


def test_a_range_over_patients_is_no_confidence_interval():
    found = published(15, 10, 22, "range", 27, "days")
    assert found.error == pytest.approx(1.2533 * 12 / 6 / sqrt(27), rel=1e-3)
    assert found.low > 13


def test_a_band_without_a_value_must_contain_the_figure():
    band = published(None, 0.49, 0.69, "range", 4212, "ratio")
    assert verdict(0.6, band, 0.0, "ratio").passed
    assert not verdict(0.8, band, 0.0, "ratio").passed


def test_the_number_of_a_whole_study_is_shared_by_its_arms():
    whole, arm = (published(20, None, None, "none", n, "pct", arms=k) for n, k in ((200, 2), (100, 1)))
    assert whole.error == arm.error


def test_between_study_spread_of_two_studies_follows_der_simonian_and_laird():
    # weights 1 and 1, mean 12, Q = 8, df = 1, C = 2 - 2/2 = 1: tau2 = 7
    assert between_studies([[(10.0, 1.0), (14.0, 1.0)]]) == pytest.approx(sqrt(7))


def test_classes_have_means_of_their_own_so_that_strata_do_not_count_as_spread():
    assert between_studies([[(10.0, 1.0), (10.5, 1.0)], [(40.0, 1.0), (40.5, 1.0)]]) == 0
    assert between_studies([[(10.0, 1.0)], [(40.0, 1.0)]]) == 0


def test_spread_between_studies_widens_the_pass_and_not_the_strict_interval():
    figure = Published(20.0, 2.0, 16.0, 24.0, "ci95")
    alone, spread = (verdict(27.0, figure, tau, "pct") for tau in (0.0, 6.0))
    assert (alone.strict, alone.passed) == (False, False)
    assert (spread.strict, spread.passed) == (False, True)
    assert spread.z == pytest.approx(7 / sqrt(40))


def test_a_figure_that_could_not_be_simulated_never_passes():
    found = verdict(float("nan"), Published(20, 2, 16, 24, "ci95"), 5.0, "pct")
    assert (found.strict, found.passed, isnan(found.z)) == (False, False, True)


def test_the_naive_rule_leaves_the_row_itself_out():
    assert leave_one_out({"a": 10.0, "b": 20.0, "c": 60.0}, "a") == 40
    assert isnan(leave_one_out({"a": 10.0}, "a"))


def test_a_study_counts_once_a_family_however_many_rows_it_has():
    many = [replace(ROW, id=str(i), study="large", passed=False) for i in range(9)]
    found = score_of("x", [*many, replace(ROW, study="small")])
    assert (found.rows, found.passed) == (10, 1)
    assert found.weighted == 0.5


def test_rows_not_covered_lower_the_score_over_all_and_not_the_one_over_covered():
    found = score_of("x", [ROW, replace(ROW, covered=False, passed=False, strict=False, z=float("nan"))])
    assert (found.rows, found.covered, found.passed, found.median_z) == (2, 1, 1, 1.0)


def test_the_gain_over_the_naive_rule_is_paired_by_row():
    gain, low, high, count = naive_gain([ROW, replace(ROW, study="b", naive_z=-2.0, z=-1.5)])
    assert gain == pytest.approx((3.0 + 0.5) / 2)
    assert (low, high, count) == (0.5, 3.0, 2)


def test_a_sign_counts_where_the_interval_excludes_no_effect_and_is_equivalence_otherwise():
    effect = replace(
        ROW, metric="hr_x", scale="ratio", interval="ci95", published=2.0, low=1.2, high=3.3, simulated=1.1
    )
    null = replace(effect, published=1.1, low=0.8, high=1.5, simulated=1.6)
    found = signs_of([effect, null])
    assert [(sign.kind, sign.agrees) for sign in found] == [("effect", True), ("null", False)]


def test_arms_of_a_comparison_group_are_compared_as_a_pair():
    a = replace(ROW, id="a", published=60, simulated=50, arms=("a1",))
    b = replace(ROW, id="b", published=30, simulated=52, arms=("a2",))
    (sign,) = signs_of([a, b])
    assert (sign.kind, sign.published, sign.simulated, sign.agrees) == ("effect", 30, -2, False)


def test_an_incidence_leaves_out_who_died_first_and_a_survival_counts_them():
    facts = {"relapse": np.array([10.0, 30.0, INF, INF]), "death": np.array([INF, 20.0, 50.0, INF])}
    assert incidence("relapse", ("death",), 100).figure(facts) == pytest.approx(25)
    assert survival(("relapse", "death"), 40).figure(facts) == pytest.approx(50)
    assert share_with(facts["death"], facts["relapse"], 40) == pytest.approx(25)


def test_a_median_is_over_those_who_recovered_or_over_all():
    facts = {"plt50": np.array([20.0, 30.0, INF, INF, INF])}
    assert median_day("plt50", 365).figure(facts) == 25
    assert median_day("plt50", 365, over_all=True).figure(facts) == 365


def test_twice_the_hazard_gives_a_hazard_ratio_of_two():
    rng = np.random.default_rng(1)
    fast, slow = (np.ceil(rng.exponential(scale, 20_000)) for scale in (300, 600))
    never = np.full(20_000, INF)
    assert hazard_ratio((fast, never), (slow, never), 1000) == pytest.approx(2, rel=0.03)


def test_an_exposure_counts_from_its_day_on():
    rng = np.random.default_rng(2)
    start = rng.uniform(0, 300, 40_000)
    before, after = rng.exponential(900, 40_000), start + rng.exponential(300, 40_000)
    event = np.ceil(np.where(before < start, before, after))
    never = np.full(40_000, INF)
    assert rate_ratio(event, never, start, 600) == pytest.approx(3, rel=0.06)


def test_a_metric_without_replicates_takes_a_relative_spread_that_suits_its_size():
    common = [Known(f"c{i}", f"s{i}", "os_2y_pct", "g", "d", "pct", value, 2.0) for i, value in enumerate(VALUES)]
    rare = Known("r", "s9", "ptld_cuminc_any_pct", "g", "d", "pct", 1.0, 0.2)
    found = spreads([*common, rare])
    own = between_studies([[(value, 2.0) for value in VALUES]])
    logits = between_studies([[(log(v / (100 - v)), 200 / (v * (100 - v))) for v in VALUES]])
    assert (found["os_2y_pct"]["from"], found["ptld_cuminc_any_pct"]["from"]) == ("metric", "scale")
    assert found["os_2y_pct"]["tau"] == pytest.approx(own, rel=1e-3)
    assert found["ptld_cuminc_any_pct"]["tau"] == pytest.approx(100 * 0.01 * 0.99 * logits, rel=1e-3)


def test_the_frozen_spreads_follow_from_the_frozen_table():
    frozen = read_yaml(TAU)["metrics"]
    assert spreads(known_table()).keys() == frozen.keys()
    for metric, row in spreads(known_table()).items():
        assert row["tau"] == pytest.approx(frozen[metric]["tau"], rel=0.01, abs=1e-3), metric
