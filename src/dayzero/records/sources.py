"""Published data sets of real patients, as charts.

A folder is recognised by its files. The data stay where they are; nothing of them is part of dayzero.

=========================================== ===========================================================================
`read_msk` daily_counts.csv, episodes.csv   Memorial Sloan Kettering, daily white cells; doi:10.1038/s41597-021-00860-8
`read_heidrich` blood_counts.csv,           Sao Paulo, counts at up to eight visits; doi:10.1128/spectrum.02910-23
clinical.csv
`read_bmt` bmt.csv                          137 transplants of acute leukemia; Klein and Moeschberger 1997, section 1.3
`read_ebmt` ebmt4.csv                       registry teaching data; doi:10.1002/sim.3305
`read_paediatric` paediatric_bmt.csv        187 children, unrelated donors; doi:10.1016/j.bbmt.2010.04.001
=========================================== ===========================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from dayzero.errors import ChartError
from dayzero.records.chart import Chart, Floats, Integers, Limits

if TYPE_CHECKING:
    import polars as pl

Cells = tuple[Integers, Integers, Floats, Limits]

#: MSK writes white cells to one decimal; below that no value stands in the table.
_MSK_LOWEST = 0.1
_MSK_GRAFT = {"PBSC_unmodified": "PBSC", "BM_unmodified": "BM", "TCD": "TCD", "cord": "cord"}
_HEIDRICH_GRAFT = {"Peripheral blood": "PBSC", "Bone marrow": "BM", "Umbilical cord": "cord"}
_HEIDRICH_TOO_FEW = 1.0
_HEIDRICH_COUNTS = {
    "leukocytes": "wbc_per_uL",
    "neutrophils": "neutrophils_per_uL",
    "lymphocytes": "lymphocytes_per_uL",
    "monocytes": "monocytes_per_uL",
    "platelets": "platelets_per_uL",
}


def read_folder(folder: Path) -> Chart:
    """Read a folder that holds a data set dayzero knows."""
    for files, reader in _KNOWN.items():
        if all((folder / name).is_file() for name in files):
            return _read(reader, folder)
    expected = "; or ".join(" with ".join(files) for files in _KNOWN)
    raise ChartError(
        folder.name or str(folder), "folder", "files not known", expected, "give a chart in long form (CSV or Parquet)"
    )


def _read(reader: Callable[[str | Path], Chart], folder: Path) -> Chart:
    """What a reader makes of a folder; one sentence where a column is missing or holds no number."""
    import polars as pl

    try:
        return reader(folder)
    except pl.exceptions.PolarsError as problem:
        got = str(problem).splitlines()[0]
        expected = "the columns of the published tables, numbers in those of numbers"
        raise ChartError(folder.name or str(folder), "table", got, expected, "correct that column") from None


def read_msk(folder: str | Path) -> Chart:
    """Daily white cells, neutrophils and lymphocytes of the Memorial Sloan Kettering set; a patient is an episode.

    A neutrophil zero marked ``imputed_zero_low_wbc`` was written because no differential was done: neutrophils then lie
    between zero and the white cells, so it becomes ``<WBC``, or ``<0.1`` where white cells are absent or 0.0. White
    cells marked ``missing_probably_below_0.1`` become ``<0.1``. Platelets and transfusions are not in the set.

    Source: doi:10.1038/s41597-021-00860-8.
    """
    import polars as pl

    place = Path(folder)
    rows = _load(place / "daily_counts.csv")
    episodes = _load(place / "episodes.csv")
    rows = rows.with_columns(pl.format("{}@{}", "patient_id", "transplant_timepoint").alias("patient"))
    patients, code = _codes(rows)
    day = rows["day"].cast(pl.Int64).to_numpy()
    wbc, low_wbc = _numbers(rows["wbc"]), rows["wbc_note"].is_not_null().to_numpy()
    neutrophils, imputed = _numbers(rows["neutrophils"]), rows["neutrophil_note"].is_not_null().to_numpy()

    lowest = np.where(wbc > 0, wbc, _MSK_LOWEST)
    grafts = dict(zip(episodes["episode"], episodes["graft"], strict=True))
    return Chart.from_columns(
        {
            "leukocytes": _cells(code, day, np.where(low_wbc, _MSK_LOWEST, wbc), low_wbc),
            "neutrophils": _cells(code, day, np.where(imputed, lowest, neutrophils), imputed),
            "lymphocytes": _cells(code, day, _numbers(rows["lymphocytes"]), np.zeros(len(day), bool)),
        },
        patients,
        graft=[_MSK_GRAFT.get(str(grafts.get(name))) for name in patients],
    )


def read_heidrich(folder: str | Path) -> Chart:
    """Counts at up to eight visits of the Sao Paulo set, days from infusion.

    At the visit in aplasia a 1 stands for "too few to count": the cells then lie between zero and the white cells, and
    become ``<WBC``. Transfusions are not in the set. Deaths are given in months only and are left out.

    Source: doi:10.1128/spectrum.02910-23.
    """
    import polars as pl

    place = Path(folder)
    rows = _load(place / "blood_counts.csv")
    clinical = _load(place / "clinical.csv")
    patients, code = _codes(rows)
    day = rows["day"].cast(pl.Int64).to_numpy()
    wbc = _numbers(rows["wbc_per_uL"])
    in_aplasia = (rows["visit"] == "A").to_numpy()
    measurements: dict[str, Cells] = {}
    for name, column in _HEIDRICH_COUNTS.items():
        cells = _numbers(rows[column])
        too_few = in_aplasia & (cells == _HEIDRICH_TOO_FEW) & (name not in ("leukocytes", "platelets"))
        measurements[name] = _cells(code, day, np.where(too_few, wbc, cells) / 1000, too_few)
    measurements["erythrocytes"] = _cells(code, day, _numbers(rows["rbc_per_uL"]) / 1e6, np.zeros(len(day), bool))
    grafts = dict(zip(clinical["patient"], clinical["Graft source"], strict=True))
    return Chart.from_columns(
        measurements, patients, graft=[_HEIDRICH_GRAFT.get(str(grafts.get(name))) for name in patients]
    )


def read_bmt(folder: str | Path) -> Chart:
    """Relapse, acute and chronic GVHD (without grade) and death of the 137 patients of Klein and Moeschberger.

    The days on which platelets were back are a result, not a measurement, and are left out.

    Source: Klein and Moeschberger, Survival Analysis (1997), section 1.3.
    """
    rows = _load(Path(folder) / "bmt.csv")
    day = {name: _numbers(rows[name]) for name in ("t1", "t2", "ta", "tc")}
    events = {
        "death": _dated(day["t1"], rows["d1"] == "1"),
        "relapse": _dated(day["t2"], rows["d2"] == "1"),
        "acute_gvhd": _dated(day["ta"], rows["da"] == "1"),
        "chronic_gvhd": _dated(day["tc"], rows["dc"] == "1"),
        "last_contact": _dated(day["t1"], rows["d1"] != "1"),
    }
    return Chart.from_columns({}, [str(1 + at) for at in range(len(rows))], events)


def read_ebmt(folder: str | Path) -> Chart:
    """Relapse and death of the registry's teaching data ``ebmt4``; simplified by their authors, not for conclusions.

    Recovery (a result) and adverse events (of no kind) are left out. The other tables of the set may hold the same
    persons again, or do not tell relapse from death.

    Source: doi:10.1002/sim.3305.
    """
    rows = _load(Path(folder) / "ebmt4.csv")
    survival = _numbers(rows["srv"])
    events = {
        "death": _dated(survival, rows["srv.s"] == "1"),
        "relapse": _dated(_numbers(rows["rel"]), rows["rel.s"] == "1"),
        "last_contact": _dated(survival, rows["srv.s"] != "1"),
    }
    return Chart.from_columns({}, [str(name) for name in rows["id"]], events)


def read_paediatric(folder: str | Path) -> Chart:
    """Graft, body weight, acute GVHD III-IV with its day, and death of children; CD34+ cells with the infusion.

    Days of recovery are a result and are left out, and so is what has no day: relapse, acute GVHD of grade II and
    chronic GVHD.

    Source: doi:10.1016/j.bbmt.2010.04.001.
    """
    rows = _load(Path(folder) / "paediatric_bmt.csv")
    zero, all_rows = np.zeros(len(rows)), np.ones(len(rows), bool)
    onset, survival = _numbers(rows["time_to_acute_GvHD_III_IV"]), _numbers(rows["survival_time"])
    died = rows["survival_status"] == "1"
    who, day = _dated(onset, ~np.isnan(onset))
    events = {
        "infusion": (*_dated(zero, all_rows), _numbers(rows["CD34_x1e6_per_kg"]) * 1e6),
        "acute_gvhd": (who, day, np.full(len(who), 3.0)),  # III or IV is not told: at least III
        "death": _dated(survival, died),
        "last_contact": _dated(survival, ~died),
    }
    grafts = {"bone_marrow": "BM", "peripheral_blood": "PBSC"}
    weight = (*_dated(zero, all_rows), _numbers(rows["recipient_body_mass"]))
    return Chart.from_columns(
        {"weight": weight},
        [str(name) for name in rows["patient"]],
        events,
        graft=[grafts.get(str(source)) for source in rows["stem_cell_source"]],
    )


def _dated(day: Floats, happened: ArrayLike) -> tuple[Integers, Integers]:
    """Row and whole day of those to whom it happened."""
    who = np.flatnonzero(np.asarray(happened, bool))
    return who, np.floor(day[who]).astype(np.int64)


def _load(path: Path) -> pl.DataFrame:
    import polars as pl

    try:
        return pl.read_csv(path, infer_schema=False)
    except (pl.exceptions.PolarsError, OSError) as problem:
        got = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise ChartError(path.name, "file", got, "the table as published", "fetch the data set again") from None


def _codes(rows: pl.DataFrame) -> tuple[list[str], Integers]:
    patients = [str(name) for name in rows["patient"].unique(maintain_order=True)]
    at = {name: number for number, name in enumerate(patients)}
    return patients, np.array([at[str(name)] for name in rows["patient"]], np.int64)


def _numbers(column: pl.Series) -> Floats:
    import polars as pl

    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _cells(patient: Integers, day: Integers, value: Floats, below: np.ndarray) -> Cells:
    return patient, day, value, np.where(below, -1, 0).astype(np.int8)


_KNOWN: dict[tuple[str, ...], Callable[[str | Path], Chart]] = {
    ("daily_counts.csv", "episodes.csv"): read_msk,
    ("blood_counts.csv", "clinical.csv"): read_heidrich,
    ("bmt.csv",): read_bmt,
    ("ebmt4.csv",): read_ebmt,
    ("paediatric_bmt.csv",): read_paediatric,
}
