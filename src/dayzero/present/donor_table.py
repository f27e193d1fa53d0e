"""The ranking of a patient's candidates as a table with the reason for each place, and as a page of its own."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dayzero.criteria.candidates import Assessed, Ranking
from dayzero.criteria.result import Finding

DISCLAIMER = "Research and teaching software; not a medical device."
HEADINGS = {
    "sibling": "Siblings",
    "unrelated": "Unrelated donors",
    "haploidentical": "Haploidentical relatives",
    "cord": "Cord blood units",
}
_DIRECTIONS = {"none": "", "gvh": "GVH", "hvg": "HVG", "bidirectional": "both ways"}
_ABO = {None: "?", "match": "match", "minor": "minor", "major": "major", "bidirectional": "both ways"}
_DPB1 = {"matched": "matched", "permissive": "permissive", "nonpermissive_gvh": "non-perm GVH",
         "nonpermissive_hvg": "non-perm HVG"}  # fmt: skip

ONE_LINE = ("", "donor", "HLA", "6/6", "age", "CMV", "TNC")

LEAST = {"mismatch": 8, "DPB1": 10, "DSA": 6, "sex": 6, "ABO": 9}  # widths that keep words whole

Line = dict[str, str]


def show_ranking(ranking: Ranking, console: Console) -> None:
    """The ranking, a table for each kind of donor, and under it the reason for each place."""
    console.print(Text(ranking.case.title or ranking.case.name, style="bold"))
    console.print(Text(patient_line(ranking)))
    for kind, order in ranking.orders.items():
        console.print()
        console.print(Text(heading_of(kind, order), style="bold"))
        _show_lines(list(lines_of(ranking, order)), console)
        for name, sentences in notes_of(ranking, order):
            console.print(Text(f"{name}: {' '.join(sentences)}"))
    console.print()
    console.print(Text(foot_of(ranking), style="dim"))


def _show_lines(lines: list[Line], console: Console) -> None:
    grid = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    names = [name for name in columns_of(lines) if name != "why"]
    for name in names:
        grid.add_column(name, no_wrap=name in ONE_LINE, min_width=LEAST.get(name))
    for line in lines:
        style = "dim" if line[""] == "out" else ""
        grid.add_row(*(Text(line[name], style=style) for name in names))
    console.print(grid, soft_wrap=False)


def columns_of(lines: list[Line]) -> list[str]:
    """Columns in which any donor has something, the reason last."""
    return [name for name in lines[0] if name in ("", "donor", "why") or any(line[name] for line in lines)]


def heading_of(kind: str, order: Finding) -> str:
    """The kind of donors, and the setting they are ordered for."""
    setting = order.version.partition(", ")[2]
    return f"{HEADINGS[kind]}, {setting}" if setting else HEADINGS[kind]


def patient_line(ranking: Ranking) -> str:
    """The patient in a line; what is not known is named."""
    patient = ranking.case.patient
    cmv = {None: "CMV unknown", True: "CMV positive", False: "CMV negative"}[patient.cmv_seropositive]
    parts = [
        "age unknown" if patient.age_years is None else f"{patient.age_years:g} years",
        patient.sex or "sex unknown",
        "weight unknown" if patient.weight_kg is None else f"{patient.weight_kg:g} kg",
        f"blood group {patient.blood_group or 'unknown'}",
        cmv,
    ]
    return f"Patient: {', '.join(parts)}"


def lines_of(ranking: Ranking, order: Finding) -> Iterator[Line]:
    """A line for each donor, in order, those left out last."""
    for name in order["order"]:
        yield _line(_place(order, name), ranking.assessed[name], order["reasons"][name])
    for name in order["excluded"]:
        yield _line("out", ranking.assessed[name], order["reasons"][name])


def _line(place: str, one: Assessed, why: str) -> Line:
    donor, found = one.donor, one.findings
    is_cord = donor.kind == "cord_unrelated"
    wide = "10/10" if "10/10" in found and not is_cord else "8/8"
    return {
        "": place,
        "donor": donor.name,
        "HLA": _match(found[wide]),
        "6/6": _match(found["hla_match_cord"]) if is_cord else "",
        "mismatch": _mismatches(found[wide]),
        "DPB1": "" if is_cord else _dpb1(found),
        "DSA": _dsa(one),
        "age": "" if is_cord else _number(donor.age_years),
        "CMV": "" if is_cord else {None: "?", True: "+", False: "-"}[donor.cmv_seropositive],
        "sex": "" if is_cord else _sex(one),
        "ABO": _ABO[found["abo_mismatch"]["category"]],
        "TNC": _millions(found["tnc_dose"]["tnc_per_kg"]) if is_cord else "",
        "dose": _dose(found) if is_cord else "",
        "why": why,
    }


def _place(order: Finding, name: str) -> str:
    """The place, and the places left open by what is not known."""
    (low, high), rank = order["rank_range"][name], order["ranks"][name]
    return f"{rank}" if low == high else f"{rank} ({low}-{high})"


def _match(found: Finding) -> str:
    low, high = found["matched_range"]
    return f"{low}/{found['out_of']}" if low == high else f"{low}-{high}/{found['out_of']}"


def _mismatches(found: Finding) -> str:
    """Loci with a mismatch, a question mark where it is only possible, and the direction."""
    certain = {locus for locus, one in found["loci"].items() if one["matched_range"][1] < 2}
    loci = [locus if locus in certain else f"{locus}?" for locus in found["levels"]]
    direction = _DIRECTIONS.get(found["direction"] or "none", "")
    return ", ".join(loci) + (f"; {direction}" if direction else "")


def _dpb1(found: Mapping[str, Finding]) -> str:
    versions = {one["result"] for name, one in found.items() if name.startswith("dpb1")}
    if len(versions) == 1:
        return _DPB1.get(str(versions.pop()), "?")
    return "versions differ" if versions else "?"


def _dsa(one: Assessed) -> str:
    level = one.findings["dsa_level"]["level"]
    if level in (None, "negative"):
        return "?" if level is None else "no"
    return f"{one.donor.dsa_mfi:g}{', strong' if level == 'strong_positive' else ''}"


def _sex(one: Assessed) -> str:
    donor = one.donor
    if donor.sex is None:
        return "?"
    if donor.sex == "male":
        return "M"
    return {None: "F, parity ?", True: "F, parous", False: "F"}[donor.parous]


def _dose(found: Mapping[str, Finding]) -> str:
    return {None: "?", True: "enough alone", False: "too small alone"}[found["cord_dose"]["adequate"]]


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:g}"


def _millions(value: float | None) -> str:
    return "?" if value is None else f"{value / 1e7:.2g}e7/kg"


def notes_of(ranking: Ranking, order: Finding) -> Iterator[tuple[str, list[str]]]:
    """The reason for each place, what is unknown, what may yet leave a donor out, and remarks, by donor."""
    for name in (*order["order"], *order["excluded"]):
        said = [order["reasons"][name], *_doubts(name, order), *ranking.assessed[name].remarks]
        yield name, [f"{one[0].upper()}{one[1:]}." for one in said]


def _doubts(name: str, order: Finding) -> Iterator[str]:
    if order["unknown"].get(name):
        yield f"unknown: {', '.join(order['unknown'][name])}"
    if order["may_be_excluded"].get(name):
        yield f"may have to be left out: {', '.join(order['may_be_excluded'][name])}"


def foot_of(ranking: Ranking) -> str:
    """How HLA was compared, what the order stands on, and what the software is not."""
    one = next(iter(ranking.assessed.values())).findings["8/8"]
    level = "names to two fields; a mismatch may be equivalent" if one["ard_level"] == "two_field" else (
        f"groups of the antigen-recognition domain, {one['release']}")  # fmt: skip
    citation = next(iter(ranking.orders.values())).citation
    return (
        f"Alleles compared by {level}. An unknown item takes the least favourable place it could lead to.\n"
        "Donors of one kind are compared; the rules do not compare kinds.\n"
        f"Order: {citation}; read in part.\n{DISCLAIMER}"
    )


_STYLE = """body{font:15px/1.45 system-ui,sans-serif;color:#222;max-width:72rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.3rem}h2{font-size:1.05rem;margin-top:2rem}table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #ddd}
th{font-weight:600;border-color:#222}tr.out td{color:#595959}p.foot{color:#595959;font-size:.85rem;margin-top:2rem}"""


def page_of(ranking: Ranking) -> str:
    """The ranking as one HTML page without anything from elsewhere."""
    title = html.escape(ranking.case.title or ranking.case.name)
    body = [f"<h1>{title}</h1>", f"<p>{html.escape(patient_line(ranking))}</p>"]
    for kind, order in ranking.orders.items():
        body.append(f"<h2>{html.escape(heading_of(kind, order))}</h2>")
        body.append(_html_table(list(lines_of(ranking, order))))
        body += [_html_notes(name, sentences[1:]) for name, sentences in notes_of(ranking, order) if sentences[1:]]
    body.append(f'<p class="foot">{html.escape(foot_of(ranking)).replace(chr(10), "<br>")}</p>')
    head = f'<meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(body)}</body></html>\n'


def _html_notes(name: str, sentences: list[str]) -> str:
    return f"<p><b>{html.escape(name)}</b>: {html.escape(' '.join(sentences))}</p>"


def _html_table(lines: list[Line]) -> str:
    names = columns_of(lines)
    head = "".join(f'<th scope="col">{html.escape(name or "place")}</th>' for name in names)
    rows = "".join(_html_row([line[name] for name in names]) for line in lines)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _html_row(cells: list[str]) -> str:
    opening = '<tr class="out">' if cells[0] == "out" else "<tr>"
    return opening + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>"
