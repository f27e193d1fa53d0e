"""Engraftment syndrome read from a chart, by Spitzer and by Maiolino, for every patient at once.

Definitions as in `dayzero.criteria.engraftment_syndrome`. Conventions of this project: engraftment is the first of two
consecutive neutrophil measurements of 0.5e9/L or more after the count fell; a fever is without infection where no
infection stands on the chart within three days of it, and not known where the chart holds no infection of anybody;
Maiolino's signs are looked for up to 14 days after engraftment, his fever being 38.0 or more; a sign that was not read
may have been there. Charts hold no oedema (no oxygen need: none), infiltrates, count of stools or encephalopathy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dayzero.criteria.engraftment_syndrome import LEAD_HOURS, MAIOLINO, SPITZER, WINDOW_HOURS
from dayzero.criteria.recovery import ABOVE, BELOW, daily
from dayzero.criteria.result import Judgement
from dayzero.criteria.signs import DAYS, Levels, by_patient, first_at, last_reading, listed, reaching, rows_of
from dayzero.errors import InputError
from dayzero.records.chart import Chart, Column, Floats, empty_column
from dayzero.units import nearest

INFECTIONS = (
    "bacteremia", "mould_infection", "cmv_disease", "respiratory_virus", "viral_reactivation", "late_infection"
)  # fmt: skip
EDITIONS = ("Spitzer", "Maiolino")
MAIOLINO_DAYS = 14
_EXPLAINED_DAYS = 3
_ANC, _FEVER, _ANY_FEVER, _RASH_PCT, _BILIRUBIN, _GAIN_PCT = 0.5, 38.3, 38.0, 25.0, 2.0, 2.5
_HIDDEN = "charts do not hold every sign, or no infection of anybody"
_EXPLAINED = "a fever within three days of an infection is left out"
_TIMES = 2.0  # enzymes over their limit, creatinine over its baseline


def first_neutrophils(chart: Chart) -> Floats:
    """First of two consecutive measurements of 0.5e9/L or more after the fall, shape (patients,); nan for none."""
    seen = daily(chart.column("neutrophils"), _ANC)
    fell = np.full(len(chart), np.inf)
    low = seen.state == BELOW
    np.minimum.at(fell, seen.patient[low], seen.day[low])
    high = (seen.state == ABOVE) & (seen.day > fell[seen.patient])
    pair = np.zeros(len(high), bool)
    pair[:-1] = high[:-1] & high[1:] & (seen.patient[:-1] == seen.patient[1:])
    first = np.full(len(chart), np.nan)
    np.fmin.at(first, seen.patient[pair], seen.day[pair].astype(float))
    return first


def engraftment_syndrome_of(
    chart: Chart, edition: str = "Spitzer", *, upper_limits: Mapping[str, float] | None = None
) -> Judgement:
    """Engraftment syndrome of every patient by ``Spitzer`` or ``Maiolino``.

    Columns: ``status`` (``engraftment_syndrome``, ``possible``, ``none``, ``not_evaluable``), ``day`` (first day by
    which the definition is met), ``engraftment_day``, ``documented_day`` (event ``engraftment_syndrome``), ``note``.
    ``upper_limits``: of ``alt`` and ``ast``, U/L.

    >>> signs = {"neutrophils": ([0] * 3, [9, 12, 13], [0.1, 0.7, 1.0]), "temperature": ([0], [12], [38.9]),
    ...          "rash": ([0], [13], [40.0]), "bilirubin": ([0], [14], [2.4]), "oxygen_need": ([0], [12], [0.0])}
    >>> chart = Chart.from_columns(signs, ["A"], {"bacteremia": ([0], [40])})
    >>> engraftment_syndrome_of(chart).rows()[0]["day"]
    14
    """
    engrafted = first_neutrophils(chart)
    if edition not in EDITIONS:
        raise InputError(
            "engraftment_syndrome_of", "edition", repr(edition), " or ".join(EDITIONS), nearest(edition, EDITIONS)
        )
    by_spitzer = edition == "Spitzer"
    found = _spitzer(chart, engrafted, upper_limits or {}) if by_spitzer else _maiolino(chart, engrafted)
    met, unread = found.met, found.unread
    known = ~np.isnan(engrafted)
    is_met = known & np.isfinite(met)
    may_be = known & ~is_met & found.may_be
    seen_none = np.all(list(unread.values()), axis=0)
    documented = chart.events.get("engraftment_syndrome", empty_column())
    written = np.full(len(chart), np.nan)
    np.fmin.at(written, documented.patient, documented.day.astype(float))
    missing = listed(unread, "not known around engraftment: ")
    columns: dict[str, NDArray[Any]] = {
        "status": np.select(
            [is_met, ~known | seen_none, may_be & found.sign, may_be],
            ["engraftment_syndrome", "not_evaluable", "possible", "not_evaluable"],
            "none",
        ),
        "day": np.where(is_met, met, np.nan),
        "engraftment_day": engrafted,
        "documented_day": written,
        "note": np.select(
            [is_met, ~known, may_be, found.explained],
            ["", "neutrophils were not seen to come back", np.where(missing == "", _HIDDEN, missing), _EXPLAINED],
            "",
        ),
    }
    rule = SPITZER if by_spitzer else MAIOLINO
    settings = {"edition": edition, "upper_limits": dict(upper_limits or {})}
    return Judgement(rule, chart.patients, columns, settings)


class _Answer(NamedTuple):
    """Day it is met (inf: not), whether it may be, a sign seen, a fever left out for infection, and what is unread."""

    met: Floats
    may_be: NDArray[np.bool_]
    sign: NDArray[np.bool_]
    explained: NDArray[np.bool_]
    unread: Mapping[str, NDArray[np.bool_]]


def _spitzer(chart: Chart, engrafted: Floats, limits: Mapping[str, float]) -> _Answer:
    span = (engrafted - WINDOW_HOURS / 24, engrafted + WINDOW_HOURS / 24)
    fever, doubtful = _fevers(chart, _FEVER)
    rash = reaching(chart.column("rash"), np.nextafter(_RASH_PCT, np.inf))
    oxygen = reaching(chart.column("oxygen_need"), np.nextafter(0.0, 1.0))
    minors = [reaching(chart.column("bilirubin"), _BILIRUBIN), reaching(chart.column("weight_gain"), _GAIN_PCT),
              reaching(_over_baseline(chart.column("creatinine"), len(chart)), _TIMES)]  # fmt: skip
    minors += [reaching(chart.column(name), _TIMES * limits[name]) for name in ("alt", "ast") if name in limits]
    warm, red, air = (by_patient(one, *span) for one in (doubtful, rash, oxygen))
    majors = np.sort(np.array([first_at(one, *span) for one in (fever, rash)]), axis=0)
    minor = np.min([first_at(one, *span) for one in minors], axis=0)
    met = np.maximum(majors[1], minor)
    may = warm.may.astype(int) + red.may + air.may  # encephalopathy, a minor sign, is never known to be absent
    unread = {"temperature": ~warm.read, "rash": ~red.read, "oxygen need": ~air.read}
    return _Answer(met, may >= 2, warm.sure | red.sure, _warm_at_all(chart, _FEVER, span) & ~warm.sure, unread)


def _maiolino(chart: Chart, engrafted: Floats) -> _Answer:
    span = (engrafted - LEAD_HOURS / 24, engrafted + MAIOLINO_DAYS)
    fever, doubtful = _fevers(chart, _ANY_FEVER)
    rash = reaching(chart.column("rash"), np.nextafter(0.0, 1.0))
    warm, red = by_patient(doubtful, *span), by_patient(rash, *span)
    met = np.maximum(first_at(fever, *span), first_at(rash, *span))
    explained = _warm_at_all(chart, _ANY_FEVER, span) & ~warm.sure
    unread = {"temperature": ~warm.read, "rash": ~red.read}
    return _Answer(met, warm.may, warm.sure | red.sure, explained, unread)


def _fevers(chart: Chart, limit: float) -> tuple[Levels, Levels]:
    """Fever without infection: as is sure, and as may be where no infection is recorded of anybody."""
    temperature = chart.column("temperature")
    recorded = [chart.events[kind] for kind in INFECTIONS if kind in chart.events]
    if not recorded:
        high = reaching(temperature, limit)
        return Levels(high.key, np.zeros(len(high.key)), high.high), high
    keys = np.unique(np.concatenate([one.patient * DAYS + one.day for one in recorded]))
    own = temperature.patient * DAYS + temperature.day
    near = np.searchsorted(keys, own + _EXPLAINED_DAYS, side="right") > np.searchsorted(keys, own - _EXPLAINED_DAYS)
    cool = Column(temperature.patient, temperature.day, np.where(near, 0.0, temperature.value),
                  np.where(near, 0, temperature.limit).astype(np.int8))  # fmt: skip
    high = reaching(cool, limit)
    return high, high


def _warm_at_all(chart: Chart, limit: float, span: tuple[Floats, Floats]) -> NDArray[np.bool_]:
    return by_patient(reaching(chart.column("temperature"), limit), *span).sure


def _over_baseline(creatinine: Column, patients: int) -> Column:
    """Creatinine as a multiple of the last reading up to day 0; patients without one are left out."""
    baseline, _ = last_reading(creatinine, np.zeros(patients))
    ratio = creatinine.value / np.where(baseline > 0, baseline, np.nan)[creatinine.patient]
    column = Column(creatinine.patient, creatinine.day, ratio, creatinine.limit)
    return rows_of(column, ~np.isnan(ratio))
