"""Charts: read, written, refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dayzero.errors import ChartError
from dayzero.records import Chart

DATED = "patient,date,quantity,value,unit\nA,2024-01-01,infusion,,\n"
HEADER = "patient,day,quantity,value,unit\n"


def read(folder: Path, text: str, **options: str) -> Chart:
    path = folder / "counts.csv"
    path.write_text(text, encoding="utf-8")
    return Chart.read(path, **options)  # type: ignore[arg-type]


def same(one: Chart, other: Chart) -> bool:
    if (one.patients, one.graft) != (other.patients, other.graft):
        return False
    if not np.array_equal(one.transfusions_recorded, other.transfusions_recorded):
        return False
    for mine, theirs in ((one.measurements, other.measurements), (one.events, other.events)):
        if set(mine) != set(theirs):
            return False
        for name in mine:
            pairs = zip(mine[name], theirs[name], strict=True)
            if not all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in pairs):
                return False
    return True


def test_readings_arrive_in_canonical_units_sorted_by_patient_and_day(tmp_path: Path) -> None:
    chart = read(tmp_path, HEADER + "A,12,neutrophils,600,/uL\nB,3,hemoglobin,80,g/L\nA,10,neutrophils,0.4,1e9/L\n")
    assert chart.patients == ("A", "B")
    days, values, limits = chart.series("A", "neutrophils")
    assert (days.tolist(), values.tolist(), limits.tolist()) == ([10, 12], [0.4, 0.6], [0, 0])
    assert chart.column("hemoglobin").value.tolist() == [8.0]
    assert len(chart) == 2


def test_a_table_without_patient_column_is_one_patient(tmp_path: Path) -> None:
    chart = read(tmp_path, "day,quantity,value,unit\n10,neutrophils,0.4,K/uL\n")
    assert len(chart) == 1


def test_a_limit_is_read_from_the_value_or_from_its_own_column(tmp_path: Path) -> None:
    text = "day,quantity,value,unit,comparator\n1,leukocytes,<0.1,1e9/L,\n2,leukocytes,0.1,1e9/L,<\n3,cd4,>5,1e9/L,>\n"
    chart = read(tmp_path, text)
    assert chart.column("leukocytes").limit.tolist() == [-1, -1]
    assert chart.column("leukocytes").value.tolist() == [0.1, 0.1]
    assert chart.column("cd4").limit.tolist() == [1]


def test_blank_lines_and_a_byte_order_mark_are_no_hindrance(tmp_path: Path) -> None:
    chart = read(tmp_path, "\ufeffday,quantity,value,unit\r\n\r\n10,neutrophils, 0.4 ,K/uL\r\n,,,\r\n")
    assert chart.column("neutrophils").value.tolist() == [0.4]


def test_dates_are_counted_from_the_dated_infusion(tmp_path: Path) -> None:
    text = "patient,date,quantity,value,unit\nA,2024-03-10,infusion,,\nA,2024-03-20,neutrophils,0.6,1e9/L\n"
    chart = read(tmp_path, text + "A,2024-02-29,neutrophils,2,1e9/L\nA,,graft,BM,\n")
    assert chart.series("A", "neutrophils").days.tolist() == [-10, 10]
    assert chart.graft == ("BM",)


@pytest.mark.parametrize("time", ["", " 08:15", "T08:15:30", " 08:15:30.000000", "T08:15:30Z", "T08:15+01:00"])
def test_a_time_of_day_after_a_date_is_ignored(tmp_path: Path, time: str) -> None:
    chart = read(tmp_path, DATED + f"A,2024-01-12{time},cd4,1,1e9/L\n")
    assert chart.column("cd4").day.tolist() == [11]


def test_two_units_of_one_day_are_one_infusion_day(tmp_path: Path) -> None:
    units = "A,2024-01-01,infusion,1e5,cells/kg\nA,2024-01-01,infusion,2e5,cells/kg\n"
    chart = read(tmp_path, "patient,date,quantity,value,unit\n" + units + "A,2024-01-12,cd4,1,1e9/L\n")
    assert chart.column("infusion").value.tolist() == [1e5, 2e5]
    assert chart.column("cd4").day.tolist() == [11]


def test_the_same_fact_twice_is_no_conflict(tmp_path: Path) -> None:
    assert read(tmp_path, HEADER + ROW + "A,,graft,BM,\nA,,graft,bm,\n,,graft,cord,\n").graft == ("BM",)


def test_facts_hold_for_all_patients_or_for_one(tmp_path: Path) -> None:
    rows = "A,1,platelets,50,1e9/L\nB,1,platelets,50,1e9/L\n"
    chart = read(
        tmp_path, HEADER + rows + ",,transfusions_recorded,yes,\nB,,transfusions_recorded,no,\nB,,graft,Cord,\n"
    )
    assert chart.transfusions_recorded.tolist() == [True, False]
    assert chart.graft == (None, "cord")


def test_one_transfusion_on_the_chart_means_that_patients_transfusions_were_recorded(tmp_path: Path) -> None:
    rows = "A,1,platelets,50,1e9/L\nB,1,platelets,50,1e9/L\nB,2,platelet_transfusion,1,units\n"
    assert read(tmp_path, HEADER + rows).transfusions_recorded.tolist() == [False, True]


def test_two_different_readings_of_one_day_are_both_kept(tmp_path: Path) -> None:
    chart = read(tmp_path, HEADER + "A,12,neutrophils,0.6,1e9/L\nA,12,neutrophils,0.3,1e9/L\n")
    assert sorted(chart.column("neutrophils").value.tolist()) == [0.3, 0.6]


def test_an_empty_value_means_not_measured(tmp_path: Path) -> None:
    chart = read(tmp_path, HEADER + "A,11,neutrophils,,1e9/L\nA,12,neutrophils,0.3,1e9/L\nB,1,platelets,NA,1e9/L\n"
                 "B,2,platelets,N/A,1e9/L\nB,3,platelets,NULL,1e9/L\n")  # fmt: skip
    assert chart.column("neutrophils").day.tolist() == [12]
    assert not len(chart.column("platelets").day)
    assert chart.patients == ("A", "B")


ROW = "A,9,neutrophils,0.3,1e9/L\n"
REFUSED = {
    "an empty file": ("", "file: got an empty file"),
    "a header only": (HEADER, "rows: got none"),
    "no header": (ROW, "header"),
    "a column of another name": ("patient,dag,quantity,value,unit\n" + ROW, "column 'dag'.*did you mean day"),
    "day and date": ("day,date,quantity,value,unit\n1,2024-01-01,cd4,1,1e9/L\n", "one of day or date"),
    "no unit column": ("day,quantity,value\n1,cd4,1\n", "quantity, value, unit"),
    "an unknown quantity": (HEADER + "A,9,neutrophil,0.3,1e9/L\n", "row 2, quantity.*did you mean neutrophils"),
    "no quantity": (HEADER + "A,9,,0.3,1e9/L\n", "row 2, quantity: got nothing"),
    "an unknown unit": (HEADER + ROW + "A,10,neutrophils,0.3,mg/dL\n", "row 3, unit: got 'mg/dL'"),
    "no unit": (HEADER + "A,9,neutrophils,0.3,\n", "row 2, unit: got nothing.*write the unit of neutrophils"),
    "text for a number": (HEADER + "A,9,neutrophils,low,1e9/L\n", "row 2, value: got 'low'"),
    "a decimal comma": (HEADER + 'A,9,neutrophils,"0,3",1e9/L\n', "row 2, value: got '0,3'"),
    "a negative count": (HEADER + "A,9,neutrophils,-0.3,1e9/L\n", "row 2, value: got '-0.3', expected zero or more"),
    "nan": (HEADER + "A,9,neutrophils,nan,1e9/L\n", "a finite number"),
    "infinity": (HEADER + "A,9,neutrophils,inf,1e9/L\n", "a finite number"),
    "a count in the wrong unit": (HEADER + "A,9,platelets,150000,1e9/L\n", "check the unit"),
    "half a day": (HEADER + "A,9.5,neutrophils,0.3,1e9/L\n", "row 2, day: got '9.5'"),
    "a date as day": (HEADER + "A,2024-01-01,neutrophils,0.3,1e9/L\n", "row 2, day"),
    "no day": (HEADER + "A,,neutrophils,0.3,1e9/L\n", "row 2, day: got nothing"),
    "an impossible day": (HEADER + "A,999999,neutrophils,0.3,1e9/L\n", "row 2, day: got '999999'"),
    "no patient": (HEADER + ",9,neutrophils,0.3,1e9/L\n", "row 2, patient: got nothing"),
    "a row twice": (HEADER + ROW + "A,8,neutrophils,0.3,1e9/L\n" + ROW, "rows 2 and 4: got the same neutrophils twice"),
    "the same reading in two units": (HEADER + ROW + "A,9,neutrophils,300,/uL\n", "rows 2 and 3"),
    "no value at all": (HEADER + "A,9,neutrophils,,1e9/L\n", "rows: got none with a value"),
    "an unknown graft": (HEADER + ROW + "A,,graft,PBSCs,\n", "row 3, value.*did you mean PBSC"),
    "another schema": (HEADER + ROW + ",,schema,2,\n", "got schema 2, expected schema 1"),
    "an unclear record": (HEADER + ROW + ",,transfusions_recorded,maybe,\n", "yes or no"),
    "two limits": ("day,quantity,value,unit,comparator\n1,cd4,<1,1e9/L,>\n", "row 2, comparator"),
    "an unknown limit": ("day,quantity,value,unit,comparator\n1,cd4,1,1e9/L,~\n", "row 2, comparator: got '~'"),
    "dates without infusion": ("patient,date,quantity,value,unit\nA,2024-01-01,cd4,1,1e9/L\n", "an infusion row"),
    "a wrong date": ("patient,date,quantity,value,unit\nA,2024-02-30,cd4,1,1e9/L\n", "row 2, date: got '2024-02-30'"),
    "text after a date": (DATED + "A,2024-01-12 garbage,cd4,1,1e9/L\n", "row 3, date: got '2024-01-12 garbage'"),
    "digits after a date": (DATED + "A,2024-01-123,cd4,1,1e9/L\n", "row 3, date: got '2024-01-123'"),
    "two grafts": (
        HEADER + ROW + "A,,graft,PBSC,\nA,,graft,BM,\n",
        "row 4, value: got another graft of patient A, expected one;",
    ),
    "two grafts of all": (HEADER + ROW + ",,graft,BM,\n,,graft,cord,\n", "another graft of all patients"),
    "two records": (
        HEADER + ROW + ",,transfusions_recorded,yes,\n,,transfusions_recorded,no,\n",
        "row 4, value: got another transfusions_recorded of all patients",
    ),
    "two days of infusion": (
        HEADER + ROW + "A,0,infusion,2e6,cells/kg\nA,30,infusion,2e6,cells/kg\n",
        "row 4, quantity: got 'infusion', expected one day of infusion a patient; name any later",
    ),
    "two infusions": (
        "patient,date,quantity,value,unit\nA,2024-01-01,infusion,,\nA,2024-01-09,infusion,,\n",
        "row 3, quantity.*name any later infusion second_graft",
    ),
    "ragged rows": (HEADER + "A,9,neutrophils,0.3,1e9/L,,,,\n", "file: got"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_table_is_refused_in_one_sentence(tmp_path: Path, what: str) -> None:
    text, message = REFUSED[what]
    with pytest.raises(ChartError, match=message) as caught:
        read(tmp_path, text)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("counts.csv: ")


def test_a_repeated_row_is_kept_when_asked_for(tmp_path: Path) -> None:
    assert len(read(tmp_path, HEADER + ROW + ROW, duplicates="keep").column("neutrophils").day) == 2


def test_a_missing_file_and_an_unknown_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ChartError, match="nothing there"):
        Chart.read(tmp_path / "none.csv")
    with pytest.raises(ChartError, match="files not known"):
        Chart.read(tmp_path)
    with pytest.raises(ChartError, match=r"^\.: folder"):
        Chart.read(".")


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_chart_survives_writing_and_reading(tmp_path: Path, ending: str) -> None:
    chart = Chart.from_columns(
        {
            "neutrophils": ([1, 0, 0], [3, 9, 9], [0.1, 1 / 3, 0.2], [-1, 0, 0]),
            "temperature": ([0], [-4], [38.3], [1]),
        },
        ["A", "B", "never measured"],
        {"platelet_transfusion": ([0, 0], [4, 2], [np.nan, 2.0]), "death": ([1], [40])},
        graft=["PBSC", None, "cord"],
        transfusions_recorded=[True, False, False],
    )
    assert same(Chart.read(chart.write(tmp_path / f"chart.{ending}")), chart)
    assert [path.name for path in tmp_path.iterdir()] == [f"chart.{ending}"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import polars as pl

    chart = Chart.from_columns({"neutrophils": ([0], [1], [0.5])}, ["A"])
    path = chart.write(tmp_path / "chart.csv")
    before = path.read_text()

    def fails(frame: pl.DataFrame, place: Path) -> None:
        place.write_text("half")
        raise OSError("disk full")

    monkeypatch.setattr(pl.DataFrame, "write_csv", fails)
    with pytest.raises(OSError, match="disk full"):
        chart.write(path)
    assert path.read_text() == before
    assert len(list(tmp_path.iterdir())) == 1


@settings(derandomize=True, max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-20, 100), st.floats(0, 500)), min_size=1, unique=True))
def test_rows_in_any_order_give_the_same_chart(rows: list[tuple[int, int, float]]) -> None:
    def chart(order: list[tuple[int, int, float]]) -> Chart:
        patient, day, value = zip(*order, strict=True)
        return Chart.from_columns({"neutrophils": (patient, day, value)}, list("ABCD"))

    assert same(chart(sorted(rows)), chart(sorted(rows, key=lambda row: (row[0], row[1], row[2]))))
    column = chart(rows).column("neutrophils")
    assert list(zip(column.patient.tolist(), column.day.tolist(), strict=True)) == sorted(row[:2] for row in rows)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"neutrophil": ([0], [1], [1.0])}, "did you mean neutrophils"),
        ({"neutrophils": ([0], [1], [-1.0])}, "expected 0 to 1000"),
        ({"neutrophils": ([0], [1], [np.inf])}, "expected 0 to 1000"),
        ({"neutrophils": ([2], [1], [1.0])}, "patient index"),
        ({"neutrophils": ([0], [10**6], [1.0])}, "impossible day"),
        ({"neutrophils": ([0], [1.5], [1.0])}, "whole days"),
        ({"neutrophils": ([0], [np.nan], [1.0])}, "whole days"),
        ({"neutrophils": ([0], [1, 2], [1.0])}, "one length"),
        ({"neutrophils": ([0], [1])}, "patient index, day and value"),
    ],
)
def test_arrays_that_cannot_be_true_are_refused(columns: dict[str, tuple[list[float], ...]], message: str) -> None:
    with pytest.raises(ChartError, match=message):
        Chart.from_columns(columns, ["A"])


def test_a_patient_has_one_day_of_infusion() -> None:
    counts = {"neutrophils": ([0], [1], [1.0])}
    chart = Chart.from_columns(counts, ["A", "B"], {"infusion": ([1, 0, 0], [3, 0, 0]), "boost": ([0], [60])})
    assert chart.first_event("infusion").tolist() == [0, 3]
    with pytest.raises(ChartError, match="one day of infusion a patient; name any later infusion second_graft, boost"):
        Chart.from_columns(counts, ["A"], {"infusion": ([0, 0], [60, 0])})


def test_a_nan_value_from_arrays_means_not_measured() -> None:
    chart = Chart.from_columns({"neutrophils": ([0, 0], [1, 2], [np.nan, 0.5])}, ["A"])
    assert chart.column("neutrophils").day.tolist() == [2]


def test_one_patients_chart_holds_only_that_patient() -> None:
    chart = Chart.from_columns(
        {"neutrophils": ([0, 1], [1, 2], [0.5, 0.6])}, ["A", "B"], {"death": ([0], [9])}, graft=["BM", "cord"]
    )
    one = chart.patient("B")
    assert (one.patients, one.graft, one.column("neutrophils").value.tolist()) == (("B",), ("cord",), [0.6])
    assert not len(one.column("death").day)
    with pytest.raises(ChartError, match="an identifier of this chart"):
        chart.patient("C")


def test_a_chart_prints_no_value_and_no_patient() -> None:
    chart = Chart.from_columns({"neutrophils": ([0], [7], [0.512])}, ["Jane"])
    assert repr(chart) == "Chart(1 patient, 1 measurement of neutrophils, 0 events, days 7 to 7)"


def test_the_arrays_of_a_chart_cannot_be_changed() -> None:
    chart = Chart.from_columns({"neutrophils": ([0], [7], [0.5])}, ["A"])
    with pytest.raises(ValueError, match="read-only"):
        chart.column("neutrophils").value[0] = 9.0


def test_a_quantity_not_measured_is_an_empty_column_and_an_unknown_one_an_error() -> None:
    chart = Chart.from_columns({"neutrophils": ([0], [7], [0.5])}, ["A"])
    assert len(chart.column("platelets").day) == 0
    with pytest.raises(Exception, match="did you mean platelets"):
        chart.column("platelet")


def test_importing_records_does_not_import_polars() -> None:
    import subprocess
    import sys

    code = "import sys, dayzero.records, dayzero.criteria; sys.exit('polars' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_weight_lost_is_read_and_a_death_keeps_its_cause(tmp_path: Path) -> None:
    path = tmp_path / "chart.csv"
    path.write_text(HEADER + "A,9,weight_gain,-4.5,%\nA,30,acute_gvhd,2,\nA,80,death,2,\nB,81,death,,\n")
    chart = Chart.read(path)
    assert chart.series("A", "weight_gain").values.tolist() == [-4.5]
    assert chart.series("A", "acute_gvhd").values.tolist() == [2.0]
    assert np.array_equal(chart.column("death").value, [2.0, np.nan], equal_nan=True)
    back = Chart.read(chart.write(tmp_path / "again.csv"))
    assert np.array_equal(back.column("death").value, [2.0, np.nan], equal_nan=True)


@pytest.mark.parametrize("row", ["A,9,weight_gain,-80,%", "A,9,death,8,", "A,9,acute_gvhd,5,", "A,9,ascites,2,1"])
def test_what_cannot_be_true_of_the_new_quantities_is_refused(tmp_path: Path, row: str) -> None:
    path = tmp_path / "chart.csv"
    path.write_text(HEADER + row + "\n")
    with pytest.raises(ChartError, match="row 2, value"):
        Chart.read(path)
