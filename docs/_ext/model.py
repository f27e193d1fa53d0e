"""One page for each biology file and each ward policy, made from what the file declares."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

from rst import code, heading, plain, sentence, stacked, table, toctree, write

from dayzero.present.explain import Explanation, explain, shown
from dayzero.simulation.assemble import standard_body

MANY = 3  # slopes of one agent on so many targets stand on one line


def write_pages(docs: Path) -> None:
    """Pages of the model below `generated/model`, and the list of them."""
    modules = explain().tables["modules"]
    organs = {row["name"]: row["meaning"] for row in modules if row["kind"] == "organ"}
    policies = {row["name"]: row["meaning"] for row in modules if row["kind"] == "policy"}
    pages = docs / "generated" / "model"
    for name in organs:
        write(pages / f"{name}.rst", _organ(explain(name), docs))
    for name in policies:
        write(pages / f"{name}.rst", _policy(explain(name), docs))
    write(docs / "generated" / "parts" / "one-parameter.txt", [str(explain("thrombopoiesis.injury_loss"))])
    write(pages / "index.rst", [
        heading("The model, file by file"),
        "Each page is made from the file that runs: its equations, states, signals and parameters, and below them what "
        "the file assumes and where it departs from its sources. `dayzero explain` prints the same on a terminal.",
        _standing(), heading("The body", 2), _listed(organs), heading("The ward", 2), _listed(policies),
        toctree([*organs, *policies], hidden=True),
    ])  # fmt: skip


def _listed(files: Mapping[str, str]) -> str:
    rows = [[f":doc:`{_title(name)} <{name}>`", plain(sentence(told))] for name, told in files.items()]
    return table(["File", "What it is"], rows, [22, 78])


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _standing() -> str:
    """How many parameters are measured, derived, fitted, assumed."""
    all_of_them = standard_body().parameters().values()
    counts = {status: sum(p.status == status for p in all_of_them)
              for status in ("measured", "derived", "fitted", "assumed")}  # fmt: skip
    told = ", ".join(f"{count} {status}" for status, count in counts.items())
    return f"Of {sum(counts.values())} parameters: {told}."


def _organ(told: Explanation, docs: Path) -> list[str]:
    tables = told.tables
    return [
        *_opening(told),
        *_section("States", _signals(tables.get("states"))),
        *_section("Parameters", *_parameters(tables.get("parameters", ()))),
        *_section("Signals it needs", _signals(tables.get("needs"), "given_by", "Given by")),
        *_section("Signals it gives", _signals(tables.get("gives"), "read_by", "Read by")),
        *_section("Hazards", _hazards(tables.get("hazards"))),
        *_section("Worked out once a patient", _signals(tables.get("constants"))),
        *_assumptions(told.name, docs),
    ]


def _policy(told: Explanation, docs: Path) -> list[str]:
    rows = [[code(row["name"]), plain(row["meaning"]), plain(row["unit"]),
             stacked(*(code(place) for place in row["care_field"] or ()))]
            for row in told.tables["settings"]]  # fmt: skip
    sees = ", ".join(code(name) for name in told.facts["sees"])
    orders = ", ".join(code(name) for name in told.facts["orders"])
    return [
        *_opening(told),
        f"It sees {sees} and orders {orders}.",
        *_section("Settings", table(["Setting", "Meaning", "Unit", "Field of a plan"], rows, [17, 33, 8, 42])),
        *_assumptions(told.name, docs),
    ]


def _opening(told: Explanation) -> list[str]:
    """Title, the first line, and the rest of the file's own description."""
    body = told.text.partition("\n")[2].strip()
    return [f".. _model-{told.name}:", heading(_title(told.name)), sentence(told.meaning), body]


def _section(title: str, *parts: str) -> list[str]:
    return [heading(title, 2), *parts] if any(parts) else []


def _assumptions(name: str, docs: Path) -> list[str]:
    if not (docs / "model" / "assumptions" / f"{name}.md").exists():
        return []
    include = f".. include:: /model/assumptions/{name}.md\n   :parser: myst_parser.sphinx_"
    return _section("Assumptions and deviations", include)


def _signals(rows: tuple[Mapping, ...] | None, who: str = "", title: str = "") -> str:
    if not rows:
        return ""
    made = [[code(row["name"]), plain(row["meaning"]), plain(row["unit"]), "each" if row["per_origin"] else "one",
             *([plain(shown(who, row[who]))] if who else [])] for row in rows]  # fmt: skip
    if who:
        return table(["Name", "Meaning", "Unit", "Origins", title], made, [26, 34, 12, 8, 20])
    return table(["Name", "Meaning", "Unit", "Origins"], made, [28, 48, 15, 9])


def _hazards(rows: tuple[Mapping, ...] | None) -> str:
    made = [[code(row["name"]), plain(row["meaning"]), "may recur" if row["can_recur"] else "once"]
            for row in rows or ()]  # fmt: skip
    return table(["Name", "Meaning", "How often"], made, [25, 55, 20]) if made else ""


def _parameters(rows: tuple[Mapping, ...]) -> list[str]:
    """Single parameters, then slopes by drug on one line each."""
    by_drug = {drug: list(some) for drug, some in groupby(rows, lambda row: row["name"].partition("_on_")[0])}
    slopes = {drug: some for drug, some in by_drug.items()
              if len(some) >= MANY and all("_on_" in row["name"] and row["unit"] != "1" for row in some)}  # fmt: skip
    gathered = {row["name"] for some in slopes.values() for row in some}
    single = [_parameter(row) for row in rows if row["name"] not in gathered]
    parts = [table(["Parameter", "Value", "Plausible range", "Spread", "Status", "Source"], single,
                   [30, 14, 12, 13, 10, 21])]  # fmt: skip
    if slopes:
        lines = [_slopes(drug, some) for drug, some in slopes.items()]
        parts += [heading("Kill and injury by agent", 3), "Named ``agent_on_target``; the uncertainty is that of each.",
                  table(["Agent", "Slope on each target", "Unit", "Uncertainty", "Status", "Source"], lines,
                        [16, 36, 13, 12, 9, 14])]  # fmt: skip
    return parts


def _parameter(row: Mapping) -> list[str]:
    unit = "" if row["unit"] == "1" else plain(row["unit"])
    labels = {"uncertainty": "typical", "between_patient": "patients"}
    spread = [f"{whose} {shown(label, row[label])}" for label, whose in labels.items() if row[label]]
    return [stacked(code(row["name"]), plain(row["meaning"])), f"{row['value']:g} {unit}".strip(),
            plain(shown("plausible_range", row["plausible_range"])), stacked(*spread), row["status"],
            plain(row["source"])]  # fmt: skip


def _slopes(drug: str, rows: list[Mapping]) -> list[str]:
    each = ", ".join(f"{row['name'].partition('_on_')[2].replace('_', ' ')} {row['value']:g}" for row in rows)
    one = lambda label: "; ".join(dict.fromkeys(str(shown(label, row[label])) for row in rows))  # noqa: E731
    return [plain(drug.replace("_", " ")), plain(each), plain(one("unit")), one("uncertainty"), one("status"),
            plain(one("source"))]  # fmt: skip
