"""The clinician's table agrees with the chart it was judged from."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import dayzero as dz


@pytest.fixture(scope="module")
def course():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dz.DomainWarning)
        return dz.simulate("aml-sibling-pbsc", patients=16, days=104)


def test_recovery_rows_are_medians_of_judged_days(course):
    table, judged = dz.summary(course), dz.judge(dz.observe(course))
    for name, column in {"neutrophils 0.5": "neutrophils_0.5_day", "platelets 50": "platelets_50_day"}.items():
        assert table[name].value == np.nanmedian(judged[column])
        assert table[name].low <= table[name].value <= table[name].high


def test_units_are_counted_as_given(course):
    given = course.platelet_units.sum(axis=1)
    assert dz.summary(course)["platelet units"].value == np.median(given)
    assert dz.summary(course)["any platelet transfusion"].value == pytest.approx(100 * np.mean(given > 0))


def test_chimerism_is_the_reported_one_and_only_allogeneic_plans_have_it(course):
    table = dz.summary(course)
    assert 90 <= table["myeloid donor chimerism, day 28"].value <= 100
    names = [row.name for row in dz.summary(dz.simulate("auto-mel200-myeloma", patients=16, days=60)).rows]
    assert not any("chimerism" in name for name in names)


def test_a_share_carries_wilsons_interval():
    from dayzero.analyse.summary import _share

    row = _share("x", 5, 10)
    assert (row.low, row.high) == pytest.approx((23.66, 76.34), abs=0.01)  # Wilson 1927, worked example


def test_the_table_prints_one_line_a_row(course):
    table = dz.summary(course)
    assert len(str(table).splitlines()) == len(table.rows)
