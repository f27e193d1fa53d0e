"""What every figure shares: look, day axis, labels at the ends of lines, title, run record, and how it is kept.

Colours are those of Okabe and Ito (2008).
"""

from __future__ import annotations

import io
import os
import textwrap
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from dayzero.errors import InputError

STYLE = Path(__file__).with_name("style.mplstyle")
UNDATED: Mapping[str, dict[str, None]] = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
DISCLAIMER = "Research and teaching software; not a medical device."

BLUE, VERMILLION, GREEN, ORANGE, SKY, PURPLE = "#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7"
INK, GREY = "#222222", "#595959"

_DRAWING = threading.RLock()  # matplotlib keeps its settings for the whole process


@contextmanager
def styled() -> Iterator[None]:
    """The house style, for as long as a figure is drawn."""
    with _DRAWING, rc_context(fname=STYLE):
        yield


def frame(figure: Figure, title: str, record: Mapping[str, Any] | None, notes: Sequence[str] = ()) -> None:
    """Title; at the foot the run that made the figure, what it warned of, and what the software is not."""
    size = min(11.0, 113 * figure.get_figwidth() / max(len(title), 1))
    figure.suptitle(title, x=0.02, y=1 - 0.13 / figure.get_figheight(), ha="left", fontsize=size)
    words = "\n".join(foot(figure, record, notes))
    figure.text(0.02, 0.07 / figure.get_figheight(), words, fontsize=6, color=GREY, va="bottom", linespacing=1.35)


def foot(figure: Figure, record: Mapping[str, Any] | None, notes: Sequence[str] = ()) -> list[str]:
    warned = "; ".join([*notes, *(record or {}).get("warnings", [])])
    noted = textwrap.wrap(f"Note: {warned}", int(20.5 * figure.get_figwidth())) if warned else []
    return [record_line(record), *noted, DISCLAIMER]


def record_line(record: Mapping[str, Any] | None) -> str:
    """The run record in one line: version, plan, digest, seed, patients, engine."""
    if record is None:
        return f"dayzero {version('dayzero')} · measured data, no simulation"
    plans, changed = record["plans"], len(record.get("parameters") or {})
    names = plans[0]["name"] + (f" and {len(plans) - 1} more" if len(plans) > 1 else "")
    parts = [
        f"dayzero {record['dayzero']}",
        f"{record.get('of', 'plan')} {names}",
        f"sha256 {plans[0]['sha256'][:12]}",
        f"seed {record['seed']}",
        f"{record['patients']} patients",
        f"{record['engine']} {record['precision']}",
    ]
    parts += ["typical patient"] * bool(record.get("typical")) + _replaced(record, changed)
    return " · ".join(parts)


def _replaced(record: Mapping[str, Any], changed: int) -> list[str]:
    chosen = record.get("parameter_set")
    if chosen:
        return [f"parameter set {chosen['name']}{', its ensemble' if chosen['ensemble'] else ''}"]
    return [f"{changed} parameters replaced"] * bool(changed)


def days_axis(axes: Axes, span: float) -> None:
    step = next((s for s in (7, 14, 25, 50, 100) if span / s <= 12), 365)
    axes.xaxis.set_major_locator(MultipleLocator(step))
    axes.set_xlabel("Days from infusion")


def end_labels(axes: Axes, ends: Sequence[tuple[float, str]], lines: Sequence[tuple[str, Any]] = ()) -> None:
    """Labels in the margin at the height of what they name, moved apart where they would touch.

    ``lines``: colour and style of a sample drawn before each label.
    """
    _, size, box = axes.get_ylim(), 7, axes.get_window_extent()  # asking for the limits settles them
    order = sorted(range(len(ends)), key=lambda i: (round(ends[i][0], 6), -i))
    rows = [1 + ends[i][1].count("\n") for i in order]
    gaps = [1.25 * size / 72 * axes.figure.dpi / box.height * (a + b) / 2 for a, b in pairwise(rows)]
    place = [float((axes.transData.transform((0, ends[i][0]))[1] - box.y0) / box.height) for i in order]
    for i, gap in enumerate(gaps):
        place[i + 1] = max(place[i + 1], place[i] + gap)
    place[-1] = min(place[-1], 1.0)
    for i in reversed(range(len(gaps))):
        place[i] = min(place[i], place[i + 1] - gaps[i])
    for y, i in zip(place, order, strict=True):
        left = 1.075 if lines else 1.012
        axes.text(left, y, ends[i][1], transform=axes.transAxes, va="center", fontsize=size, linespacing=1.15)
        if lines:
            colour, style = lines[i]
            axes.plot((1.012, 1.062), (y, y), color=colour, linestyle=style, transform=axes.transAxes, clip_on=False)


def save(figure: Figure, path: str | Path) -> Path:
    """Keep a figure as PNG, SVG or PDF by the name's ending; the file appears whole or not at all."""
    target = Path(path)
    kind = target.suffix.lower().removeprefix(".")
    if kind not in UNDATED:
        advice = "let the name end in .png, .svg or .pdf"
        raise InputError("figure", "file", repr(target.name), "a PNG, SVG or PDF", advice)
    if not target.parent.is_dir():
        raise InputError("figure", "file", repr(str(path)), "a folder that exists", "make the folder first")
    drawn = io.BytesIO()
    with styled():
        figure.savefig(drawn, format=kind, metadata={"Title": figure.get_suptitle(), **UNDATED[kind]})
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        part.write_bytes(drawn.getvalue())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target
