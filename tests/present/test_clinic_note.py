"""The note, the page, the files and the options of ``dayzero judge --all``."""

from __future__ import annotations

import doctest
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from dayzero.criteria.status import status_of
from dayzero.present import clinic_note, clinic_page
from dayzero.records import Chart

CHART = """patient,day,quantity,value,unit
A,,graft,PBSC,
A,8,neutrophils,0.1,1e9/L
A,14,neutrophils,0.6,1e9/L
A,15,neutrophils,0.9,1e9/L
A,16,neutrophils,1.4,1e9/L
A,9,temperature,38.6,Cel
A,9,neutrophils,<0.1,1e9/L
A,20,rash,60,%
A,20,bilirubin,1,mg/dL
A,20,stool_volume,0,mL/d
A,24,rash,10,%
A,24,bilirubin,4,mg/dL
A,24,stool_volume,0,mL/d
A,-7,ldh,300,U/L
A,-7,creatinine,1.1,mg/dL
A,-7,platelets,90,1e9/L
A,90,relapse,,
A,40,cmv_dna,1500,IU/mL
"""


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    path = tmp_path / "chart.csv"
    path.write_text(CHART, encoding="utf-8")
    return path


def cohort(count: int) -> Chart:
    who, day = np.repeat(np.arange(count), 5), np.tile([8, 12, 13, 14, 15], count)
    value = np.tile([0.1, 0.6, 0.9, 1.2, 2.0], count)
    return Chart.from_columns({"neutrophils": (who, day, value)}, [f"<P{at}>&" for at in range(count)])


def test_the_note_says_what_is_known_and_what_cannot_be_judged(dayzero: Any, chart: Path) -> None:
    code, out, _ = dayzero("judge", chart, "--all")
    assert code == 0
    for words in (
        "Patient A · PBSC · followed to day 90",
        "recovered on day 14",
        "yes on day 20, highest grade III, II-IV from day 20, III-IV from day 24, skin up to 3, liver up to 2",
        "on day 24, grade III, skin 1, liver 2, lower gut 0",
        "yes on day 9, days with it: 1, up to 38.6 Celsius",
        "high on day -7, 3.67 before day 0",
        "not first: relapse on day 90",
        "Cannot be judged",
        "platelets 20; platelets 50: not measured from day 0 on",
        "CMV over the threshold: the ward's threshold is not given (first detected on day 40, up to 1500 IU/mL)",
        "Chronic GVHD severity (NIH): scores 0-3 of the eight organs are not on charts",
        "Definitions not verified in their source: 1.",
    ):
        assert words in out
    assert "1 patients" not in out


def test_settings_of_the_ward_decide_what_was_open(dayzero: Any, chart: Path) -> None:
    _, out, _ = dayzero("judge", chart, "--all", "--cmv-threshold", 1000, "--recorded", "chronic_gvhd")
    assert re.search(r"CMV over the threshold\s+reached on day 40", out)
    assert re.search(r"GRFS\s+acute GVHD III-IV on day 24", out)
    assert re.search(r"chronic GVHD\s+none on the chart", out)


def test_definitions_are_told_with_edition_source_and_whether_they_were_read(dayzero: Any, chart: Path) -> None:
    _, out, _ = dayzero("judge", chart, "--all", "--definitions")
    assert "crfs · BMT CTN 1301 · NOT verified" in out
    assert "agvhd_grade_magic · MAGIC 2016 · verified · Harris 2016" in out


def test_json_holds_counts_definitions_and_every_criterion(dayzero: Any, chart: Path) -> None:
    _, out, _ = dayzero("judge", chart, "--all", "--json", "--normal", "ldh=250")
    told = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert told["settings"]["upper_limits"] == {"ldh": 250.0}
    assert len(told["counts"]) == len(told["patients"][0]["criteria"])
    assert told["patients"][0]["criteria"]["neutrophils 0.5"]["day"] == 14
    assert {row["rule"] for row in told["definitions"]} >= {"easix", "grfs", "tatma_harmonised_2023"}


@pytest.mark.parametrize("suffix", ["csv", "parquet", "json"])
def test_everything_is_written_in_long_form(dayzero: Any, chart: Path, tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"judged.{suffix}"
    code, out, _ = dayzero("judge", chart, "--all", "--out", target)
    assert code == 0 and f"written: {target}" in out
    if suffix == "json":
        assert json.loads(target.read_text())["patients"][0]["patient"] == "A"
        return
    table = pl.read_csv(target) if suffix == "csv" else pl.read_parquet(target)
    assert table.columns == ["patient", "section", "criterion", "status", "day", "note"]
    assert table.filter(pl.col("criterion") == "neutrophils 0.5")["day"].to_list() == [14]


@pytest.mark.parametrize(
    ("option", "word"),
    [
        (("--patient", "B"), "an identifier the chart does not hold"),
        (("--normal", "ldh"), "name=number"),
        (("--normal", "ldl=3"), "did you mean"),
        (("--html", "page.txt"), ".html"),
        (("--recorded", "death"), "relapse or chronic_gvhd"),
        (("--cmv-threshold", "0"), "more than 0 IU/mL"),
    ],
)
def test_an_option_that_cannot_be_is_one_sentence(
    dayzero: Any, chart: Path, option: tuple[str, str], word: str
) -> None:
    code, out, err = dayzero("judge", chart, "--all", *option)
    assert code == 2 and out == ""
    assert word in err and len(err.strip().splitlines()) == 1


class Page(HTMLParser):
    """What a page refers to, and whether its tags are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.outside: list[str] = []
        self.sections = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sections += tag == "section"
        self.outside += [f"{tag} {name}" for name, _ in attrs if name in ("src", "href", "data")]
        if tag in ("script", "link", "img", "iframe"):
            self.outside.append(tag)
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_needs_nothing_from_outside_and_escapes_all_text(dayzero: Any, tmp_path: Path) -> None:
    source, target = tmp_path / "cohort.csv", tmp_path / "page.html"
    cohort(6).write(source)
    code, _, _ = dayzero("judge", source, "--html", target, "--definitions")
    text = target.read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    assert code == 0 and page.open == [] and page.outside == []
    assert page.sections == 1 + 6 + 1  # counts, patients, definitions
    assert "&lt;P0&gt;&amp;" in text and "<P0>" not in text
    assert "url(" not in text and "@import" not in text and "://" not in text
    assert len(text) < 40_000


def test_a_cohort_begins_with_counts_and_a_large_one_has_no_notes(dayzero: Any, tmp_path: Path) -> None:
    source = tmp_path / "cohort.csv"
    cohort(30).write(source)
    _, out, _ = dayzero("judge", source, "--all")
    assert "30 patients" in out and "see one with --patient" in out
    assert re.search(r"neutrophils 0.5\s+30\s+30\s+12\s+0\s+0", out)
    _, one, _ = dayzero("judge", source, "--all", "--patient", "<P3>&")
    assert "Patient <P3>&" in one and "30 patients" not in one
    _, told, _ = dayzero("judge", source, "--all", "--patient", "<P3>&", "--json")
    assert [row["patient"] for row in json.loads(told)["patients"]] == ["<P3>&"]


def test_a_page_of_very_many_patients_says_that_it_shows_the_table_only() -> None:
    text = clinic_page.status_page(status_of(cohort(clinic_page.MOST + 1)))
    assert "501 patients: no sections are shown" in text
    assert text.count("<section>") == 1


def test_words_are_kept_for_every_status_a_note_can_hold() -> None:
    assert clinic_note.heading(status_of(Chart.from_columns({}, ["A"])), 0) == (
        "Patient A · graft not known · nothing on the chart"
    )


@pytest.mark.parametrize("module", [clinic_note, clinic_page])
def test_the_examples_in_the_docstrings_are_true(module: Any) -> None:
    outcome = doctest.testmod(module)
    assert outcome.attempted and not outcome.failed
