"""Charts from and to data frames, and the method of a reading in tables."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from dayzero.errors import ChartError
from dayzero.records import Chart
from records.test_chart import same

CHART = Chart.from_columns(
    {
        "donor_chimerism_t_cell": ([0, 0], [30, 60], [80.0, 97.0], [0, 0], ["", "STR"]),
        "neutrophils": ([1, 0], [9, 9], [0.1, 0.6], [-1, 0]),
        "gvhd_skin_stage": ([0], [25], [2.0]),
        "disease_status": ([0], [30], [1.0]),
    },
    ["A", "B"],
    {"death": ([1], [40], [2.0]), "mycophenolate": ([0], [3], [2000.0]), "relapse": ([1], [30])},
    graft=["PBSC", None],
    transfusions_recorded=[True, False],
)


def methods(chart: Chart) -> dict[str, list[str]]:
    return {name: found.tolist() for name, found in chart.methods.items()}


def test_a_chart_survives_a_frame_of_polars() -> None:
    again = Chart.from_frame(CHART.to_polars())
    assert same(again, CHART)
    assert methods(again) == methods(CHART) == {"donor_chimerism_t_cell": ["", "STR"]}
    assert same(Chart.from_frame(CHART.to_polars().lazy()), CHART)


def test_a_chart_survives_a_frame_of_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    frame = CHART.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert same(Chart.from_frame(frame), CHART)
    assert same(
        Chart.from_frame(frame[frame["day"].notna() | frame["patient"].isna()]).patient("B"), CHART.patient("B")
    )


def test_a_pandas_frame_with_numbers_dates_and_gaps_is_read() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "patient": [1, 1, 1],
            "date": pandas.to_datetime(["2024-03-10", "2024-03-20", "2024-03-21 08:00"], format="ISO8601"),
            "quantity": ["infusion", "neutrophils", "platelets"],
            "value": [float("nan"), 0.6, 24],
            "unit": [None, "1e9/L", "1e9/L"],
        }
    )
    chart = Chart.from_frame(frame)
    assert chart.patients == ("1",)
    assert chart.series("1", "neutrophils").days.tolist() == [10]
    assert chart.series("1", "platelets").days.tolist() == [11]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_method_survives_a_table(tmp_path: Path, ending: str) -> None:
    again = Chart.read(CHART.write(tmp_path / f"chart.{ending}"))
    assert same(again, CHART)
    assert methods(again) == methods(CHART)


def test_a_table_is_not_written_under_the_name_of_a_bundle(tmp_path: Path) -> None:
    with pytest.raises(ChartError, match=r"expected .csv or .parquet; make a FHIR bundle with chart.to_fhir"):
        CHART.write(tmp_path / "chart.json")
    assert list(tmp_path.iterdir()) == []


def test_a_table_without_methods_has_no_column_for_them(tmp_path: Path) -> None:
    plain = Chart.from_columns({"neutrophils": ([0], [9], [0.6])}, ["A"])
    assert "method" not in plain.to_polars().columns
    assert methods(plain) == {}


def test_a_parquet_file_with_numbers_is_read(tmp_path: Path) -> None:
    rows = {
        "patient": [7, 7],
        "day": [9, 10],
        "quantity": ["neutrophils"] * 2,
        "value": [0.1, 0.6],
        "unit": ["1e9/L"] * 2,
    }
    pl.DataFrame(rows).write_parquet(tmp_path / "counts.parquet")
    assert Chart.read(tmp_path / "counts.parquet").series("7", "neutrophils").values.tolist() == [0.1, 0.6]


def test_one_patients_chart_keeps_the_methods() -> None:
    assert methods(CHART.patient("A")) == {"donor_chimerism_t_cell": ["", "STR"]}
    assert methods(CHART.patient("B")) == {}


REFUSED = {
    "no frame": ([1, 2], "got a list, expected a data frame of polars or pandas"),
    "a row column": (pl.DataFrame({"row": [1]}), "header: got column 'row'"),
    "cells of objects": (pl.DataFrame({"value": [object()]}), "cells of lists or objects"),
    "an unknown quantity": (
        pl.DataFrame({"day": [1], "quantity": ["neutrofils"], "value": [1.0], "unit": ["1e9/L"]}),
        "row 1, quantity: got 'neutrofils'.*did you mean neutrophils",
    ),
    "a method of an event": (
        pl.DataFrame({"day": [1], "quantity": ["death"], "value": [""], "unit": [""], "method": ["STR"]}),
        "row 1, method: got 'STR', expected nothing, for only a reading has a method",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_frame_is_refused_in_one_sentence(what: str) -> None:
    frame, message = REFUSED[what]
    with pytest.raises(ChartError, match=message) as caught:
        Chart.from_frame(frame)
    assert str(caught.value).startswith("frame: ")


@pytest.mark.parametrize(
    ("name", "value"), [("gvhd_skin_stage", 5.0), ("gvhd_upper_gut_stage", 2.0), ("disease_status", 0.0)]
)
def test_a_stage_that_there_is_not_is_refused(name: str, value: float) -> None:
    with pytest.raises(ChartError, match=f"{name}: got {value:g}"):
        Chart.from_columns({name: ([0], [1], [value])}, ["A"])
