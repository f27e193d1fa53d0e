"""Donor chimerism in words: full, mixed, loss.

Full: more than 95 % donor in myeloid and lymphoid cells (ASTCT, doi:10.1038/s41409-024-02251-0, Table 1); many centres
count 95 % itself. Mixed: 5 % to that limit. Loss: under 5 %. Cell lines that disagree: mixed, split.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dayzero.criteria.result import Definition, Finding, Judgement
from dayzero.criteria.signs import last_reading
from dayzero.errors import InputError
from dayzero.records.chart import Chart, Floats

CHIMERISM = Definition(
    "chimerism_category", "ASTCT 2021", "ASTCT consensus, doi:10.1038/s41409-024-02251-0, Table 1", verified=True
)
FULL_RULES = ("gt95", "ge95")
FULL_PCT, LOSS_PCT = 95.0, 5.0
CATEGORIES = ("", "loss", "mixed", "full")
_MEASURED = ("donor_chimerism", "donor_chimerism_myeloid", "donor_chimerism_t_cell")


def chimerism_category(
    *,
    donor_pct: float | None = None,
    full_rule: str | None = None,
    myeloid_pct: float | None = None,
    t_cell_pct: float | None = None,
    lineages: Mapping[str, float | None] | None = None,
) -> Finding:
    """Category of the donor share, of whole blood or of cell lines.

    ``full_rule``: ``gt95`` (ASTCT) or ``ge95`` (many centres); without it there is an answer only where both agree.
    ``lineages``: donor percent by cell line, None where the line was asked for and is missing; ``myeloid_pct`` and
    ``t_cell_pct`` are short for two of them.

    >>> chimerism_category(donor_pct=98.0)["category"]
    'full'
    >>> chimerism_category(donor_pct=95.0)["category"] is None
    True
    >>> chimerism_category(myeloid_pct=99, t_cell_pct=60).values
    {'category': 'mixed', 'split': True}
    """
    if full_rule is not None and full_rule not in FULL_RULES:
        raise InputError("chimerism_category", "full_rule", repr(full_rule), "gt95 or ge95", "name the rule in use")
    given = {"myeloid": myeloid_pct, "t_cell": t_cell_pct}
    lines = {name: pct for name, pct in given.items() if pct is not None} | dict(lineages or {})
    inputs = {"donor_pct": donor_pct, "full_rule": full_rule, "lineages": lines or None}
    shares = list(lines.values()) if lines else [donor_pct]
    for share in shares:
        if share is not None and not 0 <= share <= 100:
            raise InputError("chimerism_category", "donor_pct", f"{share:g}", "0 to 100 %", "give percent donor")
    table = np.array([[np.nan if share is None else share] for share in shares], float)
    codes = {int(categories(table, rule)[0]) for rule in ([full_rule] if full_rule else FULL_RULES)}
    category = (CATEGORIES[codes.pop()] or None) if len(codes) == 1 else None
    note = ""
    if category is None and None not in shares:
        note = "95 % is full by ge95 and mixed by gt95: name the full_rule"
    is_mixed_each = [LOSS_PCT <= share <= FULL_PCT for share in shares if share is not None]
    split = category == "mixed" and not all(is_mixed_each)
    return CHIMERISM.find({"category": category, "split": split}, inputs, note=note)


def categories(shares: Floats, full_rule: str) -> NDArray[np.int64]:
    """Index into `CATEGORIES` for many patients at once; ``shares`` has shape (lines, patients), nan where missing.

    Lines that agree give their category, lines that differ are mixed; one mixed line settles it whatever is missing.

    >>> categories(np.array([[99.0, 99.0, 2.0], [98.0, 40.0, np.nan]]), "gt95").tolist()
    [3, 2, 0]
    """
    is_full = shares >= FULL_PCT if full_rule == "ge95" else shares > FULL_PCT
    each = np.select([np.isnan(shares), is_full, shares >= LOSS_PCT], [0, 3, 2], 1)
    low = np.where(each == 0, 9, each).min(axis=0)
    high = each.max(axis=0)
    differs = (high == 2) | ((high == 3) & (low < 3)) | (low == 2)
    return np.where(differs, 2, np.where((each == 0).any(axis=0), 0, high)).astype(np.int64)


def chimerism_of(chart: Chart, full_rule: str | None = None) -> Judgement:
    """Donor share and category of every patient on the last day chimerism was measured.

    Both cell lines decide if they were measured on that day, otherwise whole blood. Columns: ``status`` (``full``,
    ``mixed``, ``loss``, ``not_evaluable``), ``day``, ``whole``, ``myeloid`` and ``t_cell`` (percent donor), ``note``.

    >>> chart = Chart.from_columns({"donor_chimerism": ([0, 0], [30, 60], [60.0, 99.0])}, ["A"])
    >>> chimerism_of(chart).rows()[0]["status"]
    'full'
    """
    last = [last_reading(chart.column(name), np.full(len(chart), np.inf)) for name in _MEASURED]
    day = np.fmax.reduce([on for _, on in last])
    whole, myeloid, t_cell = (np.where(on == day, value, np.nan) for value, on in last)
    by_lines = np.isnan(whole) | ~(np.isnan(myeloid) | np.isnan(t_cell))
    shares = np.where(by_lines, [myeloid, t_cell], [whole, whole])
    codes = [categories(shares, rule) for rule in ([full_rule] if full_rule else FULL_RULES)]
    agreed = np.where(codes[0] == codes[-1], codes[0], 0)
    undecided = codes[0] != codes[-1]
    columns: dict[str, NDArray[Any]] = {
        "status": np.array(["not_evaluable", *CATEGORIES[1:]])[agreed],
        "day": day,
        "whole": whole,
        "myeloid": myeloid,
        "t_cell": t_cell,
        "note": np.select(
            [(agreed > 0) & ~by_lines, agreed > 0, np.isnan(day), undecided],
            [
                "by whole blood: both cell lines were not measured",
                "",
                "not measured: chimerism",
                "95 % is full by ge95 and mixed by gt95: name the full_rule",
            ],
            "only one cell line was measured",
        ),
    }
    return Judgement(CHIMERISM, chart.patients, columns, {"full_rule": full_rule})
