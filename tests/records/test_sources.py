"""Published data sets of outcomes, read from made-up tables of the same form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dayzero.criteria import acute_gvhd, nonrelapse_mortality, status_of
from dayzero.errors import ChartError
from dayzero.records import Chart, read_bmt, read_ebmt, read_paediatric

BMT = """group,t1,t2,d1,d2,d3,ta,da,tc,dc,tp,dp
1,400,400,0,0,0,35,1,400,0,13,1
2,200,90,1,1,1,200,0,150,1,18,1
3,60,60,1,0,1,60,0,60,0,60,0
"""
EBMT = """id,rec,rec.s,ae,ae.s,recae,recae.s,rel,rel.s,srv,srv.s
7,22.0,1,995.0,0,995.0,0,995.0,0,995.0,0
9,29.0,1,12.5,1,29.0,1,422.5,1,579.0,1
"""
CHILDREN = """patient,recipient_body_mass,stem_cell_source,CD34_x1e6_per_kg,time_to_acute_GvHD_III_IV,survival_time,\
survival_status
2,20.6,bone_marrow,4.5,,163.0,1
3,,peripheral_blood,7.94,32.0,435.0,0
"""


def test_a_folder_is_known_by_its_files(tmp_path: Path) -> None:
    (tmp_path / "bmt.csv").write_text(BMT)
    chart = Chart.read(tmp_path)
    assert chart.patients == ("1", "2", "3")
    assert chart.first_event("death").tolist() == [np.inf, 200, 60]
    assert chart.first_event("relapse").tolist() == [np.inf, 90, np.inf]
    assert chart.first_event("chronic_gvhd").tolist() == [np.inf, 150, np.inf]
    assert chart.first_event("last_contact").tolist() == [400, np.inf, np.inf]
    told = nonrelapse_mortality(read_bmt(tmp_path)).rows()
    assert [(row["status"], row["day"]) for row in told] == [("censored", 400), ("competing", 90), ("event", 60)]
    # GVHD without a grade: who had it has no grade, who had none has none
    assert acute_gvhd(chart, source="documented").status.tolist() == ["not_evaluable", "none", "none"]


def test_the_registry_tells_relapse_and_death(tmp_path: Path) -> None:
    (tmp_path / "ebmt4.csv").write_text(EBMT)
    told = nonrelapse_mortality(read_ebmt(tmp_path)).rows()
    assert [(row["patient"], row["status"], row["day"]) for row in told] == [
        ("7", "censored", 995),
        ("9", "competing", 422),
    ]


def test_children_have_their_graft_weight_and_severe_gvhd(tmp_path: Path) -> None:
    (tmp_path / "paediatric_bmt.csv").write_text(CHILDREN)
    chart = read_paediatric(tmp_path)
    assert chart.graft == ("BM", "PBSC")
    assert chart.column("weight").value.tolist() == [20.6]
    assert chart.column("infusion").value.tolist() == [4.5e6, 7.94e6]
    status = status_of(chart)
    assert status["acute GVHD as documented"].rows()[1]["day_iii_iv"] == 32
    # relapse has no day in this set, so that nobody can say who died without one
    assert status["non-relapse mortality"].status.tolist() == ["not_evaluable"] * 2


def test_a_folder_of_other_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ChartError, match=r"bmt\.csv"):
        Chart.read(tmp_path)
