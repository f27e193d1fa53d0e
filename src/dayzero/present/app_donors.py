"""The donors of a patient, ranked: a case of the library, or one written as YAML."""

from __future__ import annotations

import asyncio
from html import escape

from nicegui import ui

from dayzero.errors import DayzeroError
from dayzero.present.app_parts import Choice, button, markup, table, tag
from dayzero.present.tables import library_rows

MOST_LETTERS = 50_000


def donors() -> None:
    """A case to choose, or to write; the ranking with its reasons below."""
    cases = {row["name"]: row["title"] or row["name"] for row in library_rows("donor-case")}
    asked = {"name": next(iter(cases)), "text": ""}
    tag("h2", "Donor ranking")
    with tag("div", classes="row"):

        async def chosen(name: str) -> None:
            asked["name"] = name

        Choice("Case of the library", cases, asked["name"], chosen)

        async def run() -> None:
            said.text = ""
            try:
                shown.content = await asyncio.to_thread(ranked, asked["name"], asked["text"])
            except DayzeroError as problem:
                said.text, shown.content = str(problem), ""

        button("Rank", run, "main")
    with tag("details"):
        tag("summary", "Write a case of your own")
        tag("label", "Patient and candidates as YAML; in place of the case above", for_="own-case")
        own = tag("textarea", id="own-case", rows=12, maxlength=MOST_LETTERS, spellcheck="false", style="width:100%")
        own.on("change", lambda e: asked.update(text=str(e.args)), js_handler="(e) => emit(e.target.value)")
    said = tag("div", "", "alert", role="alert")
    shown: ui.html = markup("", classes="ranked")


def ranked(name: str, text: str) -> str:
    """The ranking as markup, all text escaped."""
    from dayzero.criteria.candidates import rank_donors
    from dayzero.present.donor_table import columns_of, foot_of, heading_of, lines_of, notes_of, patient_line
    from dayzero.spec.donor_case import DonorCase
    from dayzero.spec.files import read_text_value, whole_mapping

    written = text.strip()
    ranking = rank_donors(DonorCase.load(whole_mapping(read_text_value(written), "case") if written else name))
    parts = [f"<p>{escape(patient_line(ranking))}</p>"]
    for kind, order in ranking.orders.items():
        own = list(lines_of(ranking, order))
        names = columns_of(own)
        parts.append(f"<h3>{escape(heading_of(kind, order))}</h3>")
        parts.append(table([each or "place" for each in names], [[line[each] for each in names] for line in own],
                           label=f"{kind} donors"))  # fmt: skip
        parts += [f"<p><b>{escape(who)}</b>: {escape(' '.join(sentences[1:]))}</p>"
                  for who, sentences in notes_of(ranking, order) if sentences[1:]]  # fmt: skip
    return "".join(parts) + f"<p class=run>{escape(foot_of(ranking))}</p>"
