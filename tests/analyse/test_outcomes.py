"""The table of outcomes: estimates at days, means, causes, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from analyse.made import cohort, die, empty, put
from dayzero.analyse.outcomes import outcomes, shown
from dayzero.errors import InputError, SpecError


@pytest.fixture(scope="module")
def course():
    return cohort(patients=120, days=365)


def test_estimates_without_censoring_are_plain_shares(course) -> None:
    table = outcomes(course)
    died = course.deaths()[0]
    for day in table.days:
        at = table["overall_survival"].at(day)
        assert at.percent == pytest.approx(100 * np.mean(died > day))
        assert at.low < at.percent < at.high
        assert at.events == int(np.sum(died <= day))
        assert at.at_risk == int(np.sum(died >= day))


@pytest.mark.parametrize(("last", "days"), [(60, (60,)), (120, (100,)), (365, (100, 180, 365)), (800, (100, 365, 730))])
def test_days_left_out_are_day_100_and_the_last_usual_ones(last: int, days: tuple[int, ...]) -> None:
    assert outcomes(empty(days=last)).days == days


def test_an_event_nobody_had_has_the_exact_upper_limit_and_a_survival_its_lower() -> None:
    table = outcomes(empty(patients=100), 100)
    assert table["vod"].at(100)[1:4] == pytest.approx((0, 0, 100 * (1 - 0.025**0.01)))
    assert table["overall_survival"].at(100)[1:4] == pytest.approx((100, 100 * 0.025**0.01, 100))
    assert shown(table["vod"].at(100)) == "0.0 (0.0-3.6)"


def test_days_alive_and_quality_adjusted_years_are_counted_while_alive() -> None:
    course = empty(patients=2)
    die(course, 0, 40)
    table = {(mean.name, mean.day): mean for mean in outcomes(course, (30, 100)).means}
    assert table["days_alive", 30].value == 30
    assert table["days_alive", 100].value == pytest.approx((40 + 100) / 2)
    assert table["quality_adjusted_years", 100].value == pytest.approx(0.8 * 70 / 365.25, rel=1e-5)


def test_causes_are_counted_with_those_after_a_relapse_apart() -> None:
    course = empty(patients=5)
    put(course, 0, 20, "event_relapse")
    die(course, 0, 40, "bacteremia")
    die(course, 1, 50, "bacteremia")
    die(course, 2, 60, "vod")
    die(course, 3, -3, "other_death")
    table = outcomes(course)
    told = [(row.cause, row.group, row.deaths, row.after_relapse) for row in table.deaths]
    assert told == [("bacteremia", "infection", 2, 1), ("vod", "organ toxicity", 1, 0)]
    assert (table.patients, table.not_transplanted) == (4, 1)


def test_the_median_of_a_survival_is_told_when_it_was_reached() -> None:
    course = empty(patients=4)
    for row, day in ((0, 20), (1, 30), (2, 50)):
        die(course, row, day)
    assert outcomes(course)["overall_survival"].median.day == 30
    assert outcomes(course)["relapse"].median is None


def test_it_is_plain_data_for_json_and_a_table_for_people(course) -> None:
    table = outcomes(course)
    data = json.loads(json.dumps(table.as_dict(), allow_nan=False))
    assert [line["name"] for line in data["endpoints"]] == [line.name for line in table.lines]
    assert data["endpoints"][0]["estimator"] == "Kaplan-Meier"
    assert len(str(table).splitlines()) == 1 + len(table.lines)


def test_a_day_beyond_the_course_or_deaths_not_recorded_are_refused(course) -> None:
    with pytest.raises(InputError, match="got 400, expected whole days of 0 to 365"):
        outcomes(course, 400)
    few = {name: value for name, value in course.values.items() if name not in ("alive", "died_of")}
    with pytest.raises(SpecError, match="no deaths recorded"):
        outcomes(replace(course, values=few))


def test_counts_of_two_halves_add_up_to_those_of_the_whole(course) -> None:
    one, two, whole = (outcomes(part) for part in (course.only(range(50)), course.only(range(50, 120)), course))
    for line in whole.lines:
        assert np.array_equal((one[line.name].counts + two[line.name].counts).events, line.counts.events), line.name


@pytest.mark.parametrize("horizon", [[], True, 10.5, "x", [10, 2.5]])
def test_days_that_are_no_whole_days_are_refused(course, horizon) -> None:
    with pytest.raises(InputError, match="expected whole days"):
        outcomes(course, horizon)


def test_a_day_may_be_a_number_of_the_course_and_counts_once(course) -> None:
    assert outcomes(course, course.days[-1]).days == (int(course.days[-1]),)
    assert outcomes(course, [5, 5]).days == (5,)


def test_an_endpoint_or_day_that_was_not_told_is_named(course) -> None:
    became = outcomes(course, [100])
    with pytest.raises(InputError, match="did you mean"):
        became["relapsed"]
    with pytest.raises(InputError, match="one of 100"):
        became["relapse"].at(50)
