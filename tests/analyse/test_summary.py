"""The clinician's table agrees with the chart it was judged from."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
from rich.console import Console

import dayzero as dz
from analyse.made import cohort, die
from dayzero.present.tables import show_summary


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
    from dayzero.analyse.summary import share_row

    row = share_row("x", 5, 10)
    assert (row.low, row.high) == pytest.approx((23.66, 76.34), abs=0.01)  # Wilson 1927, worked example


def test_the_table_prints_one_line_a_row(course):
    table = dz.summary(course)
    assert len(str(table).splitlines()) == len(table.rows)


def test_a_death_competes_with_engraftment_and_counts_in_no_nadir_or_sum():
    made = cohort(patients=40, days=120)
    died, _ = made.deaths()
    row = int(np.flatnonzero(np.isinf(died))[0])
    die(made, row, 3)
    dead = made.days > 3
    for name in ("neutrophils", "platelets", "platelet_units"):
        made.values[name][row, dead] = 0.0 if name != "platelet_units" else 50.0
    table = dz.summary(made)
    judged = dz.judge(dz.observe(made))
    assert judged["neutrophils_0.5_status"][row] == "competing"
    assert "1 died or had another graft first" in table["neutrophils 0.5"].note
    assert table["neutrophils 0.5 by day 28"].value == pytest.approx(100 * 39 / 40)
    assert table["platelet units"].high < 50


def test_outcomes_stand_in_the_table_from_day_100_on():
    made = cohort(patients=40, days=200)
    table = dz.summary(made)
    assert table.outcomes.days == (100, 180)
    assert table["overall survival, day 180"].value == table.outcomes["overall_survival"].at(180).percent
    assert table["acute GVHD II-IV, day 100"].note == "death competing"
    assert table["days alive to day 180"].unit == "days"
    assert json.loads(json.dumps(table.as_dict(), allow_nan=False))["outcomes"]["days"] == [100, 180]
    early = dz.summary(cohort(patients=10, days=60))
    assert early.outcomes is None and "outcomes" not in early.as_dict()


def test_the_printed_table_tells_outcomes_by_day_and_causes_of_death(capsys):
    made = cohort(patients=40, days=200)
    show_summary(dz.summary(made), Console(width=100))
    told = capsys.readouterr().out
    assert "day 100" in told and "day 180" in told
    assert "non-relapse mortality" in told and "quality-adjusted life" in told
    assert f"{np.isfinite(made.deaths()[0]).sum()} of 40 died" in told
